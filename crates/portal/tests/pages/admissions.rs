//! The site office and the page of a stay, through their forms as a browser sends them.
//! Each test has a record of its own.

use access::Role;
use http::StatusCode;

use crate::support::{Answer, Trust};

const NEW: &str = "/t/DEMO/admissions/new";
const OFFICE: &str = "/t/DEMO/admissions";
const PATIENT: &str = "adeyemi-f-grace";

async fn send(trust: &Trust, path: &str, fields: &[(&str, &str)]) -> Answer {
    trust.post(("user/t.tester", Role::Clerk), path, fields).await
}

async fn page(trust: &Trust, path: &str) -> String {
    let answer = trust.get(Role::Clerk, path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    answer.text
}

/// The fields of a decision to admit, with others in place of some.
fn request<'f>(other: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let all = [
        ("act", "request"),
        ("patient", PATIENT),
        ("reason", "Hip \"replacement\""),
        ("method", "11"),
        ("priority", "P3"),
        ("intended", "1"),
        ("team", "110"),
        ("ward", "heron"),
        ("need-side-room", "1"),
        ("at", "now"),
    ];
    let own = all.into_iter().filter(|(name, _)| other.iter().all(|(known, _)| known != name));
    own.chain(other.iter().copied()).collect()
}

/// Makes a request; the address of its stay.
async fn requested(trust: &Trust, other: &[(&str, &str)]) -> String {
    let answer = send(trust, NEW, &request(other)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let to = answer.location.unwrap();
    assert!(to.contains("done=requested&undo="), "{to}");
    to.split('?').next().unwrap().to_owned()
}

/// The figure that stands over these words.
fn figure(page: &str, words: &str) -> usize {
    let before = page.split(&format!("</b><span>{words}")).next().unwrap();
    before.rsplit("<b>").next().unwrap().parse().unwrap()
}

/// The first free bed that a page offers.
fn free_bed(page: &str) -> String {
    let option = page.split("<option value=\"").find(|option| option.contains(", free</option>")).unwrap();
    option.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_refused_decision_keeps_what_was_typed_and_nothing_is_answered_beforehand() {
    let trust = Trust::demo().await;
    let empty = page(&trust, &format!("{NEW}?patient={PATIENT}")).await;
    assert!(!empty.contains(" checked") && !empty.contains(" selected"), "{empty}");
    let answer = send(&trust, NEW, &request(&[("method", "")])).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for words in [
        "There is a problem",
        "href=\"#request-method\"",
        "value=\"Hip &quot;replacement&quot;\"",
        "<option value=\"110\" selected>",
        "name=\"need-side-room\" value=\"1\" checked",
        "aria-invalid=\"true\"",
    ] {
        assert!(answer.text.contains(words), "{words}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_patient_goes_from_the_list_to_a_bed_and_home_and_every_number_follows() {
    let trust = Trust::demo().await;
    let stay = requested(&trust, &[]).await;
    let done = |answer: &Answer, what: &str| {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{what}: {}", answer.text);
        assert!(answer.location.as_ref().unwrap().contains(&format!("done={what}")), "{:?}", answer.location);
    };
    let office = page(&trust, OFFICE).await;
    assert!(office.contains("<b>0 of 0</b><span>to come in today"), "{office}");
    let tci = [("act", "tci"), ("tci_date", "t"), ("tci_time", "16:00"), ("reasonable", "yes")];
    done(&send(&trust, &stay, &tci).await, "tci");
    let office = page(&trust, OFFICE).await;
    assert!(office.contains("<b>0 of 1</b><span>to come in today") && office.contains("No bed held"), "{office}");
    let bed = free_bed(&page(&trust, &stay).await);
    done(&send(&trust, &stay, &[("act", "reserve"), ("bed", &bed)]).await, "kept");
    let office = page(&trust, OFFICE).await;
    assert!(office.contains("<b>1 of 1</b><span>to come in today") && office.contains("Held: "), "{office}");
    let admit = [("act", "admit"), ("patient", PATIENT), ("place", &bed), ("at", "now")];
    done(&send(&trust, &stay, &admit).await, "admitted");
    let office = page(&trust, OFFICE).await;
    assert!(office.contains("In: "), "{office}");
    let leaving_before = figure(&office, "leaving today, confirmed");
    let leaving = [
        ("act", "plan"),
        ("criteria", "no"),
        ("asked_on", "t"),
        ("leaving_date", "t"),
        ("leaving_time", "18:00"),
        ("leaving_agreed_by", "Sister Reilly"),
    ];
    done(&send(&trust, &stay, &leaving).await, "planned");
    let office = page(&trust, OFFICE).await;
    assert_eq!(figure(&office, "leaving today, confirmed"), leaving_before + 1, "{office}");
    let other =
        [("act", "discharge"), ("patient", "norris-leonard"), ("method", "1"), ("destination", "19"), ("at", "now")];
    let refused = send(&trust, &stay, &other).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text.contains("another patient's"));
    assert!(refused.text.contains("<option value=\"19\" selected>"), "what was chosen is kept");
    let right = [("act", "discharge"), ("patient", PATIENT), ("method", "1"), ("destination", "19"), ("at", "now")];
    // Something is still owed: an appointment is booked meanwhile, and somebody must owe it when she has left.
    let who = format!(r#"{{"actor":{{"reference":"Patient/{PATIENT}"}},"status":"accepted"}}"#);
    trust
        .write(&format!(
            r#"{{"resourceType":"Appointment","id":"after-stay","status":"booked","description":"Fracture clinic",
                "start":"2026-12-08T10:00:00Z","end":"2026-12-08T10:20:00Z","participant":[{who}]}}"#
        ))
        .await;
    let refused = send(&trust, &stay, &right).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text.contains("Say whose it is"));
    assert!(refused.text.contains("Appointment to come: Fracture clinic"), "each can be another's: {}", refused.text);
    let closed = [&right[..], &[("owed_to", "else"), ("user", "closed")]].concat();
    let closed = send(&trust, &stay, &closed).await;
    assert!(closed.status == StatusCode::UNPROCESSABLE_ENTITY && closed.text.contains("is closed"), "{}", closed.text);
    let site = [&right[..], &[("owed_to", "team/site")]].concat();
    done(&send(&trust, &stay, &site).await, "discharged");
    let owed = page(&trust, &format!("/t/DEMO/tasks?patient={PATIENT}")).await;
    assert!(owed.contains("after the discharge: Fracture clinic") && owed.contains("Site office"), "{owed}");
    let after = page(&trust, &format!("{stay}?done=discharged&undo=")).await;
    assert!(after.contains("Stay, ended") && after.contains("Usual place of residence"), "{after}");
    let office = page(&trust, OFFICE).await;
    assert_eq!(figure(&office, "leaving today, confirmed"), leaving_before, "{office}");
    assert!(office.contains("Left again"), "{office}");
}

#[tokio::test]
async fn a_bay_of_the_other_sex_is_asked_about_once_on_the_page_of_a_stay() {
    let trust = Trust::demo().await;
    let stay = requested(&trust, &[]).await;
    for (act, field) in [("reserve", "bed"), ("admit", "place")] {
        let fields = [("act", act), ("patient", PATIENT), (field, "heron-bed-14"), ("at", "now")];
        let asked = send(&trust, &stay, &fields).await;
        assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY, "{act}");
        assert!(
            asked.text.contains("This bed is in a male bay.")
                && asked.text.contains("Why does it have to be this bed?")
        );
        assert!(asked.text.contains(&format!("href=\"#{act}-mixed\"")), "{act}: {}", asked.text);
    }
    let sure = [("act", "admit"), ("patient", PATIENT), ("place", "heron-bed-14"), ("at", "now"), ("mixed", "no-bed")];
    let admitted = send(&trust, &stay, &sure).await;
    assert_eq!(admitted.status, StatusCode::SEE_OTHER, "{}", admitted.text);
}

