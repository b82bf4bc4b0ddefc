//! What the clients of a run ask: addresses to be read in turn, or the life of resources of nine types: create, read,
//! update, read, delete.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::{Method, StatusCode, header};

use testkit::corpus::Corpus;
use testkit::http::Client;

/// The types of the mix: what a ward reads and writes.
const NINE: [&str; 9] = [
    "Patient",
    "Encounter",
    "Condition",
    "Observation",
    "Procedure",
    "MedicationRequest",
    "Immunization",
    "DiagnosticReport",
    "AllergyIntolerance",
];
/// Different texts of each type.
const TEXTS: usize = 50;
const FHIR_JSON: &str = "application/fhir+json";

/// What is asked.
pub(crate) enum Work {
    /// Reads these addresses.
    Read(Arc<Vec<String>>),
    /// Lives of resources, made from these texts.
    Lives { base: String, texts: Arc<Vec<Text>> },
}

/// A text to be created, and the id it has in itself.
pub(crate) struct Text {
    kind: String,
    id: String,
    text: String,
}

/// One client's part of the work.
pub(crate) enum Worker {
    Read(Arc<Vec<String>>),
    Lives { base: String, texts: Arc<Vec<Text>>, life: usize, step: u8, address: String },
}

impl Work {
    /// The mix of nine types over the address of a FHIR server.
    pub(crate) fn lives(corpus: &Corpus, base: &str) -> Result<Work> {
        let mut texts = Vec::new();
        for number in 0..TEXTS {
            for kind in NINE {
                let of_kind = corpus.resources.iter().filter(|source| source.kind == kind).nth(number);
                let source = of_kind.with_context(|| format!("there are not {TEXTS} resources of type {kind}"))?;
                let (key, template) = corpus.accept(source, 0)?;
                texts.push(Text { kind: key.kind, id: key.id, text: String::from_utf8(template.text)? });
            }
        }
        Ok(Work::Lives { base: base.to_owned(), texts: Arc::new(texts) })
    }

    pub(crate) fn worker(&self, number: usize) -> Worker {
        match self {
            Work::Read(paths) => Worker::Read(paths.clone()),
            Work::Lives { base, texts } => Worker::Lives {
                base: base.clone(),
                texts: texts.clone(),
                life: number * 7,
                step: 0,
                address: String::new(),
            },
        }
    }
}

impl Worker {
    /// One request, with its answer.
    pub(crate) async fn ask(&mut self, client: &mut Client, number: usize) -> Result<()> {
        match self {
            Worker::Read(paths) => {
                // A large prime spreads the reads, so that neighbours in the list are not neighbours in time.
                client.get(&paths[number.wrapping_mul(7919) % paths.len()]).await?;
            }
            Worker::Lives { base, texts, life, step, address } => {
                let text = &texts[*life % texts.len()];
                match step {
                    0 => *address = create(client, base, text).await?,
                    2 => update(client, address, text).await?,
                    4 => delete(client, address).await?,
                    _ => {
                        client.get(address).await?;
                    }
                }
                *step = (*step + 1) % 5;
                *life += usize::from(*step == 0);
            }
        }
        Ok(())
    }
}

async fn create(client: &mut Client, base: &str, text: &Text) -> Result<String> {
    let body = Bytes::from(text.text.clone());
    let answer = client.send(Method::POST, &format!("{base}/{}", text.kind), FHIR_JSON, body).await?;
    ensure!(answer.status == StatusCode::CREATED, "a create of type {} answered {}", text.kind, answer.status);
    let location = answer.headers.get(header::LOCATION).context("a create gave no location")?.to_str()?;
    let path = location.find("/t/").and_then(|at| location.get(at..)).context("the location is no address here")?;
    Ok(path.split("/_history").next().unwrap_or(path).to_owned())
}

async fn update(client: &mut Client, address: &str, text: &Text) -> Result<()> {
    let id = address.rsplit('/').next().context("an address without an id")?;
    let body = Bytes::from(text.text.replacen(&text.id, id, 1));
    let answer = client.send(Method::PUT, address, FHIR_JSON, body).await?;
    ensure!(answer.status.is_success(), "an update answered {}", answer.status);
    Ok(())
}

async fn delete(client: &mut Client, address: &str) -> Result<()> {
    let answer = client.send(Method::DELETE, address, FHIR_JSON, Bytes::new()).await?;
    ensure!(answer.status.is_success(), "a delete answered {}", answer.status);
    Ok(())
}
