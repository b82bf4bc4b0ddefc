//! Accounts and tokens on the command line: listed, reset, closed, opened again, revoked; in this process and at the one
//! that serves, where what no longer holds must open nothing from that moment on.

use serde_json::{Value, json};

use crate::stage::{Serving, Stage};

const ADD: [&str; 4] = ["user", "add", "--trust", "RAA"];

fn user<'a>(what: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    ["user", what, "--trust", "RAA"].iter().chain(rest).copied().collect()
}

fn password(said: &Value) -> String {
    said["user"]["password"].as_str().unwrap().to_owned()
}

/// Names and states of the accounts.
fn accounts(stage: &Stage) -> Vec<(String, String)> {
    let users = stage.json(&user("list", &[]))["users"].clone();
    let text = |user: &Value, member: &str| user[member].as_str().unwrap().to_owned();
    users.as_array().unwrap().iter().map(|user| (text(user, "name"), text(user, "state"))).collect()
}

fn state(stage: &Stage, name: &str) -> String {
    accounts(stage).into_iter().find(|(known, _)| known == name).unwrap().1
}

/// Whether a session opens anything.
fn opens(serving: &Serving, cookie: &str) -> bool {
    serving.send("GET", "/t/RAA/", &[("Cookie", cookie)], b"").status != 401
}

#[test]
fn accounts_are_listed_by_name_with_role_and_state() {
    let stage = Stage::with_trust();
    let none = stage.run(&user("list", &[]));
    assert_eq!((none.code, none.out.trim()), (0, "There is no account here yet: almoner user add"));
    for (name, display, role) in [("c.d", "Cara Dee", "clinician"), ("a.b", "Abe Bee", "clerk")] {
        stage.json(&[&ADD[..], &["--name", name, "--display", display, "--role", role]].concat());
    }
    let users = stage.json(&user("list", &[]))["users"].clone();
    assert_eq!(
        users,
        json!([
            {"name": "a.b", "display": "Abe Bee", "role": "clerk", "state": "open"},
            {"name": "c.d", "display": "Cara Dee", "role": "clinician", "state": "open"},
        ])
    );
    let lines = stage.run(&user("list", &[])).out;
    assert!(lines.lines().next().unwrap().starts_with("a.b") && lines.contains("Cara Dee"), "{lines}");
}

#[test]
fn a_reset_gives_a_new_password_ends_sessions_and_lifts_a_lock() {
    let stage = Stage::with_trust();
    let old = password(&stage.json(&[&ADD[..], &["--name", "a.b", "--display", "A", "--role", "clerk"]].concat()));
    let serving = stage.serve();
    let (status, session) = serving.sign_in("RAA", "a.b", &old);
    let session = session.unwrap();
    assert_eq!((status, opens(&serving, &session)), (303, true));
    for _ in 0..5 {
        assert_eq!(serving.sign_in("RAA", "a.b", "not-the-password").0, 401);
    }
    assert_eq!(state(&stage, "a.b"), "locked");
    assert_eq!(serving.sign_in("RAA", "a.b", &old).0, 401, "a locked account opens to nobody");
    let new = password(&stage.json(&user("reset", &["--name", "a.b"])));
    assert_ne!(new, old);
    assert_eq!(state(&stage, "a.b"), "open");
    assert!(!opens(&serving, &session));
    assert_eq!(serving.sign_in("RAA", "a.b", &old).0, 401);
    assert_eq!(serving.sign_in("RAA", "a.b", &new).0, 303);
    let given = stage.run_with(&user("reset", &["--name", "a.b", "--password-stdin"]), "correct horse battery\n");
    assert_eq!((given.code, given.out.contains("horse")), (0, false), "{}", given.err);
    assert_eq!(serving.sign_in("RAA", "a.b", "correct+horse+battery").0, 303);
}

#[test]
fn a_closed_account_opens_nothing_until_it_is_opened_again() {
    let stage = Stage::with_trust();
    let old = password(&stage.json(&[&ADD[..], &["--name", "a.b", "--display", "A", "--role", "clerk"]].concat()));
    let serving = stage.serve();
    let session = serving.sign_in("RAA", "a.b", &old).1.unwrap();
    assert!(opens(&serving, &session));
    assert_eq!(stage.json(&user("close", &["--name", "a.b"]))["user-closed"]["name"], "a.b");
    assert_eq!(state(&stage, "a.b"), "closed");
    assert!(!opens(&serving, &session));
    assert_eq!(serving.sign_in("RAA", "a.b", &old).0, 401);
    let refusals: [(&[&str], &str); 4] = [
        (&user("close", &["--name", "a.b"]), "closed already"),
        (&user("reset", &["--name", "a.b"]), "--reopen"),
        (&user("close", &["--name", "nobody"]), "no account"),
        (&user("reset", &["--name", "nobody"]), "no account"),
    ];
    for (arguments, part) in refusals {
        let said = stage.run(arguments);
        assert!(said.code == 1 && said.err.contains(part), "{arguments:?}: {} {}", said.code, said.err);
    }
    let taken = stage.run(&[&ADD[..], &["--name", "a.b", "--display", "A", "--role", "clerk"]].concat());
    assert_eq!(taken.code, 1, "its name stays taken");
    let new = password(&stage.json(&user("reset", &["--name", "a.b", "--reopen"])));
    assert_eq!(serving.sign_in("RAA", "a.b", &new).0, 303);
    assert_eq!(state(&stage, "a.b"), "open");
}

