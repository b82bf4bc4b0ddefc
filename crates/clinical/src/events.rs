//! Encounters and documents as events on one time axis: stays, emergency attendances, clinic visits, letters, images.
//!
//! Says what happened and when; how it is drawn is the page's matter.

use fhir::Node;
use terms::{Moment, PartialDate};

use crate::directory::Directory;
use crate::read::{Source, any_has_code, at, items, reference, text, when, words, words_at};

/// What kind of event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A hospital stay.
    Stay,
    /// An emergency attendance.
    Emergency,
    /// A clinic visit or other contact.
    Clinic,
    /// A letter or other document.
    Letter,
    /// An image or its report.
    Image,
}

/// How far an event has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It lies ahead.
    Planned,
    /// It goes on.
    Open,
    /// It is over.
    Over,
    /// The patient did not come.
    NotAttended,
    /// It was cancelled.
    Cancelled,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where it is recorded.
    pub source: Source,
    /// Its kind.
    pub kind: Kind,
    /// How far it has come.
    pub state: State,
    /// When it began or was written.
    pub from: PartialDate,
    /// When it ended.
    pub to: Option<PartialDate>,
    /// In words: the reason, the service, the document's title.
    pub words: String,
    /// Where: ward and bed, clinic, organisation.
    pub place: Option<String>,
    /// Who was responsible or wrote it.
    pub who: Option<String>,
}

/// Classes of Encounter that are stays (HL7 `v3-ActCode`).
const STAYS: &[&str] = &["IMP", "ACUTE", "NONAC", "SS", "OBSENC"];

/// Reads Encounter, Appointment, DocumentReference, ImagingStudy and imaging DiagnosticReport resources, oldest first.
pub(crate) fn events<'d, 't: 'd>(
    resources: impl Iterator<Item = Node<'d, 't>>,
    directory: &Directory,
    now: Moment,
) -> Vec<Event> {
    let mut events: Vec<Event> = resources
        .filter_map(|resource| match text(resource, "resourceType")?.as_str() {
            "Encounter" => encounter(resource, directory),
            "Appointment" => appointment(resource, directory, now),
            "DocumentReference" => document(resource, directory),
            "ImagingStudy" => imaging(resource, directory),
            "DiagnosticReport" => imaging_report(resource, directory),
            _ => None,
        })
        .collect();
    events.sort_by(|a, b| (a.from.lower(), a.kind, &a.source).cmp(&(b.from.lower(), b.kind, &b.source)));
    events
}

fn encounter(resource: Node<'_, '_>, directory: &Directory) -> Option<Event> {
    let class = resource.get("class").and_then(|class| text(class, "code")).unwrap_or_default();
    let kind = match class.as_str() {
        "EMER" => Kind::Emergency,
        class if STAYS.contains(&class) => Kind::Stay,
        _ => Kind::Clinic,
    };
    let state = match text(resource, "status")?.as_str() {
        "planned" => State::Planned,
        "arrived" | "triaged" | "in-progress" | "onleave" => State::Open,
        "cancelled" => State::Cancelled,
        "entered-in-error" => return None,
        _ => State::Over,
    };
    let period = resource.get("period")?;
    Some(Event {
        source: Source::of(resource),
        kind,
        state,
        from: when(period, "start")?,
        to: when(period, "end"),
        words: encounter_words(resource, kind),
        place: place(resource, directory),
        who: responsible(resource, directory),
    })
}

fn encounter_words(resource: Node<'_, '_>, kind: Kind) -> String {
    let plain = match kind {
        Kind::Stay => "Stay",
        Kind::Emergency => "Emergency attendance",
        _ => "Visit",
    };
    let reason = words_at(resource, "reasonCode");
    let service = words_at(resource, "serviceType");
    let type_words = words_at(resource, "type");
    match kind {
        Kind::Clinic => service.or(reason).or(type_words),
        _ => reason.or(type_words).or(service),
    }
    .unwrap_or_else(|| plain.to_owned())
}

/// The place the patient is or was in: the active location, else the last, else the organisation.
fn place(resource: Node<'_, '_>, directory: &Directory) -> Option<String> {
    let locations: Vec<Node<'_, '_>> = items(resource, "location").collect();
    let active = locations.iter().find(|location| text(**location, "status").as_deref() == Some("active"));
    let location = active.or(locations.last()).and_then(|location| directory.name(*location, "location"));
    location.or_else(|| directory.name(resource, "serviceProvider"))
}

