//! What a host knows of whether a trust is live: the registry says whether it is in preparation, the record of one that came
//! from elsewhere whether its case was recorded there. What must be said for it is in `going_live`.

use std::sync::atomic::Ordering;

use portal::components::frame::Environment;

use super::{Host, Trust};
use crate::failure::Failure;
use crate::going_live;
use crate::trusts::TrustEntry;

impl Host {
    /// Says that a trust is live: a registry that is written, then every page.
    pub(crate) async fn is_live(&self, trust: &Trust) -> Result<(), Failure> {
        let mut registry = self.registry.lock().await;
        let entry = registry.find(&trust.code).cloned();
        let mut entry = entry.ok_or_else(|| Failure::Refused(format!("{} is not registered here.", trust.code)))?;
        entry.preparing = false;
        registry.put(entry);
        registry.write(&self.configuration.data)?;
        trust.live.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Whether a record that was moved or read in is still in preparation: it is live where its case was recorded before.
    pub(super) async fn still_prepares(&self, entry: &TrustEntry, record: &record::Record) -> Result<bool, Failure> {
        Ok(entry.preparing && going_live::of_record(record, &self.own_permit()?).await?.is_none())
    }

    /// What the pages of no trust in particular say this host is.
    pub(crate) async fn environment(&self) -> Environment {
        let registry = self.registry.lock().await;
        let ready: Vec<&TrustEntry> = registry.trusts.iter().filter(|entry| entry.ready).collect();
        match () {
            () if ready.is_empty() => Environment::Live,
            () if ready.iter().all(|entry| entry.demonstration) => Environment::Demonstration,
            () if ready.iter().all(|entry| entry.demonstration || entry.preparing) => Environment::Preparation,
            () => Environment::Live,
        }
    }
}

impl Trust {
    /// What its pages say it is.
    pub(crate) fn environment(&self) -> Environment {
        match self.entry.demonstration {
            true => Environment::Demonstration,
            false if self.live.load(Ordering::Relaxed) => Environment::Live,
            false => Environment::Preparation,
        }
    }
}
