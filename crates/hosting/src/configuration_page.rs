//! The page of a trust's configuration, gathered: what is live, every version of it, and its files as one text; and the
//! steps of a change by two people. For administrators. No patient is on it.

use std::sync::Arc;

use administration::configuration::{ApproveConfiguration, Files, Live, ProposeConfiguration, PutAsideConfiguration};
use administration::{Command, Refusal};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form};
use http::{StatusCode, header};
use portal::Door;
use portal::pages::configuration::{ConfigurationView, Editor, Gathered, Proposed, configuration_page, propose_page};
use portal::pages::problem::{Trouble, problem_page};
use record::TransactError;
use serde::Deserialize;

use crate::answer;
use crate::configure;
use crate::failure::Failure;
use crate::host::Host;
use crate::host_page::page;
use crate::trust_page::{setting, trust_of, turned_away};

/// What others are told.
const FOR_WHOM: &str = "The configuration is kept by the administrators of the trust.";

/// What the address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// The version to compare with the one before it.
    version: String,
    /// What was done.
    done: String,
}

/// `GET /t/{trust}/configuration`.
pub(crate) async fn show(
    State(host): State<Arc<Host>>,
    Extension(door): Extension<Door>,
    Query(asked): Query<Asked>,
) -> Response {
    if let Some(response) = turned_away(&door, FOR_WHOM) {
        return response;
    }
    shown(&host, &door, &asked, (StatusCode::OK, None)).await
}

/// The page, and why the last step was refused.
async fn shown(host: &Host, door: &Door, asked: &Asked, (status, refused): (StatusCode, Option<&str>)) -> Response {
    let gathered = match gather(host, door).await {
        Ok(gathered) => gathered,
        Err(failure) => return failed(&failure),
    };
    let (versions, more, proposed) = gathered;
    let setting = setting(door);
    let shown = (!asked.version.is_empty()).then(|| asked.version.parse().unwrap_or(0));
    let gathered = Gathered::of(&versions, more, shown);
    if gathered.is_none() && shown.is_some() {
        return page(StatusCode::NOT_FOUND, problem_page(&setting, Trouble::NotFound).into_string());
    }
    let done = DONE.iter().find(|(word, _)| *word == asked.done).map(|(_, words)| *words);
    let view = ConfigurationView {
        setting: &setting,
        gathered: gathered.as_ref(),
        proposed: proposed.as_ref(),
        done,
        refused,
    };
    page(status, configuration_page(&view).into_string())
}

type Seen = (Vec<Live>, bool, Option<Proposed>);

/// What is live, its versions, and what is proposed.
async fn gather(host: &Host, door: &Door) -> Result<Seen, Failure> {
    let trust = trust_of(host, door).await?;
    let (versions, more) = configure::history_of(&trust).await?;
    let Some(proposal) = configure::proposal_of(&trust).await? else { return Ok((versions, more, None)) };
    let compared = configure::compared(&trust, &proposal.kept.files).await?;
    let writes = (compared.writes.made, compared.writes.changed, compared.writes.ended);
    let looks = &door.permit.principal().id;
    let proposed = Proposed::of(&proposal, versions.first(), looks, (writes, compared.refused));
    Ok((versions, more, Some(proposed)))
}

/// What the address says was done, and the words for it.
const DONE: [(&str, &str); 4] = [
    ("proposed", "Proposed. It is live when a second person has agreed."),
    ("back", "The files of the former version are proposed. They are live when a second person has agreed."),
    ("applied", "Applied. It is live for everybody."),
    ("aside", "The proposal is put aside. What is live stays."),
];

/// Which file is to be changed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Which {
    file: String,
}

/// A change as it was typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    over: u64,
    file: String,
    text: String,
    why: String,
}

/// `GET /t/{trust}/configuration/propose`.
pub(crate) async fn propose(
    State(host): State<Arc<Host>>,
    Extension(door): Extension<Door>,
    Query(which): Query<Which>,
) -> Response {
    if let Some(response) = turned_away(&door, FOR_WHOM) {
        return response;
    }
    let (files, over, why) = match base(&host, &door).await {
        Ok(base) => base,
        Err(failure) => return failed(&failure),
    };
    let first = || files.layers.last().and_then(|own| own.files.first()).map(|file| file.name.clone());
    let file = if which.file.is_empty() { first().unwrap_or_else(|| NEW_FILE.into()) } else { which.file };
    let text = files.text(&file).unwrap_or_default();
    let setting = setting(&door);
    let editor = Editor { setting: &setting, files: &files, over, file: &file, text, why: &why, refused: None };
    page(StatusCode::OK, propose_page(&editor).into_string())
}

/// The first file of a trust that has none.
const NEW_FILE: &str = "trust.toml";

