//! The account of downtimes: how many numbers were issued, and how each stands. Issued is what the counters say, the rest is
//! counted from the numbers themselves: what is missing between the two was deleted, and is said.
//!
//! Lists are bounded where they are read.

use record::{Clause, Key, Problem, Reading, Select, Version};
use terms::index::Span;

use super::MOST_OPEN;
use super::number::{Downtime, Kind, Number, State, normal_form};
use super::rows::{DOWNTIMES, in_block, numbered, standing};
use crate::draft::document;
use crate::patient_index::normal_number;
use crate::registration::numbers;

/// Downtimes that are read.
const MOST_DOWNTIMES: usize = 500;
/// Most numbers of one state that are listed.
const MOST_LISTED: usize = 500;

/// How many numbers of a kind, and how they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Of what.
    pub kind: Kind,
    /// How many were issued, as the counter says.
    pub issued: u64,
    /// How many are entered.
    pub used: u64,
    /// How many are void.
    pub void: u64,
    /// How many nobody has said anything of.
    pub open: u64,
}

/// Everything of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Of forms, and of hospital numbers.
    pub tallies: Vec<Tally>,
    /// Downtimes, the last first.
    pub downtimes: Vec<Downtime>,
    /// Open numbers, in order.
    pub open: Vec<Number>,
    /// Those that were used, in the order in which it happened.
    pub used: Vec<Number>,
    /// Those that are void, in order.
    pub void: Vec<Number>,
    /// Whether there are more of used or void than are listed.
    pub is_cut: bool,
}

impl Tally {
    /// Used, void and open together.
    pub fn sum(&self) -> u64 {
        self.used + self.void + self.open
    }

    /// How many were issued and are not there any more.
    pub fn missing(&self) -> u64 {
        self.issued.saturating_sub(self.sum())
    }

    /// Whether the sums agree.
    pub fn agrees(&self) -> bool {
        self.issued == self.sum()
    }
}

impl Account {
    /// The downtime that goes on.
    pub fn goes_on(&self) -> Option<&Downtime> {
        self.downtimes.iter().find(|downtime| downtime.ended.is_none())
    }

    /// How many numbers are open and owed.
    pub fn owed(&self) -> usize {
        self.open.iter().filter(|number| number.due.is_some()).count()
    }
}

/// The account.
///
/// # Errors
/// The record could not be read.
pub async fn account(reading: &Reading) -> Result<Account, Problem> {
    let (forms, hospital) = numbers::issued_for_downtime(reading).await?;
    let mut account = Account {
        tallies: Vec::new(),
        downtimes: downtimes(reading).await?,
        open: numbers_of(&open_numbers(reading).await?)?,
        used: Vec::new(),
        void: Vec::new(),
        is_cut: false,
    };
    for (kind, issued) in [(Kind::Form, forms), (Kind::Hospital, hospital)] {
        let used = standing_total(reading, kind, State::Used).await?;
        let void = standing_total(reading, kind, State::Void).await?;
        let open = standing_total(reading, kind, State::Open).await?;
        account.tallies.push(Tally { kind, issued, used, void, open });
    }
    for (state, of) in [(State::Used, &mut account.used), (State::Void, &mut account.void)] {
        let spans = Kind::ALL.map(|kind| standing(kind, state)).to_vec();
        let page = reading.select(&select(spans).sorted(None, true).limit(MOST_LISTED)).await?;
        account.is_cut |= page.next.is_some();
        of.extend(numbers_of(&page.versions)?);
    }
    account.open.sort_by(|a, b| (a.kind, &a.printed).cmp(&(b.kind, &b.printed)));
    account.used.sort_by(|a, b| (a.happened, &a.printed).cmp(&(b.happened, &b.printed)));
    account.void.sort_by(|a, b| (a.kind, &a.printed).cmp(&(b.kind, &b.printed)));
    Ok(account)
}

/// Downtimes, the last first.
///
/// # Errors
/// The record could not be read.
pub async fn downtimes(reading: &Reading) -> Result<Vec<Downtime>, Problem> {
    let page = reading.select(&select(vec![Span::head(DOWNTIMES, [])]).limit(MOST_DOWNTIMES)).await?;
    let mut downtimes = Vec::new();
    for version in &page.versions {
        downtimes.extend(Downtime::of(document(version)?.root()));
    }
    downtimes.sort_by_key(|downtime| std::cmp::Reverse(downtime.began));
    Ok(downtimes)
}

/// The number that somebody typed, of a kind, with its text; `None` when none was issued with it.
pub(super) async fn version_typed(
    reading: &Reading,
    kind: Kind,
    typed: &str,
) -> Result<Option<(Version, Number)>, Problem> {
    let normal = match kind {
        Kind::Form => normal_form(typed),
        Kind::Hospital => normal_number(typed),
    };
    for version in reading.select(&select(vec![numbered(&normal)]).limit(10)).await?.versions {
        if let Some(number) = Number::of(document(&version)?.root()).filter(|number| number.kind == kind) {
            return Ok(Some((version, number)));
        }
    }
    Ok(None)
}

/// A number's newest text.
pub(super) async fn number_version(reading: &Reading, id: &str) -> Result<Option<Version>, Problem> {
    Ok(reading.get(&Key::new("Task", id)).await?.filter(|version| !version.text.is_empty()))
}

/// The texts of every number that is open.
pub(super) async fn open_numbers(reading: &Reading) -> Result<Vec<Version>, Problem> {
    all(reading, Kind::ALL.map(|kind| standing(kind, State::Open)).to_vec()).await
}

/// The texts of those of a sheet that are open.
pub(super) async fn in_block_open(reading: &Reading, block: &str) -> Result<Vec<Version>, Problem> {
    all(reading, vec![in_block(block, State::Open)]).await
}

/// How many numbers of a kind stand so.
pub(super) async fn standing_total(reading: &Reading, kind: Kind, state: State) -> Result<u64, Problem> {
    reading.total(&select(vec![standing(kind, state)])).await
}

async fn all(reading: &Reading, spans: Vec<Span>) -> Result<Vec<Version>, Problem> {
    let mut select = select(spans).limit(MOST_LISTED);
    let mut versions = Vec::new();
    loop {
        let page = reading.select(&select).await?;
        versions.extend(page.versions);
        match page.next {
            // No more are issued than this; others were written by another system.
            Some(next) if (versions.len() as u64) < 2 * MOST_OPEN => select.after = Some(next),
            Some(_) => return Err(Problem::TooCostly),
            None => return Ok(versions),
        }
    }
}

fn numbers_of(versions: &[Version]) -> Result<Vec<Number>, Problem> {
    let mut numbers = Vec::new();
    for version in versions {
        numbers.extend(Number::of(document(version)?.root()));
    }
    Ok(numbers)
}

fn select(spans: Vec<Span>) -> Select {
    Select::of("Task").with(Clause::Any(spans))
}
