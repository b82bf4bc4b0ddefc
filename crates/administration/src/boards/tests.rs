//! The board from plain data: whatever the stays say, each is in one row, each bed has one row, and the numbers are
//! those of the rows.
#![expect(clippy::unwrap_used, reason = "the cases are written out below")]

use super::*;
use crate::places::BedState;
use crate::stays::Care;
use std::sync::Arc;

use fhir::write::{Object, array, array_if, coding, quoted, reference};
use fhir::{Document, Limits};

const NOW: &str = "2026-11-17T14:35:00Z";

fn moment(text: &str) -> Moment {
    Moment::parse(text).unwrap()
}

fn place(id: &str, kind: PlaceKind, part_of: Option<&str>, status: BedStatus) -> Place {
    Place {
        id: id.into(),
        kind,
        name: format!("Place {id}"),
        label: id.into(),
        part_of: part_of.map(str::to_owned),
        position: 1,
        sex: None,
        treatment_function: None,
        description: None,
        is_active: true,
        bed: BedState { status, since: None, reason: None, until: None },
        nurse: None,
    }
}

/// Two bays of two beds, a bed in no room, a trolley.
fn ward() -> Ward {
    let bed = |id: &str, room: Option<&str>, status| place(id, PlaceKind::Bed, room, status);
    Ward {
        place: place("heron", PlaceKind::Ward, None, BedStatus::Available),
        rooms: vec![
            place("a", PlaceKind::Bay, Some("heron"), BedStatus::Available),
            place("b", PlaceKind::Bay, Some("heron"), BedStatus::Available),
        ],
        beds: vec![
            bed("1", Some("a"), BedStatus::Available),
            bed("2", Some("a"), BedStatus::Vacated),
            bed("3", Some("b"), BedStatus::Closed),
            bed("4", Some("b"), BedStatus::Compromised),
            bed("5", Some("heron"), BedStatus::Available),
        ],
        others: vec![place("trolley", PlaceKind::Trolley, Some("heron"), BedStatus::Available)],
    }
}

fn care() -> Care {
    Care { who: "Practitioner/okafor".into(), name: None, treatment_function: None, from: None, to: None }
}

/// A stay whose places are written `>bed` for where they are, `<bed` for where they were, `=bed` for what is kept.
fn stay(id: &str, status: &str, places: &str) -> Stay {
    tagged(id, status, places, None)
}

fn tagged(id: &str, status: &str, places: &str, tag: Option<&str>) -> Stay {
    let at = |status: &str, place: &str, is_over: bool| {
        let end = is_over.then_some("2026-11-17T12:00:00Z");
        let period = Object::new().text("start", "2026-11-17T10:00:00Z").text_if("end", end).done();
        let location = reference(&format!("Location/{place}"), None);
        Object::new().json("location", location).text("status", status).json("period", period).done()
    };
    let places = places.split_whitespace().map(|entry| match entry.split_at(1) {
        (">", place) => at("active", place, false),
        ("<", place) => at("completed", place, true),
        (_, place) => at("reserved", place, false),
    });
    let tag = tag.map(|tag| {
        let tag = Object::new().text("system", "urn:almoner:stay").text("code", tag).done();
        Object::new().json("tag", array([tag])).done()
    });
    let text = Object::resource("Encounter", id)
        .json_if("meta", tag)
        .text("status", status)
        .json("class", coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", "IMP", None))
        .json("subject", reference(&format!("Patient/p-{id}"), None))
        .json("period", Object::new().text("start", "2026-11-14T03:50:00Z").done())
        .json_if("location", array_if(places))
        .done();
    Stay::of(Document::parse(text.as_bytes(), &Limits::default()).unwrap().root())
}

fn board(stays: &[Stay]) -> WardBoard {
    let elsewhere = [("ct", PlaceKind::Other), ("kite-1", PlaceKind::Bed)];
    let elsewhere = elsewhere.map(|(id, kind)| (id.to_owned(), Arc::new(place(id, kind, None, BedStatus::Available))));
    WardBoard::of(&ward(), stays, &elsewhere.into(), &BTreeMap::new(), moment(NOW))
}

/// Each row as `name: state, who, kept for`.
fn told(board: &WardBoard) -> Vec<String> {
    let row = |row: &BoardRow| {
        let who = row.occupant.as_ref().map_or("-", |occupant| occupant.stay.id.as_str());
        let kept = row.kept_for.as_ref().map_or("-", |stay| stay.id.as_str());
        format!("{}: {:?} {who} {kept}", row.id(), row.state())
    };
    board.rows().map(row).collect()
}

fn check(stays: &[Stay], expected: &[&str]) {
    let board = board(stays);
    assert_eq!(told(&board), expected);
    let counts = board.counts();
    assert_eq!(counts.beds, 5, "beds never vanish");
    assert_eq!(counts.in_beds + counts.free + counts.to_clean + counts.reserved + counts.closed, 5, "{counts:?}");
    let shown: Vec<&str> = board.rows().filter_map(|row| Some(row.occupant.as_ref()?.stay.id.as_str())).collect();
    let mut once = shown.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), shown.len(), "nobody is in two rows: {shown:?}");
}

