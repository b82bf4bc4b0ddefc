//! What is a clinician's own as the member of staff that they are: their patients, what is owed about them, their tasks.
//! Goes through the routes as a browser would, over a real record.

use access::Role;
use http::StatusCode;

use crate::support::{CONSULTANT, Trust};

const HOME: &str = "/t/DEMO/";
const MINE: &str = "/t/DEMO/my-patients";
const HAND_OVER: &str = "/t/DEMO/tasks/hand-over";

async fn page(trust: &Trust, who: &str, path: &str) -> String {
    let page = trust.get_as(who, Role::Clinician, path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
    page.text
}

/// The counters of one group of a home page: number and list.
fn group(page: &str, whose: &str) -> Vec<(String, String)> {
    let Some((_, part)) = page.split_once(&format!("Nobody lost: {whose}</h2>")) else { return Vec::new() };
    let part = part.split("</section>").next().unwrap();
    let card = |card: &str| {
        let href = card.split_once("href=\"").unwrap().1.split_once('"').unwrap().0.replace("&amp;", "&");
        (card.split_once("<b>").unwrap().1.split_once("</b>").unwrap().0.to_owned(), href)
    };
    part.split("class=\"al-counter").skip(1).filter(|part| part.contains("href=")).map(card).collect()
}

/// The cells where an open task's row stands, by what it says.
fn row<'p>(page: &'p str, what: &str) -> &'p str {
    let mut rows = page.split("<tr").skip(1).map(|row| row.split("</tr>").next().unwrap());
    rows.find(|row| row.contains(what)).unwrap_or_default()
}

fn task(id: &str, what: &str, owner: &str) -> String {
    format!(
        r#"{{"resourceType":"Task","id":"{id}","status":"requested","intent":"order","description":"{what}","owner":{owner},
            "restriction":{{"period":{{"end":"2026-11-17T16:00:00Z"}}}}}}"#
    )
}

#[tokio::test]
async fn the_patients_of_a_consultant_are_counted_and_listed_by_one_question() {
    let trust = Trust::demo().await;
    let home = page(&trust, CONSULTANT, HOME).await;
    let about = group(&home, "your patients");
    assert!(about.len() > 1, "{about:?}");
    assert!(home.contains("Heron ward ") && about[0].1 == MINE, "{about:?}");
    for (number, href) in &about {
        let list = page(&trust, CONSULTANT, href).await;
        assert_eq!(list.matches("data-row").count().to_string(), *number, "{href}");
    }
    let list = page(&trust, CONSULTANT, MINE).await;
    assert!(list.contains("ADEYEMI, Folasade") && list.contains("BECKFORD, Maureen"), "{list}");
    assert!(!list.contains("NORRIS, Leonard"), "he is another consultant's");

    // Whoever is no member of staff has no patients of their own, and is told why.
    assert!(group(&page(&trust, "user/t.tester", HOME).await, "your patients").is_empty());
    let none = page(&trust, "user/t.tester", MINE).await;
    assert!(none.contains("It is not known which member of staff you are.") && !none.contains("ADEYEMI"), "{none}");
    let clerk = trust.get_as(CONSULTANT, Role::PrivacyOfficer, MINE).await;
    assert_eq!(clerk.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_patient_who_gets_another_consultant_is_theirs_no_longer_with_all_that_is_owed() {
    let trust = Trust::demo().await;
    let number = async |trust: &Trust| group(&page(trust, CONSULTANT, HOME).await, "your patients")[0].0.parse::<u32>();
    let before = number(&trust).await.unwrap();
    let owed = "/t/DEMO/obligations/expected-discharge-passed?of=patients";
    let rows = async |trust: &Trust| page(trust, CONSULTANT, owed).await.matches("data-row").count();
    let owed_before = rows(&trust).await;
    // A stay of theirs whose day has passed, as another system sends it.
    let stay = |who: &str| {
        format!(
            r#"{{"resourceType":"Encounter","id":"passed","status":"in-progress",
                "class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"}},
                "subject":{{"reference":"Patient/adeyemi-grace"}},"period":{{"start":"2026-11-10T09:00:00Z"}},
                "participant":[{{"type":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"ATND"}}]}}],
                    "individual":{{"reference":"Practitioner/{who}"}}}}],
                "extension":[{{"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate",
                    "valueDateTime":"2026-11-14"}}],
                "location":[{{"location":{{"reference":"Location/heron-bed-04"}},"status":"active"}}]}}"#
        )
    };
    trust.put(&[stay("okafor")]).await;
    assert_eq!((number(&trust).await.unwrap(), rows(&trust).await), (before + 1, owed_before + 1));
    trust.put(&[stay("mistry")]).await;
    assert_eq!((number(&trust).await.unwrap(), rows(&trust).await), (before, owed_before));
}

