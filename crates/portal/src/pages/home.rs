//! Home: what somebody must know when they sit down. What could be lost, with whose it is; tasks; who was opened last.
//!
//! Every number is a link to its list and says in words whose it is. What could not be counted is a question mark.

use maud::{Markup, html};
use terms::print::date_text;
use terms::{Moment, local, local_date};

use crate::act::hidden;
use crate::components::counter::{Counter, Standing, counter};
use crate::components::frame::page;
use crate::components::notice::{Kind as NoticeKind, notice};
use crate::components::panel::{Head, panel};
use crate::components::tag::{Weight, tag};
use crate::components::time;
use crate::setting::{Rail, Setting};
use crate::words::{clock, clock_or_day, counted};

/// The page.
pub(crate) struct Home<'a> {
    pub(crate) setting: &'a Setting,
    /// What was just done, with its undo.
    pub(crate) done: Option<Markup>,
    /// Groups of counters: whose they are, and the counters.
    pub(crate) groups: Vec<Group>,
    /// What the board of the ward says.
    pub(crate) ward: Option<OnBoard>,
    /// Tasks; `None` when they could not be read.
    pub(crate) tasks: Option<Tasks>,
    /// Tasks that others want to hand over.
    pub(crate) offered: Vec<TaskRow>,
    pub(crate) recent: Vec<Recent>,
    /// The sequence that it shows.
    pub(crate) sequence: u64,
}

/// Counters of one scope.
pub(crate) struct Group {
    /// Whose, such as `Heron ward`.
    pub(crate) whose: String,
    /// What every number is, in words.
    pub(crate) words: &'static str,
    pub(crate) counters: Vec<Card>,
    /// Kinds of which there is nothing: noun and list.
    pub(crate) none: Vec<(String, String)>,
    /// Whether it is told in one line, beside another that is nearer.
    pub(crate) is_brief: bool,
}

/// Numbers that stand as cards: one row of a ward's PC. What is urgent comes first; others follow in a line, each a link too.
const CARDS: usize = 6;

/// One counter.
pub(crate) struct Card {
    pub(crate) number: Option<u64>,
    pub(crate) noun: String,
    pub(crate) scope: String,
    pub(crate) standing: Standing,
    pub(crate) href: String,
}

/// What the board of the ward at hand says.
pub(crate) struct OnBoard {
    pub(crate) ward: String,
    /// The board.
    pub(crate) href: String,
    pub(crate) in_beds: usize,
    pub(crate) beds: usize,
    /// Everybody on it, with a bed or without.
    pub(crate) patients: usize,
    /// Those with a score of 5 or more, highest first; none for roles that see no scores.
    pub(crate) sickest: Option<Vec<Sick>>,
    /// Questions of the board, as lists.
    pub(crate) lists: Vec<Number>,
    /// How many are expected, and where they are listed.
    pub(crate) expected: (usize, String),
    /// The numbers of its beds.
    pub(crate) flow: Vec<Number>,
}

/// Somebody with a high score.
pub(crate) struct Sick {
    pub(crate) place: String,
    pub(crate) name: String,
    pub(crate) href: String,
    /// The score with its trend and time, as on the board.
    pub(crate) score: Markup,
}

/// A number of the board and the rows behind it.
pub(crate) struct Number {
    pub(crate) words: &'static str,
    pub(crate) count: usize,
    pub(crate) href: String,
    pub(crate) is_bad: bool,
}

/// The tasks of a ward and of the reader.
pub(crate) struct Tasks {
    /// Whose are shown.
    pub(crate) shown: TasksOf,
    /// The ward's name, and how many it has; none without a ward.
    pub(crate) ward: Option<(String, usize)>,
    pub(crate) mine: usize,
    pub(crate) rows: Vec<TaskRow>,
}

/// Whose tasks are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TasksOf {
    Ward,
    Mine,
}

