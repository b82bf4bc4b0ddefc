//! The acceptance list `docs/catalogue.md`: each requirement once, in one of three states, what is met or partly met with a
//! test that exists, and the counts at its head those of its rows. It does not judge whether a test is enough.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::tree::TextFile;

const LIST: &str = "docs/catalogue.md";
const STATES: [&str; 3] = ["met", "partly", "not yet"];

/// A row of the list.
struct Row<'a> {
    line: usize,
    id: &'a str,
    state: &'a str,
    evidence: &'a str,
}

/// What is wrong with the list.
pub(crate) fn find(files: &[TextFile]) -> Vec<Finding> {
    let Some(file) = files.iter().find(|file| file.path == LIST) else { return Vec::new() };
    let rows: Vec<Row<'_>> = file.text.lines().enumerate().filter_map(|(at, line)| row(at + 1, line)).collect();
    let mut found = Vec::new();
    let mut wrong = |line: usize, what: String| {
        found.push(Finding {
            path: LIST.to_owned(),
            line,
            what,
            why: "a claim that nobody can check is none",
            remedy: "name a test that exists, or say partly or not yet; the counts at the head are those of the rows",
        });
    };
    let mut seen = BTreeSet::new();
    for row in &rows {
        if !seen.insert(row.id) {
            wrong(row.line, format!("{} stands here twice", row.id));
        }
        let tests: Vec<&str> = row.evidence.split('`').skip(1).step_by(2).filter(|text| text.contains("::")).collect();
        if row.state != "not yet" && tests.is_empty() {
            wrong(row.line, format!("{} is {} without a test", row.id, row.state));
        }
        for test in tests.into_iter().filter(|test| !exists(test, files)) {
            wrong(row.line, format!("{}: there is no test {test}", row.id));
        }
    }
    let count = |state: &str| rows.iter().filter(|row| row.state == state).count();
    let [met, partly, not_yet] = STATES.map(count);
    let head = format!("{} entries: {met} met, {partly} partly, {not_yet} not yet.", rows.len());
    if !file.text.contains(&head) {
        wrong(1, format!("the head must say: {head}"));
    }
    found
}

/// `| ID | title | state | evidence |`, when the state is one of the three.
fn row(line: usize, text: &str) -> Option<Row<'_>> {
    let mut cells = text.strip_prefix('|')?.split('|').map(str::trim);
    let (id, _, state, evidence) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
    STATES.contains(&state).then_some(Row { line, id, state, evidence })
}

/// Whether a test of the form `file::function`, or `file::title` of one of the browser's, is there.
fn exists(test: &str, files: &[TextFile]) -> bool {
    let Some((path, function)) = test.split_once("::") else { return false };
    let Some(file) = files.iter().find(|file| file.path == path) else { return false };
    let names = [format!("fn {function}("), format!("test(\"{function}\""), format!("it(\"{function}\"")];
    names.iter().any(|name| file.text.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(rows: &str, head: &str) -> Vec<String> {
        let list = TextFile { path: LIST.into(), text: format!("{head}\n\n| ID | Title | State | Evidence |\n{rows}") };
        let test = TextFile { path: "a.rs".into(), text: "fn it_holds() {}".into() };
        find(&[list, test]).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn claims_need_a_test_that_exists_and_counts_agree() {
        let head = "2 entries: 1 met, 0 partly, 1 not yet.";
        let good = "| X-1 | A | met | `a.rs::it_holds` |\n| X-2 | B | not yet | |\n";
        assert_eq!(wrong(good, head), Vec::<String>::new());
        assert_eq!(wrong(good, "3 entries"), [format!("the head must say: {head}")]);
        let bad = "| X-1 | A | met | `a.rs::it_fails` |\n| X-1 | B | partly | words |\n";
        let found = wrong(bad, "2 entries: 1 met, 1 partly, 0 not yet.");
        assert_eq!(found.len(), 3, "{found:?}");
    }
}
