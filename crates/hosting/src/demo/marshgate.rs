//! The second trust of the demonstration: Marshgate General, a small district hospital that shares the consortium's
//! services and job roles, with people of its own.
//!
//! Its people are a file made from the test kit's simulator; what happens to them is a list of commands, told as minutes
//! before the present, which go through the same rules as everybody's. Everybody is invented.

use administration::Command;
use administration::emergency::{
    Arrive, AssessFirst, By, Category, DecideToAdmit, Mode, TakeOver, Takes, Triage, Whose,
};
use administration::stays::{Admit, RequestAdmission, SetTci};
use terms::{Moment, PartialDate, local_date};

use super::{DAY_MS, MINUTE_MS, Someone};

/// The people, one a line. Made from the test kit's; a test compares.
pub(super) const PATIENTS: &str = include_str!("../generated/marshgate.ndjson");
pub(super) const CODE: &str = "MGH";
pub(super) const NAME: &str = "Marshgate General (demonstration)";
pub(super) const PEOPLE: [Someone; 7] = [
    ("j.quist", "Jo Quist", "clinician", None),
    ("m.oyelowo", "Mofe Oyelowo", "clinician", Some("oyelowo")),
    ("b.osei", "Ben Osei", "clerk", None),
    ("h.varga", "Hanna Varga", "patient-index", None),
    ("l.moyo", "Linda Moyo", "patient-index", None),
    ("f.ibarra", "Felix Ibarra", "privacy-officer", None),
    ("w.tran", "Wei Tran", "administrator", None),
];

/// Who is in which bed, for how many hours, and why; women's bays are A, men's are B, and 9 is a side room.
const IN_BEDS: &[(&str, i64, &str)] = &[
    ("alder-bed-01", 9, "Pneumonia"),
    ("alder-bed-02", 76, "Heart failure"),
    ("alder-bed-04", 30, "Exacerbation of asthma"),
    ("alder-bed-05", 120, "Stroke, rehabilitation"),
    ("alder-bed-06", 27, "Acute kidney injury"),
    ("alder-bed-08", 52, "COPD exacerbation"),
    ("alder-bed-09", 16, "Influenza, isolated"),
    ("birch-bed-01", 44, "Appendicitis, operated"),
    ("birch-bed-03", 98, "Hip fracture, fixed"),
    ("birch-bed-04", 6, "Ankle fracture"),
    ("birch-bed-05", 70, "Bowel obstruction"),
    ("birch-bed-07", 22, "Wrist fracture, fixed"),
    ("birch-bed-08", 150, "Hip replacement"),
    ("birch-bed-09", 12, "Cellulitis"),
];

/// Who is in the emergency department: minutes since they came, by ambulance, category, why, and how far they are.
const ATTENDING: &[(i64, bool, Option<u8>, &str, u8)] = &[
    (265, true, Some(2), "Fall, hip pain", 3),
    (150, false, Some(3), "Abdominal pain", 2),
    (95, false, Some(3), "Chest pain", 2),
    (48, true, Some(2), "Short of breath", 1),
    (31, false, Some(4), "Laceration to hand", 1),
    (8, false, None, "Headache", 0),
];
/// Who is to come in: in how many days, and for what.
const TO_COME: &[(i64, &str, &str, &str)] = &[
    (0, "110", "Trauma and orthopaedics", "Total knee replacement"),
    (1, "100", "General surgery", "Inguinal hernia repair"),
    (3, "100", "General surgery", "Laparoscopic cholecystectomy"),
];
const CONSULTANTS: [(&str, &str); 2] =
    [("Practitioner/oyelowo", "Dr M Oyelowo"), ("Practitioner/farouk", "Dr N Farouk")];

/// What has happened until now, in the order in which it happened or was told.
pub(super) fn commands(now: Moment) -> Vec<Command> {
    let mut people = People::new();
    let mut commands: Vec<Command> = Vec::new();
    for (number, (bed, hours, reason)) in IN_BEDS.iter().enumerate() {
        let is_women = matches!(bed.rsplit('-').next(), Some("01" | "02" | "03" | "04"));
        let patient = if bed.ends_with("09") { people.next(number.is_multiple_of(2)) } else { people.next(is_women) };
        commands.push(Command::Admit(admission(number, patient, (bed, *hours, reason), now)));
    }
    for (number, of) in ATTENDING.iter().enumerate() {
        commands.extend(attendance(number, people.next(number.is_multiple_of(2)), *of, now));
    }
    for (number, of) in TO_COME.iter().enumerate() {
        commands.extend(planned(number, people.next(number % 2 == 1), *of, now));
    }
    commands
}

fn consultant(of: &str) -> (String, String) {
    let (who, name) = CONSULTANTS[usize::from(of.starts_with("birch"))];
    (who.to_owned(), name.to_owned())
}

fn day_in(days: i64, now: Moment) -> String {
    local_date(Moment(now.0 + days * DAY_MS)).to_string()
}

fn admission(number: usize, patient: String, (bed, hours, reason): (&str, i64, &str), now: Moment) -> Admit {
    let is_surgery = bed.starts_with("birch");
    let (function, words) = if is_surgery { ("100", "General surgery") } else { ("300", "General internal medicine") };
    // One in seven has no expected day yet.
    let expected_end = (number % 7 != 3).then(|| day_in(1 + number as i64 % 4, now));
    Admit {
        stay: format!("marshgate-stay-{}", number + 1),
        patient,
        at: Moment(now.0 - hours * 60 * MINUTE_MS),
        place: bed.to_owned(),
        method: Some(("21".to_owned(), "Emergency department of this trust".to_owned())),
        source: None,
        consultant: Some(consultant(bed)),
        treatment_function: Some((function.to_owned(), words.to_owned())),
        reason: Some(reason.to_owned()),
        expected_end,
        mixed: None,
    }
}

