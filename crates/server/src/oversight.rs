//! Oversight as the command line asks for it: arguments become work, addresses are told from files.
//! Decides nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use hosting::oversight::{ConsortiumPlan, OversightWork};
use hosting::{Secret, Work};

use crate::arguments::hosts::OversightCommand;

/// The work of a command. Paths become absolute: the process that does it may have another working directory.
pub(crate) fn work(command: OversightCommand) -> Result<Work> {
    let work = match command {
        OversightCommand::Plan { consortium, deadline, cost_per_day, freeze_from, freeze_until } => {
            let freeze = freeze_from.zip(freeze_until);
            OversightWork::Plan(ConsortiumPlan { name: consortium, deadline, cost_per_day, freeze })
        }
        OversightCommand::Host { key, name } => OversightWork::Know { key, name },
        OversightCommand::Take { from, token, ca } => {
            let (urls, paths): (Vec<String>, Vec<String>) = from.into_iter().partition(|from| from.contains("://"));
            let paths = paths.iter().map(|path| absolute(Path::new(path))).collect::<Result<_>>()?;
            let authority = ca.map(|path| absolute(&path)).transpose()?;
            OversightWork::Take { paths, urls, token: token.map(Secret::new), authority }
        }
    };
    Ok(Work::Oversee(work))
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("finding {}", path.display()))
}
