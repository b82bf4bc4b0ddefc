//! A merge that was wrong is taken apart: both Patients are what they were, and what was written while they were one is
//! given to one of them, item by item, by a named reviewer. What is in force (`written.rs`) is given in the same commit.
//!
//! The items stand in a FHIR List (code `unmerge`); as long as an entry has no flag, its resource carries the label
//! *unallocated* and shows as neither's, but to those who give it out.

use std::collections::BTreeMap;

use fhir::read::{code_in, items, moment, reference, text};
use fhir::write::{Object, array, array_if, coding, with_members};
use fhir::{Document, Node};
use record::{Change, Clause, Draft, Key, Problem, Reading, Select, TransactError, Version};
use terms::Moment;
use terms::index::{Next, Part, Span};

use super::agree::parted;
use super::ask::put;
use super::refused;
use super::review::{Pair, Review, ReviewState, review, review_id};
use super::rows::{MERGING, is_unmerge, split};
use super::written::{Written, merge_of, written_since};
use crate::draft::{self, document};
use crate::refusal::Refusal;

/// The code of the List.
pub(super) const LIST_CODE: &str = "unmerge";

/// Most lists that are looked through for one patient.
const MOST_LISTS: usize = 1000;

/// Takes a merge apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmerge {
    /// The two.
    pub pair: Pair,
    /// Why.
    pub why: String,
    /// Whose each item is that is in force ([`super::to_give_at_once`]): the item, such as `Encounter/s-1`, and the Patient.
    pub given: Vec<(String, String)>,
}

/// Gives one item to one of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocate {
    /// The List's id.
    pub list: String,
    /// The item, such as `Observation/17`.
    pub item: String,
    /// The Patient whose it is.
    pub to: String,
}

/// One item of an unmerge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The resource.
    pub reference: String,
    /// The Patient it was given to.
    pub given_to: Option<String>,
}

/// What an unmerge left to give out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unallocated {
    /// The List's id.
    pub list: String,
    /// The two.
    pub pair: Pair,
    /// When they were taken apart.
    pub since: Option<Moment>,
    /// Its items.
    pub items: Vec<Item>,
}

impl Unmerge {
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let why = self.why.trim();
        if why.is_empty() || why.chars().count() > 1000 {
            return Err(refused(Refusal::at(
                "why",
                "why",
                "Say why they are two people, in at most 1,000 characters.",
            )));
        }
        let review = review(reading, &review_id(&self.pair)).await?.filter(|of| of.state == ReviewState::Merged);
        let not_merged = || refused(Refusal::new("not-merged", "These two records are not merged."));
        let review = review.ok_or_else(not_merged)?;
        let survivor = review.survivor.clone().ok_or_else(not_merged)?;
        let loser = self.pair.other(&survivor).to_owned();
        let mut draft = Draft::default();
        let merged_at = part(reading, &loser, &survivor, "replaced-by", &mut draft).await?;
        part(reading, &survivor, &loser, "replaces", &mut draft).await?;
        let written = written_since(reading, &self.pair, merged_at).await?;
        if !written.references.is_empty() {
            let given = self.decide(&written).map_err(refused)?;
            draft.changes.extend(self.give(reading, &given).await?);
            let item = |reference: String| Item { given_to: given.get(&reference).cloned(), reference };
            let list = Unallocated {
                list: format!("{}-{}", review.id.replacen("duplicate", "unmerge", 1), now.0),
                pair: self.pair.clone(),
                since: Some(now),
                items: written.references.into_iter().map(item).collect(),
            };
            draft.changes.push(draft::put(Key::new("List", list.list.as_str()), list.text().as_bytes())?);
        }
        let by = Some(reading.permit().principal().id.clone());
        let review = Review { state: ReviewState::Unmerged, why: Some(why.to_owned()), agreed_by: by, ..review };
        draft.changes.extend(put(review)?.changes);
        Ok(draft)
    }

    /// Whose each item is, of those that were written; everything that is in force is among them.
    fn decide(&self, written: &Written) -> Result<BTreeMap<String, String>, Refusal> {
        if self.given.iter().any(|(_, to)| *to != self.pair.left && *to != self.pair.right) {
            return Err(Refusal::at("whose", "given", "Say whose it is: one of the two."));
        }
        let was_written = |item: &String| written.references.binary_search(item).is_ok();
        let given: BTreeMap<String, String> =
            self.given.iter().filter(|(item, _)| was_written(item)).cloned().collect();
        let open = written.in_force.iter().filter(|version| !given.contains_key(&version.key.to_string())).count();
        match open {
            0 => Ok(given),
            _ => {
                let sentence = format!(
                    "Say for each item in force whose it is: {open} of {} would be shown as neither's, and could be missed.",
                    written.in_force.len()
                );
                Err(Refusal::at("in-force", "given", sentence))
            }
        }
    }

    /// The changes that lead what was given to the one of the two whose it is.
    async fn give(&self, reading: &Reading, given: &BTreeMap<String, String>) -> Result<Vec<Change>, Problem> {
        let keys: Vec<Key> = given.keys().filter_map(|item| split(item)).map(|(kind, id)| Key::new(kind, id)).collect();
        let mut changes = Vec::new();
        for version in reading.get_many(&keys).await?.iter().filter(|version| !version.text.is_empty()) {
            if let Some(to) = given.get(&version.key.to_string()) {
                changes.extend(led_to(version, &self.pair, to)?);
            }
        }
        Ok(changes)
    }
}

