//! What somebody typed into one field, read: names, phones, postcodes, NHS numbers. Each says what is wrong in a
//! sentence beside the field.
//!
//! Pure; a field that was left empty is nobody's mistake here.

use terms::NhsNumber;

use crate::refusal::Refusal;

/// The longest name that is taken, in letters.
const LONGEST_NAME: usize = 70;
/// The longest line of an address or note that is taken, in letters.
pub const LONGEST_LINE: usize = 200;

/// A name: letters, marks, hyphens, apostrophes, spaces, full stops; spaces tidied.
///
/// # Errors
/// Digits or signs that no name has, or too long.
pub fn name(field: &'static str, typed: &str) -> Result<String, Refusal> {
    let tidy = tidied(typed);
    if tidy.chars().count() > LONGEST_NAME {
        return Err(Refusal::at("name", field, format!("A name has at most {LONGEST_NAME} letters.")));
    }
    let is_ok = |c: char| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '’' | '.' | '\u{300}'..='\u{36f}');
    if tidy.chars().all(is_ok) {
        return Ok(tidy);
    }
    Err(Refusal::at("name", field, "A name has letters, hyphens and apostrophes only."))
}

/// Words on one line.
///
/// # Errors
/// Too long.
pub fn line(field: &'static str, typed: &str) -> Result<Option<String>, Refusal> {
    let tidy = tidied(typed);
    if tidy.chars().count() > LONGEST_LINE {
        return Err(Refusal::at("line", field, format!("This has room for {LONGEST_LINE} letters.")));
    }
    Ok(Some(tidy).filter(|tidy| !tidy.is_empty()))
}

/// An NHS number with its check digit.
///
/// # Errors
/// It is none, with what is wrong.
pub fn nhs_number(typed: &str) -> Result<Option<NhsNumber>, Refusal> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    NhsNumber::parse(typed).map(Some).map_err(|bad| Refusal::at("nhs-number", "nhs_number", bad.to_string()))
}

/// A mobile: 11 digits that begin with 07, or a number from abroad with its plus.
///
/// # Errors
/// Too few or too many digits.
pub fn mobile(typed: &str) -> Result<Option<String>, Refusal> {
    let Some(number) = digits("mobile", typed)? else { return Ok(None) };
    if number.starts_with('+') {
        return abroad("mobile", &number);
    }
    if !number.starts_with("07") {
        return Err(Refusal::at("mobile", "mobile", "A mobile number begins with 07. Put others under Home."));
    }
    if number.len() != 11 {
        let sentence = format!("A mobile number has 11 digits. This has {}.", number.len());
        return Err(Refusal::at("mobile", "mobile", sentence));
    }
    Ok(Some(format!("{} {} {}", &number[..5], &number[5..8], &number[8..])))
}

/// A phone at home or of a contact: 10 or 11 digits that begin with 0, or a number from abroad.
///
/// # Errors
/// Too few or too many digits.
pub fn phone(field: &'static str, typed: &str) -> Result<Option<String>, Refusal> {
    let Some(number) = digits(field, typed)? else { return Ok(None) };
    if number.starts_with('+') {
        return abroad(field, &number);
    }
    if !number.starts_with('0') || !(10..=11).contains(&number.len()) {
        let sentence = format!("A phone number begins with 0 and has 10 or 11 digits. This has {}.", number.len());
        return Err(Refusal::at("phone", field, sentence));
    }
    Ok(Some(if number.starts_with("07") && number.len() == 11 {
        format!("{} {} {}", &number[..5], &number[5..8], &number[8..])
    } else {
        tidied(typed)
    }))
}

/// An email address: something before and after one @, with a dot behind it.
///
/// # Errors
/// It is none.
pub fn email(typed: &str) -> Result<Option<String>, Refusal> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let is_one = typed.split_once('@').is_some_and(|(before, after)| {
        !before.is_empty()
            && !after.contains('@')
            && after.contains('.')
            && !after.starts_with('.')
            && !after.ends_with('.')
    });
    if is_one && typed.len() <= 254 && !typed.contains(char::is_whitespace) {
        return Ok(Some(typed.to_owned()));
    }
    Err(Refusal::at("email", "email", "An email address is like name@example.org."))
}

