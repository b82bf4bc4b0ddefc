//! Small readings over nodes that every reader of resources needs: strings, concepts, references, dates.
//!
//! Knows the shape of FHIR's data types (R4, datatypes.html), nothing of what a resource means.

use terms::{Moment, PartialDate};

use crate::document::Node;

/// The string at a member, unless it is empty.
pub fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    node.get(name)?.text().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The items of a member, none if it is absent.
pub fn items<'d, 't>(node: Node<'d, 't>, name: &str) -> impl Iterator<Item = Node<'d, 't>> + use<'d, 't> {
    node.get(name).into_iter().flat_map(|member| member.items())
}

/// The node at the end of a path; arrays are entered at their first item.
pub fn at<'d, 't>(node: Node<'d, 't>, path: &[&str]) -> Option<Node<'d, 't>> {
    path.iter().try_fold(node, |node, name| node.get(name)?.items().next())
}

/// A date or instant at a member.
pub fn when(node: Node<'_, '_>, name: &str) -> Option<PartialDate> {
    PartialDate::parse(&text(node, name)?).ok()
}

/// An instant at a member, when it is one and not a day.
pub fn moment(node: Node<'_, '_>, name: &str) -> Option<Moment> {
    Moment::parse(&text(node, name)?).ok()
}

/// System and code of every coding of a concept.
pub fn codings(concept: Node<'_, '_>) -> impl Iterator<Item = (String, String)> {
    items(concept, "coding")
        .filter_map(|coding| Some((text(coding, "system").unwrap_or_default(), text(coding, "code")?)))
}

/// The code of a concept in a system.
pub fn code_in(concept: Node<'_, '_>, system: &str) -> Option<String> {
    codings(concept).find(|(of, _)| of == system).map(|(_, code)| code)
}

/// Whether a concept has one of these codes in any system.
pub fn has_code(concept: Node<'_, '_>, codes: &[&str]) -> bool {
    // Asked of every resource of a chart: the code is compared where it lies.
    items(concept, "coding").filter_map(|coding| coding.get("code")?.text()).any(|code| codes.contains(&code.trim()))
}

/// Whether any concept of a repeating member has one of these codes, by code in any system.
pub fn any_has_code(node: Node<'_, '_>, name: &str, codes: &[&str]) -> bool {
    items(node, name).any(|concept| has_code(concept, codes))
}

/// A concept in words: its text, else the display of a coding, else a code.
pub fn words(concept: Node<'_, '_>) -> Option<String> {
    text(concept, "text")
        .or_else(|| items(concept, "coding").find_map(|coding| text(coding, "display")))
        .or_else(|| items(concept, "coding").find_map(|coding| text(coding, "code")))
        .map(|words| words.replace('\u{200b}', ""))
}

/// The words of the concept at a member.
pub fn words_at(node: Node<'_, '_>, name: &str) -> Option<String> {
    words(node.get(name)?.items().next()?)
}

/// The last two steps of a literal reference, such as `Practitioner/7`, or a contained one such as `#m1`.
pub fn reference(node: Node<'_, '_>, name: &str) -> Option<String> {
    let literal = text(node.get(name)?.items().next()?, "reference")?;
    if literal.starts_with('#') || literal.starts_with("urn:") {
        return Some(literal);
    }
    let mut steps = literal.split("/_history/").next()?.rsplit('/');
    let (id, kind) = (steps.next()?, steps.next()?);
    Some(format!("{kind}/{id}"))
}

/// The id that a reference at a member names, when it names a resource of this type.
pub fn id_of(node: Node<'_, '_>, name: &str, kind: &str) -> Option<String> {
    let reference = reference(node, name)?;
    let (of, id) = reference.split_once('/')?;
    (of == kind).then(|| id.to_owned())
}

/// The extension of an address.
pub fn extension<'d, 't>(node: Node<'d, 't>, url: &str) -> Option<Node<'d, 't>> {
    items(node, "extension").find(|extension| extension.get("url").and_then(|of| of.text()).as_deref() == Some(url))
}

/// The string, code or date that an extension of an address has.
pub fn extension_text(node: Node<'_, '_>, url: &str) -> Option<String> {
    let of = extension(node, url)?;
    of.members()
        .find(|(name, _)| name.starts_with("value"))
        .and_then(|(_, value)| value.text())
        .map(|text| text.into_owned())
}
