//! What the SMTP server received.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// One mail as it arrived.
#[derive(Clone, Debug, Deserialize)]
pub struct Mail {
    /// The envelope's recipients.
    pub recipients: Vec<String>,
    /// Decoded header fields, names in lower case.
    pub headers: serde_json::Map<String, serde_json::Value>,
    /// The decoded subject.
    pub subject: String,
    /// The plain text part.
    pub text: String,
    /// The HTML part.
    pub html: Option<String>,
}

impl Mail {
    /// The secret of the link: what follows `#`.
    #[track_caller]
    #[must_use]
    pub fn link_secret(&self) -> String {
        let (_, after) = self.text.split_once('#').unwrap_or_else(|| panic!("no link in {:?}", self.text));
        after.chars().take_while(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_')).collect()
    }

    /// What names it, the same at every attempt to send it: the id in its `Message-ID`, as bare hex digits.
    #[track_caller]
    #[must_use]
    pub fn id(&self) -> String {
        let id = self.headers["message-id"].as_str().unwrap();
        id.trim_start_matches('<').split('@').next().unwrap().replace('-', "")
    }

    /// The code to type: `XXXXX-XXXXX`.
    #[track_caller]
    #[must_use]
    pub fn code(&self) -> String {
        let is_half =
            |half: &str| half.len() == 5 && half.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
        self.text
            .split_whitespace()
            .find(|word| word.split_once('-').is_some_and(|(left, right)| is_half(left) && is_half(right)))
            .unwrap_or_else(|| panic!("no code in {:?}", self.text))
            .to_owned()
    }
}

/// Every mail in the folder, oldest first.
pub(crate) fn read_all(folder: &Path) -> Vec<Mail> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files.iter().map(|file| serde_json::from_slice(&fs::read(file).unwrap()).unwrap()).collect()
}

/// The mails of one server as they come, each seen once.
pub struct Post {
    folder: PathBuf,
    seen: HashSet<PathBuf>,
}

impl Post {
    pub(crate) fn of(folder: PathBuf) -> Self {
        Self { folder, seen: HashSet::new() }
    }

    /// Those that came since the last look, oldest first.
    pub fn fresh(&mut self) -> Vec<Mail> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "json") && !self.seen.contains(file));
        files.sort();
        self.seen.extend(files.iter().cloned());
        files.iter().map(|file| serde_json::from_slice(&fs::read(file).unwrap()).unwrap()).collect()
    }
}
