//! Making a record of a folder: entries as they are, desk and access journal, and then the question whether the copy would
//! give out what was given out. Nobody can use it before that is answered; when the answer is no, nothing of it stays.

use std::path::Path;

use access::Permit;
use record::apply::ApplyError;
use record::apply::hand_over::Place;
use record::{DeskRow, Record, VerifyOptions};

use super::check::{self, Looked};
use super::export::{moment_of, questions, read_handover, snapshot};
use super::folder::{Folder, Purpose};
use super::lines::DeskLine;
use super::manifest::Manifest;
use super::parts::{Part, Parts};
use super::report::Imported;
use super::write_out::{DESK, Given, REQUESTS, write_out};
use crate::clock::stopwatch;
use crate::failure::Failure;
use crate::host::Host;
use crate::moving::{answers, fail_at};
use crate::trusts::TrustCode;
use crate::work::{Listener, Progress};

/// Differences that are named.
const MOST_NAMED: usize = 100;
/// Rows of the desk that are put together.
const ROWS: usize = 1000;

/// Where a copy and the folder differ, and what was not compared.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    pub(crate) differences: Vec<String>,
    pub(crate) not_compared: Vec<String>,
}

/// Makes a trust of a folder.
///
/// # Errors
/// It is no export, or there is such a trust here already. What is wrong with the folder is in what this returns.
pub(crate) async fn import(
    host: &Host,
    from: &Path,
    (code, store, against): (Option<TrustCode>, Option<String>, Option<String>),
    listener: Listener<'_>,
) -> Result<Imported, Failure> {
    let elapsed = stopwatch();
    let _one_at_a_time = host.importing()?;
    let (manifest, _) = Manifest::read(from)?;
    let code = code.unwrap_or_else(|| manifest.trust.code.clone());
    host.may_begin_import(&code, &manifest).await?;
    let looked = tokio::task::block_in_place(|| check::look(from, against.as_deref(), listener))?;
    let mut imported = Imported {
        trust: code.clone(),
        holds: looked.manifest.holds.clone(),
        faults: looked.faults.clone(),
        differences: Vec::new(),
        not_compared: Vec::new(),
        milliseconds: 0,
    };
    // Where only what strangers read is wrong, a copy tells which lines; it is never opened to be used.
    if looked.faults.is_empty() || looked.is_readable {
        let compared = made(host, from, &code, store, &looked, listener).await?;
        (imported.differences, imported.not_compared) = (compared.differences, compared.not_compared);
    }
    imported.milliseconds = elapsed();
    Ok(imported)
}

/// Makes the copy, compares, and opens it if nothing is wrong; otherwise nothing of it stays.
async fn made(
    host: &Host,
    from: &Path,
    code: &TrustCode,
    store: Option<String>,
    looked: &Looked,
    listener: Listener<'_>,
) -> Result<Compared, Failure> {
    let manifest = &looked.manifest;
    let (record, permit) = host.begin_import(code, &manifest.trust, store).await?;
    let ended = async {
        load(&record, &permit, from, manifest, listener).await?;
        let compared = compare(&record, &permit, from, manifest, listener).await?;
        if compared.differences.is_empty() && looked.faults.is_empty() {
            fail_at("import-before-opening").await?;
            let (rotation, key) = read_handover(from)?;
            record.go_on(&permit, rotation, &key, host.name()).await?;
            return Ok((compared, true));
        }
        Ok((compared, false))
    };
    match ended.await {
        Ok((compared, true)) => {
            host.end_import(code, record).await?;
            Ok(compared)
        }
        Ok((compared, false)) => {
            host.drop_import(code, record, &permit).await?;
            Ok(compared)
        }
        Err(failure) => {
            host.drop_import(code, record, &permit).await?;
            Err(failure)
        }
    }
}

/// Fills an empty record with what is in a folder.
pub(crate) async fn load(
    record: &Record,
    permit: &Permit,
    from: &Path,
    manifest: &Manifest,
    listener: Listener<'_>,
) -> Result<(), Failure> {
    let folder = from.to_owned();
    let mut parts = aside(move || Parts::of(&folder)).await?;
    let total = manifest.journal.entries;
    let mut done = 0;
    loop {
        let part;
        (parts, part) = aside(move || parts.next()).await?;
        match part {
            Part::End => break,
            Part::Entries(entries) => {
                done = record.apply(permit, entries).await.map_err(refused)?;
                fail_at("import-half-way").await?;
            }
            Part::Accesses(segments) => {
                for of in segments {
                    record.receive_access(permit, &of.host, &of.name, of.at, &of.bytes).await?;
                }
            }
        }
        listener(Progress { doing: "Reading in".into(), done, total: Some(total), items: done });
    }
    let folder = from.to_owned();
    let rows = aside(move || desk(&folder)).await?;
    for rows in rows.chunks(ROWS) {
        record.receive_desk(permit, rows.to_vec(), Vec::new()).await?;
    }
    Ok(record.settle().await?)
}

