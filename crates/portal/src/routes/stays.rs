//! The page of one stay and its forms: each form names its act, and becomes one command.
//!
//! A refused form comes back on the same page, open, with everything that was typed and the field marked.

use std::collections::BTreeMap;

use administration::stays::{
    Admit, AfterCancelling, AfterLeaving, CancelAdmission, CancelMove, ChangeConsultant, CorrectMove, Death,
    DelayReason, Detain, Discharge, DischargePlan, EndDetention, HandOn, Leave, Leaving, Pathway, ReleaseBed,
    ReserveBed, Return, SetDischargePlan, SetTci, Stay,
};
use administration::{Command, Refusal};
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Form, Router};
use http::StatusCode;
use record::{Problem, Receipt};
use serde::Deserialize;
use terms::input::{DateOf, parse_typed_date};
use terms::{Date, Moment, PartialDate, local_date, start_of_day};

use super::one_sex::{Who, one_sex};
use super::{failed, not_allowed, not_found, page, stopped, tasks};
use crate::act::{NotDone, Typed, act, done, done_notice};
use crate::door::{Door, asked};
use crate::drafts;
use crate::gather::staff::staff;
use crate::gather::stay::gather;
use crate::pages::stay::fields::Sent;
use crate::pages::stay::request::team;
use crate::pages::stay::{DRAFTS, Gathered, StayPage, stay_page};

/// What the address of a stay's page may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// The version whose change is told.
    changed: Option<u64>,
    /// What was just done, and how it is undone.
    done: String,
    undo: String,
    /// The form that is to be open: one without anything in it.
    act: String,
}

/// Every form of the page.
const ACTS: [&str; 14] = [
    "plan",
    "tci",
    "reserve",
    "release",
    "admit",
    "cancel",
    "consultant",
    "leave",
    "return",
    "correct",
    "discharge",
    "death",
    "detain",
    "end-detention",
];
/// Forms that another page leads to.
const OPENED: [&str; 2] = ["discharge", "leave"];

/// The routes of this file.
pub(super) fn routes() -> Router {
    Router::new().route("/t/{trust}/stays/{id}", get(show).post(submit))
}

/// Who sees no stays is told so.
pub(super) fn refused(door: &Door) -> Option<Response> {
    let sees = door.permit.scope().reads.contains("Encounter");
    (!sees).then(|| not_allowed(door, "Your role does not see who is on a ward."))
}

/// Whether the role sees clinical content.
pub(super) fn is_clinical(door: &Door) -> bool {
    door.permit.scope().reads.contains("AllergyIntolerance")
}

async fn gathered(door: &Door, id: &str, changed: Option<u64>) -> Result<Option<Gathered>, Problem> {
    let reading = door.record.read(&door.permit, asked::STAY).await?;
    let answer = gather(door, &reading, id, changed).await;
    reading.finish().await?;
    answer
}

async fn render(door: &Door, id: &str, asked: &Asked, sent: Sent<'_>) -> Response {
    match gathered(door, id, asked.changed).await {
        Ok(Some(gathered)) => {
            let setting = door.setting();
            let notice = done_notice(&setting, &asked.done, &asked.undo, &setting.links.stay(id));
            let owners = tasks::choices(door, consultant_of(&gathered.stay));
            let drafts = match drafts_of(door, &gathered).await {
                Ok(drafts) => drafts,
                Err(problem) => return failed(door, &problem),
            };
            let notice = notice.as_ref();
            let of = StayPage { setting: &setting, of: &gathered, sent, notice, owners: &owners, drafts: &drafts };
            let status = if sent.refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            page(status, stay_page(&of))
        }
        Ok(None) => not_found(door),
        Err(problem) => failed(door, &problem),
    }
}

/// What this person left in the forms of a stay, by act.
async fn drafts_of(door: &Door, of: &Gathered) -> Result<BTreeMap<&'static str, Typed>, Problem> {
    let mut found = BTreeMap::new();
    for act in ACTS {
        let kept = drafts::returned(door, &format!("{DRAFTS}-{act}"), &of.stay.id).await?;
        found.extend(kept.map(|kept| {
            let at = kept.at.0.to_string();
            (act, kept.typed.with("act", act.to_owned()).with("draft_at", at))
        }));
    }
    Ok(found)
}

/// `GET …/stays/{id}`.
async fn show(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    if let Some(refused) = refused(&door) {
        return refused;
    }
    let open = OPENED.into_iter().find(|act| *act == asked.act);
    let typed = open.map_or_else(Typed::default, |act| Typed::default().with("act", act.into()));
    render(&door, &id, &asked, Sent { typed: &typed, refusal: None }).await
}

