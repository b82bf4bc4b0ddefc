//! One group of drafts on its way into the store: each member is checked against the head plus the members before
//! it; a refused member leaves the others untouched.

use std::sync::Arc;

use journal::{Hash, Operation, Salt};
use rand::Rng as _;
use rustc_hash::{FxHashMap, FxHashSet};
use terms::Moment;
use terms::index::{Part, Row, Span};

use crate::blobs::{Held, NamedBlob};
use crate::change::{Assertion, Key, Receipt, Template, Written};
use crate::codec::Encoder;
use crate::error::Problem;
use crate::indexing::KIND;
use crate::keyed::KeyedRows;
use crate::keys;
use crate::numbering::Numbering;
use crate::obligation_rows::{PreparedAnchor, number_anchors};
use crate::recent::Touches;
use crate::stamps::Stamps;
use crate::store::{
    Batch, Head, KeptKey, Located, PastRow, StoredBlob, StoredEntry, StoredKey, StoredVersion, WriterStore,
};
use crate::trail_rows::TrailNotes;

/// How many further rows of a range are read together, when the first do not decide.
const HELD_AT_ONCE: usize = 1_000;

/// A draft with everything that can be worked out before its turn comes.
pub(crate) struct Prepared {
    pub(crate) author: String,
    pub(crate) permit: String,
    pub(crate) act: crate::change::Act,
    pub(crate) changes: Vec<PreparedChange>,
    pub(crate) assertions: Vec<Assertion>,
    /// What the entry does besides making versions.
    pub(crate) besides: journal::Act,
    /// Versions whose text goes: row number, version, sequence that made it, and its index rows (live or past).
    pub(crate) erase: Vec<Erased>,
    /// The anchors that it touches, as it leaves them.
    pub(crate) anchors: Vec<PreparedAnchor>,
    /// Blobs that go with them.
    pub(crate) erase_blobs: Vec<Hash>,
}

/// One change, with the rows it brings and the rows it ends.
pub(crate) struct PreparedChange {
    pub(crate) key: Key,
    /// `None` deletes.
    pub(crate) template: Option<Template>,
    pub(crate) rows: KeyedRows,
    /// The newest version when it was gathered; 0 for none.
    pub(crate) version: u64,
    /// It was taken to be new without asking the store.
    pub(crate) seems_new: bool,
    /// Whether that version is there and is not a deletion; its text may be erased.
    pub(crate) replaces: bool,
    /// The rows and the sequence of that version, when it was live.
    pub(crate) before: Option<(u64, KeyedRows)>,
    /// Whose that version was, when its text is erased.
    pub(crate) whose_before: Vec<Key>,
    /// The holes of that version's text.
    pub(crate) holes_before: Arc<[journal::hash::holes::Hole]>,
    /// What fills the template's holes, one for each.
    pub(crate) blobs: Vec<NamedBlob>,
    /// Keeps the blobs from being swept until the commit has named them.
    pub(crate) held: Vec<Arc<Held>>,
}

/// One version to be erased.
pub(crate) struct Erased {
    pub(crate) rid: i64,
    pub(crate) version: u64,
    pub(crate) sequence: u64,
    /// The sequence that replaced it; the highest number when nothing has.
    pub(crate) ended: u64,
    /// Whether it is the newest version, so that its rows are in the live index.
    pub(crate) newest: bool,
    pub(crate) key: Key,
    pub(crate) rows: Vec<Row>,
    /// Where blobs belong in its text.
    pub(crate) holes: Arc<[journal::hash::holes::Hole]>,
}

/// Why a member was not accepted.
#[derive(Debug)]
pub(crate) enum Declined {
    /// Something it was decided on has changed.
    Stale(Option<Key>),
    /// Its idempotency key was used for another request.
    KeyReused,
    /// The world failed.
    Problem(Problem),
}

/// A resource as the group has made it so far.
#[derive(Clone, Copy)]
struct State {
    located: Located,
}

/// The rows of a version that was replaced or deleted.
struct Ended {
    rid: i64,
    kind: String,
    rows: KeyedRows,
    from: u64,
    to: u64,
    /// Whether they are kept for ever.
    keep: bool,
}

