//! A decision to admit: an entry of the elective admission list, or a request for a bed from the emergency department or
//! a clinic.
//!
//! It makes an Encounter of status planned. Nothing is answered beforehand: method, priority and what is to be done are
//! said by whoever decides. An entry without a day to come in is as much an entry as one with it.

use fhir::write::{Object, array, array_if, coding, concept, extension, reference, with_extensions};
use fhir::{Document, Limits};
use record::{Assertion, Draft, Key, Problem, Reading, TransactError};
use terms::{Moment, PartialDate};

use super::codes::{INTENDED, PRIORITIES, is_elective, is_emergency, method_words, words_of};
use super::gather::open_stays_of;
use super::request::{NEEDS, PRIORITY, Request};
use super::timeline::Episode;
use super::write::{entry, participant};
use super::{ADMISSION_METHOD, ADMISSION_METHOD_CODES, CLASS, Stay, TREATMENT_FUNCTION_CODES};
use crate::draft;
use crate::places::{self, Place};
use crate::refusal::Refusal;

/// Asks for an admission.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestAdmission {
    /// The new Encounter's id.
    pub stay: String,
    /// The Patient.
    pub patient: String,
    /// When it was decided.
    pub decided: Moment,
    /// The method of admission's code: elective or emergency.
    pub method: String,
    /// The clinical priority's code; an elective entry needs one.
    pub priority: Option<String>,
    /// How it is meant: INTENDED MANAGEMENT CODE; an elective entry needs one.
    pub intended: Option<String>,
    /// The treatment function: code and words.
    pub treatment_function: Option<(String, String)>,
    /// The consultant whose patient they are from now on: reference and name.
    pub consultant: Option<(String, String)>,
    /// The procedure or the reason, in words.
    pub reason: String,
    /// The ward that is wanted.
    pub ward: Option<String>,
    /// What the bed must have: codes of [`NEEDS`].
    pub needs: Vec<String>,
    /// What else the wards should know.
    pub note: Option<String>,
    /// The attendance in which it was decided.
    pub attendance: Option<String>,
}

