//! `demo`: a host with two trusts of invented patients, an account for each role and a token, ready to look at.
//!
//! Thameside Royal has the worked case; Marshgate General, smaller, shares its consortium (`demo/marshgate.rs`).
//! The patients are a file of resources told as if now were one moment; here they are told as if it were the present,
//! and go through the same door as everything else. A second run finds its trust as it was left.

mod marshgate;

use std::path::Path;
use std::sync::Arc;

use administration::configuration::Files;
use administration::merging::{Pair, ProposeDuplicate};
use administration::{Command, carry_out};
use bytes::Bytes;
use fhir::{Document, Kind, Limits, Node};
use fhir_api::load::{Loaded, Loader, commit, prepare, split};
use record::{Cause, CauseKind, IdempotencyKey, TransactError};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use terms::Moment;

use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::host::{Host, Trust};
use crate::ownership::claim_alone;
use crate::secret::Secret;
use crate::serve::serve_host;
use crate::trusts::{TrustCode, replace_file};
use crate::work::{NewToken, NewTrust, Outcome};
use crate::{accounts, clock, configure, demo_files, tokens};

/// The demonstration's resources, one a line, told at [`STORY_NOW`]. Made from the test kit's; a test compares.
const PATIENTS: &str = include_str!("generated/demonstration.ndjson");
/// Admissions to the wards of the configuration, written when that is live.
const ADMISSIONS: &str = include_str!("generated/demonstration-admissions.ndjson");
/// When the file's story is told: 2026-11-17T14:35:00Z.
const STORY_NOW: Moment = Moment(1_794_926_100_000);
/// What is this recent moves with the minute; what is older, and what is to come later than soon, by whole days.
const RECENT_MS: i64 = 7 * DAY_MS;
/// What is to come this soon moves with the minute too, such as a task or an ambulance that is due.
const SOON_MS: i64 = 6 * 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const MINUTE_MS: i64 = 60 * 1000;

/// The trust; no trust of the NHS has this code.
const CODE: &str = "THR";
const NAME: &str = "Thameside Royal (demonstration)";
/// Two patients that could be one.
const PAIR: (&str, &str) = ("wojcik-tomas", "wojcik-tomasz");
/// Who works where from the start, so that their home is about it.
const PLACES: [(&str, &str); 1] = [("s.reilly", "heron")];
/// Where the sign-ins are kept for the next run.
const FILE: &str = "demonstration.toml";

/// Somebody with an account: name to sign in with, the person's name, role, and which member of staff they are.
type Someone = (&'static str, &'static str, &'static str, Option<&'static str>);

const PEOPLE: [Someone; 9] = [
    ("s.reilly", "Siobhan Reilly", "clinician", Some("reilly")),
    // Consultant of patients on several wards.
    ("l.okafor", "Lola Okafor", "clinician", Some("okafor")),
    ("d.marsh", "Dawn Marsh", "clerk", None),
    // A merge takes two.
    ("t.abbott", "Tom Abbott", "patient-index", None),
    ("p.achebe", "Philomena Achebe", "patient-index", None),
    ("p.okoro", "Peter Okoro", "privacy-officer", None),
    // And so does a change of the configuration.
    ("a.lindqvist", "Anna Lindqvist", "administrator", None),
    ("w.grant", "Winston Grant", "administrator", None),
    ("o.host", "Oluwaseun Host", "operator", None),
];

/// What a demonstration says about itself when it is ready.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Demonstration {
    /// Where to go with a browser.
    #[serde(skip)]
    pub address: String,
    /// The trust's code.
    pub trust: String,
    /// A token of the role `system`, good for a day.
    #[serde(skip)]
    pub token: Option<Secret>,
    /// How to sign in, for each role.
    pub sign_ins: Vec<SignIn>,
    /// The other trusts.
    #[serde(default)]
    pub others: Vec<OtherTrust>,
}

