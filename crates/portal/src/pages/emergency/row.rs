//! A row of the board: place, acuity, who, flags with allergies first, arrival, clocks, score, whose, why and what next.
//! Layout and words; what is urgent was decided before.

use administration::emergency::{Attendance, Mode, clocks};
use administration::places::{BedStatus, Place};
use clinical::allergies::Allergies;
use clinical::news2::Risk;
use maud::{Markup, html};
use terms::Moment;
use terms::print::age_text;

use super::BoardView;
use super::forms::Act;
use crate::components::acuity::{ClockBar, Pace, acuity, clock_bar, clock_words};
use crate::components::banner::full_name;
use crate::components::news::{Band, Chip, news_chip, news_trend};
use crate::components::tag::{AllergyFlag, Weight, allergy_flag, tag, tag_with};
use crate::components::{Printed, time};
use crate::gather::emergency::{Row, Seen, SeenClinical, is_under_18};
use crate::icon::{Icon, icon};
use crate::pages::patient::nhs_words;
use crate::words::{clock, duration, short_day};

/// Flags that a row shows beside the allergies; the others are counted and open in place.
const MOST_FLAGS: usize = 5;

/// The name of a row.
pub(super) fn id(of: &Row) -> String {
    format!("ed-{}", of.attendance.stay.id)
}

/// The row.
pub(super) fn row(view: &BoardView<'_>, of: &Row) -> Markup {
    let attendance = &of.attendance;
    html! {
        tr id=(id(of)) data-row .is-alarm[of.urgency.acts_now()] {
            th.al-bed scope="row" { (place_words(of)) }
            td { (category(of)) }
            td.al-line2 { (who(view, of)) }
            @if view.is_clinical { td { (flags(of, view.now)) } }
            td.al-line2.al-small { (arrival(attendance, view.now)) }
            td { (clocks(attendance, view.now)) }
            @if view.is_clinical { td { (score(of, view.now)) } }
            td { (carers(of, view.now)) }
            td { (complaint(of)) }
            @if view.changes { td.al-num { (menu(view, of)) } }
        }
    }
}

fn place_words(of: &Row) -> Markup {
    html! {
        @match &of.place {
            Some(place) if of.attendance.stay.no_bed_yet => { span.al-small.al-bad { "Not in " (place.label) } },
            Some(place) => (place.label),
            None => span.al-small { "Not said" },
        }
    }
}

fn category(of: &Row) -> Markup {
    let category = of.attendance.category;
    html! {
        div.al-row.al-nowrap {
            (acuity(category.map(administration::emergency::Category::number)))
            span.al-line2 {
                @match category {
                    Some(category) => { b { (category.word()) } span.al-vh { ", category " (category.number()) } },
                    None => b.al-warn { "Not triaged" },
                }
            }
        }
    }
}

/// `SURNAME, Given`; of somebody who is not registered what is said of them.
pub(crate) fn name(seen: Option<&Seen>) -> String {
    let Some(seen) = seen else { return "Not known".to_owned() };
    full_name(seen.identity.family.as_deref(), &seen.identity.given.join(" "), None)
}

/// Age, gender and NHS number.
pub(crate) fn under(seen: Option<&Seen>, now: Moment) -> Markup {
    let Some(seen) = seen else { return html! { "This patient's record cannot be seen here" } };
    let identity = &seen.identity;
    let age = identity.born.as_ref().and_then(|born| age_text(born, now));
    let age = age.or_else(|| seen.estimated_age.map(|age| format!("approx {age}y")));
    let number = identity.nhs_number.as_deref().map(nhs_words);
    let hospital = identity.hospital_numbers.first().map(|number| number.value.clone());
    html! {
        (age.as_deref().unwrap_or("Age not known")) " " (identity.gender.as_deref().unwrap_or("gender not known")) " · "
        span.al-nhs { @match number.or(hospital) { Some(number) => (number), None => "No number known" } }
    }
}

fn who(view: &BoardView<'_>, of: &Row) -> Markup {
    let seen = of.seen.as_deref();
    html! {
        span.al-priv {
            span.al-name {
                @match &of.attendance.stay.patient {
                    Some(patient) => a.al-rowlink href=(view.links.patient(patient)) { (name(seen)) },
                    None => (of.attendance.described.as_deref().unwrap_or("Nobody named")),
                }
            }
            span.al-sub { (under(seen, view.now)) }
        }
        span.al-priv-alt { b { (view.short(of)) } }
        @if seen.is_some_and(|seen| seen.is_unidentified) { (tag_with(Weight::Identity, Icon::Person, "To be identified")) }
    }
}

fn flags(of: &Row, now: Moment) -> Markup {
    let seen = of.seen.as_deref();
    let clinical = seen.and_then(|seen| seen.clinical.as_ref());
    let mut own: Vec<Markup> = clinical.into_iter().flat_map(|clinical| &clinical.flags).map(flag).collect();
    let is_child = seen.is_some_and(|seen| seen.identity.born.is_some() && is_under_18(seen, now));
    if is_child && !of.urgency.child_at_risk {
        own.push(tag(Weight::Plain, "Under 18"));
    }
    let rest = own.split_off(own.len().min(MOST_FLAGS));
    html! {
        div.al-flags.al-edflags.al-priv {
            (allergies(clinical))
            @if own.is_empty() { span.al-muted.al-small { "No flags" } }
            @for flag in &own { (flag) }
            @if !rest.is_empty() {
                details.al-more { summary { "+" (rest.len()) " more" } span.al-flags { @for flag in &rest { (flag) } } }
            }
        }
        (hidden())
    }
}

