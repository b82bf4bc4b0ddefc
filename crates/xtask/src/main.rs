//! Tasks of this workspace that cargo does not do by itself: `cargo xtask regenerate`.

mod definitions;

use std::path::Path;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let repo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match std::env::args().nth(1).as_deref() {
        Some("regenerate") => definitions::regenerate(&repo),
        other => bail!("no task {}", other.unwrap_or("named")),
    }
}
