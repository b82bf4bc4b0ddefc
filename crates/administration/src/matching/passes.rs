//! The passes: each gives a person's keys, and people who share a key are worth comparing. Every pass forgives other
//! faults than the rest, so that one person's two records miss each other only if they are wrong in many places at once.
//!
//! Beside its key a person has an order: in a block that is too large, only neighbours in that order are compared.

use super::demographics::Born;
use super::people::{People, Record, Word, has_digit};

/// A key of one person in one pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) hash: u64,
    pub(super) order: u32,
    pub(super) person: u32,
}

/// What the people of a block have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// The number.
    Number,
    /// A telephone number.
    Phone,
    /// The date of birth and how any name sounds: wrong or changed other names, swapped names.
    BornAndName,
    /// The date of birth and the postcode, or a rare word of the address: both names wrong.
    BornAndPlace,
    /// How a surname and a given name sound, whichever way round: anything else wrong or changed.
    Names,
    /// Names as they sound, with day and month of birth: the neighbours of common names, a wrong year.
    NamesAndDay,
    /// The postcode and how any name sounds: wrong dates and one changed name.
    PostcodeAndName,
    /// A number and a rare word of the address, and a name: wrong postcodes.
    AddressAndName,
    /// The first letters of the names and two parts of the date of birth: slips in both.
    LettersAndBorn,
}

impl Pass {
    pub(super) const ALL: [Pass; 9] = [
        Pass::Number,
        Pass::Phone,
        Pass::BornAndName,
        Pass::BornAndPlace,
        Pass::Names,
        Pass::NamesAndDay,
        Pass::PostcodeAndName,
        Pass::AddressAndName,
        Pass::LettersAndBorn,
    ];

    /// Adds the keys of a person.
    pub(super) fn keys(self, people: &People, person: usize, out: &mut Vec<Key>) {
        let record = &people.records[person];
        let mut keys = Keys { pass: self, person: person as u32, out };
        let born = whole_date(record);
        let day = born.map_or(0, day_number);
        match self {
            Pass::Number => record.number.iter().for_each(|number| keys.add(&[bytes(number)], day)),
            Pass::Phone => record.phones.iter().for_each(|phone| keys.add(&[*phone], day)),
            Pass::BornAndName => {
                if let Some(born) = born {
                    let place = record.postcode.map_or(0, |postcode| bytes(&postcode) as u32);
                    names(people, record).iter().for_each(|name| keys.add(&[date(born), *name], place));
                }
            }
            Pass::BornAndPlace => {
                if let Some(born) = born {
                    let name = names(people, record).first().map_or(0, |name| *name as u32);
                    record.postcode.iter().for_each(|code| keys.add(&[date(born), bytes(code)], name));
                    rare_words(people, record).iter().for_each(|word| keys.add(&[date(born), *word], name));
                }
            }
            Pass::Names => pairs_of_names(people, record).iter().for_each(|pair| keys.add(pair, day)),
            Pass::NamesAndDay => {
                if let Some(Born { year, month, day }) = born {
                    let day = u64::from(month) << 8 | u64::from(day);
                    let year = u32::from(year);
                    pairs_of_names(people, record).iter().for_each(|[x, y]| keys.add(&[*x, *y, day], year));
                }
            }
            Pass::PostcodeAndName => {
                if let Some(postcode) = record.postcode {
                    names(people, record).iter().for_each(|name| keys.add(&[bytes(&postcode), *name], day));
                }
            }
            Pass::AddressAndName => address_and_name(people, record, day, &mut keys),
            Pass::LettersAndBorn => letters_and_born(people, record, &mut keys),
        }
    }
}

/// Where the keys of one person go.
struct Keys<'k> {
    pass: Pass,
    person: u32,
    out: &'k mut Vec<Key>,
}

impl Keys<'_> {
    fn add(&mut self, parts: &[u64], order: u32) {
        let hash = parts.iter().fold(mix(self.pass as u64 + 1), |hash, part| mix(hash ^ part));
        self.out.push(Key { hash, order, person: self.person });
    }
}

/// Spreads a number over all bits (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
pub(super) fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn bytes(bytes: &[u8]) -> u64 {
    bytes.iter().fold(7, |hash, byte| mix(hash ^ u64::from(*byte)))
}

/// A date that was not put for want of a better one.
fn whole_date(record: &Record) -> Option<Born> {
    record.born.filter(|born| born.is_whole() && !born.is_first_of_january())
}

fn day_number(born: Born) -> u32 {
    u32::from(born.year) * 372 + u32::from(born.month) * 31 + u32::from(born.day)
}

/// The same for a date whose day and month were swapped.
fn date(born: Born) -> u64 {
    let (low, high) = (born.month.min(born.day), born.month.max(born.day));
    u64::from(born.year) << 16 | u64::from(low) << 8 | u64::from(high)
}

/// How each name sounds, surnames first, each once.
fn names(people: &People, record: &Record) -> Vec<u64> {
    let mut names = sounds(people, record.surnames.iter().chain(&record.surname_words));
    for name in given_sounds(people, record) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn given_sounds(people: &People, record: &Record) -> Vec<u64> {
    let whole = (record.given != 0).then_some(&record.given);
    sounds(people, record.given_words.iter().take(2).chain(whole))
}

fn sounds<'w>(people: &People, words: impl Iterator<Item = &'w Word>) -> Vec<u64> {
    let mut sounds = Vec::new();
    for word in words.filter(|word| people.text(**word).len() > 1) {
        let sound = u64::from(people.sound(*word));
        if !sounds.contains(&sound) {
            sounds.push(sound);
        }
    }
    sounds
}

/// Each surname with each given name, the smaller number first, so that swapped names meet.
fn pairs_of_names(people: &People, record: &Record) -> Vec<[u64; 2]> {
    let given = given_sounds(people, record);
    let mut pairs = Vec::new();
    for x in sounds(people, record.surnames.iter().chain(&record.surname_words)) {
        for &y in &given {
            let pair = [x.min(y), x.max(y)];
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
    }
    pairs
}

/// The two rarest words of the address that are no numbers.
fn rare_words(people: &People, record: &Record) -> Vec<u64> {
    let is_word = |word: &&Word| people.text(**word).len() > 2 && !has_digit(people.text(**word));
    let mut words: Vec<Word> = people.address_words(record).iter().filter(is_word).copied().collect();
    words.sort_unstable_by_key(|word| (people.in_addresses(*word), *word));
    words.dedup();
    words.into_iter().take(2).map(u64::from).collect()
}

fn address_and_name(people: &People, record: &Record, day: u32, keys: &mut Keys<'_>) {
    let number = people.address_words(record).iter().find(|word| has_digit(people.text(**word)));
    let number = number.map_or(0, |number| u64::from(*number));
    let names = names(people, record);
    for word in rare_words(people, record) {
        names.iter().take(4).for_each(|name| keys.add(&[number, word, *name], day));
    }
}

/// Three letters of the surname or of the given name with two of day, month and year.
fn letters_and_born(people: &People, record: &Record, keys: &mut Keys<'_>) {
    let Some(Born { year, month, day }) = whole_date(record) else { return };
    let given = (record.given != 0).then_some(record.given);
    for name in record.surnames.first().copied().into_iter().chain(given) {
        let letters: String = people.text(name).chars().take(3).collect();
        let letters = bytes(letters.as_bytes());
        let order = people.sound(name);
        let (year, month, day) = (u64::from(year), u64::from(month), u64::from(day));
        keys.add(&[letters, 1, year, month], order);
        keys.add(&[letters, 2, month, day], order);
        keys.add(&[letters, 3, year, day], order);
    }
}
