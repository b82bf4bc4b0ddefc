//! Refusals of the REST door: an HTTP status, issues for an `OperationOutcome`, and what the client may do next.
//!
//! Everything that goes wrong anywhere in this crate ends as a [`Refusal`]. The table that turns the record's problems
//! into statuses is here and nowhere else. Issue codes are those of <http://hl7.org/fhir/R4/valueset-issue-type.html>.

use http::StatusCode;
use record::{Problem, TransactError};

use crate::json::Writer;

/// How bad an issue is, as `OperationOutcome.issue.severity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// For information only.
    Information,
    /// Worth a look; what was asked was done.
    Warning,
    /// What was asked was not done.
    Error,
}

/// One issue of an `OperationOutcome`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// How bad it is.
    pub severity: Severity,
    /// The issue type, such as `required` or `not-found`.
    pub code: &'static str,
    /// A sentence for a person.
    pub details: String,
    /// Where in the resource, as FHIRPath, when it has a place.
    pub expression: Option<String>,
}

/// A request that was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    /// Why; at least one issue.
    pub issues: Vec<Issue>,
    /// After how many seconds the same request may be worth another try.
    pub retry_after_seconds: Option<u32>,
}

impl Issue {
    /// An error.
    pub fn error(code: &'static str, details: impl Into<String>) -> Issue {
        Issue { severity: Severity::Error, code, details: details.into(), expression: None }
    }

    /// A warning.
    pub fn warning(code: &'static str, details: impl Into<String>) -> Issue {
        Issue { severity: Severity::Warning, code, details: details.into(), expression: None }
    }

    /// For information.
    pub fn information(details: impl Into<String>) -> Issue {
        Issue { severity: Severity::Information, code: "informational", details: details.into(), expression: None }
    }

    /// The same, at a place in the resource.
    pub fn at(mut self, expression: impl Into<String>) -> Issue {
        self.expression = Some(expression.into());
        self
    }
}

impl Refusal {
    /// A refusal with one issue.
    pub fn new(status: StatusCode, code: &'static str, details: impl Into<String>) -> Refusal {
        Refusal { status, issues: vec![Issue::error(code, details)], retry_after_seconds: None }
    }

    /// 400: the request itself is wrong.
    pub fn bad_request(code: &'static str, details: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, code, details)
    }

    /// 404: there is nothing there, or nothing that this permit reaches.
    pub fn not_found(details: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, "not-found", details)
    }

    /// 412: a condition of the request does not hold.
    pub fn precondition(code: &'static str, details: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::PRECONDITION_FAILED, code, details)
    }

    /// 403: the permit does not reach this.
    pub fn forbidden(details: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::FORBIDDEN, "forbidden", details)
    }

    /// 422: the resource breaks a rule; as many issues as there are.
    pub fn unprocessable(issues: Vec<Issue>) -> Refusal {
        Refusal { status: StatusCode::UNPROCESSABLE_ENTITY, issues, retry_after_seconds: None }
    }

    /// 413: more bytes than one request may have.
    pub fn too_large(limit_bytes: usize) -> Refusal {
        let details = format!("The body is larger than this server accepts ({limit_bytes} bytes).");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too-long", details)
    }

    /// The same, with each place put inside the entry at `prefix`, such as `Bundle.entry[3]`: `Patient.name` becomes
    /// `Bundle.entry[3].resource.name`.
    pub fn within(mut self, prefix: &str) -> Refusal {
        for issue in &mut self.issues {
            let inner = issue.expression.take();
            let below = inner.as_deref().map(|path| path.split_once('.').map_or("", |(_, rest)| rest));
            issue.expression = Some(match below {
                Some("") => format!("{prefix}.resource"),
                Some(rest) => format!("{prefix}.resource.{rest}"),
                None => prefix.to_owned(),
            });
        }
        self
    }

    /// Whether the client may send the same request again with some hope.
    pub fn retry(mut self, seconds: u32) -> Refusal {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// The first issue's sentence, for an account of a load.
    pub fn sentence(&self) -> &str {
        self.issues.first().map_or("refused", |issue| issue.details.as_str())
    }
}