/// The rows of the desk in the order of their changes.
fn desk(folder: &Path) -> Result<Vec<DeskRow>, Failure> {
    let text = std::fs::read_to_string(folder.join(DESK));
    let text = text.map_err(|error| Failure::problem(format_args!("reading {DESK}"), &error))?;
    let mut rows = Vec::new();
    for line in text.lines() {
        let line: DeskLine = serde_json::from_str(line)
            .map_err(|error| Failure::Refused(format!("{DESK}: a line of it is none ({error}).")))?;
        rows.push(DeskRow::try_from(line)?);
    }
    rows.sort_by_key(|row| row.change);
    Ok(rows)
}

/// Compares a copy with the folder that it was made of: every file as the copy would write it, every question of a
/// rehearsal, every text, access, index row and obligation read again.
pub(crate) async fn compare(
    record: &Record,
    permit: &Permit,
    from: &Path,
    manifest: &Manifest,
    listener: Listener<'_>,
) -> Result<Compared, Failure> {
    let mut compared = Compared::default();
    let given = Given {
        trust: manifest.trust.clone(),
        made: manifest.made.clone(),
        moment: moment_of(&manifest.made)?,
        journal: manifest.journal.clone(),
        compared: manifest.compared.clone(),
        chains: Some(manifest.access.clone()),
    };
    let (place, desk) = snapshot(record, permit).await?;
    let stands = (place.sequence, crate::secret::hex(&place.root), crate::secret::hex(&place.chain));
    let journal = &manifest.journal;
    if stands != (journal.entries, journal.root.clone(), journal.chain.clone()) {
        compared.differences.push(format!("The copy has {} entries or another root.", place.sequence));
    }
    let folder = Folder::at(from, Purpose::Compare);
    let again = write_out(record, permit, &given, desk, folder, None, listener).await?;
    compared.differences.extend(again.differences);
    of_manifests(manifest, &again.manifest, &mut compared.differences);
    of_answers(record, permit, (&place, manifest), &mut compared.differences).await?;
    of_whole(record, listener, &mut compared.differences).await?;
    compared
        .not_compared
        .push(format!("{REQUESTS}: keys of requests are kept for a week only; each was checked against its entry."));
    let more = compared.differences.len().saturating_sub(MOST_NAMED);
    compared.differences.truncate(MOST_NAMED);
    if more > 0 {
        compared.differences.push(format!("And {more} more."));
    }
    Ok(compared)
}

/// Numbers and digests that the two manifests have otherwise.
fn of_manifests(there: &Manifest, here: &Manifest, differences: &mut Vec<String>) {
    let is_compared = |path: &str| path != REQUESTS && path != super::export::HANDOVER;
    let mut other =
        here.files.iter().map(|file| (file.path.as_str(), file)).collect::<std::collections::BTreeMap<_, _>>();
    for file in there.files.iter().filter(|file| is_compared(&file.path)) {
        match other.remove(file.path.as_str()) {
            Some(same) if same == file => {}
            Some(_) if differences.iter().any(|said| said.starts_with(&format!("{}:", file.path))) => {}
            Some(_) => differences.push(format!("{}: the copy writes it otherwise.", file.path)),
            None => differences.push(format!("{}: the copy has nothing to write into it.", file.path)),
        }
    }
    differences.extend(other.keys().map(|path| format!("{path}: the copy would write it, and it was not exported.")));
    for (what, is_same) in [
        ("live resources by type", there.resources == here.resources),
        ("versions by type", there.versions == here.versions),
        ("the desk", there.desk == here.desk),
        ("the access chains", there.access == here.access),
    ] {
        if !is_same {
            differences.push(format!("The copy and the manifest have other numbers of {what}."));
        }
    }
}

/// The questions of a rehearsal.
async fn of_answers(
    record: &Record,
    permit: &Permit,
    (place, manifest): (&Place, &Manifest),
    differences: &mut Vec<String>,
) -> Result<(), Failure> {
    let there = &manifest.compared;
    let here = answers(record, permit, &questions(place, there.patients.clone())).await?;
    let asked: std::collections::BTreeSet<&String> = there.answers.keys().chain(here.answers.keys()).collect();
    for question in asked {
        let nothing = "0".to_owned();
        let (a, b) = (there.answers.get(question), here.answers.get(question));
        let (a, b) = (a.unwrap_or(&nothing), b.unwrap_or(&nothing));
        if a != b {
            differences.push(format!("{question}: {a} in the manifest, {b} in the copy."));
        }
    }
    Ok(())
}

/// Everything read again.
async fn of_whole(record: &Record, listener: Listener<'_>, differences: &mut Vec<String>) -> Result<(), Failure> {
    let heard = |done, total| {
        listener(Progress { doing: "Verifying the copy".into(), done, total: Some(total), items: done });
    };
    let report = record.verify(VerifyOptions { index: true, ..VerifyOptions::default() }, heard).await?;
    let journal = report.journal.findings.iter().map(|found| format!("{} ({})", found.sentence, found.kind.name()));
    let store = report.store.iter().map(|found| format!("{} ({})", found.sentence, found.kind));
    differences.extend(journal.chain(store).map(|said| format!("The copy does not verify: {said}")));
    Ok(())
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Failure::problem("reading an export", &error))?
}

fn refused(error: ApplyError) -> Failure {
    match error {
        ApplyError::Refused { entry, why } => {
            Failure::Refused(format!("Entry {entry} of the export is refused: {why}"))
        }
        ApplyError::Problem(problem) => problem.into(),
    }
}
