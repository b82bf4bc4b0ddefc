//! Mixed-sex accommodation and detention through the real routes: the forms, the lists behind the numbers, and who sees what.
//! Works on the demonstration with one man more.

use access::Role;
use http::StatusCode;

use crate::support::Trust;

const HERON: &str = "/t/DEMO/wards/heron";
const LIST: &str = "/t/DEMO/mixed-sex?ward=heron";
const NURSE: (&str, Role) = ("user/s.reilly", Role::Clinician);

/// A man in a bed of a bay of women, since the afternoon.
async fn with_a_man_in_a_bay_of_women(trust: &Trust) {
    let patient =
        r#"{"resourceType":"Patient","id":"mann","gender":"male","name":[{"family":"Mann","given":["Max"]}]}"#;
    let stay = r#"{"resourceType":"Encounter","id":"mann-stay","status":"in-progress",
        "class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"},"subject":{"reference":"Patient/mann"},
        "period":{"start":"2026-11-17T12:00:00Z"},"location":[{"location":{"reference":"Location/heron-bed-04"},
        "status":"active","period":{"start":"2026-11-17T12:00:00Z"}}]}"#;
    trust.put(&[patient.to_owned(), stay.to_owned()]).await;
}

/// The number before some words of a page.
fn number_before(page: &str, words: &str) -> usize {
    let before = page.split(words).next().unwrap();
    let digits: String = before.chars().rev().take_while(char::is_ascii_digit).collect();
    digits.chars().rev().collect::<String>().parse().unwrap_or_else(|_| panic!("no number before {words}: {page}"))
}

#[tokio::test]
async fn the_boards_number_of_a_mixed_bay_is_the_list_of_breaches_and_a_reason_ends_the_asking() {
    let trust = Trust::demo().await;
    let before = trust.get(NURSE.1, LIST).await.text;
    let goes_on = |page: &str| page.matches("Goes on").count();
    let none = goes_on(&before);
    with_a_man_in_a_bay_of_women(&trust).await;
    let list = trust.get(NURSE.1, LIST).await.text;
    let board = trust.get(NURSE.1, HERON).await.text;
    let counted = board.split("show=mixed-sex").nth(1).unwrap().split("</a>").next().unwrap();
    let affected = goes_on(&list);
    assert!(affected > none + 1 && counted.contains(&format!(">{affected}<")), "{affected}: {counted}");
    let heading = number_before(&list, " patients in a bay of both sexes");
    assert_eq!(heading, list.matches("data-row").count(), "the number is the list's length");

    // Nothing is chosen beforehand; without a reason the form comes back with whom was chosen.
    let form = list.split("Of whom?").nth(1).unwrap();
    assert!(!form.split("</form>").next().unwrap().contains(" checked"), "{form}");
    let of = |stay: &str| {
        let at = form.split(&format!("name=\"of-{stay}\" value=\"")).nth(1).unwrap();
        at.split('"').next().unwrap().to_owned()
    };
    let room = list.split("name=\"room\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let from = of("mann-stay");
    let fields = [("room", room.as_str()), ("of-mann-stay", from.as_str())];
    let refused = trust.post(NURSE, LIST, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("Say why men and women share this bay."), "{}", refused.text);
    let unsaid = list.matches("Not said").count();
    let done = trust.post(NURSE, LIST, &[&fields[..], &[("reason", "chosen")]].concat()).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let list = trust.get(NURSE.1, LIST).await.text;
    assert_eq!(list.matches("Not said").count(), unsaid - 1);
    assert!(list.contains("The patients chose to share") && list.contains("Clinically justified"), "{list}");
    // Whoever sees no stays sees none of it.
    assert_eq!(trust.get(Role::Administrator, LIST).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_detention_is_recorded_on_the_stay_shown_on_the_board_and_owed_and_no_clerk_sees_it() {
    let trust = Trust::demo().await;
    with_a_man_in_a_bay_of_women(&trust).await;
    let stay = "/t/DEMO/stays/mann-stay";
    let page = trust.get(NURSE.1, stay).await.text;
    let who = page.split("Responsible clinician").nth(1).unwrap().split("value=\"Practitioner/").nth(1).unwrap();
    let who = format!("Practitioner/{}", who.split('"').next().unwrap());
    let fields = [("act", "detain"), ("consultant", who.as_str()), ("at", "then"), ("at_time", "13:00")];
    let refused = trust.post(NURSE, stay, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("Say under which section."), "{}", refused.text);
    let done = trust.post(NURSE, stay, &[&fields[..], &[("section", "05")]].concat()).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);

    let page = trust.get(NURSE.1, stay).await.text;
    assert!(page.contains("Section 5(2)") && page.contains("In force") && page.contains("at the latest"), "{page}");
    let board = trust.get(NURSE.1, HERON).await.text;
    assert!(board.contains("Detained: Section 5(2)"), "{board}");
    let owed = trust.get(NURSE.1, "/t/DEMO/obligations/detention?of=all").await.text;
    assert!(owed.contains("1 patient detained under the Mental Health Act") && owed.contains("MANN"), "{owed}");
    for path in [stay, HERON] {
        let seen = trust.get(Role::Clerk, path).await.text;
        assert!(!seen.contains("Section 5(2)") && !seen.contains("Mental Health Act"), "{path}: {seen}");
    }
    assert_eq!(trust.get(Role::Clerk, "/t/DEMO/obligations/detention?of=all").await.status, StatusCode::FORBIDDEN);

    let id = page.split("name=\"detention\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let fields =
        [("act", "end-detention"), ("detention", id), ("how", "clinician"), ("at", "then"), ("at_time", "14:00")];
    assert_eq!(trust.post(NURSE, stay, &fields).await.status, StatusCode::SEE_OTHER);
    let page = trust.get(NURSE.1, stay).await.text;
    assert!(page.contains("Discharged by the responsible clinician") && !page.contains("In force"), "{page}");
    assert!(!trust.get(NURSE.1, HERON).await.text.contains("Detained: Section 5(2)"));
}

/// A detention of the man in the bay under section 2, and its stay's page.
async fn with_somebody_detained(trust: &Trust) -> &'static str {
    with_a_man_in_a_bay_of_women(trust).await;
    let flag = r#"{"resourceType":"Flag","id":"mann-detained","status":"active","code":{"coding":[{"system":
        "https://fhir.hl7.org.uk/CodeSystem/UKCore-LegalStatusClassificationEngland","code":"02","display":"Detained: Section 2"}]},
        "subject":{"reference":"Patient/mann"},"period":{"start":"2026-11-17T12:30:00Z"},"encounter":{"reference":"Encounter/mann-stay"},
        "extension":[{"url":"urn:almoner:detention-until","valueDateTime":"2026-12-15T00:00:00Z"}]}"#;
    trust.put(&[flag.to_owned()]).await;
    "/t/DEMO/stays/mann-stay"
}

