//! The hospital as the simulator sees it: its wards and beds, and who is in them, read by FHIR before each step.
//!
//! Keeps nothing between steps but the two sessions: what others did meanwhile is seen.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use http::Method;
use serde_json::Value;
use testkit::http::{Client, FORM, Target, form, form_token, hidden};

use crate::text;

/// The code system of kinds of place.
const PLACE_KIND: &str = "urn:almoner:place-kind";

/// A bed.
#[derive(Debug, Clone)]
pub(crate) struct Bed {
    pub(crate) id: String,
    pub(crate) ward: String,
    pub(crate) sex: String,
    /// `U`, `H`, `C` or `K` (HL7 v2 table 0116).
    pub(crate) state: String,
}

/// Somebody in hospital.
#[derive(Debug, Clone)]
pub(crate) struct Inpatient {
    pub(crate) stay: String,
    pub(crate) patient: String,
    /// As the record has it, such as `female`.
    pub(crate) gender: String,
    pub(crate) place: String,
}

/// What is so at one moment.
pub(crate) struct Now {
    pub(crate) beds: Vec<Bed>,
    pub(crate) inpatients: Vec<Inpatient>,
    /// Every place's ward.
    pub(crate) wards: BTreeMap<String, String>,
    /// Beds that somebody is in or that are kept.
    pub(crate) taken: Vec<String>,
}

/// The sessions of the two who act.
pub(crate) struct Hospital {
    pub(crate) base: String,
    clerk: Target,
    clinician: Target,
    token: String,
}

impl Hospital {
    pub(crate) async fn enter(trust: &str, clerk: Target, clinician: Target) -> Result<Hospital> {
        let base = format!("/t/{trust}");
        let page = clinician.connect().await?.get(&format!("{base}/account")).await?;
        let token = form_token(&page.body).context("the account page has no form")?;
        Ok(Hospital { base, clerk, clinician, token })
    }

    async fn bundle(&self, client: &mut Client, query: &str) -> Result<Vec<Value>> {
        let answer = client.get(&format!("{}/fhir/{query}", self.base)).await?;
        let bundle: Value = serde_json::from_slice(&answer.body)?;
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        Ok(entries.into_iter().map(|mut entry| entry["resource"].take()).collect())
    }

    /// Reads what is so now.
    pub(crate) async fn now(&self) -> Result<Now> {
        let mut client = self.clinician.connect().await?;
        let places = self.bundle(&mut client, "Location?_count=1000").await?;
        let live = self
            .bundle(&mut client, "Encounter?status=in-progress,arrived,planned&_count=1000&_include=Encounter:patient")
            .await?;
        let (people, live): (Vec<Value>, Vec<Value>) =
            live.into_iter().partition(|found| text(found, "/resourceType") == "Patient");
        let genders: BTreeMap<&str, &str> =
            people.iter().map(|person| (text(person, "/id"), text(person, "/gender"))).collect();
        let above: BTreeMap<&str, &str> = places
            .iter()
            .filter_map(|place| Some((text(place, "/id"), text(place, "/partOf/reference").strip_prefix("Location/")?)))
            .collect();
        let kinds: BTreeMap<&str, &str> = places.iter().map(|place| (text(place, "/id"), kind(place))).collect();
        let ward_of = |id: &str| {
            let mut at = id;
            for _ in 0..8 {
                if matches!(kinds.get(at), Some(&("ward" | "critical-care" | "assessment-unit" | "day-unit"))) {
                    return Some(at.to_owned());
                }
                at = above.get(at)?;
            }
            None
        };
        let wards: BTreeMap<String, String> = places
            .iter()
            .filter_map(|place| Some((text(place, "/id").to_owned(), ward_of(text(place, "/id"))?)))
            .collect();
        let sexes: BTreeMap<&str, &str> = places.iter().map(|place| (text(place, "/id"), sex(place))).collect();
        let bed = |place: &Value| {
            let id = text(place, "/id");
            let room = above.get(id).copied().unwrap_or_default();
            let state = text(place, "/operationalStatus/code");
            Some(Bed {
                ward: wards.get(id)?.clone(),
                sex: sexes.get(room).copied().unwrap_or_default().to_owned(),
                state: if state.is_empty() { "U".into() } else { state.to_owned() },
                id: id.to_owned(),
            })
        };
        let in_use = |place: &&Value| kind(place) == "bed" && text(place, "/status") == "active";
        let (mut inpatients, mut taken) = (Vec::new(), Vec::new());
        for stay in &live {
            for entry in stay["location"].as_array().into_iter().flatten() {
                let place = text(entry, "/location/reference").trim_start_matches("Location/").to_owned();
                let status = text(entry, "/status");
                if status == "reserved" || (status == "active" && text(stay, "/status") != "planned") {
                    taken.push(place.clone());
                }
                let is_inpatient = text(stay, "/class/code") == "IMP" && text(stay, "/status") == "in-progress";
                if status == "active" && is_inpatient {
                    let patient = text(stay, "/subject/reference").trim_start_matches("Patient/").to_owned();
                    let gender = genders.get(patient.as_str()).copied().unwrap_or_default().to_owned();
                    inpatients.push(Inpatient { stay: text(stay, "/id").to_owned(), patient, gender, place });
                }
            }
        }
        Ok(Now { beds: places.iter().filter(in_use).filter_map(bed).collect(), inpatients, wards, taken })
    }

