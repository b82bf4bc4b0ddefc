//! Makes the trust: people, places, staff, and a hospital that the simulator has run for three weeks, as NDJSON, loaded
//! with `almoner load`; then the accounts of those who ask.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use fhir::write::{coding, with_members};
use fhir::{Document, Limits};
use terms::Moment;
use testkit::hospital::{Built, DAY_MS, Hospital, Pace, What, World, observation_texts};
use testkit::program::Program;

use crate::Wanted;

pub(crate) const CODE: &str = "HOSP";
pub(crate) const PASSWORD: &str = "a long password for a bench";
/// How many people sign in of each of the two roles.
pub(crate) const PEOPLE: usize = 8;
/// How long the hospital runs before it is written down.
const SETTLES_DAYS: i64 = 21;
/// People of whom those who come are drawn.
const COMERS: usize = 20_000;

/// What was made.
pub(crate) struct Made {
    /// Identifiers of some patients, spread over all.
    pub(crate) patients: Vec<String>,
    /// Surnames and given names of the same.
    pub(crate) names: Vec<(String, String)>,
}

/// Makes the trust, unless it is there.
pub(crate) fn trust(wanted: &Wanted, program: &Program) -> Result<Made> {
    let built = Built { people: wanted.people, ..Built::of_beds(wanted.beds, wanted.seed) };
    let step = (wanted.people / 500).max(1);
    let people = testkit::people::Population::new(wanted.seed);
    let some: Vec<_> = (0..wanted.people).step_by(step).map(|number| people.person(number as u64)).collect();
    let made = Made {
        patients: some.iter().map(|person| format!("p-{}", person.number)).collect(),
        names: some.iter().map(|person| (person.surname.clone(), person.given[0].clone())).collect(),
    };
    if program.data.join("made").exists() {
        println!("the trust is there: {}", program.data.display());
        return Ok(made);
    }
    std::fs::create_dir_all(&program.data).context("making the directory")?;
    let input = program.data.join("input");
    std::fs::create_dir_all(&input).context("making the directory of the input")?;
    let began = Instant::now();
    let written = write(&built, &input)?;
    println!("{written} resources of {} beds and {} people made in {:.1?}", built.beds, built.people, began.elapsed());
    program.run_with(&["trust", "add", "--code", CODE, "--name", "Benchmark hospital", "--demonstration"], "")?;
    let account = program.json(&["load", "--trust", CODE, input.to_str().context("a path that is no text")?])?;
    let number = |name: &str| account["loaded"][name].as_u64().unwrap_or(0);
    let (read, refused, took) = (number("read"), number("refused"), number("milliseconds"));
    ensure!(refused == 0, "{refused} of {read} were refused: {}", account["loaded"]["refusals"][0]);
    println!(
        "almoner load: {read} resources in {:.1} s, {:.0} a second",
        took as f64 / 1e3,
        read as f64 / (took as f64 / 1e3)
    );
    std::fs::remove_dir_all(&input)?;
    for number in 0..PEOPLE {
        for role in ["clerk", "clinician"] {
            let name = format!("{role}.{number}");
            let add = ["user", "add", "--trust", CODE, "--name", &name, "--display", &name, "--role", role];
            program.run_with(&[add.as_slice(), &["--password-stdin"]].concat(), PASSWORD)?;
        }
    }
    std::fs::write(program.data.join("made"), "")?;
    Ok(made)
}

/// Writes everything; the number of resources.
fn write(built: &Built, input: &std::path::Path) -> Result<usize> {
    let file = |name: &str| -> Result<BufWriter<File>> {
        Ok(BufWriter::new(File::create(input.join(name)).context("making a file of the input")?))
    };
    let (mut out, mut written) = (file("1-places.ndjson")?, 0);
    let places = built.places();
    let mut line = |out: &mut BufWriter<File>, text: &str| -> Result<()> {
        written += 1;
        writeln!(out, "{text}").context("writing the input")
    };
    let (world, vitals) = settled(built, &places)?;
    let beds: std::collections::BTreeMap<&str, &str> = world.changed_beds().collect();
    for text in &places {
        let id = text.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let state = beds.get(id).map(|code| coding("http://terminology.hl7.org/CodeSystem/v2-0116", code, None));
        let document = Document::parse(text.as_bytes(), &Limits::default()).ok().context("a place is unreadable")?;
        let told = match state {
            Some(state) => with_members(&document, &[("operationalStatus", Some(state))]),
            None => text.clone().into_bytes(),
        };
        line(&mut out, &String::from_utf8(told)?)?;
    }
    out.flush()?;
    out = file("2-patients.ndjson")?;
    for text in built.patients() {
        line(&mut out, &text)?;
    }
    out.flush()?;
    out = file("3-stays.ndjson")?;
    for text in world.encounters() {
        line(&mut out, &text)?;
    }
    out.flush()?;
    out = file("4-observations.ndjson")?;
    for (number, of) in vitals.iter().enumerate() {
        for (sign, text) in observation_texts(of).into_iter().enumerate() {
            line(&mut out, &text.replacen('{', &format!("{{\"id\":\"o-{number}-{sign}\","), 1))?;
        }
    }
    out.flush()?;
    Ok(written)
}

/// The hospital after three weeks, whose last moment is now, and the observations of those who are still there.
fn settled(built: &Built, places: &[String]) -> Result<(World, Vec<testkit::hospital::Vitals>)> {
    let now = Moment(i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?);
    let comers = Built { people: built.people.min(COMERS), ..*built };
    let texts: Vec<String> = places.iter().cloned().chain(comers.patients()).collect();
    let mut world = World::see(texts.iter().map(String::as_bytes), Moment(now.0 - SETTLES_DAYS * DAY_MS));
    let pace = Pace { observations: 0.5, defects: 0.0, with_feeds: false, ..Pace::default() };
    let (mut hospital, mut vitals) = (Hospital::new(built.seed, pace), Vec::new());
    while world.now < now {
        let happening = hospital.next(&mut world);
        match happening.what {
            What::Observed(of) => vitals.push(of),
            // Whoever is new here is not in the file of people, and has nobody's NHS number.
            What::Command(administration::Command::Register(_) | administration::Command::RegisterNewborn(_)) => {}
            What::Command(administration::Command::Arrive(ref of))
                if matches!(of.who, administration::emergency::Whose::Unknown(_)) => {}
            what => world.apply(&what),
        }
    }
    let is_here = |stay: &str| world.inpatients.contains_key(stay) || world.attendances.contains_key(stay);
    vitals.retain(|of| is_here(&of.stay));
    Ok((world, vitals))
}
