//! How pages say dates, numbers and sizes: the forms of `terms`, with the machine's form beside them.
//!
//! Every form is one of section 8 of the screen design. Knows no clock: today is a parameter.

use terms::print::{date_text, partial_date_text, short_date_text, time_text};
use terms::{Moment, PartialDate, Precision, local, local_date};

use crate::components::Printed;

/// A date as far as it is known, such as `14-Mar-1951` or `2004`; of an instant its day.
pub fn date(date: &PartialDate) -> Printed {
    match date.precision() {
        Precision::Minute | Precision::Instant => day(date.lower()),
        _ => Printed::new(date.text(), partial_date_text(date)),
    }
}

/// The same without the year when it is this one.
pub fn short_date(date: &PartialDate, now: Moment) -> Printed {
    match date.precision() {
        Precision::Year | Precision::Month => self::date(date),
        Precision::Day => {
            let text = date.date().map(|day| short_date_text(day, local_date(now))).unwrap_or_default();
            Printed::new(date.text(), text)
        }
        Precision::Minute | Precision::Instant => short_day(date.lower(), now),
    }
}

/// The day of a moment, such as `17-Nov-2026`.
pub fn day(moment: Moment) -> Printed {
    let date = local_date(moment);
    Printed::new(date.to_string(), date_text(date))
}

/// The same without the year when it is this one.
pub fn short_day(moment: Moment, now: Moment) -> Printed {
    let date = local_date(moment);
    Printed::new(date.to_string(), short_date_text(date, local_date(now)))
}

/// The time of day of a moment, such as `14:05`.
pub fn clock(moment: Moment) -> Printed {
    Printed::new(moment.to_string(), time_text(local(moment)))
}

/// The time of day if the moment is today, else its day.
pub fn clock_or_day(moment: Moment, now: Moment) -> Printed {
    if local_date(moment) == local_date(now) { clock(moment) } else { short_day(moment, now) }
}

/// A moment with its day when that is not today: `14:05`, `16-Nov 14:05`.
pub fn short_moment(moment: Moment, now: Moment) -> Printed {
    let at = clock(moment);
    if local_date(moment) == local_date(now) {
        return at;
    }
    Printed::new(at.iso, format!("{} {}", short_day(moment, now).text, at.text))
}

/// How long ago, or how long: minutes, hours and minutes, days over 48 hours.
pub fn duration(milliseconds: i64) -> String {
    let minutes = milliseconds.max(0) / 60_000;
    match minutes {
        0..60 => format!("{minutes} min"),
        60..2880 => format!("{} h {:02}", minutes / 60, minutes % 60),
        _ => format!("{} days", minutes / 1440),
    }
}

/// A number with a comma from 1,000.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A size in kB, MB or GB, one decimal at most.
pub fn size(bytes: u64) -> String {
    let (divisor, unit) = match bytes {
        0..1_000_000 => (1_000, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    let tenths = bytes.saturating_mul(10) / divisor;
    match tenths % 10 {
        0 => format!("{} {unit}", number(tenths / 10)),
        tenth => format!("{}.{tenth} {unit}", number(tenths / 10)),
    }
}

/// `1 thing` or `n things`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {many}", number(count as u64)) }
}

/// A word with a capital at its beginning.
pub fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sizes_and_durations() {
        let numbers = [(0, "0"), (999, "999"), (1_000, "1,000"), (1_204_881_330, "1,204,881,330")];
        for (value, words) in numbers {
            assert_eq!(number(value), words);
        }
        let sizes = [(500, "0.5 kB"), (412_600, "412.6 kB"), (94_200_000_000, "94.2 GB"), (61_000_000, "61 MB")];
        for (value, words) in sizes {
            assert_eq!(size(value), words);
        }
        let minutes = [(0, "0 min"), (33, "33 min"), (1630, "27 h 10"), (2880, "2 days")];
        for (value, words) in minutes {
            assert_eq!(duration(value * 60_000), words);
        }
    }
}
