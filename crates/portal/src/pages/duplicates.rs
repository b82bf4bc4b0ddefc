//! *Is this one person?* The queue of possible duplicates, and a pair side by side: field by field, what each record holds,
//! what a merge would do, and the steps that take two people.
//!
//! Nothing is chosen beforehand. Words come before numbers; nothing merges at any sum.

use administration::Refusal;
use administration::merging::{Effects, Review, ReviewState, Unallocated};
use clinical::identity::Identity;
use maud::{Markup, html};

use crate::act::{Typed, done_notice, hidden};
use crate::components::frame::page;
use crate::components::notice::{FieldError, Kind, empty, error_summary, notice};
use crate::components::panel::{head, panel, wide};
use crate::components::tag::{Weight, tag};
use crate::components::{or_not_known, time};
use crate::gather::duplicates::{Compared, Listed, Queue};
use crate::icon::{Icon, icon};
use crate::pages::patient::{name_words, nhs_words as nhs_text};
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted, date, day, number};

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

/// One line of the comparison.
struct Line {
    words: &'static str,
    left: Option<String>,
    right: Option<String>,
    /// The field of a merge, where there is something to choose.
    field: Option<&'static str>,
}

/// The queue.
pub(crate) fn queue_page(setting: &Setting, queue: &Queue, typed: &Typed) -> Markup {
    let list = |title: &str, scope: &str, listed: &[Listed], nothing: &str| {
        let body = if listed.is_empty() { empty(&html! { (nothing) }) } else { table(setting, listed) };
        panel(&head(title, Some(html! { (scope) })), &body)
    };
    let content = html! {
        div.al-head {
            div {
                p { a href=(setting.links.patients()) { "Patients" } " / Possible duplicates" }
                h1 { "Possible duplicates" }
            }
            div.al-row.al-push { span.al-asat { "As at " b { (time(&clock(setting.now))) } } }
        }
        @if let Some(notice) = done_notice(setting, typed.text("done"), typed.text("undo"), &setting.links.duplicates()) {
            (notice)
        }
        div.al-stack {
            (list("To look at", &counted(queue.open.len(), "pair, longest first", "pairs, longest first"), &queue.open,
                "No pair is waiting. New ones come from registration and from matching the whole index."))
            (list("Asked for, waiting for a second person", &counted(queue.asked.len(), "pair", "pairs"), &queue.asked,
                "Nobody waits for a second person."))
            (to_give_out(setting, &queue.unallocated))
            (list("Said to be two people", &counted(queue.not_the_same.len(), "pair", "pairs"), &queue.not_the_same,
                "Nobody said so yet."))
        }
    };
    page(&setting.frame("Possible duplicates", "Patient index", Rail::Patients), &content)
}

fn table(setting: &Setting, listed: &[Listed]) -> Markup {
    wide(
        "Pairs",
        &html! {
            table.al-t.al-board {
                thead { tr {
                    th scope="col" { "Left" } th scope="col" { "Right" }
                    th.al-num scope="col" { "Weight" } th scope="col" { "Since" }
                    th scope="col" { span.al-vh { "Open" } }
                } }
                tbody {
                    @for pair in listed {
                        tr data-row="" {
                            td { (person(pair.people.0.as_ref())) }
                            td { (person(pair.people.1.as_ref())) }
                            td.al-num { (or_not_known(pair.review.weight.as_deref())) }
                            td { @if let Some(since) = pair.review.since { (time(&day(since))) } }
                            td { a.al-rowlink href=(setting.links.duplicate(&pair.review.id)) {
                                "Compare" span.al-vh { " " (title_of(pair.people.0.as_ref())) }
                            } }
                        }
                    }
                }
            }
        },
    )
}

fn person(of: Option<&Identity>) -> Markup {
    html! {
        @match of {
            Some(of) => {
                b { (name_words(of)) }
                span.al-sub {
                    @if let Some(born) = &of.born { (time(&date(born))) } @else { "Born not known" }
                    " · " (nhs_words(of))
                }
            }
            None => "This record cannot be read.",
        }
    }
}

fn nhs_words(of: &Identity) -> String {
    of.nhs_number.as_deref().map_or_else(|| "NHS No. not known".to_owned(), nhs_text)
}

