//! One search parameter of a query (`code:modifier=value,value`) into conditions on index rows.
//!
//! Parsed once, at the rim: what comes out names spans of rows and nothing of the query's syntax is left. Unknown
//! parameters, modifiers and values are refused with what and where, never ignored. Chains are taken apart here and
//! answered by whoever holds the store. Knows no store; time is a parameter.

use super::spans;
use super::table::{Parameter, Table, table};
use super::text::split;
use crate::definitions::{ParameterKind, definitions};
use terms::Moment;
use terms::index::{Next, Span};

/// The most values that one parameter may list.
const MOST_VALUES: usize = 1000;
/// The most texts that are looked for inside others.
const MOST_SOUGHT: usize = 20;

/// What a query is read against.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// What `ap` measures from.
    pub now: Moment,
    /// This server's own base address without a closing slash; references that begin with it are local.
    pub base: Option<String>,
}

/// What must hold for a resource to match one parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// At least one of its rows lies in one of these spans.
    Any(Vec<Span>),
    /// None of its rows lies in any of these spans.
    None(Vec<Span>),
    /// A reference of it points to a resource that matches another parameter.
    Chain {
        /// Which types the target may have, each with the name of the reference's rows (`Target` parts) that lead to it;
        /// `rest` is a parameter of each type.
        targets: Vec<(String, &'static str)>,
        /// The target's parameter with its modifier or further chain.
        rest: String,
        /// The values as written.
        values: String,
    },
    /// A resource that refers to it matches another parameter (`_has`).
    ReverseChain {
        /// The type of the resource that refers.
        resource_type: String,
        /// The reference's rows: `Target` parts under this name.
        reference_parameter: &'static str,
        /// The referring resource's parameter with its modifier or further chain.
        rest: String,
        /// The values as written.
        values: String,
    },
}

/// Why a search parameter is refused. Messages name the parameter and the place, never the value: it may be a
/// patient's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// There is no such resource type.
    #[error("there is no resource type {0:?}")]
    UnknownType(String),
    /// The type has no such parameter.
    #[error("{resource_type} has no search parameter {code:?}")]
    UnknownParameter {
        /// The type searched.
        resource_type: String,
        /// The parameter as written.
        code: String,
    },
    /// The parameter exists, but cannot be searched by here.
    #[error("the search parameter {code:?} of {resource_type} is not supported: {why}")]
    UnsupportedParameter {
        /// The type searched.
        resource_type: String,
        /// The parameter.
        code: String,
        /// The reason.
        why: &'static str,
    },
    /// The modifier does not exist, does not fit this parameter, or is not supported.
    #[error("the modifier {modifier:?} cannot be used on {code:?}: {why}")]
    Modifier {
        /// The parameter.
        code: String,
        /// The modifier as written.
        modifier: String,
        /// The reason.
        why: &'static str,
    },
    /// A value is not of the parameter's form.
    #[error("value {place} of {code:?} cannot be read: {why}")]
    Value {
        /// The parameter.
        code: String,
        /// Which of the values, counted from 1.
        place: usize,
        /// The reason.
        why: &'static str,
    },
    /// The parameter cannot give an order.
    #[error("{resource_type} cannot be sorted by {code:?}: {why}")]
    Sort {
        /// The type searched.
        resource_type: String,
        /// The parameter.
        code: String,
        /// The reason.
        why: &'static str,
    },
}

/// Parses one parameter of a query on a resource type: `key` as before the `=`, `values` as after it, both decoded.
///
/// # Errors
/// [`SearchError`] says what is refused and where.
pub fn parse(resource_type: &str, key: &str, values: &str, around: &Surroundings) -> Result<Condition, SearchError> {
    let Some(own) = table(resource_type) else { return Err(SearchError::UnknownType(resource_type.to_owned())) };
    if let Some(reverse) = key.strip_prefix("_has:") {
        return reverse_chain(resource_type, reverse, values);
    }
    if let Some((before, rest)) = key.split_once('.') {
        return chain(own, before, rest, values);
    }
    let (code, modifier) = match key.split_once(':') {
        Some((code, modifier)) => (code, Some(modifier)),
        None => (key, None),
    };
    let parameter = supported(own, code)?;
    let Some(modifier) = modifier else {
        return Ok(Condition::Any(all_spans(own, parameter, values, Modifier::None, around)?));
    };
    modified(own, parameter, modifier, values, around)
}

