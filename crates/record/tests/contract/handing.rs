//! Contracts of handing a record over: at every step one host at most may write, also after a crash between two steps; the
//! copy that follows is ready to be used at once, and the way back is the same.

use journal::SigningKey;
use journal::act::Cut;
use record::apply::hand_over::{Place as At, Tenure};
use record::apply::{ApplyError, Decided};
use record::{Change, DeskChange, Options, Problem, Record, TransactError, VerifyOptions};

use crate::obligations::{Model, options, step};
use crate::support::{Dice, Place, host, key, lines, put, try_put};

fn options_of(place: &Place, name: &str) -> Options {
    Options { host: name.into(), ..options(place) }
}

async fn entry_after(from: &Record, to: &Record) {
    loop {
        let newest = to.status().await.unwrap().sequence;
        let entries = from.decided(&host(), newest + 1, 7).await.unwrap();
        if entries.is_empty() {
            return;
        }
        to.apply(&host(), entries).await.unwrap();
    }
}

async fn sync_desk(from: &Record, to: &Record) {
    let part = from.desk_since(&host(), 0).await.unwrap();
    let mine = to.desk_since(&host(), 0).await.unwrap();
    let kept: Vec<_> = part.rows.iter().map(|row| (row.kind.clone(), row.key.clone())).collect();
    let gone = mine.rows.into_iter().map(|row| (row.kind, row.key)).filter(|key| !kept.contains(key)).collect();
    to.receive_desk(&host(), part.rows, gone).await.unwrap();
    assert_eq!(from.desk_digest().await.unwrap(), to.desk_digest().await.unwrap());
}

/// A cut of the record at a place, signed by its target.
async fn signed(from: &Record, to: &Record, at: &At) -> Cut {
    let mut cut = Cut {
        origin: "host-a.example/t/TST".into(),
        source: "one".into(),
        target: "other".into(),
        epoch: at.epoch + 1,
        source_key: *from.verifier_key().public(),
        target_key: *to.verifier_key().public(),
        source_signature: [0; 64],
        target_signature: [0; 64],
    };
    cut.target_signature = to.countersign(&host(), &cut, at.sequence + 1, &at.chain).await.unwrap();
    cut
}

async fn hand_over(from: &Record, to: &Record) {
    let at = from.place().await.unwrap();
    let cut = signed(from, to, &at).await;
    assert!(from.cut(&host(), cut, &at).await.unwrap());
    assert_eq!(
        (from.tenure(), to.tenure() == Tenure::Writes),
        (Tenure::HandedOver, false),
        "between the two nobody may"
    );
    assert!(matches!(to.begin_to_write(&host()).await, Err(Problem::HandedOver)), "it does not hold the cut yet");
    entry_after(from, to).await;
    to.begin_to_write(&host()).await.unwrap();
    to.begin_to_write(&host()).await.unwrap();
}

async fn refuses(record: &Record) {
    let refused =
        try_put(record, &host(), vec![Change::Put(key("Thing", "late"), lines(&["text Thing.name a"]))]).await;
    assert!(
        matches!(refused, Err(TransactError::Problem(Problem::HandedOver | Problem::Unsuitable { .. }))),
        "{refused:?}"
    );
}

async fn whole(record: &Record) -> (u64, [u8; 32]) {
    let options = VerifyOptions { index: true, ..VerifyOptions::default() };
    let report = record.verify(options, |_, _| {}).await.unwrap();
    assert!(report.holds(), "{:?} {:?}", report.journal.findings, report.store);
    (report.journal.entries, report.journal.root)
}

fn row(key: &str, content: Option<&str>) -> DeskChange {
    let content = content.map(|text| (text.as_bytes().to_vec(), None));
    DeskChange { kind: "draft".into(), key: key.into(), content, expected: None }
}

