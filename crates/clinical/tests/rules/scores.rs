//! A set of 7 and more is told with the commit that completes it: once, with an owner and a due that runs from the set.
//! Over a real record on both stores.

use access::Role;
use administration::tasks::{ChangeTask, TaskChange};
use administration::{Command, carry_out};
use clinical::HIGH_SCORE;
use record::obligation::ObligationQuery;
use record::{Cause, CauseKind};

use crate::stage::{NOW, Stage, permit, person, set, stages};

fn owed(due: i64) -> Vec<(String, i64)> {
    vec![("place/bed-1".to_owned(), due)]
}

async fn assessed(stage: &Stage) {
    let reading = stage.record.read(&permit(Role::Clinician), "test").await.unwrap();
    let query = ObligationQuery { kind: Some(HIGH_SCORE.into()), limit: 10, ..ObligationQuery::default() };
    let task = reading.obligations(&query).await.unwrap().obligations.remove(0).anchor.id;
    reading.finish().await.unwrap();
    let command = Command::ChangeTask(ChangeTask { task, to: TaskChange::Complete });
    let cause = Cause { kind: CauseKind::Form, reference: "test".into() };
    carry_out(&stage.record, &permit(Role::Clinician), &command, (cause, None), NOW).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_of_seven_is_told_with_the_commit_that_completes_it() {
    for stage in stages().await {
        stage.put(&set("lund", 50, 6)).await;
        assert_eq!(stage.owed(HIGH_SCORE).await, [], "{}: 6 is not 7", stage.store);
        // Sign by sign, as a tablet with a bad line sends it; entered twenty minutes late.
        let signs = set("lund", 20, 7);
        let (last, before) = signs.split_last().unwrap();
        for sign in before {
            stage.put(std::slice::from_ref(sign)).await;
        }
        assert_eq!(stage.owed(HIGH_SCORE).await, [], "{}: not complete", stage.store);
        stage.put(std::slice::from_ref(last)).await;
        assert_eq!(stage.owed(HIGH_SCORE).await, owed(10), "{}: half an hour from the set, not from now", stage.store);
        assert_eq!(stage.owed("task").await, owed(10), "{}: it is a task like others", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_stands_until_somebody_has_assessed_and_a_higher_score_calls_again() {
    for stage in stages().await {
        stage.put(&set("lund", 40, 7)).await;
        stage.put(&set("lund", 30, 8)).await;
        assert_eq!(stage.owed(HIGH_SCORE).await, owed(-10), "{}: the first set's time, late", stage.store);
        assessed(&stage).await;
        assert_eq!(stage.owed(HIGH_SCORE).await, [], "{}", stage.store);
        stage.put(&set("lund", 20, 7)).await;
        assert_eq!(stage.owed(HIGH_SCORE).await, [], "{}: assessed at 7 or more", stage.store);
        stage.put(&set("lund", 10, 9)).await;
        assert_eq!(stage.owed(HIGH_SCORE).await, owed(20), "{}: worse than what was assessed", stage.store);
        assessed(&stage).await;
        stage.put(&set("lund", 8, 5)).await;
        stage.put(&set("lund", 5, 7)).await;
        assert_eq!(stage.owed(HIGH_SCORE).await, owed(25), "{}: high again after it was lower", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_set_that_come_at_once_are_judged_as_a_whole() {
    for stage in stages().await {
        let signs = set("lund", 5, 9);
        let mut waiting = tokio::task::JoinSet::new();
        let stage = std::sync::Arc::new(stage);
        for sign in signs {
            let stage = std::sync::Arc::clone(&stage);
            waiting.spawn(async move { stage.put(&[sign]).await });
        }
        while let Some(done) = waiting.join_next().await {
            done.unwrap();
        }
        assert_eq!(stage.owed(HIGH_SCORE).await, owed(25), "{}", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_called_for_who_is_not_here_or_for_a_set_of_another_day() {
    for stage in stages().await {
        stage.put(&[person("gone")]).await;
        stage.put(&set("gone", 5, 9)).await;
        stage.put(&set("lund", 3 * 24 * 60, 9)).await;
        assert_eq!(stage.owed(HIGH_SCORE).await, [], "{}", stage.store);
        // A later set that is lower: what is entered afterwards is of then.
        stage.put(&set("lund", 5, 2)).await;
        stage.put(&set("lund", 60, 9)).await;
        assert_eq!(stage.owed(HIGH_SCORE).await, [], "{}", stage.store);
    }
}
