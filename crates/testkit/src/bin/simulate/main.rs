//! The hospital simulator for a demonstration that is being served: people come, are admitted, moved and discharged, the
//! emergency department fills and empties, and the wards move while somebody looks.
//!
//! It signs in as each trust's clerk and clinician and goes through the doors that they go through: forms for what they
//! do, FHIR for what a monitor sends. What happens is drawn by `testkit::hospital` from what is so at the moment, so the
//! wards neither empty nor overflow, however long it runs and whatever people do beside it.
//! Usage: `simulate --sign-ins FILE [--address HOST:PORT] [--seed N] [--speed N] [--steps N] [--trust CODE]`.

mod forms;
mod hospital;
mod sign_ins;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use testkit::hospital::{HOUR_MS, Hospital, Pace, What};

use hospital::Site;
use sign_ins::People;

/// The longest that nothing happens, and the shortest time between two things: a screen is alive, and not restless.
const LONGEST: Duration = Duration::from_secs(20);
const SHORTEST: Duration = Duration::from_millis(400);

/// What the command line says.
struct Arguments {
    address: String,
    sign_ins: PathBuf,
    seed: u64,
    /// Times real speed.
    speed: f64,
    steps: u64,
    /// One trust only.
    trust: Option<String>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = arguments()?;
    let trusts = sign_ins::read(&arguments.sign_ins)?;
    let wanted = |people: &&People| arguments.trust.as_ref().is_none_or(|trust| *trust == people.trust);
    let mut simulated = tokio::task::JoinSet::new();
    for (number, people) in trusts.iter().filter(wanted).enumerate() {
        let clerk = people.sign_in(&arguments.address, "clerk").await?;
        let clinician = people.sign_in(&arguments.address, "clinician").await?;
        let site = Site::enter(&people.trust, clerk, clinician).await?;
        let seed = arguments.seed.wrapping_add(number as u64);
        simulated.spawn(simulate(site, people.trust.clone(), seed, (arguments.speed, arguments.steps)));
    }
    while let Some(ended) = simulated.join_next().await {
        ended??;
    }
    Ok(())
}

/// One trust, step after step.
async fn simulate(site: Site, trust: String, seed: u64, (speed, steps): (f64, u64)) -> Result<()> {
    let pace = Pace { speed, with_feeds: false, ..Pace::default() };
    let mut hospital = Hospital::new(seed, pace);
    for _ in 0..steps {
        let mut world = match site.see().await {
            Ok(world) => world,
            Err(error) => {
                say(&trust, &format!("not seen: {error:#}"));
                tokio::time::sleep(LONGEST).await;
                continue;
            }
        };
        let now = world.now;
        let happening = hospital.next(&mut world);
        let millis = u64::try_from(happening.at.0 - now.0).unwrap_or(0).min(HOUR_MS as u64);
        // It happens at the machine's moment; what one step cannot do, such as a move into a bed that somebody just took,
        // the next draws anew.
        world.tick(now);
        let done = match &happening.what {
            What::Command(command) | What::Slip(command) => match forms::typed(command, &world) {
                Some(typed) => site.submit(happening.hand, &typed).await.map(|()| command.name().to_owned()),
                None => Ok(format!("{}: no form", command.name())),
            },
            What::Observed(of) => {
                let taken = testkit::hospital::Vitals { taken: now, ..of.clone() };
                site.measure(taken).await.map(|()| "observations".to_owned())
            }
            What::Sent(_) | What::TakenApart(..) => Ok("nothing".to_owned()),
        };
        match done {
            Ok(done) => say(&trust, &done),
            Err(error) => say(&trust, &format!("not done: {error:#}")),
        }
        tokio::time::sleep(Duration::from_millis(millis).clamp(SHORTEST, LONGEST)).await;
    }
    Ok(())
}

fn arguments() -> Result<Arguments> {
    let today = std::time::UNIX_EPOCH.elapsed()?.as_secs();
    let mut arguments = Arguments {
        address: "127.0.0.1:8400".to_owned(),
        sign_ins: PathBuf::from("almoner-data/demonstration.toml"),
        // Another one each time, so that new people are new.
        seed: today,
        speed: 6.0,
        steps: u64::MAX,
        trust: None,
    };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let value = given.next().with_context(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--address" => arguments.address = value,
            "--sign-ins" => arguments.sign_ins = value.into(),
            "--seed" => arguments.seed = value.parse()?,
            "--speed" => arguments.speed = value.parse()?,
            "--steps" => arguments.steps = value.parse()?,
            "--trust" => arguments.trust = Some(value),
            _ => bail!("there is no {name}"),
        }
    }
    Ok(arguments)
}

#[expect(clippy::print_stdout, reason = "this is what a person who runs it reads")]
fn say(trust: &str, words: &str) {
    println!("{trust}: {words}");
}
