//! What becomes of a detention under the Mental Health Act when its patient leaves or dies. It is a part of the commit of the
//! discharge or the death, never a second step; docs/stays.md has a table of it.
//!
//! **Who does not see detentions** (clerks) is asked nothing and told nothing, and is not stopped: their discharge or death
//! leaves the detention in force. It is then owed by the ward, and late, from the moment at which the stay ended
//! (`obligations/detention.rs`), until somebody who sees it says what became of it. If that is that the patient died, the same
//! tasks are made then. A death that they take back leaves a detention that ended with it owed in the same way, until it is
//! recorded again or how it really ended is. Source: Mental Health Act 1983, sections 17, 19 and 23; The Care Quality Commission
//! (Registration) Regulations 2009, regulation 17; The Notification of Deaths Regulations 2019.

use record::{Change, Problem, Reading, TransactError, Version};
use terms::Moment;

use super::detention::{DIED, Detention, ENDS, ended_by, flags_of, on_leave};
use super::timeline::check_moment;
use crate::draft::{self, document};
use crate::refusal::Refusal;

/// How one ends by which managers of another hospital hold it.
const TRANSFERRED: &str = "transferred";

/// What becomes of a detention when the patient leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterLeaving {
    /// It has ended.
    Ended {
        /// When.
        at: Moment,
        /// How: a code of [`ENDS`], but not a transfer.
        how: String,
        /// Who says so.
        by: String,
    },
    /// They have leave of absence (section 17) and stay liable to be detained.
    Leave,
    /// They are held by the managers of another hospital from then on (section 19).
    Transferred,
}

/// The detentions of a patient that are in force, as far as the permit reaches them.
async fn in_force(reading: &Reading, patient: &str) -> Result<Vec<(Version, Detention)>, Problem> {
    let mut found = Vec::new();
    for flag in flags_of(reading, patient).await? {
        let of = Detention::of(document(&flag)?.root()).filter(Detention::is_in_force);
        found.extend(of.map(|of| (flag, of)));
    }
    Ok(found)
}

/// The changes of detentions in force when their patient leaves at a moment.
pub(super) async fn when_they_leave(
    reading: &Reading,
    patient: &str,
    (left, then): (Moment, Option<&AfterLeaving>),
    now: Moment,
) -> Result<Vec<Change>, TransactError<Refusal>> {
    let mut changes = Vec::new();
    for (flag, detention) in in_force(reading, patient).await? {
        let then = decide(&detention, then, now).map_err(TransactError::Refused)?;
        changes.push(match then {
            AfterLeaving::Ended { at, how, by } => ended_by(&flag, *at, how, Some(by.trim()))?,
            AfterLeaving::Leave => on_leave(&flag, left)?,
            AfterLeaving::Transferred => ended_by(&flag, left.max(detention.from), TRANSFERRED, None)?,
        });
    }
    Ok(changes)
}

fn decide<'t>(detention: &Detention, then: Option<&'t AfterLeaving>, now: Moment) -> Result<&'t AfterLeaving, Refusal> {
    let Some(then) = then else {
        let words = detention.section.words;
        let sentence = format!("The patient is detained ({words}). Say what becomes of the detention.");
        return Err(Refusal::at("detained", "detained", sentence));
    };
    if let AfterLeaving::Ended { at, how, by } = then {
        if how == TRANSFERRED || !ENDS.iter().any(|(code, _)| code == how) {
            return Err(Refusal::at("how-missing", "detained_how", "Say how the detention ended."));
        }
        if by.trim().is_empty() {
            return Err(Refusal::at("said-by", "detained_by", "Say who says that the detention has ended."));
        }
        check_moment(*at, None, now).map_err(|refusal| Refusal { field: Some("detained_time"), ..refusal })?;
        if *at < detention.from {
            let sentence = "It began after this time. Say when it ended.";
            return Err(Refusal::at("before-it-began", "detained_time", sentence));
        }
    }
    Ok(then)
}

/// The changes of detentions in force when their patient dies.
pub(super) async fn when_they_die(reading: &Reading, patient: &str, died: Moment) -> Result<Vec<Change>, Problem> {
    let found = in_force(reading, patient).await?;
    found.iter().map(|(flag, detention)| ended_by(flag, died.max(detention.from), DIED, None)).collect()
}

/// The changes of detentions that ended with a death that was none: they are what they were.
pub(super) async fn when_they_live(reading: &Reading, patient: &str) -> Result<Vec<Change>, Problem> {
    let mut changes = Vec::new();
    for flag in flags_of(reading, patient).await? {
        let ended_with_death = Detention::of(document(&flag)?.root()).is_some_and(|of| of.ended_with_death);
        if !ended_with_death {
            continue;
        }
        let before = reading.version(&flag.key, flag.version.saturating_sub(1)).await?;
        if let Some(before) = before.filter(|before| !before.text.is_empty()) {
            changes.push(draft::put(flag.key.clone(), &before.text)?);
        }
    }
    Ok(changes)
}
