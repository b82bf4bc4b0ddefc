//! The private PostgreSQL keeps its promises: databases are empty and apart, acknowledged rows survive a crash, and
//! nothing is left when the process that started it is killed.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use testkit::postgres::{Server, fresh};
use tokio_postgres::{Client, NoTls};

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn databases_are_empty_and_apart() {
    let (first, second) = (fresh().await.unwrap(), fresh().await.unwrap());
    assert_ne!(first.url, second.url);
    connect(&first.url).await.batch_execute("CREATE TABLE visit (id int)").await.unwrap();
    connect(&second.url).await.batch_execute("CREATE TABLE visit (id int)").await.unwrap();
}

#[tokio::test]
async fn a_dropped_database_is_gone() {
    let database = fresh().await.unwrap();
    let url = database.url.clone();
    drop(database);
    assert!(tokio_postgres::connect(&url, NoTls).await.is_err());
}

#[tokio::test]
async fn acknowledged_rows_survive_a_crash() {
    let mut server = Server::start().unwrap();
    let client = connect(&server.url()).await;
    client.batch_execute("CREATE TABLE visit (id int); INSERT INTO visit VALUES (7)").await.unwrap();
    server.crash().unwrap();
    server.start_again().unwrap();
    let row = connect(&server.url()).await.query_one("SELECT id FROM visit", &[]).await.unwrap();
    assert_eq!(row.get::<_, i32>(0), 7);
}

/// `with-postgres` is killed while its command runs, which prints the address and then waits for the end of its input.
/// The keeper must stop the server: an open connection then ends.
#[test]
fn nothing_is_left_when_the_process_is_killed() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_with-postgres"));
    command.args(["sh", "-c", "echo $ALMONER_TEST_POSTGRES; cat"]);
    let mut started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(started.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let port: u16 = url.trim().rsplit_once('/').unwrap().0.rsplit_once(':').unwrap().1.parse().unwrap();
    let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();

    started.kill().unwrap();
    started.wait().unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    match connection.read(&mut [0]) {
        Ok(0) => {}
        Ok(_) => panic!("the server spoke first"),
        Err(problem) => assert_eq!(problem.kind(), ErrorKind::ConnectionReset, "the server went on: {problem}"),
    }
}
