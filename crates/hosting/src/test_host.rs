//! A host in a directory of its own, for tests of this crate: as the program opens one, with the clock that a test gives it.
//! Serves nothing by itself.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::path::Path;
use std::sync::Arc;

use record::{Act, Cause, CauseKind, Change, Draft, Key, Template, TransactError};
use terms::Clock;

use crate::configuration::{Configuration, Settings};
use crate::failure::Failure;
use crate::host::{Host, Trust};
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

/// An act of a test.
pub(crate) fn act(command: &str) -> Act {
    let cause = Cause { kind: CauseKind::System, reference: "test".into() };
    Act { command: command.into(), cause, idempotency: None }
}

/// Writes a version of a resource with the host's own permit.
pub(crate) async fn put(trust: &Trust, key: &Key, text: &str) {
    let candidate = fhir_api::Candidate::parse(text.as_bytes(), Some(&key.kind)).unwrap();
    let template: Template = candidate.accept(&key.id, &fhir_api::References::default()).template;
    let decide = async |_| {
        let changes = vec![Change::Put(key.clone(), template.clone())];
        Ok::<_, TransactError<Failure>>(Draft { changes, assertions: Vec::new() })
    };
    trust.record.transact(&trust.host_permit().unwrap(), act("put"), decide).await.unwrap();
}

/// Whether bytes have these words somewhere.
pub(crate) fn contains(heap: &[u8], words: &str) -> bool {
    heap.windows(words.len()).any(|window| window == words.as_bytes())
}
