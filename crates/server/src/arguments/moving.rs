//! The steps of a move on the command line, with their help. Parses, and knows nothing of what a step does: whether it may be
//! taken is decided by `hosting`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
        /// At the host that does not write, where there is no line: with what a rehearsal of the way back asks for.
        #[arg(long, conflicts_with_all = ["hold", "whole"])]
        way_back: bool,
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
    ///
    /// Where there is no line, at the host that writes: rehearse the way back with what the other one packed for it.
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
    /// At the host that follows, where there is no line: write what came of its rehearsals to a letter.
    Report {
        #[command(flatten)]
        of: MoveTrust,
        /// The file to write the letter to [default: standard output].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
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
        /// Where there is no line and a plan: the account of one of the two people who agree. Given twice; their passwords are
        /// read from standard input, a line each.
        #[arg(long = "person", value_name = "NAME", requires = "signed", conflicts_with = "unplanned")]
        people: Vec<String>,
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
