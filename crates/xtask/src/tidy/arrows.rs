//! The arrows between our crates, as `cargo metadata` states them, against the levels of `ARCHITECTURE.md`: an arrow
//! points to a lower level. It knows the levels and the few sentences that differ, and nothing of what is in a crate.

use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, MetadataCommand};

use super::finding::Finding;

/// Where people read the levels.
const MAP: &str = "ARCHITECTURE.md";
/// Level of every crate of the product, whether it exists already or not.
const LEVELS: &[(&str, u8)] = &[
    ("terms", 0),
    ("paper", 0),
    ("journal", 1),
    ("fhir", 1),
    ("hl7v2", 1),
    ("access", 2),
    ("record", 3),
    ("administration", 4),
    ("clinical", 4),
    ("portal", 5),
    ("fhir_api", 5),
    ("interchange", 5),
    ("migration", 5),
    ("population", 5),
    ("hosting", 6),
    ("server", 7),
];
/// Crates that may know of exactly these: the wiring is hosting's, the verifier must stay small enough to audit, and paper
/// is written from a file alone.
const EXACTLY: &[(&str, &[&str])] = &[("server", &["hosting"]), ("verify", &["journal", "terms"]), ("paper", &[])];
/// The one arrow between crates of a level.
const SIDEWAYS: &[(&str, &str)] = &[("clinical", "administration")];
/// Outside the product: they may know everything, and only tests may know the first.
const OUTSIDE: &[&str] = &["testkit", "xtask"];

/// An arrow from one of our crates to another.
#[derive(Debug)]
struct Arrow {
    from: String,
    to: String,
    is_for_tests: bool,
}

/// Every arrow that the map does not show, and every crate that the map lacks or shows on another level.
///
/// # Errors
/// `cargo metadata` failed, or the map is not there.
pub(crate) fn find(repo: &Path) -> Result<Vec<Finding>> {
    let metadata = MetadataCommand::new().manifest_path(repo.join("Cargo.toml")).no_deps().exec();
    let packages = metadata.context("running cargo metadata")?.packages;
    let map = std::fs::read_to_string(repo.join(MAP)).context("reading the map")?;
    let mut found = Vec::new();
    for package in &packages {
        // Our crates are known by their folders: two of them build programs that bear the product's name.
        let from = package.manifest_path.parent().and_then(|folder| folder.file_name()).unwrap_or_default();
        found.extend(unknown(from));
        found.extend(misplaced(from, &map));
        for dependency in &package.dependencies {
            let Some(to) = dependency.path.as_ref().and_then(|folder| folder.file_name()) else { continue };
            let is_for_tests = dependency.kind == DependencyKind::Development;
            found.extend(judge(&Arrow { from: from.to_owned(), to: to.to_owned(), is_for_tests }));
        }
    }
    Ok(found)
}

fn unknown(name: &str) -> Option<Finding> {
    let is_known = level(name).is_some() || OUTSIDE.contains(&name) || exact(name).is_some();
    let finding = Finding {
        path: format!("crates/{name}/Cargo.toml"),
        line: 0,
        what: format!("the crate {name} has no level"),
        why: "nobody can say what it may know",
        remedy: "give it a level here and a row in ARCHITECTURE.md, or put its code where it belongs",
    };
    (!is_known).then_some(finding)
}

/// A crate of the product whose row in the map, `| level | `crate` …`, is missing or says another level.
fn misplaced(name: &str, map: &str) -> Option<Finding> {
    let level = level(name)?;
    let row = format!("| {level} | `{name}`");
    let finding = Finding {
        path: MAP.to_owned(),
        line: 0,
        what: format!("the map has no row for {name} on level {level}"),
        why: "a map that disagrees with the arrows leads nowhere",
        remedy: "give it a row: what it is for, and what it does not know",
    };
    (!map.lines().any(|line| line.starts_with(&row))).then_some(finding)
}

fn judge(arrow: &Arrow) -> Option<Finding> {
    let Arrow { from, to, is_for_tests } = arrow;
    let is_fine = if OUTSIDE.contains(&from.as_str()) {
        true
    } else if OUTSIDE.contains(&to.as_str()) {
        *is_for_tests && to == "testkit"
    } else if let Some(allowed) = exact(from) {
        allowed.contains(&to.as_str())
    } else {
        let is_sideways = SIDEWAYS.contains(&(from.as_str(), to.as_str()));
        is_sideways || matches!((level(from), level(to)), (Some(from), Some(to)) if to < from)
    };
    let finding = Finding {
        path: format!("crates/{from}/Cargo.toml"),
        line: 0,
        what: format!("{from} depends on {to}"),
        why: "arrows point down only, so that each crate can be understood without those above it",
        remedy: "move the code to the crate that may know both, or hand the value in",
    };
    (!is_fine).then_some(finding)
}

fn level(name: &str) -> Option<u8> {
    LEVELS.iter().find(|(known, _)| *known == name).map(|(_, level)| *level)
}

fn exact(name: &str) -> Option<&'static [&'static str]> {
    EXACTLY.iter().find(|(known, _)| *known == name).map(|(_, allowed)| *allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_point_down() {
        let cases = [
            ("record", "terms", false, true),
            ("record", "access", false, true),
            ("access", "record", false, false),
            ("record", "fhir", false, true),
            ("fhir", "journal", false, false),
            ("clinical", "administration", false, true),
            ("administration", "clinical", false, false),
            ("portal", "fhir_api", false, false),
            ("server", "hosting", false, true),
            ("server", "record", false, false),
            ("verify", "journal", false, true),
            ("verify", "record", false, false),
            ("verify", "record", true, false),
            ("hosting", "paper", false, true),
            ("paper", "terms", false, false),
            ("record", "testkit", true, true),
            ("record", "testkit", false, false),
            ("record", "xtask", true, false),
            ("testkit", "hosting", false, true),
            ("record", "clinical", true, false),
        ];
        for (from, to, is_for_tests, is_fine) in cases {
            let arrow = Arrow { from: from.into(), to: to.into(), is_for_tests };
            assert_eq!(judge(&arrow).is_none(), is_fine, "{arrow:?}");
        }
    }

    #[test]
    fn the_map_agrees_with_the_levels() {
        assert!(misplaced("record", "| 3 | `record` | the data core |\n").is_none());
        assert!(misplaced("record", "| 2 | `record` | the data core |\n").is_some());
        assert!(misplaced("testkit", "").is_none());
    }

    #[test]
    fn this_workspace_has_no_other_arrows() {
        let repo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        match find(&repo) {
            Ok(found) => assert_eq!(found, []),
            Err(problem) => panic!("{problem:#}"),
        }
    }

    #[test]
    fn a_crate_without_a_level_is_found() {
        assert!(unknown("common").is_some());
        assert!(unknown("record").is_none() && unknown("verify").is_none() && unknown("xtask").is_none());
    }
}
