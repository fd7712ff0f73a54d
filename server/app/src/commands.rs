//! The command line

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use tacit_domain::signing_keys::Withdraw;

use crate::config::{Config, Flag, Problems, Scope, Sources};
use crate::telemetry;

mod accounts;
mod audit;
mod backup;
mod check;
mod failure;
mod keys;
mod mail;
mod openapi;
mod serve;

use failure::Failure;

/// An authentication server that never sees a password
///
/// Settings come from, each winning over the one before: built-in defaults, a TOML file (--config, or the file that
/// `TACIT_CONFIG` names, or ./tacit.toml), environment variables (`TACIT_MAIL__PORT` sets mail.port), and flags.
/// `tacit check` shows them all with where they came from.
///
/// Exit status: 0 done, 1 failed, 2 wrong usage or wrong configuration, 3 `audit verify` found faults.
#[derive(Debug, Parser)]
#[command(name = "tacit", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Common {
    /// The TOML file with settings
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the database is: sqlite:<file> or postgres://…
    ///
    /// A password in it can be seen by others in the list of processes; `TACIT_DATABASE__URL` or the file cannot.
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server
    ///
    /// Brings the database's schema up to date first. SIGTERM or Ctrl-C stops it: it accepts nothing more, finishes
    /// what is under way within `shutdown_deadline`, and ends with status 0. A second one ends it at once.
    Serve(ServeArguments),
    /// Bring the database's schema up to date and end
    ///
    /// `serve` does so too; this is for deployments that want it as a step of its own. Safe to run on several machines
    /// at once: one works, the others wait. A schema made by a newer version is left alone and refused.
    Migrate,
    /// Print the OpenAPI documents
    ///
    /// Without --out the document --name is written to standard output. Needs no configuration and no database.
    Openapi(OpenapiArguments),
    /// Check the configuration and show every setting with where it came from
    ///
    /// Every unknown key and wrong value is reported at once. Mail templates are tried, and the master key file is
    /// looked at; the database and the mail server are not contacted. Secrets are shown as `set`.
    Check,
    /// Administrators
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Accounts
    #[command(subcommand)]
    User(UserCommand),
    /// The audit log
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Copy a SQLite database in use into a new file
    ///
    /// The copy is consistent, complete, and readable by its owner only. It does not contain the master key: copy that
    /// too, to another place, or the copy is worthless. PostgreSQL has tools of its own, such as `pg_dump`.
    Backup {
        /// The file to make; it must not exist
        file: PathBuf,
    },
    /// Mail
    #[command(subcommand)]
    Mail(MailCommand),
}

