//! Configuration applied to a record: one commit, the same again changes nothing, the former version brings everything
//! back, and no place vanishes under a patient.

use std::collections::BTreeMap;

use access::Role;
use administration::configuration::{ApplyConfiguration, File, Files, Layer, history, live, read, standing};
use administration::places::{BedStatus, SetBedState};
use administration::stays::{Admit, Discharge};
use administration::tasks::{AcceptTask, AddTask, HandOverTask};
use administration::{Command, Refusal};
use record::{Key, Receipt};
use terms::Moment;

use crate::stage::{NOW, Stage, permit, stages};

const TRUST: &str = "[trust]\ncode = \"t\"\nname = \"T\"\n[[site]]\ncode = \"main\"\nname = \"Main\"\n";

/// A ward of some beds with a service and somebody who works there.
fn ward(beds: &str) -> String {
    format!(
        r#"
[[role]]
code = "consultant"
name = "Consultant"
access = "clinician"
consultant = true
[[staff]]
code = "okafor"
title = "Dr"
given = "Lola"
family = "Okafor"
role = "consultant"
[[service]]
code = "respiratory"
name = "Respiratory medicine"
treatment-function = "340"
wards = ["kite"]
consultants = ["okafor"]
[[ward]]
code = "kite"
name = "Kite ward"
site = "main"
[[ward.bay]]
code = "a"
sex = "female"
beds = {beds}
"#
    )
}

fn files(text: &str) -> Files {
    let file = |name: &str, text: &str| File { name: format!("t/{name}"), text: text.to_owned() };
    Files {
        layers: vec![Layer { folder: "t".into(), files: vec![file("trust.toml", TRUST), file("wards.toml", text)] }],
    }
}

async fn apply(stage: &Stage, files: &Files) -> Result<Receipt, Refusal> {
    let (by, why) = (vec!["Toni Tester".to_owned()], None);
    let command = ApplyConfiguration { files: files.clone(), by, why, over: None };
    stage.act_in(Role::Host, Command::ApplyConfiguration(command)).await
}

/// The same, whatever the order of their members.
fn meant(texts: &BTreeMap<String, String>) -> BTreeMap<&str, serde_json::Value> {
    texts.iter().map(|(key, text)| (key.as_str(), serde_json::from_str(text).unwrap())).collect()
}

