//! Hospital numbers: given out in order from four blocks that never meet, each number once.
//!
//! The counter is a resource, `NamingSystem/hospital-number`: two commits that take the same number cannot both be made,
//! and the commit asserts that nobody has it. Numbers are not without gaps, and a number never comes back.

use fhir::read::{extension, items, text};
use fhir::write::{Object, array, extension as extension_json, quoted, with_extensions, with_members};
use fhir::{Document, Limits, Node};
use record::{Assertion, Change, Clause, Key, Problem, Reading, Select, TransactError};
use terms::Moment;
use terms::index::{Part, Span};

use crate::draft::{self, document};
use crate::patient_index::{NUMBER, normal_number};
use crate::refusal::Refusal;

/// The counter.
pub const COUNTER: &str = "hospital-number";
/// The system of the numbers where the counter names none.
pub const SYSTEM: &str = "urn:almoner:hospital-number";
/// The letters before the digits.
pub const PREFIX: &str = "urn:almoner:number-prefix";
/// The letters where the counter names none.
const NO_PREFIX: &str = "H";
/// How many form numbers were issued for downtimes: the last one's number.
const FORMS_ISSUED: &str = "urn:almoner:downtime-forms-issued";
/// How many hospital numbers were issued for downtimes.
const NUMBERS_ISSUED: &str = "urn:almoner:downtime-numbers-issued";
/// Numbers that somebody had already and that are passed over, at most.
const MOST_PASSED: u32 = 200;

/// A block of numbers. They never meet, so a number says how its patient came to be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// People who were asked: 100 001 to 849 999.
    Ordinary,
    /// Numbers that were printed for a downtime: 850 001 to 899 999.
    Downtime,
    /// People whom nobody could ask, in the emergency department: 900 001 to 949 999.
    Emergency,
    /// Numbers that were printed before a major incident: 950 001 to 999 999.
    Incident,
}

/// A number as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HospitalNumber {
    /// Its system.
    pub system: String,
    /// The number, such as `TR 150 003`.
    pub value: String,
}

impl Block {
    /// The first and the last number.
    pub const fn bounds(self) -> (u32, u32) {
        match self {
            Block::Ordinary => (100_001, 849_999),
            Block::Downtime => (850_001, 899_999),
            Block::Emergency => (900_001, 949_999),
            Block::Incident => (950_001, 999_999),
        }
    }

    /// The extension of the counter that has the next number.
    pub const fn next(self) -> &'static str {
        match self {
            Block::Ordinary => "urn:almoner:next-number",
            Block::Downtime => "urn:almoner:next-downtime-number",
            Block::Emergency => "urn:almoner:next-emergency-number",
            Block::Incident => "urn:almoner:next-incident-number",
        }
    }
}

/// A number for people: letters, then digits in threes.
pub fn printed(prefix: &str, number: u32) -> String {
    format!("{prefix} {:03} {:03}", number / 1000, number % 1000)
}

/// The counter as it is read.
struct Counter {
    text: Vec<u8>,
    system: String,
    prefix: String,
    next: u32,
}

/// Numbers from a block, the counter's change, and the assertions that nobody has them. They go into one draft.
pub(crate) async fn take(
    reading: &Reading,
    block: Block,
    count: usize,
    now: Moment,
) -> Result<(Vec<HospitalNumber>, Change, Vec<Assertion>), TransactError<Refusal>> {
    let counter = counter(reading, block, now).await?;
    let (numbers, next, assertions) = following(reading, &counter, block, count).await?;
    Ok((numbers, advanced(&counter, &[(block.next(), next)])?, assertions))
}

/// The number that somebody was given on paper, else the next of a block with the counter's change.
pub(crate) async fn given_or_taken(
    reading: &Reading,
    given: Option<HospitalNumber>,
    block: Block,
    now: Moment,
) -> Result<(Vec<HospitalNumber>, Option<Change>, Vec<Assertion>), TransactError<Refusal>> {
    match given {
        Some(number) => {
            let assertion = nobody_has(&number.value);
            Ok((vec![number], None, vec![assertion]))
        }
        None => {
            let (numbers, counter, assertions) = take(reading, block, 1, now).await?;
            Ok((numbers, Some(counter), assertions))
        }
    }
}

/// What is issued for downtimes in one draft: form numbers, hospital numbers, the counter's change and the assertions.
type Issued = (Vec<String>, Vec<HospitalNumber>, Change, Vec<Assertion>);

/// So many form numbers and hospital numbers for a downtime.
pub(crate) async fn take_for_downtime(
    reading: &Reading,
    (forms, hospital): (usize, usize),
    now: Moment,
) -> Result<Issued, TransactError<Refusal>> {
    let counter = counter(reading, Block::Downtime, now).await?;
    let (numbers, next, assertions) = following(reading, &counter, Block::Downtime, hospital).await?;
    let (forms_before, numbers_before) = issued(&parsed(&counter.text)?);
    let forms_after = forms_before + forms as u32;
    let set = [
        (Block::Downtime.next(), next),
        (FORMS_ISSUED, forms_after),
        (NUMBERS_ISSUED, numbers_before + numbers.len() as u32),
    ];
    let forms = (forms_before + 1..=forms_after).map(crate::downtime::printed_form).collect();
    Ok((forms, numbers, advanced(&counter, &set)?, assertions))
}

/// How many form numbers and hospital numbers were issued for downtimes.
pub(crate) async fn issued_for_downtime(reading: &Reading) -> Result<(u64, u64), Problem> {
    let version = reading.get(&Key::new("NamingSystem", COUNTER)).await?.filter(|version| !version.text.is_empty());
    let Some(version) = version else { return Ok((0, 0)) };
    let (forms, numbers) = issued(&document(&version)?);
    Ok((u64::from(forms), u64::from(numbers)))
}

