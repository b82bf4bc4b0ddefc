//! What must hold before a cut of a move with a plan between two hosts without a line: worked out from what disks and letters
//! prove, within the hours that the plan gives a disk and its answer, and what of it is said in the certificate. What cannot be
//! proved without a line is not asked for, and said. Pure.

use std::collections::BTreeSet;

use journal::SignedCheckpoint;
use terms::Moment;
use terms::print::moment_text;

use super::readiness::{Facts, Item, REHEARSALS, State, invariants, said_item, was_whole, whole_item};
use super::report::Rehearsal;
use super::watch::Checked;

const HOUR_MS: i64 = 3_600_000;
const COMPARED: &str = "Both hosts hold the same at the cut";
const AGREED: &str = "Two people agree at the cut";

/// What is known besides of a move without a line.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Carried<'a> {
    /// Since when writers are held, if they are: from then on nothing ages, since nothing is recorded.
    pub(crate) held: Option<Moment>,
    /// What both hosts count at the place of the cut, once the other one has signed that place.
    pub(crate) compared: Option<&'a Checked>,
}

/// Everything that must hold, in the order in which it comes about.
pub(crate) fn items(of: &Facts<'_>, carried: &Carried<'_>) -> Vec<Item> {
    let plan = of.schedule;
    vec![
        match plan.map(|plan| (&plan.by, plan.carried_hours)) {
            Some((by, Some(hours))) => {
                Item::new("Planned, with a deadline", State::Holds, format!("by {by}, {hours} hours for a disk"))
            }
            Some((_, None)) => Item::new(
                "Planned, with a deadline",
                State::Waiting,
                "The plan does not say for how many hours a disk may be on its way.".into(),
            ),
            None => Item::new("Planned, with a deadline", State::Waiting, "No deadline is set.".into()),
        },
        three_disks(of.rehearsals),
        fresh(of, carried),
        whole_item(was_whole(of.rehearsals)),
        said_item(plan),
        way_back(of),
        compared(carried),
        match of.second {
            Some(names) => Item::new(AGREED, State::Holds, names.to_owned()),
            None => Item::new(AGREED, State::Waiting, "By `almoner move cut`, each with their password.".into()),
        },
    ]
}

/// What must hold before anybody is held: all but what only the last disk and its answer can bring.
pub(crate) fn before_holding(items: Vec<Item>) -> Vec<Item> {
    items.into_iter().filter(|item| ![COMPARED, AGREED].contains(&item.what)).collect()
}

/// What held, for the certificate; it names nobody.
pub(crate) fn in_words(of: &Facts<'_>, carried: &Carried<'_>) -> String {
    let hours = of.schedule.and_then(|plan| plan.carried_hours).unwrap_or_default();
    let packed = of.rehearsals.last().and_then(packed_at).map(moment_text).unwrap_or_default();
    let entry = carried.compared.map_or(0, |checked| checked.entry);
    let way_back = match (reason(of), of.ways_back.last()) {
        (Some(reason), _) => {
            format!("the way back was not rehearsed, and the plan says that it is not possible: {}", sentence(reason))
        }
        (None, last) => format!(
            "the way back was rehearsed, from a disk, at {}.",
            last.and_then(|last| Moment::parse(&last.moment).ok()).map(moment_text).unwrap_or_default()
        ),
    };
    format!(
        "It was cut with a plan, by two people, and without a line. Before writers were held, the last {REHEARSALS} rehearsals had \
         found no difference, each from a disk of its own, the last packed at {packed} and not more than the {hours} hours before \
         that the plan gives a disk and its answer; one had read the whole copy again; somebody had said that the staff was told; \
         {way_back} At the cut both hosts counted the same at entry {entry}, after which nobody had recorded anything. Not asked \
         for, since nobody can prove it without a line: that the hosts were compared in the last minutes, that the other one was \
         at work, and how long a cut takes."
    )
}

/// Whether the last rehearsals passed, each from a disk that was packed anew: one disk that is read three times proves no more
/// than once.
fn three_disks(rehearsals: &[Rehearsal]) -> Item {
    let what = "Three rehearsals in a row passed";
    if rehearsals.last().is_some_and(|last| !last.agrees()) {
        return Item::new(what, State::Broken, "The last one found differences.".into());
    }
    let passed = rehearsals.iter().rev().take_while(|one| one.agrees());
    match passed.map(|one| &one.checkpoint).collect::<BTreeSet<_>>().len() {
        0 => Item::new(what, State::Waiting, "Not rehearsed yet, or no report has come back.".into()),
        few if few < REHEARSALS => {
            Item::new(what, State::Waiting, format!("{few} of {REHEARSALS}, each from a disk that was packed anew"))
        }
        _ => Item::new(what, State::Holds, "each from a disk of its own".into()),
    }
}

