//! The panels *Problems* and *Allergies*.
//!
//! Bold is a problem that began within the open stay; what is over lies in a fold.

use clinical::Chart;
use clinical::allergies::Allergies;
use clinical::problems::Problem;
use maud::{Markup, html};
use terms::Moment;

use crate::components::notice::empty;
use crate::components::panel::{Head, head, panel, panel_head};
use crate::components::tag::tag;
use crate::components::time;
use crate::icon::{Icon, icon};
use crate::pages::patient::{allergy_detail, allergy_words, gravity_weight};
use crate::words::{counted, date};

/// Problems, active ones first.
pub(super) fn problems_panel(chart: &Chart, now: Moment) -> Markup {
    let problems = &chart.problems;
    let since = chart.stay.as_ref().map_or(Moment(now.0.saturating_add(1)), |stay| stay.since.lower());
    let scope = html! { (problems.active.len()) " active" };
    panel(
        &head("Problems", Some(scope)),
        &html! {
            @if problems.active.is_empty() { (empty(&html! { "No active problem is recorded." })) }
            @if !problems.active.is_empty() {
                table.al-t {
                    thead.al-vh { tr { th scope="col" { "Problem" } th scope="col" { "Since" } } }
                    tbody { @for problem in &problems.active { (row(problem, since)) } }
                }
            }
            @if !problems.over.is_empty() {
                details.al-fold {
                    summary { (counted(problems.over.len(), "resolved problem", "resolved problems")) }
                    table.al-t {
                        thead.al-vh { tr { th scope="col" { "Problem" } th scope="col" { "From and to" } } }
                        tbody { @for problem in &problems.over { (over_row(problem)) } }
                    }
                }
            }
        },
    )
}

fn row(problem: &Problem, stay_since: Moment) -> Markup {
    let of_this_stay = problem.since.as_ref().is_some_and(|since| since.lower() >= stay_since);
    html! {
        tr data-source=(source(problem)) {
            td {
                @if of_this_stay { b { (problem.name) } } @else { (problem.name) }
                span.al-sub { (problem.state) @if let Some(note) = &problem.note { ". " (note) } }
            }
            td.al-num.al-muted {
                @match &problem.since { Some(since) => (time(&date(since))), None => "Date not known" }
            }
        }
    }
}

fn over_row(problem: &Problem) -> Markup {
    html! {
        tr data-source=(source(problem)) {
            td { (problem.name) span.al-sub { (problem.state) } }
            td.al-num.al-muted {
                @if let Some(since) = &problem.since { (time(&date(since))) }
                @if let Some(until) = &problem.until { span.al-sub { "to " (time(&date(until))) } }
            }
        }
    }
}

fn source(problem: &Problem) -> String {
    problem.sources.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Allergies in their four states.
pub(super) fn allergies_panel(allergies: &Allergies) -> Markup {
    match allergies {
        Allergies::Known(known) => html! {
            section.al-panel.al-panel--allergy #allergies {
                (panel_head(&Head {
                    title: html! { span.al-bad { (icon(Icon::Alert)) " Known allergies" } },
                    scope: Some(html! { (known.len()) }),
                    end: None,
                }))
                table.al-t {
                    thead.al-vh { tr { th scope="col" { "Agent and reaction" } th scope="col" { "How grave" } } }
                    tbody {
                        @for allergy in known {
                            @let (weight, words) = gravity_weight(allergy.gravity);
                            tr data-source=(allergy.source) {
                                td { b { (allergy_words(allergy)) } span.al-sub { (allergy_detail(allergy)) } }
                                td.al-num { (tag(weight, words)) }
                            }
                        }
                    }
                }
            }
        },
        Allergies::NoneKnown(said) => plain_panel(
            Icon::Tick,
            "No known allergies",
            &html! {
                "Somebody asked and there are none."
                @if let Some(recorded) = &said.recorded { " Recorded " (time(&date(recorded))) }
                @if let Some(by) = &said.by { " by " (by) }
            },
        ),
        Allergies::NotRecorded => plain_panel(
            Icon::Question,
            "Allergies not recorded",
            &html! {
                "No one has recorded whether this patient has allergies."
            },
        ),
        Allergies::Unavailable => plain_panel(
            Icon::Unavailable,
            "Allergies unavailable",
            &html! {
                "The allergy record cannot be read at the moment. Treat as unknown."
            },
        ),
    }
}

fn plain_panel(which: Icon, title: &str, words: &Markup) -> Markup {
    let head = Head { title: html! { (icon(which)) " " (title) }, scope: None, end: None };
    html! { section.al-panel #allergies { (panel_head(&head)) (empty(words)) } }
}
