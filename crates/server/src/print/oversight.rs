//! What came of oversight, for people.
//! Knows the outcomes as `hosting` states them and decides nothing.

use std::fmt::Write as _;

use hosting::oversight::OversightOutcome;

/// What came of it.
pub(super) fn overseen(of: &OversightOutcome, text: &mut String) -> std::fmt::Result {
    match of {
        OversightOutcome::Report { text: report } => {
            text.push_str(report);
            Ok(())
        }
        OversightOutcome::Planned => writeln!(text, "The consortium is kept. Name its hosts: almoner oversight host."),
        OversightOutcome::Known { host } => writeln!(text, "Reports that {host} signs are taken from now on."),
        OversightOutcome::Taken(all) if all.is_empty() => writeln!(text, "There was no report."),
        OversightOutcome::Taken(all) => all.iter().try_for_each(|one| match (&one.taken, &one.refused) {
            (Some((host, number)), _) => writeln!(text, "{}: taken, report {number} of {host}", one.from),
            (None, why) => writeln!(text, "{}: REFUSED. {}", one.from, why.as_deref().unwrap_or_default()),
        }),
    }
}
