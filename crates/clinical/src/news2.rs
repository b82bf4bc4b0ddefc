//! NEWS2: the Royal College of Physicians' table (National Early Warning Score 2, 2017), as data, and the sum.
//!
//! A score exists only for a complete set. It is not for people under 16, nor in pregnancy; callers refuse those.
//! The table is compared with the reference copy of the code list by a test.

use rust_decimal::Decimal;
use rust_decimal::RoundingStrategy::MidpointAwayFromZero;

/// A band of values: from `min` to `max`, both included, in tenths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Lowest value in tenths; `None` for no limit.
    pub min: Option<i32>,
    /// Highest value in tenths; `None` for no limit.
    pub max: Option<i32>,
    /// Points.
    pub points: u8,
}

const fn step(min: Option<i32>, max: Option<i32>, points: u8) -> Step {
    Step { min, max, points }
}

/// Respirations a minute.
pub const RESPIRATIONS: &[Step] = &[
    step(None, Some(80), 3),
    step(Some(90), Some(110), 1),
    step(Some(120), Some(200), 0),
    step(Some(210), Some(240), 2),
    step(Some(250), None, 3),
];

/// Oxygen saturation in per cent, scale 1.
pub const SPO2_SCALE_1: &[Step] =
    &[step(None, Some(910), 3), step(Some(920), Some(930), 2), step(Some(940), Some(950), 1), step(Some(960), None, 0)];

/// Oxygen saturation, scale 2, up to 92 per cent on air or oxygen.
pub const SPO2_SCALE_2: &[Step] = &[
    step(None, Some(830), 3),
    step(Some(840), Some(850), 2),
    step(Some(860), Some(870), 1),
    step(Some(880), Some(920), 0),
];

/// Oxygen saturation, scale 2, from 93 per cent on oxygen; on air these are 0.
pub const SPO2_SCALE_2_ON_OXYGEN: &[Step] =
    &[step(Some(930), Some(940), 1), step(Some(950), Some(960), 2), step(Some(970), None, 3)];

/// Points for oxygen by any device or rate; air is 0.
pub const ON_OXYGEN: u8 = 2;

/// Systolic blood pressure in mmHg.
pub const SYSTOLIC: &[Step] = &[
    step(None, Some(900), 3),
    step(Some(910), Some(1000), 2),
    step(Some(1010), Some(1100), 1),
    step(Some(1110), Some(2190), 0),
    step(Some(2200), None, 3),
];

/// Pulse a minute.
pub const PULSE: &[Step] = &[
    step(None, Some(400), 3),
    step(Some(410), Some(500), 1),
    step(Some(510), Some(900), 0),
    step(Some(910), Some(1100), 1),
    step(Some(1110), Some(1300), 2),
    step(Some(1310), None, 3),
];

/// Points for new confusion, voice, pain or unresponsive; alert is 0.
pub const NOT_ALERT: u8 = 3;

/// Temperature in degrees Celsius.
pub const TEMPERATURE: &[Step] = &[
    step(None, Some(350), 3),
    step(Some(351), Some(360), 1),
    step(Some(361), Some(380), 0),
    step(Some(381), Some(390), 1),
    step(Some(391), None, 2),
];

/// The oxygen saturation scale in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// For everyone without a prescribed target of 88 to 92%.
    #[default]
    One,
    /// Hypercapnic respiratory failure with a prescribed target of 88 to 92%.
    Two,
}

/// Consciousness by ACVPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consciousness {
    /// Alert.
    Alert,
    /// New confusion.
    Confused,
    /// Responds to voice.
    Voice,
    /// Responds to pain.
    Pain,
    /// Unresponsive.
    Unresponsive,
}

/// A complete set of observations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readings {
    /// Respirations a minute.
    pub respirations: Decimal,
    /// Oxygen saturation in per cent.
    pub spo2: Decimal,
    /// The scale for it.
    pub scale: Scale,
    /// Whether the patient is on oxygen.
    pub on_oxygen: bool,
    /// Systolic blood pressure in mmHg.
    pub systolic: Decimal,
    /// Pulse a minute.
    pub pulse: Decimal,
    /// Consciousness.
    pub consciousness: Consciousness,
    /// Temperature in degrees Celsius.
    pub temperature: Decimal,
}

