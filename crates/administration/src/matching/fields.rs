//! The fields that are compared and the levels on which two records can agree: the configuration, as tables.
//!
//! `one` is how often two records of one person stand on a level before anything was learnt, `strangers` how often two
//! random people do, `home` how often two different people of one home do. Orders of magnitude for England, each stated
//! as a belief that training corrects; `home` is never learnt. Knows neither how a level is found nor how it is used.

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Surnames.
    Surname,
    /// Given names.
    Given,
    /// Date of birth.
    Born,
    /// Sex.
    Sex,
    /// NHS number.
    NhsNumber,
    /// Postcode.
    Postcode,
    /// Address without the postcode.
    Address,
    /// Telephone numbers.
    Phone,
}

/// How many fields there are.
pub(super) const FIELDS: usize = 8;
/// The most levels a field has, with the level 0 for what is missing.
pub(super) const LEVELS: usize = 10;
/// The level of a field that one of the two records lacks: no evidence.
pub(super) const MISSING: u8 = 0;
/// The level of equal values, in every field.
pub(super) const SAME: u8 = 1;

/// One way in which two records can agree or differ in a field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) words: &'static str,
    /// Probability among records of one person.
    pub(super) one: f64,
    /// Probability among strangers.
    pub(super) strangers: f64,
    /// Probability among people of one home; what of it twins and namesakes share is in their own tables.
    pub(super) home: f64,
}

const fn level(words: &'static str, one: f64, strangers: f64, home: f64) -> Level {
    Level { words, one, strangers, home }
}

/// Levels of surnames, from 1.
pub(super) mod surname {
    pub(in super::super) const SLIP: u8 = 2;
    pub(in super::super) const SOUND: u8 = 3;
    pub(in super::super) const ALIKE: u8 = 4;
    pub(in super::super) const PART: u8 = 5;
    pub(in super::super) const SWAPPED: u8 = 6;
    pub(in super::super) const DIFFERENT: u8 = 7;
    /// Then the given name is on its level `SWAPPED`, and on no other.
    pub(in super::super) const EXCHANGED: u8 = 8;
}

/// Levels of given names, from 1.
pub(super) mod given {
    pub(in super::super) const SLIP: u8 = 2;
    pub(in super::super) const SHORT: u8 = 3;
    pub(in super::super) const ALIKE: u8 = 4;
    pub(in super::super) const INITIAL: u8 = 5;
    pub(in super::super) const ORDER: u8 = 6;
    pub(in super::super) const FIRST: u8 = 7;
    pub(in super::super) const SWAPPED: u8 = 8;
    pub(in super::super) const DIFFERENT: u8 = 9;
}

/// Levels of dates of birth, from 1.
pub(super) mod born {
    pub(in super::super) const SLIP: u8 = 2;
    pub(in super::super) const SWAPPED: u8 = 3;
    pub(in super::super) const TWO_PARTS: u8 = 4;
    pub(in super::super) const AS_KNOWN: u8 = 5;
    pub(in super::super) const DIFFERENT: u8 = 6;
    pub(in super::super) const DIGIT_OF_YEAR: u8 = 7;
}

/// Levels of sex, from 1.
pub(super) mod sex {
    pub(in super::super) const DIFFERENT: u8 = 2;
}

/// Levels of NHS numbers, from 1.
pub(super) mod nhs_number {
    pub(in super::super) const SLIP: u8 = 2;
    pub(in super::super) const DIFFERENT: u8 = 3;
    pub(in super::super) const IN_ONE: u8 = 4;
    pub(in super::super) const IN_NEITHER: u8 = 5;
}

/// Levels of postcodes, from 1.
pub(super) mod postcode {
    pub(in super::super) const SLIP: u8 = 2;
    pub(in super::super) const DISTRICT: u8 = 3;
    pub(in super::super) const DIFFERENT: u8 = 4;
}

