//! Searches: a question to the record, a page of answers, what goes with them, and a Bundle around it all.
//!
//! `question` reads what was asked, `criteria` turns parameters into the record's clauses, `compartment` shortens the
//! way to one patient's data, `include` finds what else belongs on the page.
//! <http://hl7.org/fhir/R4/search.html>.

pub(crate) mod compartment;
pub(crate) mod criteria;
pub(crate) mod include;
pub(crate) mod question;

use fhir::definitions;
use record::{Reading, Select, Version};

use crate::answer::Answer;
use crate::call::{Call, Query};
use crate::closed;
use crate::door::Visit;
use crate::outcome::Refusal;
use crate::page::{Listed, Mode, PAGE, Searchset, Token, address};
use crate::search::question::Question;
use crate::summary::{Subset, subset};

/// A page as found.
#[derive(Default)]
struct Found {
    matches: Vec<Version>,
    included: include::Included,
    total: Option<u64>,
    next: Option<Token>,
    /// Whether something may be left out that is closed to the permit.
    is_closed: bool,
}

/// `GET` and `POST _search`, of a type, of all types, of a patient's compartment.
pub(crate) async fn search(visit: &Visit<'_>, call: &Call) -> Result<Answer, Refusal> {
    let question = Question::of(call, &visit.surroundings())?;
    let asked = address("", &question.path, &question.applied);
    let token = question.page.as_deref().map(|page| Token::parse(page, &asked)).transpose()?;
    let reading = match &token {
        Some(token) => visit.read_at(&call.asked, token.sequence).await?,
        None => visit.read(&call.asked).await?,
    };
    let found = find(visit, &reading, &question, token.as_ref()).await;
    let found = visit.finish(reading, found).await?;
    Ok(Answer::document(searchset(visit, question, found, &asked).print(&visit.door.base_url)))
}

async fn find(
    visit: &Visit<'_>,
    reading: &Reading,
    question: &Question,
    token: Option<&Token>,
) -> Result<Found, Refusal> {
    let mut found = Found::default();
    if question.count > 0 {
        let bounds = &visit.service.bounds;
        let most = (question.count, bounds.answer_bytes);
        (found.matches, found.next) = walk(reading, &question.selects, most, token).await?;
        found.included = include::collect(reading, &found.matches, &question.includes, bounds).await?;
    }
    found.is_closed = may_leave_out(reading, question).await?;
    // The first page knows the total when there is no other.
    let is_whole = token.is_none() && found.next.is_none() && question.count > 0;
    found.total = match (is_whole, question.total) {
        (true, _) => Some(found.matches.len() as u64),
        (false, true) => Some(count(reading, &question.selects).await?),
        (false, false) => None,
    };
    Ok(found)
}

/// Whether the permit leaves out what is closed to it of what is asked for: lists show people and where they are.
async fn may_leave_out(reading: &Reading, question: &Question) -> Result<bool, Refusal> {
    let Some(closed) = &reading.permit().scope().closed else { return Ok(false) };
    let is_of_somebody = |kind: &str| !definitions().compartment_parameters("Patient", kind).is_empty();
    let mut kinds = question.selects.iter().map(|select| select.kind.as_str());
    let leaves_out = kinds.any(|kind| is_of_somebody(kind) && !closed.listed.contains(kind));
    Ok((leaves_out || !question.includes.is_empty()) && reading.is_partly_closed().await?)
}

/// One page over several questions, one after the other: so many resources, and so many bytes or one resource more.
pub(crate) async fn walk(
    reading: &Reading,
    selects: &[Select],
    (count, bytes): (usize, usize),
    token: Option<&Token>,
) -> Result<(Vec<Version>, Option<Token>), Refusal> {
    let mut matches = Vec::new();
    let (mut leg, mut cursor) = token.map_or((0, None), |token| (token.leg, token.cursor.clone()));
    let mut left = bytes;
    while let Some(select) = selects.get(leg) {
        let is_full = matches.len() == count || (left == 0 && !matches.is_empty());
        // A question that goes on has given what fits.
        if is_full || (cursor.is_some() && !matches.is_empty()) {
            return Ok((matches, Some(Token { sequence: reading.sequence(), leg, cursor })));
        }
        let select = Select { after: cursor.take(), ..select.clone().limit(count - matches.len()).within(left) };
        let page = reading.select(&select).await?;
        left = left.saturating_sub(page.versions.iter().map(|version| version.text.len()).sum());
        matches.extend(page.versions);
        cursor = page.next;
        if cursor.is_none() {
            leg += 1;
        }
    }
    Ok((matches, None))
}

async fn count(reading: &Reading, selects: &[Select]) -> Result<u64, Refusal> {
    let mut total = 0;
    for select in selects {
        total += reading.total(select).await?;
    }
    Ok(total)
}

fn searchset(visit: &Visit<'_>, question: Question, found: Found, asked: &str) -> Searchset {
    let base = &visit.door.base_url;
    let mut links = Vec::with_capacity(2);
    let next = found.next.map(|token| with_page(base, &question, &token.text(asked)));
    let current = question.page.as_deref().map(|page| with_page(base, &question, page));
    links.push(("self", current.unwrap_or_else(|| address(base, &question.path, &question.applied))));
    links.extend(next.map(|next| ("next", next)));
    let matches = found.matches.into_iter().map(|version| listed(version, Mode::Match, &question.subset));
    let included = found.included.versions.into_iter().map(|version| listed(version, Mode::Include, &question.subset));
    let entries = matches.chain(included).collect();
    let mut issues = question.issues;
    issues.extend(found.included.issue);
    issues.extend(found.is_closed.then(closed::left_out));
    Searchset { total: found.total, links, entries, issues }
}

fn with_page(base: &str, question: &Question, page: &str) -> String {
    let mut query: Query = question.applied.clone();
    query.push((PAGE.to_owned(), page.to_owned()));
    address(base, &question.path, &query)
}

/// A version as an entry, cut to the wanted part.
pub(crate) fn listed(version: Version, mode: Mode, wanted: &Subset) -> Listed {
    let text = subset(&version.text, wanted).map_or(version.text, Into::into);
    Listed { key: version.key, text, mode }
}
