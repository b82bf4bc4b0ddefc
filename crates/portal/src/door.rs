//! What `hosting` hands to the pages: a way into one trust's record for one request of one person.
//!
//! `hosting` has resolved the trust and the session and decided access; the permit is the proof. Knows no cookie and
//! no password.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use access::Permit;
use administration::obligations::Owner;
use administration::registration::pds::{PdsAnswer, Trace};
use record::Record;
use terms::{Clock, Moment};

use crate::Setting;
use crate::components::frame::Environment;
use crate::here::Here;
use crate::live::Boards;
use crate::recent::LastLooks;

/// One request's way into one trust. `hosting` puts it into the request's extensions; without one no page answers.
#[derive(Clone)]
pub struct Door {
    /// The trust's record.
    pub record: Record,
    /// Proof that access was decided for this request.
    pub permit: Permit,
    /// The member of staff that the person is: the id of a Practitioner. What is theirs is the person's.
    pub staff: Option<String>,
    /// The trust's code, as in its addresses.
    pub trust_code: String,
    /// The trust's name for people.
    pub trust_name: String,
    /// What people are called.
    pub names: Names,
    /// The national index.
    pub pds: Pds,
    /// What kind of system this is.
    pub environment: Environment,
    /// The token that this session's forms carry.
    pub form_token: String,
    /// Names the request in the journal and the log. No patient data.
    pub request: String,
    /// When the request came.
    pub now: Moment,
    /// Where the person works; read by the pages' own layer.
    pub here: Here,
    /// Where the present moment comes from, for what goes on after an answer has begun.
    pub clock: Clock,
    /// Whether the session that asked still holds.
    pub holds: Holds,
    /// The boards of the trust that somebody looks at.
    pub boards: Boards,
    /// Whom its people looked at last.
    pub last_looks: LastLooks,
}

/// Asks whether a session still holds: what goes on after an answer has begun ends with it.
#[derive(Clone)]
pub struct Holds(Arc<AskHolds>);

/// A question that is answered with yes or no.
type AskHolds = dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync;

impl Holds {
    /// By this question.
    pub fn by<Asking>(ask: impl Fn() -> Asking + Send + Sync + 'static) -> Holds
    where
        Asking: Future<Output = bool> + Send + 'static,
    {
        Holds(Arc::new(move || Box::pin(ask())))
    }

    /// Whether it does.
    pub(crate) async fn still(&self) -> bool {
        (self.0)().await
    }
}

/// How pages learn what people are called: the access journal has their stable ids and nothing else. Whoever is not
/// found is shown by the id.
#[derive(Clone)]
pub struct Names(Arc<Find>);

/// Who holds accounts, by stable id, for a list of stable ids: their names, and whether the account may sign in.
type Find = dyn Fn(Vec<String>) -> Pin<Box<dyn Future<Output = BTreeMap<String, Owner>> + Send>> + Send + Sync;

/// How pages ask the Personal Demographics Service, and what stands on the page about who answers.
#[derive(Clone)]
pub struct Pds {
    /// What is said about the answers, such as that they are invented; `None` for the service itself.
    pub label: Option<&'static str>,
    ask: Arc<Ask>,
}

/// An answer to a question.
type Ask = dyn Fn(Trace) -> Pin<Box<dyn Future<Output = PdsAnswer> + Send>> + Send + Sync;

impl Pds {
    /// Answers that this function gives.
    pub fn by<Answering>(label: Option<&'static str>, ask: impl Fn(Trace) -> Answering + Send + Sync + 'static) -> Pds
    where
        Answering: Future<Output = PdsAnswer> + Send + 'static,
    {
        Pds { label, ask: Arc::new(move |trace| Box::pin(ask(trace))) }
    }

    /// No line to PDS: every question says so.
    pub fn not_connected() -> Pds {
        Pds::by(None, |_| std::future::ready(PdsAnswer::Unavailable("PDS is not connected here.".into())))
    }

