//! Who may do what, as a pure decision: a [`Grant`] (who asks, in which role, for what) becomes a [`Permit`] with a
//! [`Scope`], or a [`Denied`] with a sentence for a person.
//!
//! `record` asks for a permit before it shows or changes anything and joins the scope into every query. This crate
//! knows neither HTTP nor SQL nor what a patient is; it never reads a clock: the moment is a parameter.

mod permit;
mod role;
mod scope;

pub use permit::{Basis, Denied, Permit, Principal};
pub use role::{Grant, Role, decide};
pub use scope::{Closed, Kinds, Scope, Subject, Subjects};
