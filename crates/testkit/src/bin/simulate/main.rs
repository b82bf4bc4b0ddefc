//! The hospital simulator for a demonstration that is being served: the wards move while somebody looks.
//!
//! It signs in as the demonstration's clerk and clinician and goes through the doors that they go through: forms for what
//! they do, FHIR for what a monitor sends. Everything it does is drawn from a seed; nothing it does is undone by it.
//! Usage: `simulate --sign-ins FILE [--address HOST:PORT] [--seed N] [--every SECONDS] [--steps N]`.

mod acts;
mod hospital;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rand::SeedableRng as _;
use rand_chacha::ChaCha12Rng;
use serde_json::Value;
use testkit::http::Target;

/// What the command line says.
struct Arguments {
    address: String,
    sign_ins: PathBuf,
    seed: u64,
    every: Duration,
    steps: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = arguments()?;
    let mut random = ChaCha12Rng::seed_from_u64(arguments.seed);
    let people = People::read(&arguments)?;
    let clerk = people.sign_in(&arguments.address, "clerk").await?;
    let clinician = people.sign_in(&arguments.address, "clinician").await?;
    let mut hospital = hospital::Hospital::enter(&people.trust, clerk, clinician).await?;
    for _ in 0..arguments.steps {
        // What one step cannot do, such as a move into a bed that somebody just took, the next draws anew.
        match acts::step(&mut hospital, &mut random).await {
            Ok(done) => say(&done),
            Err(error) => say(&format!("not done: {error:#}")),
        }
        tokio::time::sleep(arguments.every).await;
    }
    Ok(())
}

/// How to sign in, as the demonstration keeps it.
struct People {
    trust: String,
    sign_ins: Vec<(String, String, String)>,
}

impl People {
    fn read(arguments: &Arguments) -> Result<People> {
        let text = std::fs::read_to_string(&arguments.sign_ins)
            .with_context(|| format!("reading {}: is the demonstration there?", arguments.sign_ins.display()))?;
        let mut people = People { trust: String::new(), sign_ins: Vec::new() };
        let (mut role, mut name) = (String::new(), String::new());
        // The file is written by the demonstration: a key and a quoted text on each line.
        for line in text.lines() {
            let Some((key, value)) = line.split_once('=') else { continue };
            let value = value.trim().trim_matches('"').to_owned();
            match key.trim() {
                "trust" => people.trust = value,
                "role" => role = value,
                "name" => name = value,
                "password" => people.sign_ins.push((std::mem::take(&mut role), std::mem::take(&mut name), value)),
                _ => {}
            }
        }
        Ok(people)
    }

    async fn sign_in(&self, address: &str, role: &str) -> Result<Target> {
        let person = self.sign_ins.iter().find(|(of, ..)| of == role);
        let (_, name, password) = person.with_context(|| format!("nobody signs in as {role}"))?;
        Target::signed_in(address, &self.trust, name, password).await
    }
}

fn arguments() -> Result<Arguments> {
    let mut arguments = Arguments {
        address: "127.0.0.1:8400".to_owned(),
        sign_ins: PathBuf::from("almoner-data/demonstration.toml"),
        seed: 1,
        every: Duration::from_secs(8),
        steps: u64::MAX,
    };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let value = given.next().with_context(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--address" => arguments.address = value,
            "--sign-ins" => arguments.sign_ins = value.into(),
            "--seed" => arguments.seed = value.parse()?,
            "--every" => arguments.every = Duration::from_secs_f64(value.parse()?),
            "--steps" => arguments.steps = value.parse()?,
            _ => bail!("there is no {name}"),
        }
    }
    Ok(arguments)
}

/// A text member of a resource.
fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "this is what a person who runs it reads")]
fn say(words: &str) {
    println!("{words}");
}
