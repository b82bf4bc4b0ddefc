//! What happens on wards: emergency admissions by general practitioners, births, moves and swaps, consultants, plans of
//! discharges, leave, discharges, deaths, beds that are cleaned, closed and opened, and observations.

use administration::Command;
use administration::places::{BedStatus, PlaceKind, SetBedState};
use administration::registration::{Gender, RegisterNewborn};
use administration::stays::{
    ChangeConsultant, Death, DelayReason, Detain, Discharge, DischargePlan, EndDetention, HandOn, Leave, MoveToBed,
    Pathway, Return, SetDischargePlan, Then,
};
use rand::RngExt as _;
use terms::PartialDate;

use super::emergency::steer_in;
use super::lists::{TEAMS, beds, day_time, office_hours};
use super::world::{Bed, BedIs, Inpatient, World};
use super::{Hand, Kind, Made, Scene, What};

/// The average stay in hours.
const STAY_HOURS: f64 = 4.5 * 24.0;

pub(super) const KINDS: &[Kind] = &[
    // What general practitioners send: a sixth of what fills the beds.
    Kind {
        per_hour: |world, _| beds(world) / STAY_HOURS / 6.0 * day_time(world) * steer_in(world),
        make: admit_direct,
    },
    Kind { per_hour: |world, _| present(world) / STAY_HOURS * discharges(world), make: discharge },
    Kind { per_hour: |world, _| present(world) * 0.005 / 24.0, make: die },
    Kind { per_hour: |world, _| present(world) * 0.12 / 24.0 * day_time(world), make: move_on },
    Kind {
        per_hour: |world, _| 0.7 * world.inpatients.values().filter(|of| needs_bed(of)).count() as f64,
        make: find_bed,
    },
    Kind { per_hour: |world, _| present(world) * 0.01 / 24.0, make: swap },
    Kind { per_hour: |world, _| present(world) * 0.1 / 24.0 * office_hours(world), make: change_consultant },
    Kind { per_hour: |world, _| present(world) * 0.35 / 24.0 * office_hours(world), make: plan },
    Kind { per_hour: |world, _| present(world) * 0.02 / 24.0 * office_hours(world), make: leave },
    Kind { per_hour: |world, _| away(world) / 12.0, make: come_back },
    Kind { per_hour: |world, _| present(world) * 0.004 / 24.0, make: detain },
    Kind { per_hour: |world, _| world.detained.len() as f64 / 48.0, make: end_detention },
    Kind { per_hour: |world, _| 0.02 * in_labour(world).count() as f64, make: birth },
    Kind { per_hour: |world, _| 2.0 * babies_without_cot(world).count() as f64, make: admit_baby },
    Kind { per_hour: |world, _| 1.5 * of_state(world, BedIs::Dirty).count() as f64, make: clean },
    Kind { per_hour: |world, _| 0.004 / 24.0 * of_state(world, BedIs::Clean).count() as f64, make: close },
    Kind { per_hour: |world, _| 0.1 * of_state(world, BedIs::Closed).count() as f64, make: open },
    Kind { per_hour: |world, pace| present(world) * 4.0 / 24.0 * pace.observations, make: observe },
];

fn present(world: &World) -> f64 {
    world.inpatients.values().filter(|of| of.is_present()).count() as f64
}

fn away(world: &World) -> f64 {
    world.inpatients.len() as f64 - present(world)
}

/// By day, and more of them when the hospital is full.
fn discharges(world: &World) -> f64 {
    let by_hour = if (9..20).contains(&world.hour()) { 2.1 } else { 0.08 };
    by_hour * f64::exp((world.occupancy() - 0.9) * 8.0).clamp(0.25, 4.0)
}

fn needs_bed(of: &Inpatient) -> bool {
    of.is_present() && !of.has_bed
}

fn of_state(world: &World, is: BedIs) -> impl Iterator<Item = &Bed> {
    let taken = world.taken();
    world.beds.values().filter(move |bed| bed.is == is && !taken.contains(bed.id.as_str()))
}

