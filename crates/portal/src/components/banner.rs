//! The patient banner by the CUI rules (PAB, MPB): who this is, always in the same place and order, and what they
//! are allergic to. On a phone it becomes the micro banner with the allergy strip below it (MPB-0005, 0017, 0020).
//!
//! The labels are exactly those of PAB-0033 to 0039, without a colon; a missing value reads *Not known* (0019).

use maud::{Markup, html};

use super::{Printed, or_not_known, time};
use crate::icon::{Icon, icon};

/// How many agents stand in the closed banner, which stays in sight and so must stay low. The details have them all.
const SHOWN: usize = 4;

/// The banner of one patient.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Banner {
    /// The family name; printed in capitals.
    pub family: Option<String>,
    /// Given names.
    pub given: String,
    /// Title, printed in brackets.
    pub title: Option<String>,
    /// What the person likes to be called, when it differs.
    pub preferred: Option<String>,
    /// Date of birth.
    pub born: Option<Printed>,
    /// Age now, or at death.
    pub age: Option<String>,
    /// Set when the patient has died; the date may not be known.
    pub died: Option<Died>,
    /// Gender as the demographic record holds it.
    pub gender: Option<String>,
    /// The NHS number in groups of 3, 3 and 4.
    pub nhs_number: Option<String>,
    /// The usual address, line by line.
    pub address: Vec<String>,
    /// Phones and email: label and value.
    pub contacts: Vec<(String, String)>,
    /// Where the patient is now, in a few words.
    pub now: String,
    /// What belongs to the stay: admitted, hospital number, expected date.
    pub stay: Vec<(&'static str, String)>,
    /// Who is responsible, in a few words.
    pub care: Option<String>,
    /// Next of kin, GP.
    pub people: Vec<(&'static str, Vec<String>)>,
    /// Allergies; `None` for a role that does not see clinical content (PAB-0008).
    pub allergies: Option<Allergies>,
    /// The allergy record.
    pub allergy_href: String,
}

/// That a patient has died.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Died {
    /// The date, when known.
    pub on: Option<Printed>,
}

/// The four states of an allergy record (PAB-0064).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allergies {
    /// At least one agent.
    Known(Vec<Allergy>),
    /// Somebody asked, and there are none; how that is known.
    NoneKnown(String),
    /// Nobody has recorded an answer.
    NotRecorded,
    /// The record cannot be read.
    Unavailable,
}

/// One agent the patient reacts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allergy {
    /// Agent and reaction, such as `penicillin: anaphylaxis`.
    pub words: String,
    /// When it happened and how sure it is.
    pub detail: String,
}

impl Allergies {
    /// The exact label of the state.
    pub const fn label(&self) -> &'static str {
        match self {
            Allergies::Known(_) => "Known allergies",
            Allergies::NoneKnown(_) => "No known allergies",
            Allergies::NotRecorded => "Allergies not recorded",
            Allergies::Unavailable => "Allergies unavailable",
        }
    }

    const fn icon(&self) -> Icon {
        match self {
            Allergies::Known(_) => Icon::Alert,
            Allergies::NoneKnown(_) => Icon::Tick,
            Allergies::NotRecorded => Icon::Question,
            Allergies::Unavailable => Icon::Unavailable,
        }
    }

    const fn class(&self) -> &'static str {
        match self {
            Allergies::Known(_) => "al-pb__alg al-pb__alg--known",
            Allergies::NoneKnown(_) => "al-pb__alg",
            Allergies::NotRecorded | Allergies::Unavailable => "al-pb__alg al-pb__alg--mute",
        }
    }

    const fn strip_class(&self) -> &'static str {
        match self {
            Allergies::Known(_) => "al-algstrip",
            Allergies::NoneKnown(_) => "al-algstrip al-algstrip--none",
            Allergies::NotRecorded | Allergies::Unavailable => "al-algstrip al-algstrip--mute",
        }
    }

    /// Agents and reactions in one line, gravest first, and how many more there are; nothing unless some are known.
    fn agents(&self) -> Markup {
        let Allergies::Known(agents) = self else { return html! {} };
        let shown: Vec<&str> = agents.iter().take(SHOWN).map(|agent| agent.words.as_str()).collect();
        html! {
            (shown.join("; "))
            @if let Some(more @ 1..) = agents.len().checked_sub(SHOWN) { " " b { "and " (more) " more" } }
        }
    }
}

/// Where the banner stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// On top of a page about one patient: it stays in sight.
    OnTop,
    /// In the gallery, with a name of its own for assistive technology.
    Shown {
        /// The `aria-label`.
        name: &'static str,
        /// Whether zone 2 starts open.
        open: bool,
    },
}

