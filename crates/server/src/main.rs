//! almoner: the program. Reads the arguments, gives the work to `hosting`, prints what came of it.
//! Knows nothing of records, accounts or networks; an exit code is all it decides.

mod arguments;
mod exit;
mod moving;
mod oversight;
mod print;
mod progress;

use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use hosting::configure::{Configure, Folder};
use hosting::match_file::{MatchFile, match_file};
use hosting::only_read::{FromCopy, run_from_copy};
use hosting::oversight::OversightWork;
use hosting::{
    Configuration, Failure, GoLive, NewPassword, NewToken, NewTrust, NewUser, Secret, Settings, TrustCode, Work,
};

use crate::arguments::people::{TokenArguments, TokenCommand, UserCommand};
use crate::arguments::trusts::{ConfigureCommand, FolderArguments, TrustCommand};
use crate::arguments::{Arguments, Command, HostArguments, MatchArguments};

/// Rows and texts are made on one thread and freed on another, by the million.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_log(&arguments.command);
    let ended =
        tokio::runtime::Runtime::new().context("starting").and_then(|runtime| runtime.block_on(carry_out(arguments)));
    match ended {
        Ok(code) => code,
        Err(error) => {
            print::error(&error);
            ExitCode::from(error.downcast_ref::<Failure>().map_or(3, Failure::exit_code))
        }
    }
}

