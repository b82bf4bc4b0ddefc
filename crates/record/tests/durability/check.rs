//! What must hold after a crash, whatever the moment: nothing acknowledged is lost, nothing is there twice, nothing is
//! half there. The record is opened as a user would, asked, written to again, closed, and its files are read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use access::Role;
use journal::{Act, Entry};
use record::trail::AccessQuery;
use record::{Durability, Key, Record, VerifyOptions};
use testkit::toy;

use crate::acknowledged::Line;
use crate::agreement;
use crate::client::{WORKERS, location, options, perform};
use crate::files::{Files, Stored};
use crate::plan::{Deed, Planned, Step, Worker, token};
use crate::session::Session;

/// The round that stands for the check's own opening of the record, so that its clock is later than any client's.
const AFTERWARDS: u64 = 1000;

/// How many losses of one run are shown.
const MOST_LOSSES: usize = 6;

/// What the check counted and what it missed.
#[derive(Debug, Default)]
pub struct Found {
    /// What is lost, doubled or half there, in sentences.
    pub losses: Vec<String>,
    pub commits: usize,
    pub reads: usize,
    pub desks: usize,
    pub checkpoints: usize,
    /// Commits that were in the record although nobody had been told.
    pub untold: usize,
    /// Commits sent again after the crash.
    pub retries: usize,
    /// Blobs that were there.
    pub blobs: usize,
    /// Segments of the access journal that were begun after another of their chain.
    pub changes_of_segment: usize,
}

impl Found {
    /// In words, for the test's output.
    pub fn figures(&self) -> String {
        format!(
            "{} commits, {} reads, {} desk changes and {} checkpoints acknowledged; {} commits kept untold, {} sent \
             again; {} blobs; {} changes of segment; {} losses",
            self.commits,
            self.reads,
            self.desks,
            self.checkpoints,
            self.untold,
            self.retries,
            self.blobs,
            self.changes_of_segment,
            self.losses.len()
        )
    }

    pub fn add(&mut self, other: Found) {
        // The first ones of a run say what happened.
        self.losses.extend(other.losses.into_iter().take(MOST_LOSSES));
        self.commits += other.commits;
        self.reads += other.reads;
        self.desks += other.desks;
        self.checkpoints += other.checkpoints;
        self.untold += other.untold;
        self.retries += other.retries;
        self.blobs += other.blobs;
        self.changes_of_segment += other.changes_of_segment;
    }
}

/// Checks a record against everything that the clients of so many rounds were told, in order.
pub async fn check(session: &Session, rounds: u64, told: &[Line]) -> Found {
    let mut found = Found::default();
    count(told, &mut found);
    let plan = Plan::of(session, rounds, told);
    let location = location(&session.directory, session.schema.as_ref());
    let record = match Record::open(&location, options(AFTERWARDS, Durability::Full)).await {
        Ok(record) => record,
        Err(problem) => {
            found.losses.push(format!("the record cannot be opened again: {problem:?}"));
            return found;
        }
    };
    let mut told = told.to_vec();
    ask(&record, &told, &mut found).await;
    try_again(&record, &plan, &mut told, &mut found).await;
    // As a host does soon after opening: what no commit came to name goes, and what an erasure could not take any more.
    if let Err(problem) = record.sweep_blobs().await {
        found.losses.push(format!("blobs cannot be swept: {problem:?}"));
    }
    prove(&record, &told, &mut found).await;
    record.close().await;
    if let Some(schema) = &session.schema {
        crate::postgres::copy_tables(schema, &session.directory).await;
    }
    let files = match Files::read(&session.directory) {
        Ok(files) => files,
        Err(error) => {
            found.losses.push(format!("the files cannot be read: {error}"));
            return found;
        }
    };
    let checkpoints: Vec<String> = told.iter().filter_map(checkpoint).collect();
    found.losses.extend(agreement::find(&files, &checkpoints));
    compare_commits(&files, &plan, &told, &mut found);
    compare_besides(&files, &plan, &told, &mut found);
    found
}

fn count(told: &[Line], found: &mut Found) {
    for line in told {
        match line {
            Line::Commit { .. } => found.commits += 1,
            Line::Read { .. } => found.reads += 1,
            Line::Desk { .. } => found.desks += 1,
            Line::Checkpoint { .. } => found.checkpoints += 1,
            Line::Stopped(why) => found.losses.push(format!("a client stopped: {why}")),
            Line::Open { .. } => {}
        }
    }
}

fn checkpoint(line: &Line) -> Option<String> {
    match line {
        Line::Checkpoint { text, .. } => Some(text.clone()),
        _ => None,
    }
}

/// The steps that may have left something: of each worker all acknowledged ones and the one after.
struct Plan {
    steps: BTreeMap<(u64, u64), Step>,
    /// The number of the last acknowledged step.
    last: BTreeMap<u64, u64>,
}

