//! A merge that was wrong is taken apart: both Patients are what they were, and what was written while they were one is
//! given to one of them, item by item, by a named reviewer.
//!
//! The items stand in a FHIR List (code `unmerge`); as long as an entry has no flag, its resource carries the label
//! *unallocated* and shows as neither's, but to those who give it out.

use fhir::read::{code_in, id_of, items, moment, reference, text};
use fhir::write::{Object, array, array_if, coding, with_members};
use fhir::{Document, Node};
use record::{Change, Clause, Draft, Key, Problem, Reading, SUBJECT, Select, TransactError, Version};
use terms::Moment;
use terms::index::{Next, Part, Span};

use super::agree::{is_link, parted};
use super::ask::put;
use super::review::{Pair, Review, ReviewState, review, review_id};
use super::rows::{MERGING, is_unmerge, split};
use super::{patient, refused};
use crate::draft::{self, document};
use crate::refusal::Refusal;

/// The code of the List.
pub(super) const LIST_CODE: &str = "unmerge";
/// Most items that one unmerge gives out; more is work for a rebuild from the sources.
const MOST_ITEMS: usize = 20_000;
/// Most versions of a Patient that are looked through for the merge.
const MOST_VERSIONS: usize = 200;

/// Takes a merge apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmerge {
    /// The two.
    pub pair: Pair,
    /// Why.
    pub why: String,
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
        let merged_at = self.part(reading, &loser, &survivor, "replaced-by", &mut draft).await?;
        self.part(reading, &survivor, &loser, "replaces", &mut draft).await?;
        let written = written_since(reading, &[&survivor, &loser], merged_at, &review.id).await?;
        if !written.is_empty() {
            let list = Unallocated {
                list: format!("{}-{}", review.id.replacen("duplicate", "unmerge", 1), now.0),
                pair: self.pair.clone(),
                since: Some(now),
                items: written.into_iter().map(|reference| Item { reference, given_to: None }).collect(),
            };
            draft.changes.push(draft::put(Key::new("List", list.list.as_str()), list.text().as_bytes())?);
        }
        let by = Some(reading.permit().principal().id.clone());
        let review = Review { state: ReviewState::Unmerged, why: Some(why.to_owned()), agreed_by: by, ..review };
        draft.changes.extend(put(review)?.changes);
        Ok(draft)
    }

    /// Puts one of the two back; gives the sequence of the merge.
    async fn part(
        &self,
        reading: &Reading,
        own: &str,
        other: &str,
        kind: &str,
        draft: &mut Draft,
    ) -> Result<Moment, TransactError<Refusal>> {
        let newest = patient(reading, own).await?;
        let history = reading.history(&newest.key, None, MOST_VERSIONS).await?;
        let is_linked = |version: &Version| -> Result<bool, Problem> {
            let document = document(version)?;
            let root = document.root();
            Ok(items(root, "link")
                .any(|link| is_link(link, kind) && id_of(link, "other", "Patient").as_deref() == Some(other)))
        };
        let mut merged = None;
        for pair in history.windows(2) {
            if is_linked(&pair[0])? && !is_linked(&pair[1])? {
                merged = Some((&pair[1], &pair[0]));
                break;
            }
        }
        let (before, after) = merged.ok_or_else(|| {
            refused(Refusal::new("not-merged", "The merge of these two is not in the history of their records."))
        })?;
        let (text, _) = parted(&document(&newest)?, &before.text, &after.text, other)?;
        draft.changes.push(draft::put(newest.key.clone(), &text)?);
        Ok(after.moment)
    }
}

/// What was written under either of the two since a moment.
async fn written_since(
    reading: &Reading,
    patients: &[&str],
    since: Moment,
    but: &str,
) -> Result<Vec<String>, TransactError<Refusal>> {
    let mut found = Vec::new();
    for kind in fhir::search::compartment_kinds() {
        let spans =
            patients.iter().map(|id| Span::head(SUBJECT, [Part::target("Patient", *id), Part::Kind(kind.to_owned())]));
        let select =
            Select::of(kind).with(Clause::Any(spans.collect())).with(Clause::Changed(Some(Moment(since.0 + 1)), None));
        let mut select = select.limit(1000);
        loop {
            let page = reading.select(&select).await?;
            found.extend(page.versions.iter().map(|version| version.key.to_string()));
            if found.len() > MOST_ITEMS {
                return Err(TransactError::Problem(Problem::TooCostly));
            }
            let Some(next) = page.next else { break };
            select.after = Some(next);
        }
    }
    let own = format!("Task/{but}");
    found.retain(|reference| !reference.starts_with("Patient/") && *reference != own);
    found.sort();
    found.dedup();
    Ok(found)
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
            draft.changes.extend(given(&version, &open.pair, &self.to)?);
        }
        let entries = array_if(open.items.iter().map(Item::entry));
        let status = if open.items.iter().all(|item| item.given_to.is_some()) { "\"retired\"" } else { "\"current\"" };
        let text = with_members(&list_document, &[("entry", entries), ("status", Some(status.into()))]);
        draft.changes.push(draft::put(list.key.clone(), &text)?);
        Ok(draft)
    }
}

/// The text with every reference to the other of the two led to this one; nothing when there is none.
fn given(version: &Version, pair: &Pair, to: &str) -> Result<Option<Change>, Problem> {
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
    fn text(&self) -> String {
        let code = Object::new().json("coding", array([coding(MERGING, LIST_CODE, None)])).done();
        let note = Object::new().text("text", format!("{},{}", self.pair.left, self.pair.right)).done();
        Object::resource("List", &self.list)
            .text("status", "current")
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
