//! The owner of stays: what must hold of beds and stays, whatever door a change comes through.
//!
//! One bed holds one patient: the commit asserts it. Somebody who has arrived is not refused for it: when the bed that a
//! form, a message or another system names is another's, the stay is committed with the tag *no bed yet*, which the board
//! shows and counts until somebody says where the patient is. Who is in a place that is no bed, such as a trolley, has a tag
//! of their own, so that what is owed to them is known from the text. A second live inpatient stay of one patient is a
//! conflict: it is committed with the tag *second stay*, which goes when the other has ended. A bed that is left by whatever
//! change, a deletion too, is to be cleaned. Every byte of a stay outside `meta` stays as it was sent.

use std::collections::{BTreeMap, BTreeSet};

use fhir::{Document, Limits};
use record::{Assertion, Change, Draft, Key, Problem, Reading, Template, Version};
use terms::index::{Part, Span};

use crate::draft::{self, document, template_of};
use crate::places::{self, BedStatus, Place, PlaceKind};
use crate::stays::{
    AT, NO_BED_YET, NOT_IN_A_BED, RESERVED, SECOND_STAY, Stay, StayState, live_claims, open_stays_of, retagged,
};

/// Most stays of one draft whose beds are looked at one by one; there are no more beds in a hospital.
const MOST_LIVE: usize = 20_000;
/// Most stays of one draft of which it is asked what they were before. A load of more brings the beds as they are.
const MOST_LOOKED_BACK: usize = 100;
/// Most places above each other: bed, bay, ward, floor, site.
const MOST_ABOVE: usize = 8;

/// Looks at the stays of a draft: adds the assertions that keep beds to one patient, the tags, and the beds that are left.
///
/// # Errors
/// The record could not be read.
pub async fn plan(reading: &Reading, draft: Draft) -> Result<Draft, Problem> {
    Ok(judged(reading, draft, false).await?.0)
}

/// What was found so far about the stays of a draft.
#[derive(Default)]
struct Judged {
    /// Every stay that the draft changes.
    changed: BTreeSet<String>,
    /// The beds that its live stays have.
    taken: BTreeSet<String>,
    /// The patients whose live stay is in it.
    placed: BTreeSet<String>,
    assertions: Vec<Assertion>,
    is_somebody_without: bool,
}

/// The same, and whether somebody who was placed has no bed by it. What an undo takes back was not so: a bed that it leaves
/// was never lain in, and is what it was.
pub(crate) async fn judged(reading: &Reading, mut draft: Draft, is_undo: bool) -> Result<(Draft, bool), Problem> {
    let keys = draft.changes.iter().map(Change::key).filter(|key| key.kind == "Encounter");
    let mut judged = Judged { changed: keys.map(|key| key.id.clone()).collect(), ..Judged::default() };
    if judged.changed.is_empty() {
        return Ok((draft, false));
    }
    let new_places = places_in(&draft);
    for change in draft.changes.iter_mut().take(MOST_LIVE) {
        if let Change::Put(key, template) = change
            && key.kind == "Encounter"
        {
            judged.look(reading, &new_places, (key, template)).await?;
        }
    }
    if judged.changed.len() <= MOST_LOOKED_BACK {
        let added = left_behind(reading, &draft, (&judged, is_undo)).await?;
        draft.changes.extend(added);
    }
    draft.assertions.append(&mut judged.assertions);
    Ok((draft, judged.is_somebody_without))
}

impl Judged {
    /// Looks at one stay of the draft and gives it the tags that it is to have.
    async fn look(
        &mut self,
        reading: &Reading,
        new_places: &BTreeMap<String, Place>,
        (key, template): (&Key, &mut Template),
    ) -> Result<(), Problem> {
        let Ok(document) = Document::parse(&template.text, &Limits::default()) else { return Ok(()) };
        let stay = Stay::of(document.root());
        let (here, kept) = live_claims(&stay);
        let (beds, is_in_place) = beds_among(reading, new_places, &stay, &here).await?;
        let mut is_free = true;
        for bed in &beds {
            is_free &= !self.taken.contains(bed) && !is_held(reading, bed, &self.changed).await?;
        }
        if is_free {
            self.taken.extend(beds.iter().cloned());
            self.assertions.extend(beds.iter().map(|bed| at_most_one(AT, bed)));
        }
        // Who had no bed before, and of whom this says nothing else, has not lost one by it.
        self.is_somebody_without |= !is_free && !stay.no_bed_yet;
        let kept = beds_among(reading, new_places, &stay, &kept).await?.0;
        self.assertions.extend(kept.iter().map(|bed| at_most_one(RESERVED, bed)));
        let is_second = self.is_second(reading, &stay).await?;
        let is_without = stay.is_inpatient && !here.is_empty() && !is_in_place;
        let wanted = [(NO_BED_YET, !is_free), (SECOND_STAY, is_second), (NOT_IN_A_BED, is_without)];
        if (stay.no_bed_yet, stay.is_second, stay.not_in_a_bed) != (!is_free, is_second, is_without) {
            let text = retagged(&document, &wanted);
            if let Some(new) = retold(key, template, &text) {
                *template = new;
            }
        }
        Ok(())
    }

