//! Allergies in four states. "No known allergies" is said only when somebody recorded exactly that and nothing
//! contradicts it; silence is *not recorded*; a record that cannot be read is *unavailable*, never empty.
//!
//! Counts what is active (or has no clinical status) and neither refuted nor entered in error.

use fhir::Node;

use crate::read::{Source, at, has_code, items, text, when, words, words_at};
use terms::PartialDate;

/// Codes that say that somebody asked and there are none: SNOMED CT 716186003 "No known allergy", as FHIR R4's
/// `allergyintolerance-code` value set has it. [check: clinical safety officer]
pub const NONE_KNOWN: &[&str] = &["716186003"];
/// Codes that deny one kind of allergy only (drug, food, environmental, insect, latex, animal), narrower than the
/// code above: they never make the whole record "no known allergies". [check: clinical safety officer]
pub const NONE_OF_A_KIND: &[&str] =
    &["409137002", "429625007", "428607008", "428197003", "716184000", "716220001", "1003774007"];

/// What is known of a patient's allergies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allergies {
    /// At least one allergy or intolerance, gravest first.
    Known(Vec<Allergy>),
    /// Somebody asked, and there are none.
    NoneKnown(NoneKnown),
    /// Nobody has recorded an answer.
    NotRecorded,
    /// The record cannot be read at the moment.
    Unavailable,
}

/// One allergy or intolerance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allergy {
    /// Where it is recorded.
    pub source: Source,
    /// What the patient reacts to.
    pub agent: String,
    /// How it shows, in words.
    pub reactions: Vec<String>,
    /// When it first happened.
    pub onset: Option<PartialDate>,
    /// How sure it is.
    pub certainty: Certainty,
    /// How grave.
    pub gravity: Gravity,
    /// Who recorded or said it.
    pub by: Option<String>,
    /// When it was recorded.
    pub recorded: Option<PartialDate>,
}

/// How sure an allergy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// Confirmed.
    Confirmed,
    /// Reported, presumed or not confirmed.
    Reported,
    /// Nothing is said.
    NotStated,
}

/// How grave a reaction was, or is judged to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// Severe, or high risk.
    Severe,
    /// Moderate.
    Moderate,
    /// Mild, or low risk.
    Mild,
    /// Nothing is said.
    NotStated,
}

/// That somebody asked, and there are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoneKnown {
    /// Where it is recorded.
    pub source: Source,
    /// When.
    pub recorded: Option<PartialDate>,
    /// By whom.
    pub by: Option<String>,
}

/// The state of a record that could be read.
pub(crate) fn allergies<'d, 't: 'd>(resources: impl Iterator<Item = Node<'d, 't>>) -> Allergies {
    let mut known = Vec::new();
    let mut none_known: Option<NoneKnown> = None;
    for resource in resources.filter(|resource| counts(*resource)) {
        let Some(code) = resource.get("code").or_else(|| at(resource, &["reaction", "substance"])) else { continue };
        if has_code(code, NONE_KNOWN) {
            let said =
                NoneKnown { source: Source::of(resource), recorded: when(resource, "recordedDate"), by: by(resource) };
            if none_known.as_ref().is_none_or(|other| start(&other.recorded) < start(&said.recorded)) {
                none_known = Some(said);
            }
        } else if !has_code(code, NONE_OF_A_KIND) {
            known.extend(allergy(resource, code));
        }
    }
    known.sort_by(|a, b| (a.gravity, &a.agent).cmp(&(b.gravity, &b.agent)));
    match (known.is_empty(), none_known) {
        (false, _) => Allergies::Known(known),
        (true, Some(none_known)) => Allergies::NoneKnown(none_known),
        (true, None) => Allergies::NotRecorded,
    }
}

fn start(when: &Option<PartialDate>) -> i64 {
    when.as_ref().map_or(i64::MIN, |when| when.lower().0)
}

/// Active, and neither refuted nor entered in error. A missing clinical status counts: silence is not "resolved".
fn counts(resource: Node<'_, '_>) -> bool {
    let status = |name: &str, codes: &[&str]| resource.get(name).is_some_and(|status| has_code(status, codes));
    !status("clinicalStatus", &["inactive", "resolved"])
        && !status("verificationStatus", &["refuted", "entered-in-error"])
}

