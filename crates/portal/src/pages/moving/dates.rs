//! The estimate against the deadline, what-if on bandwidth and hours, and the form of the plan.
//! Shows what was worked out; forecasts nothing itself.

use administration::Refusal;
use maud::{Markup, html};
use terms::Moment;

use super::{MovePage, moment};
use crate::components::field::{Field, error_of, summary_of, text_field};
use crate::components::panel::{head, panel_head};
use crate::components::tag::{Weight, tag_with};
use crate::icon::Icon;

/// The estimate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dates {
    /// The deadline.
    pub deadline: Moment,
    /// When the copy is there; nothing once it is.
    pub copied: Option<Span>,
    /// When it is cut, or was.
    pub cut: Span,
    /// Whether it was.
    pub is_cut: bool,
    /// When the way back closes.
    pub closes: Span,
    /// Slack in days, of the middle forecast and of the slow one.
    pub slack_days: Option<i64>,
    /// Of the slow one.
    pub worst_days: Option<i64>,
    /// Latest safe start of copying; nothing once it has begun.
    pub latest_start: Option<Moment>,
    /// Latest cut whose way back closes in time.
    pub latest_cut: Moment,
    /// The last moment to decide to go back.
    pub no_return: Option<Moment>,
    /// What the estimate rests on, in words.
    pub basis: String,
    /// What was tried in the place of the plan.
    pub tried: Option<String>,
}

/// Three forecasts of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// At the fast rate.
    pub early: Option<Moment>,
    /// At the middle one.
    pub likely: Option<Moment>,
    /// At the slow one.
    pub late: Option<Moment>,
}

/// The plan as typed, or as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanForm {
    /// Whether there is a plan already.
    pub is_kept: bool,
    /// Each field by name.
    pub values: std::collections::BTreeMap<&'static str, String>,
    /// What was refused.
    pub refused: Vec<Refusal>,
}

impl PlanForm {
    fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }
}

pub(super) fn dates(of: &MovePage<'_>) -> Markup {
    html! {
        section.al-panel #mv-dates {
            @match &of.dates {
                None => {
                    (panel_head(&head("Deadline", None)))
                    div.al-panel__b { p.al-flush { "No deadline is set. Set one in the plan below, and the estimate is shown here." } }
                }
                Some(dates) => (estimate(dates)),
            }
        }
    }
}

fn estimate(of: &Dates) -> Markup {
    let end = slack_tag(of);
    let mut top = head("Deadline", Some(html! { (moment(of.deadline)) }));
    top.end = Some(&end);
    html! {
        (panel_head(&top))
        div.al-panel__b {
            dl.al-kv {
                @if let Some(copied) = &of.copied { dt { "Copied" } dd { (span(copied)) } }
                dt { @if of.is_cut { "Cut over" } @else { "Forecast cut" } }
                dd { (span(&of.cut)) }
                dt { "Way back closes" }
                dd { (span(&of.closes)) }
                @if let Some(start) = of.latest_start { dt { "Latest safe start" } dd { (moment(start)) } }
                @if !of.is_cut { dt { "Latest safe cut" } dd { (moment(of.latest_cut)) } }
                dt { "Point of no return" }
                dd { @match of.no_return { Some(at) => (moment(at)), None => "Not known yet" } }
                dt { "Slack at the slow rate" }
                dd.al-bad[of.worst_days.is_some_and(|days| days < 0)] { (days(of.worst_days)) }
            }
            p.al-small.al-muted { "Slack is the deadline minus the end of the way back. " (of.basis) }
            @if let Some(tried) = &of.tried { p.al-small { b { "What if: " } (tried) " Nothing is changed by asking." } }
        }
    }
}

fn slack_tag(of: &Dates) -> Markup {
    match of.slack_days {
        None => tag_with(Weight::Mute, Icon::Question, "Slack not known"),
        Some(slack) if slack < 0 => {
            tag_with(Weight::Danger, Icon::Octagon, &format!("Will miss: {}", days(Some(slack))))
        }
        Some(slack) if slack < 14 => tag_with(Weight::Warning, Icon::Alert, &format!("At risk: {}", days(Some(slack)))),
        Some(slack) => tag_with(Weight::Good, Icon::Tick, &format!("Slack {}", days(Some(slack)))),
    }
}

/// Days in words, with a real minus.
pub(crate) fn days(days: Option<i64>) -> String {
    match days {
        None => "Never at this rate".into(),
        Some(1) => "1 day".into(),
        Some(days) if days < 0 => format!("−{} {}", days.unsigned_abs(), if days == -1 { "day" } else { "days" }),
        Some(days) => format!("{days} days"),
    }
}

