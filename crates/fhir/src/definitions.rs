//! What R4 says a resource may contain, how it may be searched, and which codes required bindings allow.
//!
//! One generated table (`generated/definitions.bin.zst`, made by `cargo xtask regenerate` from HL7's package
//! hl7.fhir.r4.core 4.0.1, laid out as `docs/formats/definitions.md` says) is decoded at first use, in a few
//! milliseconds, and lives as long as the process; so everything in it is `'static`. Knows nothing of documents.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::primitives::Primitive;

mod read;

/// All of R4's definitions. Obtained from [`definitions`].
#[derive(Debug)]
pub struct Definitions {
    structures: &'static [Structure],
    by_name: FxHashMap<&'static str, StructureId>,
    parameters: &'static [SearchParameter],
    parameters_by_type: FxHashMap<&'static str, Vec<&'static SearchParameter>>,
    compartments: FxHashMap<(&'static str, &'static str), &'static [&'static str]>,
    value_sets: FxHashMap<&'static str, &'static ValueSet>,
}

/// The place of a structure in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StructureId(u16);

impl StructureId {
    /// As an index from 0.
    pub fn place(self) -> usize {
        usize::from(self.0)
    }
}

/// A type, or a nested structure of one, with its direct children.
#[derive(Debug)]
pub struct Structure {
    /// Its own place in the table.
    pub id: StructureId,
    /// `Patient`, `HumanName`, `dateTime`; for a nested structure its path, such as `Patient.contact`.
    pub name: &'static str,
    /// What it is.
    pub kind: StructureKind,
    /// Only its specialisations can occur (`Resource`, `DomainResource`, `Element`, `BackboneElement`).
    pub is_abstract: bool,
    /// The type it specialises, such as `DomainResource` or `Quantity`; empty for `Resource` and `Element`.
    pub base: &'static str,
    /// Which primitive type it is, if it is one.
    pub primitive: Option<Primitive>,
    /// Its children in the order of the standard.
    pub elements: &'static [Element],
    /// The elements that must occur, as bits by [`Element::place`].
    pub(crate) required: u64,
    children: FxHashMap<&'static str, ElementMatch>,
}

/// What a structure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StructureKind {
    /// A resource type, `Resource` and `DomainResource` included.
    Resource,
    /// A data type with children.
    DataType,
    /// A primitive data type.
    Primitive,
    /// An element with children inside a type.
    Nested,
}

/// A child of a structure.
#[derive(Debug)]
pub struct Element {
    /// Its name without `[x]`.
    pub name: &'static str,
    /// Whether the name in a document carries the type, as in `valueQuantity`.
    pub is_choice: bool,
    /// How often it must occur at least.
    pub min: u32,
    /// How often it may occur; `None` is without limit.
    pub max: Option<u32>,
    /// Whether it belongs to `_summary=true`.
    pub is_summary: bool,
    /// Whether it can change the meaning of what contains it.
    pub is_modifier: bool,
    /// The types it may have: one, unless it is a choice.
    pub types: &'static [TypeRef],
    /// The value set it is bound to, if any.
    pub binding: Option<Binding>,
    /// Its place among its structure's elements; below 64.
    pub place: u16,
}

impl Element {
    /// Its place as a bit.
    pub(crate) fn bit(&self) -> u64 {
        1 << self.place
    }

    /// Whether a document holds it in an array: it may occur more than once.
    pub fn is_array(&self) -> bool {
        self.max.is_none_or(|max| max > 1)
    }
}

/// One type that an element may have.
#[derive(Debug)]
pub struct TypeRef {
    /// `Quantity`, `dateTime`, `Reference`; for nested structures and content references the structure's path.
    pub code: &'static str,
    id: Option<StructureId>,
    /// For `Reference` and `canonical`, the types that may be meant; empty when any may.
    pub targets: &'static [&'static str],
}

impl TypeRef {
    /// The structure of this type; `None` for FHIRPath's own types, under the `value` of a primitive.
    pub fn structure(&self) -> Option<&'static Structure> {
        self.id.map(|id| definitions().at(id))
    }
}

/// A binding of an element to a value set.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// How binding it is.
    pub strength: Strength,
    /// The value set's canonical address, without version.
    pub value_set: &'static str,
    /// Its codes, when this is a required binding.
    pub codes: Option<&'static ValueSet>,
}

/// The strength of a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strength {
    /// A code of the value set must be used.
    Required,
    /// A code of the value set must be used if one fits.
    Extensible,
    /// Encouraged.
    Preferred,
    /// An illustration.
    Example,
}

/// The codes of a value set to which something is bound with strength `required`.
#[derive(Debug)]
pub struct ValueSet {
    /// Canonical address, without version.
    pub url: &'static str,
    /// False when the package cannot list it (currencies, media types, units): then nothing is checked.
    pub is_listed: bool,
    /// Code systems with their codes, codes in byte order.
    pub systems: &'static [(&'static str, &'static [&'static str])],
}