/// A postcode in capitals with one space: two to four letters and digits, then a digit and two letters.
///
/// # Errors
/// It is none.
pub fn postcode(field: &'static str, typed: &str) -> Result<Option<String>, Refusal> {
    let code: String = typed.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    if code.is_empty() {
        return Ok(None);
    }
    let wrong = || Refusal::at("postcode", field, "A postcode is like TH3 8KW. For no fixed abode it is ZZ99 3VZ.");
    if !code.is_ascii() || !(5..=7).contains(&code.len()) {
        return Err(wrong());
    }
    let (outward, inward) = code.split_at(code.len() - 3);
    let inward_ok = inward.bytes().enumerate().all(|(at, byte)| match at {
        0 => byte.is_ascii_digit(),
        _ => byte.is_ascii_uppercase(),
    });
    let outward_ok = outward.starts_with(|c: char| c.is_ascii_uppercase())
        && outward.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && outward.bytes().any(|byte| byte.is_ascii_digit());
    if inward_ok && outward_ok { Ok(Some(format!("{outward} {inward}"))) } else { Err(wrong()) }
}

/// Digits, and a plus before them; spaces and brackets go.
fn digits(field: &'static str, typed: &str) -> Result<Option<String>, Refusal> {
    let number: String = typed.chars().filter(|c| !matches!(c, ' ' | '(' | ')' | '-' | '.')).collect();
    let rest = number.strip_prefix('+').unwrap_or(&number);
    if !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::at("phone", field, "A phone number has only digits, and a plus before a country's code."));
    }
    let number = number.strip_prefix("+44").map_or(number.clone(), |home| format!("0{}", home.trim_start_matches('0')));
    Ok(Some(number).filter(|number| !number.is_empty()))
}

fn abroad(field: &'static str, number: &str) -> Result<Option<String>, Refusal> {
    if (8..=15).contains(&(number.len() - 1)) {
        return Ok(Some(number.to_owned()));
    }
    Err(Refusal::at("phone", field, "A number from abroad has 8 to 15 digits after its plus."))
}

fn tidied(typed: &str) -> String {
    typed.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(read: Result<Option<String>, Refusal>) -> String {
        match read {
            Ok(value) => value.unwrap_or_else(|| "-".into()),
            Err(refusal) => format!("! {}", refusal.sentence),
        }
    }

    #[test]
    fn phones() {
        let cases = [
            ("", "-"),
            ("07700 900 412", "07700 900 412"),
            ("07700900412", "07700 900 412"),
            ("+44 7700 900412", "07700 900 412"),
            ("+44 (0)7700 900412", "07700 900 412"),
            ("07700 900 15", "! A mobile number has 11 digits. This has 10."),
            ("020 7946 0412", "! A mobile number begins with 07. Put others under Home."),
            ("+33 6 12 34 56 78", "+33612345678"),
            ("+33 6", "! A number from abroad has 8 to 15 digits after its plus."),
            ("no phone", "! A phone number has only digits, and a plus before a country's code."),
        ];
        for (typed, expected) in cases {
            assert_eq!(shown(mobile(typed)), expected, "{typed}");
        }
        assert_eq!(shown(phone("home", " 020  7946 0412 ")), "020 7946 0412");
        let short = "! A phone number begins with 0 and has 10 or 11 digits. This has 8.";
        assert_eq!(shown(phone("home", "020 7946 0")), short);
    }

    #[test]
    fn postcodes_and_emails() {
        let cases = [
            ("th3 8kw", "TH3 8KW"),
            ("TH38KW", "TH3 8KW"),
            ("w1a1aa", "W1A 1AA"),
            ("zz993vz", "ZZ99 3VZ"),
            ("", "-"),
            ("8KW", "! A postcode is like TH3 8KW. For no fixed abode it is ZZ99 3VZ."),
            ("THAT 8KW", "! A postcode is like TH3 8KW. For no fixed abode it is ZZ99 3VZ."),
            ("é3 8KW", "! A postcode is like TH3 8KW. For no fixed abode it is ZZ99 3VZ."),
        ];
        for (typed, expected) in cases {
            assert_eq!(shown(postcode("postcode", typed)), expected, "{typed}");
        }
        let wrong = "! An email address is like name@example.org.";
        let cases = [("a@b.org", "a@b.org"), ("", "-"), ("a@b", wrong), ("a b@c.org", wrong), ("a@b@c.org", wrong)];
        for (typed, expected) in cases {
            assert_eq!(shown(email(typed)), expected, "{typed}");
        }
    }

    #[test]
    fn names_have_letters_and_marks() {
        let cases = [
            ("  Wójcik ", "Wójcik"),
            ("O’Neil-Smith", "O’Neil-Smith"),
            ("St. John", "St. John"),
            ("R2D2", "! A name has letters, hyphens and apostrophes only."),
            ("<b>", "! A name has letters, hyphens and apostrophes only."),
        ];
        for (typed, expected) in cases {
            assert_eq!(shown(name("family", typed).map(Some)), expected, "{typed}");
        }
        assert!(name("family", &"a".repeat(71)).is_err());
    }
}
