//! The search parameters of each resource type, compiled once at first use.
//!
//! A parameter whose values are all found under others (`combo-code` is `code` and `component-code`) has no rows of
//! its own; queries look under those. What has no expression or no meaning without more than an index is listed as
//! unsupported, with the reason.

use super::compartment::{self, Layout};
use super::walk::{PathEnd, Walk};
use crate::definitions::{Component, ParameterKind, SearchParameter, Structure, definitions};
use crate::expression::Expression;
use crate::expression::steps::{Filter, Path, Step};
use crate::primitives::Primitive;
use rustc_hash::FxHashMap;
use std::sync::{LazyLock, OnceLock};

/// The compiled search parameters of one resource type.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) structure: &'static Structure,
    /// In the order of the definitions; the place is the number of a path's end.
    pub(super) parameters: Vec<Parameter>,
    by_code: FxHashMap<&'static str, u16>,
    /// All plain paths of all parameters.
    pub(super) walk: Walk,
    /// Those of them by which a resource is in a patient's compartment.
    pub(super) walk_of_members: Walk,
    /// Parameters whose expression is more than plain paths.
    pub(super) others: Vec<(u16, Expression)>,
    /// Composites whose values are the resource itself.
    pub(super) on_resource: Vec<u16>,
    /// Where its compartment rows come from, if it is ever in a patient's.
    pub(super) compartment: Option<Layout>,
}

/// One search parameter as it applies to one concrete resource type.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) code: &'static str,
    pub(super) definition: &'static SearchParameter,
    /// What its rows are called.
    pub(super) names: Names,
    /// The parameters whose rows hold its values, where it has none itself.
    pub(super) sources: Vec<u16>,
    /// For references, types whose targets another parameter of the same place holds (`patient` those of `subject`), each
    /// with what its rows are called.
    pub(super) narrower: Vec<(Box<str>, &'static str)>,
    /// For composites, their parts in order.
    pub(super) parts: Vec<Part>,
    /// What forms its values can have.
    pub(super) forms: Forms,
    /// Why it cannot be searched by, if so.
    pub(super) unsupported: Option<&'static str>,
}

impl Parameter {
    /// What the rows of references to resources of a type are called.
    pub(super) fn rows_of_targets(&self, kind: &str) -> &'static str {
        let narrower = self.narrower.iter().find(|(own, _)| **own == *kind);
        narrower.map_or(self.names.plain, |(_, name)| name)
    }
}

/// What forms the values of a parameter can have; all of them where the definitions do not say.
#[derive(Debug, Default)]
pub(super) struct Forms {
    /// Codes with or without a system.
    pub(super) codes: bool,
    /// Identifiers and other tokens that are compared as text.
    pub(super) texts: bool,
    /// Ranges beside single numbers.
    pub(super) ranges: bool,
    /// The systems that elements of type `code` imply.
    pub(super) implied_systems: Vec<&'static str>,
}

impl Forms {
    const ALL: Forms = Forms { codes: true, texts: true, ranges: true, implied_systems: Vec::new() };

    fn note(&mut self, end: &PathEnd) {
        match (end.structure.name, end.structure.primitive) {
            ("CodeableConcept" | "Coding", _) => self.codes = true,
            ("Range" | "SampledData", _) => self.ranges = true,
            ("Identifier" | "ContactPoint", _) => self.texts = true,
            (_, Some(Primitive::Code | Primitive::Boolean)) => {
                self.codes = true;
                let sets = end.binding.and_then(|binding| binding.codes);
                self.implied_systems.extend(sets.iter().flat_map(|set| set.systems).map(|(system, _)| *system));
            }
            (_, Some(_)) => self.texts = true,
            _ => {}
        }
    }
}

/// A part of a composite parameter.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) kind: ParameterKind,
    pub(super) targets: &'static [&'static str],
    pub(super) walk: Walk,
    /// The parts' expressions where they are not plain paths from every value of the composite.
    pub(super) other: Option<Expression>,
}

/// The names of a parameter's rows; what each holds is told in [`super`].
#[derive(Debug)]
pub(super) struct Names {
    pub(super) plain: &'static str,
    pub(super) text: &'static str,
    pub(super) system: &'static str,
    pub(super) of_type: &'static str,
    pub(super) uri: &'static str,
    pub(super) identifier: &'static str,
    pub(super) high: &'static str,
    pub(super) range: &'static str,
    pub(super) unit: &'static str,
}

