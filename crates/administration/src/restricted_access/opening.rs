//! An opening of a restricted record as it was recorded, and its text (R4, auditevent.html). The table of members is in
//! `mod.rs`. Decides nothing: who may open, and when one is reviewed, is said beside it.

use access::Principal;
use fhir::Node;
use fhir::read::{code_in, id_of, items, moment, text};
use fhir::write::{Object, array, coding, reference};
use record::{Change, Key, Problem};
use terms::Moment;

use super::{DCM, REASON_SYSTEM, REASONS, SYSTEM};
use crate::draft;
use crate::registration::codes::words;

/// The code of an opening.
const OPENING: &str = "opening";
/// HL7's purposes of use (R4, v3-PurposeOfUse): the system, and *break the glass*.
const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const BREAK_THE_GLASS: &str = "BTG";

/// A restricted record was opened with a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The AuditEvent's id.
    pub id: String,
    /// Who, by stable id.
    pub by: String,
    /// What they are called.
    pub name: String,
    /// Whose record: the Patient's id.
    pub patient: String,
    /// Since when.
    pub from: Moment,
    /// Until when it holds.
    pub until: Moment,
    /// Why, a code of [`REASONS`]; one of another release is kept as it is.
    pub reason: String,
    /// Why, in their own words.
    pub words: Option<String>,
}

impl Opening {
    /// Reads an AuditEvent; `None` when it is none of an opening.
    pub fn of(event: Node<'_, '_>) -> Option<Opening> {
        if subtype(event, SYSTEM)? != OPENING {
            return None;
        }
        let agent = items(event, "agent").next()?;
        let period = event.get("period")?;
        let purpose = items(event, "purposeOfEvent").next()?;
        Some(Opening {
            id: text(event, "id")?,
            by: text(agent, "altId")?,
            name: text(agent, "name").unwrap_or_default(),
            patient: items(event, "entity").find_map(|entity| id_of(entity, "what", "Patient"))?,
            from: moment(period, "start")?,
            until: moment(period, "end")?,
            reason: code_in(purpose, REASON_SYSTEM)?,
            words: text(purpose, "text"),
        })
    }

    /// Whether it holds at a moment.
    pub fn holds(&self, at: Moment) -> bool {
        self.from <= at && at < self.until
    }

    /// Why, for people: the reason that was chosen, and the words.
    pub fn why(&self) -> String {
        let chosen = words(REASONS, &self.reason).unwrap_or(&self.reason);
        self.words.as_ref().map_or_else(|| chosen.to_owned(), |words| format!("{chosen}: {words}"))
    }

    /// The text of the AuditEvent.
    pub(super) fn text(&self) -> String {
        let purposes = [
            coding(ACT_REASON, BREAK_THE_GLASS, Some("break the glass")),
            coding(REASON_SYSTEM, &self.reason, words(REASONS, &self.reason)),
        ];
        let purpose = Object::new().json("coding", array(purposes)).text_if("text", self.words.as_deref()).done();
        let period = Object::new().text("start", self.from.to_string()).text("end", self.until.to_string()).done();
        let kinds = [coding(DCM, "110127", Some("Emergency Override Started")), coding(SYSTEM, OPENING, None)];
        Object::resource("AuditEvent", &self.id)
            .json("type", coding(DCM, "110113", Some("Security Alert")))
            .json("subtype", array(kinds))
            .text("action", "R")
            .json("period", period)
            .text("recorded", self.from.to_string())
            .text("outcome", "0")
            .json("purposeOfEvent", array([purpose]))
            .json("agent", array([agent(&self.by, &self.name)]))
            .json("source", source())
            .json("entity", array([patient_entity(&self.patient)]))
            .done()
    }
}

/// What somebody else says of an opening: an AuditEvent of its own.
pub(super) struct Saying<'s> {
    /// What it is: the code, and what that is called.
    pub(super) is: (&'s str, &'s str),
    /// What came of it, as a coding.
    pub(super) outcome: String,
    pub(super) words: Option<&'s str>,
    /// To whom it goes, as another agent.
    pub(super) to: Option<String>,
}

