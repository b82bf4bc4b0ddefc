//! The follow-up of a review that ended with *to be followed up*: what was done, in words, and whether that closed it or
//! somebody else goes on with it. Said by the privacy officer, never by who opened; several of one person together, each
//! with a version of its own. The table of members is in `mod.rs`.

use access::Role;
use fhir::Node;
use fhir::read::{any_has_code, id_of, items, moment, text};
use fhir::write::{Object, coding, concept};
use record::{Change, Draft, Key, Problem, Reading, TransactError};
use terms::Moment;

use super::gather::{judged, opening};
use super::opening::{Saying, subtype};
use super::review::{changed, check_chosen, may_judge};
use super::{DCM, FOLLOW_UP_OUTCOMES, FOLLOW_UP_SYSTEM, Opening, PASSED, SYSTEM};
use crate::refusal::Refusal;
use crate::registration::codes::words;
use crate::tasks::task_id;

/// The code of a follow-up.
pub(super) const FOLLOW_UP: &str = "follow-up";
/// DICOM's role of whoever something goes to.
const DESTINATION: &str = "110152";
/// Longest words, in characters.
const LONGEST: usize = 500;
/// Longest name of whom it is passed to.
const LONGEST_NAME: usize = 100;

/// Says what was done about some openings of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUpOpenings {
    /// The openings' ids.
    pub openings: Vec<String>,
    /// What was done, in words.
    pub action: String,
    /// What came of it, a code of [`FOLLOW_UP_OUTCOMES`].
    pub outcome: String,
    /// To whom it is passed.
    pub to: String,
}

/// A follow-up as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// The opening, an AuditEvent.
    pub of: String,
    /// By whom, by stable id.
    pub by: String,
    /// What they are called.
    pub name: String,
    /// When.
    pub at: Moment,
    /// A code of [`FOLLOW_UP_OUTCOMES`].
    pub outcome: String,
    /// To whom it was passed.
    pub to: Option<String>,
    /// What was done.
    pub action: String,
}

impl FollowUp {
    /// Reads an AuditEvent; `None` when it is no follow-up, or does not say all of what ends one.
    pub fn of(event: Node<'_, '_>) -> Option<FollowUp> {
        if subtype(event, SYSTEM)? != FOLLOW_UP {
            return None;
        }
        let outcome = subtype(event, FOLLOW_UP_SYSTEM).filter(|code| words(FOLLOW_UP_OUTCOMES, code).is_some())?;
        let to = items(event, "agent").find(|agent| any_has_code(*agent, "type", &[DESTINATION]));
        let to = to.and_then(|agent| text(agent, "name"));
        if outcome == PASSED && to.is_none() {
            return None;
        }
        let agent = items(event, "agent").next()?;
        Some(FollowUp {
            of: items(event, "entity").find_map(|entity| id_of(entity, "what", "AuditEvent"))?,
            by: text(agent, "altId")?,
            name: text(agent, "name").unwrap_or_default(),
            at: moment(event, "recorded")?,
            outcome,
            to,
            action: text(event, "outcomeDesc")?,
        })
    }

    /// What came of it, for people: whether it is closed or to whom it was passed, and what was done.
    pub fn words(&self) -> String {
        match &self.to {
            Some(to) => format!("Passed to {to}: {}", self.action),
            None => format!("{}: {}", words(FOLLOW_UP_OUTCOMES, &self.outcome).unwrap_or(&self.outcome), self.action),
        }
    }
}

impl FollowUpOpenings {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let permit = reading.permit();
        self.decide(permit.role()).map_err(TransactError::Refused)?;
        let judged = judged(reading, &self.openings).await?;
        let (mut draft, mut whose) = (Draft::default(), None);
        for id in &self.openings {
            let found = opening(reading, id).await?.ok_or_else(|| TransactError::Refused(changed()))?;
            may_judge(&found, &permit.principal().id, whose.as_deref()).map_err(TransactError::Refused)?;
            let key = Key::new("AuditEvent", task_id(FOLLOW_UP, &[id]));
            if judged.to_follow_up(&found).is_none() || reading.get(&key).await?.is_some() {
                return Err(TransactError::Refused(changed()));
            }
            draft.changes.push(self.change(key, &found, reading, now)?);
            whose = Some(found.by);
        }
        Ok(draft)
    }

    fn decide(&self, role: Role) -> Result<(), Refusal> {
        check_chosen(role, &self.openings)?;
        match self.action.trim().chars().count() {
            0 => return Err(Refusal::at("action-missing", "action", "Say what was done.")),
            1..=LONGEST => {}
            _ => return Err(Refusal::at("action-long", "action", "Write at most 500 characters.")),
        }
        if words(FOLLOW_UP_OUTCOMES, &self.outcome).is_none() {
            return Err(Refusal::at("outcome-missing", "outcome", "Choose whether it is closed or somebody goes on."));
        }
        match (self.outcome == PASSED, self.to.trim().chars().count()) {
            (true, 0) => Err(Refusal::at("to-missing", "to", "Say to whom it is passed.")),
            (true, length) if length > LONGEST_NAME => {
                Err(Refusal::at("to-long", "to", "A name has at most 100 characters."))
            }
            (false, 1..) => {
                let sentence =
                    "Somebody is named here, but it is not said that it is passed to them. Choose which is so.";
                Err(Refusal::at("to-not-passed", "outcome", sentence))
            }
            _ => Ok(()),
        }
    }

    fn change(&self, key: Key, of: &Opening, reading: &Reading, now: Moment) -> Result<Change, Problem> {
        let outcome = coding(FOLLOW_UP_SYSTEM, &self.outcome, words(FOLLOW_UP_OUTCOMES, &self.outcome));
        let to = Some(self.to.trim()).filter(|to| !to.is_empty()).map(destination);
        let is = (FOLLOW_UP, "Follow-up of restricted access");
        let saying = Saying { is, outcome, words: Some(self.action.trim()), to };
        saying.change(key, of, reading.permit().principal(), now)
    }
}

/// Whom it is passed to: somebody with a name, who need not be known here.
fn destination(name: &str) -> String {
    let role = concept(DCM, DESTINATION, "Destination Role ID");
    Object::new().json("type", role).text("name", name).json("requestor", "false").done()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow_up(outcome: &str, to: &str, action: &str) -> FollowUpOpenings {
        FollowUpOpenings { openings: vec!["o1".into()], outcome: outcome.into(), to: to.into(), action: action.into() }
    }

    #[test]
    fn what_was_done_is_said_and_whether_that_was_the_end() {
        let long = "x".repeat(501);
        let cases = [
            (follow_up("closed", "", "Spoke with her"), None),
            (follow_up("passed", "Manager of Heron ward", "Told the manager"), None),
            (follow_up("closed", "", " "), Some("action-missing")),
            (follow_up("closed", "", &long), Some("action-long")),
            (follow_up("", "", "Spoke with her"), Some("outcome-missing")),
            (follow_up("done", "", "Spoke with her"), Some("outcome-missing")),
            (follow_up("passed", " ", "Told the manager"), Some("to-missing")),
            (follow_up("passed", &long, "Told the manager"), Some("to-long")),
            (follow_up("closed", "Manager of Heron ward", "Told the manager"), Some("to-not-passed")),
        ];
        for (follow_up, expected) in cases {
            let refused = follow_up.decide(Role::PrivacyOfficer).err().map(|refusal| refusal.code);
            assert_eq!(refused, expected, "{follow_up:?}");
        }
        let refused = follow_up("closed", "", "Spoke with her").decide(Role::Clinician).err();
        assert_eq!(refused.map(|refusal| refusal.code), Some("not-yours"));
    }
}
