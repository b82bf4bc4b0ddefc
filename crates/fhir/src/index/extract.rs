//! The index rows of a resource: all its search parameters in one walk, then its patients' compartment rows.
//!
//! A pure function of the document. What is not valid FHIR gives no row; validation is another's work.

use super::compartment;
use super::encode;
use super::fold::fold;
use super::phonetic::sounds;
use super::table::{Parameter, Part as Component, Table, table};
use super::values::{self, Amount, LONG_PERIOD_MS, Target, Token, Tokens};
use super::walk::Walk;
use crate::definitions::{ParameterKind, Structure};
use crate::document::{Document, Node};
use crate::expression::value::{Element, Value};
use crate::expression::{Context, Expression};
use rust_decimal::Decimal;
use smallvec::{SmallVec, smallvec};
use std::collections::BTreeSet;
use terms::Moment;
use terms::index::{Part, Row};

/// The most rows one resource may have; what goes beyond is not found.
const MOST_ROWS: usize = 50_000;
/// The most combinations of one composite value.
const MOST_COMBINATIONS: usize = 64;
/// Up to so many rows, duplicates are found by looking; beyond, by sorting.
const FEW_ROWS: usize = 64;

/// Adds the index rows of a resource to `out`, each once. An unknown type has none.
pub fn index_rows(resource_type: &str, id: &str, document: &Document<'_>, out: &mut Vec<Row>) {
    let Some(table) = table(resource_type) else { return };
    let start = out.len();
    add_rows(table, document, |_| true, out);
    if let Some(layout) = &table.compartment {
        compartment::add_rows(layout, resource_type, id, out, start);
    }
    if out.len() - start > FEW_ROWS {
        let mut own = out.split_off(start);
        own.sort_unstable();
        own.dedup();
        out.append(&mut own);
    }
}

/// Adds those rows of [`index_rows`] whose parameters are asked for, and perhaps others or some twice, without the work of
/// all.
pub fn some_index_rows(
    resource_type: &str,
    id: &str,
    document: &Document<'_>,
    wanted: &BTreeSet<&'static str>,
    out: &mut Vec<Row>,
) {
    let Some(table) = table(resource_type) else { return };
    let layout = table.compartment.as_ref().filter(|_| wanted.contains(compartment::PATIENT_COMPARTMENT));
    let is_wanted = |parameter: &Parameter| {
        wanted.iter().any(|name| parameter.names.has(name))
            || layout.is_some_and(|layout| layout.is_made_of(parameter.names.plain))
    };
    let is_wanted: SmallVec<[bool; 64]> = table.parameters.iter().map(is_wanted).collect();
    let start = out.len();
    if is_wanted.contains(&true) {
        add_rows(table, document, |place| is_wanted[usize::from(place)], out);
    }
    if let Some(layout) = layout {
        compartment::add_rows(layout, resource_type, id, out, start);
    }
}

/// Adds the rows that say in which patients' compartments a resource is, each with the patient alone: what
/// [`index_rows`] says of it, without working out all the others.
pub fn compartment_rows(resource_type: &str, id: &str, document: &Document<'_>, out: &mut Vec<Row>) {
    let Some(table) = table(resource_type) else { return };
    let Some(layout) = &table.compartment else { return };
    let start = out.len();
    let is_wanted = |place: u16| layout.has_members_in(table.parameters[usize::from(place)].names.plain);
    add_walked(table, &table.walk_of_members, document, is_wanted, out);
    let patients = compartment::patients(layout, resource_type, id, &out[start..]);
    out.truncate(start);
    out.extend(patients.into_iter().map(|patient| Row::one(compartment::PATIENT_COMPARTMENT, patient)));
}

/// Adds the rows of those of a type's parameters that are wanted, by their places in its table.
fn add_rows(table: &'static Table, document: &Document<'_>, is_wanted: impl Fn(u16) -> bool, out: &mut Vec<Row>) {
    add_walked(table, &table.walk, document, is_wanted, out);
}