impl ValueSet {
    /// Whether a code of any of its systems is written like this.
    pub fn has_code(&self, code: &str) -> bool {
        self.systems.iter().any(|(_, codes)| codes.binary_search(&code).is_ok())
    }

    /// Whether this code of this system is in it.
    pub fn has(&self, system: &str, code: &str) -> bool {
        self.systems.iter().any(|(own, codes)| *own == system && codes.binary_search(&code).is_ok())
    }
}

/// What the name of a document's member means in a structure.
#[derive(Debug, Clone, Copy)]
pub struct ElementMatch {
    /// The element.
    pub element: &'static Element,
    /// The one of its types that the name says.
    pub type_ref: &'static TypeRef,
    /// What the name adds to the element's name: `Quantity` in `valueQuantity`; empty unless it is a choice.
    pub suffix: &'static str,
}

/// A search parameter on one base type. HL7 defines some for many types at once; here each type has its own.
#[derive(Debug)]
pub struct SearchParameter {
    /// `Patient.name`: base and code, unique; what index rows call the parameter.
    pub full_name: &'static str,
    /// The type it is defined on: a resource type, `DomainResource` or `Resource`.
    pub base: &'static str,
    /// What a query calls it.
    pub code: &'static str,
    /// Canonical address of HL7's definition.
    pub url: &'static str,
    /// How its values are compared.
    pub kind: ParameterKind,
    /// FHIRPath, possibly a union over many base types; `None` where HL7 gives none.
    pub expression: Option<&'static str>,
    /// For references, the resource types that may be meant.
    pub targets: &'static [&'static str],
    /// The prefixes HL7 names for it (`eq`, `ge`, …); empty where it names none.
    pub comparators: &'static [&'static str],
    /// The modifiers HL7 names for it; empty where it names none.
    pub modifiers: &'static [&'static str],
    /// For composites, the parts.
    pub components: &'static [Component],
}

/// The type of a search parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParameterKind {
    /// A number.
    Number,
    /// A date, moment or period.
    Date,
    /// Text, compared without case and accents.
    String,
    /// A code, identifier or flag.
    Token,
    /// Another resource.
    Reference,
    /// Several values that belong together.
    Composite,
    /// A number with a unit.
    Quantity,
    /// An address.
    Uri,
    /// With rules of its own (`near`, `_filter`).
    Special,
}

/// A part of a composite search parameter.
#[derive(Debug)]
pub struct Component {
    /// Canonical address of the parameter that says how this part is compared.
    pub definition: &'static str,
    /// FHIRPath, relative to each value of the composite's own expression.
    pub expression: &'static str,
}

static DEFINITIONS: LazyLock<Definitions> = LazyLock::new(|| match read::embedded() {
    Ok(definitions) => definitions,
    // Assertion: the table is part of the program, and a test decodes it.
    Err(fault) => panic!("the embedded FHIR definitions cannot be read: {fault}"),
});

/// R4's definitions, decoded at first use.
pub fn definitions() -> &'static Definitions {
    &DEFINITIONS
}

impl Definitions {
    /// The resource types that can occur, in alphabetical order.
    pub fn resource_types(&'static self) -> impl Iterator<Item = &'static Structure> {
        self.structures.iter().filter(|it| it.kind == StructureKind::Resource && !it.is_abstract)
    }

    /// The resource type of this name; `None` if there is none or it is abstract.
    pub fn resource_type(&self, name: &str) -> Option<&'static Structure> {
        self.structure(name).filter(|it| it.kind == StructureKind::Resource && !it.is_abstract)
    }

    /// A type or nested structure by name.
    pub fn structure(&self, name: &str) -> Option<&'static Structure> {
        self.by_name.get(name).map(|id| self.at(*id))
    }

    /// A structure by its place.
    pub fn at(&self, id: StructureId) -> &'static Structure {
        &self.structures[usize::from(id.0)]
    }

    /// Every type and nested structure.
    pub fn structures(&self) -> &'static [Structure] {
        self.structures
    }

    /// The parameters by which a resource type can be searched: those of `DomainResource` where it is one, its own, those
    /// of `Resource`, each in the order of their codes; empty for an unknown type.
    pub fn search_parameters(&self, resource_type: &str) -> &[&'static SearchParameter] {
        self.parameters_by_type.get(resource_type).map_or(&[], Vec::as_slice)
    }

    /// The parameter that a query on this resource type calls by this code.
    pub fn search_parameter(&self, resource_type: &str, code: &str) -> Option<&'static SearchParameter> {
        self.search_parameters(resource_type).iter().copied().find(|parameter| parameter.code == code)
    }

    /// The parameter with this canonical address, as it applies to this resource type.
    pub fn search_parameter_by_url(&self, resource_type: &str, url: &str) -> Option<&'static SearchParameter> {
        self.search_parameters(resource_type).iter().copied().find(|parameter| parameter.url == url)
    }

    /// Every search parameter of every base.
    pub fn all_search_parameters(&self) -> &'static [SearchParameter] {
        self.parameters
    }

    /// The codes of the parameters that put a resource of this type into a compartment (`Patient`, `Encounter`, …);
    /// `{def}` stands for the compartment's own resource. Empty when the type never belongs to it.
    pub fn compartment_parameters(&self, compartment: &str, resource_type: &str) -> &'static [&'static str] {
        self.compartments.get(&(compartment, resource_type)).copied().unwrap_or(&[])
    }

    /// The value set with this address (with or without version), if a required binding names it.
    pub fn value_set(&self, url: &str) -> Option<&'static ValueSet> {
        self.value_sets.get(url.split('|').next().unwrap_or_default()).copied()
    }

    /// The value sets of required bindings that cannot be checked.
    pub fn unlisted_value_sets(&self) -> impl Iterator<Item = &'static ValueSet> {
        self.value_sets.values().copied().filter(|value_set| !value_set.is_listed)
    }
}

