//! Commands: what a person or a program wants changed. Each gathers with a reading, decides on plain data and gives a
//! draft; every draft passes the owner's rules, whatever door it comes from.
//!
//! Adding one is a file with a struct and its `plan`, and a line in [`Command`].

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use access::Permit;
use record::{Act, Cause, Draft, IdempotencyKey, Reading, Receipt, Record, TransactError};
use terms::Moment;

use crate::configuration::{ApplyConfiguration, ApproveConfiguration, ProposeConfiguration, PutAsideConfiguration};
use crate::downtime::{BackEnter, BeginDowntime, EndDowntime, IssueNumbers, VoidNumbers, unmarked};
use crate::emergency::{
    Arrive, AssessFirst, DecideToAdmit, Depart, ExpectAmbulance, HandOver, LeaveBeforeSeen, MoveInDepartment,
    RemoveAttendance, TakeOver, Triage, WaitFor,
};
use crate::merging::{
    AgreeToMerge, Allocate, AskAboutPairs, AskForMerge, NotTheSame, ProposeDuplicate, TakeBackNotTheSame, Unmerge,
    with_questions,
};
use crate::owner;
use crate::places::{SetBedState, SetNurse};
use crate::refusal::Refusal;
use crate::registration::{
    CorrectPatient, RecordAnswer, RecordIdentity, Register, RegisterMajorIncident, RegisterNewborn, Restrict,
    SetNhsNumberStatus,
};
use crate::restricted_access::{JudgeOpenings, OpenRestricted};
use crate::stays::{
    Admit, CancelAdmission, CancelMove, ChangeConsultant, CorrectMove, Death, Detain, Discharge, EndDetention, Leave,
    MoveToBed, NotDead, ReleaseBed, RequestAdmission, ReserveBed, Return, SayWhyMixed, SetDischargePlan, SetTci,
};
use crate::tasks::{AcceptTask, AddTask, ChangeTask, HandOverTask, HandOverTasks};
use crate::undo::{self, Undo};

const NUMBER_HELD: &str = "This NHS number cannot be used here. Leave it empty and ask the data quality team.";

/// What shall be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Admit a patient.
    Admit(Admit),
    /// Correct a patient's details.
    CorrectPatient(Box<CorrectPatient>),
    /// Move a patient to a bed or another place.
    MoveToBed(MoveToBed),
    /// Record what a patient answered.
    RecordAnswer(RecordAnswer),
    /// Say who an unknown patient is.
    RecordIdentity(RecordIdentity),
    /// Register a patient.
    Register(Box<Register>),
    /// Register a batch of numbers of a major incident.
    RegisterMajorIncident(RegisterMajorIncident),
    /// Register a newborn.
    RegisterNewborn(RegisterNewborn),
    /// Hide a patient's record, or show it again.
    Restrict(Restrict),
    /// Open a restricted record with a reason.
    OpenRestricted(OpenRestricted),
    /// Say what came of the review of such openings, or what was done after it.
    JudgeOpenings(JudgeOpenings),
    /// Ask for an admission.
    RequestAdmission(RequestAdmission),
    /// Set the day to come in.
    SetTci(SetTci),
    /// Keep a bed.
    ReserveBed(ReserveBed),
    /// Let a kept bed go.
    ReleaseBed(ReleaseBed),
    /// Cancel an offered day, or an expected stay.
    CancelAdmission(CancelAdmission),
    /// Put a patient under another consultant.
    ChangeConsultant(ChangeConsultant),
    /// Correct when or where a move was.
    CorrectMove(CorrectMove),
    /// Take back a move that did not happen.
    CancelMove(CancelMove),
    /// Let a patient go on leave.
    Leave(Leave),
    /// Take a patient back from leave.
    Return(Return),
    /// End a stay.
    Discharge(Discharge),
    /// Record a death.
    Death(Death),
    /// Record that a patient is detained under the Mental Health Act.
    Detain(Detain),
    /// Record that a detention has ended.
    EndDetention(EndDetention),
    /// Say why men and women shared a bay.
    SayWhyMixed(SayWhyMixed),
    /// Take back a death that was recorded by mistake.
    NotDead(NotDead),
    /// Set the plan of a discharge.
    SetDischargePlan(SetDischargePlan),
    /// Say how a bed is.
    SetBedState(SetBedState),
    /// Give a bay to a nurse.
    SetNurse(SetNurse),
    /// Put the pairs of a search through everybody to the patient index.
    AskAboutPairs(AskAboutPairs),
    /// Ask whether two records are one person.
    ProposeDuplicate(ProposeDuplicate),
    /// Say that they are two.
    NotTheSame(NotTheSame),
    /// Open that question again.
    TakeBackNotTheSame(TakeBackNotTheSame),
    /// Ask for a merge, as the first person.
    AskForMerge(AskForMerge),
    /// Agree to it, as the second.
    AgreeToMerge(AgreeToMerge),
    /// Take a merge apart.
    Unmerge(Unmerge),
    /// Give out what was written while two were one.
    Allocate(Allocate),
    /// Say what is known of a patient's NHS number.
    SetNhsNumberStatus(SetNhsNumberStatus),
    /// Book a patient into the emergency department.
    Arrive(Arrive),
    /// Announce an ambulance.
    ExpectAmbulance(ExpectAmbulance),
    /// An ambulance's crew hands over.
    HandOver(HandOver),
    /// Give a triage category.
    Triage(Triage),
    /// Record the first assessment.
    AssessFirst(AssessFirst),
    /// Move a patient within the emergency department.
    MoveInDepartment(MoveInDepartment),
    /// A clinician takes a patient over.
    TakeOver(TakeOver),
    /// Say what a patient waits for.
    WaitFor(WaitFor),
    /// Decide to admit a patient.
    DecideToAdmit(DecideToAdmit),
    /// A patient leaves the emergency department.
    Depart(Depart),
    /// A patient left before they were seen.
    LeaveBeforeSeen(LeaveBeforeSeen),
    /// Take an attendance off the board as a mistake.
    RemoveAttendance(RemoveAttendance),
    /// Add a task.
    AddTask(AddTask),
    /// Complete, reopen or cancel a task, or give it another date.
    ChangeTask(ChangeTask),
    /// Offer a task to somebody else.
    HandOverTask(HandOverTask),
    /// Offer tasks to somebody else, as at the end of a shift.
    HandOverTasks(HandOverTasks),
    /// Accept a task that was handed over.
    AcceptTask(AcceptTask),
    /// Take a commit of the last minutes back.
    Undo(Undo),
    /// Apply files as the configuration of the trust.
    ApplyConfiguration(ApplyConfiguration),
    /// Issue numbers for a downtime.
    IssueNumbers(IssueNumbers),
    /// Void numbers of a downtime.
    VoidNumbers(VoidNumbers),
    /// A downtime begins.
    BeginDowntime(BeginDowntime),
    /// A downtime ends.
    EndDowntime(EndDowntime),
    /// Enter a paper form of a downtime.
    BackEnter(BackEnter),
    /// Propose files as the configuration, as the first person.
    ProposeConfiguration(ProposeConfiguration),
    /// Agree to them and apply them, as the second.
    ApproveConfiguration(ApproveConfiguration),
    /// Put a proposal aside.
    PutAsideConfiguration(PutAsideConfiguration),
}

