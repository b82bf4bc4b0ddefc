//! The key by which a host is known to the host at the other end of a move: made once, kept in the data directory,
//! readable by its owner only. It proves who somebody is on the wire and signs tickets; a record's own key signs
//! checkpoints and cuts.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use journal::{KeyKind, SigningKey, VerifierKey};

use crate::failure::Failure;
use crate::trusts::replace_file;

const FILE: &str = "move-key";

/// A host's own key.
pub(crate) struct HostKey {
    pub(crate) signing: SigningKey,
    pub(crate) seed: [u8; 32],
}

impl HostKey {
    /// The key of the host with this data directory; made when there is none. Of two that make it at once both get the
    /// first one's.
    pub(crate) fn of(data: &Path, host: &str) -> Result<HostKey, Failure> {
        let path = data.join(FILE);
        loop {
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    let no_key = || Failure::Refused(format!("{} is no key. Put back what was there.", path.display()));
                    return HostKey::read(text.trim_end()).ok_or_else(no_key);
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => HostKey::make(&path, host)?,
                Err(error) => return Err(Failure::problem(format_args!("reading {}", path.display()), &error)),
            }
        }
    }

    /// Writes a new key, unless there is one by now.
    fn make(path: &Path, host: &str) -> Result<(), Failure> {
        let (mut seed, mut name) = ([0; 32], [0; 8]);
        getrandom::fill(&mut seed).map_err(|error| Failure::problem("making the host's key", &error))?;
        getrandom::fill(&mut name).map_err(|error| Failure::problem("making the host's key", &error))?;
        let signing =
            SigningKey::from_seed(host, seed).map_err(|error| Failure::problem("making the host's key", &error))?;
        let write = || -> std::io::Result<()> {
            let beside = path.with_extension(crate::secret::hex(&name));
            replace_file(&beside, format!("{}\n", signing.to_secret_text()).as_bytes())?;
            let linked = std::fs::hard_link(&beside, path);
            std::fs::remove_file(&beside)?;
            match linked {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
                _ => std::fs::File::open(path.parent().unwrap_or_else(|| Path::new(".")))?.sync_all(),
            }
        };
        write().map_err(|error| Failure::problem("writing the host's key", &error))
    }

    /// What others check its signatures with.
    pub(crate) fn verifier(&self) -> VerifierKey {
        self.signing.verifier(KeyKind::Log)
    }

    fn read(text: &str) -> Option<HostKey> {
        let signing = SigningKey::parse(text).ok()?;
        // PRIVATE, KEY, name, id, and then base64, which may hold a plus itself.
        let material = STANDARD.decode(text.splitn(5, '+').nth(4)?).ok()?;
        Some(HostKey { signing, seed: material.get(1..)?.try_into().ok()? })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn who_makes_a_key_at_once_has_the_same() {
        for _ in 0..20 {
            let data = tempfile::tempdir().unwrap();
            let seeds: Vec<[u8; 32]> = std::thread::scope(|scope| {
                let all: Vec<_> = (0..8).map(|_| scope.spawn(|| HostKey::of(data.path(), "h").unwrap().seed)).collect();
                all.into_iter().map(|one| one.join().unwrap()).collect()
            });
            assert!(seeds.windows(2).all(|pair| pair[0] == pair[1]));
            assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 1);
        }
    }
}
