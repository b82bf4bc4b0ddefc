//! The clocks of an attendance: real minutes since a moment, compared with the limits of the table below.
//!
//! Pure, over instants: an hour that the clocks put back is counted, one that they skip is not. The rules are a draft:
//! each has its source, and none has been checked with the data dictionary or the guidance of the year. \[check\]

use terms::Moment;

use super::{Attendance, Mode};

const MINUTE_MS: i64 = 60_000;

/// A limit with its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Its name.
    pub name: &'static str,
    /// From which event it runs.
    pub from: &'static str,
    /// In minutes.
    pub minutes: i64,
    /// Where it comes from, and how sure that is.
    pub source: &'static str,
}

/// From arrival to leaving the department.
pub const FOUR_HOURS: Limit = Limit {
    name: "4 hours in the department",
    from: "arrival; of an ambulance its handover or 15 minutes after it arrived, whichever is first",
    minutes: 240,
    source: "NHS Constitution handbook, A&E attendances; from general knowledge, draft",
};
/// From the decision to admit to leaving for a ward.
pub const TWELVE_HOURS: Limit = Limit {
    name: "12 hours from the decision to admit",
    from: "the decision to admit",
    minutes: 720,
    source: "NHS England, A&E attendances and emergency admissions; from general knowledge, draft",
};
/// From the arrival of an ambulance to the end of its handover.
pub const HANDOVER: Limit = Limit {
    name: "15 minutes to hand over",
    from: "the arrival of the ambulance",
    minutes: 15,
    source: "NHS standard contract, ambulance handovers; from general knowledge, draft",
};
/// From arrival to the first assessment.
pub const FIRST_ASSESSMENT: Limit = Limit {
    name: "15 minutes to the first assessment",
    from: "arrival, as for the 4 hours",
    minutes: 15,
    source: "A&E clinical quality indicators; from general knowledge, draft",
};
/// When the 4 hours are three quarters gone: the board turns amber.
pub const SOON_MINUTES: i64 = 180;

/// Whole minutes that have gone by between two moments; none before the first.
pub fn minutes(from: Moment, until: Moment) -> i64 {
    (until.0 - from.0).max(0) / MINUTE_MS
}

/// Whether more than a limit has gone by: the limit to the millisecond is still within.
pub fn is_over(limit: Limit, from: Moment, until: Moment) -> bool {
    until.0 - from.0 > limit.minutes * MINUTE_MS
}

/// When the 4 hours began. `None` before anybody has come, and for an attendance that says no moment.
pub fn began(attendance: &Attendance) -> Option<Moment> {
    let arrived = attendance.arrived.filter(|_| !attendance.is_due())?;
    if attendance.mode != Some(Mode::Ambulance) {
        return Some(arrived);
    }
    let latest = Moment(arrived.0 + HANDOVER.minutes * MINUTE_MS);
    Some(attendance.handed_over.map_or(latest, |handed_over| handed_over.min(latest)).max(arrived))
}

/// The 4 hours of an attendance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FourHours {
    /// Since when they run.
    pub since: Moment,
    /// Whole minutes until now, or until the patient left.
    pub minutes: i64,
    /// Whether they are over.
    pub is_over: bool,
}

/// The 4 hours of an attendance at a moment; those of somebody who left stand still.
pub fn four_hours(attendance: &Attendance, now: Moment) -> Option<FourHours> {
    let since = began(attendance)?;
    let until = attendance.left.unwrap_or(now);
    Some(FourHours { since, minutes: minutes(since, until), is_over: is_over(FOUR_HOURS, since, until) })
}

/// Minutes since the decision to admit, and whether 12 hours are over.
pub fn since_decision(attendance: &Attendance, now: Moment) -> Option<(i64, bool)> {
    let at = attendance.decision.as_ref()?.at;
    let until = attendance.left.unwrap_or(now);
    Some((minutes(at, until), is_over(TWELVE_HOURS, at, until)))
}

/// Minutes that the handover of an ambulance took, or takes until now, and whether they are too many.
pub fn handover(attendance: &Attendance, now: Moment) -> Option<(i64, bool)> {
    let arrived = attendance.arrived.filter(|_| attendance.mode == Some(Mode::Ambulance) && !attendance.is_due())?;
    let until = attendance.handed_over.or(attendance.left).unwrap_or(now);
    Some((minutes(arrived, until), is_over(HANDOVER, arrived, until)))
}

