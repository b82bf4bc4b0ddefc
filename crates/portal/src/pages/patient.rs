//! What every page about one patient shares: the banner and the list of this patient's places, from the chart.
//!
//! Turns the read model into the banner's words; chooses nothing that the read model has not chosen.

use access::Role;
use clinical::allergies::{self, Allergies, Certainty};
use clinical::events::Kind;
use clinical::identity::Identity;
use clinical::observations::News2;
use clinical::{Chart, news2};
use terms::print::age_text;
use terms::{Moment, NhsNumber};

use crate::Setting;
use crate::components::banner::{self, Banner, Died, full_name};
use crate::components::frame::{Gravity, Place};
use crate::components::tag::Weight;
use crate::link::Links;
use crate::words::{clock, clock_or_day, counted, date, day};

/// The banner of a chart's patient. `clinical` is false for roles that see no clinical content.
pub fn banner_of(chart: &Chart, clinical: bool, links: &Links, now: Moment) -> Banner {
    let identity = &chart.identity;
    Banner {
        now: now_words(chart),
        stay: stay_rows(chart),
        care: chart.stay.as_ref().and_then(|stay| stay.who.clone()),
        allergies: clinical.then(|| allergies_of(&chart.allergies)),
        allergy_href: format!("{}#allergies", links.patient(&identity.source.id)),
        ..identity_banner(identity, now)
    }
}

/// The parts of the banner that need the demographic record alone.
fn identity_banner(identity: &Identity, now: Moment) -> Banner {
    let died_on = identity.died.as_ref().and_then(|death| death.on.as_ref());
    let age_at = if identity.died.is_some() { died_on.map(terms::PartialDate::lower) } else { Some(now) };
    Banner {
        family: identity.family.clone(),
        given: identity.given.join(" "),
        title: identity.title.clone(),
        preferred: identity.preferred.clone(),
        born: identity.born.as_ref().map(date),
        age: identity.born.as_ref().zip(age_at).and_then(|(born, at)| age_text(born, at)),
        died: identity.died.as_ref().map(|_| Died { on: died_on.map(date) }),
        gender: identity.gender.clone(),
        nhs_number: identity.nhs_number.as_deref().map(nhs_words),
        address: identity.address.clone(),
        contacts: identity.contacts.clone(),
        people: people(identity),
        ..Banner::default()
    }
}

/// The number in groups of 3, 3 and 4, or as it is recorded when it is not a valid one.
pub fn nhs_words(recorded: &str) -> String {
    NhsNumber::parse(recorded).map_or_else(|_| recorded.to_owned(), |number| number.to_string())
}

/// `SURNAME, Given (Title)`.
pub fn name_words(identity: &Identity) -> String {
    full_name(identity.family.as_deref(), &identity.given.join(" "), identity.title.as_deref())
}

fn now_words(chart: &Chart) -> String {
    match &chart.stay {
        Some(stay) => stay.place.clone().unwrap_or_else(|| "In hospital".to_owned()),
        None if chart.identity.died.is_some() => "Died".to_owned(),
        None => "Not an inpatient".to_owned(),
    }
}

fn stay_rows(chart: &Chart) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    if let Some(stay) = &chart.stay {
        let since = stay.since.lower();
        rows.push(("Admitted", format!("{} {}", day(since).text, clock(since).text)));
    }
    rows.extend(chart.identity.hospital_numbers.iter().map(|number| ("Hospital No.", number.value.clone())));
    let expected = chart.stay.as_ref().and_then(|stay| stay.expected_discharge.as_ref());
    rows.extend(expected.map(|expected| ("EDD", date(expected).text)));
    rows
}

