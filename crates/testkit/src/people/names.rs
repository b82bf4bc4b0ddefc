//! Names of many origins, drawn with the skew of real lists: a few that every tenth person has, a long tail that hardly
//! anybody shares. Common names are common words of their language; rare surnames are put together from parts.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::name_lists::{
    AFRICAN, AFRICAN_MEN, AFRICAN_WOMEN, EAST_ASIAN, EAST_ASIAN_MEN, EAST_ASIAN_WOMEN, ENGLISH, ENGLISH_FIRST,
    ENGLISH_LAST, ENGLISH_MEN, ENGLISH_WOMEN, INDIAN, INDIAN_MEN, INDIAN_WOMEN, MUSLIM_MEN, MUSLIM_WOMEN, POLISH,
    POLISH_FIRST, POLISH_LAST, POLISH_MEN, POLISH_WOMEN, SOUTH_ASIAN_MUSLIM,
};

/// Where a family's names come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Origin(usize);

/// The names of one origin: each list runs from the most to the least common.
struct Names {
    /// Of a thousand families.
    share: u32,
    surnames: &'static [&'static str],
    /// First and last parts of further surnames, and how many of a hundred families bear one of them.
    parts: (&'static [&'static str], &'static [&'static str], u32),
    /// Given names of women and men, the older generation first.
    women: [&'static [&'static str]; 2],
    men: [&'static [&'static str]; 2],
}

const ORIGINS: &[Names] = &[
    Names {
        share: 760,
        surnames: ENGLISH,
        parts: (ENGLISH_FIRST, ENGLISH_LAST, 48),
        women: ENGLISH_WOMEN,
        men: ENGLISH_MEN,
    },
    Names { share: 85, surnames: SOUTH_ASIAN_MUSLIM, parts: (&[], &[], 0), women: MUSLIM_WOMEN, men: MUSLIM_MEN },
    Names { share: 50, surnames: INDIAN, parts: (&[], &[], 0), women: INDIAN_WOMEN, men: INDIAN_MEN },
    Names { share: 45, surnames: AFRICAN, parts: (&[], &[], 0), women: AFRICAN_WOMEN, men: AFRICAN_MEN },
    Names { share: 40, surnames: POLISH, parts: (POLISH_FIRST, POLISH_LAST, 60), women: POLISH_WOMEN, men: POLISH_MEN },
    Names { share: 20, surnames: EAST_ASIAN, parts: (&[], &[], 0), women: EAST_ASIAN_WOMEN, men: EAST_ASIAN_MEN },
];

/// Of a list from the most to the least common: the first is about fifty times as common as the last.
fn skewed<'n>(names: &[&'n str], random: &mut ChaCha8Rng) -> &'n str {
    let place = random.random::<f64>().powf(1.6) * names.len() as f64;
    names[(place as usize).min(names.len() - 1)]
}

/// Where the names of a family come from.
pub(super) fn origin(random: &mut ChaCha8Rng) -> Origin {
    let mut place = random.random_range(0..1000);
    for (at, names) in ORIGINS.iter().enumerate() {
        if place < names.share {
            return Origin(at);
        }
        place -= names.share;
    }
    Origin(0)
}

/// A surname; one in forty is of two.
pub(super) fn surname(origin: Origin, random: &mut ChaCha8Rng) -> String {
    let one = single_surname(origin, random);
    if random.random_bool(0.025) { format!("{one}-{}", single_surname(origin, random)) } else { one }
}

fn single_surname(origin: Origin, random: &mut ChaCha8Rng) -> String {
    let Names { surnames, parts: (first, last, share), .. } = &ORIGINS[origin.0];
    if random.random_range(0..100) < *share {
        return format!("{}{}", skewed(first, random), skewed(last, random));
    }
    skewed(surnames, random).to_owned()
}

/// One to three given names for somebody born in this year.
pub(super) fn given(origin: Origin, is_female: bool, year: i16, random: &mut ChaCha8Rng) -> Vec<String> {
    let names = &ORIGINS[origin.0];
    let lists = if is_female { names.women } else { names.men };
    // Fashion turns slowly: the nearer to 1975, the likelier a name of the other generation.
    let is_younger = random.random_bool(((f64::from(year) - 1940.0) / 70.0).clamp(0.03, 0.97));
    let list = lists[usize::from(is_younger)];
    let count = match random.random_range(0..100) {
        0..35 => 1,
        35..92 => 2,
        _ => 3,
    };
    let mut given: Vec<String> = Vec::new();
    while given.len() < count {
        let name = skewed(list, random);
        if !given.iter().any(|other| other == name) {
            given.push(name.to_owned());
        }
    }
    given
}
