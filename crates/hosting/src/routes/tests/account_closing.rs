//! The pages of accounts through the gate: an administrator closes an account, and what it owns goes to whom they named, in one
//! commit. Stands on the stage of the tests above.

use super::*;

fn task(id: &str, owner: &str) -> String {
    format!(
        r#"{{"resourceType":"Task","id":"{id}","status":"requested","intent":"order","description":"Ring the family {id}","owner":{{"identifier":{{"system":"urn:almoner:owner","value":"{owner}"}}}},"restriction":{{"period":{{"end":"2099-01-01T10:00:00Z"}}}}}}"#
    )
}

/// Somebody signed in.
pub(super) struct Person<'s> {
    stage: &'s Stage,
    cookie: String,
}

impl<'s> Person<'s> {
    pub(super) async fn of(stage: &'s Stage, name: &str, role: &str) -> Person<'s> {
        stage.add_user(name, role).await;
        Person { stage, cookie: stage.sign_in(name, PASSWORD).await.ok().unwrap() }
    }

    pub(super) async fn page(&self, path: &str) -> Said {
        self.stage.get(path, &[("cookie", &self.cookie), ("accept", "text/html")]).await
    }

    pub(super) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Said {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let fields = fields.iter().map(|(name, value)| format!("&{name}={}", encode(value)));
        let form = format!("form_token={}{}", form_token_of(&self.cookie), fields.collect::<String>());
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let headers = [("cookie", &*self.cookie), kind, ("accept", "text/html")];
        self.stage.send(request("POST", path, &headers, &form)).await
    }
}

#[tokio::test]
async fn an_administrator_closes_an_account_and_what_it_owns_goes_to_whom_they_named() {
    let stage = Stage::set().await;
    let admin = Person::of(&stage, "admin", "administrator").await;
    let leaver = Person::of(&stage, "s.reilly", "clinician").await;
    stage.add_user("k.boateng", "clinician").await;
    let system = format!("Bearer {}", stage.token("RAA", "system", &[]).await);
    let headers = [("authorization", &*system), ("content-type", "application/fhir+json")];
    let put = async |id: &str, owner: &str| {
        let said = stage.send(request("PUT", &format!("/t/RAA/fhir/Task/{id}"), &headers, &task(id, owner))).await;
        assert!(said.status.is_success(), "{}", said.body);
    };
    put("t1", "user/s.reilly").await;
    put("t2", "user/s.reilly").await;
    let list = admin.page("/t/RAA/accounts").await;
    assert!(
        list.body.contains("href=\"/t/RAA/accounts/s.reilly\"") && list.body.contains("3 accounts"),
        "{}",
        list.body
    );
    let path = "/t/RAA/accounts/s.reilly";
    let form = admin.page(path).await.body;
    assert!(form.contains("2 in all") && form.contains("k.boateng") && form.contains("Site office"), "{form}");
    assert!(!form.contains("Ring the family"), "an administrator reads no task: {form}");
    assert!(!form.contains("value=\"user/s.reilly\""), "nobody takes over from themselves");
    let nobody = admin.post(path, &[("step", "ask"), ("seen", "2"), ("to", "")]).await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nobody.body.contains("Choose who takes over what the account owns."), "{}", nobody.body);
    let asked = admin.post(path, &[("step", "ask"), ("seen", "2"), ("to", "user/k.boateng")]).await;
    assert!(asked.body.contains("its sessions end") && asked.body.contains("A B (k.boateng)"), "{}", asked.body);
    assert_eq!(leaver.page("/t/RAA/account").await.status, StatusCode::OK, "nothing is done yet");

    // What came meanwhile is shown before it is moved.
    put("t3", "user/s.reilly").await;
    let close = |seen| [("step", "close"), ("seen", seen), ("to", "user/k.boateng")];
    let again = admin.post(path, &close("2")).await;
    assert!(again.status == StatusCode::OK && again.body.contains("3 in all"), "{} {}", again.status, again.body);
    let done = admin.post(path, &close("3")).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let list = admin.page("/t/RAA/accounts?closed=s.reilly&moved=3").await.body;
    assert!(list.contains("The account s.reilly is closed. Moved: 3."), "{list}");
    assert_ne!(leaver.page("/t/RAA/account").await.status, StatusCode::OK, "its sessions have ended");
    assert!(stage.sign_in("s.reilly", PASSWORD).await.is_err());
    let moved = stage.get("/t/RAA/fhir/Task/t1", &headers[..1]).await.body;
    assert!(moved.contains("user/k.boateng") && moved.contains("A B, account closed"), "{moved}");

    // One commit, in the administrator's name.
    let trust = stage.host.trust(&TrustCode::parse("RAA").unwrap()).await.unwrap();
    let reading = trust.record.read(&trust.host_permit().unwrap(), "test").await.unwrap();
    let account = reading.get(&record::Key::new("Basic", "account-s.reilly")).await.unwrap().unwrap();
    for id in ["t1", "t2", "t3"] {
        let task = reading.get(&record::Key::new("Task", id)).await.unwrap().unwrap();
        assert_eq!(task.sequence, account.sequence, "{id}");
    }
    reading.finish().await.unwrap();
    let closed = admin.page(path).await.body;
    assert!(closed.contains("Closed") && !closed.contains("Go on"), "{closed}");
}

#[tokio::test]
async fn nobody_closes_their_own_account_and_only_administrators_close_any() {
    let stage = Stage::set().await;
    let admin = Person::of(&stage, "admin", "administrator").await;
    let own = admin.post("/t/RAA/accounts/admin", &[("step", "close"), ("seen", "0"), ("to", "")]).await;
    assert_eq!(own.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", own.body);
    assert!(own.body.contains("Nobody closes their own account."), "{}", own.body);
    assert_eq!(admin.page("/t/RAA/accounts/nobody").await.status, StatusCode::NOT_FOUND);
    let clinician = Person::of(&stage, "s.reilly", "clinician").await;
    let refused = clinician.post("/t/RAA/accounts/admin", &[("step", "close"), ("seen", "0")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(admin.page("/t/RAA/accounts").await.status, StatusCode::OK);
    // Without anything to move it is asked once, and done.
    let path = "/t/RAA/accounts/s.reilly";
    let asked = admin.post(path, &[("step", "ask"), ("seen", "0")]).await.body;
    assert!(asked.contains("It owns nothing"), "{asked}");
    let done = admin.post(path, &[("step", "close"), ("seen", "0")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
}
