//! How often one network address may fail to sign in: a bounded memory of recent failures, forgotten with the
//! process. Accounts have a lock of their own that survives a restart; see `accounts.rs`.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use terms::Moment;

/// Failures from one address before it has to wait.
const ALLOWED: u32 = 30;
/// How long failures are remembered, in milliseconds.
const WINDOW_MS: i64 = 15 * 60 * 1000;
/// Addresses that are remembered; when there are more, those whose window has passed go, then all.
const ADDRESSES: usize = 10_000;

/// Failures by address.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    failures: Mutex<HashMap<IpAddr, Failures>>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    since: Moment,
    count: u32,
}

impl Throttle {
    /// Whether this address must wait before it may try again.
    pub(crate) fn is_closed_to(&self, address: IpAddr, now: Moment) -> bool {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.get(&network(address)).is_some_and(|known| known.is_recent(now) && known.count >= ALLOWED)
    }

    /// Remembers a failure.
    pub(crate) fn failed(&self, address: IpAddr, now: Moment) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= ADDRESSES {
            failures.retain(|_, known| known.is_recent(now));
        }
        if failures.len() >= ADDRESSES {
            failures.clear();
        }
        let known = failures.entry(network(address)).or_insert(Failures { since: now, count: 0 });
        if !known.is_recent(now) {
            *known = Failures { since: now, count: 0 };
        }
        known.count += 1;
    }
}

impl Failures {
    fn is_recent(&self, now: Moment) -> bool {
        now.0 - self.since.0 < WINDOW_MS
    }
}

/// Whoever has one IPv6 address has the whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn an_address_waits_after_too_many_failures_and_others_do_not() {
        let throttle = Throttle::default();
        let (one, two): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        for _ in 0..ALLOWED {
            assert!(!throttle.is_closed_to(one, Moment(1000)));
            throttle.failed(one, Moment(1000));
        }
        assert!(throttle.is_closed_to(one, Moment(1000 + WINDOW_MS - 1)));
        assert!(!throttle.is_closed_to(one, Moment(1000 + WINDOW_MS)));
        assert!(!throttle.is_closed_to(two, Moment(1000)));
    }

    #[test]
    fn neighbours_in_a_network_count_as_one_and_memory_is_bounded() {
        let throttle = Throttle::default();
        for host in 0..ALLOWED {
            throttle.failed(format!("2001:db8::{host:x}").parse().unwrap(), Moment(0));
        }
        assert!(throttle.is_closed_to("2001:db8::ffff".parse().unwrap(), Moment(1)));
        for number in 0..ADDRESSES * 2 {
            throttle.failed(IpAddr::from(u32::try_from(number).unwrap().to_be_bytes()), Moment(2));
        }
        assert!(throttle.failures.lock().unwrap().len() <= ADDRESSES);
    }
}
