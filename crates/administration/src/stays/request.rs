//! What was decided before a stay: the decision to admit, and the days that the patient was offered.
//!
//! In the Encounter: extension `urn:almoner:decision-to-admit` says when it was decided, how it is meant and what the
//! patient needs; an extension `urn:almoner:tci` for each offered day, oldest first, how the offer ended; R5's extension
//! `Encounter.plannedStartDate`, and `period.start` until admission, the day to come in now; `partOf` the attendance in
//! which it was decided; `priority` the clinical priority. Offers are never removed: the first date and how often it was
//! moved are read from them.

use fhir::Node;
use fhir::read::{extension, extension_text, items, text, when};
use fhir::write::{extension as part, quoted};
use terms::{Date, Moment, PartialDate, local_date};

use super::write::complex;

/// The extension of the decision.
pub(crate) const DECISION: &str = "urn:almoner:decision-to-admit";
/// The extension of an offered day.
pub(crate) const TCI: &str = "urn:almoner:tci";
/// The planned start of an encounter, as R5 has it.
pub(crate) const PLANNED_START: &str =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedStartDate";
/// The code system of clinical priorities.
pub(crate) const PRIORITY: &str = "urn:almoner:waiting-list-priority";
/// Days within which a last-minute cancellation by the hospital is to be offered another day (NHS Constitution handbook).
pub const REBOOK_DAYS: u16 = 28;

/// What a bed must have: a closed list, so that places can be compared with it.
pub const NEEDS: &[(&str, &str)] = &[
    ("side-room", "Side room"),
    ("oxygen", "Oxygen"),
    ("monitoring", "Cardiac monitoring"),
    ("critical-care", "Critical care"),
    ("near-staff", "In sight of staff"),
    ("large-bed", "Bariatric bed"),
    ("hoist", "Hoist"),
];

/// The decision to admit, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// When it was decided.
    pub decided: Option<PartialDate>,
    /// How it is meant: INTENDED MANAGEMENT CODE.
    pub intended: Option<String>,
    /// What the bed must have: codes of [`NEEDS`].
    pub needs: Vec<String>,
    /// What else the wards should know.
    pub note: Option<String>,
    /// Why the patient was removed from the list: ELECTIVE ADMISSION LIST REMOVAL REASON CODE.
    pub removed: Option<String>,
    /// Every day that was offered, oldest first.
    pub offers: Vec<Offer>,
}

/// A day that was offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The day or the time to come in.
    pub tci: PartialDate,
    /// When it was offered.
    pub made: Option<PartialDate>,
    /// Whether it was reasonable, by notice and choice, when that was said.
    pub is_reasonable: Option<bool>,
    /// How it ended, if it did.
    pub end: Option<OfferEnd>,
}

/// How an offer ended without an admission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferEnd {
    /// ADMISSION OFFER OUTCOME CODE.
    pub outcome: String,
    /// When.
    pub at: Moment,
    /// Why.
    pub reason: Option<String>,
    /// The day by which another must be offered, after a last-minute cancellation by the hospital.
    pub rebook_by: Option<Date>,
}

impl Request {
    /// Reads what an `Encounter` says of it.
    pub fn of(encounter: Node<'_, '_>) -> Request {
        let offers = items(encounter, "extension")
            .filter(|of| text(*of, "url").as_deref() == Some(TCI))
            .filter_map(Offer::of)
            .collect::<Vec<_>>();
        let offers = if offers.is_empty() { planned_start(encounter).into_iter().collect() } else { offers };
        let Some(decision) = extension(encounter, DECISION) else { return Request { offers, ..Request::default() } };
        let words = |name: &str| extension_text(decision, name).filter(|text| !text.trim().is_empty());
        let needs = items(decision, "extension").filter(|of| text(*of, "url").as_deref() == Some("need"));
        Request {
            decided: words("decided").and_then(|text| PartialDate::parse(&text).ok()),
            intended: words("intended-management"),
            needs: needs.filter_map(|need| text(need, "valueCode")).collect(),
            note: words("note"),
            removed: words("removed"),
            offers,
        }
    }

    /// The offer that holds: the last, unless it ended.
    pub fn offer(&self) -> Option<&Offer> {
        self.offers.last().filter(|offer| offer.end.is_none())
    }

    /// The day to come in.
    pub fn tci(&self) -> Option<&PartialDate> {
        self.offer().map(|offer| &offer.tci)
    }

