//! What a stay comes to: its places, its episodes and its bed days, and what a correction changes in them. Pure.
//!
//! A bed day is a midnight, local time, that a patient spends somewhere (the midnight census of NHS England's bed
//! availability and occupancy return, KH03). Length of stay in nights is the day of discharge less the day of admission,
//! so the bed days of all kinds together are always the nights; both nights on which the clocks change are one each.
//! Kinds are counted apart, because returns treat them apart; which of them a return takes is in `returns`.

use std::collections::BTreeMap;

use record::{Problem, Reading};
use terms::{Date, Moment, local_date, start_of_day};

use super::change_consultant::episodes_of;
use super::timeline::{Episode, Interval, intervals};
use super::write::arrivals;
use super::{Stay, StayState};
use crate::places::{self, Place, PlaceKind};

/// Most midnights that are counted of one stay: a century.
const MOST_NIGHTS: usize = 36_525;

/// Where a midnight was spent, as returns tell places apart. In a ward, critical care and an assessment unit a bed counts
/// as such and any other place as no bed; in a day unit, a virtual ward, a discharge lounge and the emergency department
/// every place counts alike; a night away with leave is one of leave whether the bed is kept or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BedDayKind {
    /// A bed of a ward.
    Ward,
    /// A bed of critical care.
    CriticalCare,
    /// A bed of an assessment unit.
    AssessmentUnit,
    /// A cot.
    Cot,
    /// A day unit: somebody meant to go home stayed.
    DayUnit,
    /// At home, in the care of a virtual ward.
    VirtualWard,
    /// The discharge lounge.
    DischargeLounge,
    /// The emergency department.
    EmergencyDepartment,
    /// On a ward without a bed.
    NoBed,
    /// Away with leave.
    Leave,
    /// A place that we do not know.
    Unknown,
}

impl BedDayKind {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            BedDayKind::Ward => "ward bed",
            BedDayKind::CriticalCare => "critical care",
            BedDayKind::AssessmentUnit => "assessment unit",
            BedDayKind::Cot => "cot",
            BedDayKind::DayUnit => "day unit",
            BedDayKind::VirtualWard => "virtual ward",
            BedDayKind::DischargeLounge => "discharge lounge",
            BedDayKind::EmergencyDepartment => "emergency department",
            BedDayKind::NoBed => "no bed",
            BedDayKind::Leave => "leave",
            BedDayKind::Unknown => "place not known",
        }
    }

    /// The kind of a place in a ward.
    pub fn of(place: &Place, ward: Option<&Place>) -> BedDayKind {
        let ward_kind = ward.map_or(place.kind, |ward| ward.kind);
        match (ward_kind, place.kind) {
            (_, PlaceKind::Cot) => BedDayKind::Cot,
            (PlaceKind::DayUnit, _) => BedDayKind::DayUnit,
            (PlaceKind::VirtualWard, _) => BedDayKind::VirtualWard,
            (PlaceKind::DischargeLounge, _) => BedDayKind::DischargeLounge,
            (PlaceKind::EmergencyDepartment, _) => BedDayKind::EmergencyDepartment,
            (PlaceKind::CriticalCare, PlaceKind::Bed) => BedDayKind::CriticalCare,
            (PlaceKind::AssessmentUnit, PlaceKind::Bed) => BedDayKind::AssessmentUnit,
            (_, PlaceKind::Bed) => BedDayKind::Ward,
            (PlaceKind::Ward | PlaceKind::CriticalCare | PlaceKind::AssessmentUnit, _) => BedDayKind::NoBed,
            _ => BedDayKind::Unknown,
        }
    }
}

/// What a stay comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// The places, oldest first, without gaps.
    pub places: Vec<Interval>,
    /// The episodes, oldest first.
    pub episodes: Vec<Episode>,
    /// Midnights by kind of place.
    pub bed_days: BTreeMap<BedDayKind, u32>,
    /// The nights from admission to discharge, or until now.
    pub nights: u32,
}

/// What a correction changed: what is only in the former account, and what is only in the new one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recomputed {
    /// Places as they were told before.
    pub places_before: Vec<Interval>,
    /// Places as they are now.
    pub places_after: Vec<Interval>,
    /// Episodes as they were told before.
    pub episodes_before: Vec<Episode>,
    /// Episodes as they are now.
    pub episodes_after: Vec<Episode>,
    /// Bed days that differ: kind, before, now.
    pub bed_days: Vec<(BedDayKind, u32, u32)>,
    /// Nights before and now.
    pub nights: (u32, u32),
}