/// The files that somebody changes: what they proposed last, else what is live; the version these were made from; why.
async fn base(host: &Host, door: &Door) -> Result<(Files, u64, String), Failure> {
    let trust = trust_of(host, door).await?;
    let live = configure::live_of(&trust).await?;
    let version = live.as_ref().map_or(0, |live| live.version);
    let own = configure::proposal_of(&trust).await?;
    let own = own.filter(|own| own.proposer == door.permit.principal().id && own.over == version);
    Ok(match own {
        Some(own) => (own.kept.files, own.over, own.kept.why.unwrap_or_default()),
        None => (live.map(|live| live.kept.files).unwrap_or_default(), version, String::new()),
    })
}

/// `POST /t/{trust}/configuration/propose`.
pub(crate) async fn submit(
    State(host): State<Arc<Host>>,
    Extension(door): Extension<Door>,
    Form(typed): Form<Typed>,
) -> Response {
    if let Some(response) = turned_away(&door, FOR_WHOM) {
        return response;
    }
    let (before, _, _) = match base(&host, &door).await {
        Ok(base) => base,
        Err(failure) => return failed(&failure),
    };
    let text = typed.text.replace("\r\n", "\n");
    let done = match before.with_own(typed.file.trim(), &text) {
        Ok(files) => {
            let by = door.permit.principal().name.clone();
            let (why, over) = (typed.why.clone(), typed.over);
            step(&host, &door, Command::ProposeConfiguration(ProposeConfiguration { files, by, why, over })).await
        }
        Err(refusal) => Err(TransactError::Refused(refusal)),
    };
    match done {
        Ok(()) => back_with(&door, "proposed"),
        Err(TransactError::Refused(refusal)) => {
            let setting = setting(&door);
            let editor = Editor {
                setting: &setting,
                files: &before,
                over: typed.over,
                file: &typed.file,
                text: &text,
                why: &typed.why,
                refused: Some(&refusal),
            };
            page(StatusCode::UNPROCESSABLE_ENTITY, propose_page(&editor).into_string())
        }
        Err(error) => failed(&configure::failure(error)),
    }
}

/// Which proposal, or which former version.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Step {
    number: u64,
    version: u64,
}

/// `POST /t/{trust}/configuration/proposal/{step}`: a second person agrees, or somebody puts it aside or proposes the files
/// of a former version.
pub(crate) async fn decide(
    State(host): State<Arc<Host>>,
    Extension(door): Extension<Door>,
    Path((_, step_word)): Path<(String, String)>,
    Form(typed): Form<Step>,
) -> Response {
    if let Some(response) = turned_away(&door, FOR_WHOM) {
        return response;
    }
    let by = door.permit.principal().name.clone();
    let (command, word) = match step_word.as_str() {
        "approve" => (Command::ApproveConfiguration(ApproveConfiguration { number: typed.number, by }), "applied"),
        "aside" => (Command::PutAsideConfiguration(PutAsideConfiguration { number: typed.number }), "aside"),
        "back" => match former(&host, &door, typed.version, by).await {
            Ok(command) => (command, "back"),
            Err(Failure::Refused(sentence)) => return refused(&host, &door, &sentence).await,
            Err(failure) => return failed(&failure),
        },
        _ => return page(StatusCode::NOT_FOUND, problem_page(&setting(&door), Trouble::NotFound).into_string()),
    };
    match step(&host, &door, command).await {
        Ok(()) => back_with(&door, word),
        Err(TransactError::Refused(refusal)) => refused(&host, &door, &refusal.sentence).await,
        Err(error) => failed(&configure::failure(error)),
    }
}

/// The command that proposes the files of a former version.
async fn former(host: &Host, door: &Door, version: u64, by: String) -> Result<Command, Failure> {
    let trust = trust_of(host, door).await?;
    let files = configure::former_files(&trust, Some(version)).await?;
    let over = configure::live_of(&trust).await?.map_or(0, |live| live.version);
    let why = format!("Back to version {version}");
    Ok(Command::ProposeConfiguration(ProposeConfiguration { files, by, why, over }))
}

async fn step(host: &Host, door: &Door, command: Command) -> Result<(), TransactError<Refusal>> {
    let trust = trust_of(host, door).await;
    let trust = trust.map_err(|failure| TransactError::Refused(Refusal::new("no-trust", failure.to_string())))?;
    configure::step(&trust, door.permit.principal(), &command).await
}

async fn refused(host: &Host, door: &Door, sentence: &str) -> Response {
    shown(host, door, &Asked::default(), (StatusCode::UNPROCESSABLE_ENTITY, Some(sentence))).await
}

fn back_with(door: &Door, done: &str) -> Response {
    Redirect::to(&format!("{}?done={done}", setting(door).links.configuration())).into_response()
}

/// `GET /t/{trust}/configuration/files`: every file of the live configuration in one text, each under its name.
pub(crate) async fn files(State(host): State<Arc<Host>>, Extension(door): Extension<Door>) -> Response {
    if let Some(response) = turned_away(&door, FOR_WHOM) {
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
        Ok(None) => answer::plain(StatusCode::NOT_FOUND, "Nothing is configured yet."),
        Err(failure) => failed(&failure),
    }
}

fn failed(failure: &Failure) -> Response {
    answer::failed("the configuration could not be shown", failure)
}
