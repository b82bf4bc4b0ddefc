//! The routes of wards: the list, a board and its stream, the handover sheet.
//! Handlers gather at one snapshot and render; whoever sees no stays is told so.

use std::sync::Arc;

use axum::extract::{Path, Query};
use axum::response::Response;
use axum::{Extension, Router, routing::get};
use http::StatusCode;
use record::{Problem, Reading};
use serde::Deserialize;

use super::{failed, not_allowed, not_found, page};
use crate::act::done_notice;
use crate::door::{Door, asked};
use crate::gather::ward::{Gathered, board, ward_lines};
use crate::live::{Draw, Frame, FrameRow, stream_of};
use crate::pages::drawn::Drawn;
use crate::pages::ward::{BoardView, Look, Show, concerns, frame_rows, head, ward_page, wards_page};

mod forms;

/// What the address of a board may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// Which rows.
    show: String,
    /// `1` on a wall.
    wall: String,
    /// `1` to shorten names, `0` not to.
    private: String,
    /// The sequence that a page shows.
    at: u64,
    /// What was just done, and how it is undone.
    done: String,
    undo: String,
}

impl Asked {
    fn look(&self) -> Look {
        let is_wall = self.wall == "1";
        let is_private = if self.private.is_empty() { is_wall } else { self.private == "1" };
        Look { show: Show::of_code(&self.show), is_wall, is_private }
    }
}

/// The routes of this file and its forms.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/t/{trust}/wards", get(wards))
        .route("/t/{trust}/wards/{id}", get(ward))
        .route("/t/{trust}/wards/{id}/live", get(live))
        .route("/t/{trust}/wards/{id}/handover", get(handover))
        .route("/t/{trust}/wards/{id}/move", get(forms::show_move).post(forms::submit_move))
        .route("/t/{trust}/wards/{id}/admit", get(forms::show_admit).post(forms::submit_admit))
        .route("/t/{trust}/wards/{id}/nurse", get(forms::show_nurse).post(forms::submit_nurse))
        .route("/t/{trust}/wards/{id}/reserve", get(forms::show_reserve).post(forms::submit_reserve))
        .route("/t/{trust}/wards/{id}/bed", get(forms::show_bed).post(forms::submit_bed))
}

/// Who sees no stays is told so.
pub(super) fn refused(door: &Door) -> Option<Response> {
    let sees = door.permit.scope().reads.contains("Encounter");
    (!sees).then(|| not_allowed(door, "Your role does not see who is on a ward."))
}

/// Whether the role sees clinical content on a board.
pub(super) fn is_clinical(door: &Door) -> bool {
    door.permit.scope().reads.contains("AllergyIntolerance")
}

/// `GET …/wards`.
async fn wards(Extension(door): Extension<Door>, Query(asked): Query<Asked>) -> Response {
    if let Some(refused) = refused(&door) {
        return refused;
    }
    let setting = door.setting();
    let notice = done_notice(&setting, &asked.done, &asked.undo, &setting.links.wards());
    match ward_lines(&door).await {
        Ok(lines) => page(StatusCode::OK, wards_page(&setting, &lines, notice.as_ref())),
        Err(problem) => failed(&door, &problem),
    }
}

/// A ward as it is now, read for a page.
pub(super) async fn gathered(door: &Door, id: &str, query: &str) -> Result<Option<Gathered>, Problem> {
    let reading = door.record.read(&door.permit, query).await?;
    let answer = board(&reading, id, is_clinical(door), door.now).await;
    reading.finish().await?;
    answer
}

/// `GET …/wards/{id}`: the board.
async fn ward(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    if let Some(refused) = refused(&door) {
        return refused;
    }
    match gathered(&door, &id, asked::BOARD).await {
        Ok(Some(gathered)) => {
            let setting = door.setting();
            let view = BoardView::new(&gathered, &setting.links, &door.permit, door.now);
            let back = setting.links.ward(&id);
            let notice = done_notice(&setting, &asked.done, &asked.undo, &back);
            page(StatusCode::OK, ward_page(&setting, &view, asked.look(), notice.as_ref()))
        }
        Ok(None) => not_found(&door),
        Err(problem) => failed(&door, &problem),
    }
}

/// `GET …/wards/{id}/handover`.
async fn handover(Extension(door): Extension<Door>, Path((_, id)): Path<(String, String)>) -> Response {
    if let Some(refused) = refused(&door) {
        return refused;
    }
    match gathered(&door, &id, asked::HANDOVER).await {
        Ok(Some(gathered)) => {
            let setting = door.setting();
            let view = BoardView::new(&gathered, &setting.links, &door.permit, door.now);
            page(StatusCode::OK, crate::pages::ward::handover::handover_page(&setting, &view))
        }
        Ok(None) => not_found(&door),
        Err(problem) => failed(&door, &problem),
    }
}

/// `GET …/wards/{id}/live`: what changes on a board, as server-sent events.
async fn live(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    if let Some(refused) = refused(&door) {
        return refused;
    }
    let there = async {
        let reading = door.record.read(&door.permit, asked::LIVE_BOARD).await?;
        let place = administration::places::place(&reading, &id).await;
        reading.finish().await?;
        place
    };
    match there.await {
        Ok(Some(_)) => {}
        Ok(None) => return not_found(&door),
        Err(problem) => return failed(&door, &problem),
    }
    let draw = draw(&door, &id);
    stream_of(door, &format!("ward {id}"), asked.at, draw)
}

/// What draws a ward's board again.
fn draw(door: &Door, id: &str) -> Draw {
    let (door, id) = (door.clone(), id.to_owned());
    Arc::new(move |permit| {
        let (door, id) = (door.clone(), id.clone());
        Box::pin(async move {
            let reading = door.record.read(&permit, asked::LIVE_BOARD).await?;
            let now = (door.clock)();
            let drawn = board(&reading, &id, is_clinical(&door), now).await;
            frame(&door, &reading, drawn, now)
        })
    })
}

/// A frame of what was gathered.
fn frame(
    door: &Door,
    reading: &Reading,
    drawn: Result<Option<Gathered>, Problem>,
    now: terms::Moment,
) -> Result<Option<Frame>, Problem> {
    let shown = reading.hand_on();
    let Some(gathered) = drawn? else { return Ok(None) };
    let links = door.setting().links;
    let view = BoardView::new(&gathered, &links, &door.permit, now);
    let rows = frame_rows(&view);
    let rows = rows.into_iter().map(|(id, Drawn { html, mark })| FrameRow { id, html, mark, since: gathered.sequence });
    Ok(Some(Frame {
        sequence: gathered.sequence,
        at: now,
        head: head(&view).into_string(),
        rows: rows.collect(),
        concerns: concerns(&gathered),
        shown,
    }))
}
