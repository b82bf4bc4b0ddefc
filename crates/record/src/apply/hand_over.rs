//! Who may write a record that moves between hosts, kept in its own store and changed in the transaction of the cut.
//!
//! A record without the row `writer` belongs to whoever opens it. With it, it belongs to the host whose key the row
//! names: another one may read it and may apply what that host decided, and decides nothing. The source writes the cut
//! entry and the row together, and from then on writes nothing; the target may begin only when it holds that entry. So
//! no crash and no order of messages makes two hosts writers of one record (`docs/formats/move.md`).

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use access::Permit;
use journal::act::{Cut, PublicKey, Resume, Signature};
use journal::{CauseKind, Hash};
use terms::Moment;

use crate::apply::{OWED, host_only};
use crate::change::{Act, Cause};
use crate::desk::{DeskChange, DeskRow};
use crate::error::Problem;
use crate::group::{Declined, Prepared};
use crate::record::{Location, Record};
use crate::store::destroy_store;

/// The desk row that names who may write.
pub(crate) const WRITER: (&str, &str) = ("record", "writer");
/// The desk row that names the cut which this host, its target, has refused.
pub(crate) const REFUSED: (&str, &str) = ("record", "refused");

/// How far an epoch may be above the one that is known before it. An honest epoch rises by one each time that a record is
/// opened, so that a host which is started every minute goes on for two years without an entry; and one that jumps to the
/// end of the numbers, after which no epoch follows and nobody could open the record any more, is refused.
pub const MOST_EPOCH_STEP: u64 = 1 << 20;

/// What this process may do with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tenure {
    /// It decides.
    Writes,
    /// It was opened to receive entries and decides nothing yet.
    Receives,
    /// It belongs to another host; it may be read, and may follow that host.
    HandedOver,
}

/// Who may write a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writes {
    /// The key of the host that may.
    pub key: PublicKey,
    /// The entry that says so; 0 for a copy that was never cut.
    pub cut: u64,
    /// The epoch that the cut names.
    pub epoch: u64,
    /// The host's name.
    pub host: String,
}

/// Where a record is, as its writer knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The newest entry.
    pub sequence: u64,
    /// Its chain hash.
    pub chain: Hash,
    /// Its moment.
    pub moment: Moment,
    /// The writer's tenure.
    pub epoch: u64,
    /// Changes of the desk so far.
    pub desk: u64,
    /// The root of the journal's tree.
    pub root: Hash,
}

/// A segment file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessFile {
    /// Its name among the segments of a host.
    pub name: String,
    /// The host whose chain it is a part of; `None` for this one's.
    pub host: Option<String>,
    /// Its length, the reserve at its end included.
    pub length: u64,
}

/// How far a segment file is whole. Two files with the same end have the same leaves: the hash binds all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccessEnd {
    /// Where its last whole frame ends, in bytes; 0 when nothing of it is there.
    pub bytes: u64,
    /// How many leaves it has.
    pub leaves: u64,
    /// Chain hash of the last of them; zeros without any.
    pub last: Hash,
}

/// Rows of the desk that were changed after a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeskPart {
    /// The rows, in the order of their changes.
    pub rows: Vec<DeskRow>,
    /// Go on after this change.
    pub until: u64,
    /// Whether there are more.
    pub more: bool,
}

/// Keeps whoever would write waiting until it is dropped.
#[must_use = "writers go on when it is dropped"]
pub struct Hold<'r> {
    record: &'r Record,
}

/// The tenure as readers and writer share it.
#[derive(Debug, Default)]
pub(crate) struct TenureNow(AtomicU8);

impl TenureNow {
    pub(crate) fn get(&self) -> Tenure {
        match self.0.load(Ordering::Acquire) {
            1 => Tenure::Receives,
            2 => Tenure::HandedOver,
            _ => Tenure::Writes,
        }
    }

    pub(crate) fn set(&self, tenure: Tenure) {
        let number = match tenure {
            Tenure::Writes => 0,
            Tenure::Receives => 1,
            Tenure::HandedOver => 2,
        };
        self.0.store(number, Ordering::Release);
    }
}

