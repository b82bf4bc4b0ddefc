//! The chart: one patient's story on one page, worked out from the resources at hand and a moment.
//!
//! Pure: the same resources and moment give the same chart, whatever their order. Puts the parts together and keeps
//! what they share; each part's rules stand in its own file.

use fhir::Node;
use terms::{Moment, PartialDate};

use crate::allergies::{Allergies, allergies};
use crate::directory::Directory;
use crate::events::{Event, Kind, State, events, expected_discharge, is_open_stay};
use crate::identity::{Identity, identity};
use crate::medicines::{Medicines, medicines};
use crate::observations::{
    Applies, Decision, Measured, Observations, decisions, is_pregnancy, measured, observations, sixteen,
};
use crate::problems::{Problems, problems};
use crate::read::{Source, text};
use crate::results::{Line, Tested, is_laboratory, results, tested};

/// What a chart is made from.
#[derive(Debug, Clone)]
pub struct Material<'d, 't> {
    /// The Patient resource.
    pub patient: Node<'d, 't>,
    /// Resources of the patient's compartment, and the people, places and medicines they point at; in any order.
    pub resources: Vec<Node<'d, 't>>,
    /// Whether the allergy record could be read. If not, the chart says *Allergies unavailable*, never *none*.
    pub allergies_readable: bool,
}

/// One patient's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// Who the patient is.
    pub identity: Identity,
    /// Allergies, in one of four states.
    pub allergies: Allergies,
    /// Problems.
    pub problems: Problems,
    /// Medicines.
    pub medicines: Medicines,
    /// Latest laboratory results, a line a test.
    pub results: Vec<Line>,
    /// Vital signs in sets.
    pub observations: Observations,
    /// Encounters and documents, oldest first.
    pub events: Vec<Event>,
    /// The stay that is open now.
    pub stay: Option<Stay>,
    /// How vital signs are scored.
    scoring: Scoring,
}

/// What a score depends on beside what was measured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Scoring {
    applies: Applies,
    decisions: Vec<Decision>,
}

/// What a chart takes from one Observation. It depends on the Observation alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed(Said);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    Measured(Measured),
    Tested(Tested),
}

/// The stay that is open now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// The Encounter.
    pub source: Source,
    /// When it began.
    pub since: PartialDate,
    /// Ward and bed.
    pub place: Option<String>,
    /// Who is responsible.
    pub who: Option<String>,
    /// The expected day of discharge.
    pub expected_discharge: Option<PartialDate>,
}

/// Puts a chart together.
pub fn chart(material: &Material<'_, '_>, now: Moment) -> Chart {
    let directory = Directory::of(material.resources.iter().copied());
    let kinds: Vec<(String, Node<'_, '_>)> = material
        .resources
        .iter()
        .map(|resource| (text(*resource, "resourceType").unwrap_or_default(), *resource))
        .collect();
    let of_kinds = |wanted: &'static [&'static str]| {
        kinds.iter().filter(move |(kind, _)| wanted.contains(&kind.as_str())).map(|(_, resource)| *resource)
    };
    let identity = identity(material.patient, &directory);
    let pregnant = of_kinds(&["Condition"]).any(|condition| is_pregnancy(condition) && !is_over(condition));
    let applies = Applies { pregnant, from: identity.born.as_ref().and_then(sixteen) };
    let events = events(material.resources.iter().copied(), &directory, now);
    let scoring = Scoring { applies, decisions: decisions(of_kinds(&["Goal"]), &directory) };
    let observed: Vec<Observed> = of_kinds(&["Observation"]).filter_map(observed).collect();
    let chart = Chart {
        allergies: if material.allergies_readable {
            allergies(of_kinds(&["AllergyIntolerance"]))
        } else {
            Allergies::Unavailable
        },
        problems: problems(of_kinds(&["Condition"])),
        medicines: medicines(of_kinds(&["MedicationRequest", "MedicationStatement"]), &directory),
        results: Vec::new(),
        observations: Observations::default(),
        stay: open_stay(&events, of_kinds(&["Encounter"])),
        identity,
        events,
        scoring,
    };
    chart.with(&observed)
}

/// Reads an Observation; `None` for one that says nothing a chart shows.
pub fn observed(observation: Node<'_, '_>) -> Option<Observed> {
    let said = if is_laboratory(observation) {
        Said::Tested(tested(observation)?)
    } else {
        Said::Measured(measured(observation)?)
    };
    Some(Observed(said))
}

fn is_over(condition: Node<'_, '_>) -> bool {
    let status = condition.get("clinicalStatus");
    status.is_some_and(|status| crate::read::has_code(status, &["inactive", "remission", "resolved"]))
        || condition.members().any(|(name, _)| name.starts_with("abatement"))
}

/// The newest open stay.
fn open_stay<'d, 't: 'd>(events: &[Event], mut encounters: impl Iterator<Item = Node<'d, 't>>) -> Option<Stay> {
    let event = events.iter().rev().find(|event| is_open_stay(event))?;
    let encounter = encounters.find(|encounter| text(*encounter, "id").as_deref() == Some(&event.source.id));
    Some(Stay {
        source: event.source.clone(),
        since: event.from.clone(),
        place: event.place.clone(),
        who: event.who.clone(),
        expected_discharge: encounter.and_then(expected_discharge),
    })
}

impl Chart {
    /// The same with these Observations and no others, which stand in the order in which they were written.
    #[must_use]
    pub fn with<'o>(self, observed: impl IntoIterator<Item = &'o Observed> + Clone) -> Chart {
        let measured = observed.clone().into_iter().filter_map(|observed| match &observed.0 {
            Said::Measured(measured) => Some(measured),
            Said::Tested(_) => None,
        });
        let tested = observed.into_iter().filter_map(|observed| match &observed.0 {
            Said::Tested(tested) => Some(tested),
            Said::Measured(_) => None,
        });
        let Scoring { applies, decisions } = &self.scoring;
        Chart { results: results(tested), observations: observations(measured, *applies, decisions), ..self }
    }

    /// How many events of a kind there are, cancelled ones not counted.
    pub fn count(&self, kind: Kind) -> usize {
        self.events.iter().filter(|event| event.kind == kind && event.state != State::Cancelled).count()
    }
}