/// `POST …/stays/{id}`: one of the page's forms.
async fn submit(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    if let Some(refused) = refused(&door) {
        return refused;
    }
    let typed = Typed::of(fields);
    let command = asked_for(&door, &id, &typed).await;
    let refusal = match command {
        Ok(Some((command, what))) => match act(&door, &command, &typed).await {
            Ok(receipt) => return done(&back(&door, &id, what, &receipt), what, &receipt),
            Err(NotDone::Refused(refusal)) => refusal,
            Err(other) => return stopped(&door, other, &door.setting().links.stay(&id)),
        },
        Ok(None) => return not_found(&door),
        Err(NotDone::Refused(refusal)) => refusal,
        Err(other) => return stopped(&door, other, &door.setting().links.stay(&id)),
    };
    render(&door, &id, &Asked::default(), Sent { typed: &typed, refusal: Some(&refusal) }).await
}

/// The command of what was typed, with the names that it needs from the record.
async fn asked_for(door: &Door, id: &str, typed: &Typed) -> Result<Option<(Command, &'static str)>, NotDone> {
    let consultant = consultant(door, typed).await?;
    let mut command = command(door, id, typed, consultant)?;
    if let Some((Command::Discharge(discharge), _)) = &mut command {
        discharge.owners = owners(door, id, typed).await?;
    }
    let why = one_sex(door, typed, Who::Stay(id), bed_of(typed)).await?;
    match &mut command {
        Some((Command::Admit(admit), _)) => admit.mixed = why,
        Some((Command::Return(back), _)) => back.mixed = why,
        _ => {}
    }
    Ok(command)
}

/// Whose what is still owed is after a discharge: what was chosen for all, and for each.
async fn owners(door: &Door, id: &str, typed: &Typed) -> Result<HandOn, NotDone> {
    let reading = door.record.read(&door.permit, asked::STAY).await?;
    let stay = administration::stays::stay(&reading, id).await;
    reading.finish().await?;
    let choices = tasks::choices(door, stay?.as_ref().and_then(consultant_of));
    let mut owners = HandOn::default();
    if typed.some("owed_to").is_some() {
        owners.all = Some(tasks::chosen(door, typed, "owed_to", &choices).await?);
    }
    for (name, value) in typed.fields().filter(|(_, value)| !value.trim().is_empty()) {
        if let Some(reference) = name.strip_prefix("owed_to.") {
            let chosen = choices.iter().find(|(known, _)| known == value);
            let refused = || Refusal::at("owner-missing", "owed_to", "Choose whose it is from the list.");
            owners.each.insert(reference.to_owned(), chosen.cloned().ok_or_else(refused)?);
        }
    }
    Ok(owners)
}

/// The consultant of a stay as an owner: plain name and words.
fn consultant_of(stay: &Stay) -> Option<(String, String)> {
    let care = stay.consultant()?;
    let id = care.who.strip_prefix("Practitioner/")?;
    Some((format!("practitioner/{id}"), care.name.clone().unwrap_or_else(|| id.to_owned())))
}

/// The place where a form puts the patient from now on.
fn bed_of(typed: &Typed) -> &str {
    match typed.text("act") {
        "reserve" => typed.text("bed"),
        "admit" | "return" => typed.text("place"),
        _ => "",
    }
}

/// Back to the stay; a correction tells what it changed.
fn back(door: &Door, id: &str, what: &str, receipt: &Receipt) -> String {
    let stay = door.setting().links.stay(id);
    let version = receipt.written.iter().find(|one| one.key.kind == "Encounter" && one.key.id == id);
    match version.filter(|_| what == "corrected-place") {
        Some(one) => format!("{stay}?changed={}", one.version),
        None => stay,
    }
}

/// The consultant that was chosen: reference and name, as the record has it.
pub(super) async fn consultant(door: &Door, typed: &Typed) -> Result<Option<(String, String)>, NotDone> {
    let Some(who) = typed.some("consultant") else { return Ok(None) };
    let reading = door.record.read(&door.permit, asked::STAY).await?;
    let staff = staff(&reading).await;
    reading.finish().await?;
    let known = staff?.into_iter().find(|(reference, _)| *reference == who);
    let unknown =
        || Refusal::at("consultant", "consultant", "This person is not on the list any more. Choose another.");
    Ok(Some(known.ok_or_else(unknown)?))
}

