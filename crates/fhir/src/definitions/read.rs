//! Decodes the generated table. The layout is `docs/formats/definitions.md`; the writer is in `xtask`.
//!
//! What is decoded is never given back: the definitions are one per process, so their parts are leaked into
//! `'static` slices that can be handed out freely.

use std::fmt;

use rustc_hash::FxHashMap;

use super::{
    Binding, Component, Definitions, Element, ElementMatch, ParameterKind, SearchParameter, Strength, Structure,
    StructureId, StructureKind, TypeRef, ValueSet,
};
use crate::primitives::Primitive;

/// The table as checked in.
pub(super) static PACKED: &[u8] = include_bytes!("../generated/definitions.bin.zst");

const MAGIC: &[u8; 8] = b"ALMFHIR\x01";

/// What is wrong with the table.
#[derive(Debug)]
pub(super) struct Damaged(&'static str);

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

type Outcome<T> = Result<T, Damaged>;

/// Decodes the embedded table.
pub(super) fn embedded() -> Outcome<Definitions> {
    let table = zstd::decode_all(PACKED).map_err(|_| Damaged("it cannot be decompressed"))?.into_boxed_slice();
    let mut reader = Reader::open(Box::leak(table))?;
    let structures = reader.many(Reader::structure)?;
    let parameters = reader.many(Reader::parameter)?.leak();
    let compartments = reader.compartments()?;
    let value_sets = reader.many(Reader::value_set)?.leak();
    if !reader.rest.is_empty() {
        return Err(Damaged("it goes on after its end"));
    }
    let value_sets: FxHashMap<_, _> = value_sets.iter().map(|set| (set.url, set)).collect();
    let structures = connect(structures, &value_sets)?;
    let by_name: FxHashMap<_, _> = structures.iter().map(|it| (it.name, it.id)).collect();
    let parameters_by_type = by_type(structures, parameters);
    Ok(Definitions { structures, by_name, parameters, parameters_by_type, compartments, value_sets })
}

/// Fills in what the table leaves to the reader: ids, codes of bindings, and the members of each structure by name.
fn connect(
    read: Vec<(Structure, Vec<Element>)>,
    value_sets: &FxHashMap<&'static str, &'static ValueSet>,
) -> Outcome<&'static [Structure]> {
    let mut structures = Vec::with_capacity(read.len());
    for (mut structure, mut elements) in read {
        if elements.len() > u64::BITS as usize {
            return Err(Damaged("a structure has more than 64 elements"));
        }
        structure.id = StructureId(structures.len() as u16);
        for (place, element) in elements.iter_mut().enumerate() {
            element.place = place as u16;
            if let Some(binding) = &mut element.binding
                && binding.strength == Strength::Required
            {
                binding.codes = value_sets.get(binding.value_set).copied();
            }
        }
        structure.elements = elements.leak();
        structure.required = structure.elements.iter().filter(|it| it.min > 0).map(Element::bit).sum();
        for element in structure.elements {
            for type_ref in element.types {
                let member = member_name(element, type_ref);
                let suffix = &member[element.name.len()..];
                structure.children.insert(member, ElementMatch { element, type_ref, suffix });
            }
        }
        structures.push(structure);
    }
    Ok(structures.leak())
}

/// `value` and `dateTime` make `valueDateTime`.
fn member_name(element: &Element, type_ref: &TypeRef) -> &'static str {
    if !element.is_choice {
        return element.name;
    }
    let mut name = element.name.to_owned();
    let (first, rest) = type_ref.code.split_at(1);
    name.push_str(&first.to_ascii_uppercase());
    name.push_str(rest);
    name.leak()
}

fn by_type(
    structures: &'static [Structure],
    parameters: &'static [SearchParameter],
) -> FxHashMap<&'static str, Vec<&'static SearchParameter>> {
    let mut by_base: FxHashMap<&str, Vec<&'static SearchParameter>> = FxHashMap::default();
    for parameter in parameters {
        by_base.entry(parameter.base).or_default().push(parameter);
    }
    let of = |base| by_base.get(base).into_iter().flatten().copied();
    let mut found = FxHashMap::default();
    for structure in structures.iter().filter(|it| it.kind == StructureKind::Resource) {
        let is_domain = structure.base == "DomainResource" && structure.name != "DomainResource";
        let inherited = if is_domain { "DomainResource" } else { "" };
        let own = if structure.name == "Resource" { "" } else { structure.name };
        found.insert(structure.name, of(inherited).chain(of(own)).chain(of("Resource")).collect());
    }
    found
}

struct Reader {
    texts: Vec<&'static str>,
    rest: &'static [u8],
}

impl Reader {
    fn open(table: &'static [u8]) -> Outcome<Reader> {
        let rest = table.strip_prefix(MAGIC).ok_or(Damaged("it is of another version"))?;
        let mut reader = Reader { texts: Vec::new(), rest };
        let lengths = reader.many(Reader::number)?;
        let mut texts = Vec::with_capacity(lengths.len());
        for length in lengths {
            let (text, rest) = reader.rest.split_at_checked(length).ok_or(Damaged("it ends in its texts"))?;
            texts.push(std::str::from_utf8(text).map_err(|_| Damaged("a text is not UTF-8"))?);
            reader.rest = rest;
        }
        reader.texts = texts;
        Ok(reader)
    }

