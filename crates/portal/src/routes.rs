//! The routes of the pages: each handler extracts, asks at one snapshot, and renders.
//!
//! `hosting` merges [`routes`] into its router and puts a [`Door`] into every request that it lets in. Forms carry the
//! session's token, which `hosting` checks, and become commands (`act.rs`).

mod admissions;
mod break_glass;
mod details;
mod downtime;
mod drafts;
mod duplicates;
mod emergency;
mod newborn;
mod one_sex;
mod privacy;
mod register;
mod stays;

use access::Role;
use administration::{Command, Undo};
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Router, middleware};
use http::{HeaderMap, StatusCode, header};
use maud::Markup;
use record::Problem;
use serde::Deserialize;

use crate::act::{NotDone, Typed, act, done, own_path};
use crate::door::Door;
use crate::gather::{chart, find, looked};
use crate::here::find_here;
use crate::pages::account::account_page;
use crate::pages::chart::{Span, Summary, summary_page};
use crate::pages::patient::banner_of;
use crate::pages::problem::{Trouble, problem_page};
use crate::pages::search::{Search, found_part, search_page};
use crate::pages::who_looked::{Kind, Looked, Narrowed, Period, WhoLooked, who_looked_page};
use crate::recent;

mod hand_over;
mod home;
mod incident;
mod mixed_sex;
mod tasks;

mod wards;

/// Every route of the pages: method and path. All need a permit.
pub const ROUTES: &[(&str, &str)] = &[
    ("GET", "/t/{trust}/"),
    ("GET", "/t/{trust}/account"),
    ("GET", "/t/{trust}/emergency"),
    ("GET", "/t/{trust}/emergency/live"),
    ("GET", "/t/{trust}/emergency/arrive"),
    ("POST", "/t/{trust}/emergency/arrive"),
    ("GET", "/t/{trust}/emergency/unknown"),
    ("POST", "/t/{trust}/emergency/unknown"),
    ("GET", "/t/{trust}/emergency/expect"),
    ("POST", "/t/{trust}/emergency/expect"),
    ("GET", "/t/{trust}/emergency/place"),
    ("POST", "/t/{trust}/emergency/place"),
    ("GET", "/t/{trust}/emergency/{id}/{act}"),
    ("POST", "/t/{trust}/emergency/{id}/{act}"),
    ("GET", "/t/{trust}/my-patients"),
    ("GET", "/t/{trust}/obligations/{kind}"),
    ("GET", "/t/{trust}/patients"),
    ("GET", "/t/{trust}/patients/found"),
    ("GET", "/t/{trust}/patients/{id}"),
    ("GET", "/t/{trust}/patients/{id}/who-has-looked"),
    ("POST", "/t/{trust}/patients/{id}/open"),
    ("GET", "/t/{trust}/restricted-access"),
    ("POST", "/t/{trust}/restricted-access"),
    ("GET", "/t/{trust}/restricted-access/follow-up"),
    ("POST", "/t/{trust}/restricted-access/follow-up"),
    ("GET", "/t/{trust}/duplicates"),
    ("GET", "/t/{trust}/duplicates/{id}"),
    ("POST", "/t/{trust}/duplicates/{id}/{step}"),
    ("POST", "/t/{trust}/unmerged/{list}/give"),
    ("GET", "/t/{trust}/patients/{id}/details"),
    ("POST", "/t/{trust}/patients/{id}/details"),
    ("GET", "/t/{trust}/patients/{id}/correct"),
    ("POST", "/t/{trust}/patients/{id}/correct"),
    ("GET", "/t/{trust}/patients/{id}/newborn"),
    ("POST", "/t/{trust}/patients/{id}/newborn"),
    ("GET", "/t/{trust}/register"),
    ("POST", "/t/{trust}/register"),
    ("GET", "/t/{trust}/incident"),
    ("POST", "/t/{trust}/incident"),
    ("GET", "/t/{trust}/downtime"),
    ("POST", "/t/{trust}/downtime"),
    ("POST", "/t/{trust}/drafts"),
    ("GET", "/t/{trust}/place"),
    ("POST", "/t/{trust}/place"),
    ("GET", "/t/{trust}/tasks"),
    ("POST", "/t/{trust}/tasks"),
    ("GET", "/t/{trust}/tasks/hand-over"),
    ("POST", "/t/{trust}/tasks/hand-over"),
    ("GET", "/t/{trust}/tasks/new"),
    ("GET", "/t/{trust}/tasks/{id}"),
    ("POST", "/t/{trust}/tasks/{id}/{act}"),
    ("GET", "/t/{trust}/admissions"),
    ("GET", "/t/{trust}/admissions/new"),
    ("POST", "/t/{trust}/admissions/new"),
    ("GET", "/t/{trust}/mixed-sex"),
    ("POST", "/t/{trust}/mixed-sex"),
    ("GET", "/t/{trust}/stays/{id}"),
    ("POST", "/t/{trust}/stays/{id}"),
    ("POST", "/t/{trust}/undo"),
    ("GET", "/t/{trust}/wards"),
    ("GET", "/t/{trust}/wards/{id}"),
    ("GET", "/t/{trust}/wards/{id}/admit"),
    ("POST", "/t/{trust}/wards/{id}/admit"),
    ("GET", "/t/{trust}/wards/{id}/bed"),
    ("POST", "/t/{trust}/wards/{id}/bed"),
    ("GET", "/t/{trust}/wards/{id}/handover"),
    ("GET", "/t/{trust}/wards/{id}/live"),
    ("GET", "/t/{trust}/wards/{id}/move"),
    ("POST", "/t/{trust}/wards/{id}/move"),
    ("GET", "/t/{trust}/wards/{id}/nurse"),
    ("POST", "/t/{trust}/wards/{id}/nurse"),
    ("GET", "/t/{trust}/wards/{id}/reserve"),
    ("POST", "/t/{trust}/wards/{id}/reserve"),
];

