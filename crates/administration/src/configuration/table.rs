//! One file as tables of values with their lines: TOML walked along the schema. What is unknown, or of another form than
//! its key asks for, is a finding with its line and what to write; the rest is read on.
//!
//! Knows the forms of values and nothing of what they mean.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::files::{File, MOST_FILE_BYTES};
use super::finding::{At, BAD_TEXT, Finding, NOT_TOML, UNKNOWN_KEY, WRONG_FORM};
use super::schema::{FILE, Key, Shape};

/// Longest text of one value, in characters.
const LONGEST_TEXT: usize = 500;
/// How many letters may differ for a key to be guessed.
const NEAR: usize = 3;

/// A table with its values.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub(super) at: At,
    pub(super) values: BTreeMap<&'static str, Value>,
    /// The tables in it, in the order of their lines.
    pub(super) tables: Vec<(&'static str, Table)>,
}

/// A value: of a text one item, of a flag one `true` or `false`, of a list its items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) at: At,
    pub(super) items: Vec<String>,
}

impl Table {
    /// A text value.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key)?.items.first().map(String::as_str)
    }

    /// Whether a flag is set.
    pub(super) fn is_set(&self, key: &str) -> bool {
        self.text(key) == Some("true")
    }
}

/// Reads a file. One that is no TOML gives an empty table and a finding.
pub(super) fn read_file(file: &File, findings: &mut Vec<Finding>) -> Table {
    let first = At { file: file.name.clone(), line: 1 };
    if file.text.len() > MOST_FILE_BYTES {
        let what = format!("the file has more than {} kB", MOST_FILE_BYTES >> 10);
        findings.push(NOT_TOML.found(&first, what, "Split it: every file of the folder is read."));
        return Table::default();
    }
    let mut reader = Reader { file, lines: line_starts(&file.text), findings };
    match DeTable::parse(&file.text) {
        Ok(table) => reader.table(table.get_ref(), FILE, first, "the file"),
        Err(error) => {
            let at = error.span().map_or(first, |span| reader.at(span.start));
            let what = error.message().lines().next().unwrap_or("the text is no TOML").trim().to_owned();
            let advice = "Write TOML, such as name = \"Heron ward\".";
            reader.findings.push(NOT_TOML.found(&at, what, advice));
            Table::default()
        }
    }
}

/// The byte offsets at which lines begin.
fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

struct Reader<'a> {
    file: &'a File,
    lines: Vec<usize>,
    findings: &'a mut Vec<Finding>,
}

impl Reader<'_> {
    fn at(&self, offset: usize) -> At {
        At { file: self.file.name.clone(), line: self.lines.partition_point(|start| *start <= offset) }
    }

    fn table(&mut self, table: &DeTable<'_>, keys: &'static [Key], at: At, name: &str) -> Table {
        let mut read = Table { at, ..Table::default() };
        for (key, value) in table {
            let at = self.at(key.span().start);
            match keys.iter().find(|known| known.name == key.get_ref().as_ref()) {
                Some(known) => self.value(known, value, at, &mut read),
                None => self.unknown(key.get_ref(), keys, &at, name),
            }
        }
        read.tables.sort_by_key(|(_, table)| table.at.line);
        read
    }

    fn value(&mut self, key: &'static Key, value: &Spanned<DeValue<'_>>, at: At, into: &mut Table) {
        let items = match (key.shape, value.get_ref()) {
            (Shape::Text, value) => label(value).map(|text| vec![text]),
            (Shape::Flag, DeValue::Boolean(flag)) => Some(vec![flag.to_string()]),
            (Shape::Texts, DeValue::Array(items)) => items.iter().map(|item| text(item.get_ref())).collect(),
            (Shape::Labels, DeValue::Array(items)) => items.iter().map(|item| label(item.get_ref())).collect(),
            (Shape::Table(keys), DeValue::Table(table)) => {
                let table = self.table(table, keys, at, key.name);
                into.tables.push((key.name, table));
                return;
            }
            (Shape::Tables(keys), DeValue::Array(items)) => {
                self.tables(key.name, keys, items, into);
                return;
            }
            _ => None,
        };
        let Some(items) = items else {
            let what = format!("{} has another form than it should", key.name);
            return self.findings.push(WRONG_FORM.found(&at, what, example(key)));
        };
        if items.iter().any(|item| !is_one_line(item)) {
            let what = format!("{} has no text, more than {LONGEST_TEXT} characters, or more than one line", key.name);
            return self.findings.push(BAD_TEXT.found(&at, what, "Write one short line, or leave the key out."));
        }
        into.values.insert(key.name, Value { at, items });
    }

    fn tables(&mut self, name: &'static str, keys: &'static [Key], items: &toml::de::DeArray<'_>, into: &mut Table) {
        for item in items.iter() {
            let at = self.at(item.span().start);
            let DeValue::Table(table) = item.get_ref() else {
                let what = format!("{name} has another form than it should");
                self.findings.push(WRONG_FORM.found(&at, what, format!("Write [[{name}]] on a line of its own.")));
                continue;
            };
            let table = self.table(table, keys, at, name);
            into.tables.push((name, table));
        }
    }

    fn unknown(&mut self, key: &str, keys: &[Key], at: &At, name: &str) {
        let near = keys.iter().map(|known| (strsim::damerau_levenshtein(known.name, key), known.name));
        let near = near.min().filter(|(distance, known)| *distance <= NEAR && *distance < known.len());
        let advice = match near {
            Some((_, known)) => format!("Write: {known}"),
            None => format!("Known here: {}.", keys.iter().map(|known| known.name).collect::<Vec<_>>().join(", ")),
        };
        self.findings.push(UNKNOWN_KEY.found(at, format!("“{key}” is not known in {name}"), advice));
    }
}

fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.as_ref().to_owned()),
        _ => None,
    }
}

/// A text, or a whole number as its digits.
fn label(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        value => text(value),
    }
}

fn is_one_line(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= LONGEST_TEXT && !text.chars().any(char::is_control)
}

fn example(key: &Key) -> String {
    let Key { name, shape } = key;
    match shape {
        Shape::Text => format!("Write: {name} = \"text\""),
        Shape::Flag => format!("Write: {name} = true"),
        Shape::Texts => format!("Write: {name} = [\"one\", \"other\"]"),
        Shape::Labels => format!("Write: {name} = [1, 2, 3]"),
        Shape::Table(_) => format!("Write [{name}] on a line of its own."),
        Shape::Tables(_) => format!("Write [[{name}]] on a line of its own."),
    }
}
