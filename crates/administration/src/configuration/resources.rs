//! What a configuration stands for in FHIR R4: Organization, Location, HealthcareService, Practitioner and
//! PractitionerRole, each as the members that configuration owns.
//!
//! A member that is not named here is somebody else's and stays as it is, also inside `extension` and `identifier`: a bed's
//! state lives there. What is configured no longer becomes inactive and is never deleted.

use serde_json::{Value, json};

use super::codes::{List, meaning};
use super::kinds::{kind_words, physical_type};
use super::model::{Configuration, Contact, JobRole, Member, Place, Service, Trust};
use super::over::over;
use crate::places::{PHYSICAL_TYPE, PLACE_KIND, POSITION, SEX_OF_PLACE as SEX, TREATMENT_FUNCTION as FUNCTION};

/// The system of a place's code.
const PLACE: &str = "urn:almoner:place";
const JOB_ROLE: &str = "urn:almoner:job-role";
/// Treatment functions and main specialties, as UK Core has them.
const SPECIALTY: &str = "https://fhir.hl7.org.uk/CodeSystem/UKCore-PracticeSettingCodeEngland";
const NATIONAL_ROLE: &str = "https://fhir.hl7.org.uk/CodeSystem/UKCore-SDSJobRoleName";
const ODS: &str = "https://fhir.nhs.uk/Id/ods-organization-code";
const GMC: &str = "https://fhir.hl7.org.uk/Id/gmc-number";
const NMC: &str = "https://fhir.hl7.org.uk/Id/nmc-number";

/// The items of shared members that configuration owns.
const OWN_ITEMS: [&str; 7] = [POSITION, SEX, FUNCTION, PLACE, ODS, GMC, NMC];

/// A resource as far as configuration owns it.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Its type.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// The members that configuration owns, in the order of the definition; `null` for one that must not be there.
    members: Vec<(&'static str, Value)>,
}

/// Every resource, what is referred to first.
pub fn standing(of: &Configuration) -> Vec<Standing> {
    let Some(trust) = &of.trust else { return Vec::new() };
    let mut all = vec![organization(trust)];
    all.extend(of.places.iter().map(|place| location(place, trust)));
    all.extend(of.staff.iter().map(practitioner));
    all.extend(of.services.iter().map(|service| healthcare_service(service, trust)));
    all.extend(of.staff.iter().map(|member| practitioner_role(member, of, trust)));
    all
}

impl Standing {
    /// The resource's text, over the one that is there: what configuration does not own keeps every byte.
    ///
    /// # Errors
    /// A sentence, when what is there is no resource.
    pub fn text_over(&self, before: Option<&[u8]>) -> Result<Vec<u8>, String> {
        match before {
            None => {
                let id = quoted(&self.id);
                let mut text = format!("{{\"resourceType\":\"{}\",\"id\":{id}", self.kind);
                for (name, value) in self.members.iter().filter(|(_, value)| !value.is_null()) {
                    text.push_str(&format!(",\"{name}\":{value}"));
                }
                text.push('}');
                Ok(text.into_bytes())
            }
            Some(before) => over(before, &self.members, |item| OWN_ITEMS.contains(&item)),
        }
    }
}

/// The text of a resource that is configured no longer: inactive, and otherwise as it was.
///
/// # Errors
/// A sentence, when what is there is no resource.
pub fn ended(kind: &str, before: &[u8]) -> Result<Vec<u8>, String> {
    let member = if kind == "Location" { ("status", json!("inactive")) } else { ("active", json!(false)) };
    over(before, &[member], |_| false)
}

fn organization(of: &Trust) -> Standing {
    let members = vec![
        ("identifier", some_list(of.ods.iter().map(|code| json!({"system": ODS, "value": code})))),
        ("active", json!(true)),
        ("name", json!(of.name)),
        ("telecom", telecom(&of.contact)),
    ];
    Standing { kind: "Organization", id: of.code.clone(), members }
}

fn location(of: &Place, trust: &Trust) -> Standing {
    let mut extensions = vec![json!({"url": POSITION, "valuePositiveInt": of.position.max(1)})];
    extensions.extend(of.sex.map(|sex| json!({"url": SEX, "valueCode": sex.code()})));
    extensions.extend(of.treatment_function.iter().map(|code| json!({"url": FUNCTION, "valueCode": code})));
    let kind = json!([{"coding": [{"system": PLACE_KIND, "code": of.kind.code()}], "text": kind_words(of.kind)}]);
    let physical = json!({"coding": [{"system": PHYSICAL_TYPE, "code": physical_type(of.kind)}]});
    let members = vec![
        ("extension", Value::Array(extensions)),
        ("identifier", json!([{"system": PLACE, "value": of.code}])),
        ("status", json!("active")),
        ("name", json!(of.name)),
        ("alias", some_list(of.label.iter().map(|label| json!(label)))),
        ("description", of.contact.description.as_ref().map_or(Value::Null, |text| json!(text))),
        ("type", kind),
        ("telecom", telecom(&of.contact)),
        ("physicalType", physical),
        ("managingOrganization", reference("Organization", &trust.code)),
        ("partOf", of.parent.as_ref().map_or(Value::Null, |parent| reference("Location", parent))),
    ];
    Standing { kind: "Location", id: of.code.clone(), members }
}