/// Women in the beds of a maternity ward who have not given birth in this stay.
fn in_labour(world: &World) -> impl Iterator<Item = (&String, &Inpatient)> {
    let is_bed = |bed: &Bed| bed.kind == PlaceKind::Bed && world.maternity.contains(&bed.ward);
    let is_there = move |of: &Inpatient| of.place().and_then(|place| world.beds.get(place)).is_some_and(is_bed);
    let all = world.inpatients.iter().filter(|(stay, _)| !world.delivered.contains(*stay));
    all.filter(move |(_, of)| of.is_female && of.is_present() && of.has_bed && is_there(of))
}

/// Babies that were born here and have no stay yet.
fn babies_without_cot(world: &World) -> impl Iterator<Item = &String> {
    let is_new = |id: &&String| id.ends_with("-baby");
    let free = world.maternity.iter().next().map(|_| world.people.keys().filter(is_new));
    free.into_iter().flatten().filter(|id| !world.is_busy(id) && !world.has_stayed(id))
}

fn one(scene: &mut Scene<'_>, is: impl Fn(&Inpatient) -> bool) -> Option<(String, Inpatient)> {
    let ids: Vec<&String> = scene.world.inpatients.iter().filter(|(_, of)| is(of)).map(|(id, _)| id).collect();
    let id = scene.one(&ids)?;
    Some((id.clone(), scene.world.inpatients[id].clone()))
}

fn said(hand: Hand, command: Command) -> Option<Made> {
    Some((hand, What::Command(command), None))
}

fn admit_direct(scene: &mut Scene<'_>) -> Option<Made> {
    let is_female = scene.random.random();
    let patient = scene.somebody(Some(is_female))?;
    let (place, stay) = (scene.free_bed(is_female)?, scene.id());
    let at = scene.now();
    let method = ("22", "GP, direct to the hospital");
    let command = scene.admission(stay, patient, place, at, method);
    let is_forgotten = command.expected_end.is_none();
    let planted = is_forgotten.then_some("no-expected-day");
    Some((Hand::Clerk, What::Command(Command::Admit(command)), planted))
}

fn discharge(scene: &mut Scene<'_>) -> Option<Made> {
    let (stay, of) = one(scene, Inpatient::is_present)?;
    // Whoever is ready goes before whoever is not, three times in four.
    if !of.is_ready && scene.random.random_range(0..4) == 0 && scene.world.inpatients.values().any(|of| of.is_ready) {
        return None;
    }
    let is_late = scene.plants("told-late");
    let at = if is_late { scene.earlier(of.last) } else { scene.now() };
    let destination = scene.one(&["19", "19", "19", "19", "19", "85", "29", "51"])?.to_owned();
    let all = Some(("team/site".to_owned(), "Site office".to_owned()));
    let owners = HandOn { all, ..HandOn::default() };
    let method = "1".to_owned();
    let command = Discharge { stay, patient: of.patient, at, method, destination, owners, detained: None };
    Some((Hand::Clerk, What::Command(Command::Discharge(command)), is_late.then_some("told-late")))
}

fn die(scene: &mut Scene<'_>) -> Option<Made> {
    let (_, of) = one(scene, Inpatient::is_present)?;
    let died = PartialDate::parse(&scene.now().to_string()).ok()?;
    said(Hand::Clinician, Command::Death(Death { patient: of.patient, died }))
}

fn move_on(scene: &mut Scene<'_>) -> Option<Made> {
    let world = scene.world;
    let is_adult =
        |of: &Inpatient| of.place().is_none_or(|at| world.beds.get(at).is_none_or(|bed| bed.kind != PlaceKind::Cot));
    let (stay, of) = one(scene, |of| of.is_present() && of.has_bed && is_adult(of))?;
    let is_mixed = scene.plants("mixed-bay");
    let to = if is_mixed { bed_of_the_other_sex(scene, &of)? } else { scene.free_bed(of.is_female)? };
    if is_mixed {
        let command = Command::MoveToBed(MoveToBed { stay, to, at: scene.now(), earlier: None, mixed: None });
        return Some((Hand::Clerk, What::Command(command), Some("mixed-bay")));
    }
    let is_late = scene.plants("told-late");
    let at = if is_late { scene.earlier(of.last) } else { scene.now() };
    let command = Command::MoveToBed(MoveToBed { stay, to, at, earlier: None, mixed: None });
    if scene.plants("slip") {
        return Some((Hand::Clerk, What::Slip(command), Some("slip")));
    }
    Some((Hand::Clerk, What::Command(command), is_late.then_some("told-late")))
}

