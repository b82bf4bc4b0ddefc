//! Validation as REST knows it: the issues of a document, and the `$validate` operation.
//!
//! <http://hl7.org/fhir/R4/resource-operation-validate.html>. Profiles are not known; asking for one is refused rather
//! than answered as if it had been checked.

use bytes::Bytes;
use fhir::{Document, Limits};

use crate::accept::{Candidate, malformed};
use crate::answer::Answer;
use crate::call::Call;
use crate::door::Visit;
use crate::outcome::{Issue, Refusal, Severity, operation_outcome};
use crate::read::{key, newest};
use crate::routes::Work;
use crate::write::{heavy, known_kind};

/// `$validate` of a body, or of a resource that is there.
pub(crate) async fn validate(visit: &Visit<'_>, call: &Call) -> Result<Answer, Refusal> {
    known_kind(&call.names.kind)?;
    let of_stored = call.work == Work::ValidateInstance && call.body.is_empty();
    let text = if of_stored { stored(visit, call).await? } else { resource_of(&call.body)? };
    check_parameters(call)?;
    let (candidate, errors) = heavy(text.len(), || Candidate::examine(&text, Some(&call.names.kind)))?;
    let mut issues = errors;
    issues.extend(candidate.issues);
    if issues.is_empty() {
        issues.push(Issue::information("The resource is valid."));
    }
    Ok(Answer::document(operation_outcome(&issues)))
}

async fn stored(visit: &Visit<'_>, call: &Call) -> Result<Bytes, Refusal> {
    let reading = visit.read(&call.asked).await?;
    let found = newest(&reading, &key(call)).await;
    let version = visit.finish(reading, found).await?;
    Ok(Bytes::from_owner(version.text))
}

fn check_parameters(call: &Call) -> Result<(), Refusal> {
    for (name, value) in &call.query {
        let is_known = name == "mode" && matches!(value.as_str(), "create" | "update" | "delete");
        if !is_known {
            return Err(Refusal::bad_request(
                "not-supported",
                format!("$validate with {name}={value} is not supported."),
            ));
        }
    }
    Ok(())
}

/// The resource in the body: the body itself, or the `resource` of a Parameters resource.
fn resource_of(body: &Bytes) -> Result<Bytes, Refusal> {
    let document = Document::parse(body, &Limits::default()).map_err(malformed)?;
    if document.resource_type().as_deref() != Some("Parameters") {
        return Ok(body.clone());
    }
    let mut resource = None;
    for parameter in document.root().get("parameter").iter().flat_map(|list| list.items()) {
        let name = parameter.get("name").and_then(|name| name.text()).unwrap_or_default();
        match name.as_ref() {
            "resource" => resource = parameter.get("resource").map(|resource| body.slice(resource.span())),
            "mode" => {}
            _ => {
                let details = format!("$validate with the parameter {name} is not supported.");
                return Err(Refusal::bad_request("not-supported", details));
            }
        }
    }
    resource.ok_or_else(|| Refusal::bad_request("required", "The Parameters have no parameter resource."))
}

/// What validation says about a document.
pub(crate) fn issues(document: &Document<'_>) -> Vec<Issue> {
    fhir::validate(document).into_iter().map(issue).collect()
}

/// The errors among the issues of a document.
pub(crate) fn errors(document: &Document<'_>) -> Vec<Issue> {
    issues(document).into_iter().filter(|issue| issue.severity == Severity::Error).collect()
}

fn issue(found: fhir::Issue) -> Issue {
    let mut letters = found.message.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let severity = match found.severity {
        fhir::Severity::Error => Severity::Error,
        fhir::Severity::Warning => Severity::Warning,
    };
    Issue {
        severity,
        code: found.code.as_str(),
        details: format!("{first}{}.", letters.as_str()),
        expression: Some(found.path),
    }
}