/// Levels of addresses, from 1.
pub(super) mod address {
    pub(in super::super) const STREET: u8 = 2;
    pub(in super::super) const MOSTLY: u8 = 3;
    pub(in super::super) const PARTLY: u8 = 4;
    pub(in super::super) const DIFFERENT: u8 = 5;
}

/// Levels of telephone numbers, from 1.
pub(super) mod phone {
    pub(in super::super) const DIFFERENT: u8 = 2;
}

const SURNAME: &[Level] = &[
    level("the same", 0.80, 0.003, 0.72),
    level("one letter apart", 0.06, 0.0008, 0.02),
    level("sounds the same", 0.02, 0.002, 0.01),
    level("spelt alike", 0.02, 0.006, 0.01),
    level("shares a part, or an earlier name", 0.04, 0.0006, 0.03),
    level("is the other's given name", 0.01, 0.0002, 0.001),
    level("different", 0.04, 0.987_399, 0.208_999),
    level("is the other's given name, and the other way round", 0.01, 0.000_001, 0.000_001),
];

const GIVEN: &[Level] = &[
    level("the same", 0.76, 0.006, 0.006),
    level("one letter apart", 0.05, 0.002, 0.002),
    level("a short form, or sounds the same", 0.04, 0.003, 0.003),
    level("spelt alike", 0.02, 0.012, 0.012),
    level("the same initial only", 0.02, 0.004, 0.004),
    level("the same name in another place", 0.02, 0.002, 0.002),
    level("the first the same, others differ", 0.02, 0.002, 0.002),
    level("is the other's surname", 0.02, 0.0002, 0.0002),
    level("different", 0.05, 0.9688, 0.9688),
];

const BORN: &[Level] = &[
    level("the same", 0.90, 0.000_035, 0.000_035),
    level("one digit apart", 0.03, 0.000_4, 0.000_4),
    level("day and month swapped", 0.01, 0.000_02, 0.000_02),
    level("two of day, month and year the same", 0.01, 0.003_9, 0.003_9),
    level("the same as far as known", 0.01, 0.000_5, 0.000_5),
    level("different", 0.03, 0.995_045, 0.995_045),
    level("one digit of the year apart, by a generation", 0.01, 0.000_1, 0.000_1),
];

const SEX: &[Level] = &[level("the same", 0.98, 0.5, 0.5), level("different", 0.02, 0.5, 0.5)];

// Whether there is a number is believed to say nothing, until a set shows otherwise.
const NHS_NUMBER: &[Level] = &[
    level("the same", 0.769_5, 0.000_000_1, 0.000_000_1),
    level("one digit apart", 0.024_3, 0.000_002, 0.000_002),
    level("different", 0.016_2, 0.809_997_9, 0.809_997_9),
    level("in one of them only", 0.18, 0.18, 0.18),
    level("in neither", 0.01, 0.01, 0.01),
];

const POSTCODE: &[Level] = &[
    level("the same", 0.75, 0.000_1, 0.95),
    level("one character apart", 0.04, 0.000_3, 0.03),
    level("the same district", 0.06, 0.02, 0.01),
    level("different", 0.15, 0.9796, 0.01),
];

const ADDRESS: &[Level] = &[
    level("the same", 0.72, 0.000_01, 0.90),
    level("the same but for the number", 0.05, 0.000_3, 0.04),
    level("mostly the same", 0.05, 0.002, 0.03),
    level("partly the same", 0.05, 0.05, 0.02),
    level("different", 0.13, 0.947_69, 0.01),
];

const PHONE: &[Level] = &[level("the same", 0.55, 0.000_001, 0.35), level("different", 0.45, 0.999_999, 0.65)];

