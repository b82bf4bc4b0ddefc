//! Sleeping accommodation that men and women share: who was in it, from when to when, and why.
//!
//! A breach is one patient's time in one bay while the other sex is in it too. It follows from the stays, the bays and the
//! patients' sex, and is never written down; only the reason is, as an extension `urn:almoner:mixed-sex` of the Encounter of
//! each patient affected (room, from, reason). Without a reason it counts as not clinically justified. Whoever moves somebody
//! into it is asked for the reason there (`why_mixed.rs`).
//!
//! Source: NHS England and NHS Improvement, *Delivering same-sex accommodation*, September 2019, under review since 2025. What
//! is still to be checked stands in docs/stays.md, marked \[check\].

use std::collections::{BTreeMap, BTreeSet};

use fhir::Node;
use fhir::read::{extension_text, id_of, items, text};
use fhir::write::{extension, quoted, reference, with_extensions, with_members};
use fhir::{Document, Limits};
use record::{Change, Clause, Draft, Key, Problem, Reading, Select, TransactError};
use terms::index::{Next, Span};
use terms::{Date, Moment, local_date, start_of_day};

use super::move_to_bed::read;
use super::returns::mixed_sex;
use super::rows::LEFT;
use super::write::complex;
use super::{PlaceUse, Stay};
use crate::census::census;
use crate::draft::{self, document};
use crate::places::{Place, PlaceKind, Places};
use crate::refusal::Refusal;
use crate::registration::Gender;

/// The extension of a reason.
pub(super) const MIXED_SEX: &str = "urn:almoner:mixed-sex";
/// Most patients whose reason is said at once.
const MOST_AT_ONCE: usize = 50;
/// Most steps from a bay to its ward.
const MOST_STEPS: usize = 8;
/// Most days that are looked back: this month and the one before.
const MOST_DAYS: usize = 62;

/// Why men and women share a bay.
#[derive(Debug, PartialEq, Eq)]
pub struct MixedReason {
    /// Its code.
    pub code: &'static str,
    /// In words.
    pub words: &'static str,
    /// Whether it is clinically justified, and so no breach for the return.
    pub is_justified: bool,
}

/// The reasons among which somebody chooses \[check\].
pub const REASONS: [MixedReason; 6] = [
    MixedReason {
        code: "urgent-care",
        words: "Somebody needed urgent or highly specialised care here",
        is_justified: true,
    },
    MixedReason { code: "chosen", words: "The patients chose to share", is_justified: true },
    MixedReason { code: "no-bed", words: "No bed in a bay of one sex was free", is_justified: false },
    MixedReason { code: "no-staff", words: "Staff or equipment was only here", is_justified: false },
    MixedReason { code: "waits", words: "Somebody waited for a bed elsewhere", is_justified: false },
    MixedReason { code: "other", words: "Another reason that is not clinical", is_justified: false },
];

/// What whoever was asked answers who does not know the reason yet: it counts, and is asked for until somebody says why.
pub(super) static NOT_GIVEN: MixedReason =
    MixedReason { code: "not-given", words: "Not given yet", is_justified: false };

/// A reason as it was recorded of one patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub(super) room: String,
    pub(super) from: Moment,
    pub(super) reason: &'static MixedReason,
}

/// A patient with the times in rooms that several share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sleeper {
    /// The stay's Encounter.
    pub stay: String,
    /// The Patient's id.
    pub patient: String,
    /// Their sex as recorded.
    pub gender: Option<Gender>,
    /// Room, from, until.
    pub times: Vec<(String, Moment, Option<Moment>)>,
    /// What was said of why.
    pub said: Vec<Said>,
}

/// One patient's time in a bay that the other sex was in too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The stay's Encounter.
    pub stay: String,
    /// The Patient's id.
    pub patient: String,
    /// The bay's Location.
    pub room: String,
    /// From.
    pub from: Moment,
    /// Until; absent while it goes on.
    pub to: Option<Moment>,
    /// Why; absent while nobody has said.
    pub reason: Option<&'static MixedReason>,
    /// Whether whoever moved a patient there was asked, and answered that the reason is not given yet.
    pub is_put_off: bool,
}

