//! Queries against rows: tables of plain data, and comparisons with the standard's words taken literally.
//!
//! Whether a resource matches is decided by `Condition::holds` over its own rows: no store takes part.

use fhir::fhirpath::Temporal;
use fhir::search::{Condition, SearchError, Surroundings, index_rows, parse, sort_parameter};
use fhir::{Document, Limits, search};
use proptest::prelude::*;
use serde_json::json;
use terms::Moment;
use terms::index::Row;

const NOW: Moment = Moment(1_790_000_000_000);

fn rows(resource: &serde_json::Value) -> Vec<Row> {
    let text = resource.to_string();
    let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
    let mut rows = Vec::new();
    index_rows(&document.resource_type().unwrap(), "1", &document, &mut rows);
    rows
}

fn condition(resource_type: &str, query: &str) -> Result<Condition, SearchError> {
    let (key, values) = query.split_once('=').unwrap();
    let around = Surroundings { now: NOW, base: Some("https://here.example/fhir".to_owned()) };
    parse(resource_type, key, values, &around)
}

/// Each query with whether the resource matches it.
fn check(resource: &serde_json::Value, cases: &[(&str, bool)]) {
    let rows = rows(resource);
    let resource_type = resource["resourceType"].as_str().unwrap();
    for (query, expected) in cases {
        let condition = condition(resource_type, query).unwrap();
        assert_eq!(condition.holds(&rows), Some(*expected), "{query}: {condition:?} in {rows:?}");
    }
}

#[test]
fn tokens() {
    let resource = json!({
        "resourceType": "Observation", "status": "final",
        "identifier": [
            {"system": "urn:a", "value": "A,1|x", "type": {"coding": [{"system": "urn:t", "code": "MR"}], "text": "File"}},
            {"value": "bare"}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "8302-2", "display": "Body Height"}, {"code": "own"}],
            "text": "Größe"}});
    check(
        &resource,
        &[
            ("code=8302-2", true),
            ("code=http://loinc.org|8302-2", true),
            ("code=http://snomed.info/sct|8302-2", false),
            ("code=|8302-2", false),
            ("code=|own", true),
            ("code=http://loinc.org|", true),
            ("code=http://snomed.info/sct|", false),
            ("code=nothing,8302-2", true),
            ("code:not=8302-2", false),
            ("code:not=nothing", true),
            ("code:text=body h", true),
            ("code:text=height", false),
            ("code:text=GROSSE", true),
            ("code:text=größe", true),
            ("combo-code=8302-2", true),
            ("component-code=8302-2", false),
            ("code:missing=false", true),
            ("component-code:missing=true", true),
            ("status=final", true),
            ("status=|final", true),
            ("status=http://hl7.org/fhir/observation-status|final", true),
            ("status=http://hl7.org/fhir/observation-status|", true),
            ("status=http://example.org|final", false),
            ("identifier=A\\,1\\|x", true),
            ("identifier=urn:a|A\\,1\\|x", true),
            ("identifier=urn:b|A\\,1\\|x", false),
            ("identifier=urn:a|", true),
            ("identifier=|bare", true),
            ("identifier=|A\\,1\\|x", false),
            ("identifier:of-type=urn:t|MR|A\\,1\\|x", true),
            ("identifier:of-type=urn:t|SB|A\\,1\\|x", false),
            ("identifier:text=file", true),
        ],
    );
    check(
        &json!({"resourceType": "Patient", "active": true, "deceasedDateTime": "2020"}),
        &[("active=true", true), ("active=false", false), ("deceased=true", true)],
    );
}

