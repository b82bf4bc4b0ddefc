//! The writer's part of handing a record over: the cut entry, alone in its group, with the row that names who may write;
//! and rows of the desk that come from the host that is followed. Judges no signature.

use super::{Job, Queue, Writer};
use crate::apply::Received;
use crate::apply::hand_over::{Place, REFUSED, Tenure, WRITER, Writes, epoch_follows, read_refused};
use crate::change::Receipt;
use crate::desk::{DeskChange, LOCAL};
use crate::error::Problem;
use crate::group::{Declined, Prepared};
use crate::store::{Batch, StoredDeskRow};

/// Rows of the desk that come, and the kinds and keys of those that go.
pub(crate) type DeskReceived = (Vec<StoredDeskRow>, Vec<(String, String)>);

impl Queue {
    /// Hands a cut to the writer; declined as stale when the head is not at this place any more.
    pub(crate) async fn cut(&self, prepared: Prepared, place: Place) -> Result<Receipt, Declined> {
        self.decide(|reply| Job::Cut(Box::new((prepared, place)), reply)).await
    }

    /// Hands the resumption of a record that was cut away to the writer.
    pub(crate) async fn resume(&self, prepared: Prepared) -> Result<Receipt, Declined> {
        self.decide(|reply| Job::Resume(Box::new(prepared), reply)).await
    }

    /// Keeps rows of the desk with the change numbers that they have where they come from.
    pub(crate) async fn receive_desk(&self, received: DeskReceived) -> Result<(), Problem> {
        self.ask(|reply| Job::ReceiveDesk(received, reply)).await
    }
}

impl Writer {
    pub(super) fn cut(&mut self, mut prepared: Prepared, place: &Place) -> Result<Receipt, Declined> {
        let tenure = self.shared.tenure.get();
        if tenure != Tenure::Writes {
            return Err(Declined::Problem(tenure.refusal()));
        }
        let head = &self.head;
        if (head.sequence, head.chain, head.desk) != (place.sequence, place.chain, place.desk) {
            return Err(Declined::Stale(None));
        }
        let journal::Act::Cut(cut) = prepared.besides.clone() else { return Err(Declined::Stale(None)) };
        let writes = |sequence| Writes::after(&cut, sequence);
        let receipt = self.commit_hand_over(&mut prepared, None, writes);
        match receipt {
            Ok(receipt) => {
                self.shared.tenure.set(Tenure::HandedOver);
                Ok(receipt)
            }
            Err(declined) => {
                self.recover();
                // The commit may be on disk although its answer was lost: until that is known nothing is decided here.
                match self.own_writes() {
                    Ok(Some(writes)) if writes.cut > place.sequence => self.shared.tenure.set(Tenure::HandedOver),
                    Ok(_) => {}
                    Err(problem) => self.over = Some(problem),
                }
                Err(declined)
            }
        }
    }

    /// Takes a record back whose newest entry is the cut that its target has refused. Declined as stale when it is not.
    pub(super) fn resume(&mut self, mut prepared: Prepared) -> Result<Receipt, Declined> {
        let journal::Act::Resume(resume) = prepared.besides.clone() else { return Err(Declined::Stale(None)) };
        let last = self.own_cut().map_err(Declined::Problem)?;
        let cut = last.filter(|(number, cut)| resume.gives_back(*number, cut, &self.head.chain)).map(|(_, cut)| cut);
        let is_own = self.shared.tenure.get() == Tenure::HandedOver && resume.epoch > self.head.epoch;
        let Some(cut) = cut.filter(|_| is_own) else { return Err(Declined::Stale(None)) };
        epoch_follows(resume.epoch, self.head.epoch.max(cut.epoch)).map_err(Declined::Problem)?;
        let (key, epoch, host) = (cut.source_key, resume.epoch, cut.source);
        let writes = |sequence| Writes { key, cut: sequence, epoch, host: host.clone() };
        let receipt = self.commit_hand_over(&mut prepared, Some(epoch), writes);
        match &receipt {
            Ok(_) => self.shared.tenure.set(Tenure::Writes),
            // What is on disk has the last word, also when the answer of the commit was lost.
            Err(_) => {
                self.recover();
                match self.own_writes() {
                    Ok(Some(writes)) if writes.key == key => self.shared.tenure.set(Tenure::Writes),
                    Ok(_) => {}
                    Err(problem) => self.over = Some(problem),
                }
            }
        }
        receipt
    }

