//! A death on the page of details: recording one of somebody who is not in the hospital, what it stopped, and taking it back
//! when it was a mistake. Whoever is in the hospital has the form on the page of the stay, with the time.

use maud::{Markup, html};

use super::DetailsPage;
use crate::act::hidden;
use crate::components::field::{radios, text_field};
use crate::components::notice::{Kind, empty, notice};
use crate::components::panel::{head, panel};
use crate::components::time;
use crate::drafts::draft_fields;
use crate::gather::details::GoesOn;
use crate::words::{counted, date, short_date};

/// The panel.
pub(super) fn death(of: &DetailsPage<'_>) -> Markup {
    if of.details.is_unknown {
        return html! {};
    }
    match &of.details.stopped {
        Some(stopped) => html! { (not_acted_on(of)) (recorded(of, stopped)) },
        None => html! { (reported(of)) (alive(of)) },
    }
}

/// That somebody outside says that this patient died: what to do if it is so, and if it is not.
fn reported(of: &DetailsPage<'_>) -> Markup {
    let Some(died) = &of.details.reported else { return html! {} };
    let on = date(died);
    let fields = html! {
        p.al-flush {
            b { "PDS says that this patient died on " (time(&on)) "." }
            " Nothing was stopped by that. If it is so, record the death below, or on the page of the stay of somebody who is here."
        }
        (radios(&of.field("sure", "Is PDS wrong?"), &[("yes", "Yes: this patient is alive")]))
        div { button.al-btn name="do" value="not-dead" { "Take the report away" } }
    };
    panel(&head("A death is reported", Some(html! { "not acted on" })), &form(of, &fields))
}

/// That the death was sent by another system, and what goes on has not been stopped.
fn not_acted_on(of: &DetailsPage<'_>) -> Markup {
    let words =
        html! { b { "Another system sent this death. What was planned goes on until the death is recorded here." } };
    match &of.details.goes_on {
        GoesOn::Nothing => html! {},
        GoesOn::Stay(stay) => {
            let link = html! { a.al-btn href=(of.setting.links.stay(stay)) { "Open the stay" } };
            notice(Kind::Bad, &words, Some(&link))
        }
        GoesOn::Expected => {
            let fields = html! {
                p.al-flush { (words) }
                div.al-grid.al-cols { (text_field(&of.field("died", "Died on, such as 17 11 26"))) }
                div { button.al-btn name="do" value="died" { "Record the death, and stop what is expected" } }
            };
            panel(&head("Not acted on", Some(html! { "admissions are expected" })), &form(of, &fields))
        }
    }
}

fn form(of: &DetailsPage<'_>, fields: &Markup) -> Markup {
    html! {
        form.al-panel__b.al-stack method="post" action=(of.setting.links.details(of.id())) novalidate {
            (hidden(of.setting))
            (draft_fields("death", of.id()))
            input type="hidden" name="version" value=(of.details.version);
            input type="hidden" name="item" value="death";
            (fields)
        }
    }
}

fn alive(of: &DetailsPage<'_>) -> Markup {
    let fields = html! {
        p.al-flush.al-muted {
            "Expected admissions and appointments to come are cancelled in the same step, and the practice is told. "
            "Of somebody who is in the hospital the death is recorded on the page of the stay."
        }
        div.al-grid.al-cols { (text_field(&of.field("died", "Died on, such as 17 11 26"))) }
        div { button.al-btn.al-btn--quiet name="do" value="died" { "Record the death" } }
    };
    html! {
        details.al-panel.al-mb open[of.typed.text("item") == "death"] {
            summary.al-panel__h { h2 { "Record a death" } }
            (form(of, &fields))
        }
    }
}

fn recorded(of: &DetailsPage<'_>, stopped: &[administration::stays::Stopped]) -> Markup {
    let died = of.chart.chart.identity.died.as_ref().and_then(|died| died.on.as_ref()).map(date);
    let scope = html! { @match &died { Some(on) => (time(on)), None => "day not known" } };
    let fields = html! {
        p.al-flush {
            b { "If this patient is alive: " }
            "the stay goes on, what is listed above is booked again where its time has not passed, and the tasks of the death "
            "are cancelled. If the practice was told already, telling it again becomes a task."
        }
        (radios(&of.field("sure", "Was this death recorded by mistake?"), &[("yes", "Yes: this patient is alive")]))
        div { button.al-btn name="do" value="not-dead" { "Take the death back" } }
    };
    panel(
        &head("Death recorded", Some(scope)),
        &html! {
            @if stopped.is_empty() { (empty(&html! { "Nothing was planned that it stopped." })) }
            @else {
                div.al-panel__b {
                    p.al-flush { b { "Stopped with it: " (counted(stopped.len(), "thing", "things")) } }
                    ul.al-plainlist { @for one in stopped {
                        li { (one.what) @if let Some(when) = &one.when { span.al-sub { (time(&short_date(when, of.setting.now))) } } }
                    } }
                }
            }
            (form(of, &fields))
        },
    )
}
