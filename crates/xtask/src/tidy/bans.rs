//! What must not stand in a Rust file: SQL outside `record`, a clock read below the rim, a test that sleeps or is
//! ignored, a lint switched off without a reason, work left for later. It knows the names of the crates that may.

use super::finding::Finding;
use super::source::{Kind, RustSource, Token};
use super::tree::TextFile;

/// Crates with SQL: the data core, the kit that makes databases for tests, and the examples in this file.
const SQL_CRATES: &[&str] = &["record", "testkit", "xtask"];
/// Crates that may ask what time it is; everybody else is told.
const CLOCK_CRATES: &[&str] = &["hosting", "server", "testkit", "xtask"];
/// Types of the standard library, `jiff`, `chrono` and `time` whose `now` reads the clock.
const CLOCKS: &[&str] = &["SystemTime", "Instant", "Utc", "Local", "Timestamp", "Zoned", "OffsetDateTime"];
/// Written in pieces, so that this file does not find itself.
const LEFTOVERS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];

/// Everything banned that the file contains.
pub(crate) fn find(file: &TextFile, source: &RustSource) -> Vec<Finding> {
    let mut found = Vec::new();
    let may = |crates: &[&str]| file.crate_name().is_some_and(|name| crates.contains(&name));
    if !may(SQL_CRATES) {
        found.extend(sql(file, source));
    }
    if !may(CLOCK_CRATES) {
        found.extend(clocks(file, source));
    }
    found.extend(tests_that_wait_or_are_skipped(file, source));
    if !file.is_generated() {
        found.extend(silenced_lints(file, source));
    }
    found.extend(unfinished_macros(file, source));
    if !file.path.ends_with("/lib.rs") {
        found.extend(re_exports(file, source));
    }
    found
}

/// Words that say that something is not done, in the text of code and scripts.
pub(crate) fn leftovers(file: &TextFile) -> Vec<Finding> {
    let is_code = ["rs", "mjs", "js", "css", "sh", "toml"].iter().any(|extension| file.has_extension(extension));
    if !is_code {
        return Vec::new();
    }
    let has_word = |line: &str, word: &str| line.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
    let lines = file.text.lines().enumerate();
    let left = lines.filter(|(_, line)| LEFTOVERS.iter().any(|word| has_word(line, word)));
    let finding = |(index, _)| Finding {
        path: file.path.clone(),
        line: index + 1,
        what: "a note to do something later".to_owned(),
        why: "nobody will find it there",
        remedy: "do it, or file an issue and delete the note",
    };
    left.map(finding).collect()
}

fn sql(file: &TextFile, source: &RustSource) -> Vec<Finding> {
    let literals = source.tokens.iter().filter(|token| token.kind == Kind::Literal);
    let statements = literals.filter(|token| is_sql(token));
    let finding = |token: &Token| Finding {
        path: file.path.clone(),
        line: token.line,
        what: "SQL in a string".to_owned(),
        why: "one crate must answer for every statement",
        remedy: "ask `record` in the domain's words, or add the operation there",
    };
    statements.map(finding).collect()
}

/// Whether a string literal is a statement: a leading keyword with its partner, both in capitals or both small. Small
/// letters also make sentences, so there a character that prose does not use is wanted too.
fn is_sql(literal: &Token) -> bool {
    const PARTNERS: &[(&str, &[&str])] = &[
        ("SELECT", &["FROM"]),
        ("INSERT", &["INTO"]),
        ("REPLACE", &["INTO"]),
        ("UPDATE", &["SET"]),
        ("DELETE", &["FROM"]),
        ("CREATE", &["TABLE", "INDEX", "SCHEMA", "DATABASE", "VIEW", "TRIGGER", "ROLE"]),
        ("ALTER", &["TABLE", "INDEX", "SCHEMA", "DATABASE", "ROLE"]),
        ("DROP", &["TABLE", "INDEX", "SCHEMA", "DATABASE", "VIEW", "ROLE"]),
        ("WITH", &["SELECT", "INSERT", "UPDATE", "DELETE"]),
        ("BEGIN", &["IMMEDIATE", "ISOLATION"]),
        ("COPY", &["FROM", "TO"]),
    ];
    let Some((_, text)) = literal.text.split_once('"') else { return false };
    let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let Some(first) = words.next() else { return false };
    if first == "PRAGMA" {
        return true;
    }
    let Some((_, partners)) = PARTNERS.iter().find(|(keyword, _)| first.eq_ignore_ascii_case(keyword)) else {
        return false;
    };
    let is_capital = first.chars().all(char::is_uppercase);
    let is_small = first.chars().all(char::is_lowercase) && text.contains(['=', '*', '(', '$', '?']);
    let same_case = |word: &str| word.chars().all(if is_capital { char::is_uppercase } else { char::is_lowercase });
    let is_partner = |word: &str| partners.iter().any(|partner| word.eq_ignore_ascii_case(partner));
    (is_capital || is_small) && words.any(|word| is_partner(word) && same_case(word))
}

