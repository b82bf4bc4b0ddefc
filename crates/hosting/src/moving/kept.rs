//! A move as a host keeps it: what it must know after a crash, replaced as a whole at every step, and what it needs while
//! it runs. What the record itself says (who may write) is not repeated here and has the last word.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use journal::SignedCheckpoint;
use record::Record;
use serde::{Deserialize, Serialize};
use terms::Moment;
use tokio::sync::{RwLock, watch};

use super::counts::Counts;
use super::gate::{Gate, Stand};
use super::pace::{Pace, Throttle, ThrottleChange};
use super::peer::Peer;
use super::phase::{Phase, Step};
use super::report::{Cutting, Rehearsal};
use super::ticket::{End, Ticket};
use super::words::Place;
use crate::failure::Failure;
use crate::trusts::{TrustCode, replace_file};

/// Which of the two hosts this one is, as the ticket names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Side {
    Source,
    Target,
}

/// What is kept of a move.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) ticket: Ticket,
    pub(crate) side: Side,
    pub(crate) phase: Phase,
    /// The key with which the other host signs for the record, once it has said so.
    pub(crate) their_record_key: Option<String>,
    #[serde(default)]
    pub(crate) rehearsals: Vec<Rehearsal>,
    /// Cuts by which a host has opened, oldest first.
    #[serde(default)]
    pub(crate) cuts: Vec<Cutting>,
    /// Rehearsals of the way back, at the host that writes.
    #[serde(default)]
    pub(crate) ways_back: Vec<Rehearsal>,
    /// Which two people sealed each cut, and when.
    #[serde(default)]
    pub(crate) sealed_by: Vec<String>,
    /// When each state was first seen, as an instant.
    #[serde(default)]
    pub(crate) since: BTreeMap<Phase, String>,
    /// The checkpoint of the last cut that was signed, by the host that was to take the record.
    #[serde(default)]
    pub(crate) signed_at: Option<String>,
    /// The certificate of the newest cut that has one, as text.
    #[serde(default)]
    pub(crate) certificate: Option<String>,
    /// Whether the last cut that was asked for here had no plan.
    #[serde(default)]
    pub(crate) unplanned: bool,
    /// What held before the last cut here of a move with a plan and without a line, for its certificate.
    #[serde(default)]
    pub(crate) gate: Option<String>,
    /// The statement of a destruction that has begun and goes on to its end, also after a start.
    #[serde(default)]
    pub(crate) destroying: Option<String>,
    /// The statement that a copy was destroyed.
    #[serde(default)]
    pub(crate) destroyed: Option<String>,
    /// How fast and when it may be copied.
    #[serde(default)]
    pub(crate) throttle: Throttle,
    /// Writers are held until a disk arrives.
    #[serde(default)]
    pub(crate) held: Option<Held>,
    /// How often a folder was packed here for a host without a line, and the number of the last one that was taken.
    #[serde(default)]
    pub(crate) packed: u64,
    #[serde(default)]
    pub(crate) taken: u64,
    /// What was counted at a cut that was carried here, before anybody wrote after it.
    #[serde(default)]
    pub(crate) counted: Option<(u64, Counts)>,
}

/// Writers are held until what the other host needs was carried to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held {
    /// Since when, in milliseconds since 1970.
    pub(crate) since: i64,
    /// Where the record was when it was packed last, and the epoch that its cut names.
    #[serde(default)]
    pub(crate) at: Option<(Place, u64)>,
}

/// A move on this host.
pub(crate) struct Move {
    pub(crate) code: TrustCode,
    path: PathBuf,
    kept: Mutex<Kept>,
    pub(crate) gate: Gate,
    pub(crate) peer: Peer,
    /// The record; `None` once its copy here was destroyed.
    pub(crate) record: RwLock<Option<Record>>,
    /// Held while entries are fetched and applied, so that they come in their order.
    pub(crate) pulling: tokio::sync::Mutex<()>,
    /// Held during a drain.
    pub(crate) cutting: tokio::sync::Mutex<()>,
    /// Held while a certificate is made.
    pub(crate) certifying: tokio::sync::Mutex<()>,
    pub(crate) lag: Lag,
    pub(crate) pace: Pace,
    /// The change of the other host's desk up to which it is here.
    pub(crate) desk_until: AtomicU64,
    problem: Mutex<Option<String>>,
    /// Whether the copy that was begun here is fetched over the wire by now.
    pub(crate) is_pulled: AtomicBool,
    /// Whether the other host was not to be reached when a question was last sent on to it.
    away: AtomicBool,
    is_aside: AtomicBool,
    /// How many steps of a cut wait for `pulling`: whoever compares the hosts makes way.
    pub(crate) hurry: watch::Sender<usize>,
}

