//! What must hold of scores, whatever door a change comes through: a set that scores 7 or more is told at once.
//!
//! NEWS2 of 7 or more asks for emergency assessment and continuous monitoring (the table; operations 22). The commit that
//! completes such a set makes one Task for the team where the patient is, due half an hour after the set was taken, however
//! late it was entered \[check: clinical safety officer\]. While it is open a further high set makes no second one; after it
//! was done a higher score does, and so does a high score after one that was lower than 7. A set of the day before yesterday
//! calls nobody: the board shows it as it is.
//!
//! An order that asks for less than the table is marked here with what a doctor decided (`orders.rs`). Works through the
//! reading of whoever writes; everybody who may write observations may write tasks.

use std::collections::{BTreeMap, BTreeSet};

use administration::draft::document;
use administration::obligations::place_of;
use administration::places;
use administration::stays::{OPEN_VISIT, Stay};
use administration::tasks::{AddTask, Task, TaskState, task_id};
use fhir::read::{id_of, text};
use fhir::search::compartment_spans;
use fhir::{Document, Limits, Node};
use record::{Assertion, Change, Clause, Draft, Key, Problem, Reading, Select, Version};
use terms::index::{Part, Span};
use terms::{Moment, local_date};

use crate::chart::{Material, chart};
use crate::observations::{News2, PREGNANCY, Set, minute_span, minute_taken, vital_span};
use crate::orders;

/// The kind of the task and of the obligation that counts it.
pub const HIGH_SCORE: &str = "news2-high";
/// How long after the set the assessment is due.
pub(crate) const ALLOWED_MS: i64 = 30 * 60_000;
/// From which score.
const HIGH: u8 = 7;
/// Newest observations of a patient that are looked at: about eight sets.
const NEWEST: usize = 60;
/// Sets that were taken longer ago call nobody.
const RECENT_MS: i64 = 24 * 60 * 60_000;
/// Sets this long before a visit belong to it.
const BEFORE_MS: i64 = 24 * 60 * 60_000;

/// Adds to a draft what its observations ask for, and marks its orders of observations.
///
/// # Errors
/// The record could not be read.
pub async fn plan(reading: &Reading, mut draft: Draft, now: Moment) -> Result<Draft, Problem> {
    let limits = Limits::default();
    let recent = Moment(now.0 - RECENT_MS);
    let mut added = Vec::new();
    let mut marked = Vec::new();
    {
        let changed: Vec<(&Key, Document<'_>)> = draft
            .changes
            .iter()
            .filter_map(|change| match change {
                Change::Put(key, template) if may_concern(key, &template.text, recent) => {
                    Some((key, Document::parse(&template.text, &limits).ok()?))
                }
                _ => None,
            })
            .collect();
        let known: BTreeSet<&Key> = draft.changes.iter().map(Change::key).collect();
        let mut minutes: BTreeMap<String, BTreeSet<Moment>> = BTreeMap::new();
        for (_, document) in changed.iter().filter(|(key, _)| key.kind == "Observation") {
            if let Some(patient) = id_of(document.root(), "subject", "Patient")
                && let Some(minute) = minute_taken(document.root()).filter(|minute| *minute >= recent)
            {
                minutes.entry(patient).or_default().insert(minute);
            }
        }
        for (patient, minutes) in &minutes {
            let Some(seen) = Seen::of(reading, (&changed, &known), patient, now).await? else { continue };
            if let Some(task) = seen.calls(reading, patient, now).await? {
                added.push(task.change(&reading.permit().principal().name, now)?);
            }
            draft.assertions.extend(minutes.iter().filter_map(|minute| seen.whole(patient, *minute)));
        }
        for (key, document) in changed.iter().filter(|(key, _)| key.kind == "ServiceRequest") {
            let Some(patient) = id_of(document.root(), "subject", "Patient") else { continue };
            // What the host itself loads was marked when it was written.
            if !orders::concerns(document.root()) || reading.permit().role() == access::Role::Host {
                continue;
            }
            let seen = Seen::of(reading, (&changed, &known), &patient, now).await?;
            let score = seen.as_ref().and_then(|seen| seen.scored().last().map(|(_, total)| total));
            marked.extend(orders::tagged(reading, key, document, score).await?);
        }
    }
    for change in marked {
        if let Some(place) = draft.changes.iter().position(|old| old.key() == change.key()) {
            draft.changes[place] = change;
        }
    }
    draft.changes.extend(added);
    Ok(draft)
}

/// Whether a text can matter, without reading all of it: a load of many years of observations has few of today.
fn may_concern(key: &Key, text: &[u8], recent: Moment) -> bool {
    match key.kind.as_str() {
        "Observation" => day_of(text).is_some_and(|day| *day >= *local_date(recent).to_string().as_bytes()),
        "Encounter" | "Patient" | "Goal" | "Condition" => true,
        "ServiceRequest" => finds(text, orders::CARE_CODES.as_bytes()),
        _ => false,
    }
}

/// The day at which an Observation was made, as it is written: the first date behind `effective…`.
fn day_of(text: &[u8]) -> Option<&[u8]> {
    const WHEN: &[u8] = b"\"effective";
    const DAY: usize = "2026-11-17".len();
    let from = text.windows(WHEN.len()).position(|window| window == WHEN)?;
    let rest = &text[from..];
    let digit = rest.iter().position(u8::is_ascii_digit)?;
    rest.get(digit..digit + DAY)
}

fn finds(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|window| window == wanted)
}

