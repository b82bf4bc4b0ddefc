//! A patient's details: what is asked one by one, corrections, the trace of a number, the restriction.
//!
//! A form whose patient is not the page's is refused; a refused form comes back with everything that was typed.

use administration::merging::{Pair, ProposeDuplicate};
use administration::registration::{
    Answer, CorrectPatient, Item, Kin, NhsNumberStatus, RecordAnswer, RecordIdentity, Restrict, SetNhsNumberStatus,
    Staying, Why, codes, fields,
};
use administration::stays::{Death, NotDead};
use administration::{Command, Refusal};
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::{Extension, Form};
use http::StatusCode;
use serde::Deserialize;
use terms::input::{DateOf, parse_typed_date};
use terms::{Date, PartialDate};

use super::{failed, not_allowed, not_found, page};
use crate::act::{NotDone, Typed, act, done};
use crate::door::Door;
use crate::drafts;
use crate::gather::chart::chart_of;
use crate::gather::details::details_of;
use crate::gather::register::{PdsSaid, alike, answered, ask_pds, form_of, missing_beside, read_form};
use crate::pages::details::{DetailsPage, correct_page, details_page};

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    done: String,
    undo: String,
    /// The item whose form is open.
    item: String,
}

/// Which of the two pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Details,
    Correct,
}

/// What a page shows beside what is recorded.
#[derive(Default)]
struct Shown {
    typed: Typed,
    refused: Vec<Refusal>,
    pds: Option<PdsSaid>,
    kept: Option<terms::Moment>,
    done: (String, String),
}

/// `GET …/details`.
pub(super) async fn show(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    let mut shown = Shown { done: (asked.done, asked.undo), ..Shown::default() };
    // The draft of an item opens its form; the newest of several.
    for item in Item::ALL {
        let kept = match drafts::returned(&door, item.code(), &id).await {
            Ok(kept) => kept,
            Err(problem) => return failed(&door, &problem),
        };
        if let Some(kept) = kept.filter(|kept| shown.kept.is_none_or(|at| at < kept.at)) {
            (shown.typed, shown.kept) = (kept.typed, Some(kept.at));
        }
    }
    shown.typed.fill("item", Some(asked.item));
    answer(&door, &id, Which::Details, shown, StatusCode::OK).await
}

/// `GET …/correct`.
pub(super) async fn correct(Extension(door): Extension<Door>, Path((_, id)): Path<(String, String)>) -> Response {
    if !may_write(&door) {
        return not_allowed(&door, "Your role does not correct patients' details.");
    }
    let kept = match drafts::returned(&door, "correct", &id).await {
        Ok(None) => drafts::returned(&door, "identity", &id).await,
        found => found,
    };
    match kept {
        Ok(Some(kept)) => {
            let shown = Shown { typed: kept.typed, kept: Some(kept.at), ..Shown::default() };
            answer(&door, &id, Which::Correct, shown, StatusCode::OK).await
        }
        Ok(None) => answer(&door, &id, Which::Correct, Shown::default(), StatusCode::OK).await,
        Err(problem) => failed(&door, &problem),
    }
}

/// `POST …/details`.
pub(super) async fn submit(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    if !may_write(&door) {
        return not_allowed(&door, "Your role does not write patients' details.");
    }
    let typed = Typed::of(fields);
    let made = typed.is_about(&id).and_then(|()| command(&door, &id, &typed));
    let what = match typed.text("do") {
        "hide" => "restricted",
        "show" => "shown",
        "died" => "died",
        "not-dead" => "not-dead",
        _ => "answered",
    };
    let not_done = match made {
        Ok(command) => match act(&door, &command, &typed).await {
            Ok(receipt) => return done(&door.setting().links.details(&id), what, &receipt),
            Err(not_done) => not_done,
        },
        Err(refusal) => NotDone::Refused(refusal),
    };
    refused(&door, &id, Which::Details, typed, not_done, None).await
}

