//! What an address of PostgreSQL promises: TLS as it asks for it, and a role that reaches its own schema only.
//! Knows the servers only through their addresses.

use record::{Change, Location, Problem, Record};
use testkit::postgres::Server;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use crate::support::{Place, host, key, lines, put};

fn thing() -> Vec<Change> {
    vec![Change::Put(key("Thing", "t"), lines(&["text Thing.name ann"]))]
}

async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The same record's place at another address.
fn at(place: &Place, to: String) -> Location {
    let Location::Postgres { schema, directory, .. } = place.location.clone() else { unreachable!() };
    Location::Postgres { url: to, schema, directory }
}

async fn open(place: &Place, url: String) -> Result<Record, Problem> {
    Record::open(&at(place, url), place.options()).await
}

/// Every connection of a record to a server with TLS is encrypted; what cannot prove itself as asked is not used.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_proves_itself_as_the_address_asks() {
    let server = Server::start_with_tls("DNS:localhost").unwrap();
    let stranger = Server::start_with_tls("DNS:localhost").unwrap();
    let (own, other) = (server.authority(), stranger.authority());
    let (own, other) = (own.display(), other.display());
    let cases = [
        ("localhost", format!("sslmode=verify-full&sslrootcert={own}"), None),
        ("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={own}"), None),
        ("127.0.0.1", format!("sslmode=require&sslrootcert={own}"), None),
        ("127.0.0.1", "sslmode=require".to_owned(), None),
        ("127.0.0.1", format!("sslmode=verify-full&sslrootcert={own}"), Some("not proved")),
        ("localhost", format!("sslmode=verify-full&sslrootcert={other}"), Some("not proved")),
        ("127.0.0.1", format!("sslmode=require&sslrootcert={other}"), Some("not proved")),
    ];
    let admin = client(&server.url()).await;
    for (name, words, refused) in cases {
        let place = Place::postgres().await;
        let url = format!("{}?{words}", server.url().replace("127.0.0.1", name));
        match (open(&place, url).await, refused) {
            (Ok(record), None) => {
                put(&record, thing()).await;
                let reading = record.read(&host(), "test").await.unwrap();
                assert!(reading.get(&key("Thing", "t")).await.unwrap().is_some());
                reading.finish().await.unwrap();
                let asked = "SELECT count(*), count(*) FILTER (WHERE ssl) FROM pg_stat_ssl JOIN pg_stat_activity \
                             USING (pid) WHERE application_name LIKE 'almoner %'";
                let row = admin.query_one(asked, &[]).await.unwrap();
                let (all, encrypted): (i64, i64) = (row.get(0), row.get(1));
                assert!(all >= 2 && encrypted == all, "{name} {words}: {encrypted} of {all}");
                record.close().await;
            }
            (Err(Problem::Unsuitable { what }), Some(expected)) => assert!(what.contains(expected), "{words}: {what}"),
            (opened, _) => panic!("{name} {words}: {:?}", opened.err()),
        }
        admin.batch_execute("DROP SCHEMA IF EXISTS trust_1, trust_2, trust_3, trust_4 CASCADE").await.unwrap();
    }
}

#[tokio::test]
async fn a_server_without_tls_is_not_used_in_plain_text() {
    let place = Place::postgres().await;
    let Location::Postgres { url, .. } = place.location.clone() else { unreachable!() };
    let Err(Problem::Unsuitable { what }) = open(&place, format!("{url}?sslmode=require")).await else {
        panic!("it was used")
    };
    assert!(what.contains("does not offer"), "{what}");
}

/// A role for each trust, as docs/postgresql.md says: it makes and uses its own schema and reads no other.
#[tokio::test]
async fn a_trusts_role_reaches_its_own_schema_only() {
    let place = Place::postgres().await;
    let Location::Postgres { url, .. } = place.location.clone() else { unreachable!() };
    let (server, database) = url.rsplit_once('/').unwrap();
    let admin = client(&url).await;
    let place_of = server.rsplit_once('@').unwrap().1;
    let address = |role: &str| format!("postgres://{role}:pw@{place_of}/{database}");
    let [mine, other] = ["mine", "other"].map(|name| format!("{name}_{database}"));
    for role in [&mine, &other] {
        let made = format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'pw' NOSUPERUSER NOCREATEDB NOCREATEROLE; \
             GRANT CONNECT ON DATABASE {database} TO {role}"
        );
        admin.batch_execute(&made).await.unwrap();
    }
    let Location::Postgres { schema, .. } = &place.location else { unreachable!() };
    admin.batch_execute(&format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC")).await.unwrap();
    let Err(Problem::Unsuitable { what }) = open(&place, address(&mine)).await else { panic!("it made its schema") };
    assert!(what.contains(schema.as_str()), "{what}");

    admin.batch_execute(&format!("CREATE SCHEMA {schema} AUTHORIZATION {mine}")).await.unwrap();
    for _ in 0..2 {
        let record = open(&place, address(&mine)).await.unwrap();
        put(&record, thing()).await;
        record.rebuild_index(|_, _| {}).await.unwrap();
        assert!(record.verify(record::VerifyOptions::default(), |_, _| {}).await.unwrap().holds());
        assert!(record.status().await.unwrap().bytes > 0);
        record.close().await;
    }
    let stranger = client(&address(&other)).await;
    for table in ["version", "entry", "idx", "desk"] {
        let read = stranger.query(&format!("SELECT * FROM {schema}.{table}"), &[]).await;
        assert_eq!(read.err().unwrap().code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{table}");
    }
    assert!(open(&place, address(&other)).await.is_err(), "another trust's role opens this record");
}
