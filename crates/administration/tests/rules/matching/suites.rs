//! Finds and unpacks the suites of third parties, once, into a folder that git ignores; reads their plain CSV.
//! Knows nothing of what is in them.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// A row by the names of the header.
pub(crate) type Row = HashMap<String, String>;

/// The folder with the files of a suite, unpacked once under `target/suites`; `None` if the suite is not here.
///
/// # Panics
/// In CI, where a suite must not be missing.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let suites = std::env::var_os("ALMONER_SUITES").map_or_else(|| repository.join("../shared/suites"), PathBuf::from);
    let archive = suites.join(format!("{name}.tar.gz"));
    if !archive.exists() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "the suite {name} is missing");
        eprintln!("skipped: the suite {name} is not here");
        return None;
    }
    let target = repository.join("target/suites");
    let folder = target.join(name);
    if !folder.join(".complete").exists() {
        let fresh = target.join(format!("{name}.{}", std::process::id()));
        tar::Archive::new(flate2::read::GzDecoder::new(File::open(archive).unwrap())).unpack(&fresh).unwrap();
        fs::write(fresh.join(".complete"), "").unwrap();
        let _ = fs::remove_dir_all(&folder);
        // Another test process may have been quicker.
        if fs::rename(&fresh, &folder).is_err() {
            fs::remove_dir_all(&fresh).unwrap();
        }
    }
    Some(folder)
}

/// The rows of a CSV whose values hold no line ends.
pub(crate) fn rows(path: &Path) -> Vec<Row> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let header = values(lines.next().unwrap());
    let row = |line: &str| header.iter().cloned().zip(values(line)).collect();
    lines.filter(|line| !line.is_empty()).map(row).collect()
}

/// The values of a line; between quotes a comma is one.
fn values(line: &str) -> Vec<String> {
    let (mut values, mut is_quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => values.push(String::new()),
            c => values.last_mut().unwrap().push(c),
        }
    }
    values.into_iter().map(|value| value.trim().to_owned()).collect()
}