/// Whether the last disk that was rehearsed from was packed not too long before writers are held. This host says itself when it
/// packed: its own signature is in the rehearsal.
fn fresh(of: &Facts<'_>, carried: &Carried<'_>) -> Item {
    let what = "Rehearsed lately";
    let now = carried.held.unwrap_or(of.now);
    let Some(packed) = of.rehearsals.last().and_then(packed_at) else {
        return Item::new(what, State::Waiting, "Not rehearsed yet, or no report has come back.".into());
    };
    let Some(hours) = of.schedule.and_then(|plan| plan.carried_hours) else {
        return Item::new(what, State::Waiting, "The plan gives a disk no hours.".into());
    };
    let words = format!("its disk was packed at {}", moment_text(packed));
    match now.0 - packed.0 <= i64::from(hours) * HOUR_MS {
        true => Item::new(what, State::Holds, words),
        false => Item::new(what, State::Waiting, format!("More than {hours} hours ago: {words}.")),
    }
}

fn packed_at(of: &Rehearsal) -> Option<Moment> {
    Some(SignedCheckpoint::parse(&of.checkpoint).ok()?.checkpoint().moment)
}

/// Why there is no way back, as the plan says.
fn reason<'a>(of: &Facts<'a>) -> Option<&'a str> {
    of.schedule.map(|plan| plan.no_way_back.as_str()).filter(|reason| !reason.is_empty())
}

fn way_back(of: &Facts<'_>) -> Item {
    let what = "Way back rehearsed, or not possible";
    match (of.ways_back.last(), reason(of)) {
        (Some(last), _) if !last.agrees() => {
            Item::new(what, State::Broken, "The last rehearsal of it found differences.".into())
        }
        (_, Some(reason)) => Item::new(what, State::Holds, format!("not possible, as the plan says: {reason}")),
        (Some(_), None) => Item::new(what, State::Holds, "from a disk".into()),
        (None, None) => Item::new(what, State::Waiting, "Not rehearsed, and the plan does not say why not.".into()),
    }
}

fn compared(carried: &Carried<'_>) -> Item {
    let Some(checked) = carried.compared else {
        return Item::new(COMPARED, State::Waiting, "The other one signs and counts when it has the last disk.".into());
    };
    let broken = invariants(Some(checked), checked.at).into_iter().filter(|one| one.state != State::Holds);
    let broken: Vec<String> = broken.map(|one| one.name.to_lowercase()).collect();
    match broken.as_slice() {
        [] => Item::new(COMPARED, State::Holds, format!("all five invariants, at entry {}", checked.entry)),
        broken => Item::new(COMPARED, State::Broken, format!("Broken: {}.", broken.join(", "))),
    }
}

