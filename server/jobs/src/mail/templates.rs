//! The texts of mails: built in, and replaceable by files of the same name

use std::io;
use std::path::{Path, PathBuf};

use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailKind {
    Activation,
    AlreadyRegistered,
    PasswordReset,
    PasswordChanged,
    EmailChange,
    EmailChanged,
    EmailUndone,
    EmailTaken,
    AccountDeleted,
    IdentitiesChanged,
    Test,
}

/// What a template may say. The texts we ship leave out the name: whoever signs up with somebody
/// else's address chooses it, and would choose an advertisement.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Values {
    pub(crate) site: String,
    pub(crate) public_url: String,
    pub(crate) to: String,
    pub(crate) display_name: String,
    pub(crate) link: String,
    pub(crate) code: String,
    pub(crate) expires_at: String,
    pub(crate) happened_at: String,
}

/// A mail's texts, ready to send.
#[derive(PartialEq, Eq)]
pub(crate) struct Rendered {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: Option<String>,
}

/// A file of the operator's that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The folder or the file cannot be read.
    #[error("{0}: {1}")]
    Unreadable(PathBuf, #[source] io::Error),
    /// The name is that of no template.
    #[error("{0}: no mail has this name; names are <kind>.<language>.txt or .html, kinds are {names}", names = KINDS.map(MailKind::name).join(", "))]
    Unknown(PathBuf),
    /// The text does not begin as it must.
    #[error("{0}: the first line of a .txt must be `Subject: …`")]
    NoSubject(String),
    /// The text is not a template, or asks for a value that does not exist.
    #[error("{0}: {detail}", detail = explain(.1))]
    Wrong(String, #[source] minijinja::Error),
}

const KINDS: [MailKind; 11] = [
    MailKind::Activation,
    MailKind::AlreadyRegistered,
    MailKind::PasswordReset,
    MailKind::PasswordChanged,
    MailKind::EmailChange,
    MailKind::EmailChanged,
    MailKind::EmailUndone,
    MailKind::EmailTaken,
    MailKind::AccountDeleted,
    MailKind::IdentitiesChanged,
    MailKind::Test,
];

/// The language that has every text.
const LAST_RESORT: &str = "en";

macro_rules! built_in {
    ($($file:literal),+) => {
        [$(($file, include_str!(concat!("../../templates/", $file)))),+]
    };
}

const BUILT_IN: [(&str, &str); 42] = built_in!(
    "account_deleted.de.html",
    "account_deleted.de.txt",
    "account_deleted.en.html",
    "account_deleted.en.txt",
    "activation.de.html",
    "activation.de.txt",
    "activation.en.html",
    "activation.en.txt",
    "already_registered.de.html",
    "already_registered.de.txt",
    "already_registered.en.html",
    "already_registered.en.txt",
    "email_change.de.html",
    "email_change.de.txt",
    "email_change.en.html",
    "email_change.en.txt",
    "email_changed.de.html",
    "email_changed.de.txt",
    "email_changed.en.html",
    "email_changed.en.txt",
    "email_taken.de.html",
    "email_taken.de.txt",
    "email_taken.en.html",
    "email_taken.en.txt",
    "email_undone.de.html",
    "email_undone.de.txt",
    "email_undone.en.html",
    "email_undone.en.txt",
    "identities_changed.de.html",
    "identities_changed.de.txt",
    "identities_changed.en.html",
    "identities_changed.en.txt",
    "password_changed.de.html",
    "password_changed.de.txt",
    "password_changed.en.html",
    "password_changed.en.txt",
    "password_reset.de.html",
    "password_reset.de.txt",
    "password_reset.en.html",
    "password_reset.en.txt",
    "test.de.txt",
    "test.en.txt"
);

impl MailKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Activation => "activation",
            Self::AlreadyRegistered => "already_registered",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::EmailChange => "email_change",
            Self::EmailChanged => "email_changed",
            Self::EmailUndone => "email_undone",
            Self::EmailTaken => "email_taken",
            Self::AccountDeleted => "account_deleted",
            Self::IdentitiesChanged => "identities_changed",
            Self::Test => "test",
        }
    }
}

/// Finds and fills in templates. Files are read for each mail, so a change needs no restart.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    folder: Option<PathBuf>,
}