fn people(identity: &Identity) -> Vec<(&'static str, Vec<String>)> {
    let mut people: Vec<(&'static str, Vec<String>)> = Vec::new();
    for kin in &identity.kin {
        let relationship = kin.relationship.as_deref().map(|words| format!(", {words}")).unwrap_or_default();
        let lines = std::iter::once(format!("{}{relationship}", kin.name)).chain(kin.phone.clone());
        people.push(("Next of kin", lines.collect()));
    }
    people.push(("GP", identity.gp.iter().cloned().collect()));
    people
}

/// The banner's form of the allergy state.
pub fn allergies_of(allergies: &Allergies) -> banner::Allergies {
    match allergies {
        Allergies::Known(known) => banner::Allergies::Known(known.iter().map(allergy_of).collect()),
        Allergies::NoneKnown(said) => {
            let by = said.by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
            let on = said.recorded.as_ref().map(|on| format!(" {}", date(on).text)).unwrap_or_default();
            banner::Allergies::NoneKnown(format!("Recorded{on}{by}."))
        }
        Allergies::NotRecorded => banner::Allergies::NotRecorded,
        Allergies::Unavailable => banner::Allergies::Unavailable,
    }
}

fn allergy_of(allergy: &allergies::Allergy) -> banner::Allergy {
    banner::Allergy { words: allergy_words(allergy), detail: allergy_detail(allergy) }
}

/// Agent and reactions, such as `penicillin: anaphylaxis`.
pub fn allergy_words(allergy: &allergies::Allergy) -> String {
    match allergy.reactions.as_slice() {
        [] => allergy.agent.clone(),
        reactions => format!("{}: {}", allergy.agent, reactions.join(", ")),
    }
}

/// When it happened, how sure it is and who says so.
pub fn allergy_detail(allergy: &allergies::Allergy) -> String {
    let happened = allergy.onset.as_ref().map(|onset| format!("Happened {}", date(onset).text));
    let by = allergy.by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
    let certainty = match allergy.certainty {
        Certainty::Confirmed => format!("confirmed{by}"),
        Certainty::Reported => format!("reported{by}, not confirmed"),
        Certainty::NotStated => format!("recorded{by}, certainty not stated"),
    };
    let words = [happened, Some(certainty)].into_iter().flatten().collect::<Vec<_>>().join(", ");
    crate::words::capital(&words)
}

/// This patient's places that exist, each with its state in one line.
pub fn places_of(chart: &Chart, setting: &Setting, current: &str) -> Vec<Place> {
    let (links, now) = (&setting.links, setting.now);
    let id = &chart.identity.source.id;
    let summary = links.patient(id);
    let section = |label, anchor: &str, state: Option<String>, grave| Place {
        label,
        href: format!("{summary}#{anchor}"),
        state,
        grave,
        current: false,
    };
    let page =
        |label, href: String| Place { label, current: label == current, href, state: None, grave: Gravity::Plain };
    let mut places = vec![page("Summary", summary.clone())];
    if setting.clinical {
        let (score, grave) = observation_state(chart, now);
        places.push(section("Observations", "observations", Some(score), grave));
        places.push(section("Medicines", "medicines", Some(medicine_state(chart)), Gravity::Plain));
        let (results, grave) = result_state(chart, now);
        places.push(section("Results", "results", Some(results), grave));
    }
    let letters = chart.count(Kind::Letter);
    places.push(section("Letters, documents", "events", Some(letters.to_string()), Gravity::Plain));
    if setting.role != Role::PrivacyOfficer {
        places.push(page("Details", links.details(id)));
    }
    if setting.sees_stays {
        places.push(page("Decision to admit", links.new_request(Some(id))));
    }
    // Only those who may open the list are shown the way to it.
    if setting.role == Role::PrivacyOfficer {
        places.push(page("Who has looked", links.who_looked(id)));
    }
    places
}

fn observation_state(chart: &Chart, now: Moment) -> (String, Gravity) {
    let Some(latest) = chart.observations.latest() else { return ("None recorded".into(), Gravity::Plain) };
    let at = clock_or_day(latest.at, now).text;
    match &latest.news2 {
        News2::Scored(score) => {
            let grave = match score.risk {
                news2::Risk::High => Gravity::Bad,
                news2::Risk::Medium | news2::Risk::LowMedium => Gravity::Warning,
                news2::Risk::Low => Gravity::Plain,
            };
            let scale = if latest.scale_two.is_some() { ", SpO2 scale 2" } else { "" };
            (format!("NEWS2 {} at {at}{scale}", score.total), grave)
        }
        _ => (format!("Last {at}, not scored"), Gravity::Plain),
    }
}

fn medicine_state(chart: &Chart) -> String {
    let active = format!("{} active", chart.medicines.active.len());
    match chart.medicines.suspended.len() {
        0 => active,
        suspended => format!("{active}, {suspended} suspended"),
    }
}

/// How many of the newest results of the last 7 days are out of range.
fn result_state(chart: &Chart, now: Moment) -> (String, Gravity) {
    const WEEK_MS: i64 = 7 * 24 * 3_600_000;
    let recent = chart.results.iter().filter(|line| line.latest.at.lower().0 >= now.0 - WEEK_MS);
    let abnormal = recent.filter(|line| line.latest.flag.word().is_some()).count();
    match (abnormal, chart.results.len()) {
        (_, 0) => ("None recorded".into(), Gravity::Plain),
        (0, tests) => (counted(tests, "test", "tests"), Gravity::Plain),
        (abnormal, _) => (format!("{abnormal} out of range this week"), Gravity::Warning),
    }
}

/// The weight of a flag for how grave a reaction was.
pub const fn gravity_weight(gravity: allergies::Gravity) -> (Weight, &'static str) {
    match gravity {
        allergies::Gravity::Severe => (Weight::Danger, "Severe"),
        allergies::Gravity::Moderate => (Weight::Warning, "Moderate"),
        allergies::Gravity::Mild => (Weight::Plain, "Mild"),
        allergies::Gravity::NotStated => (Weight::Mute, "Gravity not recorded"),
    }
}
