//! The figures of a hospital worked out from the journal's versions alone, as plain JSON, and compared with what boards,
//! lists and accounts say: who is in a bed, who waits, who is in the department, bed days and nights.
//!
//! Shares no code with the boards on purpose: it reads the members of Encounter and Location by name.

use std::collections::BTreeMap;

use administration::boards::all_boards;
use administration::stays::account::{BedDayKind, account_of};
use administration::{emergency, stays};
use record::{Key, Reading, Select};
use serde_json::Value;
use terms::{Moment, local_date, start_of_day};

/// What the versions say now.
#[derive(Debug, PartialEq, Eq, Default)]
struct Figures {
    /// Patients in beds and without one.
    in_beds: usize,
    without: usize,
    /// Decided to admit as an emergency, and not begun.
    waiting: usize,
    /// In the department, and on their way.
    attending: usize,
    due: usize,
    /// Nights of every stay.
    nights: u32,
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value[name].as_array().into_iter().flatten()
}

fn at(value: &Value, pointer: &str) -> Option<i64> {
    Moment::parse(text(value, pointer)).ok().map(|at| at.0)
}

/// The newest version of each resource of a type, found in its history as the journal has it.
async fn newest(reading: &Reading, kind: &str) -> BTreeMap<String, Value> {
    let mut select = Select::of(kind).limit(1000);
    let mut found = BTreeMap::new();
    loop {
        let page = reading.select(&select).await.unwrap();
        for version in &page.versions {
            let key = Key::new(kind, version.key.id.as_str());
            let history = reading.history(&key, None, 1).await.unwrap();
            let newest = history.into_iter().next().unwrap();
            assert_eq!(newest.version, version.version, "{kind}/{}: the index and the journal", version.key.id);
            found.insert(version.key.id.clone(), serde_json::from_slice(&newest.text).unwrap());
        }
        match page.next {
            Some(next) => select.after = Some(next),
            None => return found,
        }
    }
}

fn kind_of<'v>(places: &'v BTreeMap<String, Value>, id: &str) -> &'v str {
    places.get(id).map_or("", |place| text(place, "/type/0/coding/0/code"))
}

fn is_tagged(stay: &Value, code: &str) -> bool {
    stay["meta"]["tag"].as_array().is_some_and(|tags| tags.iter().any(|tag| text(tag, "/code") == code))
}

/// The place where somebody is: the last that is active.
fn here(stay: &Value) -> String {
    let active = list(stay, "location").filter(|entry| text(entry, "/status") == "active").last();
    active.map_or("", |entry| text(entry, "/location/reference")).trim_start_matches("Location/").to_owned()
}

fn method(stay: &Value) -> String {
    let mut extensions = stay.pointer("/hospitalization/extension").and_then(Value::as_array).into_iter().flatten();
    let method = extensions.rfind(|of| text(of, "/url").ends_with("AdmissionMethod"));
    method.map_or("", |of| text(of, "/valueCodeableConcept/coding/0/code")).to_owned()
}

/// Midnights, local time, that lie in a stay: the day of its end less the day of its beginning.
fn nights(stay: &Value, now: Moment) -> u32 {
    let Some(start) = at(stay, "/period/start") else { return 0 };
    let end = at(stay, "/period/end").unwrap_or(now.0);
    let days = local_date(Moment(end)).since(local_date(Moment(start))).unwrap().get_days();
    u32::try_from(days).unwrap_or(0)
}

