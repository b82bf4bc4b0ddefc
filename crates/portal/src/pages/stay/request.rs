//! A new decision to admit: a form of its own. Nothing is answered beforehand; what was refused comes back as it was typed.
//!
//! The specialties are those that most hospitals admit to; any other is chosen in the trust's own configuration.

use std::sync::Arc;

use administration::boards::WardBoard;
use administration::stays::NEEDS;
use administration::stays::codes::{ELECTIVE_METHODS, EMERGENCY_METHODS, INTENDED, PRIORITIES};
use maud::{Markup, html};

use super::fields::{Sent, codes};
use crate::components::frame::page;
use crate::components::list_patient::{ListPatient, list_patient};
use crate::components::notice::{Kind, notice};
use crate::pages::fields::Fields;
use crate::pages::patient::{name_words, nhs_words};
use crate::setting::{Rail, Setting};
use crate::words::date;

/// TREATMENT FUNCTION CODE of the specialties that admit most, NHS Data Dictionary.
const TEAMS: &[(&str, &str)] = &[
    ("100", "General surgery"),
    ("101", "Urology"),
    ("103", "Breast surgery"),
    ("104", "Colorectal surgery"),
    ("107", "Vascular surgery"),
    ("110", "Trauma and orthopaedics"),
    ("120", "Ear, nose and throat"),
    ("130", "Ophthalmology"),
    ("150", "Neurosurgery"),
    ("160", "Plastic surgery"),
    ("170", "Cardiothoracic surgery"),
    ("171", "Paediatric surgery"),
    ("180", "Emergency medicine"),
    ("192", "Intensive care medicine"),
    ("300", "General internal medicine"),
    ("301", "Gastroenterology"),
    ("302", "Endocrinology"),
    ("307", "Diabetes"),
    ("320", "Cardiology"),
    ("330", "Dermatology"),
    ("340", "Respiratory medicine"),
    ("361", "Renal medicine"),
    ("370", "Medical oncology"),
    ("400", "Neurology"),
    ("410", "Rheumatology"),
    ("420", "Paediatrics"),
    ("430", "Elderly medicine"),
    ("501", "Obstetrics"),
    ("502", "Gynaecology"),
    ("560", "Midwifery"),
    ("710", "Adult mental health"),
];

/// The specialties as the entries of a choice.
pub(crate) fn teams() -> Vec<(String, String)> {
    TEAMS.iter().map(|(code, words)| ((*code).to_owned(), (*words).to_owned())).collect()
}

/// The code and the words of a specialty that was chosen.
pub(crate) fn team(code: &str) -> Option<(String, String)> {
    TEAMS.iter().find(|(known, _)| *known == code).map(|(code, words)| ((*code).to_owned(), (*words).to_owned()))
}

/// The form of a decision to admit.
pub(crate) struct NewRequest<'a> {
    pub(crate) setting: &'a Setting,
    /// Whom it is for; nobody until a patient was found.
    pub(crate) patient: Option<&'a clinical::Chart>,
    pub(crate) wards: &'a [Arc<WardBoard>],
    pub(crate) staff: &'a [(String, String)],
    pub(crate) sent: Sent<'a>,
}

/// The page.
pub(crate) fn request_page(of: &NewRequest<'_>) -> Markup {
    let setting = of.setting;
    let form = Fields { setting, typed: of.sent.typed, refusal: of.sent.refusal, act: Some("request"), about: None };
    let content = html! {
        div.al-wide {
            (form.summary())
            h1.al-mb { "Decision to admit" }
            @match of.patient {
                Some(chart) => {
                    (identity(setting, chart))
                    section.al-panel { (form.form(&fields(of, &form), "Add to the list")) }
                }
                None => (notice(Kind::Note, &html! {
                    "Find the patient first: " a href=(setting.links.patients()) { "search" }
                    ", open them, and choose Decision to admit."
                }, None)),
            }
            p { a href=(setting.links.admissions()) { "Back to admissions" } }
        }
    };
    page(&setting.frame("Decision to admit", "Site office", Rail::Wards), &content)
}

fn identity(setting: &Setting, chart: &clinical::Chart) -> Markup {
    let identity = &chart.identity;
    let born = identity.born.as_ref().map_or_else(|| "born: not known".to_owned(), |born| date(born).text);
    let number = identity.nhs_number.as_deref().map_or_else(|| "NHS No. not known".to_owned(), nhs_words);
    let (name, under) = (name_words(identity), format!("{born} · {number}"));
    let href = setting.links.patient(&identity.source.id);
    html! { div.al-panel.al-mb { div.al-panel__b { (list_patient(&ListPatient { name: &name, under: &under, href: &href })) } } }
}

fn fields(of: &NewRequest<'_>, form: &Fields<'_>) -> Markup {
    let wards: Vec<(String, String)> =
        of.wards.iter().map(|board| (board.ward.id.clone(), board.ward.name.clone())).collect();
    let methods = html! {
        @for (group, list) in [("Elective", ELECTIVE_METHODS), ("Emergency", EMERGENCY_METHODS)] {
            optgroup label=(group) {
                @for (code, words) in list {
                    option value=(code) selected[form.value("method") == *code] { (code) " " (words) }
                }
            }
        }
    };
    let priorities: Vec<(String, String)> =
        PRIORITIES.iter().map(|(code, words)| ((*code).to_owned(), format!("{code}, {words}"))).collect();
    html! {
        input type="hidden" name="patient" value=(of.patient.map_or("", |chart| chart.identity.source.id.as_str()));
        (form.text("reason", ("Procedure or reason", "in a few words"), "", None))
        (form.select("method", ("Method of admission", "Choose"), &methods))
        (form.choice("priority", ("Clinical priority, of an elective admission", "Choose"), "", &priorities))
        (form.choice("intended", ("Meant as, of an elective admission", "Choose"), "", &codes(INTENDED)))
        (form.choice("team", ("Specialty", "Choose"), "", &teams()))
        (form.choice("consultant", ("Consultant", "No one in particular"), "", of.staff))
        (form.choice("ward", ("Ward that is wanted", "Any"), "", &wards))
        fieldset.al-field id="request-needs" tabindex="-1" {
            legend { "What must the bed have?" }
            @for (code, words) in NEEDS {
                @let name = format!("need-{code}");
                label.al-choice { input type="checkbox" name=(name) value="1" checked[form.value(&name) == "1"]; " " (words) }
            }
        }
        (form.text("note", ("What else should the wards know?", ""), "", None))
        (form.when("When was it decided?", false))
    }
}