fn issued(counter: &Document<'_>) -> (u32, u32) {
    let of = |url| integer(counter.root(), url).unwrap_or(0);
    (of(FORMS_ISSUED), of(NUMBERS_ISSUED))
}

/// The next numbers of a block that nobody has, the one that follows them, and the assertions that nobody has them.
async fn following(
    reading: &Reading,
    counter: &Counter,
    block: Block,
    count: usize,
) -> Result<(Vec<HospitalNumber>, u32, Vec<Assertion>), TransactError<Refusal>> {
    let (mut numbers, mut assertions, mut next, mut passed) = (Vec::new(), Vec::new(), counter.next, 0);
    while numbers.len() < count {
        if next > block.bounds().1 || passed > MOST_PASSED {
            let sentence = "There are no free hospital numbers in this block. Ask your trust's administrator.";
            return Err(TransactError::Refused(Refusal::new("no-numbers", sentence)));
        }
        let value = printed(&counter.prefix, next);
        next += 1;
        if holders(reading, &value).await?.is_empty() {
            assertions.push(nobody_has(&value));
            numbers.push(HospitalNumber { system: counter.system.clone(), value });
        } else {
            passed += 1;
        }
    }
    Ok((numbers, next, assertions))
}

/// The counter with some of its integers as they are now.
fn advanced(counter: &Counter, set: &[(&'static str, u32)]) -> Result<Change, Problem> {
    let document = parsed(&counter.text)?;
    let set: Vec<(&str, Option<String>)> =
        set.iter().map(|(url, value)| (*url, Some(extension_json(url, "valueInteger", &value.to_string())))).collect();
    let text = with_members(&document, &[("extension", with_extensions(document.root(), &set))]);
    draft::put(Key::new("NamingSystem", COUNTER), &text)
}

fn parsed(text: &[u8]) -> Result<Document<'_>, Problem> {
    Document::parse(text, &Limits::default())
        .map_err(|fault| Problem::Damaged { what: format!("the counter is unreadable: {}", fault.message) })
}

/// The letters before the digits of this trust's numbers.
pub(crate) async fn prefix(reading: &Reading) -> Result<String, Problem> {
    let version = reading.get(&Key::new("NamingSystem", COUNTER)).await?.filter(|version| !version.text.is_empty());
    let Some(version) = version else { return Ok(NO_PREFIX.into()) };
    let document = document(&version)?;
    let prefix = extension(document.root(), PREFIX).and_then(|of| text(of, "valueString"));
    Ok(prefix.unwrap_or_else(|| NO_PREFIX.into()))
}

/// The patients with a number that this permit reaches.
pub(crate) async fn holders(reading: &Reading, number: &str) -> Result<Vec<String>, Problem> {
    let select = Select::of("Patient").with(Clause::Any(vec![span(number)])).limit(2);
    Ok(reading.select(&select).await?.versions.into_iter().map(|version| version.key.id).collect())
}

/// Nobody in the record has the number, whoever may see them.
pub(crate) fn nobody_has(number: &str) -> Assertion {
    Assertion::Absent(vec![span(number)])
}

/// One patient at most has the number after the commit.
pub(crate) fn one_has(number: &str) -> Assertion {
    Assertion::AtMost(vec![span(number)], 1)
}

fn span(number: &str) -> Span {
    Span::head(NUMBER, [Part::Text(normal_number(number).into_bytes())])
}

async fn counter(reading: &Reading, block: Block, now: Moment) -> Result<Counter, Problem> {
    let version = reading.get(&Key::new("NamingSystem", COUNTER)).await?.filter(|version| !version.text.is_empty());
    let Some(version) = version else {
        let next = block.bounds().0;
        return Ok(Counter { text: blank(now).into_bytes(), system: SYSTEM.into(), prefix: NO_PREFIX.into(), next });
    };
    let document = document(&version)?;
    let root = document.root();
    let system = items(root, "uniqueId").find_map(|id| text(id, "value")).unwrap_or_else(|| SYSTEM.into());
    let prefix = extension(root, PREFIX).and_then(|of| text(of, "valueString")).unwrap_or_else(|| NO_PREFIX.into());
    let next = integer(root, block.next()).unwrap_or(0).clamp(block.bounds().0, block.bounds().1 + 1);
    Ok(Counter { text: version.text.to_vec(), system, prefix, next })
}

fn integer(root: Node<'_, '_>, url: &str) -> Option<u32> {
    extension(root, url)?.get("valueInteger")?.raw_text().parse().ok()
}

/// The counter before its first number.
fn blank(now: Moment) -> String {
    let id = Object::new().text("type", "uri").text("value", SYSTEM).done();
    Object::resource("NamingSystem", COUNTER)
        .json("extension", array([extension_json(PREFIX, "valueString", &quoted(NO_PREFIX))]))
        .text("name", "HospitalNumber")
        .text("status", "active")
        .text("kind", "identifier")
        .text("date", now.to_string())
        .json("uniqueId", array([id]))
        .done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_never_meet_and_numbers_are_read_in_threes() {
        let blocks = [Block::Ordinary, Block::Downtime, Block::Emergency, Block::Incident];
        for pair in blocks.windows(2) {
            assert_eq!(pair[0].bounds().1 + 2, pair[1].bounds().0);
        }
        assert_eq!(printed("TR", 150_003), "TR 150 003");
        assert_eq!(printed("TR", 900_001), "TR 900 001");
        assert_eq!(normal_number(&printed("TR", 100_020)), "TR100020");
    }
}
