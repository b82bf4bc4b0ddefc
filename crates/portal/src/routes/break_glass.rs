//! Before a restricted record opens: whoever sees clinical content is asked once why, and for twelve hours not again.
//!
//! One layer before every page and form about one patient ([`ABOUT_ONE`]); boards, lists and searches go on showing the
//! name, and so do the forms of a board, which say where somebody is: nobody is lost from a ward for being restricted. Of a
//! patient who is not restricted one version is read, and nothing of it is shown. What is opened with a reason says so in
//! both journals, by the permit.

use administration::restricted_access::{HOLDS_HOURS, OpenRestricted, Restriction, in_force};
use administration::{Command, Refusal, stays};
use axum::extract::{MatchedPath, Path, Query, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form};
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use record::{Problem, Reading};
use terms::Moment;

use super::{failed, not_found, page, stopped};
use crate::act::{NotDone, Typed, act, own_path};
use crate::door::{Door, asked};
use crate::gather::chart::identity_of;
use crate::gather::finished;
use crate::pages::break_glass::{BreakGlass, break_glass_page};
use crate::pages::patient::banner_of;

/// How the address of a page names the one patient that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The step behind `patients`.
    Patient,
    /// The stay behind `stays`.
    Stay,
    /// The field `patient`, if it is there.
    Field,
}

/// The pages and forms about one patient. A test holds every route of a patient against this table.
const ABOUT_ONE: &[(&str, Whose)] = &[
    ("/t/{trust}/patients/{id}", Whose::Patient),
    ("/t/{trust}/patients/{id}/details", Whose::Patient),
    ("/t/{trust}/patients/{id}/correct", Whose::Patient),
    ("/t/{trust}/patients/{id}/newborn", Whose::Patient),
    ("/t/{trust}/stays/{id}", Whose::Stay),
    ("/t/{trust}/admissions/new", Whose::Field),
    ("/t/{trust}/tasks", Whose::Field),
    ("/t/{trust}/tasks/new", Whose::Field),
];

/// What stands before a page.
enum Before {
    /// Nothing: the record is not restricted, or is not there for this permit.
    Nothing,
    /// It was opened with a reason that holds until then.
    Open(Moment),
    /// A reason is to be given first: the page that asks for it.
    Ask(Response),
}

/// Lets a request about a restricted record through once a reason was given, and asks for one before.
pub(super) async fn ask_first(mut request: Request, next: Next) -> Response {
    let about = request.extensions().get::<MatchedPath>().and_then(|path| whose(path.as_str()));
    let door = request.extensions().get::<Door>().filter(|door| door.setting().clinical).cloned();
    let (Some(about), Some(mut door)) = (about, door) else { return next.run(request).await };
    let was_sent = request.method() == Method::POST;
    match before(&door, about, request.uri(), was_sent).await {
        Ok(Before::Nothing) => {}
        Ok(Before::Open(until)) => {
            door.permit = door.permit.break_glass(until);
            request.extensions_mut().insert(door);
        }
        Ok(Before::Ask(asks)) => return asks,
        Err(problem) => return failed(&door, &problem),
    }
    next.run(request).await
}

/// `POST …/patients/{id}/open`: the reason, and then the page that was asked for.
pub(super) async fn open(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let typed = Typed::of(fields);
    let setting = door.setting();
    let back = typed.some("back").unwrap_or_else(|| setting.links.patient(&id));
    let back = own_path(&setting, &back);
    // The entry that opens it is the first of those that were made with this reason.
    let broken = Door { permit: door.permit.break_glass(Moment(door.now.0 + HOLDS_HOURS * 3_600_000)), ..door.clone() };
    let opened = match typed.is_about(&id) {
        Ok(()) => act(&broken, &Command::OpenRestricted(command(&id, &typed)), &typed).await,
        Err(refusal) => Err(NotDone::Refused(refusal)),
    };
    match opened {
        Ok(_) => Redirect::to(&back).into_response(),
        Err(NotDone::Refused(refusal)) if refusal.code == "open-already" => Redirect::to(&back).into_response(),
        Err(NotDone::Refused(refusal)) => refused(&door, &id, &typed, &refusal).await,
        Err(not_done) => stopped(&door, not_done, &back),
    }
}

fn command(patient: &str, typed: &Typed) -> OpenRestricted {
    OpenRestricted {
        id: uuid::Uuid::now_v7().to_string(),
        patient: patient.to_owned(),
        reason: typed.text("reason").to_owned(),
        words: typed.text("words").to_owned(),
    }
}

fn whose(matched: &str) -> Option<Whose> {
    ABOUT_ONE.iter().find(|(path, _)| *path == matched).map(|(_, whose)| *whose)
}

