//! A pair of records under review, as a FHIR Task (R4, task.html).
//!
//! | what | where |
//! | --- | --- |
//! | the two | `focus` (left) and `input` of code `other` (right); left is the one whose id sorts first |
//! | how far it is | `status`: requested, in-progress (one person asked), completed (merged), rejected (not the same) |
//! | who stays, which fields, why | `input` of code `survivor`, `keep`; `reasonCode` |
//! | who asked, who agreed | `requester` and `owner`, by identifier of system `urn:almoner:principal` |

use fhir::Node;
use fhir::read::{code_in, id_of, items, moment, text};
use fhir::write::{Object, array, coding};
use record::{Clause, Key, Problem, Reading, Select, Version};
use sha2::{Digest as _, Sha256};
use terms::Moment;
use terms::index::{Next, Part, Span};

use super::rows::MERGING;
use crate::draft::document;

/// The identifier system of people and programs as the journal names them.
const PRINCIPAL: &str = "urn:almoner:principal";
/// The Task's code.
const REVIEW: &str = "duplicate";

/// The fields of a Patient that a merge lets somebody choose, with their words.
pub const FIELDS: [(&str, &str); 7] = [
    ("name", "Names"),
    ("gender", "Gender"),
    ("birthDate", "Date of birth"),
    ("address", "Address"),
    ("telecom", "Telephone and email"),
    ("generalPractitioner", "GP practice"),
    ("contact", "Next of kin"),
];

/// Two records, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// The id that sorts first.
    pub left: String,
    /// The other.
    pub right: String,
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The left.
    Left,
    /// The right.
    Right,
}

/// How far a review is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewState {
    /// To be looked at.
    Open,
    /// One person asked for the merge; another must agree.
    Asked,
    /// Merged.
    Merged,
    /// Not the same person.
    NotTheSame,
    /// Merged once, and taken apart.
    Unmerged,
}

/// A pair under review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The Task's id.
    pub id: String,
    /// The two.
    pub pair: Pair,
    /// How far it is.
    pub state: ReviewState,
    /// Since when there is the question.
    pub since: Option<Moment>,
    /// The sum of the weights when it was found, in words and number, such as `+17.6`.
    pub weight: Option<String>,
    /// Who stays, once somebody asked.
    pub survivor: Option<String>,
    /// Which side each field is kept from: those that differ.
    pub keep: Vec<(String, Side)>,
    /// Why the first person thinks so, or why they are not the same.
    pub why: Option<String>,
    /// The stable id of who asked.
    pub asked_by: Option<String>,
    /// The stable id of who agreed.
    pub agreed_by: Option<String>,
}

impl Pair {
    /// The pair of two ids, in whatever order; `None` when they are one.
    pub fn of(one: &str, other: &str) -> Option<Pair> {
        let (left, right) = if one <= other { (one, other) } else { (other, one) };
        (left != right).then(|| Pair { left: left.to_owned(), right: right.to_owned() })
    }

    /// The id on a side.
    pub fn on(&self, side: Side) -> &str {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }

    /// The one that is not this.
    pub fn other(&self, id: &str) -> &str {
        if self.left == id { &self.right } else { &self.left }
    }
}

impl Side {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Side::Left => "left",
            Side::Right => "right",
        }
    }

    /// The side of its code.
    pub fn of_code(code: &str) -> Option<Side> {
        match code {
            "left" => Some(Side::Left),
            "right" => Some(Side::Right),
            _ => None,
        }
    }
}

/// The id of the Task of a pair.
pub fn review_id(pair: &Pair) -> String {
    let mut hash = Sha256::new();
    hash.update(&pair.left);
    hash.update([0]);
    hash.update(&pair.right);
    let digest: [u8; 32] = hash.finalize().into();
    digest[..12].iter().fold("duplicate-".to_owned(), |id, byte| format!("{id}{byte:02x}"))
}

impl Review {
    /// A new question about a pair.
    pub(crate) fn new(pair: Pair, now: Moment) -> Review {
        Review {
            id: review_id(&pair),
            pair,
            state: ReviewState::Open,
            since: Some(now),
            weight: None,
            survivor: None,
            keep: Vec::new(),
            why: None,
            asked_by: None,
            agreed_by: None,
        }
    }

