//! Downtime: what was issued on paper and what became of it, when the record could not be used, and what is left to enter.
//!
//! The sums stand on top: issued = used + void + open. Forms that were entered stand in the order in which it happened.

mod forms;
pub mod made;
pub mod paper;
pub mod sheets;

use std::collections::BTreeMap;

use administration::Refusal;
use administration::downtime::{Downtime, Number, Tally};
use administration::obligations::{DOWNTIME_NUMBER, RECORDS_TEAM};
use maud::{Markup, html};
use terms::Moment;

use crate::act::Typed;
use crate::components::frame::page;
use crate::components::notice::{Kind, empty, notice};
use crate::components::panel::{head, panel, wide};
use crate::components::tag::{Weight, tag};
use crate::components::time;
use crate::gather::downtime::Gathered;
use crate::pages::fields::Fields;
use crate::setting::{Rail, Setting};
use crate::words::{capital, clock, counted, day, number};

/// What the team that keeps records is called.
pub(crate) const RECORDS: &str = "Health records";

/// The page.
pub(crate) struct DowntimePage<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) of: &'a Gathered,
    pub(crate) typed: &'a Typed,
    /// Why the form that was sent was refused.
    pub(crate) refusal: Option<&'a Refusal>,
    /// What was done.
    pub(crate) notice: Option<&'a Markup>,
}

impl<'a> DowntimePage<'a> {
    fn form(&self, act: &'a str) -> Fields<'a> {
        Fields { setting: self.setting, typed: self.typed, refusal: self.refusal, act: Some(act), about: None }
    }
}

/// The page.
pub(crate) fn downtime_page(of: &DowntimePage<'_>) -> Markup {
    let account = &of.of.account;
    let content = html! {
        (of.form(sent(of)).summary())
        @if let Some(notice) = of.notice { (notice) }
        div.al-head {
            div {
                h1 { "Downtime" }
                p { "Every number and form that was issued on paper, until each is entered or void." }
            }
            span.al-asat.al-asat--still.al-push { "As at " b { (time(&clock(of.setting.now))) } }
        }
        @if let Some(downtime) = account.goes_on() {
            (notice(Kind::Warning, &html! {
                "A downtime goes on since " (moment(downtime.began)) ", says " (downtime.begun_by) ": " (downtime.reason) ". "
                "End it when the record can be used again: then each number that is open is counted."
            }, None))
        }
        div.al-grid.al-split {
            div.al-stack { (sums(of)) (open(of)) (entered(of)) (voided(of)) }
            div.al-stack { (times(of)) (papers(of)) (issue(of)) }
        }
    };
    page(&of.setting.frame("Downtime", "Health records", Rail::More), &content)
}

/// The form that was sent.
fn sent<'a>(of: &DowntimePage<'a>) -> &'a str {
    of.typed.text("act")
}

fn moment(at: Moment) -> Markup {
    html! { (time(&day(at))) " " (time(&clock(at))) }
}

fn sums(of: &DowntimePage<'_>) -> Markup {
    let account = &of.of.account;
    let table = html! {
        table.al-t {
            thead { tr {
                th scope="col" { "What" }
                @for words in ["Issued", "Used", "Void", "Open"] { th.al-num scope="col" { (words) } }
                th scope="col" { "Sum" }
            } }
            tbody { @for tally in &account.tallies { (sum(tally)) } }
        }
    };
    let owed = account.owed();
    let scope = html! {
        @if owed == 0 { "Nothing is owed after a downtime." }
        @else { a href=(of.setting.links.owed(DOWNTIME_NUMBER.code, "all")) { (counted(owed, DOWNTIME_NUMBER.words.0, DOWNTIME_NUMBER.words.1)) } }
    };
    panel(&head("The account", Some(scope)), &wide("The account", &table))
}

