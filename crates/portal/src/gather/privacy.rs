//! What the privacy officer has to review: openings of restricted records, by who opened, in the order in which they are
//! due. The number is of the very query that the list is. Reads identity and no clinical content.

use std::collections::{BTreeMap, BTreeSet};

use administration::obligations::{self, Counted, RESTRICTED_ACCESS, Scope};
use administration::restricted_access::{Opening, openings};
use record::obligation::ObligationQuery;
use record::{Cursor, Problem, Reading};
use terms::Moment;

use super::finished;
use super::owed::{About, Tally, about, tallies};
use super::people::{Named, people};
use crate::door::{Door, asked};

/// Openings on one page.
const ROWS: usize = 50;

/// What is to be reviewed.
pub(crate) struct ToReview {
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
    /// Until when it is to be reviewed.
    pub(crate) due: Moment,
    /// Whose record; `None` of whom the permit does not reach.
    pub(crate) patient: Option<Named>,
}

/// How many there are and what the first of them is about, for the home page.
pub(crate) async fn counted(door: &Door) -> Result<(Tally, About), Problem> {
    let reading = door.record.read(&door.permit, asked::HOME).await?;
    let answer = tally(door, &reading).await;
    finished(reading, answer).await
}

async fn tally(door: &Door, reading: &Reading) -> Result<(Tally, About), Problem> {
    let kinds = std::iter::once(&RESTRICTED_ACCESS);
    let found = tallies(reading, kinds, &Scope::Everybody, door.now).await.pop();
    let found = found.unwrap_or(Tally { kind: &RESTRICTED_ACCESS, counted: None });
    let oldest = found.counted.as_ref().and_then(|counted| counted.oldest.clone());
    let about = about(door, reading, oldest.as_slice()).await?;
    Ok((found, about))
}

/// The list, from where a page before ended.
pub(crate) async fn to_review(door: &Door, after: Option<Cursor>) -> Result<ToReview, Problem> {
    let reading = match &after {
        Some(cursor) => door.record.read_at(&door.permit, asked::REVIEW, cursor.sequence()).await?,
        None => door.record.read(&door.permit, asked::REVIEW).await?,
    };
    let answer = gather(door, &reading, after).await;
    finished(reading, answer).await
}

async fn gather(door: &Door, reading: &Reading, after: Option<Cursor>) -> Result<ToReview, Problem> {
    let counted = obligations::count(reading, &RESTRICTED_ACCESS, &Scope::Everybody, door.now).await?;
    let query = obligations::query(&RESTRICTED_ACCESS, &Scope::Everybody, door.now);
    let page = reading.obligations(&ObligationQuery { limit: ROWS, after, ..query }).await?;
    let dues: BTreeMap<String, Moment> =
        page.obligations.iter().map(|open| (open.anchor.id.clone(), open.obligation.due)).collect();
    let found = openings(reading, page.obligations.iter().map(|open| open.anchor.id.clone())).await?;
    let patients: BTreeSet<String> = found.iter().map(|opening| opening.patient.clone()).collect();
    let named = people(reading, &patients, door.now).await?;
    let ids: BTreeSet<String> = found.iter().map(|opening| opening.by.clone()).collect();
    let names = door.names.of(ids.into_iter().collect()).await;
    let mut rows: Vec<Row> = found.into_iter().map(|opening| row(opening, &dues, &named)).collect();
    rows.sort_by(|one, other| (one.due, &one.opening.id).cmp(&(other.due, &other.opening.id)));
    Ok(ToReview { counted, people: by_person(rows, &names), next: page.next })
}

fn row(opening: Opening, dues: &BTreeMap<String, Moment>, named: &BTreeMap<String, Named>) -> Row {
    let due = dues.get(&opening.id).copied().unwrap_or_default();
    Row { due, patient: named.get(&opening.patient).cloned(), opening }
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
