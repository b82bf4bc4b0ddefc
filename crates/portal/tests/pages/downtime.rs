//! Downtime through the pages: numbers are issued, a downtime begins and ends, forms are entered where they belong, and the
//! account comes out even; and the sheets that are made beforehand.
//! Each test has a record of its own.

use access::Role;
use http::StatusCode;
use portal::components::frame::Environment;
use portal::pages::downtime::sheets::{Pack, Sheet, sheets};
use record::Key;
use record::trail::AccessQuery;
use terms::Moment;
use testkit::demo::STORY_NOW;

use crate::support::{Answer, Trust, permit};

const DOWNTIME: &str = "/t/DEMO/downtime";
const HERON: &str = "/t/DEMO/wards/heron";
const ADMITTED: &str = "adeyemi-folarin";

async fn send(trust: &Trust, path: &str, fields: &[(&str, &str)]) -> Answer {
    trust.post(("user/t.tester", Role::Clerk), path, fields).await
}

async fn done(trust: &Trust, path: &str, fields: &[(&str, &str)]) {
    let answer = send(trust, path, fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path} {fields:?}: {}", answer.text);
}

async fn page(trust: &Trust) -> String {
    let answer = trust.get(Role::Clerk, DOWNTIME).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.text
}

/// Issued, used, void, open of a row of the account, and whether the sum agrees.
fn sums(page: &str, what: &str) -> (Vec<u64>, bool) {
    let row = page.split(&format!("<th scope=\"row\">{what}</th>")).nth(1).unwrap().split("</tr>").next().unwrap();
    let figures = row.split("<td class=\"al-num\">").skip(1);
    (figures.map(|of| of.split('<').next().unwrap().parse().unwrap()).collect(), row.contains("Agrees"))
}

async fn issued(trust: &Trust) {
    let fields = [("act", "issue"), ("owner", "place/heron"), ("forms", "6"), ("hospital", "2"), ("form_key", "i")];
    done(trust, DOWNTIME, &fields).await;
}

/// From 02:00 to 08:00 of the day of the story nobody could use the record.
async fn over(trust: &Trust) {
    let began = [("act", "begin"), ("reason", "No network"), ("at", "then"), ("at_time", "02:00"), ("form_key", "b")];
    done(trust, DOWNTIME, &began).await;
    let goes_on = page(trust).await;
    assert!(goes_on.contains("A downtime goes on since") && goes_on.contains("Toni Tester"), "{goes_on}");
    let id = goes_on.split("name=\"downtime\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let ended = [("act", "end"), ("downtime", id), ("at", "then"), ("at_time", "08:00"), ("form_key", "e")];
    done(trust, DOWNTIME, &ended).await;
}

/// An admission to a free bed of Heron ward at a time.
fn admission<'f>(time: &'f str, form: &'f str) -> Vec<(&'f str, &'f str)> {
    vec![
        ("patient", ADMITTED),
        ("place", "heron-bed-04"),
        ("mixed", "no-bed"),
        ("method", "21"),
        ("consultant", "Practitioner/okafor"),
        ("at", "then"),
        ("at_time", time),
        ("downtime_form", form),
        ("form_key", time),
    ]
}

#[tokio::test]
async fn a_downtime_is_accounted_for_from_the_sheet_of_numbers_to_the_last_form() {
    let trust = Trust::demo().await;
    let admit = format!("{HERON}/admit");
    let form = format!("{admit}?patient={ADMITTED}&place=heron-bed-04");
    let asks = async || {
        let whole = trust.get_as("user/t.tester", Role::Clerk, &form).await;
        assert_eq!(whole.status, StatusCode::OK);
        whole.text.contains("From a downtime form")
    };
    assert!(!asks().await, "nothing is to be entered");
    issued(&trust).await;
    over(&trust).await;
    let before = page(&trust).await;
    assert_eq!(sums(&before, "Form numbers"), (vec![6, 0, 0, 6], true));
    assert!(before.contains("8 downtime numbers and forms to account for"), "{before}");
    let list = trust.get(Role::Clerk, "/t/DEMO/obligations/downtime-number?of=all").await.text;
    assert!(list.contains("D 000 001") && list.contains("Heron ward") && list.contains("Account for it"), "{list}");
    assert!(asks().await, "every form that asks for a time asks for a form number too");
    done(&trust, &admit, &admission("03:30", "d1")).await;
    let void = [("act", "void"), ("which", ""), ("reason", "Sheet destroyed")];
    assert_eq!(send(&trust, DOWNTIME, &void).await.status, StatusCode::UNPROCESSABLE_ENTITY, "nothing was chosen");
    let block = before.split("value=\"rest ").nth(1).unwrap().split('"').next().unwrap();
    let rest = format!("rest {block}");
    done(&trust, DOWNTIME, &[("act", "void"), ("which", &rest), ("reason", "Sheet destroyed")]).await;
    let after = page(&trust).await;
    assert_eq!(sums(&after, "Form numbers"), (vec![6, 1, 5, 0], true));
    assert_eq!(sums(&after, "Hospital numbers"), (vec![2, 0, 2, 0], true));
    assert!(after.contains("Nothing is owed after a downtime.") && after.contains("ADEYEMI, Folarin"), "{after}");
    assert!(!asks().await, "everything is entered or void");
}

