//! One small document for each thing that validation says, with the path it must say it at.
//! Each gives one issue and no other; what is valid is listed first.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use super::{IssueCode, validate};
use crate::{Document, Limits, accept};
use proptest::prelude::*;
use serde_json::Value as Json;
use terms::Moment;

fn issues(text: &str) -> Vec<(String, IssueCode, String)> {
    let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
    validate(&document).into_iter().map(|issue| (issue.path, issue.code, issue.message)).collect()
}

#[track_caller]
fn check(text: &str, path: &str, code: IssueCode, part: &str) {
    let found = issues(text);
    let [(found_path, found_code, message)] = found.as_slice() else { panic!("{text}\n{found:#?}") };
    assert_eq!((found_path.as_str(), *found_code), (path, code), "{message}");
    assert!(message.contains(part), "{message}");
}

#[test]
fn valid() {
    let documents = [
        r#"{"resourceType":"Patient"}"#,
        r#"{"resourceType":"Patient","id":"a","birthDate":"1970","_birthDate":{"extension":[{"url":"u","valueCode":"x"}]}}"#,
        r#"{"resourceType":"Patient","name":[{"given":["A",null],"_given":[null,{"extension":[{"url":"u","valueCode":"x"}]}]}]}"#,
        r#"{"resourceType":"Patient","_active":{"extension":[{"url":"u","valueCode":"x"}]}}"#,
        r##"{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"O"}],
            "managingOrganization":{"reference":"#o"},"generalPractitioner":[{"reference":"Practitioner/1/_history/2"},
            {"reference":"http://x/Practitioner/1"},{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}]}"##,
        r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":72.50}}"#,
        r#"{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Observation",
            "status":"final","code":{"text":"x"},"subject":{"reference":"Patient?identifier=x"}},
            "request":{"method":"POST","url":"Observation"}}]}"#,
        r#"{"resourceType":"Parameters","parameter":[{"name":"x","resource":{"resourceType":"Patient"}}]}"#,
    ];
    for text in documents {
        assert_eq!(issues(text), [], "{text}");
    }
}

