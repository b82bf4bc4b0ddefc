//! The list of what goes wrong on purpose, `planted/defects.toml`, read once.
//! Says how often; what each is, is in the files that make them.

use std::sync::LazyLock;

/// One thing that goes wrong on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// Its code.
    pub code: String,
    /// What happens, from the ward's side.
    pub words: String,
    /// Of a thousand of what it happens to.
    pub per_thousand: u32,
    /// What somebody sees of it.
    pub shown_as: String,
}

static DEFECTS: LazyLock<Vec<Defect>> = LazyLock::new(|| read(include_str!("../../planted/defects.toml")));

/// Every defect of the list.
pub fn defects() -> &'static [Defect] {
    &DEFECTS
}

/// How many of a thousand; none of what is not on the list.
pub(super) fn per_thousand(code: &str) -> f64 {
    DEFECTS.iter().find(|defect| defect.code == code).map_or(0.0, |defect| f64::from(defect.per_thousand))
}

/// The file has a key and a value on each line, as it is written here.
fn read(text: &str) -> Vec<Defect> {
    let mut all: Vec<Defect> = Vec::new();
    for line in text.lines() {
        if line.trim() == "[[defect]]" {
            let (code, words, shown_as) = (String::new(), String::new(), String::new());
            all.push(Defect { code, words, per_thousand: 0, shown_as });
        }
        let (Some((key, value)), Some(defect)) = (line.split_once(" = "), all.last_mut()) else { continue };
        let value = value.trim().trim_matches('"');
        match key.trim() {
            "code" => defect.code = value.to_owned(),
            "words" => defect.words = value.to_owned(),
            "per_thousand" => defect.per_thousand = value.parse().unwrap_or_default(),
            "shown_as" => defect.shown_as = value.to_owned(),
            _ => {}
        }
    }
    all
}
