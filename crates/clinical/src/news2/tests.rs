//! The table against its published values and against the reference copy of the code list.
//! Plain data in, plain data out; they know no store and no clock.
#![expect(clippy::unwrap_used, reason = "a table that cannot be read is the test's failure")]

use std::path::PathBuf;

use serde_json::Value;

use super::*;

fn readings(values: (i64, i64, bool, i64, i64, Consciousness, &str)) -> Readings {
    let (respirations, spo2, on_oxygen, systolic, pulse, consciousness, temperature) = values;
    Readings {
        respirations: respirations.into(),
        spo2: spo2.into(),
        scale: Scale::One,
        on_oxygen,
        systolic: systolic.into(),
        pulse: pulse.into(),
        consciousness,
        temperature: temperature.parse().unwrap(),
    }
}

#[test]
fn totals_and_risks() {
    use Consciousness::{Alert, Confused};
    let cases = [
        ((16, 98, false, 130, 70, Alert, "36.8"), 0, Risk::Low),
        ((24, 94, true, 112, 108, Alert, "38.3"), 7, Risk::High),
        ((21, 95, true, 116, 98, Alert, "37.8"), 6, Risk::Medium),
        ((16, 98, false, 130, 70, Confused, "36.8"), 3, Risk::LowMedium),
        ((25, 97, false, 120, 80, Alert, "37.0"), 3, Risk::LowMedium),
        ((21, 96, true, 120, 80, Alert, "37.0"), 4, Risk::Low),
        ((8, 91, true, 90, 131, Confused, "35.0"), 20, Risk::High),
    ];
    for (values, total, risk) in cases {
        assert_eq!(score(&readings(values)), Score { total, risk }, "{values:?}");
    }
}

#[test]
fn scale_2_gives_points_for_too_much_oxygen() {
    let with = |spo2: i64, on_oxygen| {
        let set = readings((16, spo2, on_oxygen, 130, 70, Consciousness::Alert, "36.8"));
        parts(&Readings { scale: Scale::Two, ..set })[1]
    };
    let cases = [(83, 3, 3), (85, 2, 2), (87, 1, 1), (88, 0, 0), (92, 0, 0), (93, 0, 1), (95, 0, 2), (97, 0, 3)];
    for (spo2, on_air, on_oxygen) in cases {
        assert_eq!((with(spo2, false), with(spo2, true)), (on_air, on_oxygen), "{spo2}");
    }
}

#[test]
fn a_value_between_two_bands_is_rounded_to_the_tables_precision() {
    let temperature = |text: &str| points(TEMPERATURE, text.parse().unwrap(), 1);
    assert_eq!([temperature("38.04"), temperature("38.05"), temperature("39.05")], [0, 1, 2]);
    assert_eq!(points(SPO2_SCALE_1, "95.5".parse().unwrap(), 0), 0);
}

#[test]
fn the_next_set_is_due_as_the_table_says() {
    let due = |total, risk| Score { total, risk }.next_set_within_minutes();
    assert_eq!(due(0, Risk::Low), Some(720));
    assert_eq!(due(3, Risk::Low), Some(360));
    assert_eq!(due(3, Risk::LowMedium), Some(60));
    assert_eq!(due(5, Risk::Medium), Some(60));
    assert_eq!(due(7, Risk::High), None);
}

/// The reference table, when the folder of code lists is at hand; in CI it must be.
fn reference() -> Option<Value> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/nhs/codes/news2.json");
    let path = std::env::var_os("ALMONER_NHS_CODES").map_or(beside, |folder| PathBuf::from(folder).join("news2.json"));
    match std::fs::read(&path) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
        Err(problem) => {
            assert!(std::env::var_os("CI").is_none(), "{}: {problem}", path.display());
            skipped(&path);
            None
        }
    }
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped(path: &std::path::Path) {
    eprintln!("skipped: {} is not there", path.display());
}

#[test]
fn the_table_is_the_reference_table() {
    let Some(reference) = reference() else { return };
    let parameters = &reference["parameters"];
    let tenths = |value: &Value| value.as_f64().map(|value| (value * 10.0).round() as i32);
    let steps = |list: &Value| -> Vec<Step> {
        list.as_array()
            .unwrap()
            .iter()
            .map(|band| step(tenths(&band["min"]), tenths(&band["max"]), band["score"].as_u64().unwrap() as u8))
            .collect()
    };
    assert_eq!(steps(&parameters["respiration_rate"]["bands"]), RESPIRATIONS);
    assert_eq!(steps(&parameters["spo2_scale1"]["bands"]), SPO2_SCALE_1);
    assert_eq!(steps(&parameters["spo2_scale2"]["bands_any"]), SPO2_SCALE_2);
    assert_eq!(steps(&parameters["spo2_scale2"]["bands_on_oxygen"]), SPO2_SCALE_2_ON_OXYGEN);
    assert_eq!(parameters["spo2_scale2"]["bands_93_plus_on_air"], 0);
    assert_eq!(parameters["air_or_oxygen"]["oxygen"], ON_OXYGEN);
    assert_eq!(steps(&parameters["systolic_bp"]["bands"]), SYSTOLIC);
    assert_eq!(steps(&parameters["pulse"]["bands"]), PULSE);
    for letter in ["C", "V", "P", "U"] {
        assert_eq!(parameters["consciousness"][letter], NOT_ALERT);
    }
    assert_eq!(steps(&parameters["temperature"]["bands"]), TEMPERATURE);
    assert_eq!(reference["max_total"], 20);
}