/// Says why some patients shared a bay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SayWhyMixed {
    /// The bay's Location.
    pub room: String,
    /// The stays with when each breach began, as they were looked at.
    pub of: Vec<(String, Moment)>,
    /// The code of the reason.
    pub reason: String,
}

impl Breach {
    /// Whether the return counts it: nobody has said that it is clinically justified.
    pub fn counts(&self) -> bool {
        self.reason.is_none_or(|reason| !reason.is_justified)
    }
}

impl MixedReason {
    /// The reason of a code.
    pub fn of_code(code: &str) -> Option<&'static MixedReason> {
        REASONS.iter().find(|reason| reason.code == code)
    }
}

impl Said {
    fn of(node: Node<'_, '_>) -> Option<Said> {
        let room = items(node, "extension").find(|of| text(*of, "url").as_deref() == Some("room"))?;
        let from = extension_text(node, "from").and_then(|at| Moment::parse(&at).ok())?;
        let reason = MixedReason::answered(&extension_text(node, "reason")?)?;
        Some(Said { room: id_of(room, "valueReference", "Location")?, from, reason })
    }

    pub(super) fn text(&self) -> Option<String> {
        complex(
            MIXED_SEX,
            [
                Some(extension("room", "valueReference", &reference(&format!("Location/{}", self.room), None))),
                Some(extension("from", "valueDateTime", &quoted(&self.from.to_string()))),
                Some(extension("reason", "valueCode", &quoted(self.reason.code))),
            ],
        )
    }
}

/// What was said of why, of an `Encounter`.
pub(super) fn said_of(encounter: Node<'_, '_>) -> Vec<Said> {
    items(encounter, "extension")
        .filter(|of| text(*of, "url").as_deref() == Some(MIXED_SEX))
        .filter_map(Said::of)
        .collect()
}

impl Sleeper {
    /// A stay with its times in shared rooms, without those on leave; `None` when it was in none.
    pub(super) fn of(stay: &Stay, gender: Option<Gender>, room_of: impl Fn(&str) -> Option<String>) -> Option<Sleeper> {
        let ended = stay.ended.as_ref().map(|at| at.lower());
        let mut times = Vec::new();
        for entry in &stay.places {
            let is_there = match entry.is {
                // A bed that is somebody else's is claimed and not slept in.
                PlaceUse::Active => stay.state.is_live() && !stay.no_bed_yet,
                PlaceUse::Past => true,
                PlaceUse::Planned | PlaceUse::Reserved => false,
            };
            let from = entry.from.as_ref().or(stay.started.as_ref()).map(|at| at.lower());
            let (Some(from), Some(room)) = (from.filter(|_| is_there), room_of(&entry.place)) else { continue };
            let to = entry.to.as_ref().map(|at| at.lower()).or(ended);
            times.extend(without_leave(stay, from, to).into_iter().map(|(from, to)| (room.clone(), from, to)));
        }
        let patient = stay.patient.clone().filter(|_| !times.is_empty())?;
        Some(Sleeper { stay: stay.id.clone(), patient, gender, times, said: stay.mixed.clone() })
    }
}

/// A time without the times away that lie in it.
fn without_leave(stay: &Stay, from: Moment, to: Option<Moment>) -> Vec<(Moment, Option<Moment>)> {
    let (mut left, mut since) = (Vec::new(), Some(from));
    for away in &stay.leaves {
        let Some(here) = since.filter(|here| away.to.is_none_or(|back| back > *here)) else { continue };
        if to.is_some_and(|to| away.from >= to) {
            continue;
        }
        if away.from > here {
            left.push((here, Some(away.from)));
        }
        since = away.to.filter(|back| to.is_none_or(|to| *back < to));
    }
    left.extend(since.map(|since| (since, to)));
    left
}

/// Every breach, in the order of their beginnings. `rooms` has the kinds of the ward and of the room itself.
pub(super) fn breaches(rooms: &BTreeMap<String, (PlaceKind, PlaceKind)>, sleepers: &[Sleeper]) -> Vec<Breach> {
    let mut found = Vec::new();
    for (room, kinds) in rooms {
        let here: Vec<(&Sleeper, Moment, Option<Moment>)> = sleepers
            .iter()
            .flat_map(|of| of.times.iter().map(move |(at, from, to)| (of, at, *from, *to)))
            .filter(|(_, at, from, to)| *at == room && to.is_none_or(|to| to > *from))
            .map(|(of, _, from, to)| (of, from, to))
            .collect();
        found.extend(in_room(room, *kinds, &here));
    }
    found.sort_by(|one, other| (one.from, &one.room, &one.stay).cmp(&(other.from, &other.room, &other.stay)));
    found
}

