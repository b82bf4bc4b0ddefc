//! Which records could be the person whom somebody is about to register: the rule of the whole patient index
//! (`matching`), asked of the records that the index finds.
//!
//! For the one question of a registration: must this record be looked at before a new one is made? Merges nothing.

use record::{Problem, Reading, Version};

use super::Demographics;
use crate::draft::document;
use crate::matching::{self, Comparison, Field, Verdict};
use crate::merging::weights;
use crate::patient_index::candidates;

/// Records that are shown, likely ones first.
const MOST: usize = 12;
/// Bits from which a record is shown: one person's once in a thousand times.
const SHOWN_BITS: f64 = -10.0;

/// How likely a record is the same person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// It must be answered before anybody is registered: as likely one person as not, or the same NHS number.
    Likely,
    /// Shown, and need not be answered.
    Less,
}

/// A record that could be the person.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookalike {
    /// The Patient.
    pub version: Version,
    /// How likely.
    pub likeness: Likeness,
    /// What agrees and what does not, in words.
    pub why: Vec<String>,
    weight_bits: f64,
}

/// The records that could be this person, likeliest first. Those of unknown people and those that were withdrawn are
/// not among them.
///
/// # Errors
/// The record could not be read.
pub async fn lookalikes(reading: &Reading, person: &Demographics) -> Result<Vec<Lookalike>, Problem> {
    let wanted = matching::Demographics::from(person);
    let versions = candidates(reading, &wanted).await?;
    let mut recorded = Vec::with_capacity(versions.len());
    for version in &versions {
        recorded.push(matching::Demographics::of_patient(document(version)?.root()));
    }
    let compared = weights(reading).await?.compare_all(&wanted, &recorded);
    let mut found: Vec<Lookalike> =
        versions.into_iter().zip(compared).filter_map(|(version, compared)| judged(version, &compared)).collect();
    found.sort_by(|a, b| {
        let nearer = a.likeness.cmp(&b.likeness).then(b.weight_bits.total_cmp(&a.weight_bits));
        nearer.then_with(|| a.version.key.id.cmp(&b.version.key.id))
    });
    found.truncate(MOST);
    Ok(found)
}

fn judged(version: Version, compared: &Comparison) -> Option<Lookalike> {
    let likeness = likeness(compared)?;
    Some(Lookalike { version, likeness, why: compared.why(), weight_bits: compared.weight_bits })
}

fn likeness(compared: &Comparison) -> Option<Likeness> {
    let has_number = compared.field(Field::NhsNumber).is_some_and(matching::Row::is_same);
    match compared.verdict {
        Verdict::Merge | Verdict::Review => Some(Likeness::Likely),
        Verdict::Different if has_number => Some(Likeness::Likely),
        Verdict::Different => (compared.weight_bits >= SHOWN_BITS).then_some(Likeness::Less),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::Weights;

    fn person(family: &str, given: &str, born: &str, nhs: &str, postcode: &str) -> matching::Demographics {
        matching::Demographics::from(&Demographics {
            family: family.into(),
            given: given.into(),
            born: born.parse().ok(),
            nhs_number: terms::NhsNumber::parse(nhs).ok(),
            postcode: (!postcode.is_empty()).then(|| postcode.to_owned()),
            ..Demographics::default()
        })
    }

    #[test]
    fn who_must_be_looked_at() {
        let wanted = person("Wójcik", "Tomasz", "1988-06-09", "9990710198", "TH3 8KW");
        let likely = Some(Likeness::Likely);
        let less = Some(Likeness::Less);
        let cases = [
            ("an accent", person("Wojcik", "Tomás", "1988-06-09", "", "TH1 1AA"), likely),
            ("the same number", person("Nowak", "Anna", "1990-01-01", "9990710198", ""), likely),
            ("another number, another year", person("Wojcik", "Tomasz", "1978-06-09", "9990710260", ""), less),
            ("another number, all else the same", person("Wojcik", "Tomasz", "1988-06-09", "9990710260", ""), likely),
            ("names the other way round", person("Tomasz", "Wójcik", "1988-06-09", "", ""), likely),
            ("day and month swapped", person("Wójcik", "Tomasz", "1988-09-06", "", ""), likely),
            ("a twin", person("Wójcik", "Pawel", "1988-06-09", "", "TH3 8KW"), less),
            ("a father of one name", person("Wójcik", "Tomasz", "1955-02-01", "", "TH3 8KW"), less),
            ("an initial", person("Wójcik", "T", "1988-06-09", "", ""), likely),
            ("somebody of that birthday", person("Smith", "John", "1988-06-09", "", ""), None),
            ("somebody of that name", person("Wójcik", "Tomasz", "1931-11-30", "9990202044", ""), None),
            ("a name without a birth date", person("Wójcik", "Tomasz", "", "", ""), less),
        ];
        for (what, recorded, expected) in cases {
            let compared = Weights::believed().compare(&wanted, &recorded);
            assert_eq!(likeness(&compared), expected, "{what}: {:.1} bits, {:?}", compared.weight_bits, compared.why());
        }
    }
}
