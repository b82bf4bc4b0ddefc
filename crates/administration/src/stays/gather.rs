//! Stays as they are read from a record: one, those of a patient, of a ward, of a consultant; and where a place lies.
//! Bounded, through the permit of the reading; decides nothing.

use std::sync::Arc;

use record::{Assertion, Clause, Draft, Key, Problem, Reading, Select, Version};
use terms::index::{Part, Span};

use super::rows::{AT, CLAIMS, EXPECTED_AT, OPEN_STAY, RESERVED};
use super::{Stay, StayState};
use crate::census::census;
use crate::draft;
use crate::emergency::IN_DEPARTMENT;
use crate::places::{self, Place, Ward};

/// Most stays of one ward that a board shows.
const MOST_ON_A_BOARD: usize = 5000;

/// One stay; `None` when there is none or the permit does not reach it.
pub async fn stay(reading: &Reading, id: &str) -> Result<Option<Stay>, Problem> {
    let version = reading.get(&Key::new("Encounter", id)).await?.filter(|version| !version.text.is_empty());
    version.map(|version| Ok(Stay::of(draft::document(&version)?.root()))).transpose()
}

/// The live inpatient stays of a patient: one, unless something is wrong.
pub async fn open_stays_of(reading: &Reading, patient: &str) -> Result<Vec<Stay>, Problem> {
    let span = Span::head(OPEN_STAY, [Part::target("Patient", patient)]);
    found(reading, vec![span]).await
}

/// Every stay that is in a ward, is said to be, or is expected there.
pub async fn in_ward(reading: &Reading, ward: &Ward) -> Result<Vec<Stay>, Problem> {
    let spans = ward.places().flat_map(|place| {
        [AT, CLAIMS, RESERVED, EXPECTED_AT].map(|row| Span::head(row, [Part::target("Location", place.id.as_str())]))
    });
    found(reading, spans.collect()).await
}

/// The stays that go on in wards and departments, and whose consultant, or clinician in the emergency department, is now a member
/// of staff, by the id of the stay. It shows nobody yet: whoever puts patients on a page reads who they are.
pub async fn of_consultant(reading: &Reading, staff: &str) -> Result<Vec<Arc<Stay>>, Problem> {
    let who = format!("Practitioner/{staff}");
    let census = census(reading).await?;
    let is_theirs = |stay: &&Arc<Stay>| stay.state.is_live() && stay.consultant().is_some_and(|care| care.who == who);
    Ok(census.stays().filter(is_theirs).map(Arc::clone).collect())
}

/// Gives every Encounter to `take` that is somewhere, is said to be, or is expected, or is an attendance of an emergency
/// department that goes on. However many there are: other systems leave stays open that ended years ago.
pub(crate) async fn each_somewhere(
    reading: &Reading,
    take: impl FnMut(&Version) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let rows = [AT, CLAIMS, RESERVED, EXPECTED_AT, IN_DEPARTMENT].map(|row| Span::head(row, []));
    each(reading, rows.into(), usize::MAX, take).await
}

/// The live stays that are in one of these places, other than one.
pub(crate) async fn occupants(reading: &Reading, place: &str, but: &str) -> Result<Vec<Stay>, Problem> {
    let mut stays = found(reading, vec![Span::head(AT, [Part::target("Location", place)])]).await?;
    stays.retain(|stay| stay.id != but);
    Ok(stays)
}

/// The stays that a place is kept for, other than one.
pub(crate) async fn holders(reading: &Reading, place: &str, but: &str) -> Result<Vec<Stay>, Problem> {
    let mut stays = found(reading, vec![Span::head(RESERVED, [Part::target("Location", place)])]).await?;
    stays.retain(|stay| stay.id != but && stay.state != StayState::Cancelled);
    Ok(stays)
}

async fn found(reading: &Reading, spans: Vec<Span>) -> Result<Vec<Stay>, Problem> {
    let mut stays = Vec::new();
    let take = |version: &Version| {
        stays.push(Stay::of(draft::document(version)?.root()));
        Ok(())
    };
    each(reading, spans, MOST_ON_A_BOARD, take).await?;
    Ok(stays)
}

/// Gives every Encounter with a row in one of some spans to `take`.
///
/// # Errors
/// [`Problem::TooCostly`] when there are more than `most`: whoever is left out would read as not there.
async fn each(
    reading: &Reading,
    spans: Vec<Span>,
    most: usize,
    mut take: impl FnMut(&Version) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut select = Select::of("Encounter").with(Clause::Any(spans)).limit(1000);
    let mut left = most;
    loop {
        let page = reading.select(&select).await?;
        left = left.checked_sub(page.versions.len()).ok_or(Problem::TooCostly)?;
        page.versions.iter().try_for_each(&mut take)?;
        match page.next {
            Some(next) => select.after = Some(next),
            None => return Ok(()),
        }
    }
}

/// A place for somebody who arrives: itself, or the ward when it is a bed that is taken or kept for somebody else. Who has
/// the bed is asserted: when they leave it meanwhile, the decision is made again.
pub(crate) async fn free_or_ward(
    reading: &Reading,
    place: &Place,
    stay: &str,
    draft: &mut Draft,
) -> Result<String, Problem> {
    if !place.kind.is_bed() {
        return Ok(place.id.clone());
    }
    let mut others = occupants(reading, &place.id, stay).await?;
    if others.is_empty() {
        others = holders(reading, &place.id, stay).await?;
    }
    let Some(other) = others.first() else { return Ok(place.id.clone()) };
    let key = Key::new("Encounter", other.id.as_str());
    if let Some(version) = reading.get(&key).await? {
        draft.assertions.push(Assertion::Version(key, version.version));
    }
    ward_above(reading, &place.id).await
}

/// The ward that a bed's room or a bed is in: where somebody without a bed is.
pub(crate) async fn ward_above(reading: &Reading, place: &str) -> Result<String, Problem> {
    let mut here = place.to_owned();
    for _ in 0..8 {
        let Some(found) = places::place(reading, &here).await? else { return Ok(here) };
        match found.part_of {
            Some(above) if !found.kind.is_ward() => here = above,
            _ => return Ok(here),
        }
    }
    Ok(here)
}
