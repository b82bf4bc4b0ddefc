//! The page of one move, live: what is copied, how late the copy is, the five invariants, the roots of both hosts, the estimate
//! against the deadline, and the readiness before the cut with its two people. After the cut the same page is the way back.
//!
//! Host staff see numbers and references, never a patient. What holds is worked out by `hosting`; this renders it.

mod dates;
mod forms;
mod panels;

use maud::{Markup, PreEscaped, html};
use terms::Moment;

use crate::components::Printed;
use crate::components::frame::page;
use crate::components::notice::{Kind, notice};
use crate::components::proof::Proof;
use crate::components::time;
use crate::setting::{Rail, Setting};
use crate::words::{clock, number};

pub(crate) use dates::days;
pub use dates::{Dates, PlanForm, Span};
pub use forms::{MovesView, PlanTicket, moves_page};
pub use panels::{Invariant, Merkle, Part, Witnessed};

/// What the page shows.
#[derive(Debug, Clone)]
pub struct MovePage<'a> {
    /// The setting.
    pub setting: &'a Setting,
    /// The host that serves the page.
    pub host: &'a str,
    /// Where the parts that change come from.
    pub live: &'a str,
    /// The trust.
    pub code: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The host that it moves from, and the one that it moves to.
    pub from: &'a str,
    /// The target.
    pub to: &'a str,
    /// Whether there is no line between the two hosts: everything is carried.
    pub is_carried: bool,
    /// Whether this host writes the trust.
    pub writes: bool,
    /// The six steps.
    pub steps: Vec<Step>,
    /// What is on both hosts.
    pub copied: Vec<Copied>,
    /// How late the copy is; nothing before it follows.
    pub lag: Option<Lag>,
    /// The five invariants.
    pub invariants: Vec<Invariant>,
    /// When both hosts were compared last, or why they could not be.
    pub compared: Result<Option<Moment>, String>,
    /// The readiness before the cut.
    pub readiness: Readiness,
    /// Both roots.
    pub merkle: Option<Merkle>,
    /// What differs.
    pub blocks: Vec<Block>,
    /// The estimate, once there is a plan.
    pub dates: Option<Dates>,
    /// The plan as it is to be changed.
    pub plan: PlanForm,
    /// Rehearsals, newest first.
    pub rehearsals: Vec<Rehearsed>,
    /// What is said of the way back.
    pub way_back: Option<Vec<String>>,
    /// What was asked for on this page: under way, done or failed.
    pub doing: Option<(Kind, String)>,
    /// Whether it does not get on, and why.
    pub problem: Option<String>,
    /// What whoever looks may do.
    pub acts: Acts,
    /// The ticket, while nobody copies with it.
    pub has_ticket: bool,
    /// Whether there is a certificate.
    pub has_certificate: bool,
}

/// What somebody may do here now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Acts {
    /// Change the plan and ask for the cut: operators.
    pub runs_it: bool,
    /// Say that the staff was told, and be the second person: operators and the trust's administrators.
    pub says: bool,
    /// Rehearse here: this host follows.
    pub rehearses: bool,
    /// Rehearse the way back here: this host writes.
    pub rehearses_back: bool,
    /// End the move: the other copy is destroyed.
    pub completes: bool,
}

/// One of the six steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub name: &'static str,
    /// Its state in a few words.
    pub words: String,
    /// Whether it is behind, under way or to come.
    pub stage: Stage,
}

/// Where a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Behind.
    Done,
    /// Under way.
    Now,
    /// To come.
    Later,
}

/// Something that is counted on both hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// What.
    pub what: &'static str,
    /// How many the copy has, and how many there are.
    pub there: u64,
    /// How many there are.
    pub of: u64,
    /// Whether these are bytes.
    pub is_bytes: bool,
}

/// How late the copy is.
#[derive(Debug, Clone, PartialEq)]
pub struct Lag {
    /// Now, in milliseconds.
    pub ms: u64,
    /// Entries behind.
    pub entries: u64,
    /// The worst of each minute, oldest first, in milliseconds.
    pub minutes: Vec<f64>,
    /// More than this is too late, in milliseconds.
    pub limit_ms: u64,
}

/// One item of the readiness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What must hold.
    pub what: &'static str,
    /// Whether it does.
    pub state: Proof,
    /// Why.
    pub why: String,
    /// The act that would make it hold, and its words.
    pub act: Option<(&'static str, &'static str)>,
}

/// The readiness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// The pause of the last rehearsal, and of the last ones.
    pub pause: Option<String>,
    /// All of them in words.
    pub pauses: String,
    /// What must hold.
    pub items: Vec<Item>,
    /// What is missing, as sentences.
    pub missing: Vec<String>,
    /// What can be done.
    pub seal: Seal,
    /// Whether it is the way back.
    pub back: bool,
    /// For how many days one can go back afterwards.
    pub open_days: u32,
}

/// What can be done at the readiness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seal {
    /// Nothing here, and why.
    Elsewhere(String),
    /// Nothing yet: something is missing.
    Blocked,
    /// Somebody types the trust's name and asks.
    Armed,
    /// Somebody has asked; another one agrees.
    Asked {
        /// Who.
        by: String,
        /// Until when.
        until: Moment,
        /// Whether whoever looks may agree.
        agrees: bool,
    },
}

