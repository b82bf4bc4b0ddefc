//! All trusts of a consortium against the deadline, from the signed reports of their hosts. Whoever oversees reads numbers,
//! dates and states; there is no patient in a report. Nothing on this page can be changed on it.

use maud::{Markup, html};
use terms::Moment;

use super::moving::days;
use crate::components::counter::{Standing, figure};
use crate::components::frame::page;
use crate::components::gantt::{self, Bars, Gantt, legend};
use crate::components::notice::{Kind, empty, notice};
use crate::components::panel::{head, panel_head, wide};
use crate::components::tag::{Weight, tag, tag_with};
use crate::components::time;
use crate::icon::{Icon, icon};
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted, day, duration, number, short_moment};

/// What the page shows.
#[derive(Debug, Clone)]
pub struct OversightView<'a> {
    /// The setting.
    pub setting: &'a Setting,
    /// The host that serves the page.
    pub host: &'a str,
    /// The consortium; the host's own trusts when there is none.
    pub consortium: &'a str,
    /// The deadline.
    pub deadline: Option<Moment>,
    /// The freeze of changes.
    pub freeze: Option<(Moment, Moment)>,
    /// What a day more costs, in pounds.
    pub cost_per_day: Option<u32>,
    /// Every trust.
    pub trusts: Vec<TrustAgainst>,
    /// The reports that this rests on, and hosts that were not heard of.
    pub reports: Vec<Heard>,
    /// Reports that were refused.
    pub refused: Vec<RefusedReport>,
    /// What has changed since last week.
    pub changes: Vec<Change>,
}

/// A trust against the deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustAgainst {
    /// Its code.
    pub code: String,
    /// Its name and bars.
    pub bars: Bars,
    /// Its patients, as a number.
    pub people: u64,
    /// Slack in days; nothing once it has moved.
    pub slack_days: Option<i64>,
    /// How it stands.
    pub risk: Risk,
    /// What it hangs on.
    pub hangs: String,
    /// Differences that the last rehearsal found.
    pub differences: u64,
}

/// How a trust stands. Worked out, never chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Risk {
    /// It was cut over.
    Moved,
    /// At least 14 days of slack.
    OnTrack,
    /// Less than 14 days, or a rehearsal differed.
    AtRisk,
    /// No slack.
    WillMiss,
    /// Nothing to forecast from.
    Unknown,
}

/// A host's newest report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// What people call the host.
    pub host: String,
    /// Number and moment of its report.
    pub report: Option<(u64, Moment)>,
}

/// A report that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedReport {
    /// When.
    pub at: Moment,
    /// From where.
    pub from: String,
    /// Why.
    pub why: String,
}

/// What has changed of a trust in a week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The trust.
    pub name: String,
    /// What.
    pub what: String,
    /// By how many days the end of the way back has moved; positive is later.
    pub days: Option<i64>,
}

/// A report older than this is told as old, in milliseconds.
const OLD_MS: i64 = 24 * 3_600_000;

impl Risk {
    const fn words(self) -> &'static str {
        match self {
            Risk::Moved => "Moved",
            Risk::OnTrack => "On track",
            Risk::AtRisk => "At risk",
            Risk::WillMiss => "Will miss",
            Risk::Unknown => "Not known",
        }
    }

    fn tag(self) -> Markup {
        match self {
            Risk::Moved => tag_with(Weight::Good, Icon::Tick, self.words()),
            Risk::OnTrack => tag(Weight::Good, self.words()),
            Risk::AtRisk => tag_with(Weight::Warning, Icon::Alert, self.words()),
            Risk::WillMiss => tag_with(Weight::Danger, Icon::Octagon, self.words()),
            Risk::Unknown => tag_with(Weight::Mute, Icon::Question, self.words()),
        }
    }

    /// The class of its diamond.
    pub const fn class(self) -> &'static str {
        match self {
            Risk::Moved | Risk::OnTrack => "ct",
            Risk::AtRisk => "ct risk",
            Risk::WillMiss => "ct miss",
            Risk::Unknown => "ct none",
        }
    }
}

