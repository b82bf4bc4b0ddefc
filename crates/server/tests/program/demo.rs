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
    assert!(serving.stop());

    let (serving, again) = stage.start("demo");
    assert_eq!(again["sign-ins"], said["sign-ins"]);
    let trust = stage.json(&["trust", "show", "THR"]);
    assert_eq!(trust["trust"]["resources"]["Patient"], found["total"], "nothing is doubled");
    assert!(serving.stop());
}
