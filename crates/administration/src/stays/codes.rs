//! The NHS Data Dictionary's codes that stays are described with, as far as somebody chooses among them, in words short
//! enough for a form.
//!
//! The codes are the national ones (UK Core code systems and the CDS 6.2 schema); what they mean at length stands in the
//! dictionary under the name above each list. Codes that a person never chooses (not applicable, default) are left out.

/// A national code and its words.
pub type Code = (&'static str, &'static str);

/// ADMISSION METHOD (HOSPITAL PROVIDER SPELL), elective.
pub const ELECTIVE_METHODS: &[Code] = &[("11", "Waiting list"), ("12", "Booked"), ("13", "Planned")];

/// ADMISSION METHOD (HOSPITAL PROVIDER SPELL), emergency.
pub const EMERGENCY_METHODS: &[Code] = &[
    ("21", "Emergency department of this trust"),
    ("22", "GP, direct to the hospital"),
    ("23", "Bed bureau"),
    ("24", "Consultant clinic"),
    ("25", "Mental health crisis resolution team"),
    ("2A", "Emergency department of another provider"),
    ("2B", "Transfer of an admitted patient in an emergency"),
    ("2C", "Baby born at home as intended"),
    ("2D", "Other emergency admission"),
];

/// ADMISSION METHOD (HOSPITAL PROVIDER SPELL), maternity and other.
pub const OTHER_METHODS: &[Code] = &[
    ("31", "Maternity, before delivery"),
    ("32", "Maternity, after delivery"),
    ("82", "Baby born here"),
    ("83", "Baby born elsewhere, not at home as intended"),
    ("81", "Transfer, not in an emergency"),
];

/// INTENDED MANAGEMENT CODE.
pub const INTENDED: &[Code] = &[
    ("1", "At least one night"),
    ("2", "Day case, no night"),
    ("3", "Planned sequence with nights"),
    ("4", "Planned sequence without nights"),
    ("5", "Regular nights"),
];

/// Clinical priority of surgery (P codes of the surgical societies' federation), without those that are retired.
pub const PRIORITIES: &[Code] = &[
    ("P1a", "within 24 hours"),
    ("P1b", "within 72 hours"),
    ("P2", "within 4 weeks"),
    ("P3", "within 3 months"),
    ("P4", "can wait more than 3 months"),
];

/// DISCHARGE METHOD CODE (HOSPITAL PROVIDER SPELL), of the living.
pub const DISCHARGE_METHODS: &[Code] = &[
    ("1", "On clinical advice or with clinical consent"),
    ("6", "Discharged themselves"),
    ("7", "Discharged by a relative or advocate"),
    ("3", "By a tribunal, the Home Secretary or a court"),
    ("9", "Not known"),
];

/// The method of discharge of somebody who died.
pub const DIED: &str = "4";
/// The destination of somebody who died.
pub const DIED_DESTINATION: &str = "79";

/// DISCHARGE DESTINATION CODE (HOSPITAL PROVIDER SPELL), of the living.
pub const DESTINATIONS: &[Code] = &[
    ("19", "Usual place of residence"),
    ("29", "Temporary place of residence"),
    ("54", "NHS run care home"),
    ("65", "Local authority residential accommodation"),
    ("85", "Care home, not NHS, not local authority"),
    ("88", "Hospice, not NHS"),
    ("51", "NHS hospital, general ward"),
    ("52", "NHS hospital, maternity or neonatal ward"),
    ("53", "NHS hospital, mental illness or learning disabilities"),
    ("87", "Hospital not run by the NHS"),
    ("84", "Hospital not run by the NHS, medium secure"),
    ("50", "NHS hospital, medium secure unit"),
    ("49", "NHS hospital, high security"),
    ("48", "High security psychiatric hospital, Scotland"),
    ("30", "Repatriation from high security"),
    ("66", "Local authority foster care"),
    ("37", "Court"),
    ("38", "Penal establishment or police station"),
    ("99", "Not known"),
];

/// ADMISSION OFFER OUTCOME CODE, as far as it ends an offer without an admission.
pub const OFFER_ENDS: &[Code] = &[
    ("2", "Cancelled by or for the patient"),
    ("6", "Cancelled by the hospital before the day"),
    ("7", "Cancelled by the hospital on the day"),
    ("4", "The patient did not arrive"),
];

/// ELECTIVE ADMISSION LIST REMOVAL REASON CODE, without the admission itself, which removes by itself.
pub const REMOVALS: &[Code] =
    &[("2", "Admitted as an emergency for the same condition"), ("3", "Died"), ("4", "Other reason")];

/// The words of a code in a list.
pub fn words_of(list: &[Code], code: &str) -> Option<&'static str> {
    list.iter().find(|(known, _)| *known == code).map(|(_, words)| *words)
}

/// The words of a method of admission.
pub fn method_words(code: &str) -> Option<&'static str> {
    [ELECTIVE_METHODS, EMERGENCY_METHODS, OTHER_METHODS].iter().find_map(|list| words_of(list, code))
}

/// Whether a method of admission is an emergency's.
pub fn is_emergency(method: &str) -> bool {
    words_of(EMERGENCY_METHODS, method).is_some() || method == "28"
}

/// Whether a method of admission is an elective one.
pub fn is_elective(method: &str) -> bool {
    words_of(ELECTIVE_METHODS, method).is_some()
}
