//! From the text of a resource that a command has written to a change of a draft.
//!
//! What we write ourselves is validated like what others send: a text that is not valid is our mistake, and nothing of
//! the command is committed.

use fhir::{Document, Limits};
use record::{Change, Hole, Key, Problem, Template, Version};

/// The change that puts a text under a key.
///
/// # Errors
/// A text that is no valid resource.
pub fn put(key: Key, text: &[u8]) -> Result<Change, Problem> {
    let wrong = |what: String| Problem::Damaged { what: format!("a command wrote an unusable {}: {what}", key.kind) };
    let document = Document::parse(text, &Limits::default()).map_err(|fault| wrong(fault.message))?;
    if let Some(issue) = fhir::validate(&document).into_iter().find(fhir::Issue::is_error) {
        return Err(wrong(format!("{} at {}", issue.message, issue.path)));
    }
    let template = fhir::accept(&document, &key.id, &|_| None);
    Ok(Change::Put(key, template_of(template)))
}

/// The template in the record's words.
pub fn template_of(template: fhir::Template) -> Template {
    let holes = template.holes.into_iter().map(|hole| Hole { at: hole.at, bytes: hole.bytes.into() });
    let (text, slot, before, after) = (template.text, template.slot, template.before, template.after);
    Template { text, holes: holes.collect(), slot, before, after }
}

/// A text that a command has written as a document.
///
/// # Errors
/// What was written cannot be read: our mistake.
pub fn parsed(text: &[u8]) -> Result<Document<'_>, Problem> {
    let unreadable = |what| Problem::Damaged { what: format!("a command wrote what cannot be read: {what}") };
    Document::parse(text, &Limits::default()).map_err(|fault| unreadable(fault.message))
}

/// A version's text as a document.
///
/// # Errors
/// What was a document when it was accepted is not one any more.
pub fn document(version: &Version) -> Result<Document<'_>, Problem> {
    Document::parse(&version.text, &Limits::default())
        .map_err(|fault| Problem::Damaged { what: format!("{} is unreadable: {}", version.key.kind, fault.message) })
}
