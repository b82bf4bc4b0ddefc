//! Configuration as plain data: what is found wrong and where, what differs, what it stands for, and that texts come back.
//! The example that the product brings is read as it is.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod standing_tests;

use proptest::prelude::*;

use super::schema::{Key, Shape};
use super::*;
use crate::places::PlaceKind;

/// A trust's own files over a folder that it inherits from.
pub(super) fn files(inherited: &[(&str, &str)], own: &[(&str, &str)]) -> Files {
    let layer = |folder: &str, files: &[(&str, &str)]| Layer {
        folder: folder.into(),
        files: files
            .iter()
            .map(|(name, text)| File { name: format!("{folder}/{name}"), text: (*text).to_owned() })
            .collect(),
    };
    Files { layers: vec![layer("shared", inherited), layer("own", own)] }
}

const TRUST: &str = "[trust]\ncode = \"t\"\nname = \"T\"\n";

/// Two wards, a service, staff and a role without anything wrong.
const GOOD: &str = r#"
[[site]]
code = "main"
name = "Main"
[[role]]
code = "consultant"
name = "Consultant"
access = "clinician"
consultant = true
[[staff]]
code = "okafor"
title = "Dr"
given = "Lola"
family = "Okafor"
role = "consultant"
main-specialty = "340"
gmc = "3456789"
nmc = "12A3456E"
[[service]]
code = "respiratory"
name = "Respiratory medicine"
treatment-function = "340"
wards = ["heron"]
consultants = ["okafor"]
[[ward]]
code = "heron"
name = "Heron ward"
site = "main"
manager = "okafor"
[[ward.bay]]
code = "a"
sex = "female"
beds = [1, 2]
[[ward.side-room]]
code = "3"
"#;

fn own(text: &str) -> Files {
    files(&[], &[("trust.toml", TRUST), ("all.toml", text)])
}

/// What is found: line and rule.
fn found(files: &Files) -> Vec<(usize, &'static str)> {
    read(files).findings.iter().map(|finding| (finding.at.line, finding.rule.code)).collect()
}

#[test]
fn nothing_is_wrong_where_nothing_is_wrong() {
    assert_eq!(read(&own(GOOD)).findings, []);
    assert_eq!(RULES.iter().filter(|rule| rule.code == "unknown-key").count(), 1);
}

