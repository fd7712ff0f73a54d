//! Reads settings one by one and keeps every problem

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use figment::Profile;
use figment::value::{Dict, Tag, Value};
use secrecy::{ExposeSecret as _, SecretString};

use super::problem::nearest;
use super::setting::Setting;
use super::{Problem, Problems, Sources};

/// A key: written in the program, or made of a section's name.
pub type Key = Cow<'static, str>;

/// One setting as it came out, for `tacit check` and the table in the documentation.
#[derive(Debug, Clone)]
pub struct Line {
    /// The key as in the file.
    pub key: Key,
    /// The default in its written form; empty when there is none.
    pub default: String,
    /// The value in force in its written form; secrets are `set` or empty.
    pub value: String,
    /// Where the value came from.
    pub origin: String,
}

/// What is wrong with a number where text belongs: `1e5` would be read as another text than was written.
const QUOTES: &str = "expected text in quotes";

/// A scalar or a list somebody set, with where it came from.
struct Given {
    value: Value,
    origin: String,
}

pub(super) struct Reader {
    given: BTreeMap<String, Given>,
    lines: Vec<Line>,
    problems: Vec<Problem>,
    failed: BTreeSet<Key>,
}

impl Reader {
    pub(super) fn new(sources: &Sources) -> Self {
        let mut problems = Vec::new();
        let merged = sources.merged(&mut problems);
        let mut given = BTreeMap::new();
        let root = figment::Provider::data(&merged).unwrap_or_default().remove(&Profile::Default).unwrap_or_default();
        let label = |tag: Tag| merged.get_metadata(tag).map(|it| it.name.to_string()).unwrap_or_default();
        flatten("", root, &label, &mut given);
        Self { given, lines: Vec::new(), problems, failed: BTreeSet::new() }
    }

    /// A setting with a default.
    pub(super) fn value<T: Setting>(&mut self, key: impl Into<Key>, default: T) -> T {
        let (key, shown) = (key.into(), default.show());
        let value = self.parsed(&key);
        self.note(key, shown.clone(), value.as_ref().map_or(shown, T::show));
        value.unwrap_or(default)
    }

    /// A setting that may be absent; `default` says what happens then.
    pub(super) fn optional<T: Setting>(&mut self, key: impl Into<Key>, default: &str) -> Option<T> {
        let key = key.into();
        let value = self.parsed(&key);
        self.note(key, default.to_owned(), value.as_ref().map_or_else(|| default.to_owned(), T::show));
        value
    }

    /// A list, empty by default: an array, or text with commas.
    pub(super) fn list<T: Setting>(&mut self, key: impl Into<Key>) -> Vec<T> {
        let key = key.into();
        let texts = match self.given.get(&*key).map(|given| &given.value) {
            None => Vec::new(),
            Some(Value::Array(_, items)) => items.iter().map(text).collect(),
            Some(value) => match text(value) {
                Some(joined) => split(&joined),
                None => vec![None],
            },
        };
        let mut values: Vec<T> = Vec::new();
        for (index, item) in texts.iter().enumerate() {
            let parsed = item.as_deref().map_or_else(|| Err("expected text".to_owned()), T::parse);
            match parsed {
                Ok(value) => values.push(value),
                Err(message) => self.fail(&key, format!("entry {}: {message}{}", index + 1, found(item.as_deref()))),
            }
        }
        self.note(key, String::new(), values.iter().map(T::show).collect::<Vec<_>>().join(", "));
        values
    }

    /// A secret: never shown, not even when it is wrong.
    pub(super) fn secret(&mut self, key: impl Into<Key>) -> Option<SecretString> {
        let key = key.into();
        let value = match self.given.get(&*key).map(|given| &given.value) {
            None => None,
            Some(Value::String(_, text)) if !text.is_empty() => Some(SecretString::from(text.as_str())),
            Some(Value::String(..)) => {
                self.fail(&key, "expected some text".to_owned());
                None
            }
            Some(_) => {
                self.fail(&key, QUOTES.to_owned());
                None
            }
        };
        let shown = value.as_ref().map_or_else(String::new, |_| "set".to_owned());
        self.note(key, String::new(), shown);
        value
    }

