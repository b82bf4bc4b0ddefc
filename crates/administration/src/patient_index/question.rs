//! What somebody typed, read as names, a date or year of birth, and numbers, in any order; and where to look.
//!
//! A date is read day before month. What could be a number is looked for as one; what is left are names.

use smallvec::smallvec;
use terms::index::{End, Next, Range, Span};
use terms::input::{DateOf, parse_typed_date};
use terms::print::date_text;
use terms::{Date, NhsNumber};

use super::judge::{Judgement, judge};
use super::person::{Person, folded_words, normal_number, sound};
use super::rows::with_one_letter_less;
use super::{BORN, NAME, NUMBER, SOUND, TYPO};

/// The longest text that is read, in letters.
const LONGEST: usize = 120;
/// The most names that are looked for together.
const MOST_WORDS: usize = 4;
/// Digits and capitals that a part of a number must have to be looked for.
const SHORTEST_NUMBER: usize = 4;

/// What somebody typed, as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Question {
    /// Folded words of names.
    pub(crate) words: Vec<String>,
    pub(crate) born: Option<Born>,
    /// Digits and capitals.
    pub(crate) number: Option<String>,
}

/// When the person was born, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Born {
    Day(Date),
    Year(i16),
}

/// One look into the index: everyone who has a row in one of the spans of each condition. Few spans are more than one range,
/// so an attempt is as cheap as its smallest condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// All must hold, each by one of its spans.
    pub conditions: Vec<Vec<Span>>,
    /// How far the attempt strays from what was typed: 0 for exact, rising. Later steps are tried only when the
    /// earlier ones found too few.
    pub step: u8,
}

impl Question {
    /// Reads what was typed. Today decides what a short year means.
    pub fn read(typed: &str, today: Date) -> Question {
        let typed: String = typed.chars().take(LONGEST).collect();
        let tokens: Vec<&str> =
            typed.split(|c: char| c.is_whitespace() || c == ',').filter(|t| !t.is_empty()).collect();
        let (number, rest) = take_number(&tokens, today);
        let (born, rest) = take_born(&rest, today);
        // Digits that were no date and stand alone may be a hospital number.
        let (lone, rest): (Vec<&str>, Vec<&str>) = rest.into_iter().partition(|token| {
            number.is_none()
                && normal_number(token).len() >= SHORTEST_NUMBER
                && token.bytes().any(|b| b.is_ascii_digit())
        });
        let number = number.or_else(|| lone.first().map(|token| normal_number(token)));
        let mut words = folded_words(&rest.join(" "));
        words.truncate(MOST_WORDS);
        Question { words, born, number }
    }

    /// Whether there is something to look for: two letters of a name, a date, or a number.
    pub fn is_enough(&self) -> bool {
        self.born.is_some()
            || self.number.is_some()
            || self.words.iter().map(|word| word.chars().count()).sum::<usize>() >= 2
    }

    /// How dates and numbers were read, in words; empty when only names were typed.
    pub fn read_as(&self) -> String {
        let born = self.born.map(|born| match born {
            Born::Day(date) => format!("born {}", date_text(date)),
            Born::Year(year) => format!("born in {year}"),
        });
        let number = self.number.as_deref().map(|number| match NhsNumber::parse(number) {
            Ok(nhs) => format!("NHS number {nhs}"),
            Err(_) if number.len() == 10 && number.bytes().all(|b| b.is_ascii_digit()) => {
                format!("number {number}, whose check digit is not that of an NHS number")
            }
            Err(_) => format!("number {number}"),
        });
        [born, number].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// What a form takes over from it: words of names as they were typed, a whole date of birth, a number.
    pub fn carried(&self) -> (Vec<String>, Option<Date>, Option<String>) {
        let born = match self.born {
            Some(Born::Day(day)) => Some(day),
            _ => None,
        };
        (self.words.clone(), born, self.number.clone())
    }

    /// Where to look, nearest first.
    pub fn attempts(&self) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        if let Some(number) = &self.number {
            attempts.push(Attempt { conditions: vec![vec![prefix(NUMBER, number)]], step: 0 });
        }
        let born = self.born.map(born_span);
        match self.words.as_slice() {
            [] => attempts.extend(born.map(|born| Attempt { conditions: vec![vec![born]], step: 0 })),
            words => name_attempts(words, born.as_ref(), &mut attempts),
        }
        attempts
    }

