//! Addresses of the pages of one trust: the only place where they are put together.
//!
//! Readable, and safe to send to a colleague: opening one checks access again.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The addresses of one trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    base: String,
}

impl Links {
    /// The addresses of the trust with this code.
    pub fn of(trust_code: &str) -> Links {
        Links { base: format!("/t/{trust_code}") }
    }

    /// Where a person begins.
    pub fn home(&self) -> String {
        format!("{}/", self.base)
    }

    /// The patient search.
    pub fn patients(&self) -> String {
        format!("{}/patients", self.base)
    }

    /// The results of a search as a part of the page.
    pub fn found(&self) -> String {
        format!("{}/patients/found", self.base)
    }

    /// The patient search for some words.
    pub fn search(&self, query: &str, include_died: bool) -> String {
        let died = if include_died { "&died=1" } else { "" };
        format!("{}?q={}{died}", self.patients(), encode(query))
    }

    /// A patient's summary.
    pub fn patient(&self, id: &str) -> String {
        format!("{}/patients/{}", self.base, encode(id))
    }

    /// Who has looked at a patient.
    pub fn who_looked(&self, id: &str) -> String {
        format!("{}/who-has-looked", self.patient(id))
    }

    /// Where the reason for opening a restricted record is sent.
    pub fn open_restricted(&self, id: &str) -> String {
        format!("{}/open", self.patient(id))
    }

    /// Restricted access to review.
    pub fn restricted_access(&self) -> String {
        format!("{}/restricted-access", self.base)
    }

    /// Restricted access to follow up.
    pub fn access_follow_up(&self) -> String {
        format!("{}/restricted-access/follow-up", self.base)
    }

    /// The person's own account and keys.
    pub fn account(&self) -> String {
        format!("{}/account", self.base)
    }

    /// Where a person changes their password.
    pub fn password(&self) -> String {
        format!("{}/password", self.base)
    }

    /// The pairs of records that could be one person.
    pub fn duplicates(&self) -> String {
        format!("{}/duplicates", self.base)
    }

    /// One such pair.
    pub fn duplicate(&self, id: &str) -> String {
        format!("{}/{}", self.duplicates(), encode(id))
    }

    /// Where what an unmerge left is given out.
    pub(crate) fn give_out(&self, list: &str) -> String {
        format!("{}/unmerged/{}/give", self.base, encode(list))
    }

    /// The board of the trust's first emergency department.
    pub fn emergency(&self) -> String {
        format!("{}/emergency", self.base)
    }

    /// The board of a department, in an order, of a question; what is empty is left out.
    pub fn emergency_as(&self, department: &str, view: &str, only: &str) -> String {
        self.emergency_query("", &[("department", department), ("view", view), ("only", only)])
    }

    /// The rows of a department's board as they change, for a page that shows a sequence.
    pub(crate) fn emergency_live(&self, department: &str, at: u64) -> String {
        self.emergency_query("/live", &[("department", department), ("at", &at.to_string())])
    }

    fn emergency_query(&self, part: &str, asked: &[(&str, &str)]) -> String {
        let asked: Vec<String> = asked
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let query = if asked.is_empty() { String::new() } else { format!("?{}", asked.join("&")) };
        format!("{}{part}{query}", self.emergency())
    }

    /// A form of the emergency department, such as `arrive`, perhaps about an ambulance that was announced.
    pub fn emergency_form(&self, form: &str, department: &str, due: Option<&str>) -> String {
        let due = due.map(|due| format!("&attendance={}", encode(due))).unwrap_or_default();
        format!("{}/{form}?department={}{due}", self.emergency(), encode(department))
    }

    /// The form of a patient's arrival.
    pub fn emergency_arrival(&self, department: &str, patient: &str, due: Option<&str>) -> String {
        format!("{}&patient={}", self.emergency_form("arrive", department, due), encode(patient))
    }

    /// The form that says that a place is clean.
    pub fn emergency_place(&self, department: &str, place: &str) -> String {
        format!("{}&place={}", self.emergency_form("place", department, None), encode(place))
    }

    /// A form about an attendance.
    pub fn emergency_act(&self, attendance: &str, act: &str) -> String {
        format!("{}/{}/{act}", self.emergency(), encode(attendance))
    }

    /// Downtimes, their numbers and forms.
    pub fn downtime(&self) -> String {
        format!("{}/downtime", self.base)
    }

    /// The sheets that this host has made for a downtime.
    pub fn downtime_sheets(&self) -> String {
        format!("{}/sheets", self.downtime())
    }

    /// One sheet of a pack.
    pub fn downtime_sheet(&self, pack: &str, name: &str) -> String {
        format!("{}/{}/{}.html", self.downtime_sheets(), encode(pack), encode(name))
    }

