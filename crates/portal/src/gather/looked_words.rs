//! What somebody asked or changed, in words for *who has looked*.
//!
//! Never what a resource says or what was searched for: how much of which type, and no more.

use std::collections::BTreeMap;

use record::trail::{Changed, How};

use crate::door::asked;
use crate::words::{capital, counted};

/// Types that a line names for each thing that was done; the others it counts.
pub(super) const NAMED: usize = 4;

/// Whether a query came through the FHIR interface: its words begin with a method.
pub(super) fn is_software(query: &str) -> bool {
    query.split_once(' ').is_some_and(|(method, _)| method.bytes().all(|byte| byte.is_ascii_uppercase()))
}

/// What was asked, in words; of a FHIR request the kind of resource and never what was searched for.
pub(super) fn what_words(query: &str) -> String {
    match query {
        asked::SUMMARY => "Summary".to_owned(),
        asked::DETAILS => "Details".to_owned(),
        asked::REGISTER => "As a possible match at registration".to_owned(),
        asked::SEARCH => "In a search".to_owned(),
        asked::EMERGENCY => "Emergency board".to_owned(),
        asked::EMERGENCY_FORM => "Emergency form".to_owned(),
        asked::HOME => "Home page".to_owned(),
        asked::OWED => "In a list of what is owed".to_owned(),
        asked::TASK => "Task".to_owned(),
        asked::BOARD => "Ward board".to_owned(),
        asked::LIVE_BOARD => "Ward board, live".to_owned(),
        asked::HANDOVER => "Handover sheet".to_owned(),
        asked::WARD_FORM => "Ward form".to_owned(),
        asked::ADMISSIONS => "Admissions".to_owned(),
        asked::STAY => "Stay".to_owned(),
        asked::WARDS => "Wards".to_owned(),
        asked::REASON | asked::NO_REASON => "Was asked for a reason, not opened".to_owned(),
        asked::REVIEW => "In the list of restricted access to review".to_owned(),
        asked::WHO_LOOKED => "Who has looked".to_owned(),
        asked::DOWNTIME => "Downtime".to_owned(),
        asked::DOWNTIME_SHEETS => "On downtime sheets as they were made".to_owned(),
        asked::DOWNTIME_SHEET => "Downtime sheet".to_owned(),
        query if is_software(query) => software_words(query),
        _ => "Other".to_owned(),
    }
}

fn software_words(query: &str) -> String {
    let address = query.split_once(' ').map_or("", |(_, address)| address);
    let (path, searched) = address.split_once('?').map_or((address, false), |(path, _)| (path, true));
    let mut steps = path.split('/');
    let kind = steps.next().filter(|kind| !kind.is_empty()).unwrap_or("several kinds");
    let how = match (searched, steps.clone().next_back()) {
        (true, _) => ", searched",
        (false, Some("_history")) => ", all versions",
        (false, Some("$everything")) => ", everything",
        _ => "",
    };
    format!("{kind}{how} (software)")
}

/// How many resources of which type were added, changed, deleted or erased: so many types by name, those with most
/// resources, and the others counted.
pub(super) fn changed_words(changed: &[Changed], named: usize) -> String {
    let mut by_how: BTreeMap<How, BTreeMap<&str, usize>> = BTreeMap::new();
    for one in changed {
        *by_how.entry(one.how).or_default().entry(&one.kind).or_default() += one.count;
    }
    let words = by_how.into_iter().map(|(how, kinds)| format!("{} {}", verb(how), kinds_words(kinds, named)));
    capital(&words.collect::<Vec<_>>().join("; "))
}

fn verb(how: How) -> &'static str {
    match how {
        How::Created => "added",
        How::Updated => "changed",
        How::Deleted => "deleted",
        How::Erased => "erased texts of",
    }
}

fn kinds_words(kinds: BTreeMap<&str, usize>, named: usize) -> String {
    let mut kinds: Vec<(&str, usize)> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut words: Vec<String> = kinds.iter().take(named).map(|(kind, count)| kind_words(kind, *count)).collect();
    let others: usize = kinds.iter().skip(named).map(|(_, count)| count).sum();
    if others > 0 {
        words.push(format!("{others} of {}", counted(kinds.len() - named, "other type", "other types")));
    }
    words.join(", ")
}

/// A number of resources of a type, such as `2 medication requests`.
fn kind_words(kind: &str, count: usize) -> String {
    let one = spaced(kind);
    // Of an explanation of benefit, explanations are counted.
    let (noun, rest) = one.find(" of ").map_or((one.as_str(), ""), |at| one.split_at(at));
    let many = match noun.strip_suffix('y') {
        _ if kind == "Media" => one.clone(),
        Some(stem) if !stem.ends_with(['a', 'e', 'o']) => format!("{stem}ies{rest}"),
        _ => format!("{noun}s{rest}"),
    };
    counted(count, &one, &many)
}

/// A type in words, such as `medication request`.
pub(super) fn spaced(kind: &str) -> String {
    let mut words = String::with_capacity(kind.len() + 4);
    for letter in kind.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_is_counted_by_type_and_never_told() {
        let changed = |how, kind: &str, count| Changed { how, kind: kind.into(), count };
        let cases = [
            (vec![changed(How::Created, "Observation", 1)], "Added 1 observation"),
            (
                vec![changed(How::Created, "MedicationRequest", 2), changed(How::Deleted, "Flag", 1)],
                "Added 2 medication requests; deleted 1 flag",
            ),
            (
                vec![changed(How::Created, "ExplanationOfBenefit", 106), changed(How::Updated, "EpisodeOfCare", 1)],
                "Added 106 explanations of benefit; changed 1 episode of care",
            ),
            (vec![changed(How::Updated, "Patient", 1), changed(How::Updated, "Patient", 1)], "Changed 2 patients"),
            (vec![changed(How::Erased, "FamilyMemberHistory", 2)], "Erased texts of 2 family member histories"),
            (
                ["Account", "Basic", "Claim", "Consent", "Goal", "List"]
                    .map(|kind| changed(How::Created, kind, 1 + kind.len()))
                    .to_vec(),
                "Added 8 accounts, 8 consents, 6 basics, 6 claims, 10 of 2 other types",
            ),
        ];
        for (changed, words) in cases {
            assert_eq!(changed_words(&changed, NAMED), words);
        }
    }
}