impl Names {
    fn new(resource_type: &str, definition: &'static SearchParameter) -> Names {
        let plain = if definition.base == resource_type {
            definition.full_name
        } else {
            format!("{resource_type}.{}", definition.code).leak()
        };
        // Once for each type, parameter and kind of row that it has: bounded, and kept as long as the process.
        let name = |suffix: &str, kind: ParameterKind| -> &'static str {
            if definition.kind == kind { format!("{plain}:{suffix}").leak() } else { plain }
        };
        Names {
            plain,
            text: name("text", ParameterKind::Token),
            system: name("system", ParameterKind::Token),
            of_type: name("of-type", ParameterKind::Token),
            uri: name("uri", ParameterKind::Reference),
            identifier: name("identifier", ParameterKind::Reference),
            high: name("high", ParameterKind::Date),
            range: match definition.kind {
                ParameterKind::Number => name("range", ParameterKind::Number),
                _ => name("range", ParameterKind::Quantity),
            },
            unit: match definition.kind {
                ParameterKind::Composite => name("unit", ParameterKind::Composite),
                _ => name("unit", ParameterKind::Quantity),
            },
        }
    }
}

impl Names {
    /// Whether rows of a parameter are called so.
    pub(super) fn has(&self, name: &str) -> bool {
        name.strip_prefix(self.plain).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    }
}

static TABLES: LazyLock<FxHashMap<&'static str, (&'static Structure, OnceLock<Table>)>> = LazyLock::new(|| {
    definitions().resource_types().map(|structure| (structure.name, (structure, OnceLock::new()))).collect()
});

/// The table of a resource type; `None` if there is no such type.
pub(super) fn table(resource_type: &str) -> Option<&'static Table> {
    let (structure, cell) = TABLES.get(resource_type)?;
    Some(cell.get_or_init(|| Table::new(structure)))
}

impl Table {
    /// The parameter that queries call by this code.
    pub(super) fn parameter(&self, code: &str) -> Option<&Parameter> {
        self.by_code.get(code).map(|place| &self.parameters[usize::from(*place)])
    }

    fn new(structure: &'static Structure) -> Table {
        let mut table = Table {
            structure,
            parameters: Vec::new(),
            by_code: FxHashMap::default(),
            walk: Walk::default(),
            walk_of_members: Walk::default(),
            others: Vec::new(),
            on_resource: Vec::new(),
            compartment: None,
        };
        let mut members: Vec<Option<Vec<Path>>> = Vec::new();
        for definition in definitions().search_parameters(structure.name) {
            let place = table.parameters.len() as u16;
            let parsed = definition.expression.and_then(|text| Expression::compile_for_search(text).ok());
            let paths = parsed.as_ref().and_then(Expression::paths);
            members.push(paths.map(|paths| applicable(paths, structure)));
            table.by_code.insert(definition.code, place);
            table.parameters.push(Parameter {
                code: definition.code,
                definition,
                names: Names::new(structure.name, definition),
                sources: Vec::new(),
                narrower: Vec::new(),
                parts: Vec::new(),
                forms: Forms::default(),
                unsupported: unsupported(definition, parsed.is_some()),
            });
        }
        for place in 0..table.parameters.len() {
            table.parameters[place].sources = sources(&table.parameters, &members, place);
        }
        for (place, paths) in members.iter().enumerate() {
            table.compile(place, paths.as_deref());
        }
        for place in 0..table.parameters.len() {
            table.parameters[place].narrower = table.narrower(&members, place);
        }
        table.compartment = compartment::layout(&table);
        if let Some(layout) = &table.compartment {
            let is_member = |place: u16| layout.has_members_in(table.parameters[usize::from(place)].names.plain);
            table.walk_of_members = table.walk.only(&is_member);
        }
        table
    }

    /// The types of the targets of one parameter that are found under another: one that selects the same references, but
    /// only those to this type.
    fn narrower(&self, members: &[Option<Vec<Path>>], place: usize) -> Vec<(Box<str>, &'static str)> {
        let single = |place: usize| match members[place].as_deref() {
            Some([path]) if self.walk.reaches(place as u16) => Some(path),
            _ => None,
        };
        let Some(own) = single(place) else { return Vec::new() };
        let others = (0..self.parameters.len()).filter_map(|other| {
            let parameter = &self.parameters[other];
            let (Step::Keep(Filter::RefersTo(kind)), before) = single(other)?.steps.split_last()? else { return None };
            let is_same = single(other)?.root == own.root && before == own.steps;
            (is_same && parameter.definition.kind == ParameterKind::Reference)
                .then(|| (kind.clone(), parameter.names.plain))
        });
        others.collect()
    }

