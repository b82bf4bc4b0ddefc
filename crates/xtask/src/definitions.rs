//! Makes `fhir`'s definition table from HL7's package hl7.fhir.r4.core 4.0.1: what a resource may contain, how it may
//! be searched, and which codes a required binding allows.
//!
//! The result is a flat binary table (`docs/formats/definitions.md`), compressed, checked in and read by
//! `fhir::definitions`. Knows nothing of documents; decides nothing about validity beyond what the package says.

mod encode;
mod package;
mod structures;
mod value_sets;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use encode::Table;
use package::Package;

/// Where the table is checked in, from the root of the repository.
const TABLE: &str = "crates/fhir/src/generated/definitions.bin.zst";
/// The archive of the suites that the table is made from.
const ARCHIVE: &str = "fhir-r4-core.tar.gz";
/// Highest level that zstd recommends without special memory on the reading side.
const LEVEL: i32 = 19;

/// Writes the definition table from the suites' copy of the R4 package.
///
/// # Errors
/// When the archive is missing or does not look like hl7.fhir.r4.core, or the table cannot be written.
pub(crate) fn regenerate(repo: &Path) -> Result<()> {
    let table = table(&archive(repo))?;
    let packed = zstd::encode_all(table.as_slice(), LEVEL).context("compressing the definition table")?;
    let path = repo.join(TABLE);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    std::fs::write(&path, packed).with_context(|| format!("writing {}", path.display()))
}

/// The suites lie where `$ALMONER_SUITES` says, else beside the repository.
fn archive(repo: &Path) -> PathBuf {
    let suites = std::env::var_os("ALMONER_SUITES").map_or_else(|| repo.join("../shared/suites"), PathBuf::from);
    suites.join(ARCHIVE)
}

/// The whole table, uncompressed.
fn table(archive: &Path) -> Result<Vec<u8>> {
    let package = Package::read(archive)?;
    let mut table = Table::new();
    structures::write(&package, &mut table)?;
    write_parameters(&package, &mut table)?;
    write_compartments(&package, &mut table);
    value_sets::write(&package, &mut table)?;
    Ok(table.finish())
}

/// Search parameters, one row per base type; HL7's three worked examples are left out, and so are the ten extension
/// parameters that name no base.
fn write_parameters(package: &Package, table: &mut Table) -> Result<()> {
    let mut rows = Vec::new();
    for parameter in package.of_type("SearchParameter") {
        let url = parameter["url"].as_str().context("a search parameter without url")?;
        if url.contains("/SearchParameter/example") {
            continue;
        }
        let code = parameter["code"].as_str().with_context(|| format!("{url} has no code"))?;
        for base in package::strings(&parameter["base"]) {
            rows.push((base, code, url, parameter));
        }
    }
    rows.sort_by_key(|(base, code, _, _)| (*base, *code));
    table.number(rows.len());
    for (base, code, url, parameter) in rows {
        table.text(&format!("{base}.{code}"));
        table.text(base);
        table.text(code);
        table.text(url);
        table.text(parameter["type"].as_str().with_context(|| format!("{url} has no type"))?);
        table.text(parameter["expression"].as_str().unwrap_or_default());
        table.texts(package::strings(&parameter["target"]));
        table.texts(package::strings(&parameter["comparator"]));
        table.texts(package::strings(&parameter["modifier"]));
        let components = parameter["component"].as_array().map_or(&[][..], Vec::as_slice);
        table.number(components.len());
        for component in components {
            table.text(component["definition"].as_str().with_context(|| format!("{url}: component definition"))?);
            table.text(component["expression"].as_str().with_context(|| format!("{url}: component expression"))?);
        }
    }
    Ok(())
}

/// Compartments: which parameters of which type tie a resource to a patient, an encounter and so on.
fn write_compartments(package: &Package, table: &mut Table) {
    let mut compartments: Vec<_> = package
        .of_type("CompartmentDefinition")
        .filter(|compartment| !compartment["url"].as_str().unwrap_or_default().ends_with("/example"))
        .collect();
    compartments.sort_by_key(|compartment| compartment["code"].as_str());
    table.number(compartments.len());
    for compartment in compartments {
        table.text(compartment["code"].as_str().unwrap_or_default());
        let resources = compartment["resource"].as_array().map_or(&[][..], Vec::as_slice);
        table.number(resources.len());
        for resource in resources {
            table.text(resource["code"].as_str().unwrap_or_default());
            table.texts(package::strings(&resource["param"]));
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]
    #![expect(clippy::print_stderr, reason = "a skipped test says so")]

    use super::*;

    #[test]
    fn the_checked_in_table_is_what_the_package_gives() {
        let repo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let archive = archive(&repo);
        if !archive.exists() {
            assert!(std::env::var_os("CI").is_none(), "{} is missing", archive.display());
            eprintln!("skipped: {} is missing", archive.display());
            return;
        }
        let packed = std::fs::read(repo.join(TABLE)).unwrap();
        assert!(packed.len() <= 1 << 20, "the table has {} bytes", packed.len());
        let kept = zstd::decode_all(packed.as_slice()).unwrap();
        assert!(kept == table(&archive).unwrap(), "run `cargo xtask regenerate`");
    }
}
