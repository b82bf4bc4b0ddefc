//! Sizes and headers: a function of at most 70 code lines, a file of at most 700 without its tests, and two to ten lines
//! at the top of every file that say what it is for. It does not know which excess is excused: `exceptions` does.

use super::finding::Finding;
use super::source::RustSource;
use super::tree::TextFile;

/// Most code lines of a function, from its signature to its closing brace.
const FUNCTION_LINES: usize = 70;
/// Most code lines of a file, its tests not counted.
const FILE_LINES: usize = 700;
/// Header lines of a file; a crate's or folder's root may give a tour.
const HEADER_LINES: std::ops::RangeInclusive<usize> = 2..=10;
const TOUR_LINES: usize = 60;

/// A function or file beyond its limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excess {
    pub(crate) path: String,
    pub(crate) line: usize,
    /// `file`, or the function's name.
    pub(crate) item: String,
    pub(crate) lines: usize,
    pub(crate) limit: usize,
}

impl Excess {
    pub(crate) fn finding(&self) -> Finding {
        let Self { path, line, item, lines, limit } = self;
        Finding {
            path: path.clone(),
            line: *line,
            what: format!("{item} has {lines} code lines, the limit is {limit}"),
            why: "a reader must be able to hold it in mind",
            remedy: "split it where the domain splits",
        }
    }
}

/// Functions and the file itself beyond their limits.
pub(crate) fn excesses(file: &TextFile, source: &RustSource) -> Vec<Excess> {
    if file.is_generated() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for function in &source.functions {
        let lines = source.code_lines_in(&function.lines);
        if lines > FUNCTION_LINES {
            let (path, item) = (file.path.clone(), function.name.clone());
            found.push(Excess { path, line: *function.lines.start(), item, lines, limit: FUNCTION_LINES });
        }
    }
    let lines = source.code_lines_outside_tests();
    if lines > FILE_LINES {
        found.push(Excess { path: file.path.clone(), line: 0, item: "file".into(), lines, limit: FILE_LINES });
    }
    found
}

/// The same limit for scripts and style sheets, whose comments are counted with the code.
pub(crate) fn script_excess(file: &TextFile) -> Option<Excess> {
    let is_script = ["mjs", "js", "css", "sh"].iter().any(|extension| file.has_extension(extension));
    if !is_script || file.is_generated() || file.is_test() {
        return None;
    }
    let lines = file.text.lines().filter(|line| !line.trim().is_empty()).count();
    let excess = Excess { path: file.path.clone(), line: 0, item: "file".into(), lines, limit: FILE_LINES };
    (lines > FILE_LINES).then_some(excess)
}

/// A Rust file without its header, or with one that is too short to say anything or too long to be read.
pub(crate) fn header(file: &TextFile) -> Option<Finding> {
    if file.is_generated() {
        return None;
    }
    let lines: Vec<&str> = file.text.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let is_root = ["lib.rs", "main.rs", "mod.rs"].iter().any(|name| file.path.ends_with(&format!("/{name}")));
    let most = if is_root { TOUR_LINES } else { *HEADER_LINES.end() };
    let has_sentence = lines.iter().any(|line| line.trim_end().ends_with(['.', ':', ';']));
    let what = if lines.is_empty() {
        "the file has no header".to_owned()
    } else if !(*HEADER_LINES.start()..=most).contains(&lines.len()) {
        format!("the header has {} lines, not {} to {most}", lines.len(), HEADER_LINES.start())
    } else if !has_sentence {
        "the header holds no sentence".to_owned()
    } else {
        return None;
    };
    Some(Finding {
        path: file.path.clone(),
        line: 1,
        what,
        why: "a reader asks first what a file is for",
        remedy: "open with `//!` lines: what it is for, what it does not know, the standard's paragraph",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> TextFile {
        TextFile { path: path.to_owned(), text: text.to_owned() }
    }

    fn found(path: &str, text: &str) -> Vec<(String, usize)> {
        let file = file(path, text);
        let source = match RustSource::parse(&file) {
            Ok(source) => source,
            Err(problem) => panic!("{problem}"),
        };
        excesses(&file, &source).into_iter().map(|excess| (excess.item, excess.lines)).collect()
    }

    /// A function `long` of `lines` code lines, padded with comments that do not count.
    fn function(lines: usize) -> String {
        let body = "    // why\n\n    step();\n".repeat(lines - 2);
        format!("fn long() {{\n{body}}}\n")
    }

    #[test]
    fn a_function_has_70_code_lines_at_most() {
        assert_eq!(found("crates/a/src/b.rs", &function(70)), []);
        assert_eq!(found("crates/a/src/b.rs", &function(71)), [("long".to_owned(), 71)]);
        assert_eq!(found("crates/a/src/generated/b.rs", &function(71)), []);
    }

    #[test]
    fn a_file_has_700_code_lines_at_most_and_its_tests_do_not_count() {
        let constants = |count| "const A: u8 = 1;\n".repeat(count);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", constants(50));
        assert_eq!(found("crates/a/src/b.rs", &(constants(700) + &tests)), []);
        assert_eq!(found("crates/a/src/b.rs", &(constants(701) + &tests)), [("file".to_owned(), 701)]);
        assert_eq!(found("crates/a/tests/b.rs", &constants(701)), []);
    }

    #[test]
    fn scripts_have_the_same_limit() {
        let text = "step();\n".repeat(701);
        assert!(script_excess(&file("crates/portal/assets/live.js", &text)).is_some());
        assert!(script_excess(&file("tests/browser/pages.mjs", &text)).is_none());
        assert!(script_excess(&file("docs/a.md", &text)).is_none());
    }

    #[test]
    fn a_header_is_two_to_ten_lines_with_a_sentence() {
        let sentence = "//! What it is for.\n";
        let cases = [
            ("crates/a/src/b.rs", sentence.repeat(2), true),
            ("crates/a/src/b.rs", sentence.repeat(10), true),
            ("crates/a/src/b.rs", sentence.to_owned(), false),
            ("crates/a/src/b.rs", sentence.repeat(11), false),
            ("crates/a/src/lib.rs", sentence.repeat(40), true),
            ("crates/a/src/lib.rs", sentence.to_owned(), false),
            ("crates/a/src/b.rs", String::from("use std::fmt;\n"), false),
            ("crates/a/src/b.rs", String::from("//! Title\n//! Another\n"), false),
            ("crates/a/src/generated/b.rs", String::from("const A: u8 = 1;\n"), true),
        ];
        for (path, text, is_fine) in cases {
            assert_eq!(header(&file(path, &text)).is_none(), is_fine, "{path}\n{text}");
        }
    }
}
