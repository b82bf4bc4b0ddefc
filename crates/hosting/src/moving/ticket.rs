//! The ticket of a move: made at the source, carried by a person to the target. It names both hosts, their addresses and
//! keys, and the record with its key; the source signs it (C2SP signed note). Whoever changes a word of it makes it
//! worthless; whoever makes another one still lacks the source's key on the wire. Line by line in
//! `docs/formats/move.md`, section 2.

use journal::VerifierKey;
use journal::note::Note;
use serde::{Deserialize, Serialize};
use terms::Moment;

use super::key::HostKey;
use crate::failure::Failure;
use crate::trusts::TrustCode;

const FIRST: &str = "almoner move ticket 1";
/// The address of both hosts in the ticket of a move without a line between them.
pub(crate) const NO_LINE: &str = "-";

/// One of the two hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    /// Its name.
    pub(crate) host: String,
    /// Where it is called by the other: host and port, or [`NO_LINE`].
    pub(crate) address: String,
    /// Its key, as `name+id+base64`.
    pub(crate) key: String,
}

/// A ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ticket {
    /// Random, so that two moves of a trust are told apart.
    pub(crate) id: String,
    pub(crate) trust: TrustCode,
    pub(crate) name: String,
    pub(crate) demonstration: bool,
    /// The record's origin line.
    pub(crate) origin: String,
    /// The key that signs the record's checkpoints at the source, as `name+id+base64`.
    pub(crate) record_key: String,
    pub(crate) source: End,
    pub(crate) target: End,
    /// Until when a copy may be begun with it, in milliseconds since 1970.
    pub(crate) until: i64,
}

impl End {
    /// Its key.
    pub(crate) fn verifier(&self) -> Result<VerifierKey, Failure> {
        VerifierKey::parse(&self.key).map_err(|_| Failure::Refused(format!("{:?} is no key of a host.", self.key)))
    }
}

impl Ticket {
    /// Whether the two hosts call each other; else what they say is carried.
    pub(crate) fn has_line(&self) -> bool {
        self.source.address != NO_LINE && self.target.address != NO_LINE
    }

    /// The ticket as it is carried, signed by the source.
    pub(crate) fn signed(&self, key: &HostKey) -> Result<String, Failure> {
        let failed = |error| Failure::problem("signing a move ticket", &error);
        let mut note = Note::new(self.text()).map_err(failed)?;
        note.sign(&key.signing).map_err(failed)?;
        Ok(note.to_string())
    }

    /// Reads a ticket that was carried.
    ///
    /// # Errors
    /// Which line is not as it must be, or that the signature is not its source's.
    pub(crate) fn parse(text: &str) -> Result<Ticket, Failure> {
        let refused = |why: &str| Failure::Refused(format!("This is no ticket of a move: {why}."));
        let note = Note::parse(text).map_err(|error| refused(error.what))?;
        let ticket =
            Ticket::of_text(note.text()).map_err(|line| refused(&format!("the line {line:?} is not right")))?;
        let source = ticket.source.verifier()?;
        if note.verify(std::slice::from_ref(&source)).is_err() {
            return Err(refused("it was changed after its source had signed it"));
        }
        Ok(ticket)
    }

    fn text(&self) -> String {
        let Ticket { id, trust, name, demonstration, origin, record_key, source, target, until } = self;
        let until = Moment(*until);
        format!(
            "{FIRST}\nid {id}\ntrust {trust}\nname {name}\ndemonstration {demonstration}\norigin {origin}\nrecord-key \
             {record_key}\nsource {}\nsource-address {}\nsource-key {}\ntarget {}\ntarget-address {}\ntarget-key \
             {}\nuntil {until}\n",
            source.host, source.address, source.key, target.host, target.address, target.key
        )
    }

    fn of_text(text: &str) -> Result<Ticket, &'static str> {
        let mut lines = text.lines();
        let mut next = |name: &'static str| -> Result<String, &'static str> {
            let line = lines.next().ok_or(name)?;
            let value = if name == FIRST { line.strip_prefix(FIRST) } else { line.strip_prefix(name) };
            let value = value.ok_or(name)?;
            Ok(value.strip_prefix(' ').unwrap_or(value).to_owned())
        };
        next(FIRST)?;
        let (id, trust) = (next("id")?, TrustCode::parse(&next("trust")?).map_err(|_| "trust")?);
        let (name, demonstration) = (next("name")?, next("demonstration")?.parse().map_err(|_| "demonstration")?);
        let (origin, record_key) = (next("origin")?, next("record-key")?);
        let source = End { host: next("source")?, address: next("source-address")?, key: next("source-key")? };
        let target = End { host: next("target")?, address: next("target-address")?, key: next("target-key")? };
        let until = Moment::parse(&next("until")?).map_err(|_| "until")?.0;
        let ticket = Ticket { id, trust, name, demonstration, origin, record_key, source, target, until };
        if ticket.text() == text { Ok(ticket) } else { Err("until") }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn ticket(key: &HostKey) -> Ticket {
        let end = |host: &str| End { host: host.into(), address: "h:1".into(), key: key.verifier().to_string() };
        Ticket {
            id: "17".into(),
            trust: TrustCode::parse("RTX").unwrap(),
            name: "Thameside Royal".into(),
            demonstration: true,
            origin: "a/t/RTX".into(),
            record_key: key.verifier().to_string(),
            source: end("a"),
            target: end("b"),
            until: 1_800_000_000_000,
        }
    }

    #[test]
    fn a_ticket_is_read_as_it_was_made_and_not_with_a_byte_changed() {
        let data = tempfile::tempdir().unwrap();
        let key = HostKey::of(data.path(), "almoner-a").unwrap();
        let again = HostKey::of(data.path(), "almoner-a").unwrap();
        assert_eq!((key.seed, key.verifier()), (again.seed, again.verifier()));
        let ticket = ticket(&key);
        let text = ticket.signed(&key).unwrap();
        assert_eq!(Ticket::parse(&text).unwrap(), ticket);
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            let Ok(changed) = String::from_utf8(changed) else { continue };
            assert!(Ticket::parse(&changed).is_err(), "{changed}");
        }
    }

    #[test]
    fn a_seed_with_any_bytes_is_read_again() {
        for number in 0..64 {
            let data = tempfile::tempdir().unwrap();
            let signing = journal::SigningKey::from_seed("h", [number * 4 + 3; 32]).unwrap();
            std::fs::write(data.path().join("move-key"), signing.to_secret_text()).unwrap();
            assert_eq!(HostKey::of(data.path(), "h").unwrap().seed, [number * 4 + 3; 32]);
        }
    }
}