#[derive(Debug, Args)]
struct ServeArguments {
    /// Serve the demo, and keep mails in a mailbox anybody can read; with a localhost `public_url` only
    #[arg(long)]
    demo: bool,
    /// Where to listen, such as 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where users reach the server, such as `https://login.example.com`
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

#[derive(Debug, Args)]
struct OpenapiArguments {
    /// The document: srp, platform, ops, or tacit, which is all of them
    #[arg(long, value_name = "NAME", default_value = "tacit", conflicts_with = "out")]
    name: String,
    /// Write every document into this folder, as <name>.json
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Make an administrator and print the link that activates the account
    ///
    /// No password is taken: whoever opens the link chooses one, in the browser. The link works once, for as long as
    /// `lifetimes.invitation` says. Run it again for an account that is not activated yet, and it prints a fresh link;
    /// the older one is void.
    ///
    /// An address that has an active account is refused, and never promoted: whoever holds that account now would
    /// become an administrator without having been asked to prove anything. Use another address.
    Create {
        /// The administrator's e-mail address
        #[arg(allow_hyphen_values = true)]
        email: String,
    },
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Show an account
    Show {
        /// Its e-mail address or its id
        #[arg(allow_hyphen_values = true)]
        user: String,
    },
    /// Disable an account and end its sessions
    ///
    /// Its owner cannot log in any more. Access tokens that other services check by themselves stay good until they
    /// expire (`lifetimes.access_token`); this server refuses them at once.
    Disable {
        /// Its e-mail address or its id
        #[arg(allow_hyphen_values = true)]
        user: String,
    },
    /// End all sessions of an account; its owner can log in again
    RevokeSessions {
        /// Its e-mail address or its id
        #[arg(allow_hyphen_values = true)]
        user: String,
    },
    /// Forget the failed logins of an account, so that its owner need not wait
    ///
    /// After a hundred in a row (`limits.proof_lock`) only a device that has logged in before can still log in; this
    /// opens the account for others again.
    Unlock {
        /// Its e-mail address or its id
        #[arg(allow_hyphen_values = true)]
        user: String,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Look whether every event of the audit log is as it was recorded
    ///
    /// Names every event that was altered, removed, moved or added behind the server's back, and ends with status 3 if
    /// there is one. The server may go on working meanwhile.
    ///
    /// Where all is well it prints an anchor: keep it away from the database, and give it to a later call with --anchor.
    /// Without one nobody can tell a database that was put back, as a whole, to an older copy of itself.
    Verify {
        /// What an earlier call printed: the log must still have all it had then
        #[arg(long, value_name = "TEXT")]
        anchor: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Sign access tokens with the next key from now on
    ///
    /// The next key has been published for a while, so verifiers know it; the old one stays published until the last
    /// token it signed has expired. Keys also rotate by themselves (`lifetimes.signing_key`). Running servers take the
    /// new key within seconds.
    Rotate,
    /// Show the keys that access tokens are verified with
    ///
    /// Each with its name (`kid`), its state, and since when: `signing`, `published` (the next), or `retired` (signs no
    /// longer, and is published until what it signed has expired).
    List,
    /// Take a key out of use at once, because somebody else may have it
    ///
    /// Nothing that it signed is accepted any more: by running servers within ten seconds, by other services once they
    /// fetch the published keys again. Where it was the one that signs, the next one takes over. People stay signed in:
    /// their clients renew the access token.
    #[command(group = clap::ArgGroup::new("which").required(true))]
    Withdraw {
        /// Its name, as `tacit keys list` shows it
        #[arg(group = "which", allow_hyphen_values = true)]
        kid: Option<String>,
        /// Every key there is; other services accept no token until they have fetched the new ones
        #[arg(long, group = "which")]
        all: bool,
    },
    /// Print a fresh master key
    ///
    /// For example: (umask 077; tacit keys new-master > master.key). Needs no configuration. Keep a copy in a safe
    /// place that is not the database's backup: losing the key loses all passwords.
    NewMaster,
}

#[derive(Debug, Subcommand)]
enum MailCommand {
    /// List the mails that will never be sent, with what the mail server said
    ///
    /// One a line: when it was given up, what it was about, to whom, how often it was tried, and why. They are kept for a
    /// week, without their secrets. Nothing is sent again: people ask for another mail where they asked for this one.
    GivenUp,
    /// Send a mail that says that mails arrive
    ///
    /// At once and not through the outbox, so that what the mail server answers is seen here.
    Test {
        /// Where to send it
        #[arg(allow_hyphen_values = true)]
        address: String,
        /// In which language
        #[arg(long, value_name = "TAG", default_value = "en")]
        language: String,
    },
}

/// Runs a command to its end.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    match dispatch(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn dispatch(cli: Cli) -> Result<(), Failure> {
    let (common, scope) = (cli.common, cli.command.scope());
    let load = |flags| common.load(scope, flags);
    match cli.command {
        Command::Serve(arguments) => serve::run(load(arguments.flags())?),
        Command::Check => {
            let config = load(Vec::new())?;
            on_runtime(async { check::run(&config) })
        }
        Command::Openapi(arguments) => openapi::run(&arguments),
        Command::Keys(KeysCommand::NewMaster) => keys::new_master(),
        Command::Migrate => on_runtime(backup::migrate(load(Vec::new())?)),
        Command::Backup { file } => on_runtime(backup::backup(load(Vec::new())?, file)),
        Command::Keys(KeysCommand::List) => on_runtime(keys::list(load(Vec::new())?)),
        Command::Keys(KeysCommand::Withdraw { kid, all: _ }) => {
            on_runtime(keys::withdraw(load(Vec::new())?, kid.map_or(Withdraw::All, Withdraw::One)))
        }
        Command::Keys(KeysCommand::Rotate) => on_runtime(keys::rotate(load(Vec::new())?)),
        Command::Admin(AdminCommand::Create { email }) => on_runtime(accounts::create_admin(load(Vec::new())?, email)),
        Command::Audit(AuditCommand::Verify { anchor }) => on_runtime(audit::verify(load(Vec::new())?, anchor)),
        Command::User(command) => on_runtime(accounts::user(load(Vec::new())?, command)),
        Command::Mail(MailCommand::GivenUp) => on_runtime(mail::given_up(load(Vec::new())?)),
        Command::Mail(MailCommand::Test { address, language }) => {
            on_runtime(mail::test(load(Vec::new())?, address, language))
        }
    }
}

/// Runs a short command; two threads are plenty.
fn on_runtime(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    telemetry::init_for_command();
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(command)
}

impl Command {
    /// What of the configuration it works with; for the rest it may lack what is kept apart, such as the mail account's password.
    const fn scope(&self) -> Scope {
        match self {
            Self::Serve(_) | Self::Check => Scope::Everything,
            Self::Mail(MailCommand::Test { .. }) => Scope::Mails,
            Self::Migrate
            | Self::Openapi(_)
            | Self::Admin(_)
            | Self::User(_)
            | Self::Audit(_)
            | Self::Keys(_)
            | Self::Backup { .. }
            | Self::Mail(MailCommand::GivenUp) => Scope::Database,
        }
    }
}

impl Common {
    fn load(&self, scope: Scope, mut flags: Vec<Flag>) -> Result<Config, Problems> {
        if let Some(url) = &self.database_url {
            flags.push(Flag { key: "database.url", name: "--database-url", value: url.clone() });
        }
        Config::load_for(scope, &Sources::of_process(self.config.clone(), flags))
    }
}

impl ServeArguments {
    fn flags(self) -> Vec<Flag> {
        let demo = self.demo.then(|| "true".to_owned());
        [("demo", "--demo", demo), ("listen", "--listen", self.listen), ("public_url", "--public-url", self.public_url)]
            .into_iter()
            .filter_map(|(key, name, value)| Some(Flag { key, name, value: value? }))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::{Cli, Command, KeysCommand, UserCommand};

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    fn parsed(words: &[&str]) -> Command {
        Cli::try_parse_from(["tacit"].iter().chain(words)).unwrap().command
    }

    /// One name of a key in 64 does.
    #[test]
    fn a_name_may_begin_with_a_hyphen() {
        for name in ["-8yAgUVy", "-c", "--all-of-it", "-"] {
            let Command::Keys(KeysCommand::Withdraw { kid, all: false }) = parsed(&["keys", "withdraw", name]) else {
                panic!("{name}");
            };
            assert_eq!(kid.as_deref(), Some(name));
        }
        let all = parsed(&["keys", "withdraw", "--all"]);
        assert!(matches!(all, Command::Keys(KeysCommand::Withdraw { kid: None, all: true })));
        let Command::User(UserCommand::Unlock { user }) = parsed(&["user", "unlock", "-a@example.com"]) else {
            panic!()
        };
        assert_eq!(user, "-a@example.com");
    }
}