/// Another trust of a demonstration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OtherTrust {
    /// Where to go with a browser.
    #[serde(skip)]
    pub address: String,
    /// The trust's code.
    pub trust: String,
    /// How to sign in, for each role.
    pub sign_ins: Vec<SignIn>,
}

/// One account of a demonstration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignIn {
    /// The role's code.
    pub role: String,
    /// The name to sign in with.
    pub name: String,
    /// The password.
    pub password: Secret,
}

/// Makes the demonstration in the data directory unless it is there, and serves it. `ready` is told how to get in.
///
/// # Errors
/// As [`crate::serve`]; a data directory that holds something else.
pub async fn serve_demonstration(
    configuration: Configuration,
    ready: impl FnOnce(&Demonstration),
) -> Result<(), Failure> {
    let lock = Arc::new(claim_alone(&configuration.data).await?);
    let host = Arc::new(Host::open(configuration, Arc::clone(&lock), clock::machine())?);
    let mut demonstration = make(&host).await?;
    let token = NewToken {
        trust: TrustCode::parse(CODE)?,
        role: "system".into(),
        ttl_seconds: 24 * 60 * 60,
        patients: Vec::new(),
        label: "demonstration".into(),
    };
    if let Outcome::Token { token, .. } = tokens::issue(&*host.trust(&token.trust).await?, token).await? {
        demonstration.token = Some(token);
    }
    let told = |address: &str| {
        demonstration.address = format!("{address}/t/{CODE}/");
        for other in &mut demonstration.others {
            other.address = format!("{address}/t/{}/", other.trust);
        }
        ready(&demonstration);
    };
    serve_host(host, &lock, told).await
}

/// The trusts, their patients and their accounts, as they are or new. Each step that was done before is left as it is.
async fn make(host: &Host) -> Result<Demonstration, Failure> {
    let ours = [TrustCode::parse(CODE)?, TrustCode::parse(marshgate::CODE)?];
    if host.trust_names().await.iter().any(|(other, _)| !ours.contains(other)) {
        return Err(Failure::refused("This data directory holds trusts that are no demonstration. Name another."));
    }
    let [thameside, marshgate] = ours;
    let thameside = found_or_new(host, thameside, NAME).await?;
    let file = host.configuration.data.join(FILE);
    let mut made = match read(&file)? {
        Some(known) => known,
        None => {
            write_patients(host, &thameside, PATIENTS, true).await?;
            configure::apply_demonstration(&thameside, demo_files::thameside()).await?;
            write_patients(host, &thameside, ADMISSIONS, true).await?;
            ask_about_pair(&thameside).await?;
            let sign_ins = accounts_of(&thameside, &PEOPLE).await?;
            for (name, ward) in PLACES {
                portal::keep_place(&thameside.record, &format!("user/{name}"), ward).await?;
            }
            Demonstration { address: String::new(), trust: CODE.into(), token: None, sign_ins, others: Vec::new() }
        }
    };
    if made.others.is_empty() {
        made.others.push(make_other(host, marshgate, demo_files::marshgate()).await?);
        let text = toml::to_string_pretty(&made).map_err(|error| Failure::problem("keeping the sign-ins", &error))?;
        replace_file(&file, text.as_bytes()).map_err(|error| Failure::problem("keeping the sign-ins", &error))?;
    }
    Ok(made)
}

/// A trust of the demonstration; one that is there and is none of a demonstration is left alone.
async fn found_or_new(host: &Host, code: TrustCode, name: &str) -> Result<Arc<Trust>, Failure> {
    let trust = match host.trust(&code).await {
        Ok(trust) => trust,
        Err(Failure::Refused(_)) => {
            let new = NewTrust { code, name: name.into(), store: None, demonstration: true };
            host.add_trust(new).await?
        }
        Err(failure) => return Err(failure),
    };
    match trust.entry.demonstration {
        true => Ok(trust),
        false => Err(Failure::refused("This data directory holds trusts that are no demonstration. Name another.")),
    }
}

