//! A small journal that uses everything once, as a list of records that a test can tamper with.
//!
//! Synthetic throughout. Fourteen entries: keys, versions, blobs, an erasure, a rotation, a take-over, a cut that is
//! refused and one that holds; two access chains; checkpoints inside and outside.

use journal::act::{Cut, Resume, Takeover};
use journal::hash::blob_digest;
use journal::package::{Header, Writer};
use journal::{
    AccessLeaf, AccessOutcome, AccessRead, Act, Assertion, BlobRef, Cause, CauseKind, Change, Checkpoint, Edge, Entry,
    ErasedVersion, Erasure, Hash, Idempotency, KeyChange, KeyChangeKind, NOTHING_BEFORE, Operation, Salt,
    SignedCheckpoint, SigningKey, SpanDigest, access_chain_hash, chain_hash, leaf_hash, request_digest, version_digest,
};
use terms::Moment;
use terms::index::{End, Next, Part, Range, Span};

pub(crate) const ORIGIN: &str = "almoner.example/t/DEMO";
const START: i64 = 1_795_000_000_000;

/// One record of a package, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Entry(Vec<u8>),
    Text { change: u64, salt: Salt, text: Vec<u8> },
    Blob { digest: Hash, salt: Salt, length: u64, bytes: Vec<u8> },
    Checkpoint(SignedCheckpoint),
    Leaf(Vec<u8>),
}

pub(crate) struct Sample {
    pub(crate) items: Vec<Item>,
    /// Checkpoints kept elsewhere, with a witness's cosignature: at entries 7 and 14.
    pub(crate) outside: Vec<SignedCheckpoint>,
}

pub(crate) fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, [seed; 32]).unwrap()
}

pub(crate) fn host_key() -> SigningKey {
    key(ORIGIN, 1)
}

pub(crate) fn second_key() -> SigningKey {
    key(ORIGIN, 2)
}

pub(crate) fn target_key() -> SigningKey {
    key(ORIGIN, 3)
}

pub(crate) fn witness() -> SigningKey {
    key("witness.example/w1", 9)
}

pub(crate) fn salt(number: u8) -> Salt {
    [number; 16]
}

/// A span as a door would assert it: no patient with this NHS number.
pub(crate) fn span() -> Span {
    let system = Part::code("https://fhir.nhs.uk/Id/nhs-number", "");
    Span::next("Patient.identifier", [system], Next::TextEqual(b"9990000018".to_vec()))
}

/// A span with every kind of part and a range.
pub(crate) fn large_span() -> Span {
    let head = [
        Part::target("Patient", "a"),
        Part::Kind("Encounter".to_owned()),
        Part::fixed(&[1, 2, 3]),
        Part::Text(b"text".to_vec()),
    ];
    let range = Range { low: End::Including(vec![1]), high: End::Excluding(vec![2]) };
    Span::next("Encounter.date", head, Next::WithinBoth(range, Range { low: End::Open, high: End::Open }))
}

/// Builds a journal entry by entry.
pub(crate) struct Builder {
    pub(crate) items: Vec<Item>,
    pub(crate) edge: Edge,
    pub(crate) previous: Hash,
    pub(crate) sequence: u64,
    pub(crate) epoch: u64,
    pub(crate) author: String,
}

impl Builder {
    pub(crate) fn new() -> Builder {
        Builder {
            items: Vec::new(),
            edge: Edge::default(),
            previous: NOTHING_BEFORE,
            sequence: 0,
            epoch: 1,
            author: "clerk.jones".to_owned(),
        }
    }

    /// The next entry, without anything in it.
    pub(crate) fn blank(&self) -> Entry {
        let sequence = self.sequence + 1;
        Entry {
            sequence,
            epoch: self.epoch,
            moment: Moment(START + sequence as i64 * 1000),
            previous: self.previous,
            author: self.author.clone(),
            permit: "permit-7".to_owned(),
            cause: Cause { kind: CauseKind::Form, reference: "register".to_owned() },
            command: "register-patient".to_owned(),
            idempotency: None,
            assertions: Vec::new(),
            changes: Vec::new(),
            act: Act::Commit,
        }
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        entry.check().unwrap();
        let bytes = entry.encode();
        self.previous = chain_hash(&bytes);
        self.edge.append(leaf_hash(&bytes));
        self.sequence = entry.sequence;
        self.epoch = entry.epoch;
        self.items.push(Item::Entry(bytes));
    }

    /// An entry that makes these versions, with their texts beside it.
    pub(crate) fn commit(&mut self, versions: &[(&str, &str, u64, Operation, &str)]) {
        let mut entry = self.blank();
        let mut texts = Vec::new();
        for (place, (kind, id, version, operation, text)) in versions.iter().enumerate() {
            let salt = salt((self.sequence as u8) * 16 + place as u8);
            entry.changes.push(change(kind, id, *version, *operation, &salt, text));
            texts.push(Item::Text { change: place as u64, salt, text: text.as_bytes().to_vec() });
        }
        self.push(entry);
        self.items.extend(texts);
    }

