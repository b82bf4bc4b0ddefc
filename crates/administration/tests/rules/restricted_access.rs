//! Restricted access over a real record, on both stores: opened with a reason, held for a time, reviewed by somebody else,
//! and written by no other door. Knows commands and readings, no page.

use access::Role;
use administration::merging::{AgreeToMerge, AskForMerge, Pair, ProposeDuplicate};
use administration::registration::Restrict;
use administration::restricted_access::{
    FOLLOWED_UP_WITHIN_DAYS, FollowUpOpenings, HOLDS_HOURS, JudgeOpenings, OpenRestricted, Opening, Restriction,
    ReviewOpenings, in_force, judged_of_patient, of_patient,
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
    let review = ReviewOpenings { openings, outcome: outcome.into(), note: "Rota looked up".into() };
    Command::JudgeOpenings(JudgeOpenings::Review(review))
}

fn follow_up(openings: &[&str], outcome: &str, to: &str) -> Command {
    let openings = openings.iter().map(|id| (*id).to_owned()).collect();
    let action = "Spoke with her and her manager".to_owned();
    let follow_up = FollowUpOpenings { openings, action, outcome: outcome.into(), to: to.into() };
    Command::JudgeOpenings(JudgeOpenings::FollowUp(follow_up))
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
    owed_of(stage, "restricted-access").await
}

async fn owed_of(stage: &Stage, kind: &str) -> Vec<String> {
    let owed = stage.owed_to(Role::PrivacyOfficer, kind).await;
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
async fn what_is_to_be_followed_up_is_owed_until_it_is_said_what_was_done() {
    for stage in stages().await {
        for patient in ["p-1", "p-2"] {
            stage.act_by(NURSE, restrict(patient, 1), NOW).await.unwrap();
        }
        stage.act_by(NURSE, open("o-1", "p-1"), NOW).await.unwrap();
        stage.act_by(NURSE, open("o-2", "p-2"), NOW).await.unwrap();
        stage.act_by(("user/k.boateng", Role::Clinician), open("o-3", "p-1"), NOW).await.unwrap();
        let code = async |who: (&str, Role), command: Command| {
            stage.act_by(who, command, NOW).await.map_or_else(|refusal| refusal.code, |_| "done")
        };
        let early = code(OFFICER, follow_up(&["o-1"], "closed", "")).await;
        assert_eq!(early, "openings-changed", "{}: nothing is to be followed up yet", stage.store);
        stage.act_by(OFFICER, review(&["o-1", "o-2"], "follow-up"), NOW).await.unwrap();
        stage.act_by(OFFICER, review(&["o-3"], "appropriate"), NOW).await.unwrap();
        assert_eq!(owed(&stage).await, [""; 0], "{}", stage.store);
        assert_eq!(owed_of(&stage, "access-follow-up").await, ["o-1", "o-2"], "{}", stage.store);
        let two_weeks = Moment(NOW.0 + FOLLOWED_UP_WITHIN_DAYS * 24 * HOUR);
        for (at, late) in [(two_weeks, 0), (Moment(two_weeks.0 + 1), 2)] {
            assert_eq!(late_at(&stage, at).await, late, "{}: late after two weeks", stage.store);
        }
        assert_eq!(code(NURSE, follow_up(&["o-1"], "closed", "")).await, "not-yours");
        let herself = (NURSE.0, Role::PrivacyOfficer);
        assert_eq!(code(herself, follow_up(&["o-1"], "closed", "")).await, "same-person");
        assert_eq!(code(OFFICER, follow_up(&["o-1"], "passed", "")).await, "to-missing");
        assert_eq!(code(OFFICER, follow_up(&["o-3"], "closed", "")).await, "openings-changed");
        assert_eq!(owed_of(&stage, "access-follow-up").await.len(), 2, "{}: nothing was refused in part", stage.store);
        assert_eq!(code(OFFICER, follow_up(&["o-1"], "passed", "Manager of Heron ward")).await, "done");
        assert_eq!(owed_of(&stage, "access-follow-up").await, ["o-2"], "{}", stage.store);
        assert_eq!(code(OFFICER, follow_up(&["o-1"], "closed", "")).await, "openings-changed");
        let closed = stage.act_by(("user/q.officer", OFFICER.1), follow_up(&["o-2"], "closed", ""), NOW).await;
        let closed = closed.unwrap();
        assert_eq!(owed_of(&stage, "access-follow-up").await, [""; 0], "{}", stage.store);
        assert_eq!(code(OFFICER, Command::Undo(Undo::of(&closed))).await, "not-undone");
        let told = [told(&stage, "p-1", "o-1").await, told(&stage, "p-2", "o-2").await];
        let expected = [
            "p.officer: To be followed up: Rota looked up; \
             p.officer: Passed to Manager of Heron ward: Spoke with her and her manager",
            "p.officer: To be followed up: Rota looked up; q.officer: Closed: Spoke with her and her manager",
        ];
        assert_eq!(told, expected, "{}", stage.store);
    }
}

/// How many follow-ups are late at a moment.
async fn late_at(stage: &Stage, at: Moment) -> u64 {
    let reading = stage.record.read(&permit_of(OFFICER.0, OFFICER.1), "test").await.unwrap();
    let kind = &administration::obligations::ACCESS_FOLLOW_UP;
    let everybody = administration::obligations::Scope::Everybody;
    let counted = administration::obligations::count(&reading, kind, &everybody, at).await.unwrap();
    reading.finish().await.unwrap();
    counted.late
}

/// What is told of an opening: its review and its follow-up, each with who said it.
async fn told(stage: &Stage, patient: &str, id: &str) -> String {
    let reading = stage.record.read(&permit_of(OFFICER.0, OFFICER.1), "test").await.unwrap();
    let opened = of_patient(&reading, patient).await.unwrap();
    let opening = opened.iter().find(|opening| opening.id == id).unwrap();
    let judged = judged_of_patient(&reading, patient).await.unwrap();
    reading.finish().await.unwrap();
    let (review, done) = (judged.review(opening).unwrap(), judged.follow_up(opening).unwrap());
    let by = |id: &str| id.trim_start_matches("user/").to_owned();
    format!("{}: {}; {}: {}", by(&review.by), review.words(), by(&done.by), done.words())
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_an_opening_nor_what_came_of_it_is_written_or_taken_back_by_another_door() {
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
        let ended = forged.replace("\"code\":\"review\"", "\"code\":\"follow-up\"");
        let other = Key::new("AuditEvent", "f-1");
        let cases = [
            (Role::Clinician, &key, Some(&opening), true),
            (Role::Clinician, &other, Some(&forged), true),
            (Role::System, &other, Some(&forged), true),
            (Role::Clinician, &other, Some(&ended), true),
            (Role::System, &other, Some(&ended), true),
            (Role::PrivacyOfficer, &other, Some(&ended), true),
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