    /// Where somebody says where they work.
    pub fn place(&self) -> String {
        format!("{}/place", self.base)
    }

    /// The list of a kind of obligation: of a `ward`, `mine`, or `all`.
    pub fn owed(&self, kind: &str, of: &str) -> String {
        format!("{}/obligations/{}?of={}", self.base, encode(kind), encode(of))
    }

    /// Who shared a bay with the other sex, on a ward or on every one, in this month or the last.
    pub fn mixed_sex(&self, ward: &str, is_last: bool) -> String {
        let month = if is_last { "&month=last" } else { "" };
        format!("{}/mixed-sex?ward={}{month}", self.base, encode(ward))
    }

    /// Where tasks are added.
    pub fn tasks(&self) -> String {
        format!("{}/tasks", self.base)
    }

    /// Where somebody hands their tasks over.
    pub(crate) fn hand_over(&self) -> String {
        format!("{}/hand-over", self.tasks())
    }

    /// The open tasks about a patient.
    pub(crate) fn tasks_of(&self, patient: &str) -> String {
        format!("{}?patient={}", self.tasks(), encode(patient))
    }

    /// The form for a new task, perhaps from an obligation: kind and anchor.
    pub fn new_task(&self, from: Option<(&str, &str)>) -> String {
        let from = from.map(|(kind, anchor)| format!("?kind={}&anchor={}", encode(kind), encode(anchor)));
        format!("{}/new{}", self.tasks(), from.unwrap_or_default())
    }

    /// The form for a new task about a patient.
    pub(crate) fn new_task_for(&self, patient: &str) -> String {
        format!("{}/new?patient={}&back={}", self.tasks(), encode(patient), encode(&self.tasks_of(patient)))
    }

    /// A task.
    pub fn task(&self, id: &str) -> String {
        format!("{}/{}", self.tasks(), encode(id))
    }

    /// Where something is done with a task.
    pub fn task_act(&self, id: &str, act: &str) -> String {
        format!("{}/{act}", self.task(id))
    }

    /// The wards.
    pub fn wards(&self) -> String {
        format!("{}/wards", self.base)
    }

    /// A ward's board.
    pub fn ward(&self, id: &str) -> String {
        format!("{}/wards/{}", self.base, encode(id))
    }

    /// The rows of a board as they change.
    pub fn ward_live(&self, id: &str) -> String {
        format!("{}/live", self.ward(id))
    }

    /// A ward on one sheet of paper.
    pub fn handover(&self, id: &str) -> String {
        format!("{}/handover", self.ward(id))
    }

    /// The form that moves a patient, perhaps to a place that was named.
    pub fn move_form(&self, ward: &str, stay: &str, to: Option<&str>) -> String {
        let to = to.map(|to| format!("&to={}", encode(to))).unwrap_or_default();
        format!("{}/move?stay={}{to}", self.ward(ward), encode(stay))
    }

    /// The form that admits a patient, perhaps to a place that was named.
    pub fn admit_form(&self, ward: &str, to: Option<&str>) -> String {
        let to = to.map(|to| format!("?place={}", encode(to))).unwrap_or_default();
        format!("{}/admit{to}", self.ward(ward))
    }

    /// The form that admits an expected patient to the bed that is kept for them.
    pub(crate) fn admit_expected(&self, ward: &str, bed: &str, patient: &str, stay: &str) -> String {
        format!("{}&patient={}&stay={}", self.admit_form(ward, Some(bed)), encode(patient), encode(stay))
    }

    /// The form that says how a bed is.
    pub fn bed_form(&self, ward: &str, bed: &str) -> String {
        format!("{}/bed?bed={}", self.ward(ward), encode(bed))
    }

    /// The form that gives a bay to a nurse.
    pub(crate) fn nurse_form(&self, ward: &str, room: &str) -> String {
        format!("{}/nurse?room={}", self.ward(ward), encode(room))
    }

    /// The form that keeps a bed for somebody.
    pub(crate) fn reserve_form(&self, ward: &str, bed: &str) -> String {
        format!("{}/reserve?bed={}", self.ward(ward), encode(bed))
    }

    /// Admissions and bed requests.
    pub fn admissions(&self) -> String {
        format!("{}/admissions", self.base)
    }

    /// A new decision to admit, perhaps for a patient.
    pub fn new_request(&self, patient: Option<&str>) -> String {
        let patient = patient.map(|id| format!("?patient={}", encode(id))).unwrap_or_default();
        format!("{}/new{patient}", self.admissions())
    }

