//! A refusal: the rules said no. It has a code for programs, a sentence for a person that says what to do next, and the
//! field that it is about. No patient data: the form shows whom it is about.

/// The rules said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The rule, such as `bed-taken`.
    pub code: &'static str,
    /// What a person reads.
    pub sentence: String,
    /// The field of the form, when it is about one.
    pub field: Option<&'static str>,
}

impl Refusal {
    /// A refusal about the whole.
    pub fn new(code: &'static str, sentence: impl Into<String>) -> Refusal {
        Refusal { code, sentence: sentence.into(), field: None }
    }

    /// A refusal about one field.
    pub fn at(code: &'static str, field: &'static str, sentence: impl Into<String>) -> Refusal {
        Refusal { code, sentence: sentence.into(), field: Some(field) }
    }
}
