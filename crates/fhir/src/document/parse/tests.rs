//! What the parser accepts and refuses, against tables and against `serde_json` on random texts.
//! Random texts are also damaged, so that both parsers must refuse the same ones.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use super::super::{Document, Kind, Limits, Node, lines};
use proptest::prelude::*;

fn refused(text: &[u8]) -> (String, String) {
    match Document::parse(text, &Limits::default()) {
        Ok(_) => panic!("accepted: {}", String::from_utf8_lossy(text)),
        Err(fault) => (fault.path, fault.message),
    }
}

#[test]
fn keeps_digits_names_and_places() {
    let text = br#"{"resourceType":"Patient", "name" : [{"given":["A\u00e9\n","B"]}], "x":72.50, "b":true,"n":null}"#;
    let document = Document::parse(text, &Limits::default()).unwrap();
    let root = document.root();
    assert_eq!(root.get("x").unwrap().number(), Some("72.50"));
    let given = root.get("name").unwrap().items().next().unwrap().get("given").unwrap();
    let all: Vec<_> = given.items().map(|item| item.text().unwrap().into_owned()).collect();
    assert_eq!(all, ["Aé\n", "B"]);
    assert_eq!(&text[given.span()], given.raw());
    assert_eq!(given.raw(), br#"["A\u00e9\n","B"]"#);
    assert_eq!(&text[given.name_span().unwrap()], b"\"given\"");
    assert_eq!(root.get("b").unwrap().boolean(), Some(true));
    assert!(root.get("n").unwrap().is_null());
    let names: Vec<_> = root.members().map(|(name, _)| name).collect();
    assert_eq!(names, ["resourceType", "name", "x", "b", "n"]);
    assert_eq!(root.get("x").unwrap().items().count(), 1);
}

#[test]
fn refuses_with_the_path() {
    let cases: &[(&[u8], &str, &str)] = &[
        (br#"{"resourceType":"Patient","name":[{"given":1},{"given":1,"given":2}]}"#, "Patient.name[1].given", "twice"),
        (br#"{"a":1,"\u0061":2}"#, "a", "twice"),
        (br#"{"resourceType":"Patient","name":[{"given":"\ud800x"}]}"#, "Patient.name[0].given", "surrogate"),
        (br#"{"a":"\udc00"}"#, "a", "surrogate"),
        (br#"{"a":01}"#, "a", "number"),
        (br#"{"a":1.}"#, "a", "number"),
        (br#"{"a":+1}"#, "a", "expected"),
        (br#"{"a":NaN}"#, "a", "expected"),
        (br#"{"a":1e}"#, "a", "number"),
        (b"{} {}", "", "more after"),
        (b"\xef\xbb\xbf{}", "", "byte order"),
        (b"{\"a\":\"\xff\"}", "", "UTF-8"),
        (b"{\"a\":\"x\ny\"}", "a", "control"),
        (b"{\"a\":\"\\x\"}", "a", "escape"),
        (b"[1,]", "[1]", "expected"),
        (b"{\"a\":1,}", "", "member name"),
        (b"", "", "ends"),
        (b"[", "[0]", "ends"),
        (b"\"abc", "", "inside a string"),
        (b"tru", "", "expected"),
    ];
    for (text, path, part) in cases {
        let (found, message) = refused(text);
        assert_eq!(found, *path, "{}", String::from_utf8_lossy(text));
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn refuses_duplicates_among_many_members() {
    let mut members: Vec<String> = (0..500).map(|n| format!("\"m{n}\":{n}")).collect();
    let text = format!("{{{}}}", members.join(","));
    assert!(Document::parse(text.as_bytes(), &Limits::default()).is_ok());
    members.push("\"m7\":0".to_owned());
    let text = format!("{{{}}}", members.join(","));
    assert_eq!(refused(text.as_bytes()).0, "m7");
}

#[test]
fn keeps_to_its_limits() {
    let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
    assert!(refused(deep.as_bytes()).1.contains("deeper"));
    let deep = format!("{}{}", "[".repeat(64), "]".repeat(64));
    assert!(Document::parse(deep.as_bytes(), &Limits::default()).is_ok());
    let open = "[".repeat(1_000_000);
    let wide_open = Limits { max_depth: usize::MAX, ..Limits::default() };
    assert!(Document::parse(open.as_bytes(), &wide_open).unwrap_err().message.contains("deeper"));
    let few = Limits { max_nodes: 3, max_string: 4, max_bytes: 40, ..Limits::default() };
    assert!(Document::parse(b"[1,2]", &few).is_ok());
    assert!(Document::parse(b"[1,2,3]", &few).unwrap_err().message.contains("more values"));
    assert!(Document::parse(b"\"12345\"", &few).unwrap_err().message.contains("string is longer"));
    assert!(Document::parse(&[b' '; 41], &few).unwrap_err().message.contains("text is longer"));
    assert!(refused("9".repeat(200).as_bytes()).1.contains("number is longer"));
}

#[test]
fn a_subtree_is_a_document() {
    let text = br#" {"entry":[{"resource": {"resourceType":"X","\u0061":[1,{"b":"c"}]} }]}"#;
    let document = Document::parse(text, &Limits::default()).unwrap();
    let resource = document.root().get("entry").unwrap().items().next().unwrap().get("resource").unwrap();
    let own = resource.to_document();
    assert_eq!(own.text(), resource.raw());
    let again = Document::parse(resource.raw(), &Limits::default()).unwrap();
    assert_eq!(value(own.root()), value(again.root()));
    let spans = |document: &Document<'_>| {
        let mut all = Vec::new();
        every(document.root(), &mut |node| all.push((node.span(), node.name_span())));
        all
    };
    assert_eq!(spans(&own), spans(&again));
}

#[test]
fn splits_lines() {
    let found: Vec<_> = lines(b"{}\r\n\n  \n[1]\nlast").map(|line| (line.number, line.offset, line.text)).collect();
    assert_eq!(found, [(1, 0, &b"{}"[..]), (4, 8, b"[1]"), (5, 12, b"last")]);
    assert_eq!(lines(b"").count(), 0);
}

fn every<'d, 't>(node: Node<'d, 't>, visit: &mut dyn FnMut(Node<'d, 't>)) {
    visit(node);
    for (_, member) in node.members() {
        every(member, visit);
    }
    if node.kind() == Kind::Array {
        node.items().for_each(|item| every(item, visit));
    }
}

fn value(node: Node<'_, '_>) -> serde_json::Value {
    match node.kind() {
        Kind::Object => node.members().map(|(name, node)| (name.to_owned(), value(node))).collect(),
        Kind::Array => node.items().map(value).collect(),
        Kind::String => node.text().unwrap().into_owned().into(),
        Kind::Number => serde_json::from_str(node.number().unwrap()).unwrap(),
        Kind::Boolean => node.boolean().unwrap().into(),
        Kind::Null => serde_json::Value::Null,
    }
}

/// Random JSON values, printed by `serde_json`.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<i32>().prop_map(|eighths| (f64::from(eighths) / 8.0).into()),
        ".{0,12}".prop_map(Into::into),
        "[\\PC\"\\\\\n\t]{0,9}".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map("[a-d\"\\\\é]{0,3}", inner, 0..6)
                .prop_map(|members| members.into_iter().collect::<serde_json::Value>()),
        ]
    })
}

proptest! {
    #[test]
    fn reads_what_serde_json_writes(written in json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&written) } else { serde_json::to_string(&written) };
        let text = text.unwrap();
        let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
        prop_assert_eq!(value(document.root()), written);
    }

    #[test]
    fn agrees_with_serde_json_on_damaged_texts(
        written in json(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..4),
    ) {
        let mut text = serde_json::to_vec(&written).unwrap();
        for (place, byte, how) in damage {
            let place = place.index(text.len().max(1)).min(text.len().saturating_sub(1));
            let common = b"\"\\{}[]:,0-.eEu \ntfn"[usize::from(byte) % 19];
            match how {
                0 if !text.is_empty() => { text.remove(place); }
                1 => text.insert(place, common),
                _ if !text.is_empty() => text[place] = byte,
                _ => {}
            }
        }
        let ours = Document::parse(&text, &Limits::default());
        match (serde_json::from_slice::<serde_json::Value>(&text), ours) {
            (Ok(theirs), Ok(ours)) => prop_assert_eq!(value(ours.root()), theirs),
            (Err(_), Err(_)) => {}
            // serde_json keeps the last of two members and has no bound on numbers.
            (Ok(_), Err(fault)) => prop_assert!(
                fault.message.contains("twice") || fault.message.contains("number is longer"), "{}", fault),
            // serde_json reads numbers as doubles and refuses those out of range.
            (Err(fault), Ok(_)) => prop_assert!(fault.to_string().contains("out of range"), "{}", fault),
        }
    }
}
