//! Where forms leave what is typed, two seconds after the last key.
//! Knows no form: whatever fields come are kept as they are.

use axum::response::{IntoResponse, Response};
use axum::{Extension, Form};
use http::{StatusCode, header};
use record::Problem;

use crate::act::Typed;
use crate::door::Door;
use crate::drafts;
use crate::words::clock;

/// `POST …/drafts`: the words that stand beside the button.
pub(super) async fn keep(Extension(door): Extension<Door>, Form(fields): Form<Vec<(String, String)>>) -> Response {
    let plain = |status: StatusCode, words: String| {
        (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], words).into_response()
    };
    match drafts::keep(&door, &Typed::of(fields)).await {
        Ok(Some(at)) => plain(StatusCode::OK, format!("Draft kept {}", clock(at).text)),
        Ok(None) => plain(StatusCode::OK, String::new()),
        Err(Problem::Full) => {
            let words = "The draft could not be kept: the disk of this record is full. Keep this page open.";
            plain(StatusCode::INSUFFICIENT_STORAGE, words.into())
        }
        Err(problem) => {
            tracing::error!(request = %door.request, %problem, "a draft could not be kept");
            plain(StatusCode::SERVICE_UNAVAILABLE, "The draft could not be kept. Keep this page open.".into())
        }
    }
}
