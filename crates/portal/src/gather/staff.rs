//! Who can be responsible for a patient: every practitioner by name, for choices.
//! Kept until a commit changes a practitioner.

use std::time::Duration;

use fhir::{Document, Limits};
use record::{Problem, Reading, Select};

/// Most people that a choice has.
const MOST: usize = 500;

/// A practitioner: reference and name.
pub(crate) type Staff = (String, String);

/// Practitioners by name.
pub(crate) async fn staff(reading: &Reading) -> Result<Vec<Staff>, Problem> {
    const STAFF: &str = "staff";
    if let Some(staff) = reading.kept::<Vec<Staff>>(STAFF, "", Duration::MAX).await? {
        return Ok(Vec::clone(&staff));
    }
    let own = reading.to_keep();
    let page = own.select(&Select::of("Practitioner").limit(MOST)).await?;
    let named = page.versions.iter().filter_map(|version| {
        let document = Document::parse(&version.text, &Limits::default()).ok()?;
        let name = clinical::practitioner_name(document.root())?;
        Some((format!("Practitioner/{}", version.key.id), name))
    });
    let mut staff: Vec<Staff> = named.collect();
    staff.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(Vec::clone(&*reading.keep((STAFF, ""), own, staff).await?))
}
