//! A restricted record through the pages: asked for once, open for a time, never lost from a board, reviewed by somebody
//! else, and told in who has looked. Goes through the routes as a browser would.

use access::Role;
use http::StatusCode;
use terms::Moment;
use testkit::demo::STORY_NOW;

use crate::support::{Answer, Trust};

const NURSE: (&str, Role) = ("user/s.reilly", Role::Clinician);
const OFFICER: (&str, Role) = ("user/p.officer", Role::PrivacyOfficer);
const SUMMARY: &str = "/t/DEMO/patients/adeyemi-folasade";
const DETAILS: &str = "/t/DEMO/patients/adeyemi-folasade/details";
const REVIEW: &str = "/t/DEMO/restricted-access";
const FOLLOW_UP: &str = "/t/DEMO/restricted-access/follow-up";
const ASKS: &str = "Open a restricted record";
/// Words of her chart that nobody may see who was not asked.
const CLINICAL: [&str; 5] = ["penicillin", "NEWS2", "Creatinine", "apixaban", "Allerg"];
const HOUR_MS: i64 = 3_600_000;

/// The demonstration, which has a restricted record and an opening to review, with another one restricted.
async fn restricted() -> Trust {
    let trust = Trust::demo().await;
    let fields = [
        ("draft_patient", "adeyemi-folasade"),
        ("version", "1"),
        ("item", "restrict"),
        ("do", "hide"),
        ("reason", "03"),
    ];
    let hidden = trust.post(("user/d.doctor", Role::Clinician), DETAILS, &fields).await;
    assert!(hidden.status.is_redirection(), "{}", hidden.text);
    trust
}

async fn open(trust: &Trust, who: (&str, Role), fields: &[(&str, &str)]) -> Answer {
    let about = [("draft_patient", "adeyemi-folasade"), ("back", DETAILS)];
    let fields: Vec<(&str, &str)> = about.iter().chain(fields).copied().collect();
    trust.post(who, &format!("{SUMMARY}/open"), &fields).await
}

#[tokio::test]
async fn a_restricted_record_is_asked_for_once_before_any_of_its_pages() {
    let trust = restricted().await;
    let pages = [
        SUMMARY,
        DETAILS,
        "/t/DEMO/patients/adeyemi-folasade/correct",
        "/t/DEMO/patients/adeyemi-folasade/newborn",
        "/t/DEMO/stays/adeyemi-stay",
        "/t/DEMO/tasks?patient=adeyemi-folasade",
        "/t/DEMO/tasks/new?patient=adeyemi-folasade",
        "/t/DEMO/admissions/new?patient=adeyemi-folasade",
    ];
    for path in pages {
        let asked = trust.get_as(NURSE.0, NURSE.1, path).await;
        assert_eq!(asked.status, StatusCode::FORBIDDEN, "{path}");
        for words in [ASKS, "ADEYEMI, Folasade (Mrs)", "at request of Patient", "for you only", "Do not open"] {
            assert!(asked.text.contains(words), "{path}: {words}: {}", asked.text);
        }
        assert!(asked.text.contains(&format!("name=\"back\" value=\"{path}\"")), "{path}: {}", asked.text);
        for word in CLINICAL {
            assert!(!asked.text.contains(word), "{path} shows {word}");
        }
        assert!(!asked.text.contains(" checked"), "{path}: a reason is chosen beforehand");
    }
    // A form that was sent is not carried out either, and its answer shows nothing.
    let sent = trust.post(NURSE, DETAILS, &[("draft_patient", "adeyemi-folasade"), ("do", "nothing")]).await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN);
    assert!(sent.text.contains("What you sent was not recorded."), "{}", sent.text);

    let opened = open(&trust, NURSE, &[("reason", "emergency")]).await;
    assert_eq!(opened.location.as_deref(), Some(DETAILS), "{}", opened.text);
    for path in pages {
        let page = trust.get_as(NURSE.0, NURSE.1, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(!page.text.contains(ASKS), "{path} asks again");
    }
    assert!(trust.get_as(NURSE.0, NURSE.1, SUMMARY).await.text.contains("penicillin"));
    // For her alone, and not for another patient's record that is not restricted.
    assert!(trust.get_as("user/k.boateng", Role::Clinician, SUMMARY).await.text.contains(ASKS));
    let other = trust.get_as("user/k.boateng", Role::Clinician, "/t/DEMO/patients/cole-arthur").await;
    assert_eq!(other.status, StatusCode::OK);
}

