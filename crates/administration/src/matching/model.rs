//! What an agreement is worth: for each level of each field, how much likelier it is between records of one person than
//! between strangers, in bits (log2), and the same for people of one home, for twins and for namesakes in one home.
//!
//! Strangers are not the only people who are not one: what a home shares (surname, postcode, address, telephone) tells a
//! person from strangers and not from relatives. Four kinds of pair therefore compete with strangers, and only the first
//! is one person. Knows neither where the figures come from nor what follows from a weight.

use super::compare::Pattern;
use super::fields::{
    BORN_OF_TWINS, FIELDS, Field, GIVEN_OF_NAMESAKES, LEVELS, MISSING, SAME, SURNAME_OF_NAMESAKES, given, nhs_number,
    surname,
};

/// Figures for every level of every field; those of level 0 are not used.
pub(super) type Table = [[f64; LEVELS]; FIELDS];

/// For surnames and given names the binary logarithm of how common two names on a level usually are that are nearly the
/// same and one person's; 0 where nothing is known of it, and no such name counts as rarer than another.
pub(super) type Usual = [[f64; LEVELS]; 2];

/// Kinds of pairs other than strangers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Two records of one person.
    One,
    /// Two people of one home.
    Home,
    /// Two people of one home and one birth.
    Twins,
    /// Two people of one home and one name, surname and given name, such as father and son.
    Namesakes,
}

/// How many kinds there are.
pub(super) const KINDS: usize = 4;

impl Kind {
    pub(super) const ALL: [Kind; KINDS] = [Kind::One, Kind::Home, Kind::Twins, Kind::Namesakes];
}

/// Of every pair of one person, as many are believed to be twins and namesakes at least, whatever training finds.
const LEAST: [f64; KINDS] = [0.0, 1.0 / 4.0, 1.0 / 64.0, 1.0 / 64.0];
/// Pairs for each person, before training: of one person, of a home, twins, namesakes.
const BELIEVED: [f64; KINDS] = [0.05, 0.8, 0.008, 0.004];

/// Weights for comparing people of one set.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// How often records of one person stand on a level.
    pub(super) one: Table,
    /// How often strangers do.
    pub(super) strangers: Table,
    /// The share of each kind among all pairs.
    pub(super) shares: [f64; KINDS],
    /// How common names that are nearly the same usually are.
    pub(super) usual: Usual,
    /// Bits of each kind against strangers.
    bits: [Table; KINDS],
}

impl Model {
    /// What is believed of a set of so many people before anything was learnt from it.
    pub fn believed(people: usize) -> Model {
        let mut one = [[1.0; LEVELS]; FIELDS];
        let mut strangers = one;
        for field in Field::ALL {
            for (at, level) in field.levels().iter().enumerate() {
                one[field as usize][at + 1] = level.one;
                strangers[field as usize][at + 1] = level.strangers;
            }
        }
        let all_pairs = pairs_among(people).max(1.0);
        let shares = BELIEVED.map(|each| (each * people as f64 / all_pairs).min(0.1));
        Model::new(one, strangers, shares)
    }

    pub(super) fn new(one: Table, strangers: Table, shares: [f64; KINDS]) -> Model {
        let mut bits = [[[0.0; LEVELS]; FIELDS]; KINDS];
        for (kind, bits) in Kind::ALL.into_iter().zip(&mut bits) {
            for field in Field::ALL {
                let of = (&one[field as usize], &strangers[field as usize]);
                let levels = bits[field as usize].iter_mut().enumerate().take(field.levels().len() + 1).skip(1);
                levels.for_each(|(at, bits)| *bits = (probability(kind, field, at, of) / of.1[at]).log2());
            }
        }
        Model { one, strangers, shares, usual: Usual::default(), bits }
    }

    pub(super) fn with_usual(self, usual: Usual) -> Model {
        Model { usual, ..self }
    }

    /// The same with the least shares of those who could be mistaken for one person.
    pub(super) fn cautious(mut self) -> Model {
        let one = self.shares[Kind::One as usize];
        for (share, least) in self.shares.iter_mut().zip(LEAST) {
            *share = share.max(one * least);
        }
        self
    }

    /// The weight of one field for a kind, in bits.
    pub(super) fn field_bits(&self, kind: Kind, field: Field, pattern: &Pattern) -> f64 {
        let level = pattern.levels[field as usize];
        if level == MISSING {
            return 0.0;
        }
        let bits = self.bits[kind as usize][field as usize][counts_as(field, level)];
        bits + self.rarity_bits(kind, field, pattern)
    }

