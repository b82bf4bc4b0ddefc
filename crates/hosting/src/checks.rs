//! Proofs and repairs of one record, asked for by the command line: verify, checkpoint, rebuild of the index.
//! Says what `record` found, in words; finds nothing itself.

use journal::SignedCheckpoint;
use journal::note::notes;
use record::{VerifyOptions, VerifyReport};
use serde::{Deserialize, Serialize};
use terms::Moment;

use crate::desk::Drawer;
use crate::failure::Failure;
use crate::host::Trust;
use crate::secret::hex;
use crate::work::{Fault, Listener, Outcome, Progress};

/// The kind and key of the desk's row about the last verification.
const KIND: &str = "check";
const LAST: &str = "last";

/// The last verification.
#[derive(Debug, Serialize, Deserialize)]
struct Verified {
    /// Milliseconds since 1970.
    moment: i64,
    whole: bool,
}

/// Signs a checkpoint of the journal, and one of each chain of this host's access journal.
pub(crate) async fn checkpoint(trust: &Trust) -> Result<Outcome, Failure> {
    let mut text = trust.record.checkpoint().await?.to_string();
    for of_accesses in trust.record.access_checkpoints().await? {
        text = format!("{text}\n{of_accesses}");
    }
    Ok(Outcome::Checkpoint { text })
}

/// Makes the index anew from the versions.
pub(crate) async fn rebuild_index(trust: &Trust, listener: Listener<'_>) -> Result<Outcome, Failure> {
    let heard = |done, total| listener(Progress { doing: "Indexing".into(), done, total: Some(total), items: done });
    Ok(Outcome::IndexRebuilt { resources: trust.record.rebuild_index(heard).await? })
}

/// Checks that the record is whole.
///
/// # Errors
/// A text to verify against that is no checkpoint. What is wrong in the record is in the outcome.
pub(crate) async fn verify(
    trust: &Trust,
    against: Option<String>,
    index: bool,
    listener: Listener<'_>,
) -> Result<Outcome, Failure> {
    let against: Vec<String> =
        against.as_deref().map(notes).unwrap_or_default().into_iter().map(str::to_owned).collect();
    if let Some(bad) = against.iter().find_map(|text| SignedCheckpoint::parse(text).err()) {
        return Err(Failure::Refused(format!("What was given to verify against is no checkpoint: {bad}.")));
    }
    let options = VerifyOptions { against, keys: Vec::new(), index };
    let heard = |done, total| listener(Progress { doing: "Verifying".into(), done, total: Some(total), items: done });
    let report = trust.record.verify(options, heard).await?;
    let verified = Verified { moment: (trust.clock)().0, whole: report.holds() };
    if !trust.record.is_only_read() {
        Drawer::of(&trust.record, KIND).put(LAST, &verified, None, None).await?;
    }
    Ok(said(&report))
}

/// When the whole record was last verified, and whether it held.
pub(crate) async fn last_verified(trust: &Trust) -> Result<Option<(Moment, bool)>, Failure> {
    let row = Drawer::of(&trust.record, KIND).get::<Verified>(LAST).await?;
    Ok(row.map(|row| (Moment(row.value.moment), row.value.whole)))
}

fn said(report: &VerifyReport) -> Outcome {
    let journal = &report.journal;
    let mut checked = vec![
        format!("{} entries, chain and tree, root {}", journal.entries, hex(&journal.root)),
        format!("{} texts of {} versions of {} resources", journal.texts, journal.versions, journal.resources),
        format!(
            "{} accesses in {} leaves of {} access chains",
            journal.access_reads, journal.access_leaves, journal.access_chains
        ),
    ];
    checked.extend(journal.checkpoints.iter().map(|one| format!("a checkpoint of {}", one.counted())));
    checked.extend(report.index_rows.map(|rows| format!("{rows} index rows")));
    let digests = report.index_digests.iter();
    checked
        .extend(digests.map(|(kind, (rows, digest))| format!("{rows} index rows of {kind}, digest {}", hex(digest))));
    let in_journal = journal.findings.iter().map(|finding| Fault {
        kind: finding.kind.name().to_owned(),
        entry: finding.at_entry.filter(|_| !finding.is_of_accesses()),
        leaf: finding.at_entry.filter(|_| finding.is_of_accesses()),
        subject: finding.subject.clone(),
        sentence: finding.sentence.clone(),
    });
    let in_store = report.store.iter().map(|finding| Fault {
        kind: finding.kind.to_owned(),
        entry: None,
        leaf: None,
        subject: finding.subject.clone(),
        sentence: finding.sentence.clone(),
    });
    Outcome::Verified {
        whole: report.holds(),
        checked,
        faults: in_journal.chain(in_store).collect(),
        more_faults: journal.omitted + report.store_omitted,
        not_proved: journal.not_proved(),
    }
}
