//! Two people at one cut. Somebody says that they are ready as the second person; another one types the trust's name and asks;
//! the ready one agrees within a minute. In memory alone: nothing of it outlives the process, and nobody agrees by having
//! done so yesterday. Pure but for the lock; the moment is a parameter.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use terms::Moment;

use crate::trusts::TrustCode;

/// Somebody who is ready stays so for this long, in milliseconds.
const READY_MS: i64 = 30 * 60_000;
/// Both must press within this.
pub(crate) const BOTH_MS: i64 = 60_000;

/// Who presses: the account and the trust in which it is, and the name for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) account: String,
    pub(crate) name: String,
}

/// Work that was asked for on a page and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Under way.
    Now(&'static str),
    /// It came to an end.
    Done(String),
    /// It did not, and why.
    Failed(String),
}

#[derive(Debug, Default)]
struct Seal {
    ready: Vec<(Who, Moment)>,
    asked: Option<(Who, Moment)>,
    doing: Option<Doing>,
}

/// The seals of all moves.
#[derive(Default)]
pub(crate) struct Seals(Mutex<BTreeMap<TrustCode, Seal>>);

impl Seals {
    /// Somebody is ready to be the second person.
    pub(crate) fn stand_by(&self, code: &TrustCode, who: Who, now: Moment) {
        self.of(code, |seal| {
            seal.ready.retain(|(other, _)| other.account != who.account);
            seal.ready.push((who, now));
        });
    }

    /// Somebody other than this one who is ready.
    pub(crate) fn second(&self, code: &TrustCode, first: &str, now: Moment) -> Option<Who> {
        self.of(code, |seal| {
            seal.ready.retain(|(_, since)| now.0 - since.0 < READY_MS);
            seal.ready.iter().map(|(who, _)| who).find(|who| who.account != first).cloned()
        })
    }

    /// Asks for the cut; the second person has a minute.
    pub(crate) fn ask(&self, code: &TrustCode, who: Who, now: Moment) {
        self.of(code, |seal| seal.asked = Some((who, now)));
    }

    /// Who has asked and may still be agreed with, and since when.
    pub(crate) fn asked(&self, code: &TrustCode, now: Moment) -> Option<(Who, Moment)> {
        self.of(code, |seal| {
            seal.asked = seal.asked.take().filter(|(_, since)| now.0 - since.0 < BOTH_MS);
            seal.asked.clone()
        })
    }

    /// Agrees; gives who had asked. What was asked counts once.
    ///
    /// # Errors
    /// Nobody has asked in the last minute, or this one did; or they never said that they are ready.
    pub(crate) fn agree(&self, code: &TrustCode, who: &Who, now: Moment) -> Result<Who, &'static str> {
        self.of(code, |seal| {
            let asked = seal.asked.as_ref().filter(|(_, since)| now.0 - since.0 < BOTH_MS);
            let Some((first, _)) = asked else { return Err("Nobody has asked for the cut in the last 60 seconds.") };
            if first.account == who.account {
                return Err("You asked for the cut yourself: a second person must agree.");
            }
            let is_ready = |(ready, since): &(Who, Moment)| ready.account == who.account && now.0 - since.0 < READY_MS;
            if !seal.ready.iter().any(is_ready) {
                return Err("Say first that you are ready as the second person.");
            }
            let first = first.clone();
            seal.asked = None;
            Ok(first)
        })
    }

    /// What was asked for last and what came of it.
    pub(crate) fn doing(&self, code: &TrustCode) -> Option<Doing> {
        self.of(code, |seal| seal.doing.clone())
    }

    /// Begins some work; false while other work is under way.
    pub(crate) fn begin(&self, code: &TrustCode, what: &'static str) -> bool {
        self.of(code, |seal| {
            let is_free = !matches!(seal.doing, Some(Doing::Now(_)));
            if is_free {
                seal.doing = Some(Doing::Now(what));
            }
            is_free
        })
    }

    /// Something that was asked for is refused; work that is under way stays shown.
    pub(crate) fn fail(&self, code: &TrustCode, why: String) {
        self.of(code, |seal| {
            if !matches!(seal.doing, Some(Doing::Now(_))) {
                seal.doing = Some(Doing::Failed(why));
            }
        });
    }

    /// The work that was begun came to an end.
    pub(crate) fn end(&self, code: &TrustCode, came: Result<String, String>) {
        let came = came.map_or_else(Doing::Failed, Doing::Done);
        self.of(code, |seal| seal.doing = Some(came));
    }

    fn of<T>(&self, code: &TrustCode, act: impl FnOnce(&mut Seal) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        act(all.entry(code.clone()).or_default())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn who(account: &str) -> Who {
        Who { account: account.into(), name: account.to_uppercase() }
    }

    #[test]
    fn two_people_within_a_minute_and_never_one_twice() {
        let (seals, code) = (Seals::default(), TrustCode::parse("RTX").unwrap());
        let at = Moment;
        assert_eq!(seals.second(&code, "a", at(0)), None);
        seals.stand_by(&code, who("a"), at(0));
        assert_eq!(seals.second(&code, "a", at(0)), None, "nobody is their own second person");
        assert_eq!(seals.second(&code, "b", at(0)), Some(who("a")));
        assert_eq!(seals.second(&code, "b", at(READY_MS)), None, "who was ready is so for half an hour");
        seals.stand_by(&code, who("a"), at(0));
        assert!(seals.agree(&code, &who("a"), at(0)).is_err(), "nothing was asked");
        seals.ask(&code, who("b"), at(0));
        assert!(seals.agree(&code, &who("b"), at(1)).is_err(), "the same person");
        assert!(seals.agree(&code, &who("c"), at(1)).is_err(), "not ready");
        assert!(seals.agree(&code, &who("a"), at(BOTH_MS)).is_err(), "too late");
        seals.ask(&code, who("b"), at(0));
        assert_eq!(seals.agree(&code, &who("a"), at(BOTH_MS - 1)), Ok(who("b")));
        assert!(seals.agree(&code, &who("a"), at(2)).is_err(), "asked once, agreed once");
    }

    #[test]
    fn one_piece_of_work_at_a_time() {
        let (seals, code) = (Seals::default(), TrustCode::parse("RTX").unwrap());
        assert!(seals.begin(&code, "Rehearsing"));
        assert!(!seals.begin(&code, "Cutting"));
        seals.end(&code, Err("Why.".into()));
        assert_eq!(seals.doing(&code), Some(Doing::Failed("Why.".into())));
        assert!(seals.begin(&code, "Cutting"));
    }
}
