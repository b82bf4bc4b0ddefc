//! How work ends when it does not end well: the rules said no ([`Failure::Refused`]) or the world failed
//! ([`Failure::Problem`]). Both are sentences for the person at the keyboard and carry no patient data.

use std::error::Error;

use record::{Problem, TransactError};
use serde::{Deserialize, Serialize};

/// Work was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "failure", content = "sentence")]
pub enum Failure {
    /// The rules said no; doing it again unchanged will not help.
    #[error("{0}")]
    Refused(String),
    /// The world failed: disk, store, network. The sentence says what we were doing and why it failed.
    #[error("{0}")]
    Problem(String),
}

impl Failure {
    /// A refusal, as a sentence.
    pub(crate) fn refused(sentence: impl Into<String>) -> Failure {
        Failure::Refused(sentence.into())
    }

    /// A problem while `doing` (such as "reading host.toml"), with its whole chain of causes.
    pub(crate) fn problem(doing: impl std::fmt::Display, source: &(dyn Error + 'static)) -> Failure {
        let mut sentence = format!("{doing}: {source}");
        let mut cause = source.source();
        while let Some(error) = cause {
            sentence.push_str(&format!(": {error}"));
            cause = error.source();
        }
        Failure::Problem(sentence)
    }

    /// The exit code of the command line: 1 for a refusal, 3 for a problem (2 is wrong usage).
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Refused(_) => 1,
            Failure::Problem(_) => 3,
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        match problem {
            Problem::NotPermitted { what } => Failure::Refused(format!("Not permitted: {what}.")),
            Problem::Unsuitable { what } => Failure::Refused(what),
            problem => Failure::problem("the record", &problem),
        }
    }
}

impl From<TransactError<Failure>> for Failure {
    fn from(error: TransactError<Failure>) -> Failure {
        match error {
            TransactError::Refused(failure) => failure,
            TransactError::Problem(problem) => problem.into(),
            error @ (TransactError::Contended { .. } | TransactError::KeyReused) => Failure::Problem(error.to_string()),
        }
    }
}
