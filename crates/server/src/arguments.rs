//! The command line: every command with its help. Parses, and knows nothing of what a command does.
//! What is checked here is only how something is written; whether it may be is decided by `hosting`.

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use hosting::match_file::Column;

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
    /// written there. For `verify`, `export` and `move pack`; temporary files are in TMPDIR.
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
    /// Make a trust of invented patients (in ./almoner-demo unless --data says otherwise) and serve it.
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

/// A step of a move.
#[derive(Debug, Subcommand)]
pub(crate) enum MoveCommand {
    /// Show this host's key, and where other hosts reach it: what the source needs to plan.
    Key,
    /// At the source: make a ticket, to be carried to the target.
    Plan {
        /// Which trust.
        #[arg(long, value_name = "CODE")]
        trust: String,
        /// Where the source reaches the target.
        #[arg(long, value_name = "HOST:PORT", required_unless_present = "no_line")]
        to: Option<String>,
        /// There is no line between the two hosts: everything is carried on disks and as letters.
        #[arg(long, conflicts_with_all = ["to", "address"])]
        no_line: bool,
        /// The target's key, as `almoner move key` shows it there.
        #[arg(long, value_name = "KEY")]
        key: String,
        /// Where the target reaches the source [default: where it listens for other hosts].
        #[arg(long, value_name = "HOST:PORT")]
        address: Option<String>,
        /// The file to write the ticket to [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// At the target: begin to copy, and wait until everything that there was has come. It follows by itself from then on.
    Copy {
        /// The ticket.
        #[arg(long, value_name = "FILE")]
        ticket: PathBuf,
        #[command(flatten)]
        limits: Limits,
        /// A folder that the source has packed: what is in it is not fetched.
        #[arg(long, value_name = "FOLDER")]
        from: Option<PathBuf>,
    },
    /// At the source: pack every segment into a folder, to be carried to the target on a disk. Again adds what is new.
    ///
    /// Where there is no line, everything else is packed too; at the host that does not write, its access journal.
    Pack {
        #[command(flatten)]
        of: MoveTrust,
        /// The folder.
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
        /// Where there is no line: hold writers from now on, until the disk was carried and answered, for the cut. Nobody can
        /// record anything meanwhile; `move release` lets them go on.
        #[arg(long, requires = "confirm")]
        hold: bool,
        /// The trust's code once more.
        #[arg(long, value_name = "CODE", requires = "hold")]
        confirm: Option<String>,
        /// Read every text and index row again, for the rehearsal over there.
        #[arg(long)]
        whole: bool,
    },
    /// At the host that writes: let writers go on who are held for a disk. What was packed leads to no cut any more.
    Release(MoveTrust),
    /// At the host that follows: wait until it is no entry behind; or take what was carried here.
    Follow {
        #[command(flatten)]
        of: MoveTrust,
        /// A folder that the other host has packed, where there is no line.
        #[arg(long, value_name = "FOLDER")]
        from: Option<PathBuf>,
    },
    /// At the host that follows: compare both hosts, and say where they differ.
    Rehearse {
        #[command(flatten)]
        of: MoveTrust,
        /// Read every text and index row again and compare their digests too.
        #[arg(long)]
        whole: bool,
        /// Where there is no line: take this folder and compare with the answers in it; whole if it was packed so.
        #[arg(long, value_name = "FOLDER", conflicts_with = "whole")]
        from: Option<PathBuf>,
    },
    /// At the host that follows, where there is no line: take a folder that was packed with --hold, compare, and sign the cut.
    Sign {
        #[command(flatten)]
        of: MoveTrust,
        /// The folder.
        #[arg(long, value_name = "FOLDER")]
        from: PathBuf,
        /// The file to write the signature to [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// At either host, where there is no line: take a letter of the other one, and write the one that answers it.
    Letter {
        #[command(flatten)]
        of: MoveTrust,
        /// The letter.
        #[arg(long, value_name = "FILE")]
        letter: PathBuf,
        /// The file to write the answer to, if there is one [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// At the host that writes: hold writers, hand the trust over, send them on.
    ///
    /// Where there is no line, writers are held already, and the other host's signature was carried here.
    Cut {
        #[command(flatten)]
        of: MoveTrust,
        /// Without a plan, and so without asking what must hold; the seal and the certificate say so.
        #[arg(long, requires = "confirm")]
        unplanned: bool,
        /// The trust's code once more.
        #[arg(long, value_name = "CODE", requires = "unplanned")]
        confirm: Option<String>,
        #[command(flatten)]
        carried: Carried,
    },
    /// At the target, once it writes: the same the other way round.
    Back {
        #[command(flatten)]
        of: MoveTrust,
        #[command(flatten)]
        carried: Carried,
    },
    /// At the host that writes: have the other host's copy destroyed, and get its signed statement.
    Complete {
        #[command(flatten)]
        of: MoveTrust,
        /// The trust's code once more: the copy cannot be brought back.
        #[arg(long, value_name = "CODE")]
        confirm: String,
        /// Where there is no line, at the host that writes: the folder with the other one's access journal.
        #[arg(long, value_name = "FOLDER", conflicts_with = "letter")]
        from: Option<PathBuf>,
        /// Where there is no line: what the other host says of it.
        #[arg(long, value_name = "FILE")]
        letter: Option<PathBuf>,
        /// The file to write the letter to the other host, or the statement, to [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// End a move that leads nowhere: at the host that writes, and then at the other one, whose copy is destroyed.
    ///
    /// The host that writes signs a note that no cut will come of it; the other one asks for that note.
    GiveUp {
        #[command(flatten)]
        of: MoveTrust,
        /// The trust's code once more.
        #[arg(long, value_name = "CODE")]
        confirm: String,
        /// At the host that does not write: the note of the one that does.
        #[arg(long, value_name = "FILE")]
        note: Option<PathBuf>,
        /// The file to write the note, or the statement of the destruction, to [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// At the host that was cut: the certificate, with checkpoints that witnesses signed.
    Certificate {
        #[command(flatten)]
        of: MoveTrust,
        /// A checkpoint that a witness signed before the cut. May be repeated.
        #[arg(long, value_name = "FILE")]
        witnessed: Vec<PathBuf>,
        /// The file to write it to [default: standard output]; for people, as PDF with the certificate inside, if it ends with
        /// .pdf.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// At the host that copies: how fast, and at which hours, from now on.
    Throttle {
        #[command(flatten)]
        of: MoveTrust,
        #[command(flatten)]
        limits: Limits,
    },
    /// At the host that cut: write the cut entry to a file, to be carried to the other host when there is no wire.
    Entry {
        #[command(flatten)]
        of: MoveTrust,
        /// The file to write it to [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// At the host that it was cut to: take the cut entry that was carried here, and open.
    Take {
        #[command(flatten)]
        of: MoveTrust,
        /// The file that `almoner move entry` wrote.
        #[arg(long, value_name = "FILE")]
        entry: PathBuf,
        /// Where there is no line: the file to write the letter to that says so [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// At the host that it was cut to, while it is not open: refuse the cut for good, so that the other may take it back.
    Refuse {
        #[command(flatten)]
        of: MoveTrust,
        /// The file that `almoner move entry` wrote.
        #[arg(long, value_name = "FILE")]
        entry: PathBuf,
        /// The file to write the refusal to [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// At the host that cut: take the trust back, by the other host's refusal, which it is asked for unless one was carried.
    ///
    /// Two people of the trust answer for it; their passwords are read from standard input, a line each.
    Resume {
        #[command(flatten)]
        of: MoveTrust,
        /// The refusal, as the other host wrote it.
        #[arg(long, value_name = "FILE")]
        refusal: Option<PathBuf>,
        /// The account of one of the two people. Given twice.
        #[arg(long = "person", value_name = "NAME", required = true)]
        people: Vec<String>,
    },
    /// Where moves are.
    Status {
        /// Of one trust.
        #[arg(long, value_name = "CODE")]
        trust: Option<String>,
    },
}

/// A cut where there is no line.
#[derive(Debug, Args)]
pub(crate) struct Carried {
    /// Where there is no line: the other host's signature, as `almoner move sign` wrote it.
    #[arg(long, value_name = "FILE")]
    pub(crate) signed: Option<PathBuf>,
    /// Where there is no line: the file to write the cut entry to [default: standard output].
    #[arg(long, value_name = "FILE", requires = "signed")]
    pub(crate) out: Option<PathBuf>,
}

/// What to do about oversight.
#[derive(Debug, Subcommand)]
pub(crate) enum OversightCommand {
    /// Say which consortium this host oversees, and until when.
    Plan {
        /// Its name.
        #[arg(long)]
        consortium: String,
        /// The day on whose begin the old place must be left.
        #[arg(long, value_name = "YYYY-MM-DD")]
        deadline: String,
        /// What a day more costs, in pounds.
        #[arg(long, value_name = "POUNDS")]
        cost_per_day: Option<u32>,
        /// First day of a freeze of changes, in which nothing is cut.
        #[arg(long, value_name = "YYYY-MM-DD", requires = "freeze_until")]
        freeze_from: Option<String>,
        /// The day after its last.
        #[arg(long, value_name = "YYYY-MM-DD", requires = "freeze_from")]
        freeze_until: Option<String>,
    },
    /// Take the reports of a host from now on.
    Host {
        /// Its key, as `almoner move key` shows it there.
        #[arg(long, value_name = "KEY")]
        key: String,
        /// What people call it.
        #[arg(long)]
        name: Option<String>,
    },
    /// Take reports in. What is tampered with, old, replayed or of somebody unknown is refused and named.
    Take {
        /// Files, folders (every .report in them), and addresses such as https://host/t/CODE/status-report.
        #[arg(required = true, value_name = "FILE|DIR|URL")]
        from: Vec<String>,
        /// The bearer token for addresses, of an overseer.
        #[arg(long, env = "ALMONER_TOKEN", hide_env_values = true)]
        token: Option<String>,
        /// Certificates of who vouches for https addresses, in PEM.
        #[arg(long, value_name = "FILE")]
        ca: Option<PathBuf>,
    },
}

/// What is asked of witnesses.
#[derive(Debug, Subcommand)]
pub(crate) enum WitnessCommand {
    /// Show this host's keys: the one by which it is known on the wire, and the one by which it signs as a witness.
    Key,
    /// Make another host known; it must make this one known too.
    Add {
        /// Where it listens for other hosts.
        #[arg(long, value_name = "HOST:PORT")]
        address: String,
        /// Its key on the wire, as `almoner witness key` shows it there.
        #[arg(long, value_name = "KEY")]
        key: String,
    },
    /// Forget a host.
    Remove {
        /// Its name.
        #[arg(long, value_name = "NAME")]
        name: String,
    },
    /// Show every record to every witness now, and compare what they were shown. Done every ten minutes by itself.
    Ask,
    /// Show who is known, what was signed, and what was found.
    List,
    /// Print the newest checkpoint of a trust that each witness has signed, to be kept elsewhere.
    Cosigned(MoveTrust),
}

/// How fast, and when, a trust is copied.
#[derive(Debug, Args)]
pub(crate) struct Limits {
    /// Bytes a second, such as 500kB or 20MB; 0 for as fast as the wire.
    #[arg(long, value_name = "RATE")]
    pub(crate) rate: Option<String>,
    /// From when to when segments are fetched, by the clocks of London, such as 22-6 or 22:30-6; all for always.
    #[arg(long, value_name = "FROM-TO")]
    pub(crate) hours: Option<String>,
}

/// Which trust moves.
#[derive(Debug, Args)]
pub(crate) struct MoveTrust {
    /// Which trust.
    #[arg(long, value_name = "CODE")]
    pub(crate) trust: String,
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

/// A token to be made.
#[derive(Debug, Args)]
pub(crate) struct TokenArguments {
    /// In which trust.
    #[arg(long, value_name = "CODE")]
    pub(crate) trust: String,
    /// What it may do: clinician, clerk, privacy-officer, administrator, operator, overseer, system or subject.
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

/// What to do with a configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigureCommand {
    /// Say what is wrong with files: file, line, reason, what to write. Errors keep them from being applied.
    Check(FolderArguments),
    /// Compare files with what is live: what would be added, changed, removed.
    Diff(FolderArguments),
    /// Apply files in one commit.
    Apply {
        #[command(flatten)]
        folder: FolderArguments,
        /// Why, in one line, as the history will say it.
        #[arg(long, value_name = "TEXT")]
        why: Option<String>,
        /// Who applies it, as the history will say it [default: the name of the account on this machine].
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Show what is live, since when and by whom; write its files into a folder that is empty or not there.
    Show {
        /// Where the files go.
        #[arg(value_name = "DIR")]
        to: Option<PathBuf>,
    },
    /// Apply the files of a former version.
    Undo {
        /// Which version; the one before the live one unless it is named.
        #[arg(long, value_name = "NUMBER")]
        version: Option<u64>,
        /// Why, in one line, as the history will say it.
        #[arg(long, value_name = "TEXT")]
        why: Option<String>,
        /// Who applies it, as the history will say it [default: the name of the account on this machine].
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

/// A folder of configuration.
#[derive(Debug, Args)]
pub(crate) struct FolderArguments {
    /// The trust's own folder: every .toml file in it is read.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// The folder that it and all that it inherits lie in [default: the one that holds DIR].
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
}

/// What to do with trusts.
#[derive(Debug, Subcommand)]
pub(crate) enum TrustCommand {
    /// Make a trust and its empty record.
    Add {
        /// Its code, as in the address /t/RTX.
        #[arg(long)]
        code: String,
        /// Its name.
        #[arg(long)]
        name: String,
        /// Its patients are invented; every page says so.
        #[arg(long)]
        demonstration: bool,
    },
    /// Record the clinical safety officer and the signed safety case of a trust, by which it is live.
    ///
    /// Until then every page says that it is not live; accounts, configuration, loads, training and moves work. Recorded
    /// again, a newer case takes the former one's place.
    GoLive {
        /// Which.
        #[arg(value_name = "CODE")]
        code: String,
        /// The clinical safety officer's name, such as "Dr Ama Adom".
        #[arg(long, value_name = "NAME")]
        officer: String,
        /// Their registration as a clinician, such as "GMC 1234567".
        #[arg(long, value_name = "NUMBER")]
        registration: String,
        /// What the trust calls the signed case report, such as "CSCR-12 v2".
        #[arg(long, value_name = "REFERENCE")]
        case: String,
        /// The day on which it was signed, such as 2026-11-30.
        #[arg(long, value_name = "DAY")]
        signed_on: String,
        /// The hazard log that the case covers [default: the log of this release].
        #[arg(long, value_name = "FILE")]
        log: Option<PathBuf>,
        /// Who records this [default: whoever runs the command].
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// List the trusts.
    List,
    /// Show one trust with its sizes.
    Show {
        /// Which.
        #[arg(value_name = "CODE")]
        code: String,
    },
    /// Let nobody in for a while; the others go on.
    Pause {
        /// Which.
        #[arg(value_name = "CODE")]
        code: String,
    },
    /// Let nobody in until it is restored or removed; signs a last checkpoint.
    Close {
        /// Which.
        #[arg(value_name = "CODE")]
        code: String,
    },
    /// Serve a trust again that was paused or closed.
    Restore {
        /// Which.
        #[arg(value_name = "CODE")]
        code: String,
    },
    /// Destroy the record of a closed trust. It cannot be brought back.
    Remove {
        /// Which.
        #[arg(value_name = "CODE")]
        code: String,
        /// The trust's code once more.
        #[arg(long, value_name = "CODE")]
        confirm: String,
    },
}

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
        /// What they are: clinician, clerk, privacy-officer, administrator, operator, overseer or system.
        #[arg(long)]
        role: String,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the accounts: name, role, whether open, locked or closed.
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
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        let cases = [("90s", 90), ("30m", 1800), ("12h", 43_200), ("7d", 604_800)];
        assert!(cases.iter().all(|(text, expected)| seconds(text).ok() == Some(*expected)), "{cases:?}");
        assert!(["12", "h", "", "1w", "-1h", "1é"].iter().all(|text| seconds(text).is_err()));
    }

    #[test]
    fn the_command_line_holds_together() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }
}
