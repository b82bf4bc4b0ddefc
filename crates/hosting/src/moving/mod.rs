//! Moving a trust to another host while its wards work, with a proof that an outsider can check, and a way back.
//!
//! # Tour
//! * `phase` is the states and what may follow what, as plain data; a model walks every order of steps and crashes.
//! * A `ticket` names both hosts and their keys (`key`); they speak over `tls`, one as client (`peer`), one as server
//!   (`answer`), in the words of `words` and with entries packed by `segment`.
//! * `resume` goes on with every move after a restart; `pull` is the host that follows; `rehearse` compares both; `cut` hands the record over; `gate` and `relay` hold who
//!   would write and send them on; `certificate` says what came of it; `complete` destroys the old copy.
//! * Where no line is, everything is `carried`: a `folder` with what lies `beside` its entries, and each `letter`. What a plan
//!   asks for there is worked out by `courier` and asked by `carried_gate`.
//! * `watch` measures both hosts and compares them; `schedule` is what people planned, `forecast` and `estimate` what follows
//!   from both; `readiness` says what is missing before a cut, `seal` who the two people are, `way_back` rehearses it.
//!
//! Which host may write is not decided here: the record says it (`record::apply::hand_over`). Knows no page and no rule of care.

mod answer;
mod beside;
mod carried;
mod carried_gate;
mod certificate;
mod complete;
pub(crate) mod counts;
mod courier;
mod cut;
mod drawn;
pub(crate) mod estimate;
mod folder;
pub(crate) mod forecast;
mod gate;
mod give_back;
mod kept;
mod key;
mod letter;
mod own_copy;
mod pace;
mod peer;
mod phase;
mod pull;
pub(crate) mod readiness;
mod rehearse;
mod relay;
mod report;
mod resume;
pub(crate) mod schedule;
pub(crate) mod seal;
mod segment;
mod ticket;
mod tls;
pub(crate) mod watch;
mod way_back;
#[cfg(test)]
mod whole_unit;
mod words;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use record::apply::hand_over::Tenure;

pub(crate) use answer::{Caller, listen};
pub use certificate::certificate_as_pdf;
pub(crate) use kept::{Kept, Move, Moves, Side, read_all};
pub(crate) use key::HostKey;
pub use pace::{Throttle, ThrottleChange};
pub(crate) use peer::Peer;
pub use phase::Phase;
pub(crate) use pull::fail_at;
pub(crate) use rehearse::answers;
pub(crate) use relay::cross;
pub use report::{Cutting, MoveOutcome, MoveView, MoveWork, Packed, Rehearsal};
pub(crate) use resume::resume;
pub(crate) use ticket::Ticket;
pub(crate) use words::{Questions, unhex};

use crate::clock::stopwatch;
use crate::failure::Failure;
use crate::host::Host;
use crate::secret::Secret;
use crate::trusts::TrustCode;
use crate::work::{Listener, Outcome, Progress};
use gate::Stand;
use ticket::{End, NO_LINE};

/// How long a ticket may be used to begin a copy: 30 days.
const TICKET_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// How often somebody who waits is told how far it is.
const TELLING: std::time::Duration = std::time::Duration::from_millis(200);

