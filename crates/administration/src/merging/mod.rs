//! One person with two records: asked by one person, agreed by another, merged by an alias, and taken apart again.
//!
//! Tour: a pair of records is one [`Review`], a FHIR Task whose id follows from the pair, so that a pair is reviewed once.
//! [`with_questions`] opens it in the commit that makes two records alike, [`Everybody`] with [`AskAboutPairs`] after a search
//! through all, [`ProposeDuplicate`] by hand; [`NotTheSame`] ends it with a reason that can be taken back, [`AskForMerge`] is the first
//! person, [`AgreeToMerge`] the second. A merge rewrites no text but those of the two Patients: the loser's says
//! `replaced-by`, which is the row by which the record finds everything of both under the survivor (`rows.rs`), so no kind
//! of resource can be forgotten, however many there are. [`Unmerge`] takes the row away; of what was written in between,
//! what is in force is given to one of the two in that commit, and the rest shows as nobody's until a named reviewer gives
//! each item to one of the two ([`Allocate`]).
//!
//! Nothing merges by itself. Pathways, stays and allergies are never merged: what cannot both be true becomes a task with
//! an owner in the same commit (`effects.rs`).

mod agree;
mod ask;
mod effects;
mod everybody;
mod found;
mod review;
mod rows;
mod unmerge;
mod written;

pub use agree::AgreeToMerge;
pub use ask::{AskForMerge, NotTheSame, ProposeDuplicate, TakeBackNotTheSame};
pub use effects::{Effects, Holds, effects, holds};
pub use everybody::{AskAboutPairs, Everybody, Searched};
pub use found::{weights, with_questions};
pub use review::{FIELDS, Pair, Review, ReviewState, Side, review_id, reviews};
pub(crate) use rows::is_unmerge;
pub use rows::{UNALLOCATED, merge_rows};
pub use unmerge::{Allocate, Item, Unallocated, Unmerge, held_back, unallocated};
pub use written::{is_in_force, to_give_at_once};

use record::{Key, Problem, Reading, TransactError, Version};

use crate::refusal::Refusal;

/// A patient's newest version.
pub(crate) async fn patient(reading: &Reading, id: &str) -> Result<Version, TransactError<Refusal>> {
    patient_version(reading, id).await?.ok_or_else(|| refused(Refusal::new("no-patient", "There is no such patient.")))
}

async fn patient_version(reading: &Reading, id: &str) -> Result<Option<Version>, Problem> {
    Ok(reading.get(&Key::new("Patient", id)).await?.filter(|version| !version.text.is_empty()))
}

pub(crate) fn refused(refusal: Refusal) -> TransactError<Refusal> {
    TransactError::Refused(refusal)
}
