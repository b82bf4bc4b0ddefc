//! What the pages share that a trust's administrators have here: which trust, who is turned away, the setting.
//! Knows no page.

use std::sync::Arc;

use access::Role;
use axum::response::Response;
use portal::{Door, Setting};

use crate::failure::Failure;
use crate::host::{Host, Trust};
use crate::host_page::not_for;
use crate::trusts::TrustCode;

/// The trust of a request.
pub(crate) async fn trust_of(host: &Host, door: &Door) -> Result<Arc<Trust>, Failure> {
    host.trust(&TrustCode::parse(&door.trust_code)?).await
}

/// The answer to whoever is no administrator.
pub(crate) fn turned_away(door: &Door, why: &'static str) -> Option<Response> {
    (door.permit.role() != Role::Administrator).then(|| not_for(door, why))
}

/// The setting of a page.
pub(crate) fn setting(door: &Door) -> Setting {
    let trust = (door.trust_code.as_str(), door.trust_name.as_str());
    Setting::new(trust, &door.permit, door.environment, &door.form_token, door.now)
}
