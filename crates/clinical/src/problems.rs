//! Problems: active ones first, newest first; what is over in a list of its own. The same concept recorded again
//! while active is one line with several sources.
//!
//! Refuted and mistaken entries are left out; uncertain ones say so.

use std::collections::HashMap;

use fhir::Node;

use crate::read::{Source, concept_key, has_code, items, text, when, words, words_at};
use terms::PartialDate;

/// A patient's problems.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems {
    /// Active, recurring or relapsed, newest first.
    pub active: Vec<Problem>,
    /// Inactive, in remission or resolved, newest first.
    pub over: Vec<Problem>,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is recorded; several when the same concept was recorded again.
    pub sources: Vec<Source>,
    /// In words.
    pub name: String,
    /// When it began, else when it was recorded.
    pub since: Option<PartialDate>,
    /// When it ended.
    pub until: Option<PartialDate>,
    /// Its state in words, such as `Active` or `Provisional`.
    pub state: String,
    /// A note that was written with it.
    pub note: Option<String>,
}

/// Reads Condition resources.
pub(crate) fn problems<'d, 't: 'd>(resources: impl Iterator<Item = Node<'d, 't>>) -> Problems {
    let mut problems = Problems::default();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for resource in resources {
        let refuted = |status: Node<'_, '_>| has_code(status, &["refuted", "entered-in-error"]);
        if resource.get("verificationStatus").is_some_and(refuted) {
            continue;
        }
        let Some(problem) = problem(resource) else { continue };
        if is_over(resource) {
            problems.over.push(problem);
            continue;
        }
        let key = resource.get("code").and_then(concept_key).unwrap_or_else(|| problem.name.clone());
        match seen.get(&key) {
            Some(at) => merge(&mut problems.active[*at], problem),
            None => {
                seen.insert(key, problems.active.len());
                problems.active.push(problem);
            }
        }
    }
    let newest_first = |problem: &Problem| std::cmp::Reverse(problem.since.as_ref().map(|since| since.lower()));
    problems.active.sort_by_key(newest_first);
    problems.over.sort_by_key(newest_first);
    problems
}

/// The same concept once more: the earlier beginning stays, every source is kept.
fn merge(first: &mut Problem, again: Problem) {
    let start = |when: &Option<PartialDate>| when.as_ref().map_or(i64::MAX, |when| when.lower().0);
    if start(&again.since) < start(&first.since) {
        first.since = again.since;
    }
    first.note = first.note.take().or(again.note);
    first.sources.extend(again.sources);
}

/// Over by its clinical status, else by having ended.
fn is_over(resource: Node<'_, '_>) -> bool {
    match resource.get("clinicalStatus") {
        Some(status) => has_code(status, &["inactive", "remission", "resolved"]),
        None => resource.members().any(|(name, _)| name.starts_with("abatement")),
    }
}

fn problem(resource: Node<'_, '_>) -> Option<Problem> {
    let since = ["onsetDateTime", "recordedDate"].into_iter().find_map(|name| when(resource, name));
    let began = || when(resource.get("onsetPeriod")?, "start");
    Some(Problem {
        sources: vec![Source::of(resource)],
        name: words(resource.get("code")?)?,
        since: since.or_else(began),
        until: when(resource, "abatementDateTime"),
        state: state(resource),
        note: items(resource, "note").find_map(|note| text(note, "text")),
    })
}

fn state(resource: Node<'_, '_>) -> String {
    let certainty = resource.get("verificationStatus").and_then(|status| {
        let uncertain =
            [("provisional", "Provisional"), ("differential", "Differential"), ("unconfirmed", "Unconfirmed")];
        uncertain.into_iter().find(|(code, _)| has_code(status, &[code])).map(|(_, words)| words)
    });
    let course = resource.get("clinicalStatus").map(|status| {
        let courses = [
            ("active", "Active"),
            ("recurrence", "Recurring"),
            ("relapse", "Relapse"),
            ("inactive", "Inactive"),
            ("remission", "In remission"),
            ("resolved", "Resolved"),
        ];
        courses.into_iter().find(|(code, _)| has_code(status, &[code])).map_or("Status not known", |(_, words)| words)
    });
    let severity = words_at(resource, "severity").map(|words| words.to_lowercase());
    let course = course.unwrap_or("Status not recorded");
    let parts = [Some(course.to_owned()), certainty.map(str::to_lowercase), severity];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
