//! Reaching PostgreSQL: the address of a trust's schema, the session that every connection starts with, what the
//! server must promise before a record is opened on it, and the tables. Reading and writing lie in `postgres` and
//! `postgres_write`.
//!
//! Plans do not depend on statistics: every statement has one index that serves it, so sessions switch off the plans
//! that a server without fresh statistics might prefer. One address must reach one primary; a pool between that gives
//! a session's statements to different connections cannot be used.

use std::error::Error as _;
use std::str::FromStr as _;
use std::time::Duration;

use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Durability;
use super::dialect as sql;
use super::postgres_tls::Tls;
use super::schema::STEPS;
use crate::error::Problem;

/// How long one connection attempt may take.
const CONNECT: Duration = Duration::from_secs(5);
/// A peer that acknowledges nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(30);
/// Oldest server that has everything used here (`pg_terminate_backend` with a wait).
const OLDEST_SERVER: i64 = 140_000;

/// Settings of every session. Written so that each statement is planned once, by its index, and starts no other processes:
/// it reads a few rows.
const SESSION: &str = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_bitmapscan=off \
     -c enable_hashjoin=off -c enable_mergejoin=off -c enable_sort=off -c jit=off -c max_parallel_workers_per_gather=0 \
     -c idle_in_transaction_session_timeout=0 -c default_transaction_isolation=read\\ committed -c client_min_messages=warning";
/// Readers: no statement holds a connection for longer than ten seconds.
const READER: &str = "-c statement_timeout=10000";
/// The writer: a rebuild may take long, but nothing waits for another's lock longer than a minute.
const WRITER: &str = "-c statement_timeout=0 -c lock_timeout=60000";

/// Whoever only reads: the server refuses everything else, whatever its user may do.
const ONLY_READ: &str = "-c default_transaction_read_only=on";
/// Letters of a schema in the name of a session, of which the server keeps 63 in all.
const NAMED: usize = 31;

/// Where a trust's tables are: a server, a database and a schema in it.
pub(crate) struct Address {
    config: Config,
    tls: MakeRustlsConnect,
    schema: String,
}

impl Address {
    /// Reads an address, without connecting. The schema is a plain lower-case name.
    pub(crate) fn parse(url: &str, schema: &str) -> Result<Address, Problem> {
        let unsuitable = |what: String| Problem::Unsuitable { what };
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let begins_well = schema.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
        if !begins_well || schema.len() > 63 || !schema.bytes().all(plain) {
            return Err(unsuitable(format!(
                "a PostgreSQL schema is named with up to 63 lower-case letters, digits and underscores, not {schema:?}"
            )));
        }
        let (url, tls) = Tls::of_address(url).map_err(unsuitable)?;
        // The parser's message names the part that it did not understand, never the password.
        let mut config = Config::from_str(&url)
            .map_err(|error| unsuitable(format!("the PostgreSQL address cannot be read: {error}")))?;
        config.ssl_mode(tls.mode());
        // Readers too: a standby may lag behind what the primary has acknowledged.
        config.connect_timeout(CONNECT).tcp_user_timeout(SILENCE).keepalives_idle(SILENCE);
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        Ok(Address { config, tls: tls.connector().map_err(unsuitable)?, schema: schema.to_owned() })
    }

    /// How a connection is encrypted, and what the server has to prove.
    pub(crate) fn tls(&self) -> MakeRustlsConnect {
        self.tls.clone()
    }

    /// What a reader's connection starts with.
    pub(crate) fn reader(&self) -> Config {
        self.session(READER, "almoner reader")
    }

    /// What the connection of somebody starts with who must change nothing, and for whom a standby will do.
    pub(crate) fn only_read(&self) -> Config {
        let mut config = self.session(&format!("{READER} {ONLY_READ}"), "almoner reader");
        config.target_session_attrs(TargetSessionAttrs::Any);
        config
    }

    /// The schema, as far as it is in the name of its writer's session.
    pub(crate) fn schema_in_name(&self) -> &str {
        &self.schema[..self.schema.len().min(NAMED)]
    }

    /// The schema.
    pub(crate) fn schema(&self) -> &str {
        &self.schema
    }

    /// What the writer's connection starts with. The name tells this writer's connections from all others.
    fn writer(&self, name: &str) -> Config {
        self.session(WRITER, name)
    }

