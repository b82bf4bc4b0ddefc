//! Writes: what create, update and delete of one resource mean.
//!
//! A write is *settled* against a reading: which resource it means, what stands there now, what must hold. `commit`
//! makes one draft of the settled writes of a request.
//! <http://hl7.org/fhir/R4/http.html#create>, `#update`, `#delete`, `#ccreate`, `#cond-update`.

use std::borrow::Cow;

use bytes::Bytes;
use fhir::search::Surroundings;
use http::StatusCode;
use record::{Assertion, Change, Key, Operation, Reading, Template, Version};

use crate::accept::{Candidate, References, fresh_id, is_id};
use crate::answer::Answer;
use crate::call::{Call, Payload, Query};
use crate::commit::{Decision, commit};
use crate::door::Visit;
use crate::outcome::{Issue, Refusal};
use crate::routes::Work;
use crate::search::criteria;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Create,
    Update,
    Delete,
}

/// One write as asked for. It owns what it needs, so that it can be decided on any thread, several times.
#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) action: Action,
    pub(crate) kind: String,
    /// The id in the address.
    pub(crate) id: Option<String>,
    /// The criteria of a conditional write.
    pub(crate) criteria: Option<Query>,
    if_match: Option<u64>,
    only_new: bool,
    /// The id in the body.
    own_id: Option<String>,
    /// The id that is given if the server has to give one; the same in every attempt.
    fresh_id: String,
    pub(crate) resource: Resource,
    issues: Vec<Issue>,
}

/// The resource of a write.
#[derive(Debug)]
pub(crate) enum Resource {
    None,
    /// With its id and references in place.
    Ready(Template),
    /// Valid, but its id or references depend on what the record holds.
    Waiting(Bytes),
}

/// A write that knows its resource.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) action: Action,
    /// `None` for a conditional delete that found nothing.
    pub(crate) key: Option<Key>,
    /// What stands there now, deleted or not.
    pub(crate) before: Option<Version>,
    /// A conditional create that found its resource: nothing is done.
    pub(crate) stands: bool,
    pub(crate) assertions: Vec<Assertion>,
    pub(crate) issues: Vec<Issue>,
}

/// `POST`, `PUT` and `DELETE` of one resource.
pub(crate) async fn write(visit: &Visit<'_>, call: &Call) -> Result<Answer, Refusal> {
    let write = heavy(call.body.len(), || Write::of_one(call, &References::at(&visit.door.base_url)))?;
    let payload = call.preference.payload.unwrap_or(Payload::Representation);
    let command = write.action.command();
    let mut answers = commit(visit, command, Decision::new(visit, vec![write], Vec::new(), payload)).await?;
    Ok(answers.pop().unwrap_or_else(|| Answer::empty(StatusCode::NO_CONTENT)).preferring(payload))
}

impl Action {
    fn command(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Update => "update",
            Action::Delete => "delete",
        }
    }
}

impl Write {
    /// The write that a call by itself asks for.
    fn of_one(call: &Call, references: &References) -> Result<Write, Refusal> {
        known_kind(&call.names.kind)?;
        if matches!(call.work, Work::Delete | Work::DeleteWhere) {
            return Write::of(call, None);
        }
        let candidate = Candidate::parse(&call.body, Some(&call.names.kind))?;
        let mut write = Write::of(call, Some(&candidate))?;
        write.make_ready(&candidate, references);
        Ok(write)
    }

