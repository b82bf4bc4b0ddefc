//! The trusts of a host: accounts, configuration, listeners and background loops; the only wiring.
