//! From tables to objects: each ward, bay, bed, service, member of staff and job role with its code, still as written.
//! A list of beds becomes one object for each bed.
//!
//! Knows how codes are put together (`heron-bed-01`), and not whether anything in them is right.

use std::collections::BTreeMap;

use super::files::{Files, Layer, TRUST_FILE, joined};
use super::finding::{At, Finding, INHERITS, MISSING_KEY, ONE_TRUST};
use super::schema::LISTS;
use super::table::{Table, Value, read_file};

/// The kind of a place that says none: a ward is one unless it says what else it is, or what it overrides does.
pub(super) const ELSE_KIND: &str = "else-kind";
/// Where a place lies that does not say it.
pub(super) const ELSE_IN: &str = "else-in";

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum What {
    Trust,
    Place,
    Service,
    Staff,
    Role,
}

/// One object as written in one layer.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) what: What,
    pub(super) code: String,
    pub(super) at: At,
    pub(super) values: BTreeMap<&'static str, Value>,
    /// The list it was made from: whose, and under which key. A later layer's list takes the place of the whole list.
    pub(super) list: Option<(String, &'static str)>,
    /// Switched off here.
    pub(super) off: bool,
}

/// The objects of one layer, in the order in which they are written.
#[derive(Debug, Clone, Default)]
pub(super) struct Objects {
    pub(super) objects: Vec<Object>,
    /// Every list that was written, also an empty one.
    pub(super) lists: Vec<(String, &'static str)>,
}

/// The objects of every layer.
pub(super) fn of_files(files: &Files, findings: &mut Vec<Finding>) -> Vec<Objects> {
    let last = files.layers.len().saturating_sub(1);
    let layers = files.layers.iter().enumerate();
    layers.map(|(number, layer)| of_layer(layer, number == last, findings)).collect()
}

fn of_layer(layer: &Layer, is_own: bool, findings: &mut Vec<Finding>) -> Objects {
    let mut read = Making { objects: Objects::default(), findings };
    for file in &layer.files {
        let table = read_file(file, read.findings);
        let is_trust_file = file.name == joined(&layer.folder, TRUST_FILE);
        if let Some(inherit) = table.values.get("inherit").filter(|_| !is_own || !is_trust_file) {
            let what = "only the trust's own trust.toml may inherit";
            read.findings.push(INHERITS.found(&inherit.at, what, "Leave the line out."));
        }
        for (name, table) in &table.tables {
            match *name {
                "trust" if !is_own => {
                    let what = "a folder that is inherited is no trust";
                    read.findings.push(ONE_TRUST.found(&table.at, what, "Leave the table [trust] out."));
                }
                "trust" => read.plain(What::Trust, table),
                "site" => read.site(table),
                "ward" => read.ward(table),
                "service" => read.plain(What::Service, table),
                "staff" => read.plain(What::Staff, table),
                "role" => read.plain(What::Role, table),
                _ => read.plain(What::Place, table),
            }
        }
    }
    read.objects
}

struct Making<'f> {
    objects: Objects,
    findings: &'f mut Vec<Finding>,
}

