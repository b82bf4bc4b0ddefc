//! What a board is made from, as it is read from a record: the ward, the stays that name its places, and the places
//! outside it where they are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use record::{Problem, Reading};
use terms::{Moment, local_date};

use super::WardBoard;
use crate::census::{Stays, census};
use crate::places::{self, Places, Ward};
use crate::stays;

/// What the boards are kept as, by the day that they show.
const BOARDS: &str = "boards";

/// What a board is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardFacts {
    /// The ward.
    pub ward: Arc<Ward>,
    /// Every stay that is there, is said to be, or is expected.
    pub stays: Stays,
    /// Places outside the ward that these stays name, by id.
    pub elsewhere: Places,
}

/// A ward's board, and what it was made from.
struct Made {
    ward: Arc<Ward>,
    stays: Stays,
    board: Arc<WardBoard>,
}

/// Reads them; `None` when there is no such ward or the permit does not reach it. It shows nobody yet: whoever puts
/// patients on a page reads who they are.
pub async fn board_facts(reading: &Reading, ward: &str) -> Result<Option<BoardFacts>, Problem> {
    let census = census(reading).await?;
    let (ward, stays) = match census.ward(ward) {
        Some(known) => known.clone(),
        // Some place that is no ward, such as a bay.
        None => {
            let Some(place) = places::ward(reading, ward).await? else { return Ok(None) };
            let stays = stays::in_ward(reading, &place).await?;
            (place, Arc::new(stays.into_iter().map(Arc::new).collect()))
        }
    };
    let outside = stays.iter().filter_map(|stay| stay.place()).filter(|place| ward.find(&place.place).is_none());
    let elsewhere = outside.filter_map(|at| Some((at.place.clone(), census.place(&at.place)?.clone()))).collect();
    Ok(Some(BoardFacts { ward, stays, elsewhere }))
}

/// Every ward's board in the order of the wards, without who could be taken for whom: for numbers and beds.
pub async fn all_boards(reading: &Reading, now: Moment) -> Result<Vec<Arc<WardBoard>>, Problem> {
    let boards = |made: &Vec<Made>| made.iter().map(|made| Arc::clone(&made.board)).collect();
    let day = local_date(now).to_string();
    if let Some(made) = reading.kept::<Vec<Made>>(BOARDS, &day, Duration::MAX).await? {
        return Ok(boards(&made));
    }
    let own = reading.to_count();
    let census = census(&own).await?;
    let before = reading.kept_before::<Vec<Made>>(BOARDS, &day).await?;
    let before: BTreeMap<&str, &Made> =
        before.iter().flat_map(|(made, _)| made.iter()).map(|made| (made.ward.place.id.as_str(), made)).collect();
    let mut made = Vec::with_capacity(census.wards.len());
    for (ward, stays) in census.wards.iter().filter(|(ward, _)| ward.place.kind.is_ward()) {
        let same = before.get(ward.place.id.as_str());
        let same = same.filter(|made| Arc::ptr_eq(&made.ward, ward) && Arc::ptr_eq(&made.stays, stays));
        let board = match same {
            Some(made) => Arc::clone(&made.board),
            None => Arc::new(WardBoard::of(ward, stays, &census.places, &BTreeMap::new(), now)),
        };
        made.push(Made { ward: Arc::clone(ward), stays: Arc::clone(stays), board });
    }
    Ok(boards(&*reading.keep((BOARDS, &day), own, made).await?))
}
