//! A row of the board: the bed, who is in it and what is known at a glance; or that the bed is free, kept or closed.
//!
//! Allergy is the first flag. A row that calls for somebody now has a red edge and says why in words. For passers-by the
//! same row has another text beside it, which the style sheet shows instead.

use administration::boards::{BoardRow, Elsewhere, Occupant, RowState};
use administration::places::{BedStatus, Place, mixes_sexes};
use administration::stays::{DischargePlan, Stay};
use clinical::allergies::Allergies;
use clinical::bedside::{Bedside, Watch};
use clinical::flags::Weight as Grave;
use clinical::news2::Risk;
use maud::{Markup, html};
use terms::Moment;
use terms::print::age_text;

use super::menu::menu;
use super::{BoardView, since_words};
use crate::components::banner::full_name;
use crate::components::news::{Band, Chip, news_chip, news_trend};
use crate::components::tag::{AllergyFlag, Weight, allergy_flag, tag, tag_with};
use crate::components::time;
use crate::gather::ward::AtBed;
use crate::icon::Icon;
use crate::pages::patient::nhs_words;
use crate::words::{clock, duration, short_date};

/// Flags that a row shows; the others are counted and open in place.
const MOST_FLAGS: usize = 6;

/// A row.
pub(crate) fn row(view: &BoardView<'_>, row: &BoardRow) -> Markup {
    let state = row.state();
    let at = row.occupant.as_ref().and_then(|occupant| view.patient(occupant.stay.patient.as_deref()));
    let bedside = at.and_then(|at| at.bedside.as_ref());
    let is_alarm = bedside.is_some_and(|bedside| bedside.is_high() || bedside.overdue(view.now).is_some())
        || view.board().lacks_a_bed(row);
    let is_warn = !is_alarm && bedside.is_some_and(Bedside::is_five_or_more);
    let stay = row.occupant.as_ref().map(|occupant| occupant.stay.id.as_str());
    html! {
        tr id=(row.id()) data-stay=[stay] data-bed=[row.bed.as_ref().map(|bed| &bed.id)] draggable=[stay.map(|_| "true")]
            .is-alarm[is_alarm] .is-warn[is_warn] .is-off[state == RowState::Closed]
            .is-empty[row.occupant.is_none() && state != RowState::Closed] {
            th.al-bed scope="row" {
                @match &row.bed {
                    Some(bed) => (bed.label),
                    None if !view.board().lacks_a_bed(row) => { span.al-small { "Here" } },
                    None => { span.al-small { "No bed" } },
                }
            }
            @match &row.occupant {
                Some(occupant) => { (patient_cells(view, row, occupant, at)) },
                None => {
                    td colspan=(if view.is_clinical { 5 } else { 4 }) { (empty(view, row, state)) }
                    td { (next_step(view, row, state)) }
                },
            }
            td.al-num { (menu(view, row)) }
        }
    }
}

/// How many tasks are open about a patient, and the one that is due first.
fn tasks(view: &BoardView<'_>, occupant: &Occupant) -> Markup {
    let patient = occupant.stay.patient.as_deref();
    let tasks = view.tasks(patient);
    let Some((first, patient)) = tasks.first().zip(patient) else {
        return html! { span.al-muted.al-small { "None open" } };
    };
    let is_late = tasks.iter().any(|task| task.due.is_none_or(|due| due < view.now));
    let is_today = first.due.is_some_and(|due| terms::local_date(due) == view.board().today);
    let weight = match (is_late, is_today) {
        (true, _) => Weight::Danger,
        (false, true) => Weight::Warning,
        (false, false) => Weight::Plain,
    };
    html! {
        a href=(view.links.tasks_of(patient)) { (tag(weight, &format!("{} open", tasks.len()))) }
        span.al-sub.al-priv.al-twolines { (first.what) }
    }
}