/// The rows whose first part gives the order of `_sort` on this parameter, ascending.
///
/// # Errors
/// Unknown or unsupported parameters, and kinds whose index has no order (codes, references, composites).
pub fn sort_parameter(resource_type: &str, code: &str) -> Result<Vec<&'static str>, SearchError> {
    let Some(own) = table(resource_type) else { return Err(SearchError::UnknownType(resource_type.to_owned())) };
    let parameter = supported(own, code)?;
    let refuse = |why| SearchError::Sort { resource_type: resource_type.to_owned(), code: code.to_owned(), why };
    match parameter.definition.kind {
        ParameterKind::String
        | ParameterKind::Date
        | ParameterKind::Number
        | ParameterKind::Quantity
        | ParameterKind::Uri => {}
        ParameterKind::Token if sources(own, parameter).iter().all(|it| it.forms.texts && !it.forms.codes) => {}
        ParameterKind::Token => return Err(refuse("codes have no order in the index")),
        ParameterKind::Reference => return Err(refuse("references have no order in the index")),
        ParameterKind::Composite | ParameterKind::Special => return Err(refuse("its values have no single order")),
    }
    Ok(sources(own, parameter).iter().map(|it| it.names.plain).collect())
}

/// Whether a type has such a reference parameter.
pub fn is_reference_parameter(resource_type: &str, code: &str) -> bool {
    let parameter = table(resource_type).and_then(|own| own.parameter(code));
    parameter.is_some_and(|it| it.definition.kind == ParameterKind::Reference && it.unsupported.is_none())
}

/// The names of all rows that a parameter of a type may have, those that others hold for it included; empty if it has
/// none.
pub fn row_parameters(resource_type: &str, code: &str) -> Vec<&'static str> {
    let Some(own) = table(resource_type) else { return Vec::new() };
    let Some(parameter) = own.parameter(code).filter(|parameter| parameter.unsupported.is_none()) else {
        return Vec::new();
    };
    sources(own, parameter).into_iter().flat_map(spans::names).collect()
}

/// The parameters of a type that cannot be searched by, each with the reason.
pub fn unsupported_parameters(resource_type: &str) -> Vec<(&'static str, &'static str)> {
    let parameters = table(resource_type).map_or(&[][..], |own| &own.parameters);
    parameters.iter().filter_map(|it| Some((it.code, it.unsupported?))).collect()
}

/// A modifier that changes how single values are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Modifier<'m> {
    None,
    Exact,
    Text,
    Identifier,
    OfType,
    Below,
    Above,
    /// A resource type, on a reference.
    Type(&'m str),
}

