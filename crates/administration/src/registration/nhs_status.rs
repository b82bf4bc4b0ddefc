//! The status of an NHS number (NHS Data Dictionary, NHS NUMBER STATUS INDICATOR CODE). Only a trace can verify a number:
//! what somebody typed is present and not traced, however sure they are.

use fhir::Node;
use fhir::read::{code_in, extension, items, text};
use record::{Draft, Key, Reading, TransactError};
use terms::{NhsNumber, PartialDate};

use super::edit::{list_with, object_with};
use super::numbers::{holders, one_has};
use super::write::{nhs_identifier, nhs_status};
use super::{NHS_NUMBER, NHS_NUMBER_STATUS, codes};
use crate::draft::{self, document};
use crate::refusal::Refusal;
use crate::stays::{REPORTED_DEATH, has_died};

/// A status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NhsNumberStatus {
    /// 01: present and verified by a trace.
    Verified,
    /// 02: present, not traced.
    NotTraced,
    /// 03: a trace is required.
    TraceRequired,
    /// 04: traced, with no match or more than one.
    NoOrManyMatches,
    /// 05: the trace found a conflict that somebody resolves.
    Conflict,
    /// 06: a trace is under way.
    InProgress,
    /// 07: no number, and none is looked for.
    NotRequired,
    /// 08: a baby under six weeks, whose number is awaited.
    Postponed,
}

impl NhsNumberStatus {
    /// Every status by its code.
    pub const ALL: [NhsNumberStatus; 8] = [
        NhsNumberStatus::Verified,
        NhsNumberStatus::NotTraced,
        NhsNumberStatus::TraceRequired,
        NhsNumberStatus::NoOrManyMatches,
        NhsNumberStatus::Conflict,
        NhsNumberStatus::InProgress,
        NhsNumberStatus::NotRequired,
        NhsNumberStatus::Postponed,
    ];

    /// The code.
    pub fn code(self) -> &'static str {
        match self {
            NhsNumberStatus::Verified => "01",
            NhsNumberStatus::NotTraced => "02",
            NhsNumberStatus::TraceRequired => "03",
            NhsNumberStatus::NoOrManyMatches => "04",
            NhsNumberStatus::Conflict => "05",
            NhsNumberStatus::InProgress => "06",
            NhsNumberStatus::NotRequired => "07",
            NhsNumberStatus::Postponed => "08",
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            NhsNumberStatus::Verified => "Number present and verified",
            NhsNumberStatus::NotTraced => "Number present but not traced",
            NhsNumberStatus::TraceRequired => "Trace required",
            NhsNumberStatus::NoOrManyMatches => "Trace attempted: no match or multiple match found",
            NhsNumberStatus::Conflict => "Trace needs to be resolved: number or details conflict",
            NhsNumberStatus::InProgress => "Trace in progress",
            NhsNumberStatus::NotRequired => "Number not present and trace not required",
            NhsNumberStatus::Postponed => "Trace postponed: baby under six weeks old",
        }
    }

    /// The status of a code.
    pub fn of_code(code: &str) -> Option<NhsNumberStatus> {
        NhsNumberStatus::ALL.into_iter().find(|status| status.code() == code)
    }

    /// The status of a record, in any of the three codings that are about.
    pub fn of(patient: Node<'_, '_>) -> Option<NhsNumberStatus> {
        let identifier = identifier(patient)?;
        let concept = extension(identifier, NHS_NUMBER_STATUS)?.get("valueCodeableConcept")?;
        let older = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus";
        let code = code_in(concept, codes::NHS_NUMBER_STATUS_SYSTEM).or_else(|| code_in(concept, older))?;
        if code == "number-present-and-verified" {
            return Some(NhsNumberStatus::Verified);
        }
        NhsNumberStatus::of_code(&code)
    }

    /// Whether a record with this status has a number.
    pub fn has_number(self) -> Option<bool> {
        match self {
            NhsNumberStatus::Verified | NhsNumberStatus::NotTraced => Some(true),
            NhsNumberStatus::NotRequired | NhsNumberStatus::Postponed => Some(false),
            _ => None,
        }
    }
}

/// The identifier that has the NHS number or its status.
pub(crate) fn identifier<'d, 't>(patient: Node<'d, 't>) -> Option<Node<'d, 't>> {
    items(patient, "identifier")
        .filter(|identifier| text(*identifier, "use").as_deref() != Some("old"))
        .find(|identifier| text(*identifier, "system").as_deref() == Some(NHS_NUMBER))
}

/// Says what is known of a patient's NHS number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetNhsNumberStatus {
    /// The Patient.
    pub patient: String,
    /// The version the form was made from.
    pub version: u64,
    /// The number; `None` when there is none.
    pub number: Option<NhsNumber>,
    /// The status.
    pub status: NhsNumberStatus,
    /// Whether the trace service itself gave this answer for this patient.
    pub by_trace: bool,
    /// When the trace says that the patient died: kept as reported until somebody records it. Without one, what was reported
    /// before is not any more.
    pub died: Option<PartialDate>,
}

impl SetNhsNumberStatus {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading) -> Result<Draft, TransactError<Refusal>> {
        let version = super::correct::read(reading, &self.patient, self.version).await?;
        self.decide().map_err(TransactError::Refused)?;
        let mut draft = Draft::default();
        if let Some(number) = self.number {
            let others = holders(reading, &number.digits()).await?;
            if others.iter().any(|other| *other != self.patient) {
                return Err(TransactError::Refused(taken()));
            }
            draft.assertions.push(one_has(&number.digits()));
        }
        let document = document(&version)?;
        let root = document.root();
        let edited = match identifier(root) {
            None => nhs_identifier(self.number, self.status),
            Some(present) => {
                let kept = fhir::write::with_extensions(present, &[(NHS_NUMBER_STATUS, Some(nhs_status(self.status)))]);
                let value = self.number.map(|number| fhir::write::quoted(&number.digits()));
                object_with(present, &[("extension", kept), ("value", value)])
            }
        };
        let list = list_with(root, "identifier", identifier(root), [edited]);
        let mut members = vec![("identifier", list)];
        if self.by_trace {
            let died = self.died.as_ref().filter(|_| !has_died(root));
            let died = died.map(|died| fhir::write::quoted(died.text()));
            let report = died.map(|died| fhir::write::extension(REPORTED_DEATH, "valueDateTime", &died));
            members.push(("extension", fhir::write::with_extensions(root, &[(REPORTED_DEATH, report)])));
        }
        let text = fhir::write::with_members(&document, &members);
        draft.changes.push(draft::put(Key::new("Patient", self.patient.as_str()), &text)?);
        Ok(draft)
    }

    fn decide(&self) -> Result<(), Refusal> {
        if self.status == NhsNumberStatus::Verified && !self.by_trace {
            let sentence = "Only a trace on PDS verifies a number. Trace it, or say that it is not traced.";
            return Err(Refusal::at("not-traced", "status", sentence));
        }
        match (self.status.has_number(), self.number.is_some()) {
            (Some(true), false) => Err(Refusal::at("number-missing", "nhs_number", "This status needs an NHS number.")),
            (Some(false), true) => {
                Err(Refusal::at("number-present", "status", "There is a number, so this status cannot be right."))
            }
            _ => Ok(()),
        }
    }
}

/// The number is on another record.
pub(crate) fn taken() -> Refusal {
    let sentence =
        "Another record here has this NHS number. Look that record up, or leave the number empty: it is traced later.";
    Refusal::at("nhs-number-taken", "nhs_number", sentence)
}
