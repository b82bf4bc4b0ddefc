//! The host that follows: fetches segments while it is far behind and tails while it is near, checks each against what the
//! writing host signed, applies them, reads them back from its own disk, and takes desk and access journal along. When the
//! record turns out to be cut to it, it opens.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use access::{Grant, Permit, Role};
use axum::body::Body;
use futures_util::StreamExt as _;
use http::Method;
use journal::{Hash, SignedCheckpoint, VerifierKey};
use record::Record;
use record::apply::hand_over::Tenure;
use record::apply::{ApplyError, Decided, Ready, Text};
use terms::Clock;
use tokio::task::JoinSet;

use super::kept::{Move, Side};
use super::pace::ThrottleChange;
use super::peer::NOTHING;
use super::phase::{Phase, Step};
use super::report::Cutting;
use super::schedule::Schedule;
use super::segment::{self, ENTRIES};
use super::words::{AccessFile, Desk, Greeting, Place, Segments, unhex};
use crate::failure::Failure;
use crate::host::Host;

/// Segments that are fetched at once, and written together when they are here.
const AT_ONCE: usize = 8;
/// Segments are written together up to so many bytes.
const TOGETHER: usize = 32 << 20;
/// How often a segment is fetched again that is not what was signed.
const TRIES: usize = 3;
/// While entries come all the time, desk and access journal are taken along so often.
const WITH_THE_REST: u64 = 16;
/// How long to rest after a failure.
const REST: Duration = Duration::from_millis(500);

