//! The people of one comparison, prepared once: words folded and numbered, sounds, forms, address digrams, counts.
//! About 250 bytes a person, so millions fit. Knows nothing of pairs.

use std::collections::{BTreeMap, HashMap};

use fhir::search::fold;
use smallvec::SmallVec;

use super::demographics::{Born, Demographics, Sex};
use super::short_forms::{groups, is_placeholder};
use crate::patient_index::{folded_words, sound};

/// The number of a word; 0 is no word.
pub(super) type Word = u32;

/// Bounds on what one record can ask for.
const MOST_SURNAMES: usize = 3;
const MOST_PHONES: usize = 3;
const MOST_ADDRESS_WORDS: usize = 16;
const LONGEST_ADDRESS: usize = 120;

/// The people of one comparison. Each is known by the order in which they were added, from 0.
#[derive(Debug, Default)]
pub struct People {
    pub(super) records: Vec<Record>,
    words: Words,
    /// Digrams of all addresses, each record's sorted.
    digrams: Vec<u16>,
    /// Words of all addresses.
    address_words: Vec<Word>,
    counted: Counted,
    /// Among how many people names were counted, where they were.
    sexes: OfSexes<usize>,
}

/// How common names are in a set that is not at hand: the common ones with how many bear them, folded and in one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) people: OfSexes<usize>,
    pub(super) surnames: BTreeMap<String, u32>,
    pub(super) given: BTreeMap<String, OfSexes<u32>>,
}

/// Something of those whose sex is not known, of women, and of men.
pub(super) type OfSexes<T> = [T; 3];

/// Where a sex stands among these.
fn place_of(sex: Option<Sex>) -> usize {
    match sex {
        None => 0,
        Some(Sex::Female) => 1,
        Some(Sex::Male) => 2,
    }
}

/// Where names were counted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Counted {
    /// Among these people.
    #[default]
    Here,
    /// In a set of so many people.
    Elsewhere,
    /// Nowhere: no name is rarer than another.
    Nowhere,
}

/// One record, prepared.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    /// Whole surnames written as one word: the one in use first.
    pub(super) surnames: SmallVec<[Word; 2]>,
    /// The words of all surnames.
    pub(super) surname_words: SmallVec<[Word; 2]>,
    /// All given names written as one word; 0 when missing.
    pub(super) given: Word,
    /// The given names one by one.
    pub(super) given_words: SmallVec<[Word; 2]>,
    pub(super) born: Option<Born>,
    pub(super) sex: Option<Sex>,
    /// Digits and capitals, padded with 0.
    pub(super) number: Option<[u8; 12]>,
    pub(super) has_valid_number: bool,
    /// Letters and digits in capitals, padded with 0.
    pub(super) postcode: Option<[u8; 8]>,
    pub(super) phones: SmallVec<[u64; 2]>,
    digrams: (u32, u16),
    address_words: (u32, u16),
}

/// Texts and their numbers, with what is worth knowing once for each.
#[derive(Debug)]
struct Words {
    numbers: HashMap<Box<str>, Word>,
    /// By number.
    all: Vec<Known>,
}

#[derive(Debug, Default)]
struct Known {
    text: Box<str>,
    /// The number of how it sounds; 0 until it was a name.
    sound: Word,
    /// The letters in it, one bit each.
    letters: u32,
    forms: u128,
    surnames: u32,
    given: OfSexes<u32>,
    addresses: u32,
}

impl Default for Words {
    fn default() -> Words {
        Words { numbers: HashMap::new(), all: vec![Known::default()] }
    }
}

impl Words {
    fn number(&mut self, text: &str) -> Word {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.all.len() as Word;
        let letters = text.bytes().fold(0, |letters, byte| letters | 1 << (byte & 31));
        self.all.push(Known { text: text.into(), letters, ..Known::default() });
        self.numbers.insert(text.into(), number);
        number
    }

    /// The number of a name, whose sound and forms are then known.
    fn name(&mut self, text: &str) -> Word {
        let number = self.number(text);
        if self.all[number as usize].sound == 0 {
            // A capital keeps sounds apart from folded words.
            let sound = self.number(&format!("S{}", sound(text)));
            let known = &mut self.all[number as usize];
            (known.sound, known.forms) = (sound, groups(text));
        }
        number
    }
}

