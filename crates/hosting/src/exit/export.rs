//! Writing a folder: into `DIR.part` first, which gets its name when everything is on disk. A part that a crash left is
//! taken away and begun anew; two exports to one place do not meet. Who took everything, and whose it was, is in the
//! access journal before it is in a file.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use access::Permit;
use journal::{KeyChange, KeyChangeKind, SigningKey};
use record::apply::hand_over::{Place, Tenure};
use record::{DeskRow, Record};
use serde::{Deserialize, Serialize};
use terms::Moment;

use super::folder::{Folder, Purpose};
use super::lines::{base64, to_base64};
use super::manifest::{ComparedPart, FILE, JournalPart, MadePart, Manifest, SEAL, TrustPart, digest};
use super::report::Exported;
use super::write_out::{Given, Note, write_out};
use crate::clock::stopwatch;
use crate::failure::Failure;
use crate::host::{Host, Trust};
use crate::moving::{Questions, answers, fail_at};
use crate::secret::hex;
use crate::work::Listener;

/// How often a desk that keeps changing is read again.
const TRIES: usize = 50;
/// What says that a folder is an export that was not finished.
const UNFINISHED: &str = "UNFINISHED";
/// The key with which a copy goes on.
pub(crate) const HANDOVER: &str = "handover.json";

/// The key with which a copy goes on, and the rotation to it that the record's own key has signed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Handover {
    origin: String,
    host: String,
    name: String,
    signer: String,
    signature: String,
    /// The secret key, as `PRIVATE+KEY+name+id+base64`.
    key: String,
}

/// Writes everything of a trust into a folder.
pub(crate) async fn export(
    host: &Host,
    trust: &Trust,
    to: &Path,
    by: &str,
    listener: Listener<'_>,
) -> Result<Exported, Failure> {
    let elapsed = stopwatch();
    let permit = trust.host_permit()?;
    if trust.record.tenure() != Tenure::Writes {
        return Err(Failure::Refused(format!("{} belongs to another host. Take it out there.", trust.code)));
    }
    let part = Part::begin(to)?;
    let query = format!("exit: everything, into a folder, by {by}");
    let manifest = written(host, trust, &permit, &part.path, (by, Some(&query)), listener).await?;
    let sealed = digest(&manifest.to_bytes()?);
    fail_at("before-naming-an-export").await?;
    part.finish(to)?;
    Ok(Exported {
        trust: trust.code.clone(),
        to: to.to_owned(),
        holds: manifest.holds,
        manifest: sealed,
        checkpoint: manifest.journal.checkpoint,
        milliseconds: elapsed(),
    })
}

/// Writes everything into a folder that is empty; gives its manifest.
pub(crate) async fn written(
    host: &Host,
    trust: &Trust,
    permit: &Permit,
    to: &Path,
    (by, note): (&str, Option<&str>),
    listener: Listener<'_>,
) -> Result<Manifest, Failure> {
    let record = &trust.record;
    let _erased_later = record.nothing_erased().await;
    let (place, desk) = snapshot(record, permit).await?;
    if let Some(query) = note {
        record.note_taken_out(permit, query, place.sequence, Vec::new()).await?;
    }
    let given = given(host, trust, permit, &place, by).await?;
    let desk = (desk.0, desk.1);
    let folder = Folder::at(to, Purpose::Write);
    let note = note.map(|query| Note { query });
    let mut out = write_out(record, permit, &given, desk, folder, note, listener).await?.manifest;
    let handover = handover(record, permit, host.name(), &given.trust.origin)?;
    let mut folder = Folder::at(to, Purpose::Write);
    let mut sheet = folder.lines(HANDOVER)?;
    sheet.put(&handover)?;
    let (listed, _) = sheet.finish()?;
    out.holds.files += 1;
    out.holds.bytes += listed.bytes;
    out.files.push(listed);
    out.files.sort_by(|a, b| a.path.cmp(&b.path));
    let bytes = out.to_bytes()?;
    let seal = record.sign_note(permit, out.seal(&digest(&bytes)))?;
    for (path, bytes) in [(FILE, bytes.as_slice()), (SEAL, seal.as_bytes())] {
        let mut sheet = folder.lines(path)?;
        sheet.put(bytes)?;
        sheet.finish()?;
    }
    folder.sync()?;
    Ok(out)
}

/// Where the record is, and its desk at that moment: nothing was written between the two.
pub(crate) async fn snapshot(record: &Record, permit: &Permit) -> Result<(Place, (Vec<DeskRow>, [u8; 32])), Failure> {
    for _ in 0..TRIES {
        let before = record.place().await?;
        let (mut rows, mut after) = (Vec::new(), 0);
        loop {
            let part = record.desk_since(permit, after).await?;
            rows.extend(part.rows);
            after = part.until;
            if !part.more {
                break;
            }
        }
        let (_, digest) = record.desk_digest().await?;
        let now = record.place().await?;
        if (now.sequence, now.desk) == (before.sequence, before.desk) {
            return Ok((now, (rows, digest)));
        }
    }
    Err(Failure::Problem("The desk kept changing while it was read. Try again.".into()))
}