/// What the address of *who has looked* may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AskedViews {
    /// How far back.
    period: String,
    /// Which views.
    kind: String,
    /// Whose, by stable id.
    who: String,
    /// The page of the list.
    page: String,
}

impl AskedViews {
    fn narrowed(self) -> Narrowed {
        Narrowed {
            period: Period::of_code(&self.period),
            kind: Kind::of_code(&self.kind),
            who: Some(self.who).filter(|who| !who.is_empty()),
            page: self.page.parse().unwrap_or(1),
        }
    }
}

/// The pages as a router.
pub fn routes() -> Router {
    Router::new()
        .route("/t/{trust}/", get(home::home))
        .route("/t/{trust}/account", get(account))
        .route("/t/{trust}/my-patients", get(home::my_patients))
        .route("/t/{trust}/obligations/{kind}", get(home::owed))
        .route("/t/{trust}/patients", get(search))
        .route("/t/{trust}/patients/found", get(found))
        .route("/t/{trust}/patients/{id}", get(summary))
        .route("/t/{trust}/patients/{id}/who-has-looked", get(who_looked))
        .route("/t/{trust}/patients/{id}/open", post(break_glass::open))
        .route("/t/{trust}/duplicates", get(duplicates::list))
        .route("/t/{trust}/duplicates/{id}", get(duplicates::pair))
        .route("/t/{trust}/duplicates/{id}/{step}", post(duplicates::step))
        .route("/t/{trust}/unmerged/{list}/give", post(duplicates::give))
        .route("/t/{trust}/patients/{id}/details", get(details::show).post(details::submit))
        .route("/t/{trust}/patients/{id}/correct", get(details::correct).post(details::submit_correct))
        .route("/t/{trust}/patients/{id}/newborn", get(newborn::show).post(newborn::submit))
        .route("/t/{trust}/register", get(register::show).post(register::submit))
        .route("/t/{trust}/incident", get(incident::show).post(incident::submit))
        .route("/t/{trust}/downtime", get(downtime::show).post(downtime::submit))
        .route("/t/{trust}/drafts", post(drafts::keep))
        .route("/t/{trust}/place", get(home::place).post(home::choose_place))
        .route("/t/{trust}/tasks", get(tasks::list).post(tasks::add))
        .route("/t/{trust}/tasks/new", get(tasks::new))
        .route("/t/{trust}/tasks/hand-over", get(hand_over::show).post(hand_over::submit))
        .route("/t/{trust}/tasks/{id}", get(tasks::show))
        .route("/t/{trust}/tasks/{id}/{act}", post(tasks::change))
        .route("/t/{trust}/undo", post(undo))
        .merge(emergency::routes())
        .merge(admissions::routes())
        .merge(stays::routes())
        .merge(mixed_sex::routes())
        .merge(privacy::routes())
        .merge(wards::routes())
        .layer(middleware::from_fn(break_glass::ask_first))
        .layer(middleware::from_fn(find_here))
}

/// What the address of a page may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// What was typed into the search box.
    q: String,
    /// `1` to show those who have died.
    died: String,
    /// How much of the past a summary shows.
    span: String,
}

/// `GET …/account`.
async fn account(Extension(door): Extension<Door>) -> Response {
    page(StatusCode::OK, account_page(&door.setting()))
}

/// `GET …/patients`: the search page.
async fn search(Extension(door): Extension<Door>, Query(asked): Query<Asked>) -> Response {
    let both = match register::both(&door, &asked.q).await {
        Ok(both) => both,
        Err(problem) => return failed(&door, &problem),
    };
    answer_search(&door, &asked, both.as_deref(), search_page).await
}

/// `GET …/patients/found`: what lies under the box, as the person types. Whoever comes here as to a page, such as
/// after signing in again, is led to the page with the same words.
async fn found(Extension(door): Extension<Door>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    if !headers.contains_key("hx-request") {
        return Redirect::to(&door.setting().links.search(&asked.q, asked.died == "1")).into_response();
    }
    answer_search(&door, &asked, None, found_part).await
}

