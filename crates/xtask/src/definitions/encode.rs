//! The table's encoding: LEB128 numbers, and texts as numbers into one pool.
//! `docs/formats/definitions.md` describes the result; `fhir` has the reader. Does not know what is written.

use std::collections::HashMap;

/// A table under construction. What is written becomes the body; texts go to the pool once each.
pub(super) struct Table {
    pool: Vec<String>,
    places: HashMap<String, usize>,
    body: Vec<u8>,
}

/// The first bytes of every table; the last one is the version of the layout.
const MAGIC: &[u8; 8] = b"ALMFHIR\x01";

impl Table {
    /// An empty table. Text number 0 is the empty text.
    pub(super) fn new() -> Table {
        let mut table = Table { pool: Vec::new(), places: HashMap::new(), body: Vec::new() };
        table.place("");
        table
    }

    pub(super) fn number(&mut self, number: usize) {
        write_number(&mut self.body, number);
    }

    pub(super) fn text(&mut self, text: &str) {
        let place = self.place(text);
        self.number(place);
    }

    /// A count and that many texts.
    pub(super) fn texts<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) {
        let texts: Vec<_> = texts.into_iter().collect();
        self.number(texts.len());
        for text in texts {
            self.text(text);
        }
    }

    /// Magic, pool (count, lengths, bytes), body.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        write_number(&mut out, self.pool.len());
        for text in &self.pool {
            write_number(&mut out, text.len());
        }
        for text in &self.pool {
            out.extend_from_slice(text.as_bytes());
        }
        out.extend_from_slice(&self.body);
        out
    }

    fn place(&mut self, text: &str) -> usize {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        self.pool.push(text.to_owned());
        self.places.insert(text.to_owned(), self.pool.len() - 1);
        self.pool.len() - 1
    }
}

fn write_number(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
