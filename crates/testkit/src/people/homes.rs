//! Homes and who lives in them: single people, couples, families with children and twins, grandparents, fathers and sons
//! of one name, people who only share a house. A block of neighbours is made at once from its number alone.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use terms::Date;

use super::names::{Origin, given, origin, surname};
use super::places::{Place, landline, mobile, place};
use super::{Population, SimulatedPerson, nhs_number};

/// People in a block; the homes of two blocks are one street.
pub(super) const BLOCK: u64 = 24;
/// The year in which the simulation stands.
const THIS_YEAR: i16 = 2026;

/// Who lives in a home, before they have addresses.
struct Member {
    given: Vec<String>,
    surname: String,
    birth_surname: Option<String>,
    is_female: bool,
    born: Date,
}

/// Everybody of a block.
pub(super) fn block(population: &Population, block: u64) -> Vec<SimulatedPerson> {
    let mut random = population.random(1, block);
    let mut people = Vec::with_capacity(BLOCK as usize);
    let mut homes = 0;
    while people.len() < BLOCK as usize {
        let home = block * BLOCK + homes;
        let place = place(block / 2, block % 2 * BLOCK + homes, &mut random);
        let landline = random.random_bool(0.55).then(|| landline(&mut random));
        let mut members = members(&mut random);
        members.truncate(BLOCK as usize - people.len());
        for member in members {
            let number = block * BLOCK + people.len() as u64;
            people.push(person(number, home, member, &place, landline.clone(), &mut random));
        }
        homes += 1;
    }
    people
}

fn person(
    number: u64,
    home: u64,
    member: Member,
    place: &Place,
    landline: Option<String>,
    random: &mut ChaCha8Rng,
) -> SimulatedPerson {
    let Member { given, surname, birth_surname, is_female, born } = member;
    let has_mobile = random.random_bool(if born.year() > THIS_YEAR - 12 { 0.02 } else { 0.8 });
    SimulatedPerson {
        number,
        home,
        given,
        surname,
        birth_surname,
        is_female,
        born,
        nhs_number: nhs_number(number),
        line: place.line.clone(),
        town: place.town.clone(),
        postcode: place.postcode.clone(),
        landline,
        mobile: has_mobile.then(|| mobile(random)),
    }
}

fn members(random: &mut ChaCha8Rng) -> Vec<Member> {
    let origin = origin(random);
    match random.random_range(0..100) {
        0..28 => vec![adult(origin, random)],
        28..57 => couple(origin, random),
        57..83 => family(origin, random),
        83..90 => lone_parent(origin, random),
        90..92 => namesakes(origin, random),
        92..95 => with_grandparent(origin, random),
        _ => sharers(random),
    }
}

fn date(year: i16, random: &mut ChaCha8Rng) -> Date {
    let (month, day) = (random.random_range(1..=12), random.random_range(1..=31));
    // A day that the month lacks becomes its 28th.
    Date::new(year, month, day).or_else(|_| Date::new(year, month, 28)).unwrap_or(Date::MIN)
}

fn member(origin: Origin, surname: String, is_female: bool, year: i16, random: &mut ChaCha8Rng) -> Member {
    let given = given(origin, is_female, year, random);
    Member { given, surname, birth_surname: None, is_female, born: date(year, random) }
}

fn adult(origin: Origin, random: &mut ChaCha8Rng) -> Member {
    let year = THIS_YEAR - random.random_range(19..=95);
    member(origin, surname(origin, random), random.random_bool(0.52), year, random)
}

/// Two adults; of four couples three bear one surname, and she had another before.
fn couple(origin: Origin, random: &mut ChaCha8Rng) -> Vec<Member> {
    let is_first_female = random.random_bool(0.5);
    let first =
        member(origin, surname(origin, random), is_first_female, THIS_YEAR - random.random_range(22..=92), random);
    let is_second_female = if random.random_bool(0.97) { !is_first_female } else { is_first_female };
    let year = (first.born.year() + random.random_range(-6..=6)).min(THIS_YEAR - 19);
    let mut second = member(origin, surname(origin, random), is_second_female, year, random);
    if random.random_bool(0.75) {
        second.birth_surname = Some(std::mem::replace(&mut second.surname, first.surname.clone()));
    }
    vec![first, second]
}

fn family(origin: Origin, random: &mut ChaCha8Rng) -> Vec<Member> {
    let mut members = couple(origin, random);
    let youngest_parent = members.iter().map(|member| member.born.year()).max().unwrap_or(THIS_YEAR - 30);
    let shared = members[0].surname.clone();
    members.extend(children(origin, &shared, youngest_parent, random));
    members
}

fn lone_parent(origin: Origin, random: &mut ChaCha8Rng) -> Vec<Member> {
    let year = THIS_YEAR - random.random_range(20..=55);
    let parent = member(origin, surname(origin, random), random.random_bool(0.85), year, random);
    let children = children(origin, &parent.surname, year, random);
    std::iter::once(parent).chain(children).collect()
}

/// One to four children, fewer than one birth in fifty of twins, one or more years apart. Grown children live at home
/// until thirty.
fn children(origin: Origin, family: &str, parent: i16, random: &mut ChaCha8Rng) -> Vec<Member> {
    let mut children: Vec<Member> = Vec::new();
    let count = [1, 1, 2, 2, 2, 3, 3, 4][random.random_range(0..8)];
    let mut year = (parent + random.random_range(19..=36)).clamp(THIS_YEAR - 30, THIS_YEAR);
    while children.len() < count && year <= THIS_YEAR {
        let first = member(origin, family.to_owned(), random.random_bool(0.49), year.min(THIS_YEAR - 1), random);
        let born = first.born;
        let is_alike = random.random_bool(0.5);
        let twin_sex = if is_alike { first.is_female } else { !first.is_female };
        let name = first.given[0].clone();
        children.push(first);
        if random.random_bool(0.016) {
            let mut twin = member(origin, family.to_owned(), twin_sex, year.min(THIS_YEAR - 1), random);
            while twin.given[0] == name {
                twin = member(origin, family.to_owned(), twin_sex, year.min(THIS_YEAR - 1), random);
            }
            children.push(Member { born, ..twin });
        }
        year += random.random_range(1..=4);
    }
    children
}

/// A father, a mother, and a grown son with his father's first name.
fn namesakes(origin: Origin, random: &mut ChaCha8Rng) -> Vec<Member> {
    let mut members = couple(origin, random);
    let Some(father) = members.iter().position(|member| !member.is_female) else { return members };
    let (name, family) = (members[father].given[0].clone(), members[father].surname.clone());
    let year = (members[father].born.year() + random.random_range(20..=38)).min(THIS_YEAR - 1);
    let mut son = member(origin, family, false, year, random);
    son.given[0] = name;
    members.push(son);
    members
}

fn with_grandparent(origin: Origin, random: &mut ChaCha8Rng) -> Vec<Member> {
    let mut members = family(origin, random);
    let year = (members[0].born.year() - random.random_range(20..=36)).max(THIS_YEAR - 104);
    let (name, is_female) = (members[0].surname.clone(), random.random_bool(0.7));
    members.push(member(origin, name, is_female, year, random));
    members
}

fn sharers(random: &mut ChaCha8Rng) -> Vec<Member> {
    let count = random.random_range(2..=5);
    let grown = |random: &mut ChaCha8Rng| {
        let origin = origin(random);
        let year = THIS_YEAR - random.random_range(19..=40);
        member(origin, surname(origin, random), random.random_bool(0.5), year, random)
    };
    (0..count).map(|_| grown(random)).collect()
}
