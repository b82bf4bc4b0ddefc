//! Flags: what whoever looks after a patient must know at a glance, as FHIR `Flag`, gravest first.
//!
//! | what | where in Flag (R4, flag.html) |
//! | --- | --- |
//! | the words | `code` |
//! | how grave | HL7's extension flag-priority: PH danger, PM warning, all else a fact |
//! | which may be shown to passers-by, and how | `code` of system `urn:almoner:flag`: `falls`, `isolation` |
//!
//! Counts what is active and not over. Which words a flag has, its author decides.

use fhir::Node;
use terms::Moment;

use crate::read::{Source, codings, has_code, items, text, when, words};

/// Our own code system of flags.
pub const FLAG_CODES: &str = "urn:almoner:flag";
/// HL7's extension for the priority of a flag.
const PRIORITY: &str = "http://hl7.org/fhir/StructureDefinition/flag-priority";

/// How grave a flag is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Danger now.
    Danger,
    /// Worth a warning.
    Warning,
    /// A fact.
    Fact,
}

/// A flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Where it is recorded.
    pub source: Source,
    /// In words.
    pub words: String,
    /// How grave it is.
    pub weight: Weight,
    /// The words that passers-by may read; of all other flags they learn nothing.
    pub public: Option<&'static str>,
}

/// The flags in force, gravest first, then in the order of their words.
pub fn flags<'d, 't: 'd>(resources: impl Iterator<Item = Node<'d, 't>>, now: Moment) -> Vec<Flag> {
    let mut flags: Vec<Flag> = resources.filter(|flag| is_in_force(*flag, now)).filter_map(flag).collect();
    flags.sort_by(|one, other| (one.weight, &one.words).cmp(&(other.weight, &other.words)));
    flags.dedup_by(|one, other| one.words == other.words);
    flags
}

fn is_in_force(flag: Node<'_, '_>, now: Moment) -> bool {
    let is_flag = text(flag, "resourceType").as_deref() == Some("Flag");
    let end = flag.get("period").and_then(|period| when(period, "end"));
    is_flag && text(flag, "status").as_deref() == Some("active") && end.is_none_or(|end| end.upper() > now)
}

fn flag(flag: Node<'_, '_>) -> Option<Flag> {
    let code = flag.get("code")?;
    let own = codings(code).find(|(system, _)| system == FLAG_CODES).map(|(_, code)| code);
    let priority = items(flag, "extension")
        .find(|extension| text(*extension, "url").as_deref() == Some(PRIORITY))
        .and_then(|extension| extension.get("valueCodeableConcept"));
    let has = |level: &str| priority.is_some_and(|priority| has_code(priority, &[level]));
    Some(Flag {
        source: Source::of(flag),
        words: words(code)?,
        weight: match () {
            () if has("PH") => Weight::Danger,
            () if has("PM") => Weight::Warning,
            () => Weight::Fact,
        },
        public: match own.as_deref() {
            Some("falls") => Some("Falls"),
            Some("isolation") => Some("Isolation"),
            _ => None,
        },
    })
}
