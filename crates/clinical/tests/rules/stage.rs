//! A record on each store with Mr Lund in a bed of Heron ward, and sets of observations as a tablet sends them.
//! Knows no page.

use std::sync::Arc;

use access::{Grant, Permit, Role, decide};
use clinical::Material;
use clinical::bedside::{Bedside, bedside};
use fhir::write::{Object, array, coding, concept, reference};
use fhir::{Document, Limits};
use record::obligation::ObligationQuery;
use record::{
    Act, Cause, CauseKind, Change, Draft, Indexing, Key, Location, Options, Reading, Record, Source, Template,
    TransactError,
};
use terms::Moment;
use terms::index::Row;

/// 2026-11-17T14:35:00Z.
pub(crate) const NOW: Moment = Moment(1_794_926_100_000);
/// A minute.
pub(crate) const MINUTE: i64 = 60_000;

/// A record to try rules on.
pub(crate) struct Stage {
    pub(crate) record: Record,
    pub(crate) store: &'static str,
    _directory: tempfile::TempDir,
    _database: Option<testkit::postgres::TestDatabase>,
}

/// One stage on each store.
pub(crate) async fn stages() -> Vec<Stage> {
    let mut stages = Vec::new();
    for store in ["SQLite", "PostgreSQL"] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("record");
        let (location, database) = if store == "SQLite" {
            (Location::Sqlite { directory: path }, None)
        } else {
            let database = testkit::postgres::fresh().await.unwrap();
            let url = database.url.clone();
            (Location::Postgres { url, schema: "trust_test".into(), directory: path }, Some(database))
        };
        let record = Record::open(&location, options()).await.unwrap();
        let stage = Stage { record, store, _directory: directory, _database: database };
        stage
            .put(&[place("heron", "ward", None), place("bed-1", "bed", Some("heron")), person("lund"), visit("lund")])
            .await;
        stages.push(stage);
    }
    stages
}

fn options() -> Options {
    let functions = vec![("fhir", 3), ("stays", 4), ("tasks", 2), ("vitals", 1), ("merging", 1)];
    let owed = administration::obligations::functions().into_iter().chain(clinical::owed::functions());
    Options {
        indexing: owed.fold(Indexing::new(functions, extract), Indexing::with_obligations),
        clock: Arc::new(|| NOW),
        host: "test".into(),
        origin: "test/t/TEST".into(),
        durability: record::Durability::default(),
        segment_bytes: Options::SEGMENT_BYTES,
        log_pages: Options::LOG_PAGES,
    }
}

fn extract(source: Source<'_>, rows: &mut Vec<Row>) {
    let document = Document::parse(source.text, &Limits::default()).unwrap();
    fhir::search::index_rows(source.kind, source.id, &document, rows);
    administration::stays::stay_rows(source.kind, document.root(), rows);
    administration::merging::merge_rows(source.kind, document.root(), rows);
    administration::tasks::task_rows(source.kind, document.root(), rows);
    clinical::observations::vital_rows(source.kind, document.root(), rows);
}

fn place(id: &str, kind: &str, within: Option<&str>) -> String {
    Object::resource("Location", id)
        .text("status", "active")
        .text("name", format!("Place {id}"))
        .json("type", array([concept("urn:almoner:place-kind", kind, kind)]))
        .json_if("partOf", within.map(|within| reference(&format!("Location/{within}"), None)))
        .done()
}

/// Somebody of 75.
pub(crate) fn person(id: &str) -> String {
    Object::resource("Patient", id).text("birthDate", "1951-03-14").done()
}

/// Their stay in the bed, since the morning, under Dr Okafor.
fn visit(patient: &str) -> String {
    let at = Object::new().json("location", reference("Location/bed-1", None)).text("status", "active").done();
    let attending = concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "ATND", "attender");
    let care = Object::new()
        .json("type", array([attending]))
        .json("individual", reference("Practitioner/okafor", Some("Dr L Okafor")))
        .done();
    Object::resource("Encounter", &format!("{patient}-stay"))
        .text("status", "in-progress")
        .json("class", coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", "IMP", None))
        .json("subject", reference(&format!("Patient/{patient}"), None))
        .json("participant", array([care]))
        .json("period", Object::new().text("start", "2026-11-17T08:00:00Z").done())
        .json("location", array([at]))
        .done()
}

