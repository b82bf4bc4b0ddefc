//! Signed checkpoints of the access journal's chains of this host, to be kept elsewhere: with them `verify` names leaves that
//! are gone from the end of a chain, which nothing in the chain itself can tell (`docs/formats/journal.md`, section 5).

use std::collections::BTreeMap;
use std::path::Path;

use journal::frames::Frames;
use journal::{AccessLeaf, Checkpoint, Edge, SignedCheckpoint, leaf_hash};

use crate::access_files::aside;
use crate::access_journal::folder;
use crate::access_segment::{io, segments};
use crate::error::Problem;
use crate::record::Record;

/// The trees of a host's chains, by epoch.
type Trees = BTreeMap<u64, Edge>;

impl Record {
    /// Signs a checkpoint of each chain of the access journal that this host has written: every leaf that is on disk now. Reads
    /// all of its segments.
    ///
    /// # Errors
    /// [`Problem::Damaged`] when a segment is damaged: what is not whole is not signed.
    pub async fn access_checkpoints(&self) -> Result<Vec<SignedCheckpoint>, Problem> {
        let (directory, host) = (self.inner().directory.clone(), self.inner().host.clone());
        let read_from = host.clone();
        let trees = aside(move || trees(&directory, &read_from)).await?;
        let moment = (self.inner().clock)();
        let sign = |(epoch, tree): (u64, Edge)| {
            let origin = AccessLeaf::chain_origin(&self.inner().origin, &host, epoch);
            let stated = Checkpoint { origin, size: tree.size(), root: tree.root(), epoch, moment };
            SignedCheckpoint::sign(stated, &self.inner().signing)
                .map_err(|error| Problem::store("signing a checkpoint", error))
        };
        trees.into_iter().map(sign).collect()
    }
}

fn trees(directory: &Path, host: &str) -> Result<Trees, Problem> {
    let doing = io("reading the access journal");
    let mut trees = Trees::new();
    for path in segments(&folder(directory))? {
        let bytes = std::fs::read(&path).map_err(&doing)?;
        // What was read may not be on disk yet, and what is signed must be.
        std::fs::File::open(&path).and_then(|file| file.sync_data()).map_err(&doing)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let damaged = |what: String| Problem::damaged(format!("the access journal's file {name}: {what}"));
        for frame in Frames::of(&bytes).map_err(|error| damaged(error.to_string()))? {
            let frame = frame.map_err(|damage| damaged(damage.to_string()))?;
            let leaf = AccessLeaf::decode(frame).map_err(|error| damaged(error.to_string()))?;
            if leaf.host != host {
                break;
            }
            let tree = trees.entry(leaf.epoch).or_default();
            if tree.size() + 1 != leaf.number {
                return Err(damaged(format!("leaf {} does not follow the one before it.", leaf.number)));
            }
            tree.append(leaf_hash(frame));
        }
    }
    Ok(trees)
}
