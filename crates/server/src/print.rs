//! What came of work, for people or as JSON. The only file that writes to standard output.
//! Knows the outcomes as `hosting` states them and decides nothing. A configuration has a file of its own.
#![expect(clippy::print_stderr, reason = "printing is what this file is for")]

mod configuration;
mod exit;
mod moving;
mod oversight;
mod witness;

use std::fmt::Write as _;
use std::io::{ErrorKind, IsTerminal as _, Write as _};

use anyhow::{Context as _, Result};
use hosting::match_file::{Matched, MatchedPair};
use hosting::{
    Account, Demonstration, Duplicates, OtherTrust, Outcome, SafetyCase, SignIn, TokenView, TrustView, UserState,
    UserView,
};

/// Refusals, and files passed over, that are printed; `--json` has all that are listed.
const REFUSALS_SHOWN: usize = 50;

/// Pairs of a file that are printed; a file that is asked for has all.
const PAIRS_SHOWN: usize = 20;

/// Prints an outcome.
pub(crate) fn outcome(outcome: &Outcome, json: bool) -> Result<()> {
    let mut text = String::new();
    if json {
        writeln!(text, "{}", outcome.to_json()?)?;
    } else {
        in_words(outcome, &mut text)?;
    }
    print(&text)
}

/// Says what somebody must know beside an outcome.
pub(crate) fn told(sentences: &[String]) {
    for sentence in sentences {
        eprintln!("{sentence}");
    }
}

fn in_words(outcome: &Outcome, text: &mut String) -> std::fmt::Result {
    match outcome {
        Outcome::Trust(trust) => trust_in_full(trust, text)?,
        Outcome::Trusts(trusts) if trusts.is_empty() => {
            writeln!(text, "There is no trust here yet: almoner trust add")?
        }
        Outcome::Trusts(trusts) => trusts.iter().try_for_each(|trust| trust_in_a_line(trust, text))?,
        Outcome::TrustRemoved { trust } => writeln!(text, "The record of {trust} is destroyed.")?,
        Outcome::User { name, role, password } => {
            writeln!(text, "Account {name} ({role})")?;
            if let Some(password) = password {
                writeln!(text, "Password, shown this once: {}", password.reveal())?;
            }
        }
        Outcome::Token { token, id, until } => {
            writeln!(text, "{}", token.reveal())?;
            eprintln!("Token {id}, good until {until}. It is shown this once.");
        }
        Outcome::Live { trust, case } => {
            writeln!(text, "{trust} is live.")?;
            safety_case(case, text)?;
        }
        Outcome::Users(users) if users.is_empty() => writeln!(text, "There is no account here yet: almoner user add")?,
        Outcome::Users(users) => users.iter().try_for_each(|user| user_in_a_line(user, text))?,
        Outcome::UserLinked { name, staff } => {
            let whose =
                staff.as_ref().map_or("no member of staff".into(), |staff| format!("the member of staff {staff}"));
            writeln!(text, "Account {name} is that of {whose}; its sessions have ended.")?;
        }
        Outcome::UserClosed { name, moved, to } => user_closed(name, *moved, to.as_deref(), text)?,
        Outcome::Tokens(tokens) if tokens.is_empty() => writeln!(text, "No token holds here.")?,
        Outcome::Tokens(tokens) => tokens.iter().try_for_each(|token| token_in_a_line(token, text))?,
        Outcome::TokenRevoked { id } => writeln!(text, "Token {id} is revoked.")?,
        Outcome::Loaded(account) => loaded(account, text)?,
        Outcome::ConfigurationChecked(of) => configuration::checked(of, text)?,
        Outcome::ConfigurationCompared(of) => configuration::compared(of, text)?,
        Outcome::ConfigurationApplied(of) => configuration::applied(of, text)?,
        Outcome::ConfigurationLive(of) => configuration::live(of, text)?,
        Outcome::Matched(matched) => pairs_of_a_file(matched, text)?,
        Outcome::DuplicatesFound(found) => pairs_of_a_trust(found, text)?,
        Outcome::DowntimeSheets { trust, folder, sheets, .. } => {
            writeln!(text, "{sheets} downtime sheets of {trust} are in {}.", folder.display())?;
        }
        Outcome::Verified { whole, checked, faults, more_faults, not_proved } => {
            checked.iter().try_for_each(|line| writeln!(text, "checked: {line}"))?;
            for fault in faults {
                let entry = fault.entry.map(|entry| format!(", entry {entry}"));
                let place = entry.or(fault.leaf.map(|leaf| format!(", leaf {leaf}"))).unwrap_or_default();
                writeln!(text, "FAULT: {}{place}: {} ({})", fault.subject, fault.sentence, fault.kind)?;
            }
            if *more_faults > 0 {
                writeln!(text, "… and {more_faults} more faults")?;
            }
            not_proved.iter().try_for_each(|line| writeln!(text, "not proved: {line}"))?;
            writeln!(text, "{}", if *whole { "The record is whole." } else { "The record is NOT whole." })?;
        }
        Outcome::Checkpoint { text: checkpoint } => text.push_str(checkpoint),
        Outcome::Exit(of) => exit::told(of, text)?,
        Outcome::Moved(moved) => moving::moved(moved, text)?,
        Outcome::Overseen(of) => oversight::overseen(of, text)?,
        Outcome::Witnessed(of) => witness::witnessed(of, text)?,
        Outcome::IndexRebuilt { resources } => writeln!(text, "Index of {resources} resources rebuilt.")?,
    }
    Ok(())
}

