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
