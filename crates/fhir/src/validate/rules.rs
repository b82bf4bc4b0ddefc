//! The invariants of R4 that only ask which children are there, as one flat table, and the few others that are checked.
//!
//! Each row is an invariant of the standard with severity error, under its key. An invariant of a type holds for its
//! specialisations too. Invariants that need more of FHIRPath, and those of definitional resources, are not here.

use std::sync::LazyLock;

use smallvec::SmallVec;

use super::{Checker, IssueCode, Path, special};
use crate::definitions::{Structure, definitions};
use crate::document::Node;

/// What an invariant asks of the presence of children.
pub(super) enum Shape {
    /// At least one of these.
    Some(&'static [&'static str]),
    /// Exactly one of these.
    One(&'static [&'static str]),
    /// At most one of these.
    NotBoth(&'static [&'static str]),
    /// The first only with the second.
    Needs(&'static str, &'static str),
    /// All of these or none.
    AllOrNone(&'static [&'static str]),
}

use Shape::{AllOrNone, Needs, NotBoth, One};

/// Structure, key, what must hold.
const TABLE: &[(&str, &str, Shape)] = &[
    ("Appointment", "app-2", AllOrNone(&["start", "end"])),
    ("Appointment.participant", "app-1", Shape::Some(&["type", "actor"])),
    ("AppointmentResponse", "apr-1", Shape::Some(&["participantType", "actor"])),
    ("Attachment", "att-1", Needs("data", "contentType")),
    ("AuditEvent.entity", "sev-1", NotBoth(&["name", "query"])),
    ("Bundle.entry", "bdl-5", Shape::Some(&["resource", "request", "response"])),
    ("CapabilityStatement", "cpb-1", Shape::Some(&["rest", "messaging", "document"])),
    ("CapabilityStatement", "cpb-2", Shape::Some(&["description", "software", "implementation"])),
    ("CarePlan.activity", "cpl-3", NotBoth(&["detail", "reference"])),
    ("Composition.section", "cmp-1", Shape::Some(&["text", "entry", "section"])),
    ("Composition.section", "cmp-2", NotBoth(&["emptyReason", "entry"])),
    ("Condition.evidence", "con-2", Shape::Some(&["code", "detail"])),
    ("Condition.stage", "con-1", Shape::Some(&["summary", "assessment"])),
    ("Consent", "ppc-1", Shape::Some(&["policy", "policyRule"])),
    ("ContactPoint", "cpt-2", Needs("value", "system")),
    ("DataRequirement.codeFilter", "drq-1", One(&["path", "searchParam"])),
    ("DataRequirement.dateFilter", "drq-2", One(&["path", "searchParam"])),
    ("Expression", "exp-1", Shape::Some(&["expression", "reference"])),
    ("Extension", "ext-1", One(&["extension", "value"])),
    ("FamilyMemberHistory", "fhs-1", NotBoth(&["age", "born"])),
    ("FamilyMemberHistory", "fhs-2", Needs("estimatedAge", "age")),
    ("Goal.target", "gol-1", Needs("detail", "measure")),
    ("Immunization.education", "imm-1", Shape::Some(&["documentType", "reference"])),
    ("ImmunizationRecommendation.recommendation", "imr-1", Shape::Some(&["vaccineCode", "targetDisease"])),
    ("InsurancePlan", "ipn-1", Shape::Some(&["identifier", "name"])),
    ("List", "lst-1", NotBoth(&["emptyReason", "entry"])),
    ("MedicationAdministration.dosage", "mad-1", Shape::Some(&["dose", "rate"])),
    ("Observation", "obs-6", NotBoth(&["dataAbsentReason", "value"])),
    ("Observation.referenceRange", "obs-3", Shape::Some(&["low", "high", "text"])),
    ("OperationDefinition.parameter", "opd-1", Shape::Some(&["type", "part"])),
    ("Organization", "org-1", Shape::Some(&["identifier", "name"])),
    ("Parameters.parameter", "inv-1", One(&["value", "resource", "part"])),
    ("Patient.contact", "pat-1", Shape::Some(&["name", "telecom", "address", "organization"])),
    ("Quantity", "qty-3", Needs("code", "system")),
    ("Questionnaire.item", "que-4", NotBoth(&["answerOption", "answerValueSet"])),
    ("Questionnaire.item", "que-11", NotBoth(&["answerOption", "initial"])),
    ("QuestionnaireResponse.item", "qrs-1", NotBoth(&["answer", "item"])),
    ("Ratio", "rat-1", AllOrNone(&["numerator", "denominator"])),
    ("Ratio", "rat-1", Shape::Some(&["numerator", "extension"])),
    ("RequestGroup.action", "rqg-1", One(&["resource", "action"])),
    ("SearchParameter", "spd-1", Needs("xpath", "xpathUsage")),
    ("ServiceRequest", "prr-1", Needs("orderDetail", "code")),
    ("TestReport.test.action", "inv-2", One(&["operation", "assert"])),
    ("TestScript.setup.action", "tst-1", One(&["operation", "assert"])),
    ("TestScript.test.action", "tst-2", One(&["operation", "assert"])),
    ("Timing.repeat", "tim-1", Needs("duration", "durationUnit")),
    ("Timing.repeat", "tim-2", Needs("period", "periodUnit")),
    ("Timing.repeat", "tim-6", Needs("periodMax", "period")),
    ("Timing.repeat", "tim-7", Needs("durationMax", "duration")),
    ("Timing.repeat", "tim-8", Needs("countMax", "count")),
    ("Timing.repeat", "tim-9", Needs("offset", "when")),
    ("Timing.repeat", "tim-10", NotBoth(&["timeOfDay", "when"])),
    ("TriggerDefinition", "trd-1", NotBoth(&["data", "timing"])),
    ("TriggerDefinition", "trd-2", Needs("condition", "data")),
    ("ValueSet.compose.include", "vsd-1", Shape::Some(&["valueSet", "system"])),
    ("ValueSet.compose.include", "vsd-3", NotBoth(&["concept", "filter"])),
    ("ValueSet.expansion.contains", "vsd-6", Shape::Some(&["code", "display"])),
    ("ValueSet.expansion.contains", "vsd-10", Needs("code", "system")),
];

