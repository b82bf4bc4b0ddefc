//! A source that cheats: it omits, edits, reorders, replays or stops, or says of itself what is not so. Two real hosts with their
//! own records speak over the real wire; only what the source answers is changed on its way out. Each cheat is refused and
//! named, and nothing of it stands in the target's record.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use axum::body::{Body, to_bytes};
use axum::middleware::{Next, from_fn};
use futures_util::future::join_all;
use http::header;
use record::VerifyOptions;
use record::apply::Decided;
use serde_json::{Value, json};

use super::super::{MoveOutcome, MoveWork, carry};
use super::*;
use crate::test_host::host_in;
use crate::work::{NewToken, NewTrust, Outcome};

/// Changes what is answered at a path.
type Cheat = fn(&str, Vec<u8>) -> Vec<u8>;

/// A host in a directory of its own.
struct Hall {
    host: Arc<Host>,
    _directory: tempfile::TempDir,
}

fn code() -> TrustCode {
    TrustCode::parse("RAA").unwrap()
}

async fn hall(cheat: Cheat) -> Hall {
    let directory = tempfile::tempdir().unwrap();
    let host = host_in(directory.path(), "sqlite", crate::clock::machine()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    host.listens_at(listener.local_addr().unwrap().to_string());
    let changed = from_fn(move |request: Request, next: Next| async move {
        let path = request.uri().path().to_owned();
        let (mut parts, body) = next.run(request).await.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        parts.headers.remove(header::CONTENT_LENGTH);
        let bytes = if parts.status == StatusCode::OK { cheat(&path, bytes) } else { bytes };
        Response::from_parts(parts, Body::from(bytes))
    });
    let router = router(Arc::clone(&host)).layer(changed);
    tokio::spawn(listen_with(Arc::clone(&host), listener, router));
    Hall { host, _directory: directory }
}

/// A trust of some more entries than a segment has, with something on its desk. A heavy one has so much attached that a
/// segment does not go over the wire at once.
async fn fill(host: &Arc<Host>, is_heavy: bool) {
    host.add_trust(NewTrust { code: code(), name: "A trust".into(), store: None, demonstration: false }).await.unwrap();
    let new =
        NewToken { trust: code(), role: "system".into(), ttl_seconds: 3600, patients: Vec::new(), label: "t".into() };
    let trust = host.trust(&code()).await.unwrap();
    let Outcome::Token { token, .. } = crate::tokens::issue(&trust, new).await.unwrap() else { panic!("no token") };
    let app = routes::router(Arc::clone(host));
    let photo = format!(r#","photo":[{{"contentType":"image/png","data":"{}"}}]"#, "QUJD".repeat(30_000));
    let photo = if is_heavy { photo.as_str() } else { "" };
    for number in 0..300 {
        let request = http::Request::put(format!("/t/RAA/fhir/Patient/p{number}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", token.reveal()))
            .header(header::CONTENT_TYPE, "application/fhir+json")
            .body(Body::from(format!(
                r#"{{"resourceType":"Patient","id":"p{number}","name":[{{"family":"F{number}"}}]{photo}}}"#
            )));
        assert_eq!(app.clone().oneshot(request.unwrap()).await.unwrap().status(), StatusCode::CREATED);
    }
}

async fn asked(host: &Arc<Host>, work: MoveWork) -> Result<MoveOutcome, Failure> {
    match carry(host, work, &|_| {}).await? {
        Outcome::Moved(moved) => Ok(*moved),
        other => panic!("{other:?}"),
    }
}

/// What a move by this source comes to: a sentence that refuses, a difference, or nothing.
async fn comes_to(cheat: Cheat) -> String {
    of_a_trust_comes(cheat, false).await
}

async fn of_a_trust_comes(cheat: Cheat, is_heavy: bool) -> String {
    let (source, target) = (hall(cheat).await, hall(|_, bytes| bytes).await);
    fill(&source.host, is_heavy).await;
    let MoveOutcome::Key { key, address } = asked(&target.host, MoveWork::Key).await.unwrap() else { panic!("no key") };
    let plan = MoveWork::Plan { trust: code(), to: address.unwrap(), key, address: None };
    let MoveOutcome::Ticket { text: ticket } = asked(&source.host, plan).await.unwrap() else { panic!("no ticket") };
    let copy = MoveWork::Copy { ticket, store: None, throttle: super::super::ThrottleChange::default(), from: None };
    let came = async {
        asked(&target.host, copy).await?;
        let rehearsed = asked(&target.host, MoveWork::Rehearse { trust: code(), whole: false, from: None }).await?;
        if let MoveOutcome::Rehearsed(rehearsal) = rehearsed
            && !rehearsal.agrees()
        {
            return Ok(rehearsal.differences.join(" "));
        }
        let unplanned = Some("RAA".into());
        asked(&source.host, MoveWork::Cut { trust: code(), back: false, unplanned, signed: None, people: None })
            .await?;
        Ok::<String, Failure>("nothing".into())
    };
    let came = came.await.unwrap_or_else(|failure| failure.to_string());
    // Whatever came, what stands in the target is whole and a beginning of what stands in the source.
    let of = target.host.moves.find(&code()).unwrap();
    let record = of.record().await.unwrap();
    let report = record.verify(VerifyOptions::default(), |_, _| {}).await.unwrap();
    let of_source = source.host.trust(&code()).await.unwrap().record.clone();
    let size = report.journal.entries;
    assert!(report.holds(), "{came}: {:?}", report.journal.findings);
    assert!(size == 0 || of_source.root_of(size).await.unwrap() == report.journal.root, "{came}");
    assert_eq!(record.tenure() == Tenure::Writes, came == "nothing", "{came}");
    came
}

/// Changes entries on the wire.
fn entries(bytes: &[u8], change: impl FnOnce(&mut Vec<Decided>)) -> Vec<u8> {
    let mut entries = segment::unpack(bytes).unwrap();
    if !entries.is_empty() {
        change(&mut entries);
    }
    segment::pack(&entries).unwrap()
}

fn first_segment(path: &str, bytes: Vec<u8>, change: impl FnOnce(&mut Vec<Decided>)) -> Vec<u8> {
    if path.ends_with("/segment/0/0") { entries(&bytes, change) } else { bytes }
}

fn in_tail(path: &str, bytes: Vec<u8>, change: impl FnOnce(&mut Vec<Decided>)) -> Vec<u8> {
    if path.contains("/tail/") { entries(&bytes, change) } else { bytes }
}

fn said(path: &str, at: &str, bytes: Vec<u8>, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    if !path.ends_with(at) {
        return bytes;
    }
    let mut value = serde_json::from_slice(&bytes).unwrap();
    change(&mut value);
    value.to_string().into_bytes()
}

fn edit(entry: &mut Decided) {
    let Some(record::apply::Text::Kept { text, .. }) = entry.texts.first_mut() else { return };
    *text = String::from_utf8(text.clone()).unwrap().replace("\"F", "\"G").into_bytes();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_source_does_to_what_it_gives_is_refused_and_named() {
    let cheats: [(&str, Cheat, &str); 15] = [
        ("is honest", |_, bytes| bytes, "nothing"),
        ("edits a text", |p, b| first_segment(p, b, |all| all.iter_mut().for_each(edit)), "is not what was committed"),
        ("edits an entry", |p, b| first_segment(p, b, |all| all[9].entry[40] ^= 1), "Segment 0 (entries 1 to 256)"),
        ("omits an entry", |p, b| first_segment(p, b, |all| drop(all.remove(9))), "Segment 0 (entries 1 to 256)"),
        ("reorders", |p, b| first_segment(p, b, |all| all.swap(8, 9)), "Segment 0 (entries 1 to 256)"),
        ("replays", |p, b| first_segment(p, b, |all| all[9] = all[8].clone()), "Segment 0 (entries 1 to 256)"),
        (
            "stops",
            |p, b| if p.ends_with("/segment/0/0") { b[..b.len() / 2].to_vec() } else { b },
            "Segment 0 (entries 1 to 256)",
        ),
        (
            "names another root",
            |p, b| said(p, "/segments", b, |list| list["roots"][0] = json!("00".repeat(32))),
            "does not lead to the root that was signed",
        ),
        (
            "hides its newest entries",
            |p, b| said(p, "/segments", b, |list| drop(list["rest"].as_array_mut().unwrap().pop())),
            "does not lead to the root that was signed",
        ),
        (
            "signs with another key",
            |p, b| {
                said(p, "/segments", b, |list| {
                    let key = journal::SigningKey::from_seed("x", [1; 32]).unwrap();
                    let text = list["checkpoint"].as_str().unwrap();
                    let stated = journal::SignedCheckpoint::parse(text).unwrap().checkpoint().clone();
                    list["checkpoint"] = json!(journal::SignedCheckpoint::sign(stated, &key).unwrap().to_string());
                })
            },
            "is not signed with the record's key",
        ),
        (
            "is somebody else to the record",
            |p, b| {
                said(p, "/hello", b, |hello| {
                    let key = journal::SigningKey::from_seed("x", [1; 32]).unwrap();
                    hello["record_key"] = json!(key.verifier(journal::KeyKind::Log).to_string());
                })
            },
            "with another key than the one that is known",
        ),
        ("edits what follows", |p, b| in_tail(p, b, |all| all.iter_mut().for_each(edit)), "is not what was committed"),
        ("skips in what follows", |p, b| in_tail(p, b, |all| drop(all.remove(0))), "must come next"),
        ("stops in what follows", |p, b| in_tail(p, b, Vec::clear), "does not hold what comes before the cut"),
        (
            "changes the desk",
            |p, b| {
                said(p, "/desk/0", b, |desk| {
                    desk["rows"].as_array_mut().unwrap().iter_mut().for_each(|row| row["bytes"] = json!("e30="));
                })
            },
            "The desk on this host is not the other's",
        ),
    ];
    let came = join_all(cheats.iter().map(|(_, cheat, _)| comes_to(*cheat))).await;
    for ((name, _, expected), came) in cheats.iter().zip(came) {
        assert!(came.contains(expected), "a source that {name}: {came}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_answers_a_rehearsal_with_other_numbers_is_named() {
    let came = comes_to(|path, bytes| {
        said(path, "/compare", bytes, |said| {
            said["Ok"]["answers"]["Patient: how many"] = json!("301");
        })
    })
    .await;
    assert_eq!(came, "Patient: how many: 301 there, 300 here.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_heavy_segment_comes_in_parts_and_each_of_them_is_what_was_signed() {
    fn later(path: &str, bytes: Vec<u8>, change: fn(&mut Vec<Decided>)) -> Vec<u8> {
        let is_later = path.contains("/segment/0/") && !path.ends_with("/0");
        if is_later { entries(&bytes, change) } else { bytes }
    }
    let wrong = "Segment 0 (entries 1 to 256)";
    let cheats: [(&str, Cheat, &str); 5] = [
        ("is honest", |_, bytes| bytes, "nothing"),
        ("edits a later part", |p, b| later(p, b, |all| all[3].entry[40] ^= 1), wrong),
        ("leaves a later part's first entry out", |p, b| later(p, b, |all| drop(all.remove(0))), wrong),
        ("has no more parts", |p, b| later(p, b, Vec::clear), wrong),
        (
            "gives other leaves",
            |p, mut b| {
                if p.ends_with("/leaves/0") {
                    b[0] ^= 1;
                }
                b
            },
            wrong,
        ),
    ];
    let came = join_all(cheats.iter().map(|(_, cheat, _)| of_a_trust_comes(*cheat, true))).await;
    for ((name, _, expected), came) in cheats.iter().zip(came) {
        assert!(came.contains(expected), "a source that {name}: {came}");
    }
}
