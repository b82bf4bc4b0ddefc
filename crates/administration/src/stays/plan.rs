//! The plan of a patient's discharge: criteria to reside, what stops it, whose it is, and whether they leave today; and
//! the command that sets it.
//!
//! It is the extension `urn:almoner:discharge-plan` of the Encounter, with a part for each field. *Leaving today* is what
//! somebody confirmed, with a time and a name; the expected day of discharge is another field and never counts as that.
//! Pathways 0 to 3 are those of the hospital discharge and community support guidance (Department of Health and Social
//! Care). The five reasons are the groups of NHS England's discharge returns as we know them; they are still to be
//! checked against the return before anything is sent.

use fhir::Node;
use fhir::read::{extension, extension_text, moment};
use fhir::write::{extension as part, quoted, with_extensions, with_members};
use record::{Draft, Key, Reading, TransactError};
use terms::{Date, Moment, PartialDate, local_date};

use super::move_to_bed::read;
use super::write::complex;
use super::{EXPECTED_END, Stay};
use crate::draft::{self, document};
use crate::refusal::Refusal;

/// The extension.
pub const DISCHARGE_PLAN: &str = "urn:almoner:discharge-plan";
/// The longest words of one field, in characters.
const LONGEST: usize = 300;

/// The plan of a discharge. What was not asked is absent: nothing has a default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DischargePlan {
    /// Whether the patient meets the criteria to reside: must stay in an acute bed. `None` is not asked.
    pub meets_criteria: Option<bool>,
    /// The day on which that was last asked.
    pub asked_on: Option<Date>,
    /// The day since which they are ready to leave.
    pub ready_since: Option<Date>,
    /// The discharge pathway.
    pub pathway: Option<Pathway>,
    /// Why somebody who is ready is still here.
    pub reason: Option<DelayReason>,
    /// What stops it, in words.
    pub stopping: Option<String>,
    /// Who removes what stops it.
    pub owner: Option<String>,
    /// That they leave, as confirmed.
    pub leaving: Option<Leaving>,
}

/// A discharge that somebody confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// When.
    pub at: Moment,
    /// Who confirmed it.
    pub agreed_by: String,
}

/// Where a patient goes and with how much help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pathway {
    /// Home without new support.
    P0,
    /// Home with support.
    P1,
    /// A bed for recovery outside the hospital.
    P2,
    /// A care home for the long term.
    P3,
}

/// Why somebody who is ready has not left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DelayReason {
    /// Something inside the hospital.
    HospitalProcess,
    /// Concerns about their wellbeing.
    Wellbeing,
    /// The care transfer hub.
    TransferHub,
    /// Between the hospital and others.
    Interface,
    /// No place or care to go to.
    Capacity,
}

impl Pathway {
    /// Every pathway, in order.
    pub const ALL: [Pathway; 4] = [Pathway::P0, Pathway::P1, Pathway::P2, Pathway::P3];

    /// Its code, such as `P1`.
    pub fn code(self) -> &'static str {
        match self {
            Pathway::P0 => "P0",
            Pathway::P1 => "P1",
            Pathway::P2 => "P2",
            Pathway::P3 => "P3",
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Pathway::P0 => "home, no new support",
            Pathway::P1 => "home with support",
            Pathway::P2 => "a bed outside the hospital to recover",
            Pathway::P3 => "a care home",
        }
    }

    /// The pathway of a code.
    pub fn of_code(code: &str) -> Option<Pathway> {
        Pathway::ALL.into_iter().find(|pathway| pathway.code() == code)
    }
}

