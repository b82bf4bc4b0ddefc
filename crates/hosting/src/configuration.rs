//! What a host is told before it starts: where its data lies, where it listens, where new trusts are stored.
//!
//! Three sources, weakest first: the configuration file, the environment, the arguments. The command line merges the
//! last two into one [`Settings`]; this file reads the first and fills what is left with defaults.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::exit::TimeOfDay;
use crate::failure::Failure;

/// The file that is read when none is named and it exists in the working directory.
const DEFAULT_FILE: &str = "almoner.toml";
/// When the sheets of a downtime are made unless something else is said.
const SHEETS: &str = "22:00";
/// When exits are rehearsed unless something else is said.
const REHEARSED: &str = "02:30";

/// What one source says; `None` where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Directory of the host's data.
    pub data: Option<PathBuf>,
    /// Address and port to listen on.
    pub listen: Option<SocketAddr>,
    /// Where new trusts are stored: `sqlite`, or a `postgres://` URL in which each gets a schema of its own.
    pub store: Option<String>,
    /// The file with the certificates of who vouches for PostgreSQL servers, in PEM.
    pub store_ca: Option<PathBuf>,
    /// The address by which browsers reach this host, such as `https://epr.example.nhs.uk`, when a proxy stands
    /// before it. With `https` cookies are marked `Secure`.
    pub public_url: Option<String>,
    /// Address and port on which other hosts reach this one to move trusts; it does not listen for them unless it is told.
    pub move_listen: Option<SocketAddr>,
    /// When the exit of every trust is rehearsed each night, such as `02:30` in London, or `off`.
    pub rehearse_exit: Option<String>,
    /// When the sheets of a downtime are made each day, such as `22:00` in London, or `off`.
    pub downtime_sheets: Option<String>,
}

/// Where a new trust is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// In a directory of its own.
    Sqlite,
    /// In a schema of its own in this PostgreSQL database.
    Postgres(String),
}

/// What a host goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// Directory of the host's data, absolute.
    pub data: PathBuf,
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Where new trusts are stored.
    pub store: Store,
    /// The certificates of who vouches for PostgreSQL servers, absolute; addresses that ask for TLS and name no file of
    /// their own go by it.
    pub store_ca: Option<PathBuf>,
    /// The address by which browsers reach this host, without a slash at the end, when it is not `listen`.
    pub public_url: Option<String>,
    /// Address and port on which other hosts reach this one to move trusts, if it listens for them.
    pub move_listen: Option<SocketAddr>,
    /// When the exit of every trust is rehearsed each night, if it is.
    pub rehearse_exit: Option<TimeOfDay>,
    /// When the sheets of a downtime are made each day, if they are.
    pub downtime_sheets: Option<TimeOfDay>,
}

impl Settings {
    /// These settings, with `weaker` where they say nothing.
    pub fn over(self, weaker: Settings) -> Settings {
        Settings {
            data: self.data.or(weaker.data),
            listen: self.listen.or(weaker.listen),
            store: self.store.or(weaker.store),
            store_ca: self.store_ca.or(weaker.store_ca),
            public_url: self.public_url.or(weaker.public_url),
            move_listen: self.move_listen.or(weaker.move_listen),
            rehearse_exit: self.rehearse_exit.or(weaker.rehearse_exit),
            downtime_sheets: self.downtime_sheets.or(weaker.downtime_sheets),
        }
    }

