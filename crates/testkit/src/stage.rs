//! Where rules are tried over a real record: one that is empty on each store, the places of a ward, and texts as changes. What
//! stands on the stage, and what its rules are, is each test's own.

use access::{Grant, Permit, Role};
use anyhow::{Context as _, Result};
use fhir::write::{Object, array, concept, reference};
use fhir::{Document, Limits};
use record::{Change, Indexing, Key, Location, Options, Record, Template};
use tempfile::TempDir;
use terms::{Clock, Moment};

use crate::postgres::{TestDatabase, fresh};

/// When it is on every stage: 2026-11-17T14:35:00Z.
pub const NOW: Moment = Moment(1_794_926_100_000);

/// A record on a store, as long as this is held.
pub struct OnStore {
    /// The record.
    pub record: Record,
    /// The name of the store.
    pub store: &'static str,
    /// What it lies in.
    pub held: Held,
}

/// Where a record lies: gone when this is dropped.
#[derive(Debug)]
pub struct Held {
    _directory: TempDir,
    _database: Option<TestDatabase>,
}

/// An empty record on each store, opened with these options.
///
/// # Errors
/// A directory, a database or a record could not be made.
pub async fn on_each_store(options: impl Fn() -> Options) -> Result<Vec<OnStore>> {
    let mut stages = Vec::new();
    for store in ["SQLite", "PostgreSQL"] {
        let directory = tempfile::tempdir().context("making a directory")?;
        let path = directory.path().join("record");
        let (location, database) = if store == "SQLite" {
            (Location::Sqlite { directory: path }, None)
        } else {
            let database = fresh().await?;
            let url = database.url.clone();
            (Location::Postgres { url, schema: "trust_test".into(), directory: path }, Some(database))
        };
        let record = Record::open(&location, options()).await.context("opening a record")?;
        stages.push(OnStore { record, store, held: Held { _directory: directory, _database: database } });
    }
    Ok(stages)
}

/// The options of a host of one name that tells the time by a clock.
pub fn options(indexing: Indexing, clock: Clock) -> Options {
    Options {
        indexing,
        clock,
        host: "test".into(),
        origin: "test/t/TEST".into(),
        durability: record::Durability::default(),
        segment_bytes: Options::SEGMENT_BYTES,
        log_pages: Options::LOG_PAGES,
    }
}

/// The permit of somebody in a role.
///
/// # Errors
/// The role needs more than that.
pub fn permit_of(id: &str, role: Role) -> Result<Permit> {
    access::decide(Grant::role(id, "Toni Tester", role), NOW).map_err(|denied| anyhow::anyhow!(denied.sentence))
}

/// A `Location` of a kind within another.
pub fn place(id: &str, kind: &str, within: Option<&str>) -> String {
    Object::resource("Location", id)
        .text("status", "active")
        .text("name", format!("Place {id}"))
        .json("type", array([concept("urn:almoner:place-kind", kind, kind)]))
        .json_if("partOf", within.map(|within| reference(&format!("Location/{within}"), None)))
        .done()
}

/// The change that puts a resource under its own id.
///
/// # Errors
/// The text is no resource with an id.
pub fn put(text: &str) -> Result<Change> {
    let document =
        Document::parse(text.as_bytes(), &Limits::default()).map_err(|wrong| anyhow::anyhow!(wrong.message))?;
    let id = fhir::read::text(document.root(), "id").context("a resource without an id")?;
    let kind = document.resource_type().context("a resource without a type")?.into_owned();
    let accepted = fhir::accept(&document, &id, &|_| None);
    let (before, after) = (accepted.before, accepted.after);
    let template = Template { text: accepted.text, holes: Vec::new(), slot: accepted.slot, before, after };
    Ok(Change::Put(Key::new(kind, id), template))
}
