//! `tacit admin …` and `tacit user …`

use std::io::{self, Write as _};

use tacit_domain::Domain;
use tacit_domain::accounts::{Account, AccountError, AccountName};
use tacit_domain::address::Address;
use tacit_store::{Access, Store};

use super::{Failure, UserCommand};
use crate::config::{Config, Setting as _};
use crate::{assemble, seams};

pub(super) async fn create_admin(config: Config, email: String) -> Result<(), Failure> {
    let address = Address::parse(&email)?;
    let (store, domain) = open(&config, Access::Write).await?;
    let secret = match domain.accounts.invite_admin(&address).await {
        Ok(secret) => secret,
        Err(AccountError::Exists) => {
            return Err(Failure::new(format!(
                "{} has an account already, which is never promoted (see `tacit admin create --help`): use another \
                 address",
                address.as_str()
            )));
        }
        Err(error) => return Err(error.into()),
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{}", config.mail.welcome_link.replace("{secret}", &secret))?;
    let note = "Open this link within {} to choose a password and activate the account. It works once.";
    writeln!(io::stderr(), "{}", note.replace("{}", &config.lifetimes.invitation.show()))?;
    drop(out);
    store.close().await;
    Ok(())
}

pub(super) async fn user(config: Config, command: UserCommand) -> Result<(), Failure> {
    let name = AccountName::parse(command.user())?;
    let access = if matches!(command, UserCommand::Show { .. }) { Access::Read } else { Access::Write };
    let (store, domain) = open(&config, access).await?;
    let said = match command {
        UserCommand::Show { .. } => {
            let (account, sessions) = domain.accounts.show(&name).await?;
            description(&account, sessions)
        }
        UserCommand::Disable { .. } => {
            format!("disabled; {} session(s) ended", domain.accounts.disable(&name).await?)
        }
        UserCommand::RevokeSessions { .. } => {
            format!("{} session(s) ended", domain.accounts.revoke_sessions(&name).await?)
        }
        UserCommand::Unlock { .. } => {
            format!("{} failed login(s) in a row forgotten", domain.accounts.unlock(&name).await?)
        }
    };
    writeln!(io::stdout(), "{said}")?;
    store.close().await;
    Ok(())
}

impl UserCommand {
    fn user(&self) -> &str {
        match self {
            Self::Show { user } | Self::Disable { user } | Self::RevokeSessions { user } | Self::Unlock { user } => {
                user
            }
        }
    }
}

async fn open(config: &Config, access: Access) -> Result<(Store, Domain), Failure> {
    let settings = assemble::domain_settings(config)?;
    Ok(Box::pin(assemble::open(config, settings, seams::system_seams(), access)).await?)
}

fn description(account: &Account, sessions: u64) -> String {
    let lines = [
        ("id", account.id.to_string()),
        ("email", account.email.clone()),
        ("name", account.display_name.clone().unwrap_or_default().escape_debug().to_string()),
        ("language", account.language.clone()),
        ("role", account.role.as_str().to_owned()),
        ("status", account.status.as_str().to_owned()),
        ("created", moment(account.created_at)),
        ("sessions", sessions.to_string()),
    ];
    lines.map(|(name, value)| format!("{name:<9} {value}").trim_end().to_owned()).join("\n")
}

/// RFC 3339 in UTC, to the second.
pub(super) fn moment(time: tacit_domain::Timestamp) -> String {
    time::OffsetDateTime::from_unix_timestamp(time.as_seconds())
        .ok()
        .and_then(|time| time.format(&time::format_description::well_known::Rfc3339).ok())
        .unwrap_or_default()
}
