//! A search as asked for: which resources, in which order, how many, and what else goes with them.
//!
//! Result parameters are parsed here, criteria in `criteria`. What is not known is refused, or, with
//! `Prefer: handling=lenient`, passed over with a warning; `self` links repeat what was applied and nothing else.
//! <http://hl7.org/fhir/R4/search.html#Summary>.

use fhir::definitions;
use fhir::search::{Surroundings, sort_parameter};
use record::{Clause, Key, Order, Select};

use crate::call::{Call, Query};
use crate::outcome::{Issue, Refusal};
use crate::page::PAGE;
use crate::routes::Work;
use crate::search::include::Include;
use crate::search::{compartment, criteria};
use crate::summary::Subset;
use crate::write::known_kind;

/// Matches on a page when the client does not say, and at most.
const USUAL: usize = 50;
const MOST: usize = 1000;
/// Parameters of one search.
const MOST_PARAMETERS: usize = 100;
/// Keys of one order.
const MOST_KEYS: usize = 4;

/// A search as asked for.
#[derive(Debug)]
pub(crate) struct Question {
    /// One question to the record for each type that is searched, in the order of the answer.
    pub(crate) selects: Vec<Select>,
    /// Matches on a page; 0 for none, only the count.
    pub(crate) count: usize,
    pub(crate) total: bool,
    pub(crate) subset: Subset,
    pub(crate) includes: Vec<Include>,
    /// Where the page before ended.
    pub(crate) page: Option<String>,
    /// The path for links.
    pub(crate) path: String,
    /// What was applied, for links.
    pub(crate) applied: Query,
    /// What was passed over.
    pub(crate) issues: Vec<Issue>,
}

/// What was read of the criteria and of the order.
#[derive(Default)]
struct Draft {
    kinds: Vec<String>,
    criteria: Query,
    /// Parameter codes, and whether descending.
    sort: Vec<(String, bool)>,
    only_count: bool,
}

impl Question {
    /// Reads a search.
    ///
    /// # Errors
    /// 400 with the name of the parameter that cannot be used; 404 for an unknown type.
    pub(crate) fn of(call: &Call, around: &Surroundings) -> Result<Question, Refusal> {
        if call.query.len() > MOST_PARAMETERS {
            let details = format!("A search may have at most {MOST_PARAMETERS} parameters.");
            return Err(Refusal::bad_request("too-costly", details));
        }
        let (path, compartment) = place(call)?;
        let mut question = Question::at(path);
        let mut draft = Draft { kinds: kinds_of_path(call, compartment.as_ref()), ..Draft::default() };
        // What the other parameters mean depends on the types.
        let (kinds, others): (Vec<_>, Vec<_>) = call.query.iter().partition(|(name, _)| name == "_type");
        for (name, value) in kinds.into_iter().chain(others) {
            match question.apply(&mut draft, call, (name, value), around) {
                Ok(()) if name == PAGE => {}
                Ok(()) => question.applied.push((name.clone(), value.clone())),
                Err(refusal) if call.preference.lenient => {
                    let passed_over = refusal.issues.into_iter().map(|issue| Issue::warning(issue.code, issue.details));
                    question.issues.extend(passed_over);
                }
                Err(refusal) => return Err(refusal),
            }
        }
        if draft.only_count {
            question.count = 0;
        }
        question.total |= question.count == 0;
        question.selects = selects(&draft, compartment.as_ref(), question.count, around)?;
        Ok(question)
    }

    fn at(path: String) -> Question {
        Question {
            selects: Vec::new(),
            count: USUAL,
            total: false,
            subset: Subset::Whole,
            includes: Vec::new(),
            page: None,
            path,
            applied: Query::new(),
            issues: Vec::new(),
        }
    }

    fn apply(
        &mut self,
        draft: &mut Draft,
        call: &Call,
        (name, value): (&str, &str),
        around: &Surroundings,
    ) -> Result<(), Refusal> {
        let (bare, modifier) = name.split_once(':').map_or((name, ""), |parts| parts);
        let wrong = || Refusal::bad_request("value", format!("{name} cannot be \"{value}\"."));
        match bare {
            PAGE => self.page = Some(value.to_owned()),
            "_count" => self.count = value.parse::<usize>().map_err(|_| wrong())?.min(MOST),
            "_total" => self.total = read_total(value).ok_or_else(wrong)?,
            "_summary" if value == "count" => draft.only_count = true,
            "_summary" => self.subset = Subset::of_summary(value).ok_or_else(wrong)?,
            "_elements" => self.subset = Subset::of_elements(value),
            "_sort" => draft.sort.extend(read_sort(value, &draft.kinds)?),
            "_contained" if value == "false" => {}
            "_type" if call.work == Work::SearchAll || call.names.member == "*" => {
                draft.kinds = read_kinds(value, &draft.kinds)?;
            }
            "_include" => self.includes.push(Include::forward(value, modifier)?),
            "_revinclude" => self.includes.push(Include::reverse(value, modifier)?),
            _ => {
                // Every type must know the parameter; the clauses themselves are made when all is read.
                for kind in &draft.kinds {
                    criteria::clause(kind, name, value, around)?;
                }
                draft.criteria.push((name.to_owned(), value.to_owned()));
            }
        }
        Ok(())
    }
}

