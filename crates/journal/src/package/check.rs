//! Checks a package: reads its records and feeds them to the verifier.
//!
//! Damage of the file itself becomes a finding, so that what could be read is still reported; only a file that is
//! no package at all, or a source that fails, is a problem.

use super::{BlobSource, Counts, MOST_PART_BYTES, Reader, Record, Unreadable};
use crate::entry::Entry;
use crate::hash::{BlobHasher, Hash, Salt};
use crate::verifier::{Expect, Finding, FindingKind, Given, Report, Source, Verifier};
use std::collections::HashSet;
use std::io::{self, Read};

/// See [`super::check_package`].
pub(super) fn check_package<'s>(
    from: impl Read,
    expect: Expect,
    outside: &[String],
    elsewhere: Option<&'s mut BlobSource<'s>>,
) -> Result<Report, Unreadable> {
    let mut package = Reader::new(from)?;
    let header = package.header().clone();
    let stated = expect.origin.clone();
    let expect = Expect { origin: Some(header.origin.clone()), texts: header.texts, ..expect };
    let expect = Expect { blobs: header.blobs || elsewhere.is_some(), ..expect };
    let (verifier, counts) = (Verifier::new(expect), Counts::default());
    let mut check = PackageCheck { verifier, counts, blob: None, elsewhere, seen: HashSet::new() };
    if let Some(stated) = stated.filter(|stated| *stated != header.origin) {
        check.found(format!("The package is of {}, not of {stated}.", header.origin));
    }
    for checkpoint in outside {
        check.verifier.checkpoint(checkpoint, Source::Outside);
    }
    loop {
        match package.next_record() {
            Ok(Some(record)) => check.take(record)?,
            Ok(None) => return Ok(check.verifier.finish()),
            Err(Unreadable::Io(problem)) => return Err(Unreadable::Io(problem)),
            Err(problem) => {
                check.found(format!("{problem}; what follows could not be read."));
                return Ok(check.verifier.finish());
            }
        }
    }
}

struct PackageCheck<'s> {
    verifier: Verifier,
    counts: Counts,
    blob: Option<OpenBlob>,
    /// Where blobs lie that are not in the package.
    elsewhere: Option<&'s mut BlobSource<'s>>,
    /// Those that were looked for there.
    seen: HashSet<Hash>,
}

/// A blob whose parts are being read.
struct OpenBlob {
    digest: Hash,
    sealed: bool,
    hasher: BlobHasher,
    length: u64,
    left: u64,
}

impl PackageCheck<'_> {
    fn take(&mut self, record: Record<'_>) -> io::Result<()> {
        match record {
            Record::Entry(bytes) => {
                self.counts.entries += 1;
                self.verifier.entry(bytes);
                self.blobs_of(bytes)?;
            }
            Record::Text { change, salt, sealing, text } => {
                self.counts.texts += 1;
                let given = if sealing == 0 { Given::Plain((&salt, text)) } else { Given::Sealed };
                self.verifier.text(usize::try_from(change).unwrap_or(usize::MAX), given);
            }
            Record::Blob { digest, salt, sealing, length } => {
                self.counts.blobs += 1;
                self.begin_blob(digest, &salt, sealing, length);
            }
            Record::Part(part) => self.part(part),
            Record::Checkpoint(text) => {
                self.counts.checkpoints += 1;
                self.verifier.checkpoint(text, Source::Inside);
            }
            Record::Leaf(bytes) => {
                self.counts.leaves += 1;
                self.verifier.access_leaf(bytes);
            }
            Record::End(stated) if stated != self.counts => {
                self.found("The package does not hold as many records as its end says.".to_owned());
            }
            Record::End(_) => {}
        }
        Ok(())
    }

    /// Fetches the blobs that this entry is the first to name from where they lie.
    fn blobs_of(&mut self, entry: &[u8]) -> io::Result<()> {
        let Some(elsewhere) = &mut self.elsewhere else { return Ok(()) };
        let named = Entry::decode(entry).map(|entry| entry.changes).unwrap_or_default();
        for blob in named.iter().flat_map(|change| &change.blobs) {
            if !self.seen.insert(blob.digest) {
                continue;
            }
            let Some((salt, mut bytes)) = elsewhere(&blob.digest)? else { continue };
            let (mut hasher, mut length, mut part) = (BlobHasher::new(&salt), 0, vec![0; MOST_PART_BYTES]);
            loop {
                let count = bytes.read(&mut part)?;
                if count == 0 {
                    break;
                }
                hasher.update(&part[..count]);
                length += count as u64;
            }
            self.verifier.blob(&blob.digest, Given::Plain((hasher.finish(), length)));
        }
        Ok(())
    }

    fn begin_blob(&mut self, digest: Hash, salt: &Salt, sealing: u32, length: u64) {
        let hasher = BlobHasher::new(salt);
        self.blob = Some(OpenBlob { digest, sealed: sealing != 0, hasher, length, left: length });
        self.part(&[]);
    }

    /// Adds a part; after the last one the blob is complete.
    fn part(&mut self, part: &[u8]) {
        let Some(blob) = &mut self.blob else { return };
        blob.hasher.update(part);
        blob.left = blob.left.saturating_sub(part.len() as u64);
        if blob.left > 0 {
            return;
        }
        if let Some(blob) = self.blob.take() {
            let found = (blob.hasher.finish(), blob.length);
            self.verifier.blob(&blob.digest, if blob.sealed { Given::Sealed } else { Given::Plain(found) });
        }
    }

    fn found(&mut self, sentence: String) {
        let subject = "package".to_owned();
        self.verifier.add_finding(Finding { kind: FindingKind::PackageDamaged, at_entry: None, subject, sentence });
    }
}
