//! A resource's text as it is accepted: `id` and resolved references put in place, room left for version and moment,
//! large attachments taken out as bytes that can be put back, every other byte as it was sent.
//!
//! What is stored is what is served and what is hashed, so nothing is ever written anew from a model. The record
//! decides version and moment when it commits; until then the text is a [`Template`] with one slot. Which references
//! are replaced follows http.html, Transaction Processing Rules: the links of `Reference`, and of elements of type uri, url, oid and
//! uuid, and `href` and `src` in narratives; not canonicals. An attachment is any base64Binary that is longer than
//! [`LONGEST_INLINE`] and spelled as its bytes would be spelled again; any other stays where it is.
//! Knows nothing of where resources or attachments live.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use terms::Moment;

use crate::definitions::{Structure, definitions};
use crate::document::{Document, Kind, Node};
use crate::primitives::Primitive;

/// A base64Binary of up to so many characters stays in its text.
pub const LONGEST_INLINE: usize = 64 << 10;

/// An accepted text that lacks only its version, its moment and its large attachments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The text without the content of slot and holes; JSON in itself.
    pub text: Vec<u8>,
    /// Where large attachments were taken out, in order.
    pub holes: Vec<Hole>,
    /// Byte offset at which version and moment are put.
    pub slot: usize,
    /// What must stand before the inserted members.
    pub before: &'static [u8],
    /// What must stand after them.
    pub after: &'static [u8],
}

/// A place in a text where an attachment was; its base64 goes back there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// Byte offset in the template's text.
    pub at: usize,
    /// What the base64 stands for.
    pub bytes: Vec<u8>,
}

impl Template {
    /// The text with `meta.versionId` and `meta.lastUpdated`, and with its attachments.
    pub fn complete(&self, version: u64, moment: Moment) -> Vec<u8> {
        let members = format!("\"versionId\":\"{version}\",\"lastUpdated\":\"{moment}\"");
        let extra = self.before.len() + members.len() + self.after.len();
        let attached: usize = self.holes.iter().map(|hole| hole.bytes.len().div_ceil(3) * 4).sum();
        let mut text = Vec::with_capacity(self.text.len() + extra + attached);
        let behind = self.holes.partition_point(|hole| hole.at < self.slot);
        let at = self.fill(&self.holes[..behind], 0..self.slot, &mut text);
        text.extend_from_slice(&self.text[at..self.slot]);
        text.extend_from_slice(self.before);
        text.extend_from_slice(members.as_bytes());
        text.extend_from_slice(self.after);
        let at = self.fill(&self.holes[behind..], self.slot..self.text.len(), &mut text);
        text.extend_from_slice(&self.text[at..]);
        text
    }

    /// Appends a range of the text up to its last hole, the holes filled; gives where that ended.
    fn fill(&self, holes: &[Hole], range: Range<usize>, to: &mut Vec<u8>) -> usize {
        let mut at = range.start;
        for hole in holes {
            to.extend_from_slice(&self.text[at..hole.at]);
            to.extend_from_slice(STANDARD.encode(&hole.bytes).as_bytes());
            at = hole.at;
        }
        at
    }
}

/// Makes the accepted text of a resource. `references` is asked for every link that may be replaced, with the link as
/// text (escapes resolved), and gives what shall stand instead, or nothing.
///
/// The document should have passed validation; of one whose `meta` is no object, `meta` is replaced.
pub fn accept(document: &Document<'_>, id: &str, references: &dyn Fn(&str) -> Option<String>) -> Template {
    let root = document.root();
    let mut edits = Edits { list: Vec::new(), references };
    let structure = document.resource_type().and_then(|name| definitions().resource_type(&name));
    edits.links_in(root, structure);
    let after_id = edits.set_id(root, id);
    let (before, after) = edits.open_slot(root, after_id);
    edits.apply(document.text(), before, after)
}

/// A replacement of a range of the original text.
struct Edit {
    range: Range<usize>,
    text: Vec<u8>,
    /// The slot lies in the replacement, behind so many of its bytes.
    slot: Option<usize>,
    /// What is taken out here as bytes.
    attachment: Option<Vec<u8>>,
}

