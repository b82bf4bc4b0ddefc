//! HL7's package as parsed JSON, by canonical address.
//! Does not know what the definitions mean.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Every definition of the package, in the order of its canonical address.
pub(super) struct Package {
    by_url: BTreeMap<String, Value>,
}

impl Package {
    /// Reads the archive, and refuses one that is not hl7.fhir.r4.core 4.0.1.
    pub(super) fn read(archive: &Path) -> Result<Package> {
        let file = File::open(archive).with_context(|| format!("opening {}", archive.display()))?;
        let mut entries = tar::Archive::new(flate2::read::GzDecoder::new(file));
        let mut by_url = BTreeMap::new();
        let mut is_r4_core = false;
        for entry in entries.entries().context("reading the archive")? {
            let mut entry = entry.context("reading the archive")?;
            let path = entry.path().context("reading the archive")?.into_owned();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let mut text = Vec::new();
            entry.read_to_end(&mut text).with_context(|| format!("reading {}", path.display()))?;
            let value: Value = serde_json::from_slice(&text).with_context(|| format!("parsing {}", path.display()))?;
            if path.file_name().is_some_and(|name| name == "package.json") {
                is_r4_core = value["name"] == "hl7.fhir.r4.core" && value["version"] == "4.0.1";
            } else if let Some(url) = value["url"].as_str() {
                by_url.insert(url.to_owned(), value);
            }
        }
        ensure!(is_r4_core, "{} is not hl7.fhir.r4.core 4.0.1", archive.display());
        Ok(Package { by_url })
    }

    /// All definitions of one resource type, in the order of their address.
    pub(super) fn of_type(&self, resource_type: &str) -> impl Iterator<Item = &Value> {
        self.by_url.values().filter(move |value| value["resourceType"] == resource_type)
    }

    /// One definition by its canonical address, with or without `|version`.
    pub(super) fn get(&self, canonical: &str) -> Option<&Value> {
        self.by_url.get(canonical.split('|').next().unwrap_or_default())
    }
}

/// The strings of a JSON array; none if it is something else.
pub(super) fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(Value::as_str)
}
