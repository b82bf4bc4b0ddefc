//! The privacy officer's own routes: where they begin, and the review of restricted access.
//! A form becomes one command about openings of one person; what was refused comes back with all that was chosen.

use access::Role;
use administration::restricted_access::ReviewOpenings;
use administration::{Command, Refusal};
use axum::extract::Query;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form};
use http::StatusCode;
use record::{Cursor, Problem};

use super::{failed, not_allowed, not_found, page, stopped};
use crate::act::{NotDone, Typed, act, done, done_notice};
use crate::door::Door;
use crate::gather::home::card;
use crate::gather::privacy::{counted, to_review};
use crate::pages::privacy::{BOX, ReviewPage, privacy_home_page, review_page};

/// The home page of a privacy officer.
pub(super) async fn home(door: &Door) -> Response {
    let setting = door.setting();
    match counted(door).await {
        Ok((tally, about)) => {
            let card = card(door, &tally, &about, setting.links.restricted_access());
            page(StatusCode::OK, privacy_home_page(&setting, &card))
        }
        Err(problem) => failed(door, &problem),
    }
}

/// `GET …/restricted-access`.
pub(super) async fn show(Extension(door): Extension<Door>, Query(fields): Query<Vec<(String, String)>>) -> Response {
    answer(&door, &Typed::of(fields), None).await
}

/// `POST …/restricted-access`.
pub(super) async fn submit(Extension(door): Extension<Door>, Form(fields): Form<Vec<(String, String)>>) -> Response {
    let typed = Typed::of(fields);
    match act(&door, &Command::ReviewOpenings(command(&typed)), &typed).await {
        Ok(receipt) => done(&door.setting().links.restricted_access(), "access-reviewed", &receipt),
        Err(NotDone::Refused(refusal)) => answer(&door, &typed, Some(&refusal)).await,
        Err(not_done) => stopped(&door, not_done, &door.setting().links.home()),
    }
}

fn command(typed: &Typed) -> ReviewOpenings {
    let ticked = typed.fields().filter(|(_, value)| !value.is_empty()).filter_map(|(name, _)| name.strip_prefix(BOX));
    ReviewOpenings {
        openings: ticked.map(str::to_owned).collect(),
        outcome: typed.text("outcome").to_owned(),
        note: typed.text("note").to_owned(),
    }
}

async fn answer(door: &Door, typed: &Typed, refusal: Option<&Refusal>) -> Response {
    if door.permit.role() != Role::PrivacyOfficer {
        return not_allowed(door, "The privacy officer reviews who opened a restricted record.");
    }
    let after = typed.some("after");
    let cursor = after.as_deref().and_then(Cursor::parse);
    if cursor.is_none() && after.is_some() {
        return not_found(door);
    }
    let setting = door.setting();
    let own = setting.links.restricted_access();
    let found = match to_review(door, cursor).await {
        Ok(found) => found,
        // A page of an hour ago: begin again.
        Err(Problem::Expired) => return Redirect::to(&own).into_response(),
        Err(problem) => return failed(door, &problem),
    };
    let of = ReviewPage {
        setting: &setting,
        done: done_notice(&setting, typed.text("done"), "", &own),
        found: &found,
        reader: &door.permit.principal().id,
        typed,
        refusal,
        next: found.next.as_ref().map(|next| format!("{own}?after={}", next.text())),
    };
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(status, review_page(&of))
}
