//! Drafts: what somebody is typing, kept on the desk until the commit that it becomes.
//!
//! A draft belongs to one person, one form and one patient: nobody else is shown it, and it returns when the same person
//! opens the same form of the same patient. The script sends it two seconds after the last key. The commit ends it, and a
//! copy that comes late does not bring it back. Knows no form's fields.
//!
//! A form of `Fields` has a draft when its address went through `opened`. In a form of your own: `draft_fields` inside the form and `kept_words` beside its button, `returned` where the
//! form is shown. `act` ends the draft.

use std::collections::BTreeMap;

use maud::{Markup, html};
use record::{DeskChange, Problem};
use serde::{Deserialize, Serialize};
use terms::Moment;

use crate::act::Typed;
use crate::components::time;
use crate::door::Door;
use crate::setting::Setting;
use crate::words::clock_or_day;

/// The kind of the desk's rows.
pub const DRAFT: &str = "draft";
/// How long a draft is kept, in milliseconds: thirty days.
const KEPT_MS: i64 = 30 * 24 * 3600 * 1000;
/// How long it is remembered that a form was committed, so that a late copy does not bring its draft back: a day.
const ENDED_MS: i64 = 24 * 3600 * 1000;
/// Most drafts of one person.
const MOST: usize = 200;
/// Most fields of one form, and most bytes of all of them.
const MOST_FIELDS: usize = 200;
const MOST_BYTES: usize = 200_000;
/// Fields that are no part of what somebody types.
const ASIDE: [&str; 6] = ["form_token", "draft_form", "draft_patient", "draft_at", "do", "password"];

/// A draft as it returns.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// What was typed.
    pub(crate) typed: Typed,
    /// When the last of it was kept.
    pub(crate) at: Moment,
}

/// A draft as the desk has it.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    at: i64,
    /// The form's key, so that a copy of a form that was committed is known.
    form_key: String,
    /// Empty once the form was committed.
    fields: BTreeMap<String, String>,
    ended: bool,
}

/// The hidden fields by which a form's draft is kept. `patient` is empty while there is none yet.
pub(crate) fn draft_fields(form: &str, patient: &str) -> Markup {
    html! {
        input type="hidden" name="draft_form" value=(form);
        input type="hidden" name="draft_patient" value=(patient);
    }
}

/// Where the form says that its draft is kept; the script writes into it.
pub(crate) fn kept_words(setting: &Setting, at: Option<Moment>) -> Markup {
    html! {
        span.al-small.al-muted.al-kept data-kept=(setting.links.drafts()) role="status" {
            @if let Some(at) = at { "Draft kept " (time(&clock_or_day(at, setting.now))) }
        }
    }
}

/// Keeps what a form sends: when it was kept, or `None` when the form was committed meanwhile or is none.
pub(crate) async fn keep(door: &Door, typed: &Typed) -> Result<Option<Moment>, Problem> {
    let Some(key) = key_of(door, typed) else { return Ok(None) };
    let fields: BTreeMap<String, String> = typed
        .fields()
        .filter(|(name, _)| !ASIDE.contains(name))
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    let bytes: usize = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
    if fields.len() > MOST_FIELDS || bytes > MOST_BYTES {
        return Ok(None);
    }
    let present = door.record.desk_get(DRAFT, &key).await?;
    let form_key = typed.text("form_key").to_owned();
    let before = present.as_ref().and_then(|row| serde_json::from_slice::<Row>(&row.bytes).ok());
    if before.is_some_and(|before| before.ended && before.form_key == form_key) {
        return Ok(None);
    }
    if present.is_none() {
        let prefix = format!("{}|", door.permit.principal().id);
        if door.record.desk_list(DRAFT, &prefix, MOST).await?.len() >= MOST {
            return Ok(None);
        }
    }
    let row = Row { at: door.now.0, form_key, fields, ended: false };
    // Another copy of this very form may be on its way too; whichever comes last is the newest of what was typed.
    put(door, key, Some((&row, Moment(door.now.0 + KEPT_MS)))).await?;
    Ok(Some(door.now))
}

/// The draft that this person left in a form of a patient.
pub(crate) async fn returned(door: &Door, form: &str, patient: &str) -> Result<Option<Kept>, Problem> {
    let Some(key) = key(door, form, patient) else { return Ok(None) };
    let Some(row) = door.record.desk_get(DRAFT, &key).await? else { return Ok(None) };
    let is_over = row.expires.is_some_and(|expires| expires <= door.now);
    let kept = serde_json::from_slice::<Row>(&row.bytes).ok().filter(|kept| !kept.ended && !is_over);
    Ok(kept.map(|kept| Kept { typed: Typed::of(kept.fields.into_iter().collect()), at: Moment(kept.at) }))
}

/// What an address says, and what this person left in the form that it opens: a value of the address stands before one of
/// the draft. `about` is whom or what the form is about: a patient, a stay, an attendance, a bed.
pub(crate) async fn opened(door: &Door, form: &str, about: &str, address: Typed) -> Result<Typed, Problem> {
    let mut typed = address.with("draft_form", form.to_owned()).with("draft_patient", about.to_owned());
    let Some(kept) = returned(door, form, about).await? else { return Ok(typed) };
    for (name, value) in kept.typed.fields() {
        typed.fill(name, Some(value.to_owned()));
    }
    Ok(typed.with("draft_at", kept.at.0.to_string()))
}

/// Ends the draft of a form that was committed, or that somebody puts aside.
pub(crate) async fn end(door: &Door, typed: &Typed) -> Result<(), Problem> {
    let Some(key) = key_of(door, typed) else { return Ok(()) };
    let row = Row { at: door.now.0, form_key: typed.text("form_key").into(), fields: BTreeMap::new(), ended: true };
    put(door, key, Some((&row, Moment(door.now.0 + ENDED_MS)))).await
}

async fn put(door: &Door, key: String, content: Option<(&Row, Moment)>) -> Result<(), Problem> {
    let written = content.and_then(|(row, until)| Some((serde_json::to_vec(row).ok()?, Some(until))));
    let change = DeskChange { kind: DRAFT.into(), key, content: written, expected: None };
    door.record.desk_put(vec![change]).await.map(drop)
}

fn key_of(door: &Door, typed: &Typed) -> Option<String> {
    key(door, typed.text("draft_form"), typed.text("draft_patient"))
}

/// Person, form and patient; names of forms and ids of patients have no signs that could be taken for another's.
fn key(door: &Door, form: &str, patient: &str) -> Option<String> {
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    let fits = !form.is_empty() && form.len() <= 40 && patient.len() <= 64 && is_plain(form) && is_plain(patient);
    fits.then(|| format!("{}|{form}|{patient}", door.permit.principal().id))
}