    /// Adds what makes the rows of one parameter.
    fn compile(&mut self, place: usize, paths: Option<&[Path]>) {
        let parameter = &mut self.parameters[place];
        if parameter.unsupported.is_some() || !parameter.sources.is_empty() {
            return;
        }
        if parameter.definition.kind == ParameterKind::Composite {
            let components = parameter.definition.components;
            parameter.parts = components.iter().map(|it| Part::new(it, self.structure, paths)).collect();
        }
        let end = place as u16;
        for path in paths.unwrap_or_default() {
            if path.steps.is_empty() {
                self.on_resource.push(end);
            }
            for found in self.walk.add(path, self.structure, end) {
                self.parameters[place].forms.note(&found);
            }
        }
        if paths.is_none()
            && let Some(text) = self.parameters[place].definition.expression
            && let Ok(expression) = Expression::compile_for_search(text)
        {
            self.others.push((end, expression));
            self.parameters[place].forms = Forms::ALL;
        }
    }
}

impl Part {
    fn new(component: &'static Component, resource: &'static Structure, paths: Option<&[Path]>) -> Part {
        let definition = definitions().search_parameter_by_url(resource.name, component.definition);
        let mut part = Part {
            kind: definition.map_or(ParameterKind::Special, |definition| definition.kind),
            targets: definition.map_or(&[], |definition| definition.targets),
            walk: Walk::default(),
            other: None,
        };
        let Ok(expression) = Expression::compile_for_search(component.expression) else { return part };
        let froms: Vec<_> = paths.unwrap_or_default().iter().filter_map(|path| end_of(path, resource)).collect();
        let own = expression.paths().unwrap_or_default();
        let mut all_known = !own.is_empty() && froms.len() == 1;
        if let [from] = froms.as_slice() {
            // A type that the choice does not offer selects nothing; that is no reason to evaluate in full.
            let known = own.iter().filter(|path| !part.walk.add(path, from, 0).is_empty()).count();
            all_known &= known > 0;
        }
        if !all_known {
            part.other = Some(expression);
        }
        part
    }
}

/// The type of what a path leads to, if there is only one.
fn end_of(path: &Path, from: &'static Structure) -> Option<&'static Structure> {
    let mut at = from;
    for step in &path.steps {
        let Step::Child(name) = step else { return None };
        at = at.element(name)?.type_ref.structure()?;
    }
    Some(at)
}

/// The members of a union that begin with this type or one that it specialises.
fn applicable(paths: Vec<Path>, structure: &'static Structure) -> Vec<Path> {
    paths.into_iter().filter(|path| path.root.is_empty() || structure.is_a(&path.root)).collect()
}

/// Parameters of the same kind that together select exactly what this one does.
fn sources(parameters: &[Parameter], members: &[Option<Vec<Path>>], place: usize) -> Vec<u16> {
    let (own, Some(wanted)) = (&parameters[place], &members[place]) else { return Vec::new() };
    if wanted.len() < 2 || own.unsupported.is_some() || own.definition.kind == ParameterKind::Reference {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut covered: Vec<&Path> = Vec::new();
    for (other_place, other) in parameters.iter().enumerate() {
        let Some(paths) = &members[other_place] else { continue };
        let is_part = paths.len() < wanted.len() && !paths.is_empty() && paths.iter().all(|it| wanted.contains(it));
        if is_part && other.unsupported.is_none() && is_same_kind(own.definition, other.definition) {
            found.push(other_place as u16);
            covered.extend(paths);
        }
    }
    if wanted.iter().all(|path| covered.contains(&path)) { found } else { Vec::new() }
}

fn is_same_kind(one: &SearchParameter, other: &SearchParameter) -> bool {
    let expressions = |it: &SearchParameter| it.components.iter().map(|part| part.expression).collect::<Vec<_>>();
    one.kind == other.kind && expressions(one) == expressions(other)
}

fn unsupported(definition: &SearchParameter, has_expression: bool) -> Option<&'static str> {
    match (definition.code, definition.kind) {
        ("_id" | "_lastUpdated", _) => Some("the record answers it without this index"),
        ("near", _) => Some("distances are not indexed"),
        (_, ParameterKind::Special) => Some("it has rules of its own"),
        _ if !has_expression => Some("the standard gives no expression for it"),
        _ => None,
    }
}
