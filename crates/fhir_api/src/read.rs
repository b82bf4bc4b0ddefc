//! Reading one resource: its newest version, an older one, its history; and the histories of types and of all.
//!
//! <http://hl7.org/fhir/R4/http.html#read>, `#vread`, `#history`.

use http::StatusCode;
use record::{Key, Operation, Reading, Version};

use crate::answer::Answer;
use crate::call::{Call, Conditions};
use crate::door::Visit;
use crate::outcome::Refusal;
use crate::summary::{Subset, subset};

/// `GET /{kind}/{id}`.
pub(crate) async fn read(visit: &Visit<'_>, call: &Call) -> Result<Answer, Refusal> {
    let subset = Subset::of_read(&call.query)?;
    let reading = visit.read(&call.asked).await?;
    let found = newest(&reading, &key(call)).await;
    let version = visit.finish(reading, found).await?;
    Ok(unless_unchanged(&version, &call.conditions).unwrap_or_else(|| show(&version, &subset)))
}

/// `GET /{kind}/{id}/_history/{version}`.
pub(crate) async fn vread(visit: &Visit<'_>, call: &Call) -> Result<Answer, Refusal> {
    let subset = Subset::of_read(&call.query)?;
    let reading = visit.read(&call.asked).await?;
    let found = numbered(&reading, &key(call), &call.names.version).await;
    let version = visit.finish(reading, found).await?;
    Ok(show(&version, &subset))
}

/// The resource that a call's path names.
pub(crate) fn key(call: &Call) -> Key {
    Key::new(&call.names.kind, &call.names.id)
}

/// The newest version of a resource that is there.
///
/// # Errors
/// 404 when there is none or the permit does not reach it, 410 when it was deleted or erased.
pub(crate) async fn newest(reading: &Reading, key: &Key) -> Result<Version, Refusal> {
    let version = reading.get(key).await?;
    shown(key, version)
}

async fn numbered(reading: &Reading, key: &Key, number: &str) -> Result<Version, Refusal> {
    let absent = || Refusal::not_found(format!("{key} has no version {number}, or it may not be seen."));
    let number: u64 = number.parse().map_err(|_| absent())?;
    let version = reading.version(key, number).await?;
    shown(key, Some(version.ok_or_else(absent)?))
}

fn shown(key: &Key, version: Option<Version>) -> Result<Version, Refusal> {
    let Some(version) = version else {
        return Err(Refusal::not_found(format!("{key} does not exist, or it may not be seen.")));
    };
    if version.operation == Operation::Delete {
        let details = format!("{key} was deleted (version {}).", version.version);
        return Err(Refusal::new(StatusCode::GONE, "deleted", details));
    }
    if let Some(entry) = version.erased {
        let details = format!("Version {} of {key} was erased by entry {entry}.", version.version);
        return Err(Refusal::new(StatusCode::GONE, "deleted", details));
    }
    Ok(version)
}

fn show(version: &Version, subset_wanted: &Subset) -> Answer {
    let mut answer = Answer::version(version);
    if let Some(text) = subset(&version.text, subset_wanted) {
        answer.body = Some(text.into());
    }
    answer
}

/// 304 when the client has this version already (RFC 9110, 13.2.2: the tag goes before the date).
fn unless_unchanged(version: &Version, conditions: &Conditions) -> Option<Answer> {
    let unchanged = match (conditions.if_none_match, conditions.if_modified_since) {
        (Some(known), _) => known == version.version,
        // The header has whole seconds.
        (None, Some(since)) => version.moment.0.div_euclid(1000) <= since.0.div_euclid(1000),
        (None, None) => false,
    };
    let mut answer = Answer::empty(StatusCode::NOT_MODIFIED);
    answer.version = Some((version.version, version.moment));
    unchanged.then_some(answer)
}
