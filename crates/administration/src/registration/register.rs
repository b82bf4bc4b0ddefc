//! Registering somebody: only after a search, and never while a record that is likely the same person is unanswered.
//!
//! The commit asserts that nobody has the NHS number or the new hospital number, whoever may see them: of two clerks who
//! register one person at once, one is refused and sees the record that the other made.

use record::{Change, Draft, Key, Reading, TransactError};
use terms::Moment;

use super::likely::{Likeness, Lookalike, lookalikes};
use super::nhs_status::taken;
use super::numbers::{self, Block, HospitalNumber, holders, nobody_has};
use super::write::new_patient;
use super::{Demographics, NhsNumberStatus, codes};
use crate::draft;
use crate::merging::{Pair, Review, ReviewState};
use crate::refusal::Refusal;

/// Somebody looked at a likely match and said that it is another person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The record that was looked at.
    pub patient: String,
    /// Why it is not the same, a code of `codes::NOT_THE_SAME`.
    pub reason: String,
    /// Why, in words; needed when the reason is another.
    pub words: Option<String>,
}

/// Registers a patient.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Register {
    /// The new Patient's id.
    pub patient: String,
    /// What was searched for first.
    pub searched: String,
    /// Likely matches that were answered.
    pub answered: Vec<Answered>,
    /// Who it is.
    pub person: Demographics,
    /// Whether the trace service gave this very NHS number for this person.
    pub is_traced: bool,
}

impl Register {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        self.plan_with(reading, None, now).await
    }

    /// The same under a number that they were given on paper.
    pub(crate) async fn plan_with(
        &self,
        reading: &Reading,
        given: Option<HospitalNumber>,
        now: Moment,
    ) -> Result<Draft, TransactError<Refusal>> {
        let alike = lookalikes(reading, &self.person).await?;
        let holder = match self.person.nhs_number {
            Some(number) => holders(reading, &number.digits()).await?.into_iter().next(),
            None => None,
        };
        self.decide(&alike, holder.as_deref()).map_err(TransactError::Refused)?;
        let (numbers, counter, mut assertions) = numbers::given_or_taken(reading, given, Block::Ordinary, now).await?;
        let Some(number) = numbers.first() else { return Err(TransactError::Refused(no_number())) };
        assertions.extend(self.person.nhs_number.map(|number| nobody_has(&number.digits())));
        let text = new_patient(&self.patient, &self.person, number, self.status(), Vec::new());
        let mut changes = vec![draft::put(Key::new("Patient", self.patient.as_str()), text.as_bytes())?];
        changes.extend(counter);
        for answer in &self.answered {
            changes.push(reviewed(answer, &self.patient, &reading.permit().principal().id, now)?);
        }
        Ok(Draft { changes, assertions })
    }

    fn decide(&self, alike: &[Lookalike], holder: Option<&str>) -> Result<(), Refusal> {
        if self.searched.trim().is_empty() {
            return Err(Refusal::at(
                "search-first",
                "searched",
                "Search comes first: look whether the patient is here.",
            ));
        }
        if let Some(missing) = self.person.missing().into_iter().next() {
            return Err(missing);
        }
        for answer in &self.answered {
            answer.check()?;
        }
        let is_open = |one: &&Lookalike| {
            one.likeness == Likeness::Likely && self.answered.iter().all(|it| it.patient != one.version.key.id)
        };
        match alike.iter().filter(is_open).count() {
            0 => {}
            1 => return Err(unanswered("1 record here is likely the same person.")),
            many => return Err(unanswered(&format!("{many} records here are likely the same person."))),
        }
        if holder.is_some() { Err(taken()) } else { Ok(()) }
    }

    /// What is known of the number: only a trace verifies it.
    fn status(&self) -> NhsNumberStatus {
        match self.person.nhs_number {
            Some(_) if self.is_traced => NhsNumberStatus::Verified,
            Some(_) => NhsNumberStatus::NotTraced,
            None => NhsNumberStatus::TraceRequired,
        }
    }
}

impl Answered {
    /// A reason of the list, and words where it asks for some.
    ///
    /// # Errors
    /// No reason was given, or no words.
    pub fn check(&self) -> Result<(), Refusal> {
        if codes::words(codes::NOT_THE_SAME, &self.reason).is_none() {
            let sentence = "Say why this is not the same person, or use the record.";
            return Err(Refusal::at("reason-missing", "matches", sentence));
        }
        if self.reason == "other" && self.words.as_deref().unwrap_or_default().trim().is_empty() {
            return Err(Refusal::at("words-missing", "matches", "Say in words why this is not the same person."));
        }
        Ok(())
    }
}

fn unanswered(begin: &str) -> Refusal {
    let sentence = format!("{begin} Use that record, or say why it is not the same.");
    Refusal::at("likely-match", "matches", sentence)
}

fn no_number() -> Refusal {
    Refusal::new("no-numbers", "There are no free hospital numbers. Ask your trust's administrator.")
}

/// The pair as reviewed and found to be two people: the data quality team looks at it again, and it can be taken back.
pub(crate) fn reviewed(answer: &Answered, new: &str, by: &str, now: Moment) -> Result<Change, TransactError<Refusal>> {
    let pair = Pair::of(&answer.patient, new);
    let pair = pair.ok_or_else(|| TransactError::Refused(Refusal::new("same-record", "These two are one record.")))?;
    let words = codes::words(codes::NOT_THE_SAME, &answer.reason).unwrap_or_default();
    let why = match answer.words.as_deref() {
        Some(more) if !more.trim().is_empty() => format!("{words}: {}", more.trim()),
        _ => words.to_owned(),
    };
    let asked_by = Some(by.to_owned());
    let review = Review { state: ReviewState::NotTheSame, why: Some(why), asked_by, ..Review::new(pair, now) };
    Ok(draft::put(review.key(), review.text().as_bytes())?)
}
