//! A trust moves between two real hosts while clients write to it: nothing that was acknowledged is lost or doubled by the
//! clients' own logs, both hosts have one root, reading never stops; back again, the same; and whoever is killed between
//! any two steps goes on where it was.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use crate::stage::{Serving, Stage, becomes, is_soak, note};

const JSON: (&str, &str) = ("Content-Type", "application/fhir+json");

/// Two hosts, the first of which has the trust `RAA`.
pub(crate) struct Pair {
    pub(crate) stages: [Stage; 2],
    pub(crate) serving: [Option<Serving>; 2],
    /// Where each listens for the other.
    addresses: [String; 2],
    pub(crate) token: String,
    _databases: Vec<testkit::postgres::TestDatabase>,
}

impl Pair {
    /// Two hosts with these stores, the second with a ticket of the first.
    pub(crate) fn planned(stores: [&str; 2]) -> Pair {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut databases = Vec::new();
        let urls = stores.map(|store| {
            if store == "sqlite" {
                return store.to_owned();
            }
            let database = runtime.block_on(testkit::postgres::fresh()).unwrap();
            let url = database.url.clone();
            databases.push(database);
            url
        });
        let stages = [Stage::with_trust_in(&urls[0]), Stage::in_store(&urls[1])];
        let token = stages[0].token("system");
        let addresses = [free_address(), free_address()];
        let mut pair = Pair { stages, serving: [None, None], addresses, token, _databases: databases };
        pair.start(0, None);
        pair.start(1, None);
        let key = pair.json(1, &["move", "key"])["moved"]["key"]["key"].as_str().unwrap().to_owned();
        let to = pair.addresses[1].clone();
        let ticket = pair.json(0, &["move", "plan", "--trust", "RAA", "--to", &to, "--key", &key]);
        let ticket = ticket["moved"]["ticket"]["text"].as_str().unwrap().to_owned();
        std::fs::write(pair.stages[1].path("ticket"), ticket).unwrap();
        pair
    }

    /// Serves a host, which is to stop at a place if one is named.
    pub(crate) fn start(&mut self, at: usize, fail_at: Option<&str>) {
        self.serving[at] = None;
        self.serving[at] = Some(self.stages[at].serve_for_moves(&self.addresses[at], fail_at));
    }

    pub(crate) fn json(&self, at: usize, arguments: &[&str]) -> Value {
        self.stages[at].json(arguments)
    }

    pub(crate) fn host(&self, at: usize) -> &Serving {
        self.serving[at].as_ref().unwrap()
    }

    fn copy(&self) {
        let copied = self.json(1, &["move", "copy", "--ticket", "ticket"]);
        assert_eq!(copied["moved"]["status"][0]["phase"], "following", "{copied}");
    }

    /// Rehearses at the host that follows; nothing may differ.
    fn rehearse(&self, at: usize, whole: bool) -> Value {
        let mut arguments = vec!["move", "rehearse", "--trust", "RAA"];
        arguments.extend(whole.then_some("--whole"));
        let rehearsed = self.json(at, &arguments)["moved"]["rehearsed"].clone();
        assert_eq!(rehearsed["differences"], serde_json::json!([]), "{rehearsed}");
        rehearsed
    }

    fn status(&self, at: usize) -> Value {
        self.json(at, &["move", "status"])["moved"]["status"][0].clone()
    }

    /// Whether a host lets a client write: the answer to a create of its own.
    fn writes(&self, at: usize) -> bool {
        self.status(at)["writes"] == true
    }

    /// Waits until something is so.
    fn until(&self, what: &str, is_so: impl Fn(&Pair) -> bool) {
        assert!(becomes(|| is_so(self)), "{what}: {} {}", self.status(0), self.status(1));
    }
}

/// An address of the loopback that nobody listens at.
fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Clients that write, each with its own log, and one that reads.
struct Load {
    stop: Arc<AtomicBool>,
    writers: Vec<JoinHandle<BTreeSet<String>>>,
    reader: JoinHandle<u64>,
    acknowledged: Arc<AtomicU64>,
}

