//! What the browser fetches beside pages: style sheets, scripts, the mark. Built in by `build.rs`, served under
//! names that change with their content, so that a browser may keep them for ever.
//!
//! Knows nothing of trusts or sign-in: assets need no permit.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// One file of the portal, embedded in the binary.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// The fingerprinted file name.
    pub name: &'static str,
    /// Where it is served.
    pub url: &'static str,
    /// Its media type.
    pub media: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The media type for a file name's extension.
const fn media(extension: &str) -> &'static str {
    match extension.as_bytes() {
        b"css" => "text/css; charset=utf-8",
        b"js" => "text/javascript; charset=utf-8",
        b"svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// Every embedded asset.
pub fn all() -> &'static [Asset] {
    const { &ALL }
}

/// Answers `GET /assets/{name}`: the file with a year's cache, or 404.
pub async fn serve(Path(name): Path<String>) -> Response {
    let Some(asset) = all().iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.media)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, asset.bytes).into_response()
}

/// The content security policy of every page: nothing from elsewhere, nothing inline, no framing.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed lookup is the test's failure")]
    use super::*;

    fn text(asset: &Asset) -> &str {
        std::str::from_utf8(asset.bytes).unwrap()
    }

    #[test]
    fn nothing_is_fetched_from_another_host() {
        for asset in all().iter().filter(|asset| asset.media.starts_with("text/css")) {
            assert!(!text(asset).contains("@font-face"), "{}", asset.name);
            assert!(!text(asset).contains("url(http"), "{}", asset.name);
        }
    }

    #[test]
    fn our_own_files_stay_small() {
        assert!(ALMONER_CSS.bytes.len() < 40_000, "{}", ALMONER_CSS.bytes.len());
        let scripts = ALMONER_JS.bytes.len() + BOARD_JS.bytes.len();
        assert!(scripts < 10_000, "{scripts}");
    }

    #[test]
    fn what_is_spared_is_no_part_of_a_rule() {
        let sheet = text(&ALMONER_CSS);
        assert!(
            !sheet.contains("--al-")
                && !sheet.contains("/*")
                && sheet.matches('{').count() == sheet.matches('}').count()
        );
        for part in [":#005eb8", ".al-pb--dead", "@media print{"] {
            assert!(sheet.contains(part), "{part}");
        }
    }

    #[test]
    fn the_pruned_sheet_keeps_what_forms_need() {
        for class in [".nhsuk-error-summary", ".nhsuk-input", ".nhsuk-label"] {
            assert!(text(&NHSUK_CSS).contains(class), "{class}");
        }
        assert!(!text(&NHSUK_CSS).contains(".nhsuk-hero"));
        assert!(NHSUK_CSS.bytes.len() < 60_000, "{}", NHSUK_CSS.bytes.len());
    }
}
