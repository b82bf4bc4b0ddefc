//! The host page: what `portal` shows of the trusts here, gathered. Operators of the host see every trust, an
//! administrator their own; nobody sees a patient here.

use std::sync::Arc;

use access::Role;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use portal::pages::host::{ExitRow, HostView, State as Standing, TrustRow, host_page};
use portal::pages::problem::{Trouble, problem_page};
use portal::{Door, Setting};
use terms::Moment;

use crate::failure::Failure;
use crate::host::{Host, Trust};
use crate::{checks, exit};

/// `GET /t/{trust}/host`.
pub(crate) async fn show(State(host): State<Arc<Host>>, Extension(door): Extension<Door>) -> Response {
    let trust = (door.trust_code.as_str(), door.trust_name.as_str());
    let setting = Setting::new(trust, &door.permit, door.environment, &door.form_token, door.now);
    let role = door.permit.role();
    if !matches!(role, Role::Operator | Role::Administrator) {
        let trouble = Trouble::NotAllowed("This page is for those who run the host.");
        return page(StatusCode::FORBIDDEN, problem_page(&setting, trouble).into_string());
    }
    let mut rows = Vec::new();
    for (code, name) in host.trust_names().await {
        if role == Role::Operator || code.as_str() == door.trust_code {
            rows.push(match host.trust(&code).await {
                Ok(trust) => row(&trust).await.unwrap_or_else(|failure| closed(code.into(), name, &failure)),
                Err(failure) => closed(code.into(), name, &failure),
            });
        }
    }
    let name = host.name();
    let view = HostView { setting: &setting, host: name, release: env!("CARGO_PKG_VERSION"), trusts: &rows };
    page(StatusCode::OK, host_page(&view).into_string())
}

async fn row(trust: &Trust) -> Result<TrustRow, Failure> {
    let status = trust.record.status().await?;
    let checkpoint = trust.record.last_checkpoint()?;
    let people = status.resources.iter().find(|(kind, _)| kind == "Patient").map_or(0, |(_, count)| *count);
    Ok(TrustRow {
        code: trust.code.clone().into(),
        name: trust.entry.name.clone(),
        store: status.store.to_owned(),
        state: Standing::Open,
        people: Some(people),
        resources: status.resources.iter().map(|(_, count)| count).sum(),
        entries: status.sequence,
        bytes: status.bytes,
        signed_in: trust.sessions.count((trust.clock)()),
        checkpoint: checkpoint.map(|signed| (signed.checkpoint().moment, signed.checkpoint().size)),
        verified: checks::last_verified(trust).await?,
        exit: exit::last(trust).await?.map(rehearsed),
    })
}

/// The last rehearsal of an exit.
fn rehearsed(last: exit::LastRun) -> ExitRow {
    let exit::LastRun { moment, differences, first, failed, .. } = last;
    let came = if failed { Err(first.unwrap_or_default()) } else { Ok(differences) };
    ExitRow { at: Moment(moment), came }
}

fn closed(code: String, name: String, failure: &Failure) -> TrustRow {
    tracing::error!(trust = %code, %failure, "a trust could not be shown");
    TrustRow {
        code,
        name,
        store: String::new(),
        state: Standing::Closed("It could not be opened; the reason is in the log of the host.".to_owned()),
        people: None,
        resources: 0,
        entries: 0,
        bytes: 0,
        signed_in: 0,
        checkpoint: None,
        verified: None,
        exit: None,
    }
}

fn page(status: StatusCode, markup: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], markup).into_response()
}
