//! A record on each store with a ward of beds, and a few people in it.
//! Writes as a clerk does, through commands, and as another system does, through the owners' rules.

use std::sync::Arc;

use access::{Permit, Role};
use administration::merging::merge_rows;
use administration::stays::{Stay, stay_rows};
use administration::{Command, Refusal, carry_out};
use fhir::write::{Object, array, coding, reference};
use fhir::{Document, Limits};
use record::{Cause, CauseKind, Change, Draft, Indexing, Key, Options, Receipt, Record, Source, TransactError};
use terms::Moment;
use terms::index::Row;
use testkit::stage::{Held, OnStore, on_each_store, place, put};

/// When it is.
pub(crate) const NOW: Moment = testkit::stage::NOW;

/// A record to try rules on.
pub(crate) struct Stage {
    pub(crate) record: Record,
    /// The name of the store.
    pub(crate) store: &'static str,
    _held: Held,
}

/// One stage on each store.
pub(crate) async fn stages() -> Vec<Stage> {
    let mut stages = Vec::new();
    for OnStore { record, store, held } in on_each_store(|| options_with(Arc::new(|| NOW))).await.unwrap() {
        let stage = Stage { record, store, _held: held };
        stage.put(&ward()).await;
        stages.push(stage);
    }
    stages
}

/// The options of a host of administration with a clock.
pub(crate) fn options_with(clock: terms::Clock) -> Options {
    testkit::stage::options(indexing(), clock)
}

fn indexing() -> Indexing {
    let indexing = Indexing::new(
        vec![("fhir", 3), ("patient index", 3), ("stays", 4), ("merging", 1), ("emergency", 1), ("tasks", 2)],
        extract,
    );
    administration::obligations::functions().into_iter().fold(indexing, Indexing::with_obligations)
}

fn extract(source: Source<'_>, rows: &mut Vec<Row>) {
    let document = Document::parse(source.text, &Limits::default()).unwrap();
    fhir::search::index_rows(source.kind, source.id, &document, rows);
    stay_rows(source.kind, document.root(), rows);
    merge_rows(source.kind, document.root(), rows);
    administration::patient_rows(&document, rows);
    administration::tasks::task_rows(source.kind, document.root(), rows);
    administration::emergency::emergency_rows(source.kind, document.root(), rows);
}

/// An emergency department with an area of two cubicles and a corridor.
pub(crate) fn emergency_places() -> Vec<String> {
    vec![
        place("ed", "emergency-department", None),
        place("majors", "area", Some("ed")),
        place("m-1", "cubicle", Some("majors")),
        place("m-2", "cubicle", Some("majors")),
        place("ed-corridor", "corridor", Some("ed")),
    ]
}

/// Heron ward with a bay of four beds and a trolley; four people.
fn ward() -> Vec<String> {
    let mut texts = vec![
        place("heron", "ward", None),
        place("bay-a", "bay", Some("heron")),
        place("trolley", "trolley", Some("heron")),
    ];
    texts.extend((1..=4).map(|bed| place(&format!("bed-{bed}"), "bed", Some("bay-a"))));
    texts.extend((1..=4).map(|patient| Object::resource("Patient", &format!("p-{patient}")).done()));
    texts
}

