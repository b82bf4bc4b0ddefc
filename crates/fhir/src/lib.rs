//! FHIR R4 as data: documents, definitions, validation, FHIRPath and search parameters.
//!
//! Start with [`Document`]: a JSON text parsed once and borrowed, over which everything else here walks. What R4 says
//! about the types in it is in [`definitions`], a table decoded at first use; [`primitives`] knows the formats of
//! single values. [`validate`] says what is wrong with a resource and where. [`accept`] makes the text that is stored,
//! with `id` and references in place.

pub mod definitions;
mod document;
pub mod fhirpath;
pub mod primitives;
pub mod search;
mod splice;
mod validate;

pub use definitions::{Definitions, definitions};
pub use document::{Document, Items, Kind, Limits, Line, Malformed, Members, Node, lines};
pub use splice::{Template, accept};
pub use validate::{Issue, IssueCode, MOST_ISSUES, Severity, validate};
