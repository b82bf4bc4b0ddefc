//! Opening a restricted record: the reason, and until when it holds. One form, whatever the reason: an emergency is
//! asked for no words. Whoever has given a reason that still holds is not asked again.

use record::{Draft, Key, Reading, TransactError};
use terms::Moment;

use super::gather::{Restriction, in_force};
use super::{EMERGENCY, HOLDS_HOURS, Opening, REASONS};
use crate::draft;
use crate::refusal::Refusal;
use crate::registration::codes::words;

/// Fewest characters of somebody's own words.
const SHORTEST: usize = 10;
/// Most of them.
const LONGEST: usize = 500;
const HOUR_MS: i64 = 3_600_000;

/// Opens a restricted record for whoever asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRestricted {
    /// The new AuditEvent's id.
    pub id: String,
    /// The Patient.
    pub patient: String,
    /// Why, a code of [`REASONS`].
    pub reason: String,
    /// Why, in own words.
    pub words: String,
}

impl OpenRestricted {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let principal = reading.permit().principal();
        if !reading.permit().scope().reads.contains("AllergyIntolerance") {
            let sentence = "A restricted record is opened by those who see clinical content.";
            return Err(TransactError::Refused(Refusal::new("not-clinical", sentence)));
        }
        let restriction = Restriction::of(reading, &self.patient).await?;
        let is_open = match &restriction {
            Some(restriction) => in_force(reading, restriction, &principal.id, now).await?.is_some(),
            None => false,
        };
        let words = self.decide(restriction.is_some(), is_open).map_err(TransactError::Refused)?;
        let opening = Opening {
            id: self.id.clone(),
            by: principal.id.clone(),
            name: principal.name.clone(),
            patient: self.patient.clone(),
            from: now,
            until: Moment(now.0 + HOLDS_HOURS * HOUR_MS),
            reason: self.reason.clone(),
            words: words.map(str::to_owned),
        };
        let change = draft::put(Key::new("AuditEvent", self.id.as_str()), opening.text().as_bytes())?;
        Ok(Draft { changes: vec![change], assertions: Vec::new() })
    }

    fn decide(&self, is_restricted: bool, is_open: bool) -> Result<Option<&str>, Refusal> {
        if !is_restricted || is_open {
            return Err(Refusal::new("open-already", "This record is open to you. Go on to the page."));
        }
        if words(REASONS, &self.reason).is_none() {
            return Err(Refusal::at("reason-missing", "reason", "Choose why you need this record."));
        }
        let own = self.words.trim();
        match own.chars().count() {
            0 if self.reason == EMERGENCY => Ok(None),
            SHORTEST..=LONGEST => Ok(Some(own)),
            length if length > LONGEST => Err(Refusal::at("words-long", "words", "Write at most 500 characters.")),
            _ if self.reason == EMERGENCY => Ok(Some(own)),
            _ => {
                let sentence = "Say why in your own words, in 10 characters or more. An emergency needs none.";
                Err(Refusal::at("words-short", "words", sentence))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_chosen_and_said_but_an_emergency_waits_for_no_words() {
        let cases = [
            ("", "", Some("reason-missing")),
            ("", "I was asked to look", Some("reason-missing")),
            ("curiosity", "I was asked to look", Some("reason-missing")),
            ("care", "", Some("words-short")),
            ("care", "  on call  ", Some("words-short")),
            ("else", "Incident review 17", None),
            ("emergency", "", None),
            ("emergency", "arrest", None),
        ];
        let of = |reason: &str, words: String| OpenRestricted {
            id: "o1".into(),
            patient: "p1".into(),
            reason: reason.into(),
            words,
        };
        for (reason, words, expected) in cases {
            let refused = of(reason, words.into()).decide(true, false).err().map(|refusal| refusal.code);
            assert_eq!(refused, expected, "{reason}: {words}");
        }
        let long = of("care", "x".repeat(501));
        assert_eq!(long.decide(true, false).err().map(|refusal| refusal.code), Some("words-long"));
        let emergency = of("emergency", String::new());
        for (is_restricted, is_open) in [(false, false), (true, true)] {
            let refused = emergency.decide(is_restricted, is_open);
            assert_eq!(refused.err().map(|refusal| refusal.code), Some("open-already"));
        }
    }
}
