//! Which records could be the person whom somebody is about to register: found through the index, judged in words.
//!
//! For the one question of a registration: must this record be looked at before a new one is made? It errs towards
//! asking. It merges nothing and says nothing about two records that are there already.

use fhir::read::text;
use fhir::search::fold;
use record::{Clause, Problem, Reading, Select, Version};
use smallvec::smallvec;
use strsim::damerau_levenshtein;
use terms::index::{End, Next, Range, Span};
use terms::{Date, PartialDate};

use super::{Demographics, unknown};
use crate::draft::document;
use crate::patient_index::{BORN, NAME, NUMBER, Person, SOUND, folded_words, sound};

/// Records that one look may give.
const ONE_LOOK: usize = 40;
/// Records that are shown, likely ones first.
const MOST: usize = 12;
/// Points from which a record is likely the same person, and from which it is shown at all.
const LIKELY: i32 = 9;
const WORTH_A_LOOK: i32 = 6;

/// How likely a record is the same person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// It must be answered before anybody is registered.
    Likely,
    /// Shown, and need not be answered.
    Less,
}

/// A record that could be the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookalike {
    /// The Patient.
    pub version: Version,
    /// How likely.
    pub likeness: Likeness,
    /// What agrees and what does not, in words.
    pub why: Vec<&'static str>,
    points: i32,
}

/// What two people are compared by.
struct Traits {
    family: Vec<String>,
    given: Vec<String>,
    born: Option<Date>,
    nhs: Option<String>,
    mobile: Option<String>,
    postcode: Option<String>,
}

/// The records that could be this person, likeliest first. Those of unknown people and those that were withdrawn are
/// not among them.
///
/// # Errors
/// The record could not be read.
pub async fn lookalikes(reading: &Reading, person: &Demographics) -> Result<Vec<Lookalike>, Problem> {
    let wanted = Traits::of(person);
    let mut found: Vec<Lookalike> = Vec::new();
    for spans in looks(&wanted) {
        let mut select = Select::of("Patient").limit(ONE_LOOK);
        select.clauses = spans.into_iter().map(|span| Clause::Any(vec![span])).collect();
        let page = match reading.select(&select).await {
            Ok(page) => page,
            // Two frequent names that hardly meet: the other looks still find people.
            Err(Problem::TooCostly) => continue,
            Err(problem) => return Err(problem),
        };
        for version in page.versions {
            if found.iter().all(|other| other.version.key != version.key) {
                found.extend(judged(&wanted, version)?);
            }
        }
    }
    found.sort_by(|a, b| (a.likeness, -a.points, &a.version.key.id).cmp(&(b.likeness, -b.points, &b.version.key.id)));
    found.truncate(MOST);
    Ok(found)
}

