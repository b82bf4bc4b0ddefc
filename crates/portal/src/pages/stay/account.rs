//! What a stay comes to, in a table: places, episodes, bed days; and what a correction changed in them.
//!
//! Works nothing out: `administration::stays::account` does.

use administration::stays::Classification;
use administration::stays::account::Recomputed;
use administration::stays::timeline::{Episode, Interval};
use maud::{Markup, html};

use super::{StayPage, moment};
use crate::components::notice::{Kind, empty, notice};
use crate::components::panel::{head, panel, wide};
use crate::words::{counted, duration};

/// Places, oldest first.
pub(super) fn places(page: &StayPage<'_>) -> Markup {
    let places = &page.of.account.places;
    let scope = html! { (counted(places.len(), "place", "places")) ", oldest first" };
    panel(
        &head("Places", Some(scope)),
        &html! {
            @if places.is_empty() { (empty(&html! { "No place is recorded." })) }
            @else { (wide("Places", &html! {
                table.al-t {
                    thead { tr { th scope="col" { "Place" } th scope="col" { "From" } th scope="col" { "Until" } th scope="col" { "For" } } }
                    tbody { @for at in places { (place_row(page, at)) } }
                }
            })) }
        },
    )
}

fn place_row(page: &StayPage<'_>, at: &Interval) -> Markup {
    let until = at.to.unwrap_or(page.setting.now);
    html! {
        tr {
            th scope="row" { (page.place_name(&at.place)) }
            td { (moment(at.from)) }
            td { @match at.to { Some(to) => (moment(to)), None => b { "now" } } }
            td { (duration(until.0 - at.from.0)) }
        }
    }
}

/// Consultants, oldest first.
pub(super) fn episodes(page: &StayPage<'_>) -> Markup {
    let episodes = &page.of.account.episodes;
    panel(
        &head("Consultants", Some(html! { (counted(episodes.len(), "episode", "episodes")) })),
        &html! {
            @if episodes.is_empty() { (empty(&html! { "No consultant is recorded." })) }
            @else { (wide("Consultants", &html! {
                table.al-t {
                    thead { tr { th scope="col" { "Consultant" } th scope="col" { "From" } th scope="col" { "Until" } } }
                    tbody { @for of in episodes { tr {
                        th scope="row" { (episode_words(of)) }
                        td { @match of.from { Some(from) => (moment(from)), None => "admission" } }
                        td { @match of.to { Some(to) => (moment(to)), None => b { "now" } } }
                    } } }
                }
            })) }
        },
    )
}

fn episode_words(of: &Episode) -> String {
    let name = of.name.as_deref().unwrap_or("Name not known");
    match &of.treatment_function {
        Some(code) => format!("{name}, treatment function {code}"),
        None => name.to_owned(),
    }
}

/// Nights and bed days.
pub(super) fn bed_days(page: &StayPage<'_>) -> Markup {
    let account = &page.of.account;
    let scope = html! { (counted(account.nights as usize, "night", "nights")) ", a bed day is a midnight" };
    panel(
        &head("Bed days", Some(scope)),
        &html! {
            @if account.bed_days.is_empty() { (empty(&html! { "No midnight yet." })) }
            @else { div.al-panel__b { ul.al-stack {
                @for (kind, days) in &account.bed_days { li { (days) " " (kind.words()) } }
            } } }
            @if let Some(of) = Classification::of(&page.of.stay, account) {
                div.al-panel__f { "Counts as " b { (of.words()) } "." }
            }
        },
    )
}

/// What the last correction changed.
pub(super) fn changed(page: &StayPage<'_>, of: &Recomputed) -> Markup {
    let interval = |at: &Interval| {
        html! { (page.place_name(&at.place)) ", " (moment(at.from)) " to " @match at.to { Some(to) => (moment(to)), None => "now" } }
    };
    let is_nothing = of.places_before.is_empty() && of.places_after.is_empty() && of.bed_days.is_empty();
    notice(
        Kind::Note,
        &html! {
            b { "What the last change came to" }
            @if is_nothing { p.al-flush { "Places and bed days are as they were." } }
            @if !of.places_before.is_empty() || !of.places_after.is_empty() {
                p.al-flush { "Before:" } ul { @for at in &of.places_before { li { (interval(at)) } } }
                p.al-flush { "Now:" } ul { @for at in &of.places_after { li { (interval(at)) } } }
            }
            @if !of.episodes_after.is_empty() {
                p.al-flush { "Episodes now:" } ul { @for of in &of.episodes_after { li { (episode_words(of)) } } }
            }
            @for (kind, was, is) in &of.bed_days { p.al-flush { "Bed days, " (kind.words()) ": " (was) ", now " b { (is) } "." } }
            @if of.nights.0 != of.nights.1 { p.al-flush { "Nights: " (of.nights.0) ", now " b { (of.nights.1) } "." } }
        },
        None,
    )
}
