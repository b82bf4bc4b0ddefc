//! What is asked, and how often: the pages that wards look at, and what they write through forms. Of a thousand requests
//! as many as the table says; a form is two requests, its page and its answer.

use administration::Command;
use administration::places::{BedStatus, SetBedState};
use administration::stays::MoveToBed;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use testkit::hospital::{MINUTE_MS, Vitals, World};

use crate::make::Made;

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    WardBoard,
    EmergencyBoard,
    Chart,
    SearchPage,
    Typing,
    StayPage,
    Home,
    Wards,
    Admissions,
    Observations,
    Move,
    CleanBed,
    Task,
    WaitFor,
}

/// Of a thousand, how many of each, and what it is.
pub(crate) const MIX: &[(Kind, u32, &str)] = &[
    (Kind::WardBoard, 200, "ward board"),
    (Kind::EmergencyBoard, 60, "emergency department's board"),
    (Kind::Chart, 220, "chart of an inpatient or attender"),
    (Kind::SearchPage, 50, "search page: name and given name of one of a million, one in four misspelt"),
    (Kind::Typing, 180, "what lies under the search box while somebody types, one in four misspelt"),
    (Kind::StayPage, 70, "page of a stay"),
    (Kind::Home, 40, "home page"),
    (Kind::Wards, 20, "list of wards"),
    (Kind::Admissions, 10, "admissions and bed requests"),
    (Kind::Observations, 80, "set of seven observations written by FHIR"),
    (Kind::Move, 20, "move to a bed (form)"),
    (Kind::CleanBed, 20, "bed cleaned (form)"),
    (Kind::Task, 20, "task added (form)"),
    (Kind::WaitFor, 10, "what an attender waits for (form)"),
];

/// One thing to ask.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    /// A page.
    Get(String),
    /// A transaction of a monitor.
    Send(String),
    /// A form.
    Form(Box<Form>),
}

/// A form: its page, where it is sent, and what is typed; the hidden fields are on the page.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) page: String,
    pub(crate) action: String,
    pub(crate) typed: Vec<(&'static str, String)>,
    /// The bed whose row on a board changes with it.
    pub(crate) bed: Option<String>,
    /// What the asker knows of the world afterwards.
    pub(crate) then: Option<Command>,
}

impl Kind {
    /// A kind by its share.
    pub(crate) fn drawn(random: &mut ChaCha8Rng) -> Kind {
        let mut place = random.random_range(0..MIX.iter().map(|(_, share, _)| share).sum());
        for (kind, share, _) in MIX {
            if place < *share {
                return *kind;
            }
            place -= share;
        }
        Kind::WardBoard
    }