/// A step of a cut that waits; over when it is dropped.
pub(crate) struct Hurry<'m>(&'m watch::Sender<usize>);

/// How far the copy is behind, as it was last told.
#[derive(Debug, Default)]
pub(crate) struct Lag {
    /// Entries that the other host has.
    theirs: AtomicU64,
    /// Bytes that were fetched.
    pub(crate) fetched: AtomicU64,
    /// Milliseconds from when an entry was made to when it was here; of the newest batch.
    pub(crate) milliseconds: AtomicU64,
    /// When this host last knew that it had everything, in milliseconds since 1970; 0 when it never did.
    complete: AtomicI64,
}

impl Kept {
    /// The other host.
    pub(crate) fn other(&self) -> &End {
        match self.side {
            Side::Source => &self.ticket.target,
            Side::Target => &self.ticket.source,
        }
    }

    /// Whether the two hosts call each other; else what they say is carried.
    pub(crate) fn has_line(&self) -> bool {
        self.ticket.has_line()
    }

    /// Whether the other host has begun, and it is not over: a ticket that nobody has used yet is no move.
    pub(crate) fn is_under_way(&self) -> bool {
        match self.phase {
            Phase::Planned => self.their_record_key.is_some(),
            phase => phase != Phase::Completed,
        }
    }

    /// Rehearsals since the last cut, oldest first.
    pub(crate) fn rehearsals_since_cut(&self) -> &[Rehearsal] {
        since_cut(&self.rehearsals, &self.cuts)
    }

    /// The same of the way back.
    pub(crate) fn ways_back_since_cut(&self) -> &[Rehearsal] {
        since_cut(&self.ways_back, &self.cuts)
    }

    /// Keeps what is known of a cut, in the place of what was known of it before.
    pub(crate) fn note_cut(&mut self, cutting: Cutting) {
        self.cuts.retain(|cut| cut.entry != cutting.entry);
        self.cuts.push(cutting);
        self.cuts.sort_by_key(|cut| cut.entry);
    }

    /// The checkpoint of so many entries that the other host signed with a cut.
    pub(crate) fn signed_by_them(&self, size: u64) -> Option<String> {
        let signed = self.signed_at.as_ref().and_then(|text| SignedCheckpoint::parse(text).ok())?;
        (signed.checkpoint().size == size).then(|| signed.to_string())
    }

    /// This host.
    pub(crate) fn own(&self) -> &End {
        match self.side {
            Side::Source => &self.ticket.source,
            Side::Target => &self.ticket.target,
        }
    }
}

/// One at the entry of the cut itself was made after it: before, there was no such entry.
fn since_cut<'a>(rehearsals: &'a [Rehearsal], cuts: &[Cutting]) -> &'a [Rehearsal] {
    let cut = cuts.last().map_or(0, |cut| cut.entry);
    let first = rehearsals.iter().position(|one| one.sequence >= cut).unwrap_or(rehearsals.len());
    &rehearsals[first..]
}

impl Move {
    pub(crate) fn new(data: &Path, kept: Kept, peer: Peer, record: Option<Record>, stand: Stand) -> Move {
        let code = kept.ticket.trust.clone();
        Move {
            path: file(data, &code),
            code,
            pace: Pace::new(kept.throttle),
            kept: Mutex::new(kept),
            gate: Gate::new(stand),
            peer,
            record: RwLock::new(record),
            pulling: tokio::sync::Mutex::default(),
            cutting: tokio::sync::Mutex::default(),
            certifying: tokio::sync::Mutex::default(),
            lag: Lag::default(),
            desk_until: AtomicU64::default(),
            problem: Mutex::default(),
            is_pulled: AtomicBool::default(),
            away: AtomicBool::default(),
            is_aside: AtomicBool::default(),
            hurry: watch::Sender::default(),
        }
    }

