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
    /// The key of the host with this data directory; made when there is none.
    pub(crate) fn of(data: &Path, host: &str) -> Result<HostKey, Failure> {
        let path = data.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => HostKey::read(text.trim_end())
                .ok_or_else(|| Failure::Refused(format!("{} is no key. Put back what was there.", path.display()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut seed = [0; 32];
                getrandom::fill(&mut seed).map_err(|error| Failure::problem("making the host's key", &error))?;
                let signing = SigningKey::from_seed(host, seed)
                    .map_err(|error| Failure::problem("making the host's key", &error))?;
                replace_file(&path, format!("{}\n", signing.to_secret_text()).as_bytes())
                    .map_err(|error| Failure::problem("writing the host's key", &error))?;
                Ok(HostKey { signing, seed })
            }
            Err(error) => Err(Failure::problem(format_args!("reading {}", path.display()), &error)),
        }
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