#[test]
fn whose_specialty_is_not_the_wards_is_a_boarder() {
    let with = |id: &str, bed: &str, function: Option<&str>| {
        let mut stay = stay(id, "in-progress", bed);
        stay.treatment_function = function.map(str::to_owned);
        stay
    };
    let mut stays =
        vec![with("same", ">1", Some("340")), with("other", ">2", Some("100")), with("not-said", ">trolley", None)];
    // Another system's code of its own, and an episode of the ward's specialty in a stay of another.
    stays.push(with("coded", ">3", Some("394589003")));
    let mut moved = with("moved", ">4", Some("100"));
    moved.care.push(Care { treatment_function: Some("340".into()), ..care() });
    stays.push(moved);
    let boarders = |ward: &Ward| {
        let board = WardBoard::of(ward, &stays, &BTreeMap::new(), &BTreeMap::new(), moment(NOW));
        let rows = board.rows().filter(|row| board.is_boarder(row));
        rows.map(|row| row.occupant.as_ref().unwrap().stay.id.clone()).collect::<Vec<_>>()
    };
    let mut heron = ward();
    assert_eq!(boarders(&heron), [""; 0], "a ward without a specialty");
    heron.place.treatment_function = Some("340".into());
    assert_eq!(boarders(&heron), ["other"]);
    heron.place.kind = PlaceKind::AssessmentUnit;
    assert_eq!(boarders(&heron), [""; 0], "it takes every specialty");
}

#[test]
fn an_empty_ward_shows_the_beds_own_states() {
    let expected = [
        "bed-1: Available - -",
        "bed-2: Vacated - -",
        "bed-3: Closed - -",
        "bed-4: Compromised - -",
        "bed-5: Available - -",
    ];
    check(&[], &expected);
}

#[test]
fn patients_are_in_their_beds_away_or_without_one() {
    let stays = [
        stay("one", "in-progress", "<trolley >1"),
        tagged("claims", "in-progress", ">1", Some("no-bed-yet")),
        stay("at-ct", "in-progress", "<2 >ct =2"),
        stay("on-leave", "onleave", ">4"),
        stay("on-trolley", "in-progress", ">trolley"),
        stay("coming", "in-progress", ">kite-1 =5"),
        stay("expected", "planned", ""),
        stay("gone", "finished", "<3"),
    ];
    let expected = [
        "stay-claims: NoBedYet claims -",
        "stay-on-trolley: NoBedYet on-trolley -",
        "bed-1: Occupied one -",
        "bed-2: Away at-ct -",
        "bed-3: Closed - -",
        "bed-4: Away on-leave -",
        "bed-5: Reserved - coming",
    ];
    check(&stays, &expected);
    let board = board(&stays);
    assert_eq!(board.expected.iter().map(|stay| stay.id.as_str()).collect::<Vec<_>>(), ["expected"]);
    let (_, at_ct) = board.stay("at-ct").unwrap();
    let elsewhere = at_ct.elsewhere.as_ref().unwrap();
    assert_eq!((elsewhere.place.as_ref().unwrap().id.as_str(), elsewhere.is_leave), ("ct", false));
    assert!(board.stay("on-leave").unwrap().1.elsewhere.as_ref().unwrap().is_leave);
    assert_eq!(board.counts().no_bed, 2);
}

#[test]
fn whoever_contradicts_somebody_else_is_not_lost() {
    // Two in one bed, one back from CT to a bed that was given away, one in a closed bed, one in the ward alone.
    let stays = [
        stay("first", "in-progress", ">1"),
        stay("second", "in-progress", ">1"),
        stay("back", "in-progress", "<1 >ct =1"),
        stay("closed", "in-progress", ">3"),
        stay("arrived", "in-progress", ">heron"),
        stay("kept", "planned", "=1"),
    ];
    let expected = [
        "stay-arrived: NoBedYet arrived -",
        "stay-back: NoBedYet back -",
        "stay-second: NoBedYet second -",
        "bed-1: Occupied first kept",
        "bed-2: Vacated - -",
        "bed-3: Occupied closed -",
        "bed-4: Compromised - -",
        "bed-5: Available - -",
    ];
    check(&stays, &expected);
}

