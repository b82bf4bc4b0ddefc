//! Admitting a patient: an expected stay begins, or one begins that nobody expected.
//!
//! An arrival is never refused for a bed: without one, or with one that is taken, the stay begins in the ward itself and
//! the patient is shown as *no bed yet*.

use fhir::read::items;
use fhir::write::{Object, array, coding, concept, extension, reference, with_extensions};
use fhir::{Document, Limits, Node};
use record::{Assertion, Draft, Key, Reading, TransactError};
use terms::Moment;
use terms::index::{Part, Span};

use super::change_consultant::episodes_of;
use super::gather::{free_or_ward, open_stays_of};
use super::mixed::MixedReason;
use super::move_to_bed::{located, read};
use super::rows::OPEN_STAY;
use super::timeline::{Arrival, Episode, chained, check_moment};
use super::why_mixed::with_reason;
use super::write::{hospitalization, participants, with};
use super::{ADMISSION_METHOD, ADMISSION_METHOD_CODES, CLASS, EXPECTED_END, Stay, StayState, TREATMENT_FUNCTION_CODES};
use crate::draft;
use crate::places::{self, BedStatus, Place};
use crate::refusal::Refusal;

/// UK Core: the code system of sources of admission.
const SOURCE_CODES: &str = "https://fhir.hl7.org.uk/CodeSystem/UKCore-SourceOfAdmissionEngland";

/// Admits a patient.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Admit {
    /// The Encounter: that of an expected stay, or a new id.
    pub stay: String,
    /// The Patient; of an expected stay the one it was expected for.
    pub patient: String,
    /// When they came.
    pub at: Moment,
    /// The bed or other place; a ward itself is *no bed yet*.
    pub place: String,
    /// The method of admission, NHS Data Dictionary ADMISSION METHOD (HOSPITAL PROVIDER SPELL), and its words.
    pub method: Option<(String, String)>,
    /// Where they came from, SOURCE OF ADMISSION, and its words.
    pub source: Option<(String, String)>,
    /// The consultant: reference and name.
    pub consultant: Option<(String, String)>,
    /// The treatment function: code and words.
    pub treatment_function: Option<(String, String)>,
    /// Why, in words.
    pub reason: Option<String>,
    /// The expected day of discharge, a FHIR date.
    pub expected_end: Option<String>,
    /// Why men and women share the bay, where whoever admits the patient was asked.
    pub mixed: Option<&'static MixedReason>,
}

