//! What was sent to the page of a stay, which has a form for each act; the fields are those of every form
//! (`pages/fields.rs`). Knows no field's meaning.

use administration::Refusal;

use crate::act::Typed;

/// What was sent to the page, and why it was refused.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) typed: &'a Typed,
    pub(crate) refusal: Option<&'a Refusal>,
}

/// The entries of a national list for a choice: code and words.
pub(crate) fn codes(list: &[administration::stays::codes::Code]) -> Vec<(String, String)> {
    list.iter().map(|(code, words)| ((*code).to_owned(), format!("{code} {words}"))).collect()
}
