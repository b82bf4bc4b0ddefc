//! How long the server takes for the search, the chart of a patient with 700 encounters, and the board of a full ward of 30:
//! `cargo bench -p portal`.
//!
//! Everything is inside the process, through the real routes over a real SQLite record with its access journal, one
//! request after another; what HTTP adds is not in it. Invented people only; nothing here is part of the product.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark prints and reads the clock"
)]

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/pages/support.rs"]
mod support;

use std::time::{Duration, Instant};

use access::Role;
use http::StatusCode;
use support::Trust;

/// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ENCOUNTERS: usize = 700;
const PEOPLE: usize = 2_000;
const ROUNDS: usize = 60;
/// Patients of a full ward, and the sets of observations that each has.
const IN_WARD: usize = 30;
const SETS: usize = 40;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    // `cargo test --benches` builds it and runs nothing.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let trust = Trust::demo().await;
    let resources = patient_with_a_long_history();
    println!("a patient with {ENCOUNTERS} encounters and {} resources, {PEOPLE} other people", resources.len());
    for batch in resources.chunks(500).chain(people().chunks(500)) {
        trust.put(batch).await;
    }
    for batch in full_ward().chunks(500) {
        trust.put(batch).await;
    }
    trust.send(Role::Clinician, "/t/DEMO/place", "place=full").await;
    println!("{:<40} {:>9} {:>9} {:>9} {:>9}", "page", "p50 ms", "p95 ms", "most ms", "kB");
    for (name, path) in [
        ("search, surname", "/t/DEMO/patients?q=oyelaran"),
        ("search, common surname, 40 rows", "/t/DEMO/patients?q=smithson"),
        ("search, misspelt, year", "/t/DEMO/patients?q=adeyimi+grace+1951"),
        ("search, NHS number", "/t/DEMO/patients?q=9990142076"),
        ("chart of the demonstration", "/t/DEMO/patients/adeyemi-folasade"),
        ("chart, 700 encounters", "/t/DEMO/patients/long"),
        ("chart, 700 encounters, list", "/t/DEMO/patients/long?span=list"),
        ("ward board, 30 patients", "/t/DEMO/wards/full"),
        ("home, of a ward of 30", "/t/DEMO/"),
        ("emergency board, 11 patients", "/t/DEMO/emergency"),
    ] {
        measure(&trust, name, path).await;
    }
}

async fn measure(trust: &Trust, name: &str, path: &str) {
    let mut times: Vec<Duration> = Vec::with_capacity(ROUNDS);
    let mut bytes = 0;
    for round in 0..ROUNDS + 5 {
        let begun = Instant::now();
        let answer = trust.get(Role::Clinician, path).await;
        // The first rounds warm the caches.
        if round >= 5 {
            times.push(begun.elapsed());
        }
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        bytes = answer.text.len();
    }
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1000.0;
    println!("{name:<40} {:>9.2} {:>9.2} {:>9.2} {:>9}", at(50), at(95), at(100), bytes / 1000);
}