impl People {
    /// Nobody yet.
    pub fn new() -> People {
        People::default()
    }

    /// Nobody yet, among whom names are as common as in another set.
    pub(super) fn among(names: &Names) -> People {
        let mut people = People { counted: Counted::Elsewhere, sexes: names.people, ..People::default() };
        for (surname, count) in &names.surnames {
            let word = people.words.number(surname);
            people.words.all[word as usize].surnames += count;
        }
        for (given, counts) in &names.given {
            let word = people.words.number(given);
            let given = &mut people.words.all[word as usize].given;
            given.iter_mut().zip(counts).for_each(|(given, count)| *given += count);
        }
        people
    }

    /// Nobody yet, and nothing is known of how common names are.
    pub(super) fn of_unknown_names() -> People {
        People { counted: Counted::Nowhere, ..People::default() }
    }

    /// Of how many people names were counted; `None` when they were not.
    pub(super) fn names_counted_of(&self) -> Option<usize> {
        (self.counted != Counted::Nowhere).then(|| self.sexes.iter().sum())
    }

    /// How many of one sex have this given name first, or as all their given names, and of how many of that sex.
    pub(super) fn with_given_of(&self, word: Word, sex: Option<Sex>) -> (u32, usize) {
        let place = place_of(sex);
        (self.words.all[word as usize].given[place], self.sexes[place])
    }

    /// The most common names, those that so many bear at least.
    pub(super) fn common_names(&self, most: usize, least: u32) -> Names {
        let common = |count: fn(&Known) -> u32| {
            let of = |known: &'_ Known| (count(known), known.text.clone());
            let mut names: Vec<(u32, Box<str>)> =
                self.words.all.iter().map(of).filter(|name| name.0 >= least).collect();
            names.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            names.truncate(most);
            names
        };
        let surnames = common(|known| known.surnames).into_iter().map(|(count, name)| (name.into(), count));
        // Of a sex that few with a name have, nobody is counted.
        let of_sexes =
            |name: &str| self.known(name).map(|known| known.given.map(|count| if count < least { 0 } else { count }));
        let given = common(|known| known.given.iter().sum());
        let given = given.into_iter().filter_map(|(_, name)| Some((name.to_string(), of_sexes(&name)?)));
        Names { people: self.sexes, surnames: surnames.collect(), given: given.collect() }
    }