fn title_of(of: Option<&Identity>) -> String {
    of.and_then(|of| of.family.clone()).map_or_else(|| "this pair".to_owned(), |family| family.to_uppercase())
}

/// What unmerges left: each item with two buttons, one for each person.
fn to_give_out(setting: &Setting, lists: &[Unallocated]) -> Markup {
    let open = |list: &Unallocated| list.items.iter().filter(|item| item.given_to.is_none()).count();
    let left: usize = lists.iter().map(open).sum();
    let body = html! {
        @if left == 0 { (empty(&html! { "Nothing waits to be given out. What was written while two people were one shows here." })) }
        @for list in lists {
            div.al-panel__b {
                p {
                    b { "Unmerged" @if let Some(since) = list.since { " " (time(&day(since))) " " (time(&clock(since))) } }
                    ": " (list.items.len() - open(list)) " of " (counted(list.items.len(), "item", "items")) " given. "
                    "An item that is not given shows as neither's."
                }
                table.al-t {
                    tbody {
                        @for item in list.items.iter().filter(|item| item.given_to.is_none()) {
                            tr {
                                th scope="row" { (item.reference) }
                                td { div.al-row { @for to in [&list.pair.left, &list.pair.right] {
                                    form method="post" action=(setting.links.give_out(&list.list)) {
                                        (hidden(setting))
                                        input type="hidden" name="item" value=(item.reference);
                                        button.al-btn type="submit" name="to" value=(to) { "Give to " (to) }
                                    }
                                } } }
                            }
                        }
                    }
                }
            }
        }
    };
    panel(&head("To give out after an unmerge", Some(html! { (counted(left, "item", "items")) })), &body)
}

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
                span.al-muted { (number(of.open as u64)) " to review" }
                @if let Some(next) = &of.next { a.al-btn.al-btn--quiet href=(setting.links.duplicate(next)) { "Next pair" } }
            }
        }
        (error_summary(&errors))
        @if let Some(notice) = done_notice(setting, asked.typed.text("done"), asked.typed.text("undo"), &back) { (notice) }
        (steps(of))
        form #ask method="post" action={ (back) "/ask" } { (hidden(setting)) }
        div.al-grid.al-split {
            div.al-stack { (fields(asked)) (holds(of)) }
            div.al-stack { (decide(setting, asked)) (worklist(&of.effects)) (if_wrong(setting, asked)) }
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

fn lines(of: &Compared) -> Vec<Line> {
    let line = |words, read: &dyn Fn(&Identity) -> Option<String>, field: Option<&'static str>| {
        let field = field.filter(|field| of.differing.contains(field));
        Line { words, left: read(&of.left), right: read(&of.right), field }
    };
    let joined = |parts: Vec<String>, by: &str| (!parts.is_empty()).then(|| parts.join(by));
    vec![
        line("Names", &|who| Some(name_words(who)), Some("name")),
        line("Date of birth", &|who| who.born.as_ref().map(|born| date(born).text), Some("birthDate")),
        line("Gender", &|who| who.gender.clone(), Some("gender")),
        line("NHS No.", &|who| who.nhs_number.as_ref().map(|_| nhs_words(who)), None),
        line("Address", &|who| joined(who.address.clone(), ", "), Some("address")),
        line(
            "Telephone and email",
            &|who| joined(who.contacts.iter().map(|(_, value)| value.clone()).collect(), ", "),
            Some("telecom"),
        ),
        line("GP practice", &|who| who.gp.clone(), Some("generalPractitioner")),
        line("Next of kin", &|who| joined(who.kin.iter().map(|kin| kin.name.clone()).collect(), ", "), Some("contact")),
        line(
            "Hospital No.",
            &|who| joined(who.hospital_numbers.iter().map(|number| number.value.clone()).collect(), ", "),
            None,
        ),
    ]
}

