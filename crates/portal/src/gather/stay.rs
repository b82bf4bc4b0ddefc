//! One stay with everything that its page shows, at one snapshot: who it is, what it comes to, what is owed, which beds
//! are free, who can be responsible.
//!
//! Bounded; decides nothing. A role without clinical content gets the identity alone.

use std::sync::Arc;

use administration::boards::all_boards;
use administration::downtime::form_marks;
use administration::places::places;
use administration::stays::account::{Recomputed, account_of, recomputed};
use administration::stays::{Stay, StayState, detentions_of, still_owed};
use fhir::{Document, Limits};
use record::{Key, Problem, Reading};
use terms::Moment;

use super::chart::{gather as chart_of, identity_of};
use super::staff::staff;
use crate::door::Door;
use crate::pages::stay::Gathered;

/// A stay; `None` when there is none, or the permit does not reach it. `changed` is the version whose change is told.
pub(crate) async fn gather(
    door: &Door,
    reading: &Reading,
    id: &str,
    changed: Option<u64>,
) -> Result<Option<Gathered>, Problem> {
    let key = Key::new("Encounter", id);
    let Some(version) = reading.get(&key).await?.filter(|version| !version.text.is_empty()) else { return Ok(None) };
    let Some(stay) = parsed(&version.text).filter(|stay| stay.is_inpatient) else { return Ok(None) };
    let Some(patient) = stay.patient.clone() else { return Ok(None) };
    let forms =
        Document::parse(&version.text, &Limits::default()).map_or_else(|_| Vec::new(), |of| form_marks(of.root()));
    let is_clinical = door.permit.scope().reads.contains("AllergyIntolerance");
    let chart = match is_clinical {
        true => chart_of(door, reading, &patient).await?.map(|gathered| gathered.chart.clone()),
        false => identity_of(door, reading, &patient).await?.map(Arc::new),
    };
    let Some(chart) = chart else { return Ok(None) };
    let owed = match stay.state {
        StayState::Expected => Vec::new(),
        _ => still_owed(reading, &patient, door.now).await?,
    };
    let mut detentions = match is_clinical {
        true => detentions_of(reading, &patient).await?,
        false => Vec::new(),
    };
    // Of another stay of theirs only what is in force here too.
    detentions.retain(|of| of.is_in_force() || of.stay.as_deref() == Some(id));
    Ok(Some(Gathered {
        detentions,
        account: account_of(reading, &stay, door.now).await?,
        changed: change(reading, &key, changed, door.now).await?,
        wards: all_boards(reading, door.now).await?,
        places: places(reading).await?,
        staff: staff(reading).await?,
        version: version.version,
        stay,
        chart,
        owed,
        forms,
    }))
}

fn parsed(text: &[u8]) -> Option<Stay> {
    Some(Stay::of(Document::parse(text, &Limits::default()).ok()?.root()))
}

/// What one version changed in places, episodes and bed days.
async fn change(
    reading: &Reading,
    key: &Key,
    version: Option<u64>,
    now: Moment,
) -> Result<Option<Recomputed>, Problem> {
    let Some(version) = version.filter(|version| *version > 1) else { return Ok(None) };
    let mut accounts = Vec::new();
    for version in [version - 1, version] {
        let text = reading.version(key, version).await?.filter(|version| !version.text.is_empty());
        let Some(stay) = text.and_then(|version| parsed(&version.text)) else { return Ok(None) };
        accounts.push(account_of(reading, &stay, now).await?);
    }
    Ok(accounts.first().zip(accounts.last()).map(|(before, after)| recomputed(before, after)))
}
