//! Registration on both stores: one person is registered once, records that are hidden stay hidden, texts keep what is
//! not known here.

use access::Role;
use administration::merging::{Pair, TakeBackNotTheSame, review_id};
use administration::registration::{
    Answer, Answered, CorrectPatient, Demographics, Gender, Kin, NhsNumberStatus, RecordAnswer, RecordIdentity,
    Register, RegisterMajorIncident, RegisterNewborn, Restrict, SetNhsNumberStatus, Staying, Why, lookalikes, unknown,
};
use administration::stays::{Admit, NotDead};
use administration::{Command, Question, Undo};
use record::{Clause, Select};
use terms::{Moment, NhsNumber, PartialDate};

use crate::stage::{NOW, Stage, permit, sent, stages};

fn tomasz() -> Demographics {
    Demographics {
        family: "Wójcik".into(),
        given: "Tomasz".into(),
        born: "1988-06-09".parse().ok(),
        gender: Some(Gender::Male),
        postcode: Some("TH3 8KW".into()),
        ..Demographics::default()
    }
}

fn register(id: &str, person: Demographics, answered: &[&str]) -> Command {
    let answered = answered.iter().map(|patient| Answered {
        patient: (*patient).to_owned(),
        reason: "identity-checked".into(),
        words: None,
    });
    Command::Register(Box::new(Register {
        patient: id.into(),
        searched: "tomasz wojcik 1988".into(),
        answered: answered.collect(),
        person,
        is_traced: false,
    }))
}

fn with_number(person: Demographics, number: &str) -> Demographics {
    Demographics { nhs_number: NhsNumber::parse(number).ok(), ..person }
}

async fn code(stage: &Stage, command: Command) -> &'static str {
    stage.act(command).await.err().map_or("done", |refusal| refusal.code)
}

