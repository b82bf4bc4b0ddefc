//! Sessions of people who signed in: a random token in a cookie here, its digest in the desk there.
//!
//! A session ends after half an hour without use, twelve hours after it began, when its person signs out, or with a
//! change of the account (`credentials.rs`). A locked
//! session stays but opens nothing until the password is given again. The form token is derived from the session's
//! token by a one-way hash: a page can show it without showing the session.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use access::Role;
use record::Record;
use record::apply::hand_over::Tenure;
use serde::{Deserialize, Serialize};
use terms::Moment;

use crate::accounts::Person;
use crate::desk::Drawer;
use crate::failure::Failure;
use crate::held;
use crate::secret::{Secret, digest};

/// Without use for so long a session ends, in milliseconds.
const IDLE_MS: i64 = 30 * 60 * 1000;
/// However much it is used, it ends then.
const LONGEST_MS: i64 = 12 * 60 * 60 * 1000;
/// Use is written to the desk only so often.
const NOTED_EVERY_MS: i64 = 60 * 1000;
/// Sessions that are kept in memory; beyond it the memory starts afresh from the desk.
const IN_MEMORY: usize = 20_000;

/// The kind of the desk's rows.
pub(crate) const KIND: &str = "session";

/// A session as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) account: String,
    pub(crate) display: String,
    role: String,
    /// The member of staff that its person is.
    #[serde(default)]
    pub(crate) staff: Option<String>,
    /// Milliseconds since 1970.
    began: i64,
    seen: i64,
    pub(crate) locked: bool,
    /// The version of the account that it belongs to.
    #[serde(default)]
    pub(crate) account_version: u64,
}

/// The sessions of one trust. This process is the only one that changes them, so its memory is right.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    memory: Mutex<HashMap<String, Remembered>>,
}

#[derive(Debug, Clone)]
struct Remembered {
    session: Session,
    /// When its use was last written to the desk.
    noted: i64,
}

impl Sessions {
    /// Begins a session; gives its token, which is shown to the browser and kept nowhere.
    pub(crate) async fn begin(&self, record: &Record, person: &Person, now: Moment) -> Result<Secret, Failure> {
        let token = Secret::random("")?;
        let session = Session {
            account: person.account.clone(),
            display: person.display.clone(),
            role: person.role.code().into(),
            staff: person.staff.clone(),
            began: now.0,
            seen: now.0,
            locked: false,
            account_version: person.version,
        };
        held::note(record, &token, &session.account, session.until()).await?;
        self.keep(record, &token.digest(), session, now).await?;
        Ok(token)
    }

    /// The session of a token, if it still holds; notes that it was used.
    pub(crate) async fn find(&self, record: &Record, token: &Secret, now: Moment) -> Result<Option<Session>, Failure> {
        let key = token.digest();
        // Of a record that another host writes, sessions end over there: only the desk that follows knows.
        let is_own = record.tenure() == Tenure::Writes;
        let remembered = self.memory().get(&key).cloned().filter(|_| is_own);
        let remembered = match remembered {
            Some(remembered) => remembered,
            None => match Drawer::of(record, KIND).get::<Session>(&key).await? {
                Some(row) => Remembered { noted: row.value.seen, session: row.value },
                None => return Ok(None),
            },
        };
        let Remembered { mut session, noted } = remembered;
        if !session.holds(now) {
            if is_own {
                self.forget(record, &key).await?;
            }
            return Ok(None);
        }
        session.seen = now.0;
        if now.0 - noted >= NOTED_EVERY_MS && is_own {
            self.keep(record, &key, session.clone(), now).await?;
        } else {
            self.remember(key, Remembered { session: session.clone(), noted });
        }
        Ok(Some(session))
    }

    /// The session of a token, if it still holds, without counting that as use: a board on a wall does not keep a session
    /// that nobody uses.
    pub(crate) fn peek(&self, token: &Secret, now: Moment) -> Option<Session> {
        let remembered = self.memory().get(&token.digest()).cloned()?;
        (remembered.session.holds(now) && !remembered.session.locked).then_some(remembered.session)
    }

    /// How many sessions hold, of those used since this process started.
    pub(crate) fn count(&self, now: Moment) -> u64 {
        self.memory().values().filter(|remembered| remembered.session.holds(now)).count() as u64
    }

    /// Locks or unlocks a session.
    pub(crate) async fn set_locked(
        &self,
        record: &Record,
        token: &Secret,
        locked: bool,
        now: Moment,
    ) -> Result<(), Failure> {
        match self.find(record, token, now).await? {
            Some(session) => self.keep(record, &token.digest(), Session { locked, ..session }, now).await,
            None => Ok(()),
        }
    }

    /// Ends a session.
    pub(crate) async fn end(&self, record: &Record, token: &Secret) -> Result<(), Failure> {
        self.forget(record, &token.digest()).await
    }

    async fn keep(&self, record: &Record, key: &str, session: Session, now: Moment) -> Result<(), Failure> {
        let expires = Some(Moment(session.began + LONGEST_MS));
        Drawer::of(record, KIND).put(key, &session, expires, None).await?;
        self.remember(key.to_owned(), Remembered { session, noted: now.0 });
        Ok(())
    }

    fn remember(&self, key: String, remembered: Remembered) {
        let mut memory = self.memory();
        if memory.len() >= IN_MEMORY && !memory.contains_key(&key) {
            memory.clear();
        }
        memory.insert(key, remembered);
    }

    async fn forget(&self, record: &Record, key: &str) -> Result<(), Failure> {
        Drawer::of(record, KIND).remove(key).await?;
        self.memory().remove(key);
        Ok(())
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, HashMap<String, Remembered>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// The role it was begun in.
    pub(crate) fn role(&self) -> Option<Role> {
        Role::of_code(&self.role)
    }

    /// When it ends however much it is used.
    pub(crate) fn until(&self) -> Moment {
        Moment(self.began + LONGEST_MS)
    }

    fn holds(&self, now: Moment) -> bool {
        now.0 - self.seen < IDLE_MS && now < self.until()
    }
}

/// What a form or script sends back to show that our page made the request.
pub(crate) fn form_token(token: &Secret) -> String {
    digest("almoner form", token.reveal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_idle_and_at_its_longest() {
        let session = |began, seen| Session {
            account: "s.reilly".into(),
            display: "S Reilly".into(),
            role: "clinician".into(),
            staff: None,
            began,
            seen,
            locked: false,
            account_version: 1,
        };
        let cases = [
            (0, 0, IDLE_MS - 1, true),
            (0, 0, IDLE_MS, false),
            (0, LONGEST_MS - 1000, LONGEST_MS - 1, true),
            (0, LONGEST_MS - 1000, LONGEST_MS, false),
        ];
        for (began, seen, now, holds) in cases {
            assert_eq!(session(began, seen).holds(Moment(now)), holds, "{began} {seen} {now}");
        }
    }
}
