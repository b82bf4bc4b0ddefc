//! `_include` and `_revinclude`: what matches refer to, and what refers to them.
//!
//! Works on index rows: a reference is a row with a target. `:iterate` applies an include to what other includes
//! found, as long as something new is found. What is added is bounded; what did not fit is said in an outcome.
//! <http://hl7.org/fhir/R4/search.html#revinclude>.

use fhir::definitions;
use fhir::search::{is_reference_parameter, row_parameters};
use record::{Clause, Key, Reading, Select, Version};
use rustc_hash::FxHashSet;
use terms::index::{Part, Span};

use crate::door::Bounds;
use crate::outcome::{Issue, Refusal};

/// One `_include` or `_revinclude`.
#[derive(Debug, Clone)]
pub(crate) struct Include {
    /// The type that holds the reference; `None` for any.
    source: Option<String>,
    /// The rows of the reference; `None` for any.
    rows: Option<Vec<&'static str>>,
    /// The type that is referred to; `None` for any.
    target: Option<String>,
    is_reverse: bool,
    iterates: bool,
}

/// What was found beside the matches.
#[derive(Debug, Default)]
pub(crate) struct Included {
    pub(crate) versions: Vec<Version>,
    /// Said when not everything fitted.
    pub(crate) issue: Option<Issue>,
}

impl Include {
    /// From the value of `_include`: `*`, `Type:*`, `Type:parameter` or `Type:parameter:Target`.
    pub(crate) fn forward(value: &str, modifier: &str) -> Result<Include, Refusal> {
        Include::of("_include", value, modifier, false)
    }

    /// From the value of `_revinclude`: `Type:parameter`, `Type:parameter:Target` or `Type:*`.
    pub(crate) fn reverse(value: &str, modifier: &str) -> Result<Include, Refusal> {
        Include::of("_revinclude", value, modifier, true)
    }

    fn of(name: &str, value: &str, modifier: &str, is_reverse: bool) -> Result<Include, Refusal> {
        let refusal = |why: &str| Refusal::bad_request("value", format!("{name} cannot be \"{value}\": {why}."));
        let iterates = match modifier {
            "" => false,
            "iterate" | "recurse" => true,
            _ => return Err(refusal("its only modifier is :iterate")),
        };
        if value == "*" && !is_reverse {
            return Ok(Include { source: None, rows: None, target: None, is_reverse, iterates });
        }
        let mut parts = value.split(':');
        let source = parts.next().filter(|kind| definitions().resource_type(kind).is_some());
        let source = source.ok_or_else(|| refusal("it must begin with a resource type"))?;
        let rows = match parts.next() {
            Some("*") => None,
            Some(code) if is_reference_parameter(source, code) => Some(row_parameters(source, code)),
            Some(_) => return Err(refusal("there is no such reference parameter")),
            None => return Err(refusal("it must name a parameter")),
        };
        let target = parts.next().map(str::to_owned);
        if target.as_ref().is_some_and(|kind| definitions().resource_type(kind).is_none()) {
            return Err(refusal("it must end with a resource type"));
        }
        Ok(Include { source: Some(source.to_owned()), rows, target, is_reverse, iterates })
    }

    fn takes(&self, parameter: &str) -> bool {
        self.rows.as_ref().is_none_or(|rows| rows.contains(&parameter))
    }
}

/// What includes may still add to a page.
struct Room {
    resources: usize,
    bytes: usize,
    /// Whether something was left out.
    is_cut: bool,
}

/// Everything that the includes add to these matches, each resource once, within the bounds. What does not fit is left
/// out, which R4 allows a server, and said.
pub(crate) async fn collect(
    reading: &Reading,
    matches: &[Version],
    includes: &[Include],
    bounds: &Bounds,
) -> Result<Included, Refusal> {
    let mut included = Included::default();
    let mut room = Room { resources: bounds.included, bytes: bounds.included_bytes, is_cut: false };
    if includes.is_empty() {
        return Ok(included);
    }
    let mut known: FxHashSet<Key> = matches.iter().map(|version| version.key.clone()).collect();
    let mut around: Vec<Version> = matches.to_vec();
    let mut is_first = true;
    while !around.is_empty() {
        let mut found = Vec::new();
        for include in includes {
            if !is_first && !include.iterates {
                continue;
            }
            let versions = match include.is_reverse {
                false => referred_to(reading, &around, include, &known, &mut room).await?,
                true => referring_to(reading, &around, include, &known, &mut room).await?,
            };
            known.extend(versions.iter().map(|version| version.key.clone()));
            found.extend(versions);
        }
        included.versions.extend(found.iter().cloned());
        around = found;
        is_first = false;
    }
    included.issue = room.is_cut.then(|| left_out(bounds));
    Ok(included)
}

