//! Segment files: frames appended one after another, each with its length and a check, as pure functions over bytes.
//!
//! Tells a torn tail (the last write did not finish: nothing valid follows) from damage (something valid follows),
//! because the first may be cut off at recovery and the second may not. Does not know what frames hold or where
//! the file is. Byte by byte in `docs/formats/journal.md`, section 6.

use crate::hash::tagged;

/// The first bytes of a segment file of access leaves.
pub const SEGMENT_START: &[u8; 16] = b"almoner:access1\n";

/// Longest frame, in bytes without its header.
pub const MOST_FRAME_BYTES: usize = 32 << 20;

/// Length and check, in bytes.
const HEADER: usize = 8;

/// How many bytes the search for a frame after a bad one may hash before it gives up and calls it damage.
const MOST_SEARCHED: usize = 64 << 20;

/// A stretch of a segment that is no frame although frames follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Bytes {at} to {until} of the segment are damaged.")]
pub struct Damage {
    /// Where the bad bytes begin, counted from the start of the file.
    pub at: usize,
    /// Where the next good frame begins, or the end of the file.
    pub until: usize,
}

/// The bytes are not a segment file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This is not a segment file of access leaves.")]
pub struct NotASegment;

/// Appends one frame. The bytes are not empty and no longer than [`MOST_FRAME_BYTES`].
pub fn append_frame(to: &mut Vec<u8>, bytes: &[u8]) {
    let length = (bytes.len() as u32).to_le_bytes();
    to.extend_from_slice(&length);
    to.extend_from_slice(&check(length, bytes));
    to.extend_from_slice(bytes);
}

/// The frames of a segment, in order; damage is yielded where it is and reading goes on after it.
#[derive(Debug, Clone)]
pub struct Frames<'a> {
    file: &'a [u8],
    at: usize,
    torn_at: Option<usize>,
}

impl<'a> Frames<'a> {
    /// Begins to read a segment file. A file that ends within its first 16 bytes is empty with a torn tail.
    pub fn of(file: &'a [u8]) -> Result<Frames<'a>, NotASegment> {
        if let Some(begun) = SEGMENT_START.get(..file.len()).filter(|_| file.len() < SEGMENT_START.len()) {
            let frames = Frames { file, at: file.len(), torn_at: Some(0) };
            return if begun == file { Ok(frames) } else { Err(NotASegment) };
        }
        match file.starts_with(SEGMENT_START) {
            true => Ok(Frames { file, at: SEGMENT_START.len(), torn_at: None }),
            false => Err(NotASegment),
        }
    }

    /// Once all frames were read: where the torn tail begins, if there is one. Everything before it is whole, and
    /// what is cut there was never acknowledged.
    pub fn torn_at(&self) -> Option<usize> {
        self.torn_at
    }

    /// Where a good frame at this place ends.
    fn frame_end(&self, at: usize) -> Option<usize> {
        let rest = self.file.get(at..)?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (stored, rest) = rest.split_first_chunk::<4>()?;
        let count = u32::from_le_bytes(*length) as usize;
        let bytes = rest.get(..count).filter(|_| (1..=MOST_FRAME_BYTES).contains(&count))?;
        (check(*length, bytes) == *stored).then_some(at + HEADER + count)
    }

    /// Where the next good frame after a bad place begins; an error when the search would take too long.
    fn next_good(&self, bad: usize) -> Result<Option<usize>, ()> {
        let mut searched = 0;
        for at in bad + 1..self.file.len().saturating_sub(HEADER) {
            let claimed = self.file[at..].first_chunk::<4>().map_or(0, |length| u32::from_le_bytes(*length) as usize);
            if claimed == 0 || claimed > self.file.len() - at - HEADER {
                continue;
            }
            if self.frame_end(at).is_some() {
                return Ok(Some(at));
            }
            searched += claimed;
            if searched > MOST_SEARCHED {
                return Err(());
            }
        }
        Ok(None)
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Result<&'a [u8], Damage>;

    fn next(&mut self) -> Option<Result<&'a [u8], Damage>> {
        let at = self.at;
        let rest = self.file.get(at..).unwrap_or_default();
        if rest.iter().all(|byte| *byte == 0) {
            self.at = self.file.len();
            return None;
        }
        if let Some(end) = self.frame_end(at) {
            self.at = end;
            return Some(Ok(&self.file[at + HEADER..end]));
        }
        match self.next_good(at) {
            Ok(None) => {
                self.at = self.file.len();
                self.torn_at = Some(at);
                None
            }
            Ok(Some(until)) => {
                self.at = until;
                Some(Err(Damage { at, until }))
            }
            Err(()) => {
                self.at = self.file.len();
                Some(Err(Damage { at, until: self.file.len() }))
            }
        }
    }
}

/// The first four bytes of the tagged SHA-256 over length and bytes.
fn check(length: [u8; 4], bytes: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = tagged(b"almoner:frame\n", &[&length, bytes]);
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn segment(frames: &[&[u8]]) -> Vec<u8> {
        let mut file = SEGMENT_START.to_vec();
        for frame in frames {
            append_frame(&mut file, frame);
        }
        file
    }

    fn read(file: &[u8]) -> (Vec<Result<&[u8], Damage>>, Option<usize>) {
        let mut frames = Frames::of(file).unwrap();
        let read = frames.by_ref().collect();
        (read, frames.torn_at())
    }

    #[test]
    fn a_tail_torn_anywhere_is_found_and_what_is_before_it_is_kept() {
        let whole = segment(&[b"first", b"second", b"third"]);
        let last = whole.len() - HEADER - b"third".len();
        for cut in last + 1..whole.len() {
            let (frames, torn) = read(&whole[..cut]);
            assert_eq!(frames, [Ok(b"first".as_slice()), Ok(b"second".as_slice())]);
            assert_eq!(torn, Some(last));
        }
        assert_eq!(read(&whole[..last]).1, None);
        assert_eq!(read(&whole[..9]), (Vec::new(), Some(0)));
        assert!(Frames::of(b"something else, and longer").is_err());
    }

    #[test]
    fn room_reserved_with_zeros_is_not_a_tail() {
        let mut file = segment(&[b"first"]);
        file.resize(file.len() + 4096, 0);
        assert_eq!(read(&file), (vec![Ok(b"first".as_slice())], None));
    }

    #[test]
    fn damage_in_the_middle_is_not_taken_for_a_tail() {
        let whole = segment(&[b"first", b"second", b"third"]);
        let second = SEGMENT_START.len() + HEADER + b"first".len();
        let third = second + HEADER + b"second".len();
        for at in second..third {
            let mut file = whole.clone();
            file[at] ^= 0x40;
            let (frames, torn) = read(&file);
            let damage = Damage { at: second, until: third };
            assert_eq!(frames, [Ok(b"first".as_slice()), Err(damage), Ok(b"third".as_slice())], "byte {at}");
            assert_eq!(torn, None);
        }
    }
}
