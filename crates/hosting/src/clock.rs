//! The one place where the machine's clock is read, for the [`Clock`] that everything below gets handed down and for
//! measurements.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use terms::{Clock, Moment};

/// The machine's clock. A clock set before 1970 reads as 1970: the journal orders by sequence, not by this.
pub(crate) fn machine() -> Clock {
    #[expect(clippy::disallowed_methods, reason = "this is where the clock that is handed down is read")]
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    })
}

/// Starts a measurement; what is returned says how many milliseconds have gone by.
pub(crate) fn stopwatch() -> impl Fn() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "elapsed time is measured here, for logs and accounts")]
    let started = Instant::now();
    move || u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}
