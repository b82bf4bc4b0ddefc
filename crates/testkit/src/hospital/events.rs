//! What goes wrong, and what is put right: moves that never happened, moves at another time, what other systems send,
//! people with two records, merges, and merges that were wrong. `planted/defects.toml` says what each is.

use administration::Command;
use administration::merging::{AgreeToMerge, AskForMerge, FIELDS, Pair, Side};
use administration::registration::{Demographics, Gender, Register};
use administration::stays::{CLASS, CancelMove, CorrectMove};
use fhir::write::{Object, array, coding, reference};
use rand::RngExt as _;
use terms::Moment;

use super::lists::beds;
use super::people::patient_text;
use super::planted::per_thousand;
use super::world::{BedIs, Inpatient, PairState, Stage, World};
use super::{Hand, Kind, MINUTE_MS, Made, Pace, Scene, What};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        per_hour: |world, pace| in_a_day(world.inpatients.len() as f64, "move-that-was-none", pace),
        make: cancel_move,
    },
    Kind {
        per_hour: |world, pace| in_a_day(world.inpatients.len() as f64, "move-at-another-time", pace),
        make: correct_move,
    },
    Kind { per_hour: |world, pace| sent(world, "into-a-taken-bed", pace), make: send_into_taken_bed },
    Kind { per_hour: |world, pace| sent(world, "a-second-stay", pace), make: send_second_stay },
    Kind { per_hour: |world, pace| sent(world, "registered-twice", pace), make: send_twice },
    Kind { per_hour: |world, pace| sent(world, "wrong-merge", pace), make: ask_wrongly },
    Kind { per_hour: |world, _| 0.1 * pairs(world, Stage::Known, false), make: ask },
    Kind {
        per_hour: |world, _| 0.1 * (pairs(world, Stage::Asked, false) + pairs(world, Stage::Asked, true)),
        make: agree,
    },
    Kind { per_hour: |world, _| 0.03 * pairs(world, Stage::Merged, true), make: take_apart },
    Kind { per_hour: |world, _| newcomers(world), make: register },
];

fn in_a_day(of: f64, code: &str, pace: Pace) -> f64 {
    of * per_thousand(code) / 1000.0 / 24.0 * pace.defects
}

fn sent(world: &World, code: &str, pace: Pace) -> f64 {
    if pace.with_feeds { in_a_day(beds(world), code, pace) } else { 0.0 }
}

fn pairs(world: &World, stage: Stage, is_wrong: bool) -> f64 {
    world.pairs.values().filter(|of| of.stage == stage && of.is_wrong == is_wrong).count() as f64
}

/// New people come to the hospital, more of them when it hardly knows anybody who could come.
fn newcomers(world: &World) -> f64 {
    let wanted = beds(world) * 6.0;
    let known = world.people.len() as f64;
    beds(world) * if known < wanted { 0.02 } else { 0.002 }
}

fn said(hand: Hand, command: Command, planted: &'static str) -> Option<Made> {
    Some((hand, What::Command(command), Some(planted)))
}

/// Somebody whose last move is the last that is known of them.
fn moved(scene: &mut Scene<'_>, is: impl Fn(&World, &Inpatient) -> bool) -> Option<(String, Inpatient)> {
    let world = scene.world;
    let is_moved = |of: &Inpatient| {
        of.is_present()
            && of.has_bed
            && of.arrivals.len() > 1
            && of.arrivals.last().is_some_and(|(at, _)| *at == of.last)
    };
    let ids: Vec<&String> =
        world.inpatients.iter().filter(|(_, of)| is_moved(of) && is(world, of)).map(|(id, _)| id).collect();
    let id = scene.one(&ids)?;
    Some((id.clone(), world.inpatients[id].clone()))
}

fn cancel_move(scene: &mut Scene<'_>) -> Option<Made> {
    let taken = scene.world.taken();
    let is_free = |world: &World, of: &Inpatient| {
        let before = &of.arrivals[of.arrivals.len() - 2].1;
        let bed = world.beds.get(before);
        bed.is_some_and(|bed| bed.is != BedIs::Closed) && !taken.contains(before.as_str())
    };
    let (stay, of) = moved(scene, is_free)?;
    let at = of.last;
    said(Hand::Clerk, Command::CancelMove(CancelMove { stay, at }), "move-that-was-none")
}

