//! Detention under the Mental Health Act on the page of a stay: what is in force, what was, and the forms to record a section,
//! a renewal and the end. Shown to those who see clinical content.

use administration::stays::{DETENTION_ENDS, Detention, SECTIONS};
use maud::{Markup, html};

use super::StayPage;
use crate::components::panel::{head, panel};
use crate::components::tag::{Weight, tag};
use crate::components::time;
use crate::words::{clock, day};

/// The panel and its forms; nothing for those who see no clinical content.
pub(super) fn detention(page: &StayPage<'_>) -> Markup {
    if !page.setting.clinical {
        return html! {};
    }
    let of = &page.of.detentions;
    let in_force: Vec<&Detention> = of.iter().filter(|one| one.is_in_force()).collect();
    html! {
        @if !of.is_empty() { (panel(&head("Mental Health Act", None), &html! {
            div.al-panel__b { ul.al-stack { @for one in of { li { (line(page, one)) } } } }
        })) }
        @if page.of.stay.state.is_live() { (record(page, in_force.is_empty())) }
        @for one in in_force { (end(page, one)) }
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
                }
                (None, Some(until)) => { ", until " (time(&day(until))) " " (time(&clock(until))) " at the latest" }
                (None, None) => ", no end recorded",
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
    let ends: Vec<(&str, &str)> = DETENTION_ENDS.to_vec();
    let fields = html! {
        input type="hidden" name="detention" value=(one.id);
        p.al-flush { (one.section.words) "." }
        (form.radios("how", "How did it end?", "", &ends))
        (form.when("When did it end?", false))
    };
    form.folded("The detention has ended", &fields, "Record the end")
}
