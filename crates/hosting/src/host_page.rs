//! The host page: what `portal` shows of the trusts here, gathered. Operators of the host see every trust, an
//! administrator their own; nobody sees a patient here.

use std::sync::Arc;
use std::time::Duration;

use access::Role;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use portal::pages::host::{ExitRow, HostView, Moving, Response95, State as Standing, TrustRow, host_page, live_parts};
use portal::pages::problem::{Trouble, problem_page};
use portal::parts::stream_of_parts;
use portal::setting::HostCounts;
use portal::{Door, Setting};
use terms::Moment;

use crate::failure::Failure;
use crate::host::{Host, Trust};
use crate::move_view::witnessed;
use crate::moving::readiness::{State as Proved, invariants};
use crate::moving::{Move, Phase};
use crate::trust_page;
use crate::trusts::{TrustCode, TrustEntry};
use crate::{checks, exit};

/// How often the page is drawn again while somebody looks.
const EVERY: Duration = Duration::from_secs(5);

/// `GET /t/{trust}/host`.
pub(crate) async fn show(State(host): State<Arc<Host>>, Extension(door): Extension<Door>) -> Response {
    if let Some(response) = turned_away(&door) {
        return response;
    }
    let setting = setting(&host, &door);
    let rows = rows(&host, &door).await;
    page(StatusCode::OK, host_page(&view(&host, &door, &setting, &rows)).into_string())
}

/// `GET /t/{trust}/host/live`: its parts as they change.
pub(crate) async fn live(State(host): State<Arc<Host>>, Extension(door): Extension<Door>) -> Response {
    if let Some(response) = turned_away(&door) {
        return response;
    }
    let own = door.clone();
    let draw = move || -> portal::parts::Drawing {
        let (host, mut door) = (Arc::clone(&host), own.clone());
        Box::pin(async move {
            door.now = host.now();
            let setting = setting(&host, &door);
            let rows = rows(&host, &door).await;
            Some(live_parts(&view(&host, &door, &setting, &rows)))
        })
    };
    stream_of_parts(door, EVERY, Arc::new(draw))
}

fn turned_away(door: &Door) -> Option<Response> {
    let is_for = matches!(door.permit.role(), Role::Operator | Role::Administrator);
    (!is_for).then(|| not_for(door, "This page is for those who run the host."))
}

fn view<'a>(host: &'a Host, door: &Door, setting: &'a Setting, rows: &'a [TrustRow]) -> HostView<'a> {
    let runs_it = runs_host(host, door);
    HostView { setting, host: host.name(), release: env!("CARGO_PKG_VERSION"), trusts: rows, runs_it }
}

async fn rows(host: &Host, door: &Door) -> Vec<TrustRow> {
    let mut rows = Vec::new();
    for entry in host.entries().await {
        if !sees(host, door, &entry.code) {
            continue;
        }
        let of = host.moves.find(&entry.code);
        let row = match &of {
            _ if entry.shut.is_some() => Ok(shut(&entry)),
            Some(of) if entry.receiving => receiving(&entry, of).await,
            _ => match host.trust(&entry.code).await {
                Ok(trust) => row(host, &trust).await,
                Err(failure) => Err(failure),
            },
        };
        let mut row = row.unwrap_or_else(|failure| closed(&entry, &failure));
        row.moving = of.map(|of| moving(host, &of));
        rows.push(row);
    }
    rows
}

async fn row(host: &Host, trust: &Trust) -> Result<TrustRow, Failure> {
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
        witnessed: witnessed(host, &trust.record),
        verified: checks::last_verified(trust).await?,
        exit: exit::last(trust).await?.map(rehearsed),
        moving: None,
        response: response(trust),
    })
}

/// How quickly it answers.
fn response(trust: &Trust) -> Response95 {
    let speed = trust.speeds.now((trust.clock)());
    Response95 { slow_ms: speed.slow_ms, minutes: speed.minutes }
}

/// A trust that is being moved here and is not open yet.
async fn receiving(entry: &TrustEntry, of: &Move) -> Result<TrustRow, Failure> {
    let status = of.record().await?.status().await?;
    let people = status.resources.iter().find(|(kind, _)| kind == "Patient").map_or(0, |(_, count)| *count);
    Ok(TrustRow {
        store: status.store.to_owned(),
        people: Some(people),
        resources: status.resources.iter().map(|(_, count)| count).sum(),
        entries: status.sequence,
        bytes: status.bytes,
        ..not_open(entry, Standing::Receiving)
    })
}

