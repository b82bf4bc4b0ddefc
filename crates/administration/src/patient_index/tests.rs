//! The index and the question together, over a small population and a plain search of it as the model.
//! Plain data in, plain data out; they know no store and no clock.
#![expect(clippy::unwrap_used, reason = "the cases are written out below")]

use fhir::{Document, Limits};
use proptest::prelude::*;
use terms::Date;
use terms::index::{End, Next, Part, Row, Span};

use super::*;

const PEOPLE: &[(&str, &str, &str, &str, &str)] = &[
    ("Adeyemi", "Folasade", "1951-03-14", "9990142076", "TR 104 882"),
    ("Adeyemi", "Folarin", "1951-08-29", "9990610045", "TR 088 140"),
    ("Adeyemo", "Folashade", "1981-03-04", "9990610126", "TR 131 077"),
    ("O'Brien", "Máire", "1977-12-01", "9990510504", "TR 126 873"),
    ("Smith-Jones", "John Paul", "1990-02-28", "9990201145", "TR 077 015"),
    ("Smith", "Jon", "1950", "9990201315", "TR 051 334"),
    ("Nguyen", "An", "2026-11-15", "9990201498", "TR 120 448"),
];

fn patient(index: usize) -> String {
    let (family, given, born, nhs, hospital) = PEOPLE[index];
    let nickname = if given == "Folasade" { r#",{"use":"nickname","given":["Grace"]}"# } else { "" };
    format!(
        r#"{{"resourceType":"Patient","name":[{{"family":"{family}","given":["{given}"]}}{nickname}],"birthDate":"{born}",
        "identifier":[{{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{nhs}"}},
        {{"type":{{"coding":[{{"code":"MR"}}]}},"value":"{hospital}"}}]}}"#
    )
}

fn today() -> Date {
    "2026-11-17".parse().unwrap()
}

fn rows_of(text: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    patient_rows(&Document::parse(text.as_bytes(), &Limits::default()).unwrap(), &mut rows);
    rows
}

fn lies_in(row: &Row, span: &Span) -> bool {
    let value: &[u8] = match row.parts.first() {
        Some(Part::Text(text)) => text,
        Some(Part::Fixed(bytes)) => bytes,
        _ => return false,
    };
    row.parameter == span.parameter
        && match &span.next {
            Next::Prefix(prefix) => value.starts_with(prefix),
            Next::TextEqual(text) => value == text,
            Next::Within(range) => {
                matches!(&range.low, End::Including(low) if value >= low.as_slice())
                    && matches!(&range.high, End::Including(high) if value <= high.as_slice())
            }
            _ => false,
        }
}

/// Family and given names of who is found, best first.
fn found(typed: &str) -> Vec<String> {
    let question = Question::read(typed, today());
    let mut judged: Vec<(Judgement, usize)> = Vec::new();
    for index in 0..PEOPLE.len() {
        let text = patient(index);
        let rows = rows_of(&text);
        let holds = |attempt: &Attempt| {
            attempt.conditions.iter().all(|any| any.iter().any(|span| rows.iter().any(|row| lies_in(row, span))))
        };
        if question.attempts().iter().any(holds) {
            let person = Person::of(&Document::parse(text.as_bytes(), &Limits::default()).unwrap());
            judged.push((question.judge(&person), index));
        }
    }
    judged.sort_by_key(|(judgement, index)| (!judgement.fits_all, std::cmp::Reverse(judgement.score), *index));
    judged.into_iter().map(|(_, index)| format!("{} {}", PEOPLE[index].0, PEOPLE[index].1)).collect()
}

#[test]
fn the_first_found_is_who_was_meant() {
    let cases = [
        ("adeyemi", "Adeyemi Folasade"),
        ("ADEYEMI, Folarin", "Adeyemi Folarin"),
        ("folarin adeyemi", "Adeyemi Folarin"),
        ("fol adey", "Adeyemi Folasade"),
        ("adeyimi grace 1951", "Adeyemi Folasade"),
        ("adeyemi 14 mar 1951", "Adeyemi Folasade"),
        ("14/03/1951", "Adeyemi Folasade"),
        ("14mar51", "Adeyemi Folasade"),
        ("1951-08-29", "Adeyemi Folarin"),
        ("999 061 0126", "Adeyemo Folashade"),
        ("9990610126", "Adeyemo Folashade"),
        ("999-061-0126", "Adeyemo Folashade"),
        ("TR 104 882", "Adeyemi Folasade"),
        ("tr104882", "Adeyemi Folasade"),
        ("obrien", "O'Brien Máire"),
        ("o'brien maire", "O'Brien Máire"),
        ("Maire O’Brien", "O'Brien Máire"),
        ("jones john", "Smith-Jones John Paul"),
        ("smith jones", "Smith-Jones John Paul"),
        ("smith-jones paul", "Smith-Jones John Paul"),
        ("smiht jon", "Smith Jon"),
        ("smyth", "Smith-Jones John Paul"),
        ("smith jon 1950", "Smith Jon"),
        ("nguyen", "Nguyen An"),
        ("adeyemmi", "Adeyemi Folasade"),
        ("adeymi folasade", "Adeyemi Folasade"),
    ];
    for (typed, first) in cases {
        assert_eq!(found(typed).first().map(String::as_str), Some(first), "{typed}: {:?}", found(typed));
    }
}

#[test]
fn who_was_not_meant_is_not_found() {
    for typed in ["xylophone", "999 999 9999", "01 01 1901", "ZZ 999 999"] {
        assert_eq!(found(typed), Vec::<String>::new(), "{typed}");
    }
}

fn check_read(typed: &str, words: &[&str], born: &str, number: Option<&str>) {
    let question = Question::read(typed, today());
    assert_eq!(question.words, words, "{typed}");
    assert!(question.read_as().contains(born), "{typed}: {}", question.read_as());
    assert_eq!(question.number.as_deref(), number, "{typed}");
}

#[test]
fn what_is_typed_is_read_in_any_order() {
    check_read("adeyimi grace 1951", &["adeyimi", "grace"], "born in 1951", None);
    check_read("14 3 51 adeyemi", &["adeyemi"], "born 14-Mar-1951", None);
    check_read("adeyemi 14-Mar-1951 folasade", &["adeyemi", "folasade"], "born 14-Mar-1951", None);
    check_read("999 014 2076", &[], "NHS number 999 014 2076", Some("9990142076"));
    check_read("999 014 2077", &[], "check digit", Some("9990142077"));
    check_read("adeyemi TR 104 882", &["adeyemi"], "number TR104882", Some("TR104882"));
    check_read("jo 14 03 51", &["jo"], "born 14-Mar-1951", None);
    check_read("jon 1950", &["jon"], "born in 1950", None);
    check_read("t", &["t"], "", None);
    check_read("", &[], "", None);
}

#[test]
fn too_little_is_not_looked_for() {
    for (typed, enough) in [("", false), ("a", false), ("ab", true), ("a b", true), ("1951", true), ("TR1", true)] {
        assert_eq!(Question::read(typed, today()).is_enough(), enough, "{typed}");
    }
}

#[test]
fn people_who_could_be_taken_for_each_other() {
    let person = |index| Person::of(&Document::parse(patient(index).as_bytes(), &Limits::default()).unwrap());
    assert!(are_similar(&person(0), &person(1)));
    assert!(are_similar(&person(0), &person(2)));
    assert!(!are_similar(&person(0), &person(3)));
}

#[test]
fn a_patient_has_few_rows() {
    let most = (0..PEOPLE.len()).map(|index| rows_of(&patient(index)).len()).max().unwrap();
    assert!(most <= 40, "{most}");
}

proptest! {
    /// Every single slip in a family name is found.
    #[test]
    fn any_one_slip_is_found(letter in proptest::char::range('a', 'z'), at in 0_usize..7, kind in 0_u8..4) {
        let mut typed: Vec<char> = "adeyemi".chars().collect();
        match kind {
            0 => typed[at] = letter,
            1 => typed.insert(at, letter),
            2 => { typed.remove(at); }
            _ if at > 0 => typed.swap(at - 1, at),
            _ => {}
        }
        let typed: String = typed.into_iter().collect();
        prop_assert!(found(&typed).iter().any(|name| name == "Adeyemi Folasade"), "{typed}: {:?}", found(&typed));
    }

    /// Whatever is typed is read without failing, and asks for a bounded number of looks.
    #[test]
    fn anything_can_be_typed(typed in "\\PC{0,200}") {
        let question = Question::read(&typed, today());
        prop_assert!(question.attempts().len() <= 250);
    }
}