    /// How well a person fits what was typed.
    pub fn judge(&self, person: &Person) -> Judgement {
        judge(self, person)
    }
}

/// Names as typed; with the date alone, so that a misspelt name is found by it; as they sound; with a slip; and last
/// in part.
fn name_attempts(words: &[String], born: Option<&Span>, attempts: &mut Vec<Attempt>) {
    let mut add = |step: u8, conditions: Vec<Vec<Span>>| attempts.push(Attempt { conditions, step });
    let with_born = |mut conditions: Vec<Vec<Span>>| {
        conditions.extend(born.map(|born| vec![born.clone()]));
        conditions
    };
    for order in orders(words) {
        add(0, with_born(one(prefix(NAME, &order))));
    }
    // Names are in the index in pairs of a family and a given name; of other pairs, such as two given names, each is looked
    // for, which meets many people where both are common.
    if words.len() > 1 {
        add(1, with_born(words.iter().map(|word| vec![prefix(NAME, word)]).collect()));
    }
    if let Some(born) = born.filter(|span| is_day(span)) {
        add(1, one(born.clone()));
    }
    for order in orders(words) {
        add(1, with_born(one(prefix(SOUND, &sounds(&order)))));
    }
    for slip in slips(words) {
        add(2, with_born(slip));
    }
    // In part: one of the names as it sounds, so that the right person is on the list for a person to see.
    for word in words {
        add(3, with_born(one(prefix(SOUND, &format!("{} ", sound(word))))));
        if words.len() > 1 {
            add(3, with_born(one(prefix(NAME, word))));
        }
    }
    if born.is_some() {
        for order in orders(words) {
            add(4, one(prefix(NAME, &order)));
            add(4, one(prefix(SOUND, &sounds(&order))));
        }
    }
}

fn one(span: Span) -> Vec<Vec<Span>> {
    vec![vec![span]]
}

/// One word as it is; two words both ways round; more words with each one first.
fn orders(words: &[String]) -> Vec<String> {
    let mut orders: Vec<String> = Vec::new();
    for first in 0..words.len() {
        let rest = words.iter().enumerate().filter(|(at, _)| *at != first).map(|(_, word)| word.as_str());
        let order: Vec<&str> = std::iter::once(words[first].as_str()).chain(rest).collect();
        let order = order.join(" ");
        if !orders.contains(&order) {
            orders.push(order);
        }
    }
    orders
}

/// The sounds of the first two words, family name first; a lone word must be the whole family name.
fn sounds(order: &str) -> String {
    let words: Vec<&str> = order.split(' ').collect();
    match words.as_slice() {
        [family] => format!("{} ", sound(family)),
        [family, given, ..] => format!("{} {}", sound(family), sound(given)),
        [] => String::new(),
    }
}

/// Each word in turn with any slip in it, the others as typed.
fn slips(words: &[String]) -> Vec<Vec<Vec<Span>>> {
    let slip = |(at, word): (usize, &String)| {
        let less = with_one_letter_less(word).into_iter();
        let slips: Vec<Span> = less.map(|less| Span::next(TYPO, [], Next::TextEqual(less.into_bytes()))).collect();
        let others = words.iter().enumerate().filter(|(other, _)| *other != at);
        let others = others.map(|(_, word)| vec![prefix(NAME, word)]);
        (!slips.is_empty()).then(|| std::iter::once(slips).chain(others).collect())
    };
    words.iter().enumerate().filter_map(slip).collect()
}

fn prefix(parameter: &'static str, text: &str) -> Span {
    Span::next(parameter, [], Next::Prefix(text.as_bytes().to_vec()))
}

