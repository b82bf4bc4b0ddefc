//! A patient in a list: `SURNAME, Given (Title)` and one line under it. Names are never cut; no banner stands on a
//! screen with several patients (PAB-0015).
//!
//! Knows no link of its own: the caller says where the name leads.

use maud::{Markup, html};

/// A patient in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPatient<'a> {
    /// `SURNAME, Given (Title)`.
    pub name: &'a str,
    /// The line under it: preferred name, hospital number, why the row was found.
    pub under: &'a str,
    /// The summary.
    pub href: &'a str,
}

/// The cell with name and line.
pub fn list_patient(of: &ListPatient<'_>) -> Markup {
    html! {
        span.al-name { a.al-rowlink href=(of.href) { (of.name) } }
        @if !of.under.is_empty() { span.al-sub { (of.under) } }
    }
}
