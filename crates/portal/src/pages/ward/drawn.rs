//! What the rows of a ward's board are drawn from: they are drawn again when one of these is another.
//! Knows neither where the rows are kept nor how one looks.

use std::collections::BTreeMap;
use std::sync::Arc;

use administration::boards::BoardRow;
use administration::places::Ward;

use super::BoardView;
use super::menu::free;
use super::row::{mark, row};
use crate::gather::ward::OnBoard;
use crate::pages::drawn::{self, Drawn, minute};

/// The rows of a ward's board as they were drawn last.
pub(crate) type DrawnRows = drawn::DrawnRows<All, Own>;

/// What all rows are drawn from.
pub(crate) struct All {
    minute: i64,
    /// Whether clinical content is shown, and whether patients are moved.
    shows: (bool, bool),
    ward: Arc<Ward>,
    /// The beds that a menu may offer.
    free: Vec<String>,
}

/// What one row alone is drawn from.
pub(crate) struct Own {
    row: BoardRow,
    patients: [(Option<Arc<OnBoard>>, String); 2],
}

impl PartialEq for All {
    fn eq(&self, other: &All) -> bool {
        Arc::ptr_eq(&self.ward, &other.ward)
            && (self.minute, self.shows) == (other.minute, other.shows)
            && self.free == other.free
    }
}

impl PartialEq for Own {
    fn eq(&self, other: &Own) -> bool {
        let is_same = |(one, other): (&Option<Arc<OnBoard>>, &Option<Arc<OnBoard>>)| match (one, other) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        let mut pairs = self.patients.iter().zip(&other.patients);
        pairs.all(|(one, other)| is_same((&one.0, &other.0)) && one.1 == other.1) && self.row == other.row
    }
}

/// The rows of a board by name.
pub(super) fn rows(view: &BoardView<'_>) -> BTreeMap<String, Drawn> {
    let all = All {
        minute: minute(view.now),
        shows: (view.is_clinical, view.moves),
        ward: Arc::clone(&view.gathered.ward),
        free: free(view.board()).map(|bed| bed.id.clone()).collect(),
    };
    let own = view.board().rows().map(|row| (row.id(), Own { row: row.clone(), patients: patients(view, row) }));
    let draw = |own: &Own| Drawn { html: row(view, &own.row).into_string().into(), mark: mark(view, &own.row).into() };
    view.gathered.drawn.of(all, own, draw)
}

/// Who is in a bed and for whom it is kept, each with what is said of them and their shortened name.
fn patients(view: &BoardView<'_>, row: &BoardRow) -> [(Option<Arc<OnBoard>>, String); 2] {
    let stays = [row.occupant.as_ref().map(|occupant| &occupant.stay), row.kept_for.as_ref()];
    stays.map(|stay| {
        let id = stay.and_then(|stay| stay.patient.as_deref());
        (id.and_then(|id| view.gathered.patients.get(id)).cloned(), view.short(id).to_owned())
    })
}