fn correct_move(scene: &mut Scene<'_>) -> Option<Made> {
    let (stay, of) = moved(scene, |_, _| true)?;
    let before = of.arrivals[of.arrivals.len() - 2].0;
    let to_at = scene.between(before, of.last)?;
    let command = CorrectMove { stay, at: of.last, to_at, place: None };
    said(Hand::Clerk, Command::CorrectMove(command), "move-at-another-time")
}

/// A stay as another system sends it.
fn stay_text(id: &str, patient: &str, place: &str, at: Moment) -> String {
    let period = Object::new().text("start", at.to_string()).done();
    let location = Object::new()
        .json("location", reference(&format!("Location/{place}"), None))
        .text("status", "active")
        .json("period", &period)
        .done();
    Object::resource("Encounter", id)
        .text("status", "in-progress")
        .json("class", coding(CLASS, "IMP", None))
        .json("subject", reference(&format!("Patient/{patient}"), None))
        .json("period", &period)
        .json("location", array([location]))
        .done()
}

fn send_into_taken_bed(scene: &mut Scene<'_>) -> Option<Made> {
    let world = scene.world;
    let in_beds: Vec<(String, bool)> = world
        .inpatients
        .values()
        .filter(|of| of.has_bed && of.is_present())
        .filter_map(|of| Some((of.place()?.to_owned(), of.is_female)))
        .filter(|(bed, _)| world.beds[bed].kind == administration::places::PlaceKind::Bed)
        .collect();
    let (bed, is_female) = scene.one(&in_beds)?;
    let (patient, id) = (scene.somebody(Some(is_female))?, scene.id());
    let text = stay_text(&id, &patient, &bed, scene.now());
    Some((Hand::System, What::Sent(vec![text]), Some("into-a-taken-bed")))
}

fn send_second_stay(scene: &mut Scene<'_>) -> Option<Made> {
    let world = scene.world;
    let is_single =
        |of: &&Inpatient| world.inpatients.values().filter(|other| other.patient == of.patient).count() == 1;
    let all: Vec<(String, bool)> =
        world.inpatients.values().filter(is_single).map(|of| (of.patient.clone(), of.is_female)).collect();
    let (patient, is_female) = scene.one(&all)?;
    let (bed, id) = (scene.free_bed(is_female)?, scene.id());
    let text = stay_text(&id, &patient, &bed, scene.now());
    Some((Hand::System, What::Sent(vec![text]), Some("a-second-stay")))
}

fn send_twice(scene: &mut Scene<'_>) -> Option<Made> {
    let number = scene.number();
    let person = scene.population.person(number);
    let records = crate::people::Registry::new(scene.population).of(&person);
    let faulty = records.into_iter().nth(1)?;
    let (first, second) = (scene.id(), format!("{}-again", scene.id()));
    let texts = vec![patient_text(&first, &person, None), patient_text(&second, &person, Some(&faulty))];
    Some((Hand::System, What::Sent(texts), Some("registered-twice")))
}

/// The words of the first person who asks.
fn ask_for(pair: Pair, survivor: &str) -> AskForMerge {
    let side = if pair.left == survivor { Side::Left } else { Side::Right };
    AskForMerge {
        survivor: survivor.to_owned(),
        keep: FIELDS.iter().map(|(field, _)| ((*field).to_owned(), side)).collect(),
        why: "Same name, same date of birth, same address".to_owned(),
        pair,
    }
}

fn ask(scene: &mut Scene<'_>) -> Option<Made> {
    let known = scene.world.pairs.iter().filter(|(_, of)| of.stage == Stage::Known && !of.is_wrong);
    let known: Vec<(Pair, PairState)> = known.map(|(pair, of)| (pair.clone(), of.clone())).collect();
    let (pair, of) = scene.one(&known)?;
    Some((Hand::Index(1), What::Command(Command::AskForMerge(ask_for(pair, &of.survivor))), None))
}

fn ask_wrongly(scene: &mut Scene<'_>) -> Option<Made> {
    let is_female = scene.random.random();
    let (survivor, other) = (scene.somebody(Some(is_female))?, scene.somebody(Some(is_female))?);
    let pair = Pair::of(&survivor, &other)?;
    let is_asked = |id: &str| scene.world.pairs.keys().any(|pair| pair.left == id || pair.right == id);
    if is_asked(&survivor) || is_asked(&other) {
        return None;
    }
    said(Hand::Index(1), Command::AskForMerge(ask_for(pair, &survivor)), "wrong-merge")
}

