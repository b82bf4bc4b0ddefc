//! The pages of the configuration through the gate: what is live, a change by two people, and that no other door changes it.
//! Stands on the stage of the tests above.

use super::*;

#[tokio::test]
async fn administrators_see_what_is_configured_and_each_version_of_it() {
    let stage = Stage::set().await;
    stage.add_user("administrator", "administrator").await;
    let cookie = stage.sign_in("administrator", PASSWORD).await.ok().unwrap();
    let read = async |path: &str| stage.get(path, &[("cookie", &cookie), ("accept", "text/html")]).await;
    let page = read("/t/RAA/configuration").await;
    assert!(page.body.contains("Nothing is configured yet") && page.body.contains("--trust RAA"), "{}", page.body);
    assert_eq!(read("/t/RAA/configuration/files").await.status, StatusCode::NOT_FOUND);

    let trust = stage.host.trust(&TrustCode::parse("RAA").unwrap()).await.unwrap();
    let mut files = crate::demo_files::thameside();
    crate::configure::apply_demonstration(&trust, files.clone()).await.unwrap();
    let wards = files.layers[1].files.iter_mut().find(|file| file.name.ends_with("inpatient-wards.toml")).unwrap();
    wards.text = wards.text.replacen("beds = [9, 10, 11, 12]", "beds = [9, 10, 11]", 1);
    crate::configure::apply_demonstration(&trust, files).await.unwrap();

    let page = read("/t/RAA/configuration").await.body;
    for words in [
        "Heron ward",
        "Version 2 beside version 1",
        "Removed bed Heron ward, bed 12 (heron-bed-12)",
        "- beds = [9, 10, 11, 12]",
        "Overridden",
        "Inherited",
        "The demonstration begins",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let first = read("/t/RAA/configuration?version=1").await.body;
    assert!(first.contains("Version 1, the first"), "{first}");
    for version in ["9", "0", "x"] {
        assert_eq!(read(&format!("/t/RAA/configuration?version={version}")).await.status, StatusCode::NOT_FOUND);
    }
    let text = read("/t/RAA/configuration/files").await;
    assert!(
        text.body.contains("# thameside/trust.toml") && text.body.contains("beds = [9, 10, 11]\n"),
        "{}",
        text.body
    );
}

#[tokio::test]
async fn a_change_of_the_configuration_takes_two_administrators_and_going_back_too() {
    let stage = Stage::set().await;
    let trust = stage.host.trust(&TrustCode::parse("RAA").unwrap()).await.unwrap();
    let files = crate::demo_files::thameside();
    crate::configure::apply_demonstration(&trust, files.clone()).await.unwrap();
    let name = "thameside/inpatient-wards.toml";
    let text = files.text(name).unwrap().replacen("beds = [9, 10, 11, 12]", "beds = [9, 10, 11]", 1);
    for user in ["tom", "ann"] {
        stage.add_user(user, "administrator").await;
    }
    let (tom, ann) =
        (stage.sign_in("tom", PASSWORD).await.ok().unwrap(), stage.sign_in("ann", PASSWORD).await.ok().unwrap());
    let read = async |who: &str, path: &str| {
        stage.get(&format!("/t/RAA/configuration{path}"), &[("cookie", who), ("accept", "text/html")]).await.body
    };
    let post = async |who: &str, path: &str, fields: &[(&str, &str)]| {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let token = form_token_of(who);
        let fields = fields.iter().map(|(name, value)| format!("&{name}={}", encode(value)));
        let form = format!("form_token={token}{}", fields.collect::<String>());
        let headers = [("cookie", who), ("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html")];
        stage.send(request("POST", &format!("/t/RAA/configuration{path}"), &headers, &form)).await
    };
    let editor = read(&tom, &format!("/propose?file={name}")).await;
    assert!(editor.contains("beds = [9, 10, 11, 12]") && editor.contains("name=\"over\" value=\"1\""), "{editor}");

    // What is refused comes back as it was typed.
    let typed = |over, text, why| [("over", over), ("file", name), ("text", text), ("why", why)];
    let refused = post(&tom, "/propose", &typed("1", &text, " ")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("Say in one line why") && refused.body.contains("beds = [9, 10, 11]\n"));
    let elsewhere = [("over", "1"), ("file", "../marshgate/wards.toml"), ("text", "x"), ("why", "y")];
    assert!(post(&tom, "/propose", &elsewhere).await.body.contains("Write the name of a file"));
    let inherited = [("over", "1"), ("file", "consortium/roles.toml"), ("text", "x"), ("why", "y")];
    assert!(post(&tom, "/propose", &inherited).await.body.contains("This file is inherited"));

    let as_sent = text.replace('\n', "\r\n");
    let sent = post(&tom, "/propose", &typed("1", &as_sent, "Bed 12 is lost")).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let page = read(&tom, "").await;
    for words in
        ["Proposed: version 2", "- beds = [9, 10, 11, 12]", "Removed bed Heron ward, bed 12", "a second person"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(page.contains("version 1, since"), "nothing is live by it");
    let number = page.split("name=\"number\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let own = post(&tom, "/proposal/approve", &[("number", &number)]).await;
    assert!(own.status == StatusCode::UNPROCESSABLE_ENTITY && own.body.contains("Somebody else must agree"));
    let stale = post(&ann, "/proposal/approve", &[("number", "99")]).await;
    assert!(stale.body.contains("was changed while you looked"), "{}", stale.body);
    assert_eq!(post(&ann, "/proposal/approve", &[("number", &number)]).await.status, StatusCode::SEE_OTHER);
    let page = read(&ann, "").await;
    assert!(page.contains("version 2, since") && page.contains("Bed 12 is lost"), "{page}");
    assert!(!page.contains("Proposed: version"), "nothing waits any more");
    let (versions, _) = crate::configure::history_of(&trust).await.unwrap();
    assert_eq!(versions[0].kept.by, ["A B", "A B"], "both");

    // Going back is a proposal like any other.
    assert_eq!(post(&ann, "/proposal/back", &[("version", "1")]).await.status, StatusCode::SEE_OTHER);
    let page = read(&tom, "").await;
    let number = page.split("name=\"number\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(page.contains("Back to version 1") && page.contains("Added bed Heron ward, bed 12"), "{page}");
    assert!(post(&tom, "/propose", &typed("2", &text, "Mine")).await.body.contains("has proposed a change already"));
    post(&tom, "/proposal/aside", &[("number", &number)]).await;
    assert!(read(&tom, "").await.contains("version 2, since"), "put aside, nothing has changed");
    let clerk = {
        stage.add_user("clerk", "clerk").await;
        stage.sign_in("clerk", PASSWORD).await.ok().unwrap()
    };
    assert_eq!(post(&clerk, "/proposal/back", &[("version", "1")]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_configuration_is_not_changed_as_a_resource() {
    let stage = Stage::set().await;
    let system = format!("Bearer {}", stage.token("RAA", "system", &[]).await);
    let headers = [("authorization", &*system), ("content-type", "application/fhir+json")];
    let text = r#"{"resourceType":"Basic","id":"configuration","code":{"coding":[{"system":"urn:almoner:basic","code":"configuration"}]}}"#;
    let said = stage.send(request("PUT", "/t/RAA/fhir/Basic/configuration", &headers, text)).await;
    assert_eq!(said.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", said.body);
    assert!(said.body.contains("almoner configure"), "{}", said.body);
}
