//! Carries out what happens on a record in this process: commands as people, texts as another system, through the owners'
//! rules; at the moments that the simulator says, whatever the machine's clock.

use std::sync::Arc;

use access::{Grant, Permit, Role, decide};
use administration::merging::{Allocate, Pair, Unmerge, to_give_at_once, unallocated};
use administration::{Command, Refusal, Undo, carry_out};
use fhir::{Document, Limits};
use record::{
    Act, Cause, CauseKind, Change, Draft, IdempotencyKey, Key, Reading, Receipt, Record, Template, TransactError,
};
use terms::Moment;

use super::{Hand, Happening, What, vitals};

/// How something ended: a receipt, or what the rules said.
pub type End = Result<Receipt, Refusal>;

/// The permit of a hand.
///
/// # Panics
/// Never: the roles are the product's own.
pub fn permit(hand: Hand, now: Moment) -> Permit {
    let (id, role) = match hand {
        Hand::Clerk => ("user/clerk".to_owned(), Role::Clerk),
        Hand::Clinician => ("user/clinician".to_owned(), Role::Clinician),
        Hand::Index(number) => (format!("user/index-{number}"), Role::PatientIndex),
        Hand::System => ("system/feed".to_owned(), Role::System),
    };
    decide(Grant::role(&id, "Simulated hospital", role), now).unwrap_or_else(|_| panic!("a role without a permit"))
}

/// Carries one happening out. `key` makes it safe to do it again when nobody knows whether it was done.
///
/// # Errors
/// The world failed; nobody knows whether it was done.
pub async fn carry(record: &Record, happening: &Happening, key: &str) -> Result<End, record::Problem> {
    let permit = permit(happening.hand, happening.at);
    let at = happening.at;
    match &happening.what {
        What::Command(command) => one(record, &permit, command, key, at).await,
        What::Slip(command) => {
            let done = match one(record, &permit, command, key, at).await? {
                Ok(receipt) => receipt,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let undo = Command::Undo(Undo::of(&done));
            one(record, &permit, &undo, &format!("{key}-back"), at).await
        }
        What::Observed(of) => {
            let texts = vitals::observation_texts(of).into_iter().enumerate();
            let texts: Vec<String> =
                texts.map(|(at, text)| text.replacen('{', &format!("{{\"id\":\"{key}-{at}\","), 1)).collect();
            sent(record, &texts, key).await.map(Ok)
        }
        What::Sent(texts) => sent(record, texts, key).await.map(Ok),
        What::TakenApart(pair, survivor) => taken_apart(record, &permit, (pair, survivor), key, at).await,
    }
}

/// Takes a merge apart and gives everything that was written meanwhile to the one who stayed: what is in force at once, the
/// rest one by one.
async fn taken_apart(
    record: &Record,
    permit: &Permit,
    (pair, survivor): (&Pair, &str),
    key: &str,
    at: Moment,
) -> Result<End, record::Problem> {
    let reading = record.read(permit, "simulator").await?;
    let given = to_give_at_once(&reading, pair).await?;
    reading.finish().await?;
    let given = given.iter().map(|version| (version.key.to_string(), survivor.to_owned())).collect();
    let unmerge = Command::Unmerge(Unmerge { pair: pair.clone(), why: "They are two people".to_owned(), given });
    let done = one(record, permit, &unmerge, key, at).await?;
    let reading = record.read(permit, "simulator").await?;
    let left = unallocated(&reading, 100).await?;
    reading.finish().await?;
    for list in left.into_iter().filter(|list| list.pair == *pair) {
        for (number, item) in list.items.iter().filter(|item| item.given_to.is_none()).enumerate() {
            let (list, item) = (list.list.clone(), item.reference.clone());
            let give = Command::Allocate(Allocate { list, item, to: survivor.to_owned() });
            if let Err(refusal) = one(record, permit, &give, &format!("{key}-{number}"), at).await? {
                return Ok(Err(refusal));
            }
        }
    }
    Ok(done)
}

async fn one(
    record: &Record,
    permit: &Permit,
    command: &Command,
    key: &str,
    at: Moment,
) -> Result<End, record::Problem> {
    let cause = Cause { kind: CauseKind::Form, reference: "simulator".into() };
    match carry_out(record, permit, command, (cause, Some(key_of(key))), at).await {
        Ok(receipt) => Ok(Ok(receipt)),
        Err(TransactError::Refused(refusal)) => Ok(Err(refusal)),
        Err(TransactError::Problem(problem)) => Err(problem),
        Err(other) => panic!("{}: {other:?}", command.name()),
    }
}

fn key_of(key: &str) -> IdempotencyKey {
    let mut digest = [0; 32];
    for (at, byte) in key.bytes().enumerate() {
        digest[at % 32] ^= byte;
    }
    IdempotencyKey { key: key.to_owned(), digest }
}

/// Writes resources as another system does: through the owners' rules, in one commit.
///
/// # Errors
/// The world failed.
pub async fn sent(record: &Record, texts: &[String], key: &str) -> Result<Receipt, record::Problem> {
    let changes: Vec<Change> = texts.iter().map(|text| change(text)).collect();
    let cause = Cause { kind: CauseKind::Request, reference: "simulator".into() };
    let act = Act { command: "transaction".into(), cause, idempotency: Some(key_of(key)) };
    let decide = |reading: Arc<Reading>| {
        let draft = Draft { changes: changes.clone(), assertions: Vec::new() };
        async move { Ok::<_, TransactError<()>>(administration::plan(&reading, draft).await?) }
    };
    match record.transact(&permit(Hand::System, Moment(0)), act, decide).await {
        Ok(receipt) => Ok(receipt),
        Err(TransactError::Problem(problem)) => Err(problem),
        Err(other) => panic!("what another system sent was not taken: {other:?}"),
    }
}

fn change(text: &str) -> Change {
    let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap_or_else(|_| panic!("not a resource"));
    let id = fhir::read::text(document.root(), "id").unwrap_or_default();
    let accepted = fhir::accept(&document, &id, &|_| None);
    let key = Key::new(document.resource_type().unwrap_or_default().into_owned(), id);
    let (before, after) = (accepted.before, accepted.after);
    Change::Put(key, Template { text: accepted.text, holes: Vec::new(), slot: accepted.slot, before, after })
}
