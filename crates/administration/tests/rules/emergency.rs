//! The emergency department on both stores: an attendance from the door to the ward, people whom nobody knows, undo.
//! Times are minutes before the moment of the stage.

use administration::emergency::{
    self, Arrive, AssessFirst, Attendance, By, Category, DecideToAdmit, Depart, Destination, ExpectAmbulance, FollowUp,
    HandOver, LeaveBeforeSeen, Mode, MoveInDepartment, Newcomer, Outcome, TakeOver, Takes, Triage, WaitFor, Whose,
};
use administration::stays::Admit;
use administration::{Command, Undo};
use terms::Moment;

use crate::stage::{NOW, Stage, emergency_places, stages};

fn ago(minutes: i64) -> Moment {
    Moment(NOW.0 - minutes * 60_000)
}

fn by() -> By {
    By { id: "user/t.tester".into(), name: "Toni Tester".into() }
}

fn arrive(attendance: &str, who: Whose, mode: Mode, at: Moment, place: Option<&str>) -> Command {
    Command::Arrive(Arrive {
        attendance: attendance.into(),
        who,
        department: "ed".into(),
        place: place.map(str::to_owned),
        at,
        mode: Some(mode),
        complaint: Some("Wrist injury".into()),
    })
}

fn known(patient: &str) -> Whose {
    Whose::Known(patient.into())
}

fn unknown(patient: &str) -> Whose {
    Whose::Unknown(Newcomer { patient: patient.into(), age: Some("40".into()), gender: None })
}

fn go(attendance: &str, to: &str, at: Moment) -> Command {
    Command::MoveInDepartment(MoveInDepartment { attendance: attendance.into(), to: to.into(), at })
}

async fn set() -> Vec<Stage> {
    let stages = stages().await;
    for stage in &stages {
        stage.put(&emergency_places()).await;
    }
    stages
}

async fn attendance(stage: &Stage, id: &str) -> Attendance {
    let reading = stage.reading().await;
    let found = emergency::attendance(&reading, id).await.unwrap().unwrap();
    reading.finish().await.unwrap();
    found
}

/// Who is in the department with their places, and who is due.
async fn board(stage: &Stage) -> (Vec<(String, String)>, usize) {
    let reading = stage.reading().await;
    let department = emergency::department(&reading, "ed").await.unwrap().unwrap();
    reading.finish().await.unwrap();
    let place = |attendance: &Attendance| attendance.stay.place().map(|place| place.place.clone()).unwrap_or_default();
    let here = department.here.iter().map(|attendance| (attendance.stay.id.clone(), place(attendance)));
    (here.collect(), department.due.len())
}

