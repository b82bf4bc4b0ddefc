//! The law of the JSON document: what we accept, another parser accepts and reads the same; every node knows where its
//! bytes stand; and acceptance sets `id` and `meta` and leaves the rest as it was sent.
//!
//! Called with anything by the fuzz target `document`, and with the seeds and regressions by a test. Knows no FHIR.

use fhir::{Document, Kind, Limits, Malformed, Node, accept, lines};
use serde::de::IgnoredAny;
use serde_json::Value;
use std::ops::Range;
use terms::Moment;

const MOMENT: Moment = Moment(1_794_926_100_000);
/// What acceptance sets in `meta`, or takes out of it.
const SET_IN_META: [&str; 4] = ["versionId", "_versionId", "lastUpdated", "_lastUpdated"];
/// Why a text that another parser takes is refused: words of our messages.
const OWN_REASONS: [&str; 4] = ["stands twice", "nested deeper", "longer than", "more values"];

fn limits() -> Limits {
    Limits { max_bytes: 1 << 20, max_nodes: 50_000, ..Limits::default() }
}

/// Holds the law for any bytes.
pub(crate) fn check(input: &[u8]) {
    match Document::parse(input, &limits()) {
        Ok(document) => accepted(input, &document),
        Err(fault) => refused(input, &fault),
    }
    let mut last = 0;
    for line in lines(input) {
        assert!(line.number > last, "lines are counted upwards");
        last = line.number;
        assert_eq!(&input[line.offset..line.offset + line.text.len()], line.text);
        assert!(!line.text.contains(&b'\n') && !line.text.trim_ascii().is_empty());
    }
}

fn refused(input: &[u8], fault: &Malformed) {
    assert!(fault.offset <= input.len(), "{fault}");
    assert!(!fault.message.is_empty());
    let is_ours = OWN_REASONS.iter().any(|reason| fault.message.contains(reason));
    assert!(is_ours || serde_json::from_slice::<Value>(input).is_err(), "refused without reason: {fault}");
}

fn accepted(input: &[u8], document: &Document<'_>) {
    let root = document.root();
    let mut nodes = 0;
    stands(input, root, 0..input.len(), &mut nodes);
    assert_eq!(nodes, document.node_count());
    match serde_json::from_slice::<Value>(input) {
        Ok(value) => same(root, &value),
        // Numbers beyond a double are text to us and a fault to serde_json.
        Err(_) => assert!(serde_json::from_slice::<IgnoredAny>(input).is_ok(), "only we accept it"),
    }
    for child in root.items().chain(root.members().map(|(_, child)| child)) {
        let (cut, parsed) = (child.to_document(), Document::parse(child.raw(), &limits()));
        let parsed = parsed.unwrap_or_else(|fault| panic!("a part is not a text in its own right: {fault}"));
        alike(cut.root(), parsed.root());
    }
    if root.kind() == Kind::Object {
        spliced(document);
    }
}

/// The node's bytes lie in its parent's, and its children's lie in its own, one after another.
fn stands(input: &[u8], node: Node<'_, '_>, within: Range<usize>, nodes: &mut usize) {
    *nodes += 1;
    let span = node.span();
    assert!(within.start <= span.start && span.start < span.end && span.end <= within.end, "{node:?} in {within:?}");
    assert_eq!(node.raw(), &input[span.clone()]);
    assert_eq!(node.raw().trim_ascii(), node.raw(), "space around {node:?}");
    let mut free = span.start + 1;
    for (name, child) in node.members() {
        let written = child.name_span().unwrap_or_else(|| panic!("a member has no name"));
        assert!(free <= written.start && written.end <= child.span().start, "{child:?}");
        let theirs: String = serde_json::from_slice(&input[written]).unwrap_or_else(|fault| panic!("a name: {fault}"));
        assert_eq!(name, theirs);
        assert_eq!(child.name(), Some(name));
        stands(input, child, free..span.end - 1, nodes);
        free = child.span().end;
    }
    if node.kind() == Kind::Array {
        for child in node.items() {
            stands(input, child, free..span.end - 1, nodes);
            free = child.span().end;
        }
    }
}

