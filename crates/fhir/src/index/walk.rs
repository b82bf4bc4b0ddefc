//! Follows many plain paths in one walk over a document.
//!
//! The paths of all search parameters of a type are merged into one tree of member names, resolved against the
//! definitions when it is built (`value as Quantity` becomes the member `valueQuantity`). A walk then looks at each
//! member of the document once, whatever the number of parameters.

use crate::definitions::{Binding, Structure, StructureKind, definitions};
use crate::document::Node;
use crate::expression::reference::{self, Reference};
use crate::expression::steps::{Filter, Path, Step};
use rustc_hash::FxHashMap;

/// The tree of member names.
#[derive(Debug, Default)]
pub(super) struct Walk {
    edges: FxHashMap<Box<str>, Vec<Edge>>,
    /// One bit for each name, by its length and ends: tells quickly that a member is not among them.
    sketch: u64,
}

/// A number from 0 to 63 made of a name's length and ends.
fn sketch_bit(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let (first, last) = (bytes.first().copied().unwrap_or(0), bytes.last().copied().unwrap_or(0));
    1 << ((usize::from(first) * 5 + usize::from(last) * 3 + bytes.len()) & 63)
}

/// One way from an object to the values of a member.
#[derive(Debug)]
struct Edge {
    /// What a value must fulfil.
    filters: Vec<Filter>,
    /// Only the value at this place.
    item: Option<usize>,
    /// The type of the values.
    structure: &'static Structure,
    /// Which paths end here.
    ends: Vec<u16>,
    /// Where the others go on.
    next: Walk,
}

/// Where a path can end.
pub(super) struct PathEnd {
    /// The type of the values there.
    pub(super) structure: &'static Structure,
    /// The value set they are bound to.
    pub(super) binding: Option<Binding>,
}

/// A child step with what stands between it and the next.
struct Leg<'p> {
    name: &'p str,
    kind: Option<&'p str>,
    filters: Vec<Filter>,
    item: Option<usize>,
}

impl Walk {
    /// Adds a path that starts at a value of this type, and tells where it can end: nowhere if the definitions do not
    /// know its way; then nothing was added.
    pub(super) fn add(&mut self, path: &Path, from: &'static Structure, end: u16) -> Vec<PathEnd> {
        let mut ends = Vec::new();
        if let Some(legs) = legs(&path.steps)
            && !legs.is_empty()
            && leads_somewhere(&legs, from)
        {
            self.add_legs(&legs, from, end, &mut ends);
        }
        ends
    }

    fn add_legs(&mut self, legs: &[Leg<'_>], from: &'static Structure, end: u16, ends: &mut Vec<PathEnd>) {
        let Some((leg, rest)) = legs.split_first() else { return };
        let element = from.elements.iter().find(|element| element.name == leg.name);
        for (member, structure) in members(leg, from) {
            self.sketch |= sketch_bit(&member);
            let edges = self.edges.entry(member.into()).or_default();
            let same = |edge: &Edge| edge.filters == leg.filters && edge.item == leg.item;
            let place = edges.iter().position(same).unwrap_or_else(|| {
                let filters = leg.filters.clone();
                edges.push(Edge { filters, item: leg.item, structure, ends: Vec::new(), next: Walk::default() });
                edges.len() - 1
            });
            if rest.is_empty() {
                edges[place].ends.push(end);
                ends.push(PathEnd { structure, binding: element.and_then(|element| element.binding) });
            } else {
                edges[place].next.add_legs(rest, structure, end, ends);
            }
        }
    }

    /// Calls `found` with every value at the end of a path: the path's number, the value, its type. `resource` is
    /// where references to contained resources are looked up.
    pub(super) fn follow<'d>(
        &self,
        from: Node<'d, 'd>,
        resource: Node<'d, 'd>,
        found: &mut dyn FnMut(u16, Node<'d, 'd>, &'static Structure),
    ) {
        for (member, value) in from.members() {
            if self.sketch & sketch_bit(member) == 0 {
                continue;
            }
            let Some(edges) = self.edges.get(member) else { continue };
            for edge in edges {
                match edge.item {
                    None => value.items().for_each(|item| edge.visit(item, resource, found)),
                    Some(place) => value.items().skip(place).take(1).for_each(|it| edge.visit(it, resource, found)),
                }
            }
        }
    }

    /// The same with those of its paths alone whose numbers are wanted.
    pub(super) fn only(&self, is_wanted: &impl Fn(u16) -> bool) -> Walk {
        let mut walk = Walk::default();
        for (member, edges) in &self.edges {
            let edges = edges.iter().map(|edge| edge.only(is_wanted));
            let edges: Vec<Edge> = edges.filter(|edge| !edge.ends.is_empty() || !edge.next.edges.is_empty()).collect();
            if !edges.is_empty() {
                walk.sketch |= sketch_bit(member);
                walk.edges.insert(member.clone(), edges);
            }
        }
        walk
    }

    /// Whether a path of this number ends anywhere.
    pub(super) fn reaches(&self, end: u16) -> bool {
        self.edges.values().flatten().any(|edge| edge.ends.contains(&end) || edge.next.reaches(end))
    }
}

impl Edge {
    fn only(&self, is_wanted: &impl Fn(u16) -> bool) -> Edge {
        Edge {
            filters: self.filters.clone(),
            item: self.item,
            structure: self.structure,
            ends: self.ends.iter().copied().filter(|end| is_wanted(*end)).collect(),
            next: self.next.only(is_wanted),
        }
    }

