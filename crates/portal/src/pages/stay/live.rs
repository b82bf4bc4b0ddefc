//! A stay that has begun: its course, its plan, and the forms of leave, consultants, corrections, discharge and death.
//!
//! A discharge is refused for nothing that is still owed: it is listed beside the form.

use administration::stays::codes::{DESTINATIONS, DISCHARGE_METHODS, words_of};
use administration::stays::{DelayReason, Owed, Pathway, StayState};
use maud::{Markup, html};

use super::detention::{detention, when_they_die, when_they_leave};
use super::fields::codes;
use super::{StayPage, account, moment};
use crate::components::notice::empty;
use crate::components::panel::{head, panel};
use crate::components::time;
use crate::pages::fields::Fields;
use crate::pages::task::owner_field;
use crate::words::{clock, day, short_date};

/// The content of the page.
pub(super) fn content(page: &StayPage<'_>) -> Markup {
    let state = page.of.stay.state;
    html! {
        div.al-grid.al-split {
            div.al-stack {
                (account::places(page))
                (account::episodes(page))
                (account::bed_days(page))
                (detention(page))
                @if state.is_live() { (leave(page)) }
                (consultant(page))
                (correct(page))
            }
            div.al-stack {
                @if state.is_live() { (plan(page)) (owed(page)) (discharge(page)) (death(page)) }
                @else { (how_it_ended(page)) (owed(page)) }
            }
        }
    }
}

fn how_it_ended(page: &StayPage<'_>) -> Markup {
    let stay = &page.of.stay;
    let words = |list, code: Option<&str>| match code {
        Some("4") => "Patient died".to_owned(),
        Some("79") => "Not applicable: patient died".to_owned(),
        Some(code) => words_of(list, code).map_or_else(|| code.to_owned(), str::to_owned),
        None => "Not recorded".to_owned(),
    };
    panel(
        &head("Discharge", None),
        &html! {
            div.al-panel__b { dl.al-dl {
                dt { "Method" } dd { (words(DISCHARGE_METHODS, stay.discharge_method.as_deref())) }
                dt { "Destination" } dd { (words(DESTINATIONS, stay.destination.as_deref())) }
            } }
        },
    )
}

/// The plan of the discharge as a form: what stands in it is what was recorded.
fn plan(page: &StayPage<'_>) -> Markup {
    let (stay, form) = (&page.of.stay, page.form("plan"));
    let plan = &stay.plan;
    let date = |day: Option<terms::Date>| day.map(terms::print::date_text).unwrap_or_default();
    let criteria = match plan.meets_criteria {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    };
    let pathways: Vec<(String, String)> = Pathway::ALL
        .iter()
        .map(|pathway| (pathway.code().to_owned(), format!("{}, {}", pathway.code(), pathway.words())))
        .collect();
    let reasons: Vec<(String, String)> =
        DelayReason::ALL.iter().map(|reason| (reason.code().to_owned(), reason.words().to_owned())).collect();
    let leaving = plan.leaving.as_ref();
    let edd = stay.expected_end.as_ref().and_then(terms::PartialDate::date);
    let fields = html! {
        input type="hidden" name="seen" value=(page.of.version);
        (form.radios("criteria", "Does the patient meet the criteria to reside?", criteria,
            &[("yes", "Yes, they must stay"), ("no", "No")]))
        (form.text("asked_on", ("Asked on", "the day, such as t for today"), &date(plan.asked_on), Some(14)))
        (form.text("ready_since", ("Ready to leave since", "only if the criteria are not met"), &date(plan.ready_since), Some(14)))
        (form.choice("pathway", ("Pathway", "Not chosen"), plan.pathway.map_or("", Pathway::code), &pathways))
        (form.choice("reason", ("Why they are still here", "Not said"), plan.reason.map_or("", DelayReason::code), &reasons))
        (form.text("stopping", ("What stops it", ""), plan.stopping.as_deref().unwrap_or_default(), None))
        (form.text("owner", ("Who removes it", ""), plan.owner.as_deref().unwrap_or_default(), None))
        (form.text("expected_end", ("Expected day of discharge", "such as 20-Nov"), &date(edd), Some(14)))
        fieldset.al-field {
            legend { "Leaving, as confirmed" }
            div.al-row {
                (form.text("leaving_date", ("Day", "such as t"), &leaving.map(|of| date(Some(terms::local_date(of.at)))).unwrap_or_default(), Some(14)))
                (form.text("leaving_time", ("Time", "such as 16:00"), &leaving.map(|of| clock(of.at).text).unwrap_or_default(), Some(14)))
            }
            (form.which())
            (form.text("leaving_agreed_by", ("Confirmed by", ""), leaving.map_or("", |of| of.agreed_by.as_str()), None))
        }
    };
    html! {
        (plan_now(page))
        (form.folded("Change the discharge plan", &fields, "Save the plan"))
    }
}

