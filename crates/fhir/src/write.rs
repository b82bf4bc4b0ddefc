//! Writing JSON: objects in the order they are written, and edits of a text's top-level members that leave every other
//! byte as it is.
//!
//! For the few resources that this product authors. What arrives from others is never written anew: it is spliced
//! (`splice.rs`). Knows nothing of what a member means; a text that was made here is validated like any other.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use crate::document::{Document, Node};

/// A JSON object as it is being written.
#[derive(Debug, Clone)]
pub struct Object(String);

impl Default for Object {
    fn default() -> Object {
        Object::new()
    }
}

impl Object {
    /// An empty object.
    pub fn new() -> Object {
        Object(String::from("{"))
    }

    /// A resource with its type and id.
    pub fn resource(kind: &str, id: &str) -> Object {
        Object::new().text("resourceType", kind).text("id", id)
    }

    /// A member whose value is JSON already.
    pub fn json(mut self, name: &str, json: impl AsRef<str>) -> Object {
        let comma = if self.0.len() > 1 { "," } else { "" };
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{comma}{}:{}", quoted(name), json.as_ref());
        self
    }

    /// A member whose value is a string.
    pub fn text(self, name: &str, text: impl AsRef<str>) -> Object {
        let text = quoted(text.as_ref());
        self.json(name, text)
    }

