//! The panel *Observations*: the trend of NEWS2 and the latest value of each sign with the one before.
//!
//! The trend covers 72 hours before the newest set. A gap is drawn from when a set was due by the NEWS2 table.

use clinical::Chart;
use clinical::observations::{News2, Observations, Set, Sign};
use maud::{Markup, html};
use terms::{Moment, local_date, print, start_of_day};

use super::alarm::{change, chip_of, scale_words};
use crate::components::news::{Chip, news_chip, news_trend};
use crate::components::notice::empty;
use crate::components::obs_trend::{Gap, ObsTrend, Point, obs_trend};
use crate::components::panel::{head, panel_head};
use crate::components::time;
use crate::words::{clock, duration, short_day};

const HOUR_MS: i64 = 3_600_000;
const WEEK_MS: i64 = 7 * 24 * HOUR_MS;
/// How far back the trend reaches.
const TREND_HOURS: i64 = 72;

/// The signs of the table under the trend, with their headings.
const COLUMNS: [(Sign, &str); 7] = [
    (Sign::Respirations, "Resps"),
    (Sign::Spo2, "SpO2"),
    (Sign::Oxygen, "Oxygen"),
    (Sign::Systolic, "BP"),
    (Sign::Pulse, "Pulse"),
    (Sign::Consciousness, "ACVPU"),
    (Sign::Temperature, "Temp °C"),
];

/// Observations.
pub(super) fn observations_panel(chart: &Chart, now: Moment) -> Markup {
    let observations = &chart.observations;
    let Some(latest) = observations.latest() else {
        return html! {
            section.al-panel #observations {
                (panel_head(&head("Observations", None)))
                (empty(&html! { "No observations are recorded." }))
            }
        };
    };
    let trend = trend(observations);
    let scope = match &trend {
        Some((_, from)) => html! { "NEWS2, " (time(&short_day(*from, now))) " " (time(&clock(*from))) " to now" },
        None => html! { "last set " (time(&short_day(latest.at, now))) " " (time(&clock(latest.at))) },
    };
    html! {
        section.al-panel #observations {
            (panel_head(&head("Observations", Some(scope))))
            div.al-panel__b {
                @if let Some((trend, _)) = &trend { (obs_trend(trend)) }
                (score_line(observations, latest, now))
                (latest_values(observations, latest))
            }
        }
    }
}

/// The chip of the latest set, or why it has no score.
fn score_line(observations: &Observations, latest: &Set, now: Moment) -> Markup {
    html! {
        p.al-row.al-flush.al-small data-source=(sources(latest)) {
            @match (&latest.news2, observations.latest_score()) {
                (News2::Scored(score), Some((_, _, before))) => {
                    (news_chip(chip_of(*score)))
                    (news_trend(change(score.total, before)))
                },
                (News2::Incomplete(missing), _) => {
                    (news_chip(Chip::NotScored))
                    span.al-muted { "Not in this set: " (list(missing)) "." }
                },
                (News2::Child, _) => {
                    (news_chip(Chip::NotScored))
                    span.al-muted { "Under 16: NEWS2 does not apply." }
                },
                (News2::Pregnant, _) => {
                    (news_chip(Chip::NotScored))
                    span.al-muted { "Pregnancy is recorded: NEWS2 does not apply." }
                },
                _ => {},
            }
            span.al-muted {
                "at " (time(&clock(latest.at))) " " (time(&short_day(latest.at, now)))
                // Further back the date says it better.
                @if now.0 - latest.at.0 < WEEK_MS { ", " (duration(now.0 - latest.at.0)) " ago" }
            }
            @if let News2::Scored(_) = latest.news2 { span.al-muted { (scale_words(latest, now)) } }
        }
    }
}

fn list(signs: &[Sign]) -> String {
    signs.iter().map(|sign| sign.name()).collect::<Vec<_>>().join(", ")
}

