//! The accounts of a trust for its administrators, and the closing of one with a manager who takes over what it owns: the same
//! step as `almoner user close --to`, in the name of the administrator. No patient is on it.

use std::sync::Arc;

use access::Role;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form};
use http::StatusCode;
use portal::Door;
use portal::pages::accounts::{AccountRow, AccountsView, ClosingView, accounts_page, closing_page};
use portal::pages::problem::{Trouble, problem_page};
use record::CauseKind;
use serde::Deserialize;

use crate::accounts;
use crate::answer;
use crate::failure::Failure;
use crate::host::{Host, Trust};
use crate::host_page::page;
use crate::trust_page::{setting, trust_of, turned_away};
use crate::work::{Outcome, UserState, UserView};

/// What others are told.
const FOR_WHOM: &str = "Accounts are kept by the administrators of the trust.";

/// What the address says was done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    closed: String,
    moved: usize,
}

/// The form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    /// Who takes over.
    to: String,
    /// How many things whoever agreed saw.
    seen: usize,
    /// `ask` what would be done, or `close`.
    step: String,
}

/// `GET /t/{trust}/accounts`.
pub(crate) async fn list(
    State(host): State<Arc<Host>>,
    Extension(door): Extension<Door>,
    Query(asked): Query<Asked>,
) -> Response {
    if let Some(response) = turned_away(&door, FOR_WHOM) {
        return response;
    }
    let found = match trust_of(&host, &door).await {
        Ok(trust) => accounts::list(&trust).await,
        Err(failure) => Err(failure),
    };
    let rows: Vec<AccountRow> = match found {
        Ok(views) => views.into_iter().map(row_of).collect(),
        Err(failure) => return failed(&failure),
    };
    let done = rows.iter().find(|row| !row.is_open && row.name == asked.closed).map(|row| match asked.moved {
        0 => format!("The account {} is closed.", row.name),
        moved => format!("The account {} is closed. Moved: {moved}.", row.name),
    });
    let setting = setting(&door);
    let view = AccountsView { setting: &setting, accounts: &rows, done: done.as_deref() };
    page(StatusCode::OK, accounts_page(&view).into_string())
}

/// `GET /t/{trust}/accounts/{name}`.
pub(crate) async fn show(
    State(host): State<Arc<Host>>,
    Extension(door): Extension<Door>,
    Path((_, name)): Path<(String, String)>,
) -> Response {
    if let Some(response) = turned_away(&door, FOR_WHOM) {
        return response;
    }
    shown(&host, &door, &name, (&Typed::default(), None)).await
}

/// `POST /t/{trust}/accounts/{name}`: first who takes over, then that it is meant.
pub(crate) async fn submit(
    State(host): State<Arc<Host>>,
    Extension(door): Extension<Door>,
    Path((_, name)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    if let Some(response) = turned_away(&door, FOR_WHOM) {
        return response;
    }
    let trust = match trust_of(&host, &door).await {
        Ok(trust) => trust,
        Err(failure) => return failed(&failure),
    };
    match closed(&trust, &door, &name, &typed).await {
        Ok(Some(moved)) => {
            let to = format!("{}?closed={name}&moved={moved}", setting(&door).links.accounts());
            Redirect::to(&to).into_response()
        }
        Ok(None) => shown(&host, &door, &name, (&typed, None)).await,
        Err(Failure::Refused(sentence)) => shown(&host, &door, &name, (&typed, Some(&sentence))).await,
        Err(failure) => failed(&failure),
    }
}

/// Closes it once that is meant, and gives how much moved; nothing while it is still to be asked.
async fn closed(trust: &Trust, door: &Door, name: &str, typed: &Typed) -> Result<Option<usize>, Failure> {
    if is_own(door, name) {
        return Err(Failure::refused("Nobody closes their own account. Another administrator does."));
    }
    let count: usize = accounts::owns(trust, name).await?.iter().map(|(_, count)| count).sum();
    if count > 0 && typed.to.is_empty() {
        return Err(Failure::refused("Choose who takes over what the account owns."));
    }
    // What was agreed to is what is done: if something came meanwhile, it is asked again.
    if typed.step != "close" || count != typed.seen {
        return Ok(None);
    }
    let to = Some(typed.to.as_str()).filter(|to| !to.is_empty());
    let permit = trust.host_permit_of(door.permit.principal())?;
    match accounts::close(trust, (&permit, CauseKind::Form), name, to).await? {
        Outcome::UserClosed { moved, .. } => Ok(Some(moved)),
        _ => Ok(Some(0)),
    }
}

/// The page of one account, after what was typed.
async fn shown(host: &Host, door: &Door, name: &str, (typed, refused): (&Typed, Option<&str>)) -> Response {
    let gathered = async {
        let trust = trust_of(host, door).await?;
        let account = accounts::list(&trust).await?.into_iter().find(|view| view.name == name).map(row_of);
        let Some(account) = account else { return Ok(None) };
        Ok::<_, Failure>(Some((account, accounts::owns(&trust, name).await, accounts::managers(&trust, name).await?)))
    };
    let setting = setting(door);
    let (account, owns, managers) = match gathered.await {
        Ok(Some(gathered)) => gathered,
        Ok(None) => return page(StatusCode::NOT_FOUND, problem_page(&setting, Trouble::NotFound).into_string()),
        Err(failure) => return failed(&failure),
    };
    let (owns, too_many) = match owns {
        Ok(owns) => (owns, None),
        Err(Failure::Refused(sentence)) => (Vec::new(), Some(sentence)),
        Err(failure) => return failed(&failure),
    };
    let refused = refused.or(too_many.as_deref());
    let view = ClosingView {
        setting: &setting,
        account: &account,
        is_own: is_own(door, name),
        owns: &owns,
        managers: &managers,
        to: &typed.to,
        is_asked_again: refused.is_none() && !typed.step.is_empty(),
        refused,
    };
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(status, closing_page(&view).into_string())
}

fn row_of(view: UserView) -> AccountRow {
    let role = Role::of_code(&view.role).map_or(view.role.clone(), |role| role.code().replace('-', " "));
    AccountRow {
        is_open: view.state != UserState::Closed,
        is_locked: view.state == UserState::Locked,
        name: view.name,
        display: view.display,
        role,
    }
}

fn is_own(door: &Door, name: &str) -> bool {
    door.permit.principal().id == format!("user/{name}")
}

fn failed(failure: &Failure) -> Response {
    answer::failed("the accounts could not be shown or changed", failure)
}
