//! NHS numbers: ten digits whose last one checks the others.
//!
//! NHS Data Dictionary, "NHS Number", modulus 11. Numbers that begin 999 are for tests only and are the only ones
//! that synthetic patients carry. Whether a number belongs to a person is not known here.

use std::fmt;

/// An NHS number whose check digit holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NhsNumber([u8; 10]);

/// Why a text is not an NHS number, in a sentence for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadNhsNumber {
    /// Not ten digits.
    #[error("An NHS number has 10 digits. This has {digits}.")]
    Length {
        /// How many digits there are.
        digits: usize,
    },
    /// Something other than digits, spaces and hyphens.
    #[error("An NHS number has only digits.")]
    NotDigits,
    /// The check digit does not fit.
    #[error("This NHS number is mistyped: its last digit does not fit the others.")]
    CheckDigit,
}

impl NhsNumber {
    /// Reads ten digits; spaces and hyphens between them are ignored.
    pub fn parse(text: &str) -> Result<NhsNumber, BadNhsNumber> {
        let mut digits = Vec::with_capacity(10);
        for c in text.chars().filter(|c| !matches!(c, ' ' | '-')) {
            match c {
                '0'..='9' => digits.push(c as u8 - b'0'),
                _ => return Err(BadNhsNumber::NotDigits),
            }
        }
        let count = digits.len();
        let digits: [u8; 10] = digits.try_into().map_err(|_| BadNhsNumber::Length { digits: count })?;
        if check_digit(&digits) == Some(digits[9]) { Ok(NhsNumber(digits)) } else { Err(BadNhsNumber::CheckDigit) }
    }

    /// The number of the test range whose digits after 999 are these six with their check digit; none for the one
    /// number in eleven that has no check digit, or beyond 999,999.
    pub fn synthetic(serial: u32) -> Option<NhsNumber> {
        if serial > 999_999 {
            return None;
        }
        let mut digits = [9; 10];
        for (place, digit) in digits[3..9].iter_mut().rev().enumerate() {
            *digit = (serial / 10u32.pow(place as u32) % 10) as u8;
        }
        digits[9] = check_digit(&digits)?;
        Some(NhsNumber(digits))
    }

    /// Whether it is of the range that no person has.
    pub fn is_synthetic(&self) -> bool {
        self.0[..3] == [9, 9, 9]
    }

    /// Ten digits without spaces, as FHIR and HL7 carry it.
    pub fn digits(&self) -> String {
        self.0.iter().map(|digit| char::from(b'0' + digit)).collect()
    }
}

impl fmt::Display for NhsNumber {
    /// `999 123 4567`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        write!(f, "{} {} {}", &digits[..3], &digits[3..6], &digits[6..])
    }
}

/// Eleven less the weighted sum (10 for the first digit to 2 for the ninth) modulo 11; 11 is 0 and 10 is no number.
fn check_digit(digits: &[u8; 10]) -> Option<u8> {
    let sum: u32 = digits[..9].iter().zip((2..=10).rev()).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    match 11 - sum % 11 {
        11 => Some(0),
        10 => None,
        digit => Some(digit as u8),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn read_and_printed() {
        let number = NhsNumber::synthetic(1).unwrap();
        assert_eq!((number.to_string(), number.digits()), ("999 000 0018".to_owned(), "9990000018".to_owned()));
        assert_eq!(NhsNumber::parse(&number.to_string()).unwrap(), number);
        assert!(number.is_synthetic());
    }

    #[test]
    fn every_single_mistyped_digit_and_every_swap_of_neighbours_is_found() {
        let number = (1..).find_map(NhsNumber::synthetic).unwrap();
        let digits = number.digits().into_bytes();
        for at in 0..10 {
            for other in b'0'..=b'9' {
                let mut typed = digits.clone();
                typed[at] = other;
                let text = String::from_utf8(typed).unwrap();
                assert_eq!(NhsNumber::parse(&text).is_ok(), other == digits[at], "{text}");
            }
            let mut swapped = digits.clone();
            if at < 9 && digits[at] != digits[at + 1] {
                swapped.swap(at, at + 1);
                assert_eq!(NhsNumber::parse(&String::from_utf8(swapped).unwrap()), Err(BadNhsNumber::CheckDigit));
            }
        }
    }

    #[test]
    fn one_in_eleven_has_no_check_digit() {
        let numbers = (0..1_000_000).filter_map(NhsNumber::synthetic).count();
        assert!((909_000..910_000).contains(&numbers), "{numbers}");
        assert_eq!(NhsNumber::synthetic(1_000_000), None);
    }

    #[test]
    fn what_is_not_one_is_refused() {
        assert_eq!(NhsNumber::parse("999 000 001"), Err(BadNhsNumber::Length { digits: 9 }));
        assert_eq!(NhsNumber::parse(""), Err(BadNhsNumber::Length { digits: 0 }));
        assert_eq!(NhsNumber::parse("999000001x"), Err(BadNhsNumber::NotDigits));
        assert_eq!(NhsNumber::parse("９９９０００００１８"), Err(BadNhsNumber::NotDigits));
    }
}