fn user_closed(name: &str, moved: usize, to: Option<&str>, text: &mut String) -> std::fmt::Result {
    writeln!(text, "Account {name} is closed; its sessions have ended.")?;
    match to {
        Some(to) if moved > 0 => writeln!(
            text,
            "Moved to {to}: {moved}. They are counted as tasks of closed accounts until somebody accepts them."
        ),
        _ => Ok(()),
    }
}

/// Says where the host is.
pub(crate) fn serving(address: &str, json: bool) -> Result<()> {
    if json {
        return print(&format!("{{\"serving\":\"{address}\"}}\n"));
    }
    print(&format!("Serving on {address}. Stop with Ctrl-C.\n"))
}

/// Says how to get into a demonstration.
pub(crate) fn demonstration(demo: &Demonstration, json: bool) -> Result<()> {
    let token = demo.token.as_ref().map_or("", |token| token.reveal());
    let mut text = String::new();
    if json {
        let other = |of: &OtherTrust| {
            let (code, address) = (&of.trust, &of.address);
            format!("{{\"trust\":\"{code}\",\"serving\":\"{address}\",\"sign-ins\":{}}}", sign_ins(&of.sign_ins))
        };
        let others = demo.others.iter().map(other).collect::<Vec<_>>().join(",");
        let (address, sign_ins) = (&demo.address, sign_ins(&demo.sign_ins));
        writeln!(
            text,
            "{{\"serving\":\"{address}\",\"token\":\"{token}\",\"sign-ins\":{sign_ins},\"others\":[{others}]}}"
        )?;
        return print(&text);
    }
    writeln!(text, "\nA demonstration with invented patients: {}\n", demo.address)?;
    sign_ins_in_words(&demo.sign_ins, &mut text)?;
    let restricted = "The record of Alan Turnbull on Heron ward is restricted: s.reilly is asked why before it opens, and p.okoro \
                      reviews who opened it.";
    writeln!(text, "\n  {restricted}")?;
    for other in &demo.others {
        writeln!(text, "\nA second trust, which shares its consortium: {}\n", other.address)?;
        sign_ins_in_words(&other.sign_ins, &mut text)?;
    }
    let fhir = format!("{}fhir/Patient", demo.address);
    writeln!(text, "\nFor software, for a day:\n\n  curl -H 'Authorization: Bearer {token}' {fhir}")?;
    writeln!(text, "\nStop with Ctrl-C.")?;
    print(&text)
}

fn sign_ins(all: &[SignIn]) -> String {
    let one = |one: &SignIn| {
        let (role, name, password) = (&one.role, &one.name, one.password.reveal());
        format!("{{\"role\":\"{role}\",\"name\":\"{name}\",\"password\":\"{password}\"}}")
    };
    format!("[{}]", all.iter().map(one).collect::<Vec<_>>().join(","))
}

