//! The frame of every page: application bar, environment strip, rail, this patient's places, skip link.
//!
//! Rail order, banner order and wording never vary by trust. A place that does not exist yet is not shown: the
//! caller lists what there is.

use maud::{DOCTYPE, Markup, html};

use super::banner::{Banner, Placed, banner};
use crate::assets;
use crate::icon::{Icon, icon};

/// What kind of system this is; anything but a live one says so on every page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Real patients.
    Live,
    /// Not live yet: no clinical safety officer has signed for it.
    Preparation,
    /// Invented patients; nobody approved the clinical content.
    Demonstration,
    /// For learning.
    Training,
    /// A rehearsal of a move.
    Rehearsal,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The role, in words.
    pub role: String,
    /// The account page.
    pub account: String,
    /// The token that this session's forms carry.
    pub form_token: String,
}

/// One entry of the rail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RailItem {
    /// The word.
    pub label: &'static str,
    /// Where it leads.
    pub href: String,
    /// Its icon.
    pub icon: Icon,
    /// Whether this page lies there.
    pub current: bool,
    /// How many things need action there.
    pub badge: Option<Badge>,
}

/// The number at an entry of the rail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    /// The number, or a question mark.
    pub text: String,
    /// What it is a number of, and whose.
    pub words: String,
    /// Whether any of it is late.
    pub is_late: bool,
}

/// One of this patient's places, with its state in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The place.
    pub label: &'static str,
    /// Where it leads.
    pub href: String,
    /// Its state in one line.
    pub state: Option<String>,
    /// How grave the state is.
    pub grave: Gravity,
    /// Whether this page is that place.
    pub current: bool,
}

/// How a place's state is coloured; the words carry the meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gravity {
    /// A fact.
    #[default]
    Plain,
    /// Soon, or check.
    Warning,
    /// Act now.
    Bad,
}

/// The open patient: the banner and the list of places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPatient<'a> {
    /// The banner.
    pub banner: &'a Banner,
    /// Where *Back* leads and its words.
    pub back: (&'a str, &'a str),
    /// The places that exist.
    pub places: Vec<Place>,
}

/// Everything around the content of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The page's name in the browser's title.
    pub title: &'a str,
    /// The trust, or the host.
    pub organisation: &'a str,
    /// The place in it, such as a ward.
    pub place: &'a str,
    /// What kind of system this is.
    pub environment: Environment,
    /// Who is signed in; nobody on the sign-in page.
    pub person: Option<&'a Person>,
    /// Where the mark leads.
    pub home: &'a str,
    /// Where the search box sends to, and what it finds; none on pages without one.
    pub find: Option<Find<'a>>,
    /// The rail.
    pub rail: Vec<RailItem>,
    /// Where its numbers are counted.
    pub counts_are_for: Option<&'a str>,
    /// Whether names are shortened, for passers-by.
    pub is_private: bool,
}

/// The search box of the bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find<'a> {
    /// Where it sends.
    pub action: &'a str,
    /// What it finds.
    pub words: &'a str,
}

/// A page about no single patient.
pub fn page(frame: &Frame<'_>, content: &Markup) -> Markup {
    document(
        frame,
        &html! {
            div.al-frame.al-frame--wall[frame.rail.is_empty()] {
                @if !frame.rail.is_empty() { (rail(frame)) }
                main.al-main #main { (content) }
            }
        },
    )
}

/// A page about one patient: the banner above all, the list of places beside the rail.
pub fn patient_page(frame: &Frame<'_>, patient: &OpenPatient<'_>, content: &Markup) -> Markup {
    document(
        frame,
        &html! {
            (banner(patient.banner, Placed::OnTop))
            div.al-frame.al-frame--pt {
                (rail(frame))
                (places(patient))
                main.al-main #main { (content) }
            }
        },
    )
}

