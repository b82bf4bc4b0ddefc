//! Records as hospitals write them: most people once, some twice, with the faults that registration makes. The mix is in
//! `planted/corruptions.csv` and the constants here; docs/matching.md publishes it.
//!
//! Which record is whose is known, so that matching can be judged; a record never carries it.

use std::sync::LazyLock;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use terms::{Date, NhsNumber};

use super::homes::BLOCK;
use super::names::{Origin, given, surname};
use super::{Population, SimulatedPerson, homes};

/// Of a hundred people, how many have a second record, and how many of those a third.
const SECOND_RECORDS: u32 = 25;
const THIRD_RECORDS: u32 = 6;
/// Of a thousand records, how many lack a telephone number, postcode and address, or NHS number from the start.
const WITHOUT_PHONE: u32 = 250;
const WITHOUT_ADDRESS: u32 = 5;
const WITHOUT_NHS_NUMBER: u32 = 30;

/// What can be wrong or other in a later record of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// One letter of the surname more, less, other or swapped with its neighbour.
    SurnameSlip,
    /// The same in the first given name.
    GivenSlip,
    /// A name spelt as it sounds.
    Heard,
    /// A short form in place of the first given name.
    ShortForm,
    /// Surname and first given name in each other's place.
    NamesSwapped,
    /// Another surname: married, divorced, adopted.
    SurnameChanged,
    /// Given names after the first left out, or only their initials.
    MiddleNamesLost,
    /// The second given name first.
    GivenReordered,
    /// Only the initial of the given name.
    GivenInitial,
    /// Moved house, with another landline.
    Moved,
    /// The same address written otherwise.
    AddressRewritten,
    /// One character of the postcode wrong.
    PostcodeSlip,
    /// No postcode.
    PostcodeMissing,
    /// No address at all.
    AddressMissing,
    /// One digit of the date of birth wrong, or two swapped.
    BornSlip,
    /// Day and month swapped.
    BornSwapped,
    /// 1 January of the right year.
    BornFirstOfJanuary,
    /// No date of birth.
    BornMissing,
    /// One digit of the NHS number wrong, or two swapped.
    NhsNumberSlip,
    /// No NHS number.
    NhsNumberMissing,
    /// Another valid NHS number.
    NhsNumberOther,
    /// No telephone numbers.
    PhoneMissing,
    /// Another telephone number.
    PhoneChanged,
    /// The other sex, by mistake.
    SexWrong,
    /// Another sex, given name and NHS number.
    GenderChanged,
}

/// The code of each kind in the list.
const CODES: &[(Fault, &str)] = &[
    (Fault::SurnameSlip, "surname-slip"),
    (Fault::GivenSlip, "given-slip"),
    (Fault::Heard, "heard"),
    (Fault::ShortForm, "short-form"),
    (Fault::NamesSwapped, "names-swapped"),
    (Fault::SurnameChanged, "surname-changed"),
    (Fault::MiddleNamesLost, "middle-names-lost"),
    (Fault::GivenReordered, "given-reordered"),
    (Fault::GivenInitial, "given-initial"),
    (Fault::Moved, "moved"),
    (Fault::AddressRewritten, "address-rewritten"),
    (Fault::PostcodeSlip, "postcode-slip"),
    (Fault::PostcodeMissing, "postcode-missing"),
    (Fault::AddressMissing, "address-missing"),
    (Fault::BornSlip, "born-slip"),
    (Fault::BornSwapped, "born-swapped"),
    (Fault::BornFirstOfJanuary, "born-first-of-january"),
    (Fault::BornMissing, "born-missing"),
    (Fault::NhsNumberSlip, "nhs-number-slip"),
    (Fault::NhsNumberMissing, "nhs-number-missing"),
    (Fault::NhsNumberOther, "nhs-number-other"),
    (Fault::PhoneMissing, "phone-missing"),
    (Fault::PhoneChanged, "phone-changed"),
    (Fault::SexWrong, "sex-wrong"),
    (Fault::GenderChanged, "gender-changed"),
];

/// Of a thousand faults, how many are of each kind: `planted/corruptions.csv`, which says in words what each is.
pub static FAULTS: LazyLock<Vec<(Fault, u32)>> =
    LazyLock::new(|| include_str!("../../planted/corruptions.csv").lines().skip(1).filter_map(fault_of).collect());

/// A line of the list: code, share, words.
fn fault_of(line: &str) -> Option<(Fault, u32)> {
    let (code, rest) = line.split_once(',')?;
    let (share, _) = rest.split_once(',')?;
    let fault = CODES.iter().find(|(_, known)| *known == code)?.0;
    Some((fault, share.parse().ok()?))
}

