//! Downtime: numbers that were issued, forms that are entered afterwards, and the sum of both, on both stores.
//! Through the commands as a clerk gives them.

use administration::downtime::{
    Account, BackEnter, BeginDowntime, EndDowntime, IssueNumbers, Kind, MARK, Tally, VoidNumbers, Which, account,
    form_marks, is_back_entered,
};
use administration::emergency::{Arrive, Mode, Newcomer, Whose};
use administration::registration::{Demographics, Gender, Register};
use administration::stays::{Admit, Discharge, MoveToBed};
use administration::{Command, Undo};
use fhir::{Document, Limits};
use terms::{Moment, PartialDate};

use crate::stage::{NOW, Stage, emergency_places, stages};

const MINUTE: i64 = 60_000;

fn ago(minutes: i64) -> Moment {
    Moment(NOW.0 - minutes * MINUTE)
}

fn issue(block: &str, forms: usize, hospital: usize) -> Command {
    let ids = |what: &str, count: usize| (1..=count).map(|at| format!("{block}-{what}-{at}")).collect();
    let owner = ("place/heron".to_owned(), "Heron ward".to_owned());
    Command::IssueNumbers(IssueNumbers {
        block: block.into(),
        forms: ids("f", forms),
        hospital: ids("h", hospital),
        owner,
    })
}

fn begin(at: Moment) -> Command {
    Command::BeginDowntime(BeginDowntime { id: "d-1".into(), reason: "No network".into(), at })
}

fn end(at: Moment) -> Command {
    Command::EndDowntime(EndDowntime { id: "d-1".into(), at })
}

fn void(which: Which, reason: &str) -> Command {
    Command::VoidNumbers(VoidNumbers { which, reason: reason.into() })
}

fn admit(stay: &str, patient: &str, place: &str, at: Moment) -> Command {
    let names = (stay.to_owned(), patient.to_owned(), place.to_owned());
    Command::Admit(Admit { stay: names.0, patient: names.1, place: names.2, at, ..Admit::default() })
}

fn go(stay: &str, to: &str, at: Moment) -> Command {
    Command::MoveToBed(MoveToBed { stay: stay.into(), to: to.into(), at, earlier: None, mixed: None })
}

fn form(number: &str, at: Moment, command: Command) -> Command {
    with_number(number, None, at, command)
}

fn with_number(number: &str, hospital: Option<&str>, at: Moment, command: Command) -> Command {
    let hospital = hospital.map(str::to_owned);
    Command::BackEnter(BackEnter { form: number.into(), hospital, at, command: Box::new(command) })
}

async fn refused(stage: &Stage, command: Command) -> (&'static str, Option<&'static str>) {
    let refusal = stage.act(command).await.unwrap_err();
    (refusal.code, refusal.field)
}

async fn account_of(stage: &Stage) -> Account {
    let reading = stage.reading().await;
    let account = account(&reading).await.unwrap();
    reading.finish_unseen().await.unwrap();
    account
}

/// Issued, used, void and open of a kind; the sums agree.
async fn tally(stage: &Stage, kind: Kind) -> [u64; 4] {
    let account = account_of(stage).await;
    let of = account.tallies.iter().find(|tally| tally.kind == kind).unwrap();
    assert!(of.agrees(), "{}: {of:?}", stage.store);
    [of.issued, of.used, of.void, of.open]
}

/// Whether the newest text was entered from paper, and the forms that it was entered from.
async fn marks(stage: &Stage, kind: &str, id: &str) -> (bool, Vec<(String, Moment, Moment)>) {
    let text = stage.text(kind, id).await;
    let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
    let marks = form_marks(document.root()).into_iter().map(|mark| (mark.form, mark.happened, mark.entered));
    (is_back_entered(document.root()), marks.collect())
}

