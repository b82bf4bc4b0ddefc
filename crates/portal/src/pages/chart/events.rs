//! The panel *Encounters and documents*: two or ten years on a time axis, or everything as a list.
//!
//! The list is the text alternative of the drawing, and both are made from the same events.

use clinical::Chart;
use clinical::events::{Event, Kind, State};
use maud::{Markup, html};
use terms::{Date, Moment, local_date, print, start_of_day};

use crate::components::notice::empty;
use crate::components::panel::{Head, panel_head, wide};
use crate::components::time;
use crate::components::timeline::{Mark, Row, Shape, Tick, Timeline, Visit, timeline};
use crate::setting::Setting;
use crate::words::{capital, counted, date, short_day};

const DAY_MS: i64 = 24 * 3_600_000;
/// Room after now for what is planned.
const AHEAD_DAYS: i64 = 14;
/// How many events of the list stand open; the rest lie in a fold that says how many they are.
const OPEN: usize = 20;
/// How many events the list has at most.
const LISTED: usize = 2000;

/// How much of the past is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Two years on the axis.
    TwoYears,
    /// Ten years on the axis.
    TenYears,
    /// Everything, as a list.
    List,
}

impl Span {
    const ALL: [Span; 3] = [Span::TwoYears, Span::TenYears, Span::List];

    /// The span that an address asks for; none when it asks for none of them.
    pub fn of_code(code: &str) -> Option<Span> {
        Span::ALL.into_iter().find(|span| span.code() == code)
    }

    /// The shortest span that has something in it; two years when there is nothing at all.
    fn with_something(chart: &Chart, now: Moment) -> Span {
        let newest = chart.events.iter().map(|event| end(event, now)).max();
        let has_some = |span: &Span| newest.is_some_and(|newest| newest >= Axis::of(*span, now).from);
        match newest {
            None => Span::TwoYears,
            Some(_) => [Span::TwoYears, Span::TenYears].into_iter().find(has_some).unwrap_or(Span::List),
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Span::TwoYears => "2y",
            Span::TenYears => "10y",
            Span::List => "list",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Span::TwoYears => "2 years",
            Span::TenYears => "10 years",
            Span::List => "List",
        }
    }

    const fn years(self) -> i16 {
        match self {
            Span::TwoYears => 2,
            _ => 10,
        }
    }
}

/// Rows of the drawing, top to bottom.
const ROWS: [(Kind, &str); 5] = [
    (Kind::Stay, "Stays"),
    (Kind::Emergency, "Emergency"),
    (Kind::Clinic, "Clinics"),
    (Kind::Letter, "Letters"),
    (Kind::Image, "Imaging"),
];

/// Encounters and documents.
pub(super) fn events_panel(setting: &Setting, chart: &Chart, asked: Option<Span>) -> Markup {
    let span = asked.unwrap_or_else(|| Span::with_something(chart, setting.now));
    let patient = setting.links.patient(&chart.identity.source.id);
    let switch = html! {
        span.al-seg role="group" aria-label="How much is shown" {
            @for choice in Span::ALL {
                a.al-btn href={ (patient) "?span=" (choice.code()) "#events" } aria-current=[(choice == span).then_some("true")] {
                    (choice.words())
                }
            }
        }
    };
    let axis = Axis::of(span, setting.now);
    let scope = match span {
        Span::List => html! { (counted(chart.events.len(), "item", "items")) ", newest first" },
        _ => {
            let earlier = chart.events.iter().filter(|event| end(event, setting.now) < axis.from).count();
            html! {
                (month_words(local_date(axis.from))) " to now, oldest on the left"
                @if earlier > 0 { ", " (counted(earlier, "earlier item is", "earlier items are")) " not drawn" }
            }
        }
    };
    html! {
        section.al-panel.al-mt #events {
            (panel_head(&Head { title: html! { "Encounters and documents" }, scope: Some(scope), end: Some(&switch) }))
            @if chart.events.is_empty() {
                (empty(&html! { "No encounter or document is recorded." }))
            } @else if span == Span::List {
                (list(&chart.events, setting.now))
            } @else {
                div.al-panel__b.al-tl {
                    (wide("Time axis, scrolls sideways", &timeline(&drawing(chart, &axis, setting.now))))
                }
            }
        }
    }
}

