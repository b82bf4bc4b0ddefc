//! The steps before a merge: the question, its answer *not the same*, and the first person who asks for the merge.
//! None of them changes a Patient. Knows no page and no clock.

use record::{Draft, Reading, TransactError};
use terms::Moment;

use super::found::{weight_words, weights};
use super::review::{FIELDS, Pair, Review, ReviewState, Side, review, review_id};
use super::{patient, refused};
use crate::draft;
use crate::matching::Demographics;
use crate::refusal::Refusal;
use crate::registration::unknown::is_unknown;

/// The longest reason, in characters.
const LONGEST: usize = 1000;

/// Asks whether two records are one person. A pair that was asked about before is left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposeDuplicate {
    /// The two.
    pub pair: Pair,
}

/// Says that they are two people, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotTheSame {
    /// The two.
    pub pair: Pair,
    /// Why.
    pub why: String,
}

/// Opens the question again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeBackNotTheSame {
    /// The two.
    pub pair: Pair,
}

/// The first person asks for the merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskForMerge {
    /// The two.
    pub pair: Pair,
    /// The Patient that stays.
    pub survivor: String,
    /// Which side each field is kept from, of those that differ: names of [`FIELDS`].
    pub keep: Vec<(String, Side)>,
    /// Why they think so, for the second person.
    pub why: String,
}

impl ProposeDuplicate {
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        if review(reading, &review_id(&self.pair)).await?.is_some() {
            return Ok(Draft::default());
        }
        both(reading, &self.pair).await?;
        let weight = weight(reading, &self.pair).await?;
        put(Review { weight: Some(weight), ..Review::new(self.pair.clone(), now) })
    }
}

impl NotTheSame {
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        both(reading, &self.pair).await?;
        let why = reason(&self.why)?;
        let before = review(reading, &review_id(&self.pair)).await?;
        let before = before.unwrap_or_else(|| Review::new(self.pair.clone(), now));
        if before.state == ReviewState::Merged {
            return Err(refused(Refusal::new("merged", "These two are merged. Take the merge apart first.")));
        }
        let asked_by = Some(reading.permit().principal().id.clone());
        put(Review { state: ReviewState::NotTheSame, why: Some(why), asked_by, survivor: None, ..before })
    }
}

impl TakeBackNotTheSame {
    pub(crate) async fn plan(&self, reading: &Reading, _: Moment) -> Result<Draft, TransactError<Refusal>> {
        match review(reading, &review_id(&self.pair)).await? {
            Some(before) if before.state == ReviewState::NotTheSame => {
                put(Review { state: ReviewState::Open, asked_by: None, ..before })
            }
            _ => Err(refused(Refusal::new("not-said", "Nobody said that these are two people."))),
        }
    }
}

