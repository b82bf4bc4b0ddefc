//! What expressions work on: elements of a document, borrowed with their type, and values of FHIRPath's own types.
//!
//! An element of a primitive type has two halves in JSON, the value and its `_` companion; both are kept, so that ids
//! and extensions of primitives are found and a primitive without a value is still there.

use super::quantity::{Quantity, Unit};
use super::temporal::Temporal;
use crate::definitions::{Structure, StructureKind, definitions};
use crate::document::{Kind, Node};
use crate::primitives::Primitive;
use rust_decimal::Decimal;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::fmt;

/// An ordered collection, which is what every expression gives.
pub type Collection<'d> = SmallVec<[Value<'d>; 2]>;

/// One item of a collection.
#[derive(Debug, Clone)]
pub enum Value<'d> {
    /// An element of the document.
    Element(Element<'d>),
    /// `System.Boolean`
    Boolean(bool),
    /// `System.Integer`
    Integer(i64),
    /// `System.Decimal`
    Decimal(Decimal),
    /// `System.String`
    Text(Cow<'d, str>),
    /// `System.Date`, `System.DateTime` or `System.Time`
    Temporal(Temporal),
    /// `System.Quantity`
    Quantity(Box<Quantity>),
    /// The type of a value, as `type()` gives it.
    Type {
        /// `System` or `FHIR`.
        namespace: &'static str,
        /// Such as `Boolean` or `Patient`.
        name: Cow<'d, str>,
    },
    /// What `resolve()` knows of a resource elsewhere: its type.
    Elsewhere(&'static Structure),
}

/// An element of the document with its type.
#[derive(Clone, Copy)]
pub struct Element<'d> {
    /// The value; `None` for a primitive that only has an id or extensions.
    pub node: Option<Node<'d, 'd>>,
    /// For primitives, the object under the name with `_`.
    pub companion: Option<Node<'d, 'd>>,
    /// Its type, if the definitions say.
    pub structure: Option<&'static Structure>,
}

impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:?}, {:?})", self.type_name(), self.node, self.companion)
    }
}

