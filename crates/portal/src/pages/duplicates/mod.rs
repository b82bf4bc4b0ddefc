//! *Is this one person?* The queue of possible duplicates, and a pair side by side: field by field, what each record holds,
//! what a merge would do, and the steps that take two people.
//!
//! Nothing is chosen beforehand. Words come before numbers (`fields`); nothing merges at any sum. The list of pairs is in
//! `queue`, whose things are after a merge that was wrong in `given`.

mod fields;
mod given;
mod queue;

use administration::Refusal;
use administration::merging::{Effects, Review, ReviewState};
use maud::{Markup, html};

use crate::act::{Typed, done_notice, hidden};
use crate::components::frame::page;
use crate::components::notice::{FieldError, Kind, empty, error_summary, notice};
use crate::components::panel::{head, panel, wide};
use crate::components::proof::{Proof, mark};
use crate::components::tag::{Weight, tag};
use crate::components::{or_not_known, time};
use crate::gather::duplicates::Compared;
use crate::icon::{Icon, icon};
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted, number};
pub(crate) use given::GIVEN;
pub(crate) use queue::queue_page;
use queue::title_of;

/// A pair, what was typed on its page, and what was refused.
pub(crate) struct Asked<'a> {
    /// The pair.
    pub(crate) of: &'a Compared,
    /// What was typed.
    pub(crate) typed: &'a Typed,
    /// Why the last step was refused.
    pub(crate) refusal: Option<&'a Refusal>,
}

/// Why two records are two people, as a list to choose from.
const REASONS: [&str; 4] =
    ["Twins or siblings.", "Parent and child.", "Patient says so, identity checked.", "Other, in words:"];

/// A pair side by side.
pub(crate) fn pair_page(setting: &Setting, asked: &Asked<'_>) -> Markup {
    let of = asked.of;
    let back = setting.links.duplicate(&of.review.id);
    let title = format!("Is this one person? {}", title_of(Some(&of.left)));
    let errors: Vec<FieldError<'_>> = asked
        .refusal
        .iter()
        .map(|refusal| FieldError { field: refusal.field.unwrap_or("decide"), words: &refusal.sentence })
        .collect();
    let content = html! {
        div.al-head {
            div {
                p {
                    a href=(setting.links.patients()) { "Patients" } " / "
                    a href=(setting.links.duplicates()) { "Possible duplicates" }
                }
                h1 { (title) }
            }
            div.al-row.al-push {
                span.al-asat { "As at " b { (time(&clock(setting.now))) } }
                span.al-muted {
                    (number(of.open as u64)) " to review"
                    @if let Some(days) = of.oldest_days { ", oldest " (counted(days as usize, "day", "days")) }
                    ". Owner: health records"
                }
                @if let Some(next) = &of.next { a.al-btn.al-btn--quiet href=(setting.links.duplicate(next)) { "Next pair" } }
            }
        }
        (error_summary(&errors))
        @if let Some(notice) = done_notice(setting, asked.typed.text("done"), asked.typed.text("undo"), &back) { (notice) }
        (steps(of))
        form #ask method="post" action={ (back) "/ask" } { (hidden(setting)) }
        div.al-grid.al-split {
            div.al-stack { (fields::fields(asked)) (holds(of)) }
            div.al-stack { (decide(setting, asked)) (worklist(&of.effects)) (given::if_wrong(setting, asked)) }
        }
    };
    page(&setting.frame(&title, "Patient index", Rail::Patients), &content)
}

fn steps(of: &Compared) -> Markup {
    let at = match of.review.state {
        ReviewState::Open | ReviewState::NotTheSame | ReviewState::Unmerged => 0,
        ReviewState::Asked => 2,
        ReviewState::Merged => 4,
    };
    let review = &of.review;
    let steps = [
        ("1 Compare", counted(of.differing.len(), "field differs", "fields differ")),
        ("2 First person asks", review.asked_by.clone().unwrap_or_else(|| "nobody yet".into())),
        ("3 Second person agrees", review.agreed_by.clone().unwrap_or_else(|| "somebody else".into())),
        ("4 Merged", "everything is found under who stays".to_owned()),
        ("5 Worklist cleared", counted(contradictions(&of.effects).len(), "item with an owner", "items with owners")),
    ];
    html! {
        ol.al-steps.al-mb {
            @for (number, (words, scope)) in steps.iter().enumerate() {
                li.is-done[number < at].is-now[number == at] aria-current=[(number == at).then_some("step")] {
                    b { (words) } span { (scope) }
                }
            }
        }
    }
}

