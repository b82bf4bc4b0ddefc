//! The lines of the files that strangers read, as plain data: a version, an entry, an access, an account, a row of the
//! desk. Described in `docs/formats/export.md`. Knows no file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use journal::hash::holes::Hole;
use journal::{AccessLeaf, AccessOutcome, AccessRead, Act, CauseKind, Change, Entry, Operation};
use record::DeskRow;
use serde::{Deserialize, Serialize};
use terms::Moment;

use crate::failure::Failure;
use crate::secret::hex;

/// Where the content of an attachment belongs in a text.
#[derive(Serialize)]
struct Attachment {
    /// Byte of the text before which it belongs, as base64.
    at: u64,
    /// The file under `blobs/`.
    blob: String,
}

#[derive(Serialize)]
struct VersionLine<'a> {
    r#type: &'a str,
    id: &'a str,
    version: u64,
    entry: u64,
    moment: String,
    author: &'a str,
    operation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    erased_by: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment>,
}

#[derive(Serialize)]
struct EntryLine<'a> {
    entry: u64,
    moment: String,
    epoch: u64,
    author: &'a str,
    permit: &'a str,
    cause: &'static str,
    reference: &'a str,
    command: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<&'static str>,
    changes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    erases: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct AccessLine<'a> {
    host: &'a str,
    epoch: u64,
    leaf: u64,
    moment: String,
    principal: &'a str,
    permit: &'a str,
    purpose: &'a str,
    query: &'a str,
    entry: u64,
    outcome: &'static str,
    subjects: Vec<String>,
}

/// What lies beside an entry and is not in the package: without it the entry cannot be read in again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BesideLine {
    pub(crate) entry: u64,
    /// The entry's salt, in hexadecimal; absent when it went with an erased text.
    pub(crate) salt: Option<String>,
    /// Its texts that were erased.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) erased: Vec<ErasedText>,
}

/// A text that was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ErasedText {
    /// Which change of the entry, counted from 0.
    pub(crate) change: usize,
    /// The entry that erased it.
    pub(crate) by: u64,
    /// Whose it was, as `Patient/ID`.
    pub(crate) whose: Vec<String>,
}

/// The digest of a request that may still be repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RequestLine {
    pub(crate) entry: u64,
    /// In base64.
    pub(crate) request: String,
}

/// A blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BlobLine {
    /// SHA-256 over `almoner:blob`, a line end, the salt and the bytes; in hexadecimal, and the file's name.
    pub(crate) digest: String,
    pub(crate) salt: String,
    pub(crate) bytes: u64,
    /// The entry that brought it.
    pub(crate) entry: u64,
}

/// A row of the desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeskLine {
    kind: String,
    key: String,
    change: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_ms: Option<i64>,
    /// In base64.
    content: String,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct AccountLine {
    pub(crate) name: String,
    pub(crate) display: String,
    pub(crate) role: String,
    pub(crate) state: String,
    /// The member of staff that its person is, as the id of a Practitioner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) staff: Option<String>,
    /// Argon2id, as a PHC string; absent when nobody signs in with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<String>,
}

/// The line of a version. `holes` and `text` are of the text as it is kept; no text for a deletion or an erased one.
pub(crate) fn version(
    entry: &Entry,
    change: &Change,
    erased_by: Option<u64>,
    text: Option<(&[Hole], &[u8])>,
) -> Result<Vec<u8>, Failure> {
    let attachments = text.map(|(holes, _)| holes).unwrap_or_default();
    let mut line = json(&VersionLine {
        r#type: &change.kind,
        id: &change.id,
        version: change.version,
        entry: entry.sequence,
        moment: entry.moment.to_string(),
        author: &entry.author,
        operation: match change.operation {
            Operation::Create => "create",
            Operation::Update => "update",
            Operation::Delete => "delete",
        },
        erased_by,
        attachments: attachments.iter().map(|hole| Attachment { at: hole.at, blob: hex(&hole.digest) }).collect(),
    })?;
    if let Some((_, text)) = text.filter(|(_, text)| !text.is_empty()) {
        // The text itself, not written anew: the last brace makes room for it.
        line.pop();
        line.extend_from_slice(b",\"resource\":");
        line.extend(one_line(text));
        line.push(b'}');
    }
    Ok(line)
}