#[tokio::test]
async fn a_cancellation_on_the_day_names_the_day_by_which_another_is_owed() {
    let trust = Trust::demo().await;
    let stay = requested(&trust, &[]).await;
    send(&trust, &stay, &[("act", "tci"), ("tci_date", "t"), ("tci_time", "14:00")]).await;
    assert!(page(&trust, OFFICE).await.contains("Not arrived"), "35 minutes past");
    let cancel = [("act", "cancel"), ("outcome", "7"), ("reason", "No theatre staff"), ("then", "waits")];
    let asked = send(&trust, &stay, &cancel).await;
    assert!(
        asked.text.contains("href=\"#cancel-clinical\"") && asked.text.contains("No theatre staff"),
        "{}",
        asked.text
    );
    let cancel = [&cancel[..], &[("clinical", "no")]].concat();
    assert_eq!(send(&trust, &stay, &cancel).await.status, StatusCode::SEE_OTHER);
    let office = page(&trust, OFFICE).await;
    for words in ["Rebook by <time class=\"al-nb\" datetime=\"2026-12-15\"", "28 days left", "No theatre staff"] {
        assert!(office.contains(words), "{words}: {office}");
    }
}

#[tokio::test]
async fn a_correction_says_what_it_changed_and_the_nights_of_the_clocks_are_asked() {
    let trust = Trust::demo().await;
    let stay = requested(&trust, &[]).await;
    let never = send(&trust, &stay, &[("act", "tci"), ("tci_date", "28 3 27"), ("tci_time", "01:30")]).await;
    assert!(never.text.contains("was not there that night") && never.text.contains("#tci-tci_time"), "{}", never.text);
    let twice = [("act", "tci"), ("tci_date", "31 10 27"), ("tci_time", "01:30")];
    let asked = send(&trust, &stay, &twice).await;
    assert!(asked.text.contains("The second (GMT)") && asked.text.contains("value=\"01:30\""), "{}", asked.text);
    let said = [&twice[..], &[("at_which", "second")]].concat();
    assert_eq!(send(&trust, &stay, &said).await.status, StatusCode::SEE_OTHER);
    let bed = free_bed(&page(&trust, &stay).await);
    let admit = [("act", "admit"), ("patient", PATIENT), ("place", &bed), ("at", "then"), ("at_time", "14:00")];
    send(&trust, &stay, &admit).await;
    let text = page(&trust, &stay).await;
    let moved = text.split("<select").find(|select| select.contains("name=\"move\"")).unwrap();
    let at = moved.split("<option value=\"").nth(2).unwrap().split('"').next().unwrap();
    let correct = [
        ("act", "correct"),
        ("move", at),
        ("how", "correct"),
        ("at", "then"),
        ("at_time", "23:50"),
        ("at_date", "t-2"),
    ];
    let done = send(&trust, &stay, &correct).await;
    let to = done.location.unwrap_or_else(|| panic!("{}", done.text));
    let told = page(&trust, &to).await;
    assert!(told.contains("What the last change came to") && told.contains("Nights: 0, now <b>2</b>"), "{told}");
}

