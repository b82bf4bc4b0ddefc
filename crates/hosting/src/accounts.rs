//! Local accounts: who may sign in to a trust, in which role.
//!
//! The account is a journalled resource, a `Basic` with the code `account` and the label `sealed`, so that its history
//! is proved and nobody but the host reads it. The password's hash and the count of failures are a row of the desk
//! (`credentials.rs`). That row names the version of the account that hosting wrote: an account changed through any
//! other door is not honoured, so nobody gives themselves a role by writing a resource. Each change of a password, a
//! reset and a closing are a version too: the journal says when and by whom.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use access::{Permit, Role};
use administration::obligations::{Owner, TEAMS, named_owners};
use administration::tasks;
use fhir_api::{Candidate, Objection, References};
use record::{
    Act, Cause, CauseKind, Change, Draft, Key, LABEL, Operation, Problem, Reading, Record, Source, TransactError,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use terms::Moment;
use terms::index::{Part, Row};

use crate::account_staff;
use crate::credentials::{self, Credential, NotSignedIn};
use crate::desk::Drawer;
use crate::exit::AccountLine;
use crate::failure::Failure;
use crate::host::Trust;
use crate::password;
use crate::secret::Secret;
use crate::work::{NewPassword, NewUser, Outcome, UserState, UserView};

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
    /// The member of staff that they are: the code, which is the id of the Practitioner.
    pub(crate) staff: Option<String>,
    /// The version of their account.
    pub(crate) version: u64,
}

/// What an account says of its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) display: String,
    pub(crate) role: Role,
    /// The member of staff that they are.
    pub(crate) staff: Option<String>,
    /// Who knows the password beside its person, as [`PASSWORD`] says.
    pub(crate) password: Option<String>,
}

/// Why there is a version of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Added,
    /// An administrator gave it a new password.
    Reset,
    /// Its person chose a new password.
    Changed,
    /// It was said which member of staff its person is.
    Linked,
    /// Nobody signs in with it; from then on its person is no member of staff here.
    Closed,
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
const TOO_MUCH: &str = "It owns more than a thousand things. Hand some of them over first, then close it.";
/// `open` or `closed`.
const STATE: &str = "urn:almoner:account:state";
/// Who knows the password beside its person: `given` by an administrator or `chosen`.
const PASSWORD: &str = "urn:almoner:account:password";
/// The member of staff that its person is: the code of the configuration, which is the id of their Practitioner.
const STAFF: &str = "urn:almoner:account:staff";
/// The row of an account that is linked to a member of staff; at most one for each.
pub(crate) const STAFF_ROW: &str = "~account-staff";

/// Makes an account and its password.
///
/// # Errors
/// A name, role or password that will not do; a name that is taken; a member of staff who is not there, or has an account.
pub(crate) async fn add(trust: &Trust, new: NewUser) -> Result<Outcome, Failure> {
    let name = account_name(&new.name)?;
    let staff = new.staff.as_deref().map(account_staff::code).transpose()?;
    let (display, role) = (display_name(&new.display)?, account_role(&new.role)?);
    let profile = Profile { display, role, staff, password: None };
    let (hash, made) = hash_of(new.password).await?;
    if Drawer::of(&trust.record, credentials::KIND).get::<Credential>(&name).await?.is_some() {
        return Err(taken(&name));
    }
    // An account without a credential, left by an attempt that broke off, is written again.
    let before = newest(trust, &name).await?.map_or(0, |(version, _)| version);
    let version = write(trust, &trust.host_permit()?, (&name, &profile), Event::Added, before).await?;
    if !credentials::put_first(trust, &name, &Credential::new(hash, version)).await? {
        return Err(taken(&name));
    }
    Ok(Outcome::User { name, role: profile.role.code().into(), password: made })
}

/// Makes an account with a made password, or gives an old one a new password: for a demonstration.
pub(crate) async fn set(
    trust: &Trust,
    (name, display, role): (&str, &str, &str),
    staff: Option<&str>,
) -> Result<Secret, Failure> {
    Drawer::of(&trust.record, credentials::KIND).remove(name).await?;
    let new = NewUser {
        trust: trust.code.clone(),
        name: name.into(),
        display: display.into(),
        role: role.into(),
        password: Some(password::make()?),
        staff: staff.map(str::to_owned),
    };
    let password = new.password.clone();
    add(trust, new).await?;
    password.ok_or_else(|| Failure::Problem("an account was made without a password".into()))
}

