//! Tasks: writing one down, looking at one, and what becomes of it.
//! A form becomes one command; what is refused comes back with all that was typed.

use administration::obligations::{Scope, TEAMS};
use administration::stays::{Stay, open_stays_of};
use administration::tasks::{self, AcceptTask, AddTask, ChangeTask, HandOverTask, Task, TaskChange};
use administration::{Command, Refusal};
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::{Extension, Form};
use http::StatusCode;
use record::{Problem, Reading};
use serde::Deserialize;

use super::{failed, not_allowed, not_found, page, stopped};
use crate::act::{NotDone, Typed, act, done, done_notice, own_path};
use crate::door::{Door, asked};
use crate::gather::home::speaks_for;
use crate::gather::owed::kind_of;
use crate::gather::{finished, people, tasks as rows};
use crate::pages::home::TaskRow;
use crate::pages::task::{Choice, NewTask, TaskPage, new_task_page, task_page, tasks_page};

/// What the address of a task may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    done: String,
    undo: String,
}

/// What a new task is about, as far as it is known.
#[derive(Default)]
struct About {
    patient: Option<String>,
    stay: Option<Stay>,
    name: Option<(String, String)>,
    /// The consultant of the stay.
    consultant: Option<Choice>,
}

/// `GET …/tasks/new`: by hand, about a patient, or from an obligation.
pub(super) async fn new(Extension(door): Extension<Door>, Query(fields): Query<Vec<(String, String)>>) -> Response {
    let typed = Typed::of(fields);
    match answer_new(&door, &typed, None).await {
        Ok(markup) => page(StatusCode::OK, markup),
        Err(problem) => failed(&door, &problem),
    }
}

async fn answer_new(door: &Door, typed: &Typed, refusal: Option<&Refusal>) -> Result<maud::Markup, Problem> {
    let setting = door.setting();
    let reading = door.record.read(&door.permit, asked::TASK).await?;
    let answer = about(door, &reading, typed).await;
    let about = finished(reading, answer).await?;
    let choices = choices(door, about.consultant);
    let from = kind_of(&setting, typed.text("kind")).map(|kind| kind.words.0);
    let new = NewTask { setting: &setting, about: about.name, from, choices: &choices, typed, refusal };
    Ok(new_task_page(&new))
}

/// `POST …/tasks`.
pub(super) async fn add(Extension(door): Extension<Door>, Form(fields): Form<Vec<(String, String)>>) -> Response {
    let typed = Typed::of(fields);
    let command = match command(&door, &typed).await {
        Ok(command) => command,
        Err(NotDone::Refused(refusal)) => return refused_new(&door, &typed, &refusal).await,
        Err(not_done) => return stopped(&door, not_done, &door.setting().links.home()),
    };
    match act(&door, &command, &typed).await {
        Ok(receipt) => done(&back(&door, &typed), "task-added", &receipt),
        Err(NotDone::Refused(refusal)) => refused_new(&door, &typed, &refusal).await,
        Err(not_done) => stopped(&door, not_done, &door.setting().links.home()),
    }
}

async fn refused_new(door: &Door, typed: &Typed, refusal: &Refusal) -> Response {
    match answer_new(door, typed, Some(refusal)).await {
        Ok(markup) => page(StatusCode::UNPROCESSABLE_ENTITY, markup),
        Err(problem) => failed(door, &problem),
    }
}

async fn command(door: &Door, typed: &Typed) -> Result<Command, NotDone> {
    let reading = door.record.read(&door.permit, asked::TASK).await?;
    let answer = about(door, &reading, typed).await;
    let about = finished(reading, answer).await?;
    let choices = choices(door, about.consultant);
    if typed.text("what").is_empty() {
        return Err(Refusal::at("what-missing", "what", "Say what shall be done.").into());
    }
    let owner = chosen(door, typed, "owner", &choices).await?;
    let from = typed.some("kind").zip(typed.some("anchor"));
    Ok(Command::AddTask(AddTask {
        id: uuid::Uuid::now_v7().to_string(),
        what: typed.text("what").to_owned(),
        owner,
        due: due(door, typed)?,
        patient: about.patient,
        stay: about.stay.map(|stay| stay.id),
        from,
    }))
}

/// By when, as it was typed: today unless a day was named.
fn due(door: &Door, typed: &Typed) -> Result<terms::Moment, Refusal> {
    if typed.text("at_time").is_empty() {
        return Err(Refusal::at("time-missing", "at_time", "Say by when it shall be done: a time such as 15:30."));
    }
    typed.moment(door.now)
}