/// A text without ends of lines. JSON has them between its tokens only, where a space means the same and is as long.
pub(crate) fn one_line(text: &[u8]) -> impl Iterator<Item = u8> + '_ {
    text.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte })
}

/// The line of an entry.
pub(crate) fn entry(of: &Entry) -> Result<Vec<u8>, Failure> {
    let name = |kind: &str, id: &str, version: u64| format!("{kind}/{id}/_history/{version}");
    let erasure = match &of.act {
        Act::Erase(erasure) => Some(erasure),
        _ => None,
    };
    json(&EntryLine {
        entry: of.sequence,
        moment: of.moment.to_string(),
        epoch: of.epoch,
        author: &of.author,
        permit: &of.permit,
        cause: match of.cause.kind {
            CauseKind::Form => "form",
            CauseKind::Request => "request",
            CauseKind::Message => "message",
            CauseKind::Batch => "batch",
            CauseKind::Move => "move",
            CauseKind::System => "system",
        },
        reference: &of.cause.reference,
        command: &of.command,
        act: match of.act {
            Act::Commit => None,
            Act::Erase(_) => Some("erase"),
            Act::Keys(_) => Some("keys"),
            Act::Cut(_) => Some("cut"),
            Act::Resume(_) => Some("resume"),
            Act::Takeover(_) => Some("takeover"),
        },
        changes: of.changes.iter().map(|change| name(&change.kind, &change.id, change.version)).collect(),
        erases: erasure
            .iter()
            .flat_map(|erasure| &erasure.versions)
            .map(|version| name(&version.kind, &version.id, version.version))
            .collect(),
        authority: erasure.map(|erasure| erasure.authority.as_str()),
        reason: erasure.map(|erasure| erasure.reason.as_str()),
    })
}

/// The line of an access.
pub(crate) fn access(leaf: &AccessLeaf, read: &AccessRead) -> Result<Vec<u8>, Failure> {
    json(&AccessLine {
        host: &leaf.host,
        epoch: leaf.epoch,
        leaf: leaf.number,
        moment: leaf.moment.to_string(),
        principal: &read.principal,
        permit: &read.permit,
        purpose: &read.purpose,
        query: &read.query,
        entry: read.sequence,
        outcome: match read.outcome {
            AccessOutcome::Shown => "shown",
            AccessOutcome::Refused => "refused",
        },
        subjects: read.subjects.iter().map(|(kind, id)| format!("{kind}/{id}")).collect(),
    })
}

/// Anything as JSON on one line.
pub(crate) fn json(of: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(of).map_err(|error| Failure::problem("writing a line", &error))
}

impl From<&DeskRow> for DeskLine {
    fn from(row: &DeskRow) -> DeskLine {
        DeskLine {
            kind: row.kind.clone(),
            key: row.key.clone(),
            change: row.change,
            expires_ms: row.expires.map(|moment| moment.0),
            content: STANDARD.encode(&row.bytes),
        }
    }
}

impl TryFrom<DeskLine> for DeskRow {
    type Error = Failure;

    fn try_from(line: DeskLine) -> Result<DeskRow, Failure> {
        let bytes = base64(&line.content)?;
        Ok(DeskRow { kind: line.kind, key: line.key, change: line.change, expires: line.expires_ms.map(Moment), bytes })
    }
}

/// Reads base64.
pub(crate) fn base64(text: &str) -> Result<Vec<u8>, Failure> {
    STANDARD.decode(text).map_err(|error| Failure::Refused(format!("Something that should be base64 is not: {error}.")))
}

/// Writes base64.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
