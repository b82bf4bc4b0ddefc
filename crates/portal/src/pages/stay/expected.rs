//! A stay that is expected: the decision, the days that were offered, and the forms of the day to come in, the bed, the
//! admission and the cancellation.
//!
//! Offers stay: the first day and how often it was moved are said with the present one.

use administration::stays::codes::{OFFER_ENDS, REMOVALS, method_words, words_of};
use administration::stays::{NEEDS, Offer};
use maud::{Markup, html};

use super::fields::codes;
use super::{StayPage, moment};
use crate::components::notice::empty;
use crate::components::panel::{head, panel, wide};
use crate::components::time;
use crate::pages::admissions::{bed_of, kind_words, moved_words};
use crate::words::{date, short_date};

/// The content of the page.
pub(super) fn content(page: &StayPage<'_>) -> Markup {
    html! {
        div.al-grid.al-split {
            div.al-stack { (decision(page)) (offers(page)) }
            div.al-stack { (admit(page)) (tci(page)) (bed(page)) (cancel(page)) }
        }
    }
}

/// The content of one that was cancelled.
pub(super) fn ended(page: &StayPage<'_>) -> Markup {
    let removed = page.of.stay.request.removed.as_deref();
    html! {
        div.al-stack {
            @if let Some(words) = removed.and_then(|code| words_of(REMOVALS, code)) { p { "Removed from the list: " (words) "." } }
            (decision(page)) (offers(page))
        }
    }
}

fn decision(page: &StayPage<'_>) -> Markup {
    let stay = &page.of.stay;
    let today = terms::local_date(page.setting.now);
    let wards: Vec<_> =
        page.of.wards.iter().map(|board| crate::pages::admissions::WardLine::of(board, today)).collect();
    let bed = bed_of(stay, &page.of.places, &wards, page.setting.now);
    let needs: Vec<&str> = stay.request.needs.iter().filter_map(|need| words_of(NEEDS, need)).collect();
    panel(
        &head("Decision to admit", None),
        &html! {
            div.al-panel__b { dl.al-dl {
                dt { "Decided" } dd { @match &stay.request.decided { Some(at) => (moment(at.lower())), None => "Not recorded" } }
                dt { "Method" } dd { (stay.method.as_deref().and_then(method_words).unwrap_or("Not recorded")) }
                dt { "Meant as" } dd { (kind_words(stay)) }
                dt { "Priority" } dd { (stay.priority.as_deref().unwrap_or("Not recorded")) }
                dt { "Team" } dd {
                    (stay.consultant().and_then(|care| care.name.as_deref()).unwrap_or("No consultant"))
                    @if let Some(team) = &stay.team { ", " (team) }
                }
                dt { "Wanted ward" } dd { @match stay.wanted() { Some(ward) => (page.place_name(&ward.place)), None => "Any" } }
                dt { "Needs" } dd { @if needs.is_empty() { "None recorded" } @else { (needs.join(", ")) } }
                @if let Some(note) = &stay.request.note { dt { "Note" } dd { (note) } }
                dt { "Bed" } dd { (bed.markup()) }
            } }
        },
    )
}

fn offers(page: &StayPage<'_>) -> Markup {
    let (stay, now) = (&page.of.stay, page.setting.now);
    let offers = &stay.request.offers;
    let scope = html! { (offers.len()) @if offers.len() > 1 { ", " (moved_words(stay)) } };
    let row = |offer: &Offer| {
        html! {
            tr {
                th scope="row" {
                (time(&date(&offer.tci)))
                @if offer.tci.precision() == terms::Precision::Instant { " " (time(&crate::words::clock(offer.tci.lower()))) }
            }
                td { @match &offer.made { Some(made) => (time(&short_date(made, now))), None => "Not recorded" } }
                td { @match offer.is_reasonable { Some(true) => "Reasonable", Some(false) => "Not reasonable", None => "Not said" } }
                td { @match &offer.end {
                    Some(end) => {
                        (words_of(OFFER_ENDS, &end.outcome).unwrap_or("Ended"))
                        @if let Some(reason) = &end.reason { ": " (reason) }
                    }
                    None if Some(offer) == stay.request.offer() => b { "holds" },
                    None => "Moved",
                } }
            }
        }
    };
    panel(
        &head("Days offered", Some(scope)),
        &html! {
            @if offers.is_empty() { (empty(&html! { "No day has been offered." })) }
            @else { (wide("Days offered", &html! {
                table.al-t {
                    thead { tr { th scope="col" { "Day" } th scope="col" { "Offered" } th scope="col" { "Offer" } th scope="col" { "State" } } }
                    tbody { @for offer in offers { (row(offer)) } }
                }
            })) }
        },
    )
}

fn tci(page: &StayPage<'_>) -> Markup {
    let form = page.form("tci");
    let fields = html! {
        div.al-row {
            (form.text("tci_date", ("Day to come in", "such as 24-Nov or t+7"), "", Some(14)))
            (form.text("tci_time", ("Time, if one is agreed", "such as 07:30"), "", Some(14)))
        }
        (form.which())
        (form.radios("reasonable", "Was it a reasonable offer, by notice and choice?", "",
            &[("yes", "Yes"), ("no", "No"), ("unsaid", "Not asked yet")]))
    };
    let title = if page.of.stay.request.tci().is_some() { "Move the day to come in" } else { "Set a day to come in" };
    form.folded(title, &fields, "Save the day")
}

fn bed(page: &StayPage<'_>) -> Markup {
    let form = page.form("reserve");
    let fields = html! {
        (form.select("bed", ("Bed", "Choose a bed"), &page.place_options(form.value("bed"))))
        (super::mixed(&form))
    };
    let release = page.form("release");
    html! {
        (form.folded("Keep a bed", &fields, "Keep this bed"))
        @if let Some(kept) = page.of.stay.reserved() {
            @let words = html! { p.al-flush { (page.place_name(&kept.place)) " is kept for the patient." } };
            (release.folded("Let the kept bed go", &words, "Let it go"))
        }
    }
}

fn admit(page: &StayPage<'_>) -> Markup {
    let form = page.form("admit");
    let fields = html! {
        input type="hidden" name="patient" value=(page.of.stay.patient.as_deref().unwrap_or_default());
        (form.select("place", ("Where is the patient?", "Choose a place"), &page.place_options(form.value("place"))))
        (super::mixed(&form))
        (form.when("When did they come?", false))
    };
    form.folded("The patient has arrived: admit", &fields, "Admit")
}

fn cancel(page: &StayPage<'_>) -> Markup {
    let form = page.form("cancel");
    let has_day = page.of.stay.request.offer().is_some();
    let mut then: Vec<(String, String)> = Vec::new();
    if has_day {
        then.push(("waits".to_owned(), "Stays on the list, without a day".to_owned()));
    }
    then.extend(REMOVALS.iter().map(|(code, words)| ((*code).to_owned(), format!("Leaves the list: {words}"))));
    let fields = html! {
        @if has_day {
            (form.choice("outcome", ("Who cancelled, and when?", "Choose"), "", &codes(OFFER_ENDS)))
            (form.radios("clinical", "If the hospital cancelled on the day: is the reason a clinical one?", "",
                &[("yes", "Yes, such as unfit"), ("no", "No, such as no bed or no staff")]))
        }
        (form.text("reason", ("Why", "in a few words"), "", None))
        (form.choice("then", ("And then?", "Choose"), "", &then))
    };
    form.folded("Cancel", &fields, "Cancel this")
}