async fn answer_search(door: &Door, asked: &Asked, both: Option<&str>, render: fn(&Search<'_>) -> Markup) -> Response {
    if !door.permit.scope().reads.contains("Patient") {
        return not_allowed(door, "Your role does not look for patients.");
    }
    let include_died = asked.died == "1";
    match find::find(door, &asked.q, include_died).await {
        Ok(outcome) => {
            let setting = door.setting();
            let of = Search { setting: &setting, query: &asked.q, include_died, outcome: &outcome, both };
            page(StatusCode::OK, render(&of))
        }
        Err(problem) => failed(door, &problem),
    }
}

/// `GET …/patients/{id}`: the chart summary.
async fn summary(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    let span = Span::of_code(&asked.span);
    match chart::chart_of(&door, &id).await {
        Ok(Some(gathered)) => {
            // A list that helps the memory: without it the summary is as good.
            if let Err(problem) = recent::remember(&door, &id).await {
                tracing::error!(request = %door.request, %problem, "who was opened was not remembered");
            }
            let chart::Gathered { chart, cut, held_back } = &*gathered;
            let of = Summary { setting: &door.setting(), chart, span, cut, held_back: *held_back };
            page(StatusCode::OK, summary_page(&of))
        }
        Ok(None) => not_found(&door),
        Err(problem) => failed(&door, &problem),
    }
}

/// `GET …/patients/{id}/who-has-looked`.
async fn who_looked(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Query(asked): Query<AskedViews>,
) -> Response {
    if door.permit.role() != Role::PrivacyOfficer {
        return not_allowed(&door, "The list of who has looked is kept by the privacy officer.");
    }
    let asked = asked.narrowed();
    match looked::looked_at(&door, &id, &asked).await {
        Ok(Some((chart, looked))) => page(StatusCode::OK, looked_page(&door, &chart, &asked, &looked)),
        Ok(None) => not_found(&door),
        Err(problem) => failed(&door, &problem),
    }
}

fn looked_page(door: &Door, chart: &clinical::Chart, asked: &Narrowed, looked: &Looked) -> Markup {
    let setting = door.setting();
    let href = setting.links.who_looked(&chart.identity.source.id);
    let banner = banner_of(chart, false, &setting.links, setting.now);
    who_looked_page(&WhoLooked { setting: &setting, banner: &banner, href: &href, summary: None, asked, looked })
}

/// `POST …/undo`: takes back what was just done, and goes back to the page it was done on.
async fn undo(Extension(door): Extension<Door>, Form(fields): Form<Vec<(String, String)>>) -> Response {
    let typed = Typed::of(fields);
    let back = own_path(&door.setting(), typed.text("back"));
    let Some(undo) = Undo::parse(typed.text("undo")) else { return not_found(&door) };
    match act(&door, &Command::Undo(undo), &typed).await {
        Ok(receipt) => done(&back, "undone", &receipt),
        Err(not_done) => stopped(&door, not_done, &back),
    }
}

/// The page of something that was not done, where no form can say it.
pub(crate) fn stopped(door: &Door, not_done: NotDone, back: &str) -> Response {
    let setting = door.setting();
    match not_done {
        NotDone::Failed(problem) => failed(door, &problem),
        NotDone::Refused(refusal) => {
            let trouble = Trouble::Refused { sentence: &refusal.sentence, back };
            page(StatusCode::UNPROCESSABLE_ENTITY, problem_page(&setting, trouble))
        }
    }
}

pub(crate) fn page(status: StatusCode, markup: Markup) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], markup.into_string()).into_response()
}

pub(crate) fn not_found(door: &Door) -> Response {
    page(StatusCode::NOT_FOUND, problem_page(&door.setting(), Trouble::NotFound))
}

pub(crate) fn not_allowed(door: &Door, sentence: &str) -> Response {
    page(StatusCode::FORBIDDEN, problem_page(&door.setting(), Trouble::NotAllowed(sentence)))
}

/// The world failed: the log has the reason, the page has the reference.
pub(crate) fn failed(door: &Door, problem: &Problem) -> Response {
    if let Problem::NotPermitted { .. } = problem {
        return not_allowed(door, "Ask the person who keeps accounts in your trust.");
    }
    if let Problem::Full = problem {
        tracing::warn!(request = %door.request, "a form was not recorded: {problem}");
        let full = page(StatusCode::INSUFFICIENT_STORAGE, problem_page(&door.setting(), Trouble::Full(&door.request)));
        return ([(header::RETRY_AFTER, "60")], full).into_response();
    }
    tracing::error!(request = %door.request, %problem, "a page could not be shown");
    let trouble = Trouble::Unavailable(&door.request);
    page(StatusCode::SERVICE_UNAVAILABLE, problem_page(&door.setting(), trouble))
}
