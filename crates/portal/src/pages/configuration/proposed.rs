//! A change that waits for a second person: its steps, what differs, what the rules find, what it would do to what is there,
//! and the buttons that apply it or put it aside. Works nothing out.

use maud::{Markup, html};

use super::{Proposed, check, files, what_changed};
use crate::act::hidden;
use crate::components::panel::{Head, head, panel, panel_head};
use crate::components::proof::{Proof, mark};
use crate::components::time;
use crate::setting::Setting;
use crate::words::{clock, counted, day};

/// How far a change is.
pub(super) fn steps(of: Option<&Proposed>) -> Markup {
    let at = match of {
        None => 0,
        Some(of) if of.errors() > 0 => 1,
        Some(of) if of.refused.is_some() || of.is_stale => 2,
        Some(_) => 3,
    };
    let none = || "nothing is proposed".to_owned();
    let looks = |of: &Proposed| {
        let errors = counted(of.errors(), "error", "errors");
        format!("{errors}, {} to look at", of.findings.len() - of.errors())
    };
    let steps = [
        ("1 Write", of.map_or_else(none, |of| format!("{}, {}", of.by, clock(of.since).text))),
        ("2 Check", of.map_or_else(String::new, looks)),
        (
            "3 What it would do",
            of.map_or_else(String::new, |of| counted(of.comparison.changes.len(), "object differs", "objects differ")),
        ),
        ("4 Second person", of.map_or_else(String::new, |of| format!("somebody other than {}", of.by))),
        ("5 Apply", "in one commit".to_owned()),
        ("6 Go back", "any time, to any version".to_owned()),
    ];
    html! {
        ol.al-steps.al-mb {
            @for (number, (words, scope)) in steps.iter().enumerate() {
                li.is-done[number < at].is-now[number == at] aria-current=[(number == at).then_some("step")] {
                    b { (words) } span { (scope) }
                }
            }
        }
    }
}

/// The proposal.
pub(super) fn panels(setting: &Setting, of: &Proposed) -> Markup {
    let title = html! { "Proposed: version " (of.comparison.to) };
    let scope = html! { (of.why) ". " (of.by) ", " (time(&day(of.since))) " " (time(&clock(of.since))) };
    html! {
        section.al-panel.al-panel--note #proposed {
            (panel_head(&Head { title, scope: Some(scope), end: None }))
            (files(&of.comparison))
        }
        (check("Check of the proposal", &of.findings))
        (what_changed(&of.comparison))
        (would_do(of))
        (decide(setting, of))
    }
}

fn would_do(of: &Proposed) -> Markup {
    let (made, changed, ended) = of.writes;
    let (before, after) = of.beds;
    let beds = match after.checked_sub(before) {
        Some(0) => format!("{before}: none lost, none added"),
        Some(more) => format!("{before} now, {more} more with it"),
        None => format!("{before} now, {} fewer with it", before - after),
    };
    let places =
        of.refused.clone().unwrap_or_else(|| "No place goes that somebody is in or that is kept for them".into());
    let lines = [
        (
            of.errors() == 0 && of.refused.is_none(),
            "Resources",
            format!("{made} made, {changed} changed, {ended} ended, in one commit"),
        ),
        (true, "Beds", beds),
        (of.refused.is_none(), "Patients", places),
    ];
    panel(
        &head("What it would do", Some(html! { "with what is live now, nothing is written yet" })),
        &html! {
            ul.al-proof {
                @for (holds, words, scope) in &lines {
                    li { (mark(if *holds { Proof::Holds } else { Proof::Broken })) div { b { (words) } p.al-muted { (scope) } } }
                }
            }
        },
    )
}

fn decide(setting: &Setting, of: &Proposed) -> Markup {
    let mut waits: Vec<String> = Vec::new();
    if of.errors() > 0 {
        waits.push(counted(of.errors(), "error", "errors"));
    }
    if of.refused.is_some() {
        waits.push("a place with somebody in it".into());
    }
    if of.is_stale {
        waits.push("a proposal made from what is live now".into());
    }
    if of.is_mine {
        waits.push("a second person".into());
    }
    let step = |step: &str, class: &str, words: &str| {
        html! {
            form method="post" action=(setting.links.configuration_step(step)) {
                (hidden(setting))
                input type="hidden" name="number" value=(of.number);
                button class=(class) type="submit" { (words) }
            }
        }
    };
    html! {
        section.al-panel #decide {
            div.al-panel__b.al-row {
                @if waits.is_empty() {
                    (step("approve", "al-btn al-btn--go", "Agree and apply"))
                    span { "You are the second person. It is live at once, for everybody." }
                } @else {
                    span { b { "Waits for: " } (waits.join(", ")) "." }
                }
                div.al-push.al-row {
                    @if of.is_mine { a.al-btn.al-btn--quiet href=(setting.links.configuration_propose(None)) { "Change it" } }
                    (step("aside", "al-btn al-btn--quiet", "Put aside"))
                }
            }
        }
    }
}
