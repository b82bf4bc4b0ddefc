//! Registering a patient: the page, looking again, filling from PDS, and the commit.
//!
//! Refused forms come back with everything that was typed, the matches and what PDS says.

use administration::registration::{Demographics, Register};
use administration::{Command, Refusal};
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use http::StatusCode;
use serde::Deserialize;

use super::{failed, not_allowed, page};
use crate::act::{NotDone, Typed, act, done};
use crate::door::Door;
use crate::drafts;
use crate::gather::register::{Alike, alike, answered, ask_pds, carried_over, form_of, missing_beside, read_form};
use crate::pages::register::{RegisterPage, matched_words, register_page};

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// What was searched for.
    q: String,
}

/// `GET …/register`: the form with what was searched for, or the draft that this person left.
pub(super) async fn show(Extension(door): Extension<Door>, Query(asked): Query<Asked>) -> Response {
    if !may_register(&door) {
        return not_allowed(&door, "Your role does not register patients.");
    }
    let kept = match drafts::returned(&door, "register", "").await {
        Ok(kept) => kept,
        Err(problem) => return failed(&door, &problem),
    };
    // A draft of another search is another person's form: it is not mixed with this one.
    let kept = kept.filter(|kept| asked.q.is_empty() || kept.typed.text("searched") == asked.q.trim());
    if asked.q.trim().is_empty() && kept.is_none() {
        return Redirect::to(&door.setting().links.patients()).into_response();
    }
    let at = kept.as_ref().map(|kept| kept.at);
    let mut typed = kept.map(|kept| kept.typed).unwrap_or_default();
    if at.is_none() {
        typed.fill("searched", Some(asked.q.trim().to_owned()));
        carried_over(&door, &asked.q, &mut typed);
    }
    answer(&door, typed, Vec::new(), StatusCode::OK, at).await
}

/// How many likely matches there are here and on PDS for what was searched, when it names somebody closely enough: an NHS
/// number, or a name with a whole date of birth.
pub(super) async fn both(door: &Door, searched: &str) -> Result<Option<String>, record::Problem> {
    let mut typed = Typed::default();
    carried_over(door, searched, &mut typed);
    let (person, _) = read_form(door, &typed);
    if !may_register(door) || person.nhs_number.is_none() && (person.born.is_none() || person.family.is_empty()) {
        return Ok(None);
    }
    let pds = ask_pds(door, &person).await;
    let found = alike(door, &person).await?;
    Ok(Some(crate::words::capital(&matched_words(&found, pds.as_ref()))))
}

/// `POST …/register`.
pub(super) async fn submit(Extension(door): Extension<Door>, Form(fields): Form<Vec<(String, String)>>) -> Response {
    if !may_register(&door) {
        return not_allowed(&door, "Your role does not register patients.");
    }
    let mut typed = Typed::of(fields);
    match typed.text("do") {
        "fill" => {
            let (person, _) = read_form(&door, &typed);
            let said = ask_pds(&door, &person).await;
            if let Some(held) = said.as_ref().and_then(|said| said.person()) {
                for (name, value) in form_of(&held.prefill()).fields() {
                    typed.fill(name, Some(value.to_owned()));
                }
            }
            answer(&door, typed, Vec::new(), StatusCode::OK, None).await
        }
        "look" => {
            let (_, wrong) = read_form(&door, &typed);
            answer(&door, typed, wrong, StatusCode::OK, None).await
        }
        _ => register(&door, typed).await,
    }
}

async fn register(door: &Door, typed: Typed) -> Response {
    let (person, mut wrong) = read_form(door, &typed);
    wrong.extend(missing_beside(&person, &wrong));
    if !wrong.is_empty() {
        return answer(door, typed, wrong, StatusCode::UNPROCESSABLE_ENTITY, None).await;
    }
    let found = match alike(door, &person).await {
        Ok(found) => found,
        Err(problem) => return failed(door, &problem),
    };
    let command = command(door, &typed, person, &found).await;
    let id = command.patient.clone();
    match act(door, &Command::Register(Box::new(command)), &typed).await {
        Ok(receipt) => {
            // The same form sent twice has one receipt: the patient is the one that the first made.
            let made = receipt.written.iter().find(|one| one.key.kind == "Patient").map(|one| one.key.id.clone());
            done(&door.setting().links.details(&made.unwrap_or(id)), "registered", &receipt)
        }
        Err(NotDone::Refused(refusal)) => {
            answer(door, typed, vec![refusal], StatusCode::UNPROCESSABLE_ENTITY, None).await
        }
        Err(NotDone::Failed(problem)) => failed(door, &problem),
    }
}

/// The command, with a trace of the number that was typed: only PDS verifies one.
async fn command(door: &Door, typed: &Typed, person: Demographics, found: &[Alike]) -> Register {
    let said = match person.nhs_number {
        Some(_) => ask_pds(door, &person).await,
        None => None,
    };
    let is_traced = said.as_ref().and_then(|said| said.person()).is_some_and(|held| held.agrees_with(&person));
    Register {
        patient: uuid::Uuid::now_v7().to_string(),
        searched: typed.text("searched").to_owned(),
        answered: answered(typed, found),
        person,
        is_traced,
    }
}

/// The page with what was typed.
async fn answer(
    door: &Door,
    typed: Typed,
    refused: Vec<Refusal>,
    status: StatusCode,
    kept: Option<terms::Moment>,
) -> Response {
    let (person, _) = read_form(door, &typed);
    let pds = ask_pds(door, &person).await;
    match alike(door, &person).await {
        Ok(found) => {
            let setting = door.setting();
            let of = RegisterPage {
                setting: &setting,
                typed: &typed,
                refused: &refused,
                alike: &found,
                pds: pds.as_ref(),
                kept,
            };
            page(status, register_page(&of))
        }
        Err(problem) => failed(door, &problem),
    }
}

fn may_register(door: &Door) -> bool {
    door.permit.scope().writes.contains("Patient")
}