/// A free bed in a bay that is for the other sex; nobody goes to a maternity ward by mistake.
fn bed_of_the_other_sex(scene: &mut Scene<'_>, of: &Inpatient) -> Option<String> {
    let world = scene.world;
    let is_other = |bed: &&Bed| bed.is_female == Some(!of.is_female) && !world.maternity.contains(&bed.ward);
    let free: Vec<String> =
        world.free_beds(!of.is_female).into_iter().filter(is_other).map(|bed| bed.id.clone()).collect();
    scene.one(&free)
}

fn find_bed(scene: &mut Scene<'_>) -> Option<Made> {
    let (stay, of) = one(scene, needs_bed)?;
    let (to, at) = (scene.free_bed(of.is_female)?, scene.now());
    said(Hand::Clerk, Command::MoveToBed(MoveToBed { stay, to, at, earlier: None, mixed: None }))
}

fn swap(scene: &mut Scene<'_>) -> Option<Made> {
    let world = scene.world;
    let in_bed = |of: &Inpatient| {
        of.is_present() && of.has_bed && of.place().is_some_and(|at| world.beds[at].kind == PlaceKind::Bed)
    };
    let (stay, of) = one(scene, in_bed)?;
    let (other, with) = one(scene, |other| in_bed(other) && other.is_female == of.is_female)?;
    let to = with.place()?.to_owned();
    let is_closed = |place: &str| world.beds.get(place).is_none_or(|bed| bed.is == BedIs::Closed);
    if other == stay || is_closed(&to) || of.place().is_none_or(is_closed) {
        return None;
    }
    let at = scene.now();
    said(Hand::Clerk, Command::MoveToBed(MoveToBed { stay, to, at, earlier: Some(Then::Swap), mixed: None }))
}

fn change_consultant(scene: &mut Scene<'_>) -> Option<Made> {
    let (stay, _) = one(scene, Inpatient::is_present)?;
    let (consultant, at) = (scene.on_duty()?, scene.now());
    let treatment_function = scene.one(TEAMS).map(|(code, words)| (code.to_owned(), words.to_owned()));
    said(Hand::Clerk, Command::ChangeConsultant(ChangeConsultant { stay, at, consultant, treatment_function }))
}

fn plan(scene: &mut Scene<'_>) -> Option<Made> {
    let (stay, _) = one(scene, |of| of.is_present() && !of.is_ready)?;
    let today = scene.world.today();
    let is_ready = scene.random.random_range(0..3) == 0;
    let plan = DischargePlan {
        meets_criteria: Some(!is_ready),
        asked_on: Some(today),
        ready_since: is_ready.then_some(today),
        pathway: scene.one(&Pathway::ALL),
        reason: if is_ready { scene.one(&DelayReason::ALL) } else { None },
        stopping: is_ready.then(|| "Medicines to take home".to_owned()),
        owner: is_ready.then(|| "Ward pharmacist".to_owned()),
        leaving: None,
    };
    let mut day = today;
    for _ in 0..scene.random.random_range(1..6) {
        day = day.tomorrow().ok()?;
    }
    let command = SetDischargePlan { stay, seen: None, plan, expected_end: Some(day) };
    said(Hand::Clinician, Command::SetDischargePlan(command))
}

fn leave(scene: &mut Scene<'_>) -> Option<Made> {
    let (stay, of) = one(scene, |of| of.is_present() && of.has_bed)?;
    let is_late = scene.plants("told-late");
    let at = if is_late { scene.earlier(of.last) } else { scene.now() };
    let keeps_bed = scene.random.random_range(0..4) != 0;
    let command = Command::Leave(Leave { stay, at, keeps_bed, back_by: None });
    Some((Hand::Clerk, What::Command(command), is_late.then_some("told-late")))
}

