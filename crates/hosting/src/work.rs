//! What the command line can ask of a host, as plain data: it is carried out here or handed to the process that owns
//! the data directory, and looks the same either way.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::configure::{Applied, Checked, Compared, Configure, LiveView};
use crate::duplicates::Duplicates;
use crate::exit::{ExitOutcome, ExitWork};
use crate::failure::Failure;
use crate::going_live::SafetyCase;
use crate::load::account::Account;
use crate::match_file::Matched;
use crate::moving::{MoveOutcome, MoveWork};
use crate::oversight::{OversightOutcome, OversightWork};
use crate::secret::Secret;
use crate::trusts::TrustCode;
use crate::witness::{WitnessOutcome, WitnessWork};

/// One piece of work.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// Makes a trust and its empty record.
    AddTrust(NewTrust),
    /// The trusts of this host, in the order of their codes.
    ListTrusts,
    /// One trust.
    ShowTrust {
        /// Which.
        trust: TrustCode,
    },
    /// Pauses or closes a trust: nobody enters.
    ShutTrust {
        /// Which.
        trust: TrustCode,
        /// Whether until it is restored or removed, and not for a while only.
        for_good: bool,
    },
    /// Serves a trust again.
    RestoreTrust {
        /// Which.
        trust: TrustCode,
    },
    /// Records a trust's clinical safety officer and signed case, by which it is live.
    GoLive(GoLive),
    /// Destroys the record of a closed trust.
    RemoveTrust {
        /// Which.
        trust: TrustCode,
        /// The trust's code again, typed by a person.
        confirm: String,
    },
    /// Makes an account.
    AddUser(NewUser),
    /// The accounts of a trust, in the order of their names.
    ListUsers {
        /// Of which trust.
        trust: TrustCode,
    },
    /// Gives an account a new password and ends its sessions.
    ResetUser(NewPassword),
    /// Says which member of staff the person of an account is, and ends its sessions.
    LinkUser {
        /// In which trust.
        trust: TrustCode,
        /// The name to sign in with.
        name: String,
        /// The member of staff, by code; `None` for none.
        staff: Option<String>,
    },
    /// Closes an account and ends its sessions.
    CloseUser {
        /// In which trust.
        trust: TrustCode,
        /// The name to sign in with.
        name: String,
        /// Who takes over what it owns: an account's name, a team or a place.
        #[serde(default)]
        to: Option<String>,
    },
    /// Makes a bearer token.
    IssueToken(NewToken),
    /// The bearer tokens of a trust that hold.
    ListTokens {
        /// Of which trust.
        trust: TrustCode,
    },
    /// Revokes a bearer token.
    RevokeToken {
        /// In which trust.
        trust: TrustCode,
        /// The id under which it appears in the journal.
        id: String,
    },
    /// Loads FHIR files.
    Load {
        /// Into which trust.
        trust: TrustCode,
        /// Files and directories, absolute.
        paths: Vec<PathBuf>,
        /// Whether a text that the record holds as an older version is written again as the newest.
        #[serde(default)]
        as_newest: bool,
    },
    /// Searches all patients of a trust for possible duplicates and puts them to its patient index.
    FindDuplicates {
        /// Of which trust.
        trust: TrustCode,
        /// How many threads work; as many as the machine has when not said.
        threads: Option<NonZero<usize>>,
    },
    /// Makes the sheets of a downtime.
    DowntimeSheets {
        /// Of which trust.
        trust: TrustCode,
    },
    /// Checks, compares, applies, shows or takes back a trust's configuration.
    Configure {
        /// Of which trust.
        trust: TrustCode,
        /// What.
        what: Configure,
    },
    /// Checks that a record is whole.
    Verify {
        /// Which.
        trust: TrustCode,
        /// A signed checkpoint that was kept elsewhere.
        against: Option<String>,
        /// Whether the index is compared with the versions too.
        index: bool,
    },
    /// Signs a checkpoint of a record's journal.
    Checkpoint {
        /// Of which trust.
        trust: TrustCode,
    },
    /// Takes everything of a trust out, or makes a trust of what was taken out.
    Exit(ExitWork),
    /// Moves a trust to another host.
    Move(MoveWork),
    /// Signs status reports and takes those of other hosts in.
    Oversee(OversightWork),
    /// Has other hosts witness for this one.
    Witness(WitnessWork),
    /// Makes a record's index anew from its versions.
    RebuildIndex {
        /// Of which trust.
        trust: TrustCode,
    },
}