#[test]
fn an_account_is_that_of_a_member_of_staff_who_is_there_and_has_no_other() {
    Stage::on_both_stores(|stage, store| {
        let serving = stage.serve();
        let bearer = format!("Bearer {}", stage.token("system"));
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/fhir+json")];
        let okafor = r#"{"resourceType":"Practitioner","id":"okafor","active":true,"name":[{"family":"Okafor","prefix":["Dr"]}]}"#;
        let put = serving.send("PUT", "/t/RAA/fhir/Practitioner/okafor", &headers, okafor.as_bytes());
        assert_eq!(put.status, 201, "{store}");
        let add = |name: &'static str, staff: &'static str| {
            let who = ["--name", name, "--display", "A", "--role", "clinician", "--staff", staff];
            stage.run(&[&ADD[..], &who].concat())
        };
        let unknown = add("a.b", "nobody");
        assert!(unknown.code == 1 && unknown.err.contains("no member of staff"), "{store}: {}", unknown.err);
        assert!(accounts(stage).is_empty(), "{store}: what is refused makes no account");
        assert_eq!(add("a.b", "okafor").code, 0, "{store}");
        let taken = add("c.d", "okafor");
        assert!(taken.code == 1 && taken.err.contains("\"a.b\" already"), "{store}: {}", taken.err);
        let staff = || stage.json(&user("list", &[]))["users"][0].get("staff").cloned();
        assert_eq!(staff(), Some(json!("okafor")), "{store}");
        assert!(stage.run(&user("list", &[])).out.contains("(okafor)"), "{store}");

        let link = |rest: &[&str]| stage.run(&user("link", &[&["--name", "a.b"], rest].concat()));
        assert_ne!(link(&[]).code, 0, "{store}: it is said who, or that it is nobody");
        let none = link(&["--none"]);
        assert!(
            none.code == 0 && none.out.contains("no member of staff") && staff().is_none(),
            "{store}: {}",
            none.out
        );
        let said = stage.json(&user("link", &["--name", "a.b", "--staff", "okafor"]));
        assert_eq!(said["user-linked"], json!({"name": "a.b", "staff": "okafor"}), "{store}");
        assert_eq!(staff(), Some(json!("okafor")), "{store}");
        assert!(link(&["--staff", "nobody"]).err.contains("no member of staff"), "{store}");
    });
}

/// A Task as another system writes it: whose it is, and to whom it is offered.
fn task(id: &str, owner: &str, offered: Option<&str>) -> String {
    let owner = json!({"identifier": {"system": "urn:almoner:owner", "value": owner}, "display": "Somebody"});
    let mut task = json!({"resourceType": "Task", "id": id, "status": "requested", "intent": "order",
        "description": "Book transport", "owner": owner});
    if let Some(offered) = offered {
        task["extension"] = json!([{"url": "urn:almoner:handed-to", "valueString": offered}]);
    }
    task.to_string()
}

