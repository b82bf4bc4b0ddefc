//! Everybody of a trust at once: the whole index searched for pairs that could be one person, and what agreements are
//! worth learnt from it.
//!
//! Pure but for [`AskAboutPairs`], the command that puts the questions. Nothing merges.

use std::collections::BTreeMap;
use std::num::NonZero;

use fhir::Node;
use fhir::read::text;
use record::{Draft, Key, Reading, TransactError};
use terms::Moment;

use super::found::{birth, keep_weights};
use super::review::{Pair, Review, review_id};
use crate::draft;
use crate::matching::{Demographics, People, Step, Verdict, Weights, find_pairs};
use crate::refusal::Refusal;
use crate::registration::unknown::is_unknown;

/// Everybody who is compared.
#[derive(Debug, Default)]
pub struct Everybody {
    people: People,
    ids: Vec<Box<str>>,
    /// Babies by their place in the order: whose, and which of the birth.
    births: BTreeMap<usize, (String, String)>,
}

/// What a search through everybody found.
#[derive(Debug)]
pub struct Searched {
    /// The likely pairs, the heaviest first, each with its weight in words.
    pub pairs: Vec<(Pair, String)>,
    /// How many of these are nearly certain.
    pub merge: usize,
    /// What was learnt, as a text to keep; `None` when it cannot be written.
    pub weights: Option<String>,
    /// Pairs that shared a key.
    pub looked_at: u64,
    /// So many records are alike that not all pairs were looked at.
    pub is_cut: bool,
}

impl Everybody {
    /// Adds a Patient who is in use and known.
    pub fn add(&mut self, patient: Node<'_, '_>) {
        let is_withdrawn = patient.get("active").and_then(|active| active.boolean()) == Some(false);
        let Some(id) = text(patient, "id").filter(|_| !is_withdrawn && !is_unknown(patient)) else { return };
        self.births.extend(birth(patient).map(|birth| (self.ids.len(), birth)));
        self.people.add(&Demographics::of_patient(patient));
        self.ids.push(id.into());
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.ids.len()
    }

    /// Searches, telling how far it is.
    pub fn search(&self, threads: NonZero<usize>, hear: &(dyn Fn(Step) + Sync)) -> Searched {
        let found = find_pairs(&self.people, threads, hear);
        let likely = found.pairs.iter().filter(|pair| !self.are_siblings(pair.a, pair.b));
        let told = likely.clone().filter_map(|pair| {
            let ids = Pair::of(&self.ids[pair.a], &self.ids[pair.b])?;
            Some((ids, format!("{:+.1}", pair.weight_bits)))
        });
        Searched {
            pairs: told.collect(),
            merge: likely.filter(|pair| pair.verdict == Verdict::Merge).count(),
            weights: Weights::learnt(&self.people, &found).to_text().ok().flatten(),
            looked_at: found.looked_at,
            is_cut: found.is_cut,
        }
    }

    fn are_siblings(&self, a: usize, b: usize) -> bool {
        match (self.births.get(&a), self.births.get(&b)) {
            (Some(one), Some(other)) => one.0 == other.0 && one.1 != other.1,
            _ => false,
        }
    }
}

/// Puts pairs to the patient index that nobody was asked about yet, and keeps what was learnt.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AskAboutPairs {
    /// The pairs, each with its weight in words.
    pub pairs: Vec<(Pair, String)>,
    /// What agreements are worth, as [`Searched::weights`] has it.
    pub weights: Option<String>,
}

impl AskAboutPairs {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let mut draft = Draft::default();
        if let Some(weights) = &self.weights {
            draft.changes.push(keep_weights(weights)?);
        }
        let keys: Vec<Key> = self.pairs.iter().map(|(pair, _)| Key::new("Task", review_id(pair))).collect();
        let asked = reading.get_many(&keys).await?;
        for ((pair, weight), key) in self.pairs.iter().zip(keys) {
            if asked.iter().all(|version| version.key != key) {
                let review = Review { weight: Some(weight.clone()), ..Review::new(pair.clone(), now) };
                draft.changes.push(draft::put(key, review.text().as_bytes())?);
            }
        }
        Ok(draft)
    }
}
