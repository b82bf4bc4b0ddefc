//! A trust moves to another host and another store with everything that it is: a text that was erased and stays erased, an
//! attachment, the configuration, an account with its role and session, a draft that somebody has left, a task and what is
//! owed, and who has looked. Each is looked for at the host that has the trust after the cut.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::{Body, to_bytes};
use http::{Request, StatusCode, header};
use record::obligation::{Obligation, ObligationQuery};
use record::trail::AccessQuery;
use record::{DeskRow, Erasure, Key, Operation, VerifyOptions};
use terms::{Clock, Moment};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use super::{MoveOutcome, MoveWork, Questions, ThrottleChange, answers, carry, certificate, counts, find, listen};
use crate::configure::{self, Configure, Folder};
use crate::failure::Failure;
use crate::host::{Host, Trust};
use crate::secret::Secret;
use crate::test_host::{act, contains, host_in, put};
use crate::trusts::TrustCode;
use crate::work::{NewToken, NewTrust, NewUser, Outcome};
use crate::{accounts, clock, routes, sessions, tokens};

/// A text that nobody may find once it is erased.
const SECRET: &str = "Hexham-Quillfeather";
const PASSWORD: &str = "correct horse battery";

fn code() -> TrustCode {
    TrustCode::parse("RAA").unwrap()
}

/// A host that listens for others.
async fn hall(directory: &Path) -> Arc<Host> {
    hall_at(directory, clock::machine()).await
}

/// The same with this clock.
async fn hall_at(directory: &Path, clock: Clock) -> Arc<Host> {
    let host = host_in(directory, "sqlite", clock).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    host.listens_at(listener.local_addr().unwrap().to_string());
    tokio::spawn(listen(Arc::clone(&host), listener));
    host
}

/// The cut, without a plan.
fn cut() -> MoveWork {
    MoveWork::Cut { trust: code(), back: false, unplanned: Some("RAA".into()), signed: None, people: None }
}

async fn asked(host: &Arc<Host>, work: MoveWork) -> MoveOutcome {
    match carry(host, work, &|_| {}).await.unwrap() {
        Outcome::Moved(moved) => *moved,
        other => panic!("{other:?}"),
    }
}

