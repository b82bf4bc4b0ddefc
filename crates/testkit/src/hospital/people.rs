//! Invented people as FHIR Patients, as another system sends them: right, or as one of their faulty records says.
//! Knows nothing of what is right or wrong with a record: `crate::people` has made it.

use fhir::write::{Object, array, array_if, quoted};

use crate::people::{Record, SimulatedPerson};

const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";

/// A person as a Patient of this id; with a record, as that says it.
pub fn patient_text(id: &str, person: &SimulatedPerson, record: Option<&Record>) -> String {
    let (surname, given) = match record {
        Some(record) => (record.surname.clone(), record.given.clone()),
        None => (person.surname.clone(), person.given.clone()),
    };
    let born = record.map_or_else(|| Some(person.born.to_string()), |record| record.born.clone());
    let sex = record.map_or(if person.is_female { "female" } else { "male" }, |record| record.sex);
    // Two records never have one number: the index refuses the second.
    let number = person.nhs_number.filter(|_| record.is_none()).map(|number| number.digits());
    let number = number.map(|number| Object::new().text("system", NHS_NUMBER).text("value", number).done());
    let name = Object::new()
        .text("use", "official")
        .text("family", surname)
        .json("given", array(given.iter().map(|name| quoted(name))))
        .done();
    let lines = record.map_or_else(|| vec![person.line.clone(), person.town.clone()], |record| record.address.clone());
    let postcode = record.map_or_else(|| Some(person.postcode.clone()), |record| record.postcode.clone());
    let has_address = !lines.is_empty() || postcode.is_some();
    let address = has_address.then(|| {
        Object::new()
            .text("use", "home")
            .json_if("line", array_if(lines.iter().map(|line| quoted(line))))
            .text_if("postalCode", postcode)
            .done()
    });
    Object::resource("Patient", id)
        .json_if("identifier", array_if(number))
        .json("active", "true")
        .json("name", array([name]))
        .text("gender", sex)
        .text_if("birthDate", born)
        .json_if("address", array_if(address))
        .done()
}
