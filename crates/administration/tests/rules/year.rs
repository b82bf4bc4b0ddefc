//! A seeded stretch of a whole hospital on both stores, from the simulator of the test kit: back-dated entries, moves that
//! never were, what other systems send, merges and unmerges, and crashes in the middle of a commit. Ten days of a small
//! hospital; with `ALMONER_SOAK=1` the whole year, over both nights on which the clocks change.
//!
//! The simulator keeps its own account of the world. After every midnight and every crash the record says the same:
//! everybody who is here is on a board once, nobody is lost, one patient is in one bed, and what was planted is shown. The
//! figures are worked out again from the journal's versions by `figures`, which shares no code with the boards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use administration::boards::{RowState, all_boards};
use administration::{emergency, stays};
use record::{Location, Options, Reading, Record};
use terms::Moment;
use testkit::hospital::drive::{End, carry, permit, sent};
use testkit::hospital::{BedIs, Built, DAY_MS, Hand, Happening, Hospital, Pace, What, World, defects};

use crate::figures;
use crate::stage::options_with;

/// 2026-10-20T08:00:00Z.
const START: Moment = Moment(1_792_483_200_000);

/// A trust's record that can be dropped and opened again.
struct Trust {
    record: Record,
    location: Location,
    clock: Arc<AtomicI64>,
    store: &'static str,
    _directory: tempfile::TempDir,
    _database: Option<testkit::postgres::TestDatabase>,
}

/// What was seen on the way.
#[derive(Default, Debug)]
struct Seen {
    done: usize,
    crashes: usize,
    refused: BTreeMap<String, usize>,
    planted: BTreeMap<&'static str, usize>,
    admitted: usize,
    ended: usize,
}

fn options(clock: &Arc<AtomicI64>) -> Options {
    let clock = Arc::clone(clock);
    options_with(Arc::new(move || Moment(clock.load(Ordering::Relaxed))))
}

impl Trust {
    async fn open(store: &'static str) -> Trust {
        let (directory, clock) = (tempfile::tempdir().unwrap(), Arc::new(AtomicI64::new(START.0)));
        let path = directory.path().join("record");
        let (location, database) = if store == "SQLite" {
            (Location::Sqlite { directory: path }, None)
        } else {
            let database = testkit::postgres::fresh().await.unwrap();
            let url = database.url.clone();
            (Location::Postgres { url, schema: "trust_year".into(), directory: path }, Some(database))
        };
        let record = Record::open(&location, options(&clock)).await.unwrap();
        Trust { record, location, clock, store, _directory: directory, _database: database }
    }

    async fn carry(&self, happening: &Happening, key: &str) -> End {
        carry(&self.record, happening, key).await.unwrap()
    }

    /// The work stops somewhere in the middle of it, the record is dropped and opened again, and whoever asked asks again
    /// with the same key, because nobody told them whether it was done.
    async fn crash(&mut self, happening: &Happening, key: &str, turns: usize) -> End {
        {
            let work = carry(&self.record, happening, key);
            let stop = async {
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                biased;
                end = work => drop(end),
                () = stop => {}
            }
        }
        let again = Record::open(&self.location, options(&self.clock)).await.unwrap();
        drop(std::mem::replace(&mut self.record, again));
        self.carry(happening, key).await
    }

    async fn reading(&self, hand: Hand) -> Reading {
        let now = Moment(self.clock.load(Ordering::Relaxed));
        self.record.read(&permit(hand, now), "test").await.unwrap()
    }
}

/// Whom boards show: each stay with its bed, or none; and how many times.
async fn shown(reading: &Reading, now: Moment) -> BTreeMap<String, Vec<Option<String>>> {
    let mut shown: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    for board in all_boards(reading, now).await.unwrap() {
        for row in board.rows() {
            let Some(occupant) = &row.occupant else { continue };
            shown.entry(occupant.stay.id.clone()).or_default().push(row.bed.as_ref().map(|bed| bed.id.clone()));
        }
    }
    shown
}

