//! `Patient/{id}/$everything`: the patient, its compartment, and what these refer to outside of it.
//!
//! <http://hl7.org/fhir/R4/patient-operation-everything.html>. Paged like a search, at one snapshot. `start` and `end`
//! are not supported.

use fhir::definitions;
use record::{Clause, Key, Reading, Select, Version};
use rustc_hash::FxHashSet;
use terms::Moment;

use crate::answer::Answer;
use crate::call::{Call, Query};
use crate::door::{Bounds, Visit};
use crate::history::instant;
use crate::outcome::{Issue, Refusal};
use crate::page::{Mode, PAGE, Searchset, Token, address};
use crate::read::{key, newest};
use crate::search::question::compartment_kinds;
use crate::search::{compartment, include, listed, walk};
use crate::summary::Subset;

/// Resources on a page when the client does not say.
const USUAL: usize = 200;
const MOST: usize = 1000;

struct Wanted {
    kinds: Vec<String>,
    since: Option<Moment>,
    count: usize,
    page: Option<String>,
    applied: Query,
}

/// What stands around a page, and what there is to say about it.
type Surroundings = (Vec<Version>, Option<Issue>);

/// `GET /Patient/{id}/$everything`.
pub(crate) async fn everything(visit: &Visit<'_>, call: &Call) -> Result<Answer, Refusal> {
    let wanted = Wanted::of(&call.query)?;
    let base = &visit.door.base_url;
    let patient = key(call);
    let path = format!("{patient}/$everything");
    let asked = address("", &path, &wanted.applied);
    let token = wanted.page.as_deref().map(|page| Token::parse(page, &asked)).transpose()?;
    let reading = match &token {
        Some(token) => visit.read_at(&call.asked, token.sequence).await?,
        None => visit.read(&call.asked).await?,
    };
    let found = find(visit, &reading, &patient, &wanted, token.as_ref()).await;
    let (matches, (others, issue), next) = visit.finish(reading, found).await?;
    let mut links = vec![("self", address(base, &path, &wanted.applied))];
    if let Some(next) = next {
        let mut query = wanted.applied.clone();
        query.push((PAGE.to_owned(), next.text(&asked)));
        links.push(("next", address(base, &path, &query)));
    }
    let matches = matches.into_iter().map(|version| listed(version, Mode::Match, &Subset::Whole));
    let others = others.into_iter().map(|version| listed(version, Mode::Include, &Subset::Whole));
    let set =
        Searchset { total: None, links, entries: matches.chain(others).collect(), issues: issue.into_iter().collect() };
    Ok(Answer::document(set.print(base)))
}

async fn find(
    visit: &Visit<'_>,
    reading: &Reading,
    patient: &Key,
    wanted: &Wanted,
    token: Option<&Token>,
) -> Result<(Vec<Version>, Surroundings, Option<Token>), Refusal> {
    newest(reading, patient).await?;
    let selects: Vec<Select> = wanted.kinds.iter().map(|kind| select(patient, kind, wanted.since)).collect();
    let bounds = &visit.service.bounds;
    let (matches, next) = walk(reading, &selects, (wanted.count, bounds.answer_bytes), token).await?;
    let others = around(reading, &matches, bounds).await?;
    Ok((matches, others, next))
}

fn select(patient: &Key, kind: &str, since: Option<Moment>) -> Select {
    let select = match kind {
        "Patient" => Select::of(kind).with(Clause::Ids(vec![patient.id.clone()])),
        _ => Select::of(kind).with(Clause::Any(vec![compartment::span(patient, kind)])),
    };
    match since {
        Some(since) => select.with(Clause::Changed(Some(since), None)),
        None => select,
    }
}

/// What these versions refer to and no patient's compartment holds: staff, places, organisations, medicines.
/// With what to say when not all of them fit.
async fn around(reading: &Reading, versions: &[Version], bounds: &Bounds) -> Result<Surroundings, Refusal> {
    let mut listed = FxHashSet::default();
    let mut wanted = Vec::new();
    for version in versions {
        for key in include::targets(reading, version, |_| true) {
            let is_outside = definitions().compartment_parameters("Patient", &key.kind).is_empty();
            if is_outside && listed.insert(key.clone()) {
                wanted.push(key);
            }
        }
    }
    let too_many = wanted.len() > bounds.included;
    wanted.truncate(bounds.included);
    let (found, too_large) = reading.get_many_within(&wanted, bounds.included_bytes).await?;
    Ok((found, (too_many || too_large).then(|| include::left_out(bounds))))
}

impl Wanted {
    fn of(query: &Query) -> Result<Wanted, Refusal> {
        let mut wanted =
            Wanted { kinds: compartment_kinds(), since: None, count: USUAL, page: None, applied: Query::new() };
        for (name, value) in query {
            let wrong = || Refusal::bad_request("value", format!("{name} cannot be \"{value}\"."));
            match name.as_str() {
                "_count" => wanted.count = value.parse::<usize>().map_err(|_| wrong())?.clamp(1, MOST),
                "_since" => wanted.since = Some(instant(value).ok_or_else(wrong)?),
                "_type" => {
                    let kinds: Vec<&str> = value.split(',').collect();
                    wanted.kinds.retain(|kind| kinds.contains(&kind.as_str()));
                }
                PAGE => {
                    wanted.page = Some(value.clone());
                    continue;
                }
                _ => {
                    let details = format!("$everything with {name} is not supported.");
                    return Err(Refusal::bad_request("not-supported", details));
                }
            }
            wanted.applied.push((name.clone(), value.clone()));
        }
        Ok(wanted)
    }
}
