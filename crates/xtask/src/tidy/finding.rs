//! What tidy has to say about one place in the tree, in one form: where; what; why; what to do.
//! It knows nothing of the rules that find it.

use std::fmt;

/// One place that breaks a rule of the house.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Path from the root of the repository.
    pub(crate) path: String,
    /// Line, counted from 1; 0 where the finding is about the file as a whole.
    pub(crate) line: usize,
    /// What is there.
    pub(crate) what: String,
    /// Which harm the rule prevents.
    pub(crate) why: &'static str,
    /// What to do about it.
    pub(crate) remedy: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, what, why, remedy } = self;
        write!(out, "{path}:{line}: {what}; {why}; {remedy}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_where_what_why_and_the_remedy() {
        let finding =
            Finding { path: "a/b.rs".into(), line: 7, what: "it is so".into(), why: "it hurts", remedy: "change it" };
        assert_eq!(finding.to_string(), "a/b.rs:7: it is so; it hurts; change it");
    }
}