/// The text of an `OperationOutcome`.
pub(crate) fn operation_outcome(issues: &[Issue]) -> Vec<u8> {
    let mut writer = Writer::with_room(128 + issues.len() * 160);
    write_outcome(&mut writer, issues);
    writer.finish()
}

/// Writes an `OperationOutcome` where a value is due.
pub(crate) fn write_outcome(writer: &mut Writer, issues: &[Issue]) {
    writer.object(|w| {
        w.text("resourceType", "OperationOutcome");
        w.name("issue").array(|w| issues.iter().for_each(|issue| write_issue(w, issue)));
    });
}

fn write_issue(writer: &mut Writer, issue: &Issue) {
    writer.object(|w| {
        let severity = match issue.severity {
            Severity::Information => "information",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        w.text("severity", severity);
        w.text("code", issue.code);
        w.name("details").object(|w| w.text("text", &issue.details));
        if let Some(expression) = &issue.expression {
            w.name("expression").array(|w| w.string(expression));
        }
    });
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Refusal {
        let sentence = format!("{}.", capitalised(&problem.to_string()));
        let (status, code, retry) = match &problem {
            Problem::Full => (StatusCode::INSUFFICIENT_STORAGE, "no-store", Some(60)),
            Problem::Deposed { .. } => (StatusCode::SERVICE_UNAVAILABLE, "transient", Some(1)),
            Problem::HandedOver => (StatusCode::SERVICE_UNAVAILABLE, "transient", Some(1)),
            Problem::Closed => (StatusCode::SERVICE_UNAVAILABLE, "transient", Some(1)),
            Problem::TooCostly => (StatusCode::BAD_REQUEST, "too-costly", None),
            Problem::Expired => (StatusCode::GONE, "expired", None),
            Problem::NotPermitted { .. } => (StatusCode::FORBIDDEN, "forbidden", None),
            Problem::Store { .. } | Problem::Damaged { .. } | Problem::Unsuitable { .. } => {
                tracing::error!(error = &problem as &dyn std::error::Error, "the record failed");
                return Refusal::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "exception",
                    "The server failed to do this. The reason is in its log.",
                );
            }
        };
        let refusal = Refusal::new(status, code, sentence);
        retry.map_or(refusal.clone(), |seconds| refusal.retry(seconds))
    }
}

impl From<TransactError<Refusal>> for Refusal {
    fn from(error: TransactError<Refusal>) -> Refusal {
        match error {
            TransactError::Refused(refusal) => refusal,
            TransactError::Contended { key } => {
                let what = key.map_or_else(|| "What this request needs".to_owned(), |key| key.to_string());
                let details = format!("{what} kept changing while this was being decided. Try again.");
                Refusal::new(StatusCode::CONFLICT, "conflict", details).retry(1)
            }
            TransactError::KeyReused => Refusal::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "duplicate",
                "This Idempotency-Key was used before with another request.",
            ),
            TransactError::Problem(problem) => problem.into(),
        }
    }
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_records_problems_have_statuses_and_retry_hints() {
        let cases = [
            (Problem::Full, 507, Some(60)),
            (Problem::Closed, 503, Some(1)),
            (Problem::HandedOver, 503, Some(1)),
            (Problem::Deposed { epoch: 2 }, 503, Some(1)),
            (Problem::Expired, 410, None),
            (Problem::TooCostly, 400, None),
            (Problem::NotPermitted { what: "Observation".into() }, 403, None),
            (Problem::Damaged { what: "x".into() }, 500, None),
        ];
        for (problem, status, retry) in cases {
            let refusal = Refusal::from(problem);
            assert_eq!((refusal.status.as_u16(), refusal.retry_after_seconds), (status, retry));
        }
    }

    #[test]
    fn an_outcome_names_severity_code_details_and_place() {
        let issue = Issue::error("required", "A \"name\" is missing.").at("Patient.name");
        let text = operation_outcome(&[issue]);
        assert_eq!(
            String::from_utf8_lossy(&text),
            r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"required","details":{"text":"A \"name\" is missing."},"expression":["Patient.name"]}]}"#
        );
    }
}
