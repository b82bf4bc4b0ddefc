//! Every route of a host, and the layers before them: headers and log outermost, then the gate, then the form guard.
//! Which of them need no permit is decided in `gate.rs` and nowhere else.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode, header};

use crate::host::Host;
use crate::{
    account_page, answer, configuration_page, cookie, downtime, gate, held, host_page, move_page, moving,
    oversight_page, password_page, sign_in,
};

/// The largest body of a form, in bytes. The FHIR interface has bounds of its own.
const LARGEST_FORM: usize = 1 << 20;

/// The router of a host.
pub(crate) fn router(host: Arc<Host>) -> Router {
    let service = fhir_api::Service::new(host.owners.clone(), fhir_api::Bounds::default(), host.clock());
    Router::new()
        .route("/", get(home))
        .route("/health", get(health))
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/lock", post(sign_in::lock))
        .route("/assets/{name}", get(portal::assets::serve))
        .route("/t/{trust}/fhir/.well-known/smart-configuration", get(smart_configuration))
        .route("/t/{trust}/host", get(host_page::show))
        .route("/t/{trust}/host/live", get(host_page::live))
        .route("/t/{trust}/moves", get(move_page::list).post(move_page::begin))
        .route("/t/{trust}/moves/{code}", get(move_page::show))
        .route("/t/{trust}/moves/{code}/live", get(move_page::live))
        .route("/t/{trust}/moves/{code}/file/{file}", get(move_page::file))
        .route("/t/{trust}/moves/{code}/{act}", post(move_page::act))
        .route("/t/{trust}/oversight", get(oversight_page::show))
        .route("/t/{trust}/status-report", get(oversight_page::report))
        .route("/t/{trust}/accounts", get(account_page::list))
        .route("/t/{trust}/accounts/{name}", get(account_page::show).post(account_page::submit))
        .route("/t/{trust}/accounts/{name}/staff", post(account_page::link))
        .route("/t/{trust}/configuration", get(configuration_page::show))
        .route("/t/{trust}/configuration/files", get(configuration_page::files))
        .route("/t/{trust}/configuration/propose", get(configuration_page::propose).post(configuration_page::submit))
        .route("/t/{trust}/configuration/proposal/{step}", post(configuration_page::decide))
        .route("/t/{trust}/downtime/sheets", get(downtime::page::list).post(downtime::page::make))
        .route("/t/{trust}/downtime/sheets/{pack}/{sheet}", get(downtime::page::show))
        .route("/t/{trust}/held/{id}", get(held::show))
        .route("/t/{trust}/password", get(password_page::show).post(password_page::submit))
        .merge(portal::routes().with_state(()))
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .nest_service("/t/{trust}/fhir", fhir_api::routes(service))
        .fallback(nowhere)
        .layer(from_fn_with_state(Arc::clone(&host), gate::form_guard))
        .layer(from_fn_with_state(Arc::clone(&host), gate::admit))
        .layer(from_fn_with_state(Arc::clone(&host), moving::cross))
        .layer(from_fn_with_state(Arc::clone(&host), answer::finish))
        .with_state(host)
}

/// `GET /`: to the trust that the browser's session is of, to the one trust there is, or to the sign-in page, which asks for
/// the trust. Whether the session still holds is for the gate of that address.
async fn home(State(host): State<Arc<Host>>, headers: HeaderMap) -> Response {
    let trusts = host.trust_names().await;
    let own = cookie::session(&headers).map(|(code, _)| code);
    let own = own.filter(|own| trusts.iter().any(|(code, _)| code == own));
    match (&own, trusts.as_slice()) {
        (Some(code), _) | (None, [(code, _)]) => Redirect::to(&format!("/t/{code}/")).into_response(),
        _ => Redirect::to("/sign-in").into_response(),
    }
}

/// `GET /health`: this process answers. Nothing about the trusts is said to the world.
async fn health() -> Response {
    json(&serde_json::json!({ "status": "ok" }))
}

/// What SMART clients ask first (SMART App Launch 2.2, "Conformance"). No authorization server yet: nothing is claimed.
async fn smart_configuration() -> Response {
    let claims: [&str; 0] = [];
    json(&serde_json::json!({ "capabilities": claims, "grant_types_supported": claims }))
}

fn json(value: &serde_json::Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

async fn nowhere() -> Response {
    answer::plain(StatusCode::NOT_FOUND, "There is nothing at this address.")
}

#[cfg(test)]
mod tests;
