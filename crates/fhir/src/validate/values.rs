//! Single values: the format of primitives, and codes against the value sets that are required.
//! Formats are `primitives`' business; here is what surrounds them: the JSON form, length, and required bindings
//! (terminologies.html, required). Knows no codes but those listed in the table.

use super::{Checker, IssueCode, Path};
use crate::definitions::{Element, Strength, Structure, ValueSet};
use crate::document::{Kind, Node};
use crate::primitives::{Form, Primitive};

/// No string may be longer than this (datatypes.html, string): a mebibyte. Base64 and XHTML have no limit.
const LONGEST_STRING: usize = 1 << 20;

impl Checker {
    /// The value half of a primitive.
    pub(super) fn value(&mut self, node: Node<'_, '_>, primitive: Primitive, element: &Element, path: &Path<'_>) {
        match (primitive.form(), node.kind()) {
            (Form::Boolean, Kind::Boolean) => {}
            (Form::Number, Kind::Number) => {
                if !node.number().is_some_and(|digits| primitive.accepts(digits)) {
                    self.format(primitive, path);
                }
            }
            (Form::String, Kind::String) => self.string(node, primitive, element, path),
            (form, _) => {
                let form = match form {
                    Form::Boolean => "true or false",
                    Form::Number => "a number",
                    Form::String => "a string",
                };
                self.error(path, IssueCode::Structure, format!("this must be {form} ({})", primitive.name()));
            }
        }
    }

    fn string(&mut self, node: Node<'_, '_>, primitive: Primitive, element: &Element, path: &Path<'_>) {
        let Some(text) = node.text() else { return };
        if primitive == Primitive::Xhtml {
            return self.narrative(&text, path);
        }
        if text.len() > LONGEST_STRING && primitive != Primitive::Base64Binary {
            return self.error(path, IssueCode::Value, "a string must not be longer than 1 MiB");
        }
        if text.is_empty() {
            return self.error(path, IssueCode::Value, "a string must not be empty");
        }
        if !primitive.accepts(&text) {
            return self.format(primitive, path);
        }
        if primitive == Primitive::Code
            && let Some(codes) = required_codes(element)
            && !codes.has_code(&text)
        {
            self.code(codes, path);
        }
    }

    /// A concept or coding whose binding is required.
    pub(super) fn bound_concept(
        &mut self,
        node: Node<'_, '_>,
        structure: &Structure,
        element: &Element,
        path: &Path<'_>,
    ) {
        let Some(codes) = required_codes(element) else { return };
        let fits = match structure.name {
            "Coding" => is_in(node, codes),
            "CodeableConcept" => {
                node.get("coding").is_some_and(|codings| codings.items().any(|coding| is_in(coding, codes)))
            }
            _ => return,
        };
        if !fits {
            self.code(codes, path);
        }
    }

    #[cold]
    fn format(&mut self, primitive: Primitive, path: &Path<'_>) {
        self.error(path, IssueCode::Value, format!("this does not have the format of {}", primitive.name()));
    }

    #[cold]
    fn code(&mut self, codes: &ValueSet, path: &Path<'_>) {
        let message = format!("the code is not in the required value set {}", codes.url);
        self.error(path, IssueCode::CodeInvalid, message);
    }
}

/// The codes that are required of an element, as far as they are listed.
fn required_codes(element: &Element) -> Option<&'static ValueSet> {
    let binding = element.binding.filter(|binding| binding.strength == Strength::Required)?;
    binding.codes.filter(|codes| codes.is_listed)
}

fn is_in(coding: Node<'_, '_>, codes: &ValueSet) -> bool {
    let text = |name| coding.get(name).and_then(|node| node.text());
    let (system, code) = (text("system"), text("code"));
    code.is_some_and(|code| codes.has(system.as_deref().unwrap_or_default(), &code))
}
