//! Finds and unpacks the suites of third parties, once, into a folder that git ignores.
//! Knows nothing of what is in them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

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

/// The folder of a suite that is not an archive; `None` if it is not here.
///
/// # Panics
/// In CI, where a suite must not be missing.
pub(crate) fn plain_folder(name: &str) -> Option<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let suites = std::env::var_os("ALMONER_SUITES").map_or_else(|| repository.join("../shared/suites"), PathBuf::from);
    let folder = suites.join(name);
    if !folder.exists() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "the suite {name} is missing");
        eprintln!("skipped: the suite {name} is not here");
        return None;
    }
    Some(folder)
}