/// Puts one of the two back; gives the moment of the merge.
async fn part(
    reading: &Reading,
    own: &str,
    other: &str,
    kind: &str,
    draft: &mut Draft,
) -> Result<Moment, TransactError<Refusal>> {
    let merged = merge_of(reading, own, other, kind).await?.ok_or_else(|| {
        refused(Refusal::new("not-merged", "The merge of these two is not in the history of their records."))
    })?;
    let (text, _) = parted(&document(&merged.newest)?, &merged.before.text, &merged.after.text, other)?;
    draft.changes.push(draft::put(merged.newest.key.clone(), &text)?);
    Ok(merged.after.moment)
}

impl Allocate {
    pub(crate) async fn plan(&self, reading: &Reading, _: Moment) -> Result<Draft, TransactError<Refusal>> {
        let list = reading.get(&Key::new("List", self.list.as_str())).await?.filter(|list| !list.text.is_empty());
        let list = list.ok_or_else(|| refused(Refusal::new("no-list", "There is nothing to give out.")))?;
        let list_document = document(&list)?;
        let mut open = Unallocated::of(list_document.root())
            .ok_or_else(|| refused(Refusal::new("no-list", "There is nothing to give out.")))?;
        if self.to != open.pair.left && self.to != open.pair.right {
            return Err(refused(Refusal::at("whose", "to", "Say whose it is: one of the two.")));
        }
        let item = open.items.iter_mut().find(|item| item.reference == self.item && item.given_to.is_none());
        let item = item.ok_or_else(|| refused(Refusal::new("given", "This was given out already.")))?;
        item.given_to = Some(self.to.clone());
        let (kind, id) = split(&self.item).unwrap_or_default();
        let mut draft = Draft::default();
        let version = reading.get(&Key::new(kind, id)).await?.filter(|version| !version.text.is_empty());
        if let Some(version) = version {
            draft.changes.extend(led_to(&version, &open.pair, &self.to)?);
        }
        let entries = array_if(open.items.iter().map(Item::entry));
        let status = fhir::write::quoted(open.status());
        let text = with_members(&list_document, &[("entry", entries), ("status", Some(status))]);
        draft.changes.push(draft::put(list.key.clone(), &text)?);
        Ok(draft)
    }
}

