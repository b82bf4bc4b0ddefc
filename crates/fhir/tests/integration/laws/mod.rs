//! Laws that hold for any bytes, each a function that stops where one is broken. The fuzz targets under `fuzz/` call them
//! with what a coverage-guided search comes up with; here they are called with every seed and every input that once
//! broke one, so that nothing found comes back.

mod document;
mod fhirpath;
mod search;
mod validate;

use std::fs;
use std::path::Path;

/// Holds a law against the seeds and regressions of its fuzz target.
fn replay(target: &str, law: fn(&[u8])) {
    for kind in ["seeds", "regressions"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(kind).join(target);
        let files: Vec<_> = fs::read_dir(&folder).map(|files| files.flatten().collect()).unwrap_or_default();
        assert!(kind == "regressions" || !files.is_empty(), "there are no seeds in {}", folder.display());
        for file in files {
            eprintln!("{kind} {target} {}", file.file_name().display());
            law(&fs::read(file.path()).unwrap());
        }
    }
}

#[test]
fn documents() {
    replay("document", document::check);
}

#[test]
fn validation() {
    replay("validate", validate::check);
}

#[test]
fn expressions() {
    replay("fhirpath", fhirpath::check);
}

#[test]
fn queries() {
    replay("search", search::check);
}
