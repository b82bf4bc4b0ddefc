//! The patient's compartment as one range of the index, and the short way to it.
//!
//! A search for one patient's resources by code, newest first, is one walk along the compartment's rows: they hold
//! patient, type, code and descending date in this order. The search's own clauses stay as tests of what is found, so
//! the short way makes an answer faster and not different.

use fhir::definitions;
use fhir::search::compartment_parameters;
use record::{Clause, Key, Order, SUBJECT, Select};
use terms::index::{Next, Part, Span};

use crate::call::Query;

/// The rows of one type in a patient's compartment.
pub(crate) fn span(patient: &Key, kind: &str) -> Span {
    let parts = [Part::target(patient.kind.as_str(), patient.id.as_str()), Part::Kind(kind.to_owned())];
    Span::head(SUBJECT, parts)
}

/// Adds the compartment's range to a search that names one patient. `criteria` are the parameters of the search's last
/// clauses, in their order; `sort` its order by parameter codes; `patient` is given when the address names one.
pub(crate) fn shorten(select: &mut Select, criteria: &Query, sort: &[(String, bool)], patient: Option<&Key>) {
    let Some((main_code, dates)) = compartment_parameters(&select.kind) else { return };
    let own = &select.clauses[select.clauses.len() - criteria.len()..];
    let named = || criteria.iter().zip(own).find_map(|((name, _), clause)| patient_of(&select.kind, name, clause));
    let Some(patient) = patient.cloned().or_else(named) else { return };
    let coded = criteria
        .iter()
        .zip(own)
        .find_map(|((name, _), clause)| if Some(name.as_str()) == main_code { code_of(clause) } else { None });
    let mut span = span(&patient, &select.kind);
    if let Some(code) = coded {
        span.head.push(code.clone());
        // The rows of one code lie newest first by the type's main date.
        if let ([date], [(code, true)]) = (dates, sort)
            && date == code
        {
            select.order = vec![Order { parameter: Some(SUBJECT), descending: false }];
        }
    }
    // First, because it is small: beside it the others need not be measured to their end.
    select.clauses.insert(0, Clause::Any(vec![span]));
}

/// The one patient that a criterion names, if its parameter puts resources of this type into the compartment.
fn patient_of(kind: &str, name: &str, clause: &Clause) -> Option<Key> {
    let code = name.split(':').next().unwrap_or(name);
    let members = definitions().compartment_parameters("Patient", kind);
    // Where the subject may be others too, `patient` means the subjects that are patients.
    let is_member = members.contains(&code) || (code == "patient" && members.contains(&"subject"));
    if !is_member {
        return None;
    }
    let Clause::Any(spans) = clause else { return None };
    let mut keys = spans.iter().map(|span| match (span.head.as_slice(), &span.next) {
        ([Part::Target { kind, id }], Next::Any) => Some((kind, id)),
        _ => None,
    });
    let (_, first) = keys.next()??;
    let all_same = keys.all(|key| key.is_some_and(|(_, id)| id == first));
    // A bare id means any type that the parameter may have; `patient` keeps references to patients only.
    let is_patient =
        matches!(spans.as_slice(), [span] if matches!(&span.head[0], Part::Target { kind, .. } if kind == "Patient"));
    (is_patient || (all_same && code == "patient")).then(|| Key::new("Patient", first))
}

/// The one code that a criterion names.
fn code_of(clause: &Clause) -> Option<&Part> {
    let Clause::Any(spans) = clause else { return None };
    let [span] = spans.as_slice() else { return None };
    match (span.head.as_slice(), &span.next) {
        ([code @ Part::Code { .. }], Next::Any) => Some(code),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use fhir::search::Surroundings;

    use super::*;
    use crate::search::criteria::clause;

    /// The order and the added clause of a search.
    fn shortened(kind: &str, criteria: &[(&str, &str)], sort: &[(&str, bool)]) -> (bool, Option<usize>) {
        let criteria: Query = criteria.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let sort: Vec<(String, bool)> = sort.iter().map(|(code, down)| ((*code).into(), *down)).collect();
        let mut select = Select::of(kind);
        for (name, value) in &criteria {
            select.clauses.push(clause(kind, name, value, &Surroundings::default()).unwrap());
        }
        let before = select.clauses.len();
        shorten(&mut select, &criteria, &sort, None);
        let added = select.clauses.first().filter(|_| select.clauses.len() > before).map(|clause| match clause {
            Clause::Any(spans) => spans[0].head.len(),
            _ => 0,
        });
        (select.order.iter().any(|order| order.parameter == Some(SUBJECT)), added)
    }

    #[test]
    fn the_short_way_is_taken_where_it_gives_the_same_answer() {
        let code = ("code", "http://loinc.org|718-7");
        let newest = [("date", true)];
        type Case<'c> = (&'c [(&'c str, &'c str)], &'c [(&'c str, bool)], (bool, Option<usize>));
        let cases: &[Case<'_>] = &[
            (&[("patient", "p1"), code], &newest, (true, Some(3))),
            (&[("subject", "Patient/p1"), code], &newest, (true, Some(3))),
            (&[("subject:Patient", "p1"), code], &newest, (true, Some(3))),
            (&[("patient", "p1"), code], &[("date", false)], (false, Some(3))),
            (&[("patient", "p1"), code], &[("date", true), ("status", false)], (false, Some(3))),
            (&[("patient", "p1"), ("code", "718-7")], &newest, (false, Some(2))),
            (
                &[("patient", "p1"), ("code", "http://loinc.org|718-7,http://loinc.org|2951-2")],
                &newest,
                (false, Some(2)),
            ),
            (&[("patient", "p1")], &newest, (false, Some(2))),
            (&[("patient", "p1,p2"), code], &newest, (false, None)),
            (&[("subject", "p1"), code], &newest, (false, None)),
            (&[code], &newest, (false, None)),
        ];
        for (criteria, sort, expected) in cases {
            assert_eq!(shortened("Observation", criteria, sort), *expected, "{criteria:?} {sort:?}");
        }
    }

    #[test]
    fn types_with_several_main_dates_keep_their_order() {
        let criteria = [("patient", "p1"), ("code", "http://snomed.info/sct|38341003")];
        assert_eq!(shortened("Condition", &criteria, &[("onset-date", true)]), (false, Some(3)));
    }
}