async fn given(host: &Host, trust: &Trust, permit: &Permit, place: &Place, by: &str) -> Result<Given, Failure> {
    let record = &trust.record;
    let signed = record.attest(place)?;
    let moment = host.now();
    let said = answers(record, permit, &questions(place, Vec::new())).await?;
    Ok(Given {
        trust: TrustPart {
            code: trust.code.clone(),
            name: trust.entry.name.clone(),
            demonstration: trust.entry.demonstration,
            created: trust.entry.created.clone(),
            origin: signed.checkpoint().origin.clone(),
        },
        made: MadePart {
            moment: moment.to_string(),
            host: host.name().to_owned(),
            release: env!("CARGO_PKG_VERSION").into(),
            by: by.to_owned(),
        },
        moment,
        journal: JournalPart {
            entries: place.sequence,
            chain: hex(&place.chain),
            root: hex(&place.root),
            checkpoint: signed.to_string(),
            key: record.verifier_key().to_string(),
        },
        compared: ComparedPart { answers: said.answers, patients: said.patients },
        chains: None,
    })
}

/// The questions of a rehearsal at a place; the same patients are drawn wherever the same record is.
pub(crate) fn questions(place: &Place, patients: Vec<String>) -> Questions {
    let seed = u64::from_be_bytes(place.root[..8].try_into().unwrap_or_default());
    Questions { sequence: place.sequence, seed, patients, index: false }
}

/// A new key, and the record's rotation to it: whoever has the folder can go on with the copy, and with nothing else.
fn handover(record: &Record, permit: &Permit, host: &str, origin: &str) -> Result<Vec<u8>, Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Failure::problem("making a key", &error))?;
    let key = SigningKey::from_seed(origin, seed).map_err(|error| Failure::problem("making a key", &error))?;
    let rotation = record.rotation_to(permit, &key, host)?;
    let handover = Handover {
        origin: rotation.origin,
        host: rotation.host,
        name: rotation.name,
        signer: to_base64(&rotation.signer),
        signature: to_base64(&rotation.signature),
        key: key.to_secret_text(),
    };
    let mut text =
        serde_json::to_vec_pretty(&handover).map_err(|error| Failure::problem("writing the handover", &error))?;
    text.push(b'\n');
    Ok(text)
}

/// Reads the key with which a copy goes on, and the rotation to it.
pub(crate) fn read_handover(folder: &Path) -> Result<(KeyChange, SigningKey), Failure> {
    let path = folder.join(HANDOVER);
    let wrong = |why: &str| Failure::Refused(format!("{HANDOVER} cannot be understood: {why}."));
    let text = std::fs::read(&path).map_err(|error| Failure::problem(format_args!("reading {HANDOVER}"), &error))?;
    let of: Handover = serde_json::from_slice(&text).map_err(|error| wrong(&error.to_string()))?;
    let key = SigningKey::parse(of.key.trim_end()).map_err(|_| wrong("its key is none"))?;
    let signer = base64(&of.signer)?.try_into().map_err(|_| wrong("its signer is no key"))?;
    let signature = base64(&of.signature)?.try_into().map_err(|_| wrong("its signature is none"))?;
    let (kind, public) = (KeyChangeKind::Rotate, key.public());
    Ok((KeyChange { kind, origin: of.origin, host: of.host, name: of.name, key: public, signer, signature }, key))
}

/// A folder that is being written.
struct Part {
    path: PathBuf,
    /// Locked as long as somebody writes here.
    lock: File,
}

impl Part {
    /// Begins a folder beside the one that is to be.
    ///
    /// # Errors
    /// There is something at that place, or somebody else writes there.
    fn begin(to: &Path) -> Result<Part, Failure> {
        if std::fs::symlink_metadata(to).is_ok() && !is_empty_folder(to) {
            return Err(Failure::Refused(format!("{} is not an empty folder. Name another one.", to.display())));
        }
        let mut path = to.to_owned();
        path.as_mut_os_string().push(".part");
        let doing = format!("making {}", path.display());
        let problem = |error: std::io::Error| Failure::problem(&doing, &error);
        if let Ok(left) = OpenOptions::new().write(true).open(path.join(UNFINISHED)) {
            locked(&left, to)?;
            std::fs::remove_dir_all(&path).map_err(problem)?;
        }
        match DirBuilder::new().mode(0o700).create(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                let path = path.display();
                return Err(Failure::Refused(format!(
                    "{path} is there and is no unfinished export. Take it away first."
                )));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Failure::Refused(format!("The folder that {} is to lie in is not there.", to.display())));
            }
            made => made.map_err(problem)?,
        }
        let marker = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path.join(UNFINISHED));
        let lock = marker.map_err(problem)?;
        locked(&lock, to)?;
        Ok(Part { path, lock })
    }

    /// Gives the folder its name.
    fn finish(self, to: &Path) -> Result<(), Failure> {
        let finish = || -> std::io::Result<()> {
            std::fs::remove_file(self.path.join(UNFINISHED))?;
            File::open(&self.path)?.sync_all()?;
            std::fs::rename(&self.path, to)?;
            let above = to.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
            File::open(above)?.sync_all()
        };
        finish().map_err(|error| Failure::problem(format_args!("giving {} its name", to.display()), &error))?;
        drop(self.lock);
        Ok(())
    }
}

fn locked(file: &File, to: &Path) -> Result<(), Failure> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            Err(Failure::Refused(format!("Another export to {} is under way.", to.display())))
        }
        Err(TryLockError::Error(error)) => Err(Failure::problem("locking a folder", &error)),
    }
}

fn is_empty_folder(path: &Path) -> bool {
    std::fs::read_dir(path).is_ok_and(|mut inside| inside.next().is_none())
}

/// The moment of a manifest.
pub(crate) fn moment_of(made: &MadePart) -> Result<Moment, Failure> {
    Moment::parse(&made.moment).map_err(|_| Failure::refused("manifest.json does not say when it was made."))
}
