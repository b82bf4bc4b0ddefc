//! FHIR R4 as data: documents, definitions, validation, FHIRPath and search parameters.
//!
//! Start with [`Document`]: a JSON text parsed once and borrowed, over which everything else here walks. What R4 says
//! about the types in it is in [`mod@definitions`], a table decoded at first use; [`primitives`] knows the formats of
//! single values. [`validate`] says what is wrong with a resource and where. [`accept`] makes the text that is stored,
//! with `id` and references in place. [`fhirpath`] evaluates expressions; [`search`] is both sides of the index: rows
//! of a resource, and spans of a query over them. [`read`](mod@read) and [`write`](mod@write) are for the resources that this
//! product itself reads and authors.

pub mod definitions;
mod document;
mod expression;
mod index;
pub mod primitives;
pub mod read;
mod splice;
mod validate;
pub mod write;

pub use definitions::{Definitions, definitions};
pub use document::{Document, Items, Kind, Limits, Line, Malformed, Members, Node, lines};
pub use splice::{Hole, LONGEST_INLINE, Template, accept};
pub use validate::{Issue, IssueCode, MOST_ISSUES, Severity, validate};

/// FHIRPath: expressions compiled once, evaluated over borrowed documents with exact decimals. Start with
/// [`Expression`](fhirpath::Expression).
pub mod fhirpath {
    pub use crate::expression::quantity::{CalendarUnit, Quantity, Unit};
    pub use crate::expression::temporal::{Precision, Temporal, TemporalKind};
    pub use crate::expression::value::{Collection, Element, Value};
    pub use crate::expression::{Context, Expression, Fault, SyntaxError};
}

/// Search parameters: [`index_rows`](search::index_rows) turns a resource into rows, [`parse`](search::parse) a query's
/// text into spans over them. The names and parts of rows are listed at the head of `index/mod.rs`.
pub mod search {
    pub use crate::index::compartment::{
        PATIENT_COMPARTMENT, UNDATED, compartment_kinds, compartment_parameters, compartment_spans,
    };
    pub use crate::index::extract::{compartment_rows, index_rows, some_index_rows};
    pub use crate::index::fold::fold;
    pub use crate::index::membership::lies_in;
    pub use crate::index::query::{
        Condition, SearchError, Surroundings, is_reference_parameter, parse, row_parameters, sort_parameter,
        unsupported_parameters,
    };
}