impl DelayReason {
    /// Every reason, in order.
    pub const ALL: [DelayReason; 5] = [
        DelayReason::HospitalProcess,
        DelayReason::Wellbeing,
        DelayReason::TransferHub,
        DelayReason::Interface,
        DelayReason::Capacity,
    ];

    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            DelayReason::HospitalProcess => "hospital-process",
            DelayReason::Wellbeing => "wellbeing",
            DelayReason::TransferHub => "transfer-hub",
            DelayReason::Interface => "interface",
            DelayReason::Capacity => "capacity",
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            DelayReason::HospitalProcess => "Hospital process",
            DelayReason::Wellbeing => "Concerns about wellbeing",
            DelayReason::TransferHub => "Care transfer hub",
            DelayReason::Interface => "Between the hospital and others",
            DelayReason::Capacity => "No place or care to go to",
        }
    }

    /// The reason of a code.
    pub fn of_code(code: &str) -> Option<DelayReason> {
        DelayReason::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

impl DischargePlan {
    /// Reads the plan of an `Encounter`.
    pub fn of(encounter: Node<'_, '_>) -> DischargePlan {
        let Some(plan) = extension(encounter, DISCHARGE_PLAN) else { return DischargePlan::default() };
        let words = |name: &str| extension_text(plan, name).filter(|text| !text.trim().is_empty());
        let day = |name: &str| PartialDate::parse(&words(name)?).ok()?.date();
        let leaving_at = extension(plan, "leaving-at").and_then(|of| moment(of, "valueDateTime"));
        let criteria = extension(plan, "criteria-to-reside").and_then(|of| of.get("valueBoolean"));
        DischargePlan {
            meets_criteria: criteria.map(|value| value.raw_text() == "true"),
            asked_on: day("asked-on"),
            ready_since: day("ready-since"),
            pathway: words("pathway").and_then(|code| Pathway::of_code(&code)),
            reason: words("reason").and_then(|code| DelayReason::of_code(&code)),
            stopping: words("stopping"),
            owner: words("owner"),
            leaving: leaving_at.map(|at| Leaving { at, agreed_by: words("leaving-agreed-by").unwrap_or_default() }),
        }
    }

    /// Whether it is confirmed that they leave on this day.
    pub fn leaves_on(&self, day: Date) -> bool {
        self.leaving.as_ref().is_some_and(|leaving| local_date(leaving.at) == day)
    }

    /// Days since they were ready to leave, on this day.
    pub fn days_ready(&self, day: Date) -> Option<i32> {
        let since = self.ready_since?;
        since.until(day).ok().map(|span| span.get_days())
    }

    /// The extension; `None` when nothing is planned.
    pub(crate) fn text(&self) -> Option<String> {
        let words =
            |name: &str, value: &Option<String>| value.as_ref().map(|value| part(name, "valueString", &quoted(value)));
        let day = |name: &str, value: Option<Date>| value.map(|day| part(name, "valueDate", &quoted(&day.to_string())));
        let code = |name: &str, value: Option<&'static str>| value.map(|code| part(name, "valueCode", &quoted(code)));
        let leaving = self.leaving.as_ref();
        complex(
            DISCHARGE_PLAN,
            [
                self.meets_criteria.map(|is| part("criteria-to-reside", "valueBoolean", &is.to_string())),
                day("asked-on", self.asked_on),
                day("ready-since", self.ready_since),
                code("pathway", self.pathway.map(Pathway::code)),
                code("reason", self.reason.map(DelayReason::code)),
                words("stopping", &self.stopping),
                words("owner", &self.owner),
                leaving.map(|leaving| part("leaving-at", "valueDateTime", &quoted(&leaving.at.to_string()))),
                words("leaving-agreed-by", &leaving.map(|leaving| leaving.agreed_by.clone())),
            ],
        )
    }
}

/// Sets the plan of a discharge: the whole of it, as a form shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetDischargePlan {
    /// The stay's Encounter.
    pub stay: String,
    /// The version that the form was made from: a plan that somebody changed since is not overwritten.
    pub seen: Option<u64>,
    /// The plan.
    pub plan: DischargePlan,
    /// The expected day of discharge.
    pub expected_end: Option<Date>,
}