#[test]
fn structure() {
    use IssueCode::{NotSupported, Required, Structure};
    check("[]", "", Structure, "a resource must be an object");
    check("{}", "", Required, "resourceType");
    check(r#"{"resourceType":"Pateint"}"#, "", NotSupported, "no resource type");
    check(r#"{"resourceType":"DomainResource"}"#, "", NotSupported, "no resource type");
    check(r#"{"resourceType":"Patient","nmae":1}"#, "Patient.nmae", Structure, "no such element");
    check(r#"{"resourceType":"Patient","_name":[{}]}"#, "Patient._name", Structure, "only primitives");
    check(r#"{"resourceType":"Patient","name":{"text":"x"}}"#, "Patient.name", Structure, "array is needed");
    check(r#"{"resourceType":"Patient","name":[]}"#, "Patient.name", Structure, "array must not be empty");
    check(r#"{"resourceType":"Patient","name":[{}]}"#, "Patient.name[0]", Structure, "object must not be empty");
    check(r#"{"resourceType":"Patient","name":["x"]}"#, "Patient.name[0]", Structure, "must be an object");
    check(r#"{"resourceType":"Patient","name":[null]}"#, "Patient.name[0]", Structure, "must be an object");
    check(r#"{"resourceType":"Patient","name":[{"family":["x"]}]}"#, "Patient.name[0].family", Structure, "a string");
    check(r#"{"resourceType":"Patient","maritalStatus":[{"text":"x"}]}"#, "Patient.maritalStatus", Structure, "once");
    check(r#"{"resourceType":"Patient","birthDate":null}"#, "Patient.birthDate", Structure, "must be a string");
    check(r#"{"resourceType":"Patient","active":"true"}"#, "Patient.active", Structure, "true or false");
    check(r#"{"resourceType":"Patient","multipleBirthInteger":"2"}"#, "Patient.multipleBirth", Structure, "a number");
    check(r#"{"resourceType":"Patient","name":[{"given":[null]}]}"#, "Patient.name[0].given[0]", Structure, "null");
    check(
        r#"{"resourceType":"Patient","name":[{"given":["a","b"],"_given":[{"id":"x"}]}]}"#,
        "Patient.name[0].given",
        Structure,
        "same length",
    );
    check(
        r#"{"resourceType":"Patient","deceasedBoolean":true,"deceasedDateTime":"2001"}"#,
        "Patient.deceased",
        Structure,
        "exclude each other",
    );
    check(r#"{"resourceType":"Patient","link":[{"type":"refer"}]}"#, "Patient.link[0].other", Required, "requires");
    check(
        r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"unit":5}}"#,
        "Observation.value.unit",
        Structure,
        "a string",
    );
    check(
        r#"{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","x":1}}]}"#,
        "Bundle.entry[0].resource.x",
        Structure,
        "no such element",
    );
}

#[test]
fn values() {
    use IssueCode::{CodeInvalid, Value};
    check(r#"{"resourceType":"Patient","id":"a b"}"#, "Patient.id", Value, "format of id");
    check(r#"{"resourceType":"Patient","birthDate":"1970-02-30"}"#, "Patient.birthDate", Value, "date");
    check(r#"{"resourceType":"Patient","name":[{"text":""}]}"#, "Patient.name[0].text", Value, "empty");
    check(r#"{"resourceType":"Patient","gender":"m"}"#, "Patient.gender", CodeInvalid, "administrative-gender");
    check(
        r#"{"resourceType":"Condition","subject":{"display":"x"},"verificationStatus":{"coding":[{"code":"confirmed"}]}}"#,
        "Condition.verificationStatus",
        CodeInvalid,
        "condition-ver-status",
    );
    let long = format!(r#"{{"resourceType":"Patient","name":[{{"text":"{}"}}]}}"#, "x".repeat((1 << 20) + 1));
    check(&long, "Patient.name[0].text", Value, "1 MiB");
}

#[test]
fn references() {
    use IssueCode::{Invariant, Value};
    let refer = |to: &str| format!(r#"{{"resourceType":"Patient","managingOrganization":{{"reference":"{to}"}}}}"#);
    let path = "Patient.managingOrganization.reference";
    for wrong in
        ["x", "x/y/z", "Organization/a_b", "urn:uuid:x", "urn:oid:x", "/Organization/1", "Organization/1/_history"]
    {
        check(&refer(wrong), path, Value, "a reference must be");
    }
    check(&refer("Practitioner/1"), path, Value, "one of: Organization");
    check(&refer("Organisation/1"), path, Value, "no resource type");
    check(&refer("Organization?name=x"), path, Value, "only in a transaction");
    check(&refer("#o"), path, Invariant, "ref-1");
    let contained = r##"{"resourceType":"Patient","contained":[{"resourceType":"Patient","id":"o"}],
        "managingOrganization":{"reference":"#o"}}"##;
    check(contained, path, Value, "one of: Organization");
}

#[test]
fn contained() {
    use IssueCode::{Invariant, Required, Structure};
    let contain = |inside: &str| {
        let organization = r#""resourceType":"Organization","name":"O""#;
        format!(r##"{{"resourceType":"Patient","contained":[{{{organization}{inside}}}],"implicitRules":"#o"}}"##)
    };
    check(&contain(""), "Patient.contained[0]", Required, "needs an id");
    check(&contain(r#","id":"p""#), "Patient.contained[0]", Invariant, "dom-3");
    check(&contain(r#","id":"o","meta":{"versionId":"1"}"#), "Patient.contained[0]", Invariant, "dom-4");
    check(&contain(r#","id":"o","meta":{"security":[{"code":"x"}]}"#), "Patient.contained[0]", Invariant, "dom-5");
    let nested = r#","id":"o","contained":[{"resourceType":"Basic","id":"o","code":{"text":"x"}}]"#;
    check(&contain(nested), "Patient.contained[0].contained", Invariant, "dom-2");
    let twice = r#","id":"o"},{"resourceType":"Organization","name":"P","id":"o""#;
    check(&contain(twice), "Patient.contained[1]", Structure, "same id");
}

#[test]
fn invariants() {
    use IssueCode::{Invariant, Required};
    let extension = |inside: &str| format!(r#"{{"resourceType":"Patient","extension":[{{{inside}}}]}}"#);
    check(&extension(r#""valueCode":"x""#), "Patient.extension[0].url", Required, "requires");
    check(&extension(r#""url":"u""#), "Patient.extension[0]", Invariant, "ext-1");
    let both = r#""url":"u","valueCode":"x","extension":[{"url":"u","valueCode":"x"}]"#;
    check(&extension(both), "Patient.extension[0]", Invariant, "ext-1");
    check(r#"{"resourceType":"Patient","name":[{"id":"x"}]}"#, "Patient.name[0]", Invariant, "ele-1");
    check(r#"{"resourceType":"Patient","_active":{"id":"x"}}"#, "Patient.active", Invariant, "ele-1");
    check(r#"{"resourceType":"Patient","contact":[{"gender":"male"}]}"#, "Patient.contact[0]", Invariant, "pat-1");
    check(r#"{"resourceType":"Patient","telecom":[{"value":"1"}]}"#, "Patient.telecom[0]", Invariant, "cpt-2");
    let period = |start, end| {
        format!(r#"{{"resourceType":"Patient","name":[{{"period":{{"start":"{start}","end":"{end}"}}}}]}}"#)
    };
    check(&period("2002", "2001-12-30"), "Patient.name[0].period", Invariant, "per-1");
    assert_eq!(issues(&period("2002-01-05", "2002")), []);
    let observation = |inside: &str| {
        let code = r#""code":{"coding":[{"system":"s","code":"c"}]}"#;
        format!(r#"{{"resourceType":"Observation","status":"final",{code},"valueString":"x",{inside}}}"#)
    };
    check(&observation(r#""dataAbsentReason":{"text":"x"}"#), "Observation", Invariant, "obs-6");
    let component = r#""component":[{"code":{"coding":[{"system":"s","code":"c"}]},"valueString":"y"}]"#;
    check(&observation(component), "Observation", Invariant, "obs-7");
    let range = r#""referenceRange":[{"low":{"value":5.0},"high":{"value":4e0}},{"low":{"value":1}}]"#;
    assert_eq!(issues(&observation(range)), []);
    let duration = r#"{"resourceType":"MedicationDispense","status":"completed","medicationReference":{"display":"x"},
        "daysSupply":{"value":1,"code":"d"}}"#;
    check(duration, "MedicationDispense.daysSupply", Invariant, "qty-3");
    let text = |div: &str| format!(r#"{{"resourceType":"Patient","text":{{"status":"generated","div":"{div}"}}}}"#);
    check(&text("<div><script>x</script></div>"), "Patient.text.div", Invariant, "txt-1");
    check(&text("<div> </div>"), "Patient.text.div", Invariant, "txt-2");
}

#[test]
fn bundles() {
    use IssueCode::Invariant;
    let bundle = |kind: &str, entry: &str| {
        format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{{"fullUrl":"urn:x"{entry}}}]}}"#)
    };
    let patient = r#","resource":{"resourceType":"Patient"}"#;
    check(&bundle("collection", ""), "Bundle.entry[0]", Invariant, "bdl-5");
    check(&bundle("batch", patient), "Bundle.entry[0]", Invariant, "bdl-3");
    check(&bundle("batch-response", patient), "Bundle.entry[0]", Invariant, "bdl-4");
    let search = format!(r#"{patient},"search":{{"mode":"match"}}"#);
    check(&bundle("collection", &search), "Bundle.entry[0]", Invariant, "bdl-2");
    assert_eq!(issues(&bundle("searchset", &search)), []);
    check(&bundle("message", patient), "Bundle", Invariant, "bdl-12");
    let twice = format!(r#"{patient}}},{{"fullUrl":"urn:x"{patient}"#);
    check(&bundle("collection", &twice), "Bundle.entry[1].fullUrl", Invariant, "bdl-7");
    check(r#"{"resourceType":"Bundle","type":"collection","total":1}"#, "Bundle", Invariant, "bdl-1");
    let codes: Vec<_> = issues(&bundle("document", patient)).into_iter().map(|(.., message)| message).collect();
    assert_eq!(codes.len(), 3, "{codes:?}");
}

#[test]
fn display_items_may_lack_a_link_id() {
    let item = |kind: &str| {
        let text =
            format!(r#"{{"resourceType":"Questionnaire","status":"draft","item":[{{"type":"{kind}","text":"x"}}]}}"#);
        let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
        validate(&document).iter().map(|issue| (issue.is_error(), issue.path.clone())).collect::<Vec<_>>()
    };
    assert_eq!(item("display"), [(false, "Questionnaire.item[0].linkId".to_owned())]);
    assert_eq!(item("group"), [(true, "Questionnaire.item[0].linkId".to_owned())]);
}

#[test]
fn the_deepest_document_fits_the_stack() {
    let depth = 254;
    let parts = r#""name":"x","part":[{"#.repeat(depth);
    let text = format!(r#"{{"resourceType":"Parameters","parameter":[{{{parts}"name":"x"{}}}]}}"#, "}]".repeat(depth));
    let limits = Limits { max_depth: Limits::DEEPEST, ..Limits::default() };
    let document = Document::parse(text.as_bytes(), &limits).unwrap();
    // The innermost parameter has neither value, resource nor part.
    let found = validate(&document);
    assert_eq!(found.len(), 1);
    assert!(found[0].path.ends_with(".part[0]") && found[0].message.contains("inv-1"));
}

#[test]
fn many_issues_are_cut() {
    let entries = vec![r#"{"resource":{"resourceType":"Nonsense"}}"#; 500].join(",");
    let text = format!(r#"{{"resourceType":"Bundle","type":"collection","entry":[{entries}]}}"#);
    assert_eq!(issues(&text).len(), super::MOST_ISSUES);
    // Warnings do not crowd out the error behind them.
    let items = vec![r#"{"type":"display"}"#; 500].join(",");
    let text = format!(r#"{{"resourceType":"Questionnaire","item":[{items}],"status":"x"}}"#);
    let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(validate(&document).iter().filter(|issue| issue.is_error()).count(), 1);
}

/// Names that FHIR gives to members, and some that stand for their extensions.
const NAMES: [&str; 39] = [
    "resourceType",
    "id",
    "meta",
    "text",
    "div",
    "contained",
    "extension",
    "_birthDate",
    "birthDate",
    "name",
    "given",
    "_given",
    "valueQuantity",
    "valueString",
    "_valueString",
    "reference",
    "entry",
    "resource",
    "fullUrl",
    "period",
    "start",
    "end",
    "low",
    "high",
    "value",
    "code",
    "coding",
    "system",
    "photo",
    "data",
    "size",
    "subject",
    "component",
    "referenceRange",
    "parameter",
    "part",
    "type",
    "versionId",
    "lastUpdated",
];

/// Values under FHIR's names that make no sense together.
fn nonsense() -> impl Strategy<Value = Json> {
    let texts = [
        "Patient",
        "Bundle",
        "Observation",
        "Parameters",
        "#a",
        "a",
        "Patient/a",
        "<div>x",
        "<div a='&",
        "2001",
        "2001-02",
        "transaction",
        "urn:uuid:",
        "é",
        "QQ==",
        "href=\"urn:x\"",
    ];
    let leaf = prop_oneof![
        4 => prop::sample::select(texts.to_vec()).prop_map(Json::from),
        1 => Just(Json::Null),
        1 => any::<bool>().prop_map(Json::from),
        1 => any::<i32>().prop_map(Json::from),
    ];
    leaf.prop_recursive(6, 80, 8, move |inner| {
        let member = (prop::sample::select(NAMES.to_vec()), inner.clone());
        prop_oneof![
            1 => prop::collection::vec(inner, 0..4).prop_map(Json::from),
            3 => prop::collection::vec(member, 0..8)
                .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Json>()),
        ]
    })
}

proptest! {
    #[test]
    fn nonsense_is_judged_and_accepted_without_harm(
        mut value in nonsense(),
        kind in prop::sample::select(vec!["Patient", "Bundle", "Observation", "Parameters"]),
    ) {
        if let Some(members) = value.as_object_mut() {
            members.insert("resourceType".to_owned(), kind.into());
        }
        let text = value.to_string();
        let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
        let issues = validate(&document);
        prop_assert!(issues.len() <= 2 * super::MOST_ISSUES);
        let complete = accept(&document, "a", &|link| Some(format!("{link}\""))).complete(1, Moment(0));
        if value.is_object() {
            let complete: Json = serde_json::from_slice(&complete).unwrap();
            prop_assert_eq!(&complete["meta"]["versionId"], "1");
        }
    }
}
