//! Makes the code lists that configuration is checked against: treatment functions, main specialties and national job
//! roles, from the NHS code lists beside the repository (each says in itself where it was read).
//!
//! The result is a plain text of one code a line, checked in and read by `administration::configuration`. It decides
//! nothing: what is in a list is what its source says.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

/// Where the lists are checked in, from the root of the repository.
const LISTS: &str = "crates/administration/src/generated/codes.txt";
/// The letter of a list, and the file it is made from.
const SOURCES: [(&str, &str); 3] =
    [("T", "treatment-function.json"), ("M", "main-specialty.json"), ("J", "practitioner-sds-job-role.json")];

/// Writes the lists.
///
/// # Errors
/// When a source is missing or does not look like a code list, or the lists cannot be written.
pub(crate) fn regenerate(repo: &Path) -> Result<()> {
    let path = repo.join(LISTS);
    std::fs::write(&path, lists(&folder(repo))?).with_context(|| format!("writing {}", path.display()))
}

/// The code lists lie where `$ALMONER_CODES` says, else beside the repository.
fn folder(repo: &Path) -> PathBuf {
    std::env::var_os("ALMONER_CODES").map_or_else(|| repo.join("../shared/nhs/codes"), PathBuf::from)
}

/// All lists: letter, code and meaning, with a tab between them, in the order of the codes.
fn lists(folder: &Path) -> Result<String> {
    let mut text = String::new();
    for (letter, file) in SOURCES {
        let path = folder.join(file);
        let source = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let list: Value = serde_json::from_str(&source).with_context(|| format!("reading {}", path.display()))?;
        let codes = list["codes"].as_array().with_context(|| format!("{file} has no codes"))?;
        let mut rows = Vec::with_capacity(codes.len());
        for code in codes {
            let of = |name: &str| code[name].as_str().with_context(|| format!("{file}: a code without {name}"));
            rows.push((of("code")?, of("meaning")?.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
        rows.sort_unstable();
        rows.dedup_by(|one, other| one.0 == other.0);
        for (code, meaning) in rows {
            writeln!(text, "{letter}\t{code}\t{meaning}")?;
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    #![expect(clippy::print_stderr, reason = "a skipped test says so")]

    use super::*;

    #[test]
    fn the_checked_in_code_lists_are_what_their_sources_give() {
        let repo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let folder = folder(&repo);
        if !folder.exists() {
            assert!(std::env::var_os("CI").is_none(), "{} is missing", folder.display());
            eprintln!("skipped: {} is missing", folder.display());
            return;
        }
        let kept = std::fs::read_to_string(repo.join(LISTS)).unwrap();
        assert!(kept == lists(&folder).unwrap(), "run `cargo xtask regenerate`");
    }
}
