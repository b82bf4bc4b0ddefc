//! Contracts of what lies beside the journal: desk, access journal, checkpoints.
//! They know no store: each runs on every one.

use access::Role;
use record::trail::AccessQuery;
use record::{Change, DeskChange, Options, Problem, Record};
use terms::Moment;

use crate::proof::verify_closed;
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

pub(crate) async fn accesses_go_on_in_the_next_segment(place: &Place) {
    let short = || Options { segment_bytes: 300, ..place.options() };
    let record = Record::open(&place.location, short()).await.unwrap();
    let epoch = record.status().await.unwrap().epoch;
    let folder = place.directory().join("access");
    let segment = |epoch: u64, number: u32, ending: &str| folder.join(format!("{epoch:010}-{number:06}.{ending}"));
    // For a while the third segment cannot be begun, and accesses go on in the second.
    std::fs::create_dir(segment(epoch, 3, "new")).unwrap();
    for number in 0..30 {
        if number == 15 {
            std::fs::remove_dir(segment(epoch, 3, "new")).unwrap();
        }
        let reading = record.read(&host(), format!("look {number}")).await.unwrap();
        assert_eq!(reading.get(&key("Thing", "a")).await.unwrap(), None);
        reading.finish().await.unwrap();
    }
    record.close().await;
    let longest = (3..=5).map(|number| std::fs::metadata(segment(epoch, number, "access")).unwrap().len()).max();
    assert!(longest.unwrap() < 600, "a segment ends at its first leaf beyond the limit: {longest:?}");

    std::fs::write(segment(epoch, 99, "new"), b"almoner:acc").unwrap();
    std::fs::remove_file(folder.join("index.db")).unwrap();
    let record = Record::open(&place.location, short()).await.unwrap();
    assert!(!segment(epoch, 99, "new").exists(), "what was not begun whole is removed");
    let all = AccessQuery { limit: 100, ..AccessQuery::default() };
    let seen = record.accesses(&host(), all).await.unwrap();
    let queries: Vec<String> = seen.into_iter().rev().map(|access| access.query).collect();
    assert_eq!(queries, (0..30).map(|number| format!("look {number}")).collect::<Vec<_>>());
    record.close().await;
    assert!(verify_closed(place, Vec::new()).await.holds());
    std::fs::remove_file(segment(epoch, 2, "access")).unwrap();
    let report = verify_closed(place, Vec::new()).await;
    assert!(report.journal.findings.iter().any(|finding| finding.kind.name() == "leaf-missing"), "{report:?}");

    // Whoever put it there, it is not replaced.
    std::fs::write(segment(epoch + 2, 7, "access"), b"almoner:access1\n").unwrap();
    let opened = Record::open(&place.location, short()).await;
    assert!(matches!(opened, Err(Problem::Damaged { .. })), "{:?}", opened.err());
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
