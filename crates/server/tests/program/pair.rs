//! Two real hosts that move a trust between them, over lines that a test can slow, stall and cut; and what is compared in
//! the end.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use testkit::line::{Line, Quality};
use testkit::wire::Wire;

use crate::stage::{Serving, Stage, becomes, free_address, note};

/// Cuts the trust of a pair over, without a plan.
pub(crate) const CUT: [&str; 7] = ["move", "cut", "--trust", "RAA", "--unplanned", "--confirm", "RAA"];
/// Cuts it back.
pub(crate) const BACK: [&str; 4] = ["move", "back", "--trust", "RAA"];

pub(crate) const JSON: (&str, &str) = ("Content-Type", "application/fhir+json");

/// Two hosts, the first of which has the trust `RAA`.
pub(crate) struct Pair {
    pub(crate) stages: [Stage; 2],
    pub(crate) serving: [Option<Serving>; 2],
    /// Where each listens for the other.
    addresses: [SocketAddr; 2],
    /// The lines by which each is called by the other.
    pub(crate) lines: [Way; 2],
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
        let addresses = [free_address(), free_address()];
        let lines = addresses.map(|address| Way::Line(Line::to(address).unwrap()));
        Pair::with_a_ticket(stages, addresses, lines, databases)
    }

    /// The same with the second host in a network namespace of its own, and a wire of the kernel's between the two.
    pub(crate) fn planned_apart() -> Pair {
        let wire = Arc::new(Wire::lay().unwrap());
        let stages = [Stage::with_trust(), Stage::at_the_end_of(&wire)];
        let addresses = [wire.near(), wire.far()];
        let lines = addresses.map(|address| Way::Wire(Arc::clone(&wire), address));
        Pair::with_a_ticket(stages, addresses, lines, Vec::new())
    }

    fn with_a_ticket(
        stages: [Stage; 2],
        addresses: [SocketAddr; 2],
        lines: [Way; 2],
        databases: Vec<testkit::postgres::TestDatabase>,
    ) -> Pair {
        let token = stages[0].token("system");
        let mut pair = Pair { stages, serving: [None, None], addresses, lines, token, _databases: databases };
        pair.start(0, None);
        pair.start(1, None);
        let key = pair.json(1, &["move", "key"])["moved"]["key"]["key"].as_str().unwrap().to_owned();
        let [from, to] = [0, 1].map(|at| pair.lines[at].address().to_string());
        let plan = ["move", "plan", "--trust", "RAA", "--to", &to, "--key", &key, "--address", &from];
        let ticket = pair.json(0, &plan);
        let ticket = ticket["moved"]["ticket"]["text"].as_str().unwrap().to_owned();
        std::fs::write(pair.stages[1].path("ticket"), ticket).unwrap();
        pair
    }

    /// Serves a host, which is to stop at a place if one is named.
    pub(crate) fn start(&mut self, at: usize, fail_at: Option<&str>) {
        self.serving[at] = None;
        let environment = fail_at.map(|place| ("ALMONER_FAIL_AT", place.to_owned()));
        self.serving[at] = Some(self.stages[at].serve_for_moves(&self.addresses[at].to_string(), environment));
    }

    /// Serves a host that waits at a place until it is let go.
    pub(crate) fn start_to_wait(&mut self, at: usize, place: &str) -> Waiting {
        self.serving[at] = None;
        let file = self.stages[at].path("wait");
        let _ = (std::fs::remove_file(&file), std::fs::remove_file(file.with_extension("reached")));
        let environment = Some(("ALMONER_WAIT_AT", format!("{place} {}", file.display())));
        self.serving[at] = Some(self.stages[at].serve_for_moves(&self.addresses[at].to_string(), environment));
        Waiting { file }
    }

    /// Where a host listens for the other, not by the line.
    pub(crate) fn listens_at(&self, at: usize) -> SocketAddr {
        self.addresses[at]
    }

    pub(crate) fn json(&self, at: usize, arguments: &[&str]) -> Value {
        self.stages[at].json(arguments)
    }

    pub(crate) fn host(&self, at: usize) -> &Serving {
        self.serving[at].as_ref().unwrap()
    }

    pub(crate) fn copy(&self) {
        let copied = self.json(1, &["move", "copy", "--ticket", "ticket"]);
        assert_eq!(copied["moved"]["status"][0]["phase"], "following", "{copied}");
    }

    /// Rehearses at the host that follows; nothing may differ.
    pub(crate) fn rehearse(&self, at: usize, whole: bool) -> Value {
        let mut arguments = vec!["move", "rehearse", "--trust", "RAA"];
        arguments.extend(whole.then_some("--whole"));
        let rehearsed = self.json(at, &arguments)["moved"]["rehearsed"].clone();
        assert_eq!(rehearsed["differences"], serde_json::json!([]), "{rehearsed}");
        rehearsed
    }

    /// Cuts while clients write. On a machine that is too busy a cut is given up, which changes nothing, and is tried again.
    pub(crate) fn cut_under_load(&self, from: usize, command: &[&str]) -> Value {
        for _ in 0..5 {
            let said = self.stages[from].run(&[command, &["--json"]].concat());
            if said.code == 0 {
                return serde_json::from_str::<Value>(&said.out).unwrap()["moved"]["cut"].clone();
            }
            assert!(said.err.contains("nothing has happened") || said.err.contains("Nobody was held"), "{}", said.err);
            assert!(self.writes(from) && !self.writes(1 - from));
            note(&format!("not cut: {}", said.err.trim()));
        }
        panic!("five times it was not cut");
    }

    /// The certificate of the newest cut as a host has it, once it is made; the statement.
    pub(crate) fn certificate(&self, at: usize) -> Value {
        let fetch = ["move", "certificate", "--trust", "RAA", "--out", "certificate.json"];
        self.until("there is a certificate", |pair| pair.stages[at].run(&fetch).code == 0);
        let text = std::fs::read(self.stages[at].path("certificate.json")).unwrap();
        let certificate: Value = serde_json::from_slice(&text).unwrap();
        serde_json::from_str(certificate["statement"].as_str().unwrap()).unwrap()
    }

    /// What an outsider finds who trusts this witness's key alone: the exit code and the text.
    pub(crate) fn checked_certificate(&self, at: usize, witness: &str) -> (i32, String) {
        let checker = std::path::Path::new(env!("CARGO_BIN_EXE_almoner")).with_file_name("almoner-verify");
        let mut command = std::process::Command::new(checker);
        let file = self.stages[at].path("certificate.json");
        let output = command.arg("certificate").arg(file).args(["--witness", witness]).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap_or(-1), String::from_utf8(text).unwrap())
    }

    pub(crate) fn status(&self, at: usize) -> Value {
        self.json(at, &["move", "status"])["moved"]["status"][0].clone()
    }

    /// Whether a host lets a client write: the answer to a create of its own.
    pub(crate) fn writes(&self, at: usize) -> bool {
        self.status(at)["writes"] == true
    }

    /// Waits until something is so.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Pair) -> bool) {
        assert!(becomes(|| is_so(self)), "{what}: {} {}", self.status(0), self.status(1));
    }
}

