//! What whoever puts somebody into a bay of both sexes says of why: asked by the form, kept by the commit of the move.
//!
//! Nobody is refused a place for it. Who does not know the reason yet says so ([`NOT_GIVEN`]): that is kept too, and counts as a
//! breach without a reason until somebody says why. The reason is written on the stay of whoever comes and, where the bay is
//! shared from then on, on the stays of those who are in it already. What a breach is stands in `mixed.rs`.

use fhir::write::{with_extensions, with_members};
use record::{Change, Clause, Draft, Key, Problem, Reading, Select, TransactError};
use terms::Moment;
use terms::index::{Part, Span};

use super::mixed::{MIXED_SEX, MixedReason, NOT_GIVEN, REASONS, Said, genders, said_of, ward_of};
use super::move_to_bed::read;
use super::returns::mixed_sex;
use super::rows::AT;
use super::{Stay, StayState};
use crate::draft::{self, document};
use crate::places::{self, Place, PlaceKind, Places};
use crate::refusal::Refusal;

/// Most people of one bay that are looked at.
const MOST_IN_A_BAY: usize = 200;

/// A bay that somebody comes into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bay {
    /// Its Location.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The stays that are in it, without whoever comes.
    pub others: Vec<String>,
    /// Whether men and women share it before.
    pub was_shared: bool,
    /// Whether they do with whoever comes.
    pub is_shared: bool,
}

impl MixedReason {
    /// What somebody answers who puts a patient into a bay of both sexes: a reason, or that it is not given yet.
    pub fn answered(code: &str) -> Option<&'static MixedReason> {
        REASONS.iter().chain([&NOT_GIVEN]).find(|reason| reason.code == code)
    }
}

/// The bay of a bed and who would share it with a patient; `None` for a place in no bay. Whoever is in that very bed leaves it.
///
/// # Errors
/// The record could not be read.
pub async fn bay_with(reading: &Reading, bed: &str, (stay, patient): (&str, &str)) -> Result<Option<Bay>, Problem> {
    let places = places::places(reading).await?;
    let room = places.get(bed).and_then(|bed| places.get(bed.part_of.as_ref()?));
    let Some(room) = room.filter(|room| room.kind == PlaceKind::Bay) else { return Ok(None) };
    let ward = ward_of(&places, room).map_or(PlaceKind::Ward, |ward| ward.kind);
    let mut here = sleeping_in(reading, &places, room).await?;
    here.retain(|other| other.id != stay && other.place().is_none_or(|at| at.place != bed));
    let before: Vec<&str> = here.iter().filter_map(|stay| stay.patient.as_deref()).collect();
    let after: Vec<&str> = before.iter().copied().chain([patient]).collect();
    let genders = genders(reading, after.iter().copied().collect()).await?;
    let is_mixed = |patients: &[&str]| {
        let sexes: Vec<_> = patients.iter().map(|patient| genders.get(*patient).copied()).collect();
        mixed_sex(ward, room.kind, &sexes) > 0
    };
    Ok(Some(Bay {
        id: room.id.clone(),
        name: room.name.clone(),
        was_shared: is_mixed(&before),
        is_shared: is_mixed(&after),
        others: here.into_iter().map(|stay| stay.id).collect(),
    }))
}

/// The stays in the beds of a bay, without those on leave.
async fn sleeping_in(reading: &Reading, all: &Places, room: &Place) -> Result<Vec<Stay>, Problem> {
    let beds = all.values().filter(|place| place.part_of.as_ref() == Some(&room.id));
    let spans: Vec<Span> = beds.map(|bed| Span::head(AT, [Part::target("Location", bed.id.as_str())])).collect();
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    let select = Select::of("Encounter").with(Clause::Any(spans)).limit(MOST_IN_A_BAY);
    let mut stays = Vec::new();
    for version in &reading.select(&select).await?.versions {
        stays.push(Stay::of(document(version)?.root()));
    }
    stays.retain(|stay| stay.is_inpatient && stay.state == StayState::Present);
    Ok(stays)
}

/// The draft of somebody's coming to a place, with why men and women share it; as it is where nobody was asked.
pub(super) async fn with_reason(
    reading: &Reading,
    mut draft: Draft,
    (stay, patient, place): (&str, Option<&str>, &str),
    (at, reason): (Moment, Option<&'static MixedReason>),
) -> Result<Draft, TransactError<Refusal>> {
    let (Some(reason), Some(patient)) = (reason, patient) else { return Ok(draft) };
    let Some(bay) = bay_with(reading, place, (stay, patient)).await? else { return Ok(draft) };
    let said = Said { room: bay.id, from: at, reason };
    let others = bay.others.iter().filter(|_| bay.is_shared && !bay.was_shared);
    for stay in others.map(String::as_str).chain([stay]) {
        let key = Key::new("Encounter", stay);
        let of_it = |change: &Change| matches!(change, Change::Put(known, _) if *known == key);
        match draft.changes.iter().position(of_it) {
            Some(place) => {
                let text = match &draft.changes[place] {
                    Change::Put(_, template) => with_said(&template.text, &said)?,
                    _ => continue,
                };
                draft.changes[place] = draft::put(key, &text)?;
            }
            None => draft.changes.push(draft::put(key, &with_said(&read(reading, stay).await?.text, &said)?)?),
        }
    }
    Ok(draft)
}

/// A stay's text with what was said once more; what was said of the same moment is replaced.
fn with_said(text: &[u8], said: &Said) -> Result<Vec<u8>, Problem> {
    let before = draft::parsed(text)?;
    let mut all = said_of(before.root());
    all.retain(|known| (&known.room, known.from) != (&said.room, said.from));
    all.push(said.clone());
    let mut set = vec![(MIXED_SEX, None)];
    set.extend(all.iter().map(|said| (MIXED_SEX, said.text())));
    // Of what a command has written already, a `meta` without anything in it is left: that is no valid text.
    let meta = before.root().get("meta").filter(|meta| meta.members().next().is_some());
    let members =
        [("meta", meta.map(|meta| meta.raw_text().to_owned())), ("extension", with_extensions(before.root(), &set))];
    Ok(with_members(&before, &members))
}