/// Gives an account a new password and ends its sessions; a lock is lifted.
///
/// # Errors
/// There is no such account, it is closed and shall not be opened again, a password that will not do.
pub(crate) async fn reset(trust: &Trust, new: NewPassword) -> Result<Outcome, Failure> {
    let (name, credential, (version, profile)) = known(trust, &new.name).await?;
    if credential.closed && !new.reopen {
        return Err(Failure::Refused(format!("The account {name:?} is closed. With --reopen it is opened again.")));
    }
    let (hash, made) = hash_of(new.password).await?;
    let version = write(trust, &trust.host_permit()?, (&name, &profile), Event::Reset, version).await?;
    credentials::replace(trust, &name, Credential::new(hash, version)).await?;
    Ok(Outcome::User { name, role: profile.role.code().into(), password: made })
}

/// Closes an account: its sessions end and nobody signs in with it; its name stays taken. What it owns goes to `to` in the
/// same commit (operations 6): another open account, a team such as `team/site`, or a ward such as `place/heron`.
///
/// # Errors
/// There is no such account; it is closed already and nobody takes over what it still owns; it owns something and nobody is named.
pub(crate) async fn close(
    trust: &Trust,
    (permit, cause): (&Permit, CauseKind),
    name: &str,
    to: Option<&str>,
) -> Result<Outcome, Failure> {
    let (name, credential, (version, profile)) = known(trust, name).await?;
    // What reached it since it was closed, or stayed with it before anybody was asked, is moved in the same way.
    if credential.closed && to.is_none() {
        let sentence =
            format!("The account {name:?} is closed already. With --to what it still owns goes to somebody.");
        return Err(Failure::Refused(sentence));
    }
    let to =
        to.map(|to| if to.contains('/') { Ok(to.to_owned()) } else { account_name(to).map(|to| format!("user/{to}")) });
    let closing = Closing {
        owner: format!("user/{name}"),
        words: format!("{}, account closed", profile.display),
        to: to.transpose()?,
        now: (trust.clock)(),
    };
    let event = (Event::Closed, version);
    let (version, moved) = write_with(trust, (permit, cause), (&name, &profile), event, Some(&closing)).await?;
    credentials::replace(trust, &name, Credential::closed(version)).await?;
    Ok(Outcome::UserClosed { name, moved, to: closing.to })
}

/// How many things of which kind an account owns: what closing it would give to somebody.
///
/// # Errors
/// It is more than one step may move.
pub(crate) async fn owns(trust: &Trust, name: &str) -> Result<Vec<(String, usize)>, Failure> {
    let reading = trust.record.read(&trust.host_permit()?, "what an account owns").await?;
    let owed = tasks::owed_by(&reading, [format!("user/{name}")]).await;
    reading.finish().await?;
    match owed {
        Ok(owed) => Ok(owed.by_kind().into_iter().collect()),
        Err(Problem::TooCostly) => Err(Failure::refused(TOO_MUCH)),
        Err(problem) => Err(problem.into()),
    }
}

/// Who can take over what an account owns, with what they are called: other open accounts, teams and wards.
pub(crate) async fn managers(trust: &Trust, but: &str) -> Result<Vec<(String, String)>, Failure> {
    let open = list(trust).await?.into_iter().filter(|view| view.state != UserState::Closed && view.name != but);
    let people = open.map(|view| (format!("user/{}", view.name), format!("{} ({})", view.display, view.name)));
    let teams = TEAMS.iter().map(|(team, name)| ((*team).to_owned(), (*name).to_owned()));
    let reading = trust.record.read(&trust.host_permit()?, "who can take over").await?;
    let wards = administration::places::wards(&reading).await;
    reading.finish().await?;
    let wards = wards?.into_iter().filter(|ward| ward.is_active).map(|ward| (format!("place/{}", ward.id), ward.name));
    Ok(people.chain(teams.collect::<Vec<_>>()).chain(wards).collect())
}

/// An account that is being closed, as an owner.
pub(crate) struct Closing {
    owner: String,
    /// What its owner is called from then on.
    words: String,
    /// Who takes over what it owns.
    to: Option<String>,
    now: Moment,
}

