//! Flags: a word always, an icon where it helps, an edge and a fill that say how grave it is without colour alone.
//!
//! Allergy is the first flag of every row of patients, in one of four states.

use maud::{Markup, html};

use crate::icon::{Icon, icon};

/// How grave a flag is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// A fact.
    Plain,
    /// Worth a look.
    Info,
    /// Soon, or check.
    Warning,
    /// Danger now.
    Danger,
    /// Critical.
    Critical,
    /// Done, holds.
    Good,
    /// A risk to identity.
    Identity,
    /// Unknown or not available.
    Mute,
}

impl Weight {
    const fn class(self) -> &'static str {
        match self {
            Weight::Plain => "al-tag",
            Weight::Info => "al-tag al-tag--info",
            Weight::Warning => "al-tag al-tag--warn",
            Weight::Danger => "al-tag al-tag--bad",
            Weight::Critical => "al-tag al-tag--solid",
            Weight::Good => "al-tag al-tag--good",
            Weight::Identity => "al-tag al-tag--ink",
            Weight::Mute => "al-tag al-tag--mute",
        }
    }
}

/// A flag with its words.
pub fn tag(weight: Weight, words: &str) -> Markup {
    html! { span class=(weight.class()) { (words) } }
}

/// A flag with an icon before its words.
pub fn tag_with(weight: Weight, which: Icon, words: &str) -> Markup {
    html! { span class=(weight.class()) { (icon(which)) (words) } }
}

/// What is known of a patient's allergies, for one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllergyFlag<'a> {
    /// The first agent, and how many more.
    Known {
        /// The first agent's name.
        first: &'a str,
        /// How many other agents there are.
        more: usize,
    },
    /// Somebody asked, and there are none.
    NoneKnown,
    /// Nobody has recorded an answer.
    NotRecorded,
    /// The allergy record cannot be read.
    Unavailable,
}

/// The allergy flag of a row.
pub fn allergy_flag(state: &AllergyFlag<'_>) -> Markup {
    match state {
        AllergyFlag::Known { first, more: 0 } => tag_with(Weight::Danger, Icon::Alert, &format!("Allergies: {first}")),
        AllergyFlag::Known { first, more } => {
            tag_with(Weight::Danger, Icon::Alert, &format!("Allergies: {first} +{more}"))
        }
        AllergyFlag::NoneKnown => tag_with(Weight::Plain, Icon::Tick, "No known allergies"),
        AllergyFlag::NotRecorded => tag_with(Weight::Warning, Icon::Question, "Allergies not recorded"),
        AllergyFlag::Unavailable => tag_with(Weight::Mute, Icon::Unavailable, "Allergies unavailable"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_allergy_state_has_its_words() {
        let cases = [
            (AllergyFlag::Known { first: "penicillin", more: 0 }, "Allergies: penicillin<"),
            (AllergyFlag::Known { first: "penicillin", more: 1 }, "Allergies: penicillin +1"),
            (AllergyFlag::NoneKnown, "No known allergies"),
            (AllergyFlag::NotRecorded, "Allergies not recorded"),
            (AllergyFlag::Unavailable, "Allergies unavailable"),
        ];
        for (state, words) in cases {
            let html = allergy_flag(&state).into_string();
            assert!(html.contains(words), "{html}");
        }
    }
}
