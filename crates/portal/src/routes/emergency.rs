//! The routes of the emergency department: the board and its stream, booking in, and one form for each act.
//! Each handler reads what was asked, makes a command, and shows the board or the form again.

use std::sync::Arc;

use administration::emergency::{
    Arrive, AssessFirst, By, Category, DecideToAdmit, Depart, Destination, ExpectAmbulance, FollowUp, HandOver,
    LeaveBeforeSeen, Mode, MoveInDepartment, Newcomer, Outcome, RemoveAttendance, TakeOver, Takes, Triage, WaitFor,
    Whose,
};
use administration::places::{self, BedStatus, SetBedState};
use administration::registration::Gender;
use administration::{Command, Refusal};
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::{Extension, Form as Fields, Router, routing::get};
use http::StatusCode;
use record::{Problem, Reading};
use serde::Deserialize;
use terms::Moment;

use super::{failed, not_allowed, not_found, page, stopped};
use crate::act::{NotDone, Typed, act, done, done_notice};
use crate::door::{Door, asked};
use crate::drafts;
use crate::gather::emergency::{Board, Row, Seen, board, name_left, seen};
use crate::gather::staff::staff;
use crate::gather::{find, finished};
use crate::live::{Draw, Frame, FrameRow, stream_of};
use crate::pages::drawn::Drawn;
use crate::pages::emergency::arrive::{arrive_page, expect_page, place_page, unknown_page, who_page};
use crate::pages::emergency::forms::{Act, Form, Staff, TEAMS, act_page};
use crate::pages::emergency::{BoardView, Look, Only, View, board_page, concerns, frame_rows, head};

type Pairs = Vec<(String, String)>;

/// The routes of this file.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/t/{trust}/emergency", get(show_board))
        .route("/t/{trust}/emergency/live", get(live))
        .route("/t/{trust}/emergency/arrive", get(show_arrive).post(submit_arrive))
        .route("/t/{trust}/emergency/unknown", get(show_unknown).post(submit_unknown))
        .route("/t/{trust}/emergency/expect", get(show_expect).post(submit_expect))
        .route("/t/{trust}/emergency/place", get(show_place).post(submit_place))
        .route("/t/{trust}/emergency/{id}/{act}", get(show_act).post(submit_act))
}

/// What the address of the board may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    department: String,
    view: String,
    only: String,
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
        Look { view: View::of_code(&self.view), only: Only::of_code(&self.only), is_wall, is_private }
    }
}

/// `GET …/emergency`.
async fn show_board(Extension(door): Extension<Door>, Query(asked): Query<Asked>) -> Response {
    if let Some(refused) = refused(&door) {
        return refused;
    }
    match gathered(&door, &asked).await {
        Ok(Some(board)) => {
            let setting = door.setting();
            let view = BoardView::new((&board, &setting.links), &door.permit, asked.look(), door.now);
            let back = setting.links.emergency_as(view.department(), "", "");
            let notice = done_notice(&setting, &asked.done, &asked.undo, &back);
            page(StatusCode::OK, board_page(&setting, &view, notice.as_ref()))
        }
        Ok(None) => not_found(&door),
        Err(problem) => failed(&door, &problem),
    }
}

/// `GET …/emergency/live`: what changes on a board, as server-sent events.
async fn live(Extension(door): Extension<Door>, Query(asked): Query<Asked>) -> Response {
    if let Some(refused) = refused(&door) {
        return refused;
    }
    let there = async {
        let reading = door.record.read(&door.permit, asked::LIVE_EMERGENCY).await?;
        let answer = places::place(&reading, &asked.department).await;
        finished(reading, answer).await
    };
    match there.await {
        Ok(Some(_)) => {}
        Ok(None) => return not_found(&door),
        Err(problem) => return failed(&door, &problem),
    }
    let draw = draw(&door, &asked.department);
    stream_of(door, &format!("emergency {}", asked.department), asked.at, draw)
}

