//! Signed notes: text, an empty line, signature lines (C2SP signed-note and tlog-cosignature).
//!
//! Signatures of unknown keys are ignored, so that keys can change and witnesses can be added; a known key whose
//! signature does not hold spoils the whole note. What the text says is not this file's business.

use crate::keys::{KeyKind, SigningKey, VerifierKey, check_name, signature_holds};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// A text with its signature lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct NoteSignature {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

/// A known key whose signature on a note holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The key.
    pub key: VerifierKey,
    /// For a witness: when it cosigned, in seconds since 1970.
    pub seconds: Option<u64>,
}

/// A text that is not what it should be: a key, a signed note or a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct BadText {
    /// What is wrong.
    pub what: &'static str,
}

/// Why a note is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotVerified {
    /// None of the known keys signed it.
    #[error("none of the known keys signed it")]
    NoKnownKey,
    /// The line names a known key, but the signature is not that key's over this text.
    #[error("the signature of {name} is not that key's over this text")]
    Forged {
        /// The key's name.
        name: String,
    },
}

/// Longest signed note, in bytes.
pub const MOST_NOTE_BYTES: usize = 64 << 10;

const MOST_SIGNATURES: usize = 64;
const LINE_START: &str = "\u{2014} ";

/// The notes of a text that holds several, one after the other: each ends with its last signature line.
pub fn notes(text: &str) -> Vec<&str> {
    let mut notes = Vec::new();
    let (mut start, mut at, mut is_signed) = (0, 0, false);
    for line in text.split_inclusive('\n') {
        let is_signature = line.starts_with(LINE_START);
        if is_signed && !is_signature {
            notes.push(text[start..at].trim_start_matches('\n'));
            start = at;
        }
        is_signed = is_signature;
        at += line.len();
    }
    let rest = text[start..].trim_start_matches('\n');
    if !rest.is_empty() || notes.is_empty() {
        notes.push(rest);
    }
    notes
}

impl Note {
    /// A note without signatures. The text ends with a newline and has no other control character.
    pub fn new(text: String) -> Result<Note, BadText> {
        if !text.ends_with('\n') || text.bytes().any(|b| b < 0x20 && b != b'\n') || text.len() > MOST_NOTE_BYTES {
            return Err(BadText { what: "a note's text is lines of plain characters" });
        }
        Ok(Note { text, signatures: Vec::new() })
    }

    /// Reads a note; says nothing about whether its signatures hold.
    pub fn parse(note: &str) -> Result<Note, BadText> {
        if note.len() > MOST_NOTE_BYTES {
            return Err(BadText { what: "the note is too long" });
        }
        let Some(split) = note.rfind("\n\n") else {
            return Err(BadText { what: "a signed note has an empty line before its signatures" });
        };
        let (text, lines) = (&note[..=split], &note[split + 2..]);
        let mut parsed = Note::new(text.to_owned())?;
        let Some(lines) = lines.strip_suffix('\n') else {
            return Err(BadText { what: "a signed note ends with a signature line" });
        };
        for line in lines.split('\n') {
            parsed.add(NoteSignature::parse(line)?)?;
        }
        Ok(parsed)
    }

    /// The text that is signed, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names on the signature lines, whether they hold or not.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.signatures.iter().map(|signature| signature.name.as_str())
    }

    /// Adds a log's signature.
    pub fn sign(&mut self, key: &SigningKey) -> Result<(), BadText> {
        let bytes = key.sign(self.text.as_bytes()).to_vec();
        self.add(NoteSignature { name: key.name().to_owned(), id: key.verifier(KeyKind::Log).id(), bytes })
    }

    /// Adds a witness's cosignature, given at this time in seconds since 1970.
    pub fn cosign(&mut self, key: &SigningKey, seconds: u64) -> Result<(), BadText> {
        let signature = key.sign(&cosigned_message(seconds, &self.text));
        let bytes = [seconds.to_be_bytes().as_slice(), &signature].concat();
        self.add(NoteSignature { name: key.name().to_owned(), id: key.verifier(KeyKind::Witness).id(), bytes })
    }

    /// The known keys whose signatures hold: at least one, and none that is known and does not hold.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Vec<Signer>, NotVerified> {
        let mut signers: Vec<Signer> = Vec::new();
        for signature in &self.signatures {
            let known = keys.iter().filter(|key| key.name() == signature.name && key.id() == signature.id);
            for key in known {
                match signature.holds(key, &self.text) {
                    Some(signer) => signers.push(signer),
                    None => return Err(NotVerified::Forged { name: signature.name.clone() }),
                }
            }
        }
        if signers.is_empty() { Err(NotVerified::NoKnownKey) } else { Ok(signers) }
    }

    fn add(&mut self, signature: NoteSignature) -> Result<(), BadText> {
        if self.signatures.len() == MOST_SIGNATURES {
            return Err(BadText { what: "the note has too many signatures" });
        }
        self.signatures.push(signature);
        Ok(())
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for signature in &self.signatures {
            let bytes = [signature.id.as_slice(), &signature.bytes].concat();
            writeln!(f, "{LINE_START}{} {}", signature.name, STANDARD.encode(bytes))?;
        }
        Ok(())
    }
}

