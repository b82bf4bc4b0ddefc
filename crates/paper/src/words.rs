//! Numbers, times and what is counted, in the words of people: thousands apart, a moment as a date, milliseconds as seconds
//! and minutes. Pure functions; they know nothing of certificates.

/// A number with its thousands apart.
pub(crate) fn number(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with the word for it.
pub(crate) fn of(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// Milliseconds as people say them, never shorter than they were by more than the last unit that is named.
pub(crate) fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match (hours, minutes) {
        (0, 0) if milliseconds < 1000 => of(milliseconds, "millisecond", "milliseconds"),
        (0, 0) => format!("{seconds}.{} seconds", milliseconds % 1000 / 100),
        (0, _) => format!("{} {}", of(minutes, "minute", "minutes"), of(seconds % 60, "second", "seconds")),
        (..) => format!("{} {}", of(hours, "hour", "hours"), of(minutes % 60, "minute", "minutes")),
    }
}

/// Year, month, day, hour, minute and second of a moment in UTC, such as `2027-01-15T08:01:40.000Z`.
pub(crate) fn parts(moment: &str) -> Option<(u16, u8, u8, [u8; 3])> {
    let (date, time) = moment.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-');
    let (year, month, day) = (date.next()?, date.next()?, date.next()?);
    let (year, month, day) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let mut time = time.split('.').next()?.splitn(3, ':').map(|part| part.parse::<u8>().ok());
    let time = [time.next()??, time.next()??, time.next()??];
    let is_one = (1000..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && time[0] < 24
        && time[1] < 60
        && time[2] < 60;
    is_one.then_some((year, month, day, time))
}

/// A moment as a date and a time; the text itself where it is in another form.
pub(crate) fn moment(text: &str) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    match parts(text) {
        None => text.to_owned(),
        Some((year, month, day, [hour, minute, second])) => {
            let month = MONTHS[usize::from(month) - 1];
            format!("{day} {month} {year}, {hour:02}:{minute:02}:{second:02} UTC")
        }
    }
}

/// The name of something else than a resource type, which the file writes after a `~`, as the beginning of a row.
pub(crate) fn counted(name: &str) -> String {
    let mut letters = name.trim_start_matches('~').chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_thousands_apart() {
        let numbers = [0_u64, 999, 1000, 1_234_567, u64::MAX].map(number);
        assert_eq!(numbers, ["0", "999", "1,000", "1,234,567", "18,446,744,073,709,551,615"]);
    }

    #[test]
    fn durations_are_said_as_people_say_them() {
        let said = [0, 1, 999, 1000, 2_690, 61_000, 3_600_000, 7_320_000].map(duration);
        let words = [
            "0 milliseconds",
            "1 millisecond",
            "999 milliseconds",
            "1.0 seconds",
            "2.6 seconds",
            "1 minute 1 second",
            "1 hour 0 minutes",
            "2 hours 2 minutes",
        ];
        assert_eq!(said, words);
    }

    #[test]
    fn moments_are_dates_or_stay_what_they_are() {
        let cases = [
            ("2027-01-15T08:01:40.000Z", "15 January 2027, 08:01:40 UTC"),
            ("2027-01-15T08:01:40Z", "15 January 2027, 08:01:40 UTC"),
            ("2027-13-15T08:01:40Z", "2027-13-15T08:01:40Z"),
            ("2027-01-15T08:01:40+01:00", "2027-01-15T08:01:40+01:00"),
            ("T:Z", "T:Z"),
        ];
        for (text, words) in cases {
            assert_eq!(moment(text), words);
        }
    }

    #[test]
    fn what_else_is_counted_reads_as_a_row() {
        assert_eq!(["~owed by nobody", "~", "~\u{f6}re"].map(counted), ["Owed by nobody", "", "\u{d6}re"]);
    }
}
