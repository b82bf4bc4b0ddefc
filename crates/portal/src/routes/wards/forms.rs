//! The routes of a ward's forms: move, patient has arrived, how a bed is. Each becomes one command; what is refused comes
//! back on the form.

use administration::places::{self, Nurse, SetBedState, SetNurse};
use administration::stays::{self, Admit, MoveToBed, ReserveBed, Stay, Then};
use administration::{Command, Refusal};
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::{Extension, Form as Fields};
use clinical::bedside::bedside;
use fhir::{Document, Limits};
use http::StatusCode;
use record::{Key, Problem, Reading};
use terms::input::{DateOf, parse_typed_date};

use super::refused;
use crate::act::{NotDone, Typed, act, done};
use crate::door::{Door, asked};
use crate::drafts;
use crate::gather::find;
use crate::gather::staff::staff;
use crate::gather::ward::{AtBed, Gathered, board};
use crate::pages::search::{Outcome, Search};
use crate::pages::ward::BoardView;
use crate::pages::ward::admit::{Staff, admit_href, admit_page, method_words, who_page};
use crate::pages::ward::forms::{Form, Mover, bed_page, bed_status, expected, move_page, other_wards_page};
use crate::pages::ward::nurse::nurse_page;
use crate::pages::ward::reserve::reserve_page;
use crate::routes::one_sex::{Who, one_sex};
use crate::routes::tasks::named_user;
use crate::routes::{failed, not_allowed, not_found, page, stopped};

type Pairs = Vec<(String, String)>;

/// What a form stands on: the ward's board, and whom it is about.
struct Facts {
    gathered: Gathered,
    /// The patient, when it is about one.
    at: Option<AtBed>,
    patient: Option<String>,
    from: Option<places::Place>,
    staff: Vec<Staff>,
    wards: Vec<places::Place>,
    /// Who waits for a bed somewhere in the trust, with who they are.
    waiting: Vec<(Stay, Option<AtBed>)>,
}