/// Each change of the good text breaks one rule, at the line where it was made.
#[test]
fn each_fault_is_found_with_its_line() {
    let cases = [
        ("code = \"okafor\"\ntitle", "code = \"okafor\"\ntitel", "unknown-key", "titel"),
        ("[[role]]", "[[rolle]]", "unknown-key", "rolle"),
        ("beds = [1, 2]", "beds = 2", "wrong-form", "beds"),
        ("name = \"Main\"", "name = \"\"", "bad-text", "name"),
        ("name = \"Heron ward\"\n", "", "missing-key", "[[ward]]"),
        ("code = \"okafor\"\n", "", "missing-key", "[[staff]]"),
        ("code = \"heron\"\nname", "code = \"heron ward\"\nname", "not-an-id", "[[ward]]"),
        ("beds = [1, 2]", "beds = [1, 1]", "doubled-code", "beds"),
        ("code = \"3\"", "code = \"3\"\nbeds = [2]", "doubled-code", "beds = [2]"),
        ("site = \"main\"\n", "site = \"main\"\nkind = \"wards\"\n", "unknown-kind", "kind"),
        ("site = \"main\"", "site = \"mian\"", "unknown-place", "mian"),
        ("sex = \"female\"", "sex = \"women\"", "unknown-sex", "sex"),
        ("treatment-function = \"340\"", "treatment-function = \"999\"", "unknown-treatment-function", "999"),
        ("main-specialty = \"340\"", "main-specialty = \"999\"", "unknown-main-specialty", "999"),
        ("main-specialty = \"340\"", "main-specialty = \"191\"", "retired-code", "191"),
        ("consultant = true", "consultant = true\nnational = \"R9999\"", "unknown-national-role", "R9999"),
        ("consultants = [\"okafor\"]", "consultants = [\"okafar\"]", "unknown-person", "okafar"),
        ("manager = \"okafor\"", "manager = \"nobody\"", "unknown-person", "nobody"),
        ("role = \"consultant\"", "role = \"konsultant\"", "unknown-role", "konsultant"),
        ("access = \"clinician\"", "access = \"host\"", "unknown-access", "host"),
        ("wards = [\"heron\"]", "wards = [\"herron\"]", "unknown-ward", "herron"),
        ("gmc = \"3456789\"", "gmc = \"345678\"", "bad-number", "gmc"),
        ("nmc = \"12A3456E\"", "nmc = \"12A34567\"", "bad-number", "nmc"),
        ("site = \"main\"\n", "", "ward-without-site", "[[ward]]"),
        ("sex = \"female\"\n", "", "bay-without-sex", "[[ward.bay]]"),
        ("code = \"3\"", "code = \"3\"\nbeds = [3, 4]", "shared-side-room", "[[ward.side-room]]"),
        ("manager = \"okafor\"", "manager = \"okafor\"\nbeds = [9]", "bed-outside-bay", "beds = [9]"),
        ("consultants = [\"okafor\"]\n", "", "service-without-consultant", "[[service]]"),
        ("name = \"Main\"", "name = \"Main\"\noff = true", "off-nothing", "[[site]]"),
        ("[[site]]", "[[site]", "not-toml", "[[site]"),
        ("[[site]]", "inherit = [\"x\"]\n[[site]]", "inherits", "inherit"),
        ("[[site]]", "[trust]\ncode = \"u\"\nname = \"U\"\n[[site]]", "one-trust", "[trust]"),
    ];
    for (from, to, rule, line_has) in cases {
        assert!(GOOD.contains(from), "{from}");
        let text = GOOD.replacen(from, to, 1);
        let line = text.lines().position(|line| line.contains(line_has)).unwrap() + 1;
        let found = found(&own(&text));
        assert!(found.contains(&(line, rule)), "{to}: {rule} in line {line}: {found:?}");
    }
}

#[test]
fn what_stands_where_it_may_not_is_said_in_words() {
    let inside = |table: &str| format!("{GOOD}\n{table}");
    let cases = [
        (
            "[[place]]\ncode = \"x\"\nkind = \"side-room\"\nin = \"heron-bay-a\"\nlabel = \"X\"",
            "X is a side room inside a bay",
            "so that isolation is counted",
        ),
        ("[[place]]\ncode = \"x\"\nkind = \"bed\"\nin = \"main\"", "is a bed inside a site", "It may lie in: ward"),
        (
            "[[place]]\ncode = \"x\"\nkind = \"bed\"\nin = \"heron-bay-b\"",
            "lies in “heron-bay-b”",
            "Is “heron-bay-a” meant?",
        ),
        ("[[place]]\ncode = \"x\"\nkind = \"bed\"", "the bed “x” lies nowhere", "Write: in"),
        (
            "[[place]]\ncode = \"x\"\nkind = \"bed\"\nlabel = \"1\"\nin = \"heron-bay-a\"",
            "are both called bed 1",
            "would take one for the other",
        ),
        (
            "[[place]]\ncode = \"x\"\nkind = \"area\"\nin = \"y\"\n[[place]]\ncode = \"y\"\nkind = \"area\"\nin = \"x\"",
            "lies on no ward",
            "come to no ward",
        ),
        (
            "[[staff]]\ncode = \"a\"\nfamily = \"A\"\n[[service]]\ncode=\"s\"\nname=\"S\"\nconsultants=[\"a\"]",
            "A is named as a consultant of S",
            "look again",
        ),
    ];
    for (table, what, advice) in cases {
        let findings = read(&own(&inside(table))).findings;
        let said = findings.iter().any(|finding| finding.what.contains(what) && finding.advice.contains(advice));
        assert!(said, "{what}: {findings:?}");
    }
}

