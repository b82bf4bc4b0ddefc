//! Home, the lists behind its numbers, and tasks, through the real routes.
//! Goes through the routes as a browser would, over a real record.

use access::Role;
use http::StatusCode;
use portal::link::Links;

use crate::support::{Answer, Trust};

const HOME: &str = "/t/DEMO/";
const HERON: &str = "/t/DEMO/wards/heron";

/// A trust where the tester works on Heron ward.
async fn on_heron() -> Trust {
    let trust = Trust::demo().await;
    let chosen = trust.send(Role::Clinician, "/t/DEMO/place", "place=heron").await;
    assert_eq!((chosen.status, chosen.location.as_deref()), (StatusCode::SEE_OTHER, Some(HOME)));
    trust
}

/// The numbers of a page, as cards and in lines: number, noun and list.
fn counters(page: &str) -> Vec<(String, String, String)> {
    let card = |card: &str| {
        let part = |from: &str, to: &str| card.split_once(from).unwrap().1.split_once(to).unwrap().0.to_owned();
        let href = card.split_once("href=\"").unwrap().1.split_once('"').unwrap().0.replace("&amp;", "&");
        (part("<b>", "</b>"), part("<h3>", "</h3>"), href)
    };
    let cards = page.split("class=\"al-counter ").skip(1).map(card);
    let line = |line: &str| {
        let (number, noun) = line.split_once("</a>").unwrap().0.split_once("</b> ").unwrap();
        let href = line.split_once("href=\"").unwrap().1.split_once('"').unwrap().0.replace("&amp;", "&");
        (number.rsplit('>').next().unwrap().to_owned(), noun.to_owned(), href)
    };
    cards.chain(page.split("class=\"al-count\"").skip(1).map(line)).collect()
}

fn rows(page: &str) -> usize {
    page.matches("data-row").count()
}

/// The rows of a ward's board.
fn board_rows(page: &str) -> usize {
    page.matches(" id=\"bed-").count() + page.matches(" id=\"stay-").count()
}

/// The number behind a link, inside it or in the cell after it; none when the link is not there.
fn number_of(part: &str, href: &str) -> Option<usize> {
    let rest = part.split_once(&format!("href=\"{href}\""))?.1;
    let digits = rest.split(['<', '>']).find(|text| text.trim().starts_with(|c: char| c.is_ascii_digit()))?;
    digits.split_whitespace().next()?.parse().ok()
}

async fn add(trust: &Trust, fields: &str) -> Answer {
    trust.send(Role::Clinician, "/t/DEMO/tasks", &format!("form_key=k{}&{fields}", fields.len())).await
}

/// An inpatient stay as another system sends it.
fn stay(id: &str, status: &str, patient: &str, members: &str) -> String {
    let class = r#"{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"}"#;
    format!(
        r#"{{"resourceType":"Encounter","id":"{id}","status":"{status}","class":{class},
            "subject":{{"reference":"Patient/{patient}"}},{members}}}"#
    )
}

/// The id of the task of a page that says something.
fn task_that_says(page: &str, what: &str) -> String {
    let row = page.split("id=\"task-").skip(1).find(|row| row.split("</tr>").next().unwrap().contains(what)).unwrap();
    row.split_once('"').unwrap().0.to_owned()
}

#[tokio::test]
async fn without_a_place_home_asks_for_one_and_counts_for_the_trust() {
    let trust = Trust::demo().await;
    let page = trust.page(Role::Clinician, HOME).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text.contains("You have not said where you work") && page.text.contains("Nobody lost: Thameside Royal")
    );
    assert!(!page.text.contains("Counts are for"));
    let missed = trust.send(Role::Clinician, "/t/DEMO/place", "place=nowhere").await;
    assert_eq!(missed.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(missed.text.contains("Choose the ward") && missed.text.contains("Heron ward"));
}

#[tokio::test]
async fn the_chosen_place_stands_in_the_bar_and_beside_the_numbers_of_every_page() {
    let trust = on_heron().await;
    for path in [HOME, "/t/DEMO/patients", "/t/DEMO/patients/adeyemi-folasade", "/t/DEMO/account"] {
        let page = trust.page(Role::Clinician, path).await.text;
        assert!(page.contains("Thameside Royal<span>Heron ward</span>"), "{path}");
        assert!(page.contains("Counts are for Heron ward"), "{path}");
    }
}

