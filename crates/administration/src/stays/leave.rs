//! Leave: a patient goes home for a time and stays an inpatient; the bed is kept for them or not.
//!
//! The status goes to onleave and back, with `statusHistory`; each time away is an extension `urn:almoner:leave` with its
//! parts. A kept bed stays theirs. Without one they are in the care of the ward itself until they return. Whoever comes
//! back is never refused for a bed.

use fhir::Node;
use fhir::read::{extension, extension_text, items, moment, text};
use fhir::write::{Object, array, extension as part, quoted, with_extensions};
use record::{Draft, Reading, TransactError};
use terms::{Moment, PartialDate};

use super::gather::{free_or_ward, ward_above};
use super::mixed::MixedReason;
use super::move_to_bed::{located, read};
use super::timeline::{check_moment, with_arrival};
use super::why_mixed::with_reason;
use super::write::{arrivals, complex, with};
use super::{Stay, StayState};
use crate::draft::{self, document};
use crate::places::{self, BedStatus};
use crate::refusal::Refusal;

/// The extension of a time away.
pub(crate) const LEAVE: &str = "urn:almoner:leave";

/// A time away with leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Away {
    /// From.
    pub from: Moment,
    /// Until; absent while they are away.
    pub to: Option<Moment>,
    /// Whether the bed is kept; not known of what another system sent.
    pub keeps_bed: Option<bool>,
    /// When they are expected back.
    pub back_by: Option<PartialDate>,
}

/// Lets a patient go on leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    /// The stay's Encounter.
    pub stay: String,
    /// When they left.
    pub at: Moment,
    /// Whether the bed is kept for them.
    pub keeps_bed: bool,
    /// When they are expected back.
    pub back_by: Option<PartialDate>,
}

/// Takes a patient back from leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// The stay's Encounter.
    pub stay: String,
    /// When they came back.
    pub at: Moment,
    /// The bed or other place; the one that was kept when nothing is said.
    pub place: Option<String>,
    /// Why men and women share the bay, where whoever takes the patient back was asked.
    pub mixed: Option<&'static MixedReason>,
}

/// The times away of an `Encounter`, oldest first.
pub(crate) fn leaves_of(encounter: Node<'_, '_>) -> Vec<Away> {
    let own = items(encounter, "extension").filter(|of| text(*of, "url").as_deref() == Some(LEAVE));
    let own: Vec<Away> = own.filter_map(Away::of).collect();
    if !own.is_empty() {
        return own;
    }
    let history = items(encounter, "statusHistory").filter(|was| text(*was, "status").as_deref() == Some("onleave"));
    let told = history.filter_map(|was| {
        let period = was.get("period")?;
        Some(Away { from: moment(period, "start")?, to: moment(period, "end"), keeps_bed: None, back_by: None })
    });
    told.collect()
}

impl Away {
    fn of(node: Node<'_, '_>) -> Option<Away> {
        let at = |name: &str| Moment::parse(&extension_text(node, name)?).ok();
        let kept = extension(node, "bed-kept").and_then(|of| of.get("valueBoolean"));
        Some(Away {
            from: at("from")?,
            to: at("to"),
            keeps_bed: kept.map(|value| value.raw_text() == "true"),
            back_by: extension_text(node, "back-by").and_then(|text| PartialDate::parse(&text).ok()),
        })
    }

    fn text(&self) -> Option<String> {
        let at = |name: &str, at: Moment| part(name, "valueDateTime", &quoted(&at.to_string()));
        complex(
            LEAVE,
            [
                Some(at("from", self.from)),
                self.to.map(|to| at("to", to)),
                self.keeps_bed.map(|is| part("bed-kept", "valueBoolean", &is.to_string())),
                self.back_by.as_ref().map(|back| part("back-by", "valueDateTime", &quoted(back.text()))),
            ],
        )
    }
}

/// What the member `extension` gets for these times away.
pub(crate) fn leave_extensions(leaves: &[Away]) -> Vec<(&'static str, Option<String>)> {
    let mut set = vec![(LEAVE, None)];
    set.extend(leaves.iter().map(|away| (LEAVE, away.text())));
    set
}

/// What the member `statusHistory` gets when a status ends at a moment.
pub(crate) fn status_history(encounter: Node<'_, '_>, stay: &Stay, status: &str, end: Moment) -> String {
    let last = items(encounter, "statusHistory").last().and_then(|was| moment(was.get("period")?, "end"));
    let since = last.or(stay.started.as_ref().map(|at| at.lower())).filter(|since| *since <= end);
    let period = Object::new().text_if("start", since.map(|at| at.to_string())).text("end", end.to_string()).done();
    let was = Object::new().text("status", status).json("period", period).done();
    array(items(encounter, "statusHistory").map(|was| was.raw_text().to_owned()).chain([was]))
}

