//! An answer before it becomes an HTTP response or an entry of a response Bundle.
//! Knows status lines and headers, and nothing of what was asked.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderValue};
use http::{HeaderMap, StatusCode};
use record::{Key, Version};
use terms::Moment;

use crate::call::{Payload, http_date};
use crate::outcome::{Issue, Refusal, operation_outcome};

/// The media type of what we send, unless the client asked for plain `application/json`.
pub(crate) const FHIR_JSON: &str = "application/fhir+json; charset=utf-8";

/// What an interaction led to.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// The version that was read or written, for `ETag` and `Last-Modified`.
    pub(crate) version: Option<(u64, Moment)>,
    /// The version that was written, for `Location`.
    pub(crate) written: Option<(Key, u64)>,
    /// The resource, Bundle or OperationOutcome; `None` for no body.
    pub(crate) body: Option<Arc<[u8]>>,
    /// What there is to say beside it: the outcome a client may prefer.
    pub(crate) issues: Vec<Issue>,
}

impl Answer {
    /// 200 with a body that has no version: a Bundle, an OperationOutcome, a CapabilityStatement.
    pub(crate) fn document(body: Vec<u8>) -> Answer {
        Answer { status: StatusCode::OK, version: None, written: None, body: Some(body.into()), issues: Vec::new() }
    }

    /// 200 with a version of a resource.
    pub(crate) fn version(version: &Version) -> Answer {
        Answer {
            status: StatusCode::OK,
            version: Some((version.version, version.moment)),
            written: None,
            body: Some(version.text.clone()),
            issues: Vec::new(),
        }
    }

    /// No body.
    pub(crate) fn empty(status: StatusCode) -> Answer {
        Answer { status, version: None, written: None, body: None, issues: Vec::new() }
    }

    /// A write's answer in the form the client prefers (RFC 7240 and <http://hl7.org/fhir/R4/http.html#ops>).
    pub(crate) fn preferring(mut self, payload: Payload) -> Answer {
        match payload {
            Payload::Representation => {}
            Payload::Minimal => self.body = None,
            Payload::Outcome => {
                if self.issues.is_empty() {
                    self.issues.push(Issue::information("Done."));
                }
                self.body = Some(operation_outcome(&self.issues).into());
                if self.status == StatusCode::NO_CONTENT {
                    self.status = StatusCode::OK;
                }
            }
        }
        self
    }

    /// The HTTP response. `base` is the trust's base address, for `Location`.
    pub(crate) fn into_http(self, base: &str, media_type: &'static str) -> Response {
        let mut headers = HeaderMap::new();
        if let Some((version, moment)) = self.version {
            put(&mut headers, header::ETAG, &format!("W/\"{version}\""));
            put(&mut headers, header::LAST_MODIFIED, &http_date(moment));
        }
        if let Some((key, version)) = &self.written {
            put(&mut headers, header::LOCATION, &format!("{base}/{key}/_history/{version}"));
        }
        put(&mut headers, header::CACHE_CONTROL, "no-store");
        let Some(body) = self.body else { return (self.status, headers).into_response() };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        (self.status, headers, Body::from(bytes::Bytes::from_owner(body))).into_response()
    }
}

/// The HTTP response of a refusal.
pub(crate) fn refuse(refusal: &Refusal, media_type: &'static str) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    put(&mut headers, header::CACHE_CONTROL, "no-store");
    if let Some(seconds) = refusal.retry_after_seconds {
        put(&mut headers, header::RETRY_AFTER, &seconds.to_string());
    }
    if refusal.status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    (refusal.status, headers, operation_outcome(&refusal.issues)).into_response()
}

fn put(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    // Every value here is made of visible ASCII; one that is not is left out rather than sent broken.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
