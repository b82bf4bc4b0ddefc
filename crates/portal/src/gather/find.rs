//! Finding patients: the question's attempts one after the other until there are enough, then judged and ranked.
//!
//! Bounded in looks, people and rows a look may give: what is typed decides the answer, never how long it takes.

use std::collections::{HashMap, HashSet};

use access::Role;
use administration::stays::OPEN_VISIT;
use administration::{Judgement, Person, Question, are_similar};
use clinical::events::Kind;
use clinical::identity::Identity;
use clinical::{Material, chart};
use fhir::read::id_of;
use fhir::{Document, Limits};
use record::{Clause, Problem, Reading, Select, Version};
use terms::index::{Part, Span};
use terms::print::age_text;
use terms::{Moment, local_date};

use super::finished;
use crate::Setting;
use crate::door::{Door, asked};
use crate::pages::patient::{name_words, nhs_words};
use crate::pages::search::{Found, Hit, Outcome, Whereabouts};
use crate::words::date;

/// People on one page of results.
const SHOWN: usize = 25;
/// People who fit all that was typed after which no further step is tried.
const ENOUGH: usize = 8;
/// Looks into the index for one question.
const MOST_LOOKS: usize = 60;
/// People whose records are read in one look. It ends a look for two names that are each too common to be put beside each other
/// and that few have both of: whoever has them as family and given name was found before that.
const MOST_EXAMINED: usize = 60;
/// Of a name with a slip in it, rows of the index that are put beside those of the other names.
const MOST_SLIPPED: usize = 10_000;
/// Visits of one person that are read: one, unless something is wrong.
const MOST_VISITS: usize = 5;

/// A person found.
struct Candidate {
    version: Version,
    person: Person,
    judgement: Judgement,
}

/// What a search comes to.
pub(crate) async fn find(door: &Door, typed: &str, include_died: bool) -> Result<Outcome, Problem> {
    let question = Question::read(typed, local_date(door.now));
    if typed.trim().is_empty() {
        return Ok(Outcome::NothingTyped);
    }
    if !question.is_enough() {
        return Ok(Outcome::TooShort);
    }
    let reading = door.record.read(&door.permit, asked::SEARCH).await?;
    let answer = found(door, &reading, &question, include_died).await;
    finished(reading, answer).await.map(Outcome::Found)
}

async fn found(door: &Door, reading: &Reading, question: &Question, include_died: bool) -> Result<Found, Problem> {
    let (mut candidates, mut more) = look(reading, question).await?;
    candidates.retain(|candidate| candidate.judgement.score > 0);
    let before = candidates.len();
    if !include_died {
        candidates.retain(|candidate| !candidate.person.has_died);
    }
    let died_hidden = before - candidates.len();
    // Of two who fit alike, the one whose record says more about who they are stands first.
    candidates.sort_by_cached_key(|candidate| {
        let best = std::cmp::Reverse((candidate.judgement.score, candidate.person.number_count()));
        (!candidate.judgement.fits_all, best, candidate.version.key.id.clone())
    });
    more |= candidates.len() > SHOWN;
    candidates.truncate(SHOWN);
    let setting = door.setting();
    let mut places = whereabouts(door, reading, &candidates).await?;
    let (mut best, mut others) = (Vec::new(), Vec::new());
    for (at, candidate) in candidates.iter().enumerate() {
        let similar =
            candidates.iter().enumerate().any(|(other, of)| other != at && are_similar(&candidate.person, &of.person));
        let place = places.remove(&candidate.version.key.id);
        if let Some(hit) = hit(&setting, candidate, place, similar) {
            if candidate.judgement.fits_all { best.push(hit) } else { others.push(hit) }
        }
    }
    Ok(Found { best, others, died_hidden, more, read_as: question.read_as() })
}

/// Tries the attempts in order until enough people fit; whether a look was cut at its limit.
async fn look(reading: &Reading, question: &Question) -> Result<(Vec<Candidate>, bool), Problem> {
    let mut attempts = question.attempts();
    attempts.sort_by_key(|attempt| attempt.step);
    let (mut candidates, mut known, mut more, mut step) = (Vec::<Candidate>::new(), HashSet::new(), false, 0);
    for attempt in attempts.into_iter().take(MOST_LOOKS) {
        let fitting = candidates.iter().filter(|candidate| candidate.judgement.fits_all).count();
        let is_enough = fitting >= ENOUGH || candidates.len() >= SHOWN;
        if (attempt.step > step && is_enough) || fitting >= SHOWN || candidates.len() >= 2 * SHOWN {
            break;
        }
        step = attempt.step;
        let mut select = Select::of("Patient").limit(SHOWN).examining(MOST_EXAMINED);
        if attempt.conditions.iter().any(|any| any.len() > 1) {
            select = select.limit(2 * SHOWN).listing(MOST_SLIPPED);
        }
        select.clauses = attempt.conditions.into_iter().map(Clause::Any).collect();
        let page = match reading.select(&select).await {
            Ok(page) => page,
            // Too many to be put beside each other: the other attempts still find people.
            Err(Problem::TooCostly) => continue,
            Err(problem) => return Err(problem),
        };
        more |= page.next.is_some() && step == 0;
        for version in page.versions {
            if known.insert(version.key.id.clone()) {
                candidates.extend(judged(question, version));
            }
        }
    }
    Ok((candidates, more))
}

