//! Mixed-sex accommodation and detention under the Mental Health Act over a real record, on both stores: what was recorded is
//! counted, owed and ended, and nothing of it by itself.

use access::Role;
use administration::stays::{
    Admit, Breach, Detain, EndDetention, MoveToBed, SayWhyMixed, breaches_since, detentions_of,
};
use administration::{Command, Undo};
use terms::{Moment, local_date};

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
        stage.act(Command::MoveToBed(MoveToBed { stay: "s-3".into(), to, at, earlier: None })).await.unwrap();
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
