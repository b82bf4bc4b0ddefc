//! The pages of moves: the list with the forms by which a move begins, the page of one move, live, and its acts. For operators
//! of the host; the trust's own administrators see their trust's move, say that the staff was told, and may be the second
//! person of a cut. What takes long goes on by itself and is shown on the page.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use access::Role;
use administration::Refusal;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form};
use http::{StatusCode, header};
use portal::Door;
use portal::pages::moving::{MovesView, PlanForm, PlanTicket, live_parts, move_page, moves_page, part_text};
use portal::pages::problem::{Trouble, problem_page};
use portal::parts::stream_of_parts;
use serde::Deserialize;

use crate::answer;
use crate::failure::Failure;
use crate::host::Host;
use crate::host_page::{not_for, page, runs_host, sees, setting};
use crate::move_plan::{self, TypedPlan, TypedWhatIf};
use crate::move_view::{Seen, seen, waits, who};
use crate::moving::forecast::WhatIf;
use crate::moving::readiness::{self, seconds};
use crate::moving::schedule::{Said, Schedule};
use crate::moving::{self, Move, Phase, Side};
use crate::trusts::TrustCode;

/// How often the page of a move is drawn again while somebody looks.
const EVERY: Duration = Duration::from_secs(1);

/// A new move, or an act, as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    trust: String,
    to: String,
    key: String,
    ticket: String,
    /// The trust's name or code, where it is typed to be sure.
    typed: String,
    #[serde(flatten)]
    plan: TypedPlan,
}

/// `GET /t/{trust}/moves`.
pub(crate) async fn list(State(host): State<Arc<Host>>, Extension(door): Extension<Door>) -> Response {
    if let Some(response) = turned_away(&door) {
        return response;
    }
    listed(&host, &door, (StatusCode::OK, PlanTicket::default())).await
}

async fn listed(host: &Arc<Host>, door: &Door, (status, ticket): (StatusCode, PlanTicket)) -> Response {
    let setting = setting(host, door);
    let key = match host.key() {
        Ok(key) => key.verifier().to_string(),
        Err(failure) => return failed(&failure),
    };
    let address = host.move_address();
    let moves: Vec<Arc<Move>> = host.moves.all().into_iter().filter(|of| sees(host, door, &of.code)).collect();
    let is_over = |code: &TrustCode| host.moves.find(code).is_none_or(|of| of.phase() == Phase::Completed);
    let is_free = |code: &TrustCode| is_over(code) && sees(host, door, code);
    let still = host.trust_names().await.into_iter().filter(|(code, _)| is_free(code));
    let still = still.map(|(code, name)| (code.to_string(), format!("{name} ({code})"))).collect();
    let view = MovesView {
        setting: &setting,
        host: host.name(),
        key: &key,
        address: address.as_deref(),
        moves: moves.iter().map(|of| in_a_line(host, of)).collect(),
        still,
        ticket,
        runs_it: door.permit.role() == Role::Operator,
    };
    page(status, moves_page(&view).into_string())
}

fn in_a_line(host: &Host, of: &Move) -> [String; 6] {
    let kept = of.kept();
    let waits = match (of.problem(), moving::readiness_items(host, of, Some("at the cut"), kept.side == Side::Target)) {
        (Some(problem), _) => problem,
        (None, Ok(items)) => readiness::missing(&items).into_iter().next().unwrap_or_else(|| "Two people".into()),
        (None, Err(failure)) => failure.to_string(),
    };
    let waits = if kept.phase == Phase::Completed { "Nothing".into() } else { waits };
    let ticket = kept.ticket;
    [ticket.trust.to_string(), ticket.name, ticket.source.host, ticket.target.host, kept.phase.word().into(), waits]
}

/// `POST /t/{trust}/moves`: makes the ticket of a new move.
pub(crate) async fn begin(
    State(host): State<Arc<Host>>,
    Extension(door): Extension<Door>,
    Form(typed): Form<Typed>,
) -> Response {
    if door.permit.role() != Role::Operator {
        return not_for(&door, "A move is begun by operators of the host.");
    }
    let begun = match TrustCode::parse(&typed.trust) {
        Ok(code) if !sees(&host, &door, &code) => Err(Failure::refused("You run another trust.")),
        Ok(code) => {
            let (to, key) = (typed.to.trim().to_owned(), typed.key.trim().to_owned());
            moving::plan_here(&host, &code, to, key).await.map(|()| code)
        }
        Err(_) => Err(Failure::refused("Choose the trust that is to move.")),
    };
    match begun {
        Ok(code) => to_move(&host, &door, &code),
        Err(failure) => {
            let field = if failure.to_string().contains("key") { "key" } else { "trust" };
            let refused = vec![Refusal::at("no-move", field, failure.to_string())];
            let ticket =
                PlanTicket { trust: typed.trust, to: typed.to, key: typed.key, refused, ..PlanTicket::default() };
            listed(&host, &door, (StatusCode::UNPROCESSABLE_ENTITY, ticket)).await
        }
    }
}

