//! Writing stays: the members of an Encounter that a command changes, all others as they are.
//! Knows no rule: what is written was decided by a command.

use fhir::read::{items, text};
use fhir::write::{Object, array, array_if, coding, extension, quoted, reference, with_members};
use fhir::{Document, Node};
use terms::Moment;

use super::timeline::{Arrival, Episode, Interval};
use super::{PlaceTime, PlaceUse, STAY_TAG, Stay, is_tagged};
use crate::places::TREATMENT_FUNCTION;

/// The tag of a stay whose bed was taken.
pub(crate) const NO_BED_YET: &str = "no-bed-yet";
/// The tag of a stay that another system began while the patient had another.
pub(crate) const SECOND_STAY: &str = "second-stay";
/// The tag of a stay in places of which none is a bed.
pub(crate) const NOT_IN_A_BED: &str = "not-in-a-bed";
const NOT_IN_A_BED_WORDS: &str = "Not in a bed";
const NO_BED_WORDS: &str = "No bed yet: the bed was somebody else's";
const SECOND_STAY_WORDS: &str = "The patient has another live stay";

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

/// One consultant of `participant`: an episode.
pub(crate) fn participant(episode: &Episode) -> String {
    let kind = Object::new().json("coding", array([coding(super::PARTICIPATION, "ATND", Some("attender"))])).done();
    let is_dated = episode.from.is_some() || episode.to.is_some();
    let text = |at: Option<Moment>| at.map(|at| at.to_string());
    let period = Object::new().text_if("start", text(episode.from)).text_if("end", text(episode.to)).done();
    let function = episode.treatment_function.as_ref();
    let function = function.map(|code| array([extension(TREATMENT_FUNCTION, "valueString", &quoted(code))]));
    Object::new()
        .json_if("extension", function)
        .json("type", array([kind]))
        .json_if("period", is_dated.then_some(period))
        .json("individual", reference(&episode.who, episode.name.as_deref()))
        .done()
}

/// What the member `participant` gets: these consultants, and everybody else as they are.
pub(crate) fn participants(encounter: Node<'_, '_>, episodes: &[Episode]) -> Option<String> {
    let others = items(encounter, "participant").filter(|other| super::care(*other).is_none());
    array_if(others.map(|other| other.raw_text().to_owned()).chain(episodes.iter().map(participant)))
}

/// What the member `location` gets when some entries are left out: all others keep every byte.
pub(crate) fn kept_location(encounter: Node<'_, '_>, is_kept: impl Fn(&PlaceTime) -> bool) -> Option<String> {
    // What is no place to us, such as one that another system only describes, stays.
    let kept =
        items(encounter, "location").filter(|entry| super::place_time(*entry).is_none_or(|place| is_kept(&place)));
    array_if(kept.map(|entry| entry.raw_text().to_owned()))
}

/// A text with some entries of `location` left out and one added.
pub(crate) fn with_location(
    document: &Document<'_>,
    is_kept: impl Fn(&PlaceTime) -> bool,
    new: Option<String>,
) -> Vec<u8> {
    let kept = items(document.root(), "location");
    let kept = kept.filter(|entry| super::place_time(*entry).is_none_or(|place| is_kept(&place)));
    let all = array_if(kept.map(|entry| entry.raw_text().to_owned()).chain(new));
    with_members(document, &[("location", all)])
}

/// An extension that is made of parts; `None` when there is none of them.
pub(crate) fn complex(url: &str, parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts = array_if(parts.into_iter().flatten())?;
    Some(Object::new().text("url", url).json("extension", parts).done())
}

/// The text with other members; the tag of those whose bed was taken goes: a command says where the patient is.
pub(crate) fn with(document: &Document<'_>, members: &[(&str, Option<String>)]) -> Vec<u8> {
    let edited = with_members(document, members);
    if !is_tagged(document.root(), NO_BED_YET) {
        return edited;
    }
    // What was edited is a document as much as what it was made from.
    match Document::parse(&edited, &fhir::Limits::default()) {
        Ok(document) => retagged(&document, &[(NO_BED_YET, false)]),
        Err(_) => edited,
    }
}

/// The text with each of these tags of ours or without it.
pub(crate) fn retagged(document: &Document<'_>, wanted: &[(&str, bool)]) -> Vec<u8> {
    let meta = document.root().get("meta");
    let is_named = |tag: &Node<'_, '_>| {
        let code = text(*tag, "code");
        text(*tag, "system").as_deref() == Some(STAY_TAG) && wanted.iter().any(|(own, _)| code.as_deref() == Some(own))
    };
    let others = meta.into_iter().flat_map(|meta| items(meta, "tag")).filter(|tag| !is_named(tag));
    let own = wanted.iter().filter(|(_, is_wanted)| *is_wanted).map(|(code, _)| {
        let words = match *code {
            NO_BED_YET => NO_BED_WORDS,
            NOT_IN_A_BED => NOT_IN_A_BED_WORDS,
            _ => SECOND_STAY_WORDS,
        };
        Object::new().text("system", STAY_TAG).text("code", code).text("display", words).done()
    });
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

/// What the member `hospitalization` gets without one of its members; `None` when nothing is left.
pub(crate) fn hospitalization_without(encounter: Node<'_, '_>, name: &str) -> Option<String> {
    let present = encounter.get("hospitalization").into_iter().flat_map(|of| of.members());
    let mut kept = present.filter(|(own, _)| *own != name).peekable();
    kept.peek()?;
    Some(kept.fold(Object::new(), |new, (name, value)| new.json(name, value.raw_text())).done())
}

/// What the member `hospitalization` gets: members replaced or added, all others as they are.
pub(crate) fn hospitalization(encounter: Node<'_, '_>, set: &[(&str, String)]) -> String {
    let present = encounter.get("hospitalization").into_iter().flat_map(|of| of.members());
    let kept = present.filter(|(name, _)| set.iter().all(|(own, _)| own != name));
    let mut new = Object::new();
    for (name, value) in kept {
        new = new.json(name, value.raw_text());
    }
    set.iter().fold(new, |new, (name, json)| new.json(name, json)).done()
}
