//! Registering and correcting as people do it: the likely match first, nothing filled that may not be, nothing that was
//! typed lost, and nobody's draft shown to somebody else.

use access::Role;
use http::StatusCode;

use crate::support::{Answer, Trust};

const CLERK: (&str, Role) = ("user/t.tester", Role::Clerk);
const REGISTER: &str = "/t/DEMO/register";

/// A form that lacks nothing; later fields replace earlier ones of the same name.
fn form<'f>(more: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let mut fields = vec![
        ("form_token", "token"),
        ("form_key", "k1"),
        ("draft_form", "register"),
        ("draft_patient", ""),
        ("searched", "tomasz wojcik 1988"),
        ("family", "Wójcik"),
        ("given", "Tomasz"),
        ("born", "9 6 88"),
        ("gender", "male"),
        ("postcode", "th3 8kw"),
        ("nhs_number", "999 071 0198"),
        ("why_wojcik-tomas", "identity-checked"),
        ("do", "register"),
    ];
    for (name, value) in more {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    fields
}

/// The value of a field in a page.
fn value(page: &str, name: &str) -> String {
    let field = page.split(&format!(" name=\"{name}\" value=\"")).nth(1);
    field.unwrap_or_else(|| panic!("no field {name}: {page}")).split('"').next().unwrap().to_owned()
}