/// What shows a form: `None` when what it is about is not there.
type Show = fn(&Facts, &Form<'_>, &Outcome) -> Option<Response>;

/// `GET …/move`.
pub(super) async fn show_move(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Query(fields): Query<Pairs>,
) -> Response {
    open(&door, &id, ("ward-move", "stay"), Typed::of(fields), move_form).await
}

/// `POST …/move`.
pub(super) async fn submit_move(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Fields(fields): Fields<Pairs>,
) -> Response {
    let typed = from_menu(Typed::of(fields));
    let what = if typed.text("earlier") == "swap" { "swapped" } else { "moved" };
    let command = match move_command(&door, &typed) {
        Ok(command) => {
            let why = one_sex(&door, &typed, Who::Stay(typed.text("stay")), typed.text("to")).await;
            why.map(|mixed| MoveToBed { mixed, ..command })
        }
        Err(refusal) => Err(NotDone::Refused(refusal)),
    };
    match command {
        Ok(command) => finish(&door, &id, &typed, (&Command::MoveToBed(command), what), move_form).await,
        Err(NotDone::Refused(refusal)) => render(&door, &id, &typed, Some(refusal), move_form).await,
        Err(other) => stopped(&door, other, &door.setting().links.ward(&id)),
    }
}

/// What a menu's button says, as the fields of the form: the patient and the bed, now. Several can be pressed on one page,
/// so each has a key of its own.
fn from_menu(typed: Typed) -> Typed {
    let pressed = typed.text("move").to_owned();
    let Some((stay, to)) = pressed.split_once(' ') else { return typed };
    let key = format!("{} {pressed}", typed.text("form_key"));
    typed.with("stay", stay.into()).with("to", to.into()).with("at", "now".into()).with("form_key", key)
}

fn move_command(door: &Door, typed: &Typed) -> Result<MoveToBed, Refusal> {
    let missing = |field, sentence: &str| Refusal::at("place-missing", field, sentence);
    let to = typed.some("to").ok_or_else(|| missing("to", "Choose where the patient goes."))?;
    let earlier = match typed.text("earlier") {
        "swap" => Some(Then::Swap),
        "to" => {
            let to = typed.some("earlier_to");
            Some(Then::To(to.ok_or_else(|| missing("earlier_to", "Choose where the patient in the bed is."))?))
        }
        _ => None,
    };
    Ok(MoveToBed { stay: typed.text("stay").to_owned(), to, at: typed.moment(door.now)?, earlier, mixed: None })
}

/// `GET …/admit`: who has arrived, then the form.
pub(super) async fn show_admit(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Query(fields): Query<Pairs>,
) -> Response {
    open(&door, &id, ("ward-admit", "patient"), Typed::of(fields), admit_form).await
}

/// `POST …/admit`.
pub(super) async fn submit_admit(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Fields(fields): Fields<Pairs>,
) -> Response {
    let typed = Typed::of(fields);
    match admit_command(&door, &typed).await {
        Ok(command) => finish(&door, &id, &typed, (&Command::Admit(command), "admitted"), admit_form).await,
        Err(NotDone::Refused(refusal)) => render(&door, &id, &typed, Some(refusal), admit_form).await,
        Err(other) => stopped(&door, other, &door.setting().links.ward(&id)),
    }
}

async fn admit_command(door: &Door, typed: &Typed) -> Result<Admit, NotDone> {
    let missing = |field, sentence: &str| Refusal::at("missing", field, sentence);
    let place = typed.some("place").ok_or_else(|| missing("place", "Choose where the patient is."))?;
    let method = typed.some("method").and_then(|code| Some((method_words(&code)?.to_owned(), code)));
    let (words, method) = method.ok_or_else(|| missing("method", "Choose how the patient was admitted."))?;
    let who = typed.some("consultant").ok_or_else(|| missing("consultant", "Choose who is responsible."))?;
    let expected_end = day(door, typed, "edd")?;
    let at = typed.moment(door.now)?;
    let reading = door.record.read(&door.permit, asked::WARD_FORM).await?;
    let staff = staff(&reading).await;
    reading.finish().await?;
    let consultant = staff?.into_iter().find(|(known, _)| *known == who);
    let mixed = one_sex(door, typed, Who::Patient(typed.text("patient")), &place).await?;
    Ok(Admit {
        stay: typed.some("stay").unwrap_or_else(|| uuid::Uuid::now_v7().to_string()),
        patient: typed.text("patient").to_owned(),
        at,
        place,
        method: Some((method, words)),
        source: None,
        consultant: Some(consultant.ok_or_else(|| missing("consultant", "Choose who is responsible."))?),
        reason: typed.some("reason"),
        expected_end,
        mixed,
        ..Admit::default()
    })
}

/// A day that was typed into a field, as FHIR writes it.
fn day(door: &Door, typed: &Typed, field: &'static str) -> Result<Option<String>, Refusal> {
    let Some(text) = typed.some(field) else { return Ok(None) };
    let day = parse_typed_date(&text, DateOf::Event, terms::local_date(door.now));
    day.map(|day| Some(day.to_string())).map_err(|error| Refusal::at("date", field, error.to_string()))
}

/// `GET …/bed`.
pub(super) async fn show_bed(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Query(fields): Query<Pairs>,
) -> Response {
    open(&door, &id, ("ward-bed", "bed"), Typed::of(fields), bed_form).await
}

/// `POST …/bed`.
pub(super) async fn submit_bed(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Fields(fields): Fields<Pairs>,
) -> Response {
    let typed = Typed::of(fields);
    match bed_command(&door, &typed) {
        Ok(command) => finish(&door, &id, &typed, (&Command::SetBedState(command), "bed-state"), bed_form).await,
        Err(refusal) => render(&door, &id, &typed, Some(refusal), bed_form).await,
    }
}

fn bed_command(door: &Door, typed: &Typed) -> Result<SetBedState, Refusal> {
    let status = bed_status(typed.text("state"));
    let status = status.ok_or_else(|| Refusal::at("state-missing", "state", "Choose how the bed is."))?;
    let until = day(door, typed, "until")?;
    Ok(SetBedState { bed: typed.text("bed").to_owned(), status, reason: typed.some("reason"), until })
}

/// `GET …/reserve`: for whom a bed is kept.
pub(super) async fn show_reserve(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Query(fields): Query<Pairs>,
) -> Response {
    open(&door, &id, ("ward-reserve", "bed"), Typed::of(fields), reserve_form).await
}

/// `POST …/reserve`.
pub(super) async fn submit_reserve(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Fields(fields): Fields<Pairs>,
) -> Response {
    let typed = Typed::of(fields);
    let (stay, bed) = (typed.text("stay").to_owned(), typed.text("bed").to_owned());
    let asked = match stay.as_str() {
        "" => Err(Refusal::at("stay-missing", "stay", "Choose for whom the bed is kept.").into()),
        _ => one_sex(&door, &typed, Who::Stay(&stay), &bed).await,
    };
    match asked {
        // Why is asked again, and kept, when they come.
        Ok(_) => {
            let command = Command::ReserveBed(ReserveBed { stay, bed, from: None });
            finish(&door, &id, &typed, (&command, "kept"), reserve_form).await
        }
        Err(NotDone::Refused(refusal)) => render(&door, &id, &typed, Some(refusal), reserve_form).await,
        Err(other) => stopped(&door, other, &door.setting().links.ward(&id)),
    }
}

/// `GET …/nurse`: whose a bay is.
pub(super) async fn show_nurse(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Query(fields): Query<Pairs>,
) -> Response {
    open(&door, &id, ("ward-nurse", "room"), Typed::of(fields), nurse_form).await
}

/// `POST …/nurse`.
pub(super) async fn submit_nurse(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Fields(fields): Fields<Pairs>,
) -> Response {
    let typed = Typed::of(fields);
    match nurse_of(&door, &typed).await {
        Ok(nurse) => {
            let command = Command::SetNurse(SetNurse { room: typed.text("room").to_owned(), nurse });
            finish(&door, &id, &typed, (&command, "nurse"), nurse_form).await
        }
        Err(refusal) => render(&door, &id, &typed, Some(refusal), nurse_form).await,
    }
}

async fn nurse_of(door: &Door, typed: &Typed) -> Result<Option<Nurse>, Refusal> {
    let principal = door.permit.principal();
    match typed.text("nurse") {
        "me" => Ok(Some(Nurse { who: principal.id.clone(), name: principal.name.clone() })),
        "nobody" => Ok(None),
        "else" => {
            let (who, name) = named_user(door, typed).await?;
            Ok(Some(Nurse { who, name }))
        }
        _ => Err(Refusal::at("nurse-missing", "nurse", "Say who looks after the bay.")),
    }
}

/// Carries a form's command out; back to the board, or to the form with what was refused.
async fn finish(door: &Door, id: &str, typed: &Typed, (command, what): (&Command, &str), show: Show) -> Response {
    if !door.permit.scope().writes.contains("Location") || !door.permit.scope().reads.contains("Encounter") {
        return not_allowed(door, "Your role does not change who is where on a ward.");
    }
    let back = door.setting().links.ward(id);
    match act(door, command, typed).await {
        Ok(receipt) => done(&back, what, &receipt),
        Err(NotDone::Refused(refusal)) => render(door, id, typed, Some(refusal), show).await,
        Err(other) => stopped(door, other, &back),
    }
}

/// A form as it is opened: with what this person left in it. `about` is the field that says whom or what it is about; until
/// that is said there is no draft.
async fn open(door: &Door, id: &str, (form, about): (&str, &str), address: Typed, show: Show) -> Response {
    let Some(subject) = address.some(about) else { return render(door, id, &address, None, show).await };
    match drafts::opened(door, form, &subject, address).await {
        Ok(typed) => render(door, id, &typed, None, show).await,
        Err(problem) => failed(door, &problem),
    }
}

/// A form with what is so now and what was typed.
async fn render(door: &Door, id: &str, typed: &Typed, refusal: Option<Refusal>, show: Show) -> Response {
    if let Some(refused) = refused(door) {
        return refused;
    }
    let facts = match facts(door, id, typed).await {
        Ok(Some(facts)) => facts,
        Ok(None) => return not_found(door),
        Err(problem) => return failed(door, &problem),
    };
    let found = match typed.text("q") {
        "" => Outcome::NothingTyped,
        query => match find::find(door, query, false).await {
            Ok(found) => found,
            Err(problem) => return failed(door, &problem),
        },
    };
    let setting = door.setting();
    let view = BoardView::new(&facts.gathered, &setting.links, &door.permit, door.now);
    let form = Form { setting: &setting, view: &view, typed, refusal: refusal.as_ref() };
    show(&facts, &form, &found).unwrap_or_else(|| not_found(door))
}

/// Reads what a form stands on, at one snapshot.
async fn facts(door: &Door, id: &str, typed: &Typed) -> Result<Option<Facts>, Problem> {
    let reading = door.record.read(&door.permit, asked::WARD_FORM).await?;
    let answer = gather(door, &reading, id, typed).await;
    reading.finish().await?;
    answer
}

async fn gather(door: &Door, reading: &Reading, id: &str, typed: &Typed) -> Result<Option<Facts>, Problem> {
    let Some(gathered) = board(reading, id, false, door.now).await? else { return Ok(None) };
    let stay = match typed.text("stay") {
        "" => None,
        stay => stays::stay(reading, stay).await?,
    };
    let patient = stay.as_ref().and_then(|stay| stay.patient.clone()).or_else(|| typed.some("patient"));
    let from = match stay.as_ref().and_then(|stay| stay.place()) {
        Some(place) => places::place(reading, &place.place).await?,
        None => None,
    };
    let at = match &patient {
        Some(patient) => identity(reading, patient, door.now).await?,
        None => None,
    };
    let wards = if typed.text("in") == "other" { places::wards(reading).await? } else { Vec::new() };
    let waiting = if typed.text("bed").is_empty() { Vec::new() } else { waiting(reading, &gathered, door.now).await? };
    Ok(Some(Facts { gathered, at, patient, from, staff: staff(reading).await?, wards, waiting }))
}

/// For whom a bed of a ward can be kept: who is expected there, who has no bed yet there, and who asks for a bed anywhere.
async fn waiting(
    reading: &Reading,
    gathered: &Gathered,
    now: terms::Moment,
) -> Result<Vec<(Stay, Option<AtBed>)>, Problem> {
    let board = &gathered.board;
    let own = expected(board).into_iter().cloned();
    let without = board.no_bed.iter().filter_map(|row| Some(row.occupant.as_ref()?.stay.clone()));
    let mut stays: Vec<Stay> = without.chain(own).collect();
    for request in stays::bed_requests(reading).await? {
        if !stays.iter().any(|stay| stay.id == request.id) {
            stays.push(request);
        }
    }
    let mut waiting = Vec::new();
    for stay in stays {
        let at = match &stay.patient {
            Some(patient) => identity(reading, patient, now).await?,
            None => None,
        };
        waiting.push((stay, at));
    }
    Ok(waiting)
}

/// Who a patient is, without clinical content.
async fn identity(reading: &Reading, patient: &str, now: terms::Moment) -> Result<Option<AtBed>, Problem> {
    let version = reading.get(&Key::new("Patient", patient)).await?.filter(|version| !version.text.is_empty());
    let Some(version) = version else { return Ok(None) };
    let Ok(document) = Document::parse(&version.text, &Limits::default()) else { return Ok(None) };
    let material = clinical::Material { patient: document.root(), resources: Vec::new(), allergies_readable: true };
    Ok(Some(AtBed { identity: bedside(&material, None, now).0.identity, bedside: None }))
}

fn status(form: &Form<'_>) -> StatusCode {
    if form.refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
}

fn move_form(facts: &Facts, form: &Form<'_>, _: &Outcome) -> Option<Response> {
    facts.patient.as_ref()?;
    let mover = Mover { stay: form.typed.text("stay"), at: facts.at.as_ref(), from: facts.from.as_ref() };
    if form.typed.text("in") == "other" {
        let here = &facts.gathered.board.ward;
        return Some(page(StatusCode::OK, other_wards_page(form.setting, &mover, &facts.wards, here)));
    }
    Some(page(status(form), move_page(form, &mover)))
}

fn admit_form(facts: &Facts, form: &Form<'_>, found: &Outcome) -> Option<Response> {
    if let (Some(_), Some(at)) = (&facts.patient, &facts.at) {
        return Some(page(status(form), admit_page(form, Some(at), &facts.staff)));
    }
    let (ward, place) = (&facts.gathered.board.ward.id, form.typed.text("place"));
    let mut found = found.clone();
    if let Outcome::Found(found) = &mut found {
        for hit in found.best.iter_mut().chain(&mut found.others) {
            // The address of a patient's summary ends with the id.
            let patient = hit.href.rsplit('/').next().unwrap_or_default().to_owned();
            hit.href = admit_href(form.setting, ward, &patient, place);
        }
    }
    let query = form.typed.text("q");
    let search = Search { setting: form.setting, query, include_died: false, outcome: &found, both: None };
    Some(page(StatusCode::OK, who_page(form, &search)))
}

fn nurse_form(facts: &Facts, form: &Form<'_>, _: &Outcome) -> Option<Response> {
    let mut rooms = facts.gathered.board.rooms.iter().filter_map(|room| room.room.as_ref());
    let room = rooms.find(|room| room.id == form.typed.text("room"))?;
    Some(page(status(form), nurse_page(form, room)))
}

fn bed_form(facts: &Facts, form: &Form<'_>, _: &Outcome) -> Option<Response> {
    let bed = facts.gathered.board.bed(form.typed.text("bed"))?.bed.as_ref()?;
    Some(page(status(form), bed_page(form, bed)))
}

fn reserve_form(facts: &Facts, form: &Form<'_>, _: &Outcome) -> Option<Response> {
    let bed = facts.gathered.board.bed(form.typed.text("bed"))?.bed.as_ref()?;
    Some(page(status(form), reserve_page(form, bed, &facts.waiting)))
}
