//! The functions an expression may call, with the number of arguments each takes.
//!
//! From FHIRPath 2.0.0 and 3.0.0-ballot, and the FHIR R4 additions (<https://hl7.org/fhir/R4/fhirpath.html#functions>).
//! `is`, `as` and `ofType` are not here: their argument is a type, not an expression.

macro_rules! functions {
    ($($variant:ident $name:literal $least:literal $most:literal,)*) => {
        /// A function of the language.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Function {
            $(#[doc = $name] $variant,)*
        }

        impl Function {
            /// The function with this name, and the least and most arguments it takes.
            pub(super) fn named(name: &str) -> Option<(Function, usize, usize)> {
                Some(match name {
                    $($name => (Function::$variant, $least, $most),)*
                    _ => return None,
                })
            }
        }
    };
}

functions! {
    // Existence.
    Empty "empty" 0 0,
    Exists "exists" 0 1,
    All "all" 1 1,
    AllTrue "allTrue" 0 0,
    AnyTrue "anyTrue" 0 0,
    AllFalse "allFalse" 0 0,
    AnyFalse "anyFalse" 0 0,
    SubsetOf "subsetOf" 1 1,
    SupersetOf "supersetOf" 1 1,
    Count "count" 0 0,
    Distinct "distinct" 0 0,
    IsDistinct "isDistinct" 0 0,
    Not "not" 0 0,
    HasValue "hasValue" 0 0,
    GetValue "getValue" 0 0,
    // Filtering and projection.
    Where "where" 1 1,
    Select "select" 1 1,
    Repeat "repeat" 1 1,
    Aggregate "aggregate" 1 2,
    Sort "sort" 0 8,
    // Subsetting.
    Single "single" 0 0,
    First "first" 0 0,
    Last "last" 0 0,
    Tail "tail" 0 0,
    Skip "skip" 1 1,
    Take "take" 1 1,
    Intersect "intersect" 1 1,
    Exclude "exclude" 1 1,
    // Combining.
    Union "union" 1 1,
    Combine "combine" 1 1,
    // Conversion.
    Iif "iif" 2 3,
    ToBoolean "toBoolean" 0 0,
    ConvertsToBoolean "convertsToBoolean" 0 0,
    ToInteger "toInteger" 0 0,
    ConvertsToInteger "convertsToInteger" 0 0,
    ToDecimal "toDecimal" 0 0,
    ConvertsToDecimal "convertsToDecimal" 0 0,
    ToText "toString" 0 0,
    ConvertsToText "convertsToString" 0 0,
    ToDate "toDate" 0 0,
    ConvertsToDate "convertsToDate" 0 0,
    ToDateTime "toDateTime" 0 0,
    ConvertsToDateTime "convertsToDateTime" 0 0,
    ToTime "toTime" 0 0,
    ConvertsToTime "convertsToTime" 0 0,
    ToQuantity "toQuantity" 0 1,
    ConvertsToQuantity "convertsToQuantity" 0 1,
    // Text.
    IndexOf "indexOf" 1 1,
    LastIndexOf "lastIndexOf" 1 1,
    Substring "substring" 1 2,
    StartsWith "startsWith" 1 1,
    EndsWith "endsWith" 1 1,
    ContainsText "contains" 1 1,
    Upper "upper" 0 0,
    Lower "lower" 0 0,
    Replace "replace" 2 2,
    Matches "matches" 1 1,
    MatchesFull "matchesFull" 1 1,
    ReplaceMatches "replaceMatches" 2 2,
    Length "length" 0 0,
    ToChars "toChars" 0 0,
    Trim "trim" 0 0,
    Split "split" 1 1,
    Join "join" 0 1,
    Encode "encode" 1 1,
    Decode "decode" 1 1,
    Escape "escape" 1 1,
    Unescape "unescape" 1 1,
    // Mathematics.
    Abs "abs" 0 0,
    Ceiling "ceiling" 0 0,
    Exp "exp" 0 0,
    Floor "floor" 0 0,
    Ln "ln" 0 0,
    Log "log" 1 1,
    Power "power" 1 1,
    Round "round" 0 1,
    Sqrt "sqrt" 0 0,
    Truncate "truncate" 0 0,
    LowBoundary "lowBoundary" 0 1,
    HighBoundary "highBoundary" 0 1,
    Precision "precision" 0 0,
    Comparable "comparable" 1 1,
    // Tree navigation, types, time, and FHIR.
    Children "children" 0 0,
    Descendants "descendants" 0 0,
    Type "type" 0 0,
    Trace "trace" 1 2,
    Now "now" 0 0,
    Today "today" 0 0,
    TimeOfDay "timeOfDay" 0 0,
    Extension "extension" 1 1,
    HasExtension "hasExtension" 1 1,
    Resolve "resolve" 0 0,
    ConformsTo "conformsTo" 1 1,
}
