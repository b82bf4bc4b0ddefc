//! Laws: the order of two records changes nothing, equal records weigh most, threads change nothing, what is found is
//! bounded however many records are alike.

use std::num::NonZero;

use administration::matching::{Born, Comparison, Demographics, Evidence, Model, People, Sex, Verdict, find_pairs};
use proptest::prelude::*;

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "Smith",
            "Smyth",
            "Ada",
            "Adah",
            "Smith-Jones",
            "O'Brien",
            "Nguyễn",
            "X",
            "Baby",
            "Jo Ann"
        ])
        .prop_map(str::to_owned),
        "[A-Za-zéü' -]{0,9}",
    ]
}

fn demographics() -> impl Strategy<Value = Demographics> {
    let born = prop::option::of(("19[3-9][0-9]-[01][0-9]-[0-3][0-9]").prop_map(|text| Born::read(&text).unwrap()));
    let parts = (
        prop::collection::vec(name(), 0..3),
        prop::collection::vec(name(), 0..3),
        born,
        prop::option::of(prop::sample::select(vec![Sex::Female, Sex::Male])),
        prop::option::of("99900000[01][0-9]"),
        prop::option::of("TH[1-3] [1-2]A[AB]"),
        prop::collection::vec("[1-3] (Mill|Quay) (Street|Row)", 0..2),
        prop::collection::vec("07700 90000[0-3]", 0..2),
    );
    parts.prop_map(|(surnames, given, born, sex, nhs_number, postcode, address, phones)| Demographics {
        surnames,
        given,
        born,
        sex,
        nhs_number,
        postcode,
        address,
        phones,
    })
}

/// With every field, and no date that could stand for an unknown one.
fn complete() -> impl Strategy<Value = Demographics> {
    let parts = (
        prop::sample::select(vec!["Smith", "Smyth", "Okafor", "O'Brien", "Nguyễn"]),
        prop::sample::select(vec!["Ada", "Adah", "Jo Ann", "Wim"]),
        "19[3-9][0-9]-(02|03|11)-(02|11|20)",
        prop::sample::select(vec![Sex::Female, Sex::Male]),
        ("99900000[01][0-9]", "TH[1-3] [1-2]A[AB]", "[1-3] (Mill|Quay) (Street|Row)", "07700 90000[0-3]"),
    );
    parts.prop_map(|(surname, given, born, sex, (number, postcode, address, phone))| Demographics {
        surnames: vec![surname.to_owned()],
        given: vec![given.to_owned()],
        born: Born::read(&born),
        sex: Some(sex),
        nhs_number: Some(number),
        postcode: Some(postcode),
        address: vec![address],
        phones: vec![phone],
    })
}

fn compared(a: &Demographics, b: &Demographics) -> (Comparison, Comparison) {
    let mut people = People::new();
    people.add(a);
    people.add(b);
    let model = Model::believed(1000);
    (model.compare(&people, 0, 1), model.compare(&people, 1, 0))
}

proptest! {
    #[test]
    fn the_order_of_two_records_changes_nothing(a in demographics(), b in demographics()) {
        let (one_way, other_way) = compared(&a, &b);
        prop_assert_eq!(one_way, other_way);
    }

    #[test]
    fn the_rows_add_up_to_the_weight(a in demographics(), b in demographics()) {
        let (comparison, _) = compared(&a, &b);
        let sum: f64 = comparison.rows.iter().map(|row| row.bits).sum();
        prop_assert!((sum - comparison.weight_bits).abs() < 1e-9);
        prop_assert!(comparison.rows.iter().filter(|row| row.about == Evidence::Relatives).all(|row| row.bits <= 0.0));
    }

    #[test]
    fn nothing_weighs_more_than_the_same_record_again(a in complete(), b in complete()) {
        let (same, _) = compared(&a, &a);
        let (other, _) = compared(&a, &b);
        // A rarer name that only one of the pairs shares may weigh a little more.
        prop_assert!(same.weight_bits + 3.0 >= other.weight_bits, "{:?} {:?}", same, other);
        prop_assert_eq!(same.verdict, Verdict::Merge);
    }

    #[test]
    fn no_verdict_of_merging_without_proof_of_name_and_birth(a in demographics(), b in demographics()) {
        let (comparison, _) = compared(&a, &b);
        if comparison.verdict == Verdict::Merge {
            prop_assert!(comparison.weight_bits >= 10.0 && comparison.holds.is_empty());
            let found: Vec<&str> = comparison.rows.iter().map(|row| row.found).collect();
            prop_assert!(found[2] != "different" && found[3] != "different", "{:?}", found);
        }
    }
}

#[test]
fn however_many_records_are_alike_the_work_is_bounded() {
    let mut people = People::new();
    let one = Demographics {
        surnames: vec!["Smith".into()],
        given: vec!["John".into()],
        born: Born::read("1960-03-14"),
        ..Demographics::default()
    };
    (0..3000).for_each(|_| people.add(&one));
    let found = find_pairs(&people, NonZero::new(2).unwrap(), &|_| {});
    let bound = people.len() as u64 * 48 * 30;
    assert!(found.looked_at > 0 && found.looked_at <= bound, "{}", found.looked_at);
    assert!(found.candidates <= people.len() * (64 + 48 * 8), "{}", found.candidates);
}

#[test]
fn threads_change_nothing_in_what_is_found() {
    let mut people = People::new();
    for at in 0..400_u32 {
        let person = Demographics {
            surnames: vec![format!("Surname{}", at % 90)],
            given: vec![format!("Given{}", at % 45)],
            born: Born::read(&format!("19{:02}-{:02}-{:02}", 20 + at % 77, 1 + at % 12, 2 + at % 26)),
            phones: vec![format!("07700 900{:03}", at % 200)],
            ..Demographics::default()
        };
        people.add(&person);
    }
    let found = |threads: usize| find_pairs(&people, NonZero::new(threads).unwrap(), &|_| {});
    let (one, three) = (found(1), found(3));
    assert_eq!((one.pairs, one.looked_at, one.candidates), (three.pairs, three.looked_at, three.candidates));
    assert_eq!(one.model, three.model);
}

#[test]
fn two_equal_records_alone_are_one_person() {
    let mut people = People::new();
    let one = Demographics {
        surnames: vec!["Smith".into()],
        given: vec!["Ada".into()],
        born: Born::read("1950-02-03"),
        nhs_number: Some("9990000018".into()),
        ..Demographics::default()
    };
    (0..2).for_each(|_| people.add(&one));
    let found = find_pairs(&people, NonZero::new(2).unwrap(), &|_| {});
    assert_eq!(found.pairs.iter().map(|pair| pair.verdict).collect::<Vec<_>>(), [Verdict::Merge]);
}

#[test]
fn nobody_and_one_person_have_no_pairs() {
    let mut people = People::new();
    assert!(find_pairs(&people, NonZero::new(2).unwrap(), &|_| {}).pairs.is_empty());
    people.add(&Demographics::default());
    people.add(&Demographics::default());
    assert!(find_pairs(&people, NonZero::new(2).unwrap(), &|_| {}).pairs.is_empty(), "two empty records are no pair");
}
