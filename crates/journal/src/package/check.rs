//! Checks a package: reads its records and feeds them to the verifier.
//!
//! Damage of the file itself becomes a finding, so that what could be read is still reported; only a file that is
//! no package at all, or a source that fails, is a problem.

use super::{Counts, Reader, Record, Unreadable};
use crate::hash::{BlobHasher, Hash, Salt};
use crate::verifier::{Expect, Finding, FindingKind, Given, Report, Source, Verifier};
use std::io::Read;

/// See [`super::check_package`].
pub(super) fn check_package(from: impl Read, expect: Expect, outside: &[String]) -> Result<Report, Unreadable> {
    let mut package = Reader::new(from)?;
    let header = package.header().clone();
    let stated = expect.origin.clone();
    let expect = Expect { origin: Some(header.origin.clone()), texts: header.texts, blobs: header.blobs, ..expect };
    let mut check = PackageCheck { verifier: Verifier::new(expect), counts: Counts::default(), blob: None };
    if let Some(stated) = stated.filter(|stated| *stated != header.origin) {
        check.found(format!("The package is of {}, not of {stated}.", header.origin));
    }
    for checkpoint in outside {
        check.verifier.checkpoint(checkpoint, Source::Outside);
    }
    loop {
        match package.next_record() {
            Ok(Some(record)) => check.take(record),
            Ok(None) => return Ok(check.verifier.finish()),
            Err(Unreadable::Io(problem)) => return Err(Unreadable::Io(problem)),
            Err(problem) => {
                check.found(format!("{problem}; what follows could not be read."));
                return Ok(check.verifier.finish());
            }
        }
    }
}

struct PackageCheck {
    verifier: Verifier,
    counts: Counts,
    blob: Option<OpenBlob>,
}

/// A blob whose parts are being read.
struct OpenBlob {
    digest: Hash,
    sealed: bool,
    hasher: BlobHasher,
    length: u64,
    left: u64,
}

impl PackageCheck {
    fn take(&mut self, record: Record<'_>) {
        match record {
            Record::Entry(bytes) => {
                self.counts.entries += 1;
                self.verifier.entry(bytes);
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