/// A trust to be added.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewTrust {
    /// Its code, as in `/t/RTX`.
    pub code: TrustCode,
    /// Its name for people.
    pub name: String,
    /// Where it is stored: `sqlite` or a `postgres://` URL; `None` for the host's own choice.
    pub store: Option<String>,
    /// Its patients are invented.
    pub demonstration: bool,
}

/// What is recorded when a trust goes live.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GoLive {
    /// Which.
    pub trust: TrustCode,
    /// The clinical safety officer's name.
    pub officer: String,
    /// Their registration as a clinician, such as `GMC 1234567`.
    pub registration: String,
    /// What the trust calls the signed case report.
    pub case: String,
    /// The day on which it was signed, such as `2026-11-30`.
    pub signed_on: String,
    /// The hazard log that it covers, absolute; that of this release when none is named.
    pub log: Option<PathBuf>,
    /// Who records it, by name.
    pub by: Option<String>,
}

/// An account to be added.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewUser {
    /// In which trust.
    pub trust: TrustCode,
    /// The name to sign in with: small letters, digits, dots and hyphens.
    pub name: String,
    /// The person's name.
    pub display: String,
    /// The role's code.
    pub role: String,
    /// The password; `None` to have one made.
    pub password: Option<Secret>,
    /// The member of staff that the person is, by their code in the configuration.
    #[serde(default)]
    pub staff: Option<String>,
}

/// A new password for an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewPassword {
    /// In which trust.
    pub trust: TrustCode,
    /// The name to sign in with.
    pub name: String,
    /// The password; `None` to have one made.
    pub password: Option<Secret>,
    /// Whether an account that is closed is opened again.
    pub reopen: bool,
}

/// A bearer token to be made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewToken {
    /// In which trust.
    pub trust: TrustCode,
    /// The role's code.
    pub role: String,
    /// How long it is good, in seconds.
    pub ttl_seconds: u64,
    /// The only patients it reaches, by id; everyone the role reaches when empty.
    pub patients: Vec<String>,
    /// What it is for, shown to privacy officers.
    pub label: String,
}

/// How far work is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What is being done, such as `Loading`.
    pub doing: String,
    /// How much is done, in the unit of `total`.
    pub done: u64,
    /// How much there is; `None` when unknown.
    pub total: Option<u64>,
    /// Items behind `done` that people count, such as resources.
    pub items: u64,
}

/// What came of work.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The trust as it is now.
    Trust(TrustView),
    /// All trusts.
    Trusts(Vec<TrustView>),
    /// The trust that is live, and the case that was recorded.
    Live {
        /// Its code.
        trust: TrustCode,
        /// The case.
        case: SafetyCase,
    },
    /// The trust whose record was destroyed.
    TrustRemoved {
        /// Its code.
        trust: TrustCode,
    },
    /// The account that was made or got a new password.
    User {
        /// The name to sign in with.
        name: String,
        /// The role's code.
        role: String,
        /// The password that was made, shown once; absent when it was given.
        password: Option<Secret>,
    },
    /// The accounts of a trust.
    Users(Vec<UserView>),
    /// The account of which it was said who its person is.
    UserLinked {
        /// The name to sign in with.
        name: String,
        /// The member of staff, by code; `None` for none.
        staff: Option<String>,
    },
    /// The account that was closed.
    UserClosed {
        /// The name that was used to sign in.
        name: String,
        /// How many open tasks and other things went to somebody else.
        moved: usize,
        /// To whom, as a plain name.
        to: Option<String>,
    },
    /// The tokens that hold.
    Tokens(Vec<TokenView>),
    /// The token that was revoked.
    TokenRevoked {
        /// Its id.
        id: String,
    },
    /// The token that was made, shown once.
    Token {
        /// The text to send as `Authorization: Bearer …`.
        token: Secret,
        /// The id under which it appears in the journal.
        id: String,
        /// Until when it is good, as a FHIR instant.
        until: String,
    },
    /// The account of a load.
    Loaded(Account),
    /// What is wrong with the files of a configuration.
    ConfigurationChecked(Checked),
    /// How files compare with the configuration that is live.
    ConfigurationCompared(Compared),
    /// The configuration that was applied.
    ConfigurationApplied(Applied),
    /// The configuration that is live.
    ConfigurationLive(LiveView),
    /// The likely pairs of a file of people.
    Matched(Matched),
    /// What a search for duplicates among a trust's patients found.
    DuplicatesFound(Duplicates),
    /// The sheets that were made.
    DowntimeSheets {
        /// Of which trust.
        trust: TrustCode,
        /// The folder.
        folder: PathBuf,
        /// When the record was read, as a FHIR instant.
        moment: String,
        /// How many sheets, for all readers.
        sheets: usize,
    },
    /// What a check found.
    Verified {
        /// Whether the record is whole.
        whole: bool,
        /// What was checked, in order.
        checked: Vec<String>,
        /// What is wrong; empty when whole.
        faults: Vec<Fault>,
        /// Faults beyond those, which were only counted.
        more_faults: u64,
        /// What the check does not prove, in sentences.
        not_proved: Vec<String>,
    },
    /// A signed checkpoint, to be kept elsewhere.
    Checkpoint {
        /// The checkpoint's text in the C2SP form.
        text: String,
    },
    /// What came of an exit.
    Exit(Box<ExitOutcome>),
    /// What came of a step of a move.
    Moved(Box<MoveOutcome>),
    /// What came of oversight.
    Overseen(OversightOutcome),
    /// What is known of witnesses.
    Witnessed(Box<WitnessOutcome>),
    /// The index was rebuilt.
    IndexRebuilt {
        /// How many resources were indexed.
        resources: u64,
    },
}