/// A task in a list.
#[derive(Debug, Clone)]
pub(crate) struct TaskRow {
    pub(crate) id: String,
    /// Its page.
    pub(crate) href: String,
    /// Where it is done from.
    pub(crate) done: String,
    /// Where the patient is: `Bed 5`.
    pub(crate) place: String,
    /// The patient's name and summary.
    pub(crate) patient: Option<(String, String)>,
    pub(crate) what: String,
    /// Whose it is.
    pub(crate) who: String,
    /// To whom it is handed over, until they accept.
    pub(crate) handed_to: Option<String>,
    pub(crate) due: Option<Moment>,
}

/// A patient who was opened not long ago.
pub(crate) struct Recent {
    pub(crate) name: String,
    pub(crate) href: String,
    pub(crate) under: String,
    pub(crate) at: Moment,
}

impl TasksOf {
    /// From the address; a ward's unless somebody asks for their own.
    pub(crate) fn of_code(code: &str, has_ward: bool) -> TasksOf {
        if code == "mine" || !has_ward { TasksOf::Mine } else { TasksOf::Ward }
    }

    const fn code(self) -> &'static str {
        match self {
            TasksOf::Ward => "ward",
            TasksOf::Mine => "mine",
        }
    }
}

/// The page.
pub(crate) fn home_page(of: &Home<'_>) -> Markup {
    let setting = of.setting;
    let shown = of.tasks.as_ref().map_or(TasksOf::Ward, |tasks| tasks.shown).code();
    let again = format!("{}?tasks={shown}&since={}&made={}", setting.links.home(), of.sequence, setting.now.0);
    let content = html! {
        @if let Some(done) = &of.done { (done) }
        // Asks for itself again: what is answered is this part alone, or nothing when nothing has happened.
        div #home-live hx-get=(again) hx-trigger="every 60s" hx-select="#home-live" hx-swap="outerHTML" {
            (greeting_head(setting))
            @if setting.here.ward.is_none() { (choose(setting)) }
            @for (at, group) in of.groups.iter().enumerate() { (lost(at, group)) }
            div.al-grid.al-ghome.al-mt {
                div.al-stack {
                    @if !of.offered.is_empty() { (offered(setting, &of.offered)) }
                    (tasks(setting, of.tasks.as_ref()))
                    @if let Some(ward) = &of.ward { (flow(ward)) }
                }
                div.al-stack {
                    @if let Some(ward) = &of.ward { (sickest(ward)) (lists(ward)) }
                    (recent(&of.recent, setting.now))
                }
            }
        }
    };
    page(&setting.frame("Home", &setting.trust, Rail::Home), &content)
}

/// Who is greeted, the day, and where they work.
pub(crate) fn greeting_head(setting: &Setting) -> Markup {
    let first = setting.person.name.split(' ').next().unwrap_or_default();
    html! {
        div.al-head {
            div {
                h1 { (greeting(setting.now)) ", " (first) }
                p {
                    (weekday(setting.now)) " " (date_text(local_date(setting.now))) ". "
                    @if let Some(ward) = &setting.here.ward {
                        (ward.name) ". " a href=(setting.links.place()) { "Change place" }
                    } @else { (setting.trust) "." }
                }
            }
            span.al-asat.al-push #home-asat { "As at " b { (time(&clock(setting.now))) } }
        }
    }
}

fn greeting(now: Moment) -> &'static str {
    match local(now).hour() {
        0..12 => "Good morning",
        12..18 => "Good afternoon",
        _ => "Good evening",
    }
}

fn weekday(now: Moment) -> &'static str {
    const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    DAYS[usize::from(local_date(now).weekday().to_monday_zero_offset().unsigned_abs()) % 7]
}

fn choose(setting: &Setting) -> Markup {
    let words = html! {
        b { "You have not said where you work." }
        " Choose a ward once: then this page, the bar and the numbers beside it are about that ward."
    };
    notice(NoticeKind::Note, &words, Some(&html! { a.al-btn href=(setting.links.place()) { "Choose where you work" } }))
}

