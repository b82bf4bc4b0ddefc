//! What of texts a dictionary may be trained on: what several people's texts share. An erasure takes texts away and leaves
//! dictionaries as they are, so nothing of one person alone may be in them (decision 0014).
//!
//! Knows JSON as far as strings and numbers go, and that texts of one person name the same Patient.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

/// A run of values stays when so many people's texts have it.
const PEOPLE: usize = 3;
/// The longest run that is looked at, in values: of more than that each such part is shared.
const RUN: usize = 4;
/// A value of more bytes stays as a whole or not at all.
const MOST_PARTED: usize = 160;
/// Beginnings of a value that may stay where the whole does not.
const MOST_BEGINNINGS: usize = 12;

/// Texts one after the other, and the length of each.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) bytes: Vec<u8>,
    pub(super) lengths: Vec<usize>,
}

/// Who has what: of each run, by its hash, the first people in whose texts it is; 0 is nobody.
#[derive(Default)]
struct Known {
    hasher: RandomState,
    runs: HashMap<u64, [u32; PEOPLE]>,
}

/// A part of a text: what is between values, or a value.
enum Part<'t> {
    Between(&'t [u8]),
    Value(&'t [u8]),
}

/// The texts without the values that fewer people share, alone or in a row with those before them. Of such a value the
/// longest beginning stays that is shared.
pub(super) fn in_common(texts: &Texts) -> Texts {
    let mut known = Known::default();
    for (number, text) in each(texts).enumerate() {
        let person = known.person(text, number);
        for value in parts(text).filter_map(Part::value) {
            beginnings(value).chain([value]).for_each(|part| {
                let part = known.hash(part);
                known.is_of(&[part], person);
            });
        }
    }
    // No run is shared of which a value is not.
    for (number, text) in each(texts).enumerate() {
        let (person, mut run) = (known.person(text, number), Vec::new());
        for value in parts(text).filter_map(Part::value) {
            run.push(known.hash(value));
            if !known.is_shared(&run[run.len() - 1..]) {
                run.clear();
            }
            for length in 2..=RUN.min(run.len()) {
                known.is_of(&run[run.len() - length..], person);
            }
        }
    }
    let mut common = Texts::default();
    for text in each(texts) {
        let before = common.bytes.len();
        known.put_shared(text, &mut common.bytes);
        common.lengths.push(common.bytes.len() - before);
    }
    common
}

/// The texts one by one.
pub(super) fn each(texts: &Texts) -> impl Iterator<Item = &[u8]> {
    let mut rest = texts.bytes.as_slice();
    texts.lengths.iter().map(move |length| {
        let (text, after) = rest.split_at((*length).min(rest.len()));
        rest = after;
        text
    })
}

impl Known {
    fn hash(&self, bytes: &[u8]) -> u64 {
        self.hasher.hash_one(bytes)
    }

    /// Whose text it is: the Patient that it names first, or the Patient that it is; a text of nobody counts for itself.
    fn person(&self, text: &[u8], number: usize) -> u32 {
        let after =
            |what: &[u8]| text.windows(what.len()).position(|part| part == what).map(|at| &text[at + what.len()..]);
        let own = after(br#""resourceType":"Patient""#).and_then(|_| after(br#""id":""#));
        let named = own.or_else(|| after(b"Patient/"));
        let id = named.map(|rest| &rest[..rest.iter().position(|byte| b"\"/".contains(byte)).unwrap_or(rest.len())]);
        let hash = id.map_or_else(|| self.hasher.hash_one(number), |id| self.hash(id));
        (hash >> 32) as u32 | 1
    }

    /// Takes down that a run of values is in a text of a person.
    fn is_of(&mut self, run: &[u64], person: u32) {
        let people = self.runs.entry(self.hasher.hash_one(run)).or_default();
        if let Some(free) = people.iter().position(|known| [0, person].contains(known)) {
            people[free] = person;
        }
    }

    fn is_shared(&self, run: &[u64]) -> bool {
        self.runs.get(&self.hasher.hash_one(run)).is_some_and(|people| !people.contains(&0))
    }

    fn put_shared(&self, text: &[u8], into: &mut Vec<u8>) {
        let mut run: Vec<u64> = Vec::new();
        for part in parts(text) {
            let value = match part {
                Part::Between(bytes) => {
                    into.extend_from_slice(bytes);
                    continue;
                }
                Part::Value(value) => value,
            };
            run.push(self.hash(value));
            let length = RUN.min(run.len());
            if self.is_shared(&run[run.len() - length..]) {
                into.extend_from_slice(value);
                continue;
            }
            // A beginning stands alone: what comes after it is looked at as if nothing were before.
            run.clear();
            let shared = beginnings(value).filter(|beginning| self.is_shared(&[self.hash(beginning)])).last();
            into.extend_from_slice(shared.unwrap_or_default());
        }
    }
}

impl<'t> Part<'t> {
    fn value(self) -> Option<&'t [u8]> {
        match self {
            Part::Value(value) => Some(value),
            Part::Between(_) => None,
        }
    }
}

/// Beginnings of a value, each up to a sign in it, from the shortest on.
fn beginnings(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let value = if value.len() > MOST_PARTED { &[] } else { value };
    let signs = value.iter().enumerate().filter(|(_, byte)| !byte.is_ascii_alphanumeric());
    signs.map(|(at, _)| &value[..=at]).take(MOST_BEGINNINGS)
}

/// The parts of a text, in their order.
fn parts(text: &[u8]) -> Parts<'_> {
    Parts { rest: text, place: Place::Outside }
}