/// What a form's task is about: the anchor of an obligation, or a patient.
async fn about(door: &Door, reading: &Reading, typed: &Typed) -> Result<About, Problem> {
    let mut about = About::default();
    match typed.text("anchor").split_once('/') {
        Some(("Encounter", id)) => about.stay = administration::stays::stay(reading, id).await?,
        Some(("Patient", id)) => about.patient = Some(id.to_owned()),
        _ => about.patient = typed.some("patient"),
    }
    if let Some(stay) = &about.stay {
        about.patient.clone_from(&stay.patient);
    }
    let Some(patient) = &about.patient else { return Ok(about) };
    if about.stay.is_none() {
        about.stay = open_stays_of(reading, patient).await?.into_iter().next();
    }
    let care = about.stay.as_ref().and_then(|stay| stay.consultant());
    about.consultant = care.and_then(|care| {
        let id = care.who.strip_prefix("Practitioner/")?;
        Some((format!("practitioner/{id}"), care.name.clone().unwrap_or_else(|| id.to_owned())))
    });
    let named = people::people(reading, &[patient.clone()].into(), door.now).await?;
    match named.into_values().next() {
        Some(named) => about.name = Some((named.name, named.under)),
        // Somebody whom the permit does not reach is nobody here.
        None => return Ok(About::default()),
    }
    Ok(about)
}

/// Whose a task can be, of whom the form offers: the ward, the reader, the consultant, the teams.
pub(super) fn choices(door: &Door, consultant: Option<Choice>) -> Vec<Choice> {
    let ward = door.here.ward.as_ref();
    let ward = ward.map(|ward| (format!("place/{}", ward.id), ward.name.clone()));
    let principal = door.permit.principal();
    let me = (principal.id.clone(), format!("Me, {}", principal.name));
    let teams = TEAMS.iter().map(|(team, name)| ((*team).to_owned(), (*name).to_owned()));
    ward.into_iter().chain([me]).chain(consultant).chain(teams).collect()
}

/// The owner that was chosen, with what they are called.
pub(super) async fn chosen(
    door: &Door,
    typed: &Typed,
    field: &'static str,
    choices: &[Choice],
) -> Result<Choice, NotDone> {
    let value = typed.text(field);
    if value == "else" {
        return Ok(named_user(door, typed).await?);
    }
    let choice = choices.iter().find(|(known, _)| known == value);
    let sentence = match field {
        "to" => "Say to whom it goes: the ward, a team or a person.",
        _ => "Say whose it is: the ward, a team or a person.",
    };
    let (owner, words) = choice.ok_or_else(|| Refusal::at("owner-missing", field, sentence))?;
    let words = words.strip_prefix("Me, ").unwrap_or(words);
    Ok((owner.clone(), words.to_owned()))
}

/// The person of the name that was typed, with what they are called.
pub(super) async fn named_user(door: &Door, typed: &Typed) -> Result<Choice, Refusal> {
    let name = typed.text("user").to_lowercase();
    let owner = format!("user/{name}");
    let found = if name.is_empty() { None } else { door.names.holders(vec![owner.clone()]).await.remove(&owner) };
    let sentence = "Nobody signs in with this name. Type it as they do, such as k.boateng.";
    let holder = found.ok_or_else(|| Refusal::at("no-user", "user", sentence))?;
    if !holder.is_active {
        let sentence = format!("The account of {} is closed. Give it to somebody who works here.", holder.name);
        return Err(Refusal::at("closed-user", "user", sentence));
    }
    Ok((owner, holder.name))
}

/// `GET …/tasks?patient=…`: the open tasks about a patient, as a ward's board counts them; without one, one's own.
pub(super) async fn list(Extension(door): Extension<Door>, Query(fields): Query<Vec<(String, String)>>) -> Response {
    if !door.permit.scope().reads.contains("Task") {
        return not_allowed(&door, "Your role does not see tasks.");
    }
    let (setting, typed) = (door.setting(), Typed::of(fields));
    let patient = typed.some("patient");
    let (rows, named) = match listed(&door, patient.as_deref()).await {
        Ok(found) => found,
        Err(problem) => return failed(&door, &problem),
    };
    if patient.is_some() && named.is_none() {
        return not_found(&door);
    }
    let links = &setting.links;
    let (own, new) = match &patient {
        Some(patient) => (links.tasks_of(patient), links.new_task_for(patient)),
        None => (links.tasks(), links.new_task(None)),
    };
    let done = done_notice(&setting, typed.text("done"), typed.text("undo"), &own);
    page(StatusCode::OK, tasks_page(&setting, named.as_ref(), (&own, &new), &rows, done))
}