/// The banner, and the allergy strip that phones show below it.
pub fn banner(of: &Banner, placed: Placed) -> Markup {
    let (label, fixed, open) = match placed {
        Placed::OnTop => ("Patient", true, false),
        Placed::Shown { name, open } => (name, false, open),
    };
    html! {
        section.al-pb.al-pb--static[!fixed].al-pb--dead[of.died.is_some()] aria-label=(label) {
            (zone_1(of))
            details.al-pb__2 open[open] { (zone_2_titles(of)) (zone_2_panel(of)) }
        }
        @if let (Some(allergies), Placed::OnTop) = (&of.allergies, placed) { (strip(allergies)) }
    }
}

/// `SURNAME, Given (Title)`, in the form of every list and banner; *Not known* when there is no name at all.
pub fn full_name(family: Option<&str>, given: &str, title: Option<&str>) -> String {
    let title = title.map(|title| format!(" ({title})")).unwrap_or_default();
    match (family, given) {
        (Some(family), "") => format!("{}{title}", family.to_uppercase()),
        (Some(family), given) => format!("{}, {given}{title}", family.to_uppercase()),
        (None, "") => "Not known".to_owned(),
        (None, given) => format!("{given}{title}"),
    }
}

fn zone_1(of: &Banner) -> Markup {
    html! {
        div.al-pb__1 {
            div {
                span.al-pb__name { (name(of)) }
                @if let Some(preferred) = &of.preferred {
                    span.al-pb__pref { "Preferred name " b { (preferred) } }
                }
            }
            div { (born_and_died(of)) }
            div.al-pb__gender { dl { dt { "Gender" } dd { (or_not_known(of.gender.as_deref())) } } }
            div { dl { dt { "NHS No." } dd { span.al-nhs { (or_not_known(of.nhs_number.as_deref())) } } } }
        }
    }
}

fn name(of: &Banner) -> Markup {
    let title = of.title.as_deref().map(|title| format!(" ({title})")).unwrap_or_default();
    html! {
        @match (&of.family, of.given.as_str()) {
            (Some(family), "") => { (family.to_uppercase()) span { (title) } },
            (Some(family), given) => { (family.to_uppercase()) ", " span { (given) (title) } },
            (None, "") => span { "Not known" },
            (None, given) => span { (given) (title) },
        }
    }
}

/// Living: age in brackets after the date, no label (0034). Died: date and *Age at Death* under it (0055 to 0063).
fn born_and_died(of: &Banner) -> Markup {
    let born = html! {
        @match &of.born { Some(born) => (time(born)), None => "Not known" }
    };
    let Some(died) = &of.died else {
        return html! {
            dl { dt { "Born" } dd { (born) @if let Some(age) = &of.age { " (" (age) ")" } } }
        };
    };
    html! {
        dl { dt { "Born" } dd { (born) } }
        br;
        dl {
            dt { "Died" }
            dd { @match &died.on { Some(on) => (time(on)), None => "Not known" } }
            " " dt.al-pb__aad { "Age at Death" } dd { (or_not_known(of.age.as_deref())) }
        }
    }
}

/// The titles of the five sections, which open together (0005, 0006, 0075).
fn zone_2_titles(of: &Banner) -> Markup {
    let address = (!of.address.is_empty()).then(|| of.address.join(", "));
    let contact = of.contacts.iter().find(|(_, value)| value != "Not known").map(|(_, value)| value.as_str());
    html! {
        summary {
            span { i { "Address" } (or_not_known(address.as_deref())) }
            span { i { "Phone and email" } (or_not_known(contact)) }
            span { i { "Now" } (of.now) }
            span { i { "Care" } (or_not_known(of.care.as_deref())) }
            @match &of.allergies {
                Some(allergies) => span class=(allergies.class()) {
                    (icon(allergies.icon())) " " (allergies.label()) @if let Allergies::Known(_) = allergies {
                        " " small { (allergies.agents()) }
                    }
                },
                None => span {},
            }
            span.al-pb__more { "Gender, address, contacts" }
            span.al-pb__tog { u { "Show details" } b { "Hide details" } }
        }
    }
}

fn zone_2_panel(of: &Banner) -> Markup {
    html! {
        div.al-pb__x {
            section.al-phone { dl { dt { "Gender" } dd { (or_not_known(of.gender.as_deref())) } } }
            section { dl { dt { "Usual address" } dd { (lines(&of.address)) } } }
            section {
                dl { @for (label, value) in &of.contacts { dt { (label) } dd { (value) } } }
                @if of.contacts.is_empty() { dl { dt { "Phone" } dd { "Not known" } } }
            }
            section.al-hide-p { dl { @for (label, value) in &of.stay { dt { (label) } dd { (value) } } } }
            section { dl { @for (label, value) in &of.people { dt { (label) } dd { (lines(value)) } } } }
            @if let Some(allergies) = &of.allergies { section.al-hide-p { (allergy_panel(allergies, &of.allergy_href)) } }
        }
    }
}