/// The breaches of one room: between two moments at which somebody came or went, everybody who is there is in one or nobody is.
fn in_room(
    room: &str,
    (ward, kind): (PlaceKind, PlaceKind),
    here: &[(&Sleeper, Moment, Option<Moment>)],
) -> Vec<Breach> {
    let moments: BTreeSet<Moment> = here.iter().flat_map(|(_, from, to)| [Some(*from), *to]).flatten().collect();
    let mut found: Vec<Breach> = Vec::new();
    for start in &moments {
        let there: Vec<&Sleeper> = here
            .iter()
            .filter(|(_, from, to)| from <= start && to.is_none_or(|to| to > *start))
            .map(|(of, ..)| *of)
            .collect();
        let genders: Vec<Option<Gender>> = there.iter().map(|of| of.gender).collect();
        let is_mixed = mixed_sex(ward, kind, &genders) > 0;
        for open in found.iter_mut().filter(|breach| breach.to.is_none()) {
            if !is_mixed || !there.iter().any(|of| of.stay == open.stay) {
                open.to = Some(*start);
            }
        }
        for of in there.iter().filter(|_| is_mixed) {
            if !found.iter().any(|breach| breach.stay == of.stay && breach.to.is_none()) {
                let (stay, patient) = (of.stay.clone(), of.patient.clone());
                let room = room.to_owned();
                found.push(Breach { stay, patient, room, from: *start, to: None, reason: None, is_put_off: false });
            }
        }
    }
    for at in 0..found.len() {
        let (before, rest) = found.split_at_mut(at);
        let Some(breach) = rest.first_mut() else { break };
        let said = said_for(breach, before, here);
        breach.is_put_off = said == Some(&NOT_GIVEN);
        breach.reason = said.filter(|said| *said != &NOT_GIVEN);
    }
    found
}

/// What was said last of a breach: in it, or when the patient came, of the first since then.
fn said_for(
    breach: &Breach,
    before: &[Breach],
    here: &[(&Sleeper, Moment, Option<Moment>)],
) -> Option<&'static MixedReason> {
    let own = here.iter().filter(|(of, from, _)| of.stay == breach.stay && *from <= breach.from);
    let (of, came, _) = own.max_by_key(|(_, from, _)| *from)?;
    let is_first = !before.iter().any(|other| other.stay == breach.stay && other.from >= *came);
    let since = if is_first { *came } else { breach.from };
    let is_of =
        |said: &&Said| said.room == breach.room && said.from >= since && breach.to.is_none_or(|to| said.from < to);
    of.said.iter().rev().find(is_of).map(|said| said.reason)
}

/// The breaches of a ward, or of every ward, that went on at some time since a day: the list, and by its length the number.
///
/// # Errors
/// The record could not be read, or the day is longer ago than is looked back.
pub async fn breaches_since(
    reading: &Reading,
    ward: Option<&str>,
    since: Date,
    now: Moment,
) -> Result<Vec<Breach>, Problem> {
    let census = census(reading).await?;
    let rooms = shared_rooms(&census.places, ward);
    let room_of = |place: &str| census.places.get(place)?.part_of.clone().filter(|room| rooms.contains_key(room));
    let left = left_since(reading, since, local_date(now)).await?;
    let stays = census.stays().map(|stay| &**stay).chain(&left);
    let is_in_one = |stay: &&Stay| stay.is_inpatient && Sleeper::of(stay, None, room_of).is_some();
    let stays: Vec<&Stay> = stays.filter(is_in_one).collect();
    let genders = genders(reading, stays.iter().filter_map(|stay| stay.patient.as_deref()).collect()).await?;
    let sleepers: Vec<Sleeper> = stays
        .into_iter()
        .filter_map(|stay| Sleeper::of(stay, genders.get(stay.patient.as_deref()?).copied(), room_of))
        .collect();
    let mut found = breaches(&rooms, &sleepers);
    let first = start_of_day(since);
    found.retain(|breach| breach.to.is_none_or(|to| to > first));
    Ok(found)
}