    /// What is kept of it now.
    pub(crate) fn kept(&self) -> Kept {
        self.lock().clone()
    }

    pub(crate) fn phase(&self) -> Phase {
        self.lock().phase
    }

    /// Changes what is kept; on disk when it returns.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Kept)) -> Result<(), Failure> {
        let mut kept = self.lock();
        if self.is_aside.load(Ordering::Acquire) {
            return Err(Failure::refused("This move was put aside: nothing of it changes any more."));
        }
        let mut next = kept.clone();
        change(&mut next);
        write(&self.path, &next)?;
        *kept = next;
        Ok(())
    }

    /// Changes how fast, and when, it is copied.
    pub(crate) fn limit(&self, change: ThrottleChange) -> Result<(), Failure> {
        let (before, throttle) = (self.kept().throttle, change.of(self.kept().throttle));
        if throttle != before {
            self.change(|kept| kept.throttle = throttle)?;
            self.pace.set(throttle);
        }
        Ok(())
    }

    /// Puts it aside: it is known no more when its host starts, and whoever still holds it changes nothing.
    pub(crate) fn put_aside(&self, data: &Path) -> Result<(), Failure> {
        let kept = self.lock();
        end(data, &kept)?;
        self.is_aside.store(true, Ordering::Release);
        Ok(())
    }

    /// Takes a step.
    ///
    /// # Errors
    /// That step cannot come now.
    pub(crate) fn step(&self, step: Step) -> Result<(), Failure> {
        let phase = self.phase();
        let next = phase
            .after(step)
            .ok_or_else(|| Failure::Refused(format!("This move is {}: that step cannot come now.", phase.word())))?;
        if next == phase { Ok(()) } else { self.change(|kept| kept.phase = next) }
    }

    /// Takes a step that has happened already, whatever becomes of its note: the record has the last word.
    pub(crate) fn note(&self, step: Step) {
        if let Err(failure) = self.step(step) {
            tracing::error!(trust = %self.code, %failure, "a step of a move could not be noted");
        }
    }

    /// Notes that the host to which the record was cut is open, whatever becomes of the note: the record has the last word.
    pub(crate) fn note_opened(&self, cutting: Cutting) {
        let noted = self.change(|kept| {
            kept.phase = kept.phase.after(Step::Opened { back: cutting.back }).unwrap_or(kept.phase);
            kept.held = None;
            kept.note_cut(cutting);
        });
        if let Err(failure) = noted {
            tracing::error!(trust = %self.code, %failure, "a cut could not be noted");
        }
    }

    /// Whether the two hosts call each other.
    pub(crate) fn has_line(&self) -> bool {
        self.lock().has_line()
    }

    /// The record.
    pub(crate) async fn record(&self) -> Result<Record, Failure> {
        let record = self.record.read().await.clone();
        record.ok_or_else(|| Failure::refused("The copy of this trust on this host was destroyed."))
    }

    /// Why it does not get on, if it does not.
    pub(crate) fn problem(&self) -> Option<String> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// That nobody can record anything, while writers are held for a disk.
    pub(crate) fn held_in_words(&self) -> Option<String> {
        let held = self.kept().held.filter(|_| self.gate.is_shut())?;
        Some(format!(
            "Nobody can record anything since {}: a disk is on its way to the other host, or its answer back. `almoner move \
             release` ends that.",
            terms::print::moment_text(Moment(held.since))
        ))
    }

    pub(crate) fn set_problem(&self, problem: Option<String>) {
        *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = problem;
    }

    /// Whether the other host did not answer the last question that was sent on.
    pub(crate) fn is_away(&self) -> bool {
        self.away.load(Ordering::Relaxed)
    }

    pub(crate) fn note_away(&self, is_away: bool) {
        self.away.store(is_away, Ordering::Relaxed);
    }

    /// Has whoever compares the hosts make way for a step of a cut, until that is done.
    pub(crate) fn hurry(&self) -> Hurry<'_> {
        self.hurry.send_modify(|waiting| *waiting += 1);
        Hurry(&self.hurry)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hurry<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}

