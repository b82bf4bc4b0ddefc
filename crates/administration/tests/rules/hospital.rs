//! A small hospital at random, with a plain model in memory beside it: admissions, moves now and told late, swaps, leave,
//! discharges, moves taken back and corrected, undo, by two clerks at a time. After each step the record says what the
//! model says, and what must always hold, holds. With `ALMONER_SOAK=1` many more steps.

use std::collections::{BTreeMap, BTreeSet};

use administration::stays::{
    Admit, CancelMove, CorrectMove, Discharge, Leave, MoveToBed, PlaceUse, Return, Stay, StayState, Then, account,
};
use administration::{Command, Undo};
use fhir::write::Object;
use record::Receipt;
use terms::Moment;

use testkit::stage::place;

use crate::stage::{NOW, Stage, stages};

const MINUTE: i64 = 60_000;
const BEDS: [&str; 6] = ["bed-1", "bed-2", "bed-3", "bed-4", "wren-1", "wren-2"];
const PLACES: [&str; 9] = ["bed-1", "bed-2", "bed-3", "bed-4", "wren-1", "wren-2", "trolley", "heron", "wren"];
const PATIENTS: usize = 9;

/// xorshift64*: the same numbers for the same seed, everywhere.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % most.max(1)
    }

    fn one_of<'l, T>(&mut self, list: &'l [T]) -> Option<&'l T> {
        list.get(self.below(list.len()))
    }
}

/// A stay as the model has it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    patient: String,
    arrivals: BTreeMap<i64, String>,
    ended: Option<i64>,
    is_away: bool,
}

impl Told {
    fn place(&self) -> &str {
        self.arrivals.last_key_value().map_or("", |(_, place)| place)
    }

    fn is_live(&self) -> bool {
        self.ended.is_none()
    }

    /// An arrival where somebody is already is none.
    fn settle(&mut self) {
        let mut last = String::new();
        self.arrivals.retain(|_, place| std::mem::replace(&mut last, place.clone()) != *place);
    }

    fn arrive(&mut self, at: Moment, place: &str) {
        self.arrivals.insert(at.0, place.to_owned());
        self.settle();
    }
}

/// Stays as they were before a commit.
type Before = Vec<(String, Option<Told>)>;

/// The hospital in memory.
#[derive(Default)]
struct Model {
    stays: BTreeMap<String, Told>,
    /// What can be undone: the commit, and the stays as they were before it.
    before: Vec<(Undo, Before)>,
    next: usize,
}

impl Model {
    fn live(&self) -> Vec<String> {
        self.stays.iter().filter(|(_, told)| told.is_live()).map(|(id, _)| id.clone()).collect()
    }

    fn occupant(&self, bed: &str, but: &str) -> Option<String> {
        let is_bed = BEDS.contains(&bed);
        let mut live = self.stays.iter().filter(|(id, told)| is_bed && told.is_live() && *id != but);
        live.find(|(_, told)| told.place() == bed).map(|(id, _)| id.clone())
    }