/// The group under way.
pub(crate) struct Group<'w> {
    pub(crate) store: &'w mut WriterStore,
    pub(crate) numbering: &'w mut Numbering,
    pub(crate) encoder: &'w mut Encoder,
    pub(crate) random: &'w mut rand_chacha::ChaCha12Rng,
    pub(crate) stamps: &'w mut Stamps,
    /// Types whose past rows are kept for ever.
    pub(crate) kept: &'w [&'static str],
    pub(crate) batch: Batch,
    pub(crate) head: Head,
    pub(crate) leaves: Vec<Hash>,
    states: FxHashMap<Key, Option<State>>,
    /// Rows that members before have brought, by row number (the newest only).
    brought: FxHashMap<i64, Arc<Vec<Row>>>,
    /// What ends, and (row number, new rows, sequence) with the kind's name.
    ended: Vec<Ended>,
    begun: Vec<(i64, String, KeyedRows, u64)>,
    /// What is erased, and by which entry.
    erased: Vec<(Erased, u64)>,
    /// What was changed of whom.
    pub(crate) trail: TrailNotes,
    /// What was touched, for those who follow.
    pub(crate) touches: Touches,
    /// The anchors that members touched, and by which entry.
    anchors: Vec<(PreparedAnchor, u64)>,
    /// The head's sequence before the group: rows of later versions are not in the store yet.
    base: u64,
}

/// A version on its way into the store, whoever decided it.
pub(crate) struct NewVersion {
    pub(crate) key: Key,
    pub(crate) version: u64,
    pub(crate) operation: Operation,
    pub(crate) sequence: u64,
    pub(crate) moment: Moment,
    /// 16 bytes, or the number of the entry that erases the text.
    pub(crate) salt: Vec<u8>,
    /// The text as it is hashed; `None` when it is erased.
    pub(crate) text: Option<Vec<u8>>,
    pub(crate) rows: KeyedRows,
    /// The rows and the sequence of the version before, when that was live.
    pub(crate) before: Option<(u64, KeyedRows)>,
    /// Whose it is, when its text is erased.
    pub(crate) whose: Option<Vec<Key>>,
    /// Whose the version before was, when that one's text is erased.
    pub(crate) whose_before: Vec<Key>,
}

