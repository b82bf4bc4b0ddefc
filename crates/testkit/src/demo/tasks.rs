//! What the ward has written down to be done, as the home page shows it. Everybody in it is invented.
//! It knows nothing of stores or pages.

use super::story::Story;
use super::write::{Object, quoted};

/// A task: id, what, the patient, whose (plain name and words), due.
type Told = (&'static str, &'static str, Option<&'static str>, (&'static str, &'static str), &'static str);

const WARD: (&str, &str) = ("place/heron", "Heron ward");
const SISTER: (&str, &str) = ("user/s.reilly", "Siobhan Reilly");
const CLERK: (&str, &str) = ("user/d.marsh", "Dawn Marsh");

const TASKS: &[Told] = &[
    ("antibiotics", "Antibiotic decision with Dr Okafor", Some("adeyemi-folasade"), SISTER, "2026-11-17T15:05"),
    ("reposition", "Repositioning", Some("farrow-daphne"), WARD, "2026-11-17T14:20"),
    ("transport", "Book transport for tomorrow 10:00", Some("beckford-maureen"), CLERK, "2026-11-17T15:30"),
    (
        "prepare-bed",
        "Prepare bed: nasal high flow, arriving from ED",
        Some("hussain-nasreen"),
        WARD,
        "2026-11-17T15:15",
    ),
    ("cannula", "Cannula in place 4 days: remove or record reason", Some("patel-dinesh"), WARD, "2026-11-17T16:00"),
    ("handover", "Evening handover: confirm every sheet", None, SISTER, "2026-11-17T19:15"),
];

/// Every resource of this file.
pub(super) fn resources(story: &Story) -> Vec<String> {
    TASKS.iter().map(|told| task(told, story)).collect()
}

fn task((id, what, patient, owner, due): &Told, story: &Story) -> String {
    let identifier = Object::new().text("system", "urn:almoner:owner").text("value", owner.0);
    let owner = Object::new().json("identifier", identifier.done()).text("display", owner.1).done();
    let patient = patient.map(|id| Object::new().json("reference", quoted(&format!("Patient/{id}"))).done());
    let period = Object::new().text("end", story.recent(due)).done();
    Object::resource("Task", &format!("heron-{id}"))
        .text("status", "requested")
        .text("intent", "order")
        .text("description", what)
        .json_if("for", patient)
        .text("authoredOn", story.recent("2026-11-17T12:40"))
        .json("requester", Object::new().text("display", "Siobhan Reilly").done())
        .json("owner", owner)
        .json("restriction", Object::new().json("period", period).done())
        .done()
}
