//! The blank forms of a downtime, one a page, each with room for its number; and the list of a pack's sheets.
//!
//! A form asks what the page asks that it is entered on, and the real time. Nothing is filled in beforehand.

use maud::{Markup, html};

use super::paper::{Paper, sheet};
use super::sheets::Sheet;

/// What every form begins with.
const FIRST: [&str; 5] = [
    "Form number (D … from the number sheet)",
    "Patient (family name, given names)",
    "Date of birth",
    "NHS number",
    "Hospital number",
];
/// What every form ends with.
const LAST: [&str; 3] = ["Written by (name, role)", "Entered by", "Entered when"];

/// The forms: title and what each asks.
const FORMS: [(&str, &[&str]); 6] = [
    (
        "Registration",
        &[
            "When (day and time)",
            "Hospital number given from the number sheet",
            "Title and preferred name",
            "Gender",
            "Address and postcode",
            "Telephone",
            "GP practice",
            "First language, interpreter needed",
        ],
    ),
    (
        "Arrival in the emergency department",
        &[
            "When they came to the door (day and time)",
            "By ambulance or on foot",
            "Complaint",
            "Allergies: known (which), none known, or not asked",
            "Place in the department",
            "If nobody knows who it is: estimated age, as they seem",
        ],
    ),
    (
        "Admission",
        &[
            "When (day and time)",
            "Ward and bed",
            "How admitted (elective, emergency, transfer)",
            "Consultant",
            "Why",
            "Allergies: known (which), none known, or not asked",
            "Expected day of discharge",
        ],
    ),
    (
        "Move",
        &["When (day and time)", "From ward and bed", "To ward and bed", "Who was in that bed, and where they are now"],
    ),
    (
        "Discharge",
        &[
            "When they left (day and time)",
            "From ward and bed",
            "How discharged",
            "Where to",
            "What is still owed, and to whom it was handed",
        ],
    ),
    ("Death", &["When (day and time)", "Where (ward and bed)", "Verified by", "Who was told"]),
];

/// The blank forms.
pub(super) fn blank(paper: &Paper<'_>) -> Sheet {
    let body = html! { @for (title, fields) in FORMS { (form(title, fields)) } };
    let title = "Blank forms".to_owned();
    Sheet { name: "forms".into(), html: sheet(paper, &title, &body), title, patients: Vec::new() }
}

fn form(title: &str, fields: &[&str]) -> Markup {
    html! {
        section.page {
            h2 { "Downtime form: " (title) }
            @for words in FIRST.iter().chain(fields).chain(&LAST) { div.field { b { (words) } span {} } }
        }
    }
}

/// The list of a pack's sheets: address beside this one, and title.
pub(super) fn index(paper: &Paper<'_>, sheets: Vec<(String, String)>) -> Sheet {
    let body = html! {
        p { "Print what your ward needs now, and keep the numbers and blank forms where they are found without a computer." }
        ul { @for (href, title) in &sheets { li { a href=(href) { (title) } } } }
    };
    let title = "Downtime sheets".to_owned();
    Sheet { name: "index".into(), html: sheet(paper, &title, &body), title, patients: Vec::new() }
}
