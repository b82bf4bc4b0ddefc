//! Rules of comparison, training and judgement as tables of plain data.
//! They know no files and no clock.
#![expect(clippy::unwrap_used, reason = "the cases are written out below")]

use std::num::NonZero;

use super::compare::{Pattern, are_one_slip_apart};
use super::fields::{MISSING, address, born, given, nhs_number, postcode, surname};
use super::train::{learn, with_strangers};
use super::*;

const SAME: u8 = fields::SAME;

fn level(field: Field, a: Demographics, b: Demographics) -> u8 {
    let mut people = People::new();
    people.add(&a);
    people.add(&b);
    let (one_way, other_way) = (Pattern::of(&people, 0, 1), Pattern::of(&people, 1, 0));
    assert_eq!(one_way, other_way, "the same both ways round");
    one_way.levels[field as usize]
}

fn named(surname: &str, given: &str) -> Demographics {
    let list = |text: &str| text.split('/').filter(|text| !text.is_empty()).map(str::to_owned).collect();
    Demographics { surnames: list(surname), given: list(given), ..Demographics::default() }
}

#[test]
fn surnames_agree_on_levels() {
    let cases = [
        ("Smith", "SMITH", SAME),
        ("O'Brien", "obrien", SAME),
        ("Müller", "Muller", SAME),
        ("De La Cruz", "Delacruz", SAME),
        ("Smith", "Smiht", surname::SLIP),
        ("Hetherington", "Heatherington", surname::SLIP),
        ("Philips", "Fillips", surname::SOUND),
        ("Carrington-Vane", "Vane", surname::PART),
        ("Jones/Smith", "Smith", surname::PART),
        ("Whitfield", "Whitford", surname::ALIKE),
        ("Smith", "Okafor", surname::DIFFERENT),
        ("", "Smith", MISSING),
        ("Unknown", "Smith", MISSING),
    ];
    for (a, b, expected) in cases {
        assert_eq!(level(Field::Surname, named(a, "Ada"), named(b, "Bo")), expected, "{a} {b}");
    }
}

#[test]
fn given_names_agree_on_levels() {
    let cases = [
        ("Anne", "anne", SAME),
        ("Anne Marie", "Annemarie", SAME),
        ("Anne", "Anne Marie", SAME),
        ("Anne M", "Anne Marie", SAME),
        ("Muhammad Ali", "Muhammad Hassan", given::FIRST),
        ("Thomas", "Thoms", given::SLIP),
        ("William", "Bill", given::SHORT),
        ("Stephen", "Stefan", given::SHORT),
        ("W", "William", given::INITIAL),
        ("J", "J", given::INITIAL),
        ("Arthur Stanley", "Stanley", given::ORDER),
        ("Claude/Victor", "Victor/Claude", given::ORDER),
        ("Ada", "Grace", given::DIFFERENT),
        ("Baby Girl", "Grace", MISSING),
        ("", "Grace", MISSING),
    ];
    for (a, b, expected) in cases {
        assert_eq!(level(Field::Given, named("Smith", a), named("Smith", b)), expected, "{a} {b}");
    }
}

#[test]
fn names_in_each_others_place_are_seen() {
    let (a, b) = (named("Nguyen", "Linh"), named("Linh", "Nguyen"));
    assert_eq!(level(Field::Surname, a.clone(), b.clone()), surname::EXCHANGED);
    assert_eq!(level(Field::Given, a, b), given::SWAPPED);
    let (a, b) = (named("Nguyen", "Linh/Mai"), named("Linh", "Nguyen/Mai"));
    assert_eq!(level(Field::Given, a, b), given::SWAPPED, "the second name stays where it was");
    let (a, b) = (named("Nguyen", "Linh"), named("Linh", "Mai"));
    assert_eq!(level(Field::Surname, a.clone(), b.clone()), surname::SWAPPED);
    assert_eq!(level(Field::Given, a, b), given::DIFFERENT);
}

