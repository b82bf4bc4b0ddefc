//! The one index that serves a patient's chart: which resources are in a patient's compartment, by type, code and
//! descending date.
//!
//! A row is `~patient` with the parts patient | resource type | code | date: one for each patient and each code of the
//! resource's main code element. Membership is HL7's CompartmentDefinition for Patient; a patient is a member of the
//! own compartment. Which element is the main code and date of a type is our choice, in the table below.

use super::encode;
use super::table::{Table, table};
use crate::definitions::definitions;
use smallvec::smallvec;
use terms::index::{Next, Part, Row, Span};

/// The name of the compartment rows.
pub const PATIENT_COMPARTMENT: &str = "~patient";

/// What stands in place of the date in compartment rows of what has none: behind every date of its code.
pub const UNDATED: [u8; 8] = encode::NO_INSTANT_DESCENDING;

/// Resource type, search parameter of its main code, search parameters of its main date: the first that has a value.
/// An empty code parameter means that the type has none; types not listed are not clinical.
#[rustfmt::skip]
const MAIN: &[(&str, &str, &[&str])] = &[
    ("Account", "type", &["period"]),
    ("AdverseEvent", "event", &["date"]),
    ("AllergyIntolerance", "code", &["date", "onset"]),
    ("Appointment", "service-type", &["date"]),
    ("AuditEvent", "type", &["date"]),
    ("Basic", "code", &["created"]),
    ("CarePlan", "category", &["date"]),
    ("CareTeam", "category", &["date"]),
    ("ChargeItem", "code", &["occurrence", "entered-date"]),
    ("Claim", "", &["created"]),
    ("ClaimResponse", "", &["created"]),
    ("ClinicalImpression", "", &["date"]),
    ("Communication", "category", &["sent", "received"]),
    ("CommunicationRequest", "category", &["occurrence", "authored"]),
    ("Composition", "type", &["date"]),
    ("Condition", "code", &["onset-date", "recorded-date"]),
    ("Consent", "category", &["date"]),
    ("Coverage", "type", &[]),
    ("CoverageEligibilityRequest", "", &["created"]),
    ("CoverageEligibilityResponse", "", &["created"]),
    ("DetectedIssue", "code", &["identified"]),
    ("DeviceRequest", "code", &["event-date", "authored-on"]),
    ("DiagnosticReport", "code", &["date", "issued"]),
    ("DocumentManifest", "type", &["created"]),
    ("DocumentReference", "type", &["date"]),
    ("Encounter", "type", &["date"]),
    ("EpisodeOfCare", "type", &["date"]),
    ("ExplanationOfBenefit", "", &["created"]),
    ("FamilyMemberHistory", "code", &["date"]),
    ("Flag", "", &["date"]),
    ("Goal", "category", &["start-date", "target-date"]),
    ("ImagingStudy", "modality", &["started"]),
    ("Immunization", "vaccine-code", &["date"]),
    ("ImmunizationEvaluation", "target-disease", &["date"]),
    ("ImmunizationRecommendation", "vaccine-type", &["date"]),
    ("Invoice", "type", &["date"]),
    ("List", "code", &["date"]),
    ("MeasureReport", "", &["date"]),
    ("Media", "type", &["created"]),
    ("MedicationAdministration", "code", &["effective-time"]),
    ("MedicationDispense", "code", &["whenhandedover", "whenprepared"]),
    ("MedicationRequest", "code", &["authoredon", "date"]),
    ("MedicationStatement", "code", &["effective"]),
    ("NutritionOrder", "oraldiet", &["datetime"]),
    ("Observation", "code", &["date"]),
    ("Procedure", "code", &["date"]),
    ("Provenance", "", &["recorded"]),
    ("QuestionnaireResponse", "", &["authored"]),
    ("RelatedPerson", "relationship", &[]),
    ("RequestGroup", "code", &["authored"]),
    ("ResearchSubject", "", &["date"]),
    ("RiskAssessment", "method", &["date"]),
    ("Schedule", "service-type", &["date"]),
    ("ServiceRequest", "code", &["occurrence", "authored"]),
    ("Specimen", "type", &["collected"]),
    ("SupplyRequest", "category", &["date"]),
    ("VisionPrescription", "", &["datewritten"]),
];

/// Where to look among a type's rows; the names are those of its table, so they are compared by their address.
#[derive(Debug)]
pub(super) struct Layout {
    /// Rows whose targets, if patients, are the patients.
    members: Vec<&'static str>,
    code: Option<&'static str>,
    dates: Vec<&'static str>,
}

/// The layout of a type; `None` if it is never in a patient's compartment.
pub(super) fn layout(table: &Table) -> Option<Layout> {
    let resource_type = table.structure.name;
    let members = definitions().compartment_parameters("Patient", resource_type);
    if members.is_empty() && resource_type != "Patient" {
        return None;
    }
    let name = |code: &&str| table.parameter(code).map(|parameter| parameter.names.plain);
    let main = MAIN.iter().find(|(own, ..)| *own == resource_type);
    Some(Layout {
        members: members
            .iter()
            .filter_map(|code| table.parameter(code))
            .map(|it| it.rows_of_targets("Patient"))
            .collect(),
        code: main.and_then(|(_, code, _)| name(code)),
        dates: main.map_or(Vec::new(), |(.., dates)| dates.iter().filter_map(name).collect()),
    })
}

