//! Beds: one patient in one bed, an arrival never refused, moves and their undo.
//! Each rule is tried on both stores, through the commands and as another system would write.

use administration::places::{BedStatus, SetBedState};
use administration::stays::{Admit, MoveToBed, Then};
use administration::{Command, Undo};
use terms::Moment;

use crate::stage::{NOW, Stage, sent, stages};

const MINUTE: i64 = 60_000;

fn admit(stay: &str, patient: &str, place: &str, at: Moment) -> Command {
    let names = (stay.to_owned(), patient.to_owned(), place.to_owned());
    Command::Admit(Admit { stay: names.0, patient: names.1, place: names.2, at, ..Admit::default() })
}

fn go(stay: &str, to: &str, at: Moment, earlier: Option<Then>) -> Command {
    Command::MoveToBed(MoveToBed { stay: stay.into(), to: to.into(), at, earlier, mixed: None })
}

fn ago(minutes: i64) -> Moment {
    Moment(NOW.0 - minutes * MINUTE)
}

fn rows(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(stay, place)| ((*stay).to_owned(), (*place).to_owned())).collect()
}

async fn bed_status(stage: &Stage, bed: &str) -> String {
    let text = stage.text("Location", bed).await;
    let code = text.split("v2-0116\",\"code\":\"").nth(1).and_then(|rest| rest.chars().next());
    code.map_or("-".into(), String::from)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_arrival_is_never_refused_and_one_bed_holds_one_patient() {
    for stage in stages().await {
        let store = stage.store;
        stage.act(admit("s-1", "p-1", "bed-1", ago(60))).await.unwrap();
        // The bed is taken: the stay begins in the ward, without a bed.
        stage.act(admit("s-2", "p-2", "bed-1", ago(30))).await.unwrap();
        assert_eq!(stage.board().await, rows(&[("s-1", "bed-1"), ("s-2", "heron")]), "{store}");
        // Another system says that a third is in it: its words stay, the bed does not become theirs.
        stage.put(&[sent("s-3", "p-3", "bed-1")]).await;
        assert_eq!(stage.board().await, rows(&[("s-1", "bed-1"), ("s-2", "heron"), ("s-3", "!bed-1")]), "{store}");
        // When it says the same after the bed was left, the bed is theirs.
        stage.act(go("s-1", "bed-2", NOW, None)).await.unwrap();
        stage.put(&[sent("s-3", "p-3", "bed-1")]).await;
        assert_eq!(stage.board().await, rows(&[("s-1", "bed-2"), ("s-2", "heron"), ("s-3", "bed-1")]), "{store}");
        // Two in one commit: the first has the bed.
        stage.put(&[sent("s-3", "p-3", "bed-4"), sent("s-4", "p-4", "bed-4")]).await;
        let four = stage.board().await;
        assert_eq!(four[2..], rows(&[("s-3", "bed-4"), ("s-4", "!bed-4")]), "{store}");
    }
}

/// What is owed says the same as the board, which reads the places themselves (decision 0010).
#[tokio::test(flavor = "multi_thread")]
async fn a_trolley_of_a_day_unit_is_a_place_for_the_day_alone() {
    let place = |id: &str, kind: &str, above: &str| {
        format!(
            r#"{{"resourceType":"Location","id":"{id}","status":"active","name":"{id}","type":[{{"coding":[{{"system":"urn:almoner:place-kind","code":"{kind}"}}]}}]{above}}}"#
        )
    };
    let within = |ward: &str| format!(r#","partOf":{{"reference":"Location/{ward}"}}"#);
    let day = r#""extension":[{"url":"urn:almoner:decision-to-admit","extension":[{"url":"intended-management","valueCode":"2"}]}],"#;
    for stage in stages().await {
        stage.put(&[place("osprey", "day-unit", ""), place("lounge", "discharge-lounge", "")]).await;
        stage.put(&[place("couch", "trolley", &within("osprey")), place("seat", "chair", &within("lounge"))]).await;
        stage.put(&[sent("s-1", "p-1", "couch").replacen('{', &format!("{{{day}"), 1)]).await;
        stage.put(&[sent("s-2", "p-2", "couch"), sent("s-3", "p-3", "seat"), sent("s-4", "p-4", "trolley")]).await;
        let reading = stage.reading().await;
        let mut without = Vec::new();
        for ward in ["osprey", "lounge", "heron"] {
            let ward = administration::places::ward(&reading, ward).await.unwrap().unwrap();
            for stay in administration::stays::in_ward(&reading, &ward).await.unwrap() {
                let waits = !stay.needs_no_bed(ward.place.kind);
                assert_eq!(stay.not_in_a_bed, waits, "{}: {}", stage.store, stay.id);
                without.extend(waits.then_some(stay.id));
            }
        }
        reading.finish().await.unwrap();
        assert_eq!(without, ["s-2", "s-4"], "{}", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_system_sent_keeps_every_byte_but_the_tag() {
    for stage in stages().await {
        let text = sent("s-1", "p-1", "bed-1").replace("\"status\":\"in-progress\"", "\"status\" :  \"in-progress\"");
        stage.put(&[sent("s-9", "p-2", "bed-1")]).await;
        stage.put(&[text]).await;
        let kept = stage.text("Encounter", "s-1").await;
        assert!(kept.contains("\"status\" :  \"in-progress\""), "{kept}");
        assert!(kept.contains("\"code\":\"no-bed-yet\""), "{kept}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_race_for_a_bed_get_one_bed_and_one_refusal() {
    for stage in stages().await {
        for (stay, patient) in [("s-1", "p-1"), ("s-2", "p-2")] {
            stage.act(admit(stay, patient, "trolley", ago(60))).await.unwrap();
        }
        let (one, other) =
            tokio::join!(stage.act(go("s-1", "bed-3", NOW, None)), stage.act(go("s-2", "bed-3", NOW, None)));
        let refused: Vec<&str> = [one, other].iter().filter_map(|end| Some(end.as_ref().err()?.code)).collect();
        assert_eq!(refused, ["bed-taken"], "{}", stage.store);
        let board = stage.board().await;
        let places: Vec<&str> = board.iter().map(|(_, place)| place.as_str()).collect();
        assert!(places.contains(&"bed-3") && places.contains(&"trolley"), "{board:?}");
    }
}

/// Two who come to one bed at once, by whatever doors: one stay is in it, the others are in the ward and counted as without
/// a bed. Nobody is refused.
#[tokio::test(flavor = "multi_thread")]
async fn of_those_who_arrive_at_one_bed_at_once_one_is_in_it_and_the_others_are_counted() {
    for stage in stages().await {
        let people: Vec<String> =
            (11..=19).map(|id| format!(r#"{{"resourceType":"Patient","id":"p-{id}"}}"#)).collect();
        stage.put(&people).await;
        let form = async |id: u8, bed: &str| {
            drop(stage.act(admit(&format!("s-{id}"), &format!("p-{id}"), bed, ago(5))).await.unwrap());
        };
        let feed = async |id: u8, bed: &str| stage.put(&[sent(&format!("s-{id}"), &format!("p-{id}"), bed)]).await;
        tokio::join!(form(11, "bed-1"), form(12, "bed-1"));
        tokio::join!(feed(13, "bed-2"), feed(14, "bed-2"));
        tokio::join!(form(15, "bed-3"), feed(16, "bed-3"));
        tokio::join!(feed(17, "bed-4"), feed(18, "bed-4"), form(19, "bed-4"));

        let board = stage.board().await;
        assert_eq!(board.len(), 9, "{}: everybody is on the board: {board:?}", stage.store);
        let mut without = Vec::new();
        for (bed, stays) in [("bed-1", 11..=12), ("bed-2", 13..=14), ("bed-3", 15..=16), ("bed-4", 17..=19)] {
            let stays: Vec<String> = stays.map(|id| format!("s-{id}")).collect();
            let (inside, others): (Vec<_>, Vec<_>) =
                board.iter().filter(|(stay, _)| stays.contains(stay)).partition(|(_, place)| place == bed);
            assert_eq!(inside.len(), 1, "{}: {bed} holds one: {board:?}", stage.store);
            without.extend(others.into_iter().map(|(stay, _)| stay.clone()));
        }
        let mut counted: Vec<String> = stage.owed("no-bed").await.into_iter().map(|(_, stay)| stay).collect();
        counted.sort();
        without.sort();
        assert_eq!(counted, without, "{}", stage.store);
        assert_eq!(counted.len(), 5, "{}", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_earlier_patient_goes_where_the_form_says_or_both_change_places() {
    for stage in stages().await {
        stage.act(admit("s-1", "p-1", "bed-1", ago(60))).await.unwrap();
        stage.act(admit("s-2", "p-2", "bed-2", ago(60))).await.unwrap();
        stage.act(go("s-1", "bed-2", ago(1), Some(Then::Swap))).await.unwrap();
        assert_eq!(stage.board().await, rows(&[("s-1", "bed-2"), ("s-2", "bed-1")]), "{}", stage.store);
        stage.act(go("s-1", "bed-1", NOW, Some(Then::To("trolley".into())))).await.unwrap();
        assert_eq!(stage.board().await, rows(&[("s-1", "bed-1"), ("s-2", "trolley")]), "{}", stage.store);
        assert_eq!(bed_status(&stage, "bed-2").await, "H", "what is left empty is to be cleaned");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_told_late_takes_its_place_among_the_others() {
    for stage in stages().await {
        stage.act(admit("s-1", "p-1", "bed-1", ago(100))).await.unwrap();
        stage.act(go("s-1", "bed-3", ago(20), None)).await.unwrap();
        stage.act(go("s-1", "bed-2", ago(60), None)).await.unwrap();
        let stay = stage.stay("s-1").await;
        let places: Vec<(&str, bool)> =
            stay.places.iter().map(|place| (place.place.as_str(), place.to.is_some())).collect();
        assert_eq!(places, [("bed-1", true), ("bed-2", true), ("bed-3", false)], "{}", stage.store);
        let refused = stage.act(go("s-1", "bed-4", ago(101), None)).await.unwrap_err();
        assert_eq!(refused.code, "before-the-stay");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_restores_every_text_and_is_refused_when_something_stands_on_it() {
    for stage in stages().await {
        stage.act(admit("s-1", "p-1", "bed-1", ago(60))).await.unwrap();
        let texts = async || {
            let mut texts = Vec::new();
            // The bed that nobody has been in after all is not to be cleaned.
            for (kind, id) in [("Encounter", "s-1"), ("Location", "bed-1"), ("Location", "bed-2")] {
                texts.push(stage.text(kind, id).await.replace(|c: char| c.is_ascii_digit(), ""));
            }
            texts
        };
        let before = texts().await;
        let receipt = stage.act(go("s-1", "bed-2", NOW, None)).await.unwrap();
        stage.act(Command::Undo(Undo::of(&receipt))).await.unwrap();
        assert_eq!(before, texts().await, "{}", stage.store);
        let refused = stage.act(Command::Undo(Undo::of(&receipt))).await.unwrap_err();
        assert_eq!(refused.code, "built-upon");

        let receipt = stage.act(go("s-1", "bed-2", NOW, None)).await.unwrap();
        let late = stage.act_at(Command::Undo(Undo::of(&receipt)), Moment(receipt.moment.0 + 10 * MINUTE + 1)).await;
        assert_eq!(late.unwrap_err().code, "too-late");
        // The bed was given to another meanwhile: nobody is put beside them.
        stage.act(admit("s-2", "p-2", "bed-1", NOW)).await.unwrap();
        stage.act(Command::Undo(Undo::of(&receipt))).await.unwrap_err();
    }
}

/// What was recorded in a stay, or of a patient, stands on it: it is not withdrawn under it (operations 4).
#[tokio::test(flavor = "multi_thread")]
async fn what_something_was_recorded_on_since_is_not_withdrawn() {
    for stage in stages().await {
        let receipt = stage.act(admit("s-1", "p-1", "bed-1", NOW)).await.unwrap();
        let observation = |members: &str| {
            format!(
                r#"{{"resourceType":"Observation","id":"o-1","status":"final","code":{{"text":"Weight"}},{members}}}"#
            )
        };
        let of_stay = r#""subject":{"reference":"Patient/p-1"},"encounter":{"reference":"Encounter/s-1"}"#;
        stage.put(&[observation(of_stay)]).await;
        let undo = || Command::Undo(Undo::of(&receipt));
        assert_eq!(stage.act(undo()).await.unwrap_err().code, "built-upon", "{}", stage.store);
        stage.put(&[observation(r#""subject":{"reference":"Patient/p-1"}"#)]).await;
        stage.act(undo()).await.unwrap();
        assert!(stage.text("Encounter", "s-1").await.contains("entered-in-error"), "{}", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_bed_takes_nobody_and_closing_needs_a_reason() {
    for stage in stages().await {
        let set = |status, reason: Option<&str>| {
            let reason = reason.map(str::to_owned);
            Command::SetBedState(SetBedState { bed: "bed-1".into(), status, reason, until: None })
        };
        let refused = |end: Result<record::Receipt, administration::Refusal>| end.unwrap_err().code;
        // A clerk may say how a bed is.
        assert_eq!(refused(stage.act(set(BedStatus::Closed, None)).await), "reason-missing");
        stage.act(set(BedStatus::Closed, Some("Water leak"))).await.unwrap();
        assert_eq!(refused(stage.act(admit("s-1", "p-1", "bed-1", NOW)).await), "bed-closed");
        stage.act(set(BedStatus::Available, None)).await.unwrap();
        stage.act(admit("s-1", "p-1", "bed-1", NOW)).await.unwrap();
        assert_eq!(refused(stage.act(admit("s-2", "p-1", "bed-2", NOW)).await), "inpatient-already");
    }
}

/// A bed that is compromised is used with care: it takes somebody, and its state outlasts them.
#[tokio::test(flavor = "multi_thread")]
async fn a_compromised_bed_says_why_takes_a_patient_and_stays_compromised() {
    for stage in stages().await {
        let set = |status, reason: Option<&str>| {
            let reason = reason.map(str::to_owned);
            Command::SetBedState(SetBedState { bed: "bed-1".into(), status, reason, until: None })
        };
        let unsaid = stage.act(set(BedStatus::Compromised, None)).await.unwrap_err();
        assert_eq!((unsaid.code, unsaid.field), ("reason-missing", Some("reason")), "{}", stage.store);
        stage.act(set(BedStatus::Compromised, Some("Infection next to it"))).await.unwrap();
        stage.act(admit("s-1", "p-1", "bed-1", ago(30))).await.unwrap();
        assert_eq!(stage.board().await, rows(&[("s-1", "bed-1")]), "{}", stage.store);
        stage.act(go("s-1", "bed-2", ago(10), None)).await.unwrap();
        assert_eq!(bed_status(&stage, "bed-1").await, "K", "{}: until somebody says otherwise", stage.store);
        assert!(stage.text("Location", "bed-1").await.contains("Infection next to it"), "{}", stage.store);
        stage.act(set(BedStatus::Vacated, None)).await.unwrap();
        assert_eq!(bed_status(&stage, "bed-1").await, "H", "{}", stage.store);
    }
}