impl<'w> Group<'w> {
    pub(crate) fn new(
        store: &'w mut WriterStore,
        numbering: &'w mut Numbering,
        encoder: &'w mut Encoder,
        random: &'w mut rand_chacha::ChaCha12Rng,
        stamps: &'w mut Stamps,
        kept: &'w [&'static str],
        head: Head,
    ) -> Group<'w> {
        Group {
            store,
            numbering,
            encoder,
            random,
            stamps,
            kept,
            batch: Batch::default(),
            base: head.sequence,
            head,
            leaves: Vec::new(),
            states: FxHashMap::default(),
            brought: FxHashMap::default(),
            ended: Vec::new(),
            begun: Vec::new(),
            erased: Vec::new(),
            trail: TrailNotes::default(),
            touches: Touches::default(),
            anchors: Vec::new(),
        }
    }

    /// Reads in one go where every resource is that the members change or that their rows name. When nothing is to be asked
    /// but resources that seem new, and `may_assume` allows it, nothing is asked: the answer is true, and the store
    /// refuses the commit if one of them is there.
    pub(crate) fn gather(&mut self, members: &[&Prepared], may_assume: bool) -> Result<bool, Problem> {
        let mut wanted: Vec<&Key> = Vec::new();
        let (mut seeming, mut asserted) = (0, 0);
        for member in members {
            seeming += member.changes.iter().filter(|change| self.seems_new(change)).count();
            asserted += member.assertions.len();
            wanted.extend(member.changes.iter().map(|change| &change.key));
            wanted.extend(member.assertions.iter().filter_map(|assertion| match assertion {
                Assertion::Version(key, _) => Some(key),
                Assertion::Absent(_) | Assertion::AtMost(..) => None,
            }));
        }
        let rows = members.iter().flat_map(|member| &member.changes).flat_map(|change| change.rows.unnumbered());
        let named = self.numbering.unknown_targets(rows);
        if may_assume && named.is_empty() && asserted == 0 && seeming == wanted.len() {
            self.states.extend(wanted.into_iter().map(|key| (key.clone(), None)));
            return Ok(true);
        }
        self.gather_all(wanted, named).map(|()| false)
    }

    /// Whether nothing that is known speaks against a resource's being new.
    fn seems_new(&self, change: &PreparedChange) -> bool {
        change.seems_new && !self.numbering.is_known(&change.key.kind, &change.key.id)
    }

    /// Reads in one go where these resources are.
    pub(crate) fn gather_keys(&mut self, wanted: Vec<&Key>) -> Result<(), Problem> {
        self.gather_all(wanted, Vec::new())
    }

    fn gather_all(&mut self, mut wanted: Vec<&Key>, named: Vec<StoredKey>) -> Result<(), Problem> {
        wanted.sort_unstable();
        wanted.dedup();
        let stored: Vec<(&Key, StoredKey)> =
            wanted.iter().filter_map(|key| Some((*key, self.numbering.stored_key(&key.kind, &key.id)?))).collect();
        let mut asked: Vec<StoredKey> = stored.iter().map(|(_, key)| key.clone()).collect();
        asked.extend(named.iter().cloned());
        let mut found = self.store.locate(&asked)?;
        self.numbering.learn_targets(named.into_iter().zip(found.split_off(stored.len())));
        for key in &wanted {
            self.states.insert((*key).clone(), None);
        }
        for ((key, _), located) in stored.into_iter().zip(found) {
            self.states.insert(key.clone(), located.map(|located| State { located }));
        }
        Ok(())
    }

    /// Checks one member and, if it holds, makes its entry and versions.
    pub(crate) fn take(&mut self, member: &mut Prepared, now: Moment) -> Result<Receipt, Declined> {
        if let Some(receipt) = self.repeated(member)? {
            return Ok(receipt);
        }
        self.check(member)?;
        self.commit(member, now).map_err(Declined::Problem)
    }

    /// The receipt of an earlier commit under the same idempotency key.
    fn repeated(&mut self, member: &Prepared) -> Result<Option<Receipt>, Declined> {
        let Some(idempotency) = &member.act.idempotency else { return Ok(None) };
        let same = |kept: &&KeptKey| kept.principal == member.author && kept.key == idempotency.key;
        let in_group = self.batch.kept_keys.iter().find(same).cloned();
        let kept = match in_group {
            Some(kept) => Some(kept),
            None => self.store.kept_key(&member.author, &idempotency.key).map_err(Declined::Problem)?,
        };
        let Some(kept) = kept else { return Ok(None) };
        if kept.digest != idempotency.digest {
            return Err(Declined::KeyReused);
        }
        let in_group = self.batch.entries.iter().find(|entry| entry.sequence == kept.sequence);
        let body = match in_group {
            Some(entry) => entry.body.clone(),
            None => self.store.entry(kept.sequence).map_err(Declined::Problem)?,
        };
        receipt_of(&body).map(Some).map_err(Declined::Problem)
    }

    fn check(&mut self, member: &Prepared) -> Result<(), Declined> {
        for change in &member.changes {
            self.check_gathered(change)?;
        }
        for anchor in &member.anchors {
            if !self.stamps.untouched_since(&anchor.state.key, anchor.at) {
                return Err(Declined::Stale(Some(anchor.state.key.clone())));
            }
        }
        for assertion in &member.assertions {
            match assertion {
                Assertion::Version(key, version) => self.check_version(key, *version)?,
                Assertion::Absent(spans) => {
                    let held = self.holders(spans, 1).map_err(Declined::Problem)?;
                    if !held.is_empty() {
                        return Err(Declined::Stale(None));
                    }
                }
                Assertion::AtMost(spans, most) => self.check_most(member, spans, *most)?,
            }
        }
        Ok(())
    }

    /// The newest version is the one that was gathered, and its text has not been erased since.
    fn check_gathered(&self, change: &PreparedChange) -> Result<(), Declined> {
        self.check_version(&change.key, change.version)?;
        let live = self.states.get(&change.key).copied().flatten().is_some_and(|state| state.located.live);
        if live == change.before.is_some() { Ok(()) } else { Err(Declined::Stale(Some(change.key.clone()))) }
    }

    fn check_version(&self, key: &Key, version: u64) -> Result<(), Declined> {
        let found = self.states.get(key).copied().flatten().map_or(0, |state| state.located.version);
        if found == version { Ok(()) } else { Err(Declined::Stale(Some(key.clone()))) }
    }

    /// After the draft at most so many: those who hold now and are not changed, and the draft's own.
    fn check_most(&mut self, member: &Prepared, spans: &[Span], most: u32) -> Result<(), Declined> {
        let changed: Vec<i64> = member.changes.iter().filter_map(|change| self.rid(&change.key)).collect();
        let held = self.holders(spans, most as usize + changed.len() + 1).map_err(Declined::Problem)?;
        let others = held.iter().filter(|rid| !changed.contains(rid)).count();
        let own = member.changes.iter().filter(|change| lies_in(&change.rows, spans)).count();
        if others + own <= most as usize { Ok(()) } else { Err(Declined::Stale(None)) }
    }

    pub(crate) fn rid(&self, key: &Key) -> Option<i64> {
        self.states.get(key).copied().flatten().map(|state| state.located.rid)
    }

    /// Up to `most` resources with a row in the spans, the members before included.
    fn holders(&mut self, spans: &[Span], most: usize) -> Result<Vec<i64>, Problem> {
        let mut held: Vec<i64> =
            self.brought.iter().filter(|(_, rows)| lies_in(rows, spans)).map(|(rid, _)| *rid).collect();
        // Rows in the store may be of resources that the group has changed; those are already judged above.
        for span in spans {
            for range in self.numbering.ranges(span, self.store)? {
                let (mut after, mut limit) = (None, (most + self.brought.len() + 1) * 8);
                loop {
                    let hits = self.store.holders(&range, after.as_ref(), self.batch.next, limit)?;
                    for (key, rid) in &hits {
                        if range.admits_rest(key) && !self.brought.contains_key(rid) && !held.contains(rid) {
                            held.push(*rid);
                        }
                        if held.len() > most {
                            return Ok(held);
                        }
                    }
                    // What lies between the ends of a range need not lie in the span, however much of it there is.
                    let is_end = hits.len() < limit;
                    after = hits.into_iter().next_back();
                    if is_end {
                        break;
                    }
                    limit = HELD_AT_ONCE;
                }
            }
        }
        Ok(held)
    }

    fn commit(&mut self, member: &mut Prepared, now: Moment) -> Result<Receipt, Problem> {
        let sequence = self.head.sequence + 1;
        let moment = Moment(now.0.max(self.head.moment.0 + 1));
        let entry_salt = self.salt();
        let mut written = Vec::with_capacity(member.changes.len());
        let mut changes = Vec::with_capacity(member.changes.len());
        let mut rids = Vec::with_capacity(member.changes.len());
        for change in &mut member.changes {
            let (rid, made, digest) = self.write_version(change, sequence, moment)?;
            changes.push(journal::Change {
                kind: made.key.kind.clone(),
                id: made.key.id.clone(),
                version: made.version,
                operation: made.operation,
                digest,
                blobs: self.name_blobs(change, sequence),
            });
            rids.push(rid);
            written.push(made);
        }
        let entry = journal::Entry {
            sequence,
            epoch: self.head.epoch,
            moment,
            previous: self.head.chain,
            author: member.author.clone(),
            permit: member.permit.clone(),
            cause: journal::Cause { kind: member.act.cause.kind, reference: member.act.cause.reference.clone() },
            command: member.act.command.clone(),
            idempotency: member.act.idempotency.as_ref().map(|idempotency| journal::Idempotency {
                principal: member.author.clone(),
                key: idempotency.key.clone(),
                digest: journal::request_digest(&entry_salt, &idempotency.digest),
            }),
            assertions: member.assertions.iter().flat_map(|a| entry_assertions(a, &entry_salt)).collect(),
            changes,
            act: std::mem::replace(&mut member.besides, journal::Act::Commit),
        };
        let body = entry.encode();
        self.append(&entry, body, entry_salt.to_vec(), rids);
        if let Some(idempotency) = &member.act.idempotency {
            self.batch.kept_keys.push(KeptKey {
                principal: member.author.clone(),
                key: idempotency.key.clone(),
                sequence,
                digest: idempotency.digest.to_vec(),
                moment,
            });
        }
        self.erase_texts(std::mem::take(&mut member.erase), std::mem::take(&mut member.erase_blobs), sequence)?;
        for anchor in member.anchors.drain(..) {
            self.stamps.touch(&anchor.state.key, sequence);
            self.anchors.push((anchor, sequence));
        }
        Ok(Receipt { sequence, moment, written, repeated: false })
    }

    /// Takes texts and blobs away, because this entry says so.
    pub(crate) fn erase_texts(&mut self, erase: Vec<Erased>, blobs: Vec<Hash>, by: u64) -> Result<(), Problem> {
        for erased in erase {
            if erased.newest {
                self.lose_text(&erased)?;
            }
            self.trail.note_erased(&erased, by);
            self.erased.push((erased, by));
        }
        self.batch.blob_erase.extend(blobs);
        Ok(())
    }

    /// From here on a resource's newest version has no text any more.
    fn lose_text(&mut self, erased: &Erased) -> Result<(), Problem> {
        for state in self.states.values_mut().flatten().filter(|state| state.located.rid == erased.rid) {
            state.located.live = false;
        }
        let (rid, version, sequence) = (erased.rid, erased.version, erased.sequence);
        self.batch.current.push(Located { rid, version, sequence, live: false });
        let kind = self.numbering.give_kind(&erased.key.kind, &mut self.batch)?;
        self.batch.tallies.push((kind, -1));
        Ok(())
    }

    /// Puts an entry at the end of the journal.
    pub(crate) fn append(&mut self, entry: &journal::Entry, body: Vec<u8>, salt: Vec<u8>, rids: Vec<i64>) {
        self.head.sequence = entry.sequence;
        self.head.moment = entry.moment;
        self.head.chain = journal::chain_hash(&body);
        self.leaves.push(journal::leaf_hash(&body));
        self.batch.entries.push(StoredEntry { sequence: entry.sequence, moment: entry.moment, salt, body, rids });
    }

    fn salt(&mut self) -> Salt {
        let mut salt = [0; 16];
        self.random.fill_bytes(&mut salt);
        salt
    }

    /// The blobs of a change as its entry names them, each once.
    fn name_blobs(&mut self, change: &PreparedChange, entry: u64) -> Vec<journal::BlobRef> {
        let mut named: Vec<journal::BlobRef> = Vec::with_capacity(change.blobs.len());
        for blob in &change.blobs {
            let reference = journal::BlobRef { digest: blob.digest, length: blob.length };
            if !named.contains(&reference) {
                let (digest, salt, length) = (blob.digest, blob.salt.to_vec(), blob.length);
                self.batch.blobs.push(StoredBlob { digest, salt, length, entry });
                named.push(reference);
            }
        }
        named
    }

    /// Makes the version of one change.
    fn write_version(
        &mut self,
        change: &mut PreparedChange,
        sequence: u64,
        moment: Moment,
    ) -> Result<(i64, Written, Hash), Problem> {
        let version = change.version + 1;
        let salt = self.salt();
        let blobs: Vec<Hash> = change.blobs.iter().map(|blob| blob.digest).collect();
        let (operation, text) = match &change.template {
            Some(template) if change.replaces => (Operation::Update, template.completed(version, moment, &blobs)),
            Some(template) => (Operation::Create, template.completed(version, moment, &blobs)),
            None => (Operation::Delete, Vec::new()),
        };
        let digest = journal::version_digest(&salt, &text);
        let key = change.key.clone();
        let rid = self.keep_version(NewVersion {
            key: key.clone(),
            version,
            operation,
            sequence,
            moment,
            salt: salt.to_vec(),
            text: Some(text),
            rows: std::mem::take(&mut change.rows),
            before: change.before.take(),
            whose: None,
            whose_before: std::mem::take(&mut change.whose_before),
        })?;
        Ok((rid, Written { key, version, operation }, digest))
    }

    /// Puts a version into the batch, with its rows and those that it ends; gives its resource's row number.
    pub(crate) fn keep_version(&mut self, new: NewVersion) -> Result<i64, Problem> {
        let NewVersion { key, version, operation, sequence, moment, salt, text, rows, before, whose, whose_before } =
            new;
        let kind = self.numbering.give_kind(&key.kind, &mut self.batch)?;
        let state = self.states.get(&key).copied().flatten();
        let rid = match state {
            Some(state) => state.located.rid,
            None => self.numbering.give_rid((kind, keys::stored_id(&key.id)), &mut self.batch),
        };
        let was_live = state.is_some_and(|state| state.located.live);
        let live = operation != Operation::Delete && text.is_some();
        let (coding, text) = match text {
            Some(text) => self.encoder.encode(&text).map(|(coding, coded)| (coding, Some(coded)))?,
            None => (0, None),
        };
        let operation = operation_number(operation);
        self.batch.versions.push(StoredVersion {
            rid,
            version,
            sequence,
            moment,
            operation,
            seal: 0,
            coding,
            salt,
            text,
        });
        let located = Located { rid, version, sequence, live };
        self.batch.current.push(located);
        self.states.insert(key.clone(), Some(State { located }));
        if live != was_live {
            self.batch.tallies.push((kind, if live { 1 } else { -1 }));
        }
        self.trail.note(&rows, sequence, rid);
        self.touches.note(&key, &rows);
        self.trail.note_whose(&whose_before, sequence, rid);
        if let Some(whose) = whose {
            self.trail.note_whose(&whose, sequence, rid);
            self.trail.note_lost(&whose, rid, version);
        }
        if let Some((from, rows)) = before {
            self.trail.note(&rows, sequence, rid);
            self.touches.note(&key, &rows);
            let keep = self.kept.contains(&key.kind.as_str());
            self.ended.push(Ended { rid, kind: key.kind.clone(), rows, from, to: sequence, keep });
        }
        self.brought.insert(rid, rows.share());
        if live {
            self.begun.push((rid, key.kind, rows, sequence));
        }
        Ok(rid)
    }

    /// Turns all rows of the group into keys; call once, when every member was taken.
    pub(crate) fn number_rows(&mut self) -> Result<(), Problem> {
        let begun = std::mem::take(&mut self.begun);
        let ended = std::mem::take(&mut self.ended);
        let erased = std::mem::take(&mut self.erased);
        let kinds: Vec<Row> = begun.iter().map(|(_, kind, _, sequence)| kind_row(kind, *sequence)).collect();
        let all = begun
            .iter()
            .flat_map(|(_, _, rows, _)| rows.unnumbered())
            .chain(ended.iter().flat_map(|ended| ended.rows.unnumbered()))
            .chain(erased.iter().flat_map(|(erased, _)| &erased.rows))
            .chain(&kinds);
        self.numbering.prepare(all, self.store, &mut self.batch)?;
        let over: FxHashSet<(i64, u64)> =
            ended.iter().filter(|ended| ended.from > self.base).map(|ended| (ended.rid, ended.from)).collect();
        for ((rid, _, rows, sequence), kind_row) in begun.into_iter().zip(&kinds) {
            if over.contains(&(rid, sequence)) {
                continue;
            }
            self.batch.index_add.push((self.numbering.key(kind_row)?, rid));
            for key in rows.into_keys(self.numbering) {
                self.batch.index_add.push((key?, rid));
            }
        }
        for Ended { rid, kind, rows, from, to, keep } in ended {
            let kind_key = self.numbering.key(&kind_row(&kind, from));
            for key in rows.into_keys(self.numbering).chain([kind_key]) {
                let key = key?;
                if from <= self.base {
                    self.batch.index_drop.push((key.clone(), rid));
                }
                self.batch.index_past.push(PastRow { key, rid, from, to, kept: keep });
            }
        }
        self.number_erased(&erased)?;
        std::mem::take(&mut self.trail).number(self.numbering, self.store, &mut self.batch)?;
        let anchors = std::mem::take(&mut self.anchors);
        number_anchors(&anchors, self.store, self.numbering, &mut self.batch)?;
        self.keep_unchanged_rows();
        Ok(())
    }

    fn number_erased(&mut self, erased: &[(Erased, u64)]) -> Result<(), Problem> {
        for (version, by) in erased {
            self.batch.erase.push((version.rid, version.version, *by));
            for row in &version.rows {
                let key = self.numbering.key(row)?;
                if version.newest {
                    self.batch.index_drop.push((key, version.rid));
                } else {
                    self.batch.past_drop.push((key, version.rid, version.sequence));
                }
            }
        }
        Ok(())
    }

    /// Sorts the rows for the store and leaves those alone that end and begin in the same commit.
    fn keep_unchanged_rows(&mut self) {
        self.batch.index_add.sort_unstable();
        self.batch.index_add.dedup();
        self.batch.index_drop.sort_unstable();
        self.batch.index_drop.dedup();
        self.batch.index_past.sort_unstable();
        self.batch.index_past.dedup();
        // While another index is made, a row that stays may not be in both yet.
        if self.batch.index_drop.is_empty() || self.batch.next.is_some() {
            return;
        }
        let unchanged: FxHashSet<_> = {
            let added: FxHashSet<_> = self.batch.index_add.iter().collect();
            self.batch.index_drop.iter().filter(|hit| added.contains(hit)).cloned().collect()
        };
        self.batch.index_add.retain(|hit| !unchanged.contains(hit));
        self.batch.index_drop.retain(|hit| !unchanged.contains(hit));
    }
}

