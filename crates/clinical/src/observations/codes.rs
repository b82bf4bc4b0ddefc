//! Which codes mean which vital sign, which units the NEWS2 table takes, and which codes say ACVPU.
//!
//! LOINC as FHIR R4's vital signs profile and common senders use it, SNOMED CT as UK Core's examples do.
//! [check: clinical safety officer]

use crate::news2::Consciousness;
use crate::read::{Amount, shown};

/// A vital sign, in the order of the hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sign {
    /// Respirations a minute.
    Respirations,
    /// Oxygen saturation.
    Spo2,
    /// Inhaled oxygen; 0 is air.
    Oxygen,
    /// Systolic blood pressure.
    Systolic,
    /// Diastolic blood pressure.
    Diastolic,
    /// Pulse or heart rate.
    Pulse,
    /// Consciousness.
    Consciousness,
    /// Body temperature.
    Temperature,
}

/// Codes of each sign.
const CODES: &[(Sign, &[&str])] = &[
    (Sign::Respirations, &["9279-1", "86290005"]),
    (Sign::Spo2, &["2708-6", "59408-5", "431314004", "103228002"]),
    (Sign::Oxygen, &["3151-8", "3150-0", "427081008"]),
    (Sign::Systolic, &["8480-6", "271649006", "72313002"]),
    (Sign::Diastolic, &["8462-4", "271650006", "1091811000000102"]),
    (Sign::Pulse, &["8867-4", "78564009", "364075005"]),
    (Sign::Consciousness, &["80288-4", "67775-7", "1104441000000107"]),
    (Sign::Temperature, &["8310-5", "8331-1", "276885007", "415929009"]),
];

/// Units of each sign that the table takes, as UCUM codes and as senders write them.
const UNITS: &[(Sign, &[&str])] = &[
    (Sign::Respirations, &["/min", "{breaths}/min", "breaths/min", "breaths/minute"]),
    (Sign::Spo2, &["%"]),
    (Sign::Oxygen, &["L/min", "l/min"]),
    (Sign::Systolic, &["mm[Hg]", "mmHg", "mm Hg"]),
    (Sign::Diastolic, &["mm[Hg]", "mmHg", "mm Hg"]),
    (Sign::Pulse, &["/min", "{beats}/min", "beats/min", "beats/minute"]),
    (Sign::Temperature, &["Cel", "degC", "°C", "C"]),
];

impl Sign {
    /// The signs that NEWS2 scores, in the order of the hands.
    pub const SCORED: [Sign; 7] = [
        Sign::Respirations,
        Sign::Spo2,
        Sign::Oxygen,
        Sign::Systolic,
        Sign::Pulse,
        Sign::Consciousness,
        Sign::Temperature,
    ];

    /// The sign of a code.
    pub(crate) fn of_code(code: &str) -> Option<Sign> {
        CODES.iter().find(|(_, codes)| codes.contains(&code)).map(|(sign, _)| *sign)
    }

    /// The sign's name.
    pub const fn name(self) -> &'static str {
        match self {
            Sign::Respirations => "respirations",
            Sign::Spo2 => "SpO2",
            Sign::Oxygen => "air or oxygen",
            Sign::Systolic => "systolic blood pressure",
            Sign::Diastolic => "diastolic blood pressure",
            Sign::Pulse => "pulse",
            Sign::Consciousness => "consciousness",
            Sign::Temperature => "temperature",
        }
    }

    pub(crate) fn has_unit(self, unit: &str) -> bool {
        UNITS.iter().any(|(sign, units)| *sign == self && units.contains(&unit))
    }

    /// A measured value in words: without a unit where the table's unit goes without saying, else with it.
    pub(crate) fn words(self, amount: &Amount) -> String {
        let number = shown(amount.value);
        let bound = amount.comparator.as_deref().unwrap_or("");
        match self {
            Sign::Oxygen if amount.value.is_zero() && bound.is_empty() => "Air".to_owned(),
            Sign::Spo2 if self.has_unit(&amount.unit_key) => format!("{bound}{number}%"),
            Sign::Oxygen => format!("{bound}{number} {}", amount.unit),
            _ if self.has_unit(&amount.unit_key) => format!("{bound}{number}"),
            _ => format!("{bound}{number} {}", amount.unit),
        }
    }
}

/// Consciousness by its SNOMED CT finding, LOINC answer or ACVPU letter.
pub(crate) fn consciousness(code: &str) -> Option<Consciousness> {
    match code {
        "248234008" | "LA9340-6" | "A" => Some(Consciousness::Alert),
        "130987000" | "C" => Some(Consciousness::Confused),
        "300202002" | "LA17108-4" | "V" => Some(Consciousness::Voice),
        "450847001" | "LA17107-6" | "P" => Some(Consciousness::Pain),
        "422768004" | "LA9343-0" | "U" => Some(Consciousness::Unresponsive),
        _ => None,
    }
}

/// Breathing room air.
pub(crate) fn is_room_air(code: &str) -> Option<()> {
    matches!(code, "722742002" | "15158005").then_some(())
}