/// Who a role finds by what it types, and how many it counts.
pub(crate) async fn found(stage: &Stage, role: Role, typed: &str) -> (Vec<String>, u64) {
    let reading = stage.record.read(&permit(role), "test").await.unwrap();
    let question = Question::read(typed, terms::local_date(NOW));
    let mut ids = Vec::new();
    let mut total = 0;
    for attempt in question.attempts() {
        let mut select = Select::of("Patient");
        select.clauses = attempt.conditions.into_iter().map(Clause::Any).collect();
        total = total.max(reading.total(&select).await.unwrap());
        ids.extend(reading.select(&select).await.unwrap().versions.into_iter().map(|version| version.key.id));
    }
    reading.finish().await.unwrap();
    ids.sort();
    ids.dedup();
    (ids, total)
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_registered_without_a_search_or_past_a_likely_match() {
    for stage in stages().await {
        let store = stage.store;
        let Command::Register(mut unsearched) = register("p-10", tomasz(), &[]) else { unreachable!() };
        unsearched.searched = " ".into();
        assert_eq!(code(&stage, Command::Register(unsearched)).await, "search-first", "{store}");
        assert_eq!(code(&stage, register("p-10", tomasz(), &[])).await, "done", "{store}");
        let accent = Demographics { given: "Tomás".into(), ..tomasz() };
        assert_eq!(code(&stage, register("p-11", accent.clone(), &[])).await, "likely-match", "{store}");
        // An answer about somebody else is none, and an answer needs its reason.
        assert_eq!(code(&stage, register("p-11", accent.clone(), &["p-1"])).await, "likely-match", "{store}");
        let Command::Register(mut no_reason) = register("p-11", accent.clone(), &["p-10"]) else { unreachable!() };
        no_reason.answered[0].reason = "other".into();
        assert_eq!(code(&stage, Command::Register(no_reason)).await, "words-missing", "{store}");
        assert_eq!(code(&stage, register("p-11", accent, &["p-10"])).await, "done", "{store}");
        // What was said is a review that can be taken back.
        let pair = Pair::of("p-10", "p-11").unwrap();
        let task = stage.text("Task", &review_id(&pair)).await;
        assert!(task.contains("rejected") && task.contains("Patient says so, identity checked"), "{task}");
        stage.act_in(Role::PatientIndex, Command::TakeBackNotTheSame(TakeBackNotTheSame { pair })).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_fields_have_no_default() {
    for stage in stages().await {
        let without = |change: fn(&mut Demographics)| {
            let mut person = tomasz();
            change(&mut person);
            register("p-10", person, &[])
        };
        let cases = [
            (without(|person| person.family.clear()), "family-missing"),
            (without(|person| person.given.clear()), "given-missing"),
            (without(|person| person.born = None), "born-missing"),
            (without(|person| person.gender = None), "gender-missing"),
        ];
        for (command, expected) in cases {
            assert_eq!(code(&stage, command).await, expected);
        }
        let mut person = tomasz();
        (person.born, person.born_not_known, person.gender) = (None, true, Some(Gender::NotKnown));
        stage.act(register("p-10", person, &[])).await.unwrap();
        let text = stage.text("Patient", "p-10").await;
        assert!(!text.contains("birthDate") && text.contains("\"gender\":\"unknown\""), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clerks_who_register_one_person_at_once_get_one_patient() {
    for stage in stages().await {
        let person = with_number(tomasz(), "9990710198");
        let (one, other) = tokio::join!(
            stage.act(register("p-10", person.clone(), &[])),
            stage.act(register("p-11", person.clone(), &[]))
        );
        let refused: Vec<_> = [&one, &other].iter().filter_map(|done| done.as_ref().err()).collect();
        assert_eq!(refused.len(), 1, "{}", stage.store);
        assert_eq!(refused[0].code, "likely-match", "{}", stage.store);
        // The one who was refused sees the record that the other made.
        let reading = stage.record.read(&permit(Role::Clerk), "test").await.unwrap();
        let alike = lookalikes(&reading, &person).await.unwrap();
        reading.finish().await.unwrap();
        let winner = if one.is_ok() { "p-10" } else { "p-11" };
        let seen: Vec<_> = alike.iter().map(|one| one.version.key.id.as_str()).collect();
        assert_eq!(seen, [winner], "{}", stage.store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_given_once_and_blocks_never_meet() {
    for stage in stages().await {
        let people = ["Ash", "Birch", "Cedar", "Damson", "Elm"];
        let acts = people.iter().map(|family| {
            let person = Demographics { family: (*family).into(), given: (*family).into(), ..tomasz() };
            let person = Demographics { born: None, born_not_known: true, postcode: None, ..person };
            stage.act(register(&format!("p-{family}"), person, &[]))
        });
        for done in futures(acts).await {
            done.unwrap();
        }
        let mut numbers = Vec::new();
        for family in people {
            numbers.push(hospital_number(&stage.text("Patient", &format!("p-{family}")).await));
        }
        numbers.sort();
        assert_eq!(numbers, ["H 100 001", "H 100 002", "H 100 003", "H 100 004", "H 100 005"], "{}", stage.store);
        let patients = (0..3).map(|at| format!("u-{at}")).collect();
        stage.act(Command::RegisterMajorIncident(RegisterMajorIncident { patients })).await.unwrap();
        let text = stage.text("Patient", "u-2").await;
        assert_eq!(hospital_number(&text), "H 950 003");
        assert!(text.contains(&unknown::temporary_name(950_003)) && text.contains("identity-unknown"), "{text}");
    }
}

async fn futures<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = all.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, done) in all.iter_mut().zip(&mut done).filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(output) = future.as_mut().poll(context) {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

fn hospital_number(text: &str) -> String {
    let rest = text.split("\"code\":\"MR\"").nth(1).unwrap();
    rest.split("\"value\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_nhs_number_is_one_patient_s_and_only_a_trace_verifies_it() {
    for stage in stages().await {
        stage.act(register("p-10", with_number(tomasz(), "9990710198"), &[])).await.unwrap();
        let other = Demographics { family: "Nowak".into(), given: "Anna".into(), ..tomasz() };
        let other = Demographics { born: "1960-02-01".parse().ok(), postcode: None, ..other };
        let taken = register("p-11", with_number(other.clone(), "9990710198"), &["p-10"]);
        assert_eq!(code(&stage, taken).await, "nhs-number-taken");
        stage.act(register("p-11", other.clone(), &[])).await.unwrap();
        let set = |version, number: Option<&str>, status, by_trace| {
            let number = number.map(|number| NhsNumber::parse(number).unwrap());
            let patient = "p-11".into();
            Command::SetNhsNumberStatus(SetNhsNumberStatus { patient, version, number, status, by_trace, died: None })
        };
        let verified = NhsNumberStatus::Verified;
        assert_eq!(code(&stage, set(1, Some("9990710260"), verified, false)).await, "not-traced");
        assert_eq!(code(&stage, set(1, None, verified, true)).await, "number-missing");
        assert_eq!(code(&stage, set(1, Some("9990710198"), verified, true)).await, "nhs-number-taken");
        assert_eq!(
            code(&stage, set(1, Some("9990710260"), NhsNumberStatus::NotRequired, false)).await,
            "number-present"
        );
        assert_eq!(code(&stage, set(1, Some("9990710260"), verified, true)).await, "done");
        assert_eq!(code(&stage, set(1, None, NhsNumberStatus::NotRequired, false)).await, "changed-meanwhile");
        let text = stage.text("Patient", "p-11").await;
        assert!(text.contains("9990710260") && text.contains("\"code\":\"01\""), "{text}");
        let stolen =
            CorrectPatient { patient: "p-11".into(), version: 2, person: with_number(other, "9990710198"), why: None };
        assert_eq!(code(&stage, Command::CorrectPatient(Box::new(stolen))).await, "nhs-number-taken");
    }
}

/// A trace that says that somebody died stops nothing by itself, and is owed until somebody has acted on it.
#[tokio::test(flavor = "multi_thread")]
async fn a_death_that_a_trace_reports_is_owed_until_somebody_acts_on_it() {
    for stage in stages().await {
        let store = stage.store;
        stage.act(register("p-10", with_number(tomasz(), "9990710198"), &[])).await.unwrap();
        let traced = |version, died: Option<&str>| {
            Command::SetNhsNumberStatus(SetNhsNumberStatus {
                patient: "p-10".into(),
                version,
                number: NhsNumber::parse("9990710198").ok(),
                status: NhsNumberStatus::Verified,
                by_trace: true,
                died: died.and_then(|died| PartialDate::parse(died).ok()),
            })
        };
        let owed = |owner: &str| vec![(owner.to_owned(), "p-10".to_owned())];
        stage.act(traced(1, Some("2026-11-16"))).await.unwrap();
        assert!(!stage.text("Patient", "p-10").await.contains("deceased"), "{store}: nobody here has said so");
        assert_eq!(stage.owed("death-reported").await, owed("team/records"), "{store}");
        stage.put(&[sent("s-1", "p-10", "bed-1")]).await;
        assert_eq!(stage.owed("death-reported").await, owed("place/bed-1"), "{store}");
        // PDS was corrected, and asked again.
        stage.act(traced(2, None)).await.unwrap();
        assert_eq!(stage.owed("death-reported").await, [], "{store}");
        // It says so once more, and the patient sits there.
        stage.act(traced(3, Some("2026-11-16"))).await.unwrap();
        assert_eq!(stage.owed("death-reported").await.len(), 1, "{store}");
        stage.act(Command::NotDead(NotDead { patient: "p-10".into() })).await.unwrap();
        assert_eq!(stage.owed("death-reported").await, [], "{store}");
        assert!(stage.stay("s-1").await.state.is_live(), "{store}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_edits_what_differs_and_keeps_every_other_word() {
    let sent = r#"{ "resourceType":"Patient","id":"p-20","extension":[{"url":"urn:other","valueString":"kept"}],
        "identifier":[{"system":"urn:other:number","value":"77"}],
        "name":[{"use":"official","family":"Wojcik","given":["Tomasz"],"suffix":["BSc"]},{"use":"maiden","family":"Kept"}],
        "telecom":[{"system":"phone","use":"mobile","value":"07700 900 111","rank":1},{"system":"fax","value":"1"}],
        "gender":"male","birthDate":"1988-06-09","maritalStatus":{"text":"kept too"},
        "address":[{"use":"home","line":["1 Old Street"],"postalCode":"TH1 1AA"},{"use":"old","text":"Before"}] }"#;
    for stage in stages().await {
        stage.put(&[sent.to_owned()]).await;
        let person = Demographics { mobile: Some("07700 900 158".into()), ..tomasz() };
        let person = Demographics { address: Some("21 Cooperage Lane".into()), ..person };
        let correct = |version, why| {
            let patient = "p-20".into();
            Command::CorrectPatient(Box::new(CorrectPatient { patient, version, person: person.clone(), why }))
        };
        assert_eq!(code(&stage, correct(1, None)).await, "why-missing");
        assert_eq!(code(&stage, correct(1, Some(Why::HasChanged))).await, "done");
        assert_eq!(code(&stage, correct(2, Some(Why::WasWrong))).await, "nothing-changed");
        let text = stage.text("Patient", "p-20").await;
        for kept in [
            r#"{"url":"urn:other","valueString":"kept"}"#,
            r#"{"system":"urn:other:number","value":"77"}"#,
            r#""suffix":["BSc"]"#,
            r#"{"use":"maiden","family":"Kept"}"#,
            r#"{"system":"fax","value":"1"}"#,
            r#""maritalStatus":{"text":"kept too"}"#,
            r#"{"use":"old","text":"Before"}"#,
            "1 Old Street",
            "07700 900 158",
            "Wójcik",
        ] {
            assert!(text.contains(kept), "{kept} is gone: {text}");
        }
        assert!(!text.contains("07700 900 111"), "{text}");
        // People are still found by the name they had.
        assert_eq!(found(&stage, Role::Clerk, "wojcik tomasz").await.0, ["p-20"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_asked_is_not_asked_and_an_answer_is_one() {
    for stage in stages().await {
        stage.act(register("p-10", tomasz(), &[])).await.unwrap();
        let answers = [
            Answer::Ethnicity("C".into()),
            Answer::NextOfKin(Some(Kin { name: "Ewa Wójcik".into(), relation: "1".into(), phone: None })),
            Answer::Communication(vec!["large-print".into(), "email".into()], Some("Speak slowly".into())),
            Answer::Interpreter(Some(("pl".into(), Some("by phone".into())))),
            Answer::Adjustments(None),
            Answer::Overseas("A".into(), "T Abbott, passport".into()),
            Answer::Alert(Some(("Guide dog".into(), "the patient".into(), "2027-01-01".parse().ok(), "f-1".into()))),
            Answer::TemporaryAddress(Some(Staying {
                lines: Some("2 Quay".into()),
                postcode: None,
                from: "2026-11-17".parse().unwrap(),
                until: None,
            })),
            Answer::ClinicalSex("male-typical".into(), "Dr Mistry, clinic letter".into()),
        ];
        for (at, answer) in answers.into_iter().enumerate() {
            let version = 1 + at as u64;
            let record = RecordAnswer { patient: "p-10".into(), version, answer };
            stage.act(Command::RecordAnswer(record)).await.unwrap();
        }
        let text = stage.text("Patient", "p-10").await;
        let document = fhir::Document::parse(text.as_bytes(), &fhir::Limits::default()).unwrap();
        let flag = stage.text("Flag", "f-1").await;
        let flag = fhir::Document::parse(flag.as_bytes(), &fhir::Limits::default()).unwrap();
        let items = administration::registration::asked_items(document.root(), &[flag.root()]);
        let shown: Vec<String> = items
            .iter()
            .map(|(item, asked)| match asked {
                administration::registration::Asked::NotAsked => format!("{}: not asked", item.code()),
                administration::registration::Asked::Nothing { .. } => format!("{}: nothing", item.code()),
                administration::registration::Asked::Said { lines, .. } => {
                    format!("{}: {}", item.code(), lines.join("; "))
                }
            })
            .collect();
        let expected = [
            "ethnicity: White - Any other White background",
            "next-of-kin: Ewa Wójcik, Spouse",
            "communication-needs: Large print; Letters by email; Speak slowly",
            "interpreter: Needed, Polish, by phone",
            "reasonable-adjustments: nothing",
            "overseas-status: Standard NHS-funded patient; T Abbott, passport",
            "alerts: Guide dog, source: the patient, until 01-Jan-2027",
            "temporary-address: 2 Quay, from 17-Nov-2026",
            "sex-for-clinical-use: Male-typical ranges; source: Dr Mistry, clinic letter",
        ];
        assert_eq!(shown, expected);
        let bad = RecordAnswer { patient: "p-10".into(), version: 10, answer: Answer::Ethnicity("99".into()) };
        assert_eq!(code(&stage, Command::RecordAnswer(bad)).await, "choose");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_record_is_not_found_and_not_counted_by_a_clerk() {
    for stage in stages().await {
        stage.act(register("p-10", with_number(tomasz(), "9990710198"), &[])).await.unwrap();
        let hide = |version, reason: Option<&str>| {
            Command::Restrict(Restrict { patient: "p-10".into(), version, reason: reason.map(str::to_owned) })
        };
        assert_eq!(code(&stage, hide(1, Some("03"))).await, "not-yours", "a clerk");
        stage.act_in(Role::Clinician, hide(1, Some("03"))).await.unwrap();
        for typed in ["wojcik", "tomasz wojcik", "9990710198", "9 jun 1988", "H 100 001"] {
            assert_eq!(found(&stage, Role::Clerk, typed).await, (vec![], 0), "{typed}");
            assert_eq!(found(&stage, Role::Clinician, typed).await.0, ["p-10"], "{typed}");
        }
        // Who does not see them learns no more from registering one: only that the number cannot be used.
        let again = register("p-11", with_number(tomasz(), "9990710198"), &[]);
        assert_eq!(code(&stage, again).await, "nhs-number-held");
        assert_eq!(code(&stage, hide(2, None)).await, "no-patient", "a clerk");
        stage.act_in(Role::Clinician, hide(2, None)).await.unwrap();
        assert_eq!(found(&stage, Role::Clerk, "wojcik").await.0, ["p-10"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_are_registered_once_each_and_told_apart() {
    for stage in stages().await {
        let mother = Demographics { gender: Some(Gender::Female), given: "Ewa".into(), ..tomasz() };
        stage.act(register("p-10", mother, &[])).await.unwrap();
        let admit =
            Admit { stay: "s-1".into(), patient: "p-10".into(), place: "bed-1".into(), at: NOW, ..Admit::default() };
        stage.act(Command::Admit(admit)).await.unwrap();
        let baby = |id: &str, order: u8, of: u8| {
            Command::RegisterNewborn(RegisterNewborn {
                patient: id.into(),
                mother: "p-10".into(),
                stay: "s-1".into(),
                born: Moment(NOW.0 - 3_600_000),
                order,
                of,
                gender: Some(Gender::Female),
                flags: (0..of).map(|at| format!("{id}-flag-{at}")).collect(),
            })
        };
        assert_eq!(code(&stage, baby("b-1", 0, 2)).await, "order");
        assert_eq!(code(&stage, baby("b-1", 3, 2)).await, "order");
        stage.act(baby("b-1", 1, 2)).await.unwrap();
        assert_eq!(code(&stage, baby("b-9", 1, 2)).await, "born-already");
        stage.act(baby("b-2", 2, 2)).await.unwrap();
        let (one, two) = (stage.text("Patient", "b-1").await, stage.text("Patient", "b-2").await);
        assert!(one.contains("\"multipleBirthInteger\":1") && one.contains("[\"Baby\",\"One\"]"), "{one}");
        assert!(two.contains("\"multipleBirthInteger\":2") && two.contains("\"code\":\"08\""), "{two}");
        for (flag, baby) in [("b-1-flag-0", "b-1"), ("b-2-flag-0", "b-2"), ("b-2-flag-1", "b-1")] {
            let text = stage.text("Flag", flag).await;
            assert!(text.contains("similar-name") && text.contains(&format!("Patient/{baby}")), "{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_patient_matches_nobody_and_becomes_known() {
    for stage in stages().await {
        stage.act(register("p-10", tomasz(), &[])).await.unwrap();
        stage
            .act(Command::RegisterMajorIncident(RegisterMajorIncident { patients: vec!["u-1".into()] }))
            .await
            .unwrap();
        let named = Demographics { family: "Unknown".into(), given: "Sierra Copper".into(), ..tomasz() };
        let reading = stage.record.read(&permit(Role::Clerk), "test").await.unwrap();
        let alike = lookalikes(&reading, &named).await.unwrap();
        assert!(alike.iter().all(|one| one.version.key.id != "u-1"), "{alike:?}");
        reading.finish().await.unwrap();
        let is_new = |person: Demographics| {
            let (patient, answered) = ("u-1".to_owned(), Vec::new());
            Command::RecordIdentity(RecordIdentity { patient, version: 1, person, answered })
        };
        assert_eq!(code(&stage, is_new(tomasz())).await, "likely-match");
        let ewa = Demographics { family: "Nowak".into(), given: "Ewa".into(), ..tomasz() };
        let ewa = Demographics { born: "1961-01-31".parse().ok(), postcode: None, ..ewa };
        stage.act(is_new(ewa)).await.unwrap();
        let text = stage.text("Patient", "u-1").await;
        assert!(!text.contains("identity-unknown") && text.contains("Nowak") && text.contains("\"Unknown\""), "{text}");
        assert_eq!(found(&stage, Role::Clerk, "unknown").await.0, ["u-1"], "found by the name on the wristband");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_was_undone_frees_the_number() {
    for stage in stages().await {
        let receipt = stage.act(register("p-10", with_number(tomasz(), "9990710198"), &[])).await.unwrap();
        stage.act(Command::Undo(Undo::of(&receipt))).await.unwrap();
        assert_eq!(found(&stage, Role::Clerk, "wojcik").await, (vec![], 0));
        stage.act(register("p-11", with_number(tomasz(), "9990710198"), &[])).await.unwrap();
        // The hospital number is not given again: it may be on a wristband.
        assert_eq!(hospital_number(&stage.text("Patient", "p-11").await), "H 100 002");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_is_undone_although_others_registered_since() {
    for stage in stages().await {
        let receipt = stage.act(register("p-10", tomasz(), &[])).await.unwrap();
        let other = Demographics { family: "Nowak".into(), given: "Anna".into(), postcode: None, ..tomasz() };
        stage.act(register("p-11", Demographics { born: "1960-02-01".parse().ok(), ..other }, &[])).await.unwrap();
        stage.act(Command::Undo(Undo::of(&receipt))).await.unwrap();
        assert_eq!(found(&stage, Role::Clerk, "wojcik").await, (vec![], 0));
    }
}