/// What a draft changes: its texts that matter, and everything it touches.
type Changed<'c, 'd> = (&'c [(&'d Key, Document<'d>)], &'c BTreeSet<&'d Key>);

/// A patient who is in the hospital, with the newest sets as the draft leaves them.
struct Seen {
    visit: Stay,
    sets: Vec<Set>,
    /// The minutes of the observations at hand, one each.
    minutes: Vec<Moment>,
    /// Whether these are all that there are.
    is_whole: bool,
}

impl Seen {
    /// Reads it; `None` for whoever is not in the hospital.
    async fn of(
        reading: &Reading,
        (changed, known): Changed<'_, '_>,
        patient: &str,
        now: Moment,
    ) -> Result<Option<Seen>, Problem> {
        let own = |kind: &'static str| {
            let of_kind = changed.iter().filter(move |(key, _)| key.kind == kind);
            of_kind
                .map(|(_, document)| document.root())
                .filter(|root| id_of(*root, "subject", "Patient").as_deref() == Some(patient))
        };
        let visits =
            Select::of("Encounter").with(Clause::Any(vec![Span::head(OPEN_VISIT, [Part::target("Patient", patient)])]));
        let unchanged = |version: &Version| !known.contains(&version.key);
        let stored: Vec<Version> = reading.select(&visits).await?.versions.into_iter().filter(unchanged).collect();
        let mut visits: Vec<Stay> = own("Encounter").map(Stay::of).filter(is_visit).collect();
        for version in &stored {
            visits.push(Stay::of(document(version)?.root()));
        }
        visits.retain(|visit| visit.state.is_live());
        visits.sort_by_key(|visit| (!visit.is_inpatient, visit.id.clone()));
        let Some(visit) = visits.into_iter().next() else { return Ok(None) };
        let mut others = reading.first_of_each("Observation", vec![vital_span(patient)], NEWEST).await?;
        let is_whole = others.len() < NEWEST;
        let pregnancy = PREGNANCY.map(|code| (None, code));
        for (kind, codes) in [("Goal", &[][..]), ("Condition", &pregnancy[..])] {
            let select = Select::of(kind).with(Clause::Any(compartment_spans(patient, Some(kind), codes))).limit(1000);
            others.extend(reading.select(&select).await?.versions);
        }
        let who = reading.get(&Key::new("Patient", patient)).await?.filter(|version| !version.text.is_empty());
        let others: Vec<Version> = others.into_iter().filter(|version| !known.contains(&version.key)).collect();
        let documents: Vec<Document<'_>> =
            others.iter().filter_map(|version| Document::parse(&version.text, &Limits::default()).ok()).collect();
        let mut resources: Vec<Node<'_, '_>> = documents.iter().map(Document::root).collect();
        resources.extend(["Observation", "Goal", "Condition"].into_iter().flat_map(own));
        let newer =
            changed.iter().find(|(key, _)| key.kind == "Patient" && key.id == patient).map(|(_, document)| document);
        let stored = who.as_ref().map(document).transpose()?;
        let Some(node) = newer.or(stored.as_ref()).map(Document::root) else { return Ok(None) };
        let minutes = resources.iter().filter_map(|resource| minute_taken(*resource)).collect();
        let sets = chart(&Material { patient: node, resources, allergies_readable: true }, now).observations.sets;
        Ok(Some(Seen { visit, sets, minutes, is_whole }))
    }

    /// The scored sets of the visit, oldest first.
    fn scored(&self) -> impl DoubleEndedIterator<Item = (Moment, u8)> + '_ {
        let since = self.visit.started.as_ref().map_or(i64::MIN, |started| started.lower().0 - BEFORE_MS);
        self.sets.iter().filter(move |set| set.at.0 >= since).filter_map(|set| match set.news2 {
            News2::Scored(score) => Some((set.at, score.total)),
            _ => None,
        })
    }

    /// The task that the newest set asks for, if it asks for one that nobody has been given.
    async fn calls(&self, reading: &Reading, patient: &str, now: Moment) -> Result<Option<AddTask>, Problem> {
        let mut high: Vec<(Moment, u8)> = self.scored().rev().take_while(|(_, total)| *total >= HIGH).collect();
        high.reverse();
        let Some((at, total)) = high.last().copied().filter(|(at, _)| at.0 >= now.0 - RECENT_MS) else {
            return Ok(None);
        };
        let ids: Vec<Key> = high.iter().map(|(at, _)| Key::new("Task", id(patient, *at))).collect();
        let mut told = Vec::new();
        for version in reading.get_many(&ids).await? {
            let task = Task::of(document(&version)?.root());
            let of = high.iter().zip(&ids).find(|(_, key)| key.id == version.key.id);
            told.extend(of.map(|((_, total), _)| (task.state, *total)));
        }
        if !is_called_for(total, &told) {
            return Ok(None);
        }
        let owner = place_of(&self.visit);
        let place = match owner.strip_prefix("place/") {
            Some(id) => places::place(reading, id).await?,
            None => None,
        };
        let name = place.map_or_else(|| "Place not recorded".to_owned(), |place| place.name);
        Ok(Some(AddTask {
            id: id(patient, at),
            what: self.what(),
            owner: (owner, name),
            due: Moment(at.0 + ALLOWED_MS),
            patient: Some(patient.to_owned()),
            stay: Some(self.visit.id.clone()),
            from: Some((HIGH_SCORE.to_owned(), format!("Patient/{patient}"))),
        }))
    }

    /// What is to be done, and who is responsible; no score, for tasks are seen by clerks too.
    fn what(&self) -> String {
        let consultant = self.visit.consultant().and_then(|care| care.name.as_deref());
        let who = consultant.map_or_else(String::new, |name| format!(". Tell {name}, who is responsible"));
        format!("Emergency assessment now, and continuous monitoring{who}")
    }

    /// That nobody else brings a part of the same set meanwhile: it is decided on all of it or decided again.
    fn whole(&self, patient: &str, minute: Moment) -> Option<Assertion> {
        let is_at_hand = self.is_whole || self.minutes.iter().min().is_some_and(|oldest| *oldest < minute);
        let count = self.minutes.iter().filter(|at| **at == minute).count();
        is_at_hand
            .then(|| Assertion::AtMost(vec![minute_span(patient, minute)], u32::try_from(count).unwrap_or(u32::MAX)))
    }
}