impl Account {
    /// The account of a stay; `kind_of` says what kind of place an id is.
    pub fn of(stay: &Stay, kind_of: impl Fn(&str) -> BedDayKind, now: Moment) -> Account {
        let is_begun = stay.is_inpatient && (stay.state.is_live() || stay.state == StayState::Discharged);
        let Some(started) = stay.started.as_ref().filter(|_| is_begun).map(|at| at.lower()) else {
            return Account::default();
        };
        let end = stay.ended.as_ref().map(|ended| ended.lower());
        let places = intervals(&arrivals(stay), end);
        let until = end.unwrap_or(now);
        let is_away = |midnight: Moment| {
            let is_in = |from: Moment, to: Option<Moment>| from < midnight && to.is_none_or(|to| midnight <= to);
            stay.leaves.iter().any(|away| is_in(away.from, away.to))
        };
        let mut bed_days: BTreeMap<BedDayKind, u32> = BTreeMap::new();
        let days = midnights(started, until);
        for midnight in &days {
            let at = places.iter().find(|at| at.from < *midnight && at.to.is_none_or(|to| *midnight <= to));
            let kind = match at {
                _ if is_away(*midnight) => BedDayKind::Leave,
                Some(at) => kind_of(&at.place),
                // Between the decision to admit and the ward they wait where it was decided.
                None if stay.attendance.is_some() => BedDayKind::EmergencyDepartment,
                None => BedDayKind::Unknown,
            };
            *bed_days.entry(kind).or_default() += 1;
        }
        let nights = u32::try_from(days.len()).unwrap_or(u32::MAX);
        Account { places, episodes: episodes_of(stay), bed_days, nights }
    }
}

/// Every local midnight after one moment, up to and with another: as many as days lie between their dates.
fn midnights(from: Moment, until: Moment) -> Vec<Moment> {
    let (mut day, last): (Date, Date) = (local_date(from), local_date(until));
    let mut found = Vec::new();
    while day < last && found.len() < MOST_NIGHTS {
        let Ok(next) = day.tomorrow() else { break };
        day = next;
        found.push(start_of_day(day));
    }
    found
}

/// What is different between two accounts of one stay.
pub fn recomputed(before: &Account, after: &Account) -> Recomputed {
    let only_in = |one: &Account, other: &Account| -> Vec<Interval> {
        one.places.iter().filter(|at| !other.places.contains(at)).cloned().collect()
    };
    let episodes = |one: &Account, other: &Account| -> Vec<Episode> {
        one.episodes.iter().filter(|of| !other.episodes.contains(of)).cloned().collect()
    };
    let kinds: std::collections::BTreeSet<BedDayKind> =
        before.bed_days.keys().chain(after.bed_days.keys()).copied().collect();
    let count = |account: &Account, kind| account.bed_days.get(&kind).copied().unwrap_or(0);
    let bed_days = kinds.into_iter().map(|kind| (kind, count(before, kind), count(after, kind)));
    Recomputed {
        places_before: only_in(before, after),
        places_after: only_in(after, before),
        episodes_before: episodes(before, after),
        episodes_after: episodes(after, before),
        bed_days: bed_days.filter(|(_, was, is)| was != is).collect(),
        nights: (before.nights, after.nights),
    }
}

/// The account of a stay, with its places looked up.
pub async fn account_of(reading: &Reading, stay: &Stay, now: Moment) -> Result<Account, Problem> {
    let mut kinds: BTreeMap<String, BedDayKind> = BTreeMap::new();
    for id in stay.places.iter().map(|place| &place.place) {
        if kinds.contains_key(id) {
            continue;
        }
        let Some(place) = places::place(reading, id).await? else { continue };
        let above = super::gather::ward_above(reading, id).await?;
        let ward = places::place(reading, &above).await?;
        kinds.insert(id.clone(), BedDayKind::of(&place, ward.as_ref()));
    }
    Ok(Account::of(stay, |id| kinds.get(id).copied().unwrap_or(BedDayKind::Unknown), now))
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
