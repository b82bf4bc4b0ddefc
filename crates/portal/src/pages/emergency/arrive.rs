//! Booking in: a new arrival (search first, then how they came), somebody whom nobody knows (two clicks), an ambulance that
//! is due, and a cubicle that was cleaned.

use administration::emergency::{Attendance, Mode};
use administration::places::Place;
use maud::{Markup, html};

use super::forms::{Form, button};
use super::row::{due_words, name, under};
use crate::gather::emergency::Seen;
use crate::pages::search::{Found, Hit, Outcome};
use crate::words::capital;

/// Two buttons that say how somebody came: the last click is the answer. Enter in a field is none: it presses the first
/// button of a form, which says nothing, and the form asks.
fn came(form: &Form<'_>) -> Markup {
    html! {
        button.al-vh type="submit" tabindex="-1" aria-hidden="true" { "Book in" }
        (form.message("mode"))
        @for (mode, words) in [(Mode::Ambulance, "Book in, by ambulance"), (Mode::OnFoot, "Book in, on foot")] {
            button.al-btn.al-btn--big.al-btn--go[mode == Mode::Ambulance] id=[(mode == Mode::Ambulance).then_some("mode")]
                type="submit" name="mode" value=(mode.code()) { (words) }
        }
    }
}

/// Who an ambulance announced.
fn announced(form: &Form<'_>, due: Option<&Attendance>) -> Markup {
    html! {
        @if let Some(due) = due {
            input type="hidden" name="attendance" value=(due.stay.id);
            p.al-flush { b { (capital(&due_words(due, form.setting.now))) } }
        }
    }
}

/// Somebody whom nobody knows.
pub(crate) fn unknown_page(form: &Form<'_>, due: Option<&Attendance>) -> Markup {
    let genders = [("male".to_owned(), html! { "Male" }), ("female".to_owned(), html! { "Female" })];
    let fields = html! {
        (announced(form, due))
        p.al-flush {
            "They get a temporary name and a number of their own at once, and are marked as to be identified. Everything "
            "below can be left empty."
        }
        (form.line("age", "Estimated age", "in years, such as 40", 6))
        (form.choice("gender", "As they seem", &genders))
        (form.line("complaint", "Complaint", "in a few words", 50))
        (form.places("place", "Place", "Waiting, no place yet"))
        (form.when())
    };
    form.page("Unknown patient", &html! {}, &fields, &came(form))
}

/// A new arrival: first who, then how they came.
pub(crate) fn arrive_page(form: &Form<'_>, seen: Option<&Seen>, due: Option<&Attendance>) -> Markup {
    let about = html! {
        div.al-panel.al-idline { div.al-panel__b.al-row {
            b { (name(seen)) } span.al-muted { (under(seen, form.setting.now)) }
        } }
    };
    let fields = html! {
        input #patient type="hidden" name="patient" value=(form.typed.text("patient"));
        (announced(form, due))
        (form.line("complaint", "Complaint", "in a few words", 50))
        (form.places("place", "Place", "Waiting, no place yet"))
        (form.when())
    };
    form.page(&format!("New arrival: {}", name(seen)), &about, &fields, &came(form))
}

/// Who has arrived: the search, and each hit leads on.
pub(crate) fn who_page(form: &Form<'_>, outcome: &Outcome, due: Option<&Attendance>) -> Markup {
    let links = &form.setting.links;
    let department = &form.board.department.ward.place;
    let due_id = due.map(|due| due.stay.id.as_str());
    let content = html! {
        div.al-wide {
            h1.al-mb { "New arrival" }
            @if let Some(due) = due { p { b { (capital(&due_words(due, form.setting.now))) } } }
            form.al-panel.al-mb role="search" method="get" {
                div.al-panel__b {
                    input type="hidden" name="department" value=(department.id);
                    @if let Some(id) = due_id { input type="hidden" name="attendance" value=(id); }
                    label.al-lab.al-lab--wide for="who" { "Name, date of birth, NHS number or hospital number, in any order" }
                    div.al-row.al-nowrap {
                        input.al-in.al-wf.al-in--big #who name="q" type="search" value=(form.typed.text("q")) autocomplete="off"
                            spellcheck="false" maxlength="120" autofocus;
                        button.al-btn.al-btn--big.al-btn--go { "Search" }
                    }
                }
            }
            @match outcome {
                Outcome::Found(found) => (hits(form, found, due_id)),
                Outcome::TooShort => p role="status" { "Type at least two letters, or a number." },
                Outcome::NothingTyped => p.al-muted role="status" { "Search for the patient first." },
            }
            p.al-mt {
                a href=(links.emergency_form("unknown", &department.id, due_id)) { "Nobody knows who they are" } " · "
                a href=(links.emergency_as(&department.id, "", "")) { "Back to the board" }
            }
        }
    };
    crate::components::frame::page(
        &form.setting.frame("New arrival", &department.name, crate::setting::Rail::Emergency),
        &content,
    )
}

fn hits(form: &Form<'_>, found: &Found, due: Option<&str>) -> Markup {
    let all: Vec<&Hit> = found.best.iter().chain(&found.others).collect();
    html! {
        @if all.is_empty() {
            p role="status" { "No one matches. Check the spelling, or search by number or date of birth alone." }
        } @else {
            ul.al-panel {
                @for hit in all {
                    li.al-panel__b data-row {
                        a.al-rowlink href=(form.setting.links.emergency_arrival(&form.board.department.ward.place.id, &hit.id, due)) {
                            b { (hit.name) }
                        }
                        span.al-sub {
                            "born " (hit.born.as_ref().map_or("not known", |born| born.text.as_str()))
                            @if let Some(age) = &hit.age { " (" (age) ")" } " · "
                            (hit.gender.as_deref().unwrap_or("gender not known")) " · "
                            span.al-nhs { (hit.nhs_number.as_deref().unwrap_or("NHS No. not known")) } " · " (hit.address)
                        }
                    }
                }
            }
        }
    }
}

/// An ambulance that is due.
pub(crate) fn expect_page(form: &Form<'_>) -> Markup {
    let fields = html! {
        (form.line("minutes", "Due in how many minutes?", "such as 8", 6))
        (form.line("described", "Whom does it bring?", "such as 71y Male", 30))
        (form.line("complaint", "Why?", "such as stroke call", 50))
        (form.places("place", "Place to keep in mind", "None yet"))
    };
    form.page("Ambulance due", &html! {}, &fields, &button("Put on the board"))
}

/// A cubicle that was cleaned.
pub(crate) fn place_page(form: &Form<'_>, place: &Place) -> Markup {
    let fields = html! {
        input type="hidden" name="place" value=(place.id);
        p.al-flush { (place.name) " is shown as to be cleaned. Say so when it is clean and ready." }
    };
    form.page(&format!("{} is clean", place.label), &html! {}, &fields, &button("It is clean and ready"))
}
