//! Inpatients: from the decision to admit to discharge and death, with everything that is corrected in between.
//! Each on both stores, through the commands as a clerk gives them.

use administration::places::BedStatus;
use administration::stays::{
    Admit, AfterCancelling, CancelAdmission, CancelMove, ChangeConsultant, CorrectMove, Death, Discharge,
    DischargePlan, HandOn, Leave, MoveToBed, NotDead, ReleaseBed, RequestAdmission, ReserveBed, Return,
    SetDischargePlan, SetTci, Stay, StayState, account, bed_requests, still_owed, stopped_by_death, to_come_in,
    to_rebook,
};
use administration::tasks::{ChangeTask, TaskChange};
use administration::{Command, Undo};
use fhir::write::{Object, array, reference};
use record::Key;
use terms::{Moment, PartialDate, local_date};

use crate::stage::{NOW, Stage, sent, stages};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

fn ago(minutes: i64) -> Moment {
    Moment(NOW.0 - minutes * MINUTE)
}

fn date(text: &str) -> PartialDate {
    PartialDate::parse(text).unwrap()
}

fn admit(stay: &str, patient: &str, place: &str, at: Moment) -> Command {
    let names = (stay.to_owned(), patient.to_owned(), place.to_owned());
    Command::Admit(Admit { stay: names.0, patient: names.1, place: names.2, at, ..Admit::default() })
}

fn go(stay: &str, to: &str, at: Moment) -> Command {
    Command::MoveToBed(MoveToBed { stay: stay.into(), to: to.into(), at, earlier: None, mixed: None })
}

fn elective(stay: &str, patient: &str) -> RequestAdmission {
    RequestAdmission {
        stay: stay.into(),
        patient: patient.into(),
        decided: ago(30 * 24 * 60),
        method: "11".into(),
        priority: Some("P3".into()),
        intended: Some("1".into()),
        treatment_function: Some(("110".into(), "Trauma and orthopaedics".into())),
        consultant: Some(("Practitioner/shah".into(), "Mr R Shah".into())),
        reason: "Hip replacement".into(),
        ward: Some("heron".into()),
        needs: vec!["side-room".into()],
        ..RequestAdmission::default()
    }
}

fn tci(stay: &str, day: &str) -> Command {
    Command::SetTci(SetTci { stay: stay.into(), tci: date(day), is_reasonable: Some(true) })
}

fn reserve(stay: &str, bed: &str) -> Command {
    Command::ReserveBed(ReserveBed { stay: stay.into(), bed: bed.into(), from: None })
}

fn discharge(stay: &str, patient: &str, at: Moment) -> Command {
    let (method, destination) = ("1".to_owned(), "19".to_owned());
    Command::Discharge(Discharge {
        stay: stay.into(),
        patient: patient.into(),
        at,
        method,
        destination,
        owners: HandOn::default(),
        detained: None,
    })
}

fn cancel(stay: &str, outcome: Option<&str>, is_clinical: Option<bool>, then: AfterCancelling) -> Command {
    let (outcome, reason) = (outcome.map(str::to_owned), "No theatre staff".to_owned());
    Command::CancelAdmission(CancelAdmission { stay: stay.into(), outcome, reason, is_clinical, then })
}

async fn refused(stage: &Stage, command: Command) -> &'static str {
    stage.act(command).await.unwrap_err().code
}

async fn ids(stage: &Stage, day: &str) -> Vec<String> {
    let reading = stage.reading().await;
    let stays = to_come_in(&reading, date(day).date().unwrap()).await.unwrap();
    reading.finish().await.unwrap();
    stays.into_iter().map(|stay| stay.id).collect()
}

async fn status_of(stage: &Stage, bed: &str) -> BedStatus {
    let reading = stage.reading().await;
    let place = administration::places::place(&reading, bed).await.unwrap().unwrap();
    reading.finish().await.unwrap();
    place.bed.status
}