fn clocks(file: &TextFile, source: &RustSource) -> Vec<Finding> {
    let mut found = Vec::new();
    for clock in CLOCKS {
        for line in source.lines_with(&[clock, ":", ":", "now"]).filter(|line| !source.is_test(*line)) {
            found.push(Finding {
                path: file.path.clone(),
                line,
                what: format!("{clock}::now reads the clock"),
                why: "what decides must give the same answer when it is asked again",
                remedy: "take the moment as a parameter; `hosting` hands it down",
            });
        }
    }
    found
}

fn tests_that_wait_or_are_skipped(file: &TextFile, source: &RustSource) -> Vec<Finding> {
    let mut found = Vec::new();
    let in_tests = |line: &usize| source.is_test(*line);
    let sleeps = ["sleep", "sleep_until", "sleep_ms"];
    for line in sleeps.iter().flat_map(|name| source.lines_with(std::slice::from_ref(name))).filter(in_tests) {
        found.push(Finding {
            path: file.path.clone(),
            line,
            what: "a test sleeps".to_owned(),
            why: "it is too slow on a fast machine and fails on a slow one",
            remedy: "wait for the event itself, with a limit",
        });
    }
    for line in source.lines_with(&["#", "[", "ignore"]) {
        found.push(Finding {
            path: file.path.clone(),
            line,
            what: "an ignored test".to_owned(),
            why: "nobody runs it and everybody trusts it",
            remedy: "make it run, move it to `make soak`, or delete it",
        });
    }
    found
}

fn silenced_lints(file: &TextFile, source: &RustSource) -> Vec<Finding> {
    let outer = source.lines_with(&["#", "[", "allow", "("]);
    let inner = source.lines_with(&["#", "!", "[", "allow", "("]);
    let finding = |line| Finding {
        path: file.path.clone(),
        line,
        what: "a lint is allowed".to_owned(),
        why: "an allowance stays when its cause is gone",
        remedy: "use `#[expect(…, reason = \"…\")]`",
    };
    outer.chain(inner).map(finding).collect()
}

fn unfinished_macros(file: &TextFile, source: &RustSource) -> Vec<Finding> {
    let todo = source.lines_with(&["todo", "!", "("]);
    let unimplemented = source.lines_with(&["unimplemented", "!", "("]);
    let finding = |line| Finding {
        path: file.path.clone(),
        line,
        what: "code that is not written yet".to_owned(),
        why: "it stops a request that may matter to a patient",
        remedy: "write it, or return a refusal that says what is not supported",
    };
    todo.chain(unimplemented).map(finding).collect()
}

