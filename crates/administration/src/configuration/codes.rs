//! The NHS code lists that configuration is checked against: treatment functions, main specialties, national job roles.
//!
//! The table is generated (`cargo xtask regenerate`) from lists that say where they were read.

use std::collections::BTreeMap;
use std::sync::LazyLock;

const TABLE: &str = include_str!("../generated/codes.txt");

/// One of the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// Treatment function code, NHS Data Dictionary.
    TreatmentFunction,
    /// Main specialty code, NHS Data Dictionary.
    MainSpecialty,
    /// National job role, `R` and four digits.
    JobRole,
}

/// What a code of a list means, if it is one.
pub fn meaning(list: List, code: &str) -> Option<&'static str> {
    static CODES: LazyLock<BTreeMap<(List, &str), &str>> = LazyLock::new(|| TABLE.lines().filter_map(row).collect());
    CODES.get(&(list, code)).copied()
}

/// Whether the list itself says that a code is not used any more.
pub(super) fn is_retired(meaning: &str) -> bool {
    meaning.contains("(Retired")
}

fn row(line: &'static str) -> Option<((List, &'static str), &'static str)> {
    let mut parts = line.split('\t');
    let list = match parts.next()? {
        "T" => List::TreatmentFunction,
        "M" => List::MainSpecialty,
        "J" => List::JobRole,
        _ => return None,
    };
    Some(((list, parts.next()?), parts.next()?))
}
