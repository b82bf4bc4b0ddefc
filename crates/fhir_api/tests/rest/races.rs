//! Many clients at once: no duplicate, no lost update.
//! Goes through the router as a client would, over a real record.

use serde_json::json;

use crate::site::sites;

const CLIENTS: usize = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_conditional_creates_make_one() {
    for site in sites().await {
        let mut clients = Vec::new();
        for number in 0..CLIENTS {
            let site = site.clone();
            clients.push(tokio::spawn(async move {
                let body = json!({"resourceType": "Patient", "identifier": [{"system": "s:x", "value": "1"}],
                    "name": [{"family": format!("Client {number}")}]});
                let header = [("if-none-exist", "identifier=s:x|1")];
                let reply = site.send("POST", "Patient", &header, body.to_string()).await;
                (reply.status.as_u16(), reply.header("location").to_owned())
            }));
        }
        let mut created = 0;
        let mut locations = std::collections::HashSet::new();
        for client in clients {
            let (status, location) = client.await.unwrap();
            assert!(matches!(status, 200 | 201), "{status}");
            created += usize::from(status == 201);
            locations.insert(location);
        }
        assert_eq!((created, locations.len()), (1, 1));
        assert_eq!(site.found("Patient?identifier=s:x|1").await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_updates_lose_nothing() {
    const EACH: usize = 4;
    for site in sites().await {
        site.put_all(&[json!({"resourceType": "Basic", "id": "n", "code": {"text": "0"}})]).await;
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            let site = site.clone();
            clients.push(tokio::spawn(async move {
                let mut done = 0;
                while done < EACH {
                    let read = site.get("Basic/n").await;
                    let mut counter = read.json();
                    let number: usize = counter["code"]["text"].as_str().unwrap().parse().unwrap();
                    counter["code"]["text"] = json!((number + 1).to_string());
                    let header = [("if-match", read.header("etag"))];
                    let reply = site.send("PUT", "Basic/n", &header, counter.to_string()).await;
                    assert!(matches!(reply.status.as_u16(), 200 | 412 | 409), "{}", reply.text());
                    done += usize::from(reply.status == 200);
                }
            }));
        }
        for client in clients {
            client.await.unwrap();
        }
        let last = site.get("Basic/n").await;
        assert_eq!(last.json()["code"]["text"], (CLIENTS * EACH).to_string());
        assert_eq!(last.header("etag"), format!("W/\"{}\"", CLIENTS * EACH + 1));
    }
}
