//! The checked-in list of functions and files that may be longer than the limit: flat tables, each with its reason.
//! The list may only shrink: an entry is exact, goes when its excess goes, and the number of entries has a ceiling here.

use anyhow::{Context, Result, ensure};

use super::finding::Finding;
use super::sizes::Excess;

/// Where the list is checked in.
pub(crate) const LIST: &str = "crates/xtask/tidy-exceptions.txt";
/// Entries that there may be. Lower it when an entry goes; raising it is a decision for `docs/decisions/`.
const MOST_ENTRIES: usize = 0;

/// One excused function or file.
#[derive(Debug, PartialEq, Eq)]
struct Exception<'a> {
    line: usize,
    path: &'a str,
    item: &'a str,
    lines: usize,
}

/// What remains of the excesses once the list is applied, and what is wrong with the list itself.
///
/// # Errors
/// A line of the list cannot be read.
pub(crate) fn apply(list: &str, excesses: &[Excess]) -> Result<Vec<Finding>> {
    let exceptions = parse(list)?;
    let mut found = Vec::new();
    for excess in excesses {
        let is_excused = |exception: &&Exception<'_>| is_about(exception, excess) && excess.lines <= exception.lines;
        if !exceptions.iter().any(|exception| is_excused(&exception)) {
            found.push(excess.finding());
        }
    }
    for exception in &exceptions {
        found.extend(stale(exception, excesses.iter().find(|excess| is_about(exception, excess))));
    }
    if exceptions.len() > MOST_ENTRIES {
        found.push(about_list(0, format!("the list has {} entries, {MOST_ENTRIES} at most", exceptions.len())));
    }
    Ok(found)
}

fn is_about(exception: &Exception<'_>, excess: &Excess) -> bool {
    exception.path == excess.path && exception.item == excess.item
}

fn stale(exception: &Exception<'_>, excess: Option<&Excess>) -> Option<Finding> {
    let Exception { path, item, lines, .. } = exception;
    let what = match excess {
        None => format!("{item} of {path} no longer needs its exception"),
        Some(excess) if excess.lines < *lines => format!("{item} of {path} has shrunk to {} lines", excess.lines),
        Some(_) => return None,
    };
    Some(about_list(exception.line, what))
}

fn about_list(line: usize, what: String) -> Finding {
    Finding {
        path: LIST.to_owned(),
        line,
        what,
        why: "an exception that is too generous is a limit that is gone",
        remedy: "make the list say what is so, and no more",
    }
}

/// Lines of `path item lines reason…`; blank lines and lines with `#` are for people.
fn parse(list: &str) -> Result<Vec<Exception<'_>>> {
    let mut exceptions = Vec::new();
    for (index, text) in list.lines().enumerate() {
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        let line = index + 1;
        let mut words = text.split_whitespace();
        let (Some(path), Some(item), Some(lines)) = (words.next(), words.next(), words.next()) else {
            anyhow::bail!("{LIST}:{line}: expected path, item, lines and a reason");
        };
        let lines = lines.parse().with_context(|| format!("{LIST}:{line}: {lines} is not a number of lines"))?;
        ensure!(words.next().is_some(), "{LIST}:{line}: the reason is missing");
        exceptions.push(Exception { line, path, item, lines });
    }
    Ok(exceptions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excess(lines: usize) -> Excess {
        Excess { path: "a.rs".into(), line: 3, item: "table".into(), lines, limit: 70 }
    }

    /// What is found, without the ceiling on entries, which is tested on its own.
    fn found(list: &str, excesses: &[Excess]) -> Vec<String> {
        let all = match apply(list, excesses) {
            Ok(all) => all,
            Err(problem) => panic!("{problem:#}"),
        };
        all.into_iter().map(|finding| finding.what).filter(|what| !what.starts_with("the list has")).collect()
    }

    #[test]
    fn an_entry_excuses_exactly_its_excess() {
        let list = "# comment\n\na.rs table 90 one row per unit\n";
        assert_eq!(found(list, &[excess(90)]), [] as [&str; 0]);
        assert_eq!(found(list, &[excess(91)]), ["table has 91 code lines, the limit is 70"]);
        assert_eq!(found("", &[excess(90)]), ["table has 90 code lines, the limit is 70"]);
    }

    #[test]
    fn the_list_shrinks_with_the_tree() {
        let list = "a.rs table 90 one row per unit\n";
        assert_eq!(found(list, &[excess(80)]), ["table of a.rs has shrunk to 80 lines"]);
        assert_eq!(found(list, &[]), ["table of a.rs no longer needs its exception"]);
    }

    #[test]
    fn the_number_of_entries_has_a_ceiling() {
        let list = "a.rs table 90 one row per unit\n".repeat(MOST_ENTRIES + 1);
        let all = apply(&list, &[excess(90)]).unwrap_or_default();
        assert!(all.iter().any(|finding| finding.what.starts_with("the list has")));
    }

    #[test]
    fn an_entry_needs_a_reason() {
        assert!(apply("a.rs table 90\n", &[]).is_err());
        assert!(apply("a.rs table many rows\n", &[]).is_err());
    }
}