/// What passers-by read in the place of what is not for them.
fn hidden() -> Markup {
    html! { span.al-priv-alt.al-muted.al-small { "Hidden" } }
}

fn flag(of: &crate::gather::emergency::SeenFlag) -> Markup {
    match of.weight {
        0 => tag_with(Weight::Danger, Icon::Alert, &of.words),
        1 => tag(Weight::Warning, &of.words),
        _ => tag(Weight::Plain, &of.words),
    }
}

fn allergies(clinical: Option<&SeenClinical>) -> Markup {
    let state = match clinical.map(|clinical| &clinical.allergies) {
        Some(Allergies::Known(known)) => AllergyFlag::Known {
            first: known.first().map_or("see chart", |first| first.agent.as_str()),
            more: known.len().saturating_sub(1),
        },
        Some(Allergies::NoneKnown(_)) => AllergyFlag::NoneKnown,
        Some(Allergies::NotRecorded) => AllergyFlag::NotRecorded,
        Some(Allergies::Unavailable) | None => AllergyFlag::Unavailable,
    };
    allergy_flag(&state)
}

/// The time of today, else the day and the time.
pub(super) fn when(at: Moment, now: Moment) -> Printed {
    if terms::local_date(at) == terms::local_date(now) {
        return clock(at);
    }
    Printed::new(at.to_string(), format!("{} {}", short_day(at, now).text, clock(at).text))
}

fn arrival(attendance: &Attendance, now: Moment) -> Markup {
    let how = match attendance.mode {
        Some(Mode::Ambulance) => "Ambulance",
        Some(Mode::OnFoot) => "Walked in",
        None => "Arrived",
    };
    html! {
        (how) " "
        @match attendance.arrived {
            Some(at) if attendance.mode != Some(Mode::OnFoot) => (time(&when(at, now))),
            Some(at) => span.al-vh { (time(&when(at, now))) },
            None => "at a time not said",
        }
        @if let Some((minutes, is_over)) = clocks::handover(attendance, now) {
            span.al-sub.al-bad[is_over] {
                @match attendance.handed_over {
                    Some(at) => { "handed over " (time(&when(at, now))) ", " (duration(minutes * 60_000)) },
                    None => { "waits to hand over, " (duration(minutes * 60_000)) },
                }
            }
        }
        @if let Some((minutes, is_over)) = clocks::to_assessment(attendance, now) {
            @match (&attendance.assessed, is_over) {
                (Some(_), _) => span.al-sub { "assessed after " (duration(minutes * 60_000)) },
                (None, true) => span.al-sub.al-bad { "not assessed for " (duration(minutes * 60_000)) },
                (None, false) => span.al-sub { b.al-warn { "not assessed yet" } },
            }
        }
    }
}

fn clocks(attendance: &Attendance, now: Moment) -> Markup {
    let limit = clocks::FOUR_HOURS.minutes;
    let Some(four) = clocks::four_hours(attendance, now) else {
        return html! { span.al-muted.al-small { "When they came was not said" } };
    };
    let pace = match (four.is_over, four.minutes >= clocks::SOON_MINUTES) {
        (true, _) => Pace::Over,
        (false, true) => Pace::Soon,
        (false, false) => Pace::Within,
    };
    html! {
        div.al-clock.al-clock--bad[four.is_over] {
            span { "since " (time(&when(four.since, now))) } b { (clock_words(four.minutes)) }
            (clock_bar(&ClockBar { minutes: four.minutes, limit, pace }))
            span.al-clock__all {
                @if four.is_over { (duration((four.minutes - limit) * 60_000)) " over 4 h" }
                @else { (duration((limit - four.minutes) * 60_000)) " left" }
            }
            @if let (Some(decision), Some((minutes, is_over))) = (&attendance.decision, clocks::since_decision(attendance, now)) {
                span.al-clock__all.al-bad[is_over] {
                    b { "DTA " (time(&when(decision.at, now))) ", " (duration(minutes * 60_000)) } " of 12 h"
                }
            }
        }
    }
}