fn agree(scene: &mut Scene<'_>) -> Option<Made> {
    let world = scene.world;
    let is_free = |pair: &Pair| {
        let is_alive = |id: &str| world.people.contains_key(id);
        [&pair.left, &pair.right].iter().all(|id| is_alive(id) && !world.is_busy(id))
    };
    let asked: Vec<Pair> = world
        .pairs
        .iter()
        .filter(|(pair, of)| of.stage == Stage::Asked && is_free(pair))
        .map(|(pair, _)| pair.clone())
        .collect();
    let pair = scene.one(&asked)?;
    Some((Hand::Index(2), What::Command(Command::AgreeToMerge(AgreeToMerge { pair })), None))
}

fn take_apart(scene: &mut Scene<'_>) -> Option<Made> {
    let merged = scene.world.pairs.iter().filter(|(_, of)| of.stage == Stage::Merged && of.is_wrong);
    let merged: Vec<(Pair, String)> = merged.map(|(pair, of)| (pair.clone(), of.survivor.clone())).collect();
    let (pair, survivor) = scene.one(&merged)?;
    // What was written since was written about the one who stayed.
    Some((Hand::Index(2), What::TakenApart(pair, survivor), None))
}

fn register(scene: &mut Scene<'_>) -> Option<Made> {
    let number = scene.number();
    let person = scene.population.person(number);
    let demographics = Demographics {
        family: person.surname.clone(),
        given: person.given.join(" "),
        born: Some(person.born),
        gender: Some(if person.is_female { Gender::Female } else { Gender::Male }),
        nhs_number: person.nhs_number,
        address: Some(format!("{}, {}", person.line, person.town)),
        postcode: Some(person.postcode.clone()),
        ..Demographics::default()
    };
    let command = Register {
        patient: scene.id(),
        searched: format!("{} {}", person.surname, person.given.join(" ")),
        person: demographics,
        ..Register::default()
    };
    Some((Hand::Clerk, What::Command(Command::Register(Box::new(command))), None))
}

impl Scene<'_> {
    /// Somebody who could come: alive, and not here already; of a sex, if it matters.
    pub(super) fn somebody(&mut self, is_female: Option<bool>) -> Option<String> {
        let fits = |is: bool| is_female.is_none_or(|wanted| wanted == is);
        let all: Vec<&String> = self.world.people.iter().filter(|(_, is)| fits(**is)).map(|(id, _)| id).collect();
        (0..30).find_map(|_| self.one(&all).filter(|id| !self.world.is_busy(id))).cloned()
    }

    /// A clean bed that is free for somebody of a sex.
    pub(super) fn free_bed(&mut self, is_female: bool) -> Option<String> {
        let free: Vec<String> = self.world.free_beds(is_female).into_iter().map(|bed| bed.id.clone()).collect();
        self.one(&free)
    }

    /// A doctor or nurse of the shift: a third of the staff for each eight hours, others each day.
    pub(super) fn on_duty(&mut self) -> Option<(String, String)> {
        let shift = (self.now().0.div_euclid(8 * super::HOUR_MS)) as usize;
        let staff = &self.world.staff;
        let on: Vec<(String, String)> = staff
            .iter()
            .enumerate()
            .filter(|(at, _)| (at + shift).is_multiple_of(3))
            .map(|(_, who)| who.clone())
            .collect();
        self.one(if on.is_empty() { staff } else { &on })
    }

    /// Who does something now, as an author.
    pub(super) fn by(&mut self) -> administration::emergency::By {
        let name = self.on_duty().map_or_else(|| "A nurse".to_owned(), |(_, name)| name);
        super::emergency::by(&name)
    }

    /// A moment of the last hours, not before what is known.
    pub(super) fn earlier(&mut self, known: Moment) -> Moment {
        let hours = self.random.random_range(1..9);
        let at = Moment(self.now().0 - hours * super::HOUR_MS + self.random.random_range(0..60) * MINUTE_MS);
        Moment(at.0.max(known.0 + MINUTE_MS).min(self.now().0))
    }

    /// A moment between two; `None` when there is none.
    pub(super) fn between(&mut self, one: Moment, other: Moment) -> Option<Moment> {
        (other.0 - one.0 > 2 * MINUTE_MS).then(|| Moment(self.random.random_range(one.0 + MINUTE_MS..other.0)))
    }
}