fn lines(lines: &[String]) -> Markup {
    html! {
        @if lines.is_empty() { "Not known" }
        @for (at, line) in lines.iter().enumerate() { @if at > 0 { br; } (line) }
    }
}

fn allergy_panel(allergies: &Allergies, href: &str) -> Markup {
    html! {
        @match allergies {
            Allergies::Known(agents) => {
                @for agent in agents { p { b { (agent.words) } " " (agent.detail) } }
            },
            Allergies::NoneKnown(how) => p { "No known allergies. " (how) },
            Allergies::NotRecorded => p { "No one has recorded whether this patient has allergies." },
            Allergies::Unavailable => p { "The allergy record cannot be read at the moment. Treat as unknown." },
        }
        a href=(href) { "Open allergy record" }
    }
}

/// On a phone the banner carries no clinical content (MPB-0005): allergies are a bar of their own below it.
fn strip(allergies: &Allergies) -> Markup {
    html! {
        div class=(allergies.strip_class()) {
            (icon(allergies.icon()))
            div { (allergies.label()) " " span { (allergies.agents()) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(of: &Banner) -> String {
        banner(of, Placed::OnTop).into_string()
    }

    #[test]
    fn the_four_allergy_labels_are_exact() {
        let agent = Allergy { words: "penicillin: anaphylaxis".into(), detail: "2009, confirmed".into() };
        let cases = [
            (Allergies::Known(vec![agent]), "Known allergies <small>penicillin: anaphylaxis</small>"),
            (Allergies::NoneKnown("Confirmed 14-Nov-2026.".into()), "No known allergies"),
            (Allergies::NotRecorded, "Allergies not recorded"),
            (Allergies::Unavailable, "Allergies unavailable"),
        ];
        for (allergies, words) in cases {
            let html = shown(&Banner { allergies: Some(allergies), ..Banner::default() });
            assert!(html.contains(words), "{words} in {html}");
        }
    }

    #[test]
    fn of_many_allergies_the_closed_banner_says_how_many_more_and_the_details_have_all() {
        let agent = |at: usize| Allergy { words: format!("agent {at}: rash"), detail: String::new() };
        for (count, more) in [(4, None), (5, Some("and 1 more")), (9, Some("and 5 more"))] {
            let allergies = Allergies::Known((1..=count).map(agent).collect());
            let html = shown(&Banner { allergies: Some(allergies), ..Banner::default() });
            // The last agent stands in the details; in the closed titles and the phone's strip only when it fits.
            let places = if more.is_some() { 1 } else { 3 };
            assert_eq!(html.matches(&format!("agent {count}: rash")).count(), places, "{html}");
            assert_eq!(html.contains(more.unwrap_or(" more")), more.is_some(), "{html}");
        }
    }

    #[test]
    fn a_missing_value_reads_not_known() {
        let html = shown(&Banner::default());
        assert_eq!(html.matches("Not known").count(), 10, "{html}");
        assert!(!html.contains('?') && !html.contains('–'), "{html}");
    }

    #[test]
    fn a_dead_patient_has_age_at_death_and_no_age_in_brackets() {
        let of = Banner {
            born: Some(Printed::new("1951-03-14", "14-Mar-1951")),
            age: Some("75y".into()),
            died: Some(Died { on: Some(Printed::new("2026-11-17", "17-Nov-2026")) }),
            ..Banner::default()
        };
        let html = shown(&of);
        assert!(html.contains("al-pb--dead") && html.contains("Age at Death"), "{html}");
        assert!(!html.contains("(75y)"), "{html}");
    }

    #[test]
    fn names_are_capitals_comma_given_and_title_in_brackets() {
        let cases = [
            (Some("Adeyemi"), "Folasade", Some("Mrs"), "ADEYEMI, Folasade (Mrs)"),
            (Some("Adeyemi"), "", None, "ADEYEMI"),
            (None, "Unknown male", None, "Unknown male"),
            (None, "", None, "Not known"),
        ];
        for (family, given, title, expected) in cases {
            assert_eq!(full_name(family, given, title), expected);
        }
    }

    #[test]
    fn a_clerk_sees_no_allergies() {
        let html = shown(&Banner { allergies: None, ..Banner::default() });
        assert!(!html.to_lowercase().contains("allerg"), "{html}");
    }
}