/// What a host answers: the status, the first cookie that it sets, and the text.
async fn send(
    host: &Arc<Host>,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> (StatusCode, String, String) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let (parts, body) = routes::router(Arc::clone(host)).oneshot(request).await.unwrap().into_parts();
    let cookie = parts.headers.get(header::SET_COOKIE).map(|line| line.to_str().unwrap().to_owned());
    let cookie = cookie.unwrap_or_default().split(';').next().unwrap_or_default().to_owned();
    let body = to_bytes(body, 1 << 22).await.unwrap();
    (parts.status, cookie, String::from_utf8_lossy(&body).into_owned())
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Signs in through the form; gives the session's cookie.
async fn sign_in(host: &Arc<Host>, name: &str) -> String {
    let (_, before, page) = send(host, "GET", "/sign-in?trust=RAA", &[], "").await;
    let token = page.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let form = format!("trust=RAA&name={name}&password={}&next=&form_token={token}", PASSWORD.replace(' ', "+"));
    let (status, cookie, _) = send(host, "POST", "/sign-in", &[("cookie", &before), FORM], &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    cookie
}

/// Fills a trust with a bit of everything; gives the cookie of who is signed in.
async fn fill(host: &Arc<Host>) -> String {
    let new = NewTrust { code: code(), name: "A trust".into(), store: None, demonstration: false };
    let trust = host.add_trust(new).await.unwrap();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/configuration");
    let folder = Folder { own: demo.join("thameside"), root: demo };
    configure::carry(&trust, Configure::Apply { folder, why: Some("begin".into()), by: Some("A tester".into()) })
        .await
        .unwrap();
    let patient = Key::new("Patient", "p");
    for family in [SECRET, "Able"] {
        put(&trust, &patient, &format!(r#"{{"resourceType":"Patient","id":"p","name":[{{"family":"{family}"}}]}}"#))
            .await;
    }
    let document = format!(
        r#"{{"resourceType":"DocumentReference","id":"d","status":"current","subject":{{"reference":"Patient/p"}},"content":[{{"attachment":{{"contentType":"application/pdf","data":"{}"}}}}]}}"#,
        "QUJD".repeat(30_000)
    );
    put(&trust, &Key::new("DocumentReference", "d"), &document).await;
    let task = r#"{"resourceType":"Task","id":"t","status":"requested","intent":"order","description":"Call back","for":{"reference":"Patient/p"}}"#;
    put(&trust, &Key::new("Task", "t"), task).await;
    let erasure =
        Erasure { versions: vec![(patient, 1)], authority: "court order 9".into(), reason: "a wrong name".into() };
    trust.record.erase(&trust.host_permit().unwrap(), act("erase"), erasure).await.unwrap();
    let (name, display, role) = ("s.reilly".to_owned(), "S Reilly".to_owned(), "clinician".to_owned());
    let staff = Some("reilly".to_owned());
    let new = NewUser { trust: code(), name, display, role, password: Some(Secret::new(PASSWORD)), staff };
    accounts::add(&trust, new).await.unwrap();
    let cookie = sign_in(host, "s.reilly").await;
    let form_token = sessions::form_token(&Secret::new(cookie.split_once('.').unwrap().1));
    let draft = format!("form_token={form_token}&draft_form=register&draft_patient=&form_key=k&family=Draftington");
    let (status, _, said) = send(host, "POST", "/t/RAA/drafts", &[("cookie", &cookie), FORM], &draft).await;
    assert!(status == StatusCode::OK && said.starts_with("Draft kept"), "{status} {said}");
    let new =
        NewToken { trust: code(), role: "system".into(), ttl_seconds: 3600, patients: Vec::new(), label: "t".into() };
    let Outcome::Token { token, .. } = tokens::issue(&trust, new).await.unwrap() else { panic!("no token") };
    let bearer = format!("Bearer {}", token.reveal());
    let (status, ..) = send(host, "GET", "/t/RAA/fhir/Patient/p", &[("authorization", &bearer)], "").await;
    assert_eq!(status, StatusCode::OK, "somebody looks");
    cookie
}

/// What is to be the same at both hosts.
#[derive(Debug, PartialEq)]
struct Unit {
    configuration: Option<(u64, Vec<String>)>,
    accounts: Vec<(String, String, String, Option<String>)>,
    drafts: Vec<(String, Vec<u8>)>,
    /// About what, and by whom and until when. Since which entry is worked out anew where it is received.
    owed: Vec<(Key, Obligation)>,
    task: Vec<u8>,
    document: Vec<u8>,
    history: Vec<(u64, Operation, Option<u64>, Vec<u8>)>,
}

async fn unit(trust: &Trust) -> Unit {
    let reading = trust.record.read(&trust.host_permit().unwrap(), "test").await.unwrap();
    let text = async |kind: &str, id: &str| reading.get(&Key::new(kind, id)).await.unwrap().unwrap().text.to_vec();
    let query = ObligationQuery { limit: 1000, ..ObligationQuery::default() };
    let owed = reading.obligations(&query).await.unwrap().obligations;
    let history = reading.history(&Key::new("Patient", "p"), None, 10).await.unwrap();
    let live = configure::live_of(trust).await.unwrap();
    let drafts = trust.record.desk_list(portal::drafts::DRAFT, "", 10).await.unwrap();
    let accounts = accounts::list(trust).await.unwrap();
    let unit = Unit {
        configuration: live.map(|live| (live.version, live.kept.by)),
        accounts: accounts.into_iter().map(|of| (of.name, of.display, of.role, of.staff)).collect(),
        drafts: drafts.into_iter().map(|DeskRow { key, bytes, .. }| (key, bytes)).collect(),
        owed: owed.into_iter().map(|open| (open.anchor, open.obligation)).collect(),
        task: text("Task", "t").await,
        document: text("DocumentReference", "d").await,
        history: history.iter().map(|of| (of.version, of.operation, of.erased, of.text.to_vec())).collect(),
    };
    reading.finish().await.unwrap();
    unit
}

/// Who has looked at the patient through a door: what was asked, and of which entry.
async fn looked(trust: &Trust) -> Vec<(String, u64)> {
    let subject = Some(Key::new("Patient", "p"));
    let query = AccessQuery { subject, principal: None, before: None, limit: 1000 };
    let accesses = trust.record.accesses(&trust.host_permit().unwrap(), query).await.unwrap();
    let by_token = accesses.into_iter().filter(|access| !access.principal.starts_with("host"));
    by_token.map(|access| (access.query, access.sequence)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trust_moves_to_another_store_with_everything_that_it_is() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let database = testkit::postgres::fresh().await.unwrap();
    let (source, target) = (hall(here.path()).await, hall(there.path()).await);
    let cookie = fill(&source).await;
    let trust = source.trust(&code()).await.unwrap();
    let (before, looked_before) = (unit(&trust).await, looked(&trust).await);
    assert!(before.history[1].3.is_empty() && before.history[1].2.is_some(), "{:?}", before.history);
    assert!(contains(&before.drafts[0].1, "Draftington") && contains(&before.document, &"QUJD".repeat(30_000)));
    assert_eq!(before.accounts[0].3.as_deref(), Some("reilly"), "the member of staff that they are goes too");
    assert!(!before.owed.is_empty() && before.configuration.is_some() && !looked_before.is_empty(), "{before:?}");
    let MoveOutcome::Key { key, address } = asked(&target, MoveWork::Key).await else { panic!("no key") };
    let plan = MoveWork::Plan { trust: code(), to: address.unwrap(), key, address: None };
    let MoveOutcome::Ticket { text: ticket } = asked(&source, plan).await else { panic!("no ticket") };
    let store = Some(database.url.clone());
    asked(&target, MoveWork::Copy { ticket, store, throttle: ThrottleChange::default(), from: None }).await;
    let rehearsed = asked(&target, MoveWork::Rehearse { trust: code(), whole: true, from: None }).await;
    let MoveOutcome::Rehearsed(rehearsal) = rehearsed else { panic!("{rehearsed:?}") };
    assert!(rehearsal.agrees() && rehearsal.whole, "{rehearsal:?}");
    let questions = Questions { sequence: rehearsal.sequence, seed: 7, patients: Vec::new(), index: false };
    let answered = answers(&trust.record, &trust.host_permit().unwrap(), &questions).await.unwrap().answers;
    let searches = answered.keys().filter(|question| question.starts_with("search ")).count();
    assert!(searches > 800 && rehearsal.sequence < 50, "few entries, and nearly 900 different rows: {searches}");
    assert!(answered.keys().any(|question| question.starts_with("accounts")), "{answered:?}");
    asked(&source, cut()).await;

    let moved = target.trust(&code()).await.unwrap();
    assert!(moved.entry.store.starts_with("postgres"), "{}", moved.entry.store);
    assert_eq!(unit(&moved).await, before);
    let (status, _, page) = send(&target, "GET", "/t/RAA/register", &[("cookie", &cookie)], "").await;
    assert!(status == StatusCode::OK && page.contains("Draftington"), "the session goes on with its draft: {status}");
    let confirm = code().to_string();
    asked(&target, MoveWork::Complete { trust: code(), confirm, from: None, letter: None }).await;
    let looked_after = looked(&moved).await;
    assert!(looked_before.iter().all(|one| looked_after.contains(one)), "{looked_before:?} {looked_after:?}");
    let report =
        moved.record.verify(VerifyOptions { index: true, ..VerifyOptions::default() }, |_, _| {}).await.unwrap();
    assert!(report.holds(), "{:?} {:?}", report.journal.findings, report.store);
}

/// A certificate that nobody could make for an hour: what was at the cut is not kept any more, so both hosts count at one later
/// entry, and it says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_made_an_hour_late_counts_at_a_later_entry_and_says_so() {
    let now = Arc::new(AtomicI64::new((clock::machine())().0));
    let clock: Clock = {
        let now = Arc::clone(&now);
        Arc::new(move || Moment(now.fetch_add(1, Ordering::AcqRel)))
    };
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (source, target) = (hall_at(here.path(), Arc::clone(&clock)).await, hall_at(there.path(), clock).await);
    let new = NewTrust { code: code(), name: "A trust".into(), store: None, demonstration: false };
    let trust = source.add_trust(new).await.unwrap();
    let put_patients = async |trust: &Trust, family: &str| {
        for id in ["p", "q"] {
            let text = format!(r#"{{"resourceType":"Patient","id":"{id}","name":[{{"family":"{family}"}}]}}"#);
            put(trust, &Key::new("Patient", id), &text).await;
        }
    };
    put_patients(&trust, "Able").await;
    let MoveOutcome::Key { key, address } = asked(&target, MoveWork::Key).await else { panic!("no key") };
    let plan = MoveWork::Plan { trust: code(), to: address.unwrap(), key, address: None };
    let MoveOutcome::Ticket { text: ticket } = asked(&source, plan).await else { panic!("no ticket") };
    asked(&target, MoveWork::Copy { ticket, store: None, throttle: ThrottleChange::default(), from: None }).await;
    asked(&target, MoveWork::Rehearse { trust: code(), whole: false, from: None }).await;
    let MoveOutcome::Cut(cutting) = asked(&source, cut()).await else { panic!("no cut") };

    // As if it had not been made: a host was stopped, or the line was gone.
    let of = find(&source, &code()).unwrap();
    of.change(|kept| kept.certificate = None).unwrap();
    let moved = target.trust(&code()).await.unwrap();
    put_patients(&moved, "Baker").await;
    let text = r#"{"resourceType":"Patient","id":"r"}"#;
    put(&moved, &Key::new("Patient", "r"), text).await;
    now.fetch_add(2 * 60 * 60 * 1000, Ordering::AcqRel);
    put(&moved, &Key::new("Patient", "s"), &text.replace(r#""r""#, r#""s""#)).await;
    let newest = *moved.record.follow().borrow();
    trust.record.follow().wait_for(|sequence| *sequence >= newest).await.unwrap();
    for record in [&trust.record, &moved.record] {
        record.sweep().await.unwrap();
        let counted = counts::counts(&of, record, cutting.entry).await;
        assert!(matches!(counted, Err(Failure::Refused(_))), "what was at the cut is not kept: {counted:?}");
    }

    let made = certificate::of_newest_cut(&source, &of, None).await.unwrap();
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let statement: serde_json::Value = serde_json::from_str(made["statement"].as_str().unwrap()).unwrap();
    assert_eq!((&statement["cut"], &statement["counted_at"]), (&cutting.entry.into(), &newest.into()));
    assert_eq!((&statement["counts_from"]["Patient"], &statement["counts_to"]["Patient"]), (&4.into(), &4.into()));
    let stated = statement["stated"].to_string();
    assert!(stated.contains(&format!("The counts are of entry {newest}")), "{stated}");
    let of_target = certificate::of_newest_cut(&target, &find(&target, &code()).unwrap(), None).await.unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&of_target).unwrap(), made, "both hosts have it");
}
