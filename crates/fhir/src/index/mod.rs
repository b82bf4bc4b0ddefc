//! Search parameters: values of a resource to index rows, and text of a query to spans over them.
//!
//! Both sides of the index are encoded here and nowhere else, so that they agree. [`extract::index_rows`] writes, [`query::parse`]
//! reads. Names of rows are `Type.code`, perhaps with a suffix:
//!
//! | kind | row | parts |
//! | --- | --- | --- |
//! | token | `X` | `Code(system, code)`; identifiers, telecoms and strings: `Text(value) Text(system)` |
//! | | `X:text` | `Text(folded display or text)` |
//! | | `X:system` | `Text(system)` of identifiers and telecoms |
//! | | `X:of-type` | `Code(system and code of the identifier's type) Text(value)` |
//! | string | `X` | `Text(folded) Text(as written)`; `phonetic`: `Text(sound of one word)` |
//! | date | `X` | `Fixed(first instant) Fixed(last instant)` |
//! | | `X:high` | `Fixed(last instant) Fixed(first instant)`, of periods of a day or longer |
//! | number, quantity | `X` | `Fixed(number)` |
//! | | `X:range` | `Fixed(low) Fixed(high)` of ranges and sampled data |
//! | quantity | `X:unit` | `Code(system, unit) Fixed(number)`, in base units where UCUM allows |
//! | reference | `X` | `Target(type, id)`; `patient` has those of `subject` that are patients, and so on |
//! | | `X:uri` | `Text(address) Text(version)` of what is elsewhere |
//! | | `X:identifier` | `Text(value) Text(system)` |
//! | uri | `X` | `Text(address)` |
//! | composite | `X`, `X:unit` | the parts of its components in order |
//! | – | `~patient` | see [`compartment`] |
//!
//! Moments without a zone are UTC. Texts are indexed by their first 240 bytes. Knows no store.

pub(crate) mod compartment;
mod composite;
mod encode;
pub(crate) mod extract;
pub(crate) mod fold;
pub(crate) mod membership;
mod phonetic;
pub(crate) mod query;
mod ranges;
mod spans;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod units;
mod values;
mod walk;