pub(crate) async fn a_record_is_handed_over_and_back(place: &Place) {
    let mut dice = Dice::new(5);
    let mut model = Model::default();
    let source = Place::sqlite();
    let from = Record::open(&source.location, options_of(&source, "one")).await.unwrap();
    for _ in 0..40 {
        step(&from, &mut model, &mut dice).await;
    }
    from.desk_put(vec![row("a", Some("1")), row("b", Some("2"))]).await.unwrap();
    let to = Record::open_to_receive(&place.location, options_of(place, "other")).await.unwrap();
    to.belongs_to(&host(), *from.verifier_key().public(), "one").await.unwrap();
    entry_after(&from, &to).await;
    to.settle().await.unwrap();
    sync_desk(&from, &to).await;
    // It follows, and what is owed follows with it.
    for _ in 0..60 {
        step(&from, &mut model, &mut dice).await;
        entry_after(&from, &to).await;
    }
    from.desk_put(vec![row("a", None), row("c", Some("3"))]).await.unwrap();
    sync_desk(&from, &to).await;
    refuses(&to).await;
    assert_eq!(whole(&from).await, whole(&to).await);
    hand_over(&from, &to).await;
    refuses(&from).await;
    assert!(matches!(from.desk_put(vec![row("d", Some("4"))]).await, Err(Problem::HandedOver)));
    let mut writes = to.clone();
    for round in 0..2 {
        // Whoever writes now is followed by the other.
        let follows = if round == 0 { &from } else { &to };
        for _ in 0..20 {
            step(&writes, &mut model, &mut dice).await;
            entry_after(&writes, follows).await;
        }
        sync_desk(&writes, follows).await;
        assert_eq!(whole(&writes).await, whole(follows).await);
        hand_over(&writes, follows).await;
        refuses(&writes).await;
        writes = follows.clone();
    }
}

pub(crate) async fn a_record_goes_on_to_a_third_host_and_back_to_the_first(place: &Place) {
    let (first, second) = (Place::sqlite(), place.another());
    let (from, to) = followed(&first, &second).await;
    to.settle().await.unwrap();
    hand_over(&from, &to).await;
    let mut held = vec![(first, from), (second, to)];
    // The first host has destroyed its copy and makes a new one, with a new key.
    for (next_place, name) in [(place.another(), "third"), (Place::sqlite(), "one"), (place.another(), "other")] {
        let (before, writes) = (&held[held.len() - 2].0, &held[held.len() - 1].1);
        put(writes, vec![Change::Put(key("Thing", name), lines(&["text Thing.name b"]))]).await;
        let next = Record::open_to_receive(&next_place.location, options_of(&next_place, name)).await.unwrap();
        next.belongs_to(&host(), *writes.verifier_key().public(), "before").await.unwrap();
        entry_after(writes, &next).await;
        next.settle().await.unwrap();
        refuses(&next).await;
        assert_eq!(next.writes().await.unwrap().unwrap().key, *writes.verifier_key().public());
        // Nobody who held it before hands it over again.
        let at = writes.place().await.unwrap();
        let newest = writes.decided(&host(), at.sequence, 1).await.unwrap().remove(0).entry;
        let signing = key_of(before);
        let mut cut = signed(writes, &next, &at).await;
        cut.source_key = signing.public();
        let message = |cut: &Cut| cut.message(at.sequence + 1, &at.chain);
        cut.target_signature = next.countersign(&host(), &cut, at.sequence + 1, &at.chain).await.unwrap();
        cut.source_signature = signing.sign(&message(&cut));
        let stolen = forged(&newest, journal::Act::Cut(cut), at.epoch);
        let applied = next.apply(&host(), vec![stolen]).await;
        assert!(
            matches!(&applied, Err(ApplyError::Refused { why, .. }) if why.contains("may not write")),
            "{applied:?}"
        );
        hand_over(writes, &next).await;
        refuses(writes).await;
        put(&next, vec![Change::Put(key("Thing", "t"), lines(&["text Thing.name c"]))]).await;
        whole(&next).await;
        held.push((next_place, next));
    }
}

