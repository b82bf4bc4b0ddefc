//! What the official suite does not ask: bounds, the two halves of primitives, and that no text whatever brings the
//! parser or evaluator down.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use super::{Collection, Context, Expression, Fault};
use crate::document::{Document, Limits};
use proptest::prelude::*;
use terms::Moment;

const PATIENT: &str = r##"{"resourceType":"Patient","birthDate":"1970-03-30","_birthDate":{"id":"b"},
    "name":[{"family":"Example","given":["Ann",null],"_given":[null,{"extension":[{"url":"u","valueCode":"c"}]}]}],
    "multipleBirthInteger":2,"contained":[{"resourceType":"Practitioner","id":"p"}],
    "generalPractitioner":[{"reference":"#p"},{"reference":"Organization/1"},{"reference":"urn:uuid:x"},
        {"reference":"https://example.org/fhir/PractitionerRole/9"}]}"##;

fn evaluate<T>(text: &str, then: impl FnOnce(Result<Collection<'_>, Fault>) -> T) -> T {
    let document = Document::parse(PATIENT.as_bytes(), &Limits::default()).unwrap();
    let expression = Expression::compile(text).unwrap();
    then(expression.evaluate(&Context::resource(&document, Moment(0))))
}

fn check(text: &str, expected: &[&str]) {
    let print = |found: Result<Collection<'_>, Fault>| -> Vec<_> {
        found.unwrap().iter().map(|item| item.to_text().unwrap_or_else(|| item.type_name().to_owned())).collect()
    };
    assert_eq!(evaluate(text, print), expected, "{text}");
}

#[test]
fn primitives_have_two_halves() {
    check("birthDate.id", &["b"]);
    check("name.given.count()", &["2"]);
    check("name.given.extension('u').value", &["c"]);
    check("name.given.where(hasValue())", &["Ann"]);
    check("name.given.select(hasValue())", &["true", "false"]);
    check("Patient.multipleBirth + 1", &["3"]);
    check("Patient.multipleBirth.ofType(boolean)", &[]);
}

#[test]
fn references_resolve_to_types() {
    check("generalPractitioner.resolve().type().name", &["Practitioner", "Organization", "PractitionerRole"]);
    check("generalPractitioner.where(resolve() is Organization).reference", &["Organization/1"]);
    check("generalPractitioner.resolve().ofType(Practitioner).id", &["p"]);
}

#[test]
fn work_is_bounded() {
    let refuses = |text: &str| assert!(evaluate(text, |found| found.is_err()), "{text}");
    let hundred = format!("({})", vec!["1"; 100].join(").combine("));
    let thousand = format!("{hundred}.select({hundred})");
    refuses(&format!("{thousand}.select({thousand}).select({thousand}).count()"));
    refuses("name.repeat($this.combine('x').combine('y' + $this.toString())).count()");
    let long_text = format!("'{}'", "x".repeat(1000));
    refuses(&format!("{long_text}.replace('', {long_text}).replace('', {long_text}).replace('', {long_text})"));
    refuses("%resource.descendants().aggregate($total & $total & 'doubles')");
    refuses("%resource.descendants().aggregate('doubles' + $total.join() + $total.join())");
    let megabyte = format!("('x'.replace('x', {long_text}).replace('x', {long_text}))");
    refuses(&format!("{hundred}.select({megabyte}).count()"));
    refuses(&format!("{hundred}.aggregate(iif($total.empty(), {megabyte}, {hundred}.select($total))).count()"));
    refuses(&format!("{hundred}.select({hundred}.where('a'.matches('(a|b)'))).count()"));
}

#[test]
fn depth_is_bounded() {
    let too_deep = [
        "(".repeat(10_000) + "1" + &")".repeat(10_000),
        "-".repeat(10_000) + "1",
        vec!["1"; 5000].join("+"),
        "a".to_owned() + &".a".repeat(5000),
        "a".to_owned() + &"[0]".repeat(5000),
        "iif(".repeat(300) + "1",
        "x".repeat(40_000),
    ];
    for text in too_deep {
        assert!(Expression::compile(&text).is_err());
    }
    // What is allowed to be deep can also be evaluated.
    let chain = (0..60).fold("true".to_owned(), |text, _| format!("({text})"));
    check(&(chain + &".not()".repeat(200)), &["true"]);
}

#[test]
fn faults_have_a_place() {
    let fault = |text: &str| Expression::compile(text).unwrap_err();
    assert_eq!((fault("a.b(").offset, fault("a + ").offset, fault("a 'x").offset), (2, 4, 2));
    assert_eq!(fault("name.nosuch()").message, "there is no function \"nosuch\"");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_compiled_or_refused(text in "\\PC{0,60}") {
        let _ = Expression::compile(&text);
    }

    #[test]
    fn any_mixture_of_tokens_is_evaluated_or_refused(tokens in prop::collection::vec(token(), 0..24)) {
        let text = tokens.join(" ");
        if let Ok(expression) = Expression::compile(&text) {
            let document = Document::parse(PATIENT.as_bytes(), &Limits::default()).unwrap();
            let _ = expression.evaluate(&Context::resource(&document, Moment(0)));
        }
    }
}

fn token() -> impl Strategy<Value = String> {
    let words = "Patient name given . . . ( ) ( ) [ ] , + - * / div mod & | = != ~ !~ < > <= >= and or xor implies in \
        contains is as {} $this $index $total %resource %sct 0 1 2 1.50 28 'a' 'mg' '' 'été' true false @2015 \
        @2015-02-28T14:30:00.5Z @T14:30 4 days 1 'kg' where( select( all( exists( repeat( aggregate( sort( iif( \
        combine( first() last() tail() count() distinct() not() skip(1) take(2) substring(1) replace('a','b') \
        matches('(a') toQuantity() toDecimal() toInteger() toDate() lowBoundary() highBoundary(3) power(40) power(0.5) \
        exp() ln() log(2) sqrt() round(3) descendants() children() type() resolve() extension('u') ofType(string) \
        is(Quantity) split('') join(',') encode('hex') decode('base64') escape('json') upper() toChars() trace('t') \
        precision() comparable( now() today() conformsTo('x')";
    let all: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    prop::sample::select(all)
}
