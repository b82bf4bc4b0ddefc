//! The law of search: any query is read or refused with a reason; what is read has bounded spans over rows that exist;
//! `:missing` and `:not` are opposites; and a value that stands in a resource is found by a search for it.
//!
//! The input is `Type?parameter=values`. Called with anything by the fuzz target `search`, and with the seeds and
//! regressions by a test.

use fhir::primitives::{Primitive, is_id};
use fhir::search::{self, Condition, SearchError, Surroundings, fold, index_rows, parse};
use fhir::{Document, Limits};
use serde_json::{Value, json};
use terms::Moment;
use terms::index::{End, Next, Part, Range, Row, Span};

/// How far chains are followed, and into how many types each.
const MOST_LINKS: usize = 4;
const MOST_TYPES: usize = 3;
/// The longest text in an index row or span, in bytes.
const LONGEST_TEXT: usize = 240;

fn around() -> Surroundings {
    Surroundings { now: Moment(1_794_926_100_000), base: Some("https://here.example/fhir".to_owned()) }
}

/// Holds the law for any bytes.
pub(crate) fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Some((resource_type, question)) = text.split_once('?') else { return };
    let (key, values) = question.split_once('=').unwrap_or((question, ""));
    asked(resource_type, key, values, 0);
    if !values.is_empty() && values.len() <= 4 * LONGEST_TEXT {
        found(values);
    }
}

fn asked(resource_type: &str, key: &str, values: &str, links: usize) {
    let condition = match parse(resource_type, key, values, &around()) {
        Ok(condition) => condition,
        Err(refusal) => return assert!(!refusal.to_string().is_empty()),
    };
    let _ = search::sort_parameter(resource_type, key);
    match &condition {
        Condition::Any(spans) | Condition::None(spans) => {
            spans.iter().for_each(|span| bounded(resource_type, key, span));
            opposite(resource_type, key, values, &condition);
        }
        Condition::Chain { targets, rest, values } if links < MOST_LINKS => {
            assert!(!targets.is_empty());
            targets.iter().take(MOST_TYPES).for_each(|(target, _)| asked(target, rest, values, links + 1));
        }
        Condition::ReverseChain { resource_type, rest, values, .. } if links < MOST_LINKS => {
            asked(resource_type, rest, values, links + 1);
        }
        Condition::Chain { .. } | Condition::ReverseChain { .. } => {}
    }
}

/// The span is over rows of the parameter asked for, and its texts are no longer than those of rows.
fn bounded(resource_type: &str, key: &str, span: &Span) {
    let (code, modifier) = key.split_once(':').unwrap_or((key, ""));
    let names = search::row_parameters(resource_type, code);
    assert!(modifier == "of-type" || names.contains(&span.parameter), "{} is not one of {names:?}", span.parameter);
    let short = |bytes: &[u8]| assert!(bytes.len() <= LONGEST_TEXT, "{} bytes", bytes.len());
    let both = |range: &Range| {
        for end in [&range.low, &range.high] {
            match end {
                End::Open => {}
                End::Including(bytes) | End::Excluding(bytes) => short(bytes),
            }
        }
    };
    for part in span.equal_parts() {
        match part {
            Part::Text(text) => short(text),
            Part::Fixed(bytes) => short(bytes),
            Part::Target { kind, id } => assert!(!kind.is_empty() && is_id(id), "{kind}/{id}"),
            Part::Code { .. } | Part::Kind(_) => {}
        }
    }
    let mut next = &span.next;
    while let Next::CodeAnySystemThen(_, rest) = next {
        next = &rest.next;
    }
    match next {
        Next::Within(range) => both(range),
        Next::WithinBoth(one, other) => [one, other].into_iter().for_each(both),
        Next::Prefix(bytes) | Next::TextEqual(bytes) => short(bytes),
        Next::Containing(texts) => texts.iter().for_each(|text| {
            assert!(!text.is_empty());
            short(text);
        }),
        Next::Any | Next::CodeAnySystem(_) | Next::CodeAnySystemThen(..) | Next::AnyCodeOf(_) => {}
    }
}

/// A resource matches a condition or its opposite, never both, never neither.
fn opposite(resource_type: &str, key: &str, values: &str, condition: &Condition) {
    let (other_key, other_values) = match (key.split_once(':'), values) {
        (Some((_, "missing")), "true") => (key.to_owned(), "false"),
        (Some((_, "missing")), "false") => (key.to_owned(), "true"),
        (Some((code, "not")), _) => (code.to_owned(), values),
        _ => return,
    };
    let other = parse(resource_type, &other_key, other_values, &around())
        .unwrap_or_else(|refusal| panic!("{key} can be asked and {other_key} cannot: {refusal}"));
    let rows = rows(&json!({
        "resourceType": resource_type, "status": "final", "active": true, "gender": "female",
        "identifier": [{"system": "urn:a", "value": "1"}], "code": {"coding": [{"system": "urn:c", "code": "own"}]},
    }));
    assert_eq!(condition.holds(&rows), other.holds(&rows).map(|holds| !holds), "{key} and {other_key}");
}

