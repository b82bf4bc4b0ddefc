//! Reports in words for people and in JSON for machines.
//!
//! What a journal says of itself may hold anything, so control characters never reach a terminal.

use journal::SignedCheckpoint;
use journal::note::{NotVerified, Signer};
use journal::verifier::{CheckpointReport, Finding, Report, Source, Verdict};
use std::fmt::Write;

/// How many findings are printed in words; all that were kept are in the JSON form.
const MOST_PRINTED: usize = 100;

/// A report in words.
pub(crate) fn report_text(report: &Report) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        text.push_str(&plain(&line));
        text.push('\n');
    };
    line(format!("Journal of {}", report.origin.as_deref().unwrap_or("an unknown record")));
    line(format!("  {} entries, {} versions of {} resources", report.entries, report.versions, report.resources));
    line(format!("  {} texts agree or are named below, {} erased by entries", report.texts, report.erased));
    line(format!("  {} blobs, {} erased by entries", report.blobs, report.erased_blobs));
    line(format!(
        "  {} reads and refusals in {} leaves of {} access chains",
        report.access_reads, report.access_leaves, report.access_chains
    ));
    line(format!("  tree {}", hex(&report.root)));
    line(format!("  chain {}", hex(&report.head)));
    for checkpoint in report.checkpoints.iter().filter(|checkpoint| checkpoint.source == Source::Outside) {
        line(outside_line(checkpoint));
    }
    let inside = report.checkpoints.iter().filter(|checkpoint| checkpoint.source == Source::Inside);
    let (agree, all) = (inside.clone().filter(|checkpoint| checkpoint.agrees).count(), inside.count());
    line(format!("  {agree} of {all} checkpoints kept with the journal agree"));
    for sentence in not_proved(report) {
        line(format!("Not proved: {sentence}"));
    }
    for finding in report.findings.iter().take(MOST_PRINTED) {
        line(finding_line(finding));
    }
    let found = report.findings.len() as u64 + report.omitted;
    if found > MOST_PRINTED as u64 {
        line(format!("... and {} more", found - MOST_PRINTED as u64));
    }
    line(match found {
        0 => "Holds: nothing that was checked is wrong.".to_owned(),
        1 => "Does not hold: 1 finding.".to_owned(),
        _ => format!("Does not hold: {found} findings."),
    });
    text
}

/// What is not proved, and how this program can be told more.
fn not_proved(report: &Report) -> Vec<String> {
    let mut sentences = report.not_proved();
    if report.unproved_checkpoints() > 0 {
        sentences
            .push("Whose checkpoints these are: give the keys that should have signed them with --key.".to_owned());
    }
    sentences
}

fn outside_line(checkpoint: &CheckpointReport) -> String {
    let agrees = if checkpoint.agrees { "agrees with" } else { "DIFFERS FROM" };
    let signed = match checkpoint.verdict {
        Verdict::Pinned => match checkpoint.witnesses {
            0 => "signed by a key you gave".to_owned(),
            1 => "signed by a key you gave, 1 witness".to_owned(),
            witnesses => format!("signed by a key you gave, {witnesses} witnesses"),
        },
        Verdict::OwnKeys => "signed only by keys that the journal itself introduces".to_owned(),
        Verdict::NotProved => "signed by no known key".to_owned(),
        Verdict::Forged => "its signature is FORGED".to_owned(),
    };
    let (counted, moment) = (checkpoint.counted(), checkpoint.moment);
    let chain = if checkpoint.is_of_accesses() { "chain" } else { "journal" };
    format!("  checkpoint kept elsewhere, {counted}, {moment}: {agrees} the {chain}; {signed}")
}

fn finding_line(finding: &Finding) -> String {
    let mut line = format!("WRONG {}", finding.kind.name());
    if let Some(at) = finding.at_entry {
        let _ = write!(line, " at {at}");
    }
    if !finding.subject.is_empty() {
        let _ = write!(line, " ({})", finding.subject);
    }
    let _ = write!(line, ": {}", finding.sentence);
    line
}

/// What a checkpoint states and who signed it, in words.
pub(crate) fn checkpoint_text(signed: &SignedCheckpoint, verified: &Result<Vec<Signer>, NotVerified>) -> String {
    let stated = signed.checkpoint();
    let mut text = format!(
        "Checkpoint of {}\n  {}, epoch {}, {}\n  tree {}\n",
        stated.origin,
        stated.counted(),
        stated.epoch,
        stated.moment,
        hex(&stated.root)
    );
    let names: Vec<&str> = signed.names().collect();
    let _ = writeln!(text, "  signature lines of {}", names.join(", "));
    match verified {
        Ok(signers) => {
            for signer in signers {
                let when = signer.seconds.map(|seconds| format!(" at {}", moment_of(seconds))).unwrap_or_default();
                let _ = writeln!(text, "  signed by {}{when}", signer.key);
            }
            text.push_str("Holds: signed by a key you gave.\n");
        }
        Err(why) => {
            let _ = writeln!(text, "Does not hold: {why}.");
        }
    }
    text.lines().map(|line| plain(line) + "\n").collect()
}