/// How twins' dates of birth stand on the levels of [`Field::Born`].
pub(super) const BORN_OF_TWINS: &[f64] = &[0.97, 0.01, 0.005, 0.004, 0.005, 0.005, 0.001];
/// How the surnames of two relatives who bear one name stand on the levels of [`Field::Surname`]: it is their family's.
pub(super) const SURNAME_OF_NAMESAKES: &[f64] = &[0.93, 0.02, 0.01, 0.01, 0.02, 0.000_5, 0.009, 0.000_5];
/// How the given names of two relatives who bear one name stand on the levels of [`Field::Given`].
pub(super) const GIVEN_OF_NAMESAKES: &[f64] = &[0.70, 0.02, 0.04, 0.01, 0.03, 0.04, 0.15, 0.005, 0.005];

impl Field {
    /// All fields, in the order in which people look at them.
    pub const ALL: [Field; FIELDS] = [
        Field::Surname,
        Field::Given,
        Field::Born,
        Field::Sex,
        Field::NhsNumber,
        Field::Postcode,
        Field::Address,
        Field::Phone,
    ];

    /// The field's name for people.
    pub fn words(self) -> &'static str {
        match self {
            Field::Surname => "Surname",
            Field::Given => "Given names",
            Field::Born => "Date of birth",
            Field::Sex => "Sex",
            Field::NhsNumber => "NHS number",
            Field::Postcode => "Postcode",
            Field::Address => "Address",
            Field::Phone => "Telephone",
        }
    }

    /// The field's name within a sentence.
    pub fn in_a_sentence(self) -> &'static str {
        match self {
            Field::Surname => "surname",
            Field::Given => "given name",
            Field::Born => "date of birth",
            Field::Sex => "sex",
            Field::NhsNumber => "NHS number",
            Field::Postcode => "postcode",
            Field::Address => "address",
            Field::Phone => "telephone",
        }
    }

    /// The levels from 1 upwards; level 0 is for what is missing.
    pub(super) fn levels(self) -> &'static [Level] {
        match self {
            Field::Surname => SURNAME,
            Field::Given => GIVEN,
            Field::Born => BORN,
            Field::Sex => SEX,
            Field::NhsNumber => NHS_NUMBER,
            Field::Postcode => POSTCODE,
            Field::Address => ADDRESS,
            Field::Phone => PHONE,
        }
    }

    /// Whether people who live together share it.
    pub(super) fn is_of_the_home(self) -> bool {
        matches!(self, Field::Surname | Field::Postcode | Field::Address | Field::Phone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_a_distribution() {
        for field in Field::ALL {
            let levels = field.levels();
            assert!(levels.len() < LEVELS, "{field:?}");
            for column in [|level: &Level| level.one, |level: &Level| level.strangers, |level: &Level| level.home] {
                let sum: f64 = levels.iter().map(column).sum();
                assert!((sum - 1.0).abs() < 1e-9, "{field:?}: {sum}");
            }
        }
        for (table, field) in
            [(BORN_OF_TWINS, Field::Born), (SURNAME_OF_NAMESAKES, Field::Surname), (GIVEN_OF_NAMESAKES, Field::Given)]
        {
            assert_eq!(table.len(), field.levels().len());
            assert!((table.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn the_numbers_of_levels_are_those_of_the_tables() {
        let last = [
            surname::EXCHANGED,
            given::DIFFERENT,
            born::DIGIT_OF_YEAR,
            sex::DIFFERENT,
            nhs_number::IN_NEITHER,
            postcode::DIFFERENT,
            address::DIFFERENT,
            phone::DIFFERENT,
        ];
        for (field, last) in Field::ALL.into_iter().zip(last) {
            assert_eq!(field.levels().len(), usize::from(last), "{field:?}");
        }
        let different = [
            (Field::Surname, surname::DIFFERENT),
            (Field::Given, given::DIFFERENT),
            (Field::Born, born::DIFFERENT),
            (Field::NhsNumber, nhs_number::DIFFERENT),
            (Field::Address, address::DIFFERENT),
        ];
        for (field, level) in different {
            assert_eq!(field.levels()[usize::from(level) - 1].words, "different", "{field:?}");
        }
    }
}
