//! Checkpoints: a signed statement of how many entries a journal had, and the root of their tree.
//!
//! The text is a C2SP tlog-checkpoint (origin, size, root) with two extension lines, epoch and moment; signatures
//! and cosignatures are those of a signed note. Two checkpoints of one origin and size with different roots prove
//! that somebody lied.

use crate::access::ACCESS_CHAIN;
use crate::hash::Hash;
use crate::keys::{SigningKey, VerifierKey};
use crate::note::{BadText, NotVerified, Note, Signer};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use terms::Moment;

/// What a checkpoint states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which journal: a line such as `almoner.example/t/RX1`, without space or `+`.
    pub origin: String,
    /// How many entries it had.
    pub size: u64,
    /// The root of the tree of that size.
    pub root: Hash,
    /// The epoch in which it was signed; not below that of the last entry.
    pub epoch: u64,
    /// When the checkpoint was made.
    pub moment: Moment,
}

/// A checkpoint with its signatures, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

/// What a checkpoint counts, for a person: entries of the journal, or leaves of an access chain.
pub(crate) fn counted(origin: &str, size: u64) -> String {
    match (origin.split_once(ACCESS_CHAIN), size) {
        (Some((_, chain)), 1) => format!("1 leaf of access chain {chain}"),
        (Some((_, chain)), _) => format!("{size} leaves of access chain {chain}"),
        (None, 1) => "1 entry".to_owned(),
        (None, _) => format!("{size} entries"),
    }
}

impl Checkpoint {
    /// What it counts, for a person: `14 entries`, or `30 leaves of access chain host/1`.
    pub fn counted(&self) -> String {
        counted(&self.origin, self.size)
    }

    /// The five lines that are signed.
    pub fn text(&self) -> String {
        let root = STANDARD.encode(self.root);
        format!("{}\n{}\n{root}\nepoch {}\nmoment {}\n", self.origin, self.size, self.epoch, self.moment)
    }

    /// Reads exactly what [`Checkpoint::text`] prints.
    pub fn parse(text: &str) -> Result<Checkpoint, BadText> {
        let bad = |what| BadText { what };
        let body = text.strip_suffix('\n').ok_or(bad("a checkpoint ends with a newline"))?;
        let lines: Vec<&str> = body.split('\n').collect();
        let [origin, size, root, epoch, moment] = lines[..] else {
            return Err(bad("a checkpoint has five lines: origin, size, root, epoch, moment"));
        };
        crate::keys::check_name(origin)
            .map_err(|_| bad("the origin is empty, too long, or holds a space or a plus"))?;
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok());
        let epoch = epoch.strip_prefix("epoch ").and_then(|epoch| epoch.parse().ok());
        let moment = moment.strip_prefix("moment ").and_then(|moment| Moment::parse(moment).ok());
        let checkpoint = Checkpoint {
            origin: origin.to_owned(),
            size: size.parse().map_err(|_| bad("the size is not a number"))?,
            root: root.ok_or(bad("the root is not 32 bytes in base64"))?,
            epoch: epoch.ok_or(bad("the fourth line is not an epoch"))?,
            moment: moment.ok_or(bad("the fifth line is not a moment"))?,
        };
        if checkpoint.text() == text { Ok(checkpoint) } else { Err(bad("a line is not in its usual form")) }
    }
}

impl SignedCheckpoint {
    /// Signs a checkpoint with the log's key, whose name is the origin by custom.
    pub fn sign(checkpoint: Checkpoint, key: &SigningKey) -> Result<SignedCheckpoint, BadText> {
        let text = checkpoint.text();
        Checkpoint::parse(&text)?;
        let mut note = Note::new(text)?;
        note.sign(key)?;
        Ok(SignedCheckpoint { checkpoint, note })
    }

    /// Reads a signed checkpoint; says nothing about whether its signatures hold.
    pub fn parse(text: &str) -> Result<SignedCheckpoint, BadText> {
        let note = Note::parse(text)?;
        Ok(SignedCheckpoint { checkpoint: Checkpoint::parse(note.text())?, note })
    }

    /// Adds a witness's cosignature, given at this time in seconds since 1970.
    pub fn cosign(&mut self, witness: &SigningKey, seconds: u64) -> Result<(), BadText> {
        self.note.cosign(witness, seconds)
    }

    /// What it states. Believe it only after [`SignedCheckpoint::verify`].
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The names on its signature lines, whether they hold or not.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.note.names()
    }

    /// The known keys whose signatures hold; see [`Note::verify`].
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Vec<Signer>, NotVerified> {
        self.note.verify(keys)
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}