impl Tenure {
    /// Why nothing is decided.
    pub(crate) fn refusal(self) -> Problem {
        match self {
            Tenure::Writes => Problem::Closed,
            Tenure::Receives => {
                Problem::Unsuitable { what: "it is receiving entries and takes no decisions of its own".into() }
            }
            Tenure::HandedOver => Problem::HandedOver,
        }
    }
}

impl Record {
    /// What this process may do with the record.
    pub fn tenure(&self) -> Tenure {
        self.inner().shared.tenure.get()
    }

    /// Who may write, when the record has ever moved or is a copy.
    pub async fn writes(&self) -> Result<Option<Writes>, Problem> {
        self.desk_get(WRITER.0, WRITER.1).await?.map(|row| Writes::read(&row.bytes)).transpose()
    }

    /// Says of a record that receives that it is a copy: whoever opens it for use before it was cut to this host finds
    /// that it belongs to the host with this key.
    pub async fn belongs_to(&self, permit: &Permit, key: PublicKey, host: &str) -> Result<(), Problem> {
        host_only(permit, "to move a record")?;
        if self.tenure() != Tenure::Receives {
            return Err(Problem::Unsuitable { what: "only a record that receives becomes another's copy".into() });
        }
        if self.writes().await?.is_none() {
            let writes = Writes { key, cut: 0, epoch: 0, host: host.to_owned() };
            self.inner().queue.desk(vec![writes.kept()]).await?;
        }
        Ok(())
    }

    /// Where the record is.
    pub async fn place(&self) -> Result<Place, Problem> {
        let (head, root) = self.head().await?;
        let (sequence, chain, moment) = (head.sequence, head.chain, head.moment);
        Ok(Place { sequence, chain, moment, epoch: head.epoch, desk: head.desk, root })
    }

