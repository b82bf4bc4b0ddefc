//! Who may show a record to a witness, and by which key: the host that its origin names, or one to which it was handed over
//! by entries that are signed with the key that was known before. Plain data in, plain data out: no disk, no wire, no clock.

use journal::act::{Cut, PublicKey};
use journal::{Act, Entry, Hash, KeyKind, VerifierKey, chain_hash};
use serde::{Deserialize, Serialize};

use crate::trusts::TrustCode;

/// The host that may show a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its name.
    pub host: String,
    /// The key by which it signs for the record.
    pub key: String,
    /// The entry that handed the record to it; 0 for the host that the origin names.
    pub entry: u64,
    /// The epoch that this entry names.
    pub epoch: u64,
    /// Whether the holder before had never opened the record, and gave it back.
    #[serde(default)]
    pub is_given_back: bool,
}

impl Holder {
    /// The host that the origin names, with the first key that it showed.
    pub(super) fn first(host: &str, key: &VerifierKey) -> Holder {
        Holder { host: host.to_owned(), key: key.to_string(), entry: 0, epoch: 0, is_given_back: false }
    }

    /// Who holds the record of this origin after entries of its journal, in their order, each of them a cut, or the
    /// resumption just after one. An entry that hands over from somebody else, in an epoch that is not new, or without
    /// the signatures, changes nothing.
    pub(super) fn after(&self, origin: &str, entries: &[Vec<u8>]) -> Holder {
        let mut holder = self.clone();
        let mut before: Option<(u64, Hash, Cut)> = None;
        for bytes in entries {
            let Ok(entry) = Entry::decode(bytes) else { break };
            let last = before.take();
            if let Some(next) = holder.next(origin, &entry, last) {
                holder = next;
            }
            if let Act::Cut(cut) = entry.act
                && cut.is_signed(entry.sequence, &entry.previous)
            {
                before = Some((entry.sequence, chain_hash(bytes), cut));
            }
        }
        holder
    }

    /// Who holds it after one entry; `before` is the cut that the entry before was.
    fn next(&self, origin: &str, entry: &Entry, before: Option<(u64, Hash, Cut)>) -> Option<Holder> {
        let (host, key, epoch) = match &entry.act {
            Act::Cut(cut) => {
                let is_of = cut.origin == origin && cut.is_signed(entry.sequence, &entry.previous);
                let is_next = cut.epoch > self.epoch && entry.sequence > self.entry;
                (is_of && is_next && self.signs_with(&cut.source_key)).then_some(())?;
                (cut.target.clone(), cut.target_key, cut.epoch)
            }
            Act::Resume(resume) => {
                let (number, chain, cut) = before?;
                let is_after = (entry.sequence, entry.previous) == (number + 1, chain) && entry.epoch == resume.epoch;
                let is_given_back = cut.origin == origin && resume.gives_back(number, &cut, &entry.previous);
                let was_handed = self.entry == number && self.signs_with(&cut.target_key);
                (is_after && is_given_back && was_handed).then_some(())?;
                (cut.source, cut.source_key, resume.epoch)
            }
            _ => return None,
        };
        let key = VerifierKey::new(origin, KeyKind::Log, key).ok()?.to_string();
        let is_given_back = matches!(entry.act, Act::Resume(_));
        Some(Holder { host, key, entry: entry.sequence, epoch, is_given_back })
    }

    fn signs_with(&self, key: &PublicKey) -> bool {
        VerifierKey::parse(&self.key).is_ok_and(|known| known.public() == key)
    }
}

/// Whether an origin is one of those that a host gives to its own records: `HOST/t/CODE`, or `HOST/t/CODE/NUMBER` when the
/// code had another record before.
pub(super) fn is_named_by(origin: &str, host: &str) -> bool {
    let Some(rest) = origin.strip_prefix(host).and_then(|rest| rest.strip_prefix("/t/")) else { return false };
    let (code, number) = rest.split_once('/').map_or((rest, None), |(code, number)| (code, Some(number)));
    // Each origin has one spelling.
    let is_code = TrustCode::parse(code).is_ok_and(|parsed| parsed.as_str() == code);
    let is_number = |text: &str| text.parse::<u64>().is_ok_and(|number| number.to_string() == text);
    is_code && number.is_none_or(is_number)
}