fn spans(stay: &Stay) -> Vec<(String, i64)> {
    let minutes = |place: &administration::stays::PlaceTime| {
        let from = place.from.as_ref().unwrap().lower();
        (place.place.clone(), (NOW.0 - from.0) / MINUTE)
    };
    stay.places.iter().map(minutes).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_moved_keeps_the_first_one_and_the_list_of_a_day_has_those_who_came() {
    for stage in stages().await {
        stage.act(Command::RequestAdmission(elective("s-1", "p-1"))).await.unwrap();
        let stay = stage.stay("s-1").await;
        assert_eq!((stay.state, stay.request.tci()), (StayState::Expected, None), "{}", stage.store);
        assert_eq!(stay.priority.as_deref(), Some("P3"));
        assert_eq!(stay.wanted().unwrap().place, "heron");
        for day in ["2026-11-20", "2026-11-24T09:30:00Z", "2026-11-17T14:00:00Z"] {
            stage.act(tci("s-1", day)).await.unwrap();
        }
        let request = stage.stay("s-1").await.request;
        assert_eq!(request.first_tci().unwrap().text(), "2026-11-20");
        assert_eq!((request.tci().unwrap().text(), request.times_moved()), ("2026-11-17T14:00:00Z", 2));
        assert_eq!(ids(&stage, "2026-11-20").await, Vec::<String>::new(), "a day that was given up");
        assert_eq!(ids(&stage, "2026-11-17").await, ["s-1"]);
        assert_eq!(refused(&stage, tci("s-1", "2026-11-16")).await, "tci-day");
        stage.act(reserve("s-1", "bed-2")).await.unwrap();
        stage.act(admit("s-1", "p-1", "bed-2", ago(5))).await.unwrap();
        let stay = stage.stay("s-1").await;
        assert_eq!((stay.state, stay.reserved()), (StayState::Present, None), "what was kept is taken up");
        assert_eq!(stay.method.as_deref(), Some("11"));
        assert_eq!(
            stay.consultant().unwrap().from.as_ref().unwrap().lower(),
            ago(5),
            "the episode begins with the stay"
        );
        assert_eq!(ids(&stage, "2026-11-17").await, ["s-1"], "who came is still on the list of the day");
        assert_eq!(refused(&stage, tci("s-1", "2026-11-25")).await, "not-expected");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_minute_cancellation_by_the_hospital_owes_another_day_within_28() {
    for stage in stages().await {
        stage.act(Command::RequestAdmission(elective("s-1", "p-1"))).await.unwrap();
        stage.act(tci("s-1", "2026-11-17T14:00:00Z")).await.unwrap();
        stage.act(reserve("s-1", "bed-2")).await.unwrap();
        assert_eq!(refused(&stage, cancel("s-1", Some("7"), None, AfterCancelling::Waits)).await, "clinical");
        assert_eq!(refused(&stage, cancel("s-1", Some("6"), None, AfterCancelling::Waits)).await, "outcome-day");
        stage.act(cancel("s-1", Some("7"), Some(false), AfterCancelling::Waits)).await.unwrap();
        let reading = stage.reading().await;
        let owed = to_rebook(&reading).await.unwrap();
        reading.finish().await.unwrap();
        assert_eq!(owed[0].request.rebook_by().unwrap().to_string(), "2026-12-15", "{}", stage.store);
        assert_eq!((owed[0].state, owed[0].reserved()), (StayState::Expected, None), "the bed is let go");
        stage.act(tci("s-1", "2026-12-01")).await.unwrap();
        let reading = stage.reading().await;
        assert!(to_rebook(&reading).await.unwrap().is_empty(), "a new day was offered");
        reading.finish().await.unwrap();
        stage.act(cancel("s-1", Some("2"), None, AfterCancelling::Leaves("4".into()))).await.unwrap();
        let stay = stage.stay("s-1").await;
        assert_eq!((stay.state, stay.request.removed.as_deref()), (StayState::Cancelled, Some("4")));
        assert_eq!(stay.request.offers.len(), 2, "every offer is kept");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_refused_until_it_says_what_lists_need_and_one_from_the_department_waits_by_its_decision() {
    for stage in stages().await {
        let with = |change: fn(&mut RequestAdmission)| {
            let mut request = elective("s-1", "p-1");
            change(&mut request);
            Command::RequestAdmission(request)
        };
        assert_eq!(refused(&stage, with(|of| of.patient = "nobody".into())).await, "no-patient");
        assert_eq!(refused(&stage, with(|of| of.method.clear())).await, "method");
        assert_eq!(refused(&stage, with(|of| of.priority = None)).await, "priority");
        assert_eq!(refused(&stage, with(|of| of.intended = None)).await, "intended");
        assert_eq!(refused(&stage, with(|of| of.treatment_function = None)).await, "team");
        assert_eq!(refused(&stage, with(|of| of.reason = " ".into())).await, "reason");
        assert_eq!(refused(&stage, with(|of| of.ward = Some("bed-1".into()))).await, "ward");
        assert_eq!(refused(&stage, with(|of| of.decided = Moment(NOW.0 + DAY))).await, "in-the-future");
        for (stay, patient, minutes) in [("s-1", "p-1", 75), ("s-2", "p-2", 115)] {
            let mut request = RequestAdmission { method: "21".into(), ..elective(stay, patient) };
            request.decided = ago(minutes);
            stage.act(Command::RequestAdmission(request)).await.unwrap();
        }
        let reading = stage.reading().await;
        let waiting: Vec<String> = bed_requests(&reading).await.unwrap().into_iter().map(|stay| stay.id).collect();
        reading.finish().await.unwrap();
        assert_eq!(waiting, ["s-2", "s-1"], "{}: the longest wait first", stage.store);
        assert_eq!(refused(&stage, with(|_| ())).await, "not-new", "an id that is in use");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bed_is_kept_for_one_patient_and_can_be_let_go() {
    for stage in stages().await {
        for (stay, patient) in [("s-1", "p-1"), ("s-2", "p-2")] {
            stage.act(Command::RequestAdmission(elective(stay, patient))).await.unwrap();
        }
        let (one, other) = tokio::join!(stage.act(reserve("s-1", "bed-2")), stage.act(reserve("s-2", "bed-2")));
        let refusals: Vec<&str> = [&one, &other].iter().filter_map(|end| Some(end.as_ref().err()?.code)).collect();
        assert_eq!(refusals, ["bed-reserved"], "{}", stage.store);
        let (holder, loser) = if one.is_ok() { ("s-1", "s-2") } else { ("s-2", "s-1") };
        let release = |stay: &str| Command::ReleaseBed(ReleaseBed { stay: stay.into() });
        assert_eq!(refused(&stage, release(loser)).await, "none-reserved");
        stage.act(release(holder)).await.unwrap();
        stage.act(reserve(loser, "bed-2")).await.unwrap();
        stage.act(reserve(loser, "bed-3")).await.unwrap();
        assert_eq!(stage.stay(loser).await.reserved().unwrap().place, "bed-3", "one bed at a time");
        assert_eq!(stage.stay(loser).await.wanted().unwrap().place, "heron", "the wanted ward stays");
        assert_eq!(refused(&stage, reserve(loser, "trolley")).await, "no-bed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_kept_with_the_stay_and_says_nothing_of_the_bed() {
    for stage in stages().await {
        stage.put(&[sent("s-9", "p-2", "bed-1")]).await;
        stage.put(&[sent("s-1", "p-1", "bed-1")]).await;
        assert!(stage.stay("s-1").await.no_bed_yet);
        let day = local_date(NOW);
        let plan = DischargePlan { meets_criteria: Some(false), asked_on: Some(day), ..DischargePlan::default() };
        let set = |plan: DischargePlan, seen| {
            Command::SetDischargePlan(SetDischargePlan { stay: "s-1".into(), seen, plan, expected_end: Some(day) })
        };
        stage.act(set(plan.clone(), Some(1))).await.unwrap();
        let stay = stage.stay("s-1").await;
        assert_eq!((&stay.plan, stay.no_bed_yet), (&plan, true), "{}", stage.store);
        assert_eq!(stay.expected_end.unwrap().date(), Some(day));
        assert_eq!(refused(&stage, set(DischargePlan::default(), Some(1))).await, "changed-since");
        stage.act(set(DischargePlan::default(), Some(2))).await.unwrap();
        assert_eq!(stage.stay("s-1").await.plan, DischargePlan::default());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expected_day_is_recorded_with_the_admission_and_another_takes_its_place() {
    for stage in stages().await {
        let by_gp = Admit {
            stay: "s-1".into(),
            patient: "p-1".into(),
            place: "bed-1".into(),
            at: ago(60),
            method: Some(("22".into(), "GP, direct to the hospital".into())),
            treatment_function: Some(("300".into(), "General medicine".into())),
            expected_end: Some("2026-11-20".into()),
            ..Admit::default()
        };
        stage.act(Command::Admit(by_gp)).await.unwrap();
        let stay = stage.stay("s-1").await;
        assert_eq!((stay.method.as_deref(), stay.treatment_function.as_deref()), (Some("22"), Some("300")));
        assert_eq!(stay.expected_end.unwrap().text(), "2026-11-20", "{}", stage.store);
        assert_eq!(stage.owed("no-expected-discharge").await, [], "{}: nobody is asked again", stage.store);
        let expected_end = date("2026-11-24").date();
        let plan = DischargePlan::default();
        let other = SetDischargePlan { stay: "s-1".into(), seen: Some(1), plan, expected_end };
        stage.act(Command::SetDischargePlan(other)).await.unwrap();
        assert_eq!(stage.stay("s-1").await.expected_end.unwrap().text(), "2026-11-24", "{}", stage.store);
        // What was expected before is kept as the version before.
        let reading = stage.reading().await;
        let first = reading.version(&Key::new("Encounter", "s-1"), 1).await.unwrap().unwrap();
        reading.finish().await.unwrap();
        assert!(String::from_utf8_lossy(&first.text).contains("2026-11-20"), "{}", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_episode_ends_when_the_next_consultant_begins_also_told_late() {
    for stage in stages().await {
        let consultant = |id: &str| (format!("Practitioner/{id}"), format!("Dr {id}"));
        stage
            .act(Command::Admit(Admit {
                stay: "s-1".into(),
                patient: "p-1".into(),
                place: "bed-1".into(),
                at: ago(100),
                consultant: Some(consultant("a")),
                treatment_function: Some(("300".into(), "General medicine".into())),
                ..Admit::default()
            }))
            .await
            .unwrap();
        let change = |who: &str, at: Moment, function: Option<(&str, &str)>| {
            let treatment_function = function.map(|(code, words)| (code.to_owned(), words.to_owned()));
            let consultant = consultant(who);
            Command::ChangeConsultant(ChangeConsultant { stay: "s-1".into(), at, consultant, treatment_function })
        };
        stage.act(change("c", ago(20), Some(("320", "Cardiology")))).await.unwrap();
        stage.act(change("b", ago(60), None)).await.unwrap();
        let stay = stage.stay("s-1").await;
        let minutes = |at: &Option<PartialDate>| at.as_ref().map(|at| (NOW.0 - at.lower().0) / MINUTE);
        let episodes: Vec<_> = stay
            .care
            .iter()
            .map(|care| (care.who.as_str(), care.treatment_function.as_deref(), minutes(&care.from), minutes(&care.to)))
            .collect();
        let expected = [
            ("Practitioner/a", Some("300"), Some(100), Some(60)),
            ("Practitioner/b", Some("300"), Some(60), Some(20)),
            ("Practitioner/c", Some("320"), Some(20), None),
        ];
        assert_eq!(episodes, expected, "{}", stage.store);
        assert_eq!(stay.treatment_function.as_deref(), Some("320"));
        assert_eq!(refused(&stage, change("b", ago(50), None)).await, "consultant-same");
        assert_eq!(refused(&stage, change("b", ago(101), None)).await, "before-the-stay");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_leave_the_bed_is_kept_or_not_and_whoever_comes_back_is_never_refused() {
    for stage in stages().await {
        stage.act(admit("s-1", "p-1", "bed-1", ago(300))).await.unwrap();
        let leave = |at, keeps_bed| Command::Leave(Leave { stay: "s-1".into(), at, keeps_bed, back_by: None });
        let back = |at, place: Option<&str>| {
            Command::Return(Return { stay: "s-1".into(), at, place: place.map(str::to_owned), mixed: None })
        };
        stage.act(leave(ago(200), true)).await.unwrap();
        assert_eq!(stage.stay("s-1").await.state, StayState::OnLeave);
        assert_eq!(refused(&stage, leave(ago(199), true)).await, "not-in-hospital");
        // The bed is kept: whoever is put into it has no bed.
        stage.act(admit("s-2", "p-2", "bed-1", ago(190))).await.unwrap();
        assert_eq!(stage.board().await[1].1, "heron", "{}", stage.store);
        assert_eq!(refused(&stage, back(ago(201), None)).await, "before-the-stay");
        stage.act(back(ago(150), None)).await.unwrap();
        assert_eq!(stage.stay("s-1").await.place().unwrap().place, "bed-1");
        stage.act(leave(ago(100), false)).await.unwrap();
        assert_eq!(status_of(&stage, "bed-1").await, BedStatus::Vacated);
        stage.act(go("s-2", "bed-1", ago(90))).await.unwrap();
        stage.act(back(ago(50), Some("bed-1"))).await.unwrap();
        let stay = stage.stay("s-1").await;
        assert_eq!(stay.place().unwrap().place, "heron", "somebody else's now, and not refused");
        let away: Vec<_> = stay.leaves.iter().map(|away| (away.keeps_bed, away.to.is_some())).collect();
        assert_eq!(away, [(Some(true), true), (Some(false), true)]);
        let text = stage.text("Encounter", "s-1").await;
        assert_eq!(text.matches("\"status\":\"onleave\"").count(), 2, "statusHistory has both: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discharge_ends_place_and_episode_leaves_the_bed_to_be_cleaned_and_lists_what_is_owed() {
    for stage in stages().await {
        stage.act(admit("s-1", "p-1", "bed-1", ago(300))).await.unwrap();
        stage.act(go("s-1", "bed-2", ago(100))).await.unwrap();
        stage.act(reserve("s-1", "bed-3")).await.unwrap();
        let request = Object::resource("ServiceRequest", "r-1")
            .text("status", "active")
            .text("intent", "order")
            .json("code", Object::new().text("text", "Echocardiogram").done())
            .json("subject", reference("Patient/p-1", None))
            .done();
        let task = |id: &str, status: &str, what: &str| {
            Object::resource("Task", id)
                .text("status", status)
                .text("intent", "order")
                .text("description", what)
                .json("for", reference("Patient/p-1", None))
                .done()
        };
        stage.put(&[request, task("t-1", "requested", "Call the daughter"), task("t-2", "completed", "Done")]).await;
        assert_eq!(refused(&stage, discharge("s-1", "p-2", NOW)).await, "other-patient");
        assert_eq!(refused(&stage, discharge("s-1", "p-1", ago(101))).await, "later-known");
        assert_eq!(refused(&stage, discharge("s-1", "p-1", Moment(NOW.0 + DAY))).await, "in-the-future");
        // What is owed needs somebody who owes it when the patient has left; each may be another's.
        assert_eq!(refused(&stage, discharge("s-1", "p-1", ago(10))).await, "owed-owner");
        let site = ("team/site".to_owned(), "Site office".to_owned());
        let okafor = ("practitioner/okafor".to_owned(), "Dr L Okafor".to_owned());
        let owners = HandOn { all: Some(site), each: [("ServiceRequest/r-1".to_owned(), okafor)].into() };
        let Command::Discharge(form) = discharge("s-1", "p-1", ago(10)) else { panic!() };
        let receipt = stage.act(Command::Discharge(Discharge { owners, ..form })).await.unwrap();
        let stay = stage.stay("s-1").await;
        assert_eq!(stay.state, StayState::Discharged, "{}", stage.store);
        assert_eq!((stay.discharge_method.as_deref(), stay.destination.as_deref()), (Some("1"), Some("19")));
        assert_eq!(stay.ended.as_ref().unwrap().lower(), ago(10));
        assert_eq!(stay.places.last().unwrap().to.as_ref().unwrap().lower(), ago(10));
        assert_eq!((stay.reserved(), status_of(&stage, "bed-2").await), (None, BedStatus::Vacated));
        let reading = stage.reading().await;
        let owed = still_owed(&reading, "p-1", NOW).await.unwrap();
        reading.finish().await.unwrap();
        let of = |words: &str| owed.iter().find(|one| one.words == words).unwrap();
        assert_eq!(of("Echocardiogram").owner.as_deref(), Some("Dr L Okafor"));
        assert!(of("Echocardiogram").is_kept && !of("Call the daughter").is_kept, "offered, not accepted");
        assert_eq!(owed.len(), 3, "the request, the task about it, and the task that nobody has");
        let tasks = stage.owed("task").await;
        assert!(tasks.iter().any(|(owner, _)| owner == "practitioner/okafor"), "{}: {tasks:?}", stage.store);
        assert_eq!(stage.owed("hand-over").await, [("team/site".to_owned(), "t-1".to_owned())], "{}", stage.store);
        assert_eq!(refused(&stage, discharge("s-1", "p-1", NOW)).await, "discharged-already");
        stage.act(Command::Undo(Undo::of(&receipt))).await.unwrap();
        assert_eq!(stage.stay("s-1").await.place().unwrap().place, "bed-2", "taken back as it was");
        assert!(!stage.owed("task").await.iter().any(|(owner, _)| owner == "practitioner/okafor"), "{}", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_is_one_commit_that_stops_what_was_planned_and_can_be_taken_back() {
    for stage in stages().await {
        stage.act(admit("s-1", "p-1", "bed-1", ago(300))).await.unwrap();
        stage.act(Command::RequestAdmission(elective("s-2", "p-1"))).await.unwrap();
        stage.act(tci("s-2", "2026-11-24")).await.unwrap();
        let actor = Object::new().json("actor", reference("Patient/p-1", None)).text("status", "accepted").done();
        let appointment = Object::resource("Appointment", "a-1")
            .text("status", "booked")
            .text("start", "2026-12-01T09:00:00Z")
            .text("end", "2026-12-01T09:30:00Z")
            .json("participant", array([actor]))
            .done();
        stage.put(&[appointment]).await;
        let death = |died: &str| Command::Death(Death { patient: "p-1".into(), died: date(died) });
        assert_eq!(refused(&stage, death("2026-11-17")).await, "time-of-death");
        let receipt = stage.act(death("2026-11-17T14:30:00Z")).await.unwrap();
        let written: Vec<String> = receipt.written.iter().map(|one| one.key.to_string()).collect();
        let all = ["Patient/p-1", "Encounter/s-1", "Location/bed-1", "Encounter/s-2", "Appointment/a-1"];
        assert_eq!(written[..5], all, "{}: one commit", stage.store);
        let [examiner, practice] = written[5..].to_vec().try_into().unwrap();
        assert!(examiner.starts_with("Task/medical-examiner-") && practice.starts_with("Task/death-notice-"));
        let owed: Vec<String> = stage.owed("task").await.into_iter().map(|(owner, _)| owner).collect();
        assert_eq!(owed, ["team/medical-examiner", "team/records"], "{}", stage.store);
        let reading = stage.reading().await;
        let stopped = stopped_by_death(&reading, "p-1").await.unwrap();
        reading.finish().await.unwrap();
        let stopped: Vec<&str> = stopped.iter().map(|one| one.what.as_str()).collect();
        let listed = ["Stay ended", "Expected admission cancelled", "Appointment cancelled"];
        assert!(stopped.len() == 3 && listed.iter().all(|what| stopped.iter().any(|one| one.starts_with(what))));
        let stay = stage.stay("s-1").await;
        assert_eq!((stay.discharge_method.as_deref(), stay.destination.as_deref()), (Some("4"), Some("79")));
        assert_eq!(stage.stay("s-2").await.state, StayState::Cancelled);
        assert!(stage.text("Appointment", "a-1").await.contains("\"status\":\"cancelled\""));
        assert_eq!(refused(&stage, death("2026-11-17T14:30:00Z")).await, "died-already");
        // The bed was given to somebody else before the mistake was noticed.
        stage.act(admit("s-3", "p-3", "bed-1", NOW)).await.unwrap();
        stage.act(Command::NotDead(NotDead { patient: "p-1".into() })).await.unwrap();
        let stay = stage.stay("s-1").await;
        assert_eq!((stay.state, stay.place().unwrap().place.as_str()), (StayState::Present, "heron"));
        assert_eq!((stay.discharge_method, stay.destination, stay.ended), (None, None, None));
        let expected = stage.stay("s-2").await;
        assert_eq!((expected.state, expected.request.tci().unwrap().text()), (StayState::Expected, "2026-11-24"));
        assert!(stage.text("Appointment", "a-1").await.contains("\"status\":\"booked\""));
        assert!(!stage.text("Patient", "p-1").await.contains("deceased"));
        assert_eq!(stage.owed("task").await, [], "{}: nobody has to act on it", stage.store);
    }
}

/// Another system that sends a death stops nothing by it: the death is recorded here, with all that it stops.
#[tokio::test(flavor = "multi_thread")]
async fn a_death_that_another_system_sends_is_owed_until_it_is_recorded_with_what_it_stops() {
    for stage in stages().await {
        stage.act(admit("s-1", "p-1", "bed-1", ago(300))).await.unwrap();
        stage.act(Command::RequestAdmission(elective("s-2", "p-1"))).await.unwrap();
        let died = Object::resource("Patient", "p-1").text("deceasedDateTime", "2026-11-17T14:20:00Z").done();
        stage.put(&[died]).await;
        let owed = vec![("place/bed-1".to_owned(), "p-1".to_owned())];
        assert_eq!(stage.owed("death-reported").await, owed, "{}", stage.store);
        assert!(stage.stay("s-1").await.state.is_live());
        let died = date("2026-11-17T14:30:00Z");
        stage.act(Command::Death(Death { patient: "p-1".into(), died })).await.unwrap();
        assert_eq!(stage.owed("death-reported").await, [], "{}", stage.store);
        assert_eq!(stage.stay("s-1").await.discharge_method.as_deref(), Some("4"));
        assert_eq!(stage.stay("s-2").await.state, StayState::Cancelled);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_told_of_a_death_that_was_none_is_told_again() {
    for stage in stages().await {
        let death = Command::Death(Death { patient: "p-2".into(), died: date("2026-11-16") });
        let receipt = stage.act(death.clone()).await.unwrap();
        let tasks: Vec<&str> =
            receipt.written.iter().filter(|one| one.key.kind == "Task").map(|one| one.key.id.as_str()).collect();
        let [practice] = tasks.try_into().unwrap();
        assert!(practice.starts_with("death-notice-"), "{}: who died at home is no case of ours", stage.store);
        let told = ChangeTask { task: practice.into(), to: TaskChange::Complete };
        stage.act(Command::ChangeTask(told)).await.unwrap();
        stage.act(Command::NotDead(NotDead { patient: "p-2".into() })).await.unwrap();
        let owed = stage.owed("task").await;
        assert!(owed.len() == 1 && owed[0].1.starts_with("death-notice-wrong-"), "{}: {owed:?}", stage.store);
        assert_eq!(refused(&stage, Command::NotDead(NotDead { patient: "p-2".into() })).await, "not-died");
        // Recorded again it is told again.
        stage.act(death).await.unwrap();
        assert_eq!(stage.owed("task").await.len(), 2, "{}", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_did_not_happen_or_at_another_time_is_worked_out_anew() {
    for stage in stages().await {
        stage.act(admit("s-1", "p-1", "bed-1", ago(300))).await.unwrap();
        stage.act(go("s-1", "bed-2", ago(200))).await.unwrap();
        stage.act(go("s-1", "bed-3", ago(100))).await.unwrap();
        let no = |at| Command::CancelMove(CancelMove { stay: "s-1".into(), at });
        let correct = |at, to_at, place: Option<&str>| {
            Command::CorrectMove(CorrectMove { stay: "s-1".into(), at, to_at, place: place.map(str::to_owned) })
        };
        assert_eq!(refused(&stage, no(ago(300))).await, "first-place");
        assert_eq!(refused(&stage, no(ago(150))).await, "no-move");
        assert_eq!(refused(&stage, correct(ago(200), ago(301), None)).await, "before-the-stay");
        assert_eq!(refused(&stage, correct(ago(200), ago(100), None)).await, "same-time");
        stage.act(correct(ago(200), ago(250), Some("trolley"))).await.unwrap();
        stage.act(correct(ago(300), ago(310), None)).await.unwrap();
        let stay = stage.stay("s-1").await;
        let expected = [("bed-1", 310), ("trolley", 250), ("bed-3", 100)].map(|(at, from)| (at.to_owned(), from));
        assert_eq!(spans(&stay), expected, "{}", stage.store);
        assert_eq!(stay.started.as_ref().unwrap().lower(), ago(310), "the stay began with its first place");
        stage.act(no(ago(100))).await.unwrap();
        assert_eq!(stage.stay("s-1").await.place().unwrap().place, "trolley");
        assert_eq!(status_of(&stage, "bed-3").await, BedStatus::Vacated);
        // Where they would be again is another patient's now.
        stage.act(go("s-1", "bed-4", ago(50))).await.unwrap();
        stage.act(correct(ago(250), ago(250), Some("bed-2"))).await.unwrap();
        stage.act(admit("s-2", "p-2", "bed-2", ago(10))).await.unwrap();
        assert_eq!(refused(&stage, no(ago(50))).await, "bed-taken");
        let reading = stage.reading().await;
        let account = account::account_of(&reading, &stage.stay("s-1").await, Moment(NOW.0 + DAY)).await.unwrap();
        reading.finish().await.unwrap();
        assert_eq!(account.bed_days, [(account::BedDayKind::Ward, 1)].into());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_stay_from_another_system_is_a_conflict_until_the_other_ends() {
    for stage in stages().await {
        stage.act(admit("s-1", "p-1", "bed-1", ago(300))).await.unwrap();
        stage.put(&[sent("s-2", "p-1", "bed-2")]).await;
        let marks = [stage.stay("s-1").await.is_second, stage.stay("s-2").await.is_second];
        assert_eq!(marks, [false, true], "{}", stage.store);
        stage.act(go("s-1", "bed-3", ago(5))).await.unwrap();
        assert!(!stage.stay("s-1").await.is_second, "the first one stays the first");
        stage.act(discharge("s-1", "p-1", NOW)).await.unwrap();
        assert!(!stage.stay("s-2").await.is_second, "it is the only one now");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bed_that_another_system_empties_is_to_be_cleaned_also_by_a_deletion() {
    for stage in stages().await {
        stage.act(admit("s-1", "p-1", "bed-1", ago(300))).await.unwrap();
        stage.act(admit("s-2", "p-2", "bed-2", ago(300))).await.unwrap();
        stage.delete("Encounter", "s-1").await;
        assert_eq!(status_of(&stage, "bed-1").await, BedStatus::Vacated, "{}", stage.store);
        assert_eq!(stage.board().await, [("s-2".to_owned(), "bed-2".to_owned())]);
        stage.put(&[sent("s-2", "p-2", "bed-4")]).await;
        assert_eq!(status_of(&stage, "bed-2").await, BedStatus::Vacated);
        stage.put(&[sent("s-2", "p-2", "bed-4").replace("in-progress", "finished")]).await;
        assert_eq!(status_of(&stage, "bed-4").await, BedStatus::Vacated);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_appointment_inside_a_stay_is_owed_whichever_was_made_later() {
    let appointment = |status: &str| {
        let who = Object::new().json("actor", reference("Patient/p-1", None)).text("status", "accepted").done();
        Object::resource("Appointment", "a-1")
            .text("status", status)
            .text("start", "2026-11-19T10:00:00Z")
            .text("end", "2026-11-19T10:20:00Z")
            .json("participant", array([who]))
            .done()
    };
    const KIND: &str = "appointment-in-stay";
    let owed = |owner: &str| vec![(owner.to_owned(), "p-1".to_owned())];
    for stage in stages().await {
        // The appointment is there first, the stay is planned, then begun.
        stage.put(&[appointment("booked")]).await;
        stage.act(Command::RequestAdmission(elective("s-1", "p-1"))).await.unwrap();
        assert_eq!(stage.owed(KIND).await, [], "{}: no day yet", stage.store);
        stage.act(tci("s-1", "2026-11-19")).await.unwrap();
        assert_eq!(stage.owed(KIND).await, owed("team/admissions"), "{}", stage.store);
        stage.act(tci("s-1", "2026-11-24")).await.unwrap();
        assert_eq!(stage.owed(KIND).await, [], "{}: another day", stage.store);
        stage.act(admit("s-1", "p-1", "bed-2", ago(5))).await.unwrap();
        assert_eq!(stage.owed(KIND).await, owed("place/bed-2"), "{}", stage.store);
        // Cancelled, and booked again while they lie here, by another system.
        stage.put(&[appointment("cancelled")]).await;
        assert_eq!(stage.owed(KIND).await, [], "{}", stage.store);
        stage.put(&[appointment("booked")]).await;
        assert_eq!(stage.owed(KIND).await, owed("place/bed-2"), "{}", stage.store);
        let Command::Discharge(form) = discharge("s-1", "p-1", NOW) else { panic!() };
        let all = Some(("team/site".to_owned(), "Site office".to_owned()));
        let owners = HandOn { all, ..HandOn::default() };
        stage.act(Command::Discharge(Discharge { owners, ..form })).await.unwrap();
        assert_eq!(stage.owed(KIND).await, [], "{}: they have left before it", stage.store);
    }
}
