//! Which member of staff the person of an account is: one account for each, said by an administrator or on the command line.
//!
//! Then what is the member of staff's is the person's too: their patients, their tasks. Closing an account ends the link; what
//! is the member of staff's stays theirs until the configuration closes them. Knows no page.

use std::collections::{BTreeMap, BTreeSet};

use access::Permit;
use administration::obligations::{Owner, named_owners};
use administration::places::Places;
use record::{Assertion, CauseKind, Clause, Key, Reading, Select, TransactError};
use terms::index::{Part, Span};

use crate::accounts::{self, Event, STAFF_ROW};
use crate::credentials;
use crate::failure::Failure;
use crate::host::Trust;
use crate::work::Outcome;

/// Most members of staff that are offered to choose from; of a trust with more, the code is said on the command line.
const MOST: usize = 1000;

/// Says which member of staff the person of an account is, or that they are none. Its sessions end: each belongs to what the
/// account said when it began.
///
/// # Errors
/// There is no such account or it is closed; there is no such member of staff, or another account is theirs.
pub(crate) async fn link(
    trust: &Trust,
    by: (&Permit, CauseKind),
    name: &str,
    staff: Option<&str>,
) -> Result<Outcome, Failure> {
    let staff = staff.map(code).transpose()?;
    let (name, credential, (version, mut profile)) = accounts::known(trust, name).await?;
    if credential.closed {
        return Err(Failure::Refused(format!("The account {name:?} is closed. Open it again first: reset --reopen.")));
    }
    profile.staff.clone_from(&staff);
    let (version, _) = accounts::write_with(trust, by, (&name, &profile), (Event::Linked, version), None).await?;
    credentials::replace(trust, &name, credential.of_version(version)).await?;
    Ok(Outcome::UserLinked { name, staff })
}

/// The code of a member of staff as it was typed.
pub(crate) fn code(text: &str) -> Result<String, Failure> {
    let code = text.trim();
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if (1..=64).contains(&code.len()) && code.bytes().all(letters) {
        return Ok(code.to_owned());
    }
    Err(Failure::refused("A member of staff (--staff) is named by their code in the configuration, such as okafor."))
}

/// That nobody else has an account as this member of staff, who works here: asked now, and asserted in the commit.
///
/// # Errors
/// There is no such member of staff, they work here no longer, or another account is theirs.
pub(crate) async fn is_free(
    reading: &Reading,
    staff: &str,
    account: &Key,
) -> Result<Assertion, TransactError<Failure>> {
    let refused = |sentence: String| TransactError::Refused(Failure::Refused(sentence));
    let found = names(reading, [staff.to_owned()]).await?.remove(staff);
    match found {
        None => {
            return Err(refused(format!("There is no member of staff {staff:?} in the configuration of this trust.")));
        }
        Some(member) if !member.is_active => {
            return Err(refused(format!("{} ({staff}) works here no longer.", member.name)));
        }
        Some(_) => {}
    }
    let span = Span::head(STAFF_ROW, [Part::target("Practitioner", staff)]);
    let page = reading.select(&Select::of("Basic").with(Clause::Any(vec![span.clone()])).limit(2)).await?;
    match page.versions.iter().find(|version| version.key != *account) {
        Some(other) => Err(refused(format!(
            "{staff:?} is linked to the account {:?} already. Each member of staff has one account.",
            accounts::name_of(&other.key.id)
        ))),
        None => Ok(Assertion::AtMost(vec![span], 1)),
    }
}

/// What members of staff are called, by code; whoever is not there is left out.
pub(crate) async fn names(
    reading: &Reading,
    codes: impl IntoIterator<Item = String>,
) -> Result<BTreeMap<String, Owner>, record::Problem> {
    let keys: Vec<Key> = codes.into_iter().map(|code| Key::new("Practitioner", code)).collect();
    let there: BTreeSet<String> = reading.get_many(&keys).await?.into_iter().map(|version| version.key.id).collect();
    let owners = there.iter().map(|code| format!("practitioner/{code}"));
    let named = named_owners(reading, owners, &Places::new(), &BTreeMap::new()).await?;
    let bare = |(owner, named): (String, Owner)| (owner.trim_start_matches("practitioner/").to_owned(), named);
    Ok(named.into_iter().map(bare).collect())
}

/// Members of staff who work here and have no account yet, with the one that an account has: code and name, by name.
pub(crate) async fn choices(trust: &Trust, own: Option<&str>) -> Result<Vec<(String, String)>, Failure> {
    let taken: BTreeSet<String> = accounts::list(trust).await?.into_iter().filter_map(|view| view.staff).collect();
    let reading = trust.record.read(&trust.host_permit()?, "members of staff without an account").await?;
    let found = async {
        let page = reading.select(&Select::of("Practitioner").limit(MOST)).await?;
        let codes = page.versions.into_iter().map(|version| version.key.id);
        names(&reading, codes.filter(|code| own == Some(code.as_str()) || !taken.contains(code))).await
    };
    let found = found.await;
    reading.finish().await?;
    let active = found?.into_iter().filter(|(_, member)| member.is_active);
    let mut choices: Vec<_> = active.map(|(code, member)| (code, member.name)).collect();
    choices.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(choices)
}

/// What members of staff are called, whether they work here still; at a reading of its own.
pub(crate) async fn named(trust: &Trust, codes: Vec<String>) -> Result<BTreeMap<String, Owner>, Failure> {
    let reading = trust.record.read(&trust.host_permit()?, "names of staff").await?;
    let found = names(&reading, codes).await;
    reading.finish().await?;
    Ok(found?)
}
