//! Reads a certificate's file: the members of `docs/formats/move.md`, section 6, each checked for its form and none for its
//! truth. What comes out has the five invariants in their order, a trust's code and checkpoints that can be read; signatures
//! and proofs are only carried. It knows nothing of paper.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::problem::{MOST_BYTES, Problem};

/// The one format that is known.
const FORMAT: &str = "almoner certificate 1";
/// The five invariants, in their order.
const INVARIANTS: [&str; 5] = ["conservation", "continuity", "feasibility", "delivery", "uniqueness"];
/// Longest text of any other kind, in bytes; a checkpoint has at most as many.
const MOST_TEXT_BYTES: usize = 64 << 10;
/// Longest name, address or key, in characters.
const MOST_CHARS: usize = 1000;

/// A certificate that was read.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) statement: Statement,
    pub(crate) signatures: Vec<Signature>,
    /// Before the cut, by the host that handed over.
    pub(crate) before_from: Checkpoint,
    /// Before the cut, by the host that took over; `None` when the certificate lacks it.
    pub(crate) before_to: Option<Checkpoint>,
    /// With the cut or later, by the host that took over.
    pub(crate) after: Checkpoint,
    pub(crate) rehearsals: Vec<Checkpoint>,
    pub(crate) witnessed: Vec<Checkpoint>,
}

/// A checkpoint, not checked: what it states, who it says signed it, and its text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) size: u64,
    /// Base64, as checkpoints have it.
    pub(crate) root: String,
    /// As the checkpoint writes it.
    pub(crate) moment: Option<String>,
    /// Names on its signature lines, each once.
    pub(crate) signers: BTreeSet<String>,
    pub(crate) text: String,
}

/// The file.
#[derive(Deserialize)]
struct File {
    statement: String,
    signatures: Vec<Signature>,
}

/// A signature under the statement.
#[derive(Debug, Deserialize)]
pub(crate) struct Signature {
    pub(crate) key: String,
    pub(crate) signature: String,
}

/// The first thing that is asked of a statement.
#[derive(Deserialize)]
struct Format {
    format: String,
}

/// A checkpoint with its proof, which is carried and not looked at.
#[derive(Debug, Deserialize)]
pub(crate) struct Proved {
    checkpoint: String,
    #[serde(rename = "path")]
    _path: Vec<String>,
}

/// The statement. Members with a leading underscore must be there and are for the checker.
#[derive(Debug, Deserialize)]
pub(crate) struct Statement {
    pub(crate) trust: String,
    pub(crate) name: String,
    pub(crate) origin: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) from_key: String,
    pub(crate) to_key: String,
    pub(crate) cut: u64,
    #[serde(rename = "cut_entry")]
    _cut_entry: String,
    #[serde(rename = "cut_inclusion")]
    _cut_inclusion: Vec<String>,
    before_from: String,
    before_to: String,
    #[serde(rename = "cut_consistency")]
    _cut_consistency: Vec<String>,
    after: String,
    #[serde(rename = "after_consistency")]
    _after_consistency: Vec<String>,
    rehearsals: Vec<Proved>,
    witnessed: Vec<Proved>,
    pub(crate) invariants: Vec<Invariant>,
    pub(crate) counts_from: BTreeMap<String, u64>,
    pub(crate) counts_to: BTreeMap<String, u64>,
    pub(crate) timings: Timings,
    pub(crate) proved: Vec<String>,
    pub(crate) stated: Vec<String>,
}

/// One of the five.
#[derive(Debug, Deserialize)]
pub(crate) struct Invariant {
    pub(crate) name: String,
    pub(crate) state: State,
    pub(crate) from: Option<u64>,
    pub(crate) to: Option<u64>,
    pub(crate) sentence: String,
}

/// What is said of an invariant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum State {
    #[serde(rename = "holds")]
    Holds,
    #[serde(rename = "as before")]
    AsBefore,
    #[serde(rename = "broken")]
    Broken,
}

/// How long the cut took, by the clock of the host that handed over; absent where nobody measured.
#[derive(Debug, Deserialize)]
pub(crate) struct Timings {
    pub(crate) back: bool,
    pub(crate) drained_ms: Option<u64>,
    pub(crate) cut_ms: Option<u64>,
    pub(crate) live_ms: Option<u64>,
    pub(crate) held: Option<u64>,
    pub(crate) held_median_ms: Option<u64>,
    pub(crate) held_longest_ms: Option<u64>,
}