    /// From now on whoever would write waits, until what this returns is dropped. Reading goes on.
    pub fn hold(&self) -> Hold<'_> {
        self.inner().held.send_replace(true);
        Hold { record: self }
    }

    /// Whether what was received needs nothing more than to be opened.
    pub fn is_ready(&self) -> bool {
        self.is_settled()
    }

    /// Whether whoever would write waits now.
    pub fn is_held(&self) -> bool {
        *self.inner().held.borrow()
    }

    /// The target's signature under a cut: this record holds everything before it and no more, and is named as its
    /// target.
    ///
    /// # Errors
    /// [`Problem::Unsuitable`] when that is not so, or the cut's epoch is too far above this record's.
    pub async fn countersign(
        &self,
        permit: &Permit,
        cut: &Cut,
        sequence: u64,
        previous: &Hash,
    ) -> Result<Signature, Problem> {
        host_only(permit, "to move a record")?;
        let place = self.place().await?;
        let is_here = (place.sequence + 1, &place.chain) == (sequence, previous);
        epoch_follows(cut.epoch, place.epoch)?;
        if self.tenure() == Tenure::Writes || !is_here || cut.target_key != self.inner().signing.public() {
            let what = "the cut does not follow what is here, or names another target".into();
            return Err(Problem::Unsuitable { what });
        }
        Ok(self.inner().signing.sign(&cut.message(sequence, previous)))
    }

    /// This host's signature under what it says of a move, with the key that signs for the record.
    pub fn sign_statement(&self, permit: &Permit, statement: &str) -> Result<Signature, Problem> {
        host_only(permit, "to move a record")?;
        Ok(self.inner().signing.sign(&[b"almoner:certificate\n", statement.as_bytes()].concat()))
    }

    /// Hands the record over: commits the cut, signed by this host too, and decides nothing from then on. False when
    /// something was written after `place`; then nothing has happened.
    pub async fn cut(&self, permit: &Permit, mut cut: Cut, place: &Place) -> Result<bool, Problem> {
        host_only(permit, "to move a record")?;
        self.takes_decisions()?;
        epoch_follows(cut.epoch, place.epoch)?;
        let signing = &self.inner().signing;
        cut.source_key = signing.public();
        cut.source_signature = signing.sign(&cut.message(place.sequence + 1, &place.chain));
        if !cut.is_signed(place.sequence + 1, &place.chain) {
            return Err(Problem::Unsuitable { what: "the target has not signed this cut".into() });
        }
        let reference = cut.target.clone();
        let act = Act { command: "cut".into(), cause: Cause { kind: CauseKind::Move, reference }, idempotency: None };
        let prepared = hand_over_entry(permit, act, journal::Act::Cut(cut));
        match self.inner().queue.cut(prepared, place.clone()).await {
            Ok(_) => Ok(true),
            Err(Declined::Stale(_) | Declined::KeyReused) => Ok(false),
            Err(Declined::Problem(problem)) => Err(problem),
        }
    }

    /// The cut that this host has refused as its target: it never opens by it.
    pub async fn refused(&self) -> Result<Option<u64>, Problem> {
        let row = self.desk_get(REFUSED.0, REFUSED.1).await?;
        row.map(|row| read_refused(&row.bytes)).transpose()
    }

    /// Refuses a cut to this host, given as its entry, and signs that: the source may take the record back with it, in
    /// an epoch above `epoch`. Once this returns this host never opens by that cut, whatever comes. May be repeated.
    ///
    /// # Errors
    /// [`Problem::Unsuitable`] when this host writes already, the entry is no cut to it that follows what is here, or an
    /// epoch is too far above those that are known ([`MOST_EPOCH_STEP`]).
    pub async fn refuse_cut(&self, permit: &Permit, entry: &[u8], epoch: u64) -> Result<Resume, Problem> {
        host_only(permit, "to move a record")?;
        let inner = self.inner();
        let _nothing_is_received_and_nothing_opens = inner.receiving.lock().await;
        let not_so = |what: &str| Problem::Unsuitable { what: what.into() };
        let decoded = journal::Entry::decode(entry).map_err(|_| not_so("what was given is no entry"))?;
        let journal::Act::Cut(cut) = &decoded.act else { return Err(not_so("the entry is no cut")) };
        let place = self.place().await?;
        let chain = journal::chain_hash(entry);
        let is_newest = (place.sequence, &place.chain) == (decoded.sequence, &chain);
        let is_next = (place.sequence + 1, &place.chain) == (decoded.sequence, &decoded.previous);
        if self.tenure() == Tenure::Writes {
            return Err(not_so("this host has opened the record and writes it: it can only be cut back"));
        }
        if cut.target_key != inner.signing.public() || !(is_newest || is_next) {
            return Err(not_so("the cut does not hand the record to this host, or does not follow what is here"));
        }
        if !cut.is_signed(decoded.sequence, &decoded.previous) {
            return Err(not_so("one of the two hosts has not signed this cut"));
        }
        let epoch = epoch_after(place.epoch, &[decoded.epoch, cut.epoch, epoch])?;
        let mut resume = Resume {
            origin: cut.origin.clone(),
            cut: decoded.sequence,
            epoch,
            target_key: cut.target_key,
            signature: [0; 64],
        };
        resume.signature = inner.signing.sign(&resume.message(&chain));
        let (kind, key) = (REFUSED.0.into(), REFUSED.1.into());
        let content = Some((decoded.sequence.to_string().into_bytes(), None));
        let refused = DeskChange { kind, key, content, expected: None };
        let before = Writes { key: cut.source_key, cut: 0, epoch: 0, host: cut.source.clone() };
        // On disk before the signature leaves: what was signed here is never unsaid by a crash.
        inner.queue.desk(vec![before.kept(), refused]).await?;
        Ok(resume)
    }

    /// Takes back a record that was cut to another host and never opened there, by that host's signed refusal; two
    /// people answer for it. False when the newest entry is not the cut that was refused; then nothing has happened.
    pub async fn resume(&self, permit: &Permit, resume: Resume, people: &str) -> Result<bool, Problem> {
        host_only(permit, "to move a record")?;
        if self.tenure() == Tenure::Writes {
            return Err(Problem::Unsuitable {
                what: "this host writes the record: there is nothing to take back".into(),
            });
        }
        let _nothing_more_is_received = self.inner().receiving.lock().await;
        let act = Act {
            command: "resume".into(),
            cause: Cause { kind: CauseKind::Move, reference: people.to_owned() },
            idempotency: None,
        };
        let prepared = hand_over_entry(permit, act, journal::Act::Resume(resume));
        match self.inner().queue.resume(prepared).await {
            Ok(_) => {
                if !self.is_settled() {
                    self.rebuild_obligations().await?;
                    self.inner().is_settled.store(true, Ordering::Release);
                }
                Ok(true)
            }
            Err(Declined::Stale(_) | Declined::KeyReused) => Ok(false),
            Err(Declined::Problem(problem)) => Err(problem),
        }
    }

    /// Works out what anchors owe from everything that was received, so that what comes later need only touch its own.
    /// Before that and after a crash it is done when the record begins to write.
    pub async fn settle(&self) -> Result<(), Problem> {
        let _one_at_a_time = self.inner().receiving.lock().await;
        if self.tenure() != Tenure::Writes && !self.is_settled() {
            self.rebuild_obligations().await?;
            self.inner().is_settled.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Begins to write a record that was cut to this host. May be repeated.
    ///
    /// # Errors
    /// [`Problem::HandedOver`] while it belongs to another host; [`Problem::Unsuitable`] when entries are still to come.
    pub async fn begin_to_write(&self, permit: &Permit) -> Result<(), Problem> {
        host_only(permit, "to move a record")?;
        if self.tenure() == Tenure::Writes {
            return Ok(());
        }
        let inner = self.inner();
        let _nothing_more_is_received = inner.receiving.lock().await;
        let (writes, refused) = (self.writes().await?, self.refused().await?);
        if writes.is_none_or(|writes| !writes.is_of(&inner.signing.public(), refused) || writes.cut == 0) {
            return Err(Problem::HandedOver);
        }
        let owed = self.desk_get(OWED.0, OWED.1).await?;
        if owed.as_ref().is_some_and(|row| !row.bytes.is_empty()) {
            let what = "it has received only a part: entries that erase what came as erased are still to come".into();
            return Err(Problem::Unsuitable { what });
        }
        if !self.is_settled() {
            self.rebuild_obligations().await?;
            inner.is_settled.store(true, Ordering::Release);
        }
        if owed.is_some() {
            let (kind, key) = (OWED.0.into(), OWED.1.into());
            inner.queue.desk(vec![DeskChange { kind, key, content: None, expected: None }]).await?;
        }
        inner.shared.tenure.set(Tenure::Writes);
        Ok(())
    }

    /// # Errors
    /// When the record is not this process's to decide in.
    pub(crate) fn takes_decisions(&self) -> Result<(), Problem> {
        match self.tenure() {
            Tenure::Writes => Ok(()),
            other => Err(other.refusal()),
        }
    }

    /// Waits while writers are held.
    pub(crate) async fn turn_to_write(&self) {
        let mut held = self.inner().held.subscribe();
        // The sender lives as long as the record.
        let _ = held.wait_for(|held| !*held).await;
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.inner().is_settled.load(Ordering::Acquire)
    }

    /// What was received can no longer be told to be settled.
    pub(crate) fn unsettle(&self) {
        let settled: &AtomicBool = &self.inner().is_settled;
        settled.store(false, Ordering::Release);
    }
}

impl Record {
    /// Destroys a record that belongs to another host: store, keys, access journal and blobs.
    ///
    /// # Errors
    /// [`Problem::Unsuitable`] while it belongs to this host.
    pub async fn destroy(self, permit: &Permit, location: &Location) -> Result<(), Problem> {
        host_only(permit, "to move a record")?;
        if self.tenure() == Tenure::Writes {
            return Err(Problem::Unsuitable { what: "a record that is written to is not destroyed".into() });
        }
        self.close().await;
        destroy_store(location).await
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.record.inner().held.send_replace(false);
    }
}

impl Writes {
    /// Who may write after a cut of this number.
    pub(crate) fn after(cut: &Cut, sequence: u64) -> Writes {
        Writes { key: cut.target_key, cut: sequence, epoch: cut.epoch, host: cut.target.clone() }
    }

    /// Who may write after a record was given back: the source of the cut again.
    pub(crate) fn resumed(cut: &Cut, entry: &journal::Entry) -> Writes {
        Writes { key: cut.source_key, cut: entry.sequence, epoch: entry.epoch, host: cut.source.clone() }
    }

    /// Whether the host with this key may write, which has refused a cut or none. What it has refused never lets it, even
    /// if the row says so.
    pub(crate) fn is_of(&self, key: &PublicKey, refused: Option<u64>) -> bool {
        self.key == *key && !self.is_refused(refused)
    }

    /// Whether the entry that says so is the cut that this host has refused.
    pub(crate) fn is_refused(&self, refused: Option<u64>) -> bool {
        refused == Some(self.cut)
    }

    /// `key cut epoch host`, the key in hexadecimal.
    pub(crate) fn read(bytes: &[u8]) -> Result<Writes, Problem> {
        let read = || -> Option<Writes> {
            let mut words = std::str::from_utf8(bytes).ok()?.splitn(4, ' ');
            let key = crate::blobs::digest_of(words.next()?)?;
            let (cut, epoch) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            Some(Writes { key, cut, epoch, host: words.next()?.to_owned() })
        };
        read().ok_or_else(|| Problem::damaged("who may write cannot be read"))
    }

    /// The change of the desk that keeps this.
    pub(crate) fn kept(&self) -> DeskChange {
        let text = format!("{} {} {} {}", crate::blobs::digest_name(&self.key), self.cut, self.epoch, self.host);
        let content = Some((text.into_bytes(), None));
        DeskChange { kind: WRITER.0.into(), key: WRITER.1.into(), content, expected: None }
    }
}

/// The number in the row [`REFUSED`].
pub(crate) fn read_refused(bytes: &[u8]) -> Result<u64, Problem> {
    let number = std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| Problem::damaged("which cut was refused cannot be read"))
}

