//! A record on each store with Mr Lund in a bed of Heron ward, and sets of observations as a tablet sends them.
//! Knows no page.

use std::sync::Arc;

use access::{Permit, Role};
use clinical::Material;
use clinical::bedside::{Bedside, bedside};
use fhir::write::{Object, array, coding, concept, reference};
use fhir::{Document, Limits};
use record::obligation::ObligationQuery;
use record::{Act, Cause, CauseKind, Change, Draft, Indexing, Key, Options, Reading, Record, Source, TransactError};
use terms::Moment;
use terms::index::Row;
use testkit::stage::{Held, OnStore, on_each_store, place, put};

/// When it is.
pub(crate) const NOW: Moment = testkit::stage::NOW;

/// A minute.
pub(crate) const MINUTE: i64 = 60_000;

/// A record to try rules on.
pub(crate) struct Stage {
    pub(crate) record: Record,
    pub(crate) store: &'static str,
    _held: Held,
}

/// One stage on each store.
pub(crate) async fn stages() -> Vec<Stage> {
    let mut stages = Vec::new();
    for OnStore { record, store, held } in on_each_store(options).await.unwrap() {
        let stage = Stage { record, store, _held: held };
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
    let indexing = owed.fold(Indexing::new(functions, extract), Indexing::with_obligations);
    testkit::stage::options(indexing, Arc::new(|| NOW))
}

fn extract(source: Source<'_>, rows: &mut Vec<Row>) {
    let document = Document::parse(source.text, &Limits::default()).unwrap();
    fhir::search::index_rows(source.kind, source.id, &document, rows);
    administration::stays::stay_rows(source.kind, document.root(), rows);
    administration::merging::merge_rows(source.kind, document.root(), rows);
    administration::tasks::task_rows(source.kind, document.root(), rows);
    clinical::observations::vital_rows(source.kind, document.root(), rows);
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
    testkit::stage::permit_of("user/t.tester", role).unwrap()
}

impl Stage {
    /// Writes resources in one commit, as another system does.
    pub(crate) async fn put(&self, texts: &[String]) {
        let changes: Vec<Change> = texts.iter().map(|text| put(text).unwrap()).collect();
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
