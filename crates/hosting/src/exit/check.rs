//! Whether a folder is the one that was sealed: every file is there, none is there besides, each has its digest, the journal
//! verifies from its first byte, and the seal is signed by a key that the journal says is in force. Reads everything and
//! makes nothing; each thing that is wrong is named.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};

use journal::note::{Note, notes};
use journal::package::check_package_with;
use journal::verifier::{Expect, Report};
use journal::{Hash, Salt, SignedCheckpoint, VerifierKey};

use super::folder::{FilePart, is_inside, measured};
use super::lines::BlobLine;
use super::manifest::{Manifest, OUTSIDE, SEAL};
use super::write_out::{BLOBS, PACKAGE, blob_path};
use crate::failure::Failure;
use crate::moving::unhex;
use crate::secret::hex;
use crate::work::{Listener, Progress};

/// Faults that are named; beyond them they are counted.
const MOST_FAULTS: usize = 200;

/// Files without which a copy cannot be made; the others are what strangers read.
const NEEDED: [&str; 6] = [
    PACKAGE,
    super::write_out::BESIDE,
    super::write_out::REQUESTS,
    BLOBS,
    super::write_out::DESK,
    super::export::HANDOVER,
];

/// A folder that was looked at.
pub(crate) struct Looked {
    pub(crate) manifest: Manifest,
    /// What is wrong with it.
    pub(crate) faults: Vec<String>,
    /// Whether a copy can be made nevertheless, to say which lines are wrong: only what strangers read is.
    pub(crate) is_readable: bool,
}

/// What is wrong, as it is found.
#[derive(Default)]
struct Faults {
    named: Vec<String>,
    more: u64,
    /// Something is wrong that a copy needs.
    is_grave: bool,
}

impl Faults {
    fn add(&mut self, is_grave: bool, sentence: impl Into<String>) {
        self.is_grave |= is_grave;
        if self.named.len() < MOST_FAULTS {
            self.named.push(sentence.into());
        } else {
            self.more += 1;
        }
    }
}

/// Looks at a folder.
///
/// # Errors
/// It is no export at all, or its disk fails. What is wrong with one is in what this returns.
pub(crate) fn look(folder: &Path, against: Option<&str>, listener: Listener<'_>) -> Result<Looked, Failure> {
    let (manifest, digest) = Manifest::read(folder)?;
    let mut faults = Faults::default();
    let total = manifest.files.iter().map(|file| file.bytes).sum::<u64>();
    let mut done = 0;
    let heard = |done| {
        listener(Progress { doing: "Checking".into(), done, total: Some(total), items: done });
    };
    let mut listed = BTreeSet::new();
    for file in &manifest.files {
        if !is_inside(&file.path) || !listed.insert(file.path.clone()) {
            faults.add(true, format!("manifest.json lists {:?}, which it may not.", file.path));
            continue;
        }
        let is_grave = NEEDED.contains(&file.path.as_str());
        if let Some(sentence) = of_file(folder, file)? {
            faults.add(is_grave, sentence);
        }
        done += file.bytes;
        heard(done);
    }
    for path in NEEDED.iter().filter(|path| !listed.contains(**path)) {
        faults.add(true, format!("manifest.json does not list {path}."));
    }
    let salts = blobs_of(folder, &mut faults)?;
    let blobs: BTreeSet<String> = salts.keys().map(|digest| blob_path(&hex(digest))).collect();
    for path in walked(folder)? {
        if !listed.contains(&path) && !blobs.contains(&path) && !OUTSIDE.contains(&path.as_str()) {
            faults.add(false, format!("{path}: it is in the folder and was not exported."));
        }
    }
    let keys = of_journal(folder, &manifest, (&salts, against), &mut faults)?;
    if let Some(sentence) = of_seal(folder, &manifest, &digest, &keys) {
        faults.add(true, sentence);
    }
    let Faults { mut named, more, is_grave } = faults;
    if more > 0 {
        named.push(format!("And {more} more."));
    }
    Ok(Looked { manifest, faults: named, is_readable: !is_grave })
}

/// What is wrong with one file.
fn of_file(folder: &Path, file: &FilePart) -> Result<Option<String>, Failure> {
    let FilePart { path, sha256, bytes, lines } = file;
    let (digest, length, ends) = match measured(&folder.join(path)) {
        Ok(measured) => measured,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Some(format!("{path}: it is missing.")));
        }
        Err(error) => return Err(Failure::problem(format_args!("reading {path}"), &error)),
    };
    if digest == *sha256 {
        return Ok(None);
    }
    Ok(Some(match lines {
        Some(lines) if *lines != ends => format!("{path}: it has {ends} lines, not the {lines} that were exported."),
        Some(lines) => format!("{path}: it was changed; it still has {lines} lines."),
        None => format!("{path}: it was changed; it has {length} bytes, {bytes} were exported."),
    }))
}

