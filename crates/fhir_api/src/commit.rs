//! Commits: several writes settled into one draft, decided as often as it takes, and answered from the receipt.
//!
//! A decision may be made several times: when somebody else was faster, all of it is done again on the newer reading.
//! <http://hl7.org/fhir/R4/http.html#trules>.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use fhir::search::Surroundings;
use http::StatusCode;
use record::{
    Act, Cause, CauseKind, Change, Draft, Key, Operation, Reading, Receipt, Template, TransactError, Version, Written,
};
use rustc_hash::{FxHashMap, FxHashSet};
use terms::Moment;

use crate::accept::{Candidate, References};
use crate::answer::Answer;
use crate::bundle::Place;
use crate::call::Payload;
use crate::door::{Service, Visit};
use crate::outcome::{Issue, Refusal};
use crate::search::criteria;
use crate::write::{Action, Resource, Step, Write, is_live};

/// What one commit shall do, and what was decided last.
pub(crate) struct Decision {
    service: Arc<Service>,
    around: Surroundings,
    base: String,
    writes: Vec<Write>,
    /// Where in a Bundle each write stands; empty for a write by itself.
    places: Vec<Place>,
    payload: Payload,
    decided: Mutex<Decided>,
}

#[derive(Default)]
struct Decided {
    steps: Vec<Step>,
    /// The texts of what is put, when the client wants them back.
    templates: Vec<(Key, Template)>,
}

impl Decision {
    /// A decision about these writes.
    pub(crate) fn new(visit: &Visit<'_>, writes: Vec<Write>, places: Vec<Place>, payload: Payload) -> Arc<Decision> {
        let (service, around, base) = (visit.service.clone(), visit.surroundings(), visit.door.base_url.clone());
        Arc::new(Decision { service, around, base, writes, places, payload, decided: Mutex::default() })
    }

    /// Settles all writes on a reading and makes one draft of them.
    async fn decide(&self, reading: &Reading) -> Result<Draft, Refusal> {
        let mut steps = Vec::with_capacity(self.writes.len());
        for (at, write) in self.writes.iter().enumerate() {
            steps.push(
                write.settle(reading, &self.around).await.map_err(|refusal| placed(refusal, self.places.get(at)))?,
            );
        }
        check_overlap(&self.writes, &steps)?;
        let references = self.references(reading, &steps).await?;
        let mut draft = Draft::default();
        // Deletes come first, then creates, then updates (http.html#trules).
        for action in [Action::Delete, Action::Create, Action::Update] {
            for (write, step) in self.writes.iter().zip(&steps).filter(|(write, _)| write.action == action) {
                draft.changes.extend(write.change(step, &references)?);
                draft.assertions.extend(step.assertions.iter().cloned());
            }
        }
        let draft = self.service.owners.plan(reading, draft).await?;
        let templates = if self.payload == Payload::Representation { templates(&draft) } else { Vec::new() };
        *self.decided.lock().unwrap_or_else(PoisonError::into_inner) = Decided { steps, templates };
        Ok(draft)
    }

    /// What links stand for where that depends on the record: `fullUrl`s of conditional writes, conditional references.
    async fn references(&self, reading: &Reading, steps: &[Step]) -> Result<References, Refusal> {
        let mut references = References::at(&self.base);
        for (step, place) in steps.iter().zip(&self.places) {
            if let (Some(key), Some(link)) = (&step.key, &place.full_url) {
                references.insert(link, key);
            }
        }
        for write in &self.writes {
            let Resource::Waiting(text) = &write.resource else { continue };
            let links = Candidate::validated(text, None)?.conditional_references();
            for link in links {
                if references.resolve(&link).is_none() {
                    references.insert(&link, &criteria::target(reading, &link, &self.around).await?);
                }
            }
        }
        Ok(references)
    }

