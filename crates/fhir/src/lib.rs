//! FHIR R4 as data: documents, definitions, validation, FHIRPath and search parameters.
//!
//! Start with [`Document`]: a JSON text parsed once and borrowed, over which everything else here walks.

mod document;

pub use document::{Document, Items, Kind, Limits, Line, Malformed, Members, Node, lines};