fn is_visit(stay: &Stay) -> bool {
    stay.state.is_live()
}

/// The id of the task of a set.
fn id(patient: &str, at: Moment) -> String {
    task_id(HIGH_SCORE, &[patient, &at.to_string()])
}

/// Whether somebody is to be called for a score, by the tasks of the high scores since it was last below 7.
fn is_called_for(total: u8, told: &[(TaskState, u8)]) -> bool {
    let is_open = told.iter().any(|(state, _)| *state == TaskState::Open);
    let assessed = told.iter().filter(|(state, _)| *state != TaskState::Mistaken).map(|(_, of)| *of).max();
    !is_open && assessed.is_none_or(|most| total > most)
}

/// Whether a task is one of a high score.
pub(crate) fn is_high_score(task: Node<'_, '_>) -> Option<Task> {
    let is_task = text(task, "resourceType").as_deref() == Some("Task");
    Some(Task::of(task)).filter(|task| is_task && task.kind.as_deref() == Some(HIGH_SCORE) && task.is_open())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_called_once_and_again_when_it_gets_worse() {
        use TaskState::{Cancelled, Done, Mistaken, Open};
        type Case<'c> = (u8, &'c [(TaskState, u8)], bool);
        let cases: [Case<'_>; 7] = [
            (7, &[], true),
            (9, &[(Open, 7)], false),
            (7, &[(Done, 7)], false),
            (8, &[(Done, 7)], true),
            (8, &[(Done, 7), (Open, 7)], false),
            (7, &[(Cancelled, 8)], false),
            (7, &[(Mistaken, 8)], true),
        ];
        for (total, told, expected) in cases {
            assert_eq!(is_called_for(total, told), expected, "{total} {told:?}");
        }
    }

    #[test]
    fn a_day_is_found_without_reading_the_whole_text() {
        let day = |text: &str| day_of(text.as_bytes()).map(|day| String::from_utf8_lossy(day).into_owned());
        assert_eq!(day(r#"{"effectiveDateTime" : "2026-11-17T14:05:00Z"}"#).as_deref(), Some("2026-11-17"));
        assert_eq!(day(r#"{"effectivePeriod":{"start":"2026-11-17"}}"#).as_deref(), Some("2026-11-17"));
        assert_eq!(day(r#"{"issued":"2026-11-17"}"#), None);
    }
}