    /// The answers to what was written before, from the commit's receipt and the record.
    async fn read_back(&self, reading: &Reading, receipt: &Receipt) -> Result<Vec<Answer>, Refusal> {
        let keys = self.found_keys(reading).await?;
        // Plain creates took their ids from the server: they are the commit's other creations, in their order.
        let known: FxHashSet<&Key> = keys.iter().flatten().collect();
        let is_plain = |written: &&Written| written.operation == Operation::Create && !known.contains(&written.key);
        let mut created =
            receipt.written.iter().filter(is_plain).map(|written| written.key.clone()).collect::<VecDeque<_>>();
        let written: FxHashMap<&Key, &Written> =
            receipt.written.iter().map(|written| (&written.key, written)).collect();
        let mut answers = Vec::with_capacity(self.writes.len());
        for (write, key) in self.writes.iter().zip(&keys) {
            let is_plain_create = write.action == Action::Create && write.criteria.is_none();
            let key = if is_plain_create { created.pop_front() } else { key.clone() };
            answers.push(match key {
                Some(key) => answer_again(reading, write.action, written.get(&key).copied(), key).await?,
                None => Answer::empty(StatusCode::NO_CONTENT),
            });
        }
        Ok(answers)
    }

    /// The resources that the writes name or find now; `None` where the server gave the id.
    async fn found_keys(&self, reading: &Reading) -> Result<Vec<Option<Key>>, Refusal> {
        let mut keys = Vec::with_capacity(self.writes.len());
        for write in &self.writes {
            keys.push(match (&write.id, &write.criteria) {
                (Some(id), _) => Some(Key::new(&write.kind, id)),
                (None, Some(criteria)) => {
                    let found = criteria::matches(reading, &write.kind, criteria, &self.around).await?;
                    found.version.map(|version| version.key)
                }
                (None, None) => None,
            });
        }
        Ok(keys)
    }
}

async fn answer_again(
    reading: &Reading,
    action: Action,
    written: Option<&Written>,
    key: Key,
) -> Result<Answer, Refusal> {
    let Some(written) = written else {
        let before = reading.get(&key).await?;
        let body = before.as_ref().filter(|version| is_live(version)).map(|version| version.text.clone());
        return Ok(Answer { body, ..unchanged(action, before, Vec::new()) });
    };
    let status = status_of(written.operation, None);
    let version = reading.version(&key, written.version).await?.filter(is_live);
    let answer = version.map_or_else(|| Answer::empty(status), |version| Answer::version(&version));
    let written = (written.operation != Operation::Delete).then_some((key, written.version));
    Ok(Answer { status, written, ..answer })
}

/// Decides and commits, as often as it takes; one answer for each write.
pub(crate) async fn commit(visit: &Visit<'_>, command: &str, decision: Arc<Decision>) -> Result<Vec<Answer>, Refusal> {
    let act = Act {
        command: command.to_owned(),
        cause: Cause { kind: CauseKind::Request, reference: visit.door.request.clone() },
        idempotency: visit.idempotency.clone(),
    };
    let deciding = |reading: Arc<Reading>| {
        let decision = decision.clone();
        async move { decision.decide(&reading).await.map_err(TransactError::Refused) }
    };
    let receipt = visit.door.record.transact(&visit.door.permit, act, deciding).await?;
    let (steps, templates) = {
        let mut decided = decision.decided.lock().unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut decided.steps), std::mem::take(&mut decided.templates))
    };
    if receipt.repeated {
        return repeated(visit, &decision, &receipt).await;
    }
    let written: FxHashMap<&Key, &Written> = receipt.written.iter().map(|written| (&written.key, written)).collect();
    let mut templates: FxHashMap<Key, Template> = templates.into_iter().collect();
    let answers = steps.into_iter().map(|step| {
        let template = step.key.as_ref().and_then(|key| templates.remove(key));
        let written = step.key.as_ref().and_then(|key| written.get(key).copied());
        answer(step, written, template, receipt.moment)
    });
    let answers = answers.collect();
    show_unchanged(visit, answers, &receipt, decision.payload).await
}

