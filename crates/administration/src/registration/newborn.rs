//! Registering a newborn: from the mother's stay, with the birth order, so that twins are told apart from the first minute.
//!
//! Twins get the flag *similar name* in the same commit, both of them. A baby is registered once: the commit asserts that
//! no other was born to this mother on this day in this order.

use fhir::read::text;
use fhir::write::{Object, array, array_if, concept, extension, quoted, reference};
use record::{Assertion, Clause, Draft, Key, Reading, Select, TransactError};
use terms::Moment;
use terms::index::{Part, Span};

use super::demographics::{official_name, usual_address};
use super::numbers::{self, Block};
use super::write::{hospital_identifier, nhs_identifier};
use super::{BORN_TO, Gender, MOTHER, NhsNumberStatus, codes};
use crate::draft::{self, document};
use crate::refusal::Refusal;
use crate::stays::Stay;

/// Most children of one birth.
const MOST_CHILDREN: u8 = 8;
/// How long before it is entered a birth may lie, in milliseconds: six weeks; older babies are registered like anybody.
const NEWBORN_MS: i64 = 42 * 24 * 3600 * 1000;

/// Registers a newborn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterNewborn {
    /// The new Patient's id.
    pub patient: String,
    /// The mother's Patient.
    pub mother: String,
    /// The mother's stay, an Encounter.
    pub stay: String,
    /// When the baby was born.
    pub born: Moment,
    /// The first, second, … of this birth.
    pub order: u8,
    /// How many were born.
    pub of: u8,
    /// Sex as seen at birth.
    pub gender: Option<Gender>,
    /// New ids for the flags *similar name*: of this baby, and of each that came before.
    pub flags: Vec<String>,
}

