//! When the host that a trust was cut to never opens: the cut entry is carried to it by hand, or it refuses the cut for good
//! and the host that cut takes the record back. Two people answer for that under their names. What makes it safe is not
//! said here: a refusal is on the refusing host's disk before it is signed (`record::apply::hand_over`), and
//! `docs/formats/move.md`, section 5, says what two people cannot know.

use std::sync::Arc;

use http::Method;
use journal::act::Resume;
use record::Record;
use record::apply::hand_over::Tenure;
use serde::{Deserialize, Serialize};

use super::gate::Stand;
use super::kept::{Move, Side};
use super::phase::Step;
use super::pull::{path, permit};
use super::segment;
use super::words::unhex;
use crate::credentials;
use crate::failure::Failure;
use crate::host::Host;
use crate::secret::{Secret, hex};

/// The first line of a cut entry that is carried.
const CARRIED: &str = "almoner cut entry 1\n";

/// A refusal, as it is carried.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Refusal {
    format: String,
    origin: String,
    cut: u64,
    epoch: u64,
    target_key: String,
    signature: String,
}

/// What a host is asked to refuse.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AskedToRefuse {
    pub(crate) entry: String,
    /// The epoch of the host that would take the record back.
    pub(crate) epoch: u64,
}

const FORMAT: &str = "almoner refusal 1";

/// The cut entry of a record that was cut away from here, as a text.
pub(crate) async fn entry(of: &Move) -> Result<String, Failure> {
    let record = of.record().await?;
    let writes = record.writes().await?.filter(|writes| writes.cut > 0);
    let Some(writes) = writes.filter(|_| record.tenure() != Tenure::Writes) else {
        return Err(Failure::refused("This host has not cut the trust away."));
    };
    let packed = segment::pack(&record.decided(&permit(of)?, writes.cut, 1).await?)?;
    let epoch = record.place().await?.epoch;
    Ok(format!("{CARRIED}epoch {epoch}\n{}\n", hex(&packed)))
}

/// The packed entry in a text that was carried.
pub(crate) fn carried(text: &str) -> Result<Vec<u8>, Failure> {
    Ok(read(text)?.1)
}

/// The epoch of the host that cut, and the packed entry.
fn read(text: &str) -> Result<(u64, Vec<u8>), Failure> {
    let wrong = || Failure::refused("This is no cut entry as `almoner move entry` writes it.");
    let rest = text.strip_prefix(CARRIED).and_then(|rest| rest.strip_prefix("epoch ")).ok_or_else(wrong)?;
    let (epoch, digits) = rest.split_once('\n').ok_or_else(wrong)?;
    Ok((epoch.parse().map_err(|_| wrong())?, bytes_of(digits.trim_end())?))
}

/// The packed entry in hexadecimal digits.
fn bytes_of(digits: &str) -> Result<Vec<u8>, Failure> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    let bytes = bytes.collect::<Option<Vec<u8>>>().filter(|_| rest.is_empty());
    bytes.ok_or_else(|| Failure::refused("The cut entry is not written in hexadecimal digits."))
}

/// At the host that the record was cut to: refuses the cut for good.
pub(crate) async fn refuse(of: &Move, text: &str) -> Result<String, Failure> {
    let (epoch, packed) = read(text)?;
    let refusal = refuse_packed(of, &packed, epoch).await?;
    serde_json::to_string_pretty(&refusal).map_err(|error| Failure::problem("writing a refusal", &error))
}

/// The same, asked over the wire.
pub(crate) async fn refuse_asked(of: &Move, asked: AskedToRefuse) -> Result<Refusal, Failure> {
    refuse_packed(of, &bytes_of(&asked.entry)?, asked.epoch).await
}

