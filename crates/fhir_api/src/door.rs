//! What `hosting` hands to this crate: a door into one trust's record for one request, and the service behind all.
//! Knows no accounts: whoever made the door has decided.

use std::sync::Arc;

use access::Permit;
use fhir::search::Surroundings;
use record::{IdempotencyKey, Reading, Record};
use terms::Clock;
use tokio::sync::Semaphore;

use crate::outcome::Refusal;
use crate::owners::Owners;

/// One request's way into one trust's record. `hosting` resolves the trust and the bearer token or session and puts a
/// door into the request's extensions; without one only routes that need no permit answer.
#[derive(Clone)]
pub struct Door {
    /// The trust's record.
    pub record: Record,
    /// Proof that access was decided for this request.
    pub permit: Permit,
    /// The trust's code.
    pub trust: String,
    /// The trust's base address without a slash at its end, such as `https://almoner.example/t/RTX/fhir`.
    pub base_url: String,
    /// Names the request in the journal and the log, such as a random id. No patient data.
    pub request: String,
}

/// How much one request, and all requests together, may ask for.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Bytes of a body (default 50 MiB).
    pub body_bytes: usize,
    /// Bytes of all larger bodies together that are being received or worked on (default 128 MiB).
    pub bodies_bytes: usize,
    /// Entries of a Bundle (default 20,000).
    pub entries: usize,
    /// How long a client may take to send its body, in seconds (default 60).
    pub body_seconds: u64,
    /// Resources that `_include` and `_revinclude` may add to a page (default 1,000).
    pub included: usize,
    /// Bytes of the resources of one answer, attachments included (default 64 MiB); the first may be larger. A page ends
    /// before what does not fit, and the next goes on there.
    pub answer_bytes: usize,
    /// Bytes of what `_include`, `_revinclude` and the surroundings of `$everything` may add to a page (default 16 MiB);
    /// what does not fit is left out, and an outcome on the page says so.
    pub included_bytes: usize,
}

/// What is behind every route: the owners of resource types, the bounds and the clock.
pub struct Service {
    pub(crate) owners: Owners,
    clock: Clock,
    pub(crate) bounds: Bounds,
    /// One permit is a KiB of a large body that is in memory.
    pub(crate) room: Arc<Semaphore>,
}

/// A request on its way through: the door, the service and its idempotency key.
pub(crate) struct Visit<'a> {
    pub(crate) door: &'a Door,
    pub(crate) service: &'a Arc<Service>,
    pub(crate) idempotency: Option<IdempotencyKey>,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            body_bytes: 50 << 20,
            bodies_bytes: 128 << 20,
            entries: 20_000,
            body_seconds: 60,
            included: 1_000,
            answer_bytes: 64 << 20,
            included_bytes: 16 << 20,
        }
    }
}

impl Service {
    /// A service with these owners and bounds. The clock says what "approximately" is near to in a search.
    pub fn new(owners: Owners, bounds: Bounds, clock: Clock) -> Arc<Service> {
        let room = Arc::new(Semaphore::new(bounds.bodies_bytes / 1024));
        Arc::new(Service { owners, clock, bounds, room })
    }
}

impl Visit<'_> {
    /// The same request through another door, if there is one.
    pub(crate) fn through<'b>(&'b self, door: Option<&'b Door>) -> Visit<'b> {
        Visit { door: door.unwrap_or(self.door), service: self.service, idempotency: self.idempotency.clone() }
    }

    /// What a search is read against.
    pub(crate) fn surroundings(&self) -> Surroundings {
        Surroundings { now: (self.service.clock)(), base: Some(self.door.base_url.clone()) }
    }

    /// Opens a reading at the newest sequence. It must end in [`Visit::finish`].
    pub(crate) async fn read(&self, asked: &str) -> Result<Reading, Refusal> {
        Ok(self.door.record.read(&self.door.permit, asked).await?)
    }

    /// Opens a reading at an earlier sequence: a further page. It must end in [`Visit::finish`].
    pub(crate) async fn read_at(&self, asked: &str, sequence: u64) -> Result<Reading, Refusal> {
        Ok(self.door.record.read_at(&self.door.permit, asked, sequence).await?)
    }

    /// Puts the access on disk, then lets the answer go; a refusal is recorded as well.
    pub(crate) async fn finish<T>(&self, reading: Reading, answer: Result<T, Refusal>) -> Result<T, Refusal> {
        reading.finish().await?;
        answer
    }
}
