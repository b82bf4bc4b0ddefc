//! A call: one interaction as asked for, whether by an HTTP request or by an entry of a Bundle.
//!
//! Headers and Bundle entry members are parsed here once; what follows works on plain data.

use bytes::Bytes;
use http::HeaderMap;
use percent_encoding::percent_decode_str;
use terms::Moment;

use crate::outcome::Refusal;
use crate::routes::{Names, Work};

/// Parameters of a query or form, decoded, in their order.
pub(crate) type Query = Vec<(String, String)>;

/// One interaction as asked for.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) work: Work,
    pub(crate) names: Names,
    pub(crate) query: Query,
    pub(crate) body: Bytes,
    pub(crate) conditions: Conditions,
    pub(crate) preference: Preference,
    /// The request in one line, as privacy officers read it: `GET Observation?code=…`.
    pub(crate) asked: String,
}

/// Under which conditions it shall be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    /// `If-Match`: only when this is the newest version.
    pub(crate) if_match: Option<u64>,
    /// `If-None-Match` with a version: no body when this is still the newest.
    pub(crate) if_none_match: Option<u64>,
    /// `If-None-Match: *`: write only when there is nothing yet.
    pub(crate) only_new: bool,
    /// `If-Modified-Since`: no body when not changed after this.
    pub(crate) if_modified_since: Option<Moment>,
    /// `If-None-Exist`: create only when this search finds nothing.
    pub(crate) if_none_exist: Option<Query>,
}

/// What the client would like to get back (`Prefer`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Preference {
    /// `None` when the client has not said.
    pub(crate) payload: Option<Payload>,
    /// Unknown search parameters are passed over instead of refused.
    pub(crate) lenient: bool,
}

/// What a write answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payload {
    Representation,
    Minimal,
    Outcome,
}

impl Conditions {
    /// From HTTP headers.
    ///
    /// # Errors
    /// 400 for a tag or criteria that cannot be read. A date that cannot be read is passed over (RFC 9110, 13.1.3).
    pub(crate) fn of_headers(headers: &HeaderMap) -> Result<Conditions, Refusal> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Ok(Conditions {
            if_match: text("if-match").map(|tag| version_of_tag("If-Match", tag)).transpose()?,
            if_none_match: text("if-none-match").and_then(|tag| version_of_tag("If-None-Match", tag).ok()),
            only_new: text("if-none-match").is_some_and(|tag| tag.trim() == "*"),
            if_modified_since: text("if-modified-since").and_then(moment_of_http_date),
            if_none_exist: text("if-none-exist").map(parse_query).transpose()?,
        })
    }
}

impl Preference {
    /// From the `Prefer` header; what is not known there is passed over (RFC 7240).
    pub(crate) fn of_headers(headers: &HeaderMap) -> Preference {
        let mut preference = Preference::default();
        for value in headers.get_all("prefer") {
            for wish in value.to_str().unwrap_or_default().split([',', ';']) {
                match wish.trim() {
                    "return=minimal" => preference.payload = Some(Payload::Minimal),
                    "return=representation" => preference.payload = Some(Payload::Representation),
                    "return=OperationOutcome" => preference.payload = Some(Payload::Outcome),
                    "handling=lenient" => preference.lenient = true,
                    "handling=strict" => preference.lenient = false,
                    _ => {}
                }
            }
        }
        preference
    }
}

/// Parses `a=1&b=2` (application/x-www-form-urlencoded).
///
/// # Errors
/// 400 when a name or value is not UTF-8 after decoding.
pub(crate) fn parse_query(text: &str) -> Result<Query, Refusal> {
    let text = text.rsplit_once('?').map_or(text, |(_, query)| query);
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decoded(name)?, decoded(value)?))
        })
        .collect()
}

fn decoded(text: &str) -> Result<String, Refusal> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(|value| value.into_owned()).map_err(|_| Refusal::bad_request("invalid", "The query is not UTF-8."))
}

/// The version number of an entity tag: `W/"3"`, `"3"` or `3`.
///
/// # Errors
/// 400 when it is none of these.
pub(crate) fn version_of_tag(header: &str, tag: &str) -> Result<u64, Refusal> {
    let bare = tag.trim().trim_start_matches("W/").trim_matches('"');
    let refusal = || Refusal::bad_request("value", format!("{header} must be a version such as W/\"3\"."));
    bare.parse().map_err(|_| refusal())
}

/// The HTTP form of a moment, to the second: `Tue, 17 Nov 2026 14:35:00 GMT`.
pub(crate) fn http_date(moment: Moment) -> String {
    let time = jiff::Timestamp::from_millisecond(moment.0).unwrap_or_default();
    let printed = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&time);
    printed.unwrap_or_default()
}

fn moment_of_http_date(text: &str) -> Option<Moment> {
    let time = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Moment(time.as_millisecond()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn pairs(query: &Query) -> Vec<(&str, &str)> {
        query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    #[test]
    fn queries_are_decoded_in_their_order() {
        let query = parse_query("name=J%C3%BCrgen+M&code=http://loinc.org%7C718-7&flag").unwrap();
        assert_eq!(pairs(&query), [("name", "Jürgen M"), ("code", "http://loinc.org|718-7"), ("flag", "")]);
        assert_eq!(pairs(&parse_query("Patient?identifier=x|1").unwrap()), [("identifier", "x|1")]);
        assert!(parse_query("a=%FF").is_err());
    }

    #[test]
    fn tags_are_read_in_three_forms() {
        for tag in ["W/\"3\"", "\"3\"", "3"] {
            assert_eq!(version_of_tag("If-Match", tag).unwrap(), 3);
        }
        assert_eq!(version_of_tag("If-Match", "W/\"x\"").unwrap_err().status.as_u16(), 400);
    }

    #[test]
    fn http_dates_are_to_the_second() {
        assert_eq!(http_date(Moment(784_111_777_500)), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(moment_of_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Moment(784_111_777_000)));
        assert_eq!(moment_of_http_date("yesterday"), None);
    }

    #[test]
    fn preferences_of_several_headers_add_up() {
        let mut headers = HeaderMap::new();
        headers.append("prefer", "return=minimal; handling=lenient".parse().unwrap());
        let preference = Preference::of_headers(&headers);
        assert_eq!((preference.payload, preference.lenient), (Some(Payload::Minimal), true));
    }
}