impl Layout {
    /// Whether compartment rows are made of the rows with this name.
    pub(super) fn is_made_of(&self, name: &'static str) -> bool {
        self.has_members_in(name) || self.code.iter().chain(&self.dates).any(|own| std::ptr::eq(*own, name))
    }

    /// Whether targets of rows with this name are the patients, if they are patients.
    pub(super) fn has_members_in(&self, name: &'static str) -> bool {
        self.members.iter().any(|own| std::ptr::eq(*own, name))
    }
}

/// The patients of a resource with these rows.
pub(super) fn patients(layout: &Layout, resource_type: &str, id: &str, rows: &[Row]) -> Vec<Part> {
    let mut patients: Vec<Part> = Vec::new();
    if resource_type == "Patient" {
        patients.push(Part::target("Patient", id));
    }
    for row in rows {
        if let Some(part @ Part::Target { kind, .. }) = row.parts.first()
            && kind == "Patient"
            && layout.has_members_in(row.parameter)
            && !patients.contains(part)
        {
            patients.push(part.clone());
        }
    }
    patients
}

/// Adds the compartment rows of a resource whose other rows begin at `start`.
pub(super) fn add_rows(layout: &Layout, resource_type: &str, id: &str, out: &mut Vec<Row>, start: usize) {
    let own = &out[start..];
    let patients = patients(layout, resource_type, id, own);
    if patients.is_empty() {
        return;
    }
    let mut codes: Vec<Part> = Vec::new();
    let mut date: Option<(usize, Part)> = None;
    for row in own {
        match row.parts.first() {
            Some(part @ Part::Code { .. }) if layout.code.is_some_and(|own| std::ptr::eq(own, row.parameter)) => {
                codes.push(part.clone())
            }
            Some(Part::Fixed(low)) => {
                let Some(place) = layout.dates.iter().position(|name| std::ptr::eq(*name, row.parameter)) else {
                    continue;
                };
                if date.as_ref().is_none_or(|(best, _)| place < *best) {
                    let descending: Vec<u8> = low.iter().map(|byte| !byte).collect();
                    date = Some((place, Part::fixed(&descending)));
                }
            }
            _ => {}
        }
    }
    if codes.is_empty() {
        codes.push(Part::code("", ""));
    }
    let date = date.map_or_else(|| Part::fixed(&encode::NO_INSTANT_DESCENDING), |(_, date)| date);
    for patient in &patients {
        for code in &codes {
            let kind = Part::Kind(resource_type.to_owned());
            let parts = smallvec![patient.clone(), kind, code.clone(), date.clone()];
            out.push(Row { parameter: PATIENT_COMPARTMENT, parts });
        }
    }
}

/// The rows of a patient's compartment: all of it, one type of it, or what has one of these codes there, newest
/// first within a span. A code is `(Some(system), code)`, or `(None, code)` for any system.
pub fn compartment_spans(patient: &str, resource_type: Option<&str>, codes: &[(Option<&str>, &str)]) -> Vec<Span> {
    let mut head = vec![Part::target("Patient", patient)];
    let Some(resource_type) = resource_type else { return vec![Span::head(PATIENT_COMPARTMENT, head)] };
    head.push(Part::Kind(resource_type.to_owned()));
    if codes.is_empty() {
        return vec![Span::head(PATIENT_COMPARTMENT, head)];
    }
    let spans = codes.iter().map(|(system, code)| match system {
        Some(system) => {
            let code = Part::code(*system, *code);
            Span::head(PATIENT_COMPARTMENT, head.iter().cloned().chain([code]))
        }
        None => Span::next(PATIENT_COMPARTMENT, head.iter().cloned(), Next::CodeAnySystem((*code).to_owned())),
    });
    spans.collect()
}

/// The types that can be in a patient's compartment.
pub fn compartment_kinds() -> impl Iterator<Item = &'static str> {
    let kinds = definitions().resource_types().map(|structure| structure.name);
    kinds.filter(|kind| !definitions().compartment_parameters("Patient", kind).is_empty())
}

/// Which search parameters of a type its compartment rows hold: the code of its main code parameter, and of its main
/// date parameters. `None` if the type is never in a patient's compartment.
pub fn compartment_parameters(resource_type: &str) -> Option<(Option<&'static str>, &'static [&'static str])> {
    table(resource_type)?.compartment.as_ref()?;
    let main = MAIN.iter().find(|(own, ..)| *own == resource_type);
    Some(main.map_or((None, &[][..]), |(_, code, dates)| (Some(*code).filter(|code| !code.is_empty()), *dates)))
}
