//! What a move with a plan asks for where there is no line, at the host that writes: before anybody is held, and again at the cut
//! with what the other host's letter brings and two people who prove who they are. The reports of rehearsals that were made
//! over there come back as letters. What must hold is said by `courier`.

use std::sync::Arc;

use journal::SignedCheckpoint;
use record::Record;
use record::apply::hand_over::Tenure;
use serde::{Deserialize, Serialize};
use terms::print::moment_text;

use super::carried::{SignedHere, know};
use super::courier::{self, Carried};
use super::kept::{Move, Side};
use super::letter::{self, Kind};
use super::phase::Step;
use super::readiness::{missing, readiness};
use super::report::Rehearsal;
use super::schedule::Schedule;
use super::watch::{Checked, Told};
use super::{counts, give_back, is_ready_by_command, readiness_items, rehearse, with_facts};
use crate::accounts;
use crate::failure::Failure;
use crate::host::Host;
use crate::secret::{Secret, hex};

/// Roles of those who may agree to a cut.
const AGREE: [&str; 2] = ["administrator", "operator"];

/// What the host that follows says of its rehearsals since the last cut.
#[derive(Debug, Serialize, Deserialize)]
struct RehearsedHere {
    record_key: String,
    rehearsals: Vec<Rehearsal>,
}

/// What held before a cut, and who agreed.
pub(super) struct Held {
    /// For the certificate; it names nobody.
    pub(super) words: String,
    /// Both of them, and when.
    pub(super) sealed_by: String,
}

/// Whether this move is to be cut over by a plan. Going back asks for none.
fn has_plan(host: &Host, of: &Move) -> Result<bool, Failure> {
    Ok(of.kept().side == Side::Source && Schedule::read(&host.configuration.data, &of.code)?.is_some())
}

/// # Errors
/// The move has a plan, and something that it asks for before anybody is held does not hold.
pub(super) fn may_hold(host: &Host, of: &Move) -> Result<(), Failure> {
    if !has_plan(host, of)? {
        return Ok(());
    }
    let missing = missing(&courier::before_holding(readiness_items(host, of, None, false)?));
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "This move has a plan, and nobody is held before what it asks for holds. Missing: {}",
        missing.join(" ")
    )))
}

/// Who agrees to a cut by command: nobody to one without a plan, and to the way back; else two people of the trust who run it.
///
/// # Errors
/// What is missing, or who may not agree.
pub(super) async fn agreed(
    host: &Arc<Host>,
    of: &Arc<Move>,
    (back, unplanned): (bool, Option<&str>),
    people: Option<[(String, Secret); 2]>,
) -> Result<Option<[String; 2]>, Failure> {
    let Some(people) = people else {
        return is_ready_by_command(host, of, back, unplanned).map(|()| None);
    };
    if back || !has_plan(host, of)? {
        return Err(Failure::refused("Two people agree to the cut of a move with a plan. This is none."));
    }
    let accounts = give_back::both(host, of, people).await?;
    let known = accounts::list(&*host.trust(&of.code).await?).await?;
    let name = |account: &String| -> Result<String, Failure> {
        let view = known.iter().find(|view| *account == format!("user/{}", view.name));
        let runs_it = view.filter(|view| AGREE.contains(&view.role.as_str()));
        runs_it.map(|view| view.display.clone()).ok_or_else(|| {
            Failure::Refused(format!(
                "Administrators and operators of the trust agree to a cut, and {account} is neither."
            ))
        })
    };
    Ok(Some([name(&accounts[0])?, name(&accounts[1])?]))
}

