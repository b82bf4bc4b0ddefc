//! The review of openings: what came of each, by somebody who did not open. Several of one person are reviewed together,
//! each with a version of its own. The table of members is in `mod.rs`.

use access::Role;
use fhir::Node;
use fhir::read::{id_of, items, moment, text};
use fhir::write::coding;
use record::{Change, Draft, Key, Problem, Reading, TransactError};
use terms::Moment;

use super::gather::opening;
use super::opening::{Saying, subtype};
use super::{APPROPRIATE, OUTCOME_SYSTEM, OUTCOMES, Opening, SYSTEM};
use crate::refusal::Refusal;
use crate::registration::codes::words;
use crate::tasks::task_id;

/// The code of a review.
pub(super) const REVIEW: &str = "review";
/// Most openings of one review.
pub const MOST_AT_ONCE: usize = 50;
/// Longest note, in characters.
const LONGEST: usize = 500;

/// Says what came of the review of some openings of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewOpenings {
    /// The openings' ids.
    pub openings: Vec<String>,
    /// What came of it, a code of [`OUTCOMES`].
    pub outcome: String,
    /// What is to be said of it.
    pub note: String,
}

/// A review as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The AuditEvent that it reviews.
    pub of: String,
    /// By whom, by stable id.
    pub by: String,
    /// What they are called.
    pub name: String,
    /// When.
    pub at: Moment,
    /// A code of [`OUTCOMES`].
    pub outcome: String,
    /// What was said of it.
    pub note: Option<String>,
}

impl Review {
    /// Reads an AuditEvent; `None` when it is no review, or says nothing of what came of it.
    pub fn of(event: Node<'_, '_>) -> Option<Review> {
        if subtype(event, SYSTEM)? != REVIEW {
            return None;
        }
        let outcome = subtype(event, OUTCOME_SYSTEM).filter(|outcome| words(OUTCOMES, outcome).is_some())?;
        let agent = items(event, "agent").next()?;
        Some(Review {
            of: items(event, "entity").find_map(|entity| id_of(entity, "what", "AuditEvent"))?,
            by: text(agent, "altId")?,
            name: text(agent, "name").unwrap_or_default(),
            at: moment(event, "recorded")?,
            outcome,
            note: text(event, "outcomeDesc"),
        })
    }

    /// What came of it, for people: the outcome, and the note.
    pub fn words(&self) -> String {
        let outcome = words(OUTCOMES, &self.outcome).unwrap_or(&self.outcome);
        self.note.as_ref().map_or_else(|| outcome.to_owned(), |note| format!("{outcome}: {note}"))
    }
}

impl ReviewOpenings {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let permit = reading.permit();
        self.decide(permit.role()).map_err(TransactError::Refused)?;
        let (mut draft, mut whose) = (Draft::default(), None);
        for id in &self.openings {
            let found = opening(reading, id).await?.ok_or_else(|| TransactError::Refused(changed()))?;
            may_judge(&found, &permit.principal().id, whose.as_deref()).map_err(TransactError::Refused)?;
            let key = Key::new("AuditEvent", task_id(REVIEW, &[id]));
            if reading.get(&key).await?.is_some() {
                return Err(TransactError::Refused(changed()));
            }
            draft.changes.push(self.change(key, &found, reading, now)?);
            whose = Some(found.by);
        }
        Ok(draft)
    }

    fn decide(&self, role: Role) -> Result<(), Refusal> {
        check_chosen(role, &self.openings)?;
        if words(OUTCOMES, &self.outcome).is_none() {
            return Err(Refusal::at("outcome-missing", "outcome", "Choose what came of the review."));
        }
        let note = self.note.trim();
        if note.is_empty() && self.outcome != APPROPRIATE {
            let sentence = "Say what was not appropriate, or what is to be followed up and by whom.";
            return Err(Refusal::at("note-missing", "note", sentence));
        }
        if note.chars().count() > LONGEST {
            return Err(Refusal::at("note-long", "note", "A note has at most 500 characters."));
        }
        Ok(())
    }

    fn change(&self, key: Key, of: &Opening, reading: &Reading, now: Moment) -> Result<Change, Problem> {
        let note = Some(self.note.trim()).filter(|note| !note.is_empty());
        let outcome = coding(OUTCOME_SYSTEM, &self.outcome, words(OUTCOMES, &self.outcome));
        let saying = Saying { is: (REVIEW, "Review of restricted access"), outcome, words: note, to: None };
        saying.change(key, of, reading.permit().principal(), now)
    }
}

