//! What is so in a hospital at a moment, as the simulator sees it: beds, who is in them, who is expected, who is in the
//! emergency department, who could come.
//!
//! Read from resources by [`World::see`], as any FHIR client could; kept up without reading by `apply`. A test compares
//! the two. Holds no names: those are in the resources.

use std::collections::{BTreeMap, BTreeSet};

use administration::emergency::Attendance;
use administration::merging::Pair;
use administration::places::{BedStatus, Place, PlaceKind};
use administration::stays::{PlaceTime, PlaceUse, Stay, StayState};
use fhir::read::{items, text};
use fhir::{Document, Limits, Node};
use terms::{Date, Moment, local_date};

/// How a bed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BedIs {
    /// Clean.
    Clean,
    /// Somebody left it.
    Dirty,
    /// Nobody may be put into it.
    Closed,
}

/// A bed, a cot or a cubicle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bed {
    /// Its Location.
    pub id: String,
    /// The ward or department.
    pub ward: String,
    /// Whom it is for, when it is for one sex: female or not.
    pub is_female: Option<bool>,
    /// How it is.
    pub is: BedIs,
    /// Its kind.
    pub kind: PlaceKind,
}

/// Somebody in hospital.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inpatient {
    /// The Patient that the stay names.
    pub patient: String,
    /// Female, else not.
    pub is_female: bool,
    /// Where they were since when, oldest first.
    pub arrivals: Vec<(Moment, String)>,
    /// Nothing that is told of them now may have been before this.
    pub last: Moment,
    /// While they are on leave: whether the bed is kept.
    pub away: Option<bool>,
    /// Whether they are in a place of their own; else they are without a bed, whatever they claim.
    pub has_bed: bool,
    /// A bed that is kept for them while they are in another place.
    pub kept: Option<String>,
    /// Whether a day of discharge is expected.
    pub has_expected_end: bool,
    /// Whether they are ready to leave.
    pub is_ready: bool,
}

/// Somebody who is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The Patient.
    pub patient: String,
    /// Female, else not.
    pub is_female: bool,
    /// From the emergency department.
    pub attendance: Option<String>,
    /// The day to come in, of a planned one.
    pub day: Option<Date>,
    /// The bed that is kept.
    pub kept: Option<String>,
    /// When it was decided.
    pub decided: Moment,
}

/// Somebody in the emergency department, or on the way there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attending {
    /// The Patient; nobody knows who an ambulance brings.
    pub patient: Option<String>,
    /// Female, else not.
    pub is_female: bool,
    /// The department.
    pub department: String,
    /// Where.
    pub place: String,
    /// When they came, or are due.
    pub since: Moment,
    /// Whether they are still on the way.
    pub is_due: bool,
    /// By ambulance, and not handed over yet.
    pub waits_for_handover: bool,
    /// Whether there is a triage category.
    pub is_triaged: bool,
    /// Whether there was a first assessment.
    pub is_assessed: bool,
    /// Whether a clinician has them.
    pub has_clinician: bool,
    /// The expected stay, since it was decided to admit them.
    pub decided: Option<String>,
}

/// Two records that are asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairState {
    /// The one that stays.
    pub survivor: String,
    /// How far it is.
    pub stage: Stage,
    /// Whether they are two people.
    pub is_wrong: bool,
}

/// How far a pair is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nobody has asked yet.
    Known,
    /// One person asked for the merge.
    Asked,
    /// Merged.
    Merged,
    /// Taken apart, or never to be merged.
    Over,
}