    /// The write that a call asks for, with its resource.
    pub(crate) fn of(call: &Call, candidate: Option<&Candidate<'_>>) -> Result<Write, Refusal> {
        let (action, has_id) = match call.work {
            Work::Create => (Action::Create, false),
            Work::Update => (Action::Update, true),
            Work::UpdateWhere => (Action::Update, false),
            Work::Delete => (Action::Delete, true),
            _ => (Action::Delete, false),
        };
        let criteria = match action {
            Action::Create => call.conditions.if_none_exist.clone(),
            _ if has_id => None,
            _ => Some(call.query.clone()),
        };
        let write = Write {
            action,
            kind: call.names.kind.clone(),
            id: has_id.then(|| call.names.id.clone()),
            criteria,
            if_match: call.conditions.if_match,
            only_new: call.conditions.only_new,
            own_id: candidate.and_then(Candidate::id).map(Cow::into_owned),
            fresh_id: fresh_id(),
            resource: if candidate.is_some() { Resource::Waiting(call.body.clone()) } else { Resource::None },
            issues: candidate.map(|candidate| candidate.issues.clone()).unwrap_or_default(),
        };
        write.check_ids()?;
        Ok(write)
    }

    /// The same write, with this id for a resource that the server has to name.
    pub(crate) fn with_fresh_id(self, id: &str) -> Write {
        Write { fresh_id: id.to_owned(), ..self }
    }

    /// Whether it is done only if something holds in the record.
    pub(crate) fn is_conditional(&self) -> bool {
        self.criteria.is_some() || self.if_match.is_some() || self.only_new
    }

    /// The resource that is meant, when that does not depend on what the record holds.
    pub(crate) fn known_key(&self) -> Option<Key> {
        match (&self.id, &self.criteria) {
            (Some(id), _) => Some(Key::new(&self.kind, id)),
            (None, None) => Some(Key::new(&self.kind, &self.fresh_id)),
            (None, Some(_)) => None,
        }
    }

    /// Puts id and references in place ahead of the decision, when they are all known.
    pub(crate) fn make_ready(&mut self, candidate: &Candidate<'_>, references: &References) {
        if let Some(key) = self.known_key()
            && candidate.conditional_references().is_empty()
        {
            self.resource = Resource::Ready(candidate.accept(&key.id, references).template);
        }
    }

    /// `PUT` needs the same id in address and body (<http://hl7.org/fhir/R4/http.html#update>).
    fn check_ids(&self) -> Result<(), Refusal> {
        let Some(id) = &self.id else { return Ok(()) };
        if !is_id(id) {
            let details = "An id has 1 to 64 letters, digits, hyphens and dots.";
            return Err(Refusal::bad_request("value", details));
        }
        if self.action == Action::Delete || self.own_id.as_ref() == Some(id) {
            return Ok(());
        }
        let issue = Issue::error("invalid", "The id in the body must be the id in the address.");
        let issues = vec![issue.at(format!("{}.id", self.kind))];
        Err(Refusal { status: StatusCode::BAD_REQUEST, issues, retry_after_seconds: None })
    }

    /// Which resource is meant, what stands there, and what must hold.
    pub(crate) async fn settle(&self, reading: &Reading, around: &Surroundings) -> Result<Step, Refusal> {
        let step = self.find(reading, around).await?;
        self.check_version(step.before.as_ref())?;
        Ok(step)
    }

    /// The same, whatever version stands there.
    pub(crate) async fn find(&self, reading: &Reading, around: &Surroundings) -> Result<Step, Refusal> {
        let mut step = Step {
            action: self.action,
            key: self.id.as_ref().map(|id| Key::new(&self.kind, id)),
            before: None,
            stands: false,
            assertions: Vec::new(),
            issues: self.issues.clone(),
        };
        match &self.criteria {
            Some(criteria) => self.settle_by_criteria(reading, criteria, around, &mut step).await?,
            None => match &step.key {
                Some(key) => step.before = reading.get(key).await?,
                None => step.key = Some(Key::new(&self.kind, &self.fresh_id)),
            },
        }
        Ok(step)
    }