/// What is judged at once, and by whom.
pub(super) fn check_chosen(role: Role, openings: &[String]) -> Result<(), Refusal> {
    if role != Role::PrivacyOfficer {
        return Err(Refusal::new("not-yours", "The privacy officer reviews who opened a restricted record."));
    }
    if openings.is_empty() {
        return Err(Refusal::at("openings-missing", "openings", "Choose which of them this is about."));
    }
    if openings.len() > MOST_AT_ONCE {
        return Err(Refusal::at("openings-many", "openings", "At most 50 are judged at once. Choose fewer."));
    }
    Ok(())
}

/// Nobody judges their own, and those of two people are not judged with one word.
pub(super) fn may_judge(opening: &Opening, by: &str, whose: Option<&str>) -> Result<(), Refusal> {
    if opening.by == by {
        return Err(Refusal::new("same-person", "You opened this record. Somebody else must review that."));
    }
    if whose.is_some_and(|whose| whose != opening.by) {
        return Err(Refusal::at("two-people", "openings", "Review those of one person at a time."));
    }
    Ok(())
}

/// What was to be judged is not as the list had it.
pub(super) fn changed() -> Refusal {
    let sentence = "One of these was dealt with meanwhile, or is not there any more. Look at the list again.";
    Refusal::at("openings-changed", "openings", sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(number: usize, outcome: &str, note: &str) -> ReviewOpenings {
        let openings = (0..number).map(|at| format!("o{at}")).collect();
        ReviewOpenings { openings, outcome: outcome.into(), note: note.into() }
    }

    #[test]
    fn the_privacy_officer_says_what_came_of_it() {
        let long = "x".repeat(501);
        let officer = Role::PrivacyOfficer;
        let cases = [
            (officer, review(1, "appropriate", ""), None),
            (officer, review(50, "not-appropriate", "No link to this patient"), None),
            (officer, review(1, "follow-up", "Manager asked"), None),
            (officer, review(0, "appropriate", ""), Some("openings-missing")),
            (officer, review(51, "appropriate", ""), Some("openings-many")),
            (officer, review(1, "", ""), Some("outcome-missing")),
            (officer, review(1, "fine", ""), Some("outcome-missing")),
            (officer, review(1, "not-appropriate", " "), Some("note-missing")),
            (officer, review(1, "follow-up", ""), Some("note-missing")),
            (officer, review(1, "appropriate", &long), Some("note-long")),
            (Role::Clinician, review(1, "appropriate", ""), Some("not-yours")),
            (Role::System, review(1, "appropriate", ""), Some("not-yours")),
        ];
        for (role, review, expected) in cases {
            assert_eq!(review.decide(role).err().map(|refusal| refusal.code), expected, "{role:?} {review:?}");
        }
    }

    #[test]
    fn nobody_reviews_their_own_and_each_person_is_judged_alone() {
        let opening = Opening {
            id: "o1".into(),
            by: "user/s.reilly".into(),
            name: String::new(),
            patient: "p1".into(),
            from: Moment(0),
            until: Moment(1),
            reason: "care".into(),
            words: None,
        };
        let code = |by: &str, whose: Option<&str>| may_judge(&opening, by, whose).err().map(|refusal| refusal.code);
        assert_eq!(code("user/p.officer", None), None);
        assert_eq!(code("user/p.officer", Some("user/s.reilly")), None);
        assert_eq!(code("user/s.reilly", None), Some("same-person"));
        assert_eq!(code("user/p.officer", Some("user/k.boateng")), Some("two-people"));
    }
}
