//! Registration: a person becomes a patient of this trust, once, after a search; what is known of them is corrected and
//! asked for, one thing at a time.
//!
//! Tour: [`Demographics`] is what a form asks; [`lookalikes`] are the records that could be the same person, and
//! [`Register`] is refused until each likely one was answered. [`unknown`] and [`numbers`] are the names and numbers of
//! people whom nobody could ask; [`RegisterNewborn`] and [`RegisterMajorIncident`] are their commands. [`CorrectPatient`],
//! [`RecordAnswer`], [`SetNhsNumberStatus`] and [`RecordIdentity`] edit a record member by member: what they do not know
//! stays as it was. [`Restrict`] hides a record. [`pds`] is what the national index answers.
//!
//! No clinical or identity field has a default: what nobody asked reads as not asked.

mod answers;
pub mod codes;
mod correct;
mod demographics;
mod edit;
pub mod fields;
mod identity;
mod incident;
mod likely;
mod newborn;
mod nhs_status;
pub mod numbers;
pub mod pds;
mod register;
mod restrict;
pub mod unknown;
mod write;

pub use answers::{Answer, Asked, Item, Kin, RecordAnswer, Staying, asked_items};
pub use correct::{CorrectPatient, Why};
pub use demographics::{Demographics, Gender};
pub(crate) use demographics::{lines, nhs_number, official_name, strings, usual_address};
pub use identity::RecordIdentity;
pub use incident::{Pack, RegisterMajorIncident, packs};
pub use likely::{Likeness, Lookalike, lookalikes};
pub use newborn::RegisterNewborn;
pub(crate) use newborn::place_in_birth;
pub use nhs_status::{NhsNumberStatus, SetNhsNumberStatus};
pub use register::{Answered, Register};
pub(crate) use restrict::LABELS;
pub use restrict::{RESTRICTED, Restrict, is_restricted};
pub(crate) use write::with_another_number;

/// The system of NHS numbers.
pub const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";
/// Tags of this product on a Patient.
pub const PATIENT_TAG: &str = "urn:almoner:patient-tag";
/// UK Core's extension for the status of an NHS number.
pub(crate) const NHS_NUMBER_STATUS: &str =
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus";
/// Mothers of newborns: an extension with a reference.
pub(crate) const MOTHER: &str = "urn:almoner:mother";
/// Babies by their mother, day of birth and birth order.
pub(crate) const BORN_TO: &str = "~born-to";

#[cfg(test)]
mod tests;