fn modified(
    own: &'static Table,
    parameter: &'static Parameter,
    modifier: &str,
    values: &str,
    around: &Surroundings,
) -> Result<Condition, SearchError> {
    let refuse = |why| {
        let (code, modifier) = (parameter.code.to_owned(), modifier.to_owned());
        Err(SearchError::Modifier { code, modifier, why })
    };
    let any = |modifier| Ok(Condition::Any(all_spans(own, parameter, values, modifier, around)?));
    match (modifier, parameter.definition.kind) {
        ("missing", _) => {
            let all = sources(own, parameter).into_iter().flat_map(spans::names);
            let spans = all.map(|name| Span::head(name, [])).collect();
            match values {
                "true" => Ok(Condition::None(spans)),
                "false" => Ok(Condition::Any(spans)),
                _ => Err(value_error(parameter, 1, "true or false was expected")),
            }
        }
        ("not", ParameterKind::Token) => {
            Ok(Condition::None(all_spans(own, parameter, values, Modifier::None, around)?))
        }
        ("exact", ParameterKind::String) if parameter.code != "phonetic" => any(Modifier::Exact),
        ("contains", ParameterKind::String) if parameter.code != "phonetic" => containing(own, parameter, values),
        ("text", ParameterKind::Token) => any(Modifier::Text),
        ("of-type", ParameterKind::Token) => any(Modifier::OfType),
        ("identifier", ParameterKind::Reference) => any(Modifier::Identifier),
        ("below", ParameterKind::Uri) => any(Modifier::Below),
        ("above", ParameterKind::Uri) => any(Modifier::Above),
        ("in" | "not-in" | "above" | "below", _) => refuse("it needs a terminology or hierarchy that is not held here"),
        (kind, ParameterKind::Reference) if definitions().resource_type(kind).is_some() => {
            let targets = parameter.definition.targets;
            if !targets.is_empty() && !targets.contains(&kind) {
                return refuse("the reference never points to this type");
            }
            any(Modifier::Type(kind))
        }
        ("not" | "exact" | "contains" | "text" | "of-type" | "identifier", _) => {
            refuse("it does not fit this kind of parameter")
        }
        _ => refuse("there is no such modifier"),
    }
}

/// `:contains`: a folded text in which one of the folded values stands. Every row of the parameter has to be looked at, once
/// for all values.
fn containing(own: &'static Table, parameter: &'static Parameter, values: &str) -> Result<Condition, SearchError> {
    let mut texts = Vec::new();
    let listed = listed(parameter, values)?;
    if listed.len() > MOST_SOUGHT {
        return Err(value_error(parameter, MOST_SOUGHT + 1, "more values than are looked for at once"));
    }
    for (place, value) in listed.iter().enumerate() {
        let folded = super::fold::fold(&super::text::unescape(value));
        if folded.is_empty() {
            return Err(value_error(parameter, place + 1, "it has no letter and no digit"));
        }
        texts.push(super::encode::owned_text(folded));
    }
    let sources = sources(own, parameter);
    Ok(Condition::Any(
        sources.iter().map(|it| Span::next(it.names.plain, [], Next::Containing(texts.clone()))).collect(),
    ))
}

/// The spans of all listed values, under the parameter or those that hold its rows.
fn all_spans(
    own: &'static Table,
    parameter: &'static Parameter,
    values: &str,
    modifier: Modifier<'_>,
    around: &Surroundings,
) -> Result<Vec<Span>, SearchError> {
    let mut found = Vec::new();
    let sources = sources(own, parameter);
    for (place, value) in listed(parameter, values)?.iter().enumerate() {
        for source in &sources {
            let spans = spans::of_value(source, value, modifier, around);
            found.extend(spans.map_err(|why| value_error(parameter, place + 1, why))?);
        }
    }
    Ok(found)
}

/// The values between commas.
fn listed<'v>(parameter: &Parameter, values: &'v str) -> Result<Vec<&'v str>, SearchError> {
    let listed = split(values, ',');
    if listed.len() > MOST_VALUES {
        return Err(value_error(parameter, MOST_VALUES + 1, "more values than are taken at once"));
    }
    if let Some(place) = listed.iter().position(|value| value.is_empty()) {
        return Err(value_error(parameter, place + 1, "it is empty"));
    }
    Ok(listed)
}

fn value_error(parameter: &Parameter, place: usize, why: &'static str) -> SearchError {
    SearchError::Value { code: parameter.code.to_owned(), place, why }
}

/// The parameters that hold the rows: itself, or those it is made of.
fn sources(own: &'static Table, parameter: &'static Parameter) -> Vec<&'static Parameter> {
    if parameter.sources.is_empty() {
        return vec![parameter];
    }
    // Sources are always smaller unions than what is made of them: this ends.
    parameter.sources.iter().flat_map(|place| sources(own, &own.parameters[usize::from(*place)])).collect()
}

