//! The judgement on two records: every field's part in bits and in words, their sum, and what follows.
//!
//! A pair is proposed for merging only if it is nearly certain and nothing holds it back: twins, namesakes and relatives
//! differ in one thing alone, so each thing that could be theirs must be proved. Proposes; people decide.

use super::compare::Pattern;
use super::fields::{Field, MISSING, SAME, address, born, given, nhs_number, postcode, sex};
use super::model::{Kind, Model, others};
use super::people::People;

/// Bits from which a pair is worth a person's look: as likely as not that the two are one.
pub(super) const REVIEW_BITS: f64 = 0.0;
/// Bits from which a pair may be proposed for merging: wrong once in a thousand at most, if the model is right.
pub(super) const MERGE_BITS: f64 = 10.0;
/// Bits of a field from which it speaks strongly, and bits from which it speaks at all clearly.
const STRONG_BITS: f64 = 8.0;
const CLEAR_BITS: f64 = 2.0;
/// Fewer bits than this are no weight.
const NO_BITS: f64 = 0.5;

/// What a row says of a field that one of the two lacks, and of equal and of different values.
const NOT_IN_BOTH: &str = "not in both";
const SAME_WORDS: &str = "the same";
const DIFFERENT_WORDS: &str = "different";

/// What follows from a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Two people.
    Different,
    /// Likely one person; somebody has to look.
    Review,
    /// One person, but for a decision: proposed for merging.
    Merge,
}

impl Verdict {
    /// A word for people and files.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Different => "different",
            Verdict::Review => "review",
            Verdict::Merge => "merge",
        }
    }
}

/// Why a pair is not proposed for merging although its weight would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hold {
    /// Two NHS numbers.
    NumbersDiffer,
    /// Two given names.
    GivenDiffers,
    /// The given name is missing, is an initial or merely like the other's, or further given names differ, and no NHS
    /// number proves it.
    GivenUnproved,
    /// Two dates of birth.
    BornDiffers,
    /// The date of birth is missing, partial, a 1 January or merely near the other's, and no NHS number proves it.
    BornUnproved,
    /// Two sexes, and no NHS number says that they are one person's.
    SexDiffers,
    /// Nothing but names, sex and date of birth agrees: many people share these with a stranger.
    NothingElse,
}

impl Hold {
    /// The reason as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Hold::NumbersDiffer => "The NHS numbers differ.",
            Hold::GivenDiffers => "The given names differ: they could be twins or relatives.",
            Hold::GivenUnproved => "The given name is not proved to be the same: they could be twins or relatives.",
            Hold::BornDiffers => "The dates of birth differ: they could be relatives with one name.",
            Hold::BornUnproved => "The date of birth is not proved to be the same: they could be namesakes.",
            Hold::SexDiffers => "The sexes differ: they could be twins or relatives.",
            Hold::NothingElse => "Nothing but the name and the date of birth agrees: two people can share them.",
        }
    }
}

/// What a row speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Says {
    /// 8 bits and more: strangers agree so once in 256 times as often as one person's records do.
    StrongFor,
    /// 2 bits and more.
    For,
    /// Half a bit and more.
    SlightlyFor,
    /// Less than half a bit either way.
    NoWeight,
    /// Half a bit and more against.
    SlightlyAgainst,
    /// 2 bits and more against.
    Against,
}

impl Says {
    /// What a number of bits says.
    pub fn of(bits: f64) -> Says {
        match bits {
            bits if bits >= STRONG_BITS => Says::StrongFor,
            bits if bits >= CLEAR_BITS => Says::For,
            bits if bits >= NO_BITS => Says::SlightlyFor,
            bits if bits > -NO_BITS => Says::NoWeight,
            bits if bits > -CLEAR_BITS => Says::SlightlyAgainst,
            _ => Says::Against,
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Says::StrongFor => "Strong for",
            Says::For => "For",
            Says::SlightlyFor => "Slightly for",
            Says::NoWeight => "No weight",
            Says::SlightlyAgainst => "Slightly against",
            Says::Against => "Against",
        }
    }
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// How rare it is that two records are one person's at all.
    Before,
    /// A field.
    Field(Field),
    /// What relatives, twins or namesakes of one home would share too, taken off again.
    Relatives,
}

/// One part of a weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// What it is about.
    pub about: Evidence,
    /// How the two agree or differ.
    pub found: &'static str,
    /// The part in bits.
    pub bits: f64,
    /// What that says in words.
    pub says: Says,
}