#[tokio::test]
async fn the_demonstration_begins_with_a_restricted_record_and_an_opening_to_review() {
    let trust = Trust::demo().await;
    let board = trust.get_as(NURSE.0, NURSE.1, "/t/DEMO/wards/heron").await;
    assert!(board.text.contains("TURNBULL, Alan"), "{}", board.text);
    let asked = trust.get_as(NURSE.0, NURSE.1, "/t/DEMO/patients/turnbull-alan").await;
    assert_eq!(asked.status, StatusCode::FORBIDDEN);
    assert!(asked.text.contains(ASKS) && asked.text.contains("at request of Patient"), "{}", asked.text);
    // Whoever opened it yesterday is asked again today.
    let again = trust.get_as("user/k.boateng", NURSE.1, "/t/DEMO/patients/turnbull-alan").await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    let list = trust.get_as(OFFICER.0, OFFICER.1, REVIEW).await.text;
    for words in ["TURNBULL, Alan (Mr)", "k.boateng", "Night shift on Heron ward", "by 23-Nov"] {
        assert!(list.contains(words), "{words}: {list}");
    }
}

#[tokio::test]
async fn boards_lists_and_searches_go_on_showing_a_restricted_patient() {
    let trust = restricted().await;
    for path in ["/t/DEMO/wards/heron", "/t/DEMO/patients?q=adeyemi+folasade", "/t/DEMO/wards/heron/handover"] {
        let page = trust.page(Role::Clinician, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.text.contains("ADEYEMI, Folasade"), "{path}: {}", page.text);
    }
    // To move her is to look after her: the form of the board asks for nothing.
    let moved = trust.page(Role::Clinician, "/t/DEMO/wards/heron/move?stay=adeyemi-stay").await;
    assert!(moved.status == StatusCode::OK && !moved.text.contains(ASKS));
    // Who sees no clinical content is not asked: the privacy officer's list of her is hers to read.
    let looked = trust.get_as(OFFICER.0, OFFICER.1, &format!("{SUMMARY}/who-has-looked")).await;
    assert_eq!(looked.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_missing_from_a_reason_is_said_and_nothing_typed_is_lost() {
    let trust = restricted().await;
    let cases: [(&[(&str, &str)], &str); 3] = [
        (&[("words", "The ward asked me")], "Choose why you need this record."),
        (&[("reason", "care"), ("words", "on call")], "in 10 characters or more"),
        (&[("reason", "care"), ("draft_patient", "cole-arthur")], "opened for another patient"),
    ];
    for (fields, words) in cases {
        let refused = open(&trust, NURSE, fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{words}");
        assert!(refused.text.contains(words) && refused.text.contains("There is a problem"), "{}", refused.text);
        assert!(refused.text.contains(&format!("name=\"back\" value=\"{DETAILS}\"")), "{}", refused.text);
    }
    let refused = open(&trust, NURSE, &[("reason", "care"), ("words", "on call")]).await;
    assert!(refused.text.contains(">on call</textarea>"), "{}", refused.text);
    assert!(refused.text.contains("value=\"care\" checked"), "{}", refused.text);
    assert!(trust.get_as(NURSE.0, NURSE.1, SUMMARY).await.text.contains(ASKS), "nothing was opened");
    // Nobody is led out of the trust by what a form says.
    let led = open(&trust, NURSE, &[("reason", "emergency"), ("back", "https://example.org/")]).await;
    assert!(led.location.unwrap().starts_with("/t/DEMO/"));
}

#[tokio::test]
async fn a_reason_ends_after_twelve_hours_and_is_asked_for_again() {
    let trust = restricted().await;
    open(&trust, NURSE, &[("reason", "emergency")]).await;
    let at = |hours: i64, ms: i64| Moment(STORY_NOW.0 + hours * HOUR_MS + ms);
    let nurse = "user/t.tester";
    open(&trust, (nurse, Role::Clinician), &[("reason", "emergency")]).await;
    assert!(!trust.page_at(Role::Clinician, SUMMARY, at(12, -1)).await.text.contains(ASKS));
    let asked = trust.page_at(Role::Clinician, SUMMARY, at(12, 0)).await;
    assert!(asked.status == StatusCode::FORBIDDEN && asked.text.contains(ASKS));
}

#[tokio::test]
async fn the_privacy_officer_reviews_what_the_home_page_counts() {
    let trust = restricted().await;
    let home = trust.get_as(OFFICER.0, OFFICER.1, "/t/DEMO/").await;
    assert_eq!(home.status, StatusCode::OK, "{}", home.text);
    assert!(home.text.contains("<b>1</b><h3>restricted access to review</h3>"), "{}", home.text);
    let words = ("words", "Her neighbour asked me to look");
    open(&trust, NURSE, &[("reason", "else"), words]).await;
    open(&trust, ("user/k.boateng", Role::Clinician), &[("reason", "emergency")]).await;
    let home = trust.get_as(OFFICER.0, OFFICER.1, "/t/DEMO/").await.text;
    assert!(home.contains("<b>3</b><h3>restricted accesses to review</h3>"), "{home}");
    assert!(home.contains(&format!("href=\"{REVIEW}\"")) && home.contains("Oldest: TURNBULL, since"), "{home}");
    assert!(home.contains("Owner: Privacy officer"), "an owner who is active: {home}");

    let list = trust.get_as(OFFICER.0, OFFICER.1, REVIEW).await.text;
    for words in ["ADEYEMI, Folasade (Mrs)", "s.reilly", "k.boateng", "Something else: Her neighbour asked me to look"]
    {
        assert!(list.contains(words), "{words}: {list}");
    }
    assert_eq!(list.matches("type=\"checkbox\"").count(), 3, "{list}");
    assert!(!list.contains(" checked"), "neither an opening nor a judgement is chosen beforehand");
    for word in CLINICAL {
        assert!(!list.contains(word), "{word}");
    }
    let hers = box_of(&list, "s.reilly");
    let refused = trust.post(OFFICER, REVIEW, &[("act", "user-s-reilly"), (&hers, "yes")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("Choose what came of the review."), "{}", refused.text);
    assert!(refused.text.contains(&format!("name=\"{hers}\" value=\"yes\" checked")), "{}", refused.text);
    let judged = [("act", "user-s-reilly"), (&*hers, "yes"), ("outcome", "not-appropriate"), ("note", "No link found")];
    for other in [Role::Clinician, Role::Clerk, Role::Administrator] {
        assert_ne!(trust.post(("user/x", other), REVIEW, &judged).await.status, StatusCode::SEE_OTHER, "{other:?}");
        assert_eq!(trust.get_as("user/x", other, REVIEW).await.status, StatusCode::FORBIDDEN, "{other:?}");
    }
    let done = trust.post(OFFICER, REVIEW, &judged).await;
    let page = trust.get_as(OFFICER.0, OFFICER.1, done.location.as_deref().unwrap()).await.text;
    assert!(page.contains("The review is recorded.") && !page.contains(">Undo</button>"), "{page}");
    assert!(page.contains("k.boateng") && !page.contains("s.reilly"), "{page}");
    let home = trust.get_as(OFFICER.0, OFFICER.1, "/t/DEMO/").await.text;
    assert!(home.contains("<b>2</b><h3>restricted accesses to review</h3>"), "{home}");
}

#[tokio::test]
async fn what_is_to_be_followed_up_stays_on_the_home_page_until_it_is_said_what_was_done() {
    let trust = restricted().await;
    let home = async || trust.get_as(OFFICER.0, OFFICER.1, "/t/DEMO/").await.text;
    assert!(home().await.contains("<b>0</b><h3>restricted accesses to follow up</h3>"));
    open(&trust, NURSE, &[("reason", "else"), ("words", "Her neighbour asked me to look")]).await;
    let list = trust.get_as(OFFICER.0, OFFICER.1, REVIEW).await.text;
    let hers = box_of(&list, "s.reilly");
    let judged = [("act", "user-s-reilly"), (&*hers, "yes"), ("outcome", "follow-up"), ("note", "Ask her manager")];
    assert!(trust.post(OFFICER, REVIEW, &judged).await.status.is_redirection());
    let page = home().await;
    assert!(page.contains("<b>1</b><h3>restricted access to review</h3>"), "{page}");
    assert!(page.contains("<b>1</b><h3>restricted access to follow up</h3>"), "{page}");
    assert!(page.contains(&format!("href=\"{FOLLOW_UP}\"")) && page.contains("Owner: Privacy officer"), "{page}");

    let list = trust.get_as(OFFICER.0, OFFICER.1, FOLLOW_UP).await.text;
    for words in
        ["ADEYEMI, Folasade", "s.reilly", "To be followed up: Ask her manager", "Toni Tester", "by 01-Dec 14:35"]
    {
        assert!(list.contains(words), "{words}: {list}");
    }
    assert!(!list.contains(" checked"), "nothing is chosen beforehand: {list}");
    let fields = |more: &[(&'static str, &'static str)]| -> Vec<(String, String)> {
        let own = [("act", "user-s-reilly"), (&*hers, "yes")];
        own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let post = async |who: (&str, Role), fields: Vec<(String, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        trust.post(who, FOLLOW_UP, &fields).await
    };
    let done = ("action", "Spoke with her");
    let cases = [
        (vec![("outcome", "closed")], "Say what was done."),
        (vec![done], "Choose whether it is closed or somebody goes on."),
        (vec![done, ("outcome", "passed")], "Say to whom it is passed."),
    ];
    for (more, words) in cases {
        let refused = post(OFFICER, fields(&more)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{words}");
        assert!(refused.text.contains(words), "{words}: {}", refused.text);
        assert!(refused.text.contains(&format!("name=\"{hers}\" value=\"yes\" checked")), "{}", refused.text);
    }
    let passed = fields(&[done, ("outcome", "passed"), ("to", "Manager of Heron ward")]);
    let refused = post((NURSE.0, Role::PrivacyOfficer), passed.clone()).await;
    assert!(refused.text.contains("Somebody else must review that."), "{}", refused.text);
    for other in [Role::Clinician, Role::Clerk, Role::Administrator] {
        assert_ne!(post(("user/x", other), passed.clone()).await.status, StatusCode::SEE_OTHER, "{other:?}");
        assert_eq!(trust.get_as("user/x", other, FOLLOW_UP).await.status, StatusCode::FORBIDDEN, "{other:?}");
        let owed = trust.get_as("user/x", other, "/t/DEMO/obligations/access-follow-up?of=all").await;
        assert_eq!(owed.status, StatusCode::FORBIDDEN, "{other:?}");
    }
    assert!(home().await.contains("<b>1</b><h3>restricted access to follow up</h3>"), "nothing of what was refused");
    let sent = post(OFFICER, passed).await;
    let page = trust.get_as(OFFICER.0, OFFICER.1, sent.location.as_deref().unwrap()).await.text;
    assert!(
        page.contains("The follow-up is recorded.") && page.contains("Nothing is to be followed up now."),
        "{page}"
    );
    assert!(home().await.contains("<b>0</b><h3>restricted accesses to follow up</h3>"));
    trust.get_as(NURSE.0, NURSE.1, SUMMARY).await;
    let looked = trust.get_as(OFFICER.0, OFFICER.1, &format!("{SUMMARY}/who-has-looked?kind=break-glass")).await.text;
    for words in ["To be followed up: Ask her manager", "Passed to Manager of Heron ward: Spoke with her"] {
        assert!(looked.contains(words), "{words}: {looked}");
    }
}

#[tokio::test]
async fn nobody_reviews_their_own_and_no_clinician_counts_them() {
    let trust = restricted().await;
    open(&trust, NURSE, &[("reason", "emergency")]).await;
    let own = trust.get_as(NURSE.0, Role::PrivacyOfficer, REVIEW).await.text;
    assert!(own.contains("Somebody else reviews them."), "{own}");
    let boxes = own.matches("type=\"checkbox\"").count();
    assert_eq!(boxes, 1, "somebody else's, which the demonstration begins with: {own}");
    let list = trust.get_as(OFFICER.0, OFFICER.1, REVIEW).await.text;
    let hers = box_of(&list, "s.reilly");
    let judged = [("act", "user-s-reilly"), (&*hers, "yes"), ("outcome", "appropriate")];
    let refused = trust.post((NURSE.0, Role::PrivacyOfficer), REVIEW, &judged).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("Somebody else must review that."), "{}", refused.text);
    for role in [Role::Clinician, Role::Clerk] {
        assert!(!trust.page(role, "/t/DEMO/").await.text.contains("restricted access"), "{role:?}");
        let list = trust.page(role, "/t/DEMO/obligations/restricted-access?of=all").await;
        assert_eq!(list.status, StatusCode::FORBIDDEN, "{role:?}");
    }
}

#[tokio::test]
async fn who_has_looked_tells_the_reason_and_that_the_glass_was_broken() {
    let trust = restricted().await;
    let kofi = ("user/k.boateng", Role::Clinician);
    trust.get_as(kofi.0, kofi.1, SUMMARY).await;
    assert_eq!(open(&trust, kofi, &[("reason", "care")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    open(&trust, NURSE, &[("reason", "else"), ("words", "Her neighbour asked me to look")]).await;
    trust.get_as(NURSE.0, NURSE.1, SUMMARY).await;
    trust.get_as(NURSE.0, NURSE.1, DETAILS).await;
    let path = format!("{SUMMARY}/who-has-looked");
    let page = trust.get_as(OFFICER.0, OFFICER.1, &path).await.text;
    let rows = page.split("<tbody").nth(1).unwrap().split("<tr").skip(1);
    let rows: Vec<&str> = rows.map(|row| row.split("</tr>").next().unwrap()).collect();
    let hers: Vec<&&str> = rows.iter().filter(|row| row.contains("s.reilly")).collect();
    assert_eq!(hers.len(), 2, "her views, and the opening itself: {rows:?}");
    for row in hers {
        assert!(row.contains("Break-glass</span>"), "{row}");
        assert!(row.contains("Something else: Her neighbour asked me to look"), "{row}");
    }
    let asked: Vec<&&str> = rows.iter().filter(|row| row.contains("k.boateng")).collect();
    assert!(!asked.is_empty());
    for row in asked {
        assert!(row.contains("Asked, not opened") && row.contains("Was asked for a reason"), "{row}");
    }
    let only = trust.get_as(OFFICER.0, OFFICER.1, &format!("{path}?kind=break-glass")).await.text;
    assert!(only.contains("s.reilly") && !only.contains("k.boateng"), "{only}");
}

/// The name of the box of the only opening of somebody.
fn box_of(page: &str, who: &str) -> String {
    let theirs = page.split_once(who).unwrap_or_else(|| panic!("{who}: {page}")).1;
    let field = theirs.split_once("type=\"checkbox\" name=\"").unwrap().1;
    field.split_once('"').unwrap().0.to_owned()
}