impl Load {
    /// Clients of the address of the first host. Each creates, and repeats with the same key until it is acknowledged.
    fn begin(pair: &Pair, prefix: &str, clients: usize) -> Load {
        let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (address, token) = (pair.host(0).address, format!("Bearer {}", pair.token));
        let writers = (0..clients).map(|client| {
            let (stop, acknowledged) = (Arc::clone(&stop), Arc::clone(&acknowledged));
            let (token, prefix) = (token.clone(), format!("{prefix}-{client}"));
            std::thread::spawn(move || {
                let mut log = BTreeSet::new();
                for number in 0.. {
                    if stop.load(Ordering::Acquire) {
                        break;
                    }
                    let name = format!("{prefix}-{number}");
                    let body = format!(r#"{{"resourceType":"Patient","name":[{{"family":"{name}"}}]}}"#);
                    let headers = [JSON, ("Authorization", token.as_str()), ("Idempotency-Key", name.as_str())];
                    let acknowledge = || {
                        let answer =
                            Serving::request(address, "POST", "/t/RAA/fhir/Patient", &headers, body.as_bytes());
                        match answer.map(|answer| answer.status) {
                            Ok(201 | 200) => true,
                            Ok(503 | 0) | Err(_) => false,
                            other => panic!("{name}: {other:?}"),
                        }
                    };
                    assert!(becomes(acknowledge), "{name} was never acknowledged");
                    // Together they write at most two hundred times a second.
                    std::thread::park_timeout(Duration::from_millis(20));
                    acknowledged.fetch_add(1, Ordering::AcqRel);
                    log.insert(name);
                }
                log
            })
        });
        let writers = writers.collect();
        let reader = {
            let stop = Arc::clone(&stop);
            let token = token.clone();
            std::thread::spawn(move || {
                let mut reads = 0;
                while !stop.load(Ordering::Acquire) {
                    let headers = [("Authorization", token.as_str())];
                    let answer = Serving::request(address, "GET", "/t/RAA/fhir/Patient?_summary=count", &headers, b"");
                    let status = answer.map_or(0, |answer| answer.status);
                    assert_eq!(status, 200, "a read was refused");
                    reads += 1;
                }
                reads
            })
        };
        Load { stop, writers, reader, acknowledged }
    }

    /// Waits until so many more writes were acknowledged.
    fn more(&self, writes: u64) {
        let until = self.acknowledged.load(Ordering::Acquire) + writes;
        assert!(becomes(|| self.acknowledged.load(Ordering::Acquire) >= until), "writes stopped");
    }

    /// Ends the clients; gives what each of them had acknowledged, and how many reads there were.
    fn end(self) -> (BTreeSet<String>, u64) {
        self.stop.store(true, Ordering::Release);
        let log = self.writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
        (log, self.reader.join().unwrap())
    }
}

/// How often each family name is there.
fn names_at(serving: &Serving, token: &str) -> BTreeMap<String, u64> {
    let mut names = BTreeMap::new();
    let mut next = Some("/t/RAA/fhir/Patient?_count=1000".to_owned());
    while let Some(path) = next {
        let answer = serving.get(&path, token);
        assert_eq!(answer.status, 200);
        let page = answer.json();
        for entry in page["entry"].as_array().into_iter().flatten() {
            if let Some(name) = entry["resource"]["name"][0]["family"].as_str() {
                *names.entry(name.to_owned()).or_default() += 1;
            }
        }
        let links = page["link"].as_array().cloned().unwrap_or_default();
        let link = links.iter().find(|link| link["relation"] == "next").and_then(|link| link["url"].as_str());
        next = link.map(|url| url[url.find("/t/").unwrap()..].to_owned());
    }
    names
}

/// The root and the digests of the index, as `verify` finds them; the record must be whole.
fn proved(pair: &Pair, at: usize) -> Vec<String> {
    let verified = pair.json(at, &["verify", "--trust", "RAA", "--index"])["verified"].clone();
    assert_eq!(verified["whole"], true, "{verified}");
    let checked: Vec<String> = verified["checked"].as_array().unwrap().iter().map(|line| line.to_string()).collect();
    checked.into_iter().filter(|line| line.contains("root") || line.contains("digest")).collect()
}

fn moves_under_load(stores: [&str; 2]) {
    let pair = Pair::planned(stores);
    let load = Load::begin(&pair, "w", 4);
    load.more(if is_soak() { 3000 } else { 300 });
    pair.copy();
    load.more(20);
    pair.rehearse(1, false);
    let mut cuts = Vec::new();
    for round in 0..2 {
        load.more(20);
        let (from, to, command) = if round == 0 { (0, 1, "cut") } else { (1, 0, "back") };
        if round == 1 {
            pair.rehearse(0, false);
        }
        let cut = pair.json(from, &["move", command, "--trust", "RAA"])["moved"]["cut"].clone();
        assert!(!pair.writes(from) && pair.writes(to), "{cut}");
        load.more(20);
        cuts.push(cut);
    }
    let (log, reads) = load.end();
    pair.until("the follower has everything", |pair| pair.status(0)["entries"] == pair.status(1)["entries"]);
    let there = names_at(pair.host(0), &pair.token);
    let lost: Vec<&String> = log.iter().filter(|name| !there.contains_key(*name)).collect();
    let doubled: Vec<&String> = there.iter().filter(|(_, count)| **count > 1).map(|(name, _)| name).collect();
    assert!(lost.is_empty() && doubled.is_empty(), "lost: {lost:?}; doubled: {doubled:?}");
    assert_eq!(proved(&pair, 0), proved(&pair, 1));
    assert!(reads > 20 && log.len() > 300);
    for cut in &cuts {
        note(&format!(
            "{} to {}: {} held, median {} ms, longest {} ms; open after {} ms; {} writes, {reads} reads",
            stores[0],
            stores[1],
            cut["held"],
            cut["held_median_ms"],
            cut["held_longest_ms"],
            cut["live_ms"],
            log.len()
        ));
        assert!(cut["held"].as_u64().unwrap() > 0, "clients wrote all the time: {cut}");
    }
}

#[test]
fn a_trust_moves_and_comes_back_while_it_is_used() {
    moves_under_load(["sqlite", "sqlite"]);
}

#[test]
fn a_trust_moves_from_sqlite_to_postgresql_and_back() {
    moves_under_load(["sqlite", "postgres"]);
}

#[test]
fn a_trust_moves_from_postgresql_to_sqlite_and_back() {
    moves_under_load(["postgres", "sqlite"]);
}

/// A step that ends the process of a host, and what is asked while it does.
const AT_THE_SOURCE: [&str; 5] =
    ["while-draining", "before-cut", "after-cut", "before-handing-over", "before-sending-on"];
const AT_THE_TARGET: [&str; 6] = [
    "before-signing",
    "after-signing",
    "before-taking-the-cut",
    "after-taking-the-cut",
    "before-opening",
    "after-opening",
];

#[test]
fn whoever_is_killed_between_two_steps_goes_on_and_never_do_two_hosts_write() {
    let steps = AT_THE_SOURCE.iter().map(|step| (0, *step)).chain(AT_THE_TARGET.iter().map(|step| (1, *step)));
    for (at, step) in steps {
        let mut pair = Pair::planned(["sqlite", "sqlite"]);
        let token = pair.token.clone();
        let create = |pair: &Pair, at: usize, name: &str| {
            let body = format!(r#"{{"resourceType":"Patient","name":[{{"family":"{name}"}}]}}"#);
            let (token, key) = (format!("Bearer {token}"), name.to_owned());
            let headers = [JSON, ("Authorization", token.as_str()), ("Idempotency-Key", key.as_str())];
            let answer =
                Serving::request(pair.host(at).address, "POST", "/t/RAA/fhir/Patient", &headers, body.as_bytes());
            answer.is_ok_and(|answer| matches!(answer.status, 200 | 201))
        };
        assert!(create(&pair, 0, "first"));
        pair.copy();
        pair.rehearse(1, false);
        pair.start(at, Some(step));
        let mut command = pair.stages[0].command(&["move", "cut", "--trust", "RAA", "--json"]);
        let mut cutting = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        assert!(pair.serving[at].as_mut().unwrap().wait_for_its_end(), "{step} was not reached");
        pair.start(at, None);
        if at == 0 {
            let _ = cutting.wait();
        }
        pair.until(&format!("{step}: one host writes"), |pair| pair.writes(0) != pair.writes(1));
        // Whatever was reached, a client at the old address is served, once.
        pair.until(&format!("{step}: writes go on"), |pair| create(pair, 0, "second"));
        assert!(create(&pair, 0, "second"), "a repetition is answered again");
        if pair.writes(0) {
            pair.until(&format!("{step}: it can be cut"), |pair| {
                pair.stages[0].run(&["move", "cut", "--trust", "RAA", "--json"]).code == 0
            });
        }
        pair.until(&format!("{step}: the target writes"), |pair| pair.writes(1) && !pair.writes(0));
        pair.until(&format!("{step}: the new address serves"), |pair| create(pair, 1, "third"));
        let there = names_at(pair.host(1), &token);
        let expected = ["first", "second", "third"].map(|name| (name.to_owned(), 1));
        assert_eq!(there, BTreeMap::from(expected), "{step}");
        pair.until(&format!("{step}: the old host follows"), |pair| {
            pair.status(0)["entries"] == pair.status(1)["entries"]
        });
        assert_eq!(proved(&pair, 0), proved(&pair, 1), "{step}");
        let _ = cutting.wait();
    }
}

#[test]
fn a_copy_that_was_broken_off_goes_on_and_the_old_copy_is_destroyed_at_the_end() {
    let mut pair = Pair::planned(["sqlite", "sqlite"]);
    let lines: Vec<String> = (0..40).map(|n| format!(r#"{{"resourceType":"Patient","id":"p{n}"}}"#)).collect();
    std::fs::write(pair.stages[0].path("p.ndjson"), lines.join("\n")).unwrap();
    assert_eq!(pair.json(0, &["load", "--trust", "RAA", "p.ndjson"])["loaded"]["stored"], 40);
    let add = ["user", "add", "--trust", "RAA", "--name", "s.reilly", "--display", "S Reilly", "--role", "clinician"];
    let password = pair.json(0, &add)["user"]["password"].as_str().unwrap().to_owned();
    let (_, session) = pair.host(0).sign_in("RAA", "s.reilly", &password);
    let session = session.unwrap();
    pair.copy();
    // The source goes away and comes back; the target goes on by itself.
    pair.serving[0] = None;
    pair.start(0, None);
    let token = format!("Bearer {}", pair.token);
    let headers = [JSON, ("Authorization", token.as_str())];
    let answer =
        pair.host(0).send("PUT", "/t/RAA/fhir/Patient/late", &headers, br#"{"resourceType":"Patient","id":"late"}"#);
    assert_eq!(answer.status, 201);
    pair.start(1, None);
    pair.until("the target follows again", |pair| pair.status(0)["entries"] == pair.status(1)["entries"]);
    pair.rehearse(1, true);
    let early = pair.stages[0].run(&["move", "complete", "--trust", "RAA", "--confirm", "RAA"]);
    assert_eq!(early.code, 1, "nothing is destroyed before the trust has moved: {}", early.out);
    assert_eq!(pair.stages[1].run(&["move", "cut", "--trust", "RAA"]).code, 1, "a host that follows cuts nothing");
    pair.json(0, &["move", "cut", "--trust", "RAA"]);
    // Whoever was signed in still is, at either address, and whoever signs in at the old one can.
    for host in [pair.host(0), pair.host(1)] {
        let page = host.send("GET", "/t/RAA/", &[("Cookie", &session), ("Accept", "text/html")], b"");
        assert_eq!(page.status, 200, "{}", page.head);
    }
    let (status, cookie) = pair.host(0).sign_in("RAA", "s.reilly", &password);
    assert!(status == 303 && cookie.is_some(), "{status}");
    let again = pair.stages[0].run(&["move", "cut", "--trust", "RAA"]);
    assert_eq!(again.code, 1, "{}", again.out);
    let refused = pair.stages[1].run(&["move", "complete", "--trust", "RAA", "--confirm", "RAB"]);
    assert_eq!(refused.code, 1);
    let destroyed = pair.json(1, &["move", "complete", "--trust", "RAA", "--confirm", "RAA"]);
    let statement = destroyed["moved"]["destroyed"]["statement"].as_str().unwrap();
    assert!(statement.contains("trust RAA") && statement.contains("— almoner-"), "{statement}");
    assert!(!pair.stages[0].path("data/trusts/RAA").exists());
    assert_eq!(
        pair.host(0).get("/t/RAA/fhir/Patient/late", &pair.token).status,
        200,
        "the old address leads to the new host"
    );
    let looked = pair.json(1, &["verify", "--trust", "RAA"]);
    assert_eq!(looked["verified"]["whole"], true, "the old host's access chain came too: {looked}");
}

#[test]
fn a_ticket_or_a_host_that_is_not_the_one_is_refused() {
    let pair = Pair::planned(["sqlite", "sqlite"]);
    let ticket = std::fs::read_to_string(pair.stages[1].path("ticket")).unwrap();
    std::fs::write(pair.stages[1].path("changed"), ticket.replace("A trust", "B trust")).unwrap();
    let said = pair.stages[1].run(&["move", "copy", "--ticket", "changed"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("changed after its source had signed it"), "{}", said.err);
    // A third host with the ticket is not its target, and has no key that the source knows.
    let third = Stage::set();
    let _serving = third.serve_for_moves(&free_address(), None);
    std::fs::write(third.path("ticket"), &ticket).unwrap();
    let said = third.run(&["move", "copy", "--ticket", "ticket"]);
    assert!(said.code == 1 && said.err.contains("another host as its target"), "{}", said.err);
    // Somebody who is no host of a move is not talked to.
    let plain = Serving::request(pair.addresses[0].parse().unwrap(), "GET", "/move/RAA/segments", &[], b"");
    assert!(plain.is_err() || plain.is_ok_and(|answer| answer.status == 0));
}
