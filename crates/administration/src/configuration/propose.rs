//! A change of the configuration by two people: one proposes files, another one agrees, and with that they are applied in
//! one commit. One proposal is open at a time; what came of it stays in its history.
//!
//! The proposal is a resource beside the configuration, `Basic/configuration-proposal`, in the same form.

use record::{Draft, Key, Problem, Reading, TransactError, Version};
use terms::Moment;

use super::apply::{ApplyConfiguration, live};
use super::basic::{Kept, basic_with, read_basic};
use super::files::{Files, MOST_BYTES, MOST_FILE_BYTES, MOST_FILES};
use crate::draft;
use crate::refusal::Refusal;

/// Type and id of the resource.
pub const PROPOSAL: (&str, &str) = ("Basic", "configuration-proposal");

/// The version that the files were made from, who proposed them by stable id, and what came of it.
const OVER: &str = "urn:almoner:configuration:over";
const PROPOSER: &str = "urn:almoner:configuration:proposer";
const STATE: &str = "urn:almoner:configuration:state";
/// Longest reason for a change, in characters.
const LONGEST_WHY: usize = 200;

/// What came of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProposalState {
    /// It waits for a second person.
    Open,
    /// A second person agreed, and it was applied.
    Applied,
    /// It was put aside.
    Aside,
}

/// Files that somebody proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its number: another one after every change of it.
    pub number: u64,
    /// Since when it is what it is.
    pub since: Moment,
    /// The files, by whom and why.
    pub kept: Kept,
    /// The version of the configuration that they were made from; 0 for none.
    pub over: u64,
    /// Who proposed them, by stable id.
    pub proposer: String,
    /// What came of it.
    pub state: ProposalState,
}

/// Proposes files as the configuration of the trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposeConfiguration {
    /// The files, with those that are inherited.
    pub files: Files,
    /// Who proposes them, by name.
    pub by: String,
    /// Why, in one line.
    pub why: String,
    /// The version that they were made from; 0 for none.
    pub over: u64,
}

/// Agrees to what somebody else proposed, and applies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApproveConfiguration {
    /// The proposal's number, as it was looked at.
    pub number: u64,
    /// Who agrees, by name.
    pub by: String,
}

/// Puts a proposal aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutAsideConfiguration {
    /// The proposal's number, as it was looked at.
    pub number: u64,
}

impl ProposalState {
    fn code(self) -> &'static str {
        match self {
            ProposalState::Open => "open",
            ProposalState::Applied => "applied",
            ProposalState::Aside => "aside",
        }
    }

    fn of_code(code: &str) -> Option<ProposalState> {
        [ProposalState::Open, ProposalState::Applied, ProposalState::Aside].into_iter().find(|it| it.code() == code)
    }
}

/// The newest proposal, whatever came of it.
///
/// # Errors
/// The record could not be read, or what it holds is not what we wrote.
pub async fn proposal(reading: &Reading) -> Result<Option<Proposal>, Problem> {
    let version = reading.get(&Key::new(PROPOSAL.0, PROPOSAL.1)).await?;
    version.filter(|version| !version.text.is_empty()).map(|version| of_version(&version)).transpose()
}

fn of_version(version: &Version) -> Result<Proposal, Problem> {
    let damaged = |why: String| Problem::Damaged { what: format!("the proposed configuration: {why}") };
    let (kept, more) = read_basic(&version.text).map_err(|error| damaged(error.to_string()))?;
    let said = |url: &str| more.iter().find(|(of, _)| of == url).map(|(_, value)| value.clone());
    let over = said(OVER).and_then(|over| over.parse().ok());
    let state = said(STATE).and_then(|state| ProposalState::of_code(&state));
    match (over, said(PROPOSER), state) {
        (Some(over), Some(proposer), Some(state)) => {
            Ok(Proposal { number: version.version, since: version.moment, kept, over, proposer, state })
        }
        _ => Err(damaged("something of it is missing".into())),
    }
}

impl Proposal {
    fn draft(&self) -> Result<Draft, Problem> {
        let more =
            [(OVER, self.over.to_string()), (PROPOSER, self.proposer.clone()), (STATE, self.state.code().into())];
        let text = basic_with(PROPOSAL, &self.kept, &more)
            .map_err(|error| Problem::Damaged { what: format!("the proposal cannot be written: {error}") })?;
        Ok(Draft { changes: vec![draft::put(Key::new(PROPOSAL.0, PROPOSAL.1), &text)?], assertions: Vec::new() })
    }
}

