//! Files that are no certificates, and certificates made to do harm: each is refused with a sentence or comes out readable,
//! and none of them stops the program.

use paper::Problem;
use serde_json::{Value, json};

use crate::reading::Pdf;
use crate::sample::{file, statement};

fn refused(json: &[u8]) -> String {
    match paper::certificate(json) {
        Ok(_) => "not refused".to_owned(),
        Err(problem) => problem.to_string(),
    }
}

fn refused_with(change: impl FnOnce(&mut Value)) -> String {
    let mut statement = statement();
    change(&mut statement);
    refused(&file(&statement))
}

#[test]
fn what_is_no_certificate_is_refused_with_what_is_wrong() {
    let whole = file(&statement());
    for bad in [
        b"".as_slice(),
        b"{}",
        b"[]",
        b"\xff\xfe",
        b"{\"statement\":\"{}\",\"signatures\":[]}",
        &whole[..whole.len() - 1],
    ] {
        let said = refused(bad);
        assert!(said.starts_with("This is no certificate of a move: ") && said.ends_with('.'), "{said}");
    }
    assert!(refused_with(|of| of["format"] = "almoner certificate 2".into()).contains("format is not known"));
    assert!(refused_with(|of| of["cut"] = 0.into()).contains("no number"));
    assert!(refused_with(|of| of["trust"] = "../../etc".into()).contains("no trust by its code"));
    assert!(refused_with(|of| of["name"] = "n".repeat(1_001).into()).contains("longer than 1,000"));
    assert!(refused_with(|of| of["stated"] = json!(["s".repeat(70_000)])).contains("longer than 64 KiB"));
    assert!(refused_with(|of| of["after"] = "a checkpoint".into()).contains("after the cut cannot be read"));
    assert!(refused_with(|of| of["invariants"][0]["state"] = "fine".into()).contains("cannot be read"));
    assert!(refused_with(|of| drop(of["invariants"].as_array_mut().unwrap().pop())).contains("five invariants"));
    assert!(refused(&vec![b' '; (16 << 20) + 1]).contains("larger than 16 MiB"));
}

#[test]
fn no_member_may_be_missing() {
    let members: Vec<String> = statement().as_object().unwrap().keys().cloned().collect();
    assert_eq!(members.len(), 24);
    for member in members {
        let said = refused_with(|of| drop(of.as_object_mut().unwrap().remove(&member)));
        assert!(said.contains(&format!("missing field `{member}`")), "{said}");
    }
}

#[test]
fn numbers_of_any_size_are_refused_or_shown() {
    let whole = String::from_utf8(file(&statement())).unwrap();
    for huge in ["18446744073709551616", "1e400", "-1", "1.5"] {
        let said = refused(whole.replace(r#"\"Patient\":48211"#, &format!(r#"\"Patient\":{huge}"#)).as_bytes());
        assert!(said.contains("cannot be read"), "{huge}: {said}");
    }
    let mut largest = statement();
    for member in ["live_ms", "held", "held_longest_ms"] {
        largest["timings"][member] = u64::MAX.into();
    }
    largest["cut"] = u64::MAX.into();
    largest["counts_from"] = json!({"A": u64::MAX, "B": u64::MAX});
    let text = Pdf::read(&paper::certificate(&file(&largest)).unwrap()).text();
    // Numbers that are wider than their column go on in the next line.
    let text: String = text.split_whitespace().collect();
    assert!(text.contains("Together36,893,488,147,419,103,230"), "{text}");
}

#[test]
fn control_characters_and_turned_letters_are_shown_as_what_they_are() {
    let mut hostile = statement();
    hostile["name"] = "Thame\u{0}side\n\u{202e}XTR\u{200b}\u{e000}\u{feff}".into();
    hostile["invariants"][0]["sentence"] = "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{627}\u{644} e\u{301}\u{301}\u{301}".into();
    hostile["counts_to"]["~\u{7}"] = 1.into();
    hostile["stated"] = json!(["\u{fffd}\u{1F3E5}\u{10ffff}", "", " ", "\u{a0}"]);
    let pdf = Pdf::read(&paper::certificate(&file(&hostile)).unwrap());
    let text = pdf.text();
    for said in ["Thame[U+0000]side[U+000A][U+202E]XTR[U+200B][U+E000][U+FEFF]", "[U+0007]", "[U+1F3E5][U+10FFFF]"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!pdf.metadata().contains(['\u{0}', '\u{202e}']), "{}", pdf.metadata());
}

#[test]
fn a_paper_that_nobody_could_read_is_refused() {
    let said = paper::certificate(&file(&{
        let mut long = statement();
        long["proved"] = vec!["word ".repeat(200); 5_000].into();
        long
    }));
    assert_eq!(said, Err(Problem::TooLong));
}

#[test]
fn nothing_that_is_cut_off_or_changed_stops_the_program() {
    let whole = file(&statement());
    for length in (0..whole.len()).step_by(29) {
        assert_ne!(refused(&whole[..length]), "not refused");
    }
    let mut written = 0;
    for (round, at) in (0..whole.len()).step_by(83).enumerate() {
        let mut changed = whole.clone();
        changed[at] = b"0\"}\\ \xc3"[round % 6];
        written += usize::from(paper::certificate(&changed).is_ok());
    }
    assert!(written > 0, "no change was harmless: the test changes too much to see anything");
}