    async fn settle_by_criteria(
        &self,
        reading: &Reading,
        criteria: &Query,
        around: &Surroundings,
        step: &mut Step,
    ) -> Result<(), Refusal> {
        let found = criteria::matches(reading, &self.kind, criteria, around).await?;
        if let Some(version) = found.version {
            self.check_found(&version)?;
            step.key = Some(version.key.clone());
            step.before = Some(version);
            step.stands = self.action == Action::Create;
            return Ok(());
        }
        if self.action == Action::Delete {
            return Ok(());
        }
        step.assertions = found.absent;
        let own = self.own_id.as_ref().filter(|_| self.action == Action::Update);
        let key = Key::new(&self.kind, own.unwrap_or(&self.fresh_id));
        if own.is_some() {
            step.before = reading.get(&key).await?;
            if step.before.as_ref().is_some_and(is_live) {
                let details = format!("{key} exists but does not match the criteria of this update.");
                return Err(Refusal::new(StatusCode::CONFLICT, "conflict", details));
            }
        }
        step.key = Some(key);
        Ok(())
    }

    /// A conditional update may name the id in the body only if it is the id that was found.
    fn check_found(&self, version: &Version) -> Result<(), Refusal> {
        let own = self.own_id.as_ref().filter(|_| self.action == Action::Update);
        if own.is_some_and(|own| *own != version.key.id) {
            let details = format!("The criteria found {}, but the body has another id.", version.key);
            return Err(Refusal::bad_request("invalid", details));
        }
        Ok(())
    }

    /// `If-Match` and `If-None-Match: *`.
    ///
    /// # Errors
    /// 412 when another version stands there than the client says.
    pub(crate) fn check_version(&self, before: Option<&Version>) -> Result<(), Refusal> {
        let newest = before.filter(|version| is_live(version)).map(|version| version.version);
        if self.only_new && self.action == Action::Update && newest.is_some() {
            let details = "If-None-Match says that there must be nothing yet, but the resource exists.";
            return Err(Refusal::precondition("conflict", details));
        }
        let Some(expected) = self.if_match else { return Ok(()) };
        if newest == Some(expected) {
            return Ok(());
        }
        let details = match newest {
            Some(newest) => format!("If-Match names version {expected}, but the newest version is {newest}."),
            None => format!("If-Match names version {expected}, but there is no such resource."),
        };
        Err(Refusal::precondition("conflict", details))
    }

    /// The change this write makes, unless it would change nothing.
    pub(crate) fn change(&self, step: &Step, references: &References) -> Result<Option<Change>, Refusal> {
        let Some(key) = step.key.clone() else { return Ok(None) };
        let template = match &self.resource {
            Resource::None => return Ok(step.before.as_ref().is_some_and(is_live).then_some(Change::Delete(key))),
            _ if step.stands => return Ok(None),
            Resource::Ready(template) => template.clone(),
            Resource::Waiting(text) => {
                Candidate::validated(text, Some(&self.kind))?.accept(&key.id, references).template
            }
        };
        let is_same = |before: &Version| is_live(before) && is_text_of(&template, before);
        Ok(if step.before.as_ref().is_some_and(is_same) { None } else { Some(Change::Put(key, template)) })
    }
}

pub(crate) fn is_live(version: &Version) -> bool {
    version.operation != Operation::Delete && version.erased.is_none()
}

/// Whether the template says exactly what the version says.
pub(crate) fn is_text_of(template: &Template, version: &Version) -> bool {
    template.complete(version.version, version.moment) == version.text[..]
}

/// # Errors
/// 404 when R4 has no such resource type.
pub(crate) fn known_kind(kind: &str) -> Result<(), Refusal> {
    match fhir::definitions().resource_type(kind) {
        Some(_) => Ok(()),
        None => Err(Refusal::not_found(format!("FHIR R4 has no resource type {kind}."))),
    }
}

/// Does work on a large text without holding up the other requests of this thread.
pub(crate) fn heavy<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    const LARGE_BYTES: usize = 256 << 10;
    let can_block = tokio::runtime::Handle::try_current()
        .is_ok_and(|handle| handle.runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread);
    if bytes > LARGE_BYTES && can_block { tokio::task::block_in_place(work) } else { work() }
}