#[test]
fn what_is_inherited_is_overridden_by_key_and_switched_off_by_code() {
    let shared = GOOD;
    let mine = r#"
[[service]]
code = "respiratory"
name = "Chest medicine"
[[ward]]
code = "heron"
[[ward.bay]]
code = "a"
beds = [1, 4]
[[staff]]
code = "mistry"
family = "Mistry"
"#;
    let both = files(&[("all.toml", shared)], &[("trust.toml", TRUST), ("mine.toml", mine)]);
    let both = read(&both);
    assert_eq!(both.findings, []);
    let of = &both.configuration;
    let service = &of.services[0];
    assert_eq!((service.name.as_str(), service.treatment_function.as_deref()), ("Chest medicine", Some("340")));
    assert!(matches!(&service.written.origin, Origin::Overridden { of } if of.file == "shared/all.toml"));
    assert_eq!(of.member("okafor").unwrap().written.origin, Origin::Inherited);
    assert_eq!(of.member("mistry").unwrap().written.origin, Origin::Own);
    let beds: Vec<&str> = of.on_ward("heron").map(|place| place.code.as_str()).collect();
    assert_eq!(beds, ["heron-bay-a", "heron-bed-01", "heron-bed-04", "heron-side-room-3", "heron-bed-03"]);
    assert_eq!(of.place("heron-bay-a").unwrap().sex, Some(Sex::Female), "what is not written again stays");

    let off = "[[ward]]\ncode = \"heron\"\noff = true\n[[service]]\ncode = \"respiratory\"\noff = true\n";
    let without = read(&files(&[("all.toml", shared)], &[("trust.toml", TRUST), ("off.toml", off)]));
    assert_eq!(without.findings, []);
    assert_eq!(without.configuration.places.len(), 1, "the ward is off with everything on it");
    assert!(without.configuration.services.is_empty());
    assert_eq!(without.configuration.off.len(), 7);

    let again = "[[role]]\ncode = \"consultant\"\nname = \"Consultant\"\n";
    let same = files(&[("all.toml", shared)], &[("trust.toml", TRUST), ("again.toml", again)]);
    assert_eq!(found(&same), [(1, "same-again")]);
    assert_eq!(found(&files(&[("t.toml", TRUST)], &[("trust.toml", TRUST)])), [(1, "one-trust")]);
    assert_eq!(found(&files(&[("all.toml", shared)], &[])), [(1, "one-trust")]);
}

#[test]
fn names_labels_and_codes_that_nobody_wrote() {
    let text = r#"
[[ward]]
code = "ed"
name = "Emergency department"
kind = "emergency-department"
[[ward.area]]
code = "majors"
label = "Majors"
letter = "M"
cubicles = [4, 5]
[[ward.place]]
code = "treatment-room"
kind = "treatment-room"
[[ward.place]]
code = "trolley-01"
kind = "trolley"
in = "treatment-room"
label = "T"
"#;
    let read = read(&own(&format!("{GOOD}{text}")));
    let said = |code: &str| {
        let place = read.configuration.place(code).unwrap();
        (place.name.clone(), place.label.clone().unwrap_or_default(), place.parent.clone().unwrap_or_default())
    };
    let cases = [
        ("heron-bay-a", "Heron ward, bay A", "Bay A", "heron"),
        ("heron-bed-01", "Heron ward, bed 1", "1", "heron-bay-a"),
        ("heron-side-room-3", "Heron ward, side room 3", "Side room 3", "heron"),
        ("heron-bed-03", "Heron ward, bed 3", "3", "heron-side-room-3"),
        ("ed-majors", "Emergency department, majors", "Majors", "ed"),
        ("ed-majors-4", "Emergency department, majors 4", "M4", "ed-majors"),
        ("ed-treatment-room", "Emergency department, treatment room", "Treatment room", "ed"),
        ("ed-trolley-01", "Emergency department, trolley T", "T", "ed-treatment-room"),
    ];
    for (code, name, label, parent) in cases {
        assert_eq!(said(code), (name.into(), label.into(), parent.into()), "{code}");
    }
    let order: Vec<(u32, &str)> =
        read.configuration.on_ward("heron").map(|place| (place.position, place.code.as_str())).collect();
    assert_eq!(order[..3], [(1000, "heron-bay-a"), (1001, "heron-bed-01"), (1002, "heron-bed-02")]);
    assert_eq!(order[3..], [(2000, "heron-side-room-3"), (2001, "heron-bed-03")]);
}

