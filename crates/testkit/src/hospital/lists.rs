//! People who are expected: elective admissions with their days to come in, bed requests, reservations, cancellations;
//! and the words that complaints, diagnoses and teams have.

use administration::Command;
use administration::stays::{Admit, AfterCancelling, CancelAdmission, RequestAdmission, ReserveBed, SetTci};
use rand::RngExt as _;
use terms::PartialDate;

use super::emergency::steer_in;
use super::world::{Expected, World};
use super::{Hand, Kind, Made, Scene, What};

pub(super) const COMPLAINTS: &[&str] = &[
    "Chest pain",
    "Short of breath",
    "Abdominal pain",
    "Fall, hip pain",
    "Headache",
    "Wrist injury",
    "Fever and cough",
    "Collapse",
    "Back pain",
    "Laceration to hand",
    "Palpitations",
    "Confusion, more than usual",
];
pub(super) const DIAGNOSES: &[&str] = &[
    "Chest pain, not cardiac",
    "Viral illness",
    "Sprained ankle",
    "Soft tissue injury",
    "Community acquired pneumonia",
    "Migraine",
    "Gastroenteritis",
    "Urinary tract infection",
    "Simple laceration, closed",
];
pub(super) const WAITS: &[(&str, &str)] = &[
    ("Bloods taken", "Blood results"),
    ("X-ray requested", "X-ray"),
    ("ECG done", "Doctor"),
    ("On intravenous fluids", "Senior review"),
    ("CT requested", "CT"),
    ("Pain relief given", "Review"),
];
pub(super) const TEAMS: &[(&str, &str)] = &[
    ("300", "General Internal Medicine"),
    ("340", "Respiratory Medicine"),
    ("100", "General Surgery"),
    ("110", "Trauma and Orthopaedic"),
];
const PROCEDURES: &[(&str, &str, &str)] = &[
    ("100", "General Surgery", "Inguinal hernia repair"),
    ("100", "General Surgery", "Laparoscopic cholecystectomy"),
    ("110", "Trauma and Orthopaedic", "Total knee replacement"),
    ("110", "Trauma and Orthopaedic", "Total hip replacement"),
    ("340", "Respiratory Medicine", "Bronchoscopy"),
];
/// Elective admissions for each bed and hour: about a fifth of what fills the beds.
const ELECTIVE: f64 = 0.2 / (4.5 * 24.0);

pub(super) const KINDS: &[Kind] = &[
    Kind { per_hour: |world, _| ELECTIVE * beds(world) * office_hours(world) * list_room(world), make: request },
    Kind { per_hour: |world, _| 0.3 * office_hours(world) * count(world, has_no_day), make: set_day },
    Kind {
        per_hour: |world, _| 0.15 * count(world, |of| of.kept.is_none() && is_soon(world, of)) * steer_in(world),
        make: keep_bed,
    },
    Kind { per_hour: |world, _| 0.004 * count(world, |of| of.day.is_some()), make: cancel },
    Kind { per_hour: |world, _| 0.6 * day_time(world) * count(world, |of| is_today(world, of)), make: admit_planned },
    Kind { per_hour: |world, _| 1.2 * count(world, |of| of.attendance.is_some()), make: admit_from_department },
];

pub(super) fn beds(world: &World) -> f64 {
    world.ward_beds().count() as f64
}

fn count(world: &World, is: impl Fn(&Expected) -> bool) -> f64 {
    world.expected.values().filter(|of| is(of)).count() as f64
}

/// Offices work by day: a rate that is 1 on average.
pub(super) fn office_hours(world: &World) -> f64 {
    if (8..18).contains(&world.hour()) { 2.4 } else { 0.0 }
}

/// More by day, little by night: 1 on average.
pub(super) fn day_time(world: &World) -> f64 {
    if (7..21).contains(&world.hour()) { 1.6 } else { 0.16 }
}

/// A list that is long grows no more.
fn list_room(world: &World) -> f64 {
    let planned = count(world, |of| of.attendance.is_none());
    (1.5 - planned / beds(world).max(1.0)).clamp(0.0, 1.5)
}

fn has_no_day(of: &Expected) -> bool {
    of.attendance.is_none() && of.day.is_none()
}

fn is_today(world: &World, of: &Expected) -> bool {
    of.day.is_some_and(|day| day <= world.today())
}

fn is_soon(world: &World, of: &Expected) -> bool {
    of.attendance.is_some() || is_today(world, of)
}

fn one(scene: &mut Scene<'_>, is: impl Fn(&Expected) -> bool) -> Option<(String, Expected)> {
    let ids: Vec<&String> = scene.world.expected.iter().filter(|(_, of)| is(of)).map(|(id, _)| id).collect();
    let id = scene.one(&ids)?;
    Some((id.clone(), scene.world.expected[id].clone()))
}

