//! Possible duplicates through the real routes: two people, nothing chosen beforehand, nothing typed is lost, and parting.
//! The pair is one of the demonstration's patients and a record made here.

use access::Role;
use administration::merging::{Pair, review_id};
use http::StatusCode;

use crate::support::Trust;

const TOM: (&str, Role) = ("user/tom", Role::PatientIndex);
const ANN: (&str, Role) = ("user/ann", Role::PatientIndex);

fn twin() -> String {
    r#"{"resourceType":"Patient","id":"twin","name":[{"family":"Adeyemi","given":["F","Grace"]}],"birthDate":"1951-03-14"}"#
        .to_owned()
}

/// The pair of the demonstration's first patient and another record; the address of its page.
async fn pair(trust: &Trust) -> String {
    trust.put(&[twin()]).await;
    let id = review_id(&Pair::of("adeyemi-folasade", "twin").unwrap());
    let open = format!("/t/DEMO/duplicates/{id}");
    trust.propose("adeyemi-folasade", "twin").await;
    open
}

#[tokio::test]
async fn a_merge_is_asked_for_by_one_and_agreed_by_another() {
    let trust = Trust::demo().await;
    let at = pair(&trust).await;
    let queue = trust.get(Role::PatientIndex, "/t/DEMO/duplicates").await;
    assert!(queue.text.contains("ADEYEMI") && queue.text.contains("1 pair, longest first"), "{}", queue.text);
    let page = trust.get(Role::PatientIndex, &at).await;
    assert_eq!(page.status, StatusCode::OK);
    let chosen = [" checked>", " checked "].iter().any(|mark| page.text.contains(mark));
    assert!(!chosen, "nothing is chosen beforehand");
    assert!(page.text.contains("What each record holds") && page.text.contains("14-Mar-1951"));

    let why = "Same date of birth & mobile <07700>";
    let refused = trust.post(TOM, &format!("{at}/ask"), &[("survivor", "left"), ("why", why)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("Names: say which of the two is kept."));
    assert!(refused.text.contains("Same date of birth &amp; mobile &lt;07700&gt;"), "what was typed is there");
    let choice = [("survivor", "left"), ("name", "left"), ("why", why), ("form_key", "k1")];
    let asked = trust.post(TOM, &format!("{at}/ask"), &choice).await;
    assert!(asked.location.unwrap().contains("done=merge"));
    let same = trust.post(TOM, &format!("{at}/agree"), &[]).await;
    assert!(same.text.contains("Somebody else must agree"), "{}", same.text);
    let merged = trust.post(ANN, &format!("{at}/agree"), &[]).await;
    assert_eq!(merged.status, StatusCode::SEE_OTHER);
    assert!(merged.location.unwrap().ends_with("&undo="), "a merge is taken apart, not undone");
    let page = trust.get(Role::PatientIndex, &at).await;
    assert!(page.text.contains("Take the merge apart"), "{}", page.text);
    let apart = trust.post(TOM, &format!("{at}/unmerge"), &[("why", "Sisters")]).await;
    assert_eq!(apart.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn other_roles_neither_see_nor_merge() {
    let trust = Trust::demo().await;
    let at = pair(&trust).await;
    for role in [Role::Clerk, Role::Clinician, Role::Administrator, Role::PrivacyOfficer] {
        assert_eq!(trust.get(role, &at).await.status, StatusCode::FORBIDDEN);
        let asked = trust.post(("user/x", role), &format!("{at}/agree"), &[]).await;
        assert_eq!(asked.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn not_the_same_needs_a_reason_and_can_be_taken_back() {
    let trust = Trust::demo().await;
    let at = pair(&trust).await;
    let refused = trust.post(TOM, &format!("{at}/not-the-same"), &[("reason", ""), ("words", " ")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    trust.post(TOM, &format!("{at}/not-the-same"), &[("reason", "Twins or siblings."), ("words", "Seen")]).await;
    let page = trust.get(Role::PatientIndex, &at).await;
    assert!(page.text.contains("Twins or siblings. Seen"), "{}", page.text);
    trust.post(ANN, &format!("{at}/take-back"), &[]).await;
    let page = trust.get(Role::PatientIndex, &at).await;
    assert!(page.text.contains("Ask for the merge"));
}

fn about(kind: &str, id: &str, of: &str, members: &str) -> String {
    format!(r#"{{"resourceType":"{kind}","id":"{id}","{of}":{{"reference":"Patient/twin"}},{members}}}"#)
}

/// A record of its own is merged into the first patient: asked for by one and agreed by another.
pub(crate) async fn merged(trust: &Trust) -> String {
    let at = pair(trust).await;
    let choice = [("survivor", "left"), ("name", "left"), ("why", "Same person"), ("form_key", "k1")];
    trust.post(TOM, &format!("{at}/ask"), &choice).await;
    assert_eq!(trust.post(ANN, &format!("{at}/agree"), &[]).await.status, StatusCode::SEE_OTHER);
    at
}

#[tokio::test]
async fn what_is_in_force_is_asked_for_when_a_merge_is_taken_apart_and_the_rest_is_told_in_words() {
    let trust = Trust::demo().await;
    let at = merged(&trust).await;
    let weight = r#""status":"final","code":{"text":"Weight"},"valueQuantity":{"value":72,"unit":"kg"},"effectiveDateTime":"2026-11-17T09:12:00Z","performer":[{"display":"Staff nurse K Boateng"}]"#;
    trust.write(&about("Observation", "o-between", "subject", weight)).await;
    trust.write(&about("AllergyIntolerance", "a-between", "patient", r#""code":{"text":"Latex"}"#)).await;
    let page = trust.get(Role::PatientIndex, &at).await;
    assert!(page.text.contains("Allergy: Latex") && page.text.contains("Came for the right, ADEYEMI, F Grace"));
    assert!(!page.text.contains("Observation or result"), "what is not in force is given later");
    assert!(!page.text.contains(" checked>"), "nothing is chosen beforehand");

    let refused = trust.post(TOM, &format!("{at}/unmerge"), &[("why", "Sisters")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("Say for each item in force whose it is: 1 of 1"), "{}", refused.text);
    assert!(refused.text.contains("href=\"#given\""), "the summary leads to the question");
    let fields = [("why", "Sisters"), ("given:AllergyIntolerance/a-between", "right"), ("form_key", "k2")];
    assert_eq!(trust.post(TOM, &format!("{at}/unmerge"), &fields).await.status, StatusCode::SEE_OTHER);

    let queue = trust.get(Role::PatientIndex, "/t/DEMO/duplicates").await.text;
    let shown = ["Weight: 72 kg", "17-Nov-2026 09:12", "Staff nurse K Boateng", "1 of 2 items given"];
    for words in shown {
        assert!(queue.contains(words), "{words}: {queue}");
    }
    assert!(!queue.contains(">Observation/") && !queue.contains("Give to"), "words, no ids");
    let chart = trust.get(Role::Clinician, "/t/DEMO/patients/twin").await.text;
    assert!(chart.contains("Latex") && chart.contains("1 item written then"), "{chart}");
    let owed = trust.get(Role::PatientIndex, "/t/DEMO/obligations/unallocated?of=all").await.text;
    assert!(owed.contains("Health records") && owed.contains("1 of 2 items to give out"), "{owed}");

    let list = queue.split("/unmerged/").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
    let give = [("item", "Observation/o-between"), ("to", "twin")];
    trust.post(ANN, &format!("/t/DEMO/unmerged/{list}/give"), &give).await;
    let chart = trust.get(Role::Clinician, "/t/DEMO/patients/twin").await.text;
    assert!(!chart.contains("written then"), "{chart}");
}
