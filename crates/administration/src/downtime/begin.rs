//! A downtime begins, and ends: at real times, said by a named person, usually afterwards.
//!
//! The end gives every number that is open a date until which it is to be accounted for, and the downtime that it belongs
//! to: from then on each is counted (`obligations/downtime_number.rs`).

use fhir::write::{Object, array, quoted, reference, with_members};
use record::{Assertion, Draft, Key, Reading, TransactError, Version};
use terms::Moment;
use terms::index::{Part, Span};

use super::account::{downtimes, open_numbers};
use super::number::{DOWNTIME, Downtime, coded, noted};
use super::rows::DOWNTIMES;
use super::{ACCOUNTED_WITHIN_HOURS, ENDED_WITHIN_HOURS};
use crate::draft::{self, document};
use crate::obligations::{HOUR_MS, RECORDS_TEAM};
use crate::refusal::Refusal;
use crate::stays::timeline::check_moment;
use crate::tasks::{due_until, owner_team};

/// Longest reason, in characters.
const LONGEST: usize = 300;

/// A downtime begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeginDowntime {
    /// The new Task's id.
    pub id: String,
    /// Why the record cannot be used.
    pub reason: String,
    /// Since when.
    pub at: Moment,
}

/// A downtime ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndDowntime {
    /// The Task.
    pub id: String,
    /// Since when the record can be used again.
    pub at: Moment,
}

impl BeginDowntime {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let before = downtimes(reading).await?;
        self.decide(&before, now).map_err(TransactError::Refused)?;
        let by = &reading.permit().principal().name;
        let text = Object::resource("Task", &self.id)
            .text("status", "in-progress")
            .text("intent", "order")
            .json("code", coded(DOWNTIME, "Downtime"))
            .text("description", self.reason.trim())
            .json("executionPeriod", Object::new().text("start", self.at.to_string()).done())
            .text("authoredOn", now.to_string())
            .text("lastModified", now.to_string())
            .json("requester", Object::new().text("display", by).done())
            .json("owner", owner_team(RECORDS_TEAM))
            .json("restriction", due_until(Moment(self.at.0 + ENDED_WITHIN_HOURS * HOUR_MS)))
            .done();
        let change = draft::put(Key::new("Task", self.id.as_str()), text.as_bytes())?;
        // Two people who say at once that it began make one downtime.
        let goes_on = Span::head(DOWNTIMES, [Part::Text(b"goes-on".to_vec())]);
        Ok(Draft { changes: vec![change], assertions: vec![Assertion::AtMost(vec![goes_on], 1)] })
    }

    fn decide(&self, before: &[Downtime], now: Moment) -> Result<(), Refusal> {
        let reason = self.reason.trim();
        if reason.is_empty() {
            return Err(Refusal::at("reason-missing", "reason", "Say why the record cannot be used."));
        }
        if reason.chars().count() > LONGEST {
            return Err(Refusal::at("reason-long", "reason", "A reason has at most 300 characters."));
        }
        check_moment(self.at, None, now)?;
        if before.iter().any(|other| other.ended.is_none()) {
            return Err(Refusal::new(
                "downtime-already",
                "A downtime has begun and has not been ended. End that one first.",
            ));
        }
        if before.iter().any(|other| other.covers(self.at)) {
            let sentence = "Another downtime lasted at this time. Say when this one began.";
            return Err(Refusal::at("downtime-overlaps", "at", sentence));
        }
        Ok(())
    }
}

impl EndDowntime {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let refused = |refusal| TransactError::Refused(refusal);
        let version =
            reading.get(&Key::new("Task", self.id.as_str())).await?.filter(|version| !version.text.is_empty());
        let version = version.ok_or_else(|| refused(no_downtime()))?;
        let downtime = Downtime::of(document(&version)?.root()).ok_or_else(|| refused(no_downtime()))?;
        let others = downtimes(reading).await?;
        self.decide(&downtime, &others, now).map_err(refused)?;
        let by = &reading.permit().principal().name;
        let mut draft = Draft { changes: vec![self.ended(&version, &downtime, by, now)?], assertions: Vec::new() };
        let due = due_until(Moment(self.at.0 + ACCOUNTED_WITHIN_HOURS * HOUR_MS));
        for version in open_numbers(reading).await? {
            let document = document(&version)?;
            let members = [
                ("partOf", Some(array([reference(&format!("Task/{}", self.id), None)]))),
                ("restriction", Some(due.clone())),
                ("lastModified", Some(quoted(&now.to_string()))),
            ];
            draft.changes.push(draft::put(version.key.clone(), &with_members(&document, &members))?);
        }
        Ok(draft)
    }

    fn decide(&self, downtime: &Downtime, others: &[Downtime], now: Moment) -> Result<(), Refusal> {
        if downtime.ended.is_some() {
            return Err(Refusal::new("ended-already", "This downtime was ended already."));
        }
        check_moment(self.at, None, now)?;
        if self.at < downtime.began {
            return Err(Refusal::at("before-the-downtime", "at", "This time is before the downtime began."));
        }
        // One that was said later may have begun later: a form belongs to one downtime.
        let is_between = |other: &Downtime| other.id != downtime.id && other.began > downtime.began;
        if others.iter().any(|other| is_between(other) && other.began <= self.at) {
            let sentence = "Another downtime began before this time. Say when this one ended.";
            return Err(Refusal::at("downtime-overlaps", "at", sentence));
        }
        Ok(())
    }

    fn ended(
        &self,
        version: &Version,
        downtime: &Downtime,
        by: &str,
        now: Moment,
    ) -> Result<record::Change, record::Problem> {
        let document = document(version)?;
        let period = Object::new().text("start", downtime.began.to_string()).text("end", self.at.to_string()).done();
        let members = [
            ("status", Some("\"completed\"".to_owned())),
            ("executionPeriod", Some(period)),
            ("restriction", None),
            ("note", Some(noted(document.root(), by, now, "Ended"))),
            ("lastModified", Some(quoted(&now.to_string()))),
        ];
        draft::put(version.key.clone(), &with_members(&document, &members))
    }
}

fn no_downtime() -> Refusal {
    Refusal::new("no-downtime", "There is no such downtime. Look at the page again.")
}
