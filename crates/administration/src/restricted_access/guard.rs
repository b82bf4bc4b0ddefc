//! What other doors may not write: an opening, its review or its follow-up, or anything in the place of one. Who opened a
//! record and what came of it is said by their commands alone, so that nobody writes themselves a reason or a review.

use access::Role;
use fhir::{Document, Limits, Node};
use record::{Change, Draft, Problem, Reading};

use super::SYSTEM;
use super::opening::subtype;
use crate::draft::document;
use crate::refusal::Refusal;

/// Looks at the AuditEvents of a draft that came by another door than a form: `Err` inside says why it is refused. The
/// host's own work, such as a load, passes.
///
/// # Errors
/// The record could not be read.
pub async fn check_written(reading: &Reading, draft: &Draft) -> Result<Result<(), Refusal>, Problem> {
    let role = reading.permit().role();
    if role == Role::Host {
        return Ok(Ok(()));
    }
    for change in draft.changes.iter().filter(|change| change.key().kind == "AuditEvent") {
        let before = reading.get(change.key()).await?.filter(|version| !version.text.is_empty());
        let was_ours = match &before {
            Some(version) => is_ours(document(version)?.root()),
            None => false,
        };
        let becomes_ours = match change {
            Change::Put(_, template) => {
                Document::parse(&template.text, &Limits::default()).is_ok_and(|document| is_ours(document.root()))
            }
            Change::Delete(_) => false,
        };
        // A privacy officer has the right to write this type for reviews, and for nothing else.
        if was_ours || becomes_ours || role == Role::PrivacyOfficer {
            return Ok(Err(refusal()));
        }
    }
    Ok(Ok(()))
}

fn refusal() -> Refusal {
    let sentence = "Who opened a restricted record, and what came of its review, is recorded by their forms alone.";
    Refusal::new("restricted-access", sentence)
}

fn is_ours(event: Node<'_, '_>) -> bool {
    subtype(event, SYSTEM).is_some()
}