/// The time axis: from so many years ago to two weeks after now.
struct Axis {
    from: Moment,
    to: Moment,
}

impl Axis {
    fn of(span: Span, now: Moment) -> Axis {
        let today = local_date(now);
        let first = Date::new(today.year() - span.years(), today.month(), 1).unwrap_or(today);
        Axis { from: start_of_day(first), to: Moment(now.0 + AHEAD_DAYS * DAY_MS) }
    }

    fn share(&self, at: Moment) -> f64 {
        (at.0 - self.from.0) as f64 / (self.to.0 - self.from.0) as f64
    }

    fn contains(&self, at: Moment) -> bool {
        (self.from..=self.to).contains(&at)
    }
}

fn drawing(chart: &Chart, axis: &Axis, now: Moment) -> Timeline {
    let shown = |event: &&Event| {
        event.state != State::Cancelled
            && (axis.contains(event.from.lower()) || end(event, now) > axis.from && event.from.lower() < axis.from)
    };
    let of_kind = |kind: Kind| chart.events.iter().filter(move |event| event.kind == kind).filter(shown);
    let rows = ROWS
        .iter()
        .map(|(kind, name)| Row { name, marks: of_kind(*kind).map(|event| mark(event, axis, now)).collect() })
        .collect();
    let counts = [
        (Kind::Stay, "stay", "stays"),
        (Kind::Emergency, "emergency attendance", "emergency attendances"),
        (Kind::Clinic, "clinic visit", "clinic visits"),
        (Kind::Letter, "letter", "letters"),
        (Kind::Image, "image", "images"),
    ];
    let counts: Vec<String> =
        counts.iter().map(|(kind, one, many)| counted(of_kind(*kind).count(), one, many)).collect();
    let sentence = format!(
        "Timeline {} to {}: {}. The list gives each item.",
        print::date_text(local_date(axis.from)),
        print::date_text(local_date(axis.to)),
        counts.join(", ")
    );
    Timeline { rows, ticks: ticks(axis), now: axis.share(now), sentence }
}

fn end(event: &Event, now: Moment) -> Moment {
    match (&event.to, event.state) {
        (Some(to), _) => to.lower(),
        (None, State::Open) => now,
        (None, _) => event.from.lower(),
    }
}

/// Midnights between the beginning and the end.
fn nights(event: &Event, now: Moment) -> usize {
    let (from, to) = (local_date(event.from.lower()), local_date(end(event, now)));
    usize::try_from(from.duration_until(to).as_hours() / 24).unwrap_or(0)
}

/// How long a stay lasted: nights as days, at least one.
fn stay_words(event: &Event, now: Moment) -> String {
    counted(nights(event, now).max(1), "day", "days")
}

fn mark(event: &Event, axis: &Axis, now: Moment) -> Mark {
    let (from, to) = (event.from.lower(), end(event, now));
    let shape = match (event.kind, event.state) {
        (Kind::Stay, state) => Shape::Stay { open: state == State::Open },
        (Kind::Emergency, _) => Shape::Emergency,
        (Kind::Clinic, State::Planned) => Shape::Clinic(Visit::Planned),
        (Kind::Clinic, State::NotAttended) => Shape::Clinic(Visit::NotSeen),
        (Kind::Clinic, _) => Shape::Clinic(Visit::Seen),
        (Kind::Letter, _) => Shape::Letter,
        (Kind::Image, _) => Shape::Image,
    };
    let open_stay = event.kind == Kind::Stay && event.state == State::Open;
    let label = match (event.kind, event.state) {
        (Kind::Stay, State::Open) => format!("This stay, day {}", nights(event, now) + 1),
        (Kind::Stay, _) => format!("{}, {}", event.words, stay_words(event, now)),
        (_, State::NotAttended) => "did not attend".to_owned(),
        (Kind::Emergency, _) => String::new(),
        _ => format!("{} {}", event.words, short_day(from, now).text),
    };
    // Long labels hide the marks beside them; the list has them in full.
    let label = if label.chars().count() > 34 { String::new() } else { label };
    Mark { from: axis.share(from), to: axis.share(to), shape, label, strong: open_stay }
}

