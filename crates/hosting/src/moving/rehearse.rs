//! Rehearsals: both hosts answer the same questions at the same entry, from their own stores, and every answer that differs
//! is named. The copy stands still meanwhile; the wards go on, and a rehearsal ends when a cut needs the copy.

use std::collections::BTreeSet;

use access::Permit;
use http::Method;
use journal::{SignedCheckpoint, VerifierKey};
use record::apply::hand_over::{Place as At, Tenure};
use record::obligation::ObligationQuery;
use record::{Clause, Reading, Record, SUBJECT, Select, VerifyOptions};
use terms::index::{Part, Span};

use super::drawn;
use super::kept::Move;
use super::phase::Step;
use super::pull;
use super::report::Rehearsal;
use super::words::{Answers, Questions};
use crate::accounts;
use crate::clock::stopwatch;
use crate::failure::Failure;
use crate::host::Host;
use crate::secret::hex;

/// Differences that are named.
const MOST_NAMED: usize = 100;
/// The longest of them.
const MOST_LETTERS: usize = 2000;
/// Under which a host tells what it found wrong when it read everything again; nothing when it is whole.
const WHOLE: &str = "whole";
/// Rehearsals that are kept of a move.
const MOST_KEPT: usize = 500;

/// Compares the copy on this host with the record that it follows.
///
/// # Errors
/// This host is the one that writes, or the other cannot be asked. What differs is in the rehearsal.
pub(crate) async fn rehearse(
    host: &std::sync::Arc<Host>,
    of: &std::sync::Arc<Move>,
    whole: bool,
) -> Result<Rehearsal, Failure> {
    let record = of.record().await?;
    if record.tenure() == Tenure::Writes {
        return Err(Failure::refused("This host writes the trust. Rehearse at the host that follows it."));
    }
    let _stands_still = of.pulling.lock().await;
    let mut cut = of.hurry.subscribe();
    tokio::select! {
        biased;
        _ = cut.wait_for(|waiting| *waiting > 0) => {
            Err(Failure::refused("A cut is under way: the rehearsal was ended for it. Nothing is to be compared now."))
        }
        rehearsed = compare(host, of, &record, whole) => rehearsed,
    }
}

async fn compare(
    host: &std::sync::Arc<Host>,
    of: &std::sync::Arc<Move>,
    record: &Record,
    whole: bool,
) -> Result<Rehearsal, Failure> {
    let elapsed = stopwatch();
    let until = pull::theirs(of).await?;
    pull::catch_up(host, of, record, until).await?;
    pull::desk(of, record, true).await?;
    let place = record.place().await?;
    record.attest(&place)?;
    let mock_cut_ms = elapsed();
    pull::fail_at("while-comparing").await?;
    let mut questions =
        Questions { sequence: place.sequence, seed: seed_of(&place.root), patients: Vec::new(), index: whole };
    let theirs: Answers = of.peer.call_slow(Method::POST, &pull::path(of, "compare"), Some(&questions)).await?;
    questions.patients.clone_from(&theirs.patients);
    let mut rehearsal = judged(host, of, record, &place, (&questions, &theirs)).await?;
    rehearsal.mock_cut_ms = mock_cut_ms;
    keep(of, rehearsal.clone())?;
    let _: () = of.peer.call(Method::POST, &pull::path(of, "rehearsed"), Some(&rehearsal)).await?;
    Ok(rehearsal)
}

/// Compares the copy, which stands still at this place, with answers that were carried here; the other host hears of it with
/// the next letter.
pub(super) async fn compare_carried(
    host: &Host,
    of: &Move,
    record: &Record,
    (questions, theirs): (&Questions, &Answers),
) -> Result<Rehearsal, Failure> {
    let place = record.place().await?;
    if place.sequence != questions.sequence {
        return Err(Failure::Refused(format!(
            "The answers in this folder are of entry {}, and entry {} is here.",
            questions.sequence, place.sequence
        )));
    }
    let mut rehearsal = judged(host, of, record, &place, (questions, theirs)).await?;
    rehearsal.not_compared.push("How long a cut takes: what it needs is carried.".into());
    keep(of, rehearsal.clone())?;
    Ok(rehearsal)
}

