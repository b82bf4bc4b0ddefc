//! What a document consists of: plain data, decided by whoever has something to say and laid out by `pages`. It knows no
//! measure and no place on a page.

use crate::fonts::{Face, Span};

/// What a document consists of.
#[derive(Debug)]
pub(crate) struct Paper {
    /// The document's title, for programs that show it.
    pub(crate) title: String,
    /// What it is about, for the same.
    pub(crate) about: String,
    /// When what it states was signed, if that is known.
    pub(crate) moment: Option<String>,
    /// Name of the file that goes with it.
    pub(crate) file: String,
    /// At the foot of every page, before the page's number.
    pub(crate) foot: String,
    pub(crate) blocks: Vec<Block>,
}

/// A part of a document.
#[derive(Debug)]
pub(crate) enum Block {
    Title(String),
    /// A line or two under the title.
    Lead(Vec<Span>),
    Heading(&'static str),
    Text(Vec<Span>),
    List {
        is_numbered: bool,
        items: Vec<Vec<Span>>,
    },
    Table(Table),
    /// Lines that are compared letter by letter.
    Code {
        title: Option<String>,
        lines: Vec<String>,
    },
    Notice {
        is_alarm: bool,
        title: String,
        text: Vec<Span>,
    },
}

/// A table. Rows may be of any height; a row goes over to the next page when it must, and the head stands there again.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    /// Whether the columns' names are shown.
    pub(crate) has_head: bool,
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// Its part of the width; the parts of a table make 1.
    pub(crate) part: f32,
    pub(crate) is_number: bool,
}

/// A cell.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) face: Face,
    pub(crate) text: String,
    /// Whether it is shown white on dark: something is wrong.
    pub(crate) is_alarm: bool,
}
