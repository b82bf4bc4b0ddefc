//! What a trust has learnt from its own records, kept as one text: what every agreement is worth, and which names are
//! common there. With it two records are compared the way a whole set is, without the set.
//!
//! Before anything was learnt the tables of `fields` hold, as in a trust of a hundred thousand people, and no name counts
//! as rarer than another. Knows no store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::demographics::Demographics;
use super::fields::Field;
use super::find::Found;
use super::judge::Comparison;
use super::model::{Model, Table, Usual};
use super::people::{Names, People};

/// People of the trust in whose place nothing was learnt yet.
const USUAL_PEOPLE: usize = 100_000;
/// Names of each kind that are kept, and how many must bear one: rarer ones are all alike.
const MOST_NAMES: usize = 1_000;
const LEAST_BEARERS: u32 = 5;
/// The form of the text.
const FORM: u32 = 2;
/// The first form, and how many levels each field had in it. What it did not know is believed.
const FIRST_FORM: u32 = 1;
const LEVELS_OF_FIRST: [usize; 8] = [7, 9, 6, 2, 3, 4, 5, 2];

/// What agreements are worth in one trust.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    model: Model,
    names: Option<Names>,
}

/// The text.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    form: u32,
    people: usize,
    /// How many of these are women and men, and for each given name how many women and men bear it; not in the first form.
    #[serde(default)]
    sexes: [usize; 2],
    #[serde(default)]
    given_of_sexes: BTreeMap<String, [u32; 2]>,
    /// How common names that are nearly the same usually are; not in the first form.
    #[serde(default)]
    usual: Usual,
    one: Table,
    strangers: Table,
    shares: [f64; 4],
    surnames: BTreeMap<String, u32>,
    given: BTreeMap<String, u32>,
}

impl Kept {
    /// Reads a text of this form or of an earlier one.
    fn of_text(text: &str) -> Option<Kept> {
        let mut kept: Kept = serde_json::from_str(text).ok()?;
        if kept.form == FIRST_FORM {
            kept.form = FORM;
            let believed = Model::believed(USUAL_PEOPLE);
            for (table, believed) in [(&mut kept.one, &believed.one), (&mut kept.strangers, &believed.strangers)] {
                for ((field, levels), had) in Field::ALL.into_iter().zip(table).zip(LEVELS_OF_FIRST) {
                    let own = had + 1..field.levels().len() + 1;
                    let new: f64 = believed[field as usize][own.clone()].iter().sum();
                    levels.iter_mut().for_each(|level| *level *= 1.0 - new);
                    levels[own.clone()].copy_from_slice(&believed[field as usize][own]);
                }
            }
        }
        Some(kept)
    }

    /// The names; whoever is not counted as a woman or a man counts as neither.
    fn names(self) -> Names {
        let [women, men] = self.sexes;
        let of_sexes = self.given_of_sexes;
        let counts = |name: &str, all: u32| {
            let [women, men] = of_sexes.get(name).copied().unwrap_or_default();
            [all.saturating_sub(women).saturating_sub(men), women, men]
        };
        let given = self.given.into_iter().map(|(name, all)| (name.clone(), counts(&name, all))).collect();
        let people = [self.people.saturating_sub(women).saturating_sub(men), women, men];
        Names { people, surnames: self.surnames, given }
    }
}

impl Weights {
    /// What is believed before anything was learnt.
    pub fn believed() -> Weights {
        Weights { model: Model::believed(USUAL_PEOPLE).cautious(), names: None }
    }

    /// What a search through all people of a trust has learnt.
    pub fn learnt(people: &People, found: &Found) -> Weights {
        Weights { model: found.model.clone(), names: Some(people.common_names(MOST_NAMES, LEAST_BEARERS)) }
    }

    /// Of how many people it was learnt; `None` before anything was.
    pub fn people(&self) -> Option<usize> {
        self.names.as_ref().map(|names| names.people.iter().sum())
    }

    /// Compares two records and explains what follows.
    pub fn compare(&self, one: &Demographics, other: &Demographics) -> Comparison {
        let mut people = self.nobody();
        people.add(one);
        people.add(other);
        self.model.compare(&people, 0, 1)
    }

