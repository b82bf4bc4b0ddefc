//! Code lists of registration, as flat tables: code and meaning.
//!
//! Sources: the code systems of UK Core (NHSDigital/FHIR-R4-UKCORE-STAGING-MAIN, Apache-2.0), copied by HL7 UK from the
//! NHS Data Dictionary: ETHNIC CATEGORY, NHS NUMBER STATUS INDICATOR CODE, OVERSEAS VISITOR CHARGING CATEGORY, WITHHELD
//! IDENTITY REASON, and human languages; relationships from HL7 table 0063 with the NHS's values. The meaning of overseas
//! category 9 is ours: UK Core's display repeats the list's name.

/// A code and what it means.
pub type Table = &'static [(&'static str, &'static str)];

/// What a code of a table means.
pub fn words(table: Table, code: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == code).map(|(_, words)| *words)
}

/// Statuses of an NHS number.
pub(crate) const NHS_NUMBER_STATUS_SYSTEM: &str =
    "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland";
/// Ethnic categories.
pub const ETHNIC_SYSTEM: &str = "https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategoryEngland";
/// Charging categories of overseas visitors.
pub const OVERSEAS_SYSTEM: &str = "https://fhir.hl7.org.uk/CodeSystem/UKCore-OverseasVisitorChargingCategory";
/// Human languages.
pub const LANGUAGE_SYSTEM: &str = "https://fhir.hl7.org.uk/CodeSystem/UKCore-HumanLanguage";
/// Why an identity is withheld.
pub const WITHHELD_SYSTEM: &str = "https://fhir.hl7.org.uk/CodeSystem/UKCore-WithheldIdentityReason";
/// How somebody is related to the patient.
pub const RELATION_SYSTEM: &str = "urn:almoner:nhs-relationship";

/// Ethnic categories of the 2001 census as the patient says them. 99, not known, is nobody's answer: it means *not asked*.
pub const ETHNIC: Table = &[
    ("A", "White - British"),
    ("B", "White - Irish"),
    ("C", "White - Any other White background"),
    ("D", "Mixed - White and Black Caribbean"),
    ("E", "Mixed - White and Black African"),
    ("F", "Mixed - White and Asian"),
    ("G", "Mixed - Any other mixed background"),
    ("H", "Asian or Asian British - Indian"),
    ("J", "Asian or Asian British - Pakistani"),
    ("K", "Asian or Asian British - Bangladeshi"),
    ("L", "Asian or Asian British - Any other Asian background"),
    ("M", "Black or Black British - Caribbean"),
    ("N", "Black or Black British - African"),
    ("P", "Black or Black British - Any other Black background"),
    ("R", "Other Ethnic Groups - Chinese"),
    ("S", "Other Ethnic Groups - Any other ethnic group"),
    ("Z", "Not stated: asked, and would rather not say"),
];

/// Charging categories of overseas visitors.
pub const OVERSEAS: Table = &[
    ("A", "Standard NHS-funded patient"),
    ("B", "Immigration Health Surcharge payee"),
    ("C", "Charge-exempt Overseas Visitor (European Economic Area)"),
    ("D", "Chargeable European Economic Area patient"),
    ("E", "Charge-exempt Overseas Visitor (non-European Economic Area)"),
    ("F", "Chargeable non-European Economic Area patient"),
    ("P", "Decision Pending on Overseas Visitor Charging Category"),
    ("9", "Charging category not known"),
];

/// How somebody is related to the patient.
pub const RELATION: Table = &[
    ("1", "Spouse"),
    ("2", "Partner"),
    ("3", "Parent"),
    ("4", "Next of kin"),
    ("5", "Guardian (other than a parent)"),
    ("6", "Foster parent"),
    ("9", "Child"),
    ("10", "Dependant"),
    ("11", "Non-dependant"),
    ("12", "Mother"),
    ("13", "Father"),
    ("14", "Sister"),
    ("15", "Brother"),
    ("16", "Relative"),
    ("17", "Proxy - contact"),
    ("18", "Proxy - communication"),
    ("19", "Proxy - contact and communication"),
    ("20", "Carer"),
    ("61", "Step parent"),
    ("62", "Polygamous partner"),
    ("98", "Not known"),
    ("99", "Not specified"),
];

/// Why a record is hidden.
pub const WITHHELD: Table = &[
    ("01", "Record anonymised for legal/statutory reasons"),
    ("02", "Record anonymised at request of Caldicott Guardian"),
    ("03", "Record anonymised at request of Patient"),
    ("97", "Record anonymised for other reason"),
    ("99", "Identity withheld but reason not known"),
];

