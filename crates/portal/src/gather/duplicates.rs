//! Pairs under review: the queue, two records side by side, what a merge would do, and what an unmerge left to give out.
//! One reading for each page; decides nothing.

use administration::matching::{Comparison, Demographics};
use administration::merging::{
    Effects, Holds, Review, ReviewState, Unallocated, effects, holds, reviews, to_give_at_once, unallocated, weights,
};
use clinical::identity::Identity;
use clinical::{Material, chart};
use fhir::{Document, Limits};
use record::{Key, Problem, Reading};

use super::finished;
use super::items::{ItemWords, described};
use crate::door::{Door, asked};

/// Pairs that are listed.
const LISTED: usize = 200;
/// Items of one unmerge that are shown at once; the others follow as these are given.
const SHOWN: usize = 50;
const DAY_MS: i64 = 24 * 3_600_000;

/// A pair as it is listed.
pub(crate) struct Listed {
    /// The review.
    pub(crate) review: Review,
    /// Both people; `None` for one that cannot be read.
    pub(crate) people: (Option<Identity>, Option<Identity>),
}

/// The queue.
pub(crate) struct Queue {
    /// To be looked at, longest first.
    pub(crate) open: Vec<Listed>,
    /// Waiting for a second person.
    pub(crate) asked: Vec<Listed>,
    /// Said to be two people.
    pub(crate) not_the_same: Vec<Listed>,
    /// What unmerges left.
    pub(crate) unallocated: Vec<Left>,
}

/// What an unmerge left, in words.
pub(crate) struct Left {
    /// The list.
    pub(crate) list: Unallocated,
    /// Both people, left and right.
    pub(crate) people: (Option<Identity>, Option<Identity>),
    /// The first items that are nobody's yet.
    pub(crate) items: Vec<ItemWords>,
}

/// Two records side by side.
pub(crate) struct Compared {
    /// The review.
    pub(crate) review: Review,
    /// The left.
    pub(crate) left: Identity,
    /// The right.
    pub(crate) right: Identity,
    /// The fields of the Patient whose texts differ.
    pub(crate) differing: Vec<&'static str>,
    /// What each holds.
    pub(crate) holds: Vec<Holds>,
    /// What a merge would do.
    pub(crate) effects: Effects,
    /// What each field is worth, and in total.
    pub(crate) comparison: Comparison,
    /// Of how many records the weights were learnt; `None` before any were.
    pub(crate) learnt_of: Option<usize>,
    /// Of two who are merged: what must be given to one of them when the merge is taken apart.
    pub(crate) in_force: Vec<ItemWords>,
    /// How many are to be looked at.
    pub(crate) open: usize,
    /// For how many days the oldest of these waits.
    pub(crate) oldest_days: Option<i64>,
    /// The next of these.
    pub(crate) next: Option<String>,
}

/// The queue of this trust.
pub(crate) async fn queue(door: &Door) -> Result<Queue, Problem> {
    let reading = door.record.read(&door.permit, asked::DUPLICATES).await?;
    let answer = gather_queue(door, &reading).await;
    finished(reading, answer).await
}

async fn gather_queue(door: &Door, reading: &Reading) -> Result<Queue, Problem> {
    Ok(Queue {
        open: listed(door, reading, ReviewState::Open).await?,
        asked: listed(door, reading, ReviewState::Asked).await?,
        not_the_same: listed(door, reading, ReviewState::NotTheSame).await?,
        unallocated: left(door, reading).await?,
    })
}

/// What unmerges left, with the names of both people.
async fn left(door: &Door, reading: &Reading) -> Result<Vec<Left>, Problem> {
    let mut lists = Vec::new();
    for list in unallocated(reading, LISTED).await? {
        let left = person(door, reading, &list.pair.left).await?.map(|(identity, _)| identity);
        let right = person(door, reading, &list.pair.right).await?.map(|(identity, _)| identity);
        let open = list.items.iter().filter(|item| item.given_to.is_none()).take(SHOWN);
        let open: Vec<String> = open.map(|item| item.reference.clone()).collect();
        let items = described(reading, &open).await?;
        lists.push(Left { list, people: (left, right), items });
    }
    Ok(lists)
}

