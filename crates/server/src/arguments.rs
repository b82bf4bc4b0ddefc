//! The command line: every command with its help, those with commands of their own in the files below. Parses, and knows
//! nothing of what a command does: what is checked is only how something is written; whether it may be is decided by `hosting`.

pub(crate) mod hosts;
pub(crate) mod moving;
pub(crate) mod people;
pub(crate) mod trusts;

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use hosting::match_file::Column;

use hosts::{OversightCommand, WitnessCommand};
use moving::MoveCommand;
use people::{TokenArguments, TokenCommand, UserCommand};
use trusts::{ConfigureCommand, TrustCommand};

const EXAMPLES: &str = "\
Examples:
  almoner demo                                      look around, with invented patients
  almoner trust add --code RTX --name \"Thameside\"   make a trust
  almoner user add --trust RTX --name s.reilly --display \"S Reilly\" --role clinician
  almoner configure --trust RTX diff thameside/      what files would change of wards, beds, services, staff
  almoner load --trust RTX bundles/ extract.ndjson.gz synthea.tar.gz
  almoner match --input people.csv --out pairs.csv  find likely duplicates in a file
  almoner match --trust RTX                         find those of a trust, for its patient index to look at
  almoner serve --listen 127.0.0.1:8400             serve all trusts of the data directory
  almoner token --trust RTX --role system --ttl 12h
  almoner export --trust RTX /srv/rtx-exit           take everything out, in open formats
  almoner import /srv/rtx-exit                       make a trust of that on another host
  almoner move status                               where the moves of this host's trusts are

Exit codes: 0 done; 1 refused, or something in the input or the record is not right; 2 wrong usage;
3 the machine failed (disk, network, database).";

