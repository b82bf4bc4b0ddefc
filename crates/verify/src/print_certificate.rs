//! What came of checking a certificate, in words for people and in JSON for machines.
//! Decides nothing but the last line; control characters never reach a terminal.

use crate::certificate::CertificateReport;
use crate::print::plain;

/// In words.
pub(crate) fn text(report: &CertificateReport) -> String {
    let mut lines = vec![format!("Certificate of {}", report.about)];
    lines.extend(report.checked.iter().map(|what| format!("  holds: {what}")));
    lines.extend(report.stated.iter().map(|what| format!("  only stated: {what}")));
    lines.extend(report.findings.iter().map(|what| format!("WRONG {what}")));
    lines.push(verdict(report));
    lines.iter().map(|line| format!("{}\n", plain(line))).collect()
}

/// As one JSON object.
pub(crate) fn json(report: &CertificateReport) -> String {
    let value = serde_json::json!({
        "proved": report.is_proved(),
        "about": report.about,
        "witnesses": report.witnesses,
        "checked": report.checked,
        "stated": report.stated,
        "findings": report.findings,
        "verdict": verdict(report),
    });
    format!("{value}\n")
}

fn verdict(report: &CertificateReport) -> String {
    match (report.findings.len(), report.witnesses.as_slice()) {
        (0, []) => "Not proved: nothing is wrong, but no witness that you named signed what was moved. Two hosts that \
                    agree with each other prove nothing to somebody who trusts neither."
            .into(),
        (0, witnesses) => format!("Proved: what was moved begins with what {} signed.", witnesses.join(" and ")),
        (1, _) => "Does not hold: 1 finding.".into(),
        (count, _) => format!("Does not hold: {count} findings."),
    }
}
