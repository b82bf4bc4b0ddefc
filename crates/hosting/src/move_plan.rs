//! The plan of a move, and what-if, as people type them.
//! Parses and refuses, field by field, with what to write instead; knows no move.

use std::collections::BTreeMap;

use administration::Refusal;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use terms::input::{DateOf, parse_typed_date};
use terms::{Date, LocalTime, Moment, Time, local_date, moment_of};

use crate::moving::estimate::Hours;
use crate::moving::forecast::WhatIf;
use crate::moving::schedule::{MOST_DAYS, Schedule, bytes_of};

/// The plan as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TypedPlan {
    deadline: String,
    copy_from: String,
    cut_day: String,
    cut_time: String,
    rehearse_days: String,
    way_back_days: String,
    back_minutes: String,
    megabit: String,
    hours_from: String,
    hours_until: String,
    carried_hours: String,
    no_way_back: String,
    hangs: String,
}

/// What somebody wants to try.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct TypedWhatIf {
    megabit_if: String,
    from_if: String,
    until_if: String,
}

/// The longest words that a plan hangs on.
const MOST_WORDS: usize = 120;
/// The longest that a disk may be on its way, in hours: two weeks.
const MOST_CARRIED: u32 = 336;

impl TypedPlan {
    /// Each field by name, to be shown again.
    pub(crate) fn values(&self) -> BTreeMap<&'static str, String> {
        let values = [
            ("deadline", &self.deadline),
            ("copy_from", &self.copy_from),
            ("cut_day", &self.cut_day),
            ("cut_time", &self.cut_time),
            ("rehearse_days", &self.rehearse_days),
            ("way_back_days", &self.way_back_days),
            ("back_minutes", &self.back_minutes),
            ("megabit", &self.megabit),
            ("hours_from", &self.hours_from),
            ("hours_until", &self.hours_until),
            ("carried_hours", &self.carried_hours),
            ("no_way_back", &self.no_way_back),
            ("hangs", &self.hangs),
        ];
        values.into_iter().map(|(name, value)| (name, value.clone())).collect()
    }
}

impl TypedWhatIf {
    /// The same as the end of an address.
    pub(crate) fn query(&self) -> String {
        let fields = [("megabit_if", &self.megabit_if), ("from_if", &self.from_if), ("until_if", &self.until_if)];
        let given = fields.iter().filter(|(_, value)| !value.is_empty());
        let parts: Vec<String> =
            given.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))).collect();
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }

    /// Puts what was typed back into a form.
    pub(crate) fn put(&self, values: &mut BTreeMap<&'static str, String>) {
        values.insert("megabit_if", self.megabit_if.clone());
        values.insert("from_if", self.from_if.clone());
        values.insert("until_if", self.until_if.clone());
    }

    /// What was tried, in words.
    pub(crate) fn words(&self) -> Option<String> {
        let line =
            (!self.megabit_if.trim().is_empty()).then(|| format!("{} megabits a second", self.megabit_if.trim()));
        let hours = (!self.from_if.trim().is_empty())
            .then(|| format!("copying from {} until {}", self.from_if.trim(), self.until_if.trim()));
        let tried: Vec<String> = line.into_iter().chain(hours).collect();
        (!tried.is_empty()).then(|| format!("{}.", tried.join(", ")))
    }
}

/// What was asked, and which fields are wrong.
pub(crate) fn what_if(of: &TypedWhatIf) -> (WhatIf, Vec<Refusal>) {
    let mut wrong = Vec::new();
    let megabit = whole(&of.megabit_if, "megabit_if", 1_000_000, &mut wrong);
    let hours = hours((&of.from_if, "from_if"), (&of.until_if, "until_if"), &mut wrong);
    let hours = hours.map(|(from, until)| Hours { from, until });
    (WhatIf { bandwidth: megabit.map(bytes_of), hours }, wrong)
}