#[test]
fn dates_of_birth_agree_on_levels() {
    let cases = [
        ("1951-03-14", "14/03/1951", SAME),
        ("1951-03-14", "19510315", born::SLIP),
        ("1951-03-14", "1951-03-41", born::SLIP),
        ("1951-03-14", "1915-03-14", born::TWO_PARTS),
        ("1951-03-14", "1981-03-14", born::DIGIT_OF_YEAR),
        ("1951-03-14", "1991-03-15", born::DIFFERENT),
        ("1951-03-04", "1951-04-03", born::SWAPPED),
        ("1951-03-14", "1951-11-14", born::TWO_PARTS),
        ("1951-03-14", "1951-01-01", born::AS_KNOWN),
        ("1951-01-01", "1951-01-01", born::AS_KNOWN),
        ("1951-03-14", "1951", born::AS_KNOWN),
        ("1951-03-14", "1951-03", born::AS_KNOWN),
        ("1951-03-14", "1951-04", born::DIFFERENT),
        ("1951-03-14", "1962-07-30", born::DIFFERENT),
        ("1951-01-01", "1962-01-01", born::TWO_PARTS),
        ("1951-01-01", "1981-01-01", born::TWO_PARTS),
    ];
    let with = |text: &str| Demographics { born: Born::read(text), ..Demographics::default() };
    for (a, b, expected) in cases {
        assert_eq!(level(Field::Born, with(a), with(b)), expected, "{a} {b}");
    }
    for wrong in ["", "x", "1951-3-1x", "51-03-14", "0000-01-01", "1951-003-14", "14 Mar"] {
        assert_eq!(Born::read(wrong), None, "{wrong}");
    }
    let partial = terms::PartialDate::parse("1951-03").unwrap();
    assert_eq!(Some(Born::from(&partial)), Born::read("1951-03"));
}

#[test]
fn numbers_places_and_telephones_agree_on_levels() {
    let number = |text: &str| Demographics { nhs_number: Some(text.into()), ..Demographics::default() };
    for (a, b, expected) in [
        ("999 000 0018", "9990000018", SAME),
        ("9990000018", "9990000081", nhs_number::SLIP),
        ("9990000018", "9990000028", nhs_number::SLIP),
        ("9990000018", "9990000026", nhs_number::DIFFERENT),
        ("4075592", "4075529", nhs_number::SLIP),
        ("", "9990000018", nhs_number::IN_ONE),
        ("", "", nhs_number::IN_NEITHER),
    ] {
        assert_eq!(level(Field::NhsNumber, number(a), number(b)), expected, "{a} {b}");
    }
    let code = |text: &str| Demographics { postcode: Some(text.into()), ..Demographics::default() };
    for (a, b, expected) in [
        ("th4 2qp", "TH42QP", SAME),
        ("TH4 2QP", "TH4 2PQ", postcode::SLIP),
        ("TH4 2QP", "TH4 9AB", postcode::DISTRICT),
        ("TH4 2QP", "QX1 9AB", postcode::DIFFERENT),
        ("4075", "4057", postcode::SLIP),
    ] {
        assert_eq!(level(Field::Postcode, code(a), code(b)), expected, "{a} {b}");
    }
    let at = |text: &str| Demographics { address: vec![text.into()], ..Demographics::default() };
    for (a, b, expected) in [
        ("14 Quayside Row, Thameside", "14 Quayside Row Thameside", SAME),
        ("14 Quayside Row, Thameside", "14 Thameside, Quayside Rowe", SAME),
        ("14 Quayside Row, Thameside", "16 Quayside Row, Thameside", address::STREET),
        ("14 Quayside Row, Thameside", "3 Larch Gardens, Millrace", address::DIFFERENT),
    ] {
        assert_eq!(level(Field::Address, at(a), at(b)), expected, "{a} {b}");
    }
    let phone = |text: &str| Demographics { phones: vec![text.into()], ..Demographics::default() };
    for (a, b, expected) in [
        ("07700 900412", "+44 7700 900 412", SAME),
        ("07700 900412", "07700 900413", fields::phone::DIFFERENT),
        ("07700 900412", "999", MISSING),
    ] {
        assert_eq!(level(Field::Phone, phone(a), phone(b)), expected, "{a} {b}");
    }
}

