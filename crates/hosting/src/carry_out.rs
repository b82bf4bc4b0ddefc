//! Carries out one piece of [`Work`] on the host that this process owns.
//! One line a command; what each does is in the module of its name.

use std::sync::Arc;

use record::CauseKind;

use crate::failure::Failure;
use crate::host::Host;
use crate::trusts::{How, TrustCode};
use crate::work::{GoLive, Listener, NewPassword, NewToken, NewUser, Outcome, TrustView, Work};
use crate::{
    account_staff, accounts, checks, configure, downtime, duplicates, exit, going_live, load, moving, oversight,
    tokens, witness,
};

/// Does what is asked; whoever asks hears how far it is.
pub(crate) async fn carry_out(host: &Arc<Host>, work: Work, listener: Listener<'_>) -> Result<Outcome, Failure> {
    if let Some(trust) = written_to(&work) {
        moving::lets_write(host, trust)?;
    }
    match work {
        Work::AddTrust(new) => Ok(Outcome::Trust(host.add_trust(new).await?.view().await?)),
        Work::ListTrusts => Ok(Outcome::Trusts(host.views().await)),
        Work::ShowTrust { trust } => {
            let trust = host.trust(&trust).await?;
            let case = going_live::of(&trust).await?;
            Ok(Outcome::Trust(TrustView { case, ..trust.view().await? }))
        }
        Work::GoLive(new) => going_live::go_live(host, new).await,
        Work::ShutTrust { trust, for_good } => {
            let how = if for_good { How::Closed } else { How::Paused };
            Ok(Outcome::Trust(host.shut(&trust, how).await?.view()))
        }
        Work::RestoreTrust { trust } => Ok(Outcome::Trust(host.restore(&trust).await?.view().await?)),
        Work::RemoveTrust { trust, confirm } => {
            host.remove(&trust, &confirm).await?;
            Ok(Outcome::TrustRemoved { trust })
        }
        Work::AddUser(new) => accounts::add(&*host.trust(&new.trust).await?, new).await,
        Work::ListUsers { trust } => accounts::list(&*host.trust(&trust).await?).await.map(Outcome::Users),
        Work::ResetUser(new) => accounts::reset(&*host.trust(&new.trust).await?, new).await,
        Work::LinkUser { trust, name, staff } => {
            let trust = host.trust(&trust).await?;
            account_staff::link(&trust, (&trust.host_permit()?, CauseKind::System), &name, staff.as_deref()).await
        }
        Work::CloseUser { trust, name, to } => {
            let trust = host.trust(&trust).await?;
            accounts::close(&trust, (&trust.host_permit()?, CauseKind::System), &name, to.as_deref()).await
        }
        Work::ListTokens { trust } => tokens::list(&*host.trust(&trust).await?).await,
        Work::RevokeToken { trust, id } => tokens::revoke(&*host.trust(&trust).await?, &id).await,
        Work::IssueToken(new) => tokens::issue(&*host.trust(&new.trust).await?, new).await,
        Work::Load { trust, paths, as_newest } => {
            let trust = host.trust(&trust).await?;
            load::load(trust, host.owners.clone(), paths, as_newest, listener).await.map(Outcome::Loaded)
        }
        Work::FindDuplicates { trust, threads } => {
            duplicates::find(&*host.trust(&trust).await?, threads, listener).await.map(Outcome::DuplicatesFound)
        }
        Work::DowntimeSheets { trust } => {
            let made = downtime::make(host, &*host.trust(&trust).await?).await?;
            let (folder, moment, sheets) = (made.folder, made.moment, made.sheets);
            Ok(Outcome::DowntimeSheets { trust, folder, moment, sheets })
        }
        Work::Configure { trust, what } => configure::carry(&*host.trust(&trust).await?, what).await,
        Work::Verify { trust, against, index } => {
            checks::verify(&*host.trust(&trust).await?, against, index, listener).await
        }
        Work::Checkpoint { trust } => checks::checkpoint(&*host.trust(&trust).await?).await,
        Work::Exit(work) => exit::carry(host, work, listener).await,
        Work::Move(work) => moving::carry(host, work, listener).await,
        Work::Oversee(work) => oversight::carry(host, work).await,
        Work::Witness(work) => witness::carry(host, work).await,
        Work::RebuildIndex { trust } => checks::rebuild_index(&*host.trust(&trust).await?, listener).await,
    }
}

/// The trust whose record is written to by this work.
fn written_to(work: &Work) -> Option<&TrustCode> {
    match work {
        Work::AddUser(NewUser { trust, .. })
        | Work::ResetUser(NewPassword { trust, .. })
        | Work::IssueToken(NewToken { trust, .. })
        | Work::GoLive(GoLive { trust, .. })
        | Work::CloseUser { trust, .. }
        | Work::LinkUser { trust, .. }
        | Work::RevokeToken { trust, .. }
        | Work::Load { trust, .. }
        | Work::FindDuplicates { trust, .. }
        | Work::Configure { trust, .. } => Some(trust),
        _ => None,
    }
}
