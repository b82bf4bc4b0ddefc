//! Where a page of a search ended, as the opaque bytes that ask for the next one.
//!
//! A cursor is of one sequence and one index: sequence (8 bytes), how often the index had been replaced (2), mode (1), test (2),
//! flags (1), offset (4), all big-endian, then the row number (8) and the key of the last row, if there was one. How pages are
//! found is the business of [`crate::search`].

use crate::error::Problem;
use crate::select::Cursor;
use crate::store::Hit;

/// How candidates are found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// List the small tests whole, sort in memory.
    Collect,
    /// List the small tests whole, in the order of row numbers.
    List,
    /// Walk one test's ranges in key order.
    Walk { test: usize, down: bool },
    /// Walk the order's parameter, then those without a row of it.
    WalkOrder { down: bool, rest: bool },
    /// Walk the resource type in order of change.
    WalkKind { down: bool },
}

/// Where a page before ended.
pub(crate) struct Place {
    pub(crate) mode: Mode,
    pub(crate) offset: usize,
    pub(crate) hit: Option<Hit>,
}

/// What a place is in: the sequence, and how often the index had been replaced.
pub(crate) type Of = (u64, u64);

/// The cursor of the page after a place.
pub(crate) fn write_cursor((sequence, swaps): Of, place: &Place) -> Cursor {
    let (tag, test, flags) = match place.mode {
        Mode::Collect => (0u8, 0, 0),
        Mode::List => (4, 0, 0),
        Mode::Walk { test, down } => (1, test as u16, u8::from(down)),
        Mode::WalkOrder { down, rest } => (2, 0, u8::from(down) | u8::from(rest) << 1),
        Mode::WalkKind { down } => (3, 0, u8::from(down)),
    };
    let mut bytes = sequence.to_be_bytes().to_vec();
    bytes.extend_from_slice(&(swaps as u16).to_be_bytes());
    bytes.push(tag);
    bytes.extend_from_slice(&test.to_be_bytes());
    bytes.push(flags);
    bytes.extend_from_slice(&(place.offset as u32).to_be_bytes());
    if let Some((key, rid)) = &place.hit {
        bytes.extend_from_slice(&rid.to_be_bytes());
        bytes.extend_from_slice(key);
    }
    Cursor(bytes)
}

/// The place that a cursor means.
///
/// # Errors
/// [`Problem::Expired`] when it is no cursor of this sequence, or the index is another: its rows may lie elsewhere.
pub(crate) fn read_cursor(cursor: &Cursor, (sequence, swaps): Of) -> Result<Place, Problem> {
    let parts = || -> Option<(u64, u16, Place)> {
        let bytes = cursor.0.as_slice();
        let made_at = u64::from_be_bytes(bytes.get(..8)?.try_into().ok()?);
        let made_of = u16::from_be_bytes(bytes.get(8..10)?.try_into().ok()?);
        let test = usize::from(u16::from_be_bytes(bytes.get(11..13)?.try_into().ok()?));
        let flags = *bytes.get(13)?;
        let down = flags & 1 != 0;
        let mode = match bytes.get(10)? {
            0 => Mode::Collect,
            1 => Mode::Walk { test, down },
            2 => Mode::WalkOrder { down, rest: flags & 2 != 0 },
            3 => Mode::WalkKind { down },
            4 => Mode::List,
            _ => return None,
        };
        let offset = u32::from_be_bytes(bytes.get(14..18)?.try_into().ok()?) as usize;
        let hit = match bytes.get(18..26) {
            Some(rid) => Some((bytes.get(26..)?.to_vec(), i64::from_be_bytes(rid.try_into().ok()?))),
            None => None,
        };
        Some((made_at, made_of, Place { mode, offset, hit }))
    };
    match parts() {
        Some((made_at, made_of, place)) if made_at == sequence && made_of == swaps as u16 => Ok(place),
        _ => Err(Problem::Expired),
    }
}
