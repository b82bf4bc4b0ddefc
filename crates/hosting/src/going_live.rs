//! Going live: a trust is in preparation, and every page says so, until somebody records who its clinical safety officer is and
//! which signed safety case they stand for (DCB0160; operations 11). What was recorded is a journalled resource, `Basic/go-live`,
//! so that it moves, leaves and is proved with the record.
//!
//! It is asked once, of a trust that is not live yet. A trust that is live is opened whatever this says: nobody is locked out of
//! a running hospital's record. Knows nothing of hazards but the log of this release and its digest.

use fhir_api::{Candidate, References};
use record::{Act, Cause, CauseKind, Change, Draft, Key, Record, TransactError};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use terms::{Date, local_date};

use crate::configure::by_of;
use crate::failure::Failure;
use crate::host::{Host, Trust};
use crate::secret::hex;
use crate::work::{GoLive, Outcome};

/// Where it is kept.
const KIND: &str = "Basic";
const ID: &str = "go-live";
/// The hazard log of this release.
const LOG: &[u8] = include_bytes!("../../../docs/hazards/log.toml");
/// Longest text of a field, in characters.
const LONGEST: usize = 200;
/// Largest file of a hazard log, in bytes.
const MOST_BYTES: u64 = 16 << 20;

/// A safety case that was signed, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SafetyCase {
    /// The clinical safety officer's name.
    pub officer: String,
    /// Their registration as a clinician, such as `GMC 1234567`.
    pub registration: String,
    /// What the trust calls the case report.
    pub case: String,
    /// The day on which it was signed.
    pub signed_on: String,
    /// SHA-256 of the hazard log that it covers, in hexadecimal digits.
    pub log: String,
    /// Whether that is not the log of this release: the officer has to look again.
    #[serde(default)]
    pub log_differs: bool,
    /// Who recorded it.
    pub by: String,
}

/// What the resource says, by address and value.
const FIELDS: [&str; 6] = ["officer", "registration", "case", "signed-on", "hazard-log-sha256", "recorded-by"];

/// Records the officer and the case of a trust, which is live from then on. Recorded again, a newer case takes the former one's
/// place.
///
/// # Errors
/// Something is missing or cannot be so; the trust is a demonstration.
pub(crate) async fn go_live(host: &Host, new: GoLive) -> Result<Outcome, Failure> {
    let trust = host.trust(&new.trust).await?;
    if trust.entry.demonstration {
        let sentence =
            "This trust is a demonstration: its patients are invented. A trust for real patients is made anew.";
        return Err(Failure::refused(sentence));
    }
    let case = signed(&new, local_date(host.now()), &log_of(&new)?)?;
    write(&trust, &case).await?;
    host.is_live(&trust).await?;
    Ok(Outcome::Live { trust: new.trust, case })
}

/// What was recorded of a record; `None` before that.
pub(crate) async fn of(trust: &Trust) -> Result<Option<SafetyCase>, Failure> {
    of_record(&trust.record, &trust.host_permit()?).await
}

/// The same of a record that no trust has opened yet.
pub(crate) async fn of_record(record: &Record, permit: &access::Permit) -> Result<Option<SafetyCase>, Failure> {
    let reading = record.read(permit, "safety case").await?;
    let found = reading.get(&Key::new(KIND, ID)).await;
    reading.finish().await?;
    let found = found?.filter(|version| !version.text.is_empty());
    found.map(|version| read(&version.text)).transpose()
}

/// The owner of `Basic/go-live`: it is written by this command alone, whatever a door's permit reaches.
pub(crate) fn own(draft: Draft) -> Result<Draft, fhir_api::Objection> {
    if draft.changes.iter().any(|change| change.key().kind == KIND && change.key().id == ID) {
        return Err(fhir_api::Objection {
            code: "go-live".into(),
            sentence: "The safety case is recorded with `almoner trust go-live`, not as a resource.".into(),
            field: None,
        });
    }
    Ok(draft)
}

/// The hazard log that the case covers: the file that was named, or that of this release.
fn log_of(new: &GoLive) -> Result<Vec<u8>, Failure> {
    let Some(path) = &new.log else { return Ok(LOG.to_vec()) };
    let doing = || format!("reading the hazard log {}", path.display());
    let size = std::fs::metadata(path).map_err(|error| Failure::Refused(format!("{}: {error}", doing())))?.len();
    if size == 0 || size > MOST_BYTES {
        return Err(Failure::Refused(format!("{}: it has {size} bytes. Name the log that was signed.", doing())));
    }
    std::fs::read(path).map_err(|error| Failure::Refused(format!("{}: {error}", doing())))
}