/// What draws a department's board again.
fn draw(door: &Door, department: &str) -> Draw {
    let (door, department) = (door.clone(), department.to_owned());
    Arc::new(move |permit| {
        let (door, department) = (door.clone(), department.clone());
        Box::pin(async move {
            let reading = door.record.read(&permit, asked::LIVE_EMERGENCY).await?;
            let now = (door.clock)();
            let drawn = board(&reading, &department, is_clinical(&door), now).await;
            let shown = reading.hand_on();
            let Some(board) = drawn? else { return Ok(None) };
            let links = door.setting().links;
            let view = BoardView::new((&board, &links), &permit, Look::default(), now);
            let since = board.sequence;
            let row = |(id, Drawn { html, mark })| FrameRow { id, html, mark, since };
            let rows = frame_rows(&view).into_iter().map(row);
            Ok(Some(Frame {
                sequence: board.sequence,
                at: now,
                head: head(&view).into_string(),
                rows: rows.collect(),
                concerns: concerns(&board),
                shown,
            }))
        })
    })
}

fn is_clinical(door: &Door) -> bool {
    door.permit.scope().reads.contains("AllergyIntolerance")
}

fn clinicians_only(door: &Door) -> Response {
    not_allowed(door, "A clinician records this. Ask whoever looks after the patient.")
}

/// Who sees no attendances is told so.
fn refused(door: &Door) -> Option<Response> {
    let sees = door.permit.scope().reads.contains("Encounter");
    (!sees).then(|| not_allowed(door, "Your role does not see who is in the department."))
}

async fn gathered(door: &Door, asked: &Asked) -> Result<Option<Board>, Problem> {
    let reading = door.record.read(&door.permit, asked::EMERGENCY).await?;
    let answer = gathered_in(door, &reading, asked).await;
    finished(reading, answer).await
}

async fn gathered_in(door: &Door, reading: &Reading, asked: &Asked) -> Result<Option<Board>, Problem> {
    let mut board = board(reading, &asked.department, is_clinical(door), door.now).await?;
    let only = asked.look().only;
    if let Some(board) = board.as_mut().filter(|_| only.lists_who_left()) {
        name_left(reading, board, |row| only.has(row, door.now), door.now).await?;
    }
    Ok(board)
}

/// What a form stands on.
struct Facts {
    board: Board,
    /// Whom a new arrival is about.
    seen: Option<Arc<Seen>>,
    staff: Vec<Staff>,
}

async fn facts(door: &Door, typed: &Typed) -> Result<Option<Facts>, Problem> {
    let reading = door.record.read(&door.permit, asked::EMERGENCY_FORM).await?;
    let answer = facts_in(door, &reading, typed).await;
    finished(reading, answer).await
}

async fn facts_in(door: &Door, reading: &Reading, typed: &Typed) -> Result<Option<Facts>, Problem> {
    let Some(board) = board(reading, typed.text("department"), false, door.now).await? else { return Ok(None) };
    let seen = match typed.text("patient") {
        "" => None,
        patient => seen(reading, patient, None, (false, door.now)).await?,
    };
    let staff = staff(reading).await?;
    Ok(Some(Facts { board, seen, staff }))
}

