//! What a folder of two hosts without a line holds besides entries: the desk, the access journal, the writing host's answers
//! to the questions of a rehearsal, and while writers are held what the other host is asked to sign; from a host that does not
//! write, what a rehearsal of the way back asks of it. A letter names the digest or the chain of each, so that they are as good as what comes over a wire (`docs/formats/move.md`, section 8).

use std::path::{Path, PathBuf};

use access::Permit;
use journal::frames::{Frames, SEGMENT_START};
use journal::{AccessLeaf, access_chain_hash};
use record::Record;
use record::apply::hand_over::{AccessEnd, AccessFile, Tenure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::answer;
use super::folder::{not_signed, read, unread};
use super::kept::Move;
use super::letter::{self, Kind};
use super::pull::{self, desk_keys, newest_of, permit};
use super::rehearse;
use super::schedule::Schedule;
use super::words::{AccessHeld, Answers, AskedToSign, Place, Questions, Row, Segments, unhex};
use crate::failure::Failure;
use crate::host::Host;
use crate::secret::hex;
use crate::trusts::{replace_file, replace_file_by};

const LETTER: &str = "letter";
const DESK: &str = "desk";
const ANSWERS: &str = "answers";
const WAY_BACK: &str = "way-back";
/// How often the desk is read again that changes meanwhile.
const TRIES: usize = 100;
/// Most bytes that the access journal is given at once; a frame that is longer comes alone.
const PART: usize = 4 << 20;

/// What the letter in a folder says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Beside {
    /// Rises with each packing of this host.
    pub(super) number: u64,
    pub(super) record_key: String,
    /// Whether the host that packed writes the trust. One that does not gives its access journal alone.
    pub(super) writes: bool,
    pub(super) place: Place,
    /// SHA-256 of the file with the desk, and of the one with the answers.
    desk: Option<String>,
    answers: Option<String>,
    pub(super) access: Vec<AccessHeld>,
    /// What the other host is asked to sign, while writers are held.
    pub(super) asked: Option<AskedToSign>,
    /// SHA-256 of the file with what the way back would start from, at a host that does not write.
    #[serde(default)]
    way_back: Option<String>,
    /// The plan, as the host that writes keeps it.
    #[serde(default)]
    pub(super) plan: Option<Schedule>,
}

/// What a host that does not write would give out if the record were cut to it: its segments, and its answers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WayBack {
    pub(super) list: Segments,
    pub(super) answered: Answered,
}

/// The questions of a rehearsal with the answers of the host that writes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answered {
    pub(super) questions: Questions,
    pub(super) answers: Answers,
}

/// What is to be packed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) number: u64,
    /// Whether every text and row of the index is read again for the answers.
    pub(super) whole: bool,
    /// The epoch that a cut would name, while writers are held.
    pub(super) epoch: Option<u64>,
    /// Whether the way back is to be rehearsed with it.
    pub(super) way_back: bool,
}

/// Writes everything that belongs beside the entries up to a place, and the letter last.
pub(super) async fn write(
    host: &Host,
    of: &Move,
    record: &Record,
    folder: &Path,
    (place, wanted): (Place, Wanted),
) -> Result<(), Failure> {
    let permit = permit(of)?;
    let writes = record.tenure() == Tenure::Writes;
    let (mut desk, mut answers, mut asked, mut way_back, mut plan) = (None, None, None, None, None);
    if writes {
        let answered = answered(record, &permit, &place, wanted.whole).await?;
        answers = Some(put(&folder.join(ANSWERS), &answered)?);
        let (rows, digest) = desk_of(record, &permit).await?;
        desk = Some(put(&folder.join(DESK), &rows)?);
        asked = wanted.epoch.map(|epoch| AskedToSign { place: place.clone(), epoch, desk: digest });
        plan = Schedule::read(&host.configuration.data, &of.code)?;
    } else if wanted.way_back {
        // Nothing is taken meanwhile.
        let list = answer::segments_at(record, &record.place().await?).await?;
        let answered = answered(record, &permit, &place, false).await?;
        way_back = Some(put(&folder.join(WAY_BACK), &WayBack { list, answered })?);
    }
    let access = access_of(of, record, &permit, folder).await?;
    let (number, record_key) = (wanted.number, record.verifier_key().to_string());
    let beside = Beside { number, record_key, writes, place, desk, answers, access, asked, way_back, plan };
    let text = letter::write(host, of, Kind::Folder, &beside)?;
    let path = folder.join(LETTER);
    replace_file(&path, text.as_bytes()).map_err(|error| unwritten(&path, &error))
}

/// What this host answers to the questions of a rehearsal at a place.
async fn answered(record: &Record, permit: &Permit, place: &Place, index: bool) -> Result<Answered, Failure> {
    let root: journal::Hash = unhex(&place.root)?;
    let (sequence, seed) = (place.sequence, rehearse::seed_of(&root));
    let mut questions = Questions { sequence, seed, patients: Vec::new(), index };
    let answers = rehearse::answers(record, permit, &questions).await?;
    questions.patients.clone_from(&answers.patients);
    Ok(Answered { questions, answers })
}

