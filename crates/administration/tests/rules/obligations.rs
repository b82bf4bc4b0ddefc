//! Obligations over a real record, on both stores: they follow what happens, whatever door it comes through, and a number
//! is the length of its list.

use access::Role;
use administration::obligations::{KINDS, Owner, Scope, count, named_owners, query};
use administration::stays::{Admit, MoveToBed};
use administration::{Command, places};
use fhir::write::{Object, reference};
use terms::Moment;

use crate::stage::{NOW, Stage, permit, sent, stages};

const HOUR: i64 = 60 * 60_000;

fn admit(stay: &str, patient: &str, place: &str, hours_ago: i64) -> Command {
    let at = Moment(NOW.0 - hours_ago * HOUR);
    Command::Admit(Admit { stay: stay.into(), patient: patient.into(), place: place.into(), at, ..Admit::default() })
}

fn go(stay: &str, to: &str) -> Command {
    Command::MoveToBed(MoveToBed { stay: stay.into(), to: to.into(), at: NOW, earlier: None, mixed: None })
}

fn owed(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(owner, anchor)| ((*owner).to_owned(), (*anchor).to_owned())).collect()
}

fn summary(of: &str) -> String {
    Object::resource("DocumentReference", "summary")
        .text("status", "current")
        .json("type", fhir::write::concept("http://loinc.org", "18842-5", "Discharge summary"))
        .json("subject", reference("Patient/p-1", None))
        .json(
            "context",
            Object::new().json("encounter", format!("[{}]", reference(&format!("Encounter/{of}"), None))).done(),
        )
        .json("content", "[{\"attachment\":{\"title\":\"Summary\"}}]")
        .done()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_bed_is_counted_until_they_have_one_whatever_door_says_so() {
    for stage in stages().await {
        stage.act(admit("s-1", "p-1", "trolley", 2)).await.unwrap();
        stage.act(admit("s-2", "p-2", "bed-1", 2)).await.unwrap();
        stage.act(admit("s-3", "p-3", "bed-1", 1)).await.unwrap();
        stage.put(&[sent("s-4", "p-4", "bed-1")]).await;
        let without = [("place/bed-1", "s-4"), ("place/heron", "s-3"), ("place/trolley", "s-1")];
        assert_eq!(stage.owed("no-bed").await, owed(&without), "{}", stage.store);
        stage.act(go("s-1", "bed-2")).await.unwrap();
        stage.act(go("s-3", "bed-3")).await.unwrap();
        stage.put(&[sent("s-4", "p-4", "bed-4")]).await;
        assert_eq!(stage.owed("no-bed").await, [], "{}", stage.store);
        // Back to the trolley, by another system.
        stage.put(&[sent("s-4", "p-4", "trolley")]).await;
        assert_eq!(stage.owed("no-bed").await, owed(&[("place/trolley", "s-4")]), "{}", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_may_bring_a_bed_together_with_who_is_in_it() {
    for stage in stages().await {
        let bed = Object::resource("Location", "bed-9")
            .text("status", "active")
            .json("type", format!("[{}]", fhir::write::concept("urn:almoner:place-kind", "bed", "Bed")))
            .json("partOf", reference("Location/bay-a", None));
        stage.put(&[bed.done(), sent("s-9", "p-1", "bed-9")]).await;
        assert_eq!(stage.owed("no-bed").await, [], "{}", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_summary_is_owed_from_the_end_of_the_stay_until_it_is_there() {
    for stage in stages().await {
        stage.act(admit("s-1", "p-1", "bed-1", 30)).await.unwrap();
        assert_eq!(stage.owed("discharge-summary").await, []);
        let text = stage.text("Encounter", "s-1").await.replace("\"in-progress\"", "\"finished\"");
        let ended = text.replace("\"active\"", "\"completed\"");
        stage.put(&[ended]).await;
        assert_eq!(stage.owed("discharge-summary").await, owed(&[("place/bed-1", "s-1")]), "{}", stage.store);
        stage.put(&[summary("s-1")]).await;
        assert_eq!(stage.owed("discharge-summary").await, [], "{}", stage.store);
    }
}

/// Something of every kind that people on a ward see.
async fn filled(stage: &Stage) {
    stage.act(admit("s-1", "p-1", "bed-1", 50)).await.unwrap();
    stage.act(admit("s-2", "p-2", "trolley", 3)).await.unwrap();
    let expected = Command::Admit(Admit {
        stay: "s-3".into(),
        patient: "p-3".into(),
        place: "bed-3".into(),
        at: Moment(NOW.0 - 60 * HOUR),
        expected_end: Some("2026-11-16".into()),
        ..Admit::default()
    });
    stage.act(expected).await.unwrap();
    let elsewhere = Object::resource("Location", "eagle").text("status", "active").text("name", "Eagle ward").done();
    stage.put(&[elsewhere, sent("s-4", "p-4", "eagle")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_the_length_of_its_list_for_a_ward_and_for_all() {
    for stage in stages().await {
        filled(&stage).await;
        let reading = stage.record.read(&permit(Role::Clerk), "test").await.unwrap();
        let ward = places::ward(&reading, "heron").await.unwrap().unwrap();
        let mut seen = 0;
        for scope in
            [Scope::ward(&ward), Scope::Everybody, Scope::person(["user/nobody".into()]), Scope::Owners(vec![])]
        {
            for kind in KINDS {
                let counted = count(&reading, kind, &scope, NOW).await.unwrap();
                let listed = reading.obligations(&query(kind, &scope, NOW)).await.unwrap().obligations;
                assert_eq!(counted.number, listed.len() as u64, "{} {scope:?}", kind.code);
                let late = listed.iter().filter(|open| open.obligation.due < NOW).count() as u64;
                assert_eq!(counted.late, late, "{} {scope:?}", kind.code);
                assert_eq!(counted.oldest, listed.first().cloned(), "{}", kind.code);
                seen += listed.len();
            }
        }
        assert!(seen > 10, "{seen} prove little");
        let on_ward = |code: &str| KINDS.iter().find(|kind| kind.code == code).copied().unwrap();
        let ward = Scope::ward(&ward);
        let number = async |code: &str, scope: &Scope| count(&reading, on_ward(code), scope, NOW).await.unwrap().number;
        assert_eq!((number("no-bed", &ward).await, number("no-bed", &Scope::Everybody).await), (1, 2));
        assert_eq!(number("no-expected-discharge", &ward).await, 2);
        assert_eq!(number("expected-discharge-passed", &ward).await, 1);
        assert_eq!(number("registration-incomplete", &Scope::Everybody).await, 4);
        reading.finish().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_called_by_its_ward_and_counts_only_while_it_is_active() {
    for stage in stages().await {
        let gone =
            Object::resource("Practitioner", "gone").json("active", "false").json("name", "[{\"text\":\"Dr G One\"}]");
        let here = Object::resource("Practitioner", "here").json("name", "[{\"text\":\"Dr H Ere\"}]");
        stage.put(&[gone.done(), here.done()]).await;
        let reading = stage.record.read(&permit(Role::Clerk), "test").await.unwrap();
        let places = places::places(&reading).await.unwrap();
        let holder = |name: &str, is_active| Owner { name: name.to_owned(), is_active };
        let accounts = [
            ("user/k.boateng".to_owned(), holder("Kofi Boateng", true)),
            ("user/r.hall".to_owned(), holder("Rosa Hall", false)),
        ];
        let accounts = accounts.into();
        let cases = [
            ("place/bed-1", "Place heron", true),
            ("place/heron", "Place heron", true),
            ("place/away", "away (not active)", false),
            ("practitioner/here", "Dr H Ere", true),
            ("practitioner/gone", "Dr G One", false),
            ("practitioner/unknown", "unknown (not active)", false),
            ("user/k.boateng", "Kofi Boateng", true),
            ("user/r.hall", "Rosa Hall (account closed)", false),
            ("user/left", "left (not active)", false),
            ("team/site", "Site office", true),
            ("team/closed", "closed (not active)", false),
            ("nobody", "Nobody", false),
        ];
        let asked = cases.iter().map(|(owner, ..)| (*owner).to_owned());
        let named = named_owners(&reading, asked, &places, &accounts).await.unwrap();
        for (owner, name, is_active) in cases {
            assert_eq!((named[owner].name.as_str(), named[owner].is_active), (name, is_active), "{owner}");
        }
        reading.finish().await.unwrap();
    }
}