    fn number(&mut self) -> Outcome<usize> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let (first, rest) = self.rest.split_first().ok_or(Damaged("it ends too early"))?;
            self.rest = rest;
            number |= usize::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Damaged("a number is too long"))
    }

    fn text(&mut self) -> Outcome<&'static str> {
        let place = self.number()?;
        self.texts.get(place).copied().ok_or(Damaged("a text is missing"))
    }

    fn texts(&mut self) -> Outcome<&'static [&'static str]> {
        Ok(self.many(Reader::text)?.leak())
    }

    /// A count and that many of something.
    fn many<T>(&mut self, one: fn(&mut Reader) -> Outcome<T>) -> Outcome<Vec<T>> {
        let count = self.number()?;
        if count > self.rest.len() {
            return Err(Damaged("a count is larger than the table"));
        }
        (0..count).map(|_| one(self)).collect()
    }

    /// A structure and its elements, not yet connected.
    fn structure(&mut self) -> Outcome<(Structure, Vec<Element>)> {
        let name = self.text()?;
        let kinds = [StructureKind::Resource, StructureKind::DataType, StructureKind::Primitive, StructureKind::Nested];
        let kind = *kinds.get(self.number()?).ok_or(Damaged("a kind of structure is unknown"))?;
        let structure = Structure {
            id: StructureId(0),
            name,
            kind,
            is_abstract: self.number()? == 1,
            base: self.text()?,
            primitive: if kind == StructureKind::Primitive { Primitive::from_name(name) } else { None },
            elements: &[],
            required: 0,
            children: FxHashMap::default(),
        };
        Ok((structure, self.many(Reader::element)?))
    }

    fn element(&mut self) -> Outcome<Element> {
        let name = self.text()?;
        let flags = self.number()?;
        let min = self.number()? as u32;
        let max = self.number()?.checked_sub(1).map(|max| max as u32);
        let types = self.many(Reader::type_ref)?.leak();
        let binding = if flags & 8 != 0 { Some(self.binding()?) } else { None };
        Ok(Element {
            name,
            is_choice: flags & 1 != 0,
            min,
            max,
            is_summary: flags & 2 != 0,
            is_modifier: flags & 4 != 0,
            types,
            binding,
            place: 0,
        })
    }

    fn type_ref(&mut self) -> Outcome<TypeRef> {
        let code = self.text()?;
        let id = self.number()?.checked_sub(1).map(|id| StructureId(id as u16));
        Ok(TypeRef { code, id, targets: self.texts()? })
    }

    fn binding(&mut self) -> Outcome<Binding> {
        let strengths = [Strength::Required, Strength::Extensible, Strength::Preferred, Strength::Example];
        let strength = *strengths.get(self.number()?).ok_or(Damaged("a strength of binding is unknown"))?;
        Ok(Binding { strength, value_set: self.text()?, codes: None })
    }

    fn parameter(&mut self) -> Outcome<SearchParameter> {
        Ok(SearchParameter {
            full_name: self.text()?,
            base: self.text()?,
            code: self.text()?,
            url: self.text()?,
            kind: parameter_kind(self.text()?).ok_or(Damaged("a type of search parameter is unknown"))?,
            expression: Some(self.text()?).filter(|expression| !expression.is_empty()),
            targets: self.texts()?,
            comparators: self.texts()?,
            modifiers: self.texts()?,
            components: self.many(Reader::component)?.leak(),
        })
    }

    fn component(&mut self) -> Outcome<Component> {
        Ok(Component { definition: self.text()?, expression: self.text()? })
    }

    fn compartments(&mut self) -> Outcome<FxHashMap<(&'static str, &'static str), &'static [&'static str]>> {
        let mut found = FxHashMap::default();
        for (compartment, resources) in self.many(|reader| Ok((reader.text()?, reader.many(Reader::named_texts)?)))? {
            for (resource_type, parameters) in resources {
                found.insert((compartment, resource_type), parameters);
            }
        }
        Ok(found)
    }

    /// A name with its list of texts: a resource type's parameters, a code system's codes.
    fn named_texts(&mut self) -> Outcome<(&'static str, &'static [&'static str])> {
        Ok((self.text()?, self.texts()?))
    }

    fn value_set(&mut self) -> Outcome<ValueSet> {
        let url = self.text()?;
        let is_listed = self.number()? == 1;
        Ok(ValueSet { url, is_listed, systems: self.many(Reader::named_texts)?.leak() })
    }
}

fn parameter_kind(name: &str) -> Option<ParameterKind> {
    Some(match name {
        "number" => ParameterKind::Number,
        "date" => ParameterKind::Date,
        "string" => ParameterKind::String,
        "token" => ParameterKind::Token,
        "reference" => ParameterKind::Reference,
        "composite" => ParameterKind::Composite,
        "quantity" => ParameterKind::Quantity,
        "uri" => ParameterKind::Uri,
        "special" => ParameterKind::Special,
        _ => return None,
    })
}
