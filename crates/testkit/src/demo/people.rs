//! The people of the demonstration: Mrs Adeyemi's ward, those with names like hers, one who has died, one newborn.
//! Everybody in it is invented; it knows nothing of stores or pages.

use super::places::{TRUST, bed, staff};
use super::story::Story;
use super::write::{Object, SNOMED, array, code, concept, quoted, reference, words};

/// One invented person.
pub(super) struct Person {
    id: &'static str,
    family: &'static str,
    given: &'static str,
    title: &'static str,
    preferred: Option<&'static str>,
    gender: &'static str,
    born: &'static str,
    nhs: Option<&'static str>,
    hospital: &'static str,
    address: (&'static str, &'static str),
    mobile: Option<&'static str>,
    allergies: Answer,
    stay: Option<Stay>,
}

/// What the person's record says about allergies.
pub(super) enum Answer {
    None,
    NotAsked,
    Agent {
        code: &'static str,
        agent: &'static str,
        reaction: (&'static str, &'static str),
    },
    /// Told elsewhere in the story.
    Elsewhere,
}

/// An open stay on Heron ward.
pub(super) struct Stay {
    bed: u8,
    since: &'static str,
    reason: (&'static str, &'static str),
    doctor: &'static str,
}

/// Somebody on Heron ward of whom nothing more is told than the board shows.
pub(super) const fn on_heron(
    id: &'static str,
    (family, given, title): (&'static str, &'static str, &'static str),
    (gender, born, nhs, hospital): (&'static str, &'static str, &'static str, &'static str),
    allergies: Answer,
    stay: Option<Stay>,
) -> Person {
    let address = ("6 Ferry Steps", "TH1 2RR");
    Person {
        id,
        family,
        given,
        title,
        preferred: None,
        gender,
        born,
        nhs: Some(nhs),
        hospital,
        address,
        mobile: None,
        allergies,
        stay,
    }
}

pub(super) const fn stay(
    bed: u8,
    since: &'static str,
    reason: (&'static str, &'static str),
    doctor: &'static str,
) -> Option<Stay> {
    Some(Stay { bed, since, reason, doctor })
}

const PEOPLE: &[Person] = &[
    Person {
        id: "adeyemi-folasade",
        family: "Adeyemi",
        given: "Folasade",
        title: "Mrs",
        preferred: Some("Grace"),
        gender: "female",
        born: "1951-03-14",
        nhs: Some("9990142076"),
        hospital: "TR 104 882",
        address: ("14 Quayside Row", "TH4 2QP"),
        mobile: Some("07700 900 412"),
        allergies: Answer::Elsewhere,
        stay: None,
    },
    Person {
        id: "adeyemi-f-grace",
        family: "Adeyemi",
        given: "F Grace",
        title: "Mrs",
        preferred: None,
        gender: "female",
        born: "1951-03-14",
        nhs: None,
        hospital: "TR 098 311",
        address: ("Flat 2, 9 Ropewalk", "TH1 7DD"),
        mobile: Some("07700 900 412"),
        allergies: Answer::NotAsked,
        stay: None,
    },
    Person {
        id: "adeyemi-folarin",
        family: "Adeyemi",
        given: "Folarin",
        title: "Mr",
        preferred: None,
        gender: "male",
        born: "1951-08-29",
        nhs: Some("9990610045"),
        hospital: "TR 088 140",
        address: ("77 Chandlers Way", "TH2 5LN"),
        mobile: None,
        allergies: Answer::None,
        stay: None,
    },
    Person {
        id: "adeyemo-folashade",
        family: "Adeyemo",
        given: "Folashade",
        title: "Ms",
        preferred: None,
        gender: "female",
        born: "1981-03-04",
        nhs: Some("9990610126"),
        hospital: "TR 131 077",
        address: ("3 Tallow Court", "TH4 9BX"),
        mobile: None,
        allergies: Answer::None,
        stay: None,
    },
    Person {
        id: "adeyemi-grace",
        family: "Adeyemi",
        given: "Grace",
        title: "Miss",
        preferred: None,
        gender: "female",
        born: "2015-03-14",
        nhs: Some("9990610215"),
        hospital: "TR 142 960",
        address: ("14 Quayside Row", "TH4 2QP"),
        mobile: None,
        allergies: Answer::None,
        stay: None,
    },
    Person {
        id: "wojcik-tomas",
        family: "Wójcik",
        given: "Tomás",
        title: "Mr",
        preferred: None,
        gender: "male",
        born: "1988-06-09",
        nhs: None,
        hospital: "TR 087 655",
        address: ("Flat 4, 6 Rope Street", "TH1 2CD"),
        mobile: None,
        allergies: Answer::NotAsked,
        stay: None,
    },
    Person {
        id: "wojcik-tomasz",
        family: "Wojcik",
        given: "Tomasz",
        title: "Mr",
        preferred: None,
        gender: "male",
        born: "1978-06-09",
        nhs: Some("9990710260"),
        hospital: "TR 112 390",
        address: ("15 Tiller Way", "TH5 4MN"),
        mobile: None,
        allergies: Answer::NotAsked,
        stay: None,
    },
    Person {
        id: "beckford-maureen",
        family: "Beckford",
        given: "Maureen",
        title: "Mrs",
        preferred: None,
        gender: "female",
        born: "1944-05-02",
        nhs: Some("9990201145"),
        hospital: "TR 077 015",
        address: ("2 Lighter Lane", "TH3 1AF"),
        mobile: None,
        allergies: Answer::None,
        stay: stay(2, "2026-11-09T11:20", ("195967001", "Asthma"), "okafor"),
    },
    Person {
        id: "farrow-daphne",
        family: "Farrow",
        given: "Daphne",
        title: "Miss",
        preferred: None,
        gender: "female",
        born: "1935-01-20",
        nhs: Some("9990201315"),
        hospital: "TR 051 334",
        address: ("Cooper House, 8 Cask Street", "TH2 8EE"),
        mobile: None,
        allergies: Answer::Agent { code: "300916003", agent: "latex", reaction: ("40275004", "contact dermatitis") },
        stay: stay(5, "2026-11-06T15:05", ("233604007", "Pneumonia"), "hughes"),
    },
    Person {
        id: "gill-harpreet",
        family: "Gill",
        given: "Harpreet",
        title: "Ms",
        preferred: None,
        gender: "female",
        born: "1969-06-11",
        nhs: Some("9990201498"),
        hospital: "TR 120 448",
        address: ("31 Anchor Terrace", "TH5 6PW"),
        mobile: Some("07700 900 655"),
        allergies: Answer::NotAsked,
        stay: stay(6, "2026-11-16T09:40", ("267036007", "Breathlessness"), "mistry"),
    },
    Person {
        id: "norris-leonard",
        family: "Norris",
        given: "Leonard",
        title: "Mr",
        preferred: Some("Len"),
        gender: "male",
        born: "1938-02-27",
        nhs: Some("9990202044"),
        hospital: "TR 033 902",
        address: ("5 Pilot Close", "TH3 4ND"),
        mobile: None,
        allergies: Answer::None,
        stay: stay(13, "2026-11-11T20:15", ("60046008", "Pleural effusion"), "hughes"),
    },
    Person {
        id: "oyelaran-tunde",
        family: "Oyelaran",
        given: "Tunde",
        title: "Mr",
        preferred: None,
        gender: "male",
        born: "1977-09-08",
        nhs: Some("9990202125"),
        hospital: "TR 137 201",
        address: ("19 Sailmakers Yard", "TH1 2GB"),
        mobile: Some("07700 900 731"),
        allergies: Answer::None,
        stay: stay(14, "2026-11-15T06:30", ("36118008", "Pneumothorax"), "okafor"),
    },
    Person {
        id: "patel-dinesh",
        family: "Patel",
        given: "Dinesh",
        title: "Mr",
        preferred: None,
        gender: "male",
        born: "1953-07-30",
        nhs: Some("9990202214"),
        hospital: "TR 094 556",
        address: ("48 Ferry Road", "TH4 7JH"),
        mobile: None,
        allergies: Answer::None,
        stay: stay(15, "2026-11-12T17:50", ("13645005", "Chronic obstructive pulmonary disease"), "mistry"),
    },
    Person {
        id: "hussain-nasreen",
        family: "Hussain",
        given: "Nasreen",
        title: "Mrs",
        preferred: None,
        gender: "female",
        born: "1974-04-19",
        nhs: Some("9990510504"),
        hospital: "TR 126 873",
        address: ("7 Gantry Street", "TH2 3RS"),
        mobile: Some("07700 900 518"),
        allergies: Answer::Agent { code: "293586001", agent: "aspirin", reaction: ("56018004", "wheeze") },
        // Told in the emergency department.
        stay: None,
    },
    Person {
        id: "cole-arthur",
        family: "Cole",
        given: "Arthur",
        title: "Mr",
        preferred: None,
        gender: "male",
        born: "1931-12-05",
        nhs: Some("9990615020"),
        hospital: "TR 012 118",
        address: ("1 Dock Cottages", "TH6 1AA"),
        mobile: None,
        allergies: Answer::None,
        stay: None,
    },
    Person {
        id: "hussain-baby",
        family: "Hussain",
        given: "Baby",
        title: "",
        preferred: None,
        gender: "female",
        born: "2026-11-15",
        nhs: None,
        hospital: "TR 150 002",
        address: ("7 Gantry Street", "TH2 3RS"),
        mobile: None,
        allergies: Answer::NotAsked,
        stay: None,
    },
];

/// Every resource of this file.
pub(super) fn resources(story: &Story) -> Vec<String> {
    let mut texts = vec![counter(story)];
    for person in PEOPLE.iter().chain(super::heron::PEOPLE) {
        texts.push(patient(person, story));
        texts.extend(allergy(person, story));
        texts.extend(person.stay.as_ref().map(|stay| encounter(person, stay, story)));
    }
    texts
}

/// Where the next hospital number is taken from.
fn counter(story: &Story) -> String {
    let prefix = Object::new().text("url", "urn:almoner:number-prefix").text("valueString", "TR");
    let next = Object::new().text("url", "urn:almoner:next-number").json("valueInteger", "150003");
    let id = Object::new().text("type", "uri").text("value", "urn:almoner:demo:hospital-number");
    Object::resource("NamingSystem", "hospital-number")
        .json("extension", array([prefix.done(), next.done()]))
        .text("name", "HospitalNumber")
        .text("status", "active")
        .text("kind", "identifier")
        .text("date", story.instant("2026-02-02T10:00"))
        .json("uniqueId", array([id.done()]))
        .done()
}

fn patient(person: &Person, story: &Story) -> String {
    let mut names = vec![name("official", person)];
    names.extend(
        person
            .preferred
            .map(|preferred| Object::new().text("use", "nickname").json("given", array([quoted(preferred)])).done()),
    );
    let born = if person.id == "hussain-baby" { story.day(person.born) } else { person.born.to_owned() };
    let died = (person.id == "cole-arthur").then(|| quoted(&story.instant("2026-10-28T21:15")));
    let hidden = (person.id == super::restricted::PATIENT).then(super::restricted::label);
    Object::resource("Patient", person.id)
        .json_if("meta", hidden)
        .json("identifier", array(identifiers(person)))
        .json("active", "true")
        .json("name", array(names))
        .json_if("telecom", telecom(person))
        .text("gender", person.gender)
        .text("birthDate", born)
        .json_if("deceasedDateTime", died)
        .json("address", array([address(person)]))
        .json_if("contact", (person.id == "adeyemi-folasade").then(kin))
        .json("generalPractitioner", array([reference("Practitioner/sandhu", "Dr R Sandhu, Wharf Lane Surgery")]))
        .json("managingOrganization", Object::new().text("reference", TRUST.0).done())
        .done()
}

fn identifiers(person: &Person) -> Vec<String> {
    let verified = concept(
        "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus",
        "01",
        "Number present and verified",
    );
    let status = Object::new()
        .text("url", "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus")
        .json("valueCodeableConcept", verified);
    let nhs = person.nhs.map(|number| {
        Object::new()
            .json("extension", array([status.done()]))
            .text("system", "https://fhir.nhs.uk/Id/nhs-number")
            .text("value", number)
            .done()
    });
    let hospital = Object::new()
        .json("type", code("http://terminology.hl7.org/CodeSystem/v2-0203", "MR"))
        .text("system", "urn:almoner:demo:hospital-number")
        .text("value", person.hospital)
        .json("assigner", Object::new().text("display", TRUST.1).done());
    nhs.into_iter().chain([hospital.done()]).collect()
}

fn name(used: &str, person: &Person) -> String {
    let given = person.given.split(' ').map(quoted);
    let prefix = (!person.title.is_empty()).then(|| array([quoted(person.title)]));
    Object::new()
        .text("use", used)
        .text("family", person.family)
        .json("given", array(given))
        .json_if("prefix", prefix)
        .done()
}

fn telecom(person: &Person) -> Option<String> {
    let phone =
        |used: &str, number: &str| Object::new().text("system", "phone").text("value", number).text("use", used).done();
    let home = (person.id == "adeyemi-folasade").then(|| phone("home", "020 7946 0412"));
    let mobile = person.mobile.map(|number| phone("mobile", number));
    let numbers: Vec<String> = home.into_iter().chain(mobile).collect();
    (!numbers.is_empty()).then(|| array(numbers))
}

fn address(person: &Person) -> String {
    Object::new()
        .text("use", "home")
        .json("line", array([quoted(person.address.0)]))
        .text("city", "Thameside")
        .text("postalCode", person.address.1)
        .done()
}

fn kin() -> String {
    let name =
        Object::new().text("text", "Tunji Adeyemi").text("family", "Adeyemi").json("given", array([quoted("Tunji")]));
    let phone = Object::new().text("system", "phone").text("value", "07700 900 377").text("use", "mobile");
    let contact = Object::new()
        .json("relationship", array([words("son")]))
        .json("name", name.done())
        .json("telecom", array([phone.done()]));
    array([contact.done()])
}

fn allergy(person: &Person, story: &Story) -> Option<String> {
    let (code_of, reaction) = match &person.allergies {
        Answer::None => (concept(SNOMED, "716186003", "No known allergy"), None),
        Answer::Agent { code, agent, reaction } => {
            let manifestation = concept(SNOMED, reaction.0, reaction.1);
            // What no code is known for is told in words.
            let of = if code.is_empty() { words(agent) } else { concept(SNOMED, code, agent) };
            (of, Some(Object::new().json("manifestation", array([manifestation])).done()))
        }
        Answer::NotAsked | Answer::Elsewhere => return None,
    };
    let hughes = staff("hughes");
    let allergy = Object::resource("AllergyIntolerance", &format!("{}-allergy", person.id))
        .json("clinicalStatus", code("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active"))
        .json(
            "verificationStatus",
            code("http://terminology.hl7.org/CodeSystem/allergyintolerance-verification", "confirmed"),
        )
        .json("code", code_of)
        .json("patient", Object::new().text("reference", format!("Patient/{}", person.id)).done())
        .text("recordedDate", story.instant("2026-02-02T10:00"))
        .json("recorder", reference(&hughes.0, &hughes.1))
        .json_if("reaction", reaction.map(|reaction| array([reaction])));
    Some(allergy.done())
}

fn encounter(person: &Person, stay: &Stay, story: &Story) -> String {
    let (place, place_words) = bed(stay.bed);
    let doctor = staff(stay.doctor);
    let location = Object::new().json("location", reference(&place, &place_words)).text("status", "active");
    let told = super::heron::told_of(person.id);
    let locations = told.and_then(|told| told.locations(story)).unwrap_or_else(|| array([location.done()]));
    let attends = code("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "ATND");
    let participant = Object::new().json("type", array([attends])).json("individual", reference(&doctor.0, &doctor.1));
    Object::resource("Encounter", &format!("{}-stay", person.id))
        .text("status", "in-progress")
        .json(
            "class",
            Object::new().text("system", "http://terminology.hl7.org/CodeSystem/v3-ActCode").text("code", "IMP").done(),
        )
        .json("subject", Object::new().text("reference", format!("Patient/{}", person.id)).done())
        .json("participant", array([participant.done()]))
        .json("period", Object::new().text("start", story.recent(stay.since)).done())
        .json(
            "reasonCode",
            array([if stay.reason.0.is_empty() {
                words(stay.reason.1)
            } else {
                concept(SNOMED, stay.reason.0, stay.reason.1)
            }]),
        )
        .json_if("extension", told.and_then(|told| told.extensions(story)))
        .json("location", locations)
        .json("serviceProvider", reference(TRUST.0, TRUST.1))
        .done()
}
