//! Which member of staff the person of an account is, through the gate: one account for each, said by another administrator.
//! Stands on the stage of the tests above.

use administration::obligations::Owner;
use record::CauseKind;

use super::account_closing::Person;
use super::*;
use crate::account_staff;

const REILLY: &str = "/t/RAA/accounts/s.reilly";

/// A host with members of staff: two who work here, one who does not any more.
async fn with_staff() -> Stage {
    let stage = Stage::set().await;
    let system = format!("Bearer {}", stage.token("RAA", "system", &[]).await);
    let headers = [("authorization", &*system), ("content-type", "application/fhir+json")];
    for (id, family, active) in [("reilly", "Reilly", true), ("okafor", "Okafor", true), ("gone", "Gone", false)] {
        let text = format!(
            r#"{{"resourceType":"Practitioner","id":"{id}","active":{active},"name":[{{"family":"{family}","prefix":["Dr"]}}]}}"#
        );
        let said = stage.send(request("PUT", &format!("/t/RAA/fhir/Practitioner/{id}"), &headers, &text)).await;
        assert!(said.status.is_success(), "{}", said.body);
    }
    stage
}

/// The members of staff that the accounts are.
async fn linked(stage: &Stage) -> Vec<(String, Option<String>)> {
    let trust = stage.host.trust(&TrustCode::parse("RAA").unwrap()).await.unwrap();
    accounts::list(&trust).await.unwrap().into_iter().map(|view| (view.name, view.staff)).collect()
}