async fn listed(door: &Door, reading: &Reading, state: ReviewState) -> Result<Vec<Listed>, Problem> {
    let mut listed = Vec::new();
    for review in reviews(reading, state, LISTED).await? {
        let left = person(door, reading, &review.pair.left).await?.map(|(identity, _)| identity);
        let right = person(door, reading, &review.pair.right).await?.map(|(identity, _)| identity);
        listed.push(Listed { review, people: (left, right) });
    }
    Ok(listed)
}

/// A pair; `None` when there is no such review.
pub(crate) async fn compared(door: &Door, id: &str) -> Result<Option<Compared>, Problem> {
    let reading = door.record.read(&door.permit, asked::DUPLICATES).await?;
    let answer = gather_pair(door, &reading, id).await;
    finished(reading, answer).await
}

async fn gather_pair(door: &Door, reading: &Reading, id: &str) -> Result<Option<Compared>, Problem> {
    let version = reading.get(&Key::new("Task", id)).await?.filter(|version| !version.text.is_empty());
    let Some(version) = version else { return Ok(None) };
    let task = Document::parse(&version.text, &Limits::default()).ok();
    let Some(review) = task.and_then(|task| Review::of(task.root())) else { return Ok(None) };
    let (left, right) =
        (person(door, reading, &review.pair.left).await?, person(door, reading, &review.pair.right).await?);
    let (Some((left, left_text)), Some((right, right_text))) = (left, right) else { return Ok(None) };
    let weights = weights(reading).await?;
    let open = reviews(reading, ReviewState::Open, LISTED).await?;
    let at = open.iter().position(|other| other.id == review.id);
    let next = match at {
        Some(at) => open.get(at + 1).or(open.first().filter(|first| first.id != review.id)),
        None => open.first(),
    };
    let in_force = to_give_at_once(reading, &review.pair).await?;
    let in_force: Vec<String> = in_force.iter().map(|version| version.key.to_string()).collect();
    let since = open.first().and_then(|first| first.since);
    Ok(Some(Compared {
        comparison: weights.compare(&demographics(&left_text), &demographics(&right_text)),
        learnt_of: weights.people(),
        oldest_days: since.map(|since| (door.now.0 - since.0).div_euclid(DAY_MS)),
        differing: differing(&left_text, &right_text),
        holds: holds(reading, &review.pair).await?,
        effects: effects(reading, &review.pair).await?,
        in_force: described(reading, &in_force).await?,
        next: next.map(|next| next.id.clone()),
        open: open.len(),
        review,
        left,
        right,
    }))
}

fn demographics(text: &[u8]) -> Demographics {
    let document = Document::parse(text, &Limits::default()).ok();
    document.map(|patient| Demographics::of_patient(patient.root())).unwrap_or_default()
}

/// The fields that both have and that differ.
fn differing(left: &[u8], right: &[u8]) -> Vec<&'static str> {
    let parse = |text| Document::parse(text, &Limits::default()).ok();
    let (Some(left), Some(right)) = (parse(left), parse(right)) else { return Vec::new() };
    let raw = |document: &Document<'_>, field: &str| document.root().get(field).map(|node| node.raw().to_vec());
    let fields = administration::merging::FIELDS.iter().map(|(field, _)| *field);
    fields
        .filter(|field| match (raw(&left, field), raw(&right, field)) {
            (Some(left), Some(right)) => left != right,
            _ => false,
        })
        .collect()
}

/// Who a Patient is, and its text.
async fn person(door: &Door, reading: &Reading, id: &str) -> Result<Option<(Identity, Vec<u8>)>, Problem> {
    let version = reading.get(&Key::new("Patient", id)).await?.filter(|version| !version.text.is_empty());
    let Some(version) = version else { return Ok(None) };
    let Ok(document) = Document::parse(&version.text, &Limits::default()) else { return Ok(None) };
    let material = Material { patient: document.root(), resources: Vec::new(), allergies_readable: false };
    let identity = chart(&material, door.now).identity;
    Ok(Some((identity, version.text.to_vec())))
}
