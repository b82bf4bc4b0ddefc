//! Ed25519 keys of logs and witnesses, in the text forms of the C2SP signed-note specification.
//!
//! A key is known by its name and the first four bytes of `SHA-256(name || 0x0A || type || public key)`; the type
//! tells a log's signature (0x01) from a witness's timestamped cosignature (0x04). Makes no randomness: a seed is a
//! parameter. Keeps no keys and does not know who may be trusted.

use crate::act::{PublicKey, Signature};
use crate::hash::tagged;
use crate::note::BadText;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer;
use std::fmt;

/// What a key's signatures state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// The log's own signature over a note (type 0x01).
    Log,
    /// A witness's cosignature: at that time this was the largest consistent tree it had seen (type 0x04).
    Witness,
}

/// A key that checks signatures. Prints and parses as `name+keyid+base64`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    key: PublicKey,
}

/// A key that signs. Its `Debug` form shows no secret.
pub struct SigningKey {
    name: String,
    secret: ed25519_dalek::SigningKey,
}

const SIGNING_PREFIX: &str = "PRIVATE+KEY+";

/// Longest key name, in bytes.
const MOST_NAME: usize = 512;

impl KeyKind {
    pub(crate) fn tag(self) -> u8 {
        match self {
            KeyKind::Log => 0x01,
            KeyKind::Witness => 0x04,
        }
    }
}

impl VerifierKey {
    /// A key with this name; names are not empty and hold no space and no `+`.
    pub fn new(name: &str, kind: KeyKind, key: PublicKey) -> Result<VerifierKey, BadText> {
        check_name(name)?;
        ed25519_dalek::VerifyingKey::from_bytes(&key).map_err(|_| BadText { what: "not an Ed25519 public key" })?;
        Ok(VerifierKey { name: name.to_owned(), kind, key })
    }

    /// Reads `name+keyid+base64(type || public key)`; the key id must be that of the rest.
    pub fn parse(text: &str) -> Result<VerifierKey, BadText> {
        let (name, id, material) = split_key(text)?;
        let (kind, key) = match material.split_first() {
            Some((0x01, key)) => (KeyKind::Log, key),
            Some((0x04, key)) => (KeyKind::Witness, key),
            _ => return Err(BadText { what: "the key is of a type that is not known" }),
        };
        let key = key.try_into().map_err(|_| BadText { what: "an Ed25519 public key has 32 bytes" })?;
        let parsed = VerifierKey::new(name, kind, key)?;
        if parsed.id() == id { Ok(parsed) } else { Err(BadText { what: "the key id is not that of the key" }) }
    }

    /// The name in signature lines.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its signatures state.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The public key.
    pub fn public(&self) -> &PublicKey {
        &self.key
    }

    /// Whether these bytes were signed with its key.
    pub fn signed(&self, message: &[u8], signature: &Signature) -> bool {
        signature_holds(&self.key, message, signature)
    }

    /// The four bytes that stand before its signatures.
    pub fn id(&self) -> [u8; 4] {
        key_id(&self.name, self.kind.tag(), &self.key)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_key(f, &self.name, self.id(), self.kind.tag(), &self.key)
    }
}

impl SigningKey {
    /// A key from 32 random bytes.
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<SigningKey, BadText> {
        check_name(name)?;
        Ok(SigningKey { name: name.to_owned(), secret: ed25519_dalek::SigningKey::from_bytes(&seed) })
    }

    /// Reads `PRIVATE+KEY+name+keyid+base64(0x01 || seed)`.
    pub fn parse(text: &str) -> Result<SigningKey, BadText> {
        let rest = text.strip_prefix(SIGNING_PREFIX).ok_or(BadText { what: "a signing key begins PRIVATE+KEY+" })?;
        let (name, id, material) = split_key(rest)?;
        let Some((0x01, seed)) = material.split_first() else {
            return Err(BadText { what: "the key is of a type that is not known" });
        };
        let seed = seed.try_into().map_err(|_| BadText { what: "an Ed25519 seed has 32 bytes" })?;
        let parsed = SigningKey::from_seed(name, seed)?;
        if parsed.verifier(KeyKind::Log).id() == id {
            Ok(parsed)
        } else {
            Err(BadText { what: "the key id is not that of the key" })
        }
    }

