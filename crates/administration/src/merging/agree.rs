//! The second person agrees: the merge itself, one small commit. What the two records contradict each other in is left to
//! people, as tasks of the same commit. Knows no page and no clock.

use fhir::read::{id_of, items, text};
use fhir::write::{Object, array, array_if, coding, reference, with_members};
use fhir::{Document, Limits, Node};
use record::{Draft, Key, Problem, Reading, TransactError};
use terms::Moment;

use super::ask::temporary;
use super::effects::{Effects, effects};
use super::review::{Pair, Review, ReviewState, Side, review, review_id};
use super::rows::MERGING;
use super::{patient, refused};
use crate::draft;
use crate::obligations::RECORDS_TEAM;
use crate::refusal::Refusal;
use crate::tasks::owner_team;

/// How long whoever settles a contradiction has.
const SETTLE_MS: i64 = 2 * 24 * 3_600_000;

/// The second person agrees to a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreeToMerge {
    /// The two.
    pub pair: Pair,
}

impl AgreeToMerge {
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let review = review(reading, &review_id(&self.pair)).await?;
        let by = reading.permit().principal().id.clone();
        let (review, survivor) = decide(review, &by).map_err(refused)?;
        let loser = self.pair.other(&survivor).to_owned();
        let effects = effects(reading, &self.pair).await?;
        check(&effects).map_err(refused)?;
        let (stays, goes) = (patient(reading, &survivor).await?, patient(reading, &loser).await?);
        let (stays, goes) = (draft::document(&stays)?, draft::document(&goes)?);
        check_links(stays.root(), goes.root()).map_err(refused)?;
        let kept = Side::of_code(if survivor == self.pair.left { "left" } else { "right" });
        let from_loser: Vec<&str> =
            review.keep.iter().filter(|(_, side)| Some(*side) != kept).map(|(field, _)| field.as_str()).collect();
        let mut draft = Draft::default();
        draft
            .changes
            .push(draft::put(Key::new("Patient", survivor.as_str()), &joined(&stays, &goes, &loser, &from_loser))?);
        draft.changes.push(draft::put(Key::new("Patient", loser.as_str()), &replaced(&goes, &survivor))?);
        let mut left = contradictions(&effects);
        if temporary(reading, &self.pair).await?.is_some() {
            left.push("Nobody knew who this was: check the allergies with the patient and the true record");
        }
        for (number, words) in left.into_iter().enumerate() {
            let task = settle(&format!("{}-{}-{number}", review.id, now.0), &survivor, words, now);
            draft.changes.push(task.map_err(TransactError::Problem)?);
        }
        let merged = Review { state: ReviewState::Merged, agreed_by: Some(by), ..review };
        draft.changes.push(draft::put(merged.key(), merged.text().as_bytes())?);
        Ok(draft)
    }
}

fn decide(review: Option<Review>, by: &str) -> Result<(Review, String), Refusal> {
    let review = review.filter(|review| review.state == ReviewState::Asked);
    let review = review.ok_or_else(|| Refusal::new("not-asked", "Nobody has asked for this merge, or it was done."))?;
    if review.asked_by.as_deref() == Some(by) {
        let sentence = "You asked for this merge. Somebody else must agree to it.";
        return Err(Refusal::new("same-person", sentence));
    }
    let survivor = review.survivor.clone();
    survivor
        .map(|survivor| (review, survivor))
        .ok_or_else(|| Refusal::new("survivor", "Nobody said which record stays."))
}

fn check(effects: &Effects) -> Result<(), Refusal> {
    if effects.both_inpatients {
        let sentence = "Both are inpatients now. Find out who is in which bed; merge when one of the stays has ended.";
        return Err(Refusal::new("both-inpatients", sentence));
    }
    Ok(())
}

/// A record that was merged away cannot be merged again, and no circle may come about.
fn check_links(stays: Node<'_, '_>, goes: Node<'_, '_>) -> Result<(), Refusal> {
    let is_gone = |patient: Node<'_, '_>| items(patient, "link").any(|link| is_link(link, "replaced-by"));
    if is_gone(stays) || is_gone(goes) {
        return Err(Refusal::new(
            "merged-away",
            "One of the two was merged into another record. Compare with that one.",
        ));
    }
    Ok(())
}

