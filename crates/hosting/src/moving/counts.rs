//! What both hosts count at one entry of a record, and what these numbers say of the five invariants. The numbers are read
//! by each host from its own store; here nothing is compared but numbers.

use std::collections::BTreeMap;

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
pub(crate) const OWED_BY_NOBODY: &str = "~owed by nobody";
pub(crate) const BOOKED: &str = "~bookings";
pub(crate) const UNPLACED: &str = "~bookings without a place";
pub(crate) const BEDS: &str = "~beds in use";
pub(crate) const BEDS_TWICE: &str = "~beds held twice";
pub(crate) const PEOPLE: &str = "~inpatients";
pub(crate) const PEOPLE_TWICE: &str = "~inpatients held twice";
pub(crate) const PAIRS: &str = "~pairs to be reviewed";

/// Counts at an entry.
pub(crate) async fn counts(of: &Move, record: &Record, sequence: u64) -> Result<Counts, Failure> {
    let reading = record.read_at(&permit(of)?, "count for a move", sequence).await?;
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

/// The five invariants, always all five. One that has exceptions on both hosts alike moved with the trust: it is theirs,
/// and not the move's.
pub(crate) fn five(from: &Counts, to: &Counts) -> Vec<Invariant> {
    let resources = |counts: &Counts| counts.iter().filter(|(kind, _)| !kind.starts_with('~')).map(|(_, n)| n).sum();
    let is_same_of_all = from.keys().chain(to.keys()).all(|kind| from.get(kind) == to.get(kind));
    let conservation = Invariant {
        name: "conservation".into(),
        state: if is_same_of_all { "holds" } else { "broken" }.into(),
        from: Some(resources(from)),
        to: Some(resources(to)),
        sentence: "Every live resource of every type is on both hosts, and everything else is counted alike.".into(),
    };
    let named = |name: &str, counted: &str, exceptions: &[&str], words: &str| {
        let at = |counts: &Counts, name: &str| counts.get(name).copied().unwrap_or(0);
        let all = |counts: &Counts| exceptions.iter().map(|name| at(counts, name)).sum::<u64>();
        let is_same = at(from, counted) == at(to, counted)
            && exceptions.iter().all(|exception| at(from, exception) == at(to, exception));
        let state = match (is_same, all(from)) {
            (false, _) => "broken",
            (true, 0) => "holds",
            (true, _) => "as before",
        };
        let sentence = match (is_same, all(from)) {
            (_, 0) => words.to_owned(),
            (_, exceptions) => format!("{words} Exceptions before the cut: {exceptions}."),
        };
        Invariant {
            name: name.into(),
            state: state.into(),
            from: Some(at(from, counted)),
            to: Some(at(to, counted)),
            sentence,
        }
    };
    vec![
        conservation,
        named("continuity", OWED, &[], "Everything that is owed is owed on both hosts."),
        named(
            "feasibility",
            BOOKED,
            &[UNPLACED],
            "Each expected stay that names a place has one that is there and open.",
        ),
        named(
            "delivery",
            OWED,
            &[OWED_BY_NOBODY],
            "Everything that is owed has an owner. There are no feeds and letters yet.",
        ),
        named(
            "uniqueness",
            BEDS,
            &[BEDS_TWICE, PEOPLE_TWICE],
            "No bed and no inpatient is held twice. Pairs of records that may be one person are reviewed by people.",
        ),
    ]
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