impl Structure {
    /// What a member of this name means here: an element, or one type of a choice element. Takes no `_` before it.
    #[inline]
    pub fn element(&self, member: &str) -> Option<&ElementMatch> {
        self.children.get(member)
    }

    /// The bits of the elements of these names; names that it lacks add nothing.
    pub(crate) fn bits(&self, names: &[&str]) -> u64 {
        self.elements.iter().filter(|element| names.contains(&element.name)).map(Element::bit).sum()
    }

    /// Whether it is this type or specialises it, however far down.
    pub fn is_a(&self, name: &str) -> bool {
        self.lineage().any(|structure| structure.name == name)
    }

    /// It, the type it specialises, and so on.
    pub(crate) fn lineage(&self) -> impl Iterator<Item = &Structure> {
        std::iter::successors(Some(self), |structure| definitions().structure(structure.base))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

    use super::*;

    #[test]
    fn the_table_is_small_and_complete() {
        let all = definitions();
        assert_eq!(all.resource_types().count(), 146);
        assert_eq!(all.structures().iter().filter(|it| it.kind == StructureKind::Primitive).count(), 20);
        assert_eq!(all.all_search_parameters().len(), 1718);
        assert!(read::PACKED.len() <= 1 << 20);
        let mut unlisted: Vec<_> = all.unlisted_value_sets().map(|it| it.url.rsplit('/').next().unwrap()).collect();
        unlisted.sort_unstable();
        assert_eq!(unlisted, ["LL379-9", "currencies", "mimetypes", "ucum-units"]);
        let mut names: Vec<_> = all.all_search_parameters().iter().map(|it| it.full_name).collect();
        names.dedup();
        assert_eq!(names.len(), all.all_search_parameters().len());
    }

    #[test]
    fn elements_are_found_by_member_name() {
        let observation = definitions().resource_type("Observation").unwrap();
        let value = observation.element("valueQuantity").unwrap();
        assert_eq!((value.element.name, value.suffix, value.type_ref.code), ("value", "Quantity", "Quantity"));
        assert!(observation.element("value").is_none());
        assert!(observation.element("valueReference").is_none());
        let subject = observation.element("subject").unwrap();
        assert_eq!(subject.type_ref.targets, ["Patient", "Group", "Device", "Location"]);
        let component = observation.element("component").unwrap().type_ref.structure().unwrap();
        assert_eq!((component.name, component.kind), ("Observation.component", StructureKind::Nested));
        let range = component.element("referenceRange").unwrap().type_ref.structure().unwrap();
        assert_eq!(range.name, "Observation.referenceRange");
        let id = observation.element("id").unwrap().type_ref.structure().unwrap();
        assert_eq!(id.primitive, Some(Primitive::Id));
        let status = observation.element("status").unwrap().element.binding.unwrap();
        assert_eq!(status.strength, Strength::Required);
        assert!(status.codes.unwrap().has_code("final") && !status.codes.unwrap().has_code("finel"));
        assert!(observation.is_a("Resource") && !observation.is_a("Element"));
    }

    #[test]
    fn parameters_are_found_by_type() {
        let all = definitions();
        assert_eq!(all.search_parameter("Patient", "_id").unwrap().full_name, "Resource._id");
        let code = all.search_parameter("Condition", "code").unwrap();
        assert_eq!((code.full_name, code.kind), ("Condition.code", ParameterKind::Token));
        let composite = all.search_parameter("Observation", "code-value-quantity").unwrap();
        assert_eq!(composite.components.len(), 2);
        for component in composite.components {
            assert!(all.search_parameter_by_url("Observation", component.definition).is_some());
        }
        assert_eq!(all.compartment_parameters("Patient", "Condition"), ["patient", "asserter"]);
        assert!(all.search_parameters("Nonsense").is_empty());
        assert!(all.search_parameter("Bundle", "_text").is_none());
    }
}
