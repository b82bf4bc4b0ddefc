//! Admitting a patient: an expected stay begins, or one begins that nobody expected.
//!
//! An arrival is never refused for a bed: without one, or with one that is taken, the stay begins in the ward itself and
//! the patient is shown as *no bed yet*.

use fhir::read::items;
use fhir::write::{Object, array, coding, concept, extension, reference, with_extensions};
use fhir::{Document, Limits};
use record::{Draft, Key, Reading, TransactError};
use terms::Moment;

use super::gather::{holders, occupants, open_stays_of};
use super::move_to_bed::{located, read};
use super::timeline::{Arrival, check_moment};
use super::write::{participant, with};
use super::{ADMISSION_METHOD, ADMISSION_METHOD_CODES, CLASS, EXPECTED_END, Stay, StayState, TREATMENT_FUNCTION_CODES};
use crate::draft;
use crate::places::{self, BedStatus, Place};
use crate::refusal::Refusal;

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
    /// The consultant: reference and name.
    pub consultant: Option<(String, String)>,
    /// The treatment function: code and words.
    pub treatment_function: Option<(String, String)>,
    /// Why, in words.
    pub reason: Option<String>,
    /// The expected day of discharge, a FHIR date.
    pub expected_end: Option<String>,
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
        let place = match place.kind.is_bed() && self.is_taken(reading).await? {
            true => place.part_of.clone().unwrap_or_else(|| place.id.clone()),
            false => place.id.clone(),
        };
        let place = if place == self.place { place } else { ward_above(reading, place).await? };
        let mut draft = Draft::default();
        draft.changes.push(draft::put(key, &self.written(&document, &stay, &place))?);
        draft.changes.extend(places::mark(reading, &place, BedStatus::Available, now).await?);
        Ok(draft)
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

    /// Whether somebody else is in the bed, or it is kept for somebody else.
    async fn is_taken(&self, reading: &Reading) -> Result<bool, TransactError<Refusal>> {
        let others = occupants(reading, &self.place, &self.stay).await?;
        Ok(!others.is_empty() || !holders(reading, &self.place, &self.stay).await?.is_empty())
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
        let method = self.method.as_ref().map(|(code, words)| {
            extension(ADMISSION_METHOD, "valueCodeableConcept", &concept(ADMISSION_METHOD_CODES, code, words))
        });
        let end =
            self.expected_end.as_ref().map(|day| extension(EXPECTED_END, "valueDateTime", &fhir::write::quoted(day)));
        let mut set = Vec::new();
        set.extend(method.map(|method| (ADMISSION_METHOD, Some(method))));
        set.extend(end.map(|end| (EXPECTED_END, Some(end))));
        let mut members = vec![
            ("status", Some("\"in-progress\"".to_owned())),
            ("period", Some(Object::new().text("start", self.at.to_string()).done())),
            ("location", located(stay, &arrivals, place)),
        ];
        if !set.is_empty() {
            members.push(("extension", with_extensions(root, &set)));
        }
        if let Some((who, name)) = &self.consultant {
            let others = items(root, "participant").filter(|other| super::care(*other).is_none());
            let own = participant(who, Some(name), self.at, None);
            let all = others.map(|other| other.raw_text().to_owned()).chain([own]);
            members.push(("participant", Some(array(all))));
        }
        if let Some((code, words)) = &self.treatment_function {
            members.push(("serviceType", Some(concept(TREATMENT_FUNCTION_CODES, code, words))));
        }
        if let Some(reason) = self.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty()) {
            members.push(("reasonCode", Some(array([Object::new().text("text", reason).done()]))));
        }
        with(document, &members)
    }
}

/// The ward that a bed's room or a bed is in.
async fn ward_above(reading: &Reading, mut place: String) -> Result<String, TransactError<Refusal>> {
    for _ in 0..8 {
        let Some(here) = places::place(reading, &place).await? else { return Ok(place) };
        match here.part_of {
            Some(above) if !here.kind.is_ward() => place = above,
            _ => return Ok(place),
        }
    }
    Ok(place)
}
