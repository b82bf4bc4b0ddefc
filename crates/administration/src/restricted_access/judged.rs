//! What came of openings: their reviews and follow-ups as they were recorded. Who opened judges nothing of it themselves, so
//! what they wrote about their own opening counts for nothing. Plain readings; no clock, no reading of the record.

use fhir::Node;

use super::{FollowUp, Opening, Review, TO_FOLLOW_UP};

/// Reviews and follow-ups of some openings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    reviews: Vec<Review>,
    follow_ups: Vec<FollowUp>,
}

impl Judged {
    /// Reads AuditEvents; what is neither of the two is passed over.
    pub(crate) fn of<'d, 't: 'd>(events: impl IntoIterator<Item = Node<'d, 't>>) -> Judged {
        let mut judged = Judged::default();
        for event in events {
            judged.add(event);
        }
        judged
    }

    pub(super) fn add(&mut self, event: Node<'_, '_>) {
        self.reviews.extend(Review::of(event));
        self.follow_ups.extend(FollowUp::of(event));
    }

    /// The review of an opening, the first if there are several.
    pub fn review(&self, of: &Opening) -> Option<&Review> {
        let theirs = self.reviews.iter().filter(|review| review.of == of.id && review.by != of.by);
        theirs.min_by_key(|review| review.at)
    }

    /// What was done after it, the first if it was said several times.
    pub fn follow_up(&self, of: &Opening) -> Option<&FollowUp> {
        let theirs = self.follow_ups.iter().filter(|done| done.of == of.id && done.by != of.by);
        theirs.min_by_key(|done| done.at)
    }

    /// The review by which an opening is to be followed up, until it was.
    pub fn to_follow_up(&self, of: &Opening) -> Option<&Review> {
        self.review(of).filter(|review| review.outcome == TO_FOLLOW_UP && self.follow_up(of).is_none())
    }
}
