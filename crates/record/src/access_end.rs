//! How far a segment file of the access journal is whole: good frames whose leaves are links of one chain.
//!
//! What two hosts compare, and what a host goes on after when more comes. Knows files and leaves, not who sends them
//! (`docs/formats/journal.md`, sections 5 and 6).

use std::borrow::Cow;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use journal::frames::{Frames, SEGMENT_START};
use journal::{AccessLeaf, Hash, NOTHING_BEFORE, access_chain_hash};
use terms::Moment;

use crate::access_files::PART;
use crate::access_segment::io;
use crate::apply::hand_over::AccessEnd;
use crate::error::Problem;

/// A leaf, as the next one must follow it.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// `None` before the first leaf, which says whose chain it is.
    host: Option<String>,
    epoch: u64,
    number: u64,
    hash: Hash,
    moment: Moment,
}

/// A segment file as far as it is whole.
#[derive(Debug, Clone, Default)]
pub(crate) struct Walked {
    pub(crate) end: AccessEnd,
    /// What its next leaf follows; `None` while that is in another file.
    pub(crate) link: Option<Link>,
}

impl Link {
    /// What the first leaf of an epoch's chain follows.
    pub(crate) fn start(epoch: u64) -> Link {
        Link { host: None, epoch, number: 0, hash: NOTHING_BEFORE, moment: Moment(i64::MIN) }
    }

    fn leads_to(&self, leaf: &AccessLeaf) -> bool {
        let is_of_chain = self.epoch == leaf.epoch && self.host.as_ref().is_none_or(|host| *host == leaf.host);
        let is_next = self.number.checked_add(1) == Some(leaf.number) && self.hash == leaf.previous;
        is_of_chain && is_next && self.moment < leaf.moment
    }
}

impl Walked {
    /// Reads at most the first `most` bytes of a segment file. Nothing is whole of one that is not there.
    ///
    /// A tail that is torn does not count. A part of another host's file is written at once, and its pages reach the disk
    /// in any order: where it will come again (`is_coming`), frames after a bad place broke off too, within its length.
    ///
    /// # Errors
    /// [`Problem::Damaged`] when it is no segment file, something bad lies elsewhere, or its leaves are no chain.
    pub(crate) fn of(path: &Path, most: u64, is_coming: bool) -> Result<Walked, Problem> {
        let doing = io("reading the access journal");
        let mut bytes = Vec::new();
        match File::open(path) {
            Ok(file) => file.take(most).read_to_end(&mut bytes).map_err(doing)?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Walked::default()),
            Err(error) => return Err(doing(error)),
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let damaged = |what: String| Problem::damaged(format!("the access journal's file {name}: {what}"));
        let mut walked = Walked::default();
        let frames = Frames::of(&bytes).map_err(|error| damaged(error.to_string()))?;
        if bytes.len() < SEGMENT_START.len() {
            return Ok(walked);
        }
        walked.end.bytes = SEGMENT_START.len() as u64;
        for frame in frames {
            match frame {
                Ok(frame) => walked.take(frame).map_err(damaged)?,
                Err(damage) if is_coming && damage.at as u64 + PART >= bytes.len() as u64 => break,
                Err(damage) => return Err(damaged(damage.to_string())),
            }
        }
        Ok(walked)
    }

    /// The same file with a part more; otherwise what is wrong with the part, as a sentence.
    pub(crate) fn with_part(&self, part: &[u8]) -> Result<Walked, String> {
        let mut grown = self.clone();
        let mut whole = Cow::Borrowed(part);
        if self.end.bytes > 0 {
            whole = [SEGMENT_START.as_slice(), part].concat().into();
        } else {
            grown.end.bytes = SEGMENT_START.len() as u64;
        }
        for frame in Frames::of(&whole).map_err(|error| error.to_string())? {
            grown.take(frame.map_err(|damage| damage.to_string())?)?;
        }
        if grown.end.bytes != self.end.bytes + part.len() as u64 {
            return Err("It ends within a frame.".into());
        }
        Ok(grown)
    }

    /// Takes the next frame in.
    fn take(&mut self, frame: &[u8]) -> Result<(), String> {
        let leaf =
            AccessLeaf::decode(frame).map_err(|error| format!("A frame of it holds no access leaf: {error}."))?;
        if self.link.as_ref().is_some_and(|link| !link.leads_to(&leaf)) {
            return Err(format!("Leaf {} does not follow the one before it.", leaf.number));
        }
        // The index keeps them as signed numbers, and a record whose index cannot be made is not opened.
        if leaf.reads.iter().map(|read| read.sequence).chain([leaf.epoch]).any(|number| i64::try_from(number).is_err())
        {
            return Err(format!("Leaf {} holds a number that is too large.", leaf.number));
        }
        let hash = access_chain_hash(frame);
        let (host, epoch, number, moment) = (Some(leaf.host), leaf.epoch, leaf.number, leaf.moment);
        self.link = Some(Link { host, epoch, number, hash, moment });
        let bytes = self.end.bytes + frame.len() as u64 + 8;
        self.end = AccessEnd { bytes, leaves: self.end.leaves + 1, last: hash };
        Ok(())
    }
}
