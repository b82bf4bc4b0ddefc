//! What may stand in the files: every table, every key, and the form of its value. A flat table that the reader walks.
//!
//! `docs/configuration.md` describes each of them; a test compares.

/// The form of a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// One line of text; a number is taken as its digits.
    Text,
    /// `true` or `false`.
    Flag,
    /// A list of texts.
    Texts,
    /// A list of labels: texts or numbers.
    Labels,
    /// One table.
    Table(&'static [Key]),
    /// A list of tables, each under `[[…]]`.
    Tables(&'static [Key]),
}

/// A key and the form of its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
}

const fn text(name: &'static str) -> Key {
    Key { name, shape: Shape::Text }
}

const fn texts(name: &'static str) -> Key {
    Key { name, shape: Shape::Texts }
}

const fn labels(name: &'static str) -> Key {
    Key { name, shape: Shape::Labels }
}

const fn flag(name: &'static str) -> Key {
    Key { name, shape: Shape::Flag }
}

const fn table(name: &'static str, keys: &'static [Key]) -> Key {
    Key { name, shape: Shape::Table(keys) }
}

const fn tables(name: &'static str, keys: &'static [Key]) -> Key {
    Key { name, shape: Shape::Tables(keys) }
}

const CODE: Key = text("code");
const NAME: Key = text("name");
const LABEL: Key = text("label");
const KIND: Key = text("kind");
const IN: Key = text("in");
const SEX: Key = text("sex");
const FUNCTION: Key = text("treatment-function");
const DESCRIPTION: Key = text("description");
const PHONE: Key = text("phone");
const BLEEP: Key = text("bleep");
const CONSULTANTS: Key = texts("consultants");
const OFF: Key = flag("off");

/// Lists of places for one patient, by the key that names them and the kind that they are of.
pub(super) const LISTS: [(&str, &str); 5] =
    [("beds", "bed"), ("cots", "cot"), ("trolleys", "trolley"), ("chairs", "chair"), ("cubicles", "cubicle")];

const TRUST: &[Key] = &[CODE, NAME, text("ods"), text("takes-over"), DESCRIPTION, PHONE];

const SITE: &[Key] = &[CODE, NAME, LABEL, DESCRIPTION, PHONE, OFF];

const ROOM: &[Key] = &[
    CODE,
    NAME,
    LABEL,
    SEX,
    DESCRIPTION,
    PHONE,
    labels("beds"),
    labels("cots"),
    labels("trolleys"),
    labels("chairs"),
    OFF,
];

const AREA: &[Key] = &[
    CODE,
    NAME,
    LABEL,
    SEX,
    DESCRIPTION,
    PHONE,
    text("letter"),
    labels("cubicles"),
    labels("beds"),
    labels("trolleys"),
    labels("chairs"),
    OFF,
];

const INSIDE: &[Key] = &[CODE, KIND, IN, NAME, LABEL, SEX, DESCRIPTION, PHONE, OFF];

const WARD: &[Key] = &[
    CODE,
    NAME,
    LABEL,
    KIND,
    text("site"),
    SEX,
    FUNCTION,
    DESCRIPTION,
    PHONE,
    BLEEP,
    text("manager"),
    CONSULTANTS,
    labels("beds"),
    labels("cots"),
    labels("trolleys"),
    labels("chairs"),
    tables("bay", ROOM),
    tables("side-room", ROOM),
    tables("area", AREA),
    tables("place", INSIDE),
    OFF,
];

const SERVICE: &[Key] = &[CODE, NAME, FUNCTION, texts("wards"), CONSULTANTS, DESCRIPTION, PHONE, BLEEP, OFF];

const STAFF: &[Key] = &[
    CODE,
    text("title"),
    text("given"),
    text("family"),
    NAME,
    text("role"),
    text("main-specialty"),
    texts("wards"),
    texts("services"),
    text("gmc"),
    text("nmc"),
    PHONE,
    BLEEP,
    OFF,
];

const ROLE: &[Key] = &[CODE, NAME, text("access"), text("national"), flag("consultant"), OFF];

/// What may stand at the top of a file.
pub(super) const FILE: &[Key] = &[
    texts("inherit"),
    table("trust", TRUST),
    tables("site", SITE),
    tables("ward", WARD),
    tables("place", INSIDE),
    tables("service", SERVICE),
    tables("staff", STAFF),
    tables("role", ROLE),
];
