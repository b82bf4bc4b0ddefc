//! Texts and questions that break readers: too deep, too long, said twice, not UTF-8, unfinished, packed a thousandfold.
//! Over HTTP and by `almoner load`, on both stores: each is refused with its reason or comes back as it was sent, the
//! host goes on, and its memory stays within bounds.

use std::io::Write as _;

use crate::stage::{MEMORY_MIB, Serving, Stage, is_soak, note};

/// A text, and a part of the reason for which it is refused; `None` where it is legal and stored as it is.
type Case = (&'static str, Vec<u8>, Option<&'static str>);

fn observation(members: &str) -> Vec<u8> {
    format!(r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},{members}}}"#).into_bytes()
}

fn value(number: &str) -> Vec<u8> {
    observation(&format!(r#""valueQuantity":{{"value":{number}}}"#))
}

fn words(text: &str) -> Vec<u8> {
    observation(&format!(r#""valueString":"{text}""#))
}

/// Extensions inside each other, two levels of JSON each.
fn nested(times: usize) -> Vec<u8> {
    let inner = r#"{"url":"urn:x","valueBoolean":true}"#;
    let (open, close) = (r#"{"url":"urn:x","extension":["#.repeat(times), "]}".repeat(times));
    observation(&format!(r#""extension":[{open}{inner}{close}]"#))
}

fn cases() -> Vec<Case> {
    let not_utf8 =
        [&b"{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":\"\xff\xfe\"}}"[..]].concat();
    let utf16: Vec<u8> = "{\"resourceType\":\"Observation\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let digits = "9".repeat(10_000);
    vec![
        ("nested as deep as is allowed", nested(30), None),
        ("nested a level too deep", nested(31), Some("nested deeper")),
        (
            "100,000 arrays inside each other",
            observation(&format!(r#""x":{}"#, "[".repeat(100_000))),
            Some("nested deeper"),
        ),
        ("100,000 objects inside each other", observation(&r#""x":{"#.repeat(100_000)), Some("nested deeper")),
        ("a number beyond every double", value("1e400"), None),
        ("a number that is nearly nothing", value("-1e-400"), None),
        ("an exponent beyond every integer", value("1e99999999999999999999"), None),
        ("128 digits", value(&digits[..128]), None),
        ("10,000 digits", value(&digits), Some("number is longer")),
        ("10,000 digits of an exponent", value(&format!("1e{digits}")), Some("number is longer")),
        ("not a number", value("NaN"), Some("a value was expected")),
        ("a number with a zero before it", value("007"), Some("not how JSON writes a number")),
        ("bytes that are not UTF-8", not_utf8, Some("not UTF-8")),
        ("UTF-16", utf16, Some("")),
        ("a member twice", observation(r#""status":"amended""#), Some("stands twice")),
        ("a member twice, once with an escape", observation(r#""st\u0061tus":"amended""#), Some("stands twice")),
        ("a NUL byte in a string", words("a\0b"), Some("control character")),
        ("a NUL byte as an escape", words(r"a\u0000b"), Some("format of string")),
        ("a NUL byte behind the end", [words("x"), vec![0]].concat(), Some("more after the end")),
        ("half of a surrogate pair", words(r"\ud800"), Some("surrogate stands alone")),
        ("a surrogate pair the wrong way round", words(r"\udc00\ud800"), Some("surrogate stands alone")),
        ("a whole surrogate pair", words(r"\ud83d\ude00"), None),
        ("cut off in the middle", words("x")[..40].to_vec(), Some("ends in")),
        ("two values", words("x").repeat(2), Some("more after the end")),
        (
            "a name of 2,000 letters",
            observation(&format!(r#""{}":1"#, "n".repeat(2_000))),
            Some("member name is longer"),
        ),
        ("a string of more than a MiB", words(&"x".repeat((1 << 20) + 1)), Some("longer")),
        ("two million values", observation(&format!(r#""x":[{}0]"#, "0,".repeat(2_000_000))), Some("more values")),
        ("an array", b"[{\"resourceType\":\"Observation\"}]".to_vec(), Some("")),
        ("nothing", Vec::new(), Some("")),
    ]
}

fn post(serving: &Serving, token: &str, text: &[u8]) -> crate::stage::Answer {
    let authorization = format!("Bearer {token}");
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/fhir+json")];
    serving.send("POST", "/t/RAA/fhir/Observation", &headers, text)
}

/// The host answers, and has never used more memory than it may.
fn assert_well(serving: &Serving, after: &str) {
    assert_eq!(serving.send("GET", "/health", &[], b"").status, 200, "{after}");
    assert!(serving.peak_mib() < MEMORY_MIB, "{after}: {} MiB", serving.peak_mib());
}

#[test]
fn malformed_bodies_are_refused_with_a_reason_and_odd_ones_come_back_as_sent() {
    Stage::on_both_stores(|stage, store| {
        let token = stage.token("system");
        let serving = stage.serve();
        let mut stored = 0;
        for (name, text, refused) in cases() {
            let answer = post(&serving, &token, &text);
            let said = String::from_utf8_lossy(&answer.body).into_owned();
            if let Some(part) = refused {
                assert!(matches!(answer.status, 400 | 422), "{name}: {} {said}", answer.status);
                assert_eq!(answer.json()["resourceType"], "OperationOutcome", "{name}");
                assert!(said.contains(part), "{name}: {said}");
                continue;
            }
            assert_eq!(answer.status, 201, "{name}: {said}");
            stored += 1;
            let location = answer.head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
            let address = &location[location.find("/t/RAA/").unwrap()..];
            let kept = serving.get(address, &token).body;
            let sent = String::from_utf8(text).unwrap();
            let members = sent.split_once(r#""code":"#).unwrap().1;
            assert!(String::from_utf8(kept).unwrap().contains(members), "{name}: every byte is as it was sent");
        }
        assert_eq!(serving.count("Observation", &token), stored, "what was refused is not there");
        assert_well(&serving, store);
        drop(serving);
        let verified = stage.run(&["verify", "--trust", "RAA", "--index"]);
        assert_eq!(verified.code, 0, "{}", verified.out);
    });
}

#[test]
fn malformed_files_are_refused_with_a_reason_and_the_rest_is_loaded() {
    Stage::on_both_stores(|stage, _| {
        let cases = cases();
        std::fs::create_dir(stage.path("in")).unwrap();
        for (number, (_, text, _)) in cases.iter().enumerate() {
            std::fs::write(stage.path(&format!("in/{number:02}.json")), text).unwrap();
        }
        let serving = stage.serve();
        let account = stage.json(&["load", "--trust", "RAA", "in"])["loaded"].clone();
        let mut refusals = account["refusals"].as_array().unwrap().iter();
        for (number, (name, _, refused)) in cases.iter().enumerate() {
            let Some(part) = refused else { continue };
            let refusal = refusals.next().unwrap_or_else(|| panic!("{name} is not refused: {account}"));
            let file = refusal["place"]["file"].as_str().unwrap();
            assert!(file.ends_with(&format!("in/{number:02}.json")), "{name}: {refusal}");
            assert!(refusal["reason"].as_str().unwrap().contains(part), "{name}: {refusal}");
        }
        assert_eq!(refusals.next(), None);
        let legal = cases.iter().filter(|(_, _, refused)| refused.is_none()).count();
        assert_eq!(account["stored"], legal);
        assert_well(&serving, "the load");
    });
}

#[test]
fn malformed_questions_are_answered() {
    Stage::on_both_stores(|stage, store| {
        let token = stage.token("system");
        let serving = stage.serve();
        let (letters, digits) = ("a".repeat(10_000), "9".repeat(10_000));
        let many = "code=x&".repeat(1_000);
        let questions = [
            "Observation?value-quantity=1e400".to_owned(),
            "Observation?value-quantity=ap1e-400".into(),
            format!("Observation?value-quantity={digits}"),
            format!("Observation?value-string={letters}"),
            format!("Observation?date={digits}"),
            format!("Observation?_id={letters}"),
            format!("Observation?{letters}=1"),
            format!("Observation?{many}"),
            format!("Observation?code={}", "x,".repeat(5_000)),
            format!("Observation?{}code=x", "subject.".repeat(1_000)),
            "Observation?value-string=%00".into(),
            "Observation?value-string=%ff%fe".into(),
            "Observation?value-string=%ed%a0%80".into(),
            "Observation?value-string=%".into(),
            "Observation?_count=99999999999999999999".into(),
            "Observation?_count=-1".into(),
            "Observation?_sort=-----".into(),
            "Observation?_include=:::::".into(),
            "Observation?code=|||||".into(),
            "Observation?date=9999999999-99-99T99:99:99Z".into(),
            format!("Observation/{letters}"),
            "Observation/%00".into(),
            "Observation/x/_history/99999999999999999999".into(),
            "Observation/../../../../etc/passwd".into(),
            "Observation/..%2f..%2f..%2fetc%2fpasswd".into(),
            "%00".into(),
            "_history?_since=9999999999".into(),
        ];
        for question in questions {
            let status = serving.get(&format!("/t/RAA/fhir/{question}"), &token).status;
            let shown = &question[..question.len().min(80)];
            assert!((200..500).contains(&status), "{store}: {shown}: {status}");
        }
        assert_well(&serving, store);
    });
}

fn gzip(chunk: &[u8], times: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    (0..times).for_each(|_| encoder.write_all(chunk).unwrap());
    encoder.finish().unwrap()
}

/// A tar archive whose one member says of itself what `set` makes it say, with these bytes behind its header.
fn archive(set: impl Fn(&mut tar::Header), behind: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_path("a.json").unwrap();
    header.set_mode(0o644);
    set(&mut header);
    header.set_cksum();
    [header.as_bytes(), behind].concat()
}

/// Small files that become large ones: each is named as refused, and none fills the memory of the host that loads it.
#[test]
fn packed_bombs_are_refused_before_they_fill_the_memory() {
    let stage = Stage::with_trust();
    let mib = if is_soak() { 4096 } else { 128 };
    let blanks = vec![b' '; 1 << 20];
    let mut nested = b"{}".to_vec();
    (0..6).for_each(|_| nested = gzip(&nested, 1));
    let gib = |header: &mut tar::Header| header.set_size(1 << 40);
    let long_name = archive(
        |header| {
            header.set_entry_type(tar::EntryType::GNULongName);
            header.set_size((mib as u64) << 20);
        },
        b"",
    );
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&long_name).unwrap();
    (0..mib).for_each(|_| encoder.write_all(&blanks).unwrap());
    let files = [
        ("document.json.gz", gzip(&blanks, mib), "larger than 50 MiB"),
        ("line.ndjson.gz", gzip(&blanks, mib), "longer than 50 MiB"),
        ("nested.json.gz", nested, "nested too deeply"),
        ("size.tar", archive(gib, b"{}"), "cannot be read"),
        ("name.tar.gz", encoder.finish().unwrap(), "a name in this archive is too long"),
        ("cut.json.gz", gzip(&blanks, 1)[..500].to_vec(), "cannot be read"),
        ("empty.json.gz", gzip(b"", 1), ""),
    ];
    let serving = stage.serve();
    for (name, bytes, part) in files {
        std::fs::write(stage.path(name), &bytes).unwrap();
        let account = stage.json(&["load", "--trust", "RAA", name])["loaded"].clone();
        assert_eq!((&account["stored"], &account["read"]), (&0.into(), &account["refused"]), "{name}: {account}");
        let refusals = account["refusals"].as_array().unwrap();
        assert!(refusals.iter().any(|one| one["reason"].as_str().unwrap().contains(part)), "{name}: {account}");
        note(&format!("hostile: {name} of {} bytes: at most {} MiB", bytes.len(), serving.peak_mib()));
        assert_well(&serving, name);
    }
}
