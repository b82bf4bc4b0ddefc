//! Both nights on which the clocks change, 25-Oct-2026 and 28-Mar-2027, on every screen that shows or takes times.
//! What is shown: elapsed time is real time, whatever the clock on the wall says. What is taken: a time that was there
//! twice is asked, and one that was not there is refused (operations 2).

use access::Role;
use http::StatusCode;
use terms::Moment;

use crate::support::Trust;

fn at(text: &str) -> Moment {
    Moment::parse(text).unwrap()
}

/// In the first half of the hour that comes twice, in its second half; before the hour that is left out, and after it.
const MOMENTS: [(&str, &str); 4] = [
    ("2026-10-25T00:30:00Z", "01:30"),
    ("2026-10-25T01:30:00Z", "01:30"),
    ("2027-03-28T00:55:00Z", "00:55"),
    ("2027-03-28T01:05:00Z", "02:05"),
];

/// Screens, who looks at them, and what they say whenever the story is told: its times move, its durations do not.
const SHOWN: &[(Role, &str, &[&str])] = &[
    (Role::Clinician, "/t/DEMO/", &["15 min late", "by", "Bed 5, 25 min late. Bed 13, 5 min late."]),
    (Role::Clinician, "/t/DEMO/obligations/task?of=ward", &["15 min late"]),
    (
        Role::Clinician,
        "/t/DEMO/wards/heron",
        &["Obs 25 min overdue", "Obs 5 min overdue", "2</b> <span class=\"al-bad\">observations overdue"],
    ),
    (Role::Clinician, "/t/DEMO/wards/heron?show=overdue", &["FARROW", "NORRIS"]),
    (Role::Clinician, "/t/DEMO/wards/heron/handover", &["FARROW"]),
    (Role::Clinician, "/t/DEMO/wards", &["Heron ward"]),
    (
        Role::Clinician,
        "/t/DEMO/emergency",
        &["4 h 37", "37 min over 4 h", "1 h 55", "3 h 13 left", "8 min away", "over 4 hours"],
    ),
    (Role::Clinician, "/t/DEMO/emergency?only=left-today", &["left today"]),
    (Role::Clinician, "/t/DEMO/admissions", &["1 h 55"]),
    (Role::Clinician, "/t/DEMO/stays/beckford-maureen-stay", &["BECKFORD"]),
    (Role::Clinician, "/t/DEMO/tasks?patient=farrow-daphne", &["15 min late"]),
    (Role::Clerk, "/t/DEMO/patients?q=adeyemi", &["ADEYEMI"]),
    (Role::Clerk, "/t/DEMO/register?q=tomasz+wojcik+9+jun+1988", &["Register a patient"]),
    (Role::Clinician, "/t/DEMO/patients/adeyemi-folasade", &["ADEYEMI"]),
    (Role::Clerk, "/t/DEMO/patients/adeyemi-folasade/details", &["ADEYEMI"]),
    (Role::Clerk, "/t/DEMO/patients/adeyemi-folasade/correct", &["Correct details"]),
    (Role::PrivacyOfficer, "/t/DEMO/patients/adeyemi-folasade/who-has-looked", &["ADEYEMI"]),
    (Role::Clerk, "/t/DEMO/patients/jankowska-ewa/newborn", &["JANKOWSKA"]),
    (Role::PatientIndex, "/t/DEMO/duplicates", &["Possible duplicates"]),
    (Role::Clinician, "/t/DEMO/tasks/new?patient=farrow-daphne", &["FARROW"]),
    (Role::Clinician, "/t/DEMO/tasks/hand-over", &["Hand over"]),
    (Role::Clinician, "/t/DEMO/wards/heron/move?stay=cosgrove-eileen-stay", &["COSGROVE"]),
    (Role::Clinician, "/t/DEMO/wards/heron/admit?patient=adeyemi-folarin", &["ADEYEMI"]),
    (Role::Clinician, "/t/DEMO/wards/heron/bed?bed=heron-bed-04", &["Bed 4"]),
    (Role::Clinician, "/t/DEMO/wards/heron/reserve?bed=heron-bed-04", &["Reserve bed 4"]),
    (Role::Clerk, "/t/DEMO/emergency/arrive", &["New arrival"]),
    (Role::Clerk, "/t/DEMO/emergency/expect", &["Ambulance due"]),
    (Role::Clinician, "/t/DEMO/emergency/hussain-nasreen-stay/triage", &["HUSSAIN"]),
    (Role::Clerk, "/t/DEMO/admissions/new?patient=adeyemi-folarin", &["ADEYEMI"]),
    (Role::Clerk, "/t/DEMO/incident", &["ncident"]),
    (Role::Clinician, "/t/DEMO/account", &["account"]),
];