/// What a row says, without what time alone changes: while this stays, the row has not changed.
pub(super) fn mark(view: &BoardView<'_>, row: &BoardRow) -> String {
    let mut row = row.clone();
    if let Some(occupant) = &mut row.occupant {
        occupant.day = None;
    }
    let at = row.occupant.as_ref().and_then(|occupant| view.patient(occupant.stay.patient.as_deref()));
    let bedside = at.and_then(|at| at.bedside.as_ref());
    let is_overdue = bedside.map(|bedside| bedside.overdue(view.now).is_some());
    let tasks = view.tasks(row.occupant.as_ref().and_then(|occupant| occupant.stay.patient.as_deref()));
    format!("{row:?} {:?} {bedside:?} {is_overdue:?} {tasks:?}", at.map(|at| &at.identity))
}

fn patient_cells(view: &BoardView<'_>, row: &BoardRow, occupant: &Occupant, at: Option<&AtBed>) -> Markup {
    html! {
        td.al-line2 { (who(view, occupant, at)) }
        @if view.is_clinical {
            td { @if let Some(bedside) = at.and_then(|at| at.bedside.as_ref()) { (score(bedside, view.now)) } }
            td { (flags(view, row, occupant, at.and_then(|at| at.bedside.as_ref()))) }
        } @else {
            td { div.al-flags { (boarder(view, row, occupant)) (place_flags(view, row, occupant)) @if occupant.is_similar { (similar()) } } }
        }
        td.al-nb { (expected(occupant, view.now)) }
        td.al-line2 { (stopping(view, &occupant.stay)) }
        td { (tasks(view, occupant)) }
    }
}

fn who(view: &BoardView<'_>, occupant: &Occupant, at: Option<&AtBed>) -> Markup {
    let patient = occupant.stay.patient.as_deref();
    let href = patient.map(|id| view.links.patient(id)).unwrap_or_default();
    html! {
        span.al-priv {
            span.al-name { a.al-rowlink href=(href) { (name(at)) } }
            span.al-sub { (under(at, view.now)) }
        }
        span.al-priv-alt { b { (view.short(patient)) } }
    }
}

/// `SURNAME, Given`.
pub(crate) fn name(at: Option<&AtBed>) -> String {
    let Some(at) = at else { return "Not known".to_owned() };
    full_name(at.identity.family.as_deref(), &at.identity.given.join(" "), None)
}

/// Age, gender and NHS number.
pub(super) fn under(at: Option<&AtBed>, now: Moment) -> Markup {
    let Some(at) = at else { return html! { "This patient's record cannot be seen here" } };
    let age = at.identity.born.as_ref().and_then(|born| age_text(born, now));
    let number = at.identity.nhs_number.as_deref().map(nhs_words);
    html! {
        (age.as_deref().unwrap_or("Age not known")) " " (at.identity.gender.as_deref().unwrap_or("gender not known")) " · "
        span.al-nhs { @match &number { Some(number) => (number), None => "NHS No. not known" } }
    }
}

/// The chip with trend and time, and what is due.
pub(crate) fn score(bedside: &Bedside, now: Moment) -> Markup {
    if let Watch::Stopped { by, on } = &bedside.watch {
        return html! {
            div.al-small.al-muted.al-nb {
                span.al-priv {
                    "Observations stopped"
                    @if let Some(by) = by { br; "by " (by) @if let Some(on) = on { ", " (time(&short_date(on, now))) } }
                }
                span.al-priv-alt { "Not scored" }
            }
        };
    }
    let Some(latest) = &bedside.score else {
        return html! {
            (news_chip(Chip::NotScored))
            span.al-sub { (bedside.not_scored.unwrap_or("since arrival")) }
        };
    };
    let band = match latest.score.risk {
        Risk::Low => Band::Low,
        Risk::LowMedium => Band::ThreeInOne,
        Risk::Medium => Band::Medium,
        Risk::High => Band::High,
    };
    html! {
        div.al-row.al-newsrow {
            (news_chip(Chip::Scored { total: latest.score.total, band, out_of_date: bedside.overdue(now).is_some() }))
            span.al-line2 { (news_trend(latest.change)) br; span.al-small.al-muted { (time(&since_words(latest.at, now))) } }
        }
        @if bedside.watch == Watch::Continuous { span.al-sub.al-bad.al-nb { "Continuous" } }
        @if let Some(late) = bedside.overdue(now) { span.al-sub.al-bad.al-nb data-late { "Obs " (duration(late)) " overdue" } }
    }
}

