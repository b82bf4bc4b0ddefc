//! almoner-verify: checks journals, checkpoints and packages offline.
fn main() {}
