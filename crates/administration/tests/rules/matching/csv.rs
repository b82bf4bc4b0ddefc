//! The plain CSV of suites, by the names of its header.
//! Knows nothing of what is in it.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// A row by the names of the header.
pub(crate) type Row = HashMap<String, String>;

/// The rows of a CSV whose values hold no line ends.
pub(crate) fn rows(path: &Path) -> Vec<Row> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let header = values(lines.next().unwrap());
    let row = |line: &str| header.iter().cloned().zip(values(line)).collect();
    lines.filter(|line| !line.is_empty()).map(row).collect()
}

/// The values of a line; between quotes a comma is one.
fn values(line: &str) -> Vec<String> {
    let (mut values, mut is_quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => values.push(String::new()),
            c => values.last_mut().unwrap().push(c),
        }
    }
    values.into_iter().map(|value| value.trim().to_owned()).collect()
}