impl RequestAdmission {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let key = Key::new("Encounter", self.stay.as_str());
        if reading.get(&key).await?.is_some() {
            let sentence = "This request was made already. Open it instead of making it again.";
            return Err(TransactError::Refused(Refusal::new("not-new", sentence)));
        }
        let patient = Key::new("Patient", self.patient.as_str());
        let is_known = reading.get(&patient).await?.is_some_and(|version| !version.text.is_empty());
        let ward = match &self.ward {
            Some(ward) => Some(places::place(reading, ward).await?),
            None => None,
        };
        let open = open_stays_of(reading, &self.patient).await?;
        self.decide(is_known, ward.as_ref().map(Option::as_ref), &open, now).map_err(TransactError::Refused)?;
        let change = draft::put(key.clone(), &self.written()?)?;
        Ok(Draft { changes: vec![change], assertions: vec![Assertion::Version(key, 0)] })
    }

    fn decide(&self, is_known: bool, ward: Option<Option<&Place>>, open: &[Stay], now: Moment) -> Result<(), Refusal> {
        if !is_known {
            return Err(Refusal::at("no-patient", "patient", "Say for whom: find the patient first."));
        }
        super::timeline::check_moment(self.decided, None, now)
            .map_err(|refusal| Refusal { field: Some("decided"), ..refusal })?;
        if !is_elective(&self.method) && !is_emergency(&self.method) {
            return Err(Refusal::at("method", "method", "Say how the patient is to be admitted."));
        }
        if self.reason.trim().is_empty() {
            return Err(Refusal::at("reason", "reason", "Say what the admission is for: the procedure or the reason."));
        }
        if self.reason.chars().count() > 200 || self.note.as_ref().is_some_and(|note| note.chars().count() > 300) {
            return Err(Refusal::at("too-long", "reason", "The reason has at most 200 characters, the note 300."));
        }
        if is_elective(&self.method) {
            self.decide_elective()?;
        } else if self.treatment_function.is_none() {
            return Err(Refusal::at("team", "team", "Say which team the patient belongs to from now on."));
        }
        if is_emergency(&self.method) && !open.is_empty() {
            let sentence = "This patient is an inpatient already. Move them to another bed instead.";
            return Err(Refusal::new("inpatient-already", sentence));
        }
        if ward.is_some_and(|ward| ward.is_none_or(|ward| !ward.is_active || !ward.kind.is_ward())) {
            return Err(Refusal::at("ward", "ward", "There is no such ward any more. Choose another, or none."));
        }
        if self.needs.iter().any(|need| words_of(NEEDS, need).is_none()) {
            return Err(Refusal::at("needs", "needs", "One of the needs is not on the list. Write it as a note."));
        }
        Ok(())
    }

    fn decide_elective(&self) -> Result<(), Refusal> {
        if self.priority.as_ref().is_none_or(|code| words_of(PRIORITIES, code).is_none()) {
            return Err(Refusal::at("priority", "priority", "Say the clinical priority, P1a to P4."));
        }
        if self.intended.as_ref().is_none_or(|code| words_of(INTENDED, code).is_none()) {
            return Err(Refusal::at("intended", "intended", "Say whether a night in hospital is intended."));
        }
        if self.treatment_function.is_none() {
            return Err(Refusal::at("team", "team", "Say which specialty the list belongs to."));
        }
        Ok(())
    }

    fn written(&self) -> Result<Vec<u8>, Problem> {
        let moment = |text: String| PartialDate::parse(&text).ok();
        let request = Request {
            decided: moment(self.decided.to_string()),
            intended: self.intended.clone(),
            needs: self.needs.clone(),
            note: self.note.clone(),
            removed: None,
            offers: Vec::new(),
        };
        let method = concept(ADMISSION_METHOD_CODES, &self.method, method_words(&self.method).unwrap_or_default());
        let method = array([extension(ADMISSION_METHOD, "valueCodeableConcept", &method)]);
        let priority = self.priority.as_ref().map(|code| {
            concept(PRIORITY, code, &format!("{code}, {}", words_of(PRIORITIES, code).unwrap_or_default()))
        });
        let function = self.treatment_function.as_ref();
        let consultant = self.consultant.as_ref().map(|(who, name)| {
            participant(&Episode {
                who: who.clone(),
                name: Some(name.clone()),
                treatment_function: function.map(|(code, _)| code.clone()),
                from: None,
                to: None,
            })
        });
        let ward = self.ward.as_ref().map(|ward| entry(ward, "planned", None, None));
        let text = Object::resource("Encounter", &self.stay)
            .text("status", "planned")
            .json("class", coding(CLASS, "IMP", Some("inpatient encounter")))
            .json_if("serviceType", function.map(|(code, words)| concept(TREATMENT_FUNCTION_CODES, code, words)))
            .json_if("priority", priority)
            .json("subject", reference(&format!("Patient/{}", self.patient), None))
            .json_if("participant", array_if(consultant))
            .json("reasonCode", array([Object::new().text("text", self.reason.trim()).done()]))
            .json("hospitalization", Object::new().json("extension", method).done())
            .json_if("location", array_if(ward))
            .json_if("partOf", self.attendance.as_ref().map(|id| reference(&format!("Encounter/{id}"), None)))
            .done();
        with_request(text.as_bytes(), &request)
    }
}

/// A stay's text with another request.
pub(crate) fn with_request(text: &[u8], request: &Request) -> Result<Vec<u8>, Problem> {
    let document = Document::parse(text, &Limits::default())
        .map_err(|fault| Problem::Damaged { what: format!("an Encounter is unreadable: {}", fault.message) })?;
    let extensions = with_extensions(document.root(), &request.extensions());
    Ok(fhir::write::with_members(&document, &[("extension", extensions)]))
}
