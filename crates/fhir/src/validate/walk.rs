//! The walk itself: objects against structures, arrays, choices and the two halves of a primitive.
//! Follows json.html of R4 for what may stand where. Does not judge single values, references or narratives itself.

use super::rules::RULES;
use super::{Checker, IssueCode, Path, Scope, Severity};
use crate::definitions::{Element, ElementMatch, Structure, StructureKind, definitions};
use crate::document::{Items, Kind, Node};
use crate::primitives::Primitive;

impl Checker {
    /// A value that must be a resource of any type.
    pub(super) fn resource<'d, 't>(&mut self, node: Node<'d, 't>, path: &Path<'_>, scope: Scope<'d, 't>) {
        if node.kind() != Kind::Object {
            return self.error(path, IssueCode::Structure, "a resource must be an object");
        }
        let Some(name) = node.get("resourceType") else {
            return self.error(path, IssueCode::Required, "the resourceType is missing");
        };
        let Some(structure) = name.text().and_then(|name| definitions().resource_type(&name)) else {
            return self.error(path, IssueCode::NotSupported, "R4 has no resource type of this name");
        };
        let own = if scope.is_contained { scope } else { Scope { resource: node, ..scope } };
        if structure.name == "Bundle" {
            self.bundle(node, path, own);
        } else {
            self.object(node, structure, path, own);
        }
        self.contained(node, path, own);
    }

    /// An object of a known structure.
    pub(super) fn object<'d, 't>(
        &mut self,
        node: Node<'d, 't>,
        structure: &'static Structure,
        path: &Path<'_>,
        scope: Scope<'d, 't>,
    ) {
        if node.kind() != Kind::Object {
            return self.error(path, IssueCode::Structure, format!("this must be an object ({})", structure.name));
        }
        if node.is_empty() {
            return self.error(path, IssueCode::Structure, "an object must not be empty");
        }
        let has_siblings = node.has_underscored_member();
        let mut present = 0;
        for (name, member) in node.members() {
            let plain = name.strip_prefix('_').unwrap_or(name);
            let Some(found) = structure.element(plain) else {
                if name != "resourceType" || structure.kind != StructureKind::Resource {
                    self.error(
                        &path.child(name),
                        IssueCode::Structure,
                        format!("{} has no such element", structure.name),
                    );
                }
                continue;
            };
            if found.element.is_choice && present & found.element.bit() != 0 {
                self.one_choice(node, structure, plain, found.element, path);
            }
            present |= found.element.bit();
            let at = path.child(found.element.name);
            let Some(own) = found.type_ref.structure() else { continue };
            if let Some(primitive) = own.primitive {
                let halves = Halves::of(node, name, plain, member, has_siblings);
                if let Some(halves) = halves {
                    self.primitive(halves, primitive, found, &at, scope);
                }
            } else if name.starts_with('_') {
                let message = format!("{} has no such element: only primitives have a sibling with _", structure.name);
                self.error(&path.child(name), IssueCode::Structure, message);
            } else {
                self.complex(member, own, found, &at, scope);
            }
        }
        self.presence(node, present, structure, path);
    }

    /// What can be said once all members are known: required elements and the rules of the structure.
    fn presence(&mut self, node: Node<'_, '_>, present: u64, structure: &'static Structure, path: &Path<'_>) {
        let missing = structure.required & !present;
        if missing != 0 {
            for element in structure.elements.iter().filter(|element| missing & element.bit() != 0) {
                let message = format!("{} requires this element", structure.name);
                let severity = if is_tolerated(structure, element, node) { Severity::Warning } else { Severity::Error };
                self.issue(&path.child(element.name), severity, IssueCode::Required, message);
            }
        }
        let stands_alone = structure.kind != StructureKind::Resource && structure.name != "Element";
        if node.len() == 1 && stands_alone && node.get("id").is_some() {
            self.error(path, IssueCode::Invariant, "an element must have a value or children besides its id (ele-1)");
        }
        for rule in RULES.of(structure) {
            rule.check(self, node, present, path);
        }
    }

    /// A choice element stands a second time: fine only as the other half of the same primitive.
    fn one_choice(
        &mut self,
        node: Node<'_, '_>,
        structure: &'static Structure,
        name: &str,
        element: &'static Element,
        path: &Path<'_>,
    ) {
        let other = node.members().map(|(other, _)| other.strip_prefix('_').unwrap_or(other)).find(|other| {
            let same = structure.element(other).is_some_and(|other| other.element.place == element.place);
            same && *other != name
        });
        if let Some(other) = other {
            let message = format!("{other} and {name} exclude each other: a choice has one type");
            self.error(&path.child(element.name), IssueCode::Structure, message);
        }
    }

    /// A value with children: one, or an array of them.
    fn complex<'d, 't>(
        &mut self,
        member: Node<'d, 't>,
        structure: &'static Structure,
        found: &ElementMatch,
        path: &Path<'_>,
        scope: Scope<'d, 't>,
    ) {
        if !found.element.is_array() {
            if member.kind() == Kind::Array {
                return self.error(path, IssueCode::Structure, "this element occurs once: no array");
            }
            return self.complex_item(member, structure, found, path, scope);
        }
        if !self.is_good_array(member, found.element, path) {
            return;
        }
        for (index, item) in member.items().enumerate() {
            self.complex_item(item, structure, found, &path.item(index), scope);
        }
    }

