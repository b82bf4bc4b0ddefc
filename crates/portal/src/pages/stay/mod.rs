//! The page of one stay: its places and consultants in time, what it comes to, the plan of the discharge, what is still
//! owed, and the forms of everything that can be done with it.
//!
//! A pure function of what was gathered. Each form is folded until it is opened; one that was refused comes back open, with
//! everything that was typed. Expected stays have other forms than those that have begun.

mod account;
mod detention;
mod expected;
pub(crate) mod fields;
mod live;
pub(crate) mod request;

use administration::boards::{RowState, WardBoard};
use administration::downtime::FormMark;
use administration::places::Places;
use administration::stays::account::{Account, Recomputed};
use administration::stays::{Detention, Owed, Stay, StayState};
use clinical::Chart;
use maud::{Markup, html};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::fields::Fields;
use super::patient::{banner_of, name_words, places_of};
use crate::act::Typed;
use crate::components::frame::{OpenPatient, patient_page};
use crate::components::tag::{Weight, tag};
use crate::components::time;
use crate::setting::{Rail, Setting};
use crate::words::{clock, day};
use fields::Sent;

/// Everything that the page of a stay shows.
pub(crate) struct Gathered {
    pub(crate) stay: Stay,
    /// The version of the Encounter.
    pub(crate) version: u64,
    /// Who it is.
    pub(crate) chart: Arc<Chart>,
    pub(crate) account: Account,
    /// What the last correction changed, when it was asked for.
    pub(crate) changed: Option<Recomputed>,
    pub(crate) owed: Vec<Owed>,
    /// Detentions under the Mental Health Act, the newest first; none for those who see no clinical content.
    pub(crate) detentions: Vec<Detention>,
    /// Every ward's board: which beds are free.
    pub(crate) wards: Vec<Arc<WardBoard>>,
    pub(crate) places: Arc<Places>,
    /// Who can be responsible: reference and name.
    pub(crate) staff: Vec<(String, String)>,
    /// The downtime forms from which it was entered.
    pub(crate) forms: Vec<FormMark>,
}

/// The page of a stay.
pub(crate) struct StayPage<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) of: &'a Gathered,
    pub(crate) sent: Sent<'a>,
    pub(crate) notice: Option<&'a Markup>,
    /// Who can take over what is still owed when the patient leaves: plain name and words.
    pub(crate) owners: &'a [(String, String)],
    /// What this person left in its forms, by act.
    pub(crate) drafts: &'a BTreeMap<&'static str, Typed>,
}

/// What the drafts of the page's forms begin with; the act follows. They are about the stay, which is one patient's.
pub(crate) const DRAFTS: &str = "stay";

impl<'a> StayPage<'a> {
    /// The form of an act: as it was sent, else as this person left it.
    fn form(&self, act: &'a str) -> Fields<'a> {
        let is_refused = self.sent.refusal.is_some() && self.sent.typed.text("act") == act;
        let (typed, refusal) = match self.drafts.get(act).filter(|_| !is_refused) {
            Some(kept) => (kept, None),
            None => (self.sent.typed, self.sent.refusal),
        };
        let about = Some((DRAFTS, self.of.stay.id.as_str()));
        Fields { setting: self.setting, typed, refusal, act: Some(act), about }
    }

    fn place_name(&self, id: &str) -> String {
        place_name(&self.of.places, id)
    }

    /// The beds and wards where somebody can be, as the entries of a choice.
    fn place_options(&self, chosen: &str) -> Markup {
        place_options(&self.of.wards, chosen)
    }
}

/// Why it has to be a bay of both sexes; asked once that was refused.
fn mixed(form: &Fields<'_>) -> Markup {
    let is_asked = form.wrong("mixed").is_some() || !form.value("mixed").is_empty();
    if is_asked {
        form.mixed(&html! {})
    } else {
        html! {}
    }
}

/// What a place is called.
pub(crate) fn place_name(places: &Places, id: &str) -> String {
    places.get(id).map_or_else(|| "A place that is not known".to_owned(), |place| place.name.clone())
}

/// The beds of every ward, and the wards themselves, as the entries of a choice.
pub(crate) fn place_options(wards: &[Arc<WardBoard>], chosen: &str) -> Markup {
    html! {
        @for board in wards {
            optgroup label=(board.ward.name) {
                @for row in board.rows() {
                    @if let Some(bed) = &row.bed {
                        option value=(bed.id) selected[bed.id == chosen] disabled[row.state() == RowState::Closed] {
                            (bed.name) ", " (state_words(row.state()))
                        }
                    }
                }
                option value=(board.ward.id) selected[board.ward.id == chosen] { "No bed yet, on " (board.ward.name) }
            }
        }
    }
}

const fn state_words(state: RowState) -> &'static str {
    match state {
        RowState::Available => "free",
        RowState::Compromised => "free, to be used with care",
        RowState::Vacated => "free, to be cleaned",
        RowState::Reserved => "kept for somebody",
        RowState::Closed => "closed",
        RowState::Occupied | RowState::Away | RowState::NoBedYet => "taken",
    }
}