/// What shows a form; `None` when what it is about is not there.
type Show<'s> = &'s (dyn Fn(&Facts, &Form<'_>) -> Option<Response> + Sync);

/// A form as it is opened: with what this person left in it.
async fn open(door: &Door, (form, about): (&str, &str), address: Typed, show: Show<'_>) -> Response {
    match drafts::opened(door, form, about, address).await {
        Ok(typed) => render(door, &typed, None, show).await,
        Err(problem) => failed(door, &problem),
    }
}

/// A form with what is so now and what was typed.
async fn render(door: &Door, typed: &Typed, refusal: Option<Refusal>, show: Show<'_>) -> Response {
    if let Some(refused) = refused(door) {
        return refused;
    }
    let facts = match facts(door, typed).await {
        Ok(Some(facts)) => facts,
        Ok(None) => return not_found(door),
        Err(problem) => return failed(door, &problem),
    };
    let setting = door.setting();
    let form = Form { setting: &setting, board: &facts.board, typed, refusal: refusal.as_ref() };
    show(&facts, &form).unwrap_or_else(|| not_found(door))
}

fn shown(form: &Form<'_>, markup: maud::Markup) -> Response {
    let status = if form.refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(status, markup)
}

/// Carries a form's command out; back to the board, or to the form with what was refused.
async fn finish(door: &Door, typed: &Typed, command: Result<Command, Refusal>, what: &str, show: Show<'_>) -> Response {
    if !door.permit.scope().writes.contains("Encounter") {
        return not_allowed(door, "Your role does not change who is in the department.");
    }
    let back = door.setting().links.emergency_as(typed.text("department"), "", "");
    let command = match command {
        Ok(command) => command,
        Err(refusal) => return render(door, typed, Some(refusal), show).await,
    };
    match act(door, &command, typed).await {
        Ok(receipt) => done(&back, what, &receipt),
        Err(NotDone::Refused(refusal)) => render(door, typed, Some(refusal), show).await,
        Err(other) => stopped(door, other, &back),
    }
}

fn id() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn due<'f>(facts: &'f Facts, form: &Form<'_>) -> Option<&'f administration::emergency::Attendance> {
    let id = form.typed.text("attendance");
    facts.board.department.due.iter().map(Arc::as_ref).find(|due| due.stay.id == id)
}

fn arrive_form(facts: &Facts, form: &Form<'_>) -> Option<Response> {
    facts.seen.as_ref()?;
    Some(shown(form, arrive_page(form, facts.seen.as_deref(), due(facts, form))))
}

/// `GET …/arrive`: who, then how.
async fn show_arrive(Extension(door): Extension<Door>, Query(fields): Query<Pairs>) -> Response {
    let typed = Typed::of(fields);
    if !typed.text("patient").is_empty() {
        let patient = typed.text("patient").to_owned();
        return open(&door, ("ed-arrive", &patient), typed, &arrive_form).await;
    }
    if let Some(refused) = refused(&door) {
        return refused;
    }
    let outcome = match find::find(&door, typed.text("q"), false).await {
        Ok(outcome) => outcome,
        Err(problem) => return failed(&door, &problem),
    };
    render(&door, &typed, None, &|facts, form| Some(shown(form, who_page(form, &outcome, due(facts, form))))).await
}

/// `POST …/arrive`.
async fn submit_arrive(Extension(door): Extension<Door>, Fields(fields): Fields<Pairs>) -> Response {
    let typed = Typed::of(fields);
    let who = Whose::Known(typed.text("patient").to_owned());
    finish(&door, &typed, arrive_command(&door, &typed, who), "arrived", &arrive_form).await
}

fn arrive_command(door: &Door, typed: &Typed, who: Whose) -> Result<Command, Refusal> {
    Ok(Command::Arrive(Arrive {
        attendance: typed.some("attendance").unwrap_or_else(id),
        who,
        department: typed.text("department").to_owned(),
        place: typed.some("place"),
        at: typed.moment(door.now)?,
        mode: Mode::of_code(typed.text("mode")),
        complaint: typed.some("complaint"),
    }))
}

fn unknown_form(facts: &Facts, form: &Form<'_>) -> Option<Response> {
    Some(shown(form, unknown_page(form, due(facts, form))))
}

/// `GET …/unknown`.
async fn show_unknown(Extension(door): Extension<Door>, Query(fields): Query<Pairs>) -> Response {
    let typed = Typed::of(fields);
    let attendance = typed.text("attendance").to_owned();
    open(&door, ("ed-unknown", &attendance), typed, &unknown_form).await
}

/// `POST …/unknown`.
async fn submit_unknown(Extension(door): Extension<Door>, Fields(fields): Fields<Pairs>) -> Response {
    let typed = Typed::of(fields);
    let newcomer = Newcomer { patient: id(), age: typed.some("age"), gender: Gender::of_code(typed.text("gender")) };
    finish(&door, &typed, arrive_command(&door, &typed, Whose::Unknown(newcomer)), "arrived", &unknown_form).await
}

fn expect_form(_: &Facts, form: &Form<'_>) -> Option<Response> {
    Some(shown(form, expect_page(form)))
}

/// `GET …/expect`.
async fn show_expect(Extension(door): Extension<Door>, Query(fields): Query<Pairs>) -> Response {
    open(&door, ("ed-expect", ""), Typed::of(fields), &expect_form).await
}

/// `POST …/expect`.
async fn submit_expect(Extension(door): Extension<Door>, Fields(fields): Fields<Pairs>) -> Response {
    let typed = Typed::of(fields);
    finish(&door, &typed, expect_command(&door, &typed), "expected", &expect_form).await
}

fn expect_command(door: &Door, typed: &Typed) -> Result<Command, Refusal> {
    let minutes: Option<i64> = typed.text("minutes").parse().ok().filter(|minutes| (0..=720).contains(minutes));
    let sentence = "Say in how many minutes it is due: a number up to 720.";
    let minutes = minutes.ok_or_else(|| Refusal::at("minutes", "minutes", sentence))?;
    Ok(Command::ExpectAmbulance(ExpectAmbulance {
        attendance: id(),
        department: typed.text("department").to_owned(),
        due: Moment(door.now.0 + minutes * 60_000),
        described: typed.some("described"),
        complaint: typed.some("complaint"),
        place: typed.some("place"),
    }))
}

fn place_form(facts: &Facts, form: &Form<'_>) -> Option<Response> {
    let place = facts.board.department.ward.find(form.typed.text("place"))?;
    Some(shown(form, place_page(form, place)))
}

/// `GET …/place`.
async fn show_place(Extension(door): Extension<Door>, Query(fields): Query<Pairs>) -> Response {
    render(&door, &Typed::of(fields), None, &place_form).await
}

/// `POST …/place`.
async fn submit_place(Extension(door): Extension<Door>, Fields(fields): Fields<Pairs>) -> Response {
    let typed = Typed::of(fields);
    let bed = typed.text("place").to_owned();
    let command = SetBedState { bed, status: BedStatus::Available, reason: None, until: None };
    finish(&door, &typed, Ok(Command::SetBedState(command)), "bed-state", &place_form).await
}

fn row_of<'f>(facts: &'f Facts, id: &str) -> Option<&'f Row> {
    facts.board.rows().find(|row| row.attendance.stay.id == id)
}