fn born_span(born: Born) -> Span {
    let (low, high) = match born {
        Born::Day(date) => {
            let day = super::rows::day_bytes(
                date.year().unsigned_abs(),
                date.month().unsigned_abs(),
                date.day().unsigned_abs(),
            );
            (day, day)
        }
        Born::Year(year) => {
            let year = year.to_be_bytes();
            ([year[0], year[1], 0, 0], [year[0], year[1], 12, 31])
        }
    };
    let range = Range { low: End::Including(low.to_vec()), high: End::Including(high.to_vec()) };
    Span { parameter: BORN, head: smallvec![], next: Next::Within(range) }
}

fn is_day(span: &Span) -> bool {
    matches!(&span.next, Next::Within(range) if range.low == range.high)
}

/// An NHS number in 10 digits, in one piece or 3-3-4; or a hospital number: letters and digits in one piece, or
/// letters followed by pieces of digits. What was taken, and the rest.
fn take_number<'t>(tokens: &[&'t str], today: Date) -> (Option<String>, Vec<&'t str>) {
    for from in 0..tokens.len() {
        for to in (from + 1..=tokens.len().min(from + 4)).rev() {
            let pieces = &tokens[from..to];
            if let Some(number) = number_of(pieces, today) {
                let rest = tokens[..from].iter().chain(&tokens[to..]).copied().collect();
                return (Some(number), rest);
            }
        }
    }
    (None, tokens.to_vec())
}

fn number_of(pieces: &[&str], today: Date) -> Option<String> {
    let all_digits = |piece: &str| piece.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let joined = normal_number(&pieces.concat());
    let digits = joined.bytes().filter(u8::is_ascii_digit).count();
    if pieces.iter().all(|piece| all_digits(piece)) {
        let is_grouped = pieces.len() == 1 || pieces.iter().map(|piece| piece.len()).eq([3, 3, 4]);
        return (joined.len() == 10 && digits == 10 && is_grouped).then_some(joined);
    }
    let (first, rest) = pieces.split_first()?;
    let letters = first.bytes().take_while(u8::is_ascii_alphabetic).count();
    let is_coded = (1..=4).contains(&letters) && first.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    // `jon 1950` and `nov 1951` are no hospital numbers, and `jo 14 03 51` is a name with a date.
    let is_spaced_number = rest.is_empty()
        || digits > SHORTEST_NUMBER && rest.iter().all(|piece| all_digits(piece)) && date_of(rest, today).is_none();
    (is_coded && is_spaced_number && digits >= SHORTEST_NUMBER && !is_month_date(pieces)).then_some(joined)
}

/// `nov 1951` begins with letters too.
fn is_month_date(pieces: &[&str]) -> bool {
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let first = pieces[0].to_ascii_lowercase();
    months.iter().any(|month| first.starts_with(month))
}

/// A date of birth in up to three pieces, else a year. What was taken, and the rest.
fn take_born<'t>(tokens: &[&'t str], today: Date) -> (Option<Born>, Vec<&'t str>) {
    for length in (1..=3_usize.min(tokens.len())).rev() {
        for from in 0..=tokens.len() - length {
            let pieces = &tokens[from..from + length];
            if let Some(date) = date_of(pieces, today) {
                let rest = tokens[..from].iter().chain(&tokens[from + length..]).copied().collect();
                return (Some(Born::Day(date)), rest);
            }
        }
    }
    let year = |token: &&str| -> Option<i16> {
        let year: i16 = token.parse().ok().filter(|_| token.len() == 4)?;
        (1880..=today.year()).contains(&year).then_some(year)
    };
    match tokens.iter().position(|token| year(token).is_some()) {
        Some(at) => {
            let rest = tokens.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, token)| *token).collect();
            (year(&tokens[at]).map(Born::Year), rest)
        }
        None => (None, tokens.to_vec()),
    }
}

/// A whole date. It begins with a digit: `t` for today is a name's letter here.
fn date_of(pieces: &[&str], today: Date) -> Option<Date> {
    let begins_with_digit = pieces[0].starts_with(|c: char| c.is_ascii_digit());
    let text = pieces.join(" ");
    parse_typed_date(&text, DateOf::Birth, today).ok().filter(|_| begins_with_digit)
}
