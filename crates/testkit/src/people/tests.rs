//! The population is the same each time, in any order, and holds what hard matching needs.
//! They know no program that uses it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, HashSet};

use super::*;

const COUNT: usize = 20_000;

fn population() -> Population {
    Population::new(7)
}

#[test]
fn a_person_is_the_same_alone_and_in_the_row() {
    let row: Vec<SimulatedPerson> = population().people().take(100).collect();
    for person in &row {
        assert_eq!(population().person(person.number), *person);
    }
    assert_ne!(Population::new(8).people().take(100).collect::<Vec<_>>(), row);
}

#[test]
fn numbers_are_synthetic_and_nobody_shares_one() {
    let numbers: Vec<NhsNumber> = (0..1_000_000).filter_map(nhs_number).collect();
    assert!(numbers.iter().all(NhsNumber::is_synthetic));
    assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), numbers.len());
    assert!((909_000..910_000).contains(&numbers.len()));
    assert_eq!(nhs_number(1_000_000), None);
}

#[test]
fn there_are_twins_namesakes_and_people_who_share_a_home() {
    let people: Vec<SimulatedPerson> = population().people().take(COUNT).collect();
    let mut homes: BTreeMap<u64, Vec<&SimulatedPerson>> = BTreeMap::new();
    people.iter().for_each(|person| homes.entry(person.home).or_default().push(person));
    let pairs = || homes.values().flat_map(|home| home.iter().flat_map(|a| home.iter().map(move |b| (*a, *b))));
    let count = |is: fn(&SimulatedPerson, &SimulatedPerson) -> bool| {
        pairs().filter(|(a, b)| a.number < b.number && is(a, b)).count()
    };
    let twins = count(|a, b| a.born == b.born && a.surname == b.surname);
    let namesakes = count(|a, b| a.given[0] == b.given[0] && a.surname == b.surname && a.born != b.born);
    assert!((20..500).contains(&twins), "{twins}");
    assert!((20..500).contains(&namesakes), "{namesakes}");
    assert!(homes.values().all(|home| home.iter().all(|person| person.postcode == home[0].postcode)));
    assert!(homes.len() < COUNT * 2 / 3, "{}", homes.len());
}

#[test]
fn common_names_are_common_and_rare_ones_many() {
    let mut surnames: BTreeMap<String, usize> = BTreeMap::new();
    for person in population().people().take(COUNT) {
        *surnames.entry(person.surname).or_default() += 1;
    }
    let most = surnames.values().max().unwrap();
    assert!((COUNT / 200..COUNT / 20).contains(most), "{most}");
    assert!(surnames.len() > 1500, "{}", surnames.len());
}

#[test]
fn telephone_numbers_and_postcodes_are_nobodys() {
    for person in population().people().take(2000) {
        assert!(person.mobile.iter().all(|number| number.starts_with("07700 900") && number.len() == 12));
        assert!(["TH", "QX", "ZM", "XB"].contains(&&person.postcode[..2]), "{}", person.postcode);
    }
}

#[test]
fn later_records_are_wrong_as_the_mix_says() {
    let records: Vec<Record> = Registry::new(population()).records().take(COUNT * 5).collect();
    let later: Vec<&Record> =
        records.windows(2).filter(|two| two[0].person == two[1].person).map(|two| &two[1]).collect();
    assert!((COUNT * 7 / 10..COUNT * 13 / 10).contains(&later.len()), "{}", later.len());
    let without = later.iter().filter(|record| record.faults.is_empty()).count();
    assert!((10..20).contains(&(without * 100 / later.len())), "{without}");
    assert_eq!((FAULTS.len(), FAULTS.iter().map(|(_, share)| share).sum::<u32>()), (25, 1000));
    for (fault, share) in FAULTS.iter() {
        let has = later.iter().filter(|record| record.faults.contains(fault)).count();
        assert!(has > 0 || *share < 3, "{fault:?} never happens");
    }
}
