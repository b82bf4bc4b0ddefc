//! The trail: for each subject the entries that changed something of theirs. What a commit adds to it, and the whole of
//! it as a function of the journal and the texts, by which it is made again and checked.
//!
//! A change belongs to those whose the resource is after it and those whose it was before; an erasure to those whose
//! the texts were. Whose an erased text was is kept beside, because nothing else would tell any more.

use std::collections::{BTreeMap, BTreeSet};

use terms::index::{Part, Row};

use crate::change::Key;
use crate::error::Problem;
use crate::group::Erased;
use crate::indexing::SUBJECT;
use crate::keyed::KeyedRows;
use crate::keys::Numbers as _;
use crate::numbering::Numbering;
use crate::reach::subjects;
use crate::rebuild::RebuildStep;
use crate::record::{Inner, Record};
use crate::store::{Batch, ErasedWhose, StoredEntry, TrailRow, WriterStore};
use crate::verify::StoreFindings;

/// How many entries are read together.
const BATCH: usize = 200;
/// How many of their versions are read together.
const WINDOW: usize = 1000;

/// What the members of a group changed of whom, until everybody whom they name has a number.
#[derive(Default)]
pub(crate) struct TrailNotes {
    /// Subject, sequence and changed resource, by row number.
    known: Vec<(i64, u64, i64)>,
    /// The same with a subject that has no number at hand.
    named: Vec<(Row, u64, i64)>,
    /// Row number and version of texts that are not there, and whose they were.
    erased: Vec<(i64, u64, Vec<Row>)>,
}

impl TrailNotes {
    /// An entry changes a resource that has or had these rows.
    pub(crate) fn note(&mut self, rows: &KeyedRows, sequence: u64, rid: i64) {
        for (row, number) in rows.subjects() {
            match number {
                Some(subject) => self.known.push((subject, sequence, rid)),
                None => self.named.push((row.clone(), sequence, rid)),
            }
        }
    }

    /// The same for one whose text is not there.
    pub(crate) fn note_whose(&mut self, whose: &[Key], sequence: u64, rid: i64) {
        self.named.extend(whose.iter().map(|key| (subject_row(key), sequence, rid)));
    }

    /// A version is there without its text, which was theirs.
    pub(crate) fn note_lost(&mut self, whose: &[Key], rid: i64, version: u64) {
        self.erased.push((rid, version, whose.iter().map(subject_row).collect()));
    }

    /// An entry takes a text away.
    pub(crate) fn note_erased(&mut self, erased: &Erased, by: u64) {
        let whose: Vec<Key> = subjects(&erased.rows).collect();
        self.note_whose(&whose, by, erased.rid);
        self.note_lost(&whose, erased.rid, erased.version);
    }

    /// Puts the rows into the batch.
    pub(crate) fn number(
        self,
        numbering: &mut Numbering,
        store: &mut WriterStore,
        batch: &mut Batch,
    ) -> Result<(), Problem> {
        let TrailNotes { mut known, named, erased } = self;
        let rows = named.iter().map(|(row, ..)| row).chain(erased.iter().flat_map(|(.., rows)| rows));
        numbering.prepare(rows, store, batch)?;
        for (row, sequence, rid) in &named {
            known.push((number_of(row, numbering)?, *sequence, *rid));
        }
        batch.trail = trail_of(known);
        for (rid, version, rows) in erased {
            let mut subjects = rows.iter().map(|row| number_of(row, numbering)).collect::<Result<Vec<i64>, _>>()?;
            subjects.sort_unstable();
            subjects.dedup();
            batch.erased_whose.push(ErasedWhose { rid, version, subjects });
        }
        Ok(())
    }
}

fn subject_row(key: &Key) -> Row {
    Row::one(SUBJECT, Part::target(key.kind.as_str(), key.id.as_str()))
}

fn number_of(row: &Row, numbering: &Numbering) -> Result<i64, Problem> {
    let number = match row.parts.first() {
        Some(Part::Target { kind, id }) => numbering.target(kind, id),
        _ => None,
    };
    number.ok_or_else(|| Problem::damaged("a subject has no number"))
}

/// One row for each subject and entry.
fn trail_of(mut known: Vec<(i64, u64, i64)>) -> Vec<TrailRow> {
    known.sort_unstable();
    known.dedup();
    let together = known.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1));
    let row = |same: &[(i64, u64, i64)]| TrailRow {
        subject: same[0].0,
        sequence: same[0].1,
        rids: same.iter().map(|(.., rid)| *rid).collect(),
    };
    together.map(row).collect()
}

impl Record {
    /// Makes the trail of everything that is in the journal again; what is committed meanwhile adds its own rows.
    pub(crate) async fn make_trail_again(&self) -> Result<(), Problem> {
        let inner = self.inner();
        let (mut from, newest) = (1, inner.store.head().await?.sequence);
        while from <= newest {
            let entries = inner.store.entries(from, BATCH).await?;
            let Some(last) = entries.last() else { break };
            from = last.sequence + 1;
            let trail = inner.trail_called_for(&entries).await?;
            if !trail.is_empty() {
                inner.queue.rebuild(RebuildStep::Trail(trail)).await?;
            }
        }
        Ok(())
    }