/// The path for links, and the compartment's patient.
fn place(call: &Call) -> Result<(String, Option<Key>), Refusal> {
    match call.work {
        Work::SearchCompartment => {
            let key = Key::new("Patient", &call.names.id);
            if call.names.member != "*" {
                known_kind(&call.names.member)?;
            }
            Ok((format!("{key}/{}", call.names.member), Some(key)))
        }
        Work::SearchAll => Ok((String::new(), None)),
        _ => {
            known_kind(&call.names.kind)?;
            Ok((call.names.kind.clone(), None))
        }
    }
}

fn kinds_of_path(call: &Call, compartment: Option<&Key>) -> Vec<String> {
    match (compartment, call.work) {
        (Some(_), _) if call.names.member == "*" => compartment_kinds(),
        (Some(_), _) => vec![call.names.member.clone()],
        (None, Work::SearchAll) => definitions().resource_types().map(|kind| kind.name.to_owned()).collect(),
        (None, _) => vec![call.names.kind.clone()],
    }
}

/// The types that can belong to a patient's compartment, the patient first.
pub(crate) fn compartment_kinds() -> Vec<String> {
    let others = definitions().resource_types().map(|kind| kind.name);
    let members =
        others.filter(|kind| *kind != "Patient" && !definitions().compartment_parameters("Patient", kind).is_empty());
    std::iter::once("Patient").chain(members).map(str::to_owned).collect()
}

fn read_total(value: &str) -> Option<bool> {
    match value {
        "none" => Some(false),
        // Exact totals are what this server has; they satisfy a wish for an estimate.
        "estimate" | "accurate" => Some(true),
        _ => None,
    }
}

fn read_kinds(value: &str, allowed: &[String]) -> Result<Vec<String>, Refusal> {
    let kinds: Vec<String> = value.split(',').map(str::to_owned).collect();
    match kinds.iter().find(|kind| !allowed.contains(kind)) {
        Some(kind) => Err(Refusal::bad_request("value", format!("_type cannot be \"{kind}\" here."))),
        None => Ok(kinds),
    }
}

fn read_sort(value: &str, kinds: &[String]) -> Result<Vec<(String, bool)>, Refusal> {
    let keys: Vec<(String, bool)> = value
        .split(',')
        .map(|key| key.strip_prefix('-').map_or((key.to_owned(), false), |code| (code.to_owned(), true)))
        .collect();
    if keys.len() > MOST_KEYS {
        return Err(Refusal::bad_request("too-costly", format!("_sort may have at most {MOST_KEYS} keys.")));
    }
    for (code, _) in &keys {
        for kind in kinds {
            order(kind, code, false)?;
        }
    }
    Ok(keys)
}

/// One key of an order.
fn order(kind: &str, code: &str, descending: bool) -> Result<Order, Refusal> {
    if code == "_lastUpdated" {
        return Ok(Order { parameter: None, descending });
    }
    let refusal = |why: &str| {
        Refusal::bad_request("not-supported", format!("_sort by {code} is not supported for {kind}: {why}."))
    };
    match sort_parameter(kind, code).as_deref() {
        Ok([rows]) => Ok(Order { parameter: Some(rows), descending }),
        Ok(_) => Err(refusal("its values lie under several parameters")),
        Err(error) => Err(refusal(&error.to_string())),
    }
}

fn selects(
    draft: &Draft,
    compartment: Option<&Key>,
    count: usize,
    around: &Surroundings,
) -> Result<Vec<Select>, Refusal> {
    let mut selects = Vec::with_capacity(draft.kinds.len());
    for kind in &draft.kinds {
        let mut select = Select::of(kind).limit(count.max(1));
        if let Some(patient) = compartment {
            select.clauses.push(Clause::Any(vec![compartment::span(patient, kind)]));
        }
        for (name, value) in &draft.criteria {
            select.clauses.push(criteria::clause(kind, name, value, around)?);
        }
        for (code, descending) in &draft.sort {
            select.order.push(order(kind, code, *descending)?);
        }
        compartment::shorten(&mut select, &draft.criteria, &draft.sort, compartment);
        selects.push(select);
    }
    Ok(selects)
}
