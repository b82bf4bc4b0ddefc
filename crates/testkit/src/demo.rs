//! The demonstration's patients: a small deterministic set of FHIR resources around one worked case, Mrs Folasade
//! Adeyemi on Heron ward, with the people on her ward and those who are easily mistaken for her.
//!
//! Everybody and everything is invented; NHS numbers are from the range that no person has. The clinical content is a
//! draft that no clinician has approved. The story is told relative to a moment, so that a demonstration is always
//! "today"; ids never change. Knows no server and no page.

mod adeyemi;
mod admissions;
mod emergency;
mod heron;
mod people;
mod places;
mod restricted;
mod story;
mod tasks;
mod vitals;
mod write;

use terms::Moment;

/// The moment at which the story is written down: 2026-11-17T14:35:00Z.
pub const STORY_NOW: Moment = Moment(1_794_926_100_000);

/// Every resource of the demonstration as one JSON text each, in an order in which references lead backwards.
/// The same moment gives the same texts; another one shifts what is recent by the difference and what is older by
/// whole days. Dates of birth stay.
pub fn demo_bundle(now: Moment) -> Vec<String> {
    let story = story::Story::at(now);
    let mut texts = places::resources(&story);
    texts.extend(emergency::places(&story));
    texts.extend(people::resources(&story));
    texts.extend(adeyemi::resources(&story));
    texts.extend(emergency::resources(&story));
    texts.extend(tasks::resources(&story));
    texts.extend(heron::resources(&story));
    texts.extend(restricted::resources(&story));
    texts
}

/// Who comes in today and tomorrow, on the wards of the demonstration's configuration: written when that is live.
pub fn admissions_bundle(now: Moment) -> Vec<String> {
    admissions::resources(&story::Story::at(now))
}

#[cfg(test)]
mod tests;
