//! Find a patient: one box, results as they are typed, and why each row was found. Without script the form is sent.
//!
//! Shows what the patient index found; ranks nothing. No banner: several people are on the screen (PAB-0015).

use access::Role;
use maud::{Markup, html};

use crate::components::frame::page;
use crate::components::list_patient::{ListPatient, list_patient};
use crate::components::notice::{Kind, notice};
use crate::components::tag::{Weight, tag, tag_with};
use crate::components::{Printed, time};
use crate::icon::Icon;
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted};

/// One person found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The Patient's id.
    pub id: String,
    /// The summary's address.
    pub href: String,
    /// `SURNAME, Given (Title)`.
    pub name: String,
    /// Preferred name and hospital numbers.
    pub under: String,
    /// Date of birth.
    pub born: Option<Printed>,
    /// Age in words, for the living.
    pub age: Option<String>,
    /// Gender.
    pub gender: Option<String>,
    /// The NHS number in groups.
    pub nhs_number: Option<String>,
    /// Address on one line.
    pub address: String,
    /// Where the person is or was last seen, or that they died.
    pub whereabouts: Whereabouts,
    /// Why the row was found, such as `Family name sounds like, year of birth`.
    pub why: String,
    /// Another row has the same or a similar name and could be mistaken for this one.
    pub similar: bool,
}

/// Where a person is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whereabouts {
    /// In a stay now, at this place.
    Inpatient(String),
    /// In the emergency department now.
    Emergency(String),
    /// Seen last on this day.
    LastSeen(Printed),
    /// Died, on this day when it is known.
    Died(Option<Printed>),
    /// No stay or attendance goes on.
    NotInHospital,
    /// Not looked up: the role does not see stays, or the row is far down the list.
    NotLookedUp,
}

/// What a search came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was typed yet.
    NothingTyped,
    /// What was typed is too short to search for.
    TooShort,
    /// A search was made.
    Found(Found),
}

/// The results of a search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Rows that match everything that was typed.
    pub best: Vec<Hit>,
    /// Rows that match in part or in sound.
    pub others: Vec<Hit>,
    /// How many who have died match and are not shown.
    pub died_hidden: usize,
    /// Whether there are more than are shown.
    pub more: bool,
    /// How what was typed was read, such as `born 14-Mar-1951`.
    pub read_as: String,
}

/// The search page.
#[derive(Debug, Clone)]
pub struct Search<'a> {
    /// The setting.
    pub setting: &'a Setting,
    /// What was typed.
    pub query: &'a str,
    /// Whether those who have died are shown too.
    pub include_died: bool,
    /// What it came to.
    pub outcome: &'a Outcome,
    /// How many likely matches there are here and on PDS, when enough was typed to say so.
    pub both: Option<&'a str>,
}

/// The page.
pub fn search_page(of: &Search<'_>) -> Markup {
    let content = html! {
        div.al-head {
            h1 { "Find a patient" }
            @if of.setting.role == Role::PatientIndex {
                a.al-btn.al-push href=(of.setting.links.duplicates()) { "Possible duplicates" }
            }
        }
        (form(of))
        div #found { (found_part(of)) }
        // Shown by the script in place of results that cannot be fetched.
        template #find-failed {
            (notice(Kind::Bad, &html! {
                b { "The search did not answer." } " What you typed is kept. Choose Search to try again."
            }, None))
        }
    };
    page(&of.setting.frame("Find a patient", "Patient index", Rail::Patients), &content)
}

fn form(of: &Search<'_>) -> Markup {
    let links = &of.setting.links;
    html! {
        form.al-panel.al-mb role="search" method="get" action=(links.patients()) {
            div.al-panel__b {
                label.al-lab.al-lab--wide for="q" { "Name, date of birth, NHS number or hospital number, in any order" }
                div.al-row.al-nowrap {
                    // Each search that is answered shows people and is recorded for each of them: one that nobody
                    // waited for would only flood the access journal. So the typing must pause, and Enter does not wait.
                    input.al-in.al-wf.al-in--big #q name="q" type="search" value=(of.query) autocomplete="off"
                        spellcheck="false" maxlength="120" autofocus
                        hx-get=(links.found()) hx-trigger="input changed delay:300ms" hx-target="#found"
                        hx-include="closest form" hx-sync="this:replace";
                    button.al-btn.al-btn--big.al-btn--go { "Search" }
                }
                @if of.include_died { input type="hidden" name="died" value="1"; }
            }
        }
    }
}

/// What lies under the box: swapped as the person types.
pub fn found_part(of: &Search<'_>) -> Markup {
    match of.outcome {
        Outcome::NothingTyped => status(&html! { "Type to search. Two letters are enough." }),
        Outcome::TooShort => status(&html! { "Type at least two letters, or a number." }),
        Outcome::Found(found) if found.best.is_empty() && found.others.is_empty() => nobody(of, found),
        Outcome::Found(found) => html! {
            (headline(of, found))
            @if !found.best.is_empty() { (group("Best match", &people(found.best.len()), &found.best)) }
            @if !found.others.is_empty() {
                (group("Other people", &format!("{}, check the date of birth", found.others.len()), &found.others))
            }
            (not_here(of))
        },
    }
}

