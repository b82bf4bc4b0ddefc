//! Possible duplicates come to the patient index by themselves: with the change that makes two records alike, by whatever
//! door, and from a search through everybody. Nobody is asked twice, and nothing merges.

use std::num::NonZero;

use access::Role;
use administration::matching::{Comparison, Demographics, Field, Verdict};
use administration::merging::{
    AskAboutPairs, Everybody, NotTheSame, Pair, ReviewState, Searched, review_id, reviews, weights,
};
use administration::registration::{self, CorrectPatient, Gender, RegisterNewborn};
use administration::stays::Admit;
use administration::{Command, Undo};
use fhir::{Document, Limits};
use testkit::people::{Population, Record, Registry};

use crate::stage::{NOW, Stage, permit, stages};

fn patient(id: &str, family: &str, given: &str, born: &str, more: &str) -> String {
    format!(
        r#"{{"resourceType":"Patient","id":"{id}","active":true,"gender":"female","birthDate":"{born}",
            "name":[{{"use":"official","family":"{family}","given":["{given}"]}}]{more}}}"#
    )
}

fn adaeze() -> [String; 2] {
    [patient("p-10", "Okonkwo", "Adaeze", "1974-05-21", ""), patient("p-11", "Okonkwo", "Adaeze", "1991-11-02", "")]
}

fn pair() -> Pair {
    Pair::of("p-10", "p-11").unwrap()
}

fn born(patient: &str, version: u64, born: &str) -> Command {
    let person = registration::Demographics {
        family: "Okonkwo".into(),
        given: "Adaeze".into(),
        born: born.parse().ok(),
        gender: Some(Gender::Female),
        ..registration::Demographics::default()
    };
    Command::CorrectPatient(Box::new(CorrectPatient { patient: patient.into(), version, person, why: None }))
}