#[tokio::test]
async fn another_consultant_stands_beside_the_former_one_and_who_said_so_is_in_the_list_of_changes() {
    let trust = Trust::demo().await;
    let stay = "/t/DEMO/stays/adeyemi-stay";
    let text = page(&trust, stay).await;
    assert!(text.contains("999 014 2076"), "the patient by NHS number: {text}");
    let episodes =
        |text: &str| text.split(">Consultants<").nth(1).unwrap().split("</table>").next().unwrap().to_owned();
    let former = episodes(&text);
    assert!(former.contains("Okafor") && former.contains("now"), "{former}");
    let offered = text.split("Consultant from then on").nth(1).unwrap().split("</select>").next().unwrap();
    let others = offered.split("<option value=\"Practitioner/").skip(1).filter(|one| !one.contains("Okafor"));
    let other = others.map(|one| one.split('"').next().unwrap().to_owned()).next().unwrap();
    let name = offered.split(&format!("Practitioner/{other}\">")).nth(1).unwrap().split('<').next().unwrap();
    let who = format!("Practitioner/{other}");
    let fields = [("act", "consultant"), ("at", "then"), ("at_time", "14:00"), ("consultant", "")];
    let unsaid = send(&trust, stay, &fields).await;
    assert!(unsaid.status == StatusCode::UNPROCESSABLE_ENTITY && unsaid.text.contains("Say who the consultant is"));
    let fields = [("act", "consultant"), ("at", "then"), ("at_time", "14:00"), ("consultant", who.as_str())];
    let done = send(&trust, stay, &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let after = episodes(&page(&trust, stay).await);
    let (before, now) = (after.find("Okafor").unwrap(), after.find(name).unwrap_or_else(|| panic!("{name}: {after}")));
    assert!(before < now && after.matches(">14:00<").count() == 2, "one ends when the other begins: {after}");
    let looked = "/t/DEMO/patients/adeyemi-folasade/who-has-looked?kind=changed";
    let changes = trust.get(Role::PrivacyOfficer, looked).await.text;
    assert!(changes.contains("Changed 1 encounter") && changes.contains("Clerk, t.tester"), "{changes}");
}

#[tokio::test]
async fn clerks_see_no_allergies_here_and_others_see_no_stays() {
    let trust = Trust::demo().await;
    requested(&trust, &[("method", "21")]).await;
    let (clerk, clinician) = (page(&trust, OFFICE).await, trust.get(Role::Clinician, OFFICE).await.text);
    assert!(clerk.contains("since DTA") && !clerk.contains("Allergies"), "{clerk}");
    assert!(clinician.contains("Allergies not recorded"), "{clinician}");
    for role in [Role::Administrator, Role::PrivacyOfficer] {
        assert_eq!(trust.get(role, OFFICE).await.status, StatusCode::FORBIDDEN, "{}", role.code());
    }
}

#[tokio::test]
async fn what_is_typed_about_a_stay_returns_to_its_own_form_and_to_nobody_else() {
    let trust = Trust::demo().await;
    let stay = "/t/DEMO/stays/norris-leonard-stay";
    let (tester, other) = (("user/t.tester", Role::Clinician), ("user/k.boateng", Role::Clinician));
    let plain = trust.get_as(tester.0, tester.1, stay).await.text;
    assert!(plain.contains("name=\"draft_form\" value=\"stay-plan\"") && plain.contains("data-draft"), "{plain}");
    let draft = [
        ("draft_form", "stay-plan"),
        ("draft_patient", "norris-leonard-stay"),
        ("form_key", "k1"),
        ("stopping", "Chest drain out first"),
    ];
    assert!(trust.post(tester, "/t/DEMO/drafts", &draft).await.text.starts_with("Draft kept"));
    let mine = trust.get_as(tester.0, tester.1, stay).await.text;
    assert!(mine.contains("value=\"Chest drain out first\"") && mine.contains("Draft kept"), "{mine}");
    for (who, page) in [(tester, "/t/DEMO/stays/gill-harpreet-stay"), (other, stay)] {
        let text = trust.get_as(who.0, who.1, page).await.text;
        assert!(!text.contains("Chest drain out first"), "{who:?} {page}");
    }
    // A refusal of another form leaves it where it is; the commit of this one ends it, a late copy does not bring it back.
    let refused = trust.post(tester, stay, &[("act", "discharge"), ("patient", "norris-leonard")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("value=\"Chest drain out first\""), "{}", refused.text);
    let saved = [&draft[..], &[("act", "plan"), ("owner", "Dr Hughes")]].concat();
    let saved = trust.post(tester, stay, &saved).await;
    assert!(saved.location.is_some_and(|to| to.contains("done=planned")), "{}", saved.text);
    assert_eq!(trust.post(tester, "/t/DEMO/drafts", &draft).await.text, "");
    let after = trust.get_as(tester.0, tester.1, stay).await.text;
    assert!(!after.contains("Draft kept"), "{after}");
}
