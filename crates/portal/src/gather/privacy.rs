//! What the privacy officer has to review and to follow up: openings of restricted records, by who opened, in the order in
//! which they are due. A number is of the very query that its list is. Reads identity and no clinical content.

use std::collections::{BTreeMap, BTreeSet};

use administration::obligations::{self, Counted, Kind, OF_PRIVACY, Scope};
use administration::restricted_access::{Judged, Opening, Review, judged, openings};
use record::obligation::ObligationQuery;
use record::{Cursor, Problem, Reading};
use terms::Moment;

use super::finished;
use super::owed::{About, Tally, about, tallies};
use super::people::{Named, people};
use crate::door::{Door, asked};

/// Openings on one page.
const ROWS: usize = 50;

/// What is to be judged.
pub(crate) struct ToJudge {
    pub(crate) counted: Counted,
    /// Those of this page, by who opened.
    pub(crate) people: Vec<OfOne>,
    pub(crate) next: Option<Cursor>,
}

/// What one person opened.
pub(crate) struct OfOne {
    /// Their stable id.
    pub(crate) by: String,
    /// What they are called.
    pub(crate) name: String,
    pub(crate) openings: Vec<Row>,
}

/// One opening.
pub(crate) struct Row {
    pub(crate) opening: Opening,
    /// Until when it is to be judged.
    pub(crate) due: Moment,
    /// Its review, if there is one.
    pub(crate) review: Option<Review>,
    /// Whose record; `None` of whom the permit does not reach.
    pub(crate) patient: Option<Named>,
}

/// How many there are of each kind and what the first of them is about, for the home page.
pub(crate) async fn counted(door: &Door) -> Result<Vec<(Tally, About)>, Problem> {
    let reading = door.record.read(&door.permit, asked::HOME).await?;
    let answer = all_counted(door, &reading).await;
    finished(reading, answer).await
}

async fn all_counted(door: &Door, reading: &Reading) -> Result<Vec<(Tally, About)>, Problem> {
    let mut found = Vec::new();
    for tally in tallies(reading, OF_PRIVACY.iter().copied(), &Scope::Everybody, door.now).await {
        let oldest = tally.counted.as_ref().and_then(|counted| counted.oldest.clone());
        let about = about(door, reading, oldest.as_slice()).await?;
        found.push((tally, about));
    }
    Ok(found)
}

/// The list of a kind, from where a page before ended.
pub(crate) async fn to_judge(door: &Door, kind: &Kind, after: Option<Cursor>) -> Result<ToJudge, Problem> {
    let reading = match &after {
        Some(cursor) => door.record.read_at(&door.permit, asked::REVIEW, cursor.sequence()).await?,
        None => door.record.read(&door.permit, asked::REVIEW).await?,
    };
    let answer = gather(door, &reading, kind, after).await;
    finished(reading, answer).await
}

async fn gather(door: &Door, reading: &Reading, kind: &Kind, after: Option<Cursor>) -> Result<ToJudge, Problem> {
    let counted = obligations::count(reading, kind, &Scope::Everybody, door.now).await?;
    let query = obligations::query(kind, &Scope::Everybody, door.now);
    let page = reading.obligations(&ObligationQuery { limit: ROWS, after, ..query }).await?;
    let dues: BTreeMap<String, Moment> =
        page.obligations.iter().map(|open| (open.anchor.id.clone(), open.obligation.due)).collect();
    let found = openings(reading, dues.keys().cloned()).await?;
    let judged = judged(reading, &found.iter().map(|opening| opening.id.clone()).collect::<Vec<_>>()).await?;
    let patients: BTreeSet<String> = found.iter().map(|opening| opening.patient.clone()).collect();
    let named = people(reading, &patients, door.now).await?;
    let ids: BTreeSet<String> = found.iter().map(|opening| opening.by.clone()).collect();
    let names = door.names.of(ids.into_iter().collect()).await;
    let mut rows: Vec<Row> = found.into_iter().map(|opening| row(opening, &dues, &judged, &named)).collect();
    rows.sort_by(|one, other| (one.due, &one.opening.id).cmp(&(other.due, &other.opening.id)));
    Ok(ToJudge { counted, people: by_person(rows, &names), next: page.next })
}

fn row(opening: Opening, dues: &BTreeMap<String, Moment>, judged: &Judged, named: &BTreeMap<String, Named>) -> Row {
    let due = dues.get(&opening.id).copied().unwrap_or_default();
    let (review, patient) = (judged.review(&opening).cloned(), named.get(&opening.patient).cloned());
    Row { due, review, patient, opening }
}

/// By who opened; whose first is due first stands first.
fn by_person(rows: Vec<Row>, names: &BTreeMap<String, String>) -> Vec<OfOne> {
    let mut people: Vec<OfOne> = Vec::new();
    for row in rows {
        let by = &row.opening.by;
        match people.iter_mut().find(|one| one.by == *by) {
            Some(one) => one.openings.push(row),
            None => {
                let name = names.get(by).cloned().unwrap_or_else(|| row.opening.name.clone());
                people.push(OfOne { by: by.clone(), name, openings: vec![row] });
            }
        }
    }
    people
}