/// Carries out what is asked of a move.
pub(crate) async fn carry(host: &Arc<Host>, work: MoveWork, listener: Listener<'_>) -> Result<Outcome, Failure> {
    is_there(host, &work).await?;
    let outcome = match work {
        MoveWork::Key => MoveOutcome::Key { key: host.key()?.verifier().to_string(), address: host.move_address() },
        MoveWork::Plan { trust, to, key, address } => {
            plan(host, &trust, key, (to, address.or_else(|| host.move_address()))).await?
        }
        MoveWork::PlanWithoutLine { trust, key } => {
            plan(host, &trust, key, (NO_LINE.into(), Some(NO_LINE.into()))).await?
        }
        MoveWork::Copy { ticket, store, throttle, from } => {
            copy(host, &ticket, Copying { store, throttle, from }, listener).await?
        }
        MoveWork::Pack { trust, to, hold, whole, way_back } => {
            MoveOutcome::Packed(pack(host, &trust, &to, (hold.as_deref(), whole, way_back), listener).await?)
        }
        MoveWork::Follow { trust, from: None } => follow(&*find(host, &trust)?, listener).await?,
        MoveWork::Follow { trust, from: Some(folder) } => {
            carried::take_folder(host, &without_line(host, &trust)?, &folder, listener).await?;
            seen(host, &trust).await?
        }
        MoveWork::Rehearse { trust, whole, from } => rehearsed(host, &trust, (whole, from), listener).await?,
        MoveWork::Report { trust } => {
            MoveOutcome::Letter { text: Some(carried_gate::report(host, &*without_line(host, &trust)?).await?) }
        }
        MoveWork::Sign { trust, from } => MoveOutcome::Letter {
            text: Some(carried::sign(host, &without_line(host, &trust)?, &from, listener).await?),
        },
        MoveWork::Release { trust } => released(host, &trust).await?,
        MoveWork::Letter { trust, text } => {
            MoveOutcome::Letter { text: carried::hear(host, &without_line(host, &trust)?, &text).await? }
        }
        MoveWork::Cut { trust, back, unplanned, signed, people } => {
            cut_by_command(host, &trust, (back, unplanned), signed, people).await?
        }
        MoveWork::Throttle { trust, change } => {
            find(host, &trust)?.limit(change)?;
            seen(host, &trust).await?
        }
        MoveWork::Entry { trust } => MoveOutcome::CutEntry { text: give_back::entry(&*find(host, &trust)?).await? },
        MoveWork::Take { trust, entry } => taken(host, &trust, &entry).await?,
        MoveWork::Refuse { trust, entry } => {
            MoveOutcome::Refusal { text: give_back::refuse(&*find(host, &trust)?, &entry).await? }
        }
        MoveWork::Resume { trust, refusal, people } => {
            give_back::resume(host, &find(host, &trust)?, refusal, people).await?;
            seen(host, &trust).await?
        }
        MoveWork::Complete { trust, confirm, from, letter } => {
            completed(host, &trust, (&confirm, from, letter), listener).await?
        }
        MoveWork::GiveUp { trust, confirm, note } => MoveOutcome::GivenUp {
            text: complete::give_up(host, &find(host, &trust)?, &confirm, note.as_deref()).await?,
        },
        MoveWork::Certificate { trust, witnessed } => MoveOutcome::Certificate {
            text: certificate::with_witnesses(host, &*find(host, &trust)?, &witnessed).await?,
        },
        MoveWork::Status { trust } => {
            let mut views = Vec::new();
            for of in host.moves.all() {
                if trust.as_ref().is_none_or(|trust| *trust == of.code) {
                    views.push(view(&of).await?);
                }
            }
            MoveOutcome::Status(views)
        }
    };
    Ok(Outcome::Moved(Box::new(outcome)))
}

/// Whether moves are carried out here; without being served, the only thing that is done is a refusal of a cut.
async fn is_there(host: &Arc<Host>, work: &MoveWork) -> Result<(), Failure> {
    let is_served = !host.moves.all().is_empty() || read_all(&host.configuration.data)?.is_empty();
    match work {
        _ if is_served => Ok(()),
        MoveWork::Refuse { trust, .. } => resume::look_up(host, trust).await,
        _ => Err(Failure::refused("A trust of this host moves. Serve the host, then ask again.")),
    }
}

/// Lets writers go on who were held for a cut that is carried.
async fn released(host: &Arc<Host>, trust: &TrustCode) -> Result<MoveOutcome, Failure> {
    carried::release(&*without_line(host, trust)?)?;
    seen(host, trust).await
}

/// How a move stands after something was done.
async fn seen(host: &Arc<Host>, trust: &TrustCode) -> Result<MoveOutcome, Failure> {
    Ok(MoveOutcome::Status(vec![view(&*find(host, trust)?).await?]))
}

/// Rehearses over the line, or from what was carried.
async fn rehearsed(
    host: &Arc<Host>,
    trust: &TrustCode,
    (whole, from): (bool, Option<PathBuf>),
    listener: Listener<'_>,
) -> Result<MoveOutcome, Failure> {
    Ok(MoveOutcome::Rehearsed(match from {
        None => rehearse::rehearse(host, &find(host, trust)?, whole).await?,
        Some(folder) => carried::rehearse(host, &without_line(host, trust)?, &folder, listener).await?,
    }))
}

