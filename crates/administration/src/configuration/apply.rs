//! Applying a configuration: one commit with `Basic/configuration` and every resource that changes, and nothing else.
//!
//! What the files say already is not written again, so applying twice changes nothing. A place that is configured no
//! longer becomes inactive, unless somebody is in it or it is kept for somebody: then nothing is applied.

use std::collections::{BTreeMap, BTreeSet};

use record::{Change, Draft, Key, Problem, Reading, TransactError, Version};
use terms::Moment;

use super::basic::{BASIC, Kept, basic_text, files_of};
use super::build::{Read, read};
use super::differ::{How, changes};
use super::files::Files;
use super::finding::Severity;
use super::model::Configuration;
use super::resources::{ended, standing};
use crate::draft;
use crate::obligations::{SITE_TEAM, team_name};
use crate::refusal::Refusal;
use crate::stays::{holders, occupants};
use crate::tasks::{given_to, owed_by};

/// Errors of a configuration that a refusal tells in full.
const ERRORS_TOLD: usize = 10;
/// Places with somebody in them that a refusal names.
const PLACES_TOLD: usize = 5;
/// Versions of the configuration that are listed.
const MOST_VERSIONS: usize = 500;

/// Applies files as the configuration of the trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplyConfiguration {
    /// The files, with those that are inherited.
    pub files: Files,
    /// Who applies them, by name.
    pub by: Vec<String>,
    /// Why, in one line.
    pub why: Option<String>,
    /// The version that they were made from, if another one must not have come between; 0 for none.
    pub over: Option<u64>,
}

/// A version of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// Its number, from 1.
    pub version: u64,
    /// Since when it was or is live.
    pub since: Moment,
    /// Its files, by whom and why.
    pub kept: Kept,
}

/// What applying files would do.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The draft.
    pub draft: Draft,
    /// Resources that are new.
    pub made: usize,
    /// Resources that change.
    pub changed: usize,
    /// Resources that become inactive.
    pub ended: usize,
}

impl ApplyConfiguration {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let proposed = read(&self.files);
        check(&proposed).map_err(TransactError::Refused)?;
        let before = live(reading).await?;
        let version = before.as_ref().map_or(0, |before| before.version);
        if self.over.is_some_and(|over| over != version) {
            return Err(TransactError::Refused(super::propose::changed(version)));
        }
        let mut planned = plan(reading, before.as_ref(), &proposed, now).await?;
        if before.is_none_or(|before| before.kept.files != self.files) {
            let kept = Kept { files: self.files.clone(), by: self.by.clone(), why: self.why.clone() };
            let text = basic_text(&kept)
                .map_err(|error| Problem::Damaged { what: format!("the configuration cannot be written: {error}") })?;
            planned.draft.changes.push(draft::put(Key::new(BASIC.0, BASIC.1), &text)?);
        }
        Ok(planned.draft)
    }
}

/// Refuses a configuration with errors, and says which.
fn check(proposed: &Read) -> Result<(), Refusal> {
    let errors: Vec<String> = proposed
        .findings
        .iter()
        .filter(|finding| finding.rule.severity == Severity::Error)
        .map(|finding| format!("{}: {}. {}", finding.at, finding.what, finding.advice))
        .collect();
    if errors.is_empty() {
        return Ok(());
    }
    let more = errors.len().saturating_sub(ERRORS_TOLD);
    let mut sentence =
        format!("The configuration has errors and is not applied.\n{}", errors[..errors.len() - more].join("\n"));
    if more > 0 {
        sentence.push_str(&format!("\n… and {more} more"));
    }
    Err(Refusal::new("configuration-wrong", sentence))
}

/// The configuration that is live; `None` when there is none yet.
///
/// # Errors
/// The record could not be read, or what it holds is not what we wrote.
pub async fn live(reading: &Reading) -> Result<Option<Live>, Problem> {
    let version = reading.get(&Key::new(BASIC.0, BASIC.1)).await?;
    version.filter(|version| !version.text.is_empty()).map(|version| of_version(&version)).transpose()
}

/// Every version of the configuration, newest first, and whether there are more.
///
/// # Errors
/// As [`live`].
pub async fn history(reading: &Reading) -> Result<(Vec<Live>, bool), Problem> {
    let key = Key::new(BASIC.0, BASIC.1);
    let (versions, more) = reading.history_within(&key, None, MOST_VERSIONS, 64 << 20).await?;
    let told = versions.iter().filter(|version| !version.text.is_empty()).map(of_version);
    Ok((told.collect::<Result<_, _>>()?, more))
}

/// One version of the configuration; `None` when there is none of this number.
///
/// # Errors
/// As [`live`].
pub async fn former(reading: &Reading, version: u64) -> Result<Option<Live>, Problem> {
    let found = reading.version(&Key::new(BASIC.0, BASIC.1), version).await?;
    found.filter(|version| !version.text.is_empty()).map(|version| of_version(&version)).transpose()
}

fn of_version(version: &Version) -> Result<Live, Problem> {
    let kept = files_of(&version.text).map_err(|error| Problem::Damaged {
        what: format!("version {} of the configuration: {error}", version.version),
    })?;
    Ok(Live { version: version.version, since: version.moment, kept })
}

