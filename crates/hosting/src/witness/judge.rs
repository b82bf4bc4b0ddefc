//! What a witness makes of a checkpoint that it is shown: it signs, it asks for a proof, or it keeps what does not fit.
//! Plain data in, a judgement out: no disk, no wire, no clock.

use journal::tiles::proof::consistency_holds;
use journal::{Checkpoint, Hash};

use crate::moving::unhex;

/// What a witness does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It extends what was signed before.
    Sign,
    /// The proof does not begin where the witness is, at this size.
    From(u64),
    /// The host that signed it rewrote or cut its history, or shows another one here: in words.
    Exposed(String),
}

/// Judges a checkpoint whose signature holds, with the proof that it extends the first `old` entries. `is_same` when the
/// host signed the one that was seen too: two hosts of a trust that moved have two clocks.
pub(super) fn judge(
    seen: Option<&Checkpoint>,
    is_same: bool,
    old: u64,
    proof: &[Hash],
    shown: &Checkpoint,
) -> Judgement {
    let Some(seen) = seen else {
        return if old == 0 && proof.is_empty() { Judgement::Sign } else { Judgement::From(0) };
    };
    if let Some(why) = contradiction(seen, shown, is_same) {
        return Judgement::Exposed(why);
    }
    if old != seen.size || shown.size < seen.size {
        return Judgement::From(seen.size);
    }
    if consistency_holds(old, &seen.root, shown.size, &shown.root, proof) {
        return Judgement::Sign;
    }
    Judgement::Exposed(format!(
        "It signed {} entries, and what it shows of {} entries does not begin with them.",
        seen.size, shown.size
    ))
}

/// Why two checkpoints of one record, both signed by its host, cannot both be of one history; whoever has the two needs
/// nothing else to see it.
pub(super) fn contradiction(one: &Checkpoint, other: &Checkpoint, is_same: bool) -> Option<String> {
    let (first, later) = if one.moment <= other.moment { (one, other) } else { (other, one) };
    if one.size == other.size && one.root != other.root {
        return Some(format!("It signed two different histories of {} entries.", one.size));
    }
    if is_same && later.size < first.size && later.moment > first.moment {
        return Some(format!(
            "It signed {} entries, and later only {}: what came between is gone.",
            first.size, later.size
        ));
    }
    None
}

/// Whether an answer, hashes in hexadecimal as JSON, proves that the history of one checkpoint is the beginning of the
/// other's. What cannot be read proves nothing.
pub(super) fn proves(old: &Checkpoint, new: &Checkpoint, answer: &[u8]) -> bool {
    let path = serde_json::from_slice::<Vec<String>>(answer).ok();
    let path = path.and_then(|path| path.iter().map(|hash| unhex(hash).ok()).collect::<Option<Vec<Hash>>>());
    path.is_some_and(|path| consistency_holds(old.size, &old.root, new.size, &new.root, &path))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use journal::tiles::TileReader;
    use journal::tiles::proof::consistency;
    use terms::Moment;

    use super::*;

    /// A history of so many entries that was another one from an entry on.
    fn leaves(size: u64, other_from: u64) -> Vec<Hash> {
        (0..size)
            .map(|n| journal::leaf_hash(&[n.to_be_bytes(), u64::from(n >= other_from).to_be_bytes()].concat()))
            .collect()
    }

    fn at(leaves: &[Hash], moment: i64) -> Checkpoint {
        let mut edge = journal::Edge::default();
        leaves.iter().for_each(|leaf| edge.append(*leaf));
        let (size, root) = (leaves.len() as u64, edge.root());
        Checkpoint { origin: "a/t/RTX".into(), size, root, epoch: 1, moment: Moment(moment) }
    }

    fn proof(leaves: &[Hash], old: u64) -> Vec<Hash> {
        let tile = leaves.concat();
        consistency(old, &mut TileReader::new(leaves.len() as u64, |_| Some(tile.clone()))).unwrap()
    }

    #[test]
    fn what_extends_is_signed_and_every_rewriting_is_found() {
        let honest = leaves(100, u64::MAX);
        let seen = at(&honest[..60], 10);
        let sign = |old, proof: &[Hash], shown: &Checkpoint| judge(Some(&seen), true, old, proof, shown);
        assert_eq!(judge(None, false, 0, &[], &seen), Judgement::Sign);
        assert_eq!(sign(60, &proof(&honest, 60), &at(&honest, 20)), Judgement::Sign);
        assert_eq!(sign(60, &[], &at(&honest[..60], 20)), Judgement::Sign, "nothing was written since");
        assert_eq!(sign(0, &[], &at(&honest, 20)), Judgement::From(60), "a log that forgot where the witness is");
        assert_eq!(sign(30, &[], &at(&honest[..50], 5)), Judgement::From(60), "an older one that comes late");
        let exposed = |judgement: Judgement, words: &str| match judgement {
            Judgement::Exposed(why) => assert!(why.contains(words), "{why}"),
            other => panic!("{other:?}"),
        };
        exposed(sign(60, &[], &at(&leaves(60, 59), 20)), "two different histories of 60");
        exposed(sign(60, &[], &at(&honest[..59], 20)), "later only 59");
        let elsewhere = judge(Some(&seen), false, 50, &[], &at(&honest[..50], 20));
        assert_eq!(elsewhere, Judgement::From(60), "another host's clock proves nothing");
        for changed_from in [0, 1, 31, 32, 58, 59] {
            let rewritten = leaves(100, changed_from);
            exposed(sign(60, &proof(&rewritten, 60), &at(&rewritten, 20)), "does not begin with them");
            exposed(sign(60, &proof(&honest, 60), &at(&rewritten, 20)), "does not begin with them");
        }
        exposed(sign(60, &[], &at(&honest, 20)), "does not begin with them");
    }

    #[test]
    fn what_is_no_proof_proves_nothing() {
        let honest = leaves(100, u64::MAX);
        let (old, new) = (at(&honest[..60], 10), at(&honest, 20));
        let hashes: Vec<String> = proof(&honest, 60).iter().map(|hash| crate::secret::hex(hash)).collect();
        let answer = serde_json::to_string(&hashes).unwrap();
        assert!(proves(&old, &new, answer.as_bytes()));
        assert!(!proves(&old, &at(&leaves(100, 59), 20), answer.as_bytes()));
        let no_hex = answer.replacen(&hashes[0][..2], "zz", 1);
        for bad in ["", "{}", "[]", "[7]", &answer[..answer.len() - 1], &no_hex, "[\"z\"]"] {
            assert!(!proves(&old, &new, bad.as_bytes()), "{bad}");
        }
    }
}