/// A page before sign-in, or about an error: no rail.
pub fn bare_page(frame: &Frame<'_>, content: &Markup) -> Markup {
    document(frame, &html! { main.al-main #main { (content) } })
}

fn document(frame: &Frame<'_>, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="htmx-config" content=r#"{"includeIndicatorCSS":false,"history":false,"noSwap":[204,304,"4xx","5xx"]}"#;
                title { (frame.title) " - Almoner" }
                link rel="icon" type="image/svg+xml" href=(assets::MARK_SVG.url);
                link rel="stylesheet" href=(assets::NHSUK_CSS.url);
                link rel="stylesheet" href=(assets::ALMONER_CSS.url);
                script src=(assets::HTMX_JS.url) defer {}
                script src=(assets::ALMONER_JS.url) defer {}
                script src=(assets::BOARD_JS.url) defer {}
            }
            body.al.al-priv-on[frame.is_private] {
                a.al-skip href="#main" { "Skip to main content" }
                (bar(frame))
                (strip(frame.environment))
                (body)
            }
        }
    }
}

fn bar(frame: &Frame<'_>) -> Markup {
    html! {
        header.al-bar {
            a.al-bar__mark href=(frame.home) { "Almoner" }
            div.al-bar__org { (frame.organisation) span { (frame.place) } }
            @if let Some(find) = &frame.find {
                form.al-find role="search" action=(find.action) method="get" {
                    (icon(Icon::Search))
                    label.al-vh for="find" { (find.words) }
                    input #find name="q" placeholder=(find.words) autocomplete="off" spellcheck="false" maxlength="120";
                    kbd aria-hidden="true" { "/" }
                }
            }
            @if let Some(person) = frame.person { (me(person)) }
        }
    }
}

/// Name and role lead to the account, where signing out is; Lock is at hand. No menu opens here: it would cover the
/// patient banner (PAB-0013).
fn me(person: &Person) -> Markup {
    html! {
        div.al-bar__me {
            a href=(person.account) { (person.name) span.al-bar__role { (person.role) } }
            form.al-hide-m method="post" action="/lock" {
                input type="hidden" name="form_token" value=(person.form_token);
                button.al-plain { "Lock" }
            }
        }
    }
}

fn strip(environment: Environment) -> Markup {
    let words = match environment {
        Environment::Live => return html! {},
        Environment::Demonstration => {
            ("Demonstration: invented patients", "Clinical content not approved by a clinician.")
        }
        Environment::Preparation => {
            ("Not live: not for the care of patients", "No clinical safety officer has signed its safety case.")
        }
        Environment::Training => ("Training: not real patients", ""),
        Environment::Rehearsal => ("Rehearsal: not the live record", ""),
    };
    html! { div.al-strip role="note" { b { (words.0) } @if !words.1.is_empty() { " " span.al-hide-p { (words.1) } } } }
}

fn rail(frame: &Frame<'_>) -> Markup {
    html! {
        nav.al-rail aria-label="Main" {
            ul {
                @for item in &frame.rail {
                    li {
                        a href=(item.href) aria-current=[item.current.then_some("page")]
                            title=[item.badge.as_ref().map(|badge| badge.words.as_str())] {
                            (icon(item.icon)) span { (item.label) }
                            @if let Some(badge) = &item.badge {
                                span.al-badge.al-badge--bad[badge.is_late] aria-hidden="true" { (badge.text) }
                                span.al-vh { ", " (badge.words) }
                            }
                        }
                    }
                }
                @if let Some(place) = frame.counts_are_for { li.al-rail__scope { "Counts are for " (place) } }
            }
        }
    }
}

fn places(patient: &OpenPatient<'_>) -> Markup {
    html! {
        nav.al-sect aria-label="This patient" {
            ul {
                li.al-sect__back { a href=(patient.back.0) { (patient.back.1) } }
                @for place in &patient.places {
                    li {
                        a href=(place.href) aria-current=[place.current.then_some("page")] {
                            (place.label)
                            @if let Some(state) = &place.state {
                                span.al-bad[place.grave == Gravity::Bad].al-warn[place.grave == Gravity::Warning] {
                                    (state)
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
