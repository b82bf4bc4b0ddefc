//! What is done about a move: the readiness with its two people, the acts beside what is missing, the end of a move, and the list
//! of moves with the forms by which one begins. Every act is a form; none needs a script.

use administration::Refusal;
use maud::{Markup, html};

use super::{Item, MovePage, Readiness, Seal};
use crate::components::field::{Field, error_of, summary_of, text_field};
use crate::components::frame::page;
use crate::components::notice::{Kind, empty, notice};
use crate::components::panel::{head, panel_head, wide};
use crate::components::proof::mark;
use crate::setting::{Rail, Setting};
use crate::words::clock;

/// An act as a form with one button.
pub(super) fn act(of: &MovePage<'_>, act: &str, words: &str, class: &str) -> Markup {
    html! {
        form method="post" action=(of.setting.links.move_act(of.code, act)) {
            input type="hidden" name="form_token" value=(of.setting.person.form_token);
            button class=(class) { (words) }
        }
    }
}

/// The readiness.
pub(super) fn readiness(of: &MovePage<'_>) -> Markup {
    let readiness = &of.readiness;
    let title = if readiness.back { "Go back" } else { "Seal and cut over" };
    html! {
        section.al-panel.al-panel--note #mv-readiness {
            (panel_head(&head(title, None)))
            div.al-panel__b {
                @if let Some(pause) = &readiness.pause {
                    div.al-row { b.al-huge { (pause) } span { "write pause, estimate" } }
                    p.al-muted.al-small { "Goal under 1 s. " (readiness.pauses) " Reading never stops. Whoever writes waits and is answered by the other host." }
                }
                ul.al-stack.al-mt {
                    @for item in &readiness.items { (gate_item(of, item)) }
                }
                (seal(of))
            }
        }
    }
}

fn gate_item(of: &MovePage<'_>, item: &Item) -> Markup {
    html! {
        li.al-row.al-nowrap.al-row--top {
            (mark(item.state))
            span { b { (item.what) } span.al-sub { (item.why) } }
            @if let Some((name, words)) = item.act { span.al-push { (act(of, name, words, "al-btn")) } }
        }
    }
}

fn seal(of: &MovePage<'_>) -> Markup {
    let readiness = &of.readiness;
    let words = if readiness.back { "Go back to the old host" } else { "Seal and cut over" };
    match &readiness.seal {
        Seal::Elsewhere(why) => html! { p.al-mt { (why) } },
        Seal::Blocked => html! {
            button.al-btn.al-btn--big.al-wf.al-mt type="button" disabled aria-describedby="seal-why" { (words) }
            div.al-small.al-bad.al-mt #seal-why {
                (if readiness.back { "Cannot go back yet. Missing:" } else { "Cannot be sealed. Missing:" })
                ul { @for missing in &readiness.missing { li { (missing) } } }
            }
        },
        Seal::Armed => armed(of, readiness, words),
        Seal::Asked { by, until, agrees } => html! {
            div.al-mt {
                (notice(Kind::Warning, &html! { b { (by) } " has asked for it. A second person agrees until " (clock(*until).text) "." }, None))
                @if *agrees { (act(of, "agree", &format!("Agree: {}", words.to_lowercase()), "al-btn al-btn--stop al-btn--big al-wf")) }
                @else { p.al-small { "Whoever has said that they are ready as the second person agrees on their own screen." } }
            }
        },
    }
}

fn armed(of: &MovePage<'_>, readiness: &Readiness, words: &str) -> Markup {
    html! {
        form.al-mt method="post" action=(of.setting.links.move_act(of.code, "seal")) {
            input type="hidden" name="form_token" value=(of.setting.person.form_token);
            label.al-lab for="typed" { "Type the trust’s name to arm the button" }
            input.al-in.al-wf.al-mb #typed name="typed" autocomplete="off" spellcheck="false" required;
            button.al-btn.al-btn--stop.al-btn--big.al-wf { (words) }
        }
        p.al-small.al-muted.al-mt {
            "Two people press within 60 s."
            @if !readiness.back { " You can go back for " (readiness.open_days) " days." }
        }
    }
}

/// The end of a move.
pub(super) fn complete(of: &MovePage<'_>) -> Markup {
    html! {
        section.al-panel.al-mt {
            details {
                summary.al-panel__h { h2 { "End the move" } span { "the other host’s copy is destroyed, and there is no way back" } }
                form.al-panel__b method="post" action=(of.setting.links.move_act(of.code, "complete")) {
                    input type="hidden" name="form_token" value=(of.setting.person.form_token);
                    label.al-lab for="confirm" { "Type the trust’s code, " (of.code) ", to destroy the other host’s copy" }
                    div.al-row {
                        input.al-in #confirm name="typed" autocomplete="off" spellcheck="false" required;
                        button.al-btn.al-btn--stop { "Destroy the other copy" }
                    }
                }
            }
        }
    }
}