fn lost(at: usize, group: &Group) -> Markup {
    let id = format!("lost-{at}");
    let mut by_urgency: Vec<&Card> = group.counters.iter().collect();
    by_urgency.sort_by_key(|card| match card.standing {
        // What is no judgement says what the others are about.
        Standing::Plain => 0,
        Standing::Bad => 1,
        Standing::Warning | Standing::Good => 2,
    });
    let (cards, others) = by_urgency.split_at(if group.is_brief { 0 } else { CARDS.min(by_urgency.len()) });
    html! {
        section.al-mt[at > 0 && !group.is_brief] aria-labelledby=(id) {
            div.al-row.al-lost {
                h2 id=(id) { "Nobody lost: " (group.whose) }
                span.al-muted { (group.words) }
                @if group.is_brief { (others_line("", others)) (none_now(&group.none)) }
            }
            @if !cards.is_empty() {
                div.al-counters { @for card in cards { (counter(&Counter {
                    number: card.number,
                    noun: &card.noun,
                    scope: &card.scope,
                    standing: card.standing,
                    href: &card.href,
                })) } }
            }
            @if !group.is_brief { div.al-row.al-rest { (others_line("Also ", others)) (none_now(&group.none)) } }
        }
    }
}

/// Numbers in a line.
fn others_line(begin: &str, cards: &[&Card]) -> Markup {
    html! {
        @if !cards.is_empty() {
            span.al-small {
                (begin)
                @for (at, card) in cards.iter().enumerate() {
                    @if at > 0 { ", " }
                    a.al-count href=(card.href) {
                        b.al-bad[card.standing == Standing::Bad] {
                            @match card.number { Some(number) => (number), None => "?" }
                        }
                        " " (card.noun)
                    }
                }
            }
        }
    }
}

/// Of what there is nothing, each with its list: one line until somebody wants to see them.
fn none_now(of: &[(String, String)]) -> Markup {
    let links = html! {
        @for (at, (noun, href)) in of.iter().enumerate() { @if at > 0 { ", " } a href=(href) { (noun) } }
    };
    match of.len() {
        0 => html! {},
        1 => html! { span.al-small.al-muted { "None now: " (links) } },
        many => html! {
            details.al-more.al-none { summary { "None now: " (many) " lists" } span.al-small.al-muted { (links) } }
        },
    }
}

fn tasks(setting: &Setting, tasks: Option<&Tasks>) -> Markup {
    let Some(tasks) = tasks else {
        let words =
            html! { p.al-empty.al-bad { "Tasks could not be read. Treat them as unknown, and load the page again." } };
        return panel(&Head { title: html! { "Tasks" }, scope: None, end: None }, &words);
    };
    let title = match (tasks.shown, &tasks.ward) {
        (TasksOf::Ward, Some((ward, _))) => format!("Tasks for {ward}"),
        _ => "My tasks".to_owned(),
    };
    let soon = tasks.rows.iter().filter(|row| is_pressing(row.due, setting.now)).count();
    let scope = html! { (tasks.rows.len()) " open" ", " (soon) " due now or late" };
    let switch = |of: TasksOf, words: String| {
        let href = format!("{}?tasks={}", setting.links.home(), of.code());
        html! { a.al-btn href=(href) aria-current=[(tasks.shown == of).then_some("true")] { (words) } }
    };
    let end = html! {
        span.al-seg {
            @if let Some((_, number)) = &tasks.ward { (switch(TasksOf::Ward, format!("Ward {number}"))) }
            (switch(TasksOf::Mine, format!("Mine {}", tasks.mine)))
        }
        @if tasks.mine > 0 { " " a.al-btn.al-btn--quiet href=(setting.links.hand_over()) { "Hand over mine" } }
        " " a.al-btn href=(setting.links.new_task(None)) { "Add task" }
    };
    let content = html! {
        @if tasks.rows.is_empty() {
            p.al-empty { "No task is open. What must happen by itself stands in the numbers above." }
        } @else { (task_table(setting, &tasks.rows, &setting.links.home())) }
    };
    panel(&Head { title: html! { (title) }, scope: Some(scope), end: Some(&end) }, &content)
}

