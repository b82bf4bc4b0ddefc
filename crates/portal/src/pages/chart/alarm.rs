//! *Right now*: the newest score when it asks for action, with what the NEWS2 table says to do.
//!
//! Says what the table asks for; whether it was done is not recorded yet, and so it is not said.

use clinical::Chart;
use clinical::news2::Risk;
use clinical::observations::Set;
use maud::{Markup, html};
use terms::Moment;

use crate::components::news::{Band, Chip, news_chip, news_trend};
use crate::components::time;
use crate::words::{clock, duration, short_day};

/// A score older than this is no longer "right now", in milliseconds.
const STALE_MS: i64 = 24 * 3_600_000;

/// The panel, when the newest score of the open stay is at least *3 in one* and not a day old.
pub(super) fn right_now(chart: &Chart, now: Moment) -> Markup {
    let Some((set, score, before)) = chart.observations.latest_score() else { return html! {} };
    if score.risk == Risk::Low || now.0 - set.at.0 > STALE_MS || chart.identity.died.is_some() {
        return html! {};
    }
    let (assessment, monitoring) = score.response();
    html! {
        section.al-panel.al-panel--alarm.al-mb aria-label="Right now" {
            div.al-panel__b.al-row.al-now {
                div.al-row {
                    (news_chip(chip_of(score)))
                    span { (news_trend(change(score.total, before))) " at " b { (time(&clock(set.at))) } " " (time(&short_day(set.at, now))) }
                    span.al-muted { (duration(now.0 - set.at.0)) " ago" }
                }
                div { b { (assessment) } }
                div { b { (monitoring) } }
                span.al-muted.al-small { "What NEWS2 asks for. " (scale_words(set, now)) "." }
            }
        }
    }
}

/// Which SpO2 scale a set is scored on, and for scale 2 who decided it.
pub(super) fn scale_words(set: &Set, now: Moment) -> Markup {
    match &set.scale_two {
        None => html! { "SpO2 scale 1" },
        Some(decision) => html! {
            span data-source=(decision.source) {
                b { "SpO2 scale 2" } ": target 88 to 92%, decided by " (decision.by) " from " (time(&short_day(decision.from, now)))
            }
        },
    }
}

/// The chip of a score.
pub(super) fn chip_of(score: clinical::news2::Score) -> Chip {
    let band = match score.risk {
        Risk::Low => Band::Low,
        Risk::LowMedium => Band::ThreeInOne,
        Risk::Medium => Band::Medium,
        Risk::High => Band::High,
    };
    Chip::Scored { total: score.total, band, out_of_date: false }
}

/// The change since the total before.
pub(super) fn change(total: u8, before: Option<u8>) -> Option<i16> {
    before.map(|before| i16::from(total) - i16::from(before))
}