fn detain(scene: &mut Scene<'_>) -> Option<Made> {
    let world = scene.world;
    let free: Vec<&String> = world
        .inpatients
        .iter()
        .filter(|(_, of)| of.is_present() && !world.detained.values().any(|(patient, _)| *patient == of.patient))
        .map(|(stay, _)| stay)
        .collect();
    let stay = scene.one(&free)?.clone();
    let section = (*scene.one(&["05", "02", "03"])?).to_owned();
    let (id, from, clinician) = (scene.id(), scene.now(), scene.on_duty()?);
    said(Hand::Clinician, Command::Detain(Detain { id, stay, section, from, until: None, clinician }))
}

fn end_detention(scene: &mut Scene<'_>) -> Option<Made> {
    let now = scene.now();
    let all: Vec<&String> =
        scene.world.detained.iter().filter(|(_, (_, from))| *from < now).map(|(id, _)| id).collect();
    let detention = scene.one(&all)?.clone();
    let how = (*scene.one(&["clinician", "tribunal", "transferred"])?).to_owned();
    said(Hand::Clinician, Command::EndDetention(EndDetention { detention, at: now, how }))
}

fn come_back(scene: &mut Scene<'_>) -> Option<Made> {
    let (stay, of) = one(scene, |of| !of.is_present())?;
    let place = match of.away {
        Some(true) => None,
        _ => Some(scene.free_bed(of.is_female)?),
    };
    let at = scene.now();
    said(Hand::Clerk, Command::Return(Return { stay, at, place, mixed: None }))
}

fn birth(scene: &mut Scene<'_>) -> Option<Made> {
    let mothers: Vec<(String, String)> =
        in_labour(scene.world).map(|(stay, of)| (stay.clone(), of.patient.clone())).collect();
    let (stay, mother) = scene.one(&mothers)?;
    let gender = if scene.random.random() { Gender::Female } else { Gender::Male };
    let command = RegisterNewborn {
        patient: format!("{}-baby", scene.id()),
        mother,
        stay,
        born: scene.now(),
        order: 1,
        of: 1,
        gender: Some(gender),
        flags: Vec::new(),
    };
    said(Hand::Clerk, Command::RegisterNewborn(command))
}

fn admit_baby(scene: &mut Scene<'_>) -> Option<Made> {
    let babies: Vec<String> = babies_without_cot(scene.world).cloned().collect();
    let patient = scene.one(&babies)?;
    let taken = scene.world.taken();
    let cots = scene.world.beds.values().filter(|bed| bed.kind == PlaceKind::Cot && bed.is == BedIs::Clean);
    let cots: Vec<String> = cots.filter(|cot| !taken.contains(cot.id.as_str())).map(|cot| cot.id.clone()).collect();
    let (place, stay, at) = (scene.one(&cots)?, scene.id(), scene.now());
    let command = scene.admission(stay, patient, place, at, ("82", "Baby born here"));
    said(Hand::Clerk, Command::Admit(command))
}

fn bed_state(scene: &mut Scene<'_>, was: BedIs, status: BedStatus) -> Option<Made> {
    let beds: Vec<String> = of_state(scene.world, was).map(|bed| bed.id.clone()).collect();
    let bed = scene.one(&beds)?;
    let is_closed = status == BedStatus::Closed;
    let until = is_closed.then(|| scene.world.today().to_string());
    let reason = is_closed.then(|| "Water leak, estates are told".to_owned());
    said(Hand::Clerk, Command::SetBedState(SetBedState { bed, status, reason, until }))
}

fn clean(scene: &mut Scene<'_>) -> Option<Made> {
    bed_state(scene, BedIs::Dirty, BedStatus::Available)
}

fn close(scene: &mut Scene<'_>) -> Option<Made> {
    bed_state(scene, BedIs::Clean, BedStatus::Closed)
}

fn open(scene: &mut Scene<'_>) -> Option<Made> {
    bed_state(scene, BedIs::Closed, BedStatus::Available)
}

fn observe(scene: &mut Scene<'_>) -> Option<Made> {
    let (stay, of) = one(scene, Inpatient::is_present)?;
    let vitals = scene.vitals(&of.patient, &stay);
    Some((Hand::Clinician, What::Observed(vitals), None))
}
