//! What a host does with a trust that moves: registers one that is received, opens it when it is cut to this host, and
//! forgets one whose copy is destroyed. The steps of a move are in `moving`.

use std::sync::{Arc, PoisonError};

use access::Permit;
use record::Record;

use super::Host;
use crate::failure::Failure;
use crate::moving::{Move, Ticket, fail_at};
use crate::trusts::{TrustCode, TrustEntry};

impl Host {
    /// The record of a trust that moves, opened to be received or as it is. `None` when it is not here.
    pub(crate) async fn received(&self, code: &TrustCode) -> Result<Option<Record>, Failure> {
        let entry = self.registry.lock().await.find(code).cloned();
        match entry {
            Some(entry) if entry.receiving => {
                let record = Record::open_to_receive(&self.location(&entry), self.options(&self.name, &entry)).await?;
                Ok(Some(record))
            }
            Some(entry) if entry.ready => Ok(Some(self.trust(code).await?.record.clone())),
            _ => Ok(None),
        }
    }

    /// Registers a trust that is moved here and makes the empty record that receives it. May be repeated.
    pub(crate) async fn receive(&self, ticket: &Ticket, store: Option<String>) -> Result<Record, Failure> {
        let mut registry = self.registry.lock().await;
        let known = registry.find(&ticket.trust).cloned();
        let entry = match known {
            Some(entry) if entry.receiving && entry.origin.as_ref() == Some(&ticket.origin) => entry,
            Some(entry) if entry.ready || entry.receiving || entry.importing => {
                return Err(Failure::Refused(format!("There is a trust {} on this host already.", ticket.trust)));
            }
            _ => TrustEntry {
                code: ticket.trust.clone(),
                name: ticket.name.clone(),
                store: store.unwrap_or_else(|| self.configuration.store.registered()),
                created: self.now().to_string(),
                demonstration: ticket.demonstration,
                preparing: !ticket.demonstration,
                ready: false,
                origin: Some(ticket.origin.clone()),
                receiving: true,
                importing: false,
                shut: None,
            },
        };
        registry.put(entry.clone());
        registry.write(&self.configuration.data)?;
        Ok(Record::open_to_receive(&self.location(&entry), self.options(&self.name, &entry)).await?)
    }

    /// Opens a trust whose record was cut to this host. What was remembered of sessions, tokens and accounts is not: the
    /// other host may have changed them.
    pub(crate) async fn adopt(&self, of: &Move, record: Record) -> Result<(), Failure> {
        let mut registry = self.registry.lock().await;
        let entry = registry.find(&of.code).cloned();
        let mut entry = entry.ok_or_else(|| Failure::Refused(format!("{} is not registered here.", of.code)))?;
        if !entry.ready || entry.receiving {
            (entry.ready, entry.receiving) = (true, false);
            entry.preparing = self.still_prepares(&entry, &record).await?;
            registry.put(entry.clone());
            registry.write(&self.configuration.data)?;
        }
        self.opened(entry, record);
        Ok(())
    }

    /// Takes everything of a trust off this host whose copy is destroyed; its record is closed. May be repeated: what is left
    /// of a trust is never without its name.
    pub(crate) async fn take_away(&self, code: &TrustCode, permit: &Permit) -> Result<(), Failure> {
        let mut registry = self.registry.lock().await;
        let open: Option<Arc<super::Trust>> = self.open.write().unwrap_or_else(PoisonError::into_inner).remove(code);
        if let Some(trust) = open {
            trust.boards.close();
        }
        let Some(entry) = registry.find(code).cloned() else { return Ok(()) };
        fail_at("before-destroying").await?;
        Record::take_away(permit, &self.location(&entry)).await?;
        fail_at("after-destroying").await?;
        registry.take(code);
        registry.write(&self.configuration.data)
    }
}