/// Every row of the desk at one moment, with their number and digest.
async fn desk_of(record: &Record, permit: &Permit) -> Result<(Vec<Row>, (u64, String)), Failure> {
    for _ in 0..TRIES {
        let before = record.place().await?.desk;
        let (mut rows, mut after) = (Vec::new(), 0);
        loop {
            let part = record.desk_since(permit, after).await?;
            rows.extend(part.rows.into_iter().map(Row::from));
            after = part.until;
            if !part.more {
                break;
            }
        }
        let (count, digest) = record.desk_digest().await?;
        if record.place().await?.desk == before {
            return Ok((rows, (count, hex(&digest))));
        }
    }
    Err(Failure::refused("The desk does not stand still. Pack again when fewer people are at work."))
}

/// Writes the access journal, but what the other host has by itself; a file that is in the folder already stays.
async fn access_of(of: &Move, record: &Record, permit: &Permit, folder: &Path) -> Result<Vec<AccessHeld>, Failure> {
    let before = said_before(folder);
    let (mut held, theirs) = (Vec::new(), of.kept().other().host.clone());
    for file in record.access_files(permit)?.into_iter().filter(|file| file.host.as_ref() != Some(&theirs)) {
        let end = record.access_end(permit, &file).await?;
        let one = AccessHeld {
            host: file.host.clone(),
            name: file.name.clone(),
            bytes: end.bytes,
            leaves: end.leaves,
            last: hex(&end.last),
        };
        if end.bytes == 0 {
            continue;
        }
        let path = access_path(folder, &one);
        let is_there = before.contains(&one) && std::fs::metadata(&path).is_ok_and(|meta| meta.len() == end.bytes);
        if !is_there {
            write_access(&path, record, permit, &file, end.bytes)?;
        }
        held.push(one);
    }
    Ok(held)
}

/// What the letter of an earlier packing says; whoever takes the folder checks everything again.
fn said_before(folder: &Path) -> Vec<AccessHeld> {
    let said = || -> Option<Vec<AccessHeld>> {
        let letter: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join(LETTER)).ok()?).ok()?;
        Some(serde_json::from_str::<Beside>(letter["body"].as_str()?).ok()?.access)
    };
    said().unwrap_or_default()
}

fn write_access(path: &Path, record: &Record, permit: &Permit, of: &AccessFile, length: u64) -> Result<(), Failure> {
    use std::io::Write as _;
    let file = replace_file_by(path).map_err(|error| unwritten(path, &error))?;
    let (mut to, mut at) = (std::io::BufWriter::new(file.writer()), 0);
    while at < length {
        let bytes = record.access_part(permit, of, at)?;
        let left = usize::try_from(length - at).unwrap_or(usize::MAX);
        // More may have come since; a frame ends where the file ended then.
        let bytes = &bytes[..bytes.len().min(left)];
        if bytes.is_empty() {
            return Err(Failure::Problem(format!(
                "writing {}: the access journal is shorter than it was",
                path.display()
            )));
        }
        to.write_all(bytes).map_err(|error| unwritten(path, &error))?;
        at += bytes.len() as u64;
    }
    to.flush().map_err(|error| unwritten(path, &error))?;
    drop(to);
    file.done().map_err(|error| unwritten(path, &error))
}

/// Reads the letter of a folder: it is of this move, newer than what was taken before, and of no place before what is here.
pub(super) fn said(of: &Move, record: &Record, folder: &Path) -> Result<Beside, Failure> {
    let path = folder.join(LETTER);
    let text = String::from_utf8(read(&path)?).map_err(|_| not_signed(&path))?;
    let beside: Beside = letter::read(of, Kind::Folder, &text)?;
    if beside.number < of.kept().taken || (beside.writes && beside.place.sequence < newest_of(record)) {
        return Err(Failure::Refused(format!(
            "{} is older than what this host has. Nothing of it was taken. Bring the folder that was packed last.",
            folder.display()
        )));
    }
    Ok(beside)
}

/// Takes what lies beside the entries, once those are here.
pub(super) async fn take(
    host: &Host,
    of: &Move,
    record: &Record,
    folder: &Path,
    beside: &Beside,
) -> Result<(), Failure> {
    let permit = permit(of)?;
    pull::take_plan(host, of, record, beside.plan.clone())?;
    if let Some(digest) = &beside.desk {
        let rows: Vec<Row> = get(&folder.join(DESK), digest)?;
        let rows = rows.into_iter().map(TryInto::try_into).collect::<Result<Vec<record::DeskRow>, Failure>>()?;
        let kept: std::collections::HashSet<_> = rows.iter().map(|row| (row.kind.clone(), row.key.clone())).collect();
        let gone = desk_keys(record, &permit).await?.into_iter().filter(|key| !kept.contains(key)).collect();
        record.receive_desk(&permit, rows, gone).await?;
    }
    for held in &beside.access {
        take_access(of, record, &permit, folder, held).await?;
    }
    of.change(|kept| kept.taken = beside.number)
}

