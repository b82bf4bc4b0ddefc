//! How well a person fits what was typed: each thing typed is worth something, exact before prefix before sound
//! before slip, and each says in words why it counted.
//!
//! A ranking for people to choose from, not a decision that two records are one person.

use strsim::damerau_levenshtein;
use terms::{Date, PartialDate};

use super::person::{Person, sound};
use super::question::{Born, Question};

/// How well a person fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Larger is better; 0 when nothing fits.
    pub score: u32,
    /// Whether everything that was typed fits in some way.
    pub fits_all: bool,
    /// What fitted, in words.
    pub why: Vec<&'static str>,
}

/// What one thing typed was worth.
struct Fit {
    score: u32,
    why: &'static str,
}

const fn fit(score: u32, why: &'static str) -> Option<Fit> {
    Some(Fit { score, why })
}

pub(super) fn judge(question: &Question, person: &Person) -> Judgement {
    let words = question.words.iter().map(|word| word_fit(word, person));
    let born = question.born.iter().map(|born| born_fit(*born, person.born.as_ref()));
    let number = question.number.iter().map(|number| number_fit(number, person));
    let fits: Vec<Option<Fit>> = words.chain(born).chain(number).collect();
    let mut why: Vec<&'static str> = Vec::new();
    for fit in fits.iter().flatten() {
        if !why.contains(&fit.why) {
            why.push(fit.why);
        }
    }
    Judgement {
        score: fits.iter().flatten().map(|fit| fit.score).sum(),
        fits_all: !fits.is_empty() && fits.iter().all(Option::is_some),
        why,
    }
}

/// The best fit of a word to any name: the family name counts a little more.
fn word_fit(word: &str, person: &Person) -> Option<Fit> {
    let family = |wanted: &str| person.names.iter().any(|name| name.family.iter().any(|own| own == wanted));
    if family(word) {
        return fit(100, "family name");
    }
    if person.words().any(|own| own == word) {
        return fit(95, "given name");
    }
    if person.words().any(|own| own.starts_with(word)) {
        return fit(80, "beginning of a name");
    }
    if person.words().any(|own| is_slip(word, own)) {
        return fit(70, "spelt nearly like");
    }
    let typed = sound(word);
    if person.words().any(|own| sound(own) == typed) {
        return fit(60, "sounds like");
    }
    None
}

/// One letter more, less, other, or swapped; two in a long word.
fn is_slip(typed: &str, own: &str) -> bool {
    let longest = typed.chars().count().max(own.chars().count());
    let allowed = match longest {
        0..4 => 0,
        4..8 => 1,
        _ => 2,
    };
    allowed > 0 && damerau_levenshtein(typed, own) <= allowed
}

fn born_fit(typed: Born, own: Option<&PartialDate>) -> Option<Fit> {
    let own = own?;
    match typed {
        Born::Year(year) => (own.year() == year).then_some(Fit { score: 60, why: "year of birth" }),
        Born::Day(day) => {
            let recorded = own.date()?;
            if recorded == day {
                return fit(120, "date of birth");
            }
            let swapped = Date::new(day.year(), day.day(), day.month()).ok();
            if swapped == Some(recorded) {
                return fit(50, "day and month swapped");
            }
            None
        }
    }
}

fn number_fit(typed: &str, person: &Person) -> Option<Fit> {
    if person.numbers.iter().any(|own| own == typed) {
        return fit(300, "number");
    }
    person.numbers.iter().any(|own| own.starts_with(typed)).then_some(Fit { score: 150, why: "beginning of a number" })
}
