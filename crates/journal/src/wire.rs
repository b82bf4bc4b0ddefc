//! The canonical building blocks of every binary form in this crate: numbers, strings, hashes, lists.
//!
//! Each value has exactly one accepted spelling: numbers are shortest LEB128, flags are 0 or 1, strings are UTF-8
//! within a stated length, and nothing may follow the last field. So whatever decodes also encodes to the same
//! bytes, and a damaged length can neither panic nor reserve more memory than the input is long.
//! Knows nothing of what the fields mean. Documented in `docs/formats/journal.md`, section 1.

use crate::Hash;

/// Bytes that are not a canonical encoding: what was expected, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} (byte {at})")]
pub struct Malformed {
    /// What is wrong, in words that hold no data.
    pub what: &'static str,
    /// Offset of the field from the start of the encoding.
    pub at: usize,
}

/// How many characters a field may have, and which.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    /// A resource type or id: 1 to 64 visible ASCII characters without `/`.
    Name,
    /// UTF-8 of at most this many bytes; may be empty.
    Text(usize),
}

/// Appends canonical fields to a byte string.
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn with_capacity(capacity: usize) -> Writer {
        Writer { bytes: Vec::with_capacity(capacity) }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn byte(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(crate) fn fixed(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
    }

    /// Unsigned LEB128, shortest form.
    pub(crate) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// A moment: 8 bytes, two's complement, big-endian.
    pub(crate) fn moment(&mut self, value: terms::Moment) {
        self.fixed(&value.0.to_be_bytes());
    }

    /// Length, then the bytes.
    pub(crate) fn bytes(&mut self, value: &[u8]) {
        self.number(value.len() as u64);
        self.fixed(value);
    }

    pub(crate) fn text(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }
}

/// Takes canonical fields from a byte string, left to right.
pub(crate) struct Reader<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(all: &'a [u8]) -> Reader<'a> {
        Reader { all, at: 0 }
    }

    pub(crate) fn fail<T>(&self, what: &'static str) -> Result<T, Malformed> {
        Err(Malformed { what, at: self.at })
    }

    /// Nothing may follow the last field.
    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.at == self.all.len() { Ok(()) } else { self.fail("there are bytes after the last field") }
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let rest = self.all.get(self.at..).unwrap_or_default();
        let Some(taken) = rest.get(..count) else { return self.fail("the bytes end inside a field") };
        self.at += count;
        Ok(taken)
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        let rest = self.all.get(self.at..).unwrap_or_default();
        self.at = self.all.len();
        rest
    }

    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let mut value = [0; N];
        value.copy_from_slice(self.take(N)?);
        Ok(value)
    }

    pub(crate) fn hash(&mut self) -> Result<Hash, Malformed> {
        self.fixed()
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(self.fixed::<1>()?[0])
    }

    /// 0 is no, 1 is yes, everything else is refused.
    pub(crate) fn flag(&mut self) -> Result<bool, Malformed> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => self.fail("a flag is neither 0 nor 1"),
        }
    }

    pub(crate) fn number(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return self.fail("a number needs more than 64 bits");
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                let shortest = byte != 0 || shift == 0;
                return if shortest { Ok(value) } else { self.fail("a number is not in its shortest form") };
            }
        }
        self.fail("a number needs more than 64 bits")
    }

    /// A number that is at least 1.
    pub(crate) fn positive(&mut self) -> Result<u64, Malformed> {
        match self.number()? {
            0 => self.fail("a number that starts at 1 is 0"),
            value => Ok(value),
        }
    }

    pub(crate) fn small(&mut self) -> Result<u32, Malformed> {
        let value = self.number()?;
        u32::try_from(value).or_else(|_| self.fail("a number needs more than 32 bits"))
    }

    pub(crate) fn moment(&mut self) -> Result<terms::Moment, Malformed> {
        Ok(terms::Moment(i64::from_be_bytes(self.fixed()?)))
    }

    pub(crate) fn bytes(&mut self, most: usize) -> Result<&'a [u8], Malformed> {
        let length = self.number()?;
        match usize::try_from(length) {
            Ok(length) if length <= most => self.take(length),
            _ => self.fail("a field is longer than its limit"),
        }
    }

    pub(crate) fn text(&mut self, limit: Limit) -> Result<String, Malformed> {
        let most = match limit {
            Limit::Name => MOST_NAME,
            Limit::Text(most) => most,
        };
        let start = self.at;
        let bytes = self.bytes(most)?;
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Err(Malformed { what: "a text is not UTF-8", at: start });
        };
        match allowed(text, limit) {
            true => Ok(text.to_owned()),
            false => Err(Malformed { what: "a name is empty or has a character that names do not have", at: start }),
        }
    }

    /// A list: its length, then its members. Memory grows only with members that are really there.
    pub(crate) fn list<T>(
        &mut self,
        most: usize,
        mut member: impl FnMut(&mut Reader<'a>) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let count = self.number()?;
        let room = self.all.len() - self.at;
        let count = match usize::try_from(count) {
            Ok(count) if count <= most => count,
            _ => return self.fail("a list is longer than its limit"),
        };
        if count > room {
            return self.fail("a list is longer than the bytes that are left");
        }
        let mut members = Vec::with_capacity(count.min(FIRST_RESERVE));
        for _ in 0..count {
            members.push(member(self)?);
        }
        Ok(members)
    }
}

/// Longest resource type or id.
const MOST_NAME: usize = 64;

/// Members for which a list reserves room before it has read any.
const FIRST_RESERVE: usize = 256;

/// Whether a field may hold this text: the same rule before writing and after reading.
pub(crate) fn allowed(text: &str, limit: Limit) -> bool {
    match limit {
        Limit::Name => {
            !text.is_empty() && text.len() <= MOST_NAME && text.bytes().all(|b| b.is_ascii_graphic() && b != b'/')
        }
        Limit::Text(most) => text.len() <= most,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn numbers_have_one_spelling() {
        for value in [0, 1, 127, 128, 300, 16_383, 16_384, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut writer = Writer::with_capacity(10);
            writer.number(value);
            let bytes = writer.finish();
            assert_eq!(Reader::new(&bytes).number().unwrap(), value);
        }
        let refused: [&[u8]; 5] = [
            &[0x80, 0x00],
            &[0xff, 0x00],
            &[0xff; 10],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
            &[0x80],
        ];
        for bytes in refused {
            assert!(Reader::new(bytes).number().is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_forged_length_reserves_nothing() {
        let bytes = [0xff, 0xff, 0xff, 0xff, 0x0f];
        assert!(Reader::new(&bytes).bytes(usize::MAX).is_err());
        assert!(Reader::new(&bytes).list(usize::MAX, |reader| reader.byte()).is_err());
    }
}
