//! Bearer tokens of software: made by `almoner token`, shown once, kept as a digest with role, reach and end, listed
//! and revoked by their id. Whether a token still holds and what it reaches is decided by `access`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use access::{Grant, Principal, Role, Subject, Subjects};
use record::Record;
use record::apply::hand_over::Tenure;
use serde::{Deserialize, Serialize};
use terms::Moment;

use crate::desk::Drawer;
use crate::failure::Failure;
use crate::host::Trust;
use crate::secret::Secret;
use crate::work::{NewToken, Outcome, TokenView};

/// The longest a token is good, in seconds: 90 days.
const LONGEST_SECONDS: u64 = 90 * 24 * 60 * 60;
/// Tokens that are kept in memory; beyond it the memory starts afresh from the desk.
const IN_MEMORY: usize = 10_000;

/// The kind of the desk's rows.
pub(crate) const KIND: &str = "token";
const PREFIX: &str = "alm_";
/// Characters of an id: the beginning of the token's digest, which is the row's key.
const ID_LENGTH: usize = 8;

/// A token as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token {
    /// The id under which it appears in the journal, such as `7f3a90c2`.
    id: String,
    label: String,
    role: String,
    /// Ids of the only patients it reaches; everyone when empty.
    patients: Vec<String>,
    /// Milliseconds since 1970.
    until: i64,
}

/// The tokens of one trust. This process is the only one that makes them, so its memory is right.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    tokens: HashMap<String, Token>,
    /// How many were revoked: what was read from the desk before a revocation is not remembered after it.
    revoked: u64,
}

/// Makes a token.
///
/// # Errors
/// A role that no token has, a time that is too long, a patient id that cannot be one.
pub(crate) async fn issue(trust: &Trust, new: NewToken) -> Result<Outcome, Failure> {
    let role = token_role(&new.role)?;
    if new.ttl_seconds == 0 || new.ttl_seconds > LONGEST_SECONDS {
        return Err(Failure::refused("A token is good for at least a second and at most 90 days."));
    }
    if role == Role::Subject && new.patients.is_empty() {
        return Err(Failure::refused("The role subject needs at least one --patient."));
    }
    if let Some(id) = new.patients.iter().find(|id| !is_fhir_id(id)) {
        return Err(Failure::Refused(format!("{id:?} is not a patient's id.")));
    }
    let secret = Secret::random(PREFIX)?;
    let digest = secret.digest();
    let until = Moment((trust.clock)().0 + i64::try_from(new.ttl_seconds * 1000).unwrap_or(i64::MAX));
    let token = Token {
        id: digest[..ID_LENGTH].to_owned(),
        label: new.label,
        role: role.code().into(),
        patients: new.patients,
        until: until.0,
    };
    Drawer::of(&trust.record, KIND).put(&digest, &token, Some(until), None).await?;
    Ok(Outcome::Token { token: secret, id: token.id, until: until.to_string() })
}

impl Tokens {
    /// What a token grants; `None` when it is unknown. Whether it has expired is decided by `access`.
    pub(crate) async fn grant(&self, record: &Record, secret: &Secret) -> Result<Option<Grant>, Failure> {
        if !secret.reveal().starts_with(PREFIX) {
            return Ok(None);
        }
        let key = secret.digest();
        let (known, revoked) = {
            let memory = self.memory();
            (memory.tokens.get(&key).cloned(), memory.revoked)
        };
        // Of a record that another host writes, tokens are revoked over there.
        let token = match known.filter(|_| record.tenure() == Tenure::Writes) {
            Some(token) => token,
            None => match Drawer::of(record, KIND).get::<Token>(&key).await? {
                Some(row) => {
                    self.remember(key, row.value.clone(), revoked);
                    row.value
                }
                None => return Ok(None),
            },
        };
        Ok(token.into_grant())
    }

    fn remember(&self, key: String, token: Token, revoked: u64) {
        let mut memory = self.memory();
        if memory.revoked != revoked {
            return;
        }
        if memory.tokens.len() >= IN_MEMORY {
            memory.tokens.clear();
        }
        memory.tokens.insert(key, token);
    }

    fn forget(&self, key: &str) {
        let mut memory = self.memory();
        memory.revoked += 1;
        memory.tokens.remove(key);
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tokens that hold, the one that ends first at the front.
pub(crate) async fn list(trust: &Trust) -> Result<Outcome, Failure> {
    let now = (trust.clock)().0;
    let rows = Drawer::of(&trust.record, KIND).all::<Token>().await?;
    let mut held: Vec<Token> = rows.into_iter().map(|(_, token)| token).filter(|token| token.until > now).collect();
    held.sort_by(|a, b| (a.until, &a.id).cmp(&(b.until, &b.id)));
    Ok(Outcome::Tokens(held.into_iter().map(Token::into_view).collect()))
}

/// Revokes a token by its id: once this returns it opens nothing.
///
/// # Errors
/// There is no such token, or several begin with this id.
pub(crate) async fn revoke(trust: &Trust, id: &str) -> Result<Outcome, Failure> {
    let drawer = Drawer::of(&trust.record, KIND);
    let fits = id.len() >= ID_LENGTH && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let found = if fits { drawer.only::<Token>(&id.to_ascii_lowercase()).await? } else { None };
    let Some((key, token)) = found else {
        // What was asked for is not said again: it may be the token itself.
        return Err(Failure::refused("There is no token with this id. The ids are in `almoner token list`."));
    };
    drawer.remove(&key).await?;
    trust.tokens.forget(&key);
    Ok(Outcome::TokenRevoked { id: token.id })
}

impl Token {
    fn into_view(self) -> TokenView {
        let Token { id, label, role, patients, until } = self;
        TokenView { id, label, role, patients, until: Moment(until).to_string() }
    }

    fn into_grant(self) -> Option<Grant> {
        let subject = |id| Subject { kind: "Patient".into(), id };
        let subjects =
            (!self.patients.is_empty()).then(|| Subjects::Only(self.patients.into_iter().map(subject).collect()));
        Some(Grant {
            principal: Principal { id: format!("token/{}", self.id), name: self.label },
            role: Role::of_code(&self.role)?,
            subjects,
            until: Some(Moment(self.until)),
        })
    }
}

/// Every role but the host's own.
fn token_role(code: &str) -> Result<Role, Failure> {
    match Role::of_code(code) {
        Some(role) if role != Role::Host => Ok(role),
        _ => {
            let known: Vec<_> = Role::ALL.into_iter().filter(|role| *role != Role::Host).map(Role::code).collect();
            Err(Failure::Refused(format!("There is no role {code:?} for a token. Roles: {}.", known.join(", "))))
        }
    }
}

fn is_fhir_id(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    (1..=64).contains(&text.len()) && text.bytes().all(letter)
}
