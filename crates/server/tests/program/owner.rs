//! Two processes and one data directory: the second hands its work to the first.
//! Neither the person nor the second process notices a difference.

use crate::stage::Stage;

#[test]
fn a_second_process_hands_its_work_to_the_one_that_serves() {
    let stage = Stage::set();
    let serving = stage.serve();
    assert_eq!(stage.json(&["trust", "add", "--code", "RAA", "--name", "X"])["trust"]["code"], "RAA");
    assert_eq!(
        stage.json(&["user", "add", "--trust", "RAA", "--name", "a.b", "--display", "A", "--role", "clerk"])["user"]["role"],
        "clerk"
    );
    let token = stage.token("system");
    std::fs::write(stage.path("p.json"), r#"{"resourceType":"Patient","id":"p1"}"#).unwrap();
    assert_eq!(stage.json(&["load", "--trust", "RAA", "p.json"])["loaded"]["stored"], 1);
    assert_eq!(serving.get("/t/RAA/fhir/Patient/p1", &token).status, 200);
    let verified = stage.json(&["verify", "--trust", "RAA", "--index"]);
    assert_eq!(verified["verified"]["whole"], true, "{verified}");
    assert_eq!(stage.json(&["rebuild-index", "--trust", "RAA"])["index-rebuilt"]["resources"], 2);
    std::fs::create_dir(stage.path("elsewhere")).unwrap();
    let from_elsewhere =
        stage.command(&["load", "--trust", "RAA", "../p.json"]).current_dir(stage.path("elsewhere")).output();
    assert!(from_elsewhere.unwrap().status.success(), "paths are those of the person who names them");
    assert!(stage.json(&["checkpoint", "--trust", "RAA"])["checkpoint"]["text"].as_str().unwrap().contains("/t/RAA"));
    assert_eq!(stage.run(&["trust", "show", "RZZ"]).code, 1, "a refusal comes back as one");
    let second = stage.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, 1, "two hosts on one directory: {}", second.err);

    assert!(serving.stop(), "a host that is told to stop ends well");
    assert_eq!(stage.json(&["trust", "show", "RAA"])["trust"]["resources"]["Patient"], 1);
}

#[test]
fn commands_that_run_at_once_wait_for_each_other() {
    let stage = Stage::with_trust();
    let children: Vec<_> = (0..4)
        .map(|_| {
            let arguments = ["token", "--trust", "RAA", "--role", "system", "--ttl", "1h"];
            stage.command(&arguments).stdout(std::process::Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
}