    pub(crate) fn act(&mut self, act: Act) {
        let entry = Entry { act, cause: system_cause(), command: "administer".to_owned(), ..self.blank() };
        self.push(entry);
    }

    pub(crate) fn checkpoint(&self, key: &SigningKey) -> SignedCheckpoint {
        let moment = Moment(START + self.sequence as i64 * 1000 + 500);
        let (size, root) = (self.edge.size(), self.edge.root());
        let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size, root, epoch: self.epoch, moment };
        SignedCheckpoint::sign(checkpoint, key).unwrap()
    }
}

pub(crate) fn change(kind: &str, id: &str, version: u64, operation: Operation, salt: &Salt, text: &str) -> Change {
    let digest = version_digest(salt, text.as_bytes());
    Change { kind: kind.to_owned(), id: id.to_owned(), version, operation, digest, blobs: Vec::new() }
}

fn system_cause() -> Cause {
    Cause { kind: CauseKind::System, reference: String::new() }
}

pub(crate) fn introduce(key: &SigningKey, signer: &SigningKey, kind: KeyChangeKind) -> KeyChange {
    let mut change = KeyChange {
        kind,
        origin: ORIGIN.to_owned(),
        host: "host-a.example".to_owned(),
        name: key.name().to_owned(),
        key: key.public(),
        signer: signer.public(),
        signature: [0; 64],
    };
    change.signature = signer.sign(&change.message());
    change
}

/// A cut in the next entry after these, to the target of the sample.
pub(crate) fn cut(sequence: u64, previous: &Hash, epoch: u64, source: &SigningKey) -> Cut {
    let target = target_key();
    let mut cut = Cut {
        origin: ORIGIN.to_owned(),
        source: "host-a.example".to_owned(),
        target: "host-b.example".to_owned(),
        epoch,
        source_key: source.public(),
        target_key: target.public(),
        source_signature: [0; 64],
        target_signature: [0; 64],
    };
    let message = cut.message(sequence, previous);
    cut.source_signature = source.sign(&message);
    cut.target_signature = target.sign(&message);
    cut
}

pub(crate) fn resume(cut: u64, epoch: u64, previous: &Hash) -> Resume {
    let target = target_key();
    let mut resume = Resume { origin: ORIGIN.to_owned(), cut, epoch, target_key: target.public(), signature: [0; 64] };
    resume.signature = target.sign(&resume.message(previous));
    resume
}

/// An entry with every optional part: idempotency, each kind of assertion, blobs.
pub(crate) fn full_entry(builder: &Builder) -> Entry {
    let range = SpanDigest::of(&salt(200), &span());
    Entry {
        idempotency: Some(Idempotency {
            principal: "feed.radiology".to_owned(),
            key: "4a1f".to_owned(),
            digest: request_digest(&salt(200), b"{}"),
        }),
        assertions: vec![
            Assertion::Version { kind: "Patient".to_owned(), id: "a".to_owned(), version: 1 },
            Assertion::Version { kind: "Patient".to_owned(), id: "z".to_owned(), version: 0 },
            Assertion::Absent { range },
            Assertion::AtMost { range: SpanDigest::of(&salt(200), &large_span()), count: 300 },
        ],
        changes: vec![change(
            "Patient",
            "a",
            2,
            Operation::Update,
            &salt(60),
            "{\"resourceType\":\"Patient\",\"v\":2}",
        )],
        ..builder.blank()
    }
}

/// The sample.
pub(crate) fn sample() -> Sample {
    sample_by("clerk.jones")
}

/// The same sample as if somebody else had made every entry: a journal rewritten as a whole, with all its keys.
pub(crate) fn sample_by(author: &str) -> Sample {
    let (host, second, target) = (host_key(), second_key(), target_key());
    let mut outside = Vec::new();
    let mut to = Builder::new();
    to.author = author.to_owned();
    to.act(Act::Keys(introduce(&host, &host, KeyChangeKind::Introduce)));
    to.items.extend(access_chain("host-a.example", 1, 4, &host));
    to.commit(&[
        ("Patient", "a", 1, Operation::Create, "{\"resourceType\":\"Patient\",\"v\":1}"),
        ("Observation", "b", 1, Operation::Create, "{\"resourceType\":\"Observation\"}"),
    ]);
    with_blobs(&mut to);
    let full = full_entry(&to);
    to.push(full);
    to.items.push(Item::Text { change: 0, salt: salt(60), text: b"{\"resourceType\":\"Patient\",\"v\":2}".to_vec() });
    to.commit(&[("Observation", "b", 2, Operation::Delete, "")]);
    to.items.push(Item::Checkpoint(to.checkpoint(&host)));
    to.commit(&[("Observation", "b", 3, Operation::Update, "{\"resourceType\":\"Observation\",\"again\":true}")]);
    erase(&mut to);
    outside.push(cosigned(to.checkpoint(&host)));
    to.act(Act::Keys(introduce(&second, &host, KeyChangeKind::Rotate)));
    to.epoch = 2;
    to.act(Act::Takeover(Takeover { host: "host-a.example".to_owned(), reason: "restarted".to_owned() }));
    to.commit(&[("Patient", "c", 1, Operation::Create, "{\"resourceType\":\"Patient\"}")]);
    to.items.push(Item::Checkpoint(to.checkpoint(&second)));
    to.act(Act::Cut(cut(11, &to.previous, 3, &second)));
    to.epoch = 4;
    to.act(Act::Resume(resume(11, 4, &to.previous)));
    to.act(Act::Cut(cut(13, &to.previous, 5, &second)));
    to.epoch = 5;
    to.commit(&[("Patient", "c", 2, Operation::Update, "{\"resourceType\":\"Patient\",\"v\":2}")]);
    to.items.extend(access_chain("host-b.example", 5, 2, &target));
    to.items.push(Item::Checkpoint(to.checkpoint(&target)));
    outside.push(cosigned(to.checkpoint(&target)));
    Sample { items: to.items, outside }
}