/// Takes a text apart: values are the insides of strings that are no names of members, and numbers.
struct Parts<'t> {
    rest: &'t [u8],
    place: Place,
}

#[derive(PartialEq, Eq)]
enum Place {
    Outside,
    /// In a string, whose opening quote is behind.
    Inside,
    /// Before the closing quote.
    AtItsEnd,
}

impl<'t> Parts<'t> {
    fn split(&mut self, at: Option<usize>) -> &'t [u8] {
        let (part, rest) = self.rest.split_at(at.unwrap_or(self.rest.len()));
        self.rest = rest;
        part
    }

    fn string(&mut self) -> Part<'t> {
        let mut is_escaped = false;
        let end = self.rest.iter().position(|byte| {
            let is_end = *byte == b'"' && !is_escaped;
            is_escaped = *byte == b'\\' && !is_escaped;
            is_end
        });
        self.place = Place::AtItsEnd;
        let inside = self.split(end);
        let is_name = self.rest.iter().skip(1).find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
        if is_name { Part::Between(inside) } else { Part::Value(inside) }
    }
}

impl<'t> Iterator for Parts<'t> {
    type Item = Part<'t>;

    fn next(&mut self) -> Option<Part<'t>> {
        if self.place == Place::Inside {
            return Some(self.string());
        }
        let is_digit = |byte: &u8| byte.is_ascii_digit() || *byte == b'-';
        if self.place == Place::Outside && is_digit(self.rest.first()?) {
            let end = self.rest.iter().position(|byte| !is_digit(byte) && !b"+.eE".contains(byte));
            return Some(Part::Value(self.split(end)));
        }
        let begun = usize::from(self.place == Place::AtItsEnd).min(self.rest.len());
        let to = self.rest[begun..].iter().position(|byte| is_digit(byte) || *byte == b'"').map(|at| begun + at);
        let opens = to.is_some_and(|at| self.rest[at] == b'"');
        self.place = if opens { Place::Inside } else { Place::Outside };
        let between = self.split(to.map(|at| at + usize::from(opens)));
        (!between.is_empty()).then_some(Part::Between(between))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn texts(all: &[String]) -> Texts {
        let lengths = all.iter().map(String::len).collect();
        Texts { bytes: all.concat().into_bytes(), lengths }
    }

    fn kept(all: &[String]) -> Vec<String> {
        let common = in_common(&texts(all));
        each(&common).map(|text| String::from_utf8(text.to_vec()).unwrap()).collect()
    }

    #[test]
    fn a_text_is_parted_into_values_and_what_is_between() {
        let text = r#"{"a" : "x\"\\","b":[-1.5e3,true,"",{"c":2}]}"#;
        let values: Vec<&[u8]> = parts(text.as_bytes()).filter_map(Part::value).collect();
        assert_eq!(values, [br#"x\"\\"#.as_slice(), b"-1.5e3", b"", b"2"]);
        for text in [text, "", "\"", "\"open", "{\"a\":", "7", "\"\\", "{}"] {
            let all = parts(text.as_bytes()).map(|part| match part {
                Part::Between(bytes) | Part::Value(bytes) => bytes,
            });
            assert_eq!(all.collect::<Vec<_>>().concat(), text.as_bytes(), "nothing of it is lost");
        }
    }

    #[test]
    fn what_three_people_share_stays_and_what_fewer_have_goes() {
        let observation = |person: &str, value: &str, note: &str| {
            format!(
                r#"{{"code":"8867-4","text":"Heart rate","subject":"Patient/{person}","at":"2026-11-{value}","n":{value},"note":"{note}"}}"#
            )
        };
        let mut all: Vec<String> =
            (10..13).map(|number| observation(&format!("p{number}"), &number.to_string(), "resting")).collect();
        // A hundred texts of one person are those of one person.
        all.extend((0..100).map(|_| observation("p99", "77", "lives at 4 Heron Lane")));
        let kept = kept(&all);
        let shared = r#"{"code":"8867-4","text":"Heart rate","subject":"Patient/","at":"2026-11-","n":,"note":"#;
        assert_eq!(kept[0], format!(r#"{shared}"resting"}}"#));
        assert_eq!(kept[50], format!(r#"{shared}""}}"#));
    }

    #[test]
    fn what_is_shared_word_by_word_is_not_kept_where_the_row_of_it_is_one_persons() {
        let person = |id: &str, family: &str, given: &str, city: &str| {
            format!(r#"{{"resourceType":"Patient","id":"{id}","family":"{family}","given":"{given}","city":"{city}"}}"#)
        };
        let mut all = Vec::new();
        for number in 0..3 {
            all.push(person(&format!("a{number}"), "Marsh", "Dawn", "London"));
            all.push(person(&format!("b{number}"), "Reed", "Tom", "Leeds"));
        }
        all.push(person("c", "Marsh", "Tom", "London"));
        let kept = kept(&all);
        assert!(kept[0].contains(r#""family":"Marsh","given":"Dawn","city":"London""#), "{}", kept[0]);
        assert!(kept[6].contains(r#""family":"Marsh","given":"","city":"London""#), "{}", kept[6]);
    }
}
