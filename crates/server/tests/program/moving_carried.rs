//! A trust moves between two real hosts that have no address of each other: everything is carried on a disk and as letters.
//! What was recorded before arrives, nobody writes at two hosts, a disk or letter that was changed, cut short, taken again or
//! made for somebody else is named and opens nothing, and whoever is killed at any step goes on.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::pair::{JSON, names_at};
use crate::stage::{Answer, Said, Serving, Stage, is_soak, note};

/// Two hosts, and a disk that somebody carries.
pub(crate) struct Halls {
    pub(crate) stages: [Stage; 2],
    serving: [Option<Serving>; 2],
    disk: tempfile::TempDir,
    token: String,
    databases: Vec<testkit::postgres::TestDatabase>,
}

/// People that are there from the beginning.
const PEOPLE: usize = 300;
/// Commits that make more than a segment.
const COMMITS: usize = 264;

impl Halls {
    /// Two hosts with these stores; the first has the trust, with people, attachments, an account; the second has a ticket.
    pub(crate) fn planned(stores: [&str; 2]) -> Halls {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut databases = Vec::new();
        let urls = stores.map(|store| match store {
            "sqlite" => store.to_owned(),
            _ => {
                databases.push(runtime.block_on(testkit::postgres::fresh()).unwrap());
                databases.last().unwrap().url.clone()
            }
        });
        let stages = [Stage::with_trust_in(&urls[0]), Stage::in_store(&urls[1])];
        let token = stages[0].token("system");
        let disk = tempfile::tempdir().unwrap();
        let mut halls = Halls { stages, serving: [None, None], disk, token, databases };
        for at in [0, 1] {
            halls.start(at, None);
        }
        let lines: Vec<String> = (0..PEOPLE).map(|n| format!(r#"{{"resourceType":"Patient","id":"p{n}"}}"#)).collect();
        std::fs::write(halls.stages[0].path("p.ndjson"), lines.join("\n")).unwrap();
        assert_eq!(halls.json(0, &["load", "--trust", "RAA", "p.ndjson"])["loaded"]["stored"], PEOPLE);
        for number in 0..4 {
            assert_eq!(halls.create(0, &format!("early-{number}")), 201);
        }
        let key = halls.json(1, &["move", "key"])["moved"]["key"]["key"].as_str().unwrap().to_owned();
        let ticket = halls.on_disk("ticket");
        halls.does(0, &["move", "plan", "--trust", "RAA", "--no-line", "--key", &key, "--out", &ticket]);
        halls
    }

    pub(crate) fn start(&mut self, at: usize, fail_at: Option<&str>) {
        self.serving[at] = None;
        let environment = fail_at.map(|place| ("ALMONER_FAIL_AT", place));
        self.serving[at] = Some(self.stages[at].start_with("serve", environment).0);
    }

    pub(crate) fn host(&self, at: usize) -> &Serving {
        self.serving[at].as_ref().unwrap()
    }

    pub(crate) fn json(&self, at: usize, arguments: &[&str]) -> Value {
        self.stages[at].json(arguments)
    }

    pub(crate) fn run(&self, at: usize, arguments: &[&str]) -> Said {
        self.stages[at].run(arguments)
    }

    /// Does a step, which must succeed.
    pub(crate) fn does(&self, at: usize, arguments: &[&str]) -> String {
        let said = self.run(at, arguments);
        assert_eq!(said.code, 0, "{arguments:?}: {} {}", said.out, said.err);
        said.out
    }

    /// A step is refused, with these words.
    pub(crate) fn refuses(&self, at: usize, arguments: &[&str], words: &str) {
        let said = self.run(at, arguments);
        assert!(said.code == 1 && said.err.contains(words), "{arguments:?}: {} {} {}", said.code, said.out, said.err);
    }

    /// Writes enough for a whole segment.
    fn fill(&self) {
        std::thread::scope(|scope| {
            for client in 0..4 {
                scope.spawn(move || {
                    (0..COMMITS / 4).for_each(|number| assert_eq!(self.create(0, &format!("f{client}-{number}")), 201));
                });
            }
        });
    }

    pub(crate) fn on_disk(&self, name: &str) -> String {
        self.disk.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn create(&self, at: usize, name: &str) -> u16 {
        self.send(at, name).0
    }

    fn send(&self, at: usize, name: &str) -> (u16, String) {
        let body = format!(r#"{{"resourceType":"Patient","name":[{{"family":"{name}"}}]}}"#);
        let token = format!("Bearer {}", self.token);
        let headers = [JSON, ("Authorization", token.as_str()), ("Idempotency-Key", name)];
        let answer = Serving::request(self.host(at).address, "POST", "/t/RAA/fhir/Patient", &headers, body.as_bytes());
        answer.map_or((0, String::new()), |answer| (answer.status, String::from_utf8_lossy(&answer.body).into_owned()))
    }

    pub(crate) fn status(&self, at: usize) -> Value {
        self.json(at, &["move", "status"])["moved"]["status"][0].clone()
    }

    pub(crate) fn writes(&self, at: usize) -> bool {
        self.status(at)["writes"] == true
    }

    /// Packs at the first host.
    pub(crate) fn pack(&self, folder: &str, more: &[&str]) -> Value {
        let arguments = [&["move", "pack", "--trust", "RAA", "--out", folder], more].concat();
        self.json(0, &arguments)["moved"]["packed"].clone()
    }

    pub(crate) fn certificate(&self, at: usize) -> Value {
        let file = self.on_disk(&format!("certificate-{at}"));
        self.does(at, &["move", "certificate", "--trust", "RAA", "--out", &file]);
        serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
    }
}

/// The trust's code, typed again.
pub(crate) const HOLD: [&str; 3] = ["--hold", "--confirm", "RAA"];

/// One step of a cut: at which host, and the command.
fn steps(halls: &Halls, folder: &str) -> Vec<(usize, Vec<String>)> {
    let file = |name: &str| halls.on_disk(name);
    let texts = |arguments: &[&str]| arguments.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let step = |at: usize, arguments: &[&str]| (at, texts(&[&["move"], arguments].concat()));
    vec![
        step(0, &[&["pack", "--trust", "RAA", "--out", folder], &HOLD[..]].concat()),
        step(1, &["sign", "--trust", "RAA", "--from", folder, "--out", &file("signed")]),
        step(
            0,
            &[
                "cut",
                "--trust",
                "RAA",
                "--unplanned",
                "--confirm",
                "RAA",
                "--signed",
                &file("signed"),
                "--out",
                &file("entry"),
            ],
        ),
        step(1, &["take", "--trust", "RAA", "--entry", &file("entry"), "--out", &file("opened")]),
        step(0, &["letter", "--trust", "RAA", "--letter", &file("opened"), "--out", &file("statement")]),
        step(1, &["letter", "--trust", "RAA", "--letter", &file("statement"), "--out", &file("certified")]),
        step(0, &["letter", "--trust", "RAA", "--letter", &file("certified")]),
    ]
}

fn moves_without_a_line(stores: [&str; 2]) {
    let mut halls = Halls::planned(stores);
    halls.fill();
    let scan = "QUJD".repeat(60_000);
    let document = format!(
        r#"{{"resourceType":"DocumentReference","id":"d","status":"current","content":[{{"attachment":{{"contentType":"application/pdf","data":"{scan}"}}}}]}}"#
    );
    let token = format!("Bearer {}", halls.token);
    let headers = [JSON, ("Authorization", token.as_str())];
    let put = halls.host(0).send("PUT", "/t/RAA/fhir/DocumentReference/d", &headers, document.as_bytes());
    assert_eq!(put.status, 201);
    let add = ["user", "add", "--trust", "RAA", "--name", "s.reilly", "--display", "S Reilly", "--role", "clinician"];
    let password = halls.json(0, &add)["user"]["password"].as_str().unwrap().to_owned();
    let session = halls.host(0).sign_in("RAA", "s.reilly", &password).1.unwrap();
    let folder = halls.on_disk("folder");
    while_wards_work(&mut halls, &folder);
    is_held(&mut halls, &folder, (&session, &password));
    cut_with_letters(&mut halls, &folder);
    everything_is_there(&mut halls, &session, &scan);
    goes_back(&mut halls, &password);
    ends(&halls);
}

fn page(halls: &Halls, at: usize, session: &str) -> Answer {
    halls.host(at).send("GET", "/t/RAA/", &[("Cookie", session), ("Accept", "text/html")], b"")
}

/// Again and again into one folder, and a rehearsal over there.
fn while_wards_work(halls: &mut Halls, folder: &str) {
    let first = halls.pack(folder, &[]);
    assert!(first["written"].as_u64().unwrap() >= 1 && first["held"].is_null(), "{first}");
    let ticket = halls.on_disk("ticket");
    let copied = halls.json(1, &["move", "copy", "--ticket", &ticket, "--from", folder]);
    assert_eq!(copied["moved"]["status"][0]["phase"], "following", "{copied}");
    assert_eq!(halls.create(0, "between"), 201);
    let again = halls.pack(folder, &["--whole"]);
    assert_eq!(again["written"], 0, "what was there stays: {again}");
    let rehearse = ["move", "rehearse", "--trust", "RAA", "--from", folder];
    let rehearsed = halls.json(1, &rehearse)["moved"]["rehearsed"].clone();
    assert_eq!((&rehearsed["differences"], &rehearsed["whole"]), (&serde_json::json!([]), &Value::Bool(true)));
    halls.refuses(1, &["move", "rehearse", "--trust", "RAA"], "no line between these two hosts");
    let unsigned = halls.on_disk("unsigned");
    let sign = ["move", "sign", "--trust", "RAA", "--from", folder, "--out", &unsigned];
    halls.refuses(1, &sign, "Nobody is held");
}

/// Who reads is answered, who would write is told so, also after a start, and goes on when that is ended.
fn is_held(halls: &mut Halls, folder: &str, (session, password): (&str, &str)) {
    assert_eq!(halls.create(0, "last"), 201);
    let wrong = ["move", "pack", "--trust", "RAA", "--out", folder, "--hold", "--confirm", "RAB"];
    halls.refuses(0, &wrong, "nobody can record anything");
    assert!(halls.pack(folder, &HOLD)["held"].is_string());
    for _ in 0..2 {
        let (status, said) = halls.send(0, "held");
        assert!(status == 503 && said.contains("carried to another host on a disk"), "{status} {said}");
        assert_eq!(halls.host(0).count("Patient", &halls.token), (PEOPLE + COMMITS) as u64 + 6);
        assert_eq!(page(halls, 0, session).status, 200);
        assert!(halls.host(0).sign_in("RAA", "s.reilly", password).1.is_some(), "who reads for hours can sign in");
        halls.refuses(0, &["token", "--trust", "RAA", "--role", "system", "--ttl", "1h"], "carried to another host");
        assert!(halls.status(0)["held"].is_string());
        halls.start(0, None);
    }
    halls.does(0, &["move", "release", "--trust", "RAA"]);
    assert_eq!(halls.create(0, "held"), 201, "nothing had happened");
}

fn cut_with_letters(halls: &mut Halls, folder: &str) {
    let steps = steps(halls, folder);
    for (number, (at, arguments)) in steps.iter().enumerate() {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        halls.does(*at, &arguments);
        let writes = [halls.writes(0), halls.writes(1)];
        assert_eq!(writes, [number < 2, number > 2], "after step {number}");
    }
    assert_eq!(halls.certificate(0), halls.certificate(1));
    let statement: Value = serde_json::from_str(halls.certificate(0)["statement"].as_str().unwrap()).unwrap();
    let stated = statement["stated"].to_string();
    assert!(stated.contains("cut without a line") && stated.contains("without a plan"), "{stated}");
    let (code, said) = checked(&halls.on_disk("certificate-0"));
    assert!(code == 1 && said.contains("Not proved: nothing is wrong"), "{said}");
    for at in [0, 1] {
        assert_eq!(halls.status(at)["phase"], "live");
        assert_eq!(halls.json(at, &["verify", "--trust", "RAA", "--index"])["verified"]["whole"], true);
    }
}

/// The old host shows what it has as a copy; the new one has everything, and who was signed in still is.
fn everything_is_there(halls: &mut Halls, session: &str, scan: &str) {
    let read = halls.host(0).get("/t/RAA/fhir/Patient?_summary=count", &halls.token);
    assert!(read.status == 200 && read.head.to_ascii_lowercase().contains("almoner-copy-as-of: 20"), "{}", read.head);
    assert!(String::from_utf8(page(halls, 0, session).body).unwrap().contains("You are reading a copy"));
    let (status, said) = halls.send(0, "at the old host");
    assert!(status == 503 && said.contains("no line to it from here"), "{status} {said}");
    assert_eq!(halls.create(1, "after"), 201);
    assert_eq!(page(halls, 1, session).status, 200);
    let moved = halls.host(1).get("/t/RAA/fhir/DocumentReference/d", &halls.token).json();
    assert_eq!(moved["content"][0]["attachment"]["data"], scan);
    let names = names_at(halls.host(1), &halls.token);
    let expected = ["early-0", "early-1", "early-2", "early-3", "between", "last", "held", "after"];
    assert!(
        names.len() == expected.len() + COMMITS && expected.iter().all(|name| names.get(*name) == Some(&1)),
        "{names:?}"
    );
}

/// What an outsider finds who trusts no witness.
fn checked(file: &str) -> (i32, String) {
    let checker = Path::new(env!("CARGO_BIN_EXE_almoner")).with_file_name("almoner-verify");
    let output = std::process::Command::new(checker).args(["certificate", file]).output().unwrap();
    (output.status.code().unwrap_or(-1), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

/// Back to the first host, and once more to the second.
fn goes_back(halls: &mut Halls, password: &str) {
    for (from, to, command) in [
        (1, 0, &["move", "back", "--trust", "RAA"][..]),
        (0, 1, &["move", "cut", "--trust", "RAA", "--unplanned", "--confirm", "RAA"]),
    ] {
        let folder = halls.on_disk(&format!("folder-of-{from}"));
        halls.does(from, &[&["move", "pack", "--trust", "RAA", "--out", &folder], &HOLD[..]].concat());
        let [signed, entry, opened] = ["signed", "entry", "opened"].map(|name| halls.on_disk(name));
        halls.does(to, &["move", "sign", "--trust", "RAA", "--from", &folder, "--out", &signed]);
        halls.start(from, None);
        // The desk changes while the disk is on its way; what is noted there then does not move.
        assert!(halls.host(from).sign_in("RAA", "s.reilly", password).1.is_some());
        halls.does(from, &[command, &["--signed", &signed, "--out", &entry]].concat());
        halls.does(to, &["move", "take", "--trust", "RAA", "--entry", &entry, "--out", &opened]);
        assert!(halls.writes(to) && !halls.writes(from));
        halls.start(to, None);
        assert_eq!(halls.create(to, &format!("back-{to}")), 201);
        for (at, letter, answer) in [(from, "opened", "statement"), (to, "statement", "certified")] {
            let [letter, answer] = [letter, answer].map(|name| halls.on_disk(name));
            halls.does(at, &["move", "letter", "--trust", "RAA", "--letter", &letter, "--out", &answer]);
        }
        let certified = halls.on_disk("certified");
        halls.does(from, &["move", "letter", "--trust", "RAA", "--letter", &certified]);
        assert_eq!(halls.certificate(0), halls.certificate(1));
    }
}

/// The old copy is destroyed, once the new host has its whole access journal.
fn ends(halls: &Halls) {
    let folder = halls.on_disk("accesses");
    let [order, statement] = ["order", "destroyed"].map(|name| halls.on_disk(name));
    halls.does(0, &["move", "pack", "--trust", "RAA", "--out", &folder]);
    let ask = ["move", "complete", "--trust", "RAA", "--confirm", "RAA", "--from", &folder, "--out", &order];
    halls.does(1, &ask);
    let destroy = ["move", "complete", "--trust", "RAA", "--confirm", "RAA", "--letter", &order, "--out", &statement];
    assert_eq!(halls.host(0).get("/t/RAA/fhir/Patient/p1", &halls.token).status, 200);
    halls.refuses(0, &destroy, "Somebody has looked at this copy since");
    halls.does(0, &["move", "pack", "--trust", "RAA", "--out", &folder]);
    halls.does(1, &ask);
    halls.does(0, &destroy);
    assert!(!halls.stages[0].path("data/trusts/RAA").exists());
    halls.does(1, &["move", "complete", "--trust", "RAA", "--confirm", "RAA", "--letter", &statement]);
    assert_eq!(halls.status(1)["phase"], "completed");
    let looked = halls.json(1, &["verify", "--trust", "RAA"]);
    assert_eq!(looked["verified"]["whole"], true, "the old host's access chain came too: {looked}");
}

#[test]
fn a_trust_moves_and_comes_back_between_hosts_without_a_line() {
    moves_without_a_line(["sqlite", "sqlite"]);
}

#[test]
fn a_trust_moves_from_sqlite_to_postgresql_without_a_line() {
    moves_without_a_line(["sqlite", "postgres"]);
}

#[test]
fn a_trust_moves_from_postgresql_to_sqlite_without_a_line() {
    if !is_soak() {
        return note("not without ALMONER_SOAK");
    }
    moves_without_a_line(["postgres", "sqlite"]);
}

/// A copy of a folder in which a file was changed.
pub(crate) fn changed(halls: &Halls, folder: &str, file: &str, change: fn(Vec<u8>) -> Option<Vec<u8>>) -> String {
    let copy = tempfile::tempdir_in(halls.disk.path()).unwrap().keep();
    for from in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = from.file_name().unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&from).unwrap();
        let bytes = if name == file { change(bytes) } else { Some(bytes) };
        if let Some(bytes) = bytes {
            std::fs::write(copy.join(name), bytes).unwrap();
        }
    }
    copy.to_str().unwrap().to_owned()
}

pub(crate) type Change = fn(Vec<u8>) -> Option<Vec<u8>>;

/// A byte in the middle is another one; the second half is gone; the file is gone.
pub(crate) const CHANGES: [Change; 3] = [
    |mut bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        Some(bytes)
    },
    |mut bytes| {
        bytes.truncate(bytes.len() / 2);
        Some(bytes)
    },
    |_| None,
];

#[test]
fn a_disk_that_was_changed_cut_short_replayed_or_is_anothers_is_named_and_opens_nothing() {
    let halls = Halls::planned(["sqlite", "sqlite"]);
    halls.fill();
    let [early, folder] = ["early", "folder"].map(|name| halls.on_disk(name));
    halls.pack(&early, &[]);
    assert_eq!(halls.create(0, "late"), 201);
    // Somebody has looked, so that there is an access journal.
    assert_eq!(halls.host(0).get("/t/RAA/fhir/Patient/p1", &halls.token).status, 200);
    halls.pack(&folder, &HOLD);
    let ticket = halls.on_disk("ticket");
    let names = || -> Vec<String> {
        let files = std::fs::read_dir(&folder).unwrap();
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    };
    let accesses: Vec<String> = names().into_iter().filter(|name| name.starts_with("access-")).collect();
    assert!(!accesses.is_empty(), "{:?}", names());
    let copy_from = |folder: &str| halls.run(1, &["move", "copy", "--ticket", &ticket, "--from", folder]);
    // In the order in which they are looked at: what is here already is not read again.
    let order = ["letter", "segments.json", "segment-000000000", "rest", "desk"].map(str::to_owned);
    for file in order.iter().chain(&accesses) {
        for change in CHANGES {
            let said = copy_from(&changed(&halls, &folder, file, change));
            assert_eq!(said.code, 1, "{file}: {} {}", said.out, said.err);
            let is_named = said.err.contains(file.as_str())
                || (file == "letter" && said.err.contains("This is no letter of the other host"))
                || (file == "segments.json" && said.err.contains("list of segments"));
            assert!(is_named, "{file}: {}", said.err);
            assert_ne!(halls.status(1)["phase"], "following");
        }
    }
    let signed = halls.on_disk("signed");
    let sign = |folder: &str| halls.run(1, &["move", "sign", "--trust", "RAA", "--from", folder, "--out", &signed]);
    for change in CHANGES {
        let said = sign(&changed(&halls, &folder, "answers", change));
        assert!(said.code == 1 && said.err.contains("answers"), "{} {}", said.out, said.err);
    }
    assert!(!PathBuf::from(&signed).exists());
    // One that was packed before, and one of another move to the same host.
    let said = sign(&folder);
    assert_eq!(said.code, 0, "{}", said.err);
    let said = sign(&early);
    assert!(said.code == 1 && said.err.contains("is older than what this host has"), "{}", said.err);
    let others = Halls::planned(["sqlite", "sqlite"]);
    let foreign = others.on_disk("folder");
    others.pack(&foreign, &HOLD);
    let said = sign(&foreign);
    assert!(said.code == 1 && said.err.contains("the other host of this move has not signed it"), "{}", said.err);
    others.does(1, &["move", "copy", "--ticket", &others.on_disk("ticket"), "--from", &foreign]);
    letters_are_checked(&halls, &folder, &others);
}

/// The same for what is no folder. `others` is another move, with a folder while writers are held.
fn letters_are_checked(halls: &Halls, folder: &str, others: &Halls) {
    let theirs = others.on_disk("signed");
    others.does(1, &["move", "sign", "--trust", "RAA", "--from", &others.on_disk("folder"), "--out", &theirs]);
    let steps = steps(halls, folder);
    for (at, arguments) in &steps[2..] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let given = ["--signed", "--entry", "--letter"];
        let place = 1 + arguments.iter().position(|argument| given.contains(argument)).unwrap();
        let before = [halls.writes(0), halls.writes(1)];
        let bad = halls.on_disk("bad");
        let mut texts: Vec<Vec<u8>> =
            CHANGES.iter().filter_map(|change| change(std::fs::read(arguments[place]).unwrap())).collect();
        texts.push(std::fs::read(&theirs).unwrap());
        for text in texts {
            std::fs::write(&bad, text).unwrap();
            let mut arguments = arguments.clone();
            arguments[place] = &bad;
            let said = halls.run(*at, &arguments);
            assert_eq!(said.code, 1, "{arguments:?}: {} {}", said.out, said.err);
            assert_eq!([halls.writes(0), halls.writes(1)], before, "{arguments:?}");
        }
        halls.does(*at, &arguments);
    }
    assert!(!halls.writes(0) && halls.writes(1));
    assert_eq!(halls.certificate(0), halls.certificate(1));
}

#[test]
fn what_was_recorded_after_a_disk_was_packed_leads_to_no_cut_with_it() {
    let halls = Halls::planned(["sqlite", "sqlite"]);
    let folder = halls.on_disk("folder");
    halls.pack(&folder, &HOLD);
    halls.does(1, &["move", "copy", "--ticket", &halls.on_disk("ticket"), "--from", &folder]);
    let steps = steps(&halls, &folder);
    let step = |number: usize| (steps[number].0, steps[number].1.iter().map(String::as_str).collect::<Vec<_>>());
    let (at, sign) = step(1);
    halls.does(at, &sign);
    halls.does(0, &["move", "release", "--trust", "RAA"]);
    assert_eq!(halls.create(0, "late"), 201);
    let (at, cut) = step(2);
    halls.refuses(at, &cut, "Nobody is held");
    let (_, pack) = step(0);
    halls.does(0, &pack);
    halls.refuses(at, &cut, "has signed");
    assert!(halls.writes(0) && !halls.writes(1));
    // The new folder, and it goes on.
    for number in 1..steps.len() {
        let (at, arguments) = step(number);
        halls.does(at, &arguments);
    }
    assert!(!halls.writes(0) && halls.writes(1));
    assert_eq!(names_at(halls.host(1), &halls.token).get("late"), Some(&1));
}

#[test]
fn whoever_is_killed_while_a_trust_is_carried_goes_on_and_never_do_two_hosts_write() {
    let places = [
        (0, 0, "after-holding"),
        (0, 0, "while-packing"),
        (1, 1, "while-comparing"),
        (1, 1, "before-signing"),
        (1, 1, "after-signing"),
        (2, 0, "before-cut"),
        (2, 0, "after-cut"),
        (3, 1, "before-taking-the-cut"),
        (3, 1, "after-taking-the-cut"),
        (3, 1, "before-opening"),
        (3, 1, "after-opening"),
        (5, 1, "while-certifying"),
    ];
    for (killed, at, place) in places {
        let mut halls = Halls::planned(["sqlite", "sqlite"]);
        let folder = halls.on_disk("folder");
        halls.pack(&folder, &[]);
        halls.does(1, &["move", "copy", "--ticket", &halls.on_disk("ticket"), "--from", &folder]);
        let steps = steps(&halls, &folder);
        for (number, (host, arguments)) in steps.iter().enumerate() {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            if number == killed {
                assert_eq!(*host, at);
                halls.start(at, Some(place));
                assert_ne!(halls.run(at, &arguments).code, 0, "{place}");
                assert!(halls.serving[at].as_mut().unwrap().wait_for_its_end(), "{place} was not reached");
                halls.start(at, None);
                assert!(!(halls.writes(0) && halls.writes(1)), "{place}");
                if number < 2 {
                    assert!(halls.writes(0), "{place}: nothing has happened");
                    assert_eq!(halls.create(0, "while held"), 503, "{place}: who is held stays so over a start");
                }
            }
            if place == "after-cut" && number == killed {
                // It is cut: there is nothing to cut any more, and the entry is there to be carried.
                halls.refuses(at, &arguments, "does not write the trust");
                halls.does(0, &["move", "entry", "--trust", "RAA", "--out", &halls.on_disk("entry")]);
            } else {
                halls.does(*host, &arguments);
            }
            assert_eq!([halls.writes(0), halls.writes(1)], [number < 2, number > 2], "{place}: step {number}");
        }
        assert_eq!(halls.certificate(0), halls.certificate(1), "{place}");
        assert_eq!(halls.create(1, "after"), 201, "{place}");
        assert_eq!(names_at(halls.host(1), &halls.token).len(), 5, "{place}");
        assert!(halls.databases.is_empty());
    }
}

#[test]
fn a_cut_that_was_carried_is_refused_and_taken_back_by_two_people() {
    let halls = Halls::planned(["sqlite", "sqlite"]);
    let mut passwords = String::new();
    for name in ["a.one", "b.two"] {
        let add = ["user", "add", "--trust", "RAA", "--name", name, "--display", name, "--role", "administrator"];
        passwords.push_str(halls.json(0, &add)["user"]["password"].as_str().unwrap());
        passwords.push('\n');
    }
    let folder = halls.on_disk("folder");
    halls.pack(&folder, &HOLD);
    halls.does(1, &["move", "copy", "--ticket", &halls.on_disk("ticket"), "--from", &folder]);
    for (at, arguments) in &steps(&halls, &folder)[1..3] {
        halls.does(*at, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let [entry, refusal] = ["entry", "refusal"].map(|name| halls.on_disk(name));
    halls.does(1, &["move", "refuse", "--trust", "RAA", "--entry", &entry, "--out", &refusal]);
    let take = ["move", "take", "--trust", "RAA", "--entry", &entry];
    assert_ne!(halls.run(1, &take).code, 0, "what it refused it never opens by");
    let resume = ["move", "resume", "--trust", "RAA", "--refusal", &refusal, "--person", "a.one", "--person", "b.two"];
    let said = halls.stages[0].run_with(&resume, &passwords);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(halls.writes(0) && !halls.writes(1));
    assert_eq!(halls.create(0, "goes on"), 201);
}