/// The clinical risk that the table gives to a total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    /// 0 to 4, no parameter at 3.
    Low,
    /// 0 to 4 with a 3 in one parameter.
    LowMedium,
    /// 5 or 6.
    Medium,
    /// 7 and more.
    High,
}

/// A score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Score {
    /// The total, 0 to 20.
    pub total: u8,
    /// The risk.
    pub risk: Risk,
}

impl Score {
    /// The longest time to the next set in minutes by the table; `None` means continuous monitoring.
    /// For 1 to 4 the table leaves 4 to 6 hours to the nurse; the longer is taken, so that late is surely late.
    pub fn next_set_within_minutes(self) -> Option<i64> {
        match (self.risk, self.total) {
            (Risk::High, _) => None,
            (Risk::Medium | Risk::LowMedium, _) => Some(60),
            (Risk::Low, 0) => Some(12 * 60),
            (Risk::Low, _) => Some(6 * 60),
        }
    }

    /// What the table asks for, in its order: assessment, then monitoring.
    pub fn response(self) -> (&'static str, &'static str) {
        match (self.risk, self.total) {
            (Risk::High, _) => {
                ("Emergency assessment by a team with critical care competencies", "Continuous monitoring")
            }
            (Risk::Medium, _) => {
                ("Urgent assessment by a clinician competent in acute illness", "Observations at least every hour")
            }
            (Risk::LowMedium, _) => {
                ("The ward's medical team is told, reviews and decides", "Observations at least every hour")
            }
            (Risk::Low, 0) => ("Routine monitoring goes on", "Observations at least every 12 hours"),
            (Risk::Low, _) => ("A registered nurse assesses and decides", "Observations at least every 4 to 6 hours"),
        }
    }
}

/// The points of a value by a table, the value rounded to the table's own precision (whole numbers; temperature
/// one decimal).
fn points(table: &[Step], value: Decimal, decimals: u32) -> u8 {
    let rounded = value.round_dp_with_strategy(decimals, MidpointAwayFromZero) * Decimal::TEN;
    let within = |step: &&Step| {
        step.min.is_none_or(|min| rounded >= Decimal::from(min))
            && step.max.is_none_or(|max| rounded <= Decimal::from(max))
    };
    table.iter().find(within).map_or(0, |step| step.points)
}

fn spo2_points(readings: &Readings) -> u8 {
    match readings.scale {
        Scale::One => points(SPO2_SCALE_1, readings.spo2, 0),
        Scale::Two if readings.on_oxygen && readings.spo2 > Decimal::from(92) => {
            points(SPO2_SCALE_2_ON_OXYGEN, readings.spo2, 0)
        }
        Scale::Two => points(SPO2_SCALE_2, readings.spo2, 0),
    }
}

/// The points of each parameter, in the order of the hands: respirations, SpO2, oxygen, blood pressure, pulse,
/// consciousness, temperature.
pub fn parts(readings: &Readings) -> [u8; 7] {
    [
        points(RESPIRATIONS, readings.respirations, 0),
        spo2_points(readings),
        if readings.on_oxygen { ON_OXYGEN } else { 0 },
        points(SYSTOLIC, readings.systolic, 0),
        points(PULSE, readings.pulse, 0),
        if readings.consciousness == Consciousness::Alert { 0 } else { NOT_ALERT },
        points(TEMPERATURE, readings.temperature, 1),
    ]
}

/// The score of a complete set.
pub fn score(readings: &Readings) -> Score {
    let parts = parts(readings);
    let total = parts.iter().sum();
    let risk = match total {
        7.. => Risk::High,
        5..=6 => Risk::Medium,
        _ if parts.contains(&3) => Risk::LowMedium,
        _ => Risk::Low,
    };
    Score { total, risk }
}

#[cfg(test)]
mod tests;
