//! The line icons of the screens, drawn for Almoner. Decoration by default: the word beside an icon is the content.
//!
//! Knows nothing of pages; colours come from the style sheet.

use maud::{Markup, PreEscaped, html};

/// One icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// A house.
    Home,
    /// A magnifying glass.
    Search,
    /// A filled triangle with an exclamation mark: danger.
    Alert,
    /// A tick.
    Tick,
    /// A cross.
    Cross,
    /// A question mark in a circle: nobody has asked.
    Question,
    /// A crossed circle: cannot be read.
    Unavailable,
    /// An i in a circle.
    Info,
    /// A clock.
    Clock,
    /// An octagon: critical.
    Octagon,
    /// A pencil: something was written.
    Pencil,
    /// One person.
    Person,
    /// A closed padlock.
    Lock,
    /// Racks: the trusts of a host.
    Trusts,
    /// A heartbeat: the emergency department.
    Pulse,
    /// Three dots in a row.
    More,
    /// Three dots in a column: waiting.
    Waiting,
    /// A bed.
    Bed,
    /// A door that is left.
    Away,
    /// A printer.
    Print,
    /// An eye.
    Eye,
    /// Two arrows: a move between hosts.
    Moves,
    /// Bars of a plan.
    Plan,
}

impl Icon {
    /// The drawing, on a 24 by 24 grid.
    const fn path(self) -> &'static str {
        match self {
            Icon::Home => r#"<path d="M3 11 12 4l9 7v9h-6v-6H9v6H3z"/>"#,
            Icon::Search => r#"<circle cx="10.5" cy="10.5" r="6.5"/><path d="m20.5 20.5-5.3-5.3"/>"#,
            Icon::Alert => r#"<path d="M12 3 1.8 21h20.4zM12 10v5M12 18v.1"/>"#,
            Icon::Tick => r#"<path d="m4 12.5 5.5 5.5L20 6.5"/>"#,
            Icon::Cross => r#"<path d="M5 5l14 14M19 5 5 19"/>"#,
            Icon::Question => {
                r#"<circle cx="12" cy="12" r="9"/><path d="M9.5 9.5a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.1.9-1.1 1.7M12 16.8v.1"/>"#
            }
            Icon::Unavailable => r#"<circle cx="12" cy="12" r="9"/><path d="m5.6 5.6 12.8 12.8"/>"#,
            Icon::Info => r#"<circle cx="12" cy="12" r="9"/><path d="M12 11v6M12 7.2v.1"/>"#,
            Icon::Clock => r#"<circle cx="12" cy="12" r="9"/><path d="M12 7v5.5l3.5 2"/>"#,
            Icon::Octagon => r#"<path d="M8 2h8l6 6v8l-6 6H8l-6-6V8z"/>"#,
            Icon::Pencil => r#"<path d="M4 20l1-5L16 4l4 4L9 19z"/>"#,
            Icon::Person => r#"<circle cx="12" cy="8" r="4"/><path d="M4 21c0-5 3.5-7 8-7s8 2 8 7"/>"#,
            Icon::Lock => r#"<path d="M5 11h14v10H5zM8 11V7a4 4 0 0 1 8 0v4"/>"#,
            Icon::Bed => {
                r#"<path d="M3 6v13M3 15h18v4M21 15v-3a3 3 0 0 0-3-3h-8v6"/><circle cx="6.5" cy="11.5" r="1.5"/>"#
            }
            Icon::Away => r#"<path d="M14 4H5v16h9M10 12h11M17 8l4 4-4 4"/>"#,
            Icon::Print => r#"<path d="M7 8V3h10v5M7 17H3V8h18v9h-4M7 14h10v7H7z"/>"#,
            Icon::Eye => {
                r#"<path d="M2 12c3-5 6-7 10-7s7 2 10 7c-3 5-6 7-10 7s-7-2-10-7z"/><circle cx="12" cy="12" r="3"/>"#
            }
            Icon::Moves => r#"<path d="M4 8h14m-4-4 4 4-4 4M20 16H6m4-4-4 4 4 4"/>"#,
            Icon::Plan => r#"<path d="M3 4v16h18M7 8h8M10 12h9M6 16h7"/>"#,
            Icon::Trusts => r#"<path d="M3 4h18v6H3zM3 14h18v6H3zM7 7h.1M7 17h.1"/>"#,
            Icon::Pulse => r#"<path d="M2 12h5l2-6 4 12 3-8 1.5 2H22"/>"#,
            Icon::More => {
                r#"<circle cx="5" cy="12" r="1.5"/><circle cx="12" cy="12" r="1.5"/><circle cx="19" cy="12" r="1.5"/>"#
            }
            Icon::Waiting => {
                r#"<circle cx="12" cy="5" r="1.5"/><circle cx="12" cy="12" r="1.5"/><circle cx="12" cy="19" r="1.5"/>"#
            }
        }
    }
}

/// The icon as decoration, hidden from assistive technology.
pub fn icon(which: Icon) -> Markup {
    html! { svg.al-i viewBox="0 0 24 24" aria-hidden="true" { (PreEscaped(which.path())) } }
}

/// The icon as an image with a name, for the few places where no word stands beside it.
pub fn named_icon(which: Icon, name: &str) -> Markup {
    html! { svg.al-i viewBox="0 0 24 24" role="img" aria-label=(name) { (PreEscaped(which.path())) } }
}