async fn carry_out(arguments: Arguments) -> Result<ExitCode> {
    let Arguments { host, json, command } = arguments;
    if let Command::Match(MatchArguments { input: Some(input), out, column, threads, .. }) = command {
        return matched(&MatchFile { input, out, columns: column, threads }, json);
    }
    let default_data = matches!(command, Command::Demo).then(|| PathBuf::from("almoner-demo"));
    let (store, read_at, from_copy) = (host.store.clone(), host.store.clone(), host.from_copy.clone());
    let configuration = configuration(host, default_data)?;
    let mut out = None;
    let work = match command {
        Command::Move(command) => {
            let (work, to) = moving::work(command, store)?;
            out = to;
            work
        }
        Command::StatusReport { out: to } => {
            out = to;
            Work::Oversee(OversightWork::Report)
        }
        Command::Serve => {
            hosting::serve(configuration, |address| ready(print::serving(address, json))).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Demo => {
            hosting::serve_demonstration(configuration, |demo| ready(print::demonstration(demo, json))).await?;
            return Ok(ExitCode::SUCCESS);
        }
        command => work(command, store)?,
    };
    let progress = progress::Bar::new(json);
    let (outcome, told) = match from_copy {
        Some(copy) => {
            let place = (copy.as_path(), read_at.as_deref());
            let done = run_from_copy(configuration, place, work, &|step| progress.show(step)).await;
            done.map(|FromCopy { outcome, told }| (outcome, told))
        }
        None => {
            hosting::run(configuration, work, &|step| progress.show(step)).await.map(|outcome| (outcome, Vec::new()))
        }
    }
    .inspect(|_| progress.clear())
    .inspect_err(|_| progress.clear())?;
    print::told(&told);
    match out {
        Some(path) => moving::write(&outcome, &path)?,
        None => print::outcome(&outcome, json)?,
    }
    Ok(ExitCode::from(outcome.exit_code()))
}

/// A host serves also where nobody can be told that it does.
fn ready(told: Result<()>) {
    if let Err(error) = told {
        tracing::warn!("{error:#}");
    }
}

/// Matches a file: work for all processors, which no trust has to wait for.
fn matched(work: &MatchFile, json: bool) -> Result<ExitCode> {
    let progress = progress::Bar::new(json);
    let outcome = tokio::task::block_in_place(|| match_file(work, &|step| progress.show(step)));
    progress.clear();
    let outcome = outcome?;
    print::outcome(&outcome, json)?;
    Ok(ExitCode::from(outcome.exit_code()))
}

fn configuration(host: HostArguments, default_data: Option<PathBuf>) -> Result<Configuration, Failure> {
    let HostArguments {
        data,
        from_copy: _,
        store,
        store_ca,
        listen,
        public_url,
        move_listen,
        rehearse_exit,
        downtime_sheets,
        config,
    } = host;
    let given = Settings { data, listen, store, store_ca, public_url, move_listen, rehearse_exit, downtime_sheets };
    let mut configuration = Configuration::resolve(given.clone(), config.as_deref())?;
    if let (None, Some(default)) = (&given.data, default_data) {
        configuration.data = std::path::absolute(&default)
            .map_err(|error| Failure::Problem(format!("finding the data directory: {error}")))?;
    }
    Ok(configuration)
}

/// The work of a command; a new trust goes to `store` if one was named. Paths become absolute: the process that does it may have another working directory.
fn work(command: Command, store: Option<String>) -> Result<Work> {
    Ok(match command {
        Command::Trust(TrustCommand::Add { code, name, demonstration }) => {
            Work::AddTrust(NewTrust { code: TrustCode::parse(&code)?, name, store, demonstration })
        }
        Command::Trust(TrustCommand::GoLive { code, officer, registration, case, signed_on, log, by }) => {
            let log = log.map(std::path::absolute).transpose().context("finding the hazard log")?;
            let (trust, by) = (TrustCode::parse(&code)?, by.or_else(on_this_machine));
            Work::GoLive(GoLive { trust, officer, registration, case, signed_on, log, by })
        }
        Command::Trust(TrustCommand::Show { code }) => Work::ShowTrust { trust: TrustCode::parse(&code)? },
        Command::Trust(TrustCommand::Pause { code }) => {
            Work::ShutTrust { trust: TrustCode::parse(&code)?, for_good: false }
        }
        Command::Trust(TrustCommand::Close { code }) => {
            Work::ShutTrust { trust: TrustCode::parse(&code)?, for_good: true }
        }
        Command::Trust(TrustCommand::Restore { code }) => Work::RestoreTrust { trust: TrustCode::parse(&code)? },
        Command::Trust(TrustCommand::Remove { code, confirm }) => {
            Work::RemoveTrust { trust: TrustCode::parse(&code)?, confirm }
        }
        Command::User(UserCommand::Add { trust, name, display, role, staff, password_stdin }) => {
            let password = password_stdin.then(password_from_stdin).transpose()?;
            Work::AddUser(NewUser { trust: TrustCode::parse(&trust)?, name, display, role, password, staff })
        }
        Command::User(UserCommand::Link { trust, name, staff, none: _ }) => {
            Work::LinkUser { trust: TrustCode::parse(&trust)?, name, staff }
        }
        Command::User(UserCommand::List { trust }) => Work::ListUsers { trust: TrustCode::parse(&trust)? },
        Command::User(UserCommand::Reset { trust, name, password_stdin, reopen }) => {
            let password = password_stdin.then(password_from_stdin).transpose()?;
            Work::ResetUser(NewPassword { trust: TrustCode::parse(&trust)?, name, password, reopen })
        }
        Command::User(UserCommand::Close { trust, name, to }) => {
            Work::CloseUser { trust: TrustCode::parse(&trust)?, name, to }
        }
        Command::Token { new, command } => token_work(new, command)?,
        Command::Load { trust, as_newest, paths } => {
            let paths = paths.iter().map(std::path::absolute).collect::<Result<_, _>>();
            Work::Load { trust: TrustCode::parse(&trust)?, paths: paths.context("finding the files")?, as_newest }
        }
        Command::Configure { trust, what } => {
            Work::Configure { trust: TrustCode::parse(&trust)?, what: configure_work(what)? }
        }
        Command::Export(export) => exit::export(export)?,
        Command::Import { from, code, against } => exit::import(&from, code, store, against)?,
        Command::Verify { trust, against, index } => {
            let against = against.map(checkpoint_from).transpose()?;
            Work::Verify { trust: TrustCode::parse(&trust)?, against, index }
        }
        Command::Oversight(command) => oversight::work(command)?,
        Command::Witness(command) => Work::Witness(moving::witness_work(command)?),
        Command::Checkpoint { trust } => Work::Checkpoint { trust: TrustCode::parse(&trust)? },
        Command::RebuildIndex { trust } => Work::RebuildIndex { trust: TrustCode::parse(&trust)? },
        Command::Downtime { trust } => Work::DowntimeSheets { trust: TrustCode::parse(&trust)? },
        Command::Match(MatchArguments { trust, threads, .. }) => {
            Work::FindDuplicates { trust: TrustCode::parse(&trust.unwrap_or_default())?, threads }
        }
        // Serving is no work of a moment and a move may write a file; `carry_out` has dealt with them, and with a file to
        // be matched.
        Command::Trust(TrustCommand::List)
        | Command::Serve
        | Command::Demo
        | Command::Move(_)
        | Command::StatusReport { .. } => Work::ListTrusts,
    })
}

/// A checkpoint that was kept elsewhere.
fn checkpoint_from(path: PathBuf) -> Result<String, Failure> {
    std::fs::read_to_string(&path)
        .map_err(|error| Failure::Refused(format!("reading the checkpoint {}: {error}", path.display())))
}

fn configure_work(command: ConfigureCommand) -> Result<Configure> {
    Ok(match command {
        ConfigureCommand::Check(folder) => Configure::Check(absolute(folder)?),
        ConfigureCommand::Diff(folder) => Configure::Diff(absolute(folder)?),
        ConfigureCommand::Apply { folder, why, by } => {
            Configure::Apply { folder: absolute(folder)?, why, by: by.or_else(on_this_machine) }
        }
        ConfigureCommand::Show { to } => {
            let to = to.map(std::path::absolute).transpose().context("finding the folder")?;
            Configure::Show { to }
        }
        ConfigureCommand::Undo { version, why, by } => {
            Configure::Undo { version, why, by: by.or_else(on_this_machine) }
        }
    })
}

/// Who runs this: the account from which somebody became another one, if so, else the account.
fn on_this_machine() -> Option<String> {
    let named = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let name = named.filter(|name| !name.trim().is_empty()).or_else(account_of_process)?;
    Some(format!("{name}, on the command line"))
}

/// The name of the account that this process runs as, where the environment does not say it.
fn account_of_process() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let uid = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    let own = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|of| of.get(2) == Some(&&*uid))?;
    own.first().map(|name| (*name).to_owned())
}

