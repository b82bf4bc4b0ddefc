//! Contracts of what lies beside the journal: desk, access journal, checkpoints.
//! They know no store: each runs on every one.

use access::Role;
use record::{AccessQuery, Change, DeskChange, Problem};
use terms::Moment;

use crate::support::{Place, host, key, lines, permit, put};

fn desk(key: &str, content: Option<&str>, expected: Option<u64>) -> DeskChange {
    let content = content.map(|text| (text.as_bytes().to_vec(), Some(Moment(5))));
    DeskChange { kind: "session".into(), key: key.into(), content, expected }
}

pub(crate) async fn the_desk_keeps_and_compares(place: &Place) {
    let record = place.open().await;
    assert_eq!(record.desk_put(vec![desk("a", Some("one"), Some(0))]).await.unwrap(), [true]);
    assert_eq!(record.desk_put(vec![desk("a", Some("two"), Some(0))]).await.unwrap(), [false]);
    let row = record.desk_get("session", "a").await.unwrap().unwrap();
    assert_eq!((row.bytes.as_slice(), row.expires), (b"one".as_slice(), Some(Moment(5))));
    let both = vec![desk("b", Some("x"), None), desk("a", Some("three"), Some(row.change + 9))];
    assert_eq!(record.desk_put(both).await.unwrap(), [true, false], "all or none");
    assert_eq!(record.desk_get("session", "b").await.unwrap(), None);
    record.desk_put(vec![desk("a", Some("three"), Some(row.change)), desk("ab", Some("y"), None)]).await.unwrap();
    record.close().await;
    let record = place.open().await;
    let keys = |rows: Vec<record::DeskRow>| rows.into_iter().map(|row| row.key).collect::<Vec<_>>();
    assert_eq!(keys(record.desk_list("session", "a", 10).await.unwrap()), ["a", "ab"]);
    record.desk_put(vec![desk("a", None, None)]).await.unwrap();
    assert_eq!(keys(record.desk_list("session", "", 10).await.unwrap()), ["ab"]);
}

pub(crate) async fn every_showing_is_in_the_access_journal(place: &Place) {
    let record = place.open().await;
    let about = lines(&["patient Patient/p1", "text Thing.name ann"]);
    put(&record, vec![Change::Put(key("Thing", "a"), about)]).await;
    put(&record, vec![Change::Put(key("Patient", "p1"), lines(&["patient Patient/p1"]))]).await;
    let clinician = permit(Role::Clinician, "user/nurse");
    let reading = record.read(&clinician, "open Thing/a").await.unwrap();
    reading.get(&key("Thing", "a")).await.unwrap().unwrap();
    reading.finish().await.unwrap();
    let clerk = permit(Role::Clerk, "user/clerk");
    let reading = record.read(&clerk, "open Thing/a").await.unwrap();
    assert_eq!(reading.get(&key("Thing", "a")).await.unwrap(), None, "a clerk sees no clinical content");
    reading.finish().await.unwrap();

    let of = |subject: Option<record::Key>, principal: Option<&str>| AccessQuery {
        subject,
        principal: principal.map(str::to_owned),
        before: None,
        limit: 10,
    };
    let officer = permit(Role::PrivacyOfficer, "user/privacy");
    let seen = record.accesses(&officer, of(Some(key("Patient", "p1")), None)).await.unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (seen[0].principal.as_str(), seen[0].shown, seen[0].query.as_str()),
        ("user/nurse", true, "open Thing/a")
    );
    let by_clerk = record.accesses(&officer, of(None, Some("user/clerk"))).await.unwrap();
    assert_eq!(by_clerk.iter().map(|access| access.shown).collect::<Vec<_>>(), [false]);
    let denied = record.accesses(&clinician, of(None, None)).await;
    assert!(matches!(denied, Err(Problem::NotPermitted { .. })));

    record.close().await;
    std::fs::remove_file(place.directory().join("access/index.db")).unwrap();
    let record = place.open().await;
    let again = record.accesses(&officer, of(Some(key("Patient", "p1")), None)).await.unwrap();
    assert_eq!(again.iter().map(|access| &access.principal).collect::<Vec<_>>(), ["user/nurse"]);
}

pub(crate) async fn a_checkpoint_states_the_journal(place: &Place) {
    let record = place.open().await;
    for number in 0..300 {
        put(&record, vec![Change::Put(key("Thing", &format!("t{number}")), lines(&[]))]).await;
    }
    let signed = record.checkpoint().await.unwrap();
    assert_eq!(signed.checkpoint().size, record.status().await.unwrap().sequence);
    signed.verify(&[record.verifier_key()]).unwrap();
    assert_eq!(record.last_checkpoint().unwrap().unwrap().checkpoint(), signed.checkpoint());
    let reading = record.read(&host(), "test").await.unwrap();
    assert!(reading.sequence() >= 301);
}
