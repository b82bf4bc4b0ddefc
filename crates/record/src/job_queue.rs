//! How a job gets to one of the record's threads from work that must not block: at once while there is room, else by a thread
//! that may wait. Knows neither the jobs nor who carries them out.

use crossbeam_channel::{Sender, TrySendError};

use crate::error::Problem;

/// Sends a job.
///
/// # Errors
/// [`Problem::Closed`] when nobody takes jobs any more.
pub(crate) async fn send<J: Send + 'static>(jobs: &Sender<J>, job: J) -> Result<(), Problem> {
    match jobs.try_send(job) {
        Ok(()) => Ok(()),
        Err(TrySendError::Disconnected(_)) => Err(Problem::Closed),
        Err(TrySendError::Full(job)) => {
            let jobs = jobs.clone();
            let sent = tokio::task::spawn_blocking(move || jobs.send(job).is_ok()).await;
            if matches!(sent, Ok(true)) { Ok(()) } else { Err(Problem::Closed) }
        }
    }
}
