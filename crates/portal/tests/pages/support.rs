//! A record with the demonstration's patients in a folder of its own, and pages asked for through the real routes.
//! Goes through the routes as a browser would, over a real record.

use std::sync::Arc;

use access::{Grant, Permit, Role, decide};
use administration::registration::pds::{self, PdsPerson, Trace};
use axum::body::Body;
use fhir::{Document, Limits};
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use portal::components::frame::Environment;
use portal::{Door, Names};
use record::{Act, Cause, CauseKind, Change, Draft, Indexing, Key, Location, Options, Record, Source, Template};
use terms::Moment;
use terms::index::Row;
use testkit::demo::{STORY_NOW, demo_bundle};
use tower::ServiceExt as _;

/// A trust whose record holds the demonstration.
pub(crate) struct Trust {
    record: Record,
    _directory: tempfile::TempDir,
}

/// An answer in full.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    pub(crate) text: String,
}

impl Trust {
    /// Makes the record and writes the demonstration through the write door.
    pub(crate) async fn demo() -> Trust {
        Trust::demo_at(STORY_NOW).await
    }

    /// The same, told as if it were another moment.
    pub(crate) async fn demo_at(now: Moment) -> Trust {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::Sqlite { directory: directory.path().join("record") };
        let functions =
            vec![("fhir", 3), ("patient index", 2), ("stays", 3), ("merging", 1), ("emergency", 1), ("tasks", 1)];
        let owed = administration::obligations::functions().into_iter().chain(clinical::owed::functions());
        let indexing = owed.fold(Indexing::new(functions, extract), Indexing::with_obligations);
        let options = Options {
            indexing,
            clock: Arc::new(move || now),
            host: "test".into(),
            origin: "test/t/DEMO".into(),
            durability: record::Durability::default(),
            segment_bytes: Options::SEGMENT_BYTES,
            log_pages: Options::LOG_PAGES,
        };
        let record = Record::open(&location, options).await.unwrap();
        let trust = Trust { record, _directory: directory };
        trust.put(&demo_bundle(now)).await;
        trust
    }

    /// Writes resources in one commit.
    pub(crate) async fn put(&self, texts: &[String]) {
        let changes = texts.iter().map(|text| change(text)).collect();
        self.commit("host/test", Role::Host, "load", changes).await;
    }

    /// Writes a resource as a clinician.
    pub(crate) async fn write(&self, text: &str) {
        self.commit("user/t.tester", Role::Clinician, "update", vec![change(text)]).await;
    }

    /// Deletes a resource as a clinician.
    pub(crate) async fn delete(&self, kind: &str, id: &str) {
        self.commit("user/t.tester", Role::Clinician, "delete", vec![Change::Delete(Key::new(kind, id))]).await;
    }

    async fn commit(&self, who: &str, role: Role, command: &str, changes: Vec<Change>) {
        let cause = Cause { kind: CauseKind::System, reference: "test".into() };
        let act = Act { command: command.into(), cause, idempotency: None };
        let draft = move |_| {
            let changes = changes.clone();
            async move { Ok::<_, record::TransactError<()>>(Draft { changes, assertions: Vec::new() }) }
        };
        self.record.transact(&permit(who, role), act, draft).await.unwrap();
    }

    /// Asks for a part of a page as someone in a role: as the script of our own pages asks.
    pub(crate) async fn get(&self, role: Role, path: &str) -> Answer {
        self.get_at(role, path, STORY_NOW).await
    }

    /// The same at another moment.
    pub(crate) async fn get_at(&self, role: Role, path: &str, now: Moment) -> Answer {
        let door = Door { now, ..self.door("user/t.tester", role) };
        // As the script of our own pages asks: a part of a page is given to it alone.
        let request = Request::get(path).header("hx-request", "true").extension(door).body(Body::empty()).unwrap();
        answer(request).await
    }

    /// Asks for a whole page, as a browser does.
    pub(crate) async fn page(&self, role: Role, path: &str) -> Answer {
        answer(Request::get(path).extension(self.door("user/t.tester", role)).body(Body::empty()).unwrap()).await
    }