fn sum(tally: &Tally) -> Markup {
    html! {
        tr {
            th scope="row" { (capital(tally.kind.words().1)) }
            @for count in [tally.issued, tally.used, tally.void, tally.open] { td.al-num { (number(count)) } }
            td {
                @if tally.agrees() { (tag(Weight::Good, "Agrees")) }
                @else if tally.missing() > 0 {
                    (tag(Weight::Danger, "Does not agree")) " "
                    (number(tally.missing())) " issued and not here any more: they were deleted. Ask who deleted them."
                } @else { (tag(Weight::Danger, "Does not agree")) " more are here than were issued." }
            }
        }
    }
}

/// Open numbers by sheet: who has it, since when.
fn sheets_of(open: &[Number]) -> BTreeMap<&str, Vec<&Number>> {
    let mut sheets: BTreeMap<&str, Vec<&Number>> = BTreeMap::new();
    for number in open {
        sheets.entry(&number.block).or_default().push(number);
    }
    sheets
}

fn sheet_words(numbers: &[&Number]) -> String {
    let Some(first) = numbers.first() else { return String::new() };
    let issued = first.issued.map(|at| format!(", issued {} {}", day(at).text, clock(at).text)).unwrap_or_default();
    format!("{}{issued}", first.owner.1)
}

fn open(of: &DowntimePage<'_>) -> Markup {
    let open = &of.of.account.open;
    let sheets = sheets_of(open);
    let form = of.form("void");
    let rest = sheets.iter().map(|(block, numbers)| {
        (format!("rest {block}"), format!("All {} left of: {}", numbers.len(), sheet_words(numbers)))
    });
    let single = open.iter().map(|number| (number.id.clone(), format!("{}, {}", number.printed, number.owner.1)));
    let options: Vec<(String, String)> = rest.chain(single).collect();
    let fields = html! {
        (form.choice("which", ("Which?", "Choose"), "", &options))
        (form.text("reason", ("Why is it not used?", "such as: sheet destroyed, label torn, entered under another number"), "", None))
    };
    let body = html! {
        @if open.is_empty() { (empty(&html! { "No number is open. Issue numbers before they are needed, and print the sheet." })) }
        @else {
            table.al-t {
                thead { tr { th scope="col" { "Sheet" } th scope="col" { "Open" } } }
                tbody { @for numbers in sheets.values() {
                    tr {
                        th scope="row" { (sheet_words(numbers)) }
                        td { @for number in numbers { span.al-nb { (number.printed) } " " } }
                    }
                } }
            }
            (form.folded("Void numbers", &fields, "Void"))
        }
    };
    panel(
        &head(
            "Open",
            Some(
                html! { (counted(open.len(), "number", "numbers")) ". A form is entered where it belongs: on the ward’s board, the stay, the emergency department or the registration, with its number." },
            ),
        ),
        &body,
    )
}

/// Forms and numbers that were entered.
fn entered(of: &DowntimePage<'_>) -> Markup {
    let used = &of.of.account.used;
    let table = html! {
        table.al-t.al-cards {
            thead { tr {
                @for words in ["Number", "Happened", "Entered", "By", "Patient"] { th scope="col" { (words) } }
            } }
            tbody { @for number in used {
                tr {
                    th.al-nb scope="row" { (number.printed) }
                    td data-label="Happened" { @if let Some(at) = number.happened { (moment(at)) } }
                    td data-label="Entered" { @if let Some(at) = number.entered { (moment(at)) } }
                    td data-label="By" { (number.by.as_deref().unwrap_or("Not recorded")) }
                    td { (whom(of, number)) }
                }
            } }
        }
    };
    let body = html! {
        @if used.is_empty() { (empty(&html! { "No form has been entered." })) } @else { (wide("Entered", &table)) }
        @if of.of.account.is_cut { p.al-panel__f { "There are more than are listed here; the sums above count all." } }
    };
    panel(&head("Entered", Some(html! { "in the order in which it happened" })), &body)
}