    /// Asks.
    pub(crate) async fn ask(&self, trace: Trace) -> PdsAnswer {
        (self.ask)(trace).await
    }
}

impl Names {
    /// Names that this function finds.
    pub fn by<Finding>(find: impl Fn(Vec<String>) -> Finding + Send + Sync + 'static) -> Names
    where
        Finding: Future<Output = BTreeMap<String, Owner>> + Send + 'static,
    {
        Names(Arc::new(move |ids| Box::pin(find(ids))))
    }

    /// Who holds the accounts of these stable ids.
    pub(crate) async fn holders(&self, ids: Vec<String>) -> BTreeMap<String, Owner> {
        (self.0)(ids).await
    }

    /// What these stable ids are called, also when their account is closed.
    pub(crate) async fn of(&self, ids: Vec<String>) -> BTreeMap<String, String> {
        self.holders(ids).await.into_iter().map(|(id, holder)| (id, holder.name)).collect()
    }
}

impl Door {
    /// The setting of a page that `hosting` renders itself.
    pub fn page_setting(&self) -> Setting {
        self.setting()
    }

    /// The plain names under which something is the person's own: their account's, and that of the member of staff they are.
    pub(crate) fn own_names(&self) -> Vec<String> {
        let staff = self.staff.as_ref().map(|staff| format!("practitioner/{staff}"));
        std::iter::once(self.permit.principal().id.clone()).chain(staff).collect()
    }

    /// The setting of this request's pages.
    pub(crate) fn setting(&self) -> Setting {
        let trust = (self.trust_code.as_str(), self.trust_name.as_str());
        let mut setting = Setting::new(trust, &self.permit, self.environment, &self.form_token, self.now);
        setting.form_key.clone_from(&self.request);
        setting.here.clone_from(&self.here);
        setting.back_entry = self.here.back_entry;
        setting
    }
}

/// What a page asks of the record, as the access journal has it. *Who has looked* says the same words.
pub(crate) mod asked {
    /// A patient's summary.
    pub(crate) const SUMMARY: &str = "page: summary";
    /// The board of the emergency department.
    pub(crate) const EMERGENCY: &str = "page: emergency board";
    /// The board of the emergency department that goes on while somebody looks.
    pub(crate) const LIVE_EMERGENCY: &str = "page: live emergency board";
    /// A form of the emergency department.
    pub(crate) const EMERGENCY_FORM: &str = "page: emergency form";
    /// The home page.
    pub(crate) const HOME: &str = "page: home";
    /// Where somebody works, for the bar and the rail: no patient is shown.
    pub(crate) const HERE: &str = "page: place of work";
    /// The places to choose from.
    pub(crate) const PLACE: &str = "page: places";
    /// The list behind a counter.
    pub(crate) const OWED: &str = "page: what is owed";
    /// The patients of whoever asks.
    pub(crate) const MY_PATIENTS: &str = "page: my patients";
    /// A task.
    pub(crate) const TASK: &str = "page: task";
    /// A ward's board.
    pub(crate) const BOARD: &str = "page: ward board";
    /// A ward's board that goes on while somebody looks.
    pub(crate) const LIVE_BOARD: &str = "page: live ward board";
    /// A ward's handover sheet.
    pub(crate) const HANDOVER: &str = "page: handover";
    /// A form of a ward: a move, an admission, a bed.
    pub(crate) const WARD_FORM: &str = "page: ward form";
    /// The list of wards.
    pub(crate) const WARDS: &str = "page: wards";
    /// Admissions and bed requests.
    pub(crate) const ADMISSIONS: &str = "page: admissions";
    /// One stay.
    pub(crate) const STAY: &str = "page: stay";
    pub(crate) const MIXED_SEX: &str = "page: mixed-sex accommodation";
    /// The patient search.
    pub(crate) const SEARCH: &str = "page: search";
    /// Two records side by side, or the list of such pairs.
    pub(crate) const DUPLICATES: &str = "page: possible duplicates";
    /// Records that could be somebody who is about to be registered.
    pub(crate) const REGISTER: &str = "page: register";
    /// A patient's details.
    pub(crate) const DETAILS: &str = "page: details";
    /// The account of downtimes.
    pub(crate) const DOWNTIME: &str = "page: downtime";
    /// The sheets of a downtime as they are made.
    pub(crate) const DOWNTIME_SHEETS: &str = "downtime sheets";
    /// A sheet that was made for a downtime.
    pub(crate) const DOWNTIME_SHEET: &str = "page: downtime sheet";
    /// The page that asks for a reason before a restricted record.
    pub(crate) const REASON: &str = "page: reason for a restricted record";
    /// A reason that was refused: the name of the command.
    pub(crate) const NO_REASON: &str = "open restricted record";
    /// Restricted access to review.
    pub(crate) const REVIEW: &str = "page: restricted access to review";
    /// Who has looked at a patient.
    pub(crate) const WHO_LOOKED: &str = "page: who has looked";
}
