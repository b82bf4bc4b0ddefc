//! A certificate whose members have the form of `docs/formats/move.md`, section 6. Its signatures and proofs are letters:
//! the paper carries them and checks none.

use serde_json::{Value, json};

pub(crate) const ORIGIN: &str = "almoner.example/t/RTX";
/// The root of the checkpoint of so many entries.
pub(crate) fn root(size: u64) -> String {
    format!("{size:042}a=")
}

pub(crate) fn checkpoint(size: u64, signers: &[&str]) -> String {
    let signed: String = signers.iter().map(|name| format!("\u{2014} {name} c2lnbmF0dXJl\n")).collect();
    format!("{ORIGIN}\n{size}\n{}\nepoch 2\nmoment 2027-01-15T02:01:{:02}.500Z\n\n{signed}", root(size), size % 60)
}

pub(crate) fn statement() -> Value {
    let invariant = |name: &str, state: &str, count: u64| json!({"name": name, "state": state, "from": count, "to": count, "sentence": format!("What {name} says.")});
    let counts = json!({"Patient": 48_211, "Encounter": 193_442, "~owed by nobody": 3});
    json!({
        "format": "almoner certificate 1", "trust": "RTX", "name": "Thameside Hospitals", "origin": ORIGIN,
        "from": "old.example", "to": "new.example", "from_key": "almoner.example/t/RTX+01+QUFB", "to_key": "almoner.example/t/RTX+02+QkJC",
        "cut": 1_001, "cut_entry": "00", "cut_inclusion": [],
        "before_from": checkpoint(1_000, &[ORIGIN]), "before_to": checkpoint(1_000, &[ORIGIN]), "cut_consistency": [],
        "after": checkpoint(1_003, &[ORIGIN]), "after_consistency": [],
        "rehearsals": [{"checkpoint": checkpoint(700, &[ORIGIN]), "path": []}],
        "witnessed": [{"checkpoint": checkpoint(900, &[ORIGIN, "witness.example/w"]), "path": []}],
        "invariants": [
            invariant("conservation", "holds", 241_653), invariant("continuity", "holds", 4_021),
            invariant("feasibility", "holds", 1_220), invariant("delivery", "as before", 4_022),
            invariant("uniqueness", "holds", 611),
        ],
        "counts_from": counts, "counts_to": counts,
        "timings": {"entry": 1_001, "back": false, "drained_ms": 412, "cut_ms": 898, "live_ms": 62_000,
            "held": 14, "held_median_ms": 1_310, "held_longest_ms": 2_690},
        "proved": ["A thing that is proved."], "stated": ["A thing that is stated."],
    })
}

pub(crate) fn file(statement: &Value) -> Vec<u8> {
    let signatures = json!([{"key": "almoner.example/t/RTX+01+QUFB", "signature": "ab".repeat(64)}]);
    json!({"statement": statement.to_string(), "signatures": signatures}).to_string().into_bytes()
}
