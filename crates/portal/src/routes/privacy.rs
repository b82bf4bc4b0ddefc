//! The privacy officer's own routes: where they begin, the review of restricted access, and what is to be followed up.
//! A form becomes one command about openings of one person; what was refused comes back with all that was chosen.

use access::Role;
use administration::obligations::{ACCESS_FOLLOW_UP, Kind, RESTRICTED_ACCESS};
use administration::restricted_access::{FollowUpOpenings, JudgeOpenings, ReviewOpenings};
use administration::{Command, Refusal};
use axum::extract::Query;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Form, Router};
use http::StatusCode;
use record::{Cursor, Problem};

use super::{failed, not_allowed, not_found, page, stopped};
use crate::act::{NotDone, Typed, act, done, done_notice};
use crate::door::Door;
use crate::gather::home::card;
use crate::gather::privacy::{counted, to_judge};
use crate::link::Links;
use crate::pages::privacy::{BOX, JudgePage, Step, judge_page, privacy_home_page};

/// The routes of the two lists.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/t/{trust}/restricted-access", get(reviews).post(review))
        .route("/t/{trust}/restricted-access/follow-up", get(follow_ups).post(follow_up))
}

/// The home page of a privacy officer.
pub(super) async fn home(door: &Door) -> Response {
    let setting = door.setting();
    match counted(door).await {
        Ok(found) => {
            let cards = found.iter().map(|(tally, about)| {
                let step = if tally.kind.code == ACCESS_FOLLOW_UP.code { Step::FollowUp } else { Step::Review };
                card(door, tally, about, address(&setting.links, step))
            });
            page(StatusCode::OK, privacy_home_page(&setting, &cards.collect::<Vec<_>>()))
        }
        Err(problem) => failed(door, &problem),
    }
}

/// `GET …/restricted-access`.
async fn reviews(Extension(door): Extension<Door>, Query(fields): Query<Vec<(String, String)>>) -> Response {
    answer(&door, Step::Review, &Typed::of(fields), None).await
}

/// `POST …/restricted-access`.
async fn review(Extension(door): Extension<Door>, Form(fields): Form<Vec<(String, String)>>) -> Response {
    submit(&door, Step::Review, &Typed::of(fields)).await
}

/// `GET …/restricted-access/follow-up`.
async fn follow_ups(Extension(door): Extension<Door>, Query(fields): Query<Vec<(String, String)>>) -> Response {
    answer(&door, Step::FollowUp, &Typed::of(fields), None).await
}

/// `POST …/restricted-access/follow-up`.
async fn follow_up(Extension(door): Extension<Door>, Form(fields): Form<Vec<(String, String)>>) -> Response {
    submit(&door, Step::FollowUp, &Typed::of(fields)).await
}

async fn submit(door: &Door, step: Step, typed: &Typed) -> Response {
    let (command, said) = command(step, typed);
    match act(door, &command, typed).await {
        Ok(receipt) => done(&address(&door.setting().links, step), said, &receipt),
        Err(NotDone::Refused(refusal)) => answer(door, step, typed, Some(&refusal)).await,
        Err(not_done) => stopped(door, not_done, &door.setting().links.home()),
    }
}

/// What a form says, and the notice when it is done.
fn command(step: Step, typed: &Typed) -> (Command, &'static str) {
    let ticked = typed.fields().filter(|(_, value)| !value.is_empty()).filter_map(|(name, _)| name.strip_prefix(BOX));
    let openings = ticked.map(str::to_owned).collect();
    let field = |name: &str| typed.text(name).to_owned();
    match step {
        Step::Review => {
            let review = ReviewOpenings { openings, outcome: field("outcome"), note: field("note") };
            (Command::JudgeOpenings(JudgeOpenings::Review(review)), "access-reviewed")
        }
        Step::FollowUp => {
            let (action, outcome, to) = (field("action"), field("outcome"), field("to"));
            let follow_up = FollowUpOpenings { openings, action, outcome, to };
            (Command::JudgeOpenings(JudgeOpenings::FollowUp(follow_up)), "access-followed-up")
        }
    }
}

fn address(links: &Links, step: Step) -> String {
    match step {
        Step::Review => links.restricted_access(),
        Step::FollowUp => links.access_follow_up(),
    }
}

fn kind_of(step: Step) -> &'static Kind {
    match step {
        Step::Review => &RESTRICTED_ACCESS,
        Step::FollowUp => &ACCESS_FOLLOW_UP,
    }
}

async fn answer(door: &Door, step: Step, typed: &Typed, refusal: Option<&Refusal>) -> Response {
    if door.permit.role() != Role::PrivacyOfficer {
        return not_allowed(door, "The privacy officer reviews who opened a restricted record.");
    }
    let after = typed.some("after");
    let cursor = after.as_deref().and_then(Cursor::parse);
    if cursor.is_none() && after.is_some() {
        return not_found(door);
    }
    let setting = door.setting();
    let own = address(&setting.links, step);
    let found = match to_judge(door, kind_of(step), cursor).await {
        Ok(found) => found,
        // A page of an hour ago: begin again.
        Err(Problem::Expired) => return Redirect::to(&own).into_response(),
        Err(problem) => return failed(door, &problem),
    };
    let of = JudgePage {
        setting: &setting,
        step,
        done: done_notice(&setting, typed.text("done"), "", &own),
        found: &found,
        reader: &door.permit.principal().id,
        typed,
        refusal,
        next: found.next.as_ref().map(|next| format!("{own}?after={}", next.text())),
    };
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(status, judge_page(&of))
}
