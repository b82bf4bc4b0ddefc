//! The accounts of a trust for its administrators; which member of staff the person of one is; and the closing of one with a
//! manager who takes over what it owns: the same steps as `almoner user link` and `close --to`, in the name of the
//! administrator. No patient is on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use access::Role;
use administration::obligations::Owner;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form};
use http::StatusCode;
use portal::Door;
use portal::pages::accounts::{AccountRow, AccountsView, ClosingView, LinkForm, accounts_page, closing_page};
use portal::pages::problem::{Trouble, problem_page};
use record::CauseKind;
use serde::Deserialize;

use crate::answer;
use crate::failure::Failure;
use crate::host::{Host, Trust};
use crate::host_page::page;
use crate::trust_page::{setting, trust_of, turned_away};
use crate::work::{Outcome, UserState, UserView};
use crate::{account_staff, accounts};

/// What others are told.
const FOR_WHOM: &str = "Accounts are kept by the administrators of the trust.";

/// What the address says was done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    closed: String,
    moved: usize,
    linked: bool,
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
        Ok(trust) => rows(&trust).await,
        Err(failure) => Err(failure),
    };
    let rows: Vec<AccountRow> = match found {
        Ok(rows) => rows,
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
    Query(asked): Query<Asked>,
) -> Response {
    if let Some(response) = turned_away(&door, FOR_WHOM) {
        return response;
    }
    let linking = Linking { is_done: asked.linked, ..Linking::default() };
    shown(&host, &door, &name, (&Typed::default(), None), linking).await
}

/// What is to be shown of the form that says which member of staff somebody is.
#[derive(Default)]
struct Linking {
    /// What was typed, and why it was refused.
    refused: Option<(String, String)>,
    is_done: bool,
}

/// That form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TypedStaff {
    /// The code of the member of staff; empty for none.
    staff: String,
}

/// `POST /t/{trust}/accounts/{name}/staff`: which member of staff the person is.
pub(crate) async fn link(
    State(host): State<Arc<Host>>,
    Extension(door): Extension<Door>,
    Path((_, name)): Path<(String, String)>,
    Form(typed): Form<TypedStaff>,
) -> Response {
    if let Some(response) = turned_away(&door, FOR_WHOM) {
        return response;
    }
    let linked = async {
        if is_own(&door, &name) {
            return Err(Failure::refused("Nobody says this of their own account. Another administrator does."));
        }
        let trust = trust_of(&host, &door).await?;
        let permit = trust.host_permit_of(door.permit.principal())?;
        let staff = Some(typed.staff.as_str()).filter(|staff| !staff.is_empty());
        account_staff::link(&trust, (&permit, CauseKind::Form), &name, staff).await
    };
    let linked = linked.await;
    match linked {
        Ok(_) => {
            let to = format!("{}?linked=true", setting(&door).links.account_of(&name));
            Redirect::to(&to).into_response()
        }
        Err(Failure::Refused(sentence)) => {
            let linking = Linking { refused: Some((typed.staff, sentence)), is_done: false };
            shown(&host, &door, &name, (&Typed::default(), None), linking).await
        }
        Err(failure) => failed(&failure),
    }
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
        Ok(None) => shown(&host, &door, &name, (&typed, None), Linking::default()).await,
        Err(Failure::Refused(sentence)) => {
            shown(&host, &door, &name, (&typed, Some(&sentence)), Linking::default()).await
        }
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
async fn shown(
    host: &Host,
    door: &Door,
    name: &str,
    (typed, refused): (&Typed, Option<&str>),
    linking: Linking,
) -> Response {
    let setting = setting(door);
    let Gathered { account, owns, managers, choices } = match gathered(host, door, name).await {
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
    let own = account.staff.as_ref().map(|(code, ..)| code.as_str()).unwrap_or_default();
    let (chosen, not_linked) = match &linking.refused {
        Some((typed, sentence)) => (typed.as_str(), Some(sentence.as_str())),
        None => (own, None),
    };
    let view = ClosingView {
        setting: &setting,
        account: &account,
        is_own: is_own(door, name),
        link: LinkForm { choices: &choices, chosen, refused: not_linked, is_done: linking.is_done },
        owns: &owns,
        managers: &managers,
        to: &typed.to,
        is_asked_again: refused.is_none() && !typed.step.is_empty(),
        refused,
    };
    let is_refused = refused.is_some() || not_linked.is_some();
    let status = if is_refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(status, closing_page(&view).into_string())
}

/// What the page of one account shows.
struct Gathered {
    account: AccountRow,
    owns: Result<Vec<(String, usize)>, Failure>,
    managers: Vec<(String, String)>,
    choices: Vec<(String, String)>,
}

/// Gathers it; `None` when there is no such account.
async fn gathered(host: &Host, door: &Door, name: &str) -> Result<Option<Gathered>, Failure> {
    let trust = trust_of(host, door).await?;
    let Some(account) = rows(&trust).await?.into_iter().find(|row| row.name == name) else { return Ok(None) };
    let own = account.staff.as_ref().map(|(code, ..)| code.clone());
    Ok(Some(Gathered {
        account,
        owns: accounts::owns(&trust, name).await,
        managers: accounts::managers(&trust, name).await?,
        choices: account_staff::choices(&trust, own.as_deref()).await?,
    }))
}

/// Every account as a row.
async fn rows(trust: &Trust) -> Result<Vec<AccountRow>, Failure> {
    let views = accounts::list(trust).await?;
    let named = account_staff::named(trust, views.iter().filter_map(|view| view.staff.clone()).collect()).await?;
    Ok(views.into_iter().map(|view| row_of(view, &named)).collect())
}

fn row_of(view: UserView, named: &BTreeMap<String, Owner>) -> AccountRow {
    let staff = view.staff.map(|code| match named.get(&code) {
        Some(member) => (code, member.name.clone(), member.is_active),
        None => (code.clone(), code, false),
    });
    let role = Role::of_code(&view.role).map_or(view.role.clone(), |role| role.code().replace('-', " "));
    AccountRow {
        is_open: view.state != UserState::Closed,
        is_locked: view.state == UserState::Locked,
        name: view.name,
        display: view.display,
        role,
        staff,
    }
}

fn is_own(door: &Door, name: &str) -> bool {
    door.permit.principal().id == format!("user/{name}")
}

fn failed(failure: &Failure) -> Response {
    answer::failed("the accounts could not be shown or changed", failure)
}
