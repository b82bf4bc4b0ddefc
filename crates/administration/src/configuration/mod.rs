//! Configuration as code: the sites, wards, beds, services, staff and job roles of a trust as text files in a folder.
//!
//! # Tour
//! * [`Files`] are the texts, in layers: the folders a trust inherits from (a consortium's), then its own. [`read`] makes
//!   a [`Configuration`] of them and says what is wrong ([`Finding`]: file, line, reason, what to write). An error means
//!   that it may not be applied; a *look* does not.
//! * A later layer overrides an earlier one key by key, object by object, by code, and may switch things off;
//!   [`Origin`] says of every object whether it is the trust's own, inherited or overridden.
//! * [`changes`] says in words what differs between two configurations, [`lines`] what differs between two texts.
//! * [`standing`] is what a configuration stands for: the FHIR resources with the members that it owns. Every other member
//!   of such a resource, such as a bed's state, is somebody else's and stays.
//! * [`basic_text`] and [`files_of`] keep the files in the one resource `Basic/configuration`, whose history is the history
//!   of the configuration.
//!
//! * [`ApplyConfiguration`] is the command: one commit with the files and every resource that they change.
//! * [`ProposeConfiguration`] and [`ApproveConfiguration`] are the same by two people.
//!
//! Everything but `apply` and `propose` is pure; nothing reads a folder or a clock.

mod apply;
mod basic;
mod build;
mod codes;
mod differ;
mod files;
mod finding;
mod kinds;
mod line_diff;
mod lint;
mod lint_people;
mod merge;
mod model;
mod objects;
mod over;
mod propose;
mod resources;
mod schema;
mod table;

pub use apply::{ApplyConfiguration, Live, Planned, former, history, live, plan};
pub use basic::{BASIC, Kept, basic_text, files_of};
pub use build::{Read, read};
pub use codes::{List, meaning};
pub use differ::{Change, How, changes};
pub use files::{File, Files, Layer, MOST_BYTES, MOST_FILE_BYTES, MOST_FILES, inherits, resolve};
pub use finding::{At, Finding, RULES, Rule, Severity};
pub use kinds::{Sex, kind_words};
pub use line_diff::{Line, LineHow, folded, lines};
pub use model::{Configuration, Contact, JobRole, Member, Origin, Place, Service, Trust, Written};
pub use propose::{
    ApproveConfiguration, PROPOSAL, Proposal, ProposalState, ProposeConfiguration, PutAsideConfiguration, proposal,
};
pub use resources::{Standing, ended, standing};

#[cfg(test)]
mod tests;
