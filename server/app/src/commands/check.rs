//! `tacit check`

use std::io::{self, Write as _};

use tacit_jobs::Templates;

use super::Failure;
use crate::config::{Config, MasterKeySource};
use crate::{assemble, master_key};

/// The configuration itself was checked when it was read.
pub(super) fn run(config: &Config) -> Result<(), Failure> {
    let mut problems: Vec<String> =
        Templates::new(config.mail.templates.clone()).check().iter().map(ToString::to_string).collect();
    if let Some(MasterKeySource::File(path)) = &config.master_key
        && let Err(error) = master_key::read(path)
    {
        problems.push(error.to_string());
    }
    match assemble::smtp(config) {
        Ok(unused) => drop(unused),
        Err(error) => problems.push(error.to_string()),
    }
    if !problems.is_empty() {
        return Err(Failure::wrong(format!("{} problem(s):\n  {}", problems.len(), problems.join("\n  "))));
    }
    let mut out = io::stdout().lock();
    for line in &config.lines {
        let value = if line.value.is_empty() { "–" } else { &line.value };
        writeln!(out, "{} = {value}    ({})", line.key, line.origin)?;
    }
    writeln!(out, "Logins are computed by {}.", assemble::kernel(config))?;
    writeln!(out, "The configuration is good.")?;
    Ok(())
}
