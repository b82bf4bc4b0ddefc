//! Dependencies are declared once and each has a reason: the workspace's list in the root `Cargo.toml` against the table
//! of `docs/dependencies.md`, and member manifests that must refer to it. Whether a reason is good is for people.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::finding::Finding;
use super::tree::TextFile;

const REASONS: &str = "docs/dependencies.md";

/// Dependencies without a reason, reasons without a dependency, and versions that a member states for itself.
///
/// # Errors
/// A manifest is not TOML, or the root manifest is not there.
pub(crate) fn find(files: &[TextFile]) -> Result<Vec<Finding>> {
    let text_of = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.as_str());
    let root = text_of("Cargo.toml").context("there is no Cargo.toml at the root")?;
    let declared = declared(root)?;
    let explained = explained(text_of(REASONS).unwrap_or_default());
    let mut found = Vec::new();
    found.extend(declared.difference(&explained).map(|name| unexplained(name)));
    found.extend(explained.difference(&declared).map(|name| unknown(name)));
    for file in files.iter().filter(|file| file.crate_name().is_some() && file.path.ends_with("/Cargo.toml")) {
        found.extend(own_versions(file)?);
    }
    Ok(found)
}

/// Names of the libraries of others in the workspace's list.
fn declared(manifest: &str) -> Result<BTreeSet<String>> {
    let manifest: Table = manifest.parse().context("reading Cargo.toml")?;
    let workspace = manifest.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let list = workspace.and_then(Value::as_table).context("Cargo.toml has no workspace.dependencies")?;
    Ok(list.iter().filter(|(_, value)| value.get("path").is_none()).map(|(name, _)| name.clone()).collect())
}

/// Names in the first column of the table: rows like "| `name` | reason |".
fn explained(text: &str) -> BTreeSet<String> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    rows.filter(|(_, reason)| reason.trim_matches([' ', '|']).len() > 10).map(|(name, _)| name.to_owned()).collect()
}

fn own_versions(file: &TextFile) -> Result<Vec<Finding>> {
    let manifest: Table = file.text.parse().with_context(|| format!("reading {}", file.path))?;
    let mut found = Vec::new();
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let list = manifest.get(section).and_then(Value::as_table);
        for (name, value) in list.into_iter().flatten() {
            if value.get("workspace").and_then(Value::as_bool) != Some(true) {
                found.push(Finding {
                    path: file.path.clone(),
                    line: 0,
                    what: format!("{name} states its own version"),
                    why: "two versions of a library are two behaviours",
                    remedy: "declare it in the root Cargo.toml and write `name.workspace = true`",
                });
            }
        }
    }
    Ok(found)
}

fn unexplained(name: &str) -> Finding {
    Finding {
        path: REASONS.to_owned(),
        line: 0,
        what: format!("{name} has no line of reason"),
        why: "every library is code that we answer for",
        remedy: "add a row: | `name` | why it, and not our own code or another |",
    }
}

fn unknown(name: &str) -> Finding {
    Finding {
        path: REASONS.to_owned(),
        line: 0,
        what: format!("{name} is explained but not a dependency"),
        why: "a list that is wrong in one row is not read",
        remedy: "delete the row",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "[workspace.dependencies]\nours = { path = \"crates/ours\" }\nserde = \"1\"\n";

    fn check(reasons: &str, member: &str, expected: &[&str]) {
        let file = |path: &str, text: &str| TextFile { path: path.to_owned(), text: text.to_owned() };
        let files = [file("Cargo.toml", ROOT), file(REASONS, reasons), file("crates/ours/Cargo.toml", member)];
        let found: Vec<String> = match find(&files) {
            Ok(found) => found.into_iter().map(|finding| finding.what).collect(),
            Err(problem) => panic!("{problem:#}"),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn each_dependency_has_a_reason_and_each_reason_a_dependency() {
        check("| `serde` | reads configuration files |\n", "", &[]);
        check("", "", &["serde has no line of reason"]);
        check("| `serde` | |\n", "", &["serde has no line of reason"]);
        let reasons = "| `serde` | reads configuration files |\n| `left-pad` | pads to the left |\n";
        check(reasons, "", &["left-pad is explained but not a dependency"]);
    }

    #[test]
    fn versions_are_stated_once() {
        let reasons = "| `serde` | reads configuration files |\n";
        check(reasons, "[dependencies]\nserde.workspace = true\n", &[]);
        check(reasons, "[dependencies]\nserde = \"1\"\n", &["serde states its own version"]);
        let member = "[dev-dependencies]\nserde = { version = \"1\" }\n";
        check(reasons, member, &["serde states its own version"]);
    }
}