    /// Reads a Task; `None` for any other.
    pub fn of(task: Node<'_, '_>) -> Option<Review> {
        if task.get("code").and_then(|code| code_in(code, MERGING)).as_deref() != Some(REVIEW) {
            return None;
        }
        let left = id_of(task, "focus", "Patient")?;
        let right = inputs(task, "other").find_map(|input| id_of(input, "valueReference", "Patient"))?;
        let keep = inputs(task, "keep").filter_map(|input| {
            let kept = text(input, "valueString")?;
            let (field, side) = kept.split_once('=')?;
            Some((field.to_owned(), Side::of_code(side)?))
        });
        let keep = keep.collect();
        let is_unmerged = task.get("businessStatus").and_then(|code| code_in(code, MERGING)).is_some();
        Some(Review {
            id: text(task, "id")?,
            pair: Pair { left, right },
            state: match text(task, "status")?.as_str() {
                "in-progress" => ReviewState::Asked,
                "completed" if is_unmerged => ReviewState::Unmerged,
                "completed" => ReviewState::Merged,
                "rejected" => ReviewState::NotTheSame,
                _ => ReviewState::Open,
            },
            since: moment(task, "authoredOn"),
            weight: inputs(task, "weight").find_map(|input| text(input, "valueString")),
            survivor: inputs(task, "survivor").find_map(|input| id_of(input, "valueReference", "Patient")),
            keep,
            why: task.get("reasonCode").and_then(|reason| text(reason, "text")),
            asked_by: principal(task, "requester"),
            agreed_by: principal(task, "owner"),
        })
    }

    /// The Task's text.
    pub(crate) fn text(&self) -> String {
        let (status, business) = match self.state {
            ReviewState::Open => ("requested", None),
            ReviewState::Asked => ("in-progress", None),
            ReviewState::Merged => ("completed", None),
            ReviewState::NotTheSame => ("rejected", None),
            ReviewState::Unmerged => ("completed", Some("unmerged")),
        };
        let concept = |code: &str| Object::new().json("coding", array([coding(MERGING, code, None)])).done();
        let patient = |id: &str| fhir::write::reference(&format!("Patient/{id}"), None);
        let input =
            |code: &str, value: &str, json: String| Object::new().json("type", concept(code)).json(value, json).done();
        let mut all = vec![input("other", "valueReference", patient(&self.pair.right))];
        all.extend(self.weight.iter().map(|weight| input("weight", "valueString", fhir::write::quoted(weight))));
        all.extend(self.survivor.iter().map(|id| input("survivor", "valueReference", patient(id))));
        all.extend(self.keep.iter().map(|(field, side)| {
            input("keep", "valueString", fhir::write::quoted(&format!("{field}={}", side.code())))
        }));
        let by = |who: &String| {
            let identifier = Object::new().text("system", PRINCIPAL).text("value", who).done();
            Object::new().json("identifier", identifier).done()
        };
        Object::resource("Task", &self.id)
            .text("status", status)
            .json_if("businessStatus", business.map(concept))
            .text("intent", "order")
            .json("code", concept(REVIEW))
            .json("focus", patient(&self.pair.left))
            .text_if("authoredOn", self.since.map(|since| since.to_string()))
            .json_if("requester", self.asked_by.as_ref().map(by))
            .json_if("owner", self.agreed_by.as_ref().map(by))
            .json_if("reasonCode", self.why.as_ref().map(|why| Object::new().text("text", why).done()))
            .json("input", array(all))
            .done()
    }

    /// The record's key of the Task.
    pub(crate) fn key(&self) -> Key {
        Key::new("Task", self.id.as_str())
    }
}

/// A review by its id; `None` when there is none.
pub(crate) async fn review(reading: &Reading, id: &str) -> Result<Option<Review>, Problem> {
    let version = reading.get(&Key::new("Task", id)).await?.filter(|version| !version.text.is_empty());
    version.map_or(Ok(None), |version: Version| Ok(Review::of(document(&version)?.root())))
}

/// Reviews in a state, those asked about longest first; at most `limit`.
pub async fn reviews(reading: &Reading, state: ReviewState, limit: usize) -> Result<Vec<Review>, Problem> {
    let status = match state {
        ReviewState::Open => "requested",
        ReviewState::Asked => "in-progress",
        ReviewState::Merged | ReviewState::Unmerged => "completed",
        ReviewState::NotTheSame => "rejected",
    };
    let code = Span::head("Task.code", [Part::code(MERGING, REVIEW)]);
    let status = Span::next("Task.status", [], Next::CodeAnySystem(status.into()));
    let select = Select::of("Task").with(Clause::Any(vec![code])).with(Clause::Any(vec![status])).limit(limit);
    let page = reading.select(&select).await?;
    let mut found = Vec::new();
    for version in &page.versions {
        found.extend(Review::of(document(version)?.root()).filter(|review| review.state == state));
    }
    found.sort_by_key(|review| review.since);
    Ok(found)
}

fn inputs<'d, 't>(task: Node<'d, 't>, code: &'static str) -> impl Iterator<Item = Node<'d, 't>> + use<'d, 't> {
    items(task, "input")
        .filter(move |input| input.get("type").and_then(|kind| code_in(kind, MERGING)).as_deref() == Some(code))
}

fn principal(task: Node<'_, '_>, name: &str) -> Option<String> {
    text(task.get(name)?.get("identifier")?, "value")
}