/// Every resource that any of these configurations stands for, without version and moment.
async fn all(stage: &Stage, of: &[&Files]) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for one in of.iter().flat_map(|files| standing(&read(files).configuration)) {
        let text = stage.text(one.kind, &one.id).await;
        let (before, rest) = text.split_once(",\"meta\":{").unwrap();
        texts.insert(format!("{}/{}", one.kind, one.id), format!("{before}{}", rest.split_once('}').unwrap().1));
    }
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_applied_is_live_in_one_commit_and_the_same_again_changes_nothing() {
    for stage in stages().await {
        let store = stage.store;
        let first = files(&ward("[1, 2]"));
        let receipt = apply(&stage, &first).await.unwrap();
        // Trust, site, ward, bay, two beds, one of staff with a role, a service, and the files.
        assert_eq!(receipt.written.len(), 10, "{store}");
        let again = apply(&stage, &first).await.unwrap();
        assert_eq!((again.written.len(), again.sequence), (0, receipt.sequence), "{store}");
        let reading = stage.record.read(&permit(Role::Host), "test").await.unwrap();
        let now = live(&reading).await.unwrap().unwrap();
        reading.finish().await.unwrap();
        assert_eq!(
            (now.version, &now.kept.files, now.kept.by.as_slice()),
            (1, &first, ["Toni Tester".to_owned()].as_slice())
        );
        // A remark changes the files and no resource.
        let remarked = apply(&stage, &files(&format!("# a remark\n{}", ward("[1, 2]")))).await.unwrap();
        let keys: Vec<&Key> = remarked.written.iter().map(|written| &written.key).collect();
        assert_eq!(keys, [&Key::new("Basic", "configuration")], "{store}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_former_version_brings_every_resource_back() {
    for stage in stages().await {
        let store = stage.store;
        let (first, second) = (files(&ward("[1, 2]")), files(&ward("[2, 3]").replace("female", "male")));
        apply(&stage, &first).await.unwrap();
        stage.act(closed("kite-bed-02")).await.unwrap();
        let before = all(&stage, &[&first]).await;
        apply(&stage, &second).await.unwrap();
        let between = all(&stage, &[&first, &second]).await;
        assert!(between["Location/kite-bed-01"].contains("\"status\":\"inactive\""), "{store}: {between:?}");
        assert!(
            between["Location/kite-bed-02"].contains("water leak"),
            "{store}: the state of a bed is not configuration's"
        );
        apply(&stage, &first).await.unwrap();
        let back = all(&stage, &[&first]).await;
        assert_eq!(meant(&back), meant(&before), "{store}");
        let after = all(&stage, &[&second]).await;
        assert!(after["Location/kite-bed-03"].contains("\"status\":\"inactive\""), "{store}");
        let reading = stage.record.read(&permit(Role::Host), "test").await.unwrap();
        let (versions, more) = history(&reading).await.unwrap();
        reading.finish().await.unwrap();
        let told: Vec<(u64, bool)> = versions.iter().map(|of| (of.version, of.kept.files == first)).collect();
        assert_eq!((told, more), (vec![(3, true), (2, false), (1, true)], false), "{store}");
    }
}

fn closed(bed: &str) -> Command {
    let reason = Some("water leak".to_owned());
    Command::SetBedState(SetBedState { bed: bed.into(), status: BedStatus::Closed, reason, until: None })
}

#[tokio::test(flavor = "multi_thread")]
async fn no_bed_vanishes_under_a_patient() {
    for stage in stages().await {
        let store = stage.store;
        apply(&stage, &files(&ward("[1, 2]"))).await.unwrap();
        let (stay, patient, place) = ("s-1".to_owned(), "p-1".to_owned(), "kite-bed-02".to_owned());
        stage.act(Command::Admit(Admit { stay, patient, place, at: NOW, ..Admit::default() })).await.unwrap();
        let refusal = apply(&stage, &files(&ward("[1]"))).await.unwrap_err();
        assert_eq!(refusal.code, "place-occupied", "{store}");
        assert!(
            refusal.sentence.contains("Kite ward, bed 2") && !refusal.sentence.contains("p-1"),
            "{}",
            refusal.sentence
        );
        assert!(stage.text("Location", "kite-bed-02").await.contains("\"status\":\"active\""), "{store}");
        // The whole ward neither; a bed that nobody is in may go.
        let none = apply(&stage, &files("")).await.unwrap_err();
        assert_eq!(none.code, "place-occupied", "{store}");
        apply(&stage, &files(&ward("[2]"))).await.unwrap();
        assert!(stage.text("Location", "kite-bed-01").await.contains("\"status\":\"inactive\""), "{store}");
    }
}

/// What a ward and a member of staff owe when they are configured no longer goes to whoever the files name (operations 6).
#[tokio::test(flavor = "multi_thread")]
async fn what_a_closed_ward_owes_goes_to_the_manager_whom_the_files_name() {
    for stage in stages().await {
        let store = stage.store;
        let osprey = "\n[[ward]]\ncode = \"osprey\"\nname = \"Osprey ward\"\nsite = \"main\"\nbeds = [1]\n";
        apply(&stage, &files(&format!("{}{osprey}", ward("[1]")))).await.unwrap();
        let (stay, patient, place) = ("s-1".to_owned(), "p-1".to_owned(), "kite-bed-01".to_owned());
        stage.act(Command::Admit(Admit { stay, patient, place, at: NOW, ..Admit::default() })).await.unwrap();
        let (stay, patient) = ("s-1".to_owned(), "p-1".to_owned());
        let (method, destination) = ("1".to_owned(), "19".to_owned());
        stage
            .act(Command::Discharge(Discharge {
                stay,
                patient,
                at: NOW,
                method,
                destination,
                owners: Default::default(),
                detained: None,
            }))
            .await
            .unwrap();
        let add = |id: &str, owner: &str| {
            let (what, due) = ("Book transport".to_owned(), Moment(NOW.0 + 60_000));
            let owner = (owner.to_owned(), "Somebody".to_owned());
            Command::AddTask(AddTask { id: id.into(), what, owner, due, ..AddTask::default() })
        };
        for (id, owner) in [("t-1", "place/kite"), ("t-2", "practitioner/okafor"), ("t-3", "place/osprey")] {
            stage.act(add(id, owner)).await.unwrap();
        }
        let refusal = apply(&stage, &files(osprey)).await.unwrap_err();
        assert_eq!(refusal.code, "takes-over-missing", "{store}");
        assert!(refusal.sentence.contains("owes 3 things"), "{store}: {}", refusal.sentence);
        assert!(stage.text("Location", "kite").await.contains("\"status\":\"active\""), "{store}");

        let named = |to: &str| {
            let mut files = files(osprey);
            files.layers[0].files[0].text =
                TRUST.replace("name = \"T\"", &format!("name = \"T\"\ntakes-over = \"{to}\""));
            files
        };
        assert_eq!(apply(&stage, &named("kite")).await.unwrap_err().code, "configuration-wrong", "{store}: it closes");
        apply(&stage, &named("osprey")).await.unwrap();
        let mut owed = stage.owed("task-taken-over").await;
        owed.retain(|(owner, _)| owner == "place/osprey");
        assert_eq!(owed.len(), 3, "{store}: {owed:?}");
        assert!(stage.text("Task", "t-1").await.contains("Kite ward, closed"), "{store}");
        assert!(stage.text("Task", "t-2").await.contains("Dr L Okafor, who works here no longer"), "{store}");
        assert!(!stage.text("Task", "t-3").await.contains("moved-from"), "{store}");
        let (_, made) = owed.into_iter().find(|(_, id)| id.starts_with("taken-over-")).unwrap();
        let made = stage.text("Task", &made).await;
        assert!(made.contains("discharge summary") && made.contains("Encounter/s-1"), "{store}: {made}");
        // Somebody accepts one from the manager: it is theirs, and not counted any more.
        stage.act(Command::HandOverTask(HandOverTask { task: "t-1".into(), to: "team/site".into() })).await.unwrap();
        let (speaks_for, name) = (vec!["team/site".to_owned()], "Site office".to_owned());
        stage.act(Command::AcceptTask(AcceptTask { task: "t-1".into(), speaks_for, name })).await.unwrap();
        assert_eq!(stage.owed("task-taken-over").await.len(), 2, "{store}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_or_out_of_date_is_not_applied() {
    for stage in stages().await {
        let store = stage.store;
        let refusal = apply(&stage, &files(&ward("[1, 1]"))).await.unwrap_err();
        assert_eq!(refusal.code, "configuration-wrong", "{store}");
        assert!(refusal.sentence.contains("t/wards.toml, line 26"), "{}", refusal.sentence);
        let over = |over, beds: &str| {
            let (by, why) = (Vec::new(), Some("more beds".to_owned()));
            Command::ApplyConfiguration(ApplyConfiguration { files: files(&ward(beds)), by, why, over: Some(over) })
        };
        stage.act_in(Role::Host, over(0, "[1]")).await.unwrap();
        let late = stage.act_in(Role::Host, over(0, "[1, 2]")).await.unwrap_err();
        assert_eq!(late.code, "configuration-changed", "{store}");
        stage.act_in(Role::Host, over(1, "[1, 2]")).await.unwrap();
    }
}

/// Whatever sequence of configurations is applied, the record then says what the last one stands for, and what only an
/// earlier one stood for is inactive.
#[tokio::test(flavor = "multi_thread")]
async fn the_record_says_what_was_applied_last_whatever_came_before() {
    for stage in stages().await {
        let wards = ["[1]", "[1, 2, 3]", "[3]", "[2, 4]", "[1, 2, 3]"].map(|beds| files(&ward(beds)));
        let every: Vec<&Files> = wards.iter().collect();
        for (at, last) in wards.iter().enumerate() {
            apply(&stage, last).await.unwrap();
            let wanted: Vec<String> =
                standing(&read(last).configuration).iter().map(|one| format!("{}/{}", one.kind, one.id)).collect();
            for (key, text) in all(&stage, &every[..=at]).await {
                let is_active = text.contains("\"status\":\"active\"") || text.contains("\"active\":true");
                assert_eq!(is_active, wanted.contains(&key), "{}: {at}: {text}", stage.store);
            }
        }
    }
}