impl Leave {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.stay).await?;
        let document = document(&version)?;
        let stay = Stay::of(document.root());
        self.decide(&stay, now).map_err(TransactError::Refused)?;
        let mut leaves = stay.leaves.clone();
        leaves.push(Away { from: self.at, to: None, keeps_bed: Some(self.keeps_bed), back_by: self.back_by.clone() });
        let mut draft = Draft::default();
        let mut members = vec![
            ("status", Some("\"onleave\"".to_owned())),
            ("statusHistory", Some(status_history(document.root(), &stay, "in-progress", self.at))),
            ("extension", with_extensions(document.root(), &leave_extensions(&leaves))),
        ];
        let here = stay.place().map(|place| place.place.clone());
        if let (false, Some(here)) = (self.keeps_bed, &here) {
            let ward = ward_above(reading, here).await?;
            let arrivals = with_arrival(arrivals(&stay), &ward, self.at);
            members.push(("location", located(&stay, &arrivals, &ward)));
            if ward != *here && !stay.no_bed_yet {
                draft.changes.extend(places::mark(reading, here, BedStatus::Vacated, now).await?);
            }
        }
        let text =
            if self.keeps_bed { fhir::write::with_members(&document, &members) } else { with(&document, &members) };
        draft.changes.insert(0, draft::put(version.key.clone(), &text)?);
        Ok(draft)
    }

    fn decide(&self, stay: &Stay, now: Moment) -> Result<(), Refusal> {
        if stay.state != StayState::Present {
            return Err(Refusal::new("not-in-hospital", "This patient is not in the hospital now, or is on leave."));
        }
        check_moment(self.at, stay.started.as_ref().map(|started| started.lower()), now)?;
        check_last(stay, self.at)?;
        let back = self.back_by.as_ref().map(|back| back.upper());
        if back.is_some_and(|back| back <= self.at) {
            return Err(Refusal::at("back-by", "back_by", "They are expected back after they leave."));
        }
        Ok(())
    }
}

/// Nothing was told of this stay that happened later than this.
pub(crate) fn check_last(stay: &Stay, at: Moment) -> Result<(), Refusal> {
    check_unmoved(stay, at)?;
    if stay.leaves.iter().any(|away| away.from > at || away.to.is_some_and(|to| to > at)) {
        return Err(later_known());
    }
    Ok(())
}

/// They were not moved later than this.
fn check_unmoved(stay: &Stay, at: Moment) -> Result<(), Refusal> {
    if arrivals(stay).last().is_some_and(|last| last.at > at) { Err(later_known()) } else { Ok(()) }
}

fn later_known() -> Refusal {
    let sentence = "The patient was moved, or was on leave, after this time. Correct that first, or say another time.";
    Refusal::at("later-known", "at", sentence)
}

impl Return {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = read(reading, &self.stay).await?;
        let document = document(&version)?;
        let stay = Stay::of(document.root());
        self.decide(&stay, now).map_err(TransactError::Refused)?;
        let mut leaves = stay.leaves.clone();
        if let Some(away) = leaves.last_mut() {
            away.to = Some(self.at);
        }
        let mut members = vec![
            ("status", Some("\"in-progress\"".to_owned())),
            ("statusHistory", Some(status_history(document.root(), &stay, "onleave", self.at))),
            ("extension", with_extensions(document.root(), &leave_extensions(&leaves))),
        ];
        let mut draft = Draft::default();
        let here = stay.place().map(|place| place.place.clone());
        let is_elsewhere = self.place.is_some() && self.place != here;
        if let (true, Some(to)) = (is_elsewhere, &self.place) {
            let place = places::place(reading, to).await?.filter(|place| place.is_active);
            let no_place = || Refusal::at("no-place", "place", "There is no such place any more. Choose another.");
            let place = place.ok_or_else(|| TransactError::Refused(no_place()))?;
            let to = free_or_ward(reading, &place, &self.stay, &mut draft).await?;
            let arrivals = with_arrival(arrivals(&stay), &to, self.at);
            members.push(("location", located(&stay, &arrivals, &to)));
            if let Some(left) = here.filter(|left| *left != to && !stay.no_bed_yet) {
                draft.changes.extend(places::mark(reading, &left, BedStatus::Vacated, now).await?);
            }
            draft.changes.extend(places::mark(reading, &to, BedStatus::Available, now).await?);
        }
        let text =
            if is_elsewhere { with(&document, &members) } else { fhir::write::with_members(&document, &members) };
        draft.changes.insert(0, draft::put(version.key.clone(), &text)?);
        let place = Stay::of(draft::parsed(&text)?.root()).place().map(|place| place.place.clone());
        let comes = (self.stay.as_str(), stay.patient.as_deref(), place.as_deref().unwrap_or_default());
        with_reason(reading, draft, comes, (self.at, self.mixed)).await
    }

    fn decide(&self, stay: &Stay, now: Moment) -> Result<(), Refusal> {
        if stay.state != StayState::OnLeave {
            return Err(Refusal::new(
                "not-on-leave",
                "This patient is not on leave. Open the stay to see where they are.",
            ));
        }
        let left = stay.leaves.last().map(|away| away.from).or(stay.started.as_ref().map(|at| at.lower()));
        check_moment(self.at, left, now)?;
        check_unmoved(stay, self.at)?;
        if stay.place().is_none() && self.place.is_none() {
            return Err(Refusal::at("no-place", "place", "Say where the patient is."));
        }
        Ok(())
    }
}
