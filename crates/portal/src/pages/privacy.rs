//! The privacy officer's pages: where they begin, and restricted access to review, by who opened. One or several of one
//! person are reviewed together; no judgement is chosen beforehand. Identity and reasons, no clinical content.

use administration::Refusal;
use administration::restricted_access::OUTCOMES;
use maud::{Markup, html};

use crate::act::Typed;
use crate::components::counter::{Counter, counter};
use crate::components::frame::page;
use crate::components::notice::empty;
use crate::components::panel::{Head, panel};
use crate::components::tag::tag;
use crate::components::time;
use crate::gather::privacy::{OfOne, Row, ToReview};
use crate::pages::fields::Fields;
use crate::pages::home::{Card, due_words, greeting_head};
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted, number, short_moment};

/// What stands before the id of an opening in the name of its box.
pub(crate) const BOX: &str = "opening-";

/// Where a privacy officer begins.
pub(crate) fn privacy_home_page(setting: &Setting, card: &Card) -> Markup {
    let content = html! {
        (greeting_head(setting))
        section aria-labelledby="to-review" {
            div.al-row.al-lost {
                h2 #to-review { "To review: " (setting.trust) }
                span.al-muted { "The number is the list that it leads to." }
            }
            div.al-counters { (counter(&Counter {
                number: card.number,
                noun: &card.noun,
                scope: &card.scope,
                standing: card.standing,
                href: &card.href,
            })) }
        }
        p.al-mt {
            "Who has looked at a patient, and why, is on the patient's own list: "
            a href=(setting.links.patients()) { "find the patient" } "."
        }
    };
    page(&setting.frame("Home", &setting.trust, Rail::Home), &content)
}

/// The list with its forms.
pub(crate) struct ReviewPage<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) done: Option<Markup>,
    pub(crate) found: &'a ToReview,
    /// Who reads it: they do not review themselves.
    pub(crate) reader: &'a str,
    pub(crate) typed: &'a Typed,
    pub(crate) refusal: Option<&'a Refusal>,
    /// The next page.
    pub(crate) next: Option<String>,
}

/// The page.
pub(crate) fn review_page(of: &ReviewPage<'_>) -> Markup {
    let (total, late) = (of.found.counted.number, of.found.counted.late);
    let content = html! {
        div.al-head {
            div {
                h1 { "Restricted access to review" }
                p {
                    (number(total)) (if total == 1 { " opening" } else { " openings" }) " of restricted records, "
                    (number(late)) " late. The same list that the number on the home page counts."
                }
            }
            span.al-push { span.al-asat.al-asat--still { "As at " b { (time(&clock(of.setting.now))) } } }
        }
        (of.fields(None).summary())
        @if let Some(done) = &of.done { (done) }
        @if of.found.people.is_empty() {
            div.al-panel { (empty(&html! { "Nothing is to be reviewed now." })) }
        }
        div.al-stack { @for one in &of.found.people { (of_one(of, one)) } }
        @if let Some(next) = &of.next { p.al-mt { a href=(next) { "Next page" } } }
    };
    page(&of.setting.frame("Restricted access to review", &of.setting.trust, Rail::Home), &content)
}

impl ReviewPage<'_> {
    /// The fields of the form about one person; all of them for the summary.
    fn fields<'f>(&'f self, act: Option<&'f str>) -> Fields<'f> {
        let act = act.or_else(|| Some(self.typed.text("act")).filter(|act| !act.is_empty()));
        Fields { setting: self.setting, typed: self.typed, refusal: self.refusal, act, about: None }
    }
}

/// The name of a person's form: their id as the name of an element.
fn act_of(by: &str) -> String {
    let plain = by.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' });
    plain.collect()
}

fn of_one(of: &ReviewPage<'_>, one: &OfOne) -> Markup {
    let act = act_of(&one.by);
    let fields = of.fields(Some(&act));
    let is_own = one.by == of.reader;
    let account = one.by.split_once('/').map_or(one.by.as_str(), |(_, account)| account);
    let scope = html! { (account) ", " (counted(one.openings.len(), "opening", "openings")) };
    let table = table(of, one, (&fields, is_own));
    let body = html! {
        @if is_own {
            div.al-panel__b { (table) p { "You opened these yourself. Somebody else reviews them." } }
        } @else {
            (fields.form(&html! { (table) (judgement(&fields)) }, "Record the review"))
        }
    };
    panel(&Head { title: html! { (one.name) }, scope: Some(scope), end: None }, &body)
}

fn judgement(fields: &Fields<'_>) -> Markup {
    let (note, wrong) = (fields.id("note"), fields.wrong("note"));
    html! {
        (fields.radios("outcome", "What came of the review of those that are ticked", "", OUTCOMES))
        div.al-field {
            label for=(note) { "Note" }
            span.al-hint id=(format!("{note}-hint")) { "What you looked up. Needed unless it was appropriate." }
            (fields.message("note"))
            textarea.al-ta id=(note) name="note" rows="2" maxlength="500" aria-describedby=(format!("{note}-hint"))
                aria-invalid=[wrong.map(|_| "true")] { (fields.value("note")) }
        }
    }
}

fn table(of: &ReviewPage<'_>, one: &OfOne, (fields, is_own): (&Fields<'_>, bool)) -> Markup {
    let label = format!("Opened by {}", one.name);
    html! {
        fieldset.al-field id=(fields.id("openings")) tabindex="-1" {
            legend { "Which" }
            (fields.message("openings"))
            div.al-scroll tabindex="0" role="group" aria-label=(label) {
                table.al-t.al-board.al-cards {
                    thead {
                        tr {
                            th scope="col" { "When" } th scope="col" { "Patient" } th scope="col" { "Opened" }
                            th scope="col" { "Reason given" } th scope="col" { "Review due" }
                            th scope="col" { span.al-vh { "More" } }
                        }
                    }
                    tbody { @for row in &one.openings { (row_of(of, row, (fields, is_own))) } }
                }
            }
        }
    }
}

fn row_of(of: &ReviewPage<'_>, row: &Row, (fields, is_own): (&Fields<'_>, bool)) -> Markup {
    let (opening, setting) = (&row.opening, of.setting);
    let due = due_words(Some(row.due), setting.now);
    let name = format!("{BOX}{}", opening.id);
    let who = row.patient.as_ref().map_or("Not for you to see", |named| named.name.as_str());
    let is_ticked = !fields.value(&name).is_empty();
    html! {
        tr.is-alarm[due.is_late] data-row {
            td { (tag(due.weight, due.word)) }
            td.al-whole {
                @if is_own { span.al-name { (who) } } @else {
                    label.al-choice for=(name) {
                        input id=(name) type="checkbox" name=(name) value="yes" checked[is_ticked];
                        " " span.al-name { (who) }
                    }
                }
                @if let Some(named) = &row.patient { span.al-sub { (named.under) } }
            }
            td.al-nb data-label="Opened" { (time(&short_moment(opening.from, setting.now))) }
            td.al-whole data-label="Reason given" { (opening.why()) }
            td.al-nb.al-bad[due.is_late] data-label="Review due" { (due.words) }
            td {
                a href=(setting.links.who_looked(&opening.patient)) aria-label={ "Who has looked at " (who) } { "Who has looked" }
            }
        }
    }
}
