//! The routes of the site office: the page of admissions and bed requests, and a new decision to admit.
//!
//! A request is one form and one commit; a refused one comes back with everything that was typed.

use std::sync::Arc;

use administration::boards::{WardBoard, all_boards};
use administration::stays::{NEEDS, RequestAdmission};
use administration::{Command, Refusal};
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Form, Router};
use clinical::Chart;
use http::StatusCode;
use record::{Problem, Reading};
use serde::Deserialize;

use super::stays::{consultant, is_clinical, refused};
use super::{failed, page, stopped};
use crate::act::{NotDone, Typed, act, done, done_notice};
use crate::door::{Door, asked};
use crate::gather::admissions::gather;
use crate::gather::chart;
use crate::gather::staff::staff;
use crate::pages::admissions::{Admissions, admissions_page};
use crate::pages::stay::fields::Sent;
use crate::pages::stay::request::{NewRequest, request_page, team};

/// What the addresses of these pages may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// For whom a decision to admit is.
    patient: String,
    /// What was just done, and how it is undone.
    done: String,
    undo: String,
}

/// The routes of this file.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/t/{trust}/admissions", get(show))
        .route("/t/{trust}/admissions/new", get(show_new).post(submit_new))
}

/// `GET …/admissions`.
async fn show(Extension(door): Extension<Door>, Query(asked): Query<Asked>) -> Response {
    if let Some(refused) = refused(&door) {
        return refused;
    }
    let answer = async {
        let reading = door.record.read(&door.permit, asked::ADMISSIONS).await?;
        let answer = async {
            let wards = all_boards(&reading, door.now).await?;
            gather(&reading, wards, is_clinical(&door), door.now).await
        };
        let answer = answer.await;
        reading.finish().await?;
        answer
    };
    match answer.await {
        Ok(gathered) => {
            let setting = door.setting();
            let notice = done_notice(&setting, &asked.done, &asked.undo, &setting.links.admissions());
            let is_clinical = is_clinical(&door);
            let of = Admissions { setting: &setting, gathered: &gathered, notice: notice.as_ref(), is_clinical };
            page(StatusCode::OK, admissions_page(&of))
        }
        Err(problem) => failed(&door, &problem),
    }
}

/// What a new request's form needs.
struct Needed {
    chart: Option<Chart>,
    wards: Vec<Arc<WardBoard>>,
    staff: Vec<(String, String)>,
}

async fn needed(door: &Door, patient: &str) -> Result<Needed, Problem> {
    let reading = door.record.read(&door.permit, asked::ADMISSIONS).await?;
    let answer = read(door, &reading, patient).await;
    reading.finish().await?;
    answer
}

async fn read(door: &Door, reading: &Reading, patient: &str) -> Result<Needed, Problem> {
    let chart = match patient {
        "" => None,
        patient => chart::identity_of(door, reading, patient).await?,
    };
    Ok(Needed { chart, wards: all_boards(reading, door.now).await?, staff: staff(reading).await? })
}

async fn form(door: &Door, patient: &str, typed: &Typed, refusal: Option<&Refusal>) -> Response {
    let needed = match needed(door, patient).await {
        Ok(needed) => needed,
        Err(problem) => return failed(door, &problem),
    };
    let setting = door.setting();
    let of = NewRequest {
        setting: &setting,
        patient: needed.chart.as_ref(),
        wards: &needed.wards,
        staff: &needed.staff,
        sent: Sent { typed, refusal },
    };
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(status, request_page(&of))
}

/// `GET …/admissions/new`.
async fn show_new(Extension(door): Extension<Door>, Query(asked): Query<Asked>) -> Response {
    if let Some(refused) = refused(&door) {
        return refused;
    }
    form(&door, &asked.patient, &Typed::default(), None).await
}

/// `POST …/admissions/new`.
async fn submit_new(Extension(door): Extension<Door>, Form(fields): Form<Vec<(String, String)>>) -> Response {
    let typed = Typed::of(fields);
    let patient = typed.text("patient").to_owned();
    let command = match consultant(&door, &typed).await {
        Ok(consultant) => command(&door, &typed, consultant).map_err(NotDone::Refused),
        Err(not_done) => Err(not_done),
    };
    let refusal = match command {
        Ok(command) => match act(&door, &command, &typed).await {
            Ok(receipt) => {
                let links = door.setting().links;
                let made = receipt.written.first().map(|one| links.stay(&one.key.id));
                return done(&made.unwrap_or_else(|| links.admissions()), "requested", &receipt);
            }
            Err(NotDone::Refused(refusal)) => refusal,
            Err(other) => return stopped(&door, other, &door.setting().links.admissions()),
        },
        Err(NotDone::Refused(refusal)) => refusal,
        Err(other) => return stopped(&door, other, &door.setting().links.admissions()),
    };
    form(&door, &patient, &typed, Some(&refusal)).await
}

fn command(door: &Door, typed: &Typed, consultant: Option<(String, String)>) -> Result<Command, Refusal> {
    let needed = NEEDS.iter().filter(|(code, _)| typed.text(&format!("need-{code}")) == "1");
    Ok(Command::RequestAdmission(RequestAdmission {
        stay: uuid::Uuid::now_v7().to_string(),
        patient: typed.text("patient").to_owned(),
        decided: typed.moment(door.now)?,
        method: typed.text("method").to_owned(),
        priority: typed.some("priority"),
        intended: typed.some("intended"),
        treatment_function: typed.some("team").and_then(|code| team(&code)),
        consultant,
        reason: typed.text("reason").to_owned(),
        ward: typed.some("ward"),
        needs: needed.map(|(code, _)| (*code).to_owned()).collect(),
        note: typed.some("note"),
        attendance: None,
    }))
}
