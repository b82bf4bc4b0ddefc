//! Shift handover of tasks: all of somebody's, or some of them, to one other in one act; each is taken back alone.
//! A form becomes one command; what is refused comes back with all that was chosen.

use std::collections::BTreeSet;

use administration::obligations::Scope;
use administration::tasks::{self, HandOverTasks, Task};
use administration::{Command, Refusal, Undo};
use axum::extract::Query;
use axum::response::Response;
use axum::{Extension, Form};
use http::StatusCode;
use record::Problem;

use super::tasks::{choices, chosen};
use super::{failed, not_allowed, page, stopped};
use crate::act::{NotDone, Typed, act, done, done_notice};
use crate::door::{Door, asked};
use crate::gather::{finished, tasks as rows};
use crate::link::encode;
use crate::pages::hand_over::{BOX, HandOverPage, hand_over_page};

/// `GET …/tasks/hand-over`.
pub(super) async fn show(Extension(door): Extension<Door>, Query(fields): Query<Vec<(String, String)>>) -> Response {
    answer(&door, &Typed::of(fields), None).await
}

/// `POST …/tasks/hand-over`.
pub(super) async fn submit(Extension(door): Extension<Door>, Form(fields): Form<Vec<(String, String)>>) -> Response {
    let typed = Typed::of(fields);
    let handed = match command(&door, &typed).await {
        Ok(command) => act(&door, &command, &typed).await,
        Err(not_done) => Err(not_done),
    };
    match handed {
        Ok(receipt) => done(&own(&door, &Undo::of(&receipt).text()), "tasks-offered", &receipt),
        Err(NotDone::Refused(refusal)) => answer(&door, &typed, Some(&refusal)).await,
        Err(not_done) => stopped(&door, not_done, &door.setting().links.home()),
    }
}

/// The page with what was handed over, as the commit's undo names it.
fn own(door: &Door, offered: &str) -> String {
    let page = door.setting().links.hand_over();
    if offered.is_empty() { page } else { format!("{page}?offered={}", encode(offered)) }
}

async fn command(door: &Door, typed: &Typed) -> Result<Command, NotDone> {
    let ticked = typed.fields().filter(|(_, value)| !value.is_empty()).filter_map(|(name, _)| name.strip_prefix(BOX));
    let tasks = ticked.map(str::to_owned).collect();
    let from = door.own_names();
    let (to, _) = chosen(door, typed, "to", &others(door)).await?;
    Ok(Command::HandOverTasks(HandOverTasks { tasks, from, to }))
}

/// To whom tasks can go: everybody but whoever hands them over.
fn others(door: &Door) -> Vec<(String, String)> {
    let own = door.own_names();
    choices(door, None).into_iter().filter(|(who, _)| !own.contains(who)).collect()
}

async fn answer(door: &Door, typed: &Typed, refusal: Option<&Refusal>) -> Response {
    if !door.permit.scope().writes.contains("Task") {
        return not_allowed(door, "Your role has no tasks.");
    }
    let undo = Undo::parse(typed.text("offered"));
    let (mine, offered, known) = match gather(door, undo.as_ref()).await {
        Ok(found) => found,
        Err(problem) => return failed(door, &problem),
    };
    let setting = door.setting();
    let back = own(door, typed.text("offered"));
    let is_recent = |undo: &Undo| setting.now.0 - undo.moment.0 < administration::UNDO_MS;
    let alone = |task: &Task| {
        let undo = undo.as_ref().filter(|undo| is_recent(undo) && task.handed_to.is_some())?;
        let written = undo.written.iter().filter(|(_, id, _)| *id == task.id).cloned().collect();
        Some(Undo { written, moment: undo.moment }.text())
    };
    let of = HandOverPage {
        setting: &setting,
        done: done_notice(&setting, typed.text("done"), typed.text("undo"), &back),
        rows: &mine.iter().map(|task| known.row(door, task)).collect::<Vec<_>>(),
        choices: &others(door),
        typed,
        refusal,
        offered: &offered.iter().map(|task| (known.row(door, task), alone(task))).collect::<Vec<_>>(),
        back: &back,
    };
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(status, hand_over_page(&of))
}

/// The tasks of whoever asks that are offered to nobody, and those of a commit.
async fn gather(door: &Door, undo: Option<&Undo>) -> Result<(Vec<Task>, Vec<Task>, rows::Known), Problem> {
    let reading = door.record.read(&door.permit, asked::TASK).await?;
    let answer = async {
        let mut mine = tasks::tasks(&reading, &Scope::person(door.own_names())).await?;
        mine.retain(|task| task.handed_to.is_none());
        let ids: BTreeSet<&str> =
            undo.into_iter().flat_map(|undo| &undo.written).map(|(_, id, _)| id.as_str()).collect();
        let mut offered = Vec::new();
        for id in ids.into_iter().take(tasks::MOST_AT_ONCE) {
            offered.extend(tasks::task(&reading, id).await?);
        }
        let all: Vec<&Task> = mine.iter().chain(&offered).collect();
        let known = rows::known(door, &reading, &all, &Default::default()).await?;
        Ok((mine, offered, known))
    };
    let answer = answer.await;
    finished(reading, answer).await
}