/// `GET /t/{trust}/moves/{code}`.
pub(crate) async fn show(
    State(host): State<Arc<Host>>,
    Extension(door): Extension<Door>,
    Path((_, code)): Path<(String, String)>,
    Query(asked): Query<TypedWhatIf>,
) -> Response {
    match of(&host, &door, &code) {
        Ok(of) => shown(&host, &door, &of, &asked, (StatusCode::OK, None)).await,
        Err(response) => *response,
    }
}

/// The page; with a plan that was refused, or another status.
async fn shown(
    host: &Arc<Host>,
    door: &Door,
    of: &Arc<Move>,
    asked: &TypedWhatIf,
    (status, refused): (StatusCode, Option<PlanForm>),
) -> Response {
    let (what_if, mut wrong) = move_plan::what_if(asked);
    let seen = match seen(host, door, of, what_if).await {
        Ok(seen) => seen,
        Err(failure) => return failed(&failure),
    };
    let setting = setting(host, door);
    let mut form = refused.unwrap_or_else(|| seen.plan_form());
    form.refused.append(&mut wrong);
    asked.put(&mut form.values);
    let live = format!("{}{}", setting.links.move_live(of.code.as_str()), asked.query());
    let is_asked = form.refused.is_empty();
    let markup = move_page(&seen.page(&setting, &live, form, asked.words().filter(|_| is_asked)));
    let status = if is_asked { status } else { StatusCode::UNPROCESSABLE_ENTITY };
    page(status, markup.into_string())
}

/// `GET /t/{trust}/moves/{code}/live`: its parts as they change.
pub(crate) async fn live(
    State(host): State<Arc<Host>>,
    Extension(door): Extension<Door>,
    Path((_, code)): Path<(String, String)>,
    Query(asked): Query<TypedWhatIf>,
) -> Response {
    let of = match of(&host, &door, &code) {
        Ok(of) => of,
        Err(response) => return *response,
    };
    let (own, asked) = (door.clone(), Arc::new(asked));
    let draw = move || -> portal::parts::Drawing {
        let (host, of, asked, mut door) = (Arc::clone(&host), Arc::clone(&of), Arc::clone(&asked), own.clone());
        Box::pin(async move {
            door.now = host.now();
            let (what_if, _) = move_plan::what_if(&asked);
            let seen = seen(&host, &door, &of, what_if).await.ok()?;
            let setting = setting(&host, &door);
            let view = seen.page(&setting, "", seen.plan_form(), asked.words());
            Some(live_parts(&view).iter().map(|part| (part.0.to_owned(), part_text(part))).collect())
        })
    };
    stream_of_parts(door, EVERY, Arc::new(draw))
}

/// `GET /t/{trust}/moves/{code}/file/{file}`: the ticket or the certificate.
pub(crate) async fn file(
    State(host): State<Arc<Host>>,
    Extension(door): Extension<Door>,
    Path((_, code, file)): Path<(String, String, String)>,
) -> Response {
    let of = match of(&host, &door, &code) {
        Ok(of) => of,
        Err(response) => return *response,
    };
    let is_operator = door.permit.role() == Role::Operator;
    let name = format!("attachment; filename=\"{}.{file}\"", of.code.as_str().to_ascii_lowercase());
    let attached = |kind: &'static str| [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)];
    if file == "certificate.pdf" {
        let Some(text) = of.kept().certificate else { return nothing(&host, &door) };
        let pdf = tokio::task::spawn_blocking(move || moving::certificate_as_pdf(&text)).await;
        return match pdf {
            Ok(Ok(pdf)) => (attached("application/pdf"), pdf).into_response(),
            _ => nothing(&host, &door),
        };
    }
    let text = match file.as_str() {
        "ticket" if is_operator && of.kept().side == Side::Source => moving::ticket_text(&host, &of).ok(),
        "certificate" => of.kept().certificate,
        _ => None,
    };
    let Some(text) = text else { return nothing(&host, &door) };
    (attached("text/plain; charset=utf-8"), text).into_response()
}

