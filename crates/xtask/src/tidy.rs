//! `cargo xtask tidy`: the rules of the house that no compiler checks, each in a file of its own, over every file that
//! git tracks. A rule takes files as plain data and returns findings; this file only reads, calls and prints.
//!
//! Reading order: `finding`, `tree` and `source` are what the rules share; then the rules.

mod arrows;
mod bans;
mod catalogue;
mod dependencies;
mod exceptions;
mod face;
mod finding;
mod hazards;
mod links;
mod places;
mod sizes;
mod source;
mod tree;

use std::path::Path;

use anyhow::{Result, bail};

use finding::Finding;
use source::RustSource;
use tree::TextFile;

/// Checks the tree and prints what is wrong with it.
///
/// # Errors
/// Something is wrong, or the tree could not be read.
pub(crate) fn run(repo: &Path) -> Result<()> {
    let files = tree::read(repo)?;
    let mut found = check(&files)?;
    found.extend(arrows::find(repo)?);
    found.sort();
    for finding in &found {
        println!("{finding}");
    }
    if !found.is_empty() {
        bail!("{} places are not tidy", found.len());
    }
    println!("tidy: {} files are in order", files.len());
    Ok(())
}

/// All rules that need nothing but the files.
fn check(files: &[TextFile]) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    let mut excesses = Vec::new();
    for file in files {
        found.extend(places::find(file));
        found.extend(bans::leftovers(file));
        excesses.extend(sizes::script_excess(file));
        if file.has_extension("rs") {
            found.extend(sizes::header(file));
            let source = RustSource::parse(file)?;
            found.extend(bans::find(file, &source));
            excesses.extend(sizes::excesses(file, &source));
            found.extend(face_of(file, &source));
        }
    }
    let list = files.iter().find(|file| file.path == exceptions::LIST).map_or("", |file| &file.text);
    found.extend(exceptions::apply(list, &excesses)?);
    found.extend(dependencies::find(files)?);
    found.extend(catalogue::find(files));
    found.extend(hazards::find(files)?);
    found.extend(links::find(files));
    Ok(found)
}

/// Prints the width of a crate's face where it is uncomfortable, and returns it where it is too much.
fn face_of(file: &TextFile, source: &RustSource) -> Option<Finding> {
    let names = face::count(file, source)?;
    if names > face::COMFORTABLE {
        println!("{}:0: {names} public names; about {} can be learnt", file.path, face::COMFORTABLE);
    }
    face::judge(file, names)
}
