//! The pages through the real routes, over a real record with the demonstration's patients.
//! Goes through the routes as a browser would, over a real record.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod admissions;
mod clock_change;
mod downtime;
mod duplicates;
mod emergency;
mod home;
mod kept;
mod kinds_of_stay;
mod mine;
mod register;
mod restricted;
mod support;
mod wards;

use access::Role;
use http::StatusCode;
use support::Trust;

const ADEYEMI: &str = "/t/DEMO/patients/adeyemi-folasade";

/// Where the rows of a search stand in the page, by the names in them.
fn names(html: &str) -> Vec<String> {
    let rows = html.split("class=\"al-rowlink\"").skip(1);
    rows.map(|row| row.split_once('>').unwrap().1.split_once("</a>").unwrap().0.to_owned()).collect()
}

#[tokio::test]
async fn every_route_answers_in_the_house_s_form() {
    let trust = Trust::demo().await;
    trust.put(&[r#"{"resourceType":"Task","id":"a-task","status":"requested","intent":"order"}"#.to_owned()]).await;
    trust.propose("adeyemi-folasade", "adeyemi-f-grace").await;
    let pair = administration::merging::Pair::of("adeyemi-folasade", "adeyemi-f-grace").unwrap();
    let pair = administration::merging::review_id(&pair);
    for (_, path) in portal::ROUTES.iter().filter(|(method, path)| *method == "GET" && !path.ends_with("/live")) {
        let (id, role) = match *path {
            path if path.contains("/tasks") => ("a-task", Role::Clinician),
            path if path.contains("/duplicates") => (pair.as_str(), Role::PatientIndex),
            path if path.ends_with("who-has-looked") || path.contains("/restricted-access") => {
                ("adeyemi-folasade", Role::PrivacyOfficer)
            }
            _ => ("adeyemi-folasade", Role::Clinician),
        };
        let path = path
            .replace("emergency/{id}/{act}", "emergency/mistry-jay-stay/triage")
            .replace("emergency/place", "emergency/place?place=ed-majors-6");
        let path = path
            .replace("wards/{id}/move", "wards/{id}/move?stay=adeyemi-stay")
            .replace("wards/{id}/nurse", "wards/{id}/nurse?room=heron-bay-a")
            .replace("wards/{id}/reserve", "wards/{id}/reserve?bed=heron-bed-04")
            .replace("wards/{id}/bed", "wards/{id}/bed?bed=heron-bed-04")
            .replace("wards/{id}", "wards/heron")
            .replace("stays/{id}", "stays/adeyemi-stay");
        let path = path.replace("{trust}", "DEMO").replace("{id}", id).replace("{kind}", "no-bed");
        let answer = trust.get(role, &path).await;
        if answer.status.is_redirection() {
            assert_eq!(answer.location.as_deref(), Some("/t/DEMO/patients"), "{path}");
            continue;
        }
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        for inline in [" style=", "<style", "<script>", " onclick=", " onload=", "javascript:"] {
            assert!(!answer.text.contains(inline), "{path} has {inline}");
        }
    }
}

#[tokio::test]
async fn people_are_found_through_the_index() {
    let trust = Trust::demo().await;
    let cases: &[(&str, &[&str])] = &[
        ("999%20014%202076", &["ADEYEMI, Folasade (Mrs)"]),
        ("tr104882", &["ADEYEMI, Folasade (Mrs)"]),
        ("oyelaran", &["OYELARAN, Tunde (Mr)"]),
        ("tunde+oyelarran", &["OYELARAN, Tunde (Mr)"]),
        ("27+feb+1938", &["NORRIS, Leonard (Mr)"]),
        ("norris+1938", &["NORRIS, Leonard (Mr)"]),
        ("len+norris", &["NORRIS, Leonard (Mr)", "SOBCZAK, Lena (Ms)"]),
        ("xylophone", &[]),
    ];
    for (typed, expected) in cases {
        let answer = trust.get(Role::Clerk, &format!("/t/DEMO/patients/found?q={typed}")).await;
        assert_eq!(names(&answer.text), *expected, "{typed}");
    }
    let answer = trust.get(Role::Clinician, "/t/DEMO/patients?q=adeyimi+grace+1951").await;
    let found = names(&answer.text);
    assert_eq!(found[..2], ["ADEYEMI, Folasade (Mrs)", "ADEYEMI, F Grace (Mrs)"], "{found:?}");
    assert!(found.contains(&"ADEYEMI, Folarin (Mr)".to_owned()), "{found:?}");
    assert!(answer.text.contains("Heron ward, bed 1") && answer.text.contains("Similar name"));
}

#[tokio::test]
async fn those_who_have_died_are_shown_when_asked_for() {
    let trust = Trust::demo().await;
    let hidden = trust.get(Role::Clinician, "/t/DEMO/patients?q=cole").await;
    assert!(!hidden.text.contains("COLE, Arthur"));
    assert!(hidden.text.contains("1 person who has died also matches"));
    let shown = trust.get(Role::Clinician, "/t/DEMO/patients?q=cole&died=1").await;
    assert_eq!(names(&shown.text)[0], "COLE, Arthur (Mr)");
    let chart = trust.get(Role::Clinician, "/t/DEMO/patients/cole-arthur").await;
    assert!(chart.text.contains("al-pb--dead") && chart.text.contains("Age at Death</dt><dd>94y"), "{}", chart.text);
}

#[tokio::test]
async fn the_summary_tells_the_worked_case() {
    let trust = Trust::demo().await;
    let page = trust.get(Role::Clinician, ADEYEMI).await.text;
    let told = [
        "ADEYEMI, <span>Folasade (Mrs)</span>",
        "Preferred name <b>Grace</b>",
        "999 014 2076",
        "Known allergies <small>penicillin: anaphylaxis; trimethoprim: rash</small>",
        "<b>7</b><span>High</span>",
        "▲ up 1",
        "Emergency assessment by a team with critical care competencies",
        "10 active, 3 suspended",
        "Two gaps",
        "▲ 0.7",
        "3.5 to 5.3",
        "This stay, day 4",
        "20-Nov-2026",
    ];
    for words in told {
        assert!(page.contains(words) || words == "Two gaps" && page.contains("2 gaps"), "{words}");
    }
    assert!(!page.contains("not the whole record"));
}

#[tokio::test]
async fn what_was_before_this_stay_is_listed_newest_first_and_a_visit_that_was_missed_says_so() {
    let trust = Trust::demo().await;
    let page = trust.get(Role::Clinician, &format!("{ADEYEMI}?span=list")).await.text;
    let list = page.split("id=\"events\"").nth(1).unwrap();
    let rows: Vec<&str> = list.split("<tr role=\"row\" data-source=").skip(1).collect();
    let source = |row: &&str| row.split('"').nth(1).unwrap().to_owned();
    let place = |source_of: &str| rows.iter().position(|row| source(row).contains(source_of));
    let order = ["adeyemi-stay", "adeyemi-ed", "adeyemi-missed"].map(|of| place(of).unwrap_or_else(|| panic!("{of}")));
    assert!(order.is_sorted(), "{order:?}");
    let missed = rows[order[2]].split("</tr>").next().unwrap();
    assert!(missed.contains("did not attend") && missed.contains("02-Sep-2025"), "{missed}");
    // Documents of before are told by their titles; of another patient's there is none.
    assert!(rows.iter().skip(order[1]).any(|row| row.contains("Letter<")), "{list}");
    assert!(!list.contains("norris") && !list.contains("mistry"), "{list}");
}

#[tokio::test]
async fn rows_and_banner_say_enough_to_tell_two_people_apart() {
    let trust = Trust::demo().await;
    let page = trust.get(Role::Clinician, "/t/DEMO/patients?q=adeyemi").await.text;
    let rows: Vec<&str> = page.split("<tr data-row").skip(1).collect();
    assert!(rows.len() > 3, "{}", rows.len());
    for row in rows {
        let row = row.split("</tr>").next().unwrap();
        assert!(row.contains("al-rowlink") && row.contains("<time") && row.contains("y"), "{row}");
        assert!(row.contains("999&") || row.contains("999 ") || row.contains("Not known"), "{row}");
        assert!(row.contains("Hospital No."), "{row}");
        assert!(row.contains("Similar name"), "{row}");
    }
    let chart = trust.get(Role::Clinician, ADEYEMI).await.text;
    let (banner, _) = chart.split_once("</section>").unwrap();
    for words in ["ADEYEMI, ", "14-Mar-1951", "(75y)", "999 014 2076"] {
        assert!(banner.contains(words), "{words}");
    }
}

#[tokio::test]
async fn each_page_with_patients_says_when_it_was_made() {
    let trust = Trust::demo().await;
    let looked = format!("{ADEYEMI}/who-has-looked");
    let cases = [
        (Role::Clinician, "/t/DEMO/patients?q=adeyemi"),
        (Role::Clinician, ADEYEMI),
        (Role::Clerk, ADEYEMI),
        (Role::PrivacyOfficer, &looked),
    ];
    for (role, path) in cases {
        let page = trust.get(role, path).await.text;
        assert!(page.contains("As at <b><time class=\"al-nb\" datetime=\"2026-11-17T14:35"), "{path}");
    }
}

#[tokio::test]
async fn the_scale_that_was_used_is_said_with_who_decided_it() {
    let trust = Trust::demo().await;
    let page = trust.get(Role::Clinician, ADEYEMI).await.text;
    assert!(page.contains("SpO2 scale 1") && !page.contains("scale 2"));
    let goal = r#"{"resourceType":"Goal","id":"target","lifecycleStatus":"active","description":{"text":"Oxygen 88 to 92%"},
        "subject":{"reference":"Patient/adeyemi-folasade"},"startDate":"2026-11-17",
        "expressedBy":{"reference":"Practitioner/nobody","display":"Dr A Mistry"},
        "target":[{"measure":{"coding":[{"system":"http://loinc.org","code":"2708-6"}]},
        "detailRange":{"low":{"value":88,"code":"%"},"high":{"value":92,"code":"%"}}}]}"#;
    trust.put(&[goal.to_owned()]).await;
    let page = trust.get(Role::Clinician, ADEYEMI).await.text;
    assert!(page.contains("<b>SpO2 scale 2</b>: target 88 to 92%, decided by Dr A Mistry from "), "{page}");
    assert!(page.contains(">scale 2</text>") && page.contains("SpO2 scale 2 from 17-Nov-2026"), "{page}");
}

#[tokio::test]
async fn a_clerk_sees_no_clinical_content() {
    let trust = Trust::demo().await;
    let page = trust.get(Role::Clerk, ADEYEMI).await.text.to_lowercase();
    for word in ["penicillin", "allerg", "news2", "creatinine", "apixaban", "kidney injury"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("heron ward, bed 1"));
}

#[tokio::test]
async fn who_has_looked_is_the_privacy_officer_s_list_and_complete() {
    let trust = Trust::demo().await;
    let path = format!("{ADEYEMI}/who-has-looked");
    assert_eq!(trust.get(Role::Clinician, &path).await.status, StatusCode::FORBIDDEN);
    trust.get(Role::Clinician, ADEYEMI).await;
    trust.get(Role::Clinician, ADEYEMI).await;
    trust.get(Role::Clerk, "/t/DEMO/patients?q=adeyemi").await;
    let page = trust.get(Role::PrivacyOfficer, &path).await.text;
    for words in ["ADEYEMI, Folasade (Mrs)", "Toni Tester", "t.tester", "Summary", "In a search", "Who has looked"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(page.contains("<b>4</b><span>views in 12 months, by 1 reader"), "{page}");
    assert!(page.contains("The role alone; no link of care is recorded"));
    assert!(!page.contains("penicillin"));
}

/// The rows of the list of who has looked.
fn lines(page: &str) -> Vec<&str> {
    let rows = page.split("<tbody").nth(1).unwrap_or_default().split("<tr").skip(1);
    rows.map(|row| row.split("</tr>").next().unwrap()).collect()
}

#[tokio::test]
async fn who_has_changed_stands_beside_who_has_looked() {
    let trust = Trust::demo().await;
    let goal = |id: &str, patient: &str| {
        format!(
            r#"{{"resourceType":"Goal","id":"{id}","lifecycleStatus":"active","description":{{"text":"Walk to the shop"}},
            "subject":{{"reference":"Patient/{patient}"}}}}"#
        )
    };
    trust.write(&goal("hers", "adeyemi-folasade")).await;
    trust.write(&goal("hers", "adeyemi-folasade")).await;
    trust.write(&goal("his", "cole-arthur")).await;
    trust.delete("Goal", "hers").await;
    let path = format!("{ADEYEMI}/who-has-looked");
    let page = trust.get(Role::PrivacyOfficer, &path).await.text;
    let all = lines(&page);
    assert_eq!(all.len(), 3, "the load, the clinician's changes, the officer's own view: {all:?}");
    let theirs = all.iter().find(|line| line.contains("Added 1 goal; changed 1 goal; deleted 1 goal")).unwrap();
    for words in
        ["Changed</span>", "Toni Tester", "Clinician, t.tester", "3 changes", "By role alone", "no link of care"]
    {
        assert!(theirs.contains(words), "{words}: {theirs}");
    }
    assert!(all.iter().any(|line| line.contains("Host") && line.contains("Added ") && line.contains(" observations")));
    assert!(page.contains("<b>4</b><span>changes in 12 months, by 2 authors"), "{page}");
    assert!(page.contains("<b>1</b><span>view in 12 months, by 1 reader"), "{page}");

    let changed = trust.get(Role::PrivacyOfficer, &format!("{path}?period=7d&kind=changed")).await.text;
    assert_eq!(lines(&changed).len(), 2);
    let one = trust.get(Role::PrivacyOfficer, &format!("{path}?kind=changed&who=user/t.tester")).await.text;
    assert_eq!(lines(&one).len(), 1);
    let searched = trust.get(Role::PrivacyOfficer, &format!("{path}?kind=search")).await.text;
    assert!(lines(&searched).is_empty() && searched.contains("No view or change matches"), "{searched}");
    for word in ["penicillin", "Walk to the shop", "creatinine", "apixaban"] {
        assert!(!page.contains(word) && !changed.contains(word), "{word}");
    }
    // Somebody else's page has somebody else's changes.
    let his = trust.get(Role::PrivacyOfficer, "/t/DEMO/patients/cole-arthur/who-has-looked?kind=changed").await.text;
    assert!(lines(&his).iter().any(|line| line.contains("Added 1 goal")) && !his.contains("deleted"), "{his}");
}

