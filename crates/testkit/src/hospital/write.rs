//! A world written down as the Encounters that say it, as another system would send its whole hospital: what a load of a
//! big trust begins with. [`super::World::see`] reads the same world from them.

use administration::places::PlaceKind;
use administration::stays::{ADMISSION_METHOD, ADMISSION_METHOD_CODES, CLASS, EXPECTED_END, TREATMENT_FUNCTION_CODES};
use fhir::write::{Object, array, array_if, coding, concept, extension, quoted, reference};
use terms::Moment;

use super::lists::{COMPLAINTS, TEAMS};
use super::world::{Attending, Expected, Inpatient, World};

const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";

impl World {
    /// The Encounters of everybody who is here, in the department or expected.
    pub fn encounters(&self) -> Vec<String> {
        let stays = self.inpatients.iter().map(|(id, of)| self.stay_text(id, of));
        let expected = self.expected.iter().map(|(id, of)| self.expected_text(id, of));
        let attendances = self.attendances.iter().map(|(id, of)| self.attendance_text(id, of));
        attendances.chain(stays).chain(expected).collect()
    }

    /// Something of a list, the same for the same id.
    fn pick<'l, T>(&self, list: &'l [T], id: &str) -> Option<&'l T> {
        let sum = id.bytes().fold(17_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        list.get(sum % list.len().max(1))
    }

    fn carer(&self, id: &str, from: Option<Moment>) -> Option<String> {
        let (who, name) = self.pick(&self.staff, id)?;
        let kind = array([Object::new().json("coding", array([coding(PARTICIPATION, "ATND", None)])).done()]);
        let period = from.map(|from| Object::new().text("start", from.to_string()).done());
        let of = Object::new().json("type", kind).json_if("period", period);
        Some(of.json("individual", reference(who, Some(name))).done())
    }

    fn begun(&self, id: &str, patient: &str, status: &str) -> Object {
        let (code, words) = self.pick(TEAMS, id).copied().unwrap_or(("300", "General Internal Medicine"));
        Object::resource("Encounter", id)
            .text("status", status)
            .json("class", coding(CLASS, "IMP", Some("inpatient encounter")))
            .json("serviceType", concept(TREATMENT_FUNCTION_CODES, code, words))
            .json("subject", reference(&format!("Patient/{patient}"), None))
            .json("reasonCode", array([Object::new().text_if("text", self.pick(COMPLAINTS, id)).done()]))
    }

    fn stay_text(&self, id: &str, of: &Inpatient) -> String {
        let start = of.arrivals.first().map(|(at, _)| *at);
        let place = |at: usize, (from, place): &(Moment, String)| {
            let to = of.arrivals.get(at + 1).map(|(next, _)| next.to_string());
            let status = if to.is_some() { "completed" } else { "active" };
            let period = Object::new().text("start", from.to_string()).text_if("end", to).done();
            let location = reference(&format!("Location/{place}"), None);
            Object::new().json("location", location).text("status", status).json("period", period).done()
        };
        let leave = of.away.map(|keeps| {
            let from = extension("from", "valueDateTime", &quoted(&of.last.to_string()));
            let parts = array([from, extension("bed-kept", "valueBoolean", &keeps.to_string())]);
            Object::new().text("url", "urn:almoner:leave").json("extension", parts).done()
        });
        let end = of.has_expected_end.then(|| {
            let day = terms::local_date(Moment(self.now.0 + 2 * super::DAY_MS));
            extension(EXPECTED_END, "valueDateTime", &quoted(&day.to_string()))
        });
        self.begun(id, &of.patient, if of.away.is_some() { "onleave" } else { "in-progress" })
            .json_if("extension", array_if(leave.into_iter().chain(end)))
            .json_if("participant", array_if(self.carer(id, start)))
            .json("period", Object::new().text_if("start", start.map(|at| at.to_string())).done())
            .json("hospitalization", method("21", "Emergency department of this trust"))
            .json("location", array(of.arrivals.iter().enumerate().map(|(at, arrival)| place(at, arrival))))
            .done()
    }

    fn expected_text(&self, id: &str, of: &Expected) -> String {
        let (code, words) = match of.attendance {
            Some(_) => ("21", "Emergency department of this trust"),
            None => ("11", "Waiting list"),
        };
        let day = |url: &str, text: &str| extension(url, "valueDateTime", &quoted(text));
        let decided = array([day("decided", &of.decided.to_string())]);
        let decided = Object::new().text("url", "urn:almoner:decision-to-admit").json("extension", decided).done();
        let tci = of.day.map(|date| {
            let parts = array([day("date", &date.to_string())]);
            Object::new().text("url", "urn:almoner:tci").json("extension", parts).done()
        });
        let kept = of.kept.as_ref().map(|bed| {
            let location = reference(&format!("Location/{bed}"), None);
            Object::new().json("location", location).text("status", "reserved").done()
        });
        let period = of.day.map(|day| Object::new().text("start", day.to_string()).done());
        self.begun(id, &of.patient, "planned")
            .json("extension", array([decided].into_iter().chain(tci)))
            .json_if("participant", array_if(self.carer(id, None)))
            .json_if("period", period)
            .json("hospitalization", method(code, words))
            .json_if("location", array_if(kept))
            .json_if("partOf", of.attendance.as_ref().map(|of| reference(&format!("Encounter/{of}"), None)))
            .done()
    }

    fn attendance_text(&self, id: &str, of: &Attending) -> String {
        let at = Moment(of.since.0 + 15 * super::MINUTE_MS);
        let fact = |url: &str| {
            let parts = array([extension("at", "valueDateTime", &quoted(&at.to_string()))]);
            Object::new().text("url", url).json("extension", parts).done()
        };
        let department = reference(&format!("Location/{}", of.department), None);
        let mode = if of.waits_for_handover { "ambulance" } else { "on-foot" };
        let mut extensions = vec![
            extension("urn:almoner:department", "valueReference", &department),
            extension("urn:almoner:arrival-mode", "valueCode", &quoted(mode)),
        ];
        extensions.extend(of.is_triaged.then(|| fact("urn:almoner:triaged")));
        extensions.extend(of.is_assessed.then(|| fact("urn:almoner:first-assessed")));
        extensions.extend(of.decided.as_ref().map(|stay| {
            let stay = reference(&format!("Encounter/{stay}"), None);
            let at = extension("at", "valueDateTime", &quoted(&at.to_string()));
            let parts = array([at, extension("stay", "valueReference", &stay)]);
            Object::new().text("url", "urn:almoner:decided-to-admit").json("extension", parts).done()
        }));
        let status = match of {
            Attending { is_due: true, .. } => "planned",
            Attending { has_clinician: true, .. } => "in-progress",
            Attending { is_triaged: true, .. } => "triaged",
            _ => "arrived",
        };
        let subject = match &of.patient {
            Some(patient) => reference(&format!("Patient/{patient}"), None),
            None => Object::new().text("display", "60y Female").done(),
        };
        let use_of = if of.is_due { "planned" } else { "active" };
        let period = Object::new().text("start", of.since.to_string()).done();
        let location = Object::new()
            .json("location", reference(&format!("Location/{}", of.place), None))
            .text("status", use_of)
            .json_if("period", (!of.is_due).then_some(&period))
            .done();
        let category = of.is_triaged.then(|| concept(administration::emergency::TRIAGE_CATEGORY, "3", "Urgent"));
        Object::resource("Encounter", id)
            .json("extension", array(extensions))
            .text("status", status)
            .json("class", coding(CLASS, "EMER", Some("emergency")))
            .json_if("priority", category)
            .json("subject", subject)
            .json_if("participant", array_if(self.carer(id, Some(of.since)).filter(|_| of.has_clinician)))
            .json("period", period)
            .json("reasonCode", array([Object::new().text_if("text", self.pick(COMPLAINTS, id)).done()]))
            .json("location", array([location]))
            .done()
    }

    /// Beds that are not as they were built: to be cleaned, or closed; of a kind that has a state.
    pub fn changed_beds(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let state = |bed: &super::Bed| match bed.is {
            super::BedIs::Clean => None,
            super::BedIs::Dirty => Some("H"),
            super::BedIs::Closed => Some("C"),
        };
        let beds = self.beds.values().filter(|bed| bed.kind != PlaceKind::Other);
        beds.filter_map(move |bed| Some((bed.id.as_str(), state(bed)?)))
    }
}

fn method(code: &str, words: &str) -> String {
    let method = extension(ADMISSION_METHOD, "valueCodeableConcept", &concept(ADMISSION_METHOD_CODES, code, words));
    Object::new().json("extension", array([method])).done()
}
