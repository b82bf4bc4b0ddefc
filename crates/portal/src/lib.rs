//! Server-rendered pages, forms and live boards: the screens of Almoner.
//!
//! Tour: [`components`] are pure functions from plain view structs to markup; [`pages`] put them together from the
//! read models of `clinical` and `administration` in a [`Setting`]; [`routes()`] is the door: handlers gather at one
//! snapshot of the record through the [`Door`] that `hosting` puts into the request, and render; [`assets`] are the
//! style sheets and scripts, embedded. A page works without script, loads nothing from another host and carries no
//! inline style or script.
//!
//! Knows neither SQL nor the FHIR REST interface; rules live in `clinical` and `administration`.

mod act;
pub mod assets;
pub mod components;
mod door;
pub mod drafts;
mod gather;
mod here;
pub mod icon;
pub mod link;
mod live;
pub mod pages;
mod recent;
mod routes;
pub mod setting;
pub mod words;

pub use door::{Door, Holds, Names, Pds};
pub use here::{Here, keep_place};
pub use live::Boards;
pub use live::parts;
pub use recent::LastLooks;
pub use routes::{ROUTES, routes};
pub use setting::Setting;
