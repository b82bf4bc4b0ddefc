//! How two people agree in each field: a level of the table in `fields`, and how rare a name is that both bear.
//! Says nothing about what an agreement is worth. Every comparison is the same both ways round.

use strsim::jaro_winkler;

use super::demographics::Born;
use super::fields::{FIELDS, Field, MISSING, SAME, address, born, given, nhs_number, phone, postcode, sex, surname};
use super::people::{People, Record, Word, has_digit};

/// Names closer than this are spelt alike (Jaro and Winkler's measure, 0 to 1).
const ALIKE: f64 = 0.85;
/// Father and son can be born on one day of the year: so many years apart, a slip is a level of its own.
const A_GENERATION: u16 = 12;
/// Parts of two addresses' digrams that are shared: the same, mostly, partly.
const ADDRESS_SHARES: [f64; 3] = [0.82, 0.62, 0.42];
/// The weight of the usual frequency against the counted one: so many people.
const USUAL: f64 = 200.0;

/// In one of so many records surname and given name are believed to stand in each other's place.
const EXCHANGED_OF: f64 = 128.0;

/// How two people agree: the level of each field, in the order of `Field::ALL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Pattern {
    pub(super) levels: [u8; FIELDS],
    /// Quarter bits: how rare the surname and the given name are that both bear, or, of two that are nearly the same, the
    /// rarer; 0 where they differ.
    pub(super) rarity: [u8; 2],
}

impl Pattern {
    /// Compares two people.
    pub(super) fn of(people: &People, a: usize, b: usize) -> Pattern {
        let (a, b) = (&people.records[a], &people.records[b]);
        let names = (surnames(people, a, b), given_names(people, a, b));
        let names = exchanged(people, a, b, names);
        let ((surname, rare_surname), (given, rare_given)) = names;
        let levels = [
            surname,
            given,
            births(a.born, b.born),
            sexes(a, b),
            numbers(a, b),
            postcodes(a.postcode, b.postcode),
            addresses(people, a, b),
            phones(a, b),
        ];
        Pattern { levels, rarity: [rare_surname, rare_given] }
    }
}

/// How near two words are; smaller is nearer.
#[derive(PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Nearness {
    Same,
    Slip,
    Sound,
    Alike,
    Different,
}

fn nearness(people: &People, a: Word, b: Word) -> Nearness {
    if a == b {
        return Nearness::Same;
    }
    let (text_a, text_b) = (people.text(a), people.text(b));
    if is_slip(text_a, text_b) {
        return Nearness::Slip;
    }
    if people.sound(a) == people.sound(b) {
        return Nearness::Sound;
    }
    let (letters_a, letters_b) = (people.letters(a), people.letters(b));
    let most = letters_a.count_ones().max(letters_b.count_ones());
    let share_half = (letters_a & letters_b).count_ones() * 2 >= most;
    let may_be_alike = share_half && text_a.len().min(text_b.len()) >= 3;
    // The measure itself is not always the same both ways round.
    let is_alike = || jaro_winkler(text_a, text_b) >= ALIKE && jaro_winkler(text_b, text_a) >= ALIKE;
    if may_be_alike && is_alike() { Nearness::Alike } else { Nearness::Different }
}

fn are_nearly_equal(people: &People, a: Word, b: Word) -> bool {
    a == b || is_slip(people.text(a), people.text(b))
}