pub(crate) async fn whoever_opens_a_record_again_may_write_only_if_it_is_theirs(place: &Place) {
    let source = Place::sqlite();
    let open = async |place: &Place, name: &str| Record::open(&place.location, options_of(place, name)).await.unwrap();
    let from = open(&source, "one").await;
    put(&from, vec![Change::Put(key("Thing", "t"), lines(&["text Thing.name a"]))]).await;
    let to = Record::open_to_receive(&place.location, options_of(place, "other")).await.unwrap();
    to.belongs_to(&host(), *from.verifier_key().public(), "one").await.unwrap();
    entry_after(&from, &to).await;
    to.close().await;
    // A copy that was never cut is nobody's to write.
    let to = open(place, "other").await;
    refuses(&to).await;
    to.close().await;
    let to = Record::open_to_receive(&place.location, options_of(place, "other")).await.unwrap();
    let at = from.place().await.unwrap();
    let cut = signed(&from, &to, &at).await;
    put(&from, vec![Change::Put(key("Thing", "u"), lines(&["text Thing.name b"]))]).await;
    assert!(!from.cut(&host(), cut.clone(), &at).await.unwrap(), "a cut is worth nothing after the next entry");
    entry_after(&from, &to).await;
    let at = from.place().await.unwrap();
    let mut forged = cut.clone();
    forged.target_signature[5] ^= 1;
    assert!(from.cut(&host(), forged, &at).await.is_err(), "nor without the target's signature");
    let cut = signed(&from, &to, &at).await;
    assert!(from.cut(&host(), cut, &at).await.unwrap());
    from.close().await;
    let from = open(&source, "one").await;
    refuses(&from).await;
    to.close().await;
    let to = open(place, "other").await;
    refuses(&to).await;
    to.close().await;
    let to = Record::open_to_receive(&place.location, options_of(place, "other")).await.unwrap();
    entry_after(&from, &to).await;
    to.close().await;
    // It holds the cut: from here on it may write however it is opened, and the source never.
    let to = open(place, "other").await;
    put(&to, vec![Change::Put(key("Thing", "v"), lines(&["text Thing.name c"]))]).await;
    from.close().await;
    refuses(&open(&source, "one").await).await;
    whole(&to).await;
}

/// Cuts the record, and has the target refuse it: before it holds the cut entry, or after.
async fn refused(from: &Record, to: &Record, holds: bool) -> journal::act::Resume {
    let at = from.place().await.unwrap();
    let cut = signed(from, to, &at).await;
    assert!(from.cut(&host(), cut, &at).await.unwrap());
    if holds {
        entry_after(from, to).await;
    }
    let entry = from.decided(&host(), at.sequence + 1, 1).await.unwrap().remove(0).entry;
    let epoch = from.place().await.unwrap().epoch;
    let first = to.refuse_cut(&host(), &entry, epoch).await.unwrap();
    let again = to.refuse_cut(&host(), &entry, epoch + 3).await.unwrap();
    assert!(again.epoch > first.epoch);
    assert!(matches!(to.begin_to_write(&host()).await, Err(Problem::HandedOver)), "it has refused");
    again
}

/// A record with an entry, and one that follows it.
async fn followed(source: &Place, place: &Place) -> (Record, Record) {
    let from = Record::open(&source.location, options_of(source, "one")).await.unwrap();
    put(&from, vec![Change::Put(key("Thing", "t"), lines(&["text Thing.name a"]))]).await;
    let to = Record::open_to_receive(&place.location, options_of(place, "other")).await.unwrap();
    to.belongs_to(&host(), *from.verifier_key().public(), "one").await.unwrap();
    entry_after(&from, &to).await;
    (from, to)
}

