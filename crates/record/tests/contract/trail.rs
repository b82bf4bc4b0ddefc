//! Contracts of the trail: the commits that changed something of a subject are listed, whatever became of the texts, and
//! for nobody whose permit does not reach the subject. The expected answer is worked out from the model alone.

use std::collections::{BTreeMap, BTreeSet};

use access::{Grant, Permit, Role, Subject, decide};
use record::trail::{AccessQuery, Changed, Commit, How};
use record::{Change, Erasure, Problem, Record};
use terms::Moment;

use crate::proof::{verify, verify_closed};
use crate::support::{Dice, Place, act, host, key, lines, permit, put, toy};

/// The commits of a patient as a permit sees them, in one page.
pub(crate) async fn commits(record: &Record, permit: &Permit, patient: &str) -> Vec<Commit> {
    let reading = record.read(permit, "who changed").await.unwrap();
    let found = reading.commits(&key("Patient", patient), None, 1000).await.unwrap();
    reading.finish().await.unwrap();
    assert!(found.complete);
    found.commits
}

/// The same in words: sequence, then what was done to how many of which type.
pub(crate) async fn in_words(record: &Record, patient: &str) -> Vec<String> {
    let words = |changed: &Changed| format!(" {:?} {} {}", changed.how, changed.count, changed.kind);
    let found = commits(record, &host(), patient).await;
    found.iter().map(|one| format!("{}{}", one.sequence, one.changed.iter().map(words).collect::<String>())).collect()
}

fn of(patients: &[&str]) -> record::Template {
    toy(&patients.iter().map(|patient| format!("patient Patient/{patient}")).collect::<Vec<_>>())
}

fn thing(id: &str, patients: &[&str]) -> Change {
    Change::Put(key("Thing", id), of(patients))
}

async fn erase(record: &Record, versions: &[(&str, u64)]) -> u64 {
    let versions = versions.iter().map(|(id, version)| (key("Thing", id), *version)).collect();
    let erasure = Erasure { versions, authority: "court order 9".into(), reason: "a wrong document".into() };
    record.erase(&host(), act("erase"), erasure).await.unwrap().sequence
}

pub(crate) async fn whatever_was_changed_of_a_subject_is_listed(place: &Place) {
    let record = place.open().await;
    let patient = |id: &str| Change::Put(key("Patient", id), of(&[id]));
    let born = put(&record, vec![patient("p1"), patient("p2"), thing("place", &[])]).await.sequence;
    let made = put(&record, vec![thing("a", &["p1"]), thing("b", &["p1"]), thing("c", &["p2"])]).await.sequence;
    put(&record, vec![thing("place", &[])]).await;
    let moved = put(&record, vec![thing("a", &["p2"])]).await.sequence;
    let gone = put(&record, vec![Change::Delete(key("Thing", "b"))]).await.sequence;
    let erased = erase(&record, &[("a", 1), ("b", 1), ("c", 1)]).await;
    // What was gone may be written over; whose it was is still known.
    let over = put(&record, vec![thing("c", &["p1"])]).await.sequence;

    // The rows of what was deleted are swept after an hour.
    place.pass(2 * 3_600_000);
    record.sweep().await.unwrap();
    let first = [
        format!("{over} Updated 1 Thing"),
        format!("{erased} Erased 2 Thing"),
        format!("{gone} Deleted 1 Thing"),
        format!("{moved} Updated 1 Thing"),
        format!("{made} Created 2 Thing"),
        format!("{born} Created 1 Patient"),
    ];
    let second = [
        format!("{over} Updated 1 Thing"),
        format!("{erased} Erased 1 Thing"),
        format!("{moved} Updated 1 Thing"),
        format!("{made} Created 1 Thing"),
        format!("{born} Created 1 Patient"),
    ];
    assert_eq!(in_words(&record, "p1").await, first);
    assert_eq!(in_words(&record, "p2").await, second);
    assert!(in_words(&record, "p3").await.is_empty());

    let newest = &commits(&record, &host(), "p1").await[5];
    assert_eq!((newest.author.as_str(), newest.permit.as_str()), ("host/test", "host by host"));
    assert_eq!((newest.command.as_str(), newest.cause.reference.as_str()), ("put", "contract"));
    assert_eq!(newest.changed, [Changed { how: How::Created, kind: "Patient".into(), count: 1 }]);
    let report = verify(&record, Vec::new()).await;
    assert!(report.holds(), "{:?}", report.store);
}