/// What is asked of a place follows from its root.
pub(super) fn seed_of(root: &journal::Hash) -> u64 {
    u64::from_be_bytes(root[..8].try_into().unwrap_or_default())
}

/// The rehearsal that comes of the other host's answers and this one's own.
async fn judged(
    host: &Host,
    of: &Move,
    record: &Record,
    place: &At,
    (questions, theirs): (&Questions, &Answers),
) -> Result<Rehearsal, Failure> {
    let mine = answers(record, &pull::permit(of)?, questions).await?;
    let (mut differences, mut not_compared) = differ(theirs, &mine);
    differences.extend(of_checkpoint(of, theirs, place)?);
    if !questions.index {
        not_compared.push("The whole index and every text: ask for --whole.".into());
    }
    not_compared
        .push("The desk (sessions, drafts, passwords), which changes without entries: every cut compares it.".into());
    not_compared.push("Feeds and their queues: there are none yet.".into());
    Ok(Rehearsal {
        moment: host.now().to_string(),
        sequence: place.sequence,
        questions: mine.answers.len() as u64,
        differences,
        mock_cut_ms: 0,
        not_compared,
        whole: questions.index && mine.answers.contains_key(WHOLE),
        checkpoint: theirs.checkpoint.clone(),
    })
}

/// Keeps a rehearsal of the other host, which compared itself with this one: what it says of this host's record must be so.
pub(crate) async fn hear(of: &Move, record: &Record, rehearsal: Rehearsal) -> Result<(), Failure> {
    let refused = || Failure::refused("This rehearsal says of the record what is not so on this host.");
    let texts = || rehearsal.differences.iter().chain(&rehearsal.not_compared);
    let is_bounded = texts().count() <= 2 * MOST_NAMED + 2 && texts().all(|text| text.len() <= MOST_LETTERS);
    if !is_bounded || rehearsal.sequence > record.place().await?.sequence {
        return Err(refused());
    }
    let signed = SignedCheckpoint::parse(&rehearsal.checkpoint).map_err(|_| refused())?;
    let (stated, root) = (signed.checkpoint(), record.root_of(rehearsal.sequence).await?);
    let is_ours = signed.verify(&[record.verifier_key()]).is_ok();
    if !is_ours || (stated.size, stated.root) != (rehearsal.sequence, root) {
        return Err(refused());
    }
    keep(of, rehearsal)
}

/// Keeps what came of a rehearsal.
fn keep(of: &Move, rehearsal: Rehearsal) -> Result<(), Failure> {
    let step = if rehearsal.agrees() { Step::Agreed } else { Step::Differed };
    let phase = of.phase();
    // The host that writes hears of a rehearsal before it hears of anything else.
    let next = phase.after(step).or_else(|| phase.after(Step::Copy)?.after(Step::Copied)?.after(step));
    let next = next.ok_or_else(|| Failure::refused("This move cannot be rehearsed now."))?;
    of.change(|kept| {
        kept.phase = next;
        let over = (kept.rehearsals.len() + 1).saturating_sub(MOST_KEPT);
        kept.rehearsals.drain(..over);
        kept.rehearsals.push(rehearsal);
    })
}

/// The answers of this host.
pub(crate) async fn answers(record: &Record, permit: &Permit, questions: &Questions) -> Result<Answers, Failure> {
    let sequence = questions.sequence;
    let root = record.root_of(sequence).await?;
    let place = record.place().await?;
    let checkpoint = record.attest(&At { sequence, root, ..place })?.to_string();
    let patients = match questions.patients.as_slice() {
        [] => drawn::patients(record, questions).await?,
        given => given.to_vec(),
    };
    let mut answers = Answers { checkpoint, patients, ..Answers::default() };
    answers.put("root", hex(&root));
    let reading = record.read_at(permit, "compare two hosts", sequence).await?;
    let kinds: Vec<String> = record.status().await?.resources.into_iter().map(|(kind, _)| kind).collect();
    for kind in &kinds {
        answers.put(format!("{kind}: how many"), reading.total(&Select::of(kind)).await?);
    }
    let owed = ObligationQuery { limit: 1, ..ObligationQuery::default() };
    answers.put("owed: how much", reading.count_obligations(&owed).await?);
    of_patients(&reading, &kinds, &mut answers).await?;
    drawn::searches(record, &reading, questions, &mut answers).await?;
    of_boards(record, &reading, &mut answers).await?;
    let (accounts, digest) = accounts::digest(record, &reading).await?;
    answers.put("accounts: how many, with their people and roles", format!("{accounts}, {}", hex(&digest)));
    reading.finish_unseen().await?;
    if questions.index {
        of_index(record, sequence, &mut answers).await?;
    }
    Ok(answers)
}