fn sign_ins_in_words(all: &[SignIn], text: &mut String) -> std::fmt::Result {
    all.iter().try_for_each(|one| writeln!(text, "  {:<16} {:<14} {}", one.role, one.name, one.password.reveal()))
}

/// Says what went wrong.
pub(crate) fn error(error: &anyhow::Error) {
    let (bold, plain) = if std::io::stderr().is_terminal() { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    eprintln!("{bold}almoner:{plain} {error:#}");
}

/// Writes to standard output. A reader that has seen enough and closed it, as `head` does, is no failure.
fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("writing to standard output"),
    }
}

fn trust_in_a_line(trust: &TrustView, text: &mut String) -> std::fmt::Result {
    let resources: u64 = trust.resources.values().sum();
    let TrustView { code, name, store, problem, shut, .. } = trust;
    match problem {
        None if shut.is_some() => {
            writeln!(text, "{:<12} {name:<40} {}", code.as_str(), shut.as_deref().unwrap_or_default())
        }
        Some(problem) => writeln!(text, "{:<12} {name:<40} CANNOT BE OPENED: {problem}", code.as_str()),
        None => writeln!(text, "{:<12} {name:<40} {resources:>12} resources  {store}", code.as_str()),
    }
}

fn user_in_a_line(user: &UserView, text: &mut String) -> std::fmt::Result {
    let state = match user.state {
        UserState::Open => "",
        UserState::Locked => "locked",
        UserState::Closed => "closed",
    };
    let staff = user.staff.as_ref().map(|staff| format!(" ({staff})")).unwrap_or_default();
    writeln!(text, "{:<24} {:<16} {:<8} {}{staff}", user.name, user.role, state, user.display)
}

fn token_in_a_line(token: &TokenView, text: &mut String) -> std::fmt::Result {
    let reach = if token.patients.is_empty() { String::new() } else { format!(" for {}", token.patients.join(", ")) };
    writeln!(text, "{}  {:<16} until {}  {}{reach}", token.id, token.role, token.until, token.label)
}

/// What kind of trust it is, unless it is live.
fn standing(trust: &TrustView) -> &'static str {
    match (trust.demonstration, trust.preparing) {
        (true, _) => "  (demonstration)",
        (false, true) => "  (not live: almoner trust go-live)",
        (false, false) => "",
    }
}

fn safety_case(case: &SafetyCase, text: &mut String) -> std::fmt::Result {
    let SafetyCase { officer, registration, case, signed_on, log, log_differs, by } = case;
    writeln!(text, "safety case: {case}, signed on {signed_on} by {officer} ({registration}); recorded by {by}")?;
    let differs =
        if *log_differs { ", which is not the log of this release: the officer has to look again" } else { "" };
    writeln!(text, "it covers the hazard log with SHA-256 {log}{differs}")
}

fn trust_in_full(trust: &TrustView, text: &mut String) -> std::fmt::Result {
    writeln!(text, "{}  {}{}", trust.code, trust.name, standing(trust))?;
    writeln!(text, "stored in {}, {} bytes, since {}", trust.store, trust.bytes, trust.created)?;
    if let Some(shut) = &trust.shut {
        return writeln!(text, "{shut}");
    }
    match &trust.case {
        Some(case) => safety_case(case, text)?,
        None if !trust.demonstration && !trust.preparing => {
            writeln!(
                text,
                "no safety case is recorded, as it was live before one was asked for: almoner trust go-live"
            )?;
        }
        None => {}
    }
    writeln!(text, "commits: {}", trust.commits)?;
    trust.resources.iter().try_for_each(|(kind, count)| writeln!(text, "{count:>12}  {kind}"))
}