fn score(of: &Row, now: Moment) -> Markup {
    let Some(clinical) = of.seen.as_deref().and_then(|seen| seen.clinical.as_ref()) else { return html! {} };
    if let Some((at, words)) = &clinical.child_score {
        return html! {
            (tag(if of.urgency.child_at_risk { Weight::Danger } else { Weight::Plain }, words))
            span.al-sub { "child score, " (time(&when(*at, now))) }
        };
    }
    let Some((at, score, change)) = &clinical.score else {
        return html! {
            (news_chip(Chip::NotScored))
            span.al-sub { (clinical.not_scored.unwrap_or("since arrival")) }
        };
    };
    let band = match score.risk {
        Risk::Low => Band::Low,
        Risk::LowMedium => Band::ThreeInOne,
        Risk::Medium => Band::Medium,
        Risk::High => Band::High,
    };
    let is_old = score.next_set_within_minutes().is_some_and(|minutes| now.0 - at.0 > minutes * 60_000);
    html! {
        (news_chip(Chip::Scored { total: score.total, band, out_of_date: is_old }))
        span.al-sub { (news_trend(*change)) " " (time(&when(*at, now))) @if is_old { ", out of date" } }
    }
}

fn carers(of: &Row, now: Moment) -> Markup {
    let attendance = &of.attendance;
    html! {
        @match &attendance.clinician {
            Some(clinician) => (clinician.name),
            None => span.al-bad { "Not picked up" },
        }
        @match (&attendance.senior, of.urgency.child_at_risk) {
            (Some(senior), _) => span.al-sub {
                b { "Senior: " (senior.name) } @if let Some(since) = senior.since { ", here " (time(&when(since, now))) }
            },
            (None, true) => span.al-sub.al-bad { "No named senior" },
            (None, false) => {},
        }
        @if let Some(decision) = &attendance.decision { span.al-sub { "Belongs to " b { (decision.team) } } }
    }
}

fn complaint(of: &Row) -> Markup {
    let attendance = &of.attendance;
    html! {
        div.al-priv {
            @match &attendance.complaint {
                Some(words) => b { (words) },
                None => span.al-muted { "Complaint not recorded" },
            }
            @if let Some(bed) = &of.bed { span.al-sub { "Bed: " (bed) } }
            @if let Some(now) = &attendance.now { span.al-sub { (now) } }
            @if let Some(waits_for) = &attendance.waits_for { div { "Waits for " b { (waits_for) } } }
        }
        (hidden())
    }
}

/// An empty cubicle, and who is announced for it.
pub(super) fn free(view: &BoardView<'_>, place: &Place, columns: usize) -> Markup {
    let since = place.bed.since.map(|since| format!(" since {}", when(since, view.now).text)).unwrap_or_default();
    let next = view.board.department.due.iter().find(|due| due.stay.places.iter().any(|at| at.place == place.id));
    html! {
        tr.is-empty id=(super::area_id(&place.id)) {
            th.al-bed scope="row" { (place.label) }
            td colspan=(columns - 1) {
                div.al-row {
                    @match place.bed.status {
                        BedStatus::Available | BedStatus::Compromised => {
                            (tag_with(Weight::Good, Icon::Tick, "Free"))
                            span.al-muted { @if !since.is_empty() { "Clean" (since) "." } }
                        },
                        BedStatus::Vacated => {
                            (tag(Weight::Info, "To clean")) span.al-muted { "Empty" (since) "." }
                        },
                        BedStatus::Closed => {
                            (tag_with(Weight::Identity, Icon::Unavailable, "Closed"))
                            span.al-muted { (place.bed.reason.as_deref().unwrap_or("no reason given")) }
                        },
                    }
                    @if let Some(next) = next { span.al-muted.al-priv { "Next: " (due_words(next, view.now)) } }
                }
            }
            @if view.changes {
                td.al-num {
                    @if place.bed.status == BedStatus::Vacated {
                        a.al-btn.al-btn--quiet href=(view.links.emergency_place(view.department(), &place.id)) { "Clean" }
                    }
                }
            }
        }
    }
}

/// `ambulance, 8 minutes away, 71y Male, Stroke call`.
pub(super) fn due_words(due: &Attendance, now: Moment) -> String {
    let when = match due.arrived {
        Some(at) if at > now => format!("{} away", duration(at.0 - now.0 + 59_999)),
        Some(at) => format!("due {}", clock(at).text),
        None => "time not said".to_owned(),
    };
    let said = [due.described.as_deref(), due.complaint.as_deref()];
    let said = said.into_iter().flatten().map(|words| format!(", {words}")).collect::<String>();
    format!("ambulance, {when}{said}")
}

/// What can be done with the patient of a row: links that open in the row, without script too.
fn menu(view: &BoardView<'_>, of: &Row) -> Markup {
    let who = match &of.seen {
        Some(seen) => name(Some(seen)),
        None => "this patient".to_owned(),
    };
    html! {
        details.al-menuof {
            summary.al-btn.al-btn--icon.al-btn--quiet aria-label={ (who) ": what can be done" } { (icon(Icon::Waiting)) }
            div.al-menu {
                p.al-menu__h { span.al-priv { (who) } span.al-priv-alt { (view.short(of)) } }
                ul {
                    @for act in Act::ALL.into_iter().filter(|act| act.is_for(of) && (view.is_clinical || !act.is_clinical())) {
                        li { a href=(view.links.emergency_act(&of.attendance.stay.id, act.code())) { (act.item()) } }
                    }
                    @if let Some(patient) = &of.attendance.stay.patient {
                        li { a href=(view.links.patient(patient)) { "Open chart" } }
                    }
                }
            }
        }
    }
}
