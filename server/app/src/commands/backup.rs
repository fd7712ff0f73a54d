//! `tacit migrate` and `tacit backup`

use std::io::{self, Write as _};
use std::path::PathBuf;

use tacit_store::Access;

use super::Failure;
use crate::assemble;
use crate::config::{Config, Setting as _};

pub(super) async fn migrate(config: Config) -> Result<(), Failure> {
    let store = assemble::connect(&config, Access::Make).await?;
    store.migrate().await.map_err(|error| assemble::database(&config, error))?;
    writeln!(io::stdout(), "the schema of {} is up to date", config.database.url.show())?;
    store.close().await;
    Ok(())
}

pub(super) async fn backup(config: Config, file: PathBuf) -> Result<(), Failure> {
    let store = assemble::connect(&config, Access::Read).await?;
    store.backup_to(&file).await.map_err(Failure::new)?;
    writeln!(io::stdout(), "{} is a copy of {}", file.display(), config.database.url.show())?;
    writeln!(io::stderr(), "The master key is not in it: keep a copy of that too, in another place.")?;
    store.close().await;
    Ok(())
}
