//! The live configuration as one resource, `Basic/configuration`: its files as texts, so that its history is theirs.
//!
//! FHIR R4 `Basic` with extensions of our own (<http://hl7.org/fhir/R4/basic.html>). Knows no record.

use serde::{Deserialize, Serialize};

use super::files::{File, Files, Layer};

/// Type and id of the resource.
pub const BASIC: (&str, &str) = ("Basic", "configuration");

const SYSTEM: &str = "urn:almoner:basic";
const FILE: &str = "urn:almoner:configuration:file";
/// The parts of a file.
const FOLDER: &str = "folder";
const NAME: &str = "name";
const TEXT: &str = "text";
/// By whom it was applied, for people; one extension each.
const BY: &str = "urn:almoner:configuration:by";
/// Why it was applied.
const WHY: &str = "urn:almoner:configuration:why";

/// A version of the configuration as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// Its files.
    pub files: Files,
    /// Who applied it, by name.
    pub by: Vec<String>,
    /// Why, in one line.
    pub why: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Basic {
    #[serde(rename = "resourceType")]
    resource_type: String,
    id: String,
    #[serde(default)]
    extension: Vec<Extension>,
    code: Concept,
}

#[derive(Debug, Serialize, Deserialize)]
struct Extension {
    url: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    extension: Vec<Extension>,
    #[serde(rename = "valueString", default, skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Concept {
    coding: Vec<Coding>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Coding {
    system: String,
    code: String,
}

/// The resource's text.
///
/// # Errors
/// None that is expected: every part can be written as JSON.
pub fn basic_text(of: &Kept) -> Result<Vec<u8>, serde_json::Error> {
    basic_with(BASIC, of, &[])
}

/// The text of such a resource under another id, which says more.
pub(super) fn basic_with(
    (kind, id): (&str, &str),
    of: &Kept,
    more: &[(&str, String)],
) -> Result<Vec<u8>, serde_json::Error> {
    let files = of.files.layers.iter().flat_map(|layer| {
        layer.files.iter().map(|file| Extension {
            url: FILE.into(),
            extension: parts(&[(FOLDER, &layer.folder), (NAME, &file.name), (TEXT, &file.text)]),
            value: None,
        })
    });
    let mut extension: Vec<Extension> = files.collect();
    extension.extend(of.by.iter().map(|by| plain(BY, by)));
    extension.extend(of.why.iter().map(|why| plain(WHY, why)));
    extension.extend(more.iter().map(|(url, value)| plain(url, value)));
    let coding = vec![Coding { system: SYSTEM.into(), code: id.into() }];
    serde_json::to_vec(&Basic { resource_type: kind.into(), id: id.into(), extension, code: Concept { coding } })
}

/// What a version of the resource holds.
///
/// # Errors
/// The text is not one that we wrote.
pub fn files_of(text: &[u8]) -> Result<Kept, serde_json::Error> {
    read_basic(text).map(|(kept, _)| kept)
}

/// The same with what else it says: address and value of each extension.
pub(super) fn read_basic(text: &[u8]) -> Result<(Kept, Vec<(String, String)>), serde_json::Error> {
    let basic: Basic = serde_json::from_slice(text)?;
    let (mut kept, mut more) = (Kept::default(), Vec::new());
    for extension in basic.extension {
        match extension.url.as_str() {
            FILE => {
                let part = |url: &str| extension.extension.iter().find(|part| part.url == url)?.value.clone();
                let (folder, name) = (part(FOLDER).unwrap_or_default(), part(NAME).unwrap_or_default());
                let file = File { name, text: part(TEXT).unwrap_or_default() };
                match kept.files.layers.last_mut() {
                    Some(layer) if layer.folder == folder => layer.files.push(file),
                    _ => kept.files.layers.push(Layer { folder, files: vec![file] }),
                }
            }
            BY => kept.by.extend(extension.value),
            WHY => kept.why = extension.value,
            _ => more.extend(extension.value.map(|value| (extension.url, value))),
        }
    }
    Ok((kept, more))
}

/// FHIR has no empty strings: what is empty is left out.
fn parts(of: &[(&str, &str)]) -> Vec<Extension> {
    of.iter().filter(|(_, value)| !value.is_empty()).map(|(url, value)| plain(url, value)).collect()
}

fn plain(url: &str, value: &str) -> Extension {
    Extension { url: url.into(), extension: Vec::new(), value: Some(value.to_owned()) }
}
