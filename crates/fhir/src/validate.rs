//! Whether a document is a valid R4 resource, and if not, what is wrong where.
//!
//! Walks the document beside the definition table: unknown members, cardinality, arrays, types, choices, formats,
//! required bindings, references, contained resources, extensions, narratives, bundles, and those invariants of the
//! standard that need no FHIRPath. While all is well it allocates only for strings with escapes and for the addresses of
//! a bundle. Knows no profiles, no terminology beyond the listed codes, and not whether the target of a reference exists.

use std::fmt;

use crate::definitions::definitions;
use crate::document::{Document, Node};

mod bundle;
mod contained;
mod narrative;
mod references;
mod rules;
mod special;
mod values;
mod walk;

/// No more than this many errors are listed for one document, and as many warnings; warnings never crowd out errors.
pub const MOST_ISSUES: usize = 100;

/// Something wrong with a resource, as an OperationOutcome says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// How bad it is.
    pub severity: Severity,
    /// What sort of fault it is.
    pub code: IssueCode,
    /// Where, as FHIRPath: `Patient.contact[0].name`, `Observation.value.unit` for a member of `valueQuantity`.
    pub path: String,
    /// What is wrong, as a sentence without its full stop. Quotes no value, so that it can be logged.
    pub message: String,
}

/// How bad an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The resource is not valid.
    Error,
    /// The resource is valid; a reader may stumble.
    Warning,
}

/// The codes of <http://hl7.org/fhir/R4/valueset-issue-type.html> that validation uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IssueCode {
    /// Not built as R4 says.
    Structure,
    /// A required element is missing.
    Required,
    /// A value has not the format of its type.
    Value,
    /// A rule of the standard is broken.
    Invariant,
    /// A code is not in the value set that is required.
    CodeInvalid,
    /// A resource type that R4 does not have.
    NotSupported,
}

impl IssueCode {
    /// The code as FHIR writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            IssueCode::Structure => "structure",
            IssueCode::Required => "required",
            IssueCode::Value => "value",
            IssueCode::Invariant => "invariant",
            IssueCode::CodeInvalid => "code-invalid",
            IssueCode::NotSupported => "not-supported",
        }
    }
}

impl Severity {
    /// The severity as FHIR writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({}: {})", self.path, self.message, self.severity.as_str(), self.code.as_str())
    }
}

impl Issue {
    /// Whether the resource is not valid because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Everything wrong with a resource, in the order of the document; without an error in it the resource is valid. At
/// most [`MOST_ISSUES`] of each severity.
///
/// References are judged as they stand: a conditional reference (`Patient?identifier=…`) is valid inside a transaction
/// and nowhere else.
pub fn validate(document: &Document<'_>) -> Vec<Issue> {
    let root = document.root();
    let mut checker = Checker::default();
    let name = root.get("resourceType").and_then(|name| definitions().resource_type(&name.text()?));
    let path = Path { parent: None, name: name.map_or("", |structure| structure.name), index: None };
    checker.resource(root, &path, Scope { resource: root, is_contained: false, in_transaction: false });
    checker.issues
}

/// Gathers issues on the way through a document.
#[derive(Default)]
struct Checker {
    issues: Vec<Issue>,
    errors: usize,
}

/// What surrounds a value.
#[derive(Clone, Copy)]
struct Scope<'d, 't> {
    /// The resource that local references (`#…`) are resolved in: the nearest that is not contained.
    resource: Node<'d, 't>,
    /// We are inside a contained resource.
    is_contained: bool,
    /// We are inside a transaction, where references may still be conditional.
    in_transaction: bool,
}

/// Where we are: a list from here to the root that lives on the stack, and is written out only for an issue.
#[derive(Clone, Copy)]
struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    name: &'p str,
    index: Option<usize>,
}

impl<'p> Path<'p> {
    fn child(&'p self, name: &'p str) -> Path<'p> {
        Path { parent: Some(self), name, index: None }
    }

    fn item(self, index: usize) -> Path<'p> {
        Path { index: Some(index), ..self }
    }

    fn write(&self, out: &mut String) {
        if let Some(parent) = self.parent {
            parent.write(out);
            if !out.is_empty() {
                out.push('.');
            }
        }
        out.push_str(self.name);
        if let Some(index) = self.index {
            out.push_str(&format!("[{index}]"));
        }
    }
}

impl Checker {
    #[cold]
    fn error(&mut self, path: &Path<'_>, code: IssueCode, message: impl Into<String>) {
        self.issue(path, Severity::Error, code, message.into());
    }

    #[cold]
    fn issue(&mut self, path: &Path<'_>, severity: Severity, code: IssueCode, message: String) {
        let is_error = severity == Severity::Error;
        let listed = if is_error { self.errors } else { self.issues.len() - self.errors };
        if listed < MOST_ISSUES {
            self.errors += usize::from(is_error);
            let mut text = String::new();
            path.write(&mut text);
            self.issues.push(Issue { severity, code, path: text, message });
        }
    }
}

#[cfg(test)]
mod tests;
