//! The Personal Demographics Service as this host reaches it. A live trust has no line to it yet and every page says so. A
//! demonstration has a fake: an invented set of people, read in PDS's own form, and labelled as a fake on every page.
//!
//! The fake answers as the service does (Personal Demographics Service FHIR API): one person or nobody, and *more than
//! one* instead of a choice. It keeps nothing and is asked nothing by the network.

use std::sync::{Arc, LazyLock};

use administration::registration::pds::{PdsAnswer, PdsPerson, Trace, answer};
use portal::Pds;

use crate::host::Trust;

/// What stands on the page beside every answer of the fake.
const LABEL: &str = "Not PDS: a fake with invented people, for this demonstration.";

/// The people whom the fake knows, one Patient of PDS's form a line.
const PEOPLE: &str = include_str!("pds-demonstration.ndjson");

/// The line of a trust.
pub(crate) fn of(trust: &Trust) -> Pds {
    static FAKE: LazyLock<Arc<Fake>> = LazyLock::new(|| Arc::new(Fake::of(PEOPLE.lines().map(str::as_bytes))));
    if !trust.entry.demonstration {
        return Pds::not_connected();
    }
    let fake = Arc::clone(&FAKE);
    Pds::by(Some(LABEL), move |trace| std::future::ready(fake.answer(&trace)))
}

/// An invented index.
struct Fake {
    people: Vec<PdsPerson>,
}

impl Fake {
    fn of<'t>(texts: impl Iterator<Item = &'t [u8]>) -> Fake {
        Fake { people: texts.filter_map(PdsPerson::read).collect() }
    }

    fn answer(&self, trace: &Trace) -> PdsAnswer {
        answer(&self.people, trace)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use std::io::Read as _;
    use std::path::Path;

    use terms::NhsNumber;

    use super::*;

    /// Every response of PDS's own sandbox whose name contains `part`.
    fn sandbox(part: &str) -> Vec<Vec<u8>> {
        let root = std::env::var_os("ALMONER_SUITES")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites"), Into::into);
        let path = root.join("../nhs/data/pds-fhir-sandbox.tar.gz");
        let file = std::fs::File::open(path).unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
        let mut texts = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            if entry.path().unwrap().to_string_lossy().contains(part) {
                let mut text = Vec::new();
                entry.read_to_end(&mut text).unwrap();
                texts.push(text);
            }
        }
        assert!(!texts.is_empty(), "{part}");
        texts
    }

    #[test]
    fn answers_of_pds_s_own_sandbox_are_read() {
        let patients = sandbox("stubs/patientResponses/");
        let fake = Fake::of(patients.iter().map(Vec::as_slice));
        let of = |number: &str| fake.answer(&Trace::Number(NhsNumber::parse(number).unwrap()));
        let PdsAnswer::One(jane) = of("9000000009") else { panic!("nobody") };
        assert_eq!((jane.person.family.as_str(), jane.person.given.as_str()), ("Smith", "Jane"));
        assert!(jane.died.is_some() && !jane.is_sensitive);
        // PDS hides where a sensitive person is; nothing of it is shown or filled in, even if some of it were sent.
        let PdsAnswer::One(janet) = of("9000000025") else { panic!("nobody") };
        let filled = janet.prefill();
        assert!(janet.is_sensitive && filled.address.is_none() && filled.mobile.is_none() && filled.gp.is_none());
        // A record with next to nothing in it is read too.
        assert!(matches!(of("9000000033"), PdsAnswer::One(_)));
        assert_eq!(of("9990142076"), PdsAnswer::None);
        let people: Vec<PdsPerson> =
            sandbox("fuzzy_multimatch").iter().flat_map(|text| PdsPerson::read_bundle(text)).collect();
        assert!(people.len() > 1, "{people:?}");
    }

    #[test]
    fn the_fake_knows_its_people_and_only_synthetic_ones() {
        let fake = Fake::of(PEOPLE.lines().map(str::as_bytes));
        assert_eq!(fake.people.len(), PEOPLE.lines().count(), "every line is a person");
        assert!(fake.people.iter().all(|person| person.number.is_synthetic()));
        let person = |family: &str, born: &str| Trace::Person {
            family: family.into(),
            given: String::new(),
            born: born.parse().unwrap(),
        };
        assert!(matches!(fake.answer(&person("wojcik", "1988-06-09")), PdsAnswer::One(_)));
        assert_eq!(fake.answer(&person("khan", "1990-05-05")), PdsAnswer::Many);
        assert_eq!(fake.answer(&person("nobody", "1990-05-05")), PdsAnswer::None);
        let PdsAnswer::One(hidden) = fake.answer(&person("okonkwo", "1979-02-11")) else { panic!("nobody") };
        assert!(hidden.is_sensitive && hidden.person.address.is_none());
    }
}