/// Cuts over the line, or with the letter that the target signed.
async fn cut_by_command(
    host: &Arc<Host>,
    trust: &TrustCode,
    (back, unplanned): (bool, Option<String>),
    signed: Option<String>,
    people: Option<[(String, Secret); 2]>,
) -> Result<MoveOutcome, Failure> {
    let Some(letter) = signed else {
        let of = find(host, trust)?;
        is_ready_by_command(host, &of, back, unplanned.as_deref())?;
        return Ok(MoveOutcome::Cut(cut::cut(host, &of, back).await?));
    };
    let of = without_line(host, trust)?;
    let agreed = carried_gate::agreed(host, &of, (back, unplanned.as_deref()), people).await?;
    Ok(MoveOutcome::CutEntry { text: carried::cut(host, &of, &letter, (back, agreed)).await? })
}

/// Takes a cut entry that was carried.
async fn taken(host: &Arc<Host>, trust: &TrustCode, entry: &str) -> Result<MoveOutcome, Failure> {
    let of = find(host, trust)?;
    if !of.has_line() {
        return Ok(MoveOutcome::Letter { text: Some(carried::take(host, &of, entry).await?) });
    }
    cut::take(host, &of, &of.record().await?, &give_back::carried(entry)?).await?;
    seen(host, trust).await
}

/// Has the old copy destroyed: over the line, or by an order and a letter that are carried.
async fn completed(
    host: &Arc<Host>,
    trust: &TrustCode,
    (confirm, from, letter): (&str, Option<PathBuf>, Option<String>),
    listener: Listener<'_>,
) -> Result<MoveOutcome, Failure> {
    if let Some(letter) = letter {
        let text = complete::carried_out(host, &without_line(host, trust)?, confirm, &letter).await?;
        return Ok(MoveOutcome::Letter { text });
    }
    if let Some(folder) = from {
        let text = complete::order(host, &without_line(host, trust)?, confirm, &folder, listener).await?;
        return Ok(MoveOutcome::Letter { text: Some(text) });
    }
    Ok(MoveOutcome::Destroyed { statement: complete::complete(&*find(host, trust)?, confirm).await? })
}

fn register(host: &Host, kept: Kept, record: Option<record::Record>, stand: Stand) -> Result<Arc<Move>, Failure> {
    let other = kept.other();
    let peer = peer_of(host, other.address.clone(), *other.verifier()?.public())?;
    let of = Arc::new(Move::new(&host.configuration.data, kept, peer, record, stand));
    host.moves.put(Arc::clone(&of));
    Ok(of)
}

/// A move with a plan is sealed by two people on its page: the command is refused, with what is missing. One without a plan
/// is cut by command only where that is said and the trust's code typed again, which is kept; a demonstration needs neither.
/// Going back is not refused.
fn is_ready_by_command(host: &Host, of: &Move, back: bool, unplanned: Option<&str>) -> Result<(), Failure> {
    if back {
        return of.change(|kept| kept.unplanned = false);
    }
    if schedule::Schedule::read(&host.configuration.data, &of.code)?.is_some() {
        let missing = readiness::missing(&readiness_items(host, of, None, back)?);
        let how = match of.has_line() {
            true => "is sealed by two people on its page",
            false => "two people agree to its cut with their passwords: --person NAME --person NAME",
        };
        return Err(Failure::Refused(format!("This move has a plan and {how}. Missing: {}", missing.join(" "))));
    }
    match unplanned {
        Some(typed) if typed == of.code.as_str() => {}
        Some(_) => return Err(Failure::refused("Type the trust's code to confirm that it is cut without a plan.")),
        None if of.kept().ticket.demonstration => {}
        None => {
            return Err(Failure::refused(
                "This move has no plan. Set a deadline on its page, or cut it without one: --unplanned --confirm CODE, \
                 which its certificate will say.",
            ));
        }
    }
    let at = terms::print::moment_text(host.now());
    of.change(|kept| {
        kept.unplanned = true;
        kept.sealed_by.push(format!("nobody: it was cut by command and without a plan at {at}"));
    })
}

/// Everything that must hold before a cut.
pub(crate) fn readiness_items(
    host: &Host,
    of: &Move,
    second: Option<&str>,
    back: bool,
) -> Result<Vec<readiness::Item>, Failure> {
    with_facts(host, of, (second, back), None, readiness::readiness)
}

