//! Undo: a commit of the last minutes taken back, as a commit of its own.
//!
//! Each resource goes back to the version before; what the commit had created is marked as entered in error. It is
//! refused, with the reason, when something was written since that stands on it: a newer version, or something recorded
//! of a patient or in a stay that the commit had created. That somebody opened a restricted record, and its review, are not
//! taken back. A merge is taken apart instead (`merging`): what was written in
//! between has to be given out. History keeps both.

use fhir::write::with_members;
use record::{Assertion, Change, Draft, Key, Problem, Reading, Receipt, SUBJECT, TransactError, Version};
use terms::Moment;
use terms::index::{Part, Span};

use crate::draft::{self, document};
use crate::refusal::Refusal;

/// How long something can be undone.
pub const UNDO_MS: i64 = 10 * 60 * 1000;

/// Takes back what a commit wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// What it wrote: type, id and version of each.
    pub written: Vec<(String, String, u64)>,
    /// When it was committed.
    pub moment: Moment,
}

impl Undo {
    /// The undoing of a commit. A counter is not taken back: a number that was given out never comes again.
    pub fn of(receipt: &Receipt) -> Undo {
        let undone = receipt.written.iter().filter(|one| one.key.kind != "NamingSystem");
        let written = undone.map(|one| (one.key.kind.clone(), one.key.id.clone(), one.version));
        Undo { written: written.collect(), moment: receipt.moment }
    }

    /// As a text for a form: `moment,Type/id/version,…`.
    pub fn text(&self) -> String {
        let each = self.written.iter().map(|(kind, id, version)| format!("{kind}/{id}/{version}"));
        std::iter::once(self.moment.0.to_string()).chain(each).collect::<Vec<_>>().join(",")
    }

    /// From such a text.
    pub fn parse(text: &str) -> Option<Undo> {
        let (moment, rest) = text.split_once(',')?;
        let one = |part: &str| {
            let mut parts = part.split('/');
            let (kind, id, version) = (parts.next()?, parts.next()?, parts.next()?.parse().ok()?);
            Some((kind.to_owned(), id.to_owned(), version))
        };
        let written: Option<Vec<_>> = rest.split(',').map(one).collect();
        Some(Undo { written: written?, moment: Moment(moment.parse().ok()?) })
    }

    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        if now.0 - self.moment.0 > UNDO_MS {
            let sentence = "This was more than 10 minutes ago. Correct it with a new entry and a reason.";
            return Err(TransactError::Refused(Refusal::new("too-late", sentence)));
        }
        if self.written.iter().any(|(kind, ..)| kind == "AuditEvent") {
            let sentence = "That a restricted record was opened, and what came of the review, is not taken back.";
            return Err(TransactError::Refused(Refusal::new("not-undone", sentence)));
        }
        let (mut draft, mut created, mut written) = (Draft::default(), Vec::new(), Vec::new());
        for (kind, id, version) in &self.written {
            let key = Key::new(kind.as_str(), id.as_str());
            let newest = reading.get(&key).await?;
            let Some(newest) = newest.filter(|newest| newest.version == *version && newest.moment == self.moment)
            else {
                return Err(TransactError::Refused(built_upon()));
            };
            let before = match version {
                0 | 1 => None,
                _ => reading.version(&key, version - 1).await?.filter(|before| !before.text.is_empty()),
            };
            if let Some(before) = &before
                && links(before)? != links(&newest)?
            {
                let sentence =
                    "A merge is taken apart on the page of the pair, where what was written since is given out.";
                return Err(TransactError::Refused(Refusal::new("take-apart", sentence)));
            }
            draft.changes.push(match before {
                Some(before) => draft::put(key, &before.text)?,
                None => {
                    created.push(key);
                    withdrawn(&newest)?
                }
            });
            written.push(newest);
        }
        draft.assertions = created.iter().filter_map(|key| nothing_else(reading, key, &written)).collect();
        Ok(draft)
    }
}

/// That nothing beside this commit was recorded of a patient or in a stay that it created. The commit asserts it: who
/// undoes may not read all that could have been recorded.
fn nothing_else(reading: &Reading, created: &Key, written: &[Version]) -> Option<Assertion> {
    let target = Part::target(created.kind.as_str(), created.id.as_str());
    let rows: Vec<&'static str> = match created.kind.as_str() {
        "Patient" => vec![SUBJECT],
        "Encounter" => {
            let of = |kind| ["encounter", "context"].map(|code| fhir::search::row_parameters(kind, code));
            fhir::search::compartment_kinds().flat_map(of).flatten().collect()
        }
        _ => return None,
    };
    let refers = |version: &&Version| {
        let own = reading.rows(version);
        own.iter().any(|row| rows.contains(&row.parameter) && row.parts.first() == Some(&target))
    };
    let own = written.iter().filter(refers).count() as u32;
    Some(Assertion::AtMost(rows.iter().map(|row| Span::head(row, [target.clone()])).collect(), own))
}

pub(crate) fn built_upon() -> Refusal {
    let sentence = "Something was recorded since that stands on this. Correct it with a new entry.";
    Refusal::new("built-upon", sentence)
}

/// With whom a Patient is merged, as the text has it; of any other type nothing.
fn links(version: &Version) -> Result<Option<String>, Problem> {
    if version.key.kind != "Patient" {
        return Ok(None);
    }
    Ok(document(version)?.root().get("link").map(|link| link.raw_text().to_owned()))
}

/// What a commit created, as its type says that it was a mistake.
fn withdrawn(version: &Version) -> Result<Change, TransactError<Refusal>> {
    let status = match version.key.kind.as_str() {
        "Encounter" | "Task" | "ServiceRequest" | "Appointment" | "Observation" | "Flag" | "Communication" => {
            ("status", "\"entered-in-error\"")
        }
        "Patient" | "Practitioner" | "RelatedPerson" => ("active", "false"),
        "Location" => ("status", "\"inactive\""),
        _ => return Ok(Change::Delete(version.key.clone())),
    };
    let document = document(version)?;
    let text = with_members(&document, &[(status.0, Some(status.1.to_owned()))]);
    Ok(draft::put(version.key.clone(), &text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_text_reads_back() {
        let written = vec![("Encounter".to_owned(), "e-1".to_owned(), 3), ("Location".to_owned(), "b.2".to_owned(), 1)];
        let undo = Undo { written, moment: Moment(1_794_926_100_123) };
        assert_eq!(Undo::parse(&undo.text()), Some(undo));
        for bad in ["", "x", "1", "1,a/b", "1,a/b/x", "x,a/b/1"] {
            assert_eq!(Undo::parse(bad), None, "{bad}");
        }
    }
}
