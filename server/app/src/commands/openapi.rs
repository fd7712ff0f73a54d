//! `tacit openapi`

use std::io::{self, Write as _};

use tacit_api::{document_text, documents};

use super::{Failure, OpenapiArguments};

pub(super) fn run(arguments: &OpenapiArguments) -> Result<(), Failure> {
    let documents = documents();
    if let Some(folder) = &arguments.out {
        std::fs::create_dir_all(folder).map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
        for (name, document) in &documents {
            let file = folder.join(format!("{name}.json"));
            let written = std::fs::write(&file, document_text(document));
            written.map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
        }
        return Ok(());
    }
    let Some((_, document)) = documents.iter().find(|(name, _)| *name == arguments.name) else {
        let names: Vec<&str> = documents.iter().map(|(name, _)| *name).collect();
        return Err(Failure::wrong(format!("no document `{}`; there are {}", arguments.name, names.join(", "))));
    };
    Ok(io::stdout().write_all(document_text(document).as_bytes())?)
}
