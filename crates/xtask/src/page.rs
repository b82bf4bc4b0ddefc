//! Figures in a page of the documentation: they stand between two lines of their own and are replaced as a whole.
//! Knows no figure.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// Replaces what stands between the two lines of a page.
///
/// # Errors
/// The page cannot be read or written, or has lost its lines.
pub(crate) fn publish(repo: &Path, page: &str, marks: (&str, &str), figures: &str) -> Result<()> {
    let path = repo.join(page);
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {page}"))?;
    let text = replace(&text, marks, figures).with_context(|| format!("{page} has lost its marks"))?;
    std::fs::write(&path, text).with_context(|| format!("writing {page}"))
}

/// The day and the commit that figures are of.
///
/// # Errors
/// `date` or `git` cannot be run.
pub(crate) fn day_and_commit(repo: &Path) -> Result<(String, String)> {
    let answer = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(repo).output();
        let output = output.with_context(|| format!("running {program}"))?;
        anyhow::Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    Ok((answer("date", &["+%Y-%m-%d"])?, answer("git", &["rev-parse", "--short=12", "HEAD"])?))
}

fn replace(page: &str, (begin, end): (&str, &str), figures: &str) -> Option<String> {
    let (before, rest) = page.split_once(begin)?;
    let (_, after) = rest.split_once(end)?;
    Some(format!("{before}{begin}{figures}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_keeps_what_is_around_the_figures() {
        let marks = ("<begin>\n", "<end>\n");
        let page = "before\n<begin>\nold\n<end>\nafter\n";
        assert_eq!(replace(page, marks, "new\n").as_deref(), Some("before\n<begin>\nnew\n<end>\nafter\n"));
        assert_eq!(replace("no marks", marks, "new"), None);
    }
}