/// Where somebody spent each midnight, by kind of place.
fn bed_days(stay: &Value, places: &BTreeMap<String, Value>, now: Moment) -> BTreeMap<&'static str, u32> {
    let mut days = BTreeMap::new();
    let Some(start) = at(stay, "/period/start") else { return days };
    let end = at(stay, "/period/end").unwrap_or(now.0);
    let leaves: Vec<(i64, i64)> = list(stay, "extension")
        .filter(|of| text(of, "/url") == "urn:almoner:leave")
        .filter_map(|of| {
            let part = |name: &str| {
                let part = list(of, "extension").find(|part| text(part, "/url") == name)?;
                at(part, "/valueDateTime")
            };
            Some((part("from")?, part("to").unwrap_or(i64::MAX)))
        })
        .collect();
    let mut day = local_date(Moment(start));
    while day < local_date(Moment(end)) {
        day = day.tomorrow().unwrap();
        let midnight = start_of_day(day).0;
        let is_at = |entry: &&Value| {
            let (from, to) = (at(entry, "/period/start"), at(entry, "/period/end"));
            from.is_some_and(|from| from < midnight) && to.is_none_or(|to| midnight <= to)
        };
        let place = list(stay, "location").find(is_at).map_or("", |entry| text(entry, "/location/reference"));
        let kind = match kind_of(places, place.trim_start_matches("Location/")) {
            _ if leaves.iter().any(|(from, to)| *from < midnight && midnight <= *to) => "leave",
            "bed" => "ward bed",
            "cot" => "cot",
            // Between the decision to admit and the ward: where it was decided.
            "" if stay.get("partOf").is_some() => "emergency department",
            "" => "place not known",
            _ => "no bed",
        };
        *days.entry(kind).or_insert(0) += 1;
    }
    days
}

/// The figures of the versions, and the bed days of each stay compared with the account that pages show.
async fn from_versions(reading: &Reading, now: Moment, words: &str) -> Figures {
    let (places, encounters) = (newest(reading, "Location").await, newest(reading, "Encounter").await);
    let mut figures = Figures::default();
    for (id, encounter) in &encounters {
        let (class, status) = (text(encounter, "/class/code"), text(encounter, "/status"));
        if class == "EMER" {
            figures.attending += usize::from(matches!(status, "arrived" | "triaged" | "in-progress"));
            figures.due += usize::from(status == "planned");
            continue;
        }
        match status {
            "in-progress" | "onleave" => {
                let is_bed = matches!(kind_of(&places, &here(encounter)), "bed" | "cot");
                if is_bed && !is_tagged(encounter, "no-bed-yet") {
                    figures.in_beds += 1;
                } else {
                    figures.without += 1;
                }
            }
            "planned" => figures.waiting += usize::from(method(encounter).starts_with('2')),
            _ => {}
        }
        if matches!(status, "in-progress" | "onleave" | "finished") {
            figures.nights += nights(encounter, now);
            let stay = stays::stay(reading, id).await.unwrap().unwrap();
            let account = account_of(reading, &stay, now).await.unwrap();
            let shown: BTreeMap<&str, u32> =
                account.bed_days.iter().map(|(kind, days): (&BedDayKind, _)| (kind.words(), *days)).collect();
            assert_eq!(shown, bed_days(encounter, &places, now), "{words}: bed days of {id}");
        }
    }
    figures
}

/// The figures of what people are shown.
async fn from_screens(reading: &Reading, now: Moment) -> Figures {
    let mut figures = Figures::default();
    for board in all_boards(reading, now).await.unwrap() {
        let counts = board.counts();
        figures.in_beds += counts.in_beds;
        figures.without += counts.no_bed;
    }
    figures.waiting = stays::bed_requests(reading).await.unwrap().len();
    let department = emergency::department(reading, "ed").await.unwrap().unwrap();
    (figures.attending, figures.due) = (department.here.len(), department.due.len());
    for version in select_all(reading).await {
        let stay = stays::stay(reading, &version).await.unwrap().unwrap();
        if stay.is_inpatient {
            figures.nights += account_of(reading, &stay, now).await.unwrap().nights;
        }
    }
    figures
}

async fn select_all(reading: &Reading) -> Vec<String> {
    newest(reading, "Encounter").await.into_keys().collect()
}

/// What is worked out from the versions is what people are shown.
pub(crate) async fn check(reading: &Reading, now: Moment, words: &str) {
    let versions = from_versions(reading, now, words).await;
    assert_eq!(versions, from_screens(reading, now).await, "{words}: the journal's figures, and those on screen");
    reading.finish().await.unwrap();
}
