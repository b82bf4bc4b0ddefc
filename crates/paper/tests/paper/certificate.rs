//! What is on the paper of a good certificate and of a bad one, that nothing is cut off, and that it is a document for
//! archives and for people who listen to it.

use serde_json::{Value, json};

use crate::reading::Pdf;
use crate::sample::{ORIGIN, checkpoint, file, root, statement};

fn paper(statement: &Value) -> Pdf {
    Pdf::read(&paper::certificate(&file(statement)).unwrap())
}

/// Without blanks: what is broken over lines is whole again.
fn tight(text: &str) -> String {
    text.split_whitespace().collect()
}

fn changed(change: impl FnOnce(&mut Value)) -> Pdf {
    let mut statement = statement();
    change(&mut statement);
    paper(&statement)
}

#[test]
fn everything_that_the_certificate_says_is_on_paper() {
    let text = paper(&statement()).text();
    let says = [
        "Certificate of a move",
        "Thameside Hospitals (RTX)",
        "moved from old.example to new.example",
        "No invariant is broken",
        "are there as before: delivery",
        "conservation \u{2713} holds 241,653 241,653 What conservation says.",
        "continuity \u{2713} holds 4,021 4,021",
        "feasibility \u{2713} holds 1,220 1,220",
        "delivery = as before 4,022 4,022",
        "uniqueness \u{2713} holds 611 611",
        "Entry 1,001 of the journal; 1,000 before it",
        "15 January 2027, 02:01:40 UTC",
        "14 changes",
        "1.3 seconds",
        "2.6 seconds",
        "412 milliseconds",
        "898 milliseconds",
        "1 minute 2 seconds",
        "Encounter 193,442 193,442 same",
        "Patient 48,211 48,211 same",
        "Together 241,653 241,653 same",
        "Owed by nobody 3 3 same",
        "A thing that is proved.",
        "A thing that is stated.",
        "witness.example/w 900",
        "almoner-verify certificate certificate-RTX-1001.json --witness KEY",
        "not proved",
        "proves nothing by itself",
        "Page 1 of ",
    ];
    for said in says {
        assert!(text.contains(said), "{said}: {text}");
    }
    let text = tight(&text);
    for letters in
        [root(700), root(900), root(1_000), root(1_003), "ab".repeat(64), "almoner.example/t/RTX+02+QkJC".into()]
    {
        assert!(text.contains(&letters), "{letters}: {text}");
    }
}

#[test]
fn what_is_broken_cannot_be_overlooked() {
    let pdf = changed(|of| {
        of["invariants"][4]["state"] = "broken".into();
        of["invariants"][4]["to"] = 610.into();
        of["counts_to"]["Patient"] = 48_210.into();
    });
    let text = pdf.text();
    for said in [
        "Something is wrong with this move",
        "Broken: uniqueness.",
        "uniqueness \u{2717} BROKEN 611 610",
        "1 thing is not counted alike on both hosts.",
        "Patient 48,211 48,210 \u{2717} DIFFERS",
        "241,652 \u{2717} DIFFERS",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("No invariant is broken") && !text.contains("All five invariants hold"), "{text}");
    assert!(!paper(&statement()).text().contains("BROKEN"));
}

