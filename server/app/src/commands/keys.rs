//! `tacit keys …`

use std::io::{self, Write as _};

use tacit_domain::signing_keys::{Withdraw, WithdrawError};
use tacit_store::Access;

use super::Failure;
use super::accounts::moment;
use crate::config::Config;
use crate::seams::SystemEntropy;
use crate::{assemble, master_key, seams};

pub(super) fn new_master() -> Result<(), Failure> {
    Ok(writeln!(io::stdout(), "{}", *master_key::generate(&SystemEntropy))?)
}

pub(super) async fn rotate(config: Config) -> Result<(), Failure> {
    let settings = assemble::domain_settings(&config)?;
    let (store, domain) = assemble::open(&config, settings, seams::system_seams(), Access::Write).await?;
    let key = domain.signing_keys.rotate().await?;
    writeln!(io::stdout(), "tokens are signed with key {key} from now on")?;
    store.close().await;
    Ok(())
}

pub(super) async fn list(config: Config) -> Result<(), Failure> {
    let settings = assemble::domain_settings(&config)?;
    let (store, domain) = assemble::open(&config, settings, seams::system_seams(), Access::Read).await?;
    let keys = domain.signing_keys.list().await?;
    let mut out = io::stdout().lock();
    for key in keys {
        writeln!(out, "{}  {:<9}  since {}", key.kid, key.state, moment(key.since))?;
    }
    drop(out);
    store.close().await;
    Ok(())
}

pub(super) async fn withdraw(config: Config, which: Withdraw) -> Result<(), Failure> {
    let settings = assemble::domain_settings(&config)?;
    let (store, domain) = assemble::open(&config, settings, seams::system_seams(), Access::Write).await?;
    let gone = domain.signing_keys.withdraw(&which).await?;
    let mut out = io::stdout().lock();
    for kid in gone {
        writeln!(out, "key {kid} is withdrawn; what it signed is refused within ten seconds")?;
    }
    drop(out);
    store.close().await;
    Ok(())
}

impl From<WithdrawError> for Failure {
    fn from(error: WithdrawError) -> Self {
        Self::new(error)
    }
}