fn rows(resource: &Value) -> Vec<Row> {
    let text = resource.to_string();
    let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap_or_else(|fault| panic!("{fault}"));
    let mut rows = Vec::new();
    index_rows(&document.resource_type().unwrap_or_default(), "1", &document, &mut rows);
    rows
}

/// Whether the resource is found; the refusal if the question cannot be asked.
fn finds(resource: &Value, key: &str, values: &str) -> Result<bool, SearchError> {
    let resource_type = resource["resourceType"].as_str().unwrap_or_default();
    let condition = parse(resource_type, key, values, &around())?;
    Ok(condition.holds(&rows(resource)) == Some(true))
}

/// Puts a text wherever it may stand, and searches for it.
fn found(text: &str) {
    let escaped = text.replace('\\', "\\\\").replace(',', "\\,").replace('|', "\\|").replace('$', "\\$");
    let patient = json!({"resourceType": "Patient", "name": [{"family": text}],
        "identifier": [{"system": "urn:s", "value": text}]});
    let has_letters = !fold(text).is_empty();
    for key in ["family", "family:exact", "family:contains", "name", "phonetic"] {
        match finds(&patient, key, &escaped) {
            Ok(is_found) => assert!(is_found || !has_letters, "{key}={escaped}"),
            Err(refusal) => assert!(!has_letters, "{key}={escaped}: {refusal}"),
        }
    }
    for value in [escaped.clone(), format!("urn:s|{escaped}")] {
        assert_eq!(finds(&patient, "identifier", &value), Ok(true), "identifier={value}");
    }
    assert_eq!(finds(&patient, "identifier", &format!("urn:t|{escaped}")), Ok(false));

    let observation = json!({"resourceType": "Observation", "code": {"coding": [{"system": "urn:s", "code": text}]}});
    for value in [escaped.clone(), format!("urn:s|{escaped}")] {
        assert_eq!(finds(&observation, "code", &value), Ok(true), "code={value}");
    }
    let value_set = json!({"resourceType": "ValueSet", "url": text});
    assert_eq!(finds(&value_set, "url", &escaped), Ok(true), "url={escaped}");
    if is_id(text) {
        let observation = json!({"resourceType": "Observation", "subject": {"reference": format!("Patient/{text}")}});
        for (key, value) in [("subject", text.to_owned()), ("patient", format!("Patient/{text}"))] {
            assert_eq!(finds(&observation, key, &value), Ok(true), "{key}={value}");
        }
    }
    found_in_order(text);
}

/// Prefixes, and whether a value of one point or stretch matches itself under each.
const OF_DATES: [(&str, bool); 7] =
    [("", true), ("le", true), ("ge", true), ("ap", true), ("ne", false), ("sa", false), ("eb", false)];
const OF_NUMBERS: [(&str, bool); 7] =
    [("", true), ("le", true), ("ge", true), ("ap", true), ("ne", false), ("gt", false), ("lt", false)];

/// Dates and numbers, which have an order: a value equals itself, and lies on neither side of itself.
fn found_in_order(text: &str) {
    if Primitive::DateTime.accepts(text) {
        let observation = json!({"resourceType": "Observation", "effectiveDateTime": text});
        for (prefix, expected) in OF_DATES {
            let question = format!("{prefix}{text}");
            assert_eq!(finds(&observation, "date", &question), Ok(expected), "date={question}");
        }
    }
    // Put in as it is written, since another writer would change its digits.
    let resource = format!(r#"{{"resourceType": "Observation", "valueQuantity": {{"value": {text}}}}}"#);
    let Ok(document) = Document::parse(resource.as_bytes(), &Limits::default()) else { return };
    let value = document.root().get("valueQuantity").and_then(|quantity| quantity.get("value"));
    if value.and_then(|value| value.number()) != Some(text) {
        return;
    }
    let mut rows = Vec::new();
    index_rows("Observation", "1", &document, &mut rows);
    for (prefix, expected) in OF_NUMBERS {
        let question = format!("{prefix}{text}");
        // A number that has more digits than are calculated with is refused.
        if let Ok(condition) = parse("Observation", "value-quantity", &question, &around()) {
            assert_eq!(condition.holds(&rows), Some(expected), "value-quantity={question}");
        }
    }
}