/// Whether a cut may be made that the other host has signed: everything that the plan asks for, worked out now.
///
/// # Errors
/// What is missing.
pub(super) async fn may_cut(
    host: &Host,
    of: &Move,
    record: &Record,
    (said, [one, other]): (&SignedHere, [String; 2]),
) -> Result<Held, Failure> {
    let at = record.place().await?;
    let signed = SignedCheckpoint::parse(&said.signed.checkpoint)
        .map_err(|_| Failure::refused("The other host's checkpoint cannot be read."))?;
    let counted = said.counts.clone().ok_or_else(|| {
        Failure::refused("The other host has signed without saying what it counts, as an earlier release does.")
    })?;
    let told = |root: &journal::Hash, counts| Told { root: hex(root), counts, ..Told::default() };
    let checked = Checked {
        at: host.now(),
        entry: at.sequence,
        here: told(&at.root, counts::counts(of, record, at.sequence).await?),
        there: told(&signed.checkpoint().root, counted),
    };
    let names = format!("{one} and {other}");
    let (missing, words) = with_facts(host, of, (Some(&names), false), Some(&checked), |facts| {
        let carried = facts.carried.unwrap_or_default();
        (missing(&readiness(facts)), courier::in_words(facts, &carried))
    })?;
    if !missing.is_empty() {
        return Err(Failure::Refused(format!(
            "It cannot be cut. Nothing has happened. Missing: {}",
            missing.join(" ")
        )));
    }
    Ok(Held { words, sealed_by: format!("{names} at {}", moment_text(host.now())) })
}

/// What is known of a move without a line besides what is measured.
pub(super) fn carried<'a>(of: &Move, compared: Option<&'a Checked>) -> Option<Carried<'a>> {
    let kept = of.kept();
    (!kept.has_line()).then(|| Carried { held: kept.held.map(|held| terms::Moment(held.since)), compared })
}

/// At the host that follows: what came of its rehearsals since the last cut, as a letter. Where one found differences the letter
/// says how many: what differs may name patients, and stays here.
pub(super) async fn report(host: &Host, of: &Move) -> Result<String, Failure> {
    let record = of.record().await?;
    let kept = of.kept();
    let made = kept.rehearsals_since_cut();
    if record.tenure() == Tenure::Writes || made.is_empty() {
        return Err(Failure::refused(
            "Nothing was rehearsed here since the last cut. Rehearse at the host that follows.",
        ));
    }
    let rehearsals = made.iter().map(without_names).collect();
    let record_key = record.verifier_key().to_string();
    letter::write(host, of, Kind::Rehearsed, &RehearsedHere { record_key, rehearsals })
}

fn without_names(of: &Rehearsal) -> Rehearsal {
    let differences = match of.differences.len() {
        0 => Vec::new(),
        count => vec![format!("It found {count} differences, which `almoner move status` names at that host.")],
    };
    Rehearsal { differences, ..of.clone() }
}

/// At the host that writes: takes such a letter. One that was taken before says nothing new.
pub(super) async fn hear(of: &Move, text: &str) -> Result<(), Failure> {
    let record = of.record().await?;
    if record.tenure() != Tenure::Writes {
        return Err(Failure::refused("This host follows. Take this letter at the host that writes."));
    }
    let said: RehearsedHere = letter::read(of, Kind::Rehearsed, text)?;
    know(of, &said.record_key)?;
    hear_all(of, &record, said.rehearsals).await
}

/// Takes the rehearsals of the other host that are not known yet, each of which names a place that this host has signed; they
/// are kept in the order in which they were made, whichever letter came first.
pub(super) async fn hear_all(of: &Move, record: &Record, rehearsals: Vec<Rehearsal>) -> Result<(), Failure> {
    for rehearsal in rehearsals {
        if !of.kept().rehearsals.contains(&rehearsal) {
            rehearse::hear(of, record, rehearsal).await?;
        }
    }
    let since = of.kept().rehearsals_since_cut().to_vec();
    if since.is_sorted_by_key(|one| &one.moment) {
        return Ok(());
    }
    of.change(|kept| {
        let before = kept.rehearsals.len() - since.len();
        kept.rehearsals[before..].sort_by(|one, other| one.moment.cmp(&other.moment));
    })?;
    let agrees = of.kept().rehearsals.last().is_some_and(Rehearsal::agrees);
    of.step(if agrees { Step::Agreed } else { Step::Differed })
}