fn attendance(
    number: usize,
    patient: String,
    (minutes, by_ambulance, category, complaint, steps): (i64, bool, Option<u8>, &str, u8),
    now: Moment,
) -> Vec<Command> {
    let attendance = format!("marshgate-attendance-{}", number + 1);
    let after = |more: i64| Moment(now.0 - (minutes - more).max(0) * MINUTE_MS);
    let by = || By { id: "user/j.quist".to_owned(), name: "Jo Quist".to_owned() };
    let cubicle = (number < 4).then(|| format!("ed-majors-{}", number + 1));
    let mode = Some(if by_ambulance { Mode::Ambulance } else { Mode::OnFoot });
    let mut commands = vec![Command::Arrive(Arrive {
        attendance: attendance.clone(),
        who: Whose::Known(patient),
        department: "ed".to_owned(),
        place: cubicle,
        at: after(0),
        mode,
        complaint: Some(complaint.to_owned()),
    })];
    if by_ambulance {
        let (attendance, at) = (attendance.clone(), after(12));
        commands.push(Command::HandOver(administration::emergency::HandOver { attendance, at }));
    }
    if let Some(category) = category.and_then(Category::of) {
        let (attendance, at) = (attendance.clone(), after(15));
        commands.push(Command::Triage(Triage { attendance, category: Some(category), complaint: None, at, by: by() }));
    }
    if steps >= 2 {
        let (of, at) = (attendance.clone(), after(40));
        commands.push(Command::AssessFirst(AssessFirst { attendance: of.clone(), at, by: by() }));
        let (who, name) = (Some("Practitioner/ahn".to_owned()), Some("Dr S Ahn".to_owned()));
        commands.push(Command::TakeOver(TakeOver { attendance: of, who, name, takes: Takes::AsClinician, at }));
    }
    if steps >= 3 {
        commands.push(Command::DecideToAdmit(DecideToAdmit {
            attendance,
            stay: format!("marshgate-expected-{}", number + 1),
            treatment_function: Some(("110".to_owned(), "Trauma and orthopaedics".to_owned())),
            consultant: Some(consultant("birch")),
            note: None,
            at: after(150),
            by: by(),
        }));
    }
    commands
}

fn planned(
    number: usize,
    patient: String,
    (days, code, words, procedure): (i64, &str, &str, &str),
    now: Moment,
) -> Vec<Command> {
    let stay = format!("marshgate-planned-{}", number + 1);
    let request = RequestAdmission {
        stay: stay.clone(),
        patient,
        decided: Moment(now.0 - (20 + number as i64) * DAY_MS),
        method: "11".to_owned(),
        priority: Some("P3".to_owned()),
        intended: Some("1".to_owned()),
        treatment_function: Some((code.to_owned(), words.to_owned())),
        consultant: Some(consultant("birch")),
        reason: procedure.to_owned(),
        ..RequestAdmission::default()
    };
    let tci = PartialDate::parse(&day_in(days, now)).ok();
    let tci = tci.map(|tci| Command::SetTci(SetTci { stay, tci, is_reasonable: Some(true) }));
    [Command::RequestAdmission(request)].into_iter().chain(tci).collect()
}

/// The people of the file in its order, women and men.
struct People {
    women: std::vec::IntoIter<String>,
    men: std::vec::IntoIter<String>,
}

impl People {
    fn new() -> People {
        let of = |gender: &str| {
            let wanted = format!("\"gender\":\"{gender}\"");
            let lines = PATIENTS.lines().filter(move |line| line.contains(&wanted));
            let id =
                |line: &str| line.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned);
            lines.filter_map(id).collect::<Vec<String>>().into_iter()
        };
        People { women: of("female"), men: of("male") }
    }

    fn next(&mut self, is_woman: bool) -> String {
        let next = if is_woman { self.women.next() } else { self.men.next() };
        next.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_what_the_test_kit_invents() {
        let built = testkit::hospital::Built { people: 140, ..testkit::hospital::Built::of_beds(18, 4_117) };
        let told: Vec<String> = built.patients().collect();
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generated/marshgate.ndjson");
        if std::env::var_os("ALMONER_REGENERATE").is_some() {
            std::fs::write(&path, told.join("\n") + "\n").unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            return;
        }
        assert_eq!(PATIENTS.lines().collect::<Vec<_>>(), told, "run this test with ALMONER_REGENERATE=1");
    }

    #[test]
    fn nobody_is_in_two_places_and_everybody_is_in_the_file() {
        let commands = commands(Moment(1_794_926_100_000));
        let mut patients: Vec<&str> = commands
            .iter()
            .filter_map(|command| match command {
                Command::Admit(of) => Some(of.patient.as_str()),
                Command::RequestAdmission(of) => Some(of.patient.as_str()),
                Command::Arrive(Arrive { who: Whose::Known(patient), .. }) => Some(patient.as_str()),
                _ => None,
            })
            .collect();
        let all = patients.len();
        patients.sort_unstable();
        patients.dedup();
        assert_eq!((patients.len(), patients.iter().filter(|id| id.is_empty()).count()), (all, 0));
    }
}
