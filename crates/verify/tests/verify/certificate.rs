//! Certificates of moves, made here with keys of their own: what holds, what is not proved, and every way in which somebody
//! could cheat.

use std::collections::BTreeMap;

use journal::act::Cut;
use journal::tiles::TileReader;
use journal::tiles::proof::{consistency, inclusion};
use journal::{
    Act, Cause, CauseKind, Checkpoint, Entry, Hash, KeyKind, NOTHING_BEFORE, SignedCheckpoint, SigningKey, chain_hash,
    leaf_hash,
};
use serde_json::{Value, json};
use terms::Moment;

use crate::run;

const ORIGIN: &str = "almoner.example/t/RTX";

struct Keys {
    from: SigningKey,
    to: SigningKey,
    witness: SigningKey,
}

fn keys() -> Keys {
    let key = |name, seed| SigningKey::from_seed(name, [seed; 32]).unwrap();
    Keys { from: key(ORIGIN, 1), to: key(ORIGIN, 2), witness: key("witness.example/w", 3) }
}

/// A journal that ends with a cut, each entry as bytes.
fn journal(keys: &Keys, entries: u64) -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = Vec::new();
    for sequence in 1..=entries + 1 {
        let previous = bodies.last().map_or(NOTHING_BEFORE, |body| chain_hash(body));
        let mut act = Act::Commit;
        if sequence == entries + 1 {
            let mut cut = Cut {
                origin: ORIGIN.into(),
                source: "almoner-a".into(),
                target: "almoner-b".into(),
                epoch: 2,
                source_key: keys.from.public(),
                target_key: keys.to.public(),
                source_signature: [0; 64],
                target_signature: [0; 64],
            };
            let message = cut.message(sequence, &previous);
            (cut.source_signature, cut.target_signature) = (keys.from.sign(&message), keys.to.sign(&message));
            act = Act::Cut(cut);
        }
        let entry = Entry {
            sequence,
            epoch: 1,
            moment: Moment(1_800_000_000_000 + sequence as i64),
            previous,
            author: "host/a".into(),
            permit: "host".into(),
            cause: Cause { kind: CauseKind::Move, reference: "almoner-b".into() },
            command: "cut".into(),
            idempotency: None,
            assertions: Vec::new(),
            changes: Vec::new(),
            act,
        };
        bodies.push(entry.encode());
    }
    bodies
}

fn leaves(bodies: &[Vec<u8>]) -> Vec<u8> {
    bodies.iter().flat_map(|body| leaf_hash(body)).collect()
}

fn root(bodies: &[Vec<u8>]) -> Hash {
    let size = bodies.len() as u64;
    TileReader::new(size, |_| Some(leaves(bodies))).subtree(0, size).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hexes(hashes: Vec<Hash>) -> Vec<String> {
    hashes.iter().map(|hash| hex(hash)).collect()
}

fn checkpoint(bodies: &[Vec<u8>], key: &SigningKey) -> SignedCheckpoint {
    let (size, root) = (bodies.len() as u64, root(bodies));
    let stated = Checkpoint { origin: ORIGIN.into(), size, root, epoch: 2, moment: Moment(1_800_000_100_000) };
    SignedCheckpoint::sign(stated, key).unwrap()
}

fn path(bodies: &[Vec<u8>], old: usize, new: usize) -> Vec<String> {
    hexes(consistency(old as u64, &mut TileReader::new(new as u64, |_| Some(leaves(&bodies[..new])))).unwrap())
}

/// The statement of a move of ten entries, rehearsed at six, witnessed at four.
fn statement(keys: &Keys) -> Value {
    let bodies = journal(keys, 10);
    let mut witnessed = checkpoint(&bodies[..4], &keys.from);
    witnessed.cosign(&keys.witness, 1_800_000_050).unwrap();
    let counts: BTreeMap<&str, u64> = [("Patient", 3), ("~obligation", 1)].into();
    let invariant = |name: &str| json!({"name": name, "state": "holds", "from": 3, "to": 3, "sentence": "So it is."});
    let names = ["conservation", "continuity", "feasibility", "delivery", "uniqueness"];
    let cut_inclusion = hexes(inclusion(10, &mut TileReader::new(11, |_| Some(leaves(&bodies)))).unwrap());
    json!({
        "format": "almoner certificate 1", "trust": "RTX", "name": "Thameside", "origin": ORIGIN,
        "from": "almoner-a", "to": "almoner-b",
        "from_key": keys.from.verifier(KeyKind::Log).to_string(), "to_key": keys.to.verifier(KeyKind::Log).to_string(),
        "cut": 11, "cut_entry": hex(&bodies[10]), "cut_inclusion": cut_inclusion,
        "before_from": checkpoint(&bodies[..10], &keys.from).to_string(),
        "before_to": checkpoint(&bodies[..10], &keys.to).to_string(),
        "cut_consistency": path(&bodies, 10, 11),
        "after": checkpoint(&bodies, &keys.to).to_string(), "after_consistency": Vec::<String>::new(),
        "rehearsals": [{"checkpoint": checkpoint(&bodies[..6], &keys.from).to_string(), "path": path(&bodies, 6, 10)}],
        "witnessed": [{"checkpoint": witnessed.to_string(), "path": path(&bodies, 4, 10)}],
        "invariants": names.map(invariant), "counts_from": counts, "counts_to": counts,
        "timings": {}, "proved": [], "stated": ["The times."],
    })
}

fn signed(keys: &Keys, statement: &Value) -> String {
    let text = statement.to_string();
    let message = [b"almoner:certificate\n", text.as_bytes()].concat();
    let signature = |key: &SigningKey| json!({"key": key.verifier(KeyKind::Log).to_string(), "signature": hex(&key.sign(&message))});
    json!({"statement": text, "signatures": [signature(&keys.from), signature(&keys.to)]}).to_string()
}

fn check(certificate: &str, with_witness: bool) -> (Option<i32>, String) {
    let witness = keys().witness.verifier(KeyKind::Witness).to_string();
    let mut arguments = vec!["certificate", "-"];
    if with_witness {
        arguments.extend(["--witness", &witness]);
    }
    let (code, out, err) = run(&arguments, certificate.as_bytes());
    (code, out + &err)
}

#[test]
fn a_certificate_is_proved_by_a_witness_and_by_nobody_else() {
    let keys = keys();
    let certificate = signed(&keys, &statement(&keys));
    let (code, text) = check(&certificate, true);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("Proved: what was moved begins with what witness.example/w signed."), "{text}");
    assert!(text.contains("only stated: The times."), "{text}");
    let (code, text) = check(&certificate, false);
    assert_eq!(code, Some(1));
    assert!(text.contains("Not proved") && !text.contains("WRONG"), "{text}");
    let (_, json, _) = run(&["certificate", "-", "--json"], certificate.as_bytes());
    assert!(json.contains("\"proved\":false"), "{json}");
}

