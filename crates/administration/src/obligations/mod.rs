//! Obligations of administration: what must still happen to a stay, a patient or a task, whose it is and until when.
//!
//! Each kind is a file with its words and a pure function of facts; adding one is that file, its test and a line below.
//! `hosting` hands [`functions`] to the record, which works them out with every commit and keeps them. Whether something
//! is late is a comparison when it is read. A counter asks the very query of its list ([`query`]).
//!
//! Owners are plain names: `place/heron-bed-01`, `practitioner/okafor`, `user/s.reilly`, `team/site`, `nobody`. A stay's
//! owner is the place in its text; which ward that belongs to is looked up when it is read ([`Scope::ward`]).

mod access_follow_up;
mod admission_passed;
mod admission_undated;
mod appointment_in_stay;
mod bed_request;
mod death_reported;
mod detention;
mod discharge_summary;
mod downtime;
mod downtime_number;
mod duplicate_review;
mod expected_discharge_passed;
mod facts;
mod handed_over;
mod identity;
mod moved_often;
mod no_bed;
mod no_expected_discharge;
mod open_task;
mod owner;
mod rebooking;
mod registration;
mod restricted_access;
mod scope;
mod second_stay;
mod taken_over;
mod unallocated;
mod unowned_task;

use std::sync::Arc;

use fhir::{Document, Limits};
use record::Source;
use record::obligation::{Facts, Obligation, ObligationFunction};
use terms::Moment;

use crate::merging::is_unmerge;
use crate::restricted_access::Opening;
use crate::stays::{EXPECTED_STAY, OPEN_APPOINTMENT, OPEN_STAY, OPEN_VISIT, is_stay};
use facts::{DeathFacts, ListFacts, OpeningFacts, PatientFacts, StayFacts, TaskFacts};

pub use access_follow_up::KIND as ACCESS_FOLLOW_UP;
pub use downtime::KIND as DOWNTIME;
pub use downtime_number::KIND as DOWNTIME_NUMBER;
pub use facts::{due_of, place_of};
pub use no_bed::KIND as NO_BED;
pub(crate) use owner::team_name;
pub use owner::{
    ADMISSIONS_TEAM, DETENTION_TEAM, EXAMINER_TEAM, NOBODY, Owner, PRIVACY_TEAM, RECORDS_TEAM, SITE_TEAM, TEAMS,
    named_owners,
};
pub use restricted_access::KIND as RESTRICTED_ACCESS;
pub use scope::{Counted, Scope, count, listed, oldest, query};

/// A kind of obligation in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Its code: the kind of the stored obligation, and the end of the list's address.
    pub code: &'static str,
    /// What is counted: one, and several.
    pub words: (&'static str, &'static str),
    /// Of whom it is counted, in words.
    pub whose: &'static str,
    /// What ends it, in words: there is no button for it.
    pub end: &'static str,
    /// Which of them are counted and listed.
    pub counts: Counts,
    /// Whether somebody must act at once; if not, it is to be looked at soon.
    pub is_urgent: bool,
    /// Whether only those who see clinical content see it.
    pub is_clinical: bool,
    /// Whether a team of the trust owns it, and not the place where the patient is.
    pub by_team: bool,
    /// How long after it began it is due, in milliseconds: what tells its age.
    pub allowed_ms: i64,
}

/// Which obligations of a kind are counted and listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// All that are open.
    Open,
    /// Those whose time has passed: before that there is nothing to do.
    Late,
}

/// That somebody owes it, until a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// Whose it is.
    pub owner: String,
    /// Until when; [`UNDATED`] when nobody has said.
    pub due: Moment,
}

/// The due of what has no date: due at once, first in every list, and shown as having no date.
pub const UNDATED: Moment = Moment(0);

