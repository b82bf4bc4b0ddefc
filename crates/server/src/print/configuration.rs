//! What came of configuring, for people.
//! Knows the outcomes as `hosting` states them and decides nothing.

use std::fmt::Write as _;

use hosting::configure::{
    Applied, ChangeView, Checked, Compared, FileView, FindingView, Holds, LineView, LiveView, VersionView,
};

/// Changes and lines that are printed; `--json` has all of them.
const SHOWN: usize = 200;
/// Versions that are printed.
const VERSIONS_SHOWN: usize = 20;

/// What is wrong with files.
pub(super) fn checked(of: &Checked, text: &mut String) -> std::fmt::Result {
    findings(&of.findings, text)?;
    holds(&of.holds, text)?;
    let looks = of.findings.len() - of.errors;
    let Checked { files, rules, passed, errors, .. } = of;
    writeln!(text, "{files} files, {rules} rules, {passed} passed: {errors} errors, {looks} to look at")
}

/// How files compare with what is live.
pub(super) fn compared(of: &Compared, text: &mut String) -> std::fmt::Result {
    findings(&of.checked.findings, text)?;
    for file in &of.files {
        lines(file, text)?;
    }
    changes(&of.changes, text)?;
    let live = of.live.map_or_else(|| "nothing, so far".to_owned(), |version| format!("version {version}"));
    let w = &of.writes;
    match &of.refused {
        Some(sentence) => writeln!(text, "It would be refused: {sentence}"),
        None if of.checked.errors > 0 => writeln!(text, "It has errors and would not be applied."),
        None => writeln!(
            text,
            "Live is {live}. Applying would make {} resources, change {} and make {} inactive.",
            w.made, w.changed, w.ended
        ),
    }
}

/// What was applied.
pub(super) fn applied(of: &Applied, text: &mut String) -> std::fmt::Result {
    findings(&of.looks, text)?;
    if !of.changed {
        return writeln!(text, "Version {} is live already: nothing changed.", of.version);
    }
    changes(&of.changes, text)?;
    writeln!(
        text,
        "Version {} is live since {}: {} resources written, entry {} of the journal.",
        of.version, of.since, of.resources, of.sequence
    )
}

/// What is live.
pub(super) fn live(of: &LiveView, text: &mut String) -> std::fmt::Result {
    version(&of.live, text)?;
    holds(&of.holds, text)?;
    of.files.iter().try_for_each(|file| writeln!(text, "{:>8} bytes  {}", file.text.len(), file.name))?;
    writeln!(text, "Versions:")?;
    of.history.iter().take(VERSIONS_SHOWN).try_for_each(|one| version(one, text))?;
    if of.more || of.history.len() > VERSIONS_SHOWN {
        writeln!(text, "… and older ones")?;
    }
    Ok(())
}

fn version(of: &VersionView, text: &mut String) -> std::fmt::Result {
    let why = of.why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    writeln!(text, "version {}, since {}, by {}{why}", of.version, of.since, of.by.join(", "))
}

fn holds(of: &Holds, text: &mut String) -> std::fmt::Result {
    let Holds { sites, wards, beds, places, services, staff, roles } = of;
    writeln!(
        text,
        "sites: {sites}, wards and units: {wards}, beds: {beds}, places in all: {places}, services: {services}, \
         staff: {staff}, job roles: {roles}"
    )
}

fn findings(of: &[FindingView], text: &mut String) -> std::fmt::Result {
    for FindingView { severity, rule, file, line, what, advice } in of {
        writeln!(text, "{severity}: {file}, line {line}: {what}. {advice} ({rule})")?;
    }
    Ok(())
}

fn changes(of: &[ChangeView], text: &mut String) -> std::fmt::Result {
    of.iter().take(SHOWN).try_for_each(|change| writeln!(text, "{}", change.sentence()))?;
    more(of.len(), text)
}

fn lines(of: &FileView, text: &mut String) -> std::fmt::Result {
    writeln!(text, "--- {}", of.name)?;
    for line in of.lines.iter().take(SHOWN) {
        match line {
            None => writeln!(text, "     …")?,
            Some(LineView { how, number, text: line }) => {
                let sign = match how.as_str() {
                    "added" => '+',
                    "removed" => '-',
                    _ => ' ',
                };
                writeln!(text, "{number:>5} {sign} {line}")?;
            }
        }
    }
    more(of.lines.len(), text)
}

fn more(count: usize, text: &mut String) -> std::fmt::Result {
    if count > SHOWN { writeln!(text, "… and {} more; --json lists them", count - SHOWN) } else { Ok(()) }
}
