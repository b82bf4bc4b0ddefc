//! FHIR R4 REST: a request becomes a command or a query, and comes back as a resource, a Bundle or an
//! OperationOutcome.
//!
//! # Tour
//! * [`routes`] is the door: an axum router that `hosting` nests under `/t/{trust}/fhir`. `hosting` decides who asks
//!   and puts a [`Door`] into the request; everything else is in [`Service`].
//! * [`ROUTES`] is the whole surface. `edge` turns a request into a call, `bundle` does the same for an entry of a
//!   Bundle; `carry_out` below sends both to the module that does the work.
//! * `read`, `history`, `write`, `search`, `validation` and `capability` are those modules. `write` settles what a
//!   request means on a reading; `commit` drafts, lets the [`Owners`] object, and commits.
//! * [`Candidate`] makes an accepted resource from a text, purely; [`load`] does so for many files.
//! * `closed` refuses what is about somebody whose record is opened with a reason first, if the permit says so.
//! * Every failure is a [`Refusal`].
//!
//! Does not know HTML, HL7 v2, SQL, accounts, or what a patient's record means.

mod accept;
mod answer;
mod bundle;
mod call;
mod capability;
mod closed;
mod commit;
mod door;
mod edge;
mod everything;
mod history;
mod json;
pub mod load;
mod outcome;
mod owners;
mod page;
mod read;
mod routes;
mod search;
mod summary;
mod validation;
mod write;

pub use accept::{Accepted, Candidate, References};
pub use door::{Bounds, Door, Service};
pub use edge::routes;
pub use outcome::{Issue, Refusal, Severity};
pub use owners::{NoDraft, Objection, Owners, Plan, Planned};
pub use routes::{ROUTES, Route};

use crate::answer::Answer;
use crate::call::Call;
use crate::door::Visit;
use crate::routes::Work;

/// Sends a call by itself, or of an entry of a Bundle, to the module that does its work.
async fn carry_out(visit: &Visit<'_>, call: Call) -> Result<Answer, Refusal> {
    let opened = closed::ask_first(visit, &call).await?;
    let visit = &visit.through(opened.as_ref());
    match call.work {
        Work::Capabilities => Ok(capability::answer(Some(visit.door))),
        Work::Read => read::read(visit, &call).await,
        Work::Vread => read::vread(visit, &call).await,
        Work::Create | Work::Update | Work::UpdateWhere | Work::Delete | Work::DeleteWhere => {
            write::write(visit, &call).await
        }
        Work::History => history::history(visit, &call).await,
        Work::Search | Work::SearchAll | Work::SearchCompartment => search::search(visit, &call).await,
        Work::Everything => everything::everything(visit, &call).await,
        Work::Validate | Work::ValidateInstance => validation::validate(visit, &call).await,
        Work::Bundle => Err(Refusal::bad_request("not-supported", "A Bundle cannot stand in a Bundle.")),
    }
}
