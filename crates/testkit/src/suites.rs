//! Third-party suites, read from `$ALMONER_SUITES` or from `../shared/suites` beside the repository.
//!
//! Where one is missing the test that wanted it says so and passes; in CI it fails. Knows nothing of what is in them.

#![expect(clippy::expect_used, reason = "a test may stop at the first surprise")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a crate is two folders below the repository")
}

/// A file or folder among the suites; `None` if it is not here.
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn among_suites(name: &str) -> Option<PathBuf> {
    let own = std::env::var_os("ALMONER_SUITES").map(PathBuf::from);
    let path = own.unwrap_or_else(|| repository().join("../shared/suites")).join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "the suite {name} is missing");
    eprintln!("skipped: the suite {name} is not at {}", path.display());
    None
}

/// The unpacked archive of a suite; `None` if it is not here.
///
/// # Panics
/// In CI, where a suite must not be missing.
#[must_use]
pub fn archive(name: &str) -> Option<tar::Archive<flate2::read::GzDecoder<File>>> {
    let path = among_suites(&format!("{name}.tar.gz"))?;
    let file = File::open(path).expect("a suite that is here can be read");
    Some(tar::Archive::new(flate2::read::GzDecoder::new(file)))
}

/// The folder with the files of a suite, unpacked once under `target/suites`; `None` if the suite is not here.
///
/// # Panics
/// In CI, where a suite must not be missing.
#[must_use]
pub fn folder(name: &str) -> Option<PathBuf> {
    let mut archive = archive(name)?;
    let target = repository().join("target/suites");
    let folder = target.join(name);
    fs::create_dir_all(&target).expect("target can be written");
    // Tests are processes of their own: one unpacks, the others wait for it.
    let lock = File::create(target.join(format!("{name}.lock"))).expect("target can be written");
    lock.lock().expect("a file can be locked");
    if !folder.join(".complete").exists() {
        archive.unpack(&folder).expect("a suite is an archive");
        fs::write(folder.join(".complete"), "").expect("target can be written");
    }
    Some(folder)
}

/// The folder of a suite that is not an archive; `None` if it is not here.
///
/// # Panics
/// In CI, where a suite must not be missing.
#[must_use]
pub fn plain_folder(name: &str) -> Option<PathBuf> {
    among_suites(name)
}