impl<'d> Element<'d> {
    /// A resource; its type is read from `resourceType`.
    pub fn resource(node: Node<'d, 'd>) -> Element<'d> {
        let kind = node.get("resourceType").and_then(|kind| kind.text());
        let structure = kind.and_then(|kind| definitions().resource_type(&kind));
        Element { node: Some(node), companion: None, structure }
    }

    /// A value of a known type.
    pub fn typed(node: Node<'d, 'd>, structure: &'static Structure) -> Element<'d> {
        Element { node: Some(node), companion: None, structure: Some(structure) }
    }

    /// Which primitive type this is, if it is one.
    pub fn primitive(&self) -> Option<Primitive> {
        self.structure.and_then(|structure| structure.primitive)
    }

    /// The name of its type: `Patient`, `HumanName`, `code`; of a nested structure `BackboneElement`.
    pub fn type_name(&self) -> &'static str {
        match self.structure {
            Some(structure) if structure.kind == StructureKind::Nested => structure.base,
            Some(structure) => structure.name,
            None => "",
        }
    }

    /// The child with a name of the definitions: all items of a list, whichever type of a choice. Adds what it finds
    /// to `out`; false if this type has no such child.
    pub fn children(&self, name: &str, out: &mut Collection<'d>) -> bool {
        let Some(structure) = self.structure else {
            self.untyped_children(name, out);
            return true;
        };
        let holder = if structure.primitive.is_some() { self.companion } else { self.node };
        match structure.element(name) {
            Some(found) if !found.element.is_choice => {
                if let Some(holder) = holder {
                    add_member(holder, name, found.type_ref.structure(), out);
                }
                true
            }
            Some(_) => false,
            None => {
                let mut elements = structure.elements.iter();
                let Some(choice) = elements.find(|element| element.is_choice && element.name == name) else {
                    return structure.kind == StructureKind::Resource && name == "resourceType";
                };
                if let Some(holder) = holder {
                    add_choice(holder, structure, choice.place, out);
                }
                true
            }
        }
    }

    fn untyped_children(&self, name: &str, out: &mut Collection<'d>) {
        if let Some(node) = self.node {
            add_member(node, name, None, out);
        }
    }

    /// All children, in the order of the document.
    pub fn all_children(&self, out: &mut Collection<'d>) {
        let is_primitive = self.primitive().is_some();
        let Some(holder) = (if is_primitive { self.companion } else { self.node }) else { return };
        for (member, _) in holder.members() {
            let plain = member.strip_prefix('_').unwrap_or(member);
            let is_second_half = plain.len() < member.len() && holder.get(plain).is_some();
            if member == "resourceType" || is_second_half {
                continue;
            }
            let found = self.structure.and_then(|structure| structure.element(plain));
            add_member(holder, plain, found.and_then(|found| found.type_ref.structure()), out);
        }
    }

    /// The value as one of FHIRPath's own types, where it has one: primitives, and quantities.
    pub fn system_value(&self) -> Option<Value<'d>> {
        let node = self.node?;
        let Some(structure) = self.structure else { return untyped_value(node) };
        let Some(primitive) = structure.primitive else {
            return if structure.is_a("Quantity") {
                quantity(node).map(|it| Value::Quantity(Box::new(it)))
            } else {
                None
            };
        };
        match primitive {
            Primitive::Boolean => node.boolean().map(Value::Boolean),
            Primitive::Integer | Primitive::PositiveInt | Primitive::UnsignedInt => {
                node.number().and_then(|digits| digits.parse().ok()).map(Value::Integer)
            }
            Primitive::Decimal => node.number().and_then(decimal).map(Value::Decimal),
            Primitive::Date | Primitive::DateTime | Primitive::Instant => {
                let text = node.text()?;
                let value = Temporal::parse(&text);
                let value = if primitive == Primitive::Date { value } else { value.map(Temporal::as_date_time) };
                Some(value.map_or(Value::Text(text), Value::Temporal))
            }
            Primitive::Time => {
                let text = node.text()?;
                Some(Temporal::parse_time(&text).map_or(Value::Text(text), Value::Temporal))
            }
            _ => node.text().map(Value::Text),
        }
    }
}

/// Adds the member of an object: each item of a list, a primitive with its companion.
fn add_member<'d>(holder: Node<'d, 'd>, name: &str, structure: Option<&'static Structure>, out: &mut Collection<'d>) {
    let node = holder.get(name);
    let may_have_companion = structure.is_none_or(|structure| structure.primitive.is_some());
    let companion = if may_have_companion { holder.get(companion_name(name).as_str()) } else { None };
    if node.is_none() && companion.is_none() {
        return;
    }
    let is_list = node.or(companion).is_some_and(|node| node.kind() == Kind::Array);
    if !is_list || companion.is_none() {
        if let Some(node) = node {
            for item in node.items() {
                add_item(Some(item), companion, structure, out);
            }
        } else {
            add_item(None, companion, structure, out);
        }
        return;
    }
    let mut values = node.map(|node| node.items());
    let mut companions = companion.map(|companion| companion.items());
    loop {
        let value = values.as_mut().and_then(Iterator::next);
        let companion = companions.as_mut().and_then(Iterator::next);
        if value.is_none() && companion.is_none() {
            return;
        }
        add_item(value, companion, structure, out);
    }
}

/// `_` and a name, without allocating.
fn companion_name(name: &str) -> CompanionName {
    let mut bytes = SmallVec::new();
    bytes.push(b'_');
    bytes.extend_from_slice(name.as_bytes());
    CompanionName(bytes)
}

struct CompanionName(SmallVec<[u8; 48]>);

impl CompanionName {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn add_item<'d>(
    node: Option<Node<'d, 'd>>,
    companion: Option<Node<'d, 'd>>,
    structure: Option<&'static Structure>,
    out: &mut Collection<'d>,
) {
    let node = node.filter(|node| !node.is_null());
    let companion = companion.filter(|companion| companion.kind() == Kind::Object);
    if node.is_none() && companion.is_none() {
        return;
    }
    // Where any resource may stand, the resource says what it is.
    let is_any_resource = structure.is_some_and(|structure| structure.kind == StructureKind::Resource);
    let element = match node {
        Some(node) if is_any_resource => Element::resource(node),
        _ => Element { node, companion, structure },
    };
    out.push(Value::Element(element));
}

