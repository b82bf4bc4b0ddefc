//! What is in the files that are loaded, as another JSON reader sees it: every text with its place, its type, its id
//! and whether it breaks one of the rules of FHIR R4 that texts of the suites break (`docs/loading.md` cites each).
//! Knows nothing of the loader but how its account names places.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Ids by type.
pub(crate) type Ids = BTreeMap<String, BTreeSet<String>>;

/// The files to load and what is in them.
#[derive(Default)]
pub(crate) struct Input {
    /// What `almoner load` is given.
    pub(crate) paths: Vec<PathBuf>,
    /// Files that hold texts.
    pub(crate) files: usize,
    /// By place, in the words of the account.
    pub(crate) texts: BTreeMap<String, Text>,
}

/// One text.
pub(crate) struct Text {
    /// Its resource type, `?` where it has none.
    pub(crate) kind: String,
    id: String,
    /// Whether FHIR R4 does not allow it.
    pub(crate) is_broken: bool,
}

impl Input {
    /// A few patients of `synthea-150`, or all of them, with the hospitals and practitioners, unpacked into `folder`.
    pub(crate) fn synthea(archive: &Path, folder: PathBuf, wanted: impl Fn(&str) -> bool) -> Input {
        std::fs::create_dir_all(&folder).unwrap();
        let mut input = Input { paths: vec![folder.clone()], ..Input::default() };
        let archive = flate2::read::GzDecoder::new(std::fs::File::open(archive).unwrap());
        for member in tar::Archive::new(archive).entries().unwrap() {
            let mut member = member.unwrap();
            let name = member.path().unwrap().file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !member.header().entry_type().is_file() || !wanted(&name) {
                continue;
            }
            let path = folder.join(&name);
            member.unpack(&path).unwrap();
            let bundle: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            for (number, entry) in bundle["entry"].as_array().unwrap().iter().enumerate() {
                input.add(&path, Value::Null, format!("Bundle.entry[{number}]").into(), &entry["resource"]);
            }
            input.files += 1;
        }
        input
    }

    /// Those files of `clinosim-296` that hold one of these types, or all of them if none is named.
    pub(crate) fn clinosim(folder: &Path, kinds: &[&str]) -> Input {
        let mut input = Input::default();
        for path in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let lines = name.strip_suffix(".ndjson.gz");
            if !kinds.is_empty() && !lines.is_some_and(|kind| kinds.contains(&kind)) {
                continue;
            }
            if lines.is_some() {
                let mut text = String::new();
                let file = std::fs::File::open(&path).unwrap();
                flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
                for (number, line) in (1..).zip(text.lines()) {
                    input.add(&path, number.into(), Value::Null, &serde_json::from_str(line).unwrap());
                }
            } else if name.ends_with(".json") {
                let text = std::fs::read(&path).unwrap();
                input.add(&path, Value::Null, Value::Null, &serde_json::from_slice(&text).unwrap());
            } else {
                continue;
            }
            input.files += 1;
            input.paths.push(path);
        }
        if kinds.is_empty() {
            input.paths = vec![folder.to_owned()];
        }
        input
    }

    fn add(&mut self, file: &Path, line: Value, inside: Value, resource: &Value) {
        let text = |name: &str, none: &str| resource[name].as_str().unwrap_or(none).to_owned();
        let text = Text { kind: text("resourceType", "?"), id: text("id", ""), is_broken: is_broken(resource) };
        let place = place(&serde_json::json!({"file": file, "line": line, "inside": inside}));
        assert!(self.texts.insert(place, text).is_none(), "two texts in one place");
    }

    /// Distinct resources by type without those whose text is refused; a type of which all are refused has none.
    pub(crate) fn held_without(&self, refused: &BTreeSet<String>) -> Ids {
        let mut held = Ids::new();
        for (place, text) in self.texts.iter().filter(|(_, text)| text.kind != "?") {
            let ids = held.entry(text.kind.clone()).or_default();
            if !refused.contains(place) {
                ids.insert(text.id.clone());
            }
        }
        held
    }
}

/// A place in the words of the account, as one text.
pub(crate) fn place(place: &Value) -> String {
    format!("{}, {}, {}", place["file"], place["line"], place["inside"])
}

fn is_broken(resource: &Value) -> bool {
    let has_wrong_media = |report: &Value| {
        let links = report["media"].as_array().into_iter().flatten().map(|media| &media["link"]["reference"]);
        links.into_iter().any(|link| !link.as_str().unwrap_or_default().starts_with("Media/"))
    };
    has_something_empty(resource)
        || match resource["resourceType"].as_str() {
            Some("MedicationAdministration") => resource.get("dosage").is_some_and(is_broken_dosage),
            Some("DiagnosticReport") => has_wrong_media(resource),
            Some(_) => false,
            None => true,
        }
}

fn has_something_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty() || items.iter().any(has_something_empty),
        Value::Object(members) => members.is_empty() || members.values().any(has_something_empty),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// The dosage of a `MedicationAdministration` has elements of its own, one of which says how much.
fn is_broken_dosage(dosage: &Value) -> bool {
    let own = ["text", "site", "route", "method", "dose", "rateRatio", "rateQuantity"];
    let amounts = ["dose", "rateRatio", "rateQuantity"];
    let members = dosage.as_object().unwrap();
    members.keys().any(|name| !own.contains(&name.as_str())) || !amounts.iter().any(|name| members.contains_key(*name))
}