/// What lies between two hosts.
pub(crate) enum Way {
    /// One that this process passes on, for each direction of calls.
    Line(Line),
    /// One wire for both directions, and where it is called.
    Wire(Arc<Wire>, SocketAddr),
}

impl Way {
    /// Where it is called.
    pub(crate) fn address(&self) -> SocketAddr {
        match self {
            Way::Line(line) => line.address,
            Way::Wire(_, address) => *address,
        }
    }

    pub(crate) fn set(&self, quality: Quality) {
        match self {
            Way::Line(line) => line.set(quality),
            Way::Wire(wire, _) => wire.set(quality).unwrap(),
        }
    }
}

/// A host that waits at a place.
pub(crate) struct Waiting {
    file: PathBuf,
}

impl Waiting {
    /// Waits until it is there.
    pub(crate) fn is_reached(&self) {
        assert!(becomes(|| self.file.with_extension("reached").exists()), "the place was not reached");
    }

    /// Lets it go on, now and from then on.
    pub(crate) fn let_go(&self) {
        std::fs::write(&self.file, "").unwrap();
    }
}

/// Creates a patient with this family name, once however often it is tried; the status, 0 when nobody answers.
pub(crate) fn create(pair: &Pair, at: usize, name: &str) -> u16 {
    let body = format!(r#"{{"resourceType":"Patient","name":[{{"family":"{name}"}}]}}"#);
    let token = format!("Bearer {}", pair.token);
    let headers = [JSON, ("Authorization", token.as_str()), ("Idempotency-Key", name)];
    let address = pair.host(at).address;
    let answer = Serving::request(address, "POST", "/t/RAA/fhir/Patient", &headers, body.as_bytes());
    answer.map_or(0, |answer| answer.status)
}

/// How often each family name is there.
pub(crate) fn names_at(serving: &Serving, token: &str) -> BTreeMap<String, u64> {
    values_at(serving, token, "Patient", "/name/0/family")
}

/// How often each value at a place of the resources of a type is there.
pub(crate) fn values_at(serving: &Serving, token: &str, kind: &str, place: &str) -> BTreeMap<String, u64> {
    let mut names = BTreeMap::new();
    let mut next = Some(format!("/t/RAA/fhir/{kind}?_count=1000"));
    while let Some(path) = next {
        let answer = serving.get(&path, token);
        assert_eq!(answer.status, 200);
        let page = answer.json();
        for entry in page["entry"].as_array().into_iter().flatten() {
            if let Some(name) = entry["resource"].pointer(place).and_then(Value::as_str) {
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
pub(crate) fn proved(pair: &Pair, at: usize) -> Vec<String> {
    let verified = pair.json(at, &["verify", "--trust", "RAA", "--index"])["verified"].clone();
    assert_eq!(verified["whole"], true, "{verified}");
    let checked: Vec<String> = verified["checked"].as_array().unwrap().iter().map(|line| line.to_string()).collect();
    checked.into_iter().filter(|line| line.contains("root") || line.contains("digest")).collect()
}