fn holds(of: &Compared) -> Markup {
    let table = html! {
        table.al-t.al-board {
            thead { tr {
                th scope="col" { "Kind" }
                th.al-num scope="col" { (fields::side("Left", &of.left)) }
                th.al-num scope="col" { (fields::side("Right", &of.right)) }
                th scope="col" { "After a merge" }
            } }
            tbody {
                @for holds in &of.holds {
                    tr {
                        th scope="row" { b { (holds.words) } }
                        td.al-num { (number(holds.counts.0)) }
                        td.al-num { (number(holds.counts.1)) }
                        td { (after(&of.effects, holds.kind, holds.counts)) }
                    }
                }
            }
        }
    };
    let scope = html! { "pathways, stays and allergies are never merged" };
    panel(&head("What each record holds, and what a merge would do", Some(scope)), &wide("What each holds", &table))
}

fn after(effects: &Effects, kind: &str, counts: (u64, u64)) -> Markup {
    match kind {
        "Encounter" if effects.both_inpatients => tag(Weight::Danger, "Both in hospital now: no merge"),
        "Encounter" if effects.stays_overlap => tag(Weight::Warning, "Two stays overlap"),
        "Encounter" => tag(Weight::Good, "No overlap"),
        "EpisodeOfCare" if !effects.open_in_both.is_empty() => tag(Weight::Warning, "Two in one specialty"),
        "AllergyIntolerance" if effects.allergies_conflict => tag(Weight::Danger, "Conflict"),
        _ if counts.0 == 0 || counts.1 == 0 => tag(Weight::Plain, "Nothing to join"),
        _ => tag(Weight::Plain, "Found together, each as recorded"),
    }
}

fn contradictions(effects: &Effects) -> Vec<(&'static str, Kind)> {
    let mut found = Vec::new();
    if effects.allergies_conflict {
        found.push(("Allergies conflict: read as allergic until settled", Kind::Bad));
    }
    if !effects.open_in_both.is_empty() {
        found.push(("Two open pathways in one specialty: which is true?", Kind::Warning));
    }
    if effects.stays_overlap {
        found.push(("Two stays overlap: which is true?", Kind::Warning));
    }
    found
}

fn worklist(effects: &Effects) -> Markup {
    let found = contradictions(effects);
    let body = if found.is_empty() {
        empty(&html! { "Nothing contradicts. A merge leaves no task." })
    } else {
        html! { ul.al-panel__b.al-stack { @for (words, _) in &found { li { (icon(Icon::Alert)) " " b { (words) } span.al-sub { "due two days after the merge" } } } } }
    };
    panel(&head("Worklist after a merge", Some(html! { (found.len()) ", made in the same step" })), &body)
}

fn decide(setting: &Setting, asked: &Asked<'_>) -> Markup {
    let (of, review) = (asked.of, &asked.of.review);
    let back = setting.links.duplicate(&review.id);
    let body = match review.state {
        ReviewState::Open | ReviewState::Unmerged => ask(asked),
        ReviewState::Asked => html! { (agree(setting, review, &back, of.effects.both_inpatients)) (ask(asked)) },
        ReviewState::Merged => html! {
            div.al-panel__b { p { b { "Merged." } " Everything of both is found under the record that stays." } }
        },
        ReviewState::NotTheSame => html! {
            div.al-panel__b.al-stack {
                p { b { "Said to be two people." } @if let Some(why) = &review.why { " " (why) } }
                form method="post" action={ (back) "/take-back" } {
                    (hidden(setting)) button.al-btn type="submit" { "Take this back" }
                }
            }
        },
    };
    let can_say_no = matches!(review.state, ReviewState::Open | ReviewState::Asked | ReviewState::Unmerged);
    html! {
        section.al-panel.al-panel--note #decide {
            div.al-panel__h { h2 { "Decide" } }
            (body)
            @if can_say_no { (not_the_same(setting, asked.typed, &back)) }
        }
    }
}