/// Two records compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What is known before, each field in the order of [`Field::ALL`], and what relatives would share. Their bits add up
    /// to the weight.
    pub rows: Vec<Row>,
    /// The binary logarithm of the odds that the two are one person.
    pub weight_bits: f64,
    /// Those odds as a probability.
    pub probability: f64,
    /// What follows.
    pub verdict: Verdict,
    /// Why it is not proposed for merging, where only that is in the way.
    pub holds: Vec<Hold>,
}

impl Row {
    /// Whether both have the same value.
    pub fn is_same(&self) -> bool {
        self.found == SAME_WORDS
    }
}

impl Comparison {
    /// How a field agrees or differs; `None` where one of the two lacks it.
    pub fn field(&self, field: Field) -> Option<&Row> {
        self.rows.iter().find(|row| row.about == Evidence::Field(field)).filter(|row| row.found != NOT_IN_BOTH)
    }

    /// What agrees and what does not, in words: every field that says something, but for equal names and sexes.
    pub fn why(&self) -> Vec<String> {
        let is_expected =
            |field, row: &Row| row.found == SAME_WORDS && matches!(field, Field::Surname | Field::Given | Field::Sex);
        let told = Field::ALL.into_iter().filter_map(|field| Some((field, self.field(field)?)));
        told.filter(|(field, row)| row.says != Says::NoWeight && !is_expected(*field, row))
            .map(|(field, row)| match row.found {
                SAME_WORDS => format!("same {}", field.in_a_sentence()),
                DIFFERENT_WORDS => format!("another {}", field.in_a_sentence()),
                found => format!("{} {found}", field.in_a_sentence()),
            })
            .collect()
    }
}

impl Model {
    /// Compares two people, by the order in which they were added, and explains what follows.
    pub fn compare(&self, people: &People, a: usize, b: usize) -> Comparison {
        let pattern = Pattern::of(people, a, b);
        let kinds = self.kinds(&pattern);
        let before = self.prior_bits(Kind::One);
        let mut rows = vec![row(Evidence::Before, "before anything is compared", before)];
        for field in Field::ALL {
            let level = usize::from(pattern.levels[field as usize]);
            let found = if level == 0 { NOT_IN_BOTH } else { field.levels()[level - 1].words };
            rows.push(row(Evidence::Field(field), found, self.field_bits(Kind::One, field, &pattern)));
        }
        rows.push(row(Evidence::Relatives, "what people of one home share", -others(&kinds)));
        let weight_bits = rows.iter().map(|row| row.bits).sum();
        let holds = holds(&pattern);
        let verdict = verdict(weight_bits, &holds);
        let holds = if weight_bits >= MERGE_BITS { holds } else { Vec::new() };
        Comparison { rows, weight_bits, probability: probability(weight_bits), verdict, holds }
    }
}

fn row(about: Evidence, found: &'static str, bits: f64) -> Row {
    // Nothing reads better than a negative zero.
    let bits = if bits == 0.0 { 0.0 } else { bits };
    Row { about, found, bits, says: Says::of(bits) }
}

/// The odds 2^bits as a probability.
pub(super) fn probability(bits: f64) -> f64 {
    1.0 / (1.0 + (-bits).exp2())
}

pub(super) fn verdict(weight_bits: f64, holds: &[Hold]) -> Verdict {
    if weight_bits < REVIEW_BITS {
        Verdict::Different
    } else if weight_bits >= MERGE_BITS && holds.is_empty() {
        Verdict::Merge
    } else {
        Verdict::Review
    }
}

/// What must not be merged however much else agrees.
pub(super) fn holds(pattern: &Pattern) -> Vec<Hold> {
    let level = |field: Field| pattern.levels[field as usize];
    let is_proved = level(Field::NhsNumber) == SAME;
    let mut holds = Vec::new();
    if level(Field::NhsNumber) == nhs_number::DIFFERENT {
        holds.push(Hold::NumbersDiffer);
    }
    match level(Field::Given) {
        given::DIFFERENT | given::ALIKE => holds.push(Hold::GivenDiffers),
        SAME => {}
        _ if !is_proved => holds.push(Hold::GivenUnproved),
        _ => {}
    }
    match level(Field::Born) {
        born::DIFFERENT => holds.push(Hold::BornDiffers),
        MISSING | born::SLIP | born::TWO_PARTS | born::DIGIT_OF_YEAR | born::AS_KNOWN if !is_proved => {
            holds.push(Hold::BornUnproved)
        }
        _ => {}
    }
    if level(Field::Sex) == sex::DIFFERENT && !is_proved {
        holds.push(Hold::SexDiffers);
    }
    let is_near = matches!(level(Field::Postcode), SAME | postcode::SLIP)
        || matches!(level(Field::Address), SAME | address::STREET | address::MOSTLY)
        || level(Field::Phone) == SAME;
    if !is_proved && !is_near {
        holds.push(Hold::NothingElse);
    }
    holds
}
