//! The manifest of an exit: whose it is, where its journal ends, how much it holds, and the digest of every file; and the
//! seal, a note under the record's own key that names the manifest's digest and the journal's root together.
//!
//! Plain data; `docs/formats/export.md` describes it. What a stranger and an import both go by.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::folder::FilePart;
use super::report::Holdings;
use crate::failure::Failure;
use crate::secret::hex;
use crate::trusts::TrustCode;

pub(crate) const FORMAT: &str = "almoner export 1";
pub(crate) const FILE: &str = "manifest.json";
/// The note that binds the manifest to the journal.
pub(crate) const SEAL: &str = "seal.txt";

/// What lies in the folder and is no file of the manifest.
pub(crate) const OUTSIDE: [&str; 2] = [FILE, SEAL];

/// Longest manifest that is read.
const MOST_BYTES: u64 = 64 << 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: String,
    pub(crate) trust: TrustPart,
    pub(crate) made: MadePart,
    pub(crate) journal: JournalPart,
    pub(crate) holds: Holdings,
    /// Live resources by type.
    pub(crate) resources: BTreeMap<String, u64>,
    /// Versions by type, deletions too.
    pub(crate) versions: BTreeMap<String, u64>,
    pub(crate) desk: DeskPart,
    /// The access chains, each as far as it is here.
    pub(crate) access: Vec<ChainPart>,
    pub(crate) compared: ComparedPart,
    pub(crate) files: Vec<FilePart>,
}

/// Whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TrustPart {
    pub(crate) code: TrustCode,
    pub(crate) name: String,
    pub(crate) demonstration: bool,
    /// When it was added to the host that gave it out.
    pub(crate) created: String,
    /// The journal's origin line.
    pub(crate) origin: String,
}

/// How it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MadePart {
    pub(crate) moment: String,
    pub(crate) host: String,
    pub(crate) release: String,
    pub(crate) by: String,
}

/// Where its journal ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JournalPart {
    pub(crate) entries: u64,
    /// Chain hash of the last entry.
    pub(crate) chain: String,
    /// Root of the tree.
    pub(crate) root: String,
    /// The signed checkpoint of it.
    pub(crate) checkpoint: String,
    /// The key that signed it.
    pub(crate) key: String,
}

/// The desk as it was at that entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeskPart {
    pub(crate) rows: u64,
    /// As in a move: SHA-256 over the sorted SHA-256 of each row.
    pub(crate) digest: String,
}

/// One access chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChainPart {
    pub(crate) host: String,
    pub(crate) epoch: u64,
    pub(crate) leaves: u64,
    /// Chain hash of the last leaf.
    pub(crate) head: String,
}

/// What the record answered at that entry to the questions of a rehearsal; a copy answers the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ComparedPart {
    pub(crate) answers: BTreeMap<String, String>,
    /// The patients that were asked about.
    pub(crate) patients: Vec<String>,
}

impl Manifest {
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Failure> {
        let mut text =
            serde_json::to_vec_pretty(self).map_err(|error| Failure::problem("writing the manifest", &error))?;
        text.push(b'\n');
        Ok(text)
    }

    /// Reads the manifest of a folder; gives its digest too.
    ///
    /// # Errors
    /// There is none, or it is of another format.
    pub(crate) fn read(folder: &Path) -> Result<(Manifest, String), Failure> {
        use std::io::Read as _;
        let path = folder.join(FILE);
        let refused = |why: String| Failure::Refused(format!("{} is no export: {why}.", folder.display()));
        let file = std::fs::File::open(&path).map_err(|error| refused(format!("{FILE} cannot be read ({error})")))?;
        let mut bytes = Vec::new();
        let read = file.take(MOST_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|error| Failure::problem(format_args!("reading {}", path.display()), &error))?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(refused(format!("{FILE} is too long")));
        }
        let manifest: Manifest = serde_json::from_slice(&bytes)
            .map_err(|error| refused(format!("{FILE} cannot be understood ({error})")))?;
        if manifest.format != FORMAT {
            return Err(refused(format!("its format is {:?}, not {FORMAT:?}", manifest.format)));
        }
        Ok((manifest, digest(&bytes)))
    }

    /// What the seal says, before it is signed.
    pub(crate) fn seal(&self, digest: &str) -> String {
        let JournalPart { entries, root, .. } = &self.journal;
        let (code, origin, moment) = (&self.trust.code, &self.trust.origin, &self.made.moment);
        format!(
            "{FORMAT}\ntrust {code}\norigin {origin}\nentries {entries}\nroot {root}\nmanifest {digest}\nmoment {moment}\n"
        )
    }
}

/// SHA-256 of the manifest's bytes.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
