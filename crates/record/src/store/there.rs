//! Whether a record was made at a location, before it is opened to be used again: a program that makes what it does not
//! find would serve an empty record in the place of one that is lost (hazard H005). Makes nothing.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::dialect::postgres;
use super::postgres_session::{Address, connect, failed, unreachable};
use super::sqlite::{database, failed as sqlite_failed};
use crate::error::Problem;
use crate::record::Location;

/// Refuses a location at which no record was made.
pub(crate) async fn must_be_there(location: &Location) -> Result<(), Problem> {
    if is_there(location).await? {
        return Ok(());
    }
    let what = match location {
        Location::Sqlite { directory } => format!("its database {} is gone", database(directory).display()),
        Location::Postgres { schema, .. } => {
            format!("its tables are gone: they are not in the schema {schema} of the PostgreSQL database")
        }
    };
    let what = format!("{what}. Nothing is made in its place; put it back, or restore it");
    Err(Problem::Unsuitable { what })
}

/// Whether there is a record's store at a location.
pub(crate) async fn is_there(location: &Location) -> Result<bool, Problem> {
    match location {
        Location::Sqlite { directory } => is_in_directory(directory),
        Location::Postgres { url, schema, .. } => is_in_schema(&Address::parse(url, schema)?).await,
    }
}

/// A database without tables is none: a file may have been left by a disk that was full, or be made by hand.
fn is_in_directory(directory: &Path) -> Result<bool, Problem> {
    let path = database(directory);
    if !path.is_file() {
        return Ok(false);
    }
    let doing = "looking for the record";
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite_failed(doing))?;
    let step = connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    Ok(step.map_err(sqlite_failed(doing))? > 0)
}

async fn is_in_schema(address: &Address) -> Result<bool, Problem> {
    let client = connect(address, "almoner").await.map_err(unreachable)?;
    let row = client.query_one(postgres::HAS_TABLES, &[]).await;
    row.and_then(|row| row.try_get(0)).map_err(failed("looking for the record"))
}
