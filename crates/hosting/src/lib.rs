//! The trusts of a host: accounts, configuration, listeners and background loops; the only wiring.
//!
//! # Tour
//! * A command is [`Work`]; [`run`] carries it out here, or hands it to the process that owns the data directory
//!   (`ownership`, `channel`). [`serve`] owns the directory and answers by HTTP until it is told to stop.
//! * `host` opens the record of each trust in the registry (`trusts`) with the index functions, the owners and the
//!   clock: the only place where the crates are put together.
//! * `gate` stands before every route: a bearer token (`tokens`) or a session (`sessions`, begun in `sign_in`) becomes
//!   a permit, or the request is turned away. `routes` is the table; `listener` bounds what a client can hold.
//! * [`mod@configure`] checks, applies and takes back the text files of a trust's configuration.
//! * [`mod@moving`] moves a trust to another host while it is used, and back.
//! * [`mod@exit`] takes everything of a trust out in open formats, and makes a trust of that again.
//! * [`mod@oversight`] signs reports of this host's trusts and takes those of other hosts in.
//! * [`mod@witness`]: hosts sign each other's checkpoints, so that none can rewrite what was.
//! * [`mod@match_file`] finds likely duplicates in a CSV; it needs no trust. `duplicates` finds those of a trust.
//! * `load` takes FHIR files; its [`Account`] says of every resource what became of it.
//!
//! Does not know clinical rules, HTML beyond the pages of `portal`, or SQL.

mod account_page;
mod account_staff;
mod accounts;
mod answer;
mod carry_out;
mod channel;
mod checks;
mod clock;
mod closed;
mod configuration;
mod configuration_page;
pub mod configure;
mod cookie;
mod credentials;
mod demo;
mod demo_files;
mod desk;
mod downtime;
mod duplicates;
pub mod exit;
mod failure;
mod gate;
mod going_live;
mod held;
mod host;
mod host_page;
mod listener;
mod load;
pub mod match_file;
mod move_page;
mod move_plan;
mod move_view;
pub mod moving;
pub mod only_read;
pub mod oversight;
mod oversight_page;
mod ownership;
mod password;
mod password_page;
mod pds;
mod routes;
mod secret;
mod serve;
mod sessions;
mod sign_in;
mod speed;
#[cfg(test)]
mod test_host;
mod throttle;
mod tokens;
mod trust_page;
mod trusts;
mod upkeep;
pub mod witness;
mod work;

pub use configuration::{Configuration, Settings};
pub use demo::{Demonstration, OtherTrust, SignIn, serve_demonstration};
pub use duplicates::Duplicates;
pub use failure::Failure;
pub use going_live::SafetyCase;
pub use load::account::{Account, Counts, PassedOver, Place, Refusal};
pub use secret::Secret;
pub use serve::{run, serve};
pub use trusts::TrustCode;
pub use work::{
    Fault, GoLive, Listener, NewPassword, NewToken, NewTrust, NewUser, Outcome, Progress, TokenView, TrustView,
    UserState, UserView, Work,
};