fn moment_of(seconds: u64) -> terms::Moment {
    terms::Moment(i64::try_from(seconds).unwrap_or(i64::MAX / 1000).saturating_mul(1000))
}

/// A report as one JSON object.
pub(crate) fn report_json(report: &Report) -> String {
    let numbers = [
        ("entries", report.entries),
        ("versions", report.versions),
        ("resources", report.resources),
        ("texts", report.texts),
        ("sealed", report.sealed),
        ("erased", report.erased),
        ("blobs", report.blobs),
        ("erased_blobs", report.erased_blobs),
        ("access_chains", report.access_chains),
        ("access_leaves", report.access_leaves),
        ("access_reads", report.access_reads),
        ("findings_omitted", report.omitted),
    ];
    let mut fields = vec![
        format!("\"holds\":{}", report.holds()),
        format!("\"origin\":{}", report.origin.as_deref().map_or("null".to_owned(), quoted)),
        format!("\"covered\":{}", or_null(report.covered())),
        format!("\"head\":{}", quoted(&hex(&report.head))),
        format!("\"root\":{}", quoted(&hex(&report.root))),
    ];
    fields.extend(numbers.iter().map(|(name, number)| format!("\"{name}\":{number}")));
    fields.push(format!("\"not_proved\":{}", list(not_proved(report).iter().map(|sentence| quoted(sentence)))));
    fields.push(format!("\"checkpoints\":{}", list(report.checkpoints.iter().map(checkpoint_object))));
    fields.push(format!("\"findings\":{}", list(report.findings.iter().map(finding_object))));
    format!("{{{}}}\n", fields.join(","))
}

/// The result for one checkpoint as one JSON object.
pub(crate) fn checkpoint_json(signed: &SignedCheckpoint, verified: &Result<Vec<Signer>, NotVerified>) -> String {
    let stated = signed.checkpoint();
    let signers = verified.iter().flatten().map(|signer| {
        let (key, seconds) = (quoted(&signer.key.to_string()), or_null(signer.seconds));
        format!("{{\"key\":{key},\"seconds\":{seconds}}}")
    });
    let why = verified.as_ref().err().map_or("null".to_owned(), |why| quoted(&why.to_string()));
    format!(
        "{{\"holds\":{},\"origin\":{},\"size\":{},\"root\":{},\"epoch\":{},\"moment\":{},\"names\":{},\"signers\":{},\
         \"why\":{why}}}\n",
        verified.is_ok(),
        quoted(&stated.origin),
        stated.size,
        quoted(&hex(&stated.root)),
        stated.epoch,
        quoted(&stated.moment.to_string()),
        list(signed.names().map(quoted)),
        list(signers),
    )
}

fn checkpoint_object(checkpoint: &CheckpointReport) -> String {
    let source = match checkpoint.source {
        Source::Inside => "inside",
        Source::Outside => "outside",
    };
    let verdict = match checkpoint.verdict {
        Verdict::Pinned => "pinned",
        Verdict::OwnKeys => "own-keys",
        Verdict::NotProved => "not-proved",
        Verdict::Forged => "forged",
    };
    format!(
        "{{\"origin\":{},\"size\":{},\"moment\":{},\"source\":\"{source}\",\"agrees\":{},\"verdict\":\"{verdict}\",\
         \"signers\":{},\"witnesses\":{}}}",
        quoted(&checkpoint.origin),
        checkpoint.size,
        quoted(&checkpoint.moment.to_string()),
        checkpoint.agrees,
        list(checkpoint.signers.iter().map(|signer| quoted(signer))),
        checkpoint.witnesses,
    )
}

fn finding_object(finding: &Finding) -> String {
    format!(
        "{{\"kind\":{},\"at\":{},\"subject\":{},\"sentence\":{}}}",
        quoted(finding.kind.name()),
        or_null(finding.at_entry),
        quoted(&finding.subject),
        quoted(&finding.sentence)
    )
}

fn or_null(number: Option<u64>) -> String {
    number.map_or("null".to_owned(), |number| number.to_string())
}

fn list(members: impl Iterator<Item = String>) -> String {
    format!("[{}]", members.collect::<Vec<_>>().join(","))
}

/// A JSON string (RFC 8259, section 7), with every control character escaped.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

pub(crate) fn plain(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_journal_says_reaches_the_terminal_raw() {
        assert_eq!(quoted("a\"b\\c\u{1b}[2J\u{85}é"), "\"a\\\"b\\\\c\\u001b[2J\\u0085é\"");
        assert_eq!(plain("a\u{1b}[2J"), "a\u{fffd}[2J");
    }
}
