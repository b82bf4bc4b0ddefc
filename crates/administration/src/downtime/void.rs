//! Numbers that were not used, or whose paper is spoilt, are void: somebody says why, of one or of all that are left of a
//! sheet.

use fhir::write::{Object, quoted, with_members};
use record::{Change, Draft, Problem, Reading, TransactError, Version};
use terms::Moment;

use super::account::{in_block_open, number_version};
use super::number::{Number, State, noted};
use crate::draft::{self, document};
use crate::refusal::Refusal;

/// Longest reason, in characters.
const LONGEST: usize = 300;

/// Voids numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoidNumbers {
    /// Which.
    pub which: Which,
    /// Why.
    pub reason: String,
}

/// Which numbers are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The one of this Task.
    One(String),
    /// All that are open of those that were issued together.
    RestOf(String),
}

impl VoidNumbers {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let reason = self.decide().map_err(TransactError::Refused)?;
        let versions = match &self.which {
            Which::One(id) => number_version(reading, id).await?.into_iter().collect(),
            Which::RestOf(block) => in_block_open(reading, block).await?,
        };
        let by = &reading.permit().principal().name;
        let mut changes = Vec::new();
        for version in &versions {
            changes.extend(voided(version, reason, by, now)?);
        }
        if changes.is_empty() {
            let sentence = "None of these numbers is open any more. Look at the page again.";
            return Err(TransactError::Refused(Refusal::new("none-open", sentence)));
        }
        Ok(Draft { changes, assertions: Vec::new() })
    }

    fn decide(&self) -> Result<&str, Refusal> {
        let reason = self.reason.trim();
        if reason.is_empty() {
            return Err(Refusal::at("reason-missing", "reason", "Say why it was not used, such as: sheet destroyed."));
        }
        if reason.chars().count() > LONGEST {
            return Err(Refusal::at("reason-long", "reason", "A reason has at most 300 characters."));
        }
        Ok(reason)
    }
}

/// A number's text as void; nothing if it has an end already.
fn voided(version: &Version, reason: &str, by: &str, now: Moment) -> Result<Option<Change>, Problem> {
    let document = document(version)?;
    if Number::of(document.root()).is_none_or(|number| number.state != State::Open) {
        return Ok(None);
    }
    let members = [
        ("status", Some("\"cancelled\"".to_owned())),
        ("statusReason", Some(Object::new().text("text", reason).done())),
        ("note", Some(noted(document.root(), by, now, "Void"))),
        ("lastModified", Some(quoted(&now.to_string()))),
    ];
    draft::put(version.key.clone(), &with_members(&document, &members)).map(Some)
}