fn practitioner(of: &Member) -> Standing {
    let number =
        |system: &str, number: &Option<String>| number.as_ref().map(|value| json!({"system": system, "value": value}));
    let mut name = serde_json::Map::new();
    name.insert("text".into(), json!(of.name));
    name.extend(of.family.iter().map(|family| ("family".into(), json!(family))));
    name.extend(of.given.iter().map(|given| ("given".into(), json!([given]))));
    name.extend(of.title.iter().map(|title| ("prefix".into(), json!([title]))));
    let members = vec![
        ("identifier", some_list([number(GMC, &of.gmc), number(NMC, &of.nmc)].into_iter().flatten())),
        ("active", json!(true)),
        ("name", json!([name])),
        ("telecom", telecom(&of.contact)),
    ];
    Standing { kind: "Practitioner", id: of.code.clone(), members }
}

fn healthcare_service(of: &Service, trust: &Trust) -> Standing {
    let members = vec![
        ("active", json!(true)),
        ("providedBy", reference("Organization", &trust.code)),
        ("specialty", specialty(List::TreatmentFunction, of.treatment_function.as_deref())),
        ("location", some_list(of.wards.iter().map(|ward| reference("Location", ward)))),
        ("name", json!(of.name)),
        ("comment", of.contact.description.as_ref().map_or(Value::Null, |text| json!(text))),
        ("telecom", telecom(&of.contact)),
    ];
    Standing { kind: "HealthcareService", id: of.code.clone(), members }
}

/// Where somebody works: on the wards and in the services that they name or that name them.
fn practitioner_role(of: &Member, all: &Configuration, trust: &Trust) -> Standing {
    let names_them = |codes: &[String]| codes.contains(&of.code);
    let wards = all.wards().filter(|ward| {
        of.wards.contains(&ward.code) || names_them(&ward.consultants) || ward.manager.as_ref() == Some(&of.code)
    });
    let services =
        all.services.iter().filter(|service| of.services.contains(&service.code) || names_them(&service.consultants));
    let members = vec![
        ("active", json!(true)),
        ("practitioner", reference("Practitioner", &of.code)),
        ("organization", reference("Organization", &trust.code)),
        ("code", some_list(of.role.iter().filter_map(|code| all.role(code)).map(job_role))),
        ("specialty", specialty(List::MainSpecialty, of.main_specialty.as_deref())),
        ("location", some_list(wards.map(|ward| reference("Location", &ward.code)))),
        ("healthcareService", some_list(services.map(|service| reference("HealthcareService", &service.code)))),
        ("telecom", telecom(&of.contact)),
    ];
    Standing { kind: "PractitionerRole", id: of.code.clone(), members }
}

fn job_role(of: &JobRole) -> Value {
    let mut coding = vec![json!({"system": JOB_ROLE, "code": of.code, "display": of.name})];
    coding.extend(of.national.iter().map(|code| {
        let display = meaning(List::JobRole, code).unwrap_or(&of.name);
        json!({"system": NATIONAL_ROLE, "code": code, "display": display})
    }));
    json!({"coding": coding, "text": of.name})
}

fn specialty(list: List, code: Option<&str>) -> Value {
    some_list(code.map(|code| {
        let words = meaning(list, code).unwrap_or(code);
        json!({"coding": [{"system": SPECIALTY, "code": code, "display": words}], "text": words})
    }))
}

fn telecom(of: &Contact) -> Value {
    let phone = of.phone.iter().map(|number| json!({"system": "phone", "value": number}));
    let bleep = of.bleep.iter().map(|number| json!({"system": "pager", "value": number}));
    some_list(phone.chain(bleep))
}

fn reference(kind: &str, id: &str) -> Value {
    json!({"reference": format!("{kind}/{id}")})
}

/// A list that is not there when it is empty: FHIR has no empty arrays.
fn some_list(items: impl IntoIterator<Item = Value>) -> Value {
    let items: Vec<Value> = items.into_iter().collect();
    if items.is_empty() { Value::Null } else { Value::Array(items) }
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}
