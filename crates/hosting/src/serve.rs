//! Running: one command here or at the owner, or a whole host until it is told to stop.
//! Knows no command and no route: it decides who does the work and when the process ends.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::host::Host;
use crate::ownership::{Claim, Lock, claim, claim_alone, must_hold_data};
use crate::work::{Listener, Outcome, Work};
use crate::{carry_out, channel, clock, downtime, exit, listener, moving, routes, upkeep, witness};

/// Carries out a piece of work: here if nobody owns the data directory, else at the process that does.
///
/// # Errors
/// What the work itself refuses; a data directory that cannot be opened, or is not there and the work would not begin one.
pub async fn run(configuration: Configuration, work: Work, listener: Listener<'_>) -> Result<Outcome, Failure> {
    let begins = matches!(work, Work::AddTrust(_) | Work::Exit(exit::ExitWork::Import { .. }));
    if !begins {
        must_hold_data(&configuration.data)?;
    }
    match claim(&configuration.data).await? {
        Claim::Elsewhere(stream) => channel::hand_over(stream, &work, listener).await,
        Claim::Owner(lock) => {
            let host = Arc::new(Host::open(configuration, Arc::new(lock), clock::machine())?);
            let ended = carry_out::carry_out(&host, work, listener).await;
            host.close().await;
            ended
        }
    }
}

/// Serves all trusts of the host until SIGTERM or SIGINT. `ready` is told the address once connections are taken.
///
/// # Errors
/// A data directory that another process serves, an address that is in use.
pub async fn serve(configuration: Configuration, ready: impl FnOnce(&str)) -> Result<(), Failure> {
    let lock = Arc::new(claim_alone(&configuration.data).await?);
    let host = Arc::new(Host::open(configuration, Arc::clone(&lock), clock::machine())?);
    serve_host(host, &lock, ready).await
}

/// Serves a host that is open.
pub(crate) async fn serve_host(host: Arc<Host>, lock: &Lock, ready: impl FnOnce(&str)) -> Result<(), Failure> {
    let address = host.configuration.listen;
    let tcp = TcpListener::bind(address).await;
    let tcp = tcp.map_err(|error| Failure::problem(format_args!("listening on {address}"), &error))?;
    let bound = tcp.local_addr().unwrap_or(address);
    let socket = lock.listen().map_err(|error| Failure::problem("opening the owner's channel", &error))?;
    host.open_all().await;
    let moves = match host.configuration.move_listen {
        Some(address) => {
            let tcp = TcpListener::bind(address).await;
            let tcp = tcp.map_err(|error| Failure::problem(format_args!("listening on {address}"), &error))?;
            host.listens_at(tcp.local_addr().unwrap_or(address).to_string());
            Some(tokio::spawn(moving::listen(Arc::clone(&host), tcp)))
        }
        None => None,
    };
    moving::resume(&host).await?;
    let owner = tokio::spawn(channel::serve(socket, Arc::clone(&host)));
    let upkeep = tokio::spawn(upkeep::keep(Arc::clone(&host)));
    let nightly = tokio::spawn(exit::every_night(Arc::clone(&host)));
    let sheets = tokio::spawn(downtime::every_night(Arc::clone(&host)));
    let watch = tokio::spawn(moving::watch::keep(Arc::clone(&host)));
    let witnesses = tokio::spawn(witness::keep(Arc::clone(&host)));
    let url = host.configuration.public_url.clone().unwrap_or_else(|| format!("http://{bound}"));
    // Before anybody is told that we serve: until it is heard, a signal ends the process in the middle of things.
    let told_to_stop = hear_signals();
    tracing::info!(%bound, "serving");
    ready(&url);
    let stop = async {
        told_to_stop.await;
        host.end_streams();
    };
    listener::serve(tcp, routes::router(Arc::clone(&host)), stop).await;
    owner.abort();
    if let Some(moves) = moves {
        moves.abort();
    }
    upkeep.abort();
    nightly.abort();
    sheets.abort();
    watch.abort();
    witnesses.abort();
    host.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Hears signals from now on; what it gives is done when the process is told to stop.
fn hear_signals() -> impl Future<Output = ()> {
    let heard = signal(SignalKind::terminate()).and_then(|terminate| Ok((terminate, signal(SignalKind::interrupt())?)));
    async move {
        let Ok((mut terminate, mut interrupt)) = heard else {
            tracing::error!("signals cannot be heard; only killing stops this process");
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
