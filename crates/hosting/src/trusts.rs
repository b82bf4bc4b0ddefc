//! The trusts on this host: `host.toml` in the data directory names each, where its record is and since when.
//!
//! The file is replaced as a whole: written beside, synced, renamed, the directory synced. It may hold a database
//! password and is readable by its owner only. Knows nothing of what is in a record.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use record::Location;
use serde::{Deserialize, Serialize};
use terms::Moment;
use terms::print::moment_text;

use crate::configuration::Store;
use crate::failure::Failure;
use crate::work::TrustView;

const FILE: &str = "host.toml";

/// A trust's code on this host, as in `/t/RTX`: 2 to 12 capital letters and digits, a letter first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrustCode(String);

/// One trust as registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrustEntry {
    pub(crate) code: TrustCode,
    /// Name for people, such as `Thameside Royal`.
    pub(crate) name: String,
    /// `sqlite`, or the `postgres://` URL of the database.
    pub(crate) store: String,
    /// When it was added, as a FHIR instant.
    pub(crate) created: String,
    /// Its patients are invented: pages say so.
    #[serde(default)]
    pub(crate) demonstration: bool,
    /// It is not live: its clinical safety officer and signed case were not recorded yet, and every page says so. Entries of
    /// before this was asked do not say it and are live.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) preparing: bool,
    /// Whether its record was made. `false` only between the two steps of adding a trust; from then on nothing is made
    /// in its place when it is not found.
    pub(crate) ready: bool,
    /// The journal's origin line, when the record was made on another host, or its code had another record here before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<String>,
    /// It is being moved here and is not open yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) receiving: bool,
    /// It is being read in from a folder and is not open yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) importing: bool,
    /// It was paused or closed and is not served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shut: Option<Shut>,
}

/// That a trust is not served, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shut {
    pub(crate) how: How,
    /// As a FHIR instant.
    pub(crate) since: String,
}

/// For a while, or until it is removed or restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum How {
    /// For a while.
    Paused,
    /// Until it is restored or removed.
    Closed,
}

impl Shut {
    /// For people.
    pub(crate) fn words(&self) -> String {
        let how = match self.how {
            How::Paused => "paused",
            How::Closed => "closed",
        };
        let since = Moment::parse(&self.since).map(moment_text).unwrap_or_else(|_| self.since.clone());
        format!("This trust is {how} since {since}. Nothing is lost; whoever runs the host can restore it.")
    }
}

/// The registry as it is in the file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registry {
    /// The host's own name: random, made once, part of every checkpoint's origin.
    pub(crate) host: String,
    /// How many records each code had here that are here no more: no two journals have one origin.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) gone: BTreeMap<String, u32>,
    #[serde(default, rename = "trust")]
    pub(crate) trusts: Vec<TrustEntry>,
}

