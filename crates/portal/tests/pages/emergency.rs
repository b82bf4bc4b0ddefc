//! The board of the emergency department with the people of the story, its numbers and lists, and its forms.
//! Through the real routes, over a real record.

use access::Role;
use http::StatusCode;
use terms::Moment;

use crate::support::Trust;

const BOARD: &str = "/t/DEMO/emergency";
const CLINICIAN: (&str, Role) = ("user/t.tester", Role::Clinician);
const CLERK: (&str, Role) = ("user/t.tester", Role::Clerk);

/// Family names of the rows, in order.
fn families(page: &str) -> Vec<String> {
    let rows = page.split("class=\"al-rowlink\"").skip(1);
    rows.map(|row| row.split_once('>').unwrap().1.split(&[',', '<'][..]).next().unwrap().to_owned()).collect()
}

/// The row of an attendance.
fn row<'p>(page: &'p str, patient: &str) -> &'p str {
    let row = page.split(&format!("id=\"ed-{patient}-stay\"")).nth(1).unwrap();
    row.split("</tr>").next().unwrap()
}

/// A text without its tags, spaces made one.
fn words(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        let shown = part.split_once('>').map_or(part, |(_, shown)| shown);
        text.push_str(shown);
        text.push(' ');
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn board(trust: &Trust) -> String {
    let answer = trust.get(Role::Clinician, BOARD).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.text
}

/// What the head of the board says.
const HEAD: &[&str] = &[
    "11 in department",
    "2 to be seen, longest 30 min",
    "3 over 4 hours",
    "2 waiting for a bed, longest 1 h 55 since DTA",
    "0 over 12 h since DTA",
    "3 ambulances due, 0 waiting to hand over",
    "2 left before seen today",
    "77.8% within 4 hours today, of 9 who left",
    "Resus · 2 patients, 2 to act on now",
    "Majors · 5 patients, 1 to act on now",
    "Minors and streaming · 4 patients, 0 to act on now",
    "Clean since 14:02.",
    "Next: ambulance, 8 min away, 71y Male, stroke call",
];

/// What each row says, among other things.
const ROWS: &[(&str, &[&str])] = &[
    (
        "allardyce-morag",
        &[
            "R1",
            "Immediate , category 1",
            "No known allergies No flags",
            "handed over 13:48 , 8 min",
            "assessed after 2 min",
            "0 h 47",
            "3 h 13 left",
            "9 High ▲ up 2 14:30",
            "Dr Lin",
            "Waits for Cath lab 14:45",
        ],
    ),
    ("byrne-callum", &["Allergies not recorded Trauma call", "since 13:05 1 h 30", "7 High ▼ down 2 14:25"]),
    (
        "iwu-chidi",
        &[
            "4y 8m Male",
            "Child at risk: sepsis? CP-IS checked, none",
            "Walked in",
            "PEWS 5 child score, 14:20",
            "Senior: Dr F Amadi, consultant , here 14:20",
        ],
    ),
    ("chaudhry-imran", &["Allergies: penicillin", "5 Medium ● same 14:10", "1 h 17 left"]),
    (
        "duffy-kathleen",
        &[
            "Allergies: codeine +1",
            "handed over 10:09 , 26 min",
            "since 09:58 4 h 37",
            "37 min over 4 h",
            "DTA 12:40 , 1 h 55 of 12 h",
            "3 Low ▲ up 1 13:40",
            "Belongs to Mr Shah, orthopaedics",
        ],
    ),
    ("ellis-tracey", &["Self-harm: observe", "4 Low ● same 14:00"]),
    (
        "hussain-nasreen",
        &[
            "M4",
            "Allergies: aspirin No flags",
            "15 min over 4 h",
            "DTA 13:20 , 1 h 15 of 12 h",
            "4 Low ▼ down 1 14:05",
            "Bed: Heron ward, bed 7",
            "Waits for Porter, leaves 15:00",
        ],
    ),
    ("kowalczyk-adam", &["W", "4 h 04", "4 min over 4 h", "0 Low ● same 12:40"]),
    ("logan-freya", &["17y 5m Female", "Under 18", "1 Low first set 13:52"]),
    ("mistry-jay", &["Not picked up", "2 Low first set 14:16"]),
    ("noakes-ivy", &["not assessed yet", "– Not scored since arrival", "Non-urgent , category 5"]),
];

#[tokio::test]
async fn the_board_tells_the_worked_case() {
    let trust = Trust::demo().await;
    let page = board(&trust).await;
    let told = words(&page);
    for line in HEAD {
        assert!(told.contains(line), "{line}: {told}");
    }
    for (patient, expected) in ROWS {
        let told = words(row(&page, patient));
        for line in *expected {
            assert!(told.contains(line), "{patient}, {line}: {told}");
        }
    }
}

#[tokio::test]
async fn those_to_act_on_now_stand_first_in_every_order_and_area() {
    let trust = Trust::demo().await;
    let page = board(&trust).await;
    assert_eq!(families(&page)[..4], ["ALLARDYCE", "BYRNE", "IWU", "CHAUDHRY"]);
    for patient in ["allardyce-morag", "byrne-callum", "iwu-chidi"] {
        let before = page.split(&format!("id=\"ed-{patient}-stay\"")).next().unwrap();
        assert!(before.ends_with("<tr class=\"is-alarm\" "), "{patient}: {}", &before[before.len() - 60..]);
    }
    for (view, behind) in [("acuity", "CHAUDHRY"), ("time", "DUFFY")] {
        let page = trust.get(Role::Clinician, &format!("{BOARD}?view={view}")).await.text;
        let names = families(&page);
        assert_eq!(
            (&names[..3], names[3].as_str()),
            (&["ALLARDYCE", "BYRNE", "IWU"].map(String::from)[..], behind),
            "{view}"
        );
    }
    // A score that rises to 7 brings a row to the top of its area, whatever its category.
    let high = r#"{"resourceType":"Observation","id":"ID","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"CODE"}]},
        "subject":{"reference":"Patient/kowalczyk-adam"},"effectiveDateTime":"2026-11-17T14:33:00Z","VALUE"#;
    let signs = [
        ("9279-1", r#"valueQuantity":{"value":26,"code":"/min"}}"#),
        ("2708-6", r#"valueQuantity":{"value":90,"code":"%"}}"#),
        ("3151-8", r#"valueQuantity":{"value":2,"code":"L/min"}}"#),
        ("8480-6", r#"valueQuantity":{"value":120,"code":"mm[Hg]"}}"#),
        ("8867-4", r#"valueQuantity":{"value":80,"code":"/min"}}"#),
        ("8310-5", r#"valueQuantity":{"value":37,"code":"Cel"}}"#),
        ("80288-4", r#"valueCodeableConcept":{"coding":[{"code":"248234008"}],"text":"Alert"}}"#),
    ];
    let texts: Vec<String> = signs
        .iter()
        .map(|(code, value)| high.replace("ID", &format!("high-{code}")).replace("CODE", code).replace("VALUE", value))
        .collect();
    trust.put(&texts).await;
    let page = board(&trust).await;
    let minors = page.split("Minors and streaming").nth(1).unwrap();
    assert_eq!(families(minors)[0], "KOWALCZYK");
    assert!(words(row(&page, "kowalczyk-adam")).contains("8 High"), "{}", words(row(&page, "kowalczyk-adam")));
}

#[tokio::test]
async fn each_number_is_the_length_of_its_list() {
    let trust = Trust::demo().await;
    let page = board(&trust).await;
    let cases = [
        ("to-be-seen", 2),
        ("over-4", 3),
        ("waiting-for-bed", 2),
        ("over-12", 0),
        ("left-before-seen", 2),
        ("left-today", 9),
    ];
    for (only, count) in cases {
        assert!(page.contains(&format!("only={only}")), "{only} has no link");
        let list = trust.get(Role::Clinician, &format!("{BOARD}?only={only}")).await.text;
        assert_eq!(families(&list).len(), count, "{only}");
    }
    let ambulances = words(&trust.get(Role::Clinician, &format!("{BOARD}?only=ambulances")).await.text);
    for line in ["71y Male, stroke call", "34y Female, asthma", "8y Male, seizure, stopped", "No crew is waiting"] {
        assert!(ambulances.contains(line), "{line}: {ambulances}");
    }
}

#[tokio::test]
async fn a_clerk_sees_who_is_where_and_no_clinical_content() {
    let trust = Trust::demo().await;
    let page = trust.get(Role::Clerk, BOARD).await.text;
    assert_eq!(families(&page).len(), 11);
    for word in ["penicillin", "Allergies", "al-news", "DNACPR", "Self-harm", "PEWS"] {
        assert!(!page.contains(word), "{word}");
    }
    // What a clinician decides is not a clerk's to record.
    assert!(!page.contains("-stay/triage") && page.contains("-stay/move"));
    let path = format!("{BOARD}/noakes-ivy-stay/triage");
    let sent = trust.post(CLERK, &path, &[("at", "now"), ("form_key", "t"), ("category", "1")]).await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN);
    let refused = trust.get(Role::Administrator, BOARD).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(!refused.text.contains("ALLARDYCE"));
}

#[tokio::test]
async fn a_form_is_two_clicks_away_and_a_refused_one_keeps_what_was_typed() {
    let trust = Trust::demo().await;
    let page = board(&trust).await;
    let path = format!("{BOARD}/noakes-ivy-stay/depart");
    assert!(row(&page, "noakes-ivy").contains(&format!("href=\"{path}\"")), "the row's menu has no departure");
    let form = trust.get(Role::Clinician, &path).await;
    assert_eq!(form.status, StatusCode::OK, "{}", form.text);
    assert!(form.text.contains("NOAKES, Ivy"));
    // Nothing but now is answered beforehand.
    assert_eq!(form.text.matches(" checked").count(), 1, "{}", form.text);
    let fields =
        [("at", "now"), ("form_key", "k1"), ("outcome", "treated"), ("diagnosis", "Leg ulcer"), ("follow_up", "gp")];
    let refused = trust.post(CLINICIAN, &path, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for kept in ["There is a problem", "Say where the patient goes.", "value=\"Leg ulcer\"", "href=\"#destination\""] {
        assert!(refused.text.contains(kept), "{kept}: {}", refused.text);
    }
    assert_eq!(refused.text.matches(" checked").count(), 3, "outcome, follow-up and now are kept");
}

#[tokio::test]
async fn what_a_form_records_is_on_the_board_and_can_be_undone() {
    let trust = Trust::demo().await;
    let send = async |act: &str, fields: &[(&str, &str)]| {
        let path = format!("{BOARD}/noakes-ivy-stay/{act}");
        let mut all = vec![("at", "now"), ("form_key", act)];
        all.extend_from_slice(fields);
        let answer = trust.post(CLINICIAN, &path, &all).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{act}: {}", answer.text);
        answer.location.unwrap()
    };
    let back = send("take-over", &[("name", "Dr Rao")]).await;
    let page = trust.get(Role::Clinician, &back).await.text;
    assert!(page.contains("The patient was taken over.") && page.contains(">Undo</button>"), "{page}");
    assert!(words(row(&page, "noakes-ivy")).contains("Dr Rao"));
    send("assess", &[]).await;
    send("triage", &[("category", "1")]).await;
    send("move", &[("to", "ed-majors-6")]).await;
    send("wait", &[("waits_for", "Theatre")]).await;
    let page = board(&trust).await;
    let told = words(row(&page, "noakes-ivy"));
    for line in ["M6", "Immediate , category 1", "assessed after 9 min", "Waits for Theatre"] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let majors = page.split("Majors").nth(1).unwrap();
    assert_eq!(families(majors)[0], "NOAKES", "category 1 stands first");
    let back = send("admit", &[("treatment_function", "100"), ("consultant", "Practitioner/okafor")]).await;
    let page = trust.get(Role::Clinician, &back).await.text;
    assert!(words(row(&page, "noakes-ivy")).contains("General surgery"), "{}", words(row(&page, "noakes-ivy")));
    assert!(words(&page).contains("3 waiting for a bed"));
    // The undo of the notice takes the decision and the expected stay back.
    let undo = page.split("name=\"undo\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let fields = [("undo", undo.as_str()), ("back", BOARD), ("form_key", "undo")];
    let undone = trust.post(CLINICIAN, "/t/DEMO/undo", &fields).await;
    assert_eq!(undone.status, StatusCode::SEE_OTHER, "{}", undone.text);
    assert!(words(&board(&trust).await).contains("2 waiting for a bed"));
}

#[tokio::test]
async fn somebody_whom_nobody_knows_is_booked_in_with_two_clicks() {
    let trust = Trust::demo().await;
    let page = board(&trust).await;
    assert!(page.contains("href=\"/t/DEMO/emergency/unknown?department=ed\""));
    let form = trust.get(Role::Clerk, "/t/DEMO/emergency/unknown?department=ed").await;
    assert_eq!(form.status, StatusCode::OK);
    let fields = [("department", "ed"), ("at", "now"), ("form_key", "u1"), ("mode", "ambulance")];
    // Enter in a field is no answer to how they came.
    let asked = [("department", "ed"), ("at", "now"), ("form_key", "u0"), ("age", "40")];
    let refused = trust.post(CLERK, "/t/DEMO/emergency/unknown", &asked).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("Say how they came") && refused.text.contains("value=\"40\""), "{}", refused.text);
    let booked = trust.post(CLERK, "/t/DEMO/emergency/unknown", &fields).await;
    assert_eq!(booked.status, StatusCode::SEE_OTHER, "{}", booked.text);
    let told = words(&board(&trust).await);
    for line in [
        "12 in department",
        "UNKNOWN, ",
        "To be identified",
        "Not triaged",
        "Age not known gender not known",
        "waits to hand over",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    // A second press of the same form is the same arrival.
    trust.post(CLERK, "/t/DEMO/emergency/unknown", &fields).await;
    assert!(words(&board(&trust).await).contains("12 in department"));
}

#[tokio::test]
async fn a_known_patient_is_searched_for_and_booked_in_and_an_announced_one_too() {
    let trust = Trust::demo().await;
    let search =
        trust.get(Role::Clerk, "/t/DEMO/emergency/arrive?department=ed&attendance=ed-due-1&q=oyelaran").await.text;
    let href =
        search.split("class=\"al-rowlink\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let form = trust.get(Role::Clerk, &href).await;
    assert!(form.text.contains("OYELARAN, Tunde") && form.text.contains("71y Male, stroke call"), "{}", form.text);
    let fields = [
        ("department", "ed"),
        ("patient", "oyelaran-tunde"),
        ("attendance", "ed-due-1"),
        ("place", "ed-majors-6"),
        ("at", "now"),
        ("form_key", "a1"),
        ("mode", "ambulance"),
    ];
    let booked = trust.post(CLERK, "/t/DEMO/emergency/arrive", &fields).await;
    assert_eq!(booked.status, StatusCode::SEE_OTHER, "{}", booked.text);
    let page = board(&trust).await;
    assert!(words(&page).contains("2 ambulances due, 1 waiting to hand over"), "{}", words(&page));
    assert!(page.contains("OYELARAN, Tunde"));
}

#[tokio::test]
async fn the_clocks_of_the_board_are_right_on_both_nights_on_which_they_change() {
    // Told so that 14:35 of the story is 03:30 after the clocks went back, and 05:30 after they went forward.
    for (now, since) in [("2026-10-25T03:30:00Z", "23:53"), ("2027-03-28T04:30:00Z", "23:53")] {
        let now = Moment::parse(now).unwrap();
        let trust = Trust::demo_at(now).await;
        let page = trust.get_at(Role::Clinician, BOARD, now).await.text;
        let told = words(row(&page, "duffy-kathleen"));
        assert!(told.contains("4 h 37") && told.contains("37 min over 4 h"), "{told}");
        assert!(told.contains(since), "{since}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_that_is_open_follows_what_is_written_and_says_when_it_changed() {
    let trust = Trust::demo().await;
    let page = board(&trust).await;
    let live = page.split("data-live=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    assert!(page.contains("data-all=\"order\""));
    let acuity = trust.get(Role::Clinician, &format!("{BOARD}?view=acuity")).await.text;
    assert!(acuity.contains("data-all=\"rows\""), "other orders follow who is there, not where rows stand");
    let list = trust.get(Role::Clinician, &format!("{BOARD}?only=left-today")).await.text;
    assert!(!list.contains("data-live"), "a list says when it was made");
    let mut stream = trust.stream(Role::Clinician, &live).await;
    let ids = stream.next_of("ids").await;
    let on_page: Vec<&str> =
        page.split("<tr").skip(1).filter_map(|row| row.split("id=\"").nth(1)?.split('"').next()).collect();
    assert_eq!(ids.split(' ').collect::<Vec<_>>(), on_page, "the page has the rows of the stream, in their order");
    assert_eq!(stream.next_of("beat").await, "14:35");
    let taken = [("department", "ed"), ("name", "Dr Rao"), ("at", "now"), ("form_key", "t1")];
    let answer = trust.post(CLINICIAN, &format!("{BOARD}/mistry-jay-stay/take-over"), &taken).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let rows = stream.next_of("rows").await;
    let (time, rows) = rows.split_once('\n').unwrap();
    assert_eq!((time, rows.matches("<tr").count()), ("14:35", 1), "{rows}");
    assert!(row(rows, "mistry-jay").contains("Dr Rao"));
    assert!(words(&stream.next_of("head").await).contains("1 to be seen"));
    // Somebody who comes is no row of the page yet: it is told that there is one.
    let fields = [("department", "ed"), ("at", "now"), ("form_key", "u1"), ("mode", "ambulance")];
    trust.post(CLERK, &format!("{BOARD}/unknown"), &fields).await;
    assert!(stream.next_of("ids").await.split(' ').count() > on_page.len());
}

#[tokio::test]
async fn passers_by_read_short_names_and_nothing_of_what_is_the_matter() {
    let trust = Trust::demo().await;
    let page = trust.get(Role::Clinician, &format!("{BOARD}?wall=1")).await.text;
    assert!(page.contains("<body class=\"al al-priv-on\"") && !page.contains("al-rail"));
    // What the style sheet hides then is inside `al-priv`, and all of it is.
    let mut public = String::new();
    for part in row(&page, "iwu-chidi").split("al-priv") {
        public.push_str(if part.starts_with("-alt") { part } else { "" });
    }
    for (patient, short) in [("iwu-chidi", "Iw C"), ("duffy-kathleen", "Du K")] {
        assert!(row(&page, patient).contains(&format!("<b>{short}</b>")), "{}", row(&page, patient));
    }
    for word in ["IWU", "rash", "sepsis", "Antibiotics", "Allerg"] {
        assert!(!words(&public).contains(word), "{word}: {public}");
    }
}

#[tokio::test]
async fn a_score_before_many_single_values_is_found_all_the_same() {
    let trust = Trust::demo().await;
    let single = |id: usize| {
        format!(
            r#"{{"resourceType":"Observation","id":"o{id}","status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"8867-4"}}]}},
            "subject":{{"reference":"Patient/kowalczyk-adam"}},"effectiveDateTime":"2026-11-17T13:{:02}:00Z","valueQuantity":{{"value":80,"code":"/min"}}}}"#,
            id % 60
        )
    };
    // Many single values after the last set: the score is still found.
    trust.put(&(0..40).map(single).collect::<Vec<_>>()).await;
    let page = board(&trust).await;
    assert!(
        words(row(&page, "kowalczyk-adam")).contains("0 Low ● same 12:40"),
        "{}",
        words(row(&page, "kowalczyk-adam"))
    );
}

#[tokio::test]
async fn what_is_typed_into_a_form_of_the_department_returns_to_the_person_who_typed_it() {
    let trust = Trust::demo().await;
    let form = format!("{BOARD}/mistry-jay-stay/wait");
    let other = ("user/k.boateng", Role::Clinician);
    let plain = trust.get_as(CLINICIAN.0, CLINICIAN.1, &form).await.text;
    assert!(plain.contains("name=\"draft_form\" value=\"ed-wait\""), "{plain}");
    let draft = [("draft_form", "ed-wait"), ("draft_patient", "mistry-jay-stay"), ("waits_for", "Plaster room")];
    trust.post(CLINICIAN, "/t/DEMO/drafts", &draft).await;
    let mine = trust.get_as(CLINICIAN.0, CLINICIAN.1, &form).await.text;
    assert!(mine.contains("value=\"Plaster room\"") && mine.contains("Draft kept"), "{mine}");
    let (another, theirs) = (format!("{BOARD}/noakes-ivy-stay/wait"), form.clone());
    for (who, page) in [(CLINICIAN, another), (other, theirs)] {
        let text = trust.get_as(who.0, who.1, &page).await.text;
        assert!(!text.contains("value=\"Plaster room\""), "{who:?} {page}");
    }
}