/// Of a hundred later records, how many have no fault, one, two, three and four.
pub const FAULT_COUNTS: &[(usize, u32)] = &[(0, 15), (1, 40), (2, 28), (3, 12), (4, 5)];

/// One record of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Whose it is: the truth, which the record itself does not say.
    pub person: u64,
    /// What is wrong or other in it.
    pub faults: Vec<Fault>,
    /// Surname.
    pub surname: String,
    /// Given names.
    pub given: Vec<String>,
    /// `YYYY-MM-DD`, which need not be in the calendar.
    pub born: Option<String>,
    /// `female` or `male`.
    pub sex: &'static str,
    /// Ten digits, of which the last need not hold.
    pub nhs_number: Option<String>,
    /// Number, street and town.
    pub address: Vec<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// Telephone numbers.
    pub phones: Vec<String>,
}

/// All records of a population: every person's, the first one right.
#[derive(Debug, Clone, Copy)]
pub struct Registry {
    population: Population,
}

impl Registry {
    /// The registry of a population.
    pub fn new(population: Population) -> Registry {
        Registry { population }
    }

    /// The records of everybody in order, those of one person together, without end.
    pub fn records(&self) -> impl Iterator<Item = Record> + use<> {
        let registry = *self;
        registry.population.people().flat_map(move |person| registry.of(&person))
    }

    /// The records of one person: one, two or three.
    pub fn of(&self, person: &SimulatedPerson) -> Vec<Record> {
        let mut random = self.population.random(2, person.number);
        let mut records = vec![first(person, &mut random)];
        if random.random_range(0..100) < SECOND_RECORDS {
            records.push(self.later(person, &mut random));
            if random.random_range(0..100) < THIRD_RECORDS {
                records.push(self.later(person, &mut random));
            }
        }
        records
    }

    fn later(&self, person: &SimulatedPerson, random: &mut ChaCha8Rng) -> Record {
        let mut record = first(person, random);
        let count = drawn(FAULT_COUNTS, random);
        let mut tries = 0;
        while record.faults.len() < count && tries < 40 {
            tries += 1;
            let fault = drawn(&FAULTS, random);
            let before = record.clone();
            if !record.faults.contains(&fault) {
                self.apply(fault, person, &mut record, random);
                if record != before {
                    record.faults.push(fault);
                }
            }
        }
        record
    }

    /// Puts a fault into a record; where there is nothing to be wrong, nothing changes.
    fn apply(&self, fault: Fault, person: &SimulatedPerson, record: &mut Record, random: &mut ChaCha8Rng) {
        match fault {
            Fault::SurnameSlip => record.surname = slip(&record.surname, random),
            Fault::GivenSlip => record.given[0] = slip(&record.given[0], random),
            Fault::Heard => match random.random_bool(0.5) {
                true => record.surname = heard(&record.surname),
                false => record.given[0] = heard(&record.given[0]),
            },
            Fault::ShortForm => shorten(&mut record.given[0]),
            Fault::NamesSwapped => std::mem::swap(&mut record.surname, &mut record.given[0]),
            Fault::SurnameChanged => change_surname(person, record, random),
            Fault::MiddleNamesLost => record.given.truncate(1),
            Fault::GivenReordered if record.given.len() > 1 => record.given.swap(0, 1),
            Fault::GivenInitial => record.given = initial(&record.given),
            Fault::Moved => self.move_house(record, random),
            Fault::AddressRewritten => rewrite(&mut record.address),
            Fault::PostcodeSlip => record.postcode = record.postcode.take().map(|code| slip_in_code(&code, random)),
            Fault::PostcodeMissing => record.postcode = None,
            Fault::AddressMissing => (record.address, record.postcode) = (Vec::new(), None),
            Fault::BornMissing => record.born = None,
            Fault::BornSlip | Fault::BornSwapped | Fault::BornFirstOfJanuary => {
                record.born = Some(wrong_date(fault, person.born, random));
            }
            Fault::NhsNumberSlip => {
                record.nhs_number = record.nhs_number.take().map(|number| slip_in_digits(&number, random))
            }
            Fault::NhsNumberMissing => record.nhs_number = None,
            Fault::NhsNumberOther => record.nhs_number = Some(other_number(random)),
            Fault::PhoneMissing => record.phones.clear(),
            Fault::PhoneChanged if !record.phones.is_empty() => record.phones = vec![super::places::mobile(random)],
            Fault::SexWrong => record.sex = other_sex(record.sex),
            Fault::GenderChanged => {
                record.sex = other_sex(record.sex);
                record.given = given(Origin::default(), record.sex == "female", person.born.year(), random);
                record.nhs_number = Some(other_number(random));
            }
            Fault::GivenReordered | Fault::PhoneChanged => {}
        }
    }

