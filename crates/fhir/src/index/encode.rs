//! The bytes of ordered index values: what is smaller comes first when compared byte by byte.
//!
//! | value | bytes |
//! | --- | --- |
//! | instant | 8: milliseconds since 1970 as a big-endian two's complement number with its sign bit inverted |
//! | number in a row of its own | see [`short_number`]: 1 byte and one more for every two digits |
//! | number that ends a range | 13, from the left: sign (1 bit: 1 from zero up), exponent of its first digit plus 28 (6 bits), its digits
//! |        | as a whole number of exactly 29 digits (97 bits); zero is the sign alone; a negative number has all bits
//! |        | inverted. Exact for every decimal that can be held (28 to 29 digits) |
//! | text | its UTF-8, cut after [`LONGEST_TEXT`] bytes |

use rust_decimal::Decimal;

/// Texts are indexed and compared by this many bytes at most, so that no key grows beyond 512.
pub(crate) const LONGEST_TEXT: usize = 240;

/// An instant in milliseconds since 1970.
pub(crate) fn instant(ms: i64) -> [u8; 8] {
    ((ms as u64) ^ (1 << 63)).to_be_bytes()
}

/// Where instants descend (all their bits inverted), this stands behind every one of them: no instant at all.
pub(crate) const NO_INSTANT_DESCENDING: [u8; 8] = [0xff; 8];

/// Digits of the whole number in an encoded number.
const DIGITS: u32 = 29;
const DIGIT_BITS: u32 = 97;
const ALL_BITS: u32 = 104;

/// Longest bytes of a short number: its exponent, then 29 digits two by two.
pub(crate) type ShortNumber = smallvec::SmallVec<[u8; 16]>;

/// A number, exactly, in as many bytes as its digits need: 128 for zero; else 128 plus the exponent of its first digit
/// plus 29, then its digits without trailing zeros two by two, twice the pair, plus 1 if more follow. A negative number
/// has all bits inverted. None is the beginning of another, so whatever follows does not disturb their order.
pub(crate) fn short_number(value: Decimal) -> ShortNumber {
    let mut digits = value.mantissa().unsigned_abs();
    let mut bytes = ShortNumber::from_slice(&[0x80]);
    if digits == 0 {
        return bytes;
    }
    let length = digits.ilog10() + 1;
    // From -28 to 28.
    let exponent = length as i32 - 1 - value.scale() as i32;
    bytes[0] += (exponent + 29) as u8;
    // An even number of digits, the first of them not zero.
    let even = length.next_multiple_of(2);
    digits *= 10u128.pow(even - length);
    let mut unit = 10u128.pow(even - 2);
    loop {
        let pair = (digits / unit) as u8;
        digits %= unit;
        bytes.push(pair << 1 | u8::from(digits != 0));
        if digits == 0 {
            break;
        }
        unit /= 100;
    }
    if value.is_sign_negative() {
        bytes.iter_mut().for_each(|byte| *byte = !*byte);
    }
    bytes
}

/// A number, exactly, in as many bytes as every other.
pub(crate) fn number(value: Decimal) -> [u8; 13] {
    let sign = 1u128 << (ALL_BITS - 1);
    let mut digits = value.mantissa().unsigned_abs();
    let mut bits = sign;
    if digits != 0 {
        let length = digits.ilog10() + 1;
        digits *= 10u128.pow(DIGITS - length);
        // The place of the first digit: 0 for ones, -1 for tenths. From -28 to 28.
        let exponent = length as i32 - 1 - value.scale() as i32;
        let magnitude = ((exponent + 28) as u128) << DIGIT_BITS | digits;
        bits |= magnitude;
        if value.is_sign_negative() {
            bits = !bits & ((1 << ALL_BITS) - 1);
        }
    }
    let mut bytes = [0; 13];
    bytes.copy_from_slice(&bits.to_be_bytes()[3..]);
    bytes
}

/// As much of a text as is indexed, ending between two characters.
pub(crate) fn text(text: &str) -> Vec<u8> {
    cut(text).as_bytes().to_vec()
}

/// The same for a text of one's own.
pub(crate) fn owned_text(mut text: String) -> Vec<u8> {
    text.truncate(cut(&text).len());
    text.into_bytes()
}

/// As much of a text as is indexed.
pub(crate) fn cut(text: &str) -> &str {
    if text.len() <= LONGEST_TEXT {
        return text;
    }
    let mut end = LONGEST_TEXT;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_decimal() -> impl Strategy<Value = Decimal> {
        let parts = (any::<u32>(), any::<u32>(), any::<u32>(), any::<bool>(), 0u32..=28, 0u8..4);
        parts.prop_map(|(low, middle, high, is_negative, scale, width)| {
            let (middle, high) = (if width > 1 { middle } else { 0 }, if width > 2 { high } else { 0 });
            Decimal::from_parts(if width > 0 { low } else { low % 10 }, middle, high, is_negative, scale)
        })
    }

    proptest! {
        #[test]
        fn numbers_keep_their_order(left in any_decimal(), right in any_decimal()) {
            prop_assert_eq!(number(left).cmp(&number(right)), left.cmp(&right));
        }

        #[test]
        fn short_numbers_keep_their_order_and_begin_no_other(left in any_decimal(), right in any_decimal()) {
            let (a, b) = (short_number(left), short_number(right));
            prop_assert_eq!(a.cmp(&b), left.cmp(&right));
            prop_assert!(a == b || !b.starts_with(&a));
            prop_assert!(a.len() <= 16);
        }

        #[test]
        fn instants_keep_their_order(left: i64, right: i64) {
            prop_assert_eq!(instant(left).cmp(&instant(right)), left.cmp(&right));
        }

        #[test]
        fn cutting_never_splits_a_character(long in "\\PC{0,300}") {
            prop_assert!(cut(&long).len() <= LONGEST_TEXT && long.starts_with(cut(&long)));
        }
    }

    #[test]
    fn extremes_keep_their_order() {
        let steps = [Decimal::MIN, Decimal::from(-1), Decimal::new(-1, 28), Decimal::ZERO, Decimal::new(1, 28)];
        for pair in steps.windows(2) {
            assert!(number(pair[0]) < number(pair[1]), "{pair:?}");
            assert!(short_number(pair[0]) < short_number(pair[1]), "{pair:?}");
        }
        let bytes = |digits, scale| short_number(Decimal::new(digits, scale)).to_vec();
        assert_eq!(bytes(7250, 2), [128 + 30, 72 << 1 | 1, 50 << 1]);
        assert_eq!(bytes(-7, 0), [!(128 + 29), !(70 << 1)]);
        assert_eq!((bytes(0, 2), bytes(100, 0)), (vec![128], bytes(1000, 1)));
    }
}