fn re_exports(file: &TextFile, source: &RustSource) -> Vec<Finding> {
    // The file of a module may show what the modules it declares hold: that is still one address.
    let own = |line: &usize| {
        let written = file.text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let first = written.trim_start().strip_prefix("pub use ").and_then(|path| path.split("::").next());
        first.is_some_and(|module| file.text.contains(&format!("\nmod {module};")))
    };
    let lines = source.lines_with(&["pub", "use"]).filter(|line| !source.is_test(*line) && !own(line));
    let finding = |line| Finding {
        path: file.path.clone(),
        line,
        what: "a re-export outside lib.rs".to_owned(),
        why: "a name must have one address inside the crate",
        remedy: "re-export it in lib.rs, or name it where it lives",
    };
    lines.map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expected: &[&str]) {
        let file = TextFile { path: path.to_owned(), text: text.to_owned() };
        let source = match RustSource::parse(&file) {
            Ok(source) => source,
            Err(problem) => panic!("{problem}"),
        };
        let found: Vec<String> = find(&file, &source).into_iter().map(|finding| finding.what).collect();
        assert_eq!(found, expected, "{path}\n{text}");
    }

    #[test]
    fn sql_stands_in_record_and_testkit_only() {
        let text = "const A: &str = \"SELECT id FROM patient\";\n";
        check("crates/portal/src/a.rs", text, &["SQL in a string"]);
        check("crates/record/src/a.rs", text, &[]);
        check("crates/testkit/src/a.rs", text, &[]);
    }

    #[test]
    fn a_statement_is_told_from_a_sentence() {
        let cases = [
            ("\"SELECT id FROM patient\"", true),
            ("\"select id from patient where id = ?\"", true),
            ("r#\"\n  INSERT INTO bed VALUES (1)\"#", true),
            ("\"PRAGMA journal_mode\"", true),
            ("\"WITH a AS (SELECT 1) SELECT * FROM a\"", true),
            ("\"CREATE UNIQUE INDEX a ON b (c)\"", true),
            ("b\"DROP TABLE bed\"", true),
            ("\"Select a patient from the list\"", false),
            ("\"select a patient from the list\"", false),
            ("\"Update the address, then set the date\"", false),
            ("\"DELETE\"", false),
            ("\"create\"", false),
            ("'s'", false),
            ("42", false),
        ];
        for (literal, expected) in cases {
            let token = Token { text: literal.to_owned(), line: 1, kind: Kind::Literal };
            assert_eq!(is_sql(&token), expected, "{literal}");
        }
    }

    #[test]
    fn the_clock_is_read_at_the_rim_only() {
        let text = "fn f() { let a = std::time::Instant::now(); }\n";
        check("crates/clinical/src/a.rs", text, &["Instant::now reads the clock"]);
        check("crates/hosting/src/a.rs", text, &[]);
        check("crates/clinical/tests/a.rs", text, &[]);
        check("crates/clinical/src/a.rs", &format!("#[cfg(test)]\nmod tests {{ {text} }}\n"), &[]);
        check("crates/clinical/src/a.rs", "fn f() { clock.now(); Moment::now_from(clock) }\n", &[]);
    }

    #[test]
    fn tests_neither_sleep_nor_are_ignored() {
        let sleeping = "#[test]\nfn f() { std::thread::sleep(A); }\n";
        check("crates/a/src/a.rs", sleeping, &["a test sleeps"]);
        check("crates/a/src/a.rs", "fn f() { std::thread::sleep(A); }\n", &[]);
        check("crates/a/tests/a.rs", "#[test]\n#[ignore]\nfn f() {}\n", &["an ignored test"]);
    }

    #[test]
    fn lints_are_expected_and_never_allowed() {
        check("crates/a/src/a.rs", "#[allow(dead_code)]\nfn f() {}\n", &["a lint is allowed"]);
        check("crates/a/src/a.rs", "#![allow(dead_code, reason = \"so\")]\n", &["a lint is allowed"]);
        check("crates/a/src/a.rs", "#[expect(dead_code, reason = \"so\")]\nfn f() {}\n", &[]);
    }

    #[test]
    fn unfinished_code_and_re_exports_are_found() {
        check("crates/a/src/a.rs", "fn f() { todo!() }\n", &["code that is not written yet"]);
        check("crates/a/src/a.rs", "pub use b::C;\n", &["a re-export outside lib.rs"]);
        check("crates/a/src/a.rs", "//! A.\nmod b;\n\npub use b::C;\n", &[]);
        check("crates/a/src/lib.rs", "pub use b::C;\n", &[]);
        check("crates/a/src/a.rs", "pub(crate) use b::C;\n", &[]);
    }

    #[test]
    fn notes_for_later_are_found_as_words() {
        let word = LEFTOVERS[0];
        let found = |path: &str, text: String| leftovers(&TextFile { path: path.to_owned(), text }).len();
        assert_eq!(found("a.rs", format!("// {word}: later\n")), 1);
        assert_eq!(found("a.sh", format!("# {word}\n")), 1);
        assert_eq!(found("a.rs", format!("let {}s = 1;\n", word.to_lowercase())), 0);
        assert_eq!(found("a.md", format!("{word}\n")), 0);
    }
}
