//! Contracts of the access journal that follows a record to another host: whatever breaks off goes on where the last whole
//! frame ends, what is no part of the chain is never written, and two hosts can tell that one has what the other has.

use std::path::PathBuf;

use journal::frames::{SEGMENT_START, append_frame};
use journal::{AccessLeaf, AccessOutcome, AccessRead, NOTHING_BEFORE, access_chain_hash};
use record::apply::hand_over::AccessFile;
use record::trail::AccessQuery;
use record::{Options, Problem, Record};
use terms::Moment;

use crate::support::{Place, host, key};

/// A record in whose access journal there are several segments of one chain.
async fn read_often(place: &Place) -> Record {
    let options = Options { host: "one".into(), segment_bytes: 300, ..place.options() };
    let record = Record::open(&place.location, options).await.unwrap();
    look(&record, 0..12).await;
    record
}

async fn look(record: &Record, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let reading = record.read(&host(), format!("look {number}")).await.unwrap();
        assert_eq!(reading.get(&key("Thing", "a")).await.unwrap(), None);
        reading.finish().await.unwrap();
    }
}

async fn copy_at(place: &Place) -> Record {
    let options = Options { host: "other".into(), ..place.options() };
    Record::open_to_receive(&place.location, options).await.unwrap()
}

/// Takes what the other record has more of its own chain, as hosts do.
async fn pull(from: &Record, to: &Record) {
    for file in own_files(from) {
        let mut here = to.access_length("one", &file.name).unwrap();
        loop {
            let part = from.access_part(&host(), &file, here).unwrap();
            if part.is_empty() {
                break;
            }
            here = to.receive_access(&host(), "one", &file.name, here, &part).await.unwrap();
        }
    }
}

fn own_files(record: &Record) -> Vec<AccessFile> {
    record.access_files(&host()).unwrap().into_iter().filter(|file| file.host.is_none()).collect()
}

/// Where the other host's file lies here.
fn path_of(place: &Place, file: &AccessFile) -> PathBuf {
    place.directory().join("access").join(format!("from-one~{}", file.name))
}

/// Where each frame of a segment file ends, its beginning first.
fn ends(bytes: &[u8]) -> Vec<usize> {
    let mut ends = vec![SEGMENT_START.len()];
    for frame in journal::frames::Frames::of(bytes).unwrap() {
        ends.push(ends[ends.len() - 1] + 8 + frame.unwrap().len());
    }
    ends
}

async fn queries(record: &Record) -> Vec<String> {
    let all = AccessQuery { limit: 100, ..AccessQuery::default() };
    let mut seen: Vec<_> =
        record.accesses(&host(), all).await.unwrap().into_iter().map(|access| access.query).collect();
    seen.sort();
    seen
}

pub(crate) async fn an_access_file_that_broke_off_goes_on_after_its_last_whole_frame(place: &Place) {
    let source = Place::sqlite();
    let from = read_often(&source).await;
    let to = copy_at(place).await;
    pull(&from, &to).await;
    let file = &own_files(&from)[1];
    let path = path_of(place, file);
    let whole = std::fs::read(&path).unwrap();
    let ends = ends(&whole);
    let (before, end) = (ends[ends.len() - 2], ends[ends.len() - 1]);
    assert_eq!(end, whole.len(), "what is reserved at the end does not come");
    // Torn at any byte of its last frame; with pages of a part missing that frames follow; with nothing but zeros.
    let mut torn: Vec<(Vec<u8>, usize)> = (before..end).map(|cut| (whole[..cut].to_vec(), before)).collect();
    torn.extend([0, 5, 15].map(|cut| (whole[..cut].to_vec(), 0)));
    let mut hole = whole[..end - 1].to_vec();
    assert!(ends.len() > 3, "frames follow the hole");
    hole[ends[0] + 2..ends[0] + 20].fill(0);
    torn.push((hole, ends[0]));
    torn.push(([&whole[..before], &[0; 300]].concat(), before));
    for (torn, last_whole) in torn {
        std::fs::write(&path, &torn).unwrap();
        assert_eq!(to.access_length("one", &file.name).unwrap(), last_whole as u64, "{} bytes are here", torn.len());
        pull(&from, &to).await;
        assert_eq!(std::fs::read(&path).unwrap(), whole, "it broke off after {} bytes", torn.len());
    }
    look(&from, 12..20).await;
    pull(&from, &to).await;
    assert_eq!(queries(&to).await, queries(&from).await);
}