/// What a cheat does to a statement that both hosts then sign, and what is said of it.
type Cheat = (&'static str, fn(&Keys, &mut Value), &'static str);

const CHEATS: &[Cheat] = &[
    (
        "a history of its own before the cut",
        |keys, of| {
            let mut other = journal(keys, 10);
            other[2] = other[3].clone();
            of["before_from"] = checkpoint(&other[..10], &keys.from).to_string().into();
            of["before_to"] = checkpoint(&other[..10], &keys.to).to_string().into();
        },
        "does not follow",
    ),
    (
        "roots that differ",
        |keys, of| of["before_to"] = checkpoint(&journal(keys, 12)[..10], &keys.witness).to_string().into(),
        "is not signed with its key",
    ),
    ("a cut of another number", |_, of| of["cut"] = 12.into(), "another size"),
    (
        "an edited cut",
        |_, of| {
            let mut entry = of["cut_entry"].as_str().unwrap().to_owned();
            entry.replace_range(120..122, "00");
            of["cut_entry"] = entry.into();
        },
        "WRONG",
    ),
    ("a cut that names another host", |_, of| of["to"] = "almoner-c".into(), "names other hosts"),
    (
        "a witness of another history",
        |keys, of| {
            let mut other = journal(keys, 10);
            other[1] = other[0].clone();
            let mut checkpoint = checkpoint(&other[..4], &keys.from);
            checkpoint.cosign(&keys.witness, 1).unwrap();
            of["witnessed"][0]["checkpoint"] = checkpoint.to_string().into();
        },
        "not of the beginning",
    ),
    (
        "a rehearsal of another history",
        |keys, of| {
            of["rehearsals"][0]["checkpoint"] = checkpoint(&journal(keys, 10)[..5], &keys.from).to_string().into()
        },
        "not of the beginning",
    ),
    (
        "what was signed afterwards",
        |keys, of| of["after"] = checkpoint(&journal(keys, 12)[..11], &keys.to).to_string().into(),
        "does not begin with what was moved",
    ),
    ("counts that differ", |_, of| of["counts_to"]["Patient"] = 2.into(), "count Patient differently"),
    ("a broken invariant", |_, of| of["invariants"][3]["state"] = "broken".into(), "delivery is broken"),
    ("an invariant left out", |_, of| drop(of["invariants"].as_array_mut().unwrap().remove(2)), "five invariants"),
];

#[test]
fn whatever_two_cheating_hosts_sign_is_found() {
    let keys = keys();
    for (name, cheat, said) in CHEATS {
        let mut statement = statement(&keys);
        cheat(&keys, &mut statement);
        let (code, text) = check(&signed(&keys, &statement), true);
        assert_eq!(code, Some(1), "{name}: {text}");
        assert!(text.contains("WRONG") && text.contains(said), "{name}: {text}");
    }
}

#[test]
fn a_certificate_that_was_changed_after_it_was_signed_is_found() {
    let keys = keys();
    let certificate = signed(&keys, &statement(&keys));
    for (from, to) in [("Thameside", "Thamesyde"), ("holds", "holdz"), ("\\\"cut\\\":11", "\\\"cut\\\":12")] {
        let changed = certificate.replace(from, to);
        assert_ne!(changed, certificate);
        let (code, text) = check(&changed, true);
        assert!(code == Some(1) && text.contains("has not signed this statement"), "{from}: {text}");
    }
    for bad in ["", "{}", "{\"statement\":\"{}\",\"signatures\":[]}"] {
        assert_eq!(check(bad, true).0, Some(2));
    }
}
