//! Whether a trust may be cut: computed from what was measured and from who is there, item by item, never said by anybody.
//! Pure; the pages show the same items that refuse the act.

use terms::Moment;
use terms::print::{date_text, time_text};

use super::counts::{FIVE, Meaning};
use super::courier::{self, Carried};
use super::report::Rehearsal;
use super::schedule::Schedule;
use super::watch::Checked;

/// So many rehearsals in a row must have passed.
pub(crate) const REHEARSALS: usize = 3;
/// A comparison older than this counts for nothing, in milliseconds.
const CHECK_HOLDS_MS: i64 = 5 * 60_000;

/// What it is computed from.
pub(crate) struct Facts<'a> {
    pub(crate) schedule: Option<&'a Schedule>,
    /// Rehearsals since the last cut, oldest first.
    pub(crate) rehearsals: &'a [Rehearsal],
    /// Rehearsals of the way back since the last cut.
    pub(crate) ways_back: &'a [Rehearsal],
    pub(crate) checked: Option<&'a Checked>,
    /// The name of somebody other than who looks who has said that they are ready.
    pub(crate) second: Option<&'a str>,
    /// Whether it goes back to where it came from: that must be quick.
    pub(crate) back: bool,
    /// What is known besides where there is no line.
    pub(crate) carried: Option<Carried<'a>>,
    pub(crate) now: Moment,
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Holds,
    Broken,
    /// Nobody has done or checked it yet.
    Waiting,
}

/// One thing that must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) what: &'static str,
    pub(crate) state: State,
    /// Why, in a few words.
    pub(crate) why: String,
}

/// One of the five invariants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invariant {
    pub(crate) name: &'static str,
    pub(crate) promise: &'static str,
    pub(crate) state: State,
    /// So many there of so many here; nothing before the first comparison.
    pub(crate) counts: Option<(u64, u64)>,
    /// Kinds that differ, with the numbers of both hosts.
    pub(crate) differ: Vec<(String, u64, u64)>,
}

/// The five invariants of a comparison, always all five, in their order.
pub(crate) fn invariants(checked: Option<&Checked>, now: Moment) -> Vec<Invariant> {
    FIVE.iter().map(|meaning| invariant(meaning, checked, now)).collect()
}

fn invariant(of: &Meaning, checked: Option<&Checked>, now: Moment) -> Invariant {
    let Meaning { name, promise, .. } = *of;
    let Some(checked) = checked else {
        return Invariant { name, promise, state: State::Waiting, counts: None, differ: Vec::new() };
    };
    let (here, there) = (&checked.here, &checked.there);
    let differ = of.differ(&here.counts, &there.counts);
    let state = match differ.is_empty() && here.root == there.root {
        false => State::Broken,
        true if now.0 - checked.at.0 > CHECK_HOLDS_MS => State::Waiting,
        true => State::Holds,
    };
    let counts = Some((of.number(&there.counts), of.number(&here.counts)));
    Invariant { name, promise, state, counts, differ }
}

/// Everything that must hold before a cut, in the order in which it comes about.
pub(crate) fn readiness(of: &Facts<'_>) -> Vec<Item> {
    let second = match of.second {
        Some(name) => item("Second person ready", State::Holds, name.to_owned()),
        None => item("Second person ready", State::Waiting, "Nobody else has said that they are ready.".into()),
    };
    if of.back {
        // Whoever must go back cannot wait for three of anything.
        return vec![rehearsed(of.rehearsals, 1, "Rehearsed since the cut"), second];
    }
    if let Some(carried) = &of.carried {
        return courier::items(of, carried);
    }
    vec![
        match of.schedule {
            Some(plan) => item("Planned, with a deadline", State::Holds, format!("by {}", plan.by)),
            None => item("Planned, with a deadline", State::Waiting, "No deadline is set.".into()),
        },
        rehearsed(of.rehearsals, REHEARSALS, "Three rehearsals in a row passed"),
        whole_item(was_whole(of.rehearsals)),
        said_item(of.schedule),
        dated(rehearsed(of.ways_back, 1, "Way back rehearsed"), of.ways_back),
        all_five(&invariants(of.checked, of.now)),
        second,
    ]
}