/// What a merge leaves for people to settle.
fn contradictions(effects: &Effects) -> Vec<&'static str> {
    let mut left = Vec::new();
    if effects.allergies_conflict {
        left.push("Allergies conflict: read as allergic until settled");
    }
    if !effects.open_in_both.is_empty() {
        left.push("Two open pathways in one specialty: which is true?");
    }
    if effects.stays_overlap {
        left.push("Two stays overlap: which is true?");
    }
    left
}

fn settle(id: &str, patient: &str, words: &str, now: Moment) -> Result<record::Change, Problem> {
    let period = Object::new().text("end", Moment(now.0 + SETTLE_MS).to_string()).done();
    let code = Object::new().json("coding", array([coding(MERGING, "settle", None)])).text("text", words).done();
    let text = Object::resource("Task", id)
        .text("status", "requested")
        .text("intent", "order")
        .text("priority", "urgent")
        .json("code", code)
        .text("description", words)
        .json("for", reference(&format!("Patient/{patient}"), None))
        .text("authoredOn", now.to_string())
        .json("owner", owner_team(RECORDS_TEAM))
        .json("restriction", Object::new().json("period", period).done())
        .done();
    draft::put(Key::new("Task", id), text.as_bytes())
}

/// The survivor's text: the link, the fields that were chosen from the other, and what only the other had.
fn joined(stays: &Document<'_>, goes: &Document<'_>, loser: &str, from_loser: &[&str]) -> Vec<u8> {
    let mut members: Vec<(&str, Option<String>)> = Vec::new();
    for (field, _) in super::FIELDS {
        let theirs = goes.root().get(field).map(|node| node.raw_text().to_owned());
        let is_missing = stays.root().get(field).is_none();
        if theirs.is_some() && (is_missing || from_loser.contains(&field)) {
            members.push((field, theirs));
        }
    }
    members.push(("link", links_with(stays.root(), Some(link(loser, "replaces")))));
    with_members(stays, &members)
}

fn replaced(goes: &Document<'_>, survivor: &str) -> Vec<u8> {
    let link = links_with(goes.root(), Some(link(survivor, "replaced-by")));
    with_members(goes, &[("active", Some("false".into())), ("link", link)])
}

fn link(to: &str, kind: &str) -> String {
    Object::new().json("other", reference(&format!("Patient/{to}"), None)).text("type", kind).done()
}

fn links_with(patient: Node<'_, '_>, more: Option<String>) -> Option<String> {
    array_if(items(patient, "link").map(|link| link.raw_text().to_owned()).chain(more))
}

pub(super) fn is_link(link: Node<'_, '_>, kind: &str) -> bool {
    text(link, "type").as_deref() == Some(kind)
}

/// A Patient's text as it was before a merge, as far as nobody changed it since: each member that the merge wrote goes back
/// to what it was, unless it was written again; the link goes. Gives the members that were left because they were.
pub(super) fn parted(
    now: &Document<'_>,
    before: &[u8],
    after: &[u8],
    other: &str,
) -> Result<(Vec<u8>, Vec<String>), Problem> {
    let parse = |text: &'_ [u8]| -> Result<(), Problem> {
        Document::parse(text, &Limits::default())
            .map(|_| ())
            .map_err(|fault| Problem::Damaged { what: format!("a Patient is unreadable: {}", fault.message) })
    };
    parse(before)?;
    parse(after)?;
    let (Ok(before), Ok(after)) =
        (Document::parse(before, &Limits::default()), Document::parse(after, &Limits::default()))
    else {
        return Ok((now.text().to_vec(), Vec::new()));
    };
    let raw = |document: &Document<'_>, field: &str| document.root().get(field).map(|node| node.raw_text().to_owned());
    let mut members: Vec<(&str, Option<String>)> = Vec::new();
    let mut left = Vec::new();
    for field in super::FIELDS.iter().map(|(field, _)| *field).chain(["active"]) {
        let (was, merged, is) = (raw(&before, field), raw(&after, field), raw(now, field));
        match was == merged {
            false if is == merged => members.push((field, was)),
            false => left.push(field.to_owned()),
            true => {}
        }
    }
    let others = items(now.root(), "link").filter(|link| id_of(*link, "other", "Patient").as_deref() != Some(other));
    members.push(("link", array_if(others.map(|link| link.raw_text().to_owned()))));
    Ok((with_members(now, &members), left))
}