impl Plan {
    fn of(session: &Session, rounds: u64, told: &[Line]) -> Plan {
        let mut last: BTreeMap<u64, u64> = (0..rounds * WORKERS).map(|worker| (worker, 0)).collect();
        for (worker, number) in told.iter().filter_map(Line::step) {
            last.insert(worker, number);
        }
        let steps = last.iter().flat_map(|(worker, last)| {
            Worker::new(session.seed, *worker).take(*last as usize + 1).map(|step| ((step.worker, step.number), step))
        });
        Plan { steps: steps.collect(), last }
    }
}

/// Asks through the face: the signing key, who has looked.
async fn ask(record: &Record, told: &[Line], found: &mut Found) {
    for line in told {
        if let Line::Open { key, .. } = line
            && *key != record.verifier_key().to_string()
        {
            found.losses.push("the signing key is another".into());
        }
    }
    let officer = toy::permit(Role::PrivacyOfficer, "user/privacy");
    let (mut looked, mut before) = (BTreeSet::new(), None);
    loop {
        let query = AccessQuery { before, limit: 1000, ..AccessQuery::default() };
        match record.accesses(&officer, query).await {
            Ok(page) if page.is_empty() => break,
            Ok(page) => {
                before = page.last().map(|access| access.number);
                looked.extend(page.into_iter().map(|access| access.query));
            }
            Err(problem) => return found.losses.push(format!("who has looked cannot be told: {problem:?}")),
        }
    }
    for line in told {
        if let Line::Read { worker, number } = line
            && !looked.contains(&format!("look {}", token(*worker, *number)))
        {
            found.losses.push(format!("the list of accesses lacks {line}"));
        }
    }
}

/// Takes every worker's last acknowledged commit and its next step once more: a key makes the first harmless, and the
/// second may or may not have happened before.
async fn try_again(record: &Record, plan: &Plan, told: &mut Vec<Line>, found: &mut Found) {
    for (worker, last) in &plan.last {
        for number in [*last, *last + 1] {
            let Some(step) = plan.steps.get(&(*worker, number)) else { continue };
            if !matches!(step.deed, Deed::Commit { keyed: true, .. } | Deed::Erase(..)) {
                continue;
            }
            found.retries += 1;
            match perform(record, step).await {
                Ok(line) => told.push(line),
                Err(why) => found.losses.push(format!("step {} cannot be repeated: {why}", step.token())),
            }
        }
    }
}

/// The product's own verification finds nothing either.
async fn prove(record: &Record, told: &[Line], found: &mut Found) {
    let against = told.iter().filter_map(checkpoint).collect();
    match record.verify(VerifyOptions { against, index: true, keys: Vec::new() }, |_, _| {}).await {
        Ok(report) if report.holds() => {}
        Ok(report) => found.losses.push(format!("verify: {:?} {:?}", report.journal.findings, report.store)),
        Err(problem) => found.losses.push(format!("verify: {problem:?}")),
    }
}

/// Every entry is a step of the plan, once and whole; every acknowledged commit is one of them.
fn compare_commits(files: &Files, plan: &Plan, told: &[Line], found: &mut Found) {
    let erased = erased(files);
    let mut there: HashMap<(u64, u64), &Entry> = HashMap::new();
    for stored in &files.entries {
        let Some(place) = place_of(&stored.entry.command) else { continue };
        if there.insert(place, &stored.entry).is_some() {
            found.losses.push(format!("step {place:?} is there twice"));
        }
        match plan.steps.get(&place).map(|step| &step.deed) {
            Some(Deed::Erase(key, version)) => {
                if !erases(&stored.entry, key, *version) {
                    found.losses.push(format!("step {place:?} does not erase what it should"));
                }
            }
            Some(Deed::Commit { changes, .. }) => {
                for why in half_there(files, stored, changes, &erased) {
                    found.losses.push(format!("step {place:?}: {why}"));
                }
            }
            _ => found.losses.push(format!("step {place:?} is there before its turn")),
        }
    }
    let mut acknowledged = BTreeSet::new();
    for line in told {
        let Line::Commit { worker, number, sequence, written } = line else { continue };
        acknowledged.insert((*worker, *number));
        let kept = there.get(&(*worker, *number)).is_some_and(|entry| {
            let changes = entry.changes.iter().map(|c| (Key::new(&c.kind, &c.id), c.version));
            entry.sequence == *sequence && changes.eq(written.iter().cloned())
        });
        if !kept {
            found.losses.push(format!("an acknowledged commit is lost: {line}"));
        }
    }
    found.untold += there.keys().filter(|place| !acknowledged.contains(*place)).count();
}

/// Worker and number from a command such as `step <3.17>`.
fn place_of(command: &str) -> Option<(u64, u64)> {
    let (worker, number) = command.strip_prefix("step <")?.strip_suffix('>')?.split_once('.')?;
    Some((worker.parse().ok()?, number.parse().ok()?))
}