    /// The text form, which is the secret: keep it where secrets are kept.
    pub fn to_secret_text(&self) -> String {
        struct Secret<'a>(&'a SigningKey);
        impl fmt::Display for Secret<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(SIGNING_PREFIX)?;
                let id = self.0.verifier(KeyKind::Log).id();
                write_key(f, &self.0.name, id, KeyKind::Log.tag(), &self.0.secret.to_bytes())
            }
        }
        Secret(self).to_string()
    }

    /// The name in signature lines.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public key.
    pub fn public(&self) -> PublicKey {
        self.secret.verifying_key().to_bytes()
    }

    /// The key that checks what this one signs as a log or as a witness.
    pub fn verifier(&self, kind: KeyKind) -> VerifierKey {
        VerifierKey { name: self.name.clone(), kind, key: self.public() }
    }

    /// Signs bytes, such as [`crate::act::Cut::message`].
    pub fn sign(&self, message: &[u8]) -> Signature {
        self.secret.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Whether the signature over these bytes is the key's (RFC 8032, with weak keys refused).
pub(crate) fn signature_holds(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
    ed25519_dalek::VerifyingKey::from_bytes(key).is_ok_and(|key| {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        key.verify_strict(message, &signature).is_ok()
    })
}

/// Key names: not empty, no Unicode space, no `+`, no control character.
pub(crate) fn check_name(name: &str) -> Result<(), BadText> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.len() > MOST_NAME || name.contains(bad) {
        return Err(BadText { what: "a key name is empty, too long, or holds a space or a plus" });
    }
    Ok(())
}

fn key_id(name: &str, kind: u8, key: &PublicKey) -> [u8; 4] {
    let [a, b, c, d, ..] = tagged(name.as_bytes(), &[b"\n", &[kind], key]);
    [a, b, c, d]
}

fn split_key(text: &str) -> Result<(&str, [u8; 4], Vec<u8>), BadText> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(material)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(BadText { what: "a key has three parts joined by +" });
    };
    let lower_hex = id.len() == 8 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let Some(id) = u32::from_str_radix(id, 16).ok().filter(|_| lower_hex) else {
        return Err(BadText { what: "a key id is eight hexadecimal digits in lower case" });
    };
    let material = STANDARD.decode(material).map_err(|_| BadText { what: "the key is not base64" })?;
    Ok((name, id.to_be_bytes(), material))
}

fn write_key(f: &mut fmt::Formatter<'_>, name: &str, id: [u8; 4], kind: u8, key: &[u8; 32]) -> fmt::Result {
    let mut material = [kind; 33];
    material[1..].copy_from_slice(key);
    write!(f, "{name}+{:08x}+{}", u32::from_be_bytes(id), STANDARD.encode(material))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    /// The key published in the documentation of Go's `golang.org/x/mod/sumdb/note`, the format's reference.
    const SECRET: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn the_published_key_is_read_and_printed() {
        let key = SigningKey::parse(SECRET).unwrap();
        assert_eq!(key.to_secret_text(), SECRET);
        assert_eq!(key.verifier(KeyKind::Log).to_string(), PUBLIC);
        assert_eq!(VerifierKey::parse(PUBLIC).unwrap(), key.verifier(KeyKind::Log));
        assert!(!format!("{key:?}").contains("AYEK"));
    }

    #[test]
    fn a_changed_key_is_refused() {
        for at in 0..PUBLIC.len() {
            let mut changed = PUBLIC.as_bytes().to_vec();
            changed[at] ^= 1;
            let Ok(changed) = String::from_utf8(changed) else { continue };
            assert!(VerifierKey::parse(&changed).is_err(), "{changed}");
        }
        for refused in ["", "a", "a+b", "a+00000000+", "a b+00000000+AA==", "+c74f20a3+ARpc"] {
            assert!(VerifierKey::parse(refused).is_err(), "{refused}");
        }
    }
}
