//! The sheets of a downtime: read from each trust's record every day and whenever somebody asks, and kept as files on this
//! host, where a ward's PC can fetch them beforehand. A few packs are kept; older ones are removed, and all of a trust that
//! this host does not write any more.
//!
//! A pack has sheets for clinicians and sheets for roles that see no clinical content, each read with a permit of that role:
//! what a role may not see is not on its paper. Its manifest says who is on which sheet, so that opening one is noted in the
//! access journal like any look at these patients.

pub(crate) mod page;

use std::fs::DirBuilder;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use access::{Grant, Permit, Role};
use portal::pages::downtime::sheets::{Pack, sheets};
use record::apply::hand_over::Tenure;
use serde::{Deserialize, Serialize};
use terms::Moment;
use tokio::sync::Mutex;

use crate::failure::Failure;
use crate::host::{Host, Trust};
use crate::trusts::TrustCode;

/// Packs of a trust that are kept.
const KEPT: usize = 3;
/// A pack that is older than this was missed by a night: the host was down.
const MISSED_MS: i64 = 26 * 60 * 60 * 1000;
/// The file that says what is in a pack.
const MANIFEST: &str = "manifest.json";
/// What is being written.
const PART: &str = "part";

/// One pack at a time is made: two would remove each other's.
static MAKING: Mutex<()> = Mutex::const_new(());

/// For whom sheets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Readers {
    /// Those who see clinical content.
    Clinicians,
    /// Those who see who is where, and nothing clinical.
    Clerks,
}

/// What is in a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// When the record was read, in milliseconds since 1970.
    pub(crate) at: i64,
    /// Every sheet.
    pub(crate) sheets: Vec<Listed>,
}

/// A sheet of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listed {
    /// For whom it is.
    pub(crate) readers: Readers,
    /// Its name.
    pub(crate) name: String,
    /// Its title.
    pub(crate) title: String,
    /// The patients who are on it, by id.
    pub(crate) patients: Vec<String>,
}

/// A pack that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Made {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// When the record was read.
    pub(crate) moment: String,
    /// How many sheets, for all readers.
    pub(crate) sheets: usize,
}

impl Readers {
    const ALL: [Readers; 2] = [Readers::Clinicians, Readers::Clerks];

    const fn folder(self) -> &'static str {
        match self {
            Readers::Clinicians => "clinicians",
            Readers::Clerks => "clerks",
        }
    }

    const fn role(self) -> Role {
        match self {
            Readers::Clinicians => Role::Clinician,
            Readers::Clerks => Role::Clerk,
        }
    }
}

/// Makes the sheets of a trust, and removes packs that are too old.
///
/// # Errors
/// The trust belongs to another host; the record could not be read; a disk that fails. Then there is no new pack, and those
/// that are there stay.
pub(crate) async fn make(host: &Host, trust: &Trust) -> Result<Made, Failure> {
    let _one_at_a_time = MAKING.lock().await;
    let own = folder_of(&host.configuration.data, &trust.code);
    if trust.record.tenure() != Tenure::Writes {
        forget(&host.configuration.data, &trust.code)?;
        return Err(Failure::Refused(format!("{} belongs to another host. Make its sheets there.", trust.code)));
    }
    let now = host.now();
    let mut packs = Vec::new();
    for readers in Readers::ALL {
        packs.push((readers, read(trust, readers, now).await?));
    }
    let folder = own.join(pack_name(now));
    let count = write(&folder, now, &packs)?;
    prune(&own)?;
    Ok(Made { folder, moment: now.to_string(), sheets: count })
}

/// Makes the sheets of every trust each day, until the task is dropped. A day that was missed is made up for at once.
pub(crate) async fn every_night(host: Arc<Host>) {
    let Some(at) = host.configuration.downtime_sheets else { return };
    let mut is_first = true;
    loop {
        for (code, _) in host.trust_names().await {
            let Ok(trust) = host.trust(&code).await else { continue };
            if is_first && !is_missed(&host, &code) {
                continue;
            }
            match make(&host, &trust).await {
                Ok(made) => tracing::info!(trust = %code, sheets = made.sheets, "downtime sheets were made"),
                Err(failure) => tracing::error!(trust = %code, %failure, "downtime sheets could not be made"),
            }
        }
        is_first = false;
        tokio::time::sleep(std::time::Duration::from_millis(at.until(host.now()))).await;
    }
}