/// A table of tasks with their *Done*; `back` is where it leads.
pub(crate) fn task_table(setting: &Setting, rows: &[TaskRow], back: &str) -> Markup {
    html! {
        div.al-scroll tabindex="0" role="group" aria-label="Tasks" {
            table.al-t.al-board.al-cards {
                thead {
                    tr {
                        th scope="col" { "When" } th scope="col" { "Where" } th scope="col" { "Patient" }
                        th scope="col" { "What" } th scope="col" { "Who" } th scope="col" { "Due" }
                        th scope="col" { span.al-vh { "Action" } }
                    }
                }
                tbody { @for row in rows { (task_row(setting, row, back)) } }
            }
        }
    }
}

fn task_row(setting: &Setting, row: &TaskRow, back: &str) -> Markup {
    let due = due_words(row.due, setting.now);
    html! {
        tr data-row id={ "task-" (row.id) } {
            td { (tag(due.weight, due.word)) }
            td.al-nb { b { (row.place) } }
            td.al-nb {
                @match &row.patient { Some((name, href)) => { a href=(href) { (name) } } None => { "No patient" } }
            }
            td.al-whole { a.al-rowlink href=(row.href) { (row.what) } }
            td.al-nb {
                (row.who)
                @if let Some(to) = &row.handed_to { span.al-sub { "offered to " (to) } }
            }
            td.al-nb.al-bad[due.is_late] { (due.words) }
            td.al-num {
                form method="post" action=(row.done) {
                    (hidden(setting))
                    input type="hidden" name="back" value=(back);
                    button.al-btn type="submit" aria-label={ "Mark done: " (row.what) } { "Done" }
                }
            }
        }
    }
}

/// How a due is told.
pub(crate) struct Due {
    pub(crate) weight: Weight,
    pub(crate) word: &'static str,
    pub(crate) words: String,
    pub(crate) is_late: bool,
}

/// Whether something is late or to be done within the hour, or has no date.
fn is_pressing(due: Option<Moment>, now: Moment) -> bool {
    due.is_none_or(|due| due.0 - now.0 <= 60 * 60_000)
}

/// A due in words: late by how much, or by when.
pub(crate) fn due_words(due: Option<Moment>, now: Moment) -> Due {
    let Some(due) = due else {
        // What has no date is due at once, as the counters have it.
        return Due { weight: Weight::Danger, word: "No date", words: "no date".into(), is_late: true };
    };
    if due < now {
        let words = format!("{} late", crate::words::duration(now.0 - due.0));
        return Due { weight: Weight::Danger, word: "Late", words, is_late: true };
    }
    let is_today = local_date(due) == local_date(now);
    let (weight, word) = match due.0 - now.0 {
        0..=3_600_000 => (Weight::Warning, "Now"),
        _ if is_today => (Weight::Plain, "Today"),
        _ => (Weight::Plain, "Later"),
    };
    let when = if is_today { clock(due).text } else { format!("{} {}", clock_or_day(due, now).text, clock(due).text) };
    Due { weight, word, words: format!("by {when}"), is_late: false }
}

fn offered(setting: &Setting, rows: &[TaskRow]) -> Markup {
    let scope = html! { "They stay with who offers them until you accept." };
    let content = html! {
        table.al-t.al-board.al-cards {
            thead {
                tr {
                    th scope="col" { "From" } th scope="col" { "Patient" } th scope="col" { "What" }
                    th scope="col" { "Due" } th scope="col" { span.al-vh { "Action" } }
                }
            }
            tbody {
                @for row in rows {
                    tr {
                        td { (row.who) }
                        td { (row.patient.as_ref().map_or("No patient", |(name, _)| name)) }
                        td.al-whole { a href=(row.href) { (row.what) } }
                        td.al-nb { (due_words(row.due, setting.now).words) }
                        td.al-num {
                            form method="post" action={ (row.href) "/accept" } {
                                (hidden(setting))
                                input type="hidden" name="back" value=(setting.links.home());
                                button.al-btn type="submit" aria-label={ "Accept: " (row.what) } { "Accept" }
                            }
                        }
                    }
                }
            }
        }
    };
    panel(&Head { title: html! { "Handed over to you" }, scope: Some(scope), end: None }, &content)
}