fn similar() -> Markup {
    tag_with(Weight::Identity, Icon::Person, "Similar name")
}

fn flags(view: &BoardView<'_>, row: &BoardRow, occupant: &Occupant, bedside: Option<&Bedside>) -> Markup {
    let mut told: Vec<Markup> = Vec::new();
    if occupant.is_similar {
        told.push(similar());
    }
    let own = bedside.map(own_flags).unwrap_or_default();
    let is_none = own.is_empty() && told.is_empty();
    told.extend(own);
    let rest = told.split_off(told.len().min(MOST_FLAGS - 1));
    let public: Vec<&str> =
        bedside.into_iter().flat_map(|bedside| &bedside.flags).filter_map(|flag| flag.public).collect();
    html! {
        div.al-flags.al-priv {
            (allergy(bedside))
            @for flag in &told { (flag) }
            @if !rest.is_empty() {
                details.al-more { summary { "+" (rest.len()) " more" } span.al-flags { @for flag in &rest { (flag) } } }
            }
            @if is_none { span.al-muted.al-small.al-noflags { "No flags" } }
            (boarder(view, row, occupant))
            (place_flags(view, row, occupant))
        }
        div.al-flags.al-priv-alt {
            @if occupant.is_similar { (similar()) }
            @for words in &public { (tag(Weight::Warning, words)) }
            @if public.is_empty() && !occupant.is_similar { span.al-muted.al-small { "Hidden" } }
            // That somebody lies on a trolley is no secret of theirs, and must be seen from afar.
            @if row.bed.is_none() { (place_flags(view, row, occupant)) }
        }
    }
}

/// What is recorded as a flag, and oxygen as it is given.
fn own_flags(bedside: &Bedside) -> Vec<Markup> {
    let of = |grave: Grave| {
        let weight = match grave {
            Grave::Danger => Weight::Danger,
            Grave::Warning => Weight::Warning,
            Grave::Fact => Weight::Plain,
        };
        bedside.flags.iter().filter(move |flag| flag.weight == grave).map(move |flag| tag(weight, &flag.words))
    };
    let oxygen = bedside.oxygen.as_ref().map(|oxygen| tag(Weight::Plain, &format!("O2 {oxygen}")));
    let target = bedside.aims_low.then(|| tag(Weight::Plain, "O2 88 to 92%"));
    let urgent = of(Grave::Danger).chain(of(Grave::Warning));
    urgent.chain(oxygen).chain(target).chain(of(Grave::Fact)).collect()
}

/// The allergy flag of a bedside; one that could not be read reads *unavailable*.
pub(super) fn allergy(bedside: Option<&Bedside>) -> Markup {
    let state = match bedside.map(|bedside| &bedside.allergies) {
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

/// Where they are who are not in their bed, and what is wrong with the bed that they are in.
fn place_flags(view: &BoardView<'_>, row: &BoardRow, occupant: &Occupant) -> Markup {
    let bed_state = row.bed.as_ref().and_then(|bed| match bed.bed.status {
        BedStatus::Closed => Some("Bed closed"),
        BedStatus::Compromised => Some("Bed compromised"),
        BedStatus::Available | BedStatus::Vacated => None,
    });
    html! {
        @if let Some(elsewhere) = &occupant.elsewhere {
            @let icon = if row.bed.is_some() { Icon::Away } else { Icon::Bed };
            (tag_with(Weight::Info, icon, &elsewhere_words(elsewhere, row.bed.is_some(), view.now)))
        }
        @if let Some(sex) = other_sex(view, row, occupant) { (tag(Weight::Warning, &format!("In a {sex} bay"))) }
        @if occupant.stay.is_second { (tag(Weight::Identity, "Second stay")) }
        @if let Some(words) = bed_state { (tag(Weight::Warning, words)) }
    }
}

/// That somebody is of another specialty than the ward, and of which: their team is elsewhere. Nothing for passers-by.
fn boarder(view: &BoardView<'_>, row: &BoardRow, occupant: &Occupant) -> Markup {
    let team = occupant.stay.team.as_deref().map(|team| format!(": {team}")).unwrap_or_default();
    html! { @if view.board().is_boarder(row) { (tag(Weight::Info, &format!("Boarder{team}"))) } }
}

/// The sex of the bay that somebody of the other sex is in.
fn other_sex<'b>(view: &'b BoardView<'_>, row: &'b BoardRow, occupant: &Occupant) -> Option<&'b str> {
    let sex = view.board().sex_of(row.bed.as_ref()?)?;
    let at = view.patient(occupant.stay.patient.as_deref())?;
    mixes_sexes(Some(sex), at.identity.gender.as_deref()).then_some(sex)
}