    /// What a configuration file says. Keys that are not known are refused: a misspelt key must not pass unseen.
    fn of_file(path: &Path) -> Result<Settings, Failure> {
        let doing = format!("reading the configuration file {}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| Failure::Refused(format!("{doing}: {error}")))?;
        toml::from_str(&text).map_err(|error| Failure::Refused(format!("{doing}: {}", error.message().trim())))
    }
}

impl Configuration {
    /// The configuration from arguments and environment (`given`) over the file (`file`, or `almoner.toml` if it
    /// is there) over the defaults: `./almoner-data`, `127.0.0.1:8400`, SQLite.
    ///
    /// # Errors
    /// A file that was named and cannot be read, a key or value that is not understood.
    pub fn resolve(given: Settings, file: Option<&Path>) -> Result<Configuration, Failure> {
        let from_file = match file {
            Some(path) => Settings::of_file(path)?,
            None if Path::new(DEFAULT_FILE).is_file() => Settings::of_file(Path::new(DEFAULT_FILE))?,
            None => Settings::default(),
        };
        let settings = given.over(from_file);
        let data = settings.data.unwrap_or_else(|| PathBuf::from("almoner-data"));
        let absolute = |path: &Path, what: &str| {
            std::path::absolute(path).map_err(|error| Failure::problem(format_args!("finding {what}"), &error))
        };
        let store_ca = settings.store_ca.map(|path| absolute(&path, "the file of certificates")).transpose()?;
        Ok(Configuration {
            data: absolute(&data, "the data directory")?,
            listen: settings.listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 8400))),
            store: settings.store.as_deref().map_or(Ok(Store::Sqlite), Store::parse)?,
            store_ca,
            public_url: settings.public_url.map(parse_public_url).transpose()?,
            move_listen: settings.move_listen,
            rehearse_exit: daily_at(settings.rehearse_exit.as_deref().unwrap_or(REHEARSED))?,
            downtime_sheets: daily_at(settings.downtime_sheets.as_deref().unwrap_or(SHEETS))?,
        })
    }

    /// Whether browsers reach this host by `https`.
    pub(crate) fn is_behind_tls(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }
}

impl Store {
    pub(crate) fn parse(text: &str) -> Result<Store, Failure> {
        match text {
            "sqlite" => Ok(Store::Sqlite),
            url if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Ok(Store::Postgres(url.into()))
            }
            _ => Err(Failure::refused("The store must be `sqlite` or a URL that begins with `postgres://`.")),
        }
    }
}

fn daily_at(text: &str) -> Result<Option<TimeOfDay>, Failure> {
    match text {
        "off" => Ok(None),
        time => TimeOfDay::parse(time).map(Some),
    }
}

fn parse_public_url(url: String) -> Result<String, Failure> {
    let url = url.trim_end_matches('/');
    if url.starts_with("https://") || url.starts_with("http://") {
        return Ok(url.to_owned());
    }
    Err(Failure::refused("The public URL must begin with `https://` or `http://`."))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("almoner.toml");
        std::fs::write(&path, text).unwrap();
        (directory, path)
    }

    #[test]
    fn nothing_said_means_the_defaults() {
        let (_kept, path) = file("");
        let configuration = Configuration::resolve(Settings::default(), Some(&path)).unwrap();
        assert!(configuration.data.ends_with("almoner-data") && configuration.data.is_absolute());
        assert_eq!(configuration.listen.to_string(), "127.0.0.1:8400");
        assert_eq!(configuration.store, Store::Sqlite);
        assert_eq!(configuration.rehearse_exit, Some(TimeOfDay { minutes: 150 }));
        assert_eq!(configuration.downtime_sheets, Some(TimeOfDay { minutes: 22 * 60 }));
        assert!(!configuration.is_behind_tls());
    }

    #[test]
    fn what_is_given_is_stronger_than_the_file() {
        let (_kept, path) = file(
            "listen = \"127.0.0.1:9000\"\ndata = \"/srv/a\"\npublic_url = \"https://x.example/\"\nstore_ca = \"/srv/ca.pem\"",
        );
        let given = Settings { data: Some("/srv/b".into()), ..Settings::default() };
        let configuration = Configuration::resolve(given, Some(&path)).unwrap();
        assert_eq!(configuration.data, Path::new("/srv/b"));
        assert_eq!(configuration.listen.port(), 9000);
        assert_eq!(configuration.store_ca.as_deref(), Some(Path::new("/srv/ca.pem")));
        assert_eq!(configuration.public_url.as_deref(), Some("https://x.example"));
        assert!(configuration.is_behind_tls());
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            "liste = \"127.0.0.1:1\"",
            "store = \"mysql://x\"",
            "public_url = \"x\"",
            "listen = 3",
            "rehearse_exit = \"2am\"",
            "downtime_sheets = \"24:00\"",
        ] {
            let (_kept, path) = file(text);
            let refused = Configuration::resolve(Settings::default(), Some(&path));
            assert!(matches!(refused, Err(Failure::Refused(_))), "{text}: {refused:?}");
        }
    }
}