/// The plan, over the one before.
pub(crate) fn schedule(
    of: &TypedPlan,
    before: Option<Schedule>,
    by: &str,
    now: Moment,
) -> Result<Schedule, Vec<Refusal>> {
    let mut wrong = Vec::new();
    let today = local_date(now);
    let deadline = day(&of.deadline, "deadline", today, &mut wrong);
    if of.deadline.trim().is_empty() {
        wrong.push(Refusal::at("no-deadline", "deadline", "Type the day on whose begin the old place must be left."));
    } else if deadline.is_some_and(|deadline| deadline <= today) {
        wrong.push(Refusal::at("past", "deadline", "The deadline must be a day to come."));
    }
    let copy_from = day(&of.copy_from, "copy_from", today, &mut wrong);
    let cut_on = cut(of, today, &mut wrong);
    let number = |text: &str, field: &'static str, most: u32, wrong: &mut Vec<Refusal>| {
        let read = whole(text, field, most, wrong);
        if text.trim().is_empty() {
            wrong.push(Refusal::at("empty", field, "Type a number; 0 if there is none."));
        }
        read.unwrap_or(0)
    };
    let rehearse_days = number(&of.rehearse_days, "rehearse_days", MOST_DAYS, &mut wrong);
    let way_back_days = number(&of.way_back_days, "way_back_days", MOST_DAYS, &mut wrong);
    let back_minutes = number(&of.back_minutes, "back_minutes", MOST_DAYS * 1440, &mut wrong);
    let megabit = whole(&of.megabit, "megabit", 1_000_000, &mut wrong);
    let hours = hours((&of.hours_from, "hours_from"), (&of.hours_until, "hours_until"), &mut wrong);
    let carried_hours = whole(&of.carried_hours, "carried_hours", MOST_CARRIED, &mut wrong);
    if carried_hours == Some(0) {
        wrong.push(Refusal::at("none", "carried_hours", "A disk is on its way for an hour at least."));
    }
    let no_way_back = words(&of.no_way_back, "no_way_back", &mut wrong);
    let hangs = words(&of.hangs, "hangs", &mut wrong);
    let Some(deadline) = deadline.filter(|_| wrong.is_empty()) else { return Err(wrong) };
    let begun = before.as_ref().map_or_else(|| now.to_string(), |before| before.begun.clone());
    Ok(Schedule {
        deadline: deadline.to_string(),
        begun,
        by: by.to_owned(),
        copy_from: copy_from.map(|day| day.to_string()),
        cut_on: cut_on.map(|at| at.to_string()),
        rehearse_days,
        way_back_days,
        back_minutes,
        megabit,
        hours,
        carried_hours,
        no_way_back,
        hangs,
        told: before.and_then(|before| before.told),
    })
}

/// A few words in one line.
fn words(text: &str, field: &'static str, wrong: &mut Vec<Refusal>) -> String {
    let text = text.trim();
    if text.chars().count() > MOST_WORDS || text.chars().any(char::is_control) {
        wrong.push(Refusal::at("too-long", field, "At most 120 letters, in one line."));
    }
    text.to_owned()
}

fn day(text: &str, field: &'static str, today: Date, wrong: &mut Vec<Refusal>) -> Option<Date> {
    if text.trim().is_empty() {
        return None;
    }
    match parse_typed_date(text, DateOf::Event, today) {
        Ok(day) => Some(day),
        Err(error) => {
            wrong.push(Refusal::at("no-date", field, format!("{error}. Write it as 31 1 2027.")));
            None
        }
    }
}

fn cut(of: &TypedPlan, today: Date, wrong: &mut Vec<Refusal>) -> Option<Moment> {
    let date = day(&of.cut_day, "cut_day", today, wrong)?;
    if of.cut_time.trim().is_empty() {
        wrong.push(Refusal::at("no-time", "cut_time", "Type the time of the cut too, such as 03:00."));
        return None;
    }
    let minutes = clock(&of.cut_time, "cut_time", wrong)?;
    let part = |number: i16| i8::try_from(number).unwrap_or(0);
    let time = Time::new(part(minutes / 60), part(minutes % 60), 0, 0).unwrap_or(Time::midnight());
    match moment_of(date, time) {
        LocalTime::Once(moment) => Some(moment),
        LocalTime::Twice { .. } => {
            let sentence =
                "This time exists twice on that day: the clocks go back. Choose one before 01:00 or after 02:00.";
            wrong.push(Refusal::at("twice", "cut_time", sentence));
            None
        }
        LocalTime::Missing { .. } => {
            let sentence = "This time does not exist on that day: the clocks go forward.";
            wrong.push(Refusal::at("missing", "cut_time", sentence));
            None
        }
    }
}