    /// Sends a form as the tester, its fields as they are sent.
    pub(crate) async fn send(&self, role: Role, path: &str, fields: &str) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.extension(self.door("user/t.tester", role));
        answer(request.body(Body::from(fields.to_owned())).unwrap()).await
    }

    /// The same as a person of this name, as a browser asks.
    pub(crate) async fn get_as(&self, who: &str, role: Role, path: &str) -> Answer {
        answer(Request::get(path).extension(self.door(who, role)).body(Body::empty()).unwrap()).await
    }

    /// Sends a form as somebody in a role; every form has a key of its own.
    pub(crate) async fn post(&self, (who, role): (&str, Role), path: &str, fields: &[(&str, &str)]) -> Answer {
        let encode =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let door = self.door(who, role);
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        answer(request.extension(door).body(Body::from(body.join("&"))).unwrap()).await
    }

    /// Asks whether two records are one person, as matching does.
    pub(crate) async fn propose(&self, one: &str, other: &str) {
        let pair = administration::merging::Pair::of(one, other).unwrap();
        let propose = administration::merging::ProposeDuplicate { pair, weight: Some("+17.6".into()) };
        let cause = Cause { kind: CauseKind::System, reference: "test".into() };
        let permit = permit("user/matching", Role::System);
        let command = administration::Command::ProposeDuplicate(propose);
        administration::carry_out(&self.record, &permit, &command, (cause, None), STORY_NOW).await.unwrap();
    }

    fn door(&self, who: &str, role: Role) -> Door {
        Door {
            record: self.record.clone(),
            permit: permit(who, role),
            trust_code: "DEMO".into(),
            trust_name: "Thameside Royal".into(),
            pds: portal::Pds::by(Some("Not PDS: a fake"), async |trace: Trace| pds::answer(&people(), &trace)),
            names: Names::by(async |ids: Vec<String>| {
                let named = ids.into_iter().filter(|id| id.starts_with("user/") && id != "user/nobody");
                named.map(|id| (id, "Toni Tester".to_owned())).collect()
            }),
            environment: Environment::Demonstration,
            form_token: "token".into(),
            request: "r1".into(),
            now: STORY_NOW,
            here: portal::Here::default(),
        }
    }
}

async fn answer(request: Request<Body>) -> Answer {
    let response = portal::routes().oneshot(request).await.unwrap();
    let status = response.status();
    let location = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    Answer { status, location, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

/// Whom the fake national index knows.
fn people() -> Vec<PdsPerson> {
    let tomasz = r#"{"resourceType":"Patient","id":"9990710198","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number",
        "value":"9990710198"}],"name":[{"use":"usual","family":"Wójcik","given":["Tomasz"],"prefix":["Mr"]}],"gender":"male",
        "birthDate":"1988-06-09","telecom":[{"system":"phone","use":"mobile","value":"07700 900158"}],
        "address":[{"use":"home","line":["21 Cooperage Lane","Thameside"],"postalCode":"TH3 8KW"}],
        "extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired","valueBoolean":true}]}"#;
    PdsPerson::read(tomasz.as_bytes()).into_iter().collect()
}

fn permit(id: &str, role: Role) -> Permit {
    decide(Grant::role(id, "Toni Tester", role), STORY_NOW).unwrap()
}

fn change(text: &str) -> Change {
    let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
    let id = document.root().get("id").unwrap().text().unwrap().into_owned();
    let accepted = fhir::accept(&document, &id, &|_| None);
    let key = Key::new(document.resource_type().unwrap().into_owned(), id);
    let (before, after) = (accepted.before, accepted.after);
    Change::Put(key, Template { text: accepted.text, holes: Vec::new(), slot: accepted.slot, before, after })
}

fn extract(source: Source<'_>, rows: &mut Vec<Row>) {
    let document = Document::parse(source.text, &Limits::default()).unwrap();
    fhir::search::index_rows(source.kind, source.id, &document, rows);
    administration::patient_rows(&document, rows);
    administration::stays::stay_rows(source.kind, document.root(), rows);
    administration::merging::merge_rows(source.kind, document.root(), rows);
    administration::emergency::emergency_rows(source.kind, document.root(), rows);
    administration::tasks::task_rows(source.kind, document.root(), rows);
}