fn allergy(resource: Node<'_, '_>, code: Node<'_, '_>) -> Option<Allergy> {
    let reactions = items(resource, "reaction")
        .flat_map(|reaction| items(reaction, "manifestation").collect::<Vec<_>>())
        .filter_map(words)
        .collect();
    let verification = resource.get("verificationStatus");
    Some(Allergy {
        source: Source::of(resource),
        agent: words(code)?,
        reactions,
        onset: when(resource, "onsetDateTime"),
        certainty: match verification {
            Some(status) if has_code(status, &["confirmed"]) => Certainty::Confirmed,
            Some(_) => Certainty::Reported,
            None => Certainty::NotStated,
        },
        gravity: gravity(resource),
        by: by(resource),
        recorded: when(resource, "recordedDate"),
    })
}

/// The gravest reaction, else the judged criticality.
fn gravity(resource: Node<'_, '_>) -> Gravity {
    let worst = items(resource, "reaction").filter_map(|reaction| match text(reaction, "severity")?.as_str() {
        "severe" => Some(Gravity::Severe),
        "moderate" => Some(Gravity::Moderate),
        "mild" => Some(Gravity::Mild),
        _ => None,
    });
    let judged = || match text(resource, "criticality").as_deref() {
        Some("high") => Gravity::Severe,
        Some("low") => Gravity::Mild,
        _ => Gravity::NotStated,
    };
    worst.min().unwrap_or_else(judged)
}

fn by(resource: Node<'_, '_>) -> Option<String> {
    let named = |member: &str| resource.get(member).and_then(|reference| text(reference, "display"));
    named("asserter").or_else(|| named("recorder")).or_else(|| words_at(resource, "asserter"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "the cases are written out below")]
    use fhir::{Document, Limits};

    use super::*;

    fn one(code: &str, clinical: &str, verification: &str) -> String {
        format!(
            r#"{{"resourceType":"AllergyIntolerance","id":"a","code":{{"coding":[{{"code":"{code}"}}],"text":"{code}"}},
            "clinicalStatus":{{"coding":[{{"code":"{clinical}"}}]}},
            "verificationStatus":{{"coding":[{{"code":"{verification}"}}]}}}}"#
        )
    }

    fn check(resources: &[String], expected: &str) {
        let documents: Vec<Document<'_>> =
            resources.iter().map(|text| Document::parse(text.as_bytes(), &Limits::default()).unwrap()).collect();
        let state = match allergies(documents.iter().map(Document::root)) {
            Allergies::Known(known) => format!("known {}", known.len()),
            Allergies::NoneKnown(_) => "none known".to_owned(),
            Allergies::NotRecorded => "not recorded".to_owned(),
            Allergies::Unavailable => "unavailable".to_owned(),
        };
        assert_eq!(state, expected, "{resources:?}");
    }

    #[test]
    fn the_states() {
        let (active, confirmed) = ("active", "confirmed");
        check(&[], "not recorded");
        check(&[one("91936005", active, confirmed)], "known 1");
        check(&[one("716186003", active, confirmed)], "none known");
        // A negation beside an allergy is read on the safe side.
        check(&[one("716186003", active, confirmed), one("91936005", active, confirmed)], "known 1");
        // What is over, refuted or a mistake says nothing, and neither does a withdrawn "none known".
        check(&[one("91936005", "resolved", confirmed)], "not recorded");
        check(&[one("91936005", "inactive", confirmed)], "not recorded");
        check(&[one("91936005", active, "refuted")], "not recorded");
        check(&[one("91936005", active, "entered-in-error")], "not recorded");
        check(&[one("716186003", "resolved", confirmed)], "not recorded");
        // No known drug allergy is not "no known allergies".
        check(&[one("409137002", active, confirmed)], "not recorded");
        check(&[one("409137002", active, confirmed), one("91936005", active, "unconfirmed")], "known 1");
    }
}
