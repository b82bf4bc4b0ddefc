//! Breaches of same-sex accommodation on plain data: who shares with whom, from when to when.
//! Reads no record and knows no page.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::*;
use crate::registration::Gender::{Female, Male, NotKnown};

const HOUR: i64 = 3_600_000;

fn sleeper(stay: &str, gender: Option<Gender>, times: &[(&str, i64, Option<i64>)]) -> Sleeper {
    let at = |hour: i64| Moment(hour * HOUR);
    let times = times.iter().map(|(room, from, to)| ((*room).to_owned(), at(*from), to.map(at))).collect();
    Sleeper { stay: stay.into(), patient: format!("p-{stay}"), gender, times, said: Vec::new() }
}

fn found(rooms: &[(&str, PlaceKind, PlaceKind)], sleepers: &[Sleeper]) -> Vec<(String, String, i64, Option<i64>)> {
    let rooms = rooms.iter().map(|(id, ward, kind)| ((*id).to_owned(), (*ward, *kind))).collect();
    let hours = |at: Moment| at.0 / HOUR;
    breaches(&rooms, sleepers).into_iter().map(|of| (of.stay, of.room, hours(of.from), of.to.map(hours))).collect()
}

fn row(stay: &str, room: &str, from: i64, to: Option<i64>) -> (String, String, i64, Option<i64>) {
    (stay.to_owned(), room.to_owned(), from, to)
}

#[test]
fn everybody_in_a_bay_is_in_a_breach_while_both_sexes_are_in_it_and_each_is_counted_once() {
    let bay = [("a", PlaceKind::Ward, PlaceKind::Bay), ("b", PlaceKind::Ward, PlaceKind::Bay)];
    let ann = || sleeper("ann", Some(Female), &[("a", 1, None)]);
    let bea = || sleeper("bea", Some(Female), &[("a", 2, Some(9))]);
    let cal = |from, to| sleeper("cal", Some(Male), &[("a", from, to)]);
    assert_eq!(found(&bay, &[ann(), bea()]), []);
    // A man comes and goes: three are affected, whoever moved.
    let three = found(&bay, &[ann(), bea(), cal(4, Some(6))]);
    assert_eq!(three, [row("ann", "a", 4, Some(6)), row("bea", "a", 4, Some(6)), row("cal", "a", 4, Some(6))]);
    // One man after the other without a gap is one breach for the women.
    let dan = sleeper("dan", Some(Male), &[("a", 6, None)]);
    let four = found(&bay, &[ann(), cal(4, Some(6)), dan]);
    assert_eq!(four, [row("ann", "a", 4, None), row("cal", "a", 4, Some(6)), row("dan", "a", 6, None)]);
    // With a gap it is a second one.
    let eli = sleeper("eli", Some(Male), &[("a", 7, Some(8))]);
    let five = found(&bay, &[ann(), cal(4, Some(6)), eli]);
    assert_eq!(five.iter().filter(|(stay, ..)| stay == "ann").count(), 2);
    // To another mixed bay is another one.
    let moved = sleeper("cal", Some(Male), &[("a", 4, Some(6)), ("b", 6, None)]);
    let zoe = sleeper("zoe", Some(Female), &[("b", 1, None)]);
    let six = found(&bay, &[ann(), moved, zoe]);
    assert_eq!(six.iter().filter(|(stay, ..)| stay == "cal").count(), 2);
}

#[test]
fn nobody_is_in_a_breach_in_critical_care_or_beside_somebody_of_whom_it_is_not_known() {
    let two = [sleeper("ann", Some(Female), &[("a", 1, None)]), sleeper("cal", Some(Male), &[("a", 2, None)])];
    assert_eq!(found(&[("a", PlaceKind::CriticalCare, PlaceKind::Bay)], &two), []);
    assert_eq!(found(&[("a", PlaceKind::Ward, PlaceKind::SideRoom)], &two), []);
    let unknown = [sleeper("ann", Some(Female), &[("a", 1, None)]), sleeper("x", Some(NotKnown), &[("a", 2, None)])];
    assert_eq!(found(&[("a", PlaceKind::Ward, PlaceKind::Bay)], &unknown), []);
}

#[test]
fn a_breach_counts_until_somebody_says_that_it_is_clinically_justified() {
    let rooms = BTreeMap::from([("a".to_owned(), (PlaceKind::Ward, PlaceKind::Bay))]);
    let said = |code: &str, hour: i64| Said {
        room: "a".into(),
        from: Moment(hour * HOUR),
        reason: MixedReason::of_code(code).unwrap(),
    };
    let counted = |said: Vec<Said>| {
        let ann = Sleeper { said, ..sleeper("ann", Some(Female), &[("a", 1, None)]) };
        let of = breaches(&rooms, &[ann, sleeper("cal", Some(Male), &[("a", 2, Some(5))])]);
        of.iter().find(|of| of.stay == "ann").map(Breach::counts)
    };
    assert_eq!(counted(Vec::new()), Some(true), "nobody has said why");
    assert_eq!(counted(vec![said("no-bed", 2)]), Some(true));
    assert_eq!(counted(vec![said("chosen", 2)]), Some(false));
    assert_eq!(counted(vec![said("chosen", 2), said("no-bed", 2)]), Some(true), "what was said last holds");
    assert_eq!(counted(vec![said("chosen", 6)]), Some(true), "that was of another time");
}

#[test]
fn whoever_is_on_leave_is_not_in_the_bay() {
    let text = r#"{"resourceType":"Encounter","id":"e","status":"in-progress",
        "class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"},
        "subject":{"reference":"Patient/p"},"period":{"start":"2026-11-10T08:00:00Z"},
        "extension":[{"url":"urn:almoner:leave","extension":[{"url":"from","valueDateTime":"2026-11-11T10:00:00Z"},
            {"url":"to","valueDateTime":"2026-11-11T18:00:00Z"}]}],
        "location":[{"location":{"reference":"Location/bed"},"status":"active","period":{"start":"2026-11-10T09:00:00Z"}}]}"#;
    let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
    let sleeper = Sleeper::of(&Stay::of(document.root()), None, |_| Some("a".into())).unwrap();
    let times: Vec<(String, Option<String>)> =
        sleeper.times.iter().map(|(_, from, to)| (from.to_string(), to.map(|to| to.to_string()))).collect();
    let at = |text: &str| Moment::parse(text).unwrap().to_string();
    let expected = [(at("2026-11-10T09:00:00Z"), Some(at("2026-11-11T10:00:00Z"))), (at("2026-11-11T18:00:00Z"), None)];
    assert_eq!(times, expected);
}
