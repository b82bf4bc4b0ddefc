//! What is wrong with a configuration, and the rules that find it. An error means that the configuration may not be
//! applied; a *look* asks a person to look again.
//!
//! Knows no rule's inside: those are in `table`, `merge` and `lint`.

use std::fmt;

/// Where something stands in the files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct At {
    /// The file's name from the root, such as `thameside/wards.toml`.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The configuration may not be applied.
    Error,
    /// A person should look again; it may be applied.
    Look,
}

/// A rule that every configuration is checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// A stable name for machines, such as `doubled-code`.
    pub code: &'static str,
    /// How grave it is to break it.
    pub severity: Severity,
    /// What holds when it is kept.
    pub holds: &'static str,
}

/// One thing that is wrong, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that was broken.
    pub rule: Rule,
    /// Where.
    pub at: At,
    /// What is wrong, as a sentence without its full stop.
    pub what: String,
    /// Why it matters or what to write, as a sentence.
    pub advice: String,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}", self.file, self.line)
    }
}

impl Severity {
    /// The word before a finding.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Look => "look",
        }
    }
}

impl Rule {
    const fn error(code: &'static str, holds: &'static str) -> Rule {
        Rule { code, severity: Severity::Error, holds }
    }

    const fn look(code: &'static str, holds: &'static str) -> Rule {
        Rule { code, severity: Severity::Look, holds }
    }

    /// A finding of this rule.
    pub(super) fn found(self, at: &At, what: impl Into<String>, advice: impl Into<String>) -> Finding {
        Finding { rule: self, at: at.clone(), what: what.into(), advice: advice.into() }
    }
}

pub(super) const NOT_TOML: Rule = Rule::error("not-toml", "Every file is TOML, and not too large.");
pub(super) const UNKNOWN_KEY: Rule = Rule::error("unknown-key", "Every table and key is one that is known.");
pub(super) const WRONG_FORM: Rule = Rule::error("wrong-form", "Every value has the form that its key asks for.");
pub(super) const BAD_TEXT: Rule = Rule::error("bad-text", "Names and texts are not empty, not too long, and one line.");
pub(super) const MISSING_KEY: Rule = Rule::error("missing-key", "What must be said is said.");
pub(super) const INHERITS: Rule = Rule::error("inherits", "Only a trust inherits, and from folders below the root.");
pub(super) const ONE_TRUST: Rule = Rule::error("one-trust", "The trust's own files say once which trust it is.");
pub(super) const NOT_AN_ID: Rule = Rule::error("not-an-id", "Every code can be the id of a resource.");
pub(super) const DOUBLED_CODE: Rule = Rule::error("doubled-code", "No code stands for two things.");
pub(super) const DOUBLED_LABEL: Rule =
    Rule::error("doubled-label", "No two places of a kind on one ward bear the same label.");
pub(super) const UNKNOWN_KIND: Rule = Rule::error("unknown-kind", "Every place is of a kind that is known.");
pub(super) const UNKNOWN_PLACE: Rule = Rule::error("unknown-place", "Every place lies in one that is there.");
pub(super) const WRONG_PLACE: Rule = Rule::error("wrong-place", "Every place lies in one that may hold it.");
pub(super) const UNKNOWN_SEX: Rule = Rule::error("unknown-sex", "The sex of a place is male, female or mixed.");
pub(super) const UNKNOWN_FUNCTION: Rule =
    Rule::error("unknown-treatment-function", "Every treatment function is one of the NHS list.");
pub(super) const UNKNOWN_SPECIALTY: Rule =
    Rule::error("unknown-main-specialty", "Every main specialty is one of the NHS list.");
pub(super) const UNKNOWN_NATIONAL_ROLE: Rule =
    Rule::error("unknown-national-role", "Every national job role is one of the NHS list.");
pub(super) const UNKNOWN_PERSON: Rule = Rule::error("unknown-person", "Every consultant and manager is somebody.");
pub(super) const UNKNOWN_ROLE: Rule = Rule::error("unknown-role", "Every job role that somebody has is there.");
pub(super) const UNKNOWN_ACCESS: Rule =
    Rule::error("unknown-access", "Every job role gives access that a person can have.");
pub(super) const UNKNOWN_WARD: Rule = Rule::error("unknown-ward", "Every ward that is named is there.");
pub(super) const UNKNOWN_SERVICE: Rule = Rule::error("unknown-service", "Every service that is named is there.");
pub(super) const UNKNOWN_OWNER: Rule =
    Rule::error("unknown-owner", "Whoever takes over is a ward that is there, or a team.");
pub(super) const BAD_NUMBER: Rule =
    Rule::error("bad-number", "Professional and organisation numbers have the right form.");
pub(super) const WARD_WITHOUT_BEDS: Rule = Rule::look("ward-without-beds", "Every ward has places for patients.");
pub(super) const WARD_WITHOUT_SITE: Rule = Rule::look("ward-without-site", "Every ward lies at a site.");
pub(super) const BAY_WITHOUT_SEX: Rule = Rule::look("bay-without-sex", "Every bay with beds says for whom it is.");
pub(super) const SHARED_SIDE_ROOM: Rule = Rule::look("shared-side-room", "A side room has one bed.");
pub(super) const BED_OUTSIDE_BAY: Rule =
    Rule::look("bed-outside-bay", "On a ward with bays, every bed lies in a bay or side room.");
pub(super) const SERVICE_WITHOUT_CONSULTANT: Rule =
    Rule::look("service-without-consultant", "Every service has a consultant.");
pub(super) const NOT_A_CONSULTANT: Rule =
    Rule::look("not-a-consultant", "Whoever is named as a consultant has the job role of one.");
pub(super) const RETIRED_CODE: Rule = Rule::look("retired-code", "No code is one that was retired.");
pub(super) const OFF_NOTHING: Rule = Rule::look("off-nothing", "What is switched off is inherited.");
pub(super) const SAME_AGAIN: Rule = Rule::look("same-again", "What overrides an inherited object differs from it.");

/// Every rule, errors first.
pub const RULES: &[Rule] = &[
    NOT_TOML,
    UNKNOWN_KEY,
    WRONG_FORM,
    BAD_TEXT,
    MISSING_KEY,
    INHERITS,
    ONE_TRUST,
    NOT_AN_ID,
    DOUBLED_CODE,
    DOUBLED_LABEL,
    UNKNOWN_KIND,
    UNKNOWN_PLACE,
    WRONG_PLACE,
    UNKNOWN_SEX,
    UNKNOWN_FUNCTION,
    UNKNOWN_SPECIALTY,
    UNKNOWN_NATIONAL_ROLE,
    UNKNOWN_PERSON,
    UNKNOWN_ROLE,
    UNKNOWN_ACCESS,
    UNKNOWN_WARD,
    UNKNOWN_SERVICE,
    UNKNOWN_OWNER,
    BAD_NUMBER,
    WARD_WITHOUT_BEDS,
    WARD_WITHOUT_SITE,
    BAY_WITHOUT_SEX,
    SHARED_SIDE_ROOM,
    BED_OUTSIDE_BAY,
    SERVICE_WITHOUT_CONSULTANT,
    NOT_A_CONSULTANT,
    RETIRED_CODE,
    OFF_NOTHING,
    SAME_AGAIN,
];
