//! What is known of witnesses, what they signed and what was found, for people.
//! Knows the outcomes as `hosting` states them and decides nothing.

use std::fmt::Write as _;

use hosting::witness::{SeenRecord, WitnessOutcome, WitnessReport};

/// What came of it.
pub(super) fn witnessed(of: &WitnessOutcome, text: &mut String) -> std::fmt::Result {
    match of {
        WitnessOutcome::Key { witness, key, address } => {
            writeln!(text, "{key}")?;
            writeln!(text, "signs as a witness with {witness}")?;
            match address {
                Some(address) => writeln!(text, "other hosts reach it at {address}"),
                None => writeln!(text, "It does not listen for other hosts: serve it with --move-listen ADDRESS."),
            }
        }
        WitnessOutcome::Cosigned { texts } => texts.iter().try_for_each(|one| writeln!(text, "{one}")),
        WitnessOutcome::Report(report) => reported(report, text),
    }
}

fn reported(of: &WitnessReport, text: &mut String) -> std::fmt::Result {
    if of.hosts.is_empty() {
        writeln!(text, "No other host is known. Begin with `almoner witness add`.")?;
    }
    of.hosts.iter().try_for_each(|host| writeln!(text, "{} at {}", host.name, host.address))?;
    for (origin, own) in &of.own {
        for (witness, cosigned) in own {
            match (&cosigned.refused, entries(&cosigned.checkpoint)) {
                (Some(why), _) => writeln!(text, "WRONG {origin}: {witness} signs no more. {}", why.trim())?,
                (None, Some(entries)) => writeln!(text, "{origin}: {witness} has signed {entries} entries")?,
                (None, None) => {}
            }
            if let Some(why) = &cosigned.not_signed {
                writeln!(text, "not signed: {origin}: {witness} did not sign the last time. {}", why.trim())?;
            }
        }
    }
    of.seen.iter().try_for_each(|(origin, seen)| record(origin, seen, text))?;
    of.not_reached.iter().try_for_each(|who| writeln!(text, "not reached: {who}"))
}

fn record(origin: &str, seen: &SeenRecord, text: &mut String) -> std::fmt::Result {
    if let Some(entries) = entries(&seen.checkpoint) {
        writeln!(text, "{origin}: this host has signed {entries} entries of {}", seen.host)?;
    }
    for exposure in &seen.exposed {
        writeln!(text, "EXPOSED {origin}, by {}, at {}: {}", exposure.host, exposure.moment, exposure.sentence)?;
    }
    for conflict in &seen.conflicts {
        writeln!(text, "CONFLICT {origin}, by {}, at {}: {}", conflict.host, conflict.moment, conflict.sentence)?;
    }
    for (witness, of) in &seen.unproved {
        let begins = if of.is_wrong() { "NOT PROVED" } else { "not proved" };
        let [here, there] = [&of.known, &of.shown].map(|text| entries(text).unwrap_or_default());
        writeln!(
            text,
            "{begins} {origin}, since {}: {here} entries signed here and {there} by {witness}, shown by {}; asked in {} \
             rounds. {}",
            of.since, of.host, of.rounds, of.answer
        )?;
    }
    Ok(())
}

/// The second line of a checkpoint.
fn entries(checkpoint: &str) -> Option<&str> {
    checkpoint.lines().nth(1)
}
