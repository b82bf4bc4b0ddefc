//! The hazard log `docs/hazards/log.toml`: numbers that follow the matrix, tests that exist, and no claim of an approval
//! that only a clinical safety officer can give. It does not judge whether a risk was judged well.
//!
//! Severity, likelihood and their matrix: the hazard log template used with DCB0129 and DCB0160.

use anyhow::{Context, Result};
use serde::Deserialize;

use super::finding::Finding;
use super::tree::TextFile;

const LOG: &str = "docs/hazards/log.toml";
const STATUS: &str = "draft, not clinically approved";
const SEVERITIES: &[&str] = &["minor", "significant", "considerable", "major", "catastrophic"];
const LIKELIHOODS: &[&str] = &["very low", "low", "medium", "high", "very high"];
/// Rows are likelihoods, columns severities, both from the least.
const RISKS: [[u8; 5]; 5] = [[1, 1, 2, 2, 3], [1, 2, 2, 3, 4], [2, 2, 3, 3, 4], [2, 3, 3, 4, 5], [3, 4, 4, 5, 5]];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Log {
    #[serde(default)]
    hazard: Vec<Hazard>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hazard {
    id: String,
    hazard: String,
    cause: String,
    effect: String,
    initial: Risk,
    control: Vec<String>,
    test: Vec<Test>,
    residual: Risk,
    status: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Risk {
    severity: String,
    likelihood: String,
    risk: u8,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    file: String,
    function: String,
}

/// What is wrong with the log.
///
/// # Errors
/// The log is there and cannot be read.
pub(crate) fn find(files: &[TextFile]) -> Result<Vec<Finding>> {
    let Some(file) = files.iter().find(|file| file.path == LOG) else { return Ok(Vec::new()) };
    let log: Log = toml::from_str(&file.text).with_context(|| format!("reading {LOG}"))?;
    let mut found = Vec::new();
    for (index, hazard) in log.hazard.iter().enumerate() {
        found.extend(judge(index + 1, hazard, files).into_iter().map(|what| Finding {
            path: LOG.to_owned(),
            line: 0,
            what: format!("{}: {what}", hazard.id),
            why: "a log that is wrong in one place is trusted in none",
            remedy: "make the entry say what is so; docs/hazards/README.md explains the fields",
        }));
    }
    Ok(found)
}

fn judge(number: usize, hazard: &Hazard, files: &[TextFile]) -> Vec<String> {
    let Hazard { id, hazard, cause, effect, initial, control, test, residual, status } = hazard;
    let mut wrong = Vec::new();
    if *id != format!("H{number:03}") {
        wrong.push(format!("ids are consecutive, expected H{number:03}"));
    }
    if [hazard, cause, effect].iter().any(|text| text.trim().is_empty()) || control.is_empty() {
        wrong.push("hazard, cause, effect and at least one control are needed".to_owned());
    }
    if status != STATUS {
        wrong.push(format!("the status must be {STATUS:?}: no officer has signed the log"));
    }
    for risk in [initial, residual] {
        match risk_of(risk) {
            None => wrong.push(format!("no such severity or likelihood: {}, {}", risk.severity, risk.likelihood)),
            Some(value) if value != risk.risk => {
                wrong.push(format!("{} and {} make a risk of {value}", risk.severity, risk.likelihood));
            }
            Some(_) => {}
        }
    }
    if test.is_empty() && residual.risk < initial.risk {
        wrong.push("a risk that is reduced needs a test that shows it".to_owned());
    }
    for Test { file, function } in test {
        let text = files.iter().find(|known| known.path == *file).map_or("", |known| &known.text);
        // A test in Rust, or one of the browser's by its title.
        let names = [format!("fn {function}("), format!("test(\"{function}\""), format!("it(\"{function}\"")];
        if !names.iter().any(|name| text.contains(name)) {
            wrong.push(format!("there is no test {function} in {file}"));
        }
    }
    wrong
}

fn risk_of(risk: &Risk) -> Option<u8> {
    let severity = SEVERITIES.iter().position(|known| *known == risk.severity)?;
    let likelihood = LIKELIHOODS.iter().position(|known| *known == risk.likelihood)?;
    Some(RISKS[likelihood][severity])
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [[hazard]]
        id = "H001"
        hazard = "A"
        cause = "B"
        effect = "C"
        initial = { severity = "major", likelihood = "medium", risk = 3 }
        control = ["D"]
        test = [{ file = "a.rs", function = "holds" }]
        residual = { severity = "major", likelihood = "very low", risk = 2 }
        status = "draft, not clinically approved"
    "#;

    fn found(log: &str) -> Vec<String> {
        let file = |path: &str, text: &str| TextFile { path: path.to_owned(), text: text.to_owned() };
        match find(&[file(LOG, log), file("a.rs", "fn holds() {}")]) {
            Ok(found) => found.into_iter().map(|finding| finding.what).collect(),
            Err(problem) => panic!("{problem:#}"),
        }
    }

    #[test]
    fn a_good_entry_passes_and_each_fault_is_named() {
        let faults = [
            ("", "", ""),
            ("\"H001\"", "\"H002\"", "H002: ids are consecutive, expected H001"),
            ("risk = 3", "risk = 2", "H001: major and medium make a risk of 3"),
            ("\"medium\"", "\"often\"", "H001: no such severity or likelihood: major, often"),
            ("\"holds\"", "\"gone\"", "H001: there is no test gone in a.rs"),
            ("[\"D\"]", "[]", "H001: hazard, cause, effect and at least one control are needed"),
            (
                "draft, not clinically approved",
                "approved",
                "H001: the status must be \"draft, not clinically approved\": no officer has signed the log",
            ),
            (
                "[{ file = \"a.rs\", function = \"holds\" }]",
                "[]",
                "H001: a risk that is reduced needs a test that shows it",
            ),
        ];
        for (from, to, expected) in faults {
            let expected: Vec<&str> = if expected.is_empty() { Vec::new() } else { vec![expected] };
            assert_eq!(found(&GOOD.replacen(from, to, 1)), expected);
        }
    }

    #[test]
    fn the_matrix_never_falls_as_severity_or_likelihood_rise() {
        let rises = |row: &[u8; 5]| row.windows(2).all(|pair| pair[0] <= pair[1]);
        assert!(RISKS.iter().all(rises));
        assert!(RISKS.windows(2).all(|rows| rows[0].iter().zip(rows[1]).all(|(less, more)| *less <= more)));
    }
}