/// The command of a form and what is said when it is done; `None` for an act that there is not.
fn command(
    door: &Door,
    id: &str,
    typed: &Typed,
    consultant: Option<(String, String)>,
) -> Result<Option<(Command, &'static str)>, Refusal> {
    let (stay, now) = (id.to_owned(), door.now);
    let text = |name: &str| typed.text(name).to_owned();
    Ok(Some(match typed.text("act") {
        "plan" => (Command::SetDischargePlan(plan(&stay, typed, now)?), "planned"),
        "tci" => (Command::SetTci(tci(&stay, typed, now)?), "tci"),
        "reserve" => (Command::ReserveBed(ReserveBed { stay, bed: text("bed"), from: None }), "kept"),
        "release" => (Command::ReleaseBed(ReleaseBed { stay }), "released"),
        "admit" => {
            let (patient, place, at) = (text("patient"), text("place"), typed.moment(now)?);
            (Command::Admit(Admit { stay, patient, place, at, ..Admit::default() }), "admitted")
        }
        "cancel" => (Command::CancelAdmission(cancel(stay, typed)), "cancelled"),
        "consultant" => {
            let at = typed.moment(now)?;
            let missing = || Refusal::at("consultant", "consultant", "Say who the consultant is from then on.");
            let consultant = consultant.ok_or_else(missing)?;
            let treatment_function = typed.some("team").and_then(|code| team(&code));
            let change = ChangeConsultant { stay, at, consultant, treatment_function };
            (Command::ChangeConsultant(change), "consultant")
        }
        "detain" => (Command::Detain(detain(stay, typed, consultant, now)?), "detained"),
        "end-detention" => {
            let (detention, how, at) = (text("detention"), text("how"), typed.moment(now)?);
            (Command::EndDetention(EndDetention { detention, at, how }), "detention-ended")
        }
        "leave" => {
            let keeps_bed = yes_or_no(typed, "keeps_bed")
                .ok_or_else(|| Refusal::at("keeps-bed", "keeps_bed", "Say whether the bed is kept for them."))?;
            let back_by = day(typed, "back_by", now)?.and_then(partial);
            (Command::Leave(Leave { stay, at: typed.moment(now)?, keeps_bed, back_by }), "left")
        }
        "return" => {
            let (at, place) = (typed.moment(now)?, typed.some("place"));
            (Command::Return(Return { stay, at, place, mixed: None }), "returned")
        }
        "correct" => (correct(stay, typed, now)?, "corrected-place"),
        "discharge" => {
            let (patient, method, destination) = (text("patient"), text("method"), text("destination"));
            let (at, detained) = (typed.moment(now)?, after_leaving(typed, now)?);
            let owners = HandOn::default();
            (Command::Discharge(Discharge { stay, patient, at, method, destination, owners, detained }), "discharged")
        }
        "death" => {
            let died = PartialDate::parse(&typed.moment(now)?.to_string()).ok();
            let died = died.ok_or_else(|| Refusal::at("time", "at", "Say when the patient died."))?;
            (Command::Death(Death { patient: text("patient"), died }), "died")
        }
        _ => return Ok(None),
    }))
}

fn detain(stay: String, typed: &Typed, consultant: Option<(String, String)>, now: Moment) -> Result<Detain, Refusal> {
    let missing = || Refusal::at("consultant", "consultant", "Say who the responsible clinician is.");
    let until = match day_and_time(typed, ("until_date", "until_time"), now)? {
        Some((_, Some(at))) => Some(at),
        // The last day ends at midnight.
        Some((day, None)) => day.tomorrow().ok().map(start_of_day),
        None => None,
    };
    Ok(Detain {
        id: uuid::Uuid::now_v7().to_string(),
        stay,
        section: typed.text("section").to_owned(),
        from: typed.moment(now)?,
        until,
        clinician: consultant.ok_or_else(missing)?,
    })
}

/// What becomes of a detention with the discharge, as far as it was said.
fn after_leaving(typed: &Typed, now: Moment) -> Result<Option<AfterLeaving>, Refusal> {
    Ok(match typed.text("detained") {
        "ended" => {
            let missing =
                || Refusal::at("ended-when", "detained_date", "Say on which day and when the detention ended.");
            let at = day_and_time(typed, ("detained_date", "detained_time"), now)?.and_then(|(_, at)| at);
            let (how, by) = (typed.text("detained_how").to_owned(), typed.text("detained_by").to_owned());
            Some(AfterLeaving::Ended { at: at.ok_or_else(missing)?, how, by })
        }
        "leave" => Some(AfterLeaving::Leave),
        "transferred" => Some(AfterLeaving::Transferred),
        _ => None,
    })
}