/// `POST /t/{trust}/moves/{code}/{act}`.
pub(crate) async fn act(
    State(host): State<Arc<Host>>,
    Extension(door): Extension<Door>,
    Path((_, code, act)): Path<(String, String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    if act == "copy" && code == "-" {
        return copy(&host, &door, typed).await;
    }
    let of = match of(&host, &door, &code) {
        Ok(of) => of,
        Err(response) => return *response,
    };
    if act == "plan" && door.permit.role() == Role::Operator {
        return plan(&host, &door, &of, &typed.plan).await;
    }
    let seen = match seen(&host, &door, &of, WhatIf::default()).await {
        Ok(seen) => seen,
        Err(failure) => return failed(&failure),
    };
    match carry(&host, &of, &seen, &act, typed) {
        Ok(()) => to_move(&host, &door, &of.code),
        Err(sentence) => {
            host.seals.fail(&of.code, sentence);
            shown(&host, &door, &of, &TypedWhatIf::default(), (StatusCode::UNPROCESSABLE_ENTITY, None)).await
        }
    }
}

/// Does an act, or says why not.
fn carry(host: &Arc<Host>, of: &Arc<Move>, seen: &Seen, act: &str, typed: Typed) -> Result<(), String> {
    let acts = seen.acts;
    match act {
        "told" if acts.says => told(host, of, seen),
        "stand-by" if acts.says => {
            host.seals.stand_by(&of.code, seen.me.clone(), host.now());
            moving::watch::check_soon(host, &of.code);
            Ok(())
        }
        "rehearse" if acts.rehearses => rehearse(host, of, "Rehearsing the cut"),
        "rehearse-back" if acts.rehearses_back => rehearse(host, of, "Rehearsing the way back"),
        "seal" if acts.runs_it => seal(host, of, seen, &typed.typed),
        "agree" if acts.says => agree(host, of, seen),
        "complete" if acts.completes => {
            let moved = Arc::clone(of);
            background(host, of, "Destroying the other host’s copy", async move {
                let statement = moving::complete_here(&moved, typed.typed.trim()).await?;
                let said = statement.lines().find(|line| line.starts_with("entries")).unwrap_or_default();
                Ok(format!("The other host has destroyed its copy ({said}) and signed that it has."))
            })
        }
        _ => Err("You cannot do this here now.".into()),
    }
}

fn told(host: &Host, of: &Move, seen: &Seen) -> Result<(), String> {
    let data = &host.configuration.data;
    let plan = Schedule::read(data, &of.code).map_err(|failure| failure.to_string())?;
    let mut plan = plan.ok_or("Set the deadline first, in the plan.")?;
    plan.told = Some(Said { who: seen.me.name.clone(), when: host.now().to_string() });
    plan.write(data, &of.code).map_err(|failure| failure.to_string())
}

fn rehearse(host: &Arc<Host>, of: &Arc<Move>, what: &'static str) -> Result<(), String> {
    let (own, moved) = (Arc::clone(host), Arc::clone(of));
    background(host, of, what, async move {
        let rehearsal = moving::rehearse_here(&own, &moved).await?;
        moving::watch::check_soon(&own, &moved.code);
        let found = match rehearsal.differences.len() {
            0 => "no difference".to_owned(),
            count => format!("{count} differences"),
        };
        Ok(format!(
            "Rehearsed at entry {}: {} questions, {found}, {}.",
            rehearsal.sequence,
            rehearsal.questions,
            seconds(rehearsal.mock_cut_ms)
        ))
    })
}

/// The first of two people.
fn seal(host: &Host, of: &Move, seen: &Seen, typed: &str) -> Result<(), String> {
    if !seen.writes {
        return Err("It is sealed at the host that writes.".into());
    }
    if !seen.kept.has_line() {
        return Err("There is no line to the other host: it is cut by command.".into());
    }
    if !seen.missing.is_empty() {
        return Err(format!("It cannot be sealed. Missing: {}", seen.missing.join(" ")));
    }
    if typed.trim() != seen.kept.ticket.name {
        return Err(format!("Type the trust’s name as it is written: {}.", seen.kept.ticket.name));
    }
    host.seals.ask(&of.code, seen.me.clone(), host.now());
    Ok(())
}

/// The second.
fn agree(host: &Arc<Host>, of: &Arc<Move>, seen: &Seen) -> Result<(), String> {
    let back = seen.kept.side == Side::Target;
    let items = moving::readiness_items(host, of, Some(&seen.me.name), back).map_err(|failure| failure.to_string())?;
    let missing = readiness::missing(&items);
    if !missing.is_empty() {
        return Err(format!("It cannot be sealed any more. Missing: {}", missing.join(" ")));
    }
    let first = host.seals.agree(&of.code, &seen.me, host.now()).map_err(str::to_owned)?;
    let who = format!("{} and {} at {}", first.name, seen.me.name, terms::print::moment_text(host.now()));
    let (own, moved) = (Arc::clone(host), Arc::clone(of));
    // This request is a writer itself and is inside the gate: the cut begins once it is answered.
    background(host, of, "Holding writers and cutting over", async move {
        let cut = moving::cut_by_two(&own, &moved, back, who).await?;
        Ok(format!("{} with entry {}: {}.", if back { "Gone back" } else { "Cut over" }, cut.entry, waits(&cut)))
    })
}

/// Goes on with something after the answer; what comes of it is shown on the page.
fn background(
    host: &Arc<Host>,
    of: &Arc<Move>,
    what: &'static str,
    work: impl Future<Output = Result<String, Failure>> + Send + 'static,
) -> Result<(), String> {
    if !host.seals.begin(&of.code, what) {
        return Err("Something else is under way for this move. Wait until it has ended.".into());
    }
    let (host, code) = (Arc::clone(host), of.code.clone());
    // A task of its own, so that also work that breaks down comes to an end here.
    let work = tokio::spawn(work);
    tokio::spawn(async move {
        let came = match work.await {
            Ok(came) => came.map_err(|failure| failure.to_string()),
            Err(_) => Err("It broke off; the reason is in the log of the host.".to_owned()),
        };
        host.seals.end(&code, came);
    });
    Ok(())
}

async fn plan(host: &Arc<Host>, door: &Door, of: &Arc<Move>, typed: &TypedPlan) -> Response {
    let data = &host.configuration.data;
    let before = match Schedule::read(data, &of.code) {
        Ok(before) => before,
        Err(failure) => return failed(&failure),
    };
    match move_plan::schedule(typed, before, &who(door).name, host.now()) {
        Ok(plan) => match plan.write(data, &of.code) {
            Ok(()) => to_move(host, door, &of.code),
            Err(failure) => failed(&failure),
        },
        Err(refused) => {
            let form = PlanForm { is_kept: false, values: typed.values(), refused };
            shown(host, door, of, &TypedWhatIf::default(), (StatusCode::UNPROCESSABLE_ENTITY, Some(form))).await
        }
    }
}

/// Begins to copy with a ticket that was carried here.
async fn copy(host: &Arc<Host>, door: &Door, typed: Typed) -> Response {
    if !runs_host(host, door) {
        return not_for(door, "A move is begun by operators of the host.");
    }
    // Browsers send lines that end as in letters; a signed note has none such.
    let text = typed.ticket.replace("\r\n", "\n");
    match moving::copy_here(host, &format!("{}\n", text.trim_end())).await {
        Ok(code) => to_move(host, door, &code),
        Err(failure) => {
            let refused = vec![Refusal::at("no-ticket", "ticket", failure.to_string())];
            let ticket = PlanTicket { ticket: text, refused, ..PlanTicket::default() };
            listed(host, door, (StatusCode::UNPROCESSABLE_ENTITY, ticket)).await
        }
    }
}

/// The move that an address names, if whoever asks may see it.
fn of(host: &Arc<Host>, door: &Door, code: &str) -> Result<Arc<Move>, Box<Response>> {
    if let Some(response) = turned_away(door) {
        return Err(Box::new(response));
    }
    let found = TrustCode::parse(code).ok().and_then(|code| host.moves.find(&code));
    found.filter(|of| sees(host, door, &of.code)).ok_or_else(|| Box::new(nothing(host, door)))
}

fn turned_away(door: &Door) -> Option<Response> {
    let is_for = matches!(door.permit.role(), Role::Operator | Role::Administrator);
    (!is_for).then(|| not_for(door, "Moves are for those who run the host."))
}

fn nothing(host: &Host, door: &Door) -> Response {
    page(StatusCode::NOT_FOUND, problem_page(&setting(host, door), Trouble::NotFound).into_string())
}

fn to_move(host: &Host, door: &Door, code: &TrustCode) -> Response {
    Redirect::to(&setting(host, door).links.moving(code.as_str())).into_response()
}

fn failed(failure: &Failure) -> Response {
    answer::failed("a move could not be shown", failure)
}