/// `GET …/{id}/{act}`.
async fn show_act(
    Extension(door): Extension<Door>,
    Path((_, id, name)): Path<(String, String, String)>,
    Query(fields): Query<Pairs>,
) -> Response {
    let Some(act) = Act::of_code(&name) else { return not_found(&door) };
    if act.is_clinical() && !is_clinical(&door) {
        return clinicians_only(&door);
    }
    let typed = match with_department(&door, Typed::of(fields), &id).await {
        Ok(typed) if act == Act::TakeOver => with_own_name(&door, typed).await,
        other => other,
    };
    match typed {
        Ok(typed) => {
            let form = format!("ed-{}", act.code());
            open(&door, (&form, &id), typed, &|facts, form| act_form(facts, form, act, &id)).await
        }
        Err(problem) => failed(&door, &problem),
    }
}

/// `POST …/{id}/{act}`.
async fn submit_act(
    Extension(door): Extension<Door>,
    Path((_, id, name)): Path<(String, String, String)>,
    Fields(fields): Fields<Pairs>,
) -> Response {
    let Some(act) = Act::of_code(&name) else { return not_found(&door) };
    if act.is_clinical() && !is_clinical(&door) {
        return clinicians_only(&door);
    }
    let typed = Typed::of(fields);
    let command = match act_command(&door, act, &id, &typed).await {
        Err(NotDone::Refused(refusal)) => Err(refusal),
        Err(other) => return stopped(&door, other, &door.setting().links.emergency_as("", "", "")),
        Ok(command) => Ok(command),
    };
    finish(&door, &typed, command, act.done(), &|facts, form| act_form(facts, form, act, &id)).await
}

/// The fields with the department that the attendance belongs to, when the address does not say it.
async fn with_department(door: &Door, typed: Typed, id: &str) -> Result<Typed, Problem> {
    if refused(door).is_some() || !typed.text("department").is_empty() {
        return Ok(typed);
    }
    let reading = door.record.read(&door.permit, asked::EMERGENCY_FORM).await?;
    let answer = administration::emergency::attendance(&reading, id).await;
    let attendance = finished(reading, answer).await?;
    Ok(typed.with("department", attendance.and_then(|attendance| attendance.department).unwrap_or_default()))
}