fn loaded(account: &Account, text: &mut String) -> std::fmt::Result {
    writeln!(text, "{:<32}{:>10}{:>10}{:>14}{:>10}", "", "read", "stored", "already there", "refused")?;
    for (kind, of) in &account.by_type {
        writeln!(text, "{kind:<32}{:>10}{:>10}{:>14}{:>10}", of.read, of.stored, of.already_there, of.refused)?;
    }
    let of = account;
    writeln!(text, "{:<32}{:>10}{:>10}{:>14}{:>10}", "all", of.read, of.stored, of.already_there, of.refused)?;
    if of.overtaken > 0 {
        writeln!(
            text,
            "{} of those already there were overtaken by a later change (--as-newest writes them again)",
            of.overtaken
        )?;
    }
    let seconds = (account.milliseconds as f64 / 1000.0).max(0.001);
    writeln!(text, "files: {}, in {seconds:.1} s, {:.0} resources a second", of.files, of.read as f64 / seconds)?;
    for refusal in account.refusals.iter().take(REFUSALS_SHOWN) {
        writeln!(text, "refused: {}: {}", refusal.place, refusal.reason)?;
    }
    if account.refused > REFUSALS_SHOWN as u64 {
        writeln!(text, "… and {} more; --json lists them", account.refused - REFUSALS_SHOWN as u64)?;
    }
    for file in account.passed_over.iter().take(REFUSALS_SHOWN) {
        writeln!(text, "passed over: {}: {}", file.file, file.reason)?;
    }
    let more = (account.passed_over.len().saturating_sub(REFUSALS_SHOWN)) as u64 + account.more_passed_over;
    if more > 0 {
        writeln!(text, "… and {more} more")?;
    }
    match &account.stopped {
        Some(reason) => writeln!(text, "STOPPED before the end: {reason}"),
        None => Ok(()),
    }
}

fn pairs_of_a_trust(found: &Duplicates, text: &mut String) -> std::fmt::Result {
    let Duplicates { people, merge, review, opened, left, is_cut, milliseconds, .. } = found;
    let seconds = *milliseconds as f64 / 1000.0;
    writeln!(text, "{people} patients compared in {seconds:.1} s: {merge} pairs nearly certain, {review} to look at.")?;
    writeln!(text, "{opened} of them are new to the patient index, which reviews each. Nothing was merged.")?;
    if *left > 0 {
        writeln!(text, "{left} less likely pairs are left for another search, when these are reviewed.")?;
    }
    if *is_cut {
        writeln!(text, "So many records are alike that not all pairs were compared.")?;
    }
    Ok(())
}

fn pairs_of_a_file(matched: &Matched, text: &mut String) -> std::fmt::Result {
    let columns: Vec<String> = matched.columns.iter().map(|(field, name)| format!("{field}={name}")).collect();
    writeln!(text, "columns: {}", columns.join(", "))?;
    matched.pairs.iter().take(PAIRS_SHOWN).try_for_each(|pair| pair_of_a_file(pair, text))?;
    let all = matched.merge + matched.review;
    if all > PAIRS_SHOWN as u64 {
        let rest = if matched.out.is_some() { "" } else { "; --out FILE writes them all" };
        writeln!(text, "… and {} more pairs{rest}", all - PAIRS_SHOWN as u64)?;
    }
    let unread = matched.unread_dates;
    if unread > 0 {
        let lines: Vec<String> = matched.unread_date_lines.iter().map(u64::to_string).collect();
        writeln!(
            text,
            "dates of birth that could not be read, and count as missing: {unread}, on lines {}",
            lines.join(", ")
        )?;
    }
    if matched.is_cut {
        writeln!(
            text,
            "NOT ALL pairs were compared: so many records are alike. Match by more columns, or split the file."
        )?;
    }
    let seconds = matched.milliseconds as f64 / 1000.0;
    let Matched { people, compared, merge, review, .. } = matched;
    writeln!(text, "{people} people, {compared} pairs compared in {seconds:.1} s")?;
    writeln!(text, "proposed for merging: {merge}; to be reviewed: {review}. Nothing was merged.")
}

fn pair_of_a_file(pair: &MatchedPair, text: &mut String) -> std::fmt::Result {
    let [a, b] = pair.lines;
    let ids = pair.ids.as_ref().map(|[a, b]| format!(" ({a} and {b})")).unwrap_or_default();
    let MatchedPair { weight_bits, probability, verdict, .. } = pair;
    writeln!(text, "{weight_bits:>7.2} bits  {probability:.4}  {verdict:<7} lines {a} and {b}{ids}")?;
    let said = pair.fields.iter().filter(|field| field.says != "No weight");
    let said: Vec<String> =
        said.map(|field| format!("{}: {} ({:+.1})", field.field, field.found, field.bits)).collect();
    writeln!(text, "    {}", said.join("; "))?;
    pair.holds.iter().try_for_each(|hold| writeln!(text, "    {hold}"))
}
