//! What both hosts count at one entry of a record, and what these numbers say of the five invariants. The numbers are read
//! by each host from its own store; here nothing is compared but numbers.

use std::collections::{BTreeMap, BTreeSet};

use administration::boards::invariants;
use administration::obligations::NOBODY;
use record::obligation::ObligationQuery;
use record::{Record, Select};
use serde::{Deserialize, Serialize};

use super::kept::Move;
use super::pull::permit;
use crate::failure::Failure;

/// Live resources by type; under names that begin with `~` what else is counted.
pub(crate) type Counts = BTreeMap<String, u64>;

/// One of the five invariants, as a certificate states it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Invariant {
    name: String,
    state: String,
    from: Option<u64>,
    to: Option<u64>,
    sentence: String,
}

pub(crate) const OWED: &str = "~owed";
const OWED_BY_NOBODY: &str = "~owed by nobody";
const BOOKED: &str = "~bookings";
const UNPLACED: &str = "~bookings without a place";
const BEDS: &str = "~beds in use";
const BEDS_TWICE: &str = "~beds held twice";
const PEOPLE: &str = "~inpatients";
const PEOPLE_TWICE: &str = "~inpatients held twice";
const PAIRS: &str = "~pairs to be reviewed";

/// Counts at an entry.
pub(crate) async fn counts(of: &Move, record: &Record, sequence: u64) -> Result<Counts, Failure> {
    let gone = || Failure::refused("What was at this entry is not kept any more, an hour later.");
    let reading = match record.read_at(&permit(of)?, "count for a move", sequence).await {
        Err(record::Problem::Expired) => return Err(gone()),
        reading => reading?,
    };
    if let Err(record::Problem::Expired) = reading.total(&Select::of("Patient")).await {
        return Err(gone());
    }
    let mut counts = Counts::new();
    for (kind, _) in record.status().await?.resources {
        let total = reading.total(&Select::of(&kind)).await?;
        if total > 0 {
            counts.insert(kind, total);
        }
    }
    let owed = ObligationQuery { limit: 1, ..ObligationQuery::default() };
    let by_nobody = ObligationQuery { owners: Some(vec![NOBODY.into()]), ..owed.clone() };
    let pairs = ObligationQuery { kind: Some("duplicate".into()), ..owed.clone() };
    for (name, query) in [(OWED, owed), (OWED_BY_NOBODY, by_nobody), (PAIRS, pairs)] {
        counts.insert(name.into(), reading.count_obligations(&query).await?);
    }
    let of = invariants(&reading).await?;
    let numbers = [
        (BOOKED, of.bookings),
        (UNPLACED, of.bookings_without_place),
        (BEDS, of.beds_in_use),
        (BEDS_TWICE, of.beds_held_twice),
        (PEOPLE, of.inpatients),
        (PEOPLE_TWICE, of.inpatients_held_twice),
    ];
    counts.extend(numbers.map(|(name, number)| (name.to_owned(), number)));
    reading.finish_unseen().await?;
    Ok(counts)
}

/// What an invariant is to a move: what its page and its certificate count, compare and promise.
pub(crate) struct Meaning {
    pub(crate) name: &'static str,
    pub(crate) promise: &'static str,
    /// What is counted and shown; every resource when it is empty, and then everything is compared.
    counted: &'static [&'static str],
    /// What is compared besides.
    besides: &'static [&'static str],
    /// What is not to be. Where it is alike on both hosts it moved with the trust: it is the trust's, and not the move's.
    exceptions: &'static [&'static str],
}

