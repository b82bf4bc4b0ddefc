//! The law of segment files: whatever is damaged or cut off, every frame before it is read, no frame is read that was
//! not written, and a cut tail is told from damage.
//!
//! The input is a script: it says which frames are written and where one byte is changed or the file is cut. It is also
//! read as a segment as it is. Called with anything by the fuzz target `segment`, and with the seeds and regressions.

use journal::frames::{Frames, SEGMENT_START, append_frame};

/// Holds the law for any bytes.
pub(crate) fn check(input: &[u8]) {
    if let Ok(mut frames) = Frames::of(input) {
        let read = frames.by_ref().count();
        assert!(read <= input.len());
        assert!(frames.torn_at().is_none_or(|at| at <= input.len()));
        return; // A script that holds a whole segment would put frames inside frames.
    }
    let Some(([place, change, cut], rest)) = input.split_first_chunk::<3>().map(|(head, rest)| (*head, rest)) else {
        return;
    };
    let mut file = SEGMENT_START.to_vec();
    let mut written = Vec::new();
    for bytes in rest.split(|byte| *byte == 0xff).filter(|bytes| !bytes.is_empty()).take(16) {
        append_frame(&mut file, bytes);
        written.push((file.len(), bytes));
    }
    assert_eq!(read(&file), (written.iter().map(|(_, bytes)| *bytes).collect(), None, 0), "nothing was done to it");
    damaged(&file, &written, usize::from(place), change);
    torn(&file, &written, usize::from(cut));
}

/// The frames read, where the torn tail begins, and how many damaged stretches there were.
fn read(file: &[u8]) -> (Vec<&[u8]>, Option<usize>, usize) {
    let mut frames = Frames::of(file).unwrap_or_else(|_| panic!("the file's first bytes are whole"));
    let mut damaged = 0;
    let found = frames.by_ref().filter_map(|frame| frame.map_err(|_| damaged += 1).ok()).collect();
    (found, frames.torn_at(), damaged)
}

/// Whether a good frame begins behind the first of so many bytes at a place. A broken frame whose bytes hold a frame of
/// their own shows it, and nobody can tell it from one that was written there: such inputs say nothing.
fn shows_a_frame(file: &[u8], at: usize, count: usize) -> bool {
    let mut rest = SEGMENT_START.to_vec();
    // A length that no frame has, so that the search goes through all that follows.
    rest.extend([0xff; 4]);
    let begins = rest.len();
    rest.extend_from_slice(&file[(at + 1).min(file.len())..]);
    let first = Frames::of(&rest).ok().and_then(|mut frames| frames.next());
    matches!(first, Some(Err(damage)) if damage.until < begins + count)
}

fn damaged(file: &[u8], written: &[(usize, &[u8])], place: usize, change: u8) {
    let place = SEGMENT_START.len() + place;
    if change == 0 || place >= file.len() {
        return;
    }
    let mut file = file.to_vec();
    file[place] ^= change;
    let hit = written.iter().position(|(end, _)| place < *end).unwrap_or_default();
    let start = if hit == 0 { SEGMENT_START.len() } else { written[hit - 1].0 };
    if shows_a_frame(&file, start, written[hit].0 - start - 1) {
        return;
    }
    let (found, torn, stretches) = read(&file);
    let is_last = hit + 1 == written.len();
    let left = written.iter().enumerate().filter(|(index, _)| *index != hit).map(|(_, (_, bytes))| *bytes);
    assert_eq!(found, left.collect::<Vec<_>>());
    assert_eq!((torn.is_some(), stretches), (is_last, usize::from(!is_last)));
}

fn torn(file: &[u8], written: &[(usize, &[u8])], cut: usize) {
    let length = file.len().saturating_sub(cut).max(SEGMENT_START.len());
    let whole: Vec<_> = written.iter().filter(|(end, _)| *end <= length).collect();
    let end = whole.last().map_or(SEGMENT_START.len(), |(end, _)| *end);
    if shows_a_frame(&file[..length], end, length - end) {
        return;
    }
    let (found, torn, stretches) = read(&file[..length]);
    assert_eq!(found, whole.iter().map(|(_, bytes)| *bytes).collect::<Vec<_>>());
    let rest_is_zeros = file[end..length].iter().all(|byte| *byte == 0);
    assert_eq!((torn, stretches), ((!rest_is_zeros).then_some(end), 0));
}