/// The folder that a trust's folder lies in is the root, unless one is named.
fn absolute(of: FolderArguments) -> Result<Folder> {
    let own = std::path::absolute(&of.folder).context("finding the folder")?;
    let root = match of.root {
        Some(root) => std::path::absolute(root).context("finding the root")?,
        None => own.join(".."),
    };
    Ok(Folder { own, root })
}

fn token_work(new: Option<TokenArguments>, command: Option<TokenCommand>) -> Result<Work> {
    Ok(match (command, new) {
        (Some(TokenCommand::List { trust }), _) => Work::ListTokens { trust: TrustCode::parse(&trust)? },
        (Some(TokenCommand::Revoke { trust, id }), _) => Work::RevokeToken { trust: TrustCode::parse(&trust)?, id },
        (None, Some(TokenArguments { trust, role, ttl, patient, label })) => Work::IssueToken(NewToken {
            trust: TrustCode::parse(&trust)?,
            role,
            ttl_seconds: ttl,
            patients: patient,
            label,
        }),
        (None, None) => return Err(Failure::Refused("Say for which trust, role and time: --help.".into()).into()),
    })
}

fn password_from_stdin() -> Result<Secret> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("reading the password")?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
}

/// A host that serves says what it does; a command says only what is wrong. `ALMONER_LOG` chooses otherwise.
fn start_log(command: &Command) {
    let default = if matches!(command, Command::Serve | Command::Demo) { "info" } else { "warn" };
    let filter = tracing_subscriber::EnvFilter::try_from_env("ALMONER_LOG");
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
}