/// The five, in their order.
pub(crate) const FIVE: [Meaning; 5] = [
    Meaning {
        name: "Conservation",
        promise: "Every resource of every kind is on both hosts, and one journal leads to both.",
        counted: &[],
        besides: &[],
        exceptions: &[],
    },
    Meaning {
        name: "Continuity",
        promise: "As much is owed on both hosts; by whom and until when follows from the texts, which one journal leads to.",
        counted: &[OWED],
        besides: &[],
        exceptions: &[],
    },
    Meaning {
        name: "Feasibility",
        promise: "As many appointments, sessions, places and stays are on both hosts, and as many bookings without a place.",
        counted: &["Appointment", "Slot", "Schedule", "Location", "Encounter"],
        besides: &[BOOKED],
        exceptions: &[UNPLACED],
    },
    Meaning {
        name: "Delivery",
        promise: "Every letter, result, message and task is on both hosts.",
        counted: &["Communication", "DiagnosticReport", "DocumentReference", "ServiceRequest", "Task", "MessageHeader"],
        besides: &[],
        exceptions: &[OWED_BY_NOBODY],
    },
    Meaning {
        name: "Uniqueness",
        promise: "Nobody, no bed and no merge is there twice or left behind.",
        counted: &["Patient", "Person", "Linkage", "Basic"],
        besides: &[BEDS, PEOPLE, PAIRS],
        exceptions: &[BEDS_TWICE, PEOPLE_TWICE],
    },
];

impl Meaning {
    /// The number that is shown.
    pub(crate) fn number(&self, counts: &Counts) -> u64 {
        let is_shown = |kind: &str| match self.counted {
            [] => !kind.starts_with('~'),
            counted => counted.contains(&kind),
        };
        counts.iter().filter(|(kind, _)| is_shown(kind)).map(|(_, number)| number).sum()
    }

    /// What is counted otherwise at the second host: kind, and both numbers.
    pub(crate) fn differ(&self, one: &Counts, other: &Counts) -> Vec<(String, u64, u64)> {
        let is_compared = |kind: &str| {
            self.counted.is_empty() || [self.counted, self.besides, self.exceptions].iter().any(|of| of.contains(&kind))
        };
        let number = |counts: &Counts, kind: &str| counts.get(kind).copied().unwrap_or(0);
        let all: BTreeSet<&String> = one.keys().chain(other.keys()).filter(|kind| is_compared(kind)).collect();
        let numbers = all.into_iter().map(|kind| (kind.clone(), number(one, kind), number(other, kind)));
        numbers.filter(|(_, one, other)| one != other).collect()
    }

    fn exceptions(&self, counts: &Counts) -> u64 {
        self.exceptions.iter().filter_map(|name| counts.get(*name)).sum()
    }
}

/// The five invariants as a certificate states them, always all five.
pub(crate) fn five(from: &Counts, to: &Counts) -> Vec<Invariant> {
    let stated = |of: &Meaning| {
        let exceptions = of.exceptions(from);
        let state = match (of.differ(from, to).is_empty(), exceptions) {
            (false, _) => "broken",
            (true, 0) => "holds",
            (true, _) => "as before",
        };
        let sentence = match exceptions {
            0 => of.promise.to_owned(),
            some => format!("{} Exceptions before the cut: {some}.", of.promise),
        };
        Invariant {
            name: of.name.to_lowercase(),
            state: state.into(),
            from: Some(of.number(from)),
            to: Some(of.number(to)),
            sentence,
        }
    };
    FIVE.iter().map(stated).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(pairs: &[(&str, u64)]) -> Counts {
        pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    #[test]
    fn all_five_are_stated_and_what_differs_is_broken() {
        let states = |from: &Counts, to: &Counts| {
            five(from, to).into_iter().map(|one| format!("{} {}", one.name, one.state)).collect::<Vec<_>>()
        };
        let whole = counted(&[("Patient", 3), (OWED, 2), (BOOKED, 1), (BEDS, 1)]);
        assert_eq!(
            states(&whole, &whole),
            ["conservation holds", "continuity holds", "feasibility holds", "delivery holds", "uniqueness holds"]
        );
        let theirs =
            counted(&[("Patient", 3), (OWED, 2), (OWED_BY_NOBODY, 1), (BOOKED, 1), (BEDS, 1), (BEDS_TWICE, 1)]);
        assert_eq!(
            states(&theirs, &theirs),
            [
                "conservation holds",
                "continuity holds",
                "feasibility holds",
                "delivery as before",
                "uniqueness as before"
            ]
        );
        assert_eq!(
            states(&whole, &theirs),
            ["conservation broken", "continuity holds", "feasibility holds", "delivery broken", "uniqueness broken"]
        );
        let fewer = counted(&[("Patient", 2), (OWED, 2), (BOOKED, 1), (BEDS, 1)]);
        assert_eq!(states(&whole, &fewer)[0], "conservation broken");
    }
}
