//! Accounts of people and tokens of software on the command line. Parses, and knows nothing of what a command does: names,
//! roles and passwords are judged by `hosting`.

use clap::{Args, Subcommand};

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make an account. A password is made and printed once unless one is given on standard input.
    Add {
        /// In which trust.
        #[arg(long, value_name = "CODE")]
        trust: String,
        /// The name to sign in with, such as s.reilly.
        #[arg(long)]
        name: String,
        /// The person's name, such as "Siobhan Reilly".
        #[arg(long)]
        display: String,
        /// What they are: clinician, clerk, patient-index, privacy-officer, administrator, operator, overseer or system.
        #[arg(long)]
        role: String,
        /// The member of staff that the person is, by their code in the configuration: what is theirs is the person's.
        #[arg(long, value_name = "CODE")]
        staff: Option<String>,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Say which member of staff the person of an account is, or that they are none. Its sessions end.
    Link {
        /// In which trust.
        #[arg(long, value_name = "CODE")]
        trust: String,
        /// The name to sign in with.
        #[arg(long)]
        name: String,
        /// The member of staff, by their code in the configuration.
        #[arg(long, value_name = "CODE", required_unless_present = "none", conflicts_with = "none")]
        staff: Option<String>,
        /// They are no member of staff of this trust.
        #[arg(long)]
        none: bool,
    },
    /// List the accounts: name, role, whether open, locked or closed, and which member of staff the person is.
    List {
        /// Of which trust.
        #[arg(long, value_name = "CODE")]
        trust: String,
    },
    /// Give an account a new password, end its sessions and lift a lock. The password is made and printed once unless
    /// one is given on standard input.
    Reset {
        /// In which trust.
        #[arg(long, value_name = "CODE")]
        trust: String,
        /// The name to sign in with.
        #[arg(long)]
        name: String,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
        /// Open an account again that was closed.
        #[arg(long)]
        reopen: bool,
    },
    /// Close an account: its sessions end and nobody signs in with it; its name stays taken.
    ///
    /// The open tasks that it owns, or that are offered to it, go to the manager who is named, in the same commit, and are
    /// counted until they are done or somebody has accepted them.
    Close {
        /// In which trust.
        #[arg(long, value_name = "CODE")]
        trust: String,
        /// The name to sign in with.
        #[arg(long)]
        name: String,
        /// Who takes over what it owns: the name of another account, a team such as team/site, or a ward such as
        /// place/heron. Needed only when it owns something.
        #[arg(long, value_name = "NAME")]
        to: Option<String>,
    },
}

/// A token to be made.
#[derive(Debug, Args)]
pub(crate) struct TokenArguments {
    /// In which trust.
    #[arg(long, value_name = "CODE")]
    pub(crate) trust: String,
    /// What it may do: clinician, clerk, patient-index, privacy-officer, administrator, operator, overseer, system or subject.
    #[arg(long)]
    pub(crate) role: String,
    /// How long it is good, such as 30m, 12h or 7d; at most 90d.
    #[arg(long, value_parser = seconds)]
    pub(crate) ttl: u64,
    /// The only patient it reaches, by id; may be repeated.
    #[arg(long, value_name = "ID")]
    pub(crate) patient: Vec<String>,
    /// What it is for, as privacy officers will read it.
    #[arg(long, default_value = "token of the command line")]
    pub(crate) label: String,
}

/// What else to do with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// List the tokens that hold: id, role, until when, what for.
    List {
        /// Of which trust.
        #[arg(long, value_name = "CODE")]
        trust: String,
    },
    /// Revoke a token: from now on it opens nothing, also where the trust is being served.
    Revoke {
        /// In which trust.
        #[arg(long, value_name = "CODE")]
        trust: String,
        /// The token's id, as in the list and the journal.
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// A time such as `90s`, `30m`, `12h` or `7d`, in seconds.
fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is not a time such as 30m, 12h or 7d");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn times_are_read_with_their_unit() {
        let cases = [("90s", 90), ("30m", 1800), ("12h", 43_200), ("7d", 604_800)];
        assert!(cases.iter().all(|(text, expected)| seconds(text).ok() == Some(*expected)), "{cases:?}");
        assert!(["12", "h", "", "1w", "-1h", "1é"].iter().all(|text| seconds(text).is_err()));
    }
}
