//! Whose obligations are asked for, and the one query that both counts and lists them.
//! Knows no page; what is late is a comparison with the moment that is handed in.

use record::obligation::{ObligationPage, ObligationQuery, OpenObligation};
use record::{Key, Problem, Reading};
use terms::Moment;

use super::{Counts, Kind};
use crate::places::Ward;

/// Whose obligations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everybody's of this trust.
    Everybody,
    /// Those of these owners.
    Owners(Vec<String>),
    /// Those about these, whosever they are: the stays and patients of somebody who is responsible for them.
    About(Vec<Key>),
}

/// A count with what it is a count of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// How many.
    pub number: u64,
    /// How many of these are late.
    pub late: u64,
    /// The one that is due first.
    pub oldest: Option<OpenObligation>,
}

impl Scope {
    /// A ward's: its own and those of every place in it, whichever these are now.
    pub fn ward(ward: &Ward) -> Scope {
        Scope::Owners(ward.places().map(|place| format!("place/{}", place.id)).collect())
    }

    /// Those of somebody with the teams that they work in.
    pub fn person(names: impl IntoIterator<Item = String>) -> Scope {
        Scope::Owners(names.into_iter().collect())
    }

    /// The query of every kind in it.
    pub fn query(&self) -> ObligationQuery {
        let (owners, anchors) = match self {
            Scope::Everybody => (None, None),
            Scope::Owners(owners) => (Some(owners.clone()), None),
            Scope::About(anchors) => (None, Some(anchors.clone())),
        };
        ObligationQuery { owners, anchors, ..ObligationQuery::default() }
    }
}

/// The query of a kind in a scope: its number is how many this finds, its list is what this finds.
pub fn query(kind: &Kind, scope: &Scope, now: Moment) -> ObligationQuery {
    ObligationQuery {
        kind: Some(kind.code.into()),
        due_before: (kind.counts == Counts::Late).then_some(now),
        limit: 100,
        ..scope.query()
    }
}

/// How many there are, how many of them are late, and which is due first.
///
/// # Errors
/// The record could not be read.
pub async fn count(reading: &Reading, kind: &Kind, scope: &Scope, now: Moment) -> Result<Counted, Problem> {
    let tally = reading.tally_obligations(&query(kind, scope, now), now).await?;
    Ok(Counted { number: tally.number, late: tally.due, oldest: tally.first })
}

/// The one that is due first.
///
/// # Errors
/// The record could not be read.
pub async fn oldest(reading: &Reading, query: ObligationQuery) -> Result<Option<OpenObligation>, Problem> {
    let page = reading.obligations(&ObligationQuery { limit: 1, ..query }).await?;
    Ok(page.obligations.into_iter().next())
}

/// One page of the list.
///
/// # Errors
/// The record could not be read.
pub async fn listed(reading: &Reading, query: &ObligationQuery) -> Result<ObligationPage, Problem> {
    reading.obligations(query).await
}
