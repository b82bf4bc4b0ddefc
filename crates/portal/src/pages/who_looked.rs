//! *Who has looked at this patient, and why*: one line for each person and shift, newest first, from the access journal;
//! and beside these, by time, who has changed something of the record, from the journal of changes.
//!
//! Shows identity and no clinical content. The reader's own view is in the list too.

use maud::{Markup, html};

use crate::components::access_row::{AccessRow, HEADINGS, access_row};
use crate::components::banner::{Banner, full_name};
use crate::components::counter::{Standing, figure};
use crate::components::frame::page;
use crate::components::notice::empty;
use crate::components::panel::{Head, panel_head};
use crate::components::{or_not_known, time};
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted, number};

/// How far back the list reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Period {
    /// The last 7 days.
    Week,
    /// The last 12 months.
    #[default]
    Year,
    /// As long as there is an access journal.
    All,
}

impl Period {
    const ALL: [Period; 3] = [Period::Week, Period::Year, Period::All];

    /// The period of a code in an address.
    pub fn of_code(code: &str) -> Period {
        Period::ALL.into_iter().find(|period| period.code() == code).unwrap_or_default()
    }

    /// Its length; none when it has no beginning.
    pub const fn days(self) -> Option<i64> {
        match self {
            Period::Week => Some(7),
            Period::Year => Some(365),
            Period::All => None,
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Period::Week => "7d",
            Period::Year => "12m",
            Period::All => "all",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Period::Week => "7 days",
            Period::Year => "12 months",
            Period::All => "All",
        }
    }

    /// The period at the end of a sentence.
    const fn scope(self) -> &'static str {
        match self {
            Period::Week => "in 7 days",
            Period::Year => "in 12 months",
            Period::All => "since the record began",
        }
    }
}

/// Which views and changes the list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// All of them.
    #[default]
    Everything,
    /// The patient was opened on a page.
    Opened,
    /// The patient was a row of a search.
    Search,
    /// Something of the record was changed.
    Changed,
    /// A restricted record was opened with a reason.
    BreakGlass,
    /// Software read the record.
    Software,
    /// Somebody asked and was not let in.
    Refused,
}

impl Kind {
    const ALL: [Kind; 7] =
        [Kind::Everything, Kind::Opened, Kind::Search, Kind::Changed, Kind::BreakGlass, Kind::Software, Kind::Refused];

    /// The kind of a code in an address.
    pub fn of_code(code: &str) -> Kind {
        Kind::ALL.into_iter().find(|kind| kind.code() == code).unwrap_or_default()
    }

    const fn code(self) -> &'static str {
        match self {
            Kind::Everything => "",
            Kind::Opened => "opened",
            Kind::Search => "search",
            Kind::Changed => "changed",
            Kind::BreakGlass => "break-glass",
            Kind::Software => "software",
            Kind::Refused => "refused",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Kind::Everything => "Everything",
            Kind::Opened => "Opened",
            Kind::Search => "In a search",
            Kind::Changed => "Changed",
            Kind::BreakGlass => "Break-glass",
            Kind::Software => "Software",
            Kind::Refused => "Not let in",
        }
    }
}

/// What the list is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Narrowed {
    /// How far back.
    pub period: Period,
    /// Which views and changes.
    pub kind: Kind,
    /// Only this person's, by stable id.
    pub who: Option<String>,
    /// The page of the list, from 1.
    pub page: usize,
}

/// What was found. The numbers are of the period; the lines are narrowed further.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looked {
    /// The lines of this page, newest first.
    pub rows: Vec<AccessRow>,
    /// How many lines there are on all pages.
    pub lines: usize,
    /// This page.
    pub page: usize,
    /// How many pages there are, at least one.
    pub pages: usize,
    /// People and software that looked, in the period.
    pub people: usize,
    /// Views that a link explains.
    pub explained: u64,
    /// Views of a restricted record that was opened with a reason.
    pub break_glass: u64,
    /// Views by a role that reaches every patient.
    pub by_role: u64,
    /// Refusals.
    pub refused: u64,
    /// Commits that changed something of the patient's record.
    pub changes: u64,
    /// People and software that made them.
    pub authors: usize,
    /// The name of the person the list is narrowed to.
    pub who: Option<String>,
    /// Whether there are more views or changes than were read.
    pub cut: bool,
    /// Whether changes from before this release may be missing still.
    pub incomplete: bool,
}