    fn complex_item<'d, 't>(
        &mut self,
        node: Node<'d, 't>,
        structure: &'static Structure,
        found: &ElementMatch,
        path: &Path<'_>,
        scope: Scope<'d, 't>,
    ) {
        if structure.kind == StructureKind::Resource {
            let is_contained = found.element.name == "contained";
            return self.resource(node, path, Scope { is_contained: scope.is_contained || is_contained, ..scope });
        }
        self.object(node, structure, path, scope);
        if structure.name == "Reference" {
            self.reference(node, found.type_ref.targets, path, scope);
        } else if found.element.binding.is_some() {
            self.bound_concept(node, structure, found.element, path);
        }
    }

    /// Not an array, empty, or of the wrong length: said here, and false.
    fn is_good_array(&mut self, member: Node<'_, '_>, element: &Element, path: &Path<'_>) -> bool {
        if member.kind() != Kind::Array {
            self.error(path, IssueCode::Structure, "this element may occur more than once: an array is needed");
            return false;
        }
        if member.is_empty() {
            self.error(path, IssueCode::Structure, "an array must not be empty");
            return false;
        }
        if member.len() < element.min as usize {
            self.error(path, IssueCode::Required, format!("at least {} of these are required", element.min));
        }
        if let Some(max) = element.max.filter(|max| member.len() > *max as usize) {
            self.error(path, IssueCode::Structure, format!("at most {max} of these are allowed"));
        }
        true
    }

    fn primitive<'d, 't>(
        &mut self,
        halves: Halves<'d, 't>,
        primitive: Primitive,
        found: &ElementMatch,
        path: &Path<'_>,
        scope: Scope<'d, 't>,
    ) {
        if !found.element.is_array() {
            if let Some(value) = halves.value {
                self.value(value, primitive, found.element, path);
            }
            return self.sibling(halves.sibling, halves.value.is_some(), path, scope);
        }
        for half in [halves.value, halves.sibling].into_iter().flatten() {
            if !self.is_good_array(half, found.element, path) {
                return;
            }
        }
        if let (Some(value), Some(sibling)) = (halves.value, halves.sibling)
            && value.len() != sibling.len()
        {
            self.error(path, IssueCode::Structure, "the arrays with and without _ must have the same length");
        }
        let mut values = Half::of(halves.value);
        let mut siblings = Half::of(halves.sibling);
        let length = halves.value.or(halves.sibling).map_or(0, |half| half.len());
        for index in 0..length {
            let (value, sibling) = (values.next(), siblings.next());
            let at = path.item(index);
            match value {
                Some(value) => self.value(value, primitive, found.element, &at),
                None if sibling.is_none() => {
                    self.error(&at, IssueCode::Structure, "null may stand only where the other array has something");
                }
                None => {}
            }
            self.sibling(sibling, value.is_some(), &at, scope);
        }
    }

    /// The half of a primitive that carries its id and extensions.
    fn sibling<'d, 't>(
        &mut self,
        sibling: Option<Node<'d, 't>>,
        has_value: bool,
        path: &Path<'_>,
        scope: Scope<'d, 't>,
    ) {
        let Some(sibling) = sibling else { return };
        let Some(element) = definitions().structure("Element") else { return };
        self.object(sibling, element, path, scope);
        if !has_value && !sibling.is_empty() && sibling.get("extension").is_none() {
            self.error(path, IssueCode::Invariant, "an element must have a value or children besides its id (ele-1)");
        }
    }
}

/// A required element that HL7's own published R4 resources leave out, where nothing can depend on it: the `linkId` of
/// a Questionnaire's display items, which have no answers to link to (187 of the 945 examples).
fn is_tolerated(structure: &Structure, element: &Element, node: Node<'_, '_>) -> bool {
    let is_display = || node.get("type").and_then(|kind| kind.text()).as_deref() == Some("display");
    structure.name == "Questionnaire.item" && element.name == "linkId" && is_display()
}

/// The two members that make up a primitive element: `name` and `_name`.
struct Halves<'d, 't> {
    value: Option<Node<'d, 't>>,
    sibling: Option<Node<'d, 't>>,
}

impl<'d, 't> Halves<'d, 't> {
    /// The halves of the member met; `None` when it is a sibling whose value is or was met by itself.
    fn of(
        object: Node<'d, 't>,
        name: &str,
        plain: &str,
        member: Node<'d, 't>,
        has_siblings: bool,
    ) -> Option<Halves<'d, 't>> {
        if name != plain {
            let is_alone = object.get(plain).is_none();
            return is_alone.then_some(Halves { value: None, sibling: Some(member) });
        }
        let sibling = if has_siblings {
            object.members().find(|(other, _)| other.strip_prefix('_') == Some(plain)).map(|(_, node)| node)
        } else {
            None
        };
        Some(Halves { value: Some(member), sibling })
    }
}

/// The items of one of the two arrays, nulls and what lies beyond its end as `None`.
struct Half<'d, 't>(Option<Items<'d, 't>>);

impl<'d, 't> Half<'d, 't> {
    fn of(array: Option<Node<'d, 't>>) -> Half<'d, 't> {
        Half(array.map(|array| array.items()))
    }

    fn next(&mut self) -> Option<Node<'d, 't>> {
        self.0.as_mut()?.next().filter(|item| !item.is_null())
    }
}