/// One thing that is wrong in a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// A stable name for machines, such as `index-row-missing`.
    pub kind: String,
    /// The entry where it is.
    pub entry: Option<u64>,
    /// The leaf of an access chain where it is.
    pub leaf: Option<u64>,
    /// What it is about.
    pub subject: String,
    /// What is wrong, in a sentence.
    pub sentence: String,
}

/// One trust, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustView {
    /// Its code.
    pub code: TrustCode,
    /// Its name.
    pub name: String,
    /// Where it is stored, without passwords.
    pub store: String,
    /// When it was added.
    pub created: String,
    /// Its patients are invented.
    pub demonstration: bool,
    /// It is not live: its safety case was not recorded yet.
    #[serde(default)]
    pub preparing: bool,
    /// The safety case that was recorded, where one trust is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<SafetyCase>,
    /// Commits in its journal.
    pub commits: u64,
    /// Live resources by type.
    pub resources: BTreeMap<String, u64>,
    /// Bytes on disk.
    pub bytes: u64,
    /// Why its record cannot be opened; the sizes are then unknown and read 0.
    #[serde(default)]
    pub problem: Option<String>,
    /// That it was paused or closed, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shut: Option<String>,
}

/// One account, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserView {
    /// The name to sign in with.
    pub name: String,
    /// The person's name.
    pub display: String,
    /// The role's code.
    pub role: String,
    /// Whether somebody can sign in with it.
    pub state: UserState,
    /// The member of staff that the person is, by code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<String>,
}

/// Whether somebody can sign in with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserState {
    /// They can.
    Open,
    /// Not for a while, after wrong passwords.
    Locked,
    /// Not any more.
    Closed,
}

/// One bearer token, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenView {
    /// The id under which it appears in the journal.
    pub id: String,
    /// What it is for.
    pub label: String,
    /// The role's code.
    pub role: String,
    /// The only patients it reaches, by id; everyone the role reaches when empty.
    pub patients: Vec<String>,
    /// Until when it is good, as a FHIR instant.
    pub until: String,
}

/// Hears how far work is. Called often; must be quick.
pub type Listener<'a> = &'a (dyn Fn(Progress) + Send + Sync);

impl Outcome {
    /// The exit code of the command line: 0, or 1 when something was refused or found wrong.
    pub fn exit_code(&self) -> u8 {
        match self {
            Outcome::Loaded(account) => u8::from(account.refused > 0 || account.stopped.is_some()),
            Outcome::Verified { whole, .. } => u8::from(!whole),
            Outcome::ConfigurationChecked(checked) => u8::from(checked.errors > 0),
            Outcome::ConfigurationCompared(of) => u8::from(of.checked.errors > 0 || of.refused.is_some()),
            Outcome::Exit(outcome) => u8::from(outcome.is_wrong()),
            Outcome::Witnessed(outcome) => {
                u8::from(matches!(outcome.as_ref(), WitnessOutcome::Report(report) if report.is_wrong()))
            }
            Outcome::Moved(outcome) => u8::from(outcome.is_wrong()),
            Outcome::Overseen(outcome) => u8::from(outcome.is_wrong()),
            Outcome::Trusts(trusts) => u8::from(trusts.iter().any(|trust| trust.problem.is_some())),
            _ => 0,
        }
    }

    /// As one line of JSON, for `--json`.
    ///
    /// # Errors
    /// None that is expected: every part can be written as JSON.
    pub fn to_json(&self) -> Result<String, Failure> {
        serde_json::to_string(self).map_err(|error| Failure::problem("writing the outcome as JSON", &error))
    }
}