/// An open electronic patient record.
#[derive(Debug, Parser)]
#[command(name = "almoner", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    /// Print the outcome as one line of JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) host: HostArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the host is. Arguments are stronger than environment variables, these than the configuration file.
#[derive(Debug, Args)]
#[command(next_help_heading = "The host")]
pub(crate) struct HostArguments {
    /// Directory of the host's data [default: ./almoner-data].
    #[arg(long, global = true, env = "ALMONER_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Instead: a data directory that can only be read, such as a snapshot or a backup of a host that does not run. Nothing is
    /// written there. For `verify`, `export` and `move pack`; temporary files are in TMPDIR. A record in PostgreSQL is read at
    /// the address that its host went by, or at --store: a user who may only SELECT, or a standby, will do.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) from_copy: Option<PathBuf>,
    /// Where new trusts are stored: `sqlite`, or an address such as `postgres://user:password@host/database` [default:
    /// sqlite].
    #[arg(long, global = true, env = "ALMONER_STORE", value_name = "STORE", hide_env_values = true)]
    pub(crate) store: Option<String>,
    /// Certificates of who vouches for PostgreSQL servers, in PEM; addresses with sslmode go by it.
    #[arg(long, global = true, env = "ALMONER_STORE_CA", value_name = "FILE")]
    pub(crate) store_ca: Option<PathBuf>,
    /// Address and port to serve on [default: 127.0.0.1:8400].
    #[arg(long, global = true, env = "ALMONER_LISTEN", value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Address by which browsers reach the host through a proxy, such as `https://epr.example.nhs.uk`.
    #[arg(long, global = true, env = "ALMONER_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Address and port on which other hosts reach this one to move trusts; without it none can.
    #[arg(long, global = true, env = "ALMONER_MOVE_LISTEN", value_name = "ADDR")]
    pub(crate) move_listen: Option<SocketAddr>,
    /// When the exit of every trust is rehearsed each night: a time in London, or `off` [default: 02:30].
    #[arg(long, global = true, env = "ALMONER_REHEARSE_EXIT", value_name = "HH:MM")]
    pub(crate) rehearse_exit: Option<String>,
    /// When the sheets of a downtime are made each day: a time in London, or `off` [default: 22:00].
    #[arg(long, global = true, env = "ALMONER_DOWNTIME_SHEETS", value_name = "HH:MM")]
    pub(crate) downtime_sheets: Option<String>,
    /// Configuration file with data, store, store_ca, listen, public_url, move_listen, rehearse_exit and downtime_sheets [default: ./almoner.toml if it is there].
    #[arg(long, global = true, env = "ALMONER_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve all trusts of the data directory until told to stop.
    Serve,
    /// Make two trusts of invented patients (in ./almoner-demo unless --data says otherwise) and serve them.
    Demo,
    /// Trusts of this host.
    #[command(subcommand)]
    Trust(TrustCommand),
    /// Accounts of people.
    #[command(subcommand)]
    User(UserCommand),
    /// Make a bearer token for software (printed once), or list or revoke tokens.
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Token {
        #[command(flatten)]
        new: Option<TokenArguments>,
        #[command(subcommand)]
        command: Option<TokenCommand>,
    },
    /// Load FHIR files: resources, Bundles, NDJSON; plain, gzip or tar; or directories of them.
    ///
    /// What was loaded before is recognised, so a load that was broken off is simply repeated.
    Load {
        /// Into which trust.
        #[arg(long, value_name = "CODE")]
        trust: String,
        /// Write what the record holds as an older version again as the newest; without this it counts as already there.
        #[arg(long)]
        as_newest: bool,
        /// Files and directories.
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Sites, wards, beds, services, staff and job roles as text files: check, compare, apply, take back.
    Configure {
        /// Of which trust.
        #[arg(long, value_name = "CODE")]
        trust: String,
        #[command(subcommand)]
        what: ConfigureCommand,
    },
    /// Make the sheets of a downtime now: wards, to come in, emergency department, blank forms, open numbers, as HTML files
    /// that need nothing but a browser to be printed. See docs/downtime.md.
    Downtime {
        /// Of which trust.
        #[arg(long, value_name = "CODE")]
        trust: String,
    },
    /// Find likely duplicates: of a trust, or among the people of a CSV file. Merges nothing.
    ///
    /// With --trust all patients of a trust are compared; new pairs become reviews of its patient index, and what is learnt
    /// is kept for registrations to come. With --input a file is compared; that needs no trust and keeps nothing.
    /// The file is UTF-8 and its first line names the columns. Columns with usual names (surname, given_name,
    /// date_of_birth, postcode, sex, nhs_number, address, phone and the like) are found; others are named by --column.
    Match(MatchArguments),
    /// Move a trust to another host while it is used, and back: plan, copy, follow, rehearse, cut, back, complete.
    ///
    /// Both hosts must be served with --move-listen. See docs/moving.md.
    #[command(subcommand)]
    Move(MoveCommand),
    /// Take everything of a trust out, in open formats that need nothing of this program: FHIR, CSV, the journal.
    ///
    /// The trust is served meanwhile; what is written after the beginning is not in it. Nobody can do it unnoticed: the
    /// access journal names who did, for every patient. See docs/exit.md.
    Export(ExportArguments),
    /// Make a trust of a folder that `export` wrote, on SQLite or PostgreSQL, and compare it with the folder.
    ///
    /// Every file and the journal are checked before anything is made; the copy is compared before anybody can use it.
    /// When something is wrong it is named, and nothing stays.
    Import {
        /// The folder.
        #[arg(value_name = "DIR")]
        from: PathBuf,
        /// The trust's code here [default: the one it had].
        #[arg(long = "as", value_name = "CODE")]
        code: Option<String>,
        /// A checkpoint that was kept elsewhere: with it a journal that was written anew as a whole is found too.
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
    },
    /// Sign a report of this host's trusts and print it, for whoever oversees their moves. No patient data is in it.
    StatusReport {
        /// The file to write it to [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Oversee a consortium: its deadline, the hosts whose reports are taken, reports taken in. The page is /t/CODE/oversight.
    #[command(subcommand)]
    Oversight(OversightCommand),
    /// Have other hosts witness for this one: they sign its checkpoints, and it signs theirs.
    ///
    /// All must be served with --move-listen. See docs/witnesses.md.
    #[command(subcommand)]
    Witness(WitnessCommand),
    /// Check that a record is whole: chain, tree, texts, access journal.
    Verify {
        /// Of which trust.
        #[arg(long, value_name = "CODE")]
        trust: String,
        /// Checkpoints that were kept elsewhere; what lies after them is reported as not covered.
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
        /// Compare the index with the versions too.
        #[arg(long)]
        index: bool,
    },
    /// Sign checkpoints of a record, of its journal and of who has looked, and print them, to be kept elsewhere.
    Checkpoint {
        /// Of which trust.
        #[arg(long, value_name = "CODE")]
        trust: String,
    },
    /// Make the index of a record anew from its versions.
    RebuildIndex {
        /// Of which trust.
        #[arg(long, value_name = "CODE")]
        trust: String,
    },
}

/// What is to be taken out.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("out").required(true))]
pub(crate) struct ExportArguments {
    /// Of which trust.
    #[arg(long, value_name = "CODE")]
    pub(crate) trust: String,
    /// The folder, empty or not there.
    #[arg(value_name = "DIR", group = "out")]
    pub(crate) to: Option<PathBuf>,
    /// Take everything out into a folder of the host's own, read it into an empty instance, compare, and remove both: what
    /// a host that serves does every night.
    #[arg(long, group = "out")]
    pub(crate) rehearse: bool,
    /// Who does it, as the access journal will say it [default: the name of the account on this machine].
    #[arg(long, value_name = "NAME", conflicts_with = "rehearse")]
    pub(crate) by: Option<String>,
}

/// What is to be matched.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("people").required(true))]
pub(crate) struct MatchArguments {
    /// The trust whose patients are compared.
    #[arg(long, value_name = "CODE", group = "people", conflicts_with_all = ["out", "column"])]
    pub(crate) trust: Option<String>,
    /// The people: CSV with a header.
    #[arg(long, value_name = "FILE", group = "people")]
    pub(crate) input: Option<PathBuf>,
    /// Write all pairs as CSV, with what each field says.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Which column holds a field, such as surname=family_name; fields: id, surname, given, born, sex, nhs-number,
    /// postcode, address, phone. May be repeated, also for one field.
    #[arg(long, value_name = "FIELD=NAME")]
    pub(crate) column: Vec<Column>,
    /// How many threads work [default: as many as the machine has].
    #[arg(long, value_name = "NUMBER")]
    pub(crate) threads: Option<NonZero<usize>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }
}