    fn session(&self, own: &str, name: &str) -> Config {
        let mut config = self.config.clone();
        let given = config.get_options().unwrap_or_default().to_owned();
        config.options(format!("{given} {SESSION} {own} -c search_path={}", self.schema).trim_start());
        config.application_name(name);
        config
    }
}

/// Connects a writer and lets the connection be driven by the runtime it is called on.
pub(crate) async fn connect(address: &Address, name: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = address.writer(name).connect(address.tls()).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a connection to PostgreSQL was lost");
        }
    });
    Ok(client)
}

/// Turns a database error into the record's words.
pub(crate) fn failed(doing: &'static str) -> impl Fn(tokio_postgres::Error) -> Problem {
    move |error| match error.code() {
        _ if is_lost(&error) => Problem::Closed,
        Some(&SqlState::DISK_FULL) => Problem::Full,
        Some(&SqlState::QUERY_CANCELED) => Problem::TooCostly,
        Some(&SqlState::DATA_CORRUPTED | &SqlState::INDEX_CORRUPTED) => {
            Problem::damaged(format!("the database is malformed (while {doing})"))
        }
        _ => Problem::store(doing, error),
    }
}

/// Whether the connection is gone, so that what was asked may or may not have happened.
pub(crate) fn is_lost(error: &tokio_postgres::Error) -> bool {
    let ends = |code: &SqlState| {
        // Class 08 is connection exceptions; 57P01 to 57P05 are a server that stops, has crashed or is starting.
        code.code().starts_with("08") || code.code().starts_with("57P")
    };
    match error.code() {
        Some(code) => ends(code),
        None => error.is_closed() || error.source().is_some_and(|source| source.is::<std::io::Error>()),
    }
}

/// Turns an error of the first connection into what its reader can do about it.
pub(crate) fn unreachable(error: tokio_postgres::Error) -> Problem {
    let what = match error.code() {
        Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
            "PostgreSQL does not accept the user or the password of its address"
        }
        Some(&SqlState::INVALID_CATALOG_NAME) => "the database of its PostgreSQL address does not exist: create it",
        _ if cause(&error).contains("server does not support TLS") => {
            "its address asks for TLS, which the PostgreSQL server does not offer: set ssl = on there"
        }
        _ if error.to_string().contains("TLS handshake") => {
            let what = format!("the PostgreSQL server has not proved who it is ({})", cause(&error));
            return Problem::Unsuitable { what };
        }
        _ if error.to_string().contains("session_attrs") || error.to_string().contains("allow writes") => {
            "the PostgreSQL server of its address is a standby, which cannot be written: give the primary's address"
        }
        _ => return Problem::store("connecting to PostgreSQL", error),
    };
    Problem::Unsuitable { what: what.into() }
}

