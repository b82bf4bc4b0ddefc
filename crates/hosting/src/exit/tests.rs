//! A trust with a bit of everything leaves one host and is read in on another: what was erased is nowhere in the folder and
//! stays erased, and the copy is what it was, on either store.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::path::Path;
use std::sync::Arc;

use record::{Erasure, Key, Operation};

use super::{ExitOutcome, ExitWork, carry};
use crate::clock;
use crate::host::Host;
use crate::test_host::{act, contains, host_in, put};
use crate::trusts::TrustCode;
use crate::work::{NewTrust, Outcome};

/// A text that nobody may find once it is erased.
const SECRET: &str = "Hexham-Quillfeather";

async fn host(data: &Path, store: &str) -> Arc<Host> {
    host_in(data, store, clock::machine()).await
}

fn code() -> TrustCode {
    TrustCode::parse("RAA").unwrap()
}

async fn exit(host: &Arc<Host>, work: ExitWork) -> ExitOutcome {
    match carry(host, work, &|_| {}).await.unwrap() {
        Outcome::Exit(outcome) => *outcome,
        other => panic!("{other:?}"),
    }
}

/// The bytes of all files below a folder.
fn heap(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        all.extend(if path.is_dir() { heap(&path) } else { std::fs::read(&path).unwrap() });
    }
    all
}

async fn leaves(stores: [&str; 2]) {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let source = host(here.path(), stores[0]).await;
    let new = NewTrust { code: code(), name: "A trust".into(), store: None, demonstration: false };
    let trust = source.add_trust(new).await.unwrap();
    let (patient, document) = (Key::new("Patient", "p"), Key::new("DocumentReference", "d"));
    put(&trust, &patient, &format!(r#"{{"resourceType":"Patient","id":"p","name":[{{"family":"{SECRET}"}}]}}"#)).await;
    put(&trust, &patient, r#"{"resourceType":"Patient","id":"p","name":[{"family":"Able"}]}"#).await;
    // A large attachment of its own, and one that two versions share.
    let scan = |what: u8| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, vec![what; 90_000]);
    let with = |title: &str, what: u8| {
        format!(
            r#"{{"resourceType":"DocumentReference","id":"d","status":"current","description":"{title}","subject":{{"reference":"Patient/p"}},"content":[{{"attachment":{{"contentType":"application/pdf","data":"{}"}}}}]}}"#,
            scan(what)
        )
    };
    put(&trust, &document, &with(SECRET, b'q')).await;
    put(&trust, &document, &with("second", b'r')).await;
    put(&trust, &document, &with("third", b'r')).await;
    let erasure = Erasure {
        versions: vec![(patient.clone(), 1), (document.clone(), 1)],
        authority: "court order 9".into(),
        reason: "a wrong name".into(),
    };
    trust.record.erase(&trust.host_permit().unwrap(), act("erase"), erasure).await.unwrap();

    let folder = here.path().join("out");
    let by = Some("A tester".to_owned());
    let out = exit(&source, ExitWork::Export { trust: code(), to: folder.clone(), by }).await;
    let ExitOutcome::Exported(out) = out else { panic!("{out:?}") };
    assert_eq!((out.holds.erased, out.holds.blobs), (2, 1), "{out:?}");
    let heap = heap(&folder);
    assert!(contains(&heap, "Able") && contains(&heap, "court order 9"));
    assert!(!contains(&heap, SECRET) && !contains(&heap, &"q".repeat(100)) && !contains(&heap, &scan(b'q')[..100]));

    let target = host(there.path(), stores[1]).await;
    let back = exit(&target, ExitWork::Import { from: folder, code: None, store: None, against: None }).await;
    let ExitOutcome::Imported(back) = back else { panic!("{back:?}") };
    assert!(back.faults.is_empty() && back.differences.is_empty(), "{back:?}");
    let copy = target.trust(&code()).await.unwrap();
    let reading = copy.record.read(&copy.host_permit().unwrap(), "test").await.unwrap();
    let history = reading.history(&patient, None, 10).await.unwrap();
    assert_eq!(history.len(), 2);
    assert!(history[1].text.is_empty() && history[1].erased.is_some() && history[1].operation == Operation::Create);
    let documents = reading.history(&document, None, 10).await.unwrap();
    assert!(contains(&documents[0].text, &scan(b'r')) && contains(&documents[1].text, &scan(b'r')));
    reading.finish().await.unwrap();
    for host in [source, target] {
        let rehearsed = exit(&host, ExitWork::Rehearse { trust: code() }).await;
        assert!(!rehearsed.is_wrong(), "{rehearsed:?}");
        host.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_text_is_nowhere_in_the_folder_and_stays_erased() {
    leaves(["sqlite", "sqlite"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_text_stays_erased_from_store_to_store() {
    let database = testkit::postgres::fresh().await.unwrap();
    leaves(["sqlite", &database.url]).await;
    let database = testkit::postgres::fresh().await.unwrap();
    leaves([&database.url, "sqlite"]).await;
}