/// The moves of a host.
#[derive(Debug, Clone)]
pub struct MovesView<'a> {
    /// The setting.
    pub setting: &'a Setting,
    /// The host.
    pub host: &'a str,
    /// Its key and where other hosts reach it.
    pub key: &'a str,
    /// Where other hosts reach it; nothing when it does not listen.
    pub address: Option<&'a str>,
    /// Each move: code, name, from, to, state, what it waits for.
    pub moves: Vec<[String; 6]>,
    /// Trusts that do not move: code and name.
    pub still: Vec<(String, String)>,
    /// The form of a new move as typed.
    pub ticket: PlanTicket,
    /// Whether whoever looks may begin one.
    pub runs_it: bool,
}

/// A new move as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanTicket {
    /// Of which trust.
    pub trust: String,
    /// Where the target is reached.
    pub to: String,
    /// Its key.
    pub key: String,
    /// The ticket that was carried here.
    pub ticket: String,
    /// What was refused.
    pub refused: Vec<Refusal>,
}

/// The page of all moves.
pub fn moves_page(of: &MovesView<'_>) -> Markup {
    let content = html! {
        div.al-head { div { p { a href=(of.setting.links.host()) { "Trusts" } " / Moves" } h1 { "Moves of this host" } } }
        (summary_of(&of.ticket.refused, "trust"))
        section.al-panel {
            (panel_head(&head("Moves", Some(html! { (of.moves.len()) }))))
            @if of.moves.is_empty() { (empty(&html! { "Nothing moves here." })) }
            @else { (table(of)) }
        }
        @if of.runs_it { (begin(of)) }
    };
    let mut frame = of.setting.frame("Moves of this host", of.host, Rail::Moves);
    frame.organisation = "Host";
    page(&frame, &content)
}

fn table(of: &MovesView<'_>) -> Markup {
    wide(
        "Moves, scrolls sideways",
        &html! {
            table.al-t {
                thead { tr { @for heading in ["Trust", "From", "To", "State", "What it waits for"] { th scope="col" { (heading) } } } }
                tbody {
                    @for [code, name, from, to, state, waits] in &of.moves {
                        tr {
                            th scope="row" { a href=(of.setting.links.moving(code)) { (name) } span.al-sub { (code) } }
                            td { (from) } td { (to) } td { (state) } td { (waits) }
                        }
                    }
                }
            }
        },
    )
}

fn begin(of: &MovesView<'_>) -> Markup {
    let typed = &of.ticket;
    let error = |name| error_of(&typed.refused, name);
    let field =
        |name, label, value, hint| Field { name, label, value, hint: Some(hint), error: error(name), mode: None };
    html! {
        div.al-grid.al-cols.al-mt {
            section.al-panel {
                (panel_head(&head("Move a trust from here", Some(html! { "makes a ticket, to be carried to the other host" }))))
                form.al-panel__b.al-stack method="post" action=(of.setting.links.moves()) {
                    input type="hidden" name="form_token" value=(of.setting.person.form_token);
                    (crate::components::field::choice(&field("trust", "Which trust", &typed.trust, "One that is here and does not move"), "None chosen", of.still.clone()))
                    (text_field(&field("to", "Where the other host is reached", &typed.to, "Host and port, such as 10.0.0.6:8443")))
                    (text_field(&field("key", "Its key", &typed.key, "As “almoner move key” shows it there")))
                    p { button.al-btn { "Make the ticket" } }
                }
            }
            section.al-panel {
                (panel_head(&head("Move a trust to here", Some(html! { "with the ticket of the other host" }))))
                form.al-panel__b.al-stack method="post" action=(of.setting.links.move_act("-", "copy")) {
                    input type="hidden" name="form_token" value=(of.setting.person.form_token);
                    div {
                        label.al-lab for="ticket" { "The ticket" }
                        textarea.al-ta.al-wf #ticket name="ticket" rows="6" spellcheck="false" aria-invalid=[error("ticket").map(|_| "true")] { (typed.ticket) }
                        @if let Some(error) = error("ticket") { p.al-hint { span.al-bad { (error) } } }
                    }
                    p { button.al-btn { "Begin to copy" } }
                }
                div.al-panel__f {
                    @match of.address {
                        Some(address) => { "Other hosts reach this one at " b { (address) } ". Its key: " }
                        None => { b.al-bad { "This host does not listen for other hosts. " } "Serve it with --move-listen. Its key: " }
                    }
                    span.al-hash { (of.key) }
                }
            }
        }
    }
}
