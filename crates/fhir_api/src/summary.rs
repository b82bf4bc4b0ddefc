//! Parts of a resource: `_summary` and `_elements`, cut out of the stored text without printing it anew.
//!
//! Works on top-level elements (<http://hl7.org/fhir/R4/search.html#summary>): a data type inside a summary element is
//! given whole. Elements that must occur or can change the meaning of the rest always stay. What is cut is tagged
//! `SUBSETTED`.

use fhir::{Document, Limits, Node, definitions};

use crate::call::Query;
use crate::outcome::Refusal;

const SUBSETTED: &[u8] =
    br#"{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}"#;

/// How much of a resource is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Subset {
    #[default]
    Whole,
    /// `_summary=true`.
    Summary,
    /// `_summary=text`.
    Text,
    /// `_summary=data`.
    Data,
    /// `_elements=…`.
    Elements(Vec<String>),
}

impl Subset {
    /// From the value of `_summary`; `None` for a value that means something else (`count`).
    pub(crate) fn of_summary(value: &str) -> Option<Subset> {
        match value {
            "true" => Some(Subset::Summary),
            "text" => Some(Subset::Text),
            "data" => Some(Subset::Data),
            "false" => Some(Subset::Whole),
            _ => None,
        }
    }

    /// From the value of `_elements`: names with or without the type before them.
    pub(crate) fn of_elements(value: &str) -> Subset {
        let names = value.split(',').map(|name| name.rsplit_once('.').map_or(name, |(_, name)| name).trim());
        Subset::Elements(names.filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    /// From the parameters of a read.
    ///
    /// # Errors
    /// 400 for any other parameter.
    pub(crate) fn of_read(query: &Query) -> Result<Subset, Refusal> {
        let mut subset = Subset::Whole;
        for (name, value) in query {
            subset = match name.as_str() {
                "_summary" => Subset::of_summary(value).ok_or_else(|| unknown_value(name, value))?,
                "_elements" => Subset::of_elements(value),
                _ => {
                    let details = format!("The parameter {name} is not known for a read.");
                    return Err(Refusal::bad_request("not-supported", details));
                }
            };
        }
        Ok(subset)
    }
}

fn unknown_value(name: &str, value: &str) -> Refusal {
    Refusal::bad_request("value", format!("{name} cannot be {value} here."))
}

/// The wanted part of a stored text; `None` when the whole is wanted or the text cannot be cut.
pub(crate) fn subset(text: &[u8], wanted: &Subset) -> Option<Vec<u8>> {
    if *wanted == Subset::Whole {
        return None;
    }
    let document = Document::parse(text, &Limits::default()).ok()?;
    let structure = definitions().resource_type(&document.resource_type()?)?;
    let mut out = Vec::with_capacity(text.len() / 2);
    for (member, node) in document.root().members() {
        let element = structure.element(member.trim_start_matches('_')).map(|found| found.element);
        let always = matches!(member, "resourceType" | "id" | "meta")
            || element.is_some_and(|element| element.min > 0 || element.is_modifier);
        let name = element.map_or(member, |element| element.name);
        let keep = match wanted {
            Subset::Whole => true,
            Subset::Summary => always || element.is_some_and(|element| element.is_summary),
            Subset::Text => always || name == "text",
            Subset::Data => name != "text",
            Subset::Elements(names) => always || names.iter().any(|wanted| wanted == name),
        };
        if keep {
            out.push(if out.is_empty() { b'{' } else { b',' });
            push_member(&mut out, text, member, node);
        }
    }
    out.push(b'}');
    Some(out)
}

fn push_member(out: &mut Vec<u8>, text: &[u8], member: &str, node: Node<'_, '_>) {
    let Some(name) = node.name_span() else { return };
    let value = node.span();
    if member != "meta" {
        out.extend_from_slice(&text[name.start..value.end]);
        return;
    }
    // The tag goes before the other tags, or before the other members of `meta`.
    let tags = node.get("tag");
    let slot = tags.map_or(value.start, |tags| tags.span().start) + 1;
    let is_empty = tags.map_or(node.is_empty(), |tags| tags.is_empty());
    out.extend_from_slice(&text[name.start..slot]);
    let (before, after): (&[u8], &[u8]) = if tags.is_some() { (b"", b"") } else { (b"\"tag\":[", b"]") };
    out.extend_from_slice(before);
    out.extend_from_slice(SUBSETTED);
    out.extend_from_slice(after);
    if !is_empty {
        out.push(b',');
    }
    out.extend_from_slice(&text[slot..value.end]);
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENT: &str = r#"{ "resourceType": "Patient", "id": "1", "meta":{"versionId":"1"},
        "text": {"status":"empty"}, "active":true, "name":[{"family":"Ng"}], "photo":[], "birthDate" : "1950-01-01" }"#;

    fn cut(wanted: &Subset) -> String {
        String::from_utf8(subset(PATIENT.as_bytes(), wanted).unwrap_or_default()).unwrap_or_default()
    }

    #[test]
    fn parts_keep_their_bytes_and_are_tagged() {
        let tag = String::from_utf8_lossy(SUBSETTED);
        let head = format!(r#"{{"resourceType": "Patient","id": "1","meta":{{"tag":[{tag}],"versionId":"1"}}"#);
        let cases = [
            (Subset::of_elements("Patient.birthDate"), r#","active":true,"birthDate" : "1950-01-01"}"#),
            (Subset::Text, r#","text": {"status":"empty"},"active":true}"#),
            (Subset::Data, r#","active":true,"name":[{"family":"Ng"}],"photo":[],"birthDate" : "1950-01-01"}"#),
            (Subset::Summary, r#","active":true,"name":[{"family":"Ng"}],"birthDate" : "1950-01-01"}"#),
        ];
        for (wanted, rest) in cases {
            assert_eq!(cut(&wanted), format!("{head}{rest}"), "{wanted:?}");
        }
        assert_eq!(subset(PATIENT.as_bytes(), &Subset::Whole), None);
    }
}