/// The same by a walk that has their paths.
fn add_walked(
    table: &'static Table,
    walk: &Walk,
    document: &Document<'_>,
    is_wanted: impl Fn(u16) -> bool,
    out: &mut Vec<Row>,
) {
    let (start, resource) = (out.len(), document.root());
    let mut rows = Rows { out, start };
    let parameter = |place: u16| &table.parameters[usize::from(place)];
    walk.follow(resource, resource, &mut |end, node, structure| {
        if is_wanted(end) {
            rows.add(parameter(end), node, structure, resource);
        }
    });
    for place in table.on_resource.iter().filter(|place| is_wanted(**place)) {
        rows.add(parameter(*place), resource, table.structure, resource);
    }
    for (place, expression) in table.others.iter().filter(|(place, _)| is_wanted(*place)) {
        rows.add_evaluated(parameter(*place), expression, document);
    }
}

struct Rows<'o> {
    out: &'o mut Vec<Row>,
    start: usize,
}

type Parts = SmallVec<[Part; 2]>;

impl Rows<'_> {
    fn push(&mut self, parameter: &'static str, parts: Parts) {
        let own = &self.out[self.start..];
        if own.len() >= MOST_ROWS {
            return;
        }
        let row = Row { parameter, parts };
        if own.len() <= FEW_ROWS && own.iter().any(|other| std::ptr::eq(other.parameter, parameter) && *other == row) {
            return;
        }
        self.out.push(row);
    }

    /// The rows of one value.
    fn add<'d>(
        &mut self,
        parameter: &'static Parameter,
        node: Node<'d, 'd>,
        structure: &'static Structure,
        resource: Node<'d, 'd>,
    ) {
        match parameter.definition.kind {
            ParameterKind::Token => self.add_tokens(parameter, node, structure),
            ParameterKind::String => self.add_strings(parameter, node, structure),
            ParameterKind::Date => self.add_periods(parameter, node, structure),
            ParameterKind::Number | ParameterKind::Quantity => self.add_amount(parameter, node, structure),
            ParameterKind::Reference => self.add_targets(parameter, node, structure),
            ParameterKind::Uri => {
                if let Some(text) = node.text().filter(|text| !text.is_empty()) {
                    self.push(parameter.names.plain, smallvec![Part::Text(encode::text(&text))]);
                }
            }
            ParameterKind::Composite => self.add_composite(parameter, node, structure, resource),
            ParameterKind::Special => {}
        }
    }

    fn add_tokens<'d>(&mut self, parameter: &'static Parameter, node: Node<'d, 'd>, structure: &'static Structure) {
        let names = &parameter.names;
        let mut found = Tokens::default();
        values::tokens(node, structure, &mut found);
        for token in found.tokens {
            match token {
                Token::Code { system, code } => self.push(names.plain, smallvec![Part::Code { system, code }]),
                Token::Text { value, system } => {
                    let system = encode::owned_text(system);
                    if !system.is_empty() {
                        self.push(names.system, smallvec![Part::Text(system.clone())]);
                    }
                    self.push(names.plain, smallvec![Part::Text(encode::owned_text(value)), Part::Text(system)]);
                }
            }
        }
        for text in found.texts {
            let folded = fold(&text);
            if !folded.is_empty() {
                self.push(names.text, smallvec![Part::Text(encode::owned_text(folded))]);
            }
        }
        for (system, code, value) in found.of_type {
            self.push(names.of_type, smallvec![Part::Code { system, code }, Part::Text(encode::text(&value))]);
        }
    }

    fn add_strings<'d>(&mut self, parameter: &'static Parameter, node: Node<'d, 'd>, structure: &'static Structure) {
        let mut texts = Vec::new();
        values::strings(node, structure, &mut texts);
        for text in texts {
            if parameter.code == "phonetic" {
                for sound in sounds(&text) {
                    self.push(parameter.names.plain, smallvec![Part::Text(sound.into_bytes())]);
                }
            } else if let Some(parts) = values::string_parts(&text) {
                self.push(parameter.names.plain, SmallVec::from(parts));
            }
        }
    }

    fn add_periods(&mut self, parameter: &'static Parameter, node: Node<'_, '_>, structure: &'static Structure) {
        let mut periods = Vec::new();
        values::period(node, structure, &mut periods);
        for (low, high) in periods {
            let (first, last) = (Part::fixed(&encode::instant(low)), Part::fixed(&encode::instant(high)));
            if high.saturating_sub(low) >= LONG_PERIOD_MS {
                self.push(parameter.names.high, smallvec![last.clone(), first.clone()]);
            }
            self.push(parameter.names.plain, smallvec![first, last]);
        }
    }

    fn add_amount(&mut self, parameter: &'static Parameter, node: Node<'_, '_>, structure: &'static Structure) {
        let names = &parameter.names;
        if let Some(number) = values::number(node) {
            self.push(names.plain, smallvec![Part::fixed(&encode::short_number(number))]);
        }
        match values::amount(node, structure) {
            Some(Amount::Quantity { value, units }) => {
                self.push(names.plain, smallvec![Part::fixed(&encode::short_number(value))]);
                for (unit, value) in units {
                    self.push(names.unit, smallvec![unit, Part::fixed(&encode::short_number(value))]);
                }
            }
            Some(Amount::Range { low, high }) => {
                let low = Part::fixed(&encode::number(low.unwrap_or(Decimal::MIN)));
                let high = Part::fixed(&encode::number(high.unwrap_or(Decimal::MAX)));
                self.push(names.range, smallvec![low, high]);
            }
            None => {}
        }
    }

    fn add_targets(&mut self, parameter: &'static Parameter, node: Node<'_, '_>, structure: &'static Structure) {
        let mut targets = Vec::new();
        values::targets(node, structure, &mut targets);
        let names = &parameter.names;
        for target in targets {
            match target {
                // Another parameter of the same place has it.
                Target::Here { kind, .. } if parameter.rows_of_targets(kind) != names.plain => {}
                Target::Here { kind, id } => self.push(names.plain, smallvec![Part::target(kind, id)]),
                Target::Elsewhere { url, version } => {
                    let parts = smallvec![Part::Text(encode::text(&url)), Part::Text(encode::text(&version))];
                    self.push(names.uri, parts);
                }
                Target::Identified { value, system } => {
                    let parts = smallvec![Part::Text(encode::text(&value)), Part::Text(encode::text(&system))];
                    self.push(names.identifier, parts);
                }
            }
        }
    }

    /// Every combination of the values of the parts, those with a unit under a name of their own.
    fn add_composite<'d>(
        &mut self,
        parameter: &'static Parameter,
        node: Node<'d, 'd>,
        structure: &'static Structure,
        resource: Node<'d, 'd>,
    ) {
        // From the last part, which is the value and most often missing.
        let mut found: SmallVec<[Vec<(bool, Parts)>; 3]> = SmallVec::new();
        for component in parameter.parts.iter().rev() {
            let alternatives = component.alternatives(node, structure, resource);
            if alternatives.is_empty() {
                return;
            }
            found.push(alternatives);
        }
        let mut combinations: Vec<(bool, Parts)> = vec![(false, Parts::new())];
        for alternatives in found.iter().rev() {
            let mut next = Vec::with_capacity(combinations.len() * alternatives.len());
            for (has_unit, parts) in &combinations {
                for (is_unit, more) in alternatives {
                    let mut parts = parts.clone();
                    parts.extend(more.iter().cloned());
                    next.push((*has_unit || *is_unit, parts));
                }
            }
            next.truncate(MOST_COMBINATIONS);
            combinations = next;
        }
        for (has_unit, parts) in combinations {
            let name = if has_unit { parameter.names.unit } else { parameter.names.plain };
            self.push(name, parts);
        }
    }

    fn add_evaluated(&mut self, parameter: &'static Parameter, expression: &Expression, document: &Document<'_>) {
        let context = Context::resource(document, Moment(0));
        let Ok(items) = expression.evaluate(&context) else { return };
        for item in items {
            match item {
                Value::Element(Element { node: Some(node), structure: Some(structure), .. }) => {
                    self.add(parameter, node, structure, document.root());
                }
                Value::Boolean(flag) if parameter.definition.kind == ParameterKind::Token => {
                    self.push(parameter.names.plain, smallvec![Part::code("", flag.to_string())]);
                }
                _ => {}
            }
        }
    }
}

