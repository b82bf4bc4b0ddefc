//! What happens in an emergency department: arrivals on foot and by ambulance, handover, triage, the first assessment, a
//! clinician, cubicles, decisions to admit, departures, those who leave before they were seen.
//!
//! Rates are those of an hour; times in the department follow from them (about three hours, longer for who is admitted).

use administration::Command;
use administration::emergency::{
    Arrive, AssessFirst, By, Category, DecideToAdmit, Depart, Destination, ExpectAmbulance, FollowUp, HandOver,
    LeaveBeforeSeen, Mode, MoveInDepartment, Newcomer, Outcome, TakeOver, Takes, Triage, WaitFor, Whose,
};
use administration::places::PlaceKind;
use administration::registration::Gender;
use rand::RngExt as _;
use terms::Moment;

use super::lists::{COMPLAINTS, DIAGNOSES, TEAMS, WAITS};
use super::world::{Attending, BedIs, World};
use super::{Hand, Kind, MINUTE_MS, Made, Scene, What};

/// Arrivals for each cubicle and hour, on average over the day.
const ARRIVALS: f64 = 0.35;
/// Of a hundred who come, how many come by ambulance, and how many of all nobody knows.
const BY_AMBULANCE: f64 = 0.3;
const UNKNOWN: f64 = 0.01;
/// Arrivals by hour of the day, beside the average (NHS England's hourly pattern of attendances, rounded).
const BY_HOUR: [f64; 24] = [
    0.5, 0.4, 0.35, 0.3, 0.3, 0.35, 0.5, 0.7, 1.0, 1.3, 1.5, 1.5, 1.4, 1.4, 1.4, 1.4, 1.4, 1.4, 1.4, 1.3, 1.2, 1.0,
    0.8, 0.6,
];

pub(super) const KINDS: &[Kind] = &[
    Kind { per_hour: |world, _| arrivals(world) * (1.0 - BY_AMBULANCE), make: walk_in },
    Kind { per_hour: |world, _| arrivals(world) * BY_AMBULANCE, make: announce },
    Kind { per_hour: |world, _| 5.0 * count(world, |of| of.is_due), make: arrive_by_ambulance },
    Kind { per_hour: |world, _| 3.0 * count(world, |of| !of.is_due && of.waits_for_handover), make: hand_over },
    Kind { per_hour: |world, _| 5.0 * count(world, waits_for_triage), make: triage },
    Kind { per_hour: |world, _| 2.0 * count(world, waits_for_assessment), make: assess },
    Kind { per_hour: |world, _| 1.5 * count(world, waits_for_clinician), make: take_over },
    Kind { per_hour: |world, _| 3.0 * count(world, |of| is_here(of) && !is_placed(world, of)), make: place },
    Kind { per_hour: |world, _| 0.5 * count(world, is_here), make: wait_for },
    Kind { per_hour: |world, _| 0.12 * steer_in(world) * count(world, is_seen), make: decide },
    Kind { per_hour: |world, _| 0.4 * count(world, is_seen), make: go_home },
    Kind { per_hour: |world, _| 20.0 * admitted(world).count() as f64, make: go_to_ward },
    Kind { per_hour: |world, _| 0.04 * count(world, leaves_unseen), make: leave_unseen },
    Kind { per_hour: |world, pace| 0.8 * pace.observations * count(world, |of| of.is_triaged), make: observe },
];

/// More when beds are free, less when they are not: what keeps a hospital from emptying and from overflowing.
pub(super) fn steer_in(world: &World) -> f64 {
    f64::exp((0.9 - world.occupancy()) * 10.0).clamp(0.2, 3.0)
}

fn arrivals(world: &World) -> f64 {
    let cubicles = world.beds.values().filter(|bed| bed.kind == PlaceKind::Cubicle).count() as f64;
    // A department that is full is avoided: ambulances go elsewhere, people look at the queue.
    let crowd = world.attendances.len() as f64 / (cubicles * 3.0).max(1.0);
    cubicles * ARRIVALS * BY_HOUR[world.hour() as usize % 24] * (1.5 - crowd).clamp(0.0, 1.0)
}

fn count(world: &World, is: impl Fn(&Attending) -> bool) -> f64 {
    world.attendances.values().filter(|of| is(of)).count() as f64
}

fn is_here(of: &Attending) -> bool {
    !of.is_due
}

fn waits_for_triage(of: &Attending) -> bool {
    is_here(of) && !of.waits_for_handover && !of.is_triaged
}

fn waits_for_assessment(of: &Attending) -> bool {
    is_here(of) && of.is_triaged && !of.is_assessed
}