struct Edits<'r> {
    list: Vec<Edit>,
    references: &'r dyn Fn(&str) -> Option<String>,
}

impl Edits<'_> {
    fn replace(&mut self, range: Range<usize>, text: Vec<u8>) {
        self.list.push(Edit { range, text, slot: None, attachment: None });
    }

    /// Replaces a range and opens the slot behind so many bytes of what is put there.
    fn open(&mut self, range: Range<usize>, text: &[u8], slot: usize) {
        self.list.push(Edit { range, text: text.to_vec(), slot: Some(slot), attachment: None });
    }

    /// Sets the root's `id`, and gives the place behind it. A missing `id` goes behind `resourceType`, which every
    /// valid resource has.
    fn set_id(&mut self, root: Node<'_, '_>, id: &str) -> usize {
        if let Some(present) = root.get("id") {
            if present.text().as_deref() != Some(id) {
                self.replace(present.span(), quoted(id));
            }
            return present.span().end;
        }
        let member = [b"\"id\":".as_slice(), &quoted(id)].concat();
        let type_or_last = root.get("resourceType").or_else(|| root.members().last().map(|(_, last)| last));
        let (place, comma): (usize, &[u8]) = match type_or_last {
            Some(before) => (before.span().end, b","),
            None => (root.span().start + 1, b""),
        };
        self.replace(place..place, [comma, &member].concat());
        place
    }

    /// Takes version and moment out of `meta` and opens the slot there, or behind the `id` when there is no `meta`.
    fn open_slot(&mut self, root: Node<'_, '_>, after_id: usize) -> (&'static [u8], &'static [u8]) {
        let Some(meta) = root.get("meta") else {
            self.open(after_id..after_id, b"", 0);
            return (b",\"meta\":{", b"}");
        };
        if meta.kind() != Kind::Object {
            self.open(meta.span(), b"{}", 1);
            return (b"", b"");
        }
        let inside = meta.span().start + 1;
        self.open(inside..inside, b"", 0);
        if self.remove_members(meta, &["versionId", "_versionId", "lastUpdated", "_lastUpdated"]) {
            (b"", b",")
        } else {
            (b"", b"")
        }
    }

    /// Removes the members of these names with their commas; true if others remain.
    fn remove_members(&mut self, object: Node<'_, '_>, names: &[&str]) -> bool {
        let members: Vec<_> = object
            .members()
            .map(|(name, node)| {
                let start = node.name_span().map_or(node.span().start, |name| name.start);
                (names.contains(&name), start, node.span().end)
            })
            .collect();
        let Some(last_kept) = members.iter().rposition(|(removed, ..)| !removed) else {
            if let (Some((_, start, _)), Some((.., end))) = (members.first(), members.last()) {
                self.replace(*start..*end, Vec::new());
            }
            return false;
        };
        for (removed, start, end) in &members[..last_kept] {
            if *removed {
                // The comma that follows goes too; the space behind it stays.
                let behind = object.raw()[end - object.span().start..].iter().position(|byte| *byte == b',');
                self.replace(*start..end + behind.map_or(0, |comma| comma + 1), Vec::new());
            }
        }
        if let Some((.., end)) = members.last()
            && last_kept + 1 < members.len()
        {
            self.replace(members[last_kept].2..*end, Vec::new());
        }
        true
    }

    /// Looks for links in an object of this structure; of an unknown structure, only members called `reference` count.
    fn links_in(&mut self, object: Node<'_, '_>, structure: Option<&'static Structure>) {
        let is_reference = structure.is_none_or(|structure| structure.name == "Reference");
        for (name, member) in object.members() {
            if is_reference && name == "reference" {
                self.link(member);
                continue;
            }
            let child = structure.and_then(|structure| structure.element(name)?.type_ref.structure());
            for item in member.items() {
                match item.kind() {
                    Kind::Object => self.links_in(item, resource_of(item, child)),
                    Kind::String => self.links_in_value(item, child),
                    _ => {}
                }
            }
        }
    }

    fn links_in_value(&mut self, value: Node<'_, '_>, structure: Option<&'static Structure>) {
        match structure.and_then(|structure| structure.primitive) {
            Some(Primitive::Uri | Primitive::Url | Primitive::Oid | Primitive::Uuid) => {
                let inside = value.raw();
                if inside.starts_with(b"\"urn:uuid:") || inside.starts_with(b"\"urn:oid:") {
                    self.link(value);
                }
            }
            Some(Primitive::Xhtml) => self.links_in_narrative(value),
            Some(Primitive::Base64Binary) => self.take_out(value),
            _ => {}
        }
    }

    /// Takes a large attachment out, if its base64 is the one spelling that its bytes have.
    fn take_out(&mut self, value: Node<'_, '_>) {
        let raw = value.raw();
        if raw.len() <= LONGEST_INLINE + 2 {
            return;
        }
        // The decoder accepts standard letters, full padding and no stray bits, and so only what it would encode again.
        if let Ok(bytes) = STANDARD.decode(&raw[1..raw.len() - 1]) {
            let range = value.span().start + 1..value.span().end - 1;
            self.list.push(Edit { range, text: Vec::new(), slot: None, attachment: Some(bytes) });
        }
    }

    /// Asks for each `href="…"` and `src="…"`; in JSON the quotes are either single or escaped.
    fn links_in_narrative(&mut self, value: Node<'_, '_>) {
        let raw = value.raw_text();
        for attribute in ["href=", "src="] {
            for (place, _) in raw.match_indices(attribute) {
                let link = &raw[place + attribute.len()..];
                let quote = if link.starts_with("\\\"") { "\\\"" } else { "'" };
                let Some((link, _)) = link.strip_prefix(quote).and_then(|link| link.split_once(quote)) else {
                    continue;
                };
                let start = value.span().start + place + attribute.len() + quote.len();
                if link.starts_with("urn:")
                    && !link.contains('\\')
                    && let Some(instead) = (self.references)(link)
                {
                    let escaped = quoted(&instead.replace('&', "&amp;").replace('"', "&quot;").replace('\'', "&#39;"));
                    self.replace(start..start + link.len(), escaped[1..escaped.len() - 1].to_vec());
                }
            }
        }
    }

    fn link(&mut self, value: Node<'_, '_>) {
        if let Some(instead) = value.text().and_then(|link| (self.references)(&link)) {
            self.replace(value.span(), quoted(&instead));
        }
    }

    /// Applies the edits; of two at one place the first made comes first, and one inside another is void: only what is
    /// no valid resource has links in its `id` or in a `meta` that is replaced.
    fn apply(mut self, original: &[u8], before: &'static [u8], after: &'static [u8]) -> Template {
        self.list.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let mut text = Vec::with_capacity(original.len() + 128);
        let (mut slot, mut at, mut holes) = (0, 0, Vec::new());
        for edit in &mut self.list {
            if edit.range.start < at {
                continue;
            }
            text.extend_from_slice(&original[at..edit.range.start]);
            if let Some(within) = edit.slot {
                slot = text.len() + within;
            }
            if let Some(bytes) = edit.attachment.take() {
                holes.push(Hole { at: text.len(), bytes });
            }
            text.extend_from_slice(&edit.text);
            at = edit.range.end;
        }
        text.extend_from_slice(&original[at..]);
        Template { text, holes, slot, before, after }
    }
}

/// The structure of an object: where any resource may stand, the one that it says it is.
fn resource_of(object: Node<'_, '_>, expected: Option<&'static Structure>) -> Option<&'static Structure> {
    match expected {
        Some(structure) if structure.name == "Resource" => {
            object.get("resourceType").and_then(|name| definitions().resource_type(&name.text()?))
        }
        other => other,
    }
}

/// A JSON string with the escapes that RFC 8259 asks for.
fn quoted(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
    out
}

#[cfg(test)]
mod tests;