/// Adds whichever member of an object is the choice element at a place of its structure.
fn add_choice<'d>(holder: Node<'d, 'd>, structure: &'static Structure, place: u16, out: &mut Collection<'d>) {
    for (member, _) in holder.members() {
        let plain = member.strip_prefix('_').unwrap_or(member);
        let Some(found) = structure.element(plain).filter(|found| found.element.place == place) else { continue };
        if plain.len() < member.len() && holder.get(plain).is_some() {
            continue;
        }
        add_member(holder, plain, found.type_ref.structure(), out);
    }
}

/// A value of unknown type, by its JSON kind.
fn untyped_value<'d>(node: Node<'d, 'd>) -> Option<Value<'d>> {
    match node.kind() {
        Kind::Boolean => node.boolean().map(Value::Boolean),
        Kind::String => node.text().map(Value::Text),
        Kind::Number => {
            let digits = node.number()?;
            digits.parse().ok().map(Value::Integer).or_else(|| decimal(digits).map(Value::Decimal))
        }
        Kind::Object | Kind::Array | Kind::Null => None,
    }
}

/// A JSON number as an exact decimal; `None` beyond 28 digits or so.
pub(crate) fn decimal(digits: &str) -> Option<Decimal> {
    if digits.contains(['e', 'E']) {
        Decimal::from_scientific(digits).ok()
    } else {
        Decimal::from_str_exact(digits).ok()
    }
}

/// A FHIR Quantity as FHIRPath sees it: the UCUM code, or the unit as it is written.
fn quantity(node: Node<'_, '_>) -> Option<Quantity> {
    let value = decimal(node.get("value")?.number()?)?;
    let code = node.get("code").or(node.get("unit")).and_then(|code| code.text());
    let unit = Unit::ucum(code.as_deref().unwrap_or("1"));
    Some(Quantity { value, unit })
}

impl<'d> Value<'d> {
    /// The value as one of FHIRPath's own types; elements without one stay as they are.
    pub(super) fn simplified(self) -> Value<'d> {
        match &self {
            Value::Element(element) => element.system_value().unwrap_or(self),
            _ => self,
        }
    }

    /// The value as text, as `toString()` gives it; `None` for elements and types that have none.
    pub fn to_text(&self) -> Option<String> {
        Some(match self {
            Value::Element(element) => {
                // As written: digits and precision of the document are kept.
                let node = element.node.filter(|_| element.primitive().is_some())?;
                node.text().map_or_else(|| node.raw_text().to_owned(), Cow::into_owned)
            }
            Value::Text(text) => text.to_string(),
            Value::Boolean(value) => value.to_string(),
            Value::Integer(value) => value.to_string(),
            Value::Decimal(value) => value.to_string(),
            Value::Temporal(value) => value.to_string(),
            Value::Quantity(value) => value.to_string(),
            Value::Type { .. } | Value::Elsewhere(_) => return None,
        })
    }

    /// The name of its type without namespace: `Boolean`, `Patient`, `code`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Element(element) => element.type_name(),
            Value::Boolean(_) => "Boolean",
            Value::Integer(_) => "Integer",
            Value::Decimal(_) => "Decimal",
            Value::Text(_) => "String",
            Value::Temporal(value) => temporal_type(value),
            Value::Quantity(_) => "Quantity",
            Value::Type { .. } => "TypeInfo",
            Value::Elsewhere(structure) => structure.name,
        }
    }
}

pub(super) fn temporal_type(value: &Temporal) -> &'static str {
    match value.kind {
        super::temporal::TemporalKind::Date => "Date",
        super::temporal::TemporalKind::DateTime => "DateTime",
        super::temporal::TemporalKind::Time => "Time",
    }
}
