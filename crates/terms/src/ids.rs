//! Ids that more than one crate speaks of: the code of a trust and the logical id of a resource.
//!
//! Only their form; whether such a trust or resource exists is not known here.

use std::fmt;

/// The code of a trust: its ODS code such as `RX1`, or a name such as `DEMO`; 2 to 12 capital letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrustCode(Box<str>);

/// The logical id of a resource: 1 to 64 of `A-Z a-z 0-9 - .` (FHIR R4, datatypes, `id`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(Box<str>);

/// A text that is not the id it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct BadId {
    /// What is wrong, in a sentence for a person.
    pub what: &'static str,
}

impl TrustCode {
    /// Reads a code; small letters become capitals.
    pub fn parse(text: &str) -> Result<TrustCode, BadId> {
        if !(2..=12).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(BadId { what: "A trust's code has 2 to 12 letters and digits, like RX1." });
        }
        Ok(TrustCode(text.to_ascii_uppercase().into()))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ResourceId {
    /// Reads an id; capitals and small letters are different.
    pub fn parse(text: &str) -> Result<ResourceId, BadId> {
        if ResourceId::is_valid(text) {
            return Ok(ResourceId(text.into()));
        }
        Err(BadId { what: "An id has 1 to 64 letters, digits, hyphens and full stops." })
    }

    /// Whether a text is an id, without keeping it.
    pub fn is_valid(text: &str) -> bool {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
        (1..=64).contains(&text.len()) && text.bytes().all(allowed)
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TrustCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for TrustCode {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for ResourceId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for TrustCode {
    type Err = BadId;

    fn from_str(text: &str) -> Result<TrustCode, BadId> {
        TrustCode::parse(text)
    }
}

impl std::str::FromStr for ResourceId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<ResourceId, BadId> {
        ResourceId::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_ids() {
        assert_eq!(TrustCode::parse("rx1").map(|code| code.to_string()).as_deref(), Ok("RX1"));
        for refused in ["", "R", "RX 1", "R/1", "ABCDEFGHIJKLM", "RÜ1"] {
            assert!(TrustCode::parse(refused).is_err(), "{refused}");
        }
        assert!(ResourceId::parse("0190f2c4-7b1e-7000-8000-00000000000a").is_ok());
        assert!(ResourceId::parse(&"a".repeat(64)).is_ok());
        for refused in ["", "a/b", "a_b", "a b", &"a".repeat(65)] {
            assert!(ResourceId::parse(refused).is_err(), "{refused}");
        }
    }
}
