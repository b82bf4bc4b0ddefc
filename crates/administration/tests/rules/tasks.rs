//! Tasks over a real record, on both stores: added, done, handed over and accepted, put off, taken back.
//! Knows commands and readings, no page.

use access::Role;
use administration::obligations::Scope;
use administration::tasks::{self, AcceptTask, AddTask, ChangeTask, HandOverTask, Task, TaskChange};
use administration::{Command, Undo};
use terms::Moment;

use crate::stage::{NOW, Stage, permit, sent, stages};

const HOUR: i64 = 60 * 60_000;

fn add(id: &str, owner: (&str, &str), patient: Option<&str>) -> Command {
    Command::AddTask(AddTask {
        id: id.into(),
        what: "Book transport".into(),
        owner: (owner.0.into(), owner.1.into()),
        due: Moment(NOW.0 + HOUR),
        patient: patient.map(str::to_owned),
        ..AddTask::default()
    })
}

fn change(task: &str, to: TaskChange) -> Command {
    Command::ChangeTask(ChangeTask { task: task.into(), to })
}

fn accept(task: &str, speaks_for: &[&str]) -> Command {
    let speaks_for = speaks_for.iter().map(|name| (*name).to_owned()).collect();
    Command::AcceptTask(AcceptTask { task: task.into(), speaks_for, name: "M Ortiz".into() })
}

async fn task(stage: &Stage, id: &str) -> Task {
    let reading = stage.record.read(&permit(Role::Clerk), "test").await.unwrap();
    let task = tasks::task(&reading, id).await.unwrap().unwrap();
    reading.finish().await.unwrap();
    task
}