    /// Fills a form in and sends it: the hidden fields of its page and what is typed.
    pub(crate) async fn submit(&self, page: &str, typed: &[(&str, &str)]) -> Result<()> {
        let mut client = self.clerk.connect().await?;
        let path = format!("{}/{page}", self.base);
        let shown = client.get(&path).await?;
        let token = hidden(&shown.body, "form_token").context("the page has no form")?;
        let key = hidden(&shown.body, "form_key").unwrap_or_default();
        let fields: Vec<(&str, &str)> = [("form_token", token.as_str()), ("form_key", key.as_str())]
            .into_iter()
            .chain(typed.iter().copied())
            .collect();
        let action = path.split('?').next().unwrap_or(&path);
        let answer = client.send(Method::POST, action, FORM, form(&fields)).await?;
        if answer.status.is_redirection() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&answer.body);
        let why =
            said.split("error-summary__list").nth(1).and_then(|rest| rest.split("\">").nth(2)).unwrap_or_default();
        bail!("{action} answered {}: {}", answer.status, why.split('<').next().unwrap_or_default())
    }

    /// Sends what a monitor measured.
    pub(crate) async fn measure(&self, bundle: &str) -> Result<()> {
        let mut client = self.clinician.connect().await?;
        let path = format!("{}/fhir", self.base);
        let more = Some(("x-form-token", self.token.as_str()));
        let body = Bytes::from(bundle.to_owned());
        let answer = client.send_with(Method::POST, &path, "application/fhir+json", body, more).await?;
        ensure!(answer.status.is_success(), "measuring answered {}", answer.status);
        Ok(())
    }
}

impl Now {
    /// Beds that nobody is in and nobody waits for, in a state.
    pub(crate) fn free<'n>(&'n self, state: &'n str) -> impl Iterator<Item = &'n Bed> {
        self.beds.iter().filter(move |bed| bed.state == state && !self.taken.contains(&bed.id))
    }
}

fn kind(place: &Value) -> &str {
    let codings =
        place["type"].as_array().into_iter().flatten().flat_map(|of| of["coding"].as_array().into_iter().flatten());
    codings
        .filter(|coding| text(coding, "/system") == PLACE_KIND)
        .map(|coding| text(coding, "/code"))
        .next()
        .unwrap_or("bed-or-else")
}

fn sex(place: &Value) -> &str {
    let extensions = place["extension"].as_array().into_iter().flatten();
    extensions
        .filter(|of| text(of, "/url") == "urn:almoner:sex-of-place")
        .map(|of| text(of, "/valueCode"))
        .next()
        .unwrap_or_default()
}