/// The middle forecast, and the others where they are on another day.
fn span(of: &Span) -> Markup {
    let Some(likely) = of.likely else { return html! { "Never at this rate" } };
    let day = |at: Option<Moment>| at.map(terms::local_date);
    let is_wide = day(of.early) != day(of.late);
    html! {
        (moment(likely))
        @if is_wide {
            span.al-sub {
                @if let Some(early) = of.early { (moment(early)) }
                " to "
                @match of.late { Some(late) => (moment(late)), None => "never at the slow rate" }
            }
        }
    }
}

/// The form of the plan, and of what-if.
pub(super) fn plan_panel(of: &MovePage<'_>) -> Markup {
    let form = &of.plan;
    let open = !form.is_kept || !form.refused.is_empty();
    html! {
        div.al-grid.al-cols.al-mt {
            section.al-panel {
                details open[open] {
                    summary.al-panel__h {
                        h2 { "Plan" }
                        span { @if form.is_kept { "deadline, window, hours, way back" } @else { "not made yet" } }
                        b.al-push { (if of.acts.runs_it { "Change" } else { "Show" }) span aria-hidden="true" { " ▾" } }
                    }
                    @if of.acts.runs_it { (plan_form(of)) } @else { (plan_as_kept(of)) }
                }
            }
            @if form.is_kept { (what_if(of)) }
        }
    }
}

const FIELDS: [(&str, &str, &str); 11] = [
    ("deadline", "Deadline", "The day on whose begin the old place must be left, such as 31 1 27"),
    ("copy_from", "Copy from", "Empty: now"),
    ("cut_day", "Day of the cut", "Empty: as soon as it is rehearsed"),
    ("cut_time", "Time of the cut", "Such as 03:00"),
    ("rehearse_days", "Days to follow and rehearse", "Before the cut"),
    ("way_back_days", "Days for which the way back stays open", "After the cut"),
    ("back_minutes", "Minutes that going back takes", "From the decision until the old host writes"),
    ("megabit", "Bandwidth in megabits a second", "Empty: whatever the line gives"),
    ("hours_from", "Copy from, time of day", "Empty: all day"),
    ("hours_until", "Copy until, time of day", "Such as 06:00"),
    ("hangs", "What it hangs on", "In a few words; no patients"),
];

/// Those of a move between two halls without a line.
const CARRIED_FIELDS: [(&str, &str, &str); 2] = [
    (
        "carried_hours",
        "Hours that a disk may be on its way",
        "With the letter that answers it; no rehearsal may be older",
    ),
    ("no_way_back", "Why there is no way back", "Empty: it is rehearsed with a disk. Else in a few words; no patients"),
];

/// The plan for those who read it.
fn plan_as_kept(of: &MovePage<'_>) -> Markup {
    let fields = FIELDS.iter().chain(of.is_carried.then_some(&CARRIED_FIELDS).into_iter().flatten());
    let kept: Vec<(&str, &str)> = fields.map(|(name, label, _)| (*label, of.plan.value(name))).collect();
    html! {
        div.al-panel__b {
            dl.al-pairs {
                @for (label, value) in kept.into_iter().filter(|(_, value)| !value.is_empty()) { dt { (label) } dd { (value) } }
            }
            p.al-flush.al-small.al-muted { "The plan is changed by operators of the host." }
        }
    }
}

fn plan_form(of: &MovePage<'_>) -> Markup {
    let form = &of.plan;
    html! {
        (summary_of(&form.refused, "deadline"))
        form.al-panel__b method="post" action=(of.setting.links.move_act(of.code, "plan")) {
            input type="hidden" name="form_token" value=(of.setting.person.form_token);
            div.al-grid.al-cols {
                @for (name, label, hint) in FIELDS.iter().chain(of.is_carried.then_some(&CARRIED_FIELDS).into_iter().flatten()).copied() {
                    (text_field(&Field { name, label, value: form.value(name), hint: Some(hint), error: error_of(&form.refused, name), mode: None }))
                }
            }
            p.al-mt { button.al-btn { "Keep the plan" } }
        }
    }
}

fn what_if(of: &MovePage<'_>) -> Markup {
    html! {
        section.al-panel {
            (panel_head(&head("What if", Some(html! { "another line, other hours; nothing is changed by asking" }))))
            form.al-panel__b method="get" action=(of.setting.links.moving(of.code)) {
                div.al-grid.al-cols {
                    @for (name, label, hint) in [
                        ("megabit_if", "With so many megabits a second", "Empty: as planned"),
                        ("from_if", "Copying from, time of day", "Empty: as planned"),
                        ("until_if", "Copying until, time of day", ""),
                    ] {
                        (text_field(&Field { name, label, value: form_value(of, name), hint: (!hint.is_empty()).then_some(hint), error: error_of(&of.plan.refused, name), mode: None }))
                    }
                }
                p.al-mt { button.al-btn { "Estimate" } " " a href=(of.setting.links.moving(of.code)) { "As planned" } }
            }
        }
    }
}

fn form_value<'a>(of: &'a MovePage<'_>, name: &str) -> &'a str {
    of.plan.value(name)
}