async fn mine(stage: &Stage, owner: &str) -> Vec<String> {
    let reading = stage.record.read(&permit(Role::Clerk), "test").await.unwrap();
    let found = tasks::tasks(&reading, &Scope::person([owner.to_owned()])).await.unwrap();
    reading.finish().await.unwrap();
    found.into_iter().map(|task| task.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_stays_its_owners_until_the_other_accepts_it() {
    for stage in stages().await {
        stage.act(add("t-1", ("user/k.boateng", "K Boateng"), Some("p-1"))).await.unwrap();
        let to = Command::HandOverTask(HandOverTask { task: "t-1".into(), to: "user/m.ortiz".into() });
        stage.act(to.clone()).await.unwrap();
        assert_eq!(mine(&stage, "user/k.boateng").await, ["t-1"], "{}", stage.store);
        assert_eq!(mine(&stage, "user/m.ortiz").await, [""; 0], "{}", stage.store);
        assert_eq!(stage.owed("hand-over").await, [("user/m.ortiz".to_owned(), "t-1".to_owned())]);
        assert_eq!(stage.act(accept("t-1", &["user/k.boateng", "place/heron"])).await.unwrap_err().code, "not-yours");
        stage.act(accept("t-1", &["user/m.ortiz"])).await.unwrap();
        assert_eq!(mine(&stage, "user/m.ortiz").await, ["t-1"], "{}", stage.store);
        assert_eq!(stage.owed("hand-over").await, []);
        assert_eq!(stage.act(accept("t-1", &["user/m.ortiz"])).await.unwrap_err().code, "not-handed-over");
        assert_eq!(stage.act(to).await.unwrap_err().code, "to-owner");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_can_be_undone_or_opened_again() {
    for stage in stages().await {
        stage.act(add("t-1", ("place/heron", "Heron ward"), None)).await.unwrap();
        let done = stage.act(change("t-1", TaskChange::Complete)).await.unwrap();
        assert_eq!(stage.owed("task").await, [], "{}", stage.store);
        assert_eq!(stage.act(change("t-1", TaskChange::Complete)).await.unwrap_err().code, "task-done");
        stage.act(Command::Undo(Undo::of(&done))).await.unwrap();
        assert_eq!(stage.owed("task").await, [("place/heron".to_owned(), "t-1".to_owned())], "{}", stage.store);
        stage.act(change("t-1", TaskChange::Cancel("He went by car".into()))).await.unwrap();
        assert!(stage.text("Task", "t-1").await.contains("He went by car"));
        stage.act(change("t-1", TaskChange::Reopen)).await.unwrap();
        assert!(!stage.text("Task", "t-1").await.contains("He went by car"));
        assert_eq!(stage.act(change("t-1", TaskChange::Reopen)).await.unwrap_err().code, "task-open");
        let refused = stage.act(change("t-1", TaskChange::Cancel(" ".into()))).await.unwrap_err();
        assert_eq!((refused.code, refused.field), ("reason-missing", Some("reason")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn putting_a_task_off_keeps_its_first_date_and_is_counted() {
    for stage in stages().await {
        stage.act(add("t-1", ("team/site", "Site office"), None)).await.unwrap();
        for times in 1..=3 {
            let due = Moment(NOW.0 + (times + 1) * HOUR);
            stage.act(change("t-1", TaskChange::Redate(due))).await.unwrap();
            let task = task(&stage, "t-1").await;
            assert_eq!((task.due, task.first_due), (Some(due), Some(Moment(NOW.0 + HOUR))), "{}", stage.store);
            assert_eq!(task.times_moved, times as u32);
            assert_eq!(stage.owed("task-moved").await.len(), usize::from(times == 3));
        }
        let refused = stage.act(change("t-1", TaskChange::Redate(NOW))).await.unwrap_err();
        assert_eq!(refused.code, "due-passed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ward_s_tasks_are_its_own_and_those_about_its_patients() {
    for stage in stages().await {
        stage.put(&[sent("s-1", "p-1", "bed-1")]).await;
        stage.act(add("ours", ("place/heron", "Heron ward"), Some("p-1"))).await.unwrap();
        stage.act(add("about", ("user/dr.mistry", "Dr A Mistry"), Some("p-1"))).await.unwrap();
        stage.act(add("elsewhere", ("user/dr.mistry", "Dr A Mistry"), Some("p-2"))).await.unwrap();
        stage.act(add("done", ("place/heron", "Heron ward"), Some("p-1"))).await.unwrap();
        stage.act(change("done", TaskChange::Complete)).await.unwrap();
        let reading = stage.record.read(&permit(Role::Clerk), "test").await.unwrap();
        let ward = administration::places::ward(&reading, "heron").await.unwrap().unwrap();
        let patients = ["p-1".to_owned()].into();
        let found = tasks::of_ward(&reading, &Scope::ward(&ward), &patients).await.unwrap();
        reading.finish().await.unwrap();
        let ids: Vec<&str> = found.iter().map(|task| task.id.as_str()).collect();
        assert_eq!(ids, ["about", "ours"], "{}", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_from_an_obligation_is_found_by_it() {
    for stage in stages().await {
        stage.put(&[sent("s-1", "p-1", "trolley")]).await;
        let Command::AddTask(task) = add("t-1", ("place/heron", "Heron ward"), Some("p-1")) else { unreachable!() };
        let from = Some(("no-bed".to_owned(), "Encounter/s-1".to_owned()));
        stage.act(Command::AddTask(AddTask { from, ..task })).await.unwrap();
        let reading = stage.record.read(&permit(Role::Clerk), "test").await.unwrap();
        let kind = administration::obligations::KINDS.iter().find(|kind| kind.code == "no-bed").unwrap();
        let query = administration::obligations::query(kind, &Scope::Everybody, NOW);
        let owed = reading.obligations(&query).await.unwrap().obligations;
        let found = tasks::about(&reading, &owed).await.unwrap();
        reading.finish().await.unwrap();
        let found: Vec<_> = found.iter().map(|task| (task.kind.as_deref(), task.focus.as_deref())).collect();
        assert_eq!(found, [(Some("no-bed"), Some("Encounter/s-1"))], "{}", stage.store);
    }
}