/// What somebody typed, with an end.
fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use std::collections::BTreeMap;

    use journal::{Checkpoint, SigningKey};

    use super::super::readiness::tests::schedule;
    use super::super::readiness::{missing, readiness};
    use super::super::schedule::Schedule;
    use super::super::watch::Told;
    use super::*;

    /// From a disk that was packed in this hour.
    fn rehearsal(hour: i64) -> Rehearsal {
        let key = SigningKey::from_seed("test/t/RTX", [1; 32]).unwrap();
        let moment = Moment(hour * HOUR_MS);
        let stated = Checkpoint { origin: "test/t/RTX".into(), size: 5, root: [0; 32], epoch: 1, moment };
        Rehearsal {
            moment: moment.to_string(),
            sequence: 5,
            questions: 9,
            differences: Vec::new(),
            mock_cut_ms: 0,
            not_compared: Vec::new(),
            whole: hour == 1,
            checkpoint: SignedCheckpoint::sign(stated, &key).unwrap().to_string(),
        }
    }

    fn failed(hour: i64) -> Rehearsal {
        Rehearsal { differences: vec!["Patient: how many: 3 there, 2 here.".into()], ..rehearsal(hour) }
    }

    fn checked(patients: u64, root: &str) -> Checked {
        let told = |patients, root: &str| Told {
            root: root.into(),
            counts: BTreeMap::from([("Patient".into(), patients)]),
            ..Told::default()
        };
        Checked { at: Moment(0), entry: 5, here: told(3, "a"), there: told(patients, root) }
    }

    fn plan() -> Schedule {
        Schedule { carried_hours: Some(48), ..schedule(true) }
    }

    #[test]
    fn a_cut_without_a_line_needs_every_item_and_each_one_that_is_missing_is_named() {
        let (plan, three, back) = (plan(), [1, 2, 3].map(rehearsal), [rehearsal(3)]);
        let good = checked(3, "a");
        let carried = Carried { held: None, compared: Some(&good) };
        let facts = || Facts {
            schedule: Some(&plan),
            rehearsals: &three,
            ways_back: &back,
            checked: None,
            second: Some("A and B"),
            back: false,
            carried: Some(carried),
            now: Moment(51 * HOUR_MS),
        };
        assert_eq!(missing(&readiness(&facts())), Vec::<String>::new());
        let (lost, forked) = (checked(2, "a"), checked(3, "b"));
        let [no_hours, untold, no_reason] = [(); 3].map(|()| plan.clone());
        let no_hours = Schedule { carried_hours: None, ..no_hours };
        let untold = Schedule { told: None, ..untold };
        let one_disk = [1, 1, 1].map(rehearsal);
        let then_failed = [rehearsal(0), rehearsal(1), rehearsal(2), failed(3)];
        let failed_before = [rehearsal(1), failed(2), rehearsal(3)];
        let not_whole = [2, 3, 4].map(rehearsal);
        let back_failed = [failed(3)];
        let with = |compared| Facts { carried: Some(Carried { held: None, compared }), ..facts() };
        let cases: [(&str, Facts<'_>); 14] = [
            ("Planned", Facts { schedule: None, ..facts() }),
            ("Planned", Facts { schedule: Some(&no_hours), ..facts() }),
            ("Three", Facts { rehearsals: &three[..2], ..facts() }),
            ("Three", Facts { rehearsals: &one_disk, ..facts() }),
            ("Three", Facts { rehearsals: &then_failed, ..facts() }),
            ("Three", Facts { rehearsals: &failed_before, ..facts() }),
            ("Rehearsed lately", Facts { now: Moment(51 * HOUR_MS + 1), ..facts() }),
            ("Whole copy", Facts { rehearsals: &not_whole, ..facts() }),
            ("Staff told", Facts { schedule: Some(&untold), ..facts() }),
            ("Way back", Facts { ways_back: &[], schedule: Some(&no_reason), ..facts() }),
            ("Way back", Facts { ways_back: &back_failed, ..facts() }),
            (COMPARED, with(None)),
            (COMPARED, with(Some(&lost))),
            (COMPARED, with(Some(&forked))),
        ];
        for (what, facts) in cases {
            let missing = missing(&readiness(&facts));
            assert!(missing.iter().any(|sentence| sentence.starts_with(what)), "{what}: {missing:?}");
        }
        assert!(missing(&readiness(&Facts { second: None, ..facts() }))[0].starts_with(AGREED));
    }

    #[test]
    fn nothing_ages_while_writers_are_held_and_a_way_back_that_is_none_is_said() {
        let plan = Schedule { no_way_back: "The old hall is closed that night".into(), ..plan() };
        let (three, good) = ([1, 2, 3].map(rehearsal), checked(3, "a"));
        let carried = Carried { held: Some(Moment(51 * HOUR_MS)), compared: Some(&good) };
        let facts = Facts {
            schedule: Some(&plan),
            rehearsals: &three,
            ways_back: &[],
            checked: None,
            second: Some("A and B"),
            back: false,
            carried: Some(carried),
            now: Moment(500 * HOUR_MS),
        };
        assert_eq!(missing(&readiness(&facts)), Vec::<String>::new());
        let words = in_words(&facts, &carried);
        assert!(words.contains("not possible: The old hall is closed that night. At the cut"), "{words}");
        assert!(words.contains("48 hours") && words.contains("entry 5"), "{words}");
        assert!(!words.contains("Tanaka") && !words.contains("Osborne"), "it names nobody: {words}");
        let late = Carried { held: Some(Moment(52 * HOUR_MS)), compared: None };
        let items = before_holding(items(&facts, &late));
        assert_eq!(items.len(), 6);
        assert!(missing(&items)[0].starts_with("Rehearsed lately"), "what was old when they were held stays so");
    }
}
