//! *Patient has arrived*: who it is, then where they are and how they came. An arrival is never refused for a bed.
//!
//! No field is filled in beforehand: who expects the patient's coming sees what was expected, and chooses.

use administration::stays::{Stay, codes};
use maud::{Markup, html};

use super::forms::{Form, expected, identity_line, mixed};
use super::row::{name, under};
use crate::components::frame::page;
use crate::gather::ward::AtBed;
use crate::link::encode;
use crate::pages::search::{Search, found_part};
use crate::setting::{Rail, Setting};

/// Methods of admission by group, those of a ward's own arrivals first.
const METHODS: [(&str, &[codes::Code]); 3] = [
    ("Emergency", codes::EMERGENCY_METHODS),
    ("Elective", codes::ELECTIVE_METHODS),
    ("Maternity and other", codes::OTHER_METHODS),
];

pub(crate) use crate::gather::staff::Staff;

/// Who has arrived: those who are expected, or a search.
pub(crate) fn who_page(form: &Form<'_>, search: &Search<'_>) -> Markup {
    let setting = form.setting;
    let ward = &form.view.board().ward;
    let place = form.typed.text("place");
    let keep = if place.is_empty() { String::new() } else { format!("&place={}", encode(place)) };
    let admit = setting.links.admit_form(&ward.id, None);
    let content = html! {
        div.al-head { div { h1 { "Patient has arrived" } p { "On " (ward.title()) ". Who is it?" } } }
        @let expected = expected(form.view.board());
        @if !expected.is_empty() {
            section.al-panel.al-mb {
                div.al-panel__h { h2 { "Expected here" } }
                ul.al-panel__b.al-stack {
                    @for stay in expected { li { (expected_line(form, stay, &admit, &keep)) } }
                }
            }
        }
        form.al-panel.al-mb role="search" method="get" action=(admit) {
            div.al-panel__b {
                @if !place.is_empty() { input type="hidden" name="place" value=(place); }
                label.al-lab.al-lab--wide for="q" { "Somebody else: name, date of birth, NHS number or hospital number" }
                div.al-row.al-nowrap {
                    input.al-in.al-wf.al-in--big #q name="q" type="search" value=(search.query) autocomplete="off"
                        spellcheck="false" maxlength="120";
                    button.al-btn.al-btn--big.al-btn--go { "Search" }
                }
            }
        }
        @if !search.query.is_empty() { div #found { (found_part(search)) } }
        p { a href=(setting.links.ward(&ward.id)) { "Back to the board" } }
    };
    page(&setting.frame("Patient has arrived", &ward.title(), Rail::Wards), &content)
}

fn expected_line(form: &Form<'_>, stay: &Stay, admit: &str, keep: &str) -> Markup {
    let at = form.view.patient(stay.patient.as_deref());
    let patient = stay.patient.as_deref().unwrap_or_default();
    let href = format!("{admit}?patient={}&stay={}{keep}", encode(patient), encode(&stay.id));
    html! { a href=(href) { b { (name(at)) } } " " span.al-muted { (under(at, form.setting.now)) } }
}

/// The form of an admission.
pub(crate) fn admit_page(form: &Form<'_>, at: Option<&AtBed>, staff: &[Staff]) -> Markup {
    let typed = form.typed;
    let fields = html! {
        input type="hidden" name="patient" value=(typed.text("patient"));
        input type="hidden" name="stay" value=(typed.text("stay"));
        (form.places("place", "Where is the patient?", typed.text("place"), None))
        @if let Some(bed) = form.view.board().bed(typed.text("place")).and_then(|row| row.bed.as_ref()) { (mixed(form, at, bed)) }
        (form.fields().select("method", ("Method of admission", "Choose"), &html! {
            @for (group, codes) in METHODS {
                optgroup label=(group) {
                    @for (code, words) in codes {
                        option value=(code) selected[typed.text("method") == *code] { (code) " " (words) }
                    }
                }
            }
        }))
        (form.fields().select("consultant", ("Consultant", "Choose"), &html! {
            @for (who, words) in staff { option value=(who) selected[typed.text("consultant") == who] { (words) } }
        }))
        (form.fields().line("reason", "Why they were admitted", "in a few words", 50))
        (form.fields().line("edd", "Expected day of discharge, if it is known", "such as 20-Nov", 14))
        (form.when())
    };
    let about = identity_line(at, form.setting, "");
    form.page("Patient has arrived", &about, &fields, "Admit")
}

/// The words of a method of admission.
pub(crate) fn method_words(code: &str) -> Option<&'static str> {
    METHODS.iter().flat_map(|(_, codes)| codes.iter()).find(|(known, _)| *known == code).map(|(_, words)| *words)
}

/// A link of a search's result leads to the form, not to the chart.
pub(crate) fn admit_href(setting: &Setting, ward: &str, patient: &str, place: &str) -> String {
    let place = if place.is_empty() { String::new() } else { format!("&place={}", encode(place)) };
    format!("{}?patient={}{place}", setting.links.admit_form(ward, None), encode(patient))
}