#[test]
fn what_a_closed_account_owns_goes_to_a_named_manager_in_the_same_step() {
    Stage::on_both_stores(|stage, store| {
        let add = |name: &str, display: &str| {
            stage.json(&[&ADD[..], &["--name", name, "--display", display, "--role", "clerk"]].concat())
        };
        let (_, of_manager) = (add("a.b", "Abe Bee"), password(&add("c.d", "Cara Dee")));
        add("e.f", "Eve Eff");
        let serving = stage.serve();
        let token = stage.token("system");
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/fhir+json")];
        let tasks = [("t-1", "user/a.b", None), ("t-2", "user/c.d", Some("user/a.b")), ("t-3", "user/e.f", None)];
        for (id, owner, offered) in tasks {
            let put =
                serving.send("PUT", &format!("/t/RAA/fhir/Task/{id}"), &headers, task(id, owner, offered).as_bytes());
            assert_eq!(put.status, 201, "{store}");
        }
        let close = |to: &[&str]| stage.run(&user("close", &[&["--name", "a.b"], to].concat()));
        let refusals: [(&[&str], &str); 5] = [
            (&[], "owns 2 open tasks"),
            (&["--to", "a.b"], "its own tasks"),
            (&["--to", "nobody"], "cannot take over"),
            (&["--to", "team/nobody"], "cannot take over"),
            (&["--to", "place/nowhere"], "cannot take over"),
        ];
        for (to, part) in refusals {
            let said = close(to);
            assert!(said.code == 1 && said.err.contains(part), "{store} {to:?}: {}", said.err);
        }
        assert_eq!(state(stage, "a.b"), "open", "{store}: what is refused changes nothing");

        let said = stage.json(&user("close", &["--name", "a.b", "--to", "c.d"]))["user-closed"].clone();
        assert_eq!(said, json!({"name": "a.b", "moved": 2, "to": "user/c.d"}), "{store}");
        let read = |id: &str| serving.get(&format!("/t/RAA/fhir/Task/{id}"), &token).json();
        let (first, second, third) = (read("t-1"), read("t-2"), read("t-3"));
        assert_eq!(first["owner"]["identifier"]["value"], "user/c.d", "{store}");
        assert_eq!(first["owner"]["display"], "Cara Dee", "{store}");
        let moved = json!([{"url": "urn:almoner:moved-from", "valueString": "Abe Bee, account closed"}]);
        assert_eq!(first["extension"], moved, "{store}");
        assert_eq!(second.get("extension"), None, "{store}: the offer to somebody who is gone is none any more");
        assert_eq!(third["meta"]["versionId"], "1", "{store}: nobody else's task is touched");

        // The manager sees whose they were; the number and the list are one query.
        let session = serving.sign_in("RAA", "c.d", &of_manager).1.unwrap();
        let list = serving.send("GET", "/t/RAA/obligations/task-taken-over?of=mine", &[("Cookie", &session)], b"");
        let list = String::from_utf8(list.body).unwrap();
        assert!(list.contains("1 task of a closed account or ward"), "{store}: {list}");
        assert!(list.contains("Moved from Abe Bee, account closed"), "{store}: {list}");
        // What reaches a closed account later is moved in the same way.
        let late = task("t-4", "user/a.b", None);
        assert_eq!(serving.send("PUT", "/t/RAA/fhir/Task/t-4", &headers, late.as_bytes()).status, 201, "{store}");
        assert!(close(&[]).err.contains("closed already"), "{store}");
        let moved = stage.json(&user("close", &["--name", "a.b", "--to", "c.d"]))["user-closed"]["moved"].clone();
        assert_eq!((moved, state(stage, "a.b").as_str()), (json!(1), "closed"), "{store}");
        assert_eq!(read("t-4")["owner"]["identifier"]["value"], "user/c.d", "{store}");
        // One that is closed cannot take over either.
        let closed = stage.run(&user("close", &["--name", "e.f", "--to", "a.b"]));
        assert!(closed.err.contains("cannot take over"), "{store}: {}", closed.err);
        assert_eq!(stage.json(&user("close", &["--name", "e.f", "--to", "team/site"]))["user-closed"]["moved"], 1);
    });
}

#[test]
fn tokens_are_listed_without_their_secret_and_revoked_by_id() {
    let stage = Stage::with_trust();
    let list = ["token", "list", "--trust", "RAA"];
    assert_eq!(stage.run(&list).out.trim(), "No token holds here.");
    let make = |rest: &[&str]| stage.json(&[&["token", "--trust", "RAA"], rest].concat())["token"].clone();
    let later = make(&["--role", "system", "--ttl", "2h", "--label", "the laboratory"]);
    let sooner = make(&["--role", "subject", "--ttl", "1h", "--patient", "p1", "--patient", "p2"]);
    let tokens = stage.json(&list)["tokens"].clone();
    let ids = [&tokens[0]["id"], &tokens[1]["id"]];
    assert_eq!(ids, [&sooner["id"], &later["id"]], "the one that ends first stands first");
    assert_eq!((&tokens[0]["patients"], &tokens[0]["until"]), (&json!(["p1", "p2"]), &sooner["until"]));
    assert_eq!((&tokens[1]["label"], &tokens[1]["role"]), (&json!("the laboratory"), &json!("system")));
    let lines = stage.run(&list).out;
    let secret = later["token"].as_str().unwrap();
    assert!(lines.contains("the laboratory") && lines.contains("for p1, p2") && !lines.contains(secret), "{lines}");

    let serving = stage.serve();
    let status = |serving: &Serving| serving.get("/t/RAA/fhir/Patient", secret).status;
    assert_eq!(status(&serving), 200);
    let id = later["id"].as_str().unwrap();
    let revoke = ["token", "revoke", "--trust", "RAA", id];
    assert_eq!(stage.json(&revoke)["token-revoked"]["id"], id);
    assert_eq!(status(&serving), 401, "from this moment on, where the trust is being served");
    assert_eq!(stage.run(&revoke).code, 1);
    for wrong in ["", "00000000", "not-an-id", secret] {
        let said = stage.run(&["token", "revoke", "--trust", "RAA", wrong]);
        assert!(said.code == 1 && said.err.contains("There is no token"), "{wrong}: {}", said.err);
        assert!(!said.err.contains(secret), "a secret is not said again: {}", said.err);
    }
    assert_eq!(stage.json(&list)["tokens"].as_array().unwrap().len(), 1);
    assert!(serving.stop());

    let id = sooner["id"].as_str().unwrap();
    let said = stage.run(&["token", "revoke", "--trust", "RAA", id]);
    assert_eq!((said.code, said.out.trim()), (0, format!("Token {id} is revoked.").as_str()));
    assert_eq!(stage.run(&list).out.trim(), "No token holds here.", "also where nobody serves");
}
