//! The body with which a host shows a checkpoint to a witness, and the cosignature that comes back, as in C2SP tlog-witness:
//! `old` and a size, the lines of a consistency proof in base64, an empty line, the checkpoint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use journal::{Hash, SignedCheckpoint};

/// Most hashes of a proof (C2SP tlog-witness).
const MOST_HASHES: usize = 63;

/// A checkpoint with the proof that it extends an older one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) old: u64,
    pub(super) proof: Vec<Hash>,
    pub(super) checkpoint: SignedCheckpoint,
}

impl Shown {
    pub(super) fn text(&self) -> String {
        let mut text = format!("old {}\n", self.old);
        for hash in &self.proof {
            text.push_str(&STANDARD.encode(hash));
            text.push('\n');
        }
        format!("{text}\n{}", self.checkpoint)
    }

    pub(super) fn parse(text: &str) -> Option<Shown> {
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let old = lines.next()?.strip_prefix("old ")?.parse().ok()?;
        let proof: Vec<Hash> = lines.map(|line| STANDARD.decode(line).ok()?.try_into().ok()).collect::<Option<_>>()?;
        let shown = Shown { old, proof, checkpoint: SignedCheckpoint::parse(checkpoint).ok()? };
        (shown.proof.len() <= MOST_HASHES && shown.text() == text).then_some(shown)
    }
}

/// The signature lines that a note has more than another.
pub(super) fn lines_added(before: &SignedCheckpoint, after: &SignedCheckpoint) -> String {
    let (before, after) = (before.to_string(), after.to_string());
    after.strip_prefix(before.as_str()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use journal::{Checkpoint, SigningKey};
    use terms::Moment;

    use super::*;

    #[test]
    fn what_is_shown_is_read_as_it_was_written() {
        let key = SigningKey::from_seed("a/t/RTX", [1; 32]).unwrap();
        let stated = Checkpoint { origin: "a/t/RTX".into(), size: 7, root: [2; 32], epoch: 1, moment: Moment(3) };
        let checkpoint = SignedCheckpoint::sign(stated, &key).unwrap();
        for proof in [vec![], vec![[4; 32], [5; 32]]] {
            let shown = Shown { old: 6, proof, checkpoint: checkpoint.clone() };
            assert_eq!(Shown::parse(&shown.text()).unwrap(), shown);
            assert!(Shown::parse(&shown.text().replace("old 6", "old 06")).is_none());
            assert!(Shown::parse(&shown.text()[1..]).is_none());
        }
        let mut signed = checkpoint.clone();
        signed.cosign(&SigningKey::from_seed("w", [9; 32]).unwrap(), 5).unwrap();
        let line = lines_added(&checkpoint, &signed);
        assert!(line.starts_with("\u{2014} w ") && line.ends_with('\n'), "{line}");
        assert_eq!(SignedCheckpoint::parse(&format!("{checkpoint}{line}")).unwrap(), signed);
    }
}