async fn before(door: &Door, about: Whose, uri: &http::Uri, was_sent: bool) -> Result<Before, Problem> {
    let reading = door.record.read(&door.permit, asked::REASON).await?;
    let found = look(door, &reading, about, uri).await;
    let (patient, restriction) = match found {
        Ok(Found::Ask(patient, restriction)) => (patient, restriction),
        // Nobody is given anything of it: the page itself notes what it shows.
        not_shown => {
            let _ = reading.hand_on();
            return match not_shown? {
                Found::Open(until) => Ok(Before::Open(until)),
                _ => Ok(Before::Nothing),
            };
        }
    };
    let typed = Typed::default().with("back", uri.path_and_query().map_or("", |path| path.as_str()).to_owned());
    let answer = answer(door, &reading, (&patient, &restriction), (&typed, None, was_sent)).await;
    Ok(Before::Ask(finished(reading, answer).await?))
}

/// What was found of the patient of a page.
enum Found {
    Nothing,
    Open(Moment),
    Ask(String, Restriction),
}

async fn look(door: &Door, reading: &Reading, about: Whose, uri: &http::Uri) -> Result<Found, Problem> {
    let Some(named) = named(about, uri) else { return Ok(Found::Nothing) };
    let patient = match about {
        Whose::Stay => stays::stay(reading, &named).await?.and_then(|stay| stay.patient),
        Whose::Patient | Whose::Field => Some(named),
    };
    let Some(patient) = patient else { return Ok(Found::Nothing) };
    let Some(restriction) = Restriction::of(reading, &patient).await? else { return Ok(Found::Nothing) };
    let by = &door.permit.principal().id;
    Ok(match in_force(reading, &restriction, by, door.now).await? {
        Some(opening) => Found::Open(opening.until),
        None => Found::Ask(patient, restriction),
    })
}

/// Whom or what an address names, read as the page itself reads it.
fn named(about: Whose, uri: &http::Uri) -> Option<String> {
    if about == Whose::Field {
        let fields = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?.0;
        return Typed::of(fields).some("patient");
    }
    // `/t/{trust}/patients/{id}` and `/t/{trust}/stays/{id}`.
    let id = uri.path().split('/').nth(4)?;
    Some(percent_decode_str(id).decode_utf8_lossy().into_owned())
}

async fn refused(door: &Door, id: &str, typed: &Typed, refusal: &Refusal) -> Response {
    let shown = async {
        let reading = door.record.read(&door.permit, asked::REASON).await?;
        let answer = async {
            let Some(restriction) = Restriction::of(&reading, id).await? else { return Ok(not_found(door)) };
            answer(door, &reading, (id, &restriction), (typed, Some(refusal), false)).await
        };
        let answer = answer.await;
        finished(reading, answer).await
    };
    shown.await.unwrap_or_else(|problem| failed(door, &problem))
}

/// The page that asks, with who the patient is and nothing else of them.
async fn answer(
    door: &Door,
    reading: &Reading,
    (patient, restriction): (&str, &Restriction),
    (typed, refusal, was_sent): (&Typed, Option<&Refusal>, bool),
) -> Result<Response, Problem> {
    let Some(chart) = identity_of(door, reading, patient).await? else { return Ok(not_found(door)) };
    let setting = door.setting();
    let of = BreakGlass {
        setting: &setting,
        patient,
        banner: &banner_of(&chart, false, &setting.links, setting.now),
        why: restriction.why.as_deref(),
        typed,
        refusal,
        was_sent,
    };
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::FORBIDDEN };
    Ok(page(status, break_glass_page(&of)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Routes with a patient in their address that show nothing clinical of them: the privacy officer's list, and the
    /// form that asks.
    const OTHERS: [&str; 2] = ["/t/{trust}/patients/{id}/who-has-looked", "/t/{trust}/patients/{id}/open"];

    #[test]
    fn every_route_of_one_patient_asks_first_or_is_named_as_one_that_need_not() {
        let of_one = |path: &str| path.contains("/patients/{id}") || path.contains("/stays/{id}");
        let routes = super::super::ROUTES.iter().map(|(_, path)| *path);
        for path in routes.clone().filter(|path| of_one(path)) {
            assert!(whose(path).is_some() != OTHERS.contains(&path), "{path}");
        }
        for (path, _) in ABOUT_ONE {
            assert!(routes.clone().any(|route| route == *path), "{path} is no route");
        }
    }

    #[test]
    fn the_patient_of_an_address_is_found() {
        let cases = [
            (Whose::Patient, "/t/DEMO/patients/a-b/details?done=x", Some("a-b")),
            (Whose::Patient, "/t/DEMO/patients/a%2Fb", Some("a/b")),
            (Whose::Stay, "/t/DEMO/stays/s-1?patient=p", Some("s-1")),
            (Whose::Field, "/t/DEMO/tasks?back=%2F&patient=p%2D1", Some("p-1")),
            (Whose::Field, "/t/DEMO/tasks?p%61tient=p-1", Some("p-1")),
            (Whose::Field, "/t/DEMO/tasks?patient=", None),
            (Whose::Field, "/t/DEMO/tasks", None),
        ];
        for (about, uri, expected) in cases {
            let uri: http::Uri = uri.parse().unwrap_or_default();
            assert_eq!(named(about, &uri).as_deref(), expected, "{uri}");
        }
    }
}