/// The salts of the blobs that the index lists, by digest.
fn blobs_of(folder: &Path, faults: &mut Faults) -> Result<HashMap<Hash, Salt>, Failure> {
    let mut salts = HashMap::new();
    let Ok(file) = File::open(folder.join(BLOBS)) else { return Ok(salts) };
    for line in BufReader::new(file).lines() {
        let line = line.map_err(|error| Failure::problem(format_args!("reading {BLOBS}"), &error))?;
        let read = serde_json::from_str::<BlobLine>(&line).ok();
        match read.and_then(|blob| Some((unhex(&blob.digest).ok()?, unhex(&blob.salt).ok()?))) {
            Some((digest, salt)) => drop(salts.insert(digest, salt)),
            None => faults.add(true, format!("{BLOBS}: a line of it is none.")),
        }
    }
    Ok(salts)
}

/// A blob's salt and its file.
fn blob(folder: &Path, salts: &HashMap<Hash, Salt>, digest: &Hash) -> std::io::Result<Option<(Salt, Box<dyn Read>)>> {
    let Some(salt) = salts.get(digest) else { return Ok(None) };
    match File::open(folder.join(blob_path(&hex(digest)))) {
        Ok(file) => Ok(Some((*salt, Box::new(file)))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What is wrong with the journal; gives the keys that signed its last checkpoint and were in force.
fn of_journal(
    folder: &Path,
    manifest: &Manifest,
    (salts, against): (&HashMap<Hash, Salt>, Option<&str>),
    faults: &mut Faults,
) -> Result<Vec<VerifierKey>, Failure> {
    let Ok(file) = File::open(folder.join(PACKAGE)) else { return Ok(Vec::new()) };
    let expect = Expect { origin: Some(manifest.trust.origin.clone()), ..Expect::default() };
    let file = BufReader::with_capacity(1 << 20, file);
    // Looks go on after an export, so checkpoints of their chains say nothing against it.
    let of_accesses =
        |note: &&str| SignedCheckpoint::parse(note).is_ok_and(|signed| signed.checkpoint().origin.contains("/access/"));
    let outside = against.map(notes).unwrap_or_default().into_iter().filter(|note| !of_accesses(note));
    let outside: Vec<String> = outside.map(str::to_owned).collect();
    let report: Report = match check_package_with(file, expect, &outside, &mut |digest| blob(folder, salts, digest)) {
        Ok(report) => report,
        Err(journal::package::Unreadable::Io(error)) => {
            return Err(Failure::problem(format_args!("reading {PACKAGE}"), &error));
        }
        Err(error) => {
            faults.add(true, format!("{PACKAGE}: {error}."));
            return Ok(Vec::new());
        }
    };
    for finding in &report.findings {
        let what = if finding.is_of_accesses() { "leaf" } else { "entry" };
        let entry = finding.at_entry.map(|at| format!(" {what} {at}")).unwrap_or_default();
        let subject = if finding.subject.is_empty() { String::new() } else { format!(" {}", finding.subject) };
        let sentence = format!(
            "{PACKAGE}:{entry}{subject}: {} ({}).",
            finding.sentence.trim_end_matches('.'),
            finding.kind.name()
        );
        faults.add(true, sentence);
    }
    let journal = &manifest.journal;
    let stated = (journal.entries, journal.root.as_str(), journal.chain.as_str());
    let found = (report.entries, hex(&report.root), hex(&report.head));
    if stated != (found.0, found.1.as_str(), found.2.as_str()) {
        faults.add(
            true,
            format!(
                "manifest.json: its journal has {} entries, the one in the folder has {}, or another root.",
                stated.0, found.0
            ),
        );
    }
    let own = SignedCheckpoint::parse(&journal.checkpoint).ok();
    let signed = report.checkpoints.iter().find(|one| {
        one.agrees && one.size == report.entries && own.as_ref().is_some_and(|own| own.checkpoint().size == one.size)
    });
    Ok(signed.iter().flat_map(|one| &one.signers).filter_map(|key| VerifierKey::parse(key).ok()).collect())
}

/// What is wrong with the seal.
fn of_seal(folder: &Path, manifest: &Manifest, digest: &str, keys: &[VerifierKey]) -> Option<String> {
    let Ok(text) = std::fs::read_to_string(folder.join(SEAL)) else { return Some(format!("{SEAL}: it is missing.")) };
    let Ok(note) = Note::parse(&text) else { return Some(format!("{SEAL}: it is no signed note.")) };
    if note.text() != manifest.seal(digest) {
        return Some(format!("{SEAL}: manifest.json is not the one that was sealed."));
    }
    if keys.is_empty() || note.verify(keys).is_err() {
        return Some(format!("{SEAL}: it is not signed by a key that the journal says was in force."));
    }
    None
}

/// Every file in the folder, by its name in it.
fn walked(folder: &Path) -> Result<Vec<String>, Failure> {
    let (mut found, mut left) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(below) = left.pop() {
        let path = folder.join(&below);
        let problem = |error: std::io::Error| Failure::problem(format_args!("reading {}", path.display()), &error);
        for entry in std::fs::read_dir(&path).map_err(problem)? {
            let entry = entry.map_err(problem)?;
            let name = below.join(entry.file_name());
            if entry.file_type().map_err(problem)?.is_dir() {
                left.push(name);
            } else {
                found.push(name.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}
