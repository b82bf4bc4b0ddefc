//! What a host does with a trust that is not to be served for a while, or for good: pauses or closes it, restores it, and removes
//! a closed one with everything it has. The other trusts go on meanwhile; what was acknowledged is on disk.

use std::sync::{Arc, PoisonError};

use access::{Grant, Role};
use record::Record;

use super::Host;
use crate::failure::Failure;
use crate::moving;
use crate::trusts::{How, Shut, TrustCode, TrustEntry};

impl Host {
    /// Pauses or closes a trust: from now on nobody enters. A closed one has a last checkpoint.
    pub(crate) async fn shut(&self, code: &TrustCode, how: How) -> Result<TrustEntry, Failure> {
        self.stands_still(code)?;
        if how == How::Closed
            && let Ok(trust) = self.trust(code).await
        {
            trust.record.checkpoint().await?;
        }
        let mut registry = self.registry.lock().await;
        let entry = registry.find(code).filter(|entry| entry.ready).cloned();
        let mut entry = entry.ok_or_else(|| Failure::Refused(format!("There is no trust {code} on this host.")))?;
        match &entry.shut {
            Some(shut) if shut.how == how => return Ok(entry),
            Some(shut) if shut.how == How::Closed => {
                return Err(Failure::Refused(format!("{code} is closed already. Restore it first.")));
            }
            _ => {}
        }
        entry.shut = Some(Shut { how, since: self.now().to_string() });
        registry.put(entry.clone());
        registry.write(&self.configuration.data)?;
        let open = self.open.write().unwrap_or_else(PoisonError::into_inner).remove(code);
        if let Some(trust) = open {
            trust.boards.close();
            trust.record.clone().close().await;
        }
        Ok(entry)
    }

    /// Serves a trust again that was paused or closed.
    pub(crate) async fn restore(&self, code: &TrustCode) -> Result<Arc<super::Trust>, Failure> {
        {
            let mut registry = self.registry.lock().await;
            let entry = registry.find(code).filter(|entry| entry.shut.is_some()).cloned();
            let mut entry =
                entry.ok_or_else(|| Failure::Refused(format!("{code} is neither paused nor closed on this host.")))?;
            entry.shut = None;
            registry.put(entry);
            registry.write(&self.configuration.data)?;
        }
        self.trust(code).await
    }

    /// Destroys the record of a closed trust. First nobody finds it any more: a crash in between leaves files and no trust.
    pub(crate) async fn remove(&self, code: &TrustCode, confirm: &str) -> Result<(), Failure> {
        self.stands_still(code)?;
        if confirm != code.as_str() {
            return Err(Failure::refused("Type the trust’s code to confirm: what is removed cannot be brought back."));
        }
        let mut registry = self.registry.lock().await;
        let entry = registry.find(code).cloned();
        let entry = entry.ok_or_else(|| Failure::Refused(format!("There is no trust {code} on this host.")))?;
        if entry.shut.as_ref().is_none_or(|shut| shut.how != How::Closed) {
            return Err(Failure::Refused(format!("{code} is not closed. Close it first: almoner trust close {code}.")));
        }
        let grant = Grant::role("host/command", "Host command", Role::Host);
        let permit = access::decide(grant, self.now()).map_err(|denied| Failure::Refused(denied.sentence))?;
        // Whoever is cut short here repeats it: what is left of a trust is never without its name.
        Record::take_away(&permit, &self.location(&entry)).await?;
        crate::downtime::forget(&self.configuration.data, code)?;
        registry.take(code);
        registry.write(&self.configuration.data)?;
        Ok(())
    }

    /// Why a trust is not served, if it was paused or closed.
    pub(crate) async fn why_shut(&self, code: &TrustCode) -> Option<String> {
        let registry = self.registry.lock().await;
        let shut = registry.find(code)?.shut.clone()?;
        Some(shut.words())
    }

    /// A trust that moves is neither paused nor removed: the other host waits for it.
    fn stands_still(&self, code: &TrustCode) -> Result<(), Failure> {
        // A host that is not served has no move in memory.
        let kept = match self.moves.find(code) {
            Some(of) => Some(of.kept()),
            None => moving::read_all(&self.configuration.data)?.into_iter().find(|kept| kept.ticket.trust == *code),
        };
        match kept.is_some_and(|kept| kept.is_under_way()) {
            true => Err(Failure::Refused(format!(
                "{code} is being moved. End the move first: almoner move status, almoner move give-up."
            ))),
            false => Ok(()),
        }
    }
}