/// Follows until the record is this host's to write, or its copy is gone.
pub(crate) async fn run(host: Arc<Host>, of: Arc<Move>) {
    loop {
        match round(&host, &of).await {
            Ok(true) => of.set_problem(None),
            Ok(false) => return,
            Err(failure) => {
                tracing::warn!(trust = %of.code, %failure, "a move does not get on");
                of.set_problem(Some(failure.to_string()));
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// One round; false when there is nothing to follow any more.
async fn round(host: &Arc<Host>, of: &Arc<Move>) -> Result<bool, Failure> {
    let Ok(record) = of.record().await else { return Ok(false) };
    {
        let _one_at_a_time = of.pulling.lock().await;
        open_if_cut(host, of, &record).await?;
    }
    if record.tenure() == Tenure::Writes || of.phase() == Phase::Completed {
        return Ok(false);
    }
    let theirs = greet(host, of, &record).await?;
    if of.phase() < Phase::Following {
        of.step(Step::Copy)?;
    }
    copy(host, of, &record, theirs.sequence).await?;
    record.settle().await?;
    {
        let _one_at_a_time = of.pulling.lock().await;
        catch_up(host, of, &record, theirs.sequence).await?;
        desk(of, &record, true).await?;
        access(of, &record).await?;
    }
    if record.tenure() == Tenure::Writes {
        return Ok(false);
    }
    of.step(Step::Copied)?;
    of.set_problem(None);
    for round in 1u64.. {
        if follow(host, of, &record, round.is_multiple_of(WITH_THE_REST)).await? {
            break;
        }
    }
    Ok(true)
}

/// Waits for more and takes it; true when it is time to begin anew.
async fn follow(host: &Arc<Host>, of: &Arc<Move>, record: &Record, rest: bool) -> Result<bool, Failure> {
    let newest = newest_of(record);
    let asked_at = host.now();
    let theirs: Place = of.peer.call(Method::GET, &path(of, &format!("wait/{newest}")), NOTHING).await?;
    of.lag.hear(theirs.sequence);
    of.note_away(false);
    let fetched = of.lag.fetched.load(Ordering::Relaxed);
    let one_at_a_time = of.pulling.lock().await;
    let is_over = record.tenure() == Tenure::Writes || of.phase() == Phase::Completed || of.record().await.is_err();
    if is_over || !record.is_ready() {
        return Ok(true);
    }
    let came = catch_up(host, of, record, theirs.sequence).await?;
    if came {
        fail_at("while-following").await?;
    }
    if record.tenure() == Tenure::Writes {
        return Ok(true);
    }
    if newest_of(record) >= theirs.sequence {
        of.lag.is_complete(asked_at);
    }
    if !came || rest {
        desk(of, record, rest).await?;
        access(of, record).await?;
    }
    drop(one_at_a_time);
    of.pace.pays(of.lag.fetched.load(Ordering::Relaxed).saturating_sub(fetched)).await;
    Ok(false)
}

/// Tells the other host who this is, and hears who it is to the record.
pub(crate) async fn greet(host: &Host, of: &Move, record: &Record) -> Result<Place, Failure> {
    let kept = of.kept();
    let greeting = Greeting {
        ticket: kept.ticket.id.clone(),
        record_key: record.verifier_key().to_string(),
        place: Place::of(&record.place().await?, host.now()),
        writes: record.tenure() == Tenure::Writes,
        plan: Schedule::read(&host.configuration.data, &of.code)?,
    };
    let theirs: Greeting = of.peer.call(Method::POST, &path(of, "hello"), Some(&greeting)).await?;
    know(of, &theirs)?;
    take_plan(host, of, record, theirs.plan)?;
    of.lag.hear(theirs.place.sequence);
    Ok(theirs.place)
}

/// The plan is the one of the host that writes; the other one keeps it too, so that it is there after the cut, and copies
/// as fast and at the hours that it says.
pub(crate) fn take_plan(host: &Host, of: &Move, record: &Record, theirs: Option<Schedule>) -> Result<(), Failure> {
    let Some(plan) = theirs.filter(|_| record.tenure() != Tenure::Writes) else { return Ok(()) };
    let here = Schedule::read(&host.configuration.data, &of.code)?;
    if here.as_ref() == Some(&plan) {
        return Ok(());
    }
    of.limit(ThrottleChange::planned(here.as_ref(), &plan))?;
    plan.write(&host.configuration.data, &of.code)
}

/// Remembers the key with which the other host signs for the record; another one later is refused.
pub(crate) fn know(of: &Move, theirs: &Greeting) -> Result<(), Failure> {
    let kept = of.kept();
    if theirs.ticket != kept.ticket.id {
        return Err(Failure::refused("This is another move of the trust. Use the ticket that belongs to it."));
    }
    let expected = match kept.side {
        Side::Target => Some(&kept.ticket.record_key),
        Side::Source => kept.their_record_key.as_ref(),
    };
    if expected.is_some_and(|expected| *expected != theirs.record_key) {
        return Err(Failure::refused(
            "The other host signs for the record with another key than the one that is known.",
        ));
    }
    VerifierKey::parse(&theirs.record_key).map_err(|_| Failure::refused("The other host's key is none."))?;
    if kept.their_record_key.is_none() {
        of.change(|kept| kept.their_record_key = Some(theirs.record_key.clone()))?;
    }
    Ok(())
}

/// Fetches whole segments while there are any behind.
async fn copy(host: &Host, of: &Arc<Move>, record: &Record, theirs: u64) -> Result<(), Failure> {
    let own = newest_of(record);
    if theirs / ENTRIES <= own / ENTRIES {
        return Ok(());
    }
    let list: Segments = of.peer.call(Method::GET, &path(of, "segments"), NOTHING).await?;
    let roots = checked_roots(of, &list)?;
    let first = own / ENTRIES;
    let wanted = roots.into_iter().enumerate().skip(usize::try_from(first).unwrap_or(usize::MAX));
    let clock = host.clock();
    let known = |number: u64| own.saturating_sub(number * ENTRIES);
    let segments = wanted.map(|(number, root)| (number as u64, root));
    let (whom, into) = (Arc::clone(of), record.clone());
    let fetch = move |number: u64, known: u64, root: Hash| {
        let (clock, of, record) = (Arc::clone(&clock), Arc::clone(&whom), into.clone());
        beside(async move { fetch(&clock, &of, &record, number, known, root).await })
    };
    let fetches = segments.map(|(number, root)| fetch(number, known(number), root));
    let mut fetched = futures_util::stream::iter(fetches).buffered(AT_ONCE).ready_chunks(AT_ONCE);
    // What was written last is read back while what comes after it is written.
    let mut written = Written::default();
    while let Some(came) = fetched.next().await {
        let (mut parts, failed) = before_failure(came);
        while let Some(part) = parts.pop_front() {
            let (first, mut last, mut entries) = (part.first(), part.end(), part.entries);
            // Whole segments that are here already are written and synced together.
            while last.1 == ENTRIES && entries.iter().map(Ready::weight).sum::<usize>() < TOGETHER {
                let Some(part) = parts.pop_front() else { break };
                last = part.end();
                entries.extend(part.entries);
            }
            let (number, known, root) = last;
            // What comes next of a heavy segment comes while this is written.
            let next = async { if known < ENTRIES { fetch(number, known, root).await.map(Some) } else { Ok(None) } };
            let (before, of_it, from) = (std::mem::take(&mut written), Arc::clone(of), record.clone());
            let reading_back = beside(async move { before.read_back(&of_it, &from).await });
            let taking = take_unknown(of, record, entries, first);
            let (taken, read_back, next) = tokio::join!(taking, reading_back, next);
            read_back?;
            let (goes_on, now) = taken?;
            written = now;
            if !goes_on {
                return written.read_back(of, record).await;
            }
            fail_at("while-copying").await?;
            if let Some(next) = next? {
                parts.push_front(next);
            }
        }
        if let Some(failure) = failed {
            written.read_back(of, record).await?;
            return Err(failure);
        }
    }
    written.read_back(of, record).await
}

/// What came before the first failure, and that.
fn before_failure(came: Vec<Result<Part, Failure>>) -> (VecDeque<Part>, Option<Failure>) {
    let mut parts = VecDeque::with_capacity(came.len());
    for part in came {
        match part {
            Ok(part) => parts.push_back(part),
            Err(failure) => return (parts, Some(failure)),
        }
    }
    (parts, None)
}

/// Does work that another thread may do meanwhile; it ends when nobody waits for it any more.
async fn beside<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    let mut task = JoinSet::new();
    task.spawn(work);
    let broke_down = || Failure::Problem("A part of the copy broke down.".into());
    task.join_next().await.and_then(Result::ok).unwrap_or_else(|| Err(broke_down()))
}

/// Entries that were applied and are to be read back, and the number of the first.
#[derive(Default)]
pub(super) struct Written {
    entries: Vec<Decided>,
    first: u64,
}

/// Applies what is not here yet of entries that begin with this one; false when the last of them is a cut that this host
/// has refused, which is taken with what follows it and not by itself. What was applied is to be read back.
pub(super) async fn take_unknown(
    of: &Move,
    record: &Record,
    mut entries: Vec<Ready>,
    first: u64,
) -> Result<(bool, Written), Failure> {
    let _one_at_a_time = of.pulling.lock().await;
    let newest = newest_of(record);
    let last = first + entries.len() as u64 - 1;
    let is_refused = record.refused().await? == Some(last);
    if is_refused {
        entries.pop();
    }
    let known = usize::try_from((newest + 1).saturating_sub(first)).unwrap_or(usize::MAX).min(entries.len());
    entries.drain(..known);
    let written = apply(record, &permit(of)?, entries, newest + 1).await?;
    Ok((!is_refused || newest >= last, written))
}

/// The roots of all segments, once they have been found to be those of a checkpoint that the writing host signed.
pub(crate) fn checked_roots(of: &Move, list: &Segments) -> Result<Vec<Hash>, Failure> {
    let kept = of.kept();
    let refused = |why: &str| Failure::Refused(format!("The other host's list of segments is refused: {why}."));
    let signed = SignedCheckpoint::parse(&list.checkpoint).map_err(|_| refused("its checkpoint cannot be read"))?;
    // At the target of the ticket the source's key is known before it has said anything.
    let ticket = Some(&kept.ticket.record_key).filter(|_| kept.side == Side::Target);
    let keys = kept.their_record_key.iter().chain(ticket).filter_map(|key| VerifierKey::parse(key).ok());
    signed
        .verify(&keys.collect::<Vec<_>>())
        .map_err(|_| refused("its checkpoint is not signed with the record's key"))?;
    let hashes = |of: &[String]| of.iter().map(|hash| unhex(hash).ok()).collect::<Option<Vec<Hash>>>();
    let both = hashes(&list.roots).zip(hashes(&list.rest));
    let (roots, rest) = both.ok_or_else(|| refused("one of its hashes cannot be read"))?;
    let checkpoint = signed.checkpoint();
    let size = roots.len() as u64 * ENTRIES + rest.len() as u64;
    if checkpoint.origin != kept.ticket.origin || checkpoint.size != size || fold(&roots, &rest) != checkpoint.root {
        return Err(refused("it does not lead to the root that was signed"));
    }
    Ok(roots)
}

/// The root of the tree over perfect subtrees of one size and single leaves after them (RFC 6962, section 2.1).
fn fold(roots: &[Hash], rest: &[Hash]) -> Hash {
    let mut stack: Vec<(u64, Hash)> = Vec::new();
    let leaves = roots.iter().map(|root| (ENTRIES, *root)).chain(rest.iter().map(|leaf| (1, *leaf)));
    for mut node in leaves {
        while let Some((size, hash)) = stack.pop_if(|(size, _)| *size == node.0) {
            node = (size * 2, journal::node_hash(&hash, &node.1));
        }
        stack.push(node);
    }
    let mut root = stack.pop().map_or_else(|| journal::Edge::default().root(), |(_, hash)| hash);
    while let Some((_, hash)) = stack.pop() {
        root = journal::node_hash(&hash, &root);
    }
    root
}

/// A part of a segment that is what was signed.
struct Part {
    number: u64,
    root: Hash,
    /// Entries of the segment before it.
    known: u64,
    entries: Vec<Ready>,
}

impl Part {
    /// The number of its first entry.
    fn first(&self) -> u64 {
        self.number * ENTRIES + self.known + 1
    }

    /// Its segment, how many entries of that are known with it, and the segment's root.
    fn end(&self) -> (u64, u64, Hash) {
        (self.number, self.known + self.entries.len() as u64, self.root)
    }
}

/// Fetches a segment from the first entry that is not known, as far as one answer goes; what is not what was signed is
/// fetched again, and named when it stays so.
async fn fetch(
    clock: &Clock,
    of: &Move,
    record: &Record,
    number: u64,
    known: u64,
    root: Hash,
) -> Result<Part, Failure> {
    for _ in 0..TRIES {
        of.pace.opens(clock).await;
        let asked = path(of, &format!("segment/{number}/{known}"));
        let packed = of.peer.ask(Method::GET, &asked, Body::empty()).await?;
        of.lag.fetched.fetch_add(packed.len() as u64, Ordering::Relaxed);
        of.pace.pays(packed.len() as u64).await;
        let entries = segment::unpack(&packed).unwrap_or_default();
        if !entries.is_empty() && is_part(of, number, known, &root, &entries).await? {
            return Ok(Part { number, root, known, entries: record.make_ready(entries).await });
        }
        tracing::warn!(trust = %of.code, segment = number, "a segment is not what was signed");
    }
    let (first, last) = (number * ENTRIES + 1, (number + 1) * ENTRIES);
    Err(Failure::Refused(format!(
        "Segment {number} (entries {first} to {last}) is not the one that the other host signed. Nothing of it was taken."
    )))
}

/// Whether entries are those of a segment after so many of it. For less than the whole its leaves are asked for, which lead to
/// its root or to nothing.
async fn is_part(of: &Move, number: u64, known: u64, root: &Hash, entries: &[Decided]) -> Result<bool, Failure> {
    let own: Vec<Hash> = segment::leaves(entries).collect();
    if known == 0 && own.len() as u64 == ENTRIES {
        return Ok(segment::is_signed(&own, root));
    }
    let bytes = of.peer.ask(Method::GET, &path(of, &format!("leaves/{number}")), Body::empty()).await?;
    let (leaves, rest) = bytes.as_chunks::<32>();
    let known = usize::try_from(known).unwrap_or(usize::MAX);
    let given = leaves.get(known..).and_then(|leaves| leaves.get(..own.len()));
    Ok(rest.is_empty() && segment::is_signed(leaves, root) && given == Some(own.as_slice()))
}

/// The newest entry that is here.
pub(super) fn newest_of(record: &Record) -> u64 {
    *record.follow().borrow()
}

/// Where the record that is followed is now.
pub(crate) async fn theirs(of: &Move) -> Result<u64, Failure> {
    let theirs: Place = of.peer.call(Method::GET, &path(of, "wait/0"), NOTHING).await?;
    of.lag.hear(theirs.sequence);
    Ok(theirs.sequence)
}

/// Fetches and applies entries until this one, with whatever comes along; true when there were some. Whoever calls holds
/// `pulling`. If one of them cuts the record to this host, it opens.
pub(crate) async fn catch_up(host: &Arc<Host>, of: &Arc<Move>, record: &Record, until: u64) -> Result<bool, Failure> {
    let permit = permit(of)?;
    let mut came = false;
    loop {
        let newest = newest_of(record);
        if newest >= until {
            break;
        }
        let packed = of.peer.ask(Method::GET, &path(of, &format!("tail/{}", newest + 1)), Body::empty()).await?;
        of.lag.fetched.fetch_add(packed.len() as u64, Ordering::Relaxed);
        let entries = segment::unpack(&packed).map_err(|_| {
            Failure::refused("The other host sent a tail that cannot be read. Nothing of it was taken.")
        })?;
        if entries.is_empty() {
            break;
        }
        came = true;
        let last = entries.last().and_then(|given| journal::Entry::decode(&given.entry).ok());
        let made = last.map_or(0, |entry| entry.moment.0);
        take(record, &permit, entries, newest + 1).await?;
        of.lag.milliseconds.store(u64::try_from(host.now().0 - made).unwrap_or(0), Ordering::Relaxed);
    }
    open_if_cut(host, of, record).await?;
    Ok(came)
}

/// Opens the record if it was cut to this host and is not open yet. May be repeated.
pub(crate) async fn open_if_cut(host: &Arc<Host>, of: &Arc<Move>, record: &Record) -> Result<(), Failure> {
    let writes = record.writes().await?;
    let is_own = writes.as_ref().is_some_and(|writes| writes.cut > 0 && writes.key == *record.verifier_key().public());
    if !is_own || of.gate.is_open() {
        return Ok(());
    }
    fail_at("before-opening").await?;
    record.begin_to_write(&permit(of)?).await?;
    fail_at("after-opening").await?;
    host.adopt(of, record.clone()).await?;
    of.gate.set(super::gate::Stand::Open);
    let entry = writes.map_or(0, |writes| writes.cut);
    of.note_opened(Cutting { entry, back: of.kept().side == Side::Source, ..Cutting::default() });
    tracing::info!(trust = %of.code, "a trust was moved here and is open");
    Ok(())
}

/// Applies entries and reads them back from the disk.
pub(crate) async fn take(record: &Record, permit: &Permit, entries: Vec<Decided>, first: u64) -> Result<(), Failure> {
    let entries = entries.into_iter().map(Ready::from).collect();
    apply(record, permit, entries, first).await?.read_back_with(permit, record).await
}

async fn apply(record: &Record, permit: &Permit, entries: Vec<Ready>, first: u64) -> Result<Written, Failure> {
    if entries.is_empty() {
        return Ok(Written::default());
    }
    let written = Written { entries: entries.iter().map(|ready| ready.decided.clone()).collect(), first };
    record.apply(permit, entries).await.map_err(|error| match error {
        ApplyError::Refused { entry, why } => Failure::Refused(format!(
            "Entry {entry} as the other host sent it is refused: {why} Nothing of it was taken."
        )),
        ApplyError::Problem(problem) => problem.into(),
    })?;
    Ok(written)
}

impl Written {
    /// Reads the entries back from this host's own disk: they must be what was sent.
    pub(super) async fn read_back(self, of: &Move, record: &Record) -> Result<(), Failure> {
        self.read_back_with(&permit(of)?, record).await
    }

    async fn read_back_with(self, permit: &Permit, record: &Record) -> Result<(), Failure> {
        let Written { entries: given, first } = self;
        let mut same = 0;
        while same < given.len() {
            let read = record.decided(permit, first + same as u64, given.len() - same).await?;
            let alike = given[same..].iter().zip(&read).take_while(|(given, read)| is_same(given, read)).count();
            same += alike;
            if alike < read.len() || read.is_empty() {
                return Err(Failure::Problem(format!(
                    "Entry {} reads back from this host's disk otherwise than it was sent.",
                    first + same as u64
                )));
            }
        }
        Ok(())
    }
}

/// Whether an entry reads as it was sent; request digests are kept for some days only.
fn is_same(given: &Decided, read: &Decided) -> bool {
    let texts = given.texts.iter().zip(&read.texts).all(|(given, read)| match (given, read) {
        (Text::Kept { salt, seal, text }, Text::Kept { salt: s, seal: e, text: t }) => (salt, seal, text) == (s, e, t),
        (Text::Erased { by, .. }, Text::Erased { by: other, .. }) => by == other,
        // It was erased by an entry that came with it.
        (Text::Kept { .. }, Text::Erased { .. }) => true,
        (Text::Erased { .. }, Text::Kept { .. }) => false,
    });
    let blobs = given.blobs.len() >= read.blobs.len() && read.blobs.iter().all(|blob| given.blobs.contains(blob));
    given.entry == read.entry && given.texts.len() == read.texts.len() && texts && blobs
}

/// Takes what has changed on the desk; with `gone` also what has been removed.
pub(crate) async fn desk(of: &Move, record: &Record, gone: bool) -> Result<(), Failure> {
    let permit = permit(of)?;
    loop {
        let since = of.desk_until.load(Ordering::Acquire);
        let part: Desk = of.peer.call(Method::GET, &path(of, &format!("desk/{since}")), NOTHING).await?;
        let rows = part.rows.into_iter().map(TryInto::try_into).collect::<Result<Vec<_>, Failure>>()?;
        record.receive_desk(&permit, rows, Vec::new()).await?;
        of.desk_until.store(part.until, Ordering::Release);
        if !part.more {
            break;
        }
    }
    if !gone {
        return Ok(());
    }
    let theirs: Vec<(String, String)> = of.peer.call(Method::GET, &path(of, "desk-keys"), NOTHING).await?;
    let theirs: std::collections::HashSet<(String, String)> = theirs.into_iter().collect();
    let mine = desk_keys(record, &permit).await?;
    let gone: Vec<_> = mine.into_iter().filter(|key| !theirs.contains(key)).collect();
    record.receive_desk(&permit, Vec::new(), gone).await?;
    Ok(())
}

/// Kind and key of every row of the desk that moves.
pub(crate) async fn desk_keys(record: &Record, permit: &Permit) -> Result<Vec<(String, String)>, Failure> {
    let (mut keys, mut after) = (Vec::new(), 0);
    loop {
        let part = record.desk_since(permit, after).await?;
        keys.extend(part.rows.into_iter().map(|row| (row.kind, row.key)));
        after = part.until;
        if !part.more {
            return Ok(keys);
        }
    }
}

/// Takes what has been added to the other host's access chains.
pub(crate) async fn access(of: &Move, record: &Record) -> Result<(), Failure> {
    let permit = permit(of)?;
    let kept = of.kept();
    let files: Vec<AccessFile> = of.peer.call(Method::GET, &path(of, "access"), NOTHING).await?;
    for file in files {
        let host = file.host.clone().unwrap_or_else(|| kept.other().host.clone());
        if host == kept.own().host {
            continue;
        }
        let mut here = record.access_length(&host, &file.name)?;
        while here < file.length {
            let of_host = file.host.as_deref().unwrap_or("-");
            let asked = path(of, &format!("access/{of_host}/{}/{here}", file.name));
            let bytes = of.peer.ask(Method::GET, &asked, Body::empty()).await?;
            if bytes.is_empty() {
                break;
            }
            here = record.receive_access(&permit, &host, &file.name, here, &bytes).await?;
        }
    }
    Ok(())
}

/// The address of something of this move at the other host.
pub(crate) fn path(of: &Move, rest: &str) -> String {
    format!("/move/{}/{rest}", of.code)
}

/// The permit of a move's own work.
pub(crate) fn permit(of: &Move) -> Result<Permit, Failure> {
    let grant = Grant::role(format!("host/{}", of.kept().own().host), "Move", Role::Host);
    access::decide(grant, terms::Moment(0)).map_err(|denied| Failure::Refused(denied.sentence))
}

/// A named place between two steps, where a build for tests ends the process or waits for a file, when a test asks it to.
pub(crate) async fn fail_at(place: &'static str) -> Result<(), Failure> {
    if !cfg!(debug_assertions) {
        return Ok(());
    }
    if std::env::var("ALMONER_FAIL_AT").is_ok_and(|named| named == place) {
        tracing::error!(place, "stopped here, as was asked");
        std::process::abort();
    }
    let asked = std::env::var("ALMONER_WAIT_AT").unwrap_or_default();
    let Some(file) = asked.strip_prefix(place).and_then(|rest| rest.strip_prefix(' ')) else { return Ok(()) };
    let file = std::path::Path::new(file);
    if !file.exists() {
        let reached = std::fs::write(file.with_extension("reached"), "");
        reached.map_err(|error| Failure::problem("saying that a place is reached", &error))?;
    }
    while !file.exists() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_and_leaves_fold_to_the_root_of_all_leaves() {
        for size in [0u64, 1, 3, 255, 256, 257, 511, 512, 700, 1024, 1500] {
            let leaves: Vec<Hash> = (0..size).map(|n| journal::leaf_hash(&n.to_be_bytes())).collect();
            let whole = leaves.len() / 256 * 256;
            let roots: Vec<Hash> = leaves[..whole].chunks(256).map(|leaves| fold(&[], leaves)).collect();
            let mut edge = journal::Edge::default();
            for leaf in &leaves {
                edge.append(*leaf);
            }
            assert_eq!(fold(&roots, &leaves[whole..]), edge.root(), "{size}");
        }
    }
}
