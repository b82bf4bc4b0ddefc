//! The clinical record: read models and rules.
