//! Registering a newborn from the mother's record: how many were born, which one this is, when, and the sex as seen.
//!
//! Nothing is chosen beforehand, the time neither: a birth is entered after it happened.

use administration::Refusal;
use administration::registration::Gender;
use maud::{Markup, html};
use terms::Moment;

use super::patient::{banner_of, places_of};
use crate::act::{Typed, hidden};
use crate::components::field::{Field, choice, error_of, radios, summary_of, text_field};
use crate::components::frame::{OpenPatient, patient_page};
use crate::components::notice::{Kind, notice};
use crate::drafts::{draft_fields, kept_words};
use crate::gather::chart::Gathered;
use crate::setting::{Rail, Setting};

/// The page.
pub(crate) struct NewbornPage<'a> {
    /// The setting.
    pub(crate) setting: &'a Setting,
    /// The mother's chart, for the banner.
    pub(crate) chart: &'a Gathered,
    /// The mother's open stay; without one no baby is registered here.
    pub(crate) stay: Option<&'a str>,
    /// What was typed.
    pub(crate) typed: &'a Typed,
    /// What was refused.
    pub(crate) refused: &'a [Refusal],
    /// When the draft was kept that is shown.
    pub(crate) kept: Option<Moment>,
}

/// The page of a newborn.
pub(crate) fn newborn_page(of: &NewbornPage<'_>) -> Markup {
    let setting = of.setting;
    let id = &of.chart.chart.identity.source.id;
    let content = html! {
        h1.al-mb { "Register a newborn" }
        (summary_of(of.refused, "of"))
        @match of.stay {
            Some(stay) => (form(of, id, stay)),
            None => (notice(Kind::Warning, &html! {
                "The mother has no open stay here. Admit her first: a baby is registered from the mother's stay."
            }, None)),
        }
    };
    let banner = banner_of(&of.chart.chart, setting.clinical, &setting.links, setting.now);
    let patients = setting.links.patients();
    let patient = OpenPatient {
        banner: &banner,
        back: (&patients, "Patients"),
        places: places_of(&of.chart.chart, setting, "Details"),
    };
    patient_page(&setting.frame("Register a newborn", "Patient index", Rail::Patients), &patient, &content)
}

fn form(of: &NewbornPage<'_>, id: &str, stay: &str) -> Markup {
    let field = |name: &'static str, label: &'static str, hint: Option<&'static str>| Field {
        name,
        label,
        value: of.typed.text(name),
        hint,
        error: error_of(of.refused, name),
        mode: None,
    };
    let numbers = || (1..=8).map(|number: u8| (number.to_string(), number.to_string()));
    let sexes = Gender::ALL.map(|gender| (gender.code(), gender.words()));
    html! {
        form.al-panel.al-wide method="post" action=(of.setting.links.newborn(id)) data-draft novalidate {
            (hidden(of.setting))
            (draft_fields("newborn", id))
            input type="hidden" name="stay" value=(stay);
            div.al-panel__b.al-stack {
                p.al-flush { "The patient above is the mother. The baby gets a record of its own, named after her until the parents say." }
                div.al-grid.al-cols {
                    (choice(&field("of", "How many babies were born", None), "Choose", numbers()))
                    (choice(&field("order", "Which one is this", Some("First born is 1")), "Choose", numbers()))
                }
                (radios(&field("gender", "Sex as seen at birth", None), &sexes))
                div.al-grid.al-cols {
                    (text_field(&field("at_date", "Day of birth", Some("Empty is today"))))
                    (text_field(&field("at_time", "Time of birth", Some("Like 14:05"))))
                }
                @if error_of(of.refused, "at_which").is_some() {
                    (radios(&field("at_which", "This time was there twice that night", None),
                        &[("first", "The first, BST"), ("second", "The second, GMT")]))
                }
            }
            div.al-panel__f.al-row.al-foot--form {
                button.al-btn.al-btn--big.al-btn--go { "Register the baby" }
                a href=(of.setting.links.details(id)) { "Back to the mother's details" }
                span.al-push { (kept_words(of.setting, of.kept)) }
            }
        }
    }
}