    /// As [`Reader::value`], for a value that may hold a secret and hides it itself.
    pub(super) fn guarded<T: Setting>(&mut self, key: impl Into<Key>, default: T) -> T {
        let key = key.into();
        let text = self.secret(key.clone());
        self.lines.pop();
        let value = text.and_then(|text| {
            T::parse(text.expose_secret())
                .map_err(|message| self.fail(&key, format!("{message} (value not shown)")))
                .ok()
        });
        let shown = value.as_ref().map_or_else(|| default.show(), T::show);
        self.note(key, default.show(), shown);
        value.unwrap_or(default)
    }

    /// The names that stand below a section in what was given, each once, in their order.
    pub(super) fn names_below(&self, section: &str) -> Vec<String> {
        let below = self.given.keys().filter_map(|key| key.strip_prefix(section)?.strip_prefix('.')?.split_once('.'));
        let names: BTreeSet<&str> = below.map(|(name, _)| name).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    /// Notes a problem between settings, named after the first; not if one of them is already known to be wrong.
    pub(super) fn conflict(&mut self, keys: &[&str], message: impl Into<String>) {
        if let Some(first) = keys.first().filter(|_| keys.iter().all(|key| !self.failed.contains(*key))) {
            self.fail(first, message.into());
        }
    }

    /// Ends reading: whatever nobody asked for is unknown.
    pub(super) fn finish(mut self) -> Result<Vec<Line>, Problems> {
        let known: BTreeSet<&str> = self.lines.iter().map(|line| &*line.key).collect();
        for (key, given) in &self.given {
            if known.contains(key.as_str()) {
                continue;
            }
            let below = known.iter().any(|it| it.strip_prefix(key.as_str()).is_some_and(|rest| rest.starts_with('.')));
            let message = match nearest(key, known.iter().copied()) {
                _ if below => format!("is a section, write [{key}] and its keys below"),
                Some(meant) => format!("unknown key, did you mean {meant}?"),
                None => "unknown key".to_owned(),
            };
            self.problems.push(Problem { key: key.clone(), message, origin: Some(given.origin.clone()) });
        }
        if self.problems.is_empty() { Ok(self.lines) } else { Err(Problems(self.problems)) }
    }

    fn parsed<T: Setting>(&mut self, key: &str) -> Option<T> {
        let value = &self.given.get(key)?.value;
        let text = text(value);
        if T::IS_TEXT && text.is_some() && !matches!(value, Value::String(..)) {
            self.fail(key, QUOTES.to_owned());
            return None;
        }
        let parsed = text.as_deref().map_or_else(|| Err("expected a single value".to_owned()), T::parse);
        parsed.map_err(|message| self.fail(key, format!("{message}{}", found(text.as_deref())))).ok()
    }

    fn note(&mut self, key: Key, default: String, value: String) {
        let origin = self.given.get(&*key).map_or_else(|| "default".to_owned(), |given| given.origin.clone());
        self.lines.push(Line { key, default, value, origin });
    }

    fn fail(&mut self, key: &str, message: String) {
        self.failed.insert(key.to_owned().into());
        let origin = self.given.get(key).map(|given| given.origin.clone());
        self.problems.push(Problem { key: key.to_owned(), message, origin });
    }
}

fn flatten(prefix: &str, dict: Dict, label: &dyn Fn(Tag) -> String, into: &mut BTreeMap<String, Given>) {
    for (name, value) in dict {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            Value::Dict(_, inner) => flatten(&key, inner, label, into),
            value => {
                let origin = label(value.tag());
                into.insert(key, Given { value, origin });
            }
        }
    }
}

/// The written form of a scalar; `None` for a list or a section.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text.clone()),
        Value::Char(_, letter) => Some(letter.to_string()),
        Value::Bool(_, flag) => Some(flag.to_string()),
        Value::Num(_, number) => number
            .to_i128()
            .map(|it| it.to_string())
            .or_else(|| number.to_u128().map(|it| it.to_string()))
            .or_else(|| number.to_f64().map(|it| it.to_string())),
        Value::Empty(..) => Some(String::new()),
        Value::Dict(..) | Value::Array(..) => None,
    }
}

/// The entries of a list in one text; empty ones are left out.
fn split(joined: &str) -> Vec<Option<String>> {
    joined.split(',').map(str::trim).filter(|item| !item.is_empty()).map(|item| Some(item.to_owned())).collect()
}

/// The wrong text, unless it is an address that may hold a password.
fn found(text: Option<&str>) -> String {
    let shown = text.filter(|text| !(text.contains("://") && text.contains('@')));
    shown.map(|text| format!(", found `{}`", text.escape_debug())).unwrap_or_default()
}