/// One form of a page.
fn form_of<'p>(page: &'p str, id: &str) -> &'p str {
    page.split(&format!("id=\"{id}-form\"")).nth(1).unwrap().split("</form>").next().unwrap()
}

#[tokio::test]
async fn a_discharge_asks_what_becomes_of_a_detention_and_a_clerks_does_not() {
    let trust = Trust::demo().await;
    let stay = with_somebody_detained(&trust).await;
    let page = trust.get(NURSE.1, stay).await.text;
    let form = form_of(&page, "discharge");
    assert!(form.contains("Section 2, assessment") && form.contains("at the latest"), "its last moment: {form}");
    assert!(form.contains("What becomes of the detention?") && !form.contains(" checked"), "no default: {form}");
    assert!(form_of(&page, "death").contains("Care Quality Commission"), "{page}");
    let seen = trust.get(Role::Clerk, stay).await.text;
    assert!(!form_of(&seen, "discharge").contains("detain") && !seen.contains("Mental Health Act"), "{seen}");

    let fields = [
        ("act", "discharge"),
        ("patient", "mann"),
        ("method", "1"),
        ("destination", "19"),
        ("at", "then"),
        ("at_time", "14:00"),
    ];
    let refused = trust.post(NURSE, stay, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("Say what becomes of the detention."), "{}", refused.text);
    let ended =
        [("detained", "ended"), ("detained_how", "clinician"), ("detained_date", "t"), ("detained_time", "13:30")];
    let nobody = trust.post(NURSE, stay, &[&fields[..], &ended].concat()).await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form = form_of(&nobody.text, "discharge");
    assert!(form.contains("Say who says that the detention has ended.") && form.contains("13:30"), "{form}");
    let by = [("detained_by", "Dr L Okafor, responsible clinician")];
    let done = trust.post(NURSE, stay, &[&fields[..], &ended, &by].concat()).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let page = trust.get(NURSE.1, stay).await.text;
    assert!(page.contains("says Dr L Okafor") && !page.contains("In force"), "{page}");
}

#[tokio::test]
async fn a_clerk_discharges_who_is_detained_and_the_ward_is_asked() {
    let trust = Trust::demo().await;
    let stay = with_somebody_detained(&trust).await;
    let fields = [
        ("act", "discharge"),
        ("patient", "mann"),
        ("method", "1"),
        ("destination", "19"),
        ("at", "then"),
        ("at_time", "14:00"),
    ];
    let done = trust.post(("user/clerk", Role::Clerk), stay, &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let owed = trust.get(NURSE.1, "/t/DEMO/obligations/detention?of=all").await.text;
    assert!(owed.contains("1 patient detained") && owed.contains("MANN"), "{owed}");
    let page = trust.get(NURSE.1, stay).await.text;
    assert!(page.contains("The detention has ended") && page.contains("In force"), "{page}");
}

#[tokio::test]
async fn a_move_into_a_bay_of_the_other_sex_asks_why_once_and_the_list_says_it() {
    let trust = Trust::demo().await;
    let path = format!("{HERON}/move");
    let fields = [("stay", "lloyd-gareth-stay"), ("to", "heron-bed-04"), ("at", "then"), ("at_time", "14:10")];
    let asked = trust.post(NURSE, &path, &fields).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form =
        asked.text.split("Why does it have to be this bed?").nth(1).unwrap().split("</fieldset>").next().unwrap();
    assert!(form.contains("clinically justified") && form.contains("Not given yet"), "{form}");
    assert!(!form.contains(" checked"), "nothing is chosen beforehand: {form}");
    let done = trust.post(NURSE, &path, &[&fields[..], &[("mixed", "not-given"), ("form_key", "k")]].concat()).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let list = trust.get(NURSE.1, LIST).await.text;
    assert!(list.contains("Not given yet"), "{list}");
}
