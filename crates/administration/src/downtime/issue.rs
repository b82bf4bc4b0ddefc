//! Issuing numbers before anybody needs them: for hospital numbers and forms of a ward, a department or health records,
//! printed on paper and kept where the system cannot be reached.
//!
//! A number is issued once and never comes back: the counters are in `NamingSystem/hospital-number`, beside the others.

use fhir::write::{Object, array};
use record::{Draft, Key, Problem, Reading, TransactError};
use terms::Moment;

use super::account::standing_total;
use super::number::{Kind, State, coded};
use super::{MOST_AT_ONCE, MOST_OPEN};
use crate::draft;
use crate::refusal::Refusal;
use crate::registration::numbers::{self, HospitalNumber};
use crate::tasks::owner_named;

/// The system of form numbers.
const FORM_SYSTEM: &str = "urn:almoner:downtime-form";
/// The system of what was issued together.
const BLOCK_SYSTEM: &str = "urn:almoner:downtime-block";

/// Issues numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueNumbers {
    /// Names those that are issued together.
    pub block: String,
    /// New Task ids, one for each form.
    pub forms: Vec<String>,
    /// New Task ids, one for each hospital number.
    pub hospital: Vec<String>,
    /// To whom: a plain name, and what they are called.
    pub owner: (String, String),
}

impl IssueNumbers {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let mut open = 0;
        for kind in Kind::ALL {
            open += standing_total(reading, kind, State::Open).await?;
        }
        self.decide(open).map_err(TransactError::Refused)?;
        let counts = (self.forms.len(), self.hospital.len());
        let (forms, hospital, counter, assertions) = numbers::take_for_downtime(reading, counts, now).await?;
        let by = &reading.permit().principal().name;
        let mut draft = Draft { changes: vec![counter], assertions };
        let forms = forms.into_iter().map(|value| HospitalNumber { system: FORM_SYSTEM.into(), value });
        for (kind, ids, values) in
            [(Kind::Form, &self.forms, forms.collect()), (Kind::Hospital, &self.hospital, hospital)]
        {
            for (id, number) in ids.iter().zip(&values) {
                draft.changes.push(self.change(kind, id, number, by, now)?);
            }
        }
        Ok(draft)
    }

    fn decide(&self, open: u64) -> Result<(), Refusal> {
        let (forms, hospital) = (self.forms.len(), self.hospital.len());
        if self.owner.0.is_empty() {
            return Err(Refusal::at("owner-missing", "owner", "Say who gets the numbers."));
        }
        if forms + hospital == 0 {
            return Err(Refusal::at("count", "forms", "Say how many numbers, such as 20."));
        }
        let sentence = format!("A sheet has at most {MOST_AT_ONCE} of each. Make another for more.");
        if forms > MOST_AT_ONCE {
            return Err(Refusal::at("count", "forms", sentence));
        }
        if hospital > MOST_AT_ONCE {
            return Err(Refusal::at("count", "hospital", sentence));
        }
        if open + (forms + hospital) as u64 > MOST_OPEN {
            let sentence = format!(
                "{open} numbers are open, and at most {MOST_OPEN} can be. Void those that nobody holds any more first."
            );
            return Err(Refusal::new("too-many-open", sentence));
        }
        Ok(())
    }

    fn change(
        &self,
        kind: Kind,
        id: &str,
        number: &HospitalNumber,
        by: &str,
        now: Moment,
    ) -> Result<record::Change, Problem> {
        let (noun, _) = kind.words();
        let identifier = Object::new().text("system", &number.system).text("value", &number.value).done();
        let text = Object::resource("Task", id)
            .json("identifier", array([identifier]))
            .json("groupIdentifier", Object::new().text("system", BLOCK_SYSTEM).text("value", &self.block).done())
            .text("status", "requested")
            .text("intent", "order")
            .json("code", coded(kind.code(), &format!("Downtime {noun}")))
            .text("description", format!("Downtime {noun} {}", number.value))
            .text("authoredOn", now.to_string())
            .text("lastModified", now.to_string())
            .json("requester", Object::new().text("display", by).done())
            .json("owner", owner_named(&self.owner.0, &self.owner.1))
            .done();
        draft::put(Key::new("Task", id), text.as_bytes())
    }
}