#[test]
fn strings() {
    let resource = json!({
        "resourceType": "Patient",
        "name": [{"family": "O'Brien-Ordóñez", "given": ["Zoë", "Anne Marie"], "prefix": ["Dr."]}],
        "address": [{"line": ["12, High Street"], "city": "Saint-Étienne", "postalCode": "SW1A 1AA"}],
        "telecom": [{"system": "phone", "value": "020 7946 0000"}]});
    check(
        &resource,
        &[
            ("family=obrien", true),
            ("family=O'BRIEN ordonez", true),
            ("family=ordonez", false),
            ("family:contains=ordonez", true),
            ("family:contains=xyz", false),
            ("family:exact=O'Brien-Ordóñez", true),
            ("family:exact=O'brien-Ordóñez", false),
            ("name=zoe", true),
            ("name=dr", true),
            ("name=anne marie", true),
            ("name=marie", false),
            ("given=zoe", true),
            ("given=dr", false),
            ("address=12 high", true),
            ("address-city=saint etienne", true),
            ("address-postalcode=sw1a", true),
            ("phonetic=zoey", true),
            ("phonetic=smith", false),
            ("phone=020 7946 0000", true),
            ("telecom=phone|020 7946 0000", true),
            ("email=020 7946 0000", false),
        ],
    );
}

#[test]
fn references() {
    let resource = json!({
        "resourceType": "Observation", "subject": {"reference": "Patient/9"},
        "performer": [
            {"reference": "https://other.example/fhir/Practitioner/5"}, {"reference": "urn:uuid:1-2"},
            {"identifier": {"system": "urn:gmc", "value": "77"}}, {"reference": "#inside"}]});
    check(
        &resource,
        &[
            ("subject=Patient/9", true),
            ("subject=9", true),
            ("subject:Patient=9", true),
            ("subject:Device=9", false),
            ("subject=https://here.example/fhir/Patient/9", true),
            ("subject=https://other.example/fhir/Patient/9", false),
            ("subject=Patient/9/_history/3", true),
            ("patient=9", true),
            ("performer=https://other.example/fhir/Practitioner/5", true),
            ("performer=Practitioner/5", false),
            ("performer=urn:uuid:1-2", true),
            ("performer:identifier=urn:gmc|77", true),
            ("performer:identifier=77", true),
            ("performer:identifier=|77", false),
            ("encounter:missing=true", true),
        ],
    );
    let response = json!({"resourceType": "QuestionnaireResponse", "questionnaire": "http://q.example/a|2.1"});
    check(
        &response,
        &[
            ("questionnaire=http://q.example/a", true),
            ("questionnaire=http://q.example/a|2.1", true),
            ("questionnaire=http://q.example/a|2.2", false),
        ],
    );
}

#[test]
fn addresses() {
    let resource = json!({"resourceType": "ValueSet", "url": "http://acme.org/fhir/ValueSet/123",
        "meta": {"profile": ["http://p.example/x"], "tag": [{"code": "t"}], "source": "urn:s"}});
    check(
        &resource,
        &[
            ("url=http://acme.org/fhir/ValueSet/123", true),
            ("url=http://acme.org/fhir", false),
            ("url:below=http://acme.org/fhir/", true),
            ("url:below=http://acme.org/fhir/Value", false),
            ("url:above=http://acme.org/fhir/ValueSet/123/_history/5", true),
            ("url:above=http://acme.org/fhir/ValueSet/124", false),
            ("_profile=http://p.example/x", true),
            ("_tag=t", true),
            ("_source=urn:s", true),
        ],
    );
}

