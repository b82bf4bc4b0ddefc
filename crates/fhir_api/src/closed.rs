//! Before a call about one person whose record is closed to whoever asks: it is refused, with what to do, and the access
//! journal has it under that person. What names nobody goes on: the permit leaves out what is closed, and a search says so.
//!
//! Knows permits and readings, and not why a record is closed or how it is opened.

use http::StatusCode;
use record::trail::ReasonFor;
use record::{Clause, Key};
use terms::Moment;
use terms::index::Part;

use crate::call::Call;
use crate::door::{Door, Visit};
use crate::outcome::{Issue, Refusal, Severity};
use crate::read::key;
use crate::routes::Work;
use crate::search::question::Question;

const CLOSED: &str = "This record is restricted. Whoever is signed in opens it with a reason, on the patient's page: for some \
    hours it is then open to them here too. A token names nobody who could: one of the role system, or one that was given \
    this patient by name, needs no reason.";
const LEFT_OUT: &str = "What belongs to restricted records that you have not opened with a reason is left out: that nothing is \
    found does not mean that there is nothing. A search that names such a patient is refused, and says what to do.";

/// The door for a call about a record that was opened with a reason: the journals say so. `None` for every other.
///
/// # Errors
/// 403 when the call is about somebody whose record is closed to the permit.
pub(crate) async fn ask_first(visit: &Visit<'_>, call: &Call) -> Result<Option<Door>, Refusal> {
    if visit.door.permit.scope().closed.is_none() {
        return Ok(None);
    }
    let about = about(visit, call).await?;
    if about.is_empty() {
        return Ok(None);
    }
    let reading = visit.read(&call.asked).await?;
    let mut given: Option<Moment> = None;
    for key in about {
        match reading.reason_for(&key).await? {
            ReasonFor::Nothing => {}
            ReasonFor::Given(until) => given = Some(given.map_or(until, |earlier| earlier.min(until))),
            ReasonFor::Missing => {
                let refusal = Refusal::new(StatusCode::FORBIDDEN, "forbidden", CLOSED);
                return visit.finish(reading, Err(refusal)).await;
            }
        }
    }
    // Nothing was shown: what follows is noted by itself.
    let _ = reading.hand_on();
    Ok(given.map(|until| Door { permit: visit.door.permit.break_glass(until), ..visit.door.clone() }))
}

/// What to say on a page of a search that leaves out what is closed.
pub(crate) fn left_out() -> Issue {
    Issue { severity: Severity::Information, code: "suppressed", details: LEFT_OUT.into(), expression: None }
}

/// The resources, or the patients, that a call names.
async fn about(visit: &Visit<'_>, call: &Call) -> Result<Vec<Key>, Refusal> {
    match call.work {
        Work::Read
        | Work::Vread
        | Work::History
        | Work::Everything
        | Work::ValidateInstance
        | Work::Update
        // What is closed looks like what is not there, and to delete that is no fault: it would be answered as done.
        | Work::Delete => Ok(vec![key(call)]),
        Work::SearchCompartment => Ok(vec![Key::new("Patient", &call.names.id)]),
        Work::Search | Work::SearchAll => {
            // One that cannot be read is refused where it is answered.
            let Ok(question) = Question::of(call, &visit.surroundings()) else { return Ok(Vec::new()) };
            let mut named = Vec::new();
            for select in &question.selects {
                for clause in select.clauses.iter().flat_map(alternatives) {
                    named.extend(named_by(visit, call, (&select.kind, clause)).await?);
                }
            }
            Ok(named)
        }
        Work::Capabilities
        | Work::Create
        | Work::UpdateWhere
        | Work::DeleteWhere
        | Work::Validate
        | Work::Bundle => Ok(Vec::new()),
    }
}

/// A clause, or those of which one must hold: a reference to a type that was not named.
fn alternatives(clause: &Clause) -> &[Clause] {
    match clause {
        Clause::Either(clauses) => clauses,
        one => std::slice::from_ref(one),
    }
}

/// The resources that a clause names by id, and the patients that it names by a reference: directly, or by something, such
/// as a number, that one of them alone has.
async fn named_by(visit: &Visit<'_>, call: &Call, (kind, clause): (&str, &Clause)) -> Result<Vec<Key>, Refusal> {
    let patient = |part: Option<&Part>| match part {
        Some(Part::Target { kind, id }) if kind == "Patient" => Some(Key::new("Patient", id)),
        _ => None,
    };
    match clause {
        Clause::Ids(ids) => Ok(ids.iter().map(|id| Key::new(kind, id)).collect()),
        Clause::Any(spans) => Ok(spans.iter().filter_map(|span| patient(span.head.first())).collect()),
        Clause::Linked(_, who) if who.kind == "Patient" => {
            let reading = visit.read(&call.asked).await?;
            let found = reading.select(&who.as_ref().clone().limit(2)).await;
            let _ = reading.hand_on();
            let found = found?.versions;
            Ok(if found.len() == 1 { found.into_iter().map(|version| version.key).collect() } else { Vec::new() })
        }
        _ => Ok(Vec::new()),
    }
}
