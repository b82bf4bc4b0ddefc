//! The main lists as CSV (RFC 4180, UTF-8, a header first): patients, stays, places, staff and their roles. Made from the
//! newest texts, for people with a spreadsheet; everything in them is in the FHIR files too.
//!
//! Only what FHIR R4 itself says of these types is read; what a field means is in `docs/formats/export.md`.

use serde_json::Value;

use crate::failure::Failure;

/// One list.
pub(crate) struct List {
    /// The resource type of its rows.
    pub(crate) kind: &'static str,
    /// Its file.
    pub(crate) path: &'static str,
    /// Names of its columns.
    pub(crate) columns: &'static [&'static str],
    row: fn(&Value) -> Vec<String>,
}

/// The identifier system of NHS numbers.
const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";

/// All lists.
pub(crate) const LISTS: [List; 5] = [
    List {
        kind: "Patient",
        path: "lists/patients.csv",
        columns: &[
            "id",
            "nhs_number",
            "other_numbers",
            "family",
            "given",
            "born",
            "gender",
            "deceased",
            "phone",
            "address",
            "postcode",
            "practice",
            "active",
            "replaced_by",
        ],
        row: patient,
    },
    List {
        kind: "Encounter",
        path: "lists/stays.csv",
        columns: &["id", "patient", "class", "status", "start", "end", "place", "service", "attending", "disposition"],
        row: stay,
    },
    List {
        kind: "Location",
        path: "lists/places.csv",
        columns: &["id", "name", "kind", "status", "bed_status", "part_of", "managed_by"],
        row: place,
    },
    List { kind: "Practitioner", path: "lists/staff.csv", columns: &["id", "name", "numbers", "active"], row: member },
    List {
        kind: "PractitionerRole",
        path: "lists/staff-roles.csv",
        columns: &["id", "practitioner", "organisation", "role", "specialty", "places", "active"],
        row: role,
    },
];

/// The header of a list.
pub(crate) fn header(list: &List) -> Result<Vec<u8>, Failure> {
    record(list.columns.iter().map(|name| (*name).to_owned()))
}

/// The row of a resource.
pub(crate) fn row(list: &List, text: &[u8]) -> Result<Vec<u8>, Failure> {
    // Every text was a document when it was accepted.
    let of: Value = serde_json::from_slice(text).unwrap_or_default();
    record((list.row)(&of))
}

