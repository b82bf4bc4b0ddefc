//! The mark of what was entered from paper.
//!
//! A version that was entered from a form has the tag [`BACK_ENTERED`] in its `meta`: whoever follows the record sees of
//! each version whether it is one, and sends nothing by itself because of it. The next ordinary command takes the tag away
//! again; what stays on the resource is an extension for each form: its number, when it happened, when and by whom it was
//! entered.

use fhir::read::{extension_text, items, moment, text};
use fhir::write::{Object, array, array_if, coding, extension as part, quoted, with_members};
use fhir::{Document, Limits, Node};
use record::{Change, Draft, Problem};
use terms::Moment;

use super::SYSTEM;
use crate::draft;

/// The code of the tag.
pub const BACK_ENTERED: &str = "back-entered";
const WORDS: &str = "Entered from a paper form after a downtime: send nothing automatically";
/// The address of the extension.
pub const MARK: &str = "urn:almoner:downtime-form";
/// The types that are marked: who somebody is, and what happened to them.
const MARKED: [&str; 2] = ["Encounter", "Patient"];

/// A form from which a resource was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormMark {
    /// The form's number as printed.
    pub form: String,
    /// When it happened.
    pub happened: Moment,
    /// When it was entered.
    pub entered: Moment,
    /// Who entered it.
    pub by: String,
}

/// Whether this version was entered from paper.
pub fn is_back_entered(resource: Node<'_, '_>) -> bool {
    resource.get("meta").is_some_and(|meta| items(meta, "tag").any(is_mark))
}

/// The forms from which a resource was entered, in the order in which they were.
pub fn form_marks(resource: Node<'_, '_>) -> Vec<FormMark> {
    let marks = items(resource, "extension").filter(|of| text(*of, "url").as_deref() == Some(MARK));
    marks.filter_map(FormMark::of).collect()
}

impl FormMark {
    fn of(node: Node<'_, '_>) -> Option<FormMark> {
        let at = |name: &str| moment(fhir::read::extension(node, name)?, "valueDateTime");
        Some(FormMark {
            form: extension_text(node, "form")?,
            happened: at("happened")?,
            entered: at("entered")?,
            by: extension_text(node, "by").unwrap_or_default(),
        })
    }

    fn text(&self) -> String {
        let parts = [
            part("form", "valueString", &quoted(&self.form)),
            part("happened", "valueDateTime", &quoted(&self.happened.to_string())),
            part("entered", "valueDateTime", &quoted(&self.entered.to_string())),
            part("by", "valueString", &quoted(&self.by)),
        ];
        Object::new().text("url", MARK).json("extension", array(parts)).done()
    }
}

/// The draft with the mark on every patient and stay that it changes.
pub(crate) fn marked(mut draft: Draft, mark: &FormMark) -> Result<Draft, Problem> {
    edit(&mut draft, |document| {
        let root = document.root();
        let extensions = items(root, "extension").map(|other| other.raw_text().to_owned()).chain([mark.text()]);
        let tag = coding(SYSTEM, BACK_ENTERED, Some(WORDS));
        Some(with_members(document, &[("meta", meta(root, Some(tag))), ("extension", Some(array(extensions)))]))
    })?;
    Ok(draft)
}

/// The draft of an ordinary command: what it writes was not entered from paper, whatever the version before was.
pub(crate) fn unmarked(mut draft: Draft) -> Result<Draft, Problem> {
    edit(&mut draft, |document| {
        let root = document.root();
        is_back_entered(root).then(|| with_members(document, &[("meta", meta(root, None))]))
    })?;
    Ok(draft)
}

/// Edits the patients and stays of a draft.
fn edit(draft: &mut Draft, new: impl Fn(&Document<'_>) -> Option<Vec<u8>>) -> Result<(), Problem> {
    for change in &mut draft.changes {
        let Change::Put(key, template) = &*change else { continue };
        if !MARKED.contains(&key.kind.as_str()) || !template.holes.is_empty() {
            continue;
        }
        let document = Document::parse(&template.text, &Limits::default()).map_err(|fault| Problem::Damaged {
            what: format!("a command wrote what cannot be read: {}", fault.message),
        })?;
        if let Some(text) = new(&document) {
            *change = draft::put(key.clone(), &text)?;
        }
    }
    Ok(())
}

/// The member `meta` with the tag or without it, all else as it is; `None` when nothing is left.
fn meta(root: Node<'_, '_>, tag: Option<String>) -> Option<String> {
    let meta = root.get("meta");
    let others = meta.into_iter().flat_map(|meta| items(meta, "tag")).filter(|tag| !is_mark(*tag));
    let tags = array_if(others.map(|tag| tag.raw_text().to_owned()).chain(tag));
    let members = meta.into_iter().flat_map(|meta| meta.members()).filter(|(name, _)| *name != "tag");
    let mut is_empty = tags.is_none();
    let mut new = Object::new();
    for (name, value) in members {
        new = new.json(name, value.raw_text());
        is_empty = false;
    }
    (!is_empty).then(|| new.json_if("tag", tags).done())
}

fn is_mark(tag: Node<'_, '_>) -> bool {
    text(tag, "system").as_deref() == Some(SYSTEM) && text(tag, "code").as_deref() == Some(BACK_ENTERED)
}
