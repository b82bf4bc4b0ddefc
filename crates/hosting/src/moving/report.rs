//! What people ask of a move and are told of it: plain data for the command line and the pages. No patient data.
//! Knows no wire and no record.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::pace::{Throttle, ThrottleChange};
use super::phase::Phase;
use crate::secret::Secret;
use crate::trusts::TrustCode;

/// What is asked of a move.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MoveWork {
    /// Shows this host's key, and where other hosts call it.
    Key,
    /// Makes a ticket at the source.
    Plan {
        /// Of which trust.
        trust: TrustCode,
        /// Where the target is called: host and port.
        to: String,
        /// The target's key.
        key: String,
        /// Where this host is called by the target; where it listens for moves unless said.
        address: Option<String>,
    },
    /// Makes a ticket for a host to which there is no line.
    PlanWithoutLine {
        /// Of which trust.
        trust: TrustCode,
        /// The target's key.
        key: String,
    },
    /// Begins to copy at the target, and waits until everything that there was has come.
    Copy {
        /// The ticket's text.
        ticket: String,
        /// Where the trust is stored here; the host's own choice unless said.
        store: Option<String>,
        /// How fast, and when.
        #[serde(default)]
        throttle: ThrottleChange,
        /// A folder that the source has packed, absolute: what is in it is not fetched.
        #[serde(default)]
        from: Option<PathBuf>,
    },
    /// Waits until the copy is no entry behind.
    Follow {
        /// Of which trust.
        trust: TrustCode,
        /// A folder that was carried here, absolute, where there is no line.
        #[serde(default)]
        from: Option<PathBuf>,
    },
    /// Compares the copy with what it follows.
    Rehearse {
        /// Of which trust.
        trust: TrustCode,
        /// Whether every text and index row is read again too.
        whole: bool,
        /// A folder that was carried here, absolute, where there is no line.
        #[serde(default)]
        from: Option<PathBuf>,
    },
    /// At the host that follows, where there is no line: what came of its rehearsals, as a letter.
    Report {
        /// Of which trust.
        trust: TrustCode,
    },
    /// Signs the cut that a folder asks for, which was packed while writers are held.
    Sign {
        /// Of which trust.
        trust: TrustCode,
        /// The folder, absolute.
        from: PathBuf,
    },
    /// Lets writers go on who are held for a disk.
    Release {
        /// Of which trust.
        trust: TrustCode,
    },
    /// Takes a letter of the other host to which there is no line.
    Letter {
        /// Of which trust.
        trust: TrustCode,
        /// Its text.
        text: String,
    },
    /// Cuts the trust over to the other host, or back.
    Cut {
        /// Of which trust.
        trust: TrustCode,
        /// Whether it goes back to where it came from.
        back: bool,
        /// The trust's code again, typed by a person who cuts a move over that has no plan.
        #[serde(default)]
        unplanned: Option<String>,
        /// The other host's letter that it has signed the cut, where there is no line.
        #[serde(default)]
        signed: Option<String>,
        /// Where there is no line and a plan: the two people who agree, names of accounts of the trust with their passwords.
        #[serde(default)]
        people: Option<[(String, Secret); 2]>,
    },
    /// Destroys the copy of the host that no longer writes.
    Complete {
        /// Of which trust.
        trust: TrustCode,
        /// The trust's code again, typed by a person.
        confirm: String,
        /// At the host that writes, where there is no line: the folder with the other's access journal, absolute.
        #[serde(default)]
        from: Option<PathBuf>,
        /// At either host, where there is no line: what the other one says of it.
        #[serde(default)]
        letter: Option<String>,
    },
    /// Ends a move that leads nowhere: at the host that writes, or by its note at the other one, whose copy is destroyed.
    GiveUp {
        /// Of which trust.
        trust: TrustCode,
        /// The trust's code again, typed by a person.
        confirm: String,
        /// What the host that writes has signed.
        #[serde(default)]
        note: Option<String>,
    },
    /// The certificate of the newest cut.
    Certificate {
        /// Of which trust.
        trust: TrustCode,
        /// Checkpoints that witnesses signed, to go with it.
        witnessed: Vec<String>,
    },
    /// At the source: packs every segment into a folder, to be carried to the target.
    Pack {
        /// Of which trust.
        trust: TrustCode,
        /// The folder, absolute.
        to: PathBuf,
        /// The trust's code again, typed by a person: writers are held from now on, until the disk has arrived.
        #[serde(default)]
        hold: Option<String>,
        /// Whether every text and index row is read again for the rehearsal over there.
        #[serde(default)]
        whole: bool,
        /// At the host that does not write: whether the way back is rehearsed with it.
        #[serde(default)]
        way_back: bool,
    },
    /// Changes how fast, and at which hours, it is copied.
    Throttle {
        /// Of which trust.
        trust: TrustCode,
        /// What changes.
        change: ThrottleChange,
    },
    /// At the host that cut: the cut entry, to be carried when there is no wire.
    Entry {
        /// Of which trust.
        trust: TrustCode,
    },
    /// At the host that it was cut to: takes the entry that was carried, and opens.
    Take {
        /// Of which trust.
        trust: TrustCode,
        /// The entry, as [`MoveOutcome::CutEntry`] has it.
        entry: String,
    },
    /// At the host that it was cut to, while it is not open: refuses the cut for good, and signs that.
    Refuse {
        /// Of which trust.
        trust: TrustCode,
        /// The entry, as [`MoveOutcome::CutEntry`] has it.
        entry: String,
    },
    /// At the host that cut: takes the record back, by the other's refusal.
    Resume {
        /// Of which trust.
        trust: TrustCode,
        /// The refusal as it was carried; the other host is asked for it unless given.
        refusal: Option<String>,
        /// The two people who answer for it: names of accounts of the trust, with their passwords.
        people: [(String, Secret); 2],
    },
    /// Where moves are.
    Status {
        /// Of one trust; of all unless said.
        trust: Option<TrustCode>,
    },
}

