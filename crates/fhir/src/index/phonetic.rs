//! How words sound, for the `phonetic` parameters: Double Metaphone of every word of a name (L. Philips, "The Double
//! Metaphone Search Algorithm", 2000).

use super::fold::fold;
use rphonetic::{DoubleMetaphone, Encoder};

/// The sound of each word, as letters; words without one, such as those in other scripts, are left as they are.
pub(super) fn sounds(text: &str) -> Vec<String> {
    let encoder = DoubleMetaphone::default();
    let mut found: Vec<String> = Vec::new();
    for word in fold(text).split(' ').filter(|word| !word.is_empty()) {
        let sound = if word.is_ascii() { encoder.encode(word) } else { String::new() };
        let sound = if sound.is_empty() { super::encode::cut(word).to_owned() } else { sound };
        if !found.contains(&sound) {
            found.push(sound);
        }
    }
    found
}
