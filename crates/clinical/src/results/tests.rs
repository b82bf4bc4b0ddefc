//! Changes, units, flags and order of laboratory results, as tables.
//! Plain data in, plain data out; they know no store and no clock.
#![expect(clippy::unwrap_used, reason = "the cases are written out below")]

use fhir::{Document, Limits};

use super::*;
use crate::read::plain;

/// A laboratory Observation: code, day of November 2026, value with unit (or a comparator before it), more members.
fn observation(code: &str, day: u8, value: &str, unit: &str, more: &str) -> String {
    let (comparator, value) = match value.strip_prefix('<') {
        Some(value) => (r#""comparator":"<","#, value),
        None => ("", value),
    };
    format!(
        r#"{{"resourceType":"Observation","id":"{code}-{day}","status":"final","code":{{"coding":[{{"system":"http://loinc.org",
        "code":"{code}"}}],"text":"{code}"}},"effectiveDateTime":"2026-11-{day:02}T09:00:00Z",
        "valueQuantity":{{{comparator}"value":{value},"unit":"{unit}","code":"{unit}"}}{more}}}"#
    )
}

fn lines(texts: &[String]) -> Vec<Line> {
    let documents: Vec<Document<'_>> =
        texts.iter().map(|text| Document::parse(text.as_bytes(), &Limits::default()).unwrap()).collect();
    let tested: Vec<Tested> = documents.iter().filter_map(|document| tested(document.root())).collect();
    results(tested.iter())
}

fn check_change(values: &[(&str, &str)], change: Option<&str>, points: &[&str]) {
    let texts: Vec<String> =
        values.iter().zip(1..).map(|((value, unit), day)| observation("x", day, value, unit, "")).collect();
    let line = lines(&texts).remove(0);
    assert_eq!(line.change.map(plain).as_deref(), change, "{values:?}");
    assert_eq!(line.points.into_iter().map(plain).collect::<Vec<_>>(), points, "{values:?}");
}

#[test]
fn a_change_needs_two_exact_values_of_one_unit() {
    check_change(&[("5.2", "mmol/L")], None, &["5.2"]);
    check_change(&[("5.2", "mmol/L"), ("5.9", "mmol/L")], Some("0.7"), &["5.2", "5.9"]);
    check_change(&[("0.1", "g/L"), ("0.3", "g/L")], Some("0.2"), &["0.1", "0.3"]);
    check_change(&[("1.10", "mg/dL"), ("97", "umol/L")], None, &["97"]);
    check_change(&[("90", "umol/L"), ("1.1", "mg/dL"), ("97", "umol/L"), ("99", "umol/L")], Some("2"), &["97", "99"]);
    check_change(&[("<5", "mg/L"), ("12", "mg/L")], None, &["12"]);
    check_change(&[("12", "mg/L"), ("<5", "mg/L")], None, &[]);
}

fn check_flag(more: &str, flag: Flag) {
    let range = r#","referenceRange":[{"low":{"value":3.5,"code":"mmol/L"},"high":{"value":5.3,"code":"mmol/L"}}]"#;
    let line = lines(&[observation("x", 1, "5.9", "mmol/L", &more.replace("RANGE", range))]).remove(0);
    assert_eq!(line.latest.flag, flag, "{more}");
}

#[test]
fn the_laboratory_s_word_comes_before_the_range() {
    let stated = |code: &str| format!(r#","interpretation":[{{"coding":[{{"code":"{code}"}}]}}]RANGE"#);
    check_flag("", Flag::NotStated);
    check_flag("RANGE", Flag::High { critical: false });
    check_flag(&stated("N"), Flag::Normal);
    check_flag(&stated("H"), Flag::High { critical: false });
    check_flag(&stated("HH"), Flag::High { critical: true });
    check_flag(&stated("L"), Flag::Low { critical: false });
    check_flag(&stated("LL"), Flag::Low { critical: true });
    check_flag(&stated("A"), Flag::Abnormal);
    // A range in another unit judges nothing.
    check_flag(r#","referenceRange":[{"high":{"value":5.3,"code":"mg/dL"}}]"#, Flag::NotStated);
}

#[test]
fn known_tests_stand_in_their_order_and_the_newest_day_first() {
    let texts = [
        observation("9999-9", 2, "1", "u", ""),
        observation("718-7", 2, "112", "g/L", ""),
        observation("2823-3", 2, "5.9", "mmol/L", ""),
        observation("4548-4", 3, "48", "mmol/mol", ""),
    ];
    let names: Vec<String> = lines(&texts).into_iter().map(|line| line.name).collect();
    assert_eq!(names, ["4548-4", "2823-3", "718-7", "9999-9"]);
}

#[test]
fn results_in_error_are_left_out() {
    let wrong = observation("x", 2, "59", "mmol/L", "").replace("final", "entered-in-error");
    let line = lines(&[observation("x", 1, "5.9", "mmol/L", ""), wrong]).remove(0);
    assert_eq!((line.latest.value.words().as_str(), line.previous), ("5.9", None));
}

#[test]
fn ranges_and_bounds_are_said_in_words() {
    let range = |low: Option<i64>, high: Option<i64>| {
        Range { low: low.map(Decimal::from), high: high.map(Decimal::from) }.words()
    };
    assert_eq!(range(Some(4), Some(11)).as_deref(), Some("4 to 11"));
    assert_eq!(range(None, Some(5)).as_deref(), Some("under 5"));
    assert_eq!(range(Some(90), None).as_deref(), Some("over 90"));
    assert_eq!(range(None, None), None);
}
