//! The story's time: it is written as if now were 17-Nov-2026 14:35, and shifted to the real now.
//! Everybody in it is invented; it knows nothing of stores or pages.

use terms::Moment;

use super::STORY_NOW;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// How far the story is shifted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Story {
    shift_ms: i64,
}

impl Story {
    /// The story told at a moment, to the minute.
    pub(super) fn at(now: Moment) -> Story {
        Story { shift_ms: (now.0 - STORY_NOW.0).div_euclid(MINUTE_MS) * MINUTE_MS }
    }

    /// A recent instant, or one that comes within hours, such as `2026-11-17T14:05`: shifted to the minute.
    pub(super) fn recent(&self, written: &str) -> String {
        instant(Moment(read(written).0 + self.shift_ms))
    }

    /// An instant further back or ahead: shifted by whole days, so that clinics stay in the daytime.
    pub(super) fn instant(&self, written: &str) -> String {
        instant(Moment(read(written).0 + self.days() * DAY_MS))
    }

    /// A day further back or ahead.
    pub(super) fn day(&self, written: &str) -> String {
        let noon = Moment(read(&format!("{written}T12:00")).0 + self.days() * DAY_MS);
        noon.to_string()[..10].to_owned()
    }

    /// Days between the story's date and today's: what is told of today stays today, at whatever time of day.
    fn days(&self) -> i64 {
        (STORY_NOW.0 + self.shift_ms).div_euclid(DAY_MS) - STORY_NOW.0.div_euclid(DAY_MS)
    }
}

/// A FHIR instant without fractions.
fn instant(moment: Moment) -> String {
    format!("{}Z", &moment.to_string()[..19])
}

/// A time of the story; they are written in the code and always right.
fn read(written: &str) -> Moment {
    Moment::parse(&format!("{written}:00Z")).unwrap_or(STORY_NOW)
}