/// A typed day, if something was typed.
fn day(typed: &Typed, name: &'static str, now: Moment) -> Result<Option<Date>, Refusal> {
    let Some(text) = typed.some(name) else { return Ok(None) };
    let day = parse_typed_date(&text, DateOf::Event, local_date(now));
    day.map(Some).map_err(|error| Refusal::at("date", name, error.to_string()))
}

fn partial(day: Date) -> Option<PartialDate> {
    PartialDate::parse(&day.to_string()).ok()
}

fn yes_or_no(typed: &Typed, name: &str) -> Option<bool> {
    match typed.text(name) {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// A day and perhaps a time, in fields of these names, as a moment or a day.
fn day_and_time(
    typed: &Typed,
    (date, time): (&'static str, &'static str),
    now: Moment,
) -> Result<Option<(Date, Option<Moment>)>, Refusal> {
    let Some(day) = day(typed, date, now)? else { return Ok(None) };
    if typed.text(time).is_empty() {
        return Ok(Some((day, None)));
    }
    // The same rules of local time as everywhere, under the names of these fields.
    let named = [("at_date", typed.text(date)), ("at_time", typed.text(time)), ("at_which", typed.text("at_which"))];
    let named = Typed::of(named.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
    let at = named.moment(now).map_err(|refusal| match refusal.field {
        Some("at_date") => Refusal { field: Some(date), ..refusal },
        Some("at_time") => Refusal { field: Some(time), ..refusal },
        _ => refusal,
    })?;
    Ok(Some((day, Some(at))))
}

fn plan(stay: &str, typed: &Typed, now: Moment) -> Result<SetDischargePlan, Refusal> {
    let leaving = match day_and_time(typed, ("leaving_date", "leaving_time"), now)? {
        None => None,
        Some((_, None)) => {
            return Err(Refusal::at("leaving-time", "leaving_time", "Say at what time the patient leaves."));
        }
        Some((_, Some(at))) => Some(Leaving { at, agreed_by: typed.text("leaving_agreed_by").to_owned() }),
    };
    Ok(SetDischargePlan {
        stay: stay.to_owned(),
        seen: typed.text("seen").parse().ok(),
        plan: DischargePlan {
            meets_criteria: yes_or_no(typed, "criteria"),
            asked_on: day(typed, "asked_on", now)?,
            ready_since: day(typed, "ready_since", now)?,
            pathway: Pathway::of_code(typed.text("pathway")),
            reason: DelayReason::of_code(typed.text("reason")),
            stopping: typed.some("stopping"),
            owner: typed.some("owner"),
            leaving,
        },
        expected_end: day(typed, "expected_end", now)?,
    })
}

fn tci(stay: &str, typed: &Typed, now: Moment) -> Result<SetTci, Refusal> {
    let missing = || Refusal::at("tci-day", "tci_date", "Say on which day the patient comes in.");
    let (day, at) = day_and_time(typed, ("tci_date", "tci_time"), now)?.ok_or_else(missing)?;
    let text = at.map_or_else(|| day.to_string(), |at| at.to_string());
    let tci = PartialDate::parse(&text).map_err(|_| missing())?;
    Ok(SetTci { stay: stay.to_owned(), tci, is_reasonable: yes_or_no(typed, "reasonable") })
}

fn cancel(stay: String, typed: &Typed) -> CancelAdmission {
    let then = match typed.text("then") {
        "waits" => AfterCancelling::Waits,
        // An empty choice is refused by the rules, with the field marked.
        code => AfterCancelling::Leaves(code.to_owned()),
    };
    let (outcome, reason) = (typed.some("outcome"), typed.text("reason").to_owned());
    CancelAdmission { stay, outcome, reason, is_clinical: yes_or_no(typed, "clinical"), then }
}

fn correct(stay: String, typed: &Typed, now: Moment) -> Result<Command, Refusal> {
    let which = typed.text("move").parse().map(Moment);
    let at = which.map_err(|_| Refusal::at("move", "move", "Say which place is to be corrected."))?;
    match typed.text("how") {
        "cancel" => Ok(Command::CancelMove(CancelMove { stay, at })),
        "correct" => {
            let is_timed = !typed.text("at").is_empty() || !typed.text("at_time").is_empty();
            let to_at = if is_timed { typed.moment(now)? } else { at };
            Ok(Command::CorrectMove(CorrectMove { stay, at, to_at, place: typed.some("place") }))
        }
        _ => Err(Refusal::at("how", "how", "Say whether they never went there, or when and where it was.")),
    }
}