impl Admit {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let key = Key::new("Encounter", self.stay.as_str());
        let expected = match reading.get(&key).await? {
            Some(version) if !version.text.is_empty() => Some(read(reading, &self.stay).await?),
            _ => None,
        };
        let place = places::place(reading, &self.place).await?.filter(|place| place.is_active);
        let open = open_stays_of(reading, &self.patient).await?;
        let (text, is_new) = match &expected {
            Some(version) => (version.text.to_vec(), false),
            None => (self.blank().into_bytes(), true),
        };
        let document = Document::parse(&text, &Limits::default()).map_err(|fault| record::Problem::Damaged {
            what: format!("an Encounter is unreadable: {}", fault.message),
        })?;
        let stay = Stay::of(document.root());
        let place = self.decide(&stay, is_new, place.as_ref(), &open, now).map_err(TransactError::Refused)?;
        let mut draft = Draft::default();
        let place = free_or_ward(reading, place, &self.stay, &mut draft).await?;
        // Two clerks who admit the same patient at once make one stay.
        let one = Span::head(OPEN_STAY, [Part::target("Patient", self.patient.as_str())]);
        draft.assertions.push(Assertion::AtMost(vec![one], 1));
        draft.changes.push(draft::put(key, &self.written(&document, &stay, &place))?);
        draft.changes.extend(places::mark(reading, &place, BedStatus::Available, now).await?);
        let comes = (self.stay.as_str(), Some(self.patient.as_str()), place.as_str());
        with_reason(reading, draft, comes, (self.at, self.mixed)).await
    }

    fn decide<'p>(
        &self,
        stay: &Stay,
        is_new: bool,
        place: Option<&'p Place>,
        open: &[Stay],
        now: Moment,
    ) -> Result<&'p Place, Refusal> {
        let place = place.ok_or_else(|| Refusal::at("no-place", "place", "Say where the patient is."))?;
        check_moment(self.at, None, now)?;
        if !is_new && stay.patient.as_deref() != Some(self.patient.as_str()) {
            return Err(Refusal::at("other-patient", "patient", "This admission is for another patient."));
        }
        if !is_new && stay.state != StayState::Expected {
            return Err(Refusal::new(
                "not-expected",
                "This admission has begun or was cancelled. Open the ward's board.",
            ));
        }
        if open.iter().any(|other| other.id != self.stay) {
            let sentence = "This patient is an inpatient already. Move them, or end the other stay first.";
            return Err(Refusal::new("inpatient-already", sentence));
        }
        if place.kind.is_bed() && place.bed.status == BedStatus::Closed {
            return Err(Refusal::at("bed-closed", "place", format!("{} is closed. Choose another bed.", place.name)));
        }
        Ok(place)
    }

    /// A stay that nobody expected.
    fn blank(&self) -> String {
        Object::resource("Encounter", &self.stay)
            .text("status", "planned")
            .json("class", coding(CLASS, "IMP", Some("inpatient encounter")))
            .json("subject", reference(&format!("Patient/{}", self.patient), None))
            .done()
    }

    fn written(&self, document: &Document<'_>, stay: &Stay, place: &str) -> Vec<u8> {
        let root = document.root();
        let arrivals = [Arrival { place: place.to_owned(), at: self.at }];
        let mut members = vec![
            ("status", Some("\"in-progress\"".to_owned())),
            ("period", Some(Object::new().text("start", stay.begins(self.at).to_string()).done())),
            ("location", located(stay, &arrivals, place)),
            ("participant", participants(root, &self.episodes(stay))),
        ];
        if let Some(end) = &self.expected_end {
            let end = extension(EXPECTED_END, "valueDateTime", &fhir::write::quoted(end));
            members.push(("extension", with_extensions(root, &[(EXPECTED_END, Some(end))])));
        }
        let hospital = self.hospitalization(root);
        if !hospital.is_empty() {
            members.push(("hospitalization", Some(hospitalization(root, &hospital))));
        }
        if let Some((code, words)) = &self.treatment_function {
            members.push(("serviceType", Some(concept(TREATMENT_FUNCTION_CODES, code, words))));
        }
        if let Some(reason) = self.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty()) {
            members.push(("reasonCode", Some(array([Object::new().text("text", reason).done()]))));
        }
        with(document, &members)
    }

    /// Method and source, where UK Core has them (Encounter.hospitalization).
    fn hospitalization(&self, root: Node<'_, '_>) -> Vec<(&'static str, String)> {
        let mut set = Vec::new();
        if let Some((code, words)) = &self.method {
            let of = root.get("hospitalization");
            let others = of.into_iter().flat_map(|of| items(of, "extension")).map(|other| other.raw_text().to_owned());
            let others = others.filter(|other| !other.contains(ADMISSION_METHOD));
            let concept = concept(ADMISSION_METHOD_CODES, code, words);
            let own = extension(ADMISSION_METHOD, "valueCodeableConcept", &concept);
            set.push(("extension", array(others.chain([own]))));
        }
        if let Some((code, words)) = &self.source {
            set.push(("admitSource", concept(SOURCE_CODES, code, words)));
        }
        set
    }

    /// The first episode begins with the stay: under whom the form names, or who was expected to.
    fn episodes(&self, stay: &Stay) -> Vec<Episode> {
        let function = self.treatment_function.as_ref().map(|(code, _)| code.clone());
        let planned = episodes_of(stay).pop();
        let begins = Some(stay.begins(self.at));
        let first = match (&self.consultant, planned) {
            (Some((who, name)), planned) => Episode {
                who: who.clone(),
                name: Some(name.clone()),
                treatment_function: function.or(planned.and_then(|planned| planned.treatment_function)),
                from: begins,
                to: None,
            },
            (None, Some(planned)) => {
                Episode { treatment_function: function.or(planned.treatment_function.clone()), from: begins, ..planned }
            }
            (None, None) => return Vec::new(),
        };
        chained(vec![first], None)
    }
}