/// What is so.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct World {
    /// The clock; set by [`World::tick`], which knows the hour and the day with it.
    pub now: Moment,
    hour: u32,
    today: Date,
    /// Beds, cots and cubicles that are in use, by id.
    pub beds: BTreeMap<String, Bed>,
    /// Wards that have beds.
    pub wards: BTreeSet<String>,
    /// Wards for women who give birth.
    pub maternity: BTreeSet<String>,
    /// Emergency departments, with the places of each that hold many.
    pub departments: BTreeMap<String, Vec<String>>,
    /// Doctors and nurses: reference and name.
    pub staff: Vec<(String, String)>,
    /// Live stays by Encounter.
    pub inpatients: BTreeMap<String, Inpatient>,
    /// Expected stays by Encounter.
    pub expected: BTreeMap<String, Expected>,
    /// Attendances by Encounter.
    pub attendances: BTreeMap<String, Attending>,
    /// Everybody who lives and has a record that was not merged away: whether they are female.
    pub people: BTreeMap<String, bool>,
    /// Who died.
    pub dead: BTreeSet<String>,
    /// Stays that ended.
    pub ended: BTreeSet<String>,
    /// Patients who have or had a stay.
    pub stayed: BTreeSet<String>,
    /// Stays in which a child was born.
    pub delivered: BTreeSet<String>,
    /// Detentions in force, by Flag: whose, since when. They are not in what a world is read from.
    pub detained: BTreeMap<String, (String, Moment)>,
    /// Pairs that are asked about.
    pub pairs: BTreeMap<Pair, PairState>,
}

impl World {
    /// What resources say, at a moment: Locations, Practitioners, Patients, Encounters, in any order. Others are passed over.
    pub fn see<'t>(texts: impl IntoIterator<Item = &'t [u8]>, now: Moment) -> World {
        let mut seen = Seen::default();
        for text in texts {
            if let Ok(document) = Document::parse(text, &Limits::default()) {
                seen.take(document.root());
            }
        }
        seen.world(now)
    }

    /// Beds, cots and cubicles that somebody has or that are kept for somebody.
    pub fn taken(&self) -> BTreeSet<&str> {
        let inpatients = self.inpatients.values().filter(|of| of.has_bed).filter_map(Inpatient::place);
        let kept = self.expected.values().filter_map(|of| of.kept.as_deref());
        let kept = kept.chain(self.inpatients.values().filter_map(|of| of.kept.as_deref()));
        let attending = self.attendances.values().map(|of| of.place.as_str());
        inpatients.chain(kept).chain(attending).collect()
    }

    /// Clean beds of wards that are free, for somebody of a sex.
    pub fn free_beds(&self, is_female: bool) -> Vec<&Bed> {
        let taken = self.taken();
        let fits = |bed: &&Bed| bed.is_female.is_none_or(|is| is == is_female);
        let is_fit = |bed: &&Bed| is_female || !self.maternity.contains(&bed.ward);
        let beds = self.ward_beds().filter(|bed| bed.is == BedIs::Clean && !taken.contains(bed.id.as_str()));
        beds.filter(fits).filter(is_fit).collect()
    }

    /// The beds of wards, without cots.
    pub fn ward_beds(&self) -> impl Iterator<Item = &Bed> {
        self.beds.values().filter(|bed| bed.kind == PlaceKind::Bed && self.wards.contains(&bed.ward))
    }

    /// How much of the wards is in use: 1 is every bed.
    pub fn occupancy(&self) -> f64 {
        let beds = self.ward_beds().filter(|bed| bed.is != BedIs::Closed).count().max(1);
        self.inpatients.len() as f64 / beds as f64
    }

    /// Whether somebody is in hospital, in the department or expected.
    pub fn is_busy(&self, patient: &str) -> bool {
        self.inpatients.values().any(|of| of.patient == patient)
            || self.expected.values().any(|of| of.patient == patient)
            || self.attendances.values().any(|of| of.patient.as_deref() == Some(patient))
    }

    /// Whether somebody has or had a stay.
    pub fn has_stayed(&self, patient: &str) -> bool {
        self.stayed.contains(patient)
    }

    /// The ward of a place.
    pub fn ward_of<'w>(&'w self, place: &'w str) -> &'w str {
        self.beds.get(place).map_or(place, |bed| bed.ward.as_str())
    }

    /// Sets the clock.
    pub fn tick(&mut self, now: Moment) {
        let today = local_date(now);
        let since = now.0 - terms::start_of_day(today).0;
        self.hour = u32::try_from(since.div_euclid(super::HOUR_MS).clamp(0, 23)).unwrap_or(0);
        (self.now, self.today) = (now, today);
    }

    /// The local hour of the day.
    pub fn hour(&self) -> u32 {
        self.hour
    }

    /// The local day.
    pub fn today(&self) -> Date {
        self.today
    }
}