#[test]
fn quantities_and_composites() {
    let resource = json!({
        "resourceType": "Observation", "code": {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]},
        "valueQuantity": {"value": 72.50, "unit": "kilos", "system": "http://unitsofmeasure.org", "code": "kg"},
        "component": [{"code": {"coding": [{"code": "c"}]}, "valueCodeableConcept": {"coding": [{"code": "v"}]}}]});
    check(
        &resource,
        &[
            ("value-quantity=72.5", true),
            ("value-quantity=72.5|http://unitsofmeasure.org|kg", true),
            ("value-quantity=72500|http://unitsofmeasure.org|g", true),
            ("value-quantity=72.5|http://unitsofmeasure.org|g", false),
            ("value-quantity=72.5||kg", true),
            ("value-quantity=72.5||kilos", true),
            ("value-quantity=gt72||kg", true),
            ("value-quantity=gt72500||g", false),
            ("value-quantity=lt72.5", false),
            ("value-quantity=le72.5", true),
            ("value-quantity=ap75", true),
            ("value-quantity=ne72.5", false),
            ("combo-value-quantity=gt72", true),
            ("code-value-quantity=8302-2$gt72", true),
            ("code-value-quantity=http://loinc.org|8302-2$72.5||kg", true),
            ("code-value-quantity=http://loinc.org|8302-2$gt73", false),
            ("code-value-quantity=other$gt72", false),
            ("component-code-value-concept=c$v", true),
            ("component-code-value-concept=|c$|v", true),
            ("component-code-value-concept=c$w", false),
            ("combo-code-value-quantity=8302-2$72.5", true),
            ("code-value-concept:missing=true", true),
        ],
    );
    let sampled = json!({"resourceType": "Observation", "code": {"coding": [{"code": "e"}]},
        "valueSampledData": {"origin": {"value": 0}, "period": 1, "dimensions": 1, "lowerLimit": 10, "upperLimit": 20}});
    check(
        &sampled,
        &[
            ("value-quantity=gt15", true),
            ("value-quantity=gt20", false),
            ("value-quantity=sa9", true),
            ("value-quantity=sa15", false),
            ("value-quantity=eb21", true),
            ("value-quantity=15", false),
        ],
    );
    let variant = json!({"resourceType": "MolecularSequence", "referenceSeq": {"chromosome": {"coding": [{"code": "1"}]}},
        "variant": [{"start": 10, "end": 20}]});
    check(
        &variant,
        &[
            ("chromosome-variant-coordinate=1$ge5$le25", true),
            ("chromosome-variant-coordinate=1$10$20", true),
            ("chromosome-variant-coordinate=2$ge5$le25", false),
            ("chromosome-variant-coordinate=1$ge11$le25", false),
        ],
    );
}

#[test]
fn refusals_say_what_and_where() {
    let cases = [
        ("Patient", "nosuch=1", "Patient has no search parameter \"nosuch\""),
        ("Nosuch", "name=1", "there is no resource type \"Nosuch\""),
        ("Patient", "name:nosuch=1", "the modifier \"nosuch\" cannot be used on \"name\": there is no such modifier"),
        (
            "Patient",
            "gender:exact=1",
            "the modifier \"exact\" cannot be used on \"gender\": it does not fit this kind of parameter",
        ),
        (
            "Observation",
            "code:in=http://v",
            "the modifier \"in\" cannot be used on \"code\": it needs a terminology or hierarchy that is not held here",
        ),
        (
            "Patient",
            "birthdate=1970,70",
            "value 2 of \"birthdate\" cannot be read: it is not a date; one is written 2026, 2026-03, 2026-03-28 or with a time",
        ),
        ("Patient", "name=a,,b", "value 2 of \"name\" cannot be read: it is empty"),
        (
            "Observation",
            "value-quantity=5|mg",
            "value 1 of \"value-quantity\" cannot be read: it is written number|system|code",
        ),
        ("Observation", "value-quantity=abc", "value 1 of \"value-quantity\" cannot be read: it is not a number"),
        (
            "Observation",
            "subject=a b",
            "value 1 of \"subject\" cannot be read: it is neither an id, nor Type/id, nor an address",
        ),
        (
            "Observation",
            "subject:Claim=1",
            "the modifier \"Claim\" cannot be used on \"subject\": the reference never points to this type",
        ),
        ("Observation", "subject.nosuch=1", "Group|Device|Patient|Location has no search parameter \"nosuch\""),
        (
            "Observation",
            "status.name=1",
            "the modifier \"name\" cannot be used on \"status\": only references can be followed",
        ),
        (
            "Patient",
            "_has:Observation:code=1",
            "the modifier \"Observation:code\" cannot be used on \"_has\": it is written _has:Type:reference:parameter",
        ),
        ("Patient", "_has:Observation:patient:nosuch=1", "Observation has no search parameter \"nosuch\""),
        (
            "Location",
            "near=1|2",
            "the search parameter \"near\" of Location is not supported: distances are not indexed",
        ),
        (
            "Observation",
            "code-value-quantity=1",
            "value 1 of \"code-value-quantity\" cannot be read: it does not have the parameter's number of parts, with $ between them",
        ),
        ("Patient", "active:missing=maybe", "value 1 of \"active\" cannot be read: true or false was expected"),
    ];
    for (resource_type, query, message) in cases {
        assert_eq!(condition(resource_type, query).unwrap_err().to_string(), message);
    }
    assert!(sort_parameter("Observation", "code").is_err());
    assert_eq!(sort_parameter("Observation", "date").unwrap(), ["Observation.date"]);
}