/// A read with a query as long as one may be.
fn long_read() -> AccessRead {
    AccessRead {
        principal: "user/nurse".into(),
        permit: String::new(),
        purpose: String::new(),
        query: "q".repeat(4096),
        sequence: 1,
        outcome: AccessOutcome::Shown,
        subjects: Vec::new(),
    }
}

/// Frames of these leaves.
fn frames(leaves: &[AccessLeaf]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for leaf in leaves {
        append_frame(&mut bytes, &leaf.encode());
    }
    bytes
}

/// So many leaves of a chain, from its first.
fn chain(of: &str, epoch: u64, count: u64) -> Vec<AccessLeaf> {
    let (mut leaves, mut previous) = (Vec::new(), NOTHING_BEFORE);
    for number in 1..=count {
        let (host, moment) = (of.to_owned(), Moment(number as i64));
        leaves.push(AccessLeaf { number, epoch, host, previous, moment, reads: Vec::new() });
        previous = access_chain_hash(&leaves[leaves.len() - 1].encode());
    }
    leaves
}

pub(crate) async fn what_is_no_part_of_an_access_chain_is_not_written(place: &Place) {
    let to = copy_at(place).await;
    let (first, second) = ("0000000004-000001.access", "0000000004-000002.access");
    let leaves = chain("one", 4, 9);
    let start = |leaves: &[AccessLeaf]| [SEGMENT_START.as_slice(), &frames(leaves)].concat();
    let path = |name: &str| place.directory().join("access").join(format!("from-one~{name}"));
    let refused = async |name: &str, at: u64, bytes: &[u8], why: &str| {
        let before = std::fs::read(path(name)).ok();
        let received = to.receive_access(&host(), "one", name, at, bytes).await;
        assert!(matches!(received, Err(Problem::Unsuitable { .. })), "{why}: {received:?}");
        assert_eq!(std::fs::read(path(name)).ok(), before, "{why}: nothing is written");
    };
    refused(first, 0, &frames(&leaves[..1]), "it does not begin as a segment").await;
    refused(first, 0, &start(&leaves[1..3]), "its first leaf is not the chain's").await;
    refused(first, 0, &start(&chain("one", 5, 1)), "its epoch is not that of its name").await;
    refused(second, 0, &start(&leaves[..1]), "the segment before it is not here").await;
    refused("first.access", 0, &start(&leaves[..1]), "no segment has such a name").await;
    refused(first, 16, &frames(&leaves[..1]), "what it goes on after is not here").await;
    let here = to.receive_access(&host(), "one", first, 0, &start(&leaves[..4])).await.unwrap();
    let next = frames(&leaves[4..6]);
    refused(first, here, &next[..next.len() - 1], "it ends within a frame").await;
    refused(first, here, &[&next[..], &[0; 9]].concat(), "there is something after its frames").await;
    let mut flipped = next.clone();
    flipped[60] ^= 1;
    refused(first, here, &flipped, "a frame is damaged").await;
    refused(first, here, &frames(&leaves[5..6]), "a leaf is left out").await;
    refused(first, here, &frames(&leaves[3..4]), "a leaf comes twice").await;
    refused(first, here, &frames(&chain("else", 4, 5)[4..]), "it is of another chain").await;
    let mut early = leaves[4].clone();
    early.moment = leaves[3].moment;
    refused(first, here, &frames(&[early]), "its moment is not after that of the leaf before").await;
    let mut far = leaves[4].clone();
    far.reads = vec![AccessRead { sequence: i64::MAX as u64 + 1, ..long_read() }];
    refused(first, here, &frames(&[far]), "a number is too large for the index").await;
    let (last, start_of_last) = (format!("{}-000001.access", u64::MAX), start(&chain("one", u64::MAX, 1)));
    refused(&last, 0, &start_of_last, "its epoch is too large for the index").await;
    refused(first, here + 1, &next, "it leaves a gap").await;
    refused(first, here - 1, &next, "it is not what is here already").await;
    // The same part once more, or one that begins within what is here, is no harm.
    let again = start(&leaves[..5]);
    assert_eq!(to.receive_access(&host(), "one", first, 0, &start(&leaves[..4])).await.unwrap(), here);
    assert_eq!(to.receive_access(&host(), "one", first, 0, &again).await.unwrap(), again.len() as u64);
    refused(second, 0, &start(&leaves[6..]), "a leaf is left out between two segments").await;
    let length = to.receive_access(&host(), "one", second, 0, &start(&leaves[5..])).await.unwrap();
    assert_eq!(std::fs::read(path(second)).unwrap(), start(&leaves[5..]));
    assert_eq!(length, to.access_length("one", second).unwrap());
}

