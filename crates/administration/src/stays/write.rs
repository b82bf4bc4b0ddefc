//! Writing stays: the members of an Encounter that a command changes, all others as they are.

use fhir::read::{items, text};
use fhir::write::{Object, array, array_if, coding, reference, with_members};
use fhir::{Document, Node};
use terms::Moment;

use super::timeline::{Arrival, Interval};
use super::{NO_BED_YET, PlaceTime, PlaceUse, STAY_TAG, Stay, is_tagged};

/// The arrivals of a stay as recorded: those whose moment is known, oldest first.
pub(crate) fn arrivals(stay: &Stay) -> Vec<Arrival> {
    let happened = stay.places.iter().filter(|entry| matches!(entry.is, PlaceUse::Active | PlaceUse::Past));
    let mut arrivals: Vec<Arrival> = happened
        .filter_map(|entry| {
            let at = entry.from.as_ref().or(stay.started.as_ref())?.lower();
            Some(Arrival { place: entry.place.clone(), at })
        })
        .collect();
    arrivals.sort_by_key(|arrival| arrival.at);
    arrivals
}

/// The member `location` for these intervals and what is planned or kept. An interval without an end is where the
/// patient is.
pub(crate) fn locations(intervals: &[Interval], kept: &[PlaceTime]) -> Option<String> {
    let happened = intervals.iter().map(|interval| {
        let status = if interval.to.is_none() { "active" } else { "completed" };
        entry(&interval.place, status, Some(interval.from.to_string()), interval.to.map(|to| to.to_string()))
    });
    let kept = kept.iter().filter_map(|place| {
        let status = match place.is {
            PlaceUse::Planned => "planned",
            PlaceUse::Reserved => "reserved",
            PlaceUse::Active | PlaceUse::Past => return None,
        };
        let text = |date: &Option<terms::PartialDate>| date.as_ref().map(|date| date.text().to_owned());
        Some(entry(&place.place, status, text(&place.from), text(&place.to)))
    });
    array_if(happened.chain(kept))
}

/// One entry of `location`.
pub(crate) fn entry(place: &str, status: &str, from: Option<String>, to: Option<String>) -> String {
    let is_dated = from.is_some() || to.is_some();
    let period = Object::new().text_if("start", from).text_if("end", to).done();
    Object::new()
        .json("location", reference(&format!("Location/{place}"), None))
        .text("status", status)
        .json_if("period", is_dated.then_some(period))
        .done()
}

/// One consultant of `participant`.
pub(crate) fn participant(who: &str, name: Option<&str>, from: Moment, to: Option<Moment>) -> String {
    let kind = Object::new().json("coding", array([coding(super::PARTICIPATION, "ATND", Some("attender"))])).done();
    let period = Object::new().text("start", from.to_string()).text_if("end", to.map(|to| to.to_string())).done();
    Object::new().json("type", array([kind])).json("period", period).json("individual", reference(who, name)).done()
}

/// An extension that is made of parts; `None` when there is none of them.
pub(crate) fn complex(url: &str, parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts = array_if(parts.into_iter().flatten())?;
    Some(Object::new().text("url", url).json("extension", parts).done())
}

/// The text with other members; the tag of those without a bed goes: a command says where the patient is.
pub(crate) fn with(document: &Document<'_>, members: &[(&str, Option<String>)]) -> Vec<u8> {
    let edited = with_members(document, members);
    if !is_tagged(document.root()) {
        return edited;
    }
    // What was edited is a document as much as what it was made from.
    match Document::parse(&edited, &fhir::Limits::default()) {
        Ok(document) => untagged(&document),
        Err(_) => edited,
    }
}

/// The text with the tag of those without a bed.
pub(crate) fn tagged(document: &Document<'_>) -> Vec<u8> {
    let tag = Object::new()
        .text("system", STAY_TAG)
        .text("code", NO_BED_YET)
        .text("display", "No bed yet: the bed was somebody else's")
        .done();
    with_tags(document, Some(tag))
}

/// The text without it.
pub(crate) fn untagged(document: &Document<'_>) -> Vec<u8> {
    with_tags(document, None)
}

fn with_tags(document: &Document<'_>, own: Option<String>) -> Vec<u8> {
    let meta = document.root().get("meta");
    let is_own = |tag: &Node<'_, '_>| {
        text(*tag, "system").as_deref() == Some(STAY_TAG) && text(*tag, "code").as_deref() == Some(NO_BED_YET)
    };
    let others = meta.into_iter().flat_map(|meta| items(meta, "tag")).filter(|tag| !is_own(tag));
    let tags = array_if(others.map(|tag| tag.raw_text().to_owned()).chain(own));
    let members = meta.into_iter().flat_map(|meta| meta.members()).filter(|(name, _)| *name != "tag");
    let mut new = Object::new();
    let mut is_empty = tags.is_none();
    for (name, value) in members {
        new = new.json(name, value.raw_text());
        is_empty = false;
    }
    let new = new.json_if("tag", tags).done();
    with_members(document, &[("meta", (!is_empty).then_some(new))])
}