/// A rule made ready for one structure.
pub(super) enum Rule {
    /// One of the table, with its children as bits.
    Presence { key: &'static str, shape: &'static Shape, first: u64, second: u64 },
    /// One that looks at values.
    Special(special::Check),
}

/// The rules of every structure, by its place.
pub(super) struct Rules(Vec<Vec<Rule>>);

pub(super) static RULES: LazyLock<Rules> =
    LazyLock::new(|| Rules(definitions().structures().iter().map(rules_of).collect()));

impl Rules {
    pub(super) fn of(&self, structure: &Structure) -> &[Rule] {
        self.0.get(structure.id.place()).map_or(&[], Vec::as_slice)
    }
}

fn rules_of(structure: &'static Structure) -> Vec<Rule> {
    let names: SmallVec<[_; 4]> = structure.lineage().map(|it| it.name).collect();
    let presence = TABLE.iter().filter(|(name, ..)| names.contains(name)).map(|(_, key, shape)| {
        let (first, second) = match shape {
            Needs(first, second) => (structure.bits(&[first]), structure.bits(&[second])),
            Shape::Some(names) | One(names) | NotBoth(names) | AllOrNone(names) => (structure.bits(names), 0),
        };
        Rule::Presence { key, shape, first, second }
    });
    let special = special::TABLE.iter().filter(|(name, _)| names.contains(name));
    presence.chain(special.map(|(_, check)| Rule::Special(*check))).collect()
}

impl Rule {
    /// Checks an object of which these children are present.
    pub(super) fn check(&self, checker: &mut Checker, node: Node<'_, '_>, present: u64, path: &Path<'_>) {
        match self {
            Rule::Special(check) => check(checker, node, path),
            Rule::Presence { key, shape, first, second } => {
                let count = (present & first).count_ones();
                let holds = match shape {
                    Shape::Some(_) => count > 0,
                    One(_) => count == 1,
                    NotBoth(_) => count <= 1,
                    Needs(..) => count == 0 || present & second != 0,
                    AllOrNone(_) => count == 0 || present & first == *first,
                };
                if !holds {
                    checker.error(path, IssueCode::Invariant, shape.sentence(key));
                }
            }
        }
    }
}

impl Shape {
    fn sentence(&self, key: &str) -> String {
        match self {
            Shape::Some(names) => format!("at least one of {} is needed ({key})", names.join(", ")),
            One(names) => format!("exactly one of {} is needed ({key})", names.join(", ")),
            NotBoth(names) => format!("{} exclude each other ({key})", names.join(" and ")),
            Needs(first, second) => format!("{first} needs {second} ({key})"),
            AllOrNone(names) => format!("{} come together or not at all ({key})", names.join(" and ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_the_table_exists() {
        for (name, key, shape) in TABLE {
            let structure = definitions().structure(name);
            let names: &[&str] = match shape {
                Needs(first, second) => &[first, second],
                Shape::Some(names) | One(names) | NotBoth(names) | AllOrNone(names) => names,
            };
            let bits = structure.map_or(0, |structure| structure.bits(names));
            assert_eq!(bits.count_ones() as usize, names.len(), "{name} {key}");
        }
        for (name, _) in special::TABLE {
            assert!(definitions().structure(name).is_some(), "{name}");
        }
    }
}
