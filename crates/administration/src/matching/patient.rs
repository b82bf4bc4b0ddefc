//! What tells people apart, read from a Patient resource: every surname that the record ever had, the names in use, one
//! address. Knows no store; whose values they are is the caller's.

use fhir::Node;
use fhir::read::{at, items, text};
use terms::PartialDate;

use super::demographics::{Born, Demographics, Sex};
use crate::registration::{lines, nhs_number, official_name, strings, usual_address};

/// The system of telephone numbers among the contacts of a Patient.
const PHONE: &str = "phone";

impl Demographics {
    /// Reads a Patient.
    pub fn of_patient(patient: Node<'_, '_>) -> Demographics {
        let official = official_name(patient);
        let address = usual_address(patient);
        let phones = items(patient, "telecom").filter(|of| text(*of, "system").as_deref() == Some(PHONE));
        Demographics {
            surnames: surnames(patient, official),
            given: official.map(|name| strings(name, "given")).unwrap_or_default(),
            born: text(patient, "birthDate").and_then(|born| PartialDate::parse(&born).ok()).map(|born| (&born).into()),
            sex: text(patient, "gender").as_deref().and_then(Sex::read),
            nhs_number: nhs_number(patient).map(|number| number.digits()),
            postcode: address.and_then(|address| text(address, "postalCode")),
            address: address.and_then(lines).into_iter().collect(),
            phones: phones.filter_map(|phone| text(phone, "value")).collect(),
        }
    }
}

/// The surname in use, then the others; a name in one piece counts as both.
fn surnames(patient: Node<'_, '_>, official: Option<Node<'_, '_>>) -> Vec<String> {
    let mut surnames: Vec<String> = Vec::new();
    let is_anonymous = |name: &Node<'_, '_>| text(*name, "use").as_deref() == Some("anonymous");
    for name in official.into_iter().chain(items(patient, "name").filter(|name| !is_anonymous(name))) {
        if let Some(family) = text(name, "family")
            && !surnames.contains(&family)
        {
            surnames.push(family);
        }
    }
    if surnames.is_empty() {
        surnames.extend(official.and_then(|name| at(name, &["text"])).and_then(|whole| whole.text()).map(Into::into));
    }
    surnames
}

impl From<&crate::registration::Demographics> for Demographics {
    fn from(person: &crate::registration::Demographics) -> Demographics {
        Demographics {
            surnames: vec![person.family.clone()],
            given: person.given.split_whitespace().map(str::to_owned).collect(),
            born: person.born.map(Born::from),
            sex: person.gender.and_then(|gender| Sex::read(gender.code())),
            nhs_number: person.nhs_number.map(|number| number.digits()),
            postcode: person.postcode.clone(),
            address: person.address.iter().cloned().collect(),
            phones: person.mobile.iter().chain(&person.home).cloned().collect(),
        }
    }
}

impl From<terms::Date> for Born {
    fn from(date: terms::Date) -> Born {
        Born { year: date.year().unsigned_abs(), month: date.month().unsigned_abs(), day: date.day().unsigned_abs() }
    }
}