/// Languages, signed ones too.
pub const LANGUAGES: Table = &[
    ("ab", "Abkhazian"),
    ("aa", "Afar"),
    ("af", "Afrikaans"),
    ("ak", "Akan"),
    ("sq", "Albanian"),
    ("q2", "American Sign Language"),
    ("am", "Amharic"),
    ("ar", "Arabic"),
    ("an", "Aragonese"),
    ("hy", "Armenian"),
    ("as", "Assamese"),
    ("q3", "Australian Sign Language"),
    ("av", "Avaric"),
    ("ae", "Avestan"),
    ("ay", "Aymara"),
    ("az", "Azerbaijani"),
    ("bm", "Bambara"),
    ("ba", "Bashkir"),
    ("eu", "Basque"),
    ("be", "Belarusian"),
    ("bn", "Bengali"),
    ("bh", "Bihari"),
    ("bi", "Bislama"),
    ("nb", "Bokmal, Norwegian; Norwegian Bokmal"),
    ("bs", "Bosnian"),
    ("q1", "Braille"),
    ("br", "Breton"),
    ("q4", "British Sign Language"),
    ("bg", "Bulgarian"),
    ("my", "Burmese"),
    ("ca", "Catalan; Valencian"),
    ("km", "Central Khmer"),
    ("ch", "Chamorro"),
    ("ce", "Chechen"),
    ("ny", "Chichewa; Chewa; Nyanja"),
    ("zh", "Chinese"),
    ("cu", "Church Slavic; Old Slavonic; Church Slavonic; Old Bulgarian; Old Church Slavonic"),
    ("cv", "Chuvash"),
    ("kw", "Cornish"),
    ("co", "Corsican"),
    ("cr", "Cree"),
    ("hr", "Croatian"),
    ("cs", "Czech"),
    ("da", "Danish"),
    ("dv", "Divehi; Dhivehi; Maldivian"),
    ("nl", "Dutch; Flemish"),
    ("dz", "Dzongkha"),
    ("en", "English"),
    ("eo", "Esperanto"),
    ("et", "Estonian"),
    ("ee", "Ewe"),
    ("fo", "Faroese"),
    ("fj", "Fijian"),
    ("fi", "Finnish"),
    ("fr", "French"),
    ("ff", "Fulah"),
    ("gd", "Gaelic; Scottish Gaelic"),
    ("gl", "Galician"),
    ("lg", "Ganda"),
    ("ka", "Georgian"),
    ("de", "German"),
    ("el", "Greek, Modern (1453-)"),
    ("gn", "Guarani"),
    ("gu", "Gujarati"),
    ("ht", "Haitian; Haitian Creole"),
    ("ha", "Hausa"),
    ("he", "Hebrew"),
    ("hz", "Herero"),
    ("hi", "Hindi"),
    ("ho", "Hiri Motu"),
    ("hu", "Hungarian"),
    ("is", "Icelandic"),
    ("io", "Ido"),
    ("ig", "Igbo"),
    ("id", "Indonesian"),
    ("ia", "Interlingua (International Auxiliary Language Association)"),
    ("ie", "Interlingue"),
    ("iu", "Inuktitut"),
    ("ik", "Inupiaq"),
    ("ga", "Irish"),
    ("it", "Italian"),
    ("ja", "Japanese"),
    ("jv", "Javanese"),
    ("kl", "Kalaallisut; Greenlandic"),
    ("kn", "Kannada"),
    ("kr", "Kanuri"),
    ("ks", "Kashmiri"),
    ("kk", "Kazakh"),
    ("ki", "Kikuyu; Gikuyu"),
    ("rw", "Kinyarwanda"),
    ("ky", "Kirghiz; Kyrgyz"),
    ("kv", "Komi"),
    ("kg", "Kongo"),
    ("ko", "Korean"),
    ("kj", "Kuanyama; Kwanyama"),
    ("ku", "Kurdish"),
    ("lo", "Lao"),
    ("la", "Latin"),
    ("lv", "Latvian"),
    ("li", "Limburgan; Limburger; Limburgish"),
    ("ln", "Lingala"),
    ("lt", "Lithuanian"),
    ("lu", "Luba-Katanga"),
    ("lb", "Luxembourgish; Letzeburgesch"),
    ("mk", "Macedonian"),
    ("q5", "Makaton"),
    ("mg", "Malagasy"),
    ("ms", "Malay"),
    ("ml", "Malayalam"),
    ("mt", "Maltese"),
    ("gv", "Manx"),
    ("mi", "Maori"),
    ("mr", "Marathi"),
    ("mh", "Marshallese"),
    ("mo", "Moldavian"),
    ("mn", "Mongolian"),
    ("na", "Nauru"),
    ("nv", "Navajo; Navaho"),
    ("nd", "Ndebele, North; North Ndebele"),
    ("nr", "Ndebele, South; South Ndebele"),
    ("ng", "Ndonga"),
    ("ne", "Nepali"),
    ("se", "Northern Sami"),
    ("no", "Norwegian"),
    ("nn", "Norwegian Nynorsk; Nynorsk, Norwegian"),
    ("oc", "Occitan (post1500); Provencal"),
    ("oj", "Ojibwa"),
    ("or", "Oriya"),
    ("om", "Oromo"),
    ("os", "Ossetian; Ossetic"),
    ("pi", "Pali"),
    ("pa", "Panjabi; Punjabi"),
    ("fa", "Persian"),
    ("pl", "Polish"),
    ("pt", "Portuguese"),
    ("ps", "Pushto"),
    ("qu", "Quechua"),
    ("ro", "Romanian"),
    ("rm", "Romansh"),
    ("rn", "Rundi"),
    ("ru", "Russian"),
    ("sm", "Samoan"),
    ("sg", "Sango"),
    ("sa", "Sanskrit"),
    ("sc", "Sardinian"),
    ("sr", "Serbian"),
    ("sn", "Shona"),
    ("ii", "Sichuan Yi"),
    ("sd", "Sindhi"),
    ("si", "Sinhala; Sinhalese"),
    ("sk", "Slovak"),
    ("sl", "Slovenian"),
    ("so", "Somali"),
    ("st", "Sotho, Southern"),
    ("es", "Spanish; Castilian"),
    ("su", "Sundanese"),
    ("sw", "Swahili"),
    ("ss", "Swati"),
    ("sv", "Swedish"),
    ("tl", "Tagalog"),
    ("ty", "Tahitian"),
    ("tg", "Tajik"),
    ("ta", "Tamil"),
    ("tt", "Tatar"),
    ("te", "Telugu"),
    ("th", "Thai"),
    ("bo", "Tibetan"),
    ("ti", "Tigrinya"),
    ("to", "Tonga (Tonga Islands)"),
    ("ts", "Tsonga"),
    ("tn", "Tswana"),
    ("tr", "Turkish"),
    ("tk", "Turkmen"),
    ("tw", "Twi"),
    ("ug", "Uighur; Uyghur"),
    ("uk", "Ukrainian"),
    ("ur", "Urdu"),
    ("uz", "Uzbek"),
    ("ve", "Venda"),
    ("vi", "Vietnamese"),
    ("vo", "Volapuk"),
    ("wa", "Walloon"),
    ("cy", "Welsh"),
    ("fy", "Western Frisian"),
    ("wo", "Wolof"),
    ("xh", "Xhosa"),
    ("yi", "Yiddish"),
    ("yo", "Yoruba"),
    ("za", "Zhuang; Chuang"),
    ("zu", "Zulu"),
];

