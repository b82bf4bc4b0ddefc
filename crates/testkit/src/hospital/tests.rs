//! The simulated hospital by itself, without a record: it stays as full as hospitals are, and is the same for its seed.
//! That the product says the same of it is tested where the product's rules are.

use super::*;
use crate::hospital::world::World;

/// 2026-10-20T08:00:00Z: both nights on which clocks change lie in the year after it.
const START: Moment = Moment(1_792_483_200_000);

fn small() -> World {
    let built = Built::of_beds(56, 3);
    let texts: Vec<String> = built.places().into_iter().chain(built.patients()).collect();
    World::see(texts.iter().map(String::as_bytes), START)
}

/// Runs it for some days; the occupancy at each midday, and how often each kind of command came.
fn run(seed: u64, days: i64) -> (Vec<f64>, std::collections::BTreeMap<&'static str, usize>) {
    let pace = Pace { observations: 0.2, ..Pace::default() };
    let (mut world, mut hospital) = (small(), Hospital::new(seed, pace));
    let (mut middays, mut counts) = (Vec::new(), std::collections::BTreeMap::new());
    let mut next = START.0 + DAY_MS;
    while world.now.0 < START.0 + days * DAY_MS {
        let happening = hospital.next(&mut world);
        if happening.at.0 >= next {
            middays.push(world.occupancy());
            next += DAY_MS;
        }
        let name = match &happening.what {
            What::Command(command) => command.name(),
            What::Slip(_) => "slip",
            What::Observed(_) => "observed",
            What::Sent(_) => "sent",
            What::TakenApart(..) => "taken apart",
        };
        *counts.entry(name).or_insert(0) += 1;
        world.apply(&happening.what);
    }
    (middays, counts)
}

#[test]
fn a_hospital_fills_and_then_neither_empties_nor_overflows() {
    let (middays, counts) = run(11, 30);
    let settled = &middays[10..];
    let average = settled.iter().sum::<f64>() / settled.len() as f64;
    assert!((0.75..=0.98).contains(&average), "{average}: {middays:?}");
    assert!(settled.iter().all(|full| (0.55..=1.12).contains(full)), "{settled:?}");
    let count = |name: &str| counts.get(name).copied().unwrap_or(0);
    for name in ["admit", "discharge", "move to bed", "triage", "depart", "decide to admit", "set day to come in"] {
        assert!(count(name) > 20, "{name}: {counts:?}");
    }
    for name in ["leave", "return from leave", "register newborn", "cancel move", "correct move"] {
        assert!(count(name) > 0, "{name}: {counts:?}");
    }
    for name in ["merge patients", "taken apart", "slip", "sent", "cancel admission", "leave before seen"] {
        assert!(count(name) > 0, "{name}: {counts:?}");
    }
    // The average stay by Little's law: who is there, for each who leaves a day.
    let stay_days = average * 60.0 / (count("discharge") as f64 / 30.0);
    assert!((3.0..=8.0).contains(&stay_days), "{stay_days} days");
}

#[test]
fn the_same_seed_is_the_same_hospital_and_another_is_another() {
    assert_eq!(run(5, 4), run(5, 4));
    assert_ne!(run(5, 4).1, run(6, 4).1);
}

#[test]
fn every_defect_says_what_is_seen_of_it() {
    let all = defects();
    assert!(all.len() >= 10);
    for defect in all {
        assert!(!defect.code.is_empty() && !defect.words.is_empty() && !defect.shown_as.is_empty(), "{defect:?}");
        assert!(defect.per_thousand > 0, "{}", defect.code);
    }
}

#[test]
fn a_world_that_is_written_down_reads_as_the_same_world() {
    let (mut world, mut hospital) = (small(), Hospital::new(9, Pace { observations: 0.0, ..Pace::default() }));
    while world.now.0 < START.0 + 9 * DAY_MS {
        let happening = hospital.next(&mut world);
        world.apply(&happening.what);
    }
    let built = Built::of_beds(56, 3);
    let texts: Vec<String> = built.places().into_iter().chain(world.encounters()).collect();
    let read = World::see(texts.iter().map(String::as_bytes), world.now);
    let places = |world: &World| -> Vec<(String, Option<String>, Option<bool>)> {
        world.inpatients.iter().map(|(id, of)| (id.clone(), of.place().map(str::to_owned), of.away)).collect()
    };
    assert_eq!(places(&read), places(&world));
    let keys = |world: &World| -> Vec<(String, Option<String>)> {
        world.expected.iter().map(|(id, of)| (id.clone(), of.kept.clone())).collect()
    };
    assert_eq!(keys(&read), keys(&world));
    let steps = |world: &World| -> Vec<(String, bool, bool, bool, bool)> {
        let of = world.attendances.iter();
        of.map(|(id, of)| (id.clone(), of.is_due, of.is_triaged, of.is_assessed, of.has_clinician)).collect()
    };
    assert_eq!(steps(&read), steps(&world));
}