/// One letter more, less or other, or two neighbours swapped. Words of one or two letters have too many neighbours.
fn is_slip(a: &str, b: &str) -> bool {
    if a.len().min(b.len()) < 3 || a.len().abs_diff(b.len()) > 4 {
        return false;
    }
    if a.is_ascii() && b.is_ascii() {
        return are_one_slip_apart(a.as_bytes(), b.as_bytes());
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    are_one_slip_apart(&a, &b)
}

/// Whether one insertion, deletion, replacement or swap of neighbours makes one the other; not when they are equal.
pub(super) fn are_one_slip_apart<T: PartialEq>(a: &[T], b: &[T]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let ahead = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    let (short, long) = (&short[ahead..], &long[ahead..]);
    match long.len() - short.len() {
        0 if short.is_empty() => false,
        0 => {
            short[1..] == long[1..]
                || short.len() > 1 && short[0] == long[1] && short[1] == long[0] && short[2..] == long[2..]
        }
        1 => *short == long[1..],
        _ => false,
    }
}

fn surnames(people: &People, a: &Record, b: &Record) -> (u8, u8) {
    if a.surnames.is_empty() || b.surnames.is_empty() {
        return (MISSING, 0);
    }
    let pairs = a.surnames.iter().flat_map(|x| b.surnames.iter().map(move |y| (*x, *y)));
    let near = |(x, y): (Word, Word)| (nearness(people, x, y), x.min(y), x.max(y));
    let in_use = nearness(people, a.surnames[0], b.surnames[0]);
    let (best, word, other) = pairs.map(near).min().unwrap_or((Nearness::Different, 0, 0));
    let level = match best {
        Nearness::Same if in_use != Nearness::Same => return (surname::PART, 0),
        Nearness::Same => return (SAME, rarity_of_surnames(people, [word; 2])),
        Nearness::Slip => surname::SLIP,
        _ if shares_word(&a.surname_words, &b.surname_words) => surname::PART,
        Nearness::Sound => surname::SOUND,
        _ if crosses(people, a, b) || crosses(people, b, a) => surname::SWAPPED,
        Nearness::Alike => surname::ALIKE,
        _ => surname::DIFFERENT,
    };
    let is_near = matches!(level, surname::SLIP | surname::SOUND | surname::ALIKE);
    (level, if is_near { rarity_of_surnames(people, [word, other]) } else { 0 })
}

fn shares_word(a: &[Word], b: &[Word]) -> bool {
    a.iter().any(|word| b.contains(word))
}

/// Whether a surname of one is, nearly, a given name of the other.
fn crosses(people: &People, surname: &Record, given: &Record) -> bool {
    let names = || given.given_words.iter().copied().chain([given.given]).filter(|name| *name != 0);
    let near = |x: Word| names().any(|y| are_nearly_equal(people, x, y));
    surname.surnames.iter().any(|x| near(*x))
}

/// Names in each other's place are put right before they say anything: they are then the same, and as rare as on the side
/// on which they stand as most people's do. The other way round they would seem to be names that hardly anybody has.
fn exchanged(people: &People, a: &Record, b: &Record, names: ((u8, u8), (u8, u8))) -> ((u8, u8), (u8, u8)) {
    let ((surname, _), (given, _)) = names;
    let are_other = surname == surname::SWAPPED && matches!(given, given::ORDER | given::ALIKE | given::DIFFERENT);
    if !are_other || !crosses(people, a, b) || !crosses(people, b, a) {
        return names;
    }
    let rare = |record: &Record| {
        let surname = record.surnames.first().map_or(0, |name| rarity_of_surnames(people, [*name; 2]));
        let given = record.given_words.first().map_or(0, |name| rarity_of_given(people, [(*name, record); 2]));
        (u16::from(surname) + u16::from(given), surname, given)
    };
    let (x, y) = (rare(a), rare(b));
    let (right, wrong) = if x <= y { (x, y) } else { (y, x) };
    // Names such as Thomas James can be two people's, one each way round, rather than one record in so many gone wrong.
    let odds = EXCHANGED_OF * (-f64::from(wrong.0 - right.0) / 4.0).exp2();
    let rarity = f64::from(right.1) - (4.0 * (1.0 + odds).log2()).round();
    let rarity = if right.1 == 0 { 0 } else { rarity.max(1.0) as u8 };
    ((surname::EXCHANGED, rarity), (given::SWAPPED, right.2))
}

fn given_names(people: &People, a: &Record, b: &Record) -> (u8, u8) {
    let (Some(&first_a), Some(&first_b)) = (a.given_words.first(), b.given_words.first()) else {
        return (MISSING, 0);
    };
    for (x, y) in [(a.given, b.given), (first_a, first_b)] {
        if x == y && people.text(x).len() > 1 {
            if others_differ(people, a, b) {
                return (given::FIRST, 0);
            }
            return (SAME, rarity_of_given(people, [(x, a), (x, b)]));
        }
    }
    let whole = nearness(people, a.given, b.given);
    let first = nearness(people, first_a, first_b);
    let near = whole.min(first);
    let is_form = people.forms(first_a) & people.forms(first_b) != 0;
    let level = match near {
        _ if is_initial(people, first_a, first_b) => given::INITIAL,
        Nearness::Same => given::INITIAL,
        _ if is_form => given::SHORT,
        Nearness::Slip => given::SLIP,
        Nearness::Sound => given::SHORT,
        _ if has_elsewhere(people, a, b) => given::ORDER,
        Nearness::Alike => given::ALIKE,
        Nearness::Different => given::DIFFERENT,
    };
    let is_near = matches!(level, given::SLIP | given::SHORT | given::ALIKE);
    (level, if is_near { rarity_of_given(people, [(first_a, a), (first_b, b)]) } else { 0 })
}

/// Whether both have a second given name and these are two names: brothers can share a first one.
fn others_differ(people: &People, a: &Record, b: &Record) -> bool {
    match (a.given_words.get(1), b.given_words.get(1)) {
        (Some(&x), Some(&y)) => {
            let is_form = people.forms(x) & people.forms(y) != 0;
            let is_elsewhere = b.given_words.contains(&x) || a.given_words.contains(&y);
            let is_same = a.given == b.given || is_elsewhere || is_form || is_initial(people, x, y);
            !is_same && nearness(people, x, y) > Nearness::Sound
        }
        _ => false,
    }
}

/// Whether one is a single letter, with which the other begins.
fn is_initial(people: &People, a: Word, b: Word) -> bool {
    let (a, b) = (people.text(a), people.text(b));
    a.chars().count().min(b.chars().count()) == 1 && a.chars().next() == b.chars().next()
}

/// Whether a given name of one, in whatever place, is one of the other's.
fn has_elsewhere(people: &People, a: &Record, b: &Record) -> bool {
    a.given_words.iter().any(|word| people.text(*word).len() > 1 && b.given_words.contains(word))
}

/// How rare two surnames are, in quarter bits. 0 where names were not counted.
fn rarity_of_surnames(people: &People, two: [Word; 2]) -> u8 {
    let Some(of) = people.names_counted_of() else { return 0 };
    rarer(two.map(|name| frequency((people.with_surname(name), of), Field::Surname.levels()[0].strangers)))
}

/// How rare two given names are, each among those of its bearer's sex: of all people every second one at most has it.
fn rarity_of_given(people: &People, two: [(Word, &Record); 2]) -> u8 {
    let Some(of) = people.names_counted_of() else { return 0 };
    rarer(two.map(|(name, record)| {
        let of_all = frequency((people.with_given(name), of), Field::Given.levels()[0].strangers);
        frequency(people.with_given_of(name, record.sex), of_all)
    }))
}

/// Two frequencies as one, in quarter bits. If the two are one person, either can have been copied into the other, so that
/// the odds against chance are those of both in the mean: the rarer one tells.
fn rarer(frequencies: [f64; 2]) -> u8 {
    let [x, y] = frequencies;
    let frequency = 2.0 / (1.0 / x + 1.0 / y);
    (-4.0 * frequency.log2()).round().clamp(1.0, 255.0) as u8
}

/// How often a name occurs that `count` of some people bear; few people are helped by the usual frequency.
fn frequency((count, of): (u32, usize), usual: f64) -> f64 {
    (f64::from(count) + USUAL * usual) / (of as f64 + USUAL)
}

fn births(a: Option<Born>, b: Option<Born>) -> u8 {
    let (Some(a), Some(b)) = (a, b) else { return MISSING };
    let same_year = a.year == b.year;
    let is_vague = !a.is_whole() || !b.is_whole() || a.is_first_of_january() || b.is_first_of_january();
    if is_vague && same_year {
        let fits = |x: u8, y: u8| x == 0 || y == 0 || x == y;
        let is_first = a.is_first_of_january() || b.is_first_of_january();
        let is_known = is_first || fits(a.month, b.month) && fits(a.day, b.day);
        return if is_known { born::AS_KNOWN } else { born::DIFFERENT };
    }
    if a == b {
        return SAME;
    }
    if same_year && a.month == b.day && a.day == b.month {
        return born::SWAPPED;
    }
    let is_generation = a.year.abs_diff(b.year) >= A_GENERATION;
    let is_slip = are_one_slip_apart(&a.digits(), &b.digits());
    if is_slip && !is_generation {
        return born::SLIP;
    }
    let is_same_day = a.month == b.month && a.day == b.day && a.is_whole();
    let digits = a.digits().iter().zip(b.digits()).filter(|(x, y)| **x != *y).count();
    // Of two people whose day is not known both are on 1 January.
    if is_slip && is_same_day && digits == 1 && !is_vague {
        return born::DIGIT_OF_YEAR;
    }
    let equal = [same_year, a.month == b.month && a.month > 0, a.day == b.day && a.day > 0];
    if equal.into_iter().filter(|equal| *equal).count() == 2 { born::TWO_PARTS } else { born::DIFFERENT }
}

fn sexes(a: &Record, b: &Record) -> u8 {
    match (a.sex, b.sex) {
        (Some(a), Some(b)) if a == b => SAME,
        (Some(_), Some(_)) => sex::DIFFERENT,
        _ => MISSING,
    }
}

fn numbers(a: &Record, b: &Record) -> u8 {
    let (x, y) = match (a.number, b.number) {
        (Some(x), Some(y)) => (x, y),
        (None, None) => return nhs_number::IN_NEITHER,
        _ => return nhs_number::IN_ONE,
    };
    if x == y {
        return SAME;
    }
    // A slip breaks the check digit: two numbers that hold were given to two people.
    let can_be_slip = !(a.has_valid_number && b.has_valid_number);
    if can_be_slip && are_one_slip_apart(trimmed(&x), trimmed(&y)) { nhs_number::SLIP } else { nhs_number::DIFFERENT }
}

fn trimmed(padded: &[u8]) -> &[u8] {
    let end = padded.iter().position(|byte| *byte == 0).unwrap_or(padded.len());
    &padded[..end]
}

fn postcodes(a: Option<[u8; 8]>, b: Option<[u8; 8]>) -> u8 {
    let (Some(a), Some(b)) = (a, b) else { return MISSING };
    let (a, b) = (trimmed(&a), trimmed(&b));
    if a == b {
        SAME
    } else if are_one_slip_apart(a, b) {
        postcode::SLIP
    } else if district(a).is_some() && district(a) == district(b) {
        postcode::DISTRICT
    } else {
        postcode::DIFFERENT
    }
}

/// What stands before the last three characters of a postcode of the United Kingdom.
fn district(postcode: &[u8]) -> Option<&[u8]> {
    let (district, unit) = postcode.split_at_checked(postcode.len().checked_sub(3)?)?;
    let is_unit = unit[0].is_ascii_digit() && unit[1].is_ascii_alphabetic() && unit[2].is_ascii_alphabetic();
    (is_unit && (2..=4).contains(&district.len())).then_some(district)
}

fn addresses(people: &People, a: &Record, b: &Record) -> u8 {
    let (x, y) = (people.digrams(a), people.digrams(b));
    if x.is_empty() || y.is_empty() {
        return MISSING;
    }
    let share = 2.0 * shared(x, y) as f64 / (x.len() + y.len()) as f64;
    let [same, mostly, partly] = ADDRESS_SHARES;
    if share >= same {
        if shares_number(people, a, b) { SAME } else { address::STREET }
    } else if share >= mostly {
        address::MOSTLY
    } else if share >= partly {
        address::PARTLY
    } else {
        address::DIFFERENT
    }
}

/// How many elements two sorted lists share.
fn shared(a: &[u16], b: &[u16]) -> usize {
    let (mut at_a, mut at_b, mut count) = (0, 0, 0);
    while at_a < a.len() && at_b < b.len() {
        match a[at_a].cmp(&b[at_b]) {
            std::cmp::Ordering::Less => at_a += 1,
            std::cmp::Ordering::Greater => at_b += 1,
            std::cmp::Ordering::Equal => {
                (at_a, at_b, count) = (at_a + 1, at_b + 1, count + 1);
            }
        }
    }
    count
}

/// Whether both addresses have a number in common, or both have none.
fn shares_number(people: &People, a: &Record, b: &Record) -> bool {
    let numbers = |record| people.address_words(record).iter().copied().filter(|word| has_digit(people.text(*word)));
    let mut of_a = numbers(a).peekable();
    match of_a.peek() {
        None => numbers(b).next().is_none(),
        Some(_) => of_a.any(|number| numbers(b).any(|other| other == number)),
    }
}

fn phones(a: &Record, b: &Record) -> u8 {
    if a.phones.is_empty() || b.phones.is_empty() {
        return MISSING;
    }
    if a.phones.iter().any(|number| b.phones.contains(number)) { SAME } else { phone::DIFFERENT }
}