    fn ward_of(place: &str) -> &'static str {
        if place.starts_with("wren") { "wren" } else { "heron" }
    }

    fn free_or_ward(&self, place: &str, stay: &str) -> String {
        if self.occupant(place, stay).is_some() { Model::ward_of(place).to_owned() } else { place.to_owned() }
    }

    /// What an accepted command did.
    fn apply(&mut self, command: &Command, receipt: &Receipt) {
        let touched: Vec<String> =
            receipt.written.iter().filter(|one| one.key.kind == "Encounter").map(|one| one.key.id.clone()).collect();
        let was = touched.iter().map(|id| (id.clone(), self.stays.get(id).cloned())).collect();
        match command {
            Command::Admit(of) => {
                let arrivals = BTreeMap::from([(of.at.0, self.free_or_ward(&of.place, &of.stay))]);
                let told = Told { patient: of.patient.clone(), arrivals, ended: None, is_away: false };
                self.stays.insert(of.stay.clone(), told);
            }
            Command::MoveToBed(of) => self.moved(of),
            Command::Leave(of) => {
                let ward = Model::ward_of(self.stays[&of.stay].place());
                let told = self.stays.get_mut(&of.stay).unwrap();
                told.is_away = true;
                if !of.keeps_bed {
                    told.arrive(of.at, ward);
                }
            }
            Command::Return(of) => {
                let here = self.stays[&of.stay].place().to_owned();
                let to = of.place.as_ref().filter(|to| **to != here).map(|to| self.free_or_ward(to, &of.stay));
                let told = self.stays.get_mut(&of.stay).unwrap();
                told.is_away = false;
                if let Some(to) = to {
                    told.arrive(of.at, &to);
                }
            }
            Command::Discharge(of) => {
                let told = self.stays.get_mut(&of.stay).unwrap();
                (told.ended, told.is_away) = (Some(of.at.0), false);
            }
            Command::CancelMove(of) => {
                let told = self.stays.get_mut(&of.stay).unwrap();
                told.arrivals.remove(&of.at.0);
                told.settle();
            }
            Command::CorrectMove(of) => {
                let told = self.stays.get_mut(&of.stay).unwrap();
                let was = told.arrivals.remove(&of.at.0).unwrap();
                told.arrive(of.to_at, of.place.as_deref().unwrap_or(&was));
            }
            Command::Undo(undo) => {
                let at = self.before.iter().rposition(|(known, _)| known == undo).unwrap();
                for (id, told) in self.before.remove(at).1 {
                    match told {
                        Some(told) => self.stays.insert(id, told),
                        None => self.stays.remove(&id),
                    };
                }
                return;
            }
            other => panic!("not in the model: {}", other.name()),
        }
        self.before.push((Undo::of(receipt), was));
    }

    fn moved(&mut self, of: &MoveToBed) {
        let from = self.stays[&of.stay].place().to_owned();
        let is_past = self.stays[&of.stay].arrivals.last_key_value().is_some_and(|(last, _)| *last > of.at.0);
        let other = self.occupant(&of.to, &of.stay).filter(|_| !is_past);
        self.stays.get_mut(&of.stay).unwrap().arrive(of.at, &of.to);
        if let Some(other) = other {
            let goes = match of.earlier.as_ref().unwrap() {
                Then::To(place) => place.clone(),
                Then::Swap => from,
            };
            let other = self.stays.get_mut(&other).unwrap();
            // Who came into the bed later was never in it.
            let came = other.arrivals.last_key_value().map_or(of.at.0, |(last, _)| *last);
            other.arrive(Moment(came.max(of.at.0)), &goes);
        }
    }

    /// Something that a clerk might do now.
    fn any(&mut self, chance: &mut Chance, now: Moment) -> Command {
        let live = self.live();
        let place = (*chance.one_of(&PLACES).unwrap()).to_owned();
        // Half of what is told happened some time ago.
        let at = Moment(now.0 - if chance.below(2) == 0 { 0 } else { chance.below(600) as i64 * MINUTE });
        let Some(stay) = chance.one_of(&live).cloned() else { return self.admission(chance, at, place) };
        let arrivals: Vec<i64> = self.stays[&stay].arrivals.keys().copied().collect();
        let told = Moment(*chance.one_of(&arrivals).unwrap());
        match chance.below(20) {
            0..5 => self.admission(chance, at, place),
            5..10 => {
                let goes = (*chance.one_of(&PLACES).unwrap()).to_owned();
                let earlier = [None, Some(Then::Swap), Some(Then::To(goes))][chance.below(3)].clone();
                Command::MoveToBed(MoveToBed { stay, to: place, at, earlier, mixed: None })
            }
            10..12 => Command::Leave(Leave { stay, at, keeps_bed: chance.below(2) == 0, back_by: None }),
            12..14 => {
                Command::Return(Return { stay, at, place: Some(place).filter(|_| chance.below(2) == 0), mixed: None })
            }
            14..16 => {
                let (patient, method) = (self.stays[&stay].patient.clone(), "1".to_owned());
                Command::Discharge(Discharge {
                    stay,
                    patient,
                    at,
                    method,
                    destination: "19".to_owned(),
                    owners: Default::default(),
                    detained: None,
                })
            }
            16 => Command::CancelMove(CancelMove { stay, at: told }),
            17 => {
                let place = Some(place).filter(|_| chance.below(2) == 0);
                Command::CorrectMove(CorrectMove { stay, at: told, to_at: at, place })
            }
            _ => match chance.one_of(&self.before) {
                Some((undo, _)) => Command::Undo(undo.clone()),
                None => self.admission(chance, at, place),
            },
        }
    }

    fn admission(&mut self, chance: &mut Chance, at: Moment, place: String) -> Command {
        self.next += 1;
        let (stay, patient) = (format!("e-{}", self.next), format!("p-{}", 1 + chance.below(PATIENTS)));
        Command::Admit(Admit { stay, patient, place, at, ..Admit::default() })
    }
}