    fn known(&self, text: &str) -> Option<&Known> {
        self.words.numbers.get(text).map(|number| &self.words.all[*number as usize])
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Adds one; the number under which pairs name it is the number of those added before.
    pub fn add(&mut self, person: &Demographics) {
        let mut record = Record {
            born: person.born,
            sex: person.sex,
            postcode: person.postcode.as_deref().and_then(capitals),
            number: person.nhs_number.as_deref().and_then(capitals),
            ..Record::default()
        };
        let number = person.nhs_number.as_deref();
        record.has_valid_number = number.is_some_and(|number| terms::NhsNumber::parse(number).is_ok());
        let is_counted = self.counted == Counted::Here;
        self.sexes[place_of(record.sex)] += usize::from(is_counted);
        self.add_names(person, &mut record);
        self.add_address(&person.address, &mut record);
        for phone in person.phones.iter().filter_map(|phone| phone_digits(phone)) {
            if record.phones.len() < MOST_PHONES && !record.phones.contains(&phone) {
                record.phones.push(phone);
            }
        }
        self.records.push(record);
    }

    fn add_names(&mut self, person: &Demographics, record: &mut Record) {
        for surname in person.surnames.iter().take(MOST_SURNAMES) {
            let words = folded_words(surname);
            if words.is_empty() || is_placeholder(&words) {
                continue;
            }
            let whole = self.words.name(&words.concat());
            if !record.surnames.contains(&whole) {
                record.surnames.push(whole);
                self.words.all[whole as usize].surnames += 1;
            }
            for word in &words {
                let word = self.words.name(word);
                if !record.surname_words.contains(&word) {
                    record.surname_words.push(word);
                }
            }
        }
        let mut words: Vec<String> = person.given.iter().flat_map(|given| folded_words(given)).collect();
        words.truncate(4);
        if !words.is_empty() && !is_placeholder(&words) {
            record.given = self.words.name(&words.concat());
            record.given_words = words.iter().map(|word| self.words.name(word)).collect();
            let first = record.given_words[0];
            let place = place_of(record.sex);
            self.words.all[first as usize].given[place] += 1;
            if record.given != first {
                self.words.all[record.given as usize].given[place] += 1;
            }
        }
    }

    fn add_address(&mut self, lines: &[String], record: &mut Record) {
        let folded = fold(&lines.join(" "));
        let words = folded.split(' ').filter(|word| !word.is_empty()).take(MOST_ADDRESS_WORDS);
        record.address_words.0 = self.address_words.len() as u32;
        record.digrams.0 = self.digrams.len() as u32;
        let mut letters: Vec<u8> = Vec::new();
        for word in words {
            let number = self.words.number(word);
            self.words.all[number as usize].addresses += 1;
            self.address_words.push(number);
            if !has_digit(word) {
                letters.extend(word.bytes().take(LONGEST_ADDRESS));
            }
        }
        letters.truncate(LONGEST_ADDRESS);
        self.digrams.extend(letters.windows(2).map(|two| u16::from_be_bytes([two[0], two[1]])));
        self.digrams[record.digrams.0 as usize..].sort_unstable();
        record.address_words.1 = (self.address_words.len() - record.address_words.0 as usize) as u16;
        record.digrams.1 = (self.digrams.len() - record.digrams.0 as usize) as u16;
    }

    pub(super) fn text(&self, word: Word) -> &str {
        &self.words.all[word as usize].text
    }

    pub(super) fn sound(&self, word: Word) -> Word {
        self.words.all[word as usize].sound
    }

    pub(super) fn letters(&self, word: Word) -> u32 {
        self.words.all[word as usize].letters
    }

    pub(super) fn forms(&self, word: Word) -> u128 {
        self.words.all[word as usize].forms
    }

    /// How many people have this whole surname.
    pub(super) fn with_surname(&self, word: Word) -> u32 {
        self.words.all[word as usize].surnames
    }

    /// How many people have this given name first, or as all their given names.
    pub(super) fn with_given(&self, word: Word) -> u32 {
        self.words.all[word as usize].given.iter().sum()
    }

    /// How often the word stands in addresses.
    pub(super) fn in_addresses(&self, word: Word) -> u32 {
        self.words.all[word as usize].addresses
    }

    /// Pairs of neighbouring letters of an address without its numbers, sorted.
    pub(super) fn digrams(&self, record: &Record) -> &[u16] {
        let (from, count) = record.digrams;
        &self.digrams[from as usize..from as usize + usize::from(count)]
    }

    /// The words of an address in order.
    pub(super) fn address_words(&self, record: &Record) -> &[Word] {
        let (from, count) = record.address_words;
        &self.address_words[from as usize..from as usize + usize::from(count)]
    }
}

/// Whether a word of an address is a number, such as `14` or `2b`.
pub(super) fn has_digit(word: &str) -> bool {
    word.bytes().any(|b| b.is_ascii_digit())
}

/// Letters and digits in capitals in a fixed number of places; `None` if there are none. What is too long is cut.
fn capitals<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut places = [0; N];
    let kept = text.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_uppercase());
    let mut count = 0;
    for (place, byte) in places.iter_mut().zip(kept) {
        *place = byte;
        count += 1;
    }
    (count > 0).then_some(places)
}

/// The last ten digits: without the 0 or the +44 before them. Fewer than seven are no telephone number.
pub(crate) fn phone_digits(text: &str) -> Option<u64> {
    let digits: Vec<u64> = text.bytes().filter(u8::is_ascii_digit).map(|b| u64::from(b - b'0')).collect();
    let last = &digits[digits.len().saturating_sub(10)..];
    let number = last.iter().fold(0, |number, digit| number * 10 + digit);
    (last.len() >= 7 && number > 0).then_some(number)
}