/// The attending or primary performer, else the first named participant.
fn responsible(resource: Node<'_, '_>, directory: &Directory) -> Option<String> {
    let attends = |participant: &Node<'_, '_>| any_has_code(*participant, "type", &["ATND", "PPRF"]);
    let participants = || items(resource, "participant");
    let named = |participant: Node<'_, '_>| directory.name(participant, "individual");
    participants().filter(attends).find_map(named).or_else(|| participants().find_map(named))
}

/// Appointments that no Encounter tells of: those ahead, and those the patient did not come to.
fn appointment(resource: Node<'_, '_>, directory: &Directory, now: Moment) -> Option<Event> {
    let from = when(resource, "start")?;
    let state = match text(resource, "status")?.as_str() {
        "noshow" => State::NotAttended,
        "proposed" | "pending" | "booked" | "waitlist" if from.lower() > now => State::Planned,
        _ => return None,
    };
    let where_to = items(resource, "participant").find_map(|participant| {
        let is_place = reference(participant, "actor").is_some_and(|actor| actor.starts_with("Location/"));
        if is_place { directory.name(participant, "actor") } else { None }
    });
    let name = words_at(resource, "serviceType").or_else(|| words_at(resource, "specialty"));
    let described = || text(resource, "description");
    Some(Event {
        source: Source::of(resource),
        kind: Kind::Clinic,
        state,
        from,
        to: None,
        words: name.or_else(described).unwrap_or_else(|| "Appointment".into()),
        place: where_to,
        who: None,
    })
}

fn document(resource: Node<'_, '_>, directory: &Directory) -> Option<Event> {
    if text(resource, "status").as_deref() != Some("current")
        || text(resource, "docStatus").as_deref() == Some("entered-in-error")
    {
        return None;
    }
    let created = || when(at(resource, &["content", "attachment"])?, "creation");
    let described = || text(resource, "description");
    let title = || text(at(resource, &["content", "attachment"])?, "title");
    Some(Event {
        source: Source::of(resource),
        kind: Kind::Letter,
        state: State::Over,
        from: when(resource, "date").or_else(created)?,
        to: None,
        words: described().or_else(|| words_at(resource, "type")).or_else(title).unwrap_or_else(|| "Document".into()),
        place: directory.name(resource, "custodian"),
        who: directory.name(resource, "author"),
    })
}

fn imaging(resource: Node<'_, '_>, directory: &Directory) -> Option<Event> {
    if matches!(text(resource, "status").as_deref(), Some("cancelled" | "entered-in-error")) {
        return None;
    }
    let modality = || items(resource, "modality").find_map(|modality| text(modality, "display"));
    let procedure = words_at(resource, "procedureCode").or_else(|| text(resource, "description"));
    Some(Event {
        source: Source::of(resource),
        kind: Kind::Image,
        state: State::Over,
        from: when(resource, "started")?,
        to: None,
        words: procedure.or_else(modality).unwrap_or_else(|| "Image".into()),
        place: None,
        who: directory.name(resource, "referrer"),
    })
}

/// Imaging reports of which no study is known (table 0074 and HL7's category codes for imaging).
fn imaging_report(resource: Node<'_, '_>, directory: &Directory) -> Option<Event> {
    let is_imaging = any_has_code(resource, "category", &["RAD", "RUS", "RX", "CT", "NMR", "XRC", "imaging"]);
    let is_wrong = matches!(text(resource, "status").as_deref(), Some("cancelled" | "entered-in-error"));
    if !is_imaging || is_wrong || resource.get("imagingStudy").is_some() {
        return None;
    }
    Some(Event {
        source: Source::of(resource),
        kind: Kind::Image,
        state: State::Over,
        from: when(resource, "effectiveDateTime").or_else(|| when(resource, "issued"))?,
        to: None,
        words: resource.get("code").and_then(words)?,
        place: None,
        who: directory.name(resource, "performer"),
    })
}

/// Whether an Encounter is an open stay of this patient.
pub(crate) fn is_open_stay(event: &Event) -> bool {
    event.kind == Kind::Stay && event.state == State::Open
}

/// R5's planned end of an Encounter, as FHIR's rules for extensions across versions write it in R4.
const PLANNED_END: &str = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate";

/// The expected day of discharge.
pub(crate) fn expected_discharge(resource: Node<'_, '_>) -> Option<PartialDate> {
    let extension =
        items(resource, "extension").find(|extension| text(*extension, "url").as_deref() == Some(PLANNED_END))?;
    when(extension, "valueDateTime")
}