#[test]
fn who_needs_no_bed_where_they_are_is_not_counted_as_without_one() {
    let counted = |kind: PlaceKind, intended: Option<&str>| {
        let mut ward = ward();
        ward.place.kind = kind;
        let mut one = stay("one", "in-progress", ">trolley");
        one.request.intended = intended.map(str::to_owned);
        let board = WardBoard::of(&ward, &[one], &BTreeMap::new(), &BTreeMap::new(), moment(NOW));
        assert_eq!(board.no_bed.len(), 1, "everybody is shown");
        board.counts().no_bed
    };
    assert_eq!(counted(PlaceKind::DischargeLounge, None), 0);
    assert_eq!(counted(PlaceKind::VirtualWard, Some("1")), 0);
    assert_eq!(counted(PlaceKind::DayUnit, Some("2")), 0);
    // An inpatient who is put on a trolley of the day unit waits for a bed.
    assert_eq!(counted(PlaceKind::DayUnit, Some("1")), 1);
    assert_eq!(counted(PlaceKind::DayUnit, None), 1);
    assert_eq!(counted(PlaceKind::Ward, Some("2")), 1);
}

#[test]
fn days_are_those_of_the_calendar_also_when_the_clocks_change() {
    let cases = [
        ("2026-11-14T03:50:00Z", NOW, Some(4)),
        ("2026-11-17T23:30:00Z", "2026-11-18T00:10:00Z", Some(2)),
        // The night of 25 hours: midnight comes once.
        ("2026-10-24T22:30:00Z", "2026-10-24T23:30:00Z", Some(2)),
        ("2026-10-24T23:30:00Z", "2026-10-25T23:30:00Z", Some(1)),
        ("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", Some(1)),
        // The night of 23 hours.
        ("2027-03-28T00:30:00Z", "2027-03-28T01:30:00Z", Some(1)),
        ("2027-03-28T00:30:00Z", "2027-03-28T23:30:00Z", Some(2)),
        ("2026-11-18T03:50:00Z", NOW, None),
    ];
    for (started, now, day) in cases {
        assert_eq!(day_of_stay(moment(started), moment(now)), day, "{started} {now}");
    }
}

#[test]
fn those_who_could_be_taken_for_each_other_are_marked_on_both_rows() {
    let person = |family: &str, given: &str, born: &str| {
        let name = Object::new().text("family", family).json("given", array([quoted(given)])).done();
        let text = Object::resource("Patient", "p").json("name", array([name])).text("birthDate", born);
        let text = text.json("managingOrganization", reference("Organization/o", None)).done();
        Person::of(&Document::parse(text.as_bytes(), &Limits::default()).unwrap())
    };
    let people = [
        ("p-15".to_owned(), person("Patel", "Dinesh", "1953-07-30")),
        ("p-16".to_owned(), person("Patell", "Dilip", "1955-01-02")),
        ("p-17".to_owned(), person("Quinn", "Bridget", "1947-01-02")),
        // Their sounds are written alike (KL), and nobody would take one for the other.
        ("p-18".to_owned(), person("Gill", "Harpreet", "1969-01-02")),
        ("p-19".to_owned(), person("Kellaway", "Brian", "1949-01-02")),
        ("p-gone".to_owned(), person("Quinn", "Bridget", "1947-01-02")),
    ];
    let stays = [
        stay("15", "in-progress", ">1"),
        stay("16", "in-progress", ">trolley"),
        stay("17", "in-progress", ">2"),
        stay("18", "in-progress", ">4"),
        stay("19", "in-progress", ">5"),
        stay("gone", "finished", "<4"),
    ];
    let board = WardBoard::of(
        &ward(),
        &stays,
        &BTreeMap::new(),
        &people.iter().map(|(id, person)| (id.as_str(), person)).collect(),
        moment(NOW),
    );
    let similar: Vec<bool> = ["15", "16", "17", "18", "19"].map(|id| board.stay(id).unwrap().1.is_similar).into();
    assert_eq!(similar, [true, true, false, false, false]);
}
