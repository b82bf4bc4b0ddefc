//! A host in a directory of its own, for tests of this crate: as the program opens one, with the clock that a test gives it.
//! Serves nothing by itself.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::path::Path;
use std::sync::Arc;

use terms::Clock;

use crate::configuration::{Configuration, Settings};
use crate::host::Host;
use crate::ownership::claim_alone;

/// Opens a host whose data is in a directory, with trusts in this store unless they say another one.
pub(crate) async fn host_in(directory: &Path, store: &str, clock: Clock) -> Arc<Host> {
    let file = directory.join("empty.toml");
    std::fs::write(&file, "").unwrap();
    let settings = Settings { data: Some(directory.join("data")), store: Some(store.into()), ..Settings::default() };
    let configuration = Configuration::resolve(settings, Some(&file)).unwrap();
    let lock = claim_alone(&configuration.data).await.unwrap();
    Arc::new(Host::open(configuration, Arc::new(lock), clock).unwrap())
}