fn sources(set: &Set) -> String {
    set.sources.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// The latest value of each sign that has one, and the one before.
fn latest_values(observations: &Observations, latest: &Set) -> Markup {
    let value = |set: &Set, sign: Sign| -> Option<String> {
        let reading = set.values.get(&sign)?;
        match (sign, set.values.get(&Sign::Diastolic)) {
            (Sign::Systolic, Some(diastolic)) => Some(format!("{}/{}", reading.words, diastolic.words)),
            _ => Some(reading.words.clone()),
        }
    };
    let before = |sign| observations.sets.iter().rev().skip(1).find_map(|set| value(set, sign));
    html! {
        dl.al-obsnow {
            @for (sign, heading) in COLUMNS {
                @if let Some(now) = value(latest, sign) {
                    div {
                        dt.al-sub { (heading) }
                        dd { b { (now) } @if let Some(before) = before(sign) { span.al-sub.al-nb { "was " (before) } } }
                    }
                }
            }
        }
    }
}

/// The trend of the 72 hours before the newest scored set and where it begins; none with fewer than two scores.
fn trend(observations: &Observations) -> Option<(ObsTrend, Moment)> {
    let (newest, ..) = observations.latest_score()?;
    let end = Moment((newest.at.0 / HOUR_MS + 2) * HOUR_MS);
    let from = Moment(end.0 - TREND_HOURS * HOUR_MS);
    let scored: Vec<(&Set, clinical::news2::Score)> = observations
        .sets
        .iter()
        .filter(|set| set.at >= from)
        .filter_map(|set| match set.news2 {
            News2::Scored(score) => Some((set, score)),
            _ => None,
        })
        .collect();
    if scored.len() < 2 {
        return None;
    }
    let minute = |at: Moment| (at.0 - from.0) as f64 / 60_000.0;
    let points = scored.iter().map(|(set, score)| Point { at: minute(set.at), total: score.total }).collect();
    let gaps = gaps(&scored).into_iter().map(|(due, taken)| Gap { due: minute(due), taken: minute(taken) }).collect();
    let sentence = sentence(&scored, from);
    let scales = scale_changes(&scored).into_iter().map(|(at, words)| (minute(at), words)).collect();
    Some((ObsTrend { minutes: minute(end), points, gaps, scales, days: days(from, end), sentence }, from))
}

/// From when a set of one stay was due by the table to when it was taken, where it was late.
fn gaps(scored: &[(&Set, clinical::news2::Score)]) -> Vec<(Moment, Moment)> {
    let late = |pair: &[(&Set, clinical::news2::Score)]| {
        let [(set, score), (next, _)] = pair else { return None };
        let due = Moment(set.at.0 + score.next_set_within_minutes()? * 60_000);
        (set.encounter.is_some() && set.encounter == next.encounter && next.at > due).then_some((due, next.at))
    };
    scored.windows(2).filter_map(late).collect()
}

/// Where the sets begin to be scored on the other scale.
fn scale_changes(scored: &[(&Set, clinical::news2::Score)]) -> Vec<(Moment, &'static str)> {
    let changed = |pair: &[(&Set, clinical::news2::Score)]| {
        let [(set, _), (next, _)] = pair else { return None };
        let two = next.scale_two.is_some();
        (set.scale_two.is_some() != two).then_some((next.at, if two { "scale 2" } else { "scale 1" }))
    };
    scored.windows(2).filter_map(changed).collect()
}

fn days(from: Moment, end: Moment) -> Vec<(f64, String)> {
    let mut days = Vec::new();
    let mut day = local_date(from);
    while let Ok(next) = day.tomorrow() {
        let start = start_of_day(next);
        if start >= end {
            break;
        }
        days.push(((start.0 - from.0) as f64 / 60_000.0, print::short_date_text(next, next)));
        day = next;
    }
    days
}

fn sentence(scored: &[(&Set, clinical::news2::Score)], from: Moment) -> String {
    let totals: Vec<String> = scored.iter().map(|(_, score)| score.total.to_string()).collect();
    let late = match gaps(scored).len() {
        0 => "No set was late.".to_owned(),
        1 => "One gap where a set was late.".to_owned(),
        many => format!("{many} gaps where a set was late."),
    };
    let scales: Vec<String> = scale_changes(scored)
        .into_iter()
        .map(|(at, words)| format!(" SpO2 {words} from {}.", print::moment_text(at)))
        .collect();
    format!("NEWS2 since {}: {}. {late}{}", print::moment_text(from), totals.join(", "), scales.concat())
}
