//! What came of an export, an import or the rehearsal of both, for people.
//! Knows the outcomes as `hosting` states them and decides nothing.

use std::fmt::Write as _;

use hosting::exit::{ExitOutcome, ExitRun, Exported, Holdings, Imported};

/// What came of it.
pub(super) fn told(of: &ExitOutcome, text: &mut String) -> std::fmt::Result {
    match of {
        ExitOutcome::Exported(of) => exported(of, text),
        ExitOutcome::Rehearsed(of) => rehearsed(of, text),
        ExitOutcome::Imported(of) => imported(of, text),
    }
}

fn exported(of: &Exported, text: &mut String) -> std::fmt::Result {
    let Exported { trust, to, holds, manifest, checkpoint, milliseconds } = of;
    holdings(holds, text)?;
    writeln!(text, "manifest {manifest}")?;
    writeln!(text, "{trust} is in {}, in {}.", to.display(), rate(holds, *milliseconds))?;
    writeln!(
        text,
        "Begin with its README.md. It is confidential in full. Keep this checkpoint apart from it:\n\n{checkpoint}"
    )
}

fn imported(of: &Imported, text: &mut String) -> std::fmt::Result {
    let Imported { trust, holds, faults, differences, not_compared, milliseconds } = of;
    faults.iter().try_for_each(|fault| writeln!(text, "FAULT: {fault}"))?;
    differences.iter().try_for_each(|difference| writeln!(text, "DIFFERS: {difference}"))?;
    if !faults.is_empty() || !differences.is_empty() {
        return writeln!(text, "The folder is refused. Nothing of it is on this host.");
    }
    holdings(holds, text)?;
    not_compared.iter().try_for_each(|what| writeln!(text, "not compared: {what}"))?;
    writeln!(text, "{trust} is here, no difference, in {}.", rate(holds, *milliseconds))
}

fn rehearsed(of: &ExitRun, text: &mut String) -> std::fmt::Result {
    let ExitRun { holds, differences, not_compared, out_milliseconds, in_milliseconds, .. } = of;
    holdings(holds, text)?;
    differences.iter().try_for_each(|difference| writeln!(text, "DIFFERS: {difference}"))?;
    not_compared.iter().try_for_each(|what| writeln!(text, "not compared: {what}"))?;
    let (out, back) = (rate(holds, *out_milliseconds), rate(holds, *in_milliseconds));
    writeln!(text, "taken out in {out}; read in and compared in {back}")?;
    writeln!(text, "differences: {}", differences.len())
}

fn holdings(of: &Holdings, text: &mut String) -> std::fmt::Result {
    let Holdings { entries, versions, resources, erased, blobs, accesses, accounts, .. } = of;
    writeln!(text, "{entries} entries, {versions} versions of {resources} live resources, {erased} texts erased")?;
    let (desk, files) = (of.desk_rows, of.configuration_files);
    writeln!(
        text,
        "{blobs} blobs, {accesses} accesses, {accounts} accounts, {files} files of configuration, {desk} rows of the desk"
    )?;
    writeln!(text, "{} files, {} bytes", of.files, of.bytes)
}

fn rate(of: &Holdings, milliseconds: u64) -> String {
    let seconds = (milliseconds as f64 / 1000.0).max(0.001);
    let (versions, megabytes) = (of.versions as f64 / seconds, of.bytes as f64 / 1e6 / seconds);
    format!("{seconds:.1} s ({versions:.0} versions, {megabytes:.1} MB a second)")
}