#[tokio::test]
async fn every_screen_tells_real_elapsed_time_on_both_nights() {
    let mut wrong: Vec<String> = Vec::new();
    for (moment, wall) in MOMENTS {
        let now = at(moment);
        let trust = Trust::demo_at(now).await;
        trust.fill(Role::Clinician, "/t/DEMO/place", &[("place", "heron")], now).await;
        for (role, path, words) in SHOWN {
            let page = trust.page_at(*role, path, now).await;
            assert_eq!(page.status, StatusCode::OK, "{path} at {moment}: {}", page.text);
            let missing = words.iter().filter(|words| !page.text.contains(**words));
            wrong.extend(missing.map(|words| format!("{path} at {moment} does not say {words}")));
        }
        let board = trust.page_at(Role::Clinician, "/t/DEMO/wards/heron", now).await.text;
        let as_at = board.split("id=\"board-asat\"").nth(1).unwrap().split("</span>").next().unwrap();
        assert!(as_at.contains(&format!(">{wall}<")), "{moment}: {as_at}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A form that takes a time: who sends it, where, and its other fields.
type Taken = (Role, &'static str, &'static [(&'static str, &'static str)]);

const TAKEN: &[Taken] = &[
    (Role::Clinician, "/t/DEMO/wards/heron/move", &[("stay", "cosgrove-eileen-stay"), ("to", "heron-bed-04")]),
    (
        Role::Clinician,
        "/t/DEMO/wards/heron/admit",
        &[("patient", "adeyemi-folarin"), ("place", "heron"), ("method", "21"), ("consultant", "Practitioner/okafor")],
    ),
    (Role::Clinician, "/t/DEMO/emergency/duffy-kathleen-stay/take-over", &[("department", "ed"), ("name", "Dr Smith")]),
    (Role::Clinician, "/t/DEMO/emergency/hussain-nasreen-stay/triage", &[("department", "ed"), ("category", "3")]),
    (
        Role::Clerk,
        "/t/DEMO/emergency/arrive",
        &[("department", "ed"), ("patient", "adeyemi-grace"), ("mode", "on-foot")],
    ),
    (
        Role::Clerk,
        "/t/DEMO/admissions/new",
        &[
            ("act", "request"),
            ("patient", "adeyemi-f-grace"),
            ("reason", "Hip"),
            ("method", "11"),
            ("priority", "P3"),
            ("intended", "1"),
            ("team", "110"),
            ("ward", "heron"),
        ],
    ),
    (
        Role::Clerk,
        "/t/DEMO/stays/beckford-maureen-stay",
        &[("act", "leave"), ("patient", "beckford-maureen"), ("keeps_bed", "yes")],
    ),
    (
        Role::Clerk,
        "/t/DEMO/stays/gill-harpreet-stay",
        &[("act", "discharge"), ("patient", "gill-harpreet"), ("method", "1"), ("destination", "19")],
    ),
    (
        Role::Clerk,
        "/t/DEMO/patients/jankowska-ewa/newborn",
        &[
            ("draft_patient", "jankowska-ewa"),
            ("stay", "jankowska-ewa-stay"),
            ("of", "1"),
            ("order", "1"),
            ("gender", "female"),
        ],
    ),
];

async fn send(trust: &Trust, (role, path, own): &Taken, time: &[(&str, &str)], now: Moment) -> crate::support::Answer {
    let key = format!("{path} {time:?}");
    let mut fields = own.to_vec();
    fields.extend([("form_key", key.as_str()), ("at", "then")]);
    fields.extend(time);
    trust.post_at(("user/t.tester", *role), path, &fields, now).await
}

#[tokio::test]
async fn a_time_that_was_there_twice_is_asked_and_one_that_was_not_is_refused() {
    let now = at("2026-10-25T03:00:00Z");
    let trust = Trust::demo_at(now).await;
    let twice = [("at_date", "25 10 26"), ("at_time", "0130")];
    for form in TAKEN {
        let asked = send(&trust, form, &twice, now).await;
        assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", form.1);
        assert!(asked.text.contains("This time was there twice that night."), "{}: {}", form.1, asked.text);
        for which in ["first", "second"] {
            assert!(asked.text.contains(&format!("value=\"{which}\"")), "{} does not ask for the {which}", form.1);
        }
        assert!(!asked.text.contains("value=\"first\" checked") && asked.text.contains("value=\"0130\""), "{}", form.1);
        let mut said = twice.to_vec();
        said.push(("at_which", "second"));
        let taken = send(&trust, form, &said, now).await;
        assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}: {}", form.1, taken.text);
    }
    let board = trust.page_at(Role::Clinician, "/t/DEMO/wards/heron", now).await.text;
    assert!(board.contains("COSGROVE"));
    let stay = trust.page_at(Role::Clinician, "/t/DEMO/stays/cosgrove-eileen-stay", now).await.text;
    assert!(stay.contains("2026-10-25T01:30:00"), "the second half past one is GMT: {stay}");

    let now = at("2027-03-28T03:00:00Z");
    let trust = Trust::demo_at(now).await;
    for form in TAKEN {
        let refused = send(&trust, form, &[("at_date", "28 3 27"), ("at_time", "0130")], now).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", form.1);
        assert!(refused.text.contains("This time was not there that night"), "{}: {}", form.1, refused.text);
        let taken = send(&trust, form, &[("at_date", "28 3 27"), ("at_time", "0230")], now).await;
        assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}: {}", form.1, taken.text);
    }
}

#[tokio::test]
async fn what_is_due_or_expected_in_such_a_night_is_asked_too() {
    let task: Taken = (Role::Clinician, "/t/DEMO/tasks", &[("what", "Turn"), ("owner", "team/site")]);
    for (now, day, sentence) in [
        ("2026-10-24T20:00:00Z", "25 10 26", "This time was there twice that night."),
        ("2027-03-27T20:00:00Z", "28 3 27", "This time was not there that night"),
    ] {
        let now = at(now);
        let trust = Trust::demo_at(now).await;
        let answer = send(&trust, &task, &[("at_date", day), ("at_time", "0130")], now).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains(sentence), "{}", answer.text);
    }
}