/// The page.
pub fn oversight_page(of: &OversightView<'_>) -> Markup {
    let now = of.setting.now;
    let content = html! {
        div.al-head {
            div {
                h1 { "Exit plan: " (of.consortium) }
                p { (deadline_words(of.deadline, now)) }
            }
            div.al-row.al-push {
                span.al-asat { "As at " b { (time(&clock(now))) } }
                button.al-btn.al-btn--quiet type="button" data-print hidden { (icon(Icon::Print)) " Board paper" }
            }
        }
        @if of.deadline.is_none() {
            (notice(Kind::Warning, &html! { "No deadline is set for the consortium. Set it with “almoner oversight plan”; slack cannot be told without it." }, None))
        }
        (figures(of))
        (bars(of))
        div.al-grid.al-cols.al-mt { (reports(of)) (changes(of)) }
        (refused(of))
    };
    let mut frame = of.setting.frame("Exit plan", of.host, Rail::Oversight);
    frame.organisation = of.consortium;
    page(&frame, &content)
}

fn deadline_words(deadline: Option<Moment>, now: Moment) -> Markup {
    html! {
        @if let Some(at) = deadline {
            "The old hall closes " (time(&day(at))) ", "
            @match days_until(at, now) {
                until @ 0.. => { (counted(usize::try_from(until).unwrap_or(0), "day", "days")) " from now. " }
                _ => { "which is past. " }
            }
        }
        "Slack is that date minus the end of the way back. From signed reports; no patient is in them."
    }
}

/// Whole days of the calendar; the clocks change in some.
fn days_until(at: Moment, now: Moment) -> i64 {
    let today = terms::start_of_day(terms::local_date(now));
    (at.0 - today.0 + 12 * 3_600_000).div_euclid(86_400_000)
}

fn figures(of: &OversightView<'_>) -> Markup {
    let count = |risk: Risk| of.trusts.iter().filter(|trust| trust.risk == risk).count();
    let moved: u64 = of.trusts.iter().filter(|trust| trust.risk == Risk::Moved).map(|trust| trust.people).sum();
    let worst =
        of.trusts.iter().filter(|trust| trust.risk == Risk::WillMiss).filter_map(|trust| trust.slack_days).min();
    let missed = match worst {
        Some(worst) => format!("will miss, the latest by {}", days(Some(worst.abs()))),
        None => "will miss".into(),
    };
    let differences: u64 = of.trusts.iter().map(|trust| trust.differences).sum();
    let or = |count: usize, standing| if count > 0 { standing } else { Standing::Plain };
    html! {
        div.al-kpis {
            (figure(Standing::Good, &format!("{} of {}", count(Risk::Moved), of.trusts.len()), &html! { "trusts moved, " (number(moved)) " people" }))
            (figure(Standing::Good, &count(Risk::OnTrack).to_string(), &html! { "on track" }))
            (figure(or(count(Risk::AtRisk), Standing::Warning), &count(Risk::AtRisk).to_string(), &html! { "at risk: less than 14 days of slack, or a rehearsal differed" }))
            (figure(or(count(Risk::WillMiss), Standing::Bad), &count(Risk::WillMiss).to_string(), &html! { (missed) }))
            (figure(if differences > 0 { Standing::Bad } else { Standing::Plain }, &number(differences), &html! { "differences unexplained in the last rehearsals" }))
            (figure(Standing::Plain, &of.cost_per_day.map_or_else(|| "Not set".to_owned(), |pounds| format!("£{}", number(u64::from(pounds)))), &html! { "a day if the old contract runs on" }))
        }
    }
}

fn bars(of: &OversightView<'_>) -> Markup {
    if of.trusts.is_empty() {
        return html! { section.al-panel { (empty(&html! { "No report has come yet, and this host has no trust." })) } };
    }
    let rows: Vec<Bars> = of.trusts.iter().map(|trust| trust.bars.clone()).collect();
    let words = of.deadline.map(|at| day(at).text).unwrap_or_default();
    let count = |risk: Risk| of.trusts.iter().filter(|trust| trust.risk == risk).count();
    let label = format!(
        "{} against the deadline {words}: {} moved, {} on track, {} at risk, {} will miss. The table below says the same.",
        counted(of.trusts.len(), "trust", "trusts"),
        count(Risk::Moved),
        count(Risk::OnTrack),
        count(Risk::AtRisk),
        count(Risk::WillMiss)
    );
    let chart = Gantt {
        rows: &rows,
        now: of.setting.now,
        deadline: of.deadline,
        deadline_words: &words,
        freeze: of.freeze,
        label: &label,
    };
    let end = legend();
    let mut top = head("Each trust against the deadline", None);
    top.end = Some(&end);
    html! {
        section.al-panel {
            (panel_head(&top))
            div.al-scroll tabindex="0" role="group" aria-label="Trusts against the deadline, scrolls sideways" {
                table.al-t.al-exit.al-cards role="table" {
                    thead role="rowgroup" {
                        tr role="row" {
                            th scope="col" role="columnheader" { "Trust" }
                            th.al-exit__c scope="col" role="columnheader" { (gantt::axis(&chart)) }
                            @for heading in ["Forecast cut", "Slack", "Risk", "What it hangs on"] { th scope="col" role="columnheader" { (heading) } }
                        }
                    }
                    tbody role="rowgroup" { @for trust in &of.trusts { (row(trust, &chart)) } }
                }
            }
            @if of.freeze.is_some() { div.al-panel__f { "The hatched weeks are a change freeze: no cut is forecast within them." } }
        }
    }
}