#[tokio::test]
async fn every_number_of_home_is_the_length_of_its_list() {
    let trust = on_heron().await;
    let at = |bed: &str, status: &str| {
        format!(r#""location":[{{"location":{{"reference":"Location/heron-bed-{bed}"}},"status":"{status}"}}]"#)
    };
    let unplaced = r#""meta":{"tag":[{"system":"urn:almoner:stay","code":"no-bed-yet"}]},"#;
    trust
        .put(&[
            stay("without", "in-progress", "adeyemi-folarin", &format!("{unplaced}{}", at("01", "active"))),
            stay("left", "finished", "adeyemo-folashade", &at("02", "completed")),
            stay("left-too", "finished", "adeyemi-grace", &at("03", "completed")),
            stay("to-come", "planned", "adeyemi-f-grace", &at("04", "planned")),
        ])
        .await;
    let mut seen = 0;
    for role in [Role::Clinician, Role::Clerk] {
        let page = trust.page(role, HOME).await.text;
        for (number, noun, href) in counters(&page) {
            let list = trust.page(role, &href).await;
            assert_eq!(list.status, StatusCode::OK, "{href}");
            if href.contains("/wards/") {
                assert_eq!(board_rows(&list.text).to_string(), number, "{noun} {href}");
            } else {
                assert_eq!(rows(&list.text).to_string(), number, "{noun} {href}");
                assert!(list.text.contains(&format!("<h2>{number} {noun}: ")), "{noun} {}", list.text);
            }
            seen += 1;
        }
        // The badge is what is late on the ward: the sum over the ward's lists, those of tasks among them.
        let mut late = 0;
        let lists = counters(&page).into_iter().map(|(.., href)| href).filter(|href| href.ends_with("ward"));
        let tasks = ["task", "hand-over"].map(|kind| Links::of("DEMO").owed(kind, "ward"));
        for href in lists.chain(tasks) {
            late += trust.page(role, &href).await.text.matches("is-alarm").count();
        }
        assert!(page.contains(&format!("title=\"{late} late on Heron ward\"")), "{role:?} {late}");
    }
    assert!(seen > 6, "{seen} numbers prove little");
}

#[tokio::test]
async fn every_number_of_the_ward_on_home_is_the_boards_own() {
    let trust = on_heron().await;
    let unplaced = r#""meta":{"tag":[{"system":"urn:almoner:stay","code":"no-bed-yet"}]},
        "location":[{"location":{"reference":"Location/heron-bed-01"},"status":"active"}]"#;
    trust.put(&[stay("without", "in-progress", "adeyemi-folarin", unplaced)]).await;
    trust.send(Role::Clinician, "/t/DEMO/wards/heron/nurse", "form_key=n&room=heron-bay-b&nurse=me").await;
    // What is written through the rules of beds has the tag by which it is owed; the demonstration is put here without them.
    let moved = "form_key=m&stay=vaughan-rhys-stay&to=heron&at=now";
    let moved = trust.send(Role::Clinician, &format!("{HERON}/move"), moved).await;
    assert_eq!(moved.status, StatusCode::SEE_OTHER, "{}", moved.text);
    let board = trust.page(Role::Clinician, HERON).await.text;
    let head = board.split("id=\"board-head\"").nth(1).unwrap().split("</div>").next().unwrap();
    let page = trust.page(Role::Clinician, HOME).await.text;
    let flow = page.split("Beds and flow: Heron ward").nth(1).unwrap().split("</section>").next().unwrap();
    let lists = page.split("My lists").nth(1).unwrap().split("</section>").next().unwrap();
    let sickest = page.split("Sickest on Heron ward").nth(1).unwrap().split("</section>").next().unwrap();
    let mut seen = 0;
    for code in ["no-bed", "free", "to-clean", "reserved", "closed", "leaving", "ready", "mine", "news2-5"] {
        let href = format!("{HERON}?show={code}");
        let list = board_rows(&trust.page(Role::Clinician, &href).await.text);
        for part in [flow, lists, head] {
            if let Some(number) = number_of(part, &href) {
                assert_eq!(number, list, "{code}: {part}");
                seen += 1;
            }
        }
        seen += list;
    }
    assert!(seen > 25, "{seen}");
    assert_eq!(number_of(flow, &format!("{HERON}?show=no-bed")), Some(2));
    assert_eq!(number_of(lists, &format!("{HERON}?show=mine")), Some(4));
    let all = board.matches(" data-stay=").count();
    assert_eq!(number_of(lists, HERON), Some(all), "everybody on the board");
    assert!(flow.contains(&format!("{all} patients")));
    assert_eq!(Some(sickest.matches("<tr>").count()), number_of(head, &format!("{HERON}?show=news2-5")));
    let order = ["ADEYEMI, Folasade", "TURNBULL, Alan", "NORRIS, Leonard"].map(|name| sickest.find(name).unwrap());
    assert!(order.is_sorted(), "the highest score first");
    let overdue = counters(&page).into_iter().find(|(.., href)| href.ends_with("show=overdue")).unwrap();
    assert_eq!(Some(overdue.0.parse().unwrap()), number_of(head, &format!("{HERON}?show=overdue")));
    assert!(page.contains("Bed 5, 25 min late. Bed 13, 5 min late."));
    // The obligation "no bed yet" is the board's number too.
    let no_bed = counters(&page).into_iter().find(|(.., href)| href.contains("obligations/no-bed?")).unwrap();
    assert_eq!(Some(no_bed.0.parse().unwrap()), number_of(head, &format!("{HERON}?show=no-bed")));
    let badge = page.split("/t/DEMO/wards\"").nth(1).unwrap().split("</a>").next().unwrap();
    assert!(badge.contains("2 with no bed yet on Heron ward"), "{badge}");
    // A clerk is told nothing of scores.
    let clerk = trust.page(Role::Clerk, HOME).await.text;
    assert!(clerk.contains("Beds and flow") && !clerk.contains("Sickest") && !clerk.contains("overdue"));
}

#[tokio::test]
async fn the_tasks_that_a_board_counts_are_the_patients_own_list() {
    let trust = on_heron().await;
    add(&trust, "what=Ring+pharmacy&owner=place%2Fheron&at_time=1530&patient=beckford-maureen").await;
    let board = trust.page(Role::Clinician, HERON).await.text;
    let href = "/t/DEMO/tasks?patient=beckford-maureen";
    let row = board.split("id=\"bed-heron-bed-02\"").nth(1).unwrap().split("</tr>").next().unwrap();
    assert_eq!(number_of(row, href), Some(2), "{row}");
    let list = trust.page(Role::Clinician, href).await.text;
    assert_eq!(rows(&list), 2);
    assert!(list.contains("Tasks for BECKFORD, Maureen") && list.contains("Ring pharmacy"));
    // One that is late is red.
    let row = board.split("id=\"bed-heron-bed-05\"").nth(1).unwrap().split("</tr>").next().unwrap();
    assert!(row.contains("al-tag--bad") && row.contains("1 open") && row.contains("Repositioning"), "{row}");
    assert_eq!(trust.page(Role::PrivacyOfficer, href).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn all_my_tasks_go_to_the_next_shift_in_one_act_and_each_comes_back_alone() {
    let trust = on_heron().await;
    let path = "/t/DEMO/tasks/hand-over";
    assert!(trust.page(Role::Clinician, path).await.text.contains("No task of yours is open"));
    for what in ["Ring+pharmacy", "Call+the+family", "Order+a+lift+home"] {
        add(&trust, &format!("what={what}&owner=user%2Ft.tester&at_time=1530&patient=beckford-maureen")).await;
    }
    let form = trust.page(Role::Clinician, path).await.text;
    assert_eq!(form.matches("value=\"yes\" checked").count(), 3, "all of them, unless somebody takes one out");
    assert!(!form.contains("value=\"user/t.tester\""), "nobody hands over to themselves");
    let boxes: Vec<&str> = form.split("name=\"task-").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let ticked: String = boxes.iter().map(|id| format!("&task-{id}=yes")).collect();
    let refused = trust.send(Role::Clinician, path, &format!("form_key=a{ticked}")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.text.matches("value=\"yes\" checked").count(), 3, "what was ticked is kept");
    let none = trust.send(Role::Clinician, path, "form_key=b&to=place%2Fheron").await;
    assert!(none.text.contains("Choose the tasks that are handed over."));
    let handed = trust.send(Role::Clinician, path, &format!("form_key=c&to=place%2Fheron{ticked}")).await;
    assert_eq!(handed.status, StatusCode::SEE_OTHER, "{}", handed.text);
    let page = trust.page(Role::Clinician, handed.location.as_deref().unwrap()).await.text;
    assert!(page.contains("The tasks were handed over.") && page.contains("3 tasks"));
    assert_eq!(page.matches(">Take back</button>").count(), 3);
    // One alone.
    let row = page.split("data-row").find(|row| row.contains("Call the family")).unwrap();
    let undo = row.split("name=\"undo\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let fields = format!("form_key=u&back=%2Ft%2FDEMO%2F&undo={}", undo.replace('/', "%2F"));
    let undone = trust.send(Role::Clinician, "/t/DEMO/undo", &fields).await;
    assert_eq!(undone.status, StatusCode::SEE_OTHER, "{}", undone.text);
    let home = trust.page(Role::Clinician, HOME).await.text;
    let offered = home.split("Handed over to you").nth(1).unwrap().split("</section>").next().unwrap();
    assert_eq!(offered.matches(">Accept</button>").count(), 2);
    assert!(!offered.contains("Call the family") && home.contains("Mine 3"), "they stay whose they are until accepted");
}

/// Whose account is closed owns nothing new, and what is theirs has no active owner.
#[tokio::test]
async fn what_a_closed_account_owns_is_nobodys_and_it_is_given_nothing_new() {
    let trust = on_heron().await;
    let new = "form_key=n1&what=Ring+pharmacy&owner=else&user=closed&at_time=1530&patient=beckford-maureen";
    let refused = trust.send(Role::Clinician, "/t/DEMO/tasks", new).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(refused.text.contains("The account of Rosa Hall is closed.") && refused.text.contains("Ring pharmacy"));
    // Given before it was closed.
    let owner = r#""owner":{"identifier":{"system":"urn:almoner:owner","value":"user/closed"}}"#;
    let task = r#"{"resourceType":"Task","id":"theirs","status":"requested","intent":"order","description":"Call the family","#;
    trust.put(&[format!("{task}{owner}}}")]).await;
    let list = trust.page(Role::Clinician, "/t/DEMO/obligations/task?of=all").await.text;
    let row = list.split("data-row").find(|row| row.contains("Call the family")).unwrap();
    assert!(row.contains("Rosa Hall (account closed)") && row.contains("No active owner"), "{row}");
}

#[tokio::test]
async fn a_kind_of_which_there_is_nothing_is_said_and_leads_to_its_list() {
    let trust = on_heron().await;
    let page = trust.page(Role::Clinician, HOME).await.text;
    let none = page.split_once("None now: ").unwrap().1.split_once("</details>").unwrap().0;
    assert!(none.contains("patients with no bed yet"), "{none}");
    let list = trust.page(Role::Clinician, "/t/DEMO/obligations/no-bed?of=ward").await.text;
    assert!(list.contains("There is none now: Heron ward."), "{list}");
}

/// What would begin a second row follows in a line, a link with its number like every other; what is urgent is never there
/// while something that can wait is a card.
#[tokio::test]
async fn six_numbers_stand_as_cards_the_urgent_ones_first_and_the_others_in_a_line() {
    let trust = on_heron().await;
    let page = trust.page(Role::Clinician, HOME).await.text;
    let ward = page.split_once("Nobody lost: Heron ward").unwrap().1.split("</section>").next().unwrap();
    let cards: Vec<&str> = ward.split("class=\"al-counter ").skip(1).collect();
    assert!(cards.len() <= 6, "{ward}");
    let is_bad: Vec<bool> = cards.iter().map(|card| card.starts_with("al-counter--bad")).collect();
    assert!(is_bad.is_sorted_by(|one, other| one >= other), "{is_bad:?}");
    let others = ward.matches("class=\"al-count\"").count();
    assert!(cards.len() == 6 || others == 0, "{} cards, and {others} in a line", cards.len());
    // The same number of the whole trust is told in one line.
    let all = page.split_once("Nobody lost: Thameside Royal").unwrap().1.split("</section>").next().unwrap();
    assert!(all.contains("obligations/news2-high?of=all") && !all.contains("al-counters"), "{all}");
}

#[tokio::test]
async fn clerks_see_no_clinical_number_and_the_work_of_the_whole_trust() {
    let trust = on_heron().await;
    let clinical = "/t/DEMO/obligations/allergies-not-recorded?of=ward";
    let seen = trust.page(Role::Clinician, HOME).await.text;
    assert!(seen.contains("allergies not recorded") && seen.contains("obligations/allergies-not-recorded"));
    assert_eq!(trust.page(Role::Clinician, clinical).await.status, StatusCode::OK);
    let clerk = trust.page(Role::Clerk, HOME).await.text;
    assert!(!clerk.to_lowercase().contains("allerg"));
    assert!(clerk.contains("Nobody lost: Heron ward") && clerk.contains("Nobody lost: Thameside Royal"));
    assert!(clerk.contains("bed request waiting") || clerk.contains("bed requests waiting"));
    assert_eq!(trust.page(Role::Clerk, clinical).await.status, StatusCode::FORBIDDEN);
    for (role, begin) in [(Role::Operator, "/t/DEMO/host"), (Role::Overseer, "/t/DEMO/oversight")] {
        assert_eq!(trust.page(role, HOME).await.location.as_deref(), Some(begin));
    }
}

#[tokio::test]
async fn a_task_is_added_done_and_undone() {
    let trust = on_heron().await;
    let added = add(&trust, "what=Ring+pharmacy&owner=place%2Fheron&at_time=1530&patient=beckford-maureen").await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text);
    let page = trust.page(Role::Clinician, added.location.as_deref().unwrap()).await.text;
    assert!(page.contains("The task was added.") && page.contains("Tasks for Heron ward"));
    for words in ["Ring pharmacy", "Bed 2", "BECKFORD, Maureen (Mrs)", "Heron ward", "by 15:30", "Ward 7", "Mine 0"] {
        assert!(page.contains(words), "{words}");
    }
    let task = Links::of("DEMO").task(&task_that_says(&page, "Ring pharmacy"));
    let done = trust.send(Role::Clinician, &format!("{task}/done"), "form_key=d&back=%2Ft%2FDEMO%2F").await;
    let page = trust.page(Role::Clinician, done.location.as_deref().unwrap()).await.text;
    assert!(page.contains("The task is done.") && page.contains("Ward 6") && page.contains(">Undo</button>"));
    let undo = page.split_once("name=\"undo\" value=\"").unwrap().1.split_once('"').unwrap().0;
    let undone =
        trust.send(Role::Clinician, "/t/DEMO/undo", &format!("form_key=u&back=%2Ft%2FDEMO%2F&undo={undo}")).await;
    let page = trust.page(Role::Clinician, undone.location.as_deref().unwrap()).await.text;
    assert!(page.contains("It was undone.") && page.contains("Ward 7"), "{page}");
}

#[tokio::test]
async fn a_refused_task_comes_back_with_everything_that_was_typed() {
    let trust = on_heron().await;
    let cases = [
        ("what=&owner=place%2Fheron&at_time=1530", "Say what shall be done.", "what"),
        ("what=Call+the+family&at_time=1530", "Say whose it is", "owner"),
        ("what=Call+the+family&owner=else&user=nobody&at_time=1530", "Nobody signs in with this name", "user"),
        ("what=Call+the+family&owner=place%2Fheron", "Say by when it shall be done", "at_time"),
        ("what=Call+the+family&owner=place%2Fheron&at_time=1400", "This time has passed", "at_time"),
        ("what=Call+the+family&owner=place%2Fheron&at_time=9999", "four digits", "at_time"),
        ("what=Call+the+family&owner=place%2Fheron&at_date=31feb&at_time=1530", "does not exist", "at_date"),
    ];
    for (fields, words, field) in cases {
        let answer = add(&trust, &format!("patient=beckford-maureen&{fields}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields}");
        assert!(answer.text.contains("There is a problem") && answer.text.contains(words), "{fields} {}", answer.text);
        assert!(answer.text.contains(&format!("href=\"#{field}\"")), "{fields} {}", answer.text);
        assert!(answer.text.contains("BECKFORD, Maureen"), "{fields}");
        if fields.contains("Call") {
            assert!(answer.text.contains("Call the family</textarea>"), "{fields}");
        }
        if fields.contains("1400") {
            assert!(answer.text.contains("value=\"1400\"") && answer.text.contains("value=\"place/heron\" checked"));
        }
    }
}

#[tokio::test]
async fn a_task_is_handed_over_accepted_and_put_off() {
    let trust = on_heron().await;
    add(&trust, "what=Call+the+family&owner=team%2Fsite&at_time=1530&patient=beckford-maureen").await;
    let task =
        Links::of("DEMO").task(&task_that_says(&trust.page(Role::Clinician, HOME).await.text, "Call the family"));
    let act = async |act: &str, fields: &str| {
        trust.send(Role::Clinician, &format!("{task}/{act}"), &format!("form_key={act}&{fields}")).await
    };
    let offered = act("hand-over", "to=place%2Fheron").await;
    let page = trust.page(Role::Clinician, offered.location.as_deref().unwrap()).await.text;
    assert!(page.contains("It stays with its owner until it is accepted."), "{page}");
    assert!(page.contains("Heron ward, not accepted yet") && page.contains("Accept task"));
    assert!(trust.page(Role::Clinician, HOME).await.text.contains("Handed over to you"));
    let accepted = act("accept", "").await;
    let page = trust.page(Role::Clinician, accepted.location.as_deref().unwrap()).await.text;
    assert!(page.contains("The task is yours.") && !page.contains("Accept task"), "{page}");
    let again = act("accept", "").await;
    // The same form again: it was carried out, and is not carried out twice.
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    act("date", "at_date=t%2B1&at_time=0900").await;
    let page = trust.page(Role::Clinician, &task).await.text;
    assert!(page.contains("17-Nov-2026 15:30") && page.contains("moved 1 time") && page.contains("by 18-Nov 09:00"));
    let refused = act("cancel", "reason=").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("href=\"#reason\""));
    act("cancel", "reason=He+went+home").await;
    assert!(trust.page(Role::Clinician, &task).await.text.contains("Open again"));
    assert_eq!(act("explode", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_obligation_shows_the_task_that_was_made_of_it() {
    let trust = on_heron().await;
    let list = "/t/DEMO/obligations/no-expected-discharge?of=ward";
    let page = trust.page(Role::Clinician, list).await.text;
    let form = page.split_once("/t/DEMO/tasks/new?").unwrap().1.split_once('"').unwrap().0.replace("&amp;", "&");
    let new = trust.page(Role::Clinician, &format!("/t/DEMO/tasks/new?{form}")).await.text;
    assert!(new.contains("From: stay without expected discharge date."), "{new}");
    let typed = "what=Ask+for+a+date&owner=place%2Fheron&at_time=1600";
    let added = add(&trust, &format!("{form}&{typed}")).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text);
    let page = trust.page(Role::Clinician, list).await.text;
    assert_eq!(page.matches("Ask for a date").count(), 1);
}

#[tokio::test]
async fn who_was_opened_last_is_listed_for_the_one_who_opened_them() {
    let trust = on_heron().await;
    for id in ["norris-leonard", "hussain-nasreen"] {
        trust.page(Role::Clinician, &format!("/t/DEMO/patients/{id}")).await;
    }
    let page = trust.page(Role::Clinician, HOME).await.text;
    let recent = page.split_once("Recently opened").unwrap().1;
    let (hussain, norris) = (recent.find("HUSSAIN, Nasreen").unwrap(), recent.find("NORRIS, Leonard").unwrap());
    assert!(hussain < norris && recent.contains("Bed 13"), "{recent}");
}