    /// To where somebody else of the population lives.
    fn move_house(&self, record: &mut Record, random: &mut ChaCha8Rng) {
        let neighbours = homes::block(&self.population, random.random_range(0..40_000));
        let other = &neighbours[random.random_range(0..BLOCK as usize)];
        record.address = vec![other.line.clone(), other.town.clone()];
        record.postcode = Some(other.postcode.clone());
    }
}

/// A record as it should be, but for what was not asked or said.
fn first(person: &SimulatedPerson, random: &mut ChaCha8Rng) -> Record {
    let mut lacks = |of_a_thousand: u32| random.random_range(0..1000) < of_a_thousand;
    let has_address = !lacks(WITHOUT_ADDRESS);
    let phones = [&person.mobile, &person.landline].into_iter().flatten().cloned();
    let number = person.nhs_number.filter(|_| !lacks(WITHOUT_NHS_NUMBER)).map(|number: NhsNumber| number.digits());
    Record {
        person: person.number,
        faults: Vec::new(),
        surname: person.surname.clone(),
        given: person.given.clone(),
        born: Some(person.born.to_string()),
        sex: if person.is_female { "female" } else { "male" },
        nhs_number: number,
        address: if has_address { vec![person.line.clone(), person.town.clone()] } else { Vec::new() },
        postcode: has_address.then(|| person.postcode.clone()),
        phones: if lacks(WITHOUT_PHONE) { Vec::new() } else { phones.collect() },
    }
}

fn drawn<T: Copy>(table: &[(T, u32)], random: &mut ChaCha8Rng) -> T {
    let mut place = random.random_range(0..table.iter().map(|(_, share)| share).sum());
    for (value, share) in table {
        if place < *share {
            return *value;
        }
        place -= share;
    }
    table[0].0
}

/// One letter more, less, other, or swapped with its neighbour; not the first one, which people see.
fn slip(name: &str, random: &mut ChaCha8Rng) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    if letters.len() < 3 {
        return name.to_owned();
    }
    let at = random.random_range(1..letters.len());
    let other = char::from(random.random_range(b'a'..=b'z'));
    match random.random_range(0..4) {
        0 => letters.insert(at, other),
        1 => drop(letters.remove(at)),
        2 => letters[at] = other,
        _ if at > 1 => letters.swap(at - 1, at),
        _ => letters.swap(at, at + 1),
    }
    letters.into_iter().collect()
}

/// As somebody writes a name who only heard it: the first spelling that fits is turned into another.
fn heard(name: &str) -> String {
    const SPELLINGS: &[(&str, &str)] = &[
        ("ph", "f"),
        ("ough", "uff"),
        ("mc", "mac"),
        ("sh", "sch"),
        ("ck", "k"),
        ("tt", "t"),
        ("ll", "l"),
        ("nn", "n"),
        ("ss", "s"),
        ("ee", "ea"),
        ("ea", "ee"),
        ("ie", "y"),
        ("ey", "y"),
        ("y", "ie"),
        ("c", "k"),
        ("k", "ck"),
        ("z", "s"),
        ("s", "ss"),
        ("i", "y"),
        ("l", "ll"),
        ("n", "nn"),
        ("t", "tt"),
        ("e", "a"),
        ("a", "e"),
    ];
    let small = name.to_lowercase();
    let found = SPELLINGS.iter().find_map(|(from, to)| small[1..].find(from).map(|at| (at + 1, from, to)));
    match found {
        Some((at, from, to)) if name.is_ascii() => format!("{}{to}{}", &name[..at], &name[at + from.len()..]),
        _ => name.to_owned(),
    }
}

