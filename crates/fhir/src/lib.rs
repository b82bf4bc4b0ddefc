//! FHIR R4 as data: documents, definitions, validation, FHIRPath and search parameters.
