//! People, invented by the million: the same for the same seed and number, in any order, without keeping any of them.
//!
//! Homes with relatives, twins, and fathers and sons of one name; names of many origins with the few common and the many
//! rare ones that real lists have; NHS numbers of the 999 range; telephone numbers that Ofcom keeps for drama; postcodes
//! of areas that do not exist. Nobody in it lives. `records` writes them down as hospitals do: twice, and with faults.

mod homes;
mod name_lists;
mod names;
mod places;
mod records;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use terms::{Date, NhsNumber};

pub use records::{FAULT_COUNTS, FAULTS, Fault, Record, Registry};

/// People of one seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Population {
    seed: u64,
}

/// One invented person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedPerson {
    /// Which of the population.
    pub number: u64,
    /// The home: people with one number live together.
    pub home: u64,
    /// Given names in order.
    pub given: Vec<String>,
    /// The surname in use.
    pub surname: String,
    /// The surname at birth, where it was another.
    pub birth_surname: Option<String>,
    /// Female, else male.
    pub is_female: bool,
    /// Date of birth.
    pub born: Date,
    /// Of the 999 range, no two people's the same. Nobody has one after the millionth person, and one in eleven before
    /// has none: the range holds no more.
    pub nhs_number: Option<NhsNumber>,
    /// Number and street.
    pub line: String,
    /// Town.
    pub town: String,
    /// Postcode, of an area that does not exist.
    pub postcode: String,
    /// Shared by the home.
    pub landline: Option<String>,
    /// Of their own, though the drama range is so small that others have it too.
    pub mobile: Option<String>,
}

impl Population {
    /// The population of a seed.
    pub fn new(seed: u64) -> Population {
        Population { seed }
    }

    /// One person. Walking through all is 24 times as fast by [`Population::people`].
    pub fn person(&self, number: u64) -> SimulatedPerson {
        let mut block = homes::block(self, number / homes::BLOCK);
        block.swap_remove((number % homes::BLOCK) as usize)
    }

    /// Everybody in order, without end.
    pub fn people(&self) -> impl Iterator<Item = SimulatedPerson> + use<> {
        let population = *self;
        (0..).flat_map(move |block| homes::block(&population, block))
    }

    /// A generator for a purpose and a number, the same each time.
    fn random(&self, purpose: u64, number: u64) -> ChaCha8Rng {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&purpose.to_le_bytes());
        seed[16..24].copy_from_slice(&number.to_le_bytes());
        ChaCha8Rng::from_seed(seed)
    }
}

/// The number of the 999 range that a person has: every person another.
fn nhs_number(number: u64) -> Option<NhsNumber> {
    // 618,033 has no factor in common with a million, so that no serial comes twice.
    let serial = (number < 1_000_000).then_some((number * 618_033 + 271_828) % 1_000_000)?;
    NhsNumber::synthetic(serial as u32)
}

#[cfg(test)]
mod tests;
