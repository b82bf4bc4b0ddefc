//! The rules of staff, services and job roles, and of the people that wards and services name.
//!
//! Looks at a configuration that was understood.

use std::collections::BTreeMap;

use super::codes::List;
use super::finding::{
    At, BAD_NUMBER, Finding, NOT_A_CONSULTANT, SERVICE_WITHOUT_CONSULTANT, UNKNOWN_PERSON, UNKNOWN_ROLE,
    UNKNOWN_SERVICE, UNKNOWN_WARD,
};
use super::lint::{id, listed, near};
use super::model::{Configuration, Member};

/// Finds what is wrong with people and services.
pub(super) fn people(of: &Configuration, findings: &mut Vec<Finding>) {
    let known = Known::of(of);
    for place in &of.places {
        let line = place.written.line("consultants");
        known.consultants(of, &place.consultants, &place.name, line, findings);
        if let Some(manager) = &place.manager {
            known.person(manager, &format!("the manager of {}", place.name), place.written.line("manager"), findings);
        }
    }
    for service in &of.services {
        id("service", &service.code, &service.written.at, findings);
        let line = service.written.line("consultants");
        known.consultants(of, &service.consultants, &service.name, line, findings);
        known.wards(&service.wards, &service.name, service.written.line("wards"), findings);
        if let Some(code) = &service.treatment_function {
            listed(List::TreatmentFunction, code, service.written.line("treatment-function"), findings);
        }
        let works_here = |member: &Member| member.services.contains(&service.code) && is_consultant(of, member);
        if service.consultants.is_empty() && !of.staff.iter().any(works_here) {
            let what = format!("{} has no consultant", service.name);
            let advice = "Write: consultants = [\"okafor\"]";
            findings.push(SERVICE_WITHOUT_CONSULTANT.found(&service.written.at, what, advice));
        }
    }
    for member in &of.staff {
        id("member of staff", &member.code, &member.written.at, findings);
        known.member(member, findings);
    }
    for role in &of.roles {
        id("job role", &role.code, &role.written.at, findings);
        if let Some(code) = &role.national {
            listed(List::JobRole, code, role.written.line("national"), findings);
        }
    }
    let Some(trust) = &of.trust else { return };
    if let Some(ods) = trust.ods.as_ref().filter(|ods| !is_ods(ods)) {
        let what = format!("“{ods}” is no code of the Organisation Data Service");
        let advice = "Such a code has 3 to 6 capital letters and digits, such as ods = \"RTH\".";
        findings.push(BAD_NUMBER.found(trust.written.line("ods"), what, advice));
    }
}

fn is_consultant(of: &Configuration, member: &Member) -> bool {
    member.role.as_ref().and_then(|code| of.role(code)).is_some_and(|role| role.is_consultant)
}

/// Codes that are there, and whether those of staff are consultants'.
struct Known<'c> {
    staff: BTreeMap<&'c str, &'c Member>,
    wards: BTreeMap<&'c str, ()>,
    services: BTreeMap<&'c str, ()>,
    roles: BTreeMap<&'c str, ()>,
}

impl<'c> Known<'c> {
    fn of(of: &'c Configuration) -> Known<'c> {
        Known {
            staff: of.staff.iter().map(|member| (member.code.as_str(), member)).collect(),
            wards: of.wards().map(|ward| (ward.code.as_str(), ())).collect(),
            services: of.services.iter().map(|service| (service.code.as_str(), ())).collect(),
            roles: of.roles.iter().map(|role| (role.code.as_str(), ())).collect(),
        }
    }

    fn person(&self, code: &str, who: &str, at: &At, findings: &mut Vec<Finding>) {
        if !self.staff.contains_key(code) {
            let what = format!("{who} is “{code}”, who is nobody");
            findings.push(UNKNOWN_PERSON.found(at, what, near(code, &self.staff)));
        }
    }

    fn consultants(&self, of: &Configuration, codes: &[String], whose: &str, at: &At, findings: &mut Vec<Finding>) {
        for code in codes {
            self.person(code, &format!("a consultant of {whose}"), at, findings);
            let Some(member) = self.staff.get(code.as_str()).filter(|member| !is_consultant(of, member)) else {
                continue;
            };
            let what = format!("{} is named as a consultant of {whose} and has another job role", member.name);
            findings.push(NOT_A_CONSULTANT.found(at, what, "Write consultant = true at the job role, or look again."));
        }
    }

    fn wards(&self, codes: &[String], whose: &str, at: &At, findings: &mut Vec<Finding>) {
        for code in codes.iter().filter(|code| !self.wards.contains_key(code.as_str())) {
            let what = format!("{whose} names the ward “{code}”, which is not there");
            findings.push(UNKNOWN_WARD.found(at, what, near(code, &self.wards)));
        }
    }

    fn member(&self, member: &Member, findings: &mut Vec<Finding>) {
        let written = &member.written;
        self.wards(&member.wards, &member.name, written.line("wards"), findings);
        for code in member.services.iter().filter(|code| !self.services.contains_key(code.as_str())) {
            let what = format!("{} names the service “{code}”, which is not there", member.name);
            findings.push(UNKNOWN_SERVICE.found(written.line("services"), what, near(code, &self.services)));
        }
        if let Some(code) = member.role.as_ref().filter(|code| !self.roles.contains_key(code.as_str())) {
            let what = format!("{} has the job role “{code}”, which is not there", member.name);
            findings.push(UNKNOWN_ROLE.found(written.line("role"), what, near(code, &self.roles)));
        }
        if let Some(code) = &member.main_specialty {
            listed(List::MainSpecialty, code, written.line("main-specialty"), findings);
        }
        if let Some(number) = member.gmc.as_ref().filter(|number| !is_gmc(number)) {
            let what = format!("“{number}” is no number of the General Medical Council");
            findings.push(BAD_NUMBER.found(written.line("gmc"), what, "It has 7 digits: gmc = \"3456789\""));
        }
        if let Some(number) = member.nmc.as_ref().filter(|number| !is_nmc(number)) {
            let what = format!("“{number}” is no number of the Nursing and Midwifery Council");
            findings.push(BAD_NUMBER.found(written.line("nmc"), what, "It looks like nmc = \"12A3456E\""));
        }
    }
}

/// Seven digits.
fn is_gmc(number: &str) -> bool {
    number.len() == 7 && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Two digits, a letter, four digits, a letter.
fn is_nmc(number: &str) -> bool {
    let is_letter = |at: usize| at == 2 || at == 7;
    number.len() == 8
        && number
            .bytes()
            .enumerate()
            .all(|(at, byte)| if is_letter(at) { byte.is_ascii_uppercase() } else { byte.is_ascii_digit() })
}

fn is_ods(code: &str) -> bool {
    (3..=6).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}
