//! Whose what is still owed is when its patient has left (operations 20): each open request, appointment and follow-up gets
//! a named owner with the discharge, as a task about it, in the same commit. A task that somebody has stays theirs; one that
//! nobody has is offered. A discharge by another system does the same (`left_elsewhere.rs`).
//!
//! Which owners are active is the door's to know; it hands in names that it has checked.

use std::collections::BTreeMap;

use record::{Change, Draft, Reading, TransactError};
use terms::{Moment, Precision};

use super::owed::{Owed, OwedKind, still_owed};
use crate::refusal::Refusal;
use crate::tasks::{AddTask, HandOverTask, task_id};

/// How long whoever takes over what has no date of its own has \[check\].
const ALLOWED_MS: i64 = 7 * 24 * 3_600_000;
/// The kind of the tasks.
const KIND: &str = "after-discharge";
/// The longest words of what is owed.
const LONGEST: usize = 400;

/// An owner: the plain name, and what people call them.
pub type NewOwner = (String, String);

/// Whose each is after the discharge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HandOn {
    /// Whose everything is that is not named below.
    pub all: Option<NewOwner>,
    /// Whose one of them is, such as `ServiceRequest/7`.
    pub each: BTreeMap<String, NewOwner>,
}

/// The changes that give everything to its new owner.
pub(super) async fn handed_on(
    reading: &Reading,
    (stay, patient): (&str, &str),
    to: &HandOn,
    now: Moment,
) -> Result<Draft, TransactError<Refusal>> {
    let mut draft = Draft::default();
    for one in still_owed(reading, patient, now).await?.iter().filter(|one| !one.is_kept) {
        let owner = owner_of(one, to).map_err(TransactError::Refused)?;
        draft.changes.extend(given(reading, one, owner, (stay, patient), now).await?);
    }
    Ok(draft)
}

/// The changes that give one of them to its new owner: a task about it, or the offer of the task that it is.
pub(super) async fn given(
    reading: &Reading,
    one: &Owed,
    owner: &NewOwner,
    (stay, patient): (&str, &str),
    now: Moment,
) -> Result<Vec<Change>, TransactError<Refusal>> {
    if one.kind == OwedKind::Task {
        let offer = HandOverTask { task: one.id.clone(), to: owner.0.clone() };
        return Ok(offer.plan(reading, now).await?.changes);
    }
    let task = task(one, owner, (stay, patient), now);
    Ok(vec![task.change(&reading.permit().principal().name, now)?])
}

fn owner_of<'o>(one: &Owed, to: &'o HandOn) -> Result<&'o NewOwner, Refusal> {
    let missing = || {
        let sentence = "Something is still owed to the patient. Say whose it is when they have left.";
        Refusal::at("owed-owner", "owed_to", sentence)
    };
    to.each.get(&one.reference()).or(to.all.as_ref()).ok_or_else(missing)
}

fn task(one: &Owed, owner: &NewOwner, (stay, patient): (&str, &str), now: Moment) -> AddTask {
    let words: String = one.words.chars().take(LONGEST).collect();
    // An appointment is seen to before it is; a request says when it was made, not until when it is answered.
    let planned = one.when.as_ref().filter(|_| one.kind == OwedKind::Appointment);
    let planned = planned.map(|when| if when.precision() < Precision::Minute { when.upper() } else { when.lower() });
    AddTask {
        id: task_id(KIND, &[stay, &one.reference()]),
        what: format!("{} after the discharge: {words}", one.kind.words()),
        owner: owner.clone(),
        due: planned.filter(|at| *at > now).unwrap_or(Moment(now.0 + ALLOWED_MS)),
        patient: Some(patient.to_owned()),
        stay: Some(stay.to_owned()),
        from: Some((KIND.to_owned(), one.reference())),
    }
}