impl ProposeConfiguration {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let live = live(reading).await?;
        let before = proposal(reading).await?.filter(|before| before.state == ProposalState::Open);
        let own = &reading.permit().principal().id;
        let is_live = live.as_ref().is_some_and(|live| live.kept.files == self.files);
        let version = live.map_or(0, |live| live.version);
        self.decide(version, is_live, before.as_ref().filter(|before| before.proposer != *own)).map_err(refused)?;
        let kept = Kept { files: self.files.clone(), by: vec![self.by.clone()], why: Some(self.why.trim().to_owned()) };
        let proposal = Proposal {
            number: 0,
            since: now,
            kept,
            over: self.over,
            proposer: own.clone(),
            state: ProposalState::Open,
        };
        Ok(proposal.draft()?)
    }

    fn decide(&self, version: u64, is_live: bool, others: Option<&Proposal>) -> Result<(), Refusal> {
        let why = self.why.trim();
        if why.is_empty() || why.chars().count() > LONGEST_WHY || why.chars().any(char::is_control) {
            let sentence = "Say in one line why, in at most 200 characters: the history will say it.";
            return Err(Refusal::at("why", "why", sentence));
        }
        let bytes: usize = self.files.all().map(|file| file.text.len()).sum();
        let is_large = self.files.all().any(|file| file.text.len() > MOST_FILE_BYTES);
        if is_large || bytes > MOST_BYTES || self.files.all().count() > MOST_FILES {
            let sentence = "A configuration has at most 200 files of 512 kB each, 4 MB together.";
            return Err(Refusal::at("too-large", "text", sentence));
        }
        if let Some(other) = others {
            let who = other.kept.by.join(", ");
            let sentence = format!("{who} has proposed a change already. Agree to it or put it aside first.");
            return Err(Refusal::new("proposed-already", sentence));
        }
        if self.over != version {
            return Err(changed(version));
        }
        if is_live {
            return Err(Refusal::at("nothing-changed", "text", "Nothing differs from what is live."));
        }
        Ok(())
    }
}

impl ApproveConfiguration {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let proposal = open(reading, self.number).await?;
        if proposal.proposer == reading.permit().principal().id {
            let sentence = "You proposed this yourself. Somebody else must agree to it.";
            return Err(refused(Refusal::new("same-person", sentence)));
        }
        let by = proposal.kept.by.iter().chain([&self.by]).cloned().collect();
        let Kept { files, why, .. } = proposal.kept.clone();
        let apply = ApplyConfiguration { files, by, why, over: Some(proposal.over) };
        let mut draft = apply.plan(reading, now).await?;
        draft.changes.extend(Proposal { state: ProposalState::Applied, ..proposal }.draft()?.changes);
        Ok(draft)
    }
}

impl PutAsideConfiguration {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading) -> Result<Draft, TransactError<Refusal>> {
        let proposal = open(reading, self.number).await?;
        Ok(Proposal { state: ProposalState::Aside, ..proposal }.draft()?)
    }
}

/// The open proposal, if it is still the one that was looked at.
async fn open(reading: &Reading, number: u64) -> Result<Proposal, TransactError<Refusal>> {
    let found = proposal(reading).await?.filter(|it| it.state == ProposalState::Open);
    let Some(found) = found else {
        let sentence = "There is no proposal any more: it was applied or put aside. Look at what is live.";
        return Err(refused(Refusal::new("no-proposal", sentence)));
    };
    if found.number != number {
        let sentence = "The proposal was changed while you looked at it. Look again.";
        return Err(refused(Refusal::new("proposal-changed", sentence)));
    }
    Ok(found)
}

/// Another version is live than files were made from.
pub(super) fn changed(version: u64) -> Refusal {
    let sentence =
        format!("Version {version} of the configuration is live now, and this was made from another. Compare again.");
    Refusal::new("configuration-changed", sentence)
}

fn refused(refusal: Refusal) -> TransactError<Refusal> {
    TransactError::Refused(refusal)
}
