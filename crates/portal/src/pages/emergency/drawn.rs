//! What the rows of an emergency department's board are drawn from: they are drawn again when one of these is another.
//! Knows neither where the rows are kept nor how one looks.

use std::collections::BTreeMap;

use super::{BoardView, row};
use crate::gather::emergency::Row;
use crate::pages::drawn::{self, Drawn, minute};

/// The rows of a department's board as they were drawn last.
pub(crate) type DrawnRows = drawn::DrawnRows<All, Own>;

/// What all rows are drawn from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct All {
    minute: i64,
    /// Whether clinical content is shown, and whether the reader changes who is where.
    shows: (bool, bool),
}

/// What one row alone is drawn from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Own {
    row: Row,
    /// The patient's shortened name.
    short: String,
}

/// The rows of the patients by name, also of those whom a question leaves out.
pub(super) fn rows(view: &BoardView<'_>) -> BTreeMap<String, Drawn> {
    let all = All { minute: minute(view.now), shows: (view.is_clinical, view.changes) };
    let own = view.board.rows().map(|of| (row::id(of), Own { row: of.clone(), short: view.short(of).to_owned() }));
    let draw = |own: &Own| Drawn {
        html: row::row(view, &own.row).into_string().into(),
        mark: format!("{:?}", own.row).into(),
    };
    view.board.drawn.of(all, own, draw)
}
