//! Pages that say no or that something failed: what happened, whose side it is on, and what to do next.
//!
//! They name no patient: an address that is not yours must not tell whether there is someone behind it.

use maud::{Markup, html};

use crate::components::frame::{Environment, Frame, bare_page, page};
use crate::components::notice::{Kind, notice};
use crate::setting::{Rail, Setting};

/// What is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble<'a> {
    /// There is nothing at this address, or nothing that this person may see: the two look alike on purpose.
    NotFound,
    /// The role does not reach this; the sentence of the decision.
    NotAllowed(&'a str),
    /// The record could not be read; the request's id for the log.
    Unavailable(&'a str),
    /// The disk has no room for what was to be recorded, while reading goes on; the request's id for the log.
    Full(&'a str),
    /// Something was not done, and why; where to go on.
    Refused {
        /// What the rules say.
        sentence: &'a str,
        /// The page it was asked on.
        back: &'a str,
    },
}

impl Trouble<'_> {
    const fn title(self) -> &'static str {
        match self {
            Trouble::NotFound => "Nothing here",
            Trouble::NotAllowed(_) => "You cannot see this",
            Trouble::Unavailable(_) => "The record did not answer",
            Trouble::Full(_) => "There is no room to record this",
            Trouble::Refused { .. } => "This was not done",
        }
    }
}

/// One sentence for somebody who may not be signed in: an address without a page, a form that is out of date.
pub fn sentence_page(sentence: &str, environment: Environment) -> Markup {
    let frame = Frame {
        title: "This did not work",
        organisation: "",
        place: "",
        environment,
        person: None,
        home: "/",
        find: None,
        rail: Vec::new(),
        counts_are_for: None,
        is_private: false,
    };
    let start = html! { a.al-btn href="/" { "Go to the start" } };
    let content = html! {
        div.al-wide.al-centred {
            h1.al-mb { "This did not work" }
            (notice(Kind::Note, &html! { b { (sentence) } }, Some(&start)))
        }
    };
    bare_page(&frame, &content)
}

/// The page.
pub fn problem_page(setting: &Setting, trouble: Trouble<'_>) -> Markup {
    let words = match trouble {
        Trouble::NotFound => html! {
            b { "There is no such page, or you cannot see it." }
            " If you came by a link, check that you are signed in to the right trust."
        },
        Trouble::NotAllowed(sentence) => html! { b { "Your role does not open this." } " " (sentence) },
        Trouble::Unavailable(request) => html! {
            b { "The record did not answer. Nothing was changed." }
            " Try again in a moment. If it goes on, give the helpdesk this reference: " span.al-hash { (request) }
        },
        Trouble::Full(request) => html! {
            b { "The disk of this record is full. Nothing was recorded." }
            " What is in the record can still be read. Tell the helpdesk now, with this reference, and send the form again "
            "when there is room: " span.al-hash { (request) }
        },
        Trouble::Refused { sentence, .. } => html! { b { "Nothing was changed." } " " (sentence) },
    };
    let home = setting.links.home();
    let back = match trouble {
        Trouble::Refused { back, .. } => html! { a.al-btn href=(back) { "Back" } },
        _ => html! { a.al-btn href=(home) { "Back to the start" } },
    };
    let kind = if trouble == Trouble::NotFound { Kind::Note } else { Kind::Bad };
    let content = html! {
        div.al-wide {
            h1.al-mb { (trouble.title()) }
            (notice(kind, &words, Some(&back)))
        }
    };
    page(&setting.frame(trouble.title(), "", Rail::Patients), &content)
}
