//! What a stay counts as: its classification when it has ended, which return takes a bed day of each kind, and whom sleeping
//! accommodation of both sexes concerns. Pure; docs/stays.md is the table with the sources, and what is still to be checked.

use terms::Moment;

use super::account::{Account, BedDayKind};
use super::codes::is_elective;
use super::{Stay, StayState};
use crate::places::PlaceKind;
use crate::registration::Gender;

/// A day, in milliseconds.
const DAY_MS: i64 = 24 * 3_600_000;

/// What an admission turned out to be (NHS Data Dictionary, PATIENT CLASSIFICATION CODE).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Classification {
    /// Anything but the others.
    Ordinary,
    /// Planned without a night, and there was none.
    DayCase,
    /// One of a planned sequence of days.
    RegularDay,
    /// One of a planned sequence of nights.
    RegularNight,
}

/// Which return takes a bed day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Taken {
    /// Beds open overnight: general and acute, maternity, learning disability, mental illness.
    Overnight,
    /// Critical care has a return of its own and is left out of that.
    CriticalCare,
    /// No return of beds.
    Nowhere,
    /// Where the night was spent is not known: the return cannot be made from it.
    NotKnown,
}

impl Classification {
    /// The national code.
    pub fn code(self) -> &'static str {
        match self {
            Classification::Ordinary => "1",
            Classification::DayCase => "2",
            Classification::RegularDay => "3",
            Classification::RegularNight => "4",
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Classification::Ordinary => "ordinary admission",
            Classification::DayCase => "day case",
            Classification::RegularDay => "regular day admission",
            Classification::RegularNight => "regular night admission",
        }
    }

    /// What a stay that has ended turned out to be; `None` while it goes on, and of what is no admission.
    pub fn of(stay: &Stay, account: &Account) -> Option<Classification> {
        let is_over = stay.is_inpatient && stay.state == StayState::Discharged;
        let (from, to): (Moment, Moment) = (stay.started.as_ref()?.lower(), stay.ended.as_ref()?.lower());
        let is_planned = stay.method.as_deref().is_some_and(is_elective);
        let lasted_a_day = to.0 - from.0 >= DAY_MS;
        is_over.then_some(match stay.request.intended.as_deref() {
            Some("2") if is_planned && account.nights == 0 => Classification::DayCase,
            Some("4") if is_planned && !lasted_a_day => Classification::RegularDay,
            Some("5") if is_planned && !lasted_a_day => Classification::RegularNight,
            _ => Classification::Ordinary,
        })
    }
}

impl BedDayKind {
    /// Which return takes a bed day of this kind.
    pub fn taken(self) -> Taken {
        match self {
            BedDayKind::Ward | BedDayKind::AssessmentUnit | BedDayKind::DayUnit => Taken::Overnight,
            BedDayKind::CriticalCare => Taken::CriticalCare,
            BedDayKind::Cot
            | BedDayKind::VirtualWard
            | BedDayKind::DischargeLounge
            | BedDayKind::EmergencyDepartment
            | BedDayKind::NoBed
            | BedDayKind::Leave => Taken::Nowhere,
            BedDayKind::Unknown => Taken::NotKnown,
        }
    }
}