    /// Compares the trail with what the journal and the texts call for, up to an entry; returns how many rows were
    /// compared.
    pub(crate) async fn check_trail(&self, newest: u64, findings: &mut StoreFindings) -> Result<u64, Problem> {
        let inner = self.inner();
        let (mut from, mut count) = (1, 0);
        while from <= newest {
            let entries = inner.store.entries(from, BATCH.min((newest - from + 1) as usize)).await?;
            let Some(last) = entries.last() else { break };
            from = last.sequence + 1;
            let expected = match inner.trail_called_for(&entries).await {
                // What cannot be read has its own finding.
                Err(Problem::Damaged { .. }) => return Ok(count),
                expected => expected?,
            };
            count += expected.len() as u64;
            let asked: Vec<(i64, u64)> = expected.iter().map(|row| (row.subject, row.sequence)).collect();
            for (row, stored) in expected.iter().zip(inner.store.trail_rows(&asked).await?) {
                let subject = || format!("entry {}", row.sequence);
                match stored {
                    Some(rids) if rids == row.rids => {}
                    Some(_) => findings.add("trail-row-changed", subject(), "It changed other resources of a subject."),
                    None => findings.add("trail-row-missing", subject(), "It is not in the trail of a subject."),
                }
            }
            tokio::task::yield_now().await;
        }
        let stored = inner.store.count_trail(newest).await?;
        if stored > count {
            findings.add("trail-row-unknown", "", format!("{} rows more than the entries call for.", stored - count));
        }
        Ok(count)
    }
}

impl Inner {
    /// Whose erased texts were, by row number and version, in the order asked.
    pub(crate) async fn erased_whose(&self, wanted: &[(i64, u64)]) -> Result<Vec<Vec<Key>>, Problem> {
        let mut found = Vec::with_capacity(wanted.len());
        for rids in self.store.erased_whose(wanted).await? {
            found.push(self.keys_of(&rids.unwrap_or_default()).await?);
        }
        Ok(found)
    }

    /// The rows that entries call for. Versions are read many at a time, whichever entries they are of.
    async fn trail_called_for(&self, entries: &[StoredEntry]) -> Result<Vec<TrailRow>, Problem> {
        let (mut touched, mut erased) = (Vec::new(), Vec::new());
        for stored in entries {
            let Ok(entry) = journal::Entry::decode(&stored.body) else { continue };
            for (rid, change) in stored.rids.iter().zip(&entry.changes) {
                touched.push((*rid, change.version, stored.sequence));
                if change.version > 1 {
                    touched.push((*rid, change.version - 1, stored.sequence));
                }
            }
            if let journal::Act::Erase(erasure) = entry.act {
                erased.extend(erasure.versions.into_iter().map(|version| (version, stored.sequence)));
            }
        }
        let mut known = Vec::new();
        for part in touched.chunks(WINDOW) {
            let wanted: Vec<(i64, u64)> = part.iter().map(|(rid, version, _)| (*rid, *version)).collect();
            for ((rid, _, sequence), whose) in part.iter().zip(self.whose_of(&wanted).await?) {
                known.extend(whose.into_iter().map(|who| (who, *sequence, *rid)));
            }
        }
        let named = erased.iter().map(|(version, _)| (version.kind.as_str(), version.id.as_str()));
        let rids = self.shared.names.targets(&self.store, named).await?;
        let there = rids.into_iter().zip(&erased).filter_map(|(rid, erased)| Some((rid?, erased)));
        let there: Vec<(i64, &(journal::ErasedVersion, u64))> = there.collect();
        let wanted: Vec<(i64, u64)> = there.iter().map(|(rid, (version, _))| (*rid, version.version)).collect();
        for ((rid, (_, sequence)), whose) in there.iter().zip(self.store.erased_whose(&wanted).await?) {
            known.extend(whose.into_iter().flatten().map(|who| (who, *sequence, *rid)));
        }
        Ok(trail_of(known))
    }

    /// Whose versions are, as row numbers, in the order asked; nobody's when one is not there. A subject that nobody ever
    /// gave a number has no trail.
    async fn whose_of(&self, wanted: &[(i64, u64)]) -> Result<Vec<BTreeSet<i64>>, Problem> {
        let rids: Vec<i64> = wanted.iter().map(|(rid, _)| *rid).collect();
        let mut found = vec![BTreeSet::new(); wanted.len()];
        let (mut named, mut erased) = (BTreeMap::<Key, Vec<usize>>::new(), Vec::new());
        let versions = self.store.versions(wanted).await?;
        for (place, (key, stored)) in self.keys_of(&rids).await?.into_iter().zip(versions).enumerate() {
            let Some(stored) = stored else { continue };
            if stored.text.is_none() {
                erased.push(place);
                continue;
            }
            let version = self.version(key, stored)?;
            if version.text.is_empty() {
                continue;
            }
            let rows = self.indexing.whose(&version.key.kind, &version.key.id, &version.text);
            for subject in subjects(&rows) {
                named.entry(subject).or_default().push(place);
            }
        }
        let keys = named.keys().map(|key| (key.kind.as_str(), key.id.as_str()));
        for (subject, places) in self.shared.names.targets(&self.store, keys).await?.into_iter().zip(named.values()) {
            for place in subject.iter().flat_map(|_| places) {
                found[*place].extend(subject);
            }
        }
        let asked: Vec<(i64, u64)> = erased.iter().map(|place| wanted[*place]).collect();
        for (place, whose) in erased.iter().zip(self.store.erased_whose(&asked).await?) {
            found[*place].extend(whose.into_iter().flatten());
        }
        Ok(found)
    }
}
