//! Owners of resource types: the rules that a change passes on its way in, registered by `hosting`.
//!
//! An owner sees one draft with everything that a request changes, and returns it, adds to it, or refuses it. A Bundle
//! passes the owners of all its types over one draft. Types without an owner pass through.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::StatusCode;
use record::{Draft, Problem, Reading};

use crate::outcome::{Issue, Refusal};

/// The rules said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// The rule's code, such as `bed-occupied`.
    pub code: String,
    /// A sentence for a person.
    pub sentence: String,
    /// The field as FHIRPath, when there is one.
    pub field: Option<String>,
}

/// Why an owner gives no draft.
#[derive(Debug)]
pub enum NoDraft {
    /// The rules said no.
    Objection(Objection),
    /// The world failed.
    Problem(Problem),
}

impl From<Objection> for NoDraft {
    fn from(objection: Objection) -> NoDraft {
        NoDraft::Objection(objection)
    }
}

impl From<Problem> for NoDraft {
    fn from(problem: Problem) -> NoDraft {
        NoDraft::Problem(problem)
    }
}

/// What a plan promises.
pub type Planned<'a> = Pin<Box<dyn Future<Output = Result<Draft, NoDraft>> + Send + 'a>>;

/// Looks at facts through the reading and returns the draft that shall be committed.
pub type Plan = Arc<dyn for<'a> Fn(&'a Reading, Draft) -> Planned<'a> + Send + Sync>;

/// The owners of this host, by resource type.
#[derive(Clone, Default)]
pub struct Owners {
    plans: Vec<(Vec<&'static str>, Plan)>,
}

impl Owners {
    /// No owners: everything passes through.
    pub fn none() -> Owners {
        Owners::default()
    }

    /// With an owner of these types; owners are asked in the order in which they were registered.
    pub fn with(mut self, kinds: impl IntoIterator<Item = &'static str>, plan: Plan) -> Owners {
        self.plans.push((kinds.into_iter().collect(), plan));
        self
    }

    /// Passes the draft over the owners of the types in it.
    pub(crate) async fn plan(&self, reading: &Reading, draft: Draft) -> Result<Draft, Refusal> {
        let mut draft = draft;
        for (kinds, plan) in &self.plans {
            let concerned = draft.changes.iter().any(|change| kinds.contains(&change.key().kind.as_str()));
            if concerned {
                draft = plan(reading, draft).await.map_err(|no| match no {
                    NoDraft::Objection(objection) => refusal(objection),
                    NoDraft::Problem(problem) => problem.into(),
                })?;
            }
        }
        Ok(draft)
    }
}

fn refusal(objection: Objection) -> Refusal {
    let details = format!("{} ({})", objection.sentence, objection.code);
    let mut issue = Issue::error("business-rule", details);
    issue.expression = objection.field;
    Refusal { status: StatusCode::UNPROCESSABLE_ENTITY, issues: vec![issue], retry_after_seconds: None }
}