/// Something that differs and keeps the trust from being cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What.
    pub what: String,
    /// How it is on this host and on the other.
    pub here: String,
    /// On the other.
    pub there: String,
    /// What to do.
    pub next: &'static str,
}

/// A rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsed {
    /// When.
    pub at: Moment,
    /// Of what: the cut or the way back.
    pub what: &'static str,
    /// How many questions, and the differences.
    pub questions: u64,
    /// What differed; at most the first ones.
    pub differences: Vec<String>,
    /// The pause.
    pub pause: String,
}

/// A part of a page that changes while somebody looks, by its id.
pub type LivePart = (&'static str, Markup);

/// The page.
pub fn move_page(of: &MovePage<'_>) -> Markup {
    let links = &of.setting.links;
    let parts: std::collections::BTreeMap<&str, Markup> = live_parts(of).into_iter().collect();
    let part = |id: &str| parts.get(id).cloned().unwrap_or_default();
    let content = html! {
        div data-live=(of.live) {
            div.al-head {
                div {
                    p { a href=(links.host()) { "Trusts" } " / " a href=(links.moves()) { "Moves" } }
                    h1 { "Move " (of.name) ": " (of.from) " to " (of.to) }
                }
                div.al-row.al-push {
                    (as_at(of.setting.now))
                    @if of.has_certificate { a.al-btn.al-btn--quiet href=(links.move_file(of.code, "certificate")) { "Proof file" }
                    a.al-btn.al-btn--quiet href=(links.move_file(of.code, "certificate.pdf")) { "Certificate (PDF)" } }
                    @if of.has_ticket { a.al-btn.al-btn--quiet href=(links.move_file(of.code, "ticket")) { "Ticket" } }
                    @if of.acts.rehearses { (forms::act(of, "rehearse", "Rehearse now", "al-btn")) }
                }
            }
            (more())
            (part("mv-doing"))
            div #board {
                (part("mv-steps"))
                div.al-grid.al-gmove.al-mt {
                    div.al-stack { (part("mv-copied")) (part("mv-lag")) (part("mv-dates")) }
                    div.al-stack { (part("mv-proof")) (part("mv-back")) }
                    (part("mv-readiness"))
                }
                div.al-mt { (part("mv-merkle")) }
                (part("mv-blocks"))
                (part("mv-rehearsed"))
            }
            (dates::plan_panel(of))
            @if of.acts.completes { (forms::complete(of)) }
        }
    };
    let title = format!("Move {}", of.name);
    let mut frame = of.setting.frame(&title, of.host, Rail::Moves);
    frame.organisation = "Host";
    page(&frame, &content)
}

/// The parts that change while somebody looks.
pub fn live_parts(of: &MovePage<'_>) -> Vec<LivePart> {
    vec![
        ("mv-doing", doing(of)),
        ("mv-steps", panels::steps(&of.steps)),
        ("mv-copied", panels::copied(of)),
        ("mv-lag", panels::lag(of.lag.as_ref())),
        ("mv-dates", dates::dates(of)),
        ("mv-proof", panels::proof(of)),
        ("mv-back", panels::way_back(of)),
        ("mv-readiness", forms::readiness(of)),
        ("mv-merkle", panels::merkle(of)),
        ("mv-blocks", panels::blocks(of)),
        ("mv-rehearsed", panels::rehearsed(of)),
    ]
}

/// The time of what is shown, which the script keeps.
pub(crate) fn as_at(now: Moment) -> Markup {
    let Printed { iso, text } = clock(now);
    html! { span.al-asat #board-asat { "As at " b { time datetime=(iso) { (text) } } } }
}

/// Where the script says that something waits to be shown, and what a reader of screens hears.
pub(crate) fn more() -> Markup {
    html! {
        p.al-notice #board-more hidden {}
        p.al-vh #board-says role="status" {}
    }
}

fn doing(of: &MovePage<'_>) -> Markup {
    html! {
        div #mv-doing {
            @if let Some((kind, words)) = &of.doing { (notice(*kind, &html! { (words) }, None)) }
            @if let Some(problem) = &of.problem { (notice(Kind::Bad, &html! { "It does not get on. " (problem) }, None)) }
        }
    }
}

/// A number of many.
fn of_many(there: u64, of: u64) -> String {
    format!("{} of {}", number(there), number(of))
}

/// A day, with its weekday, and the time when it is not midnight.
fn moment(at: Moment) -> Markup {
    let local = terms::local(at);
    let day = terms::print::weekday_date_text(local.date());
    let at_midnight = (local.hour(), local.minute()) == (0, 0);
    html! {
        (time(&Printed::new(at.to_string(), day)))
        @if !at_midnight { " " (terms::print::time_text(local)) }
    }
}

/// A part as the stream sends it.
pub fn part_text(part: &LivePart) -> String {
    let PreEscaped(text) = &part.1;
    text.replace('\n', " ")
}