/// The node means what another parser read.
fn same(node: Node<'_, '_>, value: &Value) {
    match value {
        Value::Null => assert!(node.is_null()),
        Value::Bool(theirs) => assert_eq!(node.boolean(), Some(*theirs)),
        Value::String(theirs) => assert_eq!(node.text().as_deref(), Some(theirs.as_str())),
        Value::Number(theirs) => {
            let digits = node.number().unwrap_or_else(|| panic!("{node:?} is no number"));
            let (ours, theirs) = (digits.parse::<f64>().unwrap_or(f64::NAN), theirs.as_f64().unwrap_or(f64::NAN));
            assert!((ours - theirs).abs() <= theirs.abs() * 1e-12, "{digits} is not {theirs}");
        }
        Value::Array(theirs) => {
            assert_eq!((node.kind(), node.len()), (Kind::Array, theirs.len()));
            node.items().zip(theirs).for_each(|(ours, theirs)| same(ours, theirs));
        }
        Value::Object(theirs) => {
            assert_eq!((node.kind(), node.len()), (Kind::Object, theirs.len()));
            for (name, ours) in node.members() {
                same(ours, &theirs[name]);
                assert!(node.get(name).is_some_and(|found| found.is_same(&ours)), "{name:?} is not found");
            }
        }
    }
}

/// Two nodes of different documents have the same shape and bytes.
fn alike(one: Node<'_, '_>, other: Node<'_, '_>) {
    assert_eq!((one.kind(), one.len(), one.raw()), (other.kind(), other.len(), other.raw()));
    for ((name, one), (other_name, other)) in one.members().zip(other.members()) {
        assert_eq!((name, one.span(), one.name_span()), (other_name, other.span(), other.name_span()));
        alike(one, other);
    }
    if one.kind() == Kind::Array {
        one.items().zip(other.items()).for_each(|(one, other)| alike(one, other));
    }
}

/// Acceptance of an object, first without and then with links to replace.
fn spliced(document: &Document<'_>) {
    let room = Limits { max_bytes: 2 << 20, max_nodes: 50_010, ..limits() };
    let parse =
        |text: &[u8]| Document::parse(text, &room).map(|_| ()).unwrap_or_else(|fault| panic!("spliced: {fault}"));
    let template = accept(document, "new-id", &|_| None);
    parse(&template.text);
    let complete = template.complete(3, MOMENT);
    let again = Document::parse(&complete, &room).unwrap_or_else(|fault| panic!("spliced: {fault}"));
    is_set(again.root());
    kept(document.root(), again.root());
    assert_eq!(accept(&again, "new-id", &|_| None).complete(3, MOMENT), complete, "accepting twice changes nothing");

    let linked = accept(document, "new-id", &|link| Some(format!("\"{link}\\")));
    parse(&linked.text);
    let complete = linked.complete(3, MOMENT);
    let linked = Document::parse(&complete, &room).unwrap_or_else(|fault| panic!("linked: {fault}"));
    is_set(linked.root());
}

fn is_set(root: Node<'_, '_>) {
    let text = |node: Option<Node<'_, '_>>| node.and_then(|node| node.text()).map(|text| text.into_owned());
    let meta = root.get("meta");
    assert_eq!(text(root.get("id")).as_deref(), Some("new-id"));
    assert_eq!(text(meta.and_then(|meta| meta.get("versionId"))).as_deref(), Some("3"));
    assert_eq!(text(meta.and_then(|meta| meta.get("lastUpdated"))), Some(MOMENT.to_string()));
}

/// All but what acceptance sets is there, in order, byte for byte.
fn kept(before: Node<'_, '_>, after: Node<'_, '_>) {
    let rest = |root: Node<'_, '_>| {
        let others = root.members().filter(|(name, _)| *name != "id" && *name != "meta");
        others.map(|(name, node)| (name.to_owned(), node.raw().to_vec())).collect::<Vec<_>>()
    };
    assert_eq!(rest(before), rest(after));
    let in_meta = |root: Node<'_, '_>| {
        let members = root.get("meta").into_iter().flat_map(|meta| meta.members());
        let others = members.filter(|(name, _)| !SET_IN_META.contains(name));
        others.map(|(name, node)| (name.to_owned(), node.raw().to_vec())).collect::<Vec<_>>()
    };
    assert_eq!(in_meta(before), in_meta(after));
}