impl NoteSignature {
    fn parse(line: &str) -> Result<NoteSignature, BadText> {
        let parts = line.strip_prefix(LINE_START).and_then(|rest| rest.split_once(' '));
        let Some((name, encoded)) = parts else {
            return Err(BadText { what: "a signature line is a dash, a name and a signature" });
        };
        check_name(name)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| BadText { what: "a signature is not base64" })?;
        match bytes.split_first_chunk::<4>() {
            Some((id, rest)) if !rest.is_empty() => {
                Ok(NoteSignature { name: name.to_owned(), id: *id, bytes: rest.to_vec() })
            }
            _ => Err(BadText { what: "a signature is too short" }),
        }
    }

    fn holds(&self, key: &VerifierKey, text: &str) -> Option<Signer> {
        let signer = |seconds| Signer { key: key.clone(), seconds };
        match key.kind() {
            KeyKind::Log => {
                let signature = self.bytes.as_slice().try_into().ok()?;
                signature_holds(key.public(), text.as_bytes(), signature).then(|| signer(None))
            }
            KeyKind::Witness => {
                let (seconds, signature) = self.bytes.split_first_chunk::<8>()?;
                let seconds = u64::from_be_bytes(*seconds);
                let message = cosigned_message(seconds, text);
                let plausible = seconds <= i64::MAX as u64;
                let holds = signature_holds(key.public(), &message, signature.try_into().ok()?);
                (plausible && holds).then(|| signer(Some(seconds)))
            }
        }
    }
}

/// What a witness signs: C2SP tlog-cosignature, "Ed25519 signed message".
fn cosigned_message(seconds: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {seconds}\n{text}").into_bytes()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// Key, text and signature published in the documentation of Go's `golang.org/x/mod/sumdb/note`.
    const KEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn the_published_note_is_made_and_verified() {
        let key = SigningKey::parse(KEY).unwrap();
        let parsed = Note::parse(NOTE).unwrap();
        let mut made = Note::new(parsed.text().to_owned()).unwrap();
        made.sign(&key).unwrap();
        assert_eq!(made.to_string(), NOTE);
        assert_eq!(parsed.verify(&[key.verifier(KeyKind::Log)]).unwrap().len(), 1);
    }

    #[test]
    fn notes_that_stand_one_after_the_other_are_told_apart() {
        let (one, other) = ("a\nb\n\n— x AAAA\n", "c\n\nd\n\n— x AAAA\n— y BBBB\n");
        assert_eq!(notes(one), [one]);
        assert_eq!(notes(&format!("{one}{other}")), [one, other]);
        assert_eq!(notes(&format!("{one}\n{other}\n{one}")), [one, other, one]);
        assert_eq!(notes(&format!("{one}tail")), [one, "tail"]);
        assert_eq!(notes("no note"), ["no note"]);
        assert_eq!(notes(""), [""]);
    }

    #[test]
    fn unknown_keys_are_ignored_and_forged_known_ones_spoil_the_note() {
        let log = SigningKey::from_seed("log.example", [1; 32]).unwrap();
        let witness = SigningKey::from_seed("witness.example", [2; 32]).unwrap();
        let (log_key, witness_key) = (log.verifier(KeyKind::Log), witness.verifier(KeyKind::Witness));
        let mut note = Note::new("log.example\n1\n".to_owned()).unwrap();
        note.sign(&log).unwrap();
        note.cosign(&witness, 1_795_000_000).unwrap();
        let signers = note.verify(&[log_key.clone(), witness_key.clone()]).unwrap();
        assert_eq!(signers.iter().map(|signer| signer.seconds).collect::<Vec<_>>(), [None, Some(1_795_000_000)]);
        let stranger = SigningKey::from_seed("log.example", [3; 32]).unwrap();
        assert_eq!(note.verify(&[stranger.verifier(KeyKind::Log)]), Err(NotVerified::NoKnownKey));
        let other = Note::parse(&note.to_string().replacen("\n1\n", "\n2\n", 1)).unwrap();
        assert_eq!(other.verify(&[witness_key]), Err(NotVerified::Forged { name: "witness.example".to_owned() }));
        assert_eq!(other.verify(&[log_key]), Err(NotVerified::Forged { name: "log.example".to_owned() }));
    }

    #[test]
    fn what_is_not_a_note_is_refused() {
        let signature = "AAAAAAAA";
        for refused in [
            "",
            "text\n",
            "text\n\n",
            "text\n\n\u{2014} a AAAA\n",
            "text\n\n- a AAAAAAAA\n",
            "text\n\n\u{2014} a+b AAAAAAAA\n",
            "text\n\n\u{2014} a AAAAAAAA",
            "te\tt\n\n\u{2014} a AAAAAAAA\n",
        ] {
            assert!(Note::parse(refused).is_err(), "{refused:?}");
        }
        assert!(Note::parse(&format!("text\n\n{LINE_START}a {signature}\n")).is_ok());
    }
}
