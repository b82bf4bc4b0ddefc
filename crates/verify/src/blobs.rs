//! Blobs that lie as files beside a package, as in an export: `index.ndjson` says the salt of each, and the file has its
//! digest as its name. Whether its content is what was committed is for the verifier to find.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;

use anyhow::Context as _;
use journal::{Hash, Salt};
use serde::Deserialize;

use crate::certificate::unhex;

/// A line of the index; more members may stand in it.
#[derive(Deserialize)]
struct Line {
    digest: String,
    salt: String,
}

/// What a blob is asked for by, and what comes.
type Found = io::Result<Option<(Salt, Box<dyn Read>)>>;

/// Gives blobs from a folder.
pub(crate) fn in_folder(folder: &Path) -> anyhow::Result<impl FnMut(&Hash) -> Found> {
    let path = folder.join("index.ndjson");
    let reading = || format!("could not read {}", path.display());
    let mut salts: HashMap<Hash, Salt> = HashMap::new();
    for line in BufReader::new(File::open(&path).with_context(reading)?).lines() {
        let line: Line = serde_json::from_str(&line.with_context(reading)?).with_context(reading)?;
        let read = unhex::<32>(&line.digest).zip(unhex::<16>(&line.salt));
        let (digest, salt) = read.with_context(|| format!("{} has a line that is none", path.display()))?;
        salts.insert(digest, salt);
    }
    let folder = folder.to_owned();
    Ok(move |digest: &Hash| {
        let Some(salt) = salts.get(digest) else { return Ok(None) };
        let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        match File::open(folder.join(&name[..2]).join(&name)) {
            Ok(file) => Ok(Some((*salt, Box::new(file) as Box<dyn Read>))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    })
}