#[tokio::test]
async fn a_form_has_the_time_on_the_paper_and_its_stay_says_both_times() {
    let trust = Trust::demo().await;
    issued(&trust).await;
    over(&trust).await;
    let admit = format!("{HERON}/admit");
    let mut now = admission("03:30", "d2");
    now.retain(|(name, _)| *name != "at");
    now.push(("at", "now"));
    let refused = send(&trust, &admit, &now).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("the time that is written on it"), "{}", refused.text);
    for (time, form, words) in [
        ("09:00", "d2", "No downtime is recorded at this time"),
        ("03:30", "d77", "No form number like this was issued"),
    ] {
        let refused = send(&trust, &admit, &admission(time, form)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            refused.text.contains(words) && refused.text.contains(&format!("value=\"{form}\"")),
            "{}",
            refused.text
        );
    }
    done(&trust, &admit, &admission("03:30", "d2")).await;
    let account = page(&trust).await;
    assert!(account.contains("D 000 002"));
    let board = trust.get(Role::Clerk, HERON).await.text;
    let row = board.split("id=\"bed-heron-bed-04\"").nth(1).unwrap().split("</tr>").next().unwrap();
    let stay = row.split("/stays/").nth(1).unwrap().split(['"', '?']).next().unwrap();
    let stay = trust.get(Role::Clerk, &format!("/t/DEMO/stays/{stay}")).await.text;
    let mark = stay.split("Entered from downtime forms").nth(1).unwrap().split("</ul>").next().unwrap();
    assert!(mark.contains("D 000 002") && mark.contains("03:30") && mark.contains("14:35"), "{mark}");
}

#[tokio::test]
async fn whoever_may_not_enter_stays_sees_no_account() {
    let trust = Trust::demo().await;
    for role in [Role::Administrator, Role::PrivacyOfficer, Role::Operator] {
        assert_eq!(trust.get(role, DOWNTIME).await.status, StatusCode::FORBIDDEN, "{}", role.code());
    }
    for (field, count) in [("forms", "101"), ("forms", "many"), ("hospital", "-1")] {
        let refused = send(&trust, DOWNTIME, &[("act", "issue"), ("owner", "team/records"), (field, count)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {count}");
    }
    let nobody = send(&trust, DOWNTIME, &[("act", "issue"), ("owner", "place/nowhere"), ("forms", "3")]).await;
    assert!(nobody.text.contains("Say who gets the numbers"), "{}", nobody.text);
}

async fn made(trust: &Trust, role: Role, now: Moment) -> Pack {
    let permit = permit("host/downtime", role);
    sheets(&trust.record, &permit, ("Thameside Royal", Environment::Demonstration), now).await.unwrap()
}

fn named<'p>(pack: &'p Pack, name: &str) -> &'p Sheet {
    pack.sheets.iter().find(|sheet| sheet.name == name).unwrap()
}

#[tokio::test]
async fn sheets_say_of_each_patient_what_a_ward_needs_and_need_nothing_but_themselves() {
    let trust = Trust::demo().await;
    issued(&trust).await;
    let pack = made(&trust, Role::Clinician, STORY_NOW).await;
    for sheet in &pack.sheets {
        assert!(sheet.html.starts_with("<!DOCTYPE html>") && sheet.html.contains("<style>"), "{}", sheet.name);
        for outside in ["<script", "src=", "http:", "https:", "href=\"/"] {
            assert!(!sheet.html.contains(outside), "{} has {outside}", sheet.name);
        }
    }
    let ward = &named(&pack, "ward-heron");
    for words in [
        "ADEYEMI, Folasade",
        "ALLERGIC: ",
        "Allergies not recorded",
        "No known allergies",
        "Born ",
        "NHS ",
        "Hospital no. ",
    ] {
        assert!(ward.html.contains(words), "{words}: {}", ward.html);
    }
    assert!(ward.patients.contains(&"adeyemi-folasade".to_owned()));
    let board = trust.get(Role::Clinician, HERON).await.text;
    let on_board = board.matches("<span class=\"al-name\">").count();
    assert!(ward.patients.len() > 10 && ward.patients.len() <= on_board + 1, "{} {on_board}", ward.patients.len());
    let numbers = &named(&pack, "numbers").html;
    assert!(
        numbers.contains("D 000 006") && numbers.contains("TR 850 002") && numbers.contains("Heron ward"),
        "{numbers}"
    );
    assert_eq!(named(&pack, "forms").html.matches("Downtime form: ").count(), 6);
    let index = &named(&pack, "index").html;
    for sheet in pack.sheets.iter().filter(|sheet| sheet.name != "index") {
        assert!(index.contains(&format!("href=\"{}.html\"", sheet.name)), "{}", sheet.name);
    }
}

