//! The queue to the writer, as the doors of a record see it: a job goes in, its answer comes back.
//! Knows nothing of groups and of how a job is carried out.

use tokio::sync::oneshot;

use super::{Job, Queue};
use crate::apply::Received;
use crate::blobs::{Held, Unnamed};
use crate::change::Receipt;
use crate::desk::DeskChange;
use crate::error::Problem;
use crate::group::{Declined, Prepared};
use crate::job_queue;
use crate::obligation_rows::PreparedAnchor;
use crate::rebuild::RebuildStep;
use crate::store::Head;

impl Queue {
    /// A queue without a writer, for a record that is only read: every job is refused.
    pub(crate) fn closed() -> Queue {
        Queue { jobs: crossbeam_channel::bounded(1).0 }
    }

    /// Hands a draft to the writer and waits for its receipt.
    pub(crate) async fn commit(&self, prepared: Prepared) -> Result<Receipt, Declined> {
        self.decide(|reply| Job::Commit(Box::new(prepared), reply)).await
    }

    /// Hands desk changes to the writer; each answer says whether the change was made.
    pub(crate) async fn desk(&self, changes: Vec<DeskChange>) -> Result<Vec<bool>, Problem> {
        self.ask(|reply| Job::Desk(changes, reply)).await
    }

    /// Carries a step of a rebuild out; false when the step was prepared too early and must be prepared again.
    pub(crate) async fn rebuild(&self, step: RebuildStep) -> Result<bool, Problem> {
        self.ask(|reply| Job::Rebuild(step, reply)).await
    }

    /// Removes past rows and retry keys that are too old.
    pub(crate) async fn sweep(&self) -> Result<(), Problem> {
        self.ask(Job::Sweep).await
    }

    /// Hands anchors that were worked out again to the writer; false when one was touched since.
    pub(crate) async fn anchors(&self, anchors: Vec<PreparedAnchor>) -> Result<bool, Problem> {
        self.ask(|reply| Job::Anchors(anchors, reply)).await
    }

    /// The head and the root of the journal's tree at it.
    pub(crate) async fn head(&self) -> Result<(Head, journal::Hash), Problem> {
        self.ask(Job::Head).await
    }

    /// Hands checked entries to the writer; the answer is the new head's sequence.
    pub(crate) async fn apply(
        &self,
        entries: Vec<Received>,
        owed: Option<DeskChange>,
        held: Vec<Held>,
    ) -> Result<u64, Problem> {
        self.ask(|reply| Job::Apply(entries, owed, held, reply)).await
    }

    /// Removes contents of blobs that no entry names; the answer is how many.
    pub(crate) async fn sweep_blobs(&self, unnamed: Unnamed) -> Result<u64, Problem> {
        self.ask(|reply| Job::SweepBlobs(unnamed, reply)).await
    }

    /// Stops the writer after what waits now.
    pub(crate) async fn stop(&self) {
        let (reply, answer) = oneshot::channel();
        if self.send(Job::Stop(reply)).await.is_ok() {
            let _ = answer.await;
        }
    }

    /// Hands a job to the writer and waits for its answer.
    pub(super) async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, Problem>>) -> Job,
    ) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        self.send(job(reply)).await?;
        answer.await.unwrap_or(Err(Problem::Closed))
    }

    /// The same for a job that may be declined.
    pub(super) async fn decide(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<Receipt, Declined>>) -> Job,
    ) -> Result<Receipt, Declined> {
        let (reply, answer) = oneshot::channel();
        self.send(job(reply)).await.map_err(Declined::Problem)?;
        answer.await.unwrap_or(Err(Declined::Problem(Problem::Closed)))
    }

    async fn send(&self, job: Job) -> Result<(), Problem> {
        job_queue::send(&self.jobs, job).await
    }
}