/// The bays of a ward or of every ward: kinds of the ward and of the bay.
fn shared_rooms(all: &Places, ward: Option<&str>) -> BTreeMap<String, (PlaceKind, PlaceKind)> {
    let bays = all.values().filter(|place| place.kind == PlaceKind::Bay);
    bays.filter_map(|bay| {
        let of = ward_of(all, bay)?;
        ward.is_none_or(|ward| ward == of.id).then(|| (bay.id.clone(), (of.kind, bay.kind)))
    })
    .collect()
}

/// The ward that a bay is in.
pub(super) fn ward_of<'a>(all: &'a Places, bay: &'a Place) -> Option<&'a Place> {
    let mut here = bay;
    for _ in 0..MOST_STEPS {
        here = all.get(here.part_of.as_ref()?)?;
        if here.kind.is_ward() {
            return Some(here);
        }
    }
    None
}

/// The stays that have ended since a day.
async fn left_since(reading: &Reading, since: Date, today: Date) -> Result<Vec<Stay>, Problem> {
    let (mut day, mut spans) = (since, Vec::new());
    while day <= today {
        if spans.len() == MOST_DAYS {
            return Err(Problem::TooCostly);
        }
        spans.push(Span::next(LEFT, [], Next::TextEqual(day.to_string().into_bytes())));
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    let mut select = Select::of("Encounter").with(Clause::Any(spans)).limit(1000);
    let mut stays = Vec::new();
    loop {
        let page = reading.select(&select).await?;
        for version in &page.versions {
            stays.push(Stay::of(document(version)?.root()));
        }
        match page.next {
            Some(next) => select.after = Some(next),
            None => return Ok(stays),
        }
    }
}

/// The sex of some patients, of whom it is known.
pub(super) async fn genders(reading: &Reading, ids: BTreeSet<&str>) -> Result<BTreeMap<String, Gender>, Problem> {
    let keys: Vec<Key> = ids.into_iter().map(|id| Key::new("Patient", id)).collect();
    let mut found = BTreeMap::new();
    for keys in keys.chunks(500) {
        for version in reading.get_many(keys).await? {
            let Ok(patient) = Document::parse(&version.text, &Limits::default()) else { continue };
            let gender = text(patient.root(), "gender").and_then(|code| Gender::of_code(&code));
            found.extend(gender.map(|gender| (version.key.id.clone(), gender)));
        }
    }
    Ok(found)
}

impl SayWhyMixed {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading) -> Result<Draft, TransactError<Refusal>> {
        let reason = self.decide().map_err(TransactError::Refused)?;
        let mut changes: Vec<Change> = Vec::new();
        for (stay, from) in &self.of {
            let version = read(reading, stay).await?;
            let before = document(&version)?;
            let mut said = said_of(before.root());
            said.retain(|said| (&said.room, said.from) != (&self.room, *from));
            said.push(Said { room: self.room.clone(), from: *from, reason });
            let mut set = vec![(MIXED_SEX, None)];
            set.extend(said.iter().map(|said| (MIXED_SEX, said.text())));
            let members = [("extension", with_extensions(before.root(), &set))];
            changes.push(draft::put(version.key.clone(), &with_members(&before, &members))?);
        }
        Ok(Draft { changes, assertions: Vec::new() })
    }

    fn decide(&self) -> Result<&'static MixedReason, Refusal> {
        let missing = || Refusal::at("reason-missing", "reason", "Say why men and women share this bay.");
        let reason = MixedReason::of_code(&self.reason).ok_or_else(missing)?;
        let stays: BTreeSet<&str> = self.of.iter().map(|(stay, _)| stay.as_str()).collect();
        if self.of.is_empty() || stays.len() != self.of.len() || self.of.len() > MOST_AT_ONCE {
            let sentence = "Say of which patients, each once and at most 50 at once. Open the list again.";
            return Err(Refusal::new("patients-wrong", sentence));
        }
        Ok(reason)
    }
}

#[cfg(test)]
#[path = "mixed_tests.rs"]
mod tests;