/// The fields with the name of whoever asks, as the member of staff that they are: mostly they take the patient over themselves.
async fn with_own_name(door: &Door, typed: Typed) -> Result<Typed, Problem> {
    let Some(own) = door.staff.as_ref().filter(|_| refused(door).is_none() && typed.text("name").is_empty()) else {
        return Ok(typed);
    };
    let who = format!("Practitioner/{own}");
    let name = known_staff(door).await?.into_iter().find(|(known, _)| *known == who).map(|(_, name)| name);
    Ok(typed.with("name", name.unwrap_or_default()))
}

fn act_form(facts: &Facts, form: &Form<'_>, act: Act, id: &str) -> Option<Response> {
    let row = row_of(facts, id)?;
    Some(shown(form, act_page(form, act, row, &facts.staff)))
}

async fn act_command(door: &Door, act: Act, attendance: &str, typed: &Typed) -> Result<Command, NotDone> {
    let attendance = attendance.to_owned();
    let principal = door.permit.principal();
    let by = By { id: principal.id.clone(), name: principal.name.clone() };
    let at = if act == Act::Mistake { door.now } else { typed.moment(door.now)? };
    Ok(match act {
        Act::HandOver => Command::HandOver(HandOver { attendance, at }),
        Act::Triage => {
            let category = typed.text("category").parse().ok().and_then(Category::of);
            Command::Triage(Triage { attendance, category, complaint: typed.some("complaint"), at, by })
        }
        Act::Assess => Command::AssessFirst(AssessFirst { attendance, at, by }),
        Act::Move => {
            let to = typed.some("to").ok_or_else(|| Refusal::at("no-place", "to", "Choose where the patient goes."))?;
            Command::MoveInDepartment(MoveInDepartment { attendance, to, at })
        }
        Act::TakeOver | Act::Senior => {
            let name = typed.some("name");
            let staff = known_staff(door).await?;
            let who = staff.into_iter().find(|(_, known)| Some(known) == name.as_ref()).map(|(who, _)| who);
            let takes = if act == Act::Senior { Takes::AsSenior } else { Takes::AsClinician };
            Command::TakeOver(TakeOver { attendance, who, name, takes, at })
        }
        Act::Wait => {
            let (now, waits_for) = (typed.some("now"), typed.some("waits_for"));
            Command::WaitFor(WaitFor { attendance, now, waits_for, at })
        }
        Act::Admit => Command::DecideToAdmit(admit_command(door, attendance, typed, (at, by)).await?),
        Act::Depart => Command::Depart(Depart {
            attendance,
            at,
            outcome: Outcome::of_code(typed.text("outcome")),
            destination: Destination::of_code(typed.text("destination")),
            follow_up: FollowUp::of_code(typed.text("follow_up")),
            diagnosis: typed.some("diagnosis"),
            by,
        }),
        Act::Left => Command::LeaveBeforeSeen(LeaveBeforeSeen { attendance, at, by }),
        Act::Mistake => Command::RemoveAttendance(RemoveAttendance { attendance, reason: typed.some("reason"), by }),
    })
}

async fn known_staff(door: &Door) -> Result<Vec<Staff>, Problem> {
    let reading = door.record.read(&door.permit, asked::EMERGENCY_FORM).await?;
    let answer = staff(&reading).await;
    finished(reading, answer).await
}

async fn admit_command(
    door: &Door,
    attendance: String,
    typed: &Typed,
    (at, by): (Moment, By),
) -> Result<DecideToAdmit, NotDone> {
    let function = TEAMS.iter().find(|(code, _)| *code == typed.text("treatment_function"));
    let consultant = known_staff(door).await?.into_iter().find(|(who, _)| *who == typed.text("consultant"));
    Ok(DecideToAdmit {
        attendance,
        stay: id(),
        treatment_function: function.map(|(code, words)| ((*code).to_owned(), (*words).to_owned())),
        consultant,
        note: typed.some("note"),
        at,
        by,
    })
}