/// What a merge waits for.
fn conditions(of: &Compared) -> Markup {
    let both = of.effects.both_inpatients;
    let fields = counted(of.differing.len(), "field to choose", "fields to choose");
    html! {
        ul.al-proof {
            li {
                (mark(if both { Proof::Broken } else { Proof::Holds }))
                div {
                    b { (if both { "Both are inpatients now" } else { "Not both inpatients" }) }
                    p.al-muted { (if both { "no merge before one of the stays has ended" } else { "one of them at most is in hospital now" }) }
                }
            }
            li {
                (mark(if of.differing.is_empty() { Proof::Holds } else { Proof::NotChecked }))
                div { b { (fields) } p.al-muted { "in the column Keep; nothing is chosen beforehand" } }
            }
            li {
                (mark(Proof::NotChecked))
                div { b { "Second person" } p.al-muted { "not you, and not someone you chose" } }
            }
        }
    }
}

/// The first person's part. The form's fields stand in the table too.
fn ask(asked: &Asked<'_>) -> Markup {
    let typed = asked.typed;
    html! {
        (conditions(asked.of))
        div.al-panel__b.al-stack {
            div {
                span.al-lab #stays { "Which record stays" }
                span.al-pick role="radiogroup" aria-labelledby="stays" id="survivor" {
                    @for (code, words) in [("left", "Left"), ("right", "Right")] {
                        input type="radio" form="ask" name="survivor" id={ "stays-" (code) } value=(code)
                            checked[typed.text("survivor") == code];
                        label for={ "stays-" (code) } { (words) }
                    }
                }
            }
            div {
                label.al-lab for="why" { "Why you think so, for the second person" }
                textarea.al-ta.al-wf #why name="why" form="ask" rows="3" maxlength="1000" { (typed.text("why")) }
            }
            button.al-btn.al-btn--go.al-btn--big.al-wf type="submit" form="ask" { "Ask for the merge" }
            p.al-small.al-flush { "Nothing changes until a second person agrees." }
        }
    }
}

fn agree(setting: &Setting, review: &Review, back: &str, both_inpatients: bool) -> Markup {
    let survivor = review.survivor.as_deref().unwrap_or_default();
    let side = if survivor == review.pair.left { "left" } else { "right" };
    html! {
        div.al-panel__b.al-stack {
            p.al-flush {
                b { (or_not_known(review.asked_by.as_deref())) " asks for this merge." }
                " The record on the " (side) " stays."
                @if let Some(why) = &review.why { " " q { (why) } }
            }
            @if both_inpatients {
                (notice(Kind::Bad, &html! { "Both are inpatients now. Merge when one of the stays has ended." }, None))
            }
            form method="post" action={ (back) "/agree" } {
                (hidden(setting))
                button.al-btn.al-btn--big.al-wf type="submit" { "Agree, and merge into the " (side) }
            }
        }
    }
}

fn not_the_same(setting: &Setting, typed: &Typed, back: &str) -> Markup {
    html! {
        form.al-panel__f.al-stack method="post" action={ (back) "/not-the-same" } {
            (hidden(setting))
            label.al-lab for="reason" { "Not the same because" }
            select.al-sel.al-wf #reason name="reason" {
                option value="" { "Choose a reason" }
                @for reason in REASONS { option value=(reason) selected[typed.text("reason") == reason] { (reason) } }
            }
            label.al-lab for="words" { "In words" }
            input.al-in.al-wf #words name="words" maxlength="500" value=(typed.text("words"));
            button.al-btn.al-btn--quiet type="submit" { "Not the same" }
        }
    }
}