/// Reads a file.
///
/// # Errors
/// It is too large, or no certificate.
pub(crate) fn read(json: &[u8]) -> Result<Read, Problem> {
    if json.len() > MOST_BYTES {
        return Err(Problem::TooLarge);
    }
    let file: File = serde_json::from_slice(json).map_err(|error| Problem::unreadable("the file", &error))?;
    let unreadable = |error| Problem::unreadable("its statement", &error);
    let Format { format } = serde_json::from_str(&file.statement).map_err(unreadable)?;
    if format != FORMAT {
        return Err(Problem::no_certificate("its format is not known here"));
    }
    let statement: Statement = serde_json::from_str(&file.statement).map_err(unreadable)?;
    check(&statement)?;
    let all = |proved: &[Proved], what: &str| -> Result<Vec<Checkpoint>, Problem> {
        proved.iter().map(|one| Checkpoint::read(&one.checkpoint, what)).collect()
    };
    let before_to = Some(&statement.before_to).filter(|text| !text.is_empty());
    Ok(Read {
        before_from: Checkpoint::read(&statement.before_from, "the checkpoint of the host that handed over")?,
        before_to: before_to
            .map(|text| Checkpoint::read(text, "the checkpoint of the host that took over"))
            .transpose()?,
        after: Checkpoint::read(&statement.after, "the checkpoint after the cut")?,
        rehearsals: all(&statement.rehearsals, "the checkpoint of a rehearsal")?,
        witnessed: all(&statement.witnessed, "a checkpoint that a witness signed")?,
        signatures: file.signatures,
        statement,
    })
}

fn check(statement: &Statement) -> Result<(), Problem> {
    let Statement { trust, name, origin, from, to, from_key, to_key, .. } = statement;
    let is_code = (2..=12).contains(&trust.len()) && trust.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_code {
        return Err(Problem::no_certificate("it names no trust by its code"));
    }
    let is_long = |text: &&String| text.chars().nth(MOST_CHARS).is_some();
    if [name, origin, from, to, from_key, to_key].iter().any(is_long) {
        return Err(Problem::no_certificate("a name or a key in it is longer than 1,000 characters"));
    }
    let sentences = statement.invariants.iter().map(|one| &one.sentence);
    let checkpoints = statement.rehearsals.iter().chain(&statement.witnessed).map(|one| &one.checkpoint);
    let mut texts = sentences.chain(checkpoints).chain(&statement.proved).chain(&statement.stated);
    let mut names = statement.counts_from.keys().chain(statement.counts_to.keys());
    if texts.any(|text| text.len() > MOST_TEXT_BYTES) || names.any(|name| name.len() > MOST_TEXT_BYTES) {
        return Err(Problem::no_certificate("a text in it is longer than 64 KiB"));
    }
    if statement.cut == 0 {
        return Err(Problem::no_certificate("its cut has no number"));
    }
    if !statement.invariants.iter().map(|one| one.name.as_str()).eq(INVARIANTS) {
        return Err(Problem::no_certificate("it does not name the five invariants in their order"));
    }
    Ok(())
}

impl Checkpoint {
    /// A signed note whose first three lines are origin, size and root.
    fn read(text: &str, what: &str) -> Result<Checkpoint, Problem> {
        Checkpoint::parse(text).ok_or_else(|| Problem::no_certificate(format!("{what} cannot be read")))
    }

    fn parse(text: &str) -> Option<Checkpoint> {
        let (stated, signed) = text.rsplit_once("\n\n")?;
        let mut lines = stated.split('\n');
        let (_origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        if root.len() != 44 || !root.bytes().all(is_base64) {
            return None;
        }
        let moment = lines.find_map(|line| line.strip_prefix("moment ")).map(str::to_owned);
        let names =
            signed.lines().map(|line| line.strip_prefix("\u{2014} ")?.split_once(' ').map(|(name, _)| name.to_owned()));
        Some(Checkpoint {
            size: size.parse().ok()?,
            root: root.to_owned(),
            moment,
            signers: names.collect::<Option<_>>()?,
            text: text.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    #[test]
    fn a_checkpoint_is_read_with_who_signed_it() {
        let text = format!(
            "a.example/t/RTX\n12\n{ROOT}\nepoch 2\nmoment 2027-01-15T08:01:40.000Z\n\n\u{2014} w k\n\u{2014} v k\n"
        );
        let read = Checkpoint::parse(&text);
        let read = read.map(|of| (of.size, of.moment, of.signers.into_iter().collect::<Vec<_>>()));
        let moment = Some("2027-01-15T08:01:40.000Z".to_owned());
        assert_eq!(read, Some((12, moment, vec!["v".to_owned(), "w".to_owned()])));
    }

    #[test]
    fn what_is_no_checkpoint_is_not_read() {
        let bad = [
            String::new(),
            format!("o\n12\n{ROOT}\n"),
            format!("o\n18446744073709551616\n{ROOT}\n\n\u{2014} w k\n"),
            "o\n12\nshort\n\n\u{2014} w k\n".to_owned(),
            format!("o\n12\n{ROOT}\n\nw k\n"),
        ];
        for text in bad {
            assert_eq!(Checkpoint::parse(&text), None, "{text}");
        }
    }
}
