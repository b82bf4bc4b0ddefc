//! Local accounts: who may sign in to a trust, in which role.
//!
//! The account is a journalled resource, a `Basic` with the code `account` and the label `sealed`, so that its history
//! is proved and nobody but the host reads it. The password's hash and the count of failures are a row of the desk.
//! That row names the version of the account that hosting wrote: an account changed through any other door is not
//! honoured, so nobody gives themselves a role by writing a resource.

use std::collections::BTreeMap;

use access::Role;
use fhir_api::{Candidate, Objection, References};
use record::{Act, Cause, CauseKind, Change, Draft, Key, LABEL, Operation, Source, TransactError};
use serde::{Deserialize, Serialize};
use terms::Moment;
use terms::index::{Part, Row};

use crate::desk::Drawer;
use crate::failure::Failure;
use crate::host::Trust;
use crate::password::{self, Check};
use crate::secret::Secret;
use crate::work::{NewUser, Outcome};

/// Wrong passwords in a row before an account is locked.
const FAILURES: u32 = 5;
/// How long it is locked, in milliseconds.
const LOCKED_MS: i64 = 15 * 60 * 1000;
/// How often a row that others keep changing is tried again.
const TRIES: usize = 8;

/// The kind of the desk's rows with hashes and failures.
const CREDENTIAL: &str = "credential";
/// The kind and key of the one row that is written when there is no account to count a failure for.
const ATTEMPT: &str = "attempt";
const NOBODY: &str = "nobody";
/// How ids of account resources begin.
const ID_PREFIX: &str = "account-";

/// Who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// The name they sign in with.
    pub(crate) account: String,
    /// Their own name.
    pub(crate) display: String,
    pub(crate) role: Role,
}

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
struct Credential {
    /// The password's hash as a PHC string.
    hash: String,
    /// The version of the account that this belongs to.
    account_version: u64,
    /// Wrong passwords since the last right one or the last lock.
    failures: u32,
    /// Locked until then, in milliseconds; 0 when not.
    locked_until: i64,
}

/// The account's resource, as FHIR R4 `Basic`.
#[derive(Debug, Serialize, Deserialize)]
struct Basic {
    #[serde(rename = "resourceType")]
    resource_type: String,
    id: String,
    extension: Vec<Extension>,
    code: Concept,
}