fn erases(entry: &Entry, key: &Key, version: u64) -> bool {
    let Act::Erase(erasure) = &entry.act else { return false };
    let named = erasure.versions.iter().map(|named| (named.kind.as_str(), named.id.as_str(), named.version));
    entry.changes.is_empty() && named.eq([(key.kind.as_str(), key.id.as_str(), version)])
}

/// Every erased version by the entry that made it, with the entry that erased it.
fn erased(files: &Files) -> HashMap<(Key, u64), u64> {
    let mut erased = HashMap::new();
    for stored in &files.entries {
        let Act::Erase(erasure) = &stored.entry.act else { continue };
        for named in &erasure.versions {
            erased.insert((Key::new(&named.kind, &named.id), named.version), stored.entry.sequence);
        }
    }
    erased
}

/// What of an entry is not as its step planned it.
fn half_there(files: &Files, stored: &Stored, planned: &[Planned], erased: &HashMap<(Key, u64), u64>) -> Vec<String> {
    let mut wrong = Vec::new();
    let (entry, rids) = (&stored.entry, &stored.rids);
    if entry.changes.len() != planned.len() || rids.len() != planned.len() {
        wrong.push(format!("{} of {} changes are there", entry.changes.len(), planned.len()));
    }
    for ((change, rid), planned) in entry.changes.iter().zip(rids).zip(planned) {
        let (key, number) = (Key::new(&change.kind, &change.id), change.version);
        let right = key == planned.key && planned.version.is_none_or(|version| version == number);
        let text = match planned.lines_as(number) {
            Some(lines) => toy::text(&lines).complete(number, entry.moment),
            None => Vec::new(),
        };
        let as_planned =
            files.versions.get(&(*rid, number)).is_some_and(|version| match erased.get(&(key.clone(), number)) {
                Some(by) => version.text.is_none() && version.salt == by.to_be_bytes(),
                None => version.text.as_ref() == Some(&text),
            });
        if !right || !as_planned {
            wrong.push(format!("{key} version {number} is not as planned"));
        }
    }
    wrong
}

/// Access notes and their files, desk and checkpoint.
fn compare_besides(files: &Files, plan: &Plan, told: &[Line], found: &mut Found) {
    let reads: HashMap<String, journal::AccessRead> =
        files.reads().into_iter().map(|read| (read.query.clone(), read)).collect();
    let mut newest_checkpoint = 0;
    for line in told {
        match line {
            Line::Read { worker, number } => {
                let Some(Deed::Read(looks)) = plan.steps.get(&(*worker, *number)).map(|step| &step.deed) else {
                    found.losses.push(format!("not a read: {line}"));
                    continue;
                };
                let seen: BTreeSet<(String, String)> = looks
                    .iter()
                    .filter_map(|look| look.patient.clone())
                    .map(|patient| (patient.kind, patient.id))
                    .collect();
                let noted = reads.get(&format!("look {}", token(*worker, *number)));
                if noted.is_none_or(|noted| noted.subjects.iter().cloned().collect::<BTreeSet<_>>() != seen) {
                    found.losses.push(format!("an access note is lost: {line}"));
                }
            }
            Line::Checkpoint { text, .. } => {
                newest_checkpoint = newest_checkpoint.max(size_of(text));
            }
            Line::Open { .. } | Line::Commit { .. } | Line::Desk { .. } | Line::Stopped(_) => {}
        }
    }
    found.losses.extend(files.leftovers.iter().map(|name| format!("{name} was left over")));
    found.blobs += files.blobs.len();
    found.changes_of_segment += files.segments.iter().filter(|(name, _)| !name.ends_with("-000001.access")).count();
    if files.checkpoint.as_deref().map_or(0, size_of) < newest_checkpoint {
        found.losses.push(format!("the kept checkpoint is older than that of size {newest_checkpoint}"));
    }
    compare_desk(files, plan, told, found);
}

fn size_of(checkpoint: &str) -> u64 {
    checkpoint.lines().nth(1).and_then(|size| size.parse().ok()).unwrap_or(0)
}

/// Both rows of a worker are of one step: the last acknowledged, or the one under way when it ended.
fn compare_desk(files: &Files, plan: &Plan, told: &[Line], found: &mut Found) {
    let mut newest: BTreeMap<u64, u64> = BTreeMap::new();
    for line in told {
        if let Line::Desk { worker, number } = line {
            newest.insert(*worker, *number);
        }
    }
    for (worker, last) in &plan.last {
        let row = |side: &str| files.desk.get(&format!("{side}-{worker}")).map(Vec::as_slice);
        let (left, right) = (row("left"), row("right"));
        let kept = newest.get(worker).map(|number| token(*worker, *number).into_bytes());
        let next = plan.steps.get(&(*worker, last + 1)).filter(|step| matches!(step.deed, Deed::Desk));
        let next = next.map(|step| step.token().into_bytes());
        if left != right || (left != kept.as_deref() && (next.is_none() || left != next.as_deref())) {
            found.losses.push(format!("the desk of worker {worker} has {left:?} and {right:?}, not {kept:?}"));
        }
    }
}