fn people(count: usize) -> String {
    counted(count, "person", "people")
}

/// Announced politely; there is one such region on the page.
fn status(words: &Markup) -> Markup {
    html! { p.al-muted role="status" { (words) } }
}

fn headline(of: &Search<'_>, found: &Found) -> Markup {
    let shown = found.best.len() + found.others.len();
    html! {
        div.al-row.al-gap.al-mb {
            span.al-muted role="status" {
                @if found.more { "The first " (shown) " are shown; type more to narrow it down" } @else { (people(shown)) " found" }
                @if !found.read_as.is_empty() { ", " (found.read_as) }
            }
            span.al-asat.al-asat--still { "As at " b { (time(&clock(of.setting.now))) } }
            (died_switch(of, found))
        }
    }
}

/// The dead are left out at first; the link that shows them says how many they are.
fn died_switch(of: &Search<'_>, found: &Found) -> Markup {
    let links = &of.setting.links;
    html! {
        @if of.include_died {
            a.al-push href=(links.search(of.query, false)) { "Leave out those who have died" }
        } @else if found.died_hidden > 0 {
            a.al-push href=(links.search(of.query, true)) {
                (counted(found.died_hidden, "person who has died also matches: show", "people who have died also match: show"))
            }
        }
    }
}

fn nobody(of: &Search<'_>, found: &Found) -> Markup {
    html! {
        div.al-panel { div.al-panel__b {
            p role="status" { "No one matches “" (of.query) "”" @if !found.read_as.is_empty() { ", " (found.read_as) } "." }
            p.al-muted.al-flush {
                "Check the spelling, or search by NHS number, hospital number or date of birth alone. "
                "Part of a name is enough."
            }
            (died_switch(of, found))
        } }
        (not_here(of))
    }
}

/// Registering begins here and nowhere else: after a search, with what was typed.
fn not_here(of: &Search<'_>) -> Markup {
    if !matches!(of.setting.role, Role::Clerk | Role::Clinician | Role::PatientIndex) {
        return html! {};
    }
    html! {
        div.al-panel.al-mt { div.al-panel__f.al-row {
            @if let Some(both) = of.both { b { (both) "." } }
            "Not here?"
            a.al-btn.al-btn--quiet href=(of.setting.links.register_after(of.query)) { "Register a new patient" }
            span { "Registering carries over what you typed, and asks PDS." }
            a.al-push href=(of.setting.links.incident()) { "Major incident" }
        } }
    }
}

const HEADINGS: [&str; 7] = ["Name", "Born", "Gender", "NHS No.", "Address", "Where", "Found by"];

fn group(title: &str, scope: &str, hits: &[Hit]) -> Markup {
    html! {
        section.al-panel.al-mb {
            div.al-panel__h { h2 { (title) } span { (scope) } }
            // On a phone rows become cards; the roles keep them a table for those who hear it.
            div.al-scroll { table.al-t.al-board.al-people.al-cards role="table" {
                thead role="rowgroup" {
                    tr role="row" {
                        @for heading in HEADINGS { th scope="col" role="columnheader" { (heading) } }
                    }
                }
                tbody role="rowgroup" { @for hit in hits { (row(hit)) } }
            } }
        }
    }
}

fn row(hit: &Hit) -> Markup {
    html! {
        tr data-row role="row" {
            td.al-line2.al-whole role="cell" {
                (list_patient(&ListPatient { name: &hit.name, under: &hit.under, href: &hit.href }))
            }
            td.al-nb role="cell" {
                b { @match &hit.born { Some(born) => (time(born)), None => "Not known" } }
                @if let Some(age) = &hit.age { " " span.al-nb { "(" (age) ")" } }
            }
            td role="cell" { (crate::components::or_not_known(hit.gender.as_deref())) }
            td.al-nb.al-whole role="cell" data-label="NHS No." {
                @match &hit.nhs_number {
                    Some(number) => b { span.al-nhs { (number) } },
                    None => span.al-muted { "Not known" },
                }
            }
            td.al-whole role="cell" { @if hit.address.is_empty() { span.al-muted { "Not known" } } @else { (hit.address) } }
            td.al-whole role="cell" {
                (whereabouts(&hit.whereabouts))
                @if hit.similar { " " (tag_with(Weight::Identity, Icon::Person, "Similar name")) }
            }
            td.al-whole.al-muted.al-small role="cell" { (hit.why) }
        }
    }
}

fn whereabouts(of: &Whereabouts) -> Markup {
    match of {
        Whereabouts::Inpatient(place) => html! { (place) " " (tag(Weight::Info, "Inpatient")) },
        Whereabouts::Emergency(place) => html! { (place) " " (tag(Weight::Info, "In emergency")) },
        Whereabouts::LastSeen(day) => html! { "Last seen " (time(day)) },
        Whereabouts::Died(Some(day)) => html! { (tag(Weight::Plain, "Died")) " " (time(day)) },
        Whereabouts::Died(None) => html! { (tag(Weight::Plain, "Died")) " date not known" },
        Whereabouts::NotInHospital => html! { span.al-muted { "Not in hospital" } },
        Whereabouts::NotLookedUp => html! {},
    }
}
