//! Bed days, nights and corrections on plain data: kinds of place, both nights of the clocks, leave, moves told late.
//! Knows no record.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use fhir::{Document, Limits};

use super::super::Away;
use super::super::timeline::{Arrival, with_arrival, without_arrival};
use super::super::write::{arrivals, locations};
use super::*;

fn at(text: &str) -> Moment {
    Moment::parse(text).unwrap()
}

/// A stay that was in these places from these moments until it ended.
fn stay(places: &[(&str, &str)], end: Option<&str>) -> Stay {
    let list: Vec<Arrival> =
        places.iter().map(|(place, from)| Arrival { place: (*place).to_owned(), at: at(from) }).collect();
    told(&list, end)
}

fn told(list: &[Arrival], end: Option<&str>) -> Stay {
    let location = locations(&intervals(list, end.map(at)), &[]).unwrap();
    let status = if end.is_some() { "finished" } else { "in-progress" };
    let until = end.map(|end| format!(",\"end\":\"{end}\"")).unwrap_or_default();
    let text = format!(
        "{{\"resourceType\":\"Encounter\",\"status\":\"{status}\",\"class\":{{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ActCode\",\"code\":\"IMP\"}},\"period\":{{\"start\":\"{}\"{until}}},\"location\":{location}}}",
        list[0].at
    );
    Stay::of(Document::parse(text.as_bytes(), &Limits::default()).unwrap().root())
}

fn kind_of(place: &str) -> BedDayKind {
    match place {
        "itu" => BedDayKind::CriticalCare,
        "trolley" => BedDayKind::NoBed,
        _ => BedDayKind::Ward,
    }
}

fn account(of: &Stay) -> Account {
    Account::of(of, kind_of, at("2027-04-30T12:00:00Z"))
}

fn days(of: &Account) -> Vec<(BedDayKind, u32)> {
    of.bed_days.iter().map(|(kind, days)| (*kind, *days)).collect()
}

#[test]
fn a_bed_day_is_a_local_midnight_and_all_kinds_together_are_the_nights() {
    use BedDayKind::{CriticalCare, NoBed, Ward};
    let check = |places: &[(&str, &str)], end: &str, expected: &[(BedDayKind, u32)], nights: u32| {
        let account = account(&stay(places, Some(end)));
        assert_eq!(days(&account), expected, "{places:?} until {end}");
        assert_eq!(account.nights, nights);
        assert_eq!(account.bed_days.values().sum::<u32>(), nights);
    };
    check(&[("a", "2026-11-10T08:00:00Z")], "2026-11-10T17:00:00Z", &[], 0);
    check(&[("a", "2026-11-10T23:50:00Z")], "2026-11-11T00:10:00Z", &[(Ward, 1)], 1);
    let moved = [("trolley", "2026-11-10T20:00:00Z"), ("a", "2026-11-11T02:00:00Z"), ("itu", "2026-11-12T09:00:00Z")];
    check(&moved, "2026-11-14T11:00:00Z", &[(Ward, 1), (CriticalCare, 2), (NoBed, 1)], 4);
    // A move at midnight itself belongs to the place that was left.
    let at_midnight = [("a", "2026-11-10T08:00:00Z"), ("itu", "2026-11-11T00:00:00Z")];
    check(&at_midnight, "2026-11-12T00:00:00Z", &[(Ward, 1), (CriticalCare, 1)], 2);
    // In summer midnight is 23:00 UTC: whoever comes at 23:30 UTC comes on the next day.
    check(&[("a", "2026-07-01T23:30:00Z")], "2026-07-02T10:00:00Z", &[], 0);
    check(&[("a", "2026-07-01T22:30:00Z")], "2026-07-02T10:00:00Z", &[(Ward, 1)], 1);
}

#[test]
fn both_nights_of_the_clocks_are_one_night_each() {
    for (from, to, nights) in [
        // 25 hours: the clocks go back on 25-Oct-2026.
        ("2026-10-24T22:30:00Z", "2026-10-25T23:30:00Z", 1),
        ("2026-10-24T20:00:00Z", "2026-10-26T09:00:00Z", 2),
        // 23 hours: they go forward on 28-Mar-2027.
        ("2027-03-27T23:30:00Z", "2027-03-28T22:30:00Z", 1),
        ("2027-03-27T20:00:00Z", "2027-03-29T09:00:00Z", 2),
    ] {
        let account = account(&stay(&[("a", from)], Some(to)));
        assert_eq!((account.nights, account.bed_days.values().sum()), (nights, nights), "{from} to {to}");
    }
}

#[test]
fn a_move_told_late_changes_what_it_changes_and_taking_it_back_leaves_no_trace() {
    let before = [("a", "2026-11-10T08:00:00Z"), ("b", "2026-11-13T08:00:00Z")];
    let before = stay(&before, Some("2026-11-15T08:00:00Z"));
    let later = with_arrival(arrivals(&before), "itu", at("2026-11-11T08:00:00Z"));
    let after = told(&later, Some("2026-11-15T08:00:00Z"));
    let changed = recomputed(&account(&before), &account(&after));
    assert_eq!(changed.bed_days, [(BedDayKind::Ward, 5, 3), (BedDayKind::CriticalCare, 0, 2)]);
    assert_eq!(changed.nights, (5, 5));
    assert_eq!((changed.places_before.len(), changed.places_after.len()), (1, 2), "{changed:?}");
    let again = without_arrival(arrivals(&after), at("2026-11-11T08:00:00Z"));
    let again = told(&again, Some("2026-11-15T08:00:00Z"));
    let nothing = recomputed(&account(&before), &account(&again));
    assert_eq!(nothing, Recomputed { nights: (5, 5), ..Recomputed::default() });
}

#[test]
fn a_night_on_leave_is_a_night_of_leave_whether_the_bed_is_kept_or_not() {
    let mut of = stay(&[("a", "2026-11-10T08:00:00Z")], Some("2026-11-15T08:00:00Z"));
    let (from, to) = (at("2026-11-11T18:00:00Z"), Some(at("2026-11-13T10:00:00Z")));
    of.leaves.push(Away { from, to, keeps_bed: Some(true), back_by: None });
    let account = account(&of);
    assert_eq!(days(&account), [(BedDayKind::Ward, 3), (BedDayKind::Leave, 2)]);
}
