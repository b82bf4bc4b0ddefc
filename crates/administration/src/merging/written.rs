//! What was written of two people while they were one record, and what of it is in force: it keeps somebody in a bed, warns
//! of something or is to be done to them. That must not vanish for a moment when the merge is taken apart, so whose it is is
//! said in that very commit (decision 0015); the rest waits until it is given.

use fhir::Node;
use fhir::read::{has_code, id_of, items, text};
use record::{Clause, Problem, Reading, SUBJECT, Select, Version};
use terms::Moment;
use terms::index::{Part, Span};

use super::agree::is_link;
use super::patient_version;
use super::review::{Pair, ReviewState, review, review_id};
use crate::draft::document;
use crate::stays::StayState;

/// Most items that one unmerge gives out; more is work for a rebuild from the sources.
const MOST_ITEMS: usize = 20_000;
/// Most versions of a Patient that are looked through for the merge.
const MOST_VERSIONS: usize = 200;

/// Kinds of which some are in force, with the codes of `status` that say so; those without codes are judged by more
/// ([`is_in_force`]).
const IN_FORCE: [(&str, &[&str]); 20] = [
    ("AllergyIntolerance", &[]),
    ("Appointment", &["arrived", "booked", "checked-in", "pending", "proposed", "waitlist"]),
    ("CarePlan", &["active", "on-hold"]),
    ("CommunicationRequest", &["active", "on-hold"]),
    ("Condition", &[]),
    // A decision about treatment, such as one against resuscitation.
    ("Consent", &["active"]),
    ("DeviceRequest", &["active", "on-hold"]),
    ("Encounter", &[]),
    ("EpisodeOfCare", &["active", "onhold", "planned", "waitlist"]),
    ("Flag", &["active"]),
    ("Goal", &[]),
    ("MedicationAdministration", &["in-progress", "on-hold"]),
    ("MedicationRequest", &["active", "on-hold"]),
    ("MedicationStatement", &["active", "intended", "on-hold"]),
    ("NutritionOrder", &["active", "on-hold"]),
    ("Procedure", &["in-progress", "on-hold", "preparation"]),
    ("RequestGroup", &["active", "on-hold"]),
    ("ServiceRequest", &["active", "on-hold"]),
    ("SupplyRequest", &["active"]),
    ("Task", &["accepted", "draft", "in-progress", "on-hold", "ready", "received", "requested"]),
];
/// Kinds that are about patients and that HL7's compartment of a patient leaves out, with the rows of whom they are about.
const OUTSIDE: [(&str, &str); 4] = [
    ("Contract", "Contract.patient"),
    ("Device", "Device.patient"),
    ("GuidanceResponse", "GuidanceResponse.patient"),
    ("Task", "Task.patient"),
];

/// What was written.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// All of it, such as `Observation/17`, sorted.
    pub(super) references: Vec<String>,
    /// What of it is in force.
    pub(super) in_force: Vec<Version>,
}

/// One side of a merge in the history of a Patient.
pub(super) struct Merged {
    /// The newest version.
    pub(super) newest: Version,
    /// The version before the merge.
    pub(super) before: Version,
    /// The version that the merge made.
    pub(super) after: Version,
}

/// Whether it must be said whose a resource is before it may leave a record that held two people: a stay that goes on or is
/// expected, an appointment to come, an allergy whatever is said of it, a flag, problem, goal or plan that holds, an order that
/// is not carried out, a task that is not done.
pub fn is_in_force(kind: &str, resource: Node<'_, '_>) -> bool {
    let status = || text(resource, "status").unwrap_or_default();
    let is = |name: &str, codes: &[&str]| resource.get(name).is_some_and(|of| has_code(of, codes));
    let is_mistake = || is("verificationStatus", &["entered-in-error"]);
    match kind {
        "Encounter" => {
            let state = StayState::of_status(&status());
            state.is_live() || state == StayState::Expected
        }
        "AllergyIntolerance" => !is_mistake(),
        "Condition" => !is_mistake() && !is("clinicalStatus", &["inactive", "remission", "resolved"]),
        "Goal" => {
            matches!(text(resource, "lifecycleStatus").as_deref(), Some("accepted" | "active" | "on-hold" | "planned"))
        }
        _ => IN_FORCE.iter().any(|(own, codes)| *own == kind && codes.contains(&status().as_str())),
    }
}

/// What must be given to one of the two when their merge is taken apart; nothing of two who are not merged.
///
/// # Errors
/// The record could not be read, or there is more than an unmerge gives out.
pub async fn to_give_at_once(reading: &Reading, pair: &Pair) -> Result<Vec<Version>, Problem> {
    let found = review(reading, &review_id(pair)).await?.filter(|of| of.state == ReviewState::Merged);
    let Some(survivor) = found.and_then(|of| of.survivor) else { return Ok(Vec::new()) };
    let Some(merged) = merge_of(reading, pair.other(&survivor), &survivor, "replaced-by").await? else {
        return Ok(Vec::new());
    };
    Ok(written_of(reading, pair, merged.after.moment, IN_FORCE.iter().map(|(kind, _)| *kind)).await?.in_force)
}

