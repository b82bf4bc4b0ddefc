//! Restricted access over a real record, on both stores: opened with a reason, held for a time, reviewed by somebody else,
//! and written by no other door. Knows commands and readings, no page.

use access::Role;
use administration::merging::{AgreeToMerge, AskForMerge, Pair, ProposeDuplicate};
use administration::registration::Restrict;
use administration::restricted_access::{
    HOLDS_HOURS, OpenRestricted, Opening, Restriction, ReviewOpenings, in_force, of_patient,
};
use administration::{Command, Undo};
use record::Key;
use terms::Moment;

use crate::stage::{NOW, Stage, permit_of, stages};

const HOUR: i64 = 60 * 60_000;
const NURSE: (&str, Role) = ("user/s.reilly", Role::Clinician);
const OFFICER: (&str, Role) = ("user/p.officer", Role::PrivacyOfficer);

fn restrict(patient: &str, version: u64) -> Command {
    Command::Restrict(Restrict { patient: patient.into(), version, reason: Some("03".into()) })
}

fn open(id: &str, patient: &str) -> Command {
    let words = "Asked by the ward to see her".to_owned();
    Command::OpenRestricted(OpenRestricted { id: id.into(), patient: patient.into(), reason: "care".into(), words })
}

fn review(openings: &[&str], outcome: &str) -> Command {
    let openings = openings.iter().map(|id| (*id).to_owned()).collect();
    Command::ReviewOpenings(ReviewOpenings { openings, outcome: outcome.into(), note: "Rota looked up".into() })
}

/// The opening by which a record is open to somebody at a moment; none too when it is not restricted.
async fn is_open(stage: &Stage, who: &str, patient: &str, at: Moment) -> Option<Opening> {
    let reading = stage.record.read(&permit_of(who, Role::Clinician), "test").await.unwrap();
    let found = match Restriction::of(&reading, patient).await.unwrap() {
        Some(restriction) => in_force(&reading, &restriction, who, at).await.unwrap(),
        None => None,
    };
    reading.finish().await.unwrap();
    found
}

