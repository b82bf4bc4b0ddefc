//! Taking a record's store away for good: the schema, and the directory with its keys, access journal and blobs. Whoever
//! calls has closed it and knows that another host has everything.

use super::dialect::postgres;
use super::postgres_session::{Address, connect, failed, unreachable};
use crate::error::Problem;
use crate::record::Location;

/// Destroys what is at a location. May be repeated.
pub(crate) async fn destroy_store(location: &Location) -> Result<(), Problem> {
    if let Location::Postgres { url, schema, .. } = location {
        let address = Address::parse(url, schema)?;
        let client = connect(&address, "almoner").await.map_err(unreachable)?;
        // A schema's name is a plain lower-case word: `Address::parse` has seen to that.
        let dropped = client.batch_execute(&format!("{} \"{schema}\" CASCADE", postgres::DROP_SCHEMA)).await;
        dropped.map_err(failed("destroying the copy"))?;
    }
    let directory = location.directory();
    let remove = || -> std::io::Result<()> {
        match std::fs::remove_dir_all(directory) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let above = directory.parent().unwrap_or(directory);
        std::fs::File::open(above)?.sync_all()
    };
    remove().map_err(|error| Problem::store("destroying the copy", error))
}