pub(crate) async fn commits_come_in_pages_of_one_moment(place: &Place) {
    let record = place.open().await;
    for number in 0..25 {
        put(&record, vec![thing(&format!("t{number}"), &["p1"])]).await;
    }
    let reading = record.read(&host(), "who changed").await.unwrap();
    put(&record, vec![thing("later", &["p1"])]).await;
    let (mut found, mut below) = (Vec::new(), None);
    loop {
        let page = reading.commits(&key("Patient", "p1"), below, 10).await.unwrap().commits;
        below = page.last().map(|commit| commit.sequence);
        found.extend(page.iter().map(|commit| commit.sequence));
        if page.len() < 10 {
            break;
        }
    }
    reading.finish().await.unwrap();
    let all: Vec<u64> = commits(&record, &host(), "p1").await.iter().map(|commit| commit.sequence).collect();
    assert_eq!((found.len(), all.len()), (25, 26));
    assert_eq!(found, all[1..]);
}

pub(crate) async fn a_survivor_s_commits_have_those_of_the_merged(place: &Place) {
    let record = place.open().await;
    let both = put(&record, vec![thing("a", &["p1"]), thing("b", &["p2"])]).await.sequence;
    let losers = put(&record, vec![thing("c", &["p2"])]).await.sequence;
    put(&record, vec![Change::Put(key("Merge", "m"), lines(&["alias Patient/p1 Patient/p2"]))]).await;
    let survivor = in_words(&record, "p1").await;
    assert_eq!(survivor, [format!("{losers} Created 1 Thing"), format!("{both} Created 2 Thing")]);
    assert_eq!(in_words(&record, "p2").await, [format!("{losers} Created 1 Thing"), format!("{both} Created 1 Thing")]);
    put(&record, vec![Change::Delete(key("Merge", "m"))]).await;
    assert_eq!(in_words(&record, "p1").await, [format!("{both} Created 1 Thing")]);
}

fn officer(of: &[&str]) -> Permit {
    let subject = |id: &&str| Subject { kind: "Patient".into(), id: (*id).into() };
    let grant = Grant::role("user/officer", "Officer", Role::PrivacyOfficer);
    decide(grant.only(of.iter().map(subject)), Moment(0)).unwrap()
}

pub(crate) async fn who_changed_is_told_within_the_permit(place: &Place) {
    let record = place.open().await;
    put(&record, vec![thing("a", &["p1"]), thing("b", &["p2"]), thing("c", &["p5"])]).await;
    put(&record, vec![Change::Put(key("Unit", "seals"), lines(&["label sealed Patient/p5"]))]).await;
    let count = async |permit: &Permit, patient: &str| commits(&record, permit, patient).await.len();
    let all = permit(Role::PrivacyOfficer, "user/officer");
    assert_eq!((count(&all, "p1").await, count(&all, "p2").await, count(&all, "p5").await), (1, 1, 0));
    let one = officer(&["p1"]);
    assert_eq!((count(&one, "p1").await, count(&one, "p2").await, count(&officer(&[]), "p1").await), (1, 0, 0));
    assert_eq!(count(&host(), "p5").await, 1);
    for role in Role::ALL.into_iter().filter(|role| !matches!(role, Role::PrivacyOfficer | Role::Host)) {
        let Ok(permit) = decide(Grant::role("user/x", "X", role).only([]), Moment(0)) else { continue };
        let reading = record.read(&permit, "who changed").await.unwrap();
        let refused = reading.commits(&key("Patient", "p1"), None, 10).await;
        assert!(matches!(refused, Err(Problem::NotPermitted { .. })), "{role:?}");
        reading.finish().await.unwrap();
    }
    // Another trust has another record: the same patient's id and permit find nothing of this one's there.
    let other = Place::sqlite();
    let elsewhere = other.open().await;
    put(&elsewhere, vec![thing("z", &["p9"])]).await;
    assert!(commits(&elsewhere, &one, "p1").await.is_empty());
    // Who asked is in the access journal: shown, and for what the permit does not reach, refused.
    let query = AccessQuery { principal: Some("user/officer".into()), limit: 100, ..AccessQuery::default() };
    let noted = record.accesses(&host(), query.clone()).await.unwrap();
    let shown = noted.iter().filter(|access| access.shown && access.subjects == 1).count();
    let refused = noted.iter().filter(|access| !access.shown).count();
    assert_eq!((shown, refused), (3, 3), "{noted:?}");
    let of_one = AccessQuery { subject: Some(key("Patient", "p1")), ..query };
    assert_eq!(record.accesses(&host(), of_one).await.unwrap().len(), 2);
}

