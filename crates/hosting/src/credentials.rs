//! What proves that a person is who they say: the hash of a password, how often it was wrong, until when that locks.
//!
//! A credential is a row of the desk and names the version of the account that it belongs to. Every change of the
//! password, a reset and a closing make a new version, and a session holds only for the version that it began with: so
//! all other sessions end with the change, at once and also after a restart.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use access::{Grant, Permit, Role};
use record::Record;
use record::apply::hand_over::Tenure;
use serde::{Deserialize, Serialize};
use terms::Moment;

use crate::accounts::{self, Event, Person, Profile};
use crate::desk::Drawer;
use crate::failure::Failure;
use crate::host::Trust;
use crate::password::{self, Check};
use crate::secret::{Secret, same};
use crate::sessions::Session;

/// Wrong passwords in a row before an account is locked.
const FAILURES: u32 = 5;
/// How long it is locked, in milliseconds.
const LOCKED_MS: i64 = 15 * 60 * 1000;
/// How often a row that others keep changing is tried again.
const TRIES: usize = 8;

/// The kind of the desk's rows with hashes and failures.
pub(crate) const KIND: &str = "credential";
/// The kind and key of the one row that is written when there is no account to count a failure for.
const ATTEMPT: &str = "attempt";
const NOBODY: &str = "nobody";

/// Why someone was not signed in. [`NotSignedIn::Wrong`] says the same for unknown names, wrong passwords, closed and
/// locked accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotSignedIn {
    Wrong,
    Busy,
    Failed(Failure),
}

/// The desk's row of an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Credential {
    /// The password's hash as a PHC string; empty when the account is closed.
    hash: String,
    /// The version of the account that this belongs to.
    pub(crate) account_version: u64,
    /// Wrong passwords since the last right one or the last lock.
    failures: u32,
    /// Locked until then, in milliseconds; 0 when not.
    locked_until: i64,
    /// Nobody signs in with it any more.
    #[serde(default)]
    pub(crate) closed: bool,
}

/// Which version of each account sessions must belong to; as many as there are accounts in use. This process is the
/// only one that changes credentials, so its memory is right.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    memory: Mutex<HashMap<String, u64>>,
}

impl Versions {
    /// Whether a session's account is as it was when the session began.
    pub(crate) async fn hold(&self, record: &Record, session: &Session) -> Result<bool, Failure> {
        // Of a record that another host writes, accounts change over there.
        let is_own = record.tenure() == Tenure::Writes;
        let known = self.memory().get(&session.account).copied().filter(|_| is_own);
        let version = match known {
            Some(version) => Some(version),
            None => {
                let row = Drawer::of(record, KIND).get::<Credential>(&session.account).await?;
                row.map(|row| self.learn(&session.account, row.value.account_version))
            }
        };
        Ok(version == Some(session.account_version))
    }