async fn take_access(
    of: &Move,
    record: &Record,
    permit: &Permit,
    folder: &Path,
    held: &AccessHeld,
) -> Result<(), Failure> {
    let kept = of.kept();
    let host = held.host.clone().unwrap_or_else(|| kept.other().host.clone());
    if host == kept.own().host {
        return Ok(());
    }
    let path = access_path(folder, held);
    let bytes = read(&path)?;
    if bytes.len() as u64 != held.bytes {
        return Err(not_signed(&path));
    }
    let mut here = record.access_length(&host, &held.name)?;
    for until in ends(&bytes, held).ok_or_else(|| not_signed(&path))? {
        if until as u64 > here {
            let part = &bytes[usize::try_from(here).unwrap_or(usize::MAX).min(until)..until];
            here = record.receive_access(permit, &host, &held.name, here, part).await?;
        }
    }
    let end = AccessEnd { bytes: held.bytes, leaves: held.leaves, last: unhex(&held.last)? };
    let file = AccessFile { host: Some(host), name: held.name.clone(), length: held.bytes };
    if record.has_access(permit, &file, end).await? { Ok(()) } else { Err(not_signed(&path)) }
}

/// Where parts of a segment file end that are given one after the other: whole frames, few enough for one part. `None`
/// unless all of them are links of one chain that ends as the letter says: not one leaf is taken before that is known.
fn ends(bytes: &[u8], held: &AccessHeld) -> Option<Vec<usize>> {
    let (mut ends, mut begun, mut at) = (Vec::new(), 0, SEGMENT_START.len());
    let (mut leaves, mut last) = (0, None);
    for frame in Frames::of(bytes).ok()? {
        let frame = frame.ok()?;
        let leaf = AccessLeaf::decode(frame).ok()?;
        if last.is_some_and(|last| leaf.previous != last) {
            return None;
        }
        (leaves, last) = (leaves + 1, Some(access_chain_hash(frame)));
        let next = at + frame.len() + 8;
        if next - begun > PART && at > begun {
            ends.push(at);
            begun = at;
        }
        at = next;
    }
    ends.push(at);
    let is_told = at == bytes.len() && leaves == held.leaves && hex(&last.unwrap_or_default()) == held.last;
    is_told.then_some(ends)
}

/// The answers in a folder.
pub(super) fn answers(folder: &Path, beside: &Beside) -> Result<Answered, Failure> {
    let none = || Failure::Refused(format!("{} holds no answers to a rehearsal.", folder.display()));
    let answered: Answered = get(&folder.join(ANSWERS), beside.answers.as_ref().ok_or_else(none)?)?;
    if is_asked(&answered, beside)? { Ok(answered) } else { Err(none()) }
}

/// What a rehearsal of the way back asks for, in a folder of the host that does not write.
pub(super) fn way_back(folder: &Path, beside: &Beside) -> Result<WayBack, Failure> {
    let none = || {
        Failure::Refused(format!(
            "{} holds nothing for a rehearsal of the way back. Pack it at the other host with --way-back.",
            folder.display()
        ))
    };
    let way_back: WayBack = get(&folder.join(WAY_BACK), beside.way_back.as_ref().ok_or_else(none)?)?;
    if is_asked(&way_back.answered, beside)? { Ok(way_back) } else { Err(none()) }
}

/// What is asked follows from the root: nobody chooses.
fn is_asked(answered: &Answered, beside: &Beside) -> Result<bool, Failure> {
    let root: journal::Hash = unhex(&beside.place.root)?;
    let questions = &answered.questions;
    Ok(questions.sequence == beside.place.sequence && questions.seed == rehearse::seed_of(&root))
}

/// Where a file of the access journal is: its host's name does not become a path.
fn access_path(folder: &Path, held: &AccessHeld) -> PathBuf {
    let of = format!("{}~{}", held.host.as_deref().unwrap_or("-"), held.name);
    folder.join(format!("access-{}", &hex(&Sha256::digest(of))[..16]))
}

/// Writes JSON to a file; its digest.
fn put(path: &Path, content: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_vec(content).map_err(|error| unwritten(path, &error))?;
    replace_file(path, &text).map_err(|error| unwritten(path, &error))?;
    Ok(hex(&Sha256::digest(&text)))
}

fn get<T: DeserializeOwned>(path: &Path, digest: &str) -> Result<T, Failure> {
    let text = read(path)?;
    if hex(&Sha256::digest(&text)) != digest {
        return Err(not_signed(path));
    }
    serde_json::from_slice(&text).map_err(|error| unread(path, &error))
}

fn unwritten(path: &Path, why: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::problem(format!("writing {}", path.display()), why)
}
