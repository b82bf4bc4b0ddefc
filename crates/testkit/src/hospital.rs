//! A whole hospital, simulated: arrivals, triage, admissions, moves, leave, births, discharges, deaths, staff on shifts,
//! and the mistakes that people make, which `planted/defects.toml` lists. Pure and seeded.
//!
//! Tour: [`World`] is what is so now, read from resources or kept up by [`World::apply`]; [`Hospital::next`] draws what
//! happens next and when. Each kind of happening has a rate that follows from who is there, so the hospital neither
//! empties nor overflows, and nothing is remembered but the world. What happens is an [`administration::Command`], a set
//! of observations or what another system sends; it is carried out on a record in this process ([`drive`]) or through the
//! forms (the program `simulate`). Rates are rough figures of an English acute hospital: stays of four and a half days,
//! nine beds in ten in use, one attendance in four admitted.

mod apply;
mod build;
pub mod drive;
mod emergency;
mod events;
mod lists;
mod people;
mod planted;
mod vitals;
mod wards;
mod world;
mod write;

use administration::Command;
use administration::merging::Pair;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha12Rng;
use terms::Moment;

pub use build::Built;
pub use people::patient_text;
pub use planted::{Defect, defects};
pub use vitals::{Vitals, alert, bundle, observation_texts};
pub use world::{Attending, Bed, BedIs, Expected, Inpatient, PairState, Stage, World};

/// Milliseconds of an hour.
pub const HOUR_MS: i64 = 3_600_000;
/// Milliseconds of a minute.
pub const MINUTE_MS: i64 = 60_000;
/// Milliseconds of a day.
pub const DAY_MS: i64 = 24 * HOUR_MS;
/// The first number of the population whom no hospital knows when it begins.
const FIRST_NEW: u64 = 100_000;
/// How many draws may come to nothing before the hospital counts as standing still.
const MOST_DRAWS: usize = 100_000;

/// Who does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// A ward's or the department's clerk.
    Clerk,
    /// A nurse or doctor.
    Clinician,
    /// The first and the second of the patient index, who merge together.
    Index(u8),
    /// Another system.
    System,
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Somebody does something.
    Command(Command),
    /// Somebody does something and takes it back at once.
    Slip(Command),
    /// A set of observations of a patient in a stay or an attendance.
    Observed(Vitals),
    /// Another system sends resources.
    Sent(Vec<String>),
    /// Two records that were merged are taken apart, and what was written meanwhile is given to one of them.
    TakenApart(Pair, String),
}

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// When it is told.
    pub at: Moment,
    /// By whom.
    pub hand: Hand,
    /// What.
    pub what: What,
    /// The defect that it plants, a code of [`defects`].
    pub planted: Option<&'static str>,
}

/// How lively the hospital is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Times real speed: all rates are multiplied by it.
    pub speed: f64,
    /// Times the usual number of sets of observations.
    pub observations: f64,
    /// Times the usual number of planted defects and of merges.
    pub defects: f64,
    /// Whether what only another system can send happens too.
    pub with_feeds: bool,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { speed: 1.0, observations: 1.0, defects: 1.0, with_feeds: true }
    }
}

/// The simulator.
pub struct Hospital {
    random: ChaCha12Rng,
    pace: Pace,
    /// What new ids begin with.
    prefix: String,
    made: u64,
    population: crate::people::Population,
    /// The number of the first new person.
    first: u64,
}

/// What a kind of happening draws from.
pub(crate) struct Scene<'s> {
    pub(crate) world: &'s World,
    pub(crate) random: &'s mut ChaCha12Rng,
    pub(crate) pace: Pace,
    prefix: &'s str,
    made: &'s mut u64,
    pub(crate) population: crate::people::Population,
    first: u64,
}

/// A kind of happening: how often it is in an hour as the world is, and what it comes to.
pub(crate) struct Kind {
    pub(crate) per_hour: fn(&World, Pace) -> f64,
    pub(crate) make: fn(&mut Scene<'_>) -> Option<Made>,
}

/// What was drawn, before it has its moment.
pub(crate) type Made = (Hand, What, Option<&'static str>);

impl Hospital {
    /// The hospital of a seed.
    pub fn new(seed: u64, pace: Pace) -> Hospital {
        Hospital {
            random: ChaCha12Rng::seed_from_u64(seed),
            pace,
            prefix: format!("sim{seed}"),
            made: 0,
            population: crate::people::Population::new(seed),
            first: FIRST_NEW + seed.wrapping_mul(7_919) % (1_000_000 - 2 * FIRST_NEW),
        }
    }

    /// What happens next in a world that stands as it does; the world's clock is put to its moment.
    ///
    /// # Panics
    /// Nothing can happen: a world without beds and departments.
    pub fn next(&mut self, world: &mut World) -> Happening {
        for _ in 0..MOST_DRAWS {
            if let Some((hand, what, planted)) = self.draw(world) {
                return Happening { at: world.now, hand, what, planted };
            }
        }
        panic!("nothing happens in this hospital");
    }

    /// Draws once: puts the clock to when it happens, and says what; `None` when nobody is there for it.
    fn draw(&mut self, world: &mut World) -> Option<Made> {
        let kinds = || [emergency::KINDS, wards::KINDS, lists::KINDS, events::KINDS].into_iter().flatten();
        let pace = self.pace;
        let rates: Vec<(f64, &Kind)> = kinds().map(|kind| ((kind.per_hour)(world, pace) * pace.speed, kind)).collect();
        let all: f64 = rates.iter().map(|(rate, _)| rate).sum();
        let hours = -f64::ln(1.0 - self.random.random::<f64>()) / all.max(1e-9);
        let mut place = self.random.random::<f64>() * all;
        let mut drawn = rates.last().map(|(_, kind)| *kind);
        for (rate, kind) in &rates {
            if place < *rate {
                drawn = Some(kind);
                break;
            }
            place -= rate;
        }
        world.tick(Moment(world.now.0 + (hours * HOUR_MS as f64) as i64));
        let mut scene = Scene {
            world,
            random: &mut self.random,
            pace,
            prefix: &self.prefix,
            made: &mut self.made,
            population: self.population,
            first: self.first,
        };
        (drawn?.make)(&mut scene)
    }
}

impl Scene<'_> {
    /// A new id.
    pub(crate) fn id(&mut self) -> String {
        *self.made += 1;
        format!("{}-{}", self.prefix, self.made)
    }

    /// A number for a new person: no two people of one hospital have the same, and none of those who were known before.
    pub(crate) fn number(&mut self) -> u64 {
        *self.made += 1;
        self.first + *self.made
    }

    /// One of a list; `None` of an empty one.
    pub(crate) fn one<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        (!of.is_empty()).then(|| of[self.random.random_range(0..of.len())].clone())
    }

    /// One of what an iterator gives.
    pub(crate) fn one_of<'i, T: 'i>(&mut self, of: impl Iterator<Item = &'i T>) -> Option<&'i T> {
        let all: Vec<&T> = of.collect();
        self.one(&all)
    }

    /// True so often in a thousand.
    pub(crate) fn is_one_in_thousand(&mut self, times: f64) -> bool {
        self.random.random::<f64>() * 1000.0 < times
    }

    /// True as often as the list of defects says, at this pace.
    pub(crate) fn plants(&mut self, code: &'static str) -> bool {
        let times = planted::per_thousand(code) * self.pace.defects;
        self.is_one_in_thousand(times)
    }

    /// The world's now.
    pub(crate) fn now(&self) -> Moment {
        self.world.now
    }
}

#[cfg(test)]
mod tests;
