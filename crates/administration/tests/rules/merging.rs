//! Merging two records and taking them apart: two people, nothing lost, nothing merged that cannot both be true, and what
//! was written in between given to the right person.

use access::Role;
use administration::merging::{
    AgreeToMerge, Allocate, AskForMerge, NotTheSame, Pair, ProposeDuplicate, Review, Side, TakeBackNotTheSame, Unmerge,
    effects, held_back, holds, review_id, to_give_at_once, unallocated,
};
use administration::registration::RegisterMajorIncident;
use administration::stays::still_owed;
use administration::{Command, Undo};
use fhir::write::{Object, array, reference};
use record::{Clause, SUBJECT, Select};
use terms::index::{Part, Span};

use crate::stage::{NOW, Stage, permit, permit_of, sent, stages};

fn pair() -> Pair {
    Pair::of("p-1", "p-2").unwrap()
}

fn ask(keep: &[(&str, Side)]) -> Command {
    Command::AskForMerge(AskForMerge {
        pair: pair(),
        survivor: "p-1".into(),
        keep: keep.iter().map(|(field, side)| ((*field).to_owned(), *side)).collect(),
        why: "Same date of birth and mobile number.".into(),
    })
}

fn agree() -> Command {
    Command::AgreeToMerge(AgreeToMerge { pair: pair() })
}

fn unmerge() -> Command {
    unmerge_giving(&[])
}

fn unmerge_giving(given: &[(&str, &str)]) -> Command {
    let given = given.iter().map(|(item, to)| ((*item).to_owned(), (*to).to_owned())).collect();
    Command::Unmerge(Unmerge { pair: pair(), why: "They are sisters.".into(), given })
}

async fn merged(stage: &Stage) {
    two_with_something(stage).await;
    stage.act_as("tom", ask(&[("name", Side::Left)])).await.unwrap();
    stage.act_as("ann", agree()).await.unwrap();
}

fn allergy(id: &str, patient: &str, words: &str) -> String {
    Object::resource("AllergyIntolerance", id)
        .json("code", Object::new().text("text", words).done())
        .json("patient", reference(&format!("Patient/{patient}"), None))
        .done()
}

fn flag(id: &str, patient: &str) -> String {
    Object::resource("Flag", id)
        .text("status", "active")
        .json("code", Object::new().text("text", "Falls").done())
        .json("subject", reference(&format!("Patient/{patient}"), None))
        .done()
}

fn patient(id: &str, family: &str, more: &str) -> String {
    let name = array([Object::new().text("family", family).done()]);
    let text = Object::resource("Patient", id).json("active", "true").json("name", name).done();
    format!("{}{more}}}", &text[..text.len() - 1])
}

fn observation(id: &str, patient: &str) -> String {
    Object::resource("Observation", id)
        .text("status", "final")
        .json("code", Object::new().text("text", "Weight").done())
        .json("subject", reference(&format!("Patient/{patient}"), None))
        .done()
}

/// The resources of a type that are found under a patient.
async fn under(stage: &Stage, role: Role, kind: &str, patient: &str) -> Vec<String> {
    let reading = stage.record.read(&permit(role), "test").await.unwrap();
    let span = Span::head(SUBJECT, [Part::target("Patient", patient), Part::Kind(kind.into())]);
    let page = reading.select(&Select::of(kind).with(Clause::Any(vec![span])).limit(1000)).await.unwrap();
    reading.finish().await.unwrap();
    let mut ids: Vec<String> = page.versions.into_iter().map(|version| version.key.id).collect();
    ids.sort();
    ids
}

/// The text of a Patient without version and moment.
async fn plain(stage: &Stage, id: &str) -> String {
    let text = stage.text("Patient", id).await;
    let end = text.find("\"meta\":{").unwrap();
    let close = end + text[end..].find('}').unwrap() + 1;
    format!("{}{}", &text[..end], text[close..].strip_prefix(',').unwrap())
}

