//! What a host does with its moves when it is served again: each goes on where it was when the process ended. The record says
//! which host may write; what was kept of the move says what was under way.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use record::apply::hand_over::Tenure;

use super::gate::Stand;
use super::phase::Step;
use super::{Cutting, Kept, Move, Phase, Side, carried, certificate, complete, cut, pull, read_all, register};
use crate::failure::Failure;
use crate::host::Host;
use crate::trusts::TrustCode;

/// Goes on with every move of this host where it was when the process ended.
pub(crate) async fn resume(host: &Arc<Host>) -> Result<(), Failure> {
    for kept in read_all(&host.configuration.data)? {
        let code = kept.ticket.trust.clone();
        if let Err(failure) = resume_one(host, kept).await {
            tracing::error!(trust = %code, %failure, "a move cannot go on");
        }
    }
    Ok(())
}

/// Registers the move of a trust without going on with it: what is refused at a host that is not served opens nothing.
pub(super) async fn look_up(host: &Arc<Host>, code: &TrustCode) -> Result<(), Failure> {
    for kept in read_all(&host.configuration.data)?.into_iter().filter(|kept| kept.ticket.trust == *code) {
        let record = host.received(code).await?;
        register(host, kept, record, Stand::Away)?;
    }
    Ok(())
}

async fn resume_one(host: &Arc<Host>, kept: Kept) -> Result<(), Failure> {
    let code = kept.ticket.trust.clone();
    let record = match kept.phase {
        Phase::Completed if kept.destroyed.is_some() || kept.destroying.is_some() => None,
        _ => host.received(&code).await?,
    };
    let tenure = record.as_ref().map(record::Record::tenure);
    let has_line = kept.has_line();
    // By the record itself: how far the other host was heard is not told by a state, which a way back goes through again.
    let undelivered = match &record {
        Some(record) if tenure == Some(Tenure::HandedOver) => cut::undelivered(record, &kept).await?,
        _ => None,
    };
    let stand = match tenure {
        Some(Tenure::Writes) if kept.held.is_some() => Stand::Shut,
        Some(Tenure::Writes) => Stand::Open,
        _ if undelivered.is_some() && has_line => Stand::Held,
        _ => Stand::Away,
    };
    let (phase, is_being_destroyed) = (kept.phase, kept.destroying.is_some());
    let of = register(host, kept, record, stand)?;
    if is_being_destroyed {
        return complete::finish(host, &of).await.map(drop);
    }
    match tenure {
        Some(Tenure::Writes) => noted(&of).await,
        Some(_) if !has_line => go_on_without_line(host, &of, undelivered.is_some()).await,
        Some(Tenure::HandedOver) if stand == Stand::Held => {
            drop(tokio::spawn(cut::go_on(Arc::clone(host), of)));
            Ok(())
        }
        Some(_) if phase != Phase::Completed => {
            of.is_pulled.store(true, Ordering::Release);
            drop(tokio::spawn(pull::run(Arc::clone(host), Arc::clone(&of))));
            drop(tokio::spawn(certificate::until_it_is_made(Arc::clone(host), of)));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A move without a line goes on with what is carried next: nothing is fetched. A cut that was taken and not opened by is
/// opened by now; one that was made here and not noted is noted.
async fn go_on_without_line(host: &Arc<Host>, of: &Arc<Move>, is_undelivered: bool) -> Result<(), Failure> {
    let record = of.record().await?;
    if is_undelivered {
        of.note(Step::Cut);
    }
    {
        let _one_at_a_time = of.pulling.lock().await;
        carried::open(host, of, &record).await?;
    }
    if record.tenure() == Tenure::HandedOver {
        // It is complete up to its newest entry at least.
        of.lag.is_complete(record.place().await?.moment);
    }
    Ok(())
}

/// A record was cut back to the host that it is open on, and the process ended before that was noted.
async fn noted(of: &Move) -> Result<(), Failure> {
    let back = of.kept().side == Side::Source;
    match (of.kept().side, of.phase()) {
        (Side::Source, Phase::Live) | (Side::Target, Phase::BackedOut | Phase::Following | Phase::Rehearsed) => {
            let entry = of.record().await?.writes().await?.map_or(0, |writes| writes.cut);
            of.note_opened(Cutting { entry, back, ..Cutting::default() });
            Ok(())
        }
        (side, Phase::Cut) => of.step(Step::Resumed { back: side == Side::Target }),
        _ => Ok(()),
    }
}
