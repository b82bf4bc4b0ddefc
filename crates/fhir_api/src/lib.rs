//! FHIR R4 REST: request to command or query, resource, Bundle and OperationOutcome.