    /// One stay.
    pub fn stay(&self, id: &str) -> String {
        format!("{}/stays/{}", self.base, encode(id))
    }

    /// The page of a stay with the form of an act open.
    pub(crate) fn stay_act(&self, id: &str, act: &str) -> String {
        format!("{}?act={act}#{act}-form", self.stay(id))
    }

    /// Where a commit of the last minutes is taken back.
    pub fn undo(&self) -> String {
        format!("{}/undo", self.base)
    }

    /// The accounts of the trust, for its administrators.
    pub fn accounts(&self) -> String {
        format!("{}/accounts", self.base)
    }

    /// One of them.
    pub fn account_of(&self, name: &str) -> String {
        format!("{}/{}", self.accounts(), encode(name))
    }

    /// Where it is said which member of staff its person is.
    pub(crate) fn account_staff(&self, name: &str) -> String {
        format!("{}/staff", self.account_of(name))
    }

    /// The patients of whoever asks.
    pub(crate) fn my_patients(&self) -> String {
        format!("{}/my-patients", self.base)
    }

    /// Where a change of the configuration is written; with a file, that file.
    pub fn configuration_propose(&self, file: Option<&str>) -> String {
        let file = file.map(|file| format!("?file={}", encode(file))).unwrap_or_default();
        format!("{}/propose{file}", self.configuration())
    }

    /// A step of a proposal: `approve`, `aside` or `back`.
    pub fn configuration_step(&self, step: &str) -> String {
        format!("{}/proposal/{step}", self.configuration())
    }

    /// The trust's configuration.
    pub fn configuration(&self) -> String {
        format!("{}/configuration", self.base)
    }

    /// A version of it beside the one before.
    pub fn configuration_version(&self, version: u64) -> String {
        format!("{}?version={version}", self.configuration())
    }

    /// All its files as one text.
    pub fn configuration_text(&self) -> String {
        format!("{}/files", self.configuration())
    }

    /// The trust's code.
    pub fn trust_code(&self) -> &str {
        self.base.strip_prefix("/t/").unwrap_or(&self.base)
    }

    /// Where drafts are kept.
    pub fn drafts(&self) -> String {
        format!("{}/drafts", self.base)
    }

    /// Where a patient is registered.
    pub fn register(&self) -> String {
        format!("{}/register", self.base)
    }

    /// The same, with what was searched for.
    pub fn register_after(&self, query: &str) -> String {
        format!("{}?q={}", self.register(), encode(query))
    }

    /// Step 2 of a registration: what is asked one by one.
    pub fn details(&self, id: &str) -> String {
        format!("{}/details", self.patient(id))
    }

    /// Where a patient's details are corrected.
    pub fn correct(&self, id: &str) -> String {
        format!("{}/correct", self.patient(id))
    }

    /// The packs of a major incident.
    pub fn incident(&self) -> String {
        format!("{}/incident", self.base)
    }

    /// Where a newborn is registered from the mother's record.
    pub fn newborn(&self, id: &str) -> String {
        format!("{}/newborn", self.patient(id))
    }

    /// The host's trusts.
    pub fn host(&self) -> String {
        format!("{}/host", self.base)
    }

    /// The parts of the host page as they change.
    pub fn host_live(&self) -> String {
        format!("{}/live", self.host())
    }

    /// The moves of the host.
    pub fn moves(&self) -> String {
        format!("{}/moves", self.base)
    }

    /// The move of a trust.
    pub fn moving(&self, code: &str) -> String {
        format!("{}/{}", self.moves(), encode(code))
    }

    /// The parts of its page as they change.
    pub fn move_live(&self, code: &str) -> String {
        format!("{}/live", self.moving(code))
    }

    /// An act on it, such as `rehearse`.
    pub fn move_act(&self, code: &str, act: &str) -> String {
        format!("{}/{act}", self.moving(code))
    }

    /// A file of it: `ticket` or `certificate`.
    pub fn move_file(&self, code: &str, file: &str) -> String {
        format!("{}/file/{file}", self.moving(code))
    }

    /// All trusts of the consortium against the deadline.
    pub fn oversight(&self) -> String {
        format!("{}/oversight", self.base)
    }
}

/// A text as one part of an address.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string().replace("%2D", "-").replace("%2E", ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_into_an_address_stays_in_its_place() {
        let links = Links::of("RTX");
        assert_eq!(links.patient("adeyemi-folasade"), "/t/RTX/patients/adeyemi-folasade");
        assert_eq!(links.patient("../x?y"), "/t/RTX/patients/..%2Fx%3Fy");
        assert_eq!(links.search("o'neil & son", true), "/t/RTX/patients?q=o%27neil%20%26%20son&died=1");
    }
}