fn waits_for_clinician(of: &Attending) -> bool {
    is_here(of) && of.is_triaged && !of.has_clinician
}

fn is_seen(of: &Attending) -> bool {
    is_here(of) && of.is_triaged && of.is_assessed && of.has_clinician && of.decided.is_none()
}

fn leaves_unseen(of: &Attending) -> bool {
    is_here(of) && !of.has_clinician && of.decided.is_none() && !of.waits_for_handover
}

fn is_placed(world: &World, of: &Attending) -> bool {
    world.beds.contains_key(&of.place)
}

/// Those who are on a ward already and whose departure nobody has recorded.
fn admitted(world: &World) -> impl Iterator<Item = (&String, &Attending)> {
    let is_in = |of: &Attending| of.decided.as_ref().is_some_and(|stay| world.inpatients.contains_key(stay));
    world.attendances.iter().filter(move |(_, of)| is_in(of))
}

/// One of those in the department.
fn one(scene: &mut Scene<'_>, is: impl Fn(&Attending) -> bool) -> Option<(String, Attending)> {
    let ids: Vec<&String> = scene.world.attendances.iter().filter(|(_, of)| is(of)).map(|(id, _)| id).collect();
    let id = scene.one(&ids)?;
    Some((id.clone(), scene.world.attendances[id].clone()))
}

fn said(hand: Hand, command: Command) -> Option<Made> {
    Some((hand, What::Command(command), None))
}

fn department(scene: &mut Scene<'_>) -> Option<String> {
    let all: Vec<&String> = scene.world.departments.keys().collect();
    scene.one(&all).cloned()
}

/// A cubicle that is free and clean.
fn free_cubicle(scene: &mut Scene<'_>, department: &str) -> Option<String> {
    let taken = scene.world.taken();
    let is_free =
        |bed: &&super::Bed| bed.kind == PlaceKind::Cubicle && bed.ward == department && bed.is == BedIs::Clean;
    let free: Vec<String> = scene
        .world
        .beds
        .values()
        .filter(is_free)
        .filter(|bed| !taken.contains(bed.id.as_str()))
        .map(|bed| bed.id.clone())
        .collect();
    scene.one(&free)
}

fn complaint(scene: &mut Scene<'_>) -> Option<String> {
    scene.one(COMPLAINTS).map(str::to_owned)
}

fn who(scene: &mut Scene<'_>) -> Option<Whose> {
    if scene.random.random::<f64>() < UNKNOWN {
        let gender = if scene.random.random() { Gender::Female } else { Gender::Male };
        let age = scene.random.random_range(20..85).to_string();
        return Some(Whose::Unknown(Newcomer { patient: scene.id(), age: Some(age), gender: Some(gender) }));
    }
    Some(Whose::Known(scene.somebody(None)?))
}

fn walk_in(scene: &mut Scene<'_>) -> Option<Made> {
    let department = department(scene)?;
    let many = scene.world.departments.get(&department).cloned().unwrap_or_default();
    let waiting = scene.one_of(many.iter().filter(|place| place.contains("wait"))).cloned();
    let command = Arrive {
        attendance: scene.id(),
        who: who(scene)?,
        department,
        place: waiting,
        at: scene.now(),
        mode: Some(Mode::OnFoot),
        complaint: complaint(scene),
    };
    said(Hand::Clerk, Command::Arrive(command))
}

fn announce(scene: &mut Scene<'_>) -> Option<Made> {
    let sex = if scene.random.random() { "Female" } else { "Male" };
    let described = format!("{}y {sex}", scene.random.random_range(18..95));
    let command = ExpectAmbulance {
        attendance: scene.id(),
        department: department(scene)?,
        due: Moment(scene.now().0 + scene.random.random_range(4..25) * MINUTE_MS),
        described: Some(described),
        complaint: complaint(scene),
        place: None,
    };
    said(Hand::Clerk, Command::ExpectAmbulance(command))
}

fn arrive_by_ambulance(scene: &mut Scene<'_>) -> Option<Made> {
    let (attendance, of) = one(scene, |of| of.is_due)?;
    let place = free_cubicle(scene, &of.department);
    let command = Arrive {
        attendance,
        who: who(scene)?,
        department: of.department,
        place,
        at: scene.now(),
        mode: Some(Mode::Ambulance),
        complaint: complaint(scene),
    };
    said(Hand::Clerk, Command::Arrive(command))
}

fn hand_over(scene: &mut Scene<'_>) -> Option<Made> {
    let (attendance, _) = one(scene, |of| is_here(of) && of.waits_for_handover)?;
    let at = scene.now();
    said(Hand::Clinician, Command::HandOver(HandOver { attendance, at }))
}