pub(crate) async fn a_record_whose_target_refuses_is_taken_back_and_never_opened_there(place: &Place) {
    for holds in [false, true] {
        let (place, source) = (place.another(), Place::sqlite());
        let (from, to) = followed(&source, &place).await;
        let resume = refused(&from, &to, holds).await;
        let cut = from.status().await.unwrap().sequence;
        if !holds {
            let entries = from.decided(&host(), cut, 1).await.unwrap();
            let applied = to.apply(&host(), entries).await;
            assert!(matches!(applied, Err(ApplyError::Refused { entry, .. }) if entry == cut), "{applied:?}");
        }
        // However both are started again, what was refused stays so, and nothing is taken back without the signature.
        from.close().await;
        to.close().await;
        let from = Record::open(&source.location, options_of(&source, "one")).await.unwrap();
        let to = Record::open(&place.location, options_of(&place, "other")).await.unwrap();
        refuses(&from).await;
        refuses(&to).await;
        let mut forged = resume.clone();
        forged.signature[9] ^= 1;
        assert!(!from.resume(&host(), forged, "two people").await.unwrap());
        let early = journal::act::Resume { epoch: 1, ..resume.clone() };
        assert!(!from.resume(&host(), early, "two people").await.unwrap());
        refuses(&from).await;
        // Each opening is an epoch: the refusal that names an earlier one is asked for again.
        let entry = from.decided(&host(), cut, 1).await.unwrap().remove(0).entry;
        let epoch = from.place().await.unwrap().epoch;
        let resume = to.refuse_cut(&host(), &entry, epoch).await.unwrap();
        assert!(from.resume(&host(), resume.clone(), "two people").await.unwrap());
        assert!(from.resume(&host(), resume, "two people").await.is_err(), "it is taken back once");
        put(&from, vec![Change::Put(key("Thing", "u"), lines(&["text Thing.name b"]))]).await;
        entry_after(&from, &to).await;
        refuses(&to).await;
        to.settle().await.unwrap();
        sync_desk(&from, &to).await;
        assert_eq!(whole(&from).await, whole(&to).await);
        // Nothing stands in the way of another cut.
        hand_over(&from, &to).await;
        refuses(&from).await;
        let entry = from.decided(&host(), from.status().await.unwrap().sequence, 1).await.unwrap().remove(0).entry;
        assert!(matches!(to.refuse_cut(&host(), &entry, 9).await, Err(Problem::Unsuitable { .. })), "it has opened");
        put(&to, vec![Change::Put(key("Thing", "v"), lines(&["text Thing.name c"]))]).await;
        whole(&to).await;
    }
}

/// An entry of the source as it is written by hand, with the right chain.
fn forged(after: &[u8], act: journal::Act, epoch: u64) -> Decided {
    let before = journal::Entry::decode(after).unwrap();
    let entry = journal::Entry {
        sequence: before.sequence + 1,
        previous: journal::chain_hash(after),
        moment: terms::Moment(before.moment.0 + 1),
        epoch,
        idempotency: None,
        changes: Vec::new(),
        assertions: Vec::new(),
        act,
        ..before
    };
    Decided { entry: entry.encode(), salt: Some([3; 16]), texts: Vec::new(), blobs: Vec::new(), request: None }
}

