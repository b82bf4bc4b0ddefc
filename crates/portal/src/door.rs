//! What `hosting` hands to the pages: a way into one trust's record for one request of one person.
//!
//! `hosting` has resolved the trust and the session and decided access; the permit is the proof. Knows no cookie and
//! no password.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use access::Permit;
use record::Record;
use terms::Moment;

use crate::Setting;
use crate::components::frame::Environment;

/// One request's way into one trust. `hosting` puts it into the request's extensions; without one no page answers.
#[derive(Clone)]
pub struct Door {
    /// The trust's record.
    pub record: Record,
    /// Proof that access was decided for this request.
    pub permit: Permit,
    /// The trust's code, as in its addresses.
    pub trust_code: String,
    /// The trust's name for people.
    pub trust_name: String,
    /// What people are called.
    pub names: Names,
    /// What kind of system this is.
    pub environment: Environment,
    /// The token that this session's forms carry.
    pub form_token: String,
    /// Names the request in the journal and the log. No patient data.
    pub request: String,
    /// When the request came.
    pub now: Moment,
}

/// How pages learn what people are called: the access journal has their stable ids and nothing else. Whoever is not
/// found is shown by the id.
#[derive(Clone)]
pub struct Names(Arc<Find>);

/// Names by stable id, for a list of stable ids.
type Find = dyn Fn(Vec<String>) -> Pin<Box<dyn Future<Output = BTreeMap<String, String>> + Send>> + Send + Sync;

impl Names {
    /// Names that this function finds.
    pub fn by<Finding>(find: impl Fn(Vec<String>) -> Finding + Send + Sync + 'static) -> Names
    where
        Finding: Future<Output = BTreeMap<String, String>> + Send + 'static,
    {
        Names(Arc::new(move |ids| Box::pin(find(ids))))
    }

    /// The names of these stable ids.
    pub(crate) async fn of(&self, ids: Vec<String>) -> BTreeMap<String, String> {
        (self.0)(ids).await
    }
}

impl Door {
    /// The setting of this request's pages.
    pub(crate) fn setting(&self) -> Setting {
        let trust = (self.trust_code.as_str(), self.trust_name.as_str());
        let mut setting = Setting::new(trust, &self.permit, self.environment, &self.form_token, self.now);
        setting.form_key.clone_from(&self.request);
        setting
    }
}

/// What a page asks of the record, as the access journal has it. *Who has looked* says the same words.
pub(crate) mod asked {
    /// A patient's summary.
    pub(crate) const SUMMARY: &str = "page: summary";
    /// The patient search.
    pub(crate) const SEARCH: &str = "page: search";
    /// Two records side by side, or the list of such pairs.
    pub(crate) const DUPLICATES: &str = "page: possible duplicates";
    /// Who has looked at a patient.
    pub(crate) const WHO_LOOKED: &str = "page: who has looked";
}
