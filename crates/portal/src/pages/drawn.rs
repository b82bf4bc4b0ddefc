//! The rows of a board as they were drawn last. Of thirty rows one changes at a time, and a board is looked at by many: a row
//! that says the same is not drawn again within a minute, for pages and live boards together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use maud::{Markup, PreEscaped};
use terms::Moment;

const MINUTE_MS: i64 = 60_000;

/// A row as it stands in a page, and what it says beside time: while that stays, the row has not changed.
#[derive(Debug, Clone)]
pub(crate) struct Drawn {
    pub(crate) html: Arc<str>,
    pub(crate) mark: Arc<str>,
}

/// The rows of one board for those who reach the same. `All` is what every row is drawn from, the minute among it, and `Own`
/// what one alone is.
#[derive(Debug)]
pub(crate) struct DrawnRows<All, Own>(Mutex<Arc<Last<All, Own>>>);

#[derive(Debug)]
struct Last<All, Own> {
    all: Option<All>,
    rows: BTreeMap<String, Arc<(Own, Drawn)>>,
}

impl<All, Own> Default for DrawnRows<All, Own> {
    fn default() -> DrawnRows<All, Own> {
        DrawnRows(Mutex::new(Arc::new(Last { all: None, rows: BTreeMap::new() })))
    }
}

impl<All: PartialEq, Own: PartialEq> DrawnRows<All, Own> {
    /// The rows by name, of which only those are drawn that are other than they were.
    pub(super) fn of(
        &self,
        all: All,
        rows: impl Iterator<Item = (String, Own)>,
        draw: impl Fn(&Own) -> Drawn,
    ) -> BTreeMap<String, Drawn> {
        let before = Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let is_like = before.all.as_ref() == Some(&all);
        let known = |(id, own): (String, Own)| {
            let same = before.rows.get(&id).filter(|known| is_like && known.0 == own).cloned();
            let known = same.unwrap_or_else(|| {
                let drawn = draw(&own);
                Arc::new((own, drawn))
            });
            (id, known)
        };
        let rows: BTreeMap<String, Arc<(Own, Drawn)>> = rows.map(known).collect();
        let drawn = rows.iter().map(|(id, known)| (id.clone(), known.1.clone())).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(Last { all: Some(all), rows });
        drawn
    }
}

impl Drawn {
    /// What stands in a page.
    pub(super) fn markup(&self) -> Markup {
        PreEscaped(self.html.to_string())
    }
}

/// The minute in which a row is drawn.
pub(super) fn minute(now: Moment) -> i64 {
    now.0.div_euclid(MINUTE_MS)
}
