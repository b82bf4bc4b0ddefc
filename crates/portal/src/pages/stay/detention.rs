//! Detention under the Mental Health Act on the page of a stay: what is in force, what was, and the forms to record a section,
//! a renewal and the end. Shown to those who see clinical content.

use administration::stays::{DETENTION_ENDS, Detention, SECTIONS};
use maud::{Markup, html};

use super::StayPage;
use crate::components::panel::{head, panel};
use crate::components::tag::{Weight, tag};
use crate::components::time;
use crate::pages::fields::Fields;
use crate::words::{clock, day};

/// The panel and its forms; nothing for those who see no clinical content.
pub(super) fn detention(page: &StayPage<'_>) -> Markup {
    if !page.setting.clinical {
        return html! {};
    }
    let of = &page.of.detentions;
    let (is_here, is_first) = (page.of.stay.state.is_live(), !of.iter().any(Detention::is_in_force));
    html! {
        @if !of.is_empty() { (panel(&head("Mental Health Act", None), &html! {
            div.al-panel__b { ul.al-stack { @for one in of { li { (line(page, one)) } } } }
        })) }
        @if is_here { (record(page, is_first)) }
        @for one in of.iter().filter(|one| one.is_in_force() || (one.ended_with_death && is_here)) { (end(page, one)) }
    }
}

fn line(page: &StayPage<'_>, one: &Detention) -> Markup {
    let is_over = one.until.is_some_and(|until| until <= page.setting.now) && one.is_in_force();
    html! {
        b { (one.section.words) } " "
        @if is_over { (tag(Weight::Danger, "Has run out")) " " }
        @else if one.is_in_force() { (tag(Weight::Warning, "In force")) " " }
        span.al-muted {
            "from " (time(&day(one.from))) " " (time(&clock(one.from)))
            @match (one.ended, one.until) {
                (Some(ended), _) => {
                    ", ended " (time(&day(ended))) " " (time(&clock(ended)))
                    @if let Some(how) = &one.how { ": " (how) }
                    @if let Some(who) = &one.ended_by { ", says " (who) }
                }
                (None, Some(until)) => { ", until " (time(&day(until))) " " (time(&clock(until))) " at the latest" }
                (None, None) => ", no end recorded",
            }
            @if let Some(since) = one.on_leave.filter(|_| one.is_in_force()) {
                ". Left with leave of absence (section 17) on " (time(&day(since))) " " (time(&clock(since)))
            }
            @if let Some(who) = &one.clinician { ". Responsible clinician: " (who) }
        }
    }
}

fn record(page: &StayPage<'_>, is_first: bool) -> Markup {
    let form = page.form("detain");
    let sections: Vec<(String, String)> =
        SECTIONS.iter().map(|section| (section.code.to_owned(), section.words.to_owned())).collect();
    let title = if is_first { "Detained under the Mental Health Act" } else { "Renewal, or another section" };
    let fields = html! {
        (form.choice("section", ("Under which section?", "Choose"), "", &sections))
        (form.choice("consultant", ("Responsible clinician", "Choose"), "", &page.of.staff))
        (form.when("From when?", false))
        fieldset.al-field {
            legend { "Last day and time, if it is not what the section says" }
            div.al-row {
                (form.text("until_date", ("Day", "such as 14-Dec"), "", Some(14)))
                (form.text("until_time", ("Time", "to the end of the day, if you leave it empty"), "", Some(14)))
            }
        }
        @if !is_first { p.al-hint { "What is in force ends when this begins." } }
    };
    form.folded(title, &fields, "Record the detention")
}

fn end(page: &StayPage<'_>, one: &Detention) -> Markup {
    let form = page.form("end-detention");
    let mut ends: Vec<(&str, &str)> = DETENTION_ENDS.to_vec();
    if page.of.chart.identity.died.is_some() {
        ends.push(("died", "The patient died: the Care Quality Commission and the coroner are to be told"));
    }
    let fields = html! {
        input type="hidden" name="detention" value=(one.id);
        p.al-flush { (one.section.words) "." }
        (form.radios("how", "How did it end?", "", &ends))
        (form.when("When did it end?", false))
    };
    form.folded("The detention has ended", &fields, "Record the end")
}

/// In the form of a discharge: what becomes of a detention in force. Nothing is chosen beforehand. For those who see no
/// clinical content there is none, and nothing is asked.
pub(super) fn when_they_leave(page: &StayPage<'_>, form: &Fields<'_>) -> Markup {
    let in_force: Vec<&Detention> = page.of.detentions.iter().filter(|one| one.is_in_force()).collect();
    if in_force.is_empty() {
        return html! {};
    }
    let thens = [
        ("ended", "It has ended"),
        ("leave", "Leave of absence (section 17) goes on: the patient stays liable to be detained"),
        ("transferred", "The patient is transferred to the managers of another hospital (section 19)"),
    ];
    let ends = DETENTION_ENDS.iter().filter(|(code, _)| *code != "transferred");
    let ends: Vec<(String, String)> = ends.map(|(code, words)| ((*code).to_owned(), (*words).to_owned())).collect();
    html! {
        fieldset.al-field {
            legend { "The patient is detained under the Mental Health Act" }
            ul.al-stack { @for one in &in_force { li { (line(page, one)) } } }
            (form.radios("detained", "What becomes of the detention?", "", &thens))
            p.al-hint { "If it has ended:" }
            (form.choice("detained_how", ("How did it end?", "Choose"), "", &ends))
            div.al-row {
                (form.text("detained_date", ("On which day?", "such as t for today"), "", Some(14)))
                (form.text("detained_time", ("At what time?", "such as 14:30"), "", Some(14)))
            }
            (form.text("detained_by", ("Who says that it has ended?", "name and role"), "", None))
        }
    }
}

/// In the form of a death: what it ends, and who must be told.
pub(super) fn when_they_die(page: &StayPage<'_>) -> Markup {
    html! {
        @for one in page.of.detentions.iter().filter(|one| one.is_in_force()) {
            p.al-flush {
                b { (one.section.words) } " ends with the death. The Care Quality Commission and the coroner are to be told that a \
                detained patient has died: a task for each is made, due within a day."
            }
        }
    }
}