impl Closing {
    /// What gives everything that it owns to somebody else.
    async fn given_to(&self, reading: &Reading) -> Result<Vec<Change>, TransactError<Failure>> {
        let refused = |sentence: String| TransactError::Refused(Failure::Refused(sentence));
        let owed = match tasks::owed_by(reading, [self.owner.clone()]).await {
            Err(Problem::TooCostly) => {
                return Err(refused(TOO_MUCH.into()));
            }
            owed => owed?,
        };
        let manager = match &self.to {
            Some(to) => Some(manager(reading, to, &self.owner).await?),
            None => None,
        };
        match (owed.count(), manager) {
            (0, _) => Ok(Vec::new()),
            (count, None) => Err(refused(format!(
                "This account owns {count} open {}. Say who takes that over: --to with the name of another account, a team \
                 such as team/site, or a ward such as place/heron.",
                if count == 1 { "task" } else { "tasks" }
            ))),
            (_, Some(manager)) => {
                let closing = BTreeMap::from([(self.owner.clone(), self.words.clone())]);
                Ok(tasks::given_to(reading, &owed, &closing, &manager, self.now).await?)
            }
        }
    }
}

/// Who takes over, with what they are called: somebody who is active.
async fn manager(reading: &Reading, to: &str, closing: &str) -> Result<tasks::Manager, TransactError<Failure>> {
    if to == closing {
        let sentence = "An account that is closed cannot take over its own tasks. Name another.";
        return Err(TransactError::Refused(Failure::refused(sentence)));
    }
    let mut places = BTreeMap::new();
    if let Some(place) = to.strip_prefix("place/") {
        let found = administration::places::place(reading, place).await?.filter(|found| found.is_active);
        places.extend(found.map(|found| (found.id.clone(), Arc::new(found))));
    }
    let mut accounts = BTreeMap::new();
    if let Some(name) = to.strip_prefix("user/") {
        accounts.extend(
            reading.get(&key_of(name)).await?.and_then(|version| holder(&version.text)).map(|of| (to.into(), of)),
        );
    }
    let named = named_owners(reading, [to.to_owned()], &places, &accounts).await?;
    match named.into_values().next().filter(|owner| owner.is_active) {
        Some(owner) => Ok((to.to_owned(), owner.name)),
        None => {
            let sentence = format!(
                "{to:?} cannot take over. Name an account that is open, a team such as team/site, or a ward such as \
                 place/heron."
            );
            Err(TransactError::Refused(Failure::Refused(sentence)))
        }
    }
}

/// Who holds an account, by its text.
fn holder(text: &[u8]) -> Option<Owner> {
    let basic = serde_json::from_slice::<Basic>(text).ok()?;
    let is_active = !basic.extension.iter().any(|of| of.url == STATE && of.code.as_deref() == Some("closed"));
    let name = basic.extension.into_iter().find(|extension| extension.url == DISPLAY)?.string?;
    Some(Owner { name, is_active })
}

/// Who holds accounts, by stable id: what they are called, and whether the account is open, as an owner must be. Those who
/// have none or cannot be read are left out.
pub(crate) async fn holders(trust: &Trust, principals: Vec<String>) -> BTreeMap<String, Owner> {
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
        Some((format!("user/{}", version.key.id.strip_prefix(ID_PREFIX)?), holder(&version.text)?))
    });
    named.collect()
}

/// All accounts, in the order of their names.
pub(crate) async fn list(trust: &Trust) -> Result<Vec<UserView>, Failure> {
    let now = (trust.clock)();
    let rows = Drawer::of(&trust.record, credentials::KIND).all::<Credential>().await?;
    let reading = trust.record.read(&trust.host_permit()?, "list of accounts".to_owned()).await?;
    let mut views = Vec::with_capacity(rows.len());
    for (name, credential) in rows {
        let Some((_, profile)) = profile(&reading, &name).await? else { continue };
        let state = match () {
            () if credential.closed => UserState::Closed,
            () if credential.is_locked(now) => UserState::Locked,
            () => UserState::Open,
        };
        let Profile { display, role, staff, .. } = profile;
        views.push(UserView { name, display, role: role.code().into(), state, staff });
    }
    reading.finish().await?;
    Ok(views)
}

/// How many accounts there are, and a digest over them as they were at a reading: names, people, roles and states. No password
/// goes into it, and no hash of one.
pub(crate) async fn digest(record: &Record, reading: &Reading) -> Result<(u64, [u8; 32]), Failure> {
    let rows = Drawer::of(record, credentials::KIND).all::<Credential>().await?;
    let mut names: Vec<String> = rows.into_iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    let (mut count, mut sum) = (0, Sha256::new());
    for name in names {
        let Some(account) = reading.get(&key_of(&name)).await? else { continue };
        count += 1;
        for part in [name.as_bytes(), &account.version.to_be_bytes(), &account.text] {
            sum.update((part.len() as u64).to_be_bytes());
            sum.update(part);
        }
    }
    Ok((count, sum.finalize().into()))
}