fn shorten(name: &mut String) {
    const SHORT: &[(&str, &str)] = &[
        ("Margaret", "Maggie"),
        ("Susan", "Sue"),
        ("Patricia", "Pat"),
        ("Christine", "Chris"),
        ("Elizabeth", "Liz"),
        ("Jennifer", "Jenny"),
        ("Kathleen", "Kath"),
        ("Judith", "Judy"),
        ("Valerie", "Val"),
        ("Gillian", "Gill"),
        ("Deborah", "Debbie"),
        ("Olivia", "Liv"),
        ("Jessica", "Jess"),
        ("Charlotte", "Lottie"),
        ("Rebecca", "Becky"),
        ("Katie", "Kate"),
        ("Victoria", "Vicky"),
        ("Samantha", "Sam"),
        ("Isabella", "Bella"),
        ("Abigail", "Abby"),
        ("Natalie", "Nat"),
        ("David", "Dave"),
        ("Peter", "Pete"),
        ("Michael", "Mike"),
        ("Robert", "Bob"),
        ("Stephen", "Steve"),
        ("Philip", "Phil"),
        ("Anthony", "Tony"),
        ("Christopher", "Chris"),
        ("Geoffrey", "Geoff"),
        ("William", "Bill"),
        ("James", "Jim"),
        ("Terence", "Terry"),
        ("Richard", "Rick"),
        ("Kenneth", "Ken"),
        ("Ronald", "Ron"),
        ("Andrew", "Andy"),
        ("Thomas", "Tom"),
        ("Leonard", "Len"),
        ("Daniel", "Dan"),
        ("Matthew", "Matt"),
        ("Joshua", "Josh"),
        ("Samuel", "Sam"),
        ("Benjamin", "Ben"),
        ("Alexander", "Alex"),
        ("Joseph", "Joe"),
        ("Nicholas", "Nick"),
        ("Jonathan", "Jon"),
        ("Mohammed", "Mohd"),
        ("Muhammad", "Mohammed"),
    ];
    if let Some((_, short)) = SHORT.iter().find(|(long, _)| long == name) {
        *name = (*short).to_owned();
    }
}

/// Women who had another surname at birth go back to it; others get one that has nothing to do with theirs.
fn change_surname(person: &SimulatedPerson, record: &mut Record, random: &mut ChaCha8Rng) {
    record.surname = match &person.birth_surname {
        Some(birth) => birth.clone(),
        None => surname(Origin::default(), random),
    };
}

fn initial(given: &[String]) -> Vec<String> {
    given.iter().take(1).map(|name| name.chars().take(1).collect()).collect()
}

/// Words for short ones and the other way round.
fn rewrite(address: &mut [String]) {
    const WORDS: &[(&str, &str)] = &[
        ("Street", "St"),
        ("Road", "Rd"),
        ("Lane", "Ln"),
        ("Avenue", "Ave"),
        ("Close", "Cl"),
        ("Drive", "Dr"),
        ("Court", "Ct"),
        ("Terrace", "Terr"),
        ("Gardens", "Gdns"),
        ("Crescent", "Cres"),
        ("Flat ", ""),
        ("Row", "Rw"),
    ];
    for line in address.iter_mut().take(1) {
        for (long, short) in WORDS {
            *line = line.replace(long, short);
        }
    }
}

fn slip_in_code(code: &str, random: &mut ChaCha8Rng) -> String {
    let mut letters: Vec<char> = code.chars().collect();
    let at = random.random_range(0..letters.len());
    letters[at] = match letters[at] {
        c if c.is_ascii_digit() => char::from(random.random_range(b'0'..=b'9')),
        c if c.is_ascii_alphabetic() => char::from(random.random_range(b'A'..=b'Z')),
        c => c,
    };
    letters.into_iter().collect()
}

fn slip_in_digits(number: &str, random: &mut ChaCha8Rng) -> String {
    let mut digits: Vec<char> = number.chars().collect();
    let at = random.random_range(3..digits.len());
    match random.random_bool(0.4) {
        true => digits.swap(at - 1, at),
        false => digits[at] = char::from(random.random_range(b'0'..=b'9')),
    }
    digits.into_iter().collect()
}

fn wrong_date(fault: Fault, born: Date, random: &mut ChaCha8Rng) -> String {
    match fault {
        Fault::BornSwapped => format!("{:04}-{:02}-{:02}", born.year(), born.day(), born.month()),
        Fault::BornFirstOfJanuary => format!("{:04}-01-01", born.year()),
        _ => {
            let text = born.to_string();
            let at = [2, 3, 6, 8, 9][random.random_range(0..5)];
            let mut digits: Vec<char> = text.chars().collect();
            digits[at] = char::from(random.random_range(b'0'..=if at == 8 { b'2' } else { b'9' }));
            digits.into_iter().collect()
        }
    }
}

fn other_number(random: &mut ChaCha8Rng) -> String {
    loop {
        if let Some(number) = NhsNumber::synthetic(random.random_range(0..1_000_000)) {
            return number.digits();
        }
    }
}

fn other_sex(sex: &str) -> &'static str {
    if sex == "female" { "male" } else { "female" }
}