/// How many resources of each type each patient has.
async fn of_patients(reading: &Reading, kinds: &[String], answers: &mut Answers) -> Result<(), Failure> {
    for patient in answers.patients.clone() {
        for kind in kinds {
            let of_patient = Span::head(SUBJECT, [Part::target("Patient", patient.as_str())]);
            let select = Select::of(kind).with(Clause::Any(vec![of_patient]));
            let total = reading.total(&select).await?;
            if total > 0 {
                answers.put(format!("Patient/{patient}: {kind}"), total);
            }
        }
    }
    Ok(())
}

/// The state of each bed and who has none, as the wards' boards have it, and each number at their heads.
async fn of_boards(record: &Record, reading: &Reading, answers: &mut Answers) -> Result<(), Failure> {
    let entry = record.entry(reading.sequence()).await?.and_then(|bytes| journal::Entry::decode(&bytes).ok());
    let moment = entry.map_or(terms::Moment(0), |entry| entry.moment);
    for board in administration::boards::all_boards(reading, moment).await? {
        let ward = board.ward.id.clone();
        for row in board.rows() {
            let stay = row.occupant.as_ref().map(|occupant| &occupant.stay).or(row.kept_for.as_ref());
            let stay = stay.map_or("", |stay| stay.id.as_str());
            answers.put(format!("Location/{ward}: {}", row.id()), format!("{:?} {stay}", row.state()));
        }
        let expected: Vec<&str> = board.expected.iter().map(|stay| stay.id.as_str()).collect();
        answers.put(format!("Location/{ward}: expected"), expected.join(" "));
        answers.put(format!("Location/{ward}: numbers"), format!("{:?}", board.counts()));
    }
    Ok(())
}

/// Every text, index row and obligation, read again. What a host finds wrong on its own disk it tells in any case; digests of
/// the index only while nobody writes, when two hosts can work them out at the same entry.
async fn of_index(record: &Record, sequence: u64, answers: &mut Answers) -> Result<(), Failure> {
    let report = record.verify(VerifyOptions { index: true, ..VerifyOptions::default() }, |_, _| {}).await?;
    let in_store = report.store.iter().map(|finding| format!("{}: {}", finding.kind, finding.sentence));
    let found =
        report.journal.findings.iter().map(|one| format!("{}: {}", one.kind.name(), one.sentence)).chain(in_store);
    answers.put(WHOLE, found.take(MOST_NAMED).collect::<Vec<_>>().join(" "));
    let newest = record.place().await?.sequence;
    if newest != sequence || report.journal.entries != sequence {
        answers.put("index", "not compared: the record was written to meanwhile");
        return Ok(());
    }
    for (kind, (rows, digest)) in report.index_digests {
        answers.put(format!("{kind}: index"), format!("{rows} rows, {}", hex(&digest)));
    }
    Ok(())
}