/// Adds the texts of resources that stood already. They are shown, so they are read under a reading of their own: what
/// a decision gathers is not noted as shown.
async fn show_unchanged(
    visit: &Visit<'_>,
    mut answers: Vec<Answer>,
    receipt: &Receipt,
    payload: Payload,
) -> Result<Vec<Answer>, Refusal> {
    let is_unchanged = |answer: &Answer| {
        answer.body.is_none()
            && answer.written.as_ref().is_some_and(|(key, _)| receipt.written.iter().all(|written| written.key != *key))
    };
    if payload != Payload::Representation || !answers.iter().any(is_unchanged) {
        return Ok(answers);
    }
    let reading = visit.read("resources that a write left as they were").await?;
    let mut result = Ok(());
    for answer in &mut answers {
        if !is_unchanged(answer) {
            continue;
        }
        let Some((key, version)) = &answer.written else { continue };
        match reading.version(key, *version).await {
            Ok(version) => answer.body = version.map(|version| version.text),
            Err(problem) => result = Err(problem.into()),
        }
    }
    visit.finish(reading, result).await?;
    Ok(answers)
}

/// Two writes of one commit may not mean the same resource (<http://hl7.org/fhir/R4/http.html#trules>).
fn check_overlap(writes: &[Write], steps: &[Step]) -> Result<(), Refusal> {
    let mut keys = FxHashSet::default();
    let mut criteria = FxHashSet::default();
    for (write, step) in writes.iter().zip(steps) {
        let is_new_key = step.key.as_ref().is_none_or(|key| keys.insert(key));
        let is_new_search = write.criteria.as_ref().is_none_or(|query| criteria.insert((&write.kind, query)));
        if !is_new_key || !is_new_search {
            let what = step.key.as_ref().map_or_else(|| write.kind.clone(), Key::to_string);
            let details = format!("Two entries of the Bundle mean the same resource ({what}).");
            return Err(Refusal::bad_request("invalid", details));
        }
    }
    Ok(())
}

/// A refusal inside a Bundle says which entry; a refusal of a single write stays as it is.
fn placed(refusal: Refusal, place: Option<&Place>) -> Refusal {
    match place {
        Some(place) => refusal.within(&place.path()),
        None => refusal,
    }
}

fn templates(draft: &Draft) -> Vec<(Key, Template)> {
    let puts = draft.changes.iter().filter_map(|change| match change {
        Change::Put(key, template) => Some((key.clone(), template.clone())),
        Change::Delete(_) => None,
    });
    puts.collect()
}

fn answer(step: Step, written: Option<&Written>, template: Option<Template>, moment: Moment) -> Answer {
    let Some(key) = step.key else { return Answer::empty(StatusCode::NO_CONTENT) };
    let Some(written) = written else { return unchanged(step.action, step.before, step.issues) };
    Answer {
        status: status_of(written.operation, step.before.as_ref()),
        version: Some((written.version, moment)),
        written: (written.operation != Operation::Delete).then_some((key, written.version)),
        body: template.map(|template| template.complete(written.version, moment).into()),
        issues: step.issues,
    }
}

/// The answer of a write that changed nothing: what stands there.
fn unchanged(action: Action, before: Option<Version>, issues: Vec<Issue>) -> Answer {
    match before {
        Some(version) if action != Action::Delete => {
            let written = Some((version.key.clone(), version.version));
            Answer { written, issues, body: None, ..Answer::version(&version) }
        }
        _ => Answer::empty(StatusCode::NO_CONTENT),
    }
}

fn status_of(operation: Operation, before: Option<&Version>) -> StatusCode {
    match operation {
        Operation::Delete => StatusCode::NO_CONTENT,
        _ if before.is_some_and(is_live) => StatusCode::OK,
        Operation::Create => StatusCode::CREATED,
        Operation::Update => StatusCode::OK,
    }
}

/// The answers of a request that was carried out before under the same idempotency key, read back from its commit.
async fn repeated(visit: &Visit<'_>, decision: &Decision, receipt: &Receipt) -> Result<Vec<Answer>, Refusal> {
    let reading = visit.read("repeat of an earlier request").await?;
    let answers = decision.read_back(&reading, receipt).await;
    visit.finish(reading, answers).await
}
