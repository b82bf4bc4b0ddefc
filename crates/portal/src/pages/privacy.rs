//! The privacy officer's pages: where they begin, and restricted access to review and to follow up, by who opened. One or
//! several of one person are judged together; no judgement is chosen beforehand. Identity and reasons, no clinical content.

use administration::Refusal;
use administration::restricted_access::{FOLLOW_UP_OUTCOMES, FOLLOWED_UP_WITHIN_DAYS, OUTCOMES};
use maud::{Markup, html};

use crate::act::Typed;
use crate::components::counter::{Counter, counter};
use crate::components::frame::page;
use crate::components::notice::empty;
use crate::components::panel::{Head, panel};
use crate::components::tag::tag;
use crate::components::time;
use crate::gather::privacy::{OfOne, Row, ToJudge};
use crate::pages::fields::Fields;
use crate::pages::home::{Card, due_words, greeting_head};
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted, number, short_moment};

/// What stands before the id of an opening in the name of its box.
pub(crate) const BOX: &str = "opening-";

/// Which of the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// What is to be reviewed.
    Review,
    /// What is to be followed up after its review.
    FollowUp,
}

impl Step {
    fn title(self) -> &'static str {
        match self {
            Step::Review => "Restricted access to review",
            Step::FollowUp => "Restricted access to follow up",
        }
    }

    fn nothing(self) -> &'static str {
        match self {
            Step::Review => "Nothing is to be reviewed now.",
            Step::FollowUp => "Nothing is to be followed up now.",
        }
    }

    fn button(self) -> &'static str {
        match self {
            Step::Review => "Record the review",
            Step::FollowUp => "Record the follow-up",
        }
    }
}

/// Where a privacy officer begins.
pub(crate) fn privacy_home_page(setting: &Setting, cards: &[Card]) -> Markup {
    let content = html! {
        (greeting_head(setting))
        section aria-labelledby="to-review" {
            div.al-row.al-lost {
                h2 #to-review { "To review and to follow up: " (setting.trust) }
                span.al-muted { "Each number is the list that it leads to." }
            }
            div.al-counters {
                @for card in cards {
                    (counter(&Counter {
                        number: card.number,
                        noun: &card.noun,
                        scope: &card.scope,
                        standing: card.standing,
                        href: &card.href,
                    }))
                }
            }
        }
        p.al-mt {
            "Who has looked at a patient, and why, is on the patient's own list: "
            a href=(setting.links.patients()) { "find the patient" } "."
        }
    };
    page(&setting.frame("Home", &setting.trust, Rail::Home), &content)
}

/// A list with its forms.
pub(crate) struct JudgePage<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) step: Step,
    pub(crate) done: Option<Markup>,
    pub(crate) found: &'a ToJudge,
    /// Who reads it: they do not judge themselves.
    pub(crate) reader: &'a str,
    pub(crate) typed: &'a Typed,
    pub(crate) refusal: Option<&'a Refusal>,
    /// The next page.
    pub(crate) next: Option<String>,
}

/// The page.
pub(crate) fn judge_page(of: &JudgePage<'_>) -> Markup {
    let (total, late) = (of.found.counted.number, of.found.counted.late);
    let content = html! {
        div.al-head {
            div {
                h1 { (of.step.title()) }
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
            div.al-panel { (empty(&html! { (of.step.nothing()) })) }
        }
        div.al-stack { @for one in &of.found.people { (of_one(of, one)) } }
        @if let Some(next) = &of.next { p.al-mt { a href=(next) { "Next page" } } }
    };
    page(&of.setting.frame(of.step.title(), &of.setting.trust, Rail::Home), &content)
}

impl JudgePage<'_> {
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

fn of_one(of: &JudgePage<'_>, one: &OfOne) -> Markup {
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
            (fields.form(&html! { (table) (judgement(of.step, &fields)) }, of.step.button()))
        }
    };
    panel(&Head { title: html! { (one.name) }, scope: Some(scope), end: None }, &body)
}

fn judgement(step: Step, fields: &Fields<'_>) -> Markup {
    let hint = format!(
        "What you looked up. Needed unless it was appropriate. What is to be followed up is asked for within \
         {FOLLOWED_UP_WITHIN_DAYS} days."
    );
    let to = ("Passed to", "a name or a job; only if somebody else goes on with it");
    html! {
        @match step {
            Step::Review => {
                (fields.radios("outcome", "What came of the review of those that are ticked", "", OUTCOMES))
                (words(fields, "note", "Note", &hint))
            }
            Step::FollowUp => {
                (words(fields, "action", "What was done about those that are ticked", "Who was asked, and what was agreed."))
                (fields.radios("outcome", "What came of it", "", FOLLOW_UP_OUTCOMES))
                (fields.line("to", to.0, to.1, 40))
            }
        }
    }
}

/// A few lines to write.
fn words(fields: &Fields<'_>, name: &str, label: &str, hint: &str) -> Markup {
    let (id, wrong) = (fields.id(name), fields.wrong(name));
    html! {
        div.al-field {
            label for=(id) { (label) }
            span.al-hint id=(format!("{id}-hint")) { (hint) }
            (fields.message(name))
            textarea.al-ta id=(id) name=(name) rows="2" maxlength="500" aria-describedby=(format!("{id}-hint"))
                aria-invalid=[wrong.map(|_| "true")] { (fields.value(name)) }
        }
    }
}

fn table(of: &JudgePage<'_>, one: &OfOne, (fields, is_own): (&Fields<'_>, bool)) -> Markup {
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
                            th scope="col" { "Reason given" }
                            @if of.step == Step::FollowUp { th scope="col" { "Review" } }
                            th scope="col" { "Due" }
                            th scope="col" { span.al-vh { "More" } }
                        }
                    }
                    tbody { @for row in &one.openings { (row_of(of, row, (fields, is_own))) } }
                }
            }
        }
    }
}

fn row_of(of: &JudgePage<'_>, row: &Row, (fields, is_own): (&Fields<'_>, bool)) -> Markup {
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
            @if of.step == Step::FollowUp { td.al-whole data-label="Review" { (review_words(row, setting)) } }
            td.al-nb.al-bad[due.is_late] data-label="Due" { (due.words) }
            td {
                a href=(setting.links.who_looked(&opening.patient)) aria-label={ "Who has looked at " (who) } { "Who has looked" }
            }
        }
    }
}

/// What came of the review, when and by whom.
fn review_words(row: &Row, setting: &Setting) -> Markup {
    html! {
        @if let Some(review) = &row.review {
            (review.words())
            span.al-sub { (time(&short_moment(review.at, setting.now))) ", " (review.name) }
        }
    }
}
