//! A person changes their own password: the current one, the new one twice. The form is guarded as every form of a
//! session is; wrong current passwords count and lock as at a sign-in.
//!
//! When it is changed every session of the account ends, this one too; the browser gets a new one.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form};
use http::{StatusCode, header};
use portal::pages::password::{Field, State as Standing, password_page};
use portal::{Door, Setting};
use serde::Deserialize;

use crate::credentials::{NotSignedIn, change_password};
use crate::failure::Failure;
use crate::gate::{Visitor, set_session};
use crate::host::Host;
use crate::secret::{Secret, same};
use crate::sign_in::failed;

const WRONG: &str =
    "This is not your current password. After five wrong attempts the account is locked for 15 minutes.";
const BUSY: &str = "Many people are signing in. Wait a moment and try again.";
const DIFFERENT: &str = "The two new passwords are not the same.";

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    changed: String,
}

/// The form.
#[derive(Debug, Deserialize)]
pub(crate) struct Change {
    current: Secret,
    new: Secret,
    again: Secret,
}

/// `GET /t/{trust}/password`.
pub(crate) async fn show(
    Extension(door): Extension<Door>,
    visitor: Option<Extension<Visitor>>,
    Query(asked): Query<Asked>,
) -> Response {
    if visitor.is_none() {
        return nobody();
    }
    let standing = if asked.changed == "1" { Standing::Changed } else { Standing::Asked };
    page(&door, StatusCode::OK, standing)
}

/// `POST /t/{trust}/password`.
pub(crate) async fn submit(
    State(host): State<Arc<Host>>,
    Extension(door): Extension<Door>,
    visitor: Option<Extension<Visitor>>,
    Form(change): Form<Change>,
) -> Response {
    let Some(Extension(visitor)) = visitor else { return nobody() };
    let refuse = |field, words: &str| page(&door, StatusCode::UNPROCESSABLE_ENTITY, Standing::Wrong { field, words });
    if !same(change.new.reveal(), change.again.reveal()) {
        return refuse(Field::Again, DIFFERENT);
    }
    match change_password(&visitor.trust, &visitor.account, &change.current, &change.new).await {
        Ok(person) => {
            let trust = &visitor.trust;
            match trust.sessions.begin(&trust.record, &person, host.now()).await {
                Ok(token) => {
                    let mut response = Redirect::to(&format!("/t/{}/password?changed=1", trust.code)).into_response();
                    set_session(&host, &mut response, Some((&trust.code, &token)));
                    response
                }
                Err(failure) => failed(&failure),
            }
        }
        Err(NotSignedIn::Wrong) => refuse(Field::Current, WRONG),
        Err(NotSignedIn::Busy) => refuse(Field::Current, BUSY),
        Err(NotSignedIn::Failed(Failure::Refused(words))) => refuse(Field::New, &words),
        Err(NotSignedIn::Failed(failure)) => failed(&failure),
    }
}

fn page(door: &Door, status: StatusCode, standing: Standing<'_>) -> Response {
    let trust = (door.trust_code.as_str(), door.trust_name.as_str());
    let setting = Setting::new(trust, &door.permit, door.environment, &door.form_token, door.now);
    let markup = password_page(&setting, standing).into_string();
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], markup).into_response()
}

/// A token of software has no password.
fn nobody() -> Response {
    crate::answer::plain(StatusCode::FORBIDDEN, "Only a person who has signed in has a password.").into_response()
}