/// `At CT since 14:10, back about 15:00`; `Trolley, treatment room, since 14:20`.
fn elsewhere_words(elsewhere: &Elsewhere, has_bed: bool, now: Moment) -> String {
    let since = elsewhere.since.map(|since| format!(" since {}", since_words(since, now).text)).unwrap_or_default();
    let back = elsewhere.back.map(|back| format!(", back about {}", since_words(back, now).text)).unwrap_or_default();
    let place = elsewhere.place.as_ref().map(Place::name_in_ward);
    match (place, has_bed, elsewhere.is_leave) {
        (_, _, true) => format!("On leave{since}{back}"),
        (Some(place), true, _) => format!("At {place}{since}{back}"),
        (Some(place), false, _) => format!("{place},{since}"),
        (None, true, _) => format!("Away{since}{back}"),
        (None, false, _) => format!("Place not said,{since}"),
    }
}

fn expected(occupant: &Occupant, now: Moment) -> Markup {
    html! {
        span.al-edd {
            b { @match &occupant.stay.expected_end { Some(end) => (time(&short_date(end, now))), None => "Not set" } }
            @if let Some(day) = occupant.day { " " span.al-small.al-muted { "day " (day) } }
        }
        span.al-sub { (team(&occupant.stay)) }
    }
}

/// What stops the discharge and whose it is, since when somebody is ready, and whether they leave today.
fn stopping(view: &BoardView<'_>, stay: &Stay) -> Markup {
    let plan = &stay.plan;
    let leaving = plan.leaving.as_ref().filter(|leaving| terms::local_date(leaving.at) == view.board().today);
    let tag =
        leaving.map(|leaving| tag_with(Weight::Good, Icon::Tick, &format!("Leaving today {}", clock(leaving.at).text)));
    let ready = ready_words(plan, view.board().today);
    html! {
        span.al-priv {
            @if view.is_clinical { (plan.stopping.as_deref().unwrap_or_default()) }
            @if let Some(tag) = &tag { div { (tag) } }
            @if let Some(ready) = &ready {
                span.al-sub { b.al-warn[leaving.is_none()] { (ready) } @if let Some(owner) = &plan.owner { " · " (owner) } }
            } @else if let Some(owner) = &plan.owner {
                span.al-sub { (owner) @if let Some(pathway) = plan.pathway { " · " (pathway.code()) " planned" } }
            }
        }
        span.al-priv-alt { @match &tag { Some(tag) => (tag), None => span.al-muted { "Hidden" } } }
    }
}

/// `Ready 16-Nov, 1 day, P1`.
fn ready_words(plan: &DischargePlan, today: terms::Date) -> Option<String> {
    let since = plan.ready_since?;
    let days = plan.days_ready(today).unwrap_or_default().max(0) as usize;
    let pathway = plan.pathway.map(|pathway| format!(", {}", pathway.code())).unwrap_or_default();
    let since = terms::print::short_date_text(since, today);
    Some(format!("Ready {since}, {}{pathway}", crate::words::counted(days, "day", "days")))
}

/// Who is responsible.
pub(super) fn team(stay: &Stay) -> String {
    stay.consultant()
        .and_then(|care| care.name.clone())
        .map_or_else(|| "No consultant".to_owned(), |name| short_staff(&name))
}