impl Inpatient {
    /// Where they are.
    pub fn place(&self) -> Option<&str> {
        self.arrivals.last().map(|(_, place)| place.as_str())
    }

    /// Whether they are here and not on leave.
    pub fn is_present(&self) -> bool {
        self.away.is_none()
    }
}

/// What is collected before it is put together.
#[derive(Default)]
struct Seen {
    places: BTreeMap<String, Place>,
    staff: Vec<(String, String)>,
    genders: BTreeMap<String, bool>,
    dead: BTreeSet<String>,
    gone: BTreeSet<String>,
    stays: Vec<Stay>,
    attendances: Vec<Attendance>,
}

impl Seen {
    fn take(&mut self, root: Node<'_, '_>) {
        let id = text(root, "id").unwrap_or_default();
        match text(root, "resourceType").as_deref() {
            Some("Location") => drop(self.places.insert(id, Place::of(root))),
            Some("Practitioner") => {
                let name = items(root, "name").find_map(|name| text(name, "text"));
                self.staff.extend(name.map(|name| (format!("Practitioner/{id}"), name)));
            }
            Some("Patient") => {
                let is_gone = items(root, "link").any(|link| text(link, "type").as_deref() == Some("replaced-by"));
                if is_gone {
                    self.gone.insert(id.clone());
                }
                let is_dead = root.get("deceasedDateTime").is_some()
                    || root.get("deceasedBoolean").is_some_and(|is| is.raw_text() == "true");
                if is_dead {
                    self.dead.insert(id.clone());
                }
                self.genders.insert(id, text(root, "gender").as_deref() == Some("female"));
            }
            Some("Encounter") => match Attendance::of(root) {
                Some(attendance) => self.attendances.push(attendance),
                None => self.stays.push(Stay::of(root)),
            },
            _ => {}
        }
    }

    /// The ward or department that a place lies in.
    fn ward_of(&self, id: &str) -> Option<&Place> {
        let mut here = self.places.get(id)?;
        for _ in 0..8 {
            if here.kind.is_ward() || here.kind == PlaceKind::EmergencyDepartment {
                return Some(here);
            }
            here = self.places.get(here.part_of.as_deref()?)?;
        }
        None
    }

    fn world(self, now: Moment) -> World {
        let mut world = World { staff: self.staff.clone(), ..World::default() };
        world.tick(now);
        for place in self.places.values().filter(|place| place.is_active) {
            let Some(ward) = self.ward_of(&place.id) else { continue };
            self.see_place(place, ward, &mut world);
        }
        for stay in self.stays.iter().filter(|stay| stay.is_inpatient) {
            self.see_stay(stay, &mut world);
        }
        for attendance in &self.attendances {
            self.see_attendance(attendance, &mut world);
        }
        world.staff.sort();
        let is_alive = |id: &&String| !self.dead.contains(*id) && !self.gone.contains(*id);
        world.people = self.genders.keys().filter(is_alive).map(|id| (id.clone(), self.genders[id])).collect();
        world.dead = self.dead;
        world
    }

    fn see_place(&self, place: &Place, ward: &Place, world: &mut World) {
        let is_department = ward.kind == PlaceKind::EmergencyDepartment;
        if is_department {
            let many = world.departments.entry(ward.id.clone()).or_default();
            if matches!(place.kind, PlaceKind::Area | PlaceKind::Corridor) {
                many.push(place.id.clone());
            }
        }
        if !place.kind.holds_one() {
            return;
        }
        let is_bed_ward = matches!(ward.kind, PlaceKind::Ward | PlaceKind::AssessmentUnit | PlaceKind::CriticalCare);
        if is_bed_ward {
            world.wards.insert(ward.id.clone());
        }
        // Obstetrics and midwifery (treatment functions 501, 560).
        if matches!(ward.treatment_function.as_deref(), Some("501" | "560")) {
            world.maternity.insert(ward.id.clone());
        }
        let room = place.part_of.as_ref().and_then(|room| self.places.get(room));
        let sex = place.sex.as_deref().or(room.and_then(|room| room.sex.as_deref()));
        let bed = Bed {
            id: place.id.clone(),
            ward: ward.id.clone(),
            is_female: sex.filter(|sex| *sex != "mixed").map(|sex| sex == "female"),
            is: match place.bed.status {
                BedStatus::Available | BedStatus::Compromised => BedIs::Clean,
                BedStatus::Vacated => BedIs::Dirty,
                BedStatus::Closed => BedIs::Closed,
            },
            kind: place.kind,
        };
        world.beds.insert(place.id.clone(), bed);
    }