fn judged(question: &Question, version: Version) -> Option<Candidate> {
    let person = Person::of(&Document::parse(&version.text, &Limits::default()).ok()?);
    let judgement = question.judge(&person);
    Some(Candidate { version, person, judgement })
}

/// Where living people are now: the place of a stay or an attendance that goes on.
async fn whereabouts(
    door: &Door,
    reading: &Reading,
    candidates: &[Candidate],
) -> Result<HashMap<String, Whereabouts>, Problem> {
    let mut places = HashMap::new();
    if !door.permit.scope().reads.contains("Encounter") {
        return Ok(places);
    }
    let mut living: HashMap<String, &Candidate> = HashMap::new();
    for candidate in candidates.iter().filter(|candidate| !candidate.person.has_died) {
        let key = &candidate.version.key;
        // What belongs to who was merged into them names the other record.
        let aliases = reading.aliases(key).await?.into_iter().map(|alias| alias.id);
        living.extend(aliases.chain([key.id.clone()]).map(|id| (id, candidate)));
        places.insert(key.id.clone(), Whereabouts::NotInHospital);
    }
    let open = places.keys().map(|id| Span::head(OPEN_VISIT, [Part::target("Patient", id.as_str())]));
    for version in reading.first_of_each("Encounter", open.collect(), MOST_VISITS).await? {
        let Ok(visit) = Document::parse(&version.text, &Limits::default()) else { continue };
        let of = id_of(visit.root(), "subject", "Patient").and_then(|id| living.get(&id));
        if let Some((candidate, place)) = of.and_then(|of| Some((of, place_of(of, &visit, door.now)?))) {
            places.insert(candidate.version.key.id.clone(), place);
        }
    }
    Ok(places)
}

/// The place of a visit that goes on; `None` for one that is no stay and no attendance.
fn place_of(candidate: &Candidate, visit: &Document<'_>, now: Moment) -> Option<Whereabouts> {
    let patient = Document::parse(&candidate.version.text, &Limits::default()).ok()?;
    let material = Material { patient: patient.root(), resources: vec![visit.root()], allergies_readable: true };
    let chart = chart(&material, now);
    let event = chart.events.first()?;
    let place = event.place.clone().unwrap_or_else(|| "Place not recorded".into());
    match event.kind {
        Kind::Clinic => None,
        Kind::Stay => Some(Whereabouts::Inpatient(place)),
        _ => Some(Whereabouts::Emergency(place)),
    }
}

fn hit(setting: &Setting, candidate: &Candidate, place: Option<Whereabouts>, similar: bool) -> Option<Hit> {
    let document = Document::parse(&candidate.version.text, &Limits::default()).ok()?;
    let material = Material { patient: document.root(), resources: Vec::new(), allergies_readable: true };
    let identity = chart(&material, setting.now).identity;
    let id = &candidate.version.key.id;
    let opens =
        if setting.role == Role::PrivacyOfficer { setting.links.who_looked(id) } else { setting.links.patient(id) };
    Some(Hit {
        id: id.clone(),
        href: opens,
        name: name_words(&identity),
        under: under(&identity),
        born: identity.born.as_ref().map(date),
        age: age(&identity, setting.now),
        gender: identity.gender.clone(),
        nhs_number: identity.nhs_number.as_deref().map(nhs_words),
        address: short_address(&identity.address),
        whereabouts: match &identity.died {
            Some(death) => Whereabouts::Died(death.on.as_ref().map(date)),
            None => place.unwrap_or(Whereabouts::NotLookedUp),
        },
        why: candidate.judgement.why.join(", "),
        similar,
    })
}

/// Preferred name and hospital numbers.
fn under(identity: &Identity) -> String {
    let preferred = identity.preferred.as_ref().map(|name| format!("Preferred name {name}"));
    let numbers = identity.hospital_numbers.iter().map(|number| format!("Hospital No. {}", unbroken(&number.value)));
    preferred.into_iter().chain(numbers).collect::<Vec<_>>().join(". ")
}

fn age(identity: &Identity, now: Moment) -> Option<String> {
    identity.born.as_ref().filter(|_| identity.died.is_none()).and_then(|born| age_text(born, now))
}

/// The first line and the postcode.
fn short_address(lines: &[String]) -> String {
    match lines {
        [] => String::new(),
        [only] => only.clone(),
        [first, .., last] => format!("{first}, {}", unbroken(last)),
    }
}

/// A number or postcode that a narrow column does not part.
fn unbroken(text: &str) -> String {
    text.replace(' ', "\u{a0}")
}