fn record(fields: impl IntoIterator<Item = String>) -> Result<Vec<u8>, Failure> {
    let failed = |error: &(dyn std::error::Error + 'static)| Failure::problem("writing a row of a list", error);
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    writer
        .write_record(fields.into_iter().map(|field| field.replace(['\n', '\r'], " ")))
        .map_err(|error| failed(&error))?;
    let mut line = writer.into_inner().map_err(|error| failed(&error))?;
    line.pop();
    Ok(line)
}

fn patient(of: &Value) -> Vec<String> {
    let numbers = items(of, "/identifier");
    let nhs = numbers.iter().find(|number| number["system"] == NHS_NUMBER).map(|number| text(number, "/value"));
    let others = numbers.iter().filter(|number| number["system"] != NHS_NUMBER).map(|number| text(number, "/value"));
    let name = first_of(of, "/name", "use", "official");
    let address = first_of(of, "/address", "use", "home");
    let phone = first_of(of, "/telecom", "system", "phone");
    let replaced = items(of, "/link").into_iter().find(|link| link["type"] == "replaced-by");
    let mut lines: Vec<String> = items(&address, "/line").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    lines.extend(["/city", "/district"].map(|part| text(&address, part)));
    vec![
        text(of, "/id"),
        nhs.unwrap_or_default(),
        joined(others, "; "),
        text(&name, "/family"),
        joined(items(&name, "/given").iter().filter_map(Value::as_str).map(str::to_owned), " "),
        text(of, "/birthDate"),
        text(of, "/gender"),
        [text(of, "/deceasedDateTime"), text(of, "/deceasedBoolean")]
            .into_iter()
            .find(|said| !said.is_empty())
            .unwrap_or_default(),
        text(&phone, "/value"),
        joined(lines.into_iter(), ", "),
        text(&address, "/postalCode"),
        joined(items(of, "/generalPractitioner").iter().map(|of| text(of, "/reference")), "; "),
        text(of, "/active"),
        replaced.map(|link| text(&link, "/other/reference")).unwrap_or_default(),
    ]
}

fn stay(of: &Value) -> Vec<String> {
    let places = items(of, "/location");
    let now = places.iter().find(|place| place["status"] == "active").or_else(|| places.last());
    let attending = items(of, "/participant").into_iter().find(|who| who["individual"]["reference"].is_string());
    vec![
        text(of, "/id"),
        text(of, "/subject/reference"),
        text(of, "/class/code"),
        text(of, "/status"),
        text(of, "/period/start"),
        text(of, "/period/end"),
        now.map(|place| text(place, "/location/reference")).unwrap_or_default(),
        coded(&of["serviceType"]),
        attending.map(|who| text(&who, "/individual/reference")).unwrap_or_default(),
        coded(&of["hospitalization"]["dischargeDisposition"]),
    ]
}

fn place(of: &Value) -> Vec<String> {
    vec![
        text(of, "/id"),
        text(of, "/name"),
        coded(&of["physicalType"]),
        text(of, "/status"),
        text(of, "/operationalStatus/code"),
        text(of, "/partOf/reference"),
        text(of, "/managingOrganization/reference"),
    ]
}

fn member(of: &Value) -> Vec<String> {
    let name = first_of(of, "/name", "use", "official");
    let given = items(&name, "/given");
    let parts = items(&name, "/prefix").into_iter().chain(given);
    let mut words: Vec<String> = parts.filter_map(|word| word.as_str().map(str::to_owned)).collect();
    words.push(text(&name, "/family"));
    let whole = joined(words.into_iter(), " ");
    vec![
        text(of, "/id"),
        if whole.is_empty() { text(&name, "/text") } else { whole },
        joined(items(of, "/identifier").iter().map(|number| text(number, "/value")), "; "),
        text(of, "/active"),
    ]
}

fn role(of: &Value) -> Vec<String> {
    let all = |pointer: &str| joined(items(of, pointer).iter().map(coded), "; ");
    vec![
        text(of, "/id"),
        text(of, "/practitioner/reference"),
        text(of, "/organization/reference"),
        all("/code"),
        all("/specialty"),
        joined(items(of, "/location").iter().map(|place| text(place, "/reference")), "; "),
        text(of, "/active"),
    ]
}

/// A text, number or truth value at a place; empty when there is none.
fn text(of: &Value, pointer: &str) -> String {
    match of.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(said)) => said.to_string(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn items(of: &Value, pointer: &str) -> Vec<Value> {
    of.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// The item that says this, else the first one.
fn first_of(of: &Value, pointer: &str, member: &str, wanted: &str) -> Value {
    let all = items(of, pointer);
    all.iter().find(|item| item[member] == wanted).or_else(|| all.first()).cloned().unwrap_or_default()
}

/// The words of a CodeableConcept, else its first code.
fn coded(of: &Value) -> String {
    let found = ["/text", "/coding/0/display", "/coding/0/code"].map(|pointer| text(of, pointer));
    found.into_iter().find(|said| !said.is_empty()).unwrap_or_default()
}

fn joined(words: impl Iterator<Item = String>, between: &str) -> String {
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn a_row_has_a_field_for_each_column_whatever_the_text_holds() {
        let patient = br#"{"resourceType":"Patient","id":"p","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"},{"value":"H1"}],
            "name":[{"family":"O\"Brien, \n","given":["Ann","Bea"]}],"address":[{"line":["1 The Row"],"city":"Leeds","postalCode":"LS1 1AA"}],"deceasedBoolean":false}"#;
        let line = String::from_utf8(row(&LISTS[0], patient).unwrap()).unwrap();
        assert_eq!(line, "p,9990000018,H1,\"O\"\"Brien,  \",Ann Bea,,,false,,\"1 The Row, Leeds\",LS1 1AA,,,");
        for list in &LISTS {
            for text in [&b"{}"[..], b"[]", b"{\"name\":3,\"identifier\":{}}"] {
                assert_eq!(
                    (list.row)(&serde_json::from_slice(text).unwrap()).len(),
                    list.columns.len(),
                    "{}",
                    list.path
                );
            }
        }
    }
}