    /// Compares a record with each of some others.
    pub fn compare_all<'d>(
        &self,
        one: &Demographics,
        others: impl IntoIterator<Item = &'d Demographics>,
    ) -> Vec<Comparison> {
        let mut people = self.nobody();
        people.add(one);
        others.into_iter().for_each(|other| people.add(other));
        (1..people.len()).map(|other| self.model.compare(&people, 0, other)).collect()
    }

    fn nobody(&self) -> People {
        self.names.as_ref().map_or_else(People::of_unknown_names, People::among)
    }

    /// The text to keep; nothing when nothing was learnt.
    ///
    /// # Errors
    /// None that is expected: every part can be written as JSON.
    pub fn to_text(&self) -> Result<Option<String>, serde_json::Error> {
        let Some(names) = &self.names else { return Ok(None) };
        let Model { one, strangers, shares, usual, .. } = self.model.clone();
        let Names { people: [unknown, women, men], surnames, given } = names.clone();
        let (people, sexes) = (unknown + women + men, [women, men]);
        let given_of_sexes = given.iter().map(|(name, [_, women, men])| (name.clone(), [*women, *men])).collect();
        let given = given.into_iter().map(|(name, counts)| (name, counts.iter().sum())).collect();
        let kept = Kept { form: FORM, people, sexes, given_of_sexes, usual, one, strangers, shares, surnames, given };
        serde_json::to_string(&kept).map(Some)
    }

    /// Reads a text; `None` when it is not one that we wrote, or of a form that is not known here.
    pub fn of_text(text: &str) -> Option<Weights> {
        let kept = Kept::of_text(text)?;
        let is_share = |value: &f64| *value > 0.0 && *value <= 1.0;
        // Levels that a field does not have hold nothing.
        let are_shares = |table: &Table| {
            Field::ALL.into_iter().all(|field| {
                let own = &table[field as usize][1..=field.levels().len()];
                own.iter().all(is_share)
            })
        };
        let is_sound = kept.form == FORM
            && kept.people > 0
            && are_shares(&kept.one)
            && are_shares(&kept.strangers)
            && kept.shares.iter().all(is_share)
            && kept.usual.iter().flatten().all(|bits| bits.is_finite() && *bits <= 0.0);
        is_sound.then(|| Weights {
            model: Model::new(kept.one, kept.strangers, kept.shares).with_usual(kept.usual),
            names: Some(kept.names()),
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "the text is written here")]
    use super::*;

    fn kept() -> Kept {
        let Model { one, strangers, shares, .. } = Model::believed(USUAL_PEOPLE);
        let (surnames, given) = ([("smith".to_owned(), 900)].into(), BTreeMap::new());
        let (people, sexes, given_of_sexes) = (USUAL_PEOPLE, [0, 0], BTreeMap::new());
        let usual = Usual::default();
        Kept { form: FORM, people, sexes, given_of_sexes, usual, one, strangers, shares, surnames, given }
    }

    fn text(kept: &Kept) -> String {
        serde_json::to_string(kept).unwrap()
    }

    #[test]
    fn a_text_reads_back_and_one_that_is_not_sound_is_not_used() {
        let read = Weights::of_text(&text(&kept())).unwrap();
        assert_eq!(Weights::of_text(&read.to_text().unwrap().unwrap()), Some(read));
        assert_eq!(Weights::believed().to_text().unwrap(), None, "what nobody has learnt is not kept");
        let mut wrong = [kept(), kept(), kept(), kept()];
        wrong[0].form = FORM + 1;
        wrong[1].people = 0;
        wrong[2].one[0][1] = 0.0;
        wrong[3].shares[1] = -0.5;
        for kept in &wrong {
            assert_eq!(Weights::of_text(&text(kept)), None);
        }
        assert_eq!(Weights::of_text("{}"), None);
    }

    #[test]
    fn in_a_text_of_the_first_form_a_missing_number_is_no_evidence() {
        let mut old = kept();
        old.form = FIRST_FORM;
        let number = Field::NhsNumber as usize;
        old.one[number] = [1.0, 0.95, 0.03, 0.02, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
        old.strangers[number] = [1.0, 0.000_000_1, 0.000_002, 0.999_997_9, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
        let read = Weights::of_text(&text(&old)).unwrap();
        let with = |number: &str| Demographics { nhs_number: Some(number.into()), ..Demographics::default() };
        let bits =
            |one: &Demographics, other: &Demographics| read.compare(one, other).field(Field::NhsNumber).unwrap().bits;
        let nobody = Demographics::default();
        assert!(bits(&nobody, &nobody).abs() < 1e-9 && bits(&nobody, &with("9990000018")).abs() < 1e-9);
        let same = bits(&with("9990000018"), &with("9990000018"));
        assert!((same - (0.95_f64 / 0.000_000_1).log2()).abs() < 1e-9, "{same}");
    }

    #[test]
    fn a_common_name_says_less_and_without_counts_every_name_says_the_same() {
        let named = |surname: &str| Demographics { surnames: vec![surname.into()], ..Demographics::default() };
        let bits = |weights: &Weights, surname: &str| {
            let person = named(surname);
            weights.compare(&person, &person).field(Field::Surname).unwrap().bits
        };
        let counted = Weights::of_text(&text(&kept())).unwrap();
        assert!(bits(&counted, "Quillfeather") > bits(&counted, "Smith") + 3.0);
        let believed = Weights::believed();
        assert!((bits(&believed, "Quillfeather") - bits(&believed, "Smith")).abs() < 1e-9);
    }
}
