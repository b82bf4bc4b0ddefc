//! The page of downtimes: it begins and ends here, numbers are issued and voided, and the account is read.
//!
//! Forms are entered where everything is entered: on the page of a ward, a stay, the emergency department or a registration,
//! with the number that is printed on the paper (`act.rs`).

use administration::downtime::{BeginDowntime, EndDowntime, IssueNumbers, MOST_AT_ONCE, VoidNumbers, Which};
use administration::obligations::RECORDS_TEAM;
use administration::places::wards;
use administration::{Command, Refusal};
use axum::extract::Query;
use axum::response::Response;
use axum::{Extension, Form};
use http::StatusCode;
use serde::Deserialize;

use super::{failed, not_allowed, page, stopped};
use crate::act::{NotDone, Typed, act, done, done_notice};
use crate::door::{Door, asked};
use crate::gather::downtime::gather;
use crate::gather::finished;
use crate::pages::downtime::{DowntimePage, RECORDS, downtime_page};

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    done: String,
    undo: String,
}

const NOT_ALLOWED: &str = "Your role does not account for downtimes. Ask health records or a ward.";

fn is_allowed(door: &Door) -> bool {
    door.permit.scope().writes.contains("Task") && door.permit.scope().writes.contains("Encounter")
}

/// `GET …/downtime`.
pub(super) async fn show(Extension(door): Extension<Door>, Query(asked): Query<Asked>) -> Response {
    if !is_allowed(&door) {
        return not_allowed(&door, NOT_ALLOWED);
    }
    answer(&door, &asked, &Typed::default(), None).await
}

/// `POST …/downtime`: one of the page's forms.
pub(super) async fn submit(Extension(door): Extension<Door>, Form(fields): Form<Vec<(String, String)>>) -> Response {
    if !is_allowed(&door) {
        return not_allowed(&door, NOT_ALLOWED);
    }
    let typed = Typed::of(fields);
    let back = door.setting().links.downtime();
    let made = match command(&door, &typed).await {
        Ok((command, what)) => act(&door, &command, &typed).await.map(|receipt| (receipt, what)),
        Err(not_done) => Err(not_done),
    };
    match made {
        Ok((receipt, what)) => done(&back, what, &receipt),
        Err(NotDone::Refused(refusal)) => answer(&door, &Asked::default(), &typed, Some(&refusal)).await,
        Err(other) => stopped(&door, other, &back),
    }
}

/// The command of a form, and the word for its notice.
async fn command(door: &Door, typed: &Typed) -> Result<(Command, &'static str), NotDone> {
    let new_id = || uuid::Uuid::now_v7().to_string();
    Ok(match typed.text("act") {
        "begin" => {
            let begin =
                BeginDowntime { id: new_id(), reason: typed.text("reason").to_owned(), at: typed.moment(door.now)? };
            (Command::BeginDowntime(begin), "downtime-begun")
        }
        "end" => {
            let end = EndDowntime { id: typed.text("downtime").to_owned(), at: typed.moment(door.now)? };
            (Command::EndDowntime(end), "downtime-ended")
        }
        "void" => {
            let which = match typed.text("which") {
                "" => return Err(Refusal::at("which", "which", "Choose a number, or what is left of a sheet.").into()),
                which => match which.strip_prefix("rest ") {
                    Some(block) => Which::RestOf(block.to_owned()),
                    None => Which::One(which.to_owned()),
                },
            };
            let reason = typed.text("reason").to_owned();
            (Command::VoidNumbers(VoidNumbers { which, reason }), "numbers-void")
        }
        _ => {
            let owner = owner(door, typed.text("owner")).await?;
            let ids = |count: usize| (0..count).map(|_| new_id()).collect();
            let (forms, hospital) = (ids(count(typed, "forms")?), ids(count(typed, "hospital")?));
            (Command::IssueNumbers(IssueNumbers { block: new_id(), forms, hospital, owner }), "numbers-issued")
        }
    })
}

/// How many; nothing typed is none.
fn count(typed: &Typed, field: &'static str) -> Result<usize, Refusal> {
    let Some(text) = typed.some(field) else { return Ok(0) };
    // More than may be asked for is refused by the rules; no more ids than that are made.
    let count = text.parse::<usize>().map(|count| count.min(MOST_AT_ONCE + 1));
    count.map_err(|_| Refusal::at("count", field, "Say how many, such as 20."))
}

/// Who gets numbers: the plain name, and what they are called.
async fn owner(door: &Door, typed: &str) -> Result<(String, String), NotDone> {
    if typed == RECORDS_TEAM {
        return Ok((RECORDS_TEAM.to_owned(), RECORDS.to_owned()));
    }
    let reading = door.record.read(&door.permit, asked::DOWNTIME).await?;
    let found = wards(&reading).await;
    reading.finish_unseen().await?;
    let place = found?.into_iter().find(|place| typed.strip_prefix("place/") == Some(place.id.as_str()));
    let place = place.ok_or_else(|| Refusal::at("owner-missing", "owner", "Say who gets the numbers."))?;
    Ok((typed.to_owned(), place.title()))
}

async fn answer(door: &Door, asked: &Asked, typed: &Typed, refusal: Option<&Refusal>) -> Response {
    let reading = match door.record.read(&door.permit, asked::DOWNTIME).await {
        Ok(reading) => reading,
        Err(problem) => return failed(door, &problem),
    };
    let gathered = gather(&reading, door.now).await;
    let gathered = match finished(reading, gathered).await {
        Ok(gathered) => gathered,
        Err(problem) => return failed(door, &problem),
    };
    let mut setting = door.setting();
    // What is said on this page is no form of paper itself.
    setting.back_entry = false;
    let notice = done_notice(&setting, &asked.done, &asked.undo, &setting.links.downtime());
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let of = DowntimePage { setting: &setting, of: &gathered, typed, refusal, notice: notice.as_ref() };
    page(status, downtime_page(&of))
}
