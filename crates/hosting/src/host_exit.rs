//! What a host does with a trust that is read in from a folder: registers it as not open yet, makes the empty record that
//! takes it, and opens it or takes every trace away. What a folder is, and when a copy is good, is in `exit`.

use std::path::Path;

use access::{Grant, Permit, Role};
use record::{Location, Options, Record};
use tokio::sync::MutexGuard;

use super::{Host, Trust};
use crate::exit::{Manifest, TrustPart};
use crate::failure::Failure;
use crate::trusts::{Registry, TrustCode, TrustEntry};

/// What an import that broke off left.
pub(super) fn unfinished(code: &TrustCode) -> Failure {
    Failure::Refused(format!("An import of {code} broke off. Repeat it: it begins anew."))
}

fn is_free(registry: &Registry, code: &TrustCode) -> Result<(), Failure> {
    if registry.find(code).is_none_or(|entry| entry.importing) {
        return Ok(());
    }
    Err(Failure::Refused(format!("There is a trust {code} on this host already. Name another code with --as.")))
}

impl Host {
    /// Keeps others from reading in until it is dropped.
    pub(crate) fn importing(&self) -> Result<MutexGuard<'_, ()>, Failure> {
        let sentence = "Another trust is being read in, or an exit is rehearsed. Try again when it has ended.";
        self.exits.try_lock().map_err(|_| Failure::refused(sentence))
    }

    /// Refuses a trust that is here already, and one whose accesses here would be told twice.
    pub(crate) async fn may_begin_import(&self, code: &TrustCode, manifest: &Manifest) -> Result<(), Failure> {
        if manifest.access.iter().any(|chain| chain.host == self.name) {
            return Err(Failure::refused(
                "This host itself has noted accesses of that record, and would begin their chain anew. Import it on \
                 another host, or into a data directory of its own (--data).",
            ));
        }
        is_free(&*self.registry.lock().await, code)
    }

    /// Registers the trust and makes the empty record. What an import that broke off left is taken away first; anything
    /// else at that place is refused.
    pub(crate) async fn begin_import(
        &self,
        code: &TrustCode,
        trust: &TrustPart,
        store: Option<String>,
    ) -> Result<(Record, Permit), Failure> {
        let permit = self.own_permit()?;
        let mut registry = self.registry.lock().await;
        is_free(&registry, code)?;
        if let Some(left) = registry.find(code).filter(|entry| entry.importing).cloned() {
            Record::take_away(&permit, &self.location(&left)).await?;
        }
        let entry = TrustEntry {
            code: code.clone(),
            name: trust.name.clone(),
            store: store.unwrap_or_else(|| self.configuration.store.registered()),
            created: self.now().to_string(),
            demonstration: trust.demonstration,
            preparing: !trust.demonstration,
            ready: false,
            origin: Some(trust.origin.clone()),
            receiving: false,
            importing: true,
            shut: None,
        };
        let location = self.location(&entry);
        if Record::is_at(&location).await? {
            let place = location.directory().display();
            return Err(Failure::Refused(format!(
                "There is something of a record {code} already, in {place} or in its store. Nothing was changed."
            )));
        }
        registry.put(entry.clone());
        registry.write(&self.configuration.data)?;
        drop(registry);
        match Record::open_to_receive(&location, self.options(&self.name, &entry)).await {
            Ok(record) => Ok((record, permit)),
            Err(problem) => {
                self.forget_import(code, &permit).await?;
                Err(problem.into())
            }
        }
    }

    /// Opens a trust that was read in.
    pub(crate) async fn end_import(&self, code: &TrustCode, record: Record) -> Result<(), Failure> {
        let mut registry = self.registry.lock().await;
        let entry = registry.find(code).cloned();
        let mut entry = entry.ok_or_else(|| Failure::Refused(format!("{code} is not registered here.")))?;
        (entry.ready, entry.importing) = (true, false);
        entry.preparing = self.still_prepares(&entry, &record).await?;
        registry.put(entry.clone());
        registry.write(&self.configuration.data)?;
        self.opened(entry, record);
        Ok(())
    }

    /// Takes away everything of a trust that was read in and is not to be used.
    pub(crate) async fn drop_import(&self, code: &TrustCode, record: Record, permit: &Permit) -> Result<(), Failure> {
        record.close().await;
        self.forget_import(code, permit).await
    }

    async fn forget_import(&self, code: &TrustCode, permit: &Permit) -> Result<(), Failure> {
        let mut registry = self.registry.lock().await;
        let Some(entry) = registry.find(code).filter(|entry| entry.importing).cloned() else { return Ok(()) };
        Record::take_away(permit, &self.location(&entry)).await?;
        registry.take(code);
        registry.write(&self.configuration.data)
    }

    /// An empty record in a folder of its own, for a rehearsal of a trust's exit. It notes accesses, if any, under
    /// another name than this host's, and is never opened to be used.
    pub(crate) async fn empty_instance(&self, trust: &Trust, origin: &str, folder: &Path) -> Result<Record, Failure> {
        let location = Location::Sqlite { directory: folder.to_owned() };
        let options = self.options(&self.name, &trust.entry);
        let options = Options { host: format!("{}-exit", self.name), origin: origin.to_owned(), ..options };
        Ok(Record::open_to_receive(&location, options).await?)
    }

    pub(super) fn own_permit(&self) -> Result<Permit, Failure> {
        let grant = Grant::role("host/command", "Host command", Role::Host);
        access::decide(grant, self.now()).map_err(|denied| Failure::Refused(denied.sentence))
    }
}
