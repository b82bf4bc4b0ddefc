//! Clinical rules over a real record, on both stores: writes as a ward's tablet does, through the rules that every door
//! passes.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod orders;
mod scores;
mod stage;