fn id_of(answer: &Answer) -> String {
    let to = answer.location.clone().unwrap_or_else(|| panic!("{}", answer.text));
    to.split("/patients/").nth(1).unwrap().split('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn registering_begins_with_a_search_and_carries_over_what_was_typed() {
    let trust = Trust::demo().await;
    let search = trust.get(Role::Clerk, "/t/DEMO/patients?q=tomasz+wojcik+9+jun+1988").await;
    assert!(search.text.contains("/t/DEMO/register?q=tomasz%20wojcik%209%20jun%201988"), "{}", search.text);
    assert!(search.text.contains("2 likely matches here, 1 on PDS."), "{}", search.text);
    let unsearched = trust.get(Role::Clerk, REGISTER).await;
    assert_eq!(unsearched.location.as_deref(), Some("/t/DEMO/patients"));
    let page = trust.get(Role::Clerk, "/t/DEMO/register?q=tomasz%20wojcik%209%20jun%201988").await.text;
    assert_eq!(
        (value(&page, "family"), value(&page, "given"), value(&page, "born")),
        ("Wojcik".into(), "Tomasz".into(), "09-Jun-1988".into())
    );
    assert!(page.contains("2 likely matches here, 1 on PDS"), "{page}");
    assert!(page.contains("PDS holds Wójcik"), "the accent that the search lacked");
    assert!(page.contains("Not PDS: a fake"), "the fake says what it is");
    let forbidden = trust.get(Role::PrivacyOfficer, "/t/DEMO/register?q=x").await;
    assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_likely_match_is_answered_before_anybody_is_registered() {
    let trust = Trust::demo().await;
    let refused = trust
        .post(
            CLERK,
            REGISTER,
            &form(&[("why_wojcik-tomas", ""), ("preferred", "Tomek"), ("email", "tomasz.w@example.org")]),
        )
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = &refused.text;
    for words in [
        "1 likely match here, 1 on PDS",
        "Likely the same",
        "WÓJCIK, Tomás (Mr)",
        "TR 087 655",
        "First: answer the likely match.",
        "There is a problem",
        "1 record here is likely the same person. Use that record, or say why it is not the same.",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(page.contains("value=\"register\" disabled"), "{page}");
    // Everything comes back as typed.
    for (name, typed) in
        [("preferred", "Tomek"), ("email", "tomasz.w@example.org"), ("born", "9 6 88"), ("postcode", "th3 8kw")]
    {
        assert_eq!(value(page, name), typed);
    }
    let looked = trust.post(CLERK, REGISTER, &form(&[("do", "look"), ("why_wojcik-tomas", "identity-checked")])).await;
    assert!(looked.text.contains("Said: not the same") && !looked.text.contains("value=\"register\" disabled"));
    let done = trust.post(CLERK, REGISTER, &form(&[("why_wojcik-tomas", "identity-checked")])).await;
    assert!(done.location.as_deref().unwrap().contains("done=registered"), "{:?}", done.location);
    // The same form again has the same answer, not another patient.
    let again = trust.post(CLERK, REGISTER, &form(&[("why_wojcik-tomas", "identity-checked")])).await;
    assert_eq!(id_of(&again), id_of(&done));
}

#[tokio::test]
async fn pds_fills_what_it_may_and_never_gender_language_or_interpreter() {
    let trust = Trust::demo().await;
    let fields = form(&[("do", "fill"), ("gender", ""), ("postcode", ""), ("nhs_number", ""), ("preferred", "Tomek")]);
    let page = trust.post(CLERK, REGISTER, &fields).await.text;
    assert_eq!(value(&page, "nhs_number"), "999 071 0198");
    assert_eq!(value(&page, "address"), "21 Cooperage Lane, Thameside");
    assert_eq!((value(&page, "given"), value(&page, "preferred")), ("Tomasz".into(), "Tomek".into()));
    assert!(!page.contains("PDS holds Wójcik"), "the same as typed");
    assert!(page.contains("PDS holds Male") && page.contains("Not asked yet"), "{page}");
    for chosen in ["value=\"male\" selected", "value=\"needed\" checked", "value=\"pl\" selected"] {
        assert!(!page.contains(chosen), "{chosen}");
    }
    // With gender asked, the number is verified by the trace itself.
    let done = trust.post(CLERK, REGISTER, &form(&[("nhs_number", "999 071 0198")])).await;
    let page = trust.get(Role::Clerk, &format!("/t/DEMO/patients/{}/correct", id_of(&done))).await.text;
    assert!(page.contains("Number present and verified"), "{page}");
}

#[tokio::test]
async fn a_refused_form_says_all_that_is_wrong_and_loses_nothing() {
    let trust = Trust::demo().await;
    let fields = form(&[
        ("mobile", "07700 900 15"),
        ("nhs_number", "999 071 0199"),
        ("gender", ""),
        ("born", "31 2 88"),
        ("address", "<b>1 Street"),
    ]);
    let refused = trust.post(CLERK, REGISTER, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = refused.text;
    for words in [
        "A mobile number has 11 digits. This has 10.",
        "This NHS number is mistyped",
        "Ask the patient, then choose the gender.",
        "This day does not exist.",
        "href=\"#mobile\"",
        "href=\"#nhs_number\"",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    for (name, typed) in [("mobile", "07700 900 15"), ("nhs_number", "999 071 0199"), ("born", "31 2 88")] {
        assert_eq!(value(&page, name), typed);
    }
    assert!(page.contains("&lt;b&gt;1 Street") && !page.contains("<b>1 Street"));
}

#[tokio::test]
async fn a_draft_returns_to_who_typed_it_and_ends_with_the_commit() {
    let trust = Trust::demo().await;
    let kept = trust.post(CLERK, "/t/DEMO/drafts", &form(&[("given", "Half typ"), ("form_key", "d1")])).await;
    assert_eq!((kept.status, kept.text.as_str()), (StatusCode::OK, "Draft kept 14:35"));
    let path = "/t/DEMO/register?q=tomasz+wojcik+1988";
    let back = trust.get(Role::Clerk, path).await.text;
    assert_eq!(value(&back, "given"), "Half typ");
    assert!(back.contains("Draft kept"), "{back}");
    // Somebody else's screen opens clean; so does another search.
    let others = trust.get_as("user/a.other", Role::Clerk, path).await.text;
    assert!(!others.contains("Half typ") && !others.contains("Draft kept"), "{others}");
    let another = trust.get(Role::Clerk, "/t/DEMO/register?q=anna+nowak").await.text;
    assert!(!another.contains("Half typ"), "{another}");
    // The commit ends it, and a copy that comes late does not bring it back.
    let done = trust.post(CLERK, REGISTER, &form(&[("form_key", "d1")])).await;
    assert!(done.status.is_redirection(), "{}", done.text);
    let late = trust.post(CLERK, "/t/DEMO/drafts", &form(&[("given", "Half typ"), ("form_key", "d1")])).await;
    assert_eq!(late.text, "");
    assert!(!trust.get(Role::Clerk, path).await.text.contains("Half typ"));
}

#[tokio::test]
async fn step_two_asks_one_thing_at_a_time_and_says_what_nobody_asked() {
    let trust = Trust::demo().await;
    let done = trust.post(CLERK, REGISTER, &form(&[])).await;
    let details = format!("/t/DEMO/patients/{}/details", id_of(&done));
    let page = trust.get(Role::Clerk, done.location.as_deref().unwrap()).await.text;
    assert_eq!(page.matches("Not asked</span>").count(), 9, "{page}");
    assert!(page.contains("The patient is registered") && page.contains("Undo"), "{page}");
    let id = id_of(&done);
    let answer = |more: &[(&'static str, &'static str)], version: &'static str| {
        let mut fields = vec![("draft_patient".to_owned(), id.clone()), ("version".into(), version.into())];
        fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        fields
    };
    let send = async |fields: Vec<(String, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        trust.post(CLERK, &details, &fields).await
    };
    let kin = [
        ("item", "next-of-kin"),
        ("do", "said"),
        ("kin_name", "Ewa Wójcik"),
        ("kin_relation", ""),
        ("kin_phone", "07700"),
    ];
    let refused = send(answer(&kin, "1")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("This has 5.") && value(&refused.text, "kin_name") == "Ewa Wójcik",
        "{}",
        refused.text
    );
    let alerts = [("item", "alerts"), ("do", "nothing")];
    assert!(send(answer(&alerts, "1")).await.status.is_redirection());
    // Made from an older version: refused, and what was typed stays.
    let ethnicity = [("item", "ethnicity"), ("do", "said"), ("ethnicity", "C")];
    let stale = send(answer(&ethnicity, "1")).await;
    assert!(stale.text.contains("Somebody changed this record while you were typing"), "{}", stale.text);
    assert!(stale.text.contains("value=\"C\" selected"), "{}", stale.text);
    assert!(send(answer(&ethnicity, "2")).await.status.is_redirection());
    let page = trust.get(Role::Clerk, &details).await.text;
    assert_eq!(page.matches("Not asked</span>").count(), 7, "{page}");
    assert!(page.contains("White - Any other White background") && page.contains("Asked, none"), "{page}");
    assert!(!page.contains("Restrict this record") && !page.to_lowercase().contains("allerg"), "a clerk's page");
}

#[tokio::test]
async fn a_form_of_another_patient_is_refused() {
    let trust = Trust::demo().await;
    let path = "/t/DEMO/patients/adeyemi-folasade/details";
    let fields = [
        ("draft_patient", "adeyemi-folarin"),
        ("version", "1"),
        ("item", "ethnicity"),
        ("do", "said"),
        ("ethnicity", "N"),
    ];
    let refused = trust.post(CLERK, path, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("opened for another patient") && !refused.text.contains("value=\"N\" selected"));
    let correct = trust.post(CLERK, "/t/DEMO/patients/adeyemi-folasade/correct", &form(&[])).await;
    assert!(
        correct.text.contains("opened for another patient") && !correct.text.contains("Wójcik"),
        "{}",
        correct.text
    );
}

#[tokio::test]
async fn a_correction_keeps_what_was_typed_until_it_is_right() {
    let trust = Trust::demo().await;
    let path = "/t/DEMO/patients/adeyemi-folarin/correct";
    let page = trust.get(Role::Clerk, path).await.text;
    assert_eq!((value(&page, "family"), value(&page, "born")), ("Adeyemi".into(), "29-Aug-1951".into()));
    let sent = |more: &[(&'static str, &'static str)]| {
        let mut fields: Vec<(String, String)> =
            ["family", "given", "title", "born", "nhs_number", "address", "postcode"]
                .map(|name| (name.into(), value(&page, name)))
                .into();
        fields.extend(
            [
                ("gender", "male"),
                ("gp", "Dr R Sandhu, Wharf Lane Surgery"),
                ("version", "1"),
                ("draft_patient", "adeyemi-folarin"),
            ]
            .map(|(a, b)| (a.into(), b.into())),
        );
        for (name, value) in more {
            fields.retain(|(known, _)| known != name);
            fields.push(((*name).into(), (*value).into()));
        }
        fields
    };
    let send = async |fields: Vec<(String, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        trust.post(CLERK, path, &fields).await
    };
    let refused = send(sent(&[("family", "Adeyemi-Cole")])).await;
    assert!(refused.text.contains("Say whether the name or address was wrong or has changed."), "{}", refused.text);
    assert_eq!(value(&refused.text, "family"), "Adeyemi-Cole");
    let done = send(sent(&[("family", "Adeyemi-Cole"), ("why", "has-changed")])).await;
    assert!(done.location.unwrap().contains("done=corrected"), "{}", done.text);
    // Whoever began before that sees what is recorded now beside what they typed, before they save over it.
    let stale = send(sent(&[("mobile", "07700 900123")])).await;
    assert!(stale.text.contains("Somebody changed this record while you were typing"), "{}", stale.text);
    for (label, now, typed) in [("Family name", "Adeyemi-Cole", "Adeyemi"), ("Mobile", "nothing", "07700 900123")] {
        let row = format!("<dt>{label}</dt><dd><b>{now}</b>, in the form {typed}</dd>");
        assert!(stale.text.contains(&row), "{row} in {}", stale.text);
    }
    assert!(!stale.text.contains("<dt>Given name</dt>"), "what is the same is not listed: {}", stale.text);
    let found = trust.get(Role::Clerk, "/t/DEMO/patients?q=folarin+adeyemi").await.text;
    assert!(found.contains("ADEYEMI-COLE, Folarin (Mr)"), "{found}");
}

#[tokio::test]
async fn a_restricted_patient_is_found_by_no_search_of_a_clerk_s() {
    let trust = Trust::demo().await;
    let path = "/t/DEMO/patients/adeyemi-folarin/details";
    let fields = [
        ("draft_patient", "adeyemi-folarin"),
        ("version", "1"),
        ("item", "restrict"),
        ("do", "hide"),
        ("reason", "02"),
    ];
    assert_eq!(trust.post(CLERK, path, &fields).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(trust.post(("user/d.doctor", Role::Clinician), path, &fields).await.status.is_redirection());
    for typed in ["adeyemi+folarin", "9990610045", "29+aug+1951"] {
        let page = trust.get(Role::Clerk, &format!("/t/DEMO/patients?q={typed}")).await.text;
        assert!(!page.contains("Folarin"), "{typed}");
        let page = trust.get(Role::Clinician, &format!("/t/DEMO/patients?q={typed}")).await.text;
        assert!(page.contains("Folarin"), "{typed}");
    }
    let counted = trust.get(Role::Clerk, "/t/DEMO/patients?q=29+aug+1951").await.text;
    assert!(counted.contains("No one matches"), "{counted}");
    assert_eq!(trust.get(Role::Clerk, path).await.status, StatusCode::NOT_FOUND);
    // Nor is the record offered when somebody registers one like it.
    let fields =
        form(&[("family", "Adeyemi"), ("given", "Folarin"), ("born", "29 8 1951"), ("nhs_number", ""), ("do", "look")]);
    assert!(!trust.post(CLERK, REGISTER, &fields).await.text.contains("TR 088 140"));
}

#[tokio::test]
async fn a_newborn_is_registered_from_the_mother_s_stay_with_the_birth_order() {
    let trust = Trust::demo().await;
    let path = "/t/DEMO/patients/gill-harpreet/newborn";
    let page = trust.get(Role::Clerk, path).await.text;
    assert!(page.contains("GILL") && page.contains("Which one is this"), "{page}");
    let stay = value(&page, "stay");
    let fields = |more: &[(&'static str, &'static str)]| {
        let all = [
            ("of", "2"),
            ("order", ""),
            ("gender", "female"),
            ("at_time", "13:05"),
            ("draft_patient", "gill-harpreet"),
        ];
        let mut fields: Vec<(String, String)> = all.map(|(name, value)| (name.into(), value.into())).into();
        fields.push(("stay".into(), stay.clone()));
        for (name, value) in more {
            fields.retain(|(known, _)| known != name);
            fields.push(((*name).into(), (*value).into()));
        }
        fields
    };
    let send = async |fields: Vec<(String, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        trust.post(CLERK, path, &fields).await
    };
    let refused = send(fields(&[])).await;
    assert!(refused.text.contains("Say which baby this is: first, second and so on."), "{}", refused.text);
    assert_eq!(value(&refused.text, "at_time"), "13:05");
    assert!(send(fields(&[("at_time", "")])).await.text.contains("Say when it happened"));
    let done = send(fields(&[("order", "1")])).await;
    assert!(done.location.as_deref().unwrap().contains("done=newborn"), "{}", done.text);
    let baby = trust.get(Role::Clerk, &format!("/t/DEMO/patients/{}/details", id_of(&done))).await.text;
    assert!(baby.contains("GILL") && baby.contains("Baby One"), "{baby}");
}

#[tokio::test]
async fn an_unknown_patient_becomes_known_or_is_put_before_the_patient_index_team() {
    let trust = Trust::demo().await;
    let unknown = |id: &str| {
        format!(
            r#"{{"resourceType":"Patient","id":"{id}","meta":{{"tag":[{{"system":"urn:almoner:patient-tag",
            "code":"identity-unknown"}}]}},"name":[{{"use":"temp","family":"Unknown","given":["Kilo","Granite"]}}]}}"#
        )
    };
    trust.put(&[unknown("u-1"), unknown("u-2")]).await;
    let details = trust.get(Role::Clerk, "/t/DEMO/patients/u-1/details").await.text;
    assert!(details.contains("Nobody knows who this is yet") && details.contains("Say who this is"), "{details}");
    let path = "/t/DEMO/patients/u-1/correct";
    // The temporary name is nobody's: it is not filled in.
    let page = trust.get(Role::Clerk, path).await.text;
    assert_eq!((value(&page, "family"), value(&page, "given")), (String::new(), String::new()));
    let identity = |patient: &'static str, more: &[(&'static str, &'static str)]| {
        let mut fields =
            form(&[("draft_form", "identity"), ("draft_patient", patient), ("version", "1"), ("do", "save")]);
        for (name, value) in more {
            fields.retain(|(known, _)| known != name);
            fields.push((name, value));
        }
        fields
    };
    let refused = trust.post(CLERK, path, &identity("u-1", &[("why_wojcik-tomas", "")])).await;
    assert!(refused.text.contains("A record here is likely the same person."), "{}", refused.text);
    assert!(refused.text.contains("This is the same person") && value(&refused.text, "given") == "Tomasz");
    let done = trust.post(CLERK, path, &identity("u-1", &[])).await;
    assert!(done.location.as_deref().unwrap().contains("done=known"), "{}", done.text);
    let found = trust.get(Role::Clerk, "/t/DEMO/patients?q=kilo+granite").await.text;
    assert!(found.contains("WÓJCIK, Tomasz"), "{found}");
    let same = identity("u-2", &[("same", "wojcik-tomas"), ("form_key", "k2")]);
    let asked = trust.post(CLERK, "/t/DEMO/patients/u-2/correct", &same).await;
    assert!(asked.location.as_deref().unwrap().contains("done=proposed"), "{}", asked.text);
    let pairs = trust.get(Role::PatientIndex, "/t/DEMO/duplicates").await.text;
    assert!(pairs.contains("UNKNOWN, Kilo Granite") && pairs.contains("WÓJCIK, Tomás"), "{pairs}");
}