impl Traits {
    fn of(person: &Demographics) -> Traits {
        Traits {
            family: folded_words(&person.family),
            given: folded_words(&format!("{} {}", person.given, person.preferred.as_deref().unwrap_or_default())),
            born: person.born,
            nhs: person.nhs_number.map(|number| number.digits()),
            mobile: person.mobile.as_deref().map(digits),
            postcode: person.postcode.as_deref().map(fold).map(|code| code.replace(' ', "")),
        }
    }
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// Where to look: the NHS number; the day of birth with either name as it sounds; both names; both as they sound.
fn looks(of: &Traits) -> Vec<Vec<Span>> {
    let prefix = |parameter, text: &str| Span::next(parameter, [], Next::Prefix(text.as_bytes().to_vec()));
    let mut looks: Vec<Vec<Span>> = of.nhs.iter().map(|number| vec![prefix(NUMBER, number)]).collect();
    let family = of.family.first();
    let born = of.born.map(born_span);
    if let Some(born) = &born {
        looks.extend(family.map(|family| vec![born.clone(), prefix(SOUND, &format!("{} ", sound(family)))]));
        looks.extend(of.given.iter().take(3).map(|given| vec![born.clone(), prefix(NAME, given)]));
        looks.push(vec![born.clone()]);
    }
    for given in of.given.iter().take(2) {
        let Some(family) = family else { break };
        looks.push(vec![prefix(NAME, &format!("{family} {given}"))]);
        looks.push(vec![prefix(SOUND, &format!("{} {}", sound(family), sound(given)))]);
        // Somebody who wrote the names in the other order.
        looks.push(vec![prefix(SOUND, &format!("{} {}", sound(given), sound(family)))]);
    }
    looks
}

fn born_span(born: Date) -> Span {
    let year = born.year().to_be_bytes();
    let day = vec![year[0], year[1], born.month().unsigned_abs(), born.day().unsigned_abs()];
    let range = Range { low: End::Including(day.clone()), high: End::Including(day) };
    Span { parameter: BORN, head: smallvec![], next: Next::Within(range) }
}

fn judged(wanted: &Traits, version: Version) -> Result<Option<Lookalike>, Problem> {
    let document = document(&version)?;
    let root = document.root();
    let is_withdrawn = root.get("active").and_then(|active| active.boolean()) == Some(false);
    if is_withdrawn || unknown::is_unknown(root) {
        return Ok(None);
    }
    let mut recorded = Traits::of(&Demographics::of(root));
    // Every name that the record ever had counts.
    let person = Person::of(&document);
    for name in &person.names {
        recorded.family.extend(name.family.iter().cloned());
        recorded.given.extend(name.given.iter().cloned());
    }
    let partial = text(root, "birthDate").and_then(|born| PartialDate::parse(&born).ok());
    let (points, why, is_capped) = compare(wanted, &recorded, partial.as_ref());
    if points < WORTH_A_LOOK {
        return Ok(None);
    }
    let likeness = if points >= LIKELY && !is_capped { Likeness::Likely } else { Likeness::Less };
    Ok(Some(Lookalike { version: version.clone(), likeness, why, points }))
}

/// Points, what they stand on, and whether something says that these are two people.
fn compare(wanted: &Traits, recorded: &Traits, partial: Option<&PartialDate>) -> (i32, Vec<&'static str>, bool) {
    let (mut points, mut why, mut is_capped) = (0, Vec::new(), false);
    let mut add = |(more, words): (i32, &'static str)| {
        points += more;
        if !words.is_empty() {
            why.push(words);
        }
    };
    match (&wanted.nhs, &recorded.nhs) {
        (Some(one), Some(other)) if one == other => add((20, "same NHS number")),
        (Some(_), Some(_)) => {
            add((0, "another NHS number"));
            is_capped = true;
        }
        _ => {}
    }
    add(births(wanted.born, recorded.born, partial));
    let shares = |a: &[String], b: &[String]| a.iter().any(|word| b.contains(word));
    let is_swapped = shares(&wanted.family, &recorded.given) && shares(&wanted.given, &recorded.family);
    if is_swapped && !shares(&wanted.family, &recorded.family) {
        add((8, "names in another order"));
    } else {
        add(families(&wanted.family, &recorded.family));
        add(givens(&wanted.given, &recorded.given));
    }
    if wanted.mobile.is_some() && wanted.mobile == recorded.mobile {
        add((3, "same mobile"));
    }
    if wanted.postcode.is_some() && wanted.postcode == recorded.postcode {
        add((2, "same postcode"));
    }
    (points, why, is_capped)
}

fn births(wanted: Option<Date>, recorded: Option<Date>, partial: Option<&PartialDate>) -> (i32, &'static str) {
    let Some(wanted) = wanted else { return (0, "") };
    let Some(recorded) = recorded else {
        let same_year = partial.is_some_and(|partial| partial.year() == wanted.year());
        return if same_year { (2, "same year of birth") } else { (0, "") };
    };
    if wanted == recorded {
        return (5, "same birth date");
    }
    if Date::new(wanted.year(), wanted.day(), wanted.month()).ok() == Some(recorded) {
        return (4, "day and month of birth swapped");
    }
    let apart = |one: &str, other: &str| one.bytes().zip(other.bytes()).filter(|(a, b)| a != b).count();
    if apart(&wanted.to_string(), &recorded.to_string()) == 1 {
        let is_year = wanted.year() != recorded.year();
        return (2, if is_year { "year of birth differs by one digit" } else { "birth date differs by one digit" });
    }
    (-4, "another birth date")
}

fn families(wanted: &[String], recorded: &[String]) -> (i32, &'static str) {
    if wanted.iter().any(|word| recorded.contains(word)) {
        return (4, "");
    }
    if wanted.iter().any(|word| recorded.iter().any(|other| is_near(word, other))) {
        return (3, "family name sounds or is spelt alike");
    }
    (-2, "another family name")
}

fn givens(wanted: &[String], recorded: &[String]) -> (i32, &'static str) {
    let Some(first) = wanted.first() else { return (0, "") };
    if wanted.iter().any(|word| recorded.contains(word)) {
        let is_first = recorded.first() == Some(first);
        return (4, if is_first { "" } else { "another of the given names" });
    }
    if recorded.iter().any(|other| is_near(first, other)) {
        return (3, "first name differs by a letter or an accent");
    }
    if recorded.iter().any(|other| is_short_for(first, other) || is_short_for(other, first)) {
        return (3, "first name shortened");
    }
    (-2, "another first name")
}

/// One slip or the same sound.
fn is_near(one: &str, other: &str) -> bool {
    let longest = one.chars().count().max(other.chars().count());
    sound(one) == sound(other) || longest >= 4 && damerau_levenshtein(one, other) <= 1
}

/// An initial, or the beginning of three letters and more.
fn is_short_for(short: &str, whole: &str) -> bool {
    let letters = short.chars().count();
    whole.starts_with(short) && (letters == 1 || letters >= 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traits(family: &str, given: &str, born: &str, nhs: &str, postcode: &str) -> Traits {
        Traits::of(&Demographics {
            family: family.into(),
            given: given.into(),
            born: born.parse().ok(),
            nhs_number: terms::NhsNumber::parse(nhs).ok(),
            postcode: (!postcode.is_empty()).then(|| postcode.to_owned()),
            ..Demographics::default()
        })
    }

    #[test]
    fn who_must_be_looked_at() {
        let wanted = traits("Wójcik", "Tomasz", "1988-06-09", "9990710198", "TH3 8KW");
        let likely = Some(Likeness::Likely);
        let less = Some(Likeness::Less);
        let cases: &[(&str, Traits, Option<Likeness>)] = &[
            ("an accent", traits("Wojcik", "Tomás", "1988-06-09", "", "TH1 1AA"), likely),
            ("the same number", traits("Nowak", "Anna", "1990-01-01", "9990710198", ""), likely),
            ("another number", traits("Wojcik", "Tomasz", "1978-06-09", "9990710260", ""), less),
            ("names the other way round", traits("Tomasz", "Wójcik", "1988-06-09", "", ""), likely),
            ("day and month swapped", traits("Wójcik", "Tomasz", "1988-09-06", "", ""), likely),
            ("a twin", traits("Wójcik", "Pawel", "1988-06-09", "", "TH3 8KW"), likely),
            ("a father of one name", traits("Wójcik", "Tomasz", "1955-02-01", "", "TH3 8KW"), less),
            ("an initial", traits("Wójcik", "T", "1988-06-09", "", ""), likely),
            ("somebody of that birthday", traits("Smith", "John", "1988-06-09", "", ""), None),
            ("somebody of that name", traits("Wójcik", "Tomasz", "1931-11-30", "9990202044", ""), None),
            ("a name without a birth date", traits("Wójcik", "Tomasz", "", "", ""), less),
        ];
        for (what, recorded, expected) in cases {
            let (points, why, is_capped) = compare(&wanted, recorded, None);
            let found = match points {
                points if points >= LIKELY && !is_capped => likely,
                points if points >= WORTH_A_LOOK => less,
                _ => None,
            };
            assert_eq!(found, *expected, "{what}: {points} {why:?}");
        }
    }
}
