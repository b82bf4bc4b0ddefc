//! Reading at the old address while the new host cannot be reached: the old host has everything up to where it followed,
//! and says with each answer how old that is. Nothing is written meanwhile, and nobody's session is taken from memory: who
//! may read is asked of the copy itself.

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::{HeaderName, HeaderValue, header};
use terms::Moment;

use super::kept::Move;

/// Says up to when the answer is known to be complete, as a FHIR instant.
pub(crate) const AS_OF: HeaderName = HeaderName::from_static("almoner-copy-as-of");
/// The largest page whose notice can be put in; a larger one is not shown without it.
const LARGEST_PAGE: usize = 32 << 20;

/// An answer from the copy, marked as one: a header for programs, a notice at the top of each page for people.
pub(super) async fn marked(of: &Move, response: Response) -> Response {
    let as_of = of.lag.complete_at();
    let (mut parts, body) = response.into_parts();
    if let Ok(value) = HeaderValue::from_str(&as_of.map_or_else(|| "unknown".into(), |moment| moment.to_string())) {
        parts.headers.insert(AS_OF, value);
    }
    // RFC 7234, section 5.5.1: what many clients know.
    parts.headers.insert(header::WARNING, HeaderValue::from_static("110 almoner \"Response is Stale\""));
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("text/html")) {
        return Response::from_parts(parts, body);
    }
    let Ok(page) = to_bytes(body, LARGEST_PAGE).await else { return super::relay::later() };
    let page = String::from_utf8_lossy(&page);
    let Some(page) = with_notice(&page, as_of) else { return super::relay::later() };
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(page))
}

/// A page with the notice at its top. A part of a page has no place for it and is not shown: what it would change stays
/// as it was, and the page says that it could not be renewed.
fn with_notice(page: &str, as_of: Option<Moment>) -> Option<String> {
    let since = match as_of {
        Some(moment) => format!("as it was at {}", terms::print::moment_text(moment)),
        None => "as it was when this host last heard of it".to_owned(),
    };
    let notice = format!(
        "<div class=\"al-notice al-notice--bad\" role=\"alert\"><div><b>You are reading a copy, {since}.</b> The host that \
         keeps this record cannot be reached. What was recorded since is not shown, and nothing can be recorded here \
         now.</div></div>"
    );
    let start = page.find("<body")?;
    let at = start + page[start..].find('>')? + 1;
    Some([&page[..at], &notice, &page[at..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_says_that_it_is_a_copy() {
        let page = "<!doctype html><html><body class=\"al\"><p>x</p></body></html>";
        let marked = with_notice(page, Some(Moment(1_800_000_000_000))).unwrap_or_default();
        assert!(marked.starts_with("<!doctype html><html><body class=\"al\"><div class=\"al-notice al-notice--bad\""));
        assert!(marked.contains("15-Jan-2027") && marked.ends_with("<p>x</p></body></html>"), "{marked}");
        assert!(with_notice("<tr><td>", None).is_none(), "a part of a page has no place for it");
    }
}