#[test]
fn every_kind_has_a_row_and_a_code_of_its_own() {
    let codes: std::collections::BTreeSet<&str> = kinds::all().map(PlaceKind::code).collect();
    assert_eq!(codes.len(), kinds::all().count());
    assert!(!codes.contains(PlaceKind::Other.code()));
    for kind in kinds::all() {
        assert_eq!(kinds::of_code(kind.code()), Some(kind));
        let holders = kinds::all().filter(|other| kinds::may_lie_in(kind, *other)).count();
        assert_eq!(holders == 0, kind == PlaceKind::Site, "{kind:?}");
    }
}

#[test]
fn a_folder_is_named_within_the_root_or_not_at_all() {
    let cases = [
        ("thameside", "../consortium", Some("consortium")),
        ("", "consortium", Some("consortium")),
        ("a/b", "./../c/", Some("a/c")),
        ("thameside", "../../etc", None),
        ("", "..", None),
        ("a", "/etc", None),
        ("a", "..\\b", None),
    ];
    for (folder, path, expected) in cases {
        assert_eq!(resolve(folder, path).as_deref(), expected, "{folder} {path}");
    }
    assert_eq!(inherits("inherit = [\"../a\", \"../b\"]\n[trust]\ncode = \"t\""), ["../a", "../b"]);
    assert!(inherits("inherit = 3").is_empty() && inherits("[").is_empty());
}

#[test]
fn what_differs_is_said_in_words() {
    let before = read(&own(GOOD)).configuration;
    assert_eq!(changes(&before, &before), []);
    let cases = [
        ("beds = [1, 2]", "beds = [1, 2, 4]", vec!["Added bed Heron ward, bed 4 (heron-bed-04)"]),
        ("beds = [1, 2]", "beds = [1]", vec!["Removed bed Heron ward, bed 2 (heron-bed-02)"]),
        (
            "beds = [1, 2]",
            "beds = [2, 1]",
            vec![
                "Changed bed Heron ward, bed 2 (heron-bed-02): order: was 1002, is 1001",
                "Changed bed Heron ward, bed 1 (heron-bed-01): order: was 1001, is 1002",
            ],
        ),
        (
            "sex = \"female\"",
            "sex = \"male\"",
            vec!["Changed bay Heron ward, bay A (heron-bay-a): sex: was female, is male"],
        ),
        (
            "site = \"main\"\n",
            "site = \"main\"\nphone = \"2217\"\n",
            vec!["Changed ward Heron ward (heron): phone: is 2217"],
        ),
        ("nmc = \"12A3456E\"\n", "", vec!["Changed member of staff Dr L Okafor (okafor): NMC number: was 12A3456E"]),
        (
            "access = \"clinician\"",
            "access = \"clerk\"",
            vec!["Changed job role Consultant (consultant): access: was clinician, is clerk"],
        ),
        ("[[site]]", "# a remark\n[[site]]", vec![]),
    ];
    for (from, to, expected) in cases {
        let after = read(&own(&GOOD.replacen(from, to, 1))).configuration;
        let said: Vec<String> = changes(&before, &after).iter().map(Change::sentence).collect();
        assert_eq!(said, expected, "{to}");
    }
}