    fn visit<'d>(
        &self,
        value: Node<'d, 'd>,
        resource: Node<'d, 'd>,
        found: &mut dyn FnMut(u16, Node<'d, 'd>, &'static Structure),
    ) {
        if value.is_null() || !self.filters.iter().all(|filter| holds(filter, value, resource)) {
            return;
        }
        for end in &self.ends {
            found(*end, value, self.structure);
        }
        if !self.next.edges.is_empty() {
            self.next.follow(value, resource, found);
        }
    }
}

/// Groups the steps by child; `None` if a path begins with something else.
fn legs(steps: &[Step]) -> Option<Vec<Leg<'_>>> {
    let mut legs: Vec<Leg<'_>> = Vec::new();
    for step in steps {
        match step {
            Step::Child(name) => legs.push(Leg { name, kind: None, filters: Vec::new(), item: None }),
            Step::OfType(kind) => legs.last_mut()?.kind = Some(kind),
            Step::Keep(filter) => legs.last_mut()?.filters.push(filter.clone()),
            Step::Item(place) => legs.last_mut()?.item = Some(*place),
        }
    }
    Some(legs)
}

fn leads_somewhere(legs: &[Leg<'_>], from: &'static Structure) -> bool {
    let Some((leg, rest)) = legs.split_first() else { return true };
    members(leg, from).iter().any(|(_, structure)| leads_somewhere(rest, structure))
}

/// The members of a document that a step means, with their types: several for a choice, none if the step is unknown.
fn members(leg: &Leg<'_>, from: &'static Structure) -> Vec<(String, &'static Structure)> {
    let mut found = Vec::new();
    let Some(element) = from.elements.iter().find(|element| element.name == leg.name) else { return found };
    for type_ref in element.types {
        let Some(structure) = type_ref.structure() else { continue };
        let fits = match leg.kind {
            None => true,
            Some(kind) if structure.primitive.is_some() => structure.name == kind,
            Some(kind) => structure.is_a(kind),
        };
        if !fits {
            continue;
        }
        let mut member = element.name.to_owned();
        if element.is_choice {
            let (first, rest) = type_ref.code.split_at(1);
            member.push_str(&first.to_ascii_uppercase());
            member.push_str(rest);
        }
        found.push((member, structure));
    }
    found
}

fn holds(filter: &Filter, value: Node<'_, '_>, resource: Node<'_, '_>) -> bool {
    match filter {
        Filter::ChildIs(name, text) => value.get(name).and_then(|child| child.text()).is_some_and(|own| own == **text),
        Filter::RefersTo(kind) => refers_to(value, resource).is_some_and(|structure| structure.is_a(kind)),
    }
}

/// The type of the resource that a reference means, as far as its text, its `type` or a contained resource tells.
fn refers_to(value: Node<'_, '_>, resource: Node<'_, '_>) -> Option<&'static Structure> {
    let text = value.get("reference").and_then(|text| text.text()).or_else(|| value.text());
    match text.as_deref().map(reference::read) {
        Some(Reference::Contained(id)) => {
            let contained = contained(resource, id)?;
            definitions().resource_type(&contained.get("resourceType")?.text()?)
        }
        Some(Reference::Local { structure, .. } | Reference::Absolute { of: Some((structure, _)), .. }) => {
            Some(structure)
        }
        _ => definitions().structure(&value.get("type")?.text()?).filter(|it| it.kind == StructureKind::Resource),
    }
}

/// The contained resource with this id.
fn contained<'d>(resource: Node<'d, 'd>, id: &str) -> Option<Node<'d, 'd>> {
    let mut all = resource.get("contained")?.items();
    all.find(|node| node.get("id").and_then(|own| own.text()).is_some_and(|own| own == id))
}
