//! The account of a load: every resource that was read ended as exactly one of stored, already there or refused.
//! Knows nothing of files or stores: it adds up, and can tell whether the sums agree.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Refusals, and files passed over, that are listed one by one; all are counted.
const LISTED: usize = 10_000;

/// What came of a load. `read = stored + already_there + refused`, as a whole and for each type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Files that were read, each member of an archive counted.
    pub files: u64,
    /// Files that were passed over, and why: they do not look like FHIR; at most 10,000 are listed.
    pub passed_over: Vec<PassedOver>,
    /// Files that were passed over beyond those, which were only counted.
    #[serde(default)]
    pub more_passed_over: u64,
    /// Resources that were read. A text that cannot be read counts as one.
    pub read: u64,
    /// Resources of which a new version was stored.
    pub stored: u64,
    /// Resources that are in the record as they are in the file, or were before a later change.
    pub already_there: u64,
    /// Those of them that a later change has overtaken: the record says something newer than the file.
    #[serde(default)]
    pub overtaken: u64,
    /// Resources that were not stored.
    pub refused: u64,
    /// The same by resource type; `?` where the type could not be read.
    pub by_type: BTreeMap<String, Counts>,
    /// The refused ones; at most 10,000 are listed.
    pub refusals: Vec<Refusal>,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// Why the load ended before all files were read; what is counted as stored is stored.
    pub stopped: Option<String>,
}

/// The account of one resource type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Read.
    pub read: u64,
    /// Stored.
    pub stored: u64,
    /// Already there.
    pub already_there: u64,
    /// Refused.
    pub refused: u64,
}

/// Where something stands in the input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file; for a member of an archive `archive.tar.gz:member`.
    pub file: String,
    /// The line, from 1, in an NDJSON file.
    pub line: Option<u64>,
    /// The place in a Bundle, such as `Bundle.entry[3]`.
    pub inside: Option<String>,
}

/// One resource that was not stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Where it stands.
    pub place: Place,
    /// Its type, if that could be read.
    pub kind: Option<String>,
    /// Why, with the path in the resource; no patient data.
    pub reason: String,
}

/// A file that was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOver {
    /// The file.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// What became of one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Stored,
    AlreadyThere,
    Overtaken,
}

impl Account {
    /// Counts a resource that is in the record now.
    pub(super) fn ended(&mut self, kind: &str, end: End) {
        let counts = counts(&mut self.by_type, kind);
        counts.read += 1;
        self.read += 1;
        match end {
            End::Stored => (counts.stored, self.stored) = (counts.stored + 1, self.stored + 1),
            End::AlreadyThere | End::Overtaken => {
                self.overtaken += u64::from(end == End::Overtaken);
                (counts.already_there, self.already_there) = (counts.already_there + 1, self.already_there + 1);
            }
        }
    }

    /// Counts a resource that was refused.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        let counts = counts(&mut self.by_type, refusal.kind.as_deref().unwrap_or("?"));
        counts.read += 1;
        counts.refused += 1;
        self.read += 1;
        self.refused += 1;
        if self.refusals.len() < LISTED {
            self.refusals.push(refusal);
        }
    }

    /// Notes a file that was passed over.
    pub(super) fn pass_over(&mut self, file: PassedOver) {
        if self.passed_over.len() < LISTED {
            self.passed_over.push(file);
        } else {
            self.more_passed_over += 1;
        }
    }

    /// Whether the sums agree: the whole, each type, and the types with the whole.
    pub fn agrees(&self) -> bool {
        let mut sum = Counts::default();
        let each = self.by_type.values().all(|counts| {
            sum.read += counts.read;
            sum.stored += counts.stored;
            sum.already_there += counts.already_there;
            sum.refused += counts.refused;
            counts.agrees()
        });
        let whole =
            Counts { read: self.read, stored: self.stored, already_there: self.already_there, refused: self.refused };
        each && sum == whole && whole.agrees() && self.overtaken <= self.already_there
    }
}

impl Counts {
    fn agrees(&self) -> bool {
        self.read == self.stored + self.already_there + self.refused
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(inside) = &self.inside {
            write!(f, ", {inside}")?;
        }
        Ok(())
    }
}

fn counts<'a>(by_type: &'a mut BTreeMap<String, Counts>, kind: &str) -> &'a mut Counts {
    by_type.entry(kind.to_owned()).or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_agree_and_a_wrong_one_is_seen() {
        let mut account = Account::default();
        account.ended("Patient", End::Stored);
        account.ended("Patient", End::AlreadyThere);
        account.ended("Patient", End::Overtaken);
        account.refuse(Refusal { place: Place::default(), kind: None, reason: "not JSON".into() });
        assert_eq!((account.read, account.stored, account.already_there, account.refused), (4, 1, 2, 1));
        assert_eq!(account.overtaken, 1);
        assert!(account.agrees());
        account.stored += 1;
        assert!(!account.agrees());
    }

    #[test]
    fn lists_are_bounded_and_nothing_is_lost_from_the_counts() {
        let mut account = Account::default();
        for number in 0..LISTED + 3 {
            account.pass_over(PassedOver { file: number.to_string(), reason: "no name of ours".into() });
            account.refuse(Refusal { place: Place::default(), kind: None, reason: "not JSON".into() });
        }
        assert_eq!((account.passed_over.len(), account.more_passed_over), (LISTED, 3));
        assert_eq!((account.refusals.len(), account.refused), (LISTED, LISTED as u64 + 3));
    }

    #[test]
    fn places_read_as_people_say_them() {
        let place = Place { file: "a.ndjson".into(), line: Some(3), inside: None };
        assert_eq!(place.to_string(), "a.ndjson, line 3");
    }
}