async fn listed(door: &Door, patient: Option<&str>) -> Result<(Vec<TaskRow>, Option<people::Named>), Problem> {
    let reading = door.record.read(&door.permit, asked::TASK).await?;
    let answer = async {
        let patients = patient.map(str::to_owned).into_iter().collect();
        let found = match patient {
            Some(_) => tasks::of_patients(&reading, &patients).await?,
            None => tasks::tasks(&reading, &Scope::person(door.own_names())).await?,
        };
        let known = rows::known(door, &reading, &found.iter().collect::<Vec<_>>(), &Default::default()).await?;
        let named = people::people(&reading, &patients, door.now).await?.into_values().next();
        Ok((found.iter().map(|task| known.row(door, task)).collect(), named))
    };
    let answer = answer.await;
    finished(reading, answer).await
}

/// `GET …/tasks/{id}`.
pub(super) async fn show(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    answer(&door, &id, &Typed::default(), (&asked.done, &asked.undo), None).await
}

/// `POST …/tasks/{id}/{act}`.
pub(super) async fn change(
    Extension(door): Extension<Door>,
    Path((_, id, wanted)): Path<(String, String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let typed = Typed::of(fields);
    let changed = match change_of(&door, &id, &wanted, &typed).await {
        Ok(Some((command, words))) => act(&door, &command, &typed).await.map(|receipt| (receipt, words)),
        Ok(None) => return not_found(&door),
        Err(not_done) => Err(not_done),
    };
    match changed {
        Ok((receipt, words)) => {
            let own = door.setting().links.task(&id);
            let back = typed.some("back").map_or(own, |back| own_path(&door.setting(), &back));
            done(&back, words, &receipt)
        }
        Err(NotDone::Refused(refusal)) => answer(&door, &id, &typed, ("", ""), Some((&wanted, &refusal))).await,
        Err(not_done) => stopped(&door, not_done, &door.setting().links.task(&id)),
    }
}

/// The command of a form, and the word of what was done by it.
async fn change_of(
    door: &Door,
    id: &str,
    wanted: &str,
    typed: &Typed,
) -> Result<Option<(Command, &'static str)>, NotDone> {
    let to = |to| Command::ChangeTask(ChangeTask { task: id.to_owned(), to });
    Ok(Some(match wanted {
        "done" => (to(TaskChange::Complete), "task-done"),
        "reopen" => (to(TaskChange::Reopen), "task-reopened"),
        "cancel" => (to(TaskChange::Cancel(typed.text("reason").to_owned())), "task-cancelled"),
        "date" => (to(TaskChange::Redate(due(door, typed)?)), "task-date"),
        "hand-over" => {
            let (owner, _) = chosen(door, typed, "to", &choices(door, None)).await?;
            (Command::HandOverTask(HandOverTask { task: id.to_owned(), to: owner }), "task-offered")
        }
        "accept" => {
            let name = door.permit.principal().name.clone();
            let speaks_for = speaks_for(door);
            (Command::AcceptTask(AcceptTask { task: id.to_owned(), speaks_for, name }), "task-accepted")
        }
        _ => return Ok(None),
    }))
}

/// The page of a task, perhaps with what was refused.
async fn answer(
    door: &Door,
    id: &str,
    typed: &Typed,
    (what, undo): (&str, &str),
    refused: Option<(&str, &Refusal)>,
) -> Response {
    let setting = door.setting();
    if !door.permit.scope().reads.contains("Task") {
        return not_allowed(door, "Your role does not see tasks.");
    }
    let found = match gather(door, id).await {
        Ok(Some(found)) => found,
        Ok(None) => return not_found(door),
        Err(problem) => return failed(door, &problem),
    };
    let (task, known) = found;
    let row = known.row(door, &task);
    let may_accept = task.handed_to.as_ref().is_some_and(|to| speaks_for(door).contains(to));
    let of = TaskPage {
        setting: &setting,
        done: done_notice(&setting, what, undo, &setting.links.task(id)),
        row: &row,
        is_owned: known.owners.get(&task.owner).is_some_and(|owner| owner.is_active),
        under: task.patient.as_ref().and_then(|id| known.people.get(id)).map(|named| named.under.clone()),
        choices: &choices(door, None),
        may_accept,
        typed,
        refused,
        task: &task,
    };
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(status, task_page(&of))
}

async fn gather(door: &Door, id: &str) -> Result<Option<(Task, rows::Known)>, Problem> {
    let reading = door.record.read(&door.permit, asked::TASK).await?;
    let answer = async {
        let Some(task) = tasks::task(&reading, id).await? else { return Ok(None) };
        let known = rows::known(door, &reading, &[&task], &Default::default()).await?;
        Ok(Some((task, known)))
    };
    let answer = answer.await;
    finished(reading, answer).await
}

/// Where a form leads when it is done: where it came from, else home.
fn back(door: &Door, typed: &Typed) -> String {
    typed.some("back").map_or_else(|| door.setting().links.home(), |back| own_path(&door.setting(), &back))
}