    /// In words.
    pub(crate) fn words(self) -> &'static str {
        MIX.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, _, words)| words)
    }

    /// Whether it changes something.
    pub(crate) fn writes(self) -> bool {
        matches!(self, Kind::Observations | Kind::Move | Kind::CleanBed | Kind::Task | Kind::WaitFor)
    }

    /// What it asks now; nothing when nobody is there for it, and another kind is drawn.
    pub(crate) fn ask(self, world: &World, made: &Made, random: &mut ChaCha8Rng) -> Option<Ask> {
        let mut draw = Draw { world, random };
        let get = |path: String| Some(Ask::Get(path));
        match self {
            Kind::WardBoard => get(format!("wards/{}", draw.one(world.wards.iter())?)),
            Kind::EmergencyBoard => get("emergency".to_owned()),
            Kind::Chart => get(format!("patients/{}", draw.one(world.inpatients.values())?.patient)),
            Kind::StayPage => get(format!("stays/{}", draw.one(world.inpatients.keys())?)),
            Kind::Home => get(String::new()),
            Kind::Wards => get("wards".to_owned()),
            Kind::Admissions => get("admissions".to_owned()),
            Kind::SearchPage => {
                let typed = draw.typed(made)?;
                get(format!("patients?q={}", words_of(&typed)))
            }
            Kind::Typing => {
                let all = draw.typed(made)?;
                let typed: String = all.chars().take(random.random_range(3..8)).collect();
                get(format!("patients/found?q={}", words_of(typed.trim())))
            }
            Kind::Observations => {
                let (stay, of) = draw.one(world.inpatients.iter())?;
                let vitals = Vitals {
                    patient: of.patient.clone(),
                    stay: stay.clone(),
                    taken: terms::Moment(world.now.0 - random.random_range(0..5) * MINUTE_MS),
                    respirations: random.random_range(12..22),
                    saturation: random.random_range(94..99),
                    oxygen: 0,
                    pressure: (random.random_range(105..150), random.random_range(60..85)),
                    pulse: random.random_range(60..105),
                    tenths: random.random_range(362..381),
                    consciousness: testkit::hospital::alert(),
                };
                Some(Ask::Send(testkit::hospital::bundle(&vitals)))
            }
            Kind::Move => draw.move_to_bed(),
            Kind::CleanBed => {
                let is_dirty = |bed: &&testkit::hospital::Bed| bed.is == testkit::hospital::BedIs::Dirty;
                let bed = draw.one(world.ward_beds().filter(is_dirty))?;
                let typed = vec![("bed", bed.id.clone()), ("state", "available".to_owned())];
                let (id, status) = (bed.id.clone(), BedStatus::Available);
                let then = Command::SetBedState(SetBedState { bed: id.clone(), status, reason: None, until: None });
                let page = format!("wards/{}/bed?bed={id}", bed.ward);
                form(page, None, typed, Some(then))
            }
            Kind::Task => {
                let patient = &draw.one(world.inpatients.values())?.patient;
                let words = [("what", "Chase the blood results"), ("owner", "team/site"), ("at_time", "23:50")];
                let mut typed: Vec<_> = words.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
                typed.push(("patient", patient.clone()));
                let Some(Ask::Form(of)) = form(format!("tasks/new?patient={patient}"), None, typed, None) else {
                    return None;
                };
                Some(Ask::Form(Box::new(Form { action: "tasks".to_owned(), ..*of })))
            }
            Kind::WaitFor => {
                let here = world.attendances.iter().filter(|(_, of)| !of.is_due);
                let id = draw.one(here.map(|(id, _)| id))?;
                let page = format!("emergency/{id}/wait?department=ed");
                let words =
                    [("now", "Bloods taken"), ("waits_for", "Blood results"), ("department", "ed"), ("at", "now")];
                form(page, None, words.into_iter().map(|(name, value)| (name, value.to_owned())).collect(), None)
            }
        }
    }
}

struct Draw<'d> {
    world: &'d World,
    random: &'d mut ChaCha8Rng,
}

impl Draw<'_> {
    fn one<T>(&mut self, of: impl Iterator<Item = T>) -> Option<T> {
        let mut all: Vec<T> = of.collect();
        (!all.is_empty()).then(|| all.swap_remove(self.random.random_range(0..all.len())))
    }

    /// Surname and given name of somebody, one in four with two neighbouring letters of the surname changed over.
    fn typed(&mut self, made: &Made) -> Option<String> {
        let (surname, given) = self.one(made.names.iter())?;
        let mut letters: Vec<char> = surname.chars().collect();
        if letters.len() > 3 && self.random.random_range(0..4) == 0 {
            let place = self.random.random_range(1..letters.len() - 1);
            letters.swap(place, place + 1);
        }
        Some(format!("{} {given}", letters.into_iter().collect::<String>()))
    }

    fn move_to_bed(&mut self) -> Option<Ask> {
        let world = self.world;
        let (stay, of) = self.one(world.inpatients.iter().filter(|(_, of)| of.is_present() && of.has_bed))?;
        let bed = self.one(world.free_beds(of.is_female).into_iter())?;
        // Where men and women would share the bay, the form asks why.
        let words = [("stay", stay.as_str()), ("to", &bed.id), ("at", "now"), ("mixed", "not-given")];
        let typed = words.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        let at = world.now;
        let then =
            Command::MoveToBed(MoveToBed { stay: stay.clone(), to: bed.id.clone(), at, earlier: None, mixed: None });
        form(format!("wards/{}/move?stay={stay}&to={}", bed.ward, bed.id), Some(bed.id.clone()), typed, Some(then))
    }
}

fn form(page: String, bed: Option<String>, typed: Vec<(&'static str, String)>, then: Option<Command>) -> Option<Ask> {
    let action = page.split('?').next().unwrap_or(&page).to_owned();
    Some(Ask::Form(Box::new(Form { page, action, typed, bed, then })))
}

fn words_of(text: &str) -> String {
    let form = testkit::http::form(&[("q", text)]);
    String::from_utf8_lossy(&form).trim_start_matches("q=").to_owned()
}