/// An Encounter as another system would send it.
pub(crate) fn sent(id: &str, patient: &str, bed: &str) -> String {
    let at =
        Object::new().json("location", reference(&format!("Location/{bed}"), None)).text("status", "active").done();
    Object::resource("Encounter", id)
        .text("status", "in-progress")
        .json("class", coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", "IMP", None))
        .json("subject", reference(&format!("Patient/{patient}"), None))
        .json("location", array([at]))
        .done()
}

pub(crate) fn permit(role: Role) -> Permit {
    permit_of("user/t.tester", role)
}

/// The permit of somebody in a role.
pub(crate) fn permit_of(id: &str, role: Role) -> Permit {
    testkit::stage::permit_of(id, role).unwrap()
}

fn cause(kind: CauseKind) -> Cause {
    Cause { kind, reference: "test".into() }
}

impl Stage {
    /// Writes resources as another system does: through the owners' rules, in one commit.
    pub(crate) async fn put(&self, texts: &[String]) {
        let changes: Vec<Change> = texts.iter().map(|text| put(text).unwrap()).collect();
        let act = record::Act { command: "transaction".into(), cause: cause(CauseKind::Request), idempotency: None };
        let decide = |reading: Arc<record::Reading>| {
            let draft = Draft { changes: changes.clone(), assertions: Vec::new() };
            async move {
                let draft = administration::plan(&reading, draft).await?;
                Ok::<_, TransactError<()>>(administration::merging::with_questions(&reading, draft, NOW).await?)
            }
        };
        self.record.transact(&permit(Role::System), act, decide).await.unwrap();
    }

    /// What the owner of audit events says of a resource that somebody writes by another door; `None` takes it away.
    pub(crate) async fn refused(&self, role: Role, key: &Key, text: Option<&str>) -> Option<Refusal> {
        let change = text.map_or_else(|| Change::Delete(key.clone()), |text| put(text).unwrap());
        let reading = self.record.read(&permit(role), "test").await.unwrap();
        let draft = Draft { changes: vec![change], assertions: Vec::new() };
        let checked = administration::restricted_access::check_written(&reading, &draft).await.unwrap();
        reading.finish().await.unwrap();
        checked.err()
    }

    /// Deletes a resource as another system does.
    pub(crate) async fn delete(&self, kind: &str, id: &str) {
        let key = Key::new(kind, id);
        let act = record::Act { command: "delete".into(), cause: cause(CauseKind::Request), idempotency: None };
        let decide = |reading: Arc<record::Reading>| {
            let draft = Draft { changes: vec![Change::Delete(key.clone())], assertions: Vec::new() };
            async move { Ok::<_, TransactError<()>>(administration::plan(&reading, draft).await?) }
        };
        self.record.transact(&permit(Role::System), act, decide).await.unwrap();
    }

    /// Carries a command out as a clerk does.
    pub(crate) async fn act(&self, command: Command) -> Result<Receipt, Refusal> {
        self.act_at(command, NOW).await
    }

    /// The same at another moment.
    pub(crate) async fn act_at(&self, command: Command, now: Moment) -> Result<Receipt, Refusal> {
        self.act_with(&permit(Role::Clerk), command, now).await
    }

    /// The same in another role.
    pub(crate) async fn act_in(&self, role: Role, command: Command) -> Result<Receipt, Refusal> {
        self.act_with(&permit(role), command, NOW).await
    }

    /// The same as somebody in a role, at a moment.
    pub(crate) async fn act_by(
        &self,
        (who, role): (&str, Role),
        command: Command,
        now: Moment,
    ) -> Result<Receipt, Refusal> {
        self.act_with(&permit_of(who, role), command, now).await
    }

    async fn act_with(&self, permit: &Permit, command: Command, now: Moment) -> Result<Receipt, Refusal> {
        let done = carry_out(&self.record, permit, &command, (cause(CauseKind::Form), None), now).await;
        done.map_err(|error| match error {
            TransactError::Refused(refusal) => refusal,
            other => panic!("{}: {other:?}", self.store),
        })
    }

    /// Carries a command out as somebody of the patient index does.
    pub(crate) async fn act_as(&self, who: &str, command: Command) -> Result<Receipt, Refusal> {
        let permit = permit_of(&format!("user/{who}"), Role::PatientIndex);
        self.act_with(&permit, command, NOW).await
    }

    /// What is owed now: kind, owner and anchor, sorted.
    pub(crate) async fn owed(&self, kind: &str) -> Vec<(String, String)> {
        self.owed_to(Role::Clerk, kind).await
    }

    /// The same as somebody in a role sees it.
    pub(crate) async fn owed_to(&self, role: Role, kind: &str) -> Vec<(String, String)> {
        let reading = self.record.read(&permit(role), "test").await.unwrap();
        let kind = administration::obligations::KINDS.iter().find(|known| known.code == kind).unwrap();
        let everybody = administration::obligations::Scope::Everybody;
        let query = administration::obligations::query(kind, &everybody, NOW);
        let page = reading.obligations(&query).await.unwrap();
        let counted = administration::obligations::count(&reading, kind, &everybody, NOW).await.unwrap();
        assert_eq!(counted.number, page.obligations.len() as u64, "{}: {}", self.store, kind.code);
        reading.finish().await.unwrap();
        let mut owed: Vec<(String, String)> =
            page.obligations.into_iter().map(|open| (open.obligation.owner, open.anchor.id)).collect();
        owed.sort();
        owed
    }

    /// A stay as it is now.
    pub(crate) async fn stay(&self, id: &str) -> Stay {
        let reading = self.record.read(&permit(Role::Clerk), "test").await.unwrap();
        let stay = administration::stays::stay(&reading, id).await.unwrap().unwrap();
        reading.finish().await.unwrap();
        stay
    }

    /// The text of a resource as it is served now, without `meta`'s version and moment.
    pub(crate) async fn text(&self, kind: &str, id: &str) -> String {
        let reading = self.record.read(&permit(Role::System), "test").await.unwrap();
        let version = reading.get(&Key::new(kind, id)).await.unwrap().unwrap();
        reading.finish().await.unwrap();
        String::from_utf8(version.text.to_vec()).unwrap()
    }

    /// A reading as a clerk has it.
    pub(crate) async fn reading(&self) -> record::Reading {
        self.record.read(&permit(Role::Clerk), "test").await.unwrap()
    }

    /// Who is in which place of the ward: stay and place, those without a bed marked with `!`.
    pub(crate) async fn board(&self) -> Vec<(String, String)> {
        let reading = self.record.read(&permit(Role::Clerk), "test").await.unwrap();
        let ward = administration::places::ward(&reading, "heron").await.unwrap().unwrap();
        let mut rows = Vec::new();
        for stay in administration::stays::in_ward(&reading, &ward).await.unwrap() {
            let place = stay.place().map(|place| place.place.clone()).unwrap_or_default();
            rows.push((stay.id, if stay.no_bed_yet { format!("!{place}") } else { place }));
        }
        reading.finish().await.unwrap();
        rows.sort();
        rows
    }
}