/// What must hold after every step, and that the record says what the model says.
async fn check(stage: &Stage, model: &Model, now: Moment, done: &str) {
    let reading = stage.reading().await;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut beds = BTreeSet::new();
    for ward in ["heron", "wren"] {
        let ward = administration::places::ward(&reading, ward).await.unwrap().unwrap();
        for stay in administration::stays::in_ward(&reading, &ward).await.unwrap() {
            assert!(stay.state.is_live(), "{done}: {} is on a board and not here", stay.id);
            *seen.entry(stay.id.clone()).or_default() += 1;
            let place = stay.place().unwrap().place.clone();
            if BEDS.contains(&place.as_str()) {
                assert!(beds.insert(place.clone()), "{done}: two in {place}");
            }
        }
    }
    let live: BTreeMap<String, usize> = model.live().into_iter().map(|id| (id, 1)).collect();
    assert_eq!(seen, live, "{}: {done}: who is here is on a board once", stage.store);
    for (id, told) in &model.stays {
        let stay = administration::stays::stay(&reading, id).await.unwrap().unwrap();
        check_places(&stay, told, done);
        let account = account::account_of(&reading, &stay, now).await.unwrap();
        assert_eq!(account.bed_days.values().sum::<u32>(), account.nights, "{done}: {id}");
    }
    reading.finish().await.unwrap();
}

/// Places follow each other without gap or overlap, and are those of the model.
fn check_places(stay: &Stay, told: &Told, done: &str) {
    let state = match (told.is_live(), told.is_away) {
        (true, true) => StayState::OnLeave,
        (true, false) => StayState::Present,
        (false, _) => StayState::Discharged,
    };
    assert_eq!(stay.state, state, "{done}: {}", stay.id);
    let at = |date: &Option<terms::PartialDate>| date.as_ref().map(|date| date.lower().0);
    let places: Vec<_> =
        stay.places.iter().filter(|place| matches!(place.is, PlaceUse::Active | PlaceUse::Past)).collect();
    let arrivals: Vec<(i64, &str)> =
        places.iter().map(|place| (at(&place.from).unwrap(), place.place.as_str())).collect();
    let expected: Vec<(i64, &str)> = told.arrivals.iter().map(|(at, place)| (*at, place.as_str())).collect();
    assert_eq!(arrivals, expected, "{done}: {}", stay.id);
    assert_eq!(at(&stay.started), arrivals.first().map(|(at, _)| *at), "{done}: {}", stay.id);
    for pair in places.windows(2) {
        assert_eq!(at(&pair[0].to), at(&pair[1].from), "{done}: {}: a gap or an overlap", stay.id);
    }
    assert_eq!(places.last().and_then(|last| at(&last.to)), told.ended, "{done}: {}", stay.id);
}

/// Another ward of two beds, and more people.
fn more() -> Vec<String> {
    let mut texts =
        vec![place("wren", "ward", None), place("wren-1", "bed", Some("wren")), place("wren-2", "bed", Some("wren"))];
    texts.extend((5..=PATIENTS).map(|patient| Object::resource("Patient", &format!("p-{patient}")).done()));
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_random_hospital_agrees_with_its_model_and_nobody_is_lost_or_doubled() {
    let is_soak = std::env::var_os("ALMONER_SOAK").is_some_and(|value| value == "1");
    let (seeds, steps) = if is_soak { (20, 400) } else { (2, 60) };
    for seed in 1..=seeds {
        for stage in stages().await {
            stage.put(&more()).await;
            let (mut chance, mut model, mut done) =
                (Chance(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed)), Model::default(), 0);
            for step in 0..steps {
                // Two clerks at once, each about a patient that they see.
                let now = Moment(NOW.0 + i64::from(step) * 20 * MINUTE);
                let commands = [model.any(&mut chance, now), model.any(&mut chance, now)];
                let at = |command: &Command| if matches!(command, Command::Undo(_)) { NOW } else { now };
                let (one, other) = tokio::join!(
                    stage.act_at(commands[0].clone(), at(&commands[0])),
                    stage.act_at(commands[1].clone(), at(&commands[1])),
                );
                let mut accepted: Vec<(&Command, Receipt)> =
                    commands.iter().zip([one, other]).filter_map(|(command, end)| Some((command, end.ok()?))).collect();
                accepted.sort_by_key(|(_, receipt)| receipt.sequence);
                let words = format!("seed {seed}, step {step}, {accepted:?}");
                for (command, receipt) in &accepted {
                    model.apply(command, receipt);
                }
                done += accepted.len();
                check(&stage, &model, now, &words).await;
            }
            assert!(done > usize::try_from(steps).unwrap() / 2, "{done} of {steps} steps did something");
        }
    }
}
