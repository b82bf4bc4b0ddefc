//! The words of Almoner as types: ids, NHS numbers, moments, dates, and index rows. Parse once, at the rim.
//!
//! Knows nothing of the other crates and reads no clock. Start with [`index`] for what can be found, [`Moment`] for
//! when something was, [`PartialDate`] for dates as they are known, [`print`](mod@print) for dates and ages as
//! people read them, [`input`] for dates as people type them.

mod ids;
pub mod index;
pub mod input;
mod local;
mod nhs_number;
mod partial;
pub mod print;
pub mod time;

pub use ids::{BadId, ResourceId, TrustCode};
pub use jiff::civil::{Date, DateTime, Time};
pub use local::{LocalTime, local, local_date, moment_of, start_of_day};
pub use nhs_number::{BadNhsNumber, NhsNumber};
pub use partial::{PartialDate, Precision};
pub use time::{BadTime, Clock, Moment};

use time::days_in_month;
