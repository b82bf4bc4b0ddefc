//! The rows of a board as they were drawn last. Of thirty rows one changes at a time, and a board is looked at by many: a row
//! whose patient, bed and choices are the same is not drawn again within a minute.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use administration::boards::BoardRow;
use administration::places::Ward;
use maud::{Markup, PreEscaped};

use super::menu::free;
use super::row::{mark, row};
use super::{BoardView, Drawn};
use crate::gather::ward::OnBoard;

const MINUTE_MS: i64 = 60_000;

/// The rows of one board for those who reach the same.
#[derive(Default)]
pub(crate) struct DrawnRows(Mutex<Arc<Last>>);

/// The rows, and what all of them were drawn from.
#[derive(Default)]
struct Last {
    minute: i64,
    /// Whether clinical content is shown, and whether patients are moved.
    shows: (bool, bool),
    ward: Option<Arc<Ward>>,
    /// The beds that a menu may offer.
    free: Vec<String>,
    rows: BTreeMap<String, Arc<Known>>,
}

/// A row, and what it alone was drawn from.
struct Known {
    row: BoardRow,
    patients: Vec<(Option<Arc<OnBoard>>, String)>,
    drawn: Drawn,
}

impl DrawnRows {
    /// The rows of a board by name, of which only those are drawn that are other than they were.
    pub(super) fn of(&self, view: &BoardView<'_>) -> BTreeMap<String, Drawn> {
        let before = Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut last = Last {
            minute: view.now.0.div_euclid(MINUTE_MS),
            shows: (view.is_clinical, view.moves),
            ward: Some(Arc::clone(&view.gathered.ward)),
            free: free(view.board()).map(|bed| bed.id.clone()).collect(),
            rows: BTreeMap::new(),
        };
        let is_like = before.is_like(&last);
        for row in view.board().rows() {
            let patients = patients(view, row);
            let same = before.rows.get(&row.id()).filter(|known| is_like && known.is_of(row, &patients)).cloned();
            let known = same.unwrap_or_else(|| Arc::new(Known { row: row.clone(), patients, drawn: draw(view, row) }));
            last.rows.insert(row.id(), known);
        }
        let drawn = last.rows.iter().map(|(id, known)| (id.clone(), known.drawn.clone())).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(last);
        drawn
    }
}

impl Last {
    fn is_like(&self, other: &Last) -> bool {
        let is_ward = self.ward.as_ref().zip(other.ward.as_ref()).is_some_and(|(one, other)| Arc::ptr_eq(one, other));
        is_ward && (self.minute, self.shows) == (other.minute, other.shows) && self.free == other.free
    }
}

impl Known {
    fn is_of(&self, row: &BoardRow, patients: &[(Option<Arc<OnBoard>>, String)]) -> bool {
        let is_same = |(one, other): (&Option<Arc<OnBoard>>, &Option<Arc<OnBoard>>)| match (one, other) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        let mut pairs = self.patients.iter().zip(patients);
        pairs.all(|(one, other)| is_same((&one.0, &other.0)) && one.1 == other.1) && self.row == *row
    }
}

/// Who is in a bed and for whom it is kept, each with what is said of them and their shortened name.
fn patients(view: &BoardView<'_>, row: &BoardRow) -> Vec<(Option<Arc<OnBoard>>, String)> {
    let stays = [row.occupant.as_ref().map(|occupant| &occupant.stay), row.kept_for.as_ref()];
    let patient = |stay: Option<&administration::stays::Stay>| {
        let id = stay.and_then(|stay| stay.patient.as_deref());
        (id.and_then(|id| view.gathered.patients.get(id)).cloned(), view.short(id).to_owned())
    };
    stays.map(patient).into()
}

fn draw(view: &BoardView<'_>, of: &BoardRow) -> Drawn {
    Drawn { html: row(view, of).into_string().into(), mark: mark(view, of).into() }
}

impl Drawn {
    /// What stands in a page.
    pub(super) fn markup(&self) -> Markup {
        PreEscaped(self.html.to_string())
    }
}
