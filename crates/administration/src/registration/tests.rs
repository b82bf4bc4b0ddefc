//! Rules of registration on plain data.
//! What needs a record is tested in `tests/rules/registration.rs`, on both stores.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use fhir::{Document, Limits};
use terms::NhsNumber;

use super::pds::{PdsAnswer, PdsPerson, Trace, answer};
use super::*;

fn parsed(text: &str) -> Document<'_> {
    Document::parse(text.as_bytes(), &Limits::default()).unwrap()
}

pub(super) fn tomasz() -> Demographics {
    Demographics {
        family: "Wójcik".into(),
        given: "Tomasz".into(),
        title: Some("Mr".into()),
        preferred: Some("Tomek".into()),
        born: "1988-06-09".parse().ok(),
        gender: Some(Gender::Male),
        nhs_number: NhsNumber::parse("9990710198").ok(),
        address: Some("21 Cooperage Lane, Thameside".into()),
        postcode: Some("TH3 8KW".into()),
        mobile: Some("07700 900 158".into()),
        email: Some("tomasz.w@example.org".into()),
        gp: Some("Wharf Lane Surgery".into()),
        ..Demographics::default()
    }
}

#[test]
fn what_is_written_reads_back_and_is_valid() {
    let person = Demographics { language: Some("pl".into()), interpreter: Some(false), home: None, ..tomasz() };
    let number = numbers::HospitalNumber { system: "urn:x".into(), value: "TR 150 003".into() };
    let text = write::new_patient("p", &person, &number, NhsNumberStatus::NotTraced, Vec::new());
    let document = parsed(&text);
    assert_eq!(fhir::validate(&document).into_iter().filter(fhir::Issue::is_error).count(), 0, "{text}");
    assert_eq!(Demographics::of(document.root()), person);
    assert_eq!(NhsNumberStatus::of(document.root()), Some(NhsNumberStatus::NotTraced));
}

#[test]
fn nothing_has_a_default() {
    let number = numbers::HospitalNumber { system: "urn:x".into(), value: "TR 150 003".into() };
    let person = Demographics { family: "Wójcik".into(), given: "Tomasz".into(), ..Demographics::default() };
    let text = write::new_patient("p", &person, &number, NhsNumberStatus::TraceRequired, Vec::new());
    for member in ["gender", "birthDate", "communication", "interpreter", "address", "telecom", "contact", "deceased"] {
        assert!(!text.contains(member), "{member}: {text}");
    }
    let document = parsed(&text);
    for (item, asked) in asked_items(document.root(), &[]) {
        assert_eq!(asked, Asked::NotAsked, "{item:?}");
    }
    let missing: Vec<_> = Demographics::default().missing().iter().map(|refusal| refusal.field).collect();
    assert_eq!(missing, [Some("family"), Some("given"), Some("born"), Some("gender")]);
}

#[test]
fn pds_fills_what_it_may() {
    let text = r#"{"resourceType":"Patient","id":"9990710198","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number",
        "value":"9990710198"}],"name":[{"use":"usual","family":"Wójcik","given":["Tomasz"]}],"gender":"male",
        "birthDate":"1988-06-09","address":[{"use":"home","line":["21 Cooperage Lane"],"postalCode":"TH3 8KW"}]}"#;
    let one = PdsPerson::read(text.as_bytes()).unwrap();
    let filled = one.prefill();
    assert_eq!((filled.gender, filled.language.as_deref(), filled.interpreter), (None, None, None));
    assert_eq!((filled.family.as_str(), filled.postcode.as_deref()), ("Wójcik", Some("TH3 8KW")));
    assert!(one.agrees_with(&tomasz()));
    let another_day = Demographics { born: "1988-06-10".parse().ok(), ..tomasz() };
    assert!(!one.agrees_with(&another_day));
    let hidden =
        text.replace("\"id\":\"9990710198\"", "\"id\":\"9990710198\",\"meta\":{\"security\":[{\"code\":\"R\"}]}");
    let hidden = PdsPerson::read(hidden.as_bytes()).unwrap();
    assert!(hidden.is_sensitive && hidden.person.address.is_none() && hidden.person.postcode.is_none());

    let people = [one.clone()];
    let born = one.person.born.unwrap();
    let person = |family: &str, given: &str| Trace::Person { family: family.into(), given: given.into(), born };
    assert!(matches!(answer(&people, &person("wojcik", "tom")), PdsAnswer::One(_)));
    assert_eq!(answer(&people, &person("wojcik", "piotr")), PdsAnswer::None);
    assert!(matches!(answer(&people, &Trace::Number(one.number)), PdsAnswer::One(_)));
    assert_eq!(answer(&[one.clone(), one], &person("wojcik", "")), PdsAnswer::Many);
}