impl Saying<'_> {
    /// The change that records it.
    pub(super) fn change(self, key: Key, of: &Opening, by: &Principal, now: Moment) -> Result<Change, Problem> {
        let (code, display) = self.is;
        let opening = Object::new().json("what", reference(&format!("AuditEvent/{}", of.id), None)).done();
        let text = Object::resource("AuditEvent", &key.id)
            .json("type", coding(SYSTEM, code, Some(display)))
            .json("subtype", array([coding(SYSTEM, code, None), self.outcome]))
            .text("action", "E")
            .text("recorded", now.to_string())
            .text("outcome", "0")
            .text_if("outcomeDesc", self.words)
            .json("agent", array([agent(&by.id, &by.name)].into_iter().chain(self.to)))
            .json("source", source())
            .json("entity", array([opening, patient_entity(&of.patient)]))
            .done();
        draft::put(key, text.as_bytes())
    }
}

/// The code of an AuditEvent's subtype in a system.
pub(super) fn subtype(event: Node<'_, '_>, system: &str) -> Option<String> {
    let own = items(event, "subtype").find(|coding| text(*coding, "system").as_deref() == Some(system))?;
    text(own, "code")
}

/// Who did it.
pub(super) fn agent(by: &str, name: &str) -> String {
    Object::new().text("altId", by).text("name", name).json("requestor", "true").done()
}

/// Who noted it.
pub(super) fn source() -> String {
    Object::new().json("observer", Object::new().text("display", "Almoner").done()).done()
}

/// Whose record it is about (R4, object-role 1: Patient).
pub(super) fn patient_entity(patient: &str) -> String {
    Object::new()
        .json("what", reference(&format!("Patient/{patient}"), None))
        .json("role", coding("http://terminology.hl7.org/CodeSystem/object-role", "1", Some("Patient")))
        .done()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use fhir::{Document, Limits};

    use super::*;

    #[test]
    fn an_opening_reads_back_and_is_a_valid_resource() {
        let opening = Opening {
            id: "o1".into(),
            by: "user/s.reilly".into(),
            name: "Siobhan Reilly".into(),
            patient: "p1".into(),
            from: Moment(1_794_926_100_000),
            until: Moment(1_794_969_300_000),
            reason: "else".into(),
            words: Some("Asked by the ward about \"insulin\"".into()),
        };
        for opening in [opening.clone(), Opening { words: None, ..opening }] {
            let written = opening.text();
            let document = Document::parse(written.as_bytes(), &Limits::default()).unwrap();
            let issues = fhir::validate(&document);
            assert!(!issues.iter().any(fhir::Issue::is_error), "{issues:?}");
            assert_eq!(Opening::of(document.root()), Some(opening));
        }
    }

    #[test]
    fn it_holds_from_its_beginning_until_its_end() {
        let written = r#"{"resourceType":"AuditEvent","id":"o1","subtype":[{"system":"urn:almoner:restricted-access","code":"opening"}],
            "period":{"start":"2026-11-17T14:00:00Z","end":"2026-11-18T02:00:00Z"},
            "purposeOfEvent":[{"coding":[{"system":"urn:almoner:access-reason","code":"care"}],"text":"On call"}],
            "agent":[{"altId":"user/x"}],"entity":[{"what":{"reference":"Patient/p1"}}]}"#;
        let document = Document::parse(written.as_bytes(), &Limits::default()).unwrap();
        let opening = Opening::of(document.root()).unwrap();
        let at = |text: &str| opening.holds(Moment::parse(text).unwrap());
        let cases = [
            ("2026-11-17T13:59:59.999Z", false),
            ("2026-11-17T14:00:00Z", true),
            ("2026-11-18T01:59:59.999Z", true),
            ("2026-11-18T02:00:00Z", false),
        ];
        for (moment, expected) in cases {
            assert_eq!(at(moment), expected, "{moment}");
        }
        assert_eq!(opening.why(), "I look after this patient, or was asked about them: On call");
    }
}