#[tokio::test]
async fn an_emergency_patient_is_theirs_who_takes_them_over_as_themselves() {
    let trust = Trust::demo().await;
    let form = "/t/DEMO/emergency/duffy-kathleen-stay/take-over";
    let offered = page(&trust, CONSULTANT, form).await;
    let name = offered.split("name=\"name\"").nth(1).unwrap().split('>').next().unwrap();
    assert!(name.contains("value=\"Dr L Okafor\""), "{name}");
    let other = page(&trust, "user/t.tester", form).await;
    assert!(!other.split("name=\"name\"").nth(1).unwrap().split('>').next().unwrap().contains("Okafor"), "{other}");
    let before = group(&page(&trust, CONSULTANT, HOME).await, "your patients")[0].0.parse::<u32>().unwrap();
    let fields = [("department", "ed"), ("name", "Dr L Okafor"), ("at", "now"), ("form_key", "k1")];
    let taken = trust.post((CONSULTANT, Role::Clinician), form, &fields).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text);
    let home = page(&trust, CONSULTANT, HOME).await;
    assert_eq!(group(&home, "your patients")[0].0, (before + 1).to_string());
    assert!(page(&trust, CONSULTANT, MINE).await.contains("DUFFY, Kathleen"));
}

#[tokio::test]
async fn a_task_of_the_member_of_staff_is_the_persons_own_and_can_be_handed_over() {
    let trust = Trust::demo().await;
    let staff = r#"{"reference":"Practitioner/okafor","display":"Dr L Okafor"}"#;
    let account =
        format!(r#"{{"identifier":{{"system":"urn:almoner:owner","value":"{CONSULTANT}"}},"display":"Lola Okafor"}}"#);
    trust.put(&[task("t-1", "Read the scan", staff), task("t-2", "Ring the practice", &account)]).await;
    let home = page(&trust, CONSULTANT, HOME).await;
    for what in ["Read the scan", "Ring the practice"] {
        assert!(row(&home, what).contains(">You</td>"), "{what}: {home}");
    }
    let list = page(&trust, CONSULTANT, "/t/DEMO/obligations/task?of=mine").await;
    assert!(list.contains("Read the scan") && list.contains("Ring the practice"), "{list}");
    let others = page(&trust, "user/t.tester", "/t/DEMO/obligations/task?of=mine").await;
    assert!(!others.contains("Read the scan") && !others.contains("Ring the practice"), "{others}");

    // Both are handed over in one act; nobody hands over to themselves under their other name.
    let form = page(&trust, CONSULTANT, HAND_OVER).await;
    assert_eq!(form.matches("value=\"yes\" checked").count(), 2, "{form}");
    let both = [("task-t-1", "yes"), ("task-t-2", "yes"), ("form_key", "k1")];
    let own = [&both[..], &[("to", "practitioner/okafor")]].concat();
    let refused = trust.post((CONSULTANT, Role::Clinician), HAND_OVER, &own).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    let handed = [&both[..2], &[("form_key", "k2"), ("to", "team/site")]].concat();
    let done = trust.post((CONSULTANT, Role::Clinician), HAND_OVER, &handed).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    // Nobody else hands over what is theirs.
    let theirs = [("task-t-1", "yes"), ("form_key", "k3"), ("to", "team/site")];
    let stolen = trust.post(("user/t.tester", Role::Clinician), HAND_OVER, &theirs).await;
    assert_eq!(stolen.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", stolen.text);
}

#[tokio::test]
async fn what_is_offered_to_the_member_of_staff_is_accepted_by_the_person() {
    let trust = Trust::demo().await;
    let offered = r#"{"resourceType":"Task","id":"t-1","status":"requested","intent":"order","description":"See the family",
        "owner":{"identifier":{"system":"urn:almoner:owner","value":"place/heron"}},
        "extension":[{"url":"urn:almoner:handed-to","valueString":"practitioner/okafor"}]}"#;
    trust.put(&[offered.to_owned()]).await;
    let other = trust.post(("user/t.tester", Role::Clinician), "/t/DEMO/tasks/t-1/accept", &[("form_key", "a")]).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", other.text);
    let home = page(&trust, CONSULTANT, HOME).await;
    assert!(home.contains("Handed over to you") && home.contains("See the family"), "{home}");
    let accepted = trust.post((CONSULTANT, Role::Clinician), "/t/DEMO/tasks/t-1/accept", &[("form_key", "b")]).await;
    assert_eq!(accepted.status, StatusCode::SEE_OTHER, "{}", accepted.text);
    assert!(row(&page(&trust, CONSULTANT, HOME).await, "See the family").contains(">You</td>"));
}

#[tokio::test]
async fn a_high_score_of_a_patient_is_told_to_the_consultant_who_is_responsible() {
    let trust = Trust::demo().await;
    let home = page(&trust, CONSULTANT, HOME).await;
    let list = "/t/DEMO/obligations/news2-high?of=patients";
    assert!(group(&home, "your patients").iter().any(|(number, href)| number == "1" && href == list), "{home}");
    // Hers on Heron ward, whose task it is; no other patient's.
    let shown = page(&trust, CONSULTANT, list).await;
    assert!(shown.contains("ADEYEMI, Folasade") && shown.contains("Heron ward"), "{shown}");
    assert_eq!(shown.matches("data-row").count(), 1, "{shown}");
}