/// A file of this record's own chain.
fn own(name: &str) -> AccessFile {
    AccessFile { name: name.to_owned(), host: None, length: 0 }
}

pub(crate) async fn two_hosts_can_tell_whether_one_has_the_accesses_of_the_other(place: &Place) {
    let source = Place::sqlite();
    let from = read_often(&source).await;
    let to = copy_at(place).await;
    pull(&from, &to).await;
    let files = own_files(&from);
    assert!(files.len() > 2, "{files:?}");
    let there = |file: &AccessFile| AccessFile { host: Some("one".into()), ..file.clone() };
    let mut leaves = 0;
    for file in &files {
        let end = from.access_end(&host(), file).await.unwrap();
        assert_eq!(to.access_end(&host(), &there(file)).await.unwrap(), end);
        assert!(to.has_access(&host(), &there(file), end).await.unwrap());
        leaves += end.leaves;
    }
    assert_eq!(leaves, 12, "each of these reads was a leaf of its own");
    // Whoever has more has what the other has; not the other way round.
    look(&from, 12..13).await;
    let newest = own_files(&from).pop().unwrap();
    let (here, mine) = (there(&newest), from.access_end(&host(), &newest).await.unwrap());
    let copied = to.access_end(&host(), &here).await.unwrap();
    assert!(from.has_access(&host(), &newest, copied).await.unwrap());
    assert!(!to.has_access(&host(), &here, mine).await.unwrap());
    pull(&from, &to).await;
    assert!(to.has_access(&host(), &here, mine).await.unwrap());
    // What broke off, what is not there, and what is another chain's.
    let second = &files[1];
    let (path, end) = (path_of(place, second), from.access_end(&host(), second).await.unwrap());
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 3]).unwrap();
    assert!(!to.has_access(&host(), &there(second), end).await.unwrap());
    std::fs::remove_file(&path).unwrap();
    assert!(!to.has_access(&host(), &there(second), end).await.unwrap());
    assert_eq!(to.access_end(&host(), &there(second)).await.unwrap().bytes, 0);
    std::fs::write(&path, &whole).unwrap();
    let other = record::apply::hand_over::AccessEnd { last: [7; 32], ..end };
    assert!(!to.has_access(&host(), &there(second), other).await.unwrap());
    // Of a chain of its own nobody says what is not so: what is damaged in the middle is no end.
    let path = source.directory().join("access").join(&second.name);
    let mut flipped = std::fs::read(&path).unwrap();
    flipped[40] ^= 1;
    std::fs::write(&path, flipped).unwrap();
    assert!(matches!(from.access_end(&host(), &own(&second.name)).await, Err(Problem::Damaged { .. })));
}

pub(crate) async fn damage_that_no_broken_write_left_is_not_written_over(place: &Place) {
    let to = copy_at(place).await;
    let name = "0000000004-000001.access";
    let mut leaves = chain("one", 4, 7);
    let read = long_read();
    let mut previous = NOTHING_BEFORE;
    for leaf in &mut leaves {
        (leaf.reads, leaf.previous) = (vec![read.clone(); 250], previous);
        previous = access_chain_hash(&leaf.encode());
    }
    let mut here = 0;
    let next = frames(&leaves[6..]);
    for part in [[SEGMENT_START.as_slice(), &frames(&leaves[..3])].concat(), frames(&leaves[3..6])] {
        here = to.receive_access(&host(), "one", name, here, &part).await.unwrap();
    }
    let path = place.directory().join("access").join(format!("from-one~{name}"));
    to.close().await;
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let to = copy_at(place).await;
    let length = to.access_length("one", name);
    assert!(matches!(length, Err(Problem::Damaged { .. })), "{length:?}");
    let received = to.receive_access(&host(), "one", name, here, &next).await;
    assert!(matches!(received, Err(Problem::Damaged { .. })), "{received:?}");
    assert!(std::fs::read(&path).unwrap() == bytes, "nothing is written");
}
