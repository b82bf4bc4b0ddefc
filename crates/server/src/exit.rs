//! The work of `export` and `import`, from their arguments. Paths become absolute: the process that does it may have another
//! working directory. Knows nothing of what an export is.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use hosting::exit::ExitWork;
use hosting::{TrustCode, Work};

use crate::arguments::ExportArguments;
use crate::{checkpoint_from, on_this_machine};

/// Taking a trust out, or the rehearsal of that.
pub(crate) fn export(of: ExportArguments) -> Result<Work> {
    let trust = TrustCode::parse(&of.trust)?;
    let Some(to) = of.to else { return Ok(Work::Exit(ExitWork::Rehearse { trust })) };
    let to = std::path::absolute(to).context("finding the folder")?;
    Ok(Work::Exit(ExitWork::Export { trust, to, by: of.by.or_else(on_this_machine) }))
}

/// Making a trust of a folder.
pub(crate) fn import(
    from: &Path,
    code: Option<String>,
    store: Option<String>,
    against: Option<PathBuf>,
) -> Result<Work> {
    let from = std::path::absolute(from).context("finding the folder")?;
    let code = code.as_deref().map(TrustCode::parse).transpose()?;
    let against = against.map(checkpoint_from).transpose()?;
    Ok(Work::Exit(ExitWork::Import { from, code, store, against }))
}
