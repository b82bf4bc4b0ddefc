//! Asks once whether somebody shall be in a bay of the other sex, by whatever form they get there. Knows no form but the
//! name of its answer.

use administration::{Refusal, places, stays};
use fhir::read::text;
use fhir::{Document, Limits};
use record::{Key, Problem};

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

/// Refuses, at the field `mixed`, to put somebody into a bay of the other sex, unless the form says that it has to be so.
pub(super) async fn one_sex(door: &Door, typed: &Typed, who: Who<'_>, bed: &str) -> Result<(), NotDone> {
    if bed.is_empty() || typed.text("mixed") == "yes" {
        return Ok(());
    }
    let reading = door.record.read(&door.permit, asked::WARD_FORM).await?;
    let answer = async {
        let Some(sex) = places::sex_of_place(&reading, bed).await? else { return Ok::<_, Problem>(None) };
        let patient = match who {
            Who::Patient(patient) => Some(patient.to_owned()),
            Who::Stay(stay) => stays::stay(&reading, stay).await?.and_then(|stay| stay.patient),
        };
        let patient = match patient {
            Some(patient) => reading.get(&Key::new("Patient", patient)).await?,
            None => None,
        };
        let patient = patient.as_ref().and_then(|version| Document::parse(&version.text, &Limits::default()).ok());
        let gender = patient.and_then(|patient| text(patient.root(), "gender"));
        Ok(Some(sex).filter(|sex| places::mixes_sexes(Some(sex), gender.as_deref())))
    };
    let answer = answer.await;
    match finished(reading, answer).await? {
        None => Ok(()),
        Some(sex) => {
            let sentence = format!("This bed is in a {sex} bay. Choose another, or say that it has to be this one.");
            Err(Refusal::at("mixed-sex", "mixed", sentence).into())
        }
    }
}
