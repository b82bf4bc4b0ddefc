//! The history of one resource, newest version first.
//!
//! <http://hl7.org/fhir/R4/http.html#history>. `_at` is not supported; histories of types and of the whole system are
//! not offered yet.

use record::{Reading, Version};
use terms::Moment;

use crate::answer::Answer;
use crate::call::{Call, Query};
use crate::door::Visit;
use crate::outcome::Refusal;
use crate::page::{PAGE, address, print_history};
use crate::read::key;
use crate::write::known_kind;

/// Versions on a page when the client does not say.
const USUAL: usize = 50;
const MOST: usize = 1000;

/// What was asked of a history.
struct Wanted {
    count: usize,
    since: Option<Moment>,
    /// Where the page before ended.
    page: Option<String>,
    /// The parameters without the page, for links.
    applied: Query,
}

/// A page as found.
struct Found {
    versions: Vec<Version>,
    is_more: bool,
    total: Option<u64>,
}

/// `GET /{kind}/{id}/_history`.
pub(crate) async fn history(visit: &Visit<'_>, call: &Call) -> Result<Answer, Refusal> {
    known_kind(&call.names.kind)?;
    let wanted = Wanted::of(&call.query)?;
    let before = wanted.page.as_deref().map(|page| page.parse().map_err(|_| damaged_page())).transpose()?;
    let reading = visit.read(&call.asked).await?;
    let found = versions_of(&reading, call, before, &wanted, visit.service.bounds.answer_bytes).await;
    let found = visit.finish(reading, found).await?;
    let path = format!("{}/_history", key(call));
    Ok(page(visit, &path, &wanted, found))
}

async fn versions_of(
    reading: &Reading,
    call: &Call,
    before: Option<u64>,
    wanted: &Wanted,
    bytes: usize,
) -> Result<Found, Refusal> {
    let key = key(call);
    let Some(newest) = reading.get(&key).await? else {
        return Err(Refusal::not_found(format!("{key} does not exist, or it may not be seen.")));
    };
    let (versions, is_more) = reading.history_within(&key, before, wanted.count, bytes).await?;
    let total = wanted.since.is_none().then_some(newest.version);
    Ok(Found { versions, is_more, total })
}

/// One page of versions; the address of the next names the last that is shown.
fn page(visit: &Visit<'_>, path: &str, wanted: &Wanted, found: Found) -> Answer {
    let Found { mut versions, mut is_more, total } = found;
    if let Some(since) = wanted.since {
        let all = versions.len();
        versions.retain(|version| version.moment >= since);
        is_more &= versions.len() == all;
    }
    let base = &visit.door.base_url;
    let mut links = vec![("self", address(base, path, &wanted.applied))];
    if let Some(last) = versions.last().filter(|_| is_more) {
        let mut next = wanted.applied.clone();
        next.push((PAGE.to_owned(), last.version.to_string()));
        links.push(("next", address(base, path, &next)));
    }
    Answer::document(print_history(base, total, &links, &versions))
}

impl Wanted {
    fn of(query: &Query) -> Result<Wanted, Refusal> {
        let mut wanted = Wanted { count: USUAL, since: None, page: None, applied: Query::new() };
        for (name, value) in query {
            let wrong = || Refusal::bad_request("value", format!("{name} cannot be {value}."));
            match name.as_str() {
                "_count" => wanted.count = value.parse::<usize>().map_err(|_| wrong())?.clamp(1, MOST),
                "_since" => wanted.since = Some(instant(value).ok_or_else(wrong)?),
                PAGE => {
                    wanted.page = Some(value.clone());
                    continue;
                }
                _ => {
                    let details = format!("The parameter {name} is not known for a history.");
                    return Err(Refusal::bad_request("not-supported", details));
                }
            }
            wanted.applied.push((name.clone(), value.clone()));
        }
        Ok(wanted)
    }
}

/// A FHIR instant: date, time and zone.
pub(crate) fn instant(text: &str) -> Option<Moment> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(Moment(time.as_millisecond()))
}

fn damaged_page() -> Refusal {
    Refusal::bad_request("value", "This page's address is damaged. Start the history again.")
}