async fn owed(stage: &Stage) -> Vec<String> {
    let owed = stage.owed_to(Role::PrivacyOfficer, "restricted-access").await;
    assert!(owed.iter().all(|(owner, _)| owner == "team/privacy"), "{owed:?}");
    owed.into_iter().map(|(_, anchor)| anchor).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_holds_for_one_person_and_patient_until_its_end() {
    for stage in stages().await {
        let refused = stage.act_by(NURSE, open("o-0", "p-1"), NOW).await.unwrap_err();
        assert_eq!(refused.code, "open-already", "{}: nothing is restricted", stage.store);
        for patient in ["p-1", "p-2"] {
            stage.act_by(NURSE, restrict(patient, 1), NOW).await.unwrap();
        }
        assert_eq!(is_open(&stage, NURSE.0, "p-1", NOW).await, None);
        stage.act_by(NURSE, open("o-1", "p-1"), NOW).await.unwrap();
        let opening = is_open(&stage, NURSE.0, "p-1", NOW).await.unwrap();
        assert_eq!((opening.id.as_str(), opening.until), ("o-1", Moment(NOW.0 + HOLDS_HOURS * HOUR)));
        assert_eq!(opening.why(), "I look after this patient, or was asked about them: Asked by the ward to see her");
        let elsewhere = [
            is_open(&stage, NURSE.0, "p-2", NOW).await,
            is_open(&stage, "user/k.boateng", "p-1", NOW).await,
            is_open(&stage, NURSE.0, "p-1", opening.until).await,
        ];
        assert_eq!(elsewhere, [None, None, None], "{}", stage.store);
        let again = stage.act_by(NURSE, open("o-2", "p-1"), NOW).await.unwrap_err();
        assert_eq!(again.code, "open-already", "{}: once is enough", stage.store);
        stage.act_by(NURSE, open("o-3", "p-1"), opening.until).await.unwrap();
        assert_eq!(is_open(&stage, NURSE.0, "p-1", opening.until).await.unwrap().id, "o-3");
        for role in [Role::Clerk, Role::PrivacyOfficer] {
            let refused = stage.act_by(("user/c.clerk", role), open("o-4", "p-1"), NOW).await.unwrap_err();
            assert_eq!(refused.code, "not-clinical", "{}: {role:?}", stage.store);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_opening_is_owed_until_somebody_else_says_what_came_of_it() {
    for stage in stages().await {
        for patient in ["p-1", "p-2"] {
            stage.act_by(NURSE, restrict(patient, 1), NOW).await.unwrap();
        }
        stage.act_by(NURSE, open("o-1", "p-1"), NOW).await.unwrap();
        stage.act_by(NURSE, open("o-2", "p-2"), NOW).await.unwrap();
        stage.act_by(("user/k.boateng", Role::Clinician), open("o-3", "p-1"), NOW).await.unwrap();
        assert_eq!(owed(&stage).await, ["o-1", "o-2", "o-3"], "{}", stage.store);
        let code = async |who: (&str, Role), command: Command| {
            stage.act_by(who, command, NOW).await.map_or_else(|refusal| refusal.code, |_| "done")
        };
        assert_eq!(code(NURSE, review(&["o-1"], "appropriate")).await, "not-yours");
        let herself = (NURSE.0, Role::PrivacyOfficer);
        assert_eq!(code(herself, review(&["o-1"], "appropriate")).await, "same-person");
        assert_eq!(code(OFFICER, review(&["o-1", "o-3"], "appropriate")).await, "two-people");
        assert_eq!(code(OFFICER, review(&["o-9"], "appropriate")).await, "openings-changed");
        assert_eq!(owed(&stage).await.len(), 3, "{}: nothing of what was refused", stage.store);
        assert_eq!(code(OFFICER, review(&["o-1", "o-2"], "not-appropriate")).await, "done");
        assert_eq!(owed(&stage).await, ["o-3"], "{}", stage.store);
        assert_eq!(code(OFFICER, review(&["o-2"], "appropriate")).await, "openings-changed");
        assert_eq!(code(OFFICER, review(&["o-3"], "follow-up")).await, "done");
        assert_eq!(owed(&stage).await, [""; 0], "{}", stage.store);
        let reading = stage.record.read(&permit_of(OFFICER.0, OFFICER.1), "test").await.unwrap();
        let listed: Vec<String> =
            of_patient(&reading, "p-1").await.unwrap().into_iter().map(|opening| opening.by).collect();
        reading.finish().await.unwrap();
        assert_eq!(listed.len(), 2, "{}: what was reviewed stays: {listed:?}", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_an_opening_nor_its_review_is_written_or_taken_back_by_another_door() {
    for stage in stages().await {
        stage.act_by(NURSE, restrict("p-1", 1), NOW).await.unwrap();
        let opened = stage.act_by(NURSE, open("o-1", "p-1"), NOW).await.unwrap();
        let (opening, key) = (stage.text("AuditEvent", "o-1").await, Key::new("AuditEvent", "o-1"));
        let refused = stage.act_by(NURSE, Command::Undo(Undo::of(&opened)), NOW).await.unwrap_err();
        assert_eq!(refused.code, "not-undone", "{}", stage.store);
        stage.act_by(OFFICER, review(&["o-1"], "appropriate"), NOW).await.unwrap();
        let foreign = opening.replace("urn:almoner:restricted-access", "urn:other:system");
        let elsewhere = foreign.replace("\"o-1\"", "\"f-1\"");
        let forged = opening.replace("\"o-1\"", "\"f-1\"").replace("\"code\":\"opening\"", "\"code\":\"review\"");
        let other = Key::new("AuditEvent", "f-1");
        let cases = [
            (Role::Clinician, &key, Some(&opening), true),
            (Role::Clinician, &other, Some(&forged), true),
            (Role::System, &other, Some(&forged), true),
            (Role::System, &key, Some(&foreign), true),
            (Role::System, &key, None, true),
            (Role::Clinician, &key, None, true),
            (Role::PrivacyOfficer, &other, Some(&elsewhere), true),
            (Role::System, &other, Some(&elsewhere), false),
            (Role::Host, &key, Some(&opening), false),
        ];
        for (role, key, text, expected) in cases {
            let refused = stage.refused(role, key, text.map(String::as_str)).await;
            assert_eq!(refused.is_some(), expected, "{}: {role:?} {key:?} {text:?}", stage.store);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restriction_and_a_reason_go_with_a_record_that_was_merged() {
    for stage in stages().await {
        stage.act_by(NURSE, restrict("p-2", 1), NOW).await.unwrap();
        stage.act_by(NURSE, open("o-1", "p-2"), NOW).await.unwrap();
        let pair = Pair::of("p-1", "p-2").unwrap();
        stage.act_as("one", Command::ProposeDuplicate(ProposeDuplicate { pair: pair.clone() })).await.unwrap();
        let why = "Same date of birth and mobile number.".into();
        let ask = AskForMerge { pair: pair.clone(), survivor: "p-1".into(), keep: Vec::new(), why };
        stage.act_as("one", Command::AskForMerge(ask)).await.unwrap();
        stage.act_as("two", Command::AgreeToMerge(AgreeToMerge { pair })).await.unwrap();
        // The chart of the one that stays shows what was restricted: it is asked for, and open to whoever said why before.
        assert_eq!(is_open(&stage, NURSE.0, "p-1", NOW).await.unwrap().id, "o-1", "{}", stage.store);
        assert_eq!(is_open(&stage, "user/k.boateng", "p-1", NOW).await, None);
        stage.act_by(("user/k.boateng", Role::Clinician), open("o-2", "p-1"), NOW).await.unwrap();
        assert_eq!(is_open(&stage, "user/k.boateng", "p-2", NOW).await.unwrap().id, "o-2", "{}", stage.store);
        assert_eq!(owed(&stage).await, ["o-1", "o-2"], "{}", stage.store);
        let reading = stage.record.read(&permit_of(OFFICER.0, OFFICER.1), "test").await.unwrap();
        assert_eq!(of_patient(&reading, "p-1").await.unwrap().len(), 2, "{}", stage.store);
        reading.finish().await.unwrap();
    }
}
