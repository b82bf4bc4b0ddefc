//! Dependencies are declared once, used, and each has a reason: the lists of the root `Cargo.toml` and `package.json`
//! against the tables of `docs/dependencies.md`, and member manifests that must refer to the workspace's list. Whether a
//! reason is good is for people.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::finding::Finding;
use super::tree::TextFile;

const REASONS: &str = "docs/dependencies.md";

/// Dependencies without a reason or a use, reasons without a dependency, and versions that a member states for itself.
///
/// # Errors
/// A manifest cannot be read, or the root manifest is not there.
pub(crate) fn find(files: &[TextFile]) -> Result<Vec<Finding>> {
    let text_of = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.as_str());
    let root = text_of("Cargo.toml").context("there is no Cargo.toml at the root")?;
    let libraries = libraries(root)?;
    let mut declared = libraries.clone();
    declared.extend(packages(text_of("package.json").unwrap_or("{}"))?);
    let explained = explained(text_of(REASONS).unwrap_or_default());

    let mut found = Vec::new();
    found.extend(declared.difference(&explained).map(|name| unexplained(name)));
    found.extend(explained.difference(&declared).map(|name| unknown(name)));
    let mut used = BTreeSet::new();
    for file in files.iter().filter(|file| file.crate_name().is_some() && file.path.ends_with("/Cargo.toml")) {
        let members = members(file)?;
        found.extend(members.iter().filter(|(_, is_shared)| !is_shared).map(|(name, _)| own_version(file, name)));
        used.extend(members.into_iter().map(|(name, _)| name));
    }
    found.extend(libraries.difference(&used).map(|name| unused(name)));
    Ok(found)
}

/// Names of the libraries of others in the workspace's list.
fn libraries(manifest: &str) -> Result<BTreeSet<String>> {
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

/// Names in the dependency lists of `package.json`.
fn packages(manifest: &str) -> Result<BTreeSet<String>> {
    let manifest: serde_json::Value = serde_json::from_str(manifest).context("reading package.json")?;
    let lists = ["dependencies", "devDependencies"].iter().filter_map(|list| manifest.get(list)?.as_object());
    Ok(lists.flat_map(|list| list.keys().cloned()).collect())
}

/// What a member depends on, and whether it takes it from the workspace's list.
fn members(file: &TextFile) -> Result<Vec<(String, bool)>> {
    let manifest: Table = file.text.parse().with_context(|| format!("reading {}", file.path))?;
    let mut platforms: Vec<&Table> = vec![&manifest];
    platforms.extend(
        manifest
            .get("target")
            .and_then(Value::as_table)
            .into_iter()
            .flat_map(Table::values)
            .filter_map(Value::as_table),
    );
    let mut members = Vec::new();
    for table in platforms {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let list = table.get(section).and_then(Value::as_table);
            let is_shared = |value: &Value| value.get("workspace").and_then(Value::as_bool) == Some(true);
            members.extend(list.into_iter().flatten().map(|(name, value)| (name.clone(), is_shared(value))));
        }
    }
    Ok(members)
}

fn own_version(file: &TextFile, name: &str) -> Finding {
    Finding {
        path: file.path.clone(),
        line: 0,
        what: format!("{name} states its own version"),
        why: "two versions of a library are two behaviours",
        remedy: "declare it in the root Cargo.toml and write `name.workspace = true`",
    }
}

fn unused(name: &str) -> Finding {
    Finding {
        path: "Cargo.toml".to_owned(),
        line: 0,
        what: format!("{name} is declared and no crate uses it"),
        why: "every library is code that we answer for",
        remedy: "delete it here and in docs/dependencies.md",
    }
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

    const USING: &str = "[dependencies]\nserde.workspace = true\n";

    #[test]
    fn each_dependency_has_a_reason_and_each_reason_a_dependency() {
        check("| `serde` | reads configuration files |\n", USING, &[]);
        check("", USING, &["serde has no line of reason"]);
        check("| `serde` | |\n", USING, &["serde has no line of reason"]);
        let reasons = "| `serde` | reads configuration files |\n| `left-pad` | pads to the left |\n";
        check(reasons, USING, &["left-pad is explained but not a dependency"]);
    }

    #[test]
    fn versions_are_stated_once() {
        let reasons = "| `serde` | reads configuration files |\n";
        check(reasons, "[dependencies]\nserde = \"1\"\n", &["serde states its own version"]);
        let member = "[target.'cfg(unix)'.dev-dependencies]\nserde = { version = \"1\" }\n";
        check(reasons, member, &["serde states its own version"]);
    }

    #[test]
    fn a_dependency_is_used() {
        check("| `serde` | reads configuration files |\n", "", &["serde is declared and no crate uses it"]);
    }

    #[test]
    fn npm_packages_are_declared_too() {
        let names = packages("{\"dependencies\": {\"a\": \"1\"}, \"devDependencies\": {\"b\": \"2\"}}");
        assert_eq!(names.unwrap_or_default(), BTreeSet::from(["a".to_owned(), "b".to_owned()]));
    }
}
