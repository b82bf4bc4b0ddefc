//! Marks of proof: holds, broken, at risk, not yet checked. "Not checked" is never green.
//!
//! Says what it is told; the checking is the journal's.

use maud::{Markup, html};

use crate::icon::{Icon, named_icon};

/// The state of something that can be proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Checked, and it holds.
    Holds,
    /// Checked, and it does not hold.
    Broken,
    /// It holds, and a limit is near or passed.
    AtRisk,
    /// Nobody has checked yet.
    NotChecked,
}

impl Proof {
    /// The words of the state.
    pub const fn words(self) -> &'static str {
        match self {
            Proof::Holds => "Holds",
            Proof::Broken => "Broken",
            Proof::AtRisk => "At risk",
            Proof::NotChecked => "Not yet checked",
        }
    }
}

/// The mark: shape and colour, with its words for those who cannot see it.
pub fn mark(state: Proof) -> Markup {
    let (class, which) = match state {
        Proof::Holds => ("al-mark al-mark--ok", Icon::Tick),
        Proof::Broken => ("al-mark al-mark--bad", Icon::Cross),
        Proof::AtRisk => ("al-mark al-mark--warn", Icon::Cross),
        Proof::NotChecked => ("al-mark al-mark--wait", Icon::Waiting),
    };
    html! { span class=(class) { (named_icon(which, state.words())) } }
}

/// One line of a proof panel.
pub fn proof_row(state: Proof, promise: &str, count: &str) -> Markup {
    html! {
        li {
            (mark(state))
            div { b { (promise) } }
            div.al-n.al-bad[state == Proof::Broken] { (count) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_checked_and_holds_is_green() {
        for state in [Proof::Broken, Proof::AtRisk, Proof::NotChecked] {
            assert!(!mark(state).into_string().contains("al-mark--ok"), "{state:?}");
        }
        assert!(mark(Proof::Holds).into_string().contains("al-mark--ok"));
    }
}
