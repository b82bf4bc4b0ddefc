//! How a record that was taken out goes on where it is read in again. The host that gives it out signs a rotation from its
//! own key to one that goes with the exit; the host that reads it in adds a rotation from that one to a key that nobody
//! else has. Both are entries of the journal, so that a checkpoint of the new host is proved by the journal itself, and
//! what the old host signs from then on is not of this record.

use access::Permit;
use journal::note::Note;
use journal::{CauseKind, KeyChange, KeyChangeKind, KeyKind, SigningKey, VerifierKey};

use crate::apply::hand_over::{Tenure, WRITER};
use crate::apply::{OWED, host_only};
use crate::change::{Act, Cause};
use crate::desk::DeskChange;
use crate::error::Problem;
use crate::group::{Declined, Prepared};
use crate::record::{Location, Record};
use crate::store::{destroy_store, is_there};

impl Record {
    /// A text as a C2SP note, signed with the key that signs for the record.
    pub fn sign_note(&self, permit: &Permit, text: String) -> Result<String, Problem> {
        host_only(permit, "to take a record out")?;
        let failed = |error| Problem::store("signing a note", error);
        let mut note = Note::new(text).map_err(failed)?;
        note.sign(&self.inner().signing).map_err(failed)?;
        Ok(note.to_string())
    }

    /// A rotation from the key that signs for the record to this one. Nothing is written; it may be committed to a copy.
    pub fn rotation_to(&self, permit: &Permit, key: &SigningKey, host: &str) -> Result<KeyChange, Problem> {
        host_only(permit, "to take a record out")?;
        Ok(rotation(&self.inner().origin, &self.inner().signing, key, host))
    }

    /// Begins to write a copy that was read in whole: `given` is the rotation that came with it, `with` the key that it
    /// rotates to. From here on the record is this host's.
    ///
    /// # Errors
    /// [`Problem::Unsuitable`] when entries are still to come, or the rotation is not signed as it says.
    pub async fn go_on(&self, permit: &Permit, given: KeyChange, with: &SigningKey, host: &str) -> Result<(), Problem> {
        host_only(permit, "to take a record out")?;
        let inner = self.inner();
        let unsuitable = |what: &str| Problem::Unsuitable { what: what.to_owned() };
        if self.tenure() != Tenure::Receives {
            return Err(unsuitable("only a record that receives goes on as a copy"));
        }
        let signer = VerifierKey::new(&given.name, KeyKind::Log, given.signer);
        let is_signed = signer.is_ok_and(|signer| signer.signed(&given.message(), &given.signature));
        if !is_signed || given.key != with.public() || given.origin != inner.origin {
            return Err(unsuitable("the rotation that came with it is not signed for this record and this key"));
        }
        let own = rotation(&inner.origin, with, &inner.signing, host);
        {
            let _nothing_more_is_received = inner.receiving.lock().await;
            if self.desk_get(OWED.0, OWED.1).await?.is_some_and(|row| !row.bytes.is_empty()) {
                return Err(unsuitable("entries that erase what came as erased are still to come"));
            }
            if !self.is_settled() {
                self.rebuild_obligations().await?;
            }
            let gone = |(kind, key): (&str, &str)| DeskChange {
                kind: kind.into(),
                key: key.into(),
                content: None,
                expected: None,
            };
            inner.queue.desk(vec![gone(WRITER), gone(OWED)]).await?;
            inner.is_settled.store(true, std::sync::atomic::Ordering::Release);
            inner.shared.tenure.set(Tenure::Writes);
        }
        for (change, reference) in [(given, "exit"), (own, "read in")] {
            self.commit_key(change, host, reference).await?;
        }
        Ok(())
    }

    /// Commits a change of keys.
    pub(crate) async fn commit_key(&self, change: KeyChange, host: &str, reference: &str) -> Result<(), Problem> {
        let word = match change.kind {
            KeyChangeKind::Introduce => "introduce key",
            KeyChangeKind::Rotate => "rotate key",
            KeyChangeKind::Retire => "retire key",
        };
        let cause = Cause { kind: CauseKind::System, reference: reference.into() };
        let prepared = Prepared {
            author: format!("host/{host}"),
            permit: "host by host".into(),
            act: Act { command: word.into(), cause, idempotency: None },
            changes: Vec::new(),
            assertions: Vec::new(),
            besides: journal::Act::Keys(change),
            erase: Vec::new(),
            anchors: Vec::new(),
            erase_blobs: Vec::new(),
        };
        match self.inner().queue.commit(prepared).await {
            Ok(_) => Ok(()),
            Err(Declined::Problem(problem)) => Err(problem),
            Err(declined) => Err(Problem::damaged(format!("a change of keys was declined: {declined:?}"))),
        }
    }
}

impl Record {
    /// Whether there is anything of a record at a location. Makes nothing.
    pub async fn is_at(location: &Location) -> Result<bool, Problem> {
        let is_empty = match std::fs::read_dir(location.directory()) {
            Ok(mut inside) => inside.next().is_none(),
            Err(_) => true,
        };
        Ok(!is_empty || is_there(location).await?)
    }

    /// Takes away what was left of a record that was being read in and never used, or that its host has closed for good. It
    /// must not be open.
    pub async fn take_away(permit: &Permit, location: &Location) -> Result<(), Problem> {
        host_only(permit, "to take a record out")?;
        destroy_store(location).await
    }
}

fn rotation(origin: &str, from: &SigningKey, to: &SigningKey, host: &str) -> KeyChange {
    let mut change = KeyChange {
        kind: KeyChangeKind::Rotate,
        origin: origin.to_owned(),
        host: host.to_owned(),
        name: to.name().to_owned(),
        key: to.public(),
        signer: from.public(),
        signature: [0; 64],
    };
    change.signature = from.sign(&change.message());
    change
}
