//! The files that tidy looks at: everything that git tracks or would track, as text. It knows paths and which of our
//! crates a path belongs to; it does not know a rule.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// A text file of the repository.
#[derive(Debug, Clone)]
pub(crate) struct TextFile {
    /// Path from the root of the repository, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl TextFile {
    /// The crate under `crates/` that the file belongs to, if any.
    pub(crate) fn crate_name(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// Whether the path ends in `.extension`.
    pub(crate) fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }

    /// Generated files have their generator's sizes, not ours.
    pub(crate) fn is_generated(&self) -> bool {
        self.path.split('/').any(|part| part == "generated")
    }

    /// Whether the whole file is a test or a benchmark, by the place it lies in or by its name.
    pub(crate) fn is_test(&self) -> bool {
        let in_folder = self.path.split('/').rev().skip(1).any(|part| part == "tests" || part == "benches");
        let stem = Path::new(&self.path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        in_folder || stem == "tests" || stem.ends_with("_tests")
    }
}

/// Every text file that git tracks or would add; what `.gitignore` names is left out, and so is what is not text.
///
/// # Errors
/// `repo` is not a git work tree, or a file could not be read.
pub(crate) fn read(repo: &Path) -> Result<Vec<TextFile>> {
    let mut git = Command::new("git");
    git.current_dir(repo).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = git.output().context("running git ls-files")?;
    ensure!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));

    let listing = String::from_utf8(output.stdout).context("a path that is not UTF-8")?;
    let mut paths: Vec<&str> = listing.split_terminator('\0').collect();
    paths.sort_unstable();
    paths.dedup();

    let mut files = Vec::new();
    for path in paths {
        let full = repo.join(path);
        if !full.is_file() {
            continue; // deleted in the work tree and not yet in the index
        }
        let bytes = std::fs::read(&full).with_context(|| format!("reading {path}"))?;
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(TextFile { path: path.to_owned(), text });
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> TextFile {
        TextFile { path: path.to_owned(), text: String::new() }
    }

    #[test]
    fn a_path_tells_crate_and_kind() {
        let cases = [
            ("crates/fhir/src/lib.rs", Some("fhir"), false, false),
            ("crates/fhir/src/generated/tables.rs", Some("fhir"), false, true),
            ("crates/record/tests/contract/main.rs", Some("record"), true, false),
            ("crates/record/src/tests.rs", Some("record"), true, false),
            ("crates/record/src/scope_tests.rs", Some("record"), true, false),
            ("crates/record/src/contests.rs", Some("record"), false, false),
            ("tests/browser/run.mjs", None, true, false),
            ("Makefile", None, false, false),
        ];
        for (path, crate_name, is_test, is_generated) in cases {
            let file = file(path);
            assert_eq!(file.crate_name(), crate_name, "{path}");
            assert_eq!(file.is_test(), is_test, "{path}");
            assert_eq!(file.is_generated(), is_generated, "{path}");
        }
    }
}
