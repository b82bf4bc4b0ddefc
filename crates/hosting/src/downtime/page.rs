//! The pages of the sheets that this host keeps: the list, a button for new ones, and each sheet as it is on disk. A ward's PC
//! fetches them with a token beforehand and prints them when nothing else works.
//!
//! Whoever opens a sheet has looked at everybody who is on it: that is in the access journal before the sheet leaves. A sheet
//! with somebody on it whose record the reader may not open (any more) is not given.

use std::sync::Arc;

use access::Subjects;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{StatusCode, header};
use portal::Door;
use portal::pages::downtime::made::{Made, MadeView, made_page};
use portal::pages::downtime::paper::STYLE;
use portal::pages::downtime::sheets::LOOKED_AT;
use portal::pages::problem::{Trouble, problem_page};
use record::{Key, Problem};
use sha2::{Digest as _, Sha256};
use terms::Moment;

use super::{Listed, Manifest, Readers};
use crate::exit::to_base64;
use crate::failure::Failure;
use crate::host::Host;
use crate::host_page::{not_for, page};
use crate::trusts::TrustCode;

/// The word for the newest pack in an address: a ward's PC asks for it without looking first.
const LATEST: &str = "latest";
const NOT_FOR: &str = "Your role does not see who is where.";

/// `GET /t/{trust}/downtime/sheets`.
pub(crate) async fn list(State(host): State<Arc<Host>>, Extension(door): Extension<Door>) -> Response {
    match readers(&door) {
        Ok(readers) => listed(&host, &door, readers, None),
        Err(response) => *response,
    }
}

/// `POST /t/{trust}/downtime/sheets`: makes new ones.
pub(crate) async fn make(State(host): State<Arc<Host>>, Extension(door): Extension<Door>) -> Response {
    let readers = match readers(&door) {
        Ok(readers) if door.permit.scope().writes.contains("Encounter") => readers,
        Ok(_) => return not_for(&door, "Your role does not make sheets."),
        Err(response) => return *response,
    };
    match made(&host, &door).await {
        Ok(()) => Redirect::to(&door.page_setting().links.downtime_sheets()).into_response(),
        Err(failure) => {
            tracing::error!(trust = %door.trust_code, %failure, "downtime sheets could not be made");
            listed(&host, &door, readers, Some("New sheets could not be made. Those below are the last."))
        }
    }
}

async fn made(host: &Host, door: &Door) -> Result<(), Failure> {
    let trust = host.trust(&TrustCode::parse(&door.trust_code)?).await?;
    super::make(host, &trust).await.map(|_| ())
}

/// `GET /t/{trust}/downtime/sheets/{pack}/{sheet}`.
pub(crate) async fn show(
    State(host): State<Arc<Host>>,
    Extension(door): Extension<Door>,
    Path((_, pack, sheet)): Path<(String, String, String)>,
) -> Response {
    let readers = match readers(&door) {
        Ok(readers) => readers,
        Err(response) => return *response,
    };
    match found(&host, &door, readers, (&pack, &sheet)).await {
        Ok(Some((listed, bytes))) => match note(&door, &listed).await {
            Ok(true) => as_sheet(bytes),
            Ok(false) => not_for(
                &door,
                "This sheet has somebody on it whose record your role may not open any more. Make new sheets.",
            ),
            Err(problem) => failed(&door, &problem),
        },
        Ok(None) => page(StatusCode::NOT_FOUND, problem_page(&door.page_setting(), Trouble::NotFound).into_string()),
        Err(failure) => failed(&door, &failure),
    }
}

/// Which sheets somebody reads.
fn readers(door: &Door) -> Result<Readers, Box<Response>> {
    let scope = door.permit.scope();
    if scope.subjects != Subjects::All || !scope.reads.contains("Encounter") {
        return Err(not_for(door, NOT_FOR).into());
    }
    Ok(if scope.reads.contains("AllergyIntolerance") { Readers::Clinicians } else { Readers::Clerks })
}

fn listed(host: &Host, door: &Door, readers: Readers, trouble: Option<&str>) -> Response {
    let code = TrustCode::parse(&door.trust_code);
    let packs = match code.and_then(|code| super::packs(&host.configuration.data, &code)) {
        Ok(packs) => packs,
        Err(failure) => return failed(door, &failure),
    };
    let made: Vec<Made> = packs.into_iter().map(|(pack, manifest)| as_made(pack, manifest, readers)).collect();
    let setting = door.page_setting();
    let nightly = host.configuration.downtime_sheets.map(|at| format!("{:02}:{:02}", at.minutes / 60, at.minutes % 60));
    let status = if trouble.is_some() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let view = MadeView { setting: &setting, packs: &made, nightly, trouble };
    page(status, made_page(&view).into_string())
}

fn as_made(pack: String, manifest: Manifest, readers: Readers) -> Made {
    let own = manifest.sheets.into_iter().filter(|sheet| sheet.readers == readers);
    Made { pack, at: Moment(manifest.at), sheets: own.map(|sheet| (sheet.name, sheet.title)).collect() }
}

/// A sheet that is listed for these readers, with its text: nothing else of the disk can be named.
async fn found(
    host: &Host,
    door: &Door,
    readers: Readers,
    (pack, sheet): (&str, &str),
) -> Result<Option<(Listed, Vec<u8>)>, Failure> {
    let code = TrustCode::parse(&door.trust_code)?;
    let data = &host.configuration.data;
    let packs = super::packs(data, &code)?;
    let asked =
        if pack == LATEST { packs.into_iter().next() } else { packs.into_iter().find(|(name, _)| name == pack) };
    let Some((pack, manifest)) = asked else { return Ok(None) };
    let named = |listed: &Listed| listed.readers == readers && sheet.strip_suffix(".html") == Some(&listed.name);
    let Some(listed) = manifest.sheets.into_iter().find(named) else { return Ok(None) };
    let bytes = super::sheet(data, &code, &pack, &listed)?;
    Ok(Some((listed, bytes)))
}

/// Notes that everybody on a sheet was shown; `false` when this permit does not reach all of them.
async fn note(door: &Door, listed: &Listed) -> Result<bool, Problem> {
    let reading = door.record.read(&door.permit, LOOKED_AT).await?;
    let keys: Vec<Key> = listed.patients.iter().map(|id| Key::new("Patient", id.as_str())).collect();
    let reached = reading.get_many(&keys).await.map(|versions| versions.len() == keys.len());
    reading.finish().await?;
    reached
}

/// A sheet with its own style allowed, and nothing else.
fn as_sheet(bytes: Vec<u8>) -> Response {
    let style = to_base64(&Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let headers =
        [(header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()), (header::CONTENT_SECURITY_POLICY, policy)];
    (headers, bytes).into_response()
}

fn failed(door: &Door, error: &dyn std::fmt::Display) -> Response {
    tracing::error!(trust = %door.trust_code, %error, "downtime sheets could not be shown");
    let trouble = Trouble::Unavailable(&door.request);
    page(StatusCode::SERVICE_UNAVAILABLE, problem_page(&door.page_setting(), trouble).into_string())
}
