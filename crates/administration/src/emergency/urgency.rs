//! Who must be seen to now, and in which order people stand on the board.
//!
//! Pure. *Act now* is category 1, NEWS2 of 7 or more, or a child at risk; these stand first in every area and every order.
//! Whoever has no category yet stands right behind them: nobody knows how ill they are.

use std::cmp::Reverse;

use super::Category;

/// The NEWS2 total from which the table asks for an emergency assessment (Royal College of Physicians, 2017).
pub const HIGH_SCORE: u8 = 7;

/// What is known of how ill somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Urgency {
    /// The triage category.
    pub category: Option<Category>,
    /// The newest NEWS2 total.
    pub news2: Option<u8>,
    /// Whether they are a child who is at risk.
    pub child_at_risk: bool,
}

/// The key by which people stand in an order of how ill they are: the smallest first.
pub type Rank = (bool, u8, Reverse<u8>);

impl Urgency {
    /// Whether somebody must act now.
    pub fn acts_now(&self) -> bool {
        self.category.is_some_and(|category| category.number() == 1)
            || self.news2.is_some_and(|total| total >= HIGH_SCORE)
            || self.child_at_risk
    }

    /// Their rank: act now, then by category with those not triaged before them all, then by score.
    pub fn rank(&self) -> Rank {
        let category = self.category.map_or(0, Category::number);
        // Among those to act on now who is not triaged stands behind category 1, not above it.
        let category = if self.acts_now() && category == 0 { 1 } else { category };
        (!self.acts_now(), category, Reverse(self.news2.unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urgency(category: u8, news2: Option<u8>, child_at_risk: bool) -> Urgency {
        Urgency { category: Category::of(category), news2, child_at_risk }
    }

    #[test]
    fn somebody_must_act_now_for_one_of_three_reasons() {
        let cases = [
            (urgency(1, None, false), true),
            (urgency(1, Some(0), false), true),
            (urgency(5, Some(7), false), true),
            (urgency(0, Some(12), false), true),
            (urgency(2, None, true), true),
            (urgency(2, Some(6), false), false),
            (urgency(0, None, false), false),
            (urgency(3, Some(5), false), false),
        ];
        for (urgency, acts_now) in cases {
            assert_eq!(urgency.acts_now(), acts_now, "{urgency:?}");
        }
    }

    #[test]
    fn the_sickest_stand_first_and_who_is_not_triaged_stands_before_who_can_wait() {
        let in_order = [
            urgency(1, Some(9), false),
            urgency(1, Some(7), false),
            urgency(1, None, false),
            urgency(2, None, true),
            urgency(4, Some(7), false),
            urgency(0, Some(3), false),
            urgency(0, None, false),
            urgency(2, Some(5), false),
            urgency(2, Some(4), false),
            urgency(3, Some(6), false),
            urgency(5, None, false),
        ];
        for pair in in_order.windows(2) {
            assert!(pair[0].rank() < pair[1].rank(), "{pair:?}");
        }
    }
}