/// The merge with another in the history of a Patient; `None` when there is none.
pub(super) async fn merge_of(reading: &Reading, own: &str, other: &str, kind: &str) -> Result<Option<Merged>, Problem> {
    let Some(newest) = patient_version(reading, own).await? else { return Ok(None) };
    let history = reading.history(&newest.key, None, MOST_VERSIONS).await?;
    let is_linked = |version: &Version| -> Result<bool, Problem> {
        let document = document(version)?;
        let root = document.root();
        Ok(items(root, "link")
            .any(|link| is_link(link, kind) && id_of(link, "other", "Patient").as_deref() == Some(other)))
    };
    for pair in history.windows(2) {
        if is_linked(&pair[0])? && !is_linked(&pair[1])? {
            return Ok(Some(Merged { newest, before: pair[1].clone(), after: pair[0].clone() }));
        }
    }
    Ok(None)
}

/// What was written under either of the two since a moment, but for the Patients and the review of the pair.
pub(super) async fn written_since(reading: &Reading, pair: &Pair, since: Moment) -> Result<Written, Problem> {
    let inside = fhir::search::compartment_kinds().filter(|kind| *kind != "Patient");
    written_of(reading, pair, since, inside.chain(OUTSIDE.iter().map(|(kind, _)| *kind))).await
}

async fn written_of(
    reading: &Reading,
    pair: &Pair,
    since: Moment,
    kinds: impl Iterator<Item = &'static str>,
) -> Result<Written, Problem> {
    let review = format!("Task/{}", review_id(pair));
    let mut written = Written::default();
    for kind in kinds {
        let outside = OUTSIDE.iter().find(|(own, _)| *own == kind).map(|(_, rows)| *rows);
        let spans = [&pair.left, &pair.right].map(|id| {
            let patient = Part::target("Patient", id.as_str());
            match outside {
                Some(rows) => Span::head(rows, [patient]),
                None => Span::head(SUBJECT, [patient, Part::Kind(kind.to_owned())]),
            }
        });
        let select =
            Select::of(kind).with(Clause::Any(spans.into())).with(Clause::Changed(Some(Moment(since.0 + 1)), None));
        let mut select = select.limit(1000);
        loop {
            let page = reading.select(&select).await?;
            for version in page.versions {
                written.take(version, &review)?;
            }
            if written.references.len() > MOST_ITEMS {
                return Err(Problem::TooCostly);
            }
            let Some(next) = page.next else { break };
            select.after = Some(next);
        }
    }
    written.references.sort();
    written.references.dedup();
    written.in_force.sort_by(|one, other| one.key.cmp(&other.key));
    written.in_force.dedup_by(|one, other| one.key == other.key);
    Ok(written)
}

impl Written {
    fn take(&mut self, version: Version, review: &str) -> Result<(), Problem> {
        let reference = version.key.to_string();
        if reference == review {
            return Ok(());
        }
        let is_in_force = is_in_force(&version.key.kind, document(&version)?.root());
        self.references.push(reference);
        if is_in_force {
            self.in_force.push(version);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use fhir::{Document, Limits};

    use super::{IN_FORCE, is_in_force};

    #[test]
    fn what_keeps_somebody_in_a_bed_warns_of_them_or_is_to_be_done_is_in_force() {
        let coded = |name: &str, code: &str| format!(r#""{name}":{{"coding":[{{"code":"{code}"}}]}}"#);
        let cases = [
            ("Encounter", r#""status":"in-progress""#.to_owned(), true),
            ("Encounter", r#""status":"onleave""#.to_owned(), true),
            ("Encounter", r#""status":"arrived""#.to_owned(), true),
            ("Encounter", r#""status":"planned""#.to_owned(), true),
            ("Encounter", r#""status":"finished""#.to_owned(), false),
            ("Encounter", r#""status":"cancelled""#.to_owned(), false),
            ("AllergyIntolerance", coded("clinicalStatus", "active"), true),
            // That it is over or was refuted is said of one of the two only.
            ("AllergyIntolerance", coded("clinicalStatus", "resolved"), true),
            ("AllergyIntolerance", coded("verificationStatus", "refuted"), true),
            ("AllergyIntolerance", coded("verificationStatus", "entered-in-error"), false),
            ("Flag", r#""status":"active""#.to_owned(), true),
            ("Flag", r#""status":"inactive""#.to_owned(), false),
            ("Condition", coded("clinicalStatus", "active"), true),
            ("Condition", coded("verificationStatus", "confirmed"), true),
            ("Condition", coded("clinicalStatus", "resolved"), false),
            ("Goal", r#""lifecycleStatus":"active""#.to_owned(), true),
            ("Goal", r#""lifecycleStatus":"completed""#.to_owned(), false),
            ("MedicationRequest", r#""status":"active""#.to_owned(), true),
            ("MedicationRequest", r#""status":"stopped""#.to_owned(), false),
            ("Appointment", r#""status":"booked""#.to_owned(), true),
            ("Appointment", r#""status":"fulfilled""#.to_owned(), false),
            ("ServiceRequest", r#""status":"active""#.to_owned(), true),
            ("ServiceRequest", r#""status":"completed""#.to_owned(), false),
            ("Task", r#""status":"requested""#.to_owned(), true),
            ("Task", r#""status":"completed""#.to_owned(), false),
            ("Consent", r#""status":"active""#.to_owned(), true),
            ("EpisodeOfCare", r#""status":"onhold""#.to_owned(), true),
            ("EpisodeOfCare", r#""status":"finished""#.to_owned(), false),
            ("Observation", r#""status":"final""#.to_owned(), false),
        ];
        for (kind, members, expected) in cases {
            let text = format!(r#"{{"resourceType":"{kind}","id":"x",{members}}}"#);
            let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
            assert_eq!(is_in_force(kind, document.root()), expected, "{text}");
            assert!(!expected || IN_FORCE.iter().any(|(own, _)| *own == kind), "{kind} is asked about");
        }
    }
}
