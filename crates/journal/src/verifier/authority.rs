//! Which keys may sign for the record at each place of the journal, and whether keys were changed and the record
//! handed over by those who may.
//!
//! The rules are in `docs/formats/journal.md`, section 4. A change that breaks them is found and has no effect.

use super::FindingKind;
use super::findings::Findings;
use crate::act::{Act, Cut, KeyChange, KeyChangeKind, PublicKey, Resume};
use crate::entry::Entry;
use crate::keys::{KeyKind, VerifierKey, signature_holds};

/// The keys in force, and who may write next.
#[derive(Debug, Default)]
pub(crate) struct Authority {
    in_force: Vec<VerifierKey>,
    /// Every key that was in force at some place, in the order in which they came.
    ever_in_force: Vec<VerifierKey>,
    retired: Vec<PublicKey>,
    ever_introduced: bool,
    last_epoch: u64,
    /// The cut that the entry before was.
    pending_cut: Option<(u64, Cut)>,
}

impl Authority {
    /// The keys in force after the entries read so far.
    pub(crate) fn keys(&self) -> &[VerifierKey] {
        &self.in_force
    }

    /// Every key that was in force somewhere in the entries read so far.
    pub(crate) fn keys_ever(&self) -> &[VerifierKey] {
        &self.ever_in_force
    }

    /// Whether the journal has introduced a key; before that it cannot say who may sign.
    pub(crate) fn names_keys(&self) -> bool {
        self.ever_introduced
    }

    /// Takes an entry in: its epoch, and its act if that changes who may sign or write.
    pub(crate) fn take(&mut self, entry: &Entry, origin: Option<&str>, findings: &mut Findings) {
        self.check_epoch(entry, findings);
        let cut_before = self.pending_cut.take();
        let wrong = match &entry.act {
            Act::Commit | Act::Erase(_) | Act::Takeover(_) => None,
            Act::Keys(change) => self.change_key(change, origin).err().map(|why| (FindingKind::KeyChangeWrong, why)),
            Act::Cut(cut) => self.cut(entry, cut, origin).err().map(|why| (FindingKind::CutWrong, why)),
            Act::Resume(resume) => {
                let resumed = self.resume(entry, resume, cut_before.as_ref(), origin);
                resumed.err().map(|why| (FindingKind::CutWrong, why))
            }
        };
        if let Some((kind, why)) = wrong {
            findings.add(kind, entry.sequence, "", why);
        }
        self.last_epoch = self.last_epoch.max(entry.epoch);
    }

    fn check_epoch(&self, entry: &Entry, findings: &mut Findings) {
        let epoch = entry.epoch;
        let wrong = match (&self.pending_cut, &entry.act) {
            (Some(_), Act::Resume(_)) => None,
            (Some((cut_at, cut)), _) if epoch < cut.epoch => {
                Some(format!("The epoch is {epoch}, but the cut of entry {cut_at} named {}.", cut.epoch))
            }
            (_, Act::Takeover(_)) if entry.sequence > 1 && epoch <= self.last_epoch => {
                Some(format!("The record is taken over without a new epoch: it still is {epoch}."))
            }
            _ if epoch < self.last_epoch => Some(format!("The epoch falls from {} to {epoch}.", self.last_epoch)),
            _ => None,
        };
        if let Some(sentence) = wrong {
            findings.add(FindingKind::EpochWrong, entry.sequence, "", sentence);
        }
    }

