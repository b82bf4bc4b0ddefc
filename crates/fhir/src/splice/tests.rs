//! The accepted text: tables for each case, and a property over random resources.
//! What is compared is always bytes, but for members that acceptance itself sets.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use super::accept;
use crate::{Document, Limits};
use proptest::prelude::*;
use serde_json::Value;
use terms::Moment;

const MOMENT: Moment = Moment(1_794_926_100_000);
const STAMP: &str = r#""versionId":"3","lastUpdated":"2026-11-17T14:35:00.000Z""#;

fn accepted(text: &str, id: &str) -> String {
    let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
    let links = |link: &str| match link {
        "urn:uuid:1" => Some("Patient/p1".to_owned()),
        "Patient?identifier=x|\u{e9}" => Some("Patient/p2".to_owned()),
        "urn:uuid:odd" => Some("Patient/\"<".to_owned()),
        _ => None,
    };
    let template = accept(&document, id, &links);
    assert!(Document::parse(&template.text, &Limits::default()).is_ok());
    String::from_utf8(template.complete(3, MOMENT)).unwrap()
}

#[test]
fn id_and_meta() {
    let cases = [
        (r#"{"resourceType":"Basic"}"#, r#"{"resourceType":"Basic","id":"a","meta":{STAMP}}"#),
        (r#"{ "id" : "x" , "resourceType":"Basic"}"#, r#"{ "id" : "a","meta":{STAMP} , "resourceType":"Basic"}"#),
        (r#"{"resourceType":"Basic", "id":"a"}"#, r#"{"resourceType":"Basic", "id":"a","meta":{STAMP}}"#),
        (r#"{"resourceType":"Basic","meta":{ }}"#, r#"{"resourceType":"Basic","id":"a","meta":{STAMP }}"#),
        (
            r#"{"meta":{ "versionId":"1" , "lastUpdated":"x" },"resourceType":"Basic"}"#,
            r#"{"meta":{STAMP  },"resourceType":"Basic","id":"a"}"#,
        ),
        (
            r#"{"resourceType":"Basic","meta":{"versionId":"1","source":"s", "lastUpdated":"x" , "tag":[]}}"#,
            r#"{"resourceType":"Basic","id":"a","meta":{STAMP,"source":"s",  "tag":[]}}"#,
        ),
        (
            r#"{"resourceType":"Basic","meta":{"source":"s","versionId":"1", "_versionId":{},"lastUpdated":"x"}}"#,
            r#"{"resourceType":"Basic","id":"a","meta":{STAMP,"source":"s"}}"#,
        ),
        (r#"{"resourceType":"Basic","meta":null}"#, r#"{"resourceType":"Basic","id":"a","meta":{STAMP}}"#),
        (r#"{"x":1.50}"#, r#"{"x":1.50,"id":"a","meta":{STAMP}}"#),
        ("{}", r#"{"id":"a","meta":{STAMP}}"#),
        (r#"{"meta":7}"#, r#"{"meta":{STAMP},"id":"a"}"#),
    ];
    for (sent, expected) in cases {
        assert_eq!(accepted(sent, "a"), expected.replace("STAMP", STAMP), "{sent}");
    }
}

#[test]
fn links() {
    let sent = r##"{"resourceType":"Observation","id":"a","meta":{"profile":["urn:uuid:1"]},
      "contained":[{"resourceType":"Patient","id":"c","managingOrganization":{"reference":"urn:uuid:1"}}],
      "text":{"status":"generated","div":"<div><a href=\"urn:uuid:1\">urn:uuid:1</a><img src='urn:uuid:odd'/></div>"},
      "extension":[{"url":"urn:uuid:1","valueCanonical":"urn:uuid:1"},{"url":"u","valueString":"urn:uuid:1"}],
      "identifier":[{"system":"urn:uuid:1","value":"urn:uuid:1"}],
      "subject":{"reference":"Patient?identifier=x|\u00e9"},"performer":[{"reference":"urn:uuid:2"},{"reference":"#c"}],
      "code":{"text":"urn:uuid:1"},"valueString":"72.50"}"##;
    let expected = sent
        .replacen("{\"profile\"", &format!("{{{STAMP},\"profile\""), 1)
        .replacen("\"reference\":\"urn:uuid:1\"", "\"reference\":\"Patient/p1\"", 1)
        .replacen("href=\\\"urn:uuid:1", "href=\\\"Patient/p1", 1)
        .replacen("urn:uuid:odd", "Patient/&quot;<", 1)
        .replacen("\"url\":\"urn:uuid:1\"", "\"url\":\"Patient/p1\"", 1)
        .replacen("\"system\":\"urn:uuid:1\"", "\"system\":\"Patient/p1\"", 1)
        .replacen("Patient?identifier=x|\\u00e9", "Patient/p2", 1);
    assert_eq!(accepted(sent, "a"), expected);
}

#[test]
fn links_in_what_is_replaced_go_with_it() {
    let cases = [
        (r#"{"id":{"reference":"urn:uuid:1"},"meta":{}}"#, r#"{"id":"a","meta":{STAMP}}"#),
        (r#"{"id":"a","meta":[{"reference":"urn:uuid:1"}]}"#, r#"{"id":"a","meta":{STAMP}}"#),
        (r#"{"id":"a","meta":{"versionId":{"reference":"urn:uuid:1"}}}"#, r#"{"id":"a","meta":{STAMP}}"#),
    ];
    for (sent, expected) in cases {
        assert_eq!(accepted(sent, "a"), expected.replace("STAMP", STAMP), "{sent}");
    }
}

/// A resource with members in any order, written with or without spaces.
fn resource() -> impl Strategy<Value = String> {
    let meta = prop::sample::subsequence(
        vec![
            r#""versionId":"7""#,
            r#""lastUpdated":"2001-01-01T00:00:00Z""#,
            r#""_lastUpdated":{"id":"x"}"#,
            r#""source":"urn:s""#,
            r#""tag":[{"code":"t"}]"#,
        ],
        0..=5,
    )
    .prop_shuffle();
    let rest = prop::sample::subsequence(
        vec![
            r#""id":"old""#,
            r#""id":"new""#,
            r#""code":{"text":"72.50"}"#,
            r#""subject":{"reference":"Patient/1"}"#,
            r#""extension":[{"url":"u","valueDecimal":1.50}]"#,
            "META",
        ],
        0..=6,
    );
    let space = prop::sample::select(vec!["", " ", "\n  "]);
    (meta, rest.prop_shuffle(), any::<bool>(), space).prop_map(|(meta, mut rest, type_first, space)| {
        let first_id = rest.iter().position(|member| member.starts_with("\"id\""));
        let mut place = 0;
        rest.retain(|member| {
            place += 1;
            !member.starts_with("\"id\"") || Some(place - 1) == first_id
        });
        rest.insert(if type_first { 0 } else { rest.len() }, r#""resourceType":"Basic""#);
        let join = |members: &[&str]| members.join(&format!("{space},{space}"));
        let meta = format!("\"meta\":{{{space}{}{space}}}", join(&meta));
        format!("{{{space}{}{space}}}", join(&rest)).replace("META", &meta)
    })
}

/// A resource as it looks without what acceptance sets.
fn bare(text: &[u8]) -> Value {
    let mut value: Value = serde_json::from_slice(text).unwrap();
    let members = value.as_object_mut().unwrap();
    members.remove("id");
    if let Some(meta) = members.get_mut("meta").and_then(Value::as_object_mut) {
        for name in ["versionId", "_versionId", "lastUpdated", "_lastUpdated"] {
            meta.remove(name);
        }
        if meta.is_empty() {
            members.remove("meta");
        }
    }
    value
}

proptest! {
    #[test]
    fn sets_what_it_must_and_nothing_else(sent in resource()) {
        let document = Document::parse(sent.as_bytes(), &Limits::default()).unwrap();
        let template = accept(&document, "new", &|_| None);
        let complete = template.complete(3, MOMENT);
        let value: Value = serde_json::from_slice(&complete).unwrap();
        prop_assert_eq!(&value["id"], "new");
        prop_assert_eq!(&value["meta"]["versionId"], "3");
        prop_assert_eq!(&value["meta"]["lastUpdated"], "2026-11-17T14:35:00.000Z");
        prop_assert!(value["meta"].get("_lastUpdated").is_none());
        prop_assert_eq!(bare(&complete), bare(sent.as_bytes()));
        // Nothing to set but the slot: the bytes are those that were sent.
        if sent.contains(r#""id":"new""#) && !sent.contains("versionId") && !sent.contains("astUpdated") {
            prop_assert_eq!(&template.text, sent.as_bytes());
        }
        // Accepting what was accepted changes nothing.
        let again = Document::parse(&complete, &Limits::default()).unwrap();
        prop_assert_eq!(accept(&again, "new", &|_| None).complete(3, MOMENT), complete);
    }
}

/// A document with `BASE64` where an attachment of so many bytes stands; gives the document and its template.
fn attached(sent: &str, bytes: usize) -> (String, super::Template) {
    let content: Vec<u8> = (0..bytes).map(|at| (at * 7 % 251) as u8).collect();
    let text = sent.replace("BASE64", &base64::Engine::encode(&super::STANDARD, content));
    let template = accept(&Document::parse(text.as_bytes(), &Limits::default()).unwrap(), "a", &|_| None);
    (text, template)
}

/// Where attachments may stand; each comes out as often as it says, and the same bytes go back.
const ATTACHED: [(&str, usize); 9] = [
    (r#"{"resourceType":"Binary","id":"a","contentType":"application/pdf","data":"BASE64"}"#, 1),
    (r#"{"data" : "BASE64", "resourceType":"Binary","contentType":"a/b", "meta":{"source":"s"},"id":"a"}"#, 1),
    (
        r#"{"resourceType":"DocumentReference","id":"a","status":"current","content":[{"attachment":{"data":"BASE64","title":"x"}},
           {"attachment":{"title":"y","data":"BASE64"}}]}"#,
        2,
    ),
    (r#"{"resourceType":"Patient","id":"a","name":[{"family":"x"}],"photo":[{"data":"BASE64"}]}"#, 1),
    (r#"{"resourceType":"Basic","id":"a","extension":[{"url":"u","valueBase64Binary":"BASE64"}]}"#, 1),
    (r#"{"resourceType":"Basic","id":"a","extension":[{"url":"u","valueAttachment":{"data":"BASE64"}}]}"#, 1),
    (r#"{"resourceType":"Basic","id":"a","contained":[{"resourceType":"Binary","id":"b","data":"BASE64"}]}"#, 1),
    (
        r#"{"resourceType":"Bundle","id":"a","type":"collection","entry":[{"resource":{"resourceType":"Binary","data":"BASE64"}}]}"#,
        1,
    ),
    (r#"{"resourceType":"Basic","id":"a","implicitRules":"BASE64","language":"BASE64","unknown":"BASE64"}"#, 0),
];

#[test]
fn large_attachments_are_taken_out_and_put_back() {
    for (sent, count) in ATTACHED {
        for (bytes, taken) in [(10, 0), (49_152, 0), (49_153, count), (49_154, count), (400_000, count)] {
            let (text, template) = attached(sent, bytes);
            assert_eq!(template.holes.len(), taken, "{bytes} bytes in {sent}");
            assert!(taken == 0 || template.text.len() < 1000);
            let complete = String::from_utf8(template.complete(3, MOMENT)).unwrap();
            let without_meta =
                complete.replace(&format!(",\"meta\":{{{STAMP}}}"), "").replace(&format!("{STAMP},"), "");
            assert!(without_meta == text, "{bytes} bytes in {sent}");
        }
    }
}

#[test]
fn an_attachment_that_would_not_come_back_the_same_stays() {
    let canonical = base64::Engine::encode(&super::STANDARD, vec![0xff; 100_000]);
    let (head, tail) = canonical.split_at(40_000);
    let spellings = [
        (canonical.clone(), 1),
        (format!("{head}\\n{tail}"), 0),
        (format!("{head} {tail}"), 0),
        (canonical.replacen('/', "\\/", 1), 0),
        (canonical.replacen('/', "\\u002f", 1), 0),
        (canonical.replacen('/', "_", 1), 0),
        (canonical.trim_end_matches('=').to_owned(), 0),
        // The last letter before the padding has bits that stand for nothing.
        (canonical.replace("/w==", "/x=="), 0),
    ];
    for (spelling, taken) in spellings {
        let text = format!(r#"{{"resourceType":"Binary","id":"a","contentType":"a/b","data":"{spelling}"}}"#);
        let template = accept(&Document::parse(text.as_bytes(), &Limits::default()).unwrap(), "a", &|_| None);
        assert_eq!(template.holes.len(), taken, "…{}", &text[text.len() - 20..]);
        let complete = String::from_utf8(template.complete(3, MOMENT)).unwrap();
        assert!(complete.replace(&format!(",\"meta\":{{{STAMP}}}"), "") == text);
    }
}

/// What is indexed does not depend on whether attachments are there: the record indexes a text with its holes.
#[test]
fn an_attachment_is_not_indexed() {
    let rows = |text: &[u8]| {
        let document = Document::parse(text, &Limits::default()).unwrap();
        let mut rows = Vec::new();
        let kind = document.resource_type().unwrap();
        crate::search::index_rows(&kind, "a", &document, &mut rows);
        rows
    };
    for (sent, _) in ATTACHED {
        let (text, template) = attached(sent, 60_000);
        assert_eq!(rows(&template.text), rows(text.as_bytes()), "{sent}");
    }
    // No search parameter of R4 selects what an attachment's data, a Binary's data or an extension holds.
    for parameter in crate::definitions().all_search_parameters() {
        let mut steps = parameter.expression.unwrap_or_default().split(|c: char| !c.is_ascii_alphanumeric());
        // The data of a Consent are references.
        let selects = steps.any(|step| matches!(step, "data" | "base64Binary" | "blob"));
        assert_eq!(selects, parameter.full_name == "Consent.data", "{}", parameter.full_name);
    }
}