#[tokio::test]
async fn a_death_that_somebody_outside_reports_is_asked_about_and_stops_nothing_by_itself() {
    let trust = Trust::demo().await;
    let stay = |id: &str, patient: &str, status: &str| {
        format!(
            r#"{{"resourceType":"Encounter","id":"{id}","status":"{status}","class":{{"code":"IMP"}},
            "subject":{{"reference":"Patient/{patient}"}},
            "location":[{{"location":{{"reference":"Location/heron-bed-04"}},"status":"active"}}]}}"#
        )
    };
    let patient = |id: &str, members: &str| format!(r#"{{"resourceType":"Patient","id":"{id}",{members}}}"#);
    let reported = r#""extension":[{"url":"urn:almoner:reported-death","valueDateTime":"2026-11-15"}]"#;
    let died = r#""deceasedDateTime":"2026-11-15""#;
    trust.put(&[patient("r-1", reported), patient("r-2", died), patient("r-3", died)]).await;
    trust.put(&[stay("here", "r-2", "in-progress"), stay("to-come", "r-3", "planned")]).await;
    let details = async |id: &str| trust.get(Role::Clerk, &format!("/t/DEMO/patients/{id}/details")).await.text;
    let page = details("r-1").await;
    assert!(page.contains("PDS says that this patient died on") && page.contains("15-Nov-2026"), "{page}");
    assert!(details("r-2").await.contains("href=\"/t/DEMO/stays/here\""), "where the time of death is asked");
    assert!(details("r-3").await.contains("Record the death, and stop what is expected"));
    let owed = trust.get(Role::Clerk, "/t/DEMO/obligations/death-reported?of=all").await.text;
    assert_eq!(owed.matches("Health records").count(), 2, "{owed}");

    let fields = |id: &'static str, more: &[(&'static str, &'static str)]| {
        [&[("draft_form", "death"), ("draft_patient", id), ("item", "death"), ("version", "1")], more].concat()
    };
    let alive = fields("r-1", &[("do", "not-dead"), ("sure", "yes"), ("form_key", "k1")]);
    let done = trust.post(CLERK, "/t/DEMO/patients/r-1/details", &alive).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let recorded = fields("r-3", &[("do", "died"), ("died", "15 11 26"), ("form_key", "k2")]);
    let done = trust.post(CLERK, "/t/DEMO/patients/r-3/details", &recorded).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let owed = trust.get(Role::Clerk, "/t/DEMO/obligations/death-reported?of=all").await.text;
    assert!(!owed.contains("Health records") && owed.contains("1 death reported, not acted on"), "{owed}");
}