/// Whether an epoch is near enough to the one that is known before it.
pub(crate) fn is_near(epoch: u64, known: u64) -> bool {
    epoch.checked_sub(known).is_none_or(|step| step <= MOST_EPOCH_STEP)
}

/// # Errors
/// When it is too far above.
pub(crate) fn epoch_follows(epoch: u64, known: u64) -> Result<(), Problem> {
    let what = || format!("epoch {epoch} is more than {MOST_EPOCH_STEP} above {known}, which came before it");
    if is_near(epoch, known) { Ok(()) } else { Err(Problem::Unsuitable { what: what() }) }
}

/// The epoch above this one and these, each of which must be near to those before it.
fn epoch_after(known: u64, epochs: &[u64]) -> Result<u64, Problem> {
    let mut highest = known;
    for epoch in epochs {
        epoch_follows(*epoch, highest)?;
        highest = highest.max(*epoch);
    }
    highest.checked_add(1).ok_or_else(|| Problem::Unsuitable { what: "no epoch follows".into() })
}

/// An entry that changes nothing but who may write.
fn hand_over_entry(permit: &Permit, act: Act, besides: journal::Act) -> Prepared {
    Prepared {
        author: permit.principal().id.clone(),
        permit: permit.describe(),
        act,
        changes: Vec::new(),
        assertions: Vec::new(),
        besides,
        erase: Vec::new(),
        anchors: Vec::new(),
        erase_blobs: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn an_epoch_is_near_or_refused() {
        let step = MOST_EPOCH_STEP;
        for (known, epochs, after) in [
            (4, [4, 5, 2], Some(6)),
            (4, [4, 4 + step, 4 + 2 * step], Some(5 + 2 * step)),
            (4, [4, 5, 6 + step], None),
            (4, [5 + step, 5, 5], None),
            (4, [4, 5, u64::MAX], None),
            (u64::MAX - 1, [0, 1, u64::MAX], None),
            (u64::MAX, [0, 0, 0], None),
        ] {
            assert_eq!(epoch_after(known, &epochs).ok(), after, "{known} {epochs:?}");
        }
    }

    #[test]
    fn who_may_write_is_read_as_it_was_kept() {
        let writes = Writes { key: [7; 32], cut: 12, epoch: 3, host: "almoner-a b".into() };
        let kept = writes.kept().content.unwrap().0;
        assert_eq!(Writes::read(&kept).unwrap(), writes);
        for bad in [&b""[..], b"x 1 1 h", b"\xff", &kept[..60]] {
            assert!(Writes::read(bad).is_err());
        }
    }
}