#[tokio::test]
async fn a_clerk_s_sheets_tell_nothing_clinical_and_restricted_records_are_not_on_them() {
    let trust = Trust::demo().await;
    let before = made(&trust, Role::Clerk, STORY_NOW).await;
    for sheet in &before.sheets {
        for word in ["penicillin", "ALLERGIC", "pneumonia", "dnacpr", "sepsis"] {
            assert!(
                sheet.name == "forms" || !sheet.html.to_lowercase().contains(&word.to_lowercase()),
                "{} tells {word}",
                sheet.name
            );
        }
    }
    assert!(named(&before, "ward-heron").html.contains("ADEYEMI, Folasade"));
    let hide = [
        ("do", "hide"),
        ("draft_patient", "adeyemi-folasade"),
        ("version", "1"),
        ("item", "restrict"),
        ("reason", "02"),
        ("form_key", "h"),
    ];
    let hidden =
        trust.post(("user/t.tester", Role::Clinician), "/t/DEMO/patients/adeyemi-folasade/details", &hide).await;
    assert_eq!(hidden.status, StatusCode::SEE_OTHER, "{}", hidden.text);
    let after = made(&trust, Role::Clerk, STORY_NOW).await;
    assert!(!named(&after, "ward-heron").html.contains("ADEYEMI, Folasade"));
    assert!(!named(&after, "ward-heron").patients.contains(&"adeyemi-folasade".to_owned()));
    assert!(named(&made(&trust, Role::Clinician, STORY_NOW).await, "ward-heron").html.contains("ADEYEMI, Folasade"));
}

#[tokio::test]
async fn who_is_on_a_sheet_was_shown_and_the_access_journal_says_so() {
    let trust = Trust::demo().await;
    let pack = made(&trust, Role::Clerk, STORY_NOW).await;
    let query =
        AccessQuery { subject: Some(Key::new("Patient", "adeyemi-folasade")), limit: 100, ..AccessQuery::default() };
    let privacy = permit("user/p.officer", Role::PrivacyOfficer);
    let accesses = trust.record.accesses(&privacy, query).await.unwrap();
    assert!(pack.sheets.iter().any(|sheet| sheet.patients.contains(&"adeyemi-folasade".to_owned())));
    assert!(
        accesses.iter().any(|access| access.query == "downtime sheets" && access.principal == "host/downtime"),
        "{accesses:?}"
    );
}

#[tokio::test]
async fn tomorrow_s_appointments_are_listed_where_there_are_any() {
    let trust = Trust::demo().await;
    assert!(made(&trust, Role::Clerk, STORY_NOW).await.sheets.iter().all(|sheet| sheet.name != "appointments"));
    let appointment = |id: &str, status: &str, start: &str| {
        format!(
            r#"{{"resourceType":"Appointment","id":"{id}","status":"{status}","start":"{start}","end":"2026-11-18T23:00:00Z",
                "serviceType":[{{"text":"Fracture clinic {id}"}}],"participant":[{{"status":"accepted",
                "actor":{{"reference":"Patient/{ADMITTED}"}}}},{{"status":"accepted",
                "actor":{{"reference":"Location/heron","display":"Clinic 2"}}}}]}}"#
        )
    };
    trust
        .put(&[
            appointment("a1", "booked", "2026-11-18T10:30:00Z"),
            appointment("a2", "booked", "2026-11-18T09:15:00Z"),
            appointment("a3", "cancelled", "2026-11-18T09:30:00Z"),
            appointment("a4", "booked", "2026-11-19T09:30:00Z"),
        ])
        .await;
    let pack = made(&trust, Role::Clerk, STORY_NOW).await;
    let sheet = named(&pack, "appointments");
    let order: Vec<&str> = sheet.html.split("Fracture clinic ").skip(1).map(|of| &of[..2]).collect();
    assert_eq!(order, ["a2", "a1"], "{}", sheet.html);
    assert!(sheet.html.contains("Clinic 2") && sheet.html.contains("ADEYEMI, Folarin"));
    assert_eq!(sheet.patients, [ADMITTED]);
}