/// Both or neither.
fn hours(from: (&str, &'static str), until: (&str, &'static str), wrong: &mut Vec<Refusal>) -> Option<(i16, i16)> {
    match (from.0.trim().is_empty(), until.0.trim().is_empty()) {
        (true, true) => None,
        (false, false) => Some((clock(from.0, from.1, wrong)?, clock(until.0, until.1, wrong)?)),
        (is_empty, _) => {
            let field = if is_empty { from.1 } else { until.1 };
            wrong.push(Refusal::at("half", field, "Type both times, or neither."));
            None
        }
    }
}

/// A time of day in minutes.
fn clock(text: &str, field: &'static str, wrong: &mut Vec<Refusal>) -> Option<i16> {
    let text = text.trim();
    let parts = text.split_once(':').or_else(|| (text.len() == 4 && text.is_ascii()).then(|| text.split_at(2)));
    let read = parts.and_then(|(hours, minutes)| Some((hours.parse::<i16>().ok()?, minutes.parse::<i16>().ok()?)));
    match read {
        Some((hours @ 0..=23, minutes @ 0..=59)) => Some(hours * 60 + minutes),
        _ => {
            wrong.push(Refusal::at("no-time", field, "Write a time of day as 22:00."));
            None
        }
    }
}

/// A whole number; nothing when nothing was typed.
fn whole(text: &str, field: &'static str, most: u32, wrong: &mut Vec<Refusal>) -> Option<u32> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let read = text.parse().ok().filter(|number| (0..=most).contains(number));
    if read.is_none() {
        wrong.push(Refusal::at("no-number", field, format!("Type a whole number of at most {most}.")));
    }
    read
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    const NOW: Moment = Moment(1_795_000_000_000);

    fn typed() -> TypedPlan {
        TypedPlan {
            deadline: "31 1 2027".into(),
            cut_day: "19-Dec-2026".into(),
            cut_time: "03:00".into(),
            rehearse_days: "14".into(),
            way_back_days: "14".into(),
            back_minutes: "60".into(),
            megabit: "100".into(),
            hours_from: "22:00".into(),
            hours_until: "0600".into(),
            ..TypedPlan::default()
        }
    }

    #[test]
    fn a_plan_is_read_as_typed() {
        let plan = schedule(&typed(), None, "M Tanaka", NOW).unwrap();
        assert_eq!((plan.deadline.as_str(), plan.cut_on.as_deref()), ("2027-01-31", Some("2026-12-19T03:00:00.000Z")));
        assert_eq!(plan.bandwidth(), Some(12_500_000.0));
        assert_eq!((plan.hours, plan.megabit, plan.told), (Some((1320, 360)), Some(100), None));
    }

    #[test]
    fn each_field_that_is_wrong_is_named() {
        type Mistake = fn(&mut TypedPlan);
        let cases: [(&str, Mistake); 12] = [
            ("deadline", |of| of.deadline = String::new()),
            ("deadline", |of| of.deadline = "31 2 2027".into()),
            ("deadline", |of| of.deadline = "1 1 2020".into()),
            ("cut_time", |of| of.cut_time = "25:00".into()),
            ("cut_time", |of| (of.cut_day, of.cut_time) = ("28 3 2027".into(), "01:30".into())),
            ("hours_until", |of| of.hours_until = String::new()),
            ("megabit", |of| of.megabit = "fast".into()),
            ("way_back_days", |of| of.way_back_days = "-1".into()),
            ("hangs", |of| of.hangs = "x".repeat(121)),
            ("carried_hours", |of| of.carried_hours = "0".into()),
            ("carried_hours", |of| of.carried_hours = "400".into()),
            ("no_way_back", |of| of.no_way_back = "one\ntwo".into()),
        ];
        for (field, change) in cases {
            let mut of = typed();
            change(&mut of);
            let refused = schedule(&of, None, "M Tanaka", NOW).unwrap_err();
            assert!(
                refused.iter().all(|refusal| refusal.field == Some(field)) && !refused.is_empty(),
                "{field}: {refused:?}"
            );
        }
    }
}