#[test]
fn one_slip_is_one_letter_or_two_neighbours() {
    for (a, b, expected) in [
        ("abc", "abc", false),
        ("abc", "abd", true),
        ("abc", "acb", true),
        ("abc", "ab", true),
        ("abc", "xabc", true),
        ("abc", "cba", false),
        ("abcd", "badc", false),
        ("", "a", true),
        ("", "ab", false),
    ] {
        assert_eq!(are_one_slip_apart(a.as_bytes(), b.as_bytes()), expected, "{a} {b}");
        assert_eq!(strsim::osa_distance(a, b) == 1, expected, "{a} {b}");
    }
}

fn some_people() -> People {
    let mut people = People::new();
    for at in 0..600_u32 {
        let person = |is_second: bool| Demographics {
            surnames: vec![format!("Sur{}name", char::from(b'a' + (at % 23) as u8))],
            given: vec![if is_second && at % 5 == 0 { "Wrong".into() } else { format!("Gi{}ven", at % 41) }],
            born: Born::read(&format!("{}-{:02}-{:02}", 1930 + at % 80, 1 + at % 12, 2 + at % 26)),
            nhs_number: (!is_second || at % 3 > 0).then(|| format!("77{at:05}")),
            ..Demographics::default()
        };
        people.add(&person(false));
        if at % 4 == 0 {
            people.add(&person(true));
        }
    }
    people
}

#[test]
fn training_never_falls_and_comes_to_rest() {
    let people = some_people();
    let two = NonZero::new(2).unwrap();
    let start = with_strangers(&people, two);
    let candidates: Vec<blocks::Two> =
        passes::Pass::ALL.into_iter().flat_map(|pass| blocks::pairs_of(pass, &people, two, &|_, _| true).0).collect();
    let training = learn(&start, start.clone(), &find::count(&people, &candidates, two), people.len());
    let rises = |two: &[f64]| two[1] >= two[0] - 1e-9 * two[0].abs();
    assert!(training.objective.len() > 2, "{:?}", training.objective);
    assert!(training.objective.windows(2).all(rises), "{:?}", training.objective);
    assert!(training.objective.len() < 60, "it has not come to rest");
    assert_ne!(training.model.one, start.one, "something was learnt");
}

#[test]
fn a_rare_name_that_agrees_counts_more_than_a_common_one() {
    let mut people = People::new();
    for at in 0..200 {
        people.add(&named(if at < 150 { "Smith" } else { "Jones" }, &format!("G{at}")));
    }
    people.add(&named("Featherstonehaugh", "X1"));
    people.add(&named("Featherstonehaugh", "X2"));
    let model = Model::believed(people.len());
    let bits = |a: usize, b: usize| model.compare(&people, a, b).rows[1].bits;
    assert!(
        bits(200, 201) > bits(150, 151) + 1.0 && bits(150, 151) > bits(0, 1),
        "{} {} {}",
        bits(200, 201),
        bits(150, 151),
        bits(0, 1)
    );
}

/// That all women bear it says of an equal given name what the equal sex says already.
#[test]
fn a_given_name_is_as_common_as_among_its_own_sex() {
    let mut people = People::new();
    for at in 0..2000 {
        let (given, sex) = if at % 2 == 0 { ("Ann", Sex::Female) } else { ("Bob", Sex::Male) };
        people.add(&Demographics { sex: Some(sex), ..named("Smith", given) });
    }
    people.add(&Demographics { sex: Some(Sex::Male), ..named("Smith", "Ann") });
    let model = Model::believed(people.len());
    let bits = |a: usize, b: usize| model.compare(&people, a, b).rows[2].bits;
    assert!(bits(0, 2) < 0.0, "{}", bits(0, 2));
    assert!(bits(0, 2000) > 1.0, "hardly a man bears it, so it is one person's: {}", bits(0, 2000));
}

