//! FHIR R4 as data: documents, definitions, validation, FHIRPath and search parameters.
//!
//! Start with [`Document`]: a JSON text parsed once and borrowed, over which everything else here walks. What R4 says
//! about the types in it is in [`definitions`], a table decoded at first use; [`primitives`] knows the formats of
//! single values. [`accept`] makes the text that is stored, with `id` and references in place.

pub mod definitions;
mod document;
pub mod primitives;
mod splice;

pub use definitions::{Definitions, definitions};
pub use document::{Document, Items, Kind, Limits, Line, Malformed, Members, Node, lines};
pub use splice::{Template, accept};