    /// What it adds that an equal name is rarer than names are on average; common names take away. Of names that are nearly
    /// the same, what is usual is learnt: a slip makes a name that hardly anybody has, and two names that many have are two.
    fn rarity_bits(&self, kind: Kind, field: Field, pattern: &Pattern) -> f64 {
        let rarity = match (field, kind) {
            (Field::Surname, _) => pattern.rarity[0],
            (Field::Given, Kind::One | Kind::Namesakes) => pattern.rarity[1],
            _ => return 0.0,
        };
        let usual = match counts_as(field, pattern.levels[field as usize]) {
            level if level == usize::from(SAME) => self.strangers[field as usize][level].log2(),
            level => self.usual[field as usize][level],
        };
        if rarity == 0 || usual == 0.0 { 0.0 } else { usual + f64::from(rarity) / 4.0 }
    }

    /// How much likelier each kind is than strangers, given what agrees and what differs: bits, shares included.
    pub(super) fn kinds(&self, pattern: &Pattern) -> [f64; KINDS] {
        Kind::ALL.map(|kind| {
            let bits: f64 = Field::ALL.into_iter().map(|field| self.field_bits(kind, field, pattern)).sum();
            self.prior_bits(kind) + bits
        })
    }

    /// How much likelier a kind is than strangers before anything is compared.
    pub(super) fn prior_bits(&self, kind: Kind) -> f64 {
        let strangers = 1.0 - self.shares.iter().sum::<f64>();
        (self.shares[kind as usize] / strangers.max(f64::MIN_POSITIVE)).log2()
    }

    /// How much likelier it is that two records are one person's than that they are anybody else's two: bits.
    pub(super) fn weight(&self, pattern: &Pattern) -> f64 {
        let kinds = self.kinds(pattern);
        kinds[Kind::One as usize] - others(&kinds)
    }
}

/// How much likelier anybody else's two are (relatives, twins, namesakes or strangers) than strangers alone: 0 bits or more.
pub(super) fn others(kinds: &[f64; KINDS]) -> f64 {
    let relatives: f64 = kinds[1..].iter().map(|bits| bits.exp2()).sum();
    (1.0 + relatives).log2()
}

/// How many pairs there are among so many people.
pub(super) fn pairs_among(people: usize) -> f64 {
    let people = people as f64;
    (people * (people - 1.0) / 2.0).max(0.0)
}

/// Levels of two NHS numbers, by whether there are two: these and the others each as a part of one.
const WITHOUT_NUMBER: [usize; 2] = [nhs_number::IN_ONE as usize, nhs_number::IN_NEITHER as usize];

/// `of`, in which the numbers of one or both are missing as often as in `lacking`.
pub(super) fn lacking_as(lacking: &[f64; LEVELS], of: &[f64; LEVELS]) -> [f64; LEVELS] {
    let both = |levels: &[f64; LEVELS]| 1.0 - WITHOUT_NUMBER.iter().map(|level| levels[*level]).sum::<f64>();
    let part = both(lacking).max(f64::MIN_POSITIVE) / both(of).max(f64::MIN_POSITIVE);
    let mut levels = of.map(|level| level * part);
    WITHOUT_NUMBER.iter().for_each(|level| levels[*level] = lacking[*level]);
    levels
}

/// Relatives have two numbers, as strangers have. They lack them together as one person's records do: they came to the
/// country together, or are newborn twins. So a missing number never tells one person from them.
fn number_of_relatives(level: usize, one: &[f64; LEVELS], strangers: &[f64; LEVELS]) -> f64 {
    lacking_as(one, strangers)[level]
}

/// The level as which a level counts: names in each other's place are the same names, put right.
pub(super) fn counts_as(field: Field, level: u8) -> usize {
    match (field, level) {
        (Field::Surname, surname::EXCHANGED) | (Field::Given, given::SWAPPED) => usize::from(SAME),
        _ => usize::from(level),
    }
}

/// How often pairs of a kind stand on a level, where `of` is what is known of one person's records and of strangers.
fn probability(kind: Kind, field: Field, level: usize, of: (&[f64; LEVELS], &[f64; LEVELS])) -> f64 {
    let (one, strangers) = of;
    match (kind, field) {
        (Kind::One, _) => one[level],
        (Kind::Twins, Field::Born) => BORN_OF_TWINS[level - 1],
        (Kind::Namesakes, Field::Surname) => SURNAME_OF_NAMESAKES[level - 1],
        (Kind::Namesakes, Field::Given) => GIVEN_OF_NAMESAKES[level - 1],
        (_, Field::NhsNumber) => number_of_relatives(level, one, strangers),
        (_, field) if field.is_of_the_home() => field.levels()[level - 1].home,
        _ => strangers[level],
    }
}