    /// The newest entry, if it is a cut, with its number.
    fn own_cut(&mut self) -> Result<Option<(u64, journal::act::Cut)>, Problem> {
        if self.head.sequence == 0 {
            return Ok(None);
        }
        let newest = self.store.entry(self.head.sequence)?;
        Ok(match journal::Entry::decode(&newest).map(|entry| (entry.sequence, entry.act)) {
            Ok((number, journal::Act::Cut(cut))) => Some((number, cut)),
            _ => None,
        })
    }

    /// Who may write after entries that were received, if one of them changes that. Never by a cut that this host has
    /// refused and that is not resumed: the check has looked at that before, and here what is on disk is asked once more.
    pub(super) fn writes_after(&mut self, entries: &[Received]) -> Result<Option<Writes>, Problem> {
        let mut writes = None;
        let mut last = None;
        for received in entries {
            match &received.entry.act {
                journal::Act::Cut(cut) => {
                    writes = Some(Writes::after(cut, received.entry.sequence));
                    last = Some(cut.clone());
                }
                journal::Act::Resume(_) => {
                    let cut = match last.take() {
                        Some(cut) => Some(cut),
                        None => self.own_cut()?.map(|(_, cut)| cut),
                    };
                    writes = cut.map(|cut| Writes::resumed(&cut, &received.entry)).or(writes);
                }
                _ => {}
            }
        }
        let refused = self.store.desk_row(REFUSED.0, REFUSED.1)?.map(|bytes| read_refused(&bytes)).transpose()?;
        if writes.as_ref().is_some_and(|writes| writes.is_refused(refused)) {
            return Err(Problem::Unsuitable { what: "by a cut that was refused no host writes".into() });
        }
        Ok(writes)
    }

    /// Commits an entry alone, with the row that names who may write from it on; in a later epoch if one is named.
    fn commit_hand_over(
        &mut self,
        prepared: &mut Prepared,
        epoch: Option<u64>,
        writes: impl Fn(u64) -> Writes,
    ) -> Result<Receipt, Declined> {
        let now = (self.clock)();
        let mut group = self.begin_group().map_err(Declined::Problem)?;
        group.head.epoch = epoch.unwrap_or(group.head.epoch);
        group.gather(&[prepared], false).map_err(Declined::Problem)?;
        let receipt = group.take(prepared, now)?;
        group.number_rows().map_err(Declined::Problem)?;
        let (batch, head, leaves) = (std::mem::take(&mut group.batch), group.head.clone(), group.leaves);
        self.touches = group.touches;
        let writes = [writes(receipt.sequence).kept()];
        self.finish_group(batch, head, leaves, &[&writes]).map_err(Declined::Problem)?;
        Ok(receipt)
    }

    /// Who may write, as it is on disk.
    fn own_writes(&mut self) -> Result<Option<Writes>, Problem> {
        self.store.desk_row(WRITER.0, WRITER.1)?.map(|bytes| Writes::read(&bytes)).transpose()
    }

    pub(super) fn receive_desk(&mut self, (rows, gone): DeskReceived) -> Result<(), Problem> {
        if self.shared.tenure.get() == Tenure::Writes {
            return Err(Problem::Unsuitable { what: "a record that is written to follows no other".into() });
        }
        self.store.begin()?;
        let mut head = self.head.clone();
        head.desk = rows.iter().map(|row| row.change).fold(head.desk, u64::max);
        let moved = Some((self.head.clone(), head.clone()));
        self.store.commit(&Batch { desk_put: rows, desk_drop: gone, head: moved, ..Batch::default() })?;
        self.head = head;
        Ok(())
    }

    /// Whether changes of the desk may be made: of a record that belongs to another host only what is of this store
    /// alone.
    pub(super) fn takes_desk(&self, changes: &[DeskChange]) -> bool {
        self.shared.tenure.get() != Tenure::HandedOver
            || changes.iter().all(|change| LOCAL.contains(&change.kind.as_str()))
    }
}