/// A trust that was paused or closed.
fn shut(entry: &TrustEntry) -> TrustRow {
    not_open(entry, Standing::Shut(entry.shut.as_ref().map(|shut| shut.words()).unwrap_or_default()))
}

/// A trust that could not be opened.
fn closed(entry: &TrustEntry, failure: &Failure) -> TrustRow {
    tracing::error!(trust = %entry.code, %failure, "a trust could not be shown");
    let words = "It could not be opened; the reason is in the log of the host.";
    not_open(entry, Standing::Closed(words.to_owned()))
}

/// What the register says of a trust whose record is not read.
fn not_open(entry: &TrustEntry, state: Standing) -> TrustRow {
    TrustRow {
        code: entry.code.clone().into(),
        name: entry.name.clone(),
        store: entry.store_name(),
        state,
        people: None,
        resources: 0,
        entries: 0,
        bytes: 0,
        signed_in: 0,
        checkpoint: None,
        witnessed: Vec::new(),
        verified: None,
        exit: None,
        moving: None,
        response: Response95::default(),
    }
}

/// The move of a trust, in short.
fn moving(host: &Host, of: &Move) -> Moving {
    let kept = of.kept();
    let here = host.name();
    let (source, target) = (&kept.ticket.source.host, &kept.ticket.target.host);
    let is_target = here == target;
    let words = match kept.phase {
        Phase::Live if is_target => format!("Moved here from {source}"),
        Phase::Live => format!("Moved to {target}"),
        Phase::Completed => "Move completed".to_owned(),
        Phase::BackedOut => "Moved back".to_owned(),
        _ if is_target => format!("Moving here from {source}"),
        _ => format!("Moving to {target}"),
    };
    let watch = host.watched.of(&of.code);
    let broken: Vec<&str> = invariants(watch.checked.as_ref(), host.now())
        .into_iter()
        .filter(|one| one.state == Proved::Broken)
        .map(|one| one.name)
        .collect();
    let trouble = match (of.problem(), broken.as_slice()) {
        (Some(problem), _) => Some(problem),
        (None, []) => None,
        (None, broken) => Some(format!("{} broken. It cannot be sealed.", broken.join(", "))),
    };
    let is_over = matches!(kept.phase, Phase::Completed | Phase::BackedOut);
    Moving { words, trouble: trouble.filter(|_| kept.phase != Phase::Completed), is_over }
}

/// The last rehearsal of an exit.
fn rehearsed(last: exit::LastRun) -> ExitRow {
    let exit::LastRun { moment, differences, first, failed, .. } = last;
    let came = if failed { Err(first.unwrap_or_default()) } else { Ok(differences) };
    ExitRow { at: Moment(moment), came }
}

/// Whether somebody runs this host: an operator of a trust that was made here. Whoever is an operator by an account that came
/// with a trust from elsewhere runs that trust and no other.
pub(crate) fn runs_host(host: &Host, door: &Door) -> bool {
    door.permit.role() == Role::Operator && !host.came_from_elsewhere(&door.trust_code)
}

/// Whether somebody sees a trust of this host.
pub(crate) fn sees(host: &Host, door: &Door, code: &TrustCode) -> bool {
    code.as_str() == door.trust_code || runs_host(host, door)
}

/// The setting of a page of the host, with the numbers of its rail.
pub(crate) fn setting(host: &Host, door: &Door) -> Setting {
    let mut setting = trust_page::setting(door);
    let is_under_way = |of: &&Arc<Move>| !matches!(of.phase(), Phase::Completed | Phase::BackedOut);
    let moves = host.moves.all();
    let moving = moves.iter().filter(|of| sees(host, door, &of.code)).filter(is_under_way).count();
    setting.host_counts = HostCounts { moving: moving as u64, missing: 0 };
    setting
}

/// A page that somebody may not see.
pub(crate) fn not_for(door: &Door, why: &'static str) -> Response {
    page(StatusCode::FORBIDDEN, problem_page(&trust_page::setting(door), Trouble::NotAllowed(why)).into_string())
}

/// A page as an answer.
pub(crate) fn page(status: StatusCode, markup: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], markup).into_response()
}
