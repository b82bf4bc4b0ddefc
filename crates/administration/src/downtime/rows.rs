//! The index rows of downtimes and their numbers, pure functions of a Task's text.
//!
//! | parameter | parts | of |
//! | --- | --- | --- |
//! | `~downtime` | `Text(goes-on or ended)` | downtimes |
//! | `~downtime-number` | `Text(number)` | numbers, letters and digits alone |
//! | `~downtime-state` | `Text(kind)`, `Text(state)` | numbers by how they stand |
//! | `~downtime-block` | `Text(block)`, `Text(state)` | the same of those that were issued together |

use fhir::Node;
use terms::index::{Part, Row, Span};

use super::number::{Downtime, Kind, Number, State};

/// Downtimes.
pub(super) const DOWNTIMES: &str = "~downtime";
/// Numbers.
const NUMBER: &str = "~downtime-number";
/// Numbers by how they stand.
const STATE: &str = "~downtime-state";
/// Those that were issued together.
const BLOCK: &str = "~downtime-block";

/// Adds the rows of a Task.
pub(crate) fn downtime_rows(task: Node<'_, '_>, rows: &mut Vec<Row>) {
    if let Some(downtime) = Downtime::of(task) {
        let state = if downtime.ended.is_some() { "ended" } else { "goes-on" };
        rows.push(Row::one(DOWNTIMES, word(state)));
    }
    if let Some(number) = Number::of(task) {
        let state = number.state.code();
        rows.push(Row::one(NUMBER, word(&number.normal())));
        rows.push(Row::of(STATE, [word(number.kind.code()), word(state)]));
        rows.push(Row::of(BLOCK, [word(&number.block), word(state)]));
    }
}

/// The number with these letters and digits.
pub(super) fn numbered(normal: &str) -> Span {
    Span::head(NUMBER, [word(normal)])
}

/// The numbers of a kind that stand so.
pub(super) fn standing(kind: Kind, state: State) -> Span {
    Span::head(STATE, [word(kind.code()), word(state.code())])
}

/// The numbers that were issued together and stand so.
pub(super) fn in_block(block: &str, state: State) -> Span {
    Span::head(BLOCK, [word(block), word(state.code())])
}

fn word(text: &str) -> Part {
    Part::Text(text.as_bytes().to_vec())
}