    /// Remembers a version; versions only rise, so one read earlier does not undo it.
    fn learn(&self, name: &str, version: u64) -> u64 {
        let mut memory = self.memory();
        let known = memory.entry(name.to_owned()).or_default();
        *known = version.max(*known);
        *known
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, HashMap<String, u64>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Credential {
    /// A credential of this version of the account.
    pub(crate) fn new(hash: String, account_version: u64) -> Credential {
        Credential { hash, account_version, failures: 0, locked_until: 0, closed: false }
    }

    /// One with which nobody signs in; it keeps the name taken.
    pub(crate) fn closed(account_version: u64) -> Credential {
        Credential { closed: true, ..Credential::new(String::new(), account_version) }
    }

    /// The same of another version of the account: its sessions end, its password stays.
    pub(crate) fn of_version(self, account_version: u64) -> Credential {
        Credential { account_version, ..self }
    }

    pub(crate) fn is_locked(&self, now: Moment) -> bool {
        self.locked_until > now.0
    }

    fn fail(&mut self, now: Moment) {
        self.failures += 1;
        if self.failures >= FAILURES {
            self.failures = 0;
            self.locked_until = now.0 + LOCKED_MS;
        }
    }
}

/// The password's hash that a row of the desk keeps, if somebody signs in with it.
pub(crate) fn hash_of_row(row: &[u8]) -> Option<String> {
    let credential = serde_json::from_slice::<Credential>(row).ok()?;
    (!credential.hash.is_empty()).then_some(credential.hash)
}

/// Checks a name and a password, counts failures, locks.
pub(crate) async fn sign_in(trust: &Trust, name: &str, password: &Secret) -> Result<Person, NotSignedIn> {
    let drawer = Drawer::of(&trust.record, KIND);
    let name = name.trim().to_ascii_lowercase();
    let known = match accounts::account_name(&name) {
        Ok(name) => drawer.get::<Credential>(&name).await.map_err(NotSignedIn::Failed)?,
        Err(_) => None,
    };
    let now = (trust.clock)();
    let open = known.filter(|row| !row.value.closed && !row.value.is_locked(now));
    let checked = trust.passwords.check(password, open.as_ref().map(|row| row.value.hash.as_str())).await;
    match (checked, open) {
        (Check::Busy, _) => Err(NotSignedIn::Busy),
        (Check::Right, Some(row)) => {
            settle(trust, &name, |credential| credential.failures = 0).await.map_err(NotSignedIn::Failed)?;
            accounts::person(trust, &name, row.value.account_version).await
        }
        (Check::Wrong, Some(_)) => {
            settle(trust, &name, |credential| credential.fail(now)).await.map_err(NotSignedIn::Failed)?;
            Err(NotSignedIn::Wrong)
        }
        (Check::Wrong | Check::Right, None) => {
            // One write as well, so that the time does not tell whether there is such an account.
            let nobody = Drawer::of(&trust.record, ATTEMPT).put(NOBODY, &now.0, None, None).await;
            nobody.map_err(NotSignedIn::Failed)?;
            Err(NotSignedIn::Wrong)
        }
    }
}

/// The name and account of a person who proves who they are, for an act on the command line. Nothing is written: the
/// record may be nobody's to write.
///
/// # Errors
/// One sentence for unknown names, wrong passwords, closed and locked accounts.
pub(crate) async fn proved(trust: &Trust, name: &str, password: &Secret) -> Result<String, Failure> {
    let wrong =
        || Failure::Refused(format!("The password of {:?} is wrong, or there is no such open account.", name.trim()));
    let name = accounts::account_name(&name.trim().to_ascii_lowercase()).map_err(|_| wrong())?;
    let known = Drawer::of(&trust.record, KIND).get::<Credential>(&name).await?;
    let open = known.filter(|row| !row.value.closed && !row.value.is_locked((trust.clock)()));
    match trust.passwords.check(password, open.as_ref().map(|row| row.value.hash.as_str())).await {
        Check::Right if open.is_some() => Ok(format!("user/{name}")),
        Check::Busy => Err(Failure::Problem("Too many passwords are being checked. Try again.".into())),
        Check::Right | Check::Wrong => Err(wrong()),
    }
}

/// Gives a person the password they chose. The current one is checked, counted and locked as at a sign-in. Every
/// session of the account ends; the person that comes back may begin a new one.
///
/// # Errors
/// [`NotSignedIn`] for the current password, or a sentence about the new one.
pub(crate) async fn change_password(
    trust: &Trust,
    name: &str,
    current: &Secret,
    new: &Secret,
) -> Result<Person, NotSignedIn> {
    password::acceptable(new).map_err(NotSignedIn::Failed)?;
    if same(current.reveal(), new.reveal()) {
        return Err(NotSignedIn::Failed(Failure::refused("The new password is the current one.")));
    }
    let person = sign_in(trust, name, current).await?;
    let changed = async {
        let hash = password::hash_aside(new).await?;
        // The journal names the person; what is written only hosting may write.
        let grant = Grant::role(format!("user/{}", person.account), person.display.clone(), Role::Host);
        let (display, staff) = (person.display.clone(), person.staff.clone());
        let profile = Profile { display, role: person.role, staff, password: None };
        let permit = permit(trust, grant)?;
        let version =
            accounts::write(trust, &permit, (&person.account, &profile), Event::Changed, person.version).await?;
        replace(trust, &person.account, Credential::new(hash, version)).await?;
        Ok(version)
    };
    let version = changed.await.map_err(NotSignedIn::Failed)?;
    Ok(Person { version, ..person })
}

/// Puts a credential in the place of the one there is.
pub(crate) async fn replace(trust: &Trust, name: &str, credential: Credential) -> Result<(), Failure> {
    put(trust, name, &credential, None).await.map(drop)
}

/// Puts the credential of a new account; false when the account has one already.
pub(crate) async fn put_first(trust: &Trust, name: &str, credential: &Credential) -> Result<bool, Failure> {
    put(trust, name, credential, Some(0)).await
}

async fn put(trust: &Trust, name: &str, credential: &Credential, over: Option<u64>) -> Result<bool, Failure> {
    let made = Drawer::of(&trust.record, KIND).put(name, credential, None, over).await?;
    if made {
        trust.versions.learn(name, credential.account_version);
    }
    Ok(made)
}

fn permit(trust: &Trust, grant: Grant) -> Result<Permit, Failure> {
    access::decide(grant, (trust.clock)()).map_err(|denied| Failure::Refused(denied.sentence))
}

/// Changes a credential's counters; several attempts at once each count.
async fn settle(trust: &Trust, name: &str, change: impl Fn(&mut Credential)) -> Result<(), Failure> {
    let drawer = Drawer::of(&trust.record, KIND);
    for _ in 0..TRIES {
        let Some(mut row) = drawer.get::<Credential>(name).await? else { return Ok(()) };
        let before = (row.value.failures, row.value.locked_until);
        change(&mut row.value);
        let unchanged = before == (row.value.failures, row.value.locked_until);
        if unchanged || drawer.put(name, &row.value, None, Some(row.change)).await? {
            return Ok(());
        }
    }
    Err(Failure::Problem("An account's row kept changing while a sign-in was being counted.".into()))
}
