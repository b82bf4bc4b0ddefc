//! What came of work, for people or as JSON. The only file that writes to standard output.
//! Knows the outcomes as `hosting` states them and decides nothing.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this file is for")]

use std::io::IsTerminal as _;

use anyhow::Result;
use hosting::{Account, Demonstration, Outcome, TokenView, TrustView, UserState, UserView};

/// Refusals that are printed; `--json` has all that are listed.
const REFUSALS_SHOWN: usize = 50;

/// Prints an outcome.
pub(crate) fn outcome(outcome: &Outcome, json: bool) -> Result<()> {
    if json {
        println!("{}", outcome.to_json()?);
        return Ok(());
    }
    match outcome {
        Outcome::Trust(trust) => trust_in_full(trust),
        Outcome::Trusts(trusts) if trusts.is_empty() => println!("There is no trust here yet: almoner trust add"),
        Outcome::Trusts(trusts) => trusts.iter().for_each(trust_in_a_line),
        Outcome::User { name, role, password } => {
            println!("Account {name} ({role})");
            if let Some(password) = password {
                println!("Password, shown this once: {}", password.reveal());
            }
        }
        Outcome::Token { token, id, until } => {
            println!("{}", token.reveal());
            eprintln!("Token {id}, good until {until}. It is shown this once.");
        }
        Outcome::Users(users) if users.is_empty() => println!("There is no account here yet: almoner user add"),
        Outcome::Users(users) => users.iter().for_each(user_in_a_line),
        Outcome::UserClosed { name } => println!("Account {name} is closed; its sessions have ended."),
        Outcome::Tokens(tokens) if tokens.is_empty() => println!("No token holds here."),
        Outcome::Tokens(tokens) => tokens.iter().for_each(token_in_a_line),
        Outcome::TokenRevoked { id } => println!("Token {id} is revoked."),
        Outcome::Loaded(account) => loaded(account),
        Outcome::Verified { whole, checked, faults, more_faults, not_proved } => {
            checked.iter().for_each(|line| println!("checked: {line}"));
            for fault in faults {
                let entry = fault.entry.map(|entry| format!(", entry {entry}")).unwrap_or_default();
                println!("FAULT: {}{entry}: {} ({})", fault.subject, fault.sentence, fault.kind);
            }
            if *more_faults > 0 {
                println!("… and {more_faults} more faults");
            }
            not_proved.iter().for_each(|line| println!("not proved: {line}"));
            println!("{}", if *whole { "The record is whole." } else { "The record is NOT whole." });
        }
        Outcome::Checkpoint { text } => print!("{text}"),
        Outcome::IndexRebuilt { resources } => println!("Index of {resources} resources rebuilt."),
    }
    Ok(())
}

/// Says where the host is.
pub(crate) fn serving(address: &str, json: bool) {
    if json {
        println!("{{\"serving\":\"{address}\"}}");
    } else {
        println!("Serving on {address}. Stop with Ctrl-C.");
    }
}

/// Says how to get into a demonstration.
pub(crate) fn demonstration(demo: &Demonstration, json: bool) {
    let token = demo.token.as_ref().map_or("", |token| token.reveal());
    if json {
        let sign_ins = demo.sign_ins.iter().map(|one| {
            format!(
                "{{\"role\":\"{}\",\"name\":\"{}\",\"password\":\"{}\"}}",
                one.role,
                one.name,
                one.password.reveal()
            )
        });
        let sign_ins = sign_ins.collect::<Vec<_>>().join(",");
        println!("{{\"serving\":\"{}\",\"token\":\"{token}\",\"sign-ins\":[{sign_ins}]}}", demo.address);
        return;
    }
    println!("\nA demonstration with invented patients: {}\n", demo.address);
    for one in &demo.sign_ins {
        println!("  {:<16} {:<14} {}", one.role, one.name, one.password.reveal());
    }
    let fhir = format!("{}fhir/Patient", demo.address);
    println!("\nFor software, for a day:\n\n  curl -H 'Authorization: Bearer {token}' {fhir}\n\nStop with Ctrl-C.");
}

/// Says what went wrong.
pub(crate) fn error(error: &anyhow::Error) {
    let (bold, plain) = if std::io::stderr().is_terminal() { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    eprintln!("{bold}almoner:{plain} {error:#}");
}

fn trust_in_a_line(trust: &TrustView) {
    let resources: u64 = trust.resources.values().sum();
    println!("{:<12} {:<40} {:>12} resources  {}", trust.code.as_str(), trust.name, resources, trust.store);
}

fn user_in_a_line(user: &UserView) {
    let state = match user.state {
        UserState::Open => "",
        UserState::Locked => "locked",
        UserState::Closed => "closed",
    };
    println!("{:<24} {:<16} {:<8} {}", user.name, user.role, state, user.display);
}

fn token_in_a_line(token: &TokenView) {
    let reach = if token.patients.is_empty() { String::new() } else { format!(" for {}", token.patients.join(", ")) };
    println!("{}  {:<16} until {}  {}{reach}", token.id, token.role, token.until, token.label);
}

fn trust_in_full(trust: &TrustView) {
    println!("{}  {}{}", trust.code, trust.name, if trust.demonstration { "  (demonstration)" } else { "" });
    println!("stored in {}, {} bytes, since {}", trust.store, trust.bytes, trust.created);
    println!("{} commits", trust.commits);
    for (kind, count) in &trust.resources {
        println!("{count:>12}  {kind}");
    }
}

fn loaded(account: &Account) {
    println!("{:<32}{:>10}{:>10}{:>14}{:>10}", "", "read", "stored", "already there", "refused");
    for (kind, of) in &account.by_type {
        println!("{kind:<32}{:>10}{:>10}{:>14}{:>10}", of.read, of.stored, of.already_there, of.refused);
    }
    let of = account;
    println!("{:<32}{:>10}{:>10}{:>14}{:>10}", "all", of.read, of.stored, of.already_there, of.refused);
    if of.overtaken > 0 {
        println!(
            "{} of those already there were overtaken by a later change (--as-newest writes them again)",
            of.overtaken
        );
    }
    let seconds = (account.milliseconds as f64 / 1000.0).max(0.001);
    println!("{} files in {seconds:.1} s, {:.0} resources a second", of.files, of.read as f64 / seconds);
    for refusal in account.refusals.iter().take(REFUSALS_SHOWN) {
        println!("refused: {}: {}", refusal.place, refusal.reason);
    }
    if account.refused > REFUSALS_SHOWN as u64 {
        println!("… and {} more; --json lists them", account.refused - REFUSALS_SHOWN as u64);
    }
    for file in &account.passed_over {
        println!("passed over: {}: {}", file.file, file.reason);
    }
    if let Some(reason) = &account.stopped {
        println!("STOPPED before the end: {reason}");
    }
}