impl Templates {
    /// The built-in texts, replaced by those of `folder`.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// Tries every file of the folder, as `tacit check` does.
    #[must_use]
    pub fn check(&self) -> Vec<TemplateError> {
        let Some(folder) = &self.folder else { return Vec::new() };
        let files = match std::fs::read_dir(folder) {
            Ok(files) => files,
            Err(error) => return vec![TemplateError::Unreadable(folder.clone(), error)],
        };
        let paths = files.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_file());
        paths.filter_map(|path| check_file(&path).err()).collect()
    }

    /// A mail in the first of the person's languages that has it.
    ///
    /// An operator's file that does not work is logged, and the built-in text is sent: a mail is worth more than its form.
    pub(crate) fn render(&self, kind: MailKind, language: &str, values: &Values) -> Result<Rendered, TemplateError> {
        let built_in = Self { folder: None };
        self.try_render(kind, language, values).or_else(|error| {
            tracing::error!(%error, "a mail template cannot be used, the built-in text is sent instead");
            built_in.try_render(kind, language, values)
        })
    }

    fn try_render(&self, kind: MailKind, language: &str, values: &Values) -> Result<Rendered, TemplateError> {
        for language in fallbacks(language) {
            let name = format!("{}.{language}.txt", kind.name());
            let Some(text) = self.source(&name)? else { continue };
            let page = format!("{}.{language}.html", kind.name());
            // Never the page of another language beside this text.
            let html = self.source(&page)?.map(|source| fill(&page, &source, values)).transpose()?;
            let (subject, text) = fill_text(&name, &text, values)?;
            return Ok(Rendered { subject, text, html });
        }
        Err(TemplateError::NoSubject(format!("{}.{LAST_RESORT}.txt", kind.name())))
    }

    fn source(&self, name: &str) -> Result<Option<String>, TemplateError> {
        if let Some(folder) = &self.folder {
            let path = folder.join(name);
            match std::fs::read_to_string(&path) {
                Ok(text) => return Ok(Some(text)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(TemplateError::Unreadable(path, error)),
            }
        }
        Ok(BUILT_IN.iter().find(|(file, _)| *file == name).map(|(_, text)| (*text).to_owned()))
    }
}

/// `de-AT`, `de`, `en`; only the last for what is no language tag, so that nobody chooses a path.
fn fallbacks(language: &str) -> Vec<String> {
    let sound = |part: &&str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let parts: Vec<&str> = language.split('-').collect();
    let mut tags = Vec::new();
    if parts.iter().all(sound) {
        for length in (1..=parts.len()).rev() {
            tags.push(canonical(parts.get(..length).unwrap_or_default()));
        }
    }
    if !tags.iter().any(|tag| tag == LAST_RESORT) {
        tags.push(LAST_RESORT.to_owned());
    }
    tags
}

/// The usual case of letters, RFC 5646 §2.1.1: `zh-Hant-TW`.
fn canonical(parts: &[&str]) -> String {
    let cased = parts.iter().enumerate().map(|(index, part)| match (index, part.len()) {
        (0, _) => part.to_ascii_lowercase(),
        (_, 2) => part.to_ascii_uppercase(),
        (_, 4) => {
            let (first, rest) = part.split_at(1);
            first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
        }
        _ => part.to_ascii_lowercase(),
    });
    cased.collect::<Vec<_>>().join("-")
}

/// The subject is a template of its own, so that no value can end it and begin a header or the text.
fn fill_text(name: &str, source: &str, values: &Values) -> Result<(String, String), TemplateError> {
    let (first, body) = source.split_once('\n').unwrap_or((source, ""));
    let subject = first.trim_end().strip_prefix("Subject:").map(str::trim).filter(|subject| !subject.is_empty());
    let subject = subject.ok_or_else(|| TemplateError::NoSubject(name.to_owned()))?;
    let subject = fill(name, subject, values)?;
    Ok((subject.replace(char::is_control, " "), fill(name, body, values)?))
}

/// Values are escaped in `.html`, by the name.
fn fill(name: &str, source: &str, values: &Values) -> Result<String, TemplateError> {
    let wrong = |error| TemplateError::Wrong(name.to_owned(), error);
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_keep_trailing_newline(true);
    let template = environment.template_from_named_str(name, source).map_err(wrong)?;
    template.render(values).map_err(wrong)
}

fn check_file(path: &Path) -> Result<(), TemplateError> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let source = std::fs::read_to_string(path).map_err(|error| TemplateError::Unreadable(path.to_owned(), error))?;
    let parts: Vec<&str> = name.split('.').collect();
    let [kind, language, format] = parts.as_slice() else { return Err(TemplateError::Unknown(path.to_owned())) };
    let known = KINDS.iter().any(|known| known.name() == *kind);
    if !known || fallbacks(language).first().is_none_or(|canonical| canonical != language) {
        return Err(TemplateError::Unknown(path.to_owned()));
    }
    let shown = path.display().to_string();
    match *format {
        "txt" => fill_text(&shown, &source, &Values::default()).map(|_| ()),
        "html" => fill(&shown, &source, &Values::default()).map(|_| ()),
        _ => Err(TemplateError::Unknown(path.to_owned())),
    }
}

fn explain(error: &minijinja::Error) -> String {
    let place = error.line().map(|line| format!(" in line {line}")).unwrap_or_default();
    format!("{}{place}", error.detail().map_or_else(|| error.kind().to_string(), str::to_owned))
}

#[cfg(test)]
mod tests;