fn row(of: &TrustAgainst, chart: &Gantt<'_>) -> Markup {
    html! {
        tr role="row" {
            th.al-whole.al-nb scope="row" role="rowheader" { (of.bars.name) span.al-sub { (of.code) } }
            td.al-exit__c.al-whole role="cell" { (gantt::bars(chart, &of.bars)) }
            td.al-nb role="cell" data-label="Cut" { b { @match of.bars.cut { Some(at) => (time(&day(at))), None => "Not known" } } }
            td.al-nb.al-bad[of.slack_days.is_some_and(|days| days < 0)] role="cell" data-label="Slack" {
                @if of.risk != Risk::Moved { b { @match of.slack_days { Some(slack) => (days(Some(slack))), None => "Not known" } } }
            }
            td role="cell" { (of.risk.tag()) }
            td role="cell" { (of.hangs) }
        }
    }
}

fn reports(of: &OversightView<'_>) -> Markup {
    let now = of.setting.now;
    html! {
        section.al-panel {
            (panel_head(&head("What this rests on", Some(html! { "the newest signed report of each host" }))))
            table.al-t {
                thead.al-vh { tr { th scope="col" { "Host" } th scope="col" { "Report" } th scope="col" { "Age" } } }
                tbody {
                    @for heard in &of.reports {
                        tr {
                            th scope="row" { (heard.host) }
                            @match heard.report {
                                Some((number_of, at)) => {
                                    td { @if number_of > 0 { "Report " (number(number_of)) ", " (time(&short_moment(at, now))) } @else { "This host, now" } }
                                    td.al-num.al-bad[now.0 - at.0 > OLD_MS] { @if number_of > 0 { (duration(now.0 - at.0)) } @if now.0 - at.0 > OLD_MS { ", old" } }
                                }
                                None => { td { "No report yet" } td.al-num.al-bad { "not heard of" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn changes(of: &OversightView<'_>) -> Markup {
    html! {
        section.al-panel {
            (panel_head(&head("What changed since last week", None)))
            @if of.changes.is_empty() { (empty(&html! { "No report of a week ago is known, or nothing has changed since." })) }
            @else {
                table.al-t {
                    thead.al-vh { tr { th scope="col" { "Trust" } th scope="col" { "What" } th scope="col" { "End of the way back" } } }
                    tbody {
                        @for change in &of.changes {
                            tr {
                                th scope="row" { (change.name) }
                                td { (change.what) }
                                td.al-num.al-bad[change.days.is_some_and(|days| days > 0)] {
                                    @match change.days {
                                        None => "not known",
                                        Some(0) => "no slip",
                                        Some(later) if later > 0 => { (days(Some(later))) " later" }
                                        Some(earlier) => { (days(Some(-earlier))) " earlier" }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn refused(of: &OversightView<'_>) -> Markup {
    let now = of.setting.now;
    html! {
        @if !of.refused.is_empty() {
            section.al-panel.al-panel--alarm.al-mt {
                (panel_head(&head("Reports that were refused", Some(html! { (of.refused.len()) }))))
                (wide("Refused reports, scrolls sideways", &html! {
                    table.al-t {
                        thead { tr { th scope="col" { "When" } th scope="col" { "From" } th scope="col" { "Why" } } }
                        tbody {
                            @for one in &of.refused {
                                tr { th.al-nb scope="row" { (time(&short_moment(one.at, now))) } td { (one.from) } td { (one.why) } }
                            }
                        }
                    }
                }))
            }
        }
    }
}