/// A slip makes a name that nobody has: `Davis` is rather another family than a slip in `Davies`.
#[test]
fn two_names_that_many_have_are_rather_two_names() {
    let mut people = People::new();
    for at in 0..1500_u32 {
        let surname = if at % 3 > 0 { ["Davies", "Davis"][at as usize % 2].to_owned() } else { format!("Sur{at}wold") };
        let person = |surname: String| Demographics {
            born: Born::read(&format!("{}-{:02}-{:02}", 1930 + at % 80, 1 + at % 12, 2 + at % 26)),
            nhs_number: Some(format!("77{at:05}")),
            ..named(&surname, &format!("Gi{at}ven"))
        };
        if at % 8 == 0 {
            people.add(&person(format!("{}q{}", &surname[..3], &surname[3..])));
        }
        people.add(&person(surname));
    }
    people.add(&named("Davies", "Ann"));
    people.add(&named("Davis", "Ann"));
    people.add(&named("Darvies", "Ann"));
    let model = find_pairs(&people, NonZero::new(2).unwrap(), &|_| {}).model;
    let [davies, davis, slip] = [3, 2, 1].map(|before| people.len() - before);
    let bits = |a: usize, b: usize| model.compare(&people, a, b).rows[1].bits;
    assert!(bits(davies, slip) > bits(davies, davis) + 5.0, "{} {}", bits(davies, slip), bits(davies, davis));
    assert!(bits(davies, davis) < 2.0, "{}", bits(davies, davis));
}

/// Neighbours with one given name and two surnames are no father and son. Were they, father and son would seem so common
/// that a person without a date of birth could be nobody but the other one.
#[test]
fn neighbours_of_one_given_name_are_no_namesakes() {
    let mut people = People::new();
    people.add(&named("Quillfeather", "Thomas"));
    people.add(&named("Okafor", "Thomas"));
    let (model, pattern) = (Model::believed(1000), Pattern::of(&people, 0, 1));
    let bits = |kind| model.field_bits(kind, Field::Surname, &pattern);
    let (home, namesakes) = (bits(model::Kind::Home), bits(model::Kind::Namesakes));
    assert!(namesakes < home - 4.0, "{namesakes} {home}");
}

/// A name like no other.
fn word(number: u32) -> String {
    let mixed = passes::mix(u64::from(number));
    (0..8).map(|at| char::from(b'a' + (mixed >> (at * 8) & 0xFF) as u8 % 26)).collect()
}

/// People of whom one in eight has no number, in neither of two records.
#[test]
fn that_both_lack_a_number_is_learnt_to_be_evidence() {
    let mut people = People::new();
    for at in 0..1200_u32 {
        let person = || Demographics {
            surnames: vec![word(at)],
            given: vec![word(at + 5000)],
            born: Born::read(&format!("{}-{:02}-{:02}", 1930 + at % 80, 1 + at % 12, 2 + at % 26)),
            nhs_number: (at % 8 > 0).then(|| format!("77{at:05}")),
            phones: vec![format!("07700 {at:06}")],
            ..Demographics::default()
        };
        people.add(&person());
        if at % 4 == 0 {
            people.add(&person());
        }
    }
    let model = find_pairs(&people, NonZero::new(2).unwrap(), &|_| {}).model;
    let one = usize::from(nhs_number::IN_ONE);
    let neither = usize::from(nhs_number::IN_NEITHER);
    let number = Field::NhsNumber as usize;
    let bits = |level: usize| (model.one[number][level] / model.strangers[number][level]).log2();
    assert!(bits(neither) > 2.0 && bits(one) < -2.0, "{} {}", bits(neither), bits(one));
    let believed = Model::believed(1500);
    for level in [one, neither] {
        assert_eq!(believed.one[number][level], believed.strangers[number][level], "beforehand it says nothing");
    }
}

#[test]
fn bits_are_said_in_words() {
    let cases = [
        (25.0, Says::StrongFor),
        (8.0, Says::StrongFor),
        (7.9, Says::For),
        (2.0, Says::For),
        (1.0, Says::SlightlyFor),
        (0.4, Says::NoWeight),
        (0.0, Says::NoWeight),
        (-0.4, Says::NoWeight),
        (-0.5, Says::SlightlyAgainst),
        (-2.0, Says::Against),
        (-9.0, Says::Against),
    ];
    for (bits, says) in cases {
        assert_eq!(Says::of(bits), says, "{bits}");
    }
}
