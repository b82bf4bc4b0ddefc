//! Bundles that list resources: searchsets and histories, spliced together from stored texts.
//!
//! Also the tokens of further pages: opaque to clients, they hold the snapshot's sequence, where the page before ended
//! and a mark of the question, so that a token works only with the question it was made for.

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use record::{Cursor, Key, Operation, Version};
use sha2::{Digest as _, Sha256};

use crate::call::Query;
use crate::json::Writer;
use crate::outcome::{Issue, Refusal, write_outcome};

/// The parameter that carries a page's token.
pub(crate) const PAGE: &str = "_page";

/// Why an entry is in a searchset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Match,
    Include,
}

/// One resource of a searchset.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) key: Key,
    pub(crate) text: Arc<[u8]>,
    pub(crate) mode: Mode,
}

/// A searchset.
#[derive(Debug, Default)]
pub(crate) struct Searchset {
    pub(crate) total: Option<u64>,
    /// Relation and address.
    pub(crate) links: Vec<(&'static str, String)>,
    pub(crate) entries: Vec<Listed>,
    /// Said in an OperationOutcome at the end.
    pub(crate) issues: Vec<Issue>,
}

impl Searchset {
    /// The Bundle's text. `base` is the trust's base address, for `fullUrl`.
    pub(crate) fn print(&self, base: &str) -> Vec<u8> {
        let room: usize = self.entries.iter().map(|entry| entry.text.len() + base.len() + 128).sum();
        let mut writer = Writer::with_room(room + 1024);
        writer.object(|w| {
            head(w, "searchset", self.total, &self.links);
            if self.entries.is_empty() && self.issues.is_empty() {
                return;
            }
            w.name("entry").array(|w| {
                for entry in &self.entries {
                    let mode = if entry.mode == Mode::Match { "match" } else { "include" };
                    w.object(|w| {
                        w.text("fullUrl", &format!("{base}/{}", entry.key));
                        w.name("resource").raw(&entry.text);
                        w.name("search").object(|w| w.text("mode", mode));
                    });
                }
                if !self.issues.is_empty() {
                    w.object(|w| {
                        write_outcome(w.name("resource"), &self.issues);
                        w.name("search").object(|w| w.text("mode", "outcome"));
                    });
                }
            });
        });
        writer.finish()
    }
}

/// A history Bundle's text, newest first.
pub(crate) fn print_history(
    base: &str,
    total: Option<u64>,
    links: &[(&'static str, String)],
    versions: &[Version],
) -> Vec<u8> {
    let room: usize = versions.iter().map(|version| version.text.len() + base.len() + 320).sum();
    let mut writer = Writer::with_room(room + 1024);
    writer.object(|w| {
        head(w, "history", total, links);
        if !versions.is_empty() {
            w.name("entry").array(|w| versions.iter().for_each(|version| history_entry(w, base, version)));
        }
    });
    writer.finish()
}

fn head(writer: &mut Writer, kind: &str, total: Option<u64>, links: &[(&'static str, String)]) {
    writer.text("resourceType", "Bundle");
    writer.text("type", kind);
    if let Some(total) = total {
        writer.name("total").number(total);
    }
    if links.is_empty() {
        return;
    }
    writer.name("link").array(|w| {
        for (relation, url) in links {
            w.object(|w| {
                w.text("relation", relation);
                w.text("url", url);
            });
        }
    });
}

fn history_entry(writer: &mut Writer, base: &str, version: &Version) {
    let key = &version.key;
    let (method, status) = match version.operation {
        Operation::Create => ("PUT", "201 Created"),
        Operation::Update => ("PUT", "200 OK"),
        Operation::Delete => ("DELETE", "204 No Content"),
    };
    writer.object(|w| {
        w.text("fullUrl", &format!("{base}/{key}"));
        if version.operation != Operation::Delete && version.erased.is_none() {
            w.name("resource").raw(&version.text);
        }
        w.name("request").object(|w| {
            w.text("method", method);
            w.text("url", &key.to_string());
        });
        w.name("response").object(|w| {
            w.text("status", status);
            w.text("location", &format!("{base}/{key}/_history/{}", version.version));
            w.text("etag", &format!("W/\"{}\"", version.version));
            w.text("lastModified", &version.moment.to_string());
        });
    });
}

/// The address of a question: path and parameters, encoded.
pub(crate) fn address(base: &str, path: &str, query: &Query) -> String {
    /// Kept readable: what FHIR queries are made of and a query may hold (RFC 3986, 3.4).
    const KEEP: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~')
        .remove(b':')
        .remove(b'/')
        .remove(b',')
        .remove(b'$')
        .remove(b'*');
    let slash = if path.is_empty() { "" } else { "/" };
    let mut url = format!("{base}{slash}{}", path.trim_start_matches('/'));
    for (place, (name, value)) in query.iter().enumerate() {
        url.push(if place == 0 { '?' } else { '&' });
        url.extend(utf8_percent_encode(name, KEEP));
        url.push('=');
        url.extend(utf8_percent_encode(value, KEEP));
    }
    url
}

/// Where a further page starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// The snapshot.
    pub(crate) sequence: u64,
    /// Which of the question's types comes next.
    pub(crate) leg: usize,
    /// Where in it; `None` for its beginning.
    pub(crate) cursor: Option<Cursor>,
}

impl Token {
    /// As text, for a question: its path and parameters, however the server is reached.
    pub(crate) fn text(&self, question: &str) -> String {
        let cursor = self.cursor.as_ref().map(Cursor::text).unwrap_or_default();
        format!("{:x}.{:x}.{:x}.{cursor}", self.sequence, self.leg, mark(question))
    }

    /// From text.
    ///
    /// # Errors
    /// 400 when it was not made by [`Token::text`] for this question.
    pub(crate) fn parse(text: &str, question: &str) -> Result<Token, Refusal> {
        let refusal = || {
            let details = "This page's address is damaged or belongs to another search. Start the search again.";
            Refusal::bad_request("value", details)
        };
        let hex = |part: Option<&str>| part.and_then(|part| u64::from_str_radix(part, 16).ok()).ok_or_else(refusal);
        let mut parts = text.split('.');
        let (sequence, leg, marked) = (hex(parts.next())?, hex(parts.next())?, hex(parts.next())?);
        let cursor = parts.next().ok_or_else(refusal)?;
        if marked != mark(question) || parts.next().is_some() {
            return Err(refusal());
        }
        let cursor = if cursor.is_empty() { None } else { Some(Cursor::parse(cursor).ok_or_else(refusal)?) };
        let leg = usize::try_from(leg).map_err(|_| refusal())?;
        Ok(Token { sequence, leg, cursor })
    }
}

/// Guards against a mix-up, not against malice: whatever a token says, the permit's scope is joined to the query.
fn mark(question: &str) -> u64 {
    let digest = Sha256::digest(question.as_bytes());
    digest.iter().take(4).fold(0, |mark, byte| mark << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn a_token_works_only_with_its_question() {
        let token = Token { sequence: 77, leg: 2, cursor: Cursor::parse("00ff") };
        let text = token.text("Patient?name=a");
        assert_eq!(Token::parse(&text, "Patient?name=a").unwrap(), token);
        assert!(Token::parse(&text, "Patient?name=b").is_err());
        for broken in ["", "1", "1.2.3", "x.y.z.", "1.2.3.4.5"] {
            assert!(Token::parse(broken, "Patient?name=a").is_err(), "{broken}");
        }
    }

    #[test]
    fn addresses_are_encoded() {
        let query = vec![("code".to_owned(), "http://loinc.org|718-7".to_owned()), ("name".into(), "Å &=".into())];
        let url = address("http://x/fhir", "/Observation", &query);
        assert_eq!(url, "http://x/fhir/Observation?code=http://loinc.org%7C718-7&name=%C3%85%20%26%3D");
    }

    #[test]
    fn a_searchset_is_a_bundle_around_the_stored_bytes() {
        let text: Arc<[u8]> = br#"{ "resourceType":"Patient" , "id":"1" }"#.to_vec().into();
        let entries = vec![Listed { key: Key::new("Patient", "1"), text, mode: Mode::Match }];
        let set = Searchset { total: Some(1), links: vec![("self", "u".into())], entries, issues: Vec::new() };
        assert_eq!(
            String::from_utf8(set.print("b")).unwrap(),
            r#"{"resourceType":"Bundle","type":"searchset","total":1,"link":[{"relation":"self","url":"u"}],"entry":[{"fullUrl":"b/Patient/1","resource":{ "resourceType":"Patient" , "id":"1" },"search":{"mode":"match"}}]}"#
        );
    }
}
