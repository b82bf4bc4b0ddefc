//! The pieces that pages are made of: pure functions from plain view structs to markup, one file a piece.
//!
//! A component knows neither the record nor the clock: dates arrive printed, numbers arrive counted.

pub mod access_row;
pub mod acuity;
pub mod banner;
pub mod counter;
pub mod field;
pub mod frame;
pub mod gantt;
pub mod list_patient;
pub mod news;
pub mod notice;
pub mod obs_trend;
pub mod panel;
pub mod proof;
pub mod spark;
pub mod tag;
pub mod timeline;

use maud::{Markup, html};

/// A date or time as people read it, with the machine's form beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Printed {
    /// The `datetime` attribute, such as `2026-11-17` or `2026-11-17T14:05:00Z`.
    pub iso: String,
    /// The words, such as `17-Nov-2026` or `14:05`.
    pub text: String,
}

impl Printed {
    /// From the machine's form and the words.
    pub fn new(iso: impl Into<String>, text: impl Into<String>) -> Printed {
        Printed { iso: iso.into(), text: text.into() }
    }
}

/// A date or time that is never wrapped.
pub fn time(printed: &Printed) -> Markup {
    html! { time.al-nb datetime=(printed.iso) { (printed.text) } }
}

/// The value, or the words *Not known*: never a dash, a question mark or a blank (PAB-0019).
pub fn or_not_known(value: Option<&str>) -> Markup {
    match value {
        Some(value) => html! { (value) },
        None => html! { "Not known" },
    }
}