/// Whether the whole copy was read again.
pub(super) fn whole_item(was_whole: bool) -> Item {
    match was_whole {
        true => item("Whole copy read again", State::Holds, "every text and row of the index".into()),
        false => item("Whole copy read again", State::Waiting, "No rehearsal that passed did so.".into()),
    }
}

/// Whether somebody has said that the staff was told.
pub(super) fn said_item(schedule: Option<&Schedule>) -> Item {
    match schedule.and_then(|plan| plan.told.as_ref()) {
        Some(said) => {
            let why = format!("{}{}", said.who, when(&said.when));
            item("Staff told, downtime sheets printed", State::Holds, why)
        }
        None => item("Staff told, downtime sheets printed", State::Waiting, "Nobody has said so yet.".into()),
    }
}

/// Whether one of these rehearsals read the whole copy again and found nothing.
pub(crate) fn was_whole(rehearsals: &[Rehearsal]) -> bool {
    rehearsals.iter().any(|one| one.whole && one.agrees())
}

/// What is missing, as sentences; nothing when it may be cut.
pub(crate) fn missing(items: &[Item]) -> Vec<String> {
    let open = items.iter().filter(|item| item.state != State::Holds);
    open.map(|item| format!("{}: {}", item.what, item.why)).collect()
}

fn item(what: &'static str, state: State, why: String) -> Item {
    Item::new(what, state, why)
}

impl Item {
    pub(super) fn new(what: &'static str, state: State, why: String) -> Item {
        Item { what, state, why }
    }
}

/// Whether the last so many rehearsals passed.
fn rehearsed(rehearsals: &[Rehearsal], needed: usize, what: &'static str) -> Item {
    let passed: Vec<&Rehearsal> = rehearsals.iter().rev().take_while(|one| one.agrees()).collect();
    if rehearsals.last().is_some_and(|last| !last.agrees()) {
        return item(what, State::Broken, "The last one found differences.".into());
    }
    let times: Vec<String> = passed.iter().take(needed).rev().map(|one| seconds(one.mock_cut_ms)).collect();
    match passed.len() {
        0 => item(what, State::Waiting, "Not rehearsed yet.".into()),
        few if few < needed => item(what, State::Waiting, format!("{few} of {needed}: {}", times.join(", "))),
        _ => item(what, State::Holds, times.join(", ")),
    }
}

/// The same with when the last of these was, where it holds.
fn dated(item: Item, rehearsals: &[Rehearsal]) -> Item {
    let at = rehearsals.last().filter(|_| item.state == State::Holds).map(|last| when(&last.moment));
    Item { why: format!("{}{}", item.why, at.unwrap_or_default()), ..item }
}

/// A moment behind other words: `, 17-Nov-2026 10:00`; nothing for a text that is none.
fn when(text: &str) -> String {
    let at = Moment::parse(text).map(terms::local);
    at.map(|at| format!(", {} {}", date_text(at.date()), time_text(at))).unwrap_or_default()
}

fn all_five(invariants: &[Invariant]) -> Item {
    let what = "All five invariants hold";
    let named = |state: State| -> Vec<String> {
        invariants.iter().filter(|one| one.state == state).map(|one| one.name.to_lowercase()).collect()
    };
    match (named(State::Broken).as_slice(), named(State::Waiting).as_slice()) {
        ([], []) => item(what, State::Holds, "both hosts compared".into()),
        ([], _) => item(what, State::Waiting, "Not compared in the last 5 minutes.".into()),
        (broken, _) => item(what, State::Broken, format!("Broken: {}.", broken.join(", "))),
    }
}