/// Where answers differ or a host found something wrong on its own disk, and what was not compared.
pub(crate) fn differ(theirs: &Answers, mine: &Answers) -> (Vec<String>, Vec<String>) {
    let questions: BTreeSet<&String> = theirs.answers.keys().chain(mine.answers.keys()).collect();
    let (mut differences, mut not_compared) = (Vec::new(), Vec::new());
    let nothing = "0".to_owned();
    for (whose, answers) in [("the other host", theirs), ("this host", mine)] {
        if let Some(found) = answers.answers.get(WHOLE).filter(|found| !found.is_empty()) {
            differences.push(shortened(format!("{WHOLE}: {whose} finds wrong what it has: {found}")));
        }
    }
    // One question alone may go unanswered: the index, which nobody can digest at one entry while somebody writes.
    let unread =
        |answers: &Answers| answers.answers.get("index").filter(|said| said.starts_with("not compared")).cloned();
    let unread = unread(theirs).or_else(|| unread(mine));
    not_compared.extend(unread.iter().map(|why| format!("index: {why}")));
    let stays_out = |question: &str| unread.is_some() && (question == "index" || question.ends_with(": index"));
    for question in questions {
        let there = theirs.answers.get(question).unwrap_or(&nothing);
        let here = mine.answers.get(question).unwrap_or(&nothing);
        if there != here && question != WHOLE && !stays_out(question) {
            differences.push(shortened(format!("{question}: {there} there, {here} here.")));
        }
    }
    let more = differences.len().saturating_sub(MOST_NAMED);
    differences.truncate(MOST_NAMED);
    if more > 0 {
        differences.push(format!("And {more} more."));
    }
    (differences, not_compared)
}

/// A difference of a length that the other host keeps.
fn shortened(mut text: String) -> String {
    if text.len() > MOST_LETTERS {
        text.truncate(text.floor_char_boundary(MOST_LETTERS - 4));
        text.push_str(" ...");
    }
    text
}

/// What is wrong with the checkpoint that the other host signed for this entry.
pub(super) fn of_checkpoint(of: &Move, theirs: &Answers, place: &At) -> Result<Option<String>, Failure> {
    let key = of.kept().their_record_key.unwrap_or_default();
    let key = VerifierKey::parse(&key).map_err(|_| Failure::refused("The other host has not told its key."))?;
    let signed =
        SignedCheckpoint::parse(&theirs.checkpoint).map_err(|_| Failure::refused("Its checkpoint is none."))?;
    if signed.verify(&[key]).is_err() {
        return Ok(Some("checkpoint: not signed with the other host's key.".into()));
    }
    let stated = signed.checkpoint();
    let agrees = stated.size == place.sequence && stated.root == place.root;
    Ok((!agrees).then(|| "checkpoint: the other host signed another root than this copy has.".into()))
}

impl Answers {
    pub(super) fn put(&mut self, question: impl Into<String>, answer: impl ToString) {
        self.answers.insert(question.into(), answer.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pairs: &[(&str, &str)]) -> Answers {
        let mut answers = Answers::default();
        for (question, answer) in pairs {
            answers.put(*question, answer);
        }
        answers
    }

    #[test]
    fn each_answer_that_differs_is_named() {
        let there = said(&[("Patient: how many", "3"), ("root", "a"), ("Task: how many", "1")]);
        let here = said(&[("Patient: how many", "2"), ("root", "a"), ("Bed: how many", "0")]);
        let (differences, not_compared) = differ(&there, &here);
        assert_eq!(differences, ["Patient: how many: 3 there, 2 here.", "Task: how many: 1 there, 0 here."]);
        assert!(not_compared.is_empty());
    }

    #[test]
    fn what_one_host_could_not_read_is_not_a_difference() {
        let there = said(&[("index", "not compared: it was written to"), ("root", "a"), ("whole", "")]);
        let here = said(&[("root", "a"), ("whole", ""), ("Patient: index", "2 rows, 00")]);
        let (differences, not_compared) = differ(&there, &here);
        assert!(differences.is_empty(), "{differences:?}");
        assert_eq!(not_compared, ["index: not compared: it was written to"]);
    }

    #[test]
    fn what_a_host_finds_wrong_on_its_own_disk_is_told_whatever_the_other_could_read() {
        let there = said(&[("index", "not compared: it was written to"), ("root", "a"), ("whole", "")]);
        let here = said(&[("root", "a"), ("whole", "index: a row is missing."), ("Patient: index", "2 rows, 00")]);
        let (differences, _) = differ(&there, &here);
        assert_eq!(differences, ["whole: this host finds wrong what it has: index: a row is missing."]);
        let (differences, _) = differ(&here, &here);
        assert_eq!(differences.len(), 2, "what is wrong on both is right on neither: {differences:?}");
        let unanswered = said(&[("root", "a")]);
        assert!(differ(&unanswered, &said(&[("root", "a"), ("whole", "")])).0.is_empty());
    }
}
