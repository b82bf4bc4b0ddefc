//! Rules of administration over a real record, on both stores: what must hold whatever door a change comes through.
//! `stage` is the hospital that they are tried in.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod beds;
mod census;
mod configuring;
mod downtime;
mod duplicates;
mod emergency;
mod figures;
mod hospital;
mod inpatients;
mod kinds_of_stay;
mod matching;
mod merging;
mod obligations;
mod registration;
mod restricted_access;
mod stage;
mod tasks;
mod year;
