//! The places of a stay in time: moves that are made late, early or taken back, worked out anew as a whole.
//!
//! Pure. A stay is a list of arrivals; each place lasts until the next arrival or the end of the stay, so places never
//! overlap and never leave a gap, in whatever order they were told.

use terms::Moment;

use crate::refusal::Refusal;

/// How far the clock of whoever tells may be ahead of ours.
const CLOCK_SLACK_MS: i64 = 60_000;

/// An arrival at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The Location's id.
    pub place: String,
    /// When they came.
    pub at: Moment,
}

/// A time at a place; the last of an open stay has no end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// The Location's id.
    pub place: String,
    /// From.
    pub from: Moment,
    /// Until.
    pub to: Option<Moment>,
}

/// A time under one consultant and one treatment function; the last of an open stay has no end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// The consultant's reference.
    pub who: String,
    /// What people call them.
    pub name: Option<String>,
    /// The treatment function's code.
    pub treatment_function: Option<String>,
    /// From; before admission nobody has begun.
    pub from: Option<Moment>,
    /// Until.
    pub to: Option<Moment>,
}

/// Whether something can have happened at a moment in a stay that began at `started`.
///
/// # Errors
/// It lies in the future, or before the stay.
pub fn check_moment(at: Moment, started: Option<Moment>, now: Moment) -> Result<(), Refusal> {
    if at.0 > now.0 + CLOCK_SLACK_MS {
        return Err(Refusal::at("in-the-future", "at", "This time is still to come. Say when it happened."));
    }
    if started.is_some_and(|started| at < started) {
        return Err(Refusal::at("before-the-stay", "at", "This time is before the stay began. Say when it happened."));
    }
    Ok(())
}

/// The arrivals with one more. A second arrival at the same moment takes the place of the first; one at the place where
/// they already are changes nothing.
pub fn with_arrival(mut arrivals: Vec<Arrival>, place: &str, at: Moment) -> Vec<Arrival> {
    arrivals.retain(|arrival| arrival.at != at);
    arrivals.push(Arrival { place: place.to_owned(), at });
    arrivals.sort_by_key(|arrival| arrival.at);
    arrivals.dedup_by(|later, earlier| later.place == earlier.place);
    arrivals
}

/// The arrivals without the one at a moment: a move that did not happen.
pub fn without_arrival(mut arrivals: Vec<Arrival>, at: Moment) -> Vec<Arrival> {
    arrivals.retain(|arrival| arrival.at != at);
    arrivals.dedup_by(|later, earlier| later.place == earlier.place);
    arrivals
}

/// The arrivals when one of them was at another time, or at another place: worked out anew, in order.
pub fn with_correction(arrivals: Vec<Arrival>, at: Moment, to: Arrival) -> Vec<Arrival> {
    let without: Vec<Arrival> = arrivals.into_iter().filter(|arrival| arrival.at != at).collect();
    with_arrival(without, &to.place, to.at)
}

/// The episodes with one more, from a moment on. Each lasts until the next; one of the same consultant and treatment
/// function as the one before changes nothing; a second at the same moment takes the place of the first.
pub fn with_episode(mut episodes: Vec<Episode>, new: Episode, end: Option<Moment>) -> Vec<Episode> {
    episodes.retain(|episode| episode.from != new.from);
    episodes.push(new);
    episodes.sort_by_key(|episode| episode.from);
    let is_same = |later: &mut Episode, earlier: &mut Episode| {
        later.who == earlier.who && later.treatment_function == earlier.treatment_function
    };
    episodes.dedup_by(is_same);
    chained(episodes, end)
}

/// Episodes in order, each until the next, the last until the end.
pub fn chained(mut episodes: Vec<Episode>, end: Option<Moment>) -> Vec<Episode> {
    for at in 0..episodes.len() {
        episodes[at].to = episodes.get(at + 1).map_or(end, |next| next.from);
    }
    episodes
}

/// The intervals that arrivals (in order) and an end make.
pub fn intervals(arrivals: &[Arrival], end: Option<Moment>) -> Vec<Interval> {
    let next = |at: usize| arrivals.get(at + 1).map(|next| next.at).or(end);
    let each = arrivals.iter().enumerate();
    each.map(|(at, arrival)| Interval { place: arrival.place.clone(), from: arrival.at, to: next(at) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(list: &[(&str, i64)]) -> Vec<Arrival> {
        list.iter().map(|(place, at)| Arrival { place: (*place).to_owned(), at: Moment(*at) }).collect()
    }

    #[test]
    fn an_arrival_told_late_takes_its_place_among_the_others() {
        let told = with_arrival(arrivals(&[("a", 10), ("c", 30)]), "b", Moment(20));
        assert_eq!(told, arrivals(&[("a", 10), ("b", 20), ("c", 30)]));
        let spans: Vec<_> = intervals(&told, Some(Moment(40))).into_iter().map(|span| (span.from.0, span.to)).collect();
        assert_eq!(spans, [(10, Some(Moment(20))), (20, Some(Moment(30))), (30, Some(Moment(40)))]);
        assert_eq!(intervals(&told, None).last().map(|span| span.to), Some(None));
    }

    #[test]
    fn a_move_to_where_they_are_changes_nothing_and_one_taken_back_leaves_no_trace() {
        let before = arrivals(&[("a", 10), ("b", 20), ("a", 30)]);
        assert_eq!(with_arrival(before.clone(), "a", Moment(40)), before);
        assert_eq!(with_arrival(before.clone(), "c", Moment(20)), arrivals(&[("a", 10), ("c", 20), ("a", 30)]));
        assert_eq!(without_arrival(before, Moment(20)), arrivals(&[("a", 10)]));
    }

    #[test]
    fn what_is_to_come_or_before_the_stay_is_refused() {
        let code = |at: i64| check_moment(Moment(at), Some(Moment(1000)), Moment(2000)).err().map(|no| no.code);
        assert_eq!(code(999), Some("before-the-stay"));
        assert_eq!(code(1000), None);
        assert_eq!(code(2000 + CLOCK_SLACK_MS), None);
        assert_eq!(code(2001 + CLOCK_SLACK_MS), Some("in-the-future"));
    }
}