fn said(command: Command) -> Option<Made> {
    Some((Hand::Clerk, What::Command(command), None))
}

fn request(scene: &mut Scene<'_>) -> Option<Made> {
    let (code, words, procedure) = scene.one(PROCEDURES)?;
    let command = RequestAdmission {
        stay: scene.id(),
        patient: scene.somebody(None)?,
        decided: scene.now(),
        method: "11".to_owned(),
        priority: scene.one(&["P2", "P3", "P3", "P4"]).map(str::to_owned),
        intended: Some("1".to_owned()),
        treatment_function: Some((code.to_owned(), words.to_owned())),
        consultant: scene.on_duty(),
        reason: procedure.to_owned(),
        ..RequestAdmission::default()
    };
    said(Command::RequestAdmission(command))
}

fn set_day(scene: &mut Scene<'_>) -> Option<Made> {
    let (stay, _) = one(scene, has_no_day)?;
    let mut day = scene.world.today();
    for _ in 0..scene.random.random_range(1..15) {
        day = day.tomorrow().ok()?;
    }
    let tci = PartialDate::parse(&day.to_string()).ok()?;
    said(Command::SetTci(SetTci { stay, tci, is_reasonable: Some(true) }))
}

fn keep_bed(scene: &mut Scene<'_>) -> Option<Made> {
    let world = scene.world;
    let (stay, of) = one(scene, |of| of.kept.is_none() && is_soon(world, of))?;
    let bed = scene.free_bed(of.is_female)?;
    said(Command::ReserveBed(ReserveBed { stay, bed, from: None }))
}

fn cancel(scene: &mut Scene<'_>) -> Option<Made> {
    let (stay, of) = one(scene, |of| of.day.is_some())?;
    let has_come = of.day.is_some_and(|day| day <= scene.world.today());
    let outcome = match (scene.random.random::<bool>(), has_come) {
        (true, _) => "2",
        (false, true) => "7",
        (false, false) => "6",
    };
    let is_clinical = (outcome == "7").then(|| scene.random.random());
    let leaves = scene.random.random_range(0..4) == 0;
    let command = CancelAdmission {
        stay,
        outcome: Some(outcome.to_owned()),
        reason: if outcome == "2" { "The patient asked for another day" } else { "No bed" }.to_owned(),
        is_clinical,
        then: if leaves { AfterCancelling::Leaves("4".to_owned()) } else { AfterCancelling::Waits },
    };
    said(Command::CancelAdmission(command))
}

fn admit_planned(scene: &mut Scene<'_>) -> Option<Made> {
    let world = scene.world;
    let (stay, of) = one(scene, |of| is_today(world, of))?;
    admit(scene, stay, &of, ("11", "Waiting list"))
}

fn admit_from_department(scene: &mut Scene<'_>) -> Option<Made> {
    let (stay, of) = one(scene, |of| of.attendance.is_some())?;
    admit(scene, stay, &of, ("21", "Emergency department of this trust"))
}

fn admit(scene: &mut Scene<'_>, stay: String, of: &Expected, method: (&str, &str)) -> Option<Made> {
    let place = match &of.kept {
        Some(bed) if scene.world.beds.get(bed).is_some_and(|bed| bed.is != super::BedIs::Closed) => bed.clone(),
        _ => scene.free_bed(of.is_female)?,
    };
    let is_late = of.attendance.is_none() && scene.plants("told-late");
    let at = if is_late { scene.earlier(of.decided) } else { scene.now() };
    let command = scene.admission(stay, of.patient.clone(), place, at, method);
    Some((Hand::Clerk, What::Command(Command::Admit(command)), is_late.then_some("told-late")))
}

impl Scene<'_> {
    /// An admission as a clerk fills it in; some forget the expected day.
    pub(super) fn admission(
        &mut self,
        stay: String,
        patient: String,
        place: String,
        at: terms::Moment,
        (method, words): (&str, &str),
    ) -> Admit {
        let mut day = self.world.today();
        for _ in 0..self.random.random_range(1..8) {
            day = day.tomorrow().unwrap_or(day);
        }
        let is_forgotten = self.plants("no-expected-day");
        Admit {
            stay,
            patient,
            at,
            place,
            method: Some((method.to_owned(), words.to_owned())),
            source: None,
            consultant: self.on_duty(),
            treatment_function: self.one(TEAMS).map(|(code, words)| (code.to_owned(), words.to_owned())),
            reason: self.one(COMPLAINTS).map(str::to_owned),
            expected_end: (!is_forgotten).then(|| day.to_string()),
            mixed: None,
        }
    }
}
