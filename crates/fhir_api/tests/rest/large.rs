//! Answers with large attachments: bounded in bytes, and nothing is lost by it without being said.
//! Goes through the router as a client would, over a real record.

use fhir_api::Bounds;
use serde_json::{Value, json};

use crate::site::{Reply, Site, sites};

/// Characters of an attachment.
const ATTACHED: usize = 120_000;
/// Names, links and the like around the resources of a page.
const AROUND: usize = 10_000;

fn bounds() -> Bounds {
    Bounds { answer_bytes: 300_000, included_bytes: 150_000, ..Bounds::default() }
}

fn patient(id: &str, mark: char) -> Value {
    let data = mark.to_string().repeat(ATTACHED);
    json!({"resourceType": "Patient", "id": id, "photo": [{"contentType": "image/png", "data": data}],
        "generalPractitioner": [{"reference": "Practitioner/p1"}, {"reference": "Practitioner/p2"}]})
}

fn letter(id: &str, patient: &str) -> Value {
    json!({"resourceType": "DocumentReference", "id": id, "status": "current",
        "subject": {"reference": format!("Patient/{patient}")},
        "content": [{"attachment": {"contentType": "text/plain", "data": "QUJD".repeat(ATTACHED / 4)}}]})
}

async fn filled(site: &Site) {
    let photo = |id: &str| {
        json!({"resourceType": "Practitioner", "id": id,
            "photo": [{"contentType": "image/png", "data": "RUVF".repeat(ATTACHED / 4)}]})
    };
    site.put_all(&[photo("p1"), photo("p2")]).await;
    for mark in ['A', 'B', 'C', 'D', 'E'] {
        site.put_all(&[patient("a", mark)]).await;
    }
    site.put_all(&[patient("b", 'F'), patient("c", 'G')]).await;
    for number in 0..5 {
        site.put_all(&[letter(&format!("l{number}"), "a")]).await;
    }
}

/// All pages from one on, each within so many bytes.
async fn pages(site: &Site, path: &str, most: usize) -> Vec<Reply> {
    let (mut pages, mut next) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let reply = site.get(&path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        assert!(reply.bytes.len() <= most, "{path}: {} bytes", reply.bytes.len());
        next = reply.link("next");
        pages.push(reply);
    }
    pages
}

/// Whether a page says that something was left out.
fn says_so(reply: &Reply) -> bool {
    let bundle = reply.json();
    let outcomes = bundle["entry"].as_array().unwrap().iter().filter(|entry| entry["search"]["mode"] == "outcome");
    outcomes.filter(|entry| entry["resource"]["issue"][0]["code"] == "incomplete").count() == 1
}

#[tokio::test]
async fn a_history_of_large_versions_comes_page_by_page() {
    for site in sites().await {
        filled(&site).await;
        let site = site.within(bounds());
        let pages = pages(&site, "Patient/a/_history", bounds().answer_bytes + AROUND).await;
        let tags = pages.iter().flat_map(|page| {
            let entries = page.json()["entry"].as_array().unwrap().clone();
            entries.into_iter().map(|entry| entry["response"]["etag"].as_str().unwrap().to_owned())
        });
        assert_eq!(tags.collect::<Vec<_>>(), ["W/\"5\"", "W/\"4\"", "W/\"3\"", "W/\"2\"", "W/\"1\""]);
        assert!(pages.len() == 3 && pages.iter().all(|page| page.json()["total"] == 5), "{}", pages.len());
    }
}

#[tokio::test]
async fn searches_and_everything_come_page_by_page() {
    for site in sites().await {
        filled(&site).await;
        let site = site.within(bounds());
        // A question's first resource may be one more than fits.
        let most = bounds().answer_bytes + ATTACHED + AROUND;
        for (path, expected) in [
            ("DocumentReference?patient=a", vec!["l0", "l1", "l2", "l3", "l4"]),
            ("?_type=Patient,DocumentReference", vec!["a", "b", "c", "l0", "l1", "l2", "l3", "l4"]),
        ] {
            let pages = pages(&site, path, most).await;
            let mut seen: Vec<String> = pages.iter().flat_map(Reply::ids).collect();
            seen.sort();
            assert_eq!(seen, expected, "{path}");
            assert!(pages.len() >= 3 && pages.iter().all(|page| !says_so(page)), "{path}: {}", pages.len());
        }
        let pages = pages(&site, "Patient/a/$everything", most + bounds().included_bytes).await;
        let own = pages.iter().flat_map(Reply::ids).filter(|id| !id.starts_with('+'));
        assert_eq!(own.collect::<Vec<_>>(), ["a", "l0", "l1", "l2", "l3", "l4"]);
        // Of the patient's two practitioners one fits.
        assert!(says_so(&pages[0]) && pages[1..].iter().all(|page| !says_so(page)));
    }
}

#[tokio::test]
async fn what_is_included_is_left_out_when_it_is_too_large_and_that_is_said() {
    for site in sites().await {
        filled(&site).await;
        let site = site.within(bounds());
        let most = bounds().answer_bytes + bounds().included_bytes + AROUND;
        for (path, included) in [
            ("Patient?_id=a&_include=Patient:general-practitioner", 1),
            ("Patient?_id=a&_revinclude=DocumentReference:patient", 1),
            ("Patient?_id=a&_include=Patient:general-practitioner&_revinclude=DocumentReference:patient", 1),
        ] {
            let page = pages(&site, path, most).await.remove(0);
            let (own, others): (Vec<String>, Vec<String>) = page.ids().into_iter().partition(|id| !id.starts_with('+'));
            assert_eq!((own.as_slice(), others.len()), (["a".to_owned()].as_slice(), included), "{path}");
            assert!(says_so(&page), "{path}");
        }
        // Where all of it fits nothing is said.
        let whole = site.within(Bounds::default());
        let page = whole.get("Patient?_id=a&_revinclude=DocumentReference:patient").await;
        assert!(page.ids().len() == 6 && !says_so(&page));
    }
}

/// Two that match are two, however little of them fits on a page.
#[tokio::test]
async fn a_condition_on_large_resources_is_not_taken_for_unique() {
    for site in sites().await {
        let large = |id: &str, number: usize| {
            let mut patient = patient(id, 'A');
            let data = "QUJD".repeat(9_500_000 / 4);
            patient["photo"] = json!(vec![json!({"contentType": "image/png", "data": data}); 4]);
            patient["multipleBirthInteger"] = json!(number);
            patient["identifier"] = json!([{"system": "urn:x", "value": "1"}]);
            patient
        };
        site.put_all(&[large("a", 1), large("b", 2)]).await;
        let mut changed = patient("a", 'H');
        changed.as_object_mut().unwrap().remove("id");
        let reply = site.put("Patient?identifier=urn:x|1", &changed).await;
        assert_eq!(reply.issue(), (412, "multiple-matches".into()));
    }
}