async fn refuse_packed(of: &Move, packed: &[u8], epoch: u64) -> Result<Refusal, Failure> {
    let entries = segment::unpack(packed).map_err(|_| Failure::refused("This is no entry."))?;
    let entry = entries.first().ok_or_else(|| Failure::refused("This is no entry."))?;
    let _nothing_is_pulled = of.pulling.lock().await;
    let record = of.record().await?;
    let resume = record.refuse_cut(&permit(of)?, &entry.entry, epoch).await?;
    tracing::warn!(trust = %of.code, cut = resume.cut, "a cut to this host was refused for good");
    Ok(Refusal {
        format: FORMAT.into(),
        origin: resume.origin,
        cut: resume.cut,
        epoch: resume.epoch,
        target_key: hex(&resume.target_key),
        signature: hex(&resume.signature),
    })
}

/// At the host that cut: takes the record back by the other's refusal, and lets writers go on here.
pub(crate) async fn resume(
    host: &Arc<Host>,
    of: &Arc<Move>,
    refusal: Option<String>,
    people: [(String, Secret); 2],
) -> Result<(), Failure> {
    let record = of.record().await?;
    if record.tenure() == Tenure::Writes {
        return Err(Failure::refused("This host writes the trust: there is nothing to take back."));
    }
    let names = both(host, of, people).await?.join(" and ");
    let refusal = match refusal {
        Some(text) => serde_json::from_str(&text)
            .map_err(|_| Failure::refused("This is no refusal as `almoner move refuse` writes it."))?,
        None => asked(of, &record).await?,
    };
    let given = Resume {
        target_key: unhex(&refusal.target_key)?,
        signature: unhex(&refusal.signature)?,
        origin: refusal.origin,
        cut: refusal.cut,
        epoch: refusal.epoch,
    };
    if refusal.format != FORMAT || !record.resume(&permit(of)?, given, &names).await? {
        return Err(Failure::refused(
            "This refusal is not of the newest cut, was made for an earlier start of this host, or its signature does \
             not hold. Write the entry anew (`almoner move entry`) and have it refused again.",
        ));
    }
    of.note(Step::Cut);
    of.note(Step::Resumed { back: of.kept().side == Side::Target });
    of.change(|kept| kept.held = None)?;
    of.set_problem(None);
    of.gate.set(Stand::Open);
    tracing::warn!(trust = %of.code, "a cut was taken back: this host writes the trust again");
    Ok(())
}

/// Asks the other host to refuse, if it can be reached.
async fn asked(of: &Move, record: &Record) -> Result<Refusal, Failure> {
    let text = entry(of).await?;
    let asked = AskedToRefuse { entry: hex(&carried(&text)?), epoch: record.place().await?.epoch };
    of.peer.call(Method::POST, &path(of, "refuse"), Some(&asked)).await.map_err(|failure| match failure {
        Failure::Problem(why) => Failure::Problem(format!(
            "{why} Have it refuse the cut by hand: `almoner move entry` here, `almoner move refuse` there, then \
             `almoner move resume --refusal`."
        )),
        refused @ Failure::Refused(_) => refused,
    })
}

/// Two different people of the trust who prove that it is them.
pub(super) async fn both(
    host: &Arc<Host>,
    of: &Move,
    [one, other]: [(String, Secret); 2],
) -> Result<[String; 2], Failure> {
    let trust = host.trust(&of.code).await?;
    let names =
        [credentials::proved(&trust, &one.0, &one.1).await?, credentials::proved(&trust, &other.0, &other.1).await?];
    if names[0] == names[1] {
        return Err(Failure::refused("Two different people answer for this, each with their own account."));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn what_is_carried_is_read_as_it_was_written() {
        let text = format!("{CARRIED}epoch 7\n{}\n", hex(b"entry"));
        assert_eq!(read(&text).unwrap(), (7, b"entry".to_vec()));
        for bad in
            ["", "almoner cut entry 1\n", "almoner cut entry 1\nepoch x\n00\n", "almoner cut entry 1\nepoch 7\n0\n"]
        {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
