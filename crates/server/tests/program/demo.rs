//! `demo`: what it prints opens what it says, and a second run finds what the first has made.
//! Knows the printed sign-ins and nothing of how they were made.

use crate::stage::Stage;

#[test]
fn every_sign_in_that_is_printed_works_and_stays() {
    let stage = Stage::set();
    let (serving, said) = stage.start("demo");
    let token = said["token"].as_str().unwrap();
    let found = serving.get("/t/THR/fhir/Patient?_summary=count", token).json();
    assert!(found["total"].as_u64().unwrap() > 5, "{found}");
    let sign_ins = said["sign-ins"].as_array().unwrap();
    assert!(sign_ins.len() >= 4);
    for one in sign_ins {
        let (status, cookie) = serving.sign_in("THR", one["name"].as_str().unwrap(), one["password"].as_str().unwrap());
        assert_eq!(status, 303, "{}", one["name"]);
        assert!(cookie.unwrap().starts_with("almoner=THR."), "{}", one["name"]);
    }
    assert_eq!(serving.sign_in("THR", "s.reilly", "wrong").0, 401);
    let other = &said["others"][0];
    assert_eq!(other["trust"], "MGH");
    assert!(other["serving"].as_str().unwrap().ends_with("/t/MGH/"), "{other}");
    for one in other["sign-ins"].as_array().unwrap() {
        let (name, password) = (one["name"].as_str().unwrap(), one["password"].as_str().unwrap());
        assert_eq!(serving.sign_in("MGH", name, password).0, 303, "{name}");
        assert_eq!(serving.sign_in("THR", name, password).0, 401, "{name} has no account at the other trust");
    }
    assert!(serving.stop());

    let (serving, again) = stage.start("demo");
    assert_eq!(again["sign-ins"], said["sign-ins"]);
    assert_eq!(again["others"][0]["sign-ins"], other["sign-ins"]);
    let trust = stage.json(&["trust", "show", "THR"]);
    assert_eq!(trust["trust"]["resources"]["Patient"], found["total"], "nothing is doubled");
    assert!(serving.stop());
}