impl TrustCode {
    /// Reads a code; small letters are taken as capitals.
    ///
    /// # Errors
    /// A sentence that says what a code looks like.
    pub fn parse(text: &str) -> Result<TrustCode, Failure> {
        let code = text.to_ascii_uppercase();
        let fits = (2..=12).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && code.starts_with(|first: char| first.is_ascii_alphabetic());
        if fits {
            return Ok(TrustCode(code));
        }
        Err(Failure::refused("A trust's code is 2 to 12 letters and digits and begins with a letter, such as RTX."))
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TrustCode {
    type Error = Failure;

    fn try_from(text: String) -> Result<TrustCode, Failure> {
        TrustCode::parse(&text)
    }
}

impl From<TrustCode> for String {
    fn from(code: TrustCode) -> String {
        code.0
    }
}

impl std::fmt::Display for TrustCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TrustEntry {
    /// Where this trust's record is. Each has a directory of its own under the data directory on either store. A
    /// PostgreSQL server that has to prove itself does so by `authority`, unless the trust's address names its own.
    pub(crate) fn location(&self, data: &Path, authority: Option<&Path>) -> Location {
        let directory = self.directory(data);
        if self.store == "sqlite" {
            return Location::Sqlite { directory };
        }
        let schema = format!("trust_{}", self.code.as_str().to_ascii_lowercase());
        Location::Postgres { url: with_authority(&self.store, authority), schema, directory }
    }

    /// The trust's own directory, which has at least its signing key and access journal in it.
    pub(crate) fn directory(&self, data: &Path) -> PathBuf {
        data.join("trusts").join(self.code.as_str())
    }

    /// The trust for people, as far as the registry knows it.
    pub(crate) fn view(&self) -> TrustView {
        TrustView {
            code: self.code.clone(),
            name: self.name.clone(),
            store: self.store_name(),
            created: self.created.clone(),
            demonstration: self.demonstration,
            preparing: self.preparing,
            case: None,
            commits: 0,
            resources: BTreeMap::new(),
            bytes: 0,
            problem: None,
            shut: self.shut.as_ref().map(Shut::words),
        }
    }

    /// The store for people and logs: without the user and password of a URL.
    pub(crate) fn store_name(&self) -> String {
        match self.store.split_once("://") {
            None => self.store.clone(),
            Some((scheme, rest)) => {
                let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                let place = place.split(['?', '#']).next().unwrap_or(place);
                format!("{scheme}://{place}")
            }
        }
    }
}

/// The address of a PostgreSQL server with the file of certificates by which it proves itself.
fn with_authority(url: &str, authority: Option<&Path>) -> String {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let says = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    match authority {
        Some(path) if says("sslmode") && !says("sslrootcert") => {
            let path = path.to_string_lossy();
            format!("{url}&sslrootcert={}", utf8_percent_encode(&path, NON_ALPHANUMERIC))
        }
        _ => url.to_owned(),
    }
}

impl Registry {
    /// Reads the registry of a data directory; an empty one with a new host name if there is none yet.
    pub(crate) fn read(data: &Path) -> Result<Registry, Failure> {
        let path = data.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| damaged(&path, error.message())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Registry { host: new_host_name()?, ..Registry::default() })
            }
            Err(error) => Err(Failure::problem(format_args!("reading {}", path.display()), &error)),
        }
    }

    /// Writes the registry: after this returns it is on disk, and a crash leaves the old file or the new one.
    pub(crate) fn write(&self, data: &Path) -> Result<(), Failure> {
        let path = data.join(FILE);
        let doing = format!("writing {}", path.display());
        let text = toml::to_string_pretty(self).map_err(|error| Failure::problem(&doing, &error))?;
        replace_file(&path, text.as_bytes()).map_err(|error| Failure::problem(&doing, &error))
    }

    /// The entry of a code.
    pub(crate) fn find(&self, code: &TrustCode) -> Option<&TrustEntry> {
        self.trusts.iter().find(|trust| trust.code == *code)
    }

    /// Takes an entry out; gives it.
    pub(crate) fn take(&mut self, code: &TrustCode) -> Option<TrustEntry> {
        let at = self.trusts.iter().position(|trust| trust.code == *code)?;
        *self.gone.entry(code.as_str().to_owned()).or_default() += 1;
        Some(self.trusts.remove(at))
    }

    /// The origin of a new record of this code, where it is not the usual one because that was given to another record.
    pub(crate) fn next_origin(&self, code: &TrustCode) -> Option<String> {
        let gone = self.gone.get(code.as_str())?;
        Some(format!("{}/t/{code}/{}", self.host, gone + 1))
    }

    /// Puts an entry in, in the order of codes, in place of an older one with the same code.
    pub(crate) fn put(&mut self, entry: TrustEntry) {
        self.trusts.retain(|trust| trust.code != entry.code);
        self.trusts.push(entry);
        self.trusts.sort_by(|a, b| a.code.cmp(&b.code));
    }
}

/// Whether a data directory has a registry.
pub(crate) fn is_registered(data: &Path) -> bool {
    data.join(FILE).exists()
}

impl Store {
    /// As kept in the registry.
    pub(crate) fn registered(&self) -> String {
        match self {
            Store::Sqlite => "sqlite".into(),
            Store::Postgres(url) => url.clone(),
        }
    }
}