#[tokio::test]
async fn more_views_than_the_record_gives_at_once_are_all_counted() {
    let trust = Trust::demo().await;
    for _ in 0..1003 {
        trust.get(Role::Clerk, "/t/DEMO/patients/found?q=9990142076").await;
    }
    let page = trust.get(Role::PrivacyOfficer, &format!("{ADEYEMI}/who-has-looked?period=all&kind=search")).await.text;
    assert!(page.contains("<b>1,004</b><span>views since the record began"), "{page}");
}

#[tokio::test]
async fn what_is_not_there_looks_like_what_may_not_be_seen() {
    let trust = Trust::demo().await;
    let missing = trust.get(Role::Clinician, "/t/DEMO/patients/nobody").await;
    let forbidden = trust.get(Role::Administrator, ADEYEMI).await;
    assert_eq!((missing.status, forbidden.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    assert!(!forbidden.text.contains("ADEYEMI"));
}

#[tokio::test]
async fn what_is_typed_is_shown_and_never_run() {
    let trust = Trust::demo().await;
    let page = trust.get(Role::Clinician, "/t/DEMO/patients?q=%3Cscript%3Ealert(1)%3C/script%3E%22x").await.text;
    assert!(!page.contains("<script>alert"));
    assert!(page.contains("&lt;script&gt;alert(1)"));
}

/// A laboratory result of the patient below: value, and when it was taken, else when it was issued.
fn potassium(id: &str, value: &str, when: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"final","subject":{{"reference":"Patient/many"}},
           "category":[{{"coding":[{{"code":"laboratory"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"2823-3"}}],
           "text":"Potassium"}},{when},"valueQuantity":{{"value":{value},"unit":"mmol/L","code":"mmol/L"}}}}"#
    )
}

