//! Hiding a record: who is not allowed to see it does not find it, not in a count either.
//!
//! The mark is a label in `meta.security`; its index row is what scopes leave out. Who may not see restricted records
//! cannot restrict one: it would vanish before their eyes without a way back.

use fhir::Node;
use fhir::read::{items, text};
use fhir::write::{coding, with_members};
use record::{Draft, Key, Reading, TransactError};

use super::codes;
use super::edit::meta_with;
use crate::draft::{self, document};
use crate::refusal::Refusal;

/// The label, and the code in `meta.security`.
pub const RESTRICTED: &str = "restricted";
/// The system of this product's labels.
pub(crate) const LABELS: &str = "urn:almoner:label";

/// Hides a record, or shows it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restrict {
    /// The Patient.
    pub patient: String,
    /// The version the form was made from.
    pub version: u64,
    /// Why it is hidden, a code of `codes::WITHHELD`; `None` shows it again.
    pub reason: Option<String>,
}

impl Restrict {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading) -> Result<Draft, TransactError<Refusal>> {
        let version = super::correct::read(reading, &self.patient, self.version).await?;
        let document = document(&version)?;
        let sees_them = !reading.permit().scope().without_labels.iter().any(|label| label == RESTRICTED);
        self.decide(sees_them, is_restricted(document.root())).map_err(TransactError::Refused)?;
        let label = self.reason.as_deref().and_then(|reason| codes::words(codes::WITHHELD, reason));
        let label = label.map(|words| coding(LABELS, RESTRICTED, Some(words)));
        let meta = meta_with(document.root(), "security", (LABELS, RESTRICTED), label);
        let text = with_members(&document, &[("meta", meta)]);
        let change = draft::put(Key::new("Patient", self.patient.as_str()), &text)?;
        Ok(Draft { changes: vec![change], assertions: Vec::new() })
    }

    fn decide(&self, sees_them: bool, is_hidden: bool) -> Result<(), Refusal> {
        if !sees_them {
            return Err(Refusal::new(
                "not-yours",
                "Your role does not hide records. Ask a clinician in the patient's team.",
            ));
        }
        match &self.reason {
            Some(reason) if codes::words(codes::WITHHELD, reason).is_none() => {
                Err(Refusal::at("reason-missing", "reason", "Say why the record is to be hidden."))
            }
            Some(_) if is_hidden => Err(Refusal::new("hidden-already", "This record is restricted already.")),
            None if !is_hidden => Err(Refusal::new("not-hidden", "This record is not restricted.")),
            _ => Ok(()),
        }
    }
}

/// Whether a Patient is restricted.
pub fn is_restricted(patient: Node<'_, '_>) -> bool {
    patient.get("meta").is_some_and(|meta| {
        items(meta, "security").any(|label| {
            text(label, "system").as_deref() == Some(LABELS) && text(label, "code").as_deref() == Some(RESTRICTED)
        })
    })
}
