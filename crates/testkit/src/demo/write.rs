//! Just enough JSON writing for the demonstration: objects in the order they are written, nothing clever.
//! Everybody in it is invented; it knows nothing of stores or pages.

use std::fmt::Write as _;

/// A JSON object as it is being written.
#[derive(Debug, Clone)]
pub(super) struct Object(String);

impl Object {
    /// An empty object.
    pub(super) fn new() -> Object {
        Object(String::from("{"))
    }

    /// A resource with its type and id.
    pub(super) fn resource(kind: &str, id: &str) -> Object {
        Object::new().text("resourceType", kind).text("id", id)
    }

    /// A member whose value is JSON already.
    pub(super) fn json(mut self, name: &str, json: impl AsRef<str>) -> Object {
        let comma = if self.0.len() > 1 { "," } else { "" };
        let _ = write!(self.0, "{comma}{}:{}", quoted(name), json.as_ref());
        self
    }

    /// A member whose value is a string.
    pub(super) fn text(self, name: &str, text: impl AsRef<str>) -> Object {
        let text = quoted(text.as_ref());
        self.json(name, text)
    }

    /// A member whose value is JSON, when there is something to write.
    pub(super) fn json_if(self, name: &str, json: Option<String>) -> Object {
        match json {
            Some(json) => self.json(name, json),
            None => self,
        }
    }

    /// The finished text.
    pub(super) fn done(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A JSON array of texts that are JSON already.
pub(super) fn array(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(","))
}

/// A JSON string.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A concept of one coding and words.
pub(super) fn concept(system: &str, code: &str, words: &str) -> String {
    let coding = Object::new().text("system", system).text("code", code).text("display", words).done();
    Object::new().json("coding", array([coding])).text("text", words).done()
}

/// A concept that is only a code of HL7's own systems.
pub(super) fn code(system: &str, code: &str) -> String {
    let coding = Object::new().text("system", system).text("code", code).done();
    Object::new().json("coding", array([coding])).done()
}

/// A concept that is only words.
pub(super) fn words(words: &str) -> String {
    Object::new().text("text", words).done()
}

/// A reference with its words.
pub(super) fn reference(to: &str, words: &str) -> String {
    Object::new().text("reference", to).text("display", words).done()
}

/// A quantity in UCUM; `unit` is what people read.
pub(super) fn quantity(value: &str, unit: &str, ucum: &str) -> String {
    Object::new()
        .json("value", value)
        .text("unit", unit)
        .text("system", "http://unitsofmeasure.org")
        .text("code", ucum)
        .done()
}

/// SNOMED CT.
pub(super) const SNOMED: &str = "http://snomed.info/sct";
/// LOINC.
pub(super) const LOINC: &str = "http://loinc.org";