impl Component {
    /// The parts each value of this component has, and whether they name a unit.
    fn alternatives<'d>(
        &self,
        node: Node<'d, 'd>,
        structure: &'static Structure,
        resource: Node<'d, 'd>,
    ) -> Vec<(bool, Parts)> {
        let mut found = Vec::new();
        match &self.other {
            None => {
                self.walk.follow(node, resource, &mut |_, value, kind| self.alternative(value, kind, &mut found));
            }
            Some(expression) => {
                let focus = Value::Element(Element::typed(node, structure));
                let resource = Element::resource(resource);
                let context = Context { focus, resource, now: Moment(0), is_strict: false };
                for item in expression.evaluate(&context).unwrap_or_default() {
                    if let Value::Element(Element { node: Some(value), structure: Some(kind), .. }) = item {
                        self.alternative(value, kind, &mut found);
                    }
                }
            }
        }
        found
    }

    fn alternative<'d>(&self, node: Node<'d, 'd>, structure: &'static Structure, out: &mut Vec<(bool, Parts)>) {
        let mut add = |is_unit, parts: Parts| {
            if !out.contains(&(is_unit, parts.clone())) {
                out.push((is_unit, parts));
            }
        };
        match self.kind {
            ParameterKind::Token => {
                let mut found = Tokens::default();
                values::tokens(node, structure, &mut found);
                for token in found.tokens {
                    match token {
                        Token::Code { system, code } => add(false, smallvec![Part::Code { system, code }]),
                        Token::Text { value, system } => {
                            let parts = smallvec![Part::Text(encode::text(&value)), Part::Text(encode::text(&system))];
                            add(false, parts);
                        }
                    }
                }
            }
            ParameterKind::Quantity => match values::amount(node, structure) {
                Some(Amount::Quantity { value, units }) => {
                    add(false, smallvec![Part::fixed(&encode::short_number(value))]);
                    for (unit, value) in units {
                        add(true, smallvec![unit, Part::fixed(&encode::short_number(value))]);
                    }
                }
                // Ranges in a composite are not compared: the row would have another form.
                Some(Amount::Range { .. }) | None => {}
            },
            ParameterKind::Number => {
                if let Some(number) = values::number(node) {
                    // Another number may follow.
                    add(false, smallvec![Part::fixed(&encode::number(number))]);
                }
            }
            ParameterKind::Date => {
                let mut periods = Vec::new();
                values::period(node, structure, &mut periods);
                for (low, high) in periods {
                    let parts = [Part::fixed(&encode::instant(low)), Part::fixed(&encode::instant(high))];
                    add(false, SmallVec::from(parts));
                }
            }
            ParameterKind::String => {
                let mut texts = Vec::new();
                values::strings(node, structure, &mut texts);
                for parts in texts.iter().filter_map(|text| values::string_parts(text)) {
                    add(false, SmallVec::from(parts));
                }
            }
            ParameterKind::Reference => {
                let mut targets = Vec::new();
                values::targets(node, structure, &mut targets);
                for target in targets {
                    if let Target::Here { kind, id } = target {
                        add(false, smallvec![Part::target(kind, id)]);
                    }
                }
            }
            ParameterKind::Uri => {
                if let Some(text) = node.text() {
                    add(false, smallvec![Part::Text(encode::text(&text))]);
                }
            }
            ParameterKind::Composite | ParameterKind::Special => {}
        }
    }
}