/// The record says what the simulator's account says.
async fn check(trust: &Trust, world: &World, words: &str) {
    let reading = trust.reading(Hand::Clerk).await;
    let here: BTreeMap<String, Vec<Option<String>>> = world
        .inpatients
        .iter()
        .map(|(id, of)| (id.clone(), vec![of.place().filter(|_| of.has_bed).map(str::to_owned)]))
        .collect();
    assert_eq!(shown(&reading, world.now).await, here, "{}: {words}: who is where, once each", trust.store);
    check_beds(&reading, world, words).await;
    let waiting: BTreeSet<String> =
        stays::bed_requests(&reading).await.unwrap().into_iter().map(|stay| stay.id).collect();
    let expected: BTreeSet<String> =
        world.expected.iter().filter(|(_, of)| of.attendance.is_some()).map(|(id, _)| id.clone()).collect();
    assert_eq!(waiting, expected, "{}: {words}: who waits for a bed", trust.store);
    let department = emergency::department(&reading, "ed").await.unwrap().unwrap();
    let ids =
        |of: &[Arc<emergency::Attendance>]| of.iter().map(|one| one.stay.id.clone()).collect::<BTreeSet<String>>();
    let attending = |is_due: bool| {
        world
            .attendances
            .iter()
            .filter(|(_, of)| of.is_due == is_due)
            .map(|(id, _)| id.clone())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(ids(&department.here), attending(false), "{}: {words}: who is in the department", trust.store);
    assert_eq!(ids(&department.due), attending(true), "{}: {words}: who is due", trust.store);
    reading.finish().await.unwrap();
    check_planted(trust, world, words).await;
}

/// Every bed is on a board, and is what it is.
async fn check_beds(reading: &Reading, world: &World, words: &str) {
    let taken = world.taken();
    let mut beds = BTreeMap::new();
    for board in all_boards(reading, world.now).await.unwrap() {
        for row in board.rows() {
            let Some(bed) = &row.bed else { continue };
            assert!(beds.insert(bed.id.clone(), row.state()).is_none(), "{words}: {} is on two boards", bed.id);
        }
    }
    for bed in world.beds.values().filter(|bed| bed.kind.is_bed()) {
        let state = beds.remove(&bed.id);
        let is_kept = world.expected.values().any(|of| of.kept.as_deref() == Some(bed.id.as_str()));
        let is_away = world.inpatients.values().any(|of| of.away == Some(true) && of.place() == Some(&bed.id));
        let expected = match bed.is {
            _ if is_away => RowState::Away,
            _ if taken.contains(bed.id.as_str()) && !is_kept => RowState::Occupied,
            BedIs::Closed => RowState::Closed,
            _ if is_kept => RowState::Reserved,
            BedIs::Dirty => RowState::Vacated,
            BedIs::Clean => RowState::Available,
        };
        assert_eq!(state, Some(expected), "{words}: {}", bed.id);
    }
    assert!(beds.is_empty(), "{words}: {beds:?}");
}

/// What was planted is shown as the list of defects says, as long as it lasts.
async fn check_planted(trust: &Trust, world: &World, words: &str) {
    let reading = trust.reading(Hand::Clerk).await;
    let (reading, now) = (&reading, world.now);
    let owed = |code: &'static str| async move {
        let kind = administration::obligations::KINDS.iter().find(|known| known.code == code).unwrap();
        let everybody = administration::obligations::Scope::Everybody;
        let query = administration::obligations::query(kind, &everybody, now);
        let page = reading.obligations(&query).await.unwrap();
        page.obligations.into_iter().map(|open| open.anchor.id).collect::<BTreeSet<String>>()
    };
    let stays = |is: &dyn Fn(&testkit::hospital::Inpatient) -> bool| {
        world.inpatients.iter().filter(|(_, of)| is(of)).map(|(id, _)| id.clone()).collect::<BTreeSet<String>>()
    };
    let without = stays(&|of| of.is_present() && !of.has_bed);
    assert_eq!(owed("no-bed").await, without, "{}: {words}: no bed yet", trust.store);
    let without = stays(&|of| !of.has_expected_end);
    assert_eq!(owed("no-expected-discharge").await, without, "{}: {words}: no expected day", trust.store);
    let twice = stays(&|of| world.inpatients.values().filter(|other| other.patient == of.patient).count() > 1);
    let second = owed("second-stay").await;
    let patients: BTreeSet<&str> = second.iter().map(|id| world.inpatients[id].patient.as_str()).collect();
    let doubled: BTreeSet<&str> = twice.iter().map(|id| world.inpatients[id].patient.as_str()).collect();
    assert!(doubled.is_subset(&patients), "{}: {words}: two stays at once: {doubled:?} of {patients:?}", trust.store);
    reading.finish().await.unwrap();
}