#[tokio::test]
async fn an_administrator_says_which_member_of_staff_an_account_is_and_each_has_one() {
    let stage = with_staff().await;
    let admin = Person::of(&stage, "admin", "administrator").await;
    let reilly = Person::of(&stage, "s.reilly", "clinician").await;
    stage.add_user("k.boateng", "clinician").await;
    let form = admin.page(REILLY).await.body;
    assert!(form.contains("Which member of staff is this?") && form.contains("Dr Okafor (okafor)"), "{form}");
    assert!(!form.contains("value=\"gone\""), "whoever works here no longer is not offered: {form}");
    assert!(form.contains("option value=\"\" selected"), "nobody is chosen beforehand: {form}");

    let path = format!("{REILLY}/staff");
    let done = admin.post(&path, &[("staff", "reilly")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let told = admin.page(&format!("{REILLY}?linked=true")).await.body;
    assert!(
        told.contains("now that of <b>Dr Reilly</b>") && told.contains("option value=\"reilly\" selected"),
        "{told}"
    );
    let list = admin.page("/t/RAA/accounts").await.body;
    assert!(list.contains("Dr Reilly (reilly)"), "{list}");
    assert_eq!(stage.history_of_account().await, ["open given", "open given"], "the password stays what it was");
    assert_ne!(reilly.page("/t/RAA/account").await.status, StatusCode::OK, "the session began as somebody else");
    let cookie = stage.sign_in("s.reilly", PASSWORD).await.unwrap();
    let own = stage.get("/t/RAA/my-patients", &[("cookie", &cookie), ("accept", "text/html")]).await.body;
    assert!(own.contains("Nobody in the hospital has you as their consultant or"), "{own}");

    // The version is a commit in the administrator's name.
    let trust = stage.host.trust(&TrustCode::parse("RAA").unwrap()).await.unwrap();
    let entry = trust.record.status().await.unwrap().sequence;
    let reading = trust.record.read(&trust.host_permit().unwrap(), "test").await.unwrap();
    let account = reading.get(&record::Key::new("Basic", "account-s.reilly")).await.unwrap().unwrap();
    assert_eq!(account.sequence, entry);
    assert!(String::from_utf8_lossy(&account.text).contains("urn:almoner:account:staff"));
    reading.finish().await.unwrap();

    let refusals = [
        ("/t/RAA/accounts/k.boateng/staff", "reilly", "linked to the account &quot;s.reilly&quot; already"),
        ("/t/RAA/accounts/k.boateng/staff", "nobody", "There is no member of staff &quot;nobody&quot;"),
        ("/t/RAA/accounts/k.boateng/staff", "gone", "works here no longer"),
        ("/t/RAA/accounts/k.boateng/staff", "a b", "named by their code"),
        ("/t/RAA/accounts/admin/staff", "okafor", "Another administrator does"),
    ];
    for (path, staff, part) in refusals {
        let said = admin.post(path, &[("staff", staff)]).await;
        assert!(said.status == StatusCode::UNPROCESSABLE_ENTITY && said.body.contains(part), "{staff}: {}", said.body);
    }
    let clinician = Person::of(&stage, "m.ortiz", "clinician").await;
    assert_eq!(clinician.post("/t/RAA/accounts/m.ortiz/staff", &[("staff", "okafor")]).await.status, 403);

    // Said again of nobody, it is free for another.
    assert_eq!(admin.post(&path, &[("staff", "")]).await.status, StatusCode::SEE_OTHER);
    let other = admin.post("/t/RAA/accounts/k.boateng/staff", &[("staff", "reilly")]).await;
    assert_eq!(other.status, StatusCode::SEE_OTHER, "{}", other.body);
}

#[tokio::test]
async fn the_link_outlives_passwords_and_ends_with_the_account() {
    let stage = with_staff().await;
    let trust = stage.host.trust(&TrustCode::parse("RAA").unwrap()).await.unwrap();
    let permit = trust.host_permit().unwrap();
    for name in ["s.reilly", "k.boateng"] {
        stage.add_user(name, "clinician").await;
    }
    let link = async |name: &str| account_staff::link(&trust, (&permit, CauseKind::System), name, Some("reilly")).await;
    link("s.reilly").await.unwrap();
    let cookie = stage.sign_in("s.reilly", PASSWORD).await.unwrap();
    let new = "another horse battery";
    assert_eq!(stage.change_password(&cookie, PASSWORD, new, new, true).await.status, StatusCode::SEE_OTHER);
    let reset = |reopen| NewPassword {
        trust: TrustCode::parse("RAA").unwrap(),
        name: "s.reilly".into(),
        password: Some(Secret::new(PASSWORD)),
        reopen,
    };
    accounts::reset(&trust, reset(false)).await.unwrap();
    let of = |name: &str, staff: Option<&str>| (name.to_owned(), staff.map(str::to_owned));
    assert_eq!(linked(&stage).await, [of("k.boateng", None), of("s.reilly", Some("reilly"))]);

    accounts::close(&trust, (&permit, CauseKind::System), "s.reilly", None).await.unwrap();
    assert!(link("s.reilly").await.is_err(), "a closed account is nobody's");
    link("k.boateng").await.unwrap();
    // Opened again it is that of no member of staff until somebody says so.
    accounts::reset(&trust, reset(true)).await.unwrap();
    assert_eq!(linked(&stage).await, [of("k.boateng", Some("reilly")), of("s.reilly", None)]);
    let named = account_staff::named(&trust, vec!["gone".into(), "reilly".into(), "nobody".into()]).await.unwrap();
    let gone = Owner { name: "Dr Gone".into(), is_active: false };
    assert_eq!(
        named.into_iter().collect::<Vec<_>>(),
        [("gone".into(), gone), ("reilly".into(), Owner::active("Dr Reilly"))]
    );
}

#[tokio::test]
async fn of_many_who_say_it_at_once_one_is_believed() {
    let stage = with_staff().await;
    let trust = stage.host.trust(&TrustCode::parse("RAA").unwrap()).await.unwrap();
    let permit = trust.host_permit().unwrap();
    let names: Vec<String> = (0..6).map(|number| format!("user-{number}")).collect();
    for name in &names {
        stage.add_user(name, "clinician").await;
    }
    let by = (&permit, CauseKind::System);
    let all = names.iter().map(|name| account_staff::link(&trust, by, name, Some("okafor")));
    let done = futures_util::future::join_all(all).await;
    assert_eq!(done.iter().filter(|said| said.is_ok()).count(), 1, "{done:?}");
    assert_eq!(linked(&stage).await.iter().filter(|(_, staff)| staff.is_some()).count(), 1);
}
