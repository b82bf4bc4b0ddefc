//! Which column of a file holds what: as the command said, else by the names that such columns usually have.
//! Knows the header alone; no value is looked at.

use std::str::FromStr;

use crate::failure::Failure;

/// A field of a person that a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PersonField {
    /// What the file calls the record.
    Id,
    /// Surname; further columns hold earlier ones.
    Surname,
    /// Given names; further columns hold further ones.
    Given,
    /// Date of birth.
    Born,
    /// Sex.
    Sex,
    /// NHS number, or another number that identifies people.
    NhsNumber,
    /// Postcode.
    Postcode,
    /// Lines of the address in order.
    Address,
    /// Telephone numbers.
    Phone,
}

/// A column that the command names: `surname=family_name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What it holds.
    pub field: PersonField,
    /// Its name in the header.
    pub name: String,
}

/// Fields with the name of each and the usual names of its columns, without spaces, signs and capitals.
const FIELDS: &[(PersonField, &str, &[&str])] = &[
    (PersonField::Id, "id", &["id", "recid", "recordid", "patientid", "hospitalnumber", "mrn"]),
    (
        PersonField::Surname,
        "surname",
        &["surname", "familyname", "lastname", "last", "family", "maidenname", "birthsurname"],
    ),
    (
        PersonField::Given,
        "given",
        &[
            "given",
            "givenname",
            "givennames",
            "firstname",
            "first",
            "forename",
            "forenames",
            "middlename",
            "middlenames",
        ],
    ),
    (PersonField::Born, "born", &["born", "birthdate", "dateofbirth", "dob"]),
    (PersonField::Sex, "sex", &["sex", "gender"]),
    (PersonField::NhsNumber, "nhs-number", &["nhsnumber", "nhsno", "nhs"]),
    (PersonField::Postcode, "postcode", &["postcode", "postalcode", "zip"]),
    (
        PersonField::Address,
        "address",
        &[
            "address",
            "address1",
            "address2",
            "address3",
            "address4",
            "address5",
            "addressline1",
            "addressline2",
            "addressline3",
            "streetnumber",
            "street",
            "town",
            "suburb",
            "city",
            "county",
        ],
    ),
    (PersonField::Phone, "phone", &["phone", "telephone", "mobile", "homephone", "mobilephone", "phone1", "phone2"]),
];

impl FromStr for Column {
    type Err = String;

    fn from_str(text: &str) -> Result<Column, String> {
        let names = FIELDS.iter().map(|(_, name, _)| *name).collect::<Vec<_>>().join(", ");
        let (field, name) =
            text.split_once('=').ok_or_else(|| format!("a column is FIELD=NAME with one of {names}"))?;
        let found = FIELDS.iter().find(|(_, known, _)| *known == field.trim());
        let (field, ..) = found.ok_or_else(|| format!("{field:?} is none of {names}"))?;
        Ok(Column { field: *field, name: name.trim().to_owned() })
    }
}

impl PersonField {
    /// The name by which the command line knows it.
    pub fn name(self) -> &'static str {
        FIELDS.iter().find(|(field, ..)| *field == self).map_or("", |(_, name, _)| name)
    }
}

/// The columns of a file by field: where each value is found.
#[derive(Debug)]
pub(super) struct Columns {
    places: Vec<(PersonField, usize)>,
}

impl Columns {
    /// Finds the columns in a header.
    pub(super) fn find(named: &[Column], header: &[String], file: &str) -> Result<Columns, Failure> {
        let mut places: Vec<(PersonField, usize)> = Vec::new();
        for Column { field, name } in named {
            let mut at = header.iter().enumerate().filter(|(_, column)| column.trim() == name).map(|(at, _)| at);
            let Some(place) = at.next() else {
                let columns = header.join(", ");
                return Err(Failure::refused(format!("{file} has no column {name:?}. Its columns are: {columns}.")));
            };
            if at.next().is_some() {
                return Err(Failure::refused(format!("{file} has two columns {name:?}. Give one another name.")));
            }
            places.push((*field, place));
        }
        for (field, _, usual) in FIELDS.iter().filter(|(field, ..)| !named.iter().any(|column| column.field == *field))
        {
            for (at, column) in header.iter().enumerate() {
                if usual.contains(&plain(column).as_str()) && !places.iter().any(|(_, place)| *place == at) {
                    places.push((*field, at));
                }
            }
        }
        let columns = Columns { places };
        let kinds = FIELDS.iter().filter(|(field, ..)| *field != PersonField::Id && columns.has(*field)).count();
        let is_enough = kinds >= 2 && (columns.has(PersonField::Surname) || columns.has(PersonField::Given));
        if !is_enough {
            return Err(Failure::refused(format!(
                "Nothing in {file} can be matched by: a name and one thing more are needed. Say which columns hold them, \
                 such as --column surname=NAME --column born=NAME. Its columns are: {}.",
                header.join(", ")
            )));
        }
        Ok(columns)
    }

    /// Whether any column holds it.
    pub(super) fn has(&self, field: PersonField) -> bool {
        self.places.iter().any(|(own, _)| *own == field)
    }

    /// The places of the values of a field, in order.
    pub(super) fn of(&self, field: PersonField) -> impl Iterator<Item = usize> + '_ {
        self.places.iter().filter(move |(own, _)| *own == field).map(|(_, place)| *place)
    }

    /// Which columns are used, for people.
    pub(super) fn used(&self, header: &[String]) -> Vec<(String, String)> {
        self.places.iter().map(|(field, place)| (field.name().to_owned(), header[*place].trim().to_owned())).collect()
    }
}

/// A column's name without what people write differently.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn header(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    fn check(named: &[&str], columns: &str, expected: Result<&[(&str, &str)], &str>) {
        let named: Vec<Column> = named.iter().map(|column| column.parse().unwrap()).collect();
        let found = Columns::find(&named, &header(columns), "people.csv").map(|found| found.used(&header(columns)));
        match (found, expected) {
            (Ok(found), Ok(expected)) => {
                let found: Vec<(&str, &str)> =
                    found.iter().map(|(field, name)| (field.as_str(), name.as_str())).collect();
                assert_eq!(found, expected, "{columns}");
            }
            (Err(failure), Err(part)) => assert!(failure.to_string().contains(part), "{failure}"),
            (found, expected) => panic!("{columns}: {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn usual_names_are_known_and_named_ones_stronger() {
        check(&[], "Surname, Date of Birth,x", Ok(&[("surname", "Surname"), ("born", "Date of Birth")]));
        check(&["surname=x"], "surname,x,DOB", Ok(&[("surname", "x"), ("born", "DOB")]));
        let two = ["address=b", "address=a"];
        check(&two, "last,a,b", Ok(&[("address", "b"), ("address", "a"), ("surname", "last")]));
    }

    #[test]
    fn what_is_not_there_is_refused() {
        check(&["surname=z"], "a,b", Err("has no column \"z\". Its columns are: a, b."));
        check(&["surname=a"], "a,a,born", Err("two columns \"a\""));
        check(&[], "born,sex", Err("a name and one thing more are needed"));
        check(&[], "surname", Err("a name and one thing more are needed"));
        assert!("colour=x".parse::<Column>().unwrap_err().contains("none of id, surname"));
        assert!("surname".parse::<Column>().is_err());
    }
}