#[tokio::test]
async fn the_newest_of_very_many_results_is_shown_whenever_it_was_written() {
    let trust = Trust::demo().await;
    let patient = r#"{"resourceType":"Patient","id":"many","name":[{"family":"Many"}],"birthDate":"1950-01-02"}"#;
    trust
        .put(&[patient.to_owned(), potassium("newest", "6.66", r#""effectiveDateTime":"2026-11-01T09:00:00Z""#)])
        .await;
    let older: Vec<String> = (0..600)
        .map(|at| {
            let taken =
                format!(r#""effectiveDateTime":"20{:02}-0{}-{:02}T09:00:00Z""#, at / 40, 1 + at % 9, 1 + at % 28);
            potassium(&format!("older-{at}"), "4.44", &taken)
        })
        .collect();
    trust.put(&older).await;
    let page = trust.get(Role::Clinician, "/t/DEMO/patients/many").await.text;
    assert!(page.contains("6.66"), "the newest result is not on the page");
    // One of which nobody said when it was taken, only when it was issued.
    trust.put(&[potassium("issued", "7.77", r#""issued":"2026-11-02T09:00:00Z""#)]).await;
    let page = trust.get(Role::Clinician, "/t/DEMO/patients/many").await.text;
    assert!(page.contains("7.77"), "a newer result without the moment of its taking is not on the page");
    // Tests that are named in words alone are one code to the index.
    let in_words = |id: &str, name: &str, value: &str, day: usize| {
        let taken =
            format!(r#""effectiveDateTime":"20{:02}-0{}-{:02}T09:00:00Z""#, day / 40, 1 + day % 9, 1 + day % 28);
        let coding = r#""coding":[{"system":"http://loinc.org","code":"2823-3"}],
           "text":"Potassium""#;
        potassium(id, value, &taken).replace(coding, &format!(r#""text":"{name}""#))
    };
    let mut words: Vec<String> = (40..340).map(|day| in_words(&format!("often-{day}"), "Often", "1.11", day)).collect();
    words.push(in_words("seldom", "Seldom", "8.88", 0));
    trust.put(&words).await;
    let page = trust.get(Role::Clinician, "/t/DEMO/patients/many").await.text;
    assert!(page.contains("Often") && page.contains("8.88"), "a test without a code pushed another out");
}
