//! A major incident: the packs with their printed numbers and temporary names, each given to whoever comes with one click
//! in its row, and batches of new ones.
//!
//! Giving a pack books its person into the emergency department; who they are is asked when somebody can.

use administration::emergency::{Arrive, Mode, Whose};
use administration::places::{PlaceKind, places};
use administration::registration::{RegisterMajorIncident, packs};
use administration::{Command, Refusal};
use axum::extract::Query;
use axum::response::Response;
use axum::{Extension, Form};
use http::StatusCode;
use record::Problem;
use serde::Deserialize;

use super::{failed, not_allowed, page, stopped};
use crate::act::{NotDone, Typed, act, done, done_notice};
use crate::door::{Door, asked};
use crate::pages::incident::{Incident, incident_page};

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    done: String,
    undo: String,
}

const NOT_ALLOWED: &str = "Your role does not register patients.";

fn is_allowed(door: &Door) -> bool {
    let writes = &door.permit.scope().writes;
    writes.contains("Patient") && writes.contains("Encounter")
}

/// `GET …/incident`.
pub(super) async fn show(Extension(door): Extension<Door>, Query(asked): Query<Asked>) -> Response {
    if !is_allowed(&door) {
        return not_allowed(&door, NOT_ALLOWED);
    }
    answer(&door, &asked, &Typed::default(), None).await
}

/// `POST …/incident`: a batch, or a pack that is given to somebody.
pub(super) async fn submit(Extension(door): Extension<Door>, Form(fields): Form<Vec<(String, String)>>) -> Response {
    if !is_allowed(&door) {
        return not_allowed(&door, NOT_ALLOWED);
    }
    let typed = Typed::of(fields);
    let (command, what) = match command(&door, &typed).await {
        Ok(Ok(made)) => made,
        Ok(Err(refusal)) => return answer(&door, &Asked::default(), &typed, Some(&refusal)).await,
        Err(problem) => return failed(&door, &problem),
    };
    let back = door.setting().links.incident();
    match act(&door, &command, &typed).await {
        Ok(receipt) => done(&back, what, &receipt),
        Err(NotDone::Refused(refusal)) => answer(&door, &Asked::default(), &typed, Some(&refusal)).await,
        Err(other) => stopped(&door, other, &back),
    }
}

/// The command of a form, and the word for its notice.
async fn command(door: &Door, typed: &Typed) -> Result<Result<(Command, &'static str), Refusal>, Problem> {
    let new_id = || uuid::Uuid::now_v7().to_string();
    if typed.text("do") == "batch" {
        let Some(count) = typed.text("count").trim().parse::<usize>().ok().filter(|count| *count > 0) else {
            return Ok(Err(Refusal::at("count", "count", "Say how many numbers, such as 20.")));
        };
        let patients = (0..count.min(1000)).map(|_| new_id()).collect();
        return Ok(Ok((Command::RegisterMajorIncident(RegisterMajorIncident { patients }), "batch")));
    }
    let Some(department) = department(door).await? else {
        let sentence = "No emergency department is set up. Ask your administrator to add one to the configuration.";
        return Ok(Err(Refusal::new("no-department", sentence)));
    };
    let mode = match typed.text("mode") {
        "ambulance" => Some(Mode::Ambulance),
        "on-foot" => Some(Mode::OnFoot),
        _ => None,
    };
    let arrive = Arrive {
        attendance: new_id(),
        who: Whose::Known(typed.text("patient").to_owned()),
        department,
        place: None,
        at: door.now,
        mode,
        complaint: Some("Major incident".to_owned()),
    };
    Ok(Ok((Command::Arrive(arrive), "pack-given")))
}

/// The emergency department: the first, where there are several.
async fn department(door: &Door) -> Result<Option<String>, Problem> {
    let reading = door.record.read(&door.permit, asked::REGISTER).await?;
    let found = places(&reading).await;
    reading.finish().await?;
    let found = found?;
    let found = found.values().find(|place| place.kind == PlaceKind::EmergencyDepartment);
    Ok(found.map(|place| place.id.clone()))
}

async fn answer(door: &Door, asked: &Asked, typed: &Typed, refused: Option<&Refusal>) -> Response {
    let reading = match door.record.read(&door.permit, asked::REGISTER).await {
        Ok(reading) => reading,
        Err(problem) => return failed(door, &problem),
    };
    let found = packs(&reading).await;
    if let Err(problem) = reading.finish().await {
        return failed(door, &problem);
    }
    let packs = match found {
        Ok(packs) => packs,
        Err(problem) => return failed(door, &problem),
    };
    let setting = door.setting();
    let notice = done_notice(&setting, &asked.done, &asked.undo, &setting.links.incident());
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let of = Incident { setting: &setting, packs: &packs, typed, refused, notice: notice.as_ref() };
    page(status, incident_page(&of))
}
