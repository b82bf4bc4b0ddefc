//! Third-party resources for tests, read as `testkit::suites` finds them.
//! Goes through the router as a client would, over a real record.

use std::io::Read as _;

use access::Role;
use bytes::Bytes;
use fhir_api::Owners;
use fhir_api::load::{Loader, commit, prepare, split};

use crate::site::{Site, permit};

/// The JSON files of an archive whose names `wanted` admits, in the archive's order; `None` when the suite is not
/// there, which in continuous integration is a failure.
pub(crate) fn files(archive: &str, wanted: impl Fn(&str) -> bool) -> Option<Vec<(String, Bytes)>> {
    let mut archive = testkit::suites::archive(archive)?;
    let mut found = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".json") && wanted(&name) {
            let mut text = Vec::new();
            entry.read_to_end(&mut text).unwrap();
            found.push((name, text.into()));
        }
    }
    Some(found)
}

/// The specification's examples and three patients of Synthea.
pub(crate) fn sample() -> Option<Vec<(String, Bytes)>> {
    let mut sample = files("fhir-r4-examples", |name| !name.contains("bundle-") && !name.starts_with("valueset-"))?;
    let patients = files("synthea-150", |name| name.starts_with("Ad") || name.starts_with("Al"))?;
    sample.extend(patients.into_iter().take(3));
    Some(sample)
}

/// Loads files as the `load` command does; gives the number of resources that are there afterwards.
pub(crate) async fn load(site: &Site, files: &[(String, Bytes)]) -> usize {
    let permit = permit(Role::Host);
    let owners = Owners::none();
    let loader = Loader {
        record: &site.record,
        permit: &permit,
        owners: &owners,
        since: site.record.status().await.unwrap().sequence,
    };
    let mut keys = std::collections::HashSet::new();
    for (name, text) in files {
        let items = split(text).unwrap_or_default();
        let prepared: Vec<_> = items.into_iter().flatten().filter_map(|item| prepare(&item).ok()).collect();
        let all: Vec<_> = prepared.iter().map(|item| item.key.clone()).collect();
        let loaded = commit(&loader, name, prepared).await.unwrap();
        keys.extend(all.into_iter().zip(loaded).filter(|(_, loaded)| loaded.is_there()).map(|(key, _)| key));
    }
    keys.len()
}
