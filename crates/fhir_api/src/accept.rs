//! From a text to an accepted resource: parse, validate, put id and references in place. Pure; the same for `POST`,
//! `PUT`, Bundles and the `load` command.

use std::borrow::Cow;
use std::cell::RefCell;

use fhir::{Document, Limits};
use record::{Hole, Key, Template};
use rustc_hash::FxHashMap;

use crate::outcome::{Issue, Refusal, Severity};

/// A resource as it came, parsed and found valid. It lacks its id and its references.
#[derive(Debug)]
pub struct Candidate<'t> {
    document: Document<'t>,
    kind: String,
    /// What validation had to say beside errors.
    pub issues: Vec<Issue>,
}

/// A resource ready to be committed.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// Which resource it is.
    pub key: Key,
    /// Its text, lacking version and moment.
    pub template: Template,
    /// What validation had to say beside errors.
    pub issues: Vec<Issue>,
}

/// What links stand for: from a `fullUrl`, a conditional reference or this server's own address to `Type/id`.
#[derive(Debug, Clone, Default)]
pub struct References {
    by_link: FxHashMap<String, String>,
    /// This server's base address with a slash at its end: what lies below is one of our own resources, and stays so
    /// when the trust moves to another address.
    base: Option<String>,
}

impl<'t> Candidate<'t> {
    /// Parses and validates. `kind` is the type the request names, if it names one.
    ///
    /// # Errors
    /// 400 when it is no JSON or not of this type, 422 when it breaks the definition of its type; with places.
    pub fn parse(text: &'t [u8], kind: Option<&str>) -> Result<Candidate<'t>, Refusal> {
        let (candidate, errors) = Candidate::examine(text, kind)?;
        if errors.is_empty() { Ok(candidate) } else { Err(Refusal::unprocessable(errors)) }
    }

    /// Parses and validates, and gives the errors beside the candidate: for `$validate`.
    ///
    /// # Errors
    /// 400 when it is no JSON or not of this type.
    pub(crate) fn examine(text: &'t [u8], kind: Option<&str>) -> Result<(Candidate<'t>, Vec<Issue>), Refusal> {
        let mut candidate = Candidate::validated(text, kind)?;
        let issues = crate::validation::issues(&candidate.document);
        let (errors, others) = issues.into_iter().partition(|issue: &Issue| issue.severity == Severity::Error);
        candidate.issues = others;
        Ok((candidate, errors))
    }

    /// Validates what was only parsed.
    ///
    /// # Errors
    /// 422 with every error and its place.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let errors = crate::validation::errors(&self.document);
        if errors.is_empty() { Ok(()) } else { Err(Refusal::unprocessable(errors)) }
    }

    /// Parses what was found valid with the Bundle that it stands in.
    ///
    /// # Errors
    /// 400 when it is no JSON or not of this type.
    pub(crate) fn validated(text: &'t [u8], kind: Option<&str>) -> Result<Candidate<'t>, Refusal> {
        let document = Document::parse(text, &Limits::default()).map_err(malformed)?;
        let candidate = Candidate::of_document(document);
        if candidate.kind.is_empty() {
            return Err(Refusal::bad_request("structure", "The body is not a resource: it has no resourceType."));
        }
        kind.map_or(Ok(()), |kind| candidate.check_kind(kind))?;
        Ok(candidate)
    }

    /// What was parsed and found valid already.
    pub(crate) fn of_document(document: Document<'t>) -> Candidate<'t> {
        let kind = document.resource_type().map(Cow::into_owned).unwrap_or_default();
        Candidate { document, kind, issues: Vec::new() }
    }

    /// # Errors
    /// 400 when it is of another type.
    pub(crate) fn check_kind(&self, kind: &str) -> Result<(), Refusal> {
        if self.kind == kind {
            return Ok(());
        }
        let details = format!("The body is a resource of type {}, the address wants {kind}.", self.kind);
        Err(Refusal::bad_request("invalid", details))
    }

    /// The resource type.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The id that the text has.
    pub fn id(&self) -> Option<Cow<'t, str>> {
        self.document.root().get("id")?.text()
    }

    /// The conditional references in it, such as `Patient?identifier=…`, each once.
    pub fn conditional_references(&self) -> Vec<String> {
        // Most resources have neither a question mark nor an escape that could be one.
        if !self.document.text().iter().any(|byte| matches!(byte, b'?' | b'\\')) {
            return Vec::new();
        }
        self.links_among(|link| {
            let kind = link.split_once('?').map(|(kind, _)| kind);
            kind.is_some_and(|kind| fhir::definitions().resource_type(kind).is_some())
        })
    }

    /// The links in it that are wanted, each once.
    pub(crate) fn links_among(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let found = RefCell::new(Vec::new());
        let collect = |link: &str| -> Option<String> {
            if is_wanted(link) {
                found.borrow_mut().push(link.to_owned());
            }
            None
        };
        // The template is not wanted here; what matters is which links it asks for.
        drop(fhir::accept(&self.document, "collect", &collect));
        let mut found = found.into_inner();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Puts id and references in place.
    pub fn accept(&self, id: &str, references: &References) -> Accepted {
        let template = fhir::accept(&self.document, id, &|link| references.resolve(link));
        Accepted { key: Key::new(&self.kind, id), template: template_of(template), issues: self.issues.clone() }
    }
}

impl References {
    /// For a server at this base address.
    pub(crate) fn at(base: &str) -> References {
        References { by_link: FxHashMap::default(), base: Some(format!("{base}/")) }
    }

    /// Says what a link stands for.
    pub fn insert(&mut self, link: impl Into<String>, key: &Key) {
        self.by_link.insert(link.into(), key.to_string());
    }

    /// What a link stands for, if that was said.
    pub fn resolve(&self, link: &str) -> Option<String> {
        if let Some(key) = self.by_link.get(link) {
            return Some(key.clone());
        }
        let own = link.strip_prefix(self.base.as_deref()?)?;
        let kind = own.split_once('/').map(|(kind, _)| kind)?;
        fhir::definitions().resource_type(kind).map(|_| own.to_owned())
    }
}

/// The refusal of a text that is no JSON.
pub(crate) fn malformed(fault: fhir::Malformed) -> Refusal {
    let issue =
        Issue::error("structure", format!("The text cannot be read: {} at byte {}.", fault.message, fault.offset));
    let issue = if fault.path.is_empty() { issue } else { issue.at(fault.path) };
    Refusal { status: http::StatusCode::BAD_REQUEST, issues: vec![issue], retry_after_seconds: None }
}

fn template_of(template: fhir::Template) -> Template {
    let holes = template.holes.into_iter().map(|hole| Hole { at: hole.at, bytes: hole.bytes.into() });
    let (text, slot, before, after) = (template.text, template.slot, template.before, template.after);
    Template { text, holes: holes.collect(), slot, before, after }
}

/// Whether `id` may be a logical id (<http://hl7.org/fhir/R4/datatypes.html#id>).
pub(crate) fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
}

/// A new id: UUID version 7, so that ids made later sort later.
pub(crate) fn fresh_id() -> String {
    uuid::Uuid::now_v7().to_string()
}
