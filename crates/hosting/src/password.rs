//! Passwords: argon2id with the parameters of the OWASP Password Storage Cheat Sheet (19 MiB, 2 passes, 1 lane).
//!
//! A check takes tens of milliseconds and 19 MiB, so it runs on a blocking thread and only a few run at once; more
//! wait, and beyond a bound they are turned away. Knows nothing of accounts.

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::failure::Failure;
use crate::secret::Secret;

/// Memory of one hash, in KiB; with [`PASSES`] and [`LANES`] OWASP's first recommendation below 46 MiB.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Checks at once: 38 MiB and two cores.
const AT_ONCE: usize = 2;
/// Checks that may wait; a queue longer than this takes seconds.
const WAITING: usize = 64;

/// The fewest characters of a password that a person chose.
pub(crate) const SHORTEST: usize = 12;
/// The most bytes that are hashed.
const LONGEST: usize = 256;

/// Letters of made passwords: none that are mistaken for another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnopqrstuvwxyz2345679";

/// Checks passwords, a few at once.
#[derive(Debug)]
pub(crate) struct Passwords {
    running: Semaphore,
    queue: Semaphore,
    /// What is checked when there is no such account, so that the answer takes as long.
    nobody: String,
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// The password is right.
    Right,
    /// It is not, or there is no such account.
    Wrong,
    /// Too many are being checked; try again.
    Busy,
}

impl Passwords {
    /// Makes the hash that stands for nobody.
    pub(crate) fn new() -> Result<Passwords, Failure> {
        let nobody = hash(&Secret::random("")?)?;
        Ok(Passwords { running: Semaphore::new(AT_ONCE), queue: Semaphore::new(AT_ONCE + WAITING), nobody })
    }

    /// Whether `password` is the one of `hash`; the same work is done when there is no hash.
    pub(crate) async fn check(&self, password: &Secret, hash: Option<&str>) -> Check {
        let Ok(_place) = self.queue.try_acquire() else { return Check::Busy };
        let Ok(_running) = self.running.acquire().await else { return Check::Busy };
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.nobody).to_owned();
        let password = password.clone();
        let verified = tokio::task::spawn_blocking(move || verify(&password, &hash)).await.unwrap_or(false);
        if verified && known { Check::Right } else { Check::Wrong }
    }
}

/// The hash of a password, as a PHC string with its parameters and salt.
pub(crate) fn hash(password: &Secret) -> Result<String, Failure> {
    let problem = |error: &dyn std::fmt::Display| Failure::Problem(format!("hashing a password: {error}"));
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| problem(&error))?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon.hash_password(password.reveal().as_bytes()).map_err(|error| problem(&error))?;
    Ok(hash.to_string())
}

/// The same on a thread where it holds up nobody.
pub(crate) async fn hash_aside(password: &Secret) -> Result<String, Failure> {
    let password = password.clone();
    let hash = tokio::task::spawn_blocking(move || hash(&password)).await;
    hash.map_err(|error| Failure::problem("hashing a password", &error))?
}

fn verify(password: &Secret, hash: &str) -> bool {
    password.reveal().len() <= LONGEST && Argon2::default().verify_password(password.reveal().as_bytes(), hash).is_ok()
}

/// Whether a password that a person chose will do.
///
/// # Errors
/// A sentence that says what is missing.
pub(crate) fn acceptable(password: &Secret) -> Result<(), Failure> {
    let text = password.reveal();
    if text.chars().count() < SHORTEST {
        return Err(Failure::Refused(format!("A password has at least {SHORTEST} characters.")));
    }
    if text.len() > LONGEST {
        return Err(Failure::Refused(format!("A password has at most {LONGEST} bytes.")));
    }
    Ok(())
}

/// A password for a person to type once: four groups of five characters, 100 bits.
pub(crate) fn make() -> Result<Secret, Failure> {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes).map_err(|error| Failure::problem("making a password", &error))?;
    let mut password = String::with_capacity(23);
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 && at % 5 == 0 {
            password.push('-');
        }
        password.push(char::from(ALPHABET[usize::from(*byte & 31)]));
    }
    Ok(Secret::new(password))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn hashes_name_their_parameters_and_are_salted() {
        let password = Secret::new("correct horse battery");
        let (one, two) = (hash(&password).unwrap(), hash(&password).unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, two);
    }

    #[tokio::test]
    async fn only_the_right_password_of_an_account_is_right() {
        let passwords = Passwords::new().unwrap();
        let hash = hash(&Secret::new("correct horse battery")).unwrap();
        let cases = [
            ("correct horse battery", Some(hash.as_str()), Check::Right),
            ("correct horse batterx", Some(hash.as_str()), Check::Wrong),
            ("", Some(hash.as_str()), Check::Wrong),
            ("correct horse battery", None, Check::Wrong),
            ("correct horse battery", Some("damaged"), Check::Wrong),
        ];
        for (password, hash, expected) in cases {
            assert_eq!(passwords.check(&Secret::new(password), hash).await, expected, "{password} {hash:?}");
        }
    }

    #[test]
    fn made_passwords_are_acceptable_and_differ() {
        let (one, two) = (make().unwrap(), make().unwrap());
        acceptable(&one).unwrap();
        assert_eq!(one.reveal().len(), 23);
        assert_ne!(one, two);
        assert!(acceptable(&Secret::new("short")).is_err());
        assert!(acceptable(&Secret::new("x".repeat(300))).is_err());
    }
}