#[test]
fn chains_are_taken_apart() {
    let chain = condition("Observation", "subject:Patient.name:exact=Ann").unwrap();
    let expected = Condition::Chain {
        targets: vec![("Patient".to_owned(), "Observation.patient")],
        rest: "name:exact".to_owned(),
        values: "Ann".to_owned(),
    };
    assert_eq!(chain, expected);
    let Condition::Chain { targets, .. } = condition("Observation", "subject.name=Ann").unwrap() else { panic!() };
    let rows = [("Patient".to_owned(), "Observation.patient"), ("Location".to_owned(), "Observation.subject")];
    assert_eq!(targets, rows);
    let reverse = condition("Patient", "_has:Observation:patient:_has:AuditEvent:entity:agent=x").unwrap();
    let Condition::ReverseChain { rest, reference_parameter, .. } = reverse else { panic!() };
    assert_eq!((rest.as_str(), reference_parameter), ("_has:AuditEvent:entity:agent", "Observation.patient"));
}

#[test]
fn the_compartment_is_one_range() {
    let resource = json!({"resourceType": "Observation", "subject": {"reference": "Patient/9"},
        "performer": [{"reference": "Patient/9"}, {"reference": "Patient/8"}], "effectiveDateTime": "2020-01-01",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8302-2"}, {"code": "own"}]}});
    let rows = rows(&resource);
    let count = |patient: &str, kind, codes: &[_]| {
        let spans = search::compartment_spans(patient, kind, codes);
        rows.iter().filter(|row| spans.iter().any(|span| search::lies_in(row, span))).count()
    };
    assert_eq!(count("9", None, &[]), 2);
    assert_eq!(count("8", Some("Observation"), &[]), 2);
    assert_eq!(count("9", Some("Condition"), &[]), 0);
    assert_eq!(count("9", Some("Observation"), &[(None, "8302-2")]), 1);
    assert_eq!(count("9", Some("Observation"), &[(Some(""), "8302-2")]), 0);
    assert_eq!(count("9", Some("Observation"), &[(Some("http://loinc.org"), "8302-2"), (None, "own")]), 2);
    assert_eq!(count("7", None, &[]), 0);
}

fn date_text() -> impl Strategy<Value = String> {
    let parts = (1995..2030u32, 1..=12u32, 1..=28u32, 0..24u32, 0..60u32, 0..60u32, 0..7u8);
    parts.prop_map(|(year, month, day, hour, minute, second, form)| match form {
        0 => format!("{year}"),
        1 => format!("{year}-{month:02}"),
        2 | 3 => format!("{year}-{month:02}-{day:02}"),
        4 => format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}Z"),
        5 => format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.5+01:00"),
        _ => format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}-05:00"),
    })
}

fn prefix() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"])
}