/// A kind of stays with its rule.
type OfStay = (&'static Kind, fn(&StayFacts<'_, '_>) -> Option<Owed>);
/// A kind of patients with its rule.
type OfPatient = (&'static Kind, fn(&PatientFacts<'_, '_>) -> Option<Owed>);
/// A kind of tasks with its rule.
type OfTask = (&'static Kind, fn(&TaskFacts) -> Option<Owed>);
/// A kind of patients who are said to have died, with its rule.
type OfDeath = (&'static Kind, fn(&DeathFacts<'_, '_>) -> Option<Owed>);
/// A kind of lists with its rule.
type OfList = (&'static Kind, fn(&ListFacts) -> Option<Owed>);
/// A kind of openings of restricted records with its rule.
type OfOpening = (&'static Kind, fn(&OpeningFacts) -> Option<Owed>);

const OF_STAYS: &[OfStay] = &[
    (&no_bed::KIND, no_bed::owed),
    (&bed_request::KIND, bed_request::owed),
    (&admission_undated::KIND, admission_undated::owed),
    (&admission_passed::KIND, admission_passed::owed),
    (&rebooking::KIND, rebooking::owed),
    (&second_stay::KIND, second_stay::owed),
    (&no_expected_discharge::KIND, no_expected_discharge::owed),
    (&expected_discharge_passed::KIND, expected_discharge_passed::owed),
    (&discharge_summary::KIND, discharge_summary::owed),
    (&detention::KIND, detention::owed),
];
const OF_PATIENTS: &[OfPatient] = &[(&identity::KIND, identity::owed), (&registration::KIND, registration::owed)];
const OF_TASKS: &[OfTask] = &[
    (&open_task::KIND, open_task::owed),
    (&handed_over::KIND, handed_over::owed),
    (&moved_often::KIND, moved_often::owed),
    (&taken_over::KIND, taken_over::owed),
    (&unowned_task::KIND, unowned_task::owed),
    (&downtime::KIND, downtime::owed),
    (&downtime_number::KIND, downtime_number::owed),
    (&duplicate_review::KIND, duplicate_review::owed),
];

const OF_DEATHS: &[OfDeath] = &[(&death_reported::KIND, death_reported::owed)];
const OF_LISTS: &[OfList] = &[(&unallocated::KIND, unallocated::owed)];
const OF_OPENINGS: &[OfOpening] =
    &[(&restricted_access::KIND, restricted_access::owed), (&access_follow_up::KIND, access_follow_up::owed)];

/// Kinds that are the privacy officer's alone, who has pages for them; nobody else counts them.
pub const OF_PRIVACY: &[&Kind] = &[&restricted_access::KIND, &access_follow_up::KIND];

/// Every kind of administration, in the order in which people see them.
pub const KINDS: &[&Kind] = &[
    &no_bed::KIND,
    &second_stay::KIND,
    &death_reported::KIND,
    &detention::KIND,
    &bed_request::KIND,
    &identity::KIND,
    &admission_passed::KIND,
    &rebooking::KIND,
    &appointment_in_stay::KIND,
    &admission_undated::KIND,
    &expected_discharge_passed::KIND,
    &no_expected_discharge::KIND,
    &discharge_summary::KIND,
    &registration::KIND,
    &open_task::KIND,
    &handed_over::KIND,
    &moved_often::KIND,
    &taken_over::KIND,
    &unowned_task::KIND,
    &unallocated::KIND,
    &downtime::KIND,
    &downtime_number::KIND,
    &duplicate_review::KIND,
    &restricted_access::KIND,
    &access_follow_up::KIND,
];

/// The obligation functions of administration. A change of any rule raises the version of its function.
pub fn functions() -> Vec<ObligationFunction> {
    let function = |name, anchor, related: &[_], decide: fn(&Facts<'_>) -> Vec<Obligation>| ObligationFunction {
        name,
        version: 1,
        anchor,
        related: related.to_vec(),
        concerns: Arc::new(|_| true),
        decide: Arc::new(decide),
    };
    let papers = [
        ("Composition", "Composition.encounter"),
        ("DocumentReference", "DocumentReference.encounter"),
        ("Flag", "Flag.encounter"),
    ];
    let in_stays = [("Encounter", OPEN_STAY), ("Encounter", EXPECTED_STAY), ("Appointment", OPEN_APPOINTMENT)];
    let open_and_expected = [("Encounter", OPEN_VISIT), ("Encounter", EXPECTED_STAY)];
    vec![
        ObligationFunction {
            version: 3,
            concerns: Arc::new(concerns_stay),
            ..function("stays", "Encounter", &papers, of_stay)
        },
        ObligationFunction { version: 2, ..function("patients", "Patient", &[("Encounter", OPEN_VISIT)], of_patient) },
        ObligationFunction {
            concerns: Arc::new(concerns_death),
            ..function("deaths", "Patient", &open_and_expected, of_death)
        },
        ObligationFunction { version: 2, ..function("tasks", "Task", &[], of_task) },
        function("appointments", "Patient", &in_stays, of_appointments),
        ObligationFunction { concerns: Arc::new(concerns_unmerge), ..function("lists", "List", &[], of_list) },
        ObligationFunction {
            version: 2,
            concerns: Arc::new(concerns_opening),
            ..function("openings", "AuditEvent", &[("AuditEvent", "AuditEvent.entity")], of_opening)
        },
    ]
}

fn of_stay(facts: &Facts<'_>) -> Vec<Obligation> {
    read(facts, |anchor, related| {
        let facts = StayFacts::of(anchor, related);
        OF_STAYS.iter().filter_map(|(kind, owed)| Some(kind.obligation(owed(&facts)?))).collect()
    })
}

fn of_patient(facts: &Facts<'_>) -> Vec<Obligation> {
    read(facts, |anchor, related| {
        let facts = PatientFacts::of(anchor, related);
        OF_PATIENTS.iter().filter_map(|(kind, owed)| Some(kind.obligation(owed(&facts)?))).collect()
    })
}

fn of_appointments(facts: &Facts<'_>) -> Vec<Obligation> {
    read(facts, |_, related| {
        let owed = appointment_in_stay::owed(related);
        owed.map(|owed| appointment_in_stay::KIND.obligation(owed)).into_iter().collect()
    })
}

fn of_task(facts: &Facts<'_>) -> Vec<Obligation> {
    read(facts, |anchor, _| {
        let facts = TaskFacts::of(anchor);
        OF_TASKS.iter().filter_map(|(kind, owed)| Some(kind.obligation(owed(&facts)?))).collect()
    })
}

fn of_death(facts: &Facts<'_>) -> Vec<Obligation> {
    read(facts, |anchor, related| {
        let facts = DeathFacts::of(anchor, related);
        OF_DEATHS.iter().filter_map(|(kind, owed)| Some(kind.obligation(owed(&facts)?))).collect()
    })
}

fn concerns_death(source: &Source<'_>) -> bool {
    Document::parse(source.text, &Limits::default()).is_ok_and(|document| DeathFacts::concern(document.root()))
}

fn of_list(facts: &Facts<'_>) -> Vec<Obligation> {
    read(facts, |anchor, _| {
        let facts = ListFacts::of(anchor);
        OF_LISTS.iter().filter_map(|(kind, owed)| Some(kind.obligation(owed(&facts)?))).collect()
    })
}

fn concerns_unmerge(source: &Source<'_>) -> bool {
    Document::parse(source.text, &Limits::default()).is_ok_and(|document| is_unmerge(document.root()))
}

fn of_opening(facts: &Facts<'_>) -> Vec<Obligation> {
    read(facts, |anchor, related| {
        let facts = OpeningFacts::of(anchor, related);
        OF_OPENINGS.iter().filter_map(|(kind, owed)| Some(kind.obligation(owed(&facts)?))).collect()
    })
}

fn concerns_opening(source: &Source<'_>) -> bool {
    Document::parse(source.text, &Limits::default()).is_ok_and(|document| Opening::of(document.root()).is_some())
}

fn concerns_stay(source: &Source<'_>) -> bool {
    Document::parse(source.text, &Limits::default()).is_ok_and(|document| is_stay(document.root()))
}

/// Reads the facts' texts and lets a rule decide. What is no document any more is found by `verify`, and owes nothing.
pub fn read(
    facts: &Facts<'_>,
    rule: impl FnOnce(fhir::Node<'_, '_>, &[fhir::Node<'_, '_>]) -> Vec<Obligation>,
) -> Vec<Obligation> {
    let limits = Limits::default();
    let Ok(anchor) = Document::parse(facts.anchor.text, &limits) else { return Vec::new() };
    let related: Vec<Document<'_>> =
        facts.related.iter().filter_map(|source| Document::parse(source.text, &limits).ok()).collect();
    let related: Vec<fhir::Node<'_, '_>> = related.iter().map(Document::root).collect();
    rule(anchor.root(), &related)
}

impl Owed {
    /// What is owed by an owner until a moment.
    pub fn by(owner: impl Into<String>, due: Moment) -> Owed {
        Owed { owner: owner.into(), due }
    }
}

impl Kind {
    /// The obligation that the record keeps.
    pub fn obligation(&self, owed: Owed) -> Obligation {
        Obligation { kind: self.code.into(), owner: owed.owner, due: owed.due }
    }

    /// The noun for a number of them.
    pub fn noun(&self, number: u64) -> &'static str {
        if number == 1 { self.words.0 } else { self.words.1 }
    }

    /// When an obligation of this kind began, by its due; `None` when that is not known.
    pub fn since(&self, due: Moment) -> Option<Moment> {
        (due != UNDATED).then(|| Moment(due.0 - self.allowed_ms))
    }
}

/// An hour, in milliseconds.
pub(crate) const HOUR_MS: i64 = 60 * 60 * 1000;

#[cfg(test)]
mod tests;