/// The pairs under review, with their weights.
async fn open(stage: &Stage) -> Vec<(Pair, Option<String>)> {
    let reading = stage.record.read(&permit(Role::PatientIndex), "test").await.unwrap();
    let open = reviews(&reading, ReviewState::Open, 100).await.unwrap();
    reading.finish().await.unwrap();
    open.into_iter().map(|review| (review.pair, review.weight)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_makes_two_records_alike_has_the_pair_reviewed_with_the_same_commit() {
    for stage in stages().await {
        let store = stage.store;
        stage.put(&adaeze()).await;
        assert_eq!(open(&stage).await, [], "{store}: only the name is the same");
        let receipt = stage.act(born("p-11", 1, "1974-05-21")).await.unwrap();
        let [(asked, weight)] = open(&stage).await.try_into().unwrap();
        assert_eq!(asked, pair(), "{store}");
        assert!(weight.unwrap().starts_with('+'), "{store}");
        assert!(receipt.written.iter().any(|written| written.key.id == review_id(&pair())), "{store}: {receipt:?}");
        let owed = [("team/records".to_owned(), review_id(&pair()))];
        assert_eq!(stage.owed("duplicate").await, owed, "{store}: it is owed by health records");
        // Taking the correction back takes the question back.
        stage.act(Command::Undo(Undo::of(&receipt))).await.unwrap();
        assert_eq!(open(&stage).await, [], "{store}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_system_that_sends_a_likely_record_is_accepted_and_the_pair_is_reviewed() {
    for stage in stages().await {
        let [first, _] = adaeze();
        stage.put(&[first]).await;
        stage.put(&[patient("p-11", "Okonkwo", "Adaeze", "1974-05-21", "")]).await;
        assert_eq!(open(&stage).await.len(), 1, "{}", stage.store);
        // The same words again ask nothing again.
        stage.put(&[patient("p-11", "Okonkwo", "Adaeze", "1974-05-21", ",\"maritalStatus\":{\"text\":\"x\"}")]).await;
        assert_eq!(open(&stage).await.len(), 1, "{}", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_to_be_two_people_is_not_asked_again() {
    for stage in stages().await {
        stage.put(&adaeze()).await;
        stage.act(born("p-11", 1, "1974-05-21")).await.unwrap();
        stage.act_as("tom", Command::NotTheSame(NotTheSame { pair: pair(), why: "Cousins.".into() })).await.unwrap();
        stage.act(born("p-10", 1, "1974-05-22")).await.unwrap();
        stage.act(born("p-10", 2, "1974-05-21")).await.unwrap();
        assert_eq!(open(&stage).await, [], "{}", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_and_withdrawn_records_are_not_asked_about() {
    for stage in stages().await {
        let store = stage.store;
        stage.put(&[patient("p-1", "Whitfield", "Rosa", "1996-02-10", "")]).await;
        let admit =
            Admit { stay: "s-1".into(), patient: "p-1".into(), place: "bed-1".into(), at: NOW, ..Admit::default() };
        stage.act(Command::Admit(admit)).await.unwrap();
        for order in [1, 2] {
            let newborn = RegisterNewborn {
                patient: format!("baby-{order}"),
                mother: "p-1".into(),
                stay: "s-1".into(),
                born: NOW,
                order,
                of: 2,
                gender: Some(Gender::Female),
                flags: vec![format!("f-{order}-1"), format!("f-{order}-2")],
            };
            stage.act(Command::RegisterNewborn(newborn)).await.unwrap();
        }
        assert_eq!(open(&stage).await, [], "{store}: twins are two");
        let withdrawn =
            patient("p-10", "Okonkwo", "Adaeze", "1974-05-21", "").replace("\"active\":true", "\"active\":false");
        stage.put(&[withdrawn]).await;
        stage.put(&[patient("p-11", "Okonkwo", "Adaeze", "1974-05-21", "")]).await;
        assert_eq!(open(&stage).await, [], "{store}: a record that was withdrawn is nobody");
    }
}

/// Everybody who is not there yet, as the search through a trust reads them.
async fn search(stage: &Stage, texts: &[String]) -> Searched {
    let mut everybody = Everybody::default();
    for text in texts {
        everybody.add(Document::parse(text.as_bytes(), &Limits::default()).unwrap().root());
    }
    assert_eq!(everybody.count(), texts.len(), "{}", stage.store);
    everybody.search(NonZero::new(2).unwrap(), &|_| {})
}

fn invented(at: usize, record: &Record) -> String {
    let number = record.nhs_number.as_deref().map(|number| {
        format!(r#","identifier":[{{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{number}"}}]"#)
    });
    let born = record.born.as_deref().filter(|born| born.len() == 10).unwrap_or("1950-01-01");
    let given = record.given.join("\",\"");
    let text = patient(&format!("r-{at:05}"), &record.surname, &given, born, number.as_deref().unwrap_or_default());
    text.replace(
        "\"gender\":\"female\"",
        &format!("\"gender\":\"{}\"", if record.sex == "M" { "male" } else { "female" }),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_through_everybody_asks_once_and_its_weights_are_used_from_then_on() {
    let population = Population::new(7);
    let registry = Registry::new(population);
    let records: Vec<Record> = population.people().flat_map(|person| registry.of(&person)).take(1500).collect();
    let texts: Vec<String> = records.iter().enumerate().map(|(at, record)| invented(at, record)).collect();
    for stage in stages().await {
        let store = stage.store;
        for chunk in texts.chunks(250) {
            stage.put(chunk).await;
        }
        assert_eq!(open(&stage).await, [], "{store}: what comes in bulk is left to the search");
        let found = search(&stage, &texts).await;
        assert!(found.pairs.len() > 50 && found.merge > 0, "{store}: {}", found.pairs.len());
        let ask = AskAboutPairs { pairs: found.pairs[..60].to_vec(), weights: found.weights.clone() };
        let receipt = stage.act_in(Role::Host, Command::AskAboutPairs(ask.clone())).await.unwrap();
        assert_eq!(receipt.written.len(), 61, "{store}: the weights, and a review for each");
        assert_eq!(open(&stage).await.len(), 60, "{store}");
        let again = AskAboutPairs { weights: None, ..ask };
        assert_eq!(stage.act_in(Role::Host, Command::AskAboutPairs(again)).await.unwrap().written, [], "{store}");

        // Whoever registers somebody may read what was learnt, and it is no longer what is believed of everywhere.
        let reading = stage.record.read(&permit(Role::Clerk), "test").await.unwrap();
        let learnt = weights(&reading).await.unwrap();
        reading.finish().await.unwrap();
        assert_eq!(learnt.people(), Some(1500), "{store}");
        let (common, rare) = (named("Smith"), named("Quillfeather"));
        let (of_common, of_rare) = (learnt.compare(&common, &common), learnt.compare(&rare, &rare));
        let bits = |of: &Comparison| of.field(Field::Surname).unwrap().bits;
        assert!(bits(&of_rare) > bits(&of_common) + 2.0, "{store}: {of_common:?} {of_rare:?}");
        assert_ne!(of_common.verdict, Verdict::Merge, "{store}: a name and a birthday are held back");
    }
}

fn named(surname: &str) -> Demographics {
    Demographics {
        surnames: vec![surname.into()],
        given: vec!["Anne".into()],
        born: "1974-05-21".parse::<terms::Date>().ok().map(Into::into),
        ..Demographics::default()
    }
}