/// What the resources of a configuration come to over those that are there. `Basic/configuration` itself is not in it.
///
/// # Errors
/// A place that is configured no longer has somebody in it; or the record could not be read.
pub async fn plan(
    reading: &Reading,
    before: Option<&Live>,
    proposed: &Read,
    now: Moment,
) -> Result<Planned, TransactError<Refusal>> {
    let wanted = standing(&proposed.configuration);
    let old = before.map(|before| read(&before.kept.files).configuration).unwrap_or_default();
    let stays: BTreeSet<(&str, &str)> = wanted.iter().map(|one| (one.kind, one.id.as_str())).collect();
    let leaving: Vec<Key> = standing(&old)
        .into_iter()
        .filter(|one| !stays.contains(&(one.kind, one.id.as_str())) && one.kind != "Organization")
        .map(|one| Key::new(one.kind, one.id))
        .collect();
    let keys: Vec<Key> =
        wanted.iter().map(|one| Key::new(one.kind, one.id.as_str())).chain(leaving.iter().cloned()).collect();
    let there = texts(reading, &keys).await?;

    let mut planned = Planned { draft: Draft::default(), made: 0, changed: 0, ended: 0 };
    for one in &wanted {
        let key = Key::new(one.kind, one.id.as_str());
        let before = there.get(&key).map(|version| &*version.text);
        let text = one.text_over(before).map_err(|why| damaged(&key, &why))?;
        if before != Some(&text[..]) {
            let counted = if before.is_some() { &mut planned.changed } else { &mut planned.made };
            *counted += 1;
            planned.draft.changes.push(draft::put(key, &text)?);
        }
    }
    for key in leaving {
        let Some(version) = there.get(&key) else { continue };
        let text = ended(&key.kind, &version.text).map_err(|why| damaged(&key, &why))?;
        if *version.text != text[..] {
            planned.ended += 1;
            planned.draft.changes.push(draft::put(key, &text)?);
        }
    }
    let gone = changes(&old, &proposed.configuration).into_iter().filter(|change| change.how == How::Removed);
    let gone: Vec<(String, String)> = gone.map(|change| (change.code, change.name)).collect();
    refuse_occupied(reading, &planned.draft, &gone).await?;
    planned.draft.changes.extend(taken_over(reading, &planned.draft, &gone, &proposed.configuration, now).await?);
    Ok(planned)
}

/// What the places and people owe that are configured no longer goes to whoever the files name, in the same commit
/// (operations 6).
async fn taken_over(
    reading: &Reading,
    draft: &Draft,
    gone: &[(String, String)],
    proposed: &Configuration,
    now: Moment,
) -> Result<Vec<Change>, TransactError<Refusal>> {
    let ends = |kind: &str, code: &str| draft.changes.iter().any(|one| one.key().kind == kind && one.key().id == code);
    let mut closing = BTreeMap::new();
    for (code, name) in gone {
        if ends("Location", code) {
            closing.insert(format!("place/{code}"), format!("{name}, closed"));
        }
        if ends("Practitioner", code) {
            closing.insert(format!("practitioner/{code}"), format!("{name}, who works here no longer"));
        }
    }
    if closing.is_empty() {
        return Ok(Vec::new());
    }
    let owed = owed_by(reading, closing.keys().cloned()).await?;
    if owed.count() == 0 {
        return Ok(Vec::new());
    }
    let named = proposed.trust.as_ref().and_then(|trust| trust.takes_over.as_deref());
    let Some(to) = named else {
        let sentence = format!(
            "What these files take away still owes {}, such as open tasks. Name who takes that over: takes-over = \"…\" in \
             the table [trust], with the code of a ward or a team such as {SITE_TEAM}.",
            if owed.count() == 1 { "one thing".to_owned() } else { format!("{} things", owed.count()) }
        );
        return Err(TransactError::Refused(Refusal::new("takes-over-missing", sentence)));
    };
    let manager = match proposed.place(to) {
        Some(ward) => (format!("place/{to}"), ward.name.clone()),
        None => (to.to_owned(), team_name(to).to_owned()),
    };
    Ok(given_to(reading, &owed, &closing, &manager, now).await?)
}

async fn texts(reading: &Reading, keys: &[Key]) -> Result<BTreeMap<Key, Version>, Problem> {
    let found = reading.get_many(keys).await?;
    Ok(found.into_iter().map(|version| (version.key.clone(), version)).collect())
}

/// No place vanishes under a patient, or from under one who is to come into it.
async fn refuse_occupied(
    reading: &Reading,
    draft: &Draft,
    gone: &[(String, String)],
) -> Result<(), TransactError<Refusal>> {
    let mut occupied: Vec<&str> = Vec::new();
    for (code, name) in gone {
        let ends = draft.changes.iter().map(Change::key).any(|key| key.kind == "Location" && key.id == *code);
        if ends && !(occupants(reading, code, "").await?.is_empty() && holders(reading, code, "").await?.is_empty()) {
            occupied.push(name);
        }
    }
    if occupied.is_empty() {
        return Ok(());
    }
    let named = occupied.iter().take(PLACES_TOLD).copied().collect::<Vec<_>>().join("; ");
    let more = occupied.len().saturating_sub(PLACES_TOLD);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let sentence = format!(
        "Somebody is in a place that this configuration takes away, or it is kept for them: {named}{more}. Move them \
         first, or leave the place in the files."
    );
    Err(TransactError::Refused(Refusal::new("place-occupied", sentence)))
}

fn damaged(key: &Key, why: &str) -> TransactError<Refusal> {
    TransactError::Problem(Problem::Damaged { what: format!("{key}: {why}") })
}
