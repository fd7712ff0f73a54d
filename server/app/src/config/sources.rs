//! Where settings come from: file, environment, flags

use std::path::{Path, PathBuf};

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::Problem;

/// The file read when neither `--config` nor `TACIT_CONFIG` names one.
const DEFAULT_FILE: &str = "tacit.toml";
const PREFIX: &str = "TACIT_";
const FILE_VARIABLE: &str = "TACIT_CONFIG";
/// Variables of the test suite share the prefix and are not settings.
const TEST_PREFIX: &str = "TACIT_TEST_";

/// A setting given on the command line.
#[derive(Debug, Clone)]
pub struct Flag {
    /// The key it sets, as in the file: `database.url`.
    pub key: &'static str,
    /// The flag as typed: `--database-url`.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

/// Everything settings are read from; later ones win.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file, when `--config` named one.
    pub file: Option<PathBuf>,
    /// Environment variables; those that do not start with `TACIT_` are ignored.
    pub variables: Vec<(String, String)>,
    /// Flags of the command line.
    pub flags: Vec<Flag>,
    /// The folder in which `tacit.toml` is looked for when no file is named.
    pub folder: Option<PathBuf>,
}

impl Sources {
    /// Of this process: its environment and its working folder.
    #[must_use]
    pub fn of_process(file: Option<PathBuf>, flags: Vec<Flag>) -> Self {
        let variables = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .collect();
        Self { file, variables, flags, folder: Some(PathBuf::from(".")) }
    }

    /// The file to read, if any.
    fn file(&self) -> Option<PathBuf> {
        let named = self.variables.iter().find(|(name, value)| name == FILE_VARIABLE && !value.is_empty());
        let found_beside =
            || self.folder.as_ref().map(|folder| folder.join(DEFAULT_FILE)).filter(|file| file.is_file());
        self.file.clone().or_else(|| named.map(|(_, value)| PathBuf::from(value))).or_else(found_beside)
    }

    /// Merges everything; a file that cannot be read is a problem, and the rest is still looked at.
    pub(super) fn merged(&self, problems: &mut Vec<Problem>) -> Figment {
        let mut merged = Figment::new();
        if let Some(file) = self.file() {
            match read(&file) {
                Ok(toml) => merged = merged.merge(toml),
                Err(message) => problems.push(Problem::of_file(&file, message)),
            }
        }
        for (name, value) in &self.variables {
            if let Some(key) = key_of(name) {
                merged = merged.merge(Given { key, value, label: format!("environment variable {name}") });
            }
        }
        for flag in &self.flags {
            let (key, label) = (flag.key.to_owned(), format!("flag {}", flag.name));
            merged = merged.merge(Given { key, value: &flag.value, label });
        }
        merged
    }
}

/// The key a variable sets: `TACIT_MAIL__PORT` sets `mail.port`.
fn key_of(variable: &str) -> Option<String> {
    if variable == FILE_VARIABLE || variable.starts_with(TEST_PREFIX) {
        return None;
    }
    Some(variable.strip_prefix(PREFIX)?.to_ascii_lowercase().replace("__", "."))
}

fn read(file: &Path) -> Result<impl Provider + use<>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot be read: {error}"))?;
    let values =
        Toml::string(&text).data().map_err(|error| format!("is not valid TOML: {}", without_source(&error)))?;
    Ok(Read { values, label: file.display().to_string() })
}

/// What a parser says without the line it quotes: a password whose quotes were forgotten stands in just such a line.
fn without_source(error: &figment::Error) -> String {
    let said = error.to_string();
    let quoted = |line: &str| line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').starts_with('|');
    let mut lines = said.lines().filter(|line| !quoted(line));
    let place = lines.next().unwrap_or_default();
    // Only the first of what follows: lines after it may be the rest of the text that was quoted.
    let reason = lines.next().filter(|line| REASONS.iter().any(|known| line.starts_with(known)));
    let reason = reason.map(|line| line.split(" key `").next().unwrap_or_default());
    reason.map_or_else(|| place.to_owned(), |reason| format!("{place}: {reason}"))
}

/// How the reasons begin that repeat nothing of the file.
const REASONS: [&str; 5] = ["invalid ", "expected ", "unexpected ", "missing ", "duplicate "];

/// A file, already parsed.
struct Read {
    values: Map<Profile, Dict>,
    label: String,
}

impl Provider for Read {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.label.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(self.values.clone())
    }
}

/// One value of a variable or a flag, always as text: a password of digits stays what it is.
struct Given<'a> {
    key: String,
    value: &'a str,
    label: String,
}

impl Provider for Given<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.label.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let nested = self.key.rsplit('.').fold(Value::from(self.value), |inner, part| {
            Value::from(std::iter::once((part.to_owned(), inner)).collect::<Dict>())
        });
        let dict = nested.into_dict().unwrap_or_default();
        Ok(std::iter::once((Profile::Default, dict)).collect())
    }
}