/// The page.
pub(crate) fn stay_page(page: &StayPage<'_>) -> Markup {
    let (setting, of) = (page.setting, page.of);
    let banner = banner_of(&of.chart, setting.clinical, &setting.links, setting.now);
    let back = setting.links.admissions();
    let patient =
        OpenPatient { banner: &banner, back: (&back, "Admissions"), places: places_of(&of.chart, setting, "Stay") };
    let title = format!("{}: {}", name_words(&of.chart.identity), state_title(of.stay.state));
    let content = html! {
        (summary(page))
        @if let Some(notice) = page.notice { (notice) }
        div.al-head {
            div { h1 { (state_title(of.stay.state)) } p { (line(page)) } }
            span.al-asat.al-asat--still.al-push { "As at " b { (time(&clock(setting.now))) } " " (time(&day(setting.now))) }
        }
        (from_paper(&of.forms))
        @if let Some(changed) = &of.changed { (account::changed(page, changed)) }
        @match of.stay.state {
            StayState::Expected => (expected::content(page)),
            StayState::Cancelled | StayState::Mistaken => (expected::ended(page)),
            StayState::Present | StayState::OnLeave | StayState::Discharged => (live::content(page)),
        }
    };
    patient_page(&setting.frame(&title, "Stay", Rail::Patients), &patient, &content)
}

/// What is wrong, on top of the page: it leads to the field of the form that was sent.
fn summary(page: &StayPage<'_>) -> Markup {
    page.form(page.sent.typed.text("act")).summary()
}

const fn state_title(state: StayState) -> &'static str {
    match state {
        StayState::Expected => "Expected stay",
        StayState::Present => "Stay",
        StayState::OnLeave => "Stay, on leave",
        StayState::Discharged => "Stay, ended",
        StayState::Cancelled => "Admission cancelled",
        StayState::Mistaken => "Recorded by mistake",
    }
}

/// One line: since when, where, why.
fn line(page: &StayPage<'_>) -> Markup {
    let stay = &page.of.stay;
    let place = stay.place().map(|place| page.place_name(&place.place));
    html! {
        @if let Some(reason) = &stay.reason { (reason) ". " }
        @if stay.state.is_live() {
            @if let Some(started) = &stay.started { "Admitted " (moment(started.lower())) ". " }
            @if let Some(place) = place { (place) @if stay.no_bed_yet { ", without a bed" } "." }
        } @else if let Some(ended) = &stay.ended {
            "Ended " (moment(ended.lower())) "."
        }
        @if stay.is_second { " " b.al-bad { "The patient has another live stay: one of the two is to be ended." } }
    }
}

/// What was entered from paper, and when: both times of each form.
pub(crate) fn from_paper(forms: &[FormMark]) -> Markup {
    html! {
        @if !forms.is_empty() {
            ul.al-plainlist.al-mb aria-label="Entered from downtime forms" {
                @for form in forms {
                    li {
                        (tag(Weight::Info, "Downtime")) " Form " (form.form) ": happened " (moment(form.happened))
                        ", entered " (moment(form.entered)) " by " (form.by) "."
                    }
                }
            }
        }
    }
}

/// A moment: day and time.
pub(crate) fn moment(at: terms::Moment) -> Markup {
    html! { (time(&day(at))) " " (time(&clock(at))) }
}