    /// The day that was offered first.
    pub fn first_tci(&self) -> Option<&PartialDate> {
        self.offers.first().map(|offer| &offer.tci)
    }

    /// How often the day was moved or offered anew.
    pub fn times_moved(&self) -> usize {
        self.offers.len().saturating_sub(1)
    }

    /// By when another day must be offered, when that is owed: the last offer was cancelled so, and none followed.
    pub fn rebook_by(&self) -> Option<Date> {
        self.offers.last()?.end.as_ref()?.rebook_by
    }

    /// The extension of the decision; `None` when nothing of it is known.
    pub(crate) fn decision_text(&self) -> Option<String> {
        let words =
            |name: &str, value: &Option<String>| value.as_ref().map(|value| part(name, "valueString", &quoted(value)));
        let code =
            |name: &str, value: &Option<String>| value.as_ref().map(|value| part(name, "valueCode", &quoted(value)));
        let decided = self.decided.as_ref().map(|at| part("decided", "valueDateTime", &quoted(at.text())));
        let needs = self.needs.iter().map(|need| Some(part("need", "valueCode", &quoted(need))));
        let parts = [
            decided,
            code("intended-management", &self.intended),
            words("note", &self.note),
            code("removed", &self.removed),
        ];
        complex(DECISION, parts.into_iter().chain(needs))
    }

    /// What the member `extension` gets: the decision, every offer, and the day to come in now.
    pub(crate) fn extensions(&self) -> Vec<(&'static str, Option<String>)> {
        let mut set = vec![(DECISION, self.decision_text())];
        // Replacing all of one address with nothing, then each that there is.
        set.push((TCI, None));
        set.extend(self.offers.iter().map(|offer| (TCI, offer.text())));
        let now = self.tci().map(|tci| part(PLANNED_START, "valueDateTime", &quoted(tci.text())));
        set.push((PLANNED_START, now));
        set
    }
}

impl Offer {
    fn of(node: Node<'_, '_>) -> Option<Offer> {
        let date = |name: &str| PartialDate::parse(&extension_text(node, name)?).ok();
        let end = extension_text(node, "outcome").map(|outcome| OfferEnd {
            outcome,
            at: date("ended").map_or(Moment(0), |at| at.lower()),
            reason: extension_text(node, "reason"),
            rebook_by: date("rebook-by").and_then(|day| day.date()),
        });
        let reasonable = extension(node, "reasonable").and_then(|of| of.get("valueBoolean"));
        Some(Offer {
            tci: date("date")?,
            made: date("made"),
            is_reasonable: reasonable.map(|value| value.raw_text() == "true"),
            end,
        })
    }

    fn text(&self) -> Option<String> {
        let day = |name: &str, at: &PartialDate| part(name, "valueDateTime", &quoted(at.text()));
        let end = self.end.as_ref();
        let reason = end.and_then(|end| end.reason.as_ref());
        complex(
            TCI,
            [
                Some(day("date", &self.tci)),
                self.made.as_ref().map(|at| day("made", at)),
                self.is_reasonable.map(|is| part("reasonable", "valueBoolean", &is.to_string())),
                end.map(|end| part("outcome", "valueCode", &quoted(&end.outcome))),
                end.map(|end| part("ended", "valueDateTime", &quoted(&end.at.to_string()))),
                reason.map(|reason| part("reason", "valueString", &quoted(reason))),
                end.and_then(|end| end.rebook_by).map(|day| part("rebook-by", "valueDate", &quoted(&day.to_string()))),
            ],
        )
    }
}

/// The planned start as another system gives it.
fn planned_start(encounter: Node<'_, '_>) -> Option<Offer> {
    let tci = extension(encounter, PLANNED_START).and_then(|of| when(of, "valueDateTime"))?;
    Some(Offer { tci, made: None, is_reasonable: None, end: None })
}

/// The day by which another must be offered when the hospital cancels at the last minute and not for a clinical reason.
pub(crate) fn rebook_by(outcome: &str, is_clinical: bool, at: Moment) -> Option<Date> {
    // "7": cancelled by the hospital on the day the patient was offered (ADMISSION OFFER OUTCOME CODE).
    let is_last_minute = outcome == "7" && !is_clinical;
    let day = local_date(at);
    is_last_minute.then(|| later(day, REBOOK_DAYS))
}

/// A day so many days later.
pub(crate) fn later(day: Date, days: u16) -> Date {
    let days = std::time::Duration::from_secs(u64::from(days) * 86_400);
    day.checked_add(days).unwrap_or(day)
}