/// Makes something of what a cut is judged by. `compared` is what both hosts count at its place, where there is no line.
fn with_facts<T>(
    host: &Host,
    of: &Move,
    (second, back): (Option<&str>, bool),
    compared: Option<&watch::Checked>,
    make: impl FnOnce(&readiness::Facts<'_>) -> T,
) -> Result<T, Failure> {
    let kept = of.kept();
    let schedule = schedule::Schedule::read(&host.configuration.data, &of.code)?;
    let watch = host.watched.of(&of.code);
    let facts = readiness::Facts {
        schedule: schedule.as_ref(),
        rehearsals: kept.rehearsals_since_cut(),
        ways_back: kept.ways_back_since_cut(),
        checked: watch.checked.as_ref(),
        second,
        back,
        carried: carried_gate::carried(of, compared),
        now: host.now(),
    };
    Ok(make(&facts))
}

/// What the machine itself asks for before a cut.
pub(crate) fn machine_missing(of: &Move, writes: bool) -> Vec<String> {
    cut::missing(of, writes)
}

/// Cuts a trust over, or back, for two people who have agreed.
pub(crate) async fn cut_by_two(host: &Arc<Host>, of: &Arc<Move>, back: bool, who: String) -> Result<Cutting, Failure> {
    tracing::info!(trust = %of.code, back, who, "a cut was sealed by two people");
    of.change(|kept| {
        kept.unplanned = false;
        kept.sealed_by.push(who);
    })?;
    cut::cut(host, of, back).await
}

/// Rehearses the cut at the host that follows, or the way back at the host that writes.
pub(crate) async fn rehearse_here(host: &Arc<Host>, of: &Arc<Move>) -> Result<Rehearsal, Failure> {
    match of.record().await?.tenure() {
        Tenure::Writes => way_back::rehearse(host, of).await,
        Tenure::Receives | Tenure::HandedOver => {
            // One of them reads everything again: without that no cut is sealed.
            let whole = !readiness::was_whole(of.kept().rehearsals_since_cut());
            rehearse::rehearse(host, of, whole).await
        }
    }
}

/// Has the copy of the host that does not write destroyed.
pub(crate) async fn complete_here(of: &Move, typed: &str) -> Result<String, Failure> {
    complete::complete(of, typed).await
}

/// The signed text of a ticket that this host made.
pub(crate) fn ticket_text(host: &Host, of: &Move) -> Result<String, Failure> {
    let key = host.key()?;
    of.kept().ticket.signed(&key)
}

/// Makes a ticket at the source; gives its text.
pub(crate) async fn plan_here(host: &Arc<Host>, code: &TrustCode, to: String, key: String) -> Result<(), Failure> {
    plan(host, code, key, (to, host.move_address())).await.map(drop)
}

/// Another host as this one calls it.
pub(crate) fn peer_of(host: &Host, address: String, key: journal::act::PublicKey) -> Result<Peer, Failure> {
    let own = host.key()?;
    Ok(Peer::new(address, tls::client(&own, key)?))
}

/// The move of a trust.
pub(crate) fn find(host: &Host, code: &TrustCode) -> Result<Arc<Move>, Failure> {
    let found = host.moves.find(code);
    found.ok_or_else(|| Failure::Refused(format!("There is no move of {code} on this host. Begin with `move plan`.")))
}

/// # Errors
/// Writers of the trust are held for a disk: what is asked for by command is not done either.
pub(crate) fn lets_write(host: &Host, code: &TrustCode) -> Result<(), Failure> {
    host.moves.find(code).map_or(Ok(()), |of| carried::lets_write(&of))
}

/// The move of a trust between two hosts without a line.
fn without_line(host: &Host, code: &TrustCode) -> Result<Arc<Move>, Failure> {
    let of = find(host, code)?;
    if of.has_line() {
        return Err(Failure::refused(
            "These two hosts have a line: only a move that was planned with --no-line is carried.",
        ));
    }
    Ok(of)
}

/// Packs a trust into a folder: everything where there is no line, else its segments.
async fn pack(
    host: &Arc<Host>,
    code: &TrustCode,
    folder: &std::path::Path,
    how: (Option<&str>, bool, bool),
    listener: Listener<'_>,
) -> Result<Packed, Failure> {
    let carried = host.moves.find(code).filter(|of| !of.has_line() && of.phase() != Phase::Completed);
    if let Some(of) = carried {
        return carried::pack(host, &of, folder, how, listener).await;
    }
    if how.0.is_some() || how.1 || how.2 {
        return Err(Failure::refused("Only a move that was planned with --no-line is carried as a whole."));
    }
    let trust = host.trust(code).await?;
    Ok(folder::pack(&trust.record, &trust.host_permit()?, folder, listener).await?.0)
}

/// Makes a ticket at the source, for these addresses of the target and of this host.
async fn plan(
    host: &Arc<Host>,
    code: &TrustCode,
    key: String,
    (to, address): (String, Option<String>),
) -> Result<MoveOutcome, Failure> {
    let address = address.ok_or_else(|| {
        Failure::refused("This host does not listen for other hosts. Serve it with --move-listen ADDRESS.")
    })?;
    if host.moves.find(code).is_some_and(|of| of.kept().is_under_way()) {
        return Err(Failure::Refused(format!(
            "{code} is being moved already. See `move status`; `move give-up` ends a move that leads nowhere."
        )));
    }
    let trust = host.trust(code).await?;
    if trust.record.tenure() != Tenure::Writes {
        return Err(Failure::Refused(format!("{code} belongs to another host now. Plan its next move there.")));
    }
    let other = End { host: key.split('+').next().unwrap_or_default().to_owned(), address: to, key };
    other.verifier()?;
    let own = host.key()?;
    let ticket = Ticket {
        id: Secret::random("")?.digest()[..16].to_owned(),
        trust: code.clone(),
        name: trust.entry.name.clone(),
        demonstration: trust.entry.demonstration,
        origin: trust.record.verifier_key().name().to_owned(),
        record_key: trust.record.verifier_key().to_string(),
        source: End { host: host.name().to_owned(), address, key: own.verifier().to_string() },
        target: other,
        until: host.now().0 + TICKET_MS,
    };
    let text = ticket.signed(&own)?;
    let kept = new(ticket, Side::Source);
    kept::begin(&host.configuration.data, host.moves.find(&kept.ticket.trust), &kept)?;
    register(host, kept, Some(trust.record.clone()), Stand::Open)?;
    Ok(MoveOutcome::Ticket { text })
}

fn new(ticket: Ticket, side: Side) -> Kept {
    Kept {
        ticket,
        side,
        phase: Phase::Planned,
        their_record_key: None,
        rehearsals: Vec::new(),
        cuts: Vec::new(),
        ways_back: Vec::new(),
        sealed_by: Vec::new(),
        since: std::collections::BTreeMap::new(),
        signed_at: None,
        certificate: None,
        unplanned: false,
        gate: None,
        destroying: None,
        destroyed: None,
        throttle: Throttle::default(),
        held: None,
        packed: 0,
        taken: 0,
        counted: None,
    }
}

/// How a copy is made.
struct Copying {
    store: Option<String>,
    throttle: ThrottleChange,
    from: Option<PathBuf>,
}

/// Begins to copy at the target, or looks on while it is being copied.
async fn copy(host: &Arc<Host>, text: &str, how: Copying, listener: Listener<'_>) -> Result<MoveOutcome, Failure> {
    let ticket = own_ticket(host, text)?;
    let of = begin_or_find(host, ticket, how.store, how.throttle).await?;
    match how.from {
        Some(folder) if !of.has_line() => {
            carried::take_folder(host, &of, &folder, listener).await?;
            return Ok(MoveOutcome::Status(vec![view(&of).await?]));
        }
        Some(folder) => folder::take(host, &of, &folder, None, listener).await?,
        None => {}
    }
    pull_on(host, &of);
    wait(&of, listener, |of| of.phase() >= Phase::Following).await
}

/// Begins to copy with a ticket that was carried here, without waiting.
pub(crate) async fn copy_here(host: &Arc<Host>, text: &str) -> Result<TrustCode, Failure> {
    let ticket = own_ticket(host, text)?;
    let of = begin_or_find(host, ticket, None, ThrottleChange::default()).await?;
    pull_on(host, &of);
    Ok(of.code.clone())
}

async fn begin_or_find(
    host: &Arc<Host>,
    ticket: Ticket,
    store: Option<String>,
    throttle: ThrottleChange,
) -> Result<Arc<Move>, Failure> {
    let of = match host.moves.find(&ticket.trust) {
        Some(of) if of.kept().ticket == ticket => of,
        Some(of) if of.phase() != Phase::Completed => {
            return Err(Failure::Refused(format!("{} is being moved by another ticket.", ticket.trust)));
        }
        _ => return begin_copy(host, ticket, store, throttle).await,
    };
    of.limit(throttle)?;
    Ok(of)
}

/// Fetches over the wire from now on, if that has not begun yet.
fn pull_on(host: &Arc<Host>, of: &Arc<Move>) {
    if of.has_line() && !of.is_pulled.swap(true, Ordering::AcqRel) {
        drop(tokio::spawn(pull::run(Arc::clone(host), Arc::clone(of))));
    }
}

/// A ticket that names this host as its target.
fn own_ticket(host: &Host, text: &str) -> Result<Ticket, Failure> {
    let ticket = Ticket::parse(text)?;
    if ticket.target.verifier()?.public() != host.key()?.verifier().public() {
        return Err(Failure::refused("This ticket names another host as its target."));
    }
    if ticket.has_line() && host.move_address().is_none() {
        return Err(Failure::refused(
            "This host does not listen for other hosts. Serve it with --move-listen ADDRESS.",
        ));
    }
    Ok(ticket)
}

async fn begin_copy(
    host: &Arc<Host>,
    ticket: Ticket,
    store: Option<String>,
    throttle: ThrottleChange,
) -> Result<Arc<Move>, Failure> {
    if ticket.until < host.now().0 {
        return Err(Failure::refused("This ticket is too old. Make a new one at the source."));
    }
    let of_record = journal::VerifierKey::parse(&ticket.record_key)
        .map_err(|_| Failure::refused("The ticket's key of the record is none."))?;
    let record = host.receive(&ticket, store).await?;
    let kept = Kept { throttle: throttle.of(Throttle::default()), ..new(ticket, Side::Target) };
    kept::begin(&host.configuration.data, host.moves.find(&kept.ticket.trust), &kept)?;
    let source = kept.ticket.source.host.clone();
    let of = register(host, kept, Some(record.clone()), Stand::Away)?;
    record.belongs_to(&pull::permit(&of)?, *of_record.public(), &source).await?;
    Ok(of)
}

/// Waits until the copy is no entry behind.
async fn follow(of: &Move, listener: Listener<'_>) -> Result<MoveOutcome, Failure> {
    if of.record().await?.tenure() == Tenure::Writes {
        return Err(Failure::refused("This host writes the trust. The other one follows it."));
    }
    let newest = of.lag.theirs();
    let here = of.record().await?;
    wait(of, listener, |of| of.phase() >= Phase::Following && *here.follow().borrow() >= newest).await
}

/// Waits for something, telling how far it is; a problem that stays is told.
async fn wait(of: &Move, listener: Listener<'_>, is_so: impl Fn(&Move) -> bool) -> Result<MoveOutcome, Failure> {
    let elapsed = stopwatch();
    let mut troubled_since = None;
    while !is_so(of) {
        let here = *of.record().await?.follow().borrow();
        listener(Progress { doing: "Copying".into(), done: here, total: Some(of.lag.theirs().max(here)), items: here });
        match of.problem() {
            Some(problem) if troubled_since.is_some_and(|since| elapsed() > since + 5_000) => {
                return Err(Failure::Problem(problem));
            }
            Some(_) => troubled_since = troubled_since.or(Some(elapsed())),
            None => troubled_since = None,
        }
        tokio::time::sleep(TELLING).await;
    }
    Ok(MoveOutcome::Status(vec![view(of).await?]))
}

/// A move, for people.
async fn view(of: &Move) -> Result<MoveView, Failure> {
    let kept = of.kept();
    let record = of.record().await.ok();
    let writes = record.as_ref().is_some_and(|record| record.tenure() == Tenure::Writes);
    let entries = match &record {
        Some(record) => *record.follow().borrow(),
        None => 0,
    };
    Ok(MoveView {
        trust: of.code.clone(),
        phase: kept.phase,
        source: kept.ticket.source.host.clone(),
        target: kept.ticket.target.host.clone(),
        writes,
        entries,
        theirs: of.lag.theirs(),
        lag_ms: of.lag.milliseconds.load(Ordering::Relaxed),
        fetched: of.lag.fetched.load(Ordering::Relaxed),
        missing: cut::missing(of, writes),
        problem: of.problem(),
        held: kept.held.as_ref().filter(|_| writes).map(|held| terms::Moment(held.since).to_string()),
        throttle: kept.throttle,
        rehearsals: kept.rehearsals,
        cuts: kept.cuts,
    })
}