/// The standard's words on ranges (FHIR R4, 3.1.1.4.5): the search value's range `s`, the target's `t`.
fn date_matches(prefix: &str, s: (i64, i64), t: (i64, i64)) -> bool {
    let contains = s.0 <= t.0 && t.1 <= s.1;
    let reaches_above = t.1 > s.1;
    let reaches_below = t.0 < s.0;
    let margin = ((NOW.0 - s.0) / 10).abs();
    match prefix {
        "ne" => !contains,
        "gt" => reaches_above,
        "lt" => reaches_below,
        "ge" => reaches_above || contains,
        "le" => reaches_below || contains,
        "sa" => t.0 > s.1,
        "eb" => t.1 < s.0,
        "ap" => t.0 <= s.1 + margin && t.1 >= s.0 - margin,
        _ => contains,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn dates_match_by_the_standards_words(
        start in prop::option::of(date_text()), end in prop::option::of(date_text()), point in date_text(),
        is_period: bool, prefix in prefix(), sought in date_text(),
    ) {
        let range = |text: &str| {
            let value = Temporal::parse(text).unwrap();
            (value.first_instant(), value.last_instant())
        };
        let mut period = json!({});
        let mut target = (i64::MIN, i64::MAX);
        if let Some(start) = &start {
            period["start"] = json!(start);
            target.0 = range(start).0;
        }
        if let Some(end) = &end {
            period["end"] = json!(end);
            target.1 = range(end).1;
        }
        let resource = if is_period && (start.is_some() || end.is_some()) {
            target = (target.0.min(target.1), target.1.max(target.0));
            json!({"resourceType": "Observation", "effectivePeriod": period})
        } else {
            target = range(&point);
            json!({"resourceType": "Observation", "effectiveDateTime": point})
        };
        let found = condition("Observation", &format!("date={prefix}{sought}")).unwrap().holds(&rows(&resource));
        prop_assert_eq!(found, Some(date_matches(prefix, range(&sought), target)), "{:?}", target);
    }

    #[test]
    fn numbers_match_by_the_standards_words(
        value in -2000i64..2000, sought in -200i64..200, decimals in 0usize..3, prefix in prefix(),
    ) {
        // In hundredths, so that all of it is whole numbers; the value has two decimals, the query fewer or as many.
        let scale = 10i64.pow(2 - decimals as u32);
        let (text, exact) = (decimal(sought, decimals), sought * scale);
        let reach = if prefix == "ap" { (exact.abs() * 10).max(scale * 50) } else { scale * 50 };
        let (value_100, low, high) = (value * 100, exact * 100 - reach, exact * 100 + reach);
        let expected = match prefix {
            "ne" => !(low <= value_100 && value_100 < high),
            "gt" | "sa" => value > exact,
            "lt" | "eb" => value < exact,
            "ge" => value >= exact,
            "le" => value <= exact,
            "ap" => low <= value_100 && value_100 <= high,
            _ => low <= value_100 && value_100 < high,
        };
        let number: serde_json::Value = serde_json::from_str(&decimal(value, 2)).unwrap();
        let resource = json!({"resourceType": "ChargeItem", "factorOverride": number});
        let query = format!("factor-override={prefix}{text}");
        prop_assert_eq!(condition("ChargeItem", &query).unwrap().holds(&rows(&resource)), Some(expected), "{}", query);
    }

    #[test]
    fn strings_match_by_folded_prefix(family in "[A-Za-zÀ-ž' .-]{1,12}", sought in "[A-Za-zÀ-ž' .-]{1,4}") {
        let resource = json!({"resourceType": "Patient", "name": [{"family": family}]});
        let (folded, start) = (search::fold(&family), search::fold(&sought));
        match condition("Patient", &format!("family={sought}")) {
            Ok(condition) => {
                prop_assert_eq!(condition.holds(&rows(&resource)), Some(!folded.is_empty() && folded.starts_with(&start)));
            }
            Err(_) => prop_assert!(start.is_empty()),
        }
    }

    #[test]
    fn any_query_is_answered_or_refused(
        key in "(code|date|subject|value-quantity|code-value-quantity|combo-code|_has|identifier)?[:.a-zA-Z|_-]{0,20}",
        values in "\\PC{0,30}",
    ) {
        let _ = parse("Observation", &key, &values, &Surroundings::default());
    }
}

fn decimal(value: i64, decimals: usize) -> String {
    let sign = if value < 0 { "-" } else { "" };
    if decimals == 0 {
        return format!("{value}");
    }
    let unit = 10i64.pow(decimals as u32);
    format!("{sign}{}.{:0decimals$}", value.abs() / unit, value.abs() % unit)
}