/// Random changes, each with whom it concerns.
async fn live(record: &Record, dice: &mut Dice, steps: usize) -> BTreeMap<String, BTreeSet<u64>> {
    let mut whose: BTreeMap<String, Vec<Option<BTreeSet<String>>>> = BTreeMap::new();
    let mut expected: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    let mut note = |who: &BTreeSet<String>, sequence: u64| {
        for patient in who {
            expected.entry(patient.clone()).or_default().insert(sequence);
        }
    };
    for _ in 0..steps {
        let id = format!("t{}", dice.roll(12));
        let versions = whose.entry(id.clone()).or_default();
        let before = versions.last().cloned().flatten().unwrap_or_default();
        if dice.roll(8) == 0 {
            let version = dice.roll(4) + 1;
            let erasure = Erasure {
                versions: vec![(key("Thing", &id), version)],
                authority: "court order 9".into(),
                reason: "a wrong document".into(),
            };
            if let Ok(receipt) = record.erase(&host(), act("erase"), erasure).await {
                note(versions[version as usize - 1].as_ref().unwrap(), receipt.sequence);
            }
        } else if dice.roll(6) == 0 {
            let receipt = put(record, vec![Change::Delete(key("Thing", &id))]).await;
            if !receipt.written.is_empty() {
                note(&before, receipt.sequence);
                versions.push(None);
            }
        } else {
            let after: BTreeSet<String> = (0..dice.roll(3)).map(|_| format!("p{}", dice.roll(4))).collect();
            let patients: Vec<&str> = after.iter().map(String::as_str).collect();
            let receipt = put(record, vec![thing(&id, &patients)]).await;
            note(&before, receipt.sequence);
            note(&after, receipt.sequence);
            versions.push(Some(after));
        }
    }
    expected
}

async fn check(record: &Record, expected: &BTreeMap<String, BTreeSet<u64>>) {
    for (patient, sequences) in expected {
        let found = commits(record, &host(), patient).await;
        let found: Vec<u64> = found.iter().map(|commit| commit.sequence).collect();
        assert_eq!(found, sequences.iter().rev().copied().collect::<Vec<_>>(), "{patient}");
    }
}

pub(crate) async fn the_trail_equals_a_filter_over_all_commits(place: &Place) {
    let record = place.open().await;
    let expected = live(&record, &mut Dice::new(61), 250).await;
    assert!(expected.len() == 4 && expected.values().all(|sequences| sequences.len() > 30));
    check(&record, &expected).await;
    let report = verify(&record, Vec::new()).await;
    assert!(report.holds(), "{:?}", report.store);
}

pub(crate) async fn a_record_without_a_trail_gets_its_own(place: &Place) {
    let record = place.open().await;
    let expected = live(&record, &mut Dice::new(67), 120).await;
    record.close().await;
    // As a release before left it: no trail, but erased texts whose subjects nothing else tells.
    place.tamper("DELETE FROM trail; DELETE FROM desk").await;
    let record = place.open().await;
    let reading = record.read(&host(), "who changed").await.unwrap();
    reading.commits(&key("Patient", "p1"), None, 10).await.unwrap();
    reading.finish().await.unwrap();
    record.index_settled().await;
    check(&record, &expected).await;
    let report = verify(&record, Vec::new()).await;
    assert!(report.holds(), "{:?}", report.store);
}

/// What is changed in the trail, and the kind of finding that must come of it.
const TAMPERING: &[(&str, &str)] = &[
    ("DELETE FROM trail WHERE sequence = (SELECT max(sequence) FROM trail)", "trail-row-missing"),
    ("UPDATE trail SET rids = (SELECT rids FROM entry WHERE sequence = 1)", "trail-row-changed"),
    (
        "INSERT INTO trail SELECT 100000, sequence, rids FROM trail WHERE subject = (SELECT min(subject) FROM trail)",
        "trail-row-unknown",
    ),
];

pub(crate) async fn a_trail_that_was_tampered_with_is_named(place: &Place) {
    let record = place.open().await;
    live(&record, &mut Dice::new(71), 60).await;
    record.close().await;
    for (sql, kind) in TAMPERING {
        let copy = place.copy().await;
        copy.tamper(sql).await;
        let report = verify_closed(&copy, Vec::new()).await;
        assert!(report.store.iter().any(|finding| finding.kind == *kind), "{sql}: {:?}", report.store);
    }
}
