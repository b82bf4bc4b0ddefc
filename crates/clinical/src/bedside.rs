//! What a ward's board says of one patient: allergies, the newest score with its trend, when the next set is due, flags.
//!
//! Made by the chart's own parts from a few newest observations, so board and summary cannot disagree on a score. When
//! the next set is due is the NEWS2 table's time after the newest scored set; an order can shorten it, and lengthen it only as `orders.rs` says. Pure.

use terms::{Moment, PartialDate};

use crate::allergies::Allergies;
use crate::chart::{Chart, Material, chart};
use crate::flags::{Flag, flags};
use crate::news2::{Risk, Score};
use crate::observations::{News2, Sign};
use crate::orders::Order;

/// Sets this long before a stay are of another time.
const BEFORE_STAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What a board says of one patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bedside {
    /// Allergies, in one of four states.
    pub allergies: Allergies,
    /// The newest score of this stay.
    pub score: Option<Latest>,
    /// Why there is none, in words, when that is known.
    pub not_scored: Option<&'static str>,
    /// When the next set is due.
    pub watch: Watch,
    /// Oxygen in the newest set, such as `2 L/min`.
    pub oxygen: Option<String>,
    /// Whether a target of 88 to 92 per cent is in force.
    pub aims_low: bool,
    /// Flags, gravest first.
    pub flags: Vec<Flag>,
}

/// The newest score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// When the set was taken.
    pub at: Moment,
    /// The score.
    pub score: Score,
    /// The change since the scored set before; `None` when this is the first of the stay.
    pub change: Option<i16>,
}

/// How the patient is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watch {
    /// Continuous monitoring (7 and more).
    Continuous,
    /// The next set is due then.
    Due(Moment),
    /// Somebody ordered that no observations are taken.
    Stopped {
        /// Who.
        by: Option<String>,
        /// Since when.
        on: Option<PartialDate>,
    },
    /// No set of this stay has a score.
    NotTaken,
}

impl Bedside {
    /// For how many milliseconds the next set has been overdue; `None` when it is not.
    pub fn overdue(&self, now: Moment) -> Option<i64> {
        match self.watch {
            Watch::Due(due) if now > due => Some(now.0 - due.0),
            _ => None,
        }
    }

    /// Whether the newest score asks for somebody now: 7 and more.
    pub fn is_high(&self) -> bool {
        self.score.as_ref().is_some_and(|latest| latest.score.risk == Risk::High)
    }

    /// Whether the newest score is 5 or more.
    pub fn is_five_or_more(&self) -> bool {
        self.score.as_ref().is_some_and(|latest| latest.score.total >= 5)
    }
}

/// Works it out from a patient's resources, those of a stay since `since`, with the chart that it was made from.
pub fn bedside(material: &Material<'_, '_>, since: Option<Moment>, now: Moment) -> (Chart, Bedside) {
    let mut chart = chart(material, now);
    if let Some(since) = since {
        chart.observations.sets.retain(|set| set.at.0 >= since.0 - BEFORE_STAY_MS);
    }
    let order = Order::newest(material.resources.iter().copied());
    let score = chart.observations.latest_score().map(|(set, score, before)| Latest {
        at: set.at,
        score,
        change: before.map(|before| i16::from(score.total) - i16::from(before)),
    });
    let newest = chart.observations.latest();
    let oxygen = newest
        .and_then(|set| set.values.get(&Sign::Oxygen))
        .filter(|oxygen| oxygen.number.is_some_and(|number| !number.is_zero()));
    let bedside = Bedside {
        allergies: chart.allergies.clone(),
        not_scored: newest.and_then(|set| match set.news2 {
            News2::Child => Some("under 16"),
            News2::Pregnant => Some("pregnant"),
            _ => None,
        }),
        watch: watch(score.as_ref(), order.as_ref()),
        oxygen: oxygen.map(|oxygen| oxygen.words.clone()),
        aims_low: newest.is_some_and(|set| set.scale_two.is_some()),
        flags: flags(material.resources.iter().copied(), now),
        score,
    };
    (chart, bedside)
}

fn watch(score: Option<&Latest>, order: Option<&Order>) -> Watch {
    let total = score.map(|latest| latest.score.total);
    let may_lengthen = order.is_some_and(|order| order.may_lengthen(total));
    if let Some(order) = order.filter(|order| order.is_stop && may_lengthen) {
        return Watch::Stopped { by: order.by.clone(), on: order.on.clone() };
    }
    let Some(latest) = score else { return Watch::NotTaken };
    let ordered = order.and_then(|order| order.minutes);
    let minutes = match (latest.score.next_set_within_minutes(), ordered) {
        (_, Some(ordered)) if may_lengthen => ordered,
        (None, _) => return Watch::Continuous,
        (Some(table), ordered) => ordered.map_or(table, |ordered| ordered.min(table)),
    };
    Watch::Due(Moment(latest.at.0 + minutes * 60_000))
}

#[cfg(test)]
mod tests;