/// What the page shows.
#[derive(Debug, Clone)]
pub struct WhoLooked<'a> {
    /// The setting.
    pub setting: &'a Setting,
    /// Who the patient is.
    pub banner: &'a Banner,
    /// The page's address without what narrows it.
    pub href: &'a str,
    /// The patient's summary; none for roles that do not open it.
    pub summary: Option<&'a str>,
    /// What the list is narrowed to.
    pub asked: &'a Narrowed,
    /// What was found.
    pub looked: &'a Looked,
}

/// The page.
pub fn who_looked_page(of: &WhoLooked<'_>) -> Markup {
    let content = html! {
        (page_head(of))
        (identity_line(of.banner, "No clinical content on this page. Your own view of it is in the list too."))
        (figures(of))
        (list(of))
    };
    page(&of.setting.frame("Who has looked", "Access log", Rail::Patients), &content)
}

fn figures(of: &WhoLooked<'_>) -> Markup {
    let (looked, scope) = (of.looked, of.asked.period.scope());
    let views = looked.explained + looked.break_glass + looked.by_role;
    html! {
        div.al-kpis.al-kpis--5 {
            (figure(Standing::Plain, &number(views), &html! {
                (if views == 1 { "view " } else { "views " }) (scope) ", by " (counted(looked.people, "reader", "readers"))
            }))
            (figure(Standing::Plain, &number(looked.explained), &html! {
                "explained by a link that the permit names"
                @if looked.break_glass > 0 { "; " (number(looked.break_glass)) " more by break-glass, with a reason" }
            }))
            (figure(Standing::Plain, &number(looked.by_role), &html! { "by role alone: no link of care is recorded. Treat as not explained." }))
            (figure(Standing::Plain, &number(looked.refused), &html! { "asked and not opened, " (scope) }))
            (figure(Standing::Plain, &number(looked.changes), &html! {
                (if looked.changes == 1 { "change " } else { "changes " }) (scope) ", by " (counted(looked.authors, "author", "authors"))
            }))
        }
    }
}

/// The address of the list narrowed otherwise.
fn address(of: &WhoLooked<'_>, asked: &Narrowed) -> String {
    let mut address = format!("{}?period={}", of.href, asked.period.code());
    if asked.kind != Kind::Everything {
        address.push_str(&format!("&kind={}", asked.kind.code()));
    }
    if let Some(who) = &asked.who {
        address.push_str(&format!("&who={}", crate::link::encode(who)));
    }
    if asked.page > 1 {
        address.push_str(&format!("&page={}", asked.page));
    }
    address
}

fn page_head(of: &WhoLooked<'_>) -> Markup {
    html! {
        div.al-head {
            div {
                p {
                    a href=(of.setting.links.patients()) { "Patients" }
                    @if let Some(summary) = of.summary { " / " a href=(summary) { "Summary" } }
                    " / Who has looked"
                }
                h1 { "Who has looked at this patient, and why" }
            }
            div.al-row.al-push { span.al-asat { "As at " b { (time(&clock(of.setting.now))) } } }
        }
    }
}

/// Who the patient is, on one line: not the banner, so that it is not taken for the open record. `end` says what the page
/// does not show.
pub(crate) fn identity_line(of: &Banner, end: &str) -> Markup {
    html! {
        div.al-panel.al-idline {
            div.al-panel__b.al-row {
                b { (full_name(of.family.as_deref(), &of.given, of.title.as_deref())) }
                span {
                    span.al-muted { "Born" } " "
                    b {
                        @match &of.born { Some(born) => (time(born)), None => "Not known" }
                        @if let (Some(age), None) = (&of.age, &of.died) { " (" (age) ")" }
                    }
                }
                @if of.died.is_some() { span { b { "Died" } } }
                span { span.al-muted { "Gender" } " " b { (or_not_known(of.gender.as_deref())) } }
                span { span.al-muted { "NHS No." } " " b { span.al-nhs { (or_not_known(of.nhs_number.as_deref())) } } }
                span.al-push.al-muted { (end) }
            }
        }
    }
}