/// The record's own row of a version.
pub(crate) fn kind_row(kind: &str, sequence: u64) -> Row {
    Row::of(KIND, [Part::Kind(kind.to_owned()), Part::fixed(&sequence.to_be_bytes())])
}

fn lies_in(rows: &[Row], spans: &[Span]) -> bool {
    rows.iter().any(|row| spans.iter().any(|span| keys::admits(span, row)))
}

fn entry_assertions(assertion: &Assertion, salt: &Salt) -> Vec<journal::Assertion> {
    let digest = |span| journal::SpanDigest::of(salt, span);
    match assertion {
        Assertion::Version(key, version) => {
            vec![journal::Assertion::Version { kind: key.kind.clone(), id: key.id.clone(), version: *version }]
        }
        Assertion::Absent(spans) => {
            spans.iter().map(|span| journal::Assertion::Absent { range: digest(span) }).collect()
        }
        Assertion::AtMost(spans, count) => {
            spans.iter().map(|span| journal::Assertion::AtMost { range: digest(span), count: *count }).collect()
        }
    }
}

/// The receipt that an entry's commit was answered with.
pub(crate) fn receipt_of(body: &[u8]) -> Result<Receipt, Problem> {
    let entry = journal::Entry::decode(body).map_err(|error| Problem::damaged(format!("an entry: {error}")))?;
    let written = entry
        .changes
        .into_iter()
        .map(|c| Written { key: Key { kind: c.kind, id: c.id }, version: c.version, operation: c.operation })
        .collect();
    Ok(Receipt { sequence: entry.sequence, moment: entry.moment, written, repeated: true })
}

/// An operation as stored.
pub(crate) fn operation_number(operation: Operation) -> u8 {
    match operation {
        Operation::Create => 1,
        Operation::Update => 2,
        Operation::Delete => 3,
    }
}

/// A stored operation.
pub(crate) fn operation_of(number: u8) -> Result<Operation, Problem> {
    match number {
        1 => Ok(Operation::Create),
        2 => Ok(Operation::Update),
        3 => Ok(Operation::Delete),
        other => Err(Problem::damaged(format!("a version has the unknown operation {other}"))),
    }
}