/// The case, if everything of it is said and can be so.
fn signed(new: &GoLive, today: Date, log: &[u8]) -> Result<SafetyCase, Failure> {
    let line = |text: &str, what: &str| {
        let text = text.trim();
        let is_line = (1..=LONGEST).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        let wrong = || Failure::Refused(format!("{what} is one line of 1 to {LONGEST} characters."));
        if is_line { Ok(text.to_owned()) } else { Err(wrong()) }
    };
    let registration = line(&new.registration, "The officer's registration (--registration), such as GMC 1234567,")?;
    if !registration.chars().any(|letter| letter.is_ascii_digit()) {
        let sentence = "Say the officer's registration as a clinician with its number: --registration \"GMC 1234567\".";
        return Err(Failure::refused(sentence));
    }
    let day = new.signed_on.trim().parse::<Date>();
    let day = day.map_err(|_| Failure::refused("Say the day on which the case was signed: --signed-on 2026-11-30."))?;
    if day > today {
        return Err(Failure::refused(
            "The day on which the case was signed is still to come. Go live when it is signed.",
        ));
    }
    Ok(SafetyCase {
        officer: line(&new.officer, "The clinical safety officer's name (--officer)")?,
        registration,
        case: line(&new.case, "The reference of the signed case (--case)")?,
        signed_on: day.to_string(),
        log: hex(&Sha256::digest(log)),
        log_differs: log != LOG,
        by: by_of(new.by.clone())?,
    })
}

async fn write(trust: &Trust, case: &SafetyCase) -> Result<(), Failure> {
    let values = [&case.officer, &case.registration, &case.case, &case.signed_on, &case.log, &case.by];
    let said =
        FIELDS.iter().zip(values).map(|(name, value)| serde_json::json!({"url": url(name), "valueString": value}));
    let text = serde_json::json!({
        "resourceType": KIND,
        "id": ID,
        "extension": said.collect::<Vec<_>>(),
        "code": {"coding": [{"system": "urn:almoner:basic", "code": ID}]},
    });
    let text = text.to_string();
    let candidate = Candidate::parse(text.as_bytes(), Some(KIND));
    let candidate = candidate.map_err(|refusal| Failure::Refused(refusal.sentence().to_owned()))?;
    let template = candidate.accept(ID, &References::default()).template;
    let cause = Cause { kind: CauseKind::System, reference: ID.into() };
    let act = Act { command: "go live".into(), cause, idempotency: None };
    let decide = async |_| {
        let changes = vec![Change::Put(Key::new(KIND, ID), template.clone())];
        Ok::<_, TransactError<Failure>>(Draft { changes, assertions: Vec::new() })
    };
    trust.record.transact(&trust.host_permit()?, act, decide).await?;
    Ok(())
}

fn read(text: &[u8]) -> Result<SafetyCase, Failure> {
    let damaged = |why: &str| Failure::Problem(format!("the safety case that was recorded cannot be read: {why}"));
    let basic: serde_json::Value = serde_json::from_slice(text).map_err(|error| damaged(&error.to_string()))?;
    let said = |name: &str| {
        let of = basic["extension"].as_array().into_iter().flatten().find(|of| of["url"] == url(name));
        let value = of.and_then(|of| of["valueString"].as_str()).map(str::to_owned);
        value.ok_or_else(|| damaged(&format!("it does not say its {name}")))
    };
    let [officer, registration, case, signed_on, log, by] = FIELDS;
    let log = said(log)?;
    Ok(SafetyCase {
        officer: said(officer)?,
        registration: said(registration)?,
        case: said(case)?,
        signed_on: said(signed_on)?,
        log_differs: log != hex(&Sha256::digest(LOG)),
        log,
        by: said(by)?,
    })
}

fn url(name: &str) -> String {
    format!("urn:almoner:go-live:{name}")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;
    use crate::trusts::TrustCode;

    #[test]
    fn a_case_needs_a_named_clinician_a_reference_and_a_day_that_has_come() {
        let whole = GoLive {
            trust: TrustCode::parse("RAA").unwrap(),
            officer: " Dr Ama Adom ".into(),
            registration: "GMC 1234567".into(),
            case: "CSCR-12 v2".into(),
            signed_on: "2026-11-16".into(),
            log: None,
            by: Some("Toni Tester".into()),
        };
        let today = "2026-11-17".parse::<Date>().unwrap();
        let case = signed(&whole, today, LOG).unwrap();
        assert_eq!((case.officer.as_str(), case.log.len(), case.log_differs), ("Dr Ama Adom", 64, false));
        assert!(signed(&whole, today, b"another log").unwrap().log_differs);
        let cases = [
            (GoLive { officer: " ".into(), ..whole.clone() }, "--officer"),
            (GoLive { registration: String::new(), ..whole.clone() }, "--registration"),
            (GoLive { registration: "registered".into(), ..whole.clone() }, "number"),
            (GoLive { case: "a\nb".into(), ..whole.clone() }, "--case"),
            (GoLive { signed_on: "soon".into(), ..whole.clone() }, "--signed-on"),
            (GoLive { signed_on: "2026-11-18".into(), ..whole.clone() }, "still to come"),
            (GoLive { by: None, ..whole }, "--by"),
        ];
        for (new, part) in cases {
            let refused = signed(&new, today, LOG).unwrap_err().to_string();
            assert!(refused.contains(part), "{part}: {refused}");
        }
    }
}
