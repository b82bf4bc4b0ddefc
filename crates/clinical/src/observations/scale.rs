//! Which of the two SpO2 scales a set is scored on. Scale 2 only where a decision is recorded: an oxygen target of 88
//! to 92 per cent, set by a named clinician and in force when the set was taken. Everything else is scale 1.
//!
//! The decision is a FHIR `Goal` whose target measures oxygen saturation (docs/decisions/0005). A diagnosis, a
//! medicine's words or the score that another system worked out are no decision. [check: clinical safety officer]

use fhir::Node;
use rust_decimal::Decimal;
use terms::{Moment, local_date, start_of_day};

use super::codes::Sign;
use crate::directory::Directory;
use crate::read::{Source, amount, codings, items, reference, text, when};

/// The target for which scale 2 was made, in per cent (RCP, NEWS2, 2017).
const TARGET: (i64, i64) = (88, 92);

/// That a patient's oxygen is aimed at 88 to 92 per cent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Where it is recorded.
    pub source: Source,
    /// From when it holds: the beginning of its day.
    pub from: Moment,
    /// Until when, if it has ended: the beginning of that day, for on that day nobody can say which sets it reaches.
    pub until: Option<Moment>,
    /// Who decided.
    pub by: String,
}

impl Decision {
    fn holds(&self, at: Moment) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// The decisions among a patient's resources.
pub(crate) fn decisions<'d, 't: 'd>(goals: impl Iterator<Item = Node<'d, 't>>, directory: &Directory) -> Vec<Decision> {
    goals.filter_map(|goal| decision(goal, directory)).collect()
}

/// The newest decision that held at a moment.
pub(crate) fn in_force(decisions: &[Decision], at: Moment) -> Option<&Decision> {
    decisions.iter().filter(|decision| decision.holds(at)).max_by_key(|decision| (decision.from, &decision.source))
}

fn decision(goal: Node<'_, '_>, directory: &Directory) -> Option<Decision> {
    let day = |name: &str| Some(start_of_day(local_date(when(goal, name)?.lower())));
    let until = match text(goal, "lifecycleStatus")?.as_str() {
        "active" => None,
        "completed" => Some(day("statusDate")?),
        // Proposed, planned, on hold, cancelled, rejected, entered in error: nobody may act on it.
        _ => return None,
    };
    let by = reference(goal, "expressedBy").filter(|by| by.starts_with("Practitioner"))?;
    let is_target = items(goal, "target").any(is_88_to_92);
    is_target.then_some(Decision {
        source: Source::of(goal),
        from: day("startDate")?,
        until,
        by: directory.name(goal, "expressedBy").unwrap_or(by),
    })
}

fn is_88_to_92(target: Node<'_, '_>) -> bool {
    let measures = target
        .get("measure")
        .is_some_and(|measure| codings(measure).any(|(_, code)| Sign::of_code(&code) == Some(Sign::Spo2)));
    let end = |name: &str| {
        let amount = amount(target.get("detailRange")?.get(name)?)?;
        (amount.comparator.is_none() && Sign::Spo2.has_unit(&amount.unit_key)).then_some(amount.value)
    };
    measures && (end("low"), end("high")) == (Some(Decimal::from(TARGET.0)), Some(Decimal::from(TARGET.1)))
}