/// Seven hundred visits over ten years, each with a set of observations, results, and some of the rest.
fn patient_with_a_long_history() -> Vec<String> {
    let mut texts = vec![person("long", "Longstay", "1950-01-02")];
    for visit in 0..ENCOUNTERS {
        let day = format!("{}-{:02}-{:02}", 2016 + visit / 70, 1 + (visit / 6) % 12, 1 + visit % 28);
        let class = ["AMB", "AMB", "EMER", "IMP"][visit % 4];
        texts.push(resource("Encounter", &format!("e{visit}"), &format!(
            r#""status":"finished","class":{{"code":"{class}"}},"period":{{"start":"{day}T09:00:00Z","end":"{day}T10:00:00Z"}},"reasonCode":[{{"text":"Heart failure"}}],"location":[{{"location":{{"display":"Heron ward"}}}}]"#)));
        for (at, (code, unit)) in
            [("2823-3", "mmol/L"), ("2160-0", "umol/L"), ("1988-5", "mg/L"), ("718-7", "g/L")].iter().enumerate()
        {
            texts.push(resource("Observation", &format!("l{visit}-{at}"), &format!(
                r#""status":"final","category":[{{"coding":[{{"code":"laboratory"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}],"text":"Test {code}"}},"effectiveDateTime":"{day}T09:{at:02}:00Z","encounter":{{"reference":"Encounter/e{visit}"}},"valueQuantity":{{"value":{}.{at},"unit":"{unit}","code":"{unit}"}},"referenceRange":[{{"low":{{"value":3,"code":"{unit}"}},"high":{{"value":90,"code":"{unit}"}}}}]"#, visit % 97)));
        }
        for (at, (code, unit)) in
            [("9279-1", "/min"), ("2708-6", "%"), ("8867-4", "/min"), ("8310-5", "Cel")].iter().enumerate()
        {
            texts.push(resource("Observation", &format!("v{visit}-{at}"), &format!(
                r#""status":"final","category":[{{"coding":[{{"code":"vital-signs"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}]}},"effectiveDateTime":"{day}T09:30:00Z","encounter":{{"reference":"Encounter/e{visit}"}},"valueQuantity":{{"value":{},"unit":"{unit}","code":"{unit}"}}"#, 36 + visit % 4)));
        }
        if visit % 3 == 0 {
            texts.push(resource("DocumentReference", &format!("d{visit}"), &format!(
                r#""status":"current","date":"{day}T12:00:00Z","description":"Clinic letter","content":[{{"attachment":{{"title":"Letter"}}}}]"#)));
            texts.push(resource("MedicationRequest", &format!("m{visit}"), &format!(
                r#""status":"{}","intent":"order","authoredOn":"{day}","medicationCodeableConcept":{{"text":"medicine {visit}"}}"#, if visit % 60 == 0 { "active" } else { "stopped" })));
        }
        if visit % 10 == 0 {
            texts.push(resource("Condition", &format!("c{visit}"), &format!(
                r#""clinicalStatus":{{"coding":[{{"code":"{}"}}]}},"code":{{"coding":[{{"code":"{visit}"}}],"text":"Problem {visit}"}},"onsetDateTime":"{day}""#, if visit % 50 == 0 { "active" } else { "resolved" })));
        }
    }
    texts
}

/// A ward of 30 beds, all of them taken, by people with ten days of observations, an allergy, a flag and a task.
fn full_ward() -> Vec<String> {
    let place = |id: &str, kind: &str, above: &str| {
        format!(
            r#"{{"resourceType":"Location","id":"{id}","status":"active","name":"Place {id}","type":[{{"coding":[{{"system":"urn:almoner:place-kind","code":"{kind}"}}]}}]{above}}}"#
        )
    };
    let within = |id: &str| format!(r#","partOf":{{"reference":"Location/{id}"}}"#);
    let mut texts = vec![place("full", "ward", "")];
    texts.extend((0..IN_WARD).map(|bed| place(&format!("full-{bed}"), "bed", &within("full"))));
    for bed in 0..IN_WARD {
        let id = format!("w{bed}");
        texts.push(person(&id, &format!("Ward{bed}"), "1950-01-02"));
        let own = |kind: &str, end: &str, rest: &str| {
            resource(kind, &format!("{id}-{end}"), rest).replace("Patient/long", &format!("Patient/{id}"))
        };
        texts.push(own("Encounter", "stay", &format!(
            r#""status":"in-progress","class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"}},"period":{{"start":"2026-11-07T09:00:00Z"}},"location":[{{"location":{{"reference":"Location/full-{bed}"}},"status":"active"}}]"#)));
        texts.push(own("Flag", "flag", r#""status":"active","code":{"text":"Falls"}"#));
        texts.push(
            own("AllergyIntolerance", "allergy", r#""code":{"text":"penicillin"}"#)
                .replace("\"subject\"", "\"patient\""),
        );
        texts.push(own("Task", "task", r#""status":"requested","intent":"order","description":"Mobilise","restriction":{"period":{"end":"2026-11-17T16:00:00Z"}}"#).replace("\"subject\"", "\"for\""));
        for set in 0..SETS {
            let at = format!("2026-11-{:02}T{:02}:10:00Z", 8 + set / 4, 6 * (set % 4));
            let signs = [
                ("9279-1", "/min", 16),
                ("2708-6", "%", 96),
                ("3151-8", "L/min", 0),
                ("8480-6", "mm[Hg]", 120),
                ("8867-4", "/min", 80),
                ("8310-5", "Cel", 37),
            ];
            let observation = |code: &str, value: &str| {
                let code = format!(r#""code":{{"coding":[{{"system":"http://loinc.org","code":"{code}"}}]}}"#);
                format!(r#""status":"final",{code},"effectiveDateTime":"{at}",{value}"#)
            };
            for (code, unit, value) in signs {
                let value = format!(r#""valueQuantity":{{"value":{value},"unit":"{unit}","code":"{unit}"}}"#);
                texts.push(own("Observation", &format!("{set}-{code}"), &observation(code, &value)));
            }
            let alert = r#""valueCodeableConcept":{"coding":[{"code":"248234008"}],"text":"Alert"}"#;
            texts.push(own("Observation", &format!("{set}-alert"), &observation("80288-4", alert)));
        }
    }
    texts
}

fn people() -> Vec<String> {
    (0..PEOPLE)
        .map(|at| {
            person(
                &format!("p{at}"),
                if at % 10 == 0 { "Smithson" } else { "Carter" },
                &format!("{}-03-04", 1930 + at % 90),
            )
        })
        .collect()
}

fn person(id: &str, family: &str, born: &str) -> String {
    format!(
        r#"{{"resourceType":"Patient","id":"{id}","name":[{{"use":"official","family":"{family}","given":["Alex"]}}],"gender":"female","birthDate":"{born}"}}"#
    )
}

fn resource(kind: &str, id: &str, rest: &str) -> String {
    format!(r#"{{"resourceType":"{kind}","id":"{id}","subject":{{"reference":"Patient/long"}},{rest}}}"#)
}