/// A draft under way: by itself, since what all commands hold beside each other would be too much for one stack.
type Drafting<'a> = Pin<Box<dyn Future<Output = Result<Draft, TransactError<Refusal>>> + Send + 'a>>;

impl Command {
    /// Its name, as the journal has it.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Admit(_) => "admit",
            Command::CorrectPatient(_) => "correct patient",
            Command::MoveToBed(_) => "move to bed",
            Command::RecordAnswer(_) => "record answer",
            Command::RecordIdentity(_) => "record identity",
            Command::Register(_) => "register patient",
            Command::RegisterMajorIncident(_) => "register major incident",
            Command::RegisterNewborn(_) => "register newborn",
            Command::Restrict(_) => "restrict",
            Command::OpenRestricted(_) => "open restricted record",
            Command::JudgeOpenings(command) => command.name(),
            Command::RequestAdmission(_) => "request admission",
            Command::SetTci(_) => "set day to come in",
            Command::ReserveBed(_) => "reserve bed",
            Command::ReleaseBed(_) => "release bed",
            Command::CancelAdmission(_) => "cancel admission",
            Command::ChangeConsultant(_) => "change consultant",
            Command::CorrectMove(_) => "correct move",
            Command::CancelMove(_) => "cancel move",
            Command::Leave(_) => "leave",
            Command::Return(_) => "return from leave",
            Command::Discharge(_) => "discharge",
            Command::Death(_) => "record death",
            Command::Detain(_) => "detain",
            Command::EndDetention(_) => "end detention",
            Command::SayWhyMixed(_) => "say why a bay is mixed",
            Command::NotDead(_) => "take back death",
            Command::SetDischargePlan(_) => "set discharge plan",
            Command::SetBedState(_) => "set bed state",
            Command::SetNurse(_) => "set nurse of bay",
            Command::AskAboutPairs(_) => "ask about pairs",
            Command::ProposeDuplicate(_) => "propose duplicate",
            Command::NotTheSame(_) => "not the same",
            Command::TakeBackNotTheSame(_) => "take back not the same",
            Command::AskForMerge(_) => "ask for merge",
            Command::AgreeToMerge(_) => "merge patients",
            Command::Unmerge(_) => "unmerge patients",
            Command::Allocate(_) => "allocate item",
            Command::SetNhsNumberStatus(_) => "set NHS number status",
            Command::Arrive(_) => "arrive in the emergency department",
            Command::ExpectAmbulance(_) => "expect an ambulance",
            Command::HandOver(_) => "hand over",
            Command::Triage(_) => "triage",
            Command::AssessFirst(_) => "assess first",
            Command::MoveInDepartment(_) => "move in the department",
            Command::TakeOver(_) => "take over",
            Command::WaitFor(_) => "wait for",
            Command::DecideToAdmit(_) => "decide to admit",
            Command::Depart(_) => "depart",
            Command::LeaveBeforeSeen(_) => "leave before seen",
            Command::RemoveAttendance(_) => "remove an attendance",
            Command::AddTask(_) => "add task",
            Command::ChangeTask(command) => command.name(),
            Command::HandOverTask(_) => "hand task over",
            Command::HandOverTasks(_) => "hand tasks over",
            Command::AcceptTask(_) => "accept task",
            Command::Undo(_) => "undo",
            Command::ApplyConfiguration(_) => "apply configuration",
            Command::IssueNumbers(_) => "issue downtime numbers",
            Command::VoidNumbers(_) => "void downtime numbers",
            Command::BeginDowntime(_) => "begin downtime",
            Command::EndDowntime(_) => "end downtime",
            Command::BackEnter(_) => "enter downtime form",
            Command::ProposeConfiguration(_) => "propose configuration",
            Command::ApproveConfiguration(_) => "approve configuration",
            Command::PutAsideConfiguration(_) => "put configuration aside",
        }
    }

    /// Whether it gives somebody an NHS number.
    fn brings_a_number(&self) -> bool {
        match self {
            Command::Register(command) => command.person.nhs_number.is_some(),
            Command::CorrectPatient(command) => command.person.nhs_number.is_some(),
            Command::SetNhsNumberStatus(command) => command.number.is_some(),
            Command::BackEnter(command) => command.command.brings_a_number(),
            _ => false,
        }
    }

    /// The draft that it comes to on this reading, before the rules of owners.
    fn draft<'a>(&'a self, reading: &'a Reading, now: Moment) -> Drafting<'a> {
        match self {
            Command::Admit(command) => Box::pin(command.plan(reading, now)),
            Command::CorrectPatient(command) => Box::pin(command.plan(reading, now)),
            Command::MoveToBed(command) => Box::pin(command.plan(reading, now)),
            Command::RecordAnswer(command) => Box::pin(command.plan(reading, now)),
            Command::RecordIdentity(command) => Box::pin(command.plan(reading, now)),
            Command::Register(command) => Box::pin(command.plan(reading, now)),
            Command::RegisterMajorIncident(command) => Box::pin(command.plan(reading, now)),
            Command::RegisterNewborn(command) => Box::pin(command.plan(reading, now)),
            Command::Restrict(command) => Box::pin(command.plan(reading)),
            Command::OpenRestricted(command) => Box::pin(command.plan(reading, now)),
            Command::JudgeOpenings(command) => Box::pin(command.plan(reading, now)),
            Command::RequestAdmission(command) => Box::pin(command.plan(reading, now)),
            Command::SetTci(command) => Box::pin(command.plan(reading, now)),
            Command::ReserveBed(command) => Box::pin(command.plan(reading)),
            Command::ReleaseBed(command) => Box::pin(command.plan(reading)),
            Command::CancelAdmission(command) => Box::pin(command.plan(reading, now)),
            Command::ChangeConsultant(command) => Box::pin(command.plan(reading, now)),
            Command::CorrectMove(command) => Box::pin(command.plan(reading, now)),
            Command::CancelMove(command) => Box::pin(command.plan(reading, now)),
            Command::Leave(command) => Box::pin(command.plan(reading, now)),
            Command::Return(command) => Box::pin(command.plan(reading, now)),
            Command::Discharge(command) => Box::pin(command.plan(reading, now)),
            Command::Death(command) => Box::pin(command.plan(reading, now)),
            Command::Detain(command) => Box::pin(command.plan(reading, now)),
            Command::EndDetention(command) => Box::pin(command.plan(reading, now)),
            Command::SayWhyMixed(command) => Box::pin(command.plan(reading)),
            Command::NotDead(command) => Box::pin(command.plan(reading, now)),
            Command::SetDischargePlan(command) => Box::pin(command.plan(reading, now)),
            Command::SetBedState(command) => Box::pin(command.plan(reading, now)),
            Command::SetNurse(command) => Box::pin(command.plan(reading)),
            Command::AskAboutPairs(command) => Box::pin(command.plan(reading, now)),
            Command::ProposeDuplicate(command) => Box::pin(command.plan(reading, now)),
            Command::NotTheSame(command) => Box::pin(command.plan(reading, now)),
            Command::TakeBackNotTheSame(command) => Box::pin(command.plan(reading, now)),
            Command::AskForMerge(command) => Box::pin(command.plan(reading, now)),
            Command::AgreeToMerge(command) => Box::pin(command.plan(reading, now)),
            Command::Unmerge(command) => Box::pin(command.plan(reading, now)),
            Command::Allocate(command) => Box::pin(command.plan(reading, now)),
            Command::SetNhsNumberStatus(command) => Box::pin(command.plan(reading)),
            Command::Arrive(command) => Box::pin(command.plan(reading, now)),
            Command::ExpectAmbulance(command) => Box::pin(command.plan(reading, now)),
            Command::HandOver(command) => Box::pin(command.plan(reading, now)),
            Command::Triage(command) => Box::pin(command.plan(reading, now)),
            Command::AssessFirst(command) => Box::pin(command.plan(reading, now)),
            Command::MoveInDepartment(command) => Box::pin(command.plan(reading, now)),
            Command::TakeOver(command) => Box::pin(command.plan(reading, now)),
            Command::WaitFor(command) => Box::pin(command.plan(reading, now)),
            Command::DecideToAdmit(command) => Box::pin(command.plan(reading, now)),
            Command::Depart(command) => Box::pin(command.plan(reading, now)),
            Command::LeaveBeforeSeen(command) => Box::pin(command.plan(reading, now)),
            Command::RemoveAttendance(command) => Box::pin(command.plan(reading)),
            Command::AddTask(command) => Box::pin(command.plan(reading, now)),
            Command::ChangeTask(command) => Box::pin(command.plan(reading, now)),
            Command::HandOverTask(command) => Box::pin(command.plan(reading, now)),
            Command::HandOverTasks(command) => Box::pin(command.plan(reading, now)),
            Command::AcceptTask(command) => Box::pin(command.plan(reading, now)),
            Command::Undo(command) => Box::pin(command.plan(reading, now)),
            Command::ApplyConfiguration(command) => Box::pin(command.plan(reading, now)),
            Command::ProposeConfiguration(command) => Box::pin(command.plan(reading, now)),
            Command::ApproveConfiguration(command) => Box::pin(command.plan(reading, now)),
            Command::PutAsideConfiguration(command) => Box::pin(command.plan(reading)),
            Command::IssueNumbers(command) => Box::pin(command.plan(reading, now)),
            Command::VoidNumbers(command) => Box::pin(command.plan(reading, now)),
            Command::BeginDowntime(command) => Box::pin(command.plan(reading, now)),
            Command::EndDowntime(command) => Box::pin(command.plan(reading, now)),
            Command::BackEnter(command) => Box::pin(command.plan(reading, now)),
        }
    }

    /// The draft that it comes to on this reading.
    async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let draft = self.draft(reading, now).await?;
        // What an undo brings back is what it was, its mark too.
        let draft = if matches!(self, Command::BackEnter(_) | Command::Undo(_)) { draft } else { unmarked(draft)? };
        // A command knows whom it puts where; what would take a bed from somebody else's patient is refused.
        match owner::judged(reading, draft, matches!(self, Command::Undo(_))).await? {
            (draft, false) => Ok(with_questions(reading, draft, now).await?),
            (_, true) => {
                let sentence = "The bed is somebody else's now. Look at the ward, then choose another place.";
                Err(TransactError::Refused(Refusal::new("bed-taken", sentence)))
            }
        }
    }
}

/// Carries a command out: gathers, decides, commits; again when somebody was faster.
///
/// # Errors
/// The rules said no, or the world failed; then nothing of it is in the journal.
pub async fn carry_out(
    record: &Record,
    permit: &Permit,
    command: &Command,
    (cause, idempotency): (Cause, Option<IdempotencyKey>),
    now: Moment,
) -> Result<Receipt, TransactError<Refusal>> {
    let act = Act { command: command.name().to_owned(), cause, idempotency };
    let decide = |reading: Arc<Reading>| async move { command.plan(&reading, now).await };
    match record.transact(permit, act, decide).await {
        // What a number stands on may be a record that this permit does not reach: then no reading shows who has it.
        Err(TransactError::Contended { key: None }) if command.brings_a_number() => {
            Err(TransactError::Refused(Refusal::at("nhs-number-held", "nhs_number", NUMBER_HELD)))
        }
        // The same of what was recorded on something that is undone.
        Err(TransactError::Contended { key: None }) if matches!(command, Command::Undo(_)) => {
            Err(TransactError::Refused(undo::built_upon()))
        }
        done => done,
    }
}