/// Milliseconds as seconds with one decimal; below a tenth with two.
pub(crate) fn seconds(ms: u64) -> String {
    if ms < 100 { format!("0.{:02} s", ms.div_ceil(10)) } else { format!("{}.{} s", ms / 1000, ms % 1000 / 100) }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use super::super::counts::OWED;
    use super::*;
    use crate::moving::schedule::Said;
    use crate::moving::watch::Told;

    fn rehearsal(differences: usize) -> Rehearsal {
        Rehearsal {
            moment: String::new(),
            sequence: 5,
            questions: 9,
            differences: vec!["Patient: how many: 3 there, 2 here.".to_owned(); differences],
            mock_cut_ms: 412,
            not_compared: Vec::new(),
            whole: true,
            checkpoint: String::new(),
        }
    }

    fn checked(patients_there: u64, root: &str) -> Checked {
        let told = |patients, root: &str| Told {
            root: root.into(),
            counts: BTreeMap::from([("Patient".into(), patients), (OWED.into(), 4), ("Observation".into(), 90)]),
            ..Told::default()
        };
        Checked { at: Moment(0), entry: 5, here: told(3, "a"), there: told(patients_there, root) }
    }

    pub(in crate::moving) fn schedule(told: bool) -> Schedule {
        Schedule {
            deadline: "2027-01-31".into(),
            begun: String::new(),
            by: "M Tanaka".into(),
            copy_from: None,
            cut_on: None,
            rehearse_days: 14,
            way_back_days: 14,
            back_minutes: 60,
            megabit: None,
            hours: None,
            carried_hours: None,
            no_way_back: String::new(),
            hangs: String::new(),
            told: told.then(|| Said { who: "R Osborne".into(), when: String::new() }),
        }
    }

    #[test]
    fn a_cut_needs_every_item_and_each_one_that_is_missing_is_named() {
        let (told, untold, three, back) = (schedule(true), schedule(false), vec![rehearsal(0); 3], [rehearsal(0)]);
        let good = checked(3, "a");
        let facts = || Facts {
            schedule: Some(&told),
            rehearsals: &three,
            ways_back: &back,
            checked: Some(&good),
            second: Some("R Osborne"),
            back: false,
            carried: None,
            now: Moment(60_000),
        };
        assert_eq!(missing(&readiness(&facts())), Vec::<String>::new());
        let lost = checked(2, "a");
        let forked = checked(3, "b");
        let then_failed = [rehearsal(0), rehearsal(0), rehearsal(0), rehearsal(1)];
        let partly = vec![Rehearsal { whole: false, ..rehearsal(0) }; 3];
        let cases: [(&str, Facts<'_>); 10] = [
            ("Whole copy", Facts { rehearsals: &partly, ..facts() }),
            ("Planned", Facts { schedule: None, ..facts() }),
            ("Three rehearsals", Facts { rehearsals: &three[..2], ..facts() }),
            ("Three rehearsals", Facts { rehearsals: &then_failed, ..facts() }),
            ("Staff told", Facts { schedule: Some(&untold), ..facts() }),
            ("Way back", Facts { ways_back: &[], ..facts() }),
            ("All five", Facts { checked: Some(&lost), ..facts() }),
            ("All five", Facts { checked: Some(&forked), ..facts() }),
            ("All five", Facts { now: Moment(CHECK_HOLDS_MS + 1), ..facts() }),
            ("Second person", Facts { second: None, ..facts() }),
        ];
        for (what, facts) in cases {
            let missing = missing(&readiness(&facts));
            assert!(missing.iter().any(|sentence| sentence.starts_with(what)), "{what}: {missing:?}");
        }
        let nothing = Facts { schedule: None, rehearsals: &[], ways_back: &[], checked: None, second: None, ..facts() };
        assert_eq!(missing(&readiness(&nothing)).len(), 7);
        let back =
            Facts { rehearsals: &three[..1], ways_back: &[], schedule: None, checked: None, back: true, ..facts() };
        assert!(missing(&readiness(&back)).is_empty());
    }

    #[test]
    fn what_was_not_compared_is_never_said_to_hold() {
        let waiting = invariants(None, Moment(0));
        assert_eq!(waiting.len(), 5);
        assert!(waiting.iter().all(|one| one.state == State::Waiting && one.counts.is_none()));
        let lost = invariants(Some(&checked(2, "a")), Moment(0));
        let broken: Vec<&str> = lost.iter().filter(|one| one.state == State::Broken).map(|one| one.name).collect();
        assert_eq!(broken, ["Conservation", "Uniqueness"]);
        assert_eq!(lost[0].counts, Some((92, 93)));
        assert_eq!(lost[4].differ, [("Patient".to_owned(), 3, 2)]);
        assert!(invariants(Some(&checked(3, "b")), Moment(0)).iter().all(|one| one.state == State::Broken));
    }

    #[test]
    fn times_are_read_as_seconds() {
        for (ms, words) in [(0, "0.00 s"), (7, "0.01 s"), (99, "0.10 s"), (412, "0.4 s"), (1_950, "1.9 s")] {
            assert_eq!(seconds(ms), words);
        }
    }
}