/// Beds and flow: the numbers of the board.
fn flow(of: &OnBoard) -> Markup {
    let scope = html! { (counted(of.beds, "bed", "beds")) ", " (counted(of.patients, "patient", "patients")) };
    let content = html! {
        ul.al-panel__b.al-flow {
            li { a href=(of.href) { b { (of.in_beds) } span { "in beds, of " (of.beds) } } }
            @for number in &of.flow {
                li { a href=(number.href) {
                    b.al-bad[number.is_bad && number.count > 0] { (number.count) } span { (number.words) }
                } }
            }
        }
    };
    let end = html! { a href=(of.href) { "Open ward board" } };
    panel(&Head { title: html! { "Beds and flow: " (of.ward) }, scope: Some(scope), end: Some(&end) }, &content)
}

/// Who has a score of 5 or more, highest first.
fn sickest(of: &OnBoard) -> Markup {
    let Some(rows) = &of.sickest else { return html! {} };
    let content = html! {
        @if rows.is_empty() { p.al-empty { "No one on " (of.ward) " has NEWS2 5 or more." } }
        @else {
            table.al-t.al-sick { tbody {
                @for sick in rows {
                    tr { th scope="row" { (sick.place) } td { a href=(sick.href) { (sick.name) } (sick.score) } }
                }
            } }
        }
    };
    let end = html! { a href=(of.href) { "All" } };
    panel(&Head { title: html! { "Sickest on " (of.ward) }, scope: None, end: Some(&end) }, &content)
}

/// The lists of the ward: everybody, and questions of the board.
fn lists(of: &OnBoard) -> Markup {
    let line = |words: &Markup, href: &str, count: usize| {
        html! {
            tr { td { a href=(href) { (words) } } td.al-num.al-muted { (counted(count, "patient", "patients")) } }
        }
    };
    let content = html! {
        table.al-t { tbody {
            (line(&html! { (of.ward) ", all patients" }, &of.href, of.patients))
            @for list in &of.lists { (line(&html! { (crate::words::capital(list.words)) }, &list.href, list.count)) }
            (line(&html! { "Expected" }, &of.expected.1, of.expected.0))
        } }
    };
    panel(&Head { title: html! { "My lists" }, scope: None, end: None }, &content)
}

fn recent(rows: &[Recent], now: Moment) -> Markup {
    let content = html! {
        @if rows.is_empty() {
            p.al-empty { "Whose record you open is listed here." }
        } @else {
            table.al-t {
                tbody {
                    @for row in rows {
                        tr {
                            td { a href=(row.href) { (row.name) } span.al-sub { (row.under) } }
                            td.al-num.al-muted { (time(&clock_or_day(row.at, now))) }
                        }
                    }
                }
            }
        }
    };
    panel(&Head { title: html! { "Recently opened" }, scope: None, end: None }, &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_due_says_how_late_or_by_when() {
        // 2026-11-17T14:35:00Z.
        let now = Moment(1_794_926_100_000);
        let minutes = |minutes: i64| Some(Moment(now.0 + minutes * 60_000));
        let cases = [
            (minutes(-25), "Late", "25 min late", true),
            (minutes(-155), "Late", "2 h 35 late", true),
            (minutes(0), "Now", "by 14:35", false),
            (minutes(30), "Now", "by 15:05", false),
            (minutes(100), "Today", "by 16:15", false),
            (minutes(24 * 60), "Later", "by 18-Nov 14:35", false),
            (None, "No date", "no date", true),
        ];
        for (due, word, words, is_late) in cases {
            let told = due_words(due, now);
            assert_eq!((told.word, told.words.as_str(), told.is_late), (word, words, is_late));
        }
    }

    #[test]
    fn the_greeting_follows_the_clock_on_the_wall() {
        // In summer the wall is an hour ahead.
        for (at, words) in [
            ("2026-11-17T11:59:59Z", "Good morning"),
            ("2026-11-17T12:00:00Z", "Good afternoon"),
            ("2026-07-01T11:00:00Z", "Good afternoon"),
            ("2026-07-01T17:00:00Z", "Good evening"),
            ("2026-10-25T23:30:00Z", "Good evening"),
        ] {
            assert_eq!(Moment::parse(at).map(greeting), Ok(words), "{at}");
        }
    }
}