/// The second trust: its people, its configuration, and what has happened there until now.
async fn make_other(host: &Host, code: TrustCode, files: Files) -> Result<OtherTrust, Failure> {
    let trust = found_or_new(host, code, marshgate::NAME).await?;
    write_patients(host, &trust, marshgate::PATIENTS, false).await?;
    configure::apply_demonstration(&trust, files).await?;
    let now = (trust.clock)();
    for (number, command) in marshgate::commands(now).iter().enumerate() {
        let key = format!("demonstration-{number}");
        let idempotency = IdempotencyKey { digest: Sha256::digest(key.as_bytes()).into(), key };
        let cause = Cause { kind: CauseKind::System, reference: "demonstration".into() };
        match carry_out(&trust.record, &trust.host_permit()?, command, (cause, Some(idempotency)), now).await {
            Ok(_) => {}
            Err(TransactError::Refused(refusal)) => {
                return Err(Failure::Problem(format!("{} was refused: {}", command.name(), refusal.sentence)));
            }
            Err(error) => return Err(Failure::problem("telling what happened at the second trust", &error)),
        }
    }
    let sign_ins = accounts_of(&trust, &marshgate::PEOPLE).await?;
    Ok(OtherTrust { address: String::new(), trust: marshgate::CODE.into(), sign_ins })
}

async fn accounts_of(trust: &Trust, people: &[Someone]) -> Result<Vec<SignIn>, Failure> {
    let mut sign_ins = Vec::with_capacity(people.len());
    for (name, display, role, staff) in people {
        let password = accounts::set(trust, (name, display, role), *staff).await?;
        sign_ins.push(SignIn { role: (*role).into(), name: (*name).into(), password });
    }
    Ok(sign_ins)
}

/// The question whether two of the patients are one person, so that there is a pair to compare.
async fn ask_about_pair(trust: &Trust) -> Result<(), Failure> {
    let Some(pair) = Pair::of(PAIR.0, PAIR.1) else { return Ok(()) };
    let command = Command::ProposeDuplicate(ProposeDuplicate { pair });
    let cause = Cause { kind: CauseKind::System, reference: "demonstration".into() };
    let asked = carry_out(&trust.record, &trust.host_permit()?, &command, (cause, None), (trust.clock)()).await;
    match asked {
        Ok(_) => Ok(()),
        Err(TransactError::Refused(refusal)) => Err(Failure::Problem(refusal.sentence)),
        Err(error) => Err(Failure::problem("asking about two records of the demonstration", &error)),
    }
}