/// A complete set some minutes ago whose score is this, 0 to 9.
pub(crate) fn set(patient: &str, minutes_ago: i64, score: u8) -> Vec<String> {
    let taken = Moment(NOW.0 - minutes_ago * MINUTE).to_string();
    let sign = |name: &str, code: &str| {
        Object::resource("Observation", &format!("{patient}-{minutes_ago}-{name}"))
            .text("status", "final")
            .json("code", concept("http://loinc.org", code, name))
            .json("subject", reference(&format!("Patient/{patient}"), None))
            .text("effectiveDateTime", &taken)
    };
    let quantity = |name: &str, code: &str, value: &str, unit: &str| {
        let quantity = Object::new().json("value", value).text("unit", unit).text("code", unit);
        sign(name, code).json("valueQuantity", quantity.text("system", "http://unitsofmeasure.org").done()).done()
    };
    // Respirations of 25 are 3, a systolic pressure of 90 is 3, a pulse of 131 is 3; 112 is 2, 95 is 1.
    let (respirations, systolic, pulse) = match score {
        0..=2 => ("16", "122", ["76", "95", "112"][usize::from(score)]),
        3..=5 => ("25", "122", ["76", "95", "112"][usize::from(score - 3)]),
        6..=8 => ("25", "90", ["76", "95", "112"][usize::from(score - 6)]),
        _ => ("25", "90", "131"),
    };
    let alert = concept("http://snomed.info/sct", "248234008", "Alert");
    vec![
        quantity("resp", "9279-1", respirations, "/min"),
        quantity("spo2", "2708-6", "97", "%"),
        quantity("oxygen", "3151-8", "0", "L/min"),
        quantity("systolic", "8480-6", systolic, "mm[Hg]"),
        quantity("pulse", "8867-4", pulse, "/min"),
        sign("acvpu", "80288-4").json("valueCodeableConcept", alert).done(),
        quantity("temp", "8310-5", "37.0", "Cel"),
    ]
}

/// A permit of somebody in a role.
pub(crate) fn permit(role: Role) -> Permit {
    decide(Grant::role("user/t.tester", "Toni Tester", role), NOW).unwrap()
}

fn change(text: &str) -> Change {
    let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
    let id = document.root().get("id").unwrap().text().unwrap().into_owned();
    let accepted = fhir::accept(&document, &id, &|_| None);
    let key = Key::new(document.resource_type().unwrap().into_owned(), id);
    let (before, after) = (accepted.before, accepted.after);
    Change::Put(key, Template { text: accepted.text, holes: Vec::new(), slot: accepted.slot, before, after })
}

impl Stage {
    /// Writes resources in one commit, as another system does.
    pub(crate) async fn put(&self, texts: &[String]) {
        let changes: Vec<Change> = texts.iter().map(|text| change(text)).collect();
        let cause = Cause { kind: CauseKind::Request, reference: "test".into() };
        let act = Act { command: "transaction".into(), cause, idempotency: None };
        let decide = |reading: Arc<Reading>| {
            let draft = Draft { changes: changes.clone(), assertions: Vec::new() };
            async move {
                let draft = administration::plan(&reading, draft).await?;
                Ok::<_, TransactError<()>>(clinical::plan(&reading, draft, NOW).await?)
            }
        };
        self.record.transact(&permit(Role::System), act, decide).await.unwrap();
    }

    /// What is owed by the rule of high scores: owner and due in minutes from now.
    pub(crate) async fn owed(&self, kind: &str) -> Vec<(String, i64)> {
        let reading = self.record.read(&permit(Role::Clinician), "test").await.unwrap();
        let query = ObligationQuery { kind: Some(kind.into()), limit: 10, ..ObligationQuery::default() };
        let page = reading.obligations(&query).await.unwrap();
        reading.finish().await.unwrap();
        let owed = page.obligations.into_iter();
        owed.map(|open| (open.obligation.owner, (open.obligation.due.0 - NOW.0) / MINUTE)).collect()
    }

    /// The newest text of a resource.
    pub(crate) async fn text(&self, kind: &str, id: &str) -> String {
        let reading = self.record.read(&permit(Role::System), "test").await.unwrap();
        let version = reading.get(&Key::new(kind, id)).await.unwrap().unwrap();
        reading.finish().await.unwrap();
        String::from_utf8(version.text.to_vec()).unwrap()
    }

    /// What a board says of somebody, made from these resources of the record.
    pub(crate) async fn bedside(&self, patient: &str, keys: &[(&str, String)]) -> Bedside {
        let mut texts = Vec::new();
        for (kind, id) in keys {
            texts.push(self.text(kind, id).await);
        }
        let who = person(patient);
        let who = Document::parse(who.as_bytes(), &Limits::default()).unwrap();
        let documents: Vec<Document<'_>> =
            texts.iter().map(|text| Document::parse(text.as_bytes(), &Limits::default()).unwrap()).collect();
        let resources = documents.iter().map(Document::root).collect();
        bedside(&Material { patient: who.root(), resources, allergies_readable: true }, None, NOW).1
    }
}
