//! A toy text with index rows in plain words, and the permits to write it, for tests of `record` that need no FHIR.
//!
//! A text is one line for version and moment, then a row a line: `text NAME ann`, `code NAME system|code`,
//! `date NAME 5 9`, `target NAME Kind/id`, `patient Kind/id`; a `note` makes no row, and `attached LENGTH WORD` is a
//! note with an attachment of so many bytes, which follow from the word. A line that is none of these is a mistake of the test, which stops.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use access::{Grant, Permit, Role};
use record::{Hole, Indexing, Source, Template};
use terms::Moment;
use terms::index::{Part, Row};

/// The names that toy rows may use.
const NAMES: [&str; 4] = ["Thing.name", "Thing.code", "Thing.date", "Thing.ref"];

/// The index functions of toy texts.
pub fn indexing() -> Indexing {
    let extract = |source: Source<'_>, to: &mut Vec<Row>| to.extend(rows(source.kind, source.text));
    Indexing::new(vec![("toy", 1)], extract)
}

/// The rows of a toy text.
pub fn rows(kind: &str, text: &[u8]) -> Vec<Row> {
    std::str::from_utf8(text).unwrap().lines().skip(1).filter_map(|line| row(kind, line)).collect()
}

fn row(own_kind: &str, line: &str) -> Option<Row> {
    let words: Vec<&str> = line.split(' ').collect();
    let name = |word: &str| NAMES.into_iter().find(|name| *name == word).unwrap();
    let target = |word: &str| {
        let (kind, id) = word.split_once('/').unwrap();
        Part::target(kind, id)
    };
    let number = |word: &str| Part::fixed(&(word.parse::<u64>().unwrap() ^ 1 << 63).to_be_bytes());
    Some(match words.as_slice() {
        ["text", parameter, value] => Row::one(name(parameter), Part::Text(value.as_bytes().to_vec())),
        ["code", parameter, value] => {
            let (system, code) = value.split_once('|').unwrap();
            Row::one(name(parameter), Part::code(system, code))
        }
        ["date", parameter, low, high] => Row::of(name(parameter), [number(low), number(high)]),
        ["target", parameter, value] => Row::one(name(parameter), target(value)),
        ["patient", value] => Row::of(record::SUBJECT, [target(value), Part::Kind(own_kind.into())]),
        ["note", ..] => return None,
        _ => panic!("not a toy row: {line}"),
    })
}

/// A toy text with these lines; the record completes the first one with version and moment.
pub fn text(lines: &[String]) -> Template {
    let (mut text, mut holes) = (b"#\n".to_vec(), Vec::new());
    for line in lines {
        match line.strip_prefix("attached ") {
            Some(words) => {
                text.extend_from_slice(b"note ");
                holes.push(Hole { at: text.len(), bytes: attachment(words).into() });
            }
            None => text.extend_from_slice(line.as_bytes()),
        }
        text.push(b'\n');
    }
    Template { text, holes, slot: 1, before: b"", after: b"" }
}

/// What is attached: bytes that no compression makes small.
fn attachment(words: &str) -> Vec<u8> {
    let (length, word) = words.split_once(' ').unwrap();
    let mut dice = Dice::new(word.bytes().fold(7, |seed, byte| seed * 31 + u64::from(byte)));
    (0..length.parse().unwrap()).map(|_| dice.roll(256) as u8).collect()
}

/// A permit of a role, for everything that the role reaches.
pub fn permit(role: Role, who: &str) -> Permit {
    access::decide(Grant::role(who, who, role), Moment(0)).unwrap()
}

/// A small deterministic generator for tests that draw many cases.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// A generator whose rolls follow from the seed.
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number from 0, below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len() as u64) as usize]
    }
}