pub(crate) async fn a_cut_that_was_refused_opens_nothing_whatever_its_source_sends(place: &Place) {
    for holds in [false, true] {
        let (place, source) = (place.another(), Place::sqlite());
        let (from, to) = followed(&source, &place).await;
        let resume = refused(&from, &to, holds).await;
        let cut = from.status().await.unwrap().sequence;
        assert!(from.resume(&host(), resume, "two people").await.unwrap());
        put(&from, vec![Change::Put(key("Thing", "u"), lines(&["text Thing.name b"]))]).await;
        let honest = from.decided(&host(), cut, 2).await.unwrap();
        let epoch = from.place().await.unwrap().epoch;
        let plain = forged(&honest[0].entry, journal::Act::Commit, epoch);
        let journal::Act::Cut(other) = journal::Entry::decode(&honest[0].entry).unwrap().act else { panic!() };
        let second = forged(&honest[0].entry, journal::Act::Cut(other), epoch);
        let after = forged(&plain.entry, journal::Act::Commit, epoch);
        let mut tries = vec![vec![plain.clone()], vec![plain.clone(), after], vec![second]];
        if !holds {
            for given in &mut tries {
                given.insert(0, honest[0].clone());
            }
            tries.push(vec![honest[0].clone()]);
        }
        for given in tries {
            let count = given.len();
            // Together, and one after the other.
            let mut applied = vec![to.apply(&host(), given.clone()).await];
            for one in given {
                applied.push(to.apply(&host(), vec![one]).await);
            }
            for applied in applied {
                assert!(matches!(applied, Err(ApplyError::Refused { .. })), "{holds} {count}: {applied:?}");
            }
            assert!(matches!(to.begin_to_write(&host()).await, Err(Problem::HandedOver)));
        }
        // Not even the row that would name it lets it write.
        let named = [(to.verifier_key(), cut, "other"), (from.verifier_key(), 0, "one")].map(|(key, cut, name)| {
            let key: String = key.public().iter().map(|byte| format!("{byte:02x}")).collect();
            let content = Some((format!("{key} {cut} 0 {name}").into_bytes(), None));
            DeskChange { kind: "record".into(), key: "writer".into(), content, expected: None }
        });
        to.desk_put(named[..1].to_vec()).await.unwrap();
        assert!(matches!(to.begin_to_write(&host()).await, Err(Problem::HandedOver)));
        to.close().await;
        let to = Record::open(&place.location, options_of(&place, "other")).await.unwrap();
        refuses(&to).await;
        to.desk_put(named[1..].to_vec()).await.unwrap();
        // What gives the record back is taken, and what comes after it.
        entry_after(&from, &to).await;
        assert_eq!(to.place().await.unwrap().chain, from.place().await.unwrap().chain);
        refuses(&to).await;
        put(&from, vec![Change::Put(key("Thing", "v"), lines(&["text Thing.name c"]))]).await;
    }
}

/// The key with which the host of this place signs for the record.
fn key_of(place: &Place) -> SigningKey {
    SigningKey::parse(std::fs::read_to_string(place.directory().join("signing-key")).unwrap().trim_end()).unwrap()
}

