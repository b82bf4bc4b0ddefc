//! What the world is after something happened: the simulator's own account of it, which tests compare with the record.
//! Written without the rules' code: from what a ward would say happened.

use administration::Command;
use administration::emergency::{Arrive, Mode, Whose};
use administration::merging::Pair;
use administration::places::BedStatus;
use administration::stays::{Admit, AfterCancelling, MoveToBed, Then};
use terms::Moment;

use super::What;
use super::world::{Attending, BedIs, Expected, Inpatient, PairState, Stage, World};

impl World {
    /// What was done, has happened.
    pub fn apply(&mut self, what: &What) {
        match what {
            What::Command(command) => self.command(command),
            // Whoever was put into a bed by mistake has been in it: it is cleaned.
            What::Slip(Command::MoveToBed(of)) => self.mark(&of.to, BedIs::Dirty),
            What::Slip(_) | What::Observed(_) => {}
            What::Sent(texts) => self.sent(texts),
            What::TakenApart(pair, survivor) => {
                let other = pair.other(survivor).to_owned();
                let is_female = self.people.get(survivor).copied().unwrap_or(false);
                self.people.insert(other, is_female);
                self.stage(pair, Stage::Over);
            }
        }
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::Admit(of) => self.admit(of),
            Command::MoveToBed(of) => self.moved(of),
            Command::Discharge(of) => self.end(&of.stay),
            Command::Death(of) => self.die(&of.patient),
            Command::Leave(of) => {
                let ward = self.inpatients[&of.stay].place().map(|place| self.ward_of(place).to_owned());
                if let Some(ward) = ward.filter(|_| !of.keeps_bed) {
                    self.arrive_at(&of.stay, of.at, &ward, false);
                }
                self.with(&of.stay, |stay| (stay.away, stay.last) = (Some(of.keeps_bed), stay.last.max(of.at)));
            }
            Command::Return(of) => {
                if let Some(place) = &of.place {
                    self.arrive_at(&of.stay, of.at, place, true);
                }
                self.with(&of.stay, |stay| (stay.away, stay.last) = (None, stay.last.max(of.at)));
            }
            Command::CancelMove(of) => self.cancel_move(&of.stay),
            Command::CorrectMove(of) => self.with(&of.stay, |stay| {
                if let Some(last) = stay.arrivals.last_mut() {
                    last.0 = of.to_at;
                }
                stay.last = of.to_at;
            }),
            Command::SetDischargePlan(of) => self.with(&of.stay, |stay| {
                stay.is_ready = of.plan.meets_criteria == Some(false);
                stay.has_expected_end = of.expected_end.is_some();
            }),
            Command::ChangeConsultant(of) => self.with(&of.stay, |stay| stay.last = stay.last.max(of.at)),
            Command::SetBedState(of) => {
                let is = match of.status {
                    BedStatus::Available | BedStatus::Compromised => BedIs::Clean,
                    BedStatus::Vacated => BedIs::Dirty,
                    BedStatus::Closed => BedIs::Closed,
                };
                if let Some(bed) = self.beds.get_mut(&of.bed) {
                    bed.is = is;
                }
            }
            Command::Register(of) => {
                let is_female = of.person.gender == Some(administration::registration::Gender::Female);
                self.people.insert(of.patient.clone(), is_female);
            }
            Command::RegisterNewborn(of) => {
                let is_female = of.gender == Some(administration::registration::Gender::Female);
                self.people.insert(of.patient.clone(), is_female);
                self.delivered.insert(of.stay.clone());
            }
            Command::AskForMerge(of) => {
                let is_wrong = self.pairs.get(&of.pair).is_none_or(|known| known.is_wrong);
                let state = PairState { survivor: of.survivor.clone(), stage: Stage::Asked, is_wrong };
                self.pairs.insert(of.pair.clone(), state);
            }
            Command::AgreeToMerge(of) => {
                if let Some(known) = self.pairs.get(&of.pair) {
                    self.people.remove(of.pair.other(&known.survivor));
                }
                self.stage(&of.pair, Stage::Merged);
            }
            other => {
                self.detention(other);
                self.list(other);
                self.department(other);
            }
        }
    }

    /// Those who are detained.
    fn detention(&mut self, command: &Command) {
        match command {
            Command::Detain(of) => {
                let patient = self.inpatients.get(&of.stay).map(|stay| stay.patient.clone());
                self.detained.extend(patient.map(|patient| (of.id.clone(), (patient, of.from))));
            }
            Command::EndDetention(of) => drop(self.detained.remove(&of.detention)),
            _ => {}
        }
    }

    /// Those who are expected.
    fn list(&mut self, command: &Command) {
        match command {
            Command::RequestAdmission(of) => {
                let is_female = self.people.get(&of.patient).copied().unwrap_or(false);
                let expected = Expected {
                    patient: of.patient.clone(),
                    is_female,
                    attendance: None,
                    day: None,
                    kept: None,
                    decided: of.decided,
                };
                self.expected.insert(of.stay.clone(), expected);
            }
            Command::SetTci(of) => {
                if let Some(expected) = self.expected.get_mut(&of.stay) {
                    expected.day = Some(terms::local_date(of.tci.lower()));
                }
            }
            Command::ReserveBed(of) => {
                if let Some(expected) = self.expected.get_mut(&of.stay) {
                    expected.kept = Some(of.bed.clone());
                }
            }
            Command::CancelAdmission(of) => match of.then {
                AfterCancelling::Leaves(_) => drop(self.expected.remove(&of.stay)),
                AfterCancelling::Waits => {
                    if let Some(expected) = self.expected.get_mut(&of.stay) {
                        (expected.day, expected.kept) = (None, None);
                    }
                }
            },
            _ => {}
        }
    }

    /// The emergency department.
    fn department(&mut self, command: &Command) {
        let here = |world: &mut World, id: &str, change: &dyn Fn(&mut Attending)| {
            if let Some(attending) = world.attendances.get_mut(id) {
                change(attending);
            }
        };
        match command {
            Command::ExpectAmbulance(of) => {
                let attending = Attending {
                    patient: None,
                    is_female: false,
                    department: of.department.clone(),
                    place: of.department.clone(),
                    since: of.due,
                    is_due: true,
                    waits_for_handover: true,
                    is_triaged: false,
                    is_assessed: false,
                    has_clinician: false,
                    decided: None,
                };
                self.attendances.insert(of.attendance.clone(), attending);
            }
            Command::Arrive(of) => self.arrived(of),
            Command::HandOver(of) => here(self, &of.attendance, &|at| at.waits_for_handover = false),
            Command::Triage(of) => here(self, &of.attendance, &|at| at.is_triaged = true),
            Command::AssessFirst(of) => here(self, &of.attendance, &|at| at.is_assessed = true),
            Command::TakeOver(of) => here(self, &of.attendance, &|at| at.has_clinician = true),
            Command::MoveInDepartment(of) => {
                if let Some(from) = self.attendances.get(&of.attendance).map(|at| at.place.clone()) {
                    self.mark(&from, BedIs::Dirty);
                }
                self.mark(&of.to, BedIs::Clean);
                here(self, &of.attendance, &|at| at.place.clone_from(&of.to));
            }
            Command::DecideToAdmit(of) => {
                here(self, &of.attendance, &|at| at.decided = Some(of.stay.clone()));
                let Some(at) = self.attendances.get(&of.attendance) else { return };
                let expected = Expected {
                    patient: at.patient.clone().unwrap_or_default(),
                    is_female: at.is_female,
                    attendance: Some(of.attendance.clone()),
                    day: None,
                    kept: None,
                    decided: of.at,
                };
                self.expected.insert(of.stay.clone(), expected);
            }
            Command::Depart(of) => self.departed(&of.attendance),
            Command::LeaveBeforeSeen(of) => self.departed(&of.attendance),
            _ => {}
        }
    }

    fn arrived(&mut self, of: &Arrive) {
        let patient = match &of.who {
            Whose::Known(patient) => patient.clone(),
            Whose::Unknown(newcomer) => {
                let is_female = newcomer.gender == Some(administration::registration::Gender::Female);
                self.people.insert(newcomer.patient.clone(), is_female);
                newcomer.patient.clone()
            }
        };
        let place = of.place.clone().unwrap_or_else(|| of.department.clone());
        self.mark(&place, BedIs::Clean);
        let attending = Attending {
            is_female: self.people.get(&patient).copied().unwrap_or(false),
            patient: Some(patient),
            department: of.department.clone(),
            place,
            since: of.at,
            is_due: false,
            waits_for_handover: of.mode == Some(Mode::Ambulance),
            is_triaged: false,
            is_assessed: false,
            has_clinician: false,
            decided: None,
        };
        self.attendances.insert(of.attendance.clone(), attending);
    }

    fn departed(&mut self, attendance: &str) {
        if let Some(gone) = self.attendances.remove(attendance) {
            self.mark(&gone.place, BedIs::Dirty);
        }
    }

    fn admit(&mut self, of: &Admit) {
        self.expected.remove(&of.stay);
        let is_bed = self.beds.contains_key(&of.place);
        self.stayed.insert(of.patient.clone());
        let inpatient = Inpatient {
            patient: of.patient.clone(),
            is_female: self.people.get(&of.patient).copied().unwrap_or(false),
            arrivals: vec![(of.at, of.place.clone())],
            last: of.at,
            away: None,
            has_bed: is_bed,
            kept: None,
            has_expected_end: of.expected_end.is_some(),
            is_ready: false,
        };
        self.mark(&of.place, BedIs::Clean);
        self.inpatients.insert(of.stay.clone(), inpatient);
    }

    fn moved(&mut self, of: &MoveToBed) {
        let from = self.inpatients[&of.stay].place().unwrap_or_default().to_owned();
        let is_other = |(id, other): &(&String, &Inpatient)| {
            **id != of.stay && other.has_bed && other.place() == Some(of.to.as_str())
        };
        let other = self.inpatients.iter().find(is_other).map(|(id, _)| id.clone());
        self.arrive_at(&of.stay, of.at, &of.to, true);
        let Some(other) = other else { return };
        let goes = match &of.earlier {
            Some(Then::To(place)) => place.clone(),
            _ => from,
        };
        let came = self.inpatients[&other].arrivals.last().map_or(of.at, |(last, _)| *last);
        self.arrive_at(&other, came.max(of.at), &goes, true);
        self.mark(&of.to, BedIs::Clean);
    }

    /// Somebody has been somewhere since a moment: what they left is to be cleaned, where they are is theirs.
    fn arrive_at(&mut self, stay: &str, at: Moment, place: &str, is_bed: bool) {
        let had = self.inpatients.get(stay).filter(|of| of.has_bed).and_then(Inpatient::place).map(str::to_owned);
        if let Some(left) = had.filter(|left| left != place) {
            self.mark(&left, BedIs::Dirty);
        }
        let is_bed = is_bed && self.beds.contains_key(place);
        self.mark(place, BedIs::Clean);
        self.with(stay, |of| {
            of.arrivals.retain(|(known, _)| *known != at);
            if of.place() != Some(place) {
                of.arrivals.push((at, place.to_owned()));
            }
            (of.has_bed, of.last) = (is_bed, of.last.max(at));
        });
    }

    fn cancel_move(&mut self, stay: &str) {
        let Some(left) = self.inpatients.get_mut(stay).and_then(|of| of.arrivals.pop()) else { return };
        self.mark(&left.1, BedIs::Dirty);
        let here = self.inpatients[stay].place().unwrap_or_default().to_owned();
        let is_bed = self.beds.contains_key(&here);
        self.mark(&here, BedIs::Clean);
        self.with(stay, |of| {
            of.has_bed = is_bed;
            of.last = of.arrivals.last().map_or(of.last, |(at, _)| *at);
        });
    }

    fn end(&mut self, stay: &str) {
        let Some(gone) = self.inpatients.remove(stay) else { return };
        if gone.has_bed {
            self.mark(gone.place().unwrap_or_default(), BedIs::Dirty);
        }
        self.ended.insert(stay.to_owned());
    }

    fn die(&mut self, patient: &str) {
        let stays: Vec<String> =
            self.inpatients.iter().filter(|(_, of)| of.patient == patient).map(|(id, _)| id.clone()).collect();
        stays.iter().for_each(|stay| self.end(stay));
        self.expected.retain(|_, of| of.patient != patient);
        self.detained.retain(|_, (detained, _)| detained != patient);
        self.people.remove(patient);
        self.dead.insert(patient.to_owned());
    }

    /// What another system sent: Patients, and stays that begin.
    fn sent(&mut self, texts: &[String]) {
        let seen = World::see(texts.iter().map(String::as_bytes), self.now);
        let mut new = seen.people.keys();
        if let (Some(first), Some(again), None) = (new.next(), new.next(), new.next()) {
            let (first, again) = if first.ends_with("-again") { (again, first) } else { (first, again) };
            let state = PairState { survivor: first.clone(), stage: Stage::Known, is_wrong: false };
            self.pairs.extend(Pair::of(first, again).map(|pair| (pair, state)));
        }
        self.people.extend(seen.people);
        for (id, mut stay) in seen.inpatients {
            stay.is_female = self.people.get(&stay.patient).copied().unwrap_or(false);
            let place = stay.place().unwrap_or_default().to_owned();
            stay.has_bed = self.beds.contains_key(&place) && !self.taken().contains(place.as_str());
            self.stayed.insert(stay.patient.clone());
            self.inpatients.insert(id, stay);
        }
    }

    fn with(&mut self, stay: &str, change: impl FnOnce(&mut Inpatient)) {
        if let Some(inpatient) = self.inpatients.get_mut(stay) {
            change(inpatient);
        }
    }

    fn stage(&mut self, pair: &Pair, stage: Stage) {
        if let Some(known) = self.pairs.get_mut(pair) {
            known.stage = stage;
        }
    }

    /// A bed's state by who comes and goes; a bed that is closed stays so until somebody says otherwise.
    fn mark(&mut self, bed: &str, is: BedIs) {
        if let Some(bed) = self.beds.get_mut(bed).filter(|bed| bed.is != BedIs::Closed) {
            bed.is = is;
        }
    }
}