fn list(of: &WhoLooked<'_>) -> Markup {
    let head = Head {
        title: html! { "Views and changes, newest first" },
        scope: Some(html! { "one line for each person and shift, " (of.asked.period.scope()) }),
        end: Some(&periods(of)),
    };
    html! {
        section.al-panel #views {
            (panel_head(&head))
            (filters(of))
            @if of.looked.rows.is_empty() { (nobody(of)) } @else { (table(of)) (pages(of)) }
            div.al-panel__f {
                @if of.looked.cut {
                    "There are more views or changes than one page can read: the newest are counted and shown. "
                }
                @if of.looked.incomplete {
                    "Changes from before this release are still being listed: some may be missing. "
                }
                "The link is what the permit of the time said; nobody types it. Stays, teams, referrals and tasks are not "
                "looked up yet. Of a change the list says how much of which type, and never what it says. Views are sealed "
                "by the access journal and changes by the journal: no one can take a line out."
            }
        }
    }
}

fn periods(of: &WhoLooked<'_>) -> Markup {
    html! {
        span.al-seg role="group" aria-label="How far back" {
            @for period in Period::ALL {
                @let asked = Narrowed { period, page: 1, ..of.asked.clone() };
                a.al-btn href=(address(of, &asked)) aria-current=[(period == of.asked.period).then_some("true")] { (period.words()) }
            }
        }
    }
}

fn filters(of: &WhoLooked<'_>) -> Markup {
    html! {
        div.al-panel__b.al-row.al-filters {
            span.al-lab { "Only" }
            span.al-seg.al-seg--wrap role="group" aria-label="Which views and changes" {
                @for kind in Kind::ALL {
                    @let asked = Narrowed { kind, page: 1, ..of.asked.clone() };
                    a.al-btn href=(address(of, &asked)) aria-current=[(kind == of.asked.kind).then_some("true")] { (kind.words()) }
                }
            }
            @if let Some(who) = &of.looked.who {
                span { "by " b { (who) } " " a href=(address(of, &everyone(of.asked))) { "Show everyone" } }
            }
        }
    }
}

fn everyone(asked: &Narrowed) -> Narrowed {
    Narrowed { who: None, page: 1, ..asked.clone() }
}

fn nobody(of: &WhoLooked<'_>) -> Markup {
    let narrowed = of.asked.kind != Kind::Everything || of.asked.who.is_some();
    let all = Narrowed { kind: Kind::Everything, ..everyone(of.asked) };
    empty(&html! {
        @if narrowed { "No view or change matches. " a href=(address(of, &all)) { "Clear filters" } }
        @else { "Nobody has looked or changed anything " (of.asked.period.scope()) "." }
    })
}

fn table(of: &WhoLooked<'_>) -> Markup {
    html! {
        // On a phone rows become cards; the roles keep them a table for those who hear it.
        table.al-t.al-board.al-cards.al-looked role="table" {
            thead role="rowgroup" {
                tr role="row" { @for heading in HEADINGS { th scope="col" role="columnheader" { (heading) } } }
            }
            tbody role="rowgroup" {
                @for row in &of.looked.rows {
                    @let only = Narrowed { who: Some(row.principal.clone()), page: 1, ..of.asked.clone() };
                    (access_row(row, &address(of, &only)))
                }
            }
        }
    }
}

fn pages(of: &WhoLooked<'_>) -> Markup {
    let Looked { page, pages, lines, .. } = *of.looked;
    let to = |page: usize| address(of, &Narrowed { page, ..of.asked.clone() });
    html! {
        @if pages > 1 {
            nav.al-panel__f.al-row aria-label="Pages of the list" {
                @if page > 1 { a.al-btn href=(to(page - 1)) rel="prev" { "Newer" } }
                span { "Page " (page) " of " (pages) ", " (counted(lines, "line", "lines")) }
                @if page < pages { a.al-btn href=(to(page + 1)) rel="next" { "Older" } }
            }
        }
    }
}
