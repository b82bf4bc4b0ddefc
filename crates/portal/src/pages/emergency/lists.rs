//! The lists behind the numbers that are not rows of the board: ambulances, who left before being seen, who left today.
//! Each is the query that its number counts.

use administration::emergency::{Outcome, clocks};
use maud::{Markup, html};

use super::row::{due_words, name, under, when};
use super::{BoardView, Only};
use crate::components::acuity::clock_words;
use crate::components::time;
use crate::gather::emergency::Row;
use crate::words::duration;

/// The list of a question.
pub(super) fn list(view: &BoardView<'_>) -> Markup {
    html! {
        p { "Shown: " b { (view.look.only.words()) } ". " a href=(view.href(view.look.view, Only::All)) { "Show the board" } }
        @match view.look.only {
            Only::Ambulances => (ambulances(view)),
            _ => (left(view)),
        }
    }
}

fn ambulances(view: &BoardView<'_>) -> Markup {
    let waiting: Vec<&Row> = view.board.rows().filter(|row| Only::HandingOver.has(row, view.now)).collect();
    let due = &view.board.department.due;
    html! {
        section.al-panel.al-mb {
            div.al-panel__h { h2 { "Waiting to hand over" } }
            @if waiting.is_empty() { p.al-empty { (Only::HandingOver.nobody()) } }
            ul.al-panel__b.al-stack {
                @for row in waiting {
                    li.al-row {
                        b { (name(row.seen.as_deref())) } span.al-muted { (under(row.seen.as_deref(), view.now)) }
                        @if let Some((minutes, is_over)) = clocks::handover(&row.attendance, view.now) {
                            span.al-bad[is_over] { "for " (duration(minutes * 60_000)) }
                        }
                        @if view.changes { a.al-btn href=(view.links.emergency_act(&row.attendance.stay.id, "handover")) { "Handed over" } }
                    }
                }
            }
        }
        section.al-panel {
            div.al-panel__h { h2 { "Due" } }
            @if due.is_empty() { p.al-empty { "No ambulance was announced." } }
            ul.al-panel__b.al-stack {
                @for due in due {
                    li.al-row {
                        span { (crate::words::capital(&due_words(due, view.now))) }
                        @if view.changes {
                            a.al-btn href=(view.links.emergency_form("arrive", view.department(), Some(&due.stay.id))) { "It has arrived" }
                        }
                    }
                }
            }
        }
    }
}

fn left(view: &BoardView<'_>) -> Markup {
    let rows: Vec<&Row> = view.board.left.iter().filter(|row| view.look.only.has(row, view.now)).collect();
    html! {
        div.al-panel { div.al-scroll tabindex="0" role="group" aria-label=(view.look.only.words()) {
            table.al-t.al-board {
                thead { tr { @for heading in ["Patient", "Left", "In department", "How it ended"] { th scope="col" { (heading) } } } }
                tbody {
                    @for row in &rows {
                        tr data-row {
                            th.al-line2 scope="row" {
                                span.al-name {
                                    @match &row.attendance.stay.patient {
                                        Some(patient) => a.al-rowlink href=(view.links.patient(patient)) { (name(row.seen.as_deref())) },
                                        None => "Nobody named",
                                    }
                                }
                                span.al-sub { (under(row.seen.as_deref(), view.now)) }
                            }
                            td { @if let Some(at) = row.attendance.left { (time(&when(at, view.now))) } }
                            td {
                                @if let Some(clock) = clocks::four_hours(&row.attendance, view.now) {
                                    span.al-bad[clock.is_over] { (clock_words(clock.minutes)) @if clock.is_over { ", over 4 hours" } }
                                }
                            }
                            td { (outcome_words(row.attendance.outcome)) }
                        }
                    }
                }
            }
            @if rows.is_empty() { p.al-empty { (view.look.only.nobody()) } }
        } }
    }
}

fn outcome_words(outcome: Option<Outcome>) -> &'static str {
    let known = Outcome::ALL.iter().find(|(known, ..)| Some(*known) == outcome);
    known.map_or("Not recorded", |(_, _, words)| words)
}
