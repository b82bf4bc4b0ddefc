//! Secrets and what is kept instead of them: random tokens, their digests, passwords that do not print.
//! Knows nothing of accounts or sessions; slow hashes of passwords are in `password.rs`.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;

/// A text that must not appear in logs: its `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes a text as a secret.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text itself, to check or to print once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A new token: `prefix` and 256 random bits.
    pub(crate) fn random(prefix: &str) -> Result<Secret, Failure> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| Failure::problem("making a random token", &error))?;
        Ok(Secret(format!("{prefix}{}", hex(&bytes))))
    }

    /// What the desk keeps: the token cannot be found from it. 256 random bits need no salt and no slow hash.
    pub(crate) fn digest(&self) -> String {
        digest("almoner token", &self.0)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// SHA-256 of a text for one purpose, in hexadecimal.
pub(crate) fn digest(purpose: &str, text: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(purpose.as_bytes());
    hash.update([0]);
    hash.update(text.as_bytes());
    hex(&hash.finalize())
}

/// Whether two texts are equal, in a time that does not depend on where they differ.
pub(crate) fn same(a: &str, b: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// Small letters, two to a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn tokens_differ_and_do_not_print() {
        let (one, two) = (Secret::random("alm_").unwrap(), Secret::random("alm_").unwrap());
        assert_ne!(one, two);
        assert_eq!(one.reveal().len(), 4 + 64);
        assert!(!format!("{one:?}").contains(one.reveal()));
        assert_ne!(one.digest(), digest("another purpose", one.reveal()));
    }
}
