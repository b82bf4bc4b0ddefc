//! The panel *Latest results*: for each test the newest value with its word, the change, the range and a sparkline.
//!
//! A change is printed only where the read model worked one out: never across a change of unit.

use clinical::results::{Flag, Line, Outcome, Value};
use clinical::{is_rounded, plain, shown};
use maud::{Markup, html};
use rust_decimal::prelude::ToPrimitive as _;
use terms::{Moment, local_date};

use crate::components::notice::empty;
use crate::components::panel::{head, panel_head, wide};
use crate::components::spark::{Spark, spark};
use crate::components::tag::{Weight, tag};
use crate::components::time;
use crate::words::{clock_or_day, counted, short_date};

/// How many tests stand open; the rest lie in a fold that says how many they are.
const OPEN: usize = 12;

/// Latest results.
pub(super) fn results_panel(lines: &[Line], now: Moment) -> Markup {
    let (open, folded) = lines.split_at(lines.len().min(OPEN));
    html! {
        section.al-panel #results {
            (panel_head(&head("Latest results", Some(html! { (counted(lines.len(), "test", "tests")) ", newest first" }))))
            @if lines.is_empty() { (empty(&html! { "No laboratory result is recorded." })) }
            @if !lines.is_empty() { (table(open, now)) }
            @if !folded.is_empty() {
                details.al-fold {
                    summary { (counted(folded.len(), "more test", "more tests")) }
                    (table(folded, now))
                }
            }
            @if any_is_rounded(lines) {
                div.al-panel__f { "Values with more than 6 figures are printed with 4; the record keeps them in full." }
            }
        }
    }
}

fn table(lines: &[Line], now: Moment) -> Markup {
    // Dates with their year take more room: the columns that a narrow panel leaves out go sooner.
    let old = lines.iter().any(|line| local_date(line.latest.at.lower()).year() != local_date(now).year());
    html! {
        (wide("Latest results, scrolls sideways", &html! { table.al-t.al-results.al-results--old[old] {
            thead {
                tr {
                    th scope="col" { "Test" }
                    th scope="col" { "Trend" }
                    th.al-num.al-col-before scope="col" { "Before" }
                    th.al-num scope="col" { "Latest" }
                    th.al-num.al-col-at scope="col" { "At" }
                    th.al-num.al-words scope="col" { "Change, range" }
                }
            }
            tbody { @for line in lines { (row(line, now)) } }
        } }))
    }
}

fn row(line: &Line, now: Moment) -> Markup {
    let word = line.latest.flag.word();
    let at = clock_or_day(line.latest.at.lower(), now);
    html! {
        tr data-source=(line.latest.source) {
            th scope="row" {
                (line.name)
                @if let Some(unit) = unit(&line.latest) { span.al-sub { (unit) } }
                // Where the column *At* is left out, the date stands here: a result is never without one.
                span.al-sub.al-narrow-at { (time(&at)) }
            }
            td { (sparkline(line)) }
            td.al-num.al-muted.al-col-before { @if let Some(previous) = &line.previous { (before(previous, &line.latest, now)) } }
            td.al-num.al-res.al-words[matches!(line.latest.value, Value::Words(_))] {
                b.al-bad[word.is_some()] { (value_words(&line.latest)) }
                @if let Some(word) = word { span.al-sub.al-bad { (word) } }
                @if line.latest.preliminary { " " (tag(Weight::Mute, "Preliminary")) }
            }
            td.al-num.al-small.al-muted.al-col-at { (time(&at)) }
            td.al-num {
                @if let Some(change) = line.change { span.al-delta { (change_words(change)) } }
                @if let Some(range) = line.range.words() { span.al-sub { (range) } }
            }
        }
    }
}

/// The value; a rounded one carries every digit in its `value` attribute.
fn value_words(outcome: &Outcome) -> Markup {
    match &outcome.value {
        Value::Amount(amount) if is_rounded(amount.value) => html! {
            data value=(plain(amount.value)) { (outcome.value.words()) }
        },
        value => html! { (value.words()) },
    }
}

/// Whether any value of the panel is printed rounded.
fn any_is_rounded(lines: &[Line]) -> bool {
    let rounded = |outcome: &Outcome| matches!(&outcome.value, Value::Amount(amount) if is_rounded(amount.value));
    lines.iter().any(|line| rounded(&line.latest) || line.previous.as_ref().is_some_and(rounded))
}

fn unit(outcome: &Outcome) -> Option<&str> {
    match &outcome.value {
        Value::Amount(amount) if !amount.unit.is_empty() => Some(&amount.unit),
        _ => None,
    }
}

/// The value before, with its unit when that is another, and its day.
fn before(previous: &Outcome, latest: &Outcome, now: Moment) -> Markup {
    let other_unit = unit(previous).filter(|of| Some(*of) != unit(latest));
    let same_day = local_date(previous.at.lower()) == local_date(latest.at.lower());
    html! {
        (value_words(previous))
        @if let Some(unit) = other_unit { " " (unit) }
        span.al-sub {
            @if same_day { (time(&clock_or_day(previous.at.lower(), now))) } @else { (time(&short_date(&previous.at, now))) }
        }
    }
}

fn change_words(change: rust_decimal::Decimal) -> String {
    if change.is_zero() {
        return "● same".to_owned();
    }
    let arrow = if change.is_sign_positive() { "▲" } else { "▼" };
    format!("{arrow} {}", shown(change.abs()))
}

fn sparkline(line: &Line) -> Markup {
    let values: Vec<f64> = line.points.iter().filter_map(|value| value.to_f64()).collect();
    if values.len() < 2 {
        return html! {};
    }
    spark(&Spark {
        values: &values,
        low: line.range.low.and_then(|low| low.to_f64()),
        high: line.range.high.and_then(|high| high.to_f64()),
        last_is_abnormal: !matches!(line.latest.flag, Flag::Normal | Flag::NotStated),
    })
}
