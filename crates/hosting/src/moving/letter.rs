//! What two hosts without a line say to each other, as files that somebody carries: a body, and a signed note (C2SP) that
//! names the move, the kind and the body's digest. The other host's key is the one in the ticket, so that a letter of
//! another host, of another move, of another kind, or with a byte changed is none (`docs/formats/move.md`, section 15).

use journal::note::Note;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::kept::Move;
use crate::failure::Failure;
use crate::host::Host;
use crate::secret::hex;

const FIRST: &str = "almoner move letter 1";
/// The largest letter.
pub(super) const MOST_BYTES: usize = 64 << 20;

/// What a letter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What a folder holds besides entries.
    Folder,
    /// What came of the rehearsals of the host that follows.
    Rehearsed,
    /// The host that follows has signed a cut.
    Signed,
    /// It has taken the cut and is open.
    Opened,
    /// The certificate, with the signature of the host that cut alone.
    Statement,
    /// The certificate.
    Certified,
    /// The copy may be destroyed.
    Destroy,
    /// It was destroyed.
    Destroyed,
}

/// A letter as a file.
#[derive(Serialize, Deserialize)]
struct Letter {
    note: String,
    body: String,
}

impl Kind {
    const ALL: [Kind; 8] = [
        Kind::Folder,
        Kind::Rehearsed,
        Kind::Signed,
        Kind::Opened,
        Kind::Statement,
        Kind::Certified,
        Kind::Destroy,
        Kind::Destroyed,
    ];

    fn word(self) -> &'static str {
        match self {
            Kind::Folder => "folder",
            Kind::Rehearsed => "rehearsed",
            Kind::Signed => "signed",
            Kind::Opened => "opened",
            Kind::Statement => "statement",
            Kind::Certified => "certified",
            Kind::Destroy => "destroy",
            Kind::Destroyed => "destroyed",
        }
    }
}

/// Writes a letter to the other host.
pub(super) fn write(host: &Host, of: &Move, kind: Kind, body: &impl Serialize) -> Result<String, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Problem(format!("writing a letter of a move: {error}"));
    let body = serde_json::to_string(body).map_err(|error| failed(&error))?;
    let mut note = Note::new(text(of, kind, &body)).map_err(|error| failed(&error))?;
    note.sign(&host.key()?.signing).map_err(|error| failed(&error))?;
    serde_json::to_string_pretty(&Letter { note: note.to_string(), body }).map_err(|error| failed(&error))
}

/// Reads a letter of the other host.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub(super) fn read<T: DeserializeOwned>(of: &Move, kind: Kind, letter: &str) -> Result<T, Failure> {
    let found = kind_of(of, letter)?;
    if found != kind {
        return Err(Failure::Refused(format!(
            "This is another letter of this move than the one that is needed here: {:?}, and not {:?}.",
            found.word(),
            kind.word()
        )));
    }
    let letter: Letter = serde_json::from_str(letter).map_err(|_| none("it cannot be read"))?;
    serde_json::from_str(&letter.body).map_err(|_| none("what it says cannot be read"))
}

/// What a letter of the other host is about.
pub(super) fn kind_of(of: &Move, letter: &str) -> Result<Kind, Failure> {
    if letter.len() > MOST_BYTES {
        return Err(none("it is too long"));
    }
    let letter: Letter = serde_json::from_str(letter).map_err(|_| none("it cannot be read"))?;
    let note = Note::parse(&letter.note).map_err(|_| none("its note cannot be read"))?;
    note.verify(&[of.kept().other().verifier()?])
        .map_err(|_| none("the other host of this move has not signed it, or it was changed after that"))?;
    let is_of = |kind: &Kind| note.text() == text(of, *kind, &letter.body);
    Kind::ALL.into_iter().find(is_of).ok_or_else(|| none("it is of another move, or what it says was changed"))
}

fn text(of: &Move, kind: Kind, body: &str) -> String {
    let (id, digest) = (of.kept().ticket.id, hex(&Sha256::digest(body)));
    format!("{FIRST}\nid {id}\ntrust {}\nkind {}\nsha256 {digest}\n", of.code, kind.word())
}

fn none(why: &str) -> Failure {
    Failure::Refused(format!("This is no letter of the other host of this move: {why}."))
}
