//! Writing tasks: the members of a Task that a command sets, all others as they are.
//! The table of members is in `mod.rs` (R4, task.html).

use std::collections::BTreeMap;

use fhir::write::{Object, extension, quoted, with_extensions, with_members};
use fhir::{Document, Node};
use record::{Draft, Key, Reading, TransactError, Version};
use terms::Moment;

use super::{FIRST_DUE, HANDED_TO, MOVED_FROM, Manager, OWNER, TIMES_MOVED, Task};
use crate::draft;
use crate::obligations::team_name;
use crate::refusal::Refusal;

/// The member `owner`: the plain name, and what the owner was called when this was written.
pub(crate) fn owner(plain: &str, name: &str) -> String {
    let identifier = Object::new().text("system", OWNER).text("value", plain).done();
    let reference = plain.strip_prefix("practitioner/").map(|id| format!("Practitioner/{id}"));
    Object::new().text_if("reference", reference).json("identifier", identifier).text("display", name).done()
}

/// The same of a team.
pub(crate) fn owner_team(team: &str) -> String {
    owner(team, team_name(team))
}

/// The member `restriction` of a due.
pub(crate) fn due(due: Moment) -> String {
    Object::new().json("period", Object::new().text("end", due.to_string()).done()).done()
}

/// The extensions of a task with whom it is handed over to, its first due and how often it was moved.
pub(super) fn handed_to(task: Node<'_, '_>, to: Option<&str>) -> Option<String> {
    let new = to.map(|to| extension(HANDED_TO, "valueString", &quoted(to)));
    with_extensions(task, &[(HANDED_TO, new)])
}

/// The extensions of a task that its new owner has accepted: it is offered to nobody, and not a closed owner's any more.
pub(super) fn accepted(task: Node<'_, '_>) -> Option<String> {
    with_extensions(task, &[(HANDED_TO, None), (MOVED_FROM, None)])
}

/// The members of a task that a manager takes over from owners who are closed. An offer to one of them is one to the manager,
/// and none when it is the manager's own task.
pub(super) fn taken_over(
    node: Node<'_, '_>,
    task: &Task,
    closing: &BTreeMap<String, String>,
    (manager, name): &Manager,
    now: Moment,
) -> Vec<(&'static str, Option<String>)> {
    let from = closing.get(&task.owner);
    let owner = if from.is_some() { manager } else { &task.owner };
    let offered = task.handed_to.as_ref().map(|to| if closing.contains_key(to) { manager } else { to });
    let offered = offered.filter(|to| *to != owner).map(|to| extension(HANDED_TO, "valueString", &quoted(to)));
    let mut extensions = vec![(HANDED_TO, offered)];
    extensions.extend(from.map(|from| (MOVED_FROM, Some(extension(MOVED_FROM, "valueString", &quoted(from))))));
    let mut members = vec![("extension", with_extensions(node, &extensions))];
    members.extend(from.map(|_| ("owner", Some(self::owner(manager, name)))));
    members.push(("lastModified", Some(quoted(&now.to_string()))));
    members
}

/// The extensions of a task that gets another date.
pub(super) fn moved(task: Node<'_, '_>, first: Option<Moment>, times: u32) -> Option<String> {
    let first = first.map(|first| extension(FIRST_DUE, "valueDateTime", &quoted(&first.to_string())));
    let times = extension(TIMES_MOVED, "valueUnsignedInt", &times.to_string());
    with_extensions(task, &[(FIRST_DUE, first), (TIMES_MOVED, Some(times))])
}

/// A task's newest version.
pub(super) async fn read(reading: &Reading, id: &str) -> Result<Version, TransactError<Refusal>> {
    let version = reading.get(&Key::new("Task", id)).await?.filter(|version| !version.text.is_empty());
    version.ok_or_else(|| TransactError::Refused(Refusal::new("no-task", "There is no such task.")))
}

/// A draft that sets members of a task; what they are set to is decided on the task as it is.
pub(super) async fn edited(
    reading: &Reading,
    id: &str,
    now: Moment,
    decide: impl FnOnce(&Task, Node<'_, '_>) -> Result<Vec<(&'static str, Option<String>)>, Refusal>,
) -> Result<Draft, TransactError<Refusal>> {
    let version = read(reading, id).await?;
    let document: Document<'_> = draft::document(&version)?;
    if crate::downtime::Number::of(document.root()).is_some()
        || crate::downtime::Downtime::of(document.root()).is_some()
    {
        let sentence = "This is a number of a downtime, or a downtime. It is accounted for on the page Downtime.";
        return Err(TransactError::Refused(Refusal::new("of-a-downtime", sentence)));
    }
    let task = Task::of(document.root());
    let mut members = decide(&task, document.root()).map_err(TransactError::Refused)?;
    members.push(("lastModified", Some(quoted(&now.to_string()))));
    let change = draft::put(version.key.clone(), &with_members(&document, &members))?;
    Ok(Draft { changes: vec![change], assertions: Vec::new() })
}
