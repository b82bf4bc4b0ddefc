//! Whole pages as pure functions: view structs in, markup out. Handlers in `routes` gather what they show.
//!
//! A page shows only what exists; every number says in words whose it is.

pub mod account;
pub mod accounts;
pub(crate) mod admissions;
pub(crate) mod break_glass;
pub mod chart;
pub mod configuration;
pub(crate) mod details;
pub mod downtime;
pub(crate) mod drawn;
pub(crate) mod duplicates;
pub(crate) mod emergency;
pub(crate) mod fields;
pub(crate) mod hand_over;
pub mod held;
pub(crate) mod home;
pub mod host;
pub(crate) mod incident;
pub(crate) mod mixed_sex;
pub mod moving;
pub(crate) mod my_patients;
pub(crate) mod newborn;
pub mod oversight;
pub(crate) mod owed;
pub mod password;
pub mod patient;
pub(crate) mod place;
pub(crate) mod privacy;
pub mod problem;
pub(crate) mod register;
pub mod search;
pub mod sign_in;
pub(crate) mod stay;
pub(crate) mod task;
pub(crate) mod ward;
pub mod who_looked;