fn fields(asked: &Asked<'_>) -> Markup {
    let of = asked.of;
    let open = matches!(of.review.state, ReviewState::Open | ReviewState::Asked | ReviewState::Unmerged);
    let table = html! {
        table.al-t.al-board {
            thead { tr {
                th scope="col" { "Field" } th scope="col" { "Left" } th scope="col" { "Right" }
                th scope="col" { "What it says" } th scope="col" { "Keep" }
            } }
            tbody {
                @for line in lines(of) {
                    tr.is-warn[line.field.is_some()] {
                        th scope="row" { b { (line.words) } }
                        td { (or_not_known(line.left.as_deref())) }
                        td { (or_not_known(line.right.as_deref())) }
                        td { (says(&line)) }
                        td { (keep(asked, &line, open)) }
                    }
                }
            }
        }
    };
    panel(
        &head("Field by field", Some(html! { "words first" })),
        &html! {
            (wide("Field by field", &table))
            div.al-panel__f.al-row {
                @if let Some(weight) = &of.review.weight { b.al-nb { "Sum " (weight) } }
                span { "Never merged by itself at any sum. Twins, and father and son at one address, are held back whatever the sum." }
            }
        },
    )
}

fn says(line: &Line) -> Markup {
    match (&line.left, &line.right) {
        _ if line.words == "Hospital No." => html! {
            (tag(Weight::Mute, "No weight")) span.al-sub { "Not evidence. Both stay searchable" }
        },
        (Some(left), Some(right)) if left == right => html! { (tag(Weight::Good, "Agree")) },
        (Some(_), Some(_)) => html! { (tag(Weight::Warning, "Differ")) },
        _ => html! { (tag(Weight::Mute, "No weight")) span.al-sub { "Cannot be compared" } },
    }
}

/// The choice of a field that differs; nothing is chosen beforehand.
fn keep(asked: &Asked<'_>, line: &Line, open: bool) -> Markup {
    let Some(field) = line.field else {
        let words = match (&line.left, &line.right) {
            _ if line.words == "Hospital No." => "both kept",
            (Some(left), Some(right)) if left == right => "same",
            (Some(_), Some(_)) => "both kept",
            (None, None) => "",
            _ => "the one known",
        };
        return html! { span.al-muted.al-small { (words) } };
    };
    let before = asked.of.review.keep.iter().find(|(of, _)| of == field).map(|(_, side)| *side);
    let chosen = |code: &str| match asked.typed.text(field) {
        "" => before.is_some_and(|side| administration::merging::Side::of_code(code) == Some(side)),
        typed => typed == code,
    };
    html! {
        span.al-pick role="radiogroup" aria-label={ "Keep " (line.words) } id=(field) {
            @for (code, words) in [("left", "Left"), ("right", "Right")] {
                input type="radio" form="ask" name=(field) id={ (field) "-" (code) } value=(code) checked[chosen(code)]
                    disabled[!open];
                label for={ (field) "-" (code) } { (words) }
            }
        }
    }
}

fn holds(of: &Compared) -> Markup {
    let table = html! {
        table.al-t.al-board {
            thead { tr {
                th scope="col" { "Kind" } th.al-num scope="col" { "Left" } th.al-num scope="col" { "Right" }
                th scope="col" { "After a merge" }
            } }
            tbody {
                @for holds in &of.effects.holds {
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

/// The first person's part. The form's fields stand in the table too.
fn ask(asked: &Asked<'_>) -> Markup {
    let typed = asked.typed;
    html! {
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
            p.al-small.al-flush { "Nothing changes until a second person agrees: not you, and not someone you chose." }
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

fn if_wrong(setting: &Setting, asked: &Asked<'_>) -> Markup {
    let back = setting.links.duplicate(&asked.of.review.id);
    let body = html! {
        div.al-panel__b.al-stack {
            p.al-flush {
                "Taking a merge apart stays possible for ever. What was written since the merge is given to one of the two, item by "
                "item; until then it shows as neither's."
            }
            @if asked.of.review.state == ReviewState::Merged {
                form.al-stack method="post" action={ (back) "/unmerge" } {
                    (hidden(setting))
                    label.al-lab for="unmerge-why" { "Why they are two people" }
                    textarea.al-ta.al-wf #unmerge-why name="why" rows="2" maxlength="1000" { (asked.typed.text("why")) }
                    button.al-btn type="submit" { "Take the merge apart" }
                }
            }
        }
    };
    panel(&head("If it turns out wrong", None), &body)
}