/// `Dr L Okafor` as `Dr Okafor`: a column of a board has room for the part that people say.
fn short_staff(name: &str) -> String {
    let mut parts: Vec<&str> = name.split_whitespace().collect();
    if parts.len() > 2 {
        parts.retain({
            let (first, last) = (parts[0], parts[parts.len() - 1]);
            move |part| *part == first || *part == last
        });
    }
    parts.join(" ")
}

fn empty(view: &BoardView<'_>, row: &BoardRow, state: RowState) -> Markup {
    let Some(bed) = &row.bed else { return html! {} };
    let since = bed.bed.since.map(|since| format!(" since {}", since_words(since, view.now).text)).unwrap_or_default();
    let reason = bed.bed.reason.as_deref().unwrap_or("no reason given");
    html! {
        div.al-row {
            @match state {
                RowState::Reserved => { (reserved(view, row)) },
                RowState::Closed => {
                    (tag_with(Weight::Identity, Icon::Unavailable, "Closed"))
                    b { "Closed: " (reason) } span.al-muted { (capital_since(&since)) (until(bed)) }
                },
                RowState::Compromised => {
                    (tag(Weight::Warning, "Compromised")) b { "Free, to be used with care: " (reason) }
                    span.al-muted { (capital_since(&since)) (until(bed)) }
                },
                RowState::Vacated => {
                    (tag(Weight::Info, "To clean")) b { "Empty, to be cleaned" (since) } span.al-muted { (whose(view, bed)) }
                },
                _ => {
                    (tag_with(Weight::Good, Icon::Tick, "Available")) b { "Empty, clean and ready" (since) }
                    span.al-muted { (whose(view, bed)) }
                },
            }
        }
    }
}

/// What is done next with an empty bed: it is kept for somebody, or whom it is kept for comes.
fn next_step(view: &BoardView<'_>, row: &BoardRow, state: RowState) -> Markup {
    let Some(bed) = row.bed.as_ref().filter(|_| view.moves) else { return html! {} };
    let ward = &view.board().ward.id;
    let kept = row.kept_for.as_ref().and_then(|stay| Some((stay.patient.as_deref()?, stay.id.as_str())));
    let admit = |(patient, stay): (&str, &str)| view.links.admit_expected(ward, &bed.id, patient, stay);
    html! {
        @match (state, kept) {
            (RowState::Available, _) => a.al-btn href=(view.links.reserve_form(ward, &bed.id)) aria-label={ "Reserve bed " (bed.label) } { "Reserve" },
            (RowState::Reserved, Some(kept)) => a.al-btn href=(admit(kept)) aria-label={ "Admit to bed " (bed.label) } { "Admit" },
            _ => {},
        }
    }
}

fn capital_since(since: &str) -> String {
    since.trim_start().replacen("since", "Since", 1)
}

fn until(bed: &Place) -> String {
    let until = bed.bed.until.as_deref().and_then(|until| terms::PartialDate::parse(until).ok());
    until.map(|until| format!(", reopens {}", crate::words::date(&until).text)).unwrap_or_default()
}

/// `Female bay`.
fn whose(view: &BoardView<'_>, bed: &Place) -> String {
    let sex = view.board().sex_of(bed);
    sex.map(|sex| format!("{} bay", crate::words::capital(sex))).unwrap_or_default()
}

fn reserved(view: &BoardView<'_>, row: &BoardRow) -> Markup {
    let Some(stay) = &row.kept_for else { return html! {} };
    let at = view.patient(stay.patient.as_deref());
    let expected = stay.started.as_ref().map(|at| since_words(at.lower(), view.now).text);
    let asked = stay.request.decided.as_ref().filter(|_| stay.is_emergency());
    let asked = asked.map(|at| since_words(at.lower(), view.now).text);
    html! {
        (tag_with(Weight::Info, Icon::Lock, "Reserved"))
        b { span.al-priv { "Reserved for " (name(at)) } span.al-priv-alt { "Reserved for " (view.short(stay.patient.as_deref())) } }
        @if let Some(expected) = expected { span.al-muted { "Expected " (expected) } }
        @if let Some(asked) = asked { span.al-muted { "Bed requested " (asked) } }
    }
}
