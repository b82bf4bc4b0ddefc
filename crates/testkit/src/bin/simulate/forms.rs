//! What happens in the simulated hospital as somebody types it: the page of the form, and what is typed into it.
//!
//! Commands that no form offers have none, and are drawn anew.

use administration::Command;
use administration::emergency::{Depart, Destination, FollowUp, Outcome, Whose};
use administration::places::BedStatus;
use administration::registration::Register;
use administration::stays::{Admit, AfterCancelling, CancelAdmission, SetDischargePlan, Then};
use terms::Date;
use testkit::hospital::World;

/// A form: its page, and what is typed.
pub(crate) struct Typed {
    /// The page's path below the trust, with what it is asked.
    pub(crate) page: String,
    pub(crate) fields: Vec<(&'static str, String)>,
}

/// The form of a command; `None` when there is none.
pub(crate) fn typed(command: &Command, world: &World) -> Option<Typed> {
    stays(command, world).or_else(|| emergency(command, world)).or_else(|| others(command, world))
}

fn form(page: String, fields: Vec<(&'static str, String)>) -> Option<Typed> {
    Some(Typed { page, fields })
}

/// A form of the page of a stay.
fn of_stay(stay: &str, act: &str, more: Vec<(&'static str, String)>) -> Option<Typed> {
    let mut fields = vec![("act", act.to_owned())];
    fields.extend(more);
    form(format!("stays/{stay}"), fields)
}

fn now() -> (&'static str, String) {
    ("at", "now".to_owned())
}

fn day(date: Date) -> String {
    format!("{:02}/{:02}/{}", date.day(), date.month(), date.year())
}

fn stays(command: &Command, world: &World) -> Option<Typed> {
    match command {
        Command::Admit(of) => admit(of, world),
        Command::MoveToBed(of) => {
            let ward = world.ward_of(&of.to);
            let mut fields = vec![("stay", of.stay.clone()), ("to", of.to.clone()), now()];
            fields.extend(matches!(of.earlier, Some(Then::Swap)).then(|| ("earlier", "swap".to_owned())));
            form(format!("wards/{ward}/move?stay={}&to={}", of.stay, of.to), fields)
        }
        Command::Discharge(of) => {
            let (patient, method, destination) = (of.patient.clone(), of.method.clone(), of.destination.clone());
            of_stay(
                &of.stay,
                "discharge",
                vec![("patient", patient), ("method", method), ("destination", destination), now()],
            )
        }
        Command::Death(of) => {
            let stay = world.inpatients.iter().find(|(_, inpatient)| inpatient.patient == of.patient)?.0;
            of_stay(stay, "death", vec![("patient", of.patient.clone()), now()])
        }
        Command::Leave(of) => {
            let keeps = if of.keeps_bed { "yes" } else { "no" };
            of_stay(&of.stay, "leave", vec![("keeps_bed", keeps.to_owned()), now()])
        }
        Command::Return(of) => {
            let place = of.place.clone().map(|place| ("place", place));
            of_stay(&of.stay, "return", [now()].into_iter().chain(place).collect())
        }
        Command::ChangeConsultant(of) => {
            let team = of.treatment_function.as_ref().map(|(code, _)| code.clone()).unwrap_or_default();
            of_stay(&of.stay, "consultant", vec![("consultant", of.consultant.0.clone()), ("team", team), now()])
        }
        Command::CancelMove(of) => {
            of_stay(&of.stay, "correct", vec![("move", of.at.0.to_string()), ("how", "cancel".to_owned())])
        }
        Command::SetDischargePlan(of) => plan(of),
        Command::ReserveBed(of) => of_stay(&of.stay, "reserve", vec![("bed", of.bed.clone())]),
        Command::SetTci(of) => {
            let reasonable = ("reasonable", "yes".to_owned());
            of_stay(&of.stay, "tci", vec![("tci_date", day(terms::local_date(of.tci.lower()))), reasonable])
        }
        Command::CancelAdmission(of) => cancel(of),
        _ => None,
    }
}

/// An expected stay begins on its own page; whoever was not expected, on the ward.
fn admit(of: &Admit, world: &World) -> Option<Typed> {
    if world.expected.contains_key(&of.stay) {
        let (patient, place) = (of.patient.clone(), of.place.clone());
        return of_stay(&of.stay, "admit", vec![("patient", patient), ("place", place), now()]);
    }
    let ward = world.ward_of(&of.place);
    let mut fields = vec![
        ("patient", of.patient.clone()),
        ("place", of.place.clone()),
        ("method", of.method.as_ref()?.0.clone()),
        ("consultant", of.consultant.as_ref()?.0.clone()),
        now(),
    ];
    fields.extend(of.reason.clone().map(|reason| ("reason", reason)));
    fields.extend(of.expected_end.as_ref().and_then(|end| end.parse().ok()).map(|end| ("edd", day(end))));
    form(format!("wards/{ward}/admit?patient={}&place={}", of.patient, of.place), fields)
}

fn plan(of: &SetDischargePlan) -> Option<Typed> {
    let plan = &of.plan;
    let mut fields = vec![("criteria", if plan.meets_criteria? { "yes" } else { "no" }.to_owned())];
    fields.extend(plan.asked_on.map(|date| ("asked_on", day(date))));
    fields.extend(plan.ready_since.map(|date| ("ready_since", day(date))));
    fields.extend(plan.pathway.map(|pathway| ("pathway", pathway.code().to_owned())));
    fields.extend(plan.reason.map(|reason| ("reason", reason.code().to_owned())));
    fields.extend(plan.stopping.clone().map(|words| ("stopping", words)));
    fields.extend(plan.owner.clone().map(|words| ("owner", words)));
    fields.extend(of.expected_end.map(|date| ("expected_end", day(date))));
    of_stay(&of.stay, "plan", fields)
}

fn cancel(of: &CancelAdmission) -> Option<Typed> {
    let then = match &of.then {
        AfterCancelling::Waits => "waits".to_owned(),
        AfterCancelling::Leaves(code) => code.clone(),
    };
    let mut fields = vec![("reason", of.reason.clone()), ("then", then)];
    fields.extend(of.outcome.clone().map(|outcome| ("outcome", outcome)));
    fields.extend(of.is_clinical.map(|is| ("clinical", if is { "yes" } else { "no" }.to_owned())));
    of_stay(&of.stay, "cancel", fields)
}

fn emergency(command: &Command, world: &World) -> Option<Typed> {
    let act = |attendance: &str, act: &str, more: Vec<(&'static str, String)>| {
        let department = world.attendances.get(attendance)?.department.clone();
        let mut fields = vec![("department", department.clone()), now()];
        fields.extend(more);
        form(format!("emergency/{attendance}/{act}?department={department}"), fields)
    };
    match command {
        Command::ExpectAmbulance(of) => {
            let minutes = (of.due.0 - world.now.0).max(0) / 60_000;
            let mut fields = vec![("department", of.department.clone()), ("minutes", minutes.to_string())];
            fields.extend(of.described.clone().map(|words| ("described", words)));
            fields.extend(of.complaint.clone().map(|words| ("complaint", words)));
            form(format!("emergency/expect?department={}", of.department), fields)
        }
        Command::Arrive(of) => {
            let mut fields = vec![("department", of.department.clone()), now()];
            fields.extend(of.mode.map(|mode| ("mode", mode.code().to_owned())));
            fields.extend(of.complaint.clone().map(|words| ("complaint", words)));
            fields.extend(of.place.clone().map(|place| ("place", place)));
            let due = world.attendances.get(&of.attendance).map(|_| of.attendance.clone());
            fields.extend(due.map(|due| ("attendance", due)));
            let department = &of.department;
            match &of.who {
                Whose::Known(patient) => {
                    fields.push(("patient", patient.clone()));
                    form(format!("emergency/arrive?department={department}&patient={patient}"), fields)
                }
                Whose::Unknown(newcomer) => {
                    fields.extend(newcomer.age.clone().map(|age| ("age", age)));
                    fields.extend(newcomer.gender.map(|gender| ("gender", gender.code().to_owned())));
                    form(format!("emergency/unknown?department={department}"), fields)
                }
            }
        }
        Command::HandOver(of) => act(&of.attendance, "handover", Vec::new()),
        Command::Triage(of) => {
            let category = of.category?.number().to_string();
            let complaint = of.complaint.clone().map(|words| ("complaint", words));
            act(&of.attendance, "triage", [("category", category)].into_iter().chain(complaint).collect())
        }
        Command::AssessFirst(of) => act(&of.attendance, "assess", Vec::new()),
        Command::MoveInDepartment(of) => act(&of.attendance, "move", vec![("to", of.to.clone())]),
        Command::TakeOver(of) => act(&of.attendance, "take-over", vec![("name", of.name.clone()?)]),
        Command::WaitFor(of) => {
            let words = [("now", of.now.clone()), ("waits_for", of.waits_for.clone())];
            act(&of.attendance, "wait", words.into_iter().filter_map(|(name, words)| Some((name, words?))).collect())
        }
        Command::DecideToAdmit(of) => {
            let mut fields = vec![("treatment_function", of.treatment_function.as_ref()?.0.clone())];
            fields.extend(of.consultant.as_ref().map(|(who, _)| ("consultant", who.clone())));
            act(&of.attendance, "admit", fields)
        }
        Command::Depart(of) => act(&of.attendance, "depart", departure(of)?),
        Command::LeaveBeforeSeen(of) => act(&of.attendance, "left", Vec::new()),
        _ => None,
    }
}

fn departure(of: &Depart) -> Option<Vec<(&'static str, String)>> {
    let outcome = match of.outcome? {
        Outcome::Admitted => "admitted",
        _ => "treated",
    };
    let code = |known: &[(Destination, &'static str, &'static str)], wanted: Destination| {
        known.iter().find(|(destination, ..)| *destination == wanted).map(|(_, code, _)| (*code).to_owned())
    };
    let follow_up = FollowUp::ALL.iter().find(|(known, ..)| Some(*known) == of.follow_up)?.1;
    Some(vec![
        ("outcome", outcome.to_owned()),
        ("destination", code(&Destination::ALL, of.destination?)?),
        ("follow_up", follow_up.to_owned()),
        ("diagnosis", of.diagnosis.clone()?),
    ])
}

fn others(command: &Command, world: &World) -> Option<Typed> {
    match command {
        Command::SetBedState(of) => {
            let bed = world.beds.get(&of.bed)?;
            if world.departments.contains_key(&bed.ward) {
                let (department, place) = (bed.ward.clone(), of.bed.clone());
                let page = format!("emergency/place?department={department}&place={place}");
                let is_clean = of.status == BedStatus::Available;
                return is_clean.then(|| Typed { page, fields: vec![("department", department), ("place", place)] });
            }
            let state = match of.status {
                BedStatus::Available => "available",
                BedStatus::Closed => "closed",
                _ => return None,
            };
            let mut fields = vec![("bed", of.bed.clone()), ("state", state.to_owned())];
            fields.extend(of.reason.clone().map(|reason| ("reason", reason)));
            form(format!("wards/{}/bed?bed={}", bed.ward, of.bed), fields)
        }
        Command::RequestAdmission(of) => {
            let fields = vec![
                ("patient", of.patient.clone()),
                ("method", of.method.clone()),
                ("priority", of.priority.clone()?),
                ("intended", of.intended.clone()?),
                ("team", of.treatment_function.as_ref()?.0.clone()),
                ("consultant", of.consultant.as_ref()?.0.clone()),
                ("reason", of.reason.clone()),
                now(),
            ];
            form(format!("admissions/new?patient={}", of.patient), fields)
        }
        Command::Register(of) => register(of),
        Command::RegisterNewborn(_) => None,
        _ => None,
    }
}

fn register(of: &Register) -> Option<Typed> {
    let person = &of.person;
    let words = testkit::http::form(&[("q", of.searched.as_str())]);
    let mut fields = vec![
        ("searched", of.searched.clone()),
        ("family", person.family.clone()),
        ("given", person.given.clone()),
        ("born", day(person.born?)),
        ("gender", person.gender?.code().to_owned()),
    ];
    fields.extend(person.address.clone().map(|address| ("address", address)));
    fields.extend(person.postcode.clone().map(|postcode| ("postcode", postcode)));
    form(format!("register?{}", String::from_utf8_lossy(&words)), fields)
}
