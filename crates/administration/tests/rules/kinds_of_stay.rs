//! Mixed-sex accommodation and detention under the Mental Health Act over a real record, on both stores: what was recorded is
//! counted, owed and ended, and nothing of it by itself.

use access::Role;
use administration::stays::{
    Admit, AfterLeaving, Breach, Death, Detain, Discharge, EndDetention, HandOn, MixedReason, MoveToBed, NotDead,
    SayWhyMixed, bay_with, breaches_since, detentions_of, stopped_by_death,
};
use administration::tasks::{ChangeTask, TaskChange};
use administration::{Command, Undo};
use terms::{Moment, PartialDate, local_date};

use crate::stage::{NOW, Stage, permit, stages};

const HOUR: i64 = 60 * 60_000;

fn admit(stay: &str, patient: &str, place: &str, hours_ago: i64) -> Command {
    let at = Moment(NOW.0 - hours_ago * HOUR);
    let (stay, patient, place) = (stay.to_owned(), patient.to_owned(), place.to_owned());
    Command::Admit(Admit { stay, patient, place, at, ..Admit::default() })
}

async fn with_sexes(stage: &Stage) {
    let patient = |id: &str, gender: &str| format!(r#"{{"resourceType":"Patient","id":"{id}","gender":"{gender}"}}"#);
    let genders = [("p-1", "female"), ("p-2", "female"), ("p-3", "male"), ("p-4", "unknown")];
    stage.put(&genders.map(|(id, gender)| patient(id, gender))).await;
}

async fn breaches(stage: &Stage, ward: Option<&str>) -> Vec<Breach> {
    let reading = stage.record.read(&permit(Role::Clerk), "test").await.unwrap();
    let found = breaches_since(&reading, ward, local_date(NOW).first_of_month(), NOW).await.unwrap();
    reading.finish().await.unwrap();
    found
}

fn told(found: &[Breach]) -> Vec<(&str, bool, bool)> {
    found.iter().map(|of| (of.stay.as_str(), of.to.is_none(), of.counts())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_shares_a_bay_with_the_other_sex_is_counted_with_the_reason_and_the_end() {
    for stage in stages().await {
        let store = stage.store;
        with_sexes(&stage).await;
        for (number, hours) in [(1, 9), (2, 8), (4, 7)] {
            stage
                .act(admit(&format!("s-{number}"), &format!("p-{number}"), &format!("bed-{number}"), hours))
                .await
                .unwrap();
        }
        assert_eq!(told(&breaches(&stage, None).await), [], "{store}: nobody shares with the other sex");
        stage.act(admit("s-3", "p-3", "bed-3", 4)).await.unwrap();
        let all = breaches(&stage, None).await;
        let expected = [("s-1", true, true), ("s-2", true, true), ("s-3", true, true), ("s-4", true, true)];
        assert_eq!(told(&all), expected, "{store}: everybody in the bay is affected");
        assert_eq!(all, breaches(&stage, Some("heron")).await, "{store}");
        assert_eq!(told(&breaches(&stage, Some("nowhere")).await), [], "{store}");

        // Why is said for each of them, and is a closed list.
        let of = |stays: &[&str]| {
            all.iter().filter(|of| stays.contains(&of.stay.as_str())).map(|of| (of.stay.clone(), of.from)).collect()
        };
        let why = |stays: &[&str], reason: &str| {
            Command::SayWhyMixed(SayWhyMixed { room: "bay-a".into(), of: of(stays), reason: reason.into() })
        };
        assert_eq!(stage.act(why(&["s-1"], "")).await.unwrap_err().code, "reason-missing", "{store}");
        assert_eq!(stage.act(why(&[], "no-bed")).await.unwrap_err().code, "patients-wrong", "{store}");
        let said = stage.act(why(&["s-1", "s-2"], "chosen")).await.unwrap();
        stage.act(why(&["s-3"], "no-bed")).await.unwrap();
        let expected = [("s-1", true, false), ("s-2", true, false), ("s-3", true, true), ("s-4", true, true)];
        assert_eq!(told(&breaches(&stage, None).await), expected, "{store}");
        stage.act(Command::Undo(Undo::of(&said))).await.unwrap();
        assert!(breaches(&stage, None).await.iter().all(Breach::counts), "{store}: an undo takes the reason back");

        // He goes to a trolley outside the bay: it has ended for all of them, and is still counted.
        let (to, at) = ("trolley".to_owned(), Moment(NOW.0 - HOUR));
        stage
            .act(Command::MoveToBed(MoveToBed { stay: "s-3".into(), to, at, earlier: None, mixed: None }))
            .await
            .unwrap();
        let ended = breaches(&stage, None).await;
        assert_eq!(ended.iter().filter(|of| of.to == Some(at)).count(), 4, "{store}: {ended:?}");
        assert_eq!(ended.iter().find(|of| of.stay == "s-3").and_then(|of| of.reason).map(|of| of.code), Some("no-bed"));
    }
}

fn detain(id: &str, section: &str, hours_ago: i64) -> Detain {
    Detain {
        id: id.into(),
        stay: "s-1".into(),
        section: section.into(),
        from: Moment(NOW.0 - hours_ago * HOUR),
        until: None,
        clinician: ("Practitioner/okafor".into(), "Dr L Okafor".into()),
    }
}

/// Section, whether it is in force, and how it ended.
async fn detentions(stage: &Stage) -> Vec<(&'static str, bool, Option<String>)> {
    let reading = stage.record.read(&permit(Role::Clinician), "test").await.unwrap();
    let found = detentions_of(&reading, "p-1").await.unwrap();
    reading.finish().await.unwrap();
    found.into_iter().map(|of| (of.section.code, of.is_in_force(), of.how)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detention_is_owed_until_another_section_or_its_end_is_recorded() {
    for stage in stages().await {
        let store = stage.store;
        stage.act(admit("s-1", "p-1", "bed-1", 100)).await.unwrap();
        let act = |command: Command| stage.act_in(Role::Clinician, command);
        let code = async |of: Detain| act(Command::Detain(of)).await.unwrap_err().code;
        assert_eq!(code(detain("d-1", "01", 90)).await, "section-missing", "{store}: informal is no detention");
        assert_eq!(code(detain("d-1", "05", -2)).await, "in-the-future", "{store}");
        let nobody = Detain { clinician: Default::default(), ..detain("d-1", "05", 90) };
        assert_eq!(code(nobody).await, "consultant", "{store}");
        let long = Detain { until: Some(Moment(NOW.0 + HOUR)), ..detain("d-1", "05", 90) };
        assert_eq!(code(long).await, "until-long", "{store}: 72 hours are the longest");
        assert_eq!(code(Detain { stay: "s-9".into(), ..detain("d-1", "05", 90) }).await, "no-stay", "{store}");

        // It has run out 18 hours ago and stays in force, owed by the ward and late, until somebody says what became of it.
        act(Command::Detain(detain("d-1", "05", 90))).await.unwrap();
        let owed = [("place/bed-1".to_owned(), "s-1".to_owned())];
        assert_eq!(stage.owed_to(Role::Clinician, "detention").await, owed, "{store}");
        assert_eq!(detentions(&stage).await, [("05", true, None)], "{store}");
        assert!(stage.text("Flag", "d-1").await.contains("Detained: Section 5(2)"), "{store}");

        // Another section follows it in one commit; one that began before it does not.
        assert_eq!(code(detain("d-2", "02", 91)).await, "later-known", "{store}");
        let receipt = act(Command::Detain(detain("d-2", "02", 20))).await.unwrap();
        assert_eq!(receipt.written.len(), 2, "{store}");
        assert_eq!(detentions(&stage).await, [("02", true, None), ("05", false, None)], "{store}");
        assert_eq!(stage.owed_to(Role::Clinician, "detention").await, owed, "{store}");

        let end = |at: i64, how: &str| {
            Command::EndDetention(EndDetention {
                detention: "d-2".into(),
                at: Moment(NOW.0 - at * HOUR),
                how: how.into(),
            })
        };
        assert_eq!(act(end(1, "")).await.unwrap_err().code, "how-missing", "{store}");
        assert_eq!(act(end(21, "tribunal")).await.unwrap_err().code, "before-it-began", "{store}");
        // A clerk reaches none of it, by whatever door, and records none.
        let reading = stage.record.read(&permit(Role::Clerk), "test").await.unwrap();
        assert!(detentions_of(&reading, "p-1").await.unwrap().is_empty(), "{store}");
        assert!(reading.get(&record::Key::new("Flag", "d-2")).await.unwrap().is_none(), "{store}");
        reading.finish().await.unwrap();
        assert_eq!(stage.act(end(1, "tribunal")).await.unwrap_err().code, "not-clinical", "{store}");
        let another = Command::Detain(detain("d-3", "02", 1));
        assert_eq!(stage.act(another).await.unwrap_err().code, "not-clinical", "{store}");
        act(end(1, "tribunal")).await.unwrap();
        let tribunal = Some("Discharged by a tribunal or the hospital managers".to_owned());
        assert_eq!(detentions(&stage).await, [("02", false, tribunal), ("05", false, None)], "{store}");
        assert_eq!(stage.owed_to(Role::Clinician, "detention").await, [], "{store}");
        assert_eq!(act(end(1, "tribunal")).await.unwrap_err().code, "ended", "{store}");
    }
}

fn discharge(hours_ago: i64, detained: Option<AfterLeaving>) -> Command {
    Command::Discharge(Discharge {
        stay: "s-1".into(),
        patient: "p-1".into(),
        at: Moment(NOW.0 - hours_ago * HOUR),
        method: "1".into(),
        destination: "19".into(),
        owners: HandOn::default(),
        detained,
    })
}

/// Of somebody who is detained: admitted 100 hours ago, under section 3 since 90.
async fn detained(stage: &Stage) {
    stage.act(admit("s-1", "p-1", "bed-1", 100)).await.unwrap();
    stage.act_in(Role::Clinician, Command::Detain(detain("d-1", "03", 90))).await.unwrap();
}

fn ended(hours_ago: i64, how: &str, by: &str) -> Option<AfterLeaving> {
    Some(AfterLeaving::Ended { at: Moment(NOW.0 - hours_ago * HOUR), how: how.into(), by: by.into() })
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_is_detained_is_discharged_without_saying_what_becomes_of_it() {
    for stage in stages().await {
        let store = stage.store;
        detained(&stage).await;
        let code = async |then| {
            let refusal = stage.act_in(Role::Clinician, discharge(1, then)).await.unwrap_err();
            (refusal.code, refusal.field)
        };
        assert_eq!(code(None).await, ("detained", Some("detained")), "{store}");
        assert_eq!(code(ended(1, "", "Dr L Okafor")).await.0, "how-missing", "{store}");
        assert_eq!(code(ended(1, "transferred", "Dr L Okafor")).await.0, "how-missing", "{store}");
        assert_eq!(code(ended(1, "clinician", " ")).await.0, "said-by", "{store}");
        assert_eq!(code(ended(91, "clinician", "Dr L Okafor")).await.0, "before-it-began", "{store}");
        assert_eq!(code(ended(-1, "clinician", "Dr L Okafor")).await, ("in-the-future", Some("detained_time")));
        assert!(stage.stay("s-1").await.state.is_live(), "{store}: nothing of it was committed");

        let then = ended(2, "clinician", "Dr L Okafor");
        let receipt = stage.act_in(Role::Clinician, discharge(1, then)).await.unwrap();
        assert!(receipt.written.iter().any(|one| one.key.kind == "Flag"), "{store}: in the same commit");
        let how = Some("Discharged by the responsible clinician".to_owned());
        assert_eq!(detentions(&stage).await, [("03", false, how)], "{store}");
        assert!(stage.text("Flag", "d-1").await.contains("Dr L Okafor"), "{store}: who says so is kept");
        assert_eq!(stage.owed_to(Role::Clinician, "detention").await, [], "{store}");
        // An undo brings both back.
        stage.act_in(Role::Clinician, Command::Undo(Undo::of(&receipt))).await.unwrap();
        assert_eq!(detentions(&stage).await, [("03", true, None)], "{store}");

        // Leave of absence goes on: still owed by the ward, until the section ends.
        let receipt = stage.act_in(Role::Clinician, discharge(1, Some(AfterLeaving::Leave))).await.unwrap();
        assert_eq!(detentions(&stage).await, [("03", true, None)], "{store}");
        let due = |text: &str| text.contains("urn:almoner:detention-leave");
        assert!(due(&stage.text("Flag", "d-1").await), "{store}");
        assert!(due_of(&stage).await > NOW, "{store}: by the end of the section");
        stage.act_in(Role::Clinician, Command::Undo(Undo::of(&receipt))).await.unwrap();

        stage.act_in(Role::Clinician, discharge(1, Some(AfterLeaving::Transferred))).await.unwrap();
        let how = Some("Transferred to another hospital".to_owned());
        assert_eq!(detentions(&stage).await, [("03", false, how)], "{store}");
    }
}

/// Until when the detention is owed.
async fn due_of(stage: &Stage) -> Moment {
    let reading = stage.record.read(&permit(Role::Clinician), "test").await.unwrap();
    let kind = administration::obligations::KINDS.iter().find(|known| known.code == "detention").unwrap();
    let query = administration::obligations::query(kind, &administration::obligations::Scope::Everybody, NOW);
    let page = reading.obligations(&query).await.unwrap();
    reading.finish().await.unwrap();
    page.obligations.first().unwrap().obligation.due
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_discharges_without_being_told_and_the_ward_owes_the_answer_at_once() {
    for stage in stages().await {
        let store = stage.store;
        detained(&stage).await;
        let receipt = stage.act(discharge(1, None)).await.unwrap();
        assert!(receipt.written.iter().all(|one| one.key.kind != "Flag"), "{store}");
        assert_eq!(detentions(&stage).await, [("03", true, None)], "{store}: nothing ends by itself");
        assert_eq!(due_of(&stage).await, Moment(NOW.0 - HOUR), "{store}: late since they left");
        let owed = [("place/bed-1".to_owned(), "s-1".to_owned())];
        assert_eq!(stage.owed_to(Role::Clinician, "detention").await, owed, "{store}");
    }
}

fn death() -> Command {
    let died = PartialDate::parse("2026-11-17T14:00:00Z").unwrap();
    Command::Death(Death { patient: "p-1".into(), died })
}

async fn end_of(stage: &Stage, how: &str) -> Result<record::Receipt, administration::Refusal> {
    let end = EndDetention { detention: "d-1".into(), at: Moment(NOW.0 - HOUR / 2), how: how.into() };
    stage.act_in(Role::Clinician, Command::EndDetention(end)).await
}

/// Open tasks that say that somebody was detained, as a role sees them.
async fn owed_after(stage: &Stage, role: Role) -> Vec<(String, String)> {
    let mut owed = stage.owed_to(role, "task").await;
    owed.retain(|(_, id)| id.starts_with("detained-death"));
    owed.iter_mut().for_each(|(_, id)| drop(id.split_off(id.rfind('-').unwrap())));
    owed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_ends_a_detention_and_the_commission_and_the_coroner_are_to_be_told() {
    let tasks = [("team/medical-examiner", "detained-death-coroner"), ("team/mental-health-act", "detained-death")];
    let tasks = tasks.map(|(team, kind)| (team.to_owned(), kind.to_owned()));
    let died = Some("The patient died".to_owned());
    for stage in stages().await {
        let store = stage.store;
        detained(&stage).await;
        assert_eq!(end_of(&stage, "died").await.unwrap_err().code, "died", "{store}: the death is recorded first");
        let receipt = stage.act_in(Role::Clinician, death()).await.unwrap();
        assert!(receipt.written.iter().any(|one| one.key.kind == "Flag"), "{store}: in the same commit");
        assert_eq!(detentions(&stage).await, [("03", false, died.clone())], "{store}");
        assert_eq!(owed_after(&stage, Role::Clinician).await, tasks, "{store}");
        assert_eq!(owed_after(&stage, Role::Clerk).await, [], "{store}: what tells of a detention is not for clerks");
        let reading = stage.record.read(&permit(Role::Clinician), "test").await.unwrap();
        let stopped = stopped_by_death(&reading, "p-1").await.unwrap();
        reading.finish().await.unwrap();
        assert!(stopped.iter().any(|one| one.what == "Detention ended: Section 3, treatment"), "{store}: {stopped:?}");

        // A death that was none: in force again, the coroner is not told any more, the Commission is told again.
        let commission = receipt
            .written
            .iter()
            .find(|one| one.key.id.starts_with("detained-death-") && !one.key.id.starts_with("detained-death-coroner"));
        let done = ChangeTask { task: commission.unwrap().key.id.clone(), to: TaskChange::Complete };
        stage.act_in(Role::Clinician, Command::ChangeTask(done)).await.unwrap();
        stage.act_in(Role::Clinician, Command::NotDead(NotDead { patient: "p-1".into() })).await.unwrap();
        assert_eq!(detentions(&stage).await, [("03", true, None)], "{store}");
        let again = [("team/mental-health-act".to_owned(), "detained-death-wrong".to_owned())];
        assert_eq!(owed_after(&stage, Role::Clinician).await, again, "{store}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_by_a_clerk_leaves_the_detention_to_the_ward_and_its_end_makes_the_tasks() {
    for stage in stages().await {
        let store = stage.store;
        detained(&stage).await;
        stage.act(death()).await.unwrap();
        assert_eq!(detentions(&stage).await, [("03", true, None)], "{store}");
        assert_eq!(due_of(&stage).await, Moment(NOW.0 - 35 * 60_000), "{store}: late since the death");
        assert_eq!(owed_after(&stage, Role::Clinician).await, [], "{store}");
        end_of(&stage, "died").await.unwrap();
        assert_eq!(owed_after(&stage, Role::Clinician).await.len(), 2, "{store}");
        assert_eq!(stage.owed_to(Role::Clinician, "detention").await, [], "{store}");
        // A clerk takes the death back: whoever sees detentions is asked what holds now.
        stage.act(Command::NotDead(NotDead { patient: "p-1".into() })).await.unwrap();
        let owed = [("place/bed-1".to_owned(), "s-1".to_owned())];
        assert_eq!(stage.owed_to(Role::Clinician, "detention").await, owed, "{store}");
        let receipt = stage.act_in(Role::Clinician, Command::Detain(detain("d-2", "03", 0))).await.unwrap();
        assert!(due_of(&stage).await > NOW, "{store}: recorded again");
        stage.act_in(Role::Clinician, Command::Undo(Undo::of(&receipt))).await.unwrap();
        end_of(&stage, "tribunal").await.unwrap();
        assert_eq!(stage.owed_to(Role::Clinician, "detention").await, [], "{store}: or how it really ended");
    }
}

fn go(stay: &str, to: &str, hours_ago: i64, why: Option<&str>) -> Command {
    let (to, at) = (to.to_owned(), Moment(NOW.0 - hours_ago * HOUR));
    let mixed = why.map(|code| MixedReason::answered(code).unwrap());
    Command::MoveToBed(MoveToBed { stay: stay.into(), to, at, earlier: None, mixed })
}

/// Stay, reason, whether it is put off, whether it counts.
async fn reasons(stage: &Stage) -> Vec<(String, Option<&'static str>, bool, bool)> {
    let found = breaches(stage, None).await.into_iter();
    found.map(|of| (of.stay.clone(), of.reason.map(|reason| reason.code), of.is_put_off, of.counts())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reason_that_a_move_into_a_mixed_bay_gives_is_kept_with_the_stays_and_may_be_put_off() {
    for stage in stages().await {
        let store = stage.store;
        with_sexes(&stage).await;
        stage.act(admit("s-1", "p-1", "bed-1", 9)).await.unwrap();
        stage.act(admit("s-3", "p-3", "trolley", 8)).await.unwrap();
        let reading = stage.reading().await;
        let alone = bay_with(&reading, "bed-2", ("s-9", "p-2")).await.unwrap().unwrap();
        let shared = bay_with(&reading, "bed-2", ("s-3", "p-3")).await.unwrap().unwrap();
        assert_eq!(bay_with(&reading, "trolley", ("s-3", "p-3")).await.unwrap(), None, "{store}: no bay");
        // Whoever is in that very bed leaves it.
        assert!(!bay_with(&reading, "bed-1", ("s-3", "p-3")).await.unwrap().unwrap().is_shared, "{store}");
        reading.finish().await.unwrap();
        assert!(!alone.is_shared && shared.is_shared && !shared.was_shared, "{store}");
        assert_eq!(shared.others, ["s-1"], "{store}");

        // Both are affected from then on, and both stays keep why.
        let receipt = stage.act(go("s-3", "bed-2", 4, Some("urgent-care"))).await.unwrap();
        assert!(receipt.written.iter().filter(|one| one.key.kind == "Encounter").count() == 2, "{store}: one commit");
        let why = |stay: &str, reason| (stay.to_owned(), reason, false, false);
        let both = [why("s-1", Some("urgent-care")), why("s-3", Some("urgent-care"))];
        assert_eq!(reasons(&stage).await, both, "{store}");
        // Who comes later says why of themselves; what was said of the others stays.
        stage.act(admit("s-2", "p-2", "bed-3", 3)).await.unwrap();
        let unsaid = ("s-2".to_owned(), None, false, true);
        assert_eq!(reasons(&stage).await, [both[0].clone(), both[1].clone(), unsaid], "{store}: nobody was asked");
        stage.act(go("s-2", "bed-4", 2, Some("not-given"))).await.unwrap();
        let put_off = ("s-2".to_owned(), None, true, true);
        assert_eq!(reasons(&stage).await, [both[0].clone(), both[1].clone(), put_off], "{store}: kept, and counts");
        assert!(stage.text("Encounter", "s-2").await.contains("not-given"), "{store}");
        // The move is taken back with what it said, of everybody.
        stage.act(go("s-3", "trolley", 1, None)).await.unwrap();
        let back = stage.act(go("s-3", "bed-2", 0, Some("not-given"))).await.unwrap();
        assert_eq!(
            reasons(&stage).await.iter().filter(|of| of.2).count(),
            4,
            "{store}: all three anew, and one before"
        );
        stage.act(Command::Undo(Undo::of(&back))).await.unwrap();
        assert_eq!(reasons(&stage).await.iter().filter(|of| of.2).count(), 1, "{store}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_that_was_given_on_arrival_holds_when_the_other_sex_comes_later() {
    for stage in stages().await {
        with_sexes(&stage).await;
        let mut first = admit("s-3", "p-3", "bed-1", 9);
        if let Command::Admit(admit) = &mut first {
            admit.mixed = MixedReason::answered("no-staff");
        }
        stage.act(first).await.unwrap();
        assert_eq!(reasons(&stage).await, [], "{}: a bay of his own", stage.store);
        stage.act(admit("s-1", "p-1", "bed-2", 5)).await.unwrap();
        let both = [("s-1".to_owned(), None, false, true), ("s-3".to_owned(), Some("no-staff"), false, true)];
        assert_eq!(reasons(&stage).await, both, "{}", stage.store);
    }
}