/// `POST …/correct`.
pub(super) async fn submit_correct(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    if !may_write(&door) {
        return not_allowed(&door, "Your role does not correct patients' details.");
    }
    let typed = Typed::of(fields);
    if let Err(refusal) = typed.is_about(&id) {
        return refused(&door, &id, Which::Correct, typed, refusal.into(), None).await;
    }
    if typed.text("draft_form") == "identity" {
        return identity(&door, &id, typed).await;
    }
    let (person, wrong) = read_form(&door, &typed);
    if !wrong.is_empty() {
        let shown = Shown { typed, refused: wrong, ..Shown::default() };
        return answer(&door, &id, Which::Correct, shown, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let version = version_of(&typed);
    let (command, what, pds) = if typed.text("do") == "trace" {
        let said = ask_pds(&door, &person).await;
        let agrees = said.as_ref().and_then(PdsSaid::person).is_some_and(|held| held.agrees_with(&person));
        let status = if agrees { NhsNumberStatus::Verified } else { NhsNumberStatus::NoOrManyMatches };
        let died = said.as_ref().and_then(PdsSaid::person).and_then(|held| held.died.as_deref());
        let died = died.and_then(|died| PartialDate::parse(died).ok());
        let number = person.nhs_number;
        let set = SetNhsNumberStatus { patient: id.clone(), version, number, status, by_trace: true, died };
        (Command::SetNhsNumberStatus(set), "traced", said)
    } else {
        let why = match typed.text("why") {
            "was-wrong" => Some(Why::WasWrong),
            "has-changed" => Some(Why::HasChanged),
            _ => None,
        };
        let correct = CorrectPatient { patient: id.clone(), version, person, why };
        (Command::CorrectPatient(Box::new(correct)), "corrected", None)
    };
    // A trace that found nobody, or somebody else, changes nothing: it is shown, and a person decides.
    if let Command::SetNhsNumberStatus(set) = &command
        && set.status != NhsNumberStatus::Verified
    {
        let shown = Shown { typed, pds, ..Shown::default() };
        return answer(&door, &id, Which::Correct, shown, StatusCode::OK).await;
    }
    match act(&door, &command, &typed).await {
        Ok(receipt) => done(&door.setting().links.details(&id), what, &receipt),
        Err(not_done) => refused(&door, &id, Which::Correct, typed, not_done, pds).await,
    }
}

/// An unknown patient becomes known: a new person, or one whose record is here and who is then put before the patient
/// index team.
async fn identity(door: &Door, id: &str, typed: Typed) -> Response {
    let (person, mut wrong) = read_form(door, &typed);
    let same = typed.some("same");
    if same.is_none() && typed.text("do") == "look" {
        let shown = Shown { typed, refused: wrong, ..Shown::default() };
        return answer(door, id, Which::Correct, shown, StatusCode::OK).await;
    }
    let (command, what) = match same.map(|same| Pair::of(id, &same)) {
        Some(Some(pair)) => (Command::ProposeDuplicate(ProposeDuplicate { pair }), "proposed"),
        Some(None) => return not_found(door),
        None => {
            wrong.extend(missing_beside(&person, &wrong));
            if !wrong.is_empty() {
                let shown = Shown { typed, refused: wrong, ..Shown::default() };
                return answer(door, id, Which::Correct, shown, StatusCode::UNPROCESSABLE_ENTITY).await;
            }
            let found = match alike(door, &person).await {
                Ok(found) => found,
                Err(problem) => return failed(door, &problem),
            };
            let answered = answered(&typed, &found);
            let version = version_of(&typed);
            let known = RecordIdentity { patient: id.to_owned(), version, person, answered };
            (Command::RecordIdentity(known), "known")
        }
    };
    match act(door, &command, &typed).await {
        Ok(receipt) => done(&door.setting().links.details(id), what, &receipt),
        Err(not_done) => refused(door, id, Which::Correct, typed, not_done, None).await,
    }
}

/// What a form of the details page asks for.
fn command(door: &Door, id: &str, typed: &Typed) -> Result<Command, Refusal> {
    let (patient, version) = (id.to_owned(), version_of(typed));
    match typed.text("do") {
        "hide" => {
            let reason = Some(typed.text("reason").to_owned());
            Ok(Command::Restrict(Restrict { patient, version, reason }))
        }
        "show" => Ok(Command::Restrict(Restrict { patient, version, reason: None })),
        "died" => {
            let died = day_of(door, typed, "died")?.and_then(|day| PartialDate::parse(&day.to_string()).ok());
            let died = died.ok_or_else(|| Refusal::at("died-missing", "died", "Say on which day the patient died."))?;
            Ok(Command::Death(Death { patient, died }))
        }
        "not-dead" if typed.text("sure") != "yes" => {
            Err(Refusal::at("sure", "sure", "Say that this patient is alive: then the death is taken back."))
        }
        "not-dead" => Ok(Command::NotDead(NotDead { patient })),
        "nothing" => Ok(Command::RecordAnswer(RecordAnswer { patient, version, answer: nothing(typed)? })),
        _ => Ok(Command::RecordAnswer(RecordAnswer { patient, version, answer: said(door, typed)? })),
    }
}

fn item_of(typed: &Typed) -> Result<Item, Refusal> {
    Item::of_code(typed.text("item")).ok_or_else(|| Refusal::new("no-item", "Choose what was asked."))
}

/// That something was asked and there was nothing to say.
fn nothing(typed: &Typed) -> Result<Answer, Refusal> {
    Ok(match item_of(typed)? {
        Item::NextOfKin => Answer::NextOfKin(None),
        Item::Communication => Answer::Communication(Vec::new(), None),
        Item::Interpreter => Answer::Interpreter(None),
        Item::Adjustments => Answer::Adjustments(None),
        Item::Alerts => Answer::Alert(None),
        Item::TemporaryAddress => Answer::TemporaryAddress(None),
        Item::Ethnicity | Item::Overseas | Item::ClinicalSex => {
            return Err(Refusal::new("choose", "Choose one of the answers."));
        }
    })
}

/// What was said.
fn said(door: &Door, typed: &Typed) -> Result<Answer, Refusal> {
    let text = |name: &str| typed.text(name).to_owned();
    let new_id = || uuid::Uuid::now_v7().to_string();
    let day = |field: &'static str| day_of(door, typed, field);
    Ok(match item_of(typed)? {
        Item::Ethnicity => Answer::Ethnicity(text("ethnicity")),
        Item::NextOfKin => Answer::NextOfKin(Some(Kin {
            name: text("kin_name"),
            relation: text("kin_relation"),
            phone: fields::phone("kin_phone", typed.text("kin_phone"))?,
        })),
        Item::Communication => {
            let is_said = |code: &str| typed.text(&format!("need_{code}")) == "1";
            let needs: Vec<String> =
                codes::COMMUNICATION.iter().filter(|(code, _)| is_said(code)).map(|(code, _)| (*code).into()).collect();
            let words = fields::line("needs_words", typed.text("needs_words"))?;
            if needs.is_empty() && words.is_none() {
                return Err(Refusal::at("needs-missing", "needs", "Say what helps, or that there are no needs."));
            }
            Answer::Communication(needs, words)
        }
        Item::Interpreter => Answer::Interpreter(Some((text("language"), typed.some("interpreter_kind")))),
        Item::Adjustments => Answer::Adjustments(Some((text("adjustment"), text("adjustment_source"), new_id()))),
        Item::Overseas => Answer::Overseas(text("overseas"), text("checked_by")),
        Item::Alerts => Answer::Alert(Some((text("alert"), text("alert_source"), day("alert_until")?, new_id()))),
        Item::TemporaryAddress => {
            let from = day("from")?
                .ok_or_else(|| Refusal::at("from-missing", "from", "Say from when, such as t for today."))?;
            let postcode = fields::postcode("temporary_postcode", typed.text("temporary_postcode"))?;
            let lines = fields::line("temporary", typed.text("temporary"))?;
            Answer::TemporaryAddress(Some(Staying { lines, postcode, from, until: day("until")? }))
        }
        Item::ClinicalSex => Answer::ClinicalSex(text("clinical_sex"), text("sex_source")),
    })
}

fn day_of(door: &Door, typed: &Typed, field: &'static str) -> Result<Option<Date>, Refusal> {
    let today = terms::local_date(door.now);
    let day = typed.some(field).map(|day| parse_typed_date(&day, DateOf::Event, today));
    day.transpose().map_err(|bad| Refusal::at("date", field, bad.to_string()))
}

/// The version that the form was made from.
fn version_of(typed: &Typed) -> u64 {
    typed.text("version").parse().unwrap_or(0)
}

async fn refused(
    door: &Door,
    id: &str,
    which: Which,
    typed: Typed,
    not_done: NotDone,
    pds: Option<PdsSaid>,
) -> Response {
    let (refusal, status) = match not_done {
        NotDone::Refused(refusal) => (refusal, StatusCode::UNPROCESSABLE_ENTITY),
        NotDone::Failed(problem) => return failed(door, &problem),
    };
    // What belongs to another patient is not shown on this one's page.
    let typed = if refusal.code == "other-patient" { Typed::default() } else { typed };
    let shown = Shown { typed, refused: vec![refusal], pds, ..Shown::default() };
    answer(door, id, which, shown, status).await
}

async fn answer(door: &Door, id: &str, which: Which, mut shown: Shown, status: StatusCode) -> Response {
    let gathered = match (chart_of(door, id).await, details_of(door, id).await) {
        (Ok(Some(chart)), Ok(Some(details))) => (chart, details),
        (Err(problem), _) | (_, Err(problem)) => return failed(door, &problem),
        _ => return not_found(door),
    };
    let (chart, details) = gathered;
    let is_identity = which == Which::Correct && details.is_unknown;
    if which == Which::Correct && !is_identity && shown.typed.fields().next().is_none() {
        shown.typed = form_of(&details.person);
    }
    let found = match is_identity {
        true => alike(door, &read_form(door, &shown.typed).0).await,
        false => Ok(Vec::new()),
    };
    let found = match found {
        Ok(found) => found,
        Err(problem) => return failed(door, &problem),
    };
    let setting = door.setting();
    let of = DetailsPage {
        setting: &setting,
        chart: &chart,
        details: &details,
        typed: &shown.typed,
        refused: &shown.refused,
        pds: shown.pds.as_ref(),
        alike: &found,
        kept: shown.kept,
        done: (&shown.done.0, &shown.done.1),
    };
    let markup = if which == Which::Correct { correct_page(&of) } else { details_page(&of) };
    page(status, markup)
}

fn may_write(door: &Door) -> bool {
    door.permit.scope().writes.contains("Patient")
}
