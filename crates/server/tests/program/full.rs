//! A full disk under a host that serves: whoever writes is told so, whoever reads is answered, and once there is room
//! writing goes on. Nothing acknowledged is lost. Needs root, for a small disk.

use testkit::disk::SmallDisk;

use crate::stage::{Answer, Serving, Stage, note};

/// More requests than fill what SQLite has reserved of a full disk.
const MOST: usize = 2000;

/// A signed-in clerk's requests to the pages.
struct Clerk<'s> {
    serving: &'s Serving,
    cookie: String,
    form_token: String,
}

impl Clerk<'_> {
    fn sign_in<'s>(stage: &Stage, serving: &'s Serving) -> Clerk<'s> {
        let add = ["user", "add", "--trust", "RAA", "--name", "a.b", "--display", "A", "--role", "clerk"];
        let said = stage.json(&add);
        let cookie = serving.sign_in("RAA", "a.b", said["user"]["password"].as_str().unwrap()).1.unwrap();
        let page = serving.send("GET", "/t/RAA/incident", &[("Cookie", &cookie)], b"");
        let text = String::from_utf8(page.body).unwrap();
        let form_token =
            text.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        Clerk { serving, cookie, form_token }
    }

    fn get(&self, path: &str) -> Answer {
        self.serving.send("GET", path, &[("Cookie", &self.cookie)], b"")
    }

    fn post(&self, path: &str, fields: &str) -> Answer {
        let headers = [("Cookie", self.cookie.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
        let form = format!("form_token={}&{fields}", self.form_token);
        self.serving.send("POST", path, &headers, form.as_bytes())
    }
}

fn create(serving: &Serving, token: &str, number: usize) -> Answer {
    let text = "x".repeat(3000);
    let body = format!(r#"{{"resourceType":"Basic","id":"b{number}","code":{{"text":"{text}"}}}}"#);
    let authorization = format!("Bearer {token}");
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/fhir+json")];
    serving.send("PUT", &format!("/t/RAA/fhir/Basic/b{number}"), &headers, body.as_bytes())
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

fn waits_a_minute(answer: &Answer) -> bool {
    answer.head.to_ascii_lowercase().contains("retry-after: 60\r\n")
}

#[test]
fn a_host_on_a_full_disk_says_so_and_goes_on_when_there_is_room() {
    let disk = match SmallDisk::mount(64) {
        Ok(disk) => disk,
        Err(error) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "CI has to run this as root: {error}");
            return note(&format!("SKIPPED: a small disk (tmpfs) cannot be mounted; run as root: {error}"));
        }
    };
    let stage = Stage::with_trust_on(disk.path(), "sqlite");
    let token = stage.token("system");
    let serving = stage.serve();
    let clerk = Clerk::sign_in(&stage, &serving);
    assert_eq!(create(&serving, &token, 0).status, 201);
    disk.fill(usize::MAX).unwrap();

    let (mut acknowledged, mut refused) = (1, None);
    for number in 1..MOST {
        let answer = create(&serving, &token, number);
        if answer.status != 201 {
            refused = Some(answer);
            break;
        }
        acknowledged += 1;
    }
    let refused = refused.unwrap_or_else(|| panic!("{MOST} requests have not filled the disk"));
    assert_eq!((refused.status, waits_a_minute(&refused)), (507, true), "{}", text(&refused));
    let outcome = refused.json();
    assert_eq!(
        (outcome["resourceType"].as_str(), outcome["issue"][0]["code"].as_str()),
        (Some("OperationOutcome"), Some("no-store")),
        "{outcome}"
    );
    for _ in 0..20 {
        assert_eq!(serving.get("/t/RAA/fhir/Basic/b0", &token).status, 200);
        assert_eq!(create(&serving, &token, acknowledged).status, 507);
    }

    assert_eq!(clerk.get("/t/RAA/incident").status, 200);
    let batch = clerk.post("/t/RAA/incident", "form_key=k1&do=batch&count=3");
    assert_eq!((batch.status, waits_a_minute(&batch)), (507, true), "{}", text(&batch));
    assert!(text(&batch).contains("The disk of this record is full. Nothing was recorded."), "{}", text(&batch));
    let draft = clerk.post("/t/RAA/drafts", "draft_form=register&draft_patient=&form_key=k2&family=Osei");
    assert_eq!(draft.status, 507, "{}", text(&draft));

    disk.free().unwrap();
    assert_eq!(create(&serving, &token, acknowledged).status, 201);
    let batch = clerk.post("/t/RAA/incident", "form_key=k1&do=batch&count=3");
    assert_eq!(batch.status, 303, "{}", text(&batch));
    assert_eq!((serving.count("Basic", &token), serving.count("Patient", &token)), (acknowledged as u64 + 1, 3));
    assert!(serving.stop());
    assert_eq!(stage.json(&["verify", "--trust", "RAA", "--index"])["verified"]["whole"], true);
}