fn read(file: &Path) -> Result<Option<Demonstration>, Failure> {
    match std::fs::read_to_string(file) {
        Ok(text) => toml::from_str(&text)
            .map(Some)
            .map_err(|error| Failure::Refused(format!("{} is damaged: {}", file.display(), error.message()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::problem("reading the sign-ins", &error)),
    }
}

/// Writes resources, one a line; a story is told as if now were the present.
async fn write_patients(host: &Host, trust: &Trust, lines: &str, is_story: bool) -> Result<(), Failure> {
    let refused = |refusal: &fhir_api::Refusal| {
        Failure::Problem(format!("a resource of the demonstration was refused: {}", refusal.sentence()))
    };
    let mut batch = Vec::new();
    for line in lines.lines() {
        let text = if is_story { told_at(line, (trust.clock)()) } else { line.to_owned() };
        let text = Bytes::from(text);
        for item in split(&text).map_err(|refusal| refused(&refusal))? {
            let item = item.map_err(|unusable| refused(&unusable.refusal))?;
            batch.push(prepare(&item).map_err(|refusal| refused(&refusal))?);
        }
    }
    let permit = trust.host_permit()?;
    let loader = Loader { record: &trust.record, permit: &permit, owners: &host.owners, since: 0 };
    for end in commit(&loader, "demonstration", batch).await? {
        if let Loaded::Refused(refusal) = end {
            return Err(refused(&refusal));
        }
    }
    Ok(())
}

/// A resource of the story, told as if now were another moment. Dates of birth stay.
fn told_at(line: &str, now: Moment) -> String {
    let shift = (now.0 - STORY_NOW.0).div_euclid(MINUTE_MS) * MINUTE_MS;
    let Ok(document) = Document::parse(line.as_bytes(), &Limits::default()) else { return line.to_owned() };
    let mut told = String::with_capacity(line.len());
    let mut copied = 0;
    let mut dates = Vec::new();
    collect_dates(document.root(), &mut dates);
    for (node, written) in dates {
        let Some(moved) = moved(&written, shift) else { continue };
        let span = node.span();
        told.push_str(&line[copied..=span.start]);
        told.push_str(&moved);
        copied = span.end - 1;
    }
    told.push_str(&line[copied..]);
    told
}

/// Every string that is written like a date, in the order of the text.
fn collect_dates<'d, 't>(node: Node<'d, 't>, dates: &mut Vec<(Node<'d, 't>, String)>) {
    match node.kind() {
        Kind::Object => node.members().filter(|(name, _)| *name != "birthDate").for_each(|(_, node)| {
            collect_dates(node, dates);
        }),
        Kind::Array => node.items().for_each(|node| collect_dates(node, dates)),
        Kind::String => dates.extend(node.text().map(|text| (node, text.into_owned()))),
        _ => {}
    }
}

/// A date or instant of the story moved to the present; `None` for any other text.
fn moved(written: &str, shift: i64) -> Option<String> {
    // What is told of today stays today, at whatever time of day.
    let days = ((STORY_NOW.0 + shift).div_euclid(DAY_MS) - STORY_NOW.0.div_euclid(DAY_MS)) * DAY_MS;
    match written.len() {
        10 => {
            let noon = Moment::parse(&format!("{written}T12:00:00Z")).ok()?;
            Some(Moment(noon.0 + days).to_string()[..10].to_owned())
        }
        20 => {
            let at = Moment::parse(written).ok()?;
            let is_recent = (STORY_NOW.0 - RECENT_MS..=STORY_NOW.0 + SOON_MS).contains(&at.0);
            let moved = Moment(at.0 + if is_recent { shift } else { days });
            Some(format!("{}Z", &moved.to_string()[..19]))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_what_the_test_kit_tells() {
        let told = [
            ("demonstration.ndjson", PATIENTS, testkit::demo::demo_bundle(STORY_NOW)),
            ("demonstration-admissions.ndjson", ADMISSIONS, testkit::demo::admissions_bundle(STORY_NOW)),
        ];
        for (name, kept, told) in told {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generated").join(name);
            if std::env::var_os("ALMONER_REGENERATE").is_some() {
                let written = std::fs::write(&path, told.join("\n") + "\n");
                written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            } else {
                assert_eq!(kept.lines().collect::<Vec<_>>(), told, "run this test with ALMONER_REGENERATE=1");
            }
        }
    }

    #[test]
    fn the_story_moves_with_the_present_and_birthdays_stay() {
        let line = r#"{"resourceType":"X","birthDate":"1950-01-02","a":"2026-11-17T14:05:00Z","b":["2026-12-01T10:00:00Z","2026-11-17"],"c":"x"}"#;
        assert_eq!(told_at(line, STORY_NOW), line);
        let later = Moment(STORY_NOW.0 + 3 * DAY_MS + 60 * MINUTE_MS + 17);
        assert_eq!(
            told_at(line, later),
            r#"{"resourceType":"X","birthDate":"1950-01-02","a":"2026-11-20T15:05:00Z","b":["2026-12-04T10:00:00Z","2026-11-20"],"c":"x"}"#
        );
    }
}