/// An account that there is, with its credential.
pub(crate) async fn known(trust: &Trust, name: &str) -> Result<(String, Credential, (u64, Profile)), Failure> {
    let name = account_name(name)?;
    let credential = Drawer::of(&trust.record, credentials::KIND).get::<Credential>(&name).await?;
    match (credential, newest(trust, &name).await?) {
        (Some(row), Some(account)) => Ok((name, row.value, account)),
        _ => Err(Failure::Refused(format!("There is no account {name:?}."))),
    }
}

/// The hash of a password that was given, or of one that is made and comes back.
async fn hash_of(given: Option<Secret>) -> Result<(String, Option<Secret>), Failure> {
    let (password, made) = match given {
        Some(password) => (password, None),
        None => {
            let password = password::make()?;
            (password.clone(), Some(password))
        }
    };
    password::acceptable(&password)?;
    Ok((password::hash_aside(&password).await?, made))
}

/// Writes a version of the account's resource over the version `before` (0 for none); gives its number.
pub(crate) async fn write(
    trust: &Trust,
    permit: &Permit,
    account: (&str, &Profile),
    event: Event,
    before: u64,
) -> Result<u64, Failure> {
    let by = (permit, CauseKind::System);
    write_with(trust, by, account, (event, before), None).await.map(|(version, _)| version)
}

/// The same by any door, with what an account that is closed gives to somebody else; gives how much that was too.
pub(crate) async fn write_with(
    trust: &Trust,
    (permit, cause): (&Permit, CauseKind),
    (name, profile): (&str, &Profile),
    (event, before): (Event, u64),
    closing: Option<&Closing>,
) -> Result<(u64, usize), Failure> {
    let key = key_of(name);
    let template = template(&key, profile, event)?;
    let act = Act {
        command: event.command().into(),
        cause: Cause { kind: cause, reference: "account".into() },
        idempotency: None,
    };
    let decide = async |reading: Arc<Reading>| {
        let found = reading.get(&key).await?.map_or(0, |found| found.version);
        if found != before {
            let sentence = "The account was changed by somebody else meanwhile. Try again.";
            return Err(TransactError::Refused(Failure::refused(sentence)));
        }
        let mut changes = vec![Change::Put(key.clone(), template.clone())];
        if let Some(closing) = closing {
            changes.extend(closing.given_to(&reading).await?);
        }
        let assertions = match &profile.staff {
            Some(staff) if event.links() => vec![account_staff::is_free(&reading, staff, &key).await?],
            _ => Vec::new(),
        };
        Ok::<_, TransactError<Failure>>(Draft { changes, assertions })
    };
    let receipt = trust.record.transact(permit, act, decide).await?;
    let version = receipt.written.iter().find(|written| written.key == key).map_or(0, |written| written.version);
    Ok((version, receipt.written.len().saturating_sub(1)))
}

/// The account as the journal has it, if it is the version that the credential belongs to.
pub(crate) async fn person(trust: &Trust, name: &str, version: u64) -> Result<Person, NotSignedIn> {
    let honoured = newest(trust, name).await.map_err(NotSignedIn::Failed)?.filter(|(found, _)| *found == version);
    let Some((_, Profile { display, role, staff, .. })) = honoured else {
        tracing::warn!(account = %key_of(name), "an account is not the version that hosting wrote, and is not honoured");
        return Err(NotSignedIn::Wrong);
    };
    Ok(Person { account: name.to_owned(), display, role, staff, version })
}

/// The newest version of an account and what it says.
async fn newest(trust: &Trust, name: &str) -> Result<Option<(u64, Profile)>, Failure> {
    let permit = trust.host_permit()?;
    let reading = trust.record.read(&permit, format!("account {}", key_of(name))).await?;
    let found = profile(&reading, name).await?;
    reading.finish().await?;
    Ok(found)
}

async fn profile(reading: &Reading, name: &str) -> Result<Option<(u64, Profile)>, Failure> {
    let found = reading.get(&key_of(name)).await?.filter(|found| found.operation != Operation::Delete);
    Ok(found.and_then(|found| {
        let basic = serde_json::from_slice::<Basic>(&found.text).ok()?;
        let value = |url: &str| basic.extension.iter().find(|extension| extension.url == url);
        let display = value(DISPLAY)?.string.clone()?;
        let role = Role::of_code(value(ROLE)?.code.as_deref()?)?;
        let code = |url: &str| value(url).and_then(|of| of.code.clone());
        Some((found.version, Profile { display, role, staff: code(STAFF), password: code(PASSWORD) }))
    }))
}

