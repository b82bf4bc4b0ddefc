//! What tells people apart, as one record has it: names, date of birth, sex, numbers, where they live.
//! Any part may be missing. Values come as they were written; reading a date or a sex never guesses.

use terms::PartialDate;

/// What one record knows of a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Demographics {
    /// Surnames, the one in use first, then earlier ones.
    pub surnames: Vec<String>,
    /// Given names in order.
    pub given: Vec<String>,
    /// Date of birth.
    pub born: Option<Born>,
    /// Sex, where it is recorded as female or male; anything else is no evidence.
    pub sex: Option<Sex>,
    /// NHS number, or whatever number identifies people where the records come from.
    pub nhs_number: Option<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// Lines of the address, without the postcode.
    pub address: Vec<String>,
    /// Telephone numbers.
    pub phones: Vec<String>,
}

/// A date of birth as written, which need not be in the calendar: a slip in it can still be recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Born {
    pub(super) year: u16,
    /// 0 when unknown.
    pub(super) month: u8,
    /// 0 when unknown.
    pub(super) day: u8,
}

/// Sex as recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

impl Sex {
    /// Reads a word, its first letter, or the NHS Data Dictionary's code (1 male, 2 female); `None` for anything else.
    pub fn read(text: &str) -> Option<Sex> {
        match text.trim().to_ascii_lowercase().as_str() {
            "f" | "female" | "2" => Some(Sex::Female),
            "m" | "male" | "1" => Some(Sex::Male),
            _ => None,
        }
    }
}

impl Born {
    /// Reads `1951-03-14`, `1951-03`, `1951`, `19510314`, or `14/03/1951` and `14-03-1951` and `14.03.1951` (the day
    /// first); what follows a `T` or a space after a whole date is a time and ignored. The year has four digits.
    pub fn read(text: &str) -> Option<Born> {
        let text = text.trim();
        let date = text.split(['T', ' ']).next()?;
        let parts: Vec<&str> = date.split(['-', '/', '.']).collect();
        if !parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())) {
            return None;
        }
        match parts.as_slice() {
            [whole] if whole.len() == 8 => Born::of(&whole[..4], &whole[4..6], &whole[6..]),
            [year] => Born::of(year, "0", "0"),
            [year, month] if year.len() == 4 => Born::of(year, month, "0"),
            [year, month, day] if year.len() == 4 => Born::of(year, month, day),
            [day, month, year] => Born::of(year, month, day),
            _ => None,
        }
    }

    fn of(year: &str, month: &str, day: &str) -> Option<Born> {
        let are_short = month.len() <= 2 && day.len() <= 2;
        let born = Born { year: year.parse().ok()?, month: month.parse().ok()?, day: day.parse().ok()? };
        (year.len() == 4 && are_short && born.year > 0).then_some(born)
    }

    /// Year, month and day, where all are known.
    pub(crate) fn parts(self) -> Option<(u16, u8, u8)> {
        self.is_whole().then_some((self.year, self.month, self.day))
    }

    /// Whether year, month and day are known.
    pub(super) fn is_whole(self) -> bool {
        self.month > 0 && self.day > 0
    }

    /// 1 January, which is written where only the year is known.
    pub(super) fn is_first_of_january(self) -> bool {
        self.month == 1 && self.day == 1
    }

    /// Eight digits, year first.
    pub(super) fn digits(self) -> [u8; 8] {
        let Born { year, month, day } = self;
        let year = [year / 1000 % 10, year / 100 % 10, year / 10 % 10, year % 10].map(|digit| digit as u8);
        [year[0], year[1], year[2], year[3], month / 10, month % 10, day / 10, day % 10]
    }
}

impl From<&PartialDate> for Born {
    fn from(date: &PartialDate) -> Born {
        let day = date.date().map_or(0, |date| date.day().unsigned_abs());
        Born { year: date.year().unsigned_abs(), month: date.month().map_or(0, i8::unsigned_abs), day }
    }
}