/// An attendance from the ambulance that is due to the decision to admit.
async fn to_the_decision(stage: &Stage) {
    let store = stage.store;
    let due = ExpectAmbulance {
        attendance: "a".into(),
        department: "ed".into(),
        due: Moment(NOW.0 + 480_000),
        described: Some("71y Male".into()),
        complaint: Some("Stroke call".into()),
        place: Some("m-1".into()),
    };
    stage.act(Command::ExpectAmbulance(due)).await.unwrap();
    assert_eq!(board(stage).await, (vec![], 1), "{store}");
    stage.act(arrive("a", known("p-1"), Mode::Ambulance, ago(60), Some("m-1"))).await.unwrap();
    assert_eq!(board(stage).await, (vec![("a".into(), "m-1".into())], 0), "{store}");
    stage.act(Command::HandOver(HandOver { attendance: "a".into(), at: ago(52) })).await.unwrap();
    let triage = Triage {
        attendance: "a".into(),
        category: Category::of(2),
        complaint: Some("Asthma".into()),
        at: ago(50),
        by: by(),
    };
    stage.act(Command::Triage(triage)).await.unwrap();
    stage.act(Command::AssessFirst(AssessFirst { attendance: "a".into(), at: ago(49), by: by() })).await.unwrap();
    let take = |name: &str, takes, at| {
        let name = Some(name.to_owned());
        Command::TakeOver(TakeOver { attendance: "a".into(), who: None, name, takes, at })
    };
    stage.act(take("Dr Rao", Takes::AsClinician, ago(40))).await.unwrap();
    stage.act(take("Dr Eze", Takes::AsClinician, ago(30))).await.unwrap();
    stage.act(take("Dr F Amadi, consultant", Takes::AsSenior, ago(30))).await.unwrap();
    let (now, waits_for) = (Some("Gases back".to_owned()), Some("Porter".to_owned()));
    stage.act(Command::WaitFor(WaitFor { attendance: "a".into(), now, waits_for, at: ago(20) })).await.unwrap();
    let decide = DecideToAdmit {
        attendance: "a".into(),
        stay: "s".into(),
        treatment_function: Some(("340".into(), "Respiratory Medicine".into())),
        consultant: Some(("Practitioner/okafor".into(), "Dr Okafor".into())),
        note: None,
        at: ago(15),
        by: by(),
    };
    stage.act(Command::DecideToAdmit(decide)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attendance_goes_from_the_ambulance_to_the_ward_s_list() {
    for stage in set().await {
        let store = stage.store;
        to_the_decision(&stage).await;

        let is = attendance(&stage, "a").await;
        let name = |carer: &Option<emergency::Carer>| carer.as_ref().map(|carer| carer.name.clone());
        assert_eq!((is.arrived, is.handed_over), (Some(ago(60)), Some(ago(52))), "{store}");
        assert_eq!((is.category, is.triaged.clone().unwrap().at), (Category::of(2), ago(50)), "{store}");
        assert_eq!(is.triaged.unwrap().by.as_deref(), Some("Toni Tester"), "{store}");
        assert_eq!(
            (name(&is.clinician), name(&is.senior)),
            (Some("Dr Eze".into()), Some("Dr F Amadi, consultant".into()))
        );
        assert_eq!((is.complaint.as_deref(), is.waits_for.as_deref()), (Some("Asthma"), Some("Porter")), "{store}");
        let decision = is.decision.unwrap();
        assert_eq!((decision.at, decision.team.as_str()), (ago(15), "Dr Okafor, Respiratory Medicine"), "{store}");
        // The wards know one thing of it: an expected stay with the method of admission.
        let stay = stage.stay(decision.stay.as_ref().unwrap()).await;
        assert_eq!(stay.state, administration::stays::StayState::Expected, "{store}");
        assert_eq!((stay.method.as_deref(), stay.treatment_function.as_deref()), (Some("21"), Some("340")), "{store}");
        let text = stage.text("Encounter", "a").await;
        for status in ["arrived", "triaged"] {
            assert!(text.contains(&format!(r#"{{"status":"{status}","period":"#)), "{store}: {text}");
        }

        let depart = Depart {
            attendance: "a".into(),
            at: ago(1),
            outcome: Some(Outcome::Admitted),
            destination: Some(Destination::Ward),
            follow_up: Some(FollowUp::InpatientTeam),
            diagnosis: Some("Asthma, exacerbation".into()),
            by: by(),
        };
        stage.act(Command::Depart(depart)).await.unwrap();
        assert_eq!(board(&stage).await, (vec![], 0), "{store}");
        let is = attendance(&stage, "a").await;
        assert_eq!((is.left, is.outcome), (Some(ago(1)), Some(Outcome::Admitted)), "{store}");
        let reading = stage.reading().await;
        let ward = administration::places::ward(&reading, "ed").await.unwrap().unwrap();
        let left = emergency::left_on(&reading, &ward, terms::local_date(NOW)).await.unwrap();
        assert_eq!(left.len(), 1, "{store}: counted once, though it was in two places");
        // The spell began with the decision; the attendance ended when they left; the ward has them since they came.
        let admit = Admit {
            stay: decision.stay.clone().unwrap(),
            patient: "p-1".into(),
            place: "bed-1".into(),
            at: NOW,
            ..Admit::default()
        };
        stage.act(Command::Admit(admit)).await.unwrap();
        let stay = stage.stay(decision.stay.as_ref().unwrap()).await;
        assert_eq!(stay.started.as_ref().unwrap().lower(), ago(15), "{store}");
        assert_eq!(stay.consultant().unwrap().from.as_ref().unwrap().lower(), ago(15), "{store}");
        assert_eq!(stay.place().unwrap().from.as_ref().unwrap().lower(), NOW, "{store}");
        assert!(emergency::left_on(&reading, &ward, terms::local_date(Moment(0))).await.unwrap().is_empty());
        reading.finish().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_arrival_is_never_refused_for_a_cubicle_and_a_cubicle_holds_one() {
    for stage in set().await {
        let store = stage.store;
        stage.act(arrive("a", known("p-1"), Mode::OnFoot, ago(60), Some("m-1"))).await.unwrap();
        stage.act(arrive("b", known("p-2"), Mode::OnFoot, ago(50), Some("m-1"))).await.unwrap();
        stage.act(arrive("c", known("p-3"), Mode::OnFoot, ago(40), None)).await.unwrap();
        let place = |board: &[(String, String)], id: &str| {
            board.iter().find(|(of, _)| of == id).map(|(_, place)| place.clone()).unwrap()
        };
        let (here, _) = board(&stage).await;
        let places = ["a", "b", "c"].map(|id| place(&here, id));
        assert_eq!(places, ["m-1", "majors", "ed"], "{store}");
        assert_eq!(stage.act(go("b", "m-1", NOW)).await.unwrap_err().code, "place-taken", "{store}");
        // Many are in a corridor.
        for id in ["b", "c"] {
            stage.act(go(id, "ed-corridor", NOW)).await.unwrap();
        }
        // Two who race for a cubicle: one has it, the other is told.
        let (one, other) = tokio::join!(stage.act(go("b", "m-2", NOW)), stage.act(go("c", "m-2", NOW)));
        let codes: Vec<&str> = [one, other].iter().filter_map(|end| Some(end.as_ref().err()?.code)).collect();
        assert_eq!(codes, ["place-taken"], "{store}");
        assert_eq!(stage.act(go("a", "bed-1", NOW)).await.unwrap_err().code, "no-place", "{store}: a bed of a ward");
        let twice = arrive("d", known("p-1"), Mode::OnFoot, NOW, None);
        assert_eq!(stage.act(twice).await.unwrap_err().code, "here-already", "{store}");
        // A place that is left is to be cleaned.
        stage.act(go("a", "ed-corridor", NOW)).await.unwrap();
        let text = stage.text("Location", "m-1").await;
        assert!(text.contains(r#""code":"H""#), "{store}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_somebody_whose_cubicle_is_another_s_is_not_refused() {
    for stage in set().await {
        stage.act(arrive("a", known("p-1"), Mode::OnFoot, ago(60), Some("m-1"))).await.unwrap();
        // Another system puts a second person there.
        let sent = crate::stage::sent("x", "p-2", "m-1").replace("IMP", "EMER");
        stage.put(&[sent]).await;
        let take = TakeOver {
            attendance: "x".into(),
            who: None,
            name: Some("Dr Rao".into()),
            takes: Takes::AsClinician,
            at: NOW,
        };
        stage.act(Command::TakeOver(take)).await.unwrap();
        assert!(attendance(&stage, "x").await.stay.no_bed_yet, "{}", stage.store);
        let (here, _) = board(&stage).await;
        assert_eq!(here.len(), 2, "{}: both are on the board", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_whom_nobody_knows_have_names_and_numbers_of_their_own() {
    for stage in set().await {
        let store = stage.store;
        let (one, other) = tokio::join!(
            stage.act(arrive("a", unknown("u-1"), Mode::Ambulance, ago(5), None)),
            stage.act(arrive("b", unknown("u-2"), Mode::Ambulance, ago(5), None)),
        );
        one.unwrap();
        other.unwrap();
        let texts = [stage.text("Patient", "u-1").await, stage.text("Patient", "u-2").await];
        let given = |text: &str| text.split(r#""given":[""#).nth(1).unwrap().split('"').next().unwrap().to_owned();
        let names = texts.each_ref().map(|text| given(text));
        assert_ne!(names[0].split(' ').next(), names[1].split(' ').next(), "{store}: {names:?}");
        for text in &texts {
            assert!(text.contains(r#""code":"identity-unknown""#), "{store}: {text}");
            assert!(text.contains(r#""valueInteger":40"#), "{store}: {text}");
            assert!(!text.contains("gender") && !text.contains("birthDate"), "{store}: nothing is made up: {text}");
        }
        // Two numbers of the block that is kept for them.
        let has = |number: &str| texts.iter().filter(|text| text.contains(number)).count();
        assert_eq!((has("H 900 001"), has("H 900 002")), (1, 1), "{store}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_is_undone() {
    for stage in set().await {
        let store = stage.store;
        stage.act(arrive("a", known("p-1"), Mode::Ambulance, ago(60), Some("m-1"))).await.unwrap();
        let triage = Triage { attendance: "a".into(), category: Category::of(2), complaint: None, at: NOW, by: by() };
        let name = Some("Dr Rao".to_owned());
        let take = TakeOver { attendance: "a".into(), who: None, name, takes: Takes::AsClinician, at: NOW };
        let waits_for = Some("Doctor".to_owned());
        let decide = DecideToAdmit {
            attendance: "a".into(),
            stay: "s".into(),
            treatment_function: Some(("340".into(), "Respiratory Medicine".into())),
            consultant: None,
            note: None,
            at: NOW,
            by: by(),
        };
        let steps = [
            Command::HandOver(HandOver { attendance: "a".into(), at: ago(50) }),
            Command::Triage(triage),
            Command::AssessFirst(AssessFirst { attendance: "a".into(), at: NOW, by: by() }),
            go("a", "m-2", NOW),
            Command::TakeOver(take),
            Command::WaitFor(WaitFor { attendance: "a".into(), now: None, waits_for, at: NOW }),
            Command::DecideToAdmit(decide),
            Command::LeaveBeforeSeen(LeaveBeforeSeen { attendance: "a".into(), at: NOW, by: by() }),
        ];
        let before = attendance(&stage, "a").await;
        for step in steps {
            let receipt = stage.act(step.clone()).await.unwrap();
            assert_ne!(attendance(&stage, "a").await, before, "{store}: {step:?}");
            stage.act(Command::Undo(Undo::of(&receipt))).await.unwrap();
            assert_eq!(attendance(&stage, "a").await, before, "{store}: {step:?}");
        }
        // Even the arrival, and with it whoever was registered for it.
        let receipt = stage.act(arrive("b", unknown("u-1"), Mode::OnFoot, NOW, None)).await.unwrap();
        stage.act(Command::Undo(Undo::of(&receipt))).await.unwrap();
        assert_eq!(board(&stage).await.0.len(), 1, "{store}");
        assert!(stage.text("Patient", "u-1").await.contains(r#""active":false"#), "{store}");
    }
}