fn unknown(own: &Table, code: &str) -> SearchError {
    SearchError::UnknownParameter { resource_type: own.structure.name.to_owned(), code: code.to_owned() }
}

fn supported(own: &'static Table, code: &str) -> Result<&'static Parameter, SearchError> {
    let Some(parameter) = own.parameter(code) else { return Err(unknown(own, code)) };
    if let Some(why) = parameter.unsupported {
        let (resource_type, code) = (own.structure.name.to_owned(), code.to_owned());
        return Err(SearchError::UnsupportedParameter { resource_type, code, why });
    }
    Ok(parameter)
}

/// Whether a chain's rest begins with a parameter of this type, or with one that the record answers itself.
fn knows(resource_type: &str, rest: &str) -> bool {
    let code = rest.split(['.', ':']).next().unwrap_or_default();
    let answered_elsewhere = matches!(code, "_id" | "_lastUpdated" | "_has");
    answered_elsewhere || table(resource_type).is_some_and(|own| supported(own, code).is_ok())
}

/// `subject:Patient.name`: `before` is what stands left of the first full stop.
fn chain(own: &'static Table, before: &str, rest: &str, values: &str) -> Result<Condition, SearchError> {
    let (code, kind) = match before.split_once(':') {
        Some((code, kind)) => (code, Some(kind)),
        None => (before, None),
    };
    let parameter = supported(own, code)?;
    let refuse = |modifier: &str, why| {
        let (code, modifier) = (code.to_owned(), modifier.to_owned());
        Err(SearchError::Modifier { code, modifier, why })
    };
    if parameter.definition.kind != ParameterKind::Reference {
        return refuse(rest, "only references can be followed");
    }
    let declared = parameter.definition.targets;
    let candidates: Vec<&str> = match kind {
        Some(kind) if definitions().resource_type(kind).is_none() => return refuse(kind, "there is no such type"),
        Some(kind) if !declared.is_empty() && !declared.contains(&kind) => {
            return refuse(kind, "the reference never points to this type");
        }
        Some(kind) => vec![kind],
        None if declared.is_empty() => definitions().resource_types().map(|structure| structure.name).collect(),
        None => declared.to_vec(),
    };
    let fitting = candidates.iter().filter(|kind| knows(kind, rest));
    let targets: Vec<_> = fitting.map(|kind| ((*kind).to_owned(), parameter.rows_of_targets(kind))).collect();
    if targets.is_empty() {
        let resource_type = candidates.join("|");
        return Err(SearchError::UnknownParameter { resource_type, code: rest.to_owned() });
    }
    let (rest, values) = (rest.to_owned(), values.to_owned());
    Ok(Condition::Chain { targets, rest, values })
}

/// `Observation:patient:code` of `_has:Observation:patient:code`.
fn reverse_chain(resource_type: &str, key: &str, values: &str) -> Result<Condition, SearchError> {
    let refuse = |why| {
        let (code, modifier) = ("_has".to_owned(), key.to_owned());
        Err(SearchError::Modifier { code, modifier, why })
    };
    let mut parts = key.splitn(3, ':');
    let (Some(referring), Some(code), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return refuse("it is written _has:Type:reference:parameter");
    };
    let Some(other) = table(referring) else { return Err(SearchError::UnknownType(referring.to_owned())) };
    let parameter = supported(other, code)?;
    if parameter.definition.kind != ParameterKind::Reference {
        return refuse("only references can be followed");
    }
    let targets = parameter.definition.targets;
    if !targets.is_empty() && !targets.contains(&resource_type) {
        return refuse("the reference never points to this type");
    }
    if !knows(referring, rest) {
        return Err(unknown(other, rest));
    }
    Ok(Condition::ReverseChain {
        resource_type: referring.to_owned(),
        reference_parameter: parameter.rows_of_targets(resource_type),
        rest: rest.to_owned(),
        values: values.to_owned(),
    })
}
