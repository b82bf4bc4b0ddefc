//! The estimate of one trust of this host: gathers what `estimate` is asked with from the plan, the move, what was measured
//! and the size of the record.

use std::collections::BTreeMap;

use terms::Moment;

use super::estimate::{Asked, DAY_MS, Estimate, Hours, estimate};
use super::kept::Kept;
use super::phase::Phase;
use super::schedule::Schedule;
use super::watch::Watch;

/// What somebody wants to try in the place of what is planned.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct WhatIf {
    pub(crate) bandwidth: Option<f64>,
    pub(crate) hours: Option<Hours>,
}

/// What is known of a trust.
pub(crate) struct Known<'a> {
    pub(crate) schedule: &'a Schedule,
    pub(crate) kept: Option<&'a Kept>,
    pub(crate) watch: &'a Watch,
    /// Entries of the record, and its bytes on disk.
    pub(crate) size: (u64, u64),
    /// No cut between these, as the consortium decided.
    pub(crate) freeze: Option<(Moment, Moment)>,
    pub(crate) now: Moment,
}

/// The estimate, and what it was asked with.
pub(crate) fn forecast(of: &Known<'_>, what_if: WhatIf) -> Option<(Asked, Estimate)> {
    let asked = asked(of, what_if)?;
    let told = estimate(&asked);
    Some((asked, told))
}

fn asked(of: &Known<'_>, what_if: WhatIf) -> Option<Asked> {
    let Known { schedule, kept, watch, size: (entries, bytes), now, .. } = *of;
    let phase = kept.map_or(Phase::Planned, |kept| kept.phase);
    let start = if phase == Phase::Planned { schedule.copy_from().map_or(now, |from| from.max(now)) } else { now };
    let entries_left = match (phase, watch.now()) {
        (Phase::Planned, _) | (Phase::Copying, None) => entries,
        (Phase::Copying, Some(sample)) => sample.newest - sample.copied,
        // Who follows has everything but what is being written.
        _ => 0,
    };
    let (entries_rate, bytes_rate) = watch.rates();
    // What goes over the line is packed; before anything has gone, the room on the disk is an upper bound.
    let per_entry = match (entries_rate, bytes_rate) {
        (Some(entries), Some(bytes)) => bytes.likely / entries.likely,
        _ => bytes as f64 / entries.max(1) as f64,
    };
    let rehearsed = kept.and_then(|kept| moment(&kept.since, Phase::Following)).map_or(0, |since| now.0 - since.0);
    Some(Asked {
        start,
        entries_left,
        bytes_left: (entries_left as f64 * per_entry) as u64,
        entries_per_second: entries_rate,
        bytes_per_second: bytes_rate,
        growth_per_second: watch.growth(),
        bandwidth: what_if.bandwidth.or_else(|| schedule.bandwidth()),
        hours: what_if.hours.unwrap_or_else(|| schedule.hours()),
        rehearse_ms: (i64::from(schedule.rehearse_days) * DAY_MS - rehearsed).max(0),
        not_before: schedule.cut_on(),
        freeze: of.freeze,
        cut: kept.and_then(cut_at),
        open_ms: schedule.open_ms(),
        back_ms: i64::from(schedule.back_minutes) * 60_000,
        deadline: schedule.deadline()?,
    })
}

/// When a trust was cut over, if it was and did not go back.
pub(crate) fn cut_at(kept: &Kept) -> Option<Moment> {
    let is_cut = matches!(kept.phase, Phase::Cut | Phase::Live)
        || kept.phase == Phase::Completed && kept.cuts.last().is_none_or(|last| !last.back);
    let at = |phase| moment(&kept.since, phase);
    at(Phase::Cut).or_else(|| at(Phase::Live)).or_else(|| at(Phase::Completed)).filter(|_| is_cut)
}

/// When a phase was first seen.
pub(crate) fn moment(since: &BTreeMap<Phase, String>, phase: Phase) -> Option<Moment> {
    since.get(&phase).and_then(|text| Moment::parse(text).ok())
}