    /// A member whose value is a string, when there is one.
    pub fn text_if(self, name: &str, text: Option<impl AsRef<str>>) -> Object {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// A member whose value is JSON, when there is something to write.
    pub fn json_if(self, name: &str, json: Option<impl AsRef<str>>) -> Object {
        match json {
            Some(json) => self.json(name, json),
            None => self,
        }
    }

    /// The finished text.
    pub fn done(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A JSON array of texts that are JSON already.
pub fn array(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(","))
}

/// The same, or nothing when it would be empty: FHIR knows no empty arrays.
pub fn array_if(items: impl IntoIterator<Item = String>) -> Option<String> {
    let items: Vec<String> = items.into_iter().collect();
    (!items.is_empty()).then(|| array(items))
}

/// A JSON string.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A `Coding`; without words when there are none.
pub fn coding(system: &str, code: &str, words: Option<&str>) -> String {
    Object::new().text("system", system).text("code", code).text_if("display", words).done()
}

/// A `CodeableConcept` of one coding, with its words as text.
pub fn concept(system: &str, code: &str, words: &str) -> String {
    Object::new().json("coding", array([coding(system, code, Some(words))])).text("text", words).done()
}

/// A `Reference`, with its words when there are some.
pub fn reference(to: &str, words: Option<&str>) -> String {
    Object::new().text("reference", to).text_if("display", words).done()
}

/// An `Extension` whose value is JSON already: the name of the value, such as `valueCode`, and the value.
pub fn extension(url: &str, value: &str, json: &str) -> String {
    Object::new().text("url", url).json(value, json).done()
}

/// A resource's text with top-level members replaced, added behind the others or removed (`None`); every other byte is
/// as it was. A member named twice in `members` is taken as it stands last.
pub fn with_members(document: &Document<'_>, members: &[(&str, Option<String>)]) -> Vec<u8> {
    let present: Vec<(&str, Node<'_, '_>)> = document.root().members().collect();
    let wanted = |name: &str| members.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value.as_deref());
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let is_removed = |name: &str| wanted(name) == Some(None);
    let first_kept = present.iter().position(|(name, _)| !is_removed(name));
    for (at, (name, node)) in present.iter().enumerate() {
        match wanted(name) {
            Some(Some(json)) => edits.push((node.span(), json.to_owned())),
            // What stands before the first that stays goes with the comma behind it, any other with the one before.
            Some(None) if first_kept.is_some_and(|first| at > first) => {
                edits.push((present[at - 1].1.span().end..node.span().end, String::new()));
            }
            _ => {}
        }
    }
    if let (Some(first), Some((_, before))) = (first_kept, present.first())
        && first > 0
    {
        edits.push((start_of(before)..start_of(&present[first].1), String::new()));
    }
    let end = present.last().map_or(document.root().span().start + 1, |(_, node)| node.span().end);
    let mut is_first = first_kept.is_none();
    let mut added = String::new();
    for (at, (name, value)) in members.iter().enumerate() {
        let is_last = members[at + 1..].iter().all(|(other, _)| other != name);
        let is_new = present.iter().all(|(known, _)| known != name);
        if let (true, true, Some(json)) = (is_last, is_new, value) {
            let _ = write!(added, "{}{}:{json}", if is_first { "" } else { "," }, quoted(name));
            is_first = false;
        }
    }
    edits.push((end..end, added));
    applied(document.text(), edits)
}

/// Where a member begins: at its name.
fn start_of(node: &Node<'_, '_>) -> usize {
    node.name_span().map_or(node.span().start, |name| name.start)
}

fn applied(text: &[u8], mut edits: Vec<(Range<usize>, String)>) -> Vec<u8> {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut done = Vec::with_capacity(text.len() + 256);
    let mut at = 0;
    for (range, new) in edits {
        if range.start > at {
            done.extend_from_slice(&text[at..range.start]);
        }
        done.extend_from_slice(new.as_bytes());
        at = at.max(range.end);
    }
    done.extend_from_slice(&text[at..]);
    done
}

/// What the member `extension` of a node shall be when the extensions of these addresses are replaced by others (whole
/// `Extension` objects) or removed (`None`): all others as they are, then the new ones. `None` when none is left.
pub fn with_extensions(node: Node<'_, '_>, set: &[(&str, Option<String>)]) -> Option<String> {
    let is_named = |item: &Node<'_, '_>| {
        let url: Option<Cow<'_, str>> = item.get("url").and_then(|url| url.text());
        url.is_some_and(|url| set.iter().any(|(named, _)| *named == url))
    };
    let kept = node.get("extension").into_iter().flat_map(|list| list.items()).filter(|item| !is_named(item));
    let kept = kept.map(|item| item.raw_text().to_owned());
    array_if(kept.chain(set.iter().filter_map(|(_, json)| json.clone())))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;
    use crate::document::Limits;

    fn check(text: &str, members: &[(&str, Option<&str>)], expected: &str) {
        let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
        let members: Vec<_> = members.iter().map(|(name, json)| (*name, json.map(str::to_owned))).collect();
        let edited = String::from_utf8(with_members(&document, &members)).unwrap();
        assert_eq!(edited, expected, "{members:?}");
        Document::parse(edited.as_bytes(), &Limits::default()).unwrap();
    }

    #[test]
    fn members_are_replaced_added_and_removed_and_all_else_stays() {
        let text = r#"{ "a": 1.50, "b" :[ 2 ],"c":"x" }"#;
        check(text, &[], text);
        check(text, &[("b", Some("3"))], r#"{ "a": 1.50, "b" :3,"c":"x" }"#);
        check(text, &[("d", Some("true"))], r#"{ "a": 1.50, "b" :[ 2 ],"c":"x","d":true }"#);
        check(text, &[("b", None)], r#"{ "a": 1.50,"c":"x" }"#);
        check(text, &[("c", None)], r#"{ "a": 1.50, "b" :[ 2 ] }"#);
        check(text, &[("a", None)], r#"{ "b" :[ 2 ],"c":"x" }"#);
        check(text, &[("a", None), ("b", None)], r#"{ "c":"x" }"#);
        check(text, &[("b", None), ("c", None), ("d", Some("1"))], r#"{ "a": 1.50,"d":1 }"#);
        check(text, &[("d", None)], text);
        check(text, &[("b", Some("1")), ("b", Some("2"))], r#"{ "a": 1.50, "b" :2,"c":"x" }"#);
    }

    #[test]
    fn strings_are_escaped() {
        assert_eq!(quoted("a\"b\\c\nd\u{1}é"), "\"a\\\"b\\\\c\\nd\\u0001é\"");
    }

    #[test]
    fn extensions_of_others_stay() {
        let text = r#"{"extension":[{"url":"a","valueCode":"1"},{"url":"b","valueCode":"2"}]}"#;
        let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
        let set = |set: &[(&str, Option<String>)]| with_extensions(document.root(), set);
        let new = extension("a", "valueCode", "\"3\"");
        assert_eq!(set(&[("a", Some(new))]).unwrap(), r#"[{"url":"b","valueCode":"2"},{"url":"a","valueCode":"3"}]"#);
        assert_eq!(set(&[("a", None), ("b", None)]), None);
    }
}