/// What lies behind an error of the connection.
fn cause(error: &tokio_postgres::Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

/// Makes sure that what this session acknowledges is on disk. A server whose default is weaker is overruled for the
/// session; what only the server's administrator can change is refused with a sentence for them.
pub(crate) async fn check_durable(client: &Client, durability: Durability) -> Result<(), Problem> {
    let doing = failed("reading the settings of PostgreSQL");
    if durability == Durability::Off {
        return client.batch_execute("SET synchronous_commit = off").await.map_err(doing);
    }
    let found = settings(client).await.map_err(&doing)?;
    if found.iter().any(|(name, value)| name == "synchronous_commit" && value == "off") {
        client.batch_execute("SET synchronous_commit = on").await.map_err(&doing)?;
    }
    match unsuitable(&settings(client).await.map_err(&doing)?) {
        Some(what) => Err(Problem::Unsuitable { what }),
        None => Ok(()),
    }
}

async fn settings(client: &Client) -> Result<Vec<(String, String)>, tokio_postgres::Error> {
    let rows = client.query(sql::postgres::SETTINGS, &[]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// What is wrong with these settings, and what to change.
fn unsuitable(settings: &[(String, String)]) -> Option<String> {
    let value = |wanted: &str| settings.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value.as_str());
    let version: i64 = value("server_version_num").parse().unwrap_or(0);
    if version < OLDEST_SERVER {
        return Some(format!("PostgreSQL {} or newer is needed", OLDEST_SERVER / 10_000));
    }
    for name in ["fsync", "full_page_writes"] {
        if value(name) != "on" {
            return Some(format!(
                "the PostgreSQL server runs with {name} = {}, so a crash could lose what was acknowledged: set \
                 {name} = on in postgresql.conf and reload",
                value(name)
            ));
        }
    }
    (value("synchronous_commit") == "off").then(|| {
        "the PostgreSQL server acknowledges before it has written: set synchronous_commit = on for this user".into()
    })
}

/// Makes the schema and applies the steps of the tables that are missing, all in one transaction. Two processes that
/// open the same record wait for each other.
pub(crate) async fn migrate(client: &mut Client, schema: &Address) -> Result<(), Problem> {
    let schema = &schema.schema;
    let made = async {
        let transaction = client.transaction().await?;
        transaction.query_one(sql::postgres::LOCK_SCHEMA, &[schema]).await?;
        if transaction.query_opt(sql::postgres::SCHEMA, &[schema]).await?.is_none() {
            transaction.batch_execute(&format!("CREATE SCHEMA {schema}")).await?;
        }
        transaction.batch_execute(sql::postgres::SCHEMA_VERSION).await?;
        let known: i64 = transaction.query_one(sql::postgres::KNOWN_STEP, &[]).await?.try_get(0)?;
        for (number, step) in STEPS.iter().enumerate().skip(known.max(0) as usize) {
            transaction.batch_execute(&sql::POSTGRES.step(step)).await?;
            transaction.batch_execute(sql::postgres::BESIDES.get(number).unwrap_or(&"")).await?;
        }
        transaction.execute(sql::postgres::SET_STEP, &[&(STEPS.len() as i64).max(known)]).await?;
        transaction.commit().await?;
        Ok(known)
    };
    let known: i64 = made.await.map_err(|error| not_prepared(schema, error))?;
    if known > STEPS.len() as i64 {
        let what = format!("its tables are of a newer release (step {known}); use that release or a later one");
        return Err(Problem::Unsuitable { what });
    }
    Ok(())
}

fn not_prepared(schema: &str, error: tokio_postgres::Error) -> Problem {
    let what = match error.code() {
        Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
            format!("its PostgreSQL user may not make tables in the schema {schema}: create it with that user as owner")
        }
        Some(&SqlState::DUPLICATE_TABLE) => {
            format!("the schema {schema} holds tables of something else: name another schema")
        }
        _ => return failed("preparing the tables")(error),
    };
    Problem::Unsuitable { what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(changed: &str, value: &str) -> Vec<(String, String)> {
        let good = [
            ("fsync", "on"),
            ("full_page_writes", "on"),
            ("server_version_num", "150018"),
            ("synchronous_commit", "on"),
        ];
        let set = |(name, good): (&str, &str)| {
            (name.to_owned(), if name == changed { value.to_owned() } else { good.to_owned() })
        };
        good.into_iter().map(set).collect()
    }

    #[test]
    fn a_server_that_could_lose_an_acknowledged_commit_is_named() {
        assert_eq!(unsuitable(&with("", "")), None);
        assert_eq!(unsuitable(&with("synchronous_commit", "remote_apply")), None);
        for (name, value) in [
            ("fsync", "off"),
            ("full_page_writes", "off"),
            ("synchronous_commit", "off"),
            ("server_version_num", "130009"),
        ] {
            let what = unsuitable(&with(name, value)).unwrap_or_default();
            assert!(what.contains(name) || what.contains("PostgreSQL 14"), "{name}: {what}");
        }
    }

    #[test]
    fn an_address_has_a_plain_schema_and_a_mode_of_tls_that_says_what_it_promises() {
        let url = "postgres://almoner:secret@127.0.0.1/records";
        assert!(Address::parse(url, "trust_rtx").is_ok());
        for schema in ["", "Trust", "a b", "a;b", "1a", &"a".repeat(64)] {
            assert!(matches!(Address::parse(url, schema), Err(Problem::Unsuitable { .. })), "{schema}");
        }
        for url in [
            "postgres://u:secret@h/d?sslmode=prefer",
            "postgres://u:secret@h/d?sslmode=verify-full",
            "postgres://u:secret@h/d?sslmode=verify-full&sslrootcert=/nowhere/ca.pem",
            "postgres://u:secret@h:port/d",
            "nonsense secret",
        ] {
            let Err(problem) = Address::parse(url, "a") else { panic!("{url} was accepted") };
            assert!(!problem.to_string().contains("secret"), "{problem}");
        }
    }
}
