//! Who may do what: a pure decision that yields a permit with a scope.
