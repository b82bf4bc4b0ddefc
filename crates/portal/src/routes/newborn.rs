//! Registering a newborn from the mother's record.
//! The mother is the patient of the page; a form of another patient is refused.

use administration::registration::{Gender, RegisterNewborn};
use administration::{Command, Refusal, stays};
use axum::extract::Path;
use axum::response::Response;
use axum::{Extension, Form};
use http::StatusCode;
use record::Problem;

use super::{failed, not_allowed, not_found, page};
use crate::act::{NotDone, Typed, act, done};
use crate::door::{Door, asked};
use crate::drafts;
use crate::gather::chart::chart_of;
use crate::pages::newborn::{NewbornPage, newborn_page};

/// `GET …/newborn`.
pub(super) async fn show(Extension(door): Extension<Door>, Path((_, id)): Path<(String, String)>) -> Response {
    if !door.permit.scope().writes.contains("Patient") {
        return not_allowed(&door, "Your role does not register patients.");
    }
    match drafts::returned(&door, "newborn", &id).await {
        Ok(kept) => {
            let at = kept.as_ref().map(|kept| kept.at);
            let typed = kept.map(|kept| kept.typed).unwrap_or_default();
            answer(&door, &id, &typed, &[], (StatusCode::OK, at)).await
        }
        Err(problem) => failed(&door, &problem),
    }
}

/// `POST …/newborn`.
pub(super) async fn submit(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    if !door.permit.scope().writes.contains("Patient") {
        return not_allowed(&door, "Your role does not register patients.");
    }
    let typed = Typed::of(fields);
    let refusal = match typed.is_about(&id).and_then(|()| command(&door, &id, &typed)) {
        Ok(command) => {
            let baby = command.patient.clone();
            match act(&door, &Command::RegisterNewborn(command), &typed).await {
                Ok(receipt) => return done(&door.setting().links.details(&baby), "newborn", &receipt),
                Err(NotDone::Refused(refusal)) => refusal,
                Err(NotDone::Failed(problem)) => return failed(&door, &problem),
            }
        }
        Err(refusal) => refusal,
    };
    let typed = if refusal.code == "other-patient" { Typed::default() } else { typed };
    answer(&door, &id, &typed, &[refusal], (StatusCode::UNPROCESSABLE_ENTITY, None)).await
}

fn command(door: &Door, mother: &str, typed: &Typed) -> Result<RegisterNewborn, Refusal> {
    let number = |name: &str| typed.text(name).parse().unwrap_or(0);
    let of: u8 = number("of");
    Ok(RegisterNewborn {
        patient: uuid::Uuid::now_v7().to_string(),
        mother: mother.to_owned(),
        stay: typed.text("stay").to_owned(),
        born: typed.moment(door.now)?,
        order: number("order"),
        of,
        gender: Gender::of_code(typed.text("gender")),
        flags: (0..of.min(8)).map(|_| uuid::Uuid::now_v7().to_string()).collect(),
    })
}

async fn answer(
    door: &Door,
    id: &str,
    typed: &Typed,
    refused: &[Refusal],
    (status, kept): (StatusCode, Option<terms::Moment>),
) -> Response {
    let chart = match chart_of(door, id).await {
        Ok(Some(chart)) => chart,
        Ok(None) => return not_found(door),
        Err(problem) => return failed(door, &problem),
    };
    match open_stay(door, id).await {
        Ok(stay) => {
            let setting = door.setting();
            let of = NewbornPage { setting: &setting, chart: &chart, stay: stay.as_deref(), typed, refused, kept };
            page(status, newborn_page(&of))
        }
        Err(problem) => failed(door, &problem),
    }
}

/// The mother's open stay.
async fn open_stay(door: &Door, mother: &str) -> Result<Option<String>, Problem> {
    let reading = door.record.read(&door.permit, asked::DETAILS).await?;
    let stays = stays::open_stays_of(&reading, mother).await;
    reading.finish().await?;
    Ok(stays?.into_iter().next().map(|stay| stay.id))
}
