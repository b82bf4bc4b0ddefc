//! What people planned for a trust's exit, and what they said: the deadline, when to copy, within which hours, how long the way
//! back stays open, that the staff was told. One small file a trust under `schedules/`, replaced as a whole; it is there
//! before a move begins and after it ends. Knows no page and no wire.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use terms::{Date, Moment, start_of_day};

use super::estimate::{DAY_MS, Hours};
use crate::failure::Failure;
use crate::trusts::{TrustCode, replace_file};

/// The longest of any span that is planned, in days.
pub(crate) const MOST_DAYS: u32 = 366;

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Schedule {
    /// The day on whose begin the old place must be left, as `2027-01-31`.
    pub(crate) deadline: String,
    /// When planning began, and who planned last, as an instant and a name.
    pub(crate) begun: String,
    pub(crate) by: String,
    /// The day on which copying is to begin; now unless planned.
    #[serde(default)]
    pub(crate) copy_from: Option<String>,
    /// The agreed moment of the cut, as an instant.
    #[serde(default)]
    pub(crate) cut_on: Option<String>,
    /// Days of following and rehearsing before the cut.
    pub(crate) rehearse_days: u32,
    /// Days for which the way back stays open.
    pub(crate) way_back_days: u32,
    /// Minutes from the decision to go back until the old host writes.
    pub(crate) back_minutes: u32,
    /// What the line may carry, in megabits a second.
    #[serde(default)]
    pub(crate) megabit: Option<u32>,
    /// The hours in which may be copied, in minutes after midnight.
    #[serde(default)]
    pub(crate) hours: Option<(i16, i16)>,
    /// Where there is no line: for how many hours a disk and the letter that answers it may be on their way.
    #[serde(default)]
    pub(crate) carried_hours: Option<u32>,
    /// Where there is no line: why the way back is not possible, in words of the planner; empty when it is.
    #[serde(default)]
    pub(crate) no_way_back: String,
    /// What it hangs on, in words of the planner.
    #[serde(default)]
    pub(crate) hangs: String,
    /// That the staff was told and the downtime sheets are printed.
    #[serde(default)]
    pub(crate) told: Option<Said>,
}

/// Who said something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) who: String,
    /// As an instant.
    pub(crate) when: String,
}

impl Schedule {
    /// The plan of a trust, if there is one.
    pub(crate) fn read(data: &Path, code: &TrustCode) -> Result<Option<Schedule>, Failure> {
        let path = file(data, code);
        let doing = format!("reading {}", path.display());
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| Failure::problem(doing, &error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::problem(doing, &error)),
        }
    }

    /// Keeps the plan; on disk when it returns.
    pub(crate) fn write(&self, data: &Path, code: &TrustCode) -> Result<(), Failure> {
        let path = file(data, code);
        let doing = format!("writing {}", path.display());
        std::fs::create_dir_all(data.join("schedules")).map_err(|error| Failure::problem(&doing, &error))?;
        let text = serde_json::to_vec_pretty(self).map_err(|error| Failure::problem(&doing, &error))?;
        replace_file(&path, &text).map_err(|error| Failure::problem(&doing, &error))
    }

    /// The deadline as a moment.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        date(&self.deadline).map(start_of_day)
    }

    /// When copying is to begin, if that was planned.
    pub(crate) fn copy_from(&self) -> Option<Moment> {
        self.copy_from.as_deref().and_then(date).map(start_of_day)
    }

    /// When it is to be cut, if that was planned.
    pub(crate) fn cut_on(&self) -> Option<Moment> {
        self.cut_on.as_deref().and_then(|text| Moment::parse(text).ok())
    }

    /// The hours in which may be copied.
    pub(crate) fn hours(&self) -> Hours {
        self.hours.map(|(from, until)| Hours { from, until }).unwrap_or_default()
    }

    /// How long the way back stays open, in milliseconds.
    pub(crate) fn open_ms(&self) -> i64 {
        i64::from(self.way_back_days) * DAY_MS
    }

    /// What the line may carry, in bytes a second.
    pub(crate) fn bandwidth(&self) -> Option<f64> {
        self.megabit.map(bytes_of)
    }
}

/// Megabits as bytes.
pub(crate) fn bytes_of(megabit: u32) -> f64 {
    f64::from(megabit) * 1e6 / 8.0
}

/// A date as it is kept.
pub(crate) fn date(text: &str) -> Option<Date> {
    text.parse().ok()
}

fn file(data: &Path, code: &TrustCode) -> PathBuf {
    data.join("schedules").join(format!("{code}.json"))
}
