//! `almoner configure`: files checked, compared, applied and taken back by the program, on both stores and while it serves.
//! The files are those of the example that the product brings, copied and changed.

use std::path::Path;

use crate::stage::Stage;

const ACT: [&str; 3] = ["configure", "--trust", "RAA"];

fn with<'a>(rest: &[&'a str]) -> Vec<&'a str> {
    ACT.iter().copied().chain(rest.iter().copied()).collect()
}

/// A stage's folder `files` with the example in it.
fn copy_example(stage: &Stage) {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/configuration");
    for folder in ["consortium", "thameside", "marshgate"] {
        std::fs::create_dir_all(stage.path("files").join(folder)).unwrap();
        for entry in std::fs::read_dir(example.join(folder)).unwrap().map(Result::unwrap) {
            std::fs::copy(entry.path(), stage.path("files").join(folder).join(entry.file_name())).unwrap();
        }
    }
}

fn edit(stage: &Stage, name: &str, from: &str, to: &str) {
    let path = stage.path("files").join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{name}: {from}");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

fn count(stage: &Stage, kind: &str) -> u64 {
    stage.json(&["trust", "show", "RAA"])["trust"]["resources"][kind].as_u64().unwrap_or_default()
}

#[test]
fn a_configuration_is_checked_compared_applied_and_taken_back() {
    Stage::on_both_stores(|stage, store| {
        copy_example(stage);
        let said = stage.run(&with(&["show"]));
        assert!(said.code == 1 && said.err.contains("Nothing is configured yet"), "{store}: {}", said.err);
        let checked = stage.json(&with(&["check", "files/thameside"]));
        assert_eq!(checked["configuration-checked"]["holds"]["wards"], 10, "{store}");
        assert_eq!(checked["configuration-checked"]["errors"], 0, "{store}");
        let applied = stage.json(&with(&["apply", "files/thameside", "--why", "begin"]));
        assert_eq!(applied["configuration-applied"]["version"], 1, "{store}");
        let (places, commits) =
            (count(stage, "Location"), stage.json(&["trust", "show", "RAA"])["trust"]["commits"].clone());
        let again = stage.run(&with(&["apply", "files/thameside"]));
        assert!(again.code == 0 && again.out.contains("live already: nothing changed"), "{store}: {}", again.out);
        assert_eq!(stage.json(&["trust", "show", "RAA"])["trust"]["commits"], commits, "{store}: no commit");

        edit(stage, "thameside/inpatient-wards.toml", "beds = [9, 10, 11, 12]", "beds = [9, 10, 11]");
        let diff = stage.run(&with(&["diff", "files/thameside"]));
        assert_eq!(diff.code, 0, "{store}: {}", diff.err);
        for words in ["Removed bed Heron ward, bed 12 (heron-bed-12)", "- beds = [9, 10, 11, 12]", "make 1 inactive"] {
            assert!(diff.out.contains(words), "{store}: {words}: {}", diff.out);
        }
        assert_eq!(stage.run(&with(&["apply", "files/thameside", "--why", "bed 12 goes"])).code, 0, "{store}");
        let live = stage.json(&with(&["show"]));
        let view = &live["configuration-live"];
        assert_eq!((&view["live"]["version"], &view["live"]["why"]), (&2.into(), &"bed 12 goes".into()), "{store}");
        assert_eq!(view["history"].as_array().unwrap().len(), 2, "{store}");
        assert_eq!(count(stage, "Location"), places, "{store}: nothing is deleted");

        let undone = stage.json(&with(&["undo"]));
        assert_eq!(undone["configuration-applied"]["version"], 3, "{store}");
        edit(stage, "thameside/inpatient-wards.toml", "beds = [9, 10, 11]", "beds = [9, 10, 11, 12]");
        let same = stage.json(&with(&["diff", "files/thameside"]));
        let compared = &same["configuration-compared"];
        assert_eq!((compared["changes"].as_array().unwrap().len(), &compared["live"]), (0, &3.into()), "{store}");
        assert_eq!(compared["writes"], serde_json::json!({"made": 0, "changed": 0, "ended": 0}), "{store}");
        assert_eq!(stage.json(&["verify", "--trust", "RAA", "--index"])["verified"]["whole"], true, "{store}");
    });
}

#[test]
fn what_is_live_can_be_written_to_a_folder_and_applied_again() {
    let stage = Stage::with_trust();
    copy_example(&stage);
    assert_eq!(stage.run(&with(&["apply", "files/marshgate"])).code, 0);
    let shown = stage.run(&with(&["show", "copy"]));
    assert!(shown.code == 0 && shown.out.contains("marshgate/trust.toml"), "{}{}", shown.out, shown.err);
    let again = stage.run(&with(&["apply", "copy/marshgate"]));
    assert!(again.out.contains("nothing changed"), "{}{}", again.out, again.err);
    let full = stage.run(&with(&["show", "copy"]));
    assert!(full.code == 1 && full.err.contains("is not empty"), "{}", full.err);
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_not_applied() {
    let stage = Stage::with_trust();
    copy_example(&stage);
    edit(&stage, "thameside/staff.toml", "main-specialty = \"340\"", "main-specialty = \"999\"");
    edit(&stage, "thameside/units.toml", "consultants = [\"baines\"]", "consultants = [\"bains\"]");
    let checked = stage.run(&with(&["check", "files/thameside"]));
    assert_eq!(checked.code, 1, "{}", checked.err);
    for words in [
        "error: thameside/staff.toml, line 9: “999” is no main specialty",
        "who is nobody. Is “baines” meant? (unknown-person)",
        "2 errors",
    ] {
        assert!(checked.out.contains(words), "{words}: {}", checked.out);
    }
    let applied = stage.run(&with(&["apply", "files/thameside"]));
    assert!(
        applied.code == 1 && applied.out.is_empty() && applied.err.contains("thameside/staff.toml, line 9"),
        "{}",
        applied.err
    );
    assert_eq!(count(&stage, "Location"), 0);
    let cases: [(&[&str], i32, &str); 8] = [
        (&["check", "nowhere"], 1, "nowhere"),
        (&["check"], 2, "DIR"),
        (&["check", "files/thameside", "--root", "files/thameside"], 1, "does not lie in"),
        (&["check", "files/thameside", "--root", "files/marshgate"], 1, "Name another --root"),
        (&["undo"], 1, "Nothing is configured yet"),
        (&["undo", "--version", "7"], 1, "Nothing is configured yet"),
        (&["apply", "files/marshgate", "--why", "two\nlines"], 1, "one line"),
        (&["forget"], 2, "forget"),
    ];
    for (rest, code, words) in cases {
        let said = stage.run(&with(rest));
        assert!(said.code == code && said.err.contains(words), "{rest:?}: {} {}{}", said.code, said.out, said.err);
    }
    assert_eq!(stage.run(&with(&["apply", "files/marshgate"])).code, 0);
    for (rest, words) in [(&["undo"][..], "nothing before it"), (&["undo", "--version", "7"], "no version 7")] {
        let said = stage.run(&with(rest));
        assert!(said.code == 1 && said.err.contains(words), "{rest:?}: {}", said.err);
    }
}

/// The process that serves does the work, reads the folder of the person who named it, and answers with what is live;
/// by the FHIR interface the configuration is not changed.
#[test]
fn while_a_host_serves_the_work_is_handed_to_it() {
    let stage = Stage::with_trust();
    copy_example(&stage);
    let serving = stage.serve();
    let token = stage.token("system");
    std::fs::create_dir(stage.path("elsewhere")).unwrap();
    let applied = stage.command(&with(&["apply", "../files/thameside"])).current_dir(stage.path("elsewhere")).output();
    assert!(applied.unwrap().status.success());
    let bed = serving.get("/t/RAA/fhir/Location/heron-bed-12", &token);
    assert!(bed.status == 200 && String::from_utf8_lossy(&bed.body).contains("Heron ward, bed 12"));
    let basic = serving.get("/t/RAA/fhir/Basic/configuration", &token);
    assert_eq!(basic.status, 200);
    let text = String::from_utf8(basic.body).unwrap();
    let loaded = text.replace("Heron ward", "Another ward");
    std::fs::write(stage.path("basic.json"), loaded).unwrap();
    let said = stage.run(&["load", "--trust", "RAA", "basic.json"]);
    assert!(said.code == 1 && said.out.contains("changed with `almoner configure`"), "{}{}", said.out, said.err);
    assert!(serving.stop());
}
