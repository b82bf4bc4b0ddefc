//! A record with the demonstration's patients in a folder of its own, and pages asked for through the real routes.
//! Goes through the routes as a browser would, over a real record.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use access::{Grant, Permit, Role, decide};
use administration::obligations::Owner;
use administration::registration::pds::{self, PdsPerson, Trace};
use axum::body::Body;
use fhir::{Document, Limits};
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use portal::components::frame::Environment;
use portal::{Boards, Door, Holds, LastLooks, Names};
use record::{Act, Cause, CauseKind, Change, Draft, Indexing, Key, Location, Options, Record, Source, Template};
use terms::Moment;
use terms::index::Row;
use testkit::demo::{STORY_NOW, demo_bundle};
use tower::ServiceExt as _;

/// Whoever signs in under this name is Dr Okafor, a consultant of the demonstration.
pub(crate) const CONSULTANT: &str = "user/l.okafor";

/// A trust whose record holds the demonstration.
pub(crate) struct Trust {
    pub(crate) record: Record,
    boards: Boards,
    last_looks: LastLooks,
    /// Whether sessions hold.
    pub(crate) is_in: Arc<AtomicBool>,
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
        let functions = [
            ("fhir", 3),
            ("patient index", 2),
            ("stays", 4),
            ("merging", 1),
            ("emergency", 1),
            ("tasks", 2),
            ("vitals", 1),
        ]
        .to_vec();
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
        let is_in = Arc::new(AtomicBool::new(true));
        let trust =
            Trust { record, boards: Boards::default(), last_looks: LastLooks::default(), is_in, _directory: directory };
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
        let draft = move |reading: Arc<record::Reading>| {
            let draft = Draft { changes: changes.clone(), assertions: Vec::new() };
            // As every door does: what a set of observations asks for comes with it.
            async move { Ok::<_, record::TransactError<()>>(clinical::plan(&reading, draft, STORY_NOW).await?) }
        };
        self.record.transact(&permit(who, role), act, draft).await.unwrap();
    }

    /// Asks for a whole page, as a browser does.
    pub(crate) async fn page(&self, role: Role, path: &str) -> Answer {
        answer(Request::get(path).extension(self.door("user/t.tester", role, STORY_NOW)).body(Body::empty()).unwrap())
            .await
    }

    /// The same at a moment.
    pub(crate) async fn page_at(&self, role: Role, path: &str, now: Moment) -> Answer {
        answer(Request::get(path).extension(self.door("user/t.tester", role, now)).body(Body::empty()).unwrap()).await
    }

    /// Sends a form as the tester, its fields as they are sent.
    pub(crate) async fn send(&self, role: Role, path: &str, fields: &str) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.extension(self.door("user/t.tester", role, STORY_NOW));
        answer(request.body(Body::from(fields.to_owned())).unwrap()).await
    }

    /// The same as a person of this name, as a browser asks.
    pub(crate) async fn get_as(&self, who: &str, role: Role, path: &str) -> Answer {
        answer(Request::get(path).extension(self.door(who, role, STORY_NOW)).body(Body::empty()).unwrap()).await
    }

    /// Sends a form as somebody in a role; every form has a key of its own.
    pub(crate) async fn post(&self, who: (&str, Role), path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_at(who, path, fields, STORY_NOW).await
    }

    /// The same at a moment.
    pub(crate) async fn post_at(
        &self,
        (who, role): (&str, Role),
        path: &str,
        fields: &[(&str, &str)],
        now: Moment,
    ) -> Answer {
        let encode =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let door = self.door(who, role, now);
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        answer(request.extension(door).body(Body::from(body.join("&"))).unwrap()).await
    }

    /// Asks whether two records are one person, as matching does.
    pub(crate) async fn propose(&self, one: &str, other: &str) {
        let pair = administration::merging::Pair::of(one, other).unwrap();
        let propose = administration::merging::ProposeDuplicate { pair };
        let cause = Cause { kind: CauseKind::System, reference: "test".into() };
        let permit = permit("user/matching", Role::System);
        let command = administration::Command::ProposeDuplicate(propose);
        administration::carry_out(&self.record, &permit, &command, (cause, None), STORY_NOW).await.unwrap();
    }

    /// A way in for someone in a role, at a moment.
    fn door(&self, who: &str, role: Role, now: Moment) -> Door {
        let is_in = Arc::clone(&self.is_in);
        Door {
            record: self.record.clone(),
            permit: permit(who, role),
            staff: (who == CONSULTANT).then(|| "okafor".to_owned()),
            trust_code: "DEMO".into(),
            trust_name: "Thameside Royal".into(),
            pds: portal::Pds::by(Some("Not PDS: a fake"), async |trace: Trace| pds::answer(&people(), &trace)),
            names: Names::by(async |ids: Vec<String>| {
                let named = ids.into_iter().filter(|id| id.starts_with("user/") && id != "user/nobody");
                let holder = |id: &str| match id {
                    "user/closed" => Owner { name: "Rosa Hall".to_owned(), is_active: false },
                    _ => Owner::active("Toni Tester"),
                };
                named.map(|id| (id.clone(), holder(&id))).collect()
            }),
            environment: Environment::Demonstration,
            form_token: "token".into(),
            request: "r1".into(),
            here: portal::Here::default(),
            now,
            clock: Arc::new(move || now),
            holds: Holds::by(move || {
                let is_in = is_in.load(Ordering::Relaxed);
                async move { is_in }
            }),
            boards: self.boards.clone(),
            last_looks: self.last_looks.clone(),
        }
    }

    /// Asks for a page as someone in a role.
    pub(crate) async fn get(&self, role: Role, path: &str) -> Answer {
        self.get_at(role, path, STORY_NOW).await
    }

    /// The same at another moment.
    pub(crate) async fn get_at(&self, role: Role, path: &str, now: Moment) -> Answer {
        // As the script of our own pages asks: a part of a page is given to it alone.
        let request = Request::get(path).header("hx-request", "true").extension(self.door("user/t.tester", role, now));
        read(portal::routes().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()).await
    }

    /// Sends a form as someone in a role, at a moment.
    pub(crate) async fn fill(&self, role: Role, path: &str, fields: &[(&str, &str)], now: Moment) -> Answer {
        self.post_at(("user/t.tester", role), path, fields, now).await
    }

    /// Opens a stream as someone in a role.
    pub(crate) async fn stream(&self, role: Role, path: &str) -> Stream {
        let request = Request::get(path).extension(self.door("user/t.tester", role, STORY_NOW));
        let response = portal::routes().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Stream { body: response.into_body(), read: String::new() }
    }

    /// Ends all streams, as the host does when it stops.
    pub(crate) fn stop(&self) {
        self.boards.close();
    }
}

/// What goes on after an answer has begun.
pub(crate) struct Stream {
    body: Body,
    read: String,
}

impl Stream {
    /// The next event: its name and data. `None` when the stream is over.
    pub(crate) async fn next(&mut self) -> Option<(String, String)> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.read = rest;
                let field = |name: &str| {
                    let lines = event.lines().filter_map(|line| line.strip_prefix(name));
                    lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
                };
                return Some((field("event:"), field("data:")));
            }
            let frame = tokio::time::timeout(Duration::from_secs(20), self.body.frame()).await.unwrap()?.unwrap();
            self.read.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }

    /// The data of the next event of a name.
    pub(crate) async fn next_of(&mut self, name: &str) -> String {
        loop {
            let (event, data) = self.next().await.unwrap();
            if event == name {
                return data;
            }
        }
    }
}

async fn read(response: axum::response::Response) -> Answer {
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

async fn answer(request: Request<Body>) -> Answer {
    read(portal::routes().oneshot(request).await.unwrap()).await
}

pub(crate) fn permit(id: &str, role: Role) -> Permit {
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
    clinical::observations::vital_rows(source.kind, document.root(), rows);
}
