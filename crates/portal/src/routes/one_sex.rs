//! Asks why somebody shall be in a bay of the other sex, or in one that men and women then share, by whatever form they get
//! there. Every answer is taken, also that the reason is not given yet. Knows no form but the name of its answer.

use administration::stays::MixedReason;
use administration::{Refusal, places, stays};
use fhir::read::text;
use fhir::{Document, Limits};
use record::{Key, Problem, Reading};

use crate::act::{NotDone, Typed};
use crate::door::{Door, asked};
use crate::gather::finished;

/// Whom a form is about.
#[derive(Clone, Copy)]
pub(super) enum Who<'w> {
    /// The patient of a stay.
    Stay(&'w str),
    /// A patient.
    Patient(&'w str),
}

/// What is to be asked about.
enum Shared {
    /// The bed is for the other sex.
    OtherSex(String),
    /// Men and women sleep in the bay of this name then.
    Bay(String),
}

/// What the form says of why; nothing where there is nothing to ask. Refuses, at the field `mixed`, to put somebody into such a
/// bay until the form has an answer.
pub(super) async fn one_sex(
    door: &Door,
    typed: &Typed,
    who: Who<'_>,
    bed: &str,
) -> Result<Option<&'static MixedReason>, NotDone> {
    if bed.is_empty() {
        return Ok(None);
    }
    let reading = door.record.read(&door.permit, asked::WARD_FORM).await?;
    let answer = own_and_bed(&reading, who, bed).await;
    let Some((patient, other_sex)) = finished(reading, answer).await? else { return Ok(None) };
    let stay = if let Who::Stay(stay) = who { stay } else { "" };
    let shared = match other_sex {
        Some(sex) => Some(Shared::OtherSex(sex)),
        None => bay(door, (stay, &patient), bed).await?.map(Shared::Bay),
    };
    let Some(shared) = shared else { return Ok(None) };
    let said = MixedReason::answered(typed.text("mixed"));
    if said.is_some() {
        return Ok(said);
    }
    let what = match shared {
        Shared::OtherSex(sex) => format!("This bed is in a {sex} bay."),
        Shared::Bay(bay) => format!("Men and women would share {bay}."),
    };
    let sentence = format!("{what} Choose another, or say why it has to be this one.");
    Err(Refusal::at("mixed-sex", "mixed", sentence).into())
}

/// The patient, and the sex that the bed is for if that is not theirs.
async fn own_and_bed(reading: &Reading, who: Who<'_>, bed: &str) -> Result<Option<(String, Option<String>)>, Problem> {
    let patient = match who {
        Who::Patient(patient) => Some(patient.to_owned()),
        Who::Stay(stay) => stays::stay(reading, stay).await?.and_then(|stay| stay.patient),
    };
    let Some(id) = patient else { return Ok(None) };
    let patient = reading.get(&Key::new("Patient", id.as_str())).await?;
    let patient = patient.as_ref().and_then(|version| Document::parse(&version.text, &Limits::default()).ok());
    let gender = patient.and_then(|patient| text(patient.root(), "gender"));
    let sex = places::sex_of_place(reading, bed).await?;
    Ok(Some((id, sex.filter(|sex| places::mixes_sexes(Some(sex), gender.as_deref())))))
}

/// The name of the bay that men and women would share. Who is in it is not shown, and nobody is noted as seen by it.
async fn bay(door: &Door, who: (&str, &str), bed: &str) -> Result<Option<String>, Problem> {
    let reading = door.record.read(&door.permit, asked::WARD_FORM).await?;
    let bay = stays::bay_with(&reading, bed, who).await;
    drop(reading.hand_on());
    Ok(bay?.filter(|bay| bay.is_shared).map(|bay| bay.name))
}
