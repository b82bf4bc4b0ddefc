//! Reads the people of a CSV (RFC 4180), one after the other: what is kept of each is what matching needs.
//! A fault of the file is refused with its line; no value is ever repeated in a sentence.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use administration::matching::{Born, Demographics, People, Sex};

use super::MatchFile;
use super::columns::{Columns, PersonField};
use crate::failure::Failure;
use crate::work::{Listener, Progress};

/// Lines of faults that are listed.
const MOST_LINES: usize = 20;
/// News after so many people.
const NEWS: usize = 5000;

/// The people of a file.
pub(super) struct Input {
    pub(super) people: People,
    /// Where each record begins.
    pub(super) lines: Vec<u64>,
    /// Empty where no column holds ids.
    pub(super) ids: Vec<Box<str>>,
    pub(super) columns: Vec<(String, String)>,
    pub(super) unread_dates: u64,
    pub(super) unread_date_lines: Vec<u64>,
}

/// Counts the bytes that pass.
struct Counting<'c> {
    file: File,
    count: &'c AtomicU64,
}

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Reads everybody.
pub(super) fn people(work: &MatchFile, listener: Listener<'_>) -> Result<Input, Failure> {
    let name = work.input.display().to_string();
    let refused = |error: std::io::Error| Failure::refused(format!("reading {name}: {error}"));
    let file = File::open(&work.input).map_err(refused)?;
    let size = file.metadata().map_err(refused)?.len();
    let bytes = AtomicU64::new(0);
    let mut reader = csv::ReaderBuilder::new().from_reader(Counting { file, count: &bytes });
    let header = reader.headers().map_err(|error| fault(&work.input, &error))?.clone();
    let header: Vec<String> = header.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
    if header.iter().all(|name| name.trim().is_empty()) {
        return Err(Failure::refused(format!("{name} has no header: its first line must name the columns.")));
    }
    let columns = Columns::find(&work.columns, &header, &name)?;
    let mut input = Input {
        people: People::new(),
        lines: Vec::new(),
        ids: Vec::new(),
        columns: columns.used(&header),
        unread_dates: 0,
        unread_date_lines: Vec::new(),
    };
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| fault(&work.input, &error))? {
        let line = record.position().map_or(0, csv::Position::line);
        input.add(&columns, &record, line);
        if input.people.len().is_multiple_of(NEWS) {
            let (done, items) = (bytes.load(Ordering::Relaxed), input.people.len() as u64);
            listener(Progress { doing: "Reading".to_owned(), done, total: Some(size), items });
        }
        if input.people.len() >= u32::MAX as usize {
            return Err(Failure::refused(format!("{name} has more people than can be matched at once: split it.")));
        }
    }
    Ok(input)
}

impl Input {
    fn add(&mut self, columns: &Columns, record: &csv::StringRecord, line: u64) {
        let values = |field: PersonField| -> Vec<String> {
            let values = columns.of(field).filter_map(|place| record.get(place)).map(str::trim);
            values.filter(|value| !value.is_empty()).map(str::to_owned).collect()
        };
        let first = |field: PersonField| values(field).into_iter().next();
        let written = first(PersonField::Born);
        let born = written.as_deref().and_then(Born::read);
        if written.is_some() && born.is_none() {
            self.unread_dates += 1;
            if self.unread_date_lines.len() < MOST_LINES {
                self.unread_date_lines.push(line);
            }
        }
        self.people.add(&Demographics {
            surnames: values(PersonField::Surname),
            given: values(PersonField::Given),
            born,
            sex: first(PersonField::Sex).as_deref().and_then(Sex::read),
            nhs_number: first(PersonField::NhsNumber),
            postcode: first(PersonField::Postcode),
            address: values(PersonField::Address),
            phones: values(PersonField::Phone),
        });
        self.lines.push(line);
        if columns.has(PersonField::Id) {
            self.ids.push(first(PersonField::Id).unwrap_or_default().into());
        }
    }
}

/// What is wrong with the file, as a sentence with the line.
fn fault(path: &Path, error: &csv::Error) -> Failure {
    let name = path.display();
    let line = error.position().map_or_else(String::new, |position| format!(", line {}", position.line()));
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => {
            Failure::refused(format!("{name}{line}: this is not UTF-8 text. Save the file as UTF-8."))
        }
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => Failure::refused(format!(
            "{name}{line}: {len} values where the header names {expected_len}. A value with a comma stands in quotes."
        )),
        _ => Failure::refused(format!("reading {name}{line}: {error}")),
    }
}