/// A tick each quarter over two years, each year over ten.
fn ticks(axis: &Axis) -> Vec<Tick> {
    let first = local_date(axis.from).year();
    let last = local_date(axis.to).year();
    let months: &[i8] = if last - first > 3 { &[1] } else { &[1, 4, 7, 10] };
    let mut ticks = Vec::new();
    for (year, month) in (first..=last).flat_map(|year| months.iter().map(move |month| (year, *month))) {
        let Ok(day) = Date::new(year, month, 1) else { continue };
        let at = start_of_day(day);
        if axis.contains(at) && axis.share(at) < 0.97 {
            ticks.push(Tick { at: axis.share(at), words: month_words(day), strong: month == 1 });
        }
    }
    ticks
}

/// Month and year, such as `Jan-2026`.
fn month_words(day: Date) -> String {
    print::date_text(day).split_once('-').map(|(_, words)| words.to_owned()).unwrap_or_default()
}

fn list(events: &[Event], now: Moment) -> Markup {
    let newest_first: Vec<&Event> = events.iter().rev().take(LISTED).collect();
    let (open, folded) = newest_first.split_at(newest_first.len().min(OPEN));
    html! {
        (list_table(open, now))
        @if !folded.is_empty() {
            details.al-fold {
                summary { (counted(folded.len(), "earlier item", "earlier items")) }
                (list_table(folded, now))
            }
        }
        @if events.len() > LISTED {
            div.al-panel__f { "The newest " (LISTED) " of " (events.len()) " are shown." }
        }
    }
}

fn list_table(events: &[&Event], now: Moment) -> Markup {
    html! {
        // On a phone rows become cards; the roles keep them a table for those who hear it.
        table.al-t.al-tlist.al-cards role="table" {
            thead role="rowgroup" {
                tr role="row" {
                    @for heading in ["When", "Kind", "What", "Where", "Who"] { th scope="col" role="columnheader" { (heading) } }
                }
            }
            tbody role="rowgroup" { @for event in events { (list_row(event, now)) } }
        }
    }
}

fn list_row(event: &Event, now: Moment) -> Markup {
    let kind = match event.kind {
        Kind::Stay => "stay",
        Kind::Emergency => "emergency",
        Kind::Clinic => "clinic",
        Kind::Letter => "letter",
        Kind::Image => "image",
    };
    let state = match event.state {
        State::Planned => Some("planned"),
        State::Open => Some("goes on"),
        State::NotAttended => Some("did not attend"),
        State::Cancelled => Some("cancelled"),
        State::Over => None,
    };
    html! {
        tr role="row" data-source=(event.source) {
            td role="cell" { b { (time(&date(&event.from))) } @if event.kind == Kind::Stay { span.al-sub { (stay_words(event, now)) } } }
            td role="cell" { (capital(kind)) @if let Some(state) = state { span.al-sub { (state) } } }
            td.al-whole role="cell" { (event.words) }
            td.al-whole role="cell" data-label="Where" { (recorded(event.place.as_deref())) }
            td.al-whole role="cell" data-label="Who" { (recorded(event.who.as_deref())) }
        }
    }
}

fn recorded(words: Option<&str>) -> Markup {
    match words {
        Some(words) => html! { (words) },
        None => html! { span.al-muted { "Not recorded" } },
    }
}