async fn two_with_something(stage: &Stage) {
    stage
        .put(&[
            patient("p-1", "Adeyemi", ",\"birthDate\":\"1951-03-14\""),
            patient("p-2", "Adeyemi-Cole", ",\"birthDate\":\"1951-03-14\",\"gender\":\"female\""),
            observation("o-1", "p-1"),
            observation("o-2", "p-2"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_takes_two_people_and_finds_everything_under_who_stays() {
    for stage in stages().await {
        let store = stage.store;
        two_with_something(&stage).await;
        let open = stage.act_as("tom", ask(&[])).await.unwrap_err();
        assert_eq!((open.code, open.field), ("field-open", Some("name")), "{store}");
        stage.act_as("tom", ask(&[("name", Side::Right)])).await.unwrap();
        assert_eq!(stage.act_as("tom", agree()).await.unwrap_err().code, "same-person", "{store}");
        let receipt = stage.act_as("ann", agree()).await.unwrap();
        assert_eq!(receipt.written.len(), 3, "{store}: two Patients and the review, nothing else: {receipt:?}");
        assert_eq!(under(&stage, Role::Clinician, "Observation", "p-1").await, ["o-1", "o-2"], "{store}");
        let kept = stage.text("Patient", "p-1").await;
        assert!(kept.contains("Adeyemi-Cole") && kept.contains("\"gender\":\"female\""), "{kept}");
        assert!(stage.text("Observation", "o-2").await.contains("Patient/p-2"), "no text of others is rewritten");
        assert_eq!(stage.act_as("ann", agree()).await.unwrap_err().code, "not-asked", "{store}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn merged_and_parted_both_are_what_they_were() {
    for stage in stages().await {
        two_with_something(&stage).await;
        let before = (plain(&stage, "p-1").await, plain(&stage, "p-2").await);
        stage.act_as("tom", ask(&[("name", Side::Right)])).await.unwrap();
        stage.act_as("ann", agree()).await.unwrap();
        stage.act_as("tom", unmerge()).await.unwrap();
        assert_eq!((plain(&stage, "p-1").await, plain(&stage, "p-2").await), before, "{}", stage.store);
        assert_eq!(under(&stage, Role::Clinician, "Observation", "p-1").await, ["o-1"]);
        assert_eq!(under(&stage, Role::Clinician, "Observation", "p-2").await, ["o-2"]);
        assert_eq!(stage.act_as("tom", unmerge()).await.unwrap_err().code, "not-merged");
        // It can be asked for again, by a pair of people again.
        stage.act_as("tom", ask(&[("name", Side::Left)])).await.unwrap();
        stage.act_as("ann", agree()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_in_between_is_nobodys_until_it_is_given() {
    for stage in stages().await {
        let store = stage.store;
        two_with_something(&stage).await;
        stage.act_as("tom", ask(&[("name", Side::Left)])).await.unwrap();
        stage.act_as("ann", agree()).await.unwrap();
        stage.put(&[observation("o-3", "p-1"), observation("o-4", "p-1")]).await;
        // Somebody corrects the address meanwhile: that is theirs, and stays.
        let merged = plain(&stage, "p-1").await;
        let corrected = merged.replace("\"birthDate\":\"1951-03-14\"", "\"birthDate\":\"1951-03-15\"");
        stage.put(&[corrected]).await;
        stage.act_as("tom", unmerge()).await.unwrap();
        assert!(plain(&stage, "p-1").await.contains("1951-03-15"), "{store}");
        for patient in ["p-1", "p-2"] {
            let own = format!("o-{}", &patient[2..]);
            assert_eq!(under(&stage, Role::Clinician, "Observation", patient).await, [own], "{store}");
        }
        let reading = stage.record.read(&permit(Role::PatientIndex), "test").await.unwrap();
        let lists = unallocated(&reading, 10).await.unwrap();
        reading.finish().await.unwrap();
        let items: Vec<&str> = lists[0].items.iter().map(|item| item.reference.as_str()).collect();
        assert_eq!(items, ["Observation/o-3", "Observation/o-4"], "{store}");

        let give = |item: &str, to: &str| {
            let (list, item, to) = (lists[0].list.clone(), item.to_owned(), to.to_owned());
            Command::Allocate(Allocate { list, item, to })
        };
        assert_eq!(stage.act_as("tom", give("Observation/o-3", "p-3")).await.unwrap_err().code, "whose");
        stage.act_as("tom", give("Observation/o-3", "p-2")).await.unwrap();
        assert_eq!(stage.act_as("tom", give("Observation/o-3", "p-1")).await.unwrap_err().code, "given");
        assert_eq!(under(&stage, Role::Clinician, "Observation", "p-2").await, ["o-2", "o-3"], "{store}");
        stage.act_as("tom", give("Observation/o-4", "p-1")).await.unwrap();
        assert_eq!(under(&stage, Role::Clinician, "Observation", "p-1").await, ["o-1", "o-4"], "{store}");
        let reading = stage.record.read(&permit(Role::PatientIndex), "test").await.unwrap();
        assert_eq!(unallocated(&reading, 10).await.unwrap(), [], "{store}");
        reading.finish().await.unwrap();
    }
}

/// Whoever is in a bed is on the board, and whoever is warned of is warned of, at every moment: also right after a merge was
/// taken apart, before anybody has given out the rest.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_force_is_somebodys_in_the_very_commit_that_takes_a_merge_apart() {
    for stage in stages().await {
        let store = stage.store;
        merged(&stage).await;
        stage.put(&[sent("s-1", "p-1", "bed-1"), flag("f-1", "p-1"), observation("o-3", "p-1")]).await;
        stage.put(&[allergy("a-1", "p-1", "Penicillin")]).await;
        let on_board = vec![("s-1".to_owned(), "bed-1".to_owned())];
        assert_eq!(stage.board().await, on_board, "{store}");

        let refused = stage.act_as("tom", unmerge()).await.unwrap_err();
        assert_eq!((refused.code, refused.field), ("in-force", Some("given")), "{store}");
        assert!(refused.sentence.contains("3 of 3"), "{}", refused.sentence);
        let of = [("Encounter/s-1", "p-2"), ("Flag/f-1", "p-2"), ("AllergyIntolerance/a-1", "p-3")];
        assert_eq!(stage.act_as("tom", unmerge_giving(&of)).await.unwrap_err().code, "whose", "{store}");
        assert_eq!(stage.act_as("tom", unmerge_giving(&of[..2])).await.unwrap_err().code, "in-force", "{store}");
        assert_eq!(stage.board().await, on_board, "{store}: they are still one record");

        let of = [of[0], of[1], ("AllergyIntolerance/a-1", "p-1")];
        stage.act_as("tom", unmerge_giving(&of)).await.unwrap();
        assert_eq!(stage.board().await, on_board, "{store}: still in the bed");
        assert_eq!(stage.stay("s-1").await.patient.as_deref(), Some("p-2"), "{store}");
        assert_eq!(under(&stage, Role::Clinician, "AllergyIntolerance", "p-1").await, ["a-1"], "{store}");
        assert_eq!(under(&stage, Role::Clinician, "Flag", "p-2").await, ["f-1"], "{store}");
        // What is not in force waits, and is owed to them.
        assert_eq!(under(&stage, Role::Clinician, "Observation", "p-1").await, ["o-1"], "{store}");
        let owed = stage.owed_to(Role::Clinician, "unallocated").await;
        assert_eq!(owed.iter().map(|(owner, _)| owner.as_str()).collect::<Vec<_>>(), ["team/records"], "{store}");
        let reading = stage.record.read(&permit(Role::Clinician), "test").await.unwrap();
        assert_eq!((held_back(&reading, "p-1").await.unwrap(), held_back(&reading, "p-3").await.unwrap()), (1, 0));
        reading.finish().await.unwrap();
        let (list, item, to) = (owed[0].1.clone(), "Observation/o-3".to_owned(), "p-2".to_owned());
        stage.act_as("ann", Command::Allocate(Allocate { list, item, to })).await.unwrap();
        assert_eq!(stage.owed_to(Role::Clinician, "unallocated").await, [], "{store}");
    }
}

/// A clinic that waits, an order that is not carried out and a task that is not done must not be missed for a day; what was
/// done waits until it is given, also of kinds that HL7's compartment of a patient leaves out.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_to_come_and_to_be_done_is_somebodys_in_the_very_commit() {
    for stage in stages().await {
        let store = stage.store;
        merged(&stage).await;
        let p_1 = || reference("Patient/p-1", None);
        let actor = Object::new().json("actor", p_1()).text("status", "accepted").done();
        let of = |kind: &str, id: &str, status: &str| Object::resource(kind, id).text("status", status);
        let task = |id: &str, status: &str| of("Task", id, status).text("intent", "order").json("for", p_1()).done();
        stage
            .put(&[
                of("Appointment", "ap-1", "booked").json("participant", array([actor])).done(),
                of("ServiceRequest", "r-1", "active").text("intent", "order").json("subject", p_1()).done(),
                task("t-1", "requested"),
                task("t-2", "completed"),
                of("Contract", "c-1", "executed").json("subject", array([p_1()])).done(),
                of("Device", "d-1", "active").json("patient", p_1()).done(),
                of("GuidanceResponse", "g-1", "success")
                    .text("moduleUri", "urn:example:sepsis")
                    .json("subject", p_1())
                    .done(),
            ])
            .await;
        let reading = stage.record.read(&permit(Role::PatientIndex), "test").await.unwrap();
        let at_once = to_give_at_once(&reading, &pair()).await.unwrap();
        reading.finish().await.unwrap();
        let at_once: Vec<String> = at_once.iter().map(|version| version.key.to_string()).collect();
        assert_eq!(at_once, ["Appointment/ap-1", "ServiceRequest/r-1", "Task/t-1"], "{store}");
        let of = [("Appointment/ap-1", "p-2"), ("ServiceRequest/r-1", "p-1"), ("Task/t-1", "p-2")];
        assert_eq!(stage.act_as("tom", unmerge_giving(&of[..2])).await.unwrap_err().code, "in-force", "{store}");
        stage.act_as("tom", unmerge_giving(&of)).await.unwrap();
        let reading = stage.record.read(&permit(Role::PatientIndex), "test").await.unwrap();
        let owed_to = async |id: &str| {
            let owed = still_owed(&reading, id, NOW).await.unwrap();
            owed.into_iter().map(|one| one.id).collect::<Vec<_>>()
        };
        assert_eq!(
            (owed_to("p-1").await, owed_to("p-2").await),
            (vec!["r-1".into()], vec!["ap-1".into(), "t-1".into()])
        );
        let left = unallocated(&reading, 10).await.unwrap();
        reading.finish().await.unwrap();
        let left: Vec<&str> =
            left[0].items.iter().filter(|one| one.given_to.is_none()).map(|one| &*one.reference).collect();
        assert_eq!(left, ["Contract/c-1", "Device/d-1", "GuidanceResponse/g-1", "Task/t-2"], "{store}");
    }
}

/// An unmerge that leaves nothing owes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_merge_of_which_all_is_in_force_leaves_nothing_to_give_out() {
    for stage in stages().await {
        merged(&stage).await;
        stage.put(&[sent("s-1", "p-1", "bed-1")]).await;
        let reading = stage.record.read(&permit(Role::PatientIndex), "test").await.unwrap();
        let at_once = to_give_at_once(&reading, &pair()).await.unwrap();
        reading.finish().await.unwrap();
        assert_eq!(at_once.iter().map(|version| version.key.to_string()).collect::<Vec<_>>(), ["Encounter/s-1"]);
        stage.act_as("tom", unmerge_giving(&[("Encounter/s-1", "p-1")])).await.unwrap();
        assert_eq!(stage.owed_to(Role::PatientIndex, "unallocated").await, [], "{}", stage.store);
        let reading = stage.record.read(&permit(Role::PatientIndex), "test").await.unwrap();
        assert_eq!(unallocated(&reading, 10).await.unwrap(), []);
        assert_eq!(to_give_at_once(&reading, &pair()).await.unwrap().len(), 0, "they are not merged any more");
        reading.finish().await.unwrap();
    }
}

/// Undo would leave with the survivor what was written in between, and nobody would be asked whose it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_merge_is_taken_apart_and_never_undone() {
    for stage in stages().await {
        two_with_something(&stage).await;
        stage.act_as("tom", ask(&[("name", Side::Left)])).await.unwrap();
        let merged = stage.act_as("ann", agree()).await.unwrap();
        stage.put(&[observation("o-3", "p-1")]).await;
        let undo = |receipt: &record::Receipt| Command::Undo(Undo::of(receipt));
        assert_eq!(stage.act_as("ann", undo(&merged)).await.unwrap_err().code, "take-apart", "{}", stage.store);
        let parted = stage.act_as("tom", unmerge()).await.unwrap();
        assert_eq!(stage.act_as("tom", undo(&parted)).await.unwrap_err().code, "take-apart", "{}", stage.store);
    }
}

/// Every reference path of the definitions: whatever refers to a patient is found under who stays, and under the former
/// again after the parting. The record follows one row, so no type is named in the code.
#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_the_compartment_goes_with_the_merge_and_comes_back() {
    for stage in stages().await {
        let kinds = || fhir::search::compartment_kinds().filter(|kind| *kind != "Patient");
        assert!(kinds().count() > 60, "{}", kinds().count());
        let mut tried = 0;
        for kind in kinds() {
            let Some(text) = smallest(kind, "p-2") else { continue };
            stage.put(&[text]).await;
            assert_eq!(under(&stage, Role::System, kind, "p-2").await.len(), 1, "{kind} is in the compartment");
            tried += 1;
        }
        assert!(tried > 40, "{tried} kinds could be written by rule");
        stage.act_as("tom", ask(&[])).await.unwrap();
        stage.act_as("ann", agree()).await.unwrap();
        let both = |stage: Stage| async move {
            let mut found = (0, 0);
            for kind in kinds().filter(|kind| smallest(kind, "p-2").is_some()) {
                found.0 += under(&stage, Role::System, kind, "p-1").await.iter().filter(|id| *id == "any").count();
                found.1 += under(&stage, Role::System, kind, "p-2").await.iter().filter(|id| *id == "any").count();
            }
            (found, stage)
        };
        let (found, stage) = both(stage).await;
        assert_eq!(found.0, tried, "under who stays");
        stage.act_as("tom", unmerge()).await.unwrap();
        let (found, stage) = both(stage).await;
        assert_eq!(found, (0, tried), "{}: under the former again", stage.store);
    }
}

/// The smallest text of a type that refers to a patient by the first parameter of its compartment; the rules of validity
/// are not asked: the record keeps what it is given.
fn smallest(kind: &str, patient: &str) -> Option<String> {
    let parameter = fhir::definitions().compartment_parameters("Patient", kind).first()?;
    let expression = fhir::definitions().search_parameter(kind, parameter)?.expression?;
    let own = expression.split('|').map(str::trim).find(|part| part.starts_with(&format!("{kind}.")))?;
    let path = own.strip_prefix(&format!("{kind}."))?;
    let mut json = reference(&format!("Patient/{patient}"), None);
    if path.contains('(') || path.contains(' ') {
        return None;
    }
    let structure = fhir::definitions().resource_type(kind)?;
    let steps: Vec<&str> = path.split('.').collect();
    let mut at = structure;
    let mut arrays = Vec::new();
    for step in &steps {
        let found = at.element(step)?;
        arrays.push(found.element.is_array());
        if let Some(next) = found.type_ref.structure() {
            at = next;
        }
    }
    for (step, is_array) in steps.iter().zip(arrays).rev() {
        let value = if is_array { format!("[{json}]") } else { json };
        json = format!("{{\"{step}\":{value}}}");
    }
    Some(format!("{{\"resourceType\":\"{kind}\",\"id\":\"any\",{}", &json[1..]))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_inpatients_are_not_merged_and_contradictions_become_tasks() {
    for stage in stages().await {
        two_with_something(&stage).await;
        stage.put(&[allergy("a-1", "p-1", "Penicillin"), allergy("a-2", "p-2", "No known allergies")]).await;
        stage.put(&[sent("s-1", "p-1", "bed-1"), sent("s-2", "p-2", "bed-2")]).await;
        stage.act_as("tom", ask(&[("name", Side::Left)])).await.unwrap();
        assert_eq!(stage.act_as("ann", agree()).await.unwrap_err().code, "both-inpatients", "{}", stage.store);
        let ended = sent("s-2", "p-2", "bed-2").replace("in-progress", "finished");
        stage.put(&[ended]).await;
        let reading = stage.record.read(&permit(Role::PatientIndex), "test").await.unwrap();
        let found = effects(&reading, &pair()).await.unwrap();
        reading.finish().await.unwrap();
        assert!(found.allergies_conflict && !found.both_inpatients, "{found:?}");
        let held = holds(&reading, &pair()).await.unwrap();
        assert_eq!(held.iter().find(|holds| holds.kind == "Observation").unwrap().counts, (1, 1));
        stage.act_as("ann", agree()).await.unwrap();
        let reading = stage.record.read(&permit(Role::Clinician), "test").await.unwrap();
        let code = Span::head("Task.code", [Part::code("urn:almoner:merging", "settle")]);
        let subject = Span::head("Task.patient", [Part::target("Patient", "p-1")]);
        let select = Select::of("Task").with(Clause::Any(vec![code])).with(Clause::Any(vec![subject]));
        let tasks = reading.total(&select).await.unwrap();
        reading.finish().await.unwrap();
        assert_eq!(tasks, 1, "{}", stage.store);
        // The page calls it an item with an owner: it has one.
        assert_eq!(stage.owed("task-unowned").await, [], "{}", stage.store);
        let owned = stage.owed("task").await;
        assert!(matches!(&owned[..], [(owner, _)] if owner == "team/records"), "{}: {owned:?}", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_is_asked_about_once_and_not_the_same_can_be_taken_back() {
    for stage in stages().await {
        two_with_something(&stage).await;
        let propose = || Command::ProposeDuplicate(ProposeDuplicate { pair: pair() });
        let no = |why: &str| Command::NotTheSame(NotTheSame { pair: pair(), why: why.into() });
        stage.act_as("tom", propose()).await.unwrap();
        let asked = stage.text("Task", &review_id(&pair())).await;
        assert!(
            Review::of(fhir::Document::parse(asked.as_bytes(), &fhir::Limits::default()).unwrap().root())
                .unwrap()
                .weight
                .is_some_and(|weight| weight.parse::<f64>().is_ok())
        );
        assert!(stage.act_as("tom", propose()).await.unwrap().written.is_empty());
        assert_eq!(stage.act_as("tom", no(" ")).await.unwrap_err().field, Some("why"));
        stage.act_as("tom", no("Sisters, seen together.")).await.unwrap();
        assert!(stage.act_as("tom", propose()).await.unwrap().written.is_empty(), "it is answered");
        let asked = stage.act_as("ann", ask(&[("name", Side::Left)])).await.unwrap_err();
        assert_eq!(asked.code, "not-the-same", "{}", stage.store);
        stage.act_as("ann", Command::TakeBackNotTheSame(TakeBackNotTheSame { pair: pair() })).await.unwrap();
        stage.act_as("ann", ask(&[("name", Side::Left)])).await.unwrap();
    }
}

/// What a merge costs does not depend on how much the two have.
#[tokio::test(flavor = "multi_thread")]
async fn a_merge_of_many_resources_is_one_small_commit() {
    let many = if std::env::var_os("ALMONER_SOAK").is_some() { 50_000 } else { 2_000 };
    for stage in stages().await {
        two_with_something(&stage).await;
        for first in (0..many).step_by(1000) {
            let texts: Vec<String> =
                (first..first + 1000).map(|number| observation(&format!("many-{number}"), "p-2")).collect();
            stage.put(&texts).await;
        }
        stage.act_as("tom", ask(&[("name", Side::Left)])).await.unwrap();
        let receipt = stage.act_as("ann", agree()).await.unwrap();
        assert_eq!(receipt.written.len(), 3);
        let reading = stage.record.read(&permit_of("user/x", Role::Clinician), "test").await.unwrap();
        let span = Span::head(SUBJECT, [Part::target("Patient", "p-1"), Part::Kind("Observation".into())]);
        let total = reading.total(&Select::of("Observation").with(Clause::Any(vec![span]))).await.unwrap();
        reading.finish().await.unwrap();
        assert_eq!(total, many as u64 + 2, "{}", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_patient_becomes_part_of_the_true_record_and_somebody_checks_the_allergies() {
    for stage in stages().await {
        let store = stage.store;
        stage.put(&[patient("p-1", "Adeyemi", ",\"birthDate\":\"1951-03-14\"")]).await;
        let batch = RegisterMajorIncident { patients: vec!["p-90".into()] };
        stage.act(Command::RegisterMajorIncident(batch)).await.unwrap();
        assert_eq!(stage.owed("to-be-identified").await.len(), 1, "{store}");
        let pair = Pair::of("p-1", "p-90").unwrap();
        let ask = |survivor: &str, name: Side| {
            Command::AskForMerge(AskForMerge {
                pair: pair.clone(),
                survivor: survivor.into(),
                keep: vec![("name".into(), name)],
                why: "His wife came.".into(),
            })
        };
        assert_eq!(stage.act_as("tom", ask("p-90", Side::Left)).await.unwrap_err().code, "temporary-stays", "{store}");
        assert_eq!(stage.act_as("tom", ask("p-1", Side::Right)).await.unwrap_err().code, "temporary-name", "{store}");
        stage.act_as("tom", ask("p-1", Side::Left)).await.unwrap();
        let agree = Command::AgreeToMerge(AgreeToMerge { pair: pair.clone() });
        let receipt = stage.act_as("ann", agree).await.unwrap();
        let tasks: Vec<&str> =
            receipt.written.iter().filter(|one| one.key.kind == "Task").map(|one| one.key.id.as_str()).collect();
        assert_eq!(tasks.len(), 2, "{store}: the review, and the check of the allergies");
        let check = stage.text("Task", tasks.iter().find(|id| **id != review_id(&pair)).unwrap()).await;
        assert!(check.contains("check the allergies") && check.contains("Patient/p-1"), "{store}: {check}");
        assert_eq!(stage.owed("to-be-identified").await, [], "{store}: it is known who this is");
    }
}

/// How many resources the person of the next test has: `ALMONER_MERGE=50000` is the size that docs/performance.md publishes.
fn many() -> usize {
    std::env::var("ALMONER_MERGE").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000)
}

#[tokio::test(flavor = "multi_thread")]
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it prints how long it took; what was written decides"
)]
async fn a_merge_and_its_unmerge_write_as_little_whatever_the_two_records_hold() {
    for stage in stages().await {
        let store = stage.store;
        two_with_something(&stage).await;
        let all: Vec<String> = (0..many()).map(|at| observation(&format!("many-{at}"), "p-2")).collect();
        for chunk in all.chunks(2_500) {
            stage.put(chunk).await;
        }
        stage.act_as("tom", ask(&[("name", Side::Right)])).await.unwrap();
        let began = std::time::Instant::now();
        let merged = stage.act_as("ann", agree()).await.unwrap();
        let took = began.elapsed();
        assert_eq!(merged.written.len(), 3, "{store}: two Patients and the review");
        let began = std::time::Instant::now();
        let parted = stage.act_as("tom", unmerge()).await.unwrap();
        println!("{store}: {} resources merged in {took:?}, taken apart in {:?}", all.len(), began.elapsed());
        assert!(parted.written.len() <= 4, "{store}: {:?}", parted.written);
        assert_eq!(under(&stage, Role::Clinician, "Observation", "p-1").await, ["o-1"], "{store}");
    }
}
