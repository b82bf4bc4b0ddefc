//! An unknown patient becomes known: the temporary name gives way, and stays on the record as one they were found by.
//!
//! Whoever is here already is not registered twice: then the two records are merged, by two people (`merging`).

use fhir::Document;
use fhir::read::items;
use fhir::write::{Object, array, array_if, quoted, with_extensions, with_members};
use record::{Draft, Key, Reading, TransactError};
use terms::Moment;

use super::demographics::INTERPRETER;
use super::edit::{meta_with, object_with};
use super::likely::{Likeness, Lookalike, lookalikes};
use super::nhs_status::{identifier, taken};
use super::numbers::{holders, nobody_has};
use super::register::reviewed;
use super::unknown::{ESTIMATED_AGE, IDENTITY_UNKNOWN, is_unknown};
use super::write::{address, interpreter, language, nhs_identifier, official, practice, telecoms};
use super::{Answered, Demographics, NhsNumberStatus, PATIENT_TAG};
use crate::draft::{self, document};
use crate::refusal::Refusal;

/// Says who an unknown patient is, when they are not here yet: the temporary record becomes theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordIdentity {
    /// The temporary Patient.
    pub patient: String,
    /// The version the form was made from.
    pub version: u64,
    /// Who it is.
    pub person: Demographics,
    /// Likely matches that were answered.
    pub answered: Vec<Answered>,
}

impl RecordIdentity {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let newest = super::correct::read(reading, &self.patient, self.version).await?;
        let document = document(&newest)?;
        if !is_unknown(document.root()) {
            return Err(refused("known-already", "It is known who this is. Correct the details instead."));
        }
        let alike = lookalikes(reading, &self.person).await?;
        self.decide(&alike).map_err(TransactError::Refused)?;
        let mut draft = Draft::default();
        if let Some(number) = self.person.nhs_number {
            if !holders(reading, &number.digits()).await?.is_empty() {
                return Err(TransactError::Refused(taken()));
            }
            draft.assertions.push(nobody_has(&number.digits()));
        }
        draft.changes.push(draft::put(Key::new("Patient", self.patient.as_str()), &self.edited(&document, now))?);
        for answer in &self.answered {
            draft.changes.push(reviewed(answer, &self.patient, &reading.permit().principal().id, now)?);
        }
        Ok(draft)
    }

    fn decide(&self, alike: &[Lookalike]) -> Result<(), Refusal> {
        if let Some(missing) = self.person.missing().into_iter().next() {
            return Err(missing);
        }
        for answer in &self.answered {
            answer.check()?;
        }
        let is_answered = |one: &Lookalike| self.answered.iter().any(|answer| answer.patient == one.version.key.id);
        if alike.iter().any(|one| one.likeness == Likeness::Likely && !is_answered(one)) {
            let sentence = "A record here is likely the same person. Use it: then the two are merged. Or say why not.";
            return Err(Refusal::at("likely-match", "matches", sentence));
        }
        Ok(())
    }

    /// The text with who it is; the temporary name stays as an old one.
    fn edited(&self, document: &Document<'_>, now: Moment) -> Vec<u8> {
        let (root, person) = (document.root(), &self.person);
        let temporary = items(root, "name").map(|name| {
            let period = Object::new().text("end", now.to_string()).done();
            object_with(name, &[("use", Some(quoted("old"))), ("period", Some(period))])
        });
        let status =
            if person.nhs_number.is_some() { NhsNumberStatus::NotTraced } else { NhsNumberStatus::TraceRequired };
        let identifiers = [nhs_identifier(person.nhs_number, status)];
        let set = [(ESTIMATED_AGE, None), (INTERPRETER, person.interpreter.map(interpreter))];
        let members = [
            ("meta", meta_with(root, "tag", (PATIENT_TAG, IDENTITY_UNKNOWN), None)),
            ("extension", with_extensions(root, &set)),
            ("identifier", super::edit::list_with(root, "identifier", identifier(root), identifiers)),
            ("name", Some(array([official(person)].into_iter().chain(temporary)))),
            ("telecom", array_if(telecoms(person))),
            ("gender", person.gender.map(|gender| quoted(gender.code()))),
            ("birthDate", person.born.map(|born| quoted(&born.to_string()))),
            ("address", array_if(address(person, "home", None))),
            ("communication", person.language.as_deref().map(|code| array([language(code)]))),
            ("generalPractitioner", person.gp.as_deref().map(|gp| array([practice(gp)]))),
        ];
        with_members(document, &members)
    }
}

fn refused(code: &'static str, sentence: &str) -> TransactError<Refusal> {
    TransactError::Refused(Refusal::new(code, sentence))
}
