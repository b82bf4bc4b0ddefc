//! Editing a Patient member by member: one name, address or identifier is changed, all others and every member that is
//! not known here stay as they were.

use fhir::Node;
use fhir::read::{items, text};
use fhir::write::{Object, array_if};

/// An object's text with members replaced (`Some`), or removed (`None`); others as they are, new ones behind.
pub(crate) fn object_with(node: Node<'_, '_>, members: &[(&str, Option<String>)]) -> String {
    let wanted = |name: &str| members.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_deref());
    let mut object = Object::new();
    for (name, value) in node.members() {
        object = match wanted(name) {
            Some(Some(json)) => object.json(name, json),
            Some(None) => object,
            None => object.json(name, value.raw_text()),
        };
    }
    for (name, value) in members.iter().filter(|(name, _)| node.get(name).is_none()) {
        object = object.json_if(name, value.as_deref());
    }
    object.done()
}

/// A list with one item replaced by others, or with others behind it when there was none: what the member becomes.
pub(crate) fn list_with(
    parent: Node<'_, '_>,
    name: &str,
    replaced: Option<Node<'_, '_>>,
    by: impl IntoIterator<Item = String>,
) -> Option<String> {
    let place = replaced.map(|node| node.span());
    let mut by = Some(by);
    let mut all = Vec::new();
    for item in items(parent, name) {
        if place.as_ref() == Some(&item.span()) {
            all.extend(by.take().into_iter().flatten());
        } else {
            all.push(item.raw_text().to_owned());
        }
    }
    all.extend(by.take().into_iter().flatten());
    array_if(all)
}

/// The member `meta` with a tag or a label added or taken away: `list` is `tag` or `security`.
pub(crate) fn meta_with(patient: Node<'_, '_>, list: &str, own: (&str, &str), add: Option<String>) -> Option<String> {
    let meta = patient.get("meta");
    let is_own = |tag: &Node<'_, '_>| {
        text(*tag, "system").as_deref() == Some(own.0) && text(*tag, "code").as_deref() == Some(own.1)
    };
    let others = meta.into_iter().flat_map(|meta| items(meta, list)).filter(|tag| !is_own(tag));
    let tags = array_if(others.map(|tag| tag.raw_text().to_owned()).chain(add));
    let Some(meta) = meta else { return tags.map(|tags| Object::new().json(list, tags).done()) };
    let edited = object_with(meta, &[(list, tags)]);
    (edited != "{}").then_some(edited)
}