/// Ten forms and three hospital numbers are issued, and the record could not be used for six hours until an hour ago.
async fn after_a_downtime(stage: &Stage) {
    stage.act(issue("b", 10, 3)).await.unwrap();
    stage.act(begin(ago(7 * 60))).await.unwrap();
    stage.act(end(ago(60))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_is_counted_from_the_end_of_a_downtime_until_it_is_used_or_void() {
    for stage in stages().await {
        stage.act(issue("b", 3, 2)).await.unwrap();
        assert_eq!(tally(&stage, Kind::Form).await, [3, 0, 0, 3]);
        assert_eq!(stage.owed("downtime-number").await, [], "in a drawer it owes nothing");
        stage.act(begin(ago(7 * 60))).await.unwrap();
        assert_eq!(stage.owed("downtime").await, [("team/records".to_owned(), "d-1".to_owned())]);
        stage.act(end(ago(60))).await.unwrap();
        assert_eq!(stage.owed("downtime").await, []);
        let owed: Vec<String> =
            stage.owed("downtime-number").await.into_iter().map(|(owner, id)| format!("{owner} {id}")).collect();
        let expected = ["b-f-1", "b-f-2", "b-f-3", "b-h-1", "b-h-2"].map(|id| format!("place/heron {id}"));
        assert_eq!(owed, expected, "{}", stage.store);
        assert_eq!(stage.owed("task").await, [], "a number is no task that somebody could tick off");
        stage.act(form("d2", ago(300), admit("s-1", "p-1", "bed-1", ago(300)))).await.unwrap();
        stage.act(void(Which::One("b-h-1".into()), "Label torn")).await.unwrap();
        assert_eq!(stage.owed("downtime-number").await.len(), 3);
        stage.act(void(Which::RestOf("b".into()), "Sheet destroyed")).await.unwrap();
        assert_eq!(stage.owed("downtime-number").await, []);
        assert_eq!(tally(&stage, Kind::Form).await, [3, 1, 2, 0]);
        assert_eq!(tally(&stage, Kind::Hospital).await, [2, 0, 2, 0]);
        assert_eq!(refused(&stage, void(Which::RestOf("b".into()), "Again")).await.0, "none-open");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_issued_once_and_never_come_back() {
    for stage in stages().await {
        stage.act(issue("a", 2, 2)).await.unwrap();
        stage.act(void(Which::RestOf("a".into()), "Sheet destroyed")).await.unwrap();
        stage.act(issue("b", 1, 1)).await.unwrap();
        let open: Vec<String> = account_of(&stage).await.open.into_iter().map(|number| number.printed).collect();
        assert_eq!(open, ["D 000 003", "H 850 003"], "{}", stage.store);
        let code = async |command| refused(&stage, command).await;
        assert_eq!(code(issue("c", 101, 0)).await, ("count", Some("forms")));
        assert_eq!(code(issue("c", 0, 101)).await, ("count", Some("hospital")));
        assert_eq!(code(issue("c", 0, 0)).await, ("count", Some("forms")));
        assert_eq!(code(void(Which::One("b-f-1".into()), " ")).await, ("reason-missing", Some("reason")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_deleted_is_missing_from_the_sum_and_said() {
    for stage in stages().await {
        stage.act(issue("b", 4, 1)).await.unwrap();
        stage.delete("Task", "b-f-3").await;
        let account = account_of(&stage).await;
        let expected = Tally { kind: Kind::Form, issued: 4, used: 0, void: 0, open: 3 };
        assert_eq!(account.tallies[0], expected, "{}", stage.store);
        assert_eq!((account.tallies[0].missing(), account.tallies[0].agrees()), (1, false));
        assert!(account.tallies[1].agrees());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_entered_once_with_its_real_time_and_marks_the_version_that_it_made() {
    for stage in stages().await {
        after_a_downtime(&stage).await;
        stage.act(form("D 000 001", ago(300), admit("s-1", "p-1", "bed-1", ago(300)))).await.unwrap();
        let stay = stage.stay("s-1").await;
        assert_eq!(stay.started.unwrap().lower(), ago(300), "the real time");
        let mark = vec![("D 000 001".to_owned(), ago(300), NOW)];
        assert_eq!(marks(&stage, "Encounter", "s-1").await, (true, mark.clone()), "{}", stage.store);
        let used = account_of(&stage).await.used;
        assert_eq!(
            (used[0].used_for.as_slice(), used[0].happened),
            (&["Encounter/s-1".to_owned()][..], Some(ago(300)))
        );
        assert_eq!(used[0].by.as_deref(), Some("Toni Tester"));
        let again = form("1", ago(290), go("s-1", "bed-2", ago(290)));
        assert_eq!(refused(&stage, again).await, ("number-used", Some("downtime_form")));
        // What is done now is no back-entry: the tag goes, the form stays on the stay.
        stage.act(go("s-1", "bed-3", ago(5))).await.unwrap();
        assert_eq!(marks(&stage, "Encounter", "s-1").await, (false, mark));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_that_are_entered_late_and_out_of_order_stand_in_the_order_in_which_it_happened() {
    for stage in stages().await {
        after_a_downtime(&stage).await;
        stage.act(form("1", ago(300), admit("s-1", "p-1", "bed-1", ago(300)))).await.unwrap();
        stage.act(form("3", ago(100), go("s-1", "bed-3", ago(100)))).await.unwrap();
        stage.act(form("2", ago(200), go("s-1", "bed-2", ago(200)))).await.unwrap();
        let stay = stage.stay("s-1").await;
        let places: Vec<&str> = stay.places.iter().map(|place| place.place.as_str()).collect();
        assert_eq!(places, ["bed-1", "bed-2", "bed-3"], "{}", stage.store);
        assert_eq!(stay.place().unwrap().place, "bed-3");
        let used: Vec<String> = account_of(&stage).await.used.into_iter().map(|number| number.printed).collect();
        assert_eq!(used, ["D 000 001", "D 000 002", "D 000 003"], "the account is in real order");
        // Another patient was admitted to the bed since: the form's bed is asked about, never taken.
        stage.act(admit("s-2", "p-2", "bed-4", ago(30))).await.unwrap();
        let taken = form("4", ago(70), go("s-1", "bed-4", ago(70)));
        assert_eq!(refused(&stage, taken).await, ("bed-taken", Some("earlier")));
        assert_eq!(tally(&stage, Kind::Form).await, [10, 3, 0, 7], "what was refused uses no number");
        assert_eq!(stage.board().await, [("s-1".into(), "bed-3".into()), ("s-2".into(), "bed-4".into())]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_refused_outside_the_downtime_and_for_what_has_no_form() {
    for stage in stages().await {
        stage.act(issue("b", 3, 1)).await.unwrap();
        let early = form("1", ago(300), admit("s-1", "p-1", "bed-1", ago(300)));
        assert_eq!(refused(&stage, early.clone()).await, ("outside-the-downtime", Some("at")), "none was recorded");
        stage.act(begin(ago(7 * 60))).await.unwrap();
        assert_eq!(refused(&stage, begin(ago(10))).await.0, "downtime-already");
        assert_eq!(refused(&stage, end(ago(8 * 60))).await, ("before-the-downtime", Some("at")));
        stage.act(end(ago(60))).await.unwrap();
        for at in [ago(8 * 60), ago(59)] {
            let outside = form("1", at, admit("s-1", "p-1", "bed-1", at));
            assert_eq!(refused(&stage, outside).await.0, "outside-the-downtime");
        }
        let unknown = form("99", ago(300), admit("s-1", "p-1", "bed-1", ago(300)));
        assert_eq!(refused(&stage, unknown).await, ("no-such-number", Some("downtime_form")));
        let other_time = form("1", ago(299), admit("s-1", "p-1", "bed-1", ago(300)));
        assert_eq!(refused(&stage, other_time).await, ("another-time", Some("at")));
        assert_eq!(refused(&stage, form("1", ago(300), issue("c", 1, 0))).await.0, "no-such-form");
        let nested = form("1", ago(300), form("2", ago(300), admit("s-1", "p-1", "bed-1", ago(300))));
        assert_eq!(refused(&stage, nested).await.0, "no-such-form");
        stage.act(early).await.unwrap();
        assert_eq!(refused(&stage, begin(ago(200))).await, ("downtime-overlaps", Some("at")));
        // One before it that is said later must have ended before it.
        let earlier = BeginDowntime { id: "d-0".into(), reason: "No power".into(), at: ago(9 * 60) };
        stage.act(Command::BeginDowntime(earlier)).await.unwrap();
        let end = |at| Command::EndDowntime(EndDowntime { id: "d-0".into(), at });
        assert_eq!(refused(&stage, end(ago(6 * 60))).await, ("downtime-overlaps", Some("at")));
        stage.act(end(ago(8 * 60))).await.unwrap();
    }
}

fn person() -> Demographics {
    Demographics {
        family: "Birch".into(),
        given: "Edna".into(),
        born: PartialDate::parse("1951-02-03").unwrap().date(),
        gender: Some(Gender::Female),
        ..Demographics::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_number_from_paper_is_the_patients_and_is_found() {
    for stage in stages().await {
        stage.put(&emergency_places()).await;
        after_a_downtime(&stage).await;
        let register =
            Register { patient: "new".into(), searched: "Birch".into(), person: person(), ..Register::default() };
        let register = Command::Register(Box::new(register));
        stage.act(with_number("1", Some("h 850 001"), ago(200), register)).await.unwrap();
        let text = stage.text("Patient", "new").await;
        assert!(text.contains("H 850 001") && text.contains(MARK), "{}: {text}", stage.store);
        assert!(!text.contains("H 100 001"), "no second number was given");
        assert!(marks(&stage, "Patient", "new").await.0);
        // Somebody who is known: the number on the samples finds them too.
        let admitted = admit("s-1", "p-1", "bed-1", ago(150));
        stage.act(with_number("2", Some("H850002"), ago(150), admitted)).await.unwrap();
        assert!(stage.text("Patient", "p-1").await.contains(r#""use":"secondary""#));
        let found = crate::registration::found(&stage, access::Role::Clerk, "H 850 002").await;
        assert_eq!(found, (vec!["p-1".to_owned()], 1), "{}", stage.store);
        let who = Whose::Unknown(Newcomer { patient: "un".into(), age: Some("40".into()), gender: None });
        let arrive = Arrive {
            attendance: "a-1".into(),
            who,
            department: "ed".into(),
            place: None,
            at: ago(140),
            mode: Some(Mode::Ambulance),
            complaint: None,
        };
        stage.act(with_number("3", Some("H850003"), ago(140), Command::Arrive(arrive))).await.unwrap();
        assert!(stage.text("Patient", "un").await.contains("H 850 003"));
        assert_eq!(tally(&stage, Kind::Hospital).await, [3, 3, 0, 0]);
        let moved = with_number("4", Some("H850003"), ago(100), go("s-1", "bed-2", ago(100)));
        assert_eq!(refused(&stage, moved).await, ("number-used", Some("downtime_number")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_undone_opens_its_number_again() {
    for stage in stages().await {
        after_a_downtime(&stage).await;
        let receipt = stage.act(form("1", ago(300), admit("s-1", "p-1", "bed-1", ago(300)))).await.unwrap();
        assert_eq!(stage.owed("downtime-number").await.len(), 12);
        stage.act(Command::Undo(Undo::of(&receipt))).await.unwrap();
        assert_eq!(tally(&stage, Kind::Form).await, [10, 0, 0, 10], "{}", stage.store);
        assert_eq!(stage.owed("downtime-number").await.len(), 13);
        // A whole stay on paper: the number of an admission that was taken back can be used for it again.
        stage.act(form("1", ago(300), admit("s-2", "p-1", "bed-1", ago(300)))).await.unwrap();
        let (method, destination) = ("1".to_owned(), "19".to_owned());
        let left = Discharge {
            stay: "s-2".into(),
            patient: "p-1".into(),
            at: ago(90),
            method,
            destination,
            owners: Default::default(),
            detained: None,
        };
        stage.act(form("2", ago(90), Command::Discharge(left))).await.unwrap();
        let (is_marked, marks) = marks(&stage, "Encounter", "s-2").await;
        assert!(is_marked);
        assert_eq!(marks.iter().map(|(form, ..)| form.as_str()).collect::<Vec<_>>(), ["D 000 001", "D 000 002"]);
    }
}