/// Whoever was ever admitted is on a board, discharged or dead; each stay that ended has ended in the record.
async fn check_nobody_is_lost(trust: &Trust, world: &World, seen: &Seen) {
    let reading = trust.reading(Hand::Clerk).await;
    for id in &world.ended {
        let stay = stays::stay(&reading, id).await.unwrap().unwrap_or_else(|| panic!("stay {id} is lost"));
        assert_eq!(stay.state, stays::StayState::Discharged, "{}: {id}", trust.store);
    }
    assert_eq!(seen.admitted, seen.ended + world.inpatients.len(), "{}: who came, left or is here", trust.store);
    reading.finish().await.unwrap();
}

/// Counts what a happening changed in who is here.
fn note(seen: &mut Seen, before: (usize, usize), world: &World, happening: &Happening) {
    let (live, ended) = before;
    let now_ended = world.ended.len();
    seen.ended += now_ended - ended;
    seen.admitted += (world.inpatients.len() + now_ended) - (live + ended);
    seen.done += 1;
    if let Some(code) = happening.planted {
        *seen.planted.entry(code).or_default() += 1;
    }
}

async fn run(store: &'static str, seed: u64, days: i64) -> Seen {
    let mut trust = Trust::open(store).await;
    let built = Built { cubicles: 1, people: 160, ..Built::of_beds(16, seed) };
    let texts: Vec<String> = built.places().into_iter().chain(built.patients()).collect();
    sent(&trust.record, &texts, "everything").await.unwrap();
    let mut world = World::see(texts.iter().map(String::as_bytes), START);
    let pace = Pace { observations: 0.1, defects: 6.0, ..Pace::default() };
    let (mut hospital, mut seen) = (Hospital::new(seed, pace), Seen::default());
    let (mut midnight, mut step) = (START.0 + DAY_MS, 0_usize);
    while world.now.0 < START.0 + days * DAY_MS {
        let happening = hospital.next(&mut world);
        trust.clock.store(happening.at.0, Ordering::Relaxed);
        step += 1;
        let key = format!("h{step}");
        let is_crash = step.is_multiple_of(97);
        let end = match is_crash {
            true => trust.crash(&happening, &key, step / 97 % 40).await,
            false => trust.carry(&happening, &key).await,
        };
        match end {
            Ok(_) => {
                let before = (world.inpatients.len(), world.ended.len());
                world.apply(&happening.what);
                note(&mut seen, before, &world, &happening);
            }
            Err(refusal) => {
                let what = if let What::Command(command) = &happening.what { command.name() } else { "other" };
                *seen.refused.entry(format!("{what}: {}", refusal.code)).or_default() += 1;
            }
        }
        let words = format!("seed {seed}, step {step}, {happening:?}");
        if is_crash {
            seen.crashes += 1;
        }
        if is_crash || world.now.0 >= midnight {
            check(&trust, &world, &words).await;
        }
        if world.now.0 >= midnight {
            midnight += DAY_MS;
            figures::check(&trust.reading(Hand::System).await, world.now, &words).await;
        }
    }
    check_nobody_is_lost(&trust, &world, &seen).await;
    seen
}

async fn year(store: &'static str) {
    let is_soak = std::env::var_os("ALMONER_SOAK").is_some_and(|value| value == "1");
    let seen = run(store, 20_261, if is_soak { 365 } else { 10 }).await;
    let refused: usize = seen.refused.values().sum();
    assert!(refused * 50 < seen.done, "{store}: what the simulated hospital does is hardly ever refused: {seen:?}");
    assert!(seen.crashes > 5 && seen.done > 600, "{store}: {seen:?}");
    let missing: Vec<&str> =
        ["told-late", "slip", "no-expected-day", "into-a-taken-bed", "registered-twice", "wrong-merge"]
            .into_iter()
            .filter(|code| !seen.planted.contains_key(code))
            .collect();
    assert_eq!(missing, Vec::<&str>::new(), "{store}: planted: {seen:?}");
    assert!(seen.planted.keys().all(|code| defects().iter().any(|defect| defect.code == *code)), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_of_hospital_on_sqlite() {
    year("SQLite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_of_hospital_on_postgresql() {
    year("PostgreSQL").await;
}
