//! What an expected patient's bed is doing: in, held and where, a discharge away, none yet, or the patient did not come.
//!
//! Pure; the words stand on the page of admissions and on that of the stay.

use administration::places::{BedStatus, Places};
use administration::stays::{Stay, StayState};
use maud::{Markup, html};
use terms::{Moment, Precision};

use super::{WardLine, by_id};
use crate::components::tag::{Weight, tag_with};
use crate::icon::Icon;
use crate::words::{clock, duration};

/// The state of a bed for a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Bed {
    /// They are in it.
    In(String),
    /// They came and went again.
    Left,
    /// It is kept; what stands under it.
    Held { bed: String, is_ready: bool, note: String },
    /// They did not come at their time; what is kept for them.
    NotArrived { late: i64, held: Option<String> },
    /// The ward has a free bed that nobody kept.
    NotHeld { ward: String, free: usize },
    /// Somebody must leave first.
    NeedsDischarge(String),
    /// Nothing is free and nobody leaves.
    NoBedYet(String),
}

impl Bed {
    /// Whether nothing has to be done about the bed.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self, Bed::In(_) | Bed::Held { .. } | Bed::Left | Bed::NotArrived { held: Some(_), .. })
    }

    /// Whether somebody must act now.
    pub(crate) fn is_alarm(&self) -> bool {
        matches!(self, Bed::NotArrived { .. } | Bed::NoBedYet(_))
    }

    /// The flag and the line under it.
    pub(crate) fn markup(&self) -> Markup {
        let (weight, icon, words, under) = match self {
            Bed::In(place) => (Weight::Good, Icon::Tick, format!("In: {place}"), String::new()),
            Bed::Left => (Weight::Plain, Icon::Tick, "Left again".to_owned(), String::new()),
            Bed::Held { bed, is_ready: true, note } => (Weight::Good, Icon::Tick, format!("Held: {bed}"), note.clone()),
            Bed::Held { bed, note, .. } => (Weight::Warning, Icon::Alert, format!("Held: {bed}"), note.clone()),
            Bed::NotArrived { late, held } => {
                let held = held.as_ref().map(|bed| format!(". Held: {bed}")).unwrap_or_default();
                (Weight::Danger, Icon::Alert, "Not arrived".to_owned(), format!("{} past{held}", duration(*late)))
            }
            Bed::NotHeld { ward, free } => {
                (Weight::Warning, Icon::Alert, "No bed held".to_owned(), format!("{free} free on {ward}"))
            }
            Bed::NeedsDischarge(ward) => {
                (Weight::Warning, Icon::Alert, format!("Needs a discharge on {ward}"), String::new())
            }
            Bed::NoBedYet(ward) => (Weight::Danger, Icon::Alert, format!("No bed yet: {ward}"), String::new()),
        };
        html! { (tag_with(weight, icon, &words)) @if !under.is_empty() { span.al-sub { (under) } } }
    }
}

/// The state of the bed of a stay.
pub(crate) fn bed_of(stay: &Stay, places: &Places, wards: &[WardLine<'_>], now: Moment) -> Bed {
    let name = |id: &str| places.get(id).map_or_else(|| "a place that is not known".to_owned(), |at| at.name.clone());
    let here = stay.place().map(|place| place.place.as_str());
    let kept = stay.reserved().map(|place| place.place.as_str());
    let is_bed = |id: &str| places.get(id).is_some_and(|place| place.kind.is_bed());
    match stay.state {
        StayState::Present | StayState::OnLeave => {
            let here = here.unwrap_or_default();
            return match kept.filter(|_| !is_bed(here)) {
                Some(kept) => held(kept, places, &format!("Arrived, in {}", name(here))),
                None if stay.no_bed_yet => Bed::NoBedYet(name(here)),
                None => Bed::In(name(here)),
            };
        }
        StayState::Discharged => return Bed::Left,
        StayState::Expected | StayState::Cancelled | StayState::Mistaken => {}
    }
    let tci = stay.request.tci().filter(|tci| tci.precision() == Precision::Instant).map(|tci| tci.lower());
    if let Some(late) = tci.map(|tci| now.0 - tci.0).filter(|late| *late > 0 && !stay.is_emergency()) {
        return Bed::NotArrived { late, held: kept.map(name) };
    }
    if let Some(kept) = kept {
        return held(kept, places, "");
    }
    let wards = by_id(wards);
    let Some(line) = stay.wanted().and_then(|wanted| wards.get(wanted.place.as_str())) else {
        return Bed::NoBedYet("no ward chosen".to_owned());
    };
    let (ward, free) = (line.board.ward.name.clone(), line.board.counts().free);
    match (free, line.leaving) {
        (0, 0) => Bed::NoBedYet(ward),
        (0, _) => Bed::NeedsDischarge(ward),
        (free, _) => Bed::NotHeld { ward, free },
    }
}

/// A bed that is kept, ready or still to be made ready.
fn held(bed: &str, places: &Places, note: &str) -> Bed {
    let Some(place) = places.get(bed) else {
        let (bed, note) = ("a bed that is not in use any more".to_owned(), note.to_owned());
        return Bed::Held { bed, is_ready: false, note };
    };
    let state = &place.bed;
    let said = match state.status {
        BedStatus::Available | BedStatus::Compromised => None,
        BedStatus::Vacated => {
            let since = state.since.map(|since| format!(" since {}", clock(since).text)).unwrap_or_default();
            Some(format!("to be cleaned{since}"))
        }
        BedStatus::Closed => Some("closed".to_owned()),
    };
    let is_ready = said.is_none();
    let note = [said.as_deref().unwrap_or_default(), note].into_iter().filter(|words| !words.is_empty());
    Bed::Held { bed: place.name.clone(), is_ready, note: note.collect::<Vec<_>>().join(". ") }
}