impl Making<'_> {
    fn plain(&mut self, what: What, table: &Table) {
        if let Some(code) = self.code(table) {
            self.push(what, code, table, &[]);
        }
    }

    fn site(&mut self, table: &Table) {
        if let Some(code) = self.code(table) {
            self.push(What::Place, code, table, &[("kind", "site")]);
        }
    }

    fn ward(&mut self, table: &Table) {
        let Some(ward) = self.code(table) else { return };
        let site = table.text("site").map(str::to_owned);
        let mut more = vec![(ELSE_KIND, "ward")];
        more.extend(site.as_deref().map(|site| ("in", site)));
        self.push(What::Place, ward.clone(), table, &more);
        self.lists(&ward, &ward, None, table);
        for (name, table) in &table.tables {
            let Some(part) = self.code(table) else { continue };
            let code = match *name {
                "bay" | "side-room" => format!("{ward}-{name}-{part}"),
                _ => format!("{ward}-{part}"),
            };
            match *name {
                "place" => self.inside(&ward, code, &part, table),
                kind => self.room(&ward, code, &part, kind, table),
            }
        }
    }

    /// A bay, side room or area with what is in it. A side room without a list has the bed of its own number.
    fn room(&mut self, ward: &str, code: String, part: &str, kind: &'static str, table: &Table) {
        self.push(What::Place, code.clone(), table, &[("kind", kind), ("in", ward), ("part", part)]);
        self.lists(ward, &code, table.text("letter"), table);
        let has_list = LISTS.iter().any(|(key, _)| table.values.contains_key(key));
        if kind == "side-room" && !has_list && !table.is_set("off") {
            let own = Value { at: table.at.clone(), items: vec![part.to_owned()] };
            self.list(ward, &code, None, ("beds", "bed"), &own);
        }
    }

    /// Another place on a ward: its `in` is the part of a code within the ward.
    fn inside(&mut self, ward: &str, code: String, part: &str, table: &Table) {
        let of = table.text("in").map(|room| {
            let rooms = ["bay", "side-room"].map(|kind| format!("{ward}-{kind}-{room}"));
            rooms.into_iter().find(|code| self.has(code)).unwrap_or_else(|| format!("{ward}-{room}"))
        });
        let mut more = vec![(ELSE_IN, ward), ("part", part)];
        more.extend(of.as_deref().map(|of| ("in", of)));
        self.push(What::Place, code, table, &more);
    }

    fn has(&self, code: &str) -> bool {
        self.objects.objects.iter().any(|object| object.what == What::Place && object.code == code)
    }

    fn lists(&mut self, ward: &str, of: &str, letter: Option<&str>, table: &Table) {
        for list in LISTS {
            if let Some(labels) = table.values.get(list.0) {
                self.list(ward, of, letter, list, labels);
            }
        }
    }

    /// One place for each label of a list.
    fn list(&mut self, ward: &str, of: &str, letter: Option<&str>, list: (&'static str, &str), labels: &Value) {
        let (key, kind) = list;
        self.objects.lists.push((of.to_owned(), key));
        for label in &labels.items {
            let part = part_of(label);
            let code =
                if kind == "cubicle" { format!("{of}-{}", plain_part(label)) } else { format!("{ward}-{kind}-{part}") };
            let shown = format!("{}{label}", letter.unwrap_or_default());
            let table = Table { at: labels.at.clone(), ..Table::default() };
            self.push(What::Place, code, &table, &[("kind", kind), ("in", of), ("part", label), ("label", &shown)]);
            if let Some(last) = self.objects.objects.last_mut() {
                last.list = Some((of.to_owned(), key));
            }
        }
    }

    /// The code of a table; without one it is no object.
    fn code(&mut self, table: &Table) -> Option<String> {
        match table.text("code") {
            Some(code) => Some(code.to_owned()),
            None if table.values.contains_key("code") => None,
            None => {
                let advice = "Write: code = \"heron\"";
                self.findings.push(MISSING_KEY.found(&table.at, "there is no code", advice));
                None
            }
        }
    }

    fn push(&mut self, what: What, code: String, table: &Table, more: &[(&'static str, &str)]) {
        let is_list = |key: &str| LISTS.iter().any(|(list, _)| *list == key);
        let own = table
            .values
            .iter()
            .filter(|(key, _)| !matches!(**key, "code" | "site" | "off" | "letter") && !is_list(key));
        let mut values: BTreeMap<&'static str, Value> = own.map(|(key, value)| (*key, value.clone())).collect();
        for (key, text) in more {
            let at = table.values.get(if *key == "in" && !table.values.contains_key("in") { "site" } else { key });
            let at = at.map_or_else(|| table.at.clone(), |value| value.at.clone());
            values.insert(key, Value { at, items: vec![(*text).to_owned()] });
        }
        let off = table.is_set("off");
        self.objects.objects.push(Object { what, code, at: table.at.clone(), values, list: None, off });
    }
}

/// A label as a part of a code: a number with two digits, anything else in small letters.
fn part_of(label: &str) -> String {
    match label.parse::<u16>() {
        Ok(number) => format!("{number:02}"),
        Err(_) => plain_part(label),
    }
}

fn plain_part(label: &str) -> String {
    let part = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
    label.trim().chars().map(part).collect()
}
