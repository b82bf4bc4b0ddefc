//! What the kinds decide on: a stay with its papers, a patient with the visits that are open, a task, a list of an unmerge,
//! an opening of a restricted record.
//!
//! Plain readings; no clock, no reading of the record.

use fhir::Node;
use fhir::read::{text, when};
use terms::Moment;

use super::UNDATED;
use super::owner::NOBODY;
use crate::downtime::{Downtime, Number};
use crate::merging::{Review, Unallocated};
use crate::restricted_access::{Judged, Opening};
use crate::stays::{Detention, PlaceUse, Stay, StayState, has_died, reported_death};
use crate::tasks::Task;

/// A stay and the documents about it.
pub(super) struct StayFacts<'d, 't> {
    pub(super) stay: Stay,
    /// Compositions and document references of the stay.
    pub(super) papers: Vec<Node<'d, 't>>,
    /// Detentions under the Mental Health Act in it.
    pub(super) detentions: Vec<Detention>,
}

/// A patient and the visits that are open: stays and attendances of the emergency department.
pub(super) struct PatientFacts<'d, 't> {
    pub(super) patient: Node<'d, 't>,
    pub(super) visits: Vec<Stay>,
}

/// A patient who is said to have died, with what goes on.
pub(super) struct DeathFacts<'d, 't> {
    pub(super) patient: PatientFacts<'d, 't>,
    /// Whether a stay is expected.
    pub(super) is_expected: bool,
    /// Whether the Patient says so.
    pub(super) has_died: bool,
    /// Whether somebody outside says so, and the Patient does not.
    pub(super) is_reported: bool,
    /// When, as far as it is known.
    pub(super) died: Option<Moment>,
}

/// What an unmerge left to give out; nothing of any other list.
pub(super) struct ListFacts {
    pub(super) unallocated: Option<Unallocated>,
}

/// An opening of a restricted record; nothing of any other audit event.
pub(super) struct OpeningFacts {
    pub(super) opening: Option<Opening>,
    /// What came of it.
    pub(super) judged: Judged,
}

/// A task, or a pair of records under review, which is one too.
pub(super) struct TaskFacts {
    task: Task,
    pub(super) review: Option<Review>,
    /// A number of a downtime.
    pub(super) number: Option<Number>,
    /// A downtime.
    pub(super) downtime: Option<Downtime>,
}

impl<'d, 't> StayFacts<'d, 't> {
    pub(super) fn of(encounter: Node<'_, '_>, papers: &[Node<'d, 't>]) -> StayFacts<'d, 't> {
        let is_flag = |of: &Node<'_, '_>| text(*of, "resourceType").as_deref() == Some("Flag");
        StayFacts {
            stay: Stay::of(encounter),
            detentions: papers.iter().filter(|of| is_flag(of)).filter_map(|flag| Detention::of(*flag)).collect(),
            papers: papers.iter().copied().filter(|of| !is_flag(of)).collect(),
        }
    }
}

impl<'d, 't> PatientFacts<'d, 't> {
    pub(super) fn of(patient: Node<'d, 't>, visits: &[Node<'_, '_>]) -> PatientFacts<'d, 't> {
        let visits = visits.iter().map(|visit| Stay::of(*visit)).filter(|stay| stay.state.is_live());
        PatientFacts { patient, visits: visits.collect() }
    }

    /// The visit that began first; a patient has one, unless something is wrong.
    pub(super) fn first_visit(&self) -> Option<&Stay> {
        self.visits.iter().min_by_key(|visit| began(visit))
    }

    /// Whose the patient is now.
    pub(super) fn owner(&self) -> String {
        self.first_visit().map_or_else(|| NOBODY.into(), place_of)
    }
}

impl<'d, 't> DeathFacts<'d, 't> {
    pub(super) fn of(patient: Node<'d, 't>, visits: &[Node<'_, '_>]) -> DeathFacts<'d, 't> {
        let has_died = has_died(patient);
        let reported = reported_death(patient).filter(|_| !has_died);
        let died = when(patient, "deceasedDateTime").or_else(|| reported.clone());
        DeathFacts {
            is_expected: visits.iter().any(|visit| Stay::of(*visit).state == StayState::Expected),
            is_reported: reported.is_some(),
            died: died.map(|died| died.lower()),
            has_died,
            patient: PatientFacts::of(patient, visits),
        }
    }

    /// Whether a Patient is said to have died at all.
    pub(super) fn concern(patient: Node<'_, '_>) -> bool {
        has_died(patient) || reported_death(patient).is_some()
    }
}

impl ListFacts {
    pub(super) fn of(list: Node<'_, '_>) -> ListFacts {
        ListFacts { unallocated: Unallocated::of(list) }
    }
}

impl OpeningFacts {
    pub(super) fn of(event: Node<'_, '_>, about: &[Node<'_, '_>]) -> OpeningFacts {
        OpeningFacts { opening: Opening::of(event), judged: Judged::of(about.iter().copied()) }
    }
}

impl TaskFacts {
    pub(super) fn of(task: Node<'_, '_>) -> TaskFacts {
        let (number, downtime) = (Number::of(task), Downtime::of(task));
        TaskFacts { task: Task::of(task), review: Review::of(task), number, downtime }
    }

    /// The task, if it is open and neither a review nor of a downtime: these have kinds of their own.
    pub(super) fn task(&self) -> Option<&Task> {
        let is_of_a_downtime = self.number.is_some() || self.downtime.is_some();
        Some(&self.task).filter(|task| task.is_open() && self.review.is_none() && !is_of_a_downtime)
    }
}

/// Whose a stay is: the place where the patient is, or was last.
pub fn place_of(stay: &Stay) -> String {
    let was = |is: PlaceUse| matches!(is, PlaceUse::Active | PlaceUse::Past);
    let place = stay.place().or_else(|| stay.places.iter().rev().find(|place| was(place.is)));
    place.map_or_else(|| NOBODY.to_owned(), |place| format!("place/{}", place.place))
}

/// A moment some time after another; [`UNDATED`] when that one is not known.
pub fn due_of(began: Option<Moment>, allowed_ms: i64) -> Moment {
    began.map_or(UNDATED, |began| Moment(began.0.saturating_add(allowed_ms)))
}

/// When a stay that is expected was asked for, as far as it is known.
pub(super) fn asked(stay: &Stay) -> Option<Moment> {
    stay.request.decided.as_ref().map(|decided| decided.lower()).or_else(|| began(stay))
}

/// When a stay began, as far as it is known.
pub(super) fn began(stay: &Stay) -> Option<Moment> {
    stay.started.as_ref().map(|started| started.lower())
}