/// What comes of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MoveOutcome {
    /// This host's key and address.
    Key {
        /// The key, as `name+id+base64`.
        key: String,
        /// Where other hosts call it.
        address: Option<String>,
    },
    /// A ticket, to be carried to the target.
    Ticket {
        /// Its text.
        text: String,
    },
    /// What came of a rehearsal.
    Rehearsed(Rehearsal),
    /// What came of a cut.
    Cut(Cutting),
    /// A certificate.
    Certificate {
        /// Its JSON.
        text: String,
    },
    /// What was packed.
    Packed(Packed),
    /// The cut entry, to be carried.
    CutEntry {
        /// Its text.
        text: String,
    },
    /// A letter to the other host, to be carried; none when the last one needs no answer.
    Letter {
        /// Its text.
        text: Option<String>,
    },
    /// The signed refusal of a cut, to be carried.
    Refusal {
        /// Its text.
        text: String,
    },
    /// The signed statement that a copy was destroyed.
    Destroyed {
        /// Its text.
        statement: String,
    },
    /// The signed note that a move was given up, or that the copy was destroyed after that.
    GivenUp {
        /// Its text.
        text: String,
    },
    /// Where moves are.
    Status(Vec<MoveView>),
}

/// A move, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveView {
    /// Of which trust.
    pub trust: TrustCode,
    /// Where it is.
    pub phase: Phase,
    /// The host that the ticket calls its source.
    pub source: String,
    /// The host that the ticket calls its target.
    pub target: String,
    /// Whether this host writes.
    pub writes: bool,
    /// Entries that are here.
    pub entries: u64,
    /// Entries that the other host has, as far as it was heard; 0 when it never was.
    pub theirs: u64,
    /// How late the newest entry came, in milliseconds.
    pub lag_ms: u64,
    /// Bytes that were fetched since this process started.
    pub fetched: u64,
    /// Rehearsals, oldest first.
    pub rehearsals: Vec<Rehearsal>,
    /// Cuts, oldest first.
    pub cuts: Vec<Cutting>,
    /// How fast, and when, it is copied.
    #[serde(default)]
    pub throttle: Throttle,
    /// Why it does not get on, if it does not.
    pub problem: Option<String>,
    /// What must still happen before it can be cut; empty when it can.
    pub missing: Vec<String>,
    /// Since when writers are held until a disk arrives, as a FHIR instant.
    #[serde(default)]
    pub held: Option<String>,
}

/// What was packed into a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    /// Segments that the folder has.
    pub segments: u64,
    /// Those that were written now.
    pub written: u64,
    /// Entries that the folder has.
    pub entries: u64,
    /// Since when writers are held for it, as a FHIR instant.
    #[serde(default)]
    pub held: Option<String>,
}

/// A rehearsal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// When, as a FHIR instant.
    pub moment: String,
    /// At which entry both hosts were asked.
    pub sequence: u64,
    /// Questions that were asked.
    pub questions: u64,
    /// Where the answers differ, one sentence each; at most a hundred.
    pub differences: Vec<String>,
    /// How long a drain would have taken, in milliseconds: fetching what had come meanwhile, the desk, and a signature.
    pub mock_cut_ms: u64,
    /// What was not compared, and why.
    pub not_compared: Vec<String>,
    /// Whether the host that follows read its whole copy again: every text against its entry, every row of the index and
    /// what is owed against the texts. What it found is among the differences.
    #[serde(default)]
    pub whole: bool,
    /// The checkpoint of the host that writes, at that entry.
    pub checkpoint: String,
}

/// A cut. What nobody measured, such as when the host that cut was killed on the way, is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cutting {
    /// The cut entry.
    pub entry: u64,
    /// Whether it went back to where the trust came from.
    pub back: bool,
    /// Milliseconds until no writer was inside any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drained_ms: Option<u64>,
    /// Milliseconds until the cut was on disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_ms: Option<u64>,
    /// Milliseconds until the other host wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_ms: Option<u64>,
    /// Writers that were held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<u64>,
    /// How long the middle one was held, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_median_ms: Option<u64>,
    /// How long the longest was held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_longest_ms: Option<u64>,
    /// Since when nobody could record anything, as a FHIR instant, where everything was carried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried_since: Option<String>,
}

impl Rehearsal {
    /// Whether nothing differed.
    pub fn agrees(&self) -> bool {
        self.differences.is_empty()
    }
}

impl MoveOutcome {
    /// Whether something was found wrong.
    pub(crate) fn is_wrong(&self) -> bool {
        matches!(self, MoveOutcome::Rehearsed(rehearsal) if !rehearsal.agrees())
    }
}
