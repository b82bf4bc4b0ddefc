//! Access leaves: who looked, under which permit, why, and whose record was shown or refused.
//!
//! A second chain beside the journal, one for each host and epoch of a record; one leaf holds all reads that were
//! waiting for the same sync. Byte by byte in `docs/formats/journal.md`, section 5; the files they are appended to
//! in [`crate::frames`].

use crate::entry::MOST_LIST;
use crate::hash::Hash;
use crate::wire::{Limit, Malformed, Reader, Writer, allowed};
use terms::Moment;

/// One leaf of an access chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLeaf {
    /// Place in the chain; the first is 1 and there are no gaps.
    pub number: u64,
    /// The epoch of the chain.
    pub epoch: u64,
    /// The host of the chain (at most 512 bytes).
    pub host: String,
    /// [`crate::access_chain_hash`] of the leaf before; zeros for the first.
    pub previous: Hash,
    /// When the leaf was written; rises with every leaf.
    pub moment: Moment,
    /// The reads and refusals of the group (at most 100,000).
    pub reads: Vec<AccessRead>,
}

/// One read, or one refusal of a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRead {
    /// Who asked (at most 512 bytes).
    pub principal: String,
    /// The permit it was decided under (at most 512 bytes).
    pub permit: String,
    /// Why, as stated or derived (at most 512 bytes).
    pub purpose: String,
    /// What was asked (at most 4,096 bytes).
    pub query: String,
    /// The last entry that the answer could see.
    pub sequence: u64,
    /// What came of it.
    pub outcome: AccessOutcome,
    /// The patients concerned, as (resource type, id) (at most 100,000).
    pub subjects: Vec<(String, String)>,
}

/// What came of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccessOutcome {
    /// The answer was given.
    Shown,
    /// It was not.
    Refused,
}

/// Longest encoding of an access leaf, in bytes.
pub(crate) const MOST_LEAF_BYTES: usize = 32 << 20;

const WORD: Limit = Limit::Text(512);
const QUERY: Limit = Limit::Text(4096);
const FORMAT: u8 = 1;
/// What stands between a record's origin and the name of one of its access chains.
pub(crate) const ACCESS_CHAIN: &str = "/access/";

impl AccessLeaf {
    /// The origin line of the checkpoints of one access chain of a record.
    pub fn chain_origin(record_origin: &str, host: &str, epoch: u64) -> String {
        format!("{record_origin}{ACCESS_CHAIN}{host}/{epoch}")
    }

    /// The canonical bytes; see [`crate::Entry::encode`] for what happens outside the limits.
    pub fn encode(&self) -> Vec<u8> {
        let mut to = Writer::with_capacity(128 + 256 * self.reads.len());
        to.byte(FORMAT);
        to.number(self.number);
        to.number(self.epoch);
        to.text(&self.host);
        to.fixed(&self.previous);
        to.moment(self.moment);
        to.number(self.reads.len() as u64);
        for read in &self.reads {
            read.write(&mut to);
        }
        to.finish()
    }

    /// Reads canonical bytes; whatever is accepted encodes to the same bytes again.
    pub fn decode(bytes: &[u8]) -> Result<AccessLeaf, Malformed> {
        let mut from = Reader::new(bytes);
        if bytes.len() > MOST_LEAF_BYTES {
            return from.fail("the access leaf is longer than its limit");
        }
        if from.byte()? != FORMAT {
            return from.fail("the access leaf has a format that this version does not know");
        }
        let leaf = AccessLeaf {
            number: from.positive()?,
            epoch: from.number()?,
            host: from.text(WORD)?,
            previous: from.hash()?,
            moment: from.moment()?,
            reads: from.list(MOST_LIST, AccessRead::read)?,
        };
        from.end()?;
        Ok(leaf)
    }

    /// Whether the leaf keeps every limit, and so can be read back.
    pub fn check(&self) -> Result<(), Malformed> {
        let fits = self.number > 0 && allowed(&self.host, WORD) && self.reads.len() <= MOST_LIST;
        match fits && self.reads.iter().all(AccessRead::fits) {
            true => Ok(()),
            false => Err(Malformed { what: "a field of the access leaf is outside its limit", at: 0 }),
        }
    }
}

impl AccessRead {
    fn write(&self, to: &mut Writer) {
        to.text(&self.principal);
        to.text(&self.permit);
        to.text(&self.purpose);
        to.text(&self.query);
        to.number(self.sequence);
        to.byte(match self.outcome {
            AccessOutcome::Shown => 1,
            AccessOutcome::Refused => 2,
        });
        to.number(self.subjects.len() as u64);
        for (kind, id) in &self.subjects {
            to.text(kind);
            to.text(id);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<AccessRead, Malformed> {
        Ok(AccessRead {
            principal: from.text(WORD)?,
            permit: from.text(WORD)?,
            purpose: from.text(WORD)?,
            query: from.text(QUERY)?,
            sequence: from.number()?,
            outcome: match from.byte()? {
                1 => AccessOutcome::Shown,
                2 => AccessOutcome::Refused,
                _ => return from.fail("the outcome is neither shown nor refused"),
            },
            subjects: from.list(MOST_LIST, |from| Ok((from.text(Limit::Name)?, from.text(Limit::Name)?)))?,
        })
    }

    fn fits(&self) -> bool {
        let words = [&self.principal, &self.permit, &self.purpose];
        let named = |(kind, id): &(String, String)| allowed(kind, Limit::Name) && allowed(id, Limit::Name);
        words.iter().all(|word| allowed(word, WORD))
            && allowed(&self.query, QUERY)
            && self.subjects.len() <= MOST_LIST
            && self.subjects.iter().all(named)
    }
}