    fn is_female(&self, patient: &str) -> bool {
        self.genders.get(patient).copied().unwrap_or(false)
    }

    fn see_stay(&self, stay: &Stay, world: &mut World) {
        let patient = stay.patient.clone().unwrap_or_default();
        let is_female = self.is_female(&patient);
        let started = stay.started.as_ref().map(|at| at.lower());
        if stay.state.is_live() || stay.state == StayState::Discharged {
            world.stayed.insert(patient.clone());
        }
        match stay.state {
            StayState::Expected => {
                let expected = Expected {
                    patient,
                    is_female,
                    attendance: stay.attendance.clone(),
                    day: stay.request.tci().map(|tci| local_date(tci.lower())),
                    kept: stay.reserved().map(|kept| kept.place.clone()),
                    decided: stay.request.decided.as_ref().map_or(world.now, |at| at.lower()),
                };
                world.expected.insert(stay.id.clone(), expected);
            }
            StayState::Present | StayState::OnLeave => {
                // Another system may not say since when.
                let since = |place: &PlaceTime| place.from.as_ref().map(|from| from.lower()).or(started);
                let been = stay.places.iter().filter(|place| matches!(place.is, PlaceUse::Active | PlaceUse::Past));
                let arrivals: Vec<(Moment, String)> =
                    been.map(|place| (since(place).unwrap_or(world.now), place.place.clone())).collect();
                let here = stay.place().map(|place| place.place.clone()).unwrap_or_default();
                let is_bed = self.places.get(&here).is_some_and(|place| place.kind.is_bed());
                let away = stay.leaves.last().filter(|_| stay.state == StayState::OnLeave);
                let leaves = stay.leaves.iter().flat_map(|away| [Some(away.from), away.to]).flatten();
                let last = arrivals.iter().map(|(at, _)| *at).chain(leaves).chain(started).max();
                let inpatient = Inpatient {
                    patient,
                    is_female,
                    arrivals,
                    last: last.unwrap_or(world.now),
                    away: away.map(|away| away.keeps_bed.unwrap_or(true)),
                    has_bed: is_bed && !stay.no_bed_yet,
                    kept: stay.reserved().map(|kept| kept.place.clone()),
                    has_expected_end: stay.expected_end.is_some(),
                    is_ready: stay.plan.meets_criteria == Some(false),
                };
                world.inpatients.insert(stay.id.clone(), inpatient);
            }
            StayState::Discharged => drop(world.ended.insert(stay.id.clone())),
            StayState::Cancelled | StayState::Mistaken => {}
        }
    }

    fn see_attendance(&self, of: &Attendance, world: &mut World) {
        if !of.is_here() && !of.is_due() {
            return;
        }
        let department = of.department.clone().or_else(|| world.departments.keys().next().cloned());
        let department = department.unwrap_or_default();
        let patient = of.stay.patient.clone();
        let place = of.stay.place().map(|place| place.place.clone());
        let attending = Attending {
            is_female: patient.as_ref().is_some_and(|patient| self.is_female(patient)),
            patient,
            place: place.unwrap_or_else(|| department.clone()),
            department,
            since: of.arrived.unwrap_or(world.now),
            is_due: of.is_due(),
            waits_for_handover: of.mode == Some(administration::emergency::Mode::Ambulance) && of.handed_over.is_none(),
            is_triaged: of.category.is_some(),
            is_assessed: of.assessed.is_some(),
            has_clinician: of.clinician.is_some(),
            decided: of.decision.as_ref().and_then(|decision| decision.stay.clone()),
        };
        world.attendances.insert(of.stay.id.clone(), attending);
    }
}
