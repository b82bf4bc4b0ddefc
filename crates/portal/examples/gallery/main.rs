//! The gallery: every page and component with the demonstration's patients, at the moment of the story, without a
//! record, a sign-in or a clock. For looking at screens and for the browser tests.
//!
//! `cargo run -p portal --example gallery -- 127.0.0.1:8411`; prints the address it listens on.

mod canned;
mod components;
mod moves;

use axum::Router;
use axum::extract::{Path, Query};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use clinical::{Chart, Material, chart};
use fhir::{Document, Limits};
use http::{HeaderValue, StatusCode, header};
use maud::{DOCTYPE, Markup, html};
use portal::pages::chart::{Span, Summary, summary_page};
use portal::pages::problem::{Trouble, problem_page};
use portal::{assets, pages};
use serde::Deserialize;
use testkit::demo::{STORY_NOW, demo_bundle};

use crate::canned::{host_setting, setting};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the tests read the address from here")]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".into());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, router()).await
}

fn router() -> Router {
    Router::new()
        .route("/", get(|| async { page(&index()) }))
        .route("/assets/{name}", get(assets::serve))
        .route("/components", get(|| async { page(&components::components_page(&setting())) }))
        .route("/sign-in", get(|| async { page(&canned::sign_in()) }))
        .route("/t/DEMO/patients", get(search))
        .route("/t/DEMO/patients/found", get(found))
        .route("/t/DEMO/patients/{id}", get(summary))
        .route("/t/DEMO/patients/{id}/who-has-looked", get(|| async { page(&canned::who_looked()) }))
        .route("/t/DEMO/account", get(|| async { page(&pages::account::account_page(&setting())) }))
        .route("/t/DEMO/host", get(|| async { page(&canned::host(&host_setting())) }))
        .route("/t/DEMO/moves/RMG", get(|| async { page(&moves::moving(&host_setting(), false)) }))
        .route("/t/DEMO/moves/ready", get(|| async { page(&moves::moving(&host_setting(), true)) }))
        .route("/t/DEMO/oversight", get(|| async { page(&moves::oversight(&host_setting())) }))
        .route("/not-found", get(|| async { page(&problem_page(&setting(), Trouble::NotFound)) }))
        .route(
            "/not-allowed",
            get(|| async {
                page(&problem_page(
                    &setting(),
                    Trouble::NotAllowed("A clerk sees where and when, not clinical content."),
                ))
            }),
        )
}

fn page(markup: &Markup) -> Response {
    let policy = HeaderValue::from_static(assets::CONTENT_SECURITY_POLICY);
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(markup.clone().into_string())).into_response()
}

/// What the address of a page may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    span: String,
    role: String,
}

async fn search(Query(asked): Query<Asked>) -> Response {
    page(&canned::search(&asked.q, false))
}

async fn found(Query(asked): Query<Asked>) -> Response {
    page(&canned::search(&asked.q, true))
}

async fn summary(Path(id): Path<String>, Query(asked): Query<Asked>) -> Response {
    let setting = if asked.role == "clerk" { canned::clerk() } else { setting() };
    match chart_of(&id, asked.role != "unavailable") {
        Some(chart) => page(&summary_page(&Summary {
            setting: &setting,
            chart: &chart,
            span: Span::of_code(&asked.span),
            cut: &[],
            held_back: 0,
        })),
        None => (StatusCode::NOT_FOUND, page(&problem_page(&setting, Trouble::NotFound))).into_response(),
    }
}

/// The chart of one of the demonstration's patients.
fn chart_of(id: &str, allergies_readable: bool) -> Option<Chart> {
    let texts = demo_bundle(STORY_NOW);
    let documents: Vec<Document<'_>> =
        texts.iter().filter_map(|text| Document::parse(text.as_bytes(), &Limits::default()).ok()).collect();
    let patient = documents.iter().find(|document| {
        document.resource_type().as_deref() == Some("Patient")
            && document.root().get("id").and_then(|node| node.text()).as_deref() == Some(id)
    })?;
    let own = format!("\"Patient/{id}\"");
    let shared = ["Practitioner", "Location", "Organization"];
    let resources = documents.iter().zip(&texts).filter(|(document, text)| {
        text.contains(&own) || document.resource_type().is_some_and(|kind| shared.contains(&&*kind))
    });
    let resources = resources.map(|(document, _)| document.root()).collect();
    Some(chart(&Material { patient: patient.root(), resources, allergies_readable }, STORY_NOW))
}

/// Links to everything.
fn index() -> Markup {
    let links = [
        ("/components", "Components and their states"),
        ("/sign-in", "Sign in"),
        ("/t/DEMO/patients", "Find a patient"),
        ("/t/DEMO/patients?q=adeyimi+grace+1951", "Find a patient, with results"),
        ("/t/DEMO/patients/adeyemi-folasade", "Summary of the worked case"),
        ("/t/DEMO/patients/adeyemi-folasade?span=list", "Summary with the list of events"),
        ("/t/DEMO/patients/adeyemi-folasade?role=clerk", "Summary as a clerk sees it"),
        ("/t/DEMO/patients/adeyemi-folasade?role=unavailable", "Summary without the allergy record"),
        ("/t/DEMO/patients/gill-harpreet", "Allergies not recorded"),
        ("/t/DEMO/patients/beckford-maureen", "No known allergies"),
        ("/t/DEMO/patients/cole-arthur", "A patient who has died"),
        ("/t/DEMO/patients/hussain-baby", "A newborn"),
        ("/t/DEMO/patients/adeyemi-folasade/who-has-looked", "Who has looked"),
        ("/t/DEMO/host", "Host"),
        ("/t/DEMO/moves/RMG", "A move that is blocked"),
        ("/t/DEMO/moves/ready", "A move that can be sealed"),
        ("/t/DEMO/oversight", "The exit plan of a consortium"),
        ("/t/DEMO/account", "Account"),
        ("/not-found", "Nothing here"),
        ("/not-allowed", "Not allowed"),
    ];
    html! {
        (DOCTYPE)
        html lang="en-GB" {
            head { meta charset="utf-8"; title { "Gallery - Almoner" } }
            body { main { h1 { "Gallery" } ul { @for (href, words) in links { li { a href=(href) { (words) } } } } } }
        }
    }
}