/// The packs of a trust, the newest first: their names and what is in each.
pub(crate) fn packs(data: &Path, code: &TrustCode) -> Result<Vec<(String, Manifest)>, Failure> {
    let own = folder_of(data, code);
    let mut packs = Vec::new();
    for name in names(&own)? {
        let path = own.join(&name).join(MANIFEST);
        // A pack without a manifest is none: somebody was at the files.
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let manifest = serde_json::from_slice(&bytes)
            .map_err(|error| Failure::problem(format_args!("reading {}", path.display()), &error))?;
        packs.push((name, manifest));
    }
    Ok(packs)
}

/// The text of a sheet.
pub(crate) fn sheet(data: &Path, code: &TrustCode, pack: &str, sheet: &Listed) -> Result<Vec<u8>, Failure> {
    let path = folder_of(data, code).join(pack).join(sheet.readers.folder()).join(format!("{}.html", sheet.name));
    std::fs::read(&path).map_err(|error| Failure::problem(format_args!("reading {}", path.display()), &error))
}

/// Removes every pack of a trust that is not this host's any more.
pub(crate) fn forget(data: &Path, code: &TrustCode) -> Result<(), Failure> {
    remove(&folder_of(data, code))
}

fn is_missed(host: &Host, code: &TrustCode) -> bool {
    let packs = packs(&host.configuration.data, code).unwrap_or_default();
    packs.first().is_some_and(|(_, newest)| host.now().0 - newest.at > MISSED_MS)
}

async fn read(trust: &Trust, readers: Readers, now: Moment) -> Result<Pack, Failure> {
    let permit = permit(readers, now)?;
    let of = (trust.entry.name.as_str(), trust.environment());
    Ok(sheets(&trust.record, &permit, of, now).await?)
}

/// The permit of the role that the sheets are for, in the host's name.
fn permit(readers: Readers, now: Moment) -> Result<Permit, Failure> {
    let grant = Grant::role("host/downtime", "Downtime sheets", readers.role());
    access::decide(grant, now).map_err(|denied| Failure::Refused(denied.sentence))
}

fn folder_of(data: &Path, code: &TrustCode) -> PathBuf {
    data.join("downtime").join(code.as_str())
}

/// `20261117T143500000Z`: names in order of time.
fn pack_name(now: Moment) -> String {
    now.to_string().chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Writes a pack beside its place, then gives it its name.
fn write(folder: &Path, now: Moment, packs: &[(Readers, Pack)]) -> Result<usize, Failure> {
    let part = folder.with_extension(PART);
    remove(&part)?;
    let mut manifest = Manifest { at: now.0, sheets: Vec::new() };
    for (readers, pack) in packs {
        let inside = part.join(readers.folder());
        make_folder(&inside)?;
        for sheet in &pack.sheets {
            write_file(&inside.join(format!("{}.html", sheet.name)), sheet.html.as_bytes())?;
            manifest.sheets.push(Listed {
                readers: *readers,
                name: sheet.name.clone(),
                title: sheet.title.clone(),
                patients: sheet.patients.clone(),
            });
        }
    }
    let bytes = serde_json::to_vec(&manifest).map_err(|error| Failure::problem("writing a manifest", &error))?;
    write_file(&part.join(MANIFEST), &bytes)?;
    std::fs::rename(&part, folder)
        .map_err(|error| Failure::problem(format_args!("naming {}", folder.display()), &error))?;
    Ok(manifest.sheets.len())
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| Failure::problem(format_args!("making {}", folder.display()), &error))
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let wrong = |error: std::io::Error| Failure::problem(format_args!("writing {}", path.display()), &error);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(wrong)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(wrong)
}

/// The names of what is in a trust's folder, the newest first; what is being written is none of them.
fn names(own: &Path) -> Result<Vec<String>, Failure> {
    let entries = match std::fs::read_dir(own) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::problem(format_args!("reading {}", own.display()), &error)),
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.contains('.'))
        .collect();
    names.sort_unstable_by(|a, b| b.cmp(a));
    Ok(names)
}

/// Removes all packs but the newest, and what an attempt that broke off left.
fn prune(own: &Path) -> Result<(), Failure> {
    for name in names(own)?.into_iter().skip(KEPT) {
        remove(&own.join(name))?;
    }
    let entries = std::fs::read_dir(own).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    for left in entries.filter(|path| path.extension().is_some_and(|extension| extension == PART)) {
        remove(&left)?;
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::problem(format_args!("removing {}", path.display()), &error))
        }
        _ => Ok(()),
    }
}
