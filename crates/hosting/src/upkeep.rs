//! What a host does by itself while it serves: a checkpoint of every journal that has grown, no row of the desk kept
//! beyond its time, and no blob that no commit came to name. Once an hour, the first time a minute after the start.

use std::sync::Arc;
use std::time::Duration;

use record::apply::hand_over::Tenure;

use crate::desk::Drawer;
use crate::failure::Failure;
use crate::host::{Host, Trust};
use crate::{held, sessions, tokens};

const FIRST: Duration = Duration::from_secs(60);
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Keeps all trusts in order until the task is dropped.
pub(crate) async fn keep(host: Arc<Host>) {
    tokio::time::sleep(FIRST).await;
    loop {
        for (code, _) in host.trust_names().await {
            let kept = match host.trust(&code).await {
                Ok(trust) => keep_one(&trust).await,
                Err(failure) => Err(failure),
            };
            if let Err(failure) = kept {
                tracing::error!(trust = %code, %failure, "the upkeep of a trust failed");
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn keep_one(trust: &Trust) -> Result<(), Failure> {
    if trust.record.tenure() != Tenure::Writes {
        // It belongs to another host, which keeps it in order.
        return Ok(());
    }
    let entries = trust.record.status().await?.sequence;
    let signed = trust.record.last_checkpoint()?.map(|signed| signed.checkpoint().size);
    if signed != Some(entries) {
        trust.record.checkpoint().await?;
    }
    let swept = trust.record.sweep_blobs().await?;
    if swept > 0 {
        tracing::info!(blobs = swept, "blobs that no commit names were removed");
    }
    for kind in [sessions::KIND, tokens::KIND, held::OWNER, held::HELD, portal::drafts::DRAFT] {
        Drawer::of(&trust.record, kind).sweep((trust.clock)()).await?;
    }
    Ok(())
}
