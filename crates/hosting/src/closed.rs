//! What a person may read of restricted records by FHIR: those that they opened with a reason, and until that ends. Software
//! of the trust, and whoever was given patients by name, is not asked.

use std::collections::BTreeMap;

use access::{Permit, Subject};
use administration::restricted_access::open_to;
use record::Problem;
use terms::Moment;

use crate::failure::Failure;
use crate::host::Trust;

/// What the readings here ask; they show nobody anything, and leave nothing in the access journal.
const ASKED: &str = "which restricted records are open";

/// The permit of a request by FHIR.
///
/// # Errors
/// The record could not be read.
pub(crate) async fn closed(trust: &Trust, permit: Permit, now: Moment) -> Result<Permit, Failure> {
    if !permit.asks_for_reason() {
        return Ok(permit);
    }
    let found = with_opened(trust, permit, now).await;
    found.map_err(|problem| Failure::problem("looking up which restricted records are open", &problem))
}

async fn with_opened(trust: &Trust, permit: Permit, now: Moment) -> Result<Permit, Problem> {
    let closed = permit.closed_but(BTreeMap::new());
    let reading = trust.record.read(&closed, ASKED).await?;
    let is_any = reading.is_partly_closed().await;
    let _ = reading.hand_on();
    if !is_any? {
        return Ok(closed);
    }
    let reading = trust.record.read(&permit, ASKED).await?;
    let open = open_to(&reading, &permit.principal().id, now).await;
    let _ = reading.hand_on();
    let subject = |(id, until)| (Subject { kind: "Patient".into(), id }, until);
    Ok(permit.closed_but(open?.into_iter().map(subject).collect()))
}