/// Reasons why two records are not one person.
pub const NOT_THE_SAME: Table = &[
    ("identity-checked", "Patient says so, identity checked"),
    ("twins-or-siblings", "Twins or siblings"),
    ("parent-and-child", "Parent and child"),
    ("other", "Other, in words"),
];

/// What helps somebody to read, hear and be reached.
pub const COMMUNICATION: Table = &[
    ("large-print", "Large print"),
    ("easy-read", "Easy read"),
    ("braille", "Braille"),
    ("audio", "Audio"),
    ("bsl", "British Sign Language"),
    ("lip-reading", "Lip reading"),
    ("email", "Letters by email"),
    ("text", "Texts, not calls"),
];

/// What sex laboratories and dose rules shall go by (HL7 sex-parameter-for-clinical-use).
pub const CLINICAL_SEX: Table = &[
    ("male-typical", "Male-typical ranges"),
    ("female-typical", "Female-typical ranges"),
    ("specified", "As specified in words"),
    ("unknown", "Not known"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_stands_once_and_has_words() {
        let tables = [ETHNIC, OVERSEAS, RELATION, WITHHELD, LANGUAGES, NOT_THE_SAME, COMMUNICATION, CLINICAL_SEX];
        for table in tables {
            let codes: BTreeSet<&str> = table.iter().map(|(code, _)| *code).collect();
            assert_eq!(codes.len(), table.len());
            assert!(table.iter().all(|(_, words)| !words.is_empty()));
        }
        assert_eq!(words(ETHNIC, "A"), Some("White - British"));
        assert_eq!(words(ETHNIC, "99"), None);
    }
}