impl Lag {
    /// Notes how many entries the other host has.
    pub(crate) fn hear(&self, theirs: u64) {
        self.theirs.fetch_max(theirs, Ordering::AcqRel);
    }

    /// Notes that at this moment nothing was missing here.
    pub(crate) fn is_complete(&self, now: Moment) {
        self.complete.fetch_max(now.0, Ordering::AcqRel);
    }

    /// Up to when this copy is known to be complete.
    pub(crate) fn complete_at(&self) -> Option<Moment> {
        Some(Moment(self.complete.load(Ordering::Acquire))).filter(|moment| moment.0 > 0)
    }

    pub(crate) fn theirs(&self) -> u64 {
        self.theirs.load(Ordering::Acquire)
    }
}

/// The moves of a host.
#[derive(Default)]
pub(crate) struct Moves {
    all: std::sync::RwLock<BTreeMap<TrustCode, Arc<Move>>>,
}

impl Moves {
    pub(crate) fn find(&self, code: &TrustCode) -> Option<Arc<Move>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner).get(code).cloned()
    }

    pub(crate) fn put(&self, of: Arc<Move>) {
        self.all.write().unwrap_or_else(PoisonError::into_inner).insert(of.code.clone(), of);
    }

    pub(crate) fn take(&self, code: &TrustCode) {
        self.all.write().unwrap_or_else(PoisonError::into_inner).remove(code);
    }

    pub(crate) fn all(&self) -> Vec<Arc<Move>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// Every move that is kept in a data directory.
pub(crate) fn read_all(data: &Path) -> Result<Vec<Kept>, Failure> {
    let folder = data.join("moves");
    let mut all = Vec::new();
    let Ok(files) = std::fs::read_dir(&folder) else { return Ok(all) };
    for path in files.filter_map(|file| Some(file.ok()?.path())) {
        if path.extension().is_some_and(|extension| extension == "json") {
            let doing = format!("reading {}", path.display());
            let text = std::fs::read(&path).map_err(|error| Failure::problem(&doing, &error))?;
            match serde_json::from_slice(&text) {
                Ok(kept) => all.push(kept),
                // Who may write is in the record: one move that cannot be read keeps no trust from being served.
                Err(error) => tracing::error!(%error, file = %path.display(), "a move cannot be read"),
            }
        }
    }
    Ok(all)
}

/// Keeps a new move. The one before is put aside, with its certificate and statements.
pub(crate) fn begin(data: &Path, before: Option<Arc<Move>>, kept: &Kept) -> Result<(), Failure> {
    std::fs::create_dir_all(data.join("moves"))
        .map_err(|error| Failure::problem("making the folder of moves", &error))?;
    before.map_or(Ok(()), |before| before.put_aside(data))?;
    write(&file(data, &kept.ticket.trust), kept)
}

/// Puts a move aside that is over: it is known no more, and its file stays.
fn end(data: &Path, kept: &Kept) -> Result<(), Failure> {
    let aside = data.join("moves").join("ended");
    let failed = |error: std::io::Error| Failure::problem("putting a move aside", &error);
    std::fs::create_dir_all(&aside).map_err(failed)?;
    let code = &kept.ticket.trust;
    std::fs::rename(file(data, code), aside.join(format!("{code}-{}.json", kept.ticket.id))).map_err(failed)
}

fn file(data: &Path, code: &TrustCode) -> PathBuf {
    data.join("moves").join(format!("{code}.json"))
}

fn write(path: &Path, kept: &Kept) -> Result<(), Failure> {
    let doing = format!("writing {}", path.display());
    let text = serde_json::to_vec_pretty(kept).map_err(|error| Failure::problem(&doing, &error))?;
    replace_file(path, &text).map_err(|error| Failure::problem(&doing, &error))
}