/// The text with every reference to the other of the two led to this one; nothing when there is none.
fn led_to(version: &Version, pair: &Pair, to: &str) -> Result<Option<Change>, Problem> {
    let document = document(version)?;
    let other = format!("Patient/{}", pair.other(to));
    let own = format!("Patient/{to}");
    let template = fhir::accept(&document, &version.key.id, &|link| {
        let plain = link.split("/_history/").next().unwrap_or(link);
        let is_other = plain == other || plain.strip_suffix(&other).is_some_and(|before| before.ends_with('/'));
        is_other.then(|| own.clone())
    });
    let template = draft::template_of(template);
    if template.complete(version.version, version.moment) == version.text.as_ref() {
        return Ok(None);
    }
    Ok(Some(Change::Put(version.key.clone(), template)))
}

impl Item {
    fn entry(&self) -> String {
        let flag = self
            .given_to
            .as_ref()
            .map(|to| Object::new().json("coding", array([coding(MERGING, "given", None)])).text("text", to).done());
        Object::new().json_if("flag", flag).json("item", fhir::write::reference(&self.reference, None)).done()
    }
}

impl Unallocated {
    /// How many items are nobody's yet.
    pub fn left(&self) -> usize {
        self.items.iter().filter(|item| item.given_to.is_none()).count()
    }

    fn status(&self) -> &'static str {
        if self.left() == 0 { "retired" } else { "current" }
    }

    fn text(&self) -> String {
        let code = Object::new().json("coding", array([coding(MERGING, LIST_CODE, None)])).done();
        let note = Object::new().text("text", format!("{},{}", self.pair.left, self.pair.right)).done();
        Object::resource("List", &self.list)
            .text("status", self.status())
            .text("mode", "working")
            .json("code", code)
            .text_if("date", self.since.map(|since| since.to_string()))
            .json("note", array([note]))
            .json_if("entry", array_if(self.items.iter().map(Item::entry)))
            .done()
    }

    /// Reads a List; `None` for any other.
    pub fn of(list: Node<'_, '_>) -> Option<Unallocated> {
        if !is_unmerge(list) {
            return None;
        }
        let note = items(list, "note").find_map(|note| text(note, "text"))?;
        let (left, right) = note.split_once(',')?;
        let item = |entry: Node<'_, '_>| {
            let flag = entry.get("flag").filter(|flag| code_in(*flag, MERGING).is_some());
            Some(Item { reference: reference(entry, "item")?, given_to: flag.and_then(|flag| text(flag, "text")) })
        };
        Some(Unallocated {
            list: text(list, "id")?,
            pair: Pair::of(left, right)?,
            since: moment(list, "date"),
            items: items(list, "entry").filter_map(item).collect(),
        })
    }
}

/// How many items of a patient's are shown as neither's until somebody says whose they are: written while the record was
/// another person's too.
///
/// # Errors
/// The record could not be read.
pub async fn held_back(reading: &Reading, patient: &str) -> Result<usize, Problem> {
    let mut lists = unallocated(reading, MOST_LISTS).await?;
    lists.retain(|list| list.pair.left == patient || list.pair.right == patient);
    Ok(lists.iter().map(Unallocated::left).sum())
}

/// The unmerges of which something is still nobody's, oldest first.
pub async fn unallocated(reading: &Reading, limit: usize) -> Result<Vec<Unallocated>, Problem> {
    let code = Span::head("List.code", [Part::code(MERGING, LIST_CODE)]);
    let status = Span::next("List.status", [], Next::CodeAnySystem("current".into()));
    let select = Select::of("List").with(Clause::Any(vec![code])).with(Clause::Any(vec![status])).limit(limit);
    let mut found = Vec::new();
    for version in &reading.select(&select).await?.versions {
        let document: Document<'_> = document(version)?;
        found.extend(Unallocated::of(document.root()));
    }
    found.sort_by_key(|list| list.since);
    Ok(found)
}