pub(crate) async fn an_epoch_that_could_not_be_followed_is_refused(place: &Place) {
    const MOST: u64 = 1 << 20;
    let source = Place::sqlite();
    let from = Record::open(&source.location, options_of(&source, "one")).await.unwrap();
    put(&from, vec![Change::Put(key("Thing", "t"), lines(&["text Thing.name a"]))]).await;
    let to = Record::open_to_receive(&place.location, options_of(place, "other")).await.unwrap();
    to.belongs_to(&host(), *from.verifier_key().public(), "one").await.unwrap();
    entry_after(&from, &to).await;
    let newest = from.decided(&host(), 2, 1).await.unwrap().remove(0).entry;
    let (at, chain) = (from.place().await.unwrap(), journal::chain_hash(&newest));
    let sign = |epoch: u64| {
        let mut cut = Cut {
            origin: "host-a.example/t/TST".into(),
            source: "one".into(),
            target: "other".into(),
            epoch,
            source_key: *from.verifier_key().public(),
            target_key: *to.verifier_key().public(),
            source_signature: [0; 64],
            target_signature: [0; 64],
        };
        let message = cut.message(at.sequence + 1, &chain);
        (cut.source_signature, cut.target_signature) = (key_of(&source).sign(&message), key_of(place).sign(&message));
        cut
    };
    for far in [at.epoch + MOST + 1, i64::MAX as u64 - 1, i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX] {
        for (act, epoch) in [(journal::Act::Commit, far), (journal::Act::Cut(sign(far)), at.epoch)] {
            let given = forged(&newest, act, epoch);
            let refused = to.refuse_cut(&host(), &given.entry, 1).await;
            assert!(matches!(refused, Err(Problem::Unsuitable { .. })), "{far}: {refused:?}");
            let applied = to.apply(&host(), vec![given]).await;
            assert!(matches!(applied, Err(ApplyError::Refused { entry: 3, .. })), "{far}: {applied:?}");
        }
        let signed = to.countersign(&host(), &sign(far), at.sequence + 1, &chain).await;
        assert!(matches!(signed, Err(Problem::Unsuitable { .. })), "{far}: {signed:?}");
        let cut = from.cut(&host(), sign(far), &at).await;
        assert!(matches!(cut, Err(Problem::Unsuitable { .. })), "{far}: {cut:?}");
        let given = forged(&newest, journal::Act::Cut(sign(at.epoch + 1)), at.epoch);
        let refused = to.refuse_cut(&host(), &given.entry, far + u64::from(far < u64::MAX)).await;
        assert!(matches!(refused, Err(Problem::Unsuitable { .. })), "{far}: {refused:?}");
        assert_eq!(to.refused().await.unwrap(), None, "nothing was refused");
    }
    // What can be followed is: as far as that, and from there on.
    assert!(from.cut(&host(), sign(at.epoch + MOST), &at).await.unwrap());
    let cut = from.decided(&host(), 3, 1).await.unwrap().remove(0).entry;
    for far in [at.epoch + 2 * MOST + 1, u64::MAX] {
        let mut resume = journal::act::Resume {
            origin: "host-a.example/t/TST".into(),
            cut: 3,
            epoch: far,
            target_key: *to.verifier_key().public(),
            signature: [0; 64],
        };
        resume.signature = key_of(place).sign(&resume.message(&journal::chain_hash(&cut)));
        let resumed = from.resume(&host(), resume, "two people").await;
        assert!(matches!(resumed, Err(Problem::Unsuitable { .. })), "{far}: {resumed:?}");
    }
    let resume = to.refuse_cut(&host(), &cut, at.epoch).await.unwrap();
    assert_eq!(resume.epoch, at.epoch + MOST + 1);
    assert!(from.resume(&host(), resume, "two people").await.unwrap());
    entry_after(&from, &to).await;
    let last = from.decided(&host(), 4, 1).await.unwrap().remove(0).entry;
    let far = forged(&last, journal::Act::Commit, from.place().await.unwrap().epoch + MOST);
    to.apply(&host(), vec![far]).await.unwrap();
    for (place, name) in [(&source, "one"), (place, "other")] {
        Record::open(&place.location, options_of(place, name)).await.unwrap().close().await;
    }
}

pub(crate) async fn whoever_would_write_waits_while_writers_are_held(place: &Place) {
    let record = place.open().await;
    let held = record.hold();
    let writing = tokio::spawn({
        let record = record.clone();
        async move { put(&record, vec![Change::Put(key("Thing", "t"), lines(&["text Thing.name a"]))]).await }
    });
    let reading = record.read(&host(), "look").await.unwrap();
    assert!(reading.get(&key("Thing", "t")).await.unwrap().is_none());
    reading.finish().await.unwrap();
    assert_eq!(record.place().await.unwrap().sequence, 1);
    assert!(!writing.is_finished());
    drop(held);
    assert_eq!(writing.await.unwrap().sequence, 2);
}

pub(crate) async fn the_root_of_every_size_is_proved(place: &Place) {
    let record = place.open().await;
    for number in 0..300 {
        put(&record, vec![Change::Put(key("Thing", &format!("t{number}")), lines(&["text Thing.name a"]))]).await;
    }
    let newest = record.place().await.unwrap();
    assert_eq!(record.root_of(newest.sequence).await.unwrap(), newest.root);
    let segments = record.segment_roots(newest.sequence).await.unwrap();
    assert_eq!(segments, [record.root_of(256).await.unwrap()]);
    for old in [1, 2, 100, 255, 256, 257, 301] {
        let path = record.consistency(old, newest.sequence).await.unwrap();
        let root = record.root_of(old).await.unwrap();
        let holds = journal::tiles::proof::consistency_holds;
        assert!(holds(old, &root, newest.sequence, &newest.root, &path), "{old}");
    }
    assert!(record.root_of(302).await.is_err());
}
