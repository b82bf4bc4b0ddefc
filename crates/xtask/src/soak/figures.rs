//! What a fuzz target did, read from libFuzzer's own report, and the table of it in `docs/soak.md`.
//! Knows libFuzzer's words; does not know how a target is run.

use std::fmt;
use std::path::Path;

use anyhow::Result;

use crate::page;

/// Where the figures are published, and between which lines.
const PAGE: &str = "docs/soak.md";
const BEGIN: &str = "<!-- figures of the fuzz targets: cargo xtask soak --publish -->\n";
const END: &str = "<!-- end of the figures -->\n";

/// What one target did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) target: String,
    /// Whether it ran to its end and found nothing.
    pub(super) is_clean: bool,
    seconds: u64,
    executions: u64,
    /// Edges of the program that any input reached.
    edges: u64,
    /// Inputs kept because each reached something new.
    inputs: u64,
    memory_mb: u64,
}

impl Figures {
    /// Reads the report of a target; what is not in it is 0.
    pub(super) fn read(target: &str, report: &str, seconds: u64, is_clean: bool) -> Self {
        let last = |word: &str| {
            let after = report.rsplit_once(word).map(|(_, after)| after.trim_start());
            let digits: String = after.into_iter().flat_map(str::chars).take_while(char::is_ascii_digit).collect();
            digits.parse().unwrap_or(0)
        };
        Self {
            target: target.to_owned(),
            is_clean,
            seconds,
            executions: last("stat::number_of_executed_units:"),
            edges: last(" cov: "),
            inputs: last(" corp: "),
            memory_mb: last("stat::peak_rss_mb:"),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, is_clean, seconds, executions, edges, inputs, memory_mb } = self;
        let found = if *is_clean { "nothing" } else { "something" };
        write!(f, "| `{target}` | {seconds} | {executions} | {edges} | {inputs} | {memory_mb} | {found} |")
    }
}

/// Replaces the figures in the page by these, with the day, the commit and the command.
///
/// # Errors
/// The page cannot be read or written, or has lost the lines between which the figures stand.
pub(super) fn publish(repo: &Path, all: &[Figures]) -> Result<()> {
    let (day, commit) = page::day_and_commit(repo)?;
    page::publish(repo, PAGE, (BEGIN, END), &table(all, &day, &commit))
}

fn table(all: &[Figures], day: &str, commit: &str) -> String {
    let seconds = all.iter().map(|figures| figures.seconds).max().unwrap_or(0);
    let mut text = format!(
        "\n{day}, commit `{commit}`, `ALMONER_FUZZ_SECONDS={seconds} cargo xtask soak --publish`:\n\n\
         | target | seconds | executions | edges reached | inputs kept | peak memory (MB) | found |\n\
         | --- | --: | --: | --: | --: | --: | --- |\n"
    );
    for figures in all {
        text.push_str(&format!("{figures}\n"));
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "#2\tINITED cov: 10 ft: 11 corp: 3/9b exec/s: 0 rss: 40Mb\n\
        #70\tNEW    cov: 1234 ft: 5678 corp: 321/9Kb lim: 4 exec/s: 0 rss: 41Mb\n\
        Done 70 runs in 1 second(s)\nstat::number_of_executed_units: 70\nstat::peak_rss_mb:              41\n";

    #[test]
    fn the_last_figures_count() {
        let line = Figures::read("search", REPORT, 60, true).to_string();
        assert_eq!(line, "| `search` | 60 | 70 | 1234 | 321 | 41 | nothing |");
        let line = Figures::read("search", "it did not start", 60, false).to_string();
        assert_eq!(line, "| `search` | 60 | 0 | 0 | 0 | 0 | something |");
    }
}