#[test]
fn lines_that_lie_far_from_a_difference_are_folded() {
    let old: String = (0..20).map(|line| format!("line {line}\n")).collect();
    let new = old.replace("line 10\n", "line ten\nline more\n");
    let all = lines(&old, &new);
    let told: Vec<(LineHow, usize)> =
        all.iter().filter(|line| line.how != LineHow::Same).map(|line| (line.how, line.number)).collect();
    assert_eq!(told, [(LineHow::Removed, 11), (LineHow::Added, 11), (LineHow::Added, 12)]);
    let folded: Vec<Option<usize>> = folded(&all, 2).iter().map(|line| line.map(|line| line.number)).collect();
    assert_eq!(folded, [None, Some(9), Some(10), Some(11), Some(11), Some(12), Some(13), Some(14), None]);
    let (many, others): (String, String) =
        ((0..4000).map(|line| format!("a{line}\n")).collect(), (0..4000).map(|line| format!("b{line}\n")).collect());
    assert_eq!(lines(&many, &others).len(), 8000, "very many differences are bounded");
}

#[test]
fn the_files_come_back_from_the_resource() {
    let mut of = own(GOOD);
    of.layers[0].files.push(File { name: "shared/empty.toml".into(), text: String::new() });
    let kept = Kept { files: of, by: vec!["S Reilly".into()], why: Some("A bed \"more\"\tand é".into()) };
    let text = basic_text(&kept).unwrap();
    assert_eq!(files_of(&text).unwrap(), kept);
    let document = fhir::Document::parse(&text, &fhir::Limits::default()).unwrap();
    let errors: Vec<_> =
        fhir::validate(&document).into_iter().filter(|issue| issue.severity == fhir::Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

/// Every key of the schema is described, with its name as it is written.
#[test]
fn every_key_is_described() {
    let manual = include_str!("../../../../docs/configuration.md");
    fn walk(keys: &[Key], manual: &str) {
        for key in keys {
            assert!(
                manual.contains(&format!("`{}`", key.name)),
                "docs/configuration.md does not describe `{}`",
                key.name
            );
            if let Shape::Table(inner) | Shape::Tables(inner) = key.shape {
                walk(inner, manual);
            }
        }
    }
    walk(schema::FILE, manual);
    for rule in RULES {
        assert!(
            manual.contains(&format!("`{}`", rule.code)),
            "docs/configuration.md does not describe `{}`",
            rule.code
        );
    }
}

proptest! {
    /// Removing and adding what is told leads from one text to the other.
    #[test]
    fn a_comparison_leads_from_one_text_to_the_other(
        old in proptest::collection::vec("[a-d]", 0..30),
        new in proptest::collection::vec("[a-d]", 0..30),
    ) {
        let told = lines(&old.join("\n"), &new.join("\n"));
        let side = |left_out: LineHow| told.iter().filter(|line| line.how != left_out).map(|line| line.text.clone()).collect::<Vec<_>>();
        prop_assert_eq!(side(LineHow::Added), old);
        prop_assert_eq!(side(LineHow::Removed), new);
    }

    /// Whatever stands in a file, it is read to an end, and every finding names a line of it.
    #[test]
    fn no_text_is_too_strange_to_be_read(text in "(\\[\\[?(ward|staff|ward\\.bay|trust|x)\\]?\\]\n|(code|name|beds|kind|in|off) = (\"[a-z ]{0,3}\"|[0-9]|\\[1, \"a\"\\]|true)\n){0,12}") {
        let read = read(&own(&text));
        let most = text.lines().count().max(3) + 1;
        prop_assert!(read.findings.iter().all(|finding| (1..=most).contains(&finding.at.line)), "{:?}", read.findings);
    }
}