    /// Whether the patient has another live inpatient stay, and that one is not the second itself.
    async fn is_second(&mut self, reading: &Reading, stay: &Stay) -> Result<bool, Problem> {
        let Some(patient) = stay.patient.as_ref().filter(|_| stay.is_inpatient && stay.state.is_live()) else {
            return Ok(false);
        };
        if !self.placed.insert(patient.clone()) {
            return Ok(true);
        }
        let others = open_stays_of(reading, patient).await?;
        Ok(others.iter().any(|other| !self.changed.contains(&other.id) && !other.is_second))
    }
}

/// What the draft leaves behind: beds that are to be cleaned, and second stays that are the only one now.
async fn left_behind(
    reading: &Reading,
    draft: &Draft,
    (judged, is_undo): (&Judged, bool),
) -> Result<Vec<Change>, Problem> {
    let touched: BTreeSet<&Key> = draft.changes.iter().map(Change::key).collect();
    let may_clean = reading.permit().scope().writes.contains("Location") && !is_undo;
    let mut added = Vec::new();
    for id in &judged.changed {
        let Some(version) = live(reading, &Key::new("Encounter", id.as_str())).await? else { continue };
        let before = Stay::of(document(&version)?.root());
        if !before.state.is_live() {
            continue;
        }
        let left = before.place().filter(|_| may_clean && !before.no_bed_yet).map(|place| &place.place);
        if let Some(left) = left
            && !judged.taken.contains(left)
            && !touched.contains(&Key::new("Location", left.as_str()))
        {
            added.extend(places::mark(reading, left, BedStatus::Vacated, None).await?);
        }
        if let Some(patient) = before.patient.filter(|patient| !judged.placed.contains(patient)) {
            added.extend(only_one(reading, &patient, judged).await?);
        }
    }
    Ok(added)
}

/// The stay of a patient that was the second and is the only one now, without its tag.
async fn only_one(reading: &Reading, patient: &str, judged: &Judged) -> Result<Option<Change>, Problem> {
    let mut others = open_stays_of(reading, patient).await?;
    others.retain(|other| !judged.changed.contains(&other.id) && other.state != StayState::Mistaken);
    let is_settled = others.iter().any(|other| !other.is_second);
    let Some(other) = others.first().filter(|_| !is_settled) else { return Ok(None) };
    let key = Key::new("Encounter", other.id.as_str());
    let Some(version) = live(reading, &key).await? else { return Ok(None) };
    let text = retagged(&document(&version)?, &[(SECOND_STAY, false)]);
    draft::put(key, &text).map(Some)
}

async fn live(reading: &Reading, key: &Key) -> Result<Option<Version>, Problem> {
    Ok(reading.get(key).await?.filter(|version| !version.text.is_empty()))
}

/// The places that a draft brings or changes: a load may bring a ward together with who is in it.
fn places_in(draft: &Draft) -> BTreeMap<String, Place> {
    let mut places = BTreeMap::new();
    for change in &draft.changes {
        let Change::Put(key, template) = change else { continue };
        if key.kind != "Location" {
            continue;
        }
        if let Ok(document) = Document::parse(&template.text, &Limits::default()) {
            places.insert(key.id.clone(), Place::of(document.root()));
        }
    }
    places
}

/// Those of some places that one patient has alone, and whether the stay is where it is meant to be in any of them: in a
/// bed, or in a ward where it needs none.
async fn beds_among(
    reading: &Reading,
    new_places: &BTreeMap<String, Place>,
    stay: &Stay,
    claimed: &[&str],
) -> Result<(Vec<String>, bool), Problem> {
    let (mut beds, mut is_in_place) = (Vec::new(), false);
    for id in claimed {
        let Some(place) = place(reading, new_places, id).await? else { continue };
        if place.kind.holds_one() {
            beds.push((*id).to_owned());
        }
        is_in_place |= place.kind.is_bed() || stay.needs_no_bed(ward_kind(reading, new_places, place).await?);
    }
    Ok((beds, is_in_place))
}

async fn place(reading: &Reading, new_places: &BTreeMap<String, Place>, id: &str) -> Result<Option<Place>, Problem> {
    match new_places.get(id) {
        Some(place) => Ok(Some(place.clone())),
        None => places::place(reading, id).await,
    }
}

/// The kind of the ward that a place is or is in; of what is in none, its own.
async fn ward_kind(
    reading: &Reading,
    new_places: &BTreeMap<String, Place>,
    mut here: Place,
) -> Result<PlaceKind, Problem> {
    for _ in 0..MOST_ABOVE {
        let above = match &here.part_of {
            Some(above) if !here.kind.is_ward() => place(reading, new_places, above).await?,
            _ => None,
        };
        match above {
            Some(above) => here = above,
            None => break,
        }
    }
    Ok(here.kind)
}

/// Whether a stay that this draft leaves alone is in a bed.
async fn is_held(reading: &Reading, bed: &str, changed: &BTreeSet<String>) -> Result<bool, Problem> {
    let holders = crate::stays::occupants(reading, bed, "").await?;
    Ok(holders.iter().any(|stay| !changed.contains(&stay.id)))
}

fn at_most_one(row: &'static str, bed: &str) -> Assertion {
    Assertion::AtMost(vec![Span::head(row, [Part::target("Location", bed)])], 1)
}

/// The template of an edited text. One with large attachments cannot be edited here; no stay has any.
fn retold(key: &Key, template: &Template, text: &[u8]) -> Option<Template> {
    if !template.holes.is_empty() {
        return None;
    }
    let document = Document::parse(text, &Limits::default()).ok()?;
    Some(template_of(fhir::accept(&document, &key.id, &|_| None)))
}
