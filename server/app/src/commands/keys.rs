//! `tacit keys …`

use std::io::{self, Write as _};

use super::Failure;
use crate::config::Config;
use crate::seams::SystemEntropy;
use crate::{assemble, master_key, seams};

pub(super) fn new_master() -> Result<(), Failure> {
    Ok(writeln!(io::stdout(), "{}", *master_key::generate(&SystemEntropy))?)
}

pub(super) async fn rotate(config: Config) -> Result<(), Failure> {
    let settings = assemble::domain_settings(&config)?;
    let (store, domain) = assemble::open(&config, settings, seams::system_seams(), false).await?;
    let key = domain.signing_keys.rotate().await?;
    writeln!(io::stdout(), "tokens are signed with key {key} from now on")?;
    store.close().await;
    Ok(())
}