    fn change_key(&mut self, change: &KeyChange, origin: Option<&str>) -> Result<(), &'static str> {
        check_origin(&change.origin, origin)?;
        let key =
            VerifierKey::new(&change.name, KeyKind::Log, change.key).map_err(|_| "The key or its name is not one.")?;
        if !signature_holds(&change.signer, &change.message(), &change.signature) {
            return Err("The signature of the key change is not its signer's.");
        }
        let first = !self.ever_introduced && change.kind == KeyChangeKind::Introduce;
        if first && change.signer != change.key {
            return Err("The first key must sign its own introduction.");
        }
        if !first && !self.is_in_force(&change.signer) {
            return Err("The key change is signed by a key that is not in force.");
        }
        if change.kind != KeyChangeKind::Retire && self.retired.contains(&change.key) {
            return Err("A retired key is introduced again.");
        }
        match (change.kind, self.is_in_force(&change.key)) {
            (KeyChangeKind::Introduce | KeyChangeKind::Rotate, true) => return Err("The key is already in force."),
            (KeyChangeKind::Retire, false) => return Err("The key that is retired is not in force."),
            (KeyChangeKind::Introduce, false) => self.admit(key),
            (KeyChangeKind::Rotate, false) => {
                self.retire(&change.signer);
                self.admit(key);
            }
            (KeyChangeKind::Retire, true) => self.retire(&change.key),
        }
        self.ever_introduced = true;
        Ok(())
    }

    fn cut(&mut self, entry: &Entry, cut: &Cut, origin: Option<&str>) -> Result<(), &'static str> {
        check_origin(&cut.origin, origin)?;
        let message = cut.message(entry.sequence, &entry.previous);
        if !signature_holds(&cut.source_key, &message, &cut.source_signature) {
            return Err("The cut is not signed by the source.");
        }
        if !signature_holds(&cut.target_key, &message, &cut.target_signature) {
            return Err("The cut is not signed by the target.");
        }
        if !self.is_in_force(&cut.source_key) {
            return Err("The cut is signed by a source whose key is not in force.");
        }
        if cut.epoch <= entry.epoch {
            return Err("The cut names an epoch that is not new.");
        }
        if self.retired.contains(&cut.target_key) {
            return Err("The target of the cut signs with a retired key.");
        }
        let target =
            VerifierKey::new(&cut.origin, KeyKind::Log, cut.target_key).map_err(|_| "The target's key is not one.")?;
        self.in_force.retain(|key| *key.public() != cut.source_key && *key.public() != cut.target_key);
        self.admit(target);
        self.pending_cut = Some((entry.sequence, cut.clone()));
        Ok(())
    }

    fn resume(
        &mut self,
        entry: &Entry,
        resume: &Resume,
        cut: Option<&(u64, Cut)>,
        origin: Option<&str>,
    ) -> Result<(), &'static str> {
        check_origin(&resume.origin, origin)?;
        let Some((cut_at, cut)) = cut else { return Err("There is no cut just before that could be resumed from.") };
        if resume.cut != *cut_at || resume.target_key != cut.target_key {
            return Err("The resumption names another cut than the one just before.");
        }
        if !signature_holds(&resume.target_key, &resume.message(&entry.previous), &resume.signature) {
            return Err("The resumption is not signed by the target of the cut.");
        }
        if resume.epoch != entry.epoch || entry.epoch <= cut.epoch {
            return Err("The resumption's epoch is not above that of the cut.");
        }
        let source =
            VerifierKey::new(&cut.origin, KeyKind::Log, cut.source_key).map_err(|_| "The source's key is not one.")?;
        self.in_force.retain(|key| *key.public() != cut.target_key);
        self.admit(source);
        Ok(())
    }

    fn is_in_force(&self, key: &PublicKey) -> bool {
        self.in_force.iter().any(|known| known.public() == key)
    }

    fn admit(&mut self, key: VerifierKey) {
        if !self.ever_in_force.contains(&key) {
            self.ever_in_force.push(key.clone());
        }
        self.in_force.push(key);
    }

    fn retire(&mut self, key: &PublicKey) {
        self.in_force.retain(|known| known.public() != key);
        self.retired.push(*key);
    }
}

fn check_origin(stated: &str, origin: Option<&str>) -> Result<(), &'static str> {
    match origin {
        Some(origin) if origin != stated => Err("The act was signed for another record."),
        _ => Ok(()),
    }
}