fn whom(of: &DowntimePage<'_>, number: &Number) -> Markup {
    let patient = number.used_for.iter().find_map(|used| of.of.patients.get(used));
    let named = patient.and_then(|id| Some((id, of.of.people.get(id)?)));
    html! {
        @match named {
            Some((id, named)) => a href=(of.setting.links.patient(id)) { (named.name) },
            None => "Not for your role to see",
        }
    }
}

fn voided(of: &DowntimePage<'_>) -> Markup {
    let void = &of.of.account.void;
    if void.is_empty() {
        return html! {};
    }
    let table = html! {
        table.al-t.al-cards {
            thead { tr { @for words in ["Number", "Why", "By"] { th scope="col" { (words) } } } }
            tbody { @for number in void {
                tr {
                    th.al-nb scope="row" { (number.printed) }
                    td { (number.reason.as_deref().unwrap_or_default()) }
                    td data-label="By" { (number.by.as_deref().unwrap_or("Not recorded")) }
                }
            } }
        }
    };
    panel(&head("Void", Some(html! { (counted(void.len(), "number", "numbers")) })), &wide("Void", &table))
}

/// When it began and ended.
fn times(of: &DowntimePage<'_>) -> Markup {
    let account = &of.of.account;
    let form = match account.goes_on() {
        Some(downtime) => end(of, downtime),
        None => begin(of),
    };
    let body = html! {
        @if account.downtimes.is_empty() { (empty(&html! { "No downtime has been recorded." })) }
        @else {
            ul.al-panel__b.al-plainlist { @for downtime in &account.downtimes { li { (line(downtime)) } } }
        }
        (form)
    };
    panel(&head("Downtimes", Some(html! { "at real times, said by a named person" })), &body)
}

fn line(downtime: &Downtime) -> Markup {
    html! {
        b { (downtime.reason) }
        span.al-sub {
            (moment(downtime.began)) ", says " (downtime.begun_by)
            @match downtime.ended {
                Some(ended) => { " to " (moment(ended)) @if let Some(by) = &downtime.ended_by { ", says " (by) } },
                None => ", not ended",
            }
        }
    }
}

fn begin(of: &DowntimePage<'_>) -> Markup {
    let form = of.form("begin");
    let fields = html! {
        (form.text("reason", ("Why could the record not be used?", "such as: no network on the site"), "", None))
        (form.when("Since when?", false))
    };
    form.folded("A downtime has begun", &fields, "Record its beginning")
}

fn end(of: &DowntimePage<'_>, downtime: &Downtime) -> Markup {
    let form = of.form("end");
    let fields = html! {
        input type="hidden" name="downtime" value=(downtime.id);
        p.al-flush { "From then on every number that is open is owed: by the ward that has it, within 48 hours." }
        (form.when("Since when can the record be used again?", false))
    };
    form.folded("The downtime has ended", &fields, "Record its end")
}

fn papers(of: &DowntimePage<'_>) -> Markup {
    panel(
        &head("Paper", None),
        &html! {
            div.al-panel__b.al-stack {
                p.al-flush { a href=(of.setting.links.downtime_sheets()) { "Sheets of this host" } ": ward lists, to come in, emergency department, blank forms, open numbers; made every night and when somebody asks." }
            }
        },
    )
}

fn issue(of: &DowntimePage<'_>) -> Markup {
    let form = of.form("issue");
    let places = of.of.places.iter().map(|place| (format!("place/{}", place.id), place.title()));
    let owners: Vec<(String, String)> =
        std::iter::once((RECORDS_TEAM.to_owned(), RECORDS.to_owned())).chain(places).collect();
    let fields = html! {
        (form.choice("owner", ("Who gets them?", "Choose"), "", &owners))
        (form.line("forms", "Form numbers", "at most 100, such as 20", 6))
        (form.line("hospital", "Hospital numbers", "at most 100, from a block of their own", 6))
        p.al-flush { "Then make new sheets and print the numbers. A number is issued once and never comes back." }
    };
    form.folded("Issue numbers", &fields, "Issue")
}
