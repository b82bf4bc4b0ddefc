//! A merge that was wrong: the form that takes it apart, which asks for everything in force whose it is, and the list of
//! what is left to give out, item by item in words. Nothing is chosen beforehand.

use clinical::identity::Identity;
use maud::{Markup, html};

use administration::merging::ReviewState;

use super::Asked;
use crate::act::hidden;
use crate::components::notice::{Kind, empty, notice};
use crate::components::panel::{head, panel, wide};
use crate::components::{or_not_known, time};
use crate::gather::duplicates::Left;
use crate::gather::items::ItemWords;
use crate::pages::patient::name_words;
use crate::setting::Setting;
use crate::words::{clock, counted, day};

/// What the names of the fields begin with that say whose an item is: the rest is the item.
pub(crate) const GIVEN: &str = "given:";

/// What to do when a merge turns out wrong.
pub(super) fn if_wrong(setting: &Setting, asked: &Asked<'_>) -> Markup {
    let back = setting.links.duplicate(&asked.of.review.id);
    let body = html! {
        div.al-panel__b.al-stack {
            p.al-flush {
                "Taking a merge apart stays possible for ever. What was written since the merge is given to one of the two: what is in "
                "force at once, the rest item by item; until then it shows as neither's."
            }
            @if asked.of.review.state == ReviewState::Merged {
                form.al-stack method="post" action={ (back) "/unmerge" } {
                    (hidden(setting))
                    (in_force(asked))
                    label.al-lab for="unmerge-why" { "Why they are two people" }
                    textarea.al-ta.al-wf #unmerge-why name="why" rows="2" maxlength="1000" { (asked.typed.text("why")) }
                    button.al-btn type="submit" { "Take the merge apart" }
                }
            }
        }
    };
    panel(&head("If it turns out wrong", None), &body)
}

/// What is in force of what was written since the merge, each with the two people.
fn in_force(asked: &Asked<'_>) -> Markup {
    let of = asked.of;
    let names = (name_words(&of.left), name_words(&of.right));
    html! {
        div.al-stack #given {
            @if of.in_force.is_empty() {
                p.al-flush { "Nothing that is in force was written since the merge." }
            } @else {
                p.al-flush {
                    b { "Whose is each of these " (counted(of.in_force.len(), "item", "items")) "?" }
                    " They were written since the merge and are in force: somebody is in a bed, is warned of or is to have something by "
                    "them. If you cannot find out whose an allergy is, give it to one and record it for the other too."
                }
                @for item in &of.in_force { (whose(asked, item, &names)) }
            }
        }
    }
}

/// One item with a choice of two.
fn whose(asked: &Asked<'_>, item: &ItemWords, names: &(String, String)) -> Markup {
    let field = format!("{GIVEN}{}", item.reference);
    let said = asked.typed.text(&field);
    html! {
        fieldset.al-radios {
            legend.al-lab { (item.kind) @if let Some(what) = &item.what { ": " (what) } }
            span.al-sub { (when_and_where(item)) @if let Some(under) = under(asked, item, names) { ". Came for " (under) } }
            @for (code, words, name) in [("left", "Left", &names.0), ("right", "Right", &names.1)] {
                label.al-radio {
                    input type="radio" name=(field) value=(code) checked[said == code];
                    " " (words) ": " (name)
                }
            }
        }
    }
}

/// Under whose name an item came: a system that still names the record that was merged away tells whose it is.
fn under(asked: &Asked<'_>, item: &ItemWords, names: &(String, String)) -> Option<String> {
    let patient = item.patient.as_deref()?;
    let pair = &asked.of.review.pair;
    if patient == pair.left {
        Some(format!("the left, {}", names.0))
    } else {
        (patient == pair.right).then(|| format!("the right, {}", names.1))
    }
}

fn when_and_where(item: &ItemWords) -> Markup {
    html! {
        (time(&item.when))
        @if let Some(from) = &item.from { " · " (from) }
    }
}

/// What unmerges left: each item in words with two buttons, one for each person.
pub(super) fn to_give_out(setting: &Setting, lists: &[Left]) -> Markup {
    let left: usize = lists.iter().map(|one| one.list.left()).sum();
    let body = html! {
        @if left == 0 { (empty(&html! { "Nothing waits to be given out. What was written while two people were one shows here." })) }
        @for one in lists { (list(setting, one)) }
    };
    panel(&head("To give out after an unmerge", Some(html! { (counted(left, "item", "items")) })), &body)
}

fn list(setting: &Setting, of: &Left) -> Markup {
    let (list, all) = (&of.list, of.list.items.len());
    let people = [(&list.pair.left, of.people.0.as_ref()), (&list.pair.right, of.people.1.as_ref())];
    let title = format!("{} and {}", person(people[0].1), person(people[1].1));
    let hidden_yet = list.left() - of.items.len();
    html! {
        div.al-panel__b.al-stack {
            h3.al-flush { (title) }
            p.al-flush {
                @if let Some(since) = list.since { "Taken apart " (time(&day(since))) " " (time(&clock(since))) ". " }
                (all - list.left()) " of " (counted(all, "item", "items")) " given. "
                "An item that is not given shows as neither's."
            }
            @if hidden_yet > 0 {
                (notice(Kind::Note, &html! { "The first " (of.items.len()) " are shown. " (hidden_yet) " more follow as these are given." }, None))
            }
            (wide(&title, &html! {
                table.al-t.al-board.al-cards {
                    thead { tr {
                        th scope="col" { "What" } th scope="col" { "When" } th scope="col" { "From" } th scope="col" { "Whose it is" }
                    } }
                    tbody { @for item in &of.items { (row(setting, &list.list, item, people)) } }
                }
            }))
        }
    }
}

fn row(setting: &Setting, list: &str, item: &ItemWords, people: [(&String, Option<&Identity>); 2]) -> Markup {
    html! {
        tr data-row="" {
            th scope="row" { b { (item.kind) } @if let Some(what) = &item.what { span.al-sub { (what) } } }
            td data-label="When" { (time(&item.when)) }
            td data-label="From" { (or_not_known(item.from.as_deref())) }
            td data-label="Whose it is" {
                form.al-row method="post" action=(setting.links.give_out(list)) {
                    (hidden(setting))
                    input type="hidden" name="item" value=(item.reference);
                    @for (id, of) in people {
                        button.al-btn type="submit" name="to" value=(id) {
                            (person(of)) span.al-vh { ": " (item.kind) " " (item.what.as_deref().unwrap_or_default()) }
                        }
                    }
                }
            }
        }
    }
}

fn person(of: Option<&Identity>) -> String {
    of.map_or_else(|| "a record that cannot be read".to_owned(), name_words)
}
