//! The inside of JSON strings: where plain text ends, and what escapes stand for.
//!
//! Scans eight bytes at a time for a quote, a backslash or a control character. Knows nothing of documents.

/// Where the run of plain string bytes that begins at `at` ends: at a quote, backslash, control character or the end.
#[inline]
pub(super) fn plain_end(text: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = text.get(at..at + 8) {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(chunk);
        let found = special_bytes(u64::from_le_bytes(bytes));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while let Some(byte) = text.get(at)
        && *byte >= 0x20
        && *byte != b'"'
        && *byte != b'\\'
    {
        at += 1;
    }
    at
}

/// The high bit of the lowest byte that is a quote, a backslash or below 0x20 (bytes above it may be marked wrongly,
/// since a borrow can pass upwards; only the lowest is used).
#[inline]
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let is_quote = quote.wrapping_sub(ONES) & !quote;
    let is_backslash = backslash.wrapping_sub(ONES) & !backslash;
    let is_control = word.wrapping_sub(ONES * 0x20) & !word;
    (is_quote | is_backslash | is_control) & HIGHS
}

/// Four hexadecimal digits as a number.
pub(super) fn hex4(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + 4)?;
    digits.iter().try_fold(0, |value, digit| Some(value * 16 + (*digit as char).to_digit(16)?))
}

/// Resolves the escapes of a string's inside that the parser has already accepted.
pub(super) fn unescape(inside: &str) -> String {
    let bytes = inside.as_bytes();
    let mut out = String::with_capacity(inside.len());
    let mut at = 0;
    while let Some(step) = memchr::memchr(b'\\', &bytes[at..]) {
        out.push_str(&inside[at..at + step]);
        at += step;
        let (character, length) = escaped_character(bytes, at);
        out.push(character);
        at += length;
    }
    out.push_str(&inside[at..]);
    out
}

/// The character an escape stands for, and the escape's length.
fn escaped_character(bytes: &[u8], at: usize) -> (char, usize) {
    match bytes.get(at + 1).copied().unwrap_or(b'\\') {
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        b'u' => {
            let unit = hex4(bytes, at + 2).unwrap_or(0xFFFD);
            if (0xD800..0xDC00).contains(&unit) {
                let low = hex4(bytes, at + 8).unwrap_or(0xDC00).wrapping_sub(0xDC00);
                let point = 0x10000 + ((unit - 0xD800) << 10) + low;
                return (char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
            }
            (char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
        }
        other => (other as char, 2),
    }
}