/// What is in the file is not ours, or not of this release.
fn damaged(path: &Path, why: &str) -> Failure {
    Failure::Refused(format!("{} is damaged or of another release: {}", path.display(), why.trim()))
}

/// Replaces a file whole: readable by its owner only, durable, never half there.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let file = replace_file_by(path)?;
    file.writer().write_all(bytes)?;
    file.done()
}

/// A file that takes the place of another one, or none, once it is done.
pub(crate) struct Replacing {
    file: File,
    beside: PathBuf,
    path: PathBuf,
}

/// The same as [`replace_file`] for what is not in memory at once.
pub(crate) fn replace_file_by(path: &Path) -> std::io::Result<Replacing> {
    let mut beside = PathBuf::from(path);
    beside.as_mut_os_string().push(".new");
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    Ok(Replacing { file, beside, path: path.to_owned() })
}

impl Replacing {
    pub(crate) fn writer(&self) -> &File {
        &self.file
    }

    pub(crate) fn done(self) -> std::io::Result<()> {
        self.file.sync_all()?;
        std::fs::rename(&self.beside, &self.path)?;
        let directory = self.path.parent().unwrap_or_else(|| Path::new("."));
        File::open(directory)?.sync_all()
    }
}

fn new_host_name() -> Result<String, Failure> {
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes).map_err(|error| Failure::problem("naming this host", &error))?;
    Ok(format!("almoner-{}", crate::secret::hex(&bytes)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn entry(code: &str, store: &str) -> TrustEntry {
        TrustEntry {
            code: TrustCode::parse(code).unwrap(),
            name: "Thameside \"Royal\"".into(),
            store: store.into(),
            created: "2026-11-17T14:35:00.000Z".into(),
            demonstration: false,
            preparing: false,
            ready: true,
            origin: None,
            receiving: false,
            importing: false,
            shut: None,
        }
    }

    #[test]
    fn codes() {
        for (text, code) in
            [("rtx", Some("RTX")), ("R1K", Some("R1K")), ("r", None), ("1RT", None), ("a/b", None), ("RT X", None)]
        {
            assert_eq!(TrustCode::parse(text).ok().as_ref().map(TrustCode::as_str), code, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again_and_is_private() {
        let data = tempfile::tempdir().unwrap();
        let mut registry = Registry::read(data.path()).unwrap();
        assert!(registry.host.starts_with("almoner-") && registry.trusts.is_empty());
        registry.put(entry("RTX", "sqlite"));
        registry.put(entry("RAA", "postgres://u:p@db:5432/almoner?sslmode=require"));
        registry.put(TrustEntry { name: "Renamed".into(), ..entry("RTX", "sqlite") });
        registry.write(data.path()).unwrap();
        assert_eq!(Registry::read(data.path()).unwrap(), registry);
        let codes: Vec<_> = registry.trusts.iter().map(|trust| trust.code.as_str()).collect();
        assert_eq!(codes, ["RAA", "RTX"]);
        assert_eq!(registry.trusts[0].store_name(), "postgres://db:5432/almoner");
        assert_eq!(registry.trusts[1].name, "Renamed");
        let mode = std::fs::metadata(data.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn the_hosts_authority_vouches_for_servers_whose_address_names_none() {
        let authority = Path::new("/etc/ca 1.pem");
        let cases = [
            ("postgres://h/d", "postgres://h/d"),
            (
                "postgres://h/d?sslmode=verify-full",
                "postgres://h/d?sslmode=verify-full&sslrootcert=%2Fetc%2Fca%201%2Epem",
            ),
            ("postgres://h/d?sslmode=require&sslrootcert=/x", "postgres://h/d?sslmode=require&sslrootcert=/x"),
        ];
        for (url, expected) in cases {
            assert_eq!(with_authority(url, Some(authority)), expected);
            assert_eq!(with_authority(url, None), url);
        }
    }

    #[test]
    fn a_damaged_registry_is_named_and_kept() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join(FILE), "host = 3").unwrap();
        assert!(
            matches!(Registry::read(data.path()), Err(Failure::Refused(sentence)) if sentence.contains("host.toml"))
        );
    }
}