/// Says that not everything that belongs on a page is on it.
pub(crate) fn left_out(bounds: &Bounds) -> Issue {
    let (most, mebibytes) = (bounds.included, bounds.included_bytes >> 20);
    let details = format!(
        "Only {most} included resources of {mebibytes} MiB together are given; others were left out. Read them by their \
         addresses, or search for them."
    );
    Issue::warning("incomplete", details)
}

impl Room {
    /// Takes what was found into account; what there is no room for is dropped.
    fn take(&mut self, mut versions: Vec<Version>) -> Vec<Version> {
        let found = versions.len();
        versions.retain(|version| {
            let fits = self.resources > 0 && version.text.len() <= self.bytes;
            if fits {
                self.resources -= 1;
                self.bytes -= version.text.len();
            }
            fits
        });
        self.is_cut |= versions.len() < found;
        versions
    }
}

/// What the references of these versions lead to, as far as there is room.
async fn referred_to(
    reading: &Reading,
    versions: &[Version],
    include: &Include,
    known: &FxHashSet<Key>,
    room: &mut Room,
) -> Result<Vec<Version>, Refusal> {
    let mut wanted = Vec::new();
    let mut listed = FxHashSet::default();
    for version in versions.iter().filter(|version| include.source.as_ref().is_none_or(|it| *it == version.key.kind)) {
        for key in targets(reading, version, |parameter| include.takes(parameter)) {
            let is_wanted = include.target.as_ref().is_none_or(|kind| *kind == key.kind) && !known.contains(&key);
            if is_wanted && listed.insert(key.clone()) {
                wanted.push(key);
            }
        }
    }
    wanted.truncate(room.resources + 1);
    let (found, is_cut) = reading.get_many_within(&wanted, room.bytes).await?;
    room.is_cut |= is_cut;
    Ok(room.take(found))
}

/// The resources that a version refers to under FHIR's parameters that `takes` admits.
pub(crate) fn targets(reading: &Reading, version: &Version, takes: impl Fn(&str) -> bool) -> Vec<Key> {
    let rows = reading.rows(version).into_iter();
    let referring = rows.filter(|row| !row.parameter.starts_with('~') && takes(row.parameter));
    let keys = referring.filter_map(|row| match row.parts.into_iter().next() {
        Some(Part::Target { kind, id }) => Some(Key::new(kind, id)),
        _ => None,
    });
    keys.collect()
}

/// What refers to these versions, as far as there is room.
async fn referring_to(
    reading: &Reading,
    versions: &[Version],
    include: &Include,
    known: &FxHashSet<Key>,
    room: &mut Room,
) -> Result<Vec<Version>, Refusal> {
    let Some(source) = &include.source else { return Ok(Vec::new()) };
    let of_target = |version: &&Version| include.target.as_ref().is_none_or(|kind| *kind == version.key.kind);
    let keys: Vec<&Key> = versions.iter().filter(of_target).map(|version| &version.key).collect();
    let rows = include.rows.clone().unwrap_or_else(|| references_of(source));
    let spans = rows
        .iter()
        .flat_map(|rows| keys.iter().map(|key| Span::head(rows, [Part::target(key.kind.as_str(), key.id.as_str())])));
    let mut select = Select::of(source).with(Clause::Any(spans.collect()));
    let mut found: Vec<Version> = Vec::new();
    while !room.is_cut && !keys.is_empty() {
        select = select.limit(1000).within(room.bytes);
        let page = reading.select(&select).await?;
        let new = page.versions.into_iter().filter(|version| !known.contains(&version.key));
        found.extend(room.take(new.collect()));
        match page.next {
            Some(next) => select.after = Some(next),
            None => break,
        }
    }
    Ok(found)
}

fn references_of(kind: &str) -> Vec<&'static str> {
    let all = definitions().search_parameters(kind).iter();
    let references = all.filter(|parameter| is_reference_parameter(kind, parameter.code));
    references.flat_map(|parameter| row_parameters(kind, parameter.code)).collect()
}