/// Minutes to the first assessment, or until now while there is none, and whether they are too many.
pub fn to_assessment(attendance: &Attendance, now: Moment) -> Option<(i64, bool)> {
    let began = began(attendance)?;
    let until = attendance.assessed.as_ref().map(|assessed| assessed.at).or(attendance.left).unwrap_or(now);
    Some((minutes(began, until), is_over(FIRST_ASSESSMENT, began, until)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "the cases are written out below")]
    use super::super::tests::{here, left};
    use super::super::{Decision, Done};
    use super::*;

    fn at(text: &str) -> Moment {
        Moment::parse(&format!("2026-11-17T{text}:00Z")).unwrap()
    }

    fn came(mode: Mode, arrived: &str, handed_over: Option<&str>) -> Attendance {
        Attendance { mode: Some(mode), arrived: Some(at(arrived)), handed_over: handed_over.map(at), ..here() }
    }

    #[test]
    fn the_four_hours_begin_at_the_door_or_with_the_handover() {
        let cases = [
            (came(Mode::OnFoot, "10:31", None), "10:31"),
            (came(Mode::Ambulance, "13:40", Some("13:48")), "13:48"),
            // 26 minutes in the ambulance: the clock did not wait for them.
            (came(Mode::Ambulance, "09:43", Some("10:09")), "09:58"),
            (came(Mode::Ambulance, "13:40", Some("13:55")), "13:55"),
            (came(Mode::Ambulance, "13:40", None), "13:55"),
            // A handover that was recorded as before the arrival is no reason to count more than was.
            (came(Mode::Ambulance, "13:40", Some("13:30")), "13:40"),
        ];
        for (attendance, expected) in cases {
            assert_eq!(began(&attendance), Some(at(expected)), "{:?}", attendance.arrived);
        }
        let mut due = came(Mode::Ambulance, "14:43", None);
        due.stay.state = crate::stays::StayState::Expected;
        assert_eq!((began(&due), handover(&due, at("14:50"))), (None, None));
    }

    #[test]
    fn four_hours_to_the_millisecond_are_within() {
        let attendance = came(Mode::OnFoot, "10:00", None);
        let check = |now: Moment, minutes, is_over| {
            assert_eq!(four_hours(&attendance, now), Some(FourHours { since: at("10:00"), minutes, is_over }));
        };
        check(at("09:59"), 0, false);
        check(at("13:59"), 239, false);
        check(at("14:00"), 240, false);
        check(Moment(at("14:00").0 + 1), 240, true);
        check(at("14:37"), 277, true);
        // Whoever left stands still.
        let gone = Attendance { arrived: Some(at("10:00")), mode: None, left: Some(at("13:30")), ..left() };
        assert_eq!(four_hours(&gone, at("23:00")).map(|clock| (clock.minutes, clock.is_over)), Some((210, false)));
    }

    #[test]
    fn handover_and_first_assessment_have_a_quarter_of_an_hour() {
        assert_eq!(handover(&came(Mode::Ambulance, "09:43", Some("10:09")), at("14:35")), Some((26, true)));
        assert_eq!(handover(&came(Mode::Ambulance, "13:40", Some("13:55")), at("14:35")), Some((15, false)));
        assert_eq!(handover(&came(Mode::Ambulance, "14:15", None), at("14:35")), Some((20, true)));
        assert_eq!(handover(&came(Mode::OnFoot, "14:15", None), at("14:35")), None);
        let assessed = |attendance: Attendance, when: &str| Attendance {
            assessed: Some(Done { at: at(when), by: None }),
            ..attendance
        };
        let duffy = assessed(came(Mode::Ambulance, "09:43", Some("10:09")), "10:20");
        assert_eq!(to_assessment(&duffy, at("14:35")), Some((22, true)));
        let noakes = came(Mode::OnFoot, "14:26", None);
        assert_eq!(to_assessment(&noakes, at("14:35")), Some((9, false)));
    }

    #[test]
    fn twelve_hours_run_from_the_decision() {
        let decided = |when: &str| {
            let decision = Decision { at: at(when), team: "Medicine".into(), stay: None };
            Attendance { decision: Some(decision), ..came(Mode::OnFoot, "00:05", None) }
        };
        assert_eq!(since_decision(&decided("12:40"), at("14:35")), Some((115, false)));
        assert_eq!(since_decision(&decided("02:35"), at("14:35")), Some((720, false)));
        assert_eq!(since_decision(&decided("02:34"), at("14:35")), Some((721, true)));
        assert_eq!(since_decision(&here(), at("14:35")), None);
    }

    #[test]
    fn real_minutes_over_both_nights_on_which_the_clocks_change() {
        // 25-Oct-2026: from 00:30 BST to 03:30 GMT are four hours. 28-Mar-2027: from 00:30 GMT to 05:30 BST are four.
        let cases = [("2026-10-24T23:30:00Z", "2026-10-25", "03:30"), ("2027-03-28T00:30:00Z", "2027-03-28", "05:30")];
        for (arrived, date, wall) in cases {
            let arrived = Moment::parse(arrived).unwrap();
            let local = terms::moment_of(date.parse().unwrap(), wall.parse().unwrap());
            let terms::LocalTime::Once(now) = local else { panic!("{local:?}") };
            let attendance = Attendance { arrived: Some(arrived), mode: Some(Mode::OnFoot), ..here() };
            let clock = four_hours(&attendance, now).unwrap();
            assert_eq!((clock.minutes, clock.is_over), (240, false), "{date}");
            assert!(four_hours(&attendance, Moment(now.0 + 60_000)).unwrap().is_over, "{date}");
        }
    }
}