#[derive(Debug, Serialize, Deserialize)]
struct Extension {
    url: String,
    #[serde(rename = "valueString", default, skip_serializing_if = "Option::is_none")]
    string: Option<String>,
    #[serde(rename = "valueCode", default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Concept {
    coding: Vec<Coding>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Coding {
    system: String,
    code: String,
}

const DISPLAY: &str = "urn:almoner:account:display";
const ROLE: &str = "urn:almoner:account:role";

/// Makes an account and its password.
///
/// # Errors
/// A name, role or password that will not do; a name that is taken.
pub(crate) async fn add(trust: &Trust, new: NewUser) -> Result<Outcome, Failure> {
    let name = account_name(&new.name)?;
    let role = account_role(&new.role)?;
    let (password, made) = match new.password {
        Some(password) => (password, false),
        None => (password::make()?, true),
    };
    password::acceptable(&password)?;
    let hashed = password.clone();
    let hash = tokio::task::spawn_blocking(move || password::hash(&hashed)).await;
    let hash = hash.map_err(|error| Failure::problem("hashing a password", &error))??;

    let account_version = write(trust, &name, &new.display, role).await?;
    let credential = Credential { hash, account_version, failures: 0, locked_until: 0 };
    if !Drawer::of(&trust.record, CREDENTIAL).put(&name, &credential, None, Some(0)).await? {
        return Err(taken(&name));
    }
    Ok(Outcome::User { name, role: role.code().into(), password: made.then_some(password) })
}

/// Makes an account with a made password, or gives an old one a new password: for a demonstration.
pub(crate) async fn set(trust: &Trust, name: &str, display: &str, role: &str) -> Result<Secret, Failure> {
    Drawer::of(&trust.record, CREDENTIAL).remove(name).await?;
    let new = NewUser {
        trust: trust.code.clone(),
        name: name.into(),
        display: display.into(),
        role: role.into(),
        password: Some(password::make()?),
    };
    let password = new.password.clone();
    add(trust, new).await?;
    password.ok_or_else(|| Failure::Problem("an account was made without a password".into()))
}

/// Writes the account's resource; gives its version. An account without a credential, left by an attempt that broke
/// off, is written again.
async fn write(trust: &Trust, name: &str, display: &str, role: Role) -> Result<u64, Failure> {
    if Drawer::of(&trust.record, CREDENTIAL).get::<Credential>(name).await?.is_some() {
        return Err(taken(name));
    }
    let key = key_of(name);
    let template = template(&key, display, role)?;
    let act = Act {
        command: "add account".into(),
        cause: Cause { kind: CauseKind::System, reference: "user add".into() },
        idempotency: None,
    };
    let permit = trust.host_permit()?;
    let receipt = trust.record.transact(&permit, act, async |_reading| {
        let changes = vec![Change::Put(key.clone(), template.clone())];
        Ok::<_, TransactError<Failure>>(Draft { changes, assertions: Vec::new() })
    });
    let receipt = receipt.await?;
    Ok(receipt.written.first().map_or(0, |written| written.version))
}

/// Checks a name and a password, counts failures, locks.
pub(crate) async fn sign_in(trust: &Trust, name: &str, password: &Secret) -> Result<Person, NotSignedIn> {
    let drawer = Drawer::of(&trust.record, CREDENTIAL);
    let name = name.trim().to_ascii_lowercase();
    let known = match account_name(&name) {
        Ok(name) => drawer.get::<Credential>(&name).await.map_err(NotSignedIn::Failed)?,
        Err(_) => None,
    };
    let now = (trust.clock)();
    let open = known.filter(|row| row.value.locked_until <= now.0);
    let checked = trust.passwords.check(password, open.as_ref().map(|row| row.value.hash.as_str())).await;
    match (checked, open) {
        (Check::Busy, _) => Err(NotSignedIn::Busy),
        (Check::Right, Some(row)) => {
            settle(trust, &name, |credential| credential.failures = 0).await.map_err(NotSignedIn::Failed)?;
            person(trust, &name, row.value.account_version).await
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

/// Changes a credential's counters; several attempts at once each count.
async fn settle(trust: &Trust, name: &str, change: impl Fn(&mut Credential)) -> Result<(), Failure> {
    let drawer = Drawer::of(&trust.record, CREDENTIAL);
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

/// The account as the journal has it, if it is the version that the credential belongs to.
async fn person(trust: &Trust, name: &str, version: u64) -> Result<Person, NotSignedIn> {
    let failed = |problem: record::Problem| NotSignedIn::Failed(problem.into());
    let key = key_of(name);
    let permit = trust.host_permit().map_err(NotSignedIn::Failed)?;
    let reading = trust.record.read(&permit, format!("sign-in {key}")).await.map_err(failed)?;
    let found = reading.get(&key).await.map_err(failed)?;
    reading.finish().await.map_err(failed)?;
    let honoured = found.filter(|found| found.version == version && found.operation != Operation::Delete);
    let basic = honoured.and_then(|found| serde_json::from_slice::<Basic>(&found.text).ok());
    let Some(basic) = basic else {
        tracing::warn!(account = %key, "an account is not the version that hosting wrote, and is not honoured");
        return Err(NotSignedIn::Wrong);
    };
    let value = |url: &str| basic.extension.iter().find(|extension| extension.url == url);
    let display = value(DISPLAY).and_then(|extension| extension.string.clone());
    let role = value(ROLE).and_then(|extension| Role::of_code(extension.code.as_deref()?));
    let (Some(display), Some(role)) = (display, role) else { return Err(NotSignedIn::Wrong) };
    Ok(Person { account: name.to_owned(), display, role })
}

/// What the holders of accounts are called, by stable id; those who have none or cannot be read are left out.
pub(crate) async fn names(trust: &Trust, principals: Vec<String>) -> BTreeMap<String, String> {
    let keys: Vec<Key> = principals.iter().filter_map(|id| id.strip_prefix("user/")).map(key_of).collect();
    let found = async {
        let reading = trust.record.read(&trust.host_permit()?, "names of accounts").await?;
        let found = reading.get_many(&keys).await;
        reading.finish().await?;
        Ok::<_, Failure>(found?)
    };
    let found = found.await.unwrap_or_else(|failure| {
        tracing::warn!(%failure, "the names of accounts could not be read");
        Vec::new()
    });
    let named = found.iter().filter_map(|version| {
        let basic = serde_json::from_slice::<Basic>(&version.text).ok()?;
        let display = basic.extension.into_iter().find(|extension| extension.url == DISPLAY)?.string?;
        Some((format!("user/{}", version.key.id.strip_prefix(ID_PREFIX)?), display))
    });
    named.collect()
}

impl Credential {
    fn fail(&mut self, now: Moment) {
        self.failures += 1;
        if self.failures >= FAILURES {
            self.failures = 0;
            self.locked_until = now.0 + LOCKED_MS;
        }
    }
}

/// The owner of `Basic`: accounts are changed by hosting alone, whatever a door's permit reaches.
pub(crate) fn plan(draft: Draft) -> Result<Draft, Objection> {
    let is_account = |key: &Key| key.kind == "Basic" && key.id.starts_with(ID_PREFIX);
    if draft.changes.iter().any(|change| is_account(change.key())) {
        return Err(Objection {
            code: "account".into(),
            sentence: "Accounts are changed with `almoner user`, not as resources.".into(),
            field: None,
        });
    }
    Ok(draft)
}

/// Accounts are sealed: no role but the host's own finds or reads them.
pub(crate) fn index_rows(source: Source<'_>, rows: &mut Vec<Row>) {
    if source.kind == "Basic" && source.id.starts_with(ID_PREFIX) {
        let label = Part::Text(b"sealed".to_vec());
        rows.push(Row::of(LABEL, [label, Part::target(source.kind, source.id)]));
    }
}

fn key_of(name: &str) -> Key {
    Key::new("Basic", format!("{ID_PREFIX}{name}"))
}

fn template(key: &Key, display: &str, role: Role) -> Result<record::Template, Failure> {
    let basic = Basic {
        resource_type: key.kind.clone(),
        id: key.id.clone(),
        extension: vec![
            Extension { url: DISPLAY.into(), string: Some(display.trim().to_owned()), code: None },
            Extension { url: ROLE.into(), string: None, code: Some(role.code().into()) },
        ],
        code: Concept { coding: vec![Coding { system: "urn:almoner:basic".into(), code: "account".into() }] },
    };
    let text = serde_json::to_vec(&basic).map_err(|error| Failure::problem("writing an account", &error))?;
    let candidate = Candidate::parse(&text, Some("Basic"));
    let candidate = candidate.map_err(|refusal| Failure::Refused(refusal.sentence().to_owned()))?;
    Ok(candidate.accept(&key.id, &References::default()).template)
}

/// The name to sign in with: it becomes part of a FHIR id.
fn account_name(text: &str) -> Result<String, Failure> {
    let name = text.trim().to_ascii_lowercase();
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    if (2..=40).contains(&name.len())
        && name.bytes().all(letters)
        && name.starts_with(|first: char| first.is_ascii_lowercase())
    {
        return Ok(name);
    }
    Err(Failure::refused("A user name is 2 to 40 small letters, digits, dots and hyphens and begins with a letter."))
}

/// Roles that a person can have: not the host's own, and not the one that needs a named patient.
fn account_role(code: &str) -> Result<Role, Failure> {
    match Role::of_code(code) {
        Some(role) if !matches!(role, Role::Host | Role::Subject) => Ok(role),
        _ => {
            let roles = Role::ALL.into_iter().filter(|role| !matches!(role, Role::Host | Role::Subject));
            let known: Vec<_> = roles.map(Role::code).collect();
            Err(Failure::Refused(format!("There is no role {code:?} for an account. Roles: {}.", known.join(", "))))
        }
    }
}

fn taken(name: &str) -> Failure {
    Failure::Refused(format!("There is an account {name:?} already."))
}
