//! What a board is made from, as it is read from a record: the ward, the stays that name its places, and the places
//! outside it where they are.

use std::collections::BTreeMap;

use record::{Key, Problem, Reading};
use terms::Moment;

use super::WardBoard;
use crate::draft;
use crate::places::{self, Place, Ward};
use crate::stays::{self, Stay};

/// What a board is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardFacts {
    /// The ward.
    pub ward: Ward,
    /// Every stay that is there, is said to be, or is expected.
    pub stays: Vec<Stay>,
    /// Places outside the ward that these stays name, by id.
    pub elsewhere: BTreeMap<String, Place>,
}

/// Reads them; `None` when there is no such ward or the permit does not reach it.
pub async fn board_facts(reading: &Reading, ward: &str) -> Result<Option<BoardFacts>, Problem> {
    let Some(ward) = places::ward(reading, ward).await? else { return Ok(None) };
    let stays = stays::in_ward(reading, &ward).await?;
    let outside =
        |stay: &Stay| stay.place().filter(|place| ward.find(&place.place).is_none()).map(|at| at.place.clone());
    let mut ids: Vec<String> = stays.iter().filter_map(outside).collect();
    ids.sort_unstable();
    ids.dedup();
    let keys: Vec<Key> = ids.into_iter().map(|id| Key::new("Location", id)).collect();
    let mut elsewhere = BTreeMap::new();
    for version in reading.get_many(&keys).await? {
        let place = Place::of(draft::document(&version)?.root());
        elsewhere.insert(place.id.clone(), place);
    }
    Ok(Some(BoardFacts { ward, stays, elsewhere }))
}

/// Every ward's board in the order of the wards, without who could be taken for whom: for numbers.
pub async fn all_boards(reading: &Reading, now: Moment) -> Result<Vec<WardBoard>, Problem> {
    let all = places::places(reading).await?;
    let stays = stays::everywhere(reading).await?;
    let mut wards: Vec<&Place> = all.values().filter(|place| place.kind.is_ward()).collect();
    wards.sort_by(|one, other| (one.position, &one.name).cmp(&(other.position, &other.name)));
    let board = |ward: &Place| {
        let ward = places::ward_among(&all, ward);
        let is_here = |stay: &&Stay| stay.places.iter().any(|place| ward.find(&place.place).is_some());
        let own: Vec<Stay> = stays.iter().filter(is_here).cloned().collect();
        WardBoard::of(&ward, &own, &all, &BTreeMap::new(), now)
    };
    Ok(wards.into_iter().map(board).collect())
}
