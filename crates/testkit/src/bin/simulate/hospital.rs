//! The hospital as the simulator sees it over HTTP: read by FHIR before each step, changed through the forms and, for what
//! a monitor sends, by FHIR.
//!
//! Keeps nothing between steps but the two sessions: what others did meanwhile is seen.

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use http::Method;
use serde_json::Value;
use terms::Moment;
use testkit::hospital::{Hand, Vitals, World};
use testkit::http::{Client, FORM, Target, form, form_token, hidden};

use crate::forms::Typed;

/// Most pages of one search.
const MOST_PAGES: usize = 20;
/// What is read before each step. People: the first thousand, which is more than can come in a day.
const QUERIES: [&str; 5] = [
    "Location?_count=1000",
    "Practitioner?_count=500",
    "Patient?_count=1000",
    "Encounter?class=IMP&status=in-progress,arrived,onleave,planned&_count=1000&_include=Encounter:patient",
    "Encounter?class=EMER&status=in-progress,arrived,triaged,planned&_count=1000&_include=Encounter:patient",
];

/// The sessions of the two who act.
pub(crate) struct Site {
    base: String,
    clerk: Target,
    clinician: Target,
    token: String,
}

impl Site {
    pub(crate) async fn enter(trust: &str, clerk: Target, clinician: Target) -> Result<Site> {
        let base = format!("/t/{trust}");
        let page = clinician.connect().await?.get(&format!("{base}/account")).await?;
        let token = form_token(&page.body).context("the account page has no form")?;
        Ok(Site { base, clerk, clinician, token })
    }

    /// The resources that a search finds, page after page for places; of the others the first.
    async fn bundle(&self, client: &mut Client, query: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        let mut path = format!("{}/fhir/{query}", self.base);
        let pages = if query.starts_with("Patient?") || query.starts_with("Observation?") { 1 } else { MOST_PAGES };
        for _ in 0..pages {
            let answer = client.get(&path).await?;
            let bundle: Value = serde_json::from_slice(&answer.body)?;
            let entries = bundle["entry"].as_array().into_iter().flatten();
            found.extend(entries.map(|entry| entry["resource"].to_string()));
            let links = bundle["link"].as_array().into_iter().flatten();
            let next = links.filter(|link| link["relation"] == "next").find_map(|link| link["url"].as_str());
            let Some(next) = next else { break };
            let own = next.find("/t/").context("a link that leads elsewhere")?;
            path = next[own..].to_owned();
        }
        Ok(found)
    }

    /// Reads what is so now.
    pub(crate) async fn see(&self) -> Result<World> {
        let mut client = self.clinician.connect().await?;
        let mut texts = Vec::new();
        for query in QUERIES {
            texts.extend(self.bundle(&mut client, query).await?);
        }
        let now = Moment(i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?);
        Ok(World::see(texts.iter().map(String::as_bytes), now))
    }

    /// Fills a form in and sends it: the hidden fields of its page and what is typed.
    pub(crate) async fn submit(&self, hand: Hand, typed: &Typed) -> Result<()> {
        let target = if hand == Hand::Clinician { &self.clinician } else { &self.clerk };
        let mut client = target.connect().await?;
        let path = format!("{}/{}", self.base, typed.page);
        let shown = client.get(&path).await?;
        let token = hidden(&shown.body, "form_token").context("the page has no form")?;
        let key = hidden(&shown.body, "form_key").unwrap_or_default();
        let fields: Vec<(&str, &str)> = [("form_token", token.as_str()), ("form_key", key.as_str())]
            .into_iter()
            .chain(typed.fields.iter().map(|(name, value)| (*name, value.as_str())))
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

    /// Sends what a monitor measured, which follows from what was measured before.
    pub(crate) async fn measure(&self, drawn: Vitals) -> Result<()> {
        let mut client = self.clinician.connect().await?;
        let before = format!("Observation?patient={}&category=vital-signs&_sort=-date&_count=20", drawn.patient);
        let before = self.bundle(&mut client, &before).await?;
        let bundle = testkit::hospital::bundle(&drawn.soon_after(before.iter().map(String::as_str)));
        let path = format!("{}/fhir", self.base);
        let more = Some(("x-form-token", self.token.as_str()));
        let body = Bytes::from(bundle);
        let answer = client.send_with(Method::POST, &path, "application/fhir+json", body, more).await?;
        ensure!(answer.status.is_success(), "measuring answered {}", answer.status);
        Ok(())
    }
}
