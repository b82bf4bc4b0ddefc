//! The page of a trust's configuration, gathered: what is live and every version of it; and its files as one text.
//! Administrators see it. No patient is on it.

use std::sync::Arc;

use access::Role;
use axum::Extension;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use portal::pages::configuration::{ConfigurationView, Gathered, configuration_page};
use portal::pages::problem::{Trouble, problem_page};
use portal::{Door, Setting};
use serde::Deserialize;

use crate::configure;
use crate::failure::Failure;
use crate::host::{Host, Trust};
use crate::trusts::TrustCode;

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// The version to compare with the one before it.
    version: String,
}

/// `GET /t/{trust}/configuration`.
pub(crate) async fn show(
    State(host): State<Arc<Host>>,
    Extension(door): Extension<Door>,
    Query(asked): Query<Asked>,
) -> Response {
    if let Some(response) = turned_away(&door) {
        return response;
    }
    let versions = match trust_of(&host, &door).await {
        Ok(trust) => configure::history_of(&trust).await,
        Err(failure) => Err(failure),
    };
    let (versions, more) = match versions {
        Ok(found) => found,
        Err(failure) => return failed(&failure),
    };
    let setting = setting(&door);
    let shown = (!asked.version.is_empty()).then(|| asked.version.parse().unwrap_or(0));
    let gathered = Gathered::of(&versions, more, shown);
    if gathered.is_none() && shown.is_some() {
        return page(StatusCode::NOT_FOUND, problem_page(&setting, Trouble::NotFound).into_string());
    }
    let view = ConfigurationView { setting: &setting, gathered: gathered.as_ref() };
    page(StatusCode::OK, configuration_page(&view).into_string())
}

/// `GET /t/{trust}/configuration/files`: every file of the live configuration in one text, each under its name.
pub(crate) async fn files(State(host): State<Arc<Host>>, Extension(door): Extension<Door>) -> Response {
    if let Some(response) = turned_away(&door) {
        return response;
    }
    let live = match trust_of(&host, &door).await {
        Ok(trust) => configure::live_of(&trust).await,
        Err(failure) => Err(failure),
    };
    match live {
        Ok(Some(live)) => {
            let each = live.kept.files.all().map(|file| format!("# {}\n{}", file.name, file.text));
            let text = each.collect::<Vec<_>>().join("\n");
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
        }
        Ok(None) => crate::answer::plain(StatusCode::NOT_FOUND, "Nothing is configured yet."),
        Err(failure) => failed(&failure),
    }
}

async fn trust_of(host: &Host, door: &Door) -> Result<Arc<Trust>, Failure> {
    host.trust(&TrustCode::parse(&door.trust_code)?).await
}

fn turned_away(door: &Door) -> Option<Response> {
    (door.permit.role() != Role::Administrator).then(|| {
        let trouble = Trouble::NotAllowed("The configuration is kept by the administrators of the trust.");
        page(StatusCode::FORBIDDEN, problem_page(&setting(door), trouble).into_string())
    })
}

fn failed(failure: &Failure) -> Response {
    tracing::error!(%failure, "the configuration could not be shown");
    let sentence = "The server failed to do this. The reason is in its log.";
    crate::answer::plain(StatusCode::INTERNAL_SERVER_ERROR, sentence)
}

fn setting(door: &Door) -> Setting {
    let trust = (door.trust_code.as_str(), door.trust_name.as_str());
    Setting::new(trust, &door.permit, door.environment, &door.form_token, door.now)
}

fn page(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}