impl AskForMerge {
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let differing = both(reading, &self.pair).await?;
        let temporary = temporary(reading, &self.pair).await?;
        self.check_temporary(temporary.as_deref()).map_err(refused)?;
        let before = review(reading, &review_id(&self.pair)).await?;
        let before = before.unwrap_or_else(|| Review::new(self.pair.clone(), now));
        let why = self.decide(&before, &differing).map_err(refused)?;
        put(Review {
            state: ReviewState::Asked,
            survivor: Some(self.survivor.clone()),
            keep: self.keep.iter().filter(|(field, _)| differing.contains(&field.as_str())).cloned().collect(),
            why: Some(why),
            asked_by: Some(reading.permit().principal().id.clone()),
            agreed_by: None,
            ..before
        })
    }

    /// Of somebody who was registered without a name the true record stays, and the true name.
    fn check_temporary(&self, temporary: Option<&str>) -> Result<(), Refusal> {
        let Some(temporary) = temporary else { return Ok(()) };
        if self.survivor == temporary {
            let sentence = "The record with the temporary name goes: choose the other one as the one that stays.";
            return Err(Refusal::at("temporary-stays", "survivor", sentence));
        }
        let is_name = |(field, side): &&(String, Side)| field == "name" && self.pair.on(*side) == temporary;
        if self.keep.iter().any(|choice| is_name(&choice)) {
            return Err(Refusal::at("temporary-name", "name", "The temporary name is not kept. Choose the other."));
        }
        Ok(())
    }

    fn decide(&self, before: &Review, differing: &[&str]) -> Result<String, Refusal> {
        if self.survivor != self.pair.left && self.survivor != self.pair.right {
            return Err(Refusal::at("survivor", "survivor", "Say which of the two records stays."));
        }
        match before.state {
            ReviewState::Merged => return Err(Refusal::new("merged", "These two are merged already.")),
            ReviewState::NotTheSame => {
                let sentence = "Somebody said that these are two people. Take that back first.";
                return Err(Refusal::new("not-the-same", sentence));
            }
            ReviewState::Open | ReviewState::Asked | ReviewState::Unmerged => {}
        }
        let chosen = |field: &str| self.keep.iter().any(|(of, _)| of == field);
        if let Some((field, words)) = FIELDS.iter().find(|(field, _)| differing.contains(field) && !chosen(field)) {
            return Err(Refusal::at("field-open", field, format!("{words}: say which of the two is kept.")));
        }
        match self.why.trim() {
            "" => Err(Refusal::at("why", "why", "Say why you think that they are one person, for the second person.")),
            why if why.chars().count() > LONGEST => Err(Refusal::at("why", "why", "At most 1,000 characters.")),
            why => Ok(why.to_owned()),
        }
    }
}

/// Checks that both are there and in use; the fields that both have and that differ.
async fn both(reading: &Reading, pair: &Pair) -> Result<Vec<&'static str>, TransactError<Refusal>> {
    let (left, right) = (patient(reading, &pair.left).await?, patient(reading, &pair.right).await?);
    let (left, right) = (draft::document(&left)?, draft::document(&right)?);
    let raw = |document: &fhir::Document<'_>, field: &str| document.root().get(field).map(|node| node.raw().to_vec());
    let differs = |field: &str| match (raw(&left, field), raw(&right, field)) {
        (Some(left), Some(right)) => left != right,
        _ => false,
    };
    Ok(FIELDS.iter().map(|(field, _)| *field).filter(|field| differs(field)).collect())
}

/// The weight of what the two say of themselves.
async fn weight(reading: &Reading, pair: &Pair) -> Result<String, TransactError<Refusal>> {
    let (left, right) = (patient(reading, &pair.left).await?, patient(reading, &pair.right).await?);
    let [left, right] =
        [draft::document(&left)?, draft::document(&right)?].map(|of| Demographics::of_patient(of.root()));
    Ok(weight_words(&weights(reading).await?.compare(&left, &right)))
}

/// The one of the two that was registered without a name, if just one was.
pub(super) async fn temporary(reading: &Reading, pair: &Pair) -> Result<Option<String>, TransactError<Refusal>> {
    let (left, right) = (patient(reading, &pair.left).await?, patient(reading, &pair.right).await?);
    let is_left = is_unknown(draft::document(&left)?.root());
    let is_right = is_unknown(draft::document(&right)?.root());
    Ok(match (is_left, is_right) {
        (true, false) => Some(pair.left.clone()),
        (false, true) => Some(pair.right.clone()),
        _ => None,
    })
}

fn reason(why: &str) -> Result<String, TransactError<Refusal>> {
    let why = why.trim();
    if why.is_empty() || why.chars().count() > LONGEST {
        let sentence = "Say why they are two people, in at most 1,000 characters.";
        return Err(refused(Refusal::at("why", "why", sentence)));
    }
    Ok(why.to_owned())
}

/// The draft that puts a review.
pub(super) fn put(review: Review) -> Result<Draft, TransactError<Refusal>> {
    let change = draft::put(review.key(), review.text().as_bytes())?;
    Ok(Draft { changes: vec![change], assertions: Vec::new() })
}