/// Entry 3: a document with two blobs; the second will be erased.
fn with_blobs(to: &mut Builder) {
    let (kept, gone) = (b"a scanned letter".as_slice(), b"a letter of somebody else".as_slice());
    let text = "{\"resourceType\":\"DocumentReference\"}";
    let mut document = change("DocumentReference", "d", 1, Operation::Create, &salt(50), text);
    document.blobs = vec![
        BlobRef { digest: blob_digest(&salt(51), kept), length: kept.len() as u64 },
        BlobRef { digest: blob_digest(&salt(52), gone), length: gone.len() as u64 },
    ];
    let entry = Entry { changes: vec![document.clone()], ..to.blank() };
    to.push(entry);
    to.items.push(Item::Text { change: 0, salt: salt(50), text: text.as_bytes().to_vec() });
    let digest = document.blobs[0].digest;
    to.items.push(Item::Blob { digest, salt: salt(51), length: kept.len() as u64, bytes: kept.to_vec() });
}

/// Entry 7: erases version 1 of Patient/a and the second blob; the text is taken away.
fn erase(to: &mut Builder) {
    let erased = ErasedVersion { kind: "Patient".to_owned(), id: "a".to_owned(), version: 1, entry: 2 };
    let digest = blob_digest(&salt(52), b"a letter of somebody else");
    to.act(Act::Erase(Erasure {
        versions: vec![erased],
        blobs: vec![digest],
        authority: "County Court order 26-114".to_owned(),
        reason: "wrong document filed".to_owned(),
    }));
    let text = to.items.iter().position(|item| matches!(item, Item::Text { change: 0, .. }));
    to.items.remove(text.unwrap());
}

fn cosigned(mut checkpoint: SignedCheckpoint) -> SignedCheckpoint {
    checkpoint.cosign(&witness(), 1_795_000_100).unwrap();
    checkpoint
}

pub(crate) fn leaf(number: u64, host: &str, epoch: u64, previous: Hash) -> AccessLeaf {
    let read = |outcome, subjects| AccessRead {
        principal: "dr.mistry".to_owned(),
        permit: "permit-9".to_owned(),
        purpose: "direct care".to_owned(),
        query: "Patient?family".to_owned(),
        sequence: 1,
        outcome,
        subjects,
    };
    let shown = read(AccessOutcome::Shown, vec![("Patient".to_owned(), "a".to_owned())]);
    let reads = if number == 2 { vec![shown, read(AccessOutcome::Refused, Vec::new())] } else { vec![shown] };
    AccessLeaf { number, epoch, host: host.to_owned(), previous, moment: Moment(START + number as i64), reads }
}

fn access_chain(host: &str, epoch: u64, leaves: u64, key: &SigningKey) -> Vec<Item> {
    let (mut items, mut edge, mut previous) = (Vec::new(), Edge::default(), NOTHING_BEFORE);
    for number in 1..=leaves {
        let bytes = leaf(number, host, epoch, previous).encode();
        previous = access_chain_hash(&bytes);
        edge.append(leaf_hash(&bytes));
        items.push(Item::Leaf(bytes));
    }
    let origin = AccessLeaf::chain_origin(ORIGIN, host, epoch);
    let moment = Moment(START + 100);
    let checkpoint = Checkpoint { origin, size: leaves, root: edge.root(), epoch, moment };
    items.push(Item::Checkpoint(SignedCheckpoint::sign(checkpoint, key).unwrap()));
    items
}

/// Writes records as a package.
pub(crate) fn package(items: &[Item]) -> Vec<u8> {
    let header = Header { origin: ORIGIN.to_owned(), moment: Moment(START), texts: true, blobs: true };
    let mut to = Writer::new(Vec::new(), &header).unwrap();
    for item in items {
        match item {
            Item::Entry(bytes) => to.entry(bytes),
            Item::Text { change, salt, text } => to.text(*change, salt, 0, text),
            Item::Blob { digest, salt, length, bytes } => to.blob(digest, salt, 0, *length, bytes.as_slice()),
            Item::Checkpoint(checkpoint) => to.checkpoint(checkpoint),
            Item::Leaf(bytes) => to.leaf(bytes),
        }
        .unwrap();
    }
    to.finish().unwrap()
}