/// What may be wrong with a certificate that names no broken invariant.
type Fault = (fn(&mut Value), &'static str);

#[test]
fn other_faults_are_on_the_first_page() {
    let faults: [Fault; 5] = [
        (|of| of["before_to"] = "".into(), "signature under the entries before the cut is missing"),
        (|of| of["before_to"] = checkpoint(999, &[ORIGIN]).into(), "signed different roots"),
        (|of| drop(of["counts_to"].as_object_mut().unwrap().remove("Patient")), "1 thing is not counted alike"),
        (|of| of["witnessed"] = json!([]), "No witness outside has signed it"),
        (|of| of["timings"]["back"] = true.into(), "Certificate of a move"),
    ];
    for (fault, said) in faults {
        let first = changed(fault).pages().remove(0);
        assert!(first.contains(said), "{said}: {first}");
    }
}

#[test]
fn waits_that_nobody_measured_are_said_to_be_unknown_and_never_nought() {
    let text = changed(|of| of["timings"] = json!({"entry": 1_001, "back": false})).text();
    assert!(text.contains("Not known: nobody measured it.") && !text.contains("nobody was writing"), "{text}");
    assert_eq!(text.matches("Not known.").count(), 3, "{text}");
}

#[test]
fn a_long_table_goes_over_pages_and_each_type_is_there() {
    let types: Vec<String> = (0..120).map(|index| format!("ResourceTypeOfALongName{index:03}")).collect();
    let pdf = changed(|of| {
        for side in ["counts_from", "counts_to"] {
            of[side] =
                types.iter().enumerate().map(|(index, name)| (name.clone(), Value::from(index * 1_000))).collect();
        }
    });
    let pages = pdf.pages();
    for (index, name) in types.iter().enumerate() {
        let rows = pages.iter().filter(|page| page.contains(&format!("{name} "))).count();
        assert_eq!(rows, 1, "{name} at {index}");
    }
    let with_rows = pages.iter().filter(|page| page.contains("ResourceTypeOfALongName"));
    let heads: Vec<bool> = with_rows.map(|page| page.contains("Type Old host New host Compared")).collect();
    assert!(heads.len() >= 3 && heads.iter().all(|has_head| *has_head), "{heads:?}");
    let numbered = pages.iter().enumerate();
    assert!(
        numbered.clone().all(|(at, page)| page.contains(&format!("Page {} of {}", at + 1, pages.len()))),
        "{pages:?}"
    );
    // Read aloud, the table has one head, and all its rows.
    assert_eq!(pdf.count("THead"), 4);
}

#[test]
fn long_and_foreign_names_come_out_whole() {
    let name = "Szpital \u{141}\u{f3}d\u{17a} i \u{c5}ngstr\u{f6}m".to_owned();
    let long = "\u{174}".repeat(900);
    let sentence = "A sentence that goes on. ".repeat(700);
    let pdf = changed(|of| {
        of["name"] = name.clone().into();
        of["to"] = long.clone().into();
        of["invariants"][1]["sentence"] = sentence.clone().into();
        of["stated"] = json!([format!("\u{75c5}{}", "\u{177}".repeat(5_000))]);
    });
    let text = pdf.text();
    assert!(text.contains(&format!("{name} (RTX)")), "{text}");
    assert!(pdf.metadata().contains(&name));
    // In the line below the title, and in the table.
    assert_eq!(text.matches('\u{174}').count(), 2 * 900, "{text}");
    assert_eq!(text.matches("sentence that goes on.").count(), 700);
    assert_eq!(text.matches('\u{177}').count(), 5_000);
    assert!(text.contains("[U+75C5]"), "{text}");
}

#[test]
fn it_is_a_document_for_archives_and_for_everybody() {
    let pdf = paper(&statement());
    let metadata = pdf.metadata();
    for stated in [
        "<pdfaid:part>3</pdfaid:part>",
        "<pdfaid:conformance>A</pdfaid:conformance>",
        "<pdfuaid:part>1</pdfuaid:part>",
        "Certificate of a move: Thameside Hospitals (RTX)",
        "en-GB",
    ] {
        assert!(metadata.contains(stated), "{stated}: {metadata}");
    }
    assert_eq!(pdf.catalog().get(b"Lang").unwrap().as_str().unwrap(), b"en-GB");
    assert!(pdf.catalog().has(b"StructTreeRoot") && pdf.catalog().has(b"Outlines"));
    assert_eq!(pdf.fonts_outside(), [] as [String; 0]);
    assert_eq!((pdf.count("H1"), pdf.count("Table")), (1, 7));
    // The five invariants, two types and their sum, one thing else, one rehearsal, one witness, and the heads of five tables.
    let facts = 10 + 6;
    assert_eq!(pdf.count("TR"), 5 + 3 + 1 + 1 + 1 + 5 + facts);
    assert_eq!(pdf.count("LI"), 1 + 1 + 4);
}

#[test]
fn the_file_is_attached_byte_for_byte_and_its_digest_is_on_paper() {
    let json = file(&statement());
    let pdf = Pdf::read(&paper::certificate(&json).unwrap());
    assert_eq!(pdf.attached(), [("certificate-RTX-1001.json".to_owned(), json.clone())]);
    let digest: String = sha2::Digest::finalize(<sha2::Sha256 as sha2::Digest>::new_with_prefix(&json))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert!(tight(&pdf.pages()[0]).contains(&digest));
}

#[test]
fn the_same_file_makes_the_same_bytes() {
    let json = file(&statement());
    let first = paper::certificate(&json).unwrap();
    assert_eq!(first, paper::certificate(&json).unwrap());
    let mut other = statement();
    other["cut"] = 1_002.into();
    assert_ne!(first, paper::certificate(&file(&other)).unwrap());
}

#[test]
fn without_a_moment_there_is_no_date_and_no_claim_of_an_archive() {
    let bare = |size| {
        checkpoint(size, &[ORIGIN])
            .lines()
            .filter(|line| !line.starts_with("moment"))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    let pdf = changed(|of| {
        of["before_from"] = bare(1_000).into();
        of["after"] = bare(1_003).into();
    });
    assert!(!pdf.metadata().contains("pdfaid:part") && pdf.metadata().contains("pdfuaid:part"));
    assert!(pdf.text().contains("Old host signed not stated"));
}
