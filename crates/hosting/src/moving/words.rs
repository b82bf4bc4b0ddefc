//! What the two hosts of a move say to each other as JSON (`docs/formats/move.md`, section 4). Plain data.
//! Knows no wire and decides nothing.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use record::DeskRow;
use serde::{Deserialize, Serialize};
use terms::Moment;

use super::schedule::Schedule;
use crate::failure::Failure;
use crate::secret::hex;

/// Where a record is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) sequence: u64,
    pub(crate) chain: String,
    pub(crate) root: String,
    pub(crate) epoch: u64,
    pub(crate) moment: i64,
    /// The host's clock, to tell how far behind the other is.
    pub(crate) now: i64,
}

/// How far a file of the access journal goes at a host that asks whether the other one has as much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccessHeld {
    /// The host whose accesses these are; none for those of the one that is asked.
    pub(crate) host: Option<String>,
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) leaves: u64,
    pub(crate) last: String,
}

/// Who a host is to a record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Greeting {
    pub(crate) ticket: String,
    /// The key with which this host signs for the record.
    pub(crate) record_key: String,
    pub(crate) place: Place,
    pub(crate) writes: bool,
    /// The plan, as this host keeps it.
    #[serde(default)]
    pub(crate) plan: Option<Schedule>,
}

/// The segments that there are, with a checkpoint that their roots must lead to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Segments {
    pub(crate) checkpoint: String,
    pub(crate) roots: Vec<String>,
    /// The hashes of the entries after the last segment.
    pub(crate) rest: Vec<String>,
}

/// Rows of the desk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Desk {
    pub(crate) rows: Vec<Row>,
    pub(crate) until: u64,
    pub(crate) more: bool,
}

/// A row of the desk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Row {
    kind: String,
    key: String,
    change: u64,
    expires: Option<i64>,
    bytes: String,
}

/// A segment file of the access journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccessFile {
    pub(crate) host: Option<String>,
    pub(crate) name: String,
    pub(crate) length: u64,
}

/// What a target is asked to sign.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AskedToSign {
    pub(crate) place: Place,
    pub(crate) epoch: u64,
    /// Rows of the desk, and their digest.
    pub(crate) desk: (u64, String),
}

/// What it answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Signed {
    pub(crate) signature: String,
    /// Its own checkpoint of that place.
    pub(crate) checkpoint: String,
}

/// What a target says once it writes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Opened {
    /// Its checkpoint of everything up to the cut.
    pub(crate) checkpoint: String,
    /// And of what it holds before the cut.
    #[serde(default)]
    pub(crate) before: String,
}

/// Answers to the questions of a rehearsal, by question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answers {
    pub(crate) answers: BTreeMap<String, String>,
    /// The patients that were asked about.
    pub(crate) patients: Vec<String>,
    /// A checkpoint of the entry that was asked about, signed by who answers.
    pub(crate) checkpoint: String,
}

/// What is asked in a rehearsal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Questions {
    pub(crate) sequence: u64,
    pub(crate) seed: u64,
    /// The patients to ask about; who is asked chooses when there are none.
    pub(crate) patients: Vec<String>,
    /// Whether the whole index is compared too, which reads every text.
    pub(crate) index: bool,
}

impl Place {
    pub(crate) fn of(place: &record::apply::hand_over::Place, now: Moment) -> Place {
        Place {
            sequence: place.sequence,
            chain: hex(&place.chain),
            root: hex(&place.root),
            epoch: place.epoch,
            moment: place.moment.0,
            now: now.0,
        }
    }
}

impl From<DeskRow> for Row {
    fn from(row: DeskRow) -> Row {
        let expires = row.expires.map(|moment| moment.0);
        Row { kind: row.kind, key: row.key, change: row.change, expires, bytes: STANDARD.encode(row.bytes) }
    }
}

impl TryFrom<Row> for DeskRow {
    type Error = Failure;

    fn try_from(row: Row) -> Result<DeskRow, Failure> {
        let bytes =
            STANDARD.decode(row.bytes).map_err(|error| Failure::problem("reading a row of the desk", &error))?;
        let expires = row.expires.map(Moment);
        Ok(DeskRow { kind: row.kind, key: row.key, change: row.change, expires, bytes })
    }
}

/// Reads hexadecimal.
pub(crate) fn unhex<const N: usize>(text: &str) -> Result<[u8; N], Failure> {
    let digits = text.as_bytes();
    let mut bytes = [0; N];
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let wrong = || Failure::refused("The other host sent something that is no hash, key or signature.");
    if digits.len() != 2 * N {
        return Err(wrong());
    }
    for (at, pair) in digits.chunks_exact(2).enumerate() {
        bytes[at] = digit(pair[0]).zip(digit(pair[1])).map(|(high, low)| high << 4 | low).ok_or_else(wrong)?;
    }
    Ok(bytes)
}