/// The plan as it is, in words.
fn plan_now(page: &StayPage<'_>) -> Markup {
    let (stay, now) = (&page.of.stay, page.setting.now);
    let plan = &stay.plan;
    let on = |day: terms::Date| html! { (super::super::admissions::day(day)) };
    panel(
        &head("Discharge plan", None),
        &html! {
            div.al-panel__b { dl.al-dl {
                dt { "Criteria to reside" }
                dd {
                    @match plan.meets_criteria { Some(true) => "Met: must stay", Some(false) => "Not met", None => "Not asked" }
                    @if let Some(asked) = plan.asked_on { ", asked " (on(asked)) }
                }
                dt { "Ready to leave" }
                dd { @match plan.ready_since {
                    Some(since) => { "since " (on(since)) @if let Some(days) = plan.days_ready(terms::local_date(now)) { ", " (days) " days" } }
                    None => "Not said",
                } }
                dt { "Pathway" } dd { (plan.pathway.map_or_else(|| "Not chosen".to_owned(), |of| format!("{}, {}", of.code(), of.words()))) }
                dt { "What stops it" } dd {
                    (plan.stopping.as_deref().unwrap_or("Nothing recorded"))
                    @if let Some(reason) = plan.reason { " (" (reason.words()) ")" }
                    @if let Some(owner) = &plan.owner { ". " (owner) " removes it" }
                }
                dt { "Expected day" } dd { @match &stay.expected_end { Some(end) => (time(&short_date(end, now))), None => "Not set" } }
                dt { "Leaving, confirmed" } dd { @match &plan.leaving {
                    Some(leaving) => { (time(&day(leaving.at))) " " (time(&clock(leaving.at))) ", by " (leaving.agreed_by) }
                    None => "Not confirmed",
                } }
            } }
        },
    )
}

/// What is still owed to the patient.
fn owed(page: &StayPage<'_>) -> Markup {
    let owed = &page.of.owed;
    panel(
        &head("Still owed to the patient", Some(html! { (owed.len()) ", as far as your role sees" })),
        &html! {
            @if owed.is_empty() { (empty(&html! { "No open request, appointment or task is recorded." })) }
            @else { div.al-panel__b { ul.al-stack { @for one in owed { li { (owed_line(page, one)) } } } } }
        },
    )
}

fn owed_line(page: &StayPage<'_>, one: &Owed) -> Markup {
    html! {
        b { (one.words) } " " span.al-muted {
            (one.kind.words())
            @if let Some(when) = &one.when { ", " (time(&short_date(when, page.setting.now))) }
            ", " (one.owner.as_deref().unwrap_or("no owner"))
            @if !one.is_kept && page.of.stay.state == StayState::Discharged { ", nobody since the discharge" }
        }
    }
}

fn discharge(page: &StayPage<'_>) -> Markup {
    let form = page.form("discharge");
    let fields = html! {
        input type="hidden" name="patient" value=(page.of.stay.patient.as_deref().unwrap_or_default());
        (form.choice("method", ("How was the patient discharged?", "Choose"), "", &codes(DISCHARGE_METHODS)))
        (form.choice("destination", ("Where did they go?", "Choose"), "", &codes(DESTINATIONS)))
        (form.when("When did they leave?", false))
        (when_they_leave(page, &form))
        (taken_over(page, &form))
    };
    form.folded("Discharge", &fields, "Discharge the patient")
}