impl Event {
    fn command(self) -> &'static str {
        match self {
            Event::Added => "add account",
            Event::Reset => "reset password",
            Event::Changed => "change password",
            Event::Linked => "link account to staff",
            Event::Closed => "close account",
        }
    }

    fn state(self) -> &'static str {
        if self == Event::Closed { "closed" } else { "open" }
    }

    /// Whether what it says of the member of staff is new, and to be looked at.
    fn links(self) -> bool {
        matches!(self, Event::Added | Event::Linked)
    }

    fn password(self, before: Option<&str>) -> Option<&str> {
        match self {
            Event::Added | Event::Reset => Some("given"),
            Event::Changed => Some("chosen"),
            Event::Linked => before,
            Event::Closed => None,
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

/// An account as an exit shows it, from its resource and the rows of the desk by name.
pub(crate) fn account_line(id: &str, text: &[u8], credentials: &HashMap<String, Vec<u8>>) -> Option<AccountLine> {
    let name = id.strip_prefix(ID_PREFIX)?;
    let basic = serde_json::from_slice::<Basic>(text).ok()?;
    let value = |url: &str| basic.extension.iter().find(|extension| extension.url == url);
    let code = |url: &str| value(url)?.code.clone();
    Some(AccountLine {
        name: name.to_owned(),
        display: value(DISPLAY)?.string.clone()?,
        role: code(ROLE)?,
        state: code(STATE).unwrap_or_default(),
        staff: code(STAFF),
        password: credentials.get(name).and_then(|row| credentials::hash_of_row(row)),
    })
}

/// Accounts are sealed: no role but the host's own finds or reads them. One that is linked has a row of the member of staff.
pub(crate) fn index_rows(source: Source<'_>, rows: &mut Vec<Row>) {
    if source.kind == "Basic" && source.id.starts_with(ID_PREFIX) {
        let label = Part::Text(b"sealed".to_vec());
        rows.push(Row::of(LABEL, [label, Part::target(source.kind, source.id)]));
        let basic = serde_json::from_slice::<Basic>(source.text).ok();
        let staff = basic.and_then(|basic| basic.extension.into_iter().find(|of| of.url == STAFF)?.code);
        rows.extend(staff.map(|staff| Row::one(STAFF_ROW, Part::target("Practitioner", staff))));
    }
}

/// The name to sign in with, by the id of the account's resource.
pub(crate) fn name_of(id: &str) -> &str {
    id.strip_prefix(ID_PREFIX).unwrap_or(id)
}

fn key_of(name: &str) -> Key {
    Key::new("Basic", format!("{ID_PREFIX}{name}"))
}

fn template(key: &Key, profile: &Profile, event: Event) -> Result<record::Template, Failure> {
    let code = |url: &str, code: &str| Extension { url: url.into(), string: None, code: Some(code.into()) };
    let mut extension = vec![
        Extension { url: DISPLAY.into(), string: Some(profile.display.clone()), code: None },
        code(ROLE, profile.role.code()),
        code(STATE, event.state()),
    ];
    extension.extend(event.password(profile.password.as_deref()).map(|password| code(PASSWORD, password)));
    let staff = profile.staff.as_deref().filter(|_| event != Event::Closed);
    extension.extend(staff.map(|staff| code(STAFF, staff)));
    let basic = Basic {
        resource_type: key.kind.clone(),
        id: key.id.clone(),
        extension,
        code: Concept { coding: vec![Coding { system: "urn:almoner:basic".into(), code: "account".into() }] },
    };
    let text = serde_json::to_vec(&basic).map_err(|error| Failure::problem("writing an account", &error))?;
    let candidate = Candidate::parse(&text, Some("Basic"));
    let candidate = candidate.map_err(|refusal| Failure::Refused(refusal.sentence().to_owned()))?;
    Ok(candidate.accept(&key.id, &References::default()).template)
}

/// The name to sign in with: it becomes part of a FHIR id.
pub(crate) fn account_name(text: &str) -> Result<String, Failure> {
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

/// The person's name, as pages show it.
fn display_name(text: &str) -> Result<String, Failure> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Failure::refused("A person's name (--display) has 1 to 100 characters."));
    }
    Ok(name.to_owned())
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