impl RegisterNewborn {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let mother = reading.get(&Key::new("Patient", self.mother.as_str())).await?;
        let mother = mother.filter(|version| !version.text.is_empty());
        let mother = mother.ok_or_else(|| refused("no-mother", "mother", "Look up the mother's record first."))?;
        let stay = crate::stays::stay(reading, &self.stay).await?;
        self.decide(stay.as_ref(), now).map_err(TransactError::Refused)?;
        let siblings = self.siblings(reading).await?;
        if siblings.iter().any(|(_, order)| *order == self.order) {
            let sentence = "This baby is registered already. Look at the mother's record.";
            return Err(refused("born-already", "order", sentence));
        }
        let (numbers, counter, mut assertions) = numbers::take(reading, Block::Ordinary, 1, now).await?;
        let Some(number) = numbers.first() else {
            return Err(refused("no-numbers", "order", "There are no free hospital numbers. Ask your administrator."));
        };
        let head = [Part::target("Patient", self.mother.as_str()), Part::Text(self.place_in_birth().into_bytes())];
        assertions.push(Assertion::Absent(vec![Span::head(BORN_TO, head)]));
        let document = document(&mother)?;
        let text = self.text(document.root(), number);
        let mut changes = vec![draft::put(Key::new("Patient", self.patient.as_str()), text.as_bytes())?, counter];
        if self.of > 1 {
            let alike = std::iter::once(self.patient.as_str()).chain(siblings.iter().map(|(id, _)| id.as_str()));
            for (patient, flag) in alike.zip(&self.flags) {
                changes.push(draft::put(Key::new("Flag", flag.as_str()), similar(flag, patient, now).as_bytes())?);
            }
        }
        Ok(Draft { changes, assertions })
    }

    fn decide(&self, stay: Option<&Stay>, now: Moment) -> Result<(), Refusal> {
        let stay = stay.filter(|stay| stay.patient.as_deref() == Some(self.mother.as_str()));
        if stay.is_none() {
            return Err(Refusal::at("no-stay", "stay", "Say in which stay of the mother the baby was born."));
        }
        if self.of == 0 || self.of > MOST_CHILDREN {
            return Err(Refusal::at("of", "of", "Say how many babies were born, 1 to 8."));
        }
        if self.order == 0 || self.order > self.of {
            return Err(Refusal::at("order", "order", "Say which baby this is: first, second and so on."));
        }
        if self.gender.is_none() {
            return Err(Refusal::at(
                "gender-missing",
                "gender",
                "Say the sex as seen at birth, or that it is not known.",
            ));
        }
        if self.born > now {
            return Err(Refusal::at("in-future", "at_time", "This time has not come yet. Check the day and the time."));
        }
        if now.0 - self.born.0 > NEWBORN_MS {
            let sentence = "This baby is more than six weeks old. Register the child as you would anybody.";
            return Err(Refusal::at("not-newborn", "at_date", sentence));
        }
        Ok(())
    }

    /// The day of birth and the order in it.
    fn place_in_birth(&self) -> String {
        place_in_birth(&terms::local_date(self.born).to_string(), u32::from(self.order))
    }

    /// The other babies of this birth: id and order.
    async fn siblings(&self, reading: &Reading) -> Result<Vec<(String, u8)>, TransactError<Refusal>> {
        let span = Span::head(BORN_TO, [Part::target("Patient", self.mother.as_str())]);
        let page = reading.select(&Select::of("Patient").with(Clause::Any(vec![span])).limit(50)).await?;
        let day = terms::local_date(self.born).to_string();
        let mut siblings = Vec::new();
        for version in page.versions {
            let document = document(&version)?;
            let root = document.root();
            let order = root.get("multipleBirthInteger").and_then(|order| order.raw_text().parse().ok()).unwrap_or(1);
            if text(root, "birthDate").as_deref() == Some(day.as_str()) {
                siblings.push((version.key.id, order));
            }
        }
        Ok(siblings)
    }

    fn text(&self, mother: fhir::Node<'_, '_>, number: &numbers::HospitalNumber) -> String {
        let family = official_name(mother).and_then(|name| text(name, "family")).unwrap_or_else(|| "Unknown".into());
        let given: Vec<String> = match self.of {
            1 => vec![quoted("Baby")],
            _ => ["Baby", order_word(self.order)].map(quoted).to_vec(),
        };
        let name = Object::new().text("use", "temp").text("family", &family).json("given", array(given));
        let time = extension(
            "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
            "valueDateTime",
            &quoted(&self.born.to_string()),
        );
        let of_mother = extension(MOTHER, "valueReference", &reference(&format!("Patient/{}", self.mother), None));
        let (birth, order) = match self.of {
            1 => ("multipleBirthBoolean", "false".to_owned()),
            _ => ("multipleBirthInteger", self.order.to_string()),
        };
        Object::resource("Patient", &self.patient)
            .json("extension", array([of_mother]))
            .json("identifier", array([nhs_identifier(None, NhsNumberStatus::Postponed), hospital_identifier(number)]))
            .json("active", "true")
            .json("name", array([name.done()]))
            .text_if("gender", self.gender.map(Gender::code))
            .text("birthDate", terms::local_date(self.born).to_string())
            .json("_birthDate", Object::new().json("extension", array([time])).done())
            .json(birth, order)
            .json_if("address", array_if(usual_address(mother).map(|address| address.raw_text().to_owned())))
            .json("contact", array([mother_as_contact(mother)]))
            .done()
    }
}

/// The row of a baby: day of birth and birth order.
pub(crate) fn place_in_birth(day: &str, order: u32) -> String {
    format!("{day}/{order:02}")
}

fn order_word(order: u8) -> &'static str {
    ["One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight"]
        .get(usize::from(order.saturating_sub(1)))
        .copied()
        .unwrap_or("More")
}

fn mother_as_contact(mother: fhir::Node<'_, '_>) -> String {
    let relation = concept(codes::RELATION_SYSTEM, "12", "Mother");
    let telecom = mother.get("telecom").map(|list| list.raw_text().to_owned());
    Object::new()
        .json("relationship", array([relation]))
        .json_if("name", official_name(mother).map(|name| name.raw_text().to_owned()))
        .json_if("telecom", telecom)
        .done()
}

/// The flag *similar name*.
fn similar(id: &str, patient: &str, now: Moment) -> String {
    Object::resource("Flag", id)
        .text("status", "active")
        .json("category", array([concept("urn:almoner:flag-category", "identity", "Identity")]))
        .json("code", concept("urn:almoner:flag", "similar-name", "Similar name"))
        .json("subject", reference(&format!("Patient/{patient}"), None))
        .json("period", Object::new().text("start", now.to_string()).done())
        .done()
}

fn refused(code: &'static str, field: &'static str, sentence: &str) -> TransactError<Refusal> {
    TransactError::Refused(Refusal::at(code, field, sentence))
}
