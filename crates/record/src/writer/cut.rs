//! The writer's part of handing a record over: the cut entry, alone in its group, with the row that names who may write;
//! and rows of the desk that come from the host that is followed. Judges no signature.

use super::{Job, Queue, Writer};
use crate::apply::hand_over::{Place, Tenure, Writes};
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
        let receipt = self.commit_cut(&mut prepared, &cut);
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

    fn commit_cut(&mut self, prepared: &mut Prepared, cut: &journal::act::Cut) -> Result<Receipt, Declined> {
        let now = (self.clock)();
        let mut group = self.begin_group().map_err(Declined::Problem)?;
        group.gather(&[prepared], false).map_err(Declined::Problem)?;
        let receipt = group.take(prepared, now)?;
        group.number_rows().map_err(Declined::Problem)?;
        let (batch, head, leaves) = (std::mem::take(&mut group.batch), group.head.clone(), group.leaves);
        self.touches = group.touches;
        let writes = [Writes::after(cut, receipt.sequence).kept()];
        self.finish_group(batch, head, leaves, &[&writes]).map_err(Declined::Problem)?;
        Ok(receipt)
    }

    /// Who may write, as it is on disk.
    fn own_writes(&mut self) -> Result<Option<Writes>, Problem> {
        let (kind, key) = crate::apply::hand_over::WRITER;
        self.store.desk_row(kind, key)?.map(|bytes| Writes::read(&bytes)).transpose()
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
