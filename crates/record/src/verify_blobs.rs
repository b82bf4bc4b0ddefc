//! The blobs of a record against its journal: each that an entry names is there as it was committed, what an entry
//! erases is gone, and what is known beside them was brought by an entry.
//!
//! Content without a row is no finding: no version can show it, and the next sweep removes it.

use journal::verifier::{Given, Verifier};
use journal::{Act, Entry, Hash};

use crate::error::Problem;
use crate::record::Record;
use crate::store::StoredBlob;
use crate::verify::StoreFindings;

/// Blobs that are listed together.
const PAGE: usize = 1000;

impl Record {
    /// Gives the verifier the blobs that this entry is the first to name; returns how many rows it has.
    pub(crate) async fn check_blobs(
        &self,
        entry: &Entry,
        verifier: &mut Verifier,
        findings: &mut StoreFindings,
    ) -> Result<u64, Problem> {
        let mut digests: Vec<Hash> =
            entry.changes.iter().flat_map(|change| &change.blobs).map(|blob| blob.digest).collect();
        digests.sort_unstable();
        digests.dedup();
        let mut there = 0;
        for blob in self.inner().store.blobs(&digests).await?.into_iter().flatten() {
            if blob.entry == entry.sequence {
                there += 1;
                self.give_blob(blob, verifier, findings).await?;
            }
        }
        if let Act::Erase(erasure) = &entry.act {
            for digest in &erasure.blobs {
                self.check_erased(entry.sequence, digest, findings).await?;
            }
        }
        Ok(there)
    }

    async fn give_blob(
        &self,
        blob: StoredBlob,
        verifier: &mut Verifier,
        findings: &mut StoreFindings,
    ) -> Result<(), Problem> {
        // The verifier finds what is not given to be missing.
        let Some(bytes) = self.inner().store.blob_content(&blob.digest).await? else { return Ok(()) };
        let Ok(salt) = <[u8; 16]>::try_from(blob.salt.as_slice()) else {
            findings.add("salt-changed", blob_name(&blob.digest), "Its salt has the wrong length.");
            return Ok(());
        };
        let length = bytes.len() as u64;
        if blob.length != length {
            findings.add("blob-row-changed", blob_name(&blob.digest), "Its row does not say how long it is.");
        }
        let work = move || journal::hash::blob_digest(&salt, &bytes);
        let found =
            tokio::task::spawn_blocking(work).await.map_err(|error| Problem::store("checking a blob", error))?;
        verifier.blob(&blob.digest, Given::Plain((found, length)));
        Ok(())
    }

    async fn check_erased(&self, entry: u64, digest: &Hash, findings: &mut StoreFindings) -> Result<(), Problem> {
        if self.inner().store.has_blob_content(digest).await? {
            let sentence = format!("Entry {entry} erases this blob, but its content is still there.");
            findings.add("blob-not-erased", blob_name(digest), sentence);
        }
        Ok(())
    }

    /// Names blobs that no entry brought, when there are others than the entries have brought.
    pub(crate) async fn check_unknown_blobs(
        &self,
        named: u64,
        newest: u64,
        findings: &mut StoreFindings,
    ) -> Result<(), Problem> {
        let store = &self.inner().store;
        if store.count_blobs(newest).await? == named {
            return Ok(());
        }
        let mut after = [0; 32];
        loop {
            let blobs = store.blobs_after(&after, PAGE).await?;
            let Some(last) = blobs.last() else { return Ok(()) };
            after = last.digest;
            for blob in blobs.iter().filter(|blob| blob.entry <= newest) {
                let entry = store.entries(blob.entry.max(1), 1).await?.into_iter().next();
                let brought = entry.filter(|entry| entry.sequence == blob.entry).is_some_and(|entry| {
                    let changes = Entry::decode(&entry.body).map(|entry| entry.changes).unwrap_or_default();
                    changes.iter().flat_map(|change| &change.blobs).any(|named| named.digest == blob.digest)
                });
                if !brought {
                    findings.add("blob-unknown", blob_name(&blob.digest), "No entry brought this blob.");
                }
            }
        }
    }
}

/// A blob's name in a finding, as the journal's own findings have it: the first 96 bits of its digest.
fn blob_name(digest: &Hash) -> String {
    digest.iter().take(12).fold("blob ".to_owned(), |name, byte| format!("{name}{byte:02x}"))
}
