//! Contracts of tampering: whatever is changed behind a record's back, in its tables or in its access journal, is named
//! with the place where it is. They know no store: each runs on every one.

use journal::{AccessLeaf, access_chain_hash};
use record::{Change, Erasure, Options, Record, VerifyReport};

use crate::proof::{holds, open_keeping, used, verify_closed, verify_kept};
use crate::support::{Place, act, host, key, lines, put};

/// Where a finding must be.
#[derive(Debug, Clone, Copy)]
enum At {
    /// At this entry.
    Entry(u64),
    /// At what the entry of this number did, which a statement gives; at the entry too where the journal names one.
    Version(&'static str),
    /// At what a statement gives, asked before anything was changed.
    Asked(&'static str),
    /// About this.
    Named(&'static str),
    /// About an index row of the resource whose row number a statement gives.
    RowOf(&'static str),
}

/// What is changed, and the findings that must come of it: kind and place.
type Case = (&'static str, &'static [(&'static str, At)]);

/// The newest version of the newest resource.
const NEWEST: At = At::Version("SELECT max(sequence) FROM version WHERE rid = (SELECT max(rid) FROM version)");

const TAMPERING: &[Case] = &[
    (
        "UPDATE entry SET body = (SELECT body FROM entry WHERE sequence = 20) WHERE sequence = 21",
        &[("entry-twice", At::Entry(20)), ("entry-missing", At::Entry(21)), ("entry-row-changed", At::Entry(21))],
    ),
    ("DELETE FROM entry WHERE sequence = 40", &[("entry-missing", At::Entry(40))]),
    ("UPDATE entry SET moment = moment + 1 WHERE sequence = 9", &[("entry-row-changed", At::Entry(9))]),
    (
        "UPDATE entry SET sequence = 100000 WHERE sequence = 50; UPDATE entry SET sequence = 50 WHERE sequence = 51; \
      UPDATE entry SET sequence = 51 WHERE sequence = 100000",
        &[("entry-out-of-place", At::Entry(50)), ("entry-row-changed", At::Entry(51))],
    ),
    // Added behind the head and before the first, where no reader comes.
    (
        "INSERT INTO entry SELECT sequence + 100000, moment, salt, rids, body FROM entry WHERE sequence = 5",
        &[("entry-unknown", At::Entry(100_005))],
    ),
    (
        "INSERT INTO entry SELECT sequence - 5, moment, salt, rids, body FROM entry WHERE sequence = 5",
        &[("entry-unknown", At::Entry(0))],
    ),
    // Replayed at the end, with a head that knows of it, and in the middle, with room made for it.
    (
        "INSERT INTO entry SELECT (SELECT sequence + 1 FROM head), moment, salt, rids, body FROM entry \
      WHERE sequence = 30; UPDATE head SET sequence = sequence + 1",
        &[("entry-twice", At::Entry(30)), ("head-changed", At::Named(""))],
    ),
    (
        "UPDATE entry SET sequence = sequence + 100000 WHERE sequence > 100; \
      INSERT INTO entry SELECT 101, moment, salt, rids, body FROM entry WHERE sequence = 60; \
      UPDATE entry SET sequence = sequence - 99999 WHERE sequence > 100000; \
      UPDATE head SET sequence = sequence + 1",
        &[("entry-twice", At::Entry(60)), ("entry-row-changed", At::Entry(102))],
    ),
    (
        "UPDATE version SET text = (SELECT text FROM version WHERE sequence = 12) WHERE sequence = 13",
        &[("text-changed", At::Version("SELECT 13"))],
    ),
    (
        "UPDATE version SET salt = (SELECT salt FROM version WHERE sequence = 12) WHERE sequence = 13",
        &[("text-changed", At::Version("SELECT 13"))],
    ),
    // Swapped with their salts, each whole.
    (
        "CREATE TEMPORARY TABLE swapped AS SELECT 25 - sequence AS sequence, coding, salt, text FROM version \
      WHERE sequence IN (12, 13); \
      UPDATE version SET (coding, salt, text) = (SELECT coding, salt, text FROM swapped \
        WHERE swapped.sequence = version.sequence) WHERE sequence IN (12, 13)",
        &[("text-changed", At::Version("SELECT 12")), ("text-changed", At::Version("SELECT 13"))],
    ),
    ("UPDATE version SET text = NULL WHERE sequence = 14", &[("text-missing", At::Version("SELECT 14"))]),
    ("DELETE FROM version WHERE sequence = 15", &[("text-missing", At::Version("SELECT 15"))]),
    (
        "INSERT INTO version SELECT rid, version + 500, sequence, moment, operation, seal, coding, salt, text \
      FROM version WHERE sequence = 16",
        &[(
            "version-unknown",
            At::Asked("SELECT 'row ' || rid || ' version ' || (version + 500) FROM version WHERE sequence = 16"),
        )],
    ),
    (
        "INSERT INTO version SELECT rid, version + 500, sequence + 100000, moment, operation, seal, coding, salt, text \
      FROM version WHERE sequence = 16",
        &[(
            "version-unknown",
            At::Asked("SELECT 'row ' || rid || ' version ' || (version + 500) FROM version WHERE sequence = 16"),
        )],
    ),
    (
        "UPDATE version SET moment = moment + 1 WHERE sequence = 17",
        &[("version-row-changed", At::Version("SELECT 17"))],
    ),
    (
        "UPDATE version SET operation = 3 - operation WHERE sequence = 18 AND operation < 3",
        &[("version-row-changed", At::Version("SELECT 18"))],
    ),
    (
        "UPDATE resource SET live = 1 - live WHERE rid = (SELECT max(rid) FROM version)",
        &[("resource-state-changed", At::Asked("SELECT 'row ' || max(rid) FROM version"))],
    ),
    (
        "UPDATE resource SET kind = kind + 90 WHERE rid = (SELECT max(rid) FROM version)",
        &[("resource-changed", NEWEST)],
    ),
    ("UPDATE tally SET live = live + 1", &[("tally-changed", At::Named("Thing"))]),
    ("UPDATE head SET moment = moment + 1", &[("head-changed", At::Named(""))]),
    ("UPDATE tile SET hashes = (SELECT body FROM entry WHERE sequence = 3)", &[("tile-changed", At::Entry(1))]),
    ("DELETE FROM tile", &[("tile-missing", At::Named("tile/0/000"))]),
    (
        "DELETE FROM idx WHERE key = (SELECT key FROM idx ORDER BY key LIMIT 1)",
        &[("index-row-missing", At::RowOf("SELECT rid FROM idx ORDER BY key, rid LIMIT 1"))],
    ),
    (
        "INSERT INTO idx SELECT key, 1 FROM idx WHERE rid <> 1 AND key NOT IN (SELECT key FROM idx WHERE rid = 1) \
      ORDER BY key LIMIT 1",
        &[("index-row-unknown", At::RowOf("SELECT 1"))],
    ),
    (
        "UPDATE idx SET rid = 100000 WHERE (key, rid) = (SELECT key, rid FROM idx ORDER BY key DESC, rid DESC LIMIT 1)",
        &[
            ("index-row-unknown", At::RowOf("SELECT 100000")),
            ("index-row-missing", At::RowOf("SELECT rid FROM idx ORDER BY key DESC, rid DESC LIMIT 1")),
        ],
    ),
    (
        "UPDATE version SET rid = 100001 WHERE sequence = 30",
        &[
            ("version-unknown", At::Asked("SELECT 'row 100001 version ' || version FROM version WHERE sequence = 30")),
            ("text-missing", At::Version("SELECT 30")),
        ],
    ),
];

/// Which past row is changed by the cases below: one that is kept for ever, and one that is not.
const KEPT_ROW: &str = "(key, rid, from_sequence) = \
     (SELECT key, rid, from_sequence FROM index_past WHERE kept = 1 ORDER BY key DESC, rid, from_sequence LIMIT 1)";
const OTHER_ROW: &str = "(key, rid, from_sequence) = \
     (SELECT key, rid, from_sequence FROM index_past WHERE kept = 0 ORDER BY key DESC, rid, from_sequence LIMIT 1)";

/// What is done to that row, the finding that must come of it, and which row that names: of which resource, from when to
/// when, as a statement over the row says.
const PAST_TAMPERING: &[(&str, &str, [&str; 3])] = &[
    ("DELETE FROM index_past WHERE", "past-row-missing", ["rid", "from_sequence", "to_sequence"]),
    (
        "UPDATE index_past SET to_sequence = to_sequence + 1 WHERE",
        "past-row-unknown",
        ["rid", "from_sequence", "to_sequence + 1"],
    ),
    ("UPDATE index_past SET to_sequence = -1, kept = 1 WHERE", "past-row-unknown", ["rid", "from_sequence", "-1"]),
    (
        "UPDATE index_past SET from_sequence = from_sequence - 1 WHERE",
        "past-row-unknown",
        ["rid", "from_sequence - 1", "to_sequence"],
    ),
    ("UPDATE index_past SET rid = rid + 1 WHERE", "past-row-unknown", ["rid + 1", "from_sequence", "to_sequence"]),
    (
        "UPDATE index_past SET key = (SELECT key FROM idx ORDER BY key DESC LIMIT 1) WHERE",
        "past-row-unknown",
        ["rid", "from_sequence", "to_sequence"],
    ),
    ("UPDATE index_past SET kept = 1 - kept WHERE", "past-row-missing", ["rid", "from_sequence", "to_sequence"]),
    (
        "INSERT INTO index_past SELECT key, rid, from_sequence + 1, to_sequence + 1, kept FROM index_past WHERE",
        "past-row-unknown",
        ["rid", "from_sequence + 1", "to_sequence + 1"],
    ),
    (
        "INSERT INTO index_past SELECT key, 100000, from_sequence, to_sequence, kept FROM index_past WHERE",
        "past-row-unknown",
        ["100000", "from_sequence", "to_sequence"],
    ),
];

pub(crate) async fn whatever_is_tampered_with_is_named(place: &Place) {
    used(place).await.close().await;
    for (sql, findings) in TAMPERING {
        let mut expected = Vec::new();
        for (kind, at) in *findings {
            expected.push((*kind, wanted(place, *at).await));
        }
        assert_named(place, sql, &expected).await;
    }
    for row in [KEPT_ROW, OTHER_ROW] {
        for (sql, kind, [rid, from, to]) in PAST_TAMPERING {
            let of = |what: &str| format!("SELECT CAST({what} AS bigint) FROM index_past WHERE {row}");
            let resource = resource(place, place.one(&of(rid)).await).await;
            let (from, to): (i64, i64) = (place.one(&of(from)).await, place.one(&of(to)).await);
            let expected = Wanted::Part(format!(" of {resource} from entry {from} to {}", to as u64));
            assert_named(place, &format!("{sql} {row}"), &[(*kind, expected)]).await;
        }
        let resource = resource(place, place.one(&format!("SELECT rid FROM index_past WHERE {row}")).await).await;
        let sql = format!("INSERT INTO idx SELECT key, rid FROM index_past WHERE {row}");
        assert_named(place, &sql, &[("index-row-unknown", Wanted::Part(format!(" of {resource}")))]).await;
    }
    holds(&verify_kept(&place.copy().await, Vec::new()).await);
}

/// A place as the record's tables say it before anything is changed.
#[derive(Debug)]
enum Wanted {
    /// The entry's number, as the journal or the store names it.
    Entry(u64),
    /// The entry where the journal names one, and what it is about.
    Version(u64, String),
    /// What it is about.
    Subject(String),
    /// The end or middle of what it is about.
    Part(String),
}

async fn wanted(place: &Place, at: At) -> Wanted {
    match at {
        At::Entry(sequence) => Wanted::Entry(sequence),
        At::Version(sql) => {
            let sequence: i64 = place.one(&format!("SELECT CAST(({sql}) AS bigint)")).await;
            Wanted::Version(sequence as u64, version(place, sequence).await)
        }
        At::Asked(sql) => Wanted::Subject(place.one(sql).await),
        At::Named(subject) => Wanted::Subject(subject.to_owned()),
        At::RowOf(sql) => {
            let rid = place.one(&format!("SELECT CAST(({sql}) AS bigint)")).await;
            Wanted::Part(format!(" of {}", resource(place, rid).await))
        }
    }
}

/// The one version that an entry made.
async fn version(place: &Place, sequence: i64) -> String {
    let body: Vec<u8> = place.one(&format!("SELECT body FROM entry WHERE sequence = {sequence}")).await;
    let entry = journal::Entry::decode(&body).unwrap();
    let [change] = entry.changes.as_slice() else { panic!("entry {sequence} makes {} versions", entry.changes.len()) };
    format!("{}/{} version {}", change.kind, change.id, change.version)
}

/// The resource of a row number, or the number when there is none.
async fn resource(place: &Place, rid: i64) -> String {
    let sequence: i64 =
        place.one(&format!("SELECT CAST(coalesce(max(sequence), 0) AS bigint) FROM version WHERE rid = {rid}")).await;
    if sequence == 0 {
        return format!("row {rid}");
    }
    let version = version(place, sequence).await;
    version.split(' ').next().unwrap().to_owned()
}

/// Changes a copy and verifies it: every finding that is wanted is there.
async fn assert_named(place: &Place, sql: &str, expected: &[(&str, Wanted)]) {
    let copy = place.copy().await;
    copy.tamper(sql).await;
    let found = places(&verify_kept(&copy, Vec::new()).await);
    for (kind, at) in expected {
        let is_there = |(named, entry, subject): &(&str, Option<u64>, String)| {
            named == kind
                && match at {
                    Wanted::Entry(wanted) => *entry == Some(*wanted),
                    Wanted::Version(wanted, what) => entry.is_none_or(|entry| entry == *wanted) && subject == what,
                    Wanted::Subject(wanted) => subject == wanted,
                    Wanted::Part(wanted) => subject.contains(wanted.as_str()),
                }
        };
        assert!(found.iter().any(is_there), "{sql}: no {kind} at {at:?} in {found:?}");
    }
}

/// Every finding: its kind, the entry or access leaf that it names, and what it is about.
fn places(report: &VerifyReport) -> Vec<(&'static str, Option<u64>, String)> {
    let journal = report.journal.findings.iter();
    let journal = journal.map(|finding| (finding.kind.name(), finding.at_entry, finding.subject.clone()));
    let store = report.store.iter().map(|finding| {
        let entry = finding.subject.strip_prefix("entry ").and_then(|number| number.parse().ok());
        (finding.kind, entry, finding.subject.clone())
    });
    journal.chain(store).collect()
}

/// What was erased is put back as it was, with its salt.
pub(crate) async fn an_erased_text_that_is_put_back_is_named(place: &Place) {
    let record = used(place).await;
    let thing = key("Thing", "erased");
    let made = put(&record, vec![Change::Put(thing.clone(), lines(&["text Thing.name secret"]))]).await;
    record.close().await;
    let row = format!("sequence = {}", made.sequence);
    place.tamper(&format!("CREATE TABLE aside AS SELECT coding, salt, text FROM version WHERE {row}")).await;
    let record = open_keeping(place).await;
    let erasure =
        Erasure { versions: vec![(thing, 1)], authority: "court order 11".into(), reason: "wrong document".into() };
    let erased = record.erase(&host(), act("erase"), erasure).await.unwrap();
    record.close().await;
    holds(&verify_kept(place, Vec::new()).await);
    let back = "UPDATE version SET (coding, salt, text) = (SELECT coding, salt, text FROM aside) WHERE";
    place.tamper(&format!("{back} {row}")).await;
    let found = places(&verify_kept(place, Vec::new()).await);
    let named = ("text-not-erased", Some(erased.sequence), "Thing/erased version 1".to_owned());
    assert!(found.contains(&named), "{found:?}");
    // It is the text that was there: nothing says that it was changed.
    assert!(found.iter().all(|(kind, ..)| *kind != "text-changed"), "{found:?}");
}

/// A record whose readings, thirty leaves, lie in several segments; gives the name of their chain.
async fn read_often(place: &Place) -> String {
    let options = Options { segment_bytes: 700, ..place.options() };
    let record = Record::open(&place.location, options).await.unwrap();
    for number in 0..30 {
        let reading = record.read(&host(), format!("look {number}")).await.unwrap();
        reading.get(&key("Thing", "a")).await.unwrap();
        reading.finish().await.unwrap();
    }
    let epoch = record.status().await.unwrap().epoch;
    record.close().await;
    let place = place.options();
    AccessLeaf::chain_origin(&place.origin, &place.host, epoch)
}

/// The segments of the access journal, in order.
fn segments(place: &Place) -> Vec<std::path::PathBuf> {
    let files = std::fs::read_dir(place.directory().join("access")).unwrap().map(|entry| entry.unwrap().path());
    let mut segments: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "access")).collect();
    segments.sort();
    segments
}

/// The leaves of a segment.
fn leaves(file: &[u8]) -> Vec<AccessLeaf> {
    let frames = journal::frames::Frames::of(file).unwrap();
    frames.map(|frame| AccessLeaf::decode(frame.unwrap()).unwrap()).collect()
}

/// A segment of these leaves.
fn segment(leaves: &[AccessLeaf]) -> Vec<u8> {
    let mut file = journal::frames::SEGMENT_START.to_vec();
    for leaf in leaves {
        journal::frames::append_frame(&mut file, &leaf.encode());
    }
    file
}

/// A leaf that follows this one and says that somebody looked who did not.
fn forged_after(leaf: &AccessLeaf) -> AccessLeaf {
    let mut forged = leaf.clone();
    (forged.number, forged.previous, forged.moment.0) =
        (leaf.number + 1, access_chain_hash(&leaf.encode()), leaf.moment.0 + 1);
    forged.reads[0].principal = "user/somebody".into();
    forged
}

pub(crate) async fn tampering_with_the_access_journal_is_named(place: &Place) {
    let chain = read_often(place).await;
    type Damage = fn(&mut Vec<AccessLeaf>);
    // What is done to the third leaf of the second segment, and the findings that must name it.
    let cases: [(&str, Damage, &[&str]); 7] = [
        ("dropped", |leaves| drop(leaves.remove(2)), &["leaf-missing"]),
        ("replayed in its place", |leaves| leaves.insert(3, leaves[2].clone()), &["leaf-twice"]),
        ("replayed at the end", |leaves| leaves.push(leaves[2].clone()), &["leaf-twice"]),
        ("swapped", |leaves| leaves.swap(2, 3), &["leaf-missing", "leaf-out-of-place"]),
        ("changed", |leaves| leaves[2].reads[0].principal = "user/somebody".into(), &["leaf-chain-broken"]),
        ("added", |leaves| leaves.insert(2, forged_after(&leaves[1])), &["leaf-twice"]),
        ("added in its place", |leaves| leaves[2] = forged_after(&leaves[1]), &["leaf-chain-broken"]),
    ];
    for (what, change, expected) in cases {
        let copy = place.copy().await;
        let path = &segments(&copy)[1];
        let mut changed = leaves(&std::fs::read(path).unwrap());
        let number = changed[2].number;
        change(&mut changed);
        std::fs::write(path, segment(&changed)).unwrap();
        let found = places(&verify_closed(&copy, Vec::new()).await);
        for kind in expected {
            assert!(found.contains(&(kind, Some(number), chain.clone())), "{what}: {kind} in {found:?}");
        }
    }
    let path = &segments(place)[1];
    let mut bytes = std::fs::read(path).unwrap();
    bytes[60] ^= 1;
    std::fs::write(path, bytes).unwrap();
    let found = places(&verify_closed(place, Vec::new()).await);
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    assert!(found.contains(&("segment-damaged", None, name)), "{found:?}");
}

pub(crate) async fn an_access_segment_that_is_gone_is_named(place: &Place) {
    let chain = read_often(place).await;
    let count = segments(place).len();
    assert!(count > 3, "{count}");
    for gone in 0..count - 1 {
        let copy = place.copy().await;
        let path = &segments(&copy)[gone];
        let first = leaves(&std::fs::read(path).unwrap())[0].number;
        std::fs::remove_file(path).unwrap();
        let found = places(&verify_closed(&copy, Vec::new()).await);
        assert!(found.contains(&("leaf-missing", Some(first), chain.clone())), "{gone}: {found:?}");
    }
}

/// Asserts that so many checkpoints at least were compared and that a key which the journal names signed each.
fn signed(report: &VerifyReport, least: usize) {
    let checkpoints = &report.journal.checkpoints;
    assert!(checkpoints.len() >= least, "{checkpoints:?}");
    assert!(checkpoints.iter().all(|checkpoint| !checkpoint.signers.is_empty()), "{checkpoints:?}");
    assert!(!report.journal.not_proved().iter().any(|sentence| sentence.contains("key")), "{report:?}");
}

/// What is gone from the end of the access journal breaks no chain: checkpoints of the chains that are kept elsewhere name it.
pub(crate) async fn accesses_that_are_gone_from_the_end_are_named_against_checkpoints(place: &Place) {
    let chain = read_often(place).await;
    let record = Record::open(&place.location, place.options()).await.unwrap();
    let reading = record.read(&host(), "one look more").await.unwrap();
    reading.get(&key("Thing", "a")).await.unwrap();
    reading.finish().await.unwrap();
    let kept: Vec<String> = record.access_checkpoints().await.unwrap().iter().map(ToString::to_string).collect();
    record.close().await;
    assert!(kept.iter().any(|text| text.starts_with(&format!("{chain}\n30\n"))), "{kept:?}");

    let whole = verify_closed(place, kept.clone()).await;
    assert_eq!((whole.journal.findings.as_slice(), whole.store.as_slice()), ([].as_slice(), [].as_slice()));
    signed(&whole, kept.len());
    let last_of_chain = segments(place).len() - 2;
    let cut: [fn(&std::path::Path); 2] = [
        |path| std::fs::remove_file(path).unwrap(),
        |path| {
            let kept = leaves(&std::fs::read(path).unwrap());
            std::fs::write(path, segment(&kept[..kept.len() - 1])).unwrap();
        },
    ];
    for cut in cut {
        for at in [last_of_chain, last_of_chain + 1] {
            let copy = place.copy().await;
            cut(&segments(&copy)[at]);
            assert_eq!(places(&verify_closed(&copy, Vec::new()).await), [], "nothing in it can tell");
            let report = verify_closed(&copy, kept.clone()).await;
            signed(&report, kept.len());
            let found = places(&report);
            assert!(!found.is_empty() && found.iter().all(|(kind, ..)| *kind == "tail-cut"), "{at}: {found:?}");
        }
    }
}