/// How many of those who sleep in one room are in accommodation with the other sex: all of them when both are there, and
/// nobody in a room for one or in critical care. Who is neither, or of whom it is not known, makes no breach and is in one.
pub fn mixed_sex(ward: PlaceKind, room: PlaceKind, sleepers: &[Option<Gender>]) -> usize {
    let is_there = |wanted| sleepers.contains(&Some(wanted));
    let may_be_mixed = ward == PlaceKind::CriticalCare || room != PlaceKind::Bay;
    if !may_be_mixed && is_there(Gender::Male) && is_there(Gender::Female) { sleepers.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "the cases are written out below")]
    use fhir::{Document, Limits};

    use super::*;
    use crate::stays::Away;

    fn at(text: &str) -> Moment {
        Moment::parse(text).unwrap()
    }

    /// A stay in one place from 10 November 08:00 until a moment, by a method, as it was meant.
    fn stay(class: &str, (method, intended): (&str, &str), until: &str) -> Stay {
        let method = format!(
            r#"{{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AdmissionMethod",
                "valueCodeableConcept":{{"coding":[{{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-AdmissionMethod","code":"{method}"}}]}}}}"#
        );
        let decision = format!(
            r#"{{"url":"urn:almoner:decision-to-admit","extension":[{{"url":"intended-management","valueCode":"{intended}"}}]}}"#
        );
        let text = format!(
            r#"{{"resourceType":"Encounter","id":"e","status":"finished",
                "class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"{class}"}},
                "extension":[{decision}],"hospitalization":{{"extension":[{method}]}},
                "period":{{"start":"2026-11-10T08:00:00Z","end":"{until}"}},
                "location":[{{"location":{{"reference":"Location/x"}},"status":"completed",
                    "period":{{"start":"2026-11-10T08:00:00Z","end":"{until}"}}}}]}}"#
        );
        Stay::of(Document::parse(text.as_bytes(), &Limits::default()).unwrap().root())
    }

    const PLANNED: &str = "11";
    const EMERGENCY: &str = "21";
    const AFTERNOON: &str = "2026-11-10T17:00:00Z";
    const MORNING: &str = "2026-11-11T07:00:00Z";
    const TWO_NIGHTS: &str = "2026-11-12T10:00:00Z";

    #[test]
    fn what_an_admission_turned_out_to_be() {
        use Classification::{DayCase, Ordinary, RegularDay, RegularNight};
        let cases = [
            ("a day case", (PLANNED, "2"), AFTERNOON, DayCase),
            ("a day case that stayed a night", (PLANNED, "2"), MORNING, Ordinary),
            ("an emergency that went home the same day", (EMERGENCY, "2"), AFTERNOON, Ordinary),
            ("meant for a night, home the same day", (PLANNED, "1"), AFTERNOON, Ordinary),
            ("a regular attender by day", (PLANNED, "4"), AFTERNOON, RegularDay),
            ("one who stayed for more than a day", (PLANNED, "4"), TWO_NIGHTS, Ordinary),
            ("a regular attender by night", (PLANNED, "5"), MORNING, RegularNight),
            ("how it was meant was not recorded", (PLANNED, ""), AFTERNOON, Ordinary),
        ];
        for (what, how, until, expected) in cases {
            let stay = stay("IMP", how, until);
            let account = Account::of(&stay, |_| BedDayKind::Ward, at("2026-12-01T00:00:00Z"));
            assert_eq!(Classification::of(&stay, &account), Some(expected), "{what}");
        }
    }

    /// What is tried, the stay, the ward's and the place's kind, and its bed days by kind with the return that takes them.
    type Case<'c> = (&'c str, &'c Stay, (PlaceKind, PlaceKind), &'c [(BedDayKind, u32, Taken)]);

    /// Midnights of a stay in a place of a kind in a ward of a kind, and which return takes them.
    fn bed_days(stay: &Stay, ward: PlaceKind, place: PlaceKind) -> Vec<(BedDayKind, u32, Taken)> {
        let of = |kind: PlaceKind| {
            let kind =
                format!(r#""type":[{{"coding":[{{"system":"urn:almoner:place-kind","code":"{}"}}]}}]"#, kind.code());
            let text = format!(r#"{{"resourceType":"Location","id":"x","status":"active",{kind}}}"#);
            crate::places::Place::of(Document::parse(text.as_bytes(), &Limits::default()).unwrap().root())
        };
        let kind = BedDayKind::of(&of(place), Some(&of(ward)));
        let account = Account::of(stay, |_| kind, at("2026-12-01T00:00:00Z"));
        account.bed_days.into_iter().map(|(kind, days)| (kind, days, kind.taken())).collect()
    }

    #[test]
    fn each_kind_of_place_and_stay_has_its_rule_for_bed_days() {
        use PlaceKind::{
            AssessmentUnit, Bed, Chair, Cot, CriticalCare, DayUnit, DischargeLounge, Trolley, VirtualWard, Ward,
        };
        let nights = stay("IMP", (EMERGENCY, ""), TWO_NIGHTS);
        let day = stay("IMP", (PLANNED, "2"), AFTERNOON);
        let regular_night = stay("IMP", (PLANNED, "5"), MORNING);
        let mut detained = nights.clone();
        detained.leaves.push(Away {
            from: at("2026-11-11T10:00:00Z"),
            to: Some(at("2026-11-12T09:00:00Z")),
            keeps_bed: Some(true),
            back_by: None,
        });
        let cases: [Case<'_>; 12] = [
            ("an ordinary admission", &nights, (Ward, Bed), &[(BedDayKind::Ward, 2, Taken::Overnight)]),
            ("a day case", &day, (DayUnit, Trolley), &[]),
            (
                "a day case that stays in the day unit",
                &nights,
                (DayUnit, Trolley),
                &[(BedDayKind::DayUnit, 2, Taken::Overnight)],
            ),
            ("a regular attender by day", &day, (DayUnit, Chair), &[]),
            ("a regular attender by night", &regular_night, (Ward, Bed), &[(BedDayKind::Ward, 1, Taken::Overnight)]),
            ("critical care", &nights, (CriticalCare, Bed), &[(BedDayKind::CriticalCare, 2, Taken::CriticalCare)]),
            ("a virtual ward", &nights, (VirtualWard, Bed), &[(BedDayKind::VirtualWard, 2, Taken::Nowhere)]),
            ("same-day emergency care", &day, (AssessmentUnit, Chair), &[]),
            (
                "the discharge lounge at midnight",
                &nights,
                (DischargeLounge, Chair),
                &[(BedDayKind::DischargeLounge, 2, Taken::Nowhere)],
            ),
            ("a cot with the mother", &nights, (Ward, Cot), &[(BedDayKind::Cot, 2, Taken::Nowhere)]),
            ("a trolley on a ward", &nights, (Ward, Trolley), &[(BedDayKind::NoBed, 2, Taken::Nowhere)]),
            (
                "detained, one night on leave (section 17)",
                &detained,
                (Ward, Bed),
                &[(BedDayKind::Ward, 1, Taken::Overnight), (BedDayKind::Leave, 1, Taken::Nowhere)],
            ),
        ];
        for (what, stay, (ward, place), expected) in cases {
            assert_eq!(bed_days(stay, ward, place), expected, "{what}");
        }
    }

    #[test]
    fn a_ward_attender_is_no_admission() {
        let attender = stay("AMB", (PLANNED, "2"), AFTERNOON);
        let account = Account::of(&attender, |_| BedDayKind::Ward, at("2026-12-01T00:00:00Z"));
        assert!(account.bed_days.is_empty() && Classification::of(&attender, &account).is_none());
    }

    #[test]
    fn everybody_in_a_bay_of_both_sexes_is_in_a_breach() {
        use Gender::{Female, Male, NotKnown};
        let cases = [
            ("a bay of women", PlaceKind::Ward, PlaceKind::Bay, vec![Some(Female), Some(Female)], 0),
            (
                "one man among three women",
                PlaceKind::Ward,
                PlaceKind::Bay,
                vec![Some(Female), Some(Male), Some(Female), Some(Female)],
                4,
            ),
            (
                "somebody of whom it is not known",
                PlaceKind::Ward,
                PlaceKind::Bay,
                vec![Some(Female), None, Some(NotKnown)],
                0,
            ),
            ("critical care", PlaceKind::CriticalCare, PlaceKind::Bay, vec![Some(Female), Some(Male)], 0),
            (
                "a mother and her son in a side room",
                PlaceKind::Ward,
                PlaceKind::SideRoom,
                vec![Some(Female), Some(Male)],
                0,
            ),
        ];
        for (what, ward, room, sleepers, expected) in cases {
            assert_eq!(mixed_sex(ward, room, &sleepers), expected, "{what}");
        }
    }
}