impl SetDischargePlan {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.stay).await?;
        let document = document(&version)?;
        let stay = Stay::of(document.root());
        let seen = match self.seen {
            Some(seen) if seen != version.version => reading.version(&version.key, seen).await?,
            _ => None,
        };
        let seen = seen.filter(|seen| !seen.text.is_empty());
        let seen = seen.as_ref().map(draft::document).transpose()?.map(|seen| Stay::of(seen.root()));
        self.decide(&stay, seen.as_ref(), now).map_err(TransactError::Refused)?;
        let end = self.expected_end.map(|day| part(EXPECTED_END, "valueDateTime", &quoted(&day.to_string())));
        let set = [(DISCHARGE_PLAN, self.plan.text()), (EXPECTED_END, end)];
        let extensions = with_extensions(document.root(), &set);
        let text = with_members(&document, &[("extension", extensions)]);
        let change = draft::put(Key::new("Encounter", self.stay.as_str()), &text)?;
        Ok(Draft { changes: vec![change], assertions: Vec::new() })
    }

    /// Whether the plan says something that can be.
    fn decide(&self, stay: &Stay, seen: Option<&Stay>, now: Moment) -> Result<(), Refusal> {
        let today = local_date(now);
        let plan = &self.plan;
        if !stay.state.is_live() {
            let sentence = "This patient is not in the hospital now: there is no discharge to plan.";
            return Err(Refusal::new("not-in-hospital", sentence));
        }
        if seen.is_some_and(|seen| seen.plan != stay.plan || seen.expected_end != stay.expected_end) {
            let sentence = "Somebody changed this plan while you were writing. Look at theirs above, then save yours.";
            return Err(Refusal::new("changed-since", sentence));
        }
        if plan.meets_criteria.is_some() && plan.asked_on.is_none_or(|day| day > today) {
            return Err(Refusal::at(
                "asked-on",
                "asked_on",
                "Say on which day the criteria were asked, not later than today.",
            ));
        }
        if plan.ready_since.is_some() && plan.meets_criteria != Some(false) {
            let sentence =
                "Somebody who is ready to leave does not meet the criteria to reside. Correct one of the two.";
            return Err(Refusal::at("criteria-ready", "criteria", sentence));
        }
        let started = stay.started.as_ref().and_then(PartialDate::date);
        if plan.ready_since.is_some_and(|day| day > today || started.is_some_and(|started| day < started)) {
            let sentence = "The day they were ready lies within the stay, not after today.";
            return Err(Refusal::at("ready-since", "ready_since", sentence));
        }
        if plan.leaving.as_ref().is_some_and(|leaving| leaving.agreed_by.trim().is_empty()) {
            return Err(Refusal::at("agreed-by", "leaving_agreed_by", "Say who confirmed that the patient leaves."));
        }
        if plan
            .leaving
            .as_ref()
            .is_some_and(|leaving| local_date(leaving.at) < today && stay.plan.leaving != plan.leaving)
        {
            return Err(Refusal::at(
                "leaving-past",
                "leaving_date",
                "This day is past. If they left, record the discharge.",
            ));
        }
        let texts = [(&plan.stopping, "stopping"), (&plan.owner, "owner")];
        for (text, field) in texts {
            if text.as_ref().is_some_and(|text| text.chars().count() > LONGEST) {
                return Err(Refusal::at("too-long", field, "This has at most 300 characters. Say the rest in a note."));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;
    use fhir::{Document, Limits};

    /// 2026-11-17T14:35:00Z.
    const NOW: Moment = Moment(1_794_926_100_000);

    fn day(text: &str) -> Date {
        PartialDate::parse(text).unwrap().date().unwrap()
    }

    fn full() -> DischargePlan {
        DischargePlan {
            meets_criteria: Some(false),
            asked_on: Some(day("2026-11-17")),
            ready_since: Some(day("2026-11-15")),
            pathway: Some(Pathway::P1),
            reason: Some(DelayReason::Capacity),
            stopping: Some("Package of care, \"twice a day\"".into()),
            owner: Some("Discharge team".into()),
            leaving: Some(Leaving { at: NOW, agreed_by: "Sister S Reilly".into() }),
        }
    }

    fn stay(status: &str, plan: &DischargePlan) -> Stay {
        let extension = plan.text().map(|text| format!(",\"extension\":[{text}]")).unwrap_or_default();
        let period = "\"period\":{\"start\":\"2026-11-10T09:00:00Z\"}";
        let text =
            format!("{{\"resourceType\":\"Encounter\",\"id\":\"s\",\"status\":\"{status}\",{period}{extension}}}");
        Stay::of(Document::parse(text.as_bytes(), &Limits::default()).unwrap().root())
    }

    #[test]
    fn a_plan_reads_back_and_nothing_is_answered_beforehand() {
        assert_eq!(stay("in-progress", &full()).plan, full());
        assert_eq!(DischargePlan::default().text(), None);
        assert_eq!(stay("in-progress", &DischargePlan::default()).plan, DischargePlan::default());
        assert!(full().leaves_on(day("2026-11-17")) && !full().leaves_on(day("2026-11-18")));
        assert_eq!(full().days_ready(day("2026-11-17")), Some(2));
    }

    #[test]
    fn what_cannot_be_is_refused_at_its_field() {
        let check = |change: fn(&mut DischargePlan), code: Option<&str>| {
            let mut plan = full();
            change(&mut plan);
            let command = SetDischargePlan { stay: "s".into(), seen: None, plan, expected_end: None };
            let refused = command.decide(&stay("in-progress", &DischargePlan::default()), None, NOW).err();
            assert_eq!(refused.map(|refusal| refusal.code), code);
        };
        check(|_| (), None);
        check(|plan| plan.asked_on = None, Some("asked-on"));
        check(|plan| plan.asked_on = Some(day("2026-11-18")), Some("asked-on"));
        check(|plan| plan.meets_criteria = Some(true), Some("criteria-ready"));
        check(|plan| plan.ready_since = Some(day("2026-11-09")), Some("ready-since"));
        check(|plan| plan.ready_since = Some(day("2026-11-18")), Some("ready-since"));
        check(|plan| plan.leaving.as_mut().unwrap().agreed_by.clear(), Some("agreed-by"));
        check(|plan| plan.leaving.as_mut().unwrap().at = Moment(NOW.0 - 86_400_000), Some("leaving-past"));
        check(|plan| plan.stopping = Some("x".repeat(301)), Some("too-long"));
    }

    #[test]
    fn a_plan_that_changed_since_is_not_overwritten() {
        let command = SetDischargePlan { stay: "s".into(), seen: Some(1), plan: full(), expected_end: None };
        let (old, new) = (stay("in-progress", &DischargePlan::default()), stay("in-progress", &full()));
        assert_eq!(command.decide(&new, Some(&old), NOW).unwrap_err().code, "changed-since");
        assert!(command.decide(&old, Some(&old), NOW).is_ok());
        assert_eq!(command.decide(&stay("finished", &full()), None, NOW).unwrap_err().code, "not-in-hospital");
    }
}
