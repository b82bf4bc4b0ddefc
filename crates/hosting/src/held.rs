//! A form that was sent when its session had ended: kept, shown to the person who typed it and to nobody else, and sent
//! once, when that person says so.
//!
//! Every session's form token is remembered for a day longer than the session, with the account it was given to. So a form
//! says whose page made it after its session is gone, and a page of an earlier session goes on working once its person
//! has signed in again. What is sent again carries the form's own key: it is carried out once, however often it comes.

use axum::body::Body;
use axum::extract::{FromRequest as _, Path, Request};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form};
use http::{StatusCode, header};
use portal::Door;
use portal::pages::held::held_page;
use record::Record;
use serde::{Deserialize, Serialize};
use terms::Moment;

use crate::answer::plain;
use crate::desk::Drawer;
use crate::failure::Failure;
use crate::gate::{Visitor, is_same_origin};
use crate::host::{Host, Trust};
use crate::secret::Secret;
use crate::sessions::form_token;
use crate::trusts::TrustCode;

/// The kind of the desk's rows that say whose a form token is.
pub(crate) const OWNER: &str = "form-owner";
/// The kind of the rows that are held forms.
pub(crate) const HELD: &str = "held-form";
/// So much longer than its session a form token is known.
const LONGER_MS: i64 = 24 * 60 * 60 * 1000;
/// So long a held form waits for its person.
const WAITS_MS: i64 = 12 * 60 * 60 * 1000;
/// Forms of one trust that may wait at once.
const MOST_HELD: usize = 5_000;
/// The field that belongs to a session and not to the form.
const FORM_TOKEN: &str = "form_token";

/// Whose a form token is.
#[derive(Debug, Serialize, Deserialize)]
struct Owner {
    account: String,
}

/// A held form.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    account: String,
    path: String,
    fields: Vec<(String, String)>,
}

/// Remembers whose the form token of a new session is.
pub(crate) async fn note(record: &Record, token: &Secret, account: &str, until: Moment) -> Result<(), Failure> {
    let owner = Owner { account: account.to_owned() };
    let expires = Some(Moment(until.0 + LONGER_MS));
    Drawer::of(record, OWNER).put(&form_token(token), &owner, expires, None).await.map(drop)
}

/// Whether a form token was given to this account, in this or an earlier session.
pub(crate) async fn is_own(trust: &Trust, sent: &str, account: &str) -> Result<bool, Failure> {
    let is_token = sent.len() == 64 && sent.bytes().all(|byte| byte.is_ascii_hexdigit());
    let owner = if is_token { Drawer::of(&trust.record, OWNER).get::<Owner>(sent).await? } else { None };
    Ok(owner.is_some_and(|row| row.value.account == account))
}

/// Holds a form that nobody is signed in for, when it is one of our pages' own: where to sign in for it.
pub(crate) async fn hold(host: &Host, request: Request<Body>) -> Result<Option<String>, Failure> {
    let path = request.uri().path().to_owned();
    let code = path.strip_prefix("/t/").and_then(|rest| rest.split('/').next()).map(TrustCode::parse);
    let Some(Ok(code)) = code else { return Ok(None) };
    let is_urlencoded = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|media| media.starts_with("application/x-www-form-urlencoded"));
    // A draft is kept by its page until its person is back; passwords are kept nowhere.
    let is_not_held = path.ends_with("/drafts") || path.ends_with("/password");
    if is_not_held || !is_urlencoded || !is_same_origin(host, request.headers()) {
        return Ok(None);
    }
    let Ok(trust) = host.trust(&code).await else { return Ok(None) };
    let Ok(Form(fields)) = Form::<Vec<(String, String)>>::from_request(request, &()).await else { return Ok(None) };
    let token = fields.iter().find(|(name, _)| name == FORM_TOKEN).map(|(_, value)| value.clone());
    let Some(token) = token else { return Ok(None) };
    let Some(owner) = Drawer::of(&trust.record, OWNER).get::<Owner>(&token).await? else { return Ok(None) };
    let drawer = Drawer::of(&trust.record, HELD);
    if drawer.count(MOST_HELD).await? >= MOST_HELD {
        return Ok(None);
    }
    let key = Secret::random("")?.digest();
    let fields = fields.into_iter().filter(|(name, _)| name != FORM_TOKEN).collect();
    let held = Held { account: owner.value.account, path, fields };
    drawer.put(&key, &held, Some(Moment(host.now().0 + WAITS_MS)), None).await?;
    Ok(Some(crate::sign_in::address(&format!("/t/{code}/held/{key}"))))
}

/// `GET /t/{trust}/held/{id}`: what was kept, for the person who typed it. Anybody else is shown that there is nothing.
pub(crate) async fn show(
    Extension(door): Extension<Door>,
    visitor: Option<Extension<Visitor>>,
    Path((_, key)): Path<(String, String)>,
) -> Response {
    let Some(Extension(visitor)) = visitor else { return nothing() };
    let is_key = key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    let held = match Drawer::of(&visitor.trust.record, HELD).get::<Held>(&key).await {
        Ok(row) => row.filter(|row| is_key && row.value.account == visitor.account),
        Err(failure) => return crate::sign_in::failed(&failure),
    };
    match held {
        Some(row) => {
            let page = held_page(&door.page_setting(), &row.value.path, &row.value.fields);
            let media = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            (StatusCode::OK, media, page.into_string()).into_response()
        }
        // Somebody else signed in: the screen opens clean.
        None if is_key => Redirect::to(&format!("/t/{}/", visitor.trust.code)).into_response(),
        None => nothing(),
    }
}

fn nothing() -> Response {
    plain(StatusCode::NOT_FOUND, "There is nothing at this address.")
}
