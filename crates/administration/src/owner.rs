//! The owner of stays: what must hold of beds, whatever door a change comes through.
//!
//! One bed holds one patient: the commit asserts it. Somebody who has arrived is not refused for it: when the bed that a
//! form, a message or another system names is another's, the stay is committed with the tag *no bed yet*, which the board
//! shows and counts until somebody says where the patient is. Every byte outside `meta` stays as it was sent.

use std::collections::BTreeSet;

use fhir::{Document, Limits};
use record::{Assertion, Change, Draft, Key, Problem, Reading, Template};
use terms::index::{Part, Span};

use crate::draft::template_of;
use crate::places;
use crate::stays::{AT, RESERVED, Stay, live_claims, tagged, untagged};

/// Most stays of one draft whose beds are looked at one by one; there are no more beds in a hospital.
const MOST_LIVE: usize = 20_000;

/// Looks at the stays of a draft: adds the assertions that keep beds to one patient, and the tag to who has none.
///
/// # Errors
/// The record could not be read.
pub async fn plan(reading: &Reading, draft: Draft) -> Result<Draft, Problem> {
    Ok(judged(reading, draft).await?.0)
}

/// The same, and whether somebody who was placed has no bed by it.
pub(crate) async fn judged(reading: &Reading, mut draft: Draft) -> Result<(Draft, bool), Problem> {
    let changed: BTreeSet<String> =
        draft.changes.iter().map(Change::key).filter(|key| key.kind == "Encounter").map(|key| key.id.clone()).collect();
    if changed.is_empty() {
        return Ok((draft, false));
    }
    let mut is_somebody_without = false;
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut assertions = Vec::new();
    for change in draft.changes.iter_mut().take(MOST_LIVE) {
        let Change::Put(key, template) = change else { continue };
        if key.kind != "Encounter" {
            continue;
        }
        let Ok(document) = Document::parse(&template.text, &Limits::default()) else { continue };
        let stay = Stay::of(document.root());
        let (here, kept) = live_claims(&stay);
        let beds = beds_among(reading, &here).await?;
        let mut is_free = true;
        for bed in &beds {
            is_free &= !taken.contains(bed) && !is_held(reading, bed, &changed).await?;
        }
        if is_free {
            taken.extend(beds.iter().cloned());
            assertions.extend(beds.iter().map(|bed| at_most_one(AT, bed)));
        }
        // Who had no bed before, and of whom this says nothing else, has not lost one by it.
        is_somebody_without |= !is_free && !stay.no_bed_yet;
        assertions.extend(beds_among(reading, &kept).await?.iter().map(|bed| at_most_one(RESERVED, bed)));
        if stay.no_bed_yet == is_free {
            let text = if is_free { untagged(&document) } else { tagged(&document) };
            if let Some(new) = retold(key, template, &text) {
                *template = new;
            }
        }
    }
    draft.assertions.extend(assertions);
    Ok((draft, is_somebody_without))
}

/// Those of some places that one patient has alone.
async fn beds_among(reading: &Reading, claimed: &[&str]) -> Result<Vec<String>, Problem> {
    let mut beds = Vec::new();
    for id in claimed {
        let place = places::place(reading, id).await?;
        if place.is_some_and(|place| place.kind.is_bed()) {
            beds.push((*id).to_owned());
        }
    }
    Ok(beds)
}

/// Whether a stay that this draft leaves alone is in a bed.
async fn is_held(reading: &Reading, bed: &str, changed: &BTreeSet<String>) -> Result<bool, Problem> {
    let holders = crate::stays::occupants(reading, bed, "").await?;
    Ok(holders.iter().any(|stay| !changed.contains(&stay.id)))
}

fn at_most_one(row: &'static str, bed: &str) -> Assertion {
    Assertion::AtMost(vec![Span::head(row, [Part::target("Location", bed)])], 1)
}

/// The template of an edited text. One with large attachments cannot be edited here; no stay has any.
fn retold(key: &Key, template: &Template, text: &[u8]) -> Option<Template> {
    if !template.holes.is_empty() {
        return None;
    }
    let document = Document::parse(text, &Limits::default()).ok()?;
    Some(template_of(fhir::accept(&document, &key.id, &|_| None)))
}