fn triage(scene: &mut Scene<'_>) -> Option<Made> {
    let (attendance, _) = one(scene, waits_for_triage)?;
    let number = [1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5][scene.random.random_range(0..12)];
    let (category, at, by) = (Category::of(number), scene.now(), scene.by());
    let complaint = complaint(scene);
    said(Hand::Clinician, Command::Triage(Triage { attendance, category, complaint, at, by }))
}

fn assess(scene: &mut Scene<'_>) -> Option<Made> {
    let (attendance, _) = one(scene, waits_for_assessment)?;
    let (at, by) = (scene.now(), scene.by());
    said(Hand::Clinician, Command::AssessFirst(AssessFirst { attendance, at, by }))
}

fn take_over(scene: &mut Scene<'_>) -> Option<Made> {
    let (attendance, _) = one(scene, waits_for_clinician)?;
    let (who, name) = scene.on_duty()?;
    let at = scene.now();
    let command = TakeOver { attendance, who: Some(who), name: Some(name), takes: Takes::AsClinician, at };
    said(Hand::Clinician, Command::TakeOver(command))
}

fn place(scene: &mut Scene<'_>) -> Option<Made> {
    let world = scene.world;
    let (attendance, of) = one(scene, |of| is_here(of) && !is_placed(world, of))?;
    let to = free_cubicle(scene, &of.department)?;
    let at = scene.now();
    said(Hand::Clerk, Command::MoveInDepartment(MoveInDepartment { attendance, to, at }))
}

fn wait_for(scene: &mut Scene<'_>) -> Option<Made> {
    let (attendance, _) = one(scene, is_here)?;
    let (now, waits_for) = scene.one(WAITS)?;
    let at = scene.now();
    let command = WaitFor { attendance, now: Some(now.to_owned()), waits_for: Some(waits_for.to_owned()), at };
    said(Hand::Clinician, Command::WaitFor(command))
}

fn decide(scene: &mut Scene<'_>) -> Option<Made> {
    let (attendance, _) = one(scene, is_seen)?;
    let (code, words) = scene.one(TEAMS)?;
    let command = DecideToAdmit {
        attendance,
        stay: scene.id(),
        treatment_function: Some((code.to_owned(), words.to_owned())),
        consultant: scene.on_duty(),
        note: None,
        at: scene.now(),
        by: scene.by(),
    };
    said(Hand::Clinician, Command::DecideToAdmit(command))
}

fn departure(scene: &mut Scene<'_>, attendance: String, to_ward: bool) -> Option<Made> {
    let (outcome, destination, follow_up) = match to_ward {
        true => (Outcome::Admitted, Destination::Ward, FollowUp::InpatientTeam),
        false => (Outcome::Treated, Destination::Home, FollowUp::GeneralPractitioner),
    };
    let command = Depart {
        attendance,
        at: scene.now(),
        outcome: Some(outcome),
        destination: Some(destination),
        follow_up: Some(follow_up),
        diagnosis: scene.one(DIAGNOSES).map(str::to_owned),
        by: scene.by(),
    };
    said(Hand::Clinician, Command::Depart(command))
}

fn go_home(scene: &mut Scene<'_>) -> Option<Made> {
    let (attendance, _) = one(scene, is_seen)?;
    departure(scene, attendance, false)
}

fn go_to_ward(scene: &mut Scene<'_>) -> Option<Made> {
    let ids: Vec<String> = admitted(scene.world).map(|(id, _)| id.clone()).collect();
    let attendance = scene.one(&ids)?;
    // Another system's attendance may lack what a departure needs: nobody guesses it.
    let of = &scene.world.attendances[&attendance];
    if !of.is_triaged || !of.is_assessed {
        return None;
    }
    departure(scene, attendance, true)
}

fn leave_unseen(scene: &mut Scene<'_>) -> Option<Made> {
    let (attendance, _) = one(scene, leaves_unseen)?;
    let (at, by) = (scene.now(), scene.by());
    said(Hand::Clinician, Command::LeaveBeforeSeen(LeaveBeforeSeen { attendance, at, by }))
}

fn observe(scene: &mut Scene<'_>) -> Option<Made> {
    let (attendance, of) = one(scene, |of| of.is_triaged && of.patient.is_some())?;
    let vitals = scene.vitals(&of.patient?, &attendance);
    Some((Hand::Clinician, What::Observed(vitals), None))
}

/// An author of a happening.
pub(super) fn by(name: &str) -> By {
    By { id: "user/simulator".to_owned(), name: name.to_owned() }
}