/// Whose what is still owed is when the patient has left: one answer for all, and another where it is needed. Nobody is
/// chosen beforehand.
fn taken_over(page: &StayPage<'_>, form: &Fields<'_>) -> Markup {
    let open: Vec<&Owed> = page.of.owed.iter().filter(|one| !one.is_kept).collect();
    let kept = page.of.owed.len() - open.len();
    html! {
        @if kept > 0 {
            p.al-flush { b { (kept) } " of what is still owed stays with its owner, as listed above." }
        }
        @if !open.is_empty() {
            p.al-flush { "A discharge ends nothing of what is still owed. Say whose it is from then on; they get a task about each." }
            (owner_field(form, page.owners, "owed_to", "Whose is what is still owed?"))
            @for one in &open {
                @let label = format!("{}: {}", one.kind.words(), one.words);
                (form.choice(&owner_name(one), (&label, "As chosen for all"), "", page.owners))
            }
        }
    }
}

/// The field that says whose one of what is owed is.
pub(crate) fn owner_name(one: &Owed) -> String {
    format!("owed_to.{}", one.reference())
}

fn death(page: &StayPage<'_>) -> Markup {
    let form = page.form("death");
    let fields = html! {
        input type="hidden" name="patient" value=(page.of.stay.patient.as_deref().unwrap_or_default());
        p.al-flush { "The stay ends, the bed is to be cleaned, and expected admissions and appointments to come are cancelled." }
        (when_they_die(page))
        (form.when("When did the patient die?", false))
    };
    form.folded("Record a death", &fields, "Record the death")
}

fn leave(page: &StayPage<'_>) -> Markup {
    let stay = &page.of.stay;
    if stay.state == StayState::OnLeave {
        let form = page.form("return");
        let fields = html! {
            @if let Some(away) = stay.leaves.last() {
                p.al-flush {
                    "On leave since " (moment(away.from)) "."
                    @match away.keeps_bed { Some(true) => " The bed is kept.", Some(false) => " No bed is kept.", None => "" }
                }
            }
            (form.select("place", ("Where are they?", "Where they were"), &page.place_options(form.value("place"))))
            (super::mixed(&form))
            (form.when("When did they come back?", false))
        };
        return form.folded("Back from leave", &fields, "Record the return");
    }
    let form = page.form("leave");
    let fields = html! {
        (form.radios("keeps_bed", "Is the bed kept for them?", "", &[("yes", "Yes"), ("no", "No")]))
        (form.text("back_by", ("Expected back on", "the day, if it is known"), "", Some(14)))
        (form.when("When did they leave?", false))
    };
    form.folded("On leave", &fields, "Record the leave")
}

fn consultant(page: &StayPage<'_>) -> Markup {
    let form = page.form("consultant");
    let fields = html! {
        (form.choice("consultant", ("Consultant from then on", "Choose"), "", &page.of.staff))
        (form.choice("team", ("Specialty from then on", "As before"), "", &super::request::teams()))
        (form.when("From when?", false))
    };
    form.folded("Another consultant", &fields, "Record the change")
}

fn correct(page: &StayPage<'_>) -> Markup {
    let form = page.form("correct");
    let places = &page.of.account.places;
    if places.is_empty() {
        return html! {};
    }
    let moves: Vec<(String, String)> = places
        .iter()
        .map(|at| {
            let words = format!("{} from {} {}", page.place_name(&at.place), day(at.from).text, clock(at.from).text);
            (at.from.0.to_string(), words)
        })
        .collect();
    let fields = html! {
        (form.choice("move", ("Which place?", "Choose"), "", &moves))
        (form.radios("how", "What is wrong with it?", "",
            &[("cancel", "They never went there"), ("correct", "It was at another time or another place")]))
        (form.when("When was it, if at another time?", false))
        (form.select("place", ("Where was it, if somewhere else?", "As recorded"), &page.place_options(form.value("place"))))
    };
    form.folded("Correct a place", &fields, "Correct")
}
